use std::path::PathBuf;

use serde_json::json;

use super::*;

/// A conversation that has come to the prompt.
fn prompted(root: &Path) -> Dialogue<'_> {
    let mut dialogue = Dialogue::new(root, "review it");
    assert_eq!(dialogue.begin()["method"], "initialize");
    let answer =
        json!({ "id": 1, "result": { "protocolVersion": 1, "agentInfo": { "name": "x", "version": "2" } } });
    let turn = hear(&mut dialogue, &answer);
    assert_eq!(
        (turn.say[0]["method"].as_str(), &turn.say[0]["params"]["cwd"]),
        (Some("session/new"), &json!(root))
    );
    let turn = hear(&mut dialogue, &json!({ "id": 2, "result": { "sessionId": "s" } }));
    assert_eq!(turn.say[0]["params"]["prompt"][0]["text"], "review it");
    dialogue
}

fn hear(dialogue: &mut Dialogue<'_>, message: &Value) -> Turn {
    dialogue.hear(message.to_string().as_bytes())
}

fn root() -> PathBuf {
    std::env::temp_dir()
}

fn chunk(text: &str) -> Value {
    let update =
        json!({ "sessionUpdate": "agent_message_chunk", "content": { "type": "text", "text": text } });
    json!({ "method": "session/update", "params": { "update": update } })
}

fn well() -> ProcessEnd {
    ProcessEnd { exit: Some(0), ..ProcessEnd::default() }
}

#[test]
fn words_before_and_after_a_tool_are_kept_apart_and_all_of_them_are_the_answer() {
    let root = root();
    let mut dialogue = prompted(&root);
    hear(&mut dialogue, &chunk("I look at the diff."));
    let call =
        json!({ "sessionUpdate": "tool_call", "toolCallId": "1", "kind": "read", "title": "read a.rs" });
    let turn = hear(&mut dialogue, &json!({ "method": "session/update", "params": { "update": call } }));
    assert_eq!(turn.doing.as_deref(), Some("read a.rs"));
    hear(&mut dialogue, &chunk("It "));
    hear(&mut dialogue, &chunk("breaks."));
    let cost = json!({ "sessionUpdate": "usage_update", "cost": { "amount": 0.25, "currency": "USD" } });
    hear(&mut dialogue, &json!({ "method": "session/update", "params": { "update": cost } }));
    let result = json!({ "stopReason": "end_turn", "usage": { "inputTokens": 7, "outputTokens": 3 } });
    assert!(hear(&mut dialogue, &json!({ "id": 3, "result": result })).done);
    let answer = dialogue.finish(&well());
    assert_eq!(answer.text, "I look at the diff.\n\nIt breaks.");
    assert_eq!((answer.failure, answer.complete), (None, true));
    assert_eq!((answer.tokens, answer.usd), (Some(Tokens { input: 7, output: 3 }), Some(0.25)));
    assert_eq!(answer.tool_calls.sentence(), "read 1");
}

#[test]
fn only_an_answered_prompt_that_ended_its_turn_is_whole() {
    let class = |reason: Option<&str>, text: &str, end: ProcessEnd| {
        let root = root();
        let mut dialogue = prompted(&root);
        hear(&mut dialogue, &chunk(text));
        if let Some(reason) = reason {
            hear(&mut dialogue, &json!({ "id": 3, "result": { "stopReason": reason } }));
        }
        dialogue.finish(&end).failure.map(|failure| failure.class)
    };
    assert_eq!(class(Some("end_turn"), "x", well()), None);
    for reason in ["max_tokens", "max_turn_requests", "refusal", "cancelled", "nonsense"] {
        assert_eq!(class(Some(reason), "x", well()), Some(FailureClass::Incomplete), "{reason}");
    }
    assert_eq!(class(Some("end_turn"), " \n", well()), Some(FailureClass::Incomplete));
    assert_eq!(class(None, "x", well()), Some(FailureClass::Incomplete));
    let died =
        |stderr: &str| ProcessEnd { exit: Some(1), stderr: stderr.to_owned(), ..ProcessEnd::default() };
    assert_eq!(class(None, "x", died("")), Some(FailureClass::Crash));
    assert_eq!(class(None, "x", died("Error: 429 Too Many Requests")), Some(FailureClass::RateLimit));
    assert_eq!(
        class(Some("end_turn"), "x", died("")),
        None,
        "how a server leaves afterwards is its own affair"
    );
}

#[test]
fn an_error_in_place_of_an_answer_has_a_class() {
    let class = |step: u64, error: Value| {
        let root = root();
        let mut dialogue = Dialogue::new(&root, "p");
        dialogue.begin();
        for id in 1..step {
            hear(&mut dialogue, &json!({ "id": id, "result": { "protocolVersion": 1, "sessionId": "s" } }));
        }
        let turn = hear(&mut dialogue, &json!({ "id": step, "error": error }));
        assert!(turn.hopeless.is_some() && !turn.done);
        dialogue.finish(&well()).failure.expect("it failed").class
    };
    assert_eq!(class(2, json!({ "code": -32000, "message": "Authentication required" })), FailureClass::Auth);
    assert_eq!(
        class(1, json!({ "code": -32601, "message": "Method not found" })),
        FailureClass::Configuration
    );
    let quota =
        json!({ "code": -32603, "message": "Internal error", "data": { "details": "quota exceeded" } });
    assert_eq!(class(3, quota), FailureClass::Quota);
    assert_eq!(class(3, json!("odd")), FailureClass::Transient);
}

#[test]
fn another_version_and_a_nameless_session_end_it() {
    let root = root();
    let mut dialogue = Dialogue::new(&root, "p");
    dialogue.begin();
    let turn = hear(&mut dialogue, &json!({ "id": 1, "result": { "protocolVersion": 2 } }));
    assert!(turn.hopeless.is_some_and(|why| why.contains("version 2")));
    let mut dialogue = Dialogue::new(&root, "p");
    dialogue.begin();
    hear(&mut dialogue, &json!({ "id": 1, "result": { "protocolVersion": 1 } }));
    assert!(hear(&mut dialogue, &json!({ "id": 2, "result": {} })).hopeless.is_some());
}

#[test]
fn what_is_no_message_is_kept_and_changes_nothing() {
    let root = root();
    let mut dialogue = prompted(&root);
    for line in [
        "npm warn something",
        "{\"id\":",
        "[1]",
        "{\"id\":77,\"result\":{}}",
        "",
        "{}",
        "{\"id\":2,\"result\":{}}",
    ] {
        let turn = dialogue.hear(line.as_bytes());
        assert!(turn.say.is_empty() && turn.hopeless.is_none() && !turn.done, "{line}");
    }
    dialogue.hear(b"\xff\xfe");
    hear(&mut dialogue, &chunk("x"));
    hear(&mut dialogue, &json!({ "id": 3, "result": { "stopReason": "end_turn" } }));
    let answer = dialogue.finish(&well());
    assert_eq!((answer.failure, answer.diagnostics.len()), (None, 7));
}

#[test]
fn every_request_is_answered_and_nothing_but_reading_is_done() {
    let root = root();
    let mut dialogue = prompted(&root);
    for method in
        ["terminal/create", "fs/write_text_file", "session/request_permission", "fs/read_text_file", "x/y"]
    {
        let turn =
            hear(&mut dialogue, &json!({ "id": "a", "method": method, "params": { "path": "/etc/passwd" } }));
        let reply = &turn.say[0];
        assert_eq!(reply["id"], "a");
        let cancelled = reply["result"]["outcome"]["outcome"] == "cancelled";
        assert!(cancelled || reply["error"]["message"].is_string(), "{method}: {reply}");
    }
    assert_eq!(dialogue.heard.served, 0);
    assert_eq!(dialogue.heard.refused.len(), 2);
}

#[test]
fn a_repeated_earlier_conversation_is_no_answer() {
    let root = root();
    let mut dialogue = Dialogue::new(&root, "p");
    hear(&mut dialogue, &chunk("an old review"));
    assert_eq!(dialogue.finish(&well()).text, "");
}
