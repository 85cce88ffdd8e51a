//! Stores, targets and reports for tests.
//!
//! In: a few words. Out: small values that look real. Tests only.

use jiff::Timestamp;
use model::{
    Finding, Fingerprint, Location, Report, ReviewerReport, RunId, Severity, Sha, Source, Target, TargetKind,
    Verdict, VerdictValue,
};
use tempfile::TempDir;

use crate::{RunFolder, Store, slug};

/// A store in a folder of its own.
pub(crate) fn scratch() -> (TempDir, Store) {
    let folder = tempfile::tempdir().expect("scratch");
    let store = Store::open(folder.path()).expect("writable");
    (folder, store)
}

/// A branch under review.
pub(crate) fn target(branch: &str) -> Target {
    Target {
        kind: TargetKind::Branch,
        branch: Some(branch.to_owned()),
        repository: Some("o/r".to_owned()),
        base: Sha::new(&"a".repeat(40)).expect("full"),
        head: Sha::new(&"b".repeat(40)).expect("full"),
        merge_base: Sha::new(&"a".repeat(40)).expect("full"),
        ..Target::default()
    }
}

/// A report with one finding of one reviewer.
pub(crate) fn report(run: &RunFolder, target: &Target, started: Timestamp) -> Report {
    let finding = Finding {
        id: "I1".to_owned(),
        fingerprint: Fingerprint::of(&["a.rs", "f"]),
        severity: Severity::Important,
        title: "it breaks".to_owned(),
        locations: vec![Location {
            path: "a.rs".into(),
            start: Some(3),
            end: Some(4),
            ..Location::default()
        }],
        sources: vec![Source { reviewer: "mine".to_owned(), ..Source::default() }],
        confidence: 0.5,
        ..Finding::default()
    };
    Report {
        schema: model::REPORT_SCHEMA.to_owned(),
        run: model::Run {
            id: RunId::new(run.id().as_str()).expect("an id"),
            started,
            ended: started,
            complete: true,
            ..model::Run::default()
        },
        target: target.clone(),
        series: run.series(),
        reviewers: vec![ReviewerReport { name: "mine".to_owned(), ms: 7, ..ReviewerReport::default() }],
        verdict: Verdict { value: VerdictValue::MergeWithFixes, ..Verdict::default() },
        findings: vec![finding],
        ..Report::default()
    }
}

/// A whole run.
pub(crate) fn finish(store: &Store, target: &Target, started: &str) -> RunId {
    let started: Timestamp = started.parse().expect("a time");
    let run = store.begin(target, started, &slug(target)).expect("begins");
    let report = report(&run, target, started);
    let json = serde_json::to_vec(&report).expect("plain data");
    run.finish(&report, &[("report.json", &json), ("report.md", b"# Review\n")]).expect("writable");
    run.id().clone()
}
