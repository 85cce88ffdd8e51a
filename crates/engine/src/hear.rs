//! Reads one answer.
//!
//! In: an attempt as it came back, or as it stands in the run folder. Out: what it says, whether it is a review, and the
//! text as it is published. Pure: the same attempt reads the same, now or when the run is gone on with.

use model::{Original, Reading, ReviewerReport, Target};
use reading::Context;
use reviewers::{Attempt, conclude};

use crate::scrub::Scrub;

/// One reviewer with everything it said.
pub(crate) struct Heard {
    pub(crate) row: ReviewerReport,
    pub(crate) reading: Reading,
    pub(crate) checked: Vec<model::CheckedFinding>,
    pub(crate) original: Original,
}

/// One answer, read but not checked.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) attempt: Attempt,
    pub(crate) row: ReviewerReport,
    pub(crate) reading: Reading,
    /// The answer as it is published: without paths of this machine.
    pub(crate) text: String,
}

impl Answered {
    /// Whether the published text is a JSON document.
    pub(crate) fn is_json(&self) -> bool {
        self.reading.parsed_as == model::ParsedAs::Json && self.text.trim_start().starts_with('{')
    }

    /// Checks every claim.
    pub(crate) fn check(self, evidence: &evidence::Evidence<'_>) -> Heard {
        let claims = [evidence::Claims { reviewer: &self.row.name, reading: &self.reading }];
        let checked = evidence.check(&claims);
        let json = self.is_json();
        let original = Original { reviewer: self.row.name.clone(), text: self.text, json };
        Heard { row: self.row, reading: self.reading, checked, original }
    }
}

/// Reads an answer as it came back: first takes this machine's paths out of it.
pub(crate) fn hear(
    mut attempt: Attempt,
    parser: reading::Parser,
    target: &Target,
    scrub: &Scrub,
) -> Answered {
    let text = scrub.text(&String::from_utf8_lossy(readable(&attempt.answer)));
    scrub.attempt(&mut attempt);
    let mut answered = understand(attempt, text, parser, target);
    if let Some(failure) = &mut answered.row.failure {
        failure.message = scrub.text(&failure.message);
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
    let reading = reading::read(&text, &context);
    let mut row = conclude(&attempt, &reading);
    if readable(&attempt.answer).len() < attempt.answer.len() {
        row.notes.push(format!("only the first 8 MiB of its {} bytes were read", attempt.answer.len()));
    }
    if std::str::from_utf8(&attempt.answer).is_err() {
        row.notes.push("its answer is not valid UTF-8; the bytes that are not were replaced".to_owned());
    }
    Answered { attempt, row, reading, text }
}

/// The part of an answer that is read. No review is that long; a log is, and the whole of it stays in the run folder.
fn readable(answer: &[u8]) -> &[u8] {
    const MOST: usize = 8 << 20;
    &answer[..answer.len().min(MOST)]
}
