//! What the proxy costs a request: `cargo run --release -p proxy --example bench`.
//!
//! In: nothing. Out: median and 95th percentile of a small request to a server on this machine, directly and through the proxy,
//! with a key added.

#![expect(clippy::print_stdout, reason = "a measurement for people")]

#[cfg(unix)]
fn main() {
    unix::main();
}

#[cfg(not(unix))]
fn main() {
    println!("skipped: there is no proxy on this system");
}

#[cfg(unix)]
mod unix {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    use proxy::{Host, Proxy, Route, Rules};

    const TIMES: usize = 500;
    const ASKED: &[u8] =
        b"POST /k/v1/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nanswer";

    pub(super) fn main() {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = server.local_addr().expect("an address");
        std::thread::spawn(move || {
            for stream in server.incoming() {
                let mut stream = stream.expect("a connection");
                std::thread::spawn(move || {
                    let mut buffer = [0; 4096];
                    let mut seen = Vec::new();
                    while !seen.ends_with(b"hi") {
                        match stream.read(&mut buffer) {
                            Ok(0) | Err(_) => return,
                            Ok(count) => seen.extend_from_slice(&buffer[..count]),
                        }
                    }
                    drop(stream.write_all(ANSWER));
                });
            }
        });
        let folder = std::env::temp_dir().join(format!("proxy-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let socket = folder.join("s");
        let route = Route {
            prefix: "/k".into(),
            upstream: format!("http://{address}"),
            headers: vec![("authorization".into(), "Bearer secret".into())],
            is_named_by_user: true,
        };
        let host = Host::parse(&address.to_string(), true).expect("a host");
        let rules = Rules { hosts: vec![host], routes: vec![route], outer: None };
        let proxy = Proxy::start(&socket, rules).expect("a proxy");
        told("directly", || ask(TcpStream::connect(address).expect("a connection"), ASKED));
        told("with a key", || ask(UnixStream::connect(&socket).expect("a connection"), ASKED));
        let connect = format!("CONNECT {address} HTTP/1.1\r\nHost: x\r\n\r\n");
        let through = [connect.as_bytes(), ASKED].concat();
        told("a tunnel", || ask(UnixStream::connect(&socket).expect("a connection"), &through));
        drop(proxy);
        std::fs::remove_dir_all(&folder).expect("ours");
    }

    fn ask(mut stream: impl Read + Write, asked: &[u8]) {
        stream.write_all(asked).expect("it listens");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        assert!(answer.windows(6).any(|it| it == b"answer"), "{}", String::from_utf8_lossy(&answer));
    }

    fn told(name: &str, work: impl Fn()) {
        work();
        let mut times: Vec<Duration> = (0..TIMES)
            .map(|_| {
                let begun = Instant::now();
                work();
                begun.elapsed()
            })
            .collect();
        times.sort();
        println!("{name:<12} median {:?}, 95 % {:?}", times[TIMES / 2], times[TIMES * 95 / 100]);
    }
}
