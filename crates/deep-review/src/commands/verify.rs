//! `verify`: is the stored report what the stored raw material gives?
//!
//! In: a run. Out: yes, or what differs (exit 7); and where its findings stand at today's head. Never writes.

use engine::Anchor;
use serde_json::json;
use std::fmt::Write as _;

use crate::args::VerifyArgs;
use crate::decide::Desk;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, engine_error};

/// Verifies.
pub(crate) fn run(session: &Session, args: &VerifyArgs) -> Result<Exit, CommandError> {
    let desk = Desk::open(session, Some(args.run.as_deref().unwrap_or("last")))?;
    let config = session.config(Some(&desk.repository), Vec::new())?;
    let version = env!("CARGO_PKG_VERSION");
    let made = engine::recompute(&desk.repository, &desk.run, &config, None, version)
        .map_err(|error| engine_error(&error))?;
    let anchors = match desk.today() {
        Some(today) => Some(
            engine::anchors(&desk.repository, &desk.run, &desk.report, &today)
                .map_err(|error| engine_error(&error))?,
        ),
        None => None,
    };
    let anchors = anchors.unwrap_or_default();
    if session.ui.json {
        let rows: Vec<_> = anchors
            .iter()
            .map(|it| json!({ "finding": it.id, "then": it.then, "now": it.now, "state": it.state }))
            .collect();
        let value = json!({
            "run": desk.report.run.id,
            "same": made.differs.is_empty(),
            "differs": made.differs,
            "anchors": rows,
            "written_by": desk.report.tool.version,
            "verified_by": version,
        });
        session.ui.result(&serde_json::to_string_pretty(&value).expect("plain data"));
    } else {
        session.ui.result(&report::safe_text(&text(&desk, &made.differs, &anchors)));
    }
    Ok(if made.differs.is_empty() { Exit::Passed } else { Exit::Differs })
}

fn text(desk: &Desk, differs: &[String], anchors: &[Anchor]) -> String {
    let run = &desk.report.run.id;
    let mut text = if differs.is_empty() {
        format!("{run}: the stored report is what its raw material gives\n")
    } else {
        let mut text = format!("{run}: the stored report differs from what its raw material gives\n");
        for name in differs {
            writeln!(text, "  - {name}").unwrap_or_default();
        }
        let (wrote, own) = (&desk.report.tool.version, env!("CARGO_PKG_VERSION"));
        if wrote != own {
            writeln!(text, "it was written by deep-review {wrote}; this is {own}, which may judge otherwise")
                .unwrap_or_default();
        }
        text
    };
    for anchor in anchors.iter().filter(|anchor| anchor.state != "unmoved") {
        let now = anchor.now.as_deref().map(|now| format!(" → {now}")).unwrap_or_default();
        writeln!(text, "  {:<4} {:<8} {}{now}", anchor.id, anchor.state, anchor.then).unwrap_or_default();
    }
    text
}
