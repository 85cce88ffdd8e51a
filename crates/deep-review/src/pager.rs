//! Whether a long result is shown in a pager, and in which.
//!
//! In: a finished text. Out: the text on stdout, or in the user's pager where it is longer than the terminal. Never a pager where
//! nobody sits: a pipe, a file and a dumb terminal get the text as it is.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::session::Session;

/// Prints a result, in a pager where it is long and somebody sees it.
pub(crate) fn result(session: &Session, text: &str) {
    let Some(command) = wanted(session, text) else { return session.ui.result(text) };
    let words: Vec<&str> = command.split_whitespace().collect();
    // Keeps colours, leaves where everything fits after all, and leaves the text on the screen.
    let less = [("LESS", "FRX"), ("LV", "-c")];
    let unset = less.iter().filter(|(name, _)| session.environment.get(name).is_none()).copied();
    // Ctrl-C belongs to the pager while it runs.
    let ignored = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::new(AtomicBool::new(false)));
    if supervise::page(&words, &unset.collect::<Vec<_>>(), text).is_err() {
        session.ui.result(text);
    }
    if let Ok(ignored) = ignored {
        signal_hook::low_level::unregister(ignored);
    }
}

/// The pager's command, where one is wanted.
fn wanted(session: &Session, text: &str) -> Option<String> {
    if !session.ui.may_page() || !io::stdout().is_terminal() {
        return None;
    }
    let (_, height) = terminal_size::terminal_size_of(io::stdout())?;
    // One line is for the prompt that follows.
    if text.lines().count() < usize::from(height.0) {
        return None;
    }
    let named = session.environment.text("PAGER");
    let command = named
        .map_or_else(|| which::which("less").ok().map(|_| "less".to_owned()), |it| Some(it.to_owned()))?;
    (!matches!(command.trim(), "" | "cat")).then_some(command)
}
