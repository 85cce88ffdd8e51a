//! Several answers of one model about the parts of a change, as one answer.
//!
//! In: the answers in the order of the parts. Out: one review document where all of them are one, else one Markdown text that
//! holds them all under headings, documents written out in it: a reader takes a document among prose for the whole answer.
//! Nothing that was said is left out, and nothing is judged: two findings about one thing stay two.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::markdown::written_out;

/// Joins the answers. One answer stays as it was written.
pub(crate) fn merge(answers: &[String]) -> String {
    match answers {
        [] => String::new(),
        [one] => one.clone(),
        several => {
            let documents: Option<Vec<Map<String, Value>>> =
                several.iter().map(|text| document(text)).collect();
            match documents {
                Some(documents) => {
                    let merged = Value::Object(merge_documents(documents));
                    serde_json::to_string_pretty(&merged).expect("plain data") + "\n"
                }
                None => merge_texts(several),
            }
        }
    }
}

/// The review document in an answer: the whole text, a fence in it, or what stands between its outermost braces.
fn document(text: &str) -> Option<Map<String, Value>> {
    let text = text.trim();
    let inside = || Some(&text[text.find('{')?..=text.rfind('}')?]);
    let parsed = serde_json::from_str(text).ok().or_else(|| serde_json::from_str(inside()?).ok());
    match parsed? {
        Value::Object(fields) if fields.get("findings").is_some_and(Value::is_array) => Some(fields),
        _ => None,
    }
}

fn merge_texts(answers: &[String]) -> String {
    let mut out = String::new();
    for (at, text) in answers.iter().enumerate() {
        let written =
            document(text).map_or_else(|| text.trim().to_owned(), |document| written_out(&document));
        let _ = write!(out, "# Part {} of {}\n\n{written}\n\n", at + 1, answers.len());
    }
    out
}

fn merge_documents(documents: Vec<Map<String, Value>>) -> Map<String, Value> {
    let mut merged = Map::new();
    for (at, mut document) in documents.into_iter().enumerate() {
        rename_findings(&mut document, at + 1);
        for (field, value) in document {
            let Some(have) = merged.get_mut(&field) else {
                merged.insert(field, value);
                continue;
            };
            match field.as_str() {
                "verdict" => worse(have, value),
                "summary" => join(have, &value, " "),
                "coverage" => cover(have, value),
                // One altered canary is enough to know.
                "canary" if *have != value && looks_altered(have, &value) => *have = value,
                _ => combine(have, value),
            }
        }
    }
    merged
}

/// Lists are joined, objects field by field, texts of a section one after the other; of anything else the first stays.
fn combine(have: &mut Value, more: Value) {
    match (have, more) {
        (Value::Array(have), Value::Array(more)) => have.extend(more),
        (Value::Object(have), Value::Object(more)) => {
            for (field, value) in more {
                match have.get_mut(&field) {
                    Some(known) if field == "text" => join(known, &value, "\n\n"),
                    Some(known) => combine(known, value),
                    None => drop(have.insert(field, value)),
                }
            }
        }
        _ => {}
    }
}

fn join(have: &mut Value, more: &Value, between: &str) {
    if let (Some(first), Some(second)) = (have.as_str(), more.as_str())
        && !second.trim().is_empty()
        && first != second
    {
        *have = format!("{first}{between}{second}").trim().into();
    }
}

fn looks_altered(have: &Value, more: &Value) -> bool {
    let length = |value: &Value| value.as_str().map_or(0, str::len);
    length(more) > 0 && length(have) > 0
}

fn worse(have: &mut Value, more: Value) {
    const ORDER: [&str; 4] = ["merge-as-is", "merge-with-optional-fixes", "merge-with-fixes", "rework"];
    let rank = |value: &Value| ORDER.iter().position(|word| value.as_str() == Some(word));
    if rank(&more) > rank(have) {
        *have = more;
    }
}

/// A file is covered as well as its best part: the parts that were not shown it say `not-reviewed`.
fn cover(have: &mut Value, more: Value) {
    const ORDER: [&str; 4] = ["not-reviewed", "trivial", "reviewed", "findings"];
    let rank = |item: &Value| ORDER.iter().position(|word| item["status"].as_str() == Some(word));
    let (Value::Array(have), Value::Array(more)) = (have, more) else { return };
    for item in more {
        let path = &item["path"];
        match have.iter_mut().find(|known| known["path"] == *path && !path.is_null()) {
            None => have.push(item),
            Some(known) => {
                let mut findings = known["findings"].as_array().cloned().unwrap_or_default();
                findings.extend(item["findings"].as_array().cloned().unwrap_or_default());
                if rank(&item) > rank(known) {
                    *known = item;
                }
                if !findings.is_empty() && known.is_object() {
                    known["findings"] = findings.into();
                }
            }
        }
    }
}

/// Ids are unique within an answer only, so each gets its part's number: `P2-I1`.
fn rename_findings(document: &mut Map<String, Value>, part: usize) {
    let renamed = |id: &str| json!(format!("P{part}-{id}"));
    let lists = |value: Option<&mut Value>| match value {
        Some(Value::Array(items)) => std::mem::take(items),
        _ => Vec::new(),
    };
    let mut findings = lists(document.get_mut("findings"));
    for finding in &mut findings {
        if let Some(id) = finding["id"].as_str().filter(|id| !id.is_empty()) {
            finding["id"] = renamed(id);
        }
    }
    document.insert("findings".to_owned(), findings.into());
    for item in document.get_mut("coverage").and_then(Value::as_array_mut).into_iter().flatten() {
        for id in item.get_mut("findings").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(text) = id.as_str() {
                *id = renamed(text);
            }
        }
    }
    let gaps = document.get_mut("testing").and_then(|testing| testing.get_mut("gaps")?.as_array_mut());
    for gap in gaps.into_iter().flatten() {
        if let Some(id) = gap.get("finding").and_then(Value::as_str).filter(|id| !id.is_empty()) {
            gap["finding"] = renamed(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(verdict: &str, status: &str) -> String {
        let document = json!({
            "schema": "deep-review/review/v1", "canary": "c", "verdict": verdict, "summary": format!("Said {verdict}."),
            "findings": [{ "id": "I1", "title": verdict }, { "title": "without an id" }],
            "testing": { "text": verdict, "gaps": [{ "scenario": "s", "finding": "I1" }] },
            "coverage": [{ "path": "a", "status": status, "findings": ["I1"] }],
        });
        format!("Here it is:\n```json\n{document}\n```\n")
    }

    #[test]
    fn one_answer_is_left_as_it_is() {
        assert_eq!(merge(&["As written. ".to_owned()]), "As written. ");
        assert_eq!(merge(&[]), "");
    }

    #[test]
    fn documents_become_one_document_with_everything_in_it() {
        let merged = merge(&[answer("merge-with-fixes", "not-reviewed"), answer("merge-as-is", "findings")]);
        let merged: Value = serde_json::from_str(&merged).expect("a document");
        assert_eq!(merged["verdict"], "merge-with-fixes", "the worst counts");
        assert_eq!(merged["canary"], "c");
        let ids: Vec<&Value> =
            merged["findings"].as_array().expect("findings").iter().map(|one| &one["id"]).collect();
        assert_eq!(ids, [&json!("P1-I1"), &Value::Null, &json!("P2-I1"), &Value::Null]);
        assert_eq!(
            merged["coverage"],
            json!([{ "path": "a", "status": "findings", "findings": ["P1-I1", "P2-I1"] }])
        );
        assert_eq!(merged["testing"]["gaps"][1]["finding"], "P2-I1");
        assert_eq!(merged["testing"]["text"], "merge-with-fixes\n\nmerge-as-is");
        assert_eq!(merged["summary"], "Said merge-with-fixes. Said merge-as-is.");
    }

    #[test]
    fn answers_that_are_no_documents_stand_one_after_the_other() {
        let merged = merge(&["## Findings\n\none".to_owned(), answer("rework", "reviewed")]);
        assert!(merged.starts_with("# Part 1 of 2\n\n## Findings\n\none\n\n# Part 2 of 2\n\n"), "{merged}");
        let rest = merged.split_once("# Part 2 of 2").expect("two parts").1;
        for wanted in [
            "### I1. rework",
            "### I2. without an id",
            "## Verdict\n\nrework",
            "Said rework.",
            "- path: a; status: reviewed",
        ] {
            assert!(rest.contains(wanted), "{wanted} in {rest}");
        }
        assert!(!rest.contains("```json"), "a document among prose would be taken for the whole answer");
    }
}
