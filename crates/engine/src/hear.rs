//! Reads one answer.
//!
//! In: an attempt as it came back, or as it stands in the run folder. Out: what it says, whether it is a review, and the
//! text as it is published. Pure: the same attempt reads the same, now or when the run is gone on with.

use model::{Original, ParsedAs, Reading, ReviewerKind, ReviewerReport, Target};
use reading::Context;
use reviewers::{Attempt, conclude};

use crate::passes;
use crate::scrub::Scrub;

/// One reviewer with everything it said.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) row: ReviewerReport,
    pub(crate) reading: Reading,
    pub(crate) checked: Vec<model::CheckedFinding>,
    /// Its texts as they are published: one a pass.
    pub(crate) originals: Vec<Original>,
    /// A second pass that cannot stand under its name.
    pub(crate) beside: Option<Box<Heard>>,
}

impl Heard {
    /// Every row of the report that it makes.
    pub(crate) fn rows(mut self) -> Vec<Self> {
        let beside = self.beside.take();
        std::iter::once(self).chain(beside.map(|beside| *beside)).collect()
    }
}

/// One answer, read but not checked.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) attempt: Attempt,
    pub(crate) row: ReviewerReport,
    pub(crate) reading: Reading,
    /// The answer as it is published: without paths of this machine.
    pub(crate) text: String,
    /// Its second pass, where there was one.
    pub(crate) second: Option<Box<Answered>>,
}

impl Answered {
    /// Whether the published text is a JSON document.
    pub(crate) fn is_json(&self) -> bool {
        matches!(self.reading.parsed_as, ParsedAs::Json | ParsedAs::Tool)
            && self.text.trim_start().starts_with('{')
    }

    /// Checks every claim.
    pub(crate) fn check(mut self, evidence: &evidence::Evidence<'_>) -> Heard {
        let mut originals = vec![self.original()];
        let mut beside = None;
        if let Some(mut second) = self.second.take() {
            if passes::can_be_joined(&second) {
                passes::join(&mut self.row, &mut self.reading, &second.row, &second.reading);
                originals.push(second.original());
            } else {
                // What it says falls, and costs the first pass no vote.
                second.row.quorum = false;
                beside = Some(Box::new(second.check(evidence)));
            }
        }
        let claims = [evidence::Claims { reviewer: &self.row.name, reading: &self.reading }];
        let checked = evidence.check(&claims);
        Heard { row: self.row, reading: self.reading, checked, originals, beside }
    }

    /// Its text, as the appendix of a report shows it.
    fn original(&self) -> Original {
        Original { reviewer: self.row.name.clone(), text: self.text.clone(), json: self.is_json() }
    }
}

/// Reads an answer as it came back: first takes this machine's paths out of it.
pub(crate) fn hear(
    mut attempt: Attempt,
    parser: reading::Parser,
    target: &Target,
    scrub: &Scrub,
) -> Answered {
    let text = scrub.text(&String::from_utf8_lossy(readable(&attempt)));
    scrub.attempt(&mut attempt);
    let mut answered = understand(attempt, text, parser, target);
    if let Some(failure) = &mut answered.row.failure {
        failure.message = scrub.own(&failure.message);
    }
    // Kept with the attempt: what was guessed from standard error is not guessed again.
    answered.attempt.failure.clone_from(&answered.row.failure);
    answered
}

/// Reads a published text of an attempt.
pub(crate) fn understand(
    attempt: Attempt,
    text: String,
    parser: reading::Parser,
    target: &Target,
) -> Answered {
    let context = Context {
        canary: attempt.canary.clone(),
        instructions: attempt.prompt.as_deref().map(reviewers::instructions),
        changed: target.changed.iter().map(|file| file.path.clone()).collect(),
        worktree_prefixes: attempt.roots.clone(),
        parser,
    };
    let mut reading = reading::read(&text, &context);
    if attempt.kind == ReviewerKind::Imported {
        tame(&mut reading, target);
    }
    let mut row = conclude(&attempt, &reading);
    if readable(&attempt).len() < attempt.answer.len() {
        row.notes.push(format!("only the first 8 MiB of its {} bytes were read", attempt.answer.len()));
    }
    if std::str::from_utf8(&attempt.answer).is_err() {
        row.notes.push("its answer is not valid UTF-8; the bytes that are not were replaced".to_owned());
    }
    Answered { attempt, row, reading, text, second: None }
}

/// A tool's output that somebody hands in speaks of the whole project: what one rule says again and again is told once, and what
/// is more than a report can bear is counted.
pub(crate) fn tame(reading: &mut Reading, target: &Target) {
    /// Findings one file of a tool brings into a report.
    const MOST: usize = 50;
    let is_ours = reading.summary.as_deref().is_some_and(|summary| summary.starts_with("deep-review "));
    if reading.parsed_as != ParsedAs::Tool || is_ours {
        return;
    }
    let changed: std::collections::HashSet<&str> =
        target.changed.iter().map(|file| file.path.as_str()).collect();
    let findings = std::mem::take(&mut reading.findings);
    let (kept, counted) = diagnostics::fold(findings, MOST, &|path| changed.contains(path));
    reading.findings = kept;
    reading.notes.extend(counted.into_iter().map(|text| model::Note { line: 0, text }));
}

/// The part of an answer that is read. No review is that long; a log is, and the whole of it stays in the run folder.
fn readable(attempt: &Attempt) -> &[u8] {
    const MOST: usize = 8 << 20;
    let answer = &attempt.answer;
    // The output of a tool is a document: the first part of it would be none.
    let whole = matches!(attempt.kind, ReviewerKind::Imported | ReviewerKind::Tool);
    &answer[..if whole { answer.len() } else { answer.len().min(MOST) }]
}
