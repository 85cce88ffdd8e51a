//! The first process of a tree's PID namespace: starts the program, takes in orphans, hears the keeper.
//!
//! In: one byte an order from the keeper. Out: one JSON document a line to it. When the keeper is gone this process
//! ends, and the kernel ends everyone in its namespace. Never a decision of its own, never anything it cannot lose.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions};
use serde::{Deserialize, Serialize};

use crate::ending::Exit;
use crate::job::Job;
use crate::os::unix::{Ears, Streams};
use crate::os::{doing, namespace, tree, unix};
use crate::record::MARK;
use crate::{Interrupt, Limits};

/// What the first process tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Ready {
        notes: Vec<String>,
    },
    Unusable {
        why: String,
    },
    Started,
    NotStarted {
        why: String,
    },
    /// The program; and whether nobody else is left.
    Exited {
        exit: Exit,
        alone: bool,
    },
}

const GO: u8 = b'g';
const INTERRUPT: u8 = b'i';
const INTERRUPT_BY_TERM: u8 = b'e';
const TERMINATE: u8 = b't';
const PAUSE: u8 = b'p';
const RESUME: u8 = b'r';

/// The keeper's side of a namespace.
pub(crate) struct Shim {
    pub(crate) pid: Pid,
    channel: UnixStream,
    rest: Vec<u8>,
    exit: Option<Exit>,
    alone: bool,
}

impl Shim {
    /// Makes a namespace around a program that is not started yet. Gives what a reader should know.
    ///
    /// An error is a reason to do without: nothing of it is left then.
    pub(crate) fn make(
        job: &Job,
        limits: &Limits,
        mark: &str,
        streams: &Streams,
    ) -> io::Result<(Self, Vec<String>)> {
        let (pid, channel) =
            namespace::first_process(|channel| first_process(&channel, job, limits, mark, streams))?;
        let mut shim = Self { pid, channel, rest: Vec::new(), exit: None, alone: false };
        let ready = namespace::map_ids(pid).and_then(|()| shim.order(GO)).and_then(|()| shim.next_word());
        match ready {
            Ok(Word::Ready { notes }) => Ok((shim, notes)),
            Ok(Word::Unusable { why }) => {
                shim.end();
                Err(io::Error::other(why))
            }
            Ok(_) => {
                shim.end();
                Err(io::Error::other("its first process is confused"))
            }
            Err(error) => {
                shim.end();
                Err(error)
            }
        }
    }

    /// Starts the program, and gives its number as seen from here.
    pub(crate) fn start(&mut self) -> io::Result<Option<i32>> {
        self.order(GO)?;
        match self.next_word()? {
            Word::Started => Ok(tree::children(self.pid.as_raw_pid()).first().copied()),
            Word::NotStarted { why } => Err(io::Error::other(why)),
            _ => Err(io::Error::other("its first process is confused")),
        }
    }

    /// Ends everyone inside, and takes the exit of the first process.
    pub(crate) fn end(&self) {
        // Our child, not yet reaped: the number cannot be anybody else's. The kernel lets it end after all the others.
        let _ = rustix::process::kill_process(self.pid, Signal::KILL);
        while matches!(
            rustix::process::waitpid(Some(self.pid), WaitOptions::empty()),
            Err(rustix::io::Errno::INTR)
        ) {}
    }

    /// What becomes readable when there is news.
    pub(crate) fn bell(&self) -> std::os::fd::BorrowedFd<'_> {
        self.channel.as_fd()
    }

    /// From now on reading never waits.
    pub(crate) fn never_wait(&self) -> io::Result<()> {
        self.channel.set_nonblocking(true)
    }

    /// How the program exited, if that has been told.
    pub(crate) fn exit(&mut self) -> Option<Exit> {
        while self.exit.is_none() {
            match self.next_word() {
                Ok(Word::Exited { exit, alone }) => {
                    self.exit = Some(exit);
                    self.alone = alone;
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        self.exit
    }

    /// Whether the first process said that nobody else was left when the program exited: then it is just ending.
    pub(crate) fn is_ending(&self) -> bool {
        self.alone
    }

    /// Asks the program, or the group it leads, to interrupt its work.
    pub(crate) fn interrupt(&mut self, with: Interrupt) -> io::Result<()> {
        self.order(match with {
            Interrupt::Int => INTERRUPT,
            Interrupt::Term => INTERRUPT_BY_TERM,
        })
    }

    /// Asks everyone inside to terminate.
    pub(crate) fn terminate(&mut self) -> io::Result<()> {
        self.order(TERMINATE)
    }

    /// Stops everyone inside.
    pub(crate) fn pause(&mut self) -> io::Result<()> {
        self.order(PAUSE)
    }

    /// Lets everyone inside go on.
    pub(crate) fn resume(&mut self) -> io::Result<()> {
        self.order(RESUME)
    }

    fn order(&mut self, order: u8) -> io::Result<()> {
        match self.channel.write_all(&[order]) {
            // Whoever is gone needs no order.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            told => told.map_err(|error| doing("telling its first process", &error)),
        }
    }

    fn next_word(&mut self) -> io::Result<Word> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return serde_json::from_slice(&line).map_err(io::Error::from);
            }
            let mut bytes = [0; 4096];
            match self.channel.read(&mut bytes) {
                Ok(0) => return Err(io::Error::other("its first process has ended")),
                Ok(count) => self.rest.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The whole life of the first process.
fn first_process(channel: &UnixStream, job: &Job, limits: &Limits, mark: &str, streams: &Streams) {
    let Err(error) = live(channel, job, limits, mark, streams) else { return };
    // Where the keeper is gone there is nobody to tell.
    let _ = tell(channel, &Word::Unusable { why: error.to_string() });
}

fn live(
    mut channel: &UnixStream,
    job: &Job,
    limits: &Limits,
    mark: &str,
    streams: &Streams,
) -> io::Result<()> {
    // The keeper has one thread, so this is its own death; should it be dead already, the channel has ended.
    namespace::die_with_keeper()?;
    let kept: Vec<i32> = streams.descriptors().into_iter().chain([channel.as_raw_fd()]).collect();
    namespace::keep_only(&kept).map_err(|error| doing("closing what belongs to the keeper", &error))?;
    wait_for_go(channel)?;
    let notes = namespace::furnish(hidden(job), limits.resources.processes)?;
    let ears = Ears::for_children()?;
    tell(channel, &Word::Ready { notes })?;
    wait_for_go(channel)?;
    let leader = match unix::start_leader(job, limits, (MARK, mark), streams) {
        Ok(leader) => leader,
        Err(error) => return tell(channel, &Word::NotStarted { why: error.to_string() }),
    };
    streams.descriptors().into_iter().for_each(namespace::close);
    tell(channel, &Word::Started)?;
    channel.set_nonblocking(true)?;
    loop {
        if reap(leader, channel)? {
            return Ok(());
        }
        unix::wait_readable([channel.as_fd(), ears.bell()].into_iter(), Duration::from_mins(1))?;
        ears.quiet();
        let mut orders = [0; 16];
        match channel.read(&mut orders) {
            Ok(0) => return Ok(()),
            Ok(count) => orders[..count].iter().for_each(|order| obey(*order, leader)),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Takes the exits of all who have ended. Gives whether nobody is left.
fn reap(leader: Pid, channel: &UnixStream) -> io::Result<bool> {
    let mut exited = None;
    let alone = loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid == leader => {
                exited = Some(Exit { code: status.exit_status(), signal: status.terminating_signal() });
            }
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::CHILD) => break true,
            Ok(None) => break false,
            Err(error) => return Err(error.into()),
        }
    };
    if let Some(exit) = exited {
        tell(channel, &Word::Exited { exit, alone })?;
    }
    Ok(alone)
}

fn obey(order: u8, leader: Pid) {
    // Whoever is gone by now needs no signal, and nobody inside can refuse one of the first process.
    match order {
        INTERRUPT => drop(unix::signal_leader(leader, Signal::INT)),
        INTERRUPT_BY_TERM => drop(unix::signal_leader(leader, Signal::TERM)),
        TERMINATE => {
            namespace::send_to_everyone(Signal::TERM);
            // A stopped process hears nothing until it goes on.
            namespace::send_to_everyone(Signal::CONT);
        }
        PAUSE => namespace::send_to_everyone(Signal::STOP),
        RESUME => namespace::send_to_everyone(Signal::CONT),
        _ => {}
    }
}

fn wait_for_go(mut channel: &UnixStream) -> io::Result<()> {
    let mut order = [0];
    match channel.read_exact(&mut order) {
        Ok(()) => Ok(()),
        // The keeper is gone.
        Err(_) => namespace::leave(),
    }
}

fn tell(mut channel: &UnixStream, word: &Word) -> io::Result<()> {
    let mut line = serde_json::to_vec(word).map_err(io::Error::from)?;
    line.push(b'\n');
    channel.write_all(&line)
}

/// The folder of the record, unless the program was told of it or stands in it: then it has business there.
fn hidden(job: &Job) -> Option<&Path> {
    let folder = job.run_folder.as_os_str().as_encoded_bytes();
    let names = |text: &std::ffi::OsStr| {
        text.as_encoded_bytes().windows(folder.len().max(1)).any(|window| window == folder)
    };
    let told = job.command.iter().any(|word| names(word))
        || std::env::vars_os().any(|(_, value)| names(&value))
        || std::env::current_dir().is_ok_and(|here| here.starts_with(&job.run_folder));
    (!told).then_some(&*job.run_folder)
}
