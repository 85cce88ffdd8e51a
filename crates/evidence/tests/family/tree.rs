//! Files whose every line knows where it came from.
//!
//! In: a seed and a script of edits. Out: the text of both sides and the truth about each line. Never asks git.

use std::collections::BTreeMap;

use super::random::Random;

/// One line with its truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// True where the change wrote it.
    pub(crate) new: bool,
}

/// Files by path.
pub(crate) type Tree = BTreeMap<String, Vec<Line>>;

const VERBS: [&str; 12] = [
    "load", "store", "merge", "split", "encode", "decode", "verify", "reduce", "expand", "rotate", "commit",
    "replay",
];
const NOUNS: [&str; 12] = [
    "batch", "cursor", "ledger", "window", "packet", "segment", "mirror", "volume", "channel", "session",
    "policy", "bucket",
];
const COMMON: [&str; 4] = ["    return Ok(());", "    if failed {", "    }", "    let mut count = 0;"];

/// A statement that occurs once.
pub(crate) fn statement(random: &mut Random) -> String {
    let verb = VERBS[random.below(VERBS.len())];
    let noun = NOUNS[random.below(NOUNS.len())];
    let other = NOUNS[random.below(NOUNS.len())];
    format!("    let {noun}_{} = {verb}_{other}({noun}, {});", random.below(1_000_000), random.below(10_000))
}

/// A function of statements, some of which occur everywhere.
pub(crate) fn function(random: &mut Random, new: bool) -> Vec<Line> {
    let name = format!(
        "fn {}_{}_{}() {{",
        VERBS[random.below(12)],
        NOUNS[random.below(12)],
        random.below(1_000_000)
    );
    let mut lines = vec![name];
    for _ in 0..random.between(5, 12) {
        let common = random.chance(15);
        lines.push(if common { COMMON[random.below(4)].to_owned() } else { statement(random) });
    }
    lines.extend(["}".to_owned(), String::new()]);
    lines.into_iter().map(|text| Line { text, new }).collect()
}

/// Some files of functions.
pub(crate) fn base(random: &mut Random, files: usize) -> Tree {
    let file = |random: &mut Random, at: usize| {
        let lines = (0..random.between(6, 10)).flat_map(|_| function(random, false)).collect();
        (format!("src/part{}/{}.rs", at % 3, NOUNS[at % 12]), lines)
    };
    (0..files).map(|at| file(random, at)).collect()
}

/// The text of a file.
pub(crate) fn text(lines: &[Line], end: &str) -> String {
    lines.iter().flat_map(|line| [line.text.as_str(), end]).collect()
}

/// Where functions start and end (exclusive), blank line included.
pub(crate) fn functions(lines: &[Line]) -> Vec<(usize, usize)> {
    let starts: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].text.starts_with("fn ")).collect();
    let end = |at: usize| starts.get(at + 1).copied().unwrap_or(lines.len());
    starts.iter().enumerate().map(|(at, start)| (*start, end(at))).collect()
}
