//! `status`: what is open for this branch, and what is missing before it can be merged.
//!
//! In: the last run, the branch as it is today, decisions. Out: a list and one answer. Never runs a reviewer.

use engine::{OpenFinding, Standing};
use serde_json::json;

use crate::args::StatusArgs;
use crate::decide::Desk;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, engine_error};
use crate::ui::Ui;

/// Tells.
pub(crate) fn run(session: &Session, args: &StatusArgs) -> Result<Exit, CommandError> {
    let desk = Desk::open(session, args.run.as_deref())?;
    let today = desk.today();
    let standing = engine::standing(
        &desk.repository,
        &desk.store,
        &desk.run,
        &desk.report,
        today.as_ref(),
        &desk.decisions,
    )
    .map_err(|error| engine_error(&error))?;
    if session.ui.json {
        session.ui.result(&serde_json::to_string_pretty(&as_json(&desk, &standing)).expect("plain data"));
        return Ok(Exit::Passed);
    }
    session.ui.result(&text(&desk, &standing));
    Ok(Exit::Passed)
}

fn text(desk: &Desk, standing: &Standing) -> String {
    let first = format!(
        "{} · round {} · {} at {}",
        desk.report.series.key,
        desk.report.series.round,
        desk.report.run.id,
        desk.report.target.head.short()
    );
    let mut text = report::indented(&first, "", 2, Ui::width());
    for row in &standing.open {
        let state =
            row.decided.as_ref().map_or_else(|| status_of(row), |it| it.action.label().to_lowercase());
        let of_run = if row.finding.run == desk.report.run.id {
            String::new()
        } else {
            format!("  (of {}: not said again since)", row.finding.run)
        };
        let head = format!("  {:<4} {:<11} {:<14} ", row.finding.id, row.finding.severity.as_str(), state);
        text += &report::indented(&format!("{}{of_run}", row.finding.title), &head, 8, Ui::width());
    }
    for line in &standing.oscillating {
        text += &report::indented(line, "  goes back and forth: ", 8, Ui::width());
    }
    if standing.missing.is_empty() {
        text += "converged: nothing is missing\n";
    } else {
        text += "missing before it converges:\n";
        for line in &standing.missing {
            text += &report::indented(line, "  - ", 4, Ui::width());
        }
    }
    if let Some(stop) = &standing.stop {
        text += &report::indented(stop, "", 2, Ui::width());
    }
    text
}

fn status_of(row: &OpenFinding) -> String {
    row.today.as_ref().map_or("open", |(status, _)| status.as_str()).to_owned()
}

fn as_json(desk: &Desk, standing: &Standing) -> serde_json::Value {
    let open: Vec<_> = standing
        .open
        .iter()
        .map(|row| {
            json!({
                "finding": row.finding.name(),
                "id": row.finding.id,
                "fingerprint": row.finding.fingerprint,
                "severity": row.finding.severity,
                "title": row.finding.title,
                "since_round": row.first_round,
                "status": row.today.as_ref().map(|(status, _)| status),
                "why": row.today.as_ref().map(|(_, why)| why),
                "decided": row.decided.as_ref().map(|it| it.action),
                "blocks": row.blocks(),
            })
        })
        .collect();
    json!({
        "series": desk.report.series.key,
        "round": desk.report.series.round,
        "run": desk.report.run.id,
        "reviewed_head": desk.report.target.head,
        "head": standing.head,
        "open": open,
        "missing": standing.missing,
        "converged": standing.missing.is_empty(),
        "oscillating": standing.oscillating,
        "stop": standing.stop,
    })
}
