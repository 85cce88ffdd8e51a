//! What a summary of a report may speak of.
//!
//! In: a report. Out: look-ups: findings by id, counts by what is counted, known paths, names and words. Nothing is computed
//! that does not stand in the report.

use std::collections::{BTreeMap, BTreeSet};

use model::{Finding, FindingState, Lane, Report, ReviewerState, Severity};

/// A report, ready to be asked.
pub(super) struct Facts<'r> {
    pub(super) report: &'r Report,
    by_id: BTreeMap<&'r str, &'r Finding>,
    paths: BTreeSet<&'r str>,
    /// Everything the report says of its findings and its change, in lower case.
    words: String,
    /// Names of reviewers, in lower case, with the name as written.
    reviewers: BTreeMap<String, &'r str>,
}

impl<'r> Facts<'r> {
    pub(super) fn of(report: &'r Report) -> Self {
        let places =
            report.findings.iter().flat_map(|finding| &finding.locations).map(|place| place.path.as_str());
        let changed = report.target.changed.iter().map(|file| file.path.as_str());
        let mut words = String::new();
        let mut add = |text: &str| {
            words.push_str(&text.to_lowercase());
            words.push('\n');
        };
        for finding in &report.findings {
            add(&finding.title);
            add(&finding.body);
            finding.locations.iter().filter_map(|place| place.symbol.as_deref()).for_each(&mut add);
        }
        report.target.commits.iter().for_each(|commit| add(&commit.subject));
        report.target.branch.as_deref().into_iter().for_each(&mut add);
        add(&report.target.base_name);
        report.reviewers.iter().for_each(|row| add(row.model.as_deref().unwrap_or_default()));
        Self {
            by_id: report.findings.iter().map(|finding| (finding.id.as_str(), finding)).collect(),
            paths: places.chain(changed).collect(),
            reviewers: report
                .reviewers
                .iter()
                .map(|row| (row.name.to_lowercase(), row.name.as_str()))
                .collect(),
            words,
            report,
        }
    }

    pub(super) fn finding(&self, id: &str) -> Option<&'r Finding> {
        self.by_id.get(id).copied()
    }

    /// A reviewer's name as the report writes it.
    pub(super) fn reviewer(&self, word: &str) -> Option<&'r str> {
        self.reviewers.get(&word.to_lowercase()).copied()
    }

    /// Whether the report uses these words, in this order, whole.
    pub(super) fn says(&self, words: &str) -> bool {
        let words = words.trim().to_lowercase();
        let whole = |at: usize| {
            let before = self.words[..at].chars().next_back();
            let after = self.words[at + words.len()..].chars().next();
            let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !joins(before) && !joins(after)
        };
        !words.is_empty() && self.words.match_indices(&words).any(|(at, _)| whole(at))
    }

    /// Whether a path, or the end of one, or a folder, is one of the report's.
    pub(super) fn knows_path(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let ends = |known: &str| known == path || known.ends_with(&format!("/{path}"));
        self.paths.iter().any(|known| ends(known) || known.starts_with(&format!("{path}/")))
    }

    /// Whether lines of a path are where one of these findings stands; of any finding where none is named.
    pub(super) fn stands_at(&self, ids: &BTreeSet<&str>, path: Option<&str>, first: u32, last: u32) -> bool {
        let named = |finding: &&Finding| ids.is_empty() || ids.contains(finding.id.as_str());
        let same =
            |known: &str| path.is_none_or(|path| known == path || known.ends_with(&format!("/{path}")));
        let places = self.report.findings.iter().filter(named).flat_map(|finding| &finding.locations);
        places.filter(|place| same(place.path.as_str())).any(|place| {
            let start = place.start.unwrap_or(0);
            start > 0 && start <= first && first <= last && last <= place.end.unwrap_or(start)
        })
    }

    /// The numbers that may stand before a word that says what is counted; `None` for a word that counts nothing here.
    pub(super) fn counts(&self, noun: &str) -> Option<Vec<u64>> {
        let report = self.report;
        let findings = || report.findings.iter();
        let of = |severity: Severity| vec![findings().filter(|it| it.severity == severity).count() as u64];
        let in_lane = |lane: Lane| vec![findings().filter(|it| it.lane == lane).count() as u64];
        let changed = &report.target.changed;
        Some(match noun {
            "critical" | "criticals" => of(Severity::Critical),
            "important" => of(Severity::Important),
            "suggestion" | "suggestions" => of(Severity::Suggestion),
            "finding" | "findings" | "issue" | "issues" | "defect" | "defects" | "problem" | "problems" => {
                vec![report.findings.len() as u64]
            }
            "raw" | "raised" => vec![report.dispositions.len() as u64],
            "blocking" | "blocker" | "blockers" => vec![report.verdict.blocking.len() as u64],
            "contested" => in_lane(Lane::Contested),
            "confirmed" => in_lane(Lane::Confirmed),
            "unverified" => in_lane(Lane::Unverified),
            "open" => vec![findings().filter(|it| it.state == FindingState::Open).count() as u64],
            "reviewer" | "reviewers" => {
                let finished = report.reviewers.iter().filter(|row| row.state == ReviewerState::Finished);
                vec![report.reviewers.len() as u64, finished.count() as u64]
            }
            "file" | "files" => vec![changed.len() as u64],
            "commit" | "commits" => vec![report.target.commits.len() as u64],
            "added" | "insertions" => vec![changed.iter().map(|file| u64::from(file.added)).sum()],
            "removed" | "deletions" => vec![changed.iter().map(|file| u64::from(file.removed)).sum()],
            _ => return None,
        })
    }

    /// Whether hexadecimal digits are the beginning of a commit of the change.
    pub(super) fn knows_commit(&self, digits: &str) -> bool {
        let target = &self.report.target;
        let ends = [&target.head, &target.base, &target.merge_base];
        let commits = target.commits.iter().map(|commit| &commit.sha);
        ends.into_iter().chain(commits).any(|sha| sha.as_str().starts_with(digits))
    }
}
