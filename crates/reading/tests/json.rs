//! Reviews in JSON, as asked for and as models really answer.
//!
//! In: documents of our own, whole and damaged. Out: the same findings, with a note for every damage.

use model::{Canary, CoverageStatus, Kind, ParsedAs, ReadingState, Severity};
use reading::{Context, Parser, read};

const DOCUMENT: &str = r#"{
  "schema": "deep-review/review/v1",
  "canary": "dr-canary \"$@\" @test 1f2e3d4c",
  "model": "tester 1",
  "verdict": "merge-with-fixes",
  "summary": "It works but for one thing.",
  "findings": [
    {
      "id": "I1", "severity": "important", "kind": "regression", "category": "concurrency",
      "title": "`Pool::next` loses a job",
      "locations": [
        {"path": "src/pool.rs", "start": 41, "end": 43, "side": "head", "role": "primary", "symbol": "next", "quote": "if queue.is_empty() {\n    ready.wait();"},
        {"path": "src/submit.rs", "start": 12}
      ],
      "problem": "It looks before it locks.",
      "scenario": {"trigger": "a late job", "result": "it hangs", "expected": "it runs", "likelihood": "common", "reach": "default"},
      "evidence": [{"how": "read", "what": "src/pool.rs:41"}, {"how": "ran", "what": "cargo test", "output": "1 failed"}],
      "fix": {"text": "Lock first.", "patch": "-a\n+b\n", "effort": "small"},
      "repro": {"shell": "bash", "script": "bash x.sh"},
      "confidence": 0.8, "test": "a late job"
    },
    {"id": "S1", "severity": "suggestion", "kind": "enhancement", "title": "Name the limit", "locations": [], "absent": true, "problem": "64 is magic."}
  ],
  "design": [{"type": "strength", "scope": "in-scope", "title": "One owner", "body": "Good.", "locations": ["src/pool.rs:1-9"]}],
  "testing": {"text": "Two tests.", "ran": [{"command": "cargo test", "exit": 1, "note": "1 failed"}], "gaps": [{"scenario": "a late job", "risk": 1, "finding": "I1"}]},
  "docs": {"text": "Fine.", "gaps": [{"title": "no word on limits", "locations": [{"path": "docs/use.md"}]}]},
  "commits": {"text": "One.", "issues": [{"sha": "abc1234", "title": "says nothing"}]},
  "limitations": [{"source": "code", "path": "src/pool.rs", "start": 3, "quote": "no limit yet", "status": "unchanged"}],
  "prior": [{"finding": "r1:I1", "status": "fixed", "evidence": "gone"}],
  "coverage": [{"path": "src/pool.rs", "status": "findings", "findings": ["I1"]}, {"path": "Cargo.lock", "status": "trivial"}, {"path": "x.rs", "status": "not-reviewed"}]
}"#;

fn context() -> Context {
    Context { canary: Some("dr-canary \"$@\" @test 1f2e3d4c".to_owned()), ..Context::default() }
}

fn titles(text: &str) -> Vec<String> {
    read(text, &context()).findings.into_iter().map(|finding| finding.title).collect()
}

#[test]
fn the_document_we_ask_for_is_read_whole() {
    let reading = read(DOCUMENT, &context());
    assert_eq!(
        (reading.parsed_as, reading.state.clone(), reading.canary),
        (ParsedAs::Json, ReadingState::Reviewed, Canary::Echoed)
    );
    assert!(reading.notes.is_empty(), "{:?}", reading.notes);
    let first = &reading.findings[0];
    assert_eq!(
        (first.id.as_str(), first.severity, first.kind),
        ("I1", Severity::Important, Some(Kind::Regression))
    );
    assert_eq!(first.locations[0].quote.as_deref(), Some("if queue.is_empty() {\n    ready.wait();"));
    assert_eq!((first.locations[1].start, first.locations[1].end), (Some(12), Some(12)));
    assert_eq!(first.trigger.as_deref(), Some("a late job"));
    assert_eq!(first.known_by.as_deref(), Some("ran"));
    assert_eq!(first.patch.as_deref(), Some("-a\n+b\n"));
    assert_eq!(first.repro.as_deref(), Some("bash x.sh"));
    assert!(first.body.contains("It looks before it locks.") && first.body.contains("**Expected:** it runs"));
    assert_eq!(first.extra["confidence"], 0.8);
    assert_eq!(first.extra["test"], "a late job");
    let (start, end) = first.span.expect("a document of its own has spans");
    assert!(
        DOCUMENT[start..end].starts_with('{')
            && DOCUMENT[start..end].ends_with('}')
            && DOCUMENT[start..end].contains("\"I1\"")
    );
    assert!(reading.findings[1].absent);
    assert_eq!(reading.design[0].locations[0].start, Some(1));
    assert_eq!((reading.testing.len(), reading.testing[1].gap, reading.ran[0].exit), (2, true, Some(1)));
    assert_eq!((reading.documentation.len(), reading.commits.len(), reading.prior.len()), (2, 2, 1));
    assert_eq!(reading.limitations[0].locations[0].start, Some(3));
    let statuses: Vec<CoverageStatus> = reading.coverage.iter().map(|item| item.status).collect();
    assert_eq!(statuses, [CoverageStatus::Findings, CoverageStatus::Trivial, CoverageStatus::NotReviewed]);
    assert_eq!(reading.model.as_deref(), Some("tester 1"));
}

#[test]
fn the_document_is_found_wherever_it_stands() {
    let wanted = titles(DOCUMENT);
    assert_eq!(wanted, ["`Pool::next` loses a job", "Name the limit"]);
    let string = serde_json::to_string(DOCUMENT).expect("a string is JSON");
    let fenced =
        serde_json::to_string(&format!("Done.\n```json\n{DOCUMENT}\n```")).expect("a string is JSON");
    for (place, text) in [
        ("in a fence", format!("```json\n{DOCUMENT}\n```\n")),
        ("behind prose", format!("I looked at {{all}} files [twice].\n\n{DOCUMENT}")),
        ("before prose", format!("{DOCUMENT}\n\nThat is all.")),
        (
            "in a string of a wrapper",
            format!("{{\"type\":\"result\",\"is_error\":false,\"result\":{string},\"usage\":{{\"in\":1}}}}"),
        ),
        ("in a fence in a string", format!("{{\"response\": {fenced}, \"stats\": {{}}}}")),
        (
            "in choices",
            format!("{{\"choices\":[{{\"message\":{{\"role\":\"assistant\",\"content\":{string}}}}}]}}"),
        ),
        ("in an object", format!("{{\"structured_output\": {DOCUMENT}}}")),
        ("behind a log line", format!("{{\"level\":\"info\",\"msg\":\"start\"}}\n{DOCUMENT}\n")),
    ] {
        let reading = read(&text, &context());
        let found: Vec<&str> = reading.findings.iter().map(|finding| finding.title.as_str()).collect();
        assert_eq!(found, wanted, "{place}");
        assert_eq!(reading.state, ReadingState::Reviewed, "{place}");
        assert_eq!(reading.canary, Canary::Echoed, "{place}");
        for (start, end) in reading.findings.iter().filter_map(|finding| finding.span) {
            assert!(text[start..end].starts_with('{'), "{place}");
        }
    }
}

#[test]
fn damage_is_forgiven_and_noted() {
    let wanted = titles(DOCUMENT);
    for (damage, text) in [
        ("a comma too many", DOCUMENT.replace("}\n  ],\n  \"design\"", "},\n  ],\n  \"design\"")),
        ("a comment", DOCUMENT.replace("\"findings\": [", "// here they come\n\"findings\": [ /* two */")),
        ("a line end inside a string", DOCUMENT.replace("64 is magic.", "64 is\nmagic.")),
        ("a name without quotation marks", DOCUMENT.replace("\"verdict\":", "verdict:")),
    ] {
        assert_ne!(text, DOCUMENT, "{damage}");
        let reading = read(&text, &context());
        let found: Vec<&str> = reading.findings.iter().map(|finding| finding.title.as_str()).collect();
        assert_eq!(found, wanted, "{damage}");
        assert!(
            reading.notes.iter().any(|note| note.text.contains(damage) && note.line > 0),
            "{damage}: {:?}",
            reading.notes
        );
    }
}

#[test]
fn a_document_that_breaks_off_anywhere_is_never_whole() {
    let first = DOCUMENT.find("Name the limit").expect("it is there");
    for cut in (200..DOCUMENT.len() - 2).filter(|cut| DOCUMENT.is_char_boundary(*cut)) {
        let reading = read(&DOCUMENT[..cut], &context());
        assert!(!matches!(reading.state, ReadingState::Reviewed), "cut at {cut}: {:?}", reading.state);
        if cut > first + 20 {
            assert_eq!(reading.findings.len(), 2, "cut at {cut}");
            assert!(matches!(reading.state, ReadingState::Truncated { .. }), "cut at {cut}");
        }
    }
}

#[test]
fn missing_and_foreign_fields_are_notes() {
    let text = r#"{"schema": "deep-review/review/v1", "summary": "x", "findings": [
      {"title": "[P1] Only a title"},
      {"problem": "Only a problem. With two sentences.", "severity": "blocker", "file": "a.rs", "line": "10-12"},
      {"severity": "high", "title": "High", "location": "b.rs:3"},
      {"severity": "banana", "title": "Unknown"},
      {"severity": 3, "title": "By number", "code_location": {"absolute_file_path": "/home/me/repo/c.rs", "line_range": {"start": 5, "end": 6}}},
      "only a text",
      {"nothing": true},
      7
    ]}"#;
    let reading = read(text, &Context::default());
    let found: Vec<(&str, Severity)> =
        reading.findings.iter().map(|finding| (finding.title.as_str(), finding.severity)).collect();
    assert_eq!(
        found,
        [
            ("Only a title", Severity::Important),
            ("Only a problem", Severity::Critical),
            ("High", Severity::Important),
            ("Unknown", Severity::Suggestion),
            ("By number", Severity::Suggestion),
            ("only a text", Severity::Suggestion),
        ]
    );
    assert_eq!(
        (reading.findings[1].locations[0].start, reading.findings[1].locations[0].end),
        (Some(10), Some(12))
    );
    assert_eq!(reading.findings[2].locations[0].path, "b.rs");
    assert_eq!(
        (reading.findings[4].locations[0].path.as_str(), reading.findings[4].locations[0].end),
        ("repo/c.rs", Some(6))
    );
    for words in [
        "\"blocker\" read as critical",
        "\"banana\" is unknown",
        "without a title",
        "left out",
        "only a text",
    ] {
        assert!(reading.notes.iter().any(|note| note.text.contains(words)), "{words}: {:?}", reading.notes);
    }
}

#[test]
fn several_documents_lose_nothing() {
    let draft = r#"{"schema":"deep-review/review/v1","summary":"draft","findings":[{"title":"A","severity":"high"},{"title":"Only in the draft","severity":"low"}]}"#;
    let last = r#"{"schema":"deep-review/review/v1","summary":"final","findings":[{"title":"A","severity":"critical"},{"title":"B","severity":"low"}]}"#;
    let reading = read(&format!("First:\n{draft}\nNow final:\n{last}\n"), &Context::default());
    assert_eq!(reading.summary.as_deref(), Some("final"));
    let mut found: Vec<&str> = reading.findings.iter().map(|finding| finding.title.as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, ["A", "B", "Only in the draft"]);
    assert!(reading.notes.iter().any(|note| note.text.contains("another document")));
    let indices: Vec<u32> = reading.findings.iter().map(|finding| finding.index).collect();
    assert_eq!(indices, [0, 1, 2]);
}

#[test]
fn failures_in_wrappers_are_failures() {
    for text in [
        r#"{"type":"result","is_error":true,"result":"You've hit your usage limit."}"#,
        r#"{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota)."}}"#,
        r#"{"type":"result","is_error":false,"result":""}"#,
    ] {
        let state = read(text, &Context::default()).state;
        assert!(!matches!(state, ReadingState::Reviewed), "{text}: {state:?}");
    }
}

#[test]
fn markdown_in_a_wrapper_is_read_as_markdown() {
    let text = serde_json::json!({"type": "result", "result": "## Critical Issues\n\nC1. **A** — `a.rs:1` (critical, gap)\n\nBody.\n"}).to_string();
    let reading = read(&text, &Context::default());
    assert_eq!((reading.parsed_as, reading.findings.len()), (ParsedAs::Markdown, 1));
    assert_eq!(reading.findings[0].span, None);
}

#[test]
fn the_chosen_parser_is_obeyed() {
    let markdown = "## Critical Issues\n\nC1. **A** — `a.rs:1` (critical, gap)\n";
    let as_json = Context { parser: Parser::Json, ..Context::default() };
    assert!(matches!(read(markdown, &as_json).state, ReadingState::UnableToReview { .. }));
    let as_markdown = Context { parser: Parser::Markdown, ..Context::default() };
    assert_eq!(read(DOCUMENT, &as_markdown).parsed_as, ParsedAs::Markdown);
}

#[test]
fn findings_may_come_as_a_list_or_in_groups() {
    let list = r#"[{"title":"A","severity":"critical"},{"title":"B","severity":"nit"}]"#;
    assert_eq!(titles(list), ["A", "B"]);
    let groups = r#"{"summary":"x","verdict":"y","schema":"deep-review/review/v1","findings":{"critical":[{"title":"A"}],"suggestions":[{"title":"B"}]}}"#;
    let reading = read(groups, &Context::default());
    let severities: Vec<Severity> = reading.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Critical, Severity::Suggestion]);
}
