//! The live display: a lane a reviewer, lines above them, a line of keys below.
//!
//! In: events and keys. Out: a few lines of the terminal, redrawn; what is worth keeping stands above them for good. Holds no state
//! but what is on the screen, and never waits for anybody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engine::Skips;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use model::EventKind;
use textwrap::core::display_width;

use super::lane::Lane;
use super::sentence::sentence;
use crate::ui::Ui;

/// A lane is redrawn this often, so that its clock moves.
const TICK: Duration = Duration::from_millis(200);

/// Names take no more columns than this.
const NAME_WIDTH: usize = 14;

/// What a reviewer to be skipped is chosen by. No letter that is a key of its own.
const CHOICES: &str = "123456789abcefghijklmnopqrtuvwxyz";

/// The live display.
pub(crate) struct Live {
    lanes: MultiProgress,
    screen: Mutex<Screen>,
}

#[derive(Default)]
struct Screen {
    bars: Vec<(ProgressBar, Arc<Mutex<Lane>>)>,
    /// The line of keys; there is none where no key can be pressed.
    keys: Option<Keys>,
    with_details: bool,
    /// Whether the next key chooses whom to skip.
    choosing: bool,
}

/// The line of keys.
struct Keys {
    bar: ProgressBar,
    text: Arc<Mutex<String>>,
    skips: Skips,
}

impl Live {
    pub(crate) fn new() -> Self {
        let lanes = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self { lanes, screen: Mutex::default() }
    }

    /// Writes a line above the lanes.
    pub(crate) fn say(&self, indent: &str, line: &str) {
        self.lanes.println(wrapped(indent, line)).unwrap_or_default();
    }

    /// Shows one event.
    pub(crate) fn show(&self, event: &EventKind) {
        match event {
            EventKind::RunStarted { reviewers, .. } => {
                for reviewer in reviewers {
                    drop(self.lane(reviewer));
                }
                self.say_about(event);
            }
            EventKind::ReviewerStarted { reviewer } | EventKind::ReviewerProgress { reviewer, .. } => {
                locked(&self.lane(reviewer).1).take(event, Instant::now());
            }
            EventKind::ReviewerRetry { reviewer, .. } => {
                locked(&self.lane(reviewer).1).take(event, Instant::now());
                self.say_about(event);
            }
            EventKind::ReviewerEnded { reviewer, .. } => {
                // Its lane stays and goes on being drawn, so that it fits when the terminal gets another size.
                locked(&self.lane(reviewer).1).take(event, Instant::now());
                self.say_about(event);
                self.draw_keys();
            }
            EventKind::RunEnded { .. } => self.clear(),
            _ => self.say_about(event),
        }
    }

    fn say_about(&self, event: &EventKind) {
        if let Some(line) = sentence(event) {
            self.say("  ", &line);
        }
    }

    /// Takes the lanes off the screen.
    pub(crate) fn clear(&self) {
        let mut screen = self.screen();
        for (bar, _) in screen.bars.drain(..) {
            bar.finish_and_clear();
        }
        if let Some(keys) = screen.keys.take() {
            keys.bar.finish_and_clear();
        }
        self.lanes.clear().unwrap_or_default();
    }

    /// Shows which keys there are.
    pub(crate) fn offer_keys(&self, skips: Skips) {
        let bar = self.lanes.add(ProgressBar::new_spinner());
        let text = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&text);
        let line = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            // Whom to choose from is told whole, on as many lines as that takes.
            let text = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let options = textwrap::Options::new(width().max(8)).initial_indent("  ").subsequent_indent("  ");
            out.write_str(&textwrap::fill(&text, options)).unwrap_or_default();
        };
        let style = ProgressStyle::with_template("{keys}").expect("the template is ours");
        bar.set_style(style.with_key("keys", line));
        bar.enable_steady_tick(TICK);
        self.screen().keys = Some(Keys { bar, text, skips });
        self.draw_keys();
    }

    /// Keys do nothing any more.
    pub(crate) fn withdraw_keys(&self) {
        if let Some(keys) = self.screen().keys.take() {
            keys.bar.finish_and_clear();
        }
    }

    /// Does what a key stands for.
    pub(crate) fn press(&self, key: char) {
        let mut skipped = None;
        {
            let mut screen = self.screen();
            let Some(keys) = &screen.keys else { return };
            if screen.choosing {
                skipped = screen.chosen(key);
                if let Some(name) = &skipped {
                    keys.skips.skip(name);
                }
                screen.choosing = false;
            } else {
                match key.to_ascii_lowercase() {
                    's' => screen.choosing = !screen.open().is_empty(),
                    'd' => screen.with_details = !screen.with_details,
                    _ => return,
                }
                let details = screen.with_details;
                for (bar, lane) in &screen.bars {
                    bar.set_style(style(lane, details));
                }
            }
        }
        if let Some(name) = skipped {
            self.say(
                "  ",
                &format!("skipping {name}: it is ended, and what it wrote is read but does not count"),
            );
        }
        self.draw_keys();
    }

    fn draw_keys(&self) {
        let screen = self.screen();
        let Some(keys) = &screen.keys else { return };
        let open = screen.open();
        let text = if screen.choosing {
            let names: Vec<String> =
                CHOICES.chars().zip(&open).map(|(key, name)| format!("{key} {name}")).collect();
            format!("skip: {}  any other key: nobody", names.join("  "))
        } else {
            let details = if screen.with_details { "fewer details" } else { "details" };
            let skip = if open.is_empty() { "" } else { "s skip a reviewer  " };
            format!("{skip}d {details}  ^C stop and report")
        };
        *keys.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    /// The lane of a reviewer; a new one where it has none yet.
    fn lane(&self, reviewer: &str) -> (ProgressBar, Arc<Mutex<Lane>>) {
        let mut screen = self.screen();
        let name = report::safe_line(reviewer);
        if let Some(known) = screen.bars.iter().find(|(_, lane)| locked(lane).name == name) {
            return known.clone();
        }
        let lane = Arc::new(Mutex::new(Lane::new(reviewer)));
        let bar = ProgressBar::new_spinner();
        let bar = match &screen.keys {
            Some(keys) => self.lanes.insert_before(&keys.bar, bar),
            None => self.lanes.add(bar),
        };
        bar.set_style(style(&lane, screen.with_details));
        bar.enable_steady_tick(TICK);
        screen.bars.push((bar.clone(), Arc::clone(&lane)));
        (bar, lane)
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Screen {
    /// Names of those that can be skipped.
    fn open(&self) -> Vec<String> {
        let lanes = self.bars.iter().map(|(_, lane)| locked(lane));
        lanes.filter(|lane| lane.is_open()).map(|lane| lane.name.clone()).collect()
    }

    fn chosen(&self, key: char) -> Option<String> {
        let at = CHOICES.chars().position(|choice| choice == key)?;
        self.open().into_iter().nth(at)
    }
}

fn locked(lane: &Mutex<Lane>) -> MutexGuard<'_, Lane> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a lane is drawn: as it is at the moment of drawing, as wide as the terminal is then.
fn style(lane: &Arc<Mutex<Lane>>, with_details: bool) -> ProgressStyle {
    let template = if with_details { "{lane}\n{details}" } else { "{lane}" };
    let (short, long) = (Arc::clone(lane), Arc::clone(lane));
    let line = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let text = locked(&short).line(NAME_WIDTH, Instant::now(), width());
        out.write_str(&text).unwrap_or_default();
    };
    let details = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let text = locked(&long).details(Instant::now(), width());
        out.write_str(&text).unwrap_or_default();
    };
    ProgressStyle::with_template(template)
        .expect("the template is ours")
        .with_key("lane", line)
        .with_key("details", details)
}

/// Columns a line may have: one is left free, since a full line makes some terminals go on to the next.
fn width() -> usize {
    Ui::live_width().saturating_sub(1)
}

/// A line as the terminal has room for it; what follows is indented.
fn wrapped(indent: &str, line: &str) -> String {
    let behind = format!("{indent}  ");
    let width = width().max(20);
    debug_assert!(display_width(indent) < width);
    textwrap::fill(line, textwrap::Options::new(width).initial_indent(indent).subsequent_indent(&behind))
}
