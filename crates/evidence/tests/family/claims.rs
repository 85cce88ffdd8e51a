//! Findings made from the truth, and spoiled on purpose.
//!
//! In: a built repository. Out: claims, each with what a faultless checker would say. Never asks the code under test.

use model::{OriginValue, RawFinding, RawLocation};

use super::build::Built;
use super::random::Random;
use super::tree::Line;

/// How a claim was spoiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spoiled {
    Nothing,
    Shifted,
    Altered,
    WrongFile,
    OldCode,
    WrongSymbol,
}

/// A claim with its truth.
pub(crate) struct Known {
    pub(crate) raw: RawFinding,
    pub(crate) spoiled: Spoiled,
    pub(crate) path: String,
    pub(crate) start: u32,
    pub(crate) lines: usize,
    /// True where the quoted text occurs once in its file.
    pub(crate) unique: bool,
    pub(crate) origin: OriginValue,
}

/// Some claims of every kind.
pub(crate) fn claims(built: &Built, random: &mut Random, count: usize) -> Vec<Known> {
    let mut all = Vec::new();
    while all.len() < count {
        let lines = if random.chance(50) { 3 } else { 1 };
        let known = match random.below(10) {
            0 => old_code(built, random),
            _ => at_head(built, random, lines),
        };
        all.extend(
            known.map(|known| Known { raw: RawFinding { index: all.len() as u32, ..known.raw }, ..known }),
        );
    }
    all
}

fn occurrences(lines: &[Line], wanted: &[Line]) -> usize {
    let say = |lines: &[Line]| -> Vec<String> {
        lines.iter().map(|line| line.text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
    };
    let (lines, wanted) = (say(lines), say(wanted));
    lines.windows(wanted.len()).filter(|window| *window == wanted.as_slice()).count()
}

fn at_head(built: &Built, random: &mut Random, count: usize) -> Option<Known> {
    let (path, lines) = built.head.iter().nth(random.below(built.head.len()))?;
    let new: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].new).collect();
    // Changed lines are few; half of the claims stand on or near them, as reviewers' do.
    let near_new = random.chance(50) && !new.is_empty();
    let at = if near_new {
        new[random.below(new.len())].saturating_sub(random.below(count))
    } else {
        random.below(lines.len())
    };
    let taken = lines.get(at..at + count)?;
    let telling = |line: &Line| line.text.contains('=') && line.text.len() > 30;
    if !telling(&taken[0]) || taken[count - 1].text.trim().is_empty() {
        return None;
    }
    let said: Vec<&Line> = taken.iter().filter(|line| line.text.chars().any(char::is_alphanumeric)).collect();
    let fresh = said.iter().filter(|line| line.new).count();
    let origin = match fresh {
        0 => OriginValue::PreExisting,
        fresh if fresh == said.len() => OriginValue::Introduced,
        _ => OriginValue::Modified,
    };
    let unique = occurrences(lines, taken) == 1;
    let text: Vec<&str> = taken.iter().map(|line| line.text.as_str()).collect();
    let start = at as u32 + 1;
    let known = Known {
        raw: raw(path, start, start + count as u32 - 1, &text.join("\n")),
        spoiled: Spoiled::Nothing,
        path: path.clone(),
        start,
        lines: count,
        unique,
        origin,
    };
    Some(spoil(built, random, known))
}

fn raw(path: &str, start: u32, end: u32, quote: &str) -> RawFinding {
    RawFinding {
        title: "The result is ignored".to_owned(),
        body: "It goes wrong when the input is empty.".to_owned(),
        locations: vec![RawLocation {
            path: path.to_owned(),
            start: Some(start),
            end: Some(end),
            quote: Some(quote.to_owned()),
            ..RawLocation::default()
        }],
        ..RawFinding::default()
    }
}

fn spoil(built: &Built, random: &mut Random, mut known: Known) -> Known {
    let place = &mut known.raw.locations[0];
    match random.below(6) {
        0 => {}
        1 | 2 => {
            known.spoiled = Spoiled::Shifted;
            let by = random.between(1, 40) as i64 * if random.chance(50) { 1 } else { -1 };
            let move_by = |line: Option<u32>| line.map(|line| (i64::from(line) + by).max(1) as u32);
            (place.start, place.end) = (move_by(place.start), move_by(place.end));
        }
        3 => {
            known.spoiled = Spoiled::Altered;
            place.quote = Some(altered(random, place.quote.as_deref().unwrap_or_default()));
        }
        4 => {
            known.spoiled = Spoiled::WrongFile;
            let others: Vec<&String> = built.head.keys().filter(|path| **path != known.path).collect();
            place.path.clone_from(others[random.below(others.len())]);
        }
        _ => {
            known.spoiled = Spoiled::WrongSymbol;
            known.raw.title = format!("`never_was_{}` ignores its result", random.below(1_000_000));
        }
    }
    known
}

// One small slip, of the kinds that models make, in one line that says something.
fn altered(random: &mut Random, quote: &str) -> String {
    let mut lines: Vec<String> = quote.lines().map(str::to_owned).collect();
    let telling: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].contains('=')).collect();
    let line = &mut lines[telling[random.below(telling.len())]];
    *line = match random.below(8) {
        0 => line.replacen('_', "", 1),
        1 => line.replacen('(', "( ", 1),
        2 => line.replacen(", ", " , ", 1).replacen("let mut", "let", 1),
        3 => line.replacen(" = ", "=", 1),
        4 => line.replacen("let ", "const ", 1),
        5 => line.replacen(';', " ;", 1),
        6 => line.trim_end_matches(';').to_owned(),
        _ => {
            let at = line
                .find(|c: char| c.is_ascii_digit())
                .or_else(|| line.find("count"))
                .expect("something to alter");
            let changed = if line[at..].starts_with('7') { "8" } else { "7" };
            format!("{}{changed}{}", &line[..at], &line[at + 1..])
        }
    };
    let text = lines.join("\n");
    if text == quote { quote.replacen('=', "==", 1) } else { text }
}

// Lines that the change takes away, cited as if they were still there.
fn old_code(built: &Built, random: &mut Random) -> Option<Known> {
    let gone = |line: &Line| {
        line.text.len() > 30
            && built.head.values().flatten().all(|other| other.text.trim() != line.text.trim())
    };
    let kept = built.base.iter().filter(|(path, _)| built.head.contains_key(*path));
    let pairs: Vec<(&String, usize, &[Line])> = kept
        .flat_map(|(path, lines)| lines.windows(2).enumerate().map(move |(at, pair)| (path, at, pair)))
        .filter(|(_, _, pair)| pair.iter().all(gone))
        .collect();
    let (path, at, taken) = *pairs.get(random.below(pairs.len()))?;
    let start = at as u32 + 1;
    let text: Vec<&str> = taken.iter().map(|line| line.text.as_str()).collect();
    Some(Known {
        raw: raw(path, start, start + 1, &text.join("\n")),
        spoiled: Spoiled::OldCode,
        path: path.clone(),
        start,
        lines: 2,
        unique: true,
        origin: OriginValue::Deleted,
    })
}
