//! Documents that state what the change altered: defaults and parameters.
//!
//! In: edits that exchange one literal behind a name, and functions whose parameters changed. Out: documents that still
//! give the old value beside the name, and doc comments that describe a parameter that is gone.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use model::{DiffLine, Kind, RepoPath, Severity, Side};
use regex::Regex;

use crate::context::{Context, line_pairs, path_before};
use crate::edits::blocks;
use crate::family::{Draft, Family, Raised, read};
use crate::functions::{Function, indent};
use crate::language::{Language, Role};
use crate::lex::Part;
use crate::names::{is_distinctive, occurrences};
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::tokens::{TokenKind, closing};
use crate::words::{code, shortened};

pub(crate) const DEFAULT: &str = "documentation/old-default";
pub(crate) const PARAMETER: &str = "documentation/gone-parameter";

/// A value that changed behind a name.
struct Changed {
    name: String,
    old: String,
    new: String,
    path: RepoPath,
    line: u32,
}

/// The family.
pub(crate) struct Defaults {
    changed: Vec<Changed>,
}

/// More are a new design.
const MOST: usize = 80;

impl Defaults {
    /// Finds the values that changed.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut changed = Vec::new();
        if context.settings.runs(DEFAULT) {
            for file in
                context.compared().filter(|file| matches!(Role::of(&file.path), Role::Source | Role::Config))
            {
                let pairs =
                    line_pairs(file).into_iter().flat_map(|(old, new)| exchanged(&file.path, old, new));
                changed.extend(pairs);
            }
        }
        changed.truncate(MOST);
        Self { changed }
    }
}

static PIECES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#""[^"]*"|'[^']*'|\d[\d_.]*|[A-Za-z_][\w\-]*|\S"#).expect("a pattern written in this file")
});

/// Two lines that differ in one literal only, behind a name that says what it is: once for each name it may belong to, nearest first.
fn exchanged(path: &RepoPath, old: &DiffLine, new: &DiffLine) -> Vec<Changed> {
    if old.text.len() > 200 || new.text.len() > 200 {
        return Vec::new();
    }
    let pieces =
        |line: &str| PIECES.find_iter(line).map(|found| found.as_str().to_owned()).collect::<Vec<String>>();
    let (before, after) = (pieces(&old.text), pieces(&new.text));
    let different: Vec<usize> =
        (0..before.len().min(after.len())).filter(|at| before[*at] != after[*at]).collect();
    let ([at], true) = (different.as_slice(), before.len() == after.len()) else { return Vec::new() };
    let bare = |text: &str| text.trim_matches(['"', '\'']).to_owned();
    let assigned = before[..*at].iter().any(|piece| matches!(piece.as_str(), "=" | ":"));
    let names = before[..*at].iter().rev().map(|piece| bare(piece).trim_start_matches('-').to_owned());
    let names = names.filter(|name| is_distinctive(name) && !name.to_lowercase().contains("version"));
    let changed = |name| Changed {
        name,
        old: bare(&before[*at]),
        new: bare(&after[*at]),
        path: path.clone(),
        line: new.new_line.unwrap_or(1),
    };
    if !assigned || !is_value(&before[*at]) || !is_value(&after[*at]) {
        return Vec::new();
    }
    names.take(MOST_NAMES).map(changed).collect()
}

/// Names of one line that a value may belong to.
const MOST_NAMES: usize = 3;

/// True for numbers, switches and single words in quotes.
fn is_value(piece: &str) -> bool {
    let bare = piece.trim_matches(['"', '\'']);
    bare.starts_with(|c: char| c.is_ascii_digit())
        || matches!(bare, "true" | "false" | "True" | "False" | "on" | "off" | "yes" | "no")
        || piece.len() >= bare.len() + 2
            && bare.len() >= 3
            && bare.starts_with(char::is_alphanumeric)
            && bare.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
}

impl Family for Defaults {
    fn needles(&self, needles: &mut Needles) {
        for changed in &self.changed {
            for spelling in spellings(&changed.name) {
                needles.add(&spelling);
            }
        }
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let mut raised = Vec::new();
        let mut told: BTreeSet<(&RepoPath, u32)> = BTreeSet::new();
        for changed in &self.changed {
            let place = (&changed.path, changed.line);
            // What one name told of a value is not told again of another.
            let finding = if told.contains(&place) { None } else { stale(context, changed, found) };
            told.extend(finding.as_ref().map(|_| place));
            raised.extend(finding);
        }
        if context.settings.runs(PARAMETER) {
            raised.extend(parameters(context));
        }
        raised
    }
}

/// `retry_limit`, `retry-limit`, `retryLimit`.
fn spellings(name: &str) -> BTreeSet<String> {
    let lower = name.to_lowercase();
    [name.to_owned(), lower.clone(), lower.replace('_', "-"), lower.replace('-', "_")].into()
}

/// The document line that still gives the old value.
fn stale(context: &Context<'_>, changed: &Changed, found: &Found) -> Option<Raised> {
    let source = context.source(Side::Head, &changed.path)?;
    let (hit, name) = spellings(&changed.name).iter().find_map(|name| {
        let hits = found.all(name)?;
        let stale = hits.iter().find(|hit| {
            Role::of(&hit.path) == Role::Docs
                && !context.is_added(&hit.path, hit.line)
                && gives(&hit.text, name, &changed.old)
                && occurrences(&hit.text, &changed.new).is_empty()
                && (is_telling(&changed.old) || is_set_apart(&hit.text, &changed.old))
                && speaks_of_defaults(context, hit)
        })?;
        Some((stale.clone(), name.clone()))
    })?;
    let document = context.source(Side::Head, &hit.path)?;
    let (shown, old, new) = (code(&name), code(&changed.old), code(&changed.new));
    let mut edits = crate::patch::Edits::new();
    let at_old = occurrences(&hit.text, &changed.old);
    if let [start] = at_old.as_slice() {
        let line =
            format!("{}{}{}", &hit.text[..*start], changed.new, &hit.text[*start + changed.old.len()..]);
        if document.line(hit.line) == hit.text {
            edits.insert(hit.line, Some(line));
        }
    }
    Some(
        Draft {
            rule: DEFAULT,
            category: "docs",
            severity: Severity::Suggestion,
            kind: Kind::Regression,
            rank: 2.2,
            title: format!(
                "`{}` still gives {old} as the default of {shown}, now {new}",
                shortened(hit.path.as_str(), 44)
            ),
            problem: format!(
                "The change sets {shown} to {new} (`{}:{}`). Line {} of `{}` still says {old}.",
                changed.path, changed.line, hit.line, hit.path
            ),
            locations: vec![
                at(&document, hit.line, Side::Head, PlaceRole::Primary),
                at(&source, changed.line, Side::Head, PlaceRole::Evidence),
            ],
            evidence: vec![read(
                format!("{}:{} has the new value", changed.path, changed.line),
                changed.path.as_str(),
                changed.line,
                Some(shortened(source.line(changed.line).trim(), 200)),
            )],
            fix: format!("Write {new} instead of {old}."),
            patch: Some(crate::patch::patch(&document, &edits)),
            because: format!("The change edits line {} of `{}`.", changed.line, changed.path),
            scenario: None,
        }
        .raise(),
    )
}

/// True for values that hardly stand in a line for another reason: numbers of two digits, switches.
fn is_telling(value: &str) -> bool {
    let number = value.starts_with(|c: char| c.is_ascii_digit());
    number && value.len() >= 2
        || matches!(value, "true" | "false" | "True" | "False" | "on" | "off" | "yes" | "no")
}

/// True where a line quotes the value, has it as a cell of a table or right behind the word "default".
fn is_set_apart(line: &str, value: &str) -> bool {
    let plain =
        |text: &str| text.trim_matches([' ', '`', '"', '\'', '*', ':', '=', '(', ')', '.', ',']) == value;
    let quotes = ['`', '"', '\''].iter().any(|mark| line.contains(&format!("{mark}{value}{mark}")));
    let cell = line.trim_start().starts_with('|') && line.split('|').any(plain);
    let lower = line.to_lowercase();
    let said = lower.split("default").skip(1).any(|rest| {
        let rest = rest.trim_start_matches(['s', ' ', ':', '=', '*', '_', '`', '"', '\'']);
        let rest = ["to ", "is ", "value ", "of "]
            .iter()
            .fold(rest, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
        let word = rest.trim_start_matches(['`', '"', '\'', ' ', ':']);
        let end =
            word.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '/'))).unwrap_or(word.len());
        word[..end] == value.to_lowercase()
    });
    quotes || cell || said
}

/// The line says that it gives a default, or the head of its table does.
fn speaks_of_defaults(context: &Context<'_>, hit: &crate::change::Hit) -> bool {
    let says = |text: &str| text.to_lowercase().contains("default");
    let is_row = |text: &str| text.trim_start().starts_with('|');
    says(&hit.text)
        || is_row(&hit.text)
            && context.source(Side::Head, &hit.path).is_some_and(|document| {
                let rows =
                    (1..hit.line).rev().take(LONGEST_TABLE).take_while(|line| is_row(document.line(*line)));
                rows.last().is_some_and(|head| says(document.line(head)))
            })
}

/// Rows of a table that are looked through for its head.
const LONGEST_TABLE: usize = 200;

/// The value stands behind the name, as a word of its own.
fn gives(line: &str, name: &str, value: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    // A flag stands behind its dashes.
    let own = |at: &usize| {
        !line[..*at].ends_with(part_of_word)
            && !line[at + name.len()..].starts_with(|c: char| part_of_word(c) || c == '-')
    };
    let Some(start) = line.match_indices(name).map(|(at, _)| at).find(own).map(|at| at + name.len()) else {
        return false;
    };
    occurrences(line, value).iter().any(|at| {
        let rest = &line[*at + value.len()..];
        let goes_on =
            rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        *at >= start && !goes_on && !rest.starts_with('%') && !line[..*at].ends_with(['.', '-'])
    })
}

static DOCUMENTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|\s)(?:@param\s+(?:\{[^}]*\}\s*)?\[?(\w+)|:param\s+(?:[\w\[\], .|]+\s+)?(\w+):|\\param(?:\[[^\]]*\])?\s+(\w+))").expect("a pattern written in this file")
});

/// Doc comments of changed functions that describe a parameter the change took away.
fn parameters(context: &Context<'_>) -> Vec<Raised> {
    let mut raised = Vec::new();
    for file in context.compared().filter(|file| Role::of(&file.path) == Role::Source) {
        let sources = path_before(file).and_then(|path| {
            Some((context.source(Side::Base, path)?, context.source(Side::Head, &file.path)?))
        });
        let Some((before, after)) = sources else { continue };
        let edited: BTreeSet<u32> =
            blocks(file).iter().flat_map(|block| block.added.iter().copied()).collect();
        for function in after.functions().iter().filter(|function| {
            edited.range(function.first..=function.last.min(function.first + 20)).next().is_some()
        }) {
            let same =
                before.functions().iter().filter(|other| other.name == function.name).collect::<Vec<_>>();
            let [old] = same.as_slice() else { continue };
            let (was, is) = (named_parameters(&before, old), named_parameters(&after, function));
            let (Some(was), Some(is)) = (was, is) else { continue };
            // `_name` is the parameter still, only unused.
            let kept = |name: &str| is.iter().any(|other| other.strip_prefix('_') == Some(name));
            let gone: BTreeSet<&str> = was.difference(&is).copied().filter(|name| !kept(name)).collect();
            if takes_them_all_the_same(&after, function) {
                continue;
            }
            let line = documentation(&after, function).into_iter().find(|line| {
                described(after.line(*line))
                    .is_some_and(|name| gone.contains(name) && !context.is_added(&file.path, *line))
            });
            if let Some(line) = line {
                raised.push(gone_parameter(&after, function, line));
            }
        }
    }
    raised
}

/// True where the body takes whatever comes (`arguments`), or is there to be written by others: the comment tells what they are given.
fn takes_them_all_the_same(source: &Source, function: &Function) -> bool {
    let takes = |line: u32| !occurrences(&source.code(line), "arguments").is_empty();
    let is_abstract = || {
        documentation(source, function).into_iter().any(|line| {
            let text = source.line(line).to_lowercase();
            ["@abstract", "@virtual", "@override", "subclass"].iter().any(|word| text.contains(word))
        })
    };
    source.language == Language::Script && (function.first..=function.last).any(takes) || is_abstract()
}

fn described(line: &str) -> Option<&str> {
    let found = DOCUMENTED.captures(line)?;
    found.get(1).or_else(|| found.get(2)).or_else(|| found.get(3)).map(|name| name.as_str())
}

/// The words of a parameter list; `None` where it takes whatever comes.
fn named_parameters<'a>(source: &'a Source, function: &Function) -> Option<BTreeSet<&'a str>> {
    let tokens = source.tokens();
    let range = function.tokens(source);
    let name = range.clone().find(|at| source.slice(&tokens[*at]) == function.name)?;
    let open = (name..(name + 6).min(range.end)).find(|at| source.slice(&tokens[*at]) == "(")?;
    let inside = &tokens[open..=closing(source, open)];
    let open_ended = inside.iter().any(|token| matches!(source.slice(token), "**" | "..." | "*"));
    let destructured =
        source.language == Language::Script && inside.iter().any(|token| source.slice(token) == "{");
    (!open_ended && !destructured).then(|| {
        inside.iter().filter(|token| token.kind == TokenKind::Word).map(|token| source.slice(token)).collect()
    })
}

/// The lines of the comment above a function, or of the docstring below its signature.
fn documentation(source: &Source, function: &Function) -> Vec<u32> {
    let mut lines = Vec::new();
    let mut line = function.first;
    while line > 1 && lines.len() < 80 {
        line -= 1;
        let text = source.line(line).trim();
        let comment = source.part_at(line, indent(source.line(line))) == Part::Comment;
        if comment {
            lines.push(line);
        } else if !text.starts_with('@') && !text.starts_with("#[") {
            break;
        }
    }
    lines.reverse();
    if source.language == Language::Python {
        let inside = (function.first + 1..=function.last.min(function.first + 100))
            .skip_while(|line| source.comment(*line).trim().is_empty() && *line < function.first + 20);
        lines.extend(inside.take_while(|line| {
            !source.comment(*line).trim().is_empty() || source.line(*line).trim().is_empty()
        }));
    }
    lines
}

fn gone_parameter(source: &Source, function: &Function, line: u32) -> Raised {
    let (name, owner) =
        (code(described(source.line(line)).unwrap_or_default()), code(&shortened(&function.name, 40)));
    let patch = {
        let next = source.line(line + 1).trim();
        let ends = next.is_empty()
            || next.starts_with('@')
            || next.starts_with(':')
            || next.starts_with("* @")
            || next.starts_with("*/")
            || next == "*"
            || next.starts_with("/// @")
            || next.starts_with("\"\"\"");
        let own = source.line(line).trim();
        let edits = crate::patch::Edits::from([(line, None)]);
        (ends && !own.ends_with("*/") && !own.contains("\"\"\"")).then(|| crate::patch::patch(source, &edits))
    };
    Draft {
        rule: PARAMETER,
        category: "docs",
        severity: Severity::Suggestion,
        kind: Kind::Regression,
        rank: 2.0,
        title: format!("The comment of {owner} describes the parameter {name}, which it no longer has"),
        problem: format!(
            "Line {line} of `{}` documents {name}. The change took it out of the parameters of {owner} (line {}).",
            source.path, function.first
        ),
        locations: vec![at(source, line, Side::Head, PlaceRole::Primary), at(source, function.first, Side::Head, PlaceRole::Evidence)],
        evidence: vec![read(format!("{}:{} declares it", source.path, function.first), source.path.as_str(), function.first, Some(source.line(function.first).trim().to_owned()))],
        fix: format!("Remove the line, or describe what took the place of {name}."),
        patch,
        because: format!("The change edits the parameters of {owner}."),
        scenario: None,
    }
    .raise()
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn titles(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<String> {
        let settings = Settings { enable: vec!["documentation/*".into()], ..Settings::default() };
        let document = crate::review(&MemoryChange::new(base, head), &settings);
        document.findings.into_iter().map(|finding| finding.title).collect()
    }

    #[test]
    fn a_document_with_the_old_default_is_told() {
        let doc = "`--retry-limit N` tries N times (default 30).\n";
        assert_eq!(
            titles(
                &[("a.py", "RETRY_LIMIT = 30\n"), ("README.md", doc)],
                &[("a.py", "RETRY_LIMIT = 50\n"), ("README.md", doc)]
            ),
            ["`README.md` still gives `30` as the default of `retry-limit`, now `50`"]
        );
        let right = "`--retry-limit N` tries N times (default 50).\n";
        assert_eq!(
            titles(
                &[("a.py", "RETRY_LIMIT = 30\n"), ("README.md", right)],
                &[("a.py", "RETRY_LIMIT = 50\n"), ("README.md", right)]
            ),
            [""; 0]
        );
        let table = |head: &str| format!("| setting | {head} |\n|---|---|\n| `RETRY_LIMIT` | 30 |\n");
        for (head, told) in [("default", 1), ("seen on Mondays", 0)] {
            let table = table(head);
            let (base, new) = (("a.py", "RETRY_LIMIT = 30\n"), ("a.py", "RETRY_LIMIT = 50\n"));
            assert_eq!(titles(&[base, ("a.md", &table)], &[new, ("a.md", &table)]).len(), told, "{head}");
        }
        assert_eq!(
            titles(&[("a.py", "x = 30\n"), ("README.md", doc)], &[("a.py", "x = 50\n"), ("README.md", doc)]),
            [""; 0]
        );
    }

    #[test]
    fn a_value_belongs_to_the_nearest_name_and_small_ones_must_be_set_apart() {
        for (old, new, doc, told) in [
            ("def load_all(max_retries=3):", "def load_all(max_retries=5):", "`max_retries` (default: 3)", 1),
            (
                "def load_all(max_retries=3):",
                "def load_all(max_retries=5):",
                "`max_retries` defaults to `3`.",
                1,
            ),
            (
                "def load_all(max_retries=3):",
                "def load_all(max_retries=5):",
                "`max_retries`: by default, 4 of 3 files",
                0,
            ),
            (
                "p.add_argument('--max-wait', default=3)",
                "p.add_argument('--max-wait', default=5)",
                "| `--max-wait` | default 3 |",
                1,
            ),
            ("output_format = \"json\"", "output_format = \"warning\"", "`output_format`, default `json`", 1),
            (
                "output_format = \"json\"",
                "output_format = \"warning\"",
                "`output_format`: default is less json",
                0,
            ),
            (
                "output_format = \"json\"",
                "output_format = \"warning\"",
                "`output_format`: `json` (default) or `warning`",
                0,
            ),
        ] {
            let doc = format!("{doc}\n");
            let (old, new) = (format!("{old}\n"), format!("{new}\n"));
            let found =
                titles(&[("a.py", &old), ("README.md", &doc)], &[("a.py", &new), ("README.md", &doc)]);
            assert_eq!(found.len(), told, "{doc} {found:?}");
        }
    }

    #[test]
    fn a_comment_on_a_parameter_that_is_gone_is_told() {
        let base = "/**\n * Loads.\n * @param {string} path Where.\n * @param {number} depth How deep.\n */\nfunction load(path, depth) {\n  return path;\n}\n";
        let head = base.replace("(path, depth)", "(path)");
        assert_eq!(
            titles(&[("a.js", base)], &[("a.js", &head)]),
            ["The comment of `load` describes the parameter `depth`, which it no longer has"]
        );
        let unused = base.replace("(path, depth)", "(path, _depth)");
        assert_eq!(titles(&[("a.js", base)], &[("a.js", &unused)]), [""; 0], "it is there, only unused");
        let variadic = base.replace("return path", "return arguments");
        assert_eq!(
            titles(&[("a.js", &variadic)], &[("a.js", &variadic.replace("(path, depth)", "(path)"))]),
            [""; 0]
        );
        let clean = head.replace(" * @param {number} depth How deep.\n", "");
        assert_eq!(titles(&[("a.js", base)], &[("a.js", &clean)]), [""; 0]);
        let python = "def load(path, depth):\n    \"\"\"Loads.\n\n    :param path: where\n    :param depth: how deep\n    \"\"\"\n    return path\n";
        assert_eq!(
            titles(&[("a.py", python)], &[("a.py", &python.replace("(path, depth)", "(path)"))]).len(),
            1
        );
        assert_eq!(
            titles(&[("a.py", python)], &[("a.py", &python.replace("(path, depth)", "(path, **depth)"))]),
            [""; 0]
        );
    }
}
