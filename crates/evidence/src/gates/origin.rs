//! Is the code new?
//!
//! In: the primary place, the diff, blame. Out: where the lines came from, with the commits that wrote the new ones.
//! Never names an author where history is cut, and never calls moved code new.

use std::collections::BTreeSet;

use model::{CheckResult, Kind, Location, Origin, OriginValue, RawFinding, RepoPath, Sha, Side};

use super::Answer;
use crate::blame::BlameBook;
use crate::changes::FileChange;
use crate::facts::Blamed;
use crate::lookup::LookUp;
use crate::moved::Moved;
use crate::symbol::{defined_in, defines_callable, last_part};
use crate::taken::Taken;
use crate::text::{has_word, is_comment, list, normalise, range, substance, word_columns};
use crate::view::FileView;
use crate::world::World;

/// What origin rests on besides the place itself.
pub(crate) struct Books<'b> {
    /// Who wrote which line.
    pub(crate) blame: &'b BlameBook,
    /// Which new lines are old text at a new place.
    pub(crate) moved: &'b Moved,
    /// Where names occur.
    pub(crate) look_up: &'b LookUp,
    /// Names that the change takes away.
    pub(crate) taken: &'b Taken,
}

/// Computes the origin of the primary place, and whether the finding's kind agrees with it.
pub(crate) fn judge(
    world: &World<'_>,
    raw: &RawFinding,
    place: Option<&Location>,
    books: &Books<'_>,
) -> (Answer, Origin) {
    let origin = compute(world, raw, place, books);
    let answer = answer(raw, &origin);
    (answer, origin)
}

fn answer(raw: &RawFinding, origin: &Origin) -> Answer {
    let mut detail = format!("{}: {}", origin.value.as_str(), origin.method);
    if !origin.commits.is_empty() {
        let shas: Vec<&str> = origin.commits.iter().map(Sha::short).collect();
        detail = format!("{detail}; written by {}", list(&shas, 4));
    }
    match origin.value {
        OriginValue::Unknown => Answer::unknown(detail),
        OriginValue::Absent => Answer::not_applicable(detail),
        OriginValue::PreExisting if raw.kind == Some(Kind::Regression) => {
            Answer::new(CheckResult::Fail, format!("{detail}; claimed to be a regression"))
        }
        _ => Answer::new(CheckResult::Pass, detail),
    }
}

fn origin(value: OriginValue, method: impl Into<String>) -> Origin {
    Origin { value, commits: Vec::new(), method: method.into() }
}

fn compute(world: &World<'_>, raw: &RawFinding, place: Option<&Location>, books: &Books<'_>) -> Origin {
    let Some(place) = place else { return origin(OriginValue::Absent, "no place is named") };
    let known = world.view(place.side, &place.path);
    let (Some(start), Some(end)) = (place.start, place.end) else {
        return origin(OriginValue::Absent, "no line is named");
    };
    if raw.absent {
        return origin(OriginValue::Absent, "the claim is that something is missing");
    }
    let Some(view) = known.filter(|view| !view.binary) else {
        return origin(OriginValue::Unknown, "the named file could not be read as text");
    };
    if start > view.line_count() {
        return origin(OriginValue::Unknown, "the named line does not exist");
    }
    let lines = telling_lines(&view, start, end);
    match place.side {
        Side::Base => at_base(world, place, &lines),
        Side::Head => at_head(world, raw, place, &lines, books),
    }
}

// Brackets and blank lines are everybody's: diffs and blame hand them to whoever is near.
fn telling_lines(view: &FileView, start: u32, end: u32) -> Vec<u32> {
    let all = start..=end.min(view.line_count());
    let telling = |line: &u32| view.line(*line).is_some_and(|text| substance(text) > 0);
    let lines: Vec<u32> = all.clone().filter(telling).collect();
    if lines.is_empty() { all.collect() } else { lines }
}

fn at_base(world: &World<'_>, place: &Location, lines: &[u32]) -> Origin {
    let Some(file) = world.changes.at(Side::Base, &place.path) else {
        return origin(OriginValue::PreExisting, "cited at the merge base, in a file that is not changed");
    };
    let gone = lines.iter().filter(|line| file.removed.has(**line)).count();
    if gone > 0 {
        let method = format!("diff: {gone} of {} cited lines of the merge base are removed", lines.len());
        return origin(OriginValue::Deleted, method);
    }
    origin(OriginValue::PreExisting, "cited at the merge base, where the lines stay as they are")
}

fn at_head(
    world: &World<'_>,
    raw: &RawFinding,
    place: &Location,
    lines: &[u32],
    books: &Books<'_>,
) -> Origin {
    let file = world.changes.file(&place.path);
    let added: Vec<u32> =
        lines.iter().copied().filter(|line| file.is_some_and(|file| file.added.has(*line))).collect();
    if added.is_empty() {
        return old(world, raw, place, "diff: the lines read the same at the merge base", books);
    }
    let told = match Told::ask(world, place, &added, books) {
        Ok(told) => told,
        Err(why) => return origin(OriginValue::Unknown, why),
    };
    let method = told.method(lines.len());
    if told.new == 0 {
        return old(world, raw, place, &method, books);
    }
    let value = if told.new == lines.len() { OriginValue::Introduced } else { OriginValue::Modified };
    Origin { value, commits: in_order(world, &told.commits), method }
}

fn in_order(world: &World<'_>, commits: &BTreeSet<Sha>) -> Vec<Sha> {
    let ordered: Vec<Sha> = world.facts.target().commits.iter().map(|commit| commit.sha.clone()).collect();
    let mut found: Vec<Sha> = ordered.iter().filter(|sha| commits.contains(sha)).cloned().collect();
    found.extend(commits.iter().filter(|sha| !ordered.contains(sha)).cloned());
    found
}

// What blame and the text at the merge base say about lines that the diff shows as added.
#[derive(Default)]
struct Told {
    new: usize,
    moved: usize,
    from: BTreeSet<String>,
    commits: BTreeSet<Sha>,
}

impl Told {
    fn ask(world: &World<'_>, place: &Location, added: &[u32], books: &Books<'_>) -> Result<Self, String> {
        let mut told = Self::default();
        let target = world.facts.target();
        for &line in added {
            if let Some(from) = books.moved.line(&place.path, line) {
                told.moved += 1;
                told.from.insert(from.to_owned());
                continue;
            }
            let blamed = books.blame.line(&place.path, line)?;
            if target.shallow && blamed.boundary && blamed.commit != target.merge_base {
                return Err(format!(
                    "history is cut at {}: who wrote line {line} cannot be told",
                    blamed.commit.short()
                ));
            }
            if blamed.in_change {
                told.new += 1;
                told.commits.insert(blamed.commit.clone());
            } else if is_chance(world, place, blamed) {
                told.new += 1;
                // Git names the commit of the equal line; of this one only a change of one commit can tell.
                told.commits.extend(only_commit(world));
            } else {
                told.moved += 1;
                told.from.insert(came_from(&place.path, &blamed.original_path, blamed.original_line));
            }
        }
        Ok(told)
    }

    fn method(&self, lines: usize) -> String {
        let old = lines - self.new - self.moved;
        let mut parts = vec![format!("blame: {} of {lines} lines are new", self.new)];
        if self.moved > 0 {
            let from: Vec<&String> = self.from.iter().collect();
            parts.push(format!("{} moved or copied from {}", self.moved, list(&from, 3)));
        }
        if old > 0 {
            parts.push(format!("{old} unchanged"));
        }
        parts.join(", ")
    }
}

// Git takes any equal line for a copy. Where the other line stays and fewer than three lines agree, statements merely
// look alike, and the new one is new.
fn is_chance(world: &World<'_>, place: &Location, blamed: &Blamed) -> bool {
    let (old_path, old_line) = (&blamed.original_path, blamed.original_line);
    if world.changes.at(Side::Base, old_path).is_some_and(|file| file.removed.has(old_line)) {
        return false;
    }
    let (Some(here), Some(there)) = (world.view(Side::Head, &place.path), world.view(Side::Base, old_path))
    else {
        return false;
    };
    let Some(file) = world.changes.file(&place.path) else { return false };
    let agree = |offset: i64| {
        let (line, old) = (i64::from(blamed.line) + offset, i64::from(old_line) + offset);
        let (Ok(line), Ok(old)) = (u32::try_from(line), u32::try_from(old)) else { return None };
        let (new, old) = (here.line(line)?, there.line(old)?);
        (file.added.has(line) && normalise(new) == normalise(old)).then(|| usize::from(substance(new) > 0))
    };
    let after: usize = (0..50).map_while(agree).sum();
    let before: usize = (1..50).map_while(|offset| agree(-offset)).sum();
    before + after < 3
}

fn only_commit(world: &World<'_>) -> Option<Sha> {
    match world.facts.target().commits.as_slice() {
        [one] => Some(one.sha.clone()),
        _ => None,
    }
}

fn came_from(here: &RepoPath, path: &RepoPath, line: u32) -> String {
    if here == path { format!("line {line}") } else { format!("`{path}`") }
}

fn old(world: &World<'_>, raw: &RawFinding, place: &Location, method: &str, books: &Books<'_>) -> Origin {
    if let Some((symbol, callers)) = new_callers(world, place, books.look_up) {
        let method = format!("{method}; this change calls `{symbol}` from {}", list(&callers, 3));
        return origin(OriginValue::Worsened, method);
    }
    match books.taken.used_at(world, raw, place) {
        Some(name) => {
            let method = format!("{method}; this change removes `{name}`, which they use");
            origin(OriginValue::Worsened, method)
        }
        None => origin(OriginValue::PreExisting, method),
    }
}

// Names so common that a call of one says nothing about this one.
const COMMON: [&str; 28] = [
    "main", "init", "test", "tests", "setup", "teardown", "close", "open", "read", "write", "send", "next",
    "from", "into", "clone", "default", "update", "delete", "create", "start", "stop", "index", "string",
    "error", "print", "build", "check", "parse",
];

// Old code becomes worse when the change brings calls of it that the merge base did not have. A line that is edited or
// moved and calls it before and after cancels out.
fn new_callers(world: &World<'_>, place: &Location, look_up: &LookUp) -> Option<(String, Vec<String>)> {
    let name = last_part(place.symbol.as_deref()?).to_owned();
    if name.len() < 4 || COMMON.contains(&name.to_lowercase().as_str()) || !is_defined_once(&name, look_up) {
        return None;
    }
    let mut callers = Vec::new();
    let mut gone = 0;
    for file in world.changes.files() {
        callers.extend(
            file.diff.added().filter(|(_, text)| calls(text, &name)).map(|(line, _)| caller(file, line)),
        );
        gone += file.diff.removed().filter(|(_, text)| calls(text, &name)).count();
    }
    (callers.len() > gone).then_some((name, callers))
}

// A method that several types have is called by everybody; which of them a line calls cannot be told from its text.
fn is_defined_once(name: &str, look_up: &LookUp) -> bool {
    let definitions =
        look_up.of(name).unwrap_or_default().iter().filter(|hit| defines_callable(&hit.text, name));
    definitions.take(2).count() == 1 && !look_up.is_cut(name)
}

fn caller(file: &FileChange<'_>, line: u32) -> String {
    format!("`{}:{}`", file.diff.path, range(line, line))
}

fn calls(line: &str, name: &str) -> bool {
    if is_comment(line)
        || !has_word(line, name)
        || defined_in(line).is_some_and(|defined| last_part(defined) == name)
    {
        return false;
    }
    word_columns(line, name).any(|at| {
        let after = line[at + name.len()..].trim_start();
        after.starts_with('(')
            || after.starts_with("!(")
            || after.starts_with("::<")
            || after.starts_with("?.(")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Memory, check_one, claim};
    use model::Gate;

    #[test]
    fn old_lines_that_use_what_the_change_removes_are_made_worse() {
        let caller = "fn caller() {\n    load_records(1);\n    other();\n}\n";
        let base = [("a.rs", "pub fn load_records(n: u8) {}\n"), ("b.rs", caller)];
        let head = [("a.rs", "pub fn load_some(n: u8) {}\n"), ("b.rs", caller)];
        let memory = Memory::new(&base, &head);
        let mut raw = claim("b.rs", Some((2, 2)), None);
        raw.title = "`b.rs` still calls `load_records`".to_owned();
        assert_eq!(check_one(&memory, raw.clone()).origin.value, OriginValue::Worsened);
        raw.title = "`other` is called without a check".to_owned();
        assert_eq!(check_one(&memory, raw).origin.value, OriginValue::PreExisting);
    }

    const BASE: &str =
        "fn helper_of_all() {\n    one();\n    two();\n}\n\nfn caller() {\n    nothing();\n}\n";

    fn value(base: &str, head: &str, lines: Option<(u32, u32)>, quote: Option<&str>) -> OriginValue {
        let memory = Memory::new(&[("a.rs", base)], &[("a.rs", head)]);
        check_one(&memory, claim("a.rs", lines, quote)).origin.value
    }

    #[test]
    fn lines_are_new_mixed_old_or_gone() {
        let head = BASE.replace("    two();\n", "    three_is_new();\n");
        assert_eq!(value(BASE, &head, Some((3, 3)), None), OriginValue::Introduced);
        assert_eq!(value(BASE, &head, Some((2, 3)), None), OriginValue::Modified);
        assert_eq!(value(BASE, &head, Some((2, 2)), None), OriginValue::PreExisting);
        assert_eq!(value(BASE, &head, Some((3, 3)), Some("two();")), OriginValue::Deleted);
        assert_eq!(value(BASE, &head, None, None), OriginValue::Absent);
    }

    #[test]
    fn old_lines_with_a_new_caller_are_worsened_and_an_edited_call_is_none() {
        let called = BASE.replace("    nothing();\n", "    helper_of_all();\n");
        assert_eq!(value(BASE, &called, Some((2, 3)), None), OriginValue::Worsened);
        let edited = called.replace("    helper_of_all();\n", "    let _ = helper_of_all();\n");
        assert_eq!(value(&called, &edited, Some((2, 3)), None), OriginValue::PreExisting);
    }

    #[test]
    fn a_moved_block_is_not_new() {
        let block = "fn moved_around() {\n    first_statement();\n    second_statement();\n}\n";
        let filler = "x();\n".repeat(20);
        let (base, head) = (format!("{block}{filler}"), format!("{filler}{block}"));
        assert_eq!(value(&base, &head, Some((21, 24)), None), OriginValue::PreExisting);
    }

    #[test]
    fn a_regression_in_old_code_fails_and_cut_history_is_unknown() {
        let mut raw = claim("a.rs", Some((2, 2)), None);
        raw.kind = Some(Kind::Regression);
        let head = BASE.replace("    two();\n", "    three_is_new();\n");
        let mut memory = Memory::new(&[("a.rs", BASE)], &[("a.rs", &head)]);
        assert_eq!(check_one(&memory, raw).result(Gate::Origin), CheckResult::Fail);
        memory.target.shallow = true;
        let cut = check_one(&memory, claim("a.rs", Some((3, 3)), None));
        assert_eq!((cut.origin.value, cut.origin.commits.len()), (OriginValue::Unknown, 0));
        assert!(cut.origin.method.contains("history is cut"), "{}", cut.origin.method);
    }
}
