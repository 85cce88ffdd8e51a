//! The executive summary, from what is known.
//!
//! In: the change, findings, verdict. Out: one to three paragraphs. Never a claim of its own.

use model::{ChangedFile, Disposition, Finding, LedgerRow, ReviewerState, SeverityCounts, Verdict};

use crate::Input;
use crate::verdict::{list, only_builtin};

/// Writes the summary.
pub(crate) fn text(
    input: &Input<'_>,
    findings: &[Finding],
    dispositions: &[LedgerRow],
    verdict: &Verdict,
) -> String {
    let unchecked = if input.repository_used || findings.is_empty() {
        String::new()
    } else {
        "No repository was used: nothing here was checked against code.".to_owned()
    };
    let paragraphs =
        [change(input), verdict.reason.clone(), counts(input, findings, dispositions), unchecked];
    paragraphs.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// What the change does: its commits and how much it touches.
fn change(input: &Input<'_>) -> String {
    if input.changed.is_empty() && input.commits.is_empty() {
        return String::new();
    }
    let size = size(input.changed);
    match input.commits {
        [] => format!("The change touches {size}."),
        [one] => format!("The change is one commit, “{}”, and touches {size}.", one.subject.trim()),
        [first, .., last] => format!(
            "The change has {} commits, from “{}” to “{}”, and touches {size}.",
            input.commits.len(),
            first.subject.trim(),
            last.subject.trim()
        ),
    }
}

fn size(changed: &[ChangedFile]) -> String {
    let added: u64 = changed.iter().map(|file| u64::from(file.added)).sum();
    let removed: u64 = changed.iter().map(|file| u64::from(file.removed)).sum();
    let files = if changed.len() == 1 { "1 file".to_owned() } else { format!("{} files", changed.len()) };
    format!("{files} (+{added} −{removed})")
}

fn counts(input: &Input<'_>, findings: &[Finding], dispositions: &[LedgerRow]) -> String {
    let mut counts = SeverityCounts::default();
    for finding in findings {
        counts.add(finding.severity);
    }
    let structure = format!(
        "Structure: {} Critical · {} Important · {} Suggestions.",
        counts.critical, counts.important, counts.suggestion
    );
    let sentences = [structure, raised(input, findings, dispositions), left(dispositions)];
    sentences.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// How many findings were raised and how many of them are distinct.
fn raised(input: &Input<'_>, findings: &[Finding], dispositions: &[LedgerRow]) -> String {
    let reviewed = input.roster.iter().filter(|reviewer| reviewer.state == ReviewerState::Finished).count();
    if dispositions.is_empty() || reviewed < 2 || only_builtin(input) {
        return String::new();
    }
    let shared = findings.iter().filter(|finding| finding.agreement > 1).count();
    let shared = match shared {
        0 => "each raised by one of them alone".to_owned(),
        1 => "one of them raised by several".to_owned(),
        count => format!("{count} of them raised by several"),
    };
    let told = if dispositions.len() == 1 {
        "one finding".to_owned()
    } else {
        format!("{} findings", dispositions.len())
    };
    let distinct = match findings.len() {
        1 => "one stands, once merged".to_owned(),
        count => format!("{count} stand, once merged"),
    };
    format!("{reviewed} reviewers raised {told}; {distinct}, {shared}.")
}

/// What left the findings.
fn left(dispositions: &[LedgerRow]) -> String {
    let parts: Vec<String> =
        [(Disposition::Moved, "moved to design"), (Disposition::Dropped, "dropped with a reason")]
            .into_iter()
            .filter_map(|(disposition, word)| {
                let count = dispositions.iter().filter(|row| row.disposition == disposition).count();
                let verb = if count == 1 { "was" } else { "were" };
                (count > 0).then(|| format!("{count} {verb} {word}"))
            })
            .collect();
    if parts.is_empty() { String::new() } else { format!("{}.", list(&parts)) }
}
