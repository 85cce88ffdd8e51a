//! Does the quoted code stand in the file?
//!
//! In: a quote and the file it is said to come from. Out: every place where it stands, or the line that comes closest.
//! Never accepts an altered line; where none stands, the answer is `fail` and shows what does.

use model::{CheckResult, Fault, RepoPath, Side};

use super::Answer;
use super::file::{FileAnswer, resolve};
use crate::matching::{closest, parts};
use crate::pattern::{Element, Segment, Way, segments, ways};
use crate::standing::{Looked, Standing, base_path, elsewhere, in_file};
use crate::text::{range, shorten, substance};
use crate::world::World;

/// What the gate found out about one quote.
#[derive(Clone, Debug)]
pub(crate) struct QuoteAnswer {
    /// What the gate says.
    pub(crate) answer: Answer,
    /// Where the quote stands, where it does.
    pub(crate) standing: Option<Standing>,
    /// A line that a comment in the quote names.
    pub(crate) noted_line: Option<u32>,
}

impl QuoteAnswer {
    fn without(answer: Answer) -> Self {
        Self { answer, standing: None, noted_line: None }
    }

    /// There is nothing to look up.
    pub(crate) fn nothing_quoted() -> Self {
        Self::without(Answer::not_applicable("no code is quoted"))
    }
}

/// What is known about the claim a quote belongs to.
pub(crate) struct Quoted<'q> {
    /// The quote.
    pub(crate) text: &'q str,
    /// The claimed first line.
    pub(crate) start: Option<u32>,
    /// The side the claim cites.
    pub(crate) side: Option<Side>,
    /// True where the claim is about the text itself (a typo, a syntax error).
    pub(crate) about_text: bool,
}

/// Looks for the quote in the file, then in the other files of the change.
pub(crate) fn look(world: &World<'_>, file: &FileAnswer, quoted: &Quoted<'_>) -> QuoteAnswer {
    let ways = ways(quoted.text);
    if ways.is_empty() {
        return QuoteAnswer::nothing_quoted();
    }
    let Some((side, path)) = &file.path else { return without_a_file(world, quoted, &ways) };
    if file.lineless {
        return QuoteAnswer::without(Answer::unknown(format!("`{path}` has no lines to compare")));
    }
    if let Some(answer) = not_comparable(world, *side, path) {
        return QuoteAnswer::without(answer);
    }
    match in_file(world, *side, path, &ways, quoted.side) {
        Looked::Stands(standing) => {
            return moved_on(world, &standing, quoted, &ways).unwrap_or_else(|| stands(standing, None));
        }
        Looked::TooRepetitive => return too_repetitive(path),
        Looked::Nowhere => {}
    }
    by_segment(world, *side, path, quoted)
        .or_else(|| a_part(world, *side, path, &ways))
        .or_else(|| misfiled(world, path, quoted, &ways))
        .unwrap_or_else(|| altered(world, *side, path, quoted, &ways))
}

fn not_comparable(world: &World<'_>, side: Side, path: &RepoPath) -> Option<Answer> {
    match world.view(side, path) {
        None => Some(Answer::unknown(format!("`{path}` could not be read"))),
        Some(view) if view.binary => Some(Answer::unknown(format!("`{path}` is binary"))),
        Some(_) => None,
    }
}

fn too_repetitive(path: &RepoPath) -> QuoteAnswer {
    QuoteAnswer::without(Answer::unknown(format!(
        "the quote or `{path}` repeats itself too often to be looked up"
    )))
}

fn stands(standing: Standing, noted_line: Option<u32>) -> QuoteAnswer {
    let first = standing.places[0];
    let mut detail = format!(
        "the quoted lines stand at `{}:{}`{}",
        standing.path,
        range(first.start, first.end),
        if standing.side == Side::Base { " of the merge base, not at head" } else { "" }
    );
    if standing.places.len() > 1 {
        detail = format!("{detail} and {} more places", standing.places.len() - 1);
    }
    QuoteAnswer { answer: Answer::new(CheckResult::Pass, detail), standing: Some(standing), noted_line }
}

// Every stretch under a path comment must stand in the file its comment names; the one in the claimed file places the
// finding. A comment that names no file we have is text like any other.
fn by_segment(world: &World<'_>, side: Side, path: &RepoPath, quoted: &Quoted<'_>) -> Option<QuoteAnswer> {
    let parts: Vec<Segment> = segments(quoted.text);
    if parts.iter().all(|part| part.path.is_none()) {
        return None;
    }
    let mut own: Option<(Standing, Option<u32>)> = None;
    for part in parts {
        let (side, file) = match &part.path {
            None => (side, path.clone()),
            Some(named) => resolve(world, named, quoted.side).path?,
        };
        let Looked::Stands(standing) = in_file(world, side, &file, &ways(&part.text), quoted.side) else {
            return None;
        };
        let better = own.as_ref().is_none_or(|(known, _)| known.path != *path && file == *path);
        if better {
            own = Some((standing, part.start));
        }
    }
    let (standing, noted) = own?;
    let away = standing.path != *path && base_path(world, side, path).as_ref() != Some(&standing.path);
    let mut answer = stands(standing, noted);
    if away {
        // The reviewer says that the code is from elsewhere: it supports the claim, it does not move its place.
        answer.answer.detail = format!("{}, the file its comment names", answer.answer.detail);
        answer.standing = None;
        answer.noted_line = None;
    }
    Some(answer)
}

// A part of a line is the reviewer's own cut: it places the finding, but what was cut off stays unseen.
fn a_part(world: &World<'_>, side: Side, path: &RepoPath, ways: &[Way]) -> Option<QuoteAnswer> {
    let text = single_line(ways)?;
    let base = base_path(world, side, path).map(|old| (Side::Base, old));
    let sides = [(side == Side::Head).then(|| (Side::Head, path.clone())), base];
    for (side, path) in sides.into_iter().flatten() {
        let Some(view) = world.view(side, &path) else { continue };
        let spans = parts(&view, &text);
        let Some(first) = spans.first().copied() else { continue };
        let line = view.line(first.start).unwrap_or_default();
        let detail = format!(
            "the quote is a part of `{path}:{}` only, which reads `{}`",
            first.start,
            shorten(line, 160)
        );
        let substance = substance(&text);
        let standing = Standing { side, path, places: spans, anchor: None, whole: false, substance };
        return Some(QuoteAnswer {
            answer: Answer::unknown(detail),
            standing: Some(standing),
            noted_line: None,
        });
    }
    None
}

fn single_line(ways: &[Way]) -> Option<String> {
    let pattern = ways.iter().find_map(|way| match way {
        Way::Lines(pattern) => Some(pattern),
        _ => None,
    })?;
    let mut elements = pattern.elements();
    match (elements.next(), elements.next()) {
        (Some(Element::Whole(line)), None) if substance(line) >= 6 => Some(line.clone()),
        _ => None,
    }
}

// Code that left the named file for another one is alive: it stands where it went, unless the claim cites what is gone.
fn moved_on(world: &World<'_>, gone: &Standing, quoted: &Quoted<'_>, ways: &[Way]) -> Option<QuoteAnswer> {
    if gone.side != Side::Base
        || quoted.side == Some(Side::Base)
        || !matches!(ways.first(), Some(Way::Lines(_)))
    {
        return None;
    }
    let standing = elsewhere(world, Some(&gone.path), ways, quoted.side)?;
    let place = *standing.places.first()?;
    let file = world.changes.file(&standing.path).filter(|_| standing.side == Side::Head)?;
    let arrived = file.added.within(place.start, place.end) > 0;
    arrived.then(|| {
        let mut answer = stands(standing, None);
        answer.answer.result = CheckResult::Repaired;
        answer.answer.detail =
            format!("moved out of `{}` by this change: {}", gone.path, answer.answer.detail);
        answer
    })
}

fn misfiled(world: &World<'_>, named: &RepoPath, quoted: &Quoted<'_>, ways: &[Way]) -> Option<QuoteAnswer> {
    let mut answer = stands(elsewhere(world, Some(named), ways, quoted.side)?, None);
    answer.answer.result = CheckResult::Repaired;
    answer.answer.detail =
        format!("not in `{named}`: {}; no other changed file has them", answer.answer.detail);
    Some(answer)
}

fn without_a_file(world: &World<'_>, quoted: &Quoted<'_>, ways: &[Way]) -> QuoteAnswer {
    let found = elsewhere(world, None, ways, quoted.side);
    QuoteAnswer::without(Answer::unknown(match found {
        Some(standing) => format!(
            "the named file is not known; the quoted lines stand at `{}:{}`",
            standing.path,
            range(standing.places[0].start, standing.places[0].end)
        ),
        None => "the named file is not known, so the quote could not be looked up".to_owned(),
    }))
}

fn altered(world: &World<'_>, side: Side, path: &RepoPath, quoted: &Quoted<'_>, ways: &[Way]) -> QuoteAnswer {
    let about = if quoted.about_text { "; the claim is about this very text" } else { "" };
    let nearest = nearest_miss(world, side, path, quoted, ways);
    let (fault, detail) = match nearest {
        Some((wanted, line, text, alike)) if alike >= 0.6 => (
            Fault::Altered,
            format!(
                "altered: no line of `{path}` reads `{}`; the closest, line {line}, reads `{}`{about}",
                shorten(&wanted, 160),
                shorten(&text, 160)
            ),
        ),
        Some((wanted, ..)) => (
            Fault::Absent,
            format!(
                "absent: no line of `{path}` reads `{}`, and none comes close{about}",
                shorten(&wanted, 160)
            ),
        ),
        None => (
            Fault::Absent,
            format!("absent: the quoted lines do not stand together in `{path}` in this order{about}"),
        ),
    };
    QuoteAnswer::without(Answer::fault(fault, detail))
}

// The first quoted line that the file does not have, with the line that comes closest to it.
fn nearest_miss(
    world: &World<'_>,
    side: Side,
    path: &RepoPath,
    quoted: &Quoted<'_>,
    ways: &[Way],
) -> Option<(String, u32, String, f64)> {
    let view = world.view(side, path)?;
    // The reading with the fewest misses has markers and margins removed, so that these are no alterations.
    let misses = ways.iter().filter_map(|way| {
        let pattern = match way {
            Way::Lines(pattern) | Way::Removed(pattern) | Way::Added { shown: pattern, .. } => pattern,
        };
        let missing: Vec<&str> = pattern
            .elements()
            .filter_map(|element| match element {
                Element::Whole(line) if view.positions(line).is_empty() => Some(line.as_str()),
                _ => None,
            })
            .collect();
        (!missing.is_empty()).then_some(missing)
    });
    let fewest = misses.min_by_key(Vec::len)?;
    let wanted = fewest[0];
    let near = quoted.start;
    Some(match closest(&view, wanted, near) {
        Some((line, alike)) => {
            (wanted.to_owned(), line, view.line(line).unwrap_or_default().to_owned(), alike)
        }
        None => (wanted.to_owned(), 0, String::new(), 0.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Memory, check_one, claim};
    use model::{CheckedFinding, Gate};

    const BASE: &str =
        "fn run() {\n    let old = load();\n    keep(old);\n    exec(\"$@\");\n    done();\n}\n";
    const HEAD: &str = "fn run() {\n    let new = load_all(Options { a: 1 });\n    keep(new);\n    exec(\"$@\");\n    done();\n}\n";
    const OTHER: &str = "// other\nfn quite_another_thing() {\n    unlike();\n}\n";

    fn ask(path: &str, lines: Option<(u32, u32)>, quote: &str) -> CheckedFinding {
        let memory = Memory::new(&[("src/run.rs", BASE)], &[("src/run.rs", HEAD), ("src/other.rs", OTHER)]);
        check_one(&memory, claim(path, lines, Some(quote)))
    }

    fn result(finding: &CheckedFinding) -> (CheckResult, &str) {
        let check = finding.check(Gate::Quote).expect("a check");
        (check.result, &check.detail)
    }

    #[test]
    fn a_quote_as_it_stands_passes_however_it_is_dressed() {
        for quote in [
            "let new = load_all(Options { a: 1 });\nkeep(new);",
            "\tlet new = load_all(Options { a: 1 });\n\n\t\tkeep(new);\n",
            "// src/run.rs:2-3\nlet new = load_all(Options { a: 1 });\nkeep(new);",
            " fn run() {\n+    let new = load_all(Options { a: 1 });\n+    keep(new);",
            "@@ -1,3 +1,3 @@ fn run()\n fn run() {\n-    let old = load();\n-    keep(old);\n+    let new = load_all(Options { a: 1 });\n+    keep(new);",
            "2 |     let new = load_all(Options { a: 1 });\n3 |     keep(new);",
            "fn run() {\n    ...\n    keep(new);",
            "let new = load_all(Options {...});\nkeep(new);",
            "let new = load_all( // ...\nkeep(new);",
            "fn run() {\n    // load everything first...\n    keep(new);",
        ] {
            let finding = ask("src/run.rs", Some((2, 3)), quote);
            assert_eq!(result(&finding).0, CheckResult::Pass, "{quote}\n{}", result(&finding).1);
            assert!(finding.locations[0].verified && finding.anchor.is_some(), "{quote}");
        }
    }

    #[test]
    fn an_altered_quote_fails_and_shows_the_closest_line() {
        for quote in [
            "exec(\"$ @\");",
            "let new = load_all(Options { a: 2 });\nkeep(new);",
            "keep(new);\nlet new = load_all(Options { a: 1 });",
            "let new = load_all(Options { a: 1 });\ndone();",
            "-    let old = load_some();\n+    let new = load_all(Options { a: 1 });",
        ] {
            let finding = ask("src/run.rs", Some((2, 3)), quote);
            assert_eq!(result(&finding).0, CheckResult::Fail, "{quote}");
            assert!(!finding.locations[0].verified && finding.anchor.is_none(), "{quote}");
        }
        let finding = ask("src/run.rs", None, "exec(\"$ @\");");
        assert!(result(&finding).1.contains("line 4, reads `exec(\"$@\");`"), "{}", result(&finding).1);
    }

    #[test]
    fn code_that_is_gone_stands_at_the_merge_base() {
        for quote in ["let old = load();\nkeep(old);", "-    let old = load();\n-    keep(old);"] {
            let finding = ask("src/run.rs", Some((2, 3)), quote);
            assert_eq!(
                (result(&finding).0, finding.locations[0].side),
                (CheckResult::Pass, Side::Base),
                "{quote}"
            );
        }
    }

    #[test]
    fn a_part_of_a_line_places_the_finding_without_being_accepted() {
        let finding = ask("src/run.rs", Some((9, 9)), "load_all(Options { a: 1 })");
        assert_eq!(result(&finding).0, CheckResult::Unknown);
        assert_eq!((finding.locations[0].start, finding.locations[0].verified), (Some(2), false));
    }

    #[test]
    fn a_quote_filed_under_the_wrong_name_is_found_where_it_stands() {
        let finding = ask("src/run.rs", Some((2, 3)), "fn quite_another_thing() {\n    unlike();");
        assert_eq!(result(&finding).0, CheckResult::Repaired);
        assert_eq!(
            (finding.locations[0].path.as_str(), finding.locations[0].start),
            ("src/other.rs", Some(2))
        );
        let missing = ask("src/nowhere.rs", Some((2, 3)), "fn quite_another_thing() {\n    unlike();");
        assert_eq!(result(&missing).0, CheckResult::Unknown);
        assert!(result(&missing).1.contains("src/other.rs:2-3"), "{}", result(&missing).1);
    }

    #[test]
    fn every_stretch_under_a_path_comment_is_held_to_its_file() {
        let both = "// src/other.rs:3\nunlike();\n// src/run.rs:5\ndone();";
        let finding = ask("src/run.rs", None, both);
        assert_eq!(result(&finding).0, CheckResult::Pass);
        assert_eq!((finding.locations[0].path.as_str(), finding.locations[0].start), ("src/run.rs", Some(5)));
        let altered = "// src/other.rs:3\nunlikely();\n// src/run.rs:5\ndone();";
        assert_eq!(result(&ask("src/run.rs", None, altered)).0, CheckResult::Fail);
    }

    #[test]
    fn code_quoted_from_another_file_on_purpose_leaves_the_place_alone() {
        let finding =
            ask("src/run.rs", Some((3, 3)), "// src/other.rs:2-3\nfn quite_another_thing() {\n    unlike();");
        assert_eq!(result(&finding).0, CheckResult::Pass);
        assert_eq!((finding.locations[0].path.as_str(), finding.locations[0].start), ("src/run.rs", Some(3)));
    }

    #[test]
    fn a_comment_like_line_that_the_file_has_otherwise_is_no_elision() {
        let head = "fn a() {\n    // Load the configuration...\n    load();\n}\n";
        let memory = Memory::new(&[], &[("a.rs", head)]);
        let finding = check_one(
            &memory,
            claim("a.rs", None, Some("fn a() {\n    // Load the confguration...\n    load();")),
        );
        assert_eq!(finding.result(Gate::Quote), CheckResult::Fail);
    }
}
