//! Reads messages of cargo, and of rustc itself, one JSON object a line.
//!
//! In: lines. Out: one diagnostic a compiler message that has a place. Summaries (`2 warnings emitted`) are none; a build that
//! failed without a diagnostic is said.

use serde_json::Value;

use crate::draft::{Diagnostic, Draft, columns, one_line, place};
use crate::sarif::{list, text};

/// Whether the first line is one of cargo's or rustc's.
pub(crate) fn is_it(value: &Value) -> bool {
    let reasons = ["compiler-message", "compiler-artifact", "build-script-executed", "build-finished"];
    text(value, "reason").is_some_and(|reason| reasons.contains(&reason))
        || text(value, "$message_type") == Some("diagnostic")
}

/// Reads all lines.
pub(crate) fn read(written: &str, draft: &mut Draft) -> Result<(), String> {
    let mut known = 0_usize;
    let mut strange = 0_usize;
    let mut failed = false;
    let mut seen = std::collections::HashSet::new();
    for line in written.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Ok(value) = serde_json::from_str::<Value>(line) else {
            strange += 1;
            continue;
        };
        match (text(&value, "reason"), text(&value, "$message_type")) {
            (Some("compiler-message"), _) => {
                known += 1;
                // Libraries are compiled twice where they have tests.
                if seen.insert(value["message"].to_string()) {
                    read_message(&value["message"], draft);
                }
            }
            (Some("build-finished"), _) => {
                known += 1;
                failed = value.get("success").and_then(Value::as_bool) == Some(false);
            }
            (Some(_), _) | (None, Some("artifact")) => known += 1,
            (None, Some("diagnostic")) => {
                known += 1;
                read_message(&value, draft);
            }
            _ => strange += 1,
        }
    }
    draft.tool("rustc".to_owned());
    if strange > 0 {
        draft.note(format!("{strange} lines are no messages of cargo and were not read"));
    }
    if failed && !draft.findings.iter().any(|finding| finding.severity == model::Severity::Important) {
        draft.failed = Some("the build failed and no message says why".to_owned());
    }
    if known == 0 && strange > 0 { Err("no line is a message of cargo".to_owned()) } else { Ok(()) }
}

fn read_message(message: &Value, draft: &mut Draft) {
    let spans: Vec<&Value> = list(message, "spans").collect();
    let said = text(message, "message").unwrap_or_default();
    let is_primary = |span: &&&Value| span.get("is_primary").and_then(Value::as_bool) == Some(true);
    let primary: Vec<&Value> = spans.iter().filter(is_primary).copied().collect();
    if primary.is_empty() && text(message, "level") != Some("error") {
        return;
    }
    if primary.is_empty() && said.starts_with("aborting due to") {
        return;
    }
    let rule = text(&message["code"], "code").map(str::to_owned);
    let mut diagnostic = Diagnostic {
        url: rule.as_deref().and_then(page),
        rule,
        level: text(message, "level")
            .map(|level| if level.starts_with("error") { "error" } else { level }.to_owned()),
        message: said.to_owned(),
        ..Diagnostic::default()
    };
    for span in &primary {
        let label = text(span, "label").filter(|label| !label.is_empty());
        diagnostic.details.extend(label.map(|label| format!("Here: {}", one_line(label, 400))));
        // Code of a macro is where the macro is called.
        let span = outermost(span);
        let number = |key: &str| span.get(key).and_then(Value::as_u64);
        let file = text(span, "file_name").unwrap_or_default();
        if diagnostic.places.is_empty() {
            columns(&mut diagnostic.extra, number("column_start"), number("column_end"));
        }
        diagnostic.places.push(place(file, number("line_start"), number("line_end")));
    }
    for child in list(message, "children") {
        let words = text(child, "message").unwrap_or_default();
        let level = text(child, "level").unwrap_or("note");
        if !words.starts_with("for further information visit") && !words.is_empty() {
            diagnostic.details.push(format!("{level}: {}", one_line(words, 600)));
        }
        let replacements = list(child, "spans").filter_map(|span| text(span, "suggested_replacement"));
        let new: Vec<&str> = replacements.filter(|new| !new.trim().is_empty()).take(3).collect();
        if diagnostic.fix.is_none() && level == "help" && !new.is_empty() {
            diagnostic.fix =
                Some(format!("{}: `{}`", one_line(words, 300), one_line(&new.join("`, `"), 300)));
        }
    }
    draft.push(diagnostic);
}

fn outermost(span: &Value) -> &Value {
    let mut span = span;
    for _ in 0..50 {
        match span["expansion"].get("span").filter(|outer| outer.is_object()) {
            Some(outer) => span = outer,
            None => break,
        }
    }
    span
}

fn page(rule: &str) -> Option<String> {
    if let Some(name) = rule.strip_prefix("clippy::") {
        return Some(format!("https://rust-lang.github.io/rust-clippy/master/index.html#{name}"));
    }
    let is_code =
        rule.len() == 5 && rule.starts_with('E') && rule[1..].bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| format!("https://doc.rust-lang.org/error_codes/{rule}.html"))
}

#[cfg(test)]
mod tests {
    use crate::{Format, Roots, detect, read};

    const CLIPPY: &str = r#"{"reason":"compiler-artifact","package_id":"p"}
{"reason":"compiler-message","message":{"$message_type":"diagnostic","message":"this boolean expression can be simplified","code":{"code":"clippy::nonminimal_bool","explanation":null},"level":"warning","spans":[{"file_name":"src/lib.rs","line_start":2,"line_end":2,"column_start":8,"column_end":20,"is_primary":true,"label":null,"expansion":null}],"children":[{"message":"for further information visit https://x","level":"help","spans":[],"children":[]},{"message":"try","level":"help","spans":[{"suggested_replacement":"!a"}],"children":[]}]}}
{"reason":"compiler-message","message":{"message":"1 warning emitted","code":null,"level":"warning","spans":[],"children":[]}}
{"reason":"build-finished","success":true}
"#;

    #[test]
    fn a_warning_of_clippy_keeps_rule_page_and_proposal() {
        assert_eq!(detect(CLIPPY), Some(Format::Cargo));
        let reading = read(CLIPPY, Format::Cargo, Roots::default());
        let [one] = reading.findings.as_slice() else { panic!("{reading:?}") };
        assert_eq!(one.rule.as_deref(), Some("clippy::nonminimal_bool"));
        assert!(one.rule_url.as_deref().unwrap().ends_with("#nonminimal_bool"));
        assert_eq!(one.fix.as_deref(), Some("try: `!a`"));
    }

    #[test]
    fn a_build_that_failed_without_a_word_found_not_nothing() {
        let reading =
            read("{\"reason\":\"build-finished\",\"success\":false}\n", Format::Cargo, Roots::default());
        assert!(matches!(reading.state, model::ReadingState::UnableToReview { .. }));
    }
}
