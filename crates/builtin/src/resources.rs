//! Resources that are taken and not given back.
//!
//! In: added lines that open something and keep it in a variable. Out: those that neither close it nor hand it on, where
//! the other places of this repository close theirs. Silent where the variable leaves the function.

use std::sync::LazyLock;

use model::{Kind, RepoPath, Severity, Side};
use regex::Regex;

use crate::context::Context;
use crate::family::{Draft, Family, Raised, read};
use crate::functions::{Function, around};
use crate::language::{Language, Role};
use crate::names::occurrences;
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, shortened};

pub(crate) const KEPT: &str = "lifecycle/not-released";

/// One way to take something.
struct Way {
    language: Language,
    needle: &'static str,
    /// Group 1 is the variable.
    taken: Regex,
    /// Forms that give it back by themselves.
    scoped: Regex,
    /// Words that give it back.
    back: &'static [&'static str],
}

/// Places that give it back, and their share in ten.
const FEWEST: usize = 3;
const SHARE: usize = 8;

static WAYS: LazyLock<Vec<Way>> = LazyLock::new(|| {
    use Language::{C, Go, Java, Python, Script};
    let way = |language, needle, taken: &str, scoped: &str, back| Way {
        language,
        needle,
        taken: Regex::new(taken).expect("a pattern written in this file"),
        scoped: Regex::new(scoped).expect("a pattern written in this file"),
        back,
    };
    vec![
        way(
            Python,
            "open(",
            r"^\s*(\w+)\s*=\s*(?:io\.|codecs\.|os\.|gzip\.|bz2\.)?f?d?open\(",
            r"\bwith\b",
            &["close", "closing", "callback", "enter_context"],
        ),
        way(
            Python,
            "socket(",
            r"^\s*(\w+)\s*=\s*(?:socket\.)?socket\(",
            r"\bwith\b",
            &["close", "closing", "detach", "enter_context"],
        ),
        way(
            Python,
            "mkdtemp(",
            r"^\s*(\w+)\s*=\s*(?:tempfile\.)?mkdtemp\(",
            r"\bwith\b",
            &["rmtree", "rmdir", "removedirs", "addCleanup", "cleanup"],
        ),
        way(
            Python,
            "Popen(",
            r"^\s*(\w+)\s*=\s*(?:subprocess\.)?Popen\(",
            r"\bwith\b",
            &["wait", "communicate", "kill", "terminate", "poll"],
        ),
        way(Go, "os.Open", r"^\s*(\w+),\s*\w+\s*:?=\s*os\.Open(?:File)?\(", r"^\x00", &["Close"]),
        way(Go, "os.Create", r"^\s*(\w+),\s*\w+\s*:?=\s*os\.Create(?:Temp)?\(", r"^\x00", &["Close"]),
        way(Go, "time.NewT", r"^\s*(\w+)\s*:?=\s*time\.NewTic?k?m?er\(", r"^\x00", &["Stop"]),
        way(
            Go,
            "context.With",
            r"^\s*\w+,\s*(\w+)\s*:?=\s*context\.With(?:Cancel|Timeout|Deadline)\(",
            r"^\x00",
            &["defer"],
        ),
        way(
            Java,
            "Stream(",
            r"^\s*(?:final\s+)?\w+\s+(\w+)\s*=\s*new\s+(?:File|Buffered|Zip|Object)\w*(?:Input|Output)Stream\(",
            r"\btry\s*\(",
            &["close", "closeQuietly"],
        ),
        way(
            Java,
            "query(",
            r"^\s*(?:final\s+)?Cursor\s+(\w+)\s*=",
            r"\btry\s*\(",
            &["close", "closeQuietly"],
        ),
        way(
            Script,
            "openSync(",
            r"^\s*(?:const|let|var)\s+(\w+)\s*=\s*(?:fs\.)?openSync\(",
            r"^\x00",
            &["closeSync"],
        ),
        way(C, "fopen(", r"^\s*(?:FILE\s*\*\s*)?(\w+)\s*=\s*fopen\(", r"^\x00", &["fclose"]),
        way(C, "opendir(", r"^\s*(?:DIR\s*\*\s*)?(\w+)\s*=\s*opendir\(", r"^\x00", &["closedir"]),
    ]
});

/// The family.
pub(crate) struct Resources(Vec<(RepoPath, u32, usize)>);

impl Resources {
    /// Finds what the change takes and keeps.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut kept = Vec::new();
        for file in context.compared().filter(|_| context.settings.runs(KEPT)) {
            let Some(source) = context.source(Side::Head, &file.path) else { continue };
            if source.role != Role::Source {
                continue;
            }
            for function in
                source.functions().iter().filter(|function| function.first < source.own_tests_start())
            {
                let edited = file.added().any(|(line, _)| (function.first..=function.last).contains(&line))
                    || is_cut(file, function);
                for line in (function.first + 1..=function.last).filter(|_| edited) {
                    let own = around(&source, line).is_some_and(|inner| inner.first == function.first);
                    let Some(way) = way_of(&source, line).filter(|_| own) else { continue };
                    let touched = context.is_added(&file.path, line) && !context.is_moved(&source, line)
                        || gave_back_before(file, function, way);
                    if touched && keeps(&source, function, line, way) {
                        kept.push((file.path.clone(), line, way));
                    }
                }
            }
        }
        kept.truncate(20);
        Self(kept)
    }
}

/// True where lines were taken out of the function.
fn is_cut(file: &model::FileDiff, function: &Function) -> bool {
    crate::edits::blocks(file).iter().any(|block| {
        !block.removed.is_empty() && (function.first..=function.last).contains(&block.head_before)
    })
}

/// True where the change takes a release out of the function.
fn gave_back_before(file: &model::FileDiff, function: &Function, way: usize) -> bool {
    let removed: Vec<u32> = crate::edits::blocks(file)
        .into_iter()
        .filter(|block| (function.first..=function.last).contains(&block.head_before))
        .flat_map(|block| block.removed)
        .collect();
    file.removed().any(|(line, text)| {
        removed.contains(&line) && WAYS[way].back.iter().any(|word| !occurrences(text, word).is_empty())
    })
}

/// The way in which a line takes something into a variable.
fn way_of(source: &Source, line: u32) -> Option<usize> {
    let text = source.code(line);
    WAYS.iter().position(|way| {
        way.language == source.language && way.taken.is_match(&text) && !way.scoped.is_match(&text)
    })
}

/// True where the variable is neither given back nor handed on.
fn keeps(source: &Source, function: &Function, line: u32, way: usize) -> bool {
    let way = &WAYS[way];
    let text = source.code(line);
    let Some(name) = way.taken.captures(&text).map(|found| found[1].to_owned()) else { return false };
    if name == "_" {
        return false;
    }
    (line + 1..=function.last).all(|number| {
        let text = source.code(number);
        let named = !occurrences(&text, &name).is_empty();
        let back = way.back.iter().any(|word| !occurrences(&text, word).is_empty());
        !named || !(back || leaves(&text, &name))
    })
}

/// True where the line gives the variable to somebody else.
fn leaves(text: &str, name: &str) -> bool {
    let trimmed = text.trim_start();
    let with = ["return", "yield", "raise", "throw", "defer", "with ", "go "]
        .iter()
        .any(|word| trimmed.starts_with(word));
    let stored = text.split_once('=').is_some_and(|(left, right)| {
        !left.ends_with(['=', '!', '<', '>'])
            && !right.starts_with('=')
            && right.trim().trim_end_matches([';', ',']) == name
    });
    let bytes = text.as_bytes();
    let passed = occurrences(text, name).into_iter().any(|start| {
        let before = bytes[..start].iter().rev().find(|byte| !byte.is_ascii_whitespace());
        let after = bytes[start + name.len()..].iter().find(|byte| !byte.is_ascii_whitespace());
        matches!(before, Some(b'(' | b',' | b'[' | b'{' | b':' | b'*' | b'&'))
            && matches!(after, Some(b')' | b',' | b']' | b'}'))
    });
    with || stored || passed
}

impl Family for Resources {
    fn needles(&self, needles: &mut Needles) {
        for (_, _, way) in &self.0 {
            needles.add(WAYS[*way].needle);
        }
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        self.0.iter().filter_map(|(path, line, way)| judge(context, found, path, *line, *way)).collect()
    }
}

fn judge(context: &Context<'_>, found: &Found, path: &RepoPath, line: u32, way: usize) -> Option<Raised> {
    let own = context.source(Side::Head, path)?;
    let (mut back, mut all) = (Vec::new(), 0_usize);
    for hit in found.some(WAYS[way].needle) {
        if (hit.path == *path && hit.line == line)
            || Language::of(&hit.path) != WAYS[way].language
            || Role::of(&hit.path) != Role::Source
            || back.len() > 30
        {
            continue;
        }
        let Some(source) = context.source(Side::Head, &hit.path) else { continue };
        let code = source.code(hit.line);
        let scoped = code.contains(WAYS[way].needle) && WAYS[way].scoped.is_match(&code);
        if !scoped && way_of(&source, hit.line) != Some(way) {
            continue;
        }
        let Some(function) = around(&source, hit.line) else { continue };
        all += 1;
        if scoped || !keeps(&source, function, hit.line, way) {
            back.push((std::rc::Rc::clone(&source), hit.line));
        }
    }
    if back.len() < FEWEST || back.len() * 10 < all * SHARE {
        return None;
    }
    let function = around(&own, line)?;
    let text = own.code(line);
    let name = code(&WAYS[way].taken.captures(&text)?[1]);
    let owner = code(&shortened(&function.name, 40));
    let words = crate::words::list(&WAYS[way].back.iter().take(2).map(|word| code(word)).collect::<Vec<_>>());
    Some(
        Draft {
            rule: KEPT,
            category: "resource",
            severity: Severity::Suggestion,
            kind: Kind::Gap,
            rank: 1.8 + (back.len().min(10) as f64) / 10.0,
            title: format!("{owner} takes {name} and never gives it back, unlike {} of {all} others", back.len()),
            problem: format!(
                "Line {line} of `{path}` takes {name}; nothing in the rest of {owner} gives it back ({words}) or hands it on. {} of the \
                 {all} other places in this repository do, so each call of this leaves one open.",
                back.len(),
            ),
            locations: vec![at(&own, line, Side::Head, PlaceRole::Primary)],
            evidence: back
                .iter()
                .take(4)
                .map(|(source, line)| {
                    let text = shortened(source.line(*line).trim(), 200);
                    read(format!("{}:{line} gives it back", source.path), source.path.as_str(), *line, Some(text))
                })
                .collect(),
            fix: format!("Give {name} back on every way out of {owner}, as the others do."),
            patch: None,
            because: format!("The change edits {owner}."),
            scenario: None,
        }
        .raise(),
    )
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn findings(old: &str, new: &str) -> usize {
        let sibling = |at| format!("def f{at}(p):\n    {}\n\n\n", old.replace('\n', "\n    "));
        let siblings = (0..4).map(sibling).collect::<Vec<_>>().concat();
        let head = format!("{siblings}def g(p):\n    {}\n", new.replace('\n', "\n    "));
        let change = MemoryChange::new(&[("a.py", &siblings)], &[("a.py", &head)]);
        let settings = Settings { enable: vec![super::KEPT.into()], ..Settings::default() };
        crate::review(&change, &settings).findings.len()
    }

    #[test]
    fn what_is_taken_and_kept_is_told_where_the_others_give_it_back() {
        let closes = "h = open(p)\nh.read()\nh.close()";
        assert_eq!(findings(closes, "h = open(p)\nprint(h.read())"), 1);
        assert_eq!(findings("with open(p) as h:\n    h.read()", "h = open(p)\nprint(h.read())"), 1);
        assert_eq!(findings(closes, closes), 0, "given back");
        assert_eq!(findings(closes, "h = open(p)\nreturn h"), 0, "handed on");
        assert_eq!(findings(closes, "h = open(p)\nwrap(h)"), 0, "passed on");
        assert_eq!(findings(closes, "h = open(p)\nself.h = h"), 0, "stored");
        assert_eq!(findings("h = open(p)\nh.read()", "h = open(p)\nh.read()"), 0, "nobody does");
    }
}
