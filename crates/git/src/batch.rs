//! Reads many objects through few git processes.
//!
//! In: object names. Out: their bytes. Never starts a process for one object, never keeps one that is too large.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::{Mutex, PoisonError};

use model::Sha;

use crate::call::Place;
use crate::{Error, Result};

/// Larger files are not code. The same size makes git treat a file as binary, see `changes::LARGE`.
pub(crate) const LARGE: u64 = 8 << 20;

const DOING: &str = "could not read a file's content";

/// What became of one object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Blob {
    /// Its content was put into the buffer.
    Read,
    /// It is larger than [`LARGE`]: so many bytes.
    TooLarge(u64),
    /// It is not here (partial clone, damaged repository).
    Missing,
}

/// Processes that answer one object at a time. Each ends when its standard input closes, also where we are killed.
#[derive(Debug)]
pub(crate) struct Pool {
    place: Place,
    idle: Mutex<Vec<Talk>>,
}

#[derive(Debug)]
struct Talk {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Pool {
    pub(crate) fn new(place: Place) -> Self {
        Self { place, idle: Mutex::new(Vec::new()) }
    }

    /// Reads one object into `buffer`.
    pub(crate) fn read(&self, oid: &Sha, buffer: &mut Vec<u8>) -> Result<Blob> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut talk = match idle {
            Some(talk) => talk,
            None => Talk::start(&self.place)?,
        };
        // A process whose answer was not read to its end must not be asked again: it is dropped with the error.
        let blob = talk.ask(oid, buffer).map_err(|error| Error::failed(DOING, error))?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(talk);
        Ok(blob)
    }
}

impl Talk {
    fn start(place: &Place) -> Result<Self> {
        let mut child = place.call(DOING)?.args(["cat-file", "--batch"]).talk()?;
        let stdin = child.stdin.take().expect("stdin is piped");
        let stdout = BufReader::with_capacity(64 * 1024, child.stdout.take().expect("stdout is piped"));
        Ok(Self { child, stdin, stdout })
    }

    fn ask(&mut self, oid: &Sha, buffer: &mut Vec<u8>) -> std::io::Result<Blob> {
        self.stdin.write_all(format!("{oid}\n").as_bytes())?;
        self.stdin.flush()?;
        next(&mut self.stdout, buffer)
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads many objects in order and shows each to `see`, with its position.
pub(crate) fn read_all<'a>(
    place: &Place,
    oids: impl ExactSizeIterator<Item = &'a Sha>,
    see: &mut dyn FnMut(usize, &Blob, &[u8]),
) -> Result<()> {
    let count = oids.len();
    if count == 0 {
        return Ok(());
    }
    let mut input = Vec::with_capacity(count * 41);
    for oid in oids {
        input.extend_from_slice(oid.as_str().as_bytes());
        input.push(b'\n');
    }
    let call = place.call(DOING)?.args(["cat-file", "--batch", "--buffer"]).input(input);
    call.stream(&mut |stdout| {
        let mut stdout = BufReader::with_capacity(256 * 1024, stdout);
        let mut buffer = Vec::new();
        for index in 0..count {
            let blob = next(&mut stdout, &mut buffer)?;
            see(index, &blob, &buffer);
        }
        Ok(())
    })?;
    Ok(())
}

/// Reads one answer: `<oid> blob <size>`, the bytes and a line end; or `<oid> missing`.
fn next(input: &mut impl BufRead, buffer: &mut Vec<u8>) -> std::io::Result<Blob> {
    buffer.clear();
    let mut header = Vec::new();
    input.take(256).read_until(b'\n', &mut header)?;
    let header = String::from_utf8_lossy(&header);
    let mut words = header.trim_end().split(' ');
    let (_, kind, size) = (words.next(), words.next(), words.next());
    if matches!(kind, Some("missing" | "ambiguous")) {
        return Ok(Blob::Missing);
    }
    let size: u64 = size.and_then(|size| size.parse().ok()).ok_or_else(|| {
        std::io::Error::new(std::io::ErrorKind::InvalidData, "git stopped in the middle of its answer")
    })?;
    let blob = if size > LARGE {
        std::io::copy(&mut input.take(size), &mut std::io::sink())?;
        Blob::TooLarge(size)
    } else {
        buffer.resize(size as usize, 0);
        input.read_exact(buffer)?;
        Blob::Read
    };
    let mut end = [0];
    input.read_exact(&mut end)?;
    Ok(blob)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_one_after_another() {
        let mut input = BufReader::new(b"aa blob 3\na\nb\nbb missing\ncc blob 0\n\n".as_slice());
        let mut buffer = Vec::new();
        assert_eq!(next(&mut input, &mut buffer).expect("one"), Blob::Read);
        assert_eq!(buffer, b"a\nb");
        assert_eq!(next(&mut input, &mut buffer).expect("two"), Blob::Missing);
        assert_eq!(next(&mut input, &mut buffer).expect("three"), Blob::Read);
        assert!(buffer.is_empty());
        assert!(next(&mut input, &mut buffer).is_err());
    }
}
