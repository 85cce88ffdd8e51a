//! What people decided, one line each.
//!
//! In: decisions. Out: `decisions.jsonl` beside the runs, append-only, and the same lines as text for others to take in. The
//! index is made over it. Never edits a line: whoever changes their mind adds one.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use model::{Action, DECISION_SCHEMA, Decision, RunId, Sha};

use crate::stored_run::read_file;
use crate::{Error, Index, Result, Store, files};

/// Name of the file in the store's folder.
pub const DECISIONS_FILE: &str = "decisions.jsonl";

/// A longer line is no decision.
const LONGEST_LINE: usize = 512 << 10;

/// Lines taken from a text that others wrote.
const MOST_LINES: usize = 20_000;

/// The longest reason, name and owner.
const LONGEST_WORDS: usize = 8_000;

/// Decisions as they were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decisions {
    /// Each once, in the order of time.
    pub all: Vec<Decision>,
    /// Lines that are none, each with the reason. They stay where they are.
    pub refused: Vec<String>,
}

impl Decisions {
    /// Reads lines. Those that are no decision are refused, and the others count.
    pub fn parse(text: &str) -> Self {
        let mut known: BTreeMap<String, Decision> = BTreeMap::new();
        let mut refused = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            if number > MOST_LINES {
                refused.push(format!("line {number} and those behind it: too many lines"));
                break;
            }
            match parse_line(line) {
                Ok(decision) => {
                    known.insert(decision.id.as_str().to_owned(), decision);
                }
                Err(why) => refused.push(format!("line {number}: {why}")),
            }
        }
        let mut all: Vec<Decision> = known.into_values().collect();
        all.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Self { all, refused }
    }

    /// The last word on each finding of each run.
    pub fn latest_by_finding(&self) -> BTreeMap<(RunId, String), &Decision> {
        let key = |decision: &Decision| (decision.finding.run.clone(), decision.finding.id.clone());
        self.all.iter().map(|decision| (key(decision), decision)).collect()
    }

    /// The last word on each finding, told by its identity.
    pub fn latest(&self) -> Vec<&Decision> {
        let mut last: BTreeMap<&str, &Decision> = BTreeMap::new();
        for decision in &self.all {
            last.insert(decision.finding.fingerprint.as_str(), decision);
        }
        let mut latest: Vec<&Decision> = last.into_values().collect();
        latest.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        latest
    }
}

/// One line as a decision. What others wrote may be anything, so everything that is used later is looked at.
fn parse_line(line: &str) -> std::result::Result<Decision, String> {
    if line.len() > LONGEST_LINE {
        return Err("it is too long".to_owned());
    }
    let decision: Decision =
        serde_json::from_str(line).map_err(|error| format!("it cannot be understood: {error}"))?;
    if decision.schema != DECISION_SCHEMA {
        return Err("another version of deep-review wrote it".to_owned());
    }
    if decision.computed_id() != decision.id {
        return Err("its id does not follow from what it says".to_owned());
    }
    let finding = &decision.finding;
    let is_id = finding.id.len() <= 8
        && finding.id.chars().next().is_some_and(|first| "CIS".contains(first))
        && finding.id[1..].chars().all(|c| c.is_ascii_digit());
    if RunId::new(finding.run.as_str()).is_none() || !is_id {
        return Err("it names no finding of a run".to_owned());
    }
    if !finding.head.as_str().is_empty() && Sha::new(finding.head.as_str()).is_none() {
        return Err("its commit is no object name".to_owned());
    }
    let words = [&decision.reason, &decision.by, &decision.owner];
    if words.into_iter().flatten().any(|text| text.len() > LONGEST_WORDS) {
        return Err("its words are too long".to_owned());
    }
    let has_reason = decision.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
    if decision.action.needs_reason() && !has_reason {
        return Err("it declines without a reason".to_owned());
    }
    if decision.action == Action::RiskAccepted && (decision.until.is_none() || decision.owner.is_none()) {
        return Err("it accepts a risk without a day and an owner".to_owned());
    }
    Ok(decision)
}

/// Decisions as lines.
pub fn decision_lines<'d>(decisions: impl IntoIterator<Item = &'d Decision>) -> String {
    let mut text = String::new();
    for decision in decisions {
        text.push_str(&serde_json::to_string(decision).expect("plain data"));
        text.push('\n');
    }
    text
}

impl Store {
    fn decisions_path(&self) -> PathBuf {
        self.root().join(DECISIONS_FILE)
    }

    /// Everything people decided.
    pub fn decisions(&self) -> Result<Decisions> {
        let bytes = read_file(&self.decisions_path())?.unwrap_or_default();
        Ok(Decisions::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// Writes decisions down that are not there yet; returns how many. When this returns they survive a crash.
    pub fn decide(&self, decisions: &[Decision]) -> Result<usize> {
        let _exclusive = self.exclusive()?;
        let known = self.decisions()?;
        let is_new = |decision: &&Decision| known.all.iter().all(|other| other.id != decision.id);
        let new: Vec<&Decision> = decisions.iter().filter(is_new).collect();
        if new.is_empty() {
            return Ok(0);
        }
        self.append(&decision_lines(new.iter().copied()))?;
        // What the index could not take is no error: it is made from the file when it is next read.
        if let Ok(all) = self.decisions() {
            let _ = Index::open(self.root())
                .and_then(|mut index| index.set_decisions(&all, &self.decisions_stamp()));
        }
        Ok(new.len())
    }

    fn append(&self, lines: &str) -> Result<()> {
        let path = self.decisions_path();
        let failed = |error| Error::failed("write", &path)(error);
        // A link in its place would let a stranger choose where this is written.
        read_file(&path)?;
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let torn = length > 0 && last_byte(&mut file).map_err(failed)? != b'\n';
        let text = if torn { format!("\n{lines}") } else { lines.to_owned() };
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if written.is_err() {
            // A full disk may have taken half of it: what was not acknowledged is taken back, as far as that can be done.
            let _ = file.set_len(length);
        }
        written.map_err(failed)?;
        files::sync_folder(&path);
        Ok(())
    }

    /// What tells whether the file changed.
    pub(crate) fn decisions_stamp(&self) -> String {
        let Ok(metadata) = self.decisions_path().metadata() else { return "none".to_owned() };
        format!("{}", metadata.len())
    }
}

fn last_byte(file: &mut std::fs::File) -> std::io::Result<u8> {
    let mut byte = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::scratch;
    use model::{Fingerprint, Remembered};

    fn decision(id: &str, action: Action, minute: i64) -> Decision {
        let finding = Remembered {
            run: RunId::new("20260101-100000-topic").unwrap(),
            id: id.to_owned(),
            fingerprint: Fingerprint::of(&[id]),
            title: "it breaks".to_owned(),
            ..Remembered::default()
        };
        Decision {
            schema: DECISION_SCHEMA.to_owned(),
            id: Fingerprint::default(),
            at: jiff::Timestamp::from_second(minute * 60).unwrap(),
            action,
            reason: Some("by design".to_owned()),
            by: None,
            owner: None,
            until: None,
            series: "o/r@topic".to_owned(),
            finding,
        }
        .sealed()
    }

    #[test]
    fn decisions_are_there_once_and_in_order() {
        let (_folder, store) = scratch();
        let (one, two) = (decision("I1", Action::Declined, 2), decision("I2", Action::Fixed, 1));
        assert_eq!(store.decide(&[one.clone(), two.clone()]).unwrap(), 2);
        assert_eq!(store.decide(std::slice::from_ref(&one)).unwrap(), 0);
        assert_eq!(store.decisions().unwrap().all, [two, one]);
    }

    #[test]
    fn half_a_line_costs_itself_and_nothing_else() {
        let (_folder, store) = scratch();
        store.decide(&[decision("I1", Action::Declined, 1)]).unwrap();
        let path = store.decisions_path();
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}{}", &whole[..40])).unwrap();
        store.decide(&[decision("I2", Action::Declined, 2)]).unwrap();
        let read = store.decisions().unwrap();
        assert_eq!((read.all.len(), read.refused.len()), (2, 1));
    }

    #[test]
    fn the_last_word_counts() {
        let all = [decision("I1", Action::Declined, 1), decision("I1", Action::Reopened, 2)];
        let read = Decisions::parse(&decision_lines(&all));
        assert_eq!(read.latest()[0].action, Action::Reopened);
        assert_eq!(read.latest_by_finding().len(), 1);
    }

    #[test]
    fn hostile_lines_are_refused() {
        let good = decision("I1", Action::Declined, 1);
        let with = |change: &dyn Fn(&mut Decision)| {
            let mut other = good.clone();
            change(&mut other);
            decision_lines([&other.sealed()])
        };
        let text = serde_json::to_string(&good.finding.run).unwrap();
        let cases = [
            decision_lines([&Decision { reason: Some("altered".to_owned()), ..good.clone() }]),
            with(&|it| it.reason = Some("  ".to_owned())),
            with(&|it| it.schema = "deep-review/decision/v9".to_owned()),
            with(&|it| it.finding.id = "../x".to_owned()),
            with(&|it| it.reason = Some("x".repeat(LONGEST_WORDS + 1))),
            with(&|it| it.action = Action::RiskAccepted),
            decision_lines([&good]).replace(&text, "\"../../etc\""),
            "x".repeat(LONGEST_LINE + 1),
            "[".repeat(100_000),
            "null".to_owned(),
        ];
        for case in cases {
            let read = Decisions::parse(&case);
            assert_eq!((read.all.len(), read.refused.len()), (0, 1), "{}", &case[..case.len().min(200)]);
        }
        assert_eq!(Decisions::parse(&"{}\n".repeat(MOST_LINES + 5)).refused.len(), MOST_LINES + 1);
    }
}
