//! `diff`: two reports side by side.
//!
//! In: two runs; without any, the last two rounds of this branch. Out: which findings came, went and stayed, as text or JSON.
//! Never changes a run.

use std::fmt::Write as _;

use model::{Finding, Report};
use serde_json::{Value, json};

use crate::args::DiffArgs;
use crate::decide::Desk;
use crate::exit::{CommandError, Exit};
use crate::pager;
use crate::session::{Session, engine_error};
use crate::ui::Ui;

/// Where the text of a row begins.
const INDENT: usize = 12;

/// Compares.
pub(crate) fn run(session: &Session, args: &DiffArgs) -> Result<Exit, CommandError> {
    let to = Desk::open(session, args.to.as_deref())?;
    let from = match &args.from {
        Some(from) => Desk::open(session, Some(from))?,
        None => {
            let previous = to.report.series.previous.as_ref().ok_or_else(|| {
                CommandError::usage(format!("{} is the first round of its series", to.report.run.id))
                    .hint("name two runs: `deep-review diff RUN1 RUN2`; `deep-review log` lists them")
            })?;
            Desk::open(session, Some(previous.as_str()))?
        }
    };
    let (first, second) = (&from.report, &to.report);
    let compared =
        engine::compare(&to.repository, (&from.run, first), second).map_err(|error| engine_error(&error))?;
    if session.ui.json {
        let went = compared.went.iter().map(|row| {
            let mut value = told(&row.finding);
            value["status"] = json!(row.status);
            value["why"] = json!(row.why);
            value
        });
        let stayed = compared.stayed.iter().map(|(before, after)| {
            let mut value = told(after);
            value["was"] = json!({ "id": before.id, "severity": before.severity, "title": before.title });
            value
        });
        let came = compared.came.iter().map(|finding| {
            let mut value = told(finding);
            value["came_back"] = json!(finding.came_back);
            value
        });
        let value = json!({
            "from": run_of(first),
            "to": run_of(second),
            "came": came.collect::<Vec<_>>(),
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

fn told(finding: &Finding) -> Value {
    json!({
        "id": finding.id,
        "fingerprint": finding.fingerprint,
        "severity": finding.severity,
        "title": finding.title,
        "path": finding.locations.first().map(|place| &place.path),
        "start": finding.locations.first().and_then(|place| place.start),
    })
}

fn text(first: &Report, second: &Report, compared: &engine::Compared) -> String {
    let mut text = String::new();
    for (lead, report) in [("from", first), ("to", second)] {
        writeln!(
            text,
            "{lead:<5} {}  round {}  {}  {}",
            report.run.id,
            report.series.round,
            report.target.head.short(),
            report.verdict.value.label()
        )
        .unwrap_or_default();
    }
    let (settled, unsaid): (Vec<_>, Vec<_>) = compared.went.iter().partition(|row| row.is_settled());
    section(&mut text, "came", compared.came.len());
    for finding in &compared.came {
        row(&mut text, &finding.id, finding, finding.came_back.as_deref());
    }
    section(&mut text, "went", settled.len());
    for went in &settled {
        let status = went.status.map_or("", |status| status.as_str());
        row(&mut text, &went.finding.id, &went.finding, Some(&format!("{status}: {}", went.why)));
    }
    section(&mut text, "stayed", compared.stayed.len());
    for (before, after) in &compared.stayed {
        let was = (before.severity != after.severity).then(|| format!("it was {}", before.severity.as_str()));
        let name =
            if before.id == after.id { after.id.clone() } else { format!("{} → {}", before.id, after.id) };
        row(&mut text, &name, after, was.as_deref());
    }
    if !unsaid.is_empty() {
        section(&mut text, "not said again, and not settled", unsaid.len());
        for went in &unsaid {
            row(&mut text, &went.finding.id, &went.finding, Some(&went.why));
        }
    }
    text
}

fn section(text: &mut String, name: &str, count: usize) {
    writeln!(text, "\n{name}: {}", if count == 0 { "none".to_owned() } else { count.to_string() })
        .unwrap_or_default();
}

fn row(text: &mut String, name: &str, finding: &Finding, why: Option<&str>) {
    let place = finding.locations.first().map_or_else(String::new, |place| match place.start {
        Some(line) => format!("{}:{line}  ", place.path),
        None => format!("{}  ", place.path),
    });
    let head = format!("  {name:<9} {:<11} ", finding.severity.as_str());
    text.push_str(&report::indented(&format!("{place}{}", finding.title), &head, INDENT, Ui::width()));
    if let Some(why) = why {
        text.push_str(&report::indented(why, &" ".repeat(INDENT), INDENT, Ui::width()));
    }
}
