//! A scripted manager of machines: does with files and processes what `limactl` does with machines, and misbehaves as told.
//!
//! In: the words of `limactl`, and `$LIMA_HOME/faults/<verb>`, of which each call takes the first line: `ok`, `hang`, `exit1`,
//! `half`; for the verb `agent` (or `agent-<instance>`) also `ignore-int`, `stubborn`, `die`, `never-ready`. Out: a folder for each machine with `ha.pid`,
//! `ha.sock`, `ssh.sock`, `x.tmp`, and a forwarder that holds a port. Every call is written to `$LIMA_HOME/calls`.

#![expect(unsafe_code, reason = "signals have no safe door in std")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program's whole work is to write")]
#![expect(clippy::disallowed_methods, reason = "a test program starts its own children")]
#![expect(clippy::unwrap_used, reason = "where it fails, so does the test")]

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

unsafe extern "C" {
    fn signal(number: i32, handler: usize) -> usize;
}

extern "C" fn note(_: i32) {
    INTERRUPTED.store(true, Ordering::SeqCst);
}

const INT: i32 = 2;
const TERM: i32 = 15;
const IGNORE: usize = 1;

fn on(number: i32, handler: usize) {
    // SAFETY: the handlers do nothing that is not allowed in one.
    unsafe { signal(number, handler) };
}

fn home() -> PathBuf {
    let set = std::env::var_os("LIMA_HOME").map(PathBuf::from);
    set.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".lima"))
}

fn fault(verb: &str) -> String {
    let path = home().join("faults").join(verb);
    let Ok(text) = fs::read_to_string(&path) else { return "ok".to_owned() };
    let mut lines = text.lines();
    let first = lines.next().unwrap_or("ok").trim().to_owned();
    // The last line counts for ever where it begins with `always `.
    if let Some(always) = first.strip_prefix("always ") {
        return always.to_owned();
    }
    fs::write(&path, lines.collect::<Vec<_>>().join("\n")).unwrap();
    if first.is_empty() { "ok".to_owned() } else { first }
}

fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::from_hours(1));
    }
}

fn fail(message: &str) -> ! {
    eprintln!("level=fatal msg=\"{message}\"");
    exit(1)
}

fn lives(folder: &Path) -> Option<bool> {
    let text = fs::read_to_string(folder.join("ha.pid")).ok()?;
    Some(Path::new("/proc").join(text.trim()).join("fd").exists())
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--tty=false").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["forwarder", folder] = words[..] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        fs::write(Path::new(folder).join("port"), listener.local_addr().unwrap().port().to_string()).unwrap();
        on(INT, IGNORE);
        on(TERM, IGNORE);
        hang();
    }
    let verb = words.first().copied().unwrap_or_default();
    fs::create_dir_all(home()).unwrap();
    let mut calls = fs::File::options().create(true).append(true).open(home().join("calls")).unwrap();
    writeln!(calls, "{}", words.join(" ")).unwrap();
    let told = fault(verb);
    match told.as_str() {
        "hang" => hang(),
        "exit1" => fail("told to fail"),
        _ => {}
    }
    let named = words.iter().rev().find(|word| word.starts_with("deep-review-")).copied();
    match verb {
        "list" => list(),
        "create" => {
            let name = words.iter().find_map(|word| word.strip_prefix("--name=")).unwrap();
            let folder = home().join(name);
            if folder.exists() {
                fail("instance already exists");
            }
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("lima.yaml"), "").unwrap();
            if told == "half" {
                fail("stopped half way");
            }
            fs::write(folder.join("disk"), "").unwrap();
        }
        "edit" => {}
        "start" => start(&home().join(named.unwrap())),
        "stop" => {
            let folder = home().join(named.unwrap());
            if !folder.exists() {
                fail("instance does not exist");
            }
            for name in ["ha.pid", "ha.sock", "ssh.sock", "locked"] {
                let _ = fs::remove_file(folder.join(name));
            }
        }
        "delete" => {
            let folder = home().join(named.unwrap());
            if told == "half" {
                let _ = fs::remove_file(folder.join("disk"));
                fail("stopped half way");
            }
            let _ = fs::remove_dir_all(folder);
        }
        "shell" => {
            let at = words.iter().position(|word| word.starts_with("deep-review-")).unwrap();
            if lives(&home().join(words[at])) != Some(true)
                || !home().join(words[at]).join("ha.sock").exists()
            {
                fail("instance is not running");
            }
            let status = Command::new(words[at + 1]).args(&words[at + 2..]).status().unwrap();
            exit(status.code().unwrap_or(137));
        }
        _ => fail("unknown command"),
    }
}

fn list() {
    for entry in fs::read_dir(home()).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if !entry.path().join("lima.yaml").exists() {
            continue;
        }
        let status = match lives(&entry.path()) {
            Some(true) => "Running",
            Some(false) => "Broken",
            None => "Stopped",
        };
        let dir = entry.path().display().to_string();
        println!("{{\"name\":\"{name}\",\"status\":\"{status}\",\"dir\":\"{dir}\"}}");
    }
}

fn start(folder: &Path) {
    if folder.join("ha.pid").exists() {
        fail("instance seems running (hint: remove ha.pid if it is not)");
    }
    if folder.join("locked").exists() {
        fail("the disk is locked");
    }
    let own = format!("agent-{}", folder.file_name().unwrap().display());
    let told = fault(if home().join("faults").join(&own).exists() { &own } else { "agent" });
    match told.as_str() {
        "ignore-int" => on(INT, IGNORE),
        "stubborn" => {
            on(INT, IGNORE);
            on(TERM, IGNORE);
        }
        _ => on(INT, note as *const () as usize),
    }
    for (name, content) in [("ssh.sock", String::new()), ("x.tmp", String::new()), ("locked", String::new())]
    {
        fs::write(folder.join(name), content).unwrap();
    }
    let mut forwarder =
        Command::new(std::env::current_exe().unwrap()).arg("forwarder").arg(folder).spawn().unwrap();
    fs::write(folder.join("ha.pid"), std::process::id().to_string()).unwrap();
    if told == "die" {
        exit(3);
    }
    if told == "never-ready" {
        hang();
    }
    std::thread::sleep(Duration::from_millis(50));
    fs::write(folder.join("ha.sock"), "").unwrap();
    while !INTERRUPTED.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = forwarder.kill();
    let _ = forwarder.wait();
    for name in ["ha.pid", "ha.sock", "ssh.sock", "x.tmp", "locked", "port"] {
        let _ = fs::remove_file(folder.join(name));
    }
    fs::write(folder.join("went-in-peace"), "").unwrap();
}
