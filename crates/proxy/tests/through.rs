//! Real connections through the proxy.
//!
//! In: servers on this machine. Out: what reached them, what was refused, and what the log says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use proxy::{Host, Outer, Proxy, Route, Rules};

/// A server that does the same with each connection, and its address.
fn server(work: impl Fn(TcpStream) + Send + Sync + Copy + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            std::thread::spawn(move || work(stream));
        }
    });
    address
}

/// A server that answers, and tells what it was asked.
fn telling(answer: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().filter_map(Result::ok) {
            let mut buffer = [0; 8192];
            let count = stream.read(&mut buffer).unwrap_or(0);
            drop(sender.send(String::from_utf8_lossy(&buffer[..count]).into_owned()));
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    (address, asked)
}

fn route(upstream: String, is_named_by_user: bool) -> Route {
    let headers = vec![("x-api-key".to_owned(), "real".to_owned())];
    Route { prefix: "/k".into(), upstream, headers, is_named_by_user }
}

/// Where a proxy is knocked at.
enum Door {
    #[cfg(unix)]
    Socket {
        _folder: tempfile::TempDir,
        socket: std::path::PathBuf,
    },
    Port(u16),
}

trait Connection: Read + Write {}

impl<T: Read + Write> Connection for T {}

struct World {
    door: Door,
    proxy: Proxy,
}

impl World {
    /// At a socket, where there are any.
    #[cfg(unix)]
    fn new(rules: Rules) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Longer than the path of a socket may be.
        let deep = folder.path().join("x".repeat(120));
        let place = if cfg!(target_os = "linux") { deep } else { folder.path().to_owned() };
        std::fs::create_dir_all(&place).expect("a folder");
        let socket = place.join("s");
        let proxy = Proxy::start(&socket, rules).expect("a proxy");
        Self { door: Door::Socket { _folder: folder, socket }, proxy }
    }

    #[cfg(not(unix))]
    fn new(rules: Rules) -> Self {
        Self::at_port(rules)
    }

    fn at_port(rules: Rules) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        Self { door: Door::Port(port), proxy: Proxy::start_at_port(port, rules).expect("a proxy") }
    }

    fn connect(&self) -> Box<dyn Connection> {
        let patience = Some(Duration::from_secs(20));
        match &self.door {
            #[cfg(unix)]
            Door::Socket { socket, .. } => {
                let folder = std::fs::File::open(socket.parent().expect("a folder")).expect("a folder");
                let path = if cfg!(target_os = "linux") {
                    use std::os::fd::AsRawFd as _;
                    format!("/proc/self/fd/{}/s", folder.as_raw_fd()).into()
                } else {
                    socket.clone()
                };
                let stream = std::os::unix::net::UnixStream::connect(path).expect("it listens");
                stream.set_read_timeout(patience).expect("a socket");
                Box::new(stream)
            }
            Door::Port(port) => {
                let stream = TcpStream::connect(("127.0.0.1", *port)).expect("it listens");
                stream.set_read_timeout(patience).expect("a socket");
                Box::new(stream)
            }
        }
    }

    fn ask(&self, text: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(text.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        String::from_utf8_lossy(&answer).into_owned()
    }
}

const OK: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

#[test]
fn the_key_is_added_and_no_other_gets_through() {
    let (address, asked) = telling(OK);
    let rules = Rules { routes: vec![route(format!("http://{address}/base"), true)], ..Rules::default() };
    let world = World::new(rules);
    let answer = world.ask(
        "POST /k/v1/messages?key=mine&beta=1 HTTP/1.1\r\nHost: evil\r\nX-Api-Key: mine\r\nAuthorization: Bearer mine\r\nCookie: mine\r\n\
         Anthropic-Version: 1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    );
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("text/event-stream"), "{answer}");
    assert!(answer.ends_with("2\r\nok\r\n0\r\n\r\n"), "{answer}");
    let asked = asked.recv().expect("a request").to_lowercase();
    assert!(asked.starts_with("post /base/v1/messages?beta=1 http/1.1\r\n"), "{asked}");
    assert!(asked.contains("x-api-key: real") && asked.contains("anthropic-version: 1"), "{asked}");
    assert!(!asked.contains("mine") && !asked.contains("evil"), "{asked}");
    let (log, left_out) = world.proxy.end();
    assert_eq!((log.len(), left_out, log[0].status, log[0].received), (1, 0, Some(200), 2));
    assert_eq!((log[0].host.as_str(), log[0].path.as_str()), (address.as_str(), "/k/v1/messages"));
}

#[test]
fn at_a_port_everybody_may_knock_and_who_does_not_know_the_word_gets_nothing() {
    let (address, asked) = telling(OK);
    let rules = Rules { routes: vec![route(format!("http://{address}/base"), true)], ..Rules::default() };
    let world = World::at_port(rules);
    let answer = world.ask("POST /guessed/v1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let answer = world.ask(&format!("CONNECT {address} HTTP/1.1\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let answer = world.ask("POST /k/v1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(asked.recv().expect("a request").to_lowercase().contains("x-api-key: real"));
    assert!(asked.try_recv().is_err(), "once and no more");
    let (log, _) = world.proxy.end();
    assert_eq!(log.iter().filter(|entry| entry.refused.is_some()).count(), 2, "{log:?}");
}

#[test]
fn a_server_that_the_user_did_not_name_is_never_on_this_machine() {
    let (address, asked) = telling(OK);
    let host = Host::parse(&address, false).expect("a host");
    let routes = vec![route(format!("http://{address}"), false)];
    let world = World::new(Rules { hosts: vec![host], routes, outer: None });
    for text in [
        "POST /k/x HTTP/1.1\r\nContent-Length: 0\r\n\r\n".to_owned(),
        format!("CONNECT {address} HTTP/1.1\r\n\r\n"),
        "GET http://169.254.169.254/latest/meta-data HTTP/1.1\r\n\r\n".to_owned(),
        "CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
    ] {
        assert!(world.ask(&text).starts_with("HTTP/1.1 403"), "{text}");
    }
    assert!(asked.try_recv().is_err(), "nobody was asked");
    let (log, _) = world.proxy.end();
    assert!(log.len() == 5 && log.iter().all(|entry| entry.refused.is_some()), "{log:?}");
}

#[test]
fn pieces_are_passed_on_as_they_come() {
    let address = server(|mut stream| {
        drop(stream.read(&mut [0; 4096]));
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst"));
        // The second comes when the first has arrived, and so never where somebody waits for the whole.
        drop(stream.read(&mut [0; 1]));
    });
    let world =
        World::new(Rules { routes: vec![route(format!("http://{address}"), true)], ..Rules::default() });
    let mut stream = world.connect();
    stream.write_all(b"GET /k/x HTTP/1.1\r\n\r\n").expect("it reads");
    let mut seen = Vec::new();
    let mut buffer = [0; 512];
    while !seen.windows(5).any(|it| it == b"first") {
        let count = stream.read(&mut buffer).expect("a piece before the end");
        assert!(count > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&buffer[..count]);
    }
}

#[test]
fn a_tunnel_carries_both_ways_and_ends_with_the_proxy() {
    let address = server(|mut stream| {
        let mut buffer = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            drop(stream.write_all(&buffer[..count]));
        }
    });
    let host = Host::parse(&address, true).expect("a host");
    let world = World::new(Rules { hosts: vec![host], ..Rules::default() });
    let mut stream = world.connect();
    write!(stream, "CONNECT {address} HTTP/1.1\r\n\r\n").expect("it reads");
    let mut buffer = [0; 256];
    let count = stream.read(&mut buffer).expect("an answer");
    assert!(buffer[..count].starts_with(b"HTTP/1.1 200"));
    stream.write_all(b"ping").expect("open");
    let count = stream.read(&mut buffer).expect("an echo");
    assert_eq!(&buffer[..count], b"ping");
    let (log, _) = world.proxy.end();
    assert_eq!(stream.read(&mut buffer).unwrap_or(0), 0, "closed");
    drop(stream);
    assert_eq!(
        (log.len(), log[0].sent, log[0].received),
        (1, 4, 4),
        "what was cut off is written down: {log:?}"
    );
}

#[test]
fn where_the_user_has_a_proxy_hosts_are_reached_through_it() {
    let (address, asked) = telling("HTTP/1.1 200 Connection established\r\n\r\nhello");
    let outer = Outer::parse(&format!("http://ada:pw@{address}"));
    let host = Host::parse("api.vendor.example", false).expect("a host");
    let world = World::new(Rules { hosts: vec![host], routes: Vec::new(), outer });
    let answer = world.ask("CONNECT api.vendor.example:443 HTTP/1.1\r\n\r\n");
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    let asked = asked.recv().expect("a request");
    assert!(asked.starts_with("CONNECT api.vendor.example:443 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("Proxy-Authorization: Basic YWRhOnB3"), "{asked}");
}

#[test]
fn another_protocol_is_refused_in_a_way_that_programs_understand() {
    let (address, _) = telling(OK);
    let world =
        World::new(Rules { routes: vec![route(format!("http://{address}"), true)], ..Rules::default() });
    let answer = world.ask("GET /k/x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
}

#[test]
fn what_is_told_of_a_request_is_short_however_long_it_was() {
    let (address, asked) = telling(OK);
    let rules = Rules { routes: vec![route(format!("http://{address}"), true)], ..Rules::default() };
    let world = World::new(rules);
    let long = "x".repeat(50_000);
    for text in [
        format!("POST /k/{long} HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
        format!("{long} /k/x HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
        format!("CONNECT {long}:443 HTTP/1.1\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\n\r\n"),
    ] {
        drop(world.ask(&text));
    }
    assert!(asked.try_iter().all(|asked| asked.starts_with("POST /") || asked.starts_with("post /")));
    let (log, _) = world.proxy.end();
    assert_eq!(log.len(), 4);
    for entry in log {
        assert!(entry.method.len() + entry.host.len() + entry.path.len() < 500, "{entry:?}");
    }
}

#[test]
fn a_body_larger_than_any_vendor_takes_is_refused_before_it_is_read() {
    let (address, asked) = telling(OK);
    let rules = Rules { routes: vec![route(format!("http://{address}"), true)], ..Rules::default() };
    let world = World::new(rules);
    for text in [
        "POST /k/x HTTP/1.1\r\nContent-Length: 70000000\r\n\r\n",
        "POST /k/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5000000\r\n",
        "POST /k/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    ] {
        assert!(world.ask(text).starts_with("HTTP/1.1 403"), "{text}");
    }
    assert!(asked.try_recv().is_err(), "nobody was asked");
    let (log, _) = world.proxy.end();
    assert!(log.len() == 3 && log.iter().all(|entry| entry.refused.is_some()), "{log:?}");
}
