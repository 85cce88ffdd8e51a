//! Who is asked.
//!
//! In: settings and the names the user gave. Out: the roster, in the order of the report. Never starts anything.

use config::{ReviewerSettings, Settings};

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
}

impl Asked {
    /// The reviewer's name in this run.
    pub fn name(&self) -> &str {
        match self {
            Self::Builtin => BUILTIN,
            Self::Command { name, .. } => name,
        }
    }
}

/// Makes the roster: the named reviewers in the order given, else every enabled one by name, `builtin` first.
pub fn roster(settings: &Settings, named: &[String], no_builtin: bool) -> Result<Vec<Asked>, Error> {
    let mut asked: Vec<Asked> = Vec::new();
    if named.is_empty() {
        if !no_builtin {
            asked.push(Asked::Builtin);
        }
        let enabled = settings.reviewers.iter().filter(|(_, reviewer)| reviewer.enabled);
        asked.extend(enabled.map(|(name, reviewer)| command(name, reviewer)));
    }
    for name in named {
        if asked.iter().any(|other| other.name() == name) {
            continue;
        }
        if name == BUILTIN {
            asked.push(Asked::Builtin);
        } else if let Some(reviewer) = settings.reviewers.get(name) {
            asked.push(command(name, reviewer));
        } else {
            let names = settings.reviewers.keys().map(String::as_str).chain([BUILTIN]);
            let nearest = config::nearest(name, names).map(str::to_owned);
            return Err(Error::NoSuchReviewer { name: name.clone(), nearest });
        }
    }
    if asked.is_empty() { Err(Error::NobodyToAsk) } else { Ok(asked) }
}

fn command(name: &str, settings: &ReviewerSettings) -> Asked {
    Asked::Command { name: name.to_owned(), settings: Box::new(settings.clone()) }
}
