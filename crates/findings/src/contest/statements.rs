//! What reviewers state beside their findings.
//!
//! In: readings and claims. Out: the sentences that deny a kind of defect or refute a claim outright, with the places and
//! names they speak of. Sentences that deny nothing are left out here, so that the rest stays cheap.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use model::{CheckedFinding, DesignKind, RawLocation, Reading, ReviewerKind, ReviewerState};
use regex::Regex;

use super::topics::{Topics, assures, claimed, condition, denied, is_reserved, refutes};
use crate::Input;
use crate::matching::normal_form;
use crate::order::Roster;

/// One sentence of one reviewer.
pub(super) struct Statement<'a> {
    pub(super) reviewer: &'a str,
    /// Where the reviewer wrote it, in words: `its design strengths`.
    pub(super) wherein: String,
    /// The sentence as written.
    pub(super) said: String,
    /// Places it speaks of: those it names itself, else those of the item it stands in.
    pub(super) places: Vec<(String, Option<(u32, u32)>)>,
    /// Names of code in it, in lower case.
    pub(super) names: BTreeSet<String>,
    /// Its words, stemmed.
    pub(super) stems: BTreeSet<String>,
    /// The kinds of defect it says are not there.
    pub(super) denies: Topics,
    /// True where it says outright that something is no defect.
    pub(super) refutes: bool,
    /// The kinds of defect it speaks of: "no race" refutes races and nothing else.
    pub(super) about: Topics,
    /// True where it stands among the reviewer's own complaints, which speak of themselves first.
    pub(super) complains: bool,
    /// The words of what it makes itself depend on; empty where it depends on nothing.
    pub(super) condition: BTreeSet<String>,
}

/// How much a sentence must say to count, by where it stands.
#[derive(Clone, Copy, PartialEq)]
enum Weight {
    /// A place for what is right: the plain statement counts.
    Praise,
    /// A place for what is wrong: the mechanism is told there, so only assurances count.
    Complaint,
}

/// No review says more; the rest of a longer one contradicts nobody.
const MOST_A_REVIEWER: usize = 400;
/// A sentence that is longer tells more than one thing.
const LONGEST: usize = 400;

/// All statements, in roster order.
pub(super) fn collect<'a>(
    input: &Input<'a>,
    checked: &'a [CheckedFinding],
    roster: &Roster<'_>,
) -> Vec<Statement<'a>> {
    let mut all = Vec::new();
    let mut readings: Vec<&'a (String, Reading)> = input.readings.iter().collect();
    readings.sort_by(|a, b| (roster.position(&a.0), &a.0).cmp(&(roster.position(&b.0), &b.0)));
    for (reviewer, reading) in readings.into_iter().filter(|(name, _)| may_contradict(roster, name)) {
        of_reading(reviewer, reading, &mut all);
    }
    for finding in checked.iter().filter(|finding| may_contradict(roster, &finding.reviewer)) {
        of_finding(finding, &mut all);
    }
    all.sort_by_key(|statement| roster.position(statement.reviewer));
    let mut told: HashMap<&str, usize> = HashMap::new();
    all.retain(|statement| {
        let told = told.entry(statement.reviewer).or_default();
        *told += 1;
        *told <= MOST_A_REVIEWER
    });
    all
}

/// A review that does not count contradicts nobody, and rules have no opinion about claims.
fn may_contradict(roster: &Roster<'_>, name: &str) -> bool {
    roster.get(name).is_none_or(|reviewer| {
        reviewer.state == ReviewerState::Finished
            && !matches!(reviewer.kind, ReviewerKind::Builtin | ReviewerKind::Tool)
    })
}

fn of_reading<'a>(reviewer: &'a str, reading: &'a Reading, all: &mut Vec<Statement<'a>>) {
    let mut add = |wherein: &str, text: &str, locations: &[RawLocation], weight: Weight| {
        of_text(reviewer, wherein, text, &raw_places(locations), weight, all);
    };
    for item in &reading.design {
        let text = format!("{}\n{}", item.title, item.body);
        match item.kind {
            DesignKind::Strength => add("its design strengths", &text, &item.locations, Weight::Praise),
            DesignKind::Concern => add("its design concerns", &text, &item.locations, Weight::Complaint),
        }
    }
    for item in &reading.coverage {
        let place = RawLocation { path: item.path.clone(), ..RawLocation::default() };
        let wherein = format!("its coverage of `{}`", item.path);
        add(&wherein, item.note.as_deref().unwrap_or_default(), &[place], Weight::Praise);
    }
    for item in reading.testing.iter().filter(|item| !item.gap) {
        add("its remarks on testing", &item.text, &item.locations, Weight::Praise);
    }
    for item in reading.documentation.iter().chain(&reading.commits).filter(|item| !item.gap) {
        add("its remarks on documentation and commits", &item.text, &item.locations, Weight::Complaint);
    }
    for item in &reading.limitations {
        add("its list of limitations", &item.text, &item.locations, Weight::Complaint);
    }
    add("its summary", reading.summary.as_deref().unwrap_or_default(), &[], Weight::Praise);
}

fn of_finding<'a>(finding: &'a CheckedFinding, all: &mut Vec<Statement<'a>>) {
    let raw = &finding.raw;
    let label = if raw.id.is_empty() { format!("#{}", raw.index + 1) } else { raw.id.clone() };
    let places: Vec<_> = finding
        .locations
        .iter()
        .map(|place| {
            let lines = place.start.map(|start| (start, place.end.unwrap_or(start)));
            (place.path.as_str().to_owned(), lines)
        })
        .collect();
    let (wherein, weight) = if raw.withdrawn {
        (format!("its withdrawn finding {label}"), Weight::Praise)
    } else {
        (format!("its finding {label}"), Weight::Complaint)
    };
    let text = format!("{}\n{}", raw.title, raw.body);
    // Thousands of findings tell thousands of mechanisms: a cheap look first.
    if raw.withdrawn || (assures(&text) || refutes(&text)) {
        of_text(&finding.reviewer, &wherein, &text, &places, weight, all);
    }
}

fn raw_places(locations: &[RawLocation]) -> Vec<(String, Option<(u32, u32)>)> {
    let lines = |place: &RawLocation| place.start.map(|start| (start, place.end.unwrap_or(start)));
    locations.iter().map(|place| (place.path.clone(), lines(place))).collect()
}

fn of_text<'a>(
    reviewer: &'a str,
    wherein: &str,
    text: &str,
    places: &[(String, Option<(u32, u32)>)],
    weight: Weight,
    all: &mut Vec<Statement<'a>>,
) {
    for said in sentences(text) {
        let refutes = refutes(said);
        let denies = denied(said);
        let counts = refutes || denies != 0 && (weight == Weight::Praise || assures(said));
        if !counts || is_reserved(said) {
            continue;
        }
        let own = named_places(said, places);
        all.push(Statement {
            reviewer,
            wherein: wherein.to_owned(),
            said: said.to_owned(),
            places: if own.is_empty() { places.to_vec() } else { own },
            names: names(said),
            stems: stems(said),
            denies,
            refutes,
            about: denies | claimed(said),
            complains: weight == Weight::Complaint,
            condition: condition(said).map(stems).unwrap_or_default(),
        });
    }
}

/// Sentences outside of code blocks, without list marks; long ones are left out.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut sentences = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
        } else if !fenced {
            sentences.extend(
                split(trimmed)
                    .into_iter()
                    .map(|part| part.trim().trim_start_matches(['-', '*', '+', '>', '#', ' ']).trim())
                    .filter(|part| part.len() > 8 && part.len() <= LONGEST),
            );
        }
    }
    sentences
}

/// Splits at full stops and semicolons that are followed by a space.
fn split(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let bytes = line.as_bytes();
    for at in 0..bytes.len() {
        let ends = matches!(bytes[at], b'.' | b'!' | b'?' | b';') && bytes.get(at + 1) == Some(&b' ');
        // `e.g. ` and `i.e. ` end nothing.
        let abbreviation = bytes[..at].ends_with(b"e.g") || bytes[..at].ends_with(b"i.e");
        if ends && !abbreviation {
            parts.push(&line[start..=at]);
            start = at + 1;
        }
    }
    parts.push(&line[start..]);
    parts
}

static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"([A-Za-z0-9_][A-Za-z0-9_./+-]*\.[A-Za-z][A-Za-z0-9]{0,7})(?::(\d{1,7})(?:\s?[-–]\s?(\d{1,7}))?)?",
    )
    .expect("the pattern is fixed")
});
static LINES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\blines? (\d{1,7})(?:\s?(?:[-–]|to)\s?(\d{1,7}))?").expect("the pattern is fixed")
});

/// Places a sentence names itself: `a/b.rs:3-5`, or `line 3` of the file its item is about.
fn named_places(said: &str, around: &[(String, Option<(u32, u32)>)]) -> Vec<(String, Option<(u32, u32)>)> {
    let number = |text: Option<regex::Match<'_>>| text.and_then(|it| it.as_str().parse::<u32>().ok());
    let mut found: Vec<(String, Option<(u32, u32)>)> = PLACE
        .captures_iter(said)
        .filter(|it| it.get(2).is_some() || it[1].contains('/'))
        .map(|it| {
            let start = number(it.get(2));
            (it[1].to_owned(), start.map(|start| (start, number(it.get(3)).unwrap_or(start))))
        })
        .collect();
    if let (true, Some((path, _))) = (found.is_empty(), around.first()) {
        for it in LINES.captures_iter(said) {
            if let Some(start) = number(it.get(1)) {
                found.push((path.clone(), Some((start, number(it.get(2)).unwrap_or(start)))));
            }
        }
    }
    found
}

static WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z_][A-Za-z0-9_]*\(?").expect("the pattern is fixed"));

/// Names of code in a text, in lower case: in code spans every word, elsewhere what only code is spelled like.
pub(super) fn names(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, part) in text.split('`').enumerate() {
        let span = at % 2 == 1;
        for word in WORD.find_iter(part) {
            let called = word.as_str().ends_with('(');
            let word = word.as_str().trim_end_matches('(');
            let spelled = word.contains('_') && word.len() > 4
                || called && part[..].contains("()")
                || word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
            if word.len() >= 4 && (span || spelled) && !COMMON.contains(&word.to_lowercase().as_str()) {
                names.insert(word.to_lowercase());
            }
        }
    }
    names
}

/// Words that stand in code spans everywhere and name nothing in particular.
const COMMON: &[&str] = &[
    "async",
    "await",
    "bool",
    "byte",
    "bytes",
    "char",
    "close",
    "const",
    "default",
    "defer",
    "drop",
    "else",
    "enum",
    "error",
    "errors",
    "exception",
    "false",
    "func",
    "function",
    "github",
    "http",
    "https",
    "impl",
    "init",
    "int32",
    "int64",
    "interface",
    "json",
    "lock",
    "loop",
    "main",
    "match",
    "mutex",
    "none",
    "null",
    "open",
    "option",
    "panic",
    "private",
    "public",
    "result",
    "return",
    "self",
    "static",
    "string",
    "struct",
    "test",
    "tests",
    "this",
    "throw",
    "true",
    "type",
    "undefined",
    "unlock",
    "unwrap",
    "void",
    "yaml",
    "java",
    "rust",
    "python",
];

/// The stems of a text.
pub(super) fn stems(text: &str) -> BTreeSet<String> {
    normal_form(text).split(' ').filter(|stem| stem.len() > 2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_they_end() {
        let text = "- One, e.g. this. Two; the lock is held.\n```\nnot. prose.\n```\nThree is a sentence";
        assert_eq!(sentences(text), ["One, e.g. this.", "the lock is held.", "Three is a sentence"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(?s)(.|[.;?! `—…é]|not closed|is closed|e\\.g\\. |line 3|a\\.rs:3){0,60}") {
            let mut all = Vec::new();
            of_text("ada", "its summary", &text, &[("a.rs".to_owned(), None)], Weight::Praise, &mut all);
            for statement in all {
                proptest::prop_assert!(text.contains(&statement.said));
            }
        }
    }

    #[test]
    fn names_are_those_of_code() {
        let found: Vec<String> =
            names("`pool.open_pool(ctx)` and FooBar, not Plain words").into_iter().collect();
        assert_eq!(found, ["foobar", "open_pool", "pool"]);
    }

    #[test]
    fn a_sentence_names_its_own_place_first() {
        let around = [("src/pool.rs".to_owned(), Some((1, 90)))];
        assert_eq!(named_places("closed at src/a.rs:3-5", &around), [("src/a.rs".to_owned(), Some((3, 5)))]);
        assert_eq!(named_places("closed on line 7", &around), [("src/pool.rs".to_owned(), Some((7, 7)))]);
        assert!(named_places("e.g. this", &around).is_empty());
    }
}
