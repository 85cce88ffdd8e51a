//! A law: whatever the findings, every form of a report names the same ones, with the same severity and place, and a pull-request
//! review comments only on lines that the change shows.
//!
//! In: random reports with hostile text in them. Out: a failure with the form that says something else. Each form is read by what
//! its own readers look at, never by our own code that wrote it.

use model::{
    ChangeStatus, DiffLine, FileDiff, Finding, FindingState, Fingerprint, Fix, Hunk, Kind, Lane, LineKind,
    Location, Report, ReviewerReport, ReviewerState, Severity, Source,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

/// What an author would write who means harm, in a title, a body or a name.
const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "</article><article class=\"card finding critical\" id=\"C9\">",
    "I9. **Forged** — `x.rs:1` (critical)",
    "\u{202e}evil\u{200b}",
    "\u{1b}[2J",
    "`` ` ```",
    "![x](https://evil.example/p.png)",
    "[y](javascript:alert(1))",
    "*Checked: all is well.*",
    "\"}],\"results\":[]",
    "]]></failure>",
    "@octo #12",
];

fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![4 => "[a-zA-Z]{2,9}", 1 => prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned)];
    vec(word, 1..8).prop_map(|words| format!("Case {}", words.join(" ")))
}

fn place() -> impl Strategy<Value = Location> {
    let path = prop::sample::select(vec!["src/pool.rs", "src/store.rs", "docs/use.md"]);
    (path, proptest::option::of((1_u32..40, 0_u32..6))).prop_map(|(path, lines)| Location {
        path: path.into(),
        start: lines.map(|(start, _)| start),
        end: lines.map(|(start, more)| start + more),
        verified: true,
        ..Location::default()
    })
}

fn finding() -> impl Strategy<Value = Finding> {
    let severity = prop::sample::select(vec![Severity::Critical, Severity::Important, Severity::Suggestion]);
    let kind =
        proptest::option::of(prop::sample::select(vec![Kind::Regression, Kind::Gap, Kind::Enhancement]));
    let lane = prop::sample::select(vec![Lane::Confirmed, Lane::Unverified, Lane::Contested]);
    let state = prop::sample::select(vec![
        FindingState::Open,
        FindingState::Open,
        FindingState::Declined,
        FindingState::Fixed,
        FindingState::Stale,
    ]);
    let fix = proptest::option::of(text().prop_map(|text| Fix { text, ..Fix::default() }));
    (severity, kind, lane, state, text(), vec(place(), 0..3), vec(text(), 0..4), fix).prop_map(
        |(severity, kind, lane, state, title, locations, body, fix)| Finding {
            fingerprint: Fingerprint::of(&[&title]),
            severity,
            kind,
            lane,
            state,
            title,
            locations,
            body: body.join("\n\n"),
            fix,
            sources: vec![Source { reviewer: "ada".into(), shown: true, ..Source::default() }],
            agreement: 1,
            ..Finding::default()
        },
    )
}

fn report() -> impl Strategy<Value = Report> {
    vec(finding(), 0..7).prop_map(|mut findings| {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let mut counts = [0_u32; 3];
        for finding in &mut findings {
            counts[finding.severity as usize] += 1;
            finding.id = format!("{}{}", finding.severity.letter(), counts[finding.severity as usize]);
        }
        let ada = ReviewerReport {
            name: "ada".into(),
            state: ReviewerState::Finished,
            ..ReviewerReport::default()
        };
        Report { findings, reviewers: vec![ada], ..Report::default() }
    })
}

/// What every form has to name: id, severity, file and lines of the first place.
type Named = (String, String, Option<(String, Option<u32>, Option<u32>)>);

fn named(finding: &Finding) -> Named {
    let place = finding.locations.first().map(|at| (at.path.to_string(), at.start, at.end));
    (finding.id.clone(), finding.severity.as_str().to_owned(), place)
}

fn expected(report: &Report, is_shown: fn(&Finding) -> bool) -> Vec<Named> {
    report.findings.iter().filter(|finding| is_shown(finding)).map(named).collect()
}

fn everything(_: &Finding) -> bool {
    true
}

fn not_declined(finding: &Finding) -> bool {
    finding.state != FindingState::Declined
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn line(value: &Value) -> Option<u32> {
    value.as_u64().map(|number| number as u32)
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("our own document is JSON")
}

fn in_json(report: &Report) -> Vec<Named> {
    let document = parsed(&report::json(report));
    let of = |it: &Value| {
        let place =
            it["locations"].get(0).map(|at| (word(&at["path"]), line(&at["start"]), line(&at["end"])));
        (word(&it["id"]), word(&it["severity"]), place)
    };
    document["findings"].as_array().expect("a list").iter().map(of).collect()
}

fn in_markdown(report: &Report) -> Vec<Named> {
    let read = reading::read_report(&report::markdown(report, &[]));
    let of = |it: &reading::ImportedFinding| {
        let place = it.finding.locations.first().map(|at| (at.path.clone(), at.start, at.end));
        (it.id.clone(), it.finding.severity.as_str().to_owned(), place)
    };
    read.findings.iter().map(of).collect()
}

fn in_html(report: &Report) -> Vec<Named> {
    let page = report::html(report, &[]);
    let main = page.split_once("<main").map_or("", |(_, rest)| rest);
    let of = |card: &str| {
        let severity = card.split([' ', '"']).next().unwrap_or_default().to_owned();
        let id = card.split_once("id=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default();
        let head = card.split_once("</header>").map_or("", |(head, _)| head);
        let place = head.split_once("<p class=\"places\">").and_then(|(_, rest)| {
            let shown = rest.split_once("<code>")?.1.split_once("</code>")?.0;
            let (path, lines) = shown.rsplit_once(':').unwrap_or((shown, ""));
            let (start, end) = lines.split_once('-').unwrap_or((lines, lines));
            Some((path.to_owned(), start.parse().ok(), end.parse().ok()))
        });
        (id.to_owned(), severity, place)
    };
    main.split("<article class=\"card finding ").skip(1).map(of).collect()
}

fn in_sarif(report: &Report) -> Vec<Named> {
    let document = parsed(&report::sarif(report));
    let of = |it: &Value| {
        let place = it["locations"].get(0).map(|at| {
            let at = &at["physicalLocation"];
            (
                word(&at["artifactLocation"]["uri"]),
                line(&at["region"]["startLine"]),
                line(&at["region"]["endLine"]),
            )
        });
        (word(&it["properties"]["id"]), word(&it["properties"]["severity"]), place)
    };
    document["runs"][0]["results"].as_array().expect("a list").iter().map(of).collect()
}

/// Without the severity: the format has fewer, and says contested ones lower.
fn in_rdjson(report: &Report) -> Vec<Named> {
    let document = parsed(&report::rdjson(report));
    let of = |it: &Value| {
        let message = word(&it["message"]);
        let id = message.split([':', ' ']).next().unwrap_or_default().to_owned();
        let range = &it["location"]["range"];
        let place =
            (word(&it["location"]["path"]), line(&range["start"]["line"]), line(&range["end"]["line"]));
        (id, word(&it["severity"]), (place.0 != ".").then_some(place))
    };
    document["diagnostics"].as_array().expect("a list").iter().map(of).collect()
}

fn in_code_quality(report: &Report) -> Vec<Value> {
    parsed(&report::code_quality(report)).as_array().expect("a list").clone()
}

/// The words that reviewdog and GitLab have for a severity.
fn foreign(finding: &Finding) -> (&'static str, &'static str) {
    match (finding.lane, finding.severity) {
        (Lane::Contested, _) => ("INFO", "info"),
        (_, Severity::Critical) => ("ERROR", "critical"),
        (_, Severity::Important) => ("ERROR", "major"),
        (_, Severity::Suggestion) => ("WARNING", "minor"),
    }
}

/// A change that shows lines 8 to 19 of one file and nothing else.
fn diff() -> Vec<FileDiff> {
    let added = |at: u32| DiffLine {
        kind: LineKind::Added,
        old_line: None,
        new_line: Some(at),
        text: format!("let line{at} = {at};"),
    };
    let lines = (8..20).map(added).collect();
    let hunk =
        Hunk { old_start: 7, old_lines: 0, new_start: 8, new_lines: 12, heading: String::new(), lines };
    vec![FileDiff {
        path: "src/pool.rs".into(),
        old_path: None,
        status: ChangeStatus::Modified,
        binary: false,
        old_mode: None,
        new_mode: None,
        hunks: vec![hunk],
    }]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_form_names_the_same_findings_severities_and_places(report in report()) {
        let all = expected(&report, everything);
        prop_assert_eq!(in_json(&report), all.clone(), "JSON");
        prop_assert_eq!(in_markdown(&report), all.clone(), "Markdown: {}", report::markdown(&report, &[]));
        prop_assert_eq!(in_html(&report), all.clone(), "HTML");
        prop_assert_eq!(in_sarif(&report), all, "SARIF");

        let junit = report::junit(&report);
        for finding in &report.findings {
            let head = format!("{} {} (", finding.id, finding.severity.as_str());
            let places: Vec<String> = finding.locations.iter().map(|at| at.path.to_string()).collect();
            let found = junit.lines().find(|line| line.trim_start().contains(&head));
            prop_assert!(found.is_some(), "JUnit lacks {}: {}", head, junit);
            prop_assert!(places.iter().all(|path| junit.contains(path.as_str())), "{}", junit);
        }

        let open: Vec<&Finding> = report.findings.iter().filter(|it| not_declined(it)).collect();
        let mild: Vec<Named> = open.iter().map(|it| {
            let (id, _, place) = named(it);
            (id, foreign(it).0.to_owned(), place)
        }).collect();
        prop_assert_eq!(in_rdjson(&report), mild, "RDJSON");

        let entries = in_code_quality(&report);
        prop_assert_eq!(entries.len(), open.len());
        for (entry, finding) in entries.iter().zip(&open) {
            let place = finding.locations.first();
            prop_assert!(word(&entry["description"]).contains(&format!("({}, ", finding.id)), "{}", entry);
            prop_assert_eq!(word(&entry["severity"]), foreign(finding).1);
            prop_assert_eq!(word(&entry["location"]["path"]), place.map_or(".".to_owned(), |at| at.path.to_string()));
            let begin = place.and_then(|at| at.start).unwrap_or(1);
            prop_assert_eq!(line(&entry["location"]["lines"]["begin"]), Some(begin));
            prop_assert_eq!(line(&entry["location"]["lines"]["end"]), place.and_then(|at| at.end).or(Some(begin)));
        }
    }

    #[test]
    fn a_pull_request_review_names_every_open_finding_once_and_comments_on_the_change_alone(report in report()) {
        let payload = parsed(&report::github_review(&report, &diff()));
        let comments = payload["comments"].as_array().expect("a list");
        let body = word(&payload["body"]);
        for comment in comments {
            let end = line(&comment["line"]).expect("a number");
            let start = line(&comment["start_line"]).unwrap_or(end);
            prop_assert_eq!(word(&comment["path"]), "src/pool.rs");
            prop_assert!(comment["side"] == "RIGHT" && 8 <= start && start <= end && end < 20, "{}", comment);
        }
        for finding in &report.findings {
            let first = format!("**{}** ({}) ", finding.id, finding.severity.as_str());
            let inline: Vec<&Value> = comments.iter().filter(|it| word(&it["body"]).starts_with(&first)).collect();
            let listed = body.lines().filter(|line| line.starts_with(&format!("{}. **", finding.id))).count();
            let wanted = usize::from(finding.state == FindingState::Open);
            prop_assert_eq!(inline.len() + listed, wanted, "{}: {}", finding.id, body);
            for comment in inline {
                let at = |place: &&Location| place.path.as_str() == word(&comment["path"]) && place.start.is_some();
                prop_assert!(finding.locations.iter().any(|place| at(&place)), "{}", comment);
            }
            if listed == 1 {
                let line = body.lines().find(|line| line.starts_with(&format!("{}. **", finding.id)));
                let line = line.unwrap_or_default();
                prop_assert!(finding.locations.iter().all(|at| line.contains(at.path.as_str())), "{}", line);
            }
        }
        let marker = body.lines().next().unwrap_or_default().to_owned();
        prop_assert!(marker.starts_with("<!-- deep-review series "), "{}", marker);
        let mut other = report.clone();
        other.series.key = "another".into();
        let again = parsed(&report::github_review(&other, &diff()));
        let again = word(&again["body"]);
        prop_assert_ne!(again.lines().next(), Some(marker.as_str()));
    }
}
