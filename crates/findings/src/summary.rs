//! The executive summary, from what is known.
//!
//! In: the change, findings, verdict. Out: one to three paragraphs. Never a claim of its own.

use model::{
    ChangedFile, Disposition, Dispositions, Finding, ReviewerState, Severity, SeverityCounts, Verdict,
};

use crate::Input;
use crate::verdict::{list, only_builtin};

/// Writes the summary.
pub(crate) fn text(
    input: &Input<'_>,
    findings: &[Finding],
    dispositions: &[Dispositions],
    verdict: &Verdict,
) -> String {
    let paragraphs = [change(input), verdict.reason.clone(), counts(input, findings, dispositions)];
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

fn counts(input: &Input<'_>, findings: &[Finding], dispositions: &[Dispositions]) -> String {
    let mut counts = SeverityCounts::default();
    findings.iter().for_each(|finding| counts.add(finding.severity));
    let shared = findings.iter().filter(|finding| finding.agreement > 1).count();
    let reviewed = input.roster.iter().filter(|reviewer| reviewer.state == ReviewerState::Finished).count();
    let mut text = format!(
        "Structure: {} Critical · {} Important · {} Suggestions.",
        counts.critical,
        counts.important,
        plural_free(counts.suggestion)
    );
    if !dispositions.is_empty() && !only_builtin(input) {
        text.push_str(&format!(
            " {reviewed} {} raised {} findings; {} are distinct{}.",
            if reviewed == 1 { "reviewer" } else { "reviewers" },
            dispositions.len(),
            findings.len(),
            if shared > 0 { format!(", {shared} of them found by more than one") } else { String::new() }
        ));
    }
    let left: Vec<String> =
        [(Disposition::Moved, "moved to design"), (Disposition::Dropped, "dropped with a reason")]
            .into_iter()
            .filter_map(|(disposition, word)| {
                let count = dispositions.iter().filter(|row| row.disposition == disposition).count();
                (count > 0).then(|| format!("{count} {word}"))
            })
            .collect();
    if !left.is_empty() {
        text.push_str(&format!(" {}.", list(&left)));
    }
    if findings.iter().all(|finding| finding.severity == Severity::Suggestion) && findings.is_empty() {
        text.push_str(" No findings.");
    }
    text
}

fn plural_free(count: u32) -> String {
    count.to_string()
}
