//! A scratch place for one attempt, and a way to find whatever it left behind.
//!
//! In: a script for the fake agent. Out: a program to run, and every process that runs this test's copy of the agent.
//! Never a look at processes of other tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use supervise::{Cancel, Grace, Keeper, Limits, Outcome, Program, Stdin, harmless_environment};
use windows_sys::Win32::Foundation::{CloseHandle, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};

/// A scratch folder with a copy of the agent in it whose name nobody else has.
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
        let mark = format!("agent-{}-{number}-end", std::process::id());
        let bench = Self { folder: scratch.path().to_owned(), mark, _scratch: Some(scratch) };
        // Not a link: some systems name a process after the file's first name.
        fs::copy(test_kit::fake_agent_path(), bench.agent()).expect("a copy of the agent");
        bench
    }

    /// A bench that another process made and will clear away.
    pub(crate) fn at(folder: &Path, mark: &str) -> Self {
        Self { folder: folder.to_owned(), mark: mark.to_owned(), _scratch: None }
    }

    pub(crate) fn agent(&self) -> PathBuf {
        self.folder.join(format!("{}.exe", self.mark))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// An agent that follows the script, with the run folder `run`.
    pub(crate) fn program(&self, script: &str) -> Program {
        self.program_in("run", script)
    }

    /// As [`Bench::program`], with a run folder of this name.
    pub(crate) fn program_in(&self, run: &str, script: &str) -> Program {
        let path = self.path(&format!("{run}.script"));
        fs::write(&path, script).expect("a script");
        Program {
            command: vec![self.agent().into(), "--script".into(), path.into()],
            folder: self.folder.clone(),
            environment: harmless_environment(&[]),
            stdin: Stdin::Null,
            run_folder: self.path(run),
            keeper: Keeper { command: Vec::new() },
        }
    }

    pub(crate) fn run(&self, script: &str, limits: &Limits) -> Outcome {
        supervise::run(&self.program(script), limits, &Cancel::new(), &mut |_| {})
    }

    /// Every living process of this bench.
    pub(crate) fn survivors(&self) -> Vec<String> {
        processes().into_iter().filter(|process| process.contains(&self.mark)).collect()
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

/// Far beyond what a test needs, so that only the limit under test is ever reached.
pub(crate) fn limits() -> Limits {
    Limits {
        wall: Duration::from_mins(1),
        silence: Duration::from_mins(1),
        output: 10_000_000,
        grace: Grace {
            // Systems that start a console host with each program take their time to end it.
            drain: Duration::from_secs(2),
            interrupt: Duration::from_millis(300),
            terminate: Duration::from_millis(300),
            confirm: Duration::from_secs(20),
        },
        ..Limits::default()
    }
}

/// The names and numbers of all processes, as the system lists them: nothing of the crate under test is asked.
#[expect(unsafe_code, reason = "the system has no other door")]
fn processes() -> Vec<String> {
    let mut all = Vec::new();
    let mut entry = PROCESSENTRY32W {
        dwSize: u32::try_from(size_of::<PROCESSENTRY32W>()).expect("small"),
        ..PROCESSENTRY32W::default()
    };
    // SAFETY: the entry lives for all calls and says its own size; the handle is closed once.
    unsafe {
        let listed = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
        assert_ne!(listed, INVALID_HANDLE_VALUE, "the system lists its processes");
        let mut more = Process32FirstW(listed, &raw mut entry);
        while more != 0 {
            let name = String::from_utf16_lossy(&entry.szExeFile);
            all.push(format!("{} {}", entry.th32ProcessID, name.trim_end_matches('\0')));
            more = Process32NextW(listed, &raw mut entry);
        }
        CloseHandle(listed);
    }
    assert!(!all.is_empty(), "we are one ourselves");
    all
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
