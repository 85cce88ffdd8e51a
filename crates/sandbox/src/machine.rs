//! A profile as a machine of its own needs it.
//!
//! In: a profile and a command. Out: a file that describes the job, for the program that boots the machine. Starts nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Profile};

/// What one job in a machine may see and touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineJob {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder inside in which it starts.
    pub start: String,
    /// Folders to read: where they are, and where they stand inside.
    pub read: Vec<(PathBuf, String)>,
    /// Folders of memory, with the most bytes of each.
    pub scratch: Vec<(String, u64)>,
    /// Its environment.
    pub environment: Vec<(String, String)>,
}

/// Writes the job, and gives its file.
pub(crate) fn write(profile: &Profile, command: &[OsString]) -> Result<PathBuf, Error> {
    let word = |word: &OsString| word.to_str().map(str::to_owned).ok_or_else(|| Error::NotText(word.into()));
    let text = |path: &Path| word(&path.as_os_str().to_owned());
    let command: Result<Vec<_>, _> = command.iter().map(word).collect();
    let read: Result<Vec<_>, Error> =
        profile.read.iter().map(|folder| Ok((folder.outside.clone(), text(&folder.inside)?))).collect();
    let scratch: Result<Vec<_>, Error> =
        profile.scratch.iter().map(|(path, size)| Ok((text(path)?, size.0))).collect();
    let environment: Result<Vec<_>, Error> =
        profile.environment.iter().map(|(name, value)| Ok((word(name)?, word(value)?))).collect();
    let job = MachineJob {
        command: command?,
        start: text(&profile.start)?,
        read: read?,
        scratch: scratch?,
        environment: environment?,
    };
    std::fs::create_dir_all(&profile.private).map_err(Error::Files)?;
    let file = profile.private.join("machine-job.json");
    std::fs::write(&file, serde_json::to_vec(&job).expect("plain data")).map_err(Error::Files)?;
    Ok(file)
}
