//! Unfixed siblings: what this change repairs here still stands elsewhere; what it adds stands elsewhere already.
//!
//! In: the edits of a change and the lines that share a rare word with them. Out: the places with the same code before the
//! edit. Silent where the code is so common that the edit is a choice for one place.

mod aligned;
#[cfg(test)]
mod cases;
mod copies;
mod edit;
mod pattern;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use model::{FileDiff, Kind, RepoPath, Severity, Side};

use crate::context::Context;
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
use aligned::Aligned;
use copies::Copies;
use edit::Edit;

pub(crate) const UNFIXED: &str = "sibling/unfixed";
pub(crate) const DUPLICATED: &str = "sibling/duplicated";

/// One edit whose old form is looked for.
struct Repair {
    path: RepoPath,
    old_path: RepoPath,
    /// The lines of the merge base that are looked for: those that went, or those around what came.
    base: (u32, u32),
    /// The lines of head that took their place.
    head: (u32, u32),
    /// How many of the lines stand above and below the edit itself.
    kept: (u32, u32),
    /// The tokens of the lines.
    tokens: Range<usize>,
    /// What the edit took out and wrote.
    edit: Edit,
    /// Rare words of the function around it: they lead to its copies.
    leads: Vec<String>,
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
/// More edits of one function write it anew.
const MOST_IN_FUNCTION: usize = 3;
/// The same exchange at more places of a change is a new name or a new way of writing, not a repair.
const MOST_ALIKE: usize = 3;
/// Code that stands at more places than this is an idiom.
const MOST_SIBLINGS: usize = 4;
/// Functions that one edit is compared with.
const MOST_COMPARED: usize = 40;

impl Siblings {
    /// Collects the edits that may be repairs.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut repairs = Vec::new();
        // In releases and rewrites edits are new designs more often than repairs (`docs/design/builtin-precision.md`).
        if context.settings.runs(UNFIXED) && context.is_small() {
            for (file, before, after) in context.edited_code() {
                repairs.extend(repairs_of(file, &before, &after));
            }
        }
        let alike =
            |edit: &Edit, repairs: &[Repair]| repairs.iter().filter(|other| other.edit == *edit).count();
        let often: Vec<bool> =
            repairs.iter().map(|repair| alike(&repair.edit, &repairs) > MOST_ALIKE).collect();
        let mut often = often.into_iter();
        repairs.retain(|_| !often.next().unwrap_or(false));
        repairs.truncate(MOST_REPAIRS);
        Self { repairs, copies: Copies::new(context) }
    }
}

fn repairs_of(file: &FileDiff, before: &Rc<Source>, after: &Source) -> Vec<Repair> {
    let blocks = blocks(file);
    let function = |block: &Block| around(before, block.base_before.max(1));
    let edits = |function: &Function| {
        let within = |block: &&Block| (function.first..=function.last).contains(&block.base_before);
        blocks.iter().filter(within).count()
    };
    // Who changes what a function takes adds a feature.
    let lines = |of: fn(&Block) -> &Vec<u32>| blocks.iter().flat_map(of).copied().collect::<Vec<u32>>();
    let (removed, added) = (lines(|block| &block.removed), lines(|block| &block.added));
    let takes = |source: &Source, function: &Function, lines: &[u32]| {
        let last = edit::signature_end(source, function);
        lines.iter().any(|line| (function.first..=last).contains(line))
    };
    let is_feature = |function: &Function, block: &Block| {
        let now = block.added.first().and_then(|line| around(after, *line));
        takes(before, function, &removed) || now.is_none_or(|now| takes(after, now, &added))
    };
    blocks
        .iter()
        .filter_map(|block| {
            let function = function(block)
                .filter(|function| edits(function) <= MOST_IN_FUNCTION && !is_feature(function, block))?;
            let edit = Edit::of(block, before, after)?;
            let base = old_form(block, before, function)?;
            let tokens = before.tokens();
            let range = tokens.partition_point(|token| token.line < base.0)
                ..tokens.partition_point(|token| token.line <= base.1);
            let leads = leads(before, function);
            (!leads.is_empty() && !range.is_empty()).then(|| Repair {
                path: after.path.clone(),
                old_path: before.path.clone(),
                base,
                head: (block.added[0], block.added[block.added.len() - 1]),
                kept: kept(block, base),
                tokens: range,
                edit,
                leads,
                language: after.language,
                role: after.role,
            })
        })
        .collect()
}

/// The longest rare words and numbers, no variable's, of a function that is long enough to have a copy.
fn leads(source: &Source, function: &Function) -> Vec<String> {
    let range = function.tokens(source);
    if range.len() < aligned::FEWEST_TOKENS {
        return Vec::new();
    }
    let tokens = source.tokens();
    let mut words: Vec<&str> = range
        .filter(|at| match tokens[*at].kind {
            TokenKind::Word => {
                let word = source.slice(&tokens[*at]);
                let is_rare = word.len() >= 4 && crate::names::is_uncommon(word);
                is_rare && !pattern::is_local(source, *at) && !crate::tokens::is_keyword(word)
            }
            TokenKind::Number => tokens[*at].end - tokens[*at].start >= 3,
            _ => false,
        })
        .map(|at| source.slice(&tokens[at]))
        .filter(|word| *word != function.name && !word.starts_with('$'))
        .collect();
    words.sort_by_key(|word| (!crate::names::is_distinctive(word), std::cmp::Reverse(word.len()), *word));
    words.dedup();
    words.into_iter().take(MOST_LEADS).map(str::to_owned).collect()
}

/// Words that are looked up for one function, in case that some stand everywhere.
const MOST_LEADS: usize = 4;

/// The lines of the old form that the edit left as they were.
fn kept(block: &Block, base: (u32, u32)) -> (u32, u32) {
    match (block.removed.first(), block.removed.last()) {
        (Some(first), Some(last)) => (first - base.0, base.1 - last),
        _ => (block.base_before + 1 - base.0, base.1 - block.base_before),
    }
}

/// The lines that went; where none went, the lines of the function around what came.
fn old_form(block: &Block, before: &Source, function: &Function) -> Option<(u32, u32)> {
    if let (Some(first), Some(last)) = (block.removed.first(), block.removed.last()) {
        return Some((*first, *last));
    }
    let above = code_line(before, block.base_before + 1, -1).filter(|line| *line >= function.first)?;
    let below = code_line(before, block.base_before, 1).filter(|line| *line <= function.last)?;
    Some((above, below))
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
        for lead in self.repairs.iter().flat_map(|repair| &repair.leads) {
            needles.add(lead);
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
            let most = if repair.edit.is_of_one() { 1 } else { MOST_SIBLINGS };
            if (1..=most).contains(&others.len()) {
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

/// True for a bundle: a file that has the functions of the other one and many more.
fn is_made_of(bundle: &Source, source: &Source) -> bool {
    let names = |source: &Source| -> BTreeSet<String> {
        source.functions().iter().map(|function| function.name.clone()).collect()
    };
    if bundle.path == source.path {
        return false;
    }
    let (all, own) = (names(bundle), names(source));
    let shared = own.intersection(&all).count();
    own.len() >= FEWEST_OF_BUNDLE && shared * 10 >= own.len() * 8 && all.len() * 4 >= own.len() * 5
}

/// Functions that a file must have for another one to be made of it.
const FEWEST_OF_BUNDLE: usize = 5;

fn siblings(context: &Context<'_>, repair: &Repair, found: &Found) -> Vec<Sibling> {
    let mut others: Vec<Sibling> = Vec::new();
    let mut seen: BTreeSet<(RepoPath, u32)> = BTreeSet::new();
    let sources = (context.source(Side::Base, &repair.old_path), context.source(Side::Head, &repair.path));
    let (Some(before), Some(after)) = sources else { return others };
    let (Some(function), Some(here)) = (around(&before, repair.base.0), around(&after, repair.head.0)) else {
        return others;
    };
    let hits = repair.leads.iter().filter_map(|lead| found.all(lead)).min_by_key(|hits| hits.len());
    for hit in hits.unwrap_or_default() {
        if seen.len() >= MOST_COMPARED {
            break;
        }
        if !Language::of(&hit.path).shares_names_with(repair.language) || Role::of(&hit.path) != repair.role {
            continue;
        }
        let Some(source) = context.source(Side::Head, &hit.path) else { continue };
        let Some(there) = around(&source, hit.line).filter(|there| there.first < source.own_tests_start())
        else {
            continue;
        };
        let itself = source.path == after.path && there.first == here.first;
        if itself
            || copies::are_parallel(&source.path, &after.path)
            || !seen.insert((source.path.clone(), there.first))
        {
            continue;
        }
        let place = Aligned::new(&before, function, &source, there)
            .filter(|aligned| !repair.edit.stands_in((&after, here), (&source, there), aligned))
            .filter(|aligned| repair.edit.fits((&after, here), (&source, there), aligned))
            .filter(|_| !is_made_of(&source, &before))
            .and_then(|aligned| aligned.place(repair.tokens.clone(), repair.edit.is_of_texts()));
        let Some(range) = place else { continue };
        let (first, last) = (source.tokens()[range.start].line, source.tokens()[range.end - 1].line);
        let added = |line| context.is_added(&source.path, line);
        // A copy that the change makes of the old form lacks the repair as well.
        let is_new = || (there.first..=there.last).all(added) && !context.is_moved(&source, there.first + 1);
        if !(first..=last).any(added) || is_new() {
            others.push((Rc::clone(&source), first, last));
        }
    }
    others
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
            rank: 3.0 - (others.len() as f64) / 10.0,
            title: format!("{there} in `{}`{more} still has the code that the change repairs in {here}", shortened(source.path.as_str(), 50)),
            problem: format!(
                "The change edits lines {}–{} of `{}` (in {here}). {there} is nearly the same function, names of variables and literals \
                 aside, and has the code as it was before the edit. If the old code was wrong there, it is wrong here.",
                repair.head.0, repair.head.1, repair.path,
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
