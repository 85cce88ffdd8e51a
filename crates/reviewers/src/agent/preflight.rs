//! Whether an agent could be asked now: installed, the program it claims to be, signed in, confined.
//!
//! In: adapters, the environment, a moment's time. Out: an [`Agent`] each, or why not. Asks no model and reads no secret:
//! that a key is there is seen, what it is is not.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use config::{Environment, ReviewerSettings};
use model::FailureClass;
use supervise::{Cancel, Keeper, Limits, Program, Stdin};

use super::adapter::{Adapter, Auth};
use super::detect::{Detection, Found, detect};

/// An agent that can be asked.
#[derive(Clone, Debug)]
pub struct Agent {
    /// What is known about its program.
    pub adapter: Arc<Adapter>,
    /// The program.
    pub program: PathBuf,
    /// Its version, where it could be told.
    pub version: Option<String>,
    /// Which way of being signed in was found; its place in the adapter's list.
    pub(crate) auth: Option<usize>,
    /// What a reader should know: another version than the one tried, a check that could not be made.
    pub warnings: Vec<String>,
}

impl Agent {
    /// How it is signed in, for people.
    pub fn signed_in_by(&self) -> Option<&str> {
        self.way().map(|auth| auth.name.as_str())
    }

    /// What it is, in one line: title, version, how it is kept from changing things.
    pub fn sentence(&self) -> String {
        let version = self.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
        format!("{}{version}, {}", self.adapter.title, self.adapter.read_only())
    }

    /// With which settings its vendor can be asked whether a model exists; `None` where no model is named, the program has the
    /// name itself, or nothing is known about who is asked.
    pub fn model_question(
        &self,
        settings: &ReviewerSettings,
        environment: &Environment,
    ) -> Option<ReviewerSettings> {
        let vendor = self.way()?.vendor.as_ref()?;
        let model = settings.model.as_ref()?;
        // `sonnet[1m]` is `sonnet` with a wish.
        let name = model.split('[').next().unwrap_or(model);
        if vendor.aliases.iter().any(|alias| alias == name) {
            return None;
        }
        environment.text(&vendor.key)?;
        Some(ReviewerSettings {
            api: Some(vendor.api),
            url: vendor.url.as_ref().and_then(|url| environment.text(url)).map(str::to_owned),
            key_env: Some(vendor.key.clone()),
            model: Some(name.to_owned()),
            ..settings.clone()
        })
    }

    /// Whether it can be confined as it is signed in now; the sentence says why not.
    pub fn can_be_confined(&self, settings: &ReviewerSettings) -> Result<(), String> {
        super::confined::way(self, settings).map(drop)
    }

    pub(crate) fn way(&self) -> Option<&Auth> {
        self.auth.and_then(|at| self.adapter.auth.get(at))
    }
}

/// Why an agent cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unready {
    /// It is not installed.
    Absent,
    /// Its program cannot be used.
    Broken(String),
    /// Nobody is signed in; the sentence says how to.
    NotSignedIn(String),
    /// Something on this machine switches off what keeps it read-only.
    NotConfined(String),
}

impl Unready {
    /// What kind of failure it is where the agent is asked all the same.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Absent | Self::Broken(_) => FailureClass::Configuration,
            Self::NotSignedIn(_) => FailureClass::Auth,
            Self::NotConfined(_) => FailureClass::Sandbox,
        }
    }

    /// What mends it.
    pub fn hint(&self, name: &str) -> String {
        match self {
            Self::Absent => format!("install {name}, or take it out of your configuration"),
            Self::NotSignedIn(_) => format!("sign in with {name} itself, or set its key in the environment"),
            Self::Broken(_) => format!("install {name} again, or leave it out"),
            Self::NotConfined(_) => "see the reason; without it the agent could change things".to_owned(),
        }
    }

    /// The reason in one sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Absent => "not installed".to_owned(),
            Self::Broken(why) | Self::NotSignedIn(why) | Self::NotConfined(why) => why.clone(),
        }
    }
}

/// What the examination works with.
#[derive(Debug)]
pub struct Preflight<'a> {
    /// The environment programs are looked for in.
    pub environment: &'a Environment,
    /// Starts programs that must tell their version.
    pub keeper: &'a Keeper,
    /// Where folders may be made for them; removed again.
    pub scratch: &'a Path,
    /// How long each may take to tell its version.
    pub limit: Duration,
    /// The repository under review: programs inside it are not started.
    pub never_in: Option<&'a Path>,
}

/// Examines all adapters side by side; the answers in the same order.
pub fn preflight(adapters: &[Arc<Adapter>], with: &Preflight<'_>) -> Vec<Result<Agent, Unready>> {
    std::thread::scope(|scope| {
        let examinations: Vec<_> =
            adapters.iter().map(|adapter| scope.spawn(|| examine(adapter, with))).collect();
        let broken = || Err(Unready::Broken("it could not be examined".to_owned()));
        examinations.into_iter().map(|one| one.join().unwrap_or_else(|_| broken())).collect()
    })
}

fn examine(adapter: &Arc<Adapter>, with: &Preflight<'_>) -> Result<Agent, Unready> {
    let found = match detect(adapter, with.environment, with.never_in) {
        Detection::Absent => return Err(Unready::Absent),
        Detection::Broken(why) => return Err(Unready::Broken(why)),
        Detection::Found(found) => found,
    };
    let mut warnings = Vec::new();
    let auth = signed_in(adapter, with.environment)?;
    confined(adapter, with, &mut warnings)?;
    let version = match &found.version {
        Some(version) => version.clone(),
        None => ask_version(adapter, &found, with)?,
    };
    match &adapter.verified {
        None => warnings.push("nobody has tried this adapter against the program yet".to_owned()),
        Some(verified) if *verified != version => {
            warnings.push(format!("version {version} is installed; the adapter was tried with {verified}"));
        }
        Some(_) => {}
    }
    Ok(Agent {
        adapter: Arc::clone(adapter),
        program: found.program,
        version: Some(version).filter(|version| !version.is_empty()),
        auth,
        warnings,
    })
}

/// The first way of being signed in that is there. `Ok(None)` where the program needs none.
fn signed_in(adapter: &Adapter, environment: &Environment) -> Result<Option<usize>, Unready> {
    if adapter.auth.is_empty() {
        return Ok(None);
    }
    let there = |auth: &Auth| {
        auth.env.iter().any(|name| environment.get(name).is_some_and(|value| !value.is_empty()))
            || found_file(auth, environment).is_some()
            || auth.unseen_on.iter().any(|os| os == std::env::consts::OS)
    };
    adapter.auth.iter().position(there).map(Some).ok_or_else(|| {
        let ways: Vec<&str> = adapter.auth.iter().map(|auth| auth.name.as_str()).collect();
        Unready::NotSignedIn(format!("not signed in: found neither {}", ways.join(" nor ")))
    })
}

/// The first of a way's files that is there and holds what it must.
pub(crate) fn found_file(auth: &Auth, environment: &Environment) -> Option<PathBuf> {
    auth.file.iter().filter_map(|text| expand(text, environment)).find(|path| match &auth.contains {
        None => path.is_file(),
        Some(pattern) => std::fs::read_to_string(path).is_ok_and(|text| pattern.0.is_match(&text)),
    })
}

/// A path that begins with `~/` or `$NAME/`; `None` where that is not known.
pub(crate) fn expand(text: &str, environment: &Environment) -> Option<PathBuf> {
    if let Some(rest) = text.strip_prefix("~/") {
        return Some(environment.home()?.join(rest));
    }
    match text.strip_prefix('$').and_then(|rest| rest.split_once('/')) {
        Some((name, rest)) => Some(Path::new(environment.get(name)?).join(rest)),
        None => Some(PathBuf::from(text)),
    }
}

fn confined(adapter: &Adapter, with: &Preflight<'_>, warnings: &mut Vec<String>) -> Result<(), Unready> {
    for absent in &adapter.isolation.absent {
        if Path::new(&absent.path).symlink_metadata().is_ok() {
            return Err(Unready::NotConfined(format!("`{}` is there: {}", absent.path, absent.because)));
        }
    }
    if adapter.isolation.user_namespaces && cfg!(target_os = "linux") {
        match user_namespaces() {
            Namespaces::Forbidden(setting) => {
                return Err(Unready::NotConfined(format!(
                    "its sandbox needs user namespaces, which this system does not allow (`{setting}`)"
                )));
            }
            // Settings do not show everything that may forbid it, so it is tried.
            Namespaces::Untold if can_make_namespaces(with) => {}
            Namespaces::Untold if has_privileged_helper() => {
                let why = "its sandbox needs user namespaces, and making one failed; perhaps the system's `bwrap` can";
                warnings.push(why.to_owned());
            }
            Namespaces::Untold => {
                let why = "its sandbox needs user namespaces, and making one failed: it would review without reading anything";
                return Err(Unready::NotConfined(why.to_owned()));
            }
        }
    }
    Ok(())
}

enum Namespaces {
    /// No setting forbids them.
    Untold,
    Forbidden(&'static str),
}

/// What the kernel's settings say.
fn user_namespaces() -> Namespaces {
    let is = |path: &str, value: &str| std::fs::read_to_string(path).is_ok_and(|text| text.trim() == value);
    if is("/proc/sys/user/max_user_namespaces", "0") {
        Namespaces::Forbidden("user.max_user_namespaces = 0")
    } else if is("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        Namespaces::Forbidden("kernel.unprivileged_userns_clone = 0")
    } else {
        Namespaces::Untold
    }
}

/// Runs nothing of anybody's in a namespace of its own, and tells whether that worked.
fn can_make_namespaces(with: &Preflight<'_>) -> bool {
    let Ok(folder) = tempfile::Builder::new().prefix("namespaces-").tempdir_in(with.scratch) else {
        return false;
    };
    let process = folder.path().join("process");
    std::fs::create_dir(&process).is_ok()
        && supervise::probe(with.keeper, &process).level == Some(supervise::Level::Namespace)
}

/// A `bwrap` that needs no user namespaces, because the system gave it its rights.
#[cfg(unix)]
fn has_privileged_helper() -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let is_privileged =
        |path: &str| std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o4000 != 0);
    ["/usr/bin/bwrap", "/usr/local/bin/bwrap"].into_iter().any(is_privileged)
}

#[cfg(not(unix))]
fn has_privileged_helper() -> bool {
    false
}

/// Starts the program to ask its version: under a keeper, in an empty folder, with nothing but harmless variables.
fn ask_version(adapter: &Adapter, found: &Found, with: &Preflight<'_>) -> Result<String, Unready> {
    let broken = |why: String| Unready::Broken(why);
    let folder = tempfile::Builder::new()
        .prefix("version-")
        .tempdir_in(with.scratch)
        .map_err(|error| broken(format!("no folder to ask its version in: {error}")))?;
    let empty = folder.path().join("empty");
    let process = folder.path().join("process");
    for path in [&empty, &process] {
        std::fs::create_dir(path)
            .map_err(|error| broken(format!("no folder to ask its version in: {error}")))?;
    }
    let mut environment = supervise::harmless_environment(&[]);
    let plain = adapter.run.set.iter().filter(|(_, value)| !value.contains('{'));
    environment.extend(plain.map(|(name, value)| (name.into(), value.into())));
    let words = adapter.detect.version_args.iter().map(Into::into);
    let program = Program {
        command: std::iter::once(found.program.clone().into_os_string()).chain(words).collect(),
        folder: empty,
        environment,
        stdin: Stdin::Null,
        run_folder: process,
        keeper: with.keeper.clone(),
    };
    let limits = Limits { wall: with.limit, silence: with.limit, output: 1 << 16, ..Limits::default() };
    let outcome = supervise::run(&program, &limits, &Cancel::new(), &mut |_| {});
    let printed = std::fs::read(&outcome.stdout).unwrap_or_default();
    let printed = String::from_utf8_lossy(&printed);
    let first = printed.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match adapter.detect.version.0.captures(first).and_then(|found| found.get(1)) {
        Some(version) => Ok(version.as_str().to_owned()),
        None if outcome.exit.is_none() => {
            Err(broken(format!("it did not tell its version within {} s", with.limit.as_secs())))
        }
        None => Err(broken(format!(
            "another program of that name: asked for its version it printed {:?}",
            first.chars().take(60).collect::<String>()
        ))),
    }
}
