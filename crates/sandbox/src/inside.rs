//! What this program does inside a sandbox: it is the first process there, and starts the reviewer.
//!
//! In: words on a command line. Out: the reviewer's exit code. It copies the files that the reviewer may change into memory,
//! carries connections from `127.0.0.1` to the socket of the proxy. Signals that ask to end reach the
//! reviewer, which is in the same process group; this process waits for it. Never looks at a byte that passes.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The port on which the proxy is reached where the network inside is a program's own, so that no other program can have it.
pub(crate) const PORT: u16 = 3128;

/// Exit code where the program could not be started. bubblewrap has none of its own for that.
#[cfg(any(unix, windows))]
const NOT_STARTED: u8 = 126;

/// To be called with the words after the one that says so.
#[cfg(any(unix, windows))]
pub fn inside_main(words: impl Iterator<Item = OsString>) -> std::process::ExitCode {
    crate::live::live(words).unwrap_or_else(|why| {
        #[expect(clippy::print_stderr, reason = "its standard error is the reviewer's, and is kept with it")]
        {
            eprintln!("deep-review: its sandbox could not be set up: {why}");
        }
        std::process::ExitCode::from(NOT_STARTED)
    })
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inside {
    /// The folder in which the command starts; it may be one that is copied.
    pub(crate) start: PathBuf,
    /// The socket of the proxy, and the port on which it is reached.
    pub(crate) network: Option<(PathBuf, u16)>,
    /// Files and folders to copy: from where, and to where.
    pub(crate) copies: Vec<(PathBuf, PathBuf)>,
    /// The wall to put around the command, where nothing else holds it.
    pub(crate) wall: Option<Wall>,
    /// The token with which the command runs (Windows); the wall says where it may write.
    pub(crate) token: Option<Token>,
}

/// How far this program is on its way to a token that can do less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// It is to be made, and this program is to be started with it.
    Lower,
    /// This program has it.
    Lowered,
}

impl Token {
    fn word(self) -> &'static str {
        match self {
            Self::Lower => "--lower",
            Self::Lowered => "--lowered",
        }
    }
}

/// What stays open in a wall.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wall {
    /// What may be read, besides the system.
    pub(crate) read: Vec<PathBuf>,
    /// What may be written.
    pub(crate) write: Vec<PathBuf>,
    /// The port that may be connected to.
    pub(crate) port: Option<u16>,
}

impl Inside {
    /// The words on the command line.
    pub(crate) fn words(&self) -> Vec<OsString> {
        let mut words = vec![OsString::from("--start"), self.start.clone().into_os_string()];
        if let Some((socket, port)) = &self.network {
            words.extend([
                OsString::from("--network"),
                socket.clone().into_os_string(),
                port.to_string().into(),
            ]);
        }
        for (from, to) in &self.copies {
            words.extend([
                OsString::from("--copy"),
                from.clone().into_os_string(),
                to.clone().into_os_string(),
            ]);
        }
        words.extend(self.token.map(|token| token.word().into()));
        if let Some(wall) = &self.wall {
            words.push("--wall".into());
            words.push(wall.port.map(|port| port.to_string()).unwrap_or_default().into());
            words.extend(wall.read.iter().flat_map(|path| ["--read".into(), path.clone().into_os_string()]));
            words
                .extend(wall.write.iter().flat_map(|path| ["--write".into(), path.clone().into_os_string()]));
        }
        words
    }

    /// Reads them back; the rest is the command.
    pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<(Self, Vec<OsString>), String> {
        let mut inside = Self::default();
        let mut words = words;
        let missing = || "a word is missing".to_owned();
        while let Some(word) = words.next() {
            let mut path = || words.next().map(PathBuf::from).ok_or_else(missing);
            if word == OsStr::new("--start") {
                inside.start = path()?;
            } else if word == OsStr::new("--network") {
                let (socket, port) = (path()?, path()?);
                let port = port.to_str().and_then(|port| port.parse().ok()).ok_or("that is no port")?;
                inside.network = Some((socket, port));
            } else if word == OsStr::new("--copy") {
                inside.copies.push((path()?, path()?));
            } else if word == OsStr::new("--wall") {
                let port = path()?;
                let port = Some(port.to_str().unwrap_or_default()).filter(|port| !port.is_empty());
                let port =
                    port.map(|port| port.parse().map_err(|_| "that is no port".to_owned())).transpose()?;
                inside.wall = Some(Wall { port, ..Wall::default() });
            } else if let Some(token) =
                [Token::Lower, Token::Lowered].into_iter().find(|token| word == OsStr::new(token.word()))
            {
                inside.token = Some(token);
            } else if word == OsStr::new("--read") {
                let path = path()?;
                inside.wall.get_or_insert_default().read.push(path);
            } else if word == OsStr::new("--write") {
                let path = path()?;
                inside.wall.get_or_insert_default().write.push(path);
            } else if word == OsStr::new("--") {
                return Ok((inside, words.collect()));
            } else {
                return Err(format!("`{}` is not known", word.display()));
            }
        }
        Err(missing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_as_they_were() {
        let inside = Inside {
            start: "/w".into(),
            network: Some(("/s".into(), 80)),
            copies: vec![("/a".into(), "/b c".into()), ("--".into(), "--copy".into())],
            wall: Some(Wall { read: vec!["/r".into()], write: vec!["--read".into()], port: Some(9) }),
            token: Some(Token::Lower),
        };
        let command = [OsString::from("x"), "--copy".into()];
        let words = inside.words().into_iter().chain(["--".into()]).chain(command.clone());
        assert_eq!(Inside::parse(words), Ok((inside, command.to_vec())));
        assert!(Inside::parse(["--copy".into(), "/a".into()].into_iter()).is_err());
        assert!(Inside::parse(["x".into()].into_iter()).is_err());
    }
}
