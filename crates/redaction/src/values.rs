//! Secrets that are known because we hold them.
//!
//! In: variables and bytes. Out: the same bytes with each secret replaced by its variable's name. Programs print keys in their error
//! messages, and gateways' addresses carry them.

use std::ffi::{OsStr, OsString};

/// Shorter values are words, not secrets; replacing them would garble text.
const SHORTEST: usize = 8;

/// Values that must not be kept, with the names to put in their place.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<(Vec<u8>, String)>);

impl Secrets {
    /// The secrets among variables: those whose names say so, and the hosts of addresses: gateways are nobody's business.
    pub fn of(environment: &[(OsString, OsString)]) -> Self {
        let mut secrets: Vec<(Vec<u8>, String)> = environment
            .iter()
            .filter_map(|(name, value)| {
                let secret = if is_secret(name) { value.as_encoded_bytes() } else { host(value)? };
                (secret.len() >= SHORTEST).then(|| (secret.to_vec(), name.to_string_lossy().into_owned()))
            })
            .collect();
        // A secret inside another one goes after it.
        secrets.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        Self(secrets)
    }

    /// The bytes without these secrets. What only has the shape of one stays.
    #[must_use]
    pub fn redact(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.0
            .iter()
            .fold(bytes, |bytes, (secret, name)| replace(bytes, secret, format!("<{name}>").as_bytes()))
    }

    /// The bytes of a log: without these secrets, and without anything that has the shape of one.
    #[must_use]
    pub fn redact_log(&self, bytes: Vec<u8>) -> Vec<u8> {
        crate::bytes(self.redact(bytes))
    }

    /// The text without these secrets, and without anything that has the shape of one.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.redact_log(text.as_bytes().to_vec())).into_owned()
    }
}

/// The host of an address, with its port.
fn host(value: &OsStr) -> Option<&[u8]> {
    let text = value.to_str()?;
    let (_, rest) = text.split_once("://")?;
    rest.split(['/', '?', '#']).next().map(str::as_bytes)
}

/// Names that only look as if they said so: those of git's settings, which we hand over ourselves, and of authors.
const NO_SECRETS: &[&str] = &["GIT_CONFIG_KEY_", "GIT_AUTHOR_"];

fn is_secret(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    let is_none = NO_SECRETS.iter().any(|start| name.starts_with(start));
    !is_none
        && ["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "AUTH"].iter().any(|part| name.contains(part))
}

fn replace(bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let finder = memchr::memmem::Finder::new(from);
    let Some(first) = finder.find(&bytes) else { return bytes };
    let mut out = Vec::with_capacity(bytes.len());
    let (mut rest, mut next) = (bytes.as_slice(), Some(first));
    while let Some(at) = next {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
        next = finder.find(rest);
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_variables_are_replaced_by_their_names() {
        let environment = [
            ("MY_API_KEY", "sk-123456789"),
            ("OTHER_TOKEN", "sk-1234567890"),
            ("PATH", "/usr/bin:/bin"),
            ("SHORT_KEY", "abc"),
            ("MY_BASE_URL", "http://10.1.2.3:4567/v1"),
        ];
        let environment: Vec<(OsString, OsString)> =
            environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let secrets = Secrets::of(&environment);
        let text = secrets.text("keys sk-1234567890 and sk-123456789 of /usr/bin:/bin abc (10.1.2.3:4567)");
        assert_eq!(text, "keys <OTHER_TOKEN> and <MY_API_KEY> of /usr/bin:/bin abc (<MY_BASE_URL>)");
    }

    #[test]
    fn a_setting_of_git_is_no_secret() {
        // A checkout's git is told these, and a finding about them must say what it says.
        let around = [
            ("GIT_CONFIG_KEY_0", "core.hooksPath"),
            ("GIT_AUTHOR_NAME", "Ada Lovelace"),
            ("X_AUTH", "long-enough"),
        ];
        let secrets = Secrets::of(&around.map(|(name, value)| (name.into(), value.into())));
        let text = b"core.hooksPath by Ada Lovelace, long-enough".to_vec();
        assert_eq!(secrets.redact(text), b"core.hooksPath by Ada Lovelace, <X_AUTH>");
    }
}
