//! What a run was asked to do, so that it can be gone on with.
//!
//! In: settings and a roster. Out: `plan.json`, and back the same roster from the settings of now. No command, no key and no
//! variable's value is written down: what names programs comes from the configuration of now, and a digest tells whether it is
//! still the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use config::{Config, ReviewerSettings, Settings};
use model::RunId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::aside::Asides;
use crate::roster::{Asked, BUILTIN, Choice, Import, asked, roster_of};

const SCHEMA: &str = "deep-review/plan/v1";

/// `plan.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    schema: String,
    /// Digest over all settings, as the report shows it.
    pub(crate) config_sha256: String,
    /// The settings without reviewers and without commands.
    settings: Settings,
    /// Who is asked, in the order of the report.
    reviewers: Vec<Planned>,
    /// Who is asked for something besides a review.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    asides: Vec<Planned>,
    /// Notes about how the run was set up.
    pub(crate) notes: Vec<String>,
}

/// One reviewer of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Planned {
    #[serde(flatten)]
    choice: Choice,
    /// The file that is read in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    import: Option<Import>,
    quorum: bool,
    parser: config::Parser,
    /// A digest of each of its settings by key.
    settings: BTreeMap<String, String>,
}

impl Plan {
    /// The plan of a run that begins.
    pub(crate) fn new(
        run: &RunId,
        config: &Config,
        roster: &[Asked],
        asides: &Asides,
        notes: &[String],
    ) -> Self {
        let mut settings = config.settings.clone();
        settings.reviewers.clear();
        settings.agents.clear();
        settings.verify.build.clear();
        settings.verify.tests.clear();
        let planned = |asked: &Asked| Planned {
            choice: asked.choice(),
            import: match asked {
                Asked::Import(import) => Some(import.clone()),
                _ => None,
            },
            quorum: asked.settings().is_some_and(|settings| settings.quorum),
            parser: asked.settings().map(|settings| settings.parser).unwrap_or_default(),
            settings: digests(run, asked),
        };
        Self {
            schema: SCHEMA.to_owned(),
            config_sha256: config.sha256(),
            settings,
            reviewers: roster.iter().map(planned).collect(),
            asides: asides.all().map(planned).collect(),
            notes: notes.to_vec(),
        }
    }

    /// The settings of the run: its own, with the reviewers and commands of now.
    pub(crate) fn settings(&self, now: &Settings) -> Settings {
        Settings {
            reviewers: now.reviewers.clone(),
            agents: now.agents.clone(),
            verify: now.verify.clone(),
            ..self.settings.clone()
        }
    }

    /// The same roster from the settings of now. What is configured otherwise now is an error: a reviewer that was not chosen
    /// for this run is not asked in it.
    pub(crate) fn roster(&self, run: &RunId, now: &Settings) -> Result<Vec<Asked>, Error> {
        let again = |planned: &Planned| match &planned.import {
            Some(import) => Ok(Asked::Import(import.clone())),
            None => Ok(roster_of(now, std::slice::from_ref(&planned.choice))?.remove(0)),
        };
        let roster = self.reviewers.iter().map(again).collect::<Result<Vec<_>, Error>>()?;
        if roster.is_empty() {
            return Err(Error::NobodyToAsk);
        }
        let mut changed = Vec::new();
        let asides: Vec<Asked> =
            self.asides.iter().map(|planned| asked(now, &planned.choice)).collect::<Result<_, _>>()?;
        for (planned, asked) in self.reviewers.iter().zip(&roster).chain(self.asides.iter().zip(&asides)) {
            let keys = differing(run, &planned.settings, &digests(run, asked));
            changed.extend(keys.iter().map(|key| format!("reviewers.{}.{key}", asked.name())));
        }
        changed.sort();
        changed.dedup();
        if changed.is_empty() { Ok(roster) } else { Err(Error::SettingsChanged { keys: changed }) }
    }

    /// Everybody on the panel, for a report of what has arrived: nobody of them can be asked.
    pub(crate) fn remembered(&self) -> Vec<Asked> {
        let asked = |planned: &Planned| {
            if planned.choice.name == BUILTIN {
                return Asked::Builtin;
            }
            if let Some(import) = &planned.import {
                return Asked::Import(import.clone());
            }
            let Choice { name, model, effort } = planned.choice.clone();
            let (quorum, parser) = (planned.quorum, planned.parser);
            let settings = ReviewerSettings { quorum, parser, model, effort, ..ReviewerSettings::default() };
            Asked::Command { name, settings: Box::new(settings) }
        };
        self.reviewers.iter().map(asked).collect()
    }

    /// Whether this program understands it.
    pub(crate) fn is_known(&self) -> bool {
        self.schema == SCHEMA
    }
}

/// Keys that are not what they were. A key that this program has learned since counts only where somebody set it.
fn differing(run: &RunId, then: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let usual = digests_of(run, &Config::defaults().settings.defaults);
    let is_new = |key: &String| !then.contains_key(key) && now.get(key) == usual.get(key);
    let keys = then.keys().chain(now.keys());
    let mut keys: Vec<String> =
        keys.filter(|key| then.get(*key) != now.get(*key) && !is_new(key)).cloned().collect();
    keys.sort();
    keys.dedup();
    keys
}

/// A digest of every setting of a reviewer.
fn digests(run: &RunId, asked: &Asked) -> BTreeMap<String, String> {
    asked.settings().map(|settings| digests_of(run, settings)).unwrap_or_default()
}

/// A digest by key. The run's id goes in, so that digests of two runs tell nothing about each other.
fn digests_of(run: &RunId, settings: &impl Serialize) -> BTreeMap<String, String> {
    let value = serde_json::to_value(settings).expect("settings are plain data");
    let keys = value.as_object().into_iter().flatten();
    keys.map(|(key, value)| (key.clone(), digest(&[run.as_str(), key, &value.to_string()]))).collect()
}

/// A digest of words, in hexadecimal.
pub(crate) fn digest(words: &[&str]) -> String {
    let mut digest = Sha256::new();
    for word in words {
        digest.update(word.as_bytes());
        digest.update([0]);
    }
    digest.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster;
    use config::{Sources, TextFile};

    fn settings(text: &str) -> Config {
        let file = TextFile { name: "c.toml".into(), text: text.into() };
        Config::load(&Sources { file: Some(file), ..Sources::default() }).unwrap()
    }

    const ONE: &str = "[reviewers.ada]\ncommand = [\"ask\", \"--key\", \"s3cret\"]\nmodel = \"m\"\n";

    fn plan(config: &Config) -> (RunId, Plan) {
        let id = RunId::new("20260101-100000-topic").unwrap();
        let roster = roster(&config.settings, &["ada".into()], false).unwrap();
        let plan = Plan::new(&id, config, &roster, &Asides::default(), &[]);
        (id, plan)
    }

    #[test]
    fn a_plan_comes_back_and_holds_no_secret() {
        let config = settings(ONE);
        let (id, plan) = plan(&config);
        let text = serde_json::to_string(&plan).unwrap();
        assert!(!text.contains("s3cret") && !text.contains("--key"), "{text}");
        let again: Plan = serde_json::from_str(&text).unwrap();
        assert_eq!(again, plan);
        let roster = again.roster(&id, &config.settings).unwrap();
        assert_eq!(roster.iter().map(Asked::name).collect::<Vec<_>>(), ["ada"]);
    }

    #[test]
    fn another_command_is_named_and_not_run() {
        let (id, plan) = plan(&settings(ONE));
        let now = settings(&ONE.replace("ask", "rm").replace("\"m\"", "\"n\""));
        let error = plan.roster(&id, &now.settings).unwrap_err();
        let Error::SettingsChanged { keys } = error else { panic!("{error}") };
        assert_eq!(keys, ["reviewers.ada.command"], "the model was chosen by the run and stays");
    }

    #[test]
    fn a_setting_that_a_newer_program_knows_is_no_change_until_somebody_sets_it() {
        let config = settings(ONE);
        let (id, mut plan) = plan(&config);
        plan.reviewers[0].settings.remove("timeout");
        assert!(plan.roster(&id, &config.settings).is_ok());
        let now = settings(&format!("{ONE}timeout = \"3m\"\nagent = \"claude\"\n"));
        let Err(Error::SettingsChanged { keys }) = plan.roster(&id, &now.settings) else { panic!("same") };
        assert_eq!(keys, ["reviewers.ada.agent", "reviewers.ada.timeout"]);
    }

    #[test]
    fn settings_of_the_run_win_over_those_of_now_but_for_commands() {
        let (_, plan) = plan(&settings(&format!("[review]\nquorum = 1\n{ONE}")));
        let now = settings(&format!("[review]\nquorum = 5\n[verify]\ntests = [\"t\"]\n{ONE}"));
        let used = plan.settings(&now.settings);
        assert_eq!((used.review.quorum, used.verify.tests.len()), (1, 1));
        assert!(used.reviewers.contains_key("ada"));
    }
}
