//! `resolve`: what was done about the findings of a run.
//!
//! In: the run, the branch as it is today, keys or flags. Out: decisions. What the code shows is offered; only what
//! somebody confirms is written down.

use std::io::IsTerminal as _;

use console::{Key, Term};
use engine::OpenFinding;
use model::{Action, Decision};
use serde_json::json;

use crate::args::ResolveArgs;
use crate::decide::{Desk, Words};
use crate::exit::{CommandError, Exit};
use crate::session::{Session, engine_error};

/// Resolves.
pub(crate) fn run(session: &Session, args: &ResolveArgs) -> Result<Exit, CommandError> {
    let desk = Desk::open(session, args.run.as_deref())?;
    let today = desk.today();
    let rows =
        engine::open_findings(&desk.repository, &desk.run, &desk.report, today.as_ref(), &desk.decisions)
            .map_err(|error| engine_error(&error))?;
    let rows: Vec<OpenFinding> = rows.into_iter().filter(is_undecided).collect();
    let mut decisions = Vec::new();
    let mut told = Vec::new();
    for word in &args.set {
        let (id, words) = parse(word)?;
        let finding = desk.remembered(desk.known(&id)?)?;
        told.push(id);
        decisions.push(desk.decision(session, finding, words));
    }
    let rest: Vec<&OpenFinding> = rows.iter().filter(|row| !told.contains(&row.finding.id)).collect();
    if args.yes {
        for row in &rest {
            decisions.extend(row.inferred().map(|action| take(session, &desk, row, action, None)));
        }
    } else if args.set.is_empty() && !session.ui.json && is_terminal() {
        ask(session, &desk, &rest, &mut decisions)?;
    }
    desk.keep(&decisions)?;
    print(session, &desk, &rows, &decisions);
    Ok(Exit::Passed)
}

fn is_undecided(row: &OpenFinding) -> bool {
    row.decided.as_ref().is_none_or(|decision| decision.action == Action::Reopened)
}

fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// `I1=fixed`, `S2=skipped:why`.
fn parse(word: &str) -> Result<(String, Words), CommandError> {
    let wrong = |why: &str| CommandError::usage(format!("`--set {word}`: {why}"));
    let (id, rest) = word.split_once('=').ok_or_else(|| wrong("write ID=ACTION or ID=ACTION:WHY"))?;
    let (name, reason) = match rest.split_once(':') {
        Some((name, reason)) => (name, Some(reason.trim().to_owned())),
        None => (rest, None),
    };
    let offered = Action::ALL.into_iter().filter(|it| !matches!(it, Action::RiskAccepted | Action::Reopened));
    let names: Vec<&str> = offered.clone().map(Action::as_str).collect();
    let action = offered.into_iter().find(|action| action.as_str() == name.trim());
    let action = action.ok_or_else(|| wrong(&format!("the actions are {}", names.join(", "))))?;
    if action.needs_reason() && reason.as_ref().is_none_or(String::is_empty) {
        return Err(wrong("it needs a reason: ID=ACTION:WHY"));
    }
    Ok((id.trim().to_uppercase(), Words::new(action, reason)))
}

fn take(
    session: &Session,
    desk: &Desk,
    row: &OpenFinding,
    action: Action,
    reason: Option<String>,
) -> Decision {
    let seen = row.today.as_ref().map(|(_, why)| why.clone());
    desk.decision(session, row.finding.clone(), Words::new(action, reason.or(seen)))
}

/// One key a row.
fn ask(
    session: &Session,
    desk: &Desk,
    rows: &[&OpenFinding],
    decisions: &mut Vec<Decision>,
) -> Result<(), CommandError> {
    let terminal = Term::stderr();
    let lost =
        |error: std::io::Error| CommandError::environment(format!("the terminal cannot be read: {error}"));
    if !rows.is_empty() {
        session.ui.talk(
            "[Enter] accept  [f]ixed  [t]est  do[k]umented  [c]omment  [s]kip+why  [d]ecline+why  [n]ext  [q]uit",
        );
    }
    for row in rows {
        session.ui.talk(&report::safe_text(&line(row)));
        let reason = |prompt: &str| -> Result<Option<String>, CommandError> {
            terminal.write_str(prompt).map_err(lost)?;
            let text = terminal.read_line().map_err(lost)?;
            Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
        };
        let chosen = match terminal.read_key().map_err(lost)? {
            Key::Enter => row.inferred().map(|action| (action, None)),
            Key::Char('f') => Some((Action::Fixed, None)),
            Key::Char('t') => Some((Action::TestWritten, None)),
            Key::Char('k') => Some((Action::DocumentationUpdated, None)),
            Key::Char('c') => Some((Action::Commented, None)),
            Key::Char('s') => reason("  why: ")?.map(|why| (Action::Skipped, Some(why))),
            Key::Char('d') => reason("  why: ")?.map(|why| (Action::Declined, Some(why))),
            Key::Char('q') | Key::Escape | Key::CtrlC => break,
            _ => None,
        };
        if let Some((action, why)) = chosen {
            decisions.push(take(session, desk, row, action, why));
        }
    }
    Ok(())
}

fn line(row: &OpenFinding) -> String {
    let what = row.inferred().map_or("?", Action::label);
    let why = row.today.as_ref().map_or("its branch cannot be read today", |(_, why)| why.as_str());
    format!("{:<4} {:<22} {}\n     {why}", row.finding.id, what, row.finding.title)
}

fn print(session: &Session, desk: &Desk, rows: &[OpenFinding], decisions: &[Decision]) {
    if session.ui.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "finding": row.finding.id,
                    "run": row.finding.run,
                    "title": row.finding.title,
                    "severity": row.finding.severity,
                    "inferred": row.inferred(),
                    "why": row.today.as_ref().map(|(_, why)| why),
                })
            })
            .collect();
        let value = json!({ "run": desk.report.run.id, "rows": rows, "decided": decisions });
        session.ui.result(&serde_json::to_string_pretty(&value).expect("plain data"));
        return;
    }
    for decision in decisions {
        let why = decision.reason.as_ref().map(|why| format!(" — {why}")).unwrap_or_default();
        let text = format!("{:<4} {}{why}\n", decision.finding.id, decision.action.label());
        session.ui.result(&report::safe_text(&text));
    }
    let left = |row: &&OpenFinding| decisions.iter().all(|it| it.finding.name() != row.finding.name());
    for row in rows.iter().filter(left) {
        session.ui.result(&report::safe_text(&format!("{}\n", line(row))));
    }
    if decisions.is_empty() && !rows.is_empty() {
        session.ui.talk(
            "nothing was written down: `--yes` takes every row that the code shows, `--set ID=ACTION` one",
        );
    }
    if rows.is_empty() {
        session.ui.talk("no finding of this run is undecided");
    }
}
