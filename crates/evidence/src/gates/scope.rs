//! Does it touch the change?
//!
//! In: the place of a finding and the line sets of the change. Out: changed lines, blast radius, or outside. Never asks
//! who wrote the lines.

use std::collections::BTreeSet;

use model::{ChangeStatus, CheckResult, Location, RawFinding, Scope, Side};

use super::Answer;
use crate::changes::FileChange;
use crate::symbol::{defined_in, enclosing};
use crate::taken::Taken;
use crate::text::{has_word, is_comment, list, range};
use crate::world::World;

/// Names that the change defines or edits, to recognise users of what changed.
#[derive(Debug, Default)]
pub(crate) struct ChangedNames(BTreeSet<String>);

impl ChangedNames {
    /// Collects the functions and types that hold changed lines.
    pub(crate) fn collect(world: &World<'_>) -> Self {
        let mut names = BTreeSet::new();
        for file in world.changes.files().iter().take(400) {
            let Some(view) = world.view(Side::Head, &file.diff.path) else { continue };
            for hunk in &file.diff.hunks {
                names.extend(defined_in(&hunk.heading).map(str::to_owned));
                let changed =
                    hunk.lines.iter().filter(|line| line.old_line.is_none() || line.new_line.is_none());
                // Generated files add definitions by the thousand; nobody uses them all.
                names
                    .extend(changed.take(1_000).filter_map(|line| defined_in(&line.text)).map(str::to_owned));
                let first =
                    hunk.lines.iter().find(|line| line.old_line.is_none()).and_then(|line| line.new_line);
                names.extend(first.and_then(|line| enclosing(&view.lines, line)));
            }
        }
        // Names this short are words of many files.
        names.retain(|name| {
            name.len() >= 4 && !matches!(name.as_str(), "main" | "init" | "self" | "tests" | "test")
        });
        Self(names)
    }
}

/// Says where a finding stands relative to the change. `all` are the settled places, the first is primary.
pub(crate) fn judge(
    world: &World<'_>,
    raw: &RawFinding,
    all: &[Location],
    names: &ChangedNames,
    taken: &Taken,
) -> (Answer, Scope) {
    let Some(primary) = all.first() else {
        return (Answer::not_applicable("no place is named: a claim about the whole change"), Scope::Unknown);
    };
    if primary.path.as_str().is_empty() || !exists(world, primary) {
        return (Answer::unknown("the named place is not known"), Scope::Unknown);
    }
    if let Some(detail) = on_changed_lines(world, primary) {
        return (Answer::new(CheckResult::Pass, detail), Scope::ChangedLines);
    }
    if let Some(detail) = near_the_change(world, primary, all, names) {
        return (Answer::new(CheckResult::Pass, detail), Scope::BlastRadius);
    }
    if let Some(name) = taken.used_at(world, raw, primary) {
        let detail = format!("in an unchanged file that uses `{name}`, which the change removes");
        return (Answer::new(CheckResult::Pass, detail), Scope::BlastRadius);
    }
    let detail = format!("`{}` is not changed, and nothing that changed is used there", primary.path);
    (Answer::new(CheckResult::Fail, detail), Scope::Outside)
}

fn exists(world: &World<'_>, place: &Location) -> bool {
    let paths = world.paths(place.side);
    paths.exact(place.path.as_str()).is_some() || paths.inside(place.path.as_str()) > 0
}

fn on_changed_lines(world: &World<'_>, place: &Location) -> Option<String> {
    let file = world.changes.at(place.side, &place.path)?;
    let (Some(start), Some(end)) = (place.start, place.end) else {
        let whole = matches!(file.diff.status, ChangeStatus::Added | ChangeStatus::Deleted);
        return whole.then(|| format!("this change {} `{}`", verb(file), place.path));
    };
    let lines = if place.side == Side::Head { &file.added } else { &file.removed };
    let touched = lines.within(start, end);
    if touched > 0 {
        let how = if place.side == Side::Head { "new" } else { "removed" };
        return Some(format!("{touched} of the {} lines {} are {how}", end - start + 1, range(start, end)));
    }
    (place.side == Side::Head && file.seams.within(start, end) > 0)
        .then(|| format!("lines were removed at {}", range(start, end)))
}

fn verb(file: &FileChange<'_>) -> &'static str {
    if file.diff.status == ChangeStatus::Added { "adds" } else { "deletes" }
}

fn near_the_change(
    world: &World<'_>,
    primary: &Location,
    all: &[Location],
    names: &ChangedNames,
) -> Option<String> {
    if let Some(file) = world.changes.at(primary.side, &primary.path) {
        let lines = if primary.side == Side::Head { &file.added } else { &file.removed };
        let distance = primary.start.zip(primary.end).and_then(|(start, end)| lines.distance(start, end));
        return Some(match distance {
            Some(lines) => format!("in a changed file, {lines} lines from the nearest changed line"),
            None => "in a changed file".to_owned(),
        });
    }
    if world
        .changes
        .files()
        .iter()
        .any(|file| file.diff.path.as_str().starts_with(&format!("{}/", primary.path)))
    {
        return Some(format!("the change edits files in `{}`", primary.path));
    }
    let linked = all.iter().skip(1).find(|place| on_changed_lines(world, place).is_some());
    if let Some(place) = linked {
        let start = place.start.map_or(String::new(), |line| format!(":{line}"));
        return Some(format!("in an unchanged file; its place `{}{start}` is changed", place.path));
    }
    let used = used_names(world, primary, names);
    (!used.is_empty())
        .then(|| format!("in an unchanged file that uses {}, which the change edits", list(&used, 3)))
}

// Names of the change that occur within ten lines of the place.
fn used_names(world: &World<'_>, place: &Location, names: &ChangedNames) -> Vec<String> {
    let Some(view) = world.view(place.side, &place.path) else { return Vec::new() };
    let first = place.start.map_or(0, |line| line.saturating_sub(11)) as usize;
    let last = place.end.map_or(view.lines.len(), |line| (line as usize + 10).min(view.lines.len()));
    let around = &view.lines[first.min(last)..last];
    let used =
        names.0.iter().filter(|name| around.iter().any(|line| !is_comment(line) && has_word(line, name)));
    used.take(5).map(|name| format!("`{name}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Memory, check_one, claim};

    #[test]
    fn changed_lines_the_changed_file_its_users_and_the_rest_are_told_apart() {
        let lib = "fn unchanged() {\n    a();\n}\n\n\n\n\n\n\n\n\n\n\n\n\nfn compute() {\n    1\n}\n";
        let changed = lib.replace("    1\n", "    2\n");
        let user = "fn user() {\n    compute();\n}\n";
        let memory = Memory::new(
            &[("lib.rs", lib), ("user.rs", user), ("far.rs", "fn far() {}\n")],
            &[("lib.rs", &changed), ("user.rs", user), ("far.rs", "fn far() {}\n"), ("new.rs", "x\n")],
        );
        for (path, lines, expected) in [
            ("lib.rs", Some((16, 17)), Scope::ChangedLines),
            ("lib.rs", Some((2, 2)), Scope::BlastRadius),
            ("lib.rs", None, Scope::BlastRadius),
            ("new.rs", None, Scope::ChangedLines),
            ("user.rs", Some((2, 2)), Scope::BlastRadius),
            ("far.rs", Some((1, 1)), Scope::Outside),
            ("nowhere.rs", Some((1, 1)), Scope::Unknown),
        ] {
            let finding = check_one(&memory, claim(path, lines, None));
            assert_eq!(finding.scope, expected, "{path} {lines:?}");
        }
    }

    #[test]
    fn the_seam_of_a_removal_is_changed() {
        let memory = Memory::new(&[("a.rs", "one\ntwo\nthree\n")], &[("a.rs", "one\nthree\n")]);
        assert_eq!(check_one(&memory, claim("a.rs", Some((2, 2)), None)).scope, Scope::ChangedLines);
    }
}
