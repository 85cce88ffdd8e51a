//! Life inside a sandbox (unix): copies, connections, one program.
//!
//! In: the words after `__inside`. Out: the exit code of the program. Dies of nothing that asks it to end: the program decides.

use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::copying::copy;
use crate::inside::Inside;
use crate::wall::shut_in;

/// Lives it; the exit code is the program's.
pub(crate) fn live(words: impl Iterator<Item = OsString>) -> Result<ExitCode, String> {
    lived(words).map(ExitCode::from)
}

fn lived(words: impl Iterator<Item = OsString>) -> Result<u8, String> {
    let (inside, command) = Inside::parse(words)?;
    hear_nothing().map_err(|error| error.to_string())?;
    for (from, to) in &inside.copies {
        copy(from, to).map_err(|error| format!("copying to `{}`: {error}", to.display()))?;
    }
    if let Some((socket, port)) = inside.network {
        forward(socket, port).map_err(|error| format!("listening for it: {error}"))?;
    }
    let (program, arguments) = command.split_first().ok_or("there is no command")?;
    match &inside.wall {
        // What carries connections is outside the wall, on threads of its own.
        Some(wall) => std::thread::scope(|scope| {
            let walled = scope.spawn(|| {
                shut_in(wall)?;
                run(program, arguments, &inside.start).map_err(|error| not_started(program, &error))
            });
            walled.join().unwrap_or_else(|_| Err("it failed".to_owned()))
        }),
        None => run(program, arguments, &inside.start).map_err(|error| not_started(program, &error)),
    }
}

fn not_started(program: &OsString, error: &io::Error) -> String {
    format!("starting `{}`: {error}", program.display())
}

/// Signals that ask to end are for the program. A handler, unlike ignoring, is not inherited by it.
fn hear_nothing() -> io::Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    Ok(())
}

/// Carries connections to the socket, as long as this process lives.
fn forward(socket: PathBuf, port: u16) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    std::thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            let socket = socket.clone();
            // A connection that cannot be carried ends, and whoever made it notices.
            std::thread::spawn(move || carry(&stream, &socket));
        }
    });
    Ok(())
}

fn carry(near: &TcpStream, socket: &Path) -> io::Result<()> {
    let far = UnixStream::connect(socket)?;
    let (mut from_near, mut to_far) = (near.try_clone()?, far.try_clone()?);
    let up = std::thread::spawn(move || {
        let copied = io::copy(&mut from_near, &mut to_far);
        drop(to_far.shutdown(Shutdown::Write));
        copied
    });
    let mut to_near = near;
    drop(io::copy(&mut &far, &mut to_near));
    drop(near.shutdown(Shutdown::Both));
    drop(up.join());
    Ok(())
}

/// Starts the program and waits for its end. Orphans are the kernel's once this process ends; until then they are let be.
fn run(program: &OsString, arguments: &[OsString], start: &Path) -> io::Result<u8> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the keeper supervises this process, and with it the program"
    )]
    let mut child = Command::new(program).args(arguments).current_dir(start).spawn()?;
    let status = child.wait()?;
    let by_signal = status.signal().map(|signal| 128 + signal);
    Ok(status.code().or(by_signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
