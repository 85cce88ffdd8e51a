//! Errors that Go code assigns to `_` or does not take.
//!
//! In: a line. Out: the call whose error it drops, or what it does with the error. A call counts as one that returns
//! errors only because siblings take an `err` from it.

use super::calls::{around_call, last_call};
use super::{Discard, RESULT, Treatment, is_explained};
use crate::names::words;
use crate::source::Source;

/// Calls whose errors are dropped everywhere for good reasons.
const HARMLESS: &[&str] = &[
    "Close",
    "Fprint",
    "Fprintf",
    "Fprintln",
    "Print",
    "Printf",
    "Println",
    "Remove",
    "RemoveAll",
    "Flush",
    "Write",
    "WriteString",
    "WriteByte",
    "WriteRune",
    "Unlock",
    "Sync",
    "Setenv",
    "Unsetenv",
    "Kill",
    "Wait",
    "panic",
    "append",
    "delete",
    "close",
    "copy",
    "print",
    "println",
    "Done",
    "Add",
    "Shutdown",
    "Rollback",
    "Usage",
    "SetDeadline",
    "SetReadDeadline",
    "SetWriteDeadline",
    "Signal",
    "Getwd",
    "Hostname",
    "Execute",
    "Copy",
    "ReadAll",
];

pub(super) fn find(source: &Source, line: u32) -> Option<Discard> {
    let code = source.code(line);
    let statement = code.trim();
    if is_explained(source, line)
        || ["defer ", "go ", "return", "func ", "if ", "for ", "case ", "}"]
            .iter()
            .any(|word| statement.starts_with(word))
    {
        return None;
    }
    let (taken, call) = match statement.split_once(" := ").or_else(|| statement.split_once(" = ")) {
        Some((left, right)) => (Some(left), right),
        None => (None, statement),
    };
    let drops = taken.is_none_or(|left| left.rsplit(',').next().is_some_and(|last| last.trim() == "_"));
    let (qualifier, name) = last_call(call)?;
    let usual = HARMLESS.contains(&name) || name.starts_with("Must");
    // A method's receiver says nothing about its type, so its name must.
    let rare =
        qualifier.is_none_or(|word| !word.is_empty()) && (qualifier.is_none() || words(name).len() >= 2);
    (drops && !usual && rare && call.trim_start().starts_with(|c: char| c.is_alphabetic())).then(|| Discard {
        rule: RESULT,
        path: source.path.clone(),
        line,
        language: source.language,
        subject: name.to_owned(),
        needle: format!("{name}("),
        qualifier: qualifier.map(str::to_owned),
        how: if taken.is_some() { "assigns the error to `_`" } else { "does not take the error" },
    })
}

pub(super) fn treatment(discard: &Discard, source: &Source, line: u32) -> Treatment {
    let code = source.code(line);
    let Some((before, after)) = around_call(&code, &discard.subject) else { return Treatment::Unclear };
    let before =
        before.trim_start().trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
    if before.starts_with("func") {
        return Treatment::Unclear;
    }
    let taken = before.trim_end().strip_suffix(":=").or_else(|| before.trim_end().strip_suffix('='));
    match taken {
        Some(left) => {
            let last = left.rsplit([',', ' ']).find(|word| !word.is_empty()).unwrap_or("");
            if last == "_" {
                Treatment::Dropped
            } else if last.to_lowercase().contains("err") {
                Treatment::Handled
            } else {
                Treatment::Unclear
            }
        }
        None if before.trim() == "return" && after.trim().is_empty() => Treatment::Handled,
        None if before.trim().is_empty() && after.trim().is_empty() => Treatment::Dropped,
        None => Treatment::Unclear,
    }
}
