use std::io::{Read as _, Write as _};

use super::*;
use serde_json::json;

/// Posts a body and returns everything the server sent, headers included.
fn post(server: &FakeModel, path: &str, body: &Value) -> String {
    let mut stream = TcpStream::connect(server.address).expect("a connection");
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nx-api-key: secret\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("a head");
    stream.write_all(body.as_bytes()).expect("a body");
    let mut all = Vec::new();
    // A fault may reset the connection; what came until then counts.
    drop(stream.read_to_end(&mut all));
    String::from_utf8_lossy(&all).into_owned()
}

const PATHS: [&str; 4] = [
    "/v1/messages",
    "/v1/responses",
    "/v1/chat/completions",
    "/v1beta/models/m:streamGenerateContent?alt=sse",
];

fn streaming() -> Value {
    json!({ "model": "m", "stream": true, "messages": [{ "role": "user", "content": "dr-canary \"$@\" abc123def" }] })
}

#[test]
fn every_scenario_answers_every_protocol_as_its_name_says() {
    let server = FakeModel::start("/repo");
    for path in PATHS {
        for (scenario, status) in [
            ("ok-text", 200),
            ("forbidden", 403),
            ("no-model", 404),
            ("rate", 429),
            ("server", 500),
            ("empty", 200),
        ] {
            let answer = post(&server, &format!("/s/{scenario}{path}"), &streaming());
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{scenario} {path}: {answer}");
            assert_eq!(scenario == "rate", answer.contains("retry-after: 1"), "{scenario} {path}");
        }
    }
}

#[test]
fn a_cut_stream_has_no_end_and_an_early_end_has_one() {
    let server = FakeModel::start("/repo");
    for path in PATHS {
        let cut = post(&server, &format!("/s/cut-middle{path}"), &streaming());
        let ended = post(&server, &format!("/s/end-early{path}"), &streaming());
        assert!(!cut.ends_with("0\r\n\r\n") && cut.contains("text/event-stream"), "{cut}");
        assert!(ended.ends_with("0\r\n\r\n"), "{ended}");
    }
}

#[test]
fn the_step_is_read_off_the_results_and_the_tool_off_the_offer() {
    let server = FakeModel::start("/repo");
    let tool = json!({ "name": "Read", "input_schema": { "type": "object", "properties": {
        "file_path": { "type": "string" }, "limit": { "type": "integer" } }, "required": ["file_path"] } });
    let mut body = json!({ "model": "m", "tools": [tool], "messages": [] });
    let first = post(&server, "/s/ok~a/v1/messages", &body);
    assert!(first.contains(r#""name":"Read","input":{"file_path":"/repo/src/calc.py"}"#), "{first}");
    body["messages"] = json!([{ "role": "user", "content": [
        { "type": "tool_result", "tool_use_id": "call_00", "content": "def mean" }] }]);
    assert!(post(&server, "/s/ok~a/v1/messages", &body).contains("deep-review/review/v1"));
    assert!(post(&server, "/s/echo-read~a/v1/messages", &body).contains("RESULTS BEGIN\\ndef mean\\n"));
}

#[test]
fn a_flaky_server_counts_by_tag_and_the_log_keeps_no_key() {
    let server = FakeModel::start("/repo");
    let statuses: Vec<String> = ["a", "a", "a", "b"]
        .iter()
        .map(|tag| {
            post(&server, &format!("/s/flaky-server~{tag}/v1/messages"), &streaming())[9..12].to_owned()
        })
        .collect();
    assert_eq!(statuses, ["500", "500", "200", "500"]);
    let asked = server.asked("flaky-server~a");
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].headers["x-api-key"], "<6 characters>");
}

#[test]
fn the_canary_comes_back_to_the_letter() {
    let server = FakeModel::start("/repo");
    let mut body = streaming();
    body["stream"] = json!(false);
    let answer = post(&server, "/s/canary/v1/chat/completions", &body);
    assert!(answer.contains(r#""content":"dr-canary \"$@\" abc123def""#), "{answer}");
}

#[test]
fn a_name_nobody_wrote_down_is_told() {
    let server = FakeModel::start("/repo");
    assert!(post(&server, "/s/dance/v1/messages", &streaming()).contains("no scenario named dance"));
}
