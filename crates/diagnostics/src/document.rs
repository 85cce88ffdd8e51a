//! What a tool newly says, written down as SARIF.
//!
//! In: raw findings of one tool. Out: a document that [`crate::read`] reads back to the same claims. Never holds a path of a
//! machine: the findings have none.

use model::{RawFinding, RawLocation, Severity};
use serde_json::{Map, Value, json};

/// Writes findings of a tool as one SARIF document.
pub fn document(tool: &str, version: &str, findings: &[RawFinding]) -> String {
    let results: Vec<Value> = findings.iter().map(result).collect();
    let mut driver = json!({ "name": tool, "rules": rules(findings) });
    if !version.is_empty() {
        driver["version"] = json!(version);
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "invocations": [{ "executionSuccessful": true }],
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&document).expect("a tree of values is JSON");
    text.push('\n');
    text
}

fn rules(findings: &[RawFinding]) -> Vec<Value> {
    let mut rules: std::collections::BTreeMap<&str, Option<&str>> = std::collections::BTreeMap::new();
    for finding in findings {
        if let Some(rule) = &finding.rule {
            let url = rules.entry(rule).or_default();
            *url = url.or(finding.rule_url.as_deref());
        }
    }
    let rule = |(id, url): (&str, Option<&str>)| match url {
        Some(url) => json!({ "id": id, "helpUri": url }),
        None => json!({ "id": id }),
    };
    rules.into_iter().map(rule).collect()
}

fn result(finding: &RawFinding) -> Value {
    let level = match finding.severity {
        Severity::Critical | Severity::Important => "error",
        Severity::Suggestion => "warning",
    };
    let is_related = |place: &&RawLocation| place.role.as_deref() == Some("related");
    let main: Vec<Value> =
        finding.locations.iter().filter(|place| !is_related(place)).map(location).collect();
    let related: Vec<Value> = finding.locations.iter().filter(is_related).map(location).collect();
    let mut value = json!({ "level": level, "message": { "text": message(finding) }, "locations": main });
    if let Some(rule) = &finding.rule {
        value["ruleId"] = json!(rule);
    }
    if !related.is_empty() {
        value["relatedLocations"] = json!(related);
    }
    if let Some(fix) = &finding.fix {
        value["fixes"] = json!([{ "description": { "text": fix } }]);
    }
    let mut properties = finding.extra.clone();
    if let Some(state) = properties.remove("baselineState") {
        value["baselineState"] = state;
    }
    if let Some(category) = &finding.category {
        properties.insert("category".to_owned(), json!(category));
    }
    if !properties.is_empty() {
        value["properties"] = Value::Object(properties);
    }
    value
}

/// One text with the title as its first line.
fn message(finding: &RawFinding) -> String {
    match &finding.body {
        body if body.is_empty() => finding.title.clone(),
        body if body.starts_with(&finding.title) => body.clone(),
        body => format!("{}\n\n{body}", finding.title),
    }
}

fn location(place: &RawLocation) -> Value {
    let mut physical = Map::new();
    let path = percent_encoding::utf8_percent_encode(&place.path, crate::sarif::NOT_IN_URI).to_string();
    physical.insert("artifactLocation".to_owned(), json!({ "uri": path }));
    if let Some(start) = place.start {
        let mut region = json!({ "startLine": start, "endLine": place.end.unwrap_or(start) });
        if let Some(quote) = &place.quote {
            region["snippet"] = json!({ "text": quote });
            region["properties"] = json!({ "quote": true });
        }
        physical.insert("region".to_owned(), region);
    }
    json!({ "physicalLocation": physical })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Roots, read};

    #[test]
    fn what_is_written_reads_back() {
        let finding = RawFinding {
            id: "D1".into(),
            severity: Severity::Important,
            severity_stated: true,
            title: "`os` imported but unused".into(),
            body: "Also at `b c.py:3`.".into(),
            rule: Some("F401".into()),
            rule_url: Some("https://docs.astral.sh/ruff/rules/unused-import".into()),
            fix: Some("Remove it".into()),
            known_by: Some("tool".into()),
            locations: vec![
                RawLocation {
                    path: "src/ü b%c.py".into(),
                    start: Some(3),
                    end: Some(4),
                    quote: Some("import os".into()),
                    ..RawLocation::default()
                },
                RawLocation { path: "x.py".into(), role: Some("related".into()), ..RawLocation::default() },
            ],
            ..RawFinding::default()
        };
        let text = document("ruff", "0.17.6", std::slice::from_ref(&finding));
        let mut reading = read(&text, Format::Sarif, Roots::default());
        assert_eq!(reading.summary.as_deref(), Some("ruff 0.17.6: one diagnostic."));
        reading.findings[0].extra.clear();
        assert_eq!(reading.findings, [finding]);
    }
}
