//! Reads on in a file that is being written, line by line.
//!
//! In: an open file of our own, opened before the program existed. Out: each whole line once. Never opens anything by
//! name (the program may have put something else there), never keeps more than one long line.

use std::io::{self, Read};

/// A line longer than this is left out.
pub(crate) const LONGEST_LINE: usize = 4 << 20;

/// Lines of a growing file.
#[derive(Debug)]
pub(crate) struct Watch<R> {
    file: R,
    rest: Vec<u8>,
    // The present line is too long: everything up to its end is left out.
    skipping: bool,
}

impl<R: Read> Watch<R> {
    /// From where the file stands now.
    pub(crate) fn new(file: R) -> Self {
        Self { file, rest: Vec::new(), skipping: false }
    }

    /// Shows every line that has become whole since the last time.
    pub(crate) fn read_on(&mut self, line: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let mut bytes = vec![0; 1 << 16];
        loop {
            match self.file.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(count) => self.take(&bytes[..count], line),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Shows the last line, which has no end.
    pub(crate) fn finish(&mut self, line: &mut dyn FnMut(&[u8])) {
        if !self.rest.is_empty() && !self.skipping {
            line(&self.rest);
        }
        self.rest.clear();
    }

    fn take(&mut self, mut bytes: &[u8], line: &mut dyn FnMut(&[u8])) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            if self.skipping || self.rest.len() + end > LONGEST_LINE {
                self.skipping = false;
            } else if self.rest.is_empty() {
                line(&bytes[..end]);
            } else {
                self.rest.extend_from_slice(&bytes[..end]);
                line(&self.rest);
            }
            self.rest.clear();
            bytes = &bytes[end + 1..];
        }
        self.skipping |= self.rest.len() + bytes.len() > LONGEST_LINE;
        if self.skipping {
            self.rest = Vec::new();
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;

    use super::*;

    /// A file that grows: one piece for each time it is read to its end.
    struct Growing<'a>(&'a RefCell<VecDeque<Vec<u8>>>);

    impl Read for Growing<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let mut pieces = self.0.borrow_mut();
            let Some(piece) = pieces.front_mut() else { return Ok(0) };
            let count = piece.len().min(to.len());
            to[..count].copy_from_slice(&piece[..count]);
            piece.drain(..count);
            if piece.is_empty() {
                pieces.pop_front();
            }
            Ok(count)
        }
    }

    fn lines(pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let queue = RefCell::new(VecDeque::new());
        let mut watch = Watch::new(Growing(&queue));
        let mut seen = Vec::new();
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            queue.borrow_mut().push_back(piece.clone());
            watch.read_on(&mut |line| seen.push(line.to_vec())).expect("read");
        }
        watch.finish(&mut |line| seen.push(line.to_vec()));
        seen
    }

    #[test]
    fn lines_come_whole_however_the_file_grows() {
        let text = b"one\n\ntwo \xff\r\nlast without end";
        let expected = [&b"one"[..], b"", b"two \xff\r", b"last without end"];
        for size in 1..=text.len() {
            let pieces: Vec<_> = text.chunks(size).map(<[u8]>::to_vec).collect();
            assert_eq!(lines(&pieces), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_the_next_is_not() {
        let long = vec![b'x'; LONGEST_LINE + 1];
        let pieces = [b"before\n".to_vec(), long.clone(), long, b"\nafter\n".to_vec()];
        assert_eq!(lines(&pieces), [&b"before"[..], b"after"]);
        let fits = vec![b'x'; LONGEST_LINE];
        assert_eq!(lines(&[fits.clone(), b"\n".to_vec()]), [fits]);
    }
}
