//! Identifiers, made valid on creation.
//!
//! In: text or bytes. Out: newtypes that cannot be mixed up. Never looks anything up.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

macro_rules! text_newtype {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

text_newtype! {
    /// A git object name: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
    Sha
}

impl Sha {
    /// Accepts a full object name, `None` for anything else.
    pub fn new(text: &str) -> Option<Self> {
        let valid = matches!(text.len(), 40 | 64)
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        valid.then(|| Self(text.to_owned()))
    }

    /// The first eight digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

text_newtype! {
    /// The name of a run and of its folder: `YYYYMMDD-HHMMSS-<slug>` in UTC, with `-2`, `-3`… where taken.
    RunId
}

impl RunId {
    /// Accepts names made of letters, digits, `-`, `_` and `.` that do not start with a dot: a run id is also a
    /// folder name, so nothing that could leave the run folder is an id.
    pub fn new(text: &str) -> Option<Self> {
        let valid = !text.is_empty()
            && text.len() <= 200
            && !text.starts_with('.')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        valid.then(|| Self(text.to_owned()))
    }
}

text_newtype! {
    /// A path inside the repository, relative to its root, with `/` between parts.
    ///
    /// Git paths are bytes. Bytes that are not UTF-8 are written `\xNN`; `git::Snapshot` keeps the raw bytes
    /// beside it, so nothing is looked up by this spelling.
    RepoPath
}

impl RepoPath {
    /// Takes a path that is already text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Takes a path as git gives it.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        use fmt::Write as _;
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            for byte in chunk.invalid() {
                let _ = write!(text, "\\x{byte:02X}");
            }
        }
        Self(text)
    }

    /// The last part of the path.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The part behind the last dot of the file name, without the dot; empty where there is none.
    pub fn extension(&self) -> &str {
        match self.file_name().rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => extension,
            _ => "",
        }
    }
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

text_newtype! {
    /// What stays the same about a finding across runs: `f1:` and 16 hexadecimal digits.
    Fingerprint
}

impl Fingerprint {
    /// Hashes the parts that make a finding itself. Parts are length-prefixed, so `["ab","c"]` and `["a","bc"]`
    /// differ.
    pub fn of(parts: &[&str]) -> Self {
        use fmt::Write as _;
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mut text = String::from("f1:");
        for byte in &hash.finalize()[..8] {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_name_is_full_and_lower_case() {
        assert!(Sha::new(&"a".repeat(40)).is_some());
        assert!(Sha::new(&"A".repeat(40)).is_none());
        assert!(Sha::new("abc").is_none());
    }

    #[test]
    fn a_run_id_cannot_leave_its_folder() {
        assert!(RunId::new("20260412-203409-pr-295").is_some());
        for bad in ["", "..", "a/b", "a\\b", ".hidden", "a b"] {
            assert!(RunId::new(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_spelled_out() {
        assert_eq!(RepoPath::from_bytes(b"a/\xFFb").as_str(), "a/\\xFFb");
        assert_eq!(RepoPath::from_bytes("ä.rs".as_bytes()).as_str(), "ä.rs");
    }

    #[test]
    fn a_fingerprint_keeps_its_parts_apart() {
        assert_ne!(Fingerprint::of(&["ab", "c"]), Fingerprint::of(&["a", "bc"]));
        assert_eq!(Fingerprint::of(&["ab"]).as_str().len(), 3 + 16);
    }
}
