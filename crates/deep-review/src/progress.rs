//! Progress of a run, for whoever watches stderr.
//!
//! In: the run's events. Out: live lanes on a terminal, a timestamped line an event elsewhere, or NDJSON. Keeps no
//! state of its own but what is on the screen.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::{Clock as _, Ending, Event, EventKind, Lane, Severity};

use crate::args::ProgressHow;
use crate::session::SystemClock;
use crate::ui::Ui;

/// Shows events as they happen.
pub(crate) struct Progress {
    ui: Ui,
    how: How,
}

enum How {
    Silent,
    Plain,
    Json,
    Live { lanes: MultiProgress, bars: Mutex<BTreeMap<String, ProgressBar>> },
}

/// A lane is redrawn this often, so that its clock moves.
const TICK: Duration = Duration::from_millis(200);

impl Progress {
    pub(crate) fn new(ui: Ui, how: ProgressHow) -> Self {
        let how = match how {
            ProgressHow::None => How::Silent,
            ProgressHow::Json => How::Json,
            ProgressHow::Auto if ui.is_quiet() => How::Silent,
            ProgressHow::Auto if Ui::is_live() => How::Live {
                lanes: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()),
                bars: Mutex::default(),
            },
            ProgressHow::Plain | ProgressHow::Auto => How::Plain,
        };
        Self { ui, how }
    }

    /// Says something that is no event of a run.
    pub(crate) fn say(&self, text: &str) {
        let text = report::safe_text(text);
        match &self.how {
            How::Live { lanes, .. } => lanes.println(wrapped("", &text)).unwrap_or_default(),
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
            How::Live { lanes, bars } => live(lanes, bars, &event.kind),
        }
    }
}

fn live(lanes: &MultiProgress, bars: &Mutex<BTreeMap<String, ProgressBar>>, event: &EventKind) {
    let mut bars = bars.lock().expect("no reader of events panics");
    match event {
        EventKind::ReviewerStarted { reviewer } => {
            let style = ProgressStyle::with_template("  {prefix:<12} {spinner} {elapsed:>4}  {wide_msg}")
                .expect("the template is ours");
            let bar = lanes.add(ProgressBar::new_spinner().with_style(style));
            bar.set_prefix(report::safe_text(reviewer));
            bar.set_message("running");
            bar.enable_steady_tick(TICK);
            bars.insert(reviewer.clone(), bar);
        }
        EventKind::ReviewerProgress { reviewer, bytes, note } => {
            if let Some(bar) = bars.get(reviewer) {
                let note = note.as_deref().map(report::safe_text).unwrap_or_default();
                bar.set_message(format!("running  {}  {note}", size(*bytes)));
            }
        }
        EventKind::ReviewerEnded { reviewer, .. } => {
            if let (Some(bar), Some(line)) = (bars.remove(reviewer), sentence(event)) {
                bar.finish_and_clear();
                lanes.println(wrapped("  ", &line)).unwrap_or_default();
            }
        }
        EventKind::RunEnded { .. } => lanes.clear().unwrap_or_default(),
        _ => {
            if let Some(line) = sentence(event) {
                lanes.println(wrapped("  ", &line)).unwrap_or_default();
            }
        }
    }
}

/// A line as the terminal has room for it; what follows is indented.
fn wrapped(indent: &str, line: &str) -> String {
    let behind = format!("{indent}  ");
    let width = Ui::width().max(20);
    textwrap::fill(line, textwrap::Options::new(width).initial_indent(indent).subsequent_indent(&behind))
}

/// One event as one line; `None` where a line would be noise.
fn sentence(event: &EventKind) -> Option<String> {
    let line = match event {
        EventKind::RunStarted { target, reviewers, .. } => {
            format!("{target}; asking {}", reviewers.join(", "))
        }
        EventKind::ReviewerStarted { reviewer } => format!("{reviewer} started"),
        EventKind::ReviewerEnded { reviewer, ending, ms, findings, error } => {
            let seconds = *ms as f64 / 1000.0;
            match (ending, error) {
                (Ending::Finished | Ending::Leaky, _) => {
                    format!("{reviewer} finished after {seconds:.1}s, {}", count(*findings, "finding"))
                }
                (ending, Some(why)) => format!("{reviewer} {} after {seconds:.1}s: {why}", ending.as_str()),
                (ending, None) => format!("{reviewer} {} after {seconds:.1}s", ending.as_str()),
            }
        }
        EventKind::ReviewerRetry { reviewer, failure, wait_ms, .. } => {
            let (class, why) = (failure.class.as_str(), &failure.message);
            format!("{reviewer} is asked again in {}: {class}: {why}", seconds(*wait_ms))
        }
        EventKind::FindingChecked { reviewer, severity, title, place, lane } => {
            if *severity == Severity::Suggestion {
                return None;
            }
            let place = place.as_deref().unwrap_or("the whole change");
            let lane = if *lane == Lane::Contested { " (contested)" } else { "" };
            format!("{} {place}  {title}  [{reviewer}]{lane}", severity.as_str())
        }
        EventKind::SoFar { ended, asked, raised, findings, blocking, contested } => {
            so_far(*ended, *asked, *raised, *findings, *blocking, *contested)
        }
        EventKind::Note { text } => format!("note: {text}"),
        EventKind::ReviewerProgress { .. } | EventKind::RunEnded { .. } => return None,
    };
    Some(report::safe_text(&line))
}

fn seconds(ms: u64) -> String {
    let whole = std::time::Duration::from_secs(ms.div_ceil(1000));
    ::config::format_duration(whole)
}

/// What the reviewers that ended say together.
fn so_far(
    ended: u32,
    asked: u32,
    raised: u32,
    findings: model::SeverityCounts,
    blocking: u32,
    contested: u32,
) -> String {
    let distinct = findings.total();
    let found = if distinct == 0 {
        "no findings".to_owned()
    } else {
        format!("{} ({})", count(distinct, "distinct finding"), findings.compact())
    };
    let told = if raised == distinct { String::new() } else { format!(" of {raised} raised") };
    let blocks = match blocking {
        0 => String::new(),
        1 => ", 1 would block".to_owned(),
        more => format!(", {more} would block"),
    };
    let contested = if contested == 0 { String::new() } else { format!(", {contested} contested") };
    format!("so far {ended} of {asked} reviewers: {found}{told}{blocks}{contested}")
}

fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_in_a_title_is_inert() {
        let event = EventKind::FindingChecked {
            reviewer: "x".into(),
            severity: Severity::Critical,
            title: "\u{1b}[2Jgone".into(),
            place: None,
            lane: Lane::Confirmed,
        };
        assert!(!sentence(&event).unwrap().contains('\u{1b}'));
    }

    #[test]
    fn a_failure_names_its_ending() {
        let event = EventKind::ReviewerEnded {
            reviewer: "codex".into(),
            ending: Ending::TimedOut,
            ms: 2_000,
            findings: 0,
            error: None,
        };
        assert_eq!(sentence(&event).unwrap(), "codex timed-out after 2.0s");
    }
}
