//! The proxy: a door, a thread for each connection, a log.
//!
//! In: a path for a socket or a port, rules. Out: entries, at the end. Ending it ends every connection.

use std::io;
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ureq::Agent;

use crate::connection::serve;
use crate::door::Door;
use crate::relay::agent;
use crate::{Entry, Rules};

/// Connections at the same time; more are closed at once.
const MOST_CONNECTIONS: usize = 128;
/// How long the end waits for connections that were cut off.
const PATIENCE: Duration = Duration::from_secs(2);
/// Entries that are kept; more are counted.
const MOST_ENTRIES: usize = 5000;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) rules: Rules,
    pub(crate) agent: Agent,
    pub(crate) begun: Instant,
    entries: Mutex<Vec<Entry>>,
    left_out: AtomicUsize,
    /// How to end what is open.
    open: Mutex<Vec<(usize, Ender)>>,
    next: AtomicUsize,
    ended: AtomicBool,
    /// Connections that are open.
    busy: AtomicUsize,
    /// Bytes of bodies that are held.
    pub(crate) bodies: AtomicUsize,
}

type Ender = Box<dyn Fn() + Send>;

impl Shared {
    pub(crate) fn log(&self, entry: Entry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() < MOST_ENTRIES {
            entries.push(entry);
        } else {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Remembers how something is ended, until the guard goes. Where everything has ended already, it is ended now.
    pub(crate) fn keep(self: &Arc<Self>, end: Ender) -> Open {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if self.ended.load(Ordering::SeqCst) {
            end();
        }
        open.push((number, end));
        drop(open);
        Open { shared: Arc::clone(self), number }
    }
}

/// Something that is open.
pub(crate) struct Open {
    shared: Arc<Shared>,
    number: usize,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut open = self.shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(number, _)| *number != self.number);
    }
}

/// A proxy that runs.
pub struct Proxy {
    door: Arc<Door>,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens at `socket`, whose folder must be there.
    #[cfg(unix)]
    pub fn start(socket: &std::path::Path, rules: Rules) -> io::Result<Self> {
        Door::at_socket(socket).map(|door| Self::behind(door, rules))
    }

    /// Listens at a port of loopback, for programs that cannot be given a socket. Every program of this machine can knock there: servers
    /// should be asked below a prefix that nobody can guess.
    pub fn start_at_port(port: u16, rules: Rules) -> io::Result<Self> {
        Door::at_port(port).map(|door| Self::behind(door, rules))
    }

    fn behind(door: Door, rules: Rules) -> Self {
        let door = Arc::new(door);
        let shared = Arc::new(Shared {
            rules,
            agent: agent(),
            begun: Instant::now(),
            entries: Mutex::default(),
            left_out: AtomicUsize::new(0),
            open: Mutex::default(),
            next: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
            busy: AtomicUsize::new(0),
            bodies: AtomicUsize::new(0),
        });
        let listening = std::thread::spawn({
            let (door, shared) = (Arc::clone(&door), Arc::clone(&shared));
            move || listen(&door, &shared)
        });
        Self { door, shared, listening: Some(listening) }
    }

    /// Ends it and gives what it has seen, and how many entries are left out.
    pub fn end(mut self) -> (Vec<Entry>, usize) {
        self.stop();
        let entries =
            std::mem::take(&mut *self.shared.entries.lock().unwrap_or_else(PoisonError::into_inner));
        (entries, self.shared.left_out.load(Ordering::Relaxed))
    }

    fn stop(&mut self) {
        let Some(listening) = self.listening.take() else { return };
        self.shared.ended.store(true, Ordering::SeqCst);
        if self.door.knock() {
            drop(listening.join());
        }
        for (_, end) in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            end();
        }
        self.shared.agent.clone().shutdown();
        // What is cut off is written down as well. Whoever hangs all the same costs its line in the log.
        let begun = Instant::now();
        while self.shared.busy.load(Ordering::SeqCst) > 0 && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.door.remove();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop();
    }
}

fn listen(door: &Door, shared: &Arc<Shared>) {
    loop {
        let stream = door.next();
        // Whoever ends it knocks.
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        let Some(stream) = stream else { continue };
        if shared.busy.load(Ordering::SeqCst) >= MOST_CONNECTIONS {
            continue;
        }
        shared.busy.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            if let Ok(end) = stream.try_clone() {
                let _open = shared.keep(Box::new(move || drop(end.shutdown(Shutdown::Both))));
                serve(&stream, &shared);
            }
            shared.busy.fetch_sub(1, Ordering::SeqCst);
        });
    }
}
