//! Two passes of one reviewer (`--thorough`).
//!
//! In: what the first pass said. Out: whether a second is worth its price, what it is told, and both as one reviewer's word.
//! Each pass keeps its own raw material; every claim of both is in the ledger under the reviewer's name, and its label says
//! from which pass it is. A second pass that fails takes nothing from the first.

use model::{Pass, Reading, ReviewerKind, ReviewerReport, ReviewerState, Severity, Tokens};

use crate::hear::Answered;

/// Claims of the first pass told to the second. More would be the review again.
const TOLD: usize = 40;

/// The name under which the second pass of a reviewer is kept in the run folder.
pub(crate) fn second_of(name: &str) -> String {
    format!("{name}{}", store::SECOND_PASS)
}

/// Whether a first pass found something important, so that a second look is worth its price. Rules and linters say the same
/// twice, and a file that is read does not look at all.
pub(crate) fn deserves_another(first: &Answered) -> bool {
    let severe = |finding: &model::RawFinding| finding.severity >= Severity::Important && !finding.withdrawn;
    let looks = matches!(first.row.kind, ReviewerKind::Agent | ReviewerKind::Model);
    looks && first.row.state == ReviewerState::Finished && first.reading.findings.iter().any(severe)
}

/// What the second pass is told of the first, a line each, the severest first.
pub(crate) fn told(first: &Reading) -> Vec<String> {
    let mut findings: Vec<&model::RawFinding> = first.findings.iter().filter(|it| !it.withdrawn).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let line = |finding: &model::RawFinding| {
        let place = match finding.locations.first() {
            Some(place) => match place.start {
                Some(line) => format!("{}:{line}: ", place.path),
                None => format!("{}: ", place.path),
            },
            None => String::new(),
        };
        format!("{place}{} ({})", finding.title, finding.severity.as_str())
    };
    let mut lines: Vec<String> = findings.iter().take(TOLD).map(|finding| line(finding)).collect();
    if findings.len() > TOLD {
        lines.push(format!("and {} more of less weight", findings.len() - TOLD));
    }
    lines
}

/// Whether what a second pass wrote can stand under the name of its reviewer. Where its prompt was altered on the way, it
/// stands beside it, so that its claims fall for that reason and the first pass's do not.
pub(crate) fn can_be_joined(second: &Answered) -> bool {
    second.row.state != ReviewerState::TransportCorrupted
}

/// Both passes as one: claims one after the other, cost added, the endings side by side.
pub(crate) fn join(row: &mut ReviewerReport, reading: &mut Reading, second: &ReviewerReport, more: &Reading) {
    row.passes = vec![pass(1, row, reading), pass(2, second, more)];
    row.notes.push(sentence(row, reading, second, more));
    row.notes.extend(second.notes.iter().map(|note| format!("second pass: {note}")));
    row.ms = row.ms.saturating_add(second.ms);
    if !never_asked(second) {
        // One whose cost is unknown makes the sum unknown.
        row.usd = row.usd.zip(second.usd).map(|(one, two)| one + two);
        row.tokens = row.tokens.zip(second.tokens).map(|(one, two)| Tokens {
            input: one.input.saturating_add(two.input),
            output: one.output.saturating_add(two.output),
        });
    }
    row.tree_gone = match (row.tree_gone, second.tree_gone) {
        (Some(one), Some(two)) => Some(one && two),
        (one, two) => one.or(two),
    };
    append(reading, more);
}

fn never_asked(row: &ReviewerReport) -> bool {
    row.ending == model::Ending::NotStarted || row.attempts == 0
}

fn pass(number: u32, row: &ReviewerReport, reading: &Reading) -> Pass {
    Pass {
        number,
        ending: row.ending,
        ms: row.ms,
        findings: reading.findings.len() as u32,
        error: row.error.clone(),
        failure: row.failure.clone(),
    }
}

fn sentence(row: &ReviewerReport, reading: &Reading, second: &ReviewerReport, more: &Reading) -> String {
    let first = counted(reading.findings.len());
    if second.state == ReviewerState::Finished {
        return format!("two passes: the first raised {first}, the second {}", counted(more.findings.len()));
    }
    let why = second.error.clone().unwrap_or_else(|| second.ending.as_str().to_owned());
    let read = if more.findings.is_empty() { "" } else { "; what it wrote until then is read" };
    let ended = second.ending.as_str();
    debug_assert_eq!(row.state, ReviewerState::Finished, "only a review is followed by another pass");
    format!("two passes: the first raised {first} and stands; the second is no review ({ended}): {why}{read}")
}

fn counted(findings: usize) -> String {
    match findings {
        0 => "no findings".to_owned(),
        1 => "one finding".to_owned(),
        count => format!("{count} findings"),
    }
}

/// Puts what the second pass said behind what the first did. Labels of claims are told apart.
fn append(reading: &mut Reading, more: &Reading) {
    let label = |id: &String| if id.is_empty() { String::new() } else { format!("pass 2: {id}") };
    let from = reading.findings.iter().map(|finding| finding.index + 1).max().unwrap_or(0);
    reading.findings.extend(more.findings.iter().cloned().map(|mut finding| {
        finding.index += from;
        finding.id = label(&finding.id);
        finding
    }));
    reading.coverage.extend(more.coverage.iter().cloned().map(|mut item| {
        item.findings = item.findings.iter().map(label).collect();
        item
    }));
    let new = |have: &[model::DesignItem], item: &model::DesignItem| !have.contains(item);
    let design: Vec<_> = more.design.iter().filter(|item| new(&reading.design, item)).cloned().collect();
    reading.design.extend(design);
    reading.testing.extend(more.testing.iter().cloned());
    reading.ran.extend(more.ran.iter().cloned());
    reading.documentation.extend(more.documentation.iter().cloned());
    reading.commits.extend(more.commits.iter().cloned());
    reading.limitations.extend(more.limitations.iter().cloned());
    reading.prior.extend(more.prior.iter().cloned());
    reading.notes.extend(more.notes.iter().cloned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hear::hear;
    use crate::scrub::Scrub;
    use model::{Ending, Target};
    use reading::Parser;
    use reviewers::Attempt;

    fn answered(name: &str, answer: &str, ending: Ending) -> Answered {
        let attempt = Attempt {
            name: name.into(),
            ending,
            attempts: 1,
            ms: 5,
            answer: answer.into(),
            usd: Some(0.5),
            tokens: Some(Tokens { input: 3, output: 2 }),
            quorum: true,
            ..Attempt::default()
        };
        hear(attempt, Parser::Auto, &Target::default(), &Scrub::default())
    }

    fn review(titles: &[(&str, &str)]) -> String {
        let findings: Vec<serde_json::Value> = titles
            .iter()
            .enumerate()
            .map(|(at, (severity, title))| {
                serde_json::json!({
                    "id": format!("I{}", at + 1), "severity": severity, "title": title, "problem": "Because.",
                    "locations": [{ "path": "a.rs", "start": 3 }],
                })
            })
            .collect();
        serde_json::json!({ "schema": "deep-review/review/v1", "findings": findings, "coverage": [
            { "path": "a.rs", "status": "findings", "findings": ["I1"] }
        ] })
        .to_string()
    }

    #[test]
    fn only_a_review_with_something_important_is_followed_by_another_pass() {
        let deserves = |text: &str, ending| deserves_another(&answered("ada", text, ending));
        assert!(deserves(&review(&[("suggestion", "a"), ("important", "b")]), Ending::Finished));
        assert!(!deserves(&review(&[("suggestion", "a")]), Ending::Finished));
        assert!(!deserves(&review(&[("critical", "a")]), Ending::TimedOut));
        let mut linter = answered("lint", &review(&[("critical", "a")]), Ending::Finished);
        linter.row.kind = ReviewerKind::Tool;
        assert!(!deserves_another(&linter));
    }

    #[test]
    fn the_second_pass_is_told_the_severest_first() {
        let reading =
            answered("ada", &review(&[("suggestion", "slight"), ("critical", "bad")]), Ending::Finished)
                .reading;
        assert_eq!(told(&reading), ["a.rs:3: bad (critical)", "a.rs:3: slight (suggestion)"]);
    }

    #[test]
    fn both_passes_are_one_reviewers_word_and_no_claim_has_the_place_of_another() {
        let mut first = answered("ada", &review(&[("important", "a"), ("important", "b")]), Ending::Finished);
        let second = answered("ada (pass 2)", &review(&[("important", "c")]), Ending::Finished);
        join(&mut first.row, &mut first.reading, &second.row, &second.reading);
        let labels: Vec<(u32, &str)> =
            first.reading.findings.iter().map(|finding| (finding.index, finding.id.as_str())).collect();
        assert_eq!(labels, [(0, "I1"), (1, "I2"), (2, "pass 2: I1")]);
        assert_eq!(first.reading.coverage[1].findings, ["pass 2: I1"]);
        assert_eq!((first.row.ms, first.row.usd), (10, Some(1.0)));
        assert_eq!(first.row.tokens, Some(Tokens { input: 6, output: 4 }));
        assert_eq!(first.row.passes.iter().map(|pass| pass.findings).collect::<Vec<_>>(), [2, 1]);
        assert!(
            first.row.notes.iter().any(|note| note.contains("the second one finding")),
            "{:?}",
            first.row.notes
        );
    }

    #[test]
    fn a_second_pass_that_fails_takes_nothing_from_the_first() {
        let mut first = answered("ada", &review(&[("important", "a")]), Ending::Finished);
        let second = answered("ada (pass 2)", "", Ending::TimedOut);
        join(&mut first.row, &mut first.reading, &second.row, &second.reading);
        assert_eq!((first.row.state, first.row.ending), (ReviewerState::Finished, Ending::Finished));
        assert_eq!(first.reading.findings.len(), 1);
        assert!(
            first.row.notes.iter().any(|note| note.contains("no review (timed-out)")),
            "{:?}",
            first.row.notes
        );
    }
}
