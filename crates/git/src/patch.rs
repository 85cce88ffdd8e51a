//! Reads the text of a change as `git diff-tree -p` prints it.
//!
//! In: the patch as it arrives, and the files it is about. Out: one [`FileDiff`] a file. Never takes a path from the
//! patch (they come from the list), never keeps more of one file than [`Limits`] allow.

use std::io::{BufRead, BufReader, Read};

use model::{DiffLine, FileDiff, Hunk, LineKind, RepoPath};

use crate::call::Place;
use crate::changes::{self, Change};
use crate::{Error, Result};

/// How much of a change is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) lines_per_file: usize,
    pub(crate) bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lines_per_file: 50_000, bytes: 64 << 20 }
    }
}

/// Reads the change between two trees. `files` is in git's order, as [`changes::between`] returned it.
pub(crate) fn between(
    place: &Place,
    base: &str,
    head: &str,
    files: &[Change],
    notes: &mut Vec<String>,
) -> Result<Vec<FileDiff>> {
    let doing = "could not read the diff";
    let huge = huge(place, files)?;
    let mut reader = PatchReader::new(files, Limits::default());
    reader.sections.retain(|file| !huge.contains(file));
    let mut call = place.call(doing)?;
    if !huge.is_empty() {
        call = call.env("GIT_LITERAL_PATHSPECS", "0");
    }
    call = call
        .args(["-c", &format!("core.bigFileThreshold={}", changes::LARGE)])
        .arg("diff-tree")
        .args(changes::OPTIONS)
        .args([
            "-p",
            "--unified=3",
            "--inter-hunk-context=0",
            "--indent-heuristic",
            "--src-prefix=a/",
            "--dst-prefix=b/",
        ])
        .args(["--end-of-options", base, head]);
    if !huge.is_empty() {
        call = call.args(["--", ":(top)"]);
        for file in &huge {
            let except = [b":(top,exclude,literal)", files[*file].path.as_slice()].concat();
            call = call.arg(crate::call::os_string(&except));
        }
    }
    call.stream(&mut |stdout| reader.read(stdout))?;
    reader.finish(notes).ok_or_else(|| Error::failed(doing, "git's patch does not fit its list of files"))
}

/// Files that came or went and are so large that they are left out of the patch: git reads such a file as a whole to say that it is
/// binary. Where both sides have one, it does not.
fn huge(place: &Place, files: &[Change]) -> Result<Vec<usize>> {
    /// Bytes; a few of them together are no trouble.
    const HUGE: u64 = 64 << 20;
    let one_sided = |change: &&Change| {
        change.binary && matches!(change.status, model::ChangeStatus::Added | model::ChangeStatus::Deleted)
    };
    let wanted: Vec<(usize, &str)> = files
        .iter()
        .enumerate()
        .filter(|(_, change)| one_sided(change))
        .map(|(at, change)| {
            let is_added = change.status == model::ChangeStatus::Added;
            (at, if is_added { change.new_oid.as_str() } else { change.old_oid.as_str() })
        })
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<u8> = wanted.iter().flat_map(|(_, oid)| format!("{oid}\n").into_bytes()).collect();
    let check = ["cat-file", "--batch-check=%(objectsize)"];
    let sizes = place.call("could not read the sizes of changed files")?.args(check).input(names).stdout()?;
    let sizes = String::from_utf8_lossy(&sizes);
    let sized = wanted.iter().zip(sizes.lines().map(|line| line.parse().unwrap_or(0_u64)));
    Ok(sized.filter(|(_, size)| *size > HUGE).map(|((at, _), _)| *at).collect())
}

/// Puts the lines of a patch where they belong.
struct PatchReader {
    limits: Limits,
    files: Vec<FileDiff>,
    /// For each section of the patch the file it is about: a change of type is two sections, gone and new.
    sections: Vec<usize>,
    next_section: usize,
    kept_lines: usize,
    kept_bytes: usize,
    cut: Vec<bool>,
    hunk: Option<Open>,
}

/// A hunk being read.
pub(crate) struct Open {
    old_left: u32,
    new_left: u32,
    old_line: u32,
    new_line: u32,
}

impl PatchReader {
    fn new(changes: &[Change], limits: Limits) -> Self {
        let files: Vec<FileDiff> = changes.iter().map(empty_diff).collect();
        let sections = changes
            .iter()
            .enumerate()
            .flat_map(|(index, change)| {
                let count = if change.status == model::ChangeStatus::TypeChanged { 2 } else { 1 };
                std::iter::repeat_n(index, count)
            })
            .collect();
        let cut = vec![false; files.len()];
        Self { limits, files, sections, next_section: 0, kept_lines: 0, kept_bytes: 0, cut, hunk: None }
    }

    fn read(&mut self, stdout: &mut dyn Read) -> std::io::Result<()> {
        let mut input = BufReader::with_capacity(64 * 1024, stdout);
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line)? > 0 {
            self.take(line.strip_suffix(b"\n").unwrap_or(&line));
            line.clear();
        }
        Ok(())
    }

    fn take(&mut self, line: &[u8]) {
        if let Some(open) = &mut self.hunk {
            // "\ No newline at end of file" belongs to the line before and counts for neither side.
            if line.starts_with(b"\\") {
                return;
            }
            if open.is_open() {
                let diff_line = open.step(line);
                self.keep(diff_line);
                return;
            }
        }
        if line.starts_with(b"diff --git ") {
            self.hunk = None;
            self.next_section += 1;
            if self.sections.get(self.next_section - 1) != self.current_before() {
                self.kept_lines = 0;
            }
        } else if line.starts_with(b"@@ ") {
            self.open_hunk(line);
        }
    }

    fn current_before(&self) -> Option<&usize> {
        self.sections.get(self.next_section.checked_sub(2)?)
    }

    fn current(&self) -> Option<usize> {
        self.sections.get(self.next_section.checked_sub(1)?).copied()
    }

    fn open_hunk(&mut self, line: &[u8]) {
        let Some((hunk, file)) = parse_hunk(&String::from_utf8_lossy(line)).zip(self.current()) else {
            return;
        };
        self.hunk = Some(Open::new(&hunk));
        if !self.cut[file] {
            self.files[file].hunks.push(Hunk { old_lines: 0, new_lines: 0, ..hunk });
        }
    }

    /// Keeps a line; what a hunk says of its length always fits the lines it has.
    fn keep(&mut self, line: DiffLine) {
        let Some(file) = self.current() else { return };
        if self.cut[file] {
            return;
        }
        let Some(hunk) = self.files[file].hunks.last_mut() else { return };
        if self.kept_lines >= self.limits.lines_per_file
            || self.kept_bytes + line.text.len() > self.limits.bytes
        {
            self.cut[file] = true;
            return;
        }
        self.kept_lines += 1;
        self.kept_bytes += line.text.len() + 64;
        hunk.old_lines += u32::from(line.old_line.is_some());
        hunk.new_lines += u32::from(line.new_line.is_some());
        hunk.lines.push(line);
    }

    fn finish(self, notes: &mut Vec<String>) -> Option<Vec<FileDiff>> {
        if self.next_section != self.sections.len() {
            return None;
        }
        for (file, _) in self.files.iter().zip(&self.cut).filter(|(_, cut)| **cut) {
            let kept: usize = file.hunks.iter().map(|hunk| hunk.lines.len()).sum();
            notes.push(format!(
                "`{}` changes more lines than are kept; the first {kept} are looked at",
                file.path
            ));
        }
        Some(self.files)
    }
}

impl Open {
    pub(crate) fn new(hunk: &Hunk) -> Self {
        Self {
            old_left: hunk.old_lines,
            new_left: hunk.new_lines,
            old_line: hunk.old_start,
            new_line: hunk.new_start,
        }
    }

    /// Whether lines of it are still to come.
    pub(crate) fn is_open(&self) -> bool {
        self.old_left > 0 || self.new_left > 0
    }

    pub(crate) fn step(&mut self, line: &[u8]) -> DiffLine {
        let kind = match line.first() {
            Some(b'+') => LineKind::Added,
            Some(b'-') => LineKind::Removed,
            _ => LineKind::Context,
        };
        let text = line.get(1..).unwrap_or_default();
        let text = String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text)).into_owned();
        let mut diff_line = DiffLine { kind, old_line: None, new_line: None, text };
        if kind != LineKind::Added {
            diff_line.old_line = Some(self.old_line);
            self.old_line += 1;
            self.old_left = self.old_left.saturating_sub(1);
        }
        if kind != LineKind::Removed {
            diff_line.new_line = Some(self.new_line);
            self.new_line += 1;
            self.new_left = self.new_left.saturating_sub(1);
        }
        diff_line
    }
}

fn empty_diff(change: &Change) -> FileDiff {
    let mode = |mode: &str| (mode != "000000").then(|| mode.to_owned());
    FileDiff {
        path: RepoPath::from_bytes(&change.path),
        old_path: (change.old_path != change.path).then(|| RepoPath::from_bytes(&change.old_path)),
        status: change.status,
        binary: change.binary,
        old_mode: mode(&change.old_mode),
        new_mode: mode(&change.new_mode),
        hunks: Vec::new(),
    }
}

/// `@@ -1,2 +3 @@ heading`: a count left out is 1.
pub(crate) fn parse_hunk(line: &str) -> Option<Hunk> {
    let (ranges, heading) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let range = |text: &str| -> Option<(u32, u32)> {
        match text.split_once(',') {
            Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
            None => Some((text.parse().ok()?, 1)),
        }
    };
    let ((old_start, old_lines), (new_start, new_lines)) = (range(old)?, range(new)?);
    let heading = heading.trim().to_owned();
    Some(Hunk { old_start, old_lines, new_start, new_lines, heading, lines: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::ChangeStatus;

    fn change(path: &str, status: ChangeStatus) -> Change {
        Change {
            status,
            old_mode: "100644".to_owned(),
            new_mode: "100644".to_owned(),
            old_oid: String::new(),
            new_oid: String::new(),
            old_path: path.into(),
            path: path.into(),
            added: 0,
            removed: 0,
            binary: false,
        }
    }

    fn read(patch: &str, changes: &[Change], limits: Limits) -> (Option<Vec<FileDiff>>, Vec<String>) {
        let mut reader = PatchReader::new(changes, limits);
        reader.read(&mut patch.as_bytes()).expect("memory can be read");
        let mut notes = Vec::new();
        (reader.finish(&mut notes), notes)
    }

    const PATCH: &str = "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@ fn x()\n a\n--- b\n+++ c\n d\n\
                         \\ No newline at end of file\ndiff --git a/y b/y\nold mode 100644\nnew mode 100755\n";

    #[test]
    fn lines_that_look_like_headers_are_lines() {
        let changes = [change("x", ChangeStatus::Modified), change("y", ChangeStatus::Modified)];
        let (files, notes) = read(PATCH, &changes, Limits::default());
        let files = files.expect("readable");
        let hunk = &files[0].hunks[0];
        assert_eq!(hunk.heading, "fn x()");
        assert_eq!((hunk.old_lines, hunk.new_lines, hunk.lines.len()), (3, 3, 4));
        assert_eq!(files[0].removed().collect::<Vec<_>>(), [(2, "-- b")]);
        assert_eq!(files[0].added().collect::<Vec<_>>(), [(2, "++ c")]);
        assert!(files[1].hunks.is_empty());
        assert!(notes.is_empty());
    }

    #[test]
    fn what_is_too_large_is_cut_and_said() {
        let changes = [change("x", ChangeStatus::Modified), change("y", ChangeStatus::Modified)];
        let (files, notes) = read(PATCH, &changes, Limits { lines_per_file: 2, bytes: 1000 });
        let hunk = files.expect("readable")[0].hunks[0].clone();
        assert_eq!((hunk.old_lines, hunk.new_lines, hunk.lines.len()), (2, 1, 2));
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn a_patch_about_other_files_is_refused() {
        assert!(read(PATCH, &[change("x", ChangeStatus::Modified)], Limits::default()).0.is_none());
        let three = [change("x", ChangeStatus::TypeChanged), change("y", ChangeStatus::Modified)];
        assert!(read(PATCH, &three, Limits::default()).0.is_none());
    }
}
