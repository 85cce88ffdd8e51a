//! Which linters take part in a run.
//!
//! In: the settings, the names the user gave, the changed files, the repository's files where the change begins. Out: linters
//! with the reason, and a sentence for each that would and may not. Decides about consent, and starts nothing.

use std::sync::Arc;

use config::{ReviewerSettings, Settings};

use super::linter::Linter;
use super::shipped::linters;

/// What becomes of one linter.
#[derive(Clone, Debug)]
pub enum Choice {
    /// It is asked.
    Asked(Arc<Linter>),
    /// It could be and is not; why.
    Left(Arc<Linter>, String),
}

/// Whether a name stands for a linter: no reviewer of that name is anything else.
pub fn is_linter(name: &str, settings: &Settings) -> bool {
    super::linter(name).is_some() && settings.reviewers.get(name).is_none_or(is_open)
}

/// A table that only sets limits: it names no command, no agent and no server.
fn is_open(reviewer: &ReviewerSettings) -> bool {
    reviewer.command.is_empty() && reviewer.agent.is_none() && reviewer.api.is_none()
}

/// What a choice rests on.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The changed files.
    pub changed: &'a [&'a str],
    /// The text of a file where the change begins.
    pub read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// Whether a linter's program is there. Asked first: it costs nothing.
    pub is_installed: &'a dyn Fn(&Linter) -> bool,
}

/// Chooses. Named linters are asked whatever there is, so that their failure is reported; without names those that `tools`
/// lets in, that are there and that have something to look at.
pub fn choose(settings: &Settings, named: &[String], facts: Facts<'_>) -> Vec<Choice> {
    let mut choices = Vec::new();
    for linter in linters().iter().filter(|linter| is_linter(&linter.name, settings)) {
        if named.contains(&linter.name) {
            choices.push(Choice::Asked(Arc::clone(linter)));
        } else if named.is_empty() && facts.changed.iter().any(|path| linter.looks_at(path)) {
            choices.extend(consent(settings, linter, facts));
        }
    }
    choices
}

/// Whether a linter that nobody named is asked where the change has files for it; `None` where there is nothing to say.
pub fn consent(settings: &Settings, linter: &Arc<Linter>, facts: Facts<'_>) -> Option<Choice> {
    let tools = &settings.tools;
    let is_off = settings.reviewers.get(&linter.name).is_some_and(|own| !own.enabled);
    let is_disabled = tools.disable.iter().any(|pattern| matches(pattern, &linter.name));
    if is_off || is_disabled {
        return None;
    }
    if tools.enable.contains(&linter.name) {
        return Some(Choice::Asked(Arc::clone(linter)));
    }
    let is_let_in = tools.enable.iter().any(|pattern| matches(pattern, &linter.name));
    // What the user did not name is asked only where the project itself uses it.
    if !settings.review.detect || !is_let_in || !(facts.is_installed)(linter) {
        return None;
    }
    linter.configured_by(facts.read)?;
    if linter.runs_code.is_empty() {
        return Some(Choice::Asked(Arc::clone(linter)));
    }
    let why = format!(
        "it would run code of the repository ({}); `--reviewer {}`, or its name in `tools.enable`, allows that",
        linter.runs_code, linter.name
    );
    Some(Choice::Left(Arc::clone(linter), why))
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(enable: &[&str], named: &[&str], changed: &[&str], files: &[(&str, &str)]) -> Vec<String> {
        let mut settings = Settings::default();
        settings.review.detect = true;
        settings.tools.enable = enable.iter().map(|word| (*word).to_owned()).collect();
        settings.tools.disable = vec!["yaml*".to_owned()];
        let named: Vec<String> = named.iter().map(|word| (*word).to_owned()).collect();
        let read = |path: &str| {
            files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.as_bytes().to_vec())
        };
        let facts = Facts { changed, read: &read, is_installed: &|linter| linter.name != "bandit" };
        let told = choose(&settings, &named, facts).into_iter().map(|choice| match choice {
            Choice::Asked(linter) => linter.name.clone(),
            Choice::Left(linter, _) => format!("not {}", linter.name),
        });
        told.collect()
    }

    #[test]
    fn what_the_project_configures_is_asked_and_what_runs_its_code_is_not() {
        let files =
            [("pyproject.toml", "[tool.ruff]\nselect = []\n[tool.mypy]\n[tool.bandit]\n"), (".yamllint", "")];
        assert_eq!(chosen(&["*"], &[], &["a.py", "b.yaml"], &files), ["not mypy", "ruff"]);
        assert_eq!(chosen(&["*"], &[], &["a.rs"], &files), [] as [&str; 0], "nothing to look at");
        assert_eq!(chosen(&["*"], &[], &["a.py"], &[]), [] as [&str; 0], "nothing configured");
        assert_eq!(chosen(&[], &[], &["a.py"], &files), [] as [&str; 0], "nothing let in");
    }

    #[test]
    fn what_the_user_names_is_asked() {
        assert_eq!(chosen(&["mypy", "shellcheck"], &[], &["a.py", "b.sh"], &[]), ["mypy", "shellcheck"]);
        assert_eq!(chosen(&[], &["eslint", "builtin"], &[], &[]), ["eslint"]);
        assert_eq!(chosen(&["*"], &["claude"], &["a.py"], &[("ruff.toml", "")]), [] as [&str; 0]);
    }

    #[test]
    fn a_reviewer_of_that_name_is_the_users_own() {
        let mut settings = Settings::default();
        let own =
            ReviewerSettings { command: vec!["x".into()], enabled: true, ..ReviewerSettings::default() };
        settings.reviewers.insert("ruff".into(), own);
        let facts = Facts { changed: &[], read: &|_| None, is_installed: &|_| true };
        assert!(choose(&settings, &["ruff".to_owned()], facts).is_empty());
    }
}
