//! `reviewers rules`: what the built-in reviewers look for, and how often each rule was right.
//!
//! In: the configuration and the registry of the rules. Out: a row a rule, or JSON; the same table is in the reference.
//! Runs no rule.

use std::fmt::Write as _;

use serde_json::json;

use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Lists.
pub(crate) fn run(session: &Session) -> Result<Exit, CommandError> {
    let repository = session.repository().ok();
    let config = session.config(repository.as_ref(), Vec::new())?;
    session.tell_messages(&config);
    let settings = engine::builtin_settings(&config.settings);
    if session.ui.json {
        let rows: Vec<_> = builtin::RULES
            .iter()
            .map(|rule| {
                let judged =
                    builtin::judged(rule.id).map(|(all, right)| json!({ "findings": all, "right": right }));
                json!({
                    "rule": rule.id, "about": rule.about, "default": rule.default,
                    "runs": config.settings.builtin.enabled && settings.runs(rule.id), "judged": judged,
                })
            })
            .collect();
        session.ui.result(&serde_json::to_string_pretty(&rows).expect("plain data"));
        return Ok(Exit::Passed);
    }
    let mut text = String::new();
    for rule in builtin::RULES {
        let runs = if config.settings.builtin.enabled && settings.runs(rule.id) { "on" } else { "off" };
        writeln!(text, "{:<38} {runs:<4} {:<14} {}", rule.id, judged(rule.id), rule.about)
            .unwrap_or_default();
    }
    session.ui.result(&text);
    Ok(Exit::Passed)
}

/// How often a rule was right, in words.
fn judged(rule: &str) -> String {
    builtin::judged(rule)
        .map_or_else(|| "not judged yet".to_owned(), |(all, right)| format!("right {right} of {all}"))
}

/// The table of the reference.
pub(crate) fn reference() -> String {
    let mut text = "# Built-in rules\n\n\
        What `deep-review reviewers rules` lists. *Right* counts the findings that a rule makes on the judged sample, each read beside the \
        code (`docs/design/builtin-precision.md`, where it also stands why a rule is off). A rule that is off runs where \
        `builtin.enable` names it.\n\n| rule | by default | right | reports that |\n|---|---|---|---|\n"
        .to_owned();
    for rule in builtin::RULES {
        let runs = if rule.default { "on" } else { "off" };
        writeln!(
            text,
            "| `{}` | {runs} | {} | {} |",
            rule.id,
            judged(rule.id).trim_start_matches("right "),
            rule.about
        )
        .unwrap_or_default();
    }
    text
}
