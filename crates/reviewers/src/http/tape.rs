//! Exchanges written to a folder, and read from it instead of asking anybody.
//!
//! In: a request's body, and what came back. Out: one file an exchange, named after the request. No header is kept, so no key
//! is; a key that a server sends back is taken out. The same request finds the same answer, so a replayed run gives the
//! same bytes; what a later round adds to the request does not matter. Of a request that was made twice (a retry) the last answer is kept.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use model::{Failure, FailureClass};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::endpoint::Endpoint;
use super::failure::failure;
use super::wire::{Broken, Head, Outcome, Refused, Sink};

const SCHEMA: &str = "deep-review/exchange/v1";

/// Where exchanges go to, or come from.
#[derive(Clone, Debug, Default)]
pub(crate) enum Tape {
    /// Nowhere.
    #[default]
    Off,
    /// Every exchange is kept in this folder.
    Record(PathBuf),
    /// This folder answers.
    Replay(PathBuf),
}

/// One exchange.
#[derive(Serialize, Deserialize)]
struct Exchange {
    schema: String,
    status: u16,
    content_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<String>,
    /// How the connection broke, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    broken: Option<String>,
    /// Everything that came.
    body: String,
    request: Value,
}

impl Tape {
    /// Keeps an exchange; `came` is everything that was handed on. What only says that we gave up is not kept.
    pub(crate) fn keep(
        &self,
        request: &str,
        outcome: &Outcome,
        head: &Head,
        came: &[u8],
        endpoint: &Endpoint,
    ) -> Result<(), Failure> {
        let Self::Record(folder) = self else { return Ok(()) };
        let (head, body, broken) = match outcome {
            Outcome::Done(head) => (head, String::from_utf8_lossy(came).into_owned(), None),
            Outcome::Refused(refused) => (&refused.head, refused.body.clone(), None),
            Outcome::Broken(Broken::Network(why)) => {
                (head, String::from_utf8_lossy(came).into_owned(), Some(endpoint.redact(why)))
            }
            Outcome::Broken(_) => return Ok(()),
        };
        let exchange = Exchange {
            schema: SCHEMA.to_owned(),
            status: head.status,
            content_type: head.content_type.clone(),
            retry_after: head.retry_after.clone(),
            broken,
            body: endpoint.without_key(&body),
            request: serde_json::from_str(&endpoint.without_key(request)).unwrap_or_default(),
        };
        write(&folder.join(name(request)), &exchange).map_err(|error| {
            failure(FailureClass::Configuration, format!("the exchange could not be recorded: {error}"))
        })
    }

    /// Plays an exchange from the folder; `None` where it is not a replay. `other` is the request as a run would have made it that
    /// came before: where the very request was not recorded, that one answers.
    pub(crate) fn play(
        &self,
        request: &str,
        other: Option<&str>,
        sink: &mut Sink<'_>,
    ) -> Option<Result<Outcome, Failure>> {
        let Self::Replay(folder) = self else { return None };
        let exact = folder.join(name(request));
        let before = other.map(|other| folder.join(name(other))).filter(|path| path.exists());
        Some(play(&if exact.exists() { exact } else { before.unwrap_or(exact) }, sink))
    }
}

fn play(path: &Path, sink: &mut Sink<'_>) -> Result<Outcome, Failure> {
    let unknown = |why: String| failure(FailureClass::Configuration, format!("nothing to replay: {why}"));
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => unknown("this request was not recorded".to_owned()),
        _ => unknown(error.to_string()),
    })?;
    let exchange: Exchange = serde_json::from_str(&text).map_err(|error| unknown(error.to_string()))?;
    let head = Head {
        status: exchange.status,
        content_type: exchange.content_type,
        retry_after: exchange.retry_after,
    };
    if exchange.broken.is_none() && !(200..300).contains(&head.status) {
        return Ok(Outcome::Refused(Refused { head, body: exchange.body }));
    }
    if !exchange.body.is_empty() && !sink(&head, exchange.body.as_bytes()) {
        return Ok(Outcome::Broken(Broken::Stopped));
    }
    Ok(exchange.broken.map_or(Outcome::Done(head), |why| Outcome::Broken(Broken::Network(why))))
}

/// The name of a request's file: the same for the same bytes.
fn name(request: &str) -> String {
    let mut name = String::new();
    for byte in &Sha256::digest(request.as_bytes())[..16] {
        let _ = write!(name, "{byte:02x}");
    }
    name + ".json"
}

fn write(path: &Path, exchange: &Exchange) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut file, exchange)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
