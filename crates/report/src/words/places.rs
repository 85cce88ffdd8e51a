//! Places in the code and the lines to show from there.
//!
//! In: locations and excerpts. Out: `path:5-9`, numbered lines, the name of a language. Never reads a file.

use model::{Excerpt, Location, RepoPath};

/// `path:5-9`, `path:5` or `path`.
pub(crate) fn place(location: &Location) -> String {
    lines_of(&location.path, location.start, location.end)
}

/// The same of its parts.
pub(crate) fn lines_of(path: &RepoPath, start: Option<u32>, end: Option<u32>) -> String {
    match (start, end) {
        (Some(start), Some(end)) if end > start => format!("{path}:{start}-{end}"),
        (Some(start), _) => format!("{path}:{start}"),
        (None, _) => path.as_str().to_owned(),
    }
}

/// One line of an excerpt.
pub(crate) struct Shown<'a> {
    /// Its number; `None` from where the excerpt is cut on, because what follows cannot be counted.
    pub(crate) number: Option<u32>,
    /// The text.
    pub(crate) text: &'a str,
    /// Whether it belongs to the finding itself rather than to its surroundings.
    pub(crate) marked: bool,
}

/// The lines of an excerpt with their numbers.
pub(crate) fn shown_lines(excerpt: &Excerpt) -> Vec<Shown<'_>> {
    let whole = excerpt.end.saturating_sub(excerpt.first_line) as usize;
    let is_cut = |at: usize, text: &str| text == "…" && excerpt.lines.len() <= whole && at > 0;
    let mut cut = false;
    let mut number = excerpt.first_line;
    let mut shown = Vec::with_capacity(excerpt.lines.len());
    for (at, text) in excerpt.lines.iter().enumerate() {
        if !cut && is_cut(at, text) {
            cut = true;
            shown.push(Shown { number: None, text, marked: false });
            continue;
        }
        let marked = cut || (excerpt.start..=excerpt.end).contains(&number);
        shown.push(Shown { number: (!cut).then_some(number), text, marked });
        number += 1;
    }
    shown
}

/// The word behind a fence that makes most highlighters right; empty where nothing is known.
pub(crate) fn language(path: &RepoPath) -> &str {
    match path.extension() {
        "rs" => "rust",
        "py" | "pyi" => "python",
        "js" | "mjs" | "cjs" => "javascript",
        "ts" | "mts" | "cts" => "typescript",
        "sh" | "bash" | "bats" => "bash",
        "rb" => "ruby",
        "kt" | "kts" => "kotlin",
        "cs" => "csharp",
        "hs" => "haskell",
        "yml" | "yaml" => "yaml",
        "md" | "markdown" => "markdown",
        "h" | "c" => "c",
        "hpp" | "cc" | "cpp" | "cxx" | "hh" => "cpp",
        "ps1" | "psm1" => "powershell",
        "diff" | "patch" => "",
        other if other.len() <= 8 && other.bytes().all(|byte| byte.is_ascii_alphanumeric()) => other,
        _ => match path.file_name() {
            "Makefile" => "makefile",
            "Dockerfile" => "dockerfile",
            _ => "",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(first_line: u32, start: u32, end: u32, lines: &[&str]) -> Excerpt {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Excerpt { first_line, start, end, lines, ..Excerpt::default() }
    }

    #[test]
    fn a_place_names_a_range_only_where_there_is_one() {
        let at = |start, end| place(&Location { path: "a b.rs".into(), start, end, ..Location::default() });
        assert_eq!(at(Some(5), Some(9)), "a b.rs:5-9");
        assert_eq!(at(Some(5), Some(5)), "a b.rs:5");
        assert_eq!(at(Some(5), None), "a b.rs:5");
        assert_eq!(at(None, None), "a b.rs");
    }

    #[test]
    fn lines_are_numbered_and_the_finding_is_marked() {
        let excerpt = excerpt(4, 5, 5, &["a", "b", "c"]);
        let lines: Vec<_> = shown_lines(&excerpt).iter().map(|line| (line.number, line.marked)).collect();
        assert_eq!(lines, [(Some(4), false), (Some(5), true), (Some(6), false)]);
    }

    #[test]
    fn behind_a_cut_no_number_is_made_up() {
        let excerpt = excerpt(10, 10, 90, &["a", "…", "z"]);
        let lines: Vec<_> = shown_lines(&excerpt).iter().map(|line| line.number).collect();
        assert_eq!(lines, [Some(10), None, None]);
    }

    #[test]
    fn an_ellipsis_in_the_code_is_no_cut() {
        let excerpt = excerpt(10, 10, 12, &["a", "…", "z"]);
        let lines: Vec<_> = shown_lines(&excerpt).iter().map(|line| line.number).collect();
        assert_eq!(lines, [Some(10), Some(11), Some(12)]);
    }
}
