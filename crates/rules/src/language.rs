//! Which grammar reads a file.
//!
//! In: a path and the beginning of its text. Out: a language that we have a grammar of. Never names one without:
//! asking for its grammar would be a panic.

use std::path::Path;

use ast_grep_core::language::Language as _;
use ast_grep_language::SupportLang;
use model::RepoPath;

/// The languages whose grammars are built in.
pub(crate) const KNOWN: &[SupportLang] = &[
    SupportLang::Bash,
    SupportLang::C,
    SupportLang::Cpp,
    SupportLang::CSharp,
    SupportLang::Go,
    SupportLang::Java,
    SupportLang::JavaScript,
    SupportLang::Kotlin,
    SupportLang::Php,
    SupportLang::Python,
    SupportLang::Ruby,
    SupportLang::Rust,
    SupportLang::Tsx,
    SupportLang::TypeScript,
];

/// The language of a file, by its name, else by the program that its first line asks for.
pub(crate) fn of(path: &RepoPath, text: &str) -> Option<SupportLang> {
    let by_name = SupportLang::from_path(Path::new(path.as_str()));
    let language = by_name.or_else(|| by_first_line(path, text))?;
    KNOWN.contains(&language).then_some(language)
}

fn by_first_line(path: &RepoPath, text: &str) -> Option<SupportLang> {
    if path.extension() == "rake" || matches!(path.file_name(), "Rakefile" | "Gemfile") {
        return Some(SupportLang::Ruby);
    }
    let first = text.strip_prefix("#!")?.lines().next()?;
    let program = first.split_whitespace().find(|word| !word.ends_with("/env") && !word.starts_with('-'))?;
    let name = program.rsplit('/').next().unwrap_or(program);
    match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
        "sh" | "bash" | "dash" | "ksh" => Some(SupportLang::Bash),
        "python" => Some(SupportLang::Python),
        "ruby" => Some(SupportLang::Ruby),
        "node" => Some(SupportLang::JavaScript),
        "php" => Some(SupportLang::Php),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_name_or_its_first_line() {
        for (path, text, language) in [
            ("a/b.py", "", Some(SupportLang::Python)),
            ("a.tsx", "", Some(SupportLang::Tsx)),
            ("bin/run", "#!/usr/bin/env -S python3 -u\n", Some(SupportLang::Python)),
            ("bin/run", "#!/bin/sh\n", Some(SupportLang::Bash)),
            ("bin/run", "text", None),
            ("a.hs", "", None),
            ("a.css", "", None),
        ] {
            assert_eq!(of(&path.into(), text), language, "{path}");
        }
    }
}
