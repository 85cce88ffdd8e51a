//! A model server on loopback that answers, fails and misbehaves as the base URL says.
//!
//! In: requests of four protocols, told apart by their path: Anthropic Messages (`…/v1/messages`), OpenAI Responses
//! (`…/responses`), OpenAI Chat Completions (`…/chat/completions`), Gemini (`…/models/M:generateContent` and
//! `:streamGenerateContent`). Out: canned reviews, tool calls made from the tools the client offered, and faults, byte
//! for byte the same every time. Never binds another address than loopback, and never needs a key.
//!
//! The base URL chooses what happens: `http://127.0.0.1:PORT/s/SCENARIO~TAG`. The tag may be anything; it keeps the
//! counters of `flaky-*` apart and makes a client's requests findable in the log. The scenarios stand in
//! [`scenario::table`]; every answer reports the same [`USAGE`], so expected totals are a multiplication.
//!
//! `GET …/models` lists what [`Options::models`] holds, as all vendors spell it; `GET …/models/NAME` tells of one.
//!
//! `GET /_log` lists the requests so far, `GET /_scenarios` the names.

mod asked;
mod http;
mod protocols;
mod review;
pub mod scenario;
mod serve;
mod tools;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

pub use review::{CALC_AFTER, CALC_BEFORE, CALC_PATH, TITLE, calc_repository};
pub use scenario::{Action, Fault, Refusal, Say, Scenario, Step, Want};

/// Tokens every answer reports, whatever the protocol calls them.
pub const USAGE: Usage = Usage { input: 1000, cached: 200, cache_written: 50, output: 100, reasoning: 20 };

/// Tokens of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read. OpenAI and Gemini count `cached` in here, Anthropic counts it beside.
    pub input: u64,
    /// Tokens read from a cache.
    pub cached: u64,
    /// Tokens written to a cache (Anthropic only).
    pub cache_written: u64,
    /// Tokens written, `reasoning` among them.
    pub output: u64,
    /// Tokens of hidden reasoning (Gemini counts them beside its candidates' tokens).
    pub reasoning: u64,
}

/// What a server is given at its start.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port; 0 takes a free one.
    pub port: u16,
    /// The folder that absolute paths in tool calls begin with: the client's checkout.
    pub root: PathBuf,
    /// The scenario of URLs without `/s/NAME`.
    pub scenario: String,
    /// Seconds that `rate` tells the client to wait.
    pub retry_after: u64,
    /// Scenarios of one's own, before those of the table.
    pub own: BTreeMap<String, Scenario>,
    /// Every finished request is appended here, one JSON object a line.
    pub log: Option<PathBuf>,
    /// Models that the server lists. Any other is served all the same.
    pub models: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            root: PathBuf::from("/"),
            scenario: "ok".to_owned(),
            retry_after: 1,
            own: BTreeMap::new(),
            log: None,
            models: Vec::new(),
        }
    }
}

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub struct Logged {
    /// `POST`, `GET`…
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The `SCENARIO~TAG` of its base URL.
    pub instance: String,
    /// Header names in lower case; of credentials only the length is kept, as `<8 characters>`.
    pub headers: BTreeMap<String, String>,
    /// The body; a string where it is no JSON.
    pub body: Value,
    /// What was done, in words: `call Read`, `say`, `fault Http(Auth)`, `404`…
    pub action: String,
}

/// A running server. It ends with the value.
#[derive(Debug)]
pub struct FakeModel {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) ended: AtomicBool,
    log: Mutex<Vec<Logged>>,
    counts: Mutex<BTreeMap<String, usize>>,
}

impl FakeModel {
    /// A server on a free port, for a client whose checkout is `root`.
    pub fn start(root: impl Into<PathBuf>) -> Self {
        Self::with(Options { root: root.into(), ..Options::default() }).expect("a free loopback port")
    }

    /// A server with options.
    pub fn with(options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            options,
            ended: AtomicBool::new(false),
            log: Mutex::default(),
            counts: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.ended.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || serve::serve(&serving, stream));
            }
        });
        Ok(Self { address, shared })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The base URL of a scenario (`ok`, or `ok~tag`), without a slash at its end.
    pub fn url(&self, scenario: &str) -> String {
        format!("http://{}/s/{scenario}", self.address)
    }

    /// The requests so far, in the order in which they were answered.
    pub fn log(&self) -> Vec<Logged> {
        self.shared.log().clone()
    }

    /// The model requests of one `SCENARIO~TAG` so far: what a client paid for.
    pub fn asked(&self, instance: &str) -> Vec<Logged> {
        self.log().into_iter().filter(|one| one.method == "POST" && one.instance == instance).collect()
    }
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    pub(crate) fn log(&self) -> MutexGuard<'_, Vec<Logged>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a model request of an instance, from 0.
    pub(crate) fn count(&self, instance: &str) -> usize {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(instance.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    pub(crate) fn record(&self, logged: Logged) {
        if let Some(path) = &self.options.log {
            let line = format!("{}\n", logged.to_json());
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            // A log that cannot be written is seen by whoever reads it; the answer has gone out already.
            drop(file.and_then(|mut file| file.write_all(line.as_bytes())));
        }
        self.log().push(logged);
    }
}

impl Logged {
    /// The request as one JSON object.
    pub fn to_json(&self) -> Value {
        serde_json::json!({
            "method": self.method, "path": self.path, "instance": self.instance, "headers": self.headers,
            "action": self.action, "body": self.body,
        })
    }
}

#[cfg(test)]
mod tests;
