//! What a run would do, without asking anybody.
//!
//! In: a request as for a review. Out: a row for each reviewer with its prompt and what reading it takes at least. Makes no
//! run, no folder and no checkout; starts nothing but git.

use git::Snapshot;
use model::RunId;
use reviewers::{Briefing, Prompt, PromptInput, canary, endpoint, prompt, unified_diff};

use crate::roster::Asked;
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
    /// Tokens it reads at least: its prompt and the diff, at four bytes a token.
    pub tokens: Option<u64>,
}

/// Plans a run.
pub fn preview(request: &Request<'_>, tools: &Tools<'_>) -> Result<Vec<Planned>, Error> {
    let snapshot = Snapshot::open(tools.repository, &request.target)?;
    let diff = unified_diff(snapshot.diff()).len() as u64;
    request
        .roster
        .iter()
        .map(|asked| match asked {
            Asked::Builtin => Ok(Planned {
                name: asked.name().to_owned(),
                how: "inside deep-review: no model, no key, no network".to_owned(),
                is_ready: true,
                prompt: None,
                tokens: None,
            }),
            Asked::Import(import) => Ok(Planned {
                name: import.name.clone(),
                how: format!(
                    "reads a file ({})",
                    import.format.as_deref().unwrap_or("by what it looks like")
                ),
                is_ready: import.file.is_file(),
                prompt: None,
                tokens: None,
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
                    tokens: None,
                })
            }
            Asked::Command { name, settings } => {
                let text = prompt_of(request, tools, name)?;
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
                let tokens = Some((text.len() as u64 + diff).div_ceil(4));
                Ok(Planned { name: name.clone(), how, is_ready, prompt: Some(text), tokens })
            }
        })
        .collect()
}

fn prompt_of(request: &Request<'_>, tools: &Tools<'_>, name: &str) -> Result<String, Error> {
    let run = RunId::new("planned").expect("a plain word");
    let briefing = Briefing { template: tools.agents.prompt(name).cloned(), ..Briefing::default() };
    let input = PromptInput {
        target: &request.target,
        canary: &canary(&run, name),
        checkout: "<its checkout>",
        diff_file: "<its checkout>/.deep-review/change.diff",
        output_file: None,
        prior: &[],
        briefing: &briefing,
    };
    let made = prompt(&input).map(|Prompt { text, .. }| text);
    made.map_err(|error| Error::Prompt { reviewer: name.to_owned(), why: error.to_string() })
}
