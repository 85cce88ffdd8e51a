//! A scratch git repository with fixed authors and dates, so that object names are the same on every machine.
//!
//! In: files and commit messages. Out: a folder that vanishes with the value. Never reads the user's git configuration.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A repository in a scratch folder, on branch `main`.
#[derive(Debug)]
pub struct TestRepo {
    folder: TempDir,
    minutes: Cell<u32>,
}

impl TestRepo {
    /// An empty repository.
    pub fn new() -> Self {
        let repo = Self { folder: TempDir::new().expect("a scratch folder"), minutes: Cell::new(0) };
        std::fs::create_dir_all(repo.path()).expect("the repository folder");
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    /// The working tree: `<scratch>/repo`, so that tests may put things beside it.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    /// The scratch folder that holds the repository.
    pub fn scratch(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, creating its folders.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let full = self.path().join(path);
        std::fs::create_dir_all(full.parent().expect("a parent")).expect("folders");
        std::fs::write(full, content).expect("a written file");
        self
    }

    /// Removes a file from the working tree.
    pub fn remove(&self, path: &str) -> &Self {
        std::fs::remove_file(self.path().join(path)).expect("a removed file");
        self
    }

    /// Stages everything and commits it, one minute after the commit before. Returns the full object name.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.head()
    }

    /// Makes and checks out a branch at HEAD.
    pub fn branch(&self, name: &str) -> &Self {
        self.git(&["checkout", "-q", "-b", name]);
        self
    }

    /// Checks out a revision.
    pub fn checkout(&self, revision: &str) -> &Self {
        self.git(&["checkout", "-q", revision]);
        self
    }

    /// The object name of HEAD.
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Runs git in the repository and returns what it printed; panics where it fails.
    pub fn git(&self, args: &[&str]) -> String {
        let output = self.command(args).output().expect("git starts");
        assert!(output.status.success(), "git {args:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A git command in the repository, isolated from the user's configuration, with fixed people and dates.
    #[expect(clippy::disallowed_methods, reason = "test fixtures start git themselves")]
    pub fn command(&self, args: &[&str]) -> Command {
        let minute = self.minutes.get();
        if args.first() == Some(&"commit") || args.first() == Some(&"merge") {
            self.minutes.set(minute + 1);
        }
        let date = format!("2026-01-02T{:02}:{:02}:00Z", 3 + minute / 60, minute % 60);
        let mut command = Command::new("git");
        command
            .current_dir(self.path())
            .args(args)
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path().join("xdg"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_AUTHOR_NAME", "Ada Author")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_COMMITTER_NAME", "Ada Author")
            .env("GIT_COMMITTER_EMAIL", "ada@example.org")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date);
        command
    }
}

impl Default for TestRepo {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_script_gives_the_same_object_names() {
        let make = || {
            let repo = TestRepo::new();
            repo.write("a.txt", "one\n").commit("first");
            repo.write("a.txt", "two\n").commit("second")
        };
        assert_eq!(make(), make());
    }
}
