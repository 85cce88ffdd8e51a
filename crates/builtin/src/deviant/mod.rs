//! Deviant behaviour: what goes together nearly everywhere in this repository, but not in the changed code.
//!
//! In: calls in the code that a change touches and every other place with the same call. Out: suggestions with support,
//! confidence and the counter-sites quoted. The repository itself is the specification (Engler et al., "Bugs as Deviant
//! Behavior", SOSP 2001); silent where it is of two minds or has too few places to tell.

mod arguments;
#[cfg(test)]
mod cases;
mod checks;
mod exits;
mod guards;
mod pairs;
mod sites;

use std::collections::BTreeSet;
use std::rc::Rc;

use model::{DocumentEvidence, DocumentLocation, FileDiff, Kind, RepoPath, Severity, Side};

use crate::context::{Context, path_before};
use crate::edits::blocks;
use crate::family::{Draft, Family, Raised, read};
use crate::functions::{Function, around};
use crate::language::{Language, Role};
use crate::names::is_uncommon;
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::tokens::calls;
use crate::words::shortened;
pub(crate) use exits::cleans as clears_away;
pub(crate) use pairs::are_halves;
use sites::{Site, Sites};

pub(crate) const PAIR: &str = "deviant/missing-call";
pub(crate) const HALF: &str = "deviant/missing-half";
pub(crate) const CHECK: &str = "deviant/missing-check";
pub(crate) const ARGUMENT: &str = "deviant/missing-argument";
pub(crate) const EXIT: &str = "deviant/exit-without-cleanup";
pub(crate) const GUARD: &str = "deviant/missing-guard";
pub(crate) const LOST: &str = "deviant/guard-dropped";
pub(crate) const UNCHECKED: &str = "deviant/no-longer-checked";

/// A call in the code that the change touches.
pub(crate) struct Touched {
    pub(crate) source: Rc<Source>,
    pub(crate) function: Function,
    pub(crate) name: String,
    /// Index of the name among the file's tokens.
    pub(crate) token: usize,
    pub(crate) line: u32,
    /// True where the change added the line.
    pub(crate) added: bool,
    /// Calls that the change took out of this function.
    pub(crate) removed: Rc<BTreeSet<String>>,
}

/// The family.
pub(crate) struct Deviant {
    touched: Vec<Touched>,
    exits: Vec<exits::Exit>,
    guards: Vec<Deviation>,
}

/// Calls looked up; more are a rewrite, and the likeliest come first.
const MOST_CALLS: usize = 160;

impl Deviant {
    /// Collects the calls in touched code.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let (mut touched, mut exits, mut guards) = (Vec::new(), Vec::new(), Vec::new());
        let runs = |rules: &[&str]| rules.iter().any(|rule| context.settings.runs(rule));
        // Looking a call up costs reading every file that holds its name.
        let compares_calls = runs(&[PAIR, CHECK, ARGUMENT]);
        let compares_halves = runs(&[HALF]);
        if compares_calls || compares_halves || runs(&[EXIT, GUARD, LOST, UNCHECKED]) {
            for file in context.compared() {
                let Some(source) = context.source(Side::Head, &file.path) else { continue };
                if source.language.is_code() && source.role == Role::Source {
                    if compares_calls {
                        touched.extend(touched_calls(context, file, &source));
                    } else if compares_halves {
                        let calls = touched_calls(context, file, &source);
                        touched.extend(
                            calls.into_iter().filter(|call| call.added && pairs::is_half(&call.name)),
                        );
                    }
                    if runs(&[EXIT]) {
                        exits.extend(exits::touched(context, file, &source));
                    }
                    guards.extend(guards::findings(context, file, &source));
                }
            }
        }
        // Calls beside removed code first: what was there and is gone says most.
        touched.sort_by_key(|call: &Touched| (call.removed.is_empty(), call.source.path.clone(), call.token));
        touched.truncate(MOST_CALLS);
        Self { touched, exits, guards }
    }
}

fn touched_calls(context: &Context<'_>, file: &FileDiff, source: &Rc<Source>) -> Vec<Touched> {
    let before = path_before(file).and_then(|path| context.source(Side::Base, path));
    let blocks = blocks(file);
    let tests = source.own_tests_start();
    let mut found = Vec::new();
    for function in source.functions().iter().filter(|function| function.first < tests) {
        let here = function.first..=function.last;
        let edited: Vec<_> = blocks
            .iter()
            .filter(|block| {
                block.added.iter().any(|line| here.contains(line))
                    || (!block.removed.is_empty() && here.contains(&block.head_before))
            })
            .collect();
        let innermost = |line: u32| around(source, line).is_some_and(|inner| inner.first == function.first);
        if edited.is_empty() {
            continue;
        }
        let gone: Vec<u32> = edited.iter().flat_map(|block| block.removed.iter().copied()).collect();
        let own = function.tokens(source);
        let present: BTreeSet<&str> = calls(source, own.clone()).iter().map(|call| call.name).collect();
        let removed: BTreeSet<String> = before
            .iter()
            .flat_map(|before| called_on(before, &gone))
            .filter(|name| !present.contains(name.as_str()))
            .collect();
        let removed = Rc::new(removed);
        for call in calls(source, own) {
            let added = context.is_added(&source.path, call.line);
            let near = edited.iter().any(|block| {
                !block.removed.is_empty()
                    && call.line <= block.head_before
                    && block.head_before < call.line + 12
            });
            if innermost(call.line)
                && call.line > function.first
                // What stands beside code that went was there before, so its name need not be rare.
                && (is_telling(call.name) || (near && call.name.len() >= 4))
                && ((added && !context.is_moved(source, call.line)) || near || !removed.is_empty())
            {
                found.push(Touched {
                    source: Rc::clone(source),
                    function: function.clone(),
                    name: call.name.to_owned(),
                    token: call.token,
                    line: call.line,
                    added,
                    removed: Rc::clone(&removed),
                });
            }
        }
    }
    found
}

/// What is called on these lines.
fn called_on(source: &Source, lines: &[u32]) -> Vec<String> {
    let tokens = source.tokens();
    let mut names = Vec::new();
    for line in lines {
        let first = tokens.partition_point(|token| token.line < *line);
        let last = tokens.partition_point(|token| token.line <= *line);
        names.extend(calls(source, first..last).iter().map(|call| call.name.to_owned()));
    }
    names
}

/// Names that say which function is called.
fn is_telling(name: &str) -> bool {
    name.len() >= 4 && (is_uncommon(name) || pairs::is_half(name))
}

impl Family for Deviant {
    fn needles(&self, needles: &mut Needles) {
        for call in &self.touched {
            needles.add(&call.name);
        }
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let mut sites = Sites::new(context, found);
        let mut raised = Vec::new();
        let mut told: BTreeSet<(RepoPath, u32, &'static str)> = BTreeSet::new();
        for touched in &self.touched {
            // What the change took out is compared with a sample where the call is everywhere.
            let sample = !touched.removed.is_empty();
            let others = sites.of(&touched.name, &touched.source, touched.function.first, sample);
            let judged = [
                pairs::judge(touched, &others),
                checks::judge(touched, &others),
                arguments::judge(touched, &others),
            ];
            for deviation in judged.into_iter().flatten() {
                let new = told.insert((touched.source.path.clone(), touched.function.first, deviation.rule));
                let is_answered = deviation.rule == HALF && is_written(context, &deviation.partner);
                if new && !is_answered && context.settings.runs(deviation.rule) {
                    raised.push(deviation.raise());
                }
            }
        }
        for exit in &self.exits {
            let new = told.insert((exit.source.path.clone(), exit.line, EXIT));
            if let Some(deviation) = exits::judge(exit).filter(|_| new && context.settings.runs(EXIT)) {
                raised.push(deviation.raise());
            }
        }
        raised.extend(self.guards.iter().cloned().map(Deviation::raise));
        raised
    }
}

/// True where the change writes the other half somewhere.
fn is_written(context: &Context<'_>, partner: &str) -> bool {
    let mut added = context.change.diff().iter().flat_map(FileDiff::added);
    added.any(|(_, text)| !crate::names::occurrences(text, partner).is_empty())
}

/// One place that does otherwise than the others.
#[derive(Clone)]
pub(crate) struct Deviation {
    rule: &'static str,
    source: Rc<Source>,
    line: u32,
    /// `2 of 3`: how many of the others do it.
    support: usize,
    all: usize,
    title: String,
    problem: String,
    fix: String,
    /// The call that is missing, where one is.
    partner: String,
    removed: bool,
    /// Places that do it: the file, the line and what they do.
    counter: Vec<(Rc<Source>, u32, String)>,
}

impl Deviation {
    fn raise(self) -> Raised {
        let evidence: Vec<DocumentEvidence> = self
            .counter
            .iter()
            .take(4)
            .map(|(source, line, does)| {
                let text = shortened(source.line(*line).trim(), 200);
                read(format!("{}:{line} {does}", source.path), source.path.as_str(), *line, Some(text))
            })
            .collect();
        let mut locations: Vec<DocumentLocation> =
            vec![at(&self.source, self.line, Side::Head, PlaceRole::Primary)];
        let counter = self.counter.iter().take(2);
        locations.extend(counter.map(|(source, line, _)| at(source, *line, Side::Head, PlaceRole::Evidence)));
        let confidence = self.support as f64 / self.all.max(1) as f64;
        Draft {
            rule: self.rule,
            category: "correctness",
            severity: Severity::Suggestion,
            kind: if self.removed { Kind::Regression } else { Kind::Gap },
            rank: 1.0 + confidence + (self.support.min(20) as f64) / 20.0 + f64::from(u8::from(self.removed)),
            title: self.title,
            problem: self.problem,
            locations,
            evidence,
            fix: self.fix,
            patch: None,
            because: format!("The change touches line {}.", self.line),
            scenario: None,
        }
        .raise()
    }
}

/// The other places in the same language and role; never the touched function itself.
fn is_comparable(source: &Source, language: Language) -> bool {
    source.role == Role::Source && source.language.shares_names_with(language)
}
