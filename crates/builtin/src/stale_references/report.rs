//! Findings about stale references, in words.
//!
//! In: what is gone and where it is still used. Out: one finding for each thing that is gone, with a patch where the
//! replacement is certain.

use std::collections::BTreeMap;
use std::rc::Rc;

use model::{DocumentScenario, Kind, RepoPath, Severity, Side};

use super::{FILE, FLAG, Gone, KEY, Left, MESSAGE, Use};
use crate::context::Context;
use crate::family::{Draft, Raised, read};
use crate::language::Role;
use crate::names::occurrences;
use crate::patch::{Edits, patch};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, count, shortened};

/// Uses with the worst first, and code before prose.
pub(super) fn in_order(mut uses: Vec<Use>) -> Vec<Use> {
    uses.sort_by(|left, right| {
        (right.severity, left.prose, &left.path, left.line).cmp(&(
            left.severity,
            right.prose,
            &right.path,
            right.line,
        ))
    });
    uses
}

/// The finding about what one cause left behind; the first of the group gives it its words.
pub(super) fn raise(context: &Context<'_>, group: &[Left<'_>]) -> Option<Raised> {
    let (gone, uses) = group.first().map(|left| (left.gone, &left.uses))?;
    let first = uses.first()?.clone();
    let number: usize = group.iter().map(|left| left.uses.len()).sum();
    let title = title(gone, &first, number);
    let (patch, patched) = edits(context, group);
    let mut locations = Vec::new();
    let mut evidence = vec![removal(context, gone)];
    // Each thing that is gone is shown at least once before any is shown twice.
    let deepest = group.iter().map(|left| left.uses.len()).max().unwrap_or(0);
    let in_turn = (0..deepest)
        .flat_map(|at| group.iter().filter_map(move |left| Some((left.gone, left.uses.get(at)?))));
    let mut shown = std::collections::BTreeSet::new();
    for (gone, found) in
        in_turn.filter(|(_, found)| shown.insert((&found.path, found.line))).take(context.settings.places)
    {
        let Some(source) = context.source(Side::Head, &found.path) else { continue };
        let role = if locations.is_empty() { PlaceRole::Primary } else { PlaceRole::Related };
        locations.push(at(&source, found.line, Side::Head, role));
        let line = source.line(found.line).trim().to_owned();
        let about =
            if group.len() > 1 { format!(" ({})", code(&shortened(&gone.name, 60))) } else { String::new() };
        evidence.push(read(
            format!("{}:{} {}{about}", found.path, found.line, found.how),
            found.path.as_str(),
            found.line,
            Some(shortened(&line, 200)),
        ));
    }
    let all = || group.iter().flat_map(|left| &left.uses);
    let files: std::collections::BTreeSet<&RepoPath> = all().map(|found| &found.path).collect();
    Some(
        Draft {
            rule: gone.rule,
            category: category(&first, gone),
            severity: first.severity,
            kind: if first.severity == Severity::Suggestion { Kind::Gap } else { Kind::Regression },
            rank: rank(gone, &first, number),
            title,
            problem: problem(gone, &first, number, files.len(), context) + &besides(&group[1..]),
            locations,
            evidence,
            fix: fix(gone, &first, patched == number),
            patch: (patched == number).then_some(patch),
            because: format!(
                "The change {} {} {} at {}:{} and leaves this use behind.",
                verb(gone),
                gone.what,
                code(&shortened(&gone.name, 60)),
                gone.path,
                gone.line
            ),
            scenario: (first.severity > Severity::Suggestion).then(|| DocumentScenario {
                trigger: trigger(&first, context),
                result: format!("{}.", crate::words::sentence(first.consequence)),
                expected: "Every use follows the change.".to_owned(),
                likelihood: "always".to_owned(),
                reach: if role(context, &first) == Role::Test { "test-only" } else { "default" }.to_owned(),
            }),
        }
        .raise(),
    )
}

/// What else the same cause left behind, by name.
fn besides(rest: &[Left<'_>]) -> String {
    const MOST: usize = 8;
    if rest.is_empty() {
        return String::new();
    }
    let named = |left: &Left<'_>| {
        let place =
            left.uses.first().map_or(String::new(), |found| format!(" (`{}:{}`)", found.path, found.line));
        format!("{}{place}", code(&shortened(&left.gone.name, 60)))
    };
    let names: Vec<String> = rest.iter().take(MOST).map(named).collect();
    let more = if rest.len() > MOST { format!(", and {} more", rest.len() - MOST) } else { String::new() };
    format!(" So it is with {}{more}.", names.join(", "))
}

fn role(context: &Context<'_>, found: &Use) -> Role {
    context.source(Side::Head, &found.path).map_or(Role::Source, |source| source.role)
}

fn trigger(found: &Use, context: &Context<'_>) -> String {
    match role(context, found) {
        Role::Test => format!("Running the tests in `{}`.", found.path),
        _ => format!("Building or running `{}`.", found.path),
    }
}

fn verb(gone: &Gone) -> &'static str {
    match (&gone.replacement, gone.rule) {
        (Some(_), MESSAGE) => "changes the",
        (Some(_), FILE) => "moves the",
        (Some(_), _) => "renames the",
        (None, _) => "removes the",
    }
}

/// The title, with the whole path where it is short enough.
fn title(gone: &Gone, first: &Use, uses: usize) -> String {
    let whole = titled(gone, first, uses, first.path.as_str());
    if whole.chars().count() <= 120 { whole } else { titled(gone, first, uses, first.path.file_name()) }
}

fn titled(gone: &Gone, first: &Use, uses: usize, file: &str) -> String {
    let file = shortened(file, 60);
    let name = code(&shortened(&gone.name, 44));
    let others = if uses > 1 {
        format!(" and {}", count(uses - 1, "other place", "other places"))
    } else {
        String::new()
    };
    let what = match (gone.rule, first.prose) {
        (MESSAGE, true) => "quote",
        (MESSAGE, false) => "expect",
        (_, true) => "name",
        (_, false) => "use",
    };
    let verb = format!("still {what}{}", if uses > 1 { "" } else { "s" });
    match (&gone.replacement, gone.rule) {
        (Some(new), MESSAGE) => {
            format!("`{file}`{others} {verb} the old text {name}, now {}", code(&shortened(&new.text, 30)))
        }
        (None, MESSAGE) => format!("`{file}`{others} {verb} the old text {name}"),
        (Some(new), FILE) => format!(
            "`{file}`{others} {verb} the path {name}, which moved to {}",
            code(&shortened(&new.text, 44))
        ),
        (None, FILE) => format!("`{file}`{others} {verb} the removed file {name}"),
        (Some(new), _) => {
            format!(
                "`{file}`{others} {verb} the {} {name}, renamed to {}",
                gone.what,
                code(&shortened(&new.text, 30))
            )
        }
        (None, _) => format!("`{file}`{others} {verb} the removed {} {name}", gone.what),
    }
}

fn problem(gone: &Gone, first: &Use, uses: usize, files: usize, context: &Context<'_>) -> String {
    let became = match (&gone.replacement, gone.rule) {
        (Some(new), MESSAGE) => format!("now reads {}", code(&new.text)),
        (Some(new), _) if new.certain => format!("is now {}", code(&new.text)),
        (Some(new), _) => format!("seems to be {} now", code(&new.text)),
        (None, _) => "is gone, and nothing at head defines it any more".to_owned(),
    };
    let more = match uses {
        1 => String::new(),
        number => format!(
            " In all, {} in {} still have the old {}.",
            count(number, "line", "lines"),
            count(files, "file", "files"),
            if gone.rule == MESSAGE { "text" } else { "name" }
        ),
    };
    format!(
        "{} {} (`{}:{}` before the change) {became}. `{}:{}` in {} {}: {}.{more}",
        crate::words::sentence(gone.what),
        code(&gone.name),
        gone.path,
        gone.line,
        first.path,
        first.line,
        role(context, first).label(),
        first.how,
        first.consequence,
    )
}

fn fix(gone: &Gone, first: &Use, patched: bool) -> String {
    match &gone.replacement {
        Some(new) if patched => format!("Write {} instead of {}.", code(&new.text), code(&gone.name)),
        Some(new) => format!(
            "Write {} instead of {} in `{}`, if that is what took its place.",
            code(&new.text),
            code(&gone.name),
            first.path
        ),
        None => format!(
            "Remove or rewrite the lines that rely on {}, or keep it where others still need it.",
            code(&gone.name)
        ),
    }
}

fn category(first: &Use, gone: &Gone) -> &'static str {
    match Role::of(&first.path) {
        Role::Test => "test",
        Role::Docs => "docs",
        Role::Ci | Role::Config => "build",
        _ if first.severity == Severity::Suggestion => "docs",
        _ if gone.rule == FLAG || gone.rule == KEY => "compat",
        _ => "api",
    }
}

fn rank(gone: &Gone, first: &Use, uses: usize) -> f64 {
    let known = gone.replacement.as_ref().map_or(0.0, |new| if new.certain { 2.0 } else { 1.0 });
    let role = match Role::of(&first.path) {
        Role::Source => 1.0,
        Role::Docs | Role::Test => 0.8,
        _ => 0.6,
    };
    known + role + (uses.min(10) as f64) / 20.0
}

fn removal(context: &Context<'_>, gone: &Gone) -> model::DocumentEvidence {
    let line = context.source(Side::Base, &gone.path).map(|source| source.line(gone.line).trim().to_owned());
    let mut evidence = read(
        format!(
            "{}:{} at the merge base: what the change {} {}",
            gone.path,
            gone.line,
            verb(gone),
            gone.what
        ),
        gone.path.as_str(),
        gone.line,
        line.map(|line| shortened(&line, 200)),
    );
    // The line stands at the merge base only, so it is no place at head.
    evidence.line = None;
    evidence
}

/// The patch over all uses, and how many of them it covers; none where one of the group has no certain replacement.
fn edits(context: &Context<'_>, group: &[Left<'_>]) -> (String, usize) {
    let certain = |left: &Left<'_>| left.gone.replacement.as_ref().is_some_and(|new| new.certain);
    if !group.iter().all(certain) {
        return (String::new(), usize::MAX);
    }
    let mut files: BTreeMap<&RepoPath, (Rc<Source>, Edits)> = BTreeMap::new();
    let mut covered = 0;
    for left in group {
        let gone = left.gone;
        let Some(new) = &gone.replacement else { continue };
        // A file is looked up by its name and written with its path.
        let old = if gone.rule == FILE { gone.name.as_str() } else { gone.needle.as_str() };
        for found in &left.uses {
            let Some(source) = context.source(Side::Head, &found.path) else { continue };
            let entry = files.entry(&found.path).or_insert_with(|| (Rc::clone(&source), Edits::new()));
            let known = entry.1.get(&found.line).cloned().flatten();
            let line = known.unwrap_or_else(|| source.line(found.line).to_owned());
            let places = match gone.rule {
                MESSAGE => line.match_indices(old).map(|(at, _)| at).collect(),
                _ => occurrences(&line, old),
            };
            if places.is_empty() {
                continue;
            }
            let mut edited = String::with_capacity(line.len() + new.text.len());
            let mut done = 0;
            for at in places {
                edited.push_str(&line[done..at]);
                edited.push_str(&new.text);
                done = at + old.len();
            }
            edited.push_str(&line[done..]);
            covered += 1;
            entry.1.insert(found.line, Some(edited));
        }
    }
    (files.values().map(|(source, edits)| patch(source, edits)).collect(), covered)
}
