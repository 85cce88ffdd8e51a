//! Functions, methods, types and constants that are gone and still named.
//!
//! In: declarations before and after. Out: names that no file declares any more, and the places that use them. A name
//! that anything at head declares, binds or newly uses is alive; a single everyday word must be used beyond doubt.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use model::{FileDiff, RepoPath, Severity, Side};

use super::bindings::binds;
use super::renames::{Renames, Replacement};
use super::resolution::{Reference, resolve};
use super::{Gone, SYMBOL, Use, speaks_of_the_past};
use crate::change::Hit;
use crate::context::{Context, path_before};
use crate::declarations::{Declaration, DeclarationKind, declarations};
use crate::language::{Language, Role};
use crate::lex::Part;
use crate::names::{is_distinctive, is_uncommon, occurrences, words};
use crate::source::Source;

/// More names than this from one change are a rewrite, where nothing can be told.
const MOST_NAMES: usize = 400;

/// The names that the change took away.
pub(super) fn gone(context: &Context<'_>, renames: &Renames) -> Vec<Gone> {
    let mut before: BTreeMap<String, (Declaration, RepoPath, Language)> = BTreeMap::new();
    let mut after: HashSet<String> = HashSet::new();
    let mut fresh: BTreeMap<String, DeclarationKind> = BTreeMap::new();
    for file in context.changed() {
        let old = declared(context, Side::Base, path_before(file));
        let new = declared(context, Side::Head, Some(&file.path));
        let old_names: HashSet<&str> = old.iter().map(|(found, ..)| found.name.as_str()).collect();
        for (found, ..) in &new {
            if !old_names.contains(found.name.as_str()) {
                fresh.insert(found.name.clone(), found.kind);
            }
            after.insert(found.name.clone());
        }
        for (found, path, language) in old {
            if worth_looking_up(&found, file) {
                before.entry(found.name.clone()).or_insert((found, path, language));
            }
        }
    }
    before.retain(|name, _| !after.contains(name));
    let mut gone: Vec<Gone> = before
        .into_values()
        .map(|(declaration, path, language)| {
            let replacement = replacement(&declaration, renames, &fresh);
            Gone {
                rule: SYMBOL,
                what: declaration.kind.label(),
                needle: declaration.name.clone(),
                name: declaration.name.clone(),
                path,
                line: declaration.line,
                language,
                replacement,
                declaration: Some(declaration),
            }
        })
        .collect();
    gone.sort_by_key(|gone| (gone.replacement.is_none(), !is_distinctive(&gone.name), gone.name.clone()));
    gone.truncate(MOST_NAMES);
    gone
}

fn declared(
    context: &Context<'_>,
    side: Side,
    path: Option<&RepoPath>,
) -> Vec<(Declaration, RepoPath, Language)> {
    let Some(source) = path.and_then(|path| context.source(side, path)) else { return Vec::new() };
    declarations(&source).into_iter().map(|found| (found, source.path.clone(), source.language)).collect()
}

/// Names of tests are looked up by nobody; short ones are too common.
fn worth_looking_up(found: &Declaration, file: &FileDiff) -> bool {
    let name = &found.name;
    let is_test = Role::of(&file.path) == Role::Test
        && ["test", "Test", "Benchmark", "Example", "Fuzz", "it_", "should"]
            .iter()
            .any(|start| name.starts_with(start));
    let dunder = name.starts_with("__") && name.ends_with("__");
    let by_itself =
        matches!(found.kind, DeclarationKind::Function | DeclarationKind::Type) && is_uncommon(name);
    !is_test && !dunder && (is_distinctive(name) || by_itself)
}

fn replacement(
    declaration: &Declaration,
    renames: &Renames,
    fresh: &BTreeMap<String, DeclarationKind>,
) -> Option<Replacement> {
    let mut found = renames.replacement(&declaration.name, |new| {
        fresh.get(new).is_some_and(|kind| alike(*kind, declaration.kind))
    })?;
    // One line alone may be a coincidence of two edits, unless the names resemble each other.
    let votes = renames.votes(&declaration.name, &found.text);
    found.certain &= votes >= 3 || shares_a_word(&declaration.name, &found.text);
    (found.certain || shares_a_word(&declaration.name, &found.text)).then_some(found)
}

fn alike(left: DeclarationKind, right: DeclarationKind) -> bool {
    use DeclarationKind::{Function, Method};
    left == right || (matches!(left, Function | Method) && matches!(right, Function | Method))
}

fn shares_a_word(left: &str, right: &str) -> bool {
    let left = words(left);
    words(right).iter().any(|word| {
        word.len() >= 3
            && left.iter().any(|other| {
                other == word
                    || (word.len() >= 4
                        && other.len() >= 4
                        && other[..other.floor_char_boundary(4)] == word[..word.floor_char_boundary(4)])
            })
    })
}

/// The places that still use the name; none where it may be alive.
pub(super) fn uses(context: &Context<'_>, gone: &Gone, hits: &[Hit]) -> Vec<Use> {
    let Some(declaration) = &gone.declaration else { return Vec::new() };
    let mut by_file: BTreeMap<&RepoPath, Vec<&Hit>> = BTreeMap::new();
    for hit in hits {
        if !occurrences(&hit.text, &gone.name).is_empty() {
            by_file.entry(&hit.path).or_default().push(hit);
        }
    }
    let mut uses = Vec::new();
    for (path, hits) in by_file {
        let Some(source) = context.source(Side::Head, path) else { continue };
        match look_at(context, gone, declaration, &source, &hits) {
            Seen::Alive => return Vec::new(),
            Seen::Uses(found) => uses.extend(found),
        }
    }
    uses
}

enum Seen {
    /// The name has a meaning at head after all.
    Alive,
    Uses(Vec<Use>),
}

fn look_at(
    context: &Context<'_>,
    gone: &Gone,
    declaration: &Declaration,
    source: &Source,
    hits: &[&Hit],
) -> Seen {
    let kin = source.language.shares_names_with(gone.language);
    let mut uses = Vec::new();
    let mut bound = false;
    for hit in hits {
        for at in occurrences(&hit.text, &gone.name) {
            let part = source.part_at(hit.line, at);
            if kin && part == Part::Code {
                let code = source.code(hit.line);
                let binding = binds(source.language, &code, at, &gone.name)
                    || (declaration.kind == DeclarationKind::Method
                        && is_attribute_set(&code, at, &gone.name));
                let declares = crate::declarations::declared(source.language, &code)
                    .is_some_and(|(_, name)| name == gone.name);
                if declares
                    || (binding && is_wide(declaration, source, gone))
                    || context.is_added(&source.path, hit.line)
                {
                    return Seen::Alive;
                }
                bound |= binding;
            }
            uses.extend(judge(context, gone, declaration, source, hit, at, part, kin));
        }
    }
    // A name bound in this file means that binding here, in code and in comments alike.
    if bound {
        uses.clear();
    }
    let mut seen = BTreeSet::new();
    uses.retain(|found| seen.insert(found.line));
    Seen::Uses(uses)
}

/// A binding in the declaring file, or of a single word anywhere, gives the name another meaning everywhere.
fn is_wide(declaration: &Declaration, source: &Source, gone: &Gone) -> bool {
    source.path == gone.path || !is_distinctive(&declaration.name)
}

fn is_attribute_set(code: &str, at: usize, name: &str) -> bool {
    let after = code[at + name.len()..].trim_start();
    code[..at].ends_with('.') && after.starts_with('=') && !after.starts_with("==")
}

#[expect(clippy::too_many_arguments, reason = "one occurrence with everything known about it")]
fn judge(
    context: &Context<'_>,
    gone: &Gone,
    declaration: &Declaration,
    source: &Source,
    hit: &Hit,
    at: usize,
    part: Part,
    kin: bool,
) -> Option<Use> {
    if matches!(source.role, Role::History | Role::Foreign) || context.settings.is_trivial(&source.path) {
        return None;
    }
    let found = |severity, how, consequence| {
        Some(Use { path: source.path.clone(), line: hit.line, severity, how, consequence })
    };
    if kin && part == Part::Code {
        return match resolve(context, gone, declaration, source, hit.line, at) {
            Reference::Ours => found(Severity::Important, "still uses it", consequence(gone.language)),
            Reference::Likely => {
                found(Severity::Suggestion, "seems to use it still", consequence(gone.language))
            }
            Reference::Foreign => None,
        };
    }
    if speaks_of_the_past(&hit.text) || !names_it(gone, declaration, &hit.text, at, part) {
        return None;
    }
    match (part, source.role) {
        (Part::Comment, _) if kin => found(
            Severity::Suggestion,
            "still names it in a comment",
            "who follows the comment looks for something that is not there",
        ),
        (_, Role::Docs) => found(
            Severity::Suggestion,
            "still documents it",
            "who follows the documentation looks for something that is not there",
        ),
        _ => None,
    }
}

fn consequence(language: Language) -> &'static str {
    match language {
        Language::Python => "the name cannot be resolved when the line runs or is imported",
        Language::Script | Language::Ruby | Language::Php => "the name cannot be resolved when the line runs",
        Language::Shell => "the shell answers \"command not found\" when the line runs",
        _ => "the name cannot be resolved, so this does not compile",
    }
}

/// True where prose surely means the thing that is gone.
fn names_it(gone: &Gone, declaration: &Declaration, line: &str, at: usize, _part: Part) -> bool {
    let name = &gone.name;
    let (before, after) = (&line[..at], &line[at + name.len()..]);
    let dashed =
        before.ends_with('-') || after.starts_with('-') && after[1..].starts_with(char::is_alphanumeric);
    let in_path =
        before.ends_with(['/', '\\', '@', '$', '%', '#']) || after.starts_with('/') || in_address(line, at);
    let extension = after.starts_with('.') && after[1..].starts_with(|c: char| c.is_lowercase());
    if dashed || in_path || extension && declaration.kind != DeclarationKind::Type {
        return false;
    }
    qualifier_fits(gone, declaration, before) && is_distinctive(name)
}

fn in_address(line: &str, at: usize) -> bool {
    let start = line[..at].rfind(char::is_whitespace).map_or(0, |space| space + 1);
    line[start..at].contains("://")
}

/// `Other::name` and `other.name` mean something else unless `Other` is where the name was declared.
fn qualifier_fits(gone: &Gone, declaration: &Declaration, before: &str) -> bool {
    let Some(stripped) = before.strip_suffix("::").or_else(|| before.strip_suffix(['.', '#'])) else {
        return true;
    };
    let start = stripped.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    let Some(qualifier) = stripped.get(start..).filter(|qualifier| !qualifier.is_empty()) else {
        return true;
    };
    let known = ["self", "Self", "this", "cls", "crate", "super"];
    let container = declaration.container.as_deref();
    known.contains(&qualifier)
        || container == Some(qualifier)
        || super::resolution::modules(&gone.path).iter().any(|module| module == qualifier)
}
