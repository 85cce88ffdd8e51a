use config::{Environment, ReviewerSettings};
use proptest::prelude::*;

use super::*;
use crate::http::endpoint::endpoint;
use crate::http::events::Events;

fn at(api: Api) -> Endpoint {
    let settings = ReviewerSettings {
        api: Some(api),
        url: Some("http://127.0.0.1:1".to_owned()),
        model: Some("m".to_owned()),
        ..ReviewerSettings::default()
    };
    endpoint(&settings, &Environment::of(&[])).expect("an endpoint")
}

/// One streamed answer a protocol: a text in two pieces and a call with its arguments in two pieces.
fn streams() -> [(Api, &'static str); 3] {
    let chat = r#"data: {"model":"m-1","choices":[{"index":0,"delta":{"role":"assistant","content":"Grü"},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"content":"ße"},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"read_file","arguments":"{\"path\""}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":\"a\"}"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":2}}}

data: [DONE]

"#;
    let anthropic = r#"event: message_start
data: {"type":"message_start","message":{"model":"m-1","usage":{"input_tokens":10,"cache_read_input_tokens":2,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Grü"}}

event: something_new
data: {"type":"something_new"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"ße"}}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c1","name":"read_file","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"path\""}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":":\"a\"}"}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}

event: message_stop
data: {"type":"message_stop"}

"#;
    let gemini = r#"data: {"candidates":[{"content":{"role":"model","parts":[{"text":"a thought","thought":true},{"text":"Grü"}]}}],"modelVersion":"m-1"}

data: {"candidates":[{"content":{"parts":[{"text":"ße"},{"functionCall":{"id":"c1","name":"read_file","args":{"path":"a"}},"thoughtSignature":"c2ln"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":12,"cachedContentTokenCount":2,"candidatesTokenCount":3,"thoughtsTokenCount":2}}

"#;
    [(Api::Openai, chat), (Api::Anthropic, anthropic), (Api::Gemini, gemini)]
}

fn read(endpoint: &Endpoint, pieces: &[&[u8]]) -> Result<Turn, Failure> {
    let mut events = Events::default();
    let mut reader = Reader::new(endpoint);
    for piece in pieces {
        for event in events.feed(piece).expect("short events") {
            reader.event(&event)?;
        }
    }
    if let Some(event) = events.finish() {
        reader.event(&event)?;
    }
    reader.finish()
}

#[test]
fn the_same_answer_reads_the_same_in_every_protocol() {
    for (api, stream) in streams() {
        let endpoint = at(api);
        let turn = read(&endpoint, &[stream.as_bytes()]).expect("a turn");
        assert_eq!(turn.text, "Grüße", "{api:?}");
        let call = Call { id: "c1".into(), name: "read_file".into(), arguments: r#"{"path":"a"}"#.into() };
        assert_eq!(turn.calls, [call], "{api:?}");
        let usage = Usage { input: 10, cached: 2, cache_written: 0, output: 5 };
        assert_eq!((turn.usage, turn.stop), (Some(usage), Stop::Done), "{api:?}");
        assert_eq!(turn.model.as_deref(), Some("m-1"), "{api:?}");
    }
}

#[test]
fn a_signature_goes_back_with_its_call() {
    let (api, stream) = streams()[2];
    let turn = read(&at(api), &[stream.as_bytes()]).expect("a turn");
    let endpoint = at(api);
    let messages = [Message::User("q".into()), Message::Assistant(turn.back)];
    let question = Question {
        endpoint: &endpoint,
        messages: &messages,
        tools: &[],
        may_call: true,
        max_output: None,
        effort: None,
    };
    assert!(body(&question).to_string().contains(r#""thoughtSignature":"c2ln""#));
}

#[test]
fn servers_that_call_without_index_or_with_objects_are_understood() {
    let endpoint = at(Api::Openai);
    let stream = r#"data: {"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"log","arguments":{"path":"x"}}},{"id":"b","function":{"name":"diff","arguments":""}}]},"finish_reason":"stop"}]}

"#;
    let turn = read(&endpoint, &[stream.as_bytes()]).expect("a turn");
    let calls: Vec<(&str, &str)> =
        turn.calls.iter().map(|call| (call.name.as_str(), call.arguments.as_str())).collect();
    assert_eq!(calls, [("log", r#"{"path":"x"}"#), ("diff", "")]);
}

#[test]
fn a_stream_that_ends_early_is_no_answer() {
    for (api, stream) in streams() {
        let cut = stream.split_inclusive("\n\n").take(1).collect::<String>();
        let failure = read(&at(api), &[cut.as_bytes()]).expect_err("no answer");
        assert_eq!(failure.class, FailureClass::Transient, "{api:?}");
    }
}

proptest! {
    #[test]
    fn where_a_stream_is_cut_makes_no_difference(cuts in prop::collection::vec(0usize..3000, 0..20)) {
        for (api, stream) in streams() {
            let bytes = stream.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let endpoint = at(api);
            let (cut, whole) = (read(&endpoint, &pieces).expect("a turn"), read(&endpoint, &[bytes]).expect("a turn"));
            prop_assert_eq!((cut.text, cut.calls, cut.back), (whole.text, whole.calls, whole.back));
        }
    }

    #[test]
    fn no_event_makes_a_reader_panic(data in r#"(data: )?[\[{]("(type|delta|choices|candidates|content|parts|tool_calls|index|error|usage)": ?([0-9]{1,20}|"[a-z_]*"|null|\[\{|\{)?,?)*[\]}]*"#) {
        for (api, _) in streams() {
            let endpoint = at(api);
            let mut reader = Reader::new(&endpoint);
            let _ = reader.event(&data);
            let _ = reader.whole(&data);
            let _ = reader.finish();
        }
    }
}
