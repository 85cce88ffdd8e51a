//! Progress of a run, for whoever watches stderr.
//!
//! In: the run's events. Out: live lanes on a terminal, a timestamped line an event elsewhere, or NDJSON. Keeps no
//! state of its own but what is on the screen.

mod lane;
mod live;
mod sentence;

use std::sync::{Arc, Mutex, PoisonError};

use engine::Skips;
use model::{Clock as _, Event, EventKind};

use self::live::Live;
use self::sentence::sentence;
use crate::args::ProgressHow;
use crate::keys::Keys;
use crate::session::SystemClock;
use crate::ui::Ui;

/// Shows events as they happen.
pub(crate) struct Progress {
    ui: Ui,
    how: How,
    keys: Mutex<Option<Keys>>,
}

enum How {
    Silent,
    Plain,
    Json,
    Live(Live),
}

impl Progress {
    pub(crate) fn new(ui: Ui, how: ProgressHow) -> Self {
        let how = match how {
            ProgressHow::None => How::Silent,
            ProgressHow::Json => How::Json,
            ProgressHow::Auto if ui.is_quiet() => How::Silent,
            ProgressHow::Auto if ui.is_live() => How::Live(Live::new()),
            ProgressHow::Plain | ProgressHow::Auto => How::Plain,
        };
        Self { ui, how, keys: Mutex::new(None) }
    }

    /// Whether keys could be pressed.
    #[cfg(unix)]
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.how, How::Live(_))
    }

    /// Listens to keys until the guard is dropped, where somebody can press any.
    pub(crate) fn listen(self: &Arc<Self>, skips: &Skips) -> Listening {
        if let How::Live(live) = &self.how {
            let progress = Arc::clone(self);
            let keys = Keys::listen(move |key| {
                if let How::Live(live) = &progress.how {
                    live.press(key);
                }
            });
            if let Some(keys) = keys {
                live.offer_keys(skips.clone());
                *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys);
            }
        }
        Listening(Arc::clone(self))
    }

    /// Gives the terminal back as it was, for good.
    pub(crate) fn release_terminal(&self) {
        if let Some(keys) = self.keys.lock().unwrap_or_else(PoisonError::into_inner).take() {
            keys.stop();
            if let How::Live(live) = &self.how {
                live.withdraw_keys();
            }
        }
    }

    /// Gives the terminal back while `stopped` lasts.
    #[cfg(unix)]
    pub(crate) fn lend_terminal(&self, stopped: impl FnOnce()) {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        match &*keys {
            Some(keys) => keys.paused(stopped),
            None => stopped(),
        }
    }

    /// Says something that is no event of a run.
    pub(crate) fn say(&self, text: &str) {
        let text = report::safe_text(text);
        match &self.how {
            How::Live(live) => live.say("", &text),
            How::Json => self.show(&Event { at: SystemClock.now(), kind: EventKind::Note { text } }),
            How::Plain | How::Silent => self.ui.talk(&text),
        }
    }

    /// Shows one event.
    pub(crate) fn show(&self, event: &Event) {
        match &self.how {
            How::Silent => {}
            How::Json => {
                let line = serde_json::to_string(event).expect("an event is plain data");
                self.ui.line(&line);
            }
            How::Plain => {
                if let Some(sentence) = sentence(&event.kind) {
                    self.ui.line(&format!("{}  {sentence}", event.at.strftime("%H:%M:%S")));
                }
            }
            How::Live(live) => live.show(&event.kind),
        }
    }
}

/// While it lives, keys are listened to. Dropped on every way out, it gives the terminal back and takes the lanes off it.
pub(crate) struct Listening(Arc<Progress>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.release_terminal();
        if let How::Live(live) = &self.0.how {
            live.clear();
        }
    }
}
