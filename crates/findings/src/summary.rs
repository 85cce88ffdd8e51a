//! The executive summary, from what is known.
//!
//! In: the change, findings, verdict, the reviewers' own summaries. Out: two to four paragraphs. Never a claim of its own: what is
//! not counted is quoted.

use std::collections::BTreeMap;

use model::{
    ChangedFile, Commit, Disposition, Finding, LedgerRow, ReviewerKind, ReviewerState, SeverityCounts,
    Verdict,
};

use crate::Input;
use crate::verdict::{list, number, only_builtin};

/// Subjects of more commits are no longer read.
const SUBJECTS: usize = 4;

/// A reviewer's opening words are quoted up to this many characters.
const OPENING: usize = 420;

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
    let what = [change(input), told(input)];
    let what: Vec<String> = what.into_iter().filter(|text| !text.is_empty()).collect();
    let matters = [verdict.reason.clone(), where_they_are(findings)];
    let matters: Vec<String> = matters.into_iter().filter(|text| !text.is_empty()).collect();
    let paragraphs = [what.join(" "), matters.join(" "), counts(input, findings, dispositions), unchecked];
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
        [one] => format!("The change is one commit, “{}”, and touches {size}.", subject(one)),
        few if few.len() <= SUBJECTS => {
            let subjects: Vec<String> = few.iter().map(|it| format!("“{}”", subject(it))).collect();
            let count = number(few.len()).to_lowercase();
            format!("The change has {count} commits: {}. Together they touch {size}.", list(&subjects))
        }
        [first, .., last] => format!(
            "The change has {} commits, from “{}” to “{}”, and touches {size}.",
            input.commits.len(),
            subject(first),
            subject(last)
        ),
    }
}

fn subject(commit: &Commit) -> &str {
    let subject = commit.subject.trim();
    if subject.is_empty() { "(no message)" } else { subject }
}

/// How much is touched, and where most of it is.
fn size(changed: &[ChangedFile]) -> String {
    let added: u64 = changed.iter().map(|file| u64::from(file.added)).sum();
    let removed: u64 = changed.iter().map(|file| u64::from(file.removed)).sum();
    let lines = format!("(+{added} −{removed})");
    let [one] = changed else {
        let mostly = center(changed).map_or(String::new(), |folder| format!(", most of it in `{folder}/`"));
        return format!("{} files {lines}{mostly}", changed.len());
    };
    let path = one.path.as_str();
    if path.contains(['`', '\n']) { format!("1 file {lines}") } else { format!("`{path}` {lines}") }
}

/// The folder with more than half of the changed lines, where there are several.
fn center(changed: &[ChangedFile]) -> Option<&str> {
    let mut folders: BTreeMap<&str, u64> = BTreeMap::new();
    for file in changed {
        let folder = file.path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
        *folders.entry(folder).or_default() += u64::from(file.added) + u64::from(file.removed);
    }
    let all: u64 = folders.values().sum();
    let (folder, lines) = folders.iter().max_by_key(|(_, lines)| **lines)?;
    let says_something = folders.len() > 1 && !folder.is_empty() && !folder.contains(['`', '\n']);
    (says_something && lines * 2 > all).then_some(folder)
}

/// What the change does in the words of the first reviewer that says it. Quoted, because we know only the diff.
fn told(input: &Input<'_>) -> String {
    let semantic = |kind| !matches!(kind, ReviewerKind::Builtin | ReviewerKind::Tool);
    let told = input
        .roster
        .iter()
        .filter(|reviewer| reviewer.state == ReviewerState::Finished && semantic(reviewer.kind))
        .find_map(|reviewer| Some((&reviewer.name, opening(reviewer.summary.as_deref()?)?)));
    told.map_or(String::new(), |(name, words)| format!("In the words of `{name}`: “{words}”"))
}

/// The first sentences of a text, two at most, where it opens with running text.
fn opening(text: &str) -> Option<String> {
    let paragraph = text.split("\n\n").map(str::trim).find(|paragraph| !paragraph.is_empty())?;
    let opens =
        paragraph.starts_with(|c: char| c.is_alphabetic() || c == '`') && !paragraph.starts_with("```");
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    if !opens || line.contains("```") {
        return None;
    }
    let mut ends = sentence_ends(&line).take(2).filter(|end| *end <= OPENING);
    let end = ends.next().map(|first| ends.next().unwrap_or(first))?;
    Some(line[..end].to_owned())
}

/// Where sentences end: a full stop outside of code, before a capital letter or the end.
fn sentence_ends(line: &str) -> impl Iterator<Item = usize> + '_ {
    line.char_indices().filter(|(_, c)| matches!(c, '.' | '!' | '?')).filter_map(move |(at, c)| {
        let end = at + c.len_utf8();
        let in_code = line[..at].matches('`').count() % 2 == 1;
        let rest = &line[end..];
        let next = rest.strip_prefix(' ').and_then(|rest| rest.chars().next());
        let starts = next.is_some_and(|next| next.is_uppercase() || next == '`');
        (!in_code && (rest.is_empty() || starts)).then_some(end)
    })
}

/// The file that most findings are about, where one stands out.
fn where_they_are(findings: &[Finding]) -> String {
    const FEW: usize = 4;
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for path in findings.iter().filter_map(|finding| Some(finding.locations.first()?.path.as_str())) {
        *files.entry(path).or_default() += 1;
    }
    let most = files.iter().max_by_key(|(_, count)| **count);
    match most {
        Some((path, count))
            if findings.len() >= FEW && count * 2 >= findings.len() && !path.contains(['`', '\n']) =>
        {
            let all = *count == findings.len();
            let share = if all {
                format!("All {}", number(findings.len()).to_lowercase())
            } else {
                format!("{} of the {}", number(*count), number(findings.len()).to_lowercase())
            };
            format!("{share} findings are about `{path}`.")
        }
        _ => String::new(),
    }
}

fn counts(input: &Input<'_>, findings: &[Finding], dispositions: &[LedgerRow]) -> String {
    let mut counts = SeverityCounts::default();
    for finding in findings {
        counts.add(finding.severity);
    }
    let structure = format!(
        "Structure: {} Critical · {} Important · {} {}.",
        counts.critical,
        counts.important,
        counts.suggestion,
        if counts.suggestion == 1 { "Suggestion" } else { "Suggestions" }
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
    let told = match dispositions.len() {
        1 => "one finding".to_owned(),
        count => format!("{} findings", number(count).to_lowercase()),
    };
    let who = number(reviewed);
    if shared == 0 && findings.len() == dispositions.len() {
        let apart = if findings.len() == 1 { "" } else { ", no two of them the same" };
        return format!("{who} reviewers raised {told}{apart}.");
    }
    let stand = match findings.len() {
        1 => "one stands".to_owned(),
        count => format!("{} stand", number(count).to_lowercase()),
    };
    let shared = match (findings.len(), shared) {
        (1, 0) => "raised by one of them alone".to_owned(),
        (1, _) => "raised by several".to_owned(),
        (_, 0) => "each raised by one of them alone".to_owned(),
        (all, count) if all == count => "each raised by several".to_owned(),
        (_, 1) => "one of them raised by several".to_owned(),
        (_, count) => format!("{} of them raised by several", number(count).to_lowercase()),
    };
    format!("{who} reviewers raised {told}; once merged, {stand}, {shared}.")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reviewer_is_quoted_by_its_first_sentences() {
        let cases = [
            ("Adds a limit. It is off by one. More.", Some("Adds a limit. It is off by one.")),
            ("Adds `a. B` to\nthe store.\n\nSecond paragraph.", Some("Adds `a. B` to the store.")),
            ("Version 1.5 is read e.g. from a file. Good", Some("Version 1.5 is read e.g. from a file.")),
            ("- a list", None),
            ("## Heading", None),
            ("no end", None),
            ("```rust\nx\n```", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(opening(text).as_deref(), wanted, "{text:?}");
        }
        assert_eq!(opening(&format!("{}.", "very ".repeat(200))), None, "no sentence is cut in the middle");
    }

    #[test]
    fn a_folder_is_named_where_most_of_the_change_is() {
        let file = |path: &str, added| ChangedFile {
            path: path.into(),
            status: model::ChangeStatus::Modified,
            old_path: None,
            added,
            removed: 0,
            binary: false,
            submodule: false,
            trivial: false,
        };
        assert_eq!(size(&[file("src/a.rs", 4)]), "`src/a.rs` (+4 −0)");
        let three = [file("src/pool/a.rs", 40), file("src/pool/b.rs", 9), file("docs/a.md", 5)];
        assert_eq!(size(&three), "3 files (+54 −0), most of it in `src/pool/`");
        assert_eq!(size(&[file("a.rs", 4), file("b.rs", 4)]), "2 files (+8 −0)");
    }
}
