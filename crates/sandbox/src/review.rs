//! The profile `review`: what a reviewer or a linter may see and touch while it works.
//!
//! In: the caller's wishes. Out: a command line of bubblewrap. Everything that may be written is memory, or a folder that the
//! caller names. The environment is inherited and never stands in a command line, where other users could read it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::bubblewrap::Line;
use crate::files::{self, HOME};
use crate::inside::Inside;
use crate::root::{Shown, system};
use crate::{Bwrap, Error, Folder, Size};

/// Where our own program stands inside.
pub(crate) const OWN: &str = "/run/deep-review/program";

/// Where the socket of the proxy stands inside.
pub(crate) const SOCKET: &str = "/run/deep-review/network";

/// What one reviewer may see and touch. Besides this it sees the system's programs and libraries; it has no network but the
/// proxy, sees no other process and has no capability.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// The folder in which it starts, inside.
    pub start: PathBuf,
    /// What it may read.
    pub read: Vec<Folder>,
    /// Links to make, each with where it points: programs are called by names that lead elsewhere.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// Folders and files on disk that it may write.
    pub write: Vec<PathBuf>,
    /// Folders of memory that it may fill, with the most bytes of each.
    pub scratch: Vec<(PathBuf, Size)>,
    /// Folders that are shown as a copy in memory, which it may change: where it is, and the most bytes.
    pub copies: Vec<(PathBuf, Size)>,
    /// Files that it finds in its home: where they are outside, and their path below the home.
    pub at_home: Vec<(PathBuf, PathBuf)>,
    /// The most bytes in `/tmp`, and again in its home.
    pub temporary: Size,
    /// The socket of the proxy, and the port on which it is reached inside; none where it may reach nothing.
    pub network: Option<(PathBuf, u16)>,
    /// Whether it may make user namespaces: for programs whose own sandbox needs them.
    pub nests: bool,
    /// A folder of ours for generated files, fresh for this program.
    pub private: PathBuf,
}

impl Room {
    /// The home of whoever is inside.
    pub fn home() -> &'static Path {
        Path::new(HOME)
    }

    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let shown = self.read.iter().map(|folder| &folder.outside);
        let links = self.links.iter().flat_map(|(at, target)| [at, target]);
        let memory = self.scratch.iter().chain(&self.copies).map(|(path, _)| path);
        let home = self.at_home.iter().map(|(outside, _)| outside);
        let one =
            [&self.start, &self.private].into_iter().chain(self.network.as_ref().map(|(socket, _)| socket));
        shown.chain(links).chain(memory).chain(home).chain(&self.write).chain(one)
    }

    /// Links that are to be made: those that stand in a folder that is shown are there already, as the disk has them. Packages that are
    /// installed behind a link are such.
    pub(crate) fn links_to_make(&self) -> impl Iterator<Item = &(PathBuf, PathBuf)> {
        let is_shown = |at: &Path| self.read.iter().any(|folder| at.starts_with(&folder.inside));
        self.links.iter().filter(move |(at, _)| !is_shown(at))
    }

    /// Refuses what a sandbox would read as something else.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut inside = self.read.iter().map(|folder| &folder.inside);
        // The home inside begins at no drive of Windows.
        let wrong =
            self.paths().find(|path| !path.is_absolute()).or_else(|| inside.find(|path| !path.has_root()));
        let is_plain =
            |path: &Path| path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let outside = self.at_home.iter().map(|(_, inside)| inside).find(|path| !is_plain(path));
        wrong.or(outside).map_or(Ok(()), |path| Err(Error::Relative(path.clone())))
    }

    /// What our own program does inside before it starts the reviewer.
    pub(crate) fn inside(&self) -> Inside {
        let copy = |number: usize, to: &Path| (given(number), to.to_owned());
        let copies = self.copies.iter().enumerate().map(|(number, (path, _))| copy(number, path));
        let home = self.at_home.iter().enumerate();
        let home =
            home.map(|(number, (_, below))| copy(number + self.copies.len(), &Path::new(HOME).join(below)));
        Inside {
            start: self.start.clone(),
            network: self.network.as_ref().map(|(_, port)| (SOCKET.into(), *port)),
            copies: copies.chain(home).collect(),
            wall: None,
            token: None,
        }
    }
}

/// Where what is copied stands before it is.
fn given(number: usize) -> PathBuf {
    PathBuf::from(format!("/run/deep-review/given/{number}"))
}

/// The command that runs `command` in a room. `own` is this program, `words` make it the one that lives inside.
pub(crate) fn command(
    bwrap: &Bwrap,
    own: &[OsString],
    room: &Room,
    command: &[OsString],
) -> Result<Vec<OsString>, Error> {
    room.check()?;
    let generated = files::write(&room.private)?;
    Ok(arguments(bwrap, &system(Path::new("/")), &generated, own, room, command))
}

fn arguments(
    bwrap: &Bwrap,
    system: &[Shown],
    generated: &[(PathBuf, PathBuf)],
    own: &[OsString],
    room: &Room,
    command: &[OsString],
) -> Vec<OsString> {
    // As for scripts, but in the session and process group that it is given: it has no terminal, and so the interrupt that asks it
    // to end reaches it and not only the monitor of bubblewrap.
    let mut line = Line::cut_off(bwrap, system, generated, room.temporary);
    if !room.nests {
        line.close_namespaces(bwrap);
    }
    for Folder { outside, inside } in &room.read {
        line.read(outside, inside);
    }
    for (at, target) in room.links_to_make() {
        line.link(target, at);
    }
    for (path, size) in room.scratch.iter().chain(&room.copies) {
        line.memory(path, *size);
    }
    for path in &room.write {
        line.write(path);
    }
    let copied = room.copies.iter().map(|(path, _)| path).chain(room.at_home.iter().map(|(path, _)| path));
    for (number, path) in copied.enumerate() {
        line.read(path, given(number));
    }
    if let Some((socket, _)) = &room.network {
        line.read(socket, SOCKET);
    }
    let (program, words) = own.split_first().expect("our own program has a path");
    line.read(program, OWN);
    line.words(&["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--", OWN]);
    line.0.extend(words.iter().cloned());
    line.0.extend(room.inside().words());
    line.words(&["--"]);
    line.0.extend(command.iter().cloned());
    line.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Room {
        Room {
            start: "/c/checkout".into(),
            read: vec![Folder::in_place("/c/checkout")],
            links: vec![("/u/bin/agent".into(), "/opt/agent/cli.js".into())],
            write: vec!["/c/checkout/.deep-review".into()],
            scratch: vec![("/c/scratch".into(), Size(9))],
            copies: vec![("/c/private".into(), Size(7))],
            at_home: vec![("/home/ada/.agent/key".into(), ".agent/key".into())],
            temporary: Size(5),
            network: Some(("/c/socket".into(), 3128)),
            nests: false,
            private: "/p".into(),
        }
    }

    fn text(room: &Room) -> Vec<String> {
        let own = ["/x/deep-review".into(), "__inside".into()];
        let generated = [(PathBuf::from("/p/passwd"), PathBuf::from("/etc/passwd"))];
        let command = ["/u/bin/agent".into(), "-p".into()];
        let line = arguments(&Bwrap::new("/bin/bwrap"), &[], &generated, &own, room, &command);
        line.iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    // Its paths are those of unix.
    #[cfg(unix)]
    #[test]
    fn what_may_be_written_is_memory_or_named() {
        let text = text(&room());
        let has = |words: &[&str]| text.windows(words.len()).any(|window| window == words);
        assert!(has(&["--ro-bind", "/c/checkout", "/c/checkout"]));
        assert!(has(&["--bind", "/c/checkout/.deep-review", "/c/checkout/.deep-review"]));
        assert!(has(&["--size", "7", "--tmpfs", "/c/private"]));
        assert!(has(&["--ro-bind", "/c/private", "/run/deep-review/given/0"]));
        assert!(has(&["--ro-bind", "/home/ada/.agent/key", "/run/deep-review/given/1"]));
        assert!(has(&["--symlink", "/opt/agent/cli.js", "/u/bin/agent"]));
        assert!(has(&["--cap-drop", "ALL"]) && has(&["--unshare-user", "--uid", "1000"]));
        assert_eq!(text.iter().filter(|word| *word == "--bind").count(), 1);
        // Neither a terminal's session of its own, which an interrupt would not reach, nor a variable in the open.
        assert!(
            !text.iter().any(|word| ["--new-session", "--setenv", "--clearenv"].contains(&word.as_str()))
        );
        let end: Vec<&str> = text.iter().rev().take(3).rev().map(String::as_str).collect();
        assert_eq!(end, ["--", "/u/bin/agent", "-p"]);
        assert!(has(&["--copy", "/run/deep-review/given/1", "/home/review/.agent/key"]), "{text:?}");
    }

    // Its paths are those of unix.
    #[cfg(unix)]
    #[test]
    fn a_link_in_a_folder_that_is_shown_is_not_made_again() {
        let link = |at: &str| (at.into(), "/deps/tool/tool.js".into());
        let text = text(&Room { links: vec![link("/c/checkout/bin/tool"), link("/c/checkouts")], ..room() });
        let made: Vec<&str> =
            text.windows(3).filter(|words| words[0] == "--symlink").map(|words| words[2].as_str()).collect();
        assert_eq!(made, ["/c/checkouts"]);
    }

    #[test]
    fn only_whose_own_sandbox_needs_them_may_make_user_namespaces() {
        let is_closed = |nests| text(&Room { nests, ..room() }).iter().any(|word| word == "--disable-userns");
        assert!(is_closed(false) && !is_closed(true));
    }

    #[test]
    fn without_a_proxy_there_is_no_socket_and_nobody_who_listens() {
        let text = text(&Room { network: None, ..room() });
        assert!(!text.iter().any(|word| word == SOCKET || word == "--network"), "{text:?}");
    }

    #[test]
    fn a_path_that_leads_out_of_the_home_is_refused() {
        for wrong in ["../x", "/etc/passwd", "a/../../b"] {
            let room = Room { at_home: vec![("/x".into(), wrong.into())], ..room() };
            assert!(room.check().is_err(), "{wrong}");
        }
        assert!(Room { start: "here".into(), ..room() }.check().is_err());
    }
}
