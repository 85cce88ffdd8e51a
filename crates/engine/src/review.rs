//! The story of one review.
//!
//! In: what to review and whom to ask. Out: a finished report in its run folder. Reviewers are read and checked as they
//! end; merging and judging happen once, in roster order, so the result does not depend on who was first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use config::Config;
use findings::Quorum;
use git::{Repository, Snapshot};
use model::{
    CheckedFinding, Clock, Event, EventKind, Gate, Original, Reading, Report, ReviewerReport, RunId, Target,
};
use reading::Context;
use reviewers::{Attempt, CHECKOUT, conclude};
use store::{RunFolder, Store};
use supervise::{Cancel, Keeper};

use crate::Error;
use crate::ask::{Folders, News, Panel, ask_all};
use crate::assemble::{Finish, Parts, assemble, forms, write_forms};
use crate::roster::Asked;
use crate::scratch::{Scratch, sweep};
use crate::scrub::Scrub;
use crate::trivial;

/// What to review and whom to ask.
#[derive(Debug)]
pub struct Request<'a> {
    /// What is under review, already pinned.
    pub target: Target,
    /// Who is asked, in the order of the report.
    pub roster: Vec<Asked>,
    /// The effective settings, with where they come from.
    pub config: &'a Config,
    /// Also write the report's forms here.
    pub out: Option<PathBuf>,
    /// The user's home folder, so that it can be kept out of the report.
    pub home: Option<PathBuf>,
    /// Notes about how the run was set up, to be shown in the report.
    pub notes: Vec<String>,
}

/// What a review works with.
pub struct Tools<'a> {
    /// The repository.
    pub repository: &'a Repository,
    /// Where runs are kept.
    pub store: &'a Store,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// The keeper program.
    pub keeper: Keeper,
    /// Where checkouts may live: a folder of the user's cache, outside any repository.
    pub scratch: PathBuf,
    /// Ends the reviewers; what has arrived is consolidated.
    pub cancel: Cancel,
    /// Told everything as it happens.
    pub events: &'a dyn Fn(&Event),
    /// Version of the program, for the report.
    pub version: &'a str,
}

/// A review that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// The report.
    pub report: Report,
    /// The originals of its appendix.
    pub originals: Vec<Original>,
    /// The run's folder.
    pub folder: PathBuf,
    /// True where the run's deadline ended reviewers.
    pub deadline_reached: bool,
    /// True where somebody cancelled.
    pub cancelled: bool,
}

/// Reviews.
pub fn review(request: &Request<'_>, tools: &Tools<'_>) -> Result<Finished, Error> {
    let started = Instant::now();
    let started_at = tools.clock.now();
    let mut target = request.target.clone();
    mark_trivial(&mut target, &request.config.settings.review.trivial);
    let snapshot = Snapshot::open(tools.repository, &target)?;

    let slug = store::slug(&target);
    let run = tools.store.begin(&target, started_at, &slug)?;
    let names: Vec<String> = request.roster.iter().map(|asked| asked.name().to_owned()).collect();
    run.set_reviewers(&names)?;
    let story = Story { request, tools, target: &target, snapshot: &snapshot };
    story.tell(
        &run,
        EventKind::RunStarted { run: run.id().to_string(), target: one_line(&target), reviewers: names },
    );

    let heard = story.hear_everybody(&run)?;
    let consolidation = Instant::now();
    let mut notes = request.notes.clone();
    notes.extend(snapshot.notes().iter().cloned());
    notes.extend(heard.notes.iter().cloned());
    if let Some(moved) = tools.repository.head_moved(&target) {
        story.tell(&run, EventKind::Note { text: moved.clone() });
        notes.push(moved);
    }
    let series = run.series();
    let (mut report, originals) = assemble(Parts {
        target: &target,
        facts: Some(&snapshot),
        series,
        run: run.id().clone(),
        heard: heard.rows,
        config: request.config,
        quorum: Quorum::Wanted(request.config.settings.review.quorum),
        version: tools.version,
        notes,
    });
    report.attention = builtin::attend_snapshot(&snapshot, &builtin_settings(&request.config.settings));
    heard.scrub.notes(&mut report);
    report.run.complete = report.run.complete && !heard.deadline_reached && !heard.cancelled;
    Finish {
        started_at,
        ended_at: tools.clock.now(),
        active: started.elapsed(),
        consolidation: consolidation.elapsed(),
    }
    .stamp(&mut report);

    let written = forms(&report, &originals);
    // The user's own folder first: a record that cannot be finished must not cost the report.
    if let Some(folder) = &request.out {
        write_forms(folder, &written)?;
    }
    run.finish(&report, &written.files())?;
    story.tell(&run, EventKind::RunEnded { verdict: report.verdict.clone(), complete: report.run.complete });
    Ok(Finished {
        report,
        originals,
        folder: run.path().to_owned(),
        deadline_reached: heard.deadline_reached,
        cancelled: heard.cancelled,
    })
}

/// One reviewer with everything it said.
pub(crate) struct Heard {
    pub(crate) row: ReviewerReport,
    pub(crate) reading: Reading,
    pub(crate) checked: Vec<CheckedFinding>,
    pub(crate) original: Original,
}

/// Where attempts are recorded, inside the run folder, while they run.
const ATTEMPTS: &str = "attempts";

struct HeardAll {
    rows: Vec<Heard>,
    scrub: Scrub,
    notes: Vec<String>,
    deadline_reached: bool,
    cancelled: bool,
}

struct Story<'a> {
    request: &'a Request<'a>,
    tools: &'a Tools<'a>,
    target: &'a Target,
    snapshot: &'a Snapshot,
}

impl Story<'_> {
    /// Writes an event to the record and to whoever watches. A record that cannot be written does not end the run.
    fn tell(&self, run: &RunFolder, kind: EventKind) {
        let event = Event { at: self.tools.clock.now(), kind };
        if let Err(error) = run.append_event(&event) {
            let text = format!("the event log could not be written: {error}");
            (self.tools.events)(&Event { at: event.at, kind: EventKind::Note { text } });
        }
        (self.tools.events)(&event);
    }

    /// Asks everybody; reads and checks each answer as it arrives.
    fn hear_everybody(&self, run: &RunFolder) -> Result<HeardAll, Error> {
        let roster = &self.request.roster;
        let made = |source| Error::Write { what: "a scratch folder for the reviewers".to_owned(), source };
        let mut troubles = sweep(&self.tools.scratch);
        let scratch = Scratch::new(&self.tools.scratch, run.id()).map_err(made)?;
        let attempts = run.file(ATTEMPTS);
        let folders: Vec<Folders> = (0..roster.len())
            .map(|at| Folders {
                scratch: scratch.path().join(at.to_string()),
                process: attempts.join(at.to_string()),
            })
            .collect();
        for folder in &folders {
            std::fs::create_dir_all(&folder.scratch).map_err(made)?;
            std::fs::create_dir_all(&folder.process).map_err(made)?;
        }
        let scrub = self.scrub(&folders);
        let cancel = self.tools.cancel.child();
        let (sender, news) = channel();
        let panel = Panel {
            repository: self.tools.repository,
            snapshot: self.snapshot,
            run: run.id(),
            builtin: &builtin_settings(&self.request.config.settings),
            keeper: &self.tools.keeper,
            folders,
            prior: &[],
            jobs: self.request.config.settings.review.jobs as usize,
        };
        let mut all = HeardAll {
            rows: Vec::new(),
            scrub,
            notes: Vec::new(),
            deadline_reached: false,
            cancelled: false,
        };
        let mut heard = BTreeMap::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let sender = sender;
                ask_all(&panel, roster, &cancel, &sender);
            });
            self.listen(run, &news, &cancel, &mut heard, &mut all)
        })?;
        all.cancelled = self.tools.cancel.is_cancelled();
        all.rows = roster.iter().filter_map(|asked| heard.remove(asked.name())).collect();
        troubles.extend(clean_up(&all, scratch, &attempts));
        for text in troubles {
            let text = all.scrub.text(&text);
            self.tell(run, EventKind::Note { text: text.clone() });
            all.notes.push(text);
        }
        Ok(all)
    }

    fn listen(
        &self,
        run: &RunFolder,
        news: &Receiver<News>,
        cancel: &Cancel,
        heard: &mut BTreeMap<String, Heard>,
        all: &mut HeardAll,
    ) -> Result<(), Error> {
        let deadline = Some(Instant::now() + self.request.config.settings.review.deadline);
        let mut result = Ok(());
        loop {
            let message = match next(news, deadline.filter(|_| !all.deadline_reached)) {
                Next::News(message) => message,
                Next::Deadline => {
                    all.deadline_reached = true;
                    let text = "the run's deadline is reached: reviewers still at work are ended".to_owned();
                    all.notes.push(text.clone());
                    self.tell(run, EventKind::Note { text });
                    cancel.cancel();
                    continue;
                }
                Next::Nothing => return result,
            };
            match message {
                News::Started(reviewer) => self.tell(run, EventKind::ReviewerStarted { reviewer }),
                News::Wrote { reviewer, bytes } => {
                    let event = EventKind::ReviewerProgress { reviewer, bytes, note: None };
                    (self.tools.events)(&Event { at: self.tools.clock.now(), kind: event });
                }
                News::Ended(attempt) => {
                    // A record that cannot be written stops the run, but only after everybody has come back.
                    match self.hear(run, &attempt, &all.scrub) {
                        Ok(one) => {
                            heard.insert(attempt.name.clone(), one);
                        }
                        Err(error) => {
                            cancel.cancel();
                            result = result.and(Err(error));
                        }
                    }
                }
            }
        }
    }

    /// Reads one answer, checks its claims, keeps the raw material.
    fn hear(&self, run: &RunFolder, attempt: &Attempt, scrub: &Scrub) -> Result<Heard, Error> {
        let (answer, cut) = readable(&attempt.answer);
        let text = scrub.text(&answer);
        let context = Context {
            canary: attempt.canary.clone(),
            changed: self.target.changed.iter().map(|file| file.path.clone()).collect(),
            worktree_prefixes: attempt.roots.clone(),
            parser: self.parser(&attempt.name),
        };
        let reading = reading::read(&text, &context);
        let mut row = conclude(attempt, &reading);
        scrub.row(&mut row);
        row.notes.extend(cut);
        if std::str::from_utf8(&attempt.answer).is_err() {
            row.notes.push("its answer is not valid UTF-8; the bytes that are not were replaced".to_owned());
        }
        self.tell(
            run,
            EventKind::ReviewerEnded {
                reviewer: row.name.clone(),
                ending: row.ending,
                ms: row.ms,
                findings: reading.findings.len() as u32,
                error: row.error.clone(),
            },
        );
        let claims = [evidence::Claims { reviewer: &row.name, reading: &reading }];
        let checked = evidence::check(&claims, self.snapshot);
        for finding in &checked {
            self.tell(run, checked_event(finding));
        }
        let json = reading.parsed_as == model::ParsedAs::Json && text.trim_start().starts_with('{');
        keep_raw(run, attempt, &text, json)?;
        let original = Original { reviewer: row.name.clone(), text, json };
        Ok(Heard { row, reading, checked, original })
    }

    fn parser(&self, name: &str) -> reading::Parser {
        match self.request.config.settings.reviewers.get(name).map(|reviewer| reviewer.parser) {
            Some(config::Parser::Json) => reading::Parser::Json,
            Some(config::Parser::Markdown) => reading::Parser::Markdown,
            _ => reading::Parser::Auto,
        }
    }

    fn scrub(&self, folders: &[Folders]) -> Scrub {
        let mut roots: Vec<String> = Vec::new();
        let mut named: Vec<(String, &'static str)> = Vec::new();
        for folder in folders {
            let outer = spellings(&folder.scratch);
            roots.extend(outer.iter().map(|outer| format!("{outer}/{CHECKOUT}")));
            named.extend(outer.into_iter().map(|path| (path, "<scratch>")));
        }
        if let Some(root) = self.tools.repository.worktree() {
            roots.extend(spellings(root));
        }
        named.extend(spellings(self.tools.repository.common_dir()).into_iter().map(|path| (path, "<git>")));
        if let Some(home) = &self.request.home {
            named.extend(spellings(home).into_iter().map(|path| (path, "~")));
        }
        Scrub::new(&roots, &named)
    }
}

/// The part of an answer that is read, as text, and what to say where it is not all. No review is that long; a log is, and
/// the whole of it stays in the run folder.
fn readable(answer: &[u8]) -> (String, Option<String>) {
    const MOST: usize = 8 << 20;
    if answer.len() <= MOST {
        return (String::from_utf8_lossy(answer).into_owned(), None);
    }
    let note = format!("only the first 8 MiB of its {} bytes were read", answer.len());
    (String::from_utf8_lossy(&answer[..MOST]).into_owned(), Some(note))
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

/// A folder as it may be spelled by programs: as given and with links resolved.
fn spellings(path: &Path) -> Vec<String> {
    let mut spellings = vec![path.to_string_lossy().into_owned()];
    if let Ok(real) = path.canonicalize() {
        spellings.push(real.to_string_lossy().into_owned());
    }
    spellings.dedup();
    spellings
}

/// Keeps the raw material: prompt, standard error, and the answer. `published` is the answer without this machine's
/// paths; the untouched bytes are kept beside it where they differ.
fn keep_raw(run: &RunFolder, attempt: &Attempt, published: &str, json: bool) -> Result<(), Error> {
    let folder = format!("raw/{}", store::reviewer_folder(&attempt.name));
    if let Some(prompt) = &attempt.prompt {
        run.write_once(&format!("{folder}/prompt.md"), prompt.as_bytes())?;
    }
    if !attempt.stderr.is_empty() {
        run.write_once(&format!("{folder}/stderr"), &attempt.stderr)?;
    }
    if attempt.answer != published.as_bytes() {
        run.write_once(&format!("{folder}/answer"), &attempt.answer)?;
    }
    run.write_review_bytes(&attempt.name, published.as_bytes(), json)?;
    Ok(())
}

fn checked_event(finding: &CheckedFinding) -> EventKind {
    let contested =
        [Gate::File, Gate::Quote].into_iter().any(|gate| finding.result(gate) == model::CheckResult::Fail);
    let confirmed = finding.result(Gate::Quote) == model::CheckResult::Pass;
    let place = finding.locations.first().map(|location| match location.start {
        Some(line) => format!("{}:{line}", location.path),
        None => location.path.to_string(),
    });
    EventKind::FindingChecked {
        reviewer: finding.reviewer.clone(),
        severity: finding.raw.severity,
        title: finding.raw.title.clone(),
        place,
        lane: match (contested, confirmed) {
            (true, _) => model::Lane::Contested,
            (false, true) => model::Lane::Confirmed,
            (false, false) => model::Lane::Unverified,
        },
    }
}

fn mark_trivial(target: &mut Target, patterns: &[String]) {
    let patterns = trivial::Patterns::new(patterns);
    for file in &mut target.changed {
        file.trivial = patterns.matches(file.path.as_str());
    }
}

fn builtin_settings(settings: &config::Settings) -> builtin::Settings {
    // In the configuration one star stands for anything, as its documentation says; rule ids have a slash in them.
    let across =
        |patterns: &[String]| patterns.iter().map(|p| p.replace("**", "*").replace('*', "**")).collect();
    builtin::Settings {
        enable: across(&settings.builtin.enable),
        disable: across(&settings.builtin.disable),
        trivial: settings.review.trivial.clone(),
        ..builtin::Settings::default()
    }
}

fn one_line(target: &Target) -> String {
    let name = target.branch.as_deref().unwrap_or_else(|| target.head.short());
    let (added, removed) =
        target.changed.iter().fold((0_u32, 0_u32), |sum, file| (sum.0 + file.added, sum.1 + file.removed));
    format!(
        "{name} against {}: {} commits, {} files, +{added} −{removed}",
        target.base_name,
        target.commits.len(),
        target.changed.len()
    )
}

/// Removes checkouts and spooled output. Where a process is not proven gone they stay for the next start to end it;
/// returns what is left and why.
fn clean_up(all: &HeardAll, scratch: Scratch, attempts: &Path) -> Vec<String> {
    let unproven: Vec<&str> = all
        .rows
        .iter()
        .filter(|heard| heard.row.tree_gone == Some(false))
        .map(|heard| heard.row.name.as_str())
        .collect();
    if !unproven.is_empty() {
        return vec![format!(
            "processes of {} are not proven gone: their folders stay until the next run has looked again",
            unproven.join(", ")
        )];
    }
    let mut troubles = Vec::new();
    if let Err(error) = scratch.remove() {
        troubles.push(format!("the checkouts could not be removed: {error}"));
    }
    if let Err(error) = supervise::remove_tree(attempts) {
        troubles.push(format!("spooled output could not be removed: {error}"));
    }
    troubles
}

/// Milliseconds, saturating: a clock that jumps must not panic a report.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The id of a run that is not recorded.
pub(crate) fn unrecorded(id: &str) -> RunId {
    RunId::new(id).expect("made of letters, digits and dashes by the caller")
}
