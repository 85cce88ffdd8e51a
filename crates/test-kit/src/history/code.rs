//! The code that made-up defects stand in.
//!
//! In: defects and what was done to them. Out: files, line by line, each with what it is. The same defects give the same files.

use std::collections::{BTreeMap, BTreeSet};

use super::Living;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The head of a defect's function, a line before or behind the wrong one.
    Around(usize),
    /// The wrong line of a defect, or what it was repaired to.
    Wrong(usize),
    /// Its second place.
    Second(usize),
    /// Anything else.
    Other,
}

/// One line of a file.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) part: Part,
}

/// Every file with its lines. `spread` files are laid out as another formatter would.
pub(super) fn files(living: &[Living], spread: &BTreeSet<String>) -> BTreeMap<String, Vec<Line>> {
    let mut files: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for (at, one) in living.iter().enumerate().filter(|(_, one)| !one.absent) {
        let lines = files.entry(one.path.clone()).or_insert_with(|| {
            vec![Line { text: "// A part of the feature.".to_owned(), part: Part::Other }]
        });
        Writer { lines, is_spread: spread.contains(&one.path) }.function(at, one);
    }
    files
}

struct Writer<'l> {
    lines: &'l mut Vec<Line>,
    is_spread: bool,
}

impl Writer<'_> {
    fn function(&mut self, at: usize, one: &Living) {
        let defect = one.defect;
        for number in 0..one.lines_above {
            self.push(0, &format!("// Note {number} about {}.", one.function), Part::Other);
        }
        if one.decoy {
            self.push(0, &format!("fn {}_in_tests() {{", one.function), Part::Other);
            self.push(4, "let scratch = prepare();", Part::Other);
            self.push(4, defect.wrong, Part::Other);
            self.push(4, "scratch.done();", Part::Other);
            self.push(0, "}", Part::Other);
        }
        let pad = one.indent;
        self.push(pad, &format!("pub fn {}() {{", one.function), Part::Around(at));
        defect.before.iter().for_each(|line| self.push(pad + 4, line, Part::Around(at)));
        self.push(pad + 4, &one.line(), Part::Wrong(at));
        defect.after.iter().for_each(|line| self.push(pad + 4, line, Part::Around(at)));
        self.push(pad, "}", Part::Other);
        if let Some(second) = one.second_line() {
            self.push(0, "", Part::Other);
            self.push(0, &format!("pub fn {}_again() {{", one.function), Part::Other);
            self.push(4, &second, Part::Second(at));
            self.push(4, "finish();", Part::Other);
            self.push(0, "}", Part::Other);
        }
    }

    fn push(&mut self, pad: usize, text: &str, part: Part) {
        for text in self.laid_out(pad, text) {
            self.lines.push(Line { text, part });
        }
    }

    /// A line as it is, or as a formatter with other habits breaks and spaces it.
    fn laid_out(&self, pad: usize, text: &str) -> Vec<String> {
        let plain = |pad: usize, text: &str| format!("{}{text}", " ".repeat(pad));
        let is_code = !text.starts_with("//") && text.ends_with(';');
        if !self.is_spread || !is_code {
            return vec![plain(pad, text)];
        }
        let spaced = text.replace(", ", ",  ").replace(';', " ;");
        match spaced.split_once(" = ") {
            Some((name, value)) => vec![plain(pad, &format!("{name} =")), plain(pad + 4, value)],
            None => vec![plain(pad, &spaced)],
        }
    }
}

impl Living {
    /// The defect's line now.
    fn line(&self) -> String {
        if self.fixed {
            return self.defect.repaired.to_owned();
        }
        let wrong = self.defect.wrong;
        match self.edits {
            0 => wrong.to_owned(),
            odd if odd % 2 == 1 => format!("{wrong} // revised {odd}"),
            // A name in it is another one.
            even => match wrong.split_once('(') {
                Some((before, after)) => format!("{before}_{even}({after}"),
                None => format!("{wrong} // revised {even}"),
            },
        }
    }

    /// The defect's second line now, where it has one.
    fn second_line(&self) -> Option<String> {
        let (wrong, repaired) = self.defect.second?;
        Some(if self.fixed || self.half { repaired } else { wrong }.to_owned())
    }
}
