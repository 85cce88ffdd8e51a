//! One result.
//!
//! In: a result and what its run knows. Out: a diagnostic, or a count where the result is no problem. What has no field of its
//! own is kept as text below the message, or beside as it came.

use std::collections::BTreeMap;

use model::RawLocation;
use serde_json::{Map, Value};

use super::{Run, list, message, rules, text};
use crate::draft::{Diagnostic, Draft, columns, one_line};

/// Steps of a flow that are told; the others are counted.
const STEPS: usize = 30;
/// Related places kept.
const RELATED: usize = 20;

pub(super) fn read(
    result: &Value,
    run: &Run<'_>,
    draft: &mut Draft,
    skipped: &mut BTreeMap<&'static str, usize>,
) {
    if let Some(why) = no_problem(result) {
        *skipped.entry(why).or_default() += 1;
        return;
    }
    let (id, rule) = run.rules.of_result(result);
    let said = message::said(&result["message"], rule);
    if said.is_none() && id.is_none() {
        draft.note("a result without message and rule was left out");
        return;
    }
    let mut diagnostic = Diagnostic {
        rule: id.map(str::to_owned),
        url: rule.and_then(rules::page).map(str::to_owned),
        level: Some(level(result, rule).to_owned()),
        message: said.or_else(|| rule.and_then(short)).unwrap_or_default(),
        suppressed: is_suppressed(result),
        category: text(&result["properties"], "category").map(|word| one_line(word, 40)),
        extra: beside(result, rule),
        ..Diagnostic::default()
    };
    read_places(result, run, &mut diagnostic, draft);
    diagnostic.details.extend(flows(result, run));
    diagnostic.fix = fix(result, run);
    if run.is_ours {
        push_ours(result, diagnostic, draft);
    } else {
        draft.push(diagnostic);
    }
}

/// Why a result is no problem, where it is none.
fn no_problem(result: &Value) -> Option<&'static str> {
    match (text(result, "kind"), text(result, "baselineState")) {
        _ if !result.is_object() => Some("they are no objects"),
        (Some("pass"), _) => Some("they say that all is well (`pass`)"),
        (Some("notApplicable"), _) => Some("they say that a rule does not apply"),
        (_, Some("absent")) => Some("they were there before and are gone (`absent`)"),
        _ => None,
    }
}

/// Its own level, else the one its rule has by default, else `warning`; a rule's security score weighs more than a mere warning.
fn level<'a>(result: &'a Value, rule: Option<&'a Value>) -> &'a str {
    let kind = text(result, "kind").unwrap_or("fail");
    let own = text(result, "level");
    if kind != "fail" && own.is_none() {
        return "note";
    }
    let score = rule.map(|rule| &rule["properties"]["security-severity"]);
    let score =
        score.and_then(|score| score.as_str().and_then(|text| text.parse().ok()).or_else(|| score.as_f64()));
    let told = own.or_else(|| rule.and_then(|rule| text(&rule["defaultConfiguration"], "level")));
    match told {
        None | Some("warning") if score.is_some_and(|score: f64| score >= 7.0) => "error",
        told => told.unwrap_or("warning"),
    }
}

fn short(rule: &Value) -> Option<String> {
    let short = text(&rule["shortDescription"], "text").or_else(|| text(&rule["fullDescription"], "text"));
    short.or_else(|| text(rule, "name")).map(str::to_owned)
}

/// Accepted by somebody: in the source, or elsewhere and not refused.
fn is_suppressed(result: &Value) -> bool {
    let mut all = list(result, "suppressions").peekable();
    all.peek().is_some() && all.all(|one| !matches!(text(one, "status"), Some("rejected" | "underReview")))
}

/// Fields without a place of their own.
fn beside(result: &Value, rule: Option<&Value>) -> Map<String, Value> {
    let mut extra = Map::new();
    for key in
        ["kind", "baselineState", "rank", "hostedViewerUri", "partialFingerprints", "fingerprints", "guid"]
    {
        if let Some(value) = result.get(key).filter(|value| !value.is_null()) {
            extra.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(Value::Object(properties)) = result.get("properties") {
        for (key, value) in properties.iter().take(40) {
            extra.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    for one in list(result, "suppressions").take(1) {
        if let Some(why) = text(one, "justification") {
            extra.insert("suppressed_because".to_owned(), Value::from(one_line(why, 500)));
        }
    }
    let tags = rule.and_then(|rule| rule["properties"].get("tags")).filter(|tags| tags.is_array());
    if let Some(tags) = tags {
        extra.insert("tags".to_owned(), tags.clone());
    }
    extra
}

fn read_places(result: &Value, run: &Run<'_>, diagnostic: &mut Diagnostic, draft: &mut Draft) {
    let all = list(result, "locations").chain(result.get("analysisTarget").map(|_| &Value::Null)).peekable();
    for location in all {
        if location.is_null() {
            // The file that was analysed, where no place is told.
            let target = run.artifacts.path(&result["analysisTarget"]);
            if let Some(path) = target.filter(|_| diagnostic.places.is_empty()) {
                diagnostic.places.push(crate::draft::place(&path, None, None));
            }
            continue;
        }
        let Some(placed) = run.artifacts.place(location) else {
            let logical = list(location, "logicalLocations").find_map(|it| text(it, "fullyQualifiedName"));
            match logical {
                Some(name) => diagnostic.details.push(format!("In `{}`.", one_line(name, 200))),
                None => draft.note("a place without a file was left out"),
            }
            continue;
        };
        if diagnostic.places.is_empty() {
            columns(&mut diagnostic.extra, placed.columns.0, placed.columns.1);
        }
        if let Some(region) = placed.odd_region {
            let is_offset = ["charOffset", "byteOffset"].iter().any(|key| region.get(key).is_some());
            draft.note(if is_offset {
                "a place is counted in characters or bytes; its line is not known"
            } else {
                "a place has no line that can be one; its file is all that is known of it"
            });
            diagnostic.extra.insert("region".to_owned(), region);
        }
        diagnostic.places.push(placed.place);
    }
    read_related(result, run, diagnostic);
}

fn read_related(result: &Value, run: &Run<'_>, diagnostic: &mut Diagnostic) {
    let mut said = Vec::new();
    let related: Vec<&Value> = list(result, "relatedLocations").collect();
    for location in related.iter().take(RELATED) {
        let Some(placed) = run.artifacts.place(location) else { continue };
        let mut place = placed.place;
        if !run.is_ours
            && let Some(words) = message::said(&location["message"], None)
        {
            said.push(format!("- {}: {}", spoken(&place), one_line(&words, 400)));
        }
        place.role = (!run.is_ours).then(|| "related".to_owned());
        diagnostic.places.push(place);
    }
    if related.len() > RELATED {
        said.push(format!("- and {} more related places", related.len() - RELATED));
    }
    if !said.is_empty() {
        diagnostic.details.push(format!("Related:\n{}", said.join("\n")));
    }
}

/// The last name of a path and its line: whole paths may be of some machine.
fn spoken(place: &RawLocation) -> String {
    let name = place.path.rsplit(['/', '\\']).next().unwrap_or_default();
    match place.start {
        Some(line) => format!("{name}:{line}"),
        None => name.to_owned(),
    }
}

/// Code flows as text: each thread of each flow as a list of steps.
fn flows(result: &Value, run: &Run<'_>) -> Vec<String> {
    let threads = list(result, "codeFlows").flat_map(|flow| list(flow, "threadFlows"));
    let told = threads.take(3).map(|thread| {
        let steps: Vec<&Value> = list(thread, "locations").collect();
        let mut lines: Vec<String> = steps
            .iter()
            .take(STEPS)
            .enumerate()
            .map(|(at, step)| {
                let location = &step["location"];
                let place =
                    run.artifacts.place(location).map(|placed| spoken(&placed.place)).unwrap_or_default();
                let words = message::said(&location["message"], None).unwrap_or_default();
                format!("{}. {}", at + 1, one_line(&format!("{place} {words}"), 300))
            })
            .collect();
        if steps.len() > STEPS {
            lines.push(format!("… and {} more steps", steps.len() - STEPS));
        }
        format!("Flow:\n{}", lines.join("\n"))
    });
    told.collect()
}

/// Proposals as text: what they say, and the text they put in.
fn fix(result: &Value, run: &Run<'_>) -> Option<String> {
    let mut told = Vec::new();
    for fix in list(result, "fixes").take(3) {
        told.extend(message::said(&fix["description"], None));
        if run.is_ours {
            continue;
        }
        for change in list(fix, "artifactChanges").take(5) {
            for replacement in list(change, "replacements").take(5) {
                let line = replacement["deletedRegion"]["startLine"].as_u64();
                let new = text(&replacement["insertedContent"], "text").unwrap_or_default();
                let place = line.map(|line| format!(" on line {line}")).unwrap_or_default();
                told.push(match new.trim() {
                    "" => format!("Remove the marked text{place}."),
                    one if !one.contains('\n') && !one.contains('`') => format!("Put `{one}`{place}."),
                    many => format!("Put{place}:\n\n    {}", many.replace('\n', "\n    ")),
                });
            }
        }
    }
    (!told.is_empty()).then(|| told.join("\n"))
}

/// A finding of this program: its id, severity and kind are known, and its title stands alone.
fn push_ours(result: &Value, mut diagnostic: Diagnostic, draft: &mut Draft) {
    let properties = &result["properties"];
    let id = text(properties, "id").unwrap_or_default().to_owned();
    let whole = std::mem::take(&mut diagnostic.message);
    let whole = whole.strip_prefix(&format!("{id}: ")).map(str::to_owned).unwrap_or(whole);
    let (title, rest) = whole.split_once("\n\n").unwrap_or((&whole, ""));
    let (prose, fix) = match rest.rfind("Fix: ").filter(|at| *at == 0 || rest[..*at].ends_with("\n\n")) {
        Some(at) => (rest[..at].trim_end(), Some(rest[at + "Fix: ".len()..].to_owned())),
        None => (rest, None),
    };
    diagnostic.rule = diagnostic.rule.filter(|rule| !rule.starts_with("review/"));
    diagnostic.fix = fix.or(diagnostic.fix);
    diagnostic.message = if title.trim().is_empty() { "(no title)".to_owned() } else { title.to_owned() };
    let before = draft.findings.len();
    let prose = prose.to_owned();
    draft.push(diagnostic);
    let Some(finding) = draft.findings.get_mut(before) else { return };
    title.clone_into(&mut finding.title);
    finding.body = prose;
    if !id.is_empty() {
        finding.id = id;
    }
    let word = |key: &str| properties.get(key).cloned().unwrap_or_default();
    finding.severity = serde_json::from_value(word("severity")).unwrap_or(finding.severity);
    finding.kind = serde_json::from_value(word("kind")).ok();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Format, Roots};

    #[test]
    fn a_region_without_a_line_says_why_there_is_none() {
        for (region, said) in [
            (json!({ "byteOffset": 7, "byteLength": 3 }), "counted in characters or bytes"),
            (json!({ "startLine": -3 }), "no line that can be one"),
        ] {
            let document = json!({ "version": "2.1.0", "runs": [{
                "tool": { "driver": { "name": "t" } },
                "results": [{ "ruleId": "r", "message": { "text": "m" }, "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": "a.py" }, "region": region,
                } }] }],
            }] });
            let reading = crate::read(&document.to_string(), Format::Sarif, Roots::default());
            assert!(format!("{reading:?}").contains(said), "{region}: {reading:?}");
        }
    }
}
