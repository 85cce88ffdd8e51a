//! `kill -9` of the whole program at any moment, and then `resume`.
//!
//! In: uneven pauses. Out: proof that no reviewer outlives us, that what had finished is not asked again, and that the run is
//! brought to a balanced report. The ignored test is the long form: `cargo xtask soak`.

mod common;

use std::time::{Duration, Instant};

use common::{JSON_REVIEW, Working, calls, counting, json, nobody_runs, run_folders, session};
use test_kit::TestSession;

const NAMES: [&str; 3] = ["ada", "bob", "eve"];

fn words<'a>(first: &[&'a str]) -> Vec<&'a str> {
    let named = NAMES.iter().flat_map(|name| ["--reviewer", *name]);
    first.iter().copied().chain(named).collect()
}

/// One reviewer is done at once, one fails in a way that passes, one takes its time and leaves its session.
fn panel() -> TestSession {
    let session = session();
    counting(&session, "ada", "say REVIEW\n", "");
    let other = session.beside("reviews/other", JSON_REVIEW);
    let flaky = "before 2 CALLS print-error connection reset by peer\nbefore 2 CALLS exit 1\n";
    counting(&session, "bob", &format!("{flaky}say {}\n", other.display()), "retry_wait = \"50ms\"");
    let slow = "setsid-child 60s\nprint begun\nsleep 250ms\nsay REVIEW\n";
    counting(&session, "eve", slow, "");
    session
}

/// What a kill hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hit {
    /// Nothing was written down yet.
    TooEarly,
    /// A run that was gone on with.
    Run,
    /// The report was there already.
    TooLate,
}

/// Kills a run after a pause, and going on with it after others; then brings it to its end.
fn one_death(pauses: &[Duration]) -> Hit {
    let session = panel();
    let marks = session.repo.scratch().join("scripts").to_str().expect("UTF-8").to_owned();
    for (number, pause) in pauses.iter().enumerate() {
        let words = if number == 0 { words(&[]) } else { vec!["resume"] };
        let working = Working::start(&session, &words);
        std::thread::sleep(*pause);
        working.kill();
        nobody_runs(&marks);
    }
    let done: Vec<&str> = NAMES.into_iter().filter(|name| is_done(&session, name)).collect();
    let before: Vec<u32> = done.iter().map(|name| calls(&session, name)).collect();
    let ran = session.run(&["resume", "--json"]);
    nobody_runs(&marks);
    let after: Vec<u32> = done.iter().map(|name| calls(&session, name)).collect();
    assert_eq!(before, after, "{done:?} had finished\n{}", ran.stderr);
    if ran.code == 2 {
        assert!(ran.stderr.contains("nothing"), "{}", ran.stderr);
        let finished = session.run(&["show", "--json"]).code == 0;
        return if finished { Hit::TooLate } else { Hit::TooEarly };
    }
    let report = json(&ran.expect(0));
    assert_eq!(report["invariants"]["dispositions_balance"], true);
    assert_eq!(report["run"]["complete"], true, "{report:#}");
    assert_eq!(report["findings"].as_array().expect("findings").len(), 1, "{report:#}");
    assert_eq!(report["dispositions"].as_array().expect("a ledger").len(), 3, "{report:#}");
    let folder = run_folders(&session).pop().expect("a run");
    assert!(!folder.join("attempts").exists(), "spooled output stays behind");
    let checkouts = std::fs::read_dir(session.home().join(".cache/deep-review/checkouts"));
    let left = checkouts.into_iter().flatten().count();
    assert_eq!(left, 0, "checkouts stay behind");
    Hit::Run
}

fn is_done(session: &TestSession, name: &str) -> bool {
    let folder = run_folders(session).pop();
    let Some(file) = folder.map(|folder| folder.join("raw").join(name).join("attempt.json")) else {
        return false;
    };
    std::fs::read_to_string(file).is_ok_and(|text| text.contains(r#""ending": "finished""#))
}

#[test]
fn killed_at_any_moment_a_run_is_brought_to_its_end() {
    let pauses = [20, 90, 170, 260, 340, 430, 520, 610].map(Duration::from_millis);
    let hits: Vec<Hit> = pauses.iter().map(|pause| one_death(&[*pause])).collect();
    assert!(hits.contains(&Hit::Run), "no kill hit a run: {hits:?}");
}

#[test]
fn killed_again_while_it_is_gone_on_with_a_run_is_brought_to_its_end() {
    let pauses = [[330, 120], [400, 300]].map(|both| both.map(Duration::from_millis));
    let hits: Vec<Hit> = pauses.iter().map(|both| one_death(both)).collect();
    assert!(hits.contains(&Hit::Run), "no kill hit a run: {hits:?}");
}

/// How many deaths the long form dies.
const DEATHS: u64 = 200;

#[test]
#[ignore = "takes minutes: cargo xtask soak"]
fn two_hundred_deaths_of_the_whole_program() {
    let begun = Instant::now();
    let seed = u64::from(std::process::id()) | 1;
    let mut state = seed;
    let mut pause = || {
        // xorshift: uneven is enough, and the seed is printed.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Duration::from_millis(state % 900)
    };
    let mut hits = std::collections::BTreeMap::new();
    for number in 0..DEATHS {
        let pauses: Vec<Duration> = (0..=number % 3).map(|_| pause()).collect();
        *hits.entry(one_death(&pauses)).or_insert(0_u32) += 1;
    }
    println!(
        "\nfigure: {DEATHS} deaths (seed {seed}) in {:?}: {hits:?}, nobody outlived us",
        begun.elapsed()
    );
    assert!(hits.contains_key(&Hit::Run));
}
