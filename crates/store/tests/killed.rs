//! Processes that are killed while they write.
//!
//! In: this test program, started again as a writer. Out: proof that what a writer had acknowledged is there, that
//! every record can be read, and that no dead run passes for a living one.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use model::{
    Action, DECISION_SCHEMA, Decision, Event, EventKind, Fingerprint, Original, REPORT_SCHEMA, Remembered,
    Report, ReviewerReport, Run, RunId, Target, TargetKind,
};
use store::{Policy, RunState, Store, slug};

/// Says where the writer writes; without it the writer's test does nothing.
const FOLDER: &str = "STORE_TEST_WRITES_TO";

const WRITERS: usize = 4;
const ROUNDS: u64 = 50;

fn target() -> Target {
    Target { kind: TargetKind::Branch, branch: Some("feature/killed".to_owned()), ..Target::default() }
}

#[expect(clippy::disallowed_methods, reason = "the writer is this very program, started again")]
fn start_writer(folder: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "writer", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts")
}

/// Not a test by itself: writes runs for ever, and says on stdout what is written.
#[test]
#[expect(clippy::disallowed_methods, reason = "how this program is told to be the writer")]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = Store::open(Path::new(&folder)).expect("writable");
    loop {
        write_run(&store);
    }
}

fn write_run(store: &Store) {
    let started = Timestamp::UNIX_EPOCH;
    let run = store.begin(&target(), started, &slug(&target())).expect("begins");
    let id = run.id().clone();
    let say = |what: &str| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "DONE {id} {what}").and_then(|()| out.flush()).expect("the reader is there");
    };
    say("begun");
    for number in 0..3 {
        let kind = EventKind::Note { text: format!("{number}") };
        run.append_event(&Event { at: started, kind }).expect("writable");
        say(&format!("event:{}", number + 1));
        let original =
            Original { reviewer: format!("r{number}"), text: "finding\n".repeat(2000), json: false };
        run.write_review(&original).expect("new");
        say(&format!("review:r{number}"));
    }
    let report = Report {
        schema: REPORT_SCHEMA.to_owned(),
        run: Run { id: id.clone(), ..Run::default() },
        reviewers: vec![ReviewerReport { name: "r0".to_owned(), ..ReviewerReport::default() }],
        series: run.series(),
        ..Report::default()
    };
    let json = serde_json::to_vec(&report).expect("plain data");
    run.finish(&report, &[("report.json", &json)]).expect("writable");
    say("finished");
    store.decide(&[decision(&id)]).expect("writable");
    say("decided");
}

/// What somebody decides about the run's first finding.
fn decision(run: &RunId) -> Decision {
    let finding = Remembered { run: run.clone(), id: "I1".to_owned(), ..Remembered::default() };
    Decision {
        schema: DECISION_SCHEMA.to_owned(),
        id: Fingerprint::default(),
        at: Timestamp::UNIX_EPOCH,
        action: Action::Declined,
        reason: Some("by design".repeat(100)),
        by: None,
        owner: None,
        until: None,
        series: "o/r@feature/killed".to_owned(),
        finding,
    }
    .sealed()
}

/// A writer and what it says.
struct Writer {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Writer {
    /// Starts one and waits for its first word.
    fn start(folder: &Path) -> (Self, String) {
        let mut child = start_writer(folder);
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let mut writer = Self { child, out };
        let first = writer.next().expect("the writer begins a run");
        (writer, first)
    }

    /// The next thing it says it has written, as `id what`; `None` at its end.
    fn next(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            // A line without its end was not said.
            if self.out.read_line(&mut line).ok()? == 0 || !line.ends_with('\n') {
                return None;
            }
            // libtest writes on the same line before the writer's first word.
            if let Some((_, said)) = line.trim_end().split_once("DONE ") {
                return Some(said.to_owned());
            }
        }
    }

    /// Ends it in the middle of whatever it does; the rest of what it said comes back.
    fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("is ours");
        let said = std::iter::from_fn(|| self.next()).collect();
        self.child.wait().expect("is ours");
        said
    }
}

fn holds(store: &Store, decided: &BTreeSet<RunId>, said: &str) -> bool {
    let (id, what) = said.split_once(' ').unwrap_or((said, ""));
    let run = store.run(&RunId::new(id).expect("an id"));
    match what.split_once(':') {
        Some(("event", count)) => run.events().expect("readable").len() >= count.parse().unwrap_or(99),
        Some(("review", name)) => {
            let originals = run.originals().expect("readable");
            originals.iter().any(|original| original.reviewer == name && original.text.len() == 16_000)
        }
        _ if what == "decided" => decided.contains(run.id()),
        _ if what == "finished" => {
            run.state() == RunState::Finished && run.report().is_ok_and(|report| report.is_some())
        }
        _ => what == "begun" && run.record().is_ok_and(|record| record.is_some()),
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_writers_are_killed_at_any_moment() {
    let folder = tempfile::tempdir().expect("scratch");
    let store = Store::open(folder.path()).expect("writable");
    let mut said = BTreeSet::new();
    for round in 0..ROUNDS {
        let writers: Vec<(Writer, String)> = (0..WRITERS).map(|_| Writer::start(folder.path())).collect();
        for (number, (writer, first)) in (0..).zip(writers) {
            said.insert(first);
            // Uneven pauses, so that the kills hit different writes.
            std::thread::sleep(Duration::from_millis(3 + (round * 7 + number * 11) % 29));
            said.extend(writer.kill());
        }
    }
    let decisions = store.decisions().expect("readable");
    let decided: BTreeSet<RunId> = decisions.all.iter().map(|it| it.finding.run.clone()).collect();
    for line in &said {
        assert!(holds(&store, &decided, line), "lost: {line}");
    }
    let runs = store.runs().expect("readable");
    for run in &runs {
        let fine = matches!(run.state, RunState::Finished | RunState::Interrupted);
        assert!(fine, "{} is {:?}: {:?}", run.id(), run.state, run.problem);
    }
    let finished = runs.iter().filter(|run| run.state == RunState::Finished).count();
    assert_eq!(store.index().expect("usable").attempts("r0").expect("readable").len(), finished);
    let policy = Policy { runs: 0, older_than: Duration::ZERO, keep_newest_of_series: false };
    let later = Timestamp::from_second(1_000_000).expect("a time");
    assert_eq!(store.gc(&policy, later, false).expect("removable").len(), runs.len());
    // Runs go, decisions stay: nobody wants to decline the same thing twice.
    assert_eq!(store.decisions().expect("readable").all.len(), decided.len());
    let (kills, acknowledged, half) = (ROUNDS * 4, said.len(), decisions.refused.len());
    println!("{kills} kills, {} runs, {finished} finished, {acknowledged} acknowledged", runs.len());
    println!("{} decisions, {half} lines cut off", decided.len());
}

#[test]
fn a_run_of_another_process_is_running_until_that_process_dies() {
    let folder = tempfile::tempdir().expect("scratch");
    let store = Store::open(folder.path()).expect("writable");
    let (writer, _) = Writer::start(folder.path());
    // The writer goes on and blocks at the latest when the pipe is full; one of its runs is alive at some moment.
    let mut seen_alive = false;
    for _ in 0..200 {
        let runs = store.runs().expect("readable");
        seen_alive |= runs.iter().any(|run| run.state == RunState::Running);
    }
    writer.kill();
    assert!(seen_alive);
    assert!(store.runs().expect("readable").iter().all(|run| run.state != RunState::Running));
}
