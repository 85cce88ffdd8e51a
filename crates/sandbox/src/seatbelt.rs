//! The profile for the sandbox of macOS.
//!
//! In: a room. Out: the text of a profile, which denies everything that it does not name, and the command that uses it. Paths are
//! quoted as that language wants it. Nobody has run it: it is compiled and its text is tested, on every system.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::inside::Inside;
use crate::review::Room;
use crate::walled::{furnish, home, temporary};

/// The system's own program.
pub(crate) const PROGRAM: &str = "/usr/bin/sandbox-exec";

/// What every program reads: the system, its libraries, what it looks up of itself.
const READ: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/System",
    "/Library/Apple",
    "/Library/Preferences/Logging",
    "/private/etc/ssl",
    "/private/etc/localtime",
    "/private/var/db/timezone",
    "/private/var/db/dyld",
    "/dev/null",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
    "/dev/dtracehelper",
];

/// Services without which programs do not start. None of them opens, sends or starts anything for them.
const SERVICES: &[&str] = &[
    "com.apple.system.opendirectoryd.libinfo",
    "com.apple.system.notification_center",
    "com.apple.trustd.agent",
    "com.apple.SystemConfiguration.configd",
    "com.apple.logd",
];

/// The command that runs `command` in the system's sandbox.
pub(crate) fn command(own: &[OsString], room: &Room, command: &[OsString]) -> Result<Vec<OsString>, Error> {
    room.check()?;
    let home = furnish(room)?;
    let (program, words) = own.split_first().expect("our own program has a path");
    let inside = Inside {
        start: room.start.clone(),
        network: room.network.clone(),
        copies: room.at_home.iter().map(|(from, below)| (from.clone(), home.join(below))).collect(),
        wall: None,
        token: None,
    };
    let mut line =
        vec![PROGRAM.into(), "-p".into(), profile(room, Path::new(program)).into(), program.clone()];
    line.extend(words.iter().cloned());
    line.extend(inside.words());
    line.push("--".into());
    line.extend(command.iter().cloned());
    Ok(line)
}

/// The text of the profile.
fn profile(room: &Room, own: &Path) -> String {
    let mut text = "(version 1)\n(deny default)\n(allow process-fork)\n(allow process-exec)\n(allow signal (target same-sandbox))\n\
                    (allow sysctl-read)\n(allow file-read-metadata)\n"
        .to_owned();
    let mut read: Vec<PathBuf> = READ.iter().map(PathBuf::from).collect();
    read.push(own.to_owned());
    read.push(room.private.join("gitconfig"));
    read.extend(room.read.iter().map(|folder| folder.outside.clone()));
    read.extend(room.links.iter().flat_map(|(at, target)| [at.clone(), target.clone()]));
    read.extend(room.at_home.iter().map(|(from, _)| from.clone()));
    let folders = room.scratch.iter().chain(&room.copies).map(|(path, _)| path.clone());
    let mut write: Vec<PathBuf> = folders.chain(room.write.iter().cloned()).collect();
    write.extend([home(&room.private), temporary(&room.private)]);
    allow(&mut text, "file-read*", read.iter().chain(&write));
    allow(&mut text, "file-write*", write.iter());
    text.push_str("(allow file-write-data (literal \"/dev/null\"))\n");
    for service in SERVICES {
        let _ = writeln!(text, "(allow mach-lookup (global-name \"{service}\"))");
    }
    if let Some((socket, port)) = &room.network {
        // Our own program inside listens at the port, and carries what comes to the socket.
        let _ = writeln!(text, "(allow network-bind (local ip \"localhost:{port}\"))");
        let _ = writeln!(text, "(allow network-inbound (local ip \"localhost:{port}\"))");
        let _ = writeln!(text, "(allow network-outbound (remote ip \"localhost:{port}\"))");
        let _ = writeln!(text, "(allow network-outbound (literal {}))", quoted(socket));
    }
    text
}

fn allow<'a>(text: &mut String, what: &str, paths: impl Iterator<Item = &'a PathBuf>) {
    for path in paths {
        let _ = writeln!(text, "(allow {what} (subpath {}))", quoted(path));
    }
}

/// A path as a string of the language: nothing in it can end it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Folder;

    fn room() -> Room {
        Room {
            start: "/c/checkout".into(),
            read: vec![Folder::in_place("/c/check\"out) (allow default")],
            write: vec!["/c/exchange".into()],
            private: "/p".into(),
            ..Room::default()
        }
    }

    // Its paths are those of unix.
    #[cfg(unix)]
    #[test]
    fn everything_is_denied_that_is_not_named() {
        let text = profile(&room(), Path::new("/x/deep-review"));
        assert!(text.starts_with("(version 1)\n(deny default)\n"));
        assert!(!text.contains("network"), "{text}");
        assert!(!text.contains("\n(allow default"), "{text}");
        let writable: Vec<&str> =
            text.lines().filter(|line| line.starts_with("(allow file-write*")).collect();
        assert_eq!(
            writable,
            [
                "(allow file-write* (subpath \"/c/exchange\"))",
                "(allow file-write* (subpath \"/p/home\"))",
                "(allow file-write* (subpath \"/p/tmp\"))",
            ]
        );
        assert!(text.lines().all(|line| line.starts_with('(') && line.ends_with(')')), "{text}");
    }

    #[test]
    fn a_hostile_name_stays_a_name() {
        let text = profile(&room(), Path::new("/x"));
        assert!(text.contains(r#"(subpath "/c/check\"out) (allow default")"#), "{text}");
    }

    #[test]
    fn one_port_of_this_machine_is_all_the_network_there_is() {
        let text = profile(&Room { network: Some(("/p/network".into(), 4000)), ..room() }, Path::new("/x"));
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("network-")).collect();
        assert_eq!(
            lines,
            [
                "(allow network-bind (local ip \"localhost:4000\"))",
                "(allow network-inbound (local ip \"localhost:4000\"))",
                "(allow network-outbound (remote ip \"localhost:4000\"))",
                "(allow network-outbound (literal \"/p/network\"))",
            ]
        );
    }
}
