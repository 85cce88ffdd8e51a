//! How events become answers, on events written for these tests.
//!
//! In: a few lines a case, in the shapes the programs write. Out: text, figures, and why something is no review.

use model::FailureClass;
use proptest::prelude::*;
use reviewers::agent::{AgentAnswer, Catalogue, ProcessEnd, Seen, StreamReader, read_stream};

fn ended(exit: i32) -> ProcessEnd {
    ProcessEnd { exit: Some(exit), ..ProcessEnd::default() }
}

/// Read once: a property is tried with hundreds of streams.
fn shipped() -> &'static Catalogue {
    static ALL: std::sync::OnceLock<Catalogue> = std::sync::OnceLock::new();
    ALL.get_or_init(Catalogue::shipped)
}

fn read(agent: &str, lines: &[&str], end: &ProcessEnd) -> AgentAnswer {
    read_stream(shipped().get(agent).expect(agent), lines.join("\n").as_bytes(), end)
}

fn class(answer: &AgentAnswer) -> Option<FailureClass> {
    answer.failure.as_ref().map(|failure| failure.class)
}

const CLAUDE_INIT: &str =
    r#"{"type":"system","subtype":"init","tools":["Read","Grep","Glob"],"model":"m-1"}"#;
const CLAUDE_DONE: &str = r#"{"total_cost_usd":0.25,"modelUsage":{"m-1":{"inputTokens":10,"outputTokens":3,"cacheReadInputTokens":5,"cacheCreationInputTokens":1},"m-2":{"inputTokens":100,"outputTokens":30}},"is_error":false,"result":"second half","type":"result"}"#;

#[test]
fn text_before_a_tool_call_is_talk_and_a_continued_answer_is_one() {
    let talk = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Let me look."},{"type":"tool_use","name":"Read"}]}}"#;
    let first = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"first half, "}]}}"#;
    let second = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"second half"}]}}"#;
    let answer = read("claude", &[CLAUDE_INIT, talk, first, second, CLAUDE_DONE], &ended(0));
    assert_eq!(answer.text, "first half, second half");
    assert!(answer.complete && answer.failure.is_none(), "{answer:?}");
    assert_eq!(answer.tool_calls.sentence(), "Read 1");
    assert_eq!(answer.tokens.map(|tokens| (tokens.input, tokens.output)), Some((116, 33)));
    assert_eq!((answer.usd, answer.model.as_deref()), (Some(0.25), Some("m-1")));
}

#[test]
fn exit_code_0_proves_nothing() {
    for lines in [
        &[CLAUDE_INIT][..],
        &[],
        &["some words"],
        &[CLAUDE_INIT, r#"{"type":"result","is_error":false,"result":""}"#],
        &[CLAUDE_INIT, r#"{"type":"result","is_error":true,"result":"x","terminal_reason":"aborted_tools"}"#],
    ] {
        let answer = read("claude", lines, &ended(0));
        assert_eq!(class(&answer), Some(FailureClass::Incomplete), "{lines:?}");
        assert!(!answer.complete);
    }
}

#[test]
fn a_tool_beyond_reading_ends_the_attempt_at_once() {
    let all = shipped();
    let mut reader = StreamReader::new(all.get("claude").unwrap());
    let init = "{\"type\":\"system\",\"subtype\":\"init\",\"tools\":[\"Read\",\"Bash\"]}\n";
    let seen = reader.feed(init.as_bytes());
    assert!(matches!(&seen[..], [Seen::Unsafe(why)] if why.contains("Bash")), "{seen:?}");
    let stopped = ProcessEnd { stopped: true, ..ProcessEnd::default() };
    assert_eq!(class(&reader.finish(&stopped)), Some(FailureClass::Configuration));
}

#[test]
fn a_hopeless_retry_is_noticed_when_it_is_announced_and_a_passing_one_is_waited_for() {
    let all = shipped();
    let hopeless = [
        (
            "claude",
            r#"{"type":"system","subtype":"api_retry","error_status":401,"error":"authentication_failed"}"#,
        ),
        (
            "codex",
            r#"{"type":"error","message":"Reconnecting... 1/5 (unexpected status 401 Unauthorized: no key, url: http://h/v1)"}"#,
        ),
        ("copilot", r#"{"type":"assistant.turn_retry","data":{"reason":"authentication"}}"#),
    ];
    for (agent, line) in hopeless {
        let seen = StreamReader::new(all.get(agent).unwrap()).feed(format!("{line}\n").as_bytes());
        let [Seen::Hopeless(failure)] = &seen[..] else { panic!("{agent}: {seen:?}") };
        assert_eq!(failure.class, FailureClass::Auth, "{agent}");
        assert!(!failure.message.contains("http://"), "{agent}: {}", failure.message);
    }
    let passing = [
        ("claude", r#"{"type":"system","subtype":"api_retry","error_status":529,"error":"overloaded"}"#),
        (
            "codex",
            r#"{"type":"error","message":"Reconnecting... 1/5 (exceeded retry limit, last status: 429 Too Many Requests)"}"#,
        ),
    ];
    for (agent, line) in passing {
        assert_eq!(StreamReader::new(all.get(agent).unwrap()).feed(format!("{line}\n").as_bytes()), []);
    }
}

#[test]
fn a_usage_limit_is_told_from_too_many_requests() {
    let limit = |text: &str| {
        format!(
            r#"{{"type":"assistant","error":"rate_limit","message":{{"model":"<synthetic>","content":[{{"type":"text","text":"{text}"}}]}}}}"#
        )
    };
    let answer = read("claude", &[&limit("You have hit your usage limit until Monday")], &ended(1));
    assert_eq!(class(&answer), Some(FailureClass::Quota));
    let answer = read("claude", &[&limit("Too many requests; try again in 12.5 seconds")], &ended(1));
    assert_eq!(class(&answer), Some(FailureClass::RateLimit));
    assert_eq!(answer.failure.unwrap().retry_after_ms, Some(12_500));
    assert!(answer.text.is_empty(), "an error notice is no answer");
}

#[test]
fn only_the_last_message_of_codex_is_its_answer() {
    let message = |text: &str| {
        format!(r#"{{"type":"item.completed","item":{{"type":"agent_message","text":"{text}"}}}}"#)
    };
    let warning = r#"{"type":"item.completed","item":{"type":"error","message":"Model metadata not found"}}"#;
    let done = r#"{"type":"turn.completed","usage":{"input_tokens":7,"output_tokens":2}}"#;
    let call = r#"{"type":"item.completed","item":{"type":"command_execution","aggregated_output":"x","exit_code":0}}"#;
    let lines = [warning, &message("I shall look."), call, &message("The review."), done];
    let answer = read("codex", &lines, &ended(0));
    assert_eq!((answer.text.as_str(), class(&answer)), ("The review.", None));
    assert!(!answer.read_nothing && read("codex", &[&message("The review."), done], &ended(0)).read_nothing);
    let prompt = r#"{"type":"tool_use","tool_name":"read_file"}"#;
    let said = gemini_says("Fine.\n\n<!-- end of review -->\n");
    assert!(read("gemini", &[prompt, &said, GEMINI_DONE], &ended(0)).read_nothing, "it read its prompt only");
}

#[test]
fn a_review_by_a_model_whose_sandbox_never_started_is_none() {
    let call = |output: &str| {
        format!(
            r#"{{"type":"item.completed","item":{{"type":"command_execution","aggregated_output":"{output}","exit_code":1}}}}"#
        )
    };
    let message = r#"{"type":"item.completed","item":{"type":"agent_message","text":"Looks fine."}}"#;
    let done = r#"{"type":"turn.completed","usage":{"input_tokens":7,"output_tokens":2}}"#;
    let blocked = call("bwrap: No permissions to create a new namespace");
    let answer = read("codex", &[&blocked, message, done], &ended(0));
    assert_eq!(class(&answer), Some(FailureClass::Sandbox));
    let answer = read("codex", &[&blocked, &call("src/a.rs:3: found"), message, done], &ended(0));
    assert_eq!(class(&answer), None, "one command that worked has read something");
}

#[test]
fn what_a_request_took_counts_once_and_is_replaced_by_the_sum() {
    let part = |id: &str, output: u64| {
        format!(
            r#"{{"type":"assistant","message":{{"id":"{id}","model":"m-1","content":[],"usage":{{"input_tokens":100,"cache_read_input_tokens":20,"output_tokens":{output}}}}}}}"#
        )
    };
    let lines = [CLAUDE_INIT.to_owned(), part("a", 1), part("a", 7), part("b", 2)];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let stopped = ProcessEnd { stopped: true, ..ProcessEnd::default() };
    let cut = read("claude", &lines, &stopped);
    let told = |answer: &AgentAnswer| {
        (answer.tokens.map(|tokens| (tokens.input, tokens.output)), answer.requests, answer.is_counted)
    };
    assert_eq!(told(&cut), (Some((240, 9)), 2, false), "the least that it took");
    assert_eq!(cut.usd, None, "a cost that nobody told is unknown");
    let whole = read("claude", &[&lines[..], &[CLAUDE_DONE]].concat(), &ended(0));
    assert_eq!(told(&whole), (Some((116, 33)), 2, true));
    assert_eq!(whole.usage.map(|usage| (usage.input, usage.cached, usage.cache_written)), Some((110, 5, 1)));
}

#[test]
fn steps_that_add_up_are_the_sum_when_the_program_is_done() {
    let step = |id: &str, reason: &str| {
        format!(
            r#"{{"type":"step_finish","part":{{"id":"{id}","reason":"{reason}","tokens":{{"input":80,"output":8,"reasoning":2,"cache":{{"read":20,"write":0}}}},"cost":0.001}}}}"#
        )
    };
    let text = r#"{"type":"text","part":{"text":"Fine."}}"#;
    let answer = read("opencode", &[&step("1", "tool-calls"), text, &step("2", "stop")], &ended(0));
    assert_eq!(answer.tokens.map(|tokens| (tokens.input, tokens.output)), Some((200, 20)));
    assert_eq!((answer.usd, answer.is_counted, answer.requests), (Some(0.002), true, 2));
    let cut = read("opencode", &[&step("1", "tool-calls")], &ProcessEnd { stopped: true, ..ended(0) });
    assert_eq!((cut.usd, cut.is_counted), (None, false));
}

const GEMINI_DONE: &str = r#"{"type":"result","status":"success","stats":{"total_tokens":120,"input_tokens":100,"output_tokens":15}}"#;

/// Its prompt, and the change.
const GEMINI_READS: &str = "{\"type\":\"tool_use\",\"tool_name\":\"read_file\"}\n{\"type\":\"tool_use\",\"tool_name\":\"read_file\"}";

fn gemini_says(text: &str) -> String {
    serde_json::json!({"type": "message", "role": "assistant", "content": text, "delta": true}).to_string()
}

#[test]
fn an_answer_of_gemini_needs_a_proof_that_it_is_whole() {
    let whole = gemini_says("# Review\n\nFine.\n\n<!-- end of review -->\n");
    let answer = read("gemini", &[GEMINI_READS, &whole, GEMINI_DONE], &ended(0));
    assert!(answer.complete && !answer.text.contains("end of review"), "{answer:?}");
    assert_eq!(answer.tokens.map(|tokens| (tokens.input, tokens.output)), Some((100, 20)));
    let document = gemini_says("```json\n{\"schema\": \"deep-review/review/v1\",\n\"findings\": [],}\n```");
    assert!(read("gemini", &[GEMINI_READS, &document, GEMINI_DONE], &ended(0)).complete);
    for cut in ["# Review\n\nFi", "```json\n{\"schema\": \"deep-review/review/v1\", \"findings\": ["] {
        let answer = read("gemini", &[GEMINI_READS, &gemini_says(cut), GEMINI_DONE], &ended(0));
        assert_eq!(class(&answer), Some(FailureClass::Incomplete), "{cut}");
    }
}

#[test]
fn a_repeated_answer_is_no_review_even_where_the_result_says_success() {
    let part = gemini_says("{\"schema\": \"deep-review/review/v1\", \"findings\": []}\n");
    let error = r#"{"type":"error","severity":"warning","message":"Loop detected, stopping execution"}"#;
    let answer = read("gemini", &[&part, &part, error, GEMINI_DONE], &ended(0));
    assert_eq!(class(&answer), Some(FailureClass::Incomplete));
}

#[test]
fn an_exit_code_alone_tells_the_failure_where_the_adapter_knows_it() {
    for (exit, wanted) in [
        (41, FailureClass::Auth),
        (53, FailureClass::Incomplete),
        (55, FailureClass::Configuration),
        (173, FailureClass::RateLimit),
        (247, FailureClass::Overload),
        (3, FailureClass::Crash),
    ] {
        assert_eq!(class(&read("gemini", &[], &ended(exit))), Some(wanted), "{exit}");
    }
    let quota = ProcessEnd { stderr: "You exceeded your current quota".to_owned(), ..ended(173) };
    assert_eq!(class(&read("gemini", &[], &quota)), Some(FailureClass::Quota));
    let daily = r#"{"type":"result","status":"error","error":{"message":"You have exhausted your daily quota on this model."}}"#;
    assert_eq!(class(&read("gemini", &[daily], &ended(173))), Some(FailureClass::Quota));
    let killed = ProcessEnd { signal: Some(6), ..ProcessEnd::default() };
    assert_eq!(class(&read("claude", &[CLAUDE_INIT], &killed)), Some(FailureClass::Crash));
}

#[test]
fn what_is_no_event_is_a_diagnostic_and_a_last_line_without_its_end_is_read() {
    let done = CLAUDE_DONE.replace("second half", "whole");
    let answer = read(
        "claude",
        &["Warning: colours", CLAUDE_INIT, "[1]", "{\"type\":\"new-kind\"}", &done],
        &ended(0),
    );
    assert_eq!(answer.text, "whole");
    assert_eq!(answer.diagnostics, ["Warning: colours", "[1]"]);
}

#[test]
fn a_program_without_a_stream_answers_with_its_output_if_it_ended_well_and_proved_it() {
    let proved = "Review\n\n<!-- end of review -->";
    assert!(read("aider", &[proved], &ended(0)).complete);
    assert_eq!(class(&read("aider", &["Review"], &ended(0))), Some(FailureClass::Incomplete));
    assert_eq!(class(&read("aider", &[proved], &ended(1))), Some(FailureClass::Crash));
}

proptest! {
    #[test]
    fn it_does_not_matter_how_the_bytes_arrive(cuts in prop::collection::vec(1usize..60, 1..40)) {
        let talk = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"Größe 🙂"},{"type":"tool_use","name":"Grep"}]}}"#;
        let said = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"naïve\n second half"}]}}"#;
        let bytes = [CLAUDE_INIT, talk, "noise é", said, CLAUDE_DONE].join("\n").into_bytes();
        let all = shipped();
        let adapter = all.get("claude").unwrap();
        let mut reader = StreamReader::new(adapter);
        let mut rest = &bytes[..];
        for cut in cuts {
            let (part, after) = rest.split_at(cut.min(rest.len()));
            reader.feed(part);
            rest = after;
        }
        reader.feed(rest);
        prop_assert_eq!(reader.finish(&ended(0)), read_stream(adapter, &bytes, &ended(0)));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), exit in -1i32..300) {
        let all = shipped();
        for adapter in all.all() {
            let answer = read_stream(adapter, &bytes, &ended(exit));
            prop_assert!(!answer.complete || adapter.name == "aider" || adapter.name == "goose");
        }
    }
}
