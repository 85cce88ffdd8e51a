//! What the commands have in common that people decide with.
//!
//! In: the id of a finding. Out: the run and the finding that are meant, and a decision about it, written down. Never infers
//! what was decided.

use git::{Repository, TargetRequest};
use jiff::civil::Date;
use model::{
    Action, Clock as _, DECISION_SCHEMA, Decision, Finding, Fingerprint, Remembered, Report, RunId, Target,
    TargetKind,
};
use store::{Decisions, RunEntry, RunState, Store, StoredRun, same_series, series_key, series_keys};

use crate::exit::{CommandError, Exit};
use crate::session::{Session, engine_error, git_error, store_error};

/// Where decisions are made: the last run of a branch and what was decided before.
pub(crate) struct Desk {
    pub(crate) repository: Repository,
    pub(crate) store: Store,
    pub(crate) run: StoredRun,
    pub(crate) report: Report,
    pub(crate) decisions: Decisions,
}

/// What was decided, in the words of the user.
pub(crate) struct Words {
    pub(crate) action: Action,
    pub(crate) reason: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) until: Option<Date>,
}

impl Words {
    pub(crate) fn new(action: Action, reason: Option<String>) -> Self {
        Self { action, reason, owner: None, until: None }
    }
}

impl Desk {
    /// The desk of a run, or of the last run of this branch.
    pub(crate) fn open(session: &Session, run: Option<&str>) -> Result<Self, CommandError> {
        let repository = session.repository()?;
        let store = Session::store(&repository)?;
        let entry = match run {
            Some(run) => store.find(run, None).map_err(|error| store_error(&error))?,
            None => last_of_branch(session, &repository, &store)?,
        };
        let run = entry.run;
        let report = run.report().map_err(|error| store_error(&error))?.ok_or_else(|| {
            CommandError::new(Exit::Incomplete, format!("run {} has no report: it was interrupted", run.id()))
        })?;
        let decisions = store.decisions().map_err(|error| store_error(&error))?;
        if !decisions.refused.is_empty() {
            let count = decisions.refused.len();
            session.ui.warn(&format!("{count} lines of what people decided cannot be read and do not count"));
        }
        Ok(Self { repository, store, run, report, decisions })
    }

    /// The desk of a finding named `I1` or `RUN:I1`, and its id.
    pub(crate) fn of_finding(session: &Session, name: &str) -> Result<(Self, String), CommandError> {
        match name.rsplit_once(':') {
            Some((run, id)) if !run.is_empty() && run != "f1" => {
                Ok((Self::open(session, Some(run))?, id.to_uppercase()))
            }
            _ => Ok((Self::open(session, None)?, name.to_uppercase())),
        }
    }

    pub(crate) fn finding(&self, id: &str) -> Option<&Finding> {
        self.report.findings.iter().find(|finding| finding.id == id)
    }

    /// The finding, or an error that says which there are.
    pub(crate) fn known(&self, id: &str) -> Result<&Finding, CommandError> {
        self.finding(id).ok_or_else(|| {
            let known: Vec<&str> = self.report.findings.iter().map(|finding| finding.id.as_str()).collect();
            let known = if known.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", known.join(", "))
            };
            CommandError::usage(format!("run {} has no finding {id}: {known}", self.report.run.id))
        })
    }

    /// What is remembered of a finding of the run.
    pub(crate) fn remembered(&self, finding: &Finding) -> Result<Remembered, CommandError> {
        let found = engine::remembered(&self.repository, &self.run, &self.report, &[finding]);
        let mut found = found.map_err(|error| engine_error(&error))?;
        Ok(found.remove(0))
    }

    /// A decision about what is remembered of a finding.
    pub(crate) fn decision(&self, session: &Session, finding: Remembered, words: Words) -> Decision {
        Decision {
            schema: DECISION_SCHEMA.to_owned(),
            id: Fingerprint::default(),
            at: session.clock.now(),
            action: words.action,
            reason: words.reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty()),
            by: self.repository.user().map(str::to_owned),
            owner: words.owner,
            until: words.until,
            series: self.report.series.key.clone(),
            finding,
        }
        .sealed()
    }

    /// Writes decisions down.
    pub(crate) fn keep(&self, decisions: &[Decision]) -> Result<(), CommandError> {
        self.store.decide(decisions).map(drop).map_err(|error| store_error(&error))
    }

    /// The branch of the run as it is today; `None` where it cannot be told.
    pub(crate) fn today(&self) -> Option<Target> {
        let target = &self.report.target;
        let branch = match (target.kind, target.pull_request) {
            (TargetKind::PullRequest, Some(number)) => format!("#{number}"),
            (TargetKind::Branch, _) => target.branch.clone()?,
            _ => return None,
        };
        let base = (!target.base_name.is_empty()).then(|| target.base.as_str().to_owned());
        let request =
            |base| TargetRequest { spec: Some(branch.clone()), base, staged: false, worktree: false };
        let resolved = self.repository.resolve(&request(None));
        resolved.or_else(|_| self.repository.resolve(&request(base))).ok()
    }
}

/// Decides about one finding, and says so.
pub(crate) fn decide(session: &Session, name: &str, words: Words) -> Result<Exit, CommandError> {
    if words.action.needs_reason() && words.reason.as_ref().is_none_or(|why| why.trim().is_empty()) {
        return Err(CommandError::usage("a reason is needed: `-m WHY`"));
    }
    let (desk, id) = Desk::of_finding(session, name)?;
    let finding = desk.remembered(desk.known(&id)?)?;
    let decision = desk.decision(session, finding, words);
    desk.keep(std::slice::from_ref(&decision))?;
    tell(session, &decision);
    Ok(Exit::Passed)
}

/// Says what was decided.
pub(crate) fn tell(session: &Session, decision: &Decision) {
    if session.ui.json {
        session.ui.result(&serde_json::to_string_pretty(decision).expect("plain data"));
        return;
    }
    let finding = &decision.finding;
    let text = format!("{} {}  {}\n", decision.action.label(), finding.name(), finding.title);
    session.ui.result(&report::safe_text(&text));
    if !decision.action.binds() {
        return;
    }
    session.ui.talk(&report::safe_text(&comes_back(finding, &brings_back(session))));
}

/// What brings a declined finding back here, by the settings; all of it where they cannot be read, which the next run will say.
fn brings_back(session: &Session) -> Vec<config::Reraise> {
    use config::Reraise::{Callers, Edited, Ran};
    let config = session.repository().and_then(|repository| session.config(Some(&repository), Vec::new()));
    config.map_or_else(|_| vec![Edited, Callers, Ran], |config| config.settings.policy.declined_reraise)
}

fn comes_back(finding: &Remembered, by: &[config::Reraise]) -> String {
    use config::Reraise;
    let lines: usize = finding.places.iter().map(|place| place.lines.len()).sum();
    let (sites, names) = (finding.callers.sites.len(), finding.callers.names.join(", "));
    let mut when = Vec::new();
    if by.contains(&Reraise::Edited) {
        match lines {
            0 => {}
            1 => when.push("its line is edited".to_owned()),
            _ => when.push(format!("one of its {lines} lines is edited")),
        }
    }
    if by.contains(&Reraise::Callers) && !names.is_empty() {
        when.push(match sites {
            0 => format!("somebody begins to call {names}"),
            1 => format!("{names} is called in more than one place"),
            _ => format!("{names} is called in more than {sites} places"),
        });
    }
    if by.contains(&Reraise::Ran) {
        when.push("somebody gives a script that shows it".to_owned());
    }
    if when.is_empty() {
        return "nothing brings it back but `reopen`".to_owned();
    }
    format!("it comes back when {}", when.join(", or "))
}

/// Whether a run is about a branch, also under another name that it had, or as its pull request.
pub(crate) fn of_branch(runs: &[RunEntry], branch: &str) -> impl Fn(&RunEntry) -> bool + use<> {
    let target = Target { branch: Some(branch.to_owned()), ..Target::default() };
    let mut keys = series_keys(&series_key(&target), runs);
    // Uncommitted changes of it are a series of their own.
    let is_named = |run: &&RunEntry| {
        run.record.as_ref().is_some_and(|it| {
            it.target.branch.as_deref() == Some(branch)
                && matches!(it.target.kind, TargetKind::Branch | TargetKind::PullRequest)
        })
    };
    for run in runs.iter().filter(is_named) {
        keys.extend(run.series().map(|series| series_keys(series, runs)).unwrap_or_default());
    }
    let branch = branch.to_owned();
    move |run| {
        let named = run.record.as_ref().is_some_and(|it| it.target.branch.as_ref() == Some(&branch));
        named || run.series().is_some_and(|series| keys.iter().any(|key| same_series(key, series)))
    }
}

/// The newest finished run about the branch that is checked out; where it has none, the newest of all.
fn last_of_branch(
    session: &Session,
    repository: &Repository,
    store: &Store,
) -> Result<RunEntry, CommandError> {
    let branch = repository.branch().map_err(|error| git_error(&error))?;
    let runs = store.runs().map_err(|error| store_error(&error))?;
    let finished = |run: &&RunEntry| run.state == RunState::Finished;
    if let Some(branch) = &branch {
        let own = of_branch(&runs, branch);
        if let Some(run) = runs.iter().filter(finished).find(|run| own(run)) {
            return Ok(run.clone());
        }
    }
    let Some(run) = runs.iter().find(finished) else {
        return store.find("last", None).map_err(|error| store_error(&error));
    };
    let branch = branch.unwrap_or_else(|| "this commit".to_owned());
    session.ui.talk(&report::safe_text(&format!("{branch} has no run of its own; this is {}", run.id())));
    Ok(run.clone())
}

/// A decision that still stands about a finding of this series, by its id; for findings that the last report does not list.
pub(crate) fn standing<'d>(desk: &'d Desk, id: &str) -> Result<Option<&'d Decision>, CommandError> {
    let runs = desk.store.runs().map_err(|error| store_error(&error))?;
    let keys = series_keys(&desk.report.series.key, &runs);
    let of_series = |decision: &&&Decision| keys.iter().any(|key| same_series(key, &decision.series));
    let latest = desk.decisions.latest();
    let found: Vec<&Decision> = latest
        .iter()
        .filter(|decision| decision.action != Action::Reopened)
        .filter(of_series)
        .filter(|decision| decision.finding.id == id)
        .copied()
        .collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let names: Vec<String> = several.iter().map(|decision| decision.finding.name()).collect();
            Err(CommandError::usage(format!("{id} could be any of {}", names.join(", ")))
                .hint("name the run as well: `RUN:ID`"))
        }
    }
}

/// A decision about a finding of a run that may be gone.
pub(crate) fn decided_in<'d>(decisions: &'d Decisions, run: &RunId, id: &str) -> Option<&'d Decision> {
    let of_it = |decision: &&&Decision| decision.finding.run == *run && decision.finding.id == id;
    decisions.latest().iter().find(of_it).copied()
}
