//! The terminal of whoever sits here, for a program in a machine.
//!
//! In: the line to a terminal in the machine. Out: what is typed goes there as it is typed, Ctrl-C too; what is shown there is shown
//! here. This terminal is given back as it was, however it ends.

use std::io::{self, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};

/// How often is looked whether the terminal has another size, or it is over.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// The size of a terminal that does not tell it.
const USUAL: (u16, u16) = (80, 24);

/// What signals said.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    resized: Arc<AtomicBool>,
    pub(super) ended: Arc<AtomicBool>,
}

impl Heard {
    /// Listens from now on.
    pub(super) fn listen() -> io::Result<Self> {
        let heard = Self::default();
        signal_hook::flag::register(SIGWINCH, Arc::clone(&heard.resized))?;
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&heard.ended))?;
        }
        Ok(heard)
    }
}

/// Columns and rows of this terminal.
pub(super) fn size() -> (u16, u16) {
    let told = tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    told.map_or(USUAL, |size| (size.ws_col, size.ws_row))
}

/// This terminal without a mind of its own, until this is dropped.
struct Lent(Termios);

impl Lent {
    fn lend() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Drain, &raw)?;
        Ok(Self(before))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Without a terminal there is none to give back.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Sits at the terminal in the machine until the line ends.
pub(super) fn sit(line: &UnixStream, word: &str, heard: &Heard) -> io::Result<()> {
    let (typist, mut screen) = sandbox::sit_down(line.try_clone()?, line.try_clone()?, word)?;
    let _lent = Lent::lend()?;
    let over = AtomicBool::new(false);
    let shown = std::thread::scope(|scope| {
        scope.spawn(|| type_on(typist, heard, &over));
        let shown = show(&mut screen);
        over.store(true, Ordering::SeqCst);
        shown
    });
    // Where nobody looks any more the program in it is told so.
    drop(line.shutdown(Shutdown::Both));
    shown
}

fn show(screen: &mut sandbox::Screen) -> io::Result<()> {
    let mut out = io::stdout().lock();
    while let Some(bytes) = screen.shows() {
        out.write_all(&bytes)?;
        out.flush()?;
    }
    Ok(())
}

/// Hands on what is typed, and every new size. Ends with the line, or with what is typed.
fn type_on(mut typist: sandbox::Typist, heard: &Heard, over: &AtomicBool) {
    let mut bytes = [0; 4096];
    while !over.load(Ordering::SeqCst) {
        if heard.resized.swap(false, Ordering::SeqCst) {
            let (columns, rows) = size();
            if typist.resizes(columns, rows).is_err() {
                return;
            }
        }
        let stdin = io::stdin();
        let mut waiting = [PollFd::new(&stdin, PollFlags::IN)];
        // A signal wakes it, and is no failure.
        if !matches!(poll(&mut waiting, Some(&LOOK)), Ok(1..)) {
            continue;
        }
        match rustix::io::read(&stdin, &mut bytes[..]) {
            Ok(count @ 1..) if typist.types(&bytes[..count]).is_ok() => {}
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            // Nobody types any more: the program is told so by the end of the line, when it ends.
            _ => return,
        }
    }
}
