//! Contexts that are dropped and waits without a bound.
//!
//! In: added lines of Go within functions that were given a context. Out: calls that begin a fresh one instead, so that
//! cancelling the caller does not reach them. What detaches on purpose (deferred work, clean-up, goroutines) is let be.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::{Kind, Severity, Side};
use regex::Regex;

use crate::context::{Context, line_pairs};
use crate::family::{Draft, Family, Raised};
use crate::functions::{Function, around, indent};
use crate::language::{Language, Role};
use crate::names::occurrences;
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, shortened};

pub(crate) const CONTEXT: &str = "lifecycle/context-dropped";

/// The family.
pub(crate) struct Lifecycles;

static FRESH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bcontext\.(?:Background|TODO)\(\)").expect("a pattern written in this file")
});
static GIVEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(\w+) context\.Context\b").expect("a pattern written in this file"));

impl Family for Lifecycles {
    fn needles(&self, _needles: &mut Needles) {}

    fn findings(&self, context: &Context<'_>, _found: &Found) -> Vec<Raised> {
        let mut raised = Vec::new();
        for file in context.changed().filter(|_| context.settings.runs(CONTEXT)) {
            let Some(source) = context.source(Side::Head, &file.path) else { continue };
            if source.language != Language::Go || source.role != Role::Source {
                continue;
            }
            let exchanged: BTreeMap<u32, &str> = line_pairs(file)
                .into_iter()
                .filter_map(|(old, new)| Some((new.new_line?, old.text.as_str())))
                .collect();
            for (line, _) in file.added().filter(|(line, _)| !context.is_moved(&source, *line)) {
                let text = source.code(line);
                let Some(function) = around(&source, line).filter(|_| FRESH.is_match(&text)) else {
                    continue;
                };
                let Some(given) = given(&source, function) else { continue };
                // Where the line passed the given one before, only new words can explain it.
                let passed = exchanged
                    .get(&line)
                    .is_some_and(|old| occurrences(old, &given).len() > occurrences(&text, &given).len());
                let before = exchanged.get(&line).copied().unwrap_or_default();
                let said = |line: u32| {
                    let comment = source.comment(line);
                    let comment = comment.trim();
                    !comment.is_empty() && context.is_added(&file.path, line) && !before.contains(comment)
                };
                let detached = if passed {
                    said(line) || said(line.saturating_sub(1))
                } else {
                    is_detached(&source, function, line, &given)
                };
                if !detached {
                    raised.push(report(&source, function, line, &given));
                }
            }
        }
        raised
    }
}

/// The name of the context that the function was given.
fn given(source: &Source, function: &Function) -> Option<String> {
    let signature: String = (function.first..=function.last.min(function.first + 8))
        .map(|line| source.code(line))
        .take_while(|text| !text.trim().is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let signature = signature.split('{').next()?;
    GIVEN.captures(signature).map(|found| found[1].to_owned()).filter(|name| name != "_")
}

/// Work that shall outlive the caller.
fn is_detached(source: &Source, function: &Function, line: u32, given: &str) -> bool {
    let lower = function.name.to_lowercase();
    let cleans = ["close", "shutdown", "cleanup", "stop", "teardown", "release"]
        .iter()
        .any(|word| lower.contains(word));
    let near = (line.saturating_sub(8).max(function.first)..=line).any(|number| {
        let text = source.code(number);
        text.contains(&format!("{given} == nil")) || text.contains("Done()")
    });
    let said =
        !source.comment(line).trim().is_empty() || !source.comment(line.saturating_sub(1)).trim().is_empty();
    cleans || near || said || is_moved_off(source, function, line)
}

/// Deferred, or in a goroutine: the line itself or a block around it.
fn is_moved_off(source: &Source, function: &Function, line: u32) -> bool {
    let mut depth = usize::MAX;
    (function.first + 1..=line).rev().any(|number| {
        let text = source.code(number);
        let own = indent(source.line(number));
        if text.trim().is_empty() || own >= depth {
            return false;
        }
        depth = own;
        let text = text.trim_start();
        text.starts_with("defer ") || text.starts_with("go ") || text.contains("go func")
    })
}

fn report(source: &Source, function: &Function, line: u32, given: &str) -> Raised {
    let owner = code(&shortened(&function.name, 40));
    Draft {
        rule: CONTEXT,
        category: "resource",
        severity: Severity::Suggestion,
        kind: Kind::Regression,
        rank: 1.8,
        title: format!("{owner} begins a fresh context although it is given {}", code(given)),
        problem: format!("Line {line} of `{}` calls with a context of its own. {owner} is given {} (line {}); when the caller gives up, this goes on.", source.path, code(given), function.first),
        locations: vec![at(source, line, Side::Head, PlaceRole::Primary), at(source, function.first, Side::Head, PlaceRole::Evidence)],
        evidence: Vec::new(),
        fix: format!("Pass {} on, or say in a comment why this must outlive it.", code(given)),
        patch: {
            let text = source.line(line);
            let edits = crate::patch::Edits::from([(line, Some(FRESH.replace(text, given).into_owned()))]);
            Some(crate::patch::patch(source, &edits))
        },
        because: format!("The change adds line {line}."),
        scenario: None,
    }
    .raise()
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    #[test]
    fn a_dropped_context_is_told() {
        for (body, findings) in [
            ("\treturn fetch(context.Background(), 1)\n", 1),
            ("\treturn fetch(ctx, 1)\n", 0),
            ("\tdefer func() {\n\t\tstop(context.Background())\n\t}()\n", 0),
            ("\t// Must outlive the request.\n\treturn fetch(context.Background(), 1)\n", 0),
        ] {
            let head = format!("package a\n\nfunc load(ctx context.Context) error {{\n{body}}}\n");
            let change = MemoryChange::new(&[], &[("a.go", &head)]);
            let settings = Settings { enable: vec!["lifecycle/*".into()], ..Settings::default() };
            assert_eq!(crate::review(&change, &settings).findings.len(), findings, "{body}");
        }
    }
}
