//! Puts a report together from its parts, and makes its forms.
//!
//! In: what was heard, in roster order. Out: the report value and its bytes. The same parts give the same report; time is
//! stamped on afterwards.

use std::path::Path;
use std::time::Duration;

use config::{Config, Reraise, Settings};
use evidence::Evidence;
use findings::rounds::Material;
use findings::{Input, Known, Policy, Quorum, Records};
use jiff::Timestamp;
use model::{
    Challenge, Finding, Lane, Original, Prior, PriorStatus, REPORT_SCHEMA, Report, ReviewerState, Run, RunId,
    Series, SeverityCounts, Target, Tool,
};

use crate::Error;
use crate::cross_examine;
use crate::place::permalink;
use crate::review::{Heard, milliseconds};
use crate::rounds::{History, Rounds};

/// What a report is made from.
pub(crate) struct Parts<'a> {
    pub(crate) target: &'a Target,
    /// The repository at the pinned commits and what is known of the change; `None` where none is used.
    pub(crate) facts: Option<(&'a git::Snapshot, &'a Evidence<'a>)>,
    /// What earlier runs taught about the reviewers.
    pub(crate) records: &'a Records,
    /// What earlier rounds and people said.
    pub(crate) history: Option<&'a History>,
    pub(crate) series: Series,
    pub(crate) run: RunId,
    pub(crate) heard: Vec<Heard>,
    /// Claims that were put to somebody else.
    pub(crate) challenges: &'a [Challenge],
    /// What was tried.
    pub(crate) trials: &'a model::Trials,
    pub(crate) config: &'a Config,
    pub(crate) quorum: Quorum,
    pub(crate) version: &'a str,
    pub(crate) notes: Vec<String>,
}

/// Consolidates and fills in what the report shows around the findings.
pub(crate) fn assemble(parts: Parts<'_>) -> (Report, Vec<Original>) {
    let mut roster = Vec::new();
    let mut readings = Vec::new();
    let mut checked = Vec::new();
    let mut originals = Vec::new();
    for heard in parts.heard {
        readings.push((heard.row.name.clone(), heard.reading));
        checked.extend(heard.checked);
        originals.extend(heard.originals.into_iter().filter(|original| !original.text.trim().is_empty()));
        roster.push(heard.row);
    }
    let (facts, evidence) = parts.facts.unzip();
    let known = facts.map_or_else(Known::default, |facts| known(facts, parts.target));
    repro::answer(&mut checked, &parts.trials.reproductions);
    crate::testing::answer(&mut checked, &parts.trials.fixes);
    let mut known = Known { challenges: parts.challenges.to_vec(), ..known };
    let mut rounds = parts.history.zip(facts).map(|(history, facts)| Rounds::new(history, facts));
    if let Some(rounds) = &mut rounds {
        known.told_before = rounds.gate(&mut checked, material(&parts.config.settings.policy));
    }
    let policy = policy(&parts.config.settings.policy);
    let input = Input {
        roster: &roster,
        readings: &readings,
        checked,
        changed: &parts.target.changed,
        commits: &parts.target.commits,
        policy: &policy,
        records: parts.records,
        limitations: evidence.map_or(&[], Evidence::limitations),
        known: &known,
        quorum: parts.quorum,
        repository_used: facts.is_some(),
    };
    let mut consolidated = findings::consolidate(&input);
    for finding in &mut consolidated.findings {
        illustrate(finding, parts.target, facts);
    }
    let prior = rounds.map(|rounds| rounds.follow(&mut consolidated.findings, &readings)).unwrap_or_default();
    let scope = parts.history.and_then(|history| history.scope.as_ref());
    findings::judge_with_earlier(&input, &mut consolidated, &prior, scope);
    let all = consolidated.findings;
    let waited = roster.iter().all(|row| row.state == ReviewerState::Finished || !row.quorum);
    let (needed, counted) = consolidated.quorum;
    let complete = counted >= needed && (waited || matches!(parts.quorum, Quorum::Wanted(_)));
    let mut notes = parts.notes;
    notes.extend(consolidated.notes);
    let challenges = named_as_now(parts.challenges, &all);
    notes.extend(challenges.iter().map(cross_examine::sentence));
    let mut series = parts.series;
    if let Some(history) = parts.history {
        series.delta.clone_from(&history.delta);
        series.scope.clone_from(&history.scope);
        notes.extend(history.notes.iter().cloned());
    }
    let mut testing = consolidated.testing;
    crate::testing::describe(parts.trials, &mut testing);
    let summary = since(consolidated.summary, &series, &prior, &all);
    let report = Report {
        schema: REPORT_SCHEMA.to_owned(),
        summary,
        tool: Tool {
            version: parts.version.to_owned(),
            config_sha256: Some(parts.config.sha256()),
            prompt_sha256: None,
        },
        run: Run { id: parts.run, complete, quorum: consolidated.quorum, ..Run::default() },
        target: parts.target.clone(),
        series,
        reviewers: roster,
        verdict: consolidated.verdict,
        findings: all,
        dispositions: consolidated.dispositions,
        attention: Vec::new(),
        prior,
        design: consolidated.design,
        testing,
        documentation: consolidated.documentation,
        commits: consolidated.commits,
        limitations: consolidated.limitations,
        coverage: consolidated.coverage,
        retro: consolidated.retro,
        invariants: consolidated.invariants,
        challenges,
        trials: parts.trials.clone(),
        summary_by: None,
        resolution: None,
        notes,
    };
    (redaction::value(report), without_keys(&originals))
}

/// Texts of reviewers as they are published. In the run folder they stay as they came: their quotes are looked up in the code.
pub fn without_keys(originals: &[Original]) -> Vec<Original> {
    let own = |it: &Original| Original { text: redaction::text(&it.text).into_owned(), ..it.clone() };
    originals.iter().map(own).collect()
}

/// A finding that is contested stands elsewhere in the report than it did when it was challenged.
fn named_as_now(challenges: &[Challenge], findings: &[Finding]) -> Vec<Challenge> {
    let finding_of = |challenge: &Challenge| {
        let rests_on_it = |finding: &&Finding| {
            finding.sources.iter().any(|it| it.reviewer == challenge.reviewer && it.index == challenge.index)
        };
        findings.iter().position(|finding| rests_on_it(&finding))
    };
    let mut named: Vec<(usize, Challenge)> = challenges
        .iter()
        .map(|challenge| match finding_of(challenge) {
            Some(at) => (at, Challenge { finding: findings[at].id.clone(), ..challenge.clone() }),
            None => (findings.len(), challenge.clone()),
        })
        .collect();
    named.sort_by_key(|(at, _)| *at);
    named.into_iter().map(|(_, challenge)| challenge).collect()
}

/// The summary with what happened since the round before.
fn since(summary: String, series: &Series, prior: &[Prior], findings: &[Finding]) -> String {
    if series.round < 2 || series.previous.is_none() {
        return summary;
    }
    let count = |wanted: &[PriorStatus]| prior.iter().filter(|row| wanted.contains(&row.status)).count();
    let new = findings.iter().filter(|finding| finding.since_round.is_none()).count();
    let is_back = |row: &&Prior| row.status == PriorStatus::NotFixed && row.came_back(findings);
    let back = prior.iter().filter(is_back).count();
    let parts = [
        (count(&[PriorStatus::Fixed]), "fixed"),
        (count(&[PriorStatus::Partial]), "fixed in part"),
        (count(&[PriorStatus::NotFixed]) - back, "still open"),
        (back, "settled before and back"),
        (count(&[PriorStatus::Stale, PriorStatus::Superseded]), "settled otherwise"),
        (new, "new"),
        (count(&[PriorStatus::Declined]), "declined"),
    ];
    let told: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let told =
        if told.is_empty() { "nothing was open and nothing is new".to_owned() } else { told.join(", ") };
    let same = series.delta.as_ref().is_some_and(|delta| delta.same_commit);
    let same = if same { " It is the same commit as then." } else { "" };
    format!("{summary}\n\nSince round {}: {told}.{same}", series.round - 1)
}

/// What the repository itself shows, beside what reviewers say.
fn known(facts: &git::Snapshot, target: &Target) -> Known {
    Known {
        shown: Some((target.merge_base.clone(), target.head.clone())),
        commits: evidence::history(facts),
        untested: evidence::untested(facts),
        ..Known::default()
    }
}

/// The distinct findings of those that ended so far: how many of each severity, how many block, how many are contested.
pub(crate) fn so_far<'h>(
    heard: impl Iterator<Item = &'h Heard>,
    target: &Target,
    evidence: &Evidence<'_>,
    records: &Records,
    settings: &Settings,
) -> SoFar {
    let mut roster = Vec::new();
    let mut readings = Vec::new();
    let mut checked = Vec::new();
    for heard in heard {
        readings.push((heard.row.name.clone(), heard.reading.clone()));
        checked.extend(heard.checked.iter().cloned());
        roster.push(heard.row.clone());
    }
    let raised = checked.len() as u32;
    let consolidated = findings::consolidate(&Input {
        roster: &roster,
        readings: &readings,
        checked,
        changed: &target.changed,
        commits: &target.commits,
        policy: &policy(&settings.policy),
        records,
        limitations: evidence.limitations(),
        known: &Known::default(),
        quorum: Quorum::Wanted(settings.review.quorum),
        repository_used: true,
    });
    let mut findings = SeverityCounts::default();
    for finding in &consolidated.findings {
        findings.add(finding.severity);
    }
    let contested = consolidated.findings.iter().filter(|it| it.lane == Lane::Contested).count() as u32;
    let blocking = consolidated.verdict.blocking.len() as u32;
    SoFar { ended: roster.len() as u32, raised, findings, blocking, contested }
}

/// See [`so_far`].
pub(crate) struct SoFar {
    pub(crate) ended: u32,
    pub(crate) raised: u32,
    pub(crate) findings: SeverityCounts,
    pub(crate) blocking: u32,
    pub(crate) contested: u32,
}

/// What the user set, in the words of `findings`. What cannot be set stays at its default.
fn policy(settings: &config::PolicySettings) -> Policy {
    Policy { critical: settings.critical, pre_existing: settings.pre_existing, ..Policy::default() }
}

/// What brings declined findings back.
pub(crate) fn material(settings: &config::PolicySettings) -> Material {
    let has = |wanted| settings.declined_reraise.contains(&wanted);
    Material { edited: has(Reraise::Edited), callers: has(Reraise::Callers), ran: has(Reraise::Ran) }
}

/// Adds the code at the finding's primary place, and web addresses.
fn illustrate(finding: &mut Finding, target: &Target, facts: Option<&git::Snapshot>) {
    for location in &mut finding.locations {
        location.permalink = permalink(target, location);
    }
    if let (Some(facts), Some(primary)) = (facts, finding.locations.first()) {
        finding.excerpt = evidence::excerpt(facts, primary);
    }
}

/// When a run began and ended and how long it worked.
pub(crate) struct Finish {
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Timestamp,
    pub(crate) active: Duration,
    pub(crate) consolidation: Duration,
}

impl Finish {
    pub(crate) fn stamp(&self, report: &mut Report) {
        report.run.started = self.started_at;
        report.run.ended = self.ended_at;
        report.run.active_ms = milliseconds(self.active);
        report.run.consolidation_ms = milliseconds(self.consolidation);
    }
}

/// Every form of a report.
#[derive(Clone, Debug)]
pub struct Forms {
    /// `report.json`
    pub json: String,
    /// `report.md`
    pub markdown: String,
    /// `report.html`
    pub html: String,
    /// `report.sarif`
    pub sarif: String,
}

impl Forms {
    /// File names and contents.
    pub fn files(&self) -> [(&'static str, &[u8]); 4] {
        [
            ("report.json", self.json.as_bytes()),
            ("report.md", self.markdown.as_bytes()),
            ("report.html", self.html.as_bytes()),
            ("report.sarif", self.sarif.as_bytes()),
        ]
    }
}

/// Renders a report in every form.
pub fn forms(report: &Report, originals: &[Original]) -> Forms {
    let originals = &without_keys(originals);
    Forms {
        json: report::json(report),
        markdown: report::markdown(report, originals),
        html: report::html(report, originals),
        sarif: report::sarif(report),
    }
}

/// Writes every form into a folder of the user's.
pub(crate) fn write_forms(folder: &Path, forms: &Forms) -> Result<(), Error> {
    let failed = |source| Error::Write { what: format!("`{}`", folder.display()), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, bytes) in forms.files() {
        std::fs::write(folder.join(name), bytes)
            .map_err(|source| Error::Write { what: format!("`{}`", folder.join(name).display()), source })?;
    }
    Ok(())
}
