//! The words between supervisor and keeper.
//!
//! In and out: one JSON document a line towards the supervisor, one byte an order towards the keeper. Never anything
//! that is needed to end a tree: the end of either pipe is enough for that.

use serde::{Deserialize, Serialize};

use crate::Stage;
use crate::record::End;

/// What a keeper tells. Everything but `ended` may be left out when the supervisor is slow to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Message {
    Started { pid: u32 },
    Output { stdout: u64, stderr: u64 },
    Stopping { stage: Stage },
    Ended(End),
}

/// Whoever takes messages.
pub(crate) trait Tell {
    /// Tells it, if somebody listens.
    fn tell(&mut self, message: &Message);
}

/// End the attempt through the whole ladder.
pub(crate) const STOP: u8 = b'c';
/// End the attempt through the whole ladder, as a failure.
pub(crate) const BREAK_OFF: u8 = b'b';
/// End the attempt, beginning with the kill.
pub(crate) const KILL: u8 = b'k';

impl Message {
    /// The line that carries the message.
    #[cfg(any(unix, test))]
    pub(crate) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).expect("plain data is written as JSON");
        line.push(b'\n');
        line
    }
}

/// Cuts a stream of bytes into messages.
#[cfg(any(unix, test))]
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
}

#[cfg(any(unix, test))]
impl Lines {
    /// Takes bytes as they arrive; gives the messages that are complete. What is no message is skipped.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Message> {
        self.rest.extend_from_slice(bytes);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        whole.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_whole_however_the_pipe_cuts_them() {
        let sent = [
            Message::Started { pid: 7 },
            Message::Output { stdout: 1, stderr: 2 },
            Message::Stopping { stage: Stage::Kill },
        ];
        let bytes: Vec<u8> = sent.iter().flat_map(Message::line).collect();
        for size in 1..bytes.len() {
            let mut lines = Lines::default();
            let got: Vec<_> = bytes.chunks(size).flat_map(|chunk| lines.feed(chunk)).collect();
            assert_eq!(got, sent);
        }
    }

    #[test]
    fn a_line_that_is_no_message_is_skipped() {
        let mut lines = Lines::default();
        let mut bytes = b"warning: something\n".to_vec();
        bytes.extend(Message::Started { pid: 7 }.line());
        assert_eq!(lines.feed(&bytes), [Message::Started { pid: 7 }]);
    }
}
