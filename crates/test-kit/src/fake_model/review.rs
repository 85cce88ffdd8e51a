//! The canned review, and the repository it is about.
//!
//! In: nothing, or the canary of a prompt. Out: one true finding about `src/calc.py`, as JSON and as Markdown. Never
//! depends on what a model would say.

use serde_json::{Value, json};

use crate::TestRepo;

/// The file the canned review is about.
pub const CALC_PATH: &str = "src/calc.py";
/// The file on `main`.
pub const CALC_BEFORE: &str = "def mean(values):\n    if not values:\n        return 0.0\n    return sum(values) / len(values)\n\n\ndef double(value):\n    return value * 2\n";
/// The file on `feature`: without its guard.
pub const CALC_AFTER: &str = "def mean(values):\n    total = sum(values)\n    return total / len(values)\n\n\ndef double(value):\n    return value * 2\n";
/// The title of the one finding.
pub const TITLE: &str = "`mean()` divides by zero for an empty list";
const PROBLEM: &str =
    "The guard `if not values` is gone, so `len(values)` is 0 and the division raises `ZeroDivisionError`.";
const SUMMARY: &str = "The change rewrites `mean()` and loses the answer for an empty list.";
const VERDICT: &str = "merge-with-fixes";

/// A repository with `src/calc.py` on `main` and a branch `feature`, checked out, that breaks it.
pub fn calc_repository() -> TestRepo {
    let repo = TestRepo::new();
    repo.write(CALC_PATH, CALC_BEFORE).write("README.md", "# calc\n\nArithmetic.\n").commit("calc");
    repo.branch("feature").write(CALC_PATH, CALC_AFTER).commit("mean: add up first");
    repo
}

fn quote() -> String {
    CALC_AFTER.lines().take(3).collect::<Vec<_>>().join("\n")
}

/// The review as the document that prompts ask for.
pub(crate) fn document(canary: Option<&str>) -> Value {
    let mut document = json!({
        "schema": "deep-review/review/v1",
        "verdict": VERDICT,
        "summary": SUMMARY,
        "findings": [{
            "id": "I1", "severity": "important", "kind": "regression", "category": "correctness", "title": TITLE,
            "locations": [{ "path": CALC_PATH, "start": 1, "end": 3, "side": "head", "role": "primary", "quote": quote() }],
            "problem": PROBLEM,
            "scenario": {
                "trigger": "`mean([])`", "result": "`ZeroDivisionError`", "expected": "0.0", "likelihood": "common",
                "reach": "default",
            },
            "fix": { "text": "Return 0.0 for an empty list." },
        }],
        "coverage": [{ "path": CALC_PATH, "status": "findings", "findings": ["I1"] }],
    });
    if let Some(canary) = canary {
        document["canary"] = canary.into();
    }
    document
}

/// The review in Markdown.
pub(crate) fn markdown(canary: Option<&str>) -> String {
    let canary = canary.map(|line| format!("    {line}\n\n")).unwrap_or_default();
    format!(
        "# Review\n\n{canary}{SUMMARY}\n\n## Findings\n\n### I1. [important] {TITLE}\n\n`{CALC_PATH}:1-3`\n\n```python\n{}\n```\n\n{PROBLEM}\n\n**Fix**: return 0.0 for an empty list.\n\n## Verdict\n\n{VERDICT}\n",
        quote()
    )
}
