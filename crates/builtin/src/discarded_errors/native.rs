//! Return values that C code does not look at.
//!
//! In: a line. Out: the call whose value it drops, or what it does with it. Only calls of which everybody else looks at
//! the value count, because C has no way to say which values are errors.

use super::calls::{around_call, last_call};
use super::{Discard, RESULT, Treatment, is_explained};
use crate::names::is_distinctive;
use crate::source::Source;

pub(super) fn find(source: &Source, line: u32) -> Option<Discard> {
    let code = source.code(line);
    let statement = code.trim();
    let plain = statement.ends_with(");")
        && !statement.contains('=')
        && statement.starts_with(|c: char| c.is_alphabetic());
    if !plain || is_explained(source, line) || !code.starts_with([' ', '\t']) {
        return None;
    }
    let (qualifier, name) = last_call(statement)?;
    let whole = statement.starts_with(name) && qualifier.is_none();
    // Macros are written in capitals, and library calls are dropped by everybody.
    let macro_name = name.chars().all(|c| c.is_uppercase() || c == '_' || c.is_ascii_digit());
    (whole && !macro_name && is_distinctive(name) && starts_statement(source, line)).then(|| Discard {
        rule: RESULT,
        path: source.path.clone(),
        line,
        language: source.language,
        subject: name.to_owned(),
        needle: format!("{name}("),
        qualifier: None,
        how: "does not look at the returned value",
    })
}

/// True where the line before ends a statement, so that this one begins its own.
fn starts_statement(source: &Source, line: u32) -> bool {
    let before =
        (1..line).rev().map(|number| source.code(number).trim().to_owned()).find(|code| !code.is_empty());
    before.is_none_or(|code| {
        code.ends_with([';', '{', '}', ':', '\\']) || code.ends_with(')') || code.starts_with('#')
    })
}

pub(super) fn treatment(discard: &Discard, source: &Source, line: u32) -> Treatment {
    let code = source.code(line);
    let Some((before, after)) = around_call(&code, &discard.subject) else { return Treatment::Unclear };
    let before = before.trim();
    let compared = after.trim_start().starts_with(['<', '>', '=', '!']);
    let looks = before.ends_with(['(', '=', '!', '&', '|', '<', '>']) && !before.ends_with("(void)")
        || before.ends_with("return");
    if before.is_empty() && after.trim() == ";" || before == "(void)" {
        if starts_statement(source, line) { Treatment::Dropped } else { Treatment::Unclear }
    } else if looks || compared {
        Treatment::Handled
    } else {
        Treatment::Unclear
    }
}
