//! Where one program reviews: a throw-away checkout with prompt and diff as files in it, looked over before and afterwards.
//!
//! In: a request with everything pinned. Out: a [`Desk`], and what the program changed in it. Never starts the program, and
//! runs nothing of the reviewed tree.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use config::{Environment, Output, ReviewerSettings};
use git::{Checkout, Fingerprint, Repository};
use model::{Failure, FailureClass, FileDiff, Receipt, RunId, Target};
use supervise::Keeper;

use crate::Attempt;
use crate::agent::stripped_paths;
use crate::background;
use crate::confine::{Confinement, Decision, Needs, Who, borrowed};
use crate::prompt::{Briefing, PromptInput, canary, prompt, unified_diff};

/// The name of the checkout in a reviewer's folder.
pub const CHECKOUT: &str = "checkout";

/// The folder inside a checkout that holds prompt, diff and answer. Git there is told to ignore it.
const EXCHANGE: &str = ".deep-review";

/// The file with the project's own documents.
const BACKGROUND: &str = "background.md";

/// Everything needed to ask one command.
#[derive(Debug)]
pub struct CommandRequest<'a> {
    /// The reviewer's name in this run.
    pub name: &'a str,
    /// How to call it.
    pub settings: &'a ReviewerSettings,
    /// The repository, for the checkout.
    pub repository: &'a Repository,
    /// What is under review.
    pub target: &'a Target,
    /// The change.
    pub diff: &'a [FileDiff],
    /// Which run asks.
    pub run: &'a RunId,
    /// A fresh folder for this reviewer alone, for its checkout. Removed by whoever made it.
    pub folder: &'a Path,
    /// A fresh folder for the record of its process and its spooled output.
    pub process: &'a Path,
    /// The keeper program.
    pub keeper: &'a Keeper,
    /// Findings of earlier rounds that want a status.
    pub prior: &'a [String],
    /// What it is told besides.
    pub briefing: &'a Briefing,
    /// How programs are confined.
    pub confinement: &'a Confinement,
    /// The user's environment.
    pub environment: &'a Environment,
}

impl CommandRequest<'_> {
    /// Whether its program is confined; where it is not, the attempt says why. `Err` where it must not run.
    pub(crate) fn settle(&self, who: Who<'_>, attempt: &mut Attempt) -> Result<bool, String> {
        match self.confinement.decide(who) {
            Decision::Confined => {
                attempt.notes.extend(self.confinement.reservation());
                Ok(true)
            }
            Decision::Open(why) => {
                if self.confinement.is_foreign {
                    attempt.notes.push(format!("it ran without a sandbox: {why}"));
                }
                Ok(false)
            }
            Decision::Refused(why) => {
                let message = format!("it was not asked, because a sandbox is required: {why}");
                attempt.failure = Some(Failure {
                    class: FailureClass::Sandbox,
                    message: message.clone(),
                    retry_after_ms: None,
                });
                Err(message)
            }
        }
    }
}

/// Whether and how a program is told where its files are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Telling {
    /// It reads the prompt.
    pub(crate) is_prompted: bool,
    /// It starts elsewhere than in its checkout and needs whole paths.
    pub(crate) is_absolute: bool,
}

/// A checkout, ready to be worked in.
pub(crate) struct Desk {
    checkout: Checkout,
    before: Fingerprint,
    pub(crate) worktree: PathBuf,
    /// The exchange folder's name.
    name: String,
    pub(crate) prompt_file: PathBuf,
    pub(crate) diff_file: PathBuf,
    pub(crate) output_file: PathBuf,
}

impl Desk {
    /// Makes the checkout without the files that steer agents, writes prompt and diff into it, and tells the attempt what its
    /// reviewer is given.
    pub(crate) fn set(
        request: &CommandRequest<'_>,
        telling: Telling,
        attempt: &mut Attempt,
    ) -> Result<Self, String> {
        let worktree = request.folder.join(CHECKOUT);
        let checkout = checkout(request, &worktree, &mut attempt.notes)?;
        let folder = free_folder(&worktree);
        std::fs::create_dir(&folder)
            .map_err(|error| format!("its exchange folder could not be made: {error}"))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        write(&worktree.join(".git/info/exclude"), format!("/{name}/\n").as_bytes())?;
        let (prompt_file, diff_file) = (folder.join("prompt.md"), folder.join("change.diff"));
        write(&diff_file, unified_diff(&request.briefing.given(request.diff)).as_bytes())?;
        if let Some(text) = background::document(&request.briefing.background, background::OF_ALL) {
            write(&folder.join(BACKGROUND), text.as_bytes())?;
        }
        let written = instructions(request, &worktree, &name, telling)?;
        write(&prompt_file, written.text.as_bytes())?;
        if telling.is_prompted {
            attempt.prompt = Some(written.text);
            attempt.canary = Some(written.canary);
        }
        attempt.roots = roots(&worktree);
        attempt.receipt = receipt(request.target, request.briefing);
        let before =
            checkout.fingerprint().map_err(|error| format!("its checkout could not be read: {error}"))?;
        let output_file = folder.join("review.md");
        Ok(Self { checkout, before, worktree, name, prompt_file, diff_file, output_file })
    }

    /// What its program needs in a sandbox: to read the checkout and the objects that it borrows, and to write its answer.
    pub(crate) fn needs(&self, request: &CommandRequest<'_>) -> Needs {
        let mut read = borrowed(&self.worktree);
        read.push(self.worktree.clone());
        let to_file = request.settings.output == Output::File;
        let exchange = self.output_file.parent().filter(|_| to_file).map(Path::to_owned);
        Needs {
            read,
            write: exchange.into_iter().collect(),
            private: request.folder.join("sandbox"),
            ..Needs::default()
        }
    }

    /// Looks the checkout over and notes what was changed in it.
    pub(crate) fn look_over(&self, notes: &mut Vec<String>) {
        let ours = format!("{}/", self.name);
        match self.checkout.changed_since(&self.before) {
            Ok(changed) => {
                let changed: Vec<&String> = changed.iter().filter(|path| !path.starts_with(&ours)).collect();
                if !changed.is_empty() {
                    let (shown, more) = first_few(&changed);
                    notes.push(format!("it changed its checkout: {shown}{more}"));
                }
            }
            Err(error) => notes.push(format!("whether it changed its checkout is unknown: {error}")),
        }
    }
}

fn instructions(
    request: &CommandRequest<'_>,
    worktree: &Path,
    name: &str,
    telling: Telling,
) -> Result<crate::Prompt, String> {
    let told = format!("the file `{name}/review.md`");
    let to_file = request.settings.output == Output::File;
    let at = |file: &str| {
        if telling.is_absolute {
            worktree.join(name).join(file).display().to_string()
        } else {
            format!("{name}/{file}")
        }
    };
    let checkout =
        if telling.is_absolute { worktree.display().to_string() } else { "the current directory".to_owned() };
    let (diff_file, background_file) = (at("change.diff"), at(BACKGROUND));
    let has_background = worktree.join(name).join(BACKGROUND).is_file();
    let input = PromptInput {
        target: request.target,
        canary: &canary(request.run, request.name),
        checkout: &checkout,
        diff_file: &diff_file,
        background_file: has_background.then_some(background_file.as_str()),
        output_file: to_file.then_some(told.as_str()),
        prior: request.prior,
        briefing: request.briefing,
    };
    prompt(&input).map_err(|error| format!("its prompt could not be made: {error}"))
}

fn checkout(
    request: &CommandRequest<'_>,
    worktree: &Path,
    notes: &mut Vec<String>,
) -> Result<Checkout, String> {
    let failed = |error: git::Error| format!("its checkout could not be made: {error}");
    let checkout = request.repository.checkout(request.target, worktree).map_err(failed)?;
    notes.extend(checkout.notes().iter().cloned());
    let stripped = checkout.strip(&stripped_paths()).map_err(failed)?;
    if !stripped.is_empty() {
        let (shown, more) = first_few(&stripped.iter().collect::<Vec<_>>());
        notes.push(format!(
            "files that configure or instruct agents were left out of its checkout (a change of them is in its diff): \
             {shown}{more}"
        ));
    }
    notes.extend(held_links(&checkout).map_err(failed)?);
    Ok(checkout)
}

/// Keeps links inside the checkout, and says so.
pub(crate) fn held_links(checkout: &Checkout) -> git::Result<Option<String>> {
    let held = checkout.keep_links_inside()?;
    if held.is_empty() {
        return Ok(None);
    }
    let (shown, more) = first_few(&held.iter().collect::<Vec<_>>());
    Ok(Some(format!("links that lead out of the tree are plain files in its checkout: {shown}{more}")))
}

/// What git is told wherever a reviewer uses it: a folder of the tree that looks like a repository is none, and no configuration
/// found there names a program that runs.
const GIT_GUARD: &[(&str, &str)] =
    &[("safe.bareRepository", "explicit"), ("core.fsmonitor", "false"), ("core.hooksPath", "/dev/null")];

/// Adds what keeps git from running what the reviewed tree names.
pub(crate) fn guarded(mut environment: Vec<(OsString, OsString)>) -> Vec<(OsString, OsString)> {
    // Whoever lets variables of git through means them.
    if environment.iter().any(|(name, _)| name == "GIT_CONFIG_COUNT") {
        return environment;
    }
    let mut set = |name: String, value: &str| environment.push((name.into(), value.into()));
    set("GIT_CONFIG_COUNT".to_owned(), &GIT_GUARD.len().to_string());
    for (at, (key, value)) in GIT_GUARD.iter().enumerate() {
        set(format!("GIT_CONFIG_KEY_{at}"), key);
        set(format!("GIT_CONFIG_VALUE_{at}"), value);
    }
    set("GIT_TERMINAL_PROMPT".to_owned(), "0");
    environment
}

/// A tracked folder may already have our name; the reviewer is told the one that was free.
fn free_folder(worktree: &Path) -> PathBuf {
    (0..1000_u32)
        .map(|n| worktree.join(if n == 0 { EXCHANGE.to_owned() } else { format!("{EXCHANGE}-{n}") }))
        .find(|path| path.symlink_metadata().is_err())
        .expect("no tree has a thousand folders of that name")
}

/// What a reviewer is given.
fn receipt(target: &Target, briefing: &Briefing) -> Receipt {
    let given = briefing.files(target);
    Receipt {
        base: Some(target.merge_base.clone()),
        head: Some(target.head.clone()),
        files_shown: given.len() as u32,
        lines_shown: given.iter().map(|file| file.added + file.removed).sum(),
        ..Receipt::default()
    }
}

/// The first five of a list, and how many there are besides.
fn first_few(all: &[impl std::ops::Deref<Target = String>]) -> (String, String) {
    let shown: Vec<&str> = all.iter().take(5).map(|path| path.as_str()).collect();
    let more = all.len() - shown.len();
    (shown.join(", "), if more > 0 { format!(" and {more} more") } else { String::new() })
}

/// Spellings of the checkout's root that an answer may contain.
pub(crate) fn roots(worktree: &Path) -> Vec<String> {
    let mut roots = vec![worktree.to_string_lossy().into_owned()];
    if let Ok(real) = worktree.canonicalize() {
        roots.push(real.to_string_lossy().into_owned());
    }
    roots.dedup();
    roots
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .map_err(|error| format!("a folder for it could not be made: {error}"))?;
    }
    std::fs::write(path, bytes).map_err(|error| {
        format!("`{}` could not be written: {error}", path.file_name().unwrap_or_default().display())
    })
}
