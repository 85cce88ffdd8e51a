//! A server asked in the program's place, with the key that the program does not have.
//!
//! In: a request without a key. Out: the server's answer, piece by piece as it comes. Redirections are not followed: they would
//! carry the key elsewhere.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use ureq::http::{Method, Request, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::Entry;
use crate::connection::{refuse, say};
use crate::door::Stream;
use crate::request::{Head, Held, read_body};
use crate::rules::Route;
use crate::server::Shared;
use crate::tunnel::{Unreachable, addresses};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(20);

/// Headers that are about one connection, or that say who asks.
const NOT_PASSED: &[&str] = &[
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "cookie",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "content-length",
    "expect",
    "proxy-authorization",
    "proxy-connection",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-real-ip",
];

/// Headers of an answer that are about one connection.
const NOT_ANSWERED: &[&str] =
    &["connection", "keep-alive", "transfer-encoding", "content-length", "trailer", "upgrade", "set-cookie"];

/// Who asks. Time limits are those of whoever waits.
pub(crate) fn agent() -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .tls_config(tls)
        .user_agent("")
        .accept("")
        .accept_encoding("")
        .timeout_connect(Some(CONNECT))
        .allow_non_standard_methods(false)
        .build()
        .into()
}

/// Asks and passes the answer on.
pub(crate) fn relay(
    stream: &Stream,
    head: &Head,
    rest: Vec<u8>,
    to: (&Route, &str),
    shared: &Arc<Shared>,
    entry: &mut Entry,
) -> io::Result<()> {
    let (route, address) = to;
    let Some(host) = route.host() else {
        refuse(stream, "its server's address is none", entry);
        return Ok(());
    };
    // A proxy of the user's own looks names up by itself; then a name that is not found here says nothing.
    if let Err(Unreachable::Refused) = addresses(&host) {
        refuse(stream, "its server's name leads to this machine or its network", entry);
        return Ok(());
    }
    if head.is_waiting() {
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let mut reader = stream;
    let mut held = Held::of(&shared.bodies);
    let body = match read_body(head, rest, &mut reader, &mut held) {
        Ok(body) => body,
        Err(error) => {
            refuse(stream, &format!("it is no request: {error}"), entry);
            return Ok(());
        }
    };
    entry.sent = body.len() as u64;
    let response = match ask(shared, head, route, address, body) {
        Ok(response) => response,
        Err(why) => {
            say(stream, "502 Bad Gateway", "the server could not be asked")?;
            return Err(io::Error::other(why));
        }
    };
    entry.status = Some(response.status().as_u16());
    answer(stream, head, response, entry)
}

fn ask(
    shared: &Shared,
    head: &Head,
    route: &Route,
    address: &str,
    body: Vec<u8>,
) -> Result<Response<Body>, String> {
    let method = Method::from_bytes(head.method.as_bytes()).map_err(|error| error.to_string())?;
    let mut request = Request::builder().method(method.clone()).uri(address);
    for (name, value) in &head.headers {
        if !NOT_PASSED.contains(&name.as_str()) && !route.headers.iter().any(|(own, _)| own == name) {
            request = request.header(name, value.as_slice());
        }
    }
    for (name, value) in &route.headers {
        request = request.header(name, value);
    }
    let told = |error: ureq::Error| without_address(&error.to_string());
    if body.is_empty() && [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS].contains(&method) {
        shared.agent.run(request.body(()).map_err(|error| error.to_string())?).map_err(told)
    } else {
        shared.agent.run(request.body(body).map_err(|error| error.to_string())?).map_err(told)
    }
}

/// Messages of errors without addresses, which may carry keys.
fn without_address(text: &str) -> String {
    text.split(' ')
        .map(|word| if word.contains("://") { "<address>" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

fn answer(
    mut stream: &Stream,
    head: &Head,
    mut response: Response<Body>,
    entry: &mut Entry,
) -> io::Result<()> {
    let status = response.status();
    let mut start =
        format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or("")).into_bytes();
    for (name, value) in response.headers() {
        if !NOT_ANSWERED.contains(&name.as_str()) {
            start.extend_from_slice(name.as_str().as_bytes());
            start.extend_from_slice(b": ");
            start.extend_from_slice(value.as_bytes());
            start.extend_from_slice(b"\r\n");
        }
    }
    let has_body = head.method != "HEAD" && !matches!(status.as_u16(), 204 | 304);
    if has_body {
        start.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    start.extend_from_slice(b"Connection: close\r\n\r\n");
    stream.write_all(&start)?;
    if !has_body {
        return Ok(());
    }
    let mut body = response.body_mut().with_config().limit(u64::MAX).reader();
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = body.read(&mut buffer)?;
        if count == 0 {
            return stream.write_all(b"0\r\n\r\n");
        }
        entry.received += count as u64;
        let mut piece = format!("{count:x}\r\n").into_bytes();
        piece.extend_from_slice(&buffer[..count]);
        piece.extend_from_slice(b"\r\n");
        stream.write_all(&piece)?;
    }
}
