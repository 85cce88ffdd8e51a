//! Serves one connection: finds the scenario, plays its turn, writes the log.
//!
//! In: a connection. Out: an answer, or the fault that was asked for. Never keeps a connection longer than the client, or
//! the server, lives.

use std::io::{self, Read as _};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::asked::{Asked, Text, Turn};
use super::http::{self, Request};
use super::protocols::Protocol;
use super::scenario::{Fault, Refusal, Scenario, table};
use super::{Logged, Shared};

const CREDENTIALS: &[&str] = &["authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie"];

pub(crate) fn serve(shared: &Shared, stream: TcpStream) {
    // A connection that breaks is the client's choice; there is nobody to tell.
    if let Ok(Some(request)) = Request::read(&stream) {
        let _ = respond(shared, &stream, &request);
    }
    drop(stream);
}

fn respond(shared: &Shared, stream: &TcpStream, request: &Request) -> io::Result<()> {
    match request.path.as_str() {
        "/_log" => {
            let log: Vec<Value> = shared.log().iter().map(Logged::to_json).collect();
            return http::answer_json(stream, 200, &[], &log.into());
        }
        "/_scenarios" => {
            let names: Vec<&str> = table().into_iter().map(|(name, _)| name).collect();
            return http::answer_json(stream, 200, &[], &json!(names));
        }
        _ => {}
    }
    let (instance, path) = split(&request.path, &shared.options.scenario);
    let body = serde_json::from_slice(&request.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&request.body).into_owned()));
    let prepared = prepare(shared, request, instance, path, &body);
    shared.record(Logged {
        method: request.method.clone(),
        path: request.path.clone(),
        instance: instance.to_owned(),
        headers: request.headers.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect(),
        action: prepared.action(),
        body,
    });
    match prepared {
        Prepared::Json(status, body) => http::answer_json(stream, status, &[], &body),
        Prepared::Turn(protocol, asked, turn) => play(shared, stream, protocol, &asked, &turn),
    }
}

fn shown(name: &str, value: &str) -> String {
    if CREDENTIALS.contains(&name) { format!("<{} characters>", value.len()) } else { value.to_owned() }
}

/// The scenario with its tag, and the rest of the path, without its query.
fn split<'a>(path: &'a str, default: &'a str) -> (&'a str, &'a str) {
    let path = path.split('?').next().unwrap_or_default();
    let Some(rest) = path.strip_prefix("/s/") else { return (default, path) };
    let end = rest.find('/').unwrap_or(rest.len());
    (&rest[..end], &rest[end..])
}

/// What will be answered; decided before anything is sent, so that the log is complete when the client has its answer.
enum Prepared {
    Json(u16, Value),
    Turn(Protocol, Box<Asked>, Turn),
}

impl Prepared {
    fn action(&self) -> String {
        match self {
            Self::Json(status, _) => status.to_string(),
            Self::Turn(_, _, Turn::Calls(calls)) => {
                let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
                format!("call {}", names.join(", "))
            }
            Self::Turn(_, _, Turn::Text(_)) => "say".to_owned(),
            Self::Turn(_, _, Turn::Fault(fault)) => format!("fault {fault:?}"),
        }
    }
}

fn prepare(shared: &Shared, request: &Request, instance: &str, path: &str, body: &Value) -> Prepared {
    let error = |status, message: &str| {
        Prepared::Json(status, json!({ "error": { "type": "not_found_error", "message": message } }))
    };
    if request.header("upgrade").to_lowercase().contains("websocket") {
        // codex tries a websocket first; this status sends it to plain HTTP at once.
        return error(426, "use HTTP");
    }
    if request.method != "POST" {
        return listed(shared, request, path).unwrap_or_else(|| error(404, "no such path"));
    }
    if path.ends_with("count_tokens") {
        return Prepared::Json(200, json!({ "input_tokens": 1234 }));
    }
    if path.ends_with(":countTokens") {
        return Prepared::Json(200, json!({ "totalTokens": 1234 }));
    }
    let Some(protocol) = Protocol::of(path) else { return error(404, "no such path") };
    let name = instance.split('~').next().unwrap_or_default();
    let Some(scenario) = find(shared, name) else {
        return error(400, &format!("there is no scenario named {name}"));
    };
    let mut asked = protocol.read(path, body);
    // A prompt that names the checkout is right about it; the option is for those that do not.
    let named = asked.named("at the reviewed commit): ").map(std::path::PathBuf::from);
    asked.root = named.filter(|path| path.is_absolute()).unwrap_or_else(|| shared.options.root.clone());
    let turn = asked.turn(&scenario, shared.count(instance));
    Prepared::Turn(protocol, Box::new(asked), turn)
}

/// What `GET` tells of models; `None` where it is about something else, or about a model that is not listed.
fn listed(shared: &Shared, request: &Request, path: &str) -> Option<Prepared> {
    let models = &shared.options.models;
    let path = path.trim_end_matches('/');
    if request.method == "HEAD" || path.ends_with("/models") {
        let data: Vec<Value> = models.iter().map(|id| json!({ "id": id, "object": "model" })).collect();
        let named: Vec<Value> = models.iter().map(|id| json!({ "name": format!("models/{id}") })).collect();
        return Some(Prepared::Json(200, json!({ "object": "list", "data": data, "models": named })));
    }
    let (_, name) = path.rsplit_once("/models/")?;
    let known = models.iter().any(|id| id == name);
    known.then(|| Prepared::Json(200, json!({ "id": name, "object": "model" })))
}

fn find(shared: &Shared, name: &str) -> Option<Scenario> {
    let own = shared.options.own.get(name).cloned();
    own.or_else(|| table().into_iter().find(|(other, _)| *other == name).map(|(_, scenario)| scenario))
}

fn play(
    shared: &Shared,
    stream: &TcpStream,
    protocol: Protocol,
    asked: &Asked,
    turn: &Turn,
) -> io::Result<()> {
    if let Turn::Fault(fault) = turn {
        return fail(shared, stream, protocol, asked, *fault);
    }
    if !asked.stream {
        return http::answer_json(stream, 200, &[], &protocol.body(asked, turn));
    }
    let events = protocol.events(asked, turn);
    let pause = match turn {
        Turn::Text(text) => text.over / events.len().max(1) as u32,
        Turn::Calls(_) | Turn::Fault(_) => Duration::ZERO,
    };
    http::begin_events(stream)?;
    for event in events {
        http::send(stream, &event)?;
        if !pause.is_zero() {
            wait(shared, stream, pause);
        }
    }
    http::end_events(stream)
}

fn fail(
    shared: &Shared,
    stream: &TcpStream,
    protocol: Protocol,
    asked: &Asked,
    fault: Fault,
) -> io::Result<()> {
    match fault {
        Fault::Http(refusal) => refuse(shared, stream, protocol, refusal),
        Fault::InStream(refusal) if !asked.stream => refuse(shared, stream, protocol, refusal),
        Fault::StallBeforeHeaders => stall(shared, stream),
        Fault::CutBeforeHeaders => cut(stream),
        Fault::NotTheProtocol => {
            let page = b"<html><body>Please log in to the network.</body></html>";
            http::answer(stream, 200, &[], "text/html", page)
        }
        Fault::Redirect => {
            let elsewhere = [("location", "http://127.0.0.1:9/elsewhere")];
            http::answer(stream, 307, &elsewhere, "text/plain", b"elsewhere")
        }
        Fault::CutInStream | Fault::EndEarly | Fault::Malformed if !asked.stream => cut(stream),
        Fault::StallInStream | Fault::StallAfterHeaders | Fault::Chatter | Fault::EndlessLine
            if !asked.stream =>
        {
            stall(shared, stream)
        }
        Fault::StallAfterHeaders => http::begin_events(stream).and_then(|()| stall(shared, stream)),
        Fault::Chatter => endless(shared, stream, ": still here\n\n", Duration::from_millis(50)),
        Fault::EndlessLine => endless(shared, stream, &"x".repeat(1 << 16), Duration::ZERO),
        Fault::InStream(_)
        | Fault::StallInStream
        | Fault::CutInStream
        | Fault::EndEarly
        | Fault::Malformed => {
            http::begin_events(stream)?;
            for event in half_an_answer(protocol, asked) {
                http::send(stream, &event)?;
            }
            break_off(shared, stream, protocol, asked, fault)
        }
    }
}

/// The events of a text up to the middle of it.
fn half_an_answer(protocol: Protocol, asked: &Asked) -> Vec<String> {
    let text = "The change rewrites `mean()` and, as far as can be seen from here,".to_owned();
    let mut events = protocol.events(asked, &Turn::Text(Text { body: text, ..Text::default() }));
    let whole = events.len();
    events.truncate((whole / 2).max(1));
    events
}

fn break_off(
    shared: &Shared,
    stream: &TcpStream,
    protocol: Protocol,
    asked: &Asked,
    fault: Fault,
) -> io::Result<()> {
    match fault {
        Fault::InStream(refusal) => {
            http::send(stream, &protocol.refusal_event(asked, refusal))?;
            http::end_events(stream)
        }
        Fault::Malformed => {
            http::send(stream, "data: {\"type\": \"content_block_delta\", \"delta\": {\n\n")?;
            http::end_events(stream)
        }
        Fault::EndEarly => http::end_events(stream),
        Fault::StallInStream => stall(shared, stream),
        _ => cut(stream),
    }
}

fn refuse(shared: &Shared, stream: &TcpStream, protocol: Protocol, refusal: Refusal) -> io::Result<()> {
    let (status, body) = protocol.refusal(refusal);
    let seconds = shared.options.retry_after.to_string();
    let wait = [("retry-after", seconds.as_str())];
    let headers = if refusal == Refusal::Rate { wait.as_slice() } else { &[] };
    http::answer_json(stream, status, headers, &body)
}

fn cut(stream: &TcpStream) -> io::Result<()> {
    http::cut(stream);
    Ok(())
}

fn endless(shared: &Shared, stream: &TcpStream, text: &str, pause: Duration) -> io::Result<()> {
    http::begin_events(stream)?;
    while !shared.ended.load(Ordering::SeqCst) {
        http::send(stream, text)?;
        std::thread::sleep(pause);
    }
    Ok(())
}

/// Says nothing until the client goes away or the server ends.
fn stall(shared: &Shared, stream: &TcpStream) -> io::Result<()> {
    wait(shared, stream, Duration::MAX);
    cut(stream)
}

/// Waits, but not longer than the client does.
fn wait(shared: &Shared, stream: &TcpStream, time: Duration) {
    const LOOK: Duration = Duration::from_millis(100);
    let mut left = time;
    let mut reading = stream;
    while !left.is_zero() && !shared.ended.load(Ordering::SeqCst) {
        let look = left.min(LOOK);
        if reading.set_read_timeout(Some(look)).is_err() || matches!(reading.read(&mut [0; 16]), Ok(0)) {
            return;
        }
        left = left.saturating_sub(look);
    }
}
