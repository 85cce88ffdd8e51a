//! What the repository did before the change.
//!
//! In: a snapshot. Out: its newest commits with the files they touched, and what repairs among them changed in given
//! files. Everything belongs to the merge base, so the same target has the same history. The list of commits is kept by the
//! name of its newest one in the git common dir; a lost or damaged list costs time and nothing else.

use std::path::Path;
use std::time::Duration;

use model::{RepoPath, Sha};

use crate::blame::unquote;
use crate::call::Call;
use crate::repository::is_zero;
use crate::{Result, Snapshot, kept};

/// One earlier commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCommit {
    /// Its object name.
    pub sha: Sha,
    /// First line of its message.
    pub subject: String,
    /// The author's name.
    pub author: String,
    /// When it was authored, in seconds since 1970.
    pub seconds: i64,
    /// The files it touched.
    pub paths: Vec<RepoPath>,
}

/// What one earlier commit did to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEdit {
    /// The commit.
    pub sha: Sha,
    /// First line of its message.
    pub subject: String,
    /// The file.
    pub path: RepoPath,
    /// Lines it added, in order.
    pub added: Vec<String>,
    /// Lines it removed, in order.
    pub removed: Vec<String>,
}

/// History is worth waiting for, but not long.
const LIMIT: Duration = Duration::from_secs(20);

/// A commit that touches more files than this says nothing about any of them.
const MOST_PATHS: usize = 200;

/// Begins a commit in what git prints; no line of a patch or a path begins so.
const MARK: char = '\u{1}';

const KEPT: &str = "history";
const MAGIC: &str = "history2\n";
/// Bytes of the largest list that is kept: some thousand commits of many files each.
const LARGEST: u64 = 64 << 20;

impl Snapshot {
    /// The newest commits before the change that are no merges, newest first.
    pub fn past(&self, most: usize) -> Result<Vec<PastCommit>> {
        let tip = &self.target().merge_base;
        if is_zero(tip) {
            return Ok(Vec::new());
        }
        let file = kept::place(self.common_dir(), KEPT);
        let kept = Kept::load(&file, most);
        let text = match kept {
            Some(kept) if kept.tip == tip.as_str() => return Ok(commits(&kept.text, most)),
            Some(kept) if self.is_ancestor(&kept.tip) => {
                let newer = self.log_names(tip, Some(&kept.tip), most)?;
                let both = format!("{newer}{}", kept.text);
                newest(&both, most).to_owned()
            }
            _ => self.log_names(tip, None, most)?,
        };
        Kept { tip: tip.as_str().to_owned(), text: text.clone() }.save(&file, most).unwrap_or_default();
        Ok(commits(&text, most))
    }

    /// What commits whose message speaks of a repair did to these files, newest first, looking back no further than
    /// `oldest` where it is given.
    pub fn past_repairs(
        &self,
        paths: &[RepoPath],
        oldest: Option<&Sha>,
        most: usize,
    ) -> Result<Vec<PastEdit>> {
        let tip = &self.target().merge_base;
        if is_zero(tip) || paths.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = self
            .log_call()?
            .args(["-p", "-U0", "--src-prefix=a/", "--dst-prefix=b/", "--no-ext-diff", "--no-textconv"])
            .args([
                "-i",
                "-E",
                "--grep=fix|bug|crash|panic|deadlock|race|leak|regression|overflow|hang|incorrect|wrong",
            ])
            .args([format!("--max-count={most}"), tip.as_str().to_owned()]);
        if let Some(oldest) = oldest {
            call = call.arg(format!("^{oldest}"));
        }
        call = call.arg("--");
        for path in paths {
            call = call.path_arg(&self.raw_path(path));
        }
        let bytes = call.stdout()?;
        Ok(edits(&String::from_utf8_lossy(&bytes)))
    }

    fn log_call(&self) -> Result<Call> {
        let call = self.place().call("could not read the history")?.limit(LIMIT);
        Ok(call.env("GIT_LITERAL_PATHSPECS", "1").args([
            "log",
            "--no-merges",
            "--no-renames",
            "--no-color",
            "--no-decorate",
            "--no-show-signature",
            "--encoding=UTF-8",
            "--format=%x01%H%x00%at%x00%an%x00%s",
        ]))
    }

    fn log_names(&self, tip: &Sha, since: Option<&str>, most: usize) -> Result<String> {
        let mut call = self.log_call()?.args(["--name-only", &format!("--max-count={most}"), tip.as_str()]);
        if let Some(since) = since {
            call = call.arg(format!("^{since}"));
        }
        let bytes = call.arg("--").stdout()?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn is_ancestor(&self, older: &str) -> bool {
        let tip = self.target().merge_base.as_str();
        let call = self.place().call("could not compare commits");
        call.and_then(|call| call.args(["merge-base", "--is-ancestor", older, tip]).stdout()).is_ok()
    }
}

/// The list of commits as git printed it, and the commit it begins with.
struct Kept {
    tip: String,
    text: String,
}

impl Kept {
    fn load(file: &Path, most: usize) -> Option<Self> {
        let text = String::from_utf8(kept::read(file, LARGEST)?).ok()?;
        let rest = text.strip_prefix(MAGIC)?;
        let (head, list) = rest.split_once('\n')?;
        let mut words = head.split(' ');
        let (tip, limit, sum) = (words.next()?, words.next()?, words.next()?);
        let whole = limit.parse() == Ok(most) && sum == checksum(tip, list) && Sha::new(tip).is_some();
        whole.then(|| Self { tip: tip.to_owned(), text: list.to_owned() })
    }

    fn save(&self, file: &Path, most: usize) -> std::io::Result<()> {
        let text = format!("{MAGIC}{} {most} {}\n{}", self.tip, checksum(&self.tip, &self.text), self.text);
        kept::write(file, text.as_bytes())
    }
}

/// Of the list and the commit it begins with: a damaged list would tell a history that nobody has.
fn checksum(tip: &str, list: &str) -> String {
    format!("{:016x}", kept::checksum(&[tip.as_bytes(), list.as_bytes()]))
}

/// The part of a list that tells its first `most` commits: what is kept must not grow with every run.
fn newest(list: &str, most: usize) -> &str {
    let mut begins =
        list.match_indices(MARK).map(|(at, _)| at).filter(|at| *at == 0 || list[..*at].ends_with('\n'));
    begins.nth(most).map_or(list, |end| &list[..end])
}

fn header(line: &str) -> Option<PastCommit> {
    let mut fields = line.strip_prefix(MARK)?.splitn(4, '\0');
    Some(PastCommit {
        sha: Sha::new(fields.next()?)?,
        seconds: fields.next()?.parse().unwrap_or(0),
        author: fields.next()?.to_owned(),
        subject: fields.next()?.to_owned(),
        paths: Vec::new(),
    })
}

fn commits(text: &str, most: usize) -> Vec<PastCommit> {
    let mut found: Vec<PastCommit> = Vec::new();
    for line in text.lines() {
        if let Some(commit) = header(line) {
            if found.len() == most {
                break;
            }
            found.push(commit);
        } else if let Some(commit) = found.last_mut().filter(|_| !line.is_empty())
            && commit.paths.len() <= MOST_PATHS
        {
            commit.paths.push(RepoPath::from_bytes(&unquote(line.as_bytes())));
        }
    }
    found
}

/// Reads patches without context: hunks say how many lines they have, so no line can pose as a header.
fn edits(text: &str) -> Vec<PastEdit> {
    let mut found: Vec<PastEdit> = Vec::new();
    let mut commit: Option<PastCommit> = None;
    let (mut removed, mut added) = (0usize, 0usize);
    let mut old_path: Option<RepoPath> = None;
    for line in text.lines() {
        if removed > 0 && line.starts_with('-') {
            removed -= 1;
            found.extend_last(|edit| edit.removed.push(line[1..].to_owned()));
        } else if added > 0 && line.starts_with('+') {
            added -= 1;
            found.extend_last(|edit| edit.added.push(line[1..].to_owned()));
        } else if let Some(next) = header(line) {
            commit = Some(next);
        } else if let Some(name) = line.strip_prefix("--- ") {
            old_path = side(name, "a/");
        } else if let Some(name) = line.strip_prefix("+++ ") {
            if let (Some(commit), Some(path)) = (&commit, side(name, "b/").or(old_path.take())) {
                let (sha, subject) = (commit.sha.clone(), commit.subject.clone());
                found.push(PastEdit { sha, subject, path, added: Vec::new(), removed: Vec::new() });
            }
        } else if let Some((old, new)) = hunk(line) {
            (removed, added) = (old, new);
        }
    }
    found
}

/// Adds to the edit that is being read.
trait ExtendLast {
    fn extend_last(&mut self, with: impl FnOnce(&mut PastEdit));
}

impl ExtendLast for Vec<PastEdit> {
    fn extend_last(&mut self, with: impl FnOnce(&mut PastEdit)) {
        if let Some(last) = self.last_mut() {
            with(last);
        }
    }
}

fn side(name: &str, prefix: &str) -> Option<RepoPath> {
    let name = unquote(name.trim_end_matches('\t').as_bytes());
    let path = name.strip_prefix(prefix.as_bytes())?;
    Some(RepoPath::from_bytes(path))
}

/// `@@ -3 +3,2 @@`: one line out, two in.
fn hunk(line: &str) -> Option<(usize, usize)> {
    let mut words = line.strip_prefix("@@ -")?.split(' ');
    let length = |word: &str| word.split_once(',').map_or(Some(1), |(_, length)| length.parse().ok());
    let old = length(words.next()?)?;
    Some((old, length(words.next()?.strip_prefix('+')?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Repository, TargetRequest};
    use test_kit::TestRepo;

    #[test]
    fn patches_are_read_by_their_counts() {
        let sha = "a".repeat(40);
        let text = format!(
            "\u{1}{sha}\u{0}1\u{0}A\u{0}Fix it\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n--- a/y\n+one\n++++ two\n"
        );
        let found = edits(&text);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].removed.as_slice(), found[0].added.len()),
            (["-- a/y".to_owned()].as_slice(), 2)
        );
        assert_eq!(found[0].subject, "Fix it");
    }

    #[test]
    fn earlier_commits_are_told_and_kept() {
        let repo = TestRepo::new();
        repo.write("a.txt", "one\n").write("b ü.txt", "x\n").commit("first");
        repo.write("a.txt", "two\n").commit("Fix the number");
        repo.branch("topic").write("a.txt", "one\n").commit("third");
        let past = || {
            let repository = Repository::open(&repo.path()).expect("a repository");
            let target = repository.resolve(&TargetRequest::default()).expect("a target");
            let snapshot = Snapshot::open(&repository, &target).expect("a snapshot");
            let repairs = snapshot.past_repairs(&["a.txt".into()], None, 10).expect("repairs");
            (snapshot.past(50).expect("history"), repairs)
        };
        let (commits, repairs) = past();
        let told: Vec<_> = commits.iter().map(|past| (past.subject.as_str(), past.paths.len())).collect();
        assert_eq!(told, [("Fix the number", 1), ("first", 2)]);
        assert_eq!((repairs.len(), repairs[0].added.as_slice()), (1, ["two".to_owned()].as_slice()));
        repo.git(&["checkout", "-q", "main"]);
        repo.write("c.txt", "c\n").commit("fourth");
        repo.git(&["checkout", "-q", "topic"]);
        repo.git(&["rebase", "-q", "main"]);
        let told: Vec<_> = past().0.iter().map(|past| past.subject.clone()).collect();
        assert_eq!(told, ["fourth", "Fix the number", "first"]);
    }

    #[test]
    fn what_is_kept_of_the_history_does_not_grow() {
        let one = |name: &str| format!("{MARK}{name}\0subject {MARK} with a mark\n\na.txt\n");
        let list = format!("{}{}{}", one("a"), one("b"), one("c"));
        assert_eq!(newest(&list, 2), format!("{}{}", one("a"), one("b")));
        assert_eq!(newest(&list, 3), list);
        assert_eq!(newest("", 3), "");
    }

    #[test]
    fn a_damaged_or_foreign_list_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(KEPT);
        let kept = Kept { tip: "a".repeat(40), text: format!("{MARK}{}\0", "b".repeat(40)) };
        kept.save(&file, 5).expect("is written");
        let whole = std::fs::read_to_string(&file).expect("is there");
        assert_eq!(Kept::load(&file, 5).map(|kept| kept.text), Some(kept.text.clone()));
        assert!(Kept::load(&file, 6).is_none(), "another limit");
        for damaged in [
            whole.replacen('b', "c", 1),
            whole.replacen("history2", "history1", 1),
            whole[..whole.len() - 2].to_owned(),
        ] {
            std::fs::write(&file, damaged).expect("is written");
            assert!(Kept::load(&file, 5).is_none());
        }
    }
}
