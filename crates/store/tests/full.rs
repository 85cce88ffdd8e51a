//! A disk that is full while runs are written.
//!
//! In: this test program, started again where a small disk of its own is mounted. Out: proof that nothing acknowledged is lost,
//! that the error says what is wrong and what to do, and that writing goes on where there is room again.

use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use model::{
    Action, DECISION_SCHEMA, Decision, Event, EventKind, Fingerprint, Original, REPORT_SCHEMA, Remembered,
    Report, ReviewerReport, Run, RunId, Target, TargetKind,
};
use store::{Error, RunState, Store, slug};

/// Says where the small disk is mounted; without it `inside` does nothing.
const FOLDER: &str = "STORE_TEST_SMALL_DISK";

/// Bytes of the small disk, and of what is removed from it when it is full.
const SIZE: &str = "3m";
const RESERVE: usize = 600 << 10;

fn target() -> Target {
    Target { kind: TargetKind::Branch, branch: Some("full".to_owned()), ..Target::default() }
}

fn decision(run: &RunId) -> Decision {
    let finding = Remembered { run: run.clone(), id: "I1".to_owned(), ..Remembered::default() };
    Decision {
        schema: DECISION_SCHEMA.to_owned(),
        id: Fingerprint::default(),
        at: Timestamp::UNIX_EPOCH,
        action: Action::Declined,
        reason: Some("by design ".repeat(300)),
        by: None,
        owner: None,
        until: None,
        series: "o/r@full".to_owned(),
        finding,
    }
    .sealed()
}

/// What a writer was told is written.
#[derive(Default)]
struct Acknowledged {
    events: Vec<(RunId, usize)>,
    reviews: Vec<(RunId, String)>,
    finished: Vec<RunId>,
    decided: Vec<RunId>,
}

fn write_run(store: &Store, said: &mut Acknowledged) -> Result<(), Error> {
    let started = Timestamp::UNIX_EPOCH;
    let run = store.begin(&target(), started, &slug(&target()))?;
    let id = run.id().clone();
    for number in 0..4 {
        let kind = EventKind::Note { text: format!("{number} {}", "word ".repeat(60)) };
        run.append_event(&Event { at: started, kind })?;
        said.events.push((id.clone(), number + 1));
        let name = format!("r{number}");
        run.write_review(&Original { reviewer: name.clone(), text: "finding\n".repeat(900), json: false })?;
        said.reviews.push((id.clone(), name));
    }
    let report = Report {
        schema: REPORT_SCHEMA.to_owned(),
        summary: "word ".repeat(2_000),
        run: Run { id: id.clone(), ..Run::default() },
        reviewers: vec![ReviewerReport { name: "r0".to_owned(), ..ReviewerReport::default() }],
        series: run.series(),
        ..Report::default()
    };
    let json = serde_json::to_vec(&report).expect("plain data");
    run.finish(&report, &[("report.json", &json), ("report.md", &vec![b'x'; 9_000])])?;
    said.finished.push(id.clone());
    store.decide(&[decision(&id)])?;
    said.decided.push(id);
    Ok(())
}

fn holds(store: &Store, said: &Acknowledged) {
    for (id, count) in &said.events {
        assert!(store.run(id).events().expect("readable").len() >= *count, "an event of {id} is lost");
    }
    for (id, name) in &said.reviews {
        let originals = store.run(id).originals().expect("readable");
        let found = originals.iter().find(|it| it.reviewer == *name).expect("a review is there");
        assert_eq!(found.text.len(), 7_200, "a review of {id} is half there");
    }
    for id in &said.finished {
        assert_eq!(store.run(id).state(), RunState::Finished);
        assert!(store.run(id).report().expect("readable").is_some());
    }
    let decisions = store.decisions().expect("readable");
    for id in &said.decided {
        assert!(decisions.all.iter().any(|it| it.finding.run == *id), "the decision about {id} is lost");
    }
}

/// Not a test by itself: runs on the small disk.
#[test]
#[expect(clippy::disallowed_methods, reason = "how this program is told where the small disk is")]
fn inside() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let store = Store::open(folder).expect("room for it");
    let reserve = folder.join("reserve");
    std::fs::write(&reserve, vec![7; RESERVE]).expect("room for it");
    let mut said = Acknowledged::default();
    let mut troubles = Vec::new();
    for _ in 0..2_000 {
        if let Err(error) = write_run(&store, &mut said) {
            troubles.push(error);
        }
        if troubles.len() >= 25 {
            break;
        }
    }
    assert!(troubles.len() >= 25 && !said.finished.is_empty(), "the disk was not small enough");
    for error in &troubles {
        let told = error.to_string();
        assert!(told.contains("No space left") && told.contains("could not"), "{told}");
        assert!(error.hint().is_some_and(|hint| hint.contains("gc")), "{told}");
    }
    // The disk is as full as it was: everything can be read, and what is known across runs, too.
    holds(&store, &said);
    let finished = || {
        let runs = store.runs().expect("readable");
        let fine = |state| matches!(state, RunState::Finished | RunState::Interrupted);
        assert!(runs.iter().all(|run| fine(run.state)), "{runs:?}");
        runs.iter().filter(|run| run.state == RunState::Finished).count()
    };
    assert_eq!(store.index().expect("usable").attempts("r0").expect("readable").len(), finished());

    std::fs::remove_file(&reserve).expect("removable");
    let before = said.finished.len();
    write_run(&store, &mut said).expect("there is room again");
    assert_eq!(said.finished.len(), before + 1);
    holds(&store, &said);
    assert_eq!(store.index().expect("usable").attempts("r0").expect("readable").len(), finished());
    println!(
        "INSIDE {} refused writes; {} events, {} reviews, {} reports, {} decisions kept",
        troubles.len(),
        said.events.len(),
        said.reviews.len(),
        said.finished.len(),
        said.decided.len()
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a namespace of its own is what the small disk is mounted in")]
fn nothing_acknowledged_is_lost_where_the_disk_is_full() {
    let folder = tempfile::tempdir().expect("scratch");
    let own = std::env::current_exe().expect("this program");
    let script = format!(
        "mount -t tmpfs -o size={SIZE} none \"$1\" || exit 77; shift; exec \"$@\" --exact inside --nocapture --test-threads=1"
    );
    let started = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"])
        .arg(folder.path())
        .arg(&own)
        .env(FOLDER, folder.path())
        .output();
    let output = match started {
        Ok(output) => output,
        Err(error) => return println!("skipped: there is no `unshare` here: {error}"),
    };
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() && !out.contains("running 1 test") {
        return println!("skipped: no small disk can be mounted here: {err}");
    }
    assert!(output.status.success() && out.contains("INSIDE"), "{out}\n{err}");
    println!("{}", out.lines().find(|line| line.contains("INSIDE")).unwrap_or_default());
}
