//! The names a claim uses.
//!
//! In: title and body of a finding. Out: the identifiers it puts in back-ticks. Never words of prose, never what a
//! proposed fix would introduce.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use model::RawFinding;
use regex::Regex;

use crate::text::{code_spans, prose};

/// One name in back-ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// Its last part: `parse` of `text::parse()`.
    pub(crate) leaf: String,
    /// What stands before the last part, outermost first.
    pub(crate) scopes: Vec<String>,
    /// True where it cannot be a word of prose: a call, a path, `snake_case`, `camelCase`.
    pub(crate) code: bool,
    /// True where the title uses it.
    pub(crate) in_title: bool,
}

static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[&*!@]*(?P<path>\$?[A-Za-z_][\w$]*(?:(?:::|\.|->|#)[A-Za-z_][\w$]*)*)(?P<call>!?\(.*\)|!|\(\))?[;,]?$")
        .expect("the pattern is fixed")
});
static FLAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^--(?P<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)+)(?:=.*)?$").expect("the pattern is fixed")
});
static FIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(?:[-*]\s+)?(?:\*\*|__|#+\s*)?(?:(?:suggested |proposed |recommended |possible )?fix(?:es)?|suggestion|recommendation|remediation|solution)\b[^.]{0,20}?(?::|\*\*)")
        .expect("the pattern is fixed")
});

const KEYWORDS: [&str; 44] = [
    "true",
    "false",
    "nil",
    "null",
    "None",
    "Some",
    "self",
    "this",
    "super",
    "void",
    "int",
    "bool",
    "string",
    "str",
    "char",
    "float",
    "double",
    "byte",
    "uint",
    "error",
    "String",
    "return",
    "break",
    "continue",
    "const",
    "static",
    "async",
    "await",
    "func",
    "class",
    "struct",
    "enum",
    "trait",
    "impl",
    "type",
    "interface",
    "defer",
    "else",
    "while",
    "match",
    "switch",
    "select",
    "undefined",
    "default",
];

const EXTENSIONS: [&str; 37] = [
    "rs", "go", "py", "js", "ts", "tsx", "jsx", "md", "yaml", "yml", "json", "toml", "sh", "bash", "bats",
    "c", "h", "cc", "cpp", "hpp", "java", "kt", "rb", "php", "cs", "swift", "txt", "lock", "mod", "sum",
    "html", "css", "sql", "xml", "cfg", "ini", "ps1",
];

/// What a claim says before it proposes a fix: title first, then its prose.
pub(crate) fn statement(raw: &RawFinding) -> String {
    let body = prose(&raw.body);
    let said: Vec<&str> = body.lines().take_while(|line| !FIX.is_match(line)).collect();
    format!("{}\n{}", raw.title, said.join("\n"))
}

/// The names in back-ticks, each once, in the order of the text.
pub(crate) fn found(raw: &RawFinding) -> Vec<Name> {
    let text = statement(raw);
    let (title, body) = text.split_once('\n').unwrap_or((&text, ""));
    let mut known = BTreeSet::new();
    let mut names = Vec::new();
    for (part, in_title) in [(title, true), (body, false)] {
        for span in code_spans(part) {
            if let Some(name) = name(span, in_title)
                && known.insert((name.leaf.clone(), name.scopes.clone()))
            {
                names.push(name);
            }
        }
    }
    names
}

/// The last parts of all names, with the symbols the claim gives.
pub(crate) fn names(raw: &RawFinding) -> Vec<String> {
    let mut leaves: Vec<String> = Vec::new();
    let symbols = raw
        .locations
        .iter()
        .filter_map(|location| location.symbol.as_deref())
        .filter_map(|it| name(it, true));
    for leaf in symbols.chain(found(raw)).map(|name| name.leaf) {
        if !leaves.contains(&leaf) {
            leaves.push(leaf);
        }
    }
    leaves
}

/// Reads one code span as a name.
pub(crate) fn name(span: &str, in_title: bool) -> Option<Name> {
    if span.len() > 200 {
        return None;
    }
    if let Some(flag) = FLAG.captures(span) {
        return Some(Name { leaf: flag["name"].to_owned(), scopes: Vec::new(), code: true, in_title });
    }
    let captures = NAME.captures(span)?;
    let path = captures.name("path")?.as_str();
    let call = captures.name("call").is_some();
    let file = path.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension)) && !call;
    if file {
        return None;
    }
    let mut parts: Vec<String> = path
        .split([':', '.', '-', '>', '#'])
        .filter(|part| !part.is_empty())
        .map(|part| part.trim_start_matches('$').to_owned())
        .collect();
    let leaf = parts.pop().filter(|leaf| leaf.len() >= 3 && !KEYWORDS.contains(&leaf.as_str()))?;
    let inner_capital = leaf.chars().skip(1).any(char::is_uppercase) && leaf.chars().any(char::is_lowercase);
    let code = call || !parts.is_empty() || leaf.contains('_') || inner_capital;
    Some(Name { leaf, scopes: parts, code, in_title })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_words_files_and_commands() {
        let leaf = |span: &str| name(span, false).map(|name| (name.leaf, name.code));
        assert_eq!(leaf("text::parse()"), Some(("parse".to_owned(), true)));
        assert_eq!(leaf("r.watcher.cli"), Some(("cli".to_owned(), true)));
        assert_eq!(leaf("--log-level=debug"), Some(("log-level".to_owned(), true)));
        assert_eq!(leaf("$RUN_DIR"), Some(("RUN_DIR".to_owned(), true)));
        assert_eq!(leaf("exited"), Some(("exited".to_owned(), false)));
        for span in ["main.go", "git diff", "nil", "a/b/c.rs", "x == 1", "if"] {
            assert_eq!(leaf(span), None, "{span}");
        }
    }

    #[test]
    fn what_a_fix_would_introduce_is_not_asked_for() {
        let raw = RawFinding {
            title: "`load_all` drops errors".to_owned(),
            body: "It ignores `read_one`.\n\nFix: call `try_load_all` instead.".to_owned(),
            ..RawFinding::default()
        };
        assert_eq!(names(&raw), ["load_all", "read_one"]);
    }
}
