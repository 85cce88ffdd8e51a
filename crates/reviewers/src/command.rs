//! Asks one command: its own checkout, its prompt and diff as files, supervision around it.
//!
//! In: a request with everything pinned. Out: an [`Attempt`]. Never reads the answer and never runs anything from the
//! reviewed tree: the command comes from configuration the user trusts.

use std::path::{Path, PathBuf};
use std::time::Instant;

use config::{Output, Placeholder, ReviewerSettings};
use git::{Checkout, Repository};
use model::{Ending, FileDiff, Receipt, ReviewerKind, RunId, Target};
use supervise::{Cancel, Keeper, Limits, Program, Progress};

use crate::Attempt;
use crate::agent::stripped_paths;
use crate::prompt::{Briefing, PromptInput, canary, prompt, unified_diff};

/// The name of the checkout in a reviewer's folder.
pub const CHECKOUT: &str = "checkout";

/// The folder inside a checkout that holds prompt, diff and answer. Git there is told to ignore it.
const EXCHANGE: &str = ".deep-review";

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
}

/// How much of a reviewer's standard error is kept with the run.
pub(crate) const STDERR_KEPT: u64 = 64 * 1024;

/// Asks one command and returns when it ended, was ended, or could not be started.
pub fn ask_command(
    request: &CommandRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Attempt {
    let started = Instant::now();
    let mut attempt = Attempt {
        name: request.name.to_owned(),
        kind: ReviewerKind::Agent,
        quorum: request.settings.quorum,
        model: request.settings.model.clone(),
        effort: request.settings.effort.clone(),
        ending: Ending::NotStarted,
        ..Attempt::default()
    };
    if let Err(why) = ask(request, cancel, progress, &mut attempt) {
        attempt.ending = Ending::NotStarted;
        attempt.error = Some(why);
    }
    attempt.ms = started.elapsed().as_millis() as u64;
    attempt
}

fn ask(
    request: &CommandRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
    attempt: &mut Attempt,
) -> Result<(), String> {
    if request.settings.command.is_empty() {
        return Err(format!("no command is configured: set `reviewers.{}.command`", request.name));
    }
    let worktree = request.folder.join(CHECKOUT);
    let checkout = checkout(request, &worktree, &mut attempt.notes)?;
    let exchange = Exchange::prepare(request, &worktree, takes_prompt(request.settings), false)?;
    attempt.roots = roots(&worktree);
    attempt.prompt = exchange.prompt.as_ref().map(|(text, _)| text.clone());
    attempt.canary = exchange.prompt.as_ref().map(|(_, canary)| canary.clone());
    attempt.receipt = receipt(request);

    let before =
        checkout.fingerprint().map_err(|error| format!("its checkout could not be read: {error}"))?;
    let program = program(request, &request.settings.command, &worktree, &exchange)?;
    let outcome = supervise::run(&program, &limits(request.settings), cancel, progress);
    attempt.ending = outcome.ending;
    attempt.exit = outcome.exit;
    attempt.signal = outcome.signal;
    attempt.tree_gone = Some(outcome.tree_gone);
    attempt.notes.extend(outcome.notes.iter().cloned());
    attempt.stderr = read_end(&outcome.stderr, STDERR_KEPT);
    attempt.answer = match request.settings.output {
        Output::Stdout => read_whole(&outcome.stdout, &mut attempt.notes),
        Output::File => read_whole(&exchange.output_file, &mut attempt.notes),
    };
    attempt.error = failure(&outcome, request.settings, attempt);
    match checkout.changed_since(&before) {
        Ok(changed) => note_edits(&changed, &exchange.name, &mut attempt.notes),
        Err(error) => attempt.notes.push(format!("whether it changed its checkout is unknown: {error}")),
    }
    Ok(())
}

/// A throw-away checkout without the files that steer agents.
pub(crate) fn checkout(
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
    Ok(checkout)
}

/// The files that travel between us and the reviewer.
pub(crate) struct Exchange {
    pub(crate) name: String,
    pub(crate) prompt_file: PathBuf,
    pub(crate) diff_file: PathBuf,
    pub(crate) output_file: PathBuf,
    pub(crate) prompt: Option<(String, String)>,
}

impl Exchange {
    /// Writes them. `is_prompted` tells whether the reviewer reads the prompt, `is_absolute` how the diff is named in it:
    /// a reviewer that starts elsewhere needs the whole path.
    pub(crate) fn prepare(
        request: &CommandRequest<'_>,
        worktree: &Path,
        is_prompted: bool,
        is_absolute: bool,
    ) -> Result<Self, String> {
        let folder = free_folder(worktree);
        std::fs::create_dir(&folder)
            .map_err(|error| format!("its exchange folder could not be made: {error}"))?;
        let exclude = worktree.join(".git/info/exclude");
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        write(&exclude, format!("/{name}/\n").as_bytes())?;
        let mut exchange = Self {
            name: name.clone(),
            prompt_file: folder.join("prompt.md"),
            diff_file: folder.join("change.diff"),
            output_file: folder.join("review.md"),
            prompt: None,
        };
        write(&exchange.diff_file, unified_diff(request.diff).as_bytes())?;
        let told = format!("the file `{name}/review.md`");
        let to_file = request.settings.output == Output::File;
        let (diff_file, checkout) = if is_absolute {
            (exchange.diff_file.display().to_string(), worktree.display().to_string())
        } else {
            (format!("{name}/change.diff"), "the current directory".to_owned())
        };
        let input = PromptInput {
            target: request.target,
            canary: &canary(request.run, request.name),
            checkout: &checkout,
            diff_file: &diff_file,
            output_file: to_file.then_some(told.as_str()),
            prior: request.prior,
            briefing: request.briefing,
        };
        let text = prompt(&input).map_err(|error| format!("its prompt could not be made: {error}"))?;
        write(&exchange.prompt_file, text.text.as_bytes())?;
        if is_prompted {
            exchange.prompt = Some((text.text, text.canary));
        }
        Ok(exchange)
    }
}

/// A tracked folder may already have our name; the reviewer is told the one that was free.
fn free_folder(worktree: &Path) -> PathBuf {
    (0..1000_u32)
        .map(|n| worktree.join(if n == 0 { EXCHANGE.to_owned() } else { format!("{EXCHANGE}-{n}") }))
        .find(|path| path.symlink_metadata().is_err())
        .expect("no tree has a thousand folders of that name")
}

fn takes_prompt(settings: &ReviewerSettings) -> bool {
    settings.stdin == config::Stdin::Prompt
        || settings
            .command
            .iter()
            .filter_map(|word| config::parse_word(word).ok())
            .any(|word| word.placeholders().any(|placeholder| placeholder == Placeholder::PromptFile))
}

/// The program behind these words, with their placeholders filled.
pub(crate) fn program(
    request: &CommandRequest<'_>,
    words: &[String],
    worktree: &Path,
    exchange: &Exchange,
) -> Result<Program, String> {
    let place = |placeholder: Placeholder| match placeholder {
        Placeholder::PromptFile => exchange.prompt_file.as_os_str(),
        Placeholder::DiffFile => exchange.diff_file.as_os_str(),
        Placeholder::Worktree => worktree.as_os_str(),
        Placeholder::OutputFile => exchange.output_file.as_os_str(),
        Placeholder::RunDir => request.folder.as_os_str(),
    };
    let command = words.iter().map(|word| config::parse_word(word).map(|word| word.fill(place)));
    Ok(Program {
        command: command
            .collect::<Result<_, _>>()
            .map_err(|(what, hint)| format!("its command is wrong: {what}; {hint}"))?,
        folder: worktree.to_owned(),
        environment: supervise::harmless_environment(&request.settings.env),
        stdin: match request.settings.stdin {
            config::Stdin::None => supervise::Stdin::Null,
            config::Stdin::Prompt => supervise::Stdin::File(exchange.prompt_file.clone()),
        },
        run_folder: request.process.to_owned(),
        keeper: request.keeper.clone(),
    })
}

pub(crate) fn limits(settings: &ReviewerSettings) -> Limits {
    Limits {
        wall: settings.timeout,
        silence: settings.silence,
        output: settings.output_limit,
        ..Limits::default()
    }
}

pub(crate) fn receipt(request: &CommandRequest<'_>) -> Receipt {
    let changed = &request.target.changed;
    Receipt {
        base: Some(request.target.merge_base.clone()),
        head: Some(request.target.head.clone()),
        files_shown: changed.len() as u32,
        lines_shown: changed.iter().map(|file| file.added + file.removed).sum(),
        ..Receipt::default()
    }
}

fn failure(outcome: &supervise::Outcome, settings: &ReviewerSettings, attempt: &Attempt) -> Option<String> {
    let how = match outcome.ending {
        // Who cancels knows why.
        Ending::Finished | Ending::Leaky | Ending::Cancelled => return None,
        Ending::Failed => match (outcome.exit, outcome.signal) {
            (Some(code), _) => format!("exited with code {code}"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "failed".to_owned(),
        },
        _ => ended_by(outcome, settings),
    };
    let said = last_words(&attempt.stderr).or_else(|| last_words(&attempt.answer));
    Some(match said {
        Some(words) if outcome.ending == Ending::Failed => format!("{how}: {words}"),
        _ => how,
    })
}

/// What a limit of ours, or our own trouble, did to it.
pub(crate) fn ended_by(outcome: &supervise::Outcome, settings: &ReviewerSettings) -> String {
    match outcome.ending {
        Ending::TimedOut => {
            format!("it took longer than its limit of {}", config::format_duration(settings.timeout))
        }
        Ending::Stalled => format!("it wrote nothing for {}", config::format_duration(settings.silence)),
        Ending::OutputLimit => {
            format!("it wrote more than {}", config::format_bytes(settings.output_limit))
        }
        ending => outcome.notes.last().cloned().unwrap_or_else(|| ending.as_str().to_owned()),
    }
}

/// The last line somebody wrote, as one short line: usually the reason.
pub(crate) fn last_words(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    let short: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    Some(short.trim().to_owned())
}

pub(crate) fn note_edits(changed: &[String], exchange: &str, notes: &mut Vec<String>) {
    let ours = format!("{exchange}/");
    let changed: Vec<&String> = changed.iter().filter(|path| !path.starts_with(&ours)).collect();
    if changed.is_empty() {
        return;
    }
    let (shown, more) = first_few(&changed);
    notes.push(format!("it changed its checkout: {shown}{more}"));
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

pub(crate) fn read_whole(path: &Path, notes: &mut Vec<String>) -> Vec<u8> {
    // A reviewer may put a link or a device where its answer should be; only a plain file is an answer.
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => std::fs::read(path).unwrap_or_else(|error| {
            notes.push(format!("its answer could not be read: {error}"));
            Vec::new()
        }),
        Ok(_) => {
            notes.push("its answer is not a plain file and was not read".to_owned());
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}

pub(crate) fn read_end(path: &Path, limit: u64) -> Vec<u8> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let Ok(mut file) = std::fs::File::open(path) else { return Vec::new() };
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::new();
    if file.seek(SeekFrom::Start(length.saturating_sub(limit))).is_ok() {
        // What cannot be read of a log is not worth failing for; the answer itself is read elsewhere.
        drop(file.take(limit).read_to_end(&mut bytes));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_written_is_taken_as_the_reason() {
        assert_eq!(last_words(b"starting\nquota exceeded\n\n").as_deref(), Some("quota exceeded"));
        assert_eq!(last_words(b"\x1b[31mred\n").as_deref(), Some("[31mred"));
        assert_eq!(last_words(b"\n \n"), None);
    }
}
