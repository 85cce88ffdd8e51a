//! Why a finding is as it is, in plain words.
//!
//! In: a report and an id. Out: text for a terminal: who said it, why it was merged, why this severity, what its
//! confidence is made of. Adds nothing to what the report holds.

use model::{CheckResult, Finding, Report};

use crate::verdict::list;
use crate::{places, rules};

/// Explains the finding with this id; says so where there is none.
pub fn explain(report: &Report, id: &str) -> String {
    let Some(finding) = report.findings.iter().find(|finding| finding.id.eq_ignore_ascii_case(id)) else {
        let ids: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
        let known = if ids.is_empty() { "has no findings".to_owned() } else { format!("has {}", list(&ids)) };
        return format!("There is no finding `{id}`: this report {known}.\n");
    };
    let blocks = report.verdict.blocking.contains(&finding.id);
    let parts = [
        head(finding),
        sources(finding),
        severity(finding, blocks),
        lane(finding),
        confidence(finding),
        links(finding),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn head(finding: &Finding) -> String {
    let place =
        finding.locations.first().map(|place| format!(" at {}", places::phrase(place))).unwrap_or_default();
    format!("{} ({}){place}\n  {}\n", finding.id, finding.severity.as_str(), finding.title)
}

fn sources(finding: &Finding) -> String {
    let mut lines = vec!["Who says it".to_owned()];
    lines.extend(finding.sources.iter().map(|source| {
        let mark = if source.shown { ", whose text is shown" } else { "" };
        format!("  {} as {}{mark}: {}", source.reviewer, source.severity.as_str(), source.title)
    }));
    if !finding.merged_because.is_empty() {
        lines.push("Why these are one finding".to_owned());
        lines.extend(finding.merged_because.iter().map(|reason| format!("  {reason}")));
    }
    paragraph(&lines)
}

fn severity(finding: &Finding, blocks: bool) -> String {
    let mut lines = vec![format!("Why {}", finding.severity.as_str())];
    if finding.reconciliation.is_empty() {
        lines.push("  It is what its reviewers claim, and no rule speaks against it.".to_owned());
    }
    lines.extend(finding.reconciliation.iter().map(|row| {
        format!("  {} → {} ({}): {}", row.from.as_str(), row.to.as_str(), row.code.as_str(), row.why)
    }));
    lines.push(if blocks { "  It blocks the merge." } else { "  It does not block the merge." }.to_owned());
    paragraph(&lines)
}

fn lane(finding: &Finding) -> String {
    let mut lines = vec![format!("What the checks say: {}", finding.lane.as_str())];
    lines.extend(rules::contradiction(&finding.checks).map(|(_, why)| format!("  {why}")));
    lines.extend(finding.contradictions.iter().map(|it| {
        format!("  `{}` contradicts it ({}): “{}”.", it.reviewer, it.wherein, it.said.trim_end_matches('.'))
    }));
    let asked = finding.checks.iter().filter(|check| check.result != CheckResult::NotApplicable);
    lines.extend(asked.map(|check| {
        let detail = if check.detail.is_empty() { String::new() } else { format!(": {}", check.detail) };
        let (gate, result) = (check.gate.as_str(), check.result.as_str());
        format!("  {} #{} {gate} {result}{detail}", check.reviewer, check.index)
    }));
    paragraph(&lines)
}

fn confidence(finding: &Finding) -> String {
    let mut lines = vec![format!("Confidence {:.2}", finding.confidence)];
    lines.extend(finding.confidence_terms.iter().map(|term| {
        let way = if term.weight < 0.0 { "lowers it" } else { "raises it" };
        format!("  {:+.2} {way}: {}", term.weight, term.name)
    }));
    paragraph(&lines)
}

fn links(finding: &Finding) -> String {
    if finding.possibly_same.is_empty() {
        return String::new();
    }
    let mut lines = vec!["What may be the same, and why it was not merged".to_owned()];
    lines.extend(finding.possibly_same.iter().enumerate().map(|(at, id)| {
        let why = finding.apart_because.get(at).map_or("alike, but not enough to merge them", String::as_str);
        format!("  {id}: {why}")
    }));
    paragraph(&lines)
}

fn paragraph(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_id_names_those_that_exist() {
        let finding = Finding { id: "S1".to_owned(), ..Finding::default() };
        let report = Report { findings: vec![finding], ..Report::default() };
        assert_eq!(explain(&report, "I9"), "There is no finding `I9`: this report has S1.\n");
        assert!(explain(&report, "s1").starts_with("S1 (suggestion)"));
    }
}
