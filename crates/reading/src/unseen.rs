//! Answers of somebody who saw nothing of the change.
//!
//! In: an answer in lower case and what was read from it. Out: why it is no review, if so. Never doubts a point that names a place or
//! is rated: that is a claim, and claims are checked elsewhere.

use model::Reading;

use crate::state::{LONGEST_FAILURE, blocks};

/// Why points that name no place are no findings: the reviewer says that it saw nothing, or only what it is about to do.
pub(crate) fn without_looking(lower: &str, reading: &Reading) -> Option<&'static str> {
    // Who rates a point claims something.
    let is_vague = |finding: &model::RawFinding| finding.locations.is_empty() && !finding.severity_stated;
    if reading.findings.is_empty()
        || lower.len() > LONGEST_FAILURE
        || reading.verdict.is_some()
        || !reading.coverage.is_empty()
        || !reading.findings.iter().all(is_vague)
    {
        return None;
    }
    let lead = lead(lower);
    if blocks(&lead) {
        return Some("it lists points in general and saw nothing of the change");
    }
    let is_step = |finding: &model::RawFinding| {
        let first = finding.title.split_whitespace().next().unwrap_or_default().to_lowercase();
        STEPS.contains(&first.trim_matches(|c: char| !c.is_alphanumeric()))
    };
    let announces = ANNOUNCES.iter().any(|words| lead.contains(words));
    (announces && reading.findings.iter().all(is_step)).then_some("it says what it is about to do and stops")
}

/// Words with which somebody begins who has not begun.
const ANNOUNCES: [&str; 6] = ["i'll ", "i will ", "let me ", "i'm going to ", "i am going to ", "my plan"];

/// Words with which steps of a review begin, as opposed to titles of defects.
const STEPS: [&str; 20] = [
    "read",
    "look",
    "check",
    "examine",
    "review",
    "analyze",
    "analyse",
    "inspect",
    "search",
    "find",
    "list",
    "open",
    "verify",
    "understand",
    "explore",
    "identify",
    "run",
    "write",
    "report",
    "compare",
];

/// What stands before the first item of a list.
fn lead(lower: &str) -> String {
    let is_item = |line: &&str| {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        line.starts_with(['-', '*', '+', '|', '['])
            || (rest.len() < line.len() && rest.starts_with(['.', ')']))
    };
    lower.lines().take_while(|line| !is_item(line)).collect::<Vec<_>>().join("\n")
}

/// True where a summary says that the reviewer saw nothing of the change, whatever verdict stands beside it.
pub(crate) fn saw_nothing(summary: &str) -> bool {
    let lower = summary.to_lowercase();
    let own = ["i ", "i'm ", "we ", "unable", "no diff", "diff is empty", "no review"];
    blocks(&lower) && own.iter().any(|sign| lower.starts_with(sign) || lower.contains(&format!(" {sign}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeless(titles: &[&str]) -> Reading {
        let finding = |title: &&str| model::RawFinding { title: (*title).to_owned(), ..Default::default() };
        Reading { findings: titles.iter().map(finding).collect(), ..Reading::default() }
    }

    #[test]
    fn points_in_general_of_somebody_who_saw_nothing_are_no_review() {
        let reading = placeless(&["Error handling", "Tests"]);
        let text = "I couldn't read the diff file, so here is what to check in general:\n\n1. Error handling\n2. Tests\n";
        assert!(without_looking(&text.to_lowercase(), &reading).is_some());
        let seen = "Two things about the change:\n\n1. Users cannot access the page\n2. Tests are missing\n";
        assert_eq!(without_looking(&seen.to_lowercase(), &reading), None);
    }

    #[test]
    fn a_plan_is_no_review_and_titles_that_begin_alike_are() {
        let text =
            "I'll review this change. Let me start with the diff.\n\n1. Read the diff\n2. Check callers\n";
        let plan = placeless(&["Read the diff", "Check callers"]);
        assert!(without_looking(&text.to_lowercase(), &plan).is_some());
        let told = "Let me tell you what is wrong.\n\n1. Read returns too early\n2. Retries never end\n";
        let findings = placeless(&["Read returns too early", "Retries never end"]);
        assert_eq!(without_looking(&told.to_lowercase(), &findings), None);
    }

    #[test]
    fn a_summary_of_somebody_who_saw_nothing_is_told_from_one_about_access() {
        assert!(saw_nothing("I was unable to read the diff, so nothing was reviewed."));
        assert!(saw_nothing("No diff was provided."));
        assert!(!saw_nothing("Users who cannot access the page now get an error."));
    }
}
