//! Going on with a run that was interrupted.
//!
//! In: a run, and the configuration of now. Out: the finished report of that run. Reviewers that came to an end are not asked
//! again; the target stays what it was; nobody is called by another command than the one the run began with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use config::Config;
use evidence::Evidence;
use git::Snapshot;
use model::{Ending, EventKind, Target};
use reviewers::Attempt;
use store::{RunEntry, RunFolder};

use crate::Error;
use crate::aside::Asides;
use crate::ask::wants_another_pass;
use crate::hear::{Answered, hear};
use crate::keep::{keep, keep_try, restore};
use crate::listen::{ATTEMPTS, spooled};
use crate::passes::second_of;
use crate::plan::Plan;
use crate::records::records;
use crate::review::{Finished, Stands, Story, Tools, names_of};
use crate::roster::Asked;
use crate::rounds::{HISTORY_FILE, History, gather};
use crate::scrub::Scrub;
use crate::tell::{listed, tell};

/// Which run is gone on with.
#[derive(Debug)]
pub struct ResumeRequest<'a> {
    /// The run.
    pub run: &'a RunEntry,
    /// The settings of now: commands come from here.
    pub config: &'a Config,
    /// Ask nobody: consolidate what has arrived.
    pub as_it_is: bool,
    /// Another deadline than the run had.
    pub deadline: Option<Duration>,
    /// Also write the report's forms here.
    pub out: Option<PathBuf>,
    /// The user's home folder, so that it can be kept out of the report.
    pub home: Option<PathBuf>,
}

/// Goes on with a run. Reviewers that came to their end stay as they are; others are asked.
pub fn resume(request: &ResumeRequest<'_>, tools: &Tools<'_>) -> Result<Finished, Error> {
    let begun = Instant::now();
    let run = tools.store.reopen(request.run)?;
    let plan = plan_of(&run)?;
    let target = run.target()?.ok_or_else(|| no_plan(&run, "what it reviews was not written down"))?;
    let mut config = Config::of(plan.settings(&request.config.settings));
    let review = &mut config.settings.review;
    review.deadline = request.deadline.unwrap_or(review.deadline);
    let roster = roster(request, &run, &plan, &config)?;
    let asides = match Asides::of(&config.settings) {
        // Where nobody is asked, it does not matter who is configured now.
        Err(_) if request.as_it_is => Asides::default(),
        asides => asides?,
    };
    let snapshot = Snapshot::open(tools.repository, &target)?;
    run.set_resumed()?;
    // Before anything of it is read: what a dead process left running may still write. What cannot be proven gone is told by
    // the promise that waits for it.
    drop(supervise::recover(run.path()));
    let (history, no_records) = history(&run, tools, &target, &roster)?;
    let story = Story {
        tools,
        run: &run,
        target: &target,
        snapshot: &snapshot,
        evidence: &Evidence::new(&snapshot),
        history: &history,
        config: &config,
        config_sha256: plan.config_sha256,
        roster: &roster,
        asides: &asides,
        silent: request.as_it_is,
        out: request.out.clone(),
        home: request.home.clone(),
        notes: plan.notes.into_iter().chain(no_records).collect(),
        begun,
    };
    let stands = stands(&story, request.as_it_is)?;
    tell(tools, &run, EventKind::Note { text: going_on(&run, &roster, &stands.known) });
    story.tell_to_the_end(stands)
}

/// What the run took from earlier rounds when it began; collected now where an older version began it.
fn history(
    run: &RunFolder,
    tools: &Tools<'_>,
    target: &Target,
    roster: &[Asked],
) -> Result<(History, Option<String>), Error> {
    if let Some(history) = run.part::<History>(HISTORY_FILE)?.filter(History::is_known) {
        return Ok((history, None));
    }
    let (records, no_records) = records(tools.store, &names_of(roster));
    // Its reviewers were given the whole change: the version that began it knew nothing else.
    let history = gather(tools.store, tools.repository, (&run.series(), run.started()), target, records);
    run.set_part(HISTORY_FILE, &history)?;
    Ok((history, no_records))
}

fn plan_of(run: &RunFolder) -> Result<Plan, Error> {
    let plan: Plan = run.plan()?.ok_or_else(|| no_plan(run, "whom it asks was not written down"))?;
    if plan.is_known() { Ok(plan) } else { Err(no_plan(run, "another version of deep-review planned it")) }
}

fn no_plan(run: &RunFolder, why: &str) -> Error {
    Error::NoPlan { id: run.id().to_string(), why: why.to_owned() }
}

/// Who is on the panel. Where nobody is asked, it does not matter what is configured now.
fn roster(
    request: &ResumeRequest<'_>,
    run: &RunFolder,
    plan: &Plan,
    config: &Config,
) -> Result<Vec<Asked>, Error> {
    if request.as_it_is {
        return Ok(plan.remembered());
    }
    plan.roster(run.id(), &config.settings)
}

/// The answers that stand in the run folder. With `all`, those that are missing are answered by what there is.
fn stands(story: &Story<'_>, all: bool) -> Result<Stands, Error> {
    let (run, target) = (story.run, story.target);
    let attempts = run.file(ATTEMPTS);
    let scrub = story.hearing().scrub();
    let mut stands = Stands::default();
    for (at, asked) in story.roster.iter().enumerate() {
        let name = asked.name();
        let Some(mut answered) = restore(run, name, asked.parser(), target, !all)? else {
            let last = last_words(run, name, asked, &attempts, at, target, &scrub)?;
            if all {
                keep(run, &last)?;
                stands.known.insert(name.to_owned(), last);
            }
            continue;
        };
        if wants_another_pass(story.config.settings.review.thorough, asked, &answered) {
            let again = second_of(name);
            let mut second = restore(run, &again, asked.parser(), target, !all)?;
            if second.is_none() {
                let last = last_words(run, &again, asked, &attempts, at, target, &scrub)?;
                if !all {
                    stands.first.insert(name.to_owned(), answered);
                    continue;
                }
                keep(run, &last)?;
                second = Some(last);
            }
            answered.second = second.map(Box::new);
        }
        stands.known.insert(name.to_owned(), answered);
    }
    Ok(stands)
}

/// What attempts that died with us had written, kept as tries; the last of them.
fn last_words(
    run: &RunFolder,
    name: &str,
    asked: &Asked,
    attempts: &Path,
    at: usize,
    target: &Target,
    scrub: &Scrub,
) -> Result<Answered, Error> {
    let mut last = lost(name, asked, Vec::new(), Vec::new(), target, scrub);
    for (stdout, stderr) in spooled(attempts, at, name != asked.name()) {
        last = lost(name, asked, stdout, stderr, target, scrub);
        keep_try(run, &last)?;
    }
    Ok(last)
}

/// An attempt whose process died with us. Cancelled, because it was cut off and can be asked again.
fn lost(
    name: &str,
    asked: &Asked,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    target: &Target,
    scrub: &Scrub,
) -> Answered {
    let attempt = Attempt {
        name: name.to_owned(),
        ending: Ending::Cancelled,
        error: Some("the run was interrupted before it was done".to_owned()),
        answer: stdout,
        stderr,
        quorum: asked.settings().is_some_and(|settings| settings.quorum),
        ..Attempt::default()
    };
    hear(attempt, asked.parser(), target, scrub)
}

fn going_on(run: &RunFolder, roster: &[Asked], known: &BTreeMap<String, Answered>) -> String {
    let of = |wanted: bool| -> Vec<&str> {
        roster.iter().map(Asked::name).filter(|name| known.contains_key(*name) == wanted).collect()
    };
    let (done, left) = (of(true), of(false));
    match (done.as_slice(), left.as_slice()) {
        (_, []) => format!("going on with {}: nobody is left to ask", run.id()),
        ([], left) => format!("going on with {}: asking {}", run.id(), listed(left)),
        (done, left) => {
            format!("going on with {}: {} stand, asking {}", run.id(), listed(done), listed(left))
        }
    }
}
