//! Ctrl-C and its relatives.
//!
//! In: signals. Out: the first asks the run to stop its reviewers and consolidate what has arrived; the second leaves at
//! once, and the keepers end what is still running. Never touches a reviewer itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use supervise::Cancel;

use crate::exit::Exit;

/// How soon a signal is noticed.
const LOOK: Duration = Duration::from_millis(50);

/// Listens from now on.
pub(crate) fn listen(cancel: Cancel) -> std::io::Result<()> {
    let armed = Arc::new(AtomicBool::new(false));
    for (signal, exit) in [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)] {
        // The order matters: the shutdown is checked first, so only a second signal finds it armed.
        flag::register_conditional_shutdown(signal, i32::from(exit.code()), Arc::clone(&armed))?;
        flag::register(signal, Arc::clone(&armed))?;
    }
    std::thread::spawn(move || {
        while !armed.load(Ordering::SeqCst) {
            std::thread::sleep(LOOK);
        }
        cancel.cancel();
    });
    Ok(())
}
