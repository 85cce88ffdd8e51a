//! The model server as a program, for trying clients by hand.
//!
//! In: `--port N`, `--port-file FILE`, `--root DIR`, `--scenario NAME`, `--log FILE`, all optional. Out: its address on
//! standard output, then answers until it is ended. Never reachable from another machine.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::process::exit;

use test_kit::{FakeModel, FakeModelOptions};

fn main() {
    let mut options =
        FakeModelOptions { root: std::env::current_dir().unwrap_or_default(), ..FakeModelOptions::default() };
    let mut port_file = None;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_else(|| usage());
        match word.as_str() {
            "--port" => options.port = value.parse().unwrap_or_else(|_| usage()),
            "--port-file" => port_file = Some(value),
            "--root" => options.root = value.into(),
            "--scenario" => options.scenario = value,
            "--log" => options.log = Some(value.into()),
            _ => usage(),
        }
    }
    let server = match FakeModel::with(options) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("fake-model: {error}");
            exit(1)
        }
    };
    if let Some(file) = port_file {
        let scratch = format!("{file}.part");
        let written = std::fs::write(&scratch, server.port().to_string());
        if let Err(error) = written.and_then(|()| std::fs::rename(&scratch, &file)) {
            eprintln!("fake-model: {file}: {error}");
            exit(1)
        }
    }
    println!("http://127.0.0.1:{}", server.port());
    loop {
        std::thread::park();
    }
}

fn usage() -> ! {
    eprintln!("usage: fake-model [--port N] [--port-file FILE] [--root DIR] [--scenario NAME] [--log FILE]");
    exit(64)
}
