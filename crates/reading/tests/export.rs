//! Export and import are a circle: a report written as Markdown comes back with the same findings.
//!
//! In: random reports. Out: a failed test with the report that does not come back.

use model::{
    Finding, Kind, Location, Original, RepoPath, Report, ReviewerReport, ReviewerState, Severity, Source,
};
use proptest::prelude::*;
use reading::read_report;

const REVIEWERS: [&str; 3] = ["ada", "bob-2", "cyd"];

fn title() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => "[a-zA-Z]{2,9}",
        2 => "`[a-zA-Z_:.]{1,12}`",
        1 => prop::sample::select(vec!["—", "(twice)", "[sic]", "`a.rs:3`", "*", "<b>", "_x_", "#4", "I7.", "~~", "\\", "|", "$@", "&amp;",
            "<script>alert(1)</script>", "\u{202e}evil", "\u{1b}[2J", "x\u{200b}y", "![x](https://e.example/p.png)", "[y](javascript:a)", "**", "`", "``"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(word, 1..8).prop_map(|words| format!("Case {} breaks", words.join(" ")))
}

fn place() -> impl Strategy<Value = Location> {
    ("[a-z]{1,6}(/[a-z_]{1,6}){0,2}\\.(rs|go|md)", prop::option::of((1u32..9000, 0u32..40))).prop_map(
        |(path, lines)| Location {
            path: RepoPath::new(path),
            start: lines.map(|lines| lines.0),
            end: lines.map(|lines| lines.0 + lines.1),
            ..Location::default()
        },
    )
}

fn finding() -> impl Strategy<Value = Finding> {
    let severity = prop::sample::select(vec![Severity::Critical, Severity::Important, Severity::Suggestion]);
    let kind = prop::option::of(prop::sample::select(vec![Kind::Regression, Kind::Gap, Kind::Enhancement]));
    let body = prop::collection::vec(
        prop::sample::select(vec![
            "It breaks.",
            "1. **First** thing\n2. second",
            "```rust\nlet a = 1;\n```",
            "## Critical Issues",
            "I9. **Fake** — `x.rs:1` (critical, gap) [ada]",
            "> quoted",
            "- item",
            "Fix: do it.",
            "---",
            "### [ada] — Pass 1",
            "(important, gap)",
            "**Severity:** critical",
            "Withdrawn.",
            "<details><summary>open</summary>",
            "[ada]: https://evil.example/",
            "\u{202e}Reversed \u{1b}[31mcolour",
            "```\nnever closed",
            "*Checked: everything.*",
        ]),
        0..5,
    );
    (
        severity,
        kind,
        title(),
        prop::collection::vec(place(), 0..3),
        body,
        prop::sample::subsequence(REVIEWERS.to_vec(), 1..=3),
    )
        .prop_map(|(severity, kind, title, locations, body, reviewers)| Finding {
            severity,
            kind,
            title,
            locations,
            body: body.join("\n\n"),
            sources: reviewers
                .iter()
                .map(|name| Source { reviewer: (*name).to_owned(), ..Source::default() })
                .collect(),
            ..Finding::default()
        })
}

fn report() -> impl Strategy<Value = Report> {
    prop::collection::vec(finding(), 0..7).prop_map(|mut findings| {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let mut counts = std::collections::HashMap::new();
        for finding in &mut findings {
            let count = counts.entry(finding.severity).or_insert(0);
            *count += 1;
            finding.id = format!("{}{count}", finding.severity.letter());
        }
        let reviewers = REVIEWERS.map(|name| ReviewerReport {
            name: name.to_owned(),
            state: ReviewerState::Finished,
            ..ReviewerReport::default()
        });
        Report { findings, reviewers: reviewers.to_vec(), ..Report::default() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_report_comes_back_from_its_markdown(report in report()) {
        let text = report::markdown(&report, &[]);
        let back = read_report(&text);
        let ids: Vec<&str> = back.findings.iter().map(|finding| finding.id.as_str()).collect();
        prop_assert_eq!(ids, report.findings.iter().map(|finding| finding.id.as_str()).collect::<Vec<_>>(), "{}", text);
        for (back, finding) in back.findings.iter().zip(&report.findings) {
            prop_assert_eq!(plain(&back.finding.title), plain(&report::safe_line(&finding.title)), "{}", text);
            let said = format!("{}\n{}", back.finding.body, back.finding.fix.as_deref().unwrap_or_default());
            for word in words(&report::safe_text(&finding.body)) {
                prop_assert!(said.contains(word), "{word} is lost: {said}\n{text}");
            }
            prop_assert_eq!(back.finding.severity, finding.severity, "{}", text);
            prop_assert_eq!(back.finding.kind, finding.kind, "{}", text);
            let places: Vec<_> = back.finding.locations.iter().map(|place| (place.path.clone(), place.start, place.end)).collect();
            let wanted: Vec<_> = finding.locations.iter().map(|place| (place.path.to_string(), place.start, place.end)).collect();
            prop_assert_eq!(places, wanted, "{}", text);
            let reviewers: Vec<&str> = finding.sources.iter().map(|source| source.reviewer.as_str()).collect();
            prop_assert_eq!(&back.reviewers, &reviewers, "{}", text);
        }
    }

    #[test]
    fn original_reviews_come_back_to_the_letter(texts in prop::collection::vec("([a-z ]|\\n|`{1,4}|## Resolution\\n|### \\[ada\\] — Pass 1\\n|\\| a \\|\\n){0,30}", 3)) {
        let originals: Vec<Original> =
            REVIEWERS.iter().zip(&texts).map(|(name, text)| Original { reviewer: (*name).to_owned(), text: text.clone(), json: false }).collect();
        let text = report::markdown(&Report::default(), &originals);
        let back: Vec<String> = read_report(&text).originals.into_iter().map(|original| original.text).collect();
        prop_assert_eq!(back, texts);
    }
}

/// What a title says, without white space and back-ticks: those of empty code, and the space inside code, come and go.
fn plain(title: &str) -> String {
    title.chars().filter(|c| !c.is_whitespace() && *c != '`').collect()
}

/// Words of a text, as far as no mark of Markdown can be part of them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 4)
}
