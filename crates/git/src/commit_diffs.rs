//! What each commit of a change did.
//!
//! In: commits. Out: one [`CommitDiff`] a commit, from a single call of git. Never more of the text than [`MOST_BYTES`],
//! never a rename: a moved file is one that goes and one that comes.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

use model::{ChangeStatus, Commit, CommitDiff, FileDiff, Hunk, RepoPath, Sha};

use crate::Result;
use crate::call::Place;
use crate::changes::LARGE;
use crate::patch::{Open, parse_hunk};

/// More commits are a branch of another kind.
const MOST_COMMITS: usize = 100;
/// Text kept of all commits together.
const MOST_BYTES: usize = 16 << 20;

/// Reads the commits that have one parent or none.
pub(crate) fn read(place: &Place, commits: &[Commit]) -> Result<Vec<CommitDiff>> {
    let wanted: Vec<&Sha> = commits
        .iter()
        .filter(|commit| commit.parents.len() < 2)
        .map(|commit| &commit.sha)
        .take(MOST_COMMITS)
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let mut names = wanted.iter().map(|sha| sha.as_str()).collect::<Vec<_>>().join("\n");
    names.push('\n');
    let mut reader = HistoryReader::default();
    place
        .call("could not read what the commits did")?
        .args(["-c", "core.quotePath=false", "-c", &format!("core.bigFileThreshold={LARGE}")])
        .args(["diff-tree", "--stdin", "-r", "-p", "--no-renames", "--unified=3", "--no-color"])
        .args(["--no-ext-diff", "--no-textconv", "--full-index", "--submodule=short", "--no-relative"])
        .args(["--diff-algorithm=myers", "--src-prefix=a/", "--dst-prefix=b/"])
        .input(names.into_bytes())
        .stream(&mut |stdout| reader.read(stdout))?;
    let mut known: HashMap<Sha, CommitDiff> =
        reader.commits.into_iter().map(|diff| (diff.commit.clone(), diff)).collect();
    // A commit without changes is not printed.
    let of = |sha: &Sha| {
        known.remove(sha).unwrap_or_else(|| CommitDiff { commit: sha.clone(), ..CommitDiff::default() })
    };
    Ok(wanted.into_iter().map(of).collect())
}

#[derive(Default)]
struct HistoryReader {
    commits: Vec<CommitDiff>,
    kept: usize,
    hunk: Option<Open>,
}

impl HistoryReader {
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
        if let Some(open) = self.hunk.as_mut().filter(|open| open.is_open()) {
            if !line.starts_with(b"\\") {
                let line = open.step(line);
                self.keep(line);
            }
            return;
        }
        let text = String::from_utf8_lossy(line);
        if let Some(sha) = Sha::new(text.trim()) {
            self.hunk = None;
            self.commits.push(CommitDiff { commit: sha, ..CommitDiff::default() });
        } else if let Some(paths) = text.strip_prefix("diff --git ") {
            self.hunk = None;
            self.open_file(paths);
        } else if text.starts_with("@@ ") {
            self.open_hunk(&text);
        } else {
            self.header(&text);
        }
    }

    fn files(&mut self) -> Option<&mut Vec<FileDiff>> {
        self.commits.last_mut().map(|commit| &mut commit.files)
    }

    fn file(&mut self) -> Option<&mut FileDiff> {
        self.files()?.last_mut()
    }

    /// `a/x b/x`: without renames both halves name one path.
    fn open_file(&mut self, paths: &str) {
        let half = paths.len().saturating_sub(1) / 2;
        let path = paths.get(..half).unwrap_or_default();
        let path = path.trim_matches('"').strip_prefix("a/").unwrap_or(path).to_owned();
        let file = FileDiff {
            path: RepoPath::new(path),
            old_path: None,
            status: ChangeStatus::Modified,
            binary: false,
            old_mode: None,
            new_mode: None,
            hunks: Vec::new(),
        };
        if let Some(files) = self.files() {
            files.push(file);
        }
    }

    fn header(&mut self, text: &str) {
        let Some(file) = self.file() else { return };
        if text.starts_with("new file mode") {
            file.status = ChangeStatus::Added;
        } else if text.starts_with("deleted file mode") {
            file.status = ChangeStatus::Deleted;
        } else if text.starts_with("Binary files ") {
            file.binary = true;
        }
    }

    fn open_hunk(&mut self, text: &str) {
        let Some(hunk) = parse_hunk(text) else { return };
        self.hunk = Some(Open::new(&hunk));
        if let Some(file) = self.file() {
            file.hunks.push(Hunk { old_lines: 0, new_lines: 0, ..hunk });
        }
    }

    fn keep(&mut self, line: model::DiffLine) {
        self.kept += line.text.len() + 64;
        let full = self.kept > MOST_BYTES;
        let Some(commit) = self.commits.last_mut() else { return };
        if full {
            commit.cut = true;
            return;
        }
        let Some(hunk) = commit.files.last_mut().and_then(|file| file.hunks.last_mut()) else { return };
        hunk.old_lines += u32::from(line.old_line.is_some());
        hunk.new_lines += u32::from(line.new_line.is_some());
        hunk.lines.push(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_files_and_lines_are_told_apart_whatever_the_lines_say() {
        let one = "1".repeat(40);
        let two = "2".repeat(40);
        let patch = format!(
            "{one}\ndiff --git a/a b.txt b/a b.txt\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/a b.txt\n\
             @@ -0,0 +1,3 @@\n+diff --git a/x b/x\n+@@ -1 +1 @@\n+{two}\n\
             {two}\ndiff --git a/bin b/bin\nindex 0..1\nBinary files a/bin and b/bin differ\n\
             diff --git a/c.rs b/c.rs\n--- a/c.rs\n+++ b/c.rs\n@@ -4,2 +4 @@ fn f()\n context\n-gone\n\\ No newline at end of file\n"
        );
        let mut reader = HistoryReader::default();
        reader.read(&mut patch.as_bytes()).expect("readable");
        let told: Vec<(usize, Vec<&str>)> = reader
            .commits
            .iter()
            .map(|commit| (commit.files.len(), commit.files.iter().map(|file| file.path.as_str()).collect()))
            .collect();
        assert_eq!(told, [(1, vec!["a b.txt"]), (2, vec!["bin", "c.rs"])]);
        assert_eq!(reader.commits[0].files[0].status, ChangeStatus::Added);
        assert_eq!(reader.commits[0].files[0].added().count(), 3);
        assert!(reader.commits[1].files[0].binary);
        assert_eq!(reader.commits[1].files[1].removed().collect::<Vec<_>>(), [(5, "gone")]);
    }
}
