//! What is kept of a finding, so that later rounds know it again.
//!
//! In: findings of a report and the repository at its head. Out: one [`Remembered`] each: the lines that stand there, who
//! uses the function, what the proposed fix would add. Without a repository, what the report itself shows. Never judges.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Callers, CheckResult, Finding, Gate, Location, Remembered, RememberedPlace, RunId, Sha, Side, Strength,
    Telling,
};

use crate::callers::{callers, sum};
use crate::facts::Facts;
use crate::symbol::last_part;
use crate::text::{code_spans, normalise, substance};
use crate::view::FileView;
use crate::world::World;

/// The longest body that is kept.
const BODY: usize = 4_000;

/// Other ways of telling that are kept, and how much of the body of each.
const TELLINGS: usize = 8;
const TELLING_BODY: usize = 1_200;

/// Lines within which a place without a quote is one that was counted wrongly, beside a place that was quoted.
const BESIDE: u32 = 4;

/// Lines kept of one place; a longer range is told by its first ones.
const LINES: usize = 60;

/// Places kept of one finding.
const PLACES: usize = 24;

/// Lines before and after a place that its surroundings are told by.
const AROUND: usize = 4;

/// Which report findings come from.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The run.
    pub run: RunId,
    /// Its round.
    pub round: u32,
    /// Its head.
    pub head: Sha,
}

/// Remembers findings with what the repository shows at their head.
pub fn remember(facts: &dyn Facts, findings: &[Finding], told: &Told) -> Vec<Remembered> {
    let world = World::new(facts);
    let names: Vec<BTreeSet<String>> = findings.iter().map(names).collect();
    let known = callers(facts, &names.iter().flatten().cloned().collect());
    let with_facts = |(finding, names): (&Finding, &BTreeSet<String>)| {
        let mut item = remember_bare(finding, told);
        for (place, (_, location)) in item.places.iter_mut().zip(places(finding)) {
            look(&world, place, location);
        }
        keep_new_lines(&world, &mut item);
        item.callers = sum(&known, names);
        item
    };
    findings.iter().zip(&names).map(with_facts).collect()
}

/// Remembers a finding by what its report shows: for reports whose commits are gone.
pub fn remember_bare(finding: &Finding, told: &Told) -> Remembered {
    let mut reviewers: Vec<String> = finding.sources.iter().map(|source| source.reviewer.clone()).collect();
    reviewers.sort();
    reviewers.dedup();
    let shown = |title: &String| *title != finding.title && !title.is_empty();
    Remembered {
        run: told.run.clone(),
        id: finding.id.clone(),
        round: told.round,
        fingerprint: finding.fingerprint.clone(),
        severity: finding.severity,
        kind: finding.kind,
        title: finding.title.clone(),
        body: cut(&finding.body, BODY),
        also_told: finding.sources.iter().map(|source| source.title.clone()).filter(shown).collect(),
        tellings: tellings(finding),
        places: places(finding).into_iter().map(|it| place(finding, it)).collect(),
        fix_adds: fix_adds(finding),
        callers: Callers::default(),
        strength: strength(finding),
        reviewers,
        head: told.head.clone(),
    }
}

/// How others told it.
fn tellings(finding: &Finding) -> Vec<Telling> {
    let others = finding.sources.iter().filter(|source| !source.shown && !source.title.is_empty());
    let telling = |source: &model::Source| Telling {
        title: source.title.clone(),
        body: cut(&source.body, TELLING_BODY),
    };
    others.take(TELLINGS).map(telling).collect()
}

/// Adds how a finding was told in earlier rounds, as far as there is room: it may be told like that again.
pub fn keep_telling(now: &mut Remembered, before: &Remembered) {
    let first = Telling { title: before.title.clone(), body: cut(&before.body, TELLING_BODY) };
    for telling in std::iter::once(&first).chain(&before.tellings) {
        let is_known = telling.title == now.title || now.tellings.iter().any(|it| it.title == telling.title);
        if !is_known && now.tellings.len() < TELLINGS {
            now.tellings.push(telling.clone());
        }
    }
}

fn cut(text: &str, most: usize) -> String {
    text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at]).to_owned()
}

/// The places that are kept, with their positions. Where somebody quoted code, lines right beside it that others named without
/// a quote are the same place, miscounted: they would still stand when it is repaired.
fn places(finding: &Finding) -> Vec<(usize, &Location)> {
    let quoted: Vec<&Location> =
        finding.locations.iter().filter(|it| it.quote.is_some() && it.start.is_some()).collect();
    let range = |it: &Location| it.start.map(|start| (start, it.end.unwrap_or(start)));
    let beside = |one: &Location| {
        let near = |other: &&&Location| match (range(one), range(other)) {
            (Some(a), Some(b)) => a.0 <= b.1.saturating_add(BESIDE) && b.0 <= a.1.saturating_add(BESIDE),
            _ => false,
        };
        one.quote.is_none() && quoted.iter().filter(|it| it.path == one.path).any(|it| near(&it))
    };
    finding.locations.iter().enumerate().filter(|(_, it)| !beside(it)).take(PLACES).collect()
}

fn place(finding: &Finding, (at, location): (usize, &Location)) -> RememberedPlace {
    // A place at the merge base is of code that is gone already.
    let quote = location.quote.as_deref().filter(|_| location.side == Side::Head);
    let mut lines: Vec<String> = quote.map(plain_lines).unwrap_or_default();
    if lines.is_empty() && at == 0 && location.side == Side::Head {
        lines = excerpt_lines(finding);
    }
    lines.truncate(LINES);
    RememberedPlace {
        path: location.path.clone(),
        start: location.start,
        end: location.end,
        symbol: location.symbol.clone(),
        // Nobody looked yet whether they stand there.
        times: 0,
        lines,
        quoted: quote.is_some(),
        ..RememberedPlace::default()
    }
}

/// The lines of a quote; none where some are left out, because then it is not what stands in the file.
fn plain_lines(quote: &str) -> Vec<String> {
    let lines: Vec<String> =
        quote.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()).collect();
    let elided = |line: &String| line.contains("...") || line.contains('…');
    if lines.iter().any(elided) { Vec::new() } else { lines }
}

fn excerpt_lines(finding: &Finding) -> Vec<String> {
    let Some(excerpt) = finding.excerpt.as_ref().filter(|it| it.side == Side::Head) else {
        return Vec::new();
    };
    let skip = excerpt.start.saturating_sub(excerpt.first_line) as usize;
    let count = (excerpt.end.saturating_sub(excerpt.start) + 1) as usize;
    let lines: Vec<String> = excerpt.lines.iter().skip(skip).take(count).cloned().collect();
    if lines.iter().any(|line| line == "…") { Vec::new() } else { lines }
}

fn fix_adds(finding: &Finding) -> Vec<String> {
    let patch = finding.fix.as_ref().and_then(|fix| fix.patch.as_deref()).unwrap_or_default();
    let added =
        patch.lines().filter(|line| !line.starts_with("+++")).filter_map(|line| line.strip_prefix('+'));
    added.map(normalise).filter(|line| substance(line) >= 4).take(LINES).collect()
}

fn strength(finding: &Finding) -> Strength {
    let passed = |gate: Gate| {
        let of_gate = finding.checks.iter().filter(|check| check.gate == gate);
        of_gate.into_iter().any(|it| matches!(it.result, CheckResult::Pass | CheckResult::Repaired))
    };
    // A script that was given is an execution that people could look at when they decided.
    let scripted = finding
        .checks
        .iter()
        .any(|check| check.gate == Gate::Repro && check.detail.starts_with("a script is given"));
    match (passed(Gate::Repro) || scripted, passed(Gate::Quote)) {
        (true, _) => Strength::Ran,
        (false, true) => Strength::Read,
        (false, false) => Strength::Reasoned,
    }
}

/// The function around the primary place, and functions that the title names.
fn names(finding: &Finding) -> BTreeSet<String> {
    let symbol = finding.locations.first().and_then(|place| place.symbol.as_deref());
    let of_title = code_spans(&finding.title).into_iter();
    let words = symbol.into_iter().chain(of_title).map(|name| last_part(name.trim_end_matches("()")));
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    words.filter(is_name).map(str::to_owned).collect()
}

/// Puts the lines of the file in place of the quote, which may leave some out.
fn look(world: &World<'_>, place: &mut RememberedPlace, location: &Location) {
    place.old_path = world
        .changes
        .file(&location.path)
        .and_then(|file| file.diff.old_path.clone())
        .filter(|old| *old != location.path);
    if location.side != Side::Head {
        return;
    }
    let Some(view) = world.view(Side::Head, &location.path) else { return };
    if let Some(start) = location.start.filter(|start| *start > 0 && *start <= view.line_count()) {
        let end = location.end.unwrap_or(start).clamp(start, view.line_count());
        let lines = view.lines[start as usize - 1..end as usize].iter().take(LINES);
        let solid: Vec<String> = lines.filter(|line| !line.trim().is_empty()).cloned().collect();
        if !solid.is_empty() {
            place.lines = solid;
        }
        (place.before, place.after) = around(&view, start, place.lines.len());
    }
    place.times = starts(&view, &normal(&place.lines)).len() as u32;
}

/// A patch may add lines that stand there already.
fn keep_new_lines(world: &World<'_>, item: &mut Remembered) {
    let Some(path) = item.places.first().map(|place| &place.path) else { return };
    if let Some(view) = world.view(Side::Head, path) {
        item.fix_adds.retain(|line| view.positions(line).is_empty());
    }
}

/// Lines as they are compared: white space collapsed, blank ones left out.
pub(crate) fn normal(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| normalise(line)).filter(|line| !line.is_empty()).collect()
}

/// Line numbers at which these lines stand, one after the other.
pub(crate) fn starts(view: &FileView, wanted: &[String]) -> Vec<u32> {
    let Some(first) = wanted.first() else { return Vec::new() };
    let stands = |at: &&usize| {
        wanted.iter().enumerate().all(|(n, line)| view.solid.get(*at + n).is_some_and(|it| it.text == *line))
    };
    view.positions(first).iter().filter(stands).map(|at| view.solid[*at].line).collect()
}

/// What stands before and after `count` lines that begin at a line.
pub(crate) fn around(view: &FileView, start: u32, count: usize) -> (Vec<String>, Vec<String>) {
    let at = view.solid.partition_point(|line| line.line < start);
    let before = &view.solid[at.saturating_sub(AROUND)..at];
    let after = view.solid.iter().skip(at + count).take(AROUND);
    let texts = |line: &crate::view::Solid| line.text.clone();
    (before.iter().map(texts).collect(), after.map(texts).collect())
}

/// Callers of all names that are remembered of several findings.
pub(crate) fn callers_of(facts: &dyn Facts, items: &[&Remembered]) -> BTreeMap<String, Callers> {
    callers(facts, &items.iter().flat_map(|item| item.callers.names.iter().cloned()).collect())
}
