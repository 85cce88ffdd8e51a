//! What can be said of a change with no model: the built-in reviewers, with the structural rules as their guests.
//!
//! In: a pinned snapshot and settings. Out: one review document, the same for a run, for a plan, and for whoever measures.
//! Starts nothing but git.

use git::Snapshot;
use model::ReviewDocument;

/// Reviews a change with every rule that the settings choose; `folder` holds the repository's own structural rules.
pub fn unaided(snapshot: &Snapshot, settings: &builtin::Settings, folder: &str) -> ReviewDocument {
    builtin::review_snapshot_with(snapshot, settings, &|written| {
        structural(snapshot, settings, folder, written)
    })
}

/// What the structural rules say of the files that people wrote.
fn structural(
    snapshot: &Snapshot,
    settings: &builtin::Settings,
    folder: &str,
    written: &[builtin::Written],
) -> builtin::Guests {
    let looked = |file: &builtin::Written| rules::Looked {
        path: file.path.clone(),
        is_test: file.is_test,
        tests_from: file.tests_from,
    };
    let files: Vec<rules::Looked> = written.iter().map(looked).collect();
    let runs = |rule: &str, default| settings.runs_guest(rule, default);
    let outcome = rules::review_snapshot(
        snapshot,
        &files,
        rules::Settings { folder, runs: &runs, places: settings.places },
    );
    builtin::Guests {
        findings: outcome.findings.into_iter().map(|ranked| (ranked.finding, ranked.rank)).collect(),
        notes: outcome.notes,
    }
}
