//! The command line of bubblewrap (Linux).
//!
//! In: a profile and a command. Out: arguments, in an order that matters: what comes later lies over what came before. Never
//! a shell string.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::files::{self, HOME, USER};
use crate::root::{Shown, system};
use crate::{Bwrap, Error, Folder, Profile, Size};

/// Where the system's own programs are, inside.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// The most bytes of shared memory.
pub(crate) const SHARED: Size = Size::mebibytes(64);

/// What cuts a program off from the machine. A user of its own even where we are root: otherwise it would keep every
/// capability and could make read-only mounts writable. It is the first process of its PID namespace, so that whatever it
/// leaves behind ends with it, and it ends with us.
const CUT_OFF: &[&str] = &[
    "--unshare-user",
    "--uid",
    USER,
    "--gid",
    USER,
    "--unshare-all",
    "--cap-drop",
    "ALL",
    "--die-with-parent",
    "--as-pid-1",
    "--hostname",
    "review",
];

/// Keeps whoever is inside from making user namespaces, in which it would have capabilities and so more of the kernel to attack.
const CLOSED: &str = "--disable-userns";

/// Builds command lines.
pub(crate) struct Bubblewrap<'a> {
    bwrap: &'a Bwrap,
}

impl<'a> Bubblewrap<'a> {
    pub(crate) fn new(bwrap: &'a Bwrap) -> Self {
        Self { bwrap }
    }

    /// Writes the generated files and gives the command.
    pub(crate) fn command(&self, profile: &Profile, command: &[OsString]) -> Result<Vec<OsString>, Error> {
        let folders = profile.read.iter().flat_map(|folder| [&folder.outside, &folder.inside]);
        let inside = profile.scratch.iter().map(|(path, _)| path).chain([&profile.start, &profile.private]);
        if let Some(path) = folders.chain(inside).find(|path| !path.is_absolute()) {
            return Err(Error::Relative(path.clone()));
        }
        let generated = files::write(&profile.private)?;
        Ok(arguments(self.bwrap, &system(Path::new("/")), &generated, profile, command))
    }
}

fn arguments(
    bwrap: &Bwrap,
    system: &[Shown],
    generated: &[(impl AsRef<OsStr>, impl AsRef<OsStr>)],
    profile: &Profile,
    command: &[OsString],
) -> Vec<OsString> {
    let mut line = Line::cut_off(bwrap, system, generated, profile.temporary);
    line.words(&["--new-session"]);
    line.close_namespaces(bwrap);
    for (path, size) in &profile.scratch {
        line.memory(path, *size);
    }
    for Folder { outside, inside } in &profile.read {
        line.read(outside, inside);
    }
    // What is left is the empty folders between mounts, and the devices: nothing there may be filled.
    line.words(&["--remount-ro", "/dev", "--remount-ro", "/"]);
    line.environment(&profile.environment);
    line.add([OsStr::new("--chdir"), profile.start.as_ref(), OsStr::new("--")]);
    line.0.extend(command.iter().cloned());
    line.0
}

/// A command line as it grows.
pub(crate) struct Line(pub(crate) Vec<OsString>);

impl Line {
    pub(crate) fn new(program: &Path) -> Self {
        Self(vec![program.into()])
    }

    /// What is the same for everybody inside: cut off from all else, the system for reading, generated files, memory for the rest.
    pub(crate) fn cut_off(
        bwrap: &Bwrap,
        system: &[Shown],
        generated: &[(impl AsRef<OsStr>, impl AsRef<OsStr>)],
        temporary: Size,
    ) -> Self {
        let mut line = Self::new(&bwrap.program);
        line.words(CUT_OFF);
        line.system(system);
        for (outside, inside) in generated {
            line.read(outside, inside);
        }
        line.words(&["--proc", "/proc", "--dev", "/dev"]);
        line.memory("/dev/shm", SHARED);
        line.memory("/tmp", temporary);
        line.memory(HOME, temporary);
        line
    }

    /// Nobody inside makes user namespaces, where bubblewrap can see to that.
    pub(crate) fn close_namespaces(&mut self, bwrap: &Bwrap) {
        if bwrap.closes_namespaces {
            self.words(&[CLOSED]);
        }
    }

    /// The system's own files.
    pub(crate) fn system(&mut self, system: &[Shown]) {
        for shown in system {
            match shown {
                Shown::Read(path) => self.read(path, path),
                Shown::Link { target, at } => self.link(target, at),
            }
        }
    }

    /// A link at `at`.
    pub(crate) fn link(&mut self, target: &Path, at: &Path) {
        self.add([OsStr::new("--symlink"), target.as_ref(), at.as_ref()]);
    }

    /// A folder or file of the disk that may be written, where it is.
    pub(crate) fn write(&mut self, path: &Path) {
        self.add([OsStr::new("--bind"), path.as_ref(), path.as_ref()]);
    }

    pub(crate) fn words(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    fn add<const N: usize>(&mut self, words: [&OsStr; N]) {
        self.0.extend(words.map(OsStr::to_owned));
    }

    pub(crate) fn read(&mut self, outside: impl AsRef<OsStr>, inside: impl AsRef<OsStr>) {
        self.add([OsStr::new("--ro-bind"), outside.as_ref(), inside.as_ref()]);
    }

    pub(crate) fn memory(&mut self, path: impl AsRef<OsStr>, size: Size) {
        let bytes = size.0.to_string();
        self.add([OsStr::new("--size"), bytes.as_ref(), OsStr::new("--tmpfs"), path.as_ref()]);
    }

    fn environment(&mut self, given: &[(OsString, OsString)]) {
        self.words(&["--clearenv"]);
        let mut path = OsString::from(PATH);
        for (name, value) in given {
            if name == "PATH" {
                let mut longer = value.clone();
                longer.push(":");
                longer.push(&path);
                path = longer;
            } else {
                self.add([OsStr::new("--setenv"), name, value]);
            }
        }
        self.add([OsStr::new("--setenv"), OsStr::new("PATH"), &path]);
        self.words(&["--setenv", "HOME", HOME, "--setenv", "TMPDIR", "/tmp", "--setenv", "LANG", "C.UTF-8"]);
        self.words(&[
            "--setenv",
            "GIT_CONFIG_SYSTEM",
            "/etc/gitconfig",
            "--setenv",
            "GIT_TERMINAL_PROMPT",
            "0",
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_what_the_line_says_and_a_hostile_name_stays_one_word() {
        let profile = Profile {
            start: "/work".into(),
            read: vec![Folder::shown_as("/x/a b; rm -rf ~", "/tree")],
            scratch: vec![("/work".into(), Size(4096))],
            temporary: Size(1024),
            environment: vec![("PATH".into(), "/opt/bin".into()), ("K".into(), "--bind".into())],
            private: "/p".into(),
        };
        let system =
            [Shown::Read("/usr".into()), Shown::Link { target: "usr/bin".into(), at: "/bin".into() }];
        let generated = [("/p/passwd", "/etc/passwd")];
        let line =
            arguments(&Bwrap::new("/bin/bwrap"), &system, &generated, &profile, &["bash".into(), "x".into()]);
        let text: Vec<_> = line.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let has = |words: &[&str]| text.windows(words.len()).any(|window| window == words);
        assert!(has(&["--ro-bind", "/x/a b; rm -rf ~", "/tree"]));
        assert!(has(&["--size", "4096", "--tmpfs", "/work"]));
        assert!(has(&["--symlink", "usr/bin", "/bin"]));
        assert!(has(&["--setenv", "K", "--bind"]));
        assert!(has(&["--cap-drop", "ALL"]) && has(&["--unshare-user", "--uid", "1000"]));
        let path = text.iter().position(|word| word == "PATH").unwrap();
        assert!(text[path + 1].starts_with("/opt/bin:/usr/local/bin:"), "{}", text[path + 1]);
        assert_eq!(text[text.len() - 3..], ["--", "bash", "x"]);
        assert!(has(&[CLOSED]), "a script needs no namespaces of its own");
        // Nothing is writable but memory.
        assert!(!text.iter().any(|word| word == "--bind-try" || word == "--dev-bind"));
        assert_eq!(text.iter().filter(|word| *word == "--bind").count(), 1, "the value of K");
    }

    #[test]
    fn a_relative_path_is_refused() {
        let (mut profile, command) = crate::Possible::probe("/p".into());
        profile.read.push(Folder::in_place("a"));
        assert!(matches!(
            Bubblewrap::new(&Bwrap::new("bwrap")).command(&profile, &command),
            Err(Error::Relative(_))
        ));
    }
}
