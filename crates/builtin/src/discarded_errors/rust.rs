//! Results that Rust code drops with `let _ =` or `.ok();`.
//!
//! In: a line. Out: the call whose result it drops, or what it does with it. `unwrap` is not looked at: whether a panic
//! is right is not for lines to tell.

use super::calls::{around_call, last_call};
use super::{Discard, RESULT, Treatment, is_explained};
use crate::source::Source;

/// Calls whose results are dropped everywhere for good reasons.
const HARMLESS: &[&str] = &[
    "send",
    "try_send",
    "join",
    "flush",
    "set",
    "try_init",
    "remove_file",
    "remove_dir_all",
    "remove_dir",
    "kill",
    "wait",
    "shutdown",
    "lock",
    "write",
    "write_all",
    "write_str",
    "write_fmt",
    "init",
    "drop",
    "insert",
    "remove",
    "take",
    "replace",
    "push",
    "pop",
    "recv",
    "close",
    "abort",
    "set_nodelay",
    "black_box",
    "next",
    "get",
    "unwrap_or",
    // What these do with a failure says nothing about the call in front of them.
    "and_then",
    "map_err",
    "or_else",
    "then",
    "inspect",
    "inspect_err",
    "as_ref",
    "as_mut",
    "into",
    "clone",
    "new",
    "catch_unwind",
    "map",
    "poll",
    "try_recv",
    "send_replace",
    "compare_exchange",
    "fetch_add",
    "swap",
    "fetch_update",
];

pub(super) fn find(source: &Source, line: u32) -> Option<Discard> {
    let code = source.code(line);
    let statement = code.trim();
    if is_explained(source, line) {
        return None;
    }
    let (call, how) = match (statement.strip_prefix("let _ = "), statement.strip_suffix(".ok();")) {
        (Some(call), _) => (call, "assigns the result to `_`"),
        (None, Some(call)) if !call.contains('=') && !call.starts_with("return") => {
            (call, "turns the error into nothing with `.ok()`")
        }
        _ => return None,
    };
    let call = call.trim_end_matches(';').trim_end_matches(".await");
    let (qualifier, name) = last_call(call)?;
    let counted = !HARMLESS.contains(&name)
        && name.chars().next().is_some_and(char::is_lowercase)
        && !call.ends_with("!()");
    counted.then(|| Discard {
        rule: RESULT,
        path: source.path.clone(),
        line,
        language: source.language,
        subject: name.to_owned(),
        needle: format!("{name}("),
        qualifier: qualifier.filter(|_| is_path(call, name)).map(str::to_owned),
        how,
    })
}

fn is_path(call: &str, name: &str) -> bool {
    call.contains(&format!("::{name}("))
}

pub(super) fn treatment(discard: &Discard, source: &Source, line: u32) -> Treatment {
    let code = source.code(line);
    let Some((before, after)) = around_call(&code, &discard.subject) else { return Treatment::Unclear };
    let before = before.trim_start();
    // `a::call` and `b::call` are two functions; of receivers lines do not know the type.
    let path = before
        .strip_suffix("::")
        .map(|rest| rest.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or(""));
    if path != discard.qualifier.as_deref() && !(before.ends_with('.') && discard.qualifier.is_none()) {
        return Treatment::Unclear;
    }
    if before.trim_end().ends_with("fn") {
        return Treatment::Unclear;
    }
    let after = after.trim_start().trim_start_matches(".await");
    let handles = [
        "?",
        ".map_err(",
        ".unwrap(",
        ".expect(",
        ".context(",
        ".with_context(",
        ".unwrap_or",
        ".is_err()",
        ".is_ok()",
    ];
    if before.starts_with("let _ = ") || after.starts_with(".ok();") {
        Treatment::Dropped
    } else if handles.iter().any(|mark| after.starts_with(mark))
        || ["if let Err", "if let Ok", "match ", "let Ok", "let Err"]
            .iter()
            .any(|mark| before.starts_with(mark))
    {
        Treatment::Handled
    } else {
        Treatment::Unclear
    }
}
