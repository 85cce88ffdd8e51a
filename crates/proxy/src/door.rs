//! Where the proxy is knocked at, and the connections that come of it: a unix socket, or a port of this machine where programs cannot
//! be given a socket (Windows).
//!
//! In: a path or a port. Out: connections. Never reads or writes a byte by itself.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::fd::AsRawFd as _;
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often whoever waits for the next connection at a socket looks up: the socket may be gone, and then nobody can knock.
#[cfg(unix)]
const LOOK: rustix::event::Timespec = rustix::event::Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Where the proxy listens.
pub(crate) enum Door {
    /// At a path, which only who sees it can knock at. The folder is held open for its number.
    #[cfg(unix)]
    Socket { listener: UnixListener, folder: File, path: PathBuf },
    /// At a port of loopback, which everybody on this machine can knock at.
    Port(TcpListener),
}

impl Door {
    /// A socket at `path`, whose folder must be there.
    #[cfg(unix)]
    pub(crate) fn at_socket(path: &Path) -> io::Result<Self> {
        let folder = File::open(path.parent().unwrap_or(Path::new("/")))?;
        let listener = UnixListener::bind(short(&folder, path))?;
        listener.set_nonblocking(true)?;
        Ok(Self::Socket { listener, folder, path: path.to_owned() })
    }

    /// A port of loopback.
    pub(crate) fn at_port(port: u16) -> io::Result<Self> {
        Ok(Self::Port(TcpListener::bind((Ipv4Addr::LOCALHOST, port))?))
    }

    /// The next connection; `None` where there is none yet.
    pub(crate) fn next(&self) -> Option<Stream> {
        match self {
            #[cfg(unix)]
            Self::Socket { listener, .. } => {
                let mut waiting = [rustix::event::PollFd::new(listener, rustix::event::PollFlags::IN)];
                let _ = rustix::event::poll(&mut waiting, Some(&LOOK));
                let (stream, _) = listener.accept().ok()?;
                // Some systems hand on what the listener is.
                stream.set_nonblocking(false).ok()?;
                Some(Stream::Socket(stream))
            }
            Self::Port(listener) => listener.accept().ok().map(|(stream, _)| Stream::Port(stream)),
        }
    }

    /// Wakes whoever waits for the next connection. Says whether it will wake.
    pub(crate) fn knock(&self) -> bool {
        match self {
            // It looks up by itself.
            #[cfg(unix)]
            Self::Socket { folder, path, .. } => {
                drop(UnixStream::connect(short(folder, path)));
                true
            }
            Self::Port(listener) => {
                listener.local_addr().is_ok_and(|address| TcpStream::connect(address).is_ok())
            }
        }
    }

    /// Leaves nothing behind.
    pub(crate) fn remove(&self) {
        #[cfg(unix)]
        if let Self::Socket { path, .. } = self {
            drop(std::fs::remove_file(path));
        }
    }
}

/// The same path by the number of its open folder: the kernel takes no longer ones than 107 bytes.
#[cfg(target_os = "linux")]
fn short(folder: &File, socket: &Path) -> PathBuf {
    Path::new("/proc/self/fd")
        .join(folder.as_raw_fd().to_string())
        .join(socket.file_name().unwrap_or_default())
}

#[cfg(all(unix, not(target_os = "linux")))]
fn short(folder: &File, socket: &Path) -> PathBuf {
    let _ = folder.as_raw_fd();
    socket.to_owned()
}

/// One connection.
pub(crate) enum Stream {
    #[cfg(unix)]
    Socket(UnixStream),
    Port(TcpStream),
}

/// The same for either kind.
macro_rules! either {
    ($stream:expr, $inner:ident => $does:expr) => {
        match $stream {
            #[cfg(unix)]
            Stream::Socket($inner) => $does,
            Stream::Port($inner) => $does,
        }
    };
}

impl Stream {
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            #[cfg(unix)]
            Self::Socket(stream) => Self::Socket(stream.try_clone()?),
            Self::Port(stream) => Self::Port(stream.try_clone()?),
        })
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        either!(self, stream => stream.shutdown(how))
    }

    pub(crate) fn set_read_timeout(&self, time: Option<Duration>) -> io::Result<()> {
        either!(self, stream => stream.set_read_timeout(time))
    }
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        either!(self, stream => { let mut stream = stream; stream.read(buffer) })
    }
}

impl Write for &Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        either!(self, stream => { let mut stream = stream; stream.write(buffer) })
    }

    fn flush(&mut self) -> io::Result<()> {
        either!(self, stream => { let mut stream = stream; stream.flush() })
    }
}
