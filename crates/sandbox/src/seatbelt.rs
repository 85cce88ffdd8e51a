//! The profile for the sandbox of macOS.
//!
//! In: a room. Out: the text of a profile, which denies everything that it does not name, and the command that uses it. Paths are
//! those that the kernel compares, with every link followed, and quoted as that language wants it. Nobody has run it: it is compiled
//! and its text is tested, on every system.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::inside::Inside;
use crate::review::Room;
use crate::walled::{furnish, home, link_home, temporary};

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
    // `git` and compilers are small programs that look here for themselves.
    "/Library/Developer/CommandLineTools",
    "/Applications/Xcode.app/Contents/Developer",
    "/private/var/db/xcode_select_link",
    "/private/var/select",
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

/// What programs ask the kernel about the machine. Other questions tell the words and variables of other processes.
const ASKED: &[&str] = &[
    "hw.",
    "machdep.cpu.",
    "kern.argmax",
    "kern.boottime",
    "kern.maxfilesperproc",
    "kern.ngroups",
    "kern.osproductversion",
    "kern.osrelease",
    "kern.ostype",
    "kern.osversion",
    "kern.secure_kernel",
    "kern.usrstack64",
    "kern.version",
    "vm.loadavg",
];

/// What stands in every profile. Signals and questions about processes are for those in the same sandbox.
const ALWAYS: &str = "(version 1)
(deny default)
(allow process-fork)
(allow process-exec)
(allow signal (target same-sandbox))
(allow process-info* (target same-sandbox))
(allow file-read-metadata)
(allow file-read* (literal \"/\"))
(allow file-write-data (literal \"/dev/null\"))
(allow ipc-posix-shm-read* (ipc-posix-name \"apple.shm.notification_center\"))
";

/// The command that runs `command` in the system's sandbox.
pub(crate) fn command(own: &[OsString], room: &Room, command: &[OsString]) -> Result<Vec<OsString>, Error> {
    room.check()?;
    let home = furnish(room)?;
    link_home(room, &home)?;
    let (program, words) = own.split_first().expect("our own program has a path");
    let inside = Inside {
        start: room.start.clone(),
        // The proxy listens at the port itself.
        network: None,
        copies: room.at_home.iter().map(|(from, below)| (from.clone(), home.join(below))).collect(),
        wall: None,
        token: None,
    };
    let mut line =
        vec![PROGRAM.into(), "-p".into(), profile(room, Path::new(program))?.into(), program.clone()];
    line.extend(words.iter().cloned());
    line.extend(inside.words());
    line.push("--".into());
    line.extend(command.iter().cloned());
    Ok(line)
}

/// The text of the profile.
fn profile(room: &Room, own: &Path) -> Result<String, Error> {
    let mut text = ALWAYS.to_owned();
    let mut read: Vec<PathBuf> = vec![own.to_owned(), room.private.join("gitconfig")];
    read.extend(room.read.iter().map(|folder| folder.outside.clone()));
    read.extend(room.links.iter().flat_map(|(at, target)| [at.clone(), target.clone()]));
    read.extend(room.at_home.iter().map(|(from, _)| from.clone()));
    let folders = room.scratch.iter().chain(&room.copies).map(|(path, _)| path.clone());
    let mut write: Vec<PathBuf> = folders.chain(room.write.iter().cloned()).collect();
    write.extend([home(&room.private), temporary(&room.private)]);
    let real = |paths: &[PathBuf]| paths.iter().map(|path| real(path)).collect::<Vec<_>>();
    let (read, write) = (real(&read), real(&write));
    let system: Vec<PathBuf> = READ.iter().map(PathBuf::from).collect();
    allow(&mut text, "file-read*", system.iter().chain(&read).chain(&write))?;
    allow(&mut text, "file-write*", write.iter())?;
    for name in ASKED {
        let kind = if name.ends_with('.') { "sysctl-name-prefix" } else { "sysctl-name" };
        let _ = writeln!(text, "(allow sysctl-read ({kind} \"{name}\"))");
    }
    for service in SERVICES {
        let _ = writeln!(text, "(allow mach-lookup (global-name \"{service}\"))");
    }
    if let Some((_, port)) = &room.network {
        let _ = writeln!(text, "(allow network-outbound (remote ip \"localhost:{port}\"))");
    }
    Ok(text)
}

fn allow<'a>(text: &mut String, what: &str, paths: impl Iterator<Item = &'a PathBuf>) -> Result<(), Error> {
    for path in paths {
        let _ = writeln!(text, "(allow {what} (subpath {}))", quoted(path)?);
    }
    Ok(())
}

/// The path that the kernel compares: with every link followed, as far as it is there. Temporary folders of macOS stand behind one.
fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, real)) => path.strip_prefix(above).map_or(path.to_owned(), |below| {
            if below.as_os_str().is_empty() { real.clone() } else { real.join(below) }
        }),
        None => path.to_owned(),
    }
}

/// A path as a string of the language: nothing in it can end it. One that is no text cannot be said in it.
fn quoted(path: &Path) -> Result<String, Error> {
    let text = path.to_str().ok_or_else(|| Error::NotText(path.to_owned()))?;
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::{Folder, Size};

    /// A word, a string, or a list of the profile's language.
    #[derive(Debug, PartialEq)]
    enum Form {
        Word(String),
        Text(String),
        List(Vec<Form>),
    }

    /// Reads forms as the system does: strings with backslashes, comments after a semicolon.
    fn forms(text: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Vec<Form> {
        let mut found = Vec::new();
        while let Some(c) = text.next() {
            match c {
                '(' => found.push(Form::List(forms(text))),
                ')' => return found,
                ';' => {
                    let _ = text.find(|c| *c == '\n');
                }
                '"' => {
                    let mut string = String::new();
                    loop {
                        match text.next().expect("a string ends") {
                            '"' => break,
                            '\\' => string.push(text.next().expect("something follows")),
                            c => string.push(c),
                        }
                    }
                    found.push(Form::Text(string));
                }
                c if c.is_whitespace() => {}
                c => {
                    let mut word = c.to_string();
                    while let Some(c) = text.next_if(|c| !c.is_whitespace() && !"()\";".contains(*c)) {
                        word.push(c);
                    }
                    found.push(Form::Word(word));
                }
            }
        }
        found
    }

    /// Every rule: what it says, about what, and the filter.
    fn rules(text: &str) -> Vec<(String, String, String)> {
        let all = forms(&mut text.chars().peekable()).into_iter();
        all.map(|form| {
            let Form::List(parts) = form else { panic!("{form:?} stands alone in {text}") };
            let word = |form: Option<&Form>| match form {
                Some(Form::Word(word)) => word.clone(),
                other => panic!("{other:?} is no word in {text}"),
            };
            let filter = match parts.get(2) {
                None => String::new(),
                Some(Form::List(filter)) => match filter.last() {
                    Some(Form::Text(text) | Form::Word(text)) => text.clone(),
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            };
            assert!(parts.len() <= 3, "{parts:?}");
            (word(parts.first()), word(parts.get(1)), filter)
        })
        .collect()
    }

    fn room() -> Room {
        Room {
            start: "/c/checkout".into(),
            read: vec![Folder::in_place("/c/checkout")],
            write: vec!["/c/exchange".into()],
            scratch: vec![("/c/scratch".into(), Size(9))],
            network: Some(("/p/network".into(), 4000)),
            private: "/p".into(),
            ..Room::default()
        }
    }

    fn of(room: &Room) -> Vec<(String, String, String)> {
        rules(&profile(room, Path::new("/x/deep-review")).unwrap())
    }

    #[test]
    fn everything_is_denied_that_is_not_named() {
        let rules = of(&room());
        assert_eq!(rules[1], ("deny".into(), "default".into(), String::new()));
        let about = |what: &str| {
            rules.iter().filter(|rule| rule.1 == what).map(|rule| rule.2.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(about("file-write*"), ["/c/scratch", "/c/exchange", "/p/home", "/p/tmp"]);
        assert_eq!(about("file-write-data"), ["/dev/null"]);
        // Other processes are neither signalled nor looked at.
        assert_eq!((about("signal"), about("process-info*")), (vec!["same-sandbox"], vec!["same-sandbox"]));
        let whole: Vec<&str> = rules
            .iter()
            .filter(|rule| rule.0 == "allow" && rule.2.is_empty())
            .map(|rule| rule.1.as_str())
            .collect();
        assert_eq!(whole, ["process-fork", "process-exec", "file-read-metadata"]);
        let read = about("file-read*");
        for mine in ["/c/checkout", "/p/gitconfig", "/x/deep-review", "/p/home"] {
            assert!(read.contains(&mine), "{read:?}");
        }
        for others in
            ["/Users", "/private", "/private/var", "/private/tmp", "/Library", "/Volumes", "/p", "/c"]
        {
            assert!(!read.contains(&others), "{others}: {read:?}");
        }
        let text = profile(&room(), Path::new("/x")).unwrap();
        assert!(text.contains("(literal \"/\")") && !text.contains("(subpath \"/\")"), "{text}");
        assert!(
            !about("sysctl-read").iter().any(|name| name.starts_with("kern.proc")),
            "words of other processes"
        );
        let known = [
            "file-read*",
            "file-write*",
            "file-write-data",
            "signal",
            "process-info*",
            "sysctl-read",
            "mach-lookup",
            "network-outbound",
            "ipc-posix-shm-read*",
        ];
        for rule in rules.iter().skip(2).filter(|rule| !rule.2.is_empty()) {
            assert!(rule.0 == "allow" && known.contains(&rule.1.as_str()), "{rule:?}");
        }
    }

    #[test]
    fn a_hostile_name_stays_a_name() {
        for name in [
            "a\") (allow default) (\"",
            "a\\",
            "a\\\") (allow default) (\"",
            "a)(allow default",
            "a\n(allow default)\n",
            "a;(allow default)",
            "a b'c`d$(e)#\"f",
            "a\u{1b}[2J\u{202e}b",
        ] {
            let path = format!("/c/{name}/d");
            let hostile = Room {
                read: vec![Folder::in_place(&path)],
                write: vec![path.clone().into()],
                links: vec![(path.clone().into(), "/c/x".into())],
                ..room()
            };
            let (plain, made) = (of(&room()), of(&hostile));
            assert!(made.iter().filter(|rule| rule.2 == path).count() >= 3, "{name}: {made:?}");
            let others: Vec<_> = made.iter().filter(|rule| rule.2 != path && rule.2 != "/c/x").collect();
            assert!(others.iter().all(|rule| plain.contains(rule)), "{name}: {others:?}");
        }
        let broken = PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"/c/\xff"));
        let broken = Room { write: vec![broken], ..room() };
        assert!(profile(&broken, Path::new("/x")).is_err(), "what is no text cannot be said");
    }

    #[test]
    fn paths_are_those_that_the_kernel_compares() {
        let scratch = tempfile::tempdir().unwrap();
        let real = scratch.path().canonicalize().unwrap();
        std::fs::create_dir(real.join("private")).unwrap();
        std::os::unix::fs::symlink(real.join("private"), real.join("link")).unwrap();
        let behind = Room { write: vec![real.join("link"), real.join("link/not/there")], ..room() };
        let made = of(&behind);
        let written: Vec<&str> =
            made.iter().filter(|rule| rule.1 == "file-write*").map(|rule| rule.2.as_str()).collect();
        let private = real.join("private");
        assert_eq!(written[1..3], [private.to_str().unwrap(), private.join("not/there").to_str().unwrap()]);
    }

    #[test]
    fn the_port_of_the_proxy_is_all_the_network_there_is() {
        let network = |room: &Room| {
            of(room)
                .into_iter()
                .filter(|rule| rule.1.starts_with("network"))
                .map(|rule| (rule.1, rule.2))
                .collect::<Vec<_>>()
        };
        assert_eq!(network(&room()), [("network-outbound".to_owned(), "localhost:4000".to_owned())]);
        assert_eq!(network(&Room { network: None, ..room() }), []);
    }
}
