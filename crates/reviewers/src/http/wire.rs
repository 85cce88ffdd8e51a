//! One HTTP exchange: watched while it goes on, bounded, ended within a moment when somebody asks.
//!
//! In: an address, a body, limits. Out: the status and, piece by piece, what the server sends. The exchange itself runs on a
//! thread of its own, because a name lookup or a connection cannot be interrupted; whoever waits for it can always leave,
//! and leaving shuts its socket. Redirections are not followed: they would carry the key elsewhere.

use std::io::Read as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use supervise::Cancel;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(20);
/// How often somebody who waits looks up.
const LOOK: Duration = Duration::from_millis(100);
/// No error message of a server is longer.
const LONGEST_ERROR: usize = 64 << 10;

/// What is sent.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Posted; without one something is only asked for.
    pub(crate) body: Option<String>,
    /// No proxy stands between two programs of one machine.
    pub(crate) is_loopback: bool,
}

/// How long it may take and how much may come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// When everything ends.
    pub(crate) deadline: Instant,
    /// The longest silence.
    pub(crate) silence: Duration,
    /// The most bytes.
    pub(crate) bytes: u64,
}

/// The beginning of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) retry_after: Option<String>,
}

/// An answer that is no success, whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refused {
    pub(crate) head: Head,
    pub(crate) body: String,
}

/// Why an exchange did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Somebody asked to end.
    Cancelled,
    /// The deadline was reached.
    OutOfTime,
    /// Nothing came for so long.
    Silent(Duration),
    /// More came than may.
    TooMuch(u64),
    /// Whoever reads had enough.
    Stopped,
    /// There is no connection, or it broke; the words of the system.
    Network(String),
}

/// How an exchange ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A success, whose pieces were handed on.
    Done(Head),
    /// An answer that is no success.
    Refused(Refused),
    /// It did not end.
    Broken(Broken),
}

/// Told the pieces of a success as they come; returns whether to go on.
pub(crate) type Sink<'a> = dyn FnMut(&Head, &[u8]) -> bool + 'a;

enum Piece {
    Head(Head),
    Bytes(Vec<u8>),
    End,
    Failed(String),
}

/// Sends a request and hands on what comes back.
pub(crate) fn exchange(request: Request, bounds: Bounds, cancel: &Cancel, sink: &mut Sink<'_>) -> Outcome {
    let agent = agent(&request, bounds);
    // A bounded channel: whoever cannot keep up slows the server down and not our memory.
    let (sender, pieces) = sync_channel(64);
    let asking = agent.clone();
    std::thread::spawn(move || {
        if let Err(why) = send(&asking, &request, &sender) {
            drop(sender.send(Piece::Failed(why)));
        }
    });
    let outcome = receive(&pieces, bounds, cancel, sink);
    // Closes the socket of an exchange that goes on: nobody wants to pay for the rest of it.
    agent.shutdown();
    outcome
}

fn agent(request: &Request, bounds: Bounds) -> Agent {
    let whole = bounds.deadline.saturating_duration_since(Instant::now()).max(LOOK);
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .tls_config(tls)
        .user_agent(concat!("deep-review/", env!("CARGO_PKG_VERSION")))
        .max_idle_connections(0)
        .timeout_connect(Some(CONNECT.min(whole)))
        .timeout_global(Some(whole + CONNECT));
    if request.is_loopback {
        config = config.proxy(None);
    }
    config.build().into()
}

fn send(agent: &Agent, request: &Request, sender: &SyncSender<Piece>) -> Result<(), String> {
    let headers = request.headers.iter();
    let sent = if let Some(body) = &request.body {
        let post = agent.post(&request.url).header("content-type", "application/json");
        headers.fold(post, |post, (name, value)| post.header(*name, value)).send(body)
    } else {
        let get = agent.get(&request.url);
        headers.fold(get, |get, (name, value)| get.header(*name, value)).call()
    };
    let mut response = sent.map_err(|error| error.to_string())?;
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap_or_default().to_owned())
    };
    let head = Head {
        status: response.status().as_u16(),
        content_type: header("content-type").unwrap_or_default(),
        retry_after: header("retry-after"),
    };
    let mut told = sender.send(Piece::Head(head)).is_ok();
    let mut body = response.body_mut().as_reader();
    let mut buffer = vec![0; 16 << 10];
    while told {
        match body.read(&mut buffer) {
            Ok(0) => {
                drop(sender.send(Piece::End));
                return Ok(());
            }
            Ok(count) => told = sender.send(Piece::Bytes(buffer[..count].to_vec())).is_ok(),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

fn receive(pieces: &Receiver<Piece>, bounds: Bounds, cancel: &Cancel, sink: &mut Sink<'_>) -> Outcome {
    let mut head: Option<Head> = None;
    let mut refused = Vec::new();
    let mut bytes = 0_u64;
    let mut heard = Instant::now();
    loop {
        if let Some(broken) = over(bounds, heard, cancel) {
            return Outcome::Broken(broken);
        }
        match pieces.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => {
                return Outcome::Broken(Broken::Network("the exchange ended without a word".to_owned()));
            }
            Ok(Piece::Failed(why)) => return Outcome::Broken(Broken::Network(why)),
            Ok(Piece::Head(got)) => head = Some(got),
            Ok(Piece::Bytes(piece)) => {
                bytes += piece.len() as u64;
                if bytes > bounds.bytes {
                    return Outcome::Broken(Broken::TooMuch(bounds.bytes));
                }
                let Some(head) = &head else { continue };
                if !(200..300).contains(&head.status) {
                    let free = LONGEST_ERROR.saturating_sub(refused.len());
                    refused.extend_from_slice(&piece[..piece.len().min(free)]);
                } else if !sink(head, &piece) {
                    return Outcome::Broken(Broken::Stopped);
                }
            }
            Ok(Piece::End) => {
                let head = head.unwrap_or_default();
                if (200..300).contains(&head.status) {
                    return Outcome::Done(head);
                }
                return Outcome::Refused(Refused {
                    head,
                    body: String::from_utf8_lossy(&refused).into_owned(),
                });
            }
        }
        heard = Instant::now();
    }
}

fn over(bounds: Bounds, heard: Instant, cancel: &Cancel) -> Option<Broken> {
    let now = Instant::now();
    if cancel.is_cancelled() {
        Some(Broken::Cancelled)
    } else if now >= bounds.deadline {
        Some(Broken::OutOfTime)
    } else if now.duration_since(heard) >= bounds.silence {
        Some(Broken::Silent(bounds.silence))
    } else {
        None
    }
}
