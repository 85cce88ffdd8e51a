//! Prints what the built-in and the structural rules say about steps of a repository's history, one JSON object a line.
//!
//! In: a repository and revisions, each compared with its first parent. Out: findings and attention, for people who judge
//! them and for scripts that measure. Writes nothing else.

use std::path::Path;
use std::time::Instant;

use git::{Repository, Snapshot, TargetRequest};

#[expect(clippy::print_stdout, reason = "an example that prints")]
fn main() {
    let mut words = std::env::args().skip(1);
    let folder = words.next().expect("a repository");
    let enable: Vec<String> =
        words.next().expect("patterns of rules, by comma").split(',').map(str::to_owned).collect();
    let quick = std::env::args().any(|word| word == "--no-attention");
    let repository = Repository::open(Path::new(&folder)).expect("a repository");
    for revision in words.filter(|word| !word.starts_with("--")) {
        let spec =
            if revision.contains("..") { revision.clone() } else { format!("{revision}~1..{revision}") };
        let started = Instant::now();
        let request = TargetRequest { spec: Some(spec), ..TargetRequest::default() };
        let target = match repository.resolve(&request) {
            Ok(target) => target,
            Err(error) => {
                println!("{}", serde_json::json!({ "revision": revision, "error": error.to_string() }));
                continue;
            }
        };
        let snapshot = Snapshot::open(&repository, &target).expect("a snapshot");
        let settings =
            builtin::Settings { enable: enable.clone(), suggestions: 1000, ..builtin::Settings::default() };
        let opened = started.elapsed().as_millis();
        let document = engine::unaided(&snapshot, &settings, "");
        let reviewed = started.elapsed().as_millis();
        let attention = if quick { Vec::new() } else { builtin::attend_snapshot(&snapshot, &settings) };
        println!(
            "{}",
            serde_json::json!({
                "repository": folder, "revision": revision, "files": target.changed.len(), "summary": document.summary,
                "findings": document.findings, "attention": attention,
                "ms": { "open": opened, "review": reviewed - opened, "attention": started.elapsed().as_millis() - reviewed },
            })
        );
    }
}
