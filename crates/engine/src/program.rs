//! Asks one reviewer that is a program: a command, an agent over ACP, or the agent behind a reviewer.
//!
//! In: what the panel shares and one reviewer's settings. Out: an attempt. Tells the reviewer what the built-in reviewers
//! have found and where to look first; never reads an answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use config::ReviewerSettings;
use model::{DeltaScope, Ending, Failure, ReviewDocument};
use reviewers::agent::{Account, AgentRequest, Unready, ask_agent};
use reviewers::linters::{Linter, LinterRequest, ask_linter, linter};
use reviewers::{Attempt, Briefing, CommandRequest, Doing, ask_acp, ask_command};
use supervise::{Cancel, Progress};

use crate::ask::{News, Panel, not_asked};
use crate::hear::Answered;
use crate::passes;
use crate::spending::{ask_http, within_budget};
use crate::unaided::unaided;

/// One reviewer's place in the panel.
pub(crate) struct Chair<'a> {
    pub(crate) name: &'a str,
    pub(crate) settings: &'a ReviewerSettings,
    /// A fresh folder for its checkout.
    pub(crate) scratch: &'a Path,
    /// A fresh folder for the record of its process.
    pub(crate) process: &'a Path,
    /// What it is told besides the change.
    pub(crate) briefing: &'a Briefing,
    /// Ends it, alone or with everybody.
    pub(crate) cancel: &'a Cancel,
}

/// Asks a command, the agent behind a reviewer, or a model over HTTP.
pub(crate) fn ask_program(panel: &Panel<'_>, chair: &Chair<'_>, news: &Sender<News>) -> Attempt {
    let Chair { name, settings, .. } = *chair;
    if let (Some(found), Some(linter)) = (panel.agents.linters.found.get(name), linter(name)) {
        return lint(panel, chair, linter, found, news);
    }
    if settings.api.is_some() {
        return ask_http(panel, chair, chair.briefing, news);
    }
    let is_agent = !settings.acp.is_empty() || panel.agents.behind(name, settings).is_some();
    within_budget(panel, name, settings, is_agent, |settings| ask_in_time(panel, chair, settings, news))
}

/// Asks one of the project's linters.
fn lint(
    panel: &Panel<'_>,
    chair: &Chair<'_>,
    linter: &Linter,
    found: &Result<PathBuf, String>,
    news: &Sender<News>,
) -> Attempt {
    let linters = &panel.agents.linters;
    let request = LinterRequest {
        name: chair.name,
        linter,
        program: found.as_deref().map_err(String::as_str),
        settings: chair.settings,
        repository: panel.repository,
        target: panel.snapshot.target(),
        diff: panel.snapshot.diff(),
        folder: chair.scratch,
        process: chair.process,
        keeper: panel.keeper,
        most: linters.most as usize,
        installed_in: linters.installed_in.as_deref(),
        confinement: panel.confinement,
        environment: &panel.agents.environment,
    };
    ask_linter(&request, chair.cancel, &mut |progress| {
        if let Progress::Output { stdout, .. } = progress {
            drop(news.send(News::Wrote {
                reviewer: chair.name.to_owned(),
                bytes: stdout,
                doing: Doing::default(),
            }));
        }
    })
}

fn ask_in_time(
    panel: &Panel<'_>,
    chair: &Chair<'_>,
    settings: &ReviewerSettings,
    news: &Sender<News>,
) -> Attempt {
    let Chair { name, scratch, process, cancel, .. } = *chair;
    let request = CommandRequest {
        name,
        settings,
        repository: panel.repository,
        target: panel.snapshot.target(),
        diff: panel.snapshot.diff(),
        run: panel.run,
        folder: scratch,
        process,
        keeper: panel.keeper,
        prior: panel.prior,
        briefing: chair.briefing,
        confinement: panel.confinement,
        environment: &panel.agents.environment,
    };
    let tell = |progress: Progress, doing: Doing| {
        if let Progress::Output { stdout, .. } = progress {
            drop(news.send(News::Wrote { reviewer: name.to_owned(), bytes: stdout, doing }));
        }
    };
    match panel.agents.behind(name, settings) {
        None if !settings.acp.is_empty() => {
            ask_acp(&request, cancel, &mut |progress, doing| tell(progress, doing))
        }
        None => ask_command(&request, cancel, &mut |progress| tell(progress, Doing::default())),
        Some(Err(why)) => not_ready(name, settings, why),
        Some(Ok(agent)) => {
            let environment = &panel.agents.environment;
            let purse = panel.budget.purse(name);
            let account = Account { purse: &purse, prices: panel.prices };
            let request = AgentRequest { command: request, agent, environment, account };
            ask_agent(&request, cancel, &mut |progress, doing| tell(progress, doing))
        }
    }
}

fn not_ready(name: &str, settings: &ReviewerSettings, why: &Unready) -> Attempt {
    let message = why.sentence();
    Attempt {
        ending: Ending::NotStarted,
        quorum: settings.quorum,
        failure: Some(Failure { class: why.class(), message: message.clone(), retry_after_ms: None }),
        ..not_asked(name, &message)
    }
}

/// What a reviewer is told besides the change; `first` is its first pass, where it is asked to look again.
pub(crate) fn briefing(panel: &Panel<'_>, name: &str, first: Option<&Answered>) -> Briefing {
    let mut briefing = Briefing {
        template: panel.agents.prompt(name).cloned(),
        attention: places_to_tell(attention(panel), panel.scope),
        first_pass: first.map(|first| passes::told(&first.reading)).unwrap_or_default(),
        declined: panel.declined.to_vec(),
        since: panel.since.to_vec(),
        scope: panel.scope.cloned(),
        background: panel.background.clone(),
        ..Briefing::default()
    };
    if panel.builtin_asked {
        // A rule that panics costs the built-in reviewers, not everybody who would have been told.
        let document = catch_unwind(AssertUnwindSafe(|| builtin_document(panel)));
        briefing.found = document.map(|document| findings_to_tell(document, panel.scope)).unwrap_or_default();
    }
    briefing
}

/// The project's own documents at the merge base, in the order of the settings. What is not there, or is no text, is left out.
pub(crate) fn background(facts: &git::Snapshot, wanted: &[String]) -> Vec<reviewers::Background> {
    let read = |path: &String| {
        let text = evidence::Facts::text(facts, model::Side::Base, &path.as_str().into())?;
        (!text.binary).then(|| reviewers::Background { path: path.clone(), text: text.content })
    };
    wanted.iter().filter_map(read).collect()
}

/// Findings of the built-in reviewers told to the others: more would be a list and no hint.
const TOLD: usize = 20;

/// Places named as the first to look at.
const FIRST: usize = 8;

/// Findings of the built-in reviewers, a line each.
pub(crate) fn findings_to_tell(document: &ReviewDocument, scope: Option<&DeltaScope>) -> Vec<String> {
    let is_given = |finding: &&model::DocumentFinding| {
        finding.locations.first().is_none_or(|place| is_given(scope, &place.path))
    };
    document.findings.iter().filter(is_given).take(TOLD).map(in_one_line).collect()
}

/// Whether a later round gives a file to its reviewers: they are pointed at nothing else. What the change does not touch is
/// never left out.
fn is_given(scope: Option<&DeltaScope>, path: &str) -> bool {
    scope.is_none_or(|scope| scope.rest.iter().all(|file| file.path.as_str() != path))
}

/// Where to look first, a line each.
pub(crate) fn places_to_tell(places: &[model::Attention], scope: Option<&DeltaScope>) -> Vec<String> {
    let given = places.iter().filter(|place| is_given(scope, place.path.as_str()));
    given.take(FIRST).map(place_in_one_line).collect()
}

fn in_one_line(finding: &model::DocumentFinding) -> String {
    match finding.locations.first() {
        Some(place) => match place.start {
            Some(line) => format!("{}:{line}: {}", place.path, finding.title),
            None => format!("{}: {}", place.path, finding.title),
        },
        None => finding.title.clone(),
    }
}

/// Where to look first: places ranked by risk, each with its reasons.
pub(crate) fn attention<'a>(panel: &'a Panel<'_>) -> &'a [model::Attention] {
    panel.attention.get_or_init(|| {
        // It guides people and reviewers; where it fails, they are without a guide, and the run goes on.
        let ranked = || builtin::attend_snapshot(panel.snapshot, panel.builtin);
        catch_unwind(AssertUnwindSafe(ranked)).unwrap_or_default()
    })
}

fn place_in_one_line(place: &model::Attention) -> String {
    format!("{}:{}-{}: {}", place.path, place.start, place.end, place.why.join("; "))
}

/// What the built-in reviewers say; made by whoever needs it first.
pub(crate) fn builtin_document<'a>(panel: &'a Panel<'_>) -> &'a ReviewDocument {
    panel.builtin_document.get_or_init(|| unaided(panel.snapshot, panel.builtin, panel.rules))
}
