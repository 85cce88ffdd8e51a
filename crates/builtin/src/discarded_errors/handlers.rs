//! Handlers that catch everything and do nothing.
//!
//! In: the line of a handler. Out: whether it is broad and empty, or does something. A comment inside is an answer.

use std::sync::LazyLock;

use regex::Regex;

use super::{Discard, HANDLER, Treatment};
use crate::language::Language;
use crate::source::Source;

/// The beginning of a handler for everything; what follows its head is in the first group.
static BROAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:^\s*except\s*(?:\(?\s*(?:Base)?Exception\s*\)?(?:\s+as\s+\w+)?)?\s*:|\bcatch\s*(?:\(\s*(?:final\s+)?(?:(?:java\.lang\.)?(?:Exception|Throwable|Error)\s*\w*|\w+\s*:\s*(?:Exception|Throwable)|\w+(?:\s*:\s*(?:any|unknown))?)\s*\))?\s*\{)(.*)$",
    )
    .expect("a pattern written in this file")
});

pub(super) fn find(source: &Source, line: u32) -> Option<Discard> {
    let code = source.code(line);
    BROAD.is_match(&code).then_some(())?;
    (treatment(source, line) == Treatment::Dropped && !only_cleans(source, line)).then(|| Discard {
        rule: HANDLER,
        path: source.path.clone(),
        line,
        language: source.language,
        subject: if source.language == Language::Python { "except Exception" } else { "catch" }.to_owned(),
        needle: if source.language == Language::Python { "except" } else { "catch" }.to_owned(),
        qualifier: None,
        how: "catches every error and does nothing",
    })
}

/// True where both lines are one handler but for what it does: the head alone, indented alike, or all of it on one line.
pub(super) fn same_head(old: &str, new: &str) -> bool {
    let head =
        |text: &str| BROAD.captures(text).map(|found| text.len() - found.get(1).map_or(0, |rest| rest.len()));
    let (Some(one), Some(other)) = (head(old), head(new)) else { return false };
    old[..one].trim_end() == new[..other].trim_end()
}

/// True where what may fail is one call that clears away: nobody waits for the result of that.
fn only_cleans(source: &Source, line: u32) -> bool {
    const WORDS: [&str; 14] = [
        "rmtree",
        "unlink",
        "rmdir",
        "rimraf",
        "remove",
        "delete",
        "close",
        "cleanup",
        "clean",
        "dispose",
        "destroy",
        "terminate",
        "kill",
        "disconnect",
    ];
    let above = (line.saturating_sub(4)..line).rev().take_while(|number| {
        let text = source.code(*number);
        !text.trim_start().starts_with("try")
    });
    let body: Vec<String> = above
        .map(|number| source.code(number).trim().to_owned())
        .filter(|text| !text.is_empty() && text != "}")
        .collect();
    let [statement] = body.as_slice() else { return false };
    let name = statement.split('(').next().unwrap_or_default();
    let name = name.rsplit(['.', ':', ' ', '>']).next().unwrap_or_default();
    crate::names::words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// What the handler that begins on the line does.
pub(super) fn treatment(source: &Source, line: u32) -> Treatment {
    let code = source.code(line);
    let Some(captures) = BROAD.captures(&code) else { return Treatment::Unclear };
    let rest = captures.get(1).map_or("", |rest| rest.as_str()).trim();
    let mut body = vec![(line, rest.to_owned())];
    let next = (line + 1..=source.line_count()).find(|number| !source.line(*number).trim().is_empty());
    body.extend(next.map(|number| (number, source.code(number).trim().to_owned())));
    let commented = |number: u32| !source.comment(number).trim().is_empty();
    // The name of what is caught may say it: `catch (ignored)`.
    let named = ["ignore", "_unused", "unused", "expected"].iter().any(|word| code.contains(word));
    let explained =
        named || commented(line.saturating_sub(1)) || body.iter().any(|(number, _)| commented(*number));
    let empty = if source.language == Language::Python {
        rest == "pass" || (rest.is_empty() && body.get(1).is_some_and(|(_, code)| code == "pass"))
    } else {
        rest.starts_with('}')
            || (rest.is_empty() && body.get(1).is_some_and(|(_, code)| code.starts_with('}')))
    };
    match (empty, explained) {
        (true, false) => Treatment::Dropped,
        (true, true) => Treatment::Unclear,
        (false, _) => Treatment::Handled,
    }
}
