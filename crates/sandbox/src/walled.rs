//! A room made by a wall around the program, or by a token that can do less, where there is no other view of the disk to give it.
//!
//! In: a room and a command. Out: the command line of our own program, which shuts itself in and starts the command. What a
//! sandbox keeps in memory stands on disk here, in folders of ours.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::files;
use crate::inside::{Inside, Token, Wall};
use crate::review::Room;

/// The command that runs `command` behind a wall.
pub(crate) fn command(own: &[OsString], room: &Room, command: &[OsString]) -> Result<Vec<OsString>, Error> {
    room.check()?;
    let home = furnish(room)?;
    link_home(room, &home)?;
    Ok(line(own, &inside(room, &home), command))
}

/// The command that runs `command` with a token that can do less (Windows).
pub(crate) fn lowered(own: &[OsString], room: &Room, command: &[OsString]) -> Result<Vec<OsString>, Error> {
    room.check()?;
    let home = furnish(room)?;
    let mut inside = inside(room, &home);
    // The proxy listens at the port itself.
    (inside.token, inside.network) = (Some(Token::Lower), None);
    // Nothing holds back what is read, and the line must not be long.
    inside.wall.get_or_insert_default().read.clear();
    // Who may make a link there is not everybody.
    inside.copies.extend(in_home(room).map(|(from, below)| (from.to_owned(), home.join(below))));
    Ok(line(own, &inside, command))
}

fn line(own: &[OsString], inside: &Inside, command: &[OsString]) -> Vec<OsString> {
    let words = own.iter().cloned().chain(inside.words());
    words.chain([OsString::from("--")]).chain(command.iter().cloned()).collect()
}

/// Links what is shown in its home into it.
pub(crate) fn link_home(room: &Room, home: &Path) -> Result<(), Error> {
    for (outside, below) in in_home(room) {
        let at = home.join(below);
        std::fs::create_dir_all(at.parent().unwrap_or(home)).map_err(Error::Files)?;
        link(outside, &at).map_err(Error::Files)?;
    }
    Ok(())
}

/// What is shown in its home: where it is, and its path below the home.
fn in_home(room: &Room) -> impl Iterator<Item = (&Path, &Path)> {
    room.read
        .iter()
        .filter_map(|folder| Some((&*folder.outside, folder.inside.strip_prefix(Room::home()).ok()?)))
}

/// What stands elsewhere, where it is looked for.
#[cfg(unix)]
fn link(target: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Makes the folders that stand on disk where there is no memory for them: the home, which is given back, and all else it may write.
pub(crate) fn furnish(room: &Room) -> Result<PathBuf, Error> {
    let home = home(&room.private);
    files::write(&room.private)?;
    let temporary = temporary(&room.private);
    for path in [&home, &temporary].into_iter().chain(room.scratch.iter().map(|(path, _)| path)) {
        std::fs::create_dir_all(path).map_err(Error::Files)?;
    }
    Ok(home)
}

/// The home of whoever is behind the wall.
pub(crate) fn home(private: &Path) -> PathBuf {
    private.join("home")
}

/// Its folder for temporary files.
pub(crate) fn temporary(private: &Path) -> PathBuf {
    private.join("tmp")
}

fn inside(room: &Room, home: &Path) -> Inside {
    let mut read: Vec<PathBuf> = room.read.iter().map(|folder| folder.outside.clone()).collect();
    read.push(room.private.join("gitconfig"));
    // A link is read where it stands.
    read.extend(room.links.iter().map(|(_, target)| target.clone()));
    let folders = room.scratch.iter().chain(&room.copies).map(|(path, _)| path.clone());
    let mut write: Vec<PathBuf> = folders.chain(room.write.iter().cloned()).collect();
    write.extend([home.to_owned(), temporary(&room.private)]);
    Inside {
        start: room.start.clone(),
        network: room.network.clone(),
        copies: room.at_home.iter().map(|(from, below)| (from.clone(), home.join(below))).collect(),
        wall: Some(Wall { read, write, port: room.network.as_ref().map(|(_, port)| *port) }),
        token: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Folder, Size};

    // Its paths are those of unix.
    #[cfg(unix)]
    #[test]
    fn what_may_be_written_is_told_apart_from_what_may_be_read() {
        let private = tempfile::tempdir().unwrap();
        let room = Room {
            start: "/c/checkout".into(),
            read: vec![Folder::in_place("/c/checkout")],
            scratch: vec![(private.path().join("scratch"), Size(9))],
            at_home: vec![("/home/ada/.agent/key".into(), ".agent/key".into())],
            network: Some(("/c/socket".into(), 4000)),
            private: private.path().into(),
            ..Room::default()
        };
        let line = command(&["/x".into(), "__inside".into()], &room, &["agent".into()]).unwrap();
        let words = line[2..].iter().cloned();
        let (inside, command) = Inside::parse(words).unwrap();
        let wall = inside.wall.unwrap();
        assert_eq!(command, ["agent"]);
        assert_eq!(wall.read, [PathBuf::from("/c/checkout"), private.path().join("gitconfig")]);
        assert!(wall.write.iter().all(|path| path.starts_with(private.path())), "{wall:?}");
        assert_eq!((wall.port, inside.copies.len()), (Some(4000), 1));
    }

    #[test]
    fn a_token_opens_what_may_be_written_and_gives_copies_of_what_is_shown_in_the_home() {
        let private = tempfile::tempdir().unwrap();
        let at = |name: &str| private.path().join(name);
        let room = Room {
            start: at("checkout"),
            read: vec![
                Folder::in_place(at("checkout")),
                Folder::shown_as(at("shown"), Room::home().join("shown")),
            ],
            write: vec![at("exchange")],
            scratch: vec![(at("scratch"), Size(9))],
            at_home: vec![(at("key"), ".agent/key".into())],
            network: Some((at("socket"), 4000)),
            private: at("private"),
            ..Room::default()
        };
        let line = lowered(&["/x".into(), "__inside".into()], &room, &["agent".into()]).unwrap();
        let (inside, command) = Inside::parse(line[2..].iter().cloned()).unwrap();
        assert_eq!((inside.token, inside.network, command), (Some(Token::Lower), None, vec!["agent".into()]));
        let home = home(&room.private);
        let copies = [(at("key"), home.join(".agent/key")), (at("shown"), home.join("shown"))];
        assert_eq!(inside.copies, copies);
        let wall = inside.wall.unwrap();
        assert_eq!(wall.write, [at("scratch"), at("exchange"), home.clone(), temporary(&room.private)]);
        assert!(wall.read.is_empty(), "{wall:?}");
    }
}
