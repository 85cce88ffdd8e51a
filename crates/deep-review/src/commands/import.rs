//! `import`: published reports become runs of their series.
//!
//! In: files and folders of Markdown reports. Out: a run a report, and a row about it. A file that is no report is said and
//! the others go on.

use std::path::{Path, PathBuf};

use model::Clock as _;
use serde_json::json;

use crate::args::ImportArgs;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, store_error};

/// Earlier rounds whose findings a published report may tell again.
const MOST_ROUNDS: usize = 24;

/// What became of one file.
enum Outcome {
    Imported { run: String, findings: usize, raised: usize, notes: usize, decided: usize },
    Known { run: String },
    NoReport { why: String },
}

/// Imports. Exit code 2 where something was no report.
pub(crate) fn run(session: &Session, args: &ImportArgs) -> Result<Exit, CommandError> {
    let repository = session.repository()?;
    let store = Session::store(&repository)?;
    let mut parsed = Vec::new();
    let mut rows: Vec<(PathBuf, Outcome)> = Vec::new();
    for file in files(&args.paths)? {
        match parse(&file) {
            Ok(imported) => parsed.push((file, imported)),
            Err(why) => rows.push((file, Outcome::NoReport { why })),
        }
    }
    // Rounds count earlier runs, so the oldest goes first.
    parsed.sort_by(|(a, x), (b, y)| x.started.cmp(&y.started).then_with(|| a.cmp(b)));
    for (file, imported) in parsed {
        let outcome = keep(session, &repository, &store, imported)?;
        rows.push((file, outcome));
    }
    print(session, &rows);
    let wrong = rows.iter().any(|(_, outcome)| matches!(outcome, Outcome::NoReport { .. }));
    Ok(if wrong { Exit::Usage } else { Exit::Passed })
}

/// The Markdown files named, or found in the folders named, in name order.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = Vec::new();
    for path in paths {
        let unreadable = |error: std::io::Error| {
            CommandError::usage(format!("`{}` could not be read: {error}", path.display()))
        };
        if !path.metadata().map_err(unreadable)?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            if file.extension().is_some_and(|extension| extension == "md") && file.is_file() {
                inside.push(file);
            }
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

fn parse(file: &Path) -> Result<engine::Imported, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("it could not be read: {error}"))?;
    let read = reading::read_report(&String::from_utf8_lossy(&bytes));
    engine::import(&read, env!("CARGO_PKG_VERSION"))
        .ok_or_else(|| "it has neither a header nor findings".to_owned())
}

fn keep(
    session: &Session,
    repository: &git::Repository,
    store: &store::Store,
    mut imported: engine::Imported,
) -> Result<Outcome, CommandError> {
    let now = session.clock.now();
    let started = imported.started.unwrap_or(now);
    let key = store::series_key(&imported.target);
    let runs = store.runs().map_err(|error| store_error(&error))?;
    let keys = store::series_keys(&key, &runs);
    let of_series = |run: &&store::RunEntry| {
        run.series().is_some_and(|series| keys.iter().any(|key| store::same_series(key, series)))
    };
    if let Some(known) = runs.iter().filter(of_series).find(|run| run.started == started) {
        return Ok(Outcome::Known { run: known.id().to_string() });
    }
    let before = runs.iter().filter(of_series).filter(|run| run.started < started);
    let earlier: Vec<model::Report> =
        before.take(MOST_ROUNDS).filter_map(|run| run.run.report().ok().flatten()).collect();
    let slug = store::slug(&imported.target);
    let run = store.begin(&imported.target, started, &slug).map_err(|error| store_error(&error))?;
    imported.stamp(run.id(), run.series(), now);
    imported.carry_on(&earlier);
    for original in &imported.originals {
        run.write_review(original).map_err(|error| store_error(&error))?;
    }
    let forms = engine::forms(&imported.report, &imported.originals);
    run.finish(&imported.report, &forms.files()).map_err(|error| store_error(&error))?;
    let remembered = engine::remembered_of(repository, &imported.report, &imported.report.findings);
    let decisions = imported.decisions(&remembered);
    store.decide(&decisions).map_err(|error| store_error(&error))?;
    Ok(Outcome::Imported {
        run: run.id().to_string(),
        findings: imported.report.findings.len(),
        raised: imported.report.dispositions.len(),
        notes: imported.report.notes.len(),
        decided: decisions.len(),
    })
}

fn print(session: &Session, rows: &[(PathBuf, Outcome)]) {
    if session.ui.json {
        let rows: Vec<_> = rows.iter().map(|(file, outcome)| as_json(file, outcome)).collect();
        session.ui.result(&serde_json::to_string_pretty(&rows).expect("plain data"));
        return;
    }
    for (file, outcome) in rows {
        let name = file.display();
        let line = match outcome {
            Outcome::Imported { run, findings, raised, decided, .. } => {
                let decided = if *decided > 0 { format!(", {decided} decided about") } else { String::new() };
                format!("{run}  {findings} findings from {raised} raw ones{decided}  {name}")
            }
            Outcome::Known { run } => format!("{run}  is there already  {name}"),
            Outcome::NoReport { why } => format!("not imported: {name}: {why}"),
        };
        session.ui.result(&report::safe_text(&line));
    }
}

fn as_json(file: &Path, outcome: &Outcome) -> serde_json::Value {
    let file = file.display().to_string();
    match outcome {
        Outcome::Imported { run, findings, raised, notes, decided } => {
            json!({ "file": file, "state": "imported", "run": run, "findings": findings, "raised": raised, "notes": notes,
                    "decided": decided })
        }
        Outcome::Known { run } => json!({ "file": file, "state": "known", "run": run }),
        Outcome::NoReport { why } => json!({ "file": file, "state": "no-report", "why": why }),
    }
}
