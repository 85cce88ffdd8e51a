//! The only place that prints.
//!
//! In: text that is ready. Out: results on stdout, talk on stderr, colour only where somebody sees it. Never decides
//! what to say.

use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use config::Environment;

use crate::args::{ColorWhen, Global};
use crate::exit::CommandError;

/// Where text goes and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    /// `--json`: stdout carries one document.
    pub(crate) json: bool,
    quiet: bool,
    may_page: bool,
    /// The terminal cannot do more than print (`TERM=dumb`).
    is_dumb: bool,
    choice: ColorChoice,
}

impl Ui {
    pub(crate) fn new(global: &Global, environment: &Environment) -> Self {
        let choice = match global.color {
            ColorWhen::Auto => ColorChoice::Auto,
            ColorWhen::Always => ColorChoice::Always,
            ColorWhen::Never => ColorChoice::Never,
        };
        let is_dumb = environment.text("TERM").is_some_and(|terminal| terminal == "dumb");
        Self { json: global.json, quiet: global.quiet, may_page: !global.no_pager, is_dumb, choice }
    }

    /// The same with colour as configured.
    pub(crate) fn colored(self, when: config::ColorChoice) -> Self {
        let choice = match when {
            config::ColorChoice::Auto => self.choice,
            config::ColorChoice::Always => ColorChoice::Always,
            config::ColorChoice::Never => ColorChoice::Never,
        };
        Self { choice, ..self }
    }

    /// Writes a result to stdout. A reader that went away is not an error.
    pub(crate) fn result(self, text: &str) {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.choice);
        let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        if write!(stdout, "{text}{newline}").and_then(|()| stdout.flush()).is_err() {
            // Nobody is reading any more (`| head`): there is nobody to tell either.
        }
    }

    /// Writes a line of talk to stderr.
    pub(crate) fn talk(self, line: &str) {
        if !self.quiet {
            self.line(line);
        }
    }

    /// Writes a line to stderr even when quiet.
    pub(crate) fn warn(self, line: &str) {
        let style = AnsiColor::Yellow.on_default().bold();
        self.line(&format!("{style}warning{style:#}: {line}"));
    }

    /// Writes an error with its hints to stderr.
    pub(crate) fn error(self, error: &CommandError) {
        let style = AnsiColor::Red.on_default().bold();
        let message = report::safe_text(&error.message);
        self.line(&format!("{style}error{style:#}: {message}"));
        let style = Style::new().bold();
        for hint in &error.hints {
            self.line(&format!("  {style}hint{style:#}: {}", report::safe_text(hint)));
        }
    }

    /// A line to stderr as it is.
    pub(crate) fn line(self, line: &str) {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.choice);
        if writeln!(stderr, "{line}").is_err() {
            // As above.
        }
    }

    /// Whether a pager may be used at all.
    pub(crate) fn may_page(self) -> bool {
        self.may_page && !self.json && !self.is_dumb
    }

    /// Whether talk is wanted.
    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Whether somebody watches stderr live, on a terminal that can move its cursor.
    pub(crate) fn is_live(self) -> bool {
        io::stderr().is_terminal() && !self.is_dumb
    }

    /// Columns of the terminal that shows progress.
    pub(crate) fn live_width() -> usize {
        terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0))
    }

    /// How results are decorated.
    pub(crate) fn style(self) -> report::Style {
        report::Style { colour: self.colours_results() }
    }

    /// Whether stdout takes colour.
    fn colours_results(self) -> bool {
        match self.choice {
            // Looks at NO_COLOR and its relatives, and whether there is a terminal.
            ColorChoice::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            ColorChoice::Never => false,
            _ => true,
        }
    }

    /// Columns to write results for: the terminal's, 100 at most for prose; 80 where there is no terminal.
    pub(crate) fn width() -> usize {
        terminal_width().unwrap_or(80).clamp(40, 100)
    }
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}
