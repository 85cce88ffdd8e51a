//! Payloads for whatever shows a report: a terminal, a browser, a Markdown viewer, code scanning.
//!
//! In: an answer, and code, full of them. Out: every form shows them as text. The checks stand in `ground`: they are made for every
//! attack of every family.

use std::fmt::Write as _;

use crate::common::findings_of;
use crate::ground::{Attack, Ground, Seen};

/// Payloads, one a line.
const PAYLOADS: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "</code></pre><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](http://evil.test/x.png)",
    "[x]: javascript:alert(1)",
    "<a href=\"data:text/html,x\">x</a>",
    "\u{1b}[2J\u{1b}[31mred\u{1b}]0;title\u{7}",
    "\u{1b}]8;;http://evil.test\u{1b}\\here\u{1b}]8;;\u{1b}\\",
    "\u{9b}31m\u{90}q\u{9c}",
    "\u{202e}txet sdrawkcab\u{202c} \u{2066}x\u{2069} zero\u{200b}width",
    "```\n# A heading out of a fence\n```",
    "@everyone closes #1, fixes #2 cc @octocat",
    "<!-- deep-review:summary --> <!-- deep-review marker -->",
    "| a | b |\n|---|---|\n| `|` | x |",
    "&lt;script&gt; &#x3c;script&#x3e; \\u003cscript\\u003e",
    "::error file=a.rs::owned\n::set-output name=x::y",
    "$(touch mark) `touch mark` ; touch mark",
];

fn dictated(ground: &Ground, answer: &str) {
    let code = PAYLOADS
        .iter()
        .map(|payload| format!("// {}\n", payload.replace('\n', "\n// ")))
        .collect::<Vec<_>>()
        .concat();
    ground.write(
        "src/new.rs",
        format!("{code}pub fn first(items: &[u32]) -> u32 {{\n    dbg!(items[0])\n}}\n"),
    );
    ground.write("answer.md", answer);
}

fn markdown(ground: &Ground) {
    let mut answer = "## Findings\n\n### Important Issues\n".to_owned();
    for (at, payload) in PAYLOADS.iter().enumerate() {
        let title = payload.lines().next().unwrap_or_default();
        writeln!(answer, "\nI{}. **{title}** — `src/new.rs:{}` (important, gap)\n\n{payload}\n\n```rust\n// {title}\n```\n\nFix: {payload}",
            at + 1,
            at + 1).expect("a string takes everything");
    }
    writeln!(answer, "\n## Design\n\n- {0}\n\n## Testing\n\n- {0}\n\n## Verdict\n\n{0}", PAYLOADS[0])
        .expect("a string takes everything");
    dictated(ground, &answer);
}

fn json(ground: &Ground) {
    let findings: Vec<serde_json::Value> = PAYLOADS
        .iter()
        .map(|payload| {
            serde_json::json!({
                "id": payload, "severity": "important", "kind": "gap", "category": payload, "title": payload, "rule": payload,
                "locations": [{"path": payload, "start": 1, "quote": payload}, {"path": "src/new.rs", "start": 1, "quote": payload}],
                "problem": payload, "scenario": {"trigger": payload, "result": payload, "expected": payload},
                "fix": {"text": payload, "patch": payload},
            })
        })
        .collect();
    let answer = serde_json::json!({
        "schema": "deep-review/review/v1", "summary": PAYLOADS.join("\n"), "verdict": PAYLOADS[0], "findings": findings,
        "coverage": [{"path": PAYLOADS[1], "status": PAYLOADS[1]}],
    });
    dictated(ground, &answer.to_string());
}

/// The other forms can be made, and the findings are there.
fn every_form(ground: &Ground, seen: &Seen) {
    assert!(!findings_of(&seen.report, "parrot").is_empty(), "{:#}", seen.report["findings"]);
    for form in ["junit", "gitlab", "rdjson", "github-summary", "sarif"] {
        let made = ground.call(&["report", "-f", form]).expect(0).stdout;
        let is_order = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        assert!(!made.contains(is_order), "{form} has an order");
        match form {
            "junit" => assert!(!made.contains("<script") && !made.contains("<img"), "{made}"),
            "github-summary" => {
                let markers = crate::ground::outside_code(&made).matches("<!-- deep-review").count();
                assert!(
                    made.trim_start().starts_with("<!-- deep-review series") && markers == 1,
                    "{markers} markers:\n{made}"
                );
            }
            _ => drop(serde_json::from_str::<serde_json::Value>(&made).expect("JSON")),
        }
    }
    for finding in seen.report["findings"].as_array().into_iter().flatten().take(3) {
        let id = finding["id"].as_str().expect("an id");
        for words in [&["show", id, "--color", "never"][..], &["show", id, "--why", "--color", "never"]] {
            let shown = ground.call(words).expect(0).stdout;
            assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{id}: {shown:?}");
        }
    }
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "payloads in an answer in Markdown, and in code",
        build: markdown,
        reviewers: &["parrot"],
        code: 0,
        look: every_form,
    },
    Attack {
        name: "payloads in every field of an answer in JSON",
        build: json,
        reviewers: &["parrot"],
        code: 0,
        look: every_form,
    },
];

#[test]
fn no_form_of_a_report_acts() {
    Ground::new().try_all(ATTACKS);
}
