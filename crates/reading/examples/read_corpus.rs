//! Reads every raw review below a folder and prints what a scorer needs as JSON.
//!
//! In: a folder with `raw/<report>/<reviewer>.md`. Out: `{report: [[{agent, index, title, severity, path, line}]]}` on
//! standard output. Never judges.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let mut reports = Map::new();
    for report in sorted(&Path::new(&folder).join("raw"))? {
        let mut clusters = Vec::new();
        for review in sorted(&report)? {
            let text = String::from_utf8_lossy(&fs::read(&review)?).into_owned();
            let reading = reading::read(&text, &reading::Context::default());
            for finding in reading.findings {
                let place = finding.locations.first();
                clusters.push(json!([{
                    "agent": review.file_stem().and_then(|stem| stem.to_str()),
                    "index": finding.index,
                    "title": finding.title,
                    "severity": finding.severity.as_str(),
                    "path": place.map(|place| &place.path),
                    "line": place.and_then(|place| place.start),
                    "kind": finding.kind.map(model::Kind::as_str),
                    "locations": finding.locations,
                }]));
            }
        }
        let name = report.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        reports.insert(name, Value::Array(clusters));
    }
    serde_json::to_writer_pretty(std::io::stdout(), &reports)?;
    Ok(())
}

fn sorted(folder: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let mut entries: Vec<_> =
        fs::read_dir(folder)?.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    entries.sort();
    Ok(entries)
}
