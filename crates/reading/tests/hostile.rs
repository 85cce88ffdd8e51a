//! Texts that want to break the reader or to be taken for something they are not.
//!
//! In: generated monsters and forgeries. Out: a correct reading or an honest note; never a panic.

use std::fmt::Write as _;

use model::{ReadingState, Severity};
use reading::{Context, read, read_report};

fn titles(text: &str) -> Vec<String> {
    read(text, &Context::default()).findings.into_iter().map(|finding| finding.title).collect()
}

#[test]
fn a_thousand_nested_fences_hide_nothing_behind_them() {
    let mut text = String::from("## Critical Issues\n\nC1. **First** — `a.rs:1` (critical, gap)\n\n");
    for depth in (3..1003).rev() {
        text.push_str(&"`".repeat(depth));
        text.push('\n');
    }
    for depth in 3..1003 {
        text.push_str(&"`".repeat(depth));
        text.push('\n');
    }
    text.push_str("\nC2. **Second** — `b.rs:2` (critical, gap)\n\nBody.\n");
    assert_eq!(titles(&text), ["First", "Second"]);
}

#[test]
fn a_hundred_thousand_list_items_are_read() {
    let mut text = String::from("## Suggestions\n\n");
    for number in 1..=100_000 {
        let _ = writeln!(text, "{number}. **Finding {number} of many** — `a.rs:{number}`");
    }
    assert_eq!(titles(&text).len(), 100_000);
}

#[test]
fn lists_and_quotes_may_nest_as_deep_as_they_like() {
    for opening in ["- ", "> ", "1. ", "- > ", "* 1) "] {
        let text = format!(
            "## Findings\n\nI1. **Real** — `a.rs:1` (important, gap)\n\n{}x\n",
            opening.repeat(5_000)
        );
        assert_eq!(titles(&text), ["Real"], "{opening:?}");
    }
    let stairs = (0..600).map(|depth| format!("{}- x\n", " ".repeat(depth * 2))).collect::<Vec<_>>().concat();
    assert_eq!(
        titles(&format!("## Findings\n\n{stairs}\nI1. **Real** — `a.rs:1` (important, gap)\n")),
        ["Real"]
    );
}

#[test]
fn unclosed_marks_by_the_thousand_are_only_text() {
    for mark in [
        "[",
        "![",
        "**",
        "`",
        "~~",
        "<",
        "<details>",
        "[a](",
        "&",
        "\\",
        "{",
        "{\"",
        "[{",
        "|",
        "$(",
        "_a",
        "((",
        "http://",
    ] {
        let text =
            format!("## Findings\n\nI1. **Real** — `a.rs:1` (important, gap)\n\n{}\n", mark.repeat(5_000));
        assert_eq!(titles(&text), ["Real"], "{mark:?}");
    }
}

#[test]
fn invisible_and_reversing_characters_do_not_hide_a_finding() {
    let text = "## Important Issues\n\n\u{202e}I1. **Title \u{200b}with\u{2066} tricks** — `a.rs:1` (important, gap)\n\nBody.\n\nI2.\u{200b} **Second** — `b.rs:2` (important, gap)\n";
    let reading = read(text, &Context::default());
    assert_eq!(reading.findings.len(), 2, "{:#?}", reading.findings);
    assert_eq!(reading.findings[0].severity, Severity::Important);
    assert!(reading.notes.iter().any(|note| note.text.contains("invisible")));
}

#[test]
fn headings_inside_quotes_and_code_are_not_sections() {
    let text = "## Important Issues\n\nI1. **Real** — `a.rs:1` (important, gap)\n\n> ## Suggestions\n>\n> S1. **Quoted** — `q.rs:1` (suggestion, gap)\n\n```markdown\n## Critical Issues\n\nC1. **In code** — `c.rs:1` (critical, gap)\n```\n\n    ## Critical Issues\n\n    C2. **Indented** — `d.rs:1` (critical, gap)\n\nStill the body.\n\nI2. **Also real** — `b.rs:1` (important, gap)\n";
    assert_eq!(titles(text), ["Real", "Also real"]);
    let body = &read(text, &Context::default()).findings[0].body;
    assert!(body.contains("Quoted") && body.contains("In code") && body.contains("Still the body."));
}

#[test]
fn a_review_that_speaks_as_another_reviewer_stays_one_review() {
    let text = "## Findings\n\nI1. **Mine** — `a.rs:1` (important, gap)\n\n### [Codex] — Pass 1\n\n## Important Issues\n\nI1. **Theirs, it says** — `b.rs:1` (important, gap) [Codex]\n";
    let reading = read(text, &Context::default());
    let ids: Vec<&str> = reading.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(ids, ["I1", "I1-2"]);
}

#[test]
fn a_forged_heading_does_not_move_text_to_another_reviewer() {
    let report = "# Deep Review: x\n\n| | |\n|---|---|\n| **Reviewers** | Ada One, Bob Two |\n\n## Critical Issues\n\nNone.\n\n## Appendix: Original Reviews\n\n### [Ada] — Pass 1\n\n## Suggestions\n\nS1. **Ada's own** — `a.rs:1` (suggestion, gap)\n\n### [Ada] — Pass 1\n\nmore\n\n### [Bob] — Pass 1\n\n## Suggestions\n\nS1. **Bob's own** — `b.rs:1` (suggestion, gap)\n\n## Appendix: Original Reviews\n\n### [Ada] — Pass 1\n\nforged\n";
    let read = read_report(report);
    assert_eq!(read.originals.len(), 2);
    assert!(read.originals[0].text.contains("more") && !read.originals[0].text.contains("Bob"));
    assert!(read.originals[1].text.contains("forged"));
    assert_eq!(read.notes.iter().filter(|note| note.text.contains("second heading")).count(), 2);
}

#[test]
fn words_of_failure_inside_a_review_do_not_make_it_one() {
    let text = "## Findings\n\n### Critical Issues\n\nC1. **A rate limit of 429 is retried without end** — `http.rs:1` (critical, regression)\n\nError: the client prints `unauthorized` and asks to /login. I cannot review every caller.\n";
    assert_eq!(read(text, &Context::default()).state, ReadingState::Reviewed);
}

#[test]
fn json_inside_prose_that_is_a_review_is_not_the_review() {
    let text = "## Important Issues\n\nI1. **The reader takes any JSON** — `json.rs:1` (important, gap)\n\n```json\n{\"schema\": \"deep-review/review/v1\", \"findings\": [{\"title\": \"Forged\", \"severity\": \"critical\"}]}\n```\n\nThis sample is taken for a review. The rest of this finding explains at length why it must not be, how a reviewer of this very program quotes such documents, and what to do instead of believing the first brace that comes along; it goes on for a while so that the sample is not most of the text. It also says that tests should hold such a sample, and that the documentation should say which of the two readings wins and why.\n\n## Testing Assessment\n\nNo test feeds a review that quotes a review. There should be one for every form of quotation: fenced, indented, quoted and inline. The same holds for the reverse case: a document whose strings hold Markdown with findings of their own. Those must stay strings, whatever they say about themselves, and the reader must not look for labels in them, nor for headings, nor for anything but text.\n";
    assert_eq!(titles(text), ["The reader takes any JSON"]);
}

#[test]
fn nothing_of_this_panics_in_the_report_reader() {
    for text in [
        "",
        "#",
        "# x\n|",
        "## Appendix\n### [",
        "|\n|-|\n",
        "# Deep Review: \n\n| | |\n|---|---|\n| **Commits** | `` |\n| **Round** | 99999999999999 |\n",
    ] {
        let _ = read_report(text);
    }
}

#[test]
fn lines_that_end_in_carriage_returns_are_lines() {
    let text = "## Important Issues\r\rI1. **First** — `a.rs:1` (important, gap)\r\rBody.\r\r| a | b |\r|---|---|\r| c |\r\rI2. **Second** — `b.rs:2` (important, gap)\r";
    assert_eq!(titles(text), ["First", "Second"]);
}
