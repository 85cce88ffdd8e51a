//! Made-up histories of a branch: defects that are fixed, half fixed, declined, moved and told again in other words.
//!
//! In: a seed. Out: commits in a [`TestRepo`], and for every round what each reviewer says and what is true. Never asks the
//! program under test anything: what it should say follows from what was done to the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::json;

use crate::TestRepo;
use crate::defects::{DEFECTS, Defect};

/// Reviewers of the made-up panel.
pub const REVIEWERS: [&str; 3] = ["ada", "bob", "cyd"];

/// Numbers that follow from a seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides.max(1)
    }

    /// True this often in a hundred.
    pub fn percent(&mut self, often: usize) -> bool {
        self.below(100) < often
    }
}

/// What was done to a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing.
    Left,
    /// Its line was repaired.
    Fixed,
    /// One of its two places was repaired.
    HalfFixed,
    /// Its line was edited and is as wrong as before.
    Edited,
    /// Its function got another caller.
    Called,
}

/// A defect in the history.
#[derive(Clone, Debug)]
pub struct Living {
    /// What it is.
    pub defect: &'static Defect,
    /// Its file now.
    pub path: String,
    /// Whether it is repaired.
    pub fixed: bool,
    /// Whether one of its places is repaired.
    pub half: bool,
    /// Whether it was told in an earlier round.
    pub told: bool,
    /// Whether people declined it, and what was done to it since.
    pub declined: Option<Done>,
    /// What was done to it since the last round.
    pub done: Done,
    edits: u32,
    callers: u32,
    indent: usize,
    lines_above: usize,
}

/// A branch with its defects.
#[derive(Debug)]
pub struct History<'r> {
    /// The repository, on branch `topic`.
    pub repo: &'r TestRepo,
    /// The defects.
    pub living: Vec<Living>,
    dice: Dice,
    bases: u32,
    round: u32,
}

impl<'r> History<'r> {
    /// A branch with some defects, ready for its first round, in this repository.
    pub fn begin(repo: &'r TestRepo, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut order: Vec<usize> = (0..DEFECTS.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, dice.below(at + 1));
        }
        let count = 4 + dice.below(4);
        let living: Vec<Living> = order[..count]
            .iter()
            .map(|at| Living {
                defect: &DEFECTS[*at],
                path: DEFECTS[*at].path.to_owned(),
                fixed: false,
                half: false,
                told: false,
                declined: None,
                done: Done::Left,
                edits: 0,
                callers: 0,
                indent: 0,
                lines_above: 0,
            })
            .collect();
        repo.write("base.txt", "0\n").write("src/callers.rs", "// Callers.\n");
        repo.commit("The base");
        repo.branch("topic");
        let history = Self { repo, living, dice, bases: 0, round: 0 };
        history.write_all();
        history.repo.commit("Add the feature");
        history
    }

    /// How many rounds this history has: 3–12.
    pub fn rounds(&mut self) -> usize {
        3 + self.dice.below(10)
    }

    fn write_all(&self) {
        for living in &self.living {
            self.repo.write(&living.path, living.text());
        }
        let mut callers = String::from("// Callers.\n");
        for living in &self.living {
            for number in 0..living.callers {
                write!(
                    callers,
                    "fn call_{}_{number}() {{\n    {}();\n}}\n",
                    living.defect.function, living.defect.function
                )
                .expect("a string takes everything");
            }
        }
        self.repo.write("src/callers.rs", callers);
    }

    /// Works on the branch as authors do between two rounds.
    pub fn work(&mut self) {
        self.round += 1;
        let mut renames = Vec::new();
        for at in 0..self.living.len() {
            self.living[at].done = Done::Left;
            let dice = self.dice.below(100);
            let living = &mut self.living[at];
            if living.fixed {
                continue;
            }
            let done = match (living.declined.is_some(), dice) {
                (false, 0..=29) if living.told => Done::Fixed,
                (false, 30..=39) if living.told && living.defect.second.is_some() && !living.half => {
                    Done::HalfFixed
                }
                (true, 0..=14) => Done::Edited,
                (true, 15..=29) => Done::Called,
                _ => Done::Left,
            };
            living.done = done;
            if let Some(declined) = &mut living.declined
                && done != Done::Left
                && *declined == Done::Left
            {
                *declined = done;
            }
            match done {
                Done::Fixed => living.fixed = true,
                Done::HalfFixed => living.half = true,
                Done::Edited => living.edits += 1,
                Done::Called => living.callers += 1,
                Done::Left => {}
            }
            if self.dice.percent(40) {
                living.lines_above += 1 + self.dice.below(6);
            }
            if self.dice.percent(15) {
                living.indent = 4 - living.indent;
            }
            if self.dice.percent(10) {
                let to =
                    format!("src/moved_{}/{}", self.round, living.path.rsplit('/').next().unwrap_or("x"));
                renames.push((std::mem::replace(&mut living.path, to.clone()), to));
            }
        }
        for (from, _) in &renames {
            self.repo.remove(from);
        }
        self.write_all();
        self.repo.commit(&format!("Address round {}", self.round));
        match self.dice.below(6) {
            0 => self.rebase(),
            1 => self.squash(),
            _ => {}
        }
    }

    fn rebase(&mut self) {
        self.bases += 1;
        self.repo.checkout("main");
        self.repo.write("base.txt", format!("{}\n", self.bases));
        self.repo.commit("The base moves on");
        self.repo.checkout("topic");
        self.repo.git(&["rebase", "-q", "main"]);
    }

    fn squash(&mut self) {
        let base = self.repo.git(&["merge-base", "main", "topic"]);
        self.repo.git(&["reset", "-q", "--soft", base.trim()]);
        self.repo.commit("Add the feature, squashed");
    }

    /// What the panel says this round: a review for each reviewer, and which defects are told.
    pub fn reviews(&mut self) -> (BTreeMap<&'static str, String>, BTreeSet<usize>) {
        let mut by: BTreeMap<&'static str, Vec<serde_json::Value>> = BTreeMap::new();
        for name in REVIEWERS {
            by.insert(name, Vec::new());
        }
        let mut told = BTreeSet::new();
        for (at, living) in self.living.iter().enumerate().filter(|(_, living)| !living.fixed) {
            let first = self.dice.below(REVIEWERS.len());
            let both = self.dice.percent(30);
            let tellings: Vec<usize> =
                if both { vec![first, (first + 1) % REVIEWERS.len()] } else { vec![first] };
            for reviewer in tellings {
                let telling = self.dice.below(living.defect.tellings.len());
                by.entry(REVIEWERS[reviewer]).or_default().push(living.told_by(telling));
            }
            told.insert(at);
        }
        for living in &mut self.living {
            living.told |= !living.fixed;
        }
        let reviews = by.into_iter().map(|(name, findings)| (name, review(&findings))).collect();
        (reviews, told)
    }

    /// Defects that people decline after this round.
    pub fn declines(&mut self) -> Vec<usize> {
        let mut chosen = Vec::new();
        for at in 0..self.living.len() {
            let living = &self.living[at];
            if living.told && !living.fixed && living.declined.is_none() && self.dice.percent(30) {
                chosen.push(at);
            }
        }
        for at in &chosen {
            self.living[*at].declined = Some(Done::Left);
        }
        chosen
    }
}

fn review(findings: &[serde_json::Value]) -> String {
    let document = json!({
        "schema": "deep-review/review/v1",
        "verdict": "merge-with-fixes",
        "summary": "The change adds a feature; what stands below was found by reading it line by line.",
        "findings": findings,
    });
    serde_json::to_string_pretty(&document).expect("plain data")
}

impl Living {
    /// The defect's line now.
    pub fn line(&self) -> String {
        let edited = if self.edits == 0 { String::new() } else { format!(" // revised {}", self.edits) };
        if self.fixed { self.defect.repaired.to_owned() } else { format!("{}{edited}", self.defect.wrong) }
    }

    /// The defect's second line now, where it has one.
    pub fn second_line(&self) -> Option<String> {
        let (wrong, repaired) = self.defect.second?;
        Some(if self.fixed || self.half { repaired } else { wrong }.to_owned())
    }

    /// Its file now.
    pub fn text(&self) -> String {
        let mut text = String::from("// A part of the feature.\n");
        for number in 0..self.lines_above {
            writeln!(text, "// Note {number} about {}.", self.defect.function)
                .expect("a string takes everything");
        }
        let pad = " ".repeat(self.indent);
        writeln!(text, "{pad}pub fn {}() {{", self.defect.function).expect("a string takes everything");
        for line in self.defect.before {
            writeln!(text, "{pad}    {line}").expect("a string takes everything");
        }
        writeln!(text, "{pad}    {}", self.line()).expect("a string takes everything");
        for line in self.defect.after {
            writeln!(text, "{pad}    {line}").expect("a string takes everything");
        }
        writeln!(text, "{pad}}}").expect("a string takes everything");
        if let Some(second) = self.second_line() {
            let name = self.defect.function;
            writeln!(text, "\npub fn {name}_again() {{\n    {second}\n    finish();\n}}")
                .expect("a string takes everything");
        }
        text
    }

    fn place(&self, line: &str) -> serde_json::Value {
        let number = 1 + self.text().lines().position(|have| have.trim() == line.trim()).unwrap_or(0);
        json!({ "path": self.path, "start": number, "end": number, "quote": line.trim() })
    }

    fn told_by(&self, telling: usize) -> serde_json::Value {
        let telling = &self.defect.tellings[telling];
        let mut places = vec![self.place(&self.line())];
        if let Some(second) = self.second_line().filter(|_| !self.half) {
            places.push(self.place(&second));
        }
        json!({
            "severity": self.defect.severity, "kind": "regression", "title": telling.0, "problem": telling.1,
            "locations": places,
            "scenario": { "trigger": "the ordinary call", "result": "as told above", "expected": "what the caller asks for" },
        })
    }
}
