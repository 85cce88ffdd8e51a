//! The text of one file at one side.
//!
//! In: a blob. Out: its lines, numbered from 1. Never keeps the bytes of binary files.

use std::borrow::Cow;

/// How many leading bytes decide whether a blob is text; git looks at as many.
const SNIFFED: usize = 8000;

/// The text of a file.
#[derive(Debug, Default)]
pub struct Text {
    /// True where there is no text to show: binary content, or a file too large to be code.
    pub binary: bool,
    /// True where the file was not read because it is too large.
    pub too_large: bool,
    /// Bytes of the file, also where its content is not kept.
    pub size: u64,
    /// The content; bytes that are not UTF-8 are replaced. Empty for binary files.
    pub content: String,
    /// True where a byte was replaced.
    replaced: bool,
    /// Where each line starts.
    starts: Vec<u32>,
}

impl Text {
    /// Takes a blob's bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        if is_binary(bytes) {
            return Self { binary: true, size: bytes.len() as u64, ..Self::default() };
        }
        let content = String::from_utf8_lossy(bytes);
        let replaced = matches!(content, Cow::Owned(_));
        Self { size: bytes.len() as u64, replaced, ..Self::from_content(content.into_owned()) }
    }

    /// Takes text.
    pub fn from_content(content: String) -> Self {
        let mut starts = Vec::with_capacity(content.len() / 32);
        if !content.is_empty() {
            starts.push(0);
            starts.extend(
                memchr::memchr_iter(b'\n', content.as_bytes())
                    .map(|at| at + 1)
                    .filter(|start| *start < content.len())
                    .map(|start| start as u32),
            );
        }
        Self { size: content.len() as u64, content, starts, ..Self::default() }
    }

    pub(crate) fn too_large(size: u64) -> Self {
        Self { binary: true, too_large: true, size, ..Self::default() }
    }

    /// True where the content is the file, byte for byte.
    pub(crate) fn is_exact(&self) -> bool {
        !self.binary && !self.replaced
    }

    /// How many lines there are. A last line without line end counts.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// Line `number`, counted from 1, without its line end (`\n` or `\r\n`).
    pub fn line(&self, number: u32) -> Option<&str> {
        let index = (number as usize).checked_sub(1)?;
        let start = *self.starts.get(index)? as usize;
        let end = self.starts.get(index + 1).map_or(self.content.len(), |next| *next as usize);
        let line = &self.content[start..end];
        let line = line.strip_suffix('\n').unwrap_or(line);
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    /// All lines in order, without their line ends.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        (0..self.starts.len()).map(|index| self.line(index as u32 + 1).unwrap_or_default())
    }

    /// What it costs to keep.
    pub(crate) fn cost(&self) -> usize {
        self.content.len() + self.starts.len() * 4 + 128
    }
}

/// Git's own rule: a NUL among the first bytes.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, &bytes[..bytes.len().min(SNIFFED)]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_git_counts_them() {
        for (content, lines) in [
            ("", vec![]),
            ("a", vec!["a"]),
            ("a\n", vec!["a"]),
            ("a\nb", vec!["a", "b"]),
            ("a\r\n\r\nb\r\n", vec!["a", "", "b"]),
            ("\n", vec![""]),
        ] {
            let text = Text::from_bytes(content.as_bytes());
            assert_eq!(text.lines().collect::<Vec<_>>(), lines, "{content:?}");
            assert_eq!(text.line_count() as usize, lines.len());
            assert_eq!(text.line(lines.len() as u32 + 1), None);
            assert_eq!(text.line(0), None);
        }
    }

    #[test]
    fn content_with_a_nul_is_binary_and_other_bytes_are_replaced() {
        assert!(Text::from_bytes(b"a\0b").binary);
        let text = Text::from_bytes(b"a\xFFb\n");
        assert!(!text.binary);
        assert_eq!(text.line(1), Some("a\u{FFFD}b"));
    }
}
