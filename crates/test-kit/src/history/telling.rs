//! What reviewers say of made-up defects.
//!
//! In: the defects, their files, dice. Out: one review for each reviewer, in JSON or Markdown, and who tells what. Reviewers
//! differ in words, in the lines they name and quote, and in how they number.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::code::{Line, Part};
use super::{Dice, Living, REVIEWERS};

/// Which defect a finding of a reviewer is about, and how: by reviewer and its place in the review.
pub type Told = BTreeMap<(&'static str, u64), (usize, How)>;

/// How a reviewer shows where a defect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It names a line beside the wrong one.
    Beside,
    /// It names the wrong line.
    Named,
    /// It quotes the wrong line.
    Quoted,
}

/// One finding of one reviewer.
struct Saying {
    defect: usize,
    how: How,
    title: String,
    problem: String,
    severity: &'static str,
    places: Vec<(String, usize, usize, Option<String>)>,
}

pub(super) fn reviews(
    living: &mut [Living],
    files: &BTreeMap<String, Vec<Line>>,
    dice: &mut Dice,
) -> (BTreeMap<&'static str, String>, Told) {
    let mut by: BTreeMap<&'static str, Vec<Saying>> =
        REVIEWERS.iter().map(|name| (*name, Vec::new())).collect();
    let mut last: Option<(String, Vec<usize>)> = None;
    for at in 0..living.len() {
        if !living[at].stands() {
            continue;
        }
        let first = dice.below(REVIEWERS.len());
        // Mostly one, sometimes two, sometimes the whole panel.
        let count = match dice.below(100) {
            0..=59 => 1,
            60..=84 => 2,
            _ => 3,
        };
        let mut who: Vec<usize> = (0..count).map(|n| (first + n) % REVIEWERS.len()).collect();
        // Twins are told by one reviewer, who sees both of them: what two people say of two such lines cannot be told apart.
        let defect = living[at].defect.function.to_owned();
        if living.iter().filter(|other| other.defect.function == defect).count() > 1 {
            who.truncate(1);
        }
        if let Some((known, others)) = &last
            && *known == defect
        {
            who.clone_from(others);
        }
        let offset = dice.below(3);
        for (n, reviewer) in who.iter().enumerate() {
            let telling = (offset + n) % living[at].defect.tellings.len();
            let saying = say(at, &living[at], telling, files, dice);
            by.entry(REVIEWERS[*reviewer]).or_default().push(saying);
        }
        living[at].told = true;
        last = Some((defect, who));
    }
    let mut told = Told::new();
    let mut written = BTreeMap::new();
    for (name, mut sayings) in by {
        let writes_markdown = name == REVIEWERS[REVIEWERS.len() - 1];
        if writes_markdown {
            sayings
                .sort_by_key(|saying| SECTIONS.iter().position(|(severity, _)| *severity == saying.severity));
        }
        for (index, saying) in (0..).zip(&sayings) {
            told.insert((name, index), (saying.defect, saying.how));
        }
        written.insert(name, if writes_markdown { markdown(&sayings) } else { document(&sayings, dice) });
    }
    (written, told)
}

/// What one reviewer says of a defect.
fn say(
    at: usize,
    living: &Living,
    telling: usize,
    files: &BTreeMap<String, Vec<Line>>,
    dice: &mut Dice,
) -> Saying {
    let lines = &files[&living.path];
    let (first, end) = lines_of(lines, Part::Wrong(at));
    let how = dice.below(100);
    let (start, end) = match how {
        0..=54 | 75..=84 => (first, end),
        // With what stands around it.
        55..=74 => (first - 1, end + 1),
        // Miscounted.
        85..=94 => (first + 1, end + 1),
        _ => (first - 1, first - 1),
    };
    let quote = match how {
        0..=74 => Some(quoted(lines, start, end)),
        85..=94 => Some(quoted(lines, start - 1, end - 1)),
        _ => None,
    };
    let quotes = quote.is_some();
    let mut places = vec![(living.path.clone(), start, end, quote)];
    if quotes && living.defect.second.is_some() && !living.half {
        let second = lines_of(lines, Part::Second(at));
        places.push((living.path.clone(), second.0, second.1, Some(quoted(lines, second.0, second.1))));
    }
    let (title, problem) = living.defect.tellings[telling];
    let own = |text: &str| text.replace(living.defect.function, &living.function);
    Saying {
        defect: at,
        // Nothing but the line beside it, and no quote; everybody else names the line.
        how: match (quotes, how < 95) {
            (true, _) => How::Quoted,
            (_, true) => How::Named,
            (_, false) => How::Beside,
        },
        title: own(title),
        problem: own(problem),
        severity: living.defect.severity,
        places,
    }
}

/// First and last line of a part, from 1.
fn lines_of(lines: &[Line], part: Part) -> (usize, usize) {
    let first = lines.iter().position(|line| line.part == part).expect("what stands has a line");
    let last = lines.iter().rposition(|line| line.part == part).expect("as above");
    (first + 1, last + 1)
}

fn quoted(lines: &[Line], first: usize, last: usize) -> String {
    let texts: Vec<&str> = lines[first - 1..last].iter().map(|line| line.text.as_str()).collect();
    texts.join("\n")
}

/// How reviewers number their findings.
fn name(style: usize, severity: &str, number: usize) -> String {
    let letter = severity.chars().next().unwrap_or('x').to_uppercase();
    match style {
        0 => format!("{letter}{number}"),
        1 => format!("{severity}-{number}"),
        2 => format!("F-{number:03}"),
        3 => format!("#{number}"),
        _ => format!("review/{number}.a"),
    }
}

fn document(sayings: &[Saying], dice: &mut Dice) -> String {
    let style = dice.below(5);
    let findings: Vec<serde_json::Value> = sayings
        .iter()
        .zip(1..)
        .map(|(saying, number)| {
            let places: Vec<serde_json::Value> = saying
                .places
                .iter()
                .map(|(path, start, end, quote)| json!({ "path": path, "start": start, "end": end, "quote": quote }))
                .collect();
            json!({
                "id": name(style, saying.severity, number),
                "severity": saying.severity, "kind": "regression", "title": saying.title, "problem": saying.problem,
                "locations": places,
                "scenario": { "trigger": "the ordinary call", "result": "as told above", "expected": "what the caller asks for" },
            })
        })
        .collect();
    let document = json!({
        "schema": "deep-review/review/v1",
        "verdict": "merge-with-fixes",
        "summary": "The change adds a feature; what stands below was found by reading it line by line.",
        "findings": findings,
    });
    serde_json::to_string_pretty(&document).expect("plain data")
}

/// Sections of a review in Markdown.
const SECTIONS: [(&str, &str); 3] =
    [("critical", "Critical Issues"), ("important", "Important Issues"), ("suggestion", "Suggestions")];

fn markdown(sayings: &[Saying]) -> String {
    let mut text = String::from("# Review\n\nThe change adds a feature; it was read line by line.\n");
    for (severity, heading) in SECTIONS {
        let _ = write!(text, "\n## {heading}\n");
        let own = sayings.iter().filter(|saying| saying.severity == severity);
        for (saying, number) in own.zip(1..) {
            let places: Vec<String> =
                saying.places.iter().map(|(path, start, end, _)| format!("`{path}:{start}-{end}`")).collect();
            let id = name(0, severity, number);
            let _ = write!(
                text,
                "\n{id}. **{}** — {} ({severity}, regression)\n",
                saying.title,
                places.join(", ")
            );
            if let Some(quote) = &saying.places[0].3 {
                let _ = write!(text, "\n```rust\n{quote}\n```\n");
            }
            let _ = write!(text, "\n{}\n", saying.problem);
        }
    }
    text
}
