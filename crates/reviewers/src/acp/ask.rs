//! Asks one agent over the protocol: its own stripped checkout, the prompt as a message, its requests answered.
//!
//! In: a request with everything pinned. Out: an [`Attempt`] whose answer is what the agent said. The limits, the ending and
//! the proof that nothing is left are those of every program; only the conversation is different.

use std::cell::RefCell;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use model::{Ending, Failure, FailureClass, ReviewerKind, Spend};
use redaction::Secrets;
use serde_json::Value;
use supervise::{Cancel, Limits, Program, Progress, Pulse, Stdin, Unheard, Voice};

use super::dialogue::{Dialogue, Turn};
use crate::agent::{ProcessEnd, RAN_ON, STDERR_READ, Watched, end_when_it_runs_on, take};
use crate::command;
use crate::desk::{CommandRequest, Desk, Telling};
use crate::{Attempt, Doing};

/// How soon an agent that waits for an answer gets it.
const NEWS: Duration = Duration::from_millis(10);

/// Asks one agent and returns when it ended, was ended, or could not be started.
pub fn ask_acp(
    request: &CommandRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress, Doing),
) -> Attempt {
    let started = Instant::now();
    let attempt = Attempt::begun(request.name, ReviewerKind::Agent, request.settings);
    attempt.after(started, |attempt| ask(request, cancel, progress, attempt))
}

fn ask(
    request: &CommandRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress, Doing),
    attempt: &mut Attempt,
) -> Result<(), String> {
    if request.settings.model.is_some() || request.settings.effort.is_some() {
        let message = "an agent behind `acp` chooses its model by its own settings or arguments".to_owned();
        attempt.failure = Some(Failure {
            class: FailureClass::Configuration,
            message: message.clone(),
            retry_after_ms: None,
        });
        return Err(message);
    }
    let desk = Desk::set(request, Telling { is_prompted: true, is_absolute: true }, attempt)?;
    let prompt = attempt.prompt.clone().unwrap_or_default();
    let voice = Voice::new();
    let program = Program {
        stdin: Stdin::Dialogue(voice.clone()),
        ..command::program(request, &request.settings.acp, &desk)?
    };
    let secrets = Secrets::of(&program.environment);
    let mut dialogue = Dialogue::new(&desk.worktree, &prompt);
    let watched = converse(request, &program, &voice, &mut dialogue, cancel, progress);
    attempt.notes.extend(told(&dialogue).iter().map(|note| secrets.text(note)));
    let declined = dialogue.is_declined();
    take(attempt, &watched.concluded(dialogue), request.settings, &secrets);
    if declined && matches!(attempt.ending, Ending::Truncated | Ending::Empty) {
        attempt.ending = Ending::UnableToReview;
    }
    desk.look_over(&mut attempt.notes);
    Ok(())
}

/// Runs the program and talks with it.
fn converse(
    request: &CommandRequest<'_>,
    program: &Program,
    voice: &Voice,
    dialogue: &mut Dialogue<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress, Doing),
) -> Conversation {
    let stop = cancel.child();
    let doing = RefCell::new(Doing::default());
    let (done, ended) = channel();
    speak(voice, &dialogue.begin(), &stop);
    let outcome = std::thread::scope(|scope| {
        scope.spawn({
            let stop = &stop;
            move || end_when_it_runs_on(&ended, stop)
        });
        let done = done;
        let mut on_line = |line: &[u8]| {
            let turn: Turn = dialogue.hear(line);
            turn.say.iter().for_each(|message| speak(voice, message, &stop));
            if let Some(why) = turn.hopeless {
                stop.break_off(why);
            }
            if turn.done {
                // The end of its standard input tells it that nothing more is wanted.
                voice.end();
                // Nobody listens once it has ended.
                let _ = done.send(());
            }
            let mut doing = doing.borrow_mut();
            doing.calls = Some(dialogue.calls());
            if turn.doing.is_some() {
                doing.note = turn.doing;
            }
        };
        let limits = Limits { pulse: Pulse::Stdout, news: NEWS, ..command::limits(request.settings) };
        let mut on_news = |news: Progress| progress(news, doing.borrow().clone());
        supervise::run_watched(program, &limits, &stop, &mut on_news, Some(&mut on_line))
    });
    Conversation { stream: std::fs::read(&outcome.stdout).unwrap_or_default(), outcome }
}

/// Says a message. Where nobody listens, its end is noticed elsewhere; who does not read is ended.
fn speak(voice: &Voice, message: &Value, stop: &Cancel) {
    let mut line = message.to_string();
    line.push('\n');
    if let Err(unheard @ Unheard::Full) = voice.say(line.as_bytes()) {
        stop.break_off(unheard.to_string());
    }
}

/// A conversation that is over.
struct Conversation {
    outcome: supervise::Outcome,
    stream: Vec<u8>,
}

impl Conversation {
    fn concluded(mut self, mut dialogue: Dialogue<'_>) -> Watched {
        let reason = self.outcome.broken_off.as_deref();
        let ran_on = reason == Some(RAN_ON);
        if let Some(reason) = reason.filter(|_| !ran_on) {
            dialogue.broken_off(reason);
        }
        let stderr = command::read_end(&self.outcome.stderr, STDERR_READ);
        let end = ProcessEnd {
            exit: self.outcome.exit,
            signal: self.outcome.signal,
            stopped: self.outcome.stopped_by.is_some() && self.outcome.ending != Ending::Leaky,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        };
        let by_itself = self.outcome.ending == Ending::Failed && self.outcome.broken_off.is_none();
        if by_itself && dialogue.is_whole() {
            // The protocol says when an answer is whole; how a server leaves afterwards is its own affair.
            self.outcome.ending = Ending::Finished;
            self.outcome.notes.push("it ended badly after it had told its whole answer".to_owned());
        }
        let answer = dialogue.finish(&end);
        Watched {
            usd: answer.usd,
            answer,
            outcome: self.outcome,
            ran_on,
            stream: self.stream,
            // The protocol tells what was used only at the end of the turn.
            charged: Spend::default(),
            over: None,
        }
    }
}

/// What a reader should know about the conversation.
fn told(dialogue: &Dialogue<'_>) -> Vec<String> {
    let heard = &dialogue.heard;
    let who = heard.introduced.as_deref().unwrap_or("an agent that did not introduce itself");
    let mut notes = vec![format!(
        "asked over the Agent Client Protocol: {who}. Reads of its checkout were allowed and nothing else; what it does without asking is its own affair"
    )];
    if heard.served > 0 {
        notes.push(format!("files read through deep-review: {}", heard.served));
    }
    if !heard.refused.is_empty() {
        let shown: Vec<String> =
            heard.refused.iter().take(5).map(|(what, times)| format!("{what} ({times}×)")).collect();
        let more = heard.refused.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        notes.push(format!("it was refused {}{more}", shown.join(", ")));
    }
    notes
}
