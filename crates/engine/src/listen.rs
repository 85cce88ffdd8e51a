//! Hears the whole panel.
//!
//! In: who is to be asked, and what stands in the run folder already. Out: everybody's answer in roster order, each kept in the
//! run folder the moment it is there. Never decides what a finding is worth.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use config::{Config, Settings};
use evidence::Evidence;
use git::Snapshot;
use model::EventKind;
use reviewers::{CHECKOUT, Doing};
use store::RunFolder;

use crate::Error;
use crate::afterwards::Afterwards;
use crate::aside::{self, Asides, Place};
use crate::ask::{Folders, News, Panel, Stop, ask_all};
use crate::assemble::so_far;
use crate::hear::{Answered, Heard};
use crate::keep::{keep, keep_try, tries_before};
use crate::passes::second_of;
use crate::plan::digest;
use crate::program::attention;
use crate::retry::{fraction, spell};
use crate::review::Tools;
use crate::roster::{Asked, BUILTIN};
use crate::rounds::History;
use crate::scratch::Scratch;
use crate::scrub::Scrub;
use crate::spending::budget;
use crate::tell::{checked_event, listed, show, tell};
use crate::turns::{self, Limits, Turns};

/// What the record of a second pass has in its name.
pub(crate) const AGAIN: &str = "again-";

/// Where attempts are recorded, inside the run folder, while they run.
pub(crate) const ATTEMPTS: &str = "attempts";

/// What a panel is made of.
pub(crate) struct Hearing<'a> {
    pub(crate) tools: &'a Tools<'a>,
    pub(crate) run: &'a RunFolder,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) evidence: &'a Evidence<'a>,
    pub(crate) history: &'a History,
    pub(crate) config: &'a Config,
    pub(crate) settings: &'a Settings,
    /// Who is asked for something besides a review.
    pub(crate) asides: &'a Asides,
    /// Nobody is asked anything.
    pub(crate) silent: bool,
    pub(crate) roster: &'a [Asked],
    pub(crate) home: Option<&'a Path>,
}

/// What was heard.
pub(crate) struct HeardAll {
    pub(crate) rows: Vec<Heard>,
    /// Where to look first, as the reviewers were told.
    pub(crate) attention: Vec<model::Attention>,
    pub(crate) scrub: Scrub,
    /// What was asked when every review was in.
    pub(crate) after: Afterwards,
    pub(crate) notes: Vec<String>,
    pub(crate) deadline_reached: bool,
    pub(crate) cancelled: bool,
}

impl Hearing<'_> {
    /// Asks everybody whose answer is not known; checks each answer as it arrives.
    /// Of those in `first`, the second pass is still missing.
    pub(crate) fn hear_everybody(
        &self,
        known: BTreeMap<String, Answered>,
        first: BTreeMap<String, Answered>,
    ) -> Result<HeardAll, Error> {
        let made = |source| Error::Write { what: "a scratch folder for the reviewers".to_owned(), source };
        let attempts = self.run.file(ATTEMPTS);
        let promises = self.tools.store.promises();
        let scratch = Scratch::new(&self.scratch(), &promises, &attempts).map_err(made)?;
        let folders = self.folders(&scratch, &attempts)?;
        let scrub = self.scrub_for(scratch.path());
        let wanted: Vec<usize> =
            (0..self.roster.len()).filter(|at| !known.contains_key(self.roster[*at].name())).collect();
        let skips = self.tools.skips.clone();
        let stop = Stop { cancel: self.tools.cancel.child(), why: OnceLock::new(), skips };
        let limit = self.settings.review.deadline;
        let (sender, news) = channel();
        let confinement = self.tools.confinement.at(scratch.path(), &attempts);
        let panel = Panel {
            repository: self.tools.repository,
            snapshot: self.snapshot,
            run: self.run.id(),
            builtin: &builtin_settings(self.settings),
            rules: &self.settings.builtin.rules,
            keeper: &self.tools.keeper,
            folders,
            prior: &self.history.asked(),
            declined: &self.history.told_declined(),
            since: &self.history.told_since(),
            scope: self.history.scope.as_ref(),
            agents: self.tools.agents,
            builtin_asked: self.roster.iter().any(|asked| asked.name() == BUILTIN),
            builtin_document: OnceLock::new(),
            attention: OnceLock::new(),
            confinement: &confinement,
            budget: budget(self.tools, self.settings)?,
            prices: &self.settings.prices,
            thorough: self.settings.review.thorough,
            first,
            scrub: &scrub,
            turns: self.turns(&wanted),
            stop,
            deadline: Instant::now() + limit,
        };
        let mut heard: BTreeMap<String, Heard> = BTreeMap::new();
        let mut late = None;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let sender = sender;
                ask_all(&panel, self.roster, &wanted, &sender);
            });
            for (name, answered) in known {
                heard.insert(name, answered.check(self.evidence));
            }
            self.listen(&news, &panel, &mut heard, &mut late)
        })?;
        let in_order = self.roster.iter().filter_map(|asked| heard.remove(asked.name()));
        let rows: Vec<Heard> = in_order.flat_map(Heard::rows).collect();
        let place = Place {
            panel: &panel,
            run: self.run,
            scratch: scratch.path(),
            attempts: &attempts,
            silent: self.silent,
        };
        let mut after = self.afterwards(&place, &rows)?;
        after.notes.extend(confinement.close());
        let troubles = clean_up(scratch, &attempts);
        let mut all = HeardAll {
            rows,
            attention: attention(&panel).to_vec(),
            notes: std::mem::take(&mut after.notes),
            after,
            deadline_reached: late.is_some(),
            cancelled: self.tools.cancel.is_cancelled(),
            scrub,
        };
        all.notes.extend(late);
        for text in troubles {
            let text = all.scrub.text(&text);
            tell(self.tools, self.run, EventKind::Note { text: text.clone() });
            all.notes.push(text);
        }
        Ok(all)
    }

    fn folders(&self, scratch: &Scratch, attempts: &Path) -> Result<Vec<Folders>, Error> {
        // A run that is gone on with has records of earlier processes here.
        let process = self.run.resumed();
        let folders = self.roster.iter().enumerate().map(|(at, asked)| {
            Ok(Folders {
                scratch: scratch.path().join(at.to_string()),
                process: attempts.join(format!("{at}-{process}")),
                asked_before: tries_before(self.run, asked.name())?,
                asked_again_before: tries_before(self.run, &second_of(asked.name()))?,
            })
        });
        folders.collect()
    }

    fn turns(&self, wanted: &[usize]) -> Turns {
        let review = &self.settings.review;
        let place = |asked: &Asked| turns::Place {
            vendor: asked.vendor(),
            gap: review.start_jitter.mul_f64(fraction(&[self.run.id().as_str(), asked.name(), "start"])),
        };
        let limits = Limits { jobs: review.jobs as usize, vendor_jobs: review.vendor_jobs as usize };
        Turns::new(self.roster.iter().map(place).collect(), wanted.iter().copied(), limits)
    }

    fn listen(
        &self,
        news: &Receiver<News>,
        panel: &Panel<'_>,
        heard: &mut BTreeMap<String, Heard>,
        late: &mut Option<String>,
    ) -> Result<(), Error> {
        let mut result = Ok(());
        loop {
            let message = match next(news, Some(panel.deadline).filter(|_| late.is_none())) {
                Next::News(message) => message,
                Next::Deadline => {
                    *late = Some(self.end_everybody(panel, heard));
                    continue;
                }
                Next::Nothing => return result,
            };
            // A record that cannot be written stops the run, but only after everybody has come back.
            if let Err(error) = self.take(message, heard) {
                panel.stop.cancel.cancel();
                result = result.and(Err(error));
            }
        }
    }

    /// The deadline is reached: says who is cut off, and ends them.
    fn end_everybody(&self, panel: &Panel<'_>, heard: &BTreeMap<String, Heard>) -> String {
        let limit = spell(self.settings.review.deadline);
        let names = self.roster.iter().map(Asked::name).filter(|name| !heard.contains_key(*name));
        let names: Vec<&str> = names.collect();
        let text = format!("the run's deadline of {limit} is reached: {} cut off", are(&names));
        // Set once; nobody else writes it.
        drop(panel.stop.why.set(format!("the run's deadline of {limit} was reached")));
        tell(self.tools, self.run, EventKind::Note { text: text.clone() });
        panel.stop.cancel.cancel();
        text
    }

    fn take(&self, message: News, heard: &mut BTreeMap<String, Heard>) -> Result<(), Error> {
        match message {
            News::Started(reviewer) => tell(self.tools, self.run, EventKind::ReviewerStarted { reviewer }),
            News::Wrote { reviewer, bytes, doing } => {
                let Doing { note, calls, tokens, usd } = doing;
                show(self.tools, EventKind::ReviewerProgress { reviewer, bytes, note, calls, tokens, usd });
            }
            News::Retry { answered, failure, wait } => {
                keep_try(self.run, &answered)?;
                let event = EventKind::ReviewerRetry {
                    reviewer: answered.row.name.clone(),
                    attempts: answered.row.attempts,
                    failure,
                    wait_ms: crate::review::milliseconds(wait),
                };
                tell(self.tools, self.run, event);
            }
            News::FirstPass { answered, others } => {
                for other in &others {
                    keep_try(self.run, other)?;
                }
                keep(self.run, &answered)?;
                let row = &answered.row;
                let text = format!("{} found something important and is asked to look again", row.name);
                tell(self.tools, self.run, EventKind::Note { text });
            }
            News::Ended { answered, others } => {
                for other in &others {
                    keep_try(self.run, other)?;
                }
                // A first pass was kept when it ended.
                keep(self.run, answered.second.as_deref().unwrap_or(&answered))?;
                let one = self.check(*answered);
                heard.insert(one.row.name.clone(), one);
                self.tell_so_far(heard);
            }
        }
        Ok(())
    }

    /// Says how a reviewer ended, and checks what it claims.
    fn check(&self, answered: Answered) -> Heard {
        let row = &answered.row;
        let second = answered.second.as_deref();
        let event = EventKind::ReviewerEnded {
            reviewer: row.name.clone(),
            ending: row.ending,
            ms: row.ms + second.map_or(0, |second| second.row.ms),
            findings: (answered.reading.findings.len()
                + second.map_or(0, |second| second.reading.findings.len())) as u32,
            error: row.error.clone(),
        };
        tell(self.tools, self.run, event);
        let heard = answered.check(self.evidence);
        for finding in &heard.checked {
            tell(self.tools, self.run, checked_event(finding));
        }
        heard
    }

    /// What those that ended say together, while others are still at work. In roster order, like the end result.
    fn tell_so_far(&self, heard: &BTreeMap<String, Heard>) {
        /// Of more claims the sum is not worth the time while others are waited for.
        const MOST: usize = 3_000;
        let asked = self.roster.len();
        let claims: usize = heard.values().map(|one| one.checked.len()).sum();
        if asked < 2 || heard.len() >= asked || claims > MOST {
            return;
        }
        let in_order = self.roster.iter().filter_map(|asked| heard.get(asked.name()));
        let so_far =
            so_far(in_order, self.snapshot.target(), self.evidence, &self.history.records, self.settings);
        let event = EventKind::SoFar {
            ended: so_far.ended,
            asked: asked as u32,
            raised: so_far.raised,
            findings: so_far.findings,
            blocking: so_far.blocking,
            contested: so_far.contested,
        };
        tell(self.tools, self.run, event);
    }

    /// Where this run's checkouts are: the same place when it is gone on with.
    fn scratch(&self) -> PathBuf {
        let of_this_store = digest(&[&self.tools.store.root().to_string_lossy()]);
        self.tools.scratch.join(format!("{}-{}", self.run.id(), &of_this_store[..8]))
    }

    /// What takes this machine's paths out of answers that an earlier process of this run was given.
    pub(crate) fn scrub(&self) -> Scrub {
        self.scrub_for(&self.scratch())
    }

    fn scrub_for(&self, scratch: &Path) -> Scrub {
        let mut roots: Vec<String> = Vec::new();
        let mut named: Vec<(String, &'static str)> = Vec::new();
        let panel = (0..self.roster.len()).map(|at| at.to_string());
        for name in panel.chain((0..aside::MOST).map(aside::folder)) {
            let outer = spellings(&scratch.join(name));
            roots.extend(outer.iter().map(|outer| format!("{outer}/{CHECKOUT}")));
            named.extend(outer.into_iter().map(|path| (path, "<scratch>")));
        }
        if let Some(root) = self.tools.repository.worktree() {
            roots.extend(spellings(root));
        }
        named.extend(spellings(self.tools.repository.common_dir()).into_iter().map(|path| (path, "<git>")));
        if let Some(home) = self.home {
            named.extend(spellings(home).into_iter().map(|path| (path, "~")));
        }
        Scrub::new(&roots, &named)
    }
}

fn are(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "was" } else { "were" };
    format!("{} {verb}", listed(names))
}

enum Next {
    News(News),
    Deadline,
    Nothing,
}

fn next(news: &Receiver<News>, deadline: Option<Instant>) -> Next {
    let Some(deadline) = deadline else {
        return news.recv().map_or(Next::Nothing, Next::News);
    };
    match news.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(message) => Next::News(message),
        Err(RecvTimeoutError::Timeout) => Next::Deadline,
        Err(RecvTimeoutError::Disconnected) => Next::Nothing,
    }
}

/// A folder as it may be spelled by programs: as given and with links resolved. It need not exist yet.
fn spellings(path: &Path) -> Vec<String> {
    let real = path.ancestors().find_map(|there| {
        let rest = path.strip_prefix(there).ok()?;
        Some(there.canonicalize().ok()?.join(rest))
    });
    let both = [Some(path.to_owned()), real].into_iter().flatten();
    let mut spellings: Vec<String> = both
        .map(|path| path.to_string_lossy().trim_end_matches(std::path::MAIN_SEPARATOR).to_owned())
        .collect();
    spellings.dedup();
    spellings
}

/// What the configuration says about the built-in rules, as they understand it.
pub fn builtin_settings(settings: &Settings) -> builtin::Settings {
    // In the configuration one star stands for anything, as its documentation says; rule ids have a slash in them.
    let across = |patterns: &[String]| -> Vec<String> {
        let one = |entry: &String| {
            // What stands behind the colon is a reason, for people.
            let end = entry.find(": ").unwrap_or(entry.len());
            entry[..end].replace("**", "*").replace('*', "**") + &entry[end..]
        };
        patterns.iter().map(one).collect()
    };
    builtin::Settings {
        enable: across(&settings.builtin.enable),
        disable: across(&settings.builtin.disable),
        trivial: settings.review.trivial.clone(),
        ..builtin::Settings::default()
    }
}

/// Removes checkouts and spooled output. Where a process is not proven gone they stay for the next start to end it;
/// returns what is left and why.
fn clean_up(scratch: Scratch, attempts: &Path) -> Vec<String> {
    if let Err(left) = scratch.remove() {
        let why = left.why;
        return vec![format!(
            "the checkouts could not be removed and stay until the next run has looked again: {why}"
        )];
    }
    if attempts.symlink_metadata().is_ok()
        && let Err(error) = supervise::remove_tree(attempts)
    {
        return vec![format!("spooled output could not be removed: {error}")];
    }
    Vec::new()
}

/// What is left of attempts that an earlier process of this run began: its last words, for the raw material; of its second
/// pass where that is `again`.
pub(crate) fn spooled(attempts: &Path, at: usize, again: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(attempts) else { return Vec::new() };
    let of_it = |name: &str| name.starts_with(&format!("{at}-")) && name.contains(AGAIN) == again;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_str().is_some_and(of_it))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    let read = |folder: &Path, name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
    let both = folders.iter().map(|folder| (read(folder, "stdout"), read(folder, "stderr")));
    both.filter(|(stdout, stderr)| !stdout.is_empty() || !stderr.is_empty()).collect()
}
