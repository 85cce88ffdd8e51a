//! Made-up histories of a branch: defects that are fixed, half fixed, declined, moved and told again in other words.
//!
//! In: a seed. Out: commits in a [`TestRepo`], and for every round what each reviewer says and what is true. Never asks the
//! program under test anything: what it should say follows from what was done to the code.

mod code;
mod telling;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

pub use telling::{How, Told};

use crate::TestRepo;
use crate::defects::{DEFECTS, Defect};

/// Reviewers of the made-up panel. The last one writes Markdown, the others JSON.
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
    /// Nothing that matters: it may have moved, drifted or been laid out anew.
    Left,
    /// Its line was repaired.
    Fixed,
    /// One of its two places was repaired.
    HalfFixed,
    /// Its line was edited and is as wrong as before.
    Edited,
    /// Its function got another caller.
    Called,
    /// Its function was taken out.
    TakenOut,
    /// Its function, taken out a round ago, was put back as it was.
    PutBack,
}

/// A defect in the history.
#[derive(Clone, Debug)]
pub struct Living {
    /// What it is.
    pub defect: &'static Defect,
    /// Its function now; defects that are twins have one of their own each.
    pub function: String,
    /// Its file now.
    pub path: String,
    /// Whether it is repaired.
    pub fixed: bool,
    /// Whether one of its places is repaired.
    pub half: bool,
    /// Whether its function is not there in this round.
    pub absent: bool,
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
    /// Whether the same line stands in another function, where it is right.
    decoy: bool,
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
    /// Files that were laid out anew.
    spread: BTreeSet<String>,
    /// Files written in the last round.
    written: BTreeSet<String>,
}

impl<'r> History<'r> {
    /// A branch with some defects, ready for its first round, in this repository. `twins`: some defects stand twice in one
    /// file, in two functions that differ in nothing but their names.
    pub fn begin(repo: &'r TestRepo, seed: u64, twins: bool) -> Self {
        let mut dice = Dice::new(seed);
        let mut order: Vec<usize> = (0..DEFECTS.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, dice.below(at + 1));
        }
        let count = 4 + dice.below(4);
        let mut living: Vec<Living> = Vec::new();
        for at in &order[..count] {
            let mut one = Living::new(&DEFECTS[*at]);
            // Some share a file with the one before.
            if let Some(before) = living.last().filter(|_| dice.percent(40)) {
                one.path.clone_from(&before.path);
            }
            one.decoy = dice.percent(25);
            let may_be_twice = twins && one.defect.second.is_none() && !one.decoy;
            let twin = (may_be_twice && dice.percent(30))
                .then(|| Living { function: format!("{}_in_bulk", one.function), ..one.clone() });
            living.push(one);
            living.extend(twin);
        }
        repo.write("base.txt", "0\n").write("src/callers.rs", "// Callers.\n");
        repo.commit("The base");
        repo.branch("topic");
        let (spread, written) = (BTreeSet::new(), BTreeSet::new());
        let mut history = Self { repo, living, dice, bases: 0, round: 0, spread, written };
        history.write_all();
        history.repo.commit("Add the feature");
        history
    }

    /// How many rounds this history has: 3–12.
    pub fn rounds(&mut self) -> usize {
        3 + self.dice.below(10)
    }

    fn write_all(&mut self) {
        let texts = code::files(&self.living, &self.spread);
        for gone in self.written.iter().filter(|path| !texts.contains_key(*path)) {
            self.repo.remove(gone);
        }
        for (path, lines) in &texts {
            let mut text = String::new();
            for line in lines {
                text.push_str(&line.text);
                text.push('\n');
            }
            self.repo.write(path, text);
        }
        self.written = texts.into_keys().collect();
        let mut callers = String::from("// Callers.\n");
        for living in &self.living {
            for number in 0..living.callers {
                let name = &living.function;
                write!(callers, "fn call_{name}_{number}() {{\n    {name}();\n}}\n")
                    .expect("a string takes everything");
            }
        }
        self.repo.write("src/callers.rs", callers);
    }

    /// Works on the branch as authors do between two rounds.
    pub fn work(&mut self) {
        self.round += 1;
        for at in 0..self.living.len() {
            let done = self.choose(at);
            let living = &mut self.living[at];
            living.done = done;
            if let Some(declined) = &mut living.declined
                && matches!(done, Done::Edited | Done::Called | Done::HalfFixed)
                && *declined == Done::Left
            {
                *declined = done;
            }
            match done {
                Done::Fixed => living.fixed = true,
                Done::HalfFixed => living.half = true,
                Done::Edited => living.edits += 1,
                Done::Called => living.callers += 1,
                Done::TakenOut => living.absent = true,
                Done::PutBack => living.absent = false,
                Done::Left => {}
            }
            if self.dice.percent(40) {
                living.lines_above += 1 + self.dice.below(6);
            }
            if self.dice.percent(15) {
                living.indent = 4 - living.indent;
            }
            if self.dice.percent(5) {
                // Into a file of another: no rename that git could see.
                let to = self.dice.below(self.living.len());
                self.living[at].path = self.living[to].path.clone();
            }
        }
        self.rename_and_lay_out();
        self.write_all();
        self.repo.commit(&format!("Address round {}", self.round));
        match self.dice.below(6) {
            0 => self.rebase(),
            1 => self.squash(),
            _ => {}
        }
    }

    fn choose(&mut self, at: usize) -> Done {
        let dice = self.dice.below(100);
        let living = &self.living[at];
        if living.fixed {
            return Done::Left;
        }
        if living.absent {
            return if dice < 60 { Done::PutBack } else { Done::Left };
        }
        match (living.declined.is_some(), dice) {
            (false, 0..=24) if living.told => Done::Fixed,
            (false, 25..=34) if living.told && living.defect.second.is_some() && !living.half => {
                Done::HalfFixed
            }
            (false, 35..=39) | (true, 0..=14) => Done::Edited,
            (true, 15..=29) => Done::Called,
            (_, 96..=99) if living.told => Done::TakenOut,
            _ => Done::Left,
        }
    }

    /// Renames files, and lays some out anew.
    fn rename_and_lay_out(&mut self) {
        let paths: BTreeSet<String> = self.living.iter().map(|living| living.path.clone()).collect();
        for path in paths {
            if self.dice.percent(8) && !self.spread.remove(&path) {
                self.spread.insert(path.clone());
            }
            if !self.dice.percent(10) {
                continue;
            }
            let to = format!("src/moved_{}/{}", self.round, path.rsplit('/').next().unwrap_or("x"));
            for living in self.living.iter_mut().filter(|living| living.path == path) {
                living.path.clone_from(&to);
            }
            if self.spread.remove(&path) {
                self.spread.insert(to);
            }
        }
    }

    fn rebase(&mut self) {
        self.bases += 1;
        self.repo.checkout("main");
        self.repo.write("base.txt", format!("{}\n", self.bases));
        // What others wrote meanwhile has lines like ours.
        let like = &DEFECTS[self.dice.below(DEFECTS.len())];
        let text = format!("pub fn of_others_{}() {{\n    {}\n}}\n", self.bases, like.wrong);
        self.repo.write(&format!("src/others/part_{}.rs", self.bases), text);
        self.repo.commit("The base moves on");
        self.repo.checkout("topic");
        self.repo.git(&["rebase", "-q", "main"]);
    }

    fn squash(&mut self) {
        let base = self.repo.git(&["merge-base", "main", "topic"]);
        self.repo.git(&["reset", "-q", "--soft", base.trim()]);
        self.repo.commit("Add the feature, squashed");
    }

    /// What the panel says this round: a review for each reviewer, and who tells which defect where in it.
    pub fn reviews(&mut self) -> (BTreeMap<&'static str, String>, Told) {
        let files = code::files(&self.living, &self.spread);
        telling::reviews(&mut self.living, &files, &mut self.dice)
    }

    /// Defects that people decline after this round.
    pub fn declines(&mut self) -> Vec<usize> {
        let mut chosen = Vec::new();
        for at in 0..self.living.len() {
            let living = &self.living[at];
            let is_open = living.told && !living.fixed && !living.absent && living.declined.is_none();
            if is_open && self.dice.percent(30) {
                chosen.push(at);
            }
        }
        for at in &chosen {
            self.living[*at].declined = Some(Done::Left);
        }
        chosen
    }
}

impl Living {
    fn new(defect: &'static Defect) -> Self {
        Self {
            defect,
            function: defect.function.to_owned(),
            path: defect.path.to_owned(),
            fixed: false,
            half: false,
            absent: false,
            told: false,
            declined: None,
            done: Done::Left,
            edits: 0,
            callers: 0,
            indent: 0,
            lines_above: 0,
            decoy: false,
        }
    }

    /// Whether there is something to tell.
    pub fn stands(&self) -> bool {
        !self.fixed && !self.absent
    }
}
