//! Files that exist once for each platform.
//!
//! In: a changed file with a twin (`a_unix.go` and `a_windows.go`, `os/unix.rs` and `os/windows.rs`). Out: functions whose
//! signatures were the same in both and are not any more, because whoever calls them compiles on one platform only.

use std::collections::BTreeMap;

use model::{FileDiff, Kind, RepoPath, Severity, Side};

use super::PLATFORM;
use crate::context::{Context, path_before};
use crate::family::{Draft, Raised, read};
use crate::language::{Language, Role};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::tokens::closing;
use crate::words::{code, shortened};

const PLATFORMS: &[&str] = &[
    "windows", "win32", "win", "unix", "posix", "linux", "darwin", "macos", "freebsd", "other", "bsd", "nt",
    "browser", "node", "wasm",
];

/// Functions that changed in one twin only.
pub(super) fn findings(context: &Context<'_>) -> Vec<Raised> {
    let mut raised = Vec::new();
    for file in context.compared().filter(|file| Role::of(&file.path) == Role::Source) {
        for twin in twins(context, &file.path) {
            raised.extend(compare(context, file, &twin));
        }
    }
    raised
}

/// The paths that differ in the name of the platform only.
fn twins(context: &Context<'_>, path: &RepoPath) -> Vec<RepoPath> {
    let text = path.as_str();
    let folder_start = text.rfind('/').map_or(0, |at| at + 1);
    let name = &text[folder_start..];
    let stem = name.split('.').next().unwrap_or(name);
    let part = stem.rsplit(['_', '-']).next().unwrap_or(stem);
    if !PLATFORMS.contains(&part) {
        return Vec::new();
    }
    let prefix = &text[..folder_start + stem.len() - part.len()];
    let rest = &name[stem.len()..];
    PLATFORMS
        .iter()
        .filter(|other| **other != part)
        .map(|other| format!("{prefix}{other}{rest}"))
        .filter(|other| context.has(Side::Head, other) && context.has(Side::Base, other))
        .map(RepoPath::new)
        .collect()
}

/// The parameters of each function, by name; functions of the same name left out.
fn signatures(source: &Source) -> BTreeMap<String, (String, u32)> {
    let mut found: BTreeMap<String, Option<(String, u32)>> = BTreeMap::new();
    for function in source.functions() {
        let range = function.tokens(source);
        let tokens = source.tokens();
        let open = range.clone().find(|at| {
            source.slice(&tokens[*at]) == "(" && *at > 0 && source.slice(&tokens[at - 1]) == function.name
        });
        let text = open.map(|open| (parameters(source, open), function.first));
        found.entry(function.name.clone()).and_modify(|known| *known = None).or_insert(text);
    }
    found.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

/// What stands between the brackets; in languages that check no types only the names, without the object itself.
fn parameters(source: &Source, open: usize) -> String {
    let text = |at: usize| source.slice(&source.tokens()[at]);
    let close = closing(source, open);
    if !matches!(source.language, Language::Python | Language::Script) {
        let parts = (open..=close).map(text).filter(|part| *part != "_");
        return parts.map(|part| part.trim_start_matches('_')).collect::<Vec<_>>().join(" ");
    }
    let mut depth = 0;
    let mut names = Vec::new();
    for at in open..close {
        match text(at) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            name if depth == 1 && matches!(text(at - 1), "(" | "," | "*" | "**" | "...") => names.push(name),
            _ => {}
        }
    }
    names.retain(|name| !matches!(*name, "self" | "cls" | "*" | "**" | "..." | "/"));
    format!("({})", names.join(", "))
}

fn compare(context: &Context<'_>, file: &FileDiff, twin: &RepoPath) -> Vec<Raised> {
    let sources = || {
        let before = context.source(Side::Base, path_before(file)?)?;
        Some((
            before,
            context.source(Side::Head, &file.path)?,
            context.source(Side::Base, twin)?,
            context.source(Side::Head, twin)?,
        ))
    };
    let Some((before, after, twin_before, twin_after)) = sources() else { return Vec::new() };
    let [old, new, other_old, other] =
        [&before, &after, &twin_before, &twin_after].map(|source| signatures(source));
    let changed = new.iter().filter(|(name, (text, line))| {
        let was = old.get(*name).map(|(text, _)| text);
        let there = other.get(*name).map(|(text, _)| text);
        was.is_some_and(|was| {
            was != text && other_old.get(*name).is_some_and(|(other, _)| other == was) && there == Some(was)
        }) && context.is_added(&after.path, *line)
    });
    changed.map(|(name, (text, line))| report(&after, &twin_after, name, text, *line, &other[name])).collect()
}

fn report(after: &Source, twin: &Source, name: &str, text: &str, line: u32, other: &(String, u32)) -> Raised {
    let shown = code(&shortened(name, 40));
    Draft {
        rule: PLATFORM,
        category: "compat",
        severity: Severity::Suggestion,
        kind: Kind::Regression,
        rank: 3.0,
        title: format!("{shown} has other parameters in `{}` now than in its twin `{}`", shortened(after.path.as_str(), 36), shortened(twin.path.as_str(), 36)),
        problem: format!(
            "Before the change {shown} had the same parameters in both files. Now it has {} in `{}` and still {} in `{}`, so its \
             callers fit one platform only.",
            code(&shortened(text, 80)),
            after.path,
            code(&shortened(&other.0, 80)),
            twin.path,
        ),
        locations: vec![at(twin, other.1, Side::Head, PlaceRole::Primary), at(after, line, Side::Head, PlaceRole::Evidence)],
        evidence: vec![read(format!("{}:{line} has the new parameters", after.path), after.path.as_str(), line, Some(after.line(line).trim().to_owned()))],
        fix: format!("Change {shown} in `{}` as well.", twin.path),
        patch: None,
        because: format!("The change edits line {line} of `{}`.", after.path),
        scenario: None,
    }
    .raise()
}
