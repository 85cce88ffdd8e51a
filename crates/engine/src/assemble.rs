//! Puts a report together from its parts, and makes its forms.
//!
//! In: what was heard, in roster order. Out: the report value and its bytes. The same parts give the same report; time is
//! stamped on afterwards.

use std::path::Path;
use std::time::Duration;

use config::Config;
use findings::{Input, Policy, Quorum, Records};
use jiff::Timestamp;
use model::{Finding, Original, REPORT_SCHEMA, Report, ReviewerState, Run, RunId, Series, Target, Tool};

use crate::Error;
use crate::place::permalink;
use crate::review::{Heard, milliseconds};

/// What a report is made from.
pub(crate) struct Parts<'a> {
    pub(crate) target: &'a Target,
    /// The repository at the pinned commits; `None` where none is used.
    pub(crate) facts: Option<&'a git::Snapshot>,
    pub(crate) series: Series,
    pub(crate) run: RunId,
    pub(crate) heard: Vec<Heard>,
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
        if !heard.original.text.trim().is_empty() {
            originals.push(heard.original);
        }
        roster.push(heard.row);
    }
    let limitations = parts.facts.map(|facts| evidence::limitations(facts)).unwrap_or_default();
    let consolidated = findings::consolidate(&Input {
        roster: &roster,
        readings: &readings,
        checked,
        changed: &parts.target.changed,
        commits: &parts.target.commits,
        policy: &policy(&parts.config.settings.policy),
        records: &Records::new(),
        limitations: &limitations,
        quorum: parts.quorum,
        repository_used: parts.facts.is_some(),
    });
    let mut all = consolidated.findings;
    for finding in &mut all {
        illustrate(finding, parts.target, parts.facts);
    }
    let waited = roster.iter().all(|row| row.state == ReviewerState::Finished || !row.quorum);
    let (needed, counted) = consolidated.quorum;
    let complete = counted >= needed && (waited || matches!(parts.quorum, Quorum::Wanted(_)));
    let mut notes = parts.notes;
    notes.extend(consolidated.notes);
    let report = Report {
        schema: REPORT_SCHEMA.to_owned(),
        summary: consolidated.summary,
        tool: Tool {
            version: parts.version.to_owned(),
            config_sha256: Some(parts.config.sha256()),
            prompt_sha256: None,
        },
        run: Run { id: parts.run, complete, quorum: consolidated.quorum, ..Run::default() },
        target: parts.target.clone(),
        series: parts.series,
        reviewers: roster,
        verdict: consolidated.verdict,
        findings: all,
        dispositions: consolidated.dispositions,
        attention: Vec::new(),
        prior: Vec::new(),
        design: consolidated.design,
        testing: consolidated.testing,
        documentation: consolidated.documentation,
        commits: consolidated.commits,
        limitations: consolidated.limitations,
        coverage: consolidated.coverage,
        retro: consolidated.retro,
        invariants: consolidated.invariants,
        notes,
    };
    (report, originals)
}

/// What the user set, in the words of `findings`. What cannot be set stays at its default.
fn policy(settings: &config::PolicySettings) -> Policy {
    Policy {
        critical: match settings.critical {
            config::CriticalPolicy::Rework => findings::CriticalPolicy::Rework,
            config::CriticalPolicy::Fixes => findings::CriticalPolicy::Fixes,
        },
        pre_existing: match settings.pre_existing {
            config::PreExistingPolicy::Design => findings::PreExistingPolicy::Design,
            config::PreExistingPolicy::Suggestion => findings::PreExistingPolicy::Suggestion,
            config::PreExistingPolicy::Keep => findings::PreExistingPolicy::Keep,
        },
        ..Policy::default()
    }
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
