//! Where to look first.
//!
//! In: a change with its history. Out: places ranked by risk, each with its reasons: what the history of the file says,
//! conditions and error paths, words that are rare in the file, code unlike the code beside it, size of the edit. It guides; it claims nothing.

mod lines;
#[cfg(test)]
mod measured;
mod surprise;

use std::collections::{BTreeMap, BTreeSet};

use model::{Attention, ChangeStatus, FileDiff, RepoPath, Side};

use crate::context::Context;
use crate::edits::blocks;
use crate::functions::around;
use crate::history::is_repair;
use crate::language::Role;
use crate::source::Source;
use crate::words::{code, count};
use lines::{Weighed, weigh};
use surprise::Neighbours;

/// Places named in all, and in one function.
const MOST: usize = 30;
const MOST_IN_ONE: usize = 3;
/// Lines on each side of a place that are looked at with it.
const REACH: u32 = 3;

/// What the history knows of one file.
#[derive(Default)]
struct Past<'a> {
    commits: usize,
    repairs: usize,
    authors: BTreeSet<&'a str>,
}

/// The places, riskiest first.
pub(crate) fn attention(context: &Context<'_>) -> Vec<Attention> {
    let past = past(context);
    let mut places: Vec<Attention> = Vec::new();
    let mut neighbours = Neighbours::default();
    for file in context.compared().filter(|file| file.status != ChangeStatus::Deleted) {
        let Some(source) = context.source(Side::Head, &file.path) else { continue };
        places.extend(of_file(context, &mut neighbours, file, &source, past.get(&file.path)));
    }
    places.sort_by(|left, right| {
        right
            .score
            .total_cmp(&left.score)
            .then_with(|| (&left.path, left.start).cmp(&(&right.path, right.start)))
    });
    places.truncate(MOST);
    let best = places.first().map_or(1.0, |place| place.score).max(f64::MIN_POSITIVE);
    for place in &mut places {
        place.score = (place.score / best * 100.0).round() / 100.0;
    }
    places
}

fn past<'a>(context: &'a Context<'_>) -> BTreeMap<&'a RepoPath, Past<'a>> {
    let mut known: BTreeMap<&RepoPath, Past<'_>> = BTreeMap::new();
    for commit in &context.past().commits {
        for path in &commit.paths {
            let past = known.entry(path).or_default();
            past.commits += 1;
            past.repairs += usize::from(is_repair(&commit.subject));
            past.authors.insert(&commit.author);
        }
    }
    known
}

/// How much a kind of file matters.
fn role_weight(role: Role) -> f64 {
    match role {
        Role::Source => 1.0,
        Role::Ci | Role::Config => 0.25,
        Role::Example => 0.15,
        Role::Test => 0.1,
        Role::Docs | Role::History => 0.03,
        Role::Foreign => 0.0,
    }
}

/// How much a line counts for the way its file was edited: more in one with many edits, less in one with long ones. Fit by
/// hand on 617 changes of 87 packages, in steps of several files (`docs/design/builtin-attention.md`).
fn core(edits: usize, weight: f64) -> f64 {
    (edits.max(1) as f64 / (weight + 0.5)).sqrt()
}

/// The best lines of one file.
fn of_file(
    context: &Context<'_>,
    neighbours: &mut Neighbours,
    file: &FileDiff,
    source: &Source,
    past: Option<&Past<'_>>,
) -> Vec<Attention> {
    let tests = source.own_tests_start();
    let mut weights: BTreeMap<u32, Weighed> = weigh(context, neighbours, file, source);
    for (_, weighed) in weights.range_mut(tests..) {
        weighed.weight *= role_weight(Role::Test);
    }
    let factor = role_weight(source.role)
        * past.map_or(1.0, |past| 1.0 + 0.3 * (past.repairs as f64) / (past.commits.max(3) as f64))
        * core(blocks(file).len(), weights.values().map(|weighed| weighed.weight).sum());
    let mut places: Vec<Attention> = Vec::new();
    let mut named: Vec<u32> = Vec::new();
    let mut taken: BTreeMap<Option<u32>, usize> = BTreeMap::new();
    let all = weights.clone();
    while places.len() < MOST {
        let Some((center, sum)) = best_line(&weights, &all, &named) else { break };
        named.push(center);
        let function = around(source, center);
        let used = taken.entry(function.map(|function| function.first)).or_default();
        // The second place in one function says less than the first in another one, and so it is with files.
        let discount = 1.0 / ((1.0 + 0.6 * *used as f64) * (1.0 + 0.3 * places.len() as f64));
        *used += 1;
        if *used <= MOST_IN_ONE || function.is_none() {
            let why = reasons(&weights, center, function.map(|function| function.name.as_str()), past);
            let score = sum * factor * discount;
            places.push(Attention { path: source.path.clone(), start: center, end: center, score, why });
        }
        for line in center.saturating_sub(REACH)..=center + REACH {
            weights.remove(&line);
        }
    }
    places
}

/// The line whose neighbourhood weighs most, and how much: what is told already weighs nothing, and no two lines are named
/// whose neighbourhoods overlap.
fn best_line(
    weights: &BTreeMap<u32, Weighed>,
    all: &BTreeMap<u32, Weighed>,
    named: &[u32],
) -> Option<(u32, f64)> {
    all.iter()
        .filter(|(line, _)| named.iter().all(|other| line.abs_diff(*other) > 2 * REACH))
        .map(|(line, own)| {
            let near: f64 = weights
                .range(line.saturating_sub(REACH)..=line + REACH)
                .map(|(_, weighed)| weighed.weight)
                .sum();
            // Of two neighbourhoods alike, the one around the heavier line; else the line itself is one of seven.
            (*line, near + own.weight * 0.001)
        })
        .filter(|(_, sum)| *sum > 0.0)
        .max_by(|left, right| left.1.total_cmp(&right.1).then(right.0.cmp(&left.0)))
}

fn reasons(
    weights: &BTreeMap<u32, Weighed>,
    center: u32,
    function: Option<&str>,
    past: Option<&Past<'_>>,
) -> Vec<String> {
    let near: Vec<&Weighed> =
        weights.range(center.saturating_sub(REACH)..=center + REACH).map(|(_, weighed)| weighed).collect();
    let number = |of: fn(&Weighed) -> bool| near.iter().filter(|weighed| of(weighed)).count();
    let mut why = vec![match function {
        Some(name) => format!("{} of {} changed here", count(near.len(), "line", "lines"), code(name)),
        None => format!("{} changed here", count(near.len(), "line", "lines")),
    }];
    for (found, one, many) in [
        (number(|weighed| weighed.condition), "condition", "conditions"),
        (number(|weighed| weighed.error), "line on an error path", "lines on error paths"),
        (number(|weighed| weighed.replaced), "line in place of another", "lines in place of others"),
        (
            number(|weighed| weighed.rare),
            "line with words new to the file",
            "lines with words new to the file",
        ),
        (number(|weighed| weighed.unusual), "line unlike the code around", "lines unlike the code around"),
    ] {
        if found > 0 {
            why.push(count(found, one, many));
        }
    }
    if let Some(past) = past.filter(|past| past.commits > 1) {
        why.push(format!(
            "the file: {}, {} among them, {}",
            count(past.commits, "earlier commit", "earlier commits"),
            count(past.repairs, "repair", "repairs"),
            count(past.authors.len(), "author", "authors"),
        ));
    }
    why
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn functions(name: &str, many: usize) -> String {
        let mut text = String::new();
        for at in 0..many {
            let _ = write!(
                text,
                "def {name}_{at}(rows, limit):\n    kept = load_{name}(rows[{at}], limit - {at})\n    \
                 if kept is None or kept.size > limit:\n        raise ValueError(\"{name} {at}\")\n    \
                 return merge_{name}(kept, rows)\n\n\n"
            );
        }
        text
    }

    #[test]
    fn the_first_places_are_spread_over_the_code_before_tests_documents_and_lock_files() {
        let (large, small, tests) = (functions("large", 40), functions("small", 1), functions("test", 40));
        let lock = "[[package]]\nname = \"a\"\nif (x) { y(z) }\n".repeat(30);
        let change = MemoryChange::new(
            &[],
            &[
                ("README.md", "Call `large_1` if you must.\n"),
                ("poetry.lock", &lock),
                ("src/large.py", &large),
                ("src/small.py", &small),
                ("tests/test_large.py", &tests),
            ],
        );
        let places = crate::attention(&change, &Settings::default());
        let paths: Vec<&str> = places.iter().map(|place| place.path.as_str()).collect();
        assert_eq!(paths[0], "src/small.py", "the small edit first: {paths:?}");
        assert!(paths[1..5].iter().all(|path| *path == "src/large.py"), "{paths:?}");
        let first_test = paths.iter().position(|path| path.starts_with("tests/")).unwrap_or(paths.len());
        let last_code = paths.iter().rposition(|path| path.starts_with("src/")).expect("code is named");
        assert!(last_code < first_test && !paths.contains(&"poetry.lock"), "{paths:?}");
    }

    #[test]
    fn of_two_files_with_as_many_lines_added_the_one_edited_in_more_places_is_first() {
        let edited = |places: usize, lines: usize| {
            let mut text = "def run(limit):\n".to_owned();
            for place in 0..3 {
                let _ = writeln!(text, "    kept_{place} = load_rows(limit - {place})");
                for line in 0..if place < places { lines } else { 0 } {
                    let _ = writeln!(text, "    total += merge(kept_{place}, limit + {line})");
                }
                text.push_str("    check(limit)\n    check(limit)\n    check(limit)\n");
            }
            text
        };
        let (base, once, thrice) = (edited(0, 0), edited(1, 21), edited(3, 7));
        let change =
            MemoryChange::new(&[("a.py", &base), ("b.py", &base)], &[("a.py", &once), ("b.py", &thrice)]);
        let places = crate::attention(&change, &Settings::default());
        assert_eq!(places[0].path.as_str(), "b.py", "{places:#?}");
    }

    #[test]
    fn a_place_is_the_line_with_the_heaviest_neighbourhood_and_no_two_overlap() {
        let base = "def run(rows):\n    total = 0\n    return total\n";
        let head = "def run(rows):\n    total = 0\n    note = 1\n\n    if rows and not rows[0].closed:\n        \
                    total = add_rows(rows, limit=3)\n    for row in rows:\n        total += row.size(total) or fail(row)\n    return total\n";
        let change = MemoryChange::new(&[("a.py", base)], &[("a.py", head)]);
        let places = crate::attention(&change, &Settings::default());
        assert_eq!(places.len(), 1, "six added lines are one place: {places:#?}");
        assert!((4..=8).contains(&places[0].start), "{places:#?}");
        assert!(places[0].why.iter().any(|why| why.contains("condition")), "{:?}", places[0].why);
    }
}
