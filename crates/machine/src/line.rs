//! The line of a job, outside: whoever sent the job opens a door, and the agent of the machine connects it with a port of the machine.
//!
//! In: the folder of a command. Out: a line to the job, for whoever knows what it carries. A line ends with the job, and with
//! whoever sent it. Never looks at a byte that passes.

use std::path::Path;

#[cfg(not(unix))]
pub use std::net::TcpStream as Stream;
#[cfg(unix)]
pub use std::os::unix::net::UnixStream as Stream;

use crate::job::PROGRAM;
use crate::places::Places;
use crate::words::{Pool, Template};

/// What is done with the line of a job. It ends soon after the line does.
pub type Carry = Box<dyn FnOnce(Stream) + Send>;

/// This program, in the folder that machines show of it.
const NAME: &str = "program";

/// Where a machine with this template has our own program, and where jobs find it: it is in the pool after all others.
pub fn own_program(template: &Template) -> (String, String) {
    (format!("/pool/{}/{NAME}", template.pools.len()), PROGRAM.to_owned())
}

/// The template with a pool that has our own program, and nothing else, in it.
pub(crate) fn with_own_program(template: &Template, places: &Places) -> std::io::Result<Template> {
    let folder = places.own();
    std::fs::create_dir_all(&folder)?;
    let program = folder.join(NAME);
    supervise::remove_tree(&program).map_err(std::io::Error::other)?;
    bring(&std::env::current_exe()?, &program)?;
    let mut template = template.clone();
    // It is replaced before a machine boots, and never while one runs.
    template.pools.push(Pool { outside: folder, still: true });
    Ok(template)
}

/// Makes a file another name of this one, or a copy where that cannot be.
fn bring(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::hard_link(from, to).or_else(|_| std::fs::copy(from, to).map(drop))
}

#[cfg(unix)]
pub(crate) use unix::{Door, Splice, knock, reach};

#[cfg(not(unix))]
pub(crate) use other::Door;

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;
    use std::net::Shutdown;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::thread::JoinHandle;
    use std::time::Duration;

    use super::Carry;

    const SOCKET: &str = "line.sock";
    const LOOK: Duration = Duration::from_millis(10);

    /// A path in a folder that is short enough for the kernel: by the number of the open folder, where it can be said so.
    fn short(folder: &File, path: &Path) -> PathBuf {
        use std::os::fd::AsRawFd as _;
        let number = folder.as_raw_fd();
        if cfg!(target_os = "linux") {
            PathBuf::from(format!("/proc/self/fd/{number}")).join(path.file_name().unwrap_or_default())
        } else {
            path.to_owned()
        }
    }

    /// Waits for the agent, which knocks when the job begins.
    pub(crate) struct Door {
        over: Arc<AtomicBool>,
        line: Arc<Mutex<Option<UnixStream>>>,
        thread: Option<JoinHandle<()>>,
    }

    impl Door {
        /// In the folder of a command.
        pub(crate) fn open(folder: &Path, carry: Carry) -> io::Result<Self> {
            let opened = File::open(folder)?;
            let listener = UnixListener::bind(short(&opened, &folder.join(SOCKET)))?;
            listener.set_nonblocking(true)?;
            let (over, line) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None)));
            let (is_over, kept) = (Arc::clone(&over), Arc::clone(&line));
            let thread = std::thread::Builder::new().name("line".to_owned()).spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let Ok((stream, _)) = listener.accept() else {
                        std::thread::sleep(LOOK);
                        continue;
                    };
                    let Ok(own) = stream.try_clone() else { return };
                    *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(own);
                    // Whoever closes the door sees the line, or is seen here.
                    if !is_over.load(Ordering::SeqCst) && stream.set_nonblocking(false).is_ok() {
                        carry(stream);
                    }
                    return;
                }
            })?;
            Ok(Self { over, line, thread: Some(thread) })
        }
    }

    impl Drop for Door {
        fn drop(&mut self) {
            self.over.store(true, Ordering::SeqCst);
            if let Some(line) = &*self.line.lock().unwrap_or_else(PoisonError::into_inner) {
                drop(line.shutdown(Shutdown::Both));
            }
            if let Some(thread) = self.thread.take() {
                drop(thread.join());
            }
        }
    }

    /// Connects to the door of a command.
    pub(crate) fn knock(folder: &Path) -> io::Result<UnixStream> {
        reach(&folder.join(SOCKET))
    }

    /// Connects to a socket, however long its path is.
    pub(crate) fn reach(socket: &Path) -> io::Result<UnixStream> {
        let folder = File::open(socket.parent().unwrap_or(Path::new("/")))?;
        UnixStream::connect(short(&folder, socket))
    }

    /// A port of a machine and the line of a job, joined until this is dropped.
    pub(crate) struct Splice {
        ends: [UnixStream; 2],
        threads: Vec<JoinHandle<()>>,
    }

    impl Splice {
        pub(crate) fn new(port: UnixStream, line: UnixStream) -> io::Result<Self> {
            let ends = [port, line];
            let mut splice = Self { ends: [ends[0].try_clone()?, ends[1].try_clone()?], threads: Vec::new() };
            for (from, to) in [(0, 1), (1, 0)] {
                let (mut from, mut to) = (ends[from].try_clone()?, ends[to].try_clone()?);
                let thread = std::thread::Builder::new().name("line".to_owned()).spawn(move || {
                    // How it ends is nothing that anybody needs to know: both ends notice that it did.
                    drop(io::copy(&mut from, &mut to));
                    drop(from.shutdown(Shutdown::Both));
                    drop(to.shutdown(Shutdown::Both));
                })?;
                splice.threads.push(thread);
            }
            Ok(splice)
        }
    }

    impl Drop for Splice {
        fn drop(&mut self) {
            for end in &self.ends {
                drop(end.shutdown(Shutdown::Both));
            }
            for thread in self.threads.drain(..) {
                drop(thread.join());
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use std::io::{Read as _, Write as _};

        use super::*;

        #[test]
        fn a_line_carries_both_ways_in_a_folder_whose_path_no_socket_may_have_and_ends_with_its_door() {
            let scratch = tempfile::tempdir().expect("a folder");
            let folder = scratch.path().join("a".repeat(150));
            std::fs::create_dir(&folder).expect("a folder");
            let (tell, told) = std::sync::mpsc::channel();
            let carry: Carry = Box::new(move |mut stream| {
                stream.write_all(b"hello").expect("heard");
                let mut heard = [0; 12];
                stream.read_exact(&mut heard).expect("said");
                tell.send(heard.to_vec()).expect("told");
                // It ends with the line.
                drop(stream.read_to_end(&mut Vec::new()));
                tell.send(Vec::new()).expect("told");
            });
            let door = Door::open(&folder, carry).expect("a door");
            let (port, mut machine) = UnixStream::pair().expect("a port");
            let splice = Splice::new(port, knock(&folder).expect("open")).expect("joined");
            let mut heard = [0; 5];
            machine.read_exact(&mut heard).expect("said");
            assert_eq!(&heard, b"hello");
            machine.write_all(b"and good bye").expect("taken");
            assert_eq!(told.recv().expect("told"), b"and good bye");
            drop(splice);
            assert_eq!(told.recv().expect("told"), b"");
            drop(door);
            assert_eq!(machine.read(&mut heard).expect("an end"), 0);
            // Nobody ever knocked: closing it does not wait.
            let folder = scratch.path().join("other");
            std::fs::create_dir(&folder).expect("a folder");
            drop(Door::open(&folder, Box::new(|_| panic!("nobody is there"))).expect("a door"));
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::io;
    use std::path::Path;

    /// There are no lines.
    pub(crate) struct Door;

    impl Door {
        pub(crate) fn open(_: &Path, _: super::Carry) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}
