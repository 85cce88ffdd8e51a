//! Where things are in the folder of a machine, and the files by which a command and the agent talk.
//!
//! In: the folder. Out: paths, and what the agent has written down. Files and not sockets: they have no longest path, work on
//! every system, and are there after a crash of either side.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Endings of files that say that somebody runs.
pub(crate) const OF_THE_LIVING: &[&str] = &[".pid", ".sock", ".tmp"];

/// The folder of a machine.
#[derive(Clone, Debug)]
pub struct Places(pub(crate) PathBuf);

impl Places {
    /// Of the machine with this folder.
    pub fn of(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// What belongs to the agent: its seat, its state, orders for it.
    pub(crate) fn agent(&self) -> PathBuf {
        self.0.join("agent")
    }

    /// Records of the programs that agents ran.
    pub(crate) fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// Records of programs that commands ran: the manager, the generator of keys.
    pub(crate) fn helpers(&self) -> PathBuf {
        self.0.join("helpers")
    }

    /// What belongs to the machine itself.
    pub(crate) fn guest(&self) -> PathBuf {
        self.0.join("guest")
    }

    /// Commands for the machine, each in a folder.
    pub(crate) fn commands(&self) -> PathBuf {
        self.0.join("commands")
    }

    /// What the machine sees of them.
    pub(crate) fn jobs(&self) -> PathBuf {
        self.0.join("jobs")
    }

    /// What the machine sees of this program.
    pub(crate) fn own(&self) -> PathBuf {
        self.0.join("own")
    }

    /// A socket for whoever uses the machine. It ends as those of the living do, so that it is removed where it is left.
    pub fn socket(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.sock"))
    }

    /// What the agent says for people.
    pub fn agent_log(&self) -> PathBuf {
        self.agent().join("agent.log")
    }

    /// What the machine's console said.
    pub fn console(&self) -> PathBuf {
        self.runs().join("current").join("stdout")
    }

    /// What the program that runs the machine complained about.
    pub fn complaints(&self) -> PathBuf {
        self.runs().join("current").join("stderr")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.agent().join("state.json")
    }

    pub(crate) fn ended(&self) -> PathBuf {
        self.agent().join("ended.json")
    }

    /// An order for the agent: it does what the name says, and removes the file.
    pub(crate) fn order(&self, name: &str) -> PathBuf {
        self.agent().join("orders").join(name)
    }
}

/// What an agent writes down about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AgentState {
    pub(crate) ready: bool,
    pub(crate) template: String,
    pub(crate) restarts: u64,
}

/// Why an agent ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AgentEnded {
    pub(crate) asked: bool,
    pub(crate) why: String,
}

/// Reads a small file of ours; `None` where there is none, or not a whole one.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> std::io::Result<()> {
    crate::folder::write_whole(path, serde_json::to_string(value).expect("plain data").as_bytes())
}

/// Names in `folder` that an agent which is gone has left. By ending, and never by a pattern: a folder may have any name.
pub(crate) fn left_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut left = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let ends = OF_THE_LIVING.iter().any(|end| name.as_encoded_bytes().ends_with(end.as_bytes()));
        // A folder with such a name is none of theirs.
        if ends && !entry.file_type()?.is_dir() {
            left.push(entry.path());
        }
    }
    left.sort();
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_living_are_found_whatever_the_folder_is_called() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = scratch.path().join("vm[1]?*{a,b}");
        fs::create_dir_all(folder.join("kept.tmp")).expect("a folder");
        for name in ["ha.pid", "ha.sock", "[x].tmp", "disk", "pid", "a.pid.bak", "lima.yaml"] {
            fs::write(folder.join(name), "").expect("a file");
        }
        let neighbour = scratch.path().join("vm1");
        fs::create_dir(&neighbour).expect("a folder");
        fs::write(neighbour.join("ha.pid"), "").expect("a file");
        let names: Vec<_> = left_in(&folder).expect("a look");
        assert_eq!(names, ["[x].tmp", "ha.pid", "ha.sock"].map(|name| folder.join(name)));
        assert!(left_in(&scratch.path().join("none")).expect("nothing").is_empty());
    }
}
