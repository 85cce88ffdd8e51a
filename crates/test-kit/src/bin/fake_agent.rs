//! A program that misbehaves as its script says.
//!
//! In: `--script FILE`, one instruction a line; further arguments are `$1`, `$2`… in it. Out: whatever hazard the
//! script asks for. Never lives, and leaves nothing alive, longer than the script says: every child ends by itself.
//!
//! Instructions (`#` begins a comment; times are `60s` or `250ms`, sizes `200MB`, `64KB`, `10B`):
//!
//! | instruction | does |
//! |---|---|
//! | `say FILE` / `print TEXT` / `print-error TEXT` | writes a file, or a line, to stdout / a line to stderr |
//! | `sleep TIME` | does nothing for a while |
//! | `ignore-sigterm`, `ignore-sigint` | from now on, in children too |
//! | `on-sigint TEXT` | prints the line and exits with 130 at the first interrupt |
//! | `hold-stdout-in-child TIME` | leaves a child that holds the output open |
//! | `quiet-child TIME` | leaves a child that holds nothing open |
//! | `setsid-child TIME`, `own-group-child TIME` | leaves a child in a session, or group, of its own that holds nothing |
//! | `daemon-child TIME` | leaves an orphan in a session of its own, with an empty environment |
//! | `breakaway-child TIME` | tries to leave a child outside the job object (Windows), and prints what came of it |
//! | `re-fork-forever [TIME]` | leaves a process that starts a successor in a new session and exits, again and again |
//! | `flood SIZE`, `flood-stderr SIZE` | writes that much |
//! | `chatter COUNT TIME` | prints so many lines, one each time |
//! | `invalid-utf8`, `half-json`, `print-quota-error` | prints what its name says |
//! | `read-stdin-forever` | reads to the end of stdin, then waits for ever (two minutes) |
//! | `echo-prompt` | copies stdin to stdout |
//! | `count FILE` | adds one to the number in a file: how often it was called |
//! | `before N FILE INSTRUCTION` | obeys the instruction where that number is smaller than N |
//! | `edit PATH`, `write-file PATH FROM` | appends a line to a file / copies a file |
//! | `print-environment NAME` | prints a variable, or that it is not set |
//! | `crash`, `exit CODE` | ends by a signal, or with a code |

#![cfg_attr(unix, expect(unsafe_code, reason = "signals and sessions have no safe door in std"))]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program's whole work is to write")]
#![expect(clippy::disallowed_methods, reason = "a test program starts its own children")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio, exit};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// "For ever", for a test.
const EVER: Duration = Duration::from_mins(2);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--script", script, ..] => follow(Path::new(script), &arguments[2..]),
        ["--linger", milliseconds, ..] => sleep(milliseconds_of(milliseconds)),
        ["--roll", end, ..] => signals::roll(milliseconds_of(end)),
        ["--orphan", milliseconds, ..] => {
            start(own_session(linger(milliseconds, &arguments[2..]).env_clear()));
        }
        _ => fail("usage: fake-agent --script FILE [ARGUMENT]…"),
    }
}

fn fail(message: &str) -> ! {
    eprintln!("fake-agent: {message}");
    exit(64)
}

fn follow(script: &Path, arguments: &[String]) {
    let text =
        fs::read_to_string(script).unwrap_or_else(|error| fail(&format!("{}: {error}", script.display())));
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let line = arguments.iter().enumerate().fold(line.to_owned(), |line, (index, argument)| {
            line.replace(&format!("${}", index + 1), argument)
        });
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        obey(word, rest.trim(), arguments);
        let _ = io::stdout().flush();
    }
}

fn obey(word: &str, rest: &str, arguments: &[String]) {
    match word {
        "say" => write_out(&fs::read(rest).unwrap_or_else(|error| fail(&format!("{rest}: {error}")))),
        "print" => println!("{rest}"),
        "print-error" => eprintln!("{rest}"),
        "sleep" => sleep(time(rest)),
        "ignore-sigterm" => signals::ignore(signals::TERM),
        "ignore-sigint" => signals::ignore(signals::INT),
        "on-sigint" => signals::on_interrupt(rest),
        "hold-stdout-in-child" => start(&mut linger(&milliseconds(rest), arguments)),
        "quiet-child" => start(quiet(&mut linger(&milliseconds(rest), arguments))),
        "setsid-child" => start(own_session(quiet(&mut linger(&milliseconds(rest), arguments)))),
        "own-group-child" => start(own_group(quiet(&mut linger(&milliseconds(rest), arguments)))),
        "breakaway-child" => breakaway(quiet(&mut linger(&milliseconds(rest), arguments))),
        "daemon-child" => {
            let mut between = myself("--orphan", &milliseconds(rest), arguments);
            let _ = quiet(&mut between).status();
        }
        "re-fork-forever" => {
            let longest = if rest.is_empty() { "60s" } else { rest };
            let end = (since_the_epoch() + time(longest)).as_millis().to_string();
            start(own_session(quiet(&mut myself("--roll", &end, arguments))));
        }
        "flood" => flood(io::stdout(), size(rest)),
        "flood-stderr" => flood(io::stderr(), size(rest)),
        "chatter" => chatter(rest),
        "invalid-utf8" => write_out(b"caf\xe9 \xff\xfe \xc3\x28\n"),
        "half-json" => {
            print!("{{\"schema\": \"deep-review/review/v1\", \"findings\": [{{\"title\": \"cut he");
        }
        "print-quota-error" => println!("You have hit your usage limit. It resets at 3pm."),
        "read-stdin-forever" => {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            sleep(EVER);
        }
        "echo-prompt" => {
            let _ = io::copy(&mut io::stdin(), &mut io::stdout());
        }
        "count" => count(Path::new(rest)),
        "before" => before(rest, arguments),
        "edit" => edit(rest),
        "write-file" => copy(rest),
        "print-environment" => match std::env::var(rest) {
            Ok(value) => println!("{rest}={value}"),
            Err(_) => println!("{rest} is not set"),
        },
        "crash" => std::process::abort(),
        "exit" => exit(rest.parse().unwrap_or_else(|_| fail("exit needs a code"))),
        _ => fail(&format!("unknown instruction `{word}`")),
    }
}

fn write_out(bytes: &[u8]) {
    if io::stdout().write_all(bytes).is_err() {
        exit(74);
    }
}

fn flood(mut to: impl io::Write, bytes: u64) {
    let line = b"the same line again and again and again\n";
    let block: Vec<u8> = line.iter().copied().cycle().take(1 << 16).collect();
    let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
    while left > 0 {
        let part = left.min(block.len());
        if to.write_all(&block[..part]).is_err() {
            exit(74);
        }
        left -= part;
    }
}

fn chatter(rest: &str) {
    let (count, pause) = rest.split_once(' ').unwrap_or((rest, "100ms"));
    for number in 0..count.parse().unwrap_or(10) {
        println!("line {number}");
        let _ = io::stdout().flush();
        sleep(time(pause));
    }
}

fn counted(file: &Path) -> u32 {
    fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn count(file: &Path) {
    if let Err(error) = fs::write(file, format!("{}\n", counted(file) + 1)) {
        fail(&format!("{}: {error}", file.display()));
    }
}

fn before(rest: &str, arguments: &[String]) {
    let words: Vec<&str> = rest.splitn(3, ' ').collect();
    let [number, file, instruction] = words[..] else {
        fail("before needs a number, a file and an instruction")
    };
    let number: u32 = number.parse().unwrap_or_else(|_| fail("before needs a number"));
    if counted(Path::new(file)) < number {
        let (word, rest) = instruction.split_once(' ').unwrap_or((instruction, ""));
        obey(word, rest.trim(), arguments);
    }
}

fn edit(path: &str) {
    let file = OpenOptions::new().create(true).append(true).open(path);
    if let Err(error) = file.and_then(|mut file| file.write_all(b"edited by a fake agent\n")) {
        fail(&format!("{path}: {error}"));
    }
}

fn copy(rest: &str) {
    let (to, from) = rest.split_once(' ').unwrap_or_else(|| fail("write-file needs a path and a source"));
    if let Err(error) = fs::copy(from, to) {
        fail(&format!("{to}: {error}"));
    }
}

/// This program again. Arguments go with it, so that whatever marks the parent marks the child.
fn myself(mode: &str, value: &str, arguments: &[String]) -> Command {
    let own = std::env::current_exe().unwrap_or_else(|error| fail(&error.to_string()));
    let mut command = Command::new(own);
    command.args([mode, value]).args(arguments);
    command
}

fn linger(milliseconds: &str, arguments: &[String]) -> Command {
    myself("--linger", milliseconds, arguments)
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

fn start(command: &mut Command) {
    if let Err(error) = command.spawn() {
        fail(&format!("a child could not be started: {error}"));
    }
}

fn since_the_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn time(text: &str) -> Duration {
    let number = |suffix: &str| text.strip_suffix(suffix).and_then(|number| number.parse::<u64>().ok());
    match (number("ms"), number("s")) {
        (Some(milliseconds), _) => Duration::from_millis(milliseconds),
        (_, Some(seconds)) => Duration::from_secs(seconds),
        _ => fail(&format!("`{text}` is no time")),
    }
}

fn milliseconds(text: &str) -> String {
    time(text).as_millis().to_string()
}

fn milliseconds_of(text: &str) -> Duration {
    Duration::from_millis(text.parse().unwrap_or(0))
}

fn size(text: &str) -> u64 {
    let units = [("MB", 1_000_000), ("KB", 1000), ("B", 1)];
    let parse =
        |(suffix, factor): (&str, u64)| Some(text.strip_suffix(suffix)?.parse::<u64>().ok()? * factor);
    units.into_iter().find_map(parse).unwrap_or_else(|| fail(&format!("`{text}` is no size")))
}

#[cfg(unix)]
fn own_session(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt as _;
    // SAFETY: `setsid` is async-signal-safe and touches no memory of ours.
    unsafe {
        command.pre_exec(|| {
            signals::setsid();
            Ok(())
        })
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) -> &mut Command {
    std::os::unix::process::CommandExt::process_group(command, 0)
}

/// Flags of `CreateProcessW`.
#[cfg(windows)]
mod flags {
    pub(super) const DETACHED_PROCESS: u32 = 0x8;
    pub(super) const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    pub(super) const CREATE_BREAKAWAY_FROM_JOB: u32 = 0x0100_0000;
}

#[cfg(windows)]
fn own_session(command: &mut Command) -> &mut Command {
    let flags = flags::DETACHED_PROCESS | flags::CREATE_NEW_PROCESS_GROUP;
    std::os::windows::process::CommandExt::creation_flags(command, flags)
}

#[cfg(windows)]
fn own_group(command: &mut Command) -> &mut Command {
    std::os::windows::process::CommandExt::creation_flags(command, flags::CREATE_NEW_PROCESS_GROUP)
}

#[cfg(windows)]
fn breakaway(command: &mut Command) {
    std::os::windows::process::CommandExt::creation_flags(command, flags::CREATE_BREAKAWAY_FROM_JOB);
    match command.spawn() {
        Ok(_) => println!("it broke away"),
        Err(error) => println!("refused: {:?}", error.kind()),
    }
}

#[cfg(unix)]
fn breakaway(_command: &mut Command) {
    println!("refused: there are no job objects here");
}

#[cfg(unix)]
mod signals {
    use std::sync::OnceLock;
    use std::time::Duration;

    pub(super) const INT: i32 = 2;
    pub(super) const TERM: i32 = 15;
    const IGNORE: usize = 1;
    static FAREWELL: OnceLock<String> = OnceLock::new();

    unsafe extern "C" {
        fn signal(number: i32, handler: usize) -> usize;
        #[link_name = "setsid"]
        fn c_setsid() -> i32;
        fn write(descriptor: i32, bytes: *const u8, count: usize) -> isize;
        fn _exit(code: i32) -> !;
        fn fork() -> i32;
    }

    /// A successor in a new session, and out: whoever looks for this process has missed it.
    pub(super) fn roll(end: Duration) {
        while super::since_the_epoch() < end {
            // SAFETY: this process has one thread, and both sides only make async-signal-safe calls from here on.
            match unsafe { fork() } {
                0 => setsid(),
                // No room for another process: try again.
                -1 => std::thread::yield_now(),
                // SAFETY: ends this process without running anything of the library.
                _ => unsafe { _exit(0) },
            }
        }
    }

    pub(super) fn setsid() {
        // SAFETY: no arguments, no memory.
        let _ = unsafe { c_setsid() };
    }

    pub(super) fn ignore(number: i32) {
        // SAFETY: sets the disposition to "ignore"; no handler of ours is involved.
        let _ = unsafe { signal(number, IGNORE) };
    }

    pub(super) fn on_interrupt(text: &str) {
        let _ = FAREWELL.set(format!("{text}\n"));
        let handler: extern "C" fn(i32) = say_farewell;
        // SAFETY: the handler only reads a value that was set before, and makes async-signal-safe calls.
        let _ = unsafe { signal(INT, handler as usize) };
    }

    extern "C" fn say_farewell(_number: i32) {
        let text = FAREWELL.get().map_or("", String::as_str);
        // SAFETY: the bytes live for the whole program; both calls are async-signal-safe.
        unsafe {
            write(1, text.as_ptr(), text.len());
            _exit(130)
        }
    }
}

#[cfg(not(unix))]
mod signals {
    pub(super) const INT: i32 = 2;
    pub(super) const TERM: i32 = 15;

    pub(super) fn ignore(_number: i32) {}
    pub(super) fn on_interrupt(_text: &str) {}
    pub(super) fn roll(_end: std::time::Duration) {}
}
