//! Finds the repository and knows its places.
//!
//! In: a folder. Out: a [`Repository`]: where its objects are, what its configuration says of remotes and branches.
//! Never trusts that configuration to run anything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use model::Sha;

use crate::call::Place;
use crate::{Error, Result};

/// A repository on this machine.
#[derive(Clone, Debug)]
pub struct Repository {
    pub(crate) git_dir: PathBuf,
    common_dir: PathBuf,
    worktree: Option<PathBuf>,
    bare: bool,
    pub(crate) sha256: bool,
    pub(crate) shallow: bool,
    settings: Vec<(String, String)>,
    filters: Vec<Vec<u8>>,
}

impl Repository {
    /// Finds the repository that `dir` is in: a working tree, a folder inside one, a linked working tree, a git
    /// directory or a bare repository.
    pub fn open(dir: &Path) -> Result<Self> {
        let dir = dir
            .canonicalize()
            .ok()
            .filter(|dir| dir.is_dir())
            .ok_or_else(|| Error::NoSuchFolder(dir.to_owned()))?;
        let place = Place {
            folder: plain(dir.clone()),
            git_dir: None,
            worktree: None,
            alternates: Vec::new(),
            attributes_from: None,
        };
        let ask = |options: &[&str]| -> Result<Vec<u8>> {
            let call = place.call("could not open the repository")?;
            call.args(["rev-parse", "--path-format=absolute"]).args(options).stdout()
        };
        let about = ask(&[
            "--is-bare-repository",
            "--is-inside-work-tree",
            "--is-shallow-repository",
            "--show-object-format",
            "--git-dir",
            "--git-common-dir",
        ])
        .map_err(|error| not_opened(error, &dir))?;
        let mut fields = about.splitn(5, |byte| *byte == b'\n');
        let mut next = || fields.next().unwrap_or_default();
        let (bare, inside, shallow, format) =
            (next() == b"true", next() == b"true", next() == b"true", next());
        let sha256 = format == b"sha256";
        let (git_dir, common_dir) = match two_lines(next()) {
            Some((git_dir, common_dir)) => (to_path(git_dir), to_path(common_dir)),
            // A path with a line break: each is asked for alone, so that any byte may occur in it.
            None => (to_path(&ask(&["--git-dir"])?), to_path(&ask(&["--git-common-dir"])?)),
        };
        let worktree = if inside { Some(to_path(&ask(&["--show-toplevel"])?)) } else { None };
        let mut repository = Self {
            git_dir,
            common_dir,
            worktree,
            bare,
            sha256,
            shallow,
            settings: Vec::new(),
            filters: Vec::new(),
        };
        repository.read_settings()?;
        Ok(repository)
    }

    /// The git directory that all working trees of the repository share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The git directory of this working tree.
    pub(crate) fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The root of the working tree; `None` in a bare repository or inside a git directory.
    pub fn worktree(&self) -> Option<&Path> {
        self.worktree.as_deref()
    }

    /// True for a repository without a working tree of its own.
    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// The content of a file at a commit; `None` where there is no such file.
    pub fn file_at(&self, commit: &Sha, path: &str) -> Result<Option<Vec<u8>>> {
        if is_zero(commit) {
            return Ok(None);
        }
        let doing = format!("could not read `{path}` at {}", commit.short());
        let listed = self
            .place()
            .call(&doing)?
            .args(["ls-tree", "-z", "--full-tree", commit.as_str(), "--", path])
            .stdout()?;
        let record = String::from_utf8_lossy(&listed);
        let mut words = record.split(['\t', '\0']).next().unwrap_or_default().split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("100644" | "100755"), Some("blob"), Some(oid)) => {
                self.place().call(&doing)?.args(["cat-file", "blob", oid]).stdout().map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Where objects are read: by name, without a working tree, attributes switched off.
    pub(crate) fn place(&self) -> Place {
        let quarantine = self.quarantine();
        Place {
            folder: self.git_dir.clone(),
            git_dir: Some(self.git_dir.clone()),
            worktree: None,
            alternates: if quarantine.is_dir() { vec![quarantine] } else { Vec::new() },
            attributes_from: Some(self.empty_tree().to_owned()),
        }
    }

    /// Where objects for uncommitted content go, so that the user's object store stays as it is.
    pub(crate) fn quarantine(&self) -> PathBuf {
        self.common_dir.join("deep-review").join("objects")
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.common_dir.join("objects")
    }

    /// The tree without entries: git knows it without having it stored.
    pub(crate) fn empty_tree(&self) -> &'static str {
        if self.sha256 {
            "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
        } else {
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        }
    }

    /// The object name that stands for "before the first commit".
    pub(crate) fn zero(&self) -> Sha {
        Sha::new(&"0".repeat(if self.sha256 { 64 } else { 40 })).expect("zeros are an object name")
    }

    /// The last value of a configuration key. Section and key are lower case, as git lists them.
    pub(crate) fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub(crate) fn settings(&self) -> &[(String, String)] {
        &self.settings
    }

    /// Names of `filter.<name>.…` drivers in any configuration, as bytes: one that is not text must be found, too.
    pub(crate) fn filters(&self) -> &[Vec<u8>] {
        &self.filters
    }

    fn read_settings(&mut self) -> Result<()> {
        let bytes = self
            .place()
            .call("could not read git's configuration")?
            .args(["config", "--list", "-z"])
            .stdout()?;
        let mut filters = BTreeSet::new();
        for record in bytes.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
            // A key without a value is a switch that is on.
            let mut parts = record.splitn(2, |byte| *byte == b'\n');
            let (key, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or(b"true"));
            if let Some(rest) = key.strip_prefix(b"filter.")
                && let Some(dot) = memchr::memrchr(b'.', rest)
            {
                filters.insert(rest[..dot].to_vec());
            }
            self.settings.push((
                String::from_utf8_lossy(key).into_owned(),
                String::from_utf8_lossy(value).into_owned(),
            ));
        }
        self.filters = filters.into_iter().collect();
        Ok(())
    }
}

/// All zeros stand for "before the first commit".
pub(crate) fn is_zero(sha: &Sha) -> bool {
    sha.as_str().bytes().all(|byte| byte == b'0')
}

/// The two lines of an answer; `None` where there are more.
fn two_lines(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut lines = answer.strip_suffix(b"\n").unwrap_or(answer).split(|byte| *byte == b'\n');
    match (lines.next(), lines.next(), lines.next()) {
        (Some(first), Some(second), None) => Some((first, second)),
        _ => None,
    }
}

fn to_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(crate::call::os_string(bytes.strip_suffix(b"\n").unwrap_or(bytes)))
}

/// Git for Windows does not take the `\\?\` spelling that `canonicalize` gives.
#[cfg(windows)]
fn plain(path: PathBuf) -> PathBuf {
    let text = path.to_string_lossy();
    match text.strip_prefix(r"\\?\") {
        Some(rest) if !rest.starts_with("UNC") => PathBuf::from(rest),
        _ => path,
    }
}

#[cfg(not(windows))]
fn plain(path: PathBuf) -> PathBuf {
    path
}

fn not_opened(error: Error, dir: &Path) -> Error {
    let said = error.to_string();
    if said.contains("dubious ownership") {
        Error::NotOwned(dir.to_owned())
    } else if said.contains("not a git repository") {
        Error::NotARepository(dir.to_owned())
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_kit::TestRepo;

    #[test]
    fn a_subfolder_a_linked_worktree_and_the_git_directory_belong_to_one_repository() {
        let repo = TestRepo::new();
        repo.write("a/b/c.txt", "x\n").commit("first");
        let linked = repo.scratch().join("linked tree");
        repo.git(&["worktree", "add", "-q", "--detach", linked.to_str().expect("text")]);
        let root = Repository::open(&repo.path()).expect("the root");
        let sub = Repository::open(&repo.path().join("a/b")).expect("a subfolder");
        let link = Repository::open(&linked).expect("a linked working tree");
        let inner = Repository::open(&repo.path().join(".git")).expect("the git directory");
        for other in [&sub, &link, &inner] {
            assert_eq!(root.common_dir(), other.common_dir());
        }
        assert_eq!(root.worktree(), sub.worktree());
        assert_eq!(link.worktree().expect("a tree").canonicalize().ok(), linked.canonicalize().ok());
        assert_eq!(inner.worktree(), None);
    }

    #[test]
    fn a_bare_repository_has_no_working_tree() {
        let repo = TestRepo::new();
        repo.write("a.txt", "x\n").commit("first");
        repo.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
        let bare = Repository::open(&repo.scratch().join("bare.git")).expect("a bare repository");
        assert!(bare.is_bare());
        assert_eq!(bare.worktree(), None);
    }

    #[test]
    fn what_is_no_repository_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(matches!(Repository::open(folder.path()), Err(Error::NotARepository(_))));
        assert!(matches!(Repository::open(&folder.path().join("none")), Err(Error::NoSuchFolder(_))));
    }

    #[test]
    fn a_file_is_read_at_a_commit_and_links_are_not_files() {
        let repo = TestRepo::new();
        let first = repo.write("deep [review].toml", "a = 1\n").commit("first");
        repo.write("deep [review].toml", "a = 2\n").commit("second");
        let opened = Repository::open(&repo.path()).expect("open");
        let first = Sha::new(&first).expect("a name");
        assert_eq!(opened.file_at(&first, "deep [review].toml").expect("read"), Some(b"a = 1\n".to_vec()));
        assert_eq!(opened.file_at(&first, "other").expect("read"), None);
        assert_eq!(opened.file_at(&opened.zero(), "other").expect("read"), None);
    }
}
