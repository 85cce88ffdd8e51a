//! Which files differ between two trees.
//!
//! In: two object names. Out: one [`Change`] a file, with modes, blobs and line counts. Never the lines; `patch.rs`
//! reads them.

use std::collections::HashMap;

use model::ChangeStatus;

use crate::call::{Output, Place};
use crate::{Error, Result};

/// Files larger than this are not code: git and we treat them as binary, so memory stays bounded.
pub(crate) const LARGE: &str = "8m";

/// One changed file, paths as git gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) status: ChangeStatus,
    pub(crate) old_mode: String,
    pub(crate) new_mode: String,
    pub(crate) old_oid: String,
    pub(crate) new_oid: String,
    /// Path at the base side; equal to `path` unless renamed or copied.
    pub(crate) old_path: Vec<u8>,
    pub(crate) path: Vec<u8>,
    pub(crate) added: u32,
    pub(crate) removed: u32,
    pub(crate) binary: bool,
}

/// What the comparison found, and what git warned about.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) files: Vec<Change>,
    /// True where there were too many files to look for edited renames.
    pub(crate) renames_skipped: bool,
}

/// Options that every comparison shares, so that list and patch agree.
///
/// Copies are looked for among changed files only: looking at all files is what makes `-C -C` slow.
pub(crate) const OPTIONS: &[&str] = &[
    "-r",
    "-M",
    "-C",
    "-l1000",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--full-index",
    "--submodule=short",
    "--ignore-submodules=none",
    "--no-relative",
    "--diff-algorithm=myers",
];

/// Compares two trees. Files come in git's order, which is that of the patch.
pub(crate) fn between(place: &Place, base: &str, head: &str) -> Result<Changes> {
    let output: Output = place
        .call("could not list the changed files")?
        .args(["-c", &format!("core.bigFileThreshold={LARGE}")])
        .arg("diff-tree")
        .args(OPTIONS)
        .args(["-z", "--raw", "--numstat", "--end-of-options", base, head])
        .output()?;
    let files = parse(&output.stdout)
        .ok_or_else(|| Error::failed("could not list the changed files", "git's answer could not be read"))?;
    Ok(Changes { files, renames_skipped: output.stderr.contains("rename detection was skipped") })
}

/// Reads `--raw --numstat -z`: first all raw records, then all counts, in the same order.
pub(crate) fn parse(bytes: &[u8]) -> Option<Vec<Change>> {
    let mut fields = bytes.split(|byte| *byte == 0).peekable();
    let mut files = Vec::new();
    while let Some(header) = fields.next_if(|field| field.starts_with(b":")) {
        files.push(raw_record(header, &mut fields)?);
    }
    let counts = counts(&mut fields)?;
    for file in &mut files {
        // A change that counts leave out (of a mode alone, say) has no lines.
        let (added, removed) = counts.get(file.path.as_slice()).copied().unwrap_or((b"0", b"0"));
        file.binary = added == b"-";
        file.added = number(added);
        file.removed = number(removed);
    }
    Some(files)
}

type Counts<'a> = HashMap<&'a [u8], (&'a [u8], &'a [u8])>;

fn counts<'a>(fields: &mut impl Iterator<Item = &'a [u8]>) -> Option<Counts<'a>> {
    let mut counts = HashMap::new();
    while let Some(field) = fields.next().filter(|field| !field.is_empty()) {
        let mut parts = field.splitn(3, |byte| *byte == b'\t');
        let (added, removed, mut path) = (parts.next()?, parts.next()?, parts.next()?);
        // A rename or copy has an empty path here and both paths in the next two fields.
        if path.is_empty() {
            fields.next()?;
            path = fields.next()?;
        }
        counts.insert(path, (added, removed));
    }
    Some(counts)
}

fn raw_record<'a>(header: &[u8], fields: &mut impl Iterator<Item = &'a [u8]>) -> Option<Change> {
    let header = std::str::from_utf8(header).ok()?;
    let mut words = header.strip_prefix(':')?.split(' ');
    let (old_mode, new_mode) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (old_oid, new_oid) = (words.next()?.to_owned(), words.next()?.to_owned());
    let status = match words.next()?.bytes().next()? {
        b'A' => ChangeStatus::Added,
        b'D' => ChangeStatus::Deleted,
        b'R' => ChangeStatus::Renamed,
        b'C' => ChangeStatus::Copied,
        b'T' => ChangeStatus::TypeChanged,
        _ => ChangeStatus::Modified,
    };
    let old_path = fields.next()?.to_vec();
    let path = match status {
        ChangeStatus::Renamed | ChangeStatus::Copied => fields.next()?.to_vec(),
        _ => old_path.clone(),
    };
    Some(Change {
        status,
        old_mode,
        new_mode,
        old_oid,
        new_oid,
        old_path,
        path,
        added: 0,
        removed: 0,
        binary: false,
    })
}

fn number(digits: &[u8]) -> u32 {
    std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// True where either side is a submodule pointer.
pub(crate) fn is_submodule(change: &Change) -> bool {
    change.old_mode == "160000" || change.new_mode == "160000"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renames_carry_two_paths_and_binary_files_no_counts() {
        let zero = "0".repeat(40);
        let one = "1".repeat(40);
        let text = format!(
            ":100644 100644 {one} {one} M\0a\tb\0:100644 100644 {one} {one} R090\0old\nname\0new\0:000000 100644 {zero} {one} A\0bin\0\
             3\t1\ta\tb\00\t2\t\0old\nname\0new\0-\t-\tbin\0"
        );
        let files = parse(text.as_bytes()).expect("readable");
        assert_eq!(files.len(), 3);
        assert_eq!((files[0].added, files[0].removed, files[0].path.as_slice()), (3, 1, b"a\tb".as_slice()));
        assert_eq!(files[1].status, ChangeStatus::Renamed);
        assert_eq!(files[1].old_path, b"old\nname");
        assert_eq!((files[1].added, files[1].removed), (0, 2));
        assert!(files[2].binary);
    }

    #[test]
    fn half_an_answer_is_no_answer() {
        assert!(parse(b":100644 100644 a b R100\0old").is_none());
        assert_eq!(parse(b""), Some(Vec::new()));
    }
}
