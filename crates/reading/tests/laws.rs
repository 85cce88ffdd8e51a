//! Laws that hold for every text.
//!
//! In: random texts made of the stuff reviews are made of. Out: a failed test with the text that breaks a law: reading
//! never panics, is deterministic, counts its findings, and every span points at characters of the text.

use std::fmt::Write as _;

use proptest::prelude::*;
use reading::{Context, Parser, read, read_report};

/// Pieces from which reviews, reports and attacks are made.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "## Critical Issues\n",
        "### Findings\n\n",
        "**Important Issues**\n\n",
        "- **Suggestions**\n",
        "## Design Observations\n",
        "## Testing Assessment\n",
        "I1. **Title** — `a/b.rs:1-2` (important, regression)\n\n",
        "**C1. Title — `a.rs:1`** *(critical, gap)*\n",
        "1. **One** — [x.go:3](/Users/a/x.go#L3)\n",
        "### [CRITICAL] a.rs:3 — Title\n",
        "- [P1] Title — /tmp/x/a.rs:1-2\n",
        "```rust\ncode\n```\n",
        "```diff\n-a\n+b\n```\n",
        "```",
        "````\n",
        "~~~\n",
        "\n\n",
        "Fix: do it.\n",
        "**Problem:** bad.\n",
        "- Severity: high\n",
        "> quoted\n",
        "    indented\n",
        "---\n",
        "| a | b |\n|---|---|\n| c | d |\n",
        "None.\n",
        "<details>\n<summary>x</summary>\n",
        "</details>\n",
        "*Consolidation note: x*\n",
        "{\"findings\":[{\"title\":\"x\"}]}",
        "{\"schema\":\"deep-review/review/v1\",",
        "\"findings\":[",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        "\\u",
        "\\ud800",
        ",",
        ":",
        "# Deep Review: x\n",
        "| **Reviewers** | A, B |\n",
        "## Appendix: Original Reviews\n",
        "### [A] — Pass 1\n",
        "## Resolution\n",
        "\u{202e}",
        "\u{200b}",
        "\u{feff}",
        "é",
        "😀",
        "`",
        "**",
        "~~",
        "\r\n",
        "\r",
        "\u{c}",
        "\u{2028}",
        "\0",
        "\t",
        "(",
        ")",
        "—",
        "dr-canary \"$@\" @test 1a2b3c4d",
        "1. ",
        "- ",
        "> ",
        "Lines 10–14",
        ":4294967296",
        "a.rs:99999999999",
        "L1-L0",
        "C0.",
        "I999.",
        "[](",
        "![](x)",
        "<b>",
        "<!--",
        "&amp;",
        "#######",
        "Verdict: x\n",
    ])
    .prop_map(str::to_owned);
    prop_oneof![6 => fixed, 1 => "\\PC{0,12}", 1 => "[ -~\\n]{0,24}"]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

/// Parsers and a canary.
fn contexts() -> [Context; 3] {
    let canary = Some("dr-canary \"$@\" @test 1a2b3c4d".to_owned());
    [
        Context {
            instructions: Some(
                "## Findings\n\n- one\n- two\n\n{\"findings\": [{\"title\": \"a title\"}]}\n".repeat(4),
            ),
            canary,
            changed: vec!["a/b.rs".into(), "x.go".into()],
            worktree_prefixes: vec!["/tmp/x".to_owned()],
            parser: Parser::Auto,
        },
        Context { parser: Parser::Markdown, ..Context::default() },
        Context { parser: Parser::Json, ..Context::default() },
    ]
}

fn check(text: &str) -> Result<(), TestCaseError> {
    for context in contexts() {
        let reading = read(text, &context);
        prop_assert_eq!(&reading, &read(text, &context), "reading twice gives the same");
        let mut ids = std::collections::HashSet::new();
        for (at, finding) in reading.findings.iter().enumerate() {
            prop_assert_eq!(finding.index as usize, at);
            prop_assert!(!finding.title.is_empty(), "a finding has a title");
            prop_assert!(ids.insert(finding.id.clone()), "labels are unique: {}", finding.id);
            if let Some((start, end)) = finding.span {
                prop_assert!(start <= end && end <= text.len(), "{start}..{end} of {}", text.len());
                prop_assert!(text.is_char_boundary(start) && text.is_char_boundary(end));
            }
            for place in &finding.locations {
                prop_assert!(place.start.is_none_or(|start| start > 0));
                prop_assert!(place.end >= place.start);
                prop_assert!(!place.path.is_empty() && !place.path.starts_with('/'));
            }
        }
        let lines = text.lines().count() + 1;
        for note in &reading.notes {
            prop_assert!((note.line as usize) <= lines, "note on line {} of {lines}", note.line);
        }
    }
    let report = read_report(text);
    for original in &report.originals {
        prop_assert!(original.span.0 <= original.span.1 && original.span.1 <= text.len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_text_keeps_the_laws(text in text()) {
        check(&text)?;
    }

    #[test]
    fn a_review_cut_anywhere_keeps_the_laws(cut in 0usize..6000) {
        let whole = include_str!("../fixtures/report.md");
        let cut = (0..=cut.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        check(&whole[..cut])?;
    }

    #[test]
    fn every_title_written_is_found_again(words in prop::collection::vec("[a-z]{2,9}( `[a-z_]{1,9}`)?", 1..6), line in 1u32..5000) {
        let titles: Vec<String> = words.iter().enumerate().map(|(at, word)| format!("Case {at} breaks {word}")).collect();
        let mut text = String::from("## Important Issues\n\n");
        for (at, title) in titles.iter().enumerate() {
            let _ = write!(text, "I{}. **{title}** — `src/a.rs:{line}` (important, gap)\n\nBecause of it.\n\n", at + 1);
        }
        let reading = read(&text, &Context::default());
        let found: Vec<&str> = reading.findings.iter().map(|finding| finding.title.as_str()).collect();
        prop_assert_eq!(found, titles.iter().map(String::as_str).collect::<Vec<_>>());
        for finding in &reading.findings {
            let (start, end) = finding.span.unwrap_or_default();
            prop_assert!(text[start..end].contains(&finding.title));
        }
    }
}
