//! One connection: a request is read, judged and answered, and the connection ends.
//!
//! In: a connection. Out: one entry of the log.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Entry;
use crate::door::Stream;
use crate::relay::relay;
use crate::request::read_head;
use crate::rules::Answer;
use crate::server::Shared;
use crate::tunnel::tunnel;

/// How long a program may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads and answers.
pub(crate) fn serve(stream: &Stream, shared: &Arc<Shared>) {
    let begun = Instant::now();
    drop(stream.set_read_timeout(Some(PATIENCE)));
    let mut entry = Entry { at_ms: milliseconds(shared.begun.elapsed()), ..Entry::default() };
    let mut reader = stream;
    match read_head(&mut reader) {
        // Programs open connections and do not use them.
        Ok(None) => return,
        Ok(Some((head, rest))) => {
            drop(stream.set_read_timeout(None));
            entry.method = head.method.chars().take(20).collect();
            let path = visible(&head.target);
            match shared.rules.answer(&head) {
                Answer::Connect(host) => {
                    entry.host = host.shown();
                    tunnel(stream, host, &rest, shared, &mut entry);
                }
                Answer::Ask(route, address) => {
                    entry.host = route.host().map(|host| host.shown()).unwrap_or_default();
                    entry.path = path;
                    let asked = relay(stream, &head, rest, (route, &address), shared, &mut entry);
                    entry.failed = asked.err().map(|error| error.to_string()).or(entry.failed.take());
                }
                Answer::Upgrade => {
                    entry.path = path;
                    "an upgrade to another protocol".clone_into(&mut entry.host);
                    entry.status = Some(426);
                    drop(say(stream, "426 Upgrade Required", "this proxy speaks HTTP/1.1 and nothing else"));
                }
                Answer::Refuse(why) => {
                    let is_path = head.target.starts_with('/');
                    (entry.host, entry.path) =
                        if is_path { ("this proxy".to_owned(), path) } else { (path, String::new()) };
                    refuse(stream, why, &mut entry);
                }
            }
        }
        Err(error) => refuse(stream, &format!("it is no request: {error}"), &mut entry),
    }
    entry.ms = milliseconds(begun.elapsed());
    shared.log(entry);
}

/// Says no.
pub(crate) fn refuse(stream: &Stream, why: &str, entry: &mut Entry) {
    entry.refused = Some(why.to_owned());
    entry.status = Some(403);
    // Who does not listen is refused all the same.
    drop(say(stream, "403 Forbidden", &format!("deep-review does not let this through: {why}")));
}

/// A whole answer.
pub(crate) fn say(mut stream: &Stream, status: &str, text: &str) -> io::Result<()> {
    let length = text.len() + 1;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}\n"
    )
}

/// What a program asked for, fit to be read by people: no control characters, not long, no query.
fn visible(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
