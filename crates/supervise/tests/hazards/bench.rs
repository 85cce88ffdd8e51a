//! A scratch place for one attempt, and a way to find whatever it left behind.
//!
//! In: a script for the fake agent. Out: a program to run, and every process that still carries this test's mark. Never
//! a look at processes of other tests.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use supervise::{Cancel, Grace, Hold, Keeper, Level, Limits, Outcome, Program, Stdin, harmless_environment};

/// A scratch folder, with a mark that every process of this test carries in its arguments.
pub(crate) struct Bench {
    folder: PathBuf,
    pub(crate) mark: String,
    _scratch: Option<tempfile::TempDir>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let scratch = tempfile::tempdir().expect("a scratch folder");
        // Tests in namespaces of their own have small numbers, and the same ones.
        let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), number);
        let mark = format!("mark-of-test-{random:x}-{number}-end");
        Self { folder: scratch.path().to_owned(), mark, _scratch: Some(scratch) }
    }

    /// A bench that another process made and will clear away.
    pub(crate) fn at(folder: &Path, mark: &str) -> Self {
        Self { folder: folder.to_owned(), mark: mark.to_owned(), _scratch: None }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A fake agent that follows the script, with the run folder `run`.
    pub(crate) fn program(&self, script: &str) -> Program {
        self.program_in("run", script)
    }

    /// As [`Bench::program`], with a run folder of this name.
    pub(crate) fn program_in(&self, run: &str, script: &str) -> Program {
        let path = self.path(&format!("{}.script", run.replace('/', "_")));
        fs::write(&path, script).expect("a script");
        Program {
            command: vec![
                test_kit::fake_agent_path().into(),
                "--script".into(),
                path.into(),
                self.mark.clone().into(),
            ],
            folder: self.folder.clone(),
            environment: harmless_environment(&[]),
            stdin: Stdin::Null,
            run_folder: self.path(run),
            keeper: keeper(),
        }
    }

    /// A shell that follows its own script, with the run folder `run`. `$0` is the mark.
    pub(crate) fn shell(&self, script: &str) -> Program {
        let mark = self.mark.clone().into();
        Program { command: vec!["sh".into(), "-c".into(), script.into(), mark], ..self.program("") }
    }

    /// What the record says.
    pub(crate) fn record(&self) -> serde_json::Value {
        let record = fs::read_to_string(self.path("run/record.json")).unwrap_or_default();
        serde_json::from_str(&record).unwrap_or_default()
    }

    pub(crate) fn run(&self, script: &str, limits: &Limits) -> Outcome {
        supervise::run(&self.program(script), limits, &Cancel::new(), &mut |_| {})
    }

    /// Every living process that carries the mark in its arguments or environment.
    pub(crate) fn survivors(&self) -> Vec<String> {
        survivors(&self.mark)
    }

    /// Waits until nobody is left; gives those who are, after a generous while.
    pub(crate) fn survivors_after(&self, longest: Duration) -> Vec<String> {
        let deadline = Instant::now() + longest;
        loop {
            let left = self.survivors();
            if left.is_empty() || Instant::now() > deadline {
                return left;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

pub(crate) fn keeper() -> Keeper {
    Keeper { command: vec![OsString::from(env!("CARGO_BIN_EXE_supervise-keeper"))] }
}

/// As [`limits`], held in a namespace or by the keeper alone.
pub(crate) fn held(hold: Hold) -> Limits {
    Limits { hold, ..limits() }
}

/// Both ways to hold a tree.
pub(crate) const BOTH: [(Hold, Level); 2] = [(Hold::Firm, Level::Namespace), (Hold::Loose, Level::Keeper)];

/// A few processes that the keeper must hold by itself.
pub(crate) fn loosely() -> Limits {
    held(Hold::Loose)
}

/// Far beyond what a test needs, so that only the limit under test is ever reached.
pub(crate) fn limits() -> Limits {
    Limits {
        wall: Duration::from_mins(1),
        silence: Duration::from_mins(1),
        output: 10_000_000,
        grace: Grace {
            drain: Duration::from_millis(300),
            interrupt: Duration::from_millis(500),
            terminate: Duration::from_millis(500),
            confirm: Duration::from_secs(20),
        },
        ..Limits::default()
    }
}

/// Every living process that carries the mark in its arguments or environment, this one excepted.
pub(crate) fn survivors(mark: &str) -> Vec<String> {
    let own = std::process::id().to_string();
    let listed = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let pids = listed.filter_map(|entry| entry.file_name().into_string().ok()).filter(|pid| *pid != own);
    pids.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()))
        .filter_map(|pid| living(&pid, mark))
        .collect()
}

fn living(pid: &str, mark: &str) -> Option<String> {
    let read = |name: &str| fs::read(Path::new("/proc").join(pid).join(name)).unwrap_or_default();
    let has = |bytes: &[u8]| bytes.windows(mark.len()).any(|window| window == mark.as_bytes());
    let arguments = read("cmdline");
    if !has(&arguments) && !has(&read("environ")) {
        return None;
    }
    let stat = String::from_utf8_lossy(&read("stat")).into_owned();
    let state = stat.rsplit_once(')')?.1.trim_start().chars().next()?;
    (state != 'Z' && state != 'X')
        .then(|| format!("{pid} {state} {}", String::from_utf8_lossy(&arguments).replace('\0', " ")))
}

/// The bytes of a spooled file.
pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).expect("a spooled file")
}

/// The spooled file as text.
pub(crate) fn text(path: &Path) -> String {
    String::from_utf8_lossy(&bytes(path)).into_owned()
}

/// Waits for something that will be true soon.
pub(crate) fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_true() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
