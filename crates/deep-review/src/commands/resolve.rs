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
use crate::ui::Ui;

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
    }
    desk.keep(&decisions)?;
    if !args.yes && args.set.is_empty() && !rest.is_empty() && !session.ui.json && is_terminal() {
        ask(session, &desk, &rest, &mut decisions)?;
        let (done, left) = (decisions.len(), rest.len() - decisions.len());
        session.ui.talk(&format!(
            "\n{done} written down, {left} left open; `deep-review status` tells what is missing"
        ));
        return Ok(Exit::Passed);
    }
    print(session, &desk, args, &rows, &decisions);
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

const KEYS: &str = "[Enter] take what the code shows   [f]ixed   [t]est written   do[k]umented
[c]ommented   [s]kip + why   [d]ecline + why   [n]ext   [q]uit   [?] these keys
";

/// Where the text of a row begins.
const INDENT: usize = 8;

/// One key a row. What is decided is written down before the next is asked: nothing confirmed is lost with the terminal.
fn ask(
    session: &Session,
    desk: &Desk,
    rows: &[&OpenFinding],
    decisions: &mut Vec<Decision>,
) -> Result<(), CommandError> {
    let terminal = Term::stderr();
    let lost =
        |error: std::io::Error| CommandError::environment(format!("the terminal cannot be read: {error}"));
    let say = |text: &str| terminal.write_str(text).map_err(lost);
    say(KEYS)?;
    for (at, row) in rows.iter().enumerate() {
        say(&told(row, at + 1, rows.len()))?;
        let Some(chosen) = choose(&terminal, row).map_err(lost)? else { break };
        let Some((action, why)) = chosen else {
            say("left open\n")?;
            continue;
        };
        let decision = take(session, desk, row, action, why);
        desk.keep(std::slice::from_ref(&decision))?;
        say(&format!("{}\n", action.label()))?;
        decisions.push(decision);
    }
    Ok(())
}

/// What somebody decides about one row; `Some(None)` leaves it open, `None` ends the asking.
type Chosen = Option<Option<(Action, Option<String>)>>;

fn choose(terminal: &Term, row: &OpenFinding) -> std::io::Result<Chosen> {
    loop {
        let action = match read_key(terminal)? {
            Key::Enter => return Ok(Some(row.inferred().map(|action| (action, None)))),
            Key::Char('f') => Action::Fixed,
            Key::Char('t') => Action::TestWritten,
            Key::Char('k') => Action::DocumentationUpdated,
            Key::Char('c') => Action::Commented,
            Key::Char('s') => Action::Skipped,
            Key::Char('d') => Action::Declined,
            Key::Char('n') => return Ok(Some(None)),
            Key::Char('q') | Key::Escape | Key::CtrlC => {
                terminal.write_line("stop")?;
                return Ok(None);
            }
            Key::Char('?') => {
                terminal.write_str(&format!("\n{KEYS}{:INDENT$}→ ", ""))?;
                continue;
            }
            // A slip of the finger decides nothing.
            _ => continue,
        };
        if !action.needs_reason() {
            return Ok(Some(Some((action, None))));
        }
        terminal.write_str("why: ")?;
        let why = terminal.read_line()?.trim().to_owned();
        if !why.is_empty() {
            terminal.write_str(&format!("{:INDENT$}→ ", ""))?;
            return Ok(Some(Some((action, Some(why)))));
        }
        terminal.write_str(&format!("{:INDENT$}it needs a reason; another key → ", ""))?;
    }
}

/// Ctrl-C is a key here: what was decided is kept, and the asking ends.
fn read_key(terminal: &Term) -> std::io::Result<Key> {
    match terminal.read_key_raw() {
        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Ok(Key::CtrlC),
        key => key,
    }
}

/// A row as it is asked about, wrapped to the terminal.
fn told(row: &OpenFinding, at: usize, of: usize) -> String {
    let width = Ui::live_width().min(100);
    let finding = &row.finding;
    let head = format!("{:<INDENT$}", format!("{at}/{of}"));
    let title = format!("{} {}: {}", finding.id, finding.severity.as_str(), finding.title);
    let mut text = "\n".to_owned() + &report::indented(&title, &head, INDENT, width);
    let indent = " ".repeat(INDENT);
    let why = match &row.today {
        Some((status, why)) => format!("{}: {why}", status.as_str()),
        None => "its branch cannot be read today".to_owned(),
    };
    text.push_str(&report::indented(&why, &indent, INDENT, width));
    let offered = match row.inferred() {
        Some(action) => format!("[Enter] {} → ", action.label()),
        None => "[Enter] leave open → ".to_owned(),
    };
    text + &indent + &offered
}

fn line(row: &OpenFinding) -> String {
    let what = row.inferred().map_or("?", Action::label);
    let why = row.today.as_ref().map_or("its branch cannot be read today", |(_, why)| why.as_str());
    format!("{:<4} {:<22} {}\n     {why}", row.finding.id, what, row.finding.title)
}

fn print(session: &Session, desk: &Desk, args: &ResolveArgs, rows: &[OpenFinding], decisions: &[Decision]) {
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
    if decisions.is_empty() && !rows.is_empty() && args.yes {
        session.ui.talk("nothing was written down: the code shows of none of these what was done");
    } else if decisions.is_empty() && !rows.is_empty() {
        session
            .ui
            .talk("nothing was written down: `--yes` takes what the code shows, `--set ID=ACTION` one row");
    }
    if rows.is_empty() {
        session.ui.talk("no finding of this run is undecided");
    }
}
