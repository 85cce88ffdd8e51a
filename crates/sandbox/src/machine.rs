//! What a machine needs to know of one job.
//!
//! In: a profile or a room, and a command. Out: a file that describes the job, for the program that runs it in a machine. Starts
//! nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Profile, Room};

/// What one job in a machine may see and touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineJob {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The folder inside in which it starts.
    pub start: String,
    /// Folders and files to read: where they are, and where they stand inside.
    pub read: Vec<(PathBuf, String)>,
    /// Folders of memory, with the most bytes of each.
    pub scratch: Vec<(String, u64)>,
    /// Its environment.
    pub environment: Vec<(String, String)>,
    /// Links to make, each with where it points.
    #[serde(default)]
    pub links: Vec<(String, String)>,
    /// Folders that it finds as a copy in memory, which it may change and which is gone with it: where they are, and where they stand
    /// inside.
    #[serde(default)]
    pub copies: Vec<(PathBuf, String)>,
    /// Files that it finds as copies of its own: where they are, and where they stand inside.
    #[serde(default)]
    pub given: Vec<(PathBuf, String)>,
    /// What it may reach.
    #[serde(default)]
    pub line: Option<MachineLine>,
}

/// The way of a job to its proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineLine {
    /// The socket of the proxy, outside.
    pub socket: PathBuf,
    /// The port on which it is reached, inside.
    pub port: u16,
}

/// Writes the job of a profile, and gives its file.
pub(crate) fn write(profile: &Profile, command: &[OsString]) -> Result<PathBuf, Error> {
    let read: Result<Vec<_>, Error> =
        profile.read.iter().map(|folder| Ok((folder.outside.clone(), text(&folder.inside)?))).collect();
    let job = MachineJob {
        command: words(command)?,
        start: text(&profile.start)?,
        read: read?,
        scratch: memory(&profile.scratch)?,
        environment: pairs(&profile.environment)?,
        ..MachineJob::default()
    };
    keep(&job, &profile.private)
}

/// Writes the job of a room, and gives its file. What the room may write on disk it finds as a copy: nothing comes out of a machine
/// but what a program says.
pub(crate) fn write_room(
    room: &Room,
    environment: &[(OsString, OsString)],
    command: &[OsString],
) -> Result<PathBuf, Error> {
    room.check()?;
    let is_written = |path: &Path| room.write.iter().any(|written| written == path);
    let read = room.read.iter().filter(|folder| !is_written(&folder.outside));
    let read: Result<Vec<_>, Error> =
        read.map(|folder| Ok((folder.outside.clone(), text(&folder.inside)?))).collect();
    let copies = room.write.iter().chain(room.copies.iter().map(|(path, _)| path));
    let copies: Result<Vec<_>, Error> = copies.map(|path| Ok((path.clone(), text(path)?))).collect();
    let links: Result<Vec<_>, Error> =
        room.links_to_make().map(|(at, target)| Ok((text(at)?, text(target)?))).collect();
    let home = Room::home();
    let given: Result<Vec<_>, Error> =
        room.at_home.iter().map(|(path, below)| Ok((path.clone(), text(&home.join(below))?))).collect();
    let job = MachineJob {
        command: words(command)?,
        start: text(&room.start)?,
        read: read?,
        scratch: memory(&room.scratch)?,
        environment: pairs(environment)?,
        links: links?,
        copies: copies?,
        given: given?,
        line: room.network.clone().map(|(socket, port)| MachineLine { socket, port }),
    };
    keep(&job, &room.private)
}

fn keep(job: &MachineJob, private: &Path) -> Result<PathBuf, Error> {
    std::fs::create_dir_all(private).map_err(Error::Files)?;
    let file = private.join("machine-job.json");
    std::fs::write(&file, serde_json::to_vec(job).expect("plain data")).map_err(Error::Files)?;
    Ok(file)
}

fn word(word: &OsString) -> Result<String, Error> {
    word.to_str().map(str::to_owned).ok_or_else(|| Error::NotText(word.into()))
}

fn words(all: &[OsString]) -> Result<Vec<String>, Error> {
    all.iter().map(word).collect()
}

fn text(path: &Path) -> Result<String, Error> {
    path.to_str().map(str::to_owned).ok_or_else(|| Error::NotText(path.to_owned()))
}

fn memory(all: &[(PathBuf, crate::Size)]) -> Result<Vec<(String, u64)>, Error> {
    all.iter().map(|(path, size)| Ok((text(path)?, size.0))).collect()
}

fn pairs(all: &[(OsString, OsString)]) -> Result<Vec<(String, String)>, Error> {
    all.iter().map(|(name, value)| Ok((word(name)?, word(value)?))).collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::{Folder, Size};

    #[test]
    fn what_a_room_may_write_is_a_copy_in_a_machine() {
        let scratch = tempfile::tempdir().unwrap();
        let room = Room {
            start: "/c/tree".into(),
            read: vec![Folder::in_place("/c/tree"), Folder::in_place("/opt/x")],
            links: vec![("/u/bin/x".into(), "/opt/x/x".into())],
            write: vec!["/c/tree".into()],
            scratch: vec![("/c/scratch".into(), Size(9))],
            at_home: vec![("/home/ada/.x/key".into(), ".x/key".into())],
            network: Some(("/p/network".into(), 3128)),
            private: scratch.path().join("private"),
            ..Room::default()
        };
        let environment = [("PATH".into(), "/opt/x".into())];
        let file = write_room(&room, &environment, &["/u/bin/x".into(), "-a b".into()]).unwrap();
        let job: MachineJob = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(job.read, [("/opt/x".into(), "/opt/x".to_owned())]);
        assert_eq!(job.copies, [("/c/tree".into(), "/c/tree".to_owned())]);
        assert_eq!(job.links, [("/u/bin/x".to_owned(), "/opt/x/x".to_owned())]);
        assert_eq!(job.scratch, [("/c/scratch".to_owned(), 9)]);
        assert_eq!(job.given, [("/home/ada/.x/key".into(), "/home/review/.x/key".to_owned())]);
        assert_eq!(job.line, Some(MachineLine { socket: "/p/network".into(), port: 3128 }));
        assert_eq!(job.command, ["/u/bin/x", "-a b"]);
        let odd = Room { start: "here".into(), ..room };
        assert!(write_room(&odd, &[], &[]).is_err(), "a relative path is refused");
    }
}
