//! A law: what a report says in Markdown can be read back from it.

use model::{
    Finding, Fix, Kind, Location, Report, ReviewerKind, ReviewerReport, ReviewerState, Severity, Source,
    Verdict, VerdictValue,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Titles as reviewers write them: words, inline code, punctuation, other scripts.
fn title() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z]{2,9}",
        1 => "`[a-z_]{2,12}\\(\\)`",
        1 => "`[A-Z][a-zA-Z]{2,9}::[a-z_]{2,8}`",
        1 => Just("(never freed)".to_owned()),
        1 => Just("1.5 s".to_owned()),
        1 => Just("größer".to_owned()),
        1 => Just("a * b < c & d".to_owned()),
        1 => Just("x_y_z".to_owned()),
    ];
    ("[A-Z][a-z]{3,9}", vec(piece, 1..8)).prop_map(|(first, rest)| format!("{first} {}", rest.join(" ")))
}

fn location() -> impl Strategy<Value = Location> {
    ("[a-z]{1,8}(/[a-z_]{1,8}){0,3}\\.(rs|go|py|md)", proptest::option::of((1_u32..5000, 0_u32..40)))
        .prop_map(|(path, lines)| Location {
            path: path.as_str().into(),
            start: lines.map(|(start, _)| start),
            end: lines.map(|(start, more)| start + more),
            verified: true,
            ..Location::default()
        })
}

fn body() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[A-Z][a-z ]{10,60}\\.",
        Just("1. first step\n2. second step".to_owned()),
        Just("```rust\nfn main() {}\n// ## Findings\n```".to_owned()),
        Just(
            "> ### Important Issues\n>\n> I9. **Quoted, not raised** — `a.rs:1` (important, gap)".to_owned()
        ),
        Just("See `other.rs:12` for the caller.".to_owned()),
        Just("- one\n- two".to_owned()),
    ];
    vec(part, 1..4).prop_map(|parts| parts.join("\n\n"))
}

fn finding() -> impl Strategy<Value = Finding> {
    let severity =
        prop_oneof![Just(Severity::Critical), Just(Severity::Important), Just(Severity::Suggestion)];
    let kind = prop_oneof![Just(Kind::Regression), Just(Kind::Gap), Just(Kind::Enhancement)];
    let credit = prop_oneof![Just(&["ada"][..]), Just(&["bob-2"][..]), Just(&["ada", "bob-2"][..])];
    (title(), severity, kind, vec(location(), 1..3), body(), any::<bool>(), credit).prop_map(
        |(title, severity, kind, locations, body, fixed, credit)| Finding {
            title,
            severity,
            kind: Some(kind),
            locations,
            body,
            fix: fixed.then(|| Fix { text: "Return early.".to_owned(), ..Fix::default() }),
            agreement: credit.len() as u32,
            sources: credit
                .iter()
                .map(|reviewer| Source { reviewer: (*reviewer).to_owned(), ..Source::default() })
                .collect(),
            ..Finding::default()
        },
    )
}

fn report(mut findings: Vec<Finding>) -> Report {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut counts = [0_u32; 3];
    for finding in &mut findings {
        let count = &mut counts[finding.severity as usize];
        *count += 1;
        finding.id = format!("{}{count}", finding.severity.letter());
    }
    let reviewer = |name: &str| ReviewerReport {
        name: name.to_owned(),
        kind: ReviewerKind::Imported,
        state: ReviewerState::Finished,
        ..ReviewerReport::default()
    };
    Report {
        reviewers: vec![reviewer("ada"), reviewer("bob-2")],
        verdict: Verdict {
            value: VerdictValue::MergeWithFixes,
            reason: "As it stands.".to_owned(),
            ..Verdict::default()
        },
        findings,
        ..Report::default()
    }
}

/// What must come back.
fn essence(report: &Report) -> Vec<String> {
    let place = |location: &Location| format!("{}:{:?}-{:?}", location.path, location.start, location.end);
    report
        .findings
        .iter()
        .map(|finding| {
            let places: Vec<String> = finding.locations.iter().map(place).collect();
            format!(
                "{} {:?} {:?} {} {places:?} {}",
                finding.id, finding.severity, finding.kind, finding.title, finding.agreement
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn findings_survive_the_way_through_markdown(findings in vec(finding(), 0..6)) {
        let report = report(findings);
        let markdown = report::markdown(&report, &[]);
        let read = reading::read_report(&markdown);
        let back = engine::import(&read, "0").expect("our own report is a report").report;
        prop_assert_eq!(essence(&back), essence(&report), "{}", markdown);
    }
}
