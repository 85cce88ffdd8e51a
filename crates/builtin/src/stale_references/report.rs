//! Findings about stale references, in words.
//!
//! In: what is gone and where it is still used. Out: one finding for each thing that is gone, with a patch where the
//! replacement is certain.

use std::collections::BTreeMap;
use std::rc::Rc;

use model::{DocumentScenario, Kind, RepoPath, Severity, Side};

use super::{FILE, FLAG, Gone, KEY, MESSAGE, Use};
use crate::context::Context;
use crate::family::{Draft, Raised, read};
use crate::language::Role;
use crate::names::occurrences;
use crate::patch::{Edits, patch};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, count, shortened};

/// The finding about one thing; `None` where nothing uses it.
pub(super) fn raise(context: &Context<'_>, gone: &Gone, mut uses: Vec<Use>) -> Option<Raised> {
    uses.sort_by(|left, right| {
        (right.severity, &left.path, left.line).cmp(&(left.severity, &right.path, right.line))
    });
    let first = uses.first()?.clone();
    let title = title(gone, &first, uses.len());
    let (patch, patched) = edits(context, gone, &uses);
    let mut locations = Vec::new();
    let mut evidence = vec![removal(context, gone)];
    for (index, found) in uses.iter().enumerate() {
        let Some(source) = context.source(Side::Head, &found.path) else { continue };
        if index < context.settings.places {
            let role = if index == 0 { PlaceRole::Primary } else { PlaceRole::Related };
            locations.push(at(&source, found.line, Side::Head, role));
        }
        if index < context.settings.places {
            let line = source.line(found.line).trim().to_owned();
            evidence.push(read(
                format!("{}:{} {}", found.path, found.line, found.how),
                found.path.as_str(),
                found.line,
                Some(shortened(&line, 200)),
            ));
        }
    }
    let files: std::collections::BTreeSet<&RepoPath> = uses.iter().map(|found| &found.path).collect();
    Some(
        Draft {
            rule: gone.rule,
            category: category(&first, gone),
            severity: first.severity,
            kind: if first.severity == Severity::Suggestion { Kind::Gap } else { Kind::Regression },
            rank: rank(gone, &first, uses.len()),
            title,
            problem: problem(gone, &first, &uses, files.len(), context),
            locations,
            evidence,
            fix: fix(gone, &first, patched == uses.len()),
            patch: (patched == uses.len()).then_some(patch),
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

fn problem(gone: &Gone, first: &Use, uses: &[Use], files: usize, context: &Context<'_>) -> String {
    let became = match (&gone.replacement, gone.rule) {
        (Some(new), MESSAGE) => format!("now reads {}", code(&new.text)),
        (Some(new), _) if new.certain => format!("is now {}", code(&new.text)),
        (Some(new), _) => format!("seems to be {} now", code(&new.text)),
        (None, _) => "is gone, and nothing at head defines it any more".to_owned(),
    };
    let more = match uses.len() {
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

/// The patch over all uses, and how many of them it covers.
fn edits(context: &Context<'_>, gone: &Gone, uses: &[Use]) -> (String, usize) {
    let Some(new) = gone.replacement.as_ref().filter(|new| new.certain) else {
        return (String::new(), usize::MAX);
    };
    let mut files: BTreeMap<&RepoPath, (Rc<Source>, Edits)> = BTreeMap::new();
    let mut covered = 0;
    // A file is looked up by its name and written with its path.
    let old = if gone.rule == FILE { gone.name.as_str() } else { gone.needle.as_str() };
    for found in uses {
        let Some(source) = context.source(Side::Head, &found.path) else { continue };
        let line = source.line(found.line);
        let places = match gone.rule {
            MESSAGE => line.match_indices(old).map(|(at, _)| at).collect(),
            _ => occurrences(line, old),
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
        files
            .entry(&found.path)
            .or_insert_with(|| (Rc::clone(&source), Edits::new()))
            .1
            .insert(found.line, Some(edited));
    }
    (files.values().map(|(source, edits)| patch(source, edits)).collect(), covered)
}
