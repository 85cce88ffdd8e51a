//! The report as reviewdog's diagnostic result (RDJSON).
//!
//! In: a [`Report`]. Out: one JSON document. Never an absolute path. What is contested is `INFO`; what people declined is left
//! out as they asked; a finding about the whole change stands at `.` without a line.

use model::{Finding, FindingState, Lane, Location, Report, Severity};
use serde_json::{Value, json};

use crate::edits::{Replacement, plain_edits};
use crate::json::inert;
use crate::safe::{safe_line, safe_text};
use crate::still_open::with_still_open;
use crate::words::{parts, place, reviewers_of, rule_id};

/// Writes the report as RDJSON.
pub fn rdjson(report: &Report) -> String {
    let report = &*with_still_open(report);
    let open = report.findings.iter().filter(|finding| finding.state != FindingState::Declined);
    let diagnostics: Vec<Value> = open.map(diagnostic).collect();
    let document = json!({
        "source": { "name": "deep-review" },
        "severity": worst(report),
        "diagnostics": diagnostics,
    });
    inert(serde_json::to_string_pretty(&document).expect("a tree of values is JSON"))
}

fn diagnostic(finding: &Finding) -> Value {
    let (primary, related) = match finding.locations.split_first() {
        Some((primary, related)) => (location(primary), related),
        None => (json!({ "path": "." }), &[][..]),
    };
    let mut value = json!({
        "message": message(finding),
        "location": primary,
        "severity": severity(finding),
        "code": { "value": rule_id(finding) },
    });
    let permalink = finding.locations.first().and_then(|location| location.permalink.as_deref());
    if let Some(url) = finding.rule_url.as_deref().or(permalink) {
        value["code"]["url"] = json!(url);
    }
    let suggestions = suggestions(finding);
    if !suggestions.is_empty() {
        value["suggestions"] = json!(suggestions);
    }
    if !related.is_empty() {
        let related = related.iter().map(|at| json!({ "message": place(at), "location": location(at) }));
        value["related_locations"] = related.collect();
    }
    value
}

fn location(location: &Location) -> Value {
    let path = location.path.as_str();
    let Some(start) = location.start.filter(|start| *start > 0) else { return json!({ "path": path }) };
    let end = location.end.unwrap_or(start).max(start);
    json!({ "path": path, "range": { "start": { "line": start }, "end": { "line": end } } })
}

fn severity(finding: &Finding) -> &'static str {
    match finding.severity {
        _ if finding.lane == Lane::Contested => "INFO",
        Severity::Critical | Severity::Important => "ERROR",
        Severity::Suggestion => "WARNING",
    }
}

fn worst(report: &Report) -> &'static str {
    let rank = |word: &&str| ["INFO", "WARNING", "ERROR"].iter().position(|known| known == word);
    report.findings.iter().map(severity).max_by_key(rank).unwrap_or("INFO")
}

fn message(finding: &Finding) -> String {
    let contested = if finding.lane == Lane::Contested { " (contested)" } else { "" };
    let who = reviewers_of(finding).join(", ");
    let head = safe_line(&format!("{}{contested}: {} [{who}]", finding.id, finding.title));
    let prose = safe_text(&parts(finding).prose);
    if prose.is_empty() { head } else { format!("{head}\n\n{prose}") }
}

/// The edits of a patch that applies and touches no other file than the finding's own: a diagnostic has one path.
fn suggestions(finding: &Finding) -> Vec<Value> {
    let fix = finding.fix.as_ref().filter(|fix| fix.applies == Some(true));
    let path = finding.locations.first().map(|location| location.path.as_str());
    let edits = fix.and_then(|fix| plain_edits(fix.patch.as_deref()?));
    match edits.as_deref() {
        Some([one]) if Some(one.path) == path => one.replacements.iter().cloned().map(suggestion).collect(),
        _ => Vec::new(),
    }
}

fn suggestion(hunk: Replacement<'_>) -> Value {
    let hunk = hunk.narrowed();
    json!({
        "range": { "start": { "line": hunk.start }, "end": { "line": hunk.end() } },
        "text": hunk.new.join("\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_whole_document_reads_well() {
        insta::assert_snapshot!("rdjson", rdjson(&sample::report()));
    }

    #[test]
    fn every_finding_but_the_declined_is_a_diagnostic_at_a_relative_place() {
        let report = sample::report();
        let document: Value = serde_json::from_str(&rdjson(&report)).expect("our own document is JSON");
        let diagnostics = document["diagnostics"].as_array().expect("a list");
        let open = report.findings.iter().filter(|it| it.state != FindingState::Declined).count();
        assert_eq!(diagnostics.len(), open);
        for diagnostic in diagnostics {
            assert!(diagnostic["location"]["path"].as_str().is_some_and(|path| !path.starts_with('/')));
            assert!(["INFO", "WARNING", "ERROR"].contains(&diagnostic["severity"].as_str().unwrap_or("")));
        }
        assert_eq!(document["severity"], "ERROR");
    }
}
