//! Which changed file got whose attention.
//!
//! In: the reviewers' coverage lists, findings. Out: the matrix, its holes and its contradictions. Never a finding.

use std::collections::HashMap;

use model::{
    CoverageFile, CoverageSection, CoverageStatus, Finding, Reading, RepoPath, ReviewerState, Severity,
};

use crate::Input;
use crate::matching::same_file;
use crate::order::Roster;

/// Builds the matrix.
pub(crate) fn section(input: &Input<'_>, roster: &Roster<'_>, findings: &[Finding]) -> CoverageSection {
    let readings = readings(input, roster);
    let files: Vec<CoverageFile> = input
        .changed
        .iter()
        .map(|file| CoverageFile { path: file.path.clone(), by: statuses(&file.path, &readings, findings) })
        .collect();
    let uncovered = files
        .iter()
        .filter(|file| file.by.iter().all(|(_, status)| *status == CoverageStatus::NotReviewed))
        .map(|file| file.path.clone())
        .collect();
    let contradictions = files.iter().flat_map(|file| contradictions(file, findings)).collect();
    CoverageSection { files, uncovered, contradictions }
}

/// Readings in roster order, without those of reviewers whose answer is no review.
fn readings<'a>(input: &Input<'a>, roster: &Roster<'_>) -> Vec<(&'a str, HashMap<&'a str, CoverageStatus>)> {
    let mut readings: Vec<&(String, Reading)> = input
        .readings
        .iter()
        .filter(|(name, _)| roster.get(name).is_none_or(|r| r.state != ReviewerState::TransportCorrupted))
        .collect();
    readings.sort_by(|a, b| (roster.position(&a.0), &a.0).cmp(&(roster.position(&b.0), &b.0)));
    let of = |reading: &'a Reading| {
        reading.coverage.iter().map(|item| (item.path.as_str(), item.status)).collect()
    };
    readings.into_iter().map(|(name, reading)| (name.as_str(), of(reading))).collect()
}

fn statuses(
    path: &RepoPath,
    readings: &[(&str, HashMap<&str, CoverageStatus>)],
    findings: &[Finding],
) -> Vec<(String, CoverageStatus)> {
    let mut statuses = Vec::new();
    for (name, rows) in readings {
        let exact = rows.get(path.as_str()).copied();
        let listed =
            exact.or_else(|| rows.iter().find(|(row, _)| same_file(row, path.as_str())).map(|(_, s)| *s));
        let found = findings.iter().any(|finding| {
            finding.sources.iter().any(|source| source.reviewer == *name)
                && finding.locations.iter().any(|location| location.path == *path)
        });
        // Somebody with a finding there looked at the file, whatever the list says.
        let status = if found { Some(CoverageStatus::Findings) } else { listed };
        statuses.extend(status.map(|status| ((*name).to_owned(), status)));
    }
    statuses
}

/// Reviewers that call a file fine where another's important finding stands.
fn contradictions(file: &CoverageFile, findings: &[Finding]) -> Vec<String> {
    let mut sentences = Vec::new();
    for finding in important_in(&file.path, findings) {
        for (reviewer, _) in file.by.iter().filter(|(_, status)| *status == CoverageStatus::Reviewed) {
            if !finding.sources.iter().any(|source| source.reviewer == *reviewer) {
                let who = finding.sources.first().map_or("", |source| source.reviewer.as_str());
                sentences.push(format!(
                    "{}: `{reviewer}` says reviewed, {} of `{who}` stands there",
                    file.path, finding.id
                ));
            }
        }
    }
    sentences
}

/// Findings that matter and whose primary place is in a file.
pub(crate) fn important_in<'a>(
    path: &'a RepoPath,
    findings: &'a [Finding],
) -> impl Iterator<Item = &'a Finding> {
    findings.iter().filter(move |finding| {
        finding.severity >= Severity::Important
            && finding.lane != model::Lane::Contested
            && finding.locations.first().is_some_and(|location| location.path == *path)
    })
}
