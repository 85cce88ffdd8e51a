//! The binary as a user calls it: in a scratch repository, with an empty home.
//!
//! In: the binary's path and words. Out: what it printed and its exit code. Never passes the caller's environment on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::TestRepo;

/// A repository, a home and a binary.
#[derive(Debug)]
pub struct TestSession {
    /// The repository the binary runs in.
    pub repo: TestRepo,
    binary: PathBuf,
    home: PathBuf,
}

/// What a call did.
#[derive(Debug)]
pub struct Ran {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code; -1 where a signal ended it.
    pub code: i32,
}

impl TestSession {
    /// An empty repository and an empty home.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let repo = TestRepo::new();
        let home = repo.scratch().join("home");
        std::fs::create_dir_all(&home).expect("a home");
        Self { repo, binary: binary.into(), home }
    }

    /// The scratch home.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Writes a file beside the repository and returns its path.
    pub fn beside(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.repo.scratch().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(&path, content).expect("a written file");
        path
    }

    /// The binary with words, ready to be started.
    #[expect(clippy::disallowed_methods, reason = "tests start the program they test, with a PATH")]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(words)
            .current_dir(self.repo.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("LANG", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            // The author of everything in the scratch repository.
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            // Agents of the machine a test runs on are started only where the test means to.
            .env("DEEP_REVIEW_DETECT", "false")
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, words: &[&str]) -> Ran {
        let output = self.command(words).output().expect("the binary starts");
        Ran {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

impl Ran {
    /// Fails with everything that was printed where the exit code is another.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}
