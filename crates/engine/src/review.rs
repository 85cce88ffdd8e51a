//! The story of one review.
//!
//! In: what to review and whom to ask. Out: a finished report in its run folder. Reviewers are read and checked as they
//! end; merging and judging happen once, in roster order, so the result does not depend on who was first.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use config::Config;
use evidence::Evidence;
use findings::Quorum;
use git::{Repository, Snapshot};
use jiff::Timestamp;
use model::{Clock, Ending, Event, EventKind, Original, Report, ReviewerReport, RunId, Target};
use store::{RunFolder, Store};
use supervise::{Cancel, Keeper};

use crate::Error;
use crate::aside::Asides;
use crate::assemble::{Finish, Parts, assemble, forms, write_forms};
use crate::edit;
use crate::hear::Answered;
pub(crate) use crate::hear::Heard;
use crate::listen::{HeardAll, Hearing};
use crate::plan::Plan;
use crate::records::records;
use crate::roster::Asked;
use crate::rounds::{
    HISTORY_FILE, History, OPEN_FILE, aliases, gather, left_open, readers_needed, scope, sentence,
};
use crate::skips::Skips;
use crate::tell::{one_line, tell};
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
    /// In a later round: give the whole change to reviewers, as in the first.
    pub full: bool,
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
    /// The agents that were found.
    pub agents: &'a reviewers::agent::Agents,
    /// How programs are confined.
    pub confinement: reviewers::Confinement,
    /// Ends the reviewers; what has arrived is consolidated.
    pub cancel: Cancel,
    /// Skips single reviewers.
    pub skips: Skips,
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

impl Finished {
    /// Whether going on with the run asks somebody again.
    pub fn can_be_resumed(&self) -> bool {
        self.report.reviewers.iter().any(ReviewerReport::may_be_asked_again)
    }
}

/// Reviews.
pub fn review(request: &Request<'_>, tools: &Tools<'_>) -> Result<Finished, Error> {
    let begun = Instant::now();
    let mut target = request.target.clone();
    mark_trivial(&mut target, &request.config.settings.review.trivial);
    let snapshot = Snapshot::open(tools.repository, &target)?;
    let asides = Asides::of(&request.config.settings)?;
    let aliases = aliases(tools.store, tools.repository, &target);
    let run = tools.store.begin_as(&target, tools.clock.now(), &store::slug(&target), &aliases)?;
    let names = names_of(&request.roster);
    let plan = Plan::new(run.id(), request.config, &request.roster, &asides, &request.notes);
    run.set_plan(&names, &plan)?;
    let (records, no_records) = records(tools.store, &names);
    let place = (&run.series(), run.started());
    let mut history = gather(tools.store, tools.repository, place, &target, records);
    history.full = request.full;
    history.scope = scope(&history, &snapshot, needed(&request.roster, request.config, tools));
    run.set_part(HISTORY_FILE, &history)?;
    let started =
        EventKind::RunStarted { run: run.id().to_string(), target: one_line(&target), reviewers: names };
    tell(tools, &run, started);
    let notes = [history.in_short(run.series().round), history.scope.as_ref().map(sentence)];
    for text in notes.into_iter().flatten() {
        tell(tools, &run, EventKind::Note { text });
    }
    Story {
        tools,
        run: &run,
        target: &target,
        snapshot: &snapshot,
        evidence: &Evidence::new(&snapshot),
        history: &history,
        config: request.config,
        config_sha256: plan.config_sha256,
        roster: &request.roster,
        asides: &asides,
        silent: false,
        out: request.out.clone(),
        home: request.home.clone(),
        notes: request.notes.iter().cloned().chain(no_records).collect(),
        begun,
    }
    .tell_to_the_end(Stands::default())
}

/// What stands in the run folder already.
#[derive(Default)]
pub(crate) struct Stands {
    /// Answers of those who are not asked any more.
    pub(crate) known: BTreeMap<String, Answered>,
    /// First passes whose second is missing.
    pub(crate) first: BTreeMap<String, Answered>,
}

/// A run that has begun, or is gone on with.
pub(crate) struct Story<'a> {
    pub(crate) tools: &'a Tools<'a>,
    pub(crate) run: &'a RunFolder,
    pub(crate) target: &'a Target,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) evidence: &'a Evidence<'a>,
    pub(crate) history: &'a History,
    pub(crate) config: &'a Config,
    pub(crate) config_sha256: String,
    pub(crate) roster: &'a [Asked],
    pub(crate) asides: &'a Asides,
    /// Nobody is asked: what has arrived is consolidated.
    pub(crate) silent: bool,
    pub(crate) out: Option<PathBuf>,
    pub(crate) home: Option<PathBuf>,
    pub(crate) notes: Vec<String>,
    pub(crate) begun: Instant,
}

impl Story<'_> {
    /// Asks those whose answers are not known, and makes the report.
    pub(crate) fn tell_to_the_end(self, stands: Stands) -> Result<Finished, Error> {
        let mut heard = self.hearing().hear_everybody(stands.known, stands.first)?;
        let mut tried = crate::prove::scripts(&self, &heard)?;
        tried.extend(crate::testing::suite(&self, &heard)?);
        heard.notes.extend(tried);
        self.report(heard)
    }

    pub(crate) fn hearing(&self) -> Hearing<'_> {
        Hearing {
            tools: self.tools,
            run: self.run,
            snapshot: self.snapshot,
            evidence: self.evidence,
            history: self.history,
            config: self.config,
            settings: &self.config.settings,
            asides: self.asides,
            silent: self.silent,
            roster: self.roster,
            home: self.home.as_deref(),
        }
    }

    fn report(self, heard: HeardAll) -> Result<Finished, Error> {
        let consolidation = Instant::now();
        let (deadline_reached, cancelled, scrub) = (heard.deadline_reached, heard.cancelled, heard.scrub);
        let notes = self.all_notes(heard.notes);
        let (mut report, originals) = assemble(Parts {
            target: self.target,
            facts: Some((self.snapshot, self.evidence)),
            records: &self.history.records,
            history: Some(self.history),
            series: self.run.series(),
            run: self.run.id().clone(),
            heard: heard.rows,
            challenges: &heard.after.challenges,
            trials: &self.trials()?,
            config: self.config,
            quorum: Quorum::Wanted(self.config.settings.review.quorum),
            version: self.tools.version,
            notes,
        });
        edit::apply(&mut report, heard.after.edited.as_ref());
        report.attention = heard.attention;
        scrub.notes(&mut report);
        report.tool.config_sha256 = Some(self.config_sha256.clone());
        report.run.resumed = self.run.resumed();
        let cut_off = |row: &ReviewerReport| {
            row.ending == Ending::Cancelled || row.passes.iter().any(|pass| pass.ending == Ending::Cancelled)
        };
        let cut_off = report.reviewers.iter().any(cut_off);
        report.run.complete = report.run.complete && !deadline_reached && !cancelled && !cut_off;
        self.finish(consolidation).stamp(&mut report);
        let report = redaction::value(report);

        // Before the report: where that stands, what it leaves open does, too.
        self.run.set_part(OPEN_FILE, &left_open(self.history, &report, self.snapshot))?;
        let written = forms(&report, &originals);
        // The user's own folder first: a record that cannot be finished must not cost the report.
        if let Some(folder) = &self.out {
            write_forms(folder, &written)?;
        }
        self.run.finish(&report, &written.files())?;
        let ended = EventKind::RunEnded { verdict: report.verdict.clone(), complete: report.run.complete };
        tell(self.tools, self.run, ended);
        let folder = self.run.path().to_owned();
        Ok(Finished { report, originals, folder, deadline_reached, cancelled })
    }

    /// Everything that was tried.
    fn trials(&self) -> Result<model::Trials, Error> {
        let kept = crate::testing::kept(self.run)?;
        Ok(model::Trials { reproductions: self.run.reproductions()?, ..kept })
    }

    fn all_notes(&self, heard: Vec<String>) -> Vec<String> {
        let mut notes = self.notes.clone();
        notes.extend(self.snapshot.notes().iter().cloned());
        notes.extend(heard);
        if let Some(moved) = self.tools.repository.head_moved(self.target) {
            tell(self.tools, self.run, EventKind::Note { text: moved.clone() });
            notes.push(moved);
        }
        notes
    }

    fn finish(&self, consolidation: Instant) -> Finish {
        let started_at: Timestamp = self.run.started();
        Finish {
            started_at,
            ended_at: self.tools.clock.now(),
            active: self.begun.elapsed(),
            consolidation: consolidation.elapsed(),
        }
    }
}

/// How many must have read a file before it is left out.
pub(crate) fn needed(roster: &[Asked], config: &Config, tools: &Tools<'_>) -> Option<u32> {
    let is_linter = |name: &str| tools.agents.linters.found.contains_key(name);
    readers_needed(roster, &is_linter, config.settings.review.quorum)
}

/// Everybody's name, in roster order.
pub(crate) fn names_of(roster: &[Asked]) -> Vec<String> {
    roster.iter().map(|asked| asked.name().to_owned()).collect()
}

fn mark_trivial(target: &mut Target, patterns: &[String]) {
    let patterns = trivial::Patterns::new(patterns);
    for file in &mut target.changed {
        file.trivial = patterns.matches(file.path.as_str());
    }
}

/// Milliseconds, saturating: a clock that jumps must not panic a report.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The id of a run that is not recorded.
pub(crate) fn unrecorded(id: &str) -> RunId {
    RunId::new(id).expect("made of letters, digits and dashes by the caller")
}
