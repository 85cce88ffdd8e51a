//! Single keys from the terminal, while a run is watched.
//!
//! In: the terminal on standard input, where there is one and we are in its foreground. Out: characters, without waiting for Enter.
//! The terminal is given back as it was: when we stop listening, when we are suspended, and when something panics. Never touches
//! signals: Ctrl-C and Ctrl-Z stay what they are.

#[cfg(unix)]
pub(crate) use unix::Keys;

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr};

    /// How often is looked whether we came to the foreground, or are to stop.
    const LOOK: Duration = Duration::from_millis(100);

    /// Keys are listened to, until [`Keys::stop`].
    pub(crate) struct Keys(Arc<Shared>);

    struct Shared {
        /// How the terminal was before; `None` while it is as it was.
        before: Mutex<Option<Termios>>,
        is_paused: AtomicBool,
        is_over: AtomicBool,
    }

    impl Keys {
        /// Listens, where standard input is a terminal.
        pub(crate) fn listen(press: impl Fn(char) + Send + 'static) -> Option<Self> {
            if !isatty(io::stdin()) {
                return None;
            }
            let shared = Arc::new(Shared {
                before: Mutex::new(None),
                is_paused: AtomicBool::new(false),
                is_over: AtomicBool::new(false),
            });
            give_back_on_panic(&shared);
            let for_thread = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("keys".to_owned())
                .spawn(move || listen(&for_thread, &press))
                .ok()?;
            Some(Self(shared))
        }

        /// Gives the terminal back for good.
        pub(crate) fn stop(&self) {
            self.0.is_over.store(true, Ordering::SeqCst);
            self.0.give_back();
        }

        /// Gives the terminal back while something else goes on.
        pub(crate) fn paused(&self, meanwhile: impl FnOnce()) {
            self.0.is_paused.store(true, Ordering::SeqCst);
            self.0.give_back();
            meanwhile();
            self.0.is_paused.store(false, Ordering::SeqCst);
        }
    }

    impl Shared {
        fn before(&self) -> MutexGuard<'_, Option<Termios>> {
            self.before.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Asks the terminal for keys as they are pressed. False where it is not ours to ask, now or any more.
        fn take(&self) -> bool {
            let mut before = self.before();
            // Looked at under the lock: who gives back for good does so after this, or we see it here.
            if self.is_over.load(Ordering::SeqCst)
                || self.is_paused.load(Ordering::SeqCst)
                || !is_foreground()
            {
                return false;
            }
            if before.is_some() {
                return true;
            }
            let Ok(was) = tcgetattr(io::stdin()) else { return false };
            let mut now = was.clone();
            now.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
            if tcsetattr(io::stdin(), OptionalActions::Now, &now).is_err() {
                return false;
            }
            *before = Some(was);
            true
        }

        fn give_back(&self) {
            let Some(was) = self.before().take() else { return };
            // From the background the attempt alone would stop us, and whoever is in front has set the terminal as it likes.
            if is_foreground() {
                let _ = tcsetattr(io::stdin(), OptionalActions::Now, &was);
            }
        }
    }

    fn is_foreground() -> bool {
        tcgetpgrp(io::stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
    }

    fn listen(shared: &Shared, press: &impl Fn(char)) {
        while !shared.is_over.load(Ordering::SeqCst) {
            if !shared.take() {
                std::thread::sleep(LOOK);
                continue;
            }
            let stdin = io::stdin();
            let mut wanted = [PollFd::new(&stdin, PollFlags::IN)];
            let timeout = LOOK.try_into().expect("a tenth of a second is a time");
            if !poll(&mut wanted, Some(&timeout)).is_ok_and(|ready| ready > 0) || !shared.take() {
                continue;
            }
            let mut bytes = [0; 64];
            match rustix::io::read(&stdin, &mut bytes) {
                // The terminal went away.
                Ok(0) => return shared.give_back(),
                // What begins with an escape is an arrow or a paste, and means nothing here.
                Ok(_) if bytes[0] == 0x1b => {}
                Ok(length) => bytes[..length].iter().for_each(|byte| press(char::from(*byte))),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(_) => return shared.give_back(),
            }
        }
    }

    fn give_back_on_panic(shared: &Arc<Shared>) {
        let shared = Arc::downgrade(shared);
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if let Some(shared) = shared.upgrade() {
                shared.give_back();
            }
            tell(panic);
        }));
    }
}

/// Where there are no terminals as unix knows them, no keys are offered.
#[cfg(not(unix))]
pub(crate) enum Keys {}

#[cfg(not(unix))]
impl Keys {
    pub(crate) fn listen(_press: impl Fn(char) + Send + 'static) -> Option<Self> {
        None
    }

    pub(crate) fn stop(&self) {
        match *self {}
    }
}
