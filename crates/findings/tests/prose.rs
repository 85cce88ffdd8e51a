//! Laws of checking prose against a report: what is made of its facts passes, and one wrong fact is enough to fail.

use findings::mismatches;
use model::{
    Commit, Contradiction, Finding, Lane, LedgerRow, Location, Report, ReviewerReport, ReviewerState,
    Severity, Sha, Source, Verdict, VerdictValue,
};
use proptest::prelude::*;

const REVIEWERS: [&str; 3] = ["ada", "bob", "gpt-5"];

#[derive(Clone, Debug)]
struct Seed {
    severity: Severity,
    file: usize,
    start: u32,
    length: u32,
    reviewer: usize,
}

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    let severity =
        prop_oneof![Just(Severity::Critical), Just(Severity::Important), Just(Severity::Suggestion)];
    let seed = (severity, 0..4_usize, 1..500_u32, 0..9_u32, 0..REVIEWERS.len()).prop_map(
        |(severity, file, start, length, reviewer)| Seed { severity, file, start, length, reviewer },
    );
    prop::collection::vec(seed, 1..9)
}

fn report(seeds: &[Seed]) -> Report {
    let mut findings = Vec::new();
    for severity in [Severity::Critical, Severity::Important, Severity::Suggestion] {
        for (number, seed) in seeds.iter().filter(|seed| seed.severity == severity).enumerate() {
            findings.push(Finding {
                id: format!("{}{}", severity.letter(), number + 1),
                severity,
                title: format!("`apply_{}` forgets the lock", seed.file),
                locations: vec![Location {
                    path: format!("src/part{}/file.rs", seed.file).as_str().into(),
                    start: Some(seed.start),
                    end: Some(seed.start + seed.length),
                    ..Location::default()
                }],
                sources: vec![Source { reviewer: REVIEWERS[seed.reviewer].into(), ..Source::default() }],
                lane: Lane::Confirmed,
                ..Finding::default()
            });
        }
    }
    let row = |name: &str| ReviewerReport {
        name: name.into(),
        state: ReviewerState::Finished,
        ..ReviewerReport::default()
    };
    let blocks = |finding: &&Finding| finding.severity >= Severity::Important;
    Report {
        verdict: Verdict {
            value: VerdictValue::MergeWithFixes,
            blocking: findings.iter().filter(blocks).map(|finding| finding.id.clone()).collect(),
            ..Verdict::default()
        },
        reviewers: REVIEWERS.iter().map(|name| row(name)).collect(),
        findings,
        ..Report::default()
    }
}

fn count(report: &Report, severity: Severity) -> usize {
    report.findings.iter().filter(|finding| finding.severity == severity).count()
}

/// True sentences about one finding and about the whole.
fn truth(report: &Report, at: usize) -> String {
    let finding = &report.findings[at % report.findings.len()];
    let place = &finding.locations[0];
    format!(
        "There are {} findings by {} reviewers: {} critical, {} important and {} suggestions. {} at {}:{}-{} is {}. It was raised by {}; \
         {} is in {}. The name in question is `apply_{}`.",
        report.findings.len(),
        report.reviewers.len(),
        count(report, Severity::Critical),
        count(report, Severity::Important),
        count(report, Severity::Suggestion),
        finding.id,
        place.path,
        place.start.expect("a line"),
        place.end.expect("a line"),
        finding.severity.as_str(),
        finding.sources[0].reviewer,
        finding.id,
        place.path,
        place.path.as_str().as_bytes()[8] - b'0',
    )
}

proptest! {
    #[test]
    fn what_is_made_of_the_facts_passes(seeds in seeds(), at in 0..9_usize) {
        let report = report(&seeds);
        let prose = truth(&report, at);
        prop_assert_eq!(mismatches(&prose, &report), Vec::<String>::new(), "{}", prose);
    }

    #[test]
    fn one_wrong_fact_is_enough(seeds in seeds(), at in 0..9_usize, which in 0..8_usize, by in 1..50_u32) {
        let report = report(&seeds);
        let finding = &report.findings[at % report.findings.len()];
        let place = &finding.locations[0];
        let (id, path) = (&finding.id, &place.path);
        let other = REVIEWERS.iter().find(|name| finding.sources[0].reviewer != **name).unwrap();
        let false_severity = [Severity::Critical, Severity::Important, Severity::Suggestion]
            .into_iter()
            .find(|severity| *severity != finding.severity)
            .unwrap();
        let lie = match which {
            0 => format!("{}{} is a defect.", id.chars().next().unwrap(), report.findings.len() as u32 + by),
            1 => format!("{id} is {}.", false_severity.as_str()),
            2 => format!("{id} stands at {path}:{}.", place.end.expect("a line") + by),
            3 => format!("{id} was raised by {other}."),
            4 => format!("There are {} findings.", report.findings.len() as u32 + by),
            5 => format!("There are {} {} findings.", count(&report, finding.severity) as u32 + by, finding.severity.as_str()),
            6 => format!("{id} is in src/part{by}x/file.rs."),
            _ => format!("{id} is on line {}.", place.end.expect("a line") + by),
        };
        for prose in [lie.clone(), format!("{} {lie}", truth(&report, at)), format!("{lie}\n\n{}", truth(&report, at))] {
            prop_assert!(!mismatches(&prose, &report).is_empty(), "{}", prose);
        }
    }

    #[test]
    fn no_text_makes_it_panic(
        text in "\\PC{0,200}",
        latin in "[a-zA-Z0-9éÀÿ .,;:!?`'/_()-]{0,80}",
        seeds in seeds(),
    ) {
        let _ = mismatches(&text, &report(&seeds));
        // Most of these are refused at once; what is made of letters and marks is looked at.
        for text in [&text, &latin] {
            let mixed = format!("I1 {text} `{text}` src/part0/file.rs:{text}");
            let _ = mismatches(&mixed, &report(&seeds));
        }
        let _ = mismatches(&latin, &report(&seeds));
    }
}

/// Two findings, one of them contested.
fn panel() -> Report {
    let mut report = report(&[
        Seed { severity: Severity::Important, file: 0, start: 10, length: 2, reviewer: 0 },
        Seed { severity: Severity::Important, file: 1, start: 20, length: 0, reviewer: 1 },
    ]);
    report.findings[1].lane = Lane::Contested;
    report.findings[1].contradictions =
        vec![Contradiction { reviewer: "gpt-5".into(), ..Contradiction::default() }];
    report.verdict.blocking = vec!["I1".into()];
    report.dispositions = Vec::<LedgerRow>::new();
    report.target.commits = vec![Commit {
        sha: Sha::default(),
        subject: "Read 10 records".into(),
        body: String::new(),
        author: "ada".into(),
        at: jiff::Timestamp::UNIX_EPOCH,
        parents: Vec::new(),
    }];
    report
}

#[test]
fn sentences_that_are_so() {
    for prose in [
        "I1 blocks: `apply_0` forgets the lock in file.rs.",
        "Only I2 is contested, because gpt-5 contradicts I2.",
        "Two important findings were raised, no critical ones. One commit changes this.",
        "I1 must be resolved before merging. I2 is contested and does not block.",
        "The commit says that it reads 10 records; one of the findings is open to debate.",
        "I1 stands on lines 10 to 12.",
        "The café's owner is not concerned.",
    ] {
        assert_eq!(mismatches(prose, &panel()), Vec::<String>::new(), "{prose}");
    }
}

#[test]
fn sentences_that_are_not_so_or_cannot_be_checked() {
    for prose in [
        "",
        "I1 does not block.",
        "I2 blocks.",
        "I2 must be fixed.",
        "Nothing blocks.",
        "I1 is contested.",
        "I2 is confirmed.",
        "I1 was raised by claude.",
        "bob contradicts I1.",
        "The change is safe.",
        "It can be approved.",
        "The verdict is rework.",
        "I1 is a high risk.",
        "I1 is a critical-severity defect.",
        "Seven findings were raised.",
        "A dozen findings were raised.",
        "There are three important findings.",
        "80% of it is tested.",
        "See [here](x).",
        "See https://example.org for more.",
        "<b>I1</b>",
        "# I1",
        "- I1",
        "I1 stands in src/other.rs.",
        "I1 stands at file.rs:30.",
        "The name is `apply_9`.",
        "It fixes 3f2a91c.",
        "\u{49}\u{200b}1 is fine.",
        "І1 is fine.",
        "I１ is fine.",
        "One `span is not closed.",
        "There are 2,5 findings.",
    ] {
        assert!(!mismatches(prose, &panel()).is_empty(), "{prose}");
    }
}
