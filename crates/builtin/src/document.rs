//! The document around the findings: ranking, coverage, summary.
//!
//! In: raised findings and the change. Out: a [`ReviewDocument`] in the order people read it. Adds no claim of its own.

use std::collections::BTreeMap;

use model::{
    ChangeStatus, CoverageStatus, DocumentCoverage, FileDiff, REVIEW_SCHEMA, ReviewDocument, Severity, Side,
};

use crate::context::Context;
use crate::family::Raised;
use crate::language::Role;
use crate::words::{count, list};

/// Suggestions of one rule that are shown for one file.
const MOST_ALIKE: usize = 3;

/// Orders, limits and labels the findings and writes what stands around them.
pub(crate) fn assemble(context: &Context<'_>, mut raised: Vec<Raised>, notes: &[String]) -> ReviewDocument {
    raised.sort_by(|left, right| {
        let key = |raised: &Raised| {
            let place = raised.finding.locations.first();
            (place.map(|place| (place.path.clone(), place.start)), raised.finding.title.clone())
        };
        right
            .finding
            .severity
            .cmp(&left.finding.severity)
            .then(right.rank.total_cmp(&left.rank))
            .then_with(|| key(left).cmp(&key(right)))
    });
    let silenced = crate::silence::take(context, &mut raised);
    let all = raised.len();
    let mut same: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut suggestions = 0;
    raised.retain(|raised| {
        // Many findings of one rule in one file are one thing to look at.
        let path = raised.finding.locations.first().map_or(String::new(), |place| place.path.clone());
        let alike = same.entry((raised.finding.rule.clone().unwrap_or_default(), path)).or_default();
        *alike += 1;
        if raised.finding.severity == Severity::Suggestion && *alike > MOST_ALIKE {
            return false;
        }
        suggestions += usize::from(raised.finding.severity == Severity::Suggestion);
        raised.finding.severity != Severity::Suggestion || suggestions <= context.settings.suggestions
    });
    let mut numbers: BTreeMap<char, usize> = BTreeMap::new();
    let findings: Vec<_> = raised
        .into_iter()
        .map(|raised| {
            let mut finding = raised.finding;
            let letter = finding.severity.letter();
            let number = numbers.entry(letter).or_default();
            *number += 1;
            finding.id = format!("{letter}{number}");
            finding
        })
        .collect();
    let mut document =
        ReviewDocument { schema: REVIEW_SCHEMA.to_owned(), findings, ..ReviewDocument::default() };
    document.coverage = coverage(context, &document);
    let notes: Vec<String> = notes.iter().cloned().chain(silenced).collect();
    document.summary = summary(context, &document, all, &notes);
    document
}

fn coverage(context: &Context<'_>, document: &ReviewDocument) -> Vec<DocumentCoverage> {
    context.change.diff().iter().map(|file| cover(context, file, document)).collect()
}

fn cover(context: &Context<'_>, file: &FileDiff, document: &ReviewDocument) -> DocumentCoverage {
    let findings: Vec<String> = document
        .findings
        .iter()
        .filter(|finding| finding.locations.iter().any(|place| place.path == file.path.as_str()))
        .map(|finding| finding.id.clone())
        .collect();
    let submodule = [&file.old_mode, &file.new_mode].iter().any(|mode| mode.as_deref() == Some("160000"));
    let says_so = !file.binary
        && context.source(Side::Head, &file.path).is_some_and(|source| source.role == Role::Foreign);
    let generated =
        context.settings.is_trivial(&file.path) || Role::of(&file.path) == Role::Foreign || says_so;
    let (status, note) = if !findings.is_empty() {
        (CoverageStatus::Findings, None)
    } else if submodule {
        (CoverageStatus::NotReviewed, Some("a submodule: its content is not looked into"))
    } else if file.binary {
        (CoverageStatus::NotReviewed, Some("binary: only its name, size and mode were looked at"))
    } else if file.status != ChangeStatus::Deleted && context.source(Side::Head, &file.path).is_none() {
        (CoverageStatus::NotReviewed, Some("too large to be code that people write"))
    } else if generated {
        (CoverageStatus::Trivial, Some("generated or vendored: only its name and mode were looked at"))
    } else {
        (CoverageStatus::Reviewed, None)
    };
    DocumentCoverage { path: file.path.as_str().to_owned(), status, findings, note: note.map(str::to_owned) }
}

fn summary(context: &Context<'_>, document: &ReviewDocument, all: usize, notes: &[String]) -> String {
    let (mut added, mut removed) = (0, 0);
    for file in context.change.diff() {
        added += file.added().count();
        removed += file.removed().count();
    }
    let files = context.change.diff().len();
    let mut sentences = vec![format!(
        "The change touches {} ({} added, {removed} removed).",
        count(files, "file", "files"),
        count(added, "line", "lines"),
    )];
    let of = |severity| document.findings.iter().filter(|finding| finding.severity == severity).count();
    let important = of(Severity::Important) + of(Severity::Critical);
    let suggestions = of(Severity::Suggestion);
    match (important, suggestions) {
        (0, 0) => sentences.push("The built-in rules found nothing to object to.".to_owned()),
        (0, _) => sentences.push(format!(
            "Nothing in it is sure to break; {} may be worth a look.",
            count(suggestions, "place", "places")
        )),
        _ => {
            let worst: Vec<String> = document
                .findings
                .iter()
                .take(important.min(2))
                .map(|finding| finding.title.clone())
                .collect();
            sentences.push(format!(
                "{} before merging: {}.",
                if important == 1 {
                    "One thing needs fixing".to_owned()
                } else {
                    format!("{important} things need fixing")
                },
                list(&worst)
            ));
            if suggestions > 0 {
                sentences.push(format!(
                    "Besides there {}.",
                    if suggestions == 1 {
                        "is one suggestion".to_owned()
                    } else {
                        format!("are {suggestions} suggestions")
                    }
                ));
            }
        }
    }
    if all > document.findings.len() {
        sentences.push(format!("{} more of lower rank are not listed.", all - document.findings.len()));
    }
    sentences.extend(notes.iter().cloned());
    sentences.join(" ")
}
