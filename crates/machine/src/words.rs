//! What is wanted of a machine, and what is known of it: plain data with the names of its JSON.
//!
//! In: the user's wishes. Out: a record that can be written down and read again. Never looks at a machine.

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The schema of [`Record`].
pub const SCHEMA: &str = "deep-review/machine/v1";

/// So many troubles are kept in the status; the events keep all of them.
const TROUBLES_KEPT: usize = 20;

/// The name of a machine: a folder, a part of other names, and a word on command lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > 40 || !text.bytes().all(good) || text.starts_with('-') {
            return Err(format!(
                "\"{text}\" is no name for a machine: up to 40 of a-z, 0-9 and `-`, not beginning with `-`"
            ));
        }
        Ok(Self(text))
    }
}

/// What a machine should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Desired {
    /// There, and ready for commands.
    Running,
    /// There, and off.
    Stopped,
    /// Gone, with everything that belonged to it.
    Absent,
}

impl Desired {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Absent => "absent",
        }
    }
}

/// What makes the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriverKind {
    /// QEMU itself, with a kernel of this system and its `/usr`: no image, no network.
    Qemu,
    /// Lima, through `limactl`.
    Lima,
}

impl DriverKind {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Qemu => "qemu",
            Self::Lima => "lima",
        }
    }
}

/// A folder of this system that the machine may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Where it is.
    pub outside: PathBuf,
    /// Where it is seen inside.
    pub inside: PathBuf,
}

/// A folder of this system out of which the jobs of a machine are shown what each of them may read. No job sees all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Where it is.
    pub outside: PathBuf,
    /// Nothing in it changes while the machine runs, so that it may be remembered inside.
    pub still: bool,
}

/// What a machine is made of. Another template than the one it runs with means a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// What makes it.
    pub driver: DriverKind,
    /// Processors.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory: u32,
    /// Folders it may read.
    #[serde(default)]
    pub shares: Vec<Share>,
    /// Folders out of which jobs are shown something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<Pool>,
    /// Lima's own template: a file, or a name as `template:default`.
    #[serde(default)]
    pub lima: Option<String>,
    /// A folder with `boot/vmlinuz-…`, `lib/modules/…` and `bin/busybox` for QEMU; without it this system's own.
    #[serde(default)]
    pub guest: Option<PathBuf>,
    /// Seconds it may take until it is ready.
    pub ready_within: u64,
    /// Seconds it may take to go down by itself, before it is ended.
    pub grace: u64,
}

impl Template {
    /// A machine of moderate size.
    pub fn new(driver: DriverKind) -> Self {
        let (memory, ready_within) = match driver {
            DriverKind::Qemu => (1024, 120),
            DriverKind::Lima => (2048, 600),
        };
        Self {
            driver,
            cpus: 2,
            memory,
            shares: Vec::new(),
            pools: Vec::new(),
            lima: None,
            guest: None,
            ready_within,
            grace: 20,
        }
    }

    /// What tells this template from another.
    pub fn digest(&self) -> String {
        let text = serde_json::to_string(self).expect("plain data");
        Sha256::digest(text.as_bytes()).iter().take(8).fold(String::new(), |mut text, byte| {
            use fmt::Write as _;
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        })
    }
}

/// What is asked about a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Whether it exists.
    Created,
    /// Whether it runs and takes commands.
    Running,
    /// Whether something is wrong with it.
    Degraded,
}

impl Question {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Degraded => "degraded",
        }
    }
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Yes.
    True,
    /// No.
    False,
    /// It could not be found out.
    Unknown,
}

impl Answer {
    /// From what is known.
    pub fn of(known: bool) -> Self {
        if known { Self::True } else { Self::False }
    }
}

/// One thing that is known of a machine, and since when it is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What.
    pub question: Question,
    /// Whether.
    pub answer: Answer,
    /// Why, in one word for programs.
    pub reason: String,
    /// Why, in a sentence for people.
    pub message: String,
    /// Since when the answer is this one.
    pub since: Timestamp,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// When.
    pub at: Timestamp,
    /// In which step.
    pub step: String,
    /// What, in a sentence.
    pub message: String,
}

/// What is known of a machine, as of the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// One for each question, in order.
    pub conditions: Vec<Condition>,
    /// What went wrong lately; the oldest first.
    pub troubles: Vec<Trouble>,
}

impl Status {
    /// The answer to a question.
    pub fn answer(&self, question: Question) -> Answer {
        let found = self.conditions.iter().find(|condition| condition.question == question);
        found.map_or(Answer::Unknown, |condition| condition.answer)
    }

    /// Writes down an answer. The time stays where the answer does.
    pub fn set(&mut self, question: Question, answer: Answer, reason: &str, message: &str, now: Timestamp) {
        let condition = Condition {
            question,
            answer,
            reason: reason.to_owned(),
            message: message.to_owned(),
            since: now,
        };
        match self.conditions.iter_mut().find(|known| known.question == question) {
            Some(known) if known.answer == answer => {
                *known = Condition { since: known.since, ..condition };
            }
            Some(known) => *known = condition,
            None => self.conditions.push(condition),
        }
    }

    /// Keeps a trouble.
    pub fn trouble(&mut self, at: Timestamp, step: &str, message: &str) {
        self.troubles.push(Trouble { at, step: step.to_owned(), message: message.to_owned() });
        let surplus = self.troubles.len().saturating_sub(TROUBLES_KEPT);
        self.troubles.drain(..surplus);
    }
}

/// How often something was tried in vain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// How often.
    pub count: u32,
    /// When the last time.
    pub last: Option<Timestamp>,
    /// Why the last time.
    pub why: Option<String>,
    /// No other try could have helped.
    #[serde(default)]
    pub lasting: bool,
}

/// Everything that is written down about a machine. It stays until the machine is confirmed gone: it is what remembers
/// that there is something to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which machine.
    pub name: Name,
    /// What it should be.
    pub desired: Desired,
    /// What it is made of.
    pub template: Template,
    /// How often the user asked for a restart.
    pub restarts: u64,
    /// The machine may exist in the world: set before it is made, and only taken back when it is confirmed gone.
    pub finalizer: bool,
    /// Creations after which it was not there.
    #[serde(default)]
    pub creating: Tries,
    /// Starts in vain.
    pub starting: Tries,
    /// Stops in vain.
    pub stopping: Tries,
    /// Deletions in vain, and those after which it was still there.
    pub deleting: Tries,
    /// Removals of the record in vain.
    #[serde(default)]
    pub forgetting: Tries,
    /// It could not be removed: the command that removes it by hand.
    pub stranded: Option<String>,
    /// What is known of it.
    pub status: Status,
}

impl Record {
    /// The record of a machine that does not exist yet.
    pub fn new(name: Name, template: Template) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            name,
            desired: Desired::Stopped,
            template,
            restarts: 0,
            finalizer: false,
            creating: Tries::default(),
            starting: Tries::default(),
            stopping: Tries::default(),
            deleting: Tries::default(),
            forgetting: Tries::default(),
            stranded: None,
            status: Status::default(),
        }
    }

    /// Takes a new wish of the user's. What was tried in vain for an earlier one is tried again.
    pub fn wish(&mut self, desired: Desired) {
        self.desired = desired;
        for tries in [
            &mut self.creating,
            &mut self.starting,
            &mut self.stopping,
            &mut self.deleting,
            &mut self.forgetting,
        ] {
            *tries = Tries::default();
        }
        self.stranded = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn names_that_mean_something_elsewhere_are_refused() {
        for bad in ["", "-f", "..", "a/b", "a b", "A", "vm[1]", "ä", &"x".repeat(41)] {
            assert!(Name::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert_eq!(Name::try_from("a-1".to_owned()).expect("good").as_str(), "a-1");
    }

    #[test]
    fn since_stays_as_long_as_the_answer_does() {
        let mut status = Status::default();
        status.set(Question::Running, Answer::True, "Ready", "", at(1));
        status.set(Question::Running, Answer::True, "Adopted", "again", at(2));
        assert_eq!((status.conditions[0].since, status.conditions[0].reason.as_str()), (at(1), "Adopted"));
        status.set(Question::Running, Answer::False, "Off", "", at(3));
        assert_eq!(status.conditions[0].since, at(3));
        assert_eq!(status.conditions.len(), 1);
    }

    #[test]
    fn every_part_of_a_template_tells_it_from_another() {
        let one = Template::new(DriverKind::Qemu);
        let digest = one.digest();
        assert_eq!(digest, one.clone().digest());
        for other in [
            Template { cpus: 3, ..one.clone() },
            Template { memory: 3, ..one.clone() },
            Template { lima: Some("x".to_owned()), ..one.clone() },
            Template { guest: Some("/x".into()), ..one },
        ] {
            assert_ne!(other.digest(), digest);
        }
    }
}
