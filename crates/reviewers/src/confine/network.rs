//! What a confined program reached, and tried to reach.
//!
//! In: the entries of its proxy. Out: lines for the run folder, and sentences for the report about what was refused.

use std::collections::BTreeMap;
use std::path::Path;

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

/// A proxy for one program.
pub(crate) struct Network(Option<proxy::Proxy>);

impl Network {
    /// No network at all.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// A proxy at `socket`, to which our own program inside carries what comes to the door's port. On other systems than Linux, where the
    /// network inside is everybody's, at that port itself.
    pub(crate) fn start(socket: &Path, door: &Door, rules: Rules) -> std::io::Result<Self> {
        #[cfg(target_os = "linux")]
        let proxy = {
            let _ = door;
            proxy::Proxy::start(socket, rules)?
        };
        #[cfg(not(target_os = "linux"))]
        let proxy = {
            let _ = socket;
            proxy::Proxy::start_at_port(door.port, rules)?
        };
        Ok(Self(Some(proxy)))
    }

    /// Ends it; what it has seen.
    pub(crate) fn end(self) -> (Vec<Entry>, usize) {
        self.0.map(proxy::Proxy::end).unwrap_or_default()
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
