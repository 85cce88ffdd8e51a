//! Code that the change adds although it is there already.
//!
//! In: runs of added lines. Out: the places where the same code stands, local names aside. Tests, tables and generated
//! code repeat themselves on purpose and are not looked at; code that moved is no copy.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use model::{Kind, RepoPath, Severity, Side};

use super::DUPLICATED;
use super::pattern::Pattern;
use crate::context::Context;
use crate::edits::blocks;
use crate::family::{Draft, Raised, read};
use crate::functions::around;
use crate::language::{Language, Role};
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, lines};
use crate::source::Source;
use crate::tokens::calls;
use crate::words::{code, shortened};

/// Code that is shorter than this is quicker read twice than shared.
const FEWEST_TOKENS: usize = 70;
const FEWEST_LINES: u32 = 8;
/// A pattern need not be longer than this to be unmistakable; what follows is looked at afterwards.
const MOST_TOKENS: usize = 110;
const MOST_COPIES: usize = 60;

/// One run of new code.
struct Copy {
    path: RepoPath,
    first: u32,
    last: u32,
    start: usize,
    pattern: Pattern,
    language: Language,
}

/// The new runs.
pub(super) struct Copies(Vec<Copy>);

impl Copies {
    /// Collects the long runs of added code within functions.
    pub(super) fn new(context: &Context<'_>) -> Self {
        let mut copies = Vec::new();
        if context.settings.runs(DUPLICATED) {
            for file in context.compared() {
                let Some(source) = context.source(Side::Head, &file.path) else { continue };
                if source.language.is_code() && source.role == Role::Source {
                    let tests = source.own_tests_start();
                    let runs = blocks(file)
                        .into_iter()
                        .map(|block| block.added)
                        .filter(|added| added.len() >= FEWEST_LINES as usize);
                    copies.extend(
                        runs.filter(|added| added[0] < tests)
                            .flat_map(|added| copies_of(context, &source, &added)),
                    );
                }
            }
        }
        copies.truncate(MOST_COPIES);
        Self(copies)
    }

    /// The texts it wants to look up.
    pub(super) fn needles(&self, needles: &mut Needles) {
        for copy in &self.0 {
            needles.add(copy.pattern.needle());
        }
    }

    /// One finding a run.
    pub(super) fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let mut told: Vec<(RepoPath, Range<u32>)> = Vec::new();
        let mut raised: Vec<super::Between> = Vec::new();
        for copy in &self.0 {
            if told.iter().any(|(path, lines)| *path == copy.path && lines.contains(&copy.first)) {
                continue;
            }
            let Some((source, range)) = original(context, copy, found) else { continue };
            let finding =
                context.source(Side::Head, &copy.path).and_then(|own| report(&own, copy, &source, range));
            if let Some((finding, last)) = finding {
                told.push((copy.path.clone(), copy.first..last + 1));
                raised.push((finding, copy.path.clone(), source.path.clone()));
            }
        }
        // What is made from many other files (a bundle) repeats them all.
        let originals: Vec<RepoPath> = raised.iter().map(|(_, _, original)| original.clone()).collect();
        raised.retain(|(_, own, original)| {
            own == original || originals.iter().filter(|other| *other == original).count() < 3
        });
        super::without_divergence(raised)
    }
}

/// Windows of a run, one for each function in it.
fn copies_of(context: &Context<'_>, source: &Source, added: &[u32]) -> Vec<Copy> {
    let (first, last) = (added[0], added[added.len() - 1]);
    let within =
        source.functions().iter().filter(|function| function.first <= last && function.last >= first);
    within
        .filter_map(|function| {
            let body = source.tokens();
            // The signature differs even where the body is a copy.
            let from = first.max(function.first + 1);
            let start = body.partition_point(|token| token.line < from);
            let end = body.partition_point(|token| token.line <= last.min(function.last));
            let end = end.min(start + MOST_TOKENS);
            if end < start + FEWEST_TOKENS || context.is_moved(source, from) {
                return None;
            }
            let range = start..end;
            let works = calls(source, range.clone()).len() >= 2 && !is_unrolled(source, range.clone());
            let pattern = Pattern::new(source, range)?;
            let lines = last.min(function.last) + 1 - from;
            (works && pattern.exact_words() >= 4 && lines >= FEWEST_LINES).then(|| Copy {
                path: source.path.clone(),
                first: body[start].line,
                last: last.min(function.last),
                start,
                pattern,
                language: source.language,
            })
        })
        .collect()
}

/// True for one file of two trees that do the same for two systems (`backend/one/net.rs`, `backend/two/net.rs`) or for two versions
/// of a protocol (`state.rs`, `v5/state.rs`).
pub(super) fn are_parallel(one: &RepoPath, other: &RepoPath) -> bool {
    const FOLDERS: [&str; 13] = [
        "backend",
        "backends",
        "platform",
        "platforms",
        "platform_impl",
        "os",
        "arch",
        "sys",
        "imp",
        "impl",
        "drivers",
        "adapters",
        "providers",
    ];
    let versions = |path: &RepoPath| -> Vec<String> {
        let parts = path.as_str().split(['/', '_', '-', '.']);
        let is_version = |part: &&str| {
            part.strip_prefix('v')
                .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
        };
        parts.filter(is_version).map(str::to_owned).collect()
    };
    if versions(one) != versions(other) {
        return true;
    }
    let parts = |path: &RepoPath| path.as_str().split('/').map(str::to_owned).collect::<Vec<_>>();
    let (left, right) = (parts(one), parts(other));
    let different: Vec<usize> =
        (0..left.len().min(right.len())).filter(|at| left[*at] != right[*at]).collect();
    left.len() == right.len()
        && left.last() == right.last()
        && matches!(different.as_slice(), [at] if *at > 0 && FOLDERS.contains(&left[at - 1].as_str()))
}

/// True for one file in two languages (`lib/net.js` beside `src/net.ts`): one is made from the other.
fn is_compiled(one: &RepoPath, other: &RepoPath) -> bool {
    let stem = |path: &RepoPath| path.file_name().split('.').next().unwrap_or_default().to_owned();
    one.extension() != other.extension() && stem(one) == stem(other)
}

/// True where most lines are one line again with other numbers and names: a table or an unrolled loop, written so on purpose.
fn is_unrolled(source: &Source, range: Range<usize>) -> bool {
    let mut shapes: BTreeMap<u32, String> = BTreeMap::new();
    for token in &source.tokens()[range] {
        let text = source.slice(token);
        let word = text.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        shapes.entry(token.line).or_default().push_str(if word { "w" } else { text });
    }
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for shape in shapes.values().filter(|shape| shape.len() > 3) {
        *counts.entry(shape).or_default() += 1;
    }
    let (all, most) = (counts.values().sum::<usize>(), counts.values().max().copied().unwrap_or(0));
    most * 10 >= all * 6
}

/// The first place elsewhere that has the same code.
fn original(context: &Context<'_>, copy: &Copy, found: &Found) -> Option<(Rc<Source>, Range<usize>)> {
    found.all(copy.pattern.needle())?.iter().find_map(|hit| {
        let same =
            Language::of(&hit.path).shares_names_with(copy.language) && Role::of(&hit.path) == Role::Source;
        let source = same.then(|| context.source(Side::Head, &hit.path)).flatten()?;
        let range = copy.pattern.at_line(&source, hit.line)?;
        let line = source.tokens()[range.start].line;
        if are_parallel(&source.path, &copy.path) || is_compiled(&source.path, &copy.path) {
            return None;
        }
        // Two new copies are told once, at the later one.
        let own = source.path == copy.path && line >= copy.first;
        let later = context.is_added(&source.path, line) && (&source.path, line) > (&copy.path, copy.first);
        (!own && !later && line < source.own_tests_start()).then_some((source, range))
    })
}

fn report(own: &Source, copy: &Copy, source: &Source, range: Range<usize>) -> Option<(Raised, u32)> {
    let more = range.end..source.tokens().len();
    let follows = more.zip(copy.start + range.len()..own.tokens().len()).take_while(|(there, here)| {
        own.tokens()[*here].line <= copy.last
            && source.slice(&source.tokens()[*there]) == own.slice(&own.tokens()[*here])
    });
    let length = range.len() + follows.count();
    let (first, last) = (source.tokens()[range.start].line, source.tokens()[range.start + length - 1].line);
    let own_last = own.tokens()[copy.start + length - 1].line;
    let name = |source: &Source, line| {
        around(source, line).map_or_else(|| format!("`{}`", source.path), |function| code(&function.name))
    };
    let (here, there) = (name(own, copy.first), name(source, first));
    let draft = Draft {
        rule: DUPLICATED,
        category: "style",
        severity: Severity::Suggestion,
        kind: Kind::Enhancement,
        rank: 0.8 + (length.min(400) as f64) / 400.0,
        title: format!(
            "{here} repeats {} lines of {there} in `{}`",
            own_last + 1 - copy.first,
            shortened(source.path.as_str(), 50)
        ),
        problem: format!(
            "Lines {}–{own_last} of `{}` are new and the same as lines {first}–{last} of `{}`, {length} tokens alike save for names \
             of variables. Who mends one of them has to know of the other.",
            copy.first, own.path, source.path,
        ),
        locations: vec![
            lines(own, copy.first, own_last.min(copy.first + 11), Side::Head, PlaceRole::Primary),
            lines(source, first, last.min(first + 11), Side::Head, PlaceRole::Evidence),
        ],
        evidence: vec![read(
            format!("{}:{first} has the same code", source.path),
            source.path.as_str(),
            first,
            Some(source.line(first).trim().to_owned()),
        )],
        fix: format!("Call {there}, or move what both do into one function."),
        patch: None,
        because: format!("The change adds lines {}–{own_last}.", copy.first),
        scenario: None,
    };
    Some((draft.raise(), own_last))
}
