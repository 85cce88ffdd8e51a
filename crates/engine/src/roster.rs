//! Who is asked.
//!
//! In: settings and the names the user gave. Out: the roster, in the order of the report. Never starts anything.

use std::path::PathBuf;

use config::{ReviewerSettings, Settings};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The name of the reviewers inside `deep-review`.
pub const BUILTIN: &str = "builtin";

/// One reviewer that will be asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The reviewers inside `deep-review`.
    Builtin,
    /// A configured command.
    Command {
        /// Its name.
        name: String,
        /// How to call it.
        settings: Box<ReviewerSettings>,
    },
    /// A review or the output of a tool that exists already, in a file.
    Import(Import),
}

/// A file that is read as a reviewer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The reviewer's name.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// Its format by name; without it, by what it looks like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

impl Import {
    /// Reads `FORMAT:FILE`, where FORMAT is one that is understood or `auto`; `None` where the word is something else. `taken`
    /// holds the names that other reviewers have.
    pub fn parse(word: &str, taken: &[String]) -> Option<Self> {
        let (format, file) = word.split_once(':')?;
        let known = diagnostics::Format::named(format);
        if file.is_empty() || known.is_none() && format != "auto" {
            return None;
        }
        let file = PathBuf::from(file);
        let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        let stem: String = stem.chars().map(plain).take(40).collect();
        let stem = stem.trim_matches(['-', '.', '_']);
        let stem = if stem.is_empty() || stem == BUILTIN { format } else { stem };
        let names = std::iter::once(stem.to_owned()).chain((2..).map(|number| format!("{stem}-{number}")));
        let name = names.into_iter().find(|name| !taken.contains(name))?;
        Some(Self { name, file, format: known.map(|format| format.as_str().to_owned()) })
    }
}

impl Asked {
    /// The reviewer's name in this run.
    pub fn name(&self) -> &str {
        match self {
            Self::Builtin => BUILTIN,
            Self::Command { name, .. } => name,
            Self::Import(import) => &import.name,
        }
    }

    /// How it is called; `None` for the reviewers inside `deep-review`.
    pub fn settings(&self) -> Option<&ReviewerSettings> {
        match self {
            Self::Builtin | Self::Import(_) => None,
            Self::Command { settings, .. } => Some(settings),
        }
    }

    /// Who runs its model: as configured, else one agent or one server is one vendor. `None` where it shares with nobody.
    /// For comparing only: an address may hold a secret.
    pub fn vendor(&self) -> Option<String> {
        let Self::Command { name, settings } = self else { return None };
        let agent = || {
            let named = settings.agent.clone();
            named.or_else(|| reviewers::agent::adapter_name(name, settings).map(str::to_owned))
        };
        let server = || {
            let usual = settings.api.map(|api| format!("{api:?}"));
            settings.url.clone().filter(|_| settings.api.is_some()).or(usual)
        };
        let chosen = settings.vendor.clone();
        chosen.or_else(|| agent().map(|agent| format!("agent {agent}"))).or_else(server)
    }

    /// How its answer is read.
    pub(crate) fn parser(&self) -> reading::Parser {
        if let Self::Import(import) = self {
            let format = import.format.as_deref().and_then(diagnostics::Format::named);
            return format.map_or(reading::Parser::Auto, reading::Parser::Tool);
        }
        match self.settings().map(|settings| settings.parser) {
            Some(config::Parser::Json) => reading::Parser::Json,
            Some(config::Parser::Markdown) => reading::Parser::Markdown,
            Some(config::Parser::Auto) | None => reading::Parser::Auto,
        }
    }

    /// What chooses it, model and effort included.
    pub(crate) fn choice(&self) -> Choice {
        let settings = self.settings();
        Choice {
            name: self.name().to_owned(),
            model: settings.and_then(|settings| settings.model.clone()),
            effort: settings.and_then(|settings| settings.effort.clone()),
        }
    }
}

/// What chooses one reviewer: its name, and a model and an effort that replace those configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) model: Option<String>,
    pub(crate) effort: Option<String>,
}

impl Choice {
    /// Reads `NAME`, `NAME:MODEL` or `NAME:MODEL:EFFORT`. A model's name may hold colons; then the effort, or one more colon,
    /// must be written: `local:qwen3:8b:`.
    fn parse(word: &str) -> Result<Self, Error> {
        let Some((name, rest)) = word.split_once(':') else {
            return Ok(Self { name: word.to_owned(), ..Self::default() });
        };
        let (model, effort) = rest.rsplit_once(':').unwrap_or((rest, ""));
        let chosen = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let choice = Self { name: name.to_owned(), model: chosen(model), effort: chosen(effort) };
        let usable = choice.model.iter().chain(&choice.effort).all(|word| config::is_choice(word));
        let says_something = choice.model.is_some() || choice.effort.is_some();
        if usable && says_something { Ok(choice) } else { Err(Error::BadChoice { word: word.to_owned() }) }
    }

    fn changes_nothing(&self) -> bool {
        self.model.is_none() && self.effort.is_none()
    }
}

/// Makes the roster: the named reviewers in the order given, else every enabled one by name, `builtin` first. A name may carry
/// a model and an effort: `claude:opus:high`.
pub fn roster(settings: &Settings, named: &[String], no_builtin: bool) -> Result<Vec<Asked>, Error> {
    let mut choices = Vec::new();
    if named.is_empty() {
        let enabled = settings.reviewers.iter().filter(|(_, reviewer)| reviewer.enabled);
        let builtin = (!no_builtin).then(|| BUILTIN.to_owned());
        let names = builtin.into_iter().chain(enabled.map(|(name, _)| name.clone()));
        choices.extend(names.map(|name| Choice { name, ..Choice::default() }));
    }
    for word in named {
        let choice = Choice::parse(word)?;
        match choices.iter().find(|other| other.name == choice.name) {
            None => choices.push(choice),
            Some(other) if *other == choice => {}
            Some(_) => return Err(Error::NamedTwice { name: choice.name }),
        }
    }
    roster_of(settings, &choices)
}

/// The roster of exactly these reviewers.
pub(crate) fn roster_of(settings: &Settings, choices: &[Choice]) -> Result<Vec<Asked>, Error> {
    let asked = choices.iter().map(|choice| asked(settings, choice)).collect::<Result<Vec<_>, _>>()?;
    if asked.is_empty() { Err(Error::NobodyToAsk) } else { Ok(asked) }
}

/// The reviewer that a setting names, to be asked for something besides a review; `None` where it names nobody.
pub(crate) fn aside_named(settings: &Settings, word: &str) -> Result<Option<Asked>, Error> {
    if !config::is_on(word) {
        return Ok(None);
    }
    let choice = Choice::parse(word)?;
    if choice.name == BUILTIN {
        return Err(Error::BadChoice { word: word.to_owned() });
    }
    asked(settings, &choice).map(Some)
}

pub(crate) fn asked(settings: &Settings, choice: &Choice) -> Result<Asked, Error> {
    if choice.name == BUILTIN && choice.changes_nothing() {
        return Ok(Asked::Builtin);
    }
    if choice.name == BUILTIN {
        return Err(Error::BadChoice { word: format!("{BUILTIN}:…") });
    }
    let Some(reviewer) = settings.reviewers.get(&choice.name) else {
        let names = settings.reviewers.keys().map(String::as_str).chain([BUILTIN]);
        let nearest = config::nearest(&choice.name, names).map(str::to_owned);
        return Err(Error::NoSuchReviewer { name: choice.name.clone(), nearest });
    };
    let mut reviewer = reviewer.clone();
    reviewer.model = choice.model.clone().or(reviewer.model);
    reviewer.effort = choice.effort.clone().or(reviewer.effort);
    Ok(Asked::Command { name: choice.name.clone(), settings: Box::new(reviewer) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(names: &[&str]) -> Settings {
        let mut settings = Settings::default();
        for name in names {
            let reviewer = ReviewerSettings { enabled: true, ..ReviewerSettings::default() };
            settings.reviewers.insert((*name).to_owned(), reviewer);
        }
        settings
    }

    fn choices(words: &[&str]) -> Result<Vec<Choice>, Error> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let roster = roster(&settings(&["claude", "local"]), &words, false)?;
        Ok(roster.iter().map(Asked::choice).collect())
    }

    fn choice(name: &str, model: Option<&str>, effort: Option<&str>) -> Choice {
        Choice { name: name.into(), model: model.map(str::to_owned), effort: effort.map(str::to_owned) }
    }

    #[test]
    fn a_name_may_carry_a_model_and_an_effort() {
        let asked = choices(&["claude:opus:high", "builtin", "local:qwen3:8b:"]).unwrap();
        let wanted = [
            choice("claude", Some("opus"), Some("high")),
            choice("builtin", None, None),
            choice("local", Some("qwen3:8b"), None),
        ];
        assert_eq!(asked, wanted);
        assert_eq!(choices(&["claude:opus"]).unwrap(), [choice("claude", Some("opus"), None)]);
        assert_eq!(choices(&["claude::high"]).unwrap(), [choice("claude", None, Some("high"))]);
    }

    #[test]
    fn what_cannot_be_asked_is_said() {
        for word in ["claude:", "claude::", "claude:--yolo", "claude:a:-b", "builtin:x"] {
            assert!(matches!(choices(&[word]), Err(Error::BadChoice { .. })), "{word}");
        }
        assert!(matches!(choices(&["claude", "claude:opus"]), Err(Error::NamedTwice { .. })));
        assert!(matches!(choices(&["clade"]), Err(Error::NoSuchReviewer { nearest: Some(_), .. })));
        assert_eq!(choices(&["claude", "claude"]).unwrap().len(), 1);
    }

    #[test]
    fn one_agent_or_one_server_is_one_vendor_unless_it_is_named() {
        let vendor = |name: &str, settings: ReviewerSettings| {
            Asked::Command { name: name.to_owned(), settings: Box::new(settings) }.vendor()
        };
        let agent =
            |agent: &str| ReviewerSettings { agent: Some(agent.into()), ..ReviewerSettings::default() };
        assert_eq!(vendor("claude", ReviewerSettings::default()), vendor("deep", agent("claude")));
        assert_ne!(
            vendor("claude", ReviewerSettings::default()),
            vendor("codex", ReviewerSettings::default())
        );
        let api = |url: Option<&str>| ReviewerSettings {
            api: Some(config::Api::Openai),
            url: url.map(str::to_owned),
            ..ReviewerSettings::default()
        };
        assert_eq!(vendor("a", api(None)), vendor("b", api(None)));
        assert_ne!(vendor("a", api(Some("http://one"))), vendor("b", api(Some("http://two"))));
        let command = ReviewerSettings { command: vec!["x".into()], ..ReviewerSettings::default() };
        assert_eq!(vendor("x", command.clone()), None);
        let named = ReviewerSettings { vendor: Some("acme".into()), ..command };
        assert_eq!(vendor("x", named).as_deref(), Some("acme"));
    }

    #[test]
    fn a_file_is_a_reviewer_named_after_it() {
        let import = |word| Import::parse(word, &["report".to_owned()]).map(|it| (it.name, it.format));
        assert_eq!(import("sarif:out/ruff.sarif"), Some(("ruff".into(), Some("sarif".into()))));
        assert_eq!(import("auto:report.json"), Some(("report-2".into(), None)));
        assert_eq!(import("eslint:/x/.json"), Some(("json".into(), Some("eslint".into()))));
        for word in ["claude:opus", "sarif:", "sarif", "builtin:x", "local:qwen3:8b:"] {
            assert_eq!(import(word), None, "{word}");
        }
    }

    #[test]
    fn without_names_everybody_is_asked_and_builtin_first() {
        let names: Vec<String> = choices(&[]).unwrap().into_iter().map(|choice| choice.name).collect();
        assert_eq!(names, ["builtin", "claude", "local"]);
    }
}
