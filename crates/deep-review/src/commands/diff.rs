//! `diff`: two reports side by side.
//!
//! In: two runs; without any, the last two rounds of this branch. Out: which findings came, went and stayed, as text or JSON.
//! Never changes a run.

use std::fmt::Write as _;

use engine::Entry;
use model::Report;
use serde_json::{Value, json};

use crate::args::DiffArgs;
use crate::decide::Desk;
use crate::exit::{CommandError, Exit};
use crate::pager;
use crate::session::{Session, engine_error};
use crate::ui::Ui;

/// Where the text of a row begins.
const INDENT: usize = 8;

/// Compares.
pub(crate) fn run(session: &Session, args: &DiffArgs) -> Result<Exit, CommandError> {
    let to = Desk::open(session, args.to.as_deref())?;
    let from = if let Some(from) = &args.from {
        Desk::open(session, Some(from))?
    } else {
        let previous = to.report.series.previous.as_ref().ok_or_else(|| {
            CommandError::usage(format!("{} is the first round of its series", to.report.run.id))
                .hint("name two runs: `deep-review diff RUN1 RUN2`; `deep-review log` lists them")
        })?;
        Desk::open(session, Some(previous.as_str()))?
    };
    let (first, second) = (&from.report, &to.report);
    let compared =
        engine::compare(&to.repository, (&from.run, first), second).map_err(|error| engine_error(&error))?;
    if session.ui.json {
        let with = |entry: &Entry, key: &str, value: Value| {
            let mut row = told(entry);
            row[key] = value;
            row
        };
        let went = compared.went.iter().map(|row| {
            let mut value = with(&row.entry, "status", json!(row.status));
            value["why"] = json!(row.why);
            value
        });
        let stayed = compared.stayed.iter().map(|(before, after)| {
            let was = json!({ "id": before.id, "severity": before.severity, "title": before.title });
            with(after, "was", was)
        });
        let value = json!({
            "from": run_of(first),
            "to": run_of(second),
            "came": compared.came.iter().map(told).collect::<Vec<_>>(),
            "went": went.collect::<Vec<_>>(),
            "stayed": stayed.collect::<Vec<_>>(),
            "notes": compared.notes,
        });
        session.ui.result(&serde_json::to_string_pretty(&value).expect("plain data"));
        return Ok(Exit::Passed);
    }
    pager::result(session, &text(first, second, &compared));
    for note in &compared.notes {
        session.ui.talk(note);
    }
    Ok(Exit::Passed)
}

fn run_of(report: &Report) -> Value {
    json!({
        "run": report.run.id,
        "round": report.series.round,
        "head": report.target.head,
        "verdict": report.verdict.value,
        "complete": report.run.complete,
    })
}

fn told(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "fingerprint": entry.fingerprint,
        "severity": entry.severity,
        "title": entry.title,
        "path": entry.place.as_ref().map(|(path, _)| path),
        "start": entry.place.as_ref().and_then(|(_, start)| *start),
        "note": entry.note,
    })
}

fn text(first: &Report, second: &Report, compared: &engine::Compared) -> String {
    let mut text = String::new();
    for (lead, report) in [("from", first), ("to", second)] {
        let line = format!(
            "{}  round {}  {}  {}",
            report.run.id,
            report.series.round,
            report.target.head.short(),
            report.verdict.value.label()
        );
        text.push_str(&report::indented(&line, &format!("{lead:<5} "), 6, Ui::width()));
    }
    section(&mut text, "came", compared.came.len());
    for entry in &compared.came {
        row(&mut text, entry, entry.note.as_deref());
    }
    section(&mut text, "went", compared.went.len());
    for went in &compared.went {
        let why = match went.status {
            Some(status) => format!("{}: {}", status.as_str(), went.why),
            None => went.why.clone(),
        };
        row(&mut text, &went.entry, Some(&why));
    }
    section(&mut text, "stayed", compared.stayed.len());
    for (before, after) in &compared.stayed {
        let mut notes: Vec<String> = after.note.iter().cloned().collect();
        if before.id != after.id && !after.id.ends_with(&format!(":{}", before.id)) {
            notes.push(format!("it was {}", before.id));
        }
        if before.severity != after.severity {
            notes.push(format!("it was {}", before.severity.as_str()));
        }
        row(&mut text, after, Some(&notes.join("; ")).filter(|notes| !notes.is_empty()).map(String::as_str));
    }
    text
}

fn section(text: &mut String, name: &str, count: usize) {
    let count = if count == 0 { "none".to_owned() } else { count.to_string() };
    writeln!(text, "\n{name}: {count}").unwrap_or_default();
}

fn row(text: &mut String, entry: &Entry, why: Option<&str>) {
    let place = entry.place.as_ref().map_or_else(String::new, |(path, line)| match line {
        Some(line) => format!("{path}:{line}  "),
        None => format!("{path}  "),
    });
    // The run of an earlier one is said behind it: it would push everything aside.
    let (run, id) = entry.id.rsplit_once(':').unwrap_or(("", &entry.id));
    let of_run = if run.is_empty() { String::new() } else { format!("  (of {run})") };
    let head = format!("  {id:<5} {:<11} ", entry.severity.as_str());
    let body = format!("{place}{}{of_run}", entry.title);
    text.push_str(&report::indented(&body, &head, INDENT, Ui::width()));
    if let Some(why) = why {
        text.push_str(&report::indented(why, &" ".repeat(INDENT), INDENT, Ui::width()));
    }
}
