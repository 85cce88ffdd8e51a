//! Ctrl-C and its relatives.
//!
//! In: signals. Out: the first asks the run to stop its reviewers and consolidate what has arrived; the second leaves at
//! once, and the keepers end what is still running. Never touches a reviewer itself.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use supervise::Cancel;

use crate::exit::{CommandError, Exit};
use crate::progress::Progress;

/// Signals that stop a run. A terminal that goes away asks for what it can still get: the report on disk.
#[cfg(unix)]
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Listens from now on.
pub(crate) fn listen(progress: &Arc<Progress>, cancel: Cancel) -> Result<(), CommandError> {
    start(Arc::clone(progress), cancel)
        .map_err(|error| CommandError::environment(format!("signals cannot be listened to: {error}")))
}

/// Signals that would leave a terminal behind in which keys are not shown: only caught where keys are listened to.
#[cfg(unix)]
const OF_THE_TERMINAL: [i32; 2] = [signal_hook::consts::SIGTSTP, signal_hook::consts::SIGQUIT];

#[cfg(unix)]
fn start(progress: Arc<Progress>, cancel: Cancel) -> std::io::Result<()> {
    let leaving = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // For the third: should the second be stuck, in a terminal that takes no more text.
        let exit = i32::from(exit(signal).code());
        signal_hook::flag::register_conditional_shutdown(signal, exit, Arc::clone(&leaving))?;
    }
    let mut signals = signal_hook::iterator::Signals::new(SIGNALS)?;
    if progress.is_live() {
        OF_THE_TERMINAL.iter().try_for_each(|signal| signals.add_signal(*signal))?;
    }
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if OF_THE_TERMINAL.contains(&signal) {
                // What it does by default comes after the terminal is as it was, and when we go on, keys are asked for again.
                progress.lend_terminal(|| {
                    drop(signal_hook::low_level::emulate_default_handler(signal));
                });
            } else if !cancel.is_cancelled() {
                cancel.cancel();
                // From here on every further signal may leave at once, without a chance to put anything right.
                progress.release_terminal();
                progress.say(STOPPING);
            } else if let SIGINT | SIGTERM = signal {
                leaving.store(true, std::sync::atomic::Ordering::SeqCst);
                leave(&progress, signal);
            }
        }
    });
    Ok(())
}

const STOPPING: &str = "stopping the reviewers; what has arrived is consolidated. Once more leaves at once";

/// Leaves without waiting for anything: whatever is on disk is whole, and keepers notice that we are gone.
fn leave(progress: &Progress, signal: i32) -> ! {
    progress.say("left at once; `deep-review resume` goes on with the run");
    std::process::exit(i32::from(exit(signal).code()));
}

fn exit(signal: i32) -> Exit {
    if signal == SIGTERM { Exit::Terminated } else { Exit::Interrupted }
}

/// Where signals cannot be waited for, a flag is looked at.
#[cfg(not(unix))]
fn start(progress: Arc<Progress>, cancel: Cancel) -> std::io::Result<()> {
    use std::sync::atomic::Ordering;
    let flags = SIGNALS.map(|signal| (signal, Arc::new(AtomicBool::new(false))));
    for (signal, flag) in &flags {
        signal_hook::flag::register(*signal, Arc::clone(flag))?;
    }
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(std::time::Duration::from_millis(50));
            for (signal, flag) in &flags {
                if !flag.swap(false, Ordering::SeqCst) {
                    continue;
                }
                if cancel.is_cancelled() {
                    leave(&progress, *signal);
                }
                cancel.cancel();
                progress.say(STOPPING);
            }
        }
    });
    Ok(())
}
