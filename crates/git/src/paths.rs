//! The raw bytes of paths that are not text.
//!
//! In: paths as git gives them. Out: [`RepoPath`]s, and the way back. Never guesses: a spelling that was not seen is
//! taken as its own bytes.

use std::borrow::Cow;
use std::collections::HashMap;

use model::RepoPath;

/// Remembers the bytes behind spellings such as `a\xFFb`.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathTable {
    raw: HashMap<RepoPath, Vec<u8>>,
}

impl PathTable {
    /// The spelling of a path; remembers its bytes where they are not that spelling.
    pub(crate) fn spell(&mut self, bytes: &[u8]) -> RepoPath {
        let path = RepoPath::from_bytes(bytes);
        if path.as_str().as_bytes() != bytes {
            self.raw.insert(path.clone(), bytes.to_vec());
        }
        path
    }

    /// The bytes of a path.
    pub(crate) fn bytes<'a>(&'a self, path: &'a RepoPath) -> Cow<'a, [u8]> {
        Cow::Borrowed(self.raw.get(path).map_or(path.as_str().as_bytes(), Vec::as_slice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_are_found_again() {
        let mut table = PathTable::default();
        for bytes in [b"a b/[x].rs".as_slice(), b"caf\xe9.txt", b"new\nline", "ä".as_bytes()] {
            let path = table.spell(bytes);
            assert_eq!(&*table.bytes(&path), bytes);
        }
    }
}
