//! The report as a GitLab code quality document.
//!
//! In: a [`Report`]. Out: one JSON array, one entry a finding. Never an absolute path. What is contested is `info`, what
//! people declined is left out as they asked, and a finding about the whole change stands at `.`, line 1, because the format
//! knows no finding without a place.

use model::{Finding, FindingState, Lane, Report, Severity};
use serde_json::{Value, json};

use crate::json::inert;
use crate::safe::safe_line;
use crate::still_open::with_still_open;
use crate::words::{place, reviewers_of};

/// Writes the report as code quality.
pub fn code_quality(report: &Report) -> String {
    let report = &*with_still_open(report);
    let open = report.findings.iter().filter(|finding| finding.state != FindingState::Declined);
    let entries: Vec<Value> = open.map(entry).collect();
    inert(serde_json::to_string_pretty(&entries).expect("a tree of values is JSON"))
}

fn entry(finding: &Finding) -> Value {
    let primary = finding.locations.first();
    let path = primary.map_or(".", |location| location.path.as_str());
    let begin = primary.and_then(|location| location.start).unwrap_or(1).max(1);
    let end = primary.and_then(|location| location.end).unwrap_or(begin).max(begin);
    json!({
        "description": description(finding),
        "check_name": crate::words::rule_id(finding),
        "fingerprint": finding.fingerprint,
        "severity": severity(finding),
        "location": { "path": path, "lines": { "begin": begin, "end": end } },
    })
}

/// GitLab's words, worst first: blocker, critical, major, minor, info.
fn severity(finding: &Finding) -> &'static str {
    match finding.severity {
        _ if finding.lane == Lane::Contested => "info",
        Severity::Critical => "critical",
        Severity::Important => "major",
        Severity::Suggestion => "minor",
    }
}

fn description(finding: &Finding) -> String {
    let contested = if finding.lane == Lane::Contested { "contested: " } else { "" };
    let who = reviewers_of(finding).join(", ");
    let others: Vec<String> = finding.locations.iter().skip(1).map(place).collect();
    let others = if others.is_empty() { String::new() } else { format!(", also {}", others.join(", ")) };
    safe_line(&format!("{contested}{} ({}, {who}{others})", finding.title, finding.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn entries(report: &Report) -> Vec<Value> {
        serde_json::from_str(&code_quality(report)).expect("our own document is JSON")
    }

    #[test]
    fn the_whole_document_reads_well() {
        insta::assert_snapshot!("code_quality", code_quality(&sample::report()));
    }

    #[test]
    fn every_finding_but_the_declined_is_an_entry_with_all_that_gitlab_asks() {
        let report = sample::report();
        let declined = report.findings.iter().filter(|it| it.state == FindingState::Declined).count();
        let entries = entries(&report);
        assert!(declined > 0);
        assert_eq!(entries.len(), report.findings.len() - declined);
        let mut fingerprints: Vec<&str> =
            entries.iter().filter_map(|entry| entry["fingerprint"].as_str()).collect();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), entries.len());
        for entry in &entries {
            assert!(entry["description"].as_str().is_some_and(|text| !text.is_empty()));
            assert!(
                ["info", "minor", "major", "critical"].contains(&entry["severity"].as_str().unwrap_or(""))
            );
            assert!(entry["location"]["lines"]["begin"].as_u64().is_some_and(|line| line > 0));
            assert!(entry["location"]["path"].as_str().is_some_and(|path| !path.starts_with('/')));
        }
    }

    #[test]
    fn a_report_without_findings_is_an_empty_list() {
        assert_eq!(entries(&sample::empty()), Vec::<Value>::new());
    }
}
