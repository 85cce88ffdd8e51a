//! What the findings can be filtered by.
//!
//! In: a report. Out: the boxes, and for each card the values that are compared. Values are letters and numbers of our own, never foreign
//! text, so a reviewer's or file's name cannot break the page or its address. Without scripts there is nothing to filter with, and the
//! boxes are not shown.

use std::collections::BTreeSet;

use model::{Finding, FindingState, Kind, Report};

use super::escape::line;
use crate::words::{SEVERITIES, reviewers_of};

/// More files than this are better searched in the browser.
const MOST_FILES: usize = 40;

/// One question with the answers that occur.
pub(super) struct Filter {
    /// The letter that stands for it in the page and in its address.
    pub(super) key: char,
    legend: &'static str,
    /// Value and label.
    options: Vec<(String, String)>,
    of: fn(&Finding) -> Vec<String>,
}

impl Filter {
    /// The finding's answers as they stand in the page.
    pub(super) fn values_of(&self, finding: &Finding) -> Vec<&str> {
        let own = (self.of)(finding);
        let is_own = |label: &&(String, String)| own.contains(&label.1);
        self.options.iter().filter(is_own).map(|(value, _)| value.as_str()).collect()
    }
}

/// The filters of a report: only questions that tell its findings apart.
pub(super) fn of(report: &Report) -> Vec<Filter> {
    let severities = SEVERITIES.iter().map(|severity| severity.as_str().to_owned()).collect();
    let reviewers = report.reviewers.iter().map(|reviewer| reviewer.name.clone()).collect();
    let all = [
        Filter::new(report, 'f', "Severity", Some(severities), |it| vec![it.severity.as_str().to_owned()]),
        Filter::new(report, 'r', "Reviewer", Some(reviewers), |it| {
            reviewers_of(it).into_iter().map(str::to_owned).collect()
        }),
        Filter::new(report, 'l', "Evidence", None, |it| vec![it.lane.as_str().to_owned()]),
        Filter::new(report, 's', "State", None, |it| vec![state_word(it.state).to_owned()]),
        Filter::new(report, 'k', "Kind", None, |it| vec![it.kind.map_or("no kind", Kind::as_str).to_owned()]),
        Filter::new(report, 'p', "File", None, |it| {
            vec![it.locations.first().map_or("the whole change", |at| at.path.as_str()).to_owned()]
        }),
    ];
    all.into_iter().filter(|filter| (2..=MOST_FILES).contains(&filter.options.len())).collect()
}

impl Filter {
    /// Labels in the order given, then the others, sorted. Labels that do not occur are left out.
    fn new(
        report: &Report,
        key: char,
        legend: &'static str,
        order: Option<Vec<String>>,
        of: fn(&Finding) -> Vec<String>,
    ) -> Self {
        let occur: BTreeSet<String> = report.findings.iter().flat_map(of).collect();
        let mut labels = order.unwrap_or_default();
        labels.retain(|label| occur.contains(label));
        let others: Vec<String> = occur.into_iter().filter(|label| !labels.contains(label)).collect();
        let labels = labels.into_iter().chain(others);
        let options = labels.enumerate().map(|(at, label)| (at.to_string(), label)).collect();
        Self { key, legend, options, of }
    }
}

/// Writes the boxes.
pub(super) fn write(page: &mut String, report: &Report) {
    let filters = of(report);
    if report.findings.len() < 2 || filters.is_empty() {
        return;
    }
    page.push_str("<details class=\"filters js\" id=\"filters\"><summary>Filter <span id=\"shown\" aria-live=\"polite\"></span></summary>");
    for filter in filters {
        put!(page, "<fieldset><legend>{}</legend>", filter.legend);
        for (value, label) in &filter.options {
            put!(
                page,
                "<label><input type=\"checkbox\" name=\"{}\" value=\"{value}\" checked> {}</label>",
                filter.key,
                line(label)
            );
        }
        page.push_str("</fieldset>");
    }
    page.push_str("<button type=\"button\" id=\"all\">Show all</button></details>\n");
}

/// A state in words.
pub(super) fn state_word(state: FindingState) -> &'static str {
    match state {
        FindingState::Open => "open",
        FindingState::Fixed => "fixed",
        FindingState::Declined => "declined",
        FindingState::Deferred => "deferred",
        FindingState::Stale => "stale",
        FindingState::Superseded => "superseded",
    }
}

#[cfg(test)]
mod tests {
    use model::{Lane, Severity};

    use super::*;
    use crate::sample;

    #[test]
    fn every_finding_answers_every_question_with_letters_of_ours() {
        let mut report = sample::report();
        report.reviewers[0].name = "a name with \"quotes\" & spaces".into();
        report.findings[0].sources[0].reviewer = report.reviewers[0].name.clone();
        let filters = of(&report);
        assert!(filters.iter().any(|filter| filter.key == 'r'));
        for filter in &filters {
            for finding in &report.findings {
                let values = filter.values_of(finding);
                assert!(!values.is_empty(), "{} {}", filter.legend, finding.id);
                assert!(values.iter().all(|value| value.bytes().all(|byte| byte.is_ascii_digit())));
            }
        }
    }

    #[test]
    fn a_question_with_one_answer_is_not_asked() {
        let mut report = sample::report();
        report.findings.iter_mut().for_each(|finding| finding.severity = Severity::Important);
        report.findings.iter_mut().for_each(|finding| finding.lane = Lane::Confirmed);
        let keys: Vec<char> = of(&report).iter().map(|filter| filter.key).collect();
        assert!(!keys.contains(&'f') && !keys.contains(&'l'), "{keys:?}");
    }
}
