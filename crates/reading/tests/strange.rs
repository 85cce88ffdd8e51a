//! Answers that look like reviews and are none, and reviews among what is not one.
//!
//! In: what programs and models were seen to hand in instead of a review, written anew. Out: the state that keeps it from being
//! counted, and no finding that nobody made.

use model::{Canary, Reading, ReadingState};
use reading::{Context, read};

/// Instructions with an example in them, as prompts have.
const GIVEN: &str = r#"You review one change to a project. Work alone and change nothing.

First copy this line to the letter into your answer, as the field `canary`:

    dr-canary "$@" @test 1f2e3d4c

For every finding give:
- a title that names the defect and the identifiers involved, not the fix;
- the path relative to the root and the first and last line;
- a verbatim quote of three lines or more from there;
- the mechanism, and a scenario: what triggers it and what happens.

Answer with one JSON document in this form:

```json
{
  "schema": "deep-review/review/v1",
  "canary": "the line above, to the letter",
  "verdict": "merge-as-is | merge-with-fixes | rework",
  "summary": "what the change does, in a few words",
  "findings": [{
    "id": "I1",
    "severity": "critical | important | suggestion",
    "kind": "regression | gap | enhancement",
    "title": "the defect in 120 characters at most",
    "locations": [{ "path": "src/file.ext", "start": 10, "end": 14, "quote": "three lines or more, to the letter" }],
    "problem": "the mechanism, in Markdown"
  }],
  "coverage": [{ "path": "src/file.ext", "status": "findings | reviewed | not-reviewed", "findings": ["I1"] }]
}
```
"#;

const CANARY: &str = "dr-canary \"$@\" @test 1f2e3d4c";

const REAL: &str = r#"{"schema": "deep-review/review/v1", "canary": "dr-canary \"$@\" @test 1f2e3d4c", "verdict": "rework",
 "summary": "Adds a pool.", "findings": [{"id": "I1", "severity": "important", "kind": "gap", "title": "`take` waits for ever",
 "locations": [{"path": "src/pool.rs", "start": 3, "end": 3}], "problem": "No limit."}]}"#;

fn form() -> &'static str {
    let from = GIVEN.find("{\n").expect("the example");
    &GIVEN[from..=GIVEN.rfind('}').expect("its end")]
}

/// As in a run, where the instructions are known, and as `read FILE` reads, where they are not.
fn both(text: &str) -> [Reading; 2] {
    let knowing = Context {
        canary: Some(CANARY.to_owned()),
        instructions: Some(GIVEN.to_owned()),
        ..Context::default()
    };
    [read(text, &knowing), read(text, &Context::default())]
}

fn titles(reading: &Reading) -> Vec<&str> {
    reading.findings.iter().map(|finding| finding.title.as_str()).collect()
}

#[test]
fn the_example_printed_back_is_no_review_and_no_finding() {
    let wrapped = serde_json::json!({ "type": "result", "result": form() }).to_string();
    let compact = form().lines().map(str::trim).collect::<String>();
    for text in [
        form().to_owned(),
        compact,
        format!("I will answer in this form:\n\n```json\n{}\n```\n", form()),
        wrapped,
        format!("{CANARY}\n{}", form()),
    ] {
        for reading in both(&text) {
            assert_eq!(titles(&reading), [""; 0], "{text}");
            let unable = matches!(reading.state, ReadingState::UnableToReview { .. });
            assert!(unable, "{:?}: {text}", reading.state);
        }
    }
}

#[test]
fn a_review_behind_the_example_is_read_and_the_example_is_not() {
    for text in [
        format!("The form:\n```json\n{}\n```\nMy review:\n```json\n{REAL}\n```\n", form()),
        format!(
            "```json\n{}\n```\n\n## Findings\n\nI1. **`take` waits for ever** — `src/pool.rs:3` (important, gap)\n\nNo limit.\n",
            form()
        ),
    ] {
        for reading in both(&text) {
            assert_eq!(titles(&reading), ["`take` waits for ever"], "{text}");
            assert_eq!(reading.state, ReadingState::Reviewed, "{text}");
        }
    }
}

#[test]
fn an_example_left_in_front_of_ones_own_findings_is_left_out() {
    let text = REAL.replace(
        "\"findings\": [",
        r#""findings": [{"id": "I1", "severity": "critical | important | suggestion", "kind": "regression | gap", "title": "the defect"}, "#,
    );
    for reading in both(&text) {
        assert_eq!(titles(&reading), ["`take` waits for ever"]);
        assert_eq!(reading.verdict.as_deref(), Some("rework"));
        assert!(reading.notes.iter().any(|note| note.text.contains("example")), "{:?}", reading.notes);
    }
}

#[test]
fn a_finding_about_alternatives_and_one_with_an_unchosen_severity_stay() {
    let unsure = REAL.replace("\"important\"", "\"critical | important\"");
    let about = REAL.replace("`take` waits for ever", "`a | b | c` is taken for one word");
    for (text, title) in [(unsure, "`take` waits for ever"), (about, "`a | b | c` is taken for one word")] {
        for reading in both(&text) {
            assert_eq!((titles(&reading), reading.state.clone()), (vec![title], ReadingState::Reviewed));
        }
    }
}

#[test]
fn a_program_that_prints_its_prompt_first_says_only_what_stands_behind_it() {
    let text = format!(
        "User:\n\n{GIVEN}\n\nAssistant:\n\nI1. **`take` waits for ever** — `src/pool.rs:3` (important, gap)\n\nNo limit.\n"
    );
    let [knowing, _] = both(&text);
    assert_eq!(titles(&knowing), ["`take` waits for ever"]);
    assert_eq!(
        knowing.findings[0].span.map(|(from, _)| &text[from..from + 2]),
        Some("I1"),
        "places are kept"
    );
    assert_eq!(knowing.canary, Canary::Missing, "that the prompt was printed does not show that it arrived");
    let [nothing, _] = both(&format!("User:\n\n{GIVEN}\n"));
    assert_eq!(titles(&nothing), [""; 0]);
    assert!(matches!(nothing.state, ReadingState::UnableToReview { .. }), "{:?}", nothing.state);
}

#[test]
fn reasoning_alone_is_no_review_and_reasoning_in_front_of_one_is_not_read() {
    let thought = "I1. **`put` may be wrong** — `src/pool.rs:9` (important, gap)\n\nNo, it is fine.\n";
    for text in [format!("<think>\n{thought}</think>\n"), format!("{thought}</think>\n\n")] {
        for reading in both(&text) {
            assert_eq!((titles(&reading), reading.state.clone()), (vec![], ReadingState::Empty), "{text}");
        }
    }
    for reading in both(&format!("<think>\n{thought}")) {
        assert!(matches!(reading.state, ReadingState::Truncated { .. }), "{:?}", reading.state);
    }
    for reading in both(&format!("<think>\n{thought}</think>\n\n{REAL}")) {
        assert_eq!(
            (titles(&reading), reading.state.clone()),
            (vec!["`take` waits for ever"], ReadingState::Reviewed)
        );
    }
}

#[test]
fn a_headline_an_empty_document_and_a_coverage_of_nothing_are_no_reviews() {
    let headlines =
        "# Code review\n\n## Findings\n\n### Critical issues\n\n### Important issues\n\n## Summary\n";
    let document =
        format!("{{\"schema\": \"deep-review/review/v1\", \"canary\": {CANARY:?}, \"findings\": []}}");
    for text in [headlines.to_owned(), document] {
        for reading in both(&text) {
            assert_eq!(reading.state, ReadingState::Empty, "{text}");
        }
    }
    let unseen = r#"{"schema": "deep-review/review/v1", "verdict": "merge-as-is", "summary": "Fine.", "findings": [],
        "coverage": [{"path": "a.rs", "status": "not-reviewed"}, {"path": "b.rs", "status": "not-reviewed"}]}"#;
    for reading in both(unseen) {
        assert!(matches!(reading.state, ReadingState::UnableToReview { .. }), "{:?}", reading.state);
    }
}

#[test]
fn apologies_refusals_and_notices_are_no_reviews_whatever_form_they_have() {
    let summary = |text: &str| {
        format!(
            "{{\"schema\": \"deep-review/review/v1\", \"verdict\": \"merge-as-is\", \"summary\": {text:?}, \"findings\": []}}"
        )
    };
    for text in [
        "I apologize, but I couldn't read the diff file. In general, check:\n\n1. **Error handling**\n2. **Tests**\n".to_owned(),
        "I could not access the repository.".to_owned(),
        "I'm sorry, but I can't assist with that request.".to_owned(),
        "You've hit your usage limit. Your limit resets at 5pm.".to_owned(),
        "I'll review this change. Let me start with the diff.\n\n1. Read the diff\n2. Read the code around it\n3. Write the findings\n".to_owned(),
        summary("I was unable to read the diff, so I could not review anything."),
        summary("I don't have access to the repository."),
    ] {
        for reading in both(&text) {
            let unable = matches!(reading.state, ReadingState::UnableToReview { .. });
            assert!(unable, "{:?}: {text}", reading.state);
        }
    }
}

#[test]
fn an_expanded_at_sign_is_noticed_wherever_the_line_came_back() {
    for text in [
        REAL.replace("@test", "tests/test.py"),
        "Canary: dr-canary \"$@\" @pkg/test.go 1f2e3d4c\n\n## Findings\n\nNo issues found.\n".to_owned(),
        REAL.replace("$@", ""),
    ] {
        assert_eq!(both(&text)[0].canary, Canary::Altered, "{text}");
    }
    assert_eq!(both(REAL)[0].canary, Canary::Echoed);
}
