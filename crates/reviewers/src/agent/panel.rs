//! Which agents take part in a run.
//!
//! In: the settings, the names the user gave, every adapter, what the preflight found. Out: the settings with the agents
//! that join in them as reviewers, and a sentence for each that does not although it is there. Starts nothing itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use config::{Environment, ReviewerSettings, Settings};

use super::adapter::Adapter;
use super::catalogue::Catalogue;
use super::preflight::{Agent, Unready};

/// The agents of a run.
#[derive(Clone, Debug)]
pub struct Agents {
    /// The environment they were examined in.
    pub environment: Environment,
    /// What was found, by the adapter's name.
    pub examined: BTreeMap<String, Result<Agent, Unready>>,
    /// The user's own prompt templates, by reviewer; `review` for all others.
    pub prompts: BTreeMap<String, String>,
    /// The linters that take part.
    pub linters: crate::linters::Linters,
}

impl Agents {
    /// No agents at all.
    pub fn none() -> Self {
        Self {
            environment: Environment::of(&[]),
            examined: BTreeMap::new(),
            prompts: BTreeMap::new(),
            linters: crate::linters::Linters::default(),
        }
    }

    /// The agent behind a reviewer; `None` where it is a command.
    pub fn behind(&self, name: &str, settings: &ReviewerSettings) -> Option<&Result<Agent, Unready>> {
        self.examined.get(adapter_name(name, settings)?)
    }

    /// The user's own prompt for a reviewer.
    pub fn prompt(&self, name: &str) -> Option<&String> {
        self.prompts.get(name).or_else(|| self.prompts.get("review"))
    }
}

/// The adapter a reviewer would use; `None` where it has a command of its own, speaks ACP, or is a model over HTTP.
pub fn adapter_name<'a>(name: &'a str, settings: &'a ReviewerSettings) -> Option<&'a str> {
    let is_other = !settings.command.is_empty() || !settings.acp.is_empty() || settings.api.is_some();
    (!is_other).then(|| settings.agent.as_deref().unwrap_or(name))
}

/// The adapters whose programs must be looked at: those of the named reviewers, or of everybody who may take part.
pub fn wanted(settings: &Settings, named: &[String], catalogue: &Catalogue) -> Vec<Arc<Adapter>> {
    let mut names: Vec<&str> = Vec::new();
    if named.is_empty() {
        let enabled = settings.reviewers.iter().filter(|(_, reviewer)| reviewer.enabled);
        names.extend(enabled.filter_map(|(name, reviewer)| adapter_name(name, reviewer)));
        if settings.review.detect {
            names
                .extend(catalogue.all().filter(|adapter| adapter.joins).map(|adapter| adapter.name.as_str()));
        }
    }
    for name in named.iter().map(|word| plain(word)).chain(besides(settings)) {
        match settings.reviewers.get(name) {
            Some(reviewer) => names.extend(adapter_name(name, reviewer)),
            None => names.push(name),
        }
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter_map(|name| catalogue.get(name)).cloned().collect()
}

/// Those who are asked for something besides a review, where the settings name any.
fn besides(settings: &Settings) -> impl Iterator<Item = &str> {
    [settings.review.cross_examine.as_str(), settings.editor.reviewer.as_str()]
        .into_iter()
        .filter(|name| config::is_on(name))
        .map(plain)
}

/// A reviewer's name without the model and effort that may follow it.
fn plain(word: &str) -> &str {
    word.split(':').next().unwrap_or(word)
}

/// Adds the agents that take part without being configured. An agent that is named takes part whatever state it is in, so
/// that its failure is reported; one that is only there does not, and the sentence says why.
pub fn join(
    settings: &mut Settings,
    named: &[String],
    examined: &BTreeMap<String, Result<Agent, Unready>>,
) -> Vec<String> {
    let mut notes = Vec::new();
    for (name, result) in examined {
        let is_named = named.iter().any(|word| plain(word) == name);
        // Who is asked for something else must be known; it joins the panel only as others do.
        let is_besides = besides(settings).any(|besides| besides == name);
        let has_the_name = settings.reviewers.contains_key(name);
        let is_used = settings.reviewers.iter().any(|(own, one)| adapter_name(own, one) == Some(name));
        // A reviewer of another name may use the agent, and the agent may be asked under its own besides.
        if has_the_name || (is_used && !is_named) {
            continue;
        }
        match result {
            Err(Unready::Absent) if !is_named && !is_besides => {}
            Err(why) if !is_named && !is_besides => {
                notes.push(format!("{name} was not asked: {}", why.sentence()));
            }
            Ok(_) | Err(_) => {
                let joins = is_named || (result.is_ok() && settings.review.detect);
                let usual = ReviewerSettings::unconfigured(&settings.defaults);
                let reviewer = ReviewerSettings { enabled: usual.enabled && joins, ..usual };
                settings.reviewers.insert(name.clone(), reviewer);
            }
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &[(&str, &[&str], Option<&str>)]) -> Settings {
        let mut settings = Settings::default();
        settings.review.detect = true;
        settings.defaults.enabled = true;
        for (name, command, agent) in text {
            let reviewer = ReviewerSettings {
                command: command.iter().map(|word| (*word).to_owned()).collect(),
                agent: agent.map(str::to_owned),
                enabled: true,
                ..ReviewerSettings::default()
            };
            settings.reviewers.insert((*name).to_owned(), reviewer);
        }
        settings
    }

    fn agent(name: &str) -> Result<Agent, Unready> {
        let adapter = Catalogue::shipped().get(name).cloned().unwrap();
        Ok(Agent { adapter, program: "/x".into(), version: None, auth: None, warnings: Vec::new() })
    }

    fn names(adapters: &[Arc<Adapter>]) -> Vec<&str> {
        adapters.iter().map(|adapter| adapter.name.as_str()).collect()
    }

    #[test]
    fn everybody_who_may_join_is_looked_at_unless_names_are_given() {
        let all = Catalogue::shipped();
        let mut settings = settings(&[("fast", &[], Some("opencode")), ("mine", &["x"], None)]);
        let everybody = wanted(&settings, &[], &all);
        assert!(names(&everybody).contains(&"claude") && names(&everybody).contains(&"opencode"));
        assert!(!names(&everybody).contains(&"aider"), "what does not join is not looked for");
        settings.review.detect = false;
        assert_eq!(names(&wanted(&settings, &[], &all)), ["opencode"]);
        let named = ["gemini:flash".to_owned(), "mine".to_owned(), "builtin".to_owned()];
        assert_eq!(names(&wanted(&settings, &named, &all)), ["gemini"]);
    }

    #[test]
    fn what_is_ready_joins_and_what_is_not_is_told() {
        let mut settings = settings(&[("fast", &[], Some("claude")), ("codex", &["x"], None)]);
        let examined = BTreeMap::from([
            ("claude".to_owned(), agent("claude")),
            ("codex".to_owned(), agent("codex")),
            ("copilot".to_owned(), Err(Unready::Absent)),
            ("gemini".to_owned(), agent("gemini")),
            ("qwen".to_owned(), Err(Unready::NotSignedIn("not signed in".to_owned()))),
        ]);
        let notes = join(&mut settings, &[], &examined);
        assert_eq!(notes, ["qwen was not asked: not signed in"]);
        assert_eq!(settings.reviewers.keys().collect::<Vec<_>>(), ["codex", "fast", "gemini"]);
        assert!(settings.reviewers["gemini"].enabled);
    }

    #[test]
    fn what_is_named_takes_part_so_that_its_failure_is_reported() {
        let mut settings = settings(&[]);
        let examined = BTreeMap::from([("copilot".to_owned(), Err(Unready::Absent))]);
        assert!(join(&mut settings, &["copilot:m".to_owned()], &examined).is_empty());
        assert!(settings.reviewers.contains_key("copilot"));
    }
}
