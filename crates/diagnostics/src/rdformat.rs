//! Reads reviewdog's diagnostic format: one document, or one diagnostic a line.
//!
//! In: a text. Out: diagnostics with code, page, range, suggestions and related places. Never loses a line of a list: one that
//! cannot be read is a note.

use serde_json::Value;

use crate::draft::{Diagnostic, Draft, columns, one_line, place};
use crate::sarif::{list, text};

/// Whether a document, or the first line of many, is of this format.
pub(crate) fn is_it(value: &Value) -> bool {
    let one = |value: &Value| {
        value.get("message").is_some_and(Value::is_string)
            && value["location"].get("path").is_some_and(Value::is_string)
    };
    match value.get("diagnostics").and_then(Value::as_array) {
        Some(all) if all.is_empty() => value.get("source").is_some_and(Value::is_object),
        Some(all) => all.iter().all(|it| one(it) && it["location"].get("start").is_none()),
        None => {
            one(value)
                && value["location"].get("range").is_none_or(Value::is_object)
                && value.get("reason").is_none()
        }
    }
}

/// Reads a text.
pub(crate) fn read(written: &str, draft: &mut Draft) -> Result<(), String> {
    if let Ok(value) = serde_json::from_str::<Value>(written) {
        return read_document(&value, draft);
    }
    let mut first_error = None;
    for (at, line) in written.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str::<Value>(line) {
            Ok(value) => drop(read_document(&value, draft).map_err(|why| draft.note_at(at + 1, why))),
            Err(error) => {
                draft.note_at(at + 1, "a line is no JSON and was not read");
                first_error.get_or_insert_with(|| format!("it is no JSON document: {error}"));
            }
        }
    }
    match first_error {
        Some(error) if draft.findings.is_empty() => Err(error),
        Some(_) => {
            draft.failed = Some("some of its lines could not be read".to_owned());
            Ok(())
        }
        None => Ok(()),
    }
}

fn read_document(value: &Value, draft: &mut Draft) -> Result<(), String> {
    match value.get("diagnostics") {
        Some(Value::Array(all)) => {
            for one in all {
                read_one(one, value, draft);
            }
            draft.tool(one_line(text(&value["source"], "name").unwrap_or_default(), 80));
            Ok(())
        }
        None if value.get("message").is_some() && value.get("location").is_some() => {
            draft.tool(one_line(text(&value["source"], "name").unwrap_or_default(), 80));
            read_one(value, value, draft);
            Ok(())
        }
        _ => Err("it has no `diagnostics`".to_owned()),
    }
}

fn read_one(one: &Value, document: &Value, draft: &mut Draft) {
    let said = match one.get("message") {
        Some(Value::String(said)) => said.clone(),
        _ => String::new(),
    };
    let code = &one["code"];
    let level = text(one, "severity").or_else(|| text(document, "severity"));
    let mut diagnostic = Diagnostic {
        rule: text(code, "value").map(str::to_owned),
        url: text(code, "url").map(str::to_owned),
        level: level.filter(|level| *level != "UNKNOWN_SEVERITY").map(str::to_owned),
        message: said,
        ..Diagnostic::default()
    };
    let (found, start, end) = location(&one["location"]);
    diagnostic.places.extend(found);
    columns(&mut diagnostic.extra, start, end);
    let mut related = Vec::new();
    for other in list(one, "relatedLocations").chain(list(one, "related_locations")).take(20) {
        let (found, _, _) = location(&other["location"]);
        let Some(mut found) = found else { continue };
        if let Some(words) = text(other, "message") {
            let name = found.path.rsplit(['/', '\\']).next().unwrap_or_default();
            let line = found.start.map(|line| format!(":{line}")).unwrap_or_default();
            related.push(format!("- {name}{line}: {}", one_line(words, 400)));
        }
        found.role = Some("related".to_owned());
        diagnostic.places.push(found);
    }
    if !related.is_empty() {
        diagnostic.details.push(format!("Related:\n{}", related.join("\n")));
    }
    let told: Vec<String> = list(one, "suggestions").take(5).map(suggestion).collect();
    diagnostic.fix = (!told.is_empty()).then(|| told.join("\n"));
    draft.push(diagnostic);
}

fn suggestion(one: &Value) -> String {
    let new = text(one, "text").unwrap_or_default();
    let line = one["range"]["start"]["line"].as_u64();
    let place = line.map(|line| format!(" on line {line}")).unwrap_or_default();
    match new.trim() {
        "" => format!("Remove the marked text{place}."),
        short if !short.contains('\n') && !short.contains('`') => format!("Put `{short}`{place}."),
        long => format!("Put{place}:\n\n    {}", long.replace('\n', "\n    ")),
    }
}

fn location(location: &Value) -> (Option<model::RawLocation>, Option<u64>, Option<u64>) {
    // `.` stands for the whole change.
    let Some(path) = text(location, "path").filter(|path| !matches!(*path, "" | ".")) else {
        return (None, None, None);
    };
    let range = &location["range"];
    let number = |end: &str, key: &str| range[end][key].as_u64();
    let found = place(path, number("start", "line"), number("end", "line"));
    (Some(found), number("start", "column"), number("end", "column"))
}

#[cfg(test)]
mod tests {
    use crate::{Format, Roots, detect, read};

    const ONE: &str = r#"{"message":"m","location":{"path":"a/b.go","range":{"start":{"line":3,"column":2},"end":{"line":4}}},
        "severity":"ERROR","code":{"value":"R1","url":"https://r.example/1"},
        "suggestions":[{"range":{"start":{"line":3}},"text":"x"}],
        "relatedLocations":[{"message":"why","location":{"path":"c.go","range":{"start":{"line":9}}}}]}"#;

    #[test]
    fn a_document_and_lines_read_alike() {
        let one = ONE.replace('\n', "");
        let document = format!(r#"{{"source":{{"name":"t"}},"diagnostics":[{one},{one}]}}"#);
        let lines = format!("{one}\n{one}\n");
        assert_eq!(detect(&document), Some(Format::Rdjson));
        assert_eq!(detect(&lines), Some(Format::Rdjson));
        let a = read(&document, Format::Rdjson, Roots::default());
        let b = read(&lines, Format::Rdjson, Roots::default());
        assert_eq!(a.findings, b.findings);
        let first = &a.findings[0];
        assert_eq!(
            (first.rule.as_deref(), first.rule_url.as_deref()),
            (Some("R1"), Some("https://r.example/1"))
        );
        assert_eq!((first.locations[0].start, first.locations[0].end), (Some(3), Some(4)));
        assert_eq!(first.locations[1].role.as_deref(), Some("related"));
        assert_eq!(first.fix.as_deref(), Some("Put `x` on line 3."));
        assert_eq!(first.severity, model::Severity::Important);
    }

    #[test]
    fn a_broken_line_is_a_note_and_the_reading_says_so() {
        let text = format!("{}\n{{\"message\":\n", ONE.replace('\n', ""));
        let reading = read(&text, Format::Rdjson, Roots::default());
        assert_eq!(reading.findings.len(), 1);
        assert_eq!(reading.notes[0].line, 2);
    }
}
