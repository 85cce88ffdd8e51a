//! Small statements that occur in Markdown and JSON alike: coverage rows, first sentences, results of commands.
//!
//! In: a text. Out: what it states. Never looks around it.

use model::{CoverageItem, CoverageStatus};

/// The first sentence of a text, without Markdown's emphasis.
pub(crate) fn first_sentence(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let line = line.trim_start_matches(['-', '*', '>', ' ']);
    let end = sentence_end(line);
    line[..end].replace("**", "").trim().trim_end_matches(':').to_owned()
}

/// The byte behind the first sentence of a line. A dot inside back-ticks or before a small letter ends nothing.
pub(crate) fn sentence_end(line: &str) -> usize {
    let bytes = line.as_bytes();
    let mut code = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'`' => code = !code,
            b'.' | b'!' | b'?' if !code => {
                let rest = &line[at + 1..];
                let next = rest.trim_start_matches(['"', '*', '_', ')', '”']);
                let blank = next.starts_with(' ') || next.is_empty();
                let word = next.trim_start().chars().next();
                if blank
                    && word.is_none_or(|c| !c.is_lowercase())
                    && !line[..at].ends_with("e.g")
                    && !line[..at].ends_with("i.e")
                {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    line.len()
}

/// One row of a coverage list: `I1, S2`, `Reviewed, no issues (generated)`, `Trivial`…
pub(crate) fn coverage_row(path: String, said: &str) -> CoverageItem {
    let said = said.replace("**", "").replace('`', "");
    let said = said.trim().trim_matches(['|', '—', '–', ':', ' ']).trim();
    let lower = said.to_lowercase();
    let findings = labels(said);
    let status = if [
        "not reviewed",
        "not-reviewed",
        "unreviewed",
        "skipped",
        "not examined",
        "not covered",
        "out of scope",
    ]
    .iter()
    .any(|word| lower.starts_with(word))
    {
        CoverageStatus::NotReviewed
    } else if !findings.is_empty() || lower.starts_with("finding") {
        CoverageStatus::Findings
    } else if ["trivial", "generated", "mechanical"].iter().any(|word| lower.starts_with(word)) {
        CoverageStatus::Trivial
    } else {
        CoverageStatus::Reviewed
    };
    let plain = matches!(
        lower.trim_end_matches('.'),
        "" | "reviewed"
            | "reviewed, no issues"
            | "reviewed no issues"
            | "no issues"
            | "trivial"
            | "findings"
            | "not-reviewed"
            | "ok"
            | "not reviewed"
            | "reviewed, no findings"
            | "clean"
    ) || is_only_labels(said);
    CoverageItem { path, status, findings, note: (!plain).then(|| said.to_owned()) }
}

fn is_only_labels(said: &str) -> bool {
    said.split([',', ' ', '&', ';', '+']).filter(|word| !word.is_empty()).all(|word| {
        let bare = word.trim_end_matches('.').to_lowercase();
        crate::markdown::label(word.trim_end_matches('.')).is_some()
            || matches!(bare.as_str(), "finding" | "findings" | "and" | "suggestion" | "suggestions")
            || bare.trim_start_matches('#').bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Labels of findings in a text: `I1`, `Finding 2`, `Suggestion 1`, `Findings 1, 2`.
pub(crate) fn labels(text: &str) -> Vec<String> {
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '#' || c == '-'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut found: Vec<String> = Vec::new();
    let mut group: Option<&str> = None;
    for word in words {
        if let Some(label) = crate::markdown::label(word) {
            found.push(label);
            group = None;
        } else if matches!(
            word.to_lowercase().as_str(),
            "finding" | "findings" | "suggestion" | "suggestions" | "important" | "critical"
        ) {
            group = Some(word);
        } else if let Some(name) = group
            && word.trim_start_matches('#').bytes().all(|byte| byte.is_ascii_digit())
            && !word.trim_start_matches('#').is_empty()
            && word.len() <= 4
        {
            let number = word.trim_start_matches('#');
            let plain = name.to_lowercase().starts_with("finding");
            found.push(if plain {
                number.to_owned()
            } else {
                format!("{} {number}", name.trim_end_matches('s'))
            });
        } else if !matches!(word, "and" | "&") {
            group = None;
        }
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coverage_row_says_what_a_file_got() {
        let row = |said| coverage_row("a.go".to_owned(), said);
        assert_eq!(row("**I1, S2**").findings, ["I1", "S2"]);
        assert_eq!(row("Findings 1, 2").findings, ["1", "2"]);
        assert_eq!(row("**Finding 2**, **Suggestion 1**").findings, ["2", "Suggestion 1"]);
        assert_eq!(row("Reviewed, no issues").status, CoverageStatus::Reviewed);
        assert_eq!(row("Reviewed, no issues").note, None);
        assert_eq!(row("Trivial — lock file").status, CoverageStatus::Trivial);
        assert_eq!(
            row("Reviewed, no issues (generated)").note.as_deref(),
            Some("Reviewed, no issues (generated)")
        );
        assert_eq!(row("Not reviewed").status, CoverageStatus::NotReviewed);
    }

    #[test]
    fn a_sentence_does_not_end_inside_code_or_an_abbreviation() {
        assert_eq!(
            first_sentence("Call `a. B` first, e.g. here. Then stop."),
            "Call `a. B` first, e.g. here."
        );
        assert_eq!(first_sentence("**Bold.** Rest."), "Bold.");
    }
}
