//! Talks to the first process of a machine.
//!
//! In: the sockets of a machine that boots. Out: jobs run, with exit code and streams. Every wait has an end and can be broken
//! off; what the machine says is not trusted: its output is bounded, and it cannot end a job's output by itself.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use super::command::{PORTS, socket};
use crate::job::{Done, How, Job};

/// How long a read waits before other things are looked at.
const LOOK: Duration = Duration::from_millis(10);
/// What is kept of a line that a machine says about itself.
const LONGEST_LINE: usize = 4096;
/// A machine that is told to end a job has so long to do it.
const KILL_PATIENCE: Duration = Duration::from_secs(20);

/// A machine that takes orders.
pub(crate) struct Channel {
    control: UnixStream,
    out: UnixStream,
    err: UnixStream,
    heard: Vec<u8>,
    /// A job was told to end and did not: nobody else is to be sent there.
    stuck: bool,
}

/// Why a machine is not waited for any more.
pub(crate) type Leave<'a> = &'a dyn Fn() -> Option<String>;

impl Channel {
    /// Connects to the sockets in this process's folder, and waits until the machine is ready.
    pub(crate) fn open(patience: Duration, leave: Leave<'_>) -> Result<Self, String> {
        let deadline = Instant::now() + patience;
        let mut streams = Vec::new();
        for port in PORTS {
            streams.push(connect(Path::new(&socket(port)), deadline, leave)?);
        }
        let [control, out, err] = <[UnixStream; 3]>::try_from(streams).map_err(|_| "a port is missing")?;
        for stream in [&control, &out, &err] {
            stream.set_nonblocking(true).map_err(|error| error.to_string())?;
        }
        let mut channel = Self { control, out, err, heard: Vec::new(), stuck: false };
        loop {
            if let Some(line) = channel.line()? {
                return match line.as_str() {
                    "ready 1" => Ok(channel),
                    other => Err(format!("the machine said \"{}\" when it should be ready", safe(other))),
                };
            }
            wait(deadline, leave, "the machine was not ready in time")?;
        }
    }

    /// Runs a job whose files are in place, and gives its output away as it comes.
    #[expect(clippy::too_many_arguments, reason = "two sinks and two questions are not one thing")]
    pub(crate) fn run(
        &mut self,
        id: &str,
        nonce: &str,
        job: &Job,
        cancelled: &dyn Fn() -> bool,
        leave: Leave<'_>,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Done {
        let begun = Instant::now();
        let done = |how, exit, note| Done {
            how,
            exit,
            ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            note,
        };
        let fresh = if job.fresh { "fresh" } else { "kept" };
        if let Err(why) = self.say(&format!("run {id} {nonce} {fresh}\n"), leave) {
            return done(How::Lost, None, Some(why));
        }
        let mut streams = [Stream::new(nonce, out), Stream::new(nonce, err)];
        let mut left = job.output;
        let mut broken: Option<(How, Instant)> = None;
        let mut answer: Option<(bool, i32)> = None;
        loop {
            let mut news = false;
            for (stream, socket) in streams.iter_mut().zip([&self.out, &self.err]) {
                match stream.take(socket, &mut left) {
                    Ok(some) => news |= some,
                    Err(error) => return done(How::Lost, None, Some(format!("its output ended: {error}"))),
                }
            }
            loop {
                match self.line() {
                    Ok(Some(line)) => answer = answer.or(read_answer(&line, nonce)),
                    Ok(None) => break,
                    Err(why) => return done(How::Lost, None, Some(why)),
                }
            }
            if let Some((by_itself, code)) = answer
                && streams.iter().all(|stream| stream.ended)
            {
                let how = broken.map_or(How::Exited, |(how, _)| how);
                // It may have ended by itself in the very moment in which it was told to.
                let how = if by_itself && how != How::Output { How::Exited } else { how };
                let note = streams.iter_mut().find_map(|stream| stream.trouble.take());
                return done(how, (how == How::Exited).then_some(code), note);
            }
            if let Some(why) = leave() {
                return done(How::Lost, None, Some(why));
            }
            match broken {
                None => {
                    let how = if cancelled() {
                        Some(How::Cancelled)
                    } else if begun.elapsed() > job.wall {
                        Some(How::TimedOut)
                    } else if streams.iter().any(|stream| stream.over) {
                        Some(How::Output)
                    } else {
                        None
                    };
                    if let Some(how) = how {
                        broken = Some((how, Instant::now()));
                        if let Err(why) = self.say(&format!("kill {nonce}\n"), leave) {
                            return done(How::Lost, None, Some(why));
                        }
                    }
                }
                Some((how, since)) if since.elapsed() > KILL_PATIENCE => {
                    self.stuck = true;
                    let note = "the machine did not end it; it must be restarted".to_owned();
                    return done(if how == How::Cancelled { How::Lost } else { how }, None, Some(note));
                }
                Some(_) => {}
            }
            if !news {
                std::thread::sleep(LOOK);
            }
        }
    }

    /// Whether the machine has not hung up.
    pub(crate) fn is_there(&mut self) -> Result<(), String> {
        self.line().map(drop)
    }

    /// Whether the machine did not end a job that it was told to end.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// Tells the machine to power off.
    pub(crate) fn power_off(&mut self) -> Result<(), String> {
        self.say("off\n", &|| None)
    }

    /// Writes all of it: the machine reads slowly at worst.
    fn say(&mut self, text: &str, leave: Leave<'_>) -> Result<(), String> {
        let deadline = Instant::now() + KILL_PATIENCE;
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            match self.control.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if is_later(&error) => {
                    wait(deadline, leave, "the machine does not listen")?;
                }
                Err(error) => return Err(format!("the machine takes no orders: {error}")),
            }
        }
        Ok(())
    }

    /// The next whole line of what the machine says about itself.
    fn line(&mut self) -> Result<Option<String>, String> {
        if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            return Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned()));
        }
        let mut bytes = [0; 512];
        match self.control.read(&mut bytes) {
            Ok(0) => Err("the machine has hung up".to_owned()),
            Ok(count) => {
                self.heard.extend_from_slice(&bytes[..count]);
                if self.heard.len() > LONGEST_LINE {
                    return Err("the machine talks nonsense".to_owned());
                }
                if self.heard.contains(&b'\n') { self.line() } else { Ok(None) }
            }
            Err(error) if is_later(&error) => Ok(None),
            Err(error) => Err(format!("the machine cannot be heard: {error}")),
        }
    }
}

fn connect(path: &Path, deadline: Instant, leave: Leave<'_>) -> Result<UnixStream, String> {
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                wait(
                    deadline,
                    leave,
                    &format!("the machine's port {} is not there: {error}", path.display()),
                )?;
            }
        }
    }
}

fn wait(deadline: Instant, leave: Leave<'_>, late: &str) -> Result<(), String> {
    if let Some(why) = leave() {
        return Err(why);
    }
    if Instant::now() >= deadline {
        return Err(late.to_owned());
    }
    std::thread::sleep(LOOK);
    Ok(())
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Whether it ended by itself, and its code. Answers about earlier jobs are none.
fn read_answer(line: &str, nonce: &str) -> Option<(bool, i32)> {
    let mut words = line.split(' ');
    let by_itself = match words.next()? {
        "exit" => true,
        "killed" => false,
        _ => return None,
    };
    if words.next()? != nonce {
        return None;
    }
    Some((by_itself, words.next()?.parse().ok()?))
}

fn safe(text: &str) -> String {
    text.chars().take(200).map(|each| if each.is_control() { '?' } else { each }).collect()
}

/// One stream of a job: what stands between its two marks.
struct Stream<'a> {
    begin: Vec<u8>,
    end: Vec<u8>,
    held: Vec<u8>,
    begun: bool,
    ended: bool,
    /// There was more than is kept.
    over: bool,
    to: &'a mut dyn Write,
    trouble: Option<String>,
}

impl<'a> Stream<'a> {
    fn new(nonce: &str, to: &'a mut dyn Write) -> Self {
        let mark = |letter: char| format!("{letter}{nonce}").into_bytes();
        Self {
            begin: mark('B'),
            end: mark('E'),
            held: Vec::new(),
            begun: false,
            ended: false,
            over: false,
            to,
            trouble: None,
        }
    }

    /// Reads what there is; whether there was something.
    fn take(&mut self, mut socket: &UnixStream, left: &mut u64) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let mut bytes = [0; 16384];
        match socket.read(&mut bytes) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.feed(&bytes[..count], left);
                Ok(true)
            }
            Err(error) if is_later(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn feed(&mut self, bytes: &[u8], left: &mut u64) {
        self.held.extend_from_slice(bytes);
        if !self.begun {
            // What earlier jobs left is nobody's.
            if let Some(at) = find(&self.held, &self.begin) {
                self.held.drain(..at + self.begin.len());
                self.begun = true;
            } else {
                let surplus = self.held.len().saturating_sub(self.begin.len());
                self.held.drain(..surplus);
                return;
            }
        }
        let (sure, ended) = match find(&self.held, &self.end) {
            Some(at) => (at, true),
            // The mark may have come in part. No more than that part waits: whoever reads sees all that was said.
            None => (self.held.len() - begun(&self.held, &self.end), false),
        };
        let given = usize::try_from(*left).unwrap_or(usize::MAX).min(sure);
        *left -= given as u64;
        self.over |= given < sure;
        if self.trouble.is_none()
            && let Err(error) = self.to.write_all(&self.held[..given]).and_then(|()| self.to.flush())
        {
            self.trouble = Some(format!("its output could not be kept: {error}"));
        }
        self.held.drain(..sure);
        self.ended = ended;
    }
}

/// How much of a mark stands at the end.
fn begun(bytes: &[u8], mark: &[u8]) -> usize {
    let longest = mark.len().saturating_sub(1).min(bytes.len());
    (1..=longest).rev().find(|length| bytes.ends_with(&mark[..*length])).unwrap_or(0)
}

fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(parts: &[&[u8]], mut left: u64) -> (Vec<u8>, bool, u64) {
        let mut to = Vec::new();
        let mut stream = Stream::new("0123", &mut to);
        for part in parts {
            stream.feed(part, &mut left);
        }
        let ended = stream.ended;
        (to, ended, left)
    }

    #[test]
    fn a_stream_is_what_stands_between_its_marks_however_it_is_cut() {
        let whole = b"old E9999 B0123hello\nB0123 E012 E01234";
        for size in 1..=whole.len() {
            let parts: Vec<&[u8]> = whole.chunks(size).collect();
            let (text, ended, left) = through(&parts, 100);
            assert_eq!((text.as_slice(), ended), (&b"hello\nB0123 E012 "[..], true), "{size}");
            assert_eq!(left, 100 - 17);
        }
    }

    #[test]
    fn what_is_said_is_told_at_once_but_for_what_may_be_the_mark() {
        for (said, told) in
            [("hello\n", "hello\n"), ("helloE01", "hello"), ("EE0", "E"), ("E0123", ""), ("", "")]
        {
            let (text, ended, _) = through(&[b"B0123", said.as_bytes()], 100);
            assert_eq!((text.as_slice(), ended), (told.as_bytes(), said == "E0123"), "{said}");
        }
    }

    #[test]
    fn more_than_the_limit_is_not_kept() {
        let (text, ended, left) = through(&[b"B0123aaaaaaaaaa", b"bbbbbbbbbbE0123"], 4);
        assert_eq!((text.as_slice(), ended, left), (&b"aaaa"[..], true, 0));
    }

    #[test]
    fn only_answers_about_this_job_count() {
        assert_eq!(read_answer("exit n 7", "n"), Some((true, 7)));
        assert_eq!(read_answer("killed n 137", "n"), Some((false, 137)));
        for other in ["exit m 7", "exit n", "exit n x", "", "ready 1"] {
            assert_eq!(read_answer(other, "n"), None, "{other}");
        }
    }
}
