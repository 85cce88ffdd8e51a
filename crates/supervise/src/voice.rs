//! What is said to a program while it runs.
//!
//! In: bytes, from any thread, whenever there is something to say. Out: the program's standard input, in order, and its end.
//! Never makes whoever speaks wait for a program that does not listen, and never keeps more than a bound of what it has
//! not heard.

use std::fmt;
use std::io::{self, PipeReader, PipeWriter, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Most bytes kept for a program that does not read them.
const MOST_WAITING: usize = 32 << 20;

/// Speaks to one program, which is started with [`crate::Stdin::Dialogue`]. Clones are the same voice. Its standard input ends
/// with [`Voice::end`], when the attempt ends, or when this process dies.
#[derive(Clone, Default)]
pub struct Voice(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Bytes taken to be written, and not heard as a whole yet.
    writing: usize,
    ended: bool,
    gone: bool,
}

/// Why the program will not hear something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// It has closed its standard input, or has ended.
    #[error("it does not listen any more")]
    Gone,
    /// It does not read what it was told.
    #[error("it does not read what it is told")]
    Full,
}

impl Voice {
    /// A voice for one attempt.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says it. Returns at once: it is written as fast as the program reads. Before the program is started, it waits for it.
    pub fn say(&self, bytes: &[u8]) -> Result<(), Unheard> {
        let mut state = self.locked();
        if state.gone || state.ended {
            return Err(Unheard::Gone);
        }
        if state.waiting.len() + state.writing + bytes.len() > MOST_WAITING {
            return Err(Unheard::Full);
        }
        state.waiting.extend_from_slice(bytes);
        drop(state);
        self.0.changed.notify_all();
        Ok(())
    }

    /// Nothing more will be said: the program's standard input ends after what was said.
    pub fn end(&self) {
        self.locked().ended = true;
        self.0.changed.notify_all();
    }

    /// Nobody listens: what was not heard is forgotten.
    pub(crate) fn hush(&self) {
        let mut state = self.locked();
        state.ended = true;
        state.gone = true;
        state.waiting = Vec::new();
        drop(state);
        self.0.changed.notify_all();
    }

    /// The end that the program reads. From now on what is said is written there.
    ///
    /// The thread that writes is not waited for: should a process that could not be ended hold the pipe, it ends with that
    /// process.
    pub(crate) fn connect(&self) -> io::Result<PipeReader> {
        let (reader, writer) = io::pipe()?;
        let own = self.clone();
        std::thread::Builder::new().name("voice".to_owned()).spawn(move || own.speak(writer))?;
        Ok(reader)
    }

    fn speak(&self, mut writer: PipeWriter) {
        while let Some(bytes) = self.next() {
            if writer.write_all(&bytes).is_err() {
                self.hush();
            }
        }
    }

    /// What is to be written next; `None` at the end.
    fn next(&self) -> Option<Vec<u8>> {
        let mut state = self.locked();
        state.writing = 0;
        while state.waiting.is_empty() && !state.ended {
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.writing = state.waiting.len();
        Some(std::mem::take(&mut state.waiting)).filter(|bytes| !bytes.is_empty())
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for Voice {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Voice {}

impl fmt::Debug for Voice {
    // What is said may hold anything: it is not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voice").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_was_said_arrives_in_order_and_then_it_ends() {
        let voice = Voice::new();
        voice.say(b"before ").expect("room");
        let mut reader = voice.connect().expect("a pipe");
        voice.say(b"after").expect("room");
        voice.end();
        assert_eq!(voice.say(b"too late"), Err(Unheard::Gone));
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("it ends");
        assert_eq!(text, "before after");
    }

    #[test]
    fn who_does_not_read_makes_nobody_wait_and_fills_no_memory() {
        let voice = Voice::new();
        let reader = voice.connect().expect("a pipe");
        let part = vec![b'x'; 1 << 20];
        let said = (0..100).take_while(|_| voice.say(&part).is_ok()).count();
        assert_eq!(said, 32, "what is being written counts too");
        assert_eq!(voice.say(&part), Err(Unheard::Full));
        drop(reader);
    }

    #[test]
    fn a_closed_ear_is_noticed() {
        let voice = Voice::new();
        drop(voice.connect().expect("a pipe"));
        let unheard = (0..10_000).find_map(|_| {
            std::thread::yield_now();
            std::thread::sleep(std::time::Duration::from_millis(1));
            voice.say(b"x").err()
        });
        assert_eq!(unheard, Some(Unheard::Gone));
    }
}
