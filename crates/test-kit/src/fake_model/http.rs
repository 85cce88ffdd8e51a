//! As much of HTTP/1.1 as the server needs, written out so that every fault is exact.
//!
//! In: a connection. Out: one request; answers whole or in chunks. One request a connection: every answer closes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use serde_json::Value;

/// No client of ours sends more.
const LARGEST_BODY: usize = 256 << 20;

/// A request as it came.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Reads one request; `None` where the client closes without one.
    pub(crate) fn read(stream: &TcpStream) -> io::Result<Option<Self>> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let mut request = Self {
            method: words.next().unwrap_or_default().to_owned(),
            path: words.next().unwrap_or_default().to_owned(),
            ..Self::default()
        };
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            request.headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        if request.header("expect").contains("100-continue") {
            let mut stream = stream;
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.read_body(&mut reader)?;
        Ok(Some(request))
    }

    fn read_body(&mut self, reader: &mut BufReader<&TcpStream>) -> io::Result<()> {
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        if self.header("transfer-encoding").contains("chunked") {
            loop {
                let mut line = String::new();
                reader.read_line(&mut line)?;
                let size = line.split(';').next().unwrap_or_default().trim();
                let size = usize::from_str_radix(size, 16).map_err(|_| bad("a chunk without a size"))?;
                let mut chunk = vec![0; size.min(LARGEST_BODY)];
                reader.read_exact(&mut chunk)?;
                self.body.extend_from_slice(&chunk);
                reader.read_line(&mut String::new())?;
                if size == 0 {
                    return Ok(());
                }
            }
        }
        let length = self.header("content-length").parse().unwrap_or(0_usize);
        if length > LARGEST_BODY {
            return Err(bad("a body of more than 256 MiB"));
        }
        self.body = vec![0; length];
        reader.read_exact(&mut self.body)
    }

    /// A header, empty where it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Sends a whole answer.
pub(crate) fn answer(
    mut stream: &TcpStream,
    status: u16,
    headers: &[(&str, &str)],
    kind: &str,
    body: &[u8],
) -> io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n",
        reason(status),
        body.len()
    );
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()
}

/// Sends a JSON answer.
pub(crate) fn answer_json(
    stream: &TcpStream,
    status: u16,
    headers: &[(&str, &str)],
    body: &Value,
) -> io::Result<()> {
    answer(stream, status, headers, "application/json", body.to_string().as_bytes())
}

/// Begins a stream of events.
pub(crate) fn begin_events(mut stream: &TcpStream) -> io::Result<()> {
    stream.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n\
          transfer-encoding: chunked\r\nconnection: close\r\n\r\n",
    )?;
    stream.flush()
}

/// Sends some of a stream.
pub(crate) fn send(mut stream: &TcpStream, text: &str) -> io::Result<()> {
    stream.write_all(format!("{:x}\r\n", text.len()).as_bytes())?;
    stream.write_all(text.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.flush()
}

/// Ends a stream as HTTP ends it.
pub(crate) fn end_events(mut stream: &TcpStream) -> io::Result<()> {
    stream.write_all(b"0\r\n\r\n")?;
    stream.flush()
}

/// Closes a connection where it stands.
pub(crate) fn cut(stream: &TcpStream) {
    // A client that is gone already is as good as cut.
    drop(stream.shutdown(Shutdown::Both));
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        529 => "Overloaded",
        _ => "Unknown",
    }
}
