//! Unfixed siblings: what this change repairs here still stands elsewhere; what it adds stands elsewhere already.
//!
//! In: the edits of a change and the lines that share a rare word with them. Out: the places with the same code before the
//! edit. Silent where the code is so common that the edit is a choice for one place.

#[cfg(test)]
mod cases;
mod copies;
mod edit;
mod pattern;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use model::{FileDiff, Kind, RepoPath, Severity, Side};

use crate::context::{Context, path_before};
use crate::edits::{Block, blocks};
use crate::family::{Draft, Family, Raised, read};
use crate::functions::{Function, around};
use crate::language::{Language, Role};
use crate::needles::{Found, Needles};
use crate::patch::replacing;
use crate::place::{PlaceRole, at, lines};
use crate::source::Source;
use crate::tokens::TokenKind;
use crate::words::{code, count, shortened};
use copies::Copies;
use edit::is_a_repair;
use pattern::Pattern;

pub(crate) const UNFIXED: &str = "sibling/unfixed";
pub(crate) const DUPLICATED: &str = "sibling/duplicated";

/// One edit whose old form is looked for.
struct Repair {
    path: RepoPath,
    old_path: RepoPath,
    /// The lines of the merge base that make the pattern.
    base: (u32, u32),
    /// The lines of head that took their place.
    head: (u32, u32),
    /// How many lines of the pattern stand above and below the edit itself.
    kept: (u32, u32),
    pattern: Pattern,
    /// A rare word of the function around it: leads to functions that are alike as wholes, where the pattern has none.
    lead: Option<String>,
    language: Language,
    role: Role,
}

/// The family.
pub(crate) struct Siblings {
    repairs: Vec<Repair>,
    copies: Copies,
}

/// More edits than this are a rewrite.
const MOST_REPAIRS: usize = 120;
/// Fewer tokens are the same by chance.
const FEWEST_TOKENS: usize = 24;
/// Shorter functions are alike by chance.
const FEWEST_IN_COPY: usize = 60;
/// Code that stands at more places than this is an idiom.
const MOST_SIBLINGS: usize = 4;

impl Siblings {
    /// Collects the edits that may be repairs.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut repairs = Vec::new();
        // In releases and rewrites edits are new designs more often than repairs (`docs/design/builtin-precision.md`).
        if context.settings.runs(UNFIXED) && context.is_focused() {
            for file in context.compared() {
                let (Some(old_path), Some(after)) =
                    (path_before(file), context.source(Side::Head, &file.path))
                else {
                    continue;
                };
                let Some(before) = context.source(Side::Base, old_path) else { continue };
                if after.language.is_code() && after.role == Role::Source {
                    repairs.extend(repairs_of(file, &before, &after));
                }
            }
        }
        repairs.truncate(MOST_REPAIRS);
        Self { repairs, copies: Copies::new(context) }
    }
}

fn repairs_of(file: &FileDiff, before: &Rc<Source>, after: &Source) -> Vec<Repair> {
    blocks(file)
        .iter()
        .filter(|block| is_a_repair(block, before, after))
        .filter_map(|block| {
            let (range, base) = old_form(block, before)?;
            Some(Repair {
                path: after.path.clone(),
                old_path: before.path.clone(),
                base,
                head: (block.added[0], *block.added.last()?),
                kept: kept(block, base),
                pattern: Pattern::new(before, range)?,
                lead: around(before, base.0).and_then(|function| lead(before, function)),
                language: after.language,
                role: after.role,
            })
        })
        .filter(|repair| repair.is_telling() || repair.lead.is_some())
        .collect()
}

impl Repair {
    /// True where the old form alone cannot be the same elsewhere by chance.
    fn is_telling(&self) -> bool {
        self.pattern.exact_words() >= 3 && !self.pattern.needle().is_empty()
    }
}

/// The longest rare word, no variable's, of a function that is long enough to have a copy.
fn lead(source: &Source, function: &Function) -> Option<String> {
    let range = function.tokens(source);
    if range.len() < FEWEST_IN_COPY {
        return None;
    }
    let tokens = source.tokens();
    range
        .filter(|at| tokens[*at].kind == TokenKind::Word && !pattern::is_local(source, *at))
        .map(|at| source.slice(&tokens[at]))
        .filter(|word| word.len() >= 5 && *word != function.name && crate::names::is_uncommon(word))
        .filter(|word| !crate::tokens::is_keyword(word))
        .max_by_key(|word| (word.len(), std::cmp::Reverse(*word)))
        .map(str::to_owned)
}

/// The lines of the old form that the edit left as they were.
fn kept(block: &Block, base: (u32, u32)) -> (u32, u32) {
    match (block.removed.first(), block.removed.last()) {
        (Some(first), Some(last)) => (first - base.0, base.1 - last),
        _ => (block.base_before + 1 - base.0, base.1 - block.base_before),
    }
}

/// The tokens and lines of the merge base that the edit replaced, with as many neighbours as make them unmistakable.
fn old_form(block: &Block, before: &Source) -> Option<(Range<usize>, (u32, u32))> {
    let function = around(before, block.base_before.max(1))?;
    let (mut first, mut last) = match (block.removed.first(), block.removed.last()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => (block.base_before + 1, block.base_before),
    };
    let tokens = before.tokens();
    let range = |first: u32, last: u32| {
        tokens.partition_point(|token| token.line < first)..tokens.partition_point(|token| token.line <= last)
    };
    let inserted = block.removed.is_empty();
    for _ in 0..8 {
        // One line alone is the same elsewhere by chance.
        let enough = range(first, last).len() >= FEWEST_TOKENS && last > first;
        let surrounded = !inserted || (first <= block.base_before && last > block.base_before);
        if enough
            && surrounded
            && first <= last
            && Pattern::new(before, range(first, last))
                .is_some_and(|pattern| pattern.exact_words() >= 3 && !pattern.needle().is_empty())
        {
            return Some((range(first, last), (first, last)));
        }
        let (above, below) = (code_line(before, first, -1), code_line(before, last, 1));
        first = above.filter(|line| *line > function.first).unwrap_or(first);
        last = below.filter(|line| *line <= function.last).unwrap_or(last);
    }
    let range = range(first, last);
    (range.len() >= FEWEST_TOKENS && first < last).then_some((range, (first, last)))
}

/// The next line with code in a direction.
fn code_line(source: &Source, from: u32, step: i32) -> Option<u32> {
    let mut line = from;
    for _ in 0..8 {
        line = line.checked_add_signed(step)?;
        if line == 0 || line > source.line_count() {
            return None;
        }
        if !source.code(line).trim().is_empty() {
            return Some(line);
        }
    }
    None
}

impl Family for Siblings {
    fn needles(&self, needles: &mut Needles) {
        for repair in &self.repairs {
            needles.add(repair.pattern.needle());
            if let Some(lead) = &repair.lead {
                needles.add(lead);
            }
        }
        self.copies.needles(needles);
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let mut told: Vec<(RepoPath, u32)> = Vec::new();
        let mut raised: Vec<Between> = Vec::new();
        let mut pairs: BTreeMap<(RepoPath, RepoPath), usize> = BTreeMap::new();
        for repair in &self.repairs {
            let mut others = siblings(context, repair, found);
            others.retain(|(source, first, _)| !told.contains(&(source.path.clone(), *first)));
            if (1..=MOST_SIBLINGS).contains(&others.len()) {
                told.extend(others.iter().map(|(source, first, _)| (source.path.clone(), *first)));
                let Some(finding) = report(context, repair, &others) else { continue };
                let pair = (repair.path.clone(), others[0].0.path.clone());
                // Two edits that one copy lacks are one thing to look at.
                if let Some(at) = pairs.get(&pair) {
                    join(&mut raised[*at].0, finding);
                } else {
                    pairs.insert(pair.clone(), raised.len());
                    raised.push((finding, pair.0, pair.1));
                }
            }
        }
        let mut raised = without_divergence(raised);
        raised.extend(self.copies.findings(context, found));
        raised
    }
}

/// Adds the places of a second finding between two files to the first.
fn join(first: &mut Raised, second: Raised) {
    let place = |finding: &model::DocumentFinding| {
        finding.locations.first().map_or(String::new(), |place| {
            format!("{}–{}", place.start.unwrap_or_default(), place.end.unwrap_or_default())
        })
    };
    let more = format!(" So it is with lines {}.", place(&second.finding));
    first.finding.problem.push_str(&more);
    first.finding.locations.extend(second.finding.locations);
    first.finding.evidence.extend(second.finding.evidence);
    // Two edits are no single patch.
    if let Some(fix) = &mut first.finding.fix {
        fix.patch = None;
    }
    first.rank += 0.1;
}

/// A finding and the two files it compares.
type Between = (Raised, RepoPath, RepoPath);

/// Files that part ways at this many places in one change do so on purpose, or one is made from the other.
const MOST_BETWEEN_TWO: usize = 3;

/// Leaves out what is said of two files that differ too often.
fn without_divergence(raised: Vec<Between>) -> Vec<Raised> {
    let pairs: Vec<(RepoPath, RepoPath)> =
        raised.iter().map(|(_, one, other)| (one.clone(), other.clone())).collect();
    let often = |one: &RepoPath, other: &RepoPath| {
        one != other
            && pairs.iter().filter(|(left, right)| left == one && right == other).count() > MOST_BETWEEN_TWO
    };
    raised.into_iter().filter(|(_, one, other)| !often(one, other)).map(|(raised, ..)| raised).collect()
}

/// A place elsewhere: its file and lines.
type Sibling = (Rc<Source>, u32, u32);

fn siblings(context: &Context<'_>, repair: &Repair, found: &Found) -> Vec<Sibling> {
    let mut others: Vec<Sibling> = by_lead(context, repair, found);
    let hits = if repair.is_telling() { found.all(repair.pattern.needle()) } else { None };
    for hit in hits.unwrap_or_default() {
        if !Language::of(&hit.path).shares_names_with(repair.language) || Role::of(&hit.path) != repair.role {
            continue;
        }
        let Some(source) = context.source(Side::Head, &hit.path) else { continue };
        let Some(range) = repair.pattern.at_line(&source, hit.line) else { continue };
        let (first, last) = (source.tokens()[range.start].line, source.tokens()[range.end - 1].line);
        // What stands around the edit is the pattern itself, as far as the pattern goes.
        let (above, below) = (repair.kept.0.max(3), repair.kept.1.max(3));
        let own =
            source.path == repair.path && first <= repair.head.1 + below && last + above >= repair.head.0;
        let touched = (first..=last).any(|line| context.is_added(&source.path, line));
        let known = others.iter().any(|(other, line, _)| other.path == source.path && *line == first);
        let parallel = copies::are_parallel(&source.path, &repair.path);
        if !own && !parallel && !touched && !known && are_siblings(context, repair, &source, first) {
            others.push((source, first, last));
        }
    }
    others.retain(|other| !has_it_already(context, repair, other));
    others
}

/// True where all that the edit wrote stands in the other function already, in whatever order.
fn has_it_already(context: &Context<'_>, repair: &Repair, (source, first, _): &Sibling) -> bool {
    let (Some(after), Some(there)) = (context.source(Side::Head, &repair.path), around(source, *first))
    else {
        return false;
    };
    let plain = |source: &Source, line: u32| source.code(line).trim().to_owned();
    let held: BTreeSet<String> = (there.first..=there.last).map(|line| plain(source, line)).collect();
    let lines = (repair.head.0..=repair.head.1).map(|line| plain(&after, line));
    let written: Vec<String> = lines.filter(|text| text.len() > 2).collect();
    !written.is_empty() && written.iter().all(|text| held.contains(text))
}

/// Places in functions that are alike as wholes.
fn by_lead(context: &Context<'_>, repair: &Repair, found: &Found) -> Vec<Sibling> {
    let mut others: Vec<Sibling> = Vec::new();
    let mut seen: BTreeSet<(RepoPath, u32)> = BTreeSet::new();
    let Some(after) = context.source(Side::Head, &repair.path) else { return others };
    let Some(here) = around(&after, repair.head.0) else { return others };
    for hit in repair.lead.as_deref().and_then(|lead| found.all(lead)).unwrap_or_default() {
        if !Language::of(&hit.path).shares_names_with(repair.language) || Role::of(&hit.path) != repair.role {
            continue;
        }
        let Some(source) = context.source(Side::Head, &hit.path) else { continue };
        let Some(there) = around(&source, hit.line) else { continue };
        let itself = source.path == after.path && there.first == here.first;
        if itself
            || copies::are_parallel(&source.path, &after.path)
            || !seen.insert((source.path.clone(), there.first))
            || seen.len() > MOST_COMPARED
        {
            continue;
        }
        let range = there.tokens(&source);
        let place = if range.len() >= FEWEST_IN_COPY && likeness(&after, here, &source, there) >= ALIKE {
            repair.pattern.once_within(&source, range)
        } else {
            None
        };
        let Some(range) = place else { continue };
        let (first, last) = (source.tokens()[range.start].line, source.tokens()[range.end - 1].line);
        if !(first..=last).any(|line| context.is_added(&source.path, line)) {
            others.push((source, first, last));
        }
    }
    others
}

/// Functions that one edit is compared with by their rare word.
const MOST_COMPARED: usize = 40;

/// The share of tokens that functions have in common where one is a copy of the other.
const ALIKE: f64 = 0.95;
/// Within one function, shorter patterns are its way of doing things.
const LONG: usize = 45;

/// True where the two places do the same work: functions of one name, or functions that are alike as wholes.
fn are_siblings(context: &Context<'_>, repair: &Repair, source: &Source, line: u32) -> bool {
    let after = context.source(Side::Head, &repair.path);
    let (Some(after), Some(there)) = (after, around(source, line)) else { return false };
    let Some(here) = around(&after, repair.head.0) else { return false };
    let itself = after.path == source.path && here.first == there.first;
    if itself {
        return repair.pattern.len() >= LONG;
    }
    // As it was before the edit: the edit is what they differ in now.
    let before = context.source(Side::Base, &repair.old_path);
    before
        .as_ref()
        .and_then(|before| Some((before, around(before, repair.base.0)?)))
        .is_some_and(|(before, function)| likeness(before, function, source, there) >= ALIKE)
}

/// The share of tokens that two functions have in common, by number, whatever their variables are called.
fn likeness(one: &Source, function: &Function, other: &Source, second: &Function) -> f64 {
    let counts = |source: &Source, function: &Function| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for at in function.tokens(source) {
            let text = source.slice(&source.tokens()[at]);
            let token = if pattern::is_local(source, at) || text == function.name { "" } else { text };
            *counts.entry(token.to_owned()).or_default() += 1;
        }
        counts
    };
    let (left, right) = (counts(one, function), counts(other, second));
    let common: i64 =
        left.iter().map(|(token, times)| (*times).min(right.get(token).copied().unwrap_or(0))).sum();
    let all = left.values().sum::<i64>() + right.values().sum::<i64>() - common;
    common as f64 / all.max(1) as f64
}

fn report(context: &Context<'_>, repair: &Repair, others: &[Sibling]) -> Option<Raised> {
    let before = context.source(Side::Base, &repair.old_path)?;
    let after = context.source(Side::Head, &repair.path)?;
    let (source, first, last) = &others[0];
    let name = |source: &Source, line| around(source, line).map(|function| code(&function.name));
    let here = name(&after, repair.head.0).unwrap_or_else(|| code(repair.path.file_name()));
    let there = name(source, *first).unwrap_or_else(|| format!("`{}`", source.path));
    let more = if others.len() > 1 {
        format!(" and {}", count(others.len() - 1, "other place", "other places"))
    } else {
        String::new()
    };
    let mut locations = vec![lines(source, *first, *last, Side::Head, PlaceRole::Primary)];
    locations.extend(
        others[1..]
            .iter()
            .map(|(source, first, last)| lines(source, *first, *last, Side::Head, PlaceRole::Related)),
    );
    locations.push(at(&after, repair.head.0, Side::Head, PlaceRole::Evidence));
    let old: Vec<&str> = (repair.base.0..=repair.base.1).map(|line| before.line(line).trim()).collect();
    let new: Vec<&str> = (repair.head.0..=repair.head.1).map(|line| after.line(line).trim()).collect();
    Some(
        Draft {
            rule: UNFIXED,
            category: "correctness",
            severity: Severity::Suggestion,
            kind: Kind::Gap,
            rank: 2.0 + (repair.pattern.len().min(80) as f64) / 40.0 - (others.len() as f64) / 10.0,
            title: format!("{there} in `{}`{more} still has the code that the change repairs in {here}", shortened(source.path.as_str(), 50)),
            problem: format!(
                "The change edits lines {}–{} of `{}` (in {here}). The same code as before the edit, {} tokens alike save for \
                 names of variables, still stands at {} in this repository, which the change does not touch. If the old code was \
                 wrong there, it is wrong here.",
                repair.head.0,
                repair.head.1,
                repair.path,
                repair.pattern.len(),
                count(others.len(), "other place", "other places"),
            ),
            locations,
            evidence: vec![
                read(format!("{} before the change", repair.path), repair.path.as_str(), repair.head.0, Some(shortened(&old.join("\n"), 300))),
                read(format!("{} after it", repair.path), repair.path.as_str(), repair.head.0, Some(shortened(&new.join("\n"), 300))),
            ],
            fix: "Make the same edit here, share the code, or say in a comment why this place differs.".to_owned(),
            patch: patch_for(repair, &before, &after, &others[0]),
            because: format!("The change repairs `{}` and leaves this.", repair.path),
            scenario: None,
        }
        .raise(),
    )
}

/// The same edit at the sibling, where its lines are the old lines to the letter.
fn patch_for(repair: &Repair, before: &Source, after: &Source, sibling: &Sibling) -> Option<String> {
    let (source, first, last) = sibling;
    let (from, to) = repair.base;
    let same = last - first == to - from
        && (0..=to - from).all(|line| before.line(from + line) == source.line(first + line));
    let new: Vec<&str> = (repair.head.0..=repair.head.1).map(|line| after.line(line)).collect();
    let (start, end) = (first + repair.kept.0, last.checked_sub(repair.kept.1)?);
    same.then(|| replacing(source, start, end, &new))
}

/// True for a line of code that tests something.
pub(crate) fn guards(line: &str) -> bool {
    let words: Vec<&str> = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    ["if", "unless", "assert", "guard", "elif", "except", "catch", "ensure"]
        .iter()
        .any(|word| words.contains(word))
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn function(name: &str, row: &str, test: &str) -> String {
        format!(
            "def {name}(rows, most):\n    result = []\n    for {row} in rows:\n        n = 0\n        for x in {row}:\n            \
             n = n + x\n        if {test}:\n            n = 0\n        result.append(n + 1)\n        result.append(n + 2)\n    \
             write_parcel_weights(result)\n    return result\n"
        )
    }

    fn told(first: (&str, &str), other: &str) -> Vec<String> {
        let (one, two) = (function("load", "row", first.0), function("load", "row", first.1));
        let change =
            MemoryChange::new(&[("a.py", &one), ("b.py", other)], &[("a.py", &two), ("b.py", other)]);
        let settings = Settings { enable: vec![super::UNFIXED.into()], ..Settings::default() };
        let findings = crate::review(&change, &settings).findings;
        findings.into_iter().map(|finding| finding.locations[0].path.clone()).collect()
    }

    #[test]
    fn what_the_other_function_has_already_is_no_repair_to_copy() {
        let more = (3..40)
            .map(|number| format!("    result.append(most + {number})\n"))
            .collect::<Vec<_>>()
            .concat();
        let long = |text: String| {
            text.replace("    write_parcel_weights", &format!("{more}    write_parcel_weights"))
        };
        let (old, new) =
            (long(function("load", "row", "n < most")), long(function("load", "row", "n <= most")));
        let findings = |other: &str| {
            let change =
                MemoryChange::new(&[("a.py", &old), ("b.py", other)], &[("a.py", &new), ("b.py", other)]);
            let settings = Settings { enable: vec![super::UNFIXED.into()], ..Settings::default() };
            crate::review(&change, &settings).findings.len()
        };
        let other = long(function("save", "row", "n < most"));
        assert_eq!(findings(&other), 1);
        let has =
            other.replace("    return result", "    if n <= most:\n        return []\n    return result");
        assert_eq!(findings(&has), 0, "it stands there already");
    }

    #[test]
    fn a_copied_function_that_keeps_the_old_code_is_told_however_short_the_edit() {
        let edits = [("n < most", "n <= most"), ("n and most", "n or most"), ("n == most", "n != most")];
        for (old, new) in edits {
            assert_eq!(told((old, new), &function("save", "line", old)), ["b.py"], "{old}");
            assert_eq!(told((old, new), &function("save", "line", new)), [""; 0], "the same edit there");
            assert_eq!(
                told((old, new), "def save(rows):\n    write_parcel_weights(rows)\n"),
                [""; 0],
                "another function"
            );
        }
    }
}
