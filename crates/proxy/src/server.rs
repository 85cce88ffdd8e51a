//! The proxy: a unix socket, a thread for each connection, a log.
//!
//! In: a path for the socket, rules. Out: entries, at the end. Ending it ends every connection.

use std::fs::File;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use ureq::Agent;

use crate::connection::serve;
use crate::relay::agent;
use crate::{Entry, Rules};

/// Connections at the same time; more are closed at once.
const MOST_CONNECTIONS: usize = 128;
/// How often whoever waits for the next connection looks up.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
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
    socket: PathBuf,
    folder: File,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens at `socket`, whose folder must be there.
    pub fn start(socket: &Path, rules: Rules) -> io::Result<Self> {
        let folder = File::open(socket.parent().unwrap_or(Path::new("/")))?;
        let listener = UnixListener::bind(short(&folder, socket))?;
        listener.set_nonblocking(true)?;
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
            let shared = Arc::clone(&shared);
            move || listen(&listener, &shared)
        });
        Ok(Self { socket: socket.to_owned(), folder, shared, listening: Some(listening) })
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
        // Wakes whoever waits for the next connection.
        drop(UnixStream::connect(short(&self.folder, &self.socket)));
        drop(listening.join());
        for (_, end) in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            end();
        }
        self.shared.agent.clone().shutdown();
        // What is cut off is written down as well. Whoever hangs all the same costs its line in the log.
        let begun = Instant::now();
        while self.shared.busy.load(Ordering::SeqCst) > 0 && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
        drop(std::fs::remove_file(&self.socket));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The same path by the number of its open folder: the kernel takes no longer ones than 107 bytes.
#[cfg(target_os = "linux")]
fn short(folder: &File, socket: &Path) -> PathBuf {
    Path::new("/proc/self/fd")
        .join(folder.as_raw_fd().to_string())
        .join(socket.file_name().unwrap_or_default())
}

#[cfg(not(target_os = "linux"))]
fn short(folder: &File, socket: &Path) -> PathBuf {
    let _ = folder.as_raw_fd();
    socket.to_owned()
}

fn listen(listener: &UnixListener, shared: &Arc<Shared>) {
    loop {
        // Whoever ends it knocks; where the door is gone by then, it is noticed a little later.
        let mut waiting = [PollFd::new(listener, PollFlags::IN)];
        let _ = poll(&mut waiting, Some(&LOOK));
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        let Ok((stream, _)) = listener.accept() else { continue };
        // Some systems hand on what the listener is.
        if stream.set_nonblocking(false).is_err() {
            continue;
        }
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
