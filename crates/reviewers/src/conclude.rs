//! Whether an attempt is a review.
//!
//! In: an attempt and what was read from its answer. Out: the reviewer's row in the report. Never looks at what the
//! findings say: a review is judged by how it came to be, not by its opinion.

use model::{Canary, Ending, Reading, ReadingState, ReviewerReport, ReviewerState};

use crate::{Attempt, guess};

/// Joins how the program ended with how its answer reads. The worse of the two is the ending.
pub fn conclude(attempt: &Attempt, reading: &Reading) -> ReviewerReport {
    let (ending, error) = ending(attempt, reading);
    let state = match ending {
        Ending::Finished | Ending::Leaky => ReviewerState::Finished,
        Ending::Corrupted => ReviewerState::TransportCorrupted,
        _ => ReviewerState::Failed,
    };
    let failure = match state {
        ReviewerState::Finished => None,
        _ => attempt.failure.clone().or_else(|| guess(attempt, ending, reading)),
    };
    let mut receipt = attempt.receipt.clone();
    receipt.canary = reading.canary;
    receipt.parsed_as = reading.parsed_as;
    receipt.bytes_out = attempt.answer.len() as u64;
    let mut notes = attempt.notes.clone();
    if reading.canary == Canary::Missing {
        notes.push("it did not echo the canary line; its answer still counts".to_owned());
    }
    if attempt.read_nothing && !reading.findings.is_empty() {
        notes.push(
            "it called no tool that could have read the change; what it found is checked all the same"
                .to_owned(),
        );
    }
    notes.extend(reading.notes.iter().map(|note| format!("answer, {}", note.sentence())));
    ReviewerReport {
        name: attempt.name.clone(),
        kind: attempt.kind,
        model: reading.model.clone().or_else(|| attempt.model.clone()),
        effort: attempt.effort.clone(),
        state,
        ending,
        ms: attempt.ms,
        error,
        failure,
        attempts: attempt.attempts,
        receipt,
        quorum: attempt.quorum,
        verdict: reading.verdict.clone(),
        summary: reading.summary.clone(),
        tree_gone: attempt.tree_gone,
        tokens: attempt.tokens,
        usd: attempt.usd,
        passes: Vec::new(),
        notes,
    }
}

fn ending(attempt: &Attempt, reading: &Reading) -> (Ending, Option<String>) {
    if !matches!(attempt.ending, Ending::Finished | Ending::Leaky) {
        return (attempt.ending, attempt.error.clone());
    }
    if reading.canary == Canary::Altered {
        let why = "the canary line came back altered: the transport rewrites text, so the answer is about other code";
        return (Ending::Corrupted, Some(why.to_owned()));
    }
    match &reading.state {
        // Somebody who found something is held to it; somebody who found nothing must at least have looked.
        ReadingState::Reviewed if attempt.read_nothing && reading.findings.is_empty() => {
            let why = "it found nothing, and called no tool that could have read the change";
            (Ending::UnableToReview, Some(why.to_owned()))
        }
        ReadingState::Reviewed => (attempt.ending, None),
        ReadingState::Empty => (Ending::Empty, Some("it ended well but wrote no review".to_owned())),
        ReadingState::UnableToReview { why } => {
            (Ending::UnableToReview, Some(format!("it wrote where the review should be: {why}")))
        }
        ReadingState::Truncated { why } => (Ending::Truncated, Some(format!("its answer breaks off: {why}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conclude_with(ending: Ending, state: ReadingState, canary: Canary) -> ReviewerReport {
        let attempt = Attempt { ending, ..Attempt::default() };
        let reading = Reading { state, canary, ..Reading::default() };
        conclude(&attempt, &reading)
    }

    #[test]
    fn only_a_readable_review_of_a_program_that_ended_well_counts() {
        let reviewed = || ReadingState::Reviewed;
        let why = || "x".to_owned();
        let cases = [
            (Ending::Finished, reviewed(), ReviewerState::Finished, Ending::Finished),
            (Ending::Leaky, reviewed(), ReviewerState::Finished, Ending::Leaky),
            (Ending::TimedOut, reviewed(), ReviewerState::Failed, Ending::TimedOut),
            (Ending::Failed, reviewed(), ReviewerState::Failed, Ending::Failed),
            (Ending::Finished, ReadingState::Empty, ReviewerState::Failed, Ending::Empty),
            (
                Ending::Finished,
                ReadingState::UnableToReview { why: why() },
                ReviewerState::Failed,
                Ending::UnableToReview,
            ),
            (
                Ending::Finished,
                ReadingState::Truncated { why: why() },
                ReviewerState::Failed,
                Ending::Truncated,
            ),
        ];
        for (ending, state, want_state, want_ending) in cases {
            let row = conclude_with(ending, state.clone(), Canary::Echoed);
            assert_eq!((row.state, row.ending), (want_state, want_ending), "{ending:?} {state:?}");
        }
    }

    #[test]
    fn nothing_found_by_somebody_who_read_nothing_is_no_review() {
        let blind = Attempt { ending: Ending::Finished, read_nothing: true, ..Attempt::default() };
        let mut reading = Reading { state: ReadingState::Reviewed, ..Reading::default() };
        let row = conclude(&blind, &reading);
        assert_eq!((row.state, row.ending), (ReviewerState::Failed, Ending::UnableToReview));
        reading.findings.push(model::RawFinding::default());
        let row = conclude(&blind, &reading);
        assert_eq!(row.state, ReviewerState::Finished, "a claim is checked, whoever makes it");
        assert!(row.notes.iter().any(|note| note.contains("no tool")), "{:?}", row.notes);
    }

    #[test]
    fn an_altered_canary_makes_the_answer_no_review() {
        let row = conclude_with(Ending::Finished, ReadingState::Reviewed, Canary::Altered);
        assert_eq!(row.state, ReviewerState::TransportCorrupted);
        assert_eq!(row.ending, Ending::Corrupted);
    }

    #[test]
    fn a_missing_canary_is_noted_and_the_answer_counts() {
        let row = conclude_with(Ending::Finished, ReadingState::Reviewed, Canary::Missing);
        assert_eq!(row.state, ReviewerState::Finished);
        assert!(row.notes.iter().any(|note| note.contains("canary")));
    }
}
