//! Tells what a pinned change consists of: its commits and its files.
//!
//! In: the commits that `resolve.rs` found. Out: a [`Target`]. Never the text of the change.

use std::path::Path;

use jiff::Timestamp;
use model::{ChangeStatus, ChangedFile, Commit, RepoPath, Sha, Target};

use crate::changes::{self, Change};
use crate::pieces::Piece;
use crate::repository::is_zero;
use crate::resolve::Pinned;
use crate::{Error, Repository, Result, remote};

/// More commits than a person reads; the rest is counted.
const MOST_COMMITS: usize = 500;

/// Everything a reader wants to know about the change. An empty change is an error.
pub(crate) fn target(repository: &Repository, pinned: Pinned) -> Result<Target> {
    let from = repository.tree_name(&pinned.merge_base);
    crate::tree::must_be_finite(&repository.place(), pinned.head.as_str())?;
    let changes = changes::between(&repository.place(), from, pinned.head.as_str())?;
    if changes.files.is_empty() {
        return Err(empty(&pinned));
    }
    let mut notes = pinned.notes;
    if changes.renames_skipped {
        notes.push("there are too many changed files to look for edited renames; some are shown as deleted and added".to_owned());
    }
    let submodules = changes.files.iter().filter(|change| changes::is_submodule(change)).count();
    if submodules > 0 {
        let which = if submodules == 1 {
            "1 submodule pointer".to_owned()
        } else {
            format!("{submodules} submodule pointers")
        };
        notes.push(format!("the change moves {which}; submodules are not looked into"));
    }
    let mut changed: Vec<ChangedFile> = changes.files.iter().map(changed_file).collect();
    changed.sort_by(|a, b| a.path.cmp(&b.path));
    let tip = pinned.under.as_ref().unwrap_or(&pinned.head);
    let commits = commits(repository, &pinned.merge_base, tip, &mut notes)?;
    if repository.shallow {
        notes.push("history is cut (shallow clone): who wrote older lines may be unknown".to_owned());
    }
    let identity = remote::identity(repository);
    Ok(Target {
        kind: pinned.kind,
        branch: pinned.branch,
        pull_request: pinned.pull_request,
        base_name: pinned.base_name,
        base: pinned.base,
        merge_base: pinned.merge_base,
        commits,
        changed,
        dirty: pinned.under.is_some(),
        head: pinned.head,
        shallow: repository.shallow,
        repository: identity.name,
        repository_url: identity.url,
        notes,
        trust: None,
    })
}

fn empty(pinned: &Pinned) -> Error {
    let uncommitted = pinned.notes.iter().find(|note| note.contains("uncommitted"));
    let more = uncommitted.map(|note| format!("; {note}")).unwrap_or_default();
    Error::EmptyChange { compared: format!("{}: no file differs{more}", pinned.compared) }
}

fn changed_file(change: &Change) -> ChangedFile {
    let moved = matches!(change.status, ChangeStatus::Renamed | ChangeStatus::Copied);
    let submodule = changes::is_submodule(change);
    ChangedFile {
        path: RepoPath::from_bytes(&change.path),
        status: change.status,
        old_path: moved.then(|| RepoPath::from_bytes(&change.old_path)),
        added: change.added,
        removed: change.removed,
        binary: change.binary,
        submodule,
        trivial: false,
    }
}

/// The most bytes that are taken of a commit's message, or of any other part of it.
const MOST_OF_ONE: u64 = 32 << 10;

/// The commits that `tip` has and `from` has not, oldest first.
fn commits(repository: &Repository, from: &Sha, tip: &Sha, notes: &mut Vec<String>) -> Result<Vec<Commit>> {
    if is_zero(tip) || from == tip {
        return Ok(Vec::new());
    }
    let range = if is_zero(from) { tip.as_str().to_owned() } else { format!("{from}..{tip}") };
    let mut commits = repository.log(&["--topo-order", &range], MOST_COMMITS + 1, None)?;
    if commits.len() > MOST_COMMITS {
        commits.truncate(MOST_COMMITS);
        let all = if is_zero(from) { "more".to_owned() } else { repository.distance(from, tip)?.to_string() };
        notes.push(format!("the change has {all} commits; the newest {MOST_COMMITS} are listed"));
    }
    commits.reverse();
    Ok(commits)
}

impl Repository {
    /// A commit's name, or the empty tree's for "before the first commit".
    pub(crate) fn tree_name<'a>(&self, commit: &'a Sha) -> &'a str {
        if is_zero(commit) { self.empty_tree() } else { commit.as_str() }
    }

    /// Commits as `git log` orders them, at most `limit`.
    pub(crate) fn log(&self, which: &[&str], limit: usize, path: Option<&[u8]>) -> Result<Vec<Commit>> {
        let mut call = self
            .place()
            .call("could not read the commits")?
            .args([
                "log",
                "--no-show-signature",
                "--no-color",
                "--no-decorate",
                "--no-ext-diff",
                "--no-textconv",
            ])
            .args(["--encoding=UTF-8", "--format=%H%x00%P%x00%at%x00%an%x00%B%x00"])
            .arg(format!("--max-count={limit}"))
            .args(which)
            .arg("--");
        if let Some(path) = path {
            call = call.path_arg(path);
        }
        let fields: Vec<String> = call.pieces(0, MOST_OF_ONE)?.iter().map(text).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        Ok(fields.chunks_exact(5).filter_map(commit).collect())
    }
}

fn text(piece: &Piece) -> String {
    let text = String::from_utf8_lossy(&piece.bytes);
    if piece.is_cut { format!("{text}… (the rest is left out)") } else { text.into_owned() }
}

fn commit(fields: &[&str]) -> Option<Commit> {
    let [sha, parents, at, author, message] = fields else { return None };
    let message = message.trim_end();
    let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
    let seconds: i64 = at.parse().unwrap_or(0);
    Some(Commit {
        sha: Sha::new(sha.trim_start_matches('\n'))?,
        subject: subject.trim_end_matches('\r').to_owned(),
        body: body.trim_matches(['\r', '\n']).to_owned(),
        author: (*author).to_owned(),
        at: Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH),
        parents: parents.split(' ').filter_map(Sha::new).collect(),
    })
}

/// Commits at which history is cut.
pub(crate) fn cut_at(common_dir: &Path) -> Vec<Sha> {
    let text = std::fs::read_to_string(common_dir.join("shallow")).unwrap_or_default();
    text.lines().filter_map(Sha::new).collect()
}
