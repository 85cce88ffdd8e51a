//! Where a pattern stands in a file.
//!
//! In: a pattern and a prepared file. Out: every place, in order; or the line that comes closest. Never accepts a line
//! that reads otherwise, and never runs longer than its budget on hostile input.

use crate::pattern::{Element, Pattern};
use crate::text::{has_word, is_word, likeness, normalise, sketch};
use crate::view::{FileView, Solid};

/// Lines from first to last, 1-based and inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    /// First line.
    pub(crate) start: u32,
    /// Last line.
    pub(crate) end: u32,
}

/// What looking for a pattern gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Matched {
    /// The places, in order; none where the pattern does not stand in the file.
    Places(Vec<Span>),
    /// Text so repetitive that looking was given up.
    TooRepetitive,
}

const COMPARISONS: usize = 2_000_000;
const PLACES: usize = 10_000;
const LINES: usize = 4_000;
const PROMISING: usize = 60;

/// Every place where the runs of the pattern stand in order.
pub(crate) fn places(view: &FileView, pattern: &Pattern) -> Matched {
    if pattern.len() > LINES {
        return Matched::TooRepetitive;
    }
    let mut left = COMPARISONS;
    let mut starts = Vec::with_capacity(pattern.runs.len());
    for run in &pattern.runs {
        let Some(found) = run_starts(view, run, &mut left) else { return Matched::TooRepetitive };
        if found.is_empty() {
            return Matched::Places(Vec::new());
        }
        starts.push(found);
    }
    let is_text = |remark: &String| closest(view, remark, None).is_some_and(|(_, alike)| alike > 0.6);
    if pattern.remarks.iter().any(is_text) {
        return Matched::Places(Vec::new());
    }
    Matched::Places(chain(view, pattern, &starts))
}

fn run_starts(view: &FileView, run: &[Element], left: &mut usize) -> Option<Vec<usize>> {
    let whole = |(at, element): (usize, &Element)| match element {
        Element::Whole(line) => Some((at, view.positions(line).len())),
        Element::Split(..) => None,
    };
    let rarest = run.iter().enumerate().filter_map(whole).min_by_key(|(_, count)| *count);
    let candidates: Vec<usize> = match rarest {
        Some((at, _)) => {
            let Element::Whole(line) = &run[at] else { return Some(Vec::new()) };
            view.positions(line).iter().filter_map(|position| position.checked_sub(at)).collect()
        }
        None => (0..view.solid.len()).collect(),
    };
    let mut found = Vec::new();
    for start in candidates {
        let Some(window) = view.solid.get(start..start + run.len()) else { continue };
        let mut fits = true;
        for (element, solid) in run.iter().zip(window) {
            *left = left.checked_sub(1)?;
            if !stands(element, &solid.text) {
                fits = false;
                break;
            }
        }
        if fits {
            found.push(start);
        }
        if found.len() > PLACES {
            return None;
        }
    }
    Some(found)
}

fn stands(element: &Element, line: &str) -> bool {
    match element {
        Element::Whole(wanted) => wanted == line,
        Element::Split(starts, ends) => {
            let between =
                line.strip_prefix(starts.as_str()).and_then(|rest| rest.strip_suffix(ends.as_str()));
            between.is_some_and(|between| {
                // The elision stands for whole words: `get(...` is not a quote of `getAll(`.
                !(starts.ends_with(is_word) && between.starts_with(is_word)
                    || ends.starts_with(is_word) && between.ends_with(is_word))
            })
        }
    }
}

// For every start of the first run the nearest next runs behind it; of several starts that share their end the last
// is the tightest and stays.
fn chain(view: &FileView, pattern: &Pattern, starts: &[Vec<usize>]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    'first: for &start in &starts[0] {
        let mut end = start + pattern.runs[0].len();
        for (run, starts) in pattern.runs.iter().zip(starts).skip(1) {
            let next = starts.partition_point(|position| *position < end);
            let Some(position) = starts.get(next) else { continue 'first };
            end = position + run.len();
        }
        let span = Span { start: view.solid[start].line, end: view.solid[end - 1].line };
        match spans.last_mut() {
            Some(last) if last.end == span.end => *last = span,
            _ => spans.push(span),
        }
    }
    spans
}

/// Where a single line of text stands as a part of a line: whole words only, so that `get` is not found in `target`.
pub(crate) fn parts(view: &FileView, text: &str) -> Vec<Span> {
    let wanted = normalise(text);
    view.solid
        .iter()
        .filter(|solid| has_word(&solid.text, &wanted))
        .take(PLACES)
        .map(|solid| Span { start: solid.line, end: solid.line })
        .collect()
}

/// The line most like `wanted`, and how alike they are; ties go to the line nearest to `near`.
pub(crate) fn closest(view: &FileView, wanted: &str, near: Option<u32>) -> Option<(u32, f64)> {
    let distance = |line: u32| near.map_or(line, |near| near.abs_diff(line));
    let alike = |solid: &&Solid| (solid.line, likeness(&solid.text, wanted));
    promising(view, wanted).iter().map(alike).max_by(|a, b| {
        let first = if (a.1 - b.1).abs() < 1e-9 { std::cmp::Ordering::Equal } else { a.1.total_cmp(&b.1) };
        first.then(distance(b.0).cmp(&distance(a.0)))
    })
}

// Comparing every line letter by letter would take long in long files; sketches leave the few worth it.
fn promising<'v>(view: &'v FileView, wanted: &str) -> Vec<&'v Solid> {
    let bits = sketch(wanted);
    let differing = |solid: &&Solid| (solid.sketch ^ bits).count_ones();
    let mut lines: Vec<&Solid> = view.solid.iter().collect();
    if lines.len() > PROMISING {
        lines.select_nth_unstable_by_key(PROMISING, |solid| (differing(solid), solid.line));
        lines.truncate(PROMISING);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Way, ways};

    fn find(file: &str, quote: &str) -> Vec<(u32, u32)> {
        let view = FileView::new(file, false);
        ways(quote)
            .into_iter()
            .find_map(|way| match way {
                Way::Lines(pattern) => match places(&view, &pattern) {
                    Matched::Places(spans) if !spans.is_empty() => Some(spans),
                    _ => None,
                },
                _ => None,
            })
            .unwrap_or_default()
            .into_iter()
            .map(|span| (span.start, span.end))
            .collect()
    }

    #[test]
    fn indentation_and_blank_lines_do_not_matter_but_words_do() {
        let file = "fn a() {\n\n    one();\n\ttwo(  x );\n}\n";
        assert_eq!(find(file, "one();\n\n\n  two( x );"), [(3, 4)]);
        assert_eq!(find(file, "one();\ntwo(x);"), []);
    }

    #[test]
    fn a_blank_that_the_file_does_not_have_is_never_ignored() {
        assert_eq!(find("exec \"$@\"\n", "exec \"$ @\""), []);
    }

    #[test]
    fn runs_stand_in_order_and_the_tightest_place_wins() {
        let file = "start\nx\nstart\ny\nend\nend\n";
        assert_eq!(find(file, "start\n...\nend"), [(3, 5)]);
        assert_eq!(find(file, "end\n...\nstart"), []);
    }

    #[test]
    fn words_elided_within_a_line_may_reach_over_several_lines() {
        let file = "logs(Options{\n  a: 1,\n},\n)\nlogs(Options{b},\n";
        assert_eq!(find(file, "logs(Options{...},"), [(5, 5)]);
        assert_eq!(find("logs(Options{\n  a: 1,\n},\n)\n", "logs(Options{...},\n)"), [(1, 4)]);
    }

    #[test]
    fn the_closest_line_is_the_one_most_alike() {
        let view = FileView::new("alpha\nreturn total + tax;\nomega\n", false);
        let (line, alike) = closest(&view, "return total - tax;", None).expect("a line");
        assert_eq!(line, 2);
        assert!(alike > 0.8);
    }

    #[test]
    fn the_closest_line_is_found_among_very_many() {
        let line = |at: u32| format!("let value_{at} = compute_{}(context, {at});", at * 7 % 1013);
        let text = (0..20_000).map(line).collect::<Vec<_>>().join("\n");
        let view = FileView::new(&text, false);
        let wanted = "let value_777 = compute_374(contxt, 777);";
        let (found, alike) = closest(&view, wanted, None).expect("a line");
        assert_eq!((found, alike > 0.9), (778, true));
    }

    #[test]
    fn hostile_repetition_ends() {
        let view = FileView::new(&"a\n".repeat(60_000), false);
        let Some(Way::Lines(pattern)) = ways(&"a\n".repeat(3_000)).into_iter().next() else {
            panic!("a pattern")
        };
        assert_eq!(places(&view, &pattern), Matched::TooRepetitive);
    }
}
