//! What a confined program reached, and tried to reach.
//!
//! In: the entries of its proxy. Out: lines for the run folder, and sentences for the report about what was refused.

use std::collections::BTreeMap;

use proxy::{Entry, Rules};

/// Where the proxy is reached inside a sandbox. Servers are asked below a word that nobody can guess: where the network is not
/// the program's own, others on this machine could knock, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) port: u16,
    word: String,
}

impl Door {
    /// A door at this port.
    pub(crate) fn new(port: u16) -> Self {
        use std::hash::{BuildHasher as _, RandomState};
        // Its keys come from the system's source of randomness.
        let random = || RandomState::new().hash_one(std::process::id());
        Self { port, word: format!("{:016x}{:016x}", random(), random()) }
    }

    /// The proxy's own address, for programs that connect through it.
    pub(crate) fn proxy(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address below which servers are asked.
    pub(crate) fn servers(&self) -> String {
        format!("{}{}", self.proxy(), self.prefix())
    }

    /// How paths below it begin.
    pub(crate) fn prefix(&self) -> String {
        format!("/{}", self.word)
    }
}

/// A proxy for one program. On systems without unix sockets there is none, and nothing is confined.
pub(crate) struct Network {
    #[cfg(unix)]
    proxy: Option<proxy::Proxy>,
}

impl Network {
    /// No network at all.
    pub(crate) fn none() -> Self {
        Self {
            #[cfg(unix)]
            proxy: None,
        }
    }

    /// A proxy at `socket`.
    #[cfg(unix)]
    pub(crate) fn start(socket: &std::path::Path, rules: Rules) -> std::io::Result<Self> {
        Ok(Self { proxy: Some(proxy::Proxy::start(socket, rules)?) })
    }

    /// Nothing that could be reached.
    #[cfg(not(unix))]
    pub(crate) fn start(_: &std::path::Path, _: Rules) -> std::io::Result<Self> {
        Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
    }

    /// Ends it; what it has seen.
    pub(crate) fn end(self) -> (Vec<Entry>, usize) {
        #[cfg(unix)]
        {
            self.proxy.map(proxy::Proxy::end).unwrap_or_default()
        }
        #[cfg(not(unix))]
        {
            (Vec::new(), 0)
        }
    }
}

/// One JSON line an entry.
pub(crate) fn lines(entries: &[Entry]) -> Vec<u8> {
    let mut text = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut text, entry).expect("plain data");
        text.push(b'\n');
    }
    text
}

/// How many hosts are named.
const NAMED: usize = 5;

/// Sentences about what was refused.
pub(crate) fn told(entries: &[Entry], left_out: usize) -> Vec<String> {
    let mut refused: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for entry in entries {
        if let Some(why) = &entry.refused {
            *refused.entry((why, &entry.host)).or_default() += 1;
        }
    }
    let each = refused.iter().take(NAMED);
    let mut told: Vec<String> = each
        .map(|((why, host), times)| {
            let times = if *times > 1 { format!(" {times} times") } else { String::new() };
            format!("it tried to reach `{}`{times}, which was refused: {why}", plain(host))
        })
        .collect();
    if refused.len() > NAMED {
        told.push(format!("it tried to reach {} other hosts, which were refused", refused.len() - NAMED));
    }
    if left_out > 0 {
        told.push(format!("it made {left_out} more attempts to reach something than the log holds"));
    }
    told
}

/// A name that stays between the marks around it.
fn plain(host: &str) -> String {
    host.chars().map(|c| if c == '`' || c.is_control() { '?' } else { c }).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(host: &str) -> Entry {
        Entry { host: host.into(), refused: Some("it is not on its list".into()), ..Entry::default() }
    }

    #[test]
    fn what_was_refused_is_told_once_with_how_often() {
        let fine = Entry { host: "api.example:443".into(), ..Entry::default() };
        let told = told(&[refused("evil.example:443"), fine, refused("evil.example:443"), refused("`x`")], 0);
        assert_eq!(
            told,
            [
                "it tried to reach `?x?`, which was refused: it is not on its list",
                "it tried to reach `evil.example:443` 2 times, which was refused: it is not on its list",
            ]
        );
    }

    #[test]
    fn many_hosts_are_counted() {
        let all: Vec<Entry> = (0..9).map(|n| refused(&format!("h{n}:1"))).collect();
        assert_eq!(told(&all, 3).len(), NAMED + 2);
    }
}
