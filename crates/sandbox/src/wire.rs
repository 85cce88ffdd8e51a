//! One line of bytes that carries many connections: how a program in a machine reaches the proxy outside of it.
//!
//! In: a line (a port of a machine), a listener on the near side, whoever dials on the far side. Out: each connection that is made
//! near comes out far, with a pace of its own. Neither side trusts the other: what is held is bounded, and who breaks the rules loses
//! the line. Never looks at a byte that passes.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most bytes in one piece.
const PIECE: usize = 16 << 10;
/// So much may be under way in one direction of a connection before the other side has taken any of it.
const WINDOW: usize = 256 << 10;
/// Connections at the same time; more are closed at once.
const MOST: usize = 64;
/// In a machine, the other side of the line must be there within this.
pub(crate) const GREETING: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A connection was made near.
    Open,
    Data,
    /// Nothing more comes in this direction.
    End,
    /// The connection is gone, in both.
    Gone,
    /// So much was taken.
    Credit,
    /// The size of a terminal.
    Size,
}

/// What comes over a line. The number is that of a connection; of a credit the length says how much.
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) number: u32,
    pub(crate) length: usize,
    pub(crate) piece: Vec<u8>,
}

impl Frame {
    pub(crate) fn read(from: &mut dyn Read) -> io::Result<Self> {
        let mut head = [0; 9];
        from.read_exact(&mut head)?;
        let kinds = [Kind::Open, Kind::Data, Kind::End, Kind::Gone, Kind::Credit, Kind::Size];
        let kind = kinds.into_iter().find(|kind| *kind as u8 == head[0]).ok_or_else(nonsense)?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (number, length) = (word(1), usize::try_from(word(5)).map_err(|_| nonsense())?);
        let mut piece = Vec::new();
        if kind == Kind::Data {
            if length > PIECE {
                return Err(nonsense());
            }
            piece.resize(length, 0);
            from.read_exact(&mut piece)?;
        }
        Ok(Self { kind, number, length, piece })
    }

    pub(crate) fn write(
        to: &mut dyn Write,
        kind: Kind,
        number: u32,
        length: usize,
        piece: &[u8],
    ) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(9 + piece.len());
        bytes.push(kind as u8);
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(piece);
        to.write_all(&bytes)?;
        to.flush()
    }
}

fn nonsense() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the other side talks nonsense")
}

/// Waits for the greeting of the other side. What stands before it was left by somebody else. A port of a machine on whose other side
/// nobody is yet has ended, for now: so long is looked again.
pub(crate) fn greeted(from: &mut BufReader<impl Read>, word: &str, patience: Duration) -> io::Result<()> {
    let begun = Instant::now();
    let wanted = format!("W{word}\n").into_bytes();
    let mut seen: VecDeque<u8> = VecDeque::new();
    loop {
        let Some(byte) = from.fill_buf()?.first().copied() else {
            if begun.elapsed() >= patience {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        from.consume(1);
        seen.push_back(byte);
        if seen.len() > wanted.len() {
            seen.pop_front();
        }
        if seen.iter().eq(wanted.iter()) {
            return Ok(());
        }
    }
}

pub(crate) fn greet(to: &mut dyn Write, word: &str) -> io::Result<()> {
    to.write_all(format!("W{word}\n").as_bytes())?;
    to.flush()
}

/// What is carried.
trait Connection: Send + Sync {
    fn take(&self, bytes: &mut [u8]) -> io::Result<usize>;
    fn put(&self, bytes: &[u8]) -> io::Result<()>;
    fn close(&self, how: Shutdown);
}

macro_rules! connection {
    ($kind:ty) => {
        impl Connection for $kind {
            fn take(&self, bytes: &mut [u8]) -> io::Result<usize> {
                let mut own = self;
                own.read(bytes)
            }

            fn put(&self, bytes: &[u8]) -> io::Result<()> {
                let mut own = self;
                own.write_all(bytes)
            }

            fn close(&self, how: Shutdown) {
                // One that has ended is closed.
                drop(self.shutdown(how));
            }
        }
    };
}

connection!(TcpStream);
connection!(UnixStream);

/// One connection on the line.
struct Strand {
    number: u32,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    pieces: VecDeque<Vec<u8>>,
    held: usize,
    /// The other side says no more.
    ended: bool,
    /// This side says no more.
    said: bool,
    gone: bool,
    credit: usize,
}

/// What is to be done for a connection.
enum Next {
    Piece(Vec<u8>),
    End,
    Over,
}

impl Strand {
    fn new(number: u32) -> Self {
        let state = State {
            pieces: VecDeque::new(),
            held: 0,
            ended: false,
            said: false,
            gone: false,
            credit: WINDOW,
        };
        Self { number, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn wait_until<T>(&self, mut is_so: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut state = self.lock();
        loop {
            if let Some(found) = is_so(&mut state) {
                return found;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until some of `wanted` bytes may be sent; none where it is gone.
    fn spend(&self, wanted: usize) -> Option<usize> {
        self.wait_until(|state| {
            if state.gone {
                return Some(None);
            }
            let part = state.credit.min(wanted);
            state.credit -= part;
            (part > 0).then_some(Some(part))
        })
    }

    fn next(&self, is_closed: bool) -> Next {
        self.wait_until(|state| {
            if state.gone {
                return Some(Next::Over);
            }
            if let Some(piece) = state.pieces.pop_front() {
                state.held -= piece.len();
                return Some(Next::Piece(piece));
            }
            match (state.ended, is_closed) {
                (true, false) => Some(Next::End),
                (true, true) if state.said => Some(Next::Over),
                _ => None,
            }
        })
    }
}

/// A line and what it carries.
struct Wire {
    out: Mutex<Box<dyn Write + Send>>,
    strands: Mutex<BTreeMap<u32, Arc<Strand>>>,
}

impl Wire {
    fn new(out: Box<dyn Write + Send>) -> Arc<Self> {
        Arc::new(Self { out: Mutex::new(out), strands: Mutex::default() })
    }

    fn send(&self, kind: Kind, number: u32, length: usize, piece: &[u8]) -> io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        Frame::write(&mut **out, kind, number, length, piece)
    }

    fn strands(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<Strand>>> {
        self.strands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new connection; none where there are too many, or where the number is taken.
    fn add(&self, number: u32) -> Option<Arc<Strand>> {
        let mut strands = self.strands();
        if strands.len() >= MOST || strands.contains_key(&number) {
            return None;
        }
        let strand = Arc::new(Strand::new(number));
        strands.insert(number, Arc::clone(&strand));
        Some(strand)
    }

    /// Carries one connection to its end.
    fn carry(self: &Arc<Self>, strand: &Arc<Strand>, near: &Arc<dyn Connection>) {
        let up = std::thread::spawn({
            let (wire, strand, near) = (Arc::clone(self), Arc::clone(strand), Arc::clone(near));
            move || {
                wire.up(&strand, &*near);
                strand.change(|state| state.said = true);
            }
        });
        self.down(strand, &**near);
        near.close(Shutdown::Both);
        drop(up.join());
        self.strands().remove(&strand.number);
    }

    fn up(&self, strand: &Strand, near: &dyn Connection) {
        let mut bytes = vec![0; PIECE];
        loop {
            let count = match near.take(&mut bytes) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return self.lose(strand),
            };
            if count == 0 {
                // Where this cannot be said the line is over, and so is everything on it.
                drop(self.send(Kind::End, strand.number, 0, &[]));
                return;
            }
            let mut rest = &bytes[..count];
            while !rest.is_empty() {
                let Some(part) = strand.spend(rest.len()) else { return };
                if self.send(Kind::Data, strand.number, part, &rest[..part]).is_err() {
                    return self.lose(strand);
                }
                rest = &rest[part..];
            }
        }
    }

    fn down(&self, strand: &Strand, near: &dyn Connection) {
        let mut is_closed = false;
        loop {
            match strand.next(is_closed) {
                Next::Piece(piece) => {
                    if near.put(&piece).is_err()
                        || self.send(Kind::Credit, strand.number, piece.len(), &[]).is_err()
                    {
                        return self.lose(strand);
                    }
                }
                Next::End => {
                    near.close(Shutdown::Write);
                    is_closed = true;
                }
                Next::Over => return,
            }
        }
    }

    fn lose(&self, strand: &Strand) {
        strand.change(|state| state.gone = true);
        drop(self.send(Kind::Gone, strand.number, 0, &[]));
    }

    /// Takes what comes, until the line ends or the other side breaks the rules.
    fn hear(self: &Arc<Self>, from: &mut dyn Read, open: &dyn Fn(Arc<Strand>)) -> io::Result<()> {
        let heard = self.heard(from, open);
        for strand in self.strands().values() {
            strand.change(|state| state.gone = true);
        }
        heard
    }

    fn heard(&self, from: &mut dyn Read, open: &dyn Fn(Arc<Strand>)) -> io::Result<()> {
        loop {
            let frame = Frame::read(from)?;
            if frame.kind == Kind::Open {
                match self.add(frame.number) {
                    Some(strand) => open(strand),
                    None => self.send(Kind::Gone, frame.number, 0, &[])?,
                }
                continue;
            }
            // One that is gone here may not be known to be gone there.
            let Some(strand) = self.strands().get(&frame.number).cloned() else { continue };
            match frame.kind {
                Kind::Data => {
                    let mut state = strand.lock();
                    state.held += frame.piece.len();
                    if state.held > WINDOW {
                        return Err(nonsense());
                    }
                    state.pieces.push_back(frame.piece);
                    drop(state);
                    strand.changed.notify_all();
                }
                Kind::End => strand.change(|state| state.ended = true),
                Kind::Gone => strand.change(|state| state.gone = true),
                Kind::Credit => {
                    strand
                        .change(|state| state.credit = state.credit.saturating_add(frame.length).min(WINDOW));
                }
                Kind::Open | Kind::Size => return Err(nonsense()),
            }
        }
    }
}

/// The side on which connections are made, as long as the line is there. `ready` is called when they can be.
pub(crate) fn near(
    from: impl Read,
    mut to: impl Write + Send + 'static,
    word: &str,
    listener: TcpListener,
    ready: impl FnOnce(),
) -> io::Result<()> {
    let mut from = BufReader::with_capacity(PIECE, from);
    greet(&mut to, word)?;
    greeted(&mut from, word, GREETING)?;
    let wire = Wire::new(Box::new(to));
    let accepting = Arc::clone(&wire);
    std::thread::spawn(move || {
        for (number, stream) in (0..).zip(listener.incoming()) {
            let Ok(stream) = stream else { continue };
            let Some(strand) = accepting.add(number) else { continue };
            if accepting.send(Kind::Open, number, 0, &[]).is_err() {
                return;
            }
            let wire = Arc::clone(&accepting);
            std::thread::spawn(move || {
                let near: Arc<dyn Connection> = Arc::new(stream);
                wire.carry(&strand, &near);
            });
        }
    });
    ready();
    wire.hear(&mut from, &|strand| wire.lose(&strand))
}

/// Makes the connection that somebody on the near side has made.
pub type Dial = Arc<dyn Fn() -> io::Result<UnixStream> + Send + Sync>;

/// The other side, until the line ends. An error says how: that it has ended is one as well.
pub fn far(line: UnixStream, word: &str, dial: &Dial) -> io::Result<()> {
    let mut to = line.try_clone()?;
    let mut from = BufReader::with_capacity(PIECE, line);
    greeted(&mut from, word, Duration::ZERO)?;
    greet(&mut to, word)?;
    let wire = Wire::new(Box::new(to));
    wire.hear(&mut from, &|strand| {
        let (wire, dial) = (Arc::clone(&wire), Arc::clone(dial));
        std::thread::spawn(move || {
            if let Ok(stream) = dial() {
                let near: Arc<dyn Connection> = Arc::new(stream);
                wire.carry(&strand, &near);
            } else {
                wire.lose(&strand);
                wire.strands().remove(&strand.number);
            }
        });
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::os::unix::net::UnixListener;

    /// A line between a listener and a server. Gives the listener's port, and the far end of the line to cut.
    fn line(
        server: impl Fn(UnixStream) + Send + Sync + 'static,
    ) -> (u16, UnixStream, std::thread::JoinHandle<io::Result<()>>) {
        let (near_end, mut far_end) = UnixStream::pair().unwrap();
        // What an earlier job has left, on the way to both.
        (&near_end).write_all(b"Wold\n\x01garbage W").unwrap();
        far_end.write_all(b"\0\0\0rubbish").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let server = Arc::new(server);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let server = Arc::clone(&server);
                std::thread::spawn(move || server(stream.unwrap()));
            }
        });
        let dial: Dial = Arc::new(move || {
            let _kept = &folder;
            UnixStream::connect(&socket)
        });
        let cut = far_end.try_clone().unwrap();
        let far = std::thread::spawn(move || far(far_end, "new", &dial));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let from = near_end.try_clone().unwrap();
            near(from, near_end, "new", listener, move || tell.send(()).unwrap())
        });
        told.recv_timeout(Duration::from_secs(20)).unwrap();
        (port, cut, far)
    }

    fn dial(port: u16) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()
    }

    fn echo(stream: &UnixStream) {
        io::copy(&mut &*stream, &mut &*stream).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
    }

    #[test]
    fn what_is_said_on_many_connections_at_once_comes_back_whole_on_each() {
        let (port, ..) = line(|stream| echo(&stream));
        let asked: Vec<_> = (0_u8..20)
            .map(|number| {
                std::thread::spawn(move || {
                    let stream = dial(port);
                    let said: Vec<u8> = (0..1_000_003_u32).map(|at| number ^ at.to_le_bytes()[1]).collect();
                    let mut writer = stream.try_clone().unwrap();
                    let whole = said.clone();
                    std::thread::spawn(move || {
                        writer.write_all(&whole).unwrap();
                        writer.shutdown(Shutdown::Write).unwrap();
                    });
                    let mut heard = Vec::new();
                    (&stream).read_to_end(&mut heard).unwrap();
                    assert!(heard == said, "{number}");
                })
            })
            .collect();
        for one in asked {
            one.join().unwrap();
        }
    }

    #[test]
    fn somebody_who_reads_nothing_holds_up_nobody_else() {
        let (port, ..) = line(|stream| {
            let mut first = [0];
            (&stream).read_exact(&mut first).unwrap();
            if first[0] == b'f' {
                drop((&stream).write_all(&vec![b'x'; 8 << 20]));
            } else {
                (&stream).write_all(b"hello").unwrap();
            }
        });
        let mut flooded = dial(port);
        flooded.write_all(b"f").unwrap();
        let mut quick = dial(port);
        quick.write_all(b"q").unwrap();
        let mut heard = String::new();
        quick.read_to_string(&mut heard).unwrap();
        assert_eq!(heard, "hello");
        // It comes when it is read at last.
        let mut all = Vec::new();
        flooded.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), 8 << 20);
    }

    #[test]
    fn with_the_line_every_connection_ends() {
        let (port, cut, far) = line(|stream| {
            let mut bytes = Vec::new();
            drop((&stream).read_to_end(&mut bytes));
        });
        let mut open = dial(port);
        open.write_all(b"x").unwrap();
        cut.shutdown(Shutdown::Both).unwrap();
        // With or without an error: what matters is that it does not wait.
        drop(open.read_to_end(&mut Vec::new()));
        assert!(far.join().unwrap().is_err());
    }

    #[test]
    fn who_breaks_the_rules_loses_the_line() {
        let too_long = |kind: Kind, length: usize| {
            let mut bytes = vec![kind as u8, 0, 0, 0, 0];
            bytes.extend_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
            bytes
        };
        let mut flood = Vec::new();
        Frame::write(&mut flood, Kind::Open, 0, 0, &[]).unwrap();
        // What the server's own socket holds is no part of the window.
        for _ in 0..8 * WINDOW / PIECE {
            Frame::write(&mut flood, Kind::Data, 0, PIECE, &[0; PIECE]).unwrap();
        }
        for wrong in [vec![77; 9], too_long(Kind::Data, PIECE + 1), too_long(Kind::Data, 1 << 31), flood] {
            let (mut near, end) = UnixStream::pair().unwrap();
            // A server that never takes a byte.
            let (held, _other) = UnixStream::pair().unwrap();
            let full = held.try_clone().unwrap();
            let dial: Dial = Arc::new(move || full.try_clone());
            let far = std::thread::spawn(move || far(end, "w", &dial));
            near.write_all(b"Ww\n").unwrap();
            // It is there until the end.
            let _kept = near.try_clone().unwrap();
            // Nobody reads to the end.
            std::thread::spawn(move || drop(near.write_all(&wrong)));
            let ended = far.join().unwrap().expect_err("it ends");
            assert_eq!(ended.kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn more_connections_than_there_may_be_are_refused_and_the_others_go_on() {
        let (mut near, end) = UnixStream::pair().unwrap();
        let dial: Dial = Arc::new(|| {
            let (one, other) = UnixStream::pair()?;
            std::thread::spawn(move || echo(&other));
            Ok(one)
        });
        std::thread::spawn(move || far(end, "w", &dial));
        near.write_all(b"Ww\n").unwrap();
        for number in 0..=u32::try_from(MOST).unwrap() {
            Frame::write(&mut near, Kind::Open, number, 0, &[]).unwrap();
        }
        Frame::write(&mut near, Kind::Data, 0, 2, b"hi").unwrap();
        greeted(&mut BufReader::with_capacity(1, &near), "w", GREETING).unwrap();
        let (mut refused, mut heard) = (Vec::new(), Vec::new());
        while refused.is_empty() || heard.is_empty() {
            let frame = Frame::read(&mut &near).unwrap();
            match frame.kind {
                Kind::Gone => refused.push(frame.number),
                Kind::Data => heard.extend(frame.piece),
                _ => {}
            }
        }
        assert_eq!((refused, heard), (vec![u32::try_from(MOST).unwrap()], b"hi".to_vec()));
    }
}
