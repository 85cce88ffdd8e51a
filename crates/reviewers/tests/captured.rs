//! Output of the real programs, captured once, read by the shipped adapters.
//!
//! In: a folder of captures named by `DEEP_REVIEW_SAMPLES`, files `<agent>-<case>.jsonl`. Out: what each must be read as.
//! Prints `skipped: …` without the folder.

use model::FailureClass::{
    Auth, Configuration, ContextTooLong, Incomplete, Overload, Quota, RateLimit, Sandbox, Transient,
};
use reviewers::agent::{AgentAnswer, Catalogue, ProcessEnd, read_stream};

/// Agent, case, exit code, and what it must be: none for a review.
const CASES: &[(&str, &str, i32, Option<model::FailureClass>)] = &[
    ("claude", "ok", 0, None),
    ("claude", "structured", 0, None),
    ("claude", "auth", 1, Some(Auth)),
    ("claude", "context", 1, Some(ContextTooLong)),
    ("claude", "credit", 1, Some(Quota)),
    ("claude", "empty", 0, Some(Incomplete)),
    ("claude", "max-turns", 1, Some(Incomplete)),
    ("claude", "overload", 1, Some(Overload)),
    ("claude", "rate", 1, Some(RateLimit)),
    ("claude", "sigint", 0, Some(Configuration)), // captured with a shell among its tools,
    ("claude", "truncated", 1, Some(Incomplete)),
    ("claude", "bad-structured", 1, Some(Incomplete)),
    ("codex", "ok", 0, None),
    ("codex", "structured", 0, None),
    ("codex", "auth", 1, Some(Auth)),
    ("codex", "close-mid", 1, Some(Transient)),
    ("codex", "context", 1, Some(ContextTooLong)),
    ("codex", "empty", 0, Some(Incomplete)),
    ("codex", "no-userns", 0, Some(Sandbox)),
    ("codex", "overload", 1, Some(Overload)),
    ("codex", "quota", 1, Some(Quota)),
    ("codex", "rate", 1, Some(RateLimit)),
    ("codex", "server", 1, Some(Transient)),
    ("codex", "truncated", 1, Some(Incomplete)),
    ("gemini", "auth", 144, Some(Auth)),
    ("gemini", "close-mid", 1, Some(Transient)),
    ("gemini", "context", 144, Some(ContextTooLong)),
    ("gemini", "empty", 0, Some(Incomplete)),
    ("gemini", "loop", 0, Some(Incomplete)),
    ("gemini", "max-turns", 53, Some(Incomplete)),
    ("gemini", "overload", 247, Some(Overload)),
    ("gemini", "rate", 173, Some(RateLimit)),
    ("gemini", "stream-overload", 0, Some(Transient)),
    ("gemini", "truncated", 0, Some(Incomplete)),
    ("opencode", "ok", 0, None),
    ("opencode", "context", 1, Some(ContextTooLong)),
    ("opencode", "rate", 1, Some(RateLimit)),
    ("opencode", "truncated", 0, Some(Incomplete)),
    ("qwen", "auth", 1, Some(Auth)),
    ("copilot", "auth", 1, Some(Auth)),
    ("copilot", "rate", 1, Some(RateLimit)),
];

/// These agents do not tell a cut answer from a whole one, and the captured answers have no document of ours at the
/// beginning of a line or no end mark; with one of them in front they must be reviews.
const UNMARKED: &[&str] = &["gemini", "qwen", "copilot"];

#[test]
#[expect(clippy::disallowed_methods, reason = "tests find recorded material through the environment")]
fn captured_output_is_read_as_what_it_was() {
    let Some(folder) = std::env::var_os("DEEP_REVIEW_SAMPLES").map(std::path::PathBuf::from) else {
        println!("skipped: DEEP_REVIEW_SAMPLES names no folder of captured output");
        return;
    };
    let all = Catalogue::shipped();
    let mut wrong = Vec::new();
    for (agent, case, exit, wanted) in CASES {
        let path = folder.join(format!("{agent}-{case}.jsonl"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let end = ProcessEnd { exit: Some(*exit), ..ProcessEnd::default() };
        let answer = read_stream(all.get(agent).unwrap(), &bytes, &end);
        let class = answer.failure.as_ref().map(|failure| failure.class);
        if class != *wanted || answer.complete != wanted.is_none() {
            wrong.push(format!("{agent} {case}: {:?}, complete {}", answer.failure, answer.complete));
        }
        figures(agent, case, &answer, &mut wrong);
    }
    for agent in UNMARKED {
        let bytes = std::fs::read(folder.join(format!("{agent}-ok.jsonl"))).unwrap();
        let end = ProcessEnd { exit: Some(0), ..ProcessEnd::default() };
        let answer = read_stream(all.get(agent).unwrap(), &bytes, &end);
        if !answer.text.contains("division by zero") || answer.failure.is_some() {
            wrong.push(format!("{agent} ok: {answer:?}"));
        }
        figures(agent, "ok", &answer, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every model call of the captures used 1000 tokens (200 of them cached, 50 written to a cache) and wrote 100.
fn figures(agent: &str, case: &str, answer: &AgentAnswer, wrong: &mut Vec<String>) {
    let tokens = answer.tokens.map(|tokens| (tokens.input, tokens.output));
    let wanted = match (agent, case) {
        ("claude", "ok") => Some((2500, 200)),
        ("codex", "ok") => Some((3000, 300)),
        ("gemini" | "opencode" | "qwen", "ok") => Some((2000, 200)),
        _ => return,
    };
    if tokens != wanted || answer.tool_calls.total() == 0 {
        wrong.push(format!("{agent} {case}: {tokens:?}, {} tools", answer.tool_calls.total()));
    }
}
