//! The head of a request.
//!
//! In: bytes as they come. Out: method, target, headers, and what was read beyond them. Bounded: a head that does not end is
//! no head.

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most bytes of a head.
const LONGEST: usize = 64 << 10;
/// The most headers.
const MOST: usize = 128;
/// The most bytes of a body. No vendor takes as many.
const LARGEST: usize = 64 << 20;
/// The most bytes of all bodies that are held at the same time: they are ours, not those of the program that sends them.
const ALL: usize = 256 << 20;

/// The part of what may be held that one request has. Given back when it goes.
pub(crate) struct Held<'a> {
    all: &'a AtomicUsize,
    own: usize,
}

impl<'a> Held<'a> {
    /// Nothing yet, of what `all` counts.
    pub(crate) fn of(all: &'a AtomicUsize) -> Self {
        Self { all, own: 0 }
    }

    fn take(&mut self, bytes: usize) -> io::Result<()> {
        let before = self.all.fetch_add(bytes, Ordering::SeqCst);
        self.own += bytes;
        if before + bytes > ALL {
            return Err(wrong("too much is being sent at the same time"));
        }
        Ok(())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Ordering::SeqCst);
    }
}

/// The head of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

impl Head {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_slice())
    }

    fn has_word(&self, name: &str, word: &str) -> bool {
        let value = self.header(name).map(String::from_utf8_lossy).unwrap_or_default();
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    }

    /// Whether it wants to go on in another protocol.
    pub(crate) fn is_upgrade(&self) -> bool {
        self.has_word("connection", "upgrade")
    }

    /// Whether it waits for a word before it sends its body.
    pub(crate) fn is_waiting(&self) -> bool {
        self.has_word("expect", "100-continue")
    }
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Reads a head; `None` where nothing came at all.
pub(crate) fn read_head(from: &mut impl Read) -> io::Result<Option<(Head, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        if let Some((head, length)) = parse(&bytes)? {
            return Ok(Some((head, bytes.split_off(length))));
        }
        if bytes.len() >= LONGEST {
            return Err(wrong("its head does not end"));
        }
        match from.read(&mut buffer)? {
            0 if bytes.is_empty() => return Ok(None),
            0 => return Err(wrong("its head breaks off")),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn parse(bytes: &[u8]) -> io::Result<Option<(Head, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST];
    let mut request = httparse::Request::new(&mut headers);
    let status = request.parse(bytes).map_err(|error| wrong(&error.to_string()))?;
    let httparse::Status::Complete(length) = status else { return Ok(None) };
    let head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        headers: request.headers.iter().map(|it| (it.name.to_ascii_lowercase(), it.value.to_vec())).collect(),
    };
    Ok(Some((head, length)))
}

/// Reads the body that belongs to a head; `rest` is what came with it.
pub(crate) fn read_body(
    head: &Head,
    rest: Vec<u8>,
    from: &mut impl Read,
    held: &mut Held<'_>,
) -> io::Result<Vec<u8>> {
    let mut source = io::Cursor::new(rest).chain(from);
    if head.header("transfer-encoding").is_some() {
        if !head.has_word("transfer-encoding", "chunked") || head.header("content-length").is_some() {
            return Err(wrong("its length is told in two ways"));
        }
        return chunked(&mut source, held);
    }
    let Some(length) = head.header("content-length") else { return Ok(Vec::new()) };
    let length = std::str::from_utf8(length).ok().and_then(|text| text.trim().parse::<usize>().ok());
    let length =
        length.filter(|length| *length <= LARGEST).ok_or_else(|| wrong("its length is no length"))?;
    held.take(length)?;
    let mut body = Vec::new();
    source.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length { Err(wrong("its body breaks off")) } else { Ok(body) }
}

fn chunked(source: &mut impl Read, held: &mut Held<'_>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = line(source)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| wrong("a piece without a size"))?;
        if size == 0 {
            // What follows the last piece is not passed on.
            while !self::line(source)?.is_empty() {}
            return Ok(body);
        }
        if size > LARGEST.saturating_sub(body.len()) {
            return Err(wrong("its body is too large"));
        }
        held.take(size)?;
        let begun = body.len();
        source.take(size as u64).read_to_end(&mut body)?;
        if body.len() - begun < size || !self::line(source)?.is_empty() {
            return Err(wrong("a piece breaks off"));
        }
    }
}

fn line(source: &mut impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut one = [0];
    while bytes.len() < 4096 {
        source.read_exact(&mut one)?;
        if one[0] == b'\n' {
            let text = String::from_utf8_lossy(&bytes);
            return Ok(text.trim_end_matches('\r').to_owned());
        }
        bytes.push(one[0]);
    }
    Err(wrong("a line does not end"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> io::Result<(Head, Vec<u8>)> {
        let mut source = text.as_bytes();
        let (head, rest) = read_head(&mut source)?.ok_or_else(|| wrong("nothing"))?;
        let all = AtomicUsize::new(0);
        let body = read_body(&head, rest, &mut source, &mut Held::of(&all))?;
        Ok((head, body))
    }

    #[test]
    fn a_body_is_read_in_both_ways_of_telling_its_length() {
        let (head, body) = read("POST /v1 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcdEF").unwrap();
        assert_eq!(
            (head.method.as_str(), head.target.as_str(), body.as_slice()),
            ("POST", "/v1", &b"abcd"[..])
        );
        let (_, body) =
            read("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n").unwrap();
        assert_eq!(body, b"abcde");
        assert_eq!(read("GET / HTTP/1.1\r\n\r\n").unwrap().1, b"");
    }

    #[test]
    fn what_two_programs_could_read_in_two_ways_is_refused() {
        for wrong in [
            "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 9999999999999\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffff\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
            "POST / HTTP/1.1\r\nHost: x",
            "nonsense\r\n\r\n",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn many_requests_together_hold_no_more_than_one_program_may() {
        let all = AtomicUsize::new(0);
        let mut held: Vec<Held<'_>> = (0..ALL / LARGEST).map(|_| Held::of(&all)).collect();
        assert!(held.iter_mut().all(|one| one.take(LARGEST).is_ok()));
        let head =
            || read_head(&mut "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab".as_bytes()).unwrap().unwrap();
        let body = || {
            let (head, rest) = head();
            read_body(&head, rest, &mut io::empty(), &mut Held::of(&all))
        };
        assert!(body().is_err(), "there is no room");
        held.pop();
        assert_eq!(body().unwrap(), b"ab", "and what is given back is there again");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut source = bytes.as_slice();
            if let Ok(Some((head, rest))) = read_head(&mut source) {
                let all = AtomicUsize::new(0);
                drop(read_body(&head, rest, &mut source, &mut Held::of(&all)));
                prop_assert_eq!(all.into_inner(), 0);
            }
        }
    }
}
