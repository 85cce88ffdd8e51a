//! Where the programs that misbehave are to be found.
//!
//! In: their sources, which are part of this library. Out: the paths of the compiled programs. Never waits for cargo: other
//! builds may hold its lock for minutes, and `cargo test -p` does not build the binaries of other packages. Where there
//! is no compiler beside the tests (they were compiled for another system), `FAKE_AGENT` and `FAKE_ACP` name the compiled
//! programs.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A program whose source is part of this library.
struct Fake {
    name: &'static str,
    source: &'static str,
    /// The variable that says where it is.
    variable: &'static str,
    path: OnceLock<PathBuf>,
}

static AGENT: Fake = Fake {
    name: "fake-agent",
    source: include_str!("bin/fake_agent.rs"),
    variable: "FAKE_AGENT",
    path: OnceLock::new(),
};

static ACP: Fake = Fake {
    name: "fake-acp",
    source: include_str!("bin/fake_acp.rs"),
    variable: "FAKE_ACP",
    path: OnceLock::new(),
};

static LIMACTL: Fake = Fake {
    name: "fake-limactl",
    source: include_str!("bin/fake_limactl.rs"),
    variable: "FAKE_LIMACTL",
    path: OnceLock::new(),
};

/// The program `fake-limactl`, compiled likewise. What it does is told in its source.
pub fn fake_limactl_path() -> PathBuf {
    LIMACTL.path()
}

/// The program `fake-agent`, compiled from the source this library was built with. Its instructions are listed there.
pub fn fake_agent_path() -> PathBuf {
    AGENT.path()
}

/// The program `fake-acp`, compiled likewise. Its instructions are listed in its source.
pub fn fake_acp_path() -> PathBuf {
    ACP.path()
}

impl Fake {
    fn path(&self) -> PathBuf {
        self.path.get_or_init(|| self.given().unwrap_or_else(|| self.find_or_compile())).clone()
    }

    #[expect(clippy::disallowed_methods, reason = "test fixtures are told where they are")]
    fn given(&self) -> Option<PathBuf> {
        std::env::var_os(self.variable).map(PathBuf::from)
    }

    fn find_or_compile(&self) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        self.source.hash(&mut hasher);
        let folder = build_folder();
        let name = format!("{}-{:016x}{}", self.name, hasher.finish(), std::env::consts::EXE_SUFFIX);
        let path = folder.join(name);
        if !path.exists() {
            self.compile(&folder, &path);
        }
        path
    }

    #[expect(clippy::disallowed_methods, reason = "test fixtures start the compiler themselves")]
    fn compile(&self, folder: &Path, path: &Path) {
        // Several tests may do this at once: each has a folder of its own, and the last rename wins with the same content.
        let scratch = tempfile::tempdir_in(folder).expect("a scratch folder");
        let source = scratch.path().join("fake.rs");
        let program = scratch.path().join(self.name);
        std::fs::write(&source, self.source).expect("the source");
        let output = Command::new("rustc")
            .current_dir(scratch.path())
            .args(["--edition", "2024", "-C", "opt-level=1", "--cap-lints", "allow", "-o"])
            .args([&program, &source])
            .output()
            .expect("rustc starts");
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        std::fs::rename(&program, path).expect("a finished program");
    }
}

/// The target folder this test was built into.
fn build_folder() -> PathBuf {
    let own = std::env::current_exe().expect("the path of this test");
    // `target/debug/deps/test-hash`
    let folder = own.ancestors().nth(3).map_or_else(std::env::temp_dir, Path::to_owned).join("fake-agent");
    std::fs::create_dir_all(&folder).expect("a folder beside the other programs");
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the program under test")]
    fn follow(script: &str) -> std::process::Output {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("script");
        std::fs::write(&path, script).expect("a script");
        Command::new(fake_agent_path()).arg("--script").arg(&path).arg("one").output().expect("it starts")
    }

    #[test]
    fn it_does_what_the_script_says() {
        let output =
            follow("# a comment\nprint first $1\nprint-error second\nflood 100B\nexit 3\nprint never\n");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(stdout.starts_with("first one\n"), "{stdout}");
        assert_eq!(stdout.len(), "first one\n".len() + 100);
        assert_eq!((output.stderr.as_slice(), output.status.code()), (&b"second\n"[..], Some(3)));
    }

    #[test]
    fn an_unknown_instruction_is_told_and_not_skipped() {
        let output = follow("dance\n");
        assert_eq!(output.status.code(), Some(64));
        assert!(String::from_utf8_lossy(&output.stderr).contains("unknown instruction `dance`"));
    }
}
