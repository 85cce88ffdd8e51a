//! Asks one model over HTTP: the change in its prompt, read-only tools, parts where it does not fit.
//!
//! In: a request with everything pinned. Out: an [`Attempt`] whose answer is the model's last word. Never judges the answer,
//! and never asks again after a failure, but with less at a time where the model says that it was too much.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use config::{Environment, PriceSettings, ReviewerSettings};
use git::Snapshot;
use model::{Ending, Failure, FailureClass, Receipt, ReviewerKind, RunId, Spend};
use supervise::Cancel;

use super::endpoint::{Endpoint, endpoint};
use super::hearing::BYTES_PER_TOKEN;
use super::merge::merge;
use super::parts::{Part, parts};
use super::seen::Seen;
use super::talk::{Stopped, Talk};
use super::tape::Tape;
use crate::budget::{Budget, Purse};
use crate::prices::price;
use crate::prompt::{Briefing, PromptInput, canary, one_line, prompt};
use crate::{Attempt, Doing};

/// Everything needed to ask one model.
#[derive(Debug)]
pub struct ModelRequest<'a> {
    /// The reviewer's name in this run.
    pub name: &'a str,
    /// Whom to ask and how.
    pub settings: &'a ReviewerSettings,
    /// The change, and the repository around it, at the pinned commits.
    pub snapshot: &'a Snapshot,
    /// Findings of earlier rounds that want a status.
    pub prior: &'a [String],
    /// What it is told besides.
    pub briefing: &'a Briefing,
    /// Where its key stands.
    pub environment: &'a Environment,
    /// What may be spent.
    pub budget: &'a Budget,
    /// The user's own prices.
    pub prices: &'a std::collections::BTreeMap<String, PriceSettings>,
}

/// What the sentence about an endpoint says where it is the key that is missing.
pub(super) const BY_KEY: &str = "key";

/// Asks one model and returns when it answered, was ended, or could not be asked. `progress` is told bytes received and
/// what the model is doing.
pub fn ask_model(
    request: &ModelRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64, Doing),
) -> Attempt {
    let started = Instant::now();
    let settings = request.settings;
    let purse = request.budget.purse(request.name);
    let mut attempt = Attempt::begun(request.name, ReviewerKind::Model, settings);
    let found = match (endpoint(settings, request.environment), &settings.replay) {
        // A replay sends nothing, so it needs no key.
        (Err(_), Some(_)) => endpoint(&without_key(settings), request.environment),
        (found, _) => found,
    };
    match found {
        Ok(endpoint) => ask(request, &endpoint, &purse, started, cancel, progress, &mut attempt),
        Err(why) => {
            let class = if why.contains(BY_KEY) { FailureClass::Auth } else { FailureClass::Configuration };
            attempt.failure = Some(Failure { class, message: why.clone(), retry_after_ms: None });
            attempt.error = Some(why);
        }
    }
    attempt.ms = started.elapsed().as_millis() as u64;
    purse.charge(&Spend { ms: attempt.ms, ..Spend::default() });
    attempt
}

fn without_key(settings: &ReviewerSettings) -> ReviewerSettings {
    let url = settings.url.clone().or_else(|| Some("http://127.0.0.1:9".to_owned()));
    ReviewerSettings { url, key_env: None, ..settings.clone() }
}

fn ask(
    request: &ModelRequest<'_>,
    endpoint: &Endpoint,
    purse: &Purse,
    started: Instant,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64, Doing),
    attempt: &mut Attempt,
) {
    let settings = request.settings;
    let price = price(request.prices, endpoint.api, endpoint.is_vendor, &endpoint.model);
    attempt.notes.extend(endpoint.warnings.iter().cloned());
    if price.is_none() && purse.is_limited_in_money() {
        attempt.notes.push(
            "its price is not known, so budgets in money do not hold it (`[prices]` tells one)".to_owned(),
        );
    }
    let tape = match (&settings.record, &settings.replay) {
        (_, Some(folder)) => Tape::Replay(folder.clone()),
        (Some(folder), None) => Tape::Record(folder.clone()),
        (None, None) => Tape::Off,
    };
    let mut talk = Talk {
        endpoint,
        settings,
        snapshot: request.snapshot,
        purse,
        price: price.as_ref(),
        tape: &tape,
        cancel,
        deadline: started + settings.timeout.min(Duration::from_hours(30 * 24)),
        progress,
        seen: Seen::default(),
    };
    let mut asking = Asking::new(request);
    asking.all(&mut talk, attempt);
    let seen = talk.seen;
    attempt.answer = merge(&asking.answers).into_bytes();
    attempt.stream = endpoint.without_key(&seen.transcript).into_bytes();
    attempt.tokens = seen.tokens();
    attempt.usd = seen.usd();
    attempt.model = seen.model.clone().or(attempt.model.take());
    asking.tell(attempt, &seen);
}

/// The parts of a change on their way through a model.
struct Asking<'a> {
    request: &'a ModelRequest<'a>,
    canary: String,
    waiting: VecDeque<Part>,
    answers: Vec<String>,
    unshown: Vec<String>,
    files: std::collections::BTreeSet<model::RepoPath>,
    lines: u32,
    /// Parts asked and to be asked.
    count: usize,
}

impl<'a> Asking<'a> {
    fn new(request: &'a ModelRequest<'a>) -> Self {
        // The same change gives the same request, so that a recorded one is found again and a vendor's cache helps.
        let target = request.snapshot.target();
        let seed = RunId::new(target.head.as_str()).expect("an object name is made of letters and digits");
        // Half of the context is for the change; the other half for instructions, tools and answer.
        let limit = request.settings.context_tokens.saturating_mul(BYTES_PER_TOKEN) / 2;
        let (parts, unshown) = if request.briefing.task.is_some() {
            // A question about one thing is asked once, whatever the size of the change.
            (vec![Part::default()], Vec::new())
        } else {
            parts(
                &request.briefing.given(request.snapshot.diff()),
                usize::try_from(limit).unwrap_or(usize::MAX),
            )
        };
        Self {
            request,
            canary: canary(&seed, request.name),
            count: parts.len(),
            waiting: parts.into(),
            answers: Vec::new(),
            unshown,
            files: std::collections::BTreeSet::new(),
            lines: 0,
        }
    }

    /// Asks about one part after the other, until one fails.
    fn all(&mut self, talk: &mut Talk<'_>, attempt: &mut Attempt) {
        attempt.canary = Some(self.canary.clone());
        while let Some(part) = self.waiting.pop_front() {
            let (text, timeless) = match self.prompts(&part) {
                Ok(texts) => texts,
                Err(why) => {
                    attempt.error = Some(format!("its prompt could not be made: {why}"));
                    return;
                }
            };
            attempt.prompt =
                Some(attempt.prompt.take().map_or(text.clone(), |before| format!("{before}\n\n{text}")));
            match talk.talk(&text, &timeless) {
                Ok(answer) => {
                    self.shown(&part);
                    self.answers.push(answer);
                }
                Err(stopped) => {
                    if self.smaller(&stopped, &part) {
                        continue;
                    }
                    return self.stop(stopped, attempt);
                }
            }
        }
        attempt.ending = Ending::Finished;
    }

    /// Puts the halves of a part in its place where it was too much for the model.
    fn smaller(&mut self, stopped: &Stopped, part: &Part) -> bool {
        let too_long = stopped.failure.as_ref().is_some_and(|why| why.class == FailureClass::ContextTooLong);
        let Some([first, second]) = part.halves().filter(|_| too_long) else { return false };
        self.waiting.push_front(second);
        self.waiting.push_front(first);
        self.count += 1;
        true
    }

    fn stop(&mut self, stopped: Stopped, attempt: &mut Attempt) {
        if !stopped.partial.trim().is_empty() {
            self.answers.push(stopped.partial);
        }
        let of = if self.count > 1 {
            format!("part {} of {}: ", self.count - self.waiting.len(), self.count)
        } else {
            String::new()
        };
        attempt.ending = stopped.ending;
        // Who cancels knows why, and says so.
        let cancelled = stopped.ending == Ending::Cancelled && stopped.failure.is_none();
        attempt.error = (!cancelled).then(|| format!("{of}{}", stopped.error));
        attempt.failure = stopped.failure;
    }

    fn shown(&mut self, part: &Part) {
        self.files.extend(part.files.iter().map(|file| file.path.clone()));
        self.lines += part.lines();
    }

    /// The prompt of one part, and the same without findings of earlier rounds.
    fn prompts(&self, part: &Part) -> Result<(String, String), String> {
        Ok((self.prompt(part, self.request.prior)?, self.prompt(part, &[])?))
    }

    /// The prompt of one part, the diff in it.
    fn prompt(&self, part: &Part, prior: &[String]) -> Result<String, String> {
        let request = self.request;
        // The diff takes half of the context, answers and tools need the rest: an eighth is left for this.
        let room = request.settings.context_tokens.saturating_mul(BYTES_PER_TOKEN) / 8;
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let background = crate::background::document(&request.briefing.background, room);
        let input = PromptInput {
            target: request.snapshot.target(),
            canary: &self.canary,
            checkout: if request.settings.tools { "through your tools" } else { "not at hand" },
            diff_file: if request.briefing.task.is_some() {
                "through your tools"
            } else {
                "at the end of this message"
            },
            background_file: background.is_some().then_some("at the end of this message"),
            output_file: None,
            prior,
            briefing: request.briefing,
        };
        let mut text = prompt(&input).map_err(|error| error.to_string())?.text;
        if request.briefing.task.is_some() {
            return Ok(text);
        }
        if self.count > 1 {
            let paths: Vec<String> = part.files.iter().map(|file| one_line(file.path.as_str())).collect();
            let _ = write!(
                text,
                "\n\n## Your part\n\nThe change is too large for one request. You are shown part {} of {}; other requests are about the \
                 rest. Review what is shown here; list other files as `not-reviewed`. Shown are:\n\n- {}\n",
                self.count - self.waiting.len(),
                self.count,
                paths.join("\n- ")
            );
        }
        if let Some(background) = background {
            let _ = write!(text, "\n\n## Background\n\n{background}");
        }
        text.push_str(&diff_section(&part.diff));
        Ok(text)
    }

    /// Writes into the attempt what was shown, what was not, and what it took.
    fn tell(&self, attempt: &mut Attempt, seen: &Seen) {
        let target = self.request.snapshot.target();
        attempt.receipt = Receipt {
            base: Some(target.merge_base.clone()),
            head: Some(target.head.clone()),
            files_shown: self.files.len() as u32,
            lines_shown: self.lines,
            ..Receipt::default()
        };
        if self.count > 1 {
            attempt.notes.push(format!(
                "the change does not fit into its context: it was asked about in {} parts",
                self.count
            ));
        }
        attempt.notes.extend(self.unshown.iter().cloned());
        let missing: Vec<&str> = self
            .request
            .briefing
            .files(target)
            .into_iter()
            .map(|file| &file.path)
            .filter(|path| !self.files.contains(*path))
            .map(model::RepoPath::as_str)
            .collect();
        let is_review = self.request.briefing.task.is_none();
        if is_review && !missing.is_empty() && attempt.ending != Ending::NotStarted {
            let shown: Vec<&str> = missing.iter().copied().take(5).collect();
            let more = missing.len() - shown.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            attempt.notes.push(format!("it gave no answer about {}{more}", shown.join(", ")));
        }
        attempt.tool_calls = seen.calls.iter().map(|(name, count)| (name.clone(), *count)).collect();
        if !seen.calls.is_empty() {
            let calls: Vec<String> =
                seen.calls.iter().map(|(name, count)| format!("{name} {count}")).collect();
            attempt.notes.push(format!("tools called: {}", calls.join(", ")));
        }
    }
}

/// The end of a prompt: the diff of a part, in a fence that nothing in it closes.
fn diff_section(diff: &str) -> String {
    let fence = fence(diff);
    format!("{DIFF_HEADING}{fence}diff\n{diff}{fence}\n")
}

const DIFF_HEADING: &str = "\n\n## The diff\n\n";

/// A prompt without the diffs in it: what a reviewer quotes of the change is not a copy of what it was told.
pub fn instructions(prompt: &str) -> String {
    let mut kept = String::new();
    let mut rest = prompt;
    while let Some(at) = rest.find(DIFF_HEADING) {
        let begin = at + DIFF_HEADING.len();
        let fence = &rest[begin..begin + rest[begin..].bytes().take_while(|byte| *byte == b'`').count()];
        let close = format!("\n{fence}\n");
        let end = (fence.len() >= 3).then(|| rest[begin..].find(&close).map(|end| begin + end + close.len()));
        kept.push_str(&rest[..at]);
        rest = &rest[end.flatten().unwrap_or(begin)..];
    }
    kept + rest
}

/// A fence that no line of the text can close.
pub(crate) fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_a_prompt_without_its_diffs() {
        let diff = "--- a/x.md\n+++ b/x.md\n+```\n+## The diff\n+```\n";
        let one = format!("Review this.{}", diff_section(diff));
        assert_eq!(instructions(&one), "Review this.");
        let two = format!("{one}\n\nAnd this.{}", diff_section("+x\n"));
        assert_eq!(instructions(&two), "Review this.\n\nAnd this.");
        assert_eq!(instructions("No diff in it."), "No diff in it.");
    }
}
