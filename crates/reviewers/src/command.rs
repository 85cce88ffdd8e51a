//! Asks one command: its own checkout, its prompt and diff as files, supervision around it.
//!
//! In: a request with everything pinned. Out: an [`Attempt`]. Never reads the answer and never runs anything from the
//! reviewed tree: the command comes from configuration the user trusts.

use std::path::Path;
use std::time::Instant;

use config::{Output, Placeholder, ReviewerSettings};
use model::{Ending, ReviewerKind};
use redaction::Secrets;
use supervise::{Cancel, Limits, Program, Progress};

use crate::Attempt;
use crate::agent::{own_hosts, shown};
use crate::confine::{Confined, Who};
use crate::desk::{CommandRequest, Desk, Telling, guarded};

/// How much of a reviewer's standard error is kept with the run.
pub(crate) const STDERR_KEPT: u64 = 64 * 1024;

/// Asks one command and returns when it ended, was ended, or could not be started.
pub fn ask_command(
    request: &CommandRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Attempt {
    let started = Instant::now();
    let attempt = Attempt::begun(request.name, ReviewerKind::Agent, request.settings);
    attempt.after(started, |attempt| ask(request, cancel, progress, attempt))
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
    let telling = Telling { is_prompted: takes_prompt(request.settings), is_absolute: false };
    let desk = Desk::set(request, telling, attempt)?;
    let program = program(request, &request.settings.command, &desk)?;
    let secrets = Secrets::of(&program.environment);
    let confined = confined(request, program, &desk, attempt)?;
    let limits = confined.limits(limits(request.settings));
    let outcome = supervise::run(&confined.program, &limits, cancel, progress);
    confined.end(attempt, &secrets);
    attempt.ending = outcome.ending;
    attempt.exit = outcome.exit;
    attempt.signal = outcome.signal;
    attempt.tree_gone = Some(outcome.tree_gone);
    attempt.notes.extend(outcome.notes.iter().cloned());
    attempt.stderr = secrets.redact_log(read_end(&outcome.stderr, STDERR_KEPT));
    let is_too_large = request.settings.output == Output::File
        && desk.output_file.symlink_metadata().is_ok_and(|file| file.len() > request.settings.output_limit);
    let answer = match request.settings.output {
        Output::Stdout => read_whole(&outcome.stdout, &mut attempt.notes),
        // Nobody watched it grow, and a few blocks of a disk can stand for more than memory holds.
        Output::File if is_too_large => Vec::new(),
        Output::File => read_whole(&desk.output_file, &mut attempt.notes),
    };
    // Quotes are looked up in the code: of an answer only our own keys go.
    attempt.answer = secrets.redact(answer);
    attempt.error = failure(&outcome, request.settings, attempt);
    if is_too_large && attempt.error.is_none() {
        attempt.ending = Ending::OutputLimit;
        let limit = config::format_bytes(request.settings.output_limit);
        attempt.error = Some(format!("its answer is larger than {limit}"));
    }
    desk.look_over(&mut attempt.notes);
    Ok(())
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
    desk: &Desk,
) -> Result<Program, String> {
    let place = |placeholder: Placeholder| match placeholder {
        Placeholder::PromptFile => desk.prompt_file.as_os_str(),
        Placeholder::DiffFile => desk.diff_file.as_os_str(),
        Placeholder::Worktree => desk.worktree.as_os_str(),
        Placeholder::OutputFile => desk.output_file.as_os_str(),
        Placeholder::RunDir => request.folder.as_os_str(),
    };
    let command = words.iter().map(|word| config::parse_word(word).map(|word| word.fill(place)));
    Ok(Program {
        command: command
            .collect::<Result<_, _>>()
            .map_err(|(what, hint)| format!("its command is wrong: {what}; {hint}"))?,
        folder: desk.worktree.clone(),
        environment: guarded(supervise::harmless_environment(&request.settings.env)),
        stdin: match request.settings.stdin {
            config::Stdin::None => supervise::Stdin::Null,
            config::Stdin::Prompt => supervise::Stdin::File(desk.prompt_file.clone()),
        },
        run_folder: request.process.to_owned(),
        keeper: request.keeper.clone(),
    })
}

/// A command of the user's, behind a sandbox where it is to have one: then it sees what its table shows, and the files that its
/// own words name.
pub(crate) fn confined(
    request: &CommandRequest<'_>,
    program: Program,
    desk: &Desk,
    attempt: &mut Attempt,
) -> Result<Confined, String> {
    let settings = request.settings;
    let is_told = !settings.show.is_empty() || !settings.hosts.is_empty();
    if !request.settle(Who::Command(is_told), attempt)? {
        return Ok(Confined::open(program));
    }
    if let Some(why) = request.confinement.cannot_hold(settings) {
        return Err(format!("it was not asked, because a machine is required: {why}"));
    }
    // A command may be an agent, and then its own sandbox may need them.
    let mut needs = crate::confine::Needs { nests: true, ..desk.needs(request) };
    let named = program.command.iter().map(std::path::PathBuf::from);
    needs.read.extend(named.filter(|path| path.is_absolute() && path.is_file()));
    needs.shown = shown(settings, request.environment);
    needs.rules.hosts = own_hosts(settings)?;
    needs.door = request.confinement.door();
    request.confinement.confine(program, needs)
}

pub(crate) fn limits(settings: &ReviewerSettings) -> Limits {
    Limits {
        wall: settings.timeout,
        silence: settings.silence,
        output: settings.output_limit,
        memory: Some(settings.memory_limit),
        ..Limits::default()
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
