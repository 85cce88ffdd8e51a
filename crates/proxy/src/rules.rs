//! What is let through, and where to.
//!
//! In: hosts and servers. Out: the answer to one request. A pure function; names are looked up elsewhere.

use crate::request::Head;

/// A host that may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name or address.
    pub name: String,
    /// The port.
    pub port: u16,
    /// Whether the user named it: then it may be on this machine or in its network.
    pub is_named_by_user: bool,
}

impl Host {
    /// From `name:port`; without a port 443.
    pub fn parse(text: &str, is_named_by_user: bool) -> Option<Self> {
        let (name, port) = split(text, 443)?;
        Some(Self { name, port, is_named_by_user })
    }

    /// As it is written in requests.
    pub fn shown(&self) -> String {
        if self.name.contains(':') {
            format!("[{}]:{}", self.name, self.port)
        } else {
            format!("{}:{}", self.name, self.port)
        }
    }
}

/// Name and port in their one spelling.
fn split(text: &str, usual: u16) -> Option<(String, u16)> {
    let (name, rest) = match text.strip_prefix('[') {
        Some(six) => six.split_once(']')?,
        None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
    };
    let port = if rest.is_empty() { usual } else { rest.strip_prefix(':')?.parse().ok()? };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    (!name.is_empty() && port != 0 && name.chars().all(is_name)).then_some((name, port))
}

/// A server that is asked in the program's place: the program talks to the proxy, and never learns address or key.
#[derive(Clone, PartialEq, Eq)]
pub struct Route {
    /// How paths of it begin, such as `/a`; empty for all that begin with no other.
    pub prefix: String,
    /// Its address: scheme, host, and how its own paths begin.
    pub upstream: String,
    /// Headers that are added, with their values; secrets.
    pub headers: Vec<(String, String)>,
    /// Whether the user named it.
    pub is_named_by_user: bool,
}

/// Shows neither key nor path.
impl std::fmt::Debug for Route {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let host = self.host().map(|host| host.shown());
        formatter
            .debug_struct("Route")
            .field("prefix", &self.prefix)
            .field("host", &host)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

impl Route {
    /// The host of its address.
    pub fn host(&self) -> Option<Host> {
        let (scheme, rest) = self.upstream.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let usual = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let (name, port) = split(authority, usual)?;
        Some(Host { name, port, is_named_by_user: self.is_named_by_user })
    }

    /// The address of a request; `None` where the path is not below its prefix.
    pub(crate) fn address(&self, target: &str) -> Option<String> {
        let rest = target
            .strip_prefix(self.prefix.as_str())
            .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        // A path of dots would lead to what is beside the server's own.
        let is_dots = |part: &str| {
            let part = part.to_ascii_lowercase().replace("%2e", ".");
            part == "." || part == ".."
        };
        if path.replace("%2f", "/").replace("%2F", "/").replace(['\\'], "/").split('/').any(is_dots) {
            return None;
        }
        let (base, own_query) = self.upstream.split_once('?').unwrap_or((self.upstream.as_str(), ""));
        let is_kept = |pair: &&str| !pair.is_empty() && !is_key(pair);
        let query: Vec<&str> = own_query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .chain(query.split('&').filter(is_kept))
            .collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        Some(format!("{}{path}{query}", base.trim_end_matches('/')))
    }
}

/// What a server is asked to do.
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Names of keys in queries, as servers read them. Keys go where keys are added, and nowhere else: with another one a program could
/// leave what it read in somebody else's account.
const KEYS: &[&str] =
    &["key", "api_key", "api-key", "apikey", "access_token", "oauth_token", "token", "subscription-key"];

/// Whether a part of a query carries a key, however it is written.
fn is_key(pair: &str) -> bool {
    let name = pair.split(['=', ';']).next().unwrap_or_default().replace('+', " ");
    let name = percent_encoding::percent_decode_str(&name).decode_utf8_lossy().trim().to_ascii_lowercase();
    KEYS.contains(&name.trim_start_matches('$'))
}

/// Everything one program may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Hosts it may connect to, encrypted, by itself.
    pub hosts: Vec<Host>,
    /// Servers that are asked for it.
    pub routes: Vec<Route>,
    /// The user's own proxy, through which hosts are connected to.
    pub outer: Option<Outer>,
}

/// A proxy that the user's own programs go through.
#[derive(Clone, PartialEq, Eq)]
pub struct Outer {
    /// Where it is.
    pub host: Host,
    /// User and password, as they are sent.
    credentials: Option<String>,
}

/// Shows no password.
impl std::fmt::Debug for Outer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Outer").field("host", &self.host.shown()).finish_non_exhaustive()
    }
}

impl Outer {
    /// From the value of a variable such as `HTTPS_PROXY`. One that is spoken to encrypted is not understood.
    pub fn parse(text: &str) -> Option<Self> {
        use base64::Engine as _;
        let rest = text.strip_prefix("http://").or((!text.contains("://")).then_some(text))?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let (name, port) = split(host, 80)?;
        let encode = |user: &str| {
            let plain = percent_encoding::percent_decode_str(user).collect::<Vec<u8>>();
            base64::engine::general_purpose::STANDARD.encode(plain)
        };
        Some(Self { host: Host { name, port, is_named_by_user: true }, credentials: user.map(encode) })
    }

    /// The request for a tunnel to a host.
    pub(crate) fn request(&self, host: &Host) -> String {
        let shown = host.shown();
        let credentials = self.credentials.as_ref();
        let credentials =
            credentials.map(|it| format!("Proxy-Authorization: Basic {it}\r\n")).unwrap_or_default();
        format!("CONNECT {shown} HTTP/1.1\r\nHost: {shown}\r\n{credentials}\r\n")
    }
}

impl Rules {
    /// Whether there is nothing that it may reach.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.routes.is_empty()
    }

    pub(crate) fn answer(&self, head: &Head) -> Answer<'_> {
        if head.method == "CONNECT" {
            let Some((name, port)) = split(&head.target, 0) else {
                return Answer::Refuse("that is no host with a port");
            };
            return match self.hosts.iter().find(|host| host.name == name && host.port == port) {
                Some(host) => Answer::Connect(host),
                None => Answer::Refuse("it is not on its list"),
            };
        }
        if !METHODS.contains(&head.method.as_str()) {
            return Answer::Refuse("its method is none that a model's server has");
        }
        if !head.target.starts_with('/') {
            return Answer::Refuse("plain HTTP through a proxy is not let through");
        }
        let longest = self.routes.iter().filter_map(|route| Some((route, route.address(&head.target)?)));
        match longest.max_by_key(|(route, _)| route.prefix.len()) {
            Some(_) if head.is_upgrade() => Answer::Upgrade,
            Some((route, address)) => Answer::Ask(route, address),
            None => Answer::Refuse("no server is asked under that path"),
        }
    }
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer<'a> {
    /// A tunnel to this host.
    Connect(&'a Host),
    /// This server is asked, at this address.
    Ask(&'a Route, String),
    /// It wants another protocol; programs do without.
    Upgrade,
    /// Nothing, and why.
    Refuse(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(method: &str, target: &str) -> Head {
        Head { method: method.into(), target: target.into(), headers: Vec::new() }
    }

    fn rules() -> Rules {
        let route = |prefix: &str, upstream: &str| Route {
            prefix: prefix.into(),
            upstream: upstream.into(),
            headers: Vec::new(),
            is_named_by_user: false,
        };
        Rules {
            hosts: vec![Host::parse("api.vendor.example", false).unwrap()],
            routes: vec![route("", "https://a.example/base/"), route("/u1", "http://h:1/v1?t=2")],
            outer: None,
        }
    }

    #[test]
    fn only_the_very_host_and_port_on_the_list_is_connected_to() {
        let rules = rules();
        for fine in ["api.vendor.example:443", "API.vendor.example:443", "api.vendor.example.:443"] {
            assert!(matches!(rules.answer(&head("CONNECT", fine)), Answer::Connect(_)), "{fine}");
        }
        for wrong in [
            "api.vendor.example:80",
            "api.vendor.example",
            "evil.example:443",
            "x.api.vendor.example:443",
            "api.vendor.example.evil.example:443",
            "api.vendor.example:443@evil.example:443",
            "127.0.0.1:443",
            "api.vendor.example\u{0}:443",
            "",
            ":443",
            "[::1]:443",
            "api.vendor.example:0443x",
        ] {
            assert!(matches!(rules.answer(&head("CONNECT", wrong)), Answer::Refuse(_)), "{wrong}");
        }
    }

    #[test]
    fn paths_lead_to_the_server_with_the_longest_prefix_and_never_beside_it() {
        let rules = rules();
        let asked = |target: &str| match rules.answer(&head("POST", target)) {
            Answer::Ask(_, address) => address,
            other => format!("{other:?}"),
        };
        assert_eq!(asked("/v1/messages?beta=true&key=mine"), "https://a.example/base/v1/messages?beta=true");
        for key in [
            "KEY=mine",
            "%6bey=mine",
            "%6B%65%79=mine",
            "Api_Key=mine",
            "access_token=mine",
            "$key=mine",
            "key",
        ] {
            assert_eq!(asked(&format!("/x?{key}&z=1")), "https://a.example/base/x?z=1", "{key}");
        }
        assert_eq!(asked("/u1/x?y=1"), "http://h:1/v1/x?t=2&y=1");
        assert_eq!(asked("/u11/x"), "https://a.example/base/u11/x");
        for wrong in ["/../admin", "/a/..", "/%2e%2e/x", "/a%2F..%2Fb", "/\\..\\x", "http://evil.example/"] {
            assert!(asked(wrong).starts_with("Refuse"), "{wrong}");
        }
    }

    #[test]
    fn the_users_own_proxy_is_asked_with_the_users_own_password() {
        let outer = Outer::parse("http://ada:p%40ss@proxy.corp:3129/").unwrap();
        assert_eq!(outer.host.shown(), "proxy.corp:3129");
        let host = Host::parse("api.example", false).unwrap();
        let wanted = "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\nProxy-Authorization: Basic YWRhOnBAc3M=\r\n\r\n";
        assert_eq!(outer.request(&host), wanted);
        assert!(!format!("{outer:?}").contains("ss"));
        assert_eq!(Outer::parse("proxy:8080").unwrap().host.shown(), "proxy:8080");
        assert_eq!(Outer::parse("socks5://x:1"), None);
        assert_eq!(Outer::parse("https://x:1"), None);
    }

    #[test]
    fn the_host_of_a_server_is_found_and_its_key_is_never_shown() {
        let route = Route {
            prefix: String::new(),
            upstream: "https://me:pw@Gate.example/tenant".into(),
            headers: vec![("x-api-key".into(), "sk-secret".into())],
            is_named_by_user: true,
        };
        assert_eq!(route.host().unwrap().shown(), "gate.example:443");
        let shown = format!("{route:?}");
        for secret in ["pw", "tenant", "sk-secret"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
