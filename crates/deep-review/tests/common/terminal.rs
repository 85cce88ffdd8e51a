//! A terminal of its own for the binary: what it shows can be read, keys can be pressed.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pts, Pty};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};
use test_kit::TestSession;

/// A terminal with the binary in it.
pub(crate) struct Terminal {
    pty: Arc<Pty>,
    /// Kept open, so that the terminal outlives the program and can be asked how it was left.
    pts: Pts,
    child: Child,
    pub(crate) screen: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Starts it on 30 lines.
    pub(crate) fn start(session: &TestSession, words: &[&str], columns: u16) -> Self {
        Self::with(session, words, (30, columns), &[("TERM", "xterm-256color")])
    }

    /// Starts it on a terminal of some lines and columns, with variables of its own.
    pub(crate) fn with(
        session: &TestSession,
        words: &[&str],
        (lines, columns): (u16, u16),
        set: &[(&str, &str)],
    ) -> Self {
        let (pty, pts) = pty_process::blocking::open().expect("a terminal");
        pty.resize(Size::new(lines, columns)).expect("a size");
        let mut command = session.command(words);
        command.envs(set.iter().copied());
        let child = Command::from(command).spawn_borrowed(&pts).expect("the binary starts");
        let size = |number| NonZeroU16::new(number).expect("no terminal is that small");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(size(lines), size(columns), 1000)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let pty = Arc::new(pty);
        let (from, shown, kept) = (Arc::clone(&pty), Arc::clone(&screen), Arc::clone(&raw));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length) = (&*from).read(&mut bytes) {
                shown.lock().expect("nobody panics here").process(&bytes[..length]);
                kept.lock().expect("nobody panics here").extend_from_slice(&bytes[..length]);
            }
        });
        Self { pty, pts, child, screen, raw }
    }

    /// Everything that was written to it.
    pub(crate) fn raw(&self) -> Arc<Mutex<Vec<u8>>> {
        Arc::clone(&self.raw)
    }

    /// Types.
    pub(crate) fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Makes it larger or smaller.
    pub(crate) fn resize(&self, lines: u16, columns: u16) {
        self.pty.resize(Size::new(lines, columns)).expect("a size");
    }

    /// What it shows.
    pub(crate) fn text(&self) -> String {
        self.screen.lock().expect("nobody panics here").screen().contents()
    }

    /// Waits until the screen shows a text.
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait(text, || self.text().contains(text));
    }

    /// Waits until something holds.
    pub(crate) fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < Duration::from_mins(1), "{what} never came:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the terminal waits for whole lines and shows what is typed, as a shell expects it.
    pub(crate) fn is_as_it_was(&self) -> bool {
        let modes = tcgetattr(&self.pts).expect("a terminal").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("our own child takes a signal");
    }

    /// `T` where it is suspended. `None` where the system has no such file.
    pub(crate) fn state(&self) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        stat.rsplit(')').next()?.trim_start().chars().next()
    }

    /// Waits for the end: exit code and what is shown then. The terminal must be as it was.
    pub(crate) fn end(mut self) -> (i32, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("is ours") {
                break status;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "it never ended:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(self.is_as_it_was(), "the terminal was not given back");
        // What is left in the terminal is read by the thread.
        std::thread::sleep(Duration::from_millis(200));
        (status.code().unwrap_or(-1), self.text())
    }
}
