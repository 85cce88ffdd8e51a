//! Server-sent events out of bytes, wherever the bytes were cut.
//!
//! In: pieces of a body. Out: the data of whole events. Never keeps more than one event of at most [`LONGEST`] bytes; comments
//! and fields nobody needs (ids, retry times) go.
//!
//! The form is that of the HTML standard, section "Parsing an event stream".

/// More than this in one event is no event of a model.
const LONGEST: usize = 16 << 20;

/// Takes events out of a stream.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// The line that is not finished yet.
    line: Vec<u8>,
    /// The data lines of the event that is not finished yet.
    data: Vec<u8>,
    has_data: bool,
    /// The last byte was a carriage return: a line feed behind it belongs to it.
    after_return: bool,
    began: bool,
}

/// An event that is longer than any model's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Events {
    /// Takes a piece and returns the data of the events that it completes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut events = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_return) && rest[0] == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let end = memchr::memchr2(b'\n', b'\r', rest);
            let piece = &rest[..end.unwrap_or(rest.len())];
            if self.line.len() + self.data.len() + piece.len() > LONGEST {
                return Err(TooLong);
            }
            self.line.extend_from_slice(piece);
            let Some(end) = end else { break };
            self.after_return = rest[end] == b'\r';
            rest = &rest[end + 1..];
            self.end_line(&mut events);
        }
        Ok(events)
    }

    /// What stands behind the last whole event: servers that close without a blank line are read all the same.
    pub(crate) fn finish(mut self) -> Option<String> {
        let mut events = Vec::new();
        if !self.line.is_empty() {
            self.end_line(&mut events);
        }
        self.end_event(&mut events);
        events.pop()
    }

    fn end_line(&mut self, events: &mut Vec<String>) {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.began, true) && line.starts_with(b"\xEF\xBB\xBF") {
            line.drain(..3);
        }
        if line.is_empty() {
            self.end_event(events);
        } else if let Some(value) = line.strip_prefix(b"data:") {
            if self.has_data {
                self.data.push(b'\n');
            }
            self.has_data = true;
            self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
        }
    }

    fn end_event(&mut self, events: &mut Vec<String>) {
        if std::mem::take(&mut self.has_data) {
            events.push(String::from_utf8_lossy(&std::mem::take(&mut self.data)).into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(pieces: &[&[u8]]) -> Vec<String> {
        let mut events = Events::default();
        let mut out: Vec<String> =
            pieces.iter().flat_map(|piece| events.feed(piece).expect("short events")).collect();
        out.extend(events.finish());
        out
    }

    #[test]
    fn comments_names_and_every_line_end_are_understood() {
        let stream = "\u{feff}: hello\r\nevent: x\r\ndata: {\"a\":1}\r\n\r\ndata:two\rdata: lines\r\r\nid: 3\n\ndata: last";
        assert_eq!(all(&[stream.as_bytes()]), ["{\"a\":1}", "two\nlines", "last"]);
    }

    #[test]
    fn a_line_that_never_ends_is_given_up() {
        let mut events = Events::default();
        let piece = vec![b'x'; 1 << 20];
        assert_eq!((0..64).find_map(|_| events.feed(&piece).err()), Some(TooLong));
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_makes_no_difference(
            stream in "(data: ?[a-zä€😀{}\"]{0,8}|: c|event: e|)(\r\n|\n|\r|\n\n|\r\n\r\n){0,2}|.{0,4}",
            more in prop::collection::vec("(data: ?[a-zä€😀]{0,5}|:|)(\r\n|\n|\r|\n\n)", 0..8),
            cuts in prop::collection::vec(0usize..200, 0..12),
        ) {
            let bytes = format!("{stream}{}", more.concat()).into_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(all(&pieces), all(&[&bytes]));
        }
    }
}
