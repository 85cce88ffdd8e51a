//! Turns the index or the working tree into a commit, so that it can be reviewed like any other.
//!
//! In: a repository with a working tree. Out: a commit in our own object folder. Never touches the user's index,
//! objects, references or working tree; never runs a filter driver.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use model::{RepoPath, Sha, TargetKind};
use tempfile::NamedTempFile;

use crate::call::{Call, GitFailed, Place, null_device, os_string};
use crate::repository::is_zero;
use crate::{Error, Repository, Result};

/// A dump that lies around untracked is nobody's change, and a copy of it would fill the disk.
const LARGEST_UNTRACKED: u64 = 64 << 20;

/// Uncommitted content, committed.
#[derive(Debug)]
pub(crate) struct Uncommitted {
    pub(crate) commit: Sha,
    pub(crate) notes: Vec<String>,
}

/// Commits the index or the working tree on top of `under`; `None` where it has the same content as `under`.
///
/// Author and date are fixed by the commit below, so that the same content has the same name.
pub(crate) fn commit(
    repository: &Repository,
    kind: TargetKind,
    under: Option<&Sha>,
) -> Result<Option<Uncommitted>> {
    let bench = Bench::set_up(repository)?;
    let mut notes = Vec::new();
    if kind == TargetKind::Worktree {
        bench.add_working_tree(&mut notes)?;
    }
    let tree = bench.write_tree(kind)?;
    let below = under.filter(|sha| !is_zero(sha));
    let before = match below {
        Some(sha) => repository.tree(sha)?,
        None => Sha::new(repository.empty_tree()).expect("a tree has a name"),
    };
    if tree == before {
        return Ok(None);
    }
    let seconds = below.map_or(Ok(0), |sha| repository.committed_at(sha))?;
    let subject = if kind == TargetKind::Staged { "Staged changes" } else { "Uncommitted changes" };
    let mut call = bench.call("could not pin the uncommitted changes")?.args([
        "commit-tree",
        "--no-gpg-sign",
        "-m",
        subject,
    ]);
    if let Some(below) = below {
        call = call.args(["-p", below.as_str()]);
    }
    let name = call.arg(tree.as_str()).env_identity(seconds).line()?;
    let commit = Sha::new(&name)
        .ok_or_else(|| Error::failed("could not pin the uncommitted changes", "git named no commit"))?;
    Ok(Some(Uncommitted { commit, notes }))
}

/// Names of tracked files that the index of `bench` shows as different from HEAD, each ended by a NUL.
fn differing(bench: &Bench) -> Result<Vec<u8>> {
    bench
        .call("could not look for uncommitted changes")?
        .args(["diff-index", "--name-only", "-z", "--no-ext-diff", "--no-textconv"])
        .args(["--ignore-submodules=dirty", "HEAD", "--"])
        .stdout()
}

/// How many tracked files differ from HEAD; untracked files are not counted.
pub(crate) fn count(repository: &Repository) -> Result<usize> {
    let Some(worktree) = repository.worktree() else { return Ok(0) };
    let bench = Bench {
        place: working_place(repository, worktree.to_owned()),
        index: None,
        filters: repository.filters().to_vec(),
    };
    let listed = differing(&bench)?;
    let unstaged: BTreeSet<&[u8]> = split(&listed).collect();
    if unstaged.is_empty() {
        return Ok(0);
    }
    // `diff-index` also names files that were only touched; looking at the content takes a refreshed index of our own.
    let bench = Bench::set_up(repository)?;
    bench
        .call("could not look for uncommitted changes")?
        .args(["update-index", "-q", "--refresh"])
        .fine(&[0, 1])
        .output()?;
    let listed = differing(&bench)?;
    Ok(split(&listed).count())
}

fn working_place(repository: &Repository, worktree: PathBuf) -> Place {
    // Attributes come from the working tree: line ends are converted as the user's git would do it.
    Place { folder: worktree.clone(), worktree: Some(worktree), attributes_from: None, ..repository.place() }
}

/// A copy of the index, and a place for new objects.
struct Bench {
    place: Place,
    index: Option<NamedTempFile>,
    filters: Vec<Vec<u8>>,
}

impl Bench {
    fn set_up(repository: &Repository) -> Result<Self> {
        let doing = "could not pin the uncommitted changes";
        let worktree = repository.worktree().ok_or_else(|| {
            Error::BadRequest("there is no working tree here, so nothing is staged or uncommitted".to_owned())
        })?;
        let objects = repository.quarantine();
        std::fs::create_dir_all(&objects).map_err(|error| Error::failed(doing, error))?;
        let folder = objects.parent().unwrap_or(&objects);
        let index =
            NamedTempFile::with_prefix_in("index-", folder).map_err(|error| Error::failed(doing, error))?;
        copy_index(&repository.git_dir.join("index"), &index).map_err(|error| Error::failed(doing, error))?;
        let mut place = working_place(repository, worktree.to_owned());
        place.alternates = vec![repository.objects()];
        Ok(Self { place, index: Some(index), filters: repository.filters().to_vec() })
    }

    /// A call that can neither reach the user's index and objects for writing nor run a filter driver.
    fn call(&self, doing: &str) -> Result<Call> {
        let mut call = self.place.call(doing)?;
        if let Some(index) = &self.index {
            let objects = index.path().parent().map(|folder| folder.join("objects")).unwrap_or_default();
            call = call.env("GIT_INDEX_FILE", index.path()).env("GIT_OBJECT_DIRECTORY", objects);
        }
        // As variables, because names may contain the `=` at which `-c` would split. They replace the user's own
        // list, whose one use (`safe.directory`) is over once the git directory is known.
        let mut overrides: Vec<(OsString, &str)> = vec![("core.safecrlf".into(), "false")];
        for name in &self.filters {
            for (key, value) in [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")] {
                overrides
                    .push((os_string(&[b"filter.", name.as_slice(), b".", key.as_bytes()].concat()), value));
            }
        }
        call = call.env("GIT_CONFIG_COUNT", overrides.len().to_string());
        for (n, (key, value)) in overrides.iter().enumerate() {
            call = call.env(&format!("GIT_CONFIG_KEY_{n}"), key).env(&format!("GIT_CONFIG_VALUE_{n}"), value);
        }
        Ok(call)
    }

    /// Brings the copied index up to the working tree.
    ///
    /// `git add -A` would ask each submodule for its status, with that submodule's configuration; `update-index` only
    /// looks where the submodule's HEAD is.
    fn add_working_tree(&self, notes: &mut Vec<String>) -> Result<()> {
        let doing = "could not read the working tree";
        let list = |which: &[&str]| self.call(doing)?.args(["ls-files", "-z"]).args(which).stdout();
        let tracked = list(&["--modified", "--deleted"])?;
        let untracked = list(&["--others", "--exclude-standard"])?;
        let mut paths: BTreeSet<&[u8]> = split(&tracked).collect();
        for path in split(&untracked) {
            match self.why_not(path) {
                Some(why) => {
                    notes.push(format!("`{}` {why} and is not looked into", RepoPath::from_bytes(path)));
                }
                None => drop(paths.insert(path)),
            }
        }
        if paths.is_empty() {
            return Ok(());
        }
        let mut input = Vec::new();
        for path in paths {
            input.extend_from_slice(path);
            input.push(0);
        }
        if !self.filters.is_empty() {
            self.note_filtered(&input, notes)?;
        }
        self.call(doing)?
            .args(["update-index", "--add", "--remove", "-z", "--stdin"])
            .input(input)
            .output()?;
        Ok(())
    }

    /// Why an untracked path is left out.
    fn why_not(&self, path: &[u8]) -> Option<&'static str> {
        if path.ends_with(b"/") {
            return Some("is a repository of its own");
        }
        let metadata = self.place.folder.join(os_string(path)).symlink_metadata().ok()?;
        (metadata.len() > LARGEST_UNTRACKED).then_some("is untracked and very large")
    }

    /// Names changed files that a filter driver would rewrite (large-file pointers, encrypted files).
    fn note_filtered(&self, paths: &[u8], notes: &mut Vec<String>) -> Result<()> {
        let answer = self
            .call("could not read attributes")?
            .args(["check-attr", "-z", "--stdin", "filter"])
            .input(paths.to_vec())
            .stdout()?;
        let fields: Vec<&[u8]> = answer.split(|byte| *byte == 0).collect();
        let filtered = fields
            .chunks_exact(3)
            .filter(|record| !matches!(record[2], b"unspecified" | b"unset" | b"set"))
            .count();
        if filtered > 0 {
            let files = if filtered == 1 { "1 changed file has" } else { "some changed files have" };
            notes.push(format!(
                "{files} a `filter` attribute; filters are not run, so content is reviewed as it stands in the working tree"
            ));
        }
        Ok(())
    }

    fn write_tree(&self, kind: TargetKind) -> Result<Sha> {
        let name = self.call("could not pin the uncommitted changes")?.arg("write-tree").line().map_err(
            |error| {
                if kind == TargetKind::Staged && has_conflicts(&error) {
                    Error::BadRequest(
                        "the index has conflicts: resolve them first, or review with `--worktree`".to_owned(),
                    )
                } else {
                    error
                }
            },
        )?;
        Sha::new(&name)
            .ok_or_else(|| Error::failed("could not pin the uncommitted changes", "git named no tree"))
    }
}

/// Git names each conflicted file as `unmerged` and then only says that it failed.
fn has_conflicts(error: &Error) -> bool {
    let Error::Failed { source, .. } = error else { return false };
    source.downcast_ref::<GitFailed>().is_some_and(|failed| failed.stderr.contains(": unmerged ("))
}

fn split(listed: &[u8]) -> impl Iterator<Item = &[u8]> {
    listed.split(|byte| *byte == 0).filter(|path| !path.is_empty())
}

/// Copies the index with its time: git takes a file for unchanged only where it is older than the index.
fn copy_index(from: &std::path::Path, to: &NamedTempFile) -> std::io::Result<()> {
    match std::fs::copy(from, to.path()) {
        Ok(_) => to.as_file().set_modified(from.metadata()?.modified()?),
        // Nothing was ever staged; git reads a missing index as an empty one, but an empty file as a broken one.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => std::fs::remove_file(to.path()),
        Err(error) => Err(error),
    }
}

impl Call {
    fn env_identity(self, seconds: i64) -> Self {
        let date = format!("@{seconds} +0000");
        let mut call = self.env("GIT_CONFIG_GLOBAL", null_device());
        for who in ["AUTHOR", "COMMITTER"] {
            call = call
                .env(&format!("GIT_{who}_NAME"), "uncommitted")
                .env(&format!("GIT_{who}_EMAIL"), "uncommitted@localhost")
                .env(&format!("GIT_{who}_DATE"), &date);
        }
        call
    }
}
