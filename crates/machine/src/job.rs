//! A command for a machine.
//!
//! In: words. Out: a script that says exactly these words to a POSIX shell, and the name of how it ended. Never a word that the
//! shell would read as something else.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A command with everything it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder inside in which it starts.
    pub folder: String,
    /// Its environment, besides `HOME`, `PATH`, `LANG` and `TMPDIR`.
    #[serde(default)]
    pub environment: Vec<(String, String)>,
    /// Longest time.
    pub wall: Duration,
    /// Most bytes of output, of both streams together.
    pub output: u64,
    /// With `/work`, `/tmp` and the home empty, and gone with it.
    #[serde(default)]
    pub fresh: bool,
    /// Names in the job's own folder (`jobs/ID/…`) and where they are seen inside.
    #[serde(default)]
    pub shown: Vec<(String, String)>,
    /// Folders and files of the machine (in `/pool`, where no job is, or in `/root`) and where they are seen inside.
    #[serde(default)]
    pub bound: Vec<(String, String)>,
    /// Folders of the machine of which it finds a copy in memory, and where.
    #[serde(default)]
    pub copied: Vec<(String, String)>,
    /// Links inside, each with where it points.
    #[serde(default)]
    pub links: Vec<(String, String)>,
    /// Folders of memory inside, each with the most bytes. They begin empty and are gone with the job.
    #[serde(default)]
    pub scratch: Vec<(String, u64)>,
    /// Files in the job's own folder of which it gets copies, which belong to it, and where.
    #[serde(default)]
    pub given: Vec<(String, String)>,
    /// What its line to the outside is for; without one it has none.
    #[serde(default)]
    pub line: Option<Line>,
}

/// What the line of a job carries. Our own program carries it, and must be bound at [`PROGRAM`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// Connections that are made to this port of the job's loopback; both ends greet with the word.
    Connections {
        /// The port.
        port: u16,
        /// The word.
        word: String,
    },
    /// A terminal, whose program is the job itself.
    Terminal,
}

/// Where our own program stands, for whoever has a line.
pub const PROGRAM: &str = "/run/deep-review/program";

impl Line {
    /// What the first process of the job reads about it.
    fn script(&self) -> Result<String, String> {
        match self {
            Self::Connections { port, word } => {
                Ok(format!("line=connections port={port} word={}\n", quoted(word)?))
            }
            Self::Terminal => Ok("line=terminal\n".to_owned()),
        }
    }
}

impl Default for Job {
    /// Nothing, within the limits of somebody who has none.
    fn default() -> Self {
        Self {
            command: Vec::new(),
            folder: "/".to_owned(),
            environment: Vec::new(),
            wall: Duration::from_hours(24),
            output: 1 << 40,
            fresh: false,
            shown: Vec::new(),
            bound: Vec::new(),
            copied: Vec::new(),
            links: Vec::new(),
            scratch: Vec::new(),
            given: Vec::new(),
            line: None,
        }
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// By itself.
    Exited,
    /// It took too long, and was ended.
    TimedOut,
    /// It wrote too much, and was ended.
    Output,
    /// Whoever waited for it went away or took it back.
    Cancelled,
    /// The machine went down under it.
    Lost,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// How it ended.
    pub how: How,
    /// Its exit code, where it ended by itself; 128 and the signal where one ended it.
    pub exit: Option<i32>,
    /// Milliseconds from the order to the end.
    pub ms: u64,
    /// What a reader should know.
    pub note: Option<String>,
}

/// Where the system's own programs are, inside.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

impl Job {
    /// The script that starts it. It is complete: nothing else of the environment reaches the command.
    pub(crate) fn script(&self) -> Result<String, String> {
        let mut path = PATH.to_owned();
        let mut settings = Vec::new();
        for (name, value) in &self.environment {
            let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            if !starts || !name.chars().all(|each| each.is_ascii_alphanumeric() || each == '_') {
                return Err(format!("\"{name}\" is no name of a variable"));
            }
            if name == "PATH" {
                path = format!("{value}:{path}");
            } else {
                settings.push(format!("{name}={value}"));
            }
        }
        settings.push(format!("PATH={path}"));
        // Of two with one name the last counts: what is asked for.
        let usual = ["HOME=/home/review", "USER=review", "LOGNAME=review", "TMPDIR=/tmp", "LANG=C.UTF-8"];
        let usual: Vec<String> = usual.map(str::to_owned).into();
        let words: Result<Vec<String>, String> = ["/usr/bin/env".to_owned(), "-i".to_owned()]
            .iter()
            .chain(&usual)
            .chain(&settings)
            .chain(&self.command)
            .map(|word| quoted(word))
            .collect();
        Ok(format!("cd -- {} || exit 126\nexec {}\n", quoted(&self.folder)?, words?.join(" ")))
    }

    /// What is to be known of its line, as a script for the first process of the job.
    pub(crate) fn line(&self) -> Result<Option<String>, String> {
        self.line.as_ref().map(Line::script).transpose()
    }

    /// What is to be shown where, as a script for the first process of the job.
    pub(crate) fn mounts(&self, id: &str) -> Result<String, String> {
        let own = |name: &str| format!("/root/jobs/{id}/{name}");
        let shown = self.shown.iter().map(|(name, inside)| ("show", own(name), inside));
        let bound = self.bound.iter().map(|(from, inside)| ("show", from.clone(), inside));
        let copied = self.copied.iter().map(|(from, inside)| ("copy", from.clone(), inside));
        let mut all: Vec<_> = shown.chain(bound).chain(copied).collect();
        // What is outside first, so that what is inside lies over it.
        all.sort_by(|one, other| one.2.cmp(other.2));
        let mut script = String::new();
        for (verb, from, inside) in all {
            writeln!(script, "{verb} {} {}", quoted(&from)?, quoted(inside)?)
                .expect("a string takes everything");
        }
        for (at, target) in &self.links {
            writeln!(script, "link {} {}", quoted(target)?, quoted(at)?).expect("a string takes everything");
        }
        for (name, inside) in &self.given {
            writeln!(script, "give {} {}", quoted(&own(name))?, quoted(inside)?)
                .expect("a string takes everything");
        }
        for (inside, size) in &self.scratch {
            writeln!(script, "memory {} {size}", quoted(inside)?).expect("a string takes everything");
        }
        Ok(script)
    }
}

/// One word of a POSIX shell that means itself.
pub(crate) fn quoted(word: &str) -> Result<String, String> {
    if word.contains('\0') {
        return Err("a word with a zero byte in it cannot be said to a program".to_owned());
    }
    Ok(format!("'{}'", word.replace('\'', "'\\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(command: &[&str]) -> Job {
        Job {
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            folder: "/a b".to_owned(),
            environment: vec![
                ("K".to_owned(), "it's".to_owned()),
                ("PATH".to_owned(), "/opt/bin".to_owned()),
            ],
            shown: vec![("tree".to_owned(), "/tree".to_owned())],
            bound: vec![("/pool/1/a b".to_owned(), "/a b".to_owned())],
            copied: vec![("/pool/0/t".to_owned(), "/t".to_owned())],
            links: vec![("/l".to_owned(), "/a b/it's".to_owned())],
            scratch: vec![("/m".to_owned(), 9)],
            given: vec![("shown/0".to_owned(), "/home/review/.k".to_owned())],
            ..Job::default()
        }
    }

    #[test]
    fn words_mean_themselves() {
        let script = job(&["echo", "$(id)", "a'; rm -rf ~ #", "\n", "*", ""]).script().expect("a script");
        assert!(
            script.starts_with("cd -- '/a b' || exit 126\nexec '/usr/bin/env' '-i' 'HOME=/home/review' ")
        );
        assert!(script.contains(" 'K=it'\\''s' "), "{script}");
        assert!(script.contains("'PATH=/opt/bin:/usr/local/bin:"), "{script}");
        assert!(script.ends_with("'echo' '$(id)' 'a'\\''; rm -rf ~ #' '\n' '*' ''\n"), "{script}");
        let mounts = job(&["x"]).mounts("7").expect("mounts");
        assert_eq!(
            mounts,
            "show '/pool/1/a b' '/a b'\ncopy '/pool/0/t' '/t'\nshow '/root/jobs/7/tree' '/tree'\nlink '/a b/it'\\''s' '/l'\n\
             give '/root/jobs/7/shown/0' '/home/review/.k'\nmemory '/m' 9\n"
        );
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        assert!(job(&["a\0b"]).script().is_err());
        let mut odd = job(&["a"]);
        odd.environment.push(("A=B".to_owned(), String::new()));
        assert!(odd.script().is_err());
    }
}
