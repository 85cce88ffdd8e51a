//! The report as SARIF 2.1.0, as code scanning takes it.
//!
//! In: a [`Report`]. Out: one JSON document with one run. Never an absolute path: places are relative to `SRCROOT`,
//! percent-encoded. What is contested is a note, what people declined is suppressed, and a run below quorum says that
//! it did not succeed.

use model::{
    Finding, FindingState, Lane, Location, Report, ReviewerKind, ReviewerState, Severity, Side, VerdictValue,
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::edits::{FileEdit, plain_edits};
use crate::json::inert;
use crate::safe::{safe_line, safe_text};
use crate::still_open::with_still_open;
use crate::words::{self, checked, parts, reviewer_failed, reviewers_of, rule_id};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// What a relative reference may not contain as it stands.
const NOT_IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b':');

/// Writes the report as SARIF.
pub fn sarif(report: &Report) -> String {
    let report = &*with_still_open(report);
    let rules = rule_ids(report);
    let results: Vec<Value> = report.findings.iter().map(|finding| result(report, finding, &rules)).collect();
    let mut run = json!({
        "tool": { "driver": driver(report, &rules) },
        "automationDetails": { "id": format!("deep-review/{}", report.run.id) },
        "invocations": [invocation(report)],
        "originalUriBaseIds": { "SRCROOT": { "description": { "text": "The root of the repository." } } },
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "verdict": report.verdict.value.as_str(),
            "reason": report.verdict.reason,
            "series": report.series.key,
            "round": report.series.round,
        },
    });
    if let Some(provenance) = provenance(report) {
        run["versionControlProvenance"] = json!([provenance]);
    }
    let document = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] });
    inert(serde_json::to_string_pretty(&document).expect("a tree of values is JSON"))
}

fn rule_ids(report: &Report) -> Vec<String> {
    let mut ids: Vec<String> = report.findings.iter().map(rule_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn driver(report: &Report, rules: &[String]) -> Value {
    let version = if report.tool.version.is_empty() { "0.0.0" } else { &report.tool.version };
    let rules: Vec<Value> = rules.iter().map(|id| rule(report, id)).collect();
    json!({ "name": "deep-review", "semanticVersion": version, "version": version, "rules": rules })
}

fn rule(report: &Report, id: &str) -> Value {
    let text = match id {
        "review/critical" => "A critical finding of a review.",
        "review/important" => "An important finding of a review.",
        "review/suggestion" => "A suggestion of a review.",
        _ => return named_rule(report, id),
    };
    json!({ "id": id, "shortDescription": { "text": text } })
}

/// A rule of our own, or of a tool, with the page about it.
fn named_rule(report: &Report, id: &str) -> Value {
    let findings = || report.findings.iter().filter(|finding| rule_id(finding) == id);
    let (tool, url) = findings()
        .flat_map(words::rules_of)
        .find(|(_, rule, _)| safe_line(rule) == id)
        .map_or((None, None), |(who, _, url)| (Some(who), url));
    let text = match tool {
        Some(tool) => format!("Rule {id} of {tool}."),
        None => format!("Built-in rule {id}."),
    };
    let mut value = json!({ "id": id, "shortDescription": { "text": plain_message(&text) } });
    if let Some(url) = url.filter(|url| url.starts_with("https://") || url.starts_with("http://")) {
        value["helpUri"] = json!(url);
    }
    value
}

fn result(report: &Report, finding: &Finding, rules: &[String]) -> Value {
    let id = rule_id(finding);
    let (primary, related) = match finding.locations.split_first() {
        Some((primary, related)) => (vec![location(primary)], related),
        None => (Vec::new(), &[][..]),
    };
    let mut value = json!({
        "ruleId": id,
        "ruleIndex": rules.iter().position(|rule| *rule == id),
        "level": level(finding),
        "message": { "text": message(finding) },
        "locations": primary,
        "partialFingerprints": { "deepReview/v1": finding.fingerprint },
        "properties": properties(finding),
    });
    if !related.is_empty() {
        value["relatedLocations"] = numbered(related);
    }
    if let Some(fix) = fix(finding) {
        value["fixes"] = json!([fix]);
    }
    if finding.state == FindingState::Declined {
        value["suppressions"] = json!([suppression(report, finding)]);
    }
    value
}

/// The patch, where it is known to apply and is simple enough to be stated as replacements.
fn fix(finding: &Finding) -> Option<Value> {
    let fix = finding.fix.as_ref().filter(|fix| fix.applies == Some(true))?;
    let changes: Vec<Value> = plain_edits(fix.patch.as_deref()?)?.iter().map(artifact_change).collect();
    let text = if fix.text.trim().is_empty() { "Apply the patch." } else { fix.text.trim() };
    Some(json!({ "description": { "text": plain_message(text) }, "artifactChanges": changes }))
}

fn artifact_change(edit: &FileEdit<'_>) -> Value {
    let replacements: Vec<Value> = edit
        .replacements
        .iter()
        .map(|hunk| {
            json!({
                "deletedRegion": { "startLine": hunk.start, "endLine": hunk.end() },
                "insertedContent": { "text": hunk.new.join("\n") },
            })
        })
        .collect();
    let artifact = json!({ "uri": reference(edit.path), "uriBaseId": "SRCROOT" });
    json!({ "artifactLocation": artifact, "replacements": replacements })
}

/// Contested findings are shown but never fail a gate.
fn level(finding: &Finding) -> &'static str {
    match finding.severity {
        _ if finding.lane == Lane::Contested => "note",
        Severity::Critical | Severity::Important => "error",
        Severity::Suggestion => "note",
    }
}

/// Title, mechanism, proposal.
fn message(finding: &Finding) -> String {
    let parts = parts(finding);
    let mut text = format!("{}: {}", finding.id, safe_line(&finding.title));
    if !parts.prose.is_empty() {
        text.push_str("\n\n");
        text.push_str(&parts.prose);
    }
    if let Some(fix) = parts.fix {
        text.push_str("\n\nFix: ");
        text.push_str(&fix);
    }
    plain_message(&text)
}

/// A message may embed links as `[text](target)`; foreign text may not.
fn plain_message(text: &str) -> String {
    safe_text(text).replace("](", "\\](")
}

/// A path as a relative reference.
fn reference(path: &str) -> String {
    utf8_percent_encode(path, NOT_IN_PATH).to_string()
}

fn location(location: &Location) -> Value {
    let uri = reference(location.path.as_str());
    let mut physical = json!({ "artifactLocation": { "uri": uri, "uriBaseId": "SRCROOT" } });
    if let Some(start) = location.start.filter(|start| *start > 0) {
        let end = location.end.unwrap_or(start).max(start);
        physical["region"] = json!({ "startLine": start, "endLine": end });
    }
    let mut value = json!({ "physicalLocation": physical });
    if let Some(symbol) = &location.symbol {
        value["logicalLocations"] = json!([{ "fullyQualifiedName": safe_line(symbol) }]);
    }
    if location.side == Side::Base {
        value["properties"] = json!({ "side": "base" });
    }
    value
}

fn numbered(locations: &[Location]) -> Value {
    let values = locations.iter().enumerate().map(|(at, place)| {
        let mut value = location(place);
        value["id"] = json!(at + 1);
        value["message"] = json!({ "text": plain_message(&words::place(place)) });
        value
    });
    values.collect()
}

fn suppression(report: &Report, finding: &Finding) -> Value {
    let why = report.prior.iter().find(|prior| prior.fingerprint == finding.fingerprint);
    let mut value = json!({ "kind": "external", "status": "accepted" });
    if let Some(prior) = why.filter(|prior| !prior.why.is_empty()) {
        value["justification"] = json!(safe_text(&prior.why));
    }
    value
}

fn properties(finding: &Finding) -> Value {
    let checks: Map<String, Value> = checked(finding)
        .groups()
        .into_iter()
        .map(|(label, told)| (label.to_lowercase(), json!(told)))
        .collect();
    json!({
        "id": finding.id,
        "severity": finding.severity.as_str(),
        "kind": finding.kind.map(model::Kind::as_str),
        "category": finding.category,
        "lane": finding.lane.as_str(),
        "confidence": finding.confidence,
        "agreement": finding.agreement,
        "reviewers": reviewers_of(finding),
        "origin": { "value": finding.origin.value.as_str(), "commits": finding.origin.commits },
        "checks": checks,
    })
}

fn invocation(report: &Report) -> Value {
    let complete = report.run.complete && report.verdict.value != VerdictValue::Incomplete;
    let failed = report.reviewers.iter().filter_map(|reviewer| {
        let why = reviewer_failed(reviewer)?;
        let level = if reviewer.state == ReviewerState::Skipped { "note" } else { "error" };
        Some(notification(level, &format!("{} did not review: {why}", reviewer.name)))
    });
    let notes = report.notes.iter().map(|note| notification("note", note));
    json!({
        "executionSuccessful": complete,
        "startTimeUtc": report.run.started.to_string(),
        "endTimeUtc": report.run.ended.to_string(),
        "toolExecutionNotifications": failed.chain(notes).collect::<Vec<Value>>(),
        "properties": {
            "reviewers": report.reviewers.iter().map(reviewer).collect::<Vec<Value>>(),
        },
    })
}

fn notification(level: &str, text: &str) -> Value {
    json!({ "level": level, "message": { "text": plain_message(text) } })
}

fn reviewer(reviewer: &model::ReviewerReport) -> Value {
    json!({
        "name": reviewer.name,
        "builtin": reviewer.kind == ReviewerKind::Builtin,
        "model": reviewer.model,
        "ending": reviewer.ending.as_str(),
    })
}

/// Where the reviewed commit lives; SARIF wants an address, so without one nothing is said.
fn provenance(report: &Report) -> Option<Value> {
    let url = report.target.repository_url.as_deref().filter(|url| url.starts_with("http"))?;
    let mut value = json!({ "repositoryUri": url, "revisionId": report.target.head });
    if let Some(branch) = &report.target.branch {
        value["branch"] = json!(branch);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn document(report: &Report) -> Value {
        serde_json::from_str(&sarif(report)).expect("our own SARIF is JSON")
    }

    #[test]
    fn the_whole_document_reads_well() {
        insta::assert_snapshot!("sarif", sarif(&sample::report()));
    }

    #[test]
    fn every_result_names_a_rule_that_is_listed() {
        let document = document(&sample::report());
        let run = &document["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules are a list");
        let results = run["results"].as_array().expect("results are a list");
        assert_eq!(results.len(), sample::report().findings.len());
        for result in results {
            let index = result["ruleIndex"].as_u64().expect("each rule is listed") as usize;
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(["error", "warning", "note", "none"].contains(&result["level"].as_str().unwrap_or("")));
            assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
            assert!(result["partialFingerprints"]["deepReview/v1"].is_string());
        }
    }

    #[test]
    fn places_are_relative_encoded_references() {
        let document = document(&sample::report());
        for result in document["runs"][0]["results"].as_array().expect("results are a list") {
            for place in result["locations"].as_array().expect("locations are a list") {
                let artifact = &place["physicalLocation"]["artifactLocation"];
                let uri = artifact["uri"].as_str().expect("a place has a reference");
                assert!(
                    uri.is_ascii() && !uri.starts_with('/') && !uri.contains([' ', '<', ':', '\n']),
                    "{uri}"
                );
                assert_eq!(artifact["uriBaseId"], "SRCROOT");
            }
        }
    }

    #[test]
    fn contested_is_a_note_declined_is_suppressed_and_a_failed_reviewer_is_told() {
        let document = document(&sample::report());
        let run = &document["runs"][0];
        let by_id = |id: &str| {
            let results = run["results"].as_array().expect("results are a list");
            results
                .iter()
                .find(|result| result["properties"]["id"] == id)
                .cloned()
                .expect("the finding is there")
        };
        assert_eq!(by_id("C1")["level"], "error");
        assert_eq!(by_id("I2")["level"], "note");
        assert_eq!(by_id("S2")["suppressions"][0]["status"], "accepted");
        let invocation = &run["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        let told = invocation["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap_or("");
        assert!(told.starts_with("gemini did not review: timed-out: nothing after 20 min"), "{told}");
    }

    #[test]
    fn an_empty_report_is_still_a_document() {
        let document = document(&sample::empty());
        assert_eq!(document["version"], "2.1.0");
        assert_eq!(document["runs"][0]["invocations"][0]["executionSuccessful"], false);
    }
}
