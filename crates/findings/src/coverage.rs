//! Which changed file got whose attention.
//!
//! In: the reviewers' coverage lists, findings. Out: the matrix, its holes and its contradictions. Never a finding, and
//! never a reason to contest one: who calls a file fine has not looked at the defect.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::{
    CoverageFile, CoverageSection, CoverageStatus, Finding, Lane, Reading, RepoPath, ReviewerState, Severity,
};

use crate::Input;
use crate::matching::same_file;
use crate::order::Roster;

/// Builds the matrix.
pub(crate) fn section(input: &Input<'_>, roster: &Roster<'_>, findings: &[Finding]) -> CoverageSection {
    let lists = lists(input, roster);
    let places = Places::of(findings);
    let files: Vec<CoverageFile> = paths(input, &lists)
        .into_iter()
        .map(|path| CoverageFile { by: statuses(&path, &lists, &places), path })
        .collect();
    let uncovered = files
        .iter()
        .filter(|file| file.by.iter().all(|(_, status)| *status == CoverageStatus::NotReviewed))
        .map(|file| file.path.clone())
        .collect();
    let contradictions = files
        .iter()
        .flat_map(|file| contradicted(file, &places))
        .map(|(path, reviewer, finding)| {
            let who = finding.sources.first().map_or("", |source| source.reviewer.as_str());
            format!("{path}: `{reviewer}` says reviewed, {} of `{who}` stands there", finding.id)
        })
        .collect();
    CoverageSection { files, uncovered, contradictions }
}

/// How many files each reviewer calls fine although another's important finding stands there.
pub(crate) fn contradictions<'a>(
    section: &'a CoverageSection,
    findings: &[Finding],
) -> HashMap<&'a str, u32> {
    let places = Places::of(findings);
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for file in &section.files {
        let reviewers: HashSet<&str> =
            contradicted(file, &places).into_iter().map(|(_, reviewer, _)| reviewer).collect();
        for reviewer in reviewers {
            *counts.entry(reviewer).or_default() += 1;
        }
    }
    counts
}

/// The changed files; without a repository those that the reviewers list, a shortened path counting as the full one.
fn paths(input: &Input<'_>, lists: &[List<'_>]) -> Vec<RepoPath> {
    if input.repository_used || !input.changed.is_empty() {
        return input.changed.iter().map(|file| file.path.clone()).collect();
    }
    let mut by_name: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for path in lists.iter().flat_map(|list| list.exact.keys()) {
        by_name.entry(file_name(path)).or_default().insert(path);
    }
    let full = |paths: &BTreeSet<&str>| -> Vec<RepoPath> {
        let is_shortened =
            |path: &str| paths.iter().any(|other| other.len() > path.len() && same_file(other, path));
        paths
            .iter()
            .filter(|path| !is_shortened(path))
            .map(|path| RepoPath::new((*path).to_owned()))
            .collect()
    };
    let mut all: Vec<RepoPath> = by_name.values().flat_map(full).collect();
    all.sort();
    all
}

/// One reviewer's list: rows by exact path, and by the last part of it for shortened paths, in the list's order.
struct List<'a> {
    reviewer: &'a str,
    exact: HashMap<&'a str, CoverageStatus>,
    by_name: HashMap<&'a str, Vec<(&'a str, CoverageStatus)>>,
}

impl List<'_> {
    fn status(&self, path: &RepoPath) -> Option<CoverageStatus> {
        let path = path.as_str();
        let shortened = || {
            let rows = self.by_name.get(file_name(path))?;
            rows.iter().find(|(row, _)| same_file(row, path)).map(|(_, status)| *status)
        };
        self.exact.get(path).copied().or_else(shortened)
    }
}

/// Lists in roster order, without those of reviewers whose answer is no review.
fn lists<'a>(input: &Input<'a>, roster: &Roster<'_>) -> Vec<List<'a>> {
    let mut readings: Vec<&(String, Reading)> = input
        .readings
        .iter()
        .filter(|(name, _)| roster.get(name).is_none_or(|r| r.state != ReviewerState::TransportCorrupted))
        .collect();
    readings.sort_by(|a, b| (roster.position(&a.0), &a.0).cmp(&(roster.position(&b.0), &b.0)));
    readings.into_iter().map(|(name, reading)| list(name, reading)).collect()
}

fn list<'a>(reviewer: &'a str, reading: &'a Reading) -> List<'a> {
    let mut list = List { reviewer, exact: HashMap::new(), by_name: HashMap::new() };
    for item in &reading.coverage {
        list.exact.insert(&item.path, item.status);
        list.by_name.entry(file_name(&item.path)).or_default().push((&item.path, item.status));
    }
    list
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Where findings stand.
struct Places<'f> {
    /// Path and reviewer of every source.
    of_reviewer: HashSet<(&'f str, &'f str)>,
    /// Findings that matter, by their primary path.
    important: HashMap<&'f str, Vec<&'f Finding>>,
}

impl<'f> Places<'f> {
    fn of(findings: &'f [Finding]) -> Self {
        let mut places = Self { of_reviewer: HashSet::new(), important: HashMap::new() };
        for finding in findings {
            for location in &finding.locations {
                let path = location.path.as_str();
                places.of_reviewer.extend(finding.sources.iter().map(|it| (path, it.reviewer.as_str())));
            }
            let matters = finding.severity >= Severity::Important && finding.lane != Lane::Contested;
            if let (true, Some(primary)) = (matters, finding.locations.first()) {
                places.important.entry(primary.path.as_str()).or_default().push(finding);
            }
        }
        places
    }
}

fn statuses(path: &RepoPath, lists: &[List<'_>], places: &Places<'_>) -> Vec<(String, CoverageStatus)> {
    let status = |list: &List<'_>| {
        // Somebody with a finding there looked at the file, whatever the list says.
        if places.of_reviewer.contains(&(path.as_str(), list.reviewer)) {
            Some(CoverageStatus::Findings)
        } else {
            list.status(path)
        }
    };
    lists.iter().filter_map(|list| Some((list.reviewer.to_owned(), status(list)?))).collect()
}

/// Reviewers that call a file fine where another's important finding stands: path, reviewer, finding.
fn contradicted<'x, 'f>(
    file: &'x CoverageFile,
    places: &Places<'f>,
) -> Vec<(&'x RepoPath, &'x str, &'f Finding)> {
    let mut found = Vec::new();
    for finding in places.important.get(file.path.as_str()).into_iter().flatten() {
        for (reviewer, _) in file.by.iter().filter(|(_, status)| *status == CoverageStatus::Reviewed) {
            if !finding.sources.iter().any(|source| source.reviewer == *reviewer) {
                found.push((&file.path, reviewer.as_str(), *finding));
            }
        }
    }
    found
}
