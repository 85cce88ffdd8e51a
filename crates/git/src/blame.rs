//! Which commit of the change wrote a line.
//!
//! In: a file at head and line ranges. Out: a [`BlameLine`] a line. Never names an author where history is cut.

use std::collections::HashMap;

use model::{RepoPath, Sha};

use crate::call::Place;
use crate::{Error, Result};

/// Where one line of head comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlameLine {
    /// The line at head.
    pub line: u32,
    /// The commit that wrote it; the merge base (or another commit outside the change) for older lines.
    pub commit: Sha,
    /// True where that commit belongs to the change.
    pub in_change: bool,
    /// True where history is cut there (`git clone --depth`): the commit need not be the one that wrote the line.
    pub boundary: bool,
    /// Where the line stood in that commit.
    pub original_path: RepoPath,
    /// See `original_path`.
    pub original_line: u32,
}

/// One question to git.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    /// `None` where the change begins with the first commit.
    pub(crate) merge_base: Option<&'a Sha>,
    pub(crate) head: &'a Sha,
    pub(crate) path: &'a [u8],
    /// Inclusive, from 1, inside the file.
    pub(crate) ranges: &'a [(u32, u32)],
    /// Commits at which history is cut.
    pub(crate) cut_at: &'a [Sha],
}

/// The most bytes that are taken of one row: names of files are shorter, and lines and subjects are not looked at.
const MOST_OF_A_ROW: u64 = 64 << 10;

/// Asks git. Moves within a file and from files of the same commit are followed; white space is not looked at.
pub(crate) fn ask(place: &Place, question: &Question<'_>) -> Result<Vec<BlameLine>> {
    let doing = format!("could not find who wrote `{}`", String::from_utf8_lossy(question.path));
    let mut call =
        place.call(&doing)?.args(["blame", "--porcelain", "--root", "-w", "-M", "-C", "--no-textconv"]);
    for (first, last) in question.ranges {
        call = call.arg(format!("-L{first},{last}"));
    }
    let revisions = match question.merge_base {
        Some(base) => format!("{base}..{}", question.head),
        None => question.head.to_string(),
    };
    let rows = call.args([&revisions, "--"]).path_arg(question.path).pieces(b'\n', MOST_OF_A_ROW)?;
    let mut bytes = Vec::new();
    for row in rows {
        bytes.extend(row.bytes);
        bytes.push(b'\n');
    }
    parse(&bytes, question.cut_at).ok_or_else(|| Error::failed(doing, "git's answer could not be read"))
}

#[derive(Default)]
struct Known {
    outside: bool,
    path: RepoPath,
}

fn parse(bytes: &[u8], cut_at: &[Sha]) -> Option<Vec<BlameLine>> {
    let mut lines = Vec::new();
    let mut known: HashMap<Sha, Known> = HashMap::new();
    let mut current: Option<(Sha, u32, u32)> = None;
    for row in bytes.split(|byte| *byte == b'\n') {
        if row.starts_with(b"\t") {
            let (commit, original_line, line) = current.take()?;
            let about = known.entry(commit.clone()).or_default();
            let boundary = cut_at.contains(&commit);
            let (in_change, original_path) = (!about.outside && !boundary, about.path.clone());
            lines.push(BlameLine { line, commit, in_change, boundary, original_path, original_line });
        } else if let Some((commit, ..)) = &current {
            let about = known.entry(commit.clone()).or_default();
            if row == b"boundary" {
                about.outside = true;
            } else if let Some(name) = row.strip_prefix(b"filename ") {
                about.path = RepoPath::from_bytes(&unquote(name));
            }
        } else if !row.is_empty() {
            let mut words = std::str::from_utf8(row).ok()?.split(' ');
            let commit = Sha::new(words.next()?)?;
            current = Some((commit, words.next()?.parse().ok()?, words.next()?.parse().ok()?));
        }
    }
    Some(lines)
}

/// Takes back git's quoting of odd names.
pub(crate) fn unquote(name: &[u8]) -> Vec<u8> {
    let Some(inner) = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")) else {
        return name.to_vec();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let (byte, used) = match tail {
            [digit @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                ((digit - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), 3)
            }
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'r', ..] => (b'\r', 1),
            [b'a', ..] => (7, 1),
            [b'b', ..] => (8, 1),
            [b'v', ..] => (11, 1),
            [b'f', ..] => (12, 1),
            [other, ..] => (*other, 1),
            [] => break,
        };
        out.push(byte);
        rest = &tail[used..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_names_are_taken_back() {
        assert_eq!(unquote(b"plain name"), b"plain name");
        assert_eq!(unquote(b"\"a\\\"b\\\\c\\nd\\351\""), b"a\"b\\c\nd\xe9");
    }

    #[test]
    fn a_commit_told_once_is_known_for_later_lines() {
        let (one, two) = ("1".repeat(40), "2".repeat(40));
        let text = format!(
            "{one} 5 1 1\nauthor A\nfilename a b\n\tx\n{two} 1 2 1\nboundary\nfilename old\n\ty\n{one} 7 3 1\n\tfilename z\n"
        );
        let lines = parse(text.as_bytes(), &[]).expect("readable");
        let told: Vec<_> =
            lines.iter().map(|l| (l.line, l.original_line, l.in_change, l.original_path.as_str())).collect();
        assert_eq!(told, [(1, 5, true, "a b"), (2, 1, false, "old"), (3, 7, true, "a b")]);
        let cut = parse(text.as_bytes(), &[Sha::new(&one).expect("a name")]).expect("readable");
        assert!(cut[0].boundary && !cut[0].in_change);
    }
}
