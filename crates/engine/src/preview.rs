//! What a run would do, without asking anybody.
//!
//! In: a request as for a review. Out: a row for each reviewer with its prompt and what it may take. Makes no run, no folder and no
//! checkout; starts nothing but git, and asks nobody but the built-in reviewers, whose findings stand in the prompts.

use std::panic::{AssertUnwindSafe, catch_unwind};

use findings::Records;
use git::Snapshot;
use model::{DeltaScope, RunId};
use reviewers::{Briefing, Estimate, Prompt, PromptInput, canary, endpoint, estimate, prompt, unified_diff};

use crate::listen::builtin_settings;
use crate::program::{background, findings_to_tell, places_to_tell};
use crate::review::needed;
use crate::roster::Asked;
use crate::rounds::{History, aliases, gather, scope};
use crate::unaided::unaided;
use crate::{Error, Request, Tools};

/// One reviewer of a run that is only planned.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The reviewer.
    pub name: String,
    /// What would be started, or why nothing would.
    pub how: String,
    /// Whether it could be asked.
    pub is_ready: bool,
    /// The prompt, with words for the places that a run makes; `None` where it takes none.
    pub prompt: Option<String>,
    /// What asking it may take; `None` for the built-in reviewers.
    pub estimate: Option<Estimate>,
}

/// Plans a run.
pub fn preview(request: &Request<'_>, tools: &Tools<'_>) -> Result<Vec<Planned>, Error> {
    let snapshot = Snapshot::open(tools.repository, &request.target)?;
    let history = history(request, tools, &snapshot)?;
    let given = |path| history.scope.as_ref().is_none_or(|scope| scope.shows(path));
    let shown: Vec<_> = snapshot.diff().iter().filter(|file| given(&file.path)).cloned().collect();
    let diff = unified_diff(&shown).len() as u64;
    let told = Briefing {
        declined: history.told_declined(),
        since: history.told_since(),
        scope: history.scope.clone(),
        background: background(&snapshot, &request.config.settings.review.context),
        ..what_is_told(request, &snapshot, history.scope.as_ref())
    };
    let prior = history.asked();
    request
        .roster
        .iter()
        .map(|asked| match asked {
            Asked::Builtin => Ok(Planned {
                name: asked.name().to_owned(),
                how: "inside deep-review: no model, no key, no network".to_owned(),
                is_ready: true,
                prompt: None,
                estimate: None,
            }),
            Asked::Import(import) => Ok(Planned {
                name: import.name.clone(),
                how: format!(
                    "reads a file ({})",
                    import.format.as_deref().unwrap_or("by what it looks like")
                ),
                is_ready: import.file.is_file(),
                prompt: None,
                estimate: None,
            }),
            Asked::Command { name, .. } if tools.agents.linters.found.contains_key(name) => {
                let found = &tools.agents.linters.found[name];
                Ok(Planned {
                    name: name.clone(),
                    how: match found {
                        Ok(_) => "a linter: only what is new in the change becomes a finding".to_owned(),
                        Err(why) => format!("would fail: {why}"),
                    },
                    is_ready: found.is_ok(),
                    prompt: None,
                    estimate: None,
                })
            }
            Asked::Command { name, settings } => {
                let text = prompt_of(request, tools, name, &prior, &told)?;
                let (how, is_ready) = match tools.agents.behind(name, settings) {
                    None if settings.api.is_some() => match endpoint(settings, &tools.agents.environment) {
                        Ok(endpoint) => (endpoint.sentence(), true),
                        Err(why) => (format!("would fail: {why}"), false),
                    },
                    None if !settings.acp.is_empty() => {
                        (format!("{} (over ACP)", settings.acp.join(" ")), true)
                    }
                    None => (settings.command.join(" "), !settings.command.is_empty()),
                    Some(Err(why)) => (format!("would fail: {}", why.sentence()), false),
                    Some(Ok(agent)) => (agent.sentence(), true),
                };
                let agent = tools.agents.behind(name, settings).and_then(|found| found.as_ref().ok());
                let environment = &tools.agents.environment;
                let prices = &request.config.settings.prices;
                let background: usize = told.background.iter().map(|one| one.text.len()).sum();
                let shown = text.len() as u64 + diff + background as u64;
                let estimate = Some(estimate(settings, agent, environment, prices, shown));
                Ok(Planned { name: name.clone(), how, is_ready, prompt: Some(text), estimate })
            }
        })
        .collect()
}

/// What every reviewer would be told besides the change.
fn what_is_told(request: &Request<'_>, snapshot: &Snapshot, scope: Option<&DeltaScope>) -> Briefing {
    let settings = builtin_settings(&request.config.settings);
    // A rule that panics costs its hints, as it does in a run.
    let attention = catch_unwind(AssertUnwindSafe(|| builtin::attend_snapshot(snapshot, &settings)));
    let mut told =
        Briefing { attention: places_to_tell(&attention.unwrap_or_default(), scope), ..Briefing::default() };
    if request.roster.iter().any(|asked| matches!(asked, Asked::Builtin)) {
        let folder = &request.config.settings.builtin.rules;
        let document = catch_unwind(AssertUnwindSafe(|| unaided(snapshot, &settings, folder)));
        told.found = document.map(|document| findings_to_tell(&document, scope)).unwrap_or_default();
    }
    told
}

/// What the run would take from earlier rounds.
fn history(request: &Request<'_>, tools: &Tools<'_>, snapshot: &Snapshot) -> Result<History, Error> {
    let (target, now) = (&request.target, tools.clock.now());
    let aliases = aliases(tools.store, tools.repository, target);
    let series = tools.store.series_as(target, now, &aliases)?;
    let mut history = gather(tools.store, tools.repository, (&series, now), target, Records::default());
    history.full = request.full;
    history.scope = scope(&history, snapshot, needed(&request.roster, request.config, tools));
    Ok(history)
}

fn prompt_of(
    request: &Request<'_>,
    tools: &Tools<'_>,
    name: &str,
    prior: &[String],
    told: &Briefing,
) -> Result<String, Error> {
    let run = RunId::new("planned").expect("a plain word");
    let briefing = Briefing { template: tools.agents.prompt(name).cloned(), ..told.clone() };
    let input = PromptInput {
        target: &request.target,
        canary: &canary(&run, name),
        checkout: "<its checkout>",
        diff_file: "<its checkout>/.deep-review/change.diff",
        background_file: (!told.background.is_empty()).then_some("<its checkout>/.deep-review/background.md"),
        output_file: None,
        prior,
        briefing: &briefing,
    };
    let made = prompt(&input).map(|Prompt { text, .. }| text);
    made.map_err(|error| Error::Prompt { reviewer: name.to_owned(), why: error.to_string() })
}
