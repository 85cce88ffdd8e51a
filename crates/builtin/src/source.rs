//! One file, ready to be looked at line by line.
//!
//! In: a path and a text. Out: [`Source`] with lines, language, role and (computed when first asked) the parts of each
//! line. Never reads anything itself.

use std::cell::OnceCell;

use model::RepoPath;

use crate::functions::{Function, functions};
use crate::language::{Language, Role};
use crate::lex::{Part, parts};
use crate::tokens::{Token, tokens};

/// A file of the tree.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: RepoPath,
    pub(crate) language: Language,
    pub(crate) role: Role,
    content: String,
    starts: Vec<usize>,
    parts: OnceCell<Vec<Part>>,
    tokens: OnceCell<Vec<Token>>,
    functions: OnceCell<Vec<Function>>,
    tests_start: OnceCell<u32>,
}

/// Longer texts are taken for code as a whole: nobody reads a megabyte of source for its comments.
pub(crate) const LONGEST_LEXED: usize = 1 << 20;

impl Source {
    /// Prepares a text.
    pub(crate) fn new(path: RepoPath, content: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(content.match_indices('\n').map(|(at, _)| at + 1));
        if content.ends_with('\n') || content.is_empty() {
            starts.pop();
        }
        let language = language_of(&path, content);
        let role = if says_generated(content) { Role::Foreign } else { Role::of(&path) };
        Self {
            path,
            language,
            role,
            content: content.to_owned(),
            starts,
            parts: OnceCell::new(),
            tokens: OnceCell::new(),
            functions: OnceCell::new(),
            tests_start: OnceCell::new(),
        }
    }

    /// Number of lines.
    pub(crate) fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// One line, 1-based, without its line feed; empty beyond the end.
    pub(crate) fn line(&self, number: u32) -> &str {
        let Some(index) = (number as usize).checked_sub(1) else { return "" };
        let Some(&start) = self.starts.get(index) else { return "" };
        let end = self.starts.get(index + 1).map_or(self.content.len(), |next| next - 1);
        self.content[start..end].trim_end_matches('\n')
    }

    /// All lines with their numbers.
    pub(crate) fn numbered_lines(&self) -> impl Iterator<Item = (u32, &str)> {
        (1..=self.line_count()).map(|number| (number, self.line(number)))
    }

    /// The line where a file's own tests begin; Rust keeps unit tests below the code they test. `u32::MAX` without.
    pub(crate) fn own_tests_start(&self) -> u32 {
        if self.language != Language::Rust {
            return u32::MAX;
        }
        *self.tests_start.get_or_init(|| {
            let mut lines = self.numbered_lines();
            let start = lines.find(|(_, line)| begins_tests(line.trim()));
            start.map_or(u32::MAX, |(line, _)| line)
        })
    }

    /// The whole text.
    pub(crate) fn content(&self) -> &str {
        &self.content
    }

    /// True where the last line ends with a line feed.
    pub(crate) fn ends_with_line_feed(&self) -> bool {
        self.content.ends_with('\n')
    }

    /// What the byte at `column` (0-based) of a line belongs to.
    pub(crate) fn part_at(&self, line: u32, column: usize) -> Part {
        let Some(&start) = (line as usize).checked_sub(1).and_then(|index| self.starts.get(index)) else {
            return Part::Code;
        };
        self.parts().get(start + column).copied().unwrap_or(Part::Code)
    }

    /// The code of a line: comments and the insides of strings replaced by spaces, byte for byte.
    pub(crate) fn code(&self, line: u32) -> String {
        self.only(line, Part::Code)
    }

    /// The comments of a line, everything else replaced by spaces, byte for byte.
    pub(crate) fn comment(&self, line: u32) -> String {
        self.only(line, Part::Comment)
    }

    fn only(&self, line: u32, wanted: Part) -> String {
        self.line(line)
            .char_indices()
            .flat_map(|(column, c)| {
                let keep = self.part_at(line, column) == wanted;
                let (shown, times) = if keep { (c, 1) } else { (' ', c.len_utf8()) };
                std::iter::repeat_n(shown, times)
            })
            .collect()
    }

    /// The tokens of its code, in order.
    pub(crate) fn tokens(&self) -> &[Token] {
        self.tokens.get_or_init(|| tokens(&self.content, self.parts()))
    }

    /// The text of one of its tokens.
    pub(crate) fn slice(&self, token: &Token) -> &str {
        &self.content[token.start..token.end]
    }

    /// Its functions, by first line.
    pub(crate) fn functions(&self) -> &[Function] {
        self.functions.get_or_init(|| functions(self))
    }

    fn parts(&self) -> &[Part] {
        self.parts.get_or_init(|| {
            if self.content.len() > LONGEST_LEXED { Vec::new() } else { parts(self.language, &self.content) }
        })
    }
}

/// `#[cfg(test)]`, alone or with other conditions, and a module of that name.
fn begins_tests(line: &str) -> bool {
    let condition = line.starts_with("#[cfg(")
        && !line.contains("not(test")
        && line
            .split('"')
            .step_by(2)
            .any(|bare| bare.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "test"))
        && !line.contains("any(");
    condition || matches!(line, "mod tests {" | "mod test {")
}

/// Words with which a generator marks what it wrote.
const MARKS: [&str; 5] =
    ["generated by ", "@generated", "DO NOT EDIT", "do not edit", "automatically generated"];

/// Generators say so in the first lines.
fn says_generated(content: &str) -> bool {
    // Compilers of TypeScript and their like leave these in what they write.
    let start: String = content.chars().take(3000).collect();
    let emitted = start.contains("Object.defineProperty(exports, \"__esModule\"")
        || start.contains("(this && this.__importDefault)")
        || start.contains("(this && this.__createBinding)")
        || content
            .trim_end()
            .lines()
            .next_back()
            .is_some_and(|line| line.starts_with("//# sourceMappingURL="));
    // What `npm` writes into the description of a package that it installed.
    let installed = ["_id", "_from", "_resolved"].iter().all(|key| content.contains(&format!("\"{key}\":")));
    if emitted || (installed && content.starts_with('{')) {
        return true;
    }
    let comment = |line: &&str| line.trim_start().starts_with(['/', '#', '*', ';', '<', '-']);
    content.lines().take(5).filter(comment).any(|line| {
        line.contains("Generated by Cython")
            || (line.to_lowercase().contains("generated") && MARKS.iter().any(|mark| line.contains(mark)))
    })
}

/// A script without an extension tells its language in its first line.
fn language_of(path: &RepoPath, content: &str) -> Language {
    let language = Language::of(path);
    if language != Language::Other || !content.starts_with("#!") {
        return language;
    }
    let first = content.lines().next().unwrap_or("");
    let known = [
        ("python", Language::Python),
        ("node", Language::Script),
        ("ruby", Language::Ruby),
        ("php", Language::Php),
        ("sh", Language::Shell),
    ];
    known.iter().find(|(name, _)| first.contains(name)).map_or(language, |(_, language)| *language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_compiler_wrote_says_so() {
        for (text, role) in [
            ("f();\n//# sourceMappingURL=a.js.map\n", Role::Foreign),
            (
                "\"use strict\";\nObject.defineProperty(exports, \"__esModule\", { value: true });\n",
                Role::Foreign,
            ),
            ("f();\n// The map is named by sourceMappingURL.\n", Role::Source),
        ] {
            assert_eq!(Source::new("lib/a.js".into(), text).role, role, "{text}");
        }
    }

    #[test]
    fn a_rust_files_own_tests_begin_with_their_condition() {
        for (text, first) in [
            ("fn a() {}\n#[cfg(test)]\nmod tests {}\n", 2),
            ("fn a() {}\n#[cfg(all(test, feature = \"map\"))]\nmod test {\n}\n", 2),
            ("fn a() {}\n#[cfg(not(test))]\nfn b() {}\n", u32::MAX),
            ("fn a() {}\n#[cfg(feature = \"test-util\")]\nfn b() {}\n", u32::MAX),
        ] {
            assert_eq!(Source::new("src/a.rs".into(), text).own_tests_start(), first, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_as_editors_do() {
        for (text, lines) in [("", 0), ("a", 1), ("a\n", 1), ("a\n\nb", 3), ("a\r\nb\n", 2)] {
            let source = Source::new("x.txt".into(), text);
            assert_eq!(source.line_count(), lines, "{text:?}");
        }
        let source = Source::new("x.txt".into(), "a\r\nb");
        assert_eq!((source.line(1), source.line(2), source.line(3), source.line(0)), ("a\r", "b", "", ""));
    }

    #[test]
    fn code_and_comments_keep_their_columns() {
        let source = Source::new("x.go".into(), "call(\"é\") // why\n");
        assert_eq!(source.code(1), "call(    )       ");
        assert_eq!(source.comment(1), "           // why");
    }

    #[test]
    fn a_script_tells_its_language_in_its_first_line() {
        assert_eq!(Source::new("bin/run".into(), "#!/usr/bin/env bash\n").language, Language::Shell);
        assert_eq!(Source::new("bin/run".into(), "no\n").language, Language::Other);
    }
}
