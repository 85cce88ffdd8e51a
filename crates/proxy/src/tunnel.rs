//! A tunnel to a host on the list: bytes both ways, unread.
//!
//! In: a connection that asked for it. Out: bytes counted. The name is looked up here, and only addresses that were looked at
//! are connected to.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use crate::Entry;
use crate::address::is_public;
use crate::connection::{refuse, say};
use crate::door::Stream;
use crate::rules::Host;
use crate::server::Shared;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(20);

/// Connects and carries bytes until both sides have ended.
pub(crate) fn tunnel(near: &Stream, host: &Host, rest: &[u8], shared: &Arc<Shared>, entry: &mut Entry) {
    let outer = shared.rules.outer.as_ref();
    // The user's own proxy looks names up, and it is the user who chose it.
    let addresses = match addresses(outer.map_or(host, |outer| &outer.host)) {
        Ok(addresses) => addresses,
        Err(Unreachable::Refused) => {
            return refuse(near, "its name leads to this machine or its network", entry);
        }
        Err(Unreachable::Failed(error)) => {
            entry.failed = Some(format!("looking it up: {error}"));
            return drop(say(near, "502 Bad Gateway", "the name could not be looked up"));
        }
    };
    let connected = connect(&addresses).and_then(|far| {
        if let Some(outer) = outer {
            pass(&far, &outer.request(host))?;
        }
        Ok(far)
    });
    let far = match connected {
        Ok(far) => far,
        Err(error) => {
            entry.failed = Some(format!("connecting: {error}"));
            return drop(say(near, "502 Bad Gateway", "the host could not be connected to"));
        }
    };
    if let Err(error) = carry(near, &far, rest, shared, entry) {
        entry.failed = Some(error.to_string());
    }
}

/// Why there is no address.
pub(crate) enum Unreachable {
    /// It is not a public one.
    Refused,
    /// It could not be looked up.
    Failed(io::Error),
}

/// Addresses of a host; one that is not public spoils them all, unless the user named the host.
pub(crate) fn addresses(host: &Host) -> Result<Vec<SocketAddr>, Unreachable> {
    let found: Vec<SocketAddr> =
        (host.name.as_str(), host.port).to_socket_addrs().map_err(Unreachable::Failed)?.collect();
    if host.is_named_by_user || found.iter().all(|address| is_public(address.ip())) {
        Ok(found)
    } else {
        Err(Unreachable::Refused)
    }
}

fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::other("it has no address");
    for address in addresses {
        match TcpStream::connect_timeout(address, CONNECT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Asks the user's own proxy for a tunnel.
fn pass(mut far: &TcpStream, request: &str) -> io::Result<()> {
    far.set_read_timeout(Some(CONNECT))?;
    far.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut one = [0];
    // What follows the answer belongs to the tunnel, so it is read byte by byte.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() > 16 << 10 || far.read(&mut one)? == 0 {
            return Err(io::Error::other("the proxy gave no answer"));
        }
        answer.push(one[0]);
    }
    far.set_read_timeout(None)?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.split_whitespace().nth(1).unwrap_or_default();
    if status == "200" { Ok(()) } else { Err(io::Error::other(format!("the proxy answered {status}"))) }
}

fn carry(
    near: &Stream,
    far: &TcpStream,
    rest: &[u8],
    shared: &Arc<Shared>,
    entry: &mut Entry,
) -> io::Result<()> {
    far.set_nodelay(true)?;
    let end = far.try_clone()?;
    let _open = shared.keep(Box::new(move || drop(end.shutdown(Shutdown::Both))));
    let mut answer = near;
    answer.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let mut up = far.try_clone()?;
    up.write_all(rest)?;
    let from_near = near.try_clone()?;
    let sending = std::thread::spawn(move || {
        let sent = pump(&from_near, &up);
        drop(up.shutdown(Shutdown::Write));
        sent
    });
    entry.received = pump(far, near);
    drop(near.shutdown(Shutdown::Both));
    entry.sent = sending.join().unwrap_or(0) + rest.len() as u64;
    Ok(())
}

/// Carries bytes until one side has ended; how many.
fn pump(mut from: impl Read, mut to: impl Write) -> u64 {
    let mut buffer = vec![0; 32 << 10];
    let mut carried = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return carried,
            Ok(count) => {
                if to.write_all(&buffer[..count]).is_err() {
                    return carried;
                }
                carried += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return carried,
        }
    }
}
