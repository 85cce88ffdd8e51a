//! Asks every reviewer side by side.
//!
//! In: the roster and what is pinned. Out: one message a happening, ending with one attempt a reviewer. A reviewer that
//! fails, hangs or panics costs only itself. Never reads an answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use model::{Ending, Receipt, ReviewDocument, ReviewerKind, RunId};
use reviewers::Attempt;
use reviewers::agent::Agents;
use supervise::{Cancel, Keeper};

use crate::program::{ask_program, builtin_document};
use crate::roster::{Asked, BUILTIN};

/// What the askers tell the story.
pub(crate) enum News {
    /// A reviewer was started.
    Started(String),
    /// It wrote something.
    Wrote { reviewer: String, bytes: u64, doing: Option<String> },
    /// It ended.
    Ended(Box<Attempt>),
}

/// The folders of one reviewer.
pub(crate) struct Folders {
    /// For its checkout; outside the repository.
    pub(crate) scratch: PathBuf,
    /// For the record of its process; in the run folder, where the next start finds it.
    pub(crate) process: PathBuf,
}

/// What every asker needs.
pub(crate) struct Panel<'a> {
    pub(crate) repository: &'a git::Repository,
    pub(crate) snapshot: &'a git::Snapshot,
    pub(crate) run: &'a RunId,
    pub(crate) builtin: &'a builtin::Settings,
    pub(crate) keeper: &'a Keeper,
    /// Folders of each reviewer, in roster order.
    pub(crate) folders: Vec<Folders>,
    pub(crate) prior: &'a [String],
    /// The agents that were found, and the user's prompts.
    pub(crate) agents: &'a Agents,
    /// Whether the built-in reviewers are asked, so that the others can be told what they found.
    pub(crate) builtin_asked: bool,
    /// What the built-in reviewers say; made by whoever needs it first.
    pub(crate) builtin_document: OnceLock<ReviewDocument>,
    /// How many reviewers run at once.
    pub(crate) jobs: usize,
}

/// Asks everybody and returns when the last one ended. Every reviewer of the roster sends exactly one `Ended`.
pub(crate) fn ask_all(panel: &Panel<'_>, roster: &[Asked], cancel: &Cancel, news: &Sender<News>) {
    let queue = Mutex::new(roster.iter().enumerate());
    std::thread::scope(|scope| {
        for _ in 0..panel.jobs.clamp(1, roster.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("nothing panics with the queue").next();
                    let Some((at, asked)) = next else { break };
                    let attempt = ask_one(panel, at, asked, cancel, news);
                    // The story may have stopped listening; there is nobody else to tell.
                    drop(news.send(News::Ended(Box::new(attempt))));
                }
            });
        }
    });
}

fn ask_one(panel: &Panel<'_>, at: usize, asked: &Asked, cancel: &Cancel, news: &Sender<News>) -> Attempt {
    let name = asked.name().to_owned();
    if cancel.is_cancelled() {
        return not_asked(&name, "the run was cancelled before it was asked");
    }
    drop(news.send(News::Started(name.clone())));
    let attempt = catch_unwind(AssertUnwindSafe(|| match asked {
        Asked::Builtin => ask_builtin(panel),
        Asked::Command { name, settings } => ask_program(panel, at, name, settings, cancel, news),
    }));
    attempt.unwrap_or_else(|_| Attempt {
        ending: Ending::Failed,
        error: Some("deep-review itself failed while asking it; this is a defect of deep-review".to_owned()),
        ..not_asked(&name, "")
    })
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

fn ask_builtin(panel: &Panel<'_>) -> Attempt {
    let started = Instant::now();
    if !builtin::RULES.iter().any(|rule| panel.builtin.runs(rule.id)) {
        let why = "no built-in rule is enabled (`builtin.enable`, `builtin.disable`)";
        return Attempt { ending: Ending::NotStarted, quorum: false, ..not_asked(BUILTIN, why) };
    }
    let mut answer = serde_json::to_vec_pretty(builtin_document(panel)).expect("a review document is plain data");
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
