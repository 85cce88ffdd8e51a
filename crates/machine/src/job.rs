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
    /// Folders of memory inside, each with the most bytes. They begin empty and are gone with the job.
    #[serde(default)]
    pub scratch: Vec<(String, u64)>,
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
        for fixed in ["HOME=/home/review", "USER=review", "LOGNAME=review", "TMPDIR=/tmp", "LANG=C.UTF-8"] {
            settings.push(fixed.to_owned());
        }
        let words: Result<Vec<String>, String> = ["/usr/bin/env".to_owned(), "-i".to_owned()]
            .iter()
            .chain(&settings)
            .chain(&self.command)
            .map(|word| quoted(word))
            .collect();
        Ok(format!("cd -- {} || exit 126\nexec {}\n", quoted(&self.folder)?, words?.join(" ")))
    }

    /// What is to be shown where, as a script for the first process of the job.
    pub(crate) fn mounts(&self, id: &str) -> Result<String, String> {
        let mut script = String::new();
        for (name, inside) in &self.shown {
            let from = quoted(&format!("/root/jobs/{id}/{name}"))?;
            let to = quoted(&format!("/root{inside}"))?;
            writeln!(script, "mkdir -p {to} && mount --bind {from} {to} || exit 125")
                .expect("a string takes everything");
        }
        for (inside, size) in &self.scratch {
            let at = quoted(&format!("/root{inside}"))?;
            writeln!(script, "mkdir -p {at} && mount -t tmpfs -o mode=755,nosuid,nodev,size={size} job {at} && chown 1000:1000 {at} || exit 125").expect("a string takes everything");
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
            wall: Duration::from_secs(1),
            output: 1,
            fresh: false,
            shown: vec![("tree".to_owned(), "/tree".to_owned())],
            scratch: Vec::new(),
        }
    }

    #[test]
    fn words_mean_themselves() {
        let script = job(&["echo", "$(id)", "a'; rm -rf ~ #", "\n", "*", ""]).script().expect("a script");
        assert!(script.starts_with("cd -- '/a b' || exit 126\nexec '/usr/bin/env' '-i' 'K=it'\\''s' "));
        assert!(script.contains("'PATH=/opt/bin:/usr/local/bin:"), "{script}");
        assert!(script.ends_with("'echo' '$(id)' 'a'\\''; rm -rf ~ #' '\n' '*' ''\n"), "{script}");
        let mounts = job(&["x"]).mounts("7").expect("mounts");
        assert_eq!(
            mounts,
            "mkdir -p '/root/tree' && mount --bind '/root/jobs/7/tree' '/root/tree' || exit 125\n"
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
