//! Placeholders in the words of a command.
//!
//! In: `"--diff={diff_file}"`. Out: its parts, to be filled by whoever starts the command. Only `{lower_case}` is a
//! placeholder, so JSON and shell braces pass through; `{{name}}` is a literal `{name}`.

use std::ffi::{OsStr, OsString};

use crate::nearest;

/// What can be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placeholder {
    /// The file with the prompt.
    PromptFile,
    /// The file with the change as a unified diff.
    DiffFile,
    /// The reviewer's own checkout.
    Worktree,
    /// The file its review is taken from.
    OutputFile,
    /// The reviewer's folder in the record of the run.
    RunDir,
}

impl Placeholder {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::PromptFile, Self::DiffFile, Self::Worktree, Self::OutputFile, Self::RunDir];

    /// The name between the braces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PromptFile => "prompt_file",
            Self::DiffFile => "diff_file",
            Self::Worktree => "worktree",
            Self::OutputFile => "output_file",
            Self::RunDir => "run_dir",
        }
    }
}

/// One word of a command, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(Placeholder),
}

impl Word {
    /// The placeholders it holds.
    pub fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.0.iter().filter_map(|part| match part {
            Part::Placeholder(placeholder) => Some(*placeholder),
            Part::Text(_) => None,
        })
    }

    /// The word with every placeholder replaced. What is filled in is never read for placeholders again.
    pub fn fill<'a>(&self, with: impl Fn(Placeholder) -> &'a OsStr) -> OsString {
        let mut word = OsString::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => word.push(text),
                Part::Placeholder(placeholder) => word.push(with(*placeholder)),
            }
        }
        word
    }
}

/// Takes a word apart. An unknown placeholder is an error with a hint.
pub fn parse_word(word: &str) -> Result<Word, (String, String)> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = word;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        if let Some((literal, after)) = name_in(rest, "{{", "}}") {
            text.push('{');
            text.push_str(literal);
            text.push('}');
            rest = after;
        } else if let Some((name, after)) = name_in(rest, "{", "}") {
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(Part::Placeholder(known(name)?));
            rest = after;
        } else {
            text.push('{');
            rest = &rest[1..];
        }
    }
    text.push_str(rest);
    if !text.is_empty() || parts.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(Word(parts))
}

/// A name between braces at the start of the text, and what follows it.
fn name_in<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    let (name, after) = text.strip_prefix(open)?.split_once(close)?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_name.then_some((name, after))
}

fn known(name: &str) -> Result<Placeholder, (String, String)> {
    if let Some(placeholder) = Placeholder::ALL.into_iter().find(|known| known.as_str() == name) {
        return Ok(placeholder);
    }
    let hint = if let Some(meant) = nearest(name, Placeholder::ALL.map(Placeholder::as_str)) {
        format!("did you mean `{{{meant}}}`?")
    } else {
        let all = Placeholder::ALL.map(|known| format!("{{{}}}", known.as_str()));
        format!("there are {}; write `{{{{{name}}}}}` for a literal `{{{name}}}`", all.join(" "))
    };
    Err((format!("unknown placeholder `{{{name}}}`"), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(word: &str) -> OsString {
        parse_word(word).expect(word).fill(|placeholder| {
            OsStr::new(match placeholder {
                Placeholder::PromptFile => "/p {diff_file}",
                Placeholder::DiffFile => "/d",
                _ => "/other",
            })
        })
    }

    #[test]
    fn placeholders_are_filled_once_and_other_braces_stay() {
        for (word, expected) in [
            ("--diff={diff_file}:{diff_file}", "--diff=/d:/d"),
            ("{prompt_file}", "/p {diff_file}"),
            ("{\"a\": {}}", "{\"a\": {}}"),
            ("${HOME} {1..3} {", "${HOME} {1..3} {"),
            ("{{name}} {{diff_file}}", "{name} {diff_file}"),
            ("", ""),
        ] {
            assert_eq!(filled(word), OsString::from(expected), "{word}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_word_without_placeholders_stays_as_it_is(word in "[^{}]*", rest in "[{} a-zA-Z:\"]*") {
            proptest::prop_assert_eq!(filled(&word), OsString::from(&word));
            let _ = parse_word(&rest);
        }
    }

    #[test]
    fn an_unknown_placeholder_is_an_error_with_a_hint() {
        let (message, hint) = parse_word("{promt_file}").expect_err("unknown");
        assert_eq!(message, "unknown placeholder `{promt_file}`");
        assert_eq!(hint, "did you mean `{prompt_file}`?");
        let (_, hint) = parse_word("{branch}").expect_err("unknown");
        assert!(hint.contains("{worktree}") && hint.contains("{{branch}}"), "{hint}");
    }
}
