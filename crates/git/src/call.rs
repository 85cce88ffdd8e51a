//! Runs git, and nothing else, so that nothing a repository names is ever run.
//!
//! In: arguments. Out: what git printed. Never waits longer than its limit, never inherits the user's `GIT_*`
//! variables that redirect git, never uses the network.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::{Error, Result};

/// How long one call may take. Generous: a slow disk is not an error, a hanging one is.
const LIMIT: Duration = Duration::from_mins(5);

/// Configuration of every call: it outranks every file, so a repository cannot switch these on.
const CONFIG: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.splitIndex=false",
    "core.pager=cat",
    "core.attributesFile=/dev/null",
    "core.quotePath=false",
    "core.askPass=",
    "core.sshCommand=false",
    "credential.helper=",
    "diff.external=",
    // An empty name is a file that porcelain commands fail to find.
    "diff.orderFile=/dev/null",
    "diff.suppressBlankEmpty=false",
    "blame.ignoreRevsFile=",
    "log.showSignature=false",
    "log.follow=false",
    "submodule.recurse=false",
    "protocol.allow=never",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.commitGraph=true",
    "i18n.logOutputEncoding=UTF-8",
    "i18n.commitEncoding=UTF-8",
    "commit.gpgSign=false",
    "advice.graftFileDeprecated=false",
];

/// Variables of the user's own environment that say where configuration is: they carry `safe.directory`.
const KEPT: &[&str] = &[
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_CEILING_DIRECTORIES",
    "GIT_EXEC_PATH",
];

/// Which repository a call is about.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Where git is started.
    pub(crate) folder: PathBuf,
    /// The git directory; `None` lets git look for it.
    pub(crate) git_dir: Option<PathBuf>,
    /// The working tree, where the call is about one.
    pub(crate) worktree: Option<PathBuf>,
    /// Object folders besides the repository's own.
    pub(crate) alternates: Vec<PathBuf>,
    /// The tree that attributes are read from. The empty tree stops a change from hiding its files with `-diff`, and
    /// makes results independent of the working tree; `None` reads them from the working tree.
    pub(crate) attributes_from: Option<String>,
}

impl Place {
    /// A call here. `doing` is how an error begins: `could not read the diff`.
    pub(crate) fn call(&self, doing: &str) -> Result<Call> {
        let mut command = git()?;
        command.current_dir(&self.folder);
        if let Some(git_dir) = &self.git_dir {
            command.env("GIT_DIR", git_dir);
        }
        if let Some(worktree) = &self.worktree {
            command.env("GIT_WORK_TREE", worktree);
        }
        if !self.alternates.is_empty() {
            command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", join_alternates(&self.alternates));
        }
        if let Some(tree) = &self.attributes_from {
            command.env("GIT_ATTR_SOURCE", tree);
        }
        Ok(Call { command, doing: doing.to_owned(), input: None, limit: LIMIT, fine: &[0] })
    }
}

/// One run of git.
#[derive(Debug)]
pub(crate) struct Call {
    command: Command,
    doing: String,
    input: Option<Vec<u8>>,
    limit: Duration,
    fine: &'static [i32],
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Output {
    /// Its exit code.
    pub(crate) code: i32,
    /// What it printed.
    pub(crate) stdout: Vec<u8>,
    /// What it complained about.
    pub(crate) stderr: String,
}

impl Call {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// A path as git gave it.
    pub(crate) fn path_arg(self, path: &[u8]) -> Self {
        self.arg(os_string(path))
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// What git reads from its standard input.
    pub(crate) fn input(mut self, bytes: Vec<u8>) -> Self {
        self.input = Some(bytes);
        self
    }

    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Exit codes that are answers rather than errors.
    pub(crate) fn fine(mut self, codes: &'static [i32]) -> Self {
        self.fine = codes;
        self
    }

    /// Runs it and keeps all it prints.
    pub(crate) fn output(self) -> Result<Output> {
        let mut bytes = Vec::new();
        let mut output = self.stream(&mut |stdout| stdout.read_to_end(&mut bytes).map(drop))?;
        output.stdout = bytes;
        Ok(output)
    }

    /// Runs it and returns what it printed.
    pub(crate) fn stdout(self) -> Result<Vec<u8>> {
        Ok(self.output()?.stdout)
    }

    /// Runs it and returns the text it printed, without the last line end.
    pub(crate) fn line(self) -> Result<String> {
        let bytes = self.stdout()?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    /// Runs it and hands its standard output to `read` as it arrives. What `read` leaves unread ends the run quietly.
    pub(crate) fn stream(
        mut self,
        read: &mut dyn FnMut(&mut dyn Read) -> std::io::Result<()>,
    ) -> Result<Output> {
        let stdin = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(Error::NoGit)?;
        bound(&child);
        let writer = child.stdin.take().zip(self.input.take()).map(|(mut stdin, bytes)| {
            // A git that stops reading early says why on its standard error.
            std::thread::spawn(move || drop(stdin.write_all(&bytes)))
        });
        let mut stdout = child.stdout.take().expect("stdout is piped");
        let mut stderr = child.stderr.take().expect("stderr is piped");
        let complaints = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            drop(stderr.by_ref().take(64 * 1024).read_to_end(&mut bytes));
            drop(std::io::copy(&mut stderr, &mut std::io::sink()));
            bytes
        });
        let guard = Guard::watch(child, self.limit);
        let outcome = read(&mut stdout);
        drop(stdout);
        let (status, timed_out) = guard.finish().map_err(|error| Error::failed(&*self.doing, error))?;
        if let Some(writer) = writer {
            drop(writer.join());
        }
        let stderr = String::from_utf8_lossy(&complaints.join().unwrap_or_default()).into_owned();
        if timed_out {
            return Err(Error::TimedOut { doing: self.doing, seconds: self.limit.as_secs() });
        }
        outcome.map_err(|error| Error::failed(&*self.doing, error))?;
        let code = status.code().unwrap_or(-1);
        if !self.fine.contains(&code) {
            return Err(Error::failed(self.doing, GitFailed { code, said: sentence(&stderr), stderr }));
        }
        Ok(Output { code, stdout: Vec::new(), stderr })
    }

    /// Starts it to talk to: standard input and output are pipes, complaints go nowhere.
    pub(crate) fn talk(mut self) -> Result<Child> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = self.command.spawn().map_err(Error::NoGit)?;
        bound(&child);
        Ok(child)
    }
}

/// Memory of one git, packs not counted. A comparison keeps an entry for every file, and a tree can name the same folder again and
/// again: git ends with an error before the machine is out of memory.
#[cfg(target_os = "linux")]
fn bound(child: &Child) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    const MOST: u64 = 2 << 30;
    let limit = Rlimit { current: Some(MOST), maximum: Some(MOST) };
    // Where it ended already there is nothing to limit.
    let _ended = prlimit(Some(Pid::from_child(child)), Resource::Data, limit);
}

#[cfg(not(target_os = "linux"))]
fn bound(_child: &Child) {}

/// Git exited with a code that is no answer.
#[derive(Debug, thiserror::Error)]
#[error("git exited with {code}: {said}")]
pub(crate) struct GitFailed {
    code: i32,
    said: String,
    /// All that git wrote to its standard error.
    pub(crate) stderr: String,
}

/// Ends a child that takes too long.
struct Guard {
    child: Arc<Mutex<Child>>,
    done: mpsc::Sender<()>,
    watcher: std::thread::JoinHandle<bool>,
}

impl Guard {
    fn watch(child: Child, limit: Duration) -> Self {
        let child = Arc::new(Mutex::new(child));
        let (done, wait) = mpsc::channel();
        let watched = Arc::clone(&child);
        let watcher = std::thread::spawn(move || {
            let timed_out = wait.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            if timed_out {
                drop(watched.lock().unwrap_or_else(PoisonError::into_inner).kill());
            }
            timed_out
        });
        Self { child, done, watcher }
    }

    /// Waits for the child, whose output was read to its end or given up.
    fn finish(self) -> std::io::Result<(std::process::ExitStatus, bool)> {
        // A git that closed its output but lingers is still under the watch until `try_wait` sees it gone.
        let mut pause = Duration::from_micros(50);
        let status = loop {
            if let Some(status) = self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait()? {
                break status;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        };
        drop(self.done);
        Ok((status, self.watcher.join().unwrap_or(false)))
    }
}

/// Git with everything switched off that could run a program.
#[expect(clippy::disallowed_methods, reason = "this crate is the one that starts git")]
fn git() -> Result<Command> {
    let mut command = Command::new(program()?);
    for (name, _) in std::env::vars_os() {
        if is_foreign(&name) {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_GRAFT_FILE", null_device())
        .env("GIT_ALLOW_PROTOCOL", "")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_ASKPASS", "")
        .env("GIT_PAGER", "cat")
        .env("GIT_ADVICE", "0")
        .env("LC_ALL", "C")
        .env_remove("LANGUAGE");
    for setting in CONFIG {
        command.arg("-c").arg(setting);
    }
    apart(&mut command);
    Ok(command)
}

/// Ctrl-C in a terminal reaches everybody of our process group; what git is reading must not break off while what has arrived
/// is consolidated. Git ends by itself when we do: its pipes end.
#[cfg(unix)]
fn apart(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(windows)]
fn apart(command: &mut Command) {
    /// `CREATE_NEW_PROCESS_GROUP`: Ctrl-C is off for the group.
    const NEW_GROUP: u32 = 0x0000_0200;
    std::os::windows::process::CommandExt::creation_flags(command, NEW_GROUP);
}

#[cfg(not(any(unix, windows)))]
fn apart(_command: &mut Command) {}

fn is_foreign(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("GIT_")
        && !KEPT.contains(&&*name)
        && !name.starts_with("GIT_CONFIG_KEY_")
        && !name.starts_with("GIT_CONFIG_VALUE_")
}

pub(crate) fn null_device() -> &'static str {
    if cfg!(windows) { "NUL" } else { "/dev/null" }
}

/// Where git is. Relative entries of `PATH` are skipped: git is started in folders that strangers fill.
#[expect(clippy::disallowed_methods, reason = "git must be found without looking into the reviewed folder")]
fn program() -> Result<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = PROGRAM.get_or_init(|| {
        let name = if cfg!(windows) { "git.exe" } else { "git" };
        std::env::split_paths(&std::env::var_os("PATH")?)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(|path| is_program(path))
    });
    found.as_deref().ok_or_else(|| {
        Error::NoGit(std::io::Error::new(std::io::ErrorKind::NotFound, "there is no `git` in PATH"))
    })
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// Git's complaint as one sentence: its first `fatal:` or `error:` line, or else its first line.
fn sentence(stderr: &str) -> String {
    let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.clone().next().unwrap_or("it said nothing");
    let said = lines.find(|line| line.starts_with("fatal:") || line.starts_with("error:")).unwrap_or(first);
    let said = said.trim_start_matches("fatal:").trim_start_matches("error:").trim();
    said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect()
}

/// A path as git has it, as the system has it.
#[cfg(unix)]
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt as _;
    OsString::from_vec(bytes.to_vec())
}

/// A path as git has it, as the system has it.
#[cfg(not(unix))]
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// A path as the system has it, as git has it.
#[cfg(unix)]
pub(crate) fn path_bytes(path: &OsStr) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_bytes().to_vec()
}

/// A path as the system has it, as git has it.
#[cfg(not(unix))]
pub(crate) fn path_bytes(path: &OsStr) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

/// Git takes a list of folders in one variable; one that contains the separator or starts with a quote is quoted.
fn join_alternates(folders: &[PathBuf]) -> OsString {
    let separator = if cfg!(windows) { b';' } else { b':' };
    let quoted: Vec<Vec<u8>> =
        folders.iter().map(|folder| quote(&path_bytes(folder.as_os_str()), separator)).collect();
    os_string(&quoted.join(&separator))
}

/// Writes a folder for a list of alternates, quoted like C where it needs to be.
pub(crate) fn quote(path: &[u8], separator: u8) -> Vec<u8> {
    let plain = !path.starts_with(b"\"")
        && !path.starts_with(b"#")
        && !path.iter().any(|byte| *byte == separator || *byte == b'\n');
    if plain {
        return path.to_vec();
    }
    let mut quoted = vec![b'"'];
    for byte in path {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', *byte]),
            b'\n' => quoted.extend(b"\\n"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_redirect_git_are_dropped_and_those_that_carry_trust_are_kept() {
        for foreign in ["GIT_DIR", "GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_TRACE", "GIT_INDEX_FILE"] {
            assert!(is_foreign(OsStr::new(foreign)), "{foreign}");
        }
        for kept in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_KEY_0", "HOME", "PATH"] {
            assert!(!is_foreign(OsStr::new(kept)), "{kept}");
        }
    }

    #[test]
    fn a_complaint_becomes_one_sentence() {
        assert_eq!(sentence("warning: x\nfatal: bad object abc\n"), "bad object abc");
        assert_eq!(sentence("something\nelse"), "something");
        assert_eq!(sentence(""), "it said nothing");
    }

    #[test]
    fn a_call_that_takes_too_long_is_ended() {
        let place = Place {
            folder: std::env::temp_dir(),
            git_dir: None,
            worktree: None,
            alternates: Vec::new(),
            attributes_from: None,
        };
        // `hash-object --stdin` waits for an end of input that never comes while we hold the pipe.
        let mut call = place.call("could not wait").expect("git").args(["hash-object", "--stdin"]);
        call = call.limit(Duration::from_millis(200));
        call.command.stdin(Stdio::piped());
        let child = call.talk().expect("a child");
        let guard = Guard::watch(child, Duration::from_millis(200));
        let (_, timed_out) = guard.finish().expect("an end");
        assert!(timed_out);
    }

    #[test]
    fn folders_with_the_separator_are_quoted() {
        assert_eq!(quote(b"/a b", b':'), b"/a b");
        assert_eq!(quote(b"/a:b\"", b':'), b"\"/a:b\\\"\"");
    }
}
