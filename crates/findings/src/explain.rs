//! Why a finding is as it is, in plain words.
//!
//! In: a report and an id. Out: text for a terminal: who said it, why it was merged, why this severity, what its
//! confidence is made of. Adds nothing to what the report holds.

use model::{Finding, Report};

use crate::places;
use crate::verdict::list;

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
    let mut text = String::from("Who says it\n");
    for source in &finding.sources {
        let mark = if source.shown { ", whose text is shown" } else { "" };
        text.push_str(&format!(
            "  {} as {}{mark}: {}\n",
            source.reviewer,
            source.severity.as_str(),
            source.title
        ));
    }
    if !finding.merged_because.is_empty() {
        text.push_str("Why these are one finding\n");
        for reason in &finding.merged_because {
            text.push_str(&format!("  {reason}\n"));
        }
    }
    text
}

fn severity(finding: &Finding, blocks: bool) -> String {
    let mut text = format!("Why {}\n", finding.severity.as_str());
    if finding.reconciliation.is_empty() {
        text.push_str("  It is what its reviewers claim, and no rule speaks against it.\n");
    }
    for row in &finding.reconciliation {
        text.push_str(&format!(
            "  {} → {} ({}): {}\n",
            row.from.as_str(),
            row.to.as_str(),
            row.code.as_str(),
            row.why
        ));
    }
    text.push_str(if blocks { "  It blocks the merge.\n" } else { "  It does not block the merge.\n" });
    text
}

fn lane(finding: &Finding) -> String {
    let mut text = format!("What the checks say: {}\n", finding.lane.as_str());
    for check in &finding.checks {
        let detail = if check.detail.is_empty() { String::new() } else { format!(": {}", check.detail) };
        text.push_str(&format!(
            "  {} #{} {} {}{detail}\n",
            check.reviewer,
            check.index,
            check.gate.as_str(),
            check.result.as_str()
        ));
    }
    text
}

fn confidence(finding: &Finding) -> String {
    let mut text = format!("Confidence {:.2}\n", finding.confidence);
    for term in &finding.confidence_terms {
        let way = if term.weight < 0.0 { "lowers it" } else { "raises it" };
        text.push_str(&format!("  {:+.2} {way}: {}\n", term.weight, term.name));
    }
    text
}

fn links(finding: &Finding) -> String {
    if finding.possibly_same.is_empty() {
        return String::new();
    }
    format!("Possibly the same as {}: alike, but not enough to merge them.\n", list(&finding.possibly_same))
}
