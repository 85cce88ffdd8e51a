//! `replay`: a stored run under other settings.
//!
//! In: a run and `--config FILE`. Out: what would be different. Never writes. Without other settings it is `verify`: then a
//! difference is exit 7.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::{Finding, Report};
use serde_json::{Value, json};

use crate::args::ReplayArgs;
use crate::decide::Desk;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, engine_error};

/// Replays.
pub(crate) fn run(session: &Session, args: &ReplayArgs) -> Result<Exit, CommandError> {
    let desk = Desk::open(session, Some(args.run.as_deref().unwrap_or("last")))?;
    let config = session.config(Some(&desk.repository), Vec::new())?;
    let policy = session.names_config().then_some(&config);
    let version = env!("CARGO_PKG_VERSION");
    let made = engine::recompute(&desk.repository, &desk.run, &config, policy, version)
        .map_err(|error| engine_error(&error))?;
    let rows = rows(&made.stored, &made.report);
    if session.ui.json {
        let value = json!({
            "run": desk.report.run.id,
            "differs": made.differs,
            "verdict": { "from": made.stored.verdict.value, "to": made.report.verdict.value },
            "findings": rows,
        });
        session.ui.result(&serde_json::to_string_pretty(&value).expect("plain data"));
    } else {
        let mut text = format!(
            "verdict  {} → {}\n",
            made.stored.verdict.value.label(),
            made.report.verdict.value.label()
        );
        for row in &rows {
            let word = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
            writeln!(text, "  {} → {}  {}", word("from"), word("to"), word("title")).unwrap_or_default();
        }
        if made.differs.is_empty() {
            text.clear();
            text.push_str("nothing differs\n");
        }
        session.ui.result(&report::safe_text(&text));
    }
    let differs = policy.is_none() && !made.differs.is_empty();
    Ok(if differs { Exit::Differs } else { Exit::Passed })
}

/// Findings that are rated otherwise, come or go.
fn rows(stored: &Report, made: &Report) -> Vec<Value> {
    let by_identity = |report: &Report| -> BTreeMap<String, Finding> {
        report.findings.iter().map(|it| (it.fingerprint.as_str().to_owned(), it.clone())).collect()
    };
    let (old, new) = (by_identity(stored), by_identity(made));
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort();
    keys.dedup();
    let row = |key: &&String| {
        let (from, to) = (old.get(*key), new.get(*key));
        let same = from.zip(to).is_some_and(|(a, b)| a.severity == b.severity && a.lane == b.lane);
        let title = from.or(to).map(|finding| finding.title.clone()).unwrap_or_default();
        let told = |finding: Option<&Finding>| {
            finding.map(|it| format!("{} {} ({})", it.id, it.severity.as_str(), it.lane.as_str()))
        };
        (!same).then(|| json!({ "title": title, "fingerprint": key, "from": told(from), "to": told(to) }))
    };
    keys.iter().filter_map(row).collect()
}
