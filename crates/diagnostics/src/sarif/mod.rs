//! Reads SARIF 2.1.0.
//!
//! In: one document, with any number of runs. Out: a diagnostic for each result that is a problem, with rule, page, places,
//! related places, flows, proposals. Results that are none (`pass`, `absent`) are counted. Never fetches what a document refers
//! to outside itself.

mod message;
mod place;
mod result;
mod rules;

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS};
use serde_json::Value;

use crate::draft::{Draft, one_line};
use place::Artifacts;
use rules::Rules;

/// What a path may not contain as a relative reference.
pub(crate) const NOT_IN_URI: &AsciiSet = &CONTROLS
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

/// Reads a document.
pub(crate) fn read(document: &Value, draft: &mut Draft) -> Result<(), String> {
    let runs = document.get("runs").and_then(Value::as_array).ok_or("it has no `runs`")?;
    if let Some(version) = text(document, "version").filter(|version| *version != "2.1.0") {
        draft.note(format!("its version is {}, read as 2.1.0", one_line(version, 40)));
    }
    if runs.is_empty() {
        return Err("it has no run: no tool says that it looked".to_owned());
    }
    let mut skipped = BTreeMap::new();
    let mut readable = 0;
    for run in runs {
        if !run.is_object() {
            draft.note("a run is no object and was not read");
            continue;
        }
        readable += 1;
        read_run(run, draft, &mut skipped);
    }
    for (why, count) in skipped {
        draft.note(format!("{count} results were not read as findings: {why}"));
    }
    if readable == 0 { Err("none of its runs can be read".to_owned()) } else { Ok(()) }
}

/// What every result of a run refers to.
struct Run<'a> {
    rules: Rules<'a>,
    artifacts: Artifacts<'a>,
    /// Written by this program: then severities and titles are ours to know.
    is_ours: bool,
}

fn read_run(run: &Value, draft: &mut Draft, skipped: &mut BTreeMap<&'static str, usize>) {
    let driver = &run["tool"]["driver"];
    let name = text(driver, "name").unwrap_or("an unnamed tool");
    let version = text(driver, "semanticVersion").or_else(|| text(driver, "version")).unwrap_or_default();
    draft.tool(one_line(&format!("{name} {version}"), 80));
    let known =
        Run { rules: Rules::of(run), artifacts: Artifacts::of(run, draft), is_ours: name == "deep-review" };
    read_invocations(run, name, draft);
    match run.get("results") {
        Some(Value::Array(results)) => {
            for result in results {
                result::read(result, &known, draft, skipped);
            }
        }
        // A producer that could not run says so by leaving results out.
        None | Some(Value::Null) => draft.failed = Some(format!("{} gives no results", one_line(name, 80))),
        Some(_) => draft.failed = Some("`results` is no list".to_owned()),
    }
    if run.get("externalPropertyFileReferences").is_some() {
        draft.note("a run keeps parts of itself in other files; those were not read");
    }
}

fn read_invocations(run: &Value, name: &str, draft: &mut Draft) {
    for invocation in list(run, "invocations") {
        if invocation.get("executionSuccessful").and_then(Value::as_bool) == Some(false) {
            draft.failed = Some(format!("{} says that it did not succeed", one_line(name, 80)));
        }
        for kind in ["toolExecutionNotifications", "toolConfigurationNotifications"] {
            for notification in list(invocation, kind) {
                let said = text(&notification["message"], "text").unwrap_or_default();
                let level = text(notification, "level").unwrap_or("warning");
                if !said.is_empty() {
                    draft.note(format!("{} says ({level}): {}", one_line(name, 80), one_line(said, 300)));
                }
            }
        }
    }
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

pub(crate) fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// An index; `-1` and what is too large are none.
fn index(value: &Value, key: &str) -> Option<usize> {
    value.get(key)?.as_u64().and_then(|at| usize::try_from(at).ok())
}
