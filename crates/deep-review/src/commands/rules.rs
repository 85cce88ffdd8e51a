//! `rules`: all rules, and the cases of your own structural ones.
//!
//! In: the shipped rules or a folder of the working tree. Out: the list (`rule_list.rs`), or a result a case. Reviews nothing; a
//! review reads your rules from the base of the change, whatever the working tree holds.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ::rules::{CaseResult, Loaded, Source};
use serde_json::json;

use super::rule_list;
use crate::args::{RulesArgs, RulesCommand};
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Lists rules or runs cases.
pub(crate) fn run(session: &Session, args: &RulesArgs) -> Result<Exit, CommandError> {
    match &args.what {
        None | Some(RulesCommand::List) => rule_list::run(session),
        Some(RulesCommand::Test { shipped: true, .. }) => {
            tested(session, "the shipped rules", || Ok(::rules::shipped()))
        }
        Some(RulesCommand::Test { folder, .. }) => {
            let folder = match folder {
                Some(folder) => folder.clone(),
                None => own_folder(session)?.ok_or_else(no_folder)?,
            };
            tested(session, &folder.display().to_string(), || own(&folder))
        }
    }
}

fn no_folder() -> CommandError {
    CommandError::usage("there is no folder of rules here").hint(
        "make a folder `rules` at the root of the repository, or name one: `deep-review rules test FOLDER`",
    )
}

/// The folder of the repository's own rules in the working tree, where there is one.
pub(super) fn own_folder(session: &Session) -> Result<Option<PathBuf>, CommandError> {
    let Ok(repository) = session.repository() else { return Ok(None) };
    let config = session.config(Some(&repository), Vec::new())?;
    let name = config.settings.builtin.rules.trim_matches('/').to_owned();
    let Some(root) = repository.worktree().filter(|_| !name.is_empty()) else { return Ok(None) };
    let folder = root.join(name);
    Ok(folder.is_dir().then_some(folder))
}

pub(super) fn own(folder: &Path) -> Result<Loaded, CommandError> {
    let (files, notes) = ::rules::in_folder(folder).map_err(|error| {
        CommandError::usage(format!("the rules in `{}` could not be read: {error}", folder.display()))
    })?;
    let sources = files.iter().map(|(path, text)| Source { path, text, shipped: false });
    let mut loaded = ::rules::load(sources);
    loaded.notes.extend(notes);
    Ok(loaded)
}

/// Compiling a rule recurses as deep as the rule nests.
pub(super) fn deeply<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, CommandError> {
    ::rules::with_large_stack(work)
        .ok_or_else(|| CommandError::new(Exit::Environment, "reading the rules broke down"))
}

fn tested(
    session: &Session,
    what: &str,
    load: impl FnOnce() -> Result<Loaded, CommandError> + Send,
) -> Result<Exit, CommandError> {
    let (loaded, results) = deeply(|| {
        let loaded = load()?;
        let results = ::rules::run_cases(&loaded.rules, &loaded.cases);
        Ok((loaded, results))
    })??;
    let untested: Vec<&str> = loaded
        .rules
        .iter()
        .map(|rule| rule.id.as_str())
        .filter(|id| !loaded.cases.iter().any(|cases| cases.id == *id))
        .collect();
    let failed = results.iter().filter(|result| !result.passed).count();
    if session.ui.json {
        let document = json!({
            "rules": loaded.rules.len(), "cases": results.len(), "failed": failed, "results": results,
            "untested": untested, "notes": loaded.notes,
        });
        session.ui.result(&serde_json::to_string_pretty(&document).expect("plain data"));
    } else {
        let text = in_words(what, &loaded, &results, &untested);
        session.ui.result(&report::safe_text(&text));
    }
    Ok(if failed == 0 && loaded.notes.is_empty() { Exit::Passed } else { Exit::Findings })
}

fn in_words(what: &str, loaded: &Loaded, results: &[CaseResult], untested: &[&str]) -> String {
    let mut text = String::new();
    for result in results.iter().filter(|result| !result.passed) {
        let why = result.why.as_deref().unwrap_or_default();
        writeln!(
            text,
            "FAIL {} ({}), {} case {}: {why}",
            result.rule, result.language, result.kind, result.number
        )
        .unwrap_or_default();
        for line in result.code.lines() {
            writeln!(text, "     | {line}").unwrap_or_default();
        }
    }
    for note in &loaded.notes {
        writeln!(text, "FAIL {note}").unwrap_or_default();
    }
    for id in untested {
        writeln!(text, "note {id} has no cases").unwrap_or_default();
    }
    let failed = results.iter().filter(|result| !result.passed).count();
    writeln!(
        text,
        "{what}: {} rules, {} cases, {} passed, {failed} failed.",
        loaded.rules.len(),
        results.len(),
        results.len() - failed
    )
    .unwrap_or_default();
    text
}
