//! Which findings a remark belongs to.
//!
//! In: findings, a remark in a reviewer's words. Out: ids. A label that the reviewer uses for its own finding decides;
//! otherwise the measure that tells defects apart. Never more than a few: a remark that belongs to everything says nothing.

use std::collections::HashMap;
use std::sync::LazyLock;

use model::{Finding, Location};
use regex::Regex;

use crate::matching::{Claim, THRESHOLD, compare};

/// With more findings than these, only labels link: comparing every remark with every finding is not worth its time.
const MOST_COMPARED: usize = 400;

/// What remarks may belong to.
pub(crate) struct Links<'f> {
    findings: &'f [Finding],
    claims: Vec<Claim>,
    /// Position of the finding by reviewer and the reviewer's own label.
    labels: HashMap<(&'f str, &'f str), usize>,
}

/// How sure a comparison must be, beyond the threshold at which two findings would be merged.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) most: usize,
    pub(crate) above: f32,
}

impl<'f> Links<'f> {
    pub(crate) fn new(findings: &'f [Finding]) -> Self {
        let claims = if findings.len() > MOST_COMPARED {
            Vec::new()
        } else {
            findings.iter().map(|it| Claim::of_located(&it.title, &it.body, &it.locations)).collect()
        };
        let mut labels = HashMap::new();
        for (at, finding) in findings.iter().enumerate() {
            for source in finding.sources.iter().filter(|source| !source.raw.is_empty()) {
                labels.entry((source.reviewer.as_str(), source.raw.as_str())).or_insert(at);
            }
        }
        Self { findings, claims, labels }
    }

    /// The findings that texts of several reviewers name by their labels, in report order.
    pub(crate) fn labelled<'t>(&self, texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Vec<String> {
        let mut found: Vec<usize> = texts
            .into_iter()
            .flat_map(|(reviewer, text)| {
                labels(text).into_iter().filter_map(move |label| self.labels.get(&(reviewer, label)).copied())
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|at| self.findings[at].id.clone()).collect()
    }

    /// The findings that say the same or nearly so, closest first.
    pub(crate) fn alike(&self, title: &str, body: &str, places: &[Location], wanted: Wanted) -> Vec<String> {
        let own = Claim::of_located(title, body, places);
        let mut scores: Vec<(f32, usize)> = self
            .claims
            .iter()
            .enumerate()
            .map(|(at, claim)| (compare(&own, claim), at))
            .filter(|(score, _)| *score >= THRESHOLD + wanted.above)
            .collect();
        scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scores.into_iter().take(wanted.most).map(|(_, at)| self.findings[at].id.clone()).collect()
    }
}

static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    // "S3" alone may be a service; in brackets, after "see" or at the start of a line it is a suggestion.
    Regex::new(r"(?m)\b(?P<plain>[CI]\d{1,3})\b|(?:[(\[,&/]\s?|\b(?:see|in|of|by|with|from|and|finding|suggestion|findings)\s|^[\s*-]*)(?P<led>S\d{1,3})\b")
        .expect("the pattern is fixed")
});

/// Labels of findings in a text.
fn labels(text: &str) -> Vec<&str> {
    LABEL
        .captures_iter(text)
        .filter_map(|found| found.name("plain").or_else(|| found.name("led")))
        .map(|label| label.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Source;

    #[test]
    fn labels_are_told_from_other_words() {
        assert_eq!(labels("the race in C1, and (S3) too; see I2"), ["C1", "S3", "I2"]);
        assert_eq!(labels("S1 covers it\nuploads to S3 storage"), ["S1"]);
        assert!(labels("IPv4 C++ S3 I").is_empty());
    }

    #[test]
    fn a_label_means_the_finding_of_the_reviewer_that_uses_it() {
        let finding = |id: &str, reviewer: &str| Finding {
            id: id.to_owned(),
            sources: vec![Source {
                reviewer: reviewer.to_owned(),
                raw: "I1".to_owned(),
                ..Source::default()
            }],
            ..Finding::default()
        };
        let findings = [finding("I1", "ada"), finding("I2", "bob")];
        let links = Links::new(&findings);
        assert_eq!(links.labelled([("bob", "no test (I1)")]), ["I2"]);
        assert!(links.labelled([("cyd", "no test (I1)")]).is_empty());
    }
}
