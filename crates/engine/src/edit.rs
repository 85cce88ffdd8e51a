//! The executive summary in a reviewer's words, where they agree with the report.
//!
//! In: a report and who writes. Out: prose, checked against every fact of the report; where anything differs, our own sentences
//! stay and the report says why. Never touches anything but the summary.

use model::{EventKind, Report, ReviewerReport};
use reviewers::SUMMARY_TEMPLATE;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Error;
use crate::aside::{MOST, Place, Question, Said, ask, fenced};
use crate::plan::digest;
use crate::roster::Asked;
use crate::spending::Sum;

/// Findings the editor is told of; a summary of more would be a list.
const TOLD: usize = 60;

/// What the template calls them.
const FACTS: &str = "facts";

#[derive(Debug, Deserialize)]
struct Reply {
    summary: String,
}

/// What an editor wrote.
#[derive(Clone, Debug)]
pub(crate) struct Edited {
    by: String,
    prose: Result<String, String>,
    cost: String,
}

/// Asks for a summary of a report.
pub(crate) fn ask_editor(
    place: &Place<'_>,
    editor: &Asked,
    template: Option<&String>,
    report: &Report,
    tell: &dyn Fn(EventKind),
) -> Result<Edited, Error> {
    let by = editor.name().to_owned();
    tell(EventKind::Note { text: format!("{by} is asked for the summary") });
    let task = fenced(FACTS, &facts(report));
    let key = digest(&[&by, &task[FACTS]]);
    let question = Question {
        key: format!("summary-{}", &key[..12]),
        asked: editor,
        template: template.cloned().unwrap_or_else(|| SUMMARY_TEMPLATE.to_owned()),
        task,
        number: MOST - 1,
    };
    let said: Said<Reply> = ask(place, &question)?;
    let cost = Sum::of(said.was_asked, said.tokens, said.usd).sentence();
    Ok(Edited { by, prose: said.document.map(|reply| reply.summary), cost })
}

/// Puts the prose into the report where it agrees with it, and says what was done.
pub(crate) fn apply(report: &mut Report, edited: Option<&Edited>) {
    let Some(Edited { by, prose, cost }) = edited else { return };
    let wrong = match prose {
        Ok(prose) => findings::mismatches(prose, report),
        Err(why) => vec![why.clone()],
    };
    let note = match (prose, wrong.as_slice()) {
        (Ok(prose), []) => {
            report.summary = with_our_counts(prose.trim(), &report.summary);
            report.summary_by = Some(by.clone());
            format!(
                "the summary was written by {by}; its ids, places, severities, attributions and numbers are those of this \
                 report, and its last paragraph is deep-review's own ({cost})"
            )
        }
        (_, wrong) => format!(
            "{by} was asked for the summary, and what it wrote is not used: {} ({cost})",
            wrong.join("; ")
        ),
    };
    report.notes.push(note);
}

/// Puts the prose of a stored report into one that was made again, where it agrees with that one too.
pub(crate) fn apply_again(report: &mut Report, before: &Report) {
    let Some(by) = &before.summary_by else { return };
    let prose = before.summary.split("\n\n").filter(|part| !is_ours(part)).collect::<Vec<_>>().join("\n\n");
    if findings::mismatches(&prose, report).is_empty() {
        report.summary = with_our_counts(&prose, &report.summary);
        report.summary_by = Some(by.clone());
    }
}

/// What must not depend on anybody's words: the counts, and what happened since the round before.
fn with_our_counts(prose: &str, own: &str) -> String {
    let counts = own.split("\n\n").filter(|part| is_ours(part));
    std::iter::once(prose).chain(counts).collect::<Vec<_>>().join("\n\n")
}

fn is_ours(paragraph: &str) -> bool {
    ["Structure:", "No repository was used", "Since round "].iter().any(|words| paragraph.starts_with(words))
}

/// What the editor is told: what a summary may speak of, and nothing else.
fn facts(report: &Report) -> Value {
    let target = &report.target;
    let finding = |finding: &model::Finding| {
        let places: Vec<String> = finding.locations.iter().take(3).map(crate::tell::place).collect();
        let raised: Vec<&str> = finding.sources.iter().map(|source| source.reviewer.as_str()).collect();
        let against: Vec<&str> = finding.contradictions.iter().map(|it| it.reviewer.as_str()).collect();
        json!({
            "id": finding.id, "severity": finding.severity.as_str(), "lane": finding.lane.as_str(),
            "title": finding.title, "places": places, "raised_by": raised, "contradicted_by": against,
        })
    };
    let reviewer = |row: &ReviewerReport| json!({ "name": row.name, "ending": row.ending.as_str() });
    let (added, removed) = target
        .changed
        .iter()
        .fold((0_u64, 0_u64), |sum, file| (sum.0 + u64::from(file.added), sum.1 + u64::from(file.removed)));
    json!({
        "verdict": report.verdict.value, "reason": report.verdict.reason, "blocking": report.verdict.blocking,
        "change": {
            "branch": target.branch, "base": target.base_name, "added": added, "removed": removed,
            "files": target.changed.iter().map(|file| file.path.as_str()).take(TOLD).collect::<Vec<_>>(),
            "file_count": target.changed.len(),
            "commits": target.commits.iter().map(|commit| commit.subject.trim()).take(TOLD).collect::<Vec<_>>(),
            "commit_count": target.commits.len(),
        },
        "reviewers": report.reviewers.iter().map(reviewer).collect::<Vec<_>>(),
        "findings": report.findings.iter().take(TOLD).map(finding).collect::<Vec<_>>(),
        "finding_count": report.findings.len(),
        "raised_count": report.dispositions.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Finding, Location, Severity, Source};

    fn report() -> Report {
        Report {
            summary: "The change is one commit.\n\nI1 must be resolved.\n\nStructure: 0 Critical · 1 Important · 0 Suggestions.".into(),
            findings: vec![Finding {
                id: "I1".into(),
                severity: Severity::Important,
                title: "`truncate` keeps too many".into(),
                locations: vec![Location { path: "src/a.rs".into(), start: Some(3), end: Some(5), ..Location::default() }],
                sources: vec![Source { reviewer: "ada".into(), ..Source::default() }],
                ..Finding::default()
            }],
            reviewers: vec![ReviewerReport { name: "ada".into(), ..ReviewerReport::default() }],
            ..Report::default()
        }
    }

    fn edited(prose: Result<&str, &str>) -> Report {
        let mut report = report();
        let prose = prose.map(str::to_owned).map_err(str::to_owned);
        apply(&mut report, Some(&Edited { by: "bob".into(), prose, cost: "its cost is not known".into() }));
        report
    }

    #[test]
    fn prose_that_agrees_is_used_and_the_counts_stay_ours() {
        let prose = "The limit is wrong: I1 at src/a.rs:3-5, raised by ada, is important.";
        let report = edited(Ok(prose));
        assert_eq!(
            report.summary,
            format!("{prose}\n\nStructure: 0 Critical · 1 Important · 0 Suggestions.")
        );
        assert_eq!(report.summary_by.as_deref(), Some("bob"));
    }

    #[test]
    fn prose_that_differs_in_anything_is_not_used_and_the_report_says_why() {
        for (prose, why) in [
            (Ok("I1 is critical."), "severities"),
            (Ok("I2 is a defect."), "no finding I2"),
            (Err("it gave no answer: x"), "no answer"),
        ] {
            let report_before = report();
            let report = edited(prose);
            assert_eq!((report.summary, report.summary_by), (report_before.summary, None));
            assert!(
                report.notes.iter().any(|note| note.contains("not used") && note.contains(why)),
                "{:?}",
                report.notes
            );
        }
    }
}
