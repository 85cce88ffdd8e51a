//! Order, ids and fingerprints.
//!
//! In: the roster, claims and findings. Out: positions that follow from what was said, never from who came first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use model::{ChangeStatus, ChangedFile, CheckedFinding, Finding, Fingerprint, Lane, ReviewerReport};

use crate::matching::normal_form;

/// Positions of the reviewers by name.
pub(crate) struct Roster<'a> {
    positions: HashMap<&'a str, usize>,
    reviewers: &'a [ReviewerReport],
}

impl<'a> Roster<'a> {
    pub(crate) fn new(reviewers: &'a [ReviewerReport]) -> Self {
        let positions =
            reviewers.iter().enumerate().map(|(at, reviewer)| (reviewer.name.as_str(), at)).collect();
        Self { positions, reviewers }
    }

    /// A reviewer's place in the roster; names that are not in it come last.
    pub(crate) fn position(&self, name: &str) -> usize {
        self.positions.get(name).copied().unwrap_or(usize::MAX)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a ReviewerReport> {
        self.reviewers.get(self.position(name))
    }

    /// Sorts claims by reviewer, then by their order in the text.
    pub(crate) fn sort(&self, checked: &mut [CheckedFinding]) {
        checked.sort_by(|a, b| {
            let key = |finding: &CheckedFinding| (self.position(&finding.reviewer), finding.raw.index);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.reviewer.cmp(&b.reviewer))
                .then_with(|| a.raw.title.cmp(&b.raw.title))
        });
    }

    /// Names once each, in roster order.
    pub(crate) fn sort_names(&self, names: &mut Vec<String>) {
        names.sort_by(|a, b| self.position(a).cmp(&self.position(b)).then_with(|| a.cmp(b)));
        names.dedup();
    }
}

/// Positions of findings in report order: severity, lane, agreement, confidence, place in the diff, title.
pub(crate) fn report_order(findings: &[Finding], changed: &[ChangedFile]) -> Vec<usize> {
    let files: HashMap<&str, usize> =
        changed.iter().enumerate().map(|(at, file)| (file.path.as_str(), at)).collect();
    let key = |finding: &Finding| {
        let primary = finding.locations.first();
        let path = primary.map_or("", |location| location.path.as_str());
        (
            Reverse(finding.severity),
            lane_rank(finding.lane),
            Reverse(finding.agreement),
            Reverse((finding.confidence * 1e6).round() as i64),
            files.get(path).copied().unwrap_or(usize::MAX),
            path.to_owned(),
            primary.and_then(|location| location.start).unwrap_or(0),
            finding.title.clone(),
            finding.body.clone(),
        )
    };
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_cached_key(|index| key(&findings[*index]));
    order
}

fn lane_rank(lane: Lane) -> u8 {
    match lane {
        Lane::Confirmed => 0,
        Lane::Unverified => 1,
        Lane::Contested => 2,
    }
}

/// `C1`, `I1`, `S1`…: counted per severity in the given order.
pub(crate) fn ids(findings: &[Finding]) -> Vec<String> {
    let mut counts: BTreeMap<char, u32> = BTreeMap::new();
    findings
        .iter()
        .map(|finding| {
            let letter = finding.severity.letter();
            let count = counts.entry(letter).or_default();
            *count += 1;
            format!("{letter}{count}")
        })
        .collect()
}

/// What stays the same about a finding from run to run: its file, symbol and quoted code.
///
/// Line numbers, wording, severity and category change between rounds and reviewers, so they do not take part; only where a
/// claim quotes nothing do its category or the words of its title stand in, without their order. A file that the change
/// renames counts under its old name, so that it is the same file in the round before the rename.
pub(crate) fn fingerprint(finding: &Finding, changed: &[ChangedFile]) -> Fingerprint {
    let primary = finding.locations.first();
    let path = primary.map_or("", |location| old_path(location.path.as_str(), changed));
    let symbol = primary.and_then(|location| location.symbol.as_deref()).unwrap_or("");
    let category = finding.category.as_deref().unwrap_or("");
    let quote = primary.and_then(|location| location.quote.as_deref()).map(normal_quote).unwrap_or_default();
    let content = match (quote.is_empty(), symbol.is_empty()) {
        (false, _) => quote,
        (true, false) if !category.is_empty() => format!("absent:{category}"),
        _ => format!("title:{}", normal_form(&finding.title)),
    };
    Fingerprint::of(&[path, symbol, &content])
}

fn old_path<'a>(path: &'a str, changed: &'a [ChangedFile]) -> &'a str {
    let at = changed.binary_search_by(|file| file.path.as_str().cmp(path)).ok();
    let renamed = at.map(|at| &changed[at]).filter(|file| file.status == ChangeStatus::Renamed);
    renamed.and_then(|file| file.old_path.as_ref()).map_or(path, model::RepoPath::as_str)
}

/// Two findings of one report never share a fingerprint: where they would, the words of their titles tell them apart, and
/// where those are the same as well, their number.
pub(crate) fn make_unique(findings: &mut [Finding]) {
    let mut times: HashMap<Fingerprint, u32> = HashMap::new();
    for finding in findings.iter() {
        *times.entry(finding.fingerprint.clone()).or_default() += 1;
    }
    let mut seen: HashMap<Fingerprint, u32> = HashMap::new();
    for finding in findings {
        if times[&finding.fingerprint] > 1 {
            let words = normal_form(&finding.title);
            finding.fingerprint = Fingerprint::of(&[finding.fingerprint.as_str(), &words]);
        }
        let count = seen.entry(finding.fingerprint.clone()).or_default();
        *count += 1;
        if *count > 1 {
            finding.fingerprint = Fingerprint::of(&[finding.fingerprint.as_str(), &count.to_string()]);
        }
    }
}

fn normal_quote(quote: &str) -> String {
    quote.split_whitespace().collect::<Vec<_>>().join(" ")
}
