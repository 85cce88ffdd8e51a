//! What this program does inside a machine besides the job: it carries connections to the line outside, or a terminal over it.
//!
//! In: the line as standard input and output, words. Out: for a terminal the exit code of the program in it. The program has a terminal
//! of the machine's own: what it does to it is done there. Never looks at a byte that passes.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use signal_hook::consts::{SIGINT, SIGQUIT};

use crate::wire::{Frame, GREETING, Kind, greet, greeted, near};

/// The most bytes of a terminal in one piece.
const PIECE: usize = 4 << 10;
/// What a program has written when it ends is shown; what its children write later is not waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Exit code where the program could not be started, or the line ended under it.
const NOT_STARTED: u8 = 126;
const CUT_OFF: u8 = 129;

/// Says that connections can be made.
pub(crate) const READY: &str = "ready";

/// Carries connections to `127.0.0.1` over the line, as long as it is there: PORT WORD.
pub fn wire_main(words: impl Iterator<Item = OsString>) -> ExitCode {
    match carry(words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&why);
            ExitCode::FAILURE
        }
    }
}

/// Runs a program in a terminal at the other end of the line: WORD COLUMNS ROWS PROGRAM WORDS….
pub fn terminal_main(words: impl Iterator<Item = OsString>) -> ExitCode {
    match terminal(words) {
        Ok(code) => ExitCode::from(code),
        Err(why) => {
            say(&format!("deep-review: its terminal could not be set up: {why}"));
            ExitCode::from(NOT_STARTED)
        }
    }
}

#[expect(clippy::print_stderr, reason = "whoever started it reads this")]
fn say(what: &str) {
    eprintln!("{what}");
}

/// The line: what this process was started with.
fn line() -> io::Result<(File, File)> {
    let from = io::stdin().as_fd().try_clone_to_owned()?;
    let to = io::stdout().as_fd().try_clone_to_owned()?;
    Ok((from.into(), to.into()))
}

fn next_word(words: &mut impl Iterator<Item = OsString>) -> Result<String, String> {
    words.next().and_then(|word| word.into_string().ok()).ok_or_else(|| "a word is missing".to_owned())
}

fn carry(mut words: impl Iterator<Item = OsString>) -> Result<(), String> {
    let port: u16 = next_word(&mut words)?.parse().map_err(|_| "that is no port")?;
    let word = next_word(&mut words)?;
    let failed = |error: io::Error| error.to_string();
    let (from, to) = line().map_err(failed)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
    near(from, to, &word, listener, || say(READY)).map_err(failed)
}

fn terminal(mut words: impl Iterator<Item = OsString>) -> Result<u8, String> {
    let word = next_word(&mut words)?;
    let mut number = || next_word(&mut words)?.parse().map_err(|_| "that is no size".to_owned());
    let size = (number()?, number()?);
    let command: Vec<OsString> = words.collect();
    let failed = |error: io::Error| error.to_string();
    let (from, mut to) = line().map_err(failed)?;
    let (master, slave) = open(size).map_err(|error| error.to_string())?;
    let mut from = BufReader::new(from);
    greet(&mut to, &word).map_err(failed)?;
    greeted(&mut from, &word, GREETING).map_err(failed)?;
    let typed = master.try_clone().map_err(failed)?;
    std::thread::spawn(move || {
        obey(&mut from, &typed);
        // Whoever sat there has gone: so does everything in it.
        std::process::exit(CUT_OFF.into());
    });
    // Where it was told to ignore them, whoever it starts would ignore them, too: a handler is not inherited.
    for signal in [SIGINT, SIGQUIT] {
        signal_hook::flag::register(signal, Arc::default()).map_err(failed)?;
    }
    let stdio = || slave.try_clone().map_err(failed);
    #[expect(clippy::disallowed_methods, reason = "the machine holds it, and ends it with this process")]
    let mut child = Command::new("setsid")
        .args(["--ctty", "--wait"])
        .args(&command)
        .stdin(stdio()?)
        .stdout(stdio()?)
        .stderr(stdio()?)
        .spawn()
        .map_err(|error| format!("`setsid` (util-linux) does not start: {error}"))?;
    drop(slave);
    let (over, is_over) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        show(&master, &mut to);
        drop(over);
    });
    let status = child.wait().map_err(failed)?;
    // Told by the end of the channel.
    let _ = is_over.recv_timeout(LAST_WORDS);
    let by_signal = status.signal().map(|signal| 128 + signal);
    Ok(status.code().or(by_signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// A new terminal: the side of whoever types, and that of the program.
fn open((columns, rows): (u16, u16)) -> rustix::io::Result<(File, File)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    let slave = rustix::fs::open(name, flags, rustix::fs::Mode::empty())?;
    let (master, slave) = (File::from(master), File::from(slave));
    resize(&master, columns, rows);
    Ok((master, slave))
}

fn resize(master: &File, columns: u16, rows: u16) {
    // A program in a terminal of a wrong size is a nuisance and no failure.
    let _ = tcsetwinsize(master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 });
}

/// Takes what is typed, until the line ends.
fn obey(from: &mut dyn Read, mut master: &File) {
    while let Ok(frame) = Frame::read(from) {
        match frame.kind {
            Kind::Data => {
                if master.write_all(&frame.piece).is_err() {
                    return;
                }
            }
            Kind::Size => resize(master, low(frame.number >> 16), low(frame.number)),
            _ => return,
        }
    }
}

fn low(number: u32) -> u16 {
    u16::try_from(number & 0xffff).unwrap_or_default()
}

/// Says what the program shows, until nobody has the terminal any more.
fn show(mut master: &File, to: &mut File) {
    let mut bytes = vec![0; PIECE];
    // Its end is an error of the device.
    while let Ok(count @ 1..) = master.read(&mut bytes) {
        if Frame::write(to, Kind::Data, 0, count, &bytes[..count]).is_err() {
            return;
        }
    }
}

/// The hand of whoever types, on this side of a line.
pub struct Typist(Box<dyn Write + Send>);

/// The eye of whoever looks, on this side of a line.
pub struct Screen(BufReader<Box<dyn Read + Send>>);

/// Takes the terminal at the other end of a line, when it is there.
pub fn sit_down(
    from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    word: &str,
) -> io::Result<(Typist, Screen)> {
    let from: Box<dyn Read + Send> = Box::new(from);
    let mut from = BufReader::new(from);
    greeted(&mut from, word, Duration::ZERO)?;
    greet(&mut to, word)?;
    Ok((Typist(Box::new(to)), Screen(from)))
}

impl Typist {
    /// Types.
    pub fn types(&mut self, bytes: &[u8]) -> io::Result<()> {
        bytes
            .chunks(PIECE)
            .try_for_each(|piece| Frame::write(&mut *self.0, Kind::Data, 0, piece.len(), piece))
    }

    /// Makes the terminal as large as this one.
    pub fn resizes(&mut self, columns: u16, rows: u16) -> io::Result<()> {
        Frame::write(&mut *self.0, Kind::Size, u32::from(columns) << 16 | u32::from(rows), 0, &[])
    }
}

impl Screen {
    /// What it shows next; none where the line has ended.
    pub fn shows(&mut self) -> Option<Vec<u8>> {
        let frame = Frame::read(&mut self.0).ok()?;
        (frame.kind == Kind::Data).then_some(frame.piece)
    }
}
