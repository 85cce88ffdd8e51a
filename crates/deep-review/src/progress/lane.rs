//! What the live display knows about one reviewer, and the line it gets.
//!
//! In: events, the time, a width. Out: one line that fits. Unknown figures are left out, never shown as zero; what has no room is
//! left out from the least important on. Never draws.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use model::{Ending, EventKind, Tokens};
use textwrap::core::display_width;

/// One reviewer's lane.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pub(crate) name: String,
    state: State,
    since: Option<Instant>,
    bytes: u64,
    note: Option<String>,
    calls: Option<u32>,
    tokens: Option<Tokens>,
    usd: Option<f64>,
}

#[derive(Clone, Debug)]
enum State {
    Waiting,
    Running,
    /// It failed and is asked again.
    Again(String),
    Ended {
        ending: Ending,
        took: Duration,
        findings: u32,
        error: Option<String>,
    },
}

impl Lane {
    pub(crate) fn new(name: &str) -> Self {
        let (bytes, note, calls, tokens, usd) = (0, None, None, None, None);
        Self {
            name: report::safe_line(name),
            state: State::Waiting,
            since: None,
            bytes,
            note,
            calls,
            tokens,
            usd,
        }
    }

    /// Whether it can still be skipped.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.state, State::Ended { .. })
    }

    /// Takes what an event says about this reviewer.
    pub(crate) fn take(&mut self, event: &EventKind, now: Instant) {
        match event {
            EventKind::ReviewerStarted { .. } => {
                self.state = State::Running;
                self.since = Some(now);
            }
            EventKind::ReviewerProgress { bytes, note, calls, tokens, usd, .. } => {
                if !self.is_open() {
                    return;
                }
                self.state = State::Running;
                self.bytes = *bytes;
                self.note = note.as_deref().map(report::safe_line).or(self.note.take());
                self.calls = calls.or(self.calls);
                self.tokens = tokens.or(self.tokens);
                self.usd = usd.or(self.usd);
            }
            EventKind::ReviewerRetry { failure, .. } => {
                self.state = State::Again(report::safe_line(&failure.message));
                self.note = None;
            }
            EventKind::ReviewerEnded { ending, ms, findings, error, .. } => {
                let error = error.as_deref().map(report::safe_line);
                let took = Duration::from_millis(*ms);
                self.state = State::Ended { ending: *ending, took, findings: *findings, error };
                self.note = None;
            }
            _ => {}
        }
    }

    /// `claude    running    6m12s  41 calls  $0.92  812k+9k tokens  Read sync.go`
    pub(crate) fn line(&self, name_width: usize, now: Instant, width: usize) -> String {
        let (state, time) = match &self.state {
            State::Waiting => ("waiting", None),
            State::Running => ("running", self.since.map(|since| now.saturating_duration_since(since))),
            State::Again(_) => ("retrying", self.since.map(|since| now.saturating_duration_since(since))),
            State::Ended { ending: Ending::Finished | Ending::Leaky, took, .. } => ("done", Some(*took)),
            State::Ended { ending, took, .. } => (ending.as_str(), Some(*took)),
        };
        let name = fitted(&self.name, name_width);
        let pad = " ".repeat(name_width.saturating_sub(display_width(&name)));
        let mut line = format!("  {name}{pad}  {state:<9}");
        let mut left = width.saturating_sub(display_width(&line));
        if let Some(time) = time.map(clock).filter(|time| time.len() + 2 <= left) {
            write!(line, " {time:>6}").unwrap_or_default();
            left = width.saturating_sub(display_width(&line));
        }
        for figure in self.figures() {
            let needed = display_width(&figure) + 2;
            if needed <= left {
                line.push_str("  ");
                line.push_str(&figure);
                left -= needed;
            }
        }
        if let Some(words) = self.words().filter(|_| left >= LEAST_WORDS) {
            line.push_str("  ");
            line.push_str(&fitted(words, left - 2));
        }
        fitted(line.trim_end(), width)
    }

    /// The most important first.
    fn figures(&self) -> Vec<String> {
        let mut figures = Vec::new();
        if let State::Ended { findings, ending: Ending::Finished | Ending::Leaky, .. } = &self.state {
            figures.push(super::sentence::count(*findings, "finding"));
        }
        figures
            .extend(self.calls.filter(|calls| *calls > 0).map(|calls| super::sentence::count(calls, "call")));
        figures.extend(self.usd.map(|usd| format!("${usd:.2}")));
        figures.extend(
            self.tokens.map(|tokens| format!("{}+{} tokens", short(tokens.input), short(tokens.output))),
        );
        figures
    }

    /// What it does, or why it does not.
    fn words(&self) -> Option<&str> {
        match &self.state {
            State::Running => self.note.as_deref(),
            State::Again(why) => Some(why),
            State::Ended { error, .. } => error.as_deref(),
            State::Waiting => None,
        }
    }

    /// What has no room in a line: everything known, below it.
    pub(crate) fn details(&self, now: Instant, width: usize) -> String {
        let mut told = Vec::new();
        if self.bytes > 0 {
            told.push(format!("{} received", super::sentence::size(self.bytes)));
        }
        if let Some(tokens) = self.tokens {
            told.push(format!("{} tokens in, {} out", tokens.input, tokens.output));
        }
        if let Some(calls) = self.calls {
            told.push(super::sentence::count(calls, "tool call"));
        }
        told.extend(self.usd.map(|usd| format!("${usd:.4}")));
        told.extend(self.words().map(str::to_owned));
        if told.is_empty() {
            told.push(match self.since {
                _ if !self.is_open() => "it told no figures".to_owned(),
                Some(since) => format!("nothing heard for {}", clock(now.saturating_duration_since(since))),
                None => "waits for its turn".to_owned(),
            });
        }
        fitted(&format!("    {}", told.join(" · ")), width)
    }
}

/// Fewer columns than this say nothing about what a reviewer does.
const LEAST_WORDS: usize = 10;

/// A time as a clock that ticks every second shows it.
fn clock(time: Duration) -> String {
    ::config::format_duration(Duration::from_secs(time.as_secs()))
}

fn short(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..10_000 => format!("{:.1}k", number as f64 / 1e3),
        10_000..1_000_000 => format!("{}k", number / 1_000),
        _ => format!("{:.1}M", number as f64 / 1e6),
    }
}

/// A text cut to a width in columns, with `…` where something is missing.
pub(crate) fn fitted(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if display_width(&kept) + 1 > width {
            kept.pop();
            break;
        }
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy() -> (Lane, Instant) {
        let now = Instant::now();
        let mut lane = Lane::new("claude");
        let reviewer = || "claude".to_owned();
        lane.take(&EventKind::ReviewerStarted { reviewer: reviewer() }, now);
        let progress = EventKind::ReviewerProgress {
            reviewer: reviewer(),
            bytes: 52_100,
            note: Some("Read pkg/controllers/app/engine/sync_images.go \u{1b}[2J".into()),
            calls: Some(41),
            tokens: Some(Tokens { input: 812_000, output: 9_400 }),
            usd: Some(0.92),
        };
        lane.take(&progress, now);
        (lane, now + Duration::from_secs(372))
    }

    #[test]
    fn a_lane_tells_what_fits_and_never_more_than_the_width() {
        let (lane, now) = busy();
        assert_eq!(
            lane.line(8, now, 79),
            "  claude    running    6m12s  41 calls  $0.92  812k+9.4k tokens  Read pkg/cont…"
        );
        assert_eq!(lane.line(8, now, 50), "  claude    running    6m12s  41 calls  $0.92");
        assert_eq!(lane.line(8, now, 30), "  claude    running    6m12s");
        for width in 0..120 {
            assert!(display_width(&lane.line(8, now, width)) <= width, "{width}");
            assert!(display_width(&lane.details(now, width)) <= width, "{width}");
            assert!(!lane.line(8, now, width).contains('\u{1b}'));
        }
    }

    #[test]
    fn what_is_not_known_is_not_shown() {
        let now = Instant::now();
        let mut lane = Lane::new("mine");
        assert_eq!(lane.line(6, now, 79), "  mine    waiting");
        lane.take(&EventKind::ReviewerStarted { reviewer: "mine".into() }, now);
        assert_eq!(lane.line(6, now, 79), "  mine    running       0s");
        assert_eq!(lane.details(now, 79), "    nothing heard for 0s");
        let ended = EventKind::ReviewerEnded {
            reviewer: "mine".into(),
            ending: Ending::TimedOut,
            ms: 61_000,
            findings: 0,
            error: Some("nothing after 1m".into()),
        };
        lane.take(&ended, now);
        assert!(!lane.is_open());
        assert_eq!(lane.line(6, now, 79), "  mine    timed-out   1m1s  nothing after 1m");
    }

    #[test]
    fn a_lane_that_is_done_tells_its_findings() {
        let (mut lane, now) = busy();
        let ended = EventKind::ReviewerEnded {
            reviewer: "claude".into(),
            ending: Ending::Finished,
            ms: 394_000,
            findings: 4,
            error: None,
        };
        lane.take(&ended, now);
        assert_eq!(lane.line(8, now, 60), "  claude    done       6m34s  4 findings  41 calls  $0.92");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(fitted("漢字漢字", 5), "漢字…");
        assert_eq!(fitted("abc", 0), "");
    }
}
