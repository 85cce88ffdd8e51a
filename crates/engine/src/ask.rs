//! Asks every reviewer side by side.
//!
//! In: the roster and what is pinned. Out: one message a happening, ending with one answer a reviewer. A reviewer that fails,
//! hangs or panics costs only itself; one whose failure may pass is asked again.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use config::PriceSettings;
use model::{Ending, Failure, Receipt, ReviewDocument, ReviewerKind, ReviewerState, RunId, Tokens};
use reviewers::agent::Agents;
use reviewers::{Attempt, Budget, Confinement, Doing};
use supervise::{Cancel, Keeper};

use crate::hear::{Answered, hear, understand};
use crate::listen::AGAIN;
use crate::passes;
use crate::program::{Chair, ask_program, briefing, builtin_document};
use crate::retry::{Decision, Patience, decide, fraction};
use crate::roster::{Asked, BUILTIN, Import};
use crate::scrub::Scrub;
use crate::skips::Skips;
use crate::spending::kind;
use crate::turns::Turns;

/// What the askers tell the story.
pub(crate) enum News {
    /// A reviewer was started.
    Started(String),
    /// It wrote something.
    Wrote { reviewer: String, bytes: u64, doing: Doing },
    /// It failed in a way that may pass; it is asked again after the pause.
    Retry { answered: Box<Answered>, failure: Failure, wait: Duration },
    /// Its first pass ended, and a second begins. `others` are later tries of the first that say less than it.
    FirstPass { answered: Box<Answered>, others: Vec<Answered> },
    /// It ended. `others` are later tries of its last pass that say less than this one.
    Ended { answered: Box<Answered>, others: Vec<Answered> },
}

/// The folders of one reviewer.
pub(crate) struct Folders {
    /// For its checkout; outside the repository, fresh for each try.
    pub(crate) scratch: PathBuf,
    /// For the records of its processes, one folder a try; in the run folder, where the next start finds them.
    pub(crate) process: PathBuf,
    /// How often earlier processes of this run asked it in vain.
    pub(crate) asked_before: u32,
    /// The same of its second pass.
    pub(crate) asked_again_before: u32,
}

/// Ends the reviewers, and says why.
pub(crate) struct Stop {
    pub(crate) cancel: Cancel,
    /// Why they are ended, where it is not somebody outside who asked.
    pub(crate) why: OnceLock<String>,
    /// Ends single ones.
    pub(crate) skips: Skips,
}

impl Stop {
    fn reason(&self, reviewer: &str) -> &str {
        if self.skips_alone(reviewer) {
            return "a person skipped it";
        }
        self.why.get().map_or("the run was interrupted", String::as_str)
    }

    /// Whether a reviewer is ended because it is skipped, and not with everybody else.
    fn skips_alone(&self, reviewer: &str) -> bool {
        self.skips.is_skipped(reviewer) && !self.cancel.is_cancelled()
    }
}

/// What every asker needs.
pub(crate) struct Panel<'a> {
    pub(crate) repository: &'a git::Repository,
    pub(crate) snapshot: &'a git::Snapshot,
    pub(crate) run: &'a RunId,
    pub(crate) builtin: &'a builtin::Settings,
    /// The folder of the repository's own structural rules.
    pub(crate) rules: &'a str,
    pub(crate) keeper: &'a Keeper,
    /// Folders of each reviewer, in roster order.
    pub(crate) folders: Vec<Folders>,
    pub(crate) prior: &'a [String],
    /// What people declined, and what changed since the round before.
    pub(crate) declined: &'a [String],
    /// See `declined`.
    pub(crate) since: &'a [String],
    /// Which files are given; `None` for the whole change.
    pub(crate) scope: Option<&'a model::DeltaScope>,
    /// The project's own documents as they were before the change.
    pub(crate) background: Vec<reviewers::Background>,
    /// The agents that were found, and the user's prompts.
    pub(crate) agents: &'a Agents,
    /// Whether the built-in reviewers are asked, so that the others can be told what they found.
    pub(crate) builtin_asked: bool,
    /// What the built-in reviewers say; made by whoever needs it first.
    pub(crate) builtin_document: OnceLock<ReviewDocument>,
    /// Where to look first; made by whoever needs it first.
    pub(crate) attention: OnceLock<Vec<model::Attention>>,
    /// How programs are confined.
    pub(crate) confinement: &'a Confinement,
    /// What may be spent.
    pub(crate) budget: Budget,
    /// The user's own prices.
    pub(crate) prices: &'a BTreeMap<String, PriceSettings>,
    /// Whether who found something important is asked to look again.
    pub(crate) thorough: bool,
    /// First passes that stand, and are not followed by a second yet.
    pub(crate) first: BTreeMap<String, Answered>,
    pub(crate) scrub: &'a Scrub,
    pub(crate) turns: Turns,
    pub(crate) stop: Stop,
    /// When everybody is ended.
    pub(crate) deadline: Instant,
}

/// Asks those of the roster that are wanted, and returns when the last one ended. Each sends exactly one `Ended`.
pub(crate) fn ask_all(panel: &Panel<'_>, roster: &[Asked], wanted: &[usize], news: &Sender<News>) {
    std::thread::scope(|scope| {
        for at in wanted {
            scope.spawn(|| {
                let (answered, others) = ask_in_passes(panel, *at, &roster[*at], news);
                // The story may have stopped listening; there is nobody else to tell.
                drop(news.send(News::Ended { answered: Box::new(answered), others }));
            });
        }
    });
}

/// Asks one reviewer once, or twice where the first pass found something important and that is wanted.
fn ask_in_passes(
    panel: &Panel<'_>,
    at: usize,
    asked: &Asked,
    news: &Sender<News>,
) -> (Answered, Vec<Answered>) {
    let turn = |first| Asking { at, asked, first };
    let mut first = if let Some(first) = panel.first.get(asked.name()) {
        first.clone()
    } else {
        let (answered, others) = ask_until_done(panel, &turn(None), news);
        if !wants_another_pass(panel.thorough, asked, &answered) {
            return (answered, others);
        }
        drop(news.send(News::FirstPass { answered: Box::new(answered.clone()), others }));
        answered
    };
    let (second, others) = ask_until_done(panel, &turn(Some(&first)), news);
    first.second = Some(Box::new(second));
    (first, others)
}

/// Whether a reviewer is asked again after its first pass. Rules say the same twice.
pub(crate) fn wants_another_pass(thorough: bool, asked: &Asked, first: &Answered) -> bool {
    thorough && asked.settings().is_some() && passes::deserves_another(first)
}

/// Who is asked, and for which pass.
struct Asking<'a> {
    at: usize,
    asked: &'a Asked,
    /// The first pass, where this is the second.
    first: Option<&'a Answered>,
}

impl Asking<'_> {
    /// The name under which it is kept.
    fn name(&self) -> String {
        match self.first {
            None => self.asked.name().to_owned(),
            Some(_) => passes::second_of(self.asked.name()),
        }
    }

    fn asked_before(&self, panel: &Panel<'_>) -> u32 {
        let folders = &panel.folders[self.at];
        if self.first.is_some() { folders.asked_again_before } else { folders.asked_before }
    }
}

/// Asks one reviewer until it reviewed, or failed in a way that does not pass, or time is up.
fn ask_until_done(panel: &Panel<'_>, asking: &Asking<'_>, news: &Sender<News>) -> (Answered, Vec<Answered>) {
    let asked = asking.asked;
    let mut tries = Vec::new();
    let cancel = panel.stop.skips.token(asked.name(), &panel.stop.cancel);
    for number in asking.asked_before(panel) + 1.. {
        let answered = ask_in_turn(panel, asking, &cancel, number, news);
        let next = next_step(panel, asked, &answered, number);
        tries.push(answered.clone());
        match (next, answered.row.failure.clone()) {
            (Decision::Again(wait), Some(failure)) => {
                drop(news.send(News::Retry { answered: Box::new(answered), failure, wait }));
                pause(wait, &cancel);
            }
            (Decision::GiveUp(why), _) => return choose(panel, asked, tries, why),
            (Decision::Again(_), None) => return choose(panel, asked, tries, None),
        }
    }
    unreachable!("retries are counted and end")
}

fn next_step(panel: &Panel<'_>, asked: &Asked, answered: &Answered, number: u32) -> Decision {
    let (Some(failure), Some(settings)) = (&answered.row.failure, asked.settings()) else {
        return Decision::GiveUp(None);
    };
    let patience = Patience { retries: settings.retries, wait: settings.retry_wait };
    let left = panel.deadline.saturating_duration_since(Instant::now());
    let lot = fraction(&[panel.run.as_str(), asked.name(), &number.to_string()]);
    let decision = decide(failure, number, patience, left, lot);
    if matches!(decision, Decision::Again(_)) && answered.row.tree_gone == Some(false) {
        return Decision::GiveUp(Some("processes of it are not proven gone".to_owned()));
    }
    decision
}

/// The try that counts: the last one, unless an earlier one of those that failed says more. The others come back too.
fn choose(
    panel: &Panel<'_>,
    asked: &Asked,
    mut tries: Vec<Answered>,
    why: Option<String>,
) -> (Answered, Vec<Answered>) {
    let last = tries.len() - 1;
    let best = if tries[last].row.state == ReviewerState::Finished {
        last
    } else {
        (0..tries.len()).max_by_key(|at| (tries[*at].reading.findings.len(), *at)).unwrap_or(last)
    };
    let failures: Vec<&Failure> =
        tries[..last].iter().filter_map(|answered| answered.row.failure.as_ref()).collect();
    let mut attempt = tries[best].attempt.clone();
    attempt.attempts = tries[last].attempt.attempts;
    // Every try was paid for; one whose cost is unknown makes the sum unknown.
    let each =
        || tries.iter().map(|answered| &answered.attempt).filter(|one| one.ending != Ending::NotStarted);
    attempt.usd = each().map(|one| one.usd).sum();
    attempt.tokens = each().map(|one| one.tokens).try_fold(Tokens::default(), |sum, one| {
        let one = one?;
        Some(Tokens { input: sum.input + one.input, output: sum.output + one.output })
    });
    attempt.notes.extend(told(&failures, attempt.attempts));
    attempt.notes.extend(why.map(|why| format!("it was not asked again: {why}")));
    if matches!(tries[last].attempt.ending, Ending::Cancelled | Ending::Skipped) {
        // Cut off while it waited for its next try: what it wrote before is read, and cut off it is.
        attempt.ending = tries[last].attempt.ending;
        attempt.error.clone_from(&tries[last].attempt.error);
    }
    let text = tries[best].text.clone();
    let chosen = understand(attempt, text, asked.parser(), panel.snapshot.target());
    // Every try but the last was kept when it was tried again.
    let others = if best == last { Vec::new() } else { tries.split_off(last) };
    (chosen, others)
}

/// What became of the tries before, in one sentence.
fn told(failures: &[&Failure], attempts: u32) -> Option<String> {
    let each = failures.iter().map(|failure| format!("{} ({})", failure.class.as_str(), failure.message));
    let each: Vec<String> = each.collect();
    (!each.is_empty())
        .then(|| format!("it was asked {attempts} times; it failed before with {}", each.join(", ")))
}

/// Waits, but not longer than the run.
fn pause(wait: Duration, cancel: &Cancel) {
    const LOOK: Duration = Duration::from_millis(50);
    let end = Instant::now() + wait;
    while !cancel.is_cancelled() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(LOOK));
    }
}

fn ask_in_turn(
    panel: &Panel<'_>,
    asking: &Asking<'_>,
    cancel: &Cancel,
    number: u32,
    news: &Sender<News>,
) -> Answered {
    let asked = asking.asked;
    let mut attempt = match panel.turns.take(asking.at, cancel) {
        None => {
            let asked_before = if number == 1 { "it was asked" } else { "it was asked again" };
            not_asked(asked.name(), &format!("{} before {asked_before}", panel.stop.reason(asked.name())))
        }
        Some(_turn) => {
            if asking.first.is_none() && number == panel.folders[asking.at].asked_before + 1 {
                drop(news.send(News::Started(asked.name().to_owned())));
            }
            let attempt = catch_unwind(AssertUnwindSafe(|| ask_once(panel, asking, cancel, number, news)));
            attempt.unwrap_or_else(|_| Attempt {
                ending: Ending::Failed,
                ..not_asked(
                    asked.name(),
                    "deep-review itself failed while asking it; this is a defect of deep-review",
                )
            })
        }
    };
    attempt.kind = match asked {
        Asked::Builtin => ReviewerKind::Builtin,
        Asked::Import(_) => ReviewerKind::Imported,
        Asked::Command { name, .. } if panel.agents.linters.found.contains_key(name) => ReviewerKind::Tool,
        Asked::Command { settings, .. } => kind(settings),
    };
    attempt.name = asking.name();
    attempt.attempts = if attempt.ending == Ending::Cancelled { number - 1 } else { number };
    if attempt.ending == Ending::Cancelled && attempt.error.is_none() {
        attempt.error = Some(format!("{} before it was done", panel.stop.reason(asked.name())));
    }
    // A budget ends attempts too, and says so.
    if attempt.ending == Ending::Cancelled
        && attempt.failure.is_none()
        && panel.stop.skips_alone(asked.name())
    {
        attempt.ending = Ending::Skipped;
    }
    hear(attempt, asked.parser(), panel.snapshot.target(), panel.scrub)
}

/// One try.
fn ask_once(
    panel: &Panel<'_>,
    asking: &Asking<'_>,
    cancel: &Cancel,
    number: u32,
    news: &Sender<News>,
) -> Attempt {
    let folders = &panel.folders[asking.at];
    match asking.asked {
        Asked::Builtin => ask_builtin(panel),
        Asked::Import(import) => read_import(import),
        Asked::Command { name, settings } => {
            let pass = if asking.first.is_some() { AGAIN } else { "" };
            let process = folders.process.with_extension(format!("{pass}{number}"));
            for (folder, what) in [(&folders.scratch, "checkout"), (&process, "record")] {
                if let Err(error) = fresh(folder) {
                    let why = format!("the folder for its {what} could not be made: {error}");
                    return Attempt { ending: Ending::NotStarted, ..not_asked(name, &why) };
                }
            }
            let briefing = briefing(panel, name, asking.first);
            let scratch = &folders.scratch;
            let chair = Chair { name, settings, scratch, process: &process, briefing: &briefing, cancel };
            ask_program(panel, &chair, news)
        }
    }
}

/// An empty folder, whatever an earlier try left there.
pub(crate) fn fresh(folder: &Path) -> Result<(), String> {
    if folder.symlink_metadata().is_ok() {
        supervise::remove_tree(folder).map_err(|error| error.to_string())?;
    }
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())
}

pub(crate) fn not_asked(name: &str, why: &str) -> Attempt {
    Attempt {
        name: name.to_owned(),
        kind: if name == BUILTIN { ReviewerKind::Builtin } else { ReviewerKind::Agent },
        ending: Ending::Cancelled,
        error: Some(why.to_owned()),
        quorum: name != BUILTIN,
        ..Attempt::default()
    }
}

/// A file that somebody names is an answer; it is not counted towards the quorum, for nobody was shown the change.
fn read_import(import: &Import) -> Attempt {
    let started = Instant::now();
    let mut attempt = Attempt {
        name: import.name.clone(),
        kind: ReviewerKind::Imported,
        ending: Ending::Finished,
        ..Attempt::default()
    };
    let too_long = |bytes: u64| format!("its file has {bytes} bytes; more than {MOST_IMPORTED} are not read");
    let read = std::fs::metadata(&import.file)
        .map_err(|error| format!("its file could not be read: {error}"))
        .and_then(|it| if it.len() > MOST_IMPORTED { Err(too_long(it.len())) } else { Ok(()) })
        .and_then(|()| {
            std::fs::read(&import.file).map_err(|error| format!("its file could not be read: {error}"))
        });
    match read {
        Ok(answer) => attempt.answer = answer,
        Err(why) => {
            attempt.ending = Ending::NotStarted;
            attempt.error = Some(why);
        }
    }
    attempt.ms = started.elapsed().as_millis() as u64;
    attempt
}

/// Bytes of a file that is read as a reviewer.
const MOST_IMPORTED: u64 = 64 << 20;

fn ask_builtin(panel: &Panel<'_>) -> Attempt {
    let started = Instant::now();
    let ours = builtin::RULES.iter().any(|rule| panel.builtin.runs(rule.id));
    let structural = rules::names().any(|rule| panel.builtin.runs_guest(rule, true));
    // A name that is not one of ours may be a rule of the repository's own.
    let own = || {
        let known = |name: &String| {
            builtin::RULES.iter().any(|rule| rule.id == name) || rules::names().any(|rule| rule == name)
        };
        let named = panel.builtin.enable.iter().any(|name| !name.contains('*') && !known(name));
        named && !rules::at_base(panel.snapshot, panel.rules).0.is_empty()
    };
    if !ours && !structural && !own() {
        let why = "no built-in rule is enabled (`builtin.enable`, `builtin.disable`)";
        return Attempt { ending: Ending::NotStarted, quorum: false, ..not_asked(BUILTIN, why) };
    }
    let mut answer =
        serde_json::to_vec_pretty(builtin_document(panel)).expect("a review document is plain data");
    answer.push(b'\n');
    let target = panel.snapshot.target();
    Attempt {
        name: BUILTIN.to_owned(),
        kind: ReviewerKind::Builtin,
        ending: Ending::Finished,
        ms: started.elapsed().as_millis() as u64,
        answer,
        receipt: Receipt {
            base: Some(target.merge_base.clone()),
            head: Some(target.head.clone()),
            files_shown: target.changed.len() as u32,
            lines_shown: target.changed.iter().map(|file| file.added + file.removed).sum(),
            ..Receipt::default()
        },
        ..Attempt::default()
    }
}
