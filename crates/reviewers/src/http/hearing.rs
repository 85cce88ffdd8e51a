//! Takes one answer in, piece by piece, and knows what it has cost so far.
//!
//! In: pieces of a body. Out: whether to go on; what was read, and its cost. Stops where the answer cannot be read, or the budget
//! is used up while it comes.

use model::{Failure, FailureClass, Spend};

use super::endpoint::Endpoint;
use super::events::Events;
use super::failure::failure;
use super::protocol::{Reader, Turn};
use super::wire::Head;
use crate::budget::{Purse, Usage};
use crate::prices::Price;

/// A server that does not tell what it counted is charged for this many bytes a token, which is on the high side.
pub(crate) const BYTES_PER_TOKEN: u64 = 3;

/// No tokenizer takes more bytes for a token of prose or code, on average.
const LOW_BYTES_PER_TOKEN: u64 = 6;

/// Takes an answer in, piece by piece.
pub(crate) struct Hearing<'a> {
    events: Option<Events>,
    reader: Reader<'a>,
    /// The body of an answer that does not stream.
    plain: Vec<u8>,
    /// Everything, for the record.
    pub(crate) came: Vec<u8>,
    keep: bool,
    pub(crate) head: Head,
    /// Why it was stopped.
    pub(crate) failed: Option<Failure>,
    purse: &'a Purse,
    price: Option<&'a Price>,
    /// Bytes of the request.
    asked: u64,
    /// Bytes of the answer.
    heard: u64,
}

impl<'a> Hearing<'a> {
    /// Waits for the answer to a request of so many bytes; `keep` keeps every byte for the record.
    pub(crate) fn new(
        endpoint: &'a Endpoint,
        purse: &'a Purse,
        price: Option<&'a Price>,
        asked: usize,
        keep: bool,
    ) -> Self {
        Self {
            events: Some(Events::default()),
            reader: Reader::new(endpoint),
            plain: Vec::new(),
            came: Vec::new(),
            keep,
            head: Head::default(),
            failed: None,
            purse,
            price,
            asked: asked as u64,
            heard: 0,
        }
    }

    /// Takes a piece; returns whether to go on.
    pub(crate) fn take(&mut self, head: &Head, piece: &[u8]) -> bool {
        if self.heard == 0 {
            self.head = head.clone();
        }
        self.heard += piece.len() as u64;
        if self.keep {
            self.came.extend_from_slice(piece);
        }
        let taken = self.read(piece).and_then(|()| self.purse.check(&self.open()));
        self.failed = taken.err();
        self.failed.is_none()
    }

    fn read(&mut self, piece: &[u8]) -> Result<(), Failure> {
        if !self.head.content_type.contains("event-stream") {
            self.plain.extend_from_slice(piece);
            return Ok(());
        }
        let Some(events) = &mut self.events else { return Ok(()) };
        let too_long = |_| failure(FailureClass::Transient, "an event of its stream never ends");
        for event in events.feed(piece).map_err(too_long)? {
            self.reader.event(&event)?;
        }
        Ok(())
    }

    /// The text so far.
    pub(crate) fn text(&self) -> &str {
        self.reader.text()
    }

    /// Tokens so far, where told.
    pub(crate) fn usage(&self) -> Option<Usage> {
        self.reader.usage()
    }

    /// The finished answer.
    pub(crate) fn finish(mut self) -> Result<Turn, Failure> {
        self.end()?;
        self.reader.finish()
    }

    /// Reads what is left at the end.
    fn end(&mut self) -> Result<(), Failure> {
        if !self.head.content_type.contains("event-stream") {
            return self.reader.whole(&String::from_utf8_lossy(&self.plain));
        }
        match self.events.take().and_then(Events::finish) {
            Some(event) => self.reader.event(&event),
            None => Ok(()),
        }
    }

    /// What the call that is under way has certainly cost: what the server counted so far, and the text that came. What it
    /// will count in the end is more; an estimate on the high side would end calls that fit.
    fn open(&self) -> Spend {
        let mut usage = self.reader.usage().unwrap_or_default();
        usage.output = usage.output.max(self.reader.text().len() as u64 / LOW_BYTES_PER_TOKEN);
        let usd = self.price.map_or(0.0, |price| price.of(&usage));
        Spend { tokens: usage.total(), usd, ..Spend::default() }
    }

    /// What the call has cost.
    pub(crate) fn spend(&self, usage: Option<Usage>, is_free: bool) -> Spend {
        let estimate = (self.asked + self.reader.text().len() as u64) / BYTES_PER_TOKEN;
        let usd = match (usage, self.price) {
            _ if is_free => Some(0.0),
            (Some(usage), Some(price)) => Some(price.of(&usage)),
            _ => None,
        };
        Spend {
            calls: 1,
            tokens: usage.map_or(estimate, |usage| usage.total()),
            usd: usd.unwrap_or(0.0),
            unpriced_calls: u64::from(usd.is_none()),
            ms: 0,
        }
    }
}
