//! Commands whose failure a script ignores with `|| true`.
//!
//! In: a line. Out: the command, or what the line does about its failure. Only scripts that stop at failures count.

use super::{Discard, RESULT, Treatment, is_explained};
use crate::source::Source;

/// Commands whose failure often means nothing.
const HARMLESS: &[&str] = &[
    "grep", "egrep", "rm", "rmdir", "kill", "pkill", "killall", "diff", "cmp", "command", "which", "mkdir",
    "test", "[", "[[", "read", "wait", "umount", "unset", "ls", "cat", "find", "docker", "true", "type",
    "expr", "let", "trap", "cd", "sed", "awk", "git", "echo", "printf", "stty", "tput", "shopt", "ulimit",
    "chmod", "chown", "cp", "mv", "ln", "touch",
];

pub(super) fn find(source: &Source, line: u32) -> Option<Discard> {
    let code = source.code(line);
    let command = ignored(code.trim())?;
    let strict =
        source.numbered_lines().any(|(_, line)| line.trim_start().starts_with("set -") && line.contains('e'));
    (strict && !HARMLESS.contains(&command) && command.len() >= 4 && !is_explained(source, line)).then(|| {
        Discard {
            rule: RESULT,
            path: source.path.clone(),
            line,
            language: source.language,
            subject: command.to_owned(),
            needle: command.to_owned(),
            qualifier: None,
            how: "ignores a failure with `|| true`",
        }
    })
}

fn ignored(code: &str) -> Option<&str> {
    let before = code.strip_suffix("|| true").or_else(|| code.strip_suffix("|| :"))?;
    let command = before.split_whitespace().next()?;
    let plain = command.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    (plain && !before.contains(['|', ';', '&'])).then_some(command)
}

pub(super) fn treatment(discard: &Discard, source: &Source, line: u32) -> Treatment {
    let code = source.code(line);
    let code = code.trim();
    if code.split_whitespace().next() != Some(discard.subject.as_str()) || code.contains("()") {
        Treatment::Unclear
    } else if ignored(code).is_some() {
        Treatment::Dropped
    } else {
        Treatment::Handled
    }
}
