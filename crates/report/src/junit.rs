//! The report as JUnit XML: one case a changed file, one a reviewer.
//!
//! In: a [`Report`]. Out: one document. A file with a finding that blocks has failed, a reviewer that did not review is an
//! error, so a pipeline that reads nothing else cannot take a missing review for a clean one. Never a path of the machine.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{Finding, Report, ReviewerReport, ReviewerState};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::safe::{safe_line, safe_text};
use crate::still_open::with_still_open;
use crate::words::{parts, place, reviewer_failed, reviewers_of};

/// The case of findings that name no file.
const WHOLE_CHANGE: &str = "the whole change";

/// One `testcase`.
struct Case<'a> {
    suite: &'static str,
    name: Cow<'a, str>,
    outcome: Outcome,
    output: String,
}

enum Outcome {
    Passed,
    Skipped(String),
    Failed(String),
    Broken(String),
}

/// Writes the report as JUnit XML.
pub fn junit(report: &Report) -> String {
    let report = &*with_still_open(report);
    let cases: Vec<Case<'_>> = report.reviewers.iter().map(reviewer_case).chain(file_cases(report)).collect();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, report, &cases).expect("memory takes any bytes");
    let mut text = String::from_utf8(writer.into_inner()).expect("only text was written");
    text.push('\n');
    text
}

fn write(writer: &mut Writer<Vec<u8>>, report: &Report, cases: &[Case<'_>]) -> std::io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let seconds = format!("{:.3}", report.run.active_ms as f64 / 1000.0);
    let counted = |wanted: fn(&Outcome) -> bool| cases.iter().filter(|case| wanted(&case.outcome)).count();
    let failures = counted(|outcome| matches!(outcome, Outcome::Failed(_))).to_string();
    let errors = counted(|outcome| matches!(outcome, Outcome::Broken(_))).to_string();
    let skipped = counted(|outcome| matches!(outcome, Outcome::Skipped(_))).to_string();
    let tests = cases.len().to_string();
    let numbers = [
        ("tests", tests.as_str()),
        ("failures", failures.as_str()),
        ("errors", errors.as_str()),
        ("skipped", skipped.as_str()),
        ("time", seconds.as_str()),
    ];
    let suites = writer.create_element("testsuites").with_attribute(("name", "deep-review"));
    suites.with_attributes(numbers).write_inner_content(|writer| {
        let suite = writer.create_element("testsuite").with_attribute(("name", "deep-review"));
        suite.with_attributes(numbers).write_inner_content(|writer| {
            let verdict = safe_line(&format!("{}: {}", report.verdict.value.as_str(), report.verdict.reason));
            writer.create_element("properties").write_inner_content(|writer| {
                writer
                    .create_element("property")
                    .with_attributes([("name", "verdict"), ("value", verdict.as_str())])
                    .write_empty()?;
                Ok(())
            })?;
            cases.iter().try_for_each(|case| write_case(writer, case))
        })?;
        Ok(())
    })?;
    Ok(())
}

fn write_case(writer: &mut Writer<Vec<u8>>, case: &Case<'_>) -> std::io::Result<()> {
    let element = writer
        .create_element("testcase")
        .with_attributes([("classname", case.suite), ("name", safe_line(&case.name).as_str())]);
    if matches!(case.outcome, Outcome::Passed) && case.output.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|writer| {
        let outcome = match &case.outcome {
            Outcome::Passed => None,
            Outcome::Skipped(text) => Some(("skipped", text)),
            Outcome::Failed(text) => Some(("failure", text)),
            Outcome::Broken(text) => Some(("error", text)),
        };
        if let Some((name, text)) = outcome {
            let first = safe_line(text.lines().next().unwrap_or_default());
            let element = writer.create_element(name).with_attribute(("message", first.as_str()));
            element.write_text_content(BytesText::new(&safe_text(text)))?;
        }
        if !case.output.is_empty() {
            writer
                .create_element("system-out")
                .write_text_content(BytesText::new(&safe_text(&case.output)))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn reviewer_case(reviewer: &ReviewerReport) -> Case<'_> {
    let outcome = match (reviewer.state, reviewer_failed(reviewer)) {
        (_, None) => Outcome::Passed,
        (ReviewerState::Skipped, Some(why)) => Outcome::Skipped(why),
        (_, Some(why)) => Outcome::Broken(format!("did not review: {why}")),
    };
    Case { suite: "reviewer", name: Cow::Borrowed(&reviewer.name), outcome, output: String::new() }
}

/// One case a changed file and one for every other place findings name.
fn file_cases(report: &Report) -> Vec<Case<'_>> {
    let changed = report.target.changed.iter().map(|file| (file.path.as_str(), Vec::new()));
    let mut files: BTreeMap<&str, Vec<&Finding>> = changed.collect();
    for finding in &report.findings {
        let path = finding.locations.first().map_or(WHOLE_CHANGE, |location| location.path.as_str());
        files.entry(path).or_default().push(finding);
    }
    files.into_iter().map(|(path, findings)| file_case(report, path, &findings)).collect()
}

fn file_case<'a>(report: &Report, path: &'a str, findings: &[&Finding]) -> Case<'a> {
    let (blocking, others): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|finding| report.verdict.blocking.contains(&finding.id));
    let told = |findings: &[&Finding]| {
        findings.iter().map(|finding| in_words(finding)).collect::<Vec<_>>().join("\n\n")
    };
    let outcome = if blocking.is_empty() { Outcome::Passed } else { Outcome::Failed(told(&blocking)) };
    Case { suite: "file", name: Cow::Borrowed(path), outcome, output: told(&others) }
}

fn in_words(finding: &Finding) -> String {
    let places: Vec<String> = finding.locations.iter().map(place).collect();
    let head = format!(
        "{} {} ({}): {} — {} [{}]",
        finding.id,
        finding.severity.as_str(),
        finding.lane.as_str(),
        finding.title,
        places.join(", "),
        reviewers_of(finding).join(", ")
    );
    let prose = parts(finding).prose;
    let head = safe_line(&head);
    if prose.is_empty() { head } else { format!("{head}\n{prose}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_whole_document_reads_well() {
        insta::assert_snapshot!("junit", junit(&sample::report()));
    }

    #[test]
    fn every_finding_stands_once_and_a_missing_review_is_an_error() {
        let report = sample::report();
        let document = junit(&report);
        for finding in &report.findings {
            let head = format!("{} {} (", finding.id, finding.severity.as_str());
            let message = format!("message=\"{head}");
            let times = document.matches(&head).count() - document.matches(&message).count();
            assert_eq!(times, 1, "{}", finding.id);
        }
        assert!(document.contains("<error message=\"did not review: timed-out"));
        let blocked: std::collections::BTreeSet<&str> = report
            .findings
            .iter()
            .filter(|finding| report.verdict.blocking.contains(&finding.id))
            .map(|finding| finding.locations[0].path.as_str())
            .collect();
        assert_eq!(document.matches("<failure ").count(), blocked.len());
    }

    #[test]
    fn hostile_text_stays_text() {
        let document = junit(&sample::report());
        assert!(!document.contains("<script>"));
        assert_eq!(document.chars().find(|&c| c != '\n' && c != '\t' && crate::safe::is_unsafe(c)), None);
    }
}
