//! Findings of earlier rounds that still stand, for forms that know nothing but findings.
//!
//! In: a report. Out: the same with what is still open among its findings, under its full name. A pipeline that reads nothing
//! else must not take what nobody repeats for what somebody repaired. Never what is settled or said again.

use std::borrow::Cow;

use model::{Finding, Lane, Location, Prior, Report};

/// The report with what is still open among its findings.
pub(crate) fn with_still_open(report: &Report) -> Cow<'_, Report> {
    let open: Vec<Finding> =
        report.prior.iter().filter(|row| row.is_still_open() && row.path.is_some()).map(finding).collect();
    if open.is_empty() {
        return Cow::Borrowed(report);
    }
    let mut report = report.clone();
    report.findings.extend(open);
    Cow::Owned(report)
}

fn finding(row: &Prior) -> Finding {
    let location = |path| Location { path, start: row.start, end: row.start, ..Location::default() };
    Finding {
        id: row.finding.clone(),
        fingerprint: row.fingerprint.clone(),
        severity: row.severity,
        title: row.title.clone(),
        body: format!("Found in round {} and still open: {}.", row.round, row.why),
        locations: row.path.clone().map(location).into_iter().collect(),
        // What did not stand in the way then does not now.
        lane: if row.blocks { Lane::Confirmed } else { Lane::Unverified },
        since_round: Some(row.round),
        ..Finding::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{PriorStatus, Severity};

    #[test]
    fn what_is_still_open_stands_in_every_form_that_lists_findings() {
        let row = |status, now: Option<&str>| Prior {
            finding: "20260101-000000-x:I1".to_owned(),
            status,
            severity: Severity::Important,
            title: "it breaks".to_owned(),
            path: Some("src/a.rs".into()),
            start: Some(7),
            now: now.map(str::to_owned),
            blocks: now.is_none(),
            ..Prior::default()
        };
        let mut report = Report { prior: vec![row(PriorStatus::NotFixed, None)], ..Report::default() };
        report.verdict.blocking = vec!["20260101-000000-x:I1".to_owned()];
        for text in [
            crate::sarif(&report),
            crate::junit(&report),
            crate::code_quality(&report),
            crate::rdjson(&report),
        ] {
            assert!(text.contains("it breaks") && text.contains("src/a.rs"), "{text}");
        }
        assert!(crate::junit(&report).contains("<failure"));
        for settled in [row(PriorStatus::Fixed, None), row(PriorStatus::NotFixed, Some("I1"))] {
            let report = Report { prior: vec![settled], ..Report::default() };
            assert!(matches!(with_still_open(&report), Cow::Borrowed(_)));
        }
    }
}
