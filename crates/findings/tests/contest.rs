//! When does another reviewer's word contest a finding, and when does it not?

use findings::{Consolidated, Input, Known, Policy, Quorum, Records, consolidate};
use model::{
    Check, CheckResult, CheckedFinding, CoverageItem, CoverageStatus, DesignItem, DesignKind, Gate, Lane,
    Location, RawFinding, RawLocation, Reading, ReasonCode, RepoPath, ReviewerKind, ReviewerReport,
    ReviewerState, Severity, TextItem, VerdictValue,
};

fn reviewer(name: &str) -> ReviewerReport {
    ReviewerReport {
        name: name.to_owned(),
        state: ReviewerState::Finished,
        quorum: true,
        ..ReviewerReport::default()
    }
}

fn claim(who: &str, title: &str, path: &str, lines: (u32, u32)) -> CheckedFinding {
    CheckedFinding {
        reviewer: who.to_owned(),
        raw: RawFinding {
            id: "I1".to_owned(),
            severity: Severity::Important,
            title: title.to_owned(),
            body: "It shows when the second client connects.".to_owned(),
            ..RawFinding::default()
        },
        locations: vec![Location {
            path: RepoPath::from(path),
            start: Some(lines.0),
            end: Some(lines.1),
            ..Location::default()
        }],
        ..CheckedFinding::default()
    }
}

fn run(
    roster: &[ReviewerReport],
    checked: Vec<CheckedFinding>,
    readings: &[(String, Reading)],
) -> Consolidated {
    consolidate(&Input {
        roster,
        readings,
        checked,
        changed: &[],
        commits: &[],
        policy: &Policy::default(),
        records: &Records::new(),
        limitations: &[],
        known: &Known::default(),
        quorum: Quorum::Wanted(2),
        repository_used: true,
    })
}

/// `bob` says something about the finding of `ada`.
fn bob_says(title: &str, reading: Reading) -> Consolidated {
    let finding = claim("ada", title, "src/pool.rs", (40, 48));
    run(&[reviewer("ada"), reviewer("bob")], vec![finding], &[("bob".to_owned(), reading)])
}

fn strength(text: &str, place: Option<(u32, u32)>) -> Reading {
    let at = |(start, end)| RawLocation {
        path: "src/pool.rs".to_owned(),
        start: Some(start),
        end: Some(end),
        ..RawLocation::default()
    };
    let item = DesignItem {
        kind: DesignKind::Strength,
        title: text.to_owned(),
        locations: place.map(at).into_iter().collect(),
        ..DesignItem::default()
    };
    Reading { design: vec![item], ..Reading::default() }
}

fn covered(note: &str) -> Reading {
    let item = CoverageItem {
        path: "src/pool.rs".to_owned(),
        status: CoverageStatus::Reviewed,
        note: Some(note.to_owned()),
        ..CoverageItem::default()
    };
    Reading { coverage: vec![item], ..Reading::default() }
}

fn summary(text: &str) -> Reading {
    Reading { summary: Some(text.to_owned()), ..Reading::default() }
}

#[test]
fn the_opposite_about_the_same_thing_contests() {
    let cases: Vec<(&str, Reading)> = vec![
        (
            "`connect` leaks the socket when the handshake fails",
            strength("`connect` closes the socket on all error paths.", None),
        ),
        (
            "Socket leak after a failed handshake",
            strength("The socket is always closed, also after a failed handshake (`src/pool.rs:44`).", None),
        ),
        (
            "Socket leak after a failed handshake",
            strength("The deferred call releases the socket.", Some((41, 46))),
        ),
        (
            "`Registry::add` mutates `entries` without the lock",
            summary("I traced `Registry::add`: the lock is held while `entries` changes."),
        ),
        (
            "Race between `add` and `remove` in `Registry`",
            strength(
                "Both `Registry` methods run under the same mutex, so `add` does not race with `remove`.",
                None,
            ),
        ),
        ("The result of `flush` is ignored", covered("the error of `flush` is propagated to the caller")),
        (
            "`flush` swallows the write error",
            summary("Write errors: `flush` wraps and returns every write error."),
        ),
        (
            "`lookup` dereferences a null session",
            strength("`lookup` checks the session for null before it uses it.", None),
        ),
        (
            "User supplied `name` reaches the shell unescaped",
            summary("`name` is properly escaped before it reaches the shell."),
        ),
        (
            "`fetch_all` blocks forever on a dead peer",
            strength("`fetch_all` has a timeout of ten seconds per peer.", None),
        ),
        (
            "Integer overflow when `grow` doubles the capacity",
            covered("`grow` cannot overflow: the capacity is capped"),
        ),
        (
            "`connect` leaks the socket when the handshake fails",
            summary("The suspected socket leak in `connect` is a false positive."),
        ),
        (
            "Double close of `conn` in `shutdown`",
            summary("`shutdown` closing `conn` twice is not a bug: the second close is a no-op."),
        ),
        (
            "`parse_header` panics on an empty line",
            strength("`parse_header` never panics on an empty line; it returns an error.", None),
        ),
    ];
    for (title, reading) in cases {
        let result = bob_says(title, reading.clone());
        let finding = &result.findings[0];
        assert_eq!(finding.lane, Lane::Contested, "{title}\n{reading:?}");
        assert_eq!(finding.contradictions[0].reviewer, "bob");
        assert!(result.verdict.blocking.is_empty(), "{title}");
        assert!(
            result.verdict.reason.contains("I1 is contested and does not block. `bob` contradicts it"),
            "{}",
            result.verdict.reason
        );
        assert_eq!(result.dispositions[0].code, Some(ReasonCode::Contradicted));
    }
}

#[test]
fn anything_less_does_not() {
    let cases: Vec<(&str, Reading)> = vec![
        // Silence and general praise.
        ("`connect` leaks the socket when the handshake fails", covered("Reviewed, no issues")),
        ("`connect` leaks the socket when the handshake fails", covered("Looks good, clean error handling")),
        (
            "`connect` leaks the socket when the handshake fails",
            summary("Overall this is a solid change without bugs."),
        ),
        (
            "`connect` leaks the socket when the handshake fails",
            strength("`connect` is nicely factored.", None),
        ),
        // Another thing, or another place.
        (
            "`connect` leaks the socket when the handshake fails",
            strength("`render` closes the file on every path.", None),
        ),
        (
            "Socket leak after a failed handshake",
            strength("The temporary directory is cleaned up.", Some((400, 420))),
        ),
        (
            "Socket leak after a failed handshake",
            strength("The socket is closed in `src/other.rs:12`.", None),
        ),
        (
            "Race between `add` and `remove` in `Registry`",
            strength("`Registry` returns every error to its caller.", None),
        ),
        // A refutation of another kind of defect, at the same name and with words in common.
        (
            "`drain` still uses the method `next_job`, renamed to `take_job`",
            strength("The lock is held in every method, so there is no race in `take_job`.", None),
        ),
        (
            "`take_job` pops from the wrong end",
            summary("There is no race in `take_job`, whichever end it pops from."),
        ),
        // The same direction, demands, doubts, conditions.
        (
            "`connect` leaks the socket when the handshake fails",
            summary("`connect` should close the socket on failure."),
        ),
        (
            "`connect` leaks the socket when the handshake fails",
            summary("The socket in `connect` is not closed on failure."),
        ),
        (
            "`connect` leaks the socket when the handshake fails",
            summary("Is the socket closed by `connect`?"),
        ),
        (
            "`connect` leaks the socket when the handshake fails",
            summary("`connect` closes the socket, but only when the handshake succeeds."),
        ),
        (
            "`connect` leaks the socket when the handshake fails",
            summary("`connect` closes the socket if the handshake succeeds."),
        ),
        ("`flush` swallows the write error", summary("`flush` might return the write error.")),
        (
            "`Registry::add` mutates `entries` without the lock",
            summary("`Registry::add` touches `entries` before the lock is held."),
        ),
        // What is tested in general says nothing about a case that is not.
        (
            "No test covers `rename` onto an existing target",
            strength("`rename` is covered by thorough tests.", None),
        ),
        // Mechanism that mentions both words.
        (
            "The result of `flush` is ignored",
            summary("The new `flush` returns early when the buffer is empty."),
        ),
    ];
    for (title, reading) in cases {
        let result = bob_says(title, reading.clone());
        assert_ne!(
            result.findings[0].lane,
            Lane::Contested,
            "{title}\n{:?}",
            result.findings[0].contradictions
        );
        assert!(result.findings[0].contradictions.is_empty());
    }
}

#[test]
fn other_words_for_the_same() {
    let cases: Vec<(&str, Reading, bool)> = vec![
        (
            "File descriptor is never closed in `load_config`",
            strength(
                "`load_config` uses a with-statement, so the file descriptor is closed even when parsing raises.",
                None,
            ),
            true,
        ),
        (
            "Missing unlock on the error path of `update_cache`",
            covered("`update_cache` defers the unlock right after locking"),
            true,
        ),
        (
            "`counter` is incremented without synchronization",
            strength("All writes to `counter` are atomic.", None),
            true,
        ),
        (
            "Unhandled promise rejection in `saveAll`",
            summary("`saveAll` handles every exception of its promises."),
            true,
        ),
        (
            "`parse_size` does not check for overflow",
            strength("`parse_size` uses saturating arithmetic, so it cannot overflow.", None),
            true,
        ),
        ("Path traversal via `filename`", covered("`filename` is validated against traversal"), true),
        (
            "Retry loop in `reconnect` never terminates",
            strength("The retry loop of `reconnect` is bounded by max_attempts.", None),
            true,
        ),
        (
            "`old_handler` is dead code",
            summary("`old_handler` is still called from the legacy router."),
            true,
        ),
        (
            "`connect` leaks the socket when the handshake fails",
            strength(
                "`connect` is safe on failure: the socket is closed by its `Drop` when the handshake fails.",
                None,
            ),
            true,
        ),
        (
            "`connect` leaks the socket when the handshake fails",
            strength("The socket of `connect` is closed when the peer hangs up.", None),
            false,
        ),
        (
            "Use after free of `buffer` in `drain`",
            summary(
                "`drain`: the reported use after free of `buffer` is not a real problem, ownership has moved.",
            ),
            true,
        ),
        (
            "Deadlock between `stop` and `watcher_loop`",
            strength("`stop` cannot deadlock with `watcher_loop` because the channel is buffered.", None),
            true,
        ),
        (
            "`load_config` ignores the environment",
            strength("`load_config` closes the file descriptor.", None),
            false,
        ),
        (
            "`update_cache` evicts the wrong entry",
            covered("`update_cache` defers the unlock right after locking"),
            false,
        ),
        (
            "`saveAll` retries failed writes without a limit",
            summary("`saveAll` handles every exception of its promises."),
            false,
        ),
        (
            "`reconnect` drops buffered messages",
            strength("The retry loop of `reconnect` is bounded by max_attempts.", None),
            false,
        ),
        (
            "Deadlock between `stop` and `watcher_loop`",
            strength("`stop` drains the channel of `watcher_loop` first.", None),
            false,
        ),
        (
            "`parse_size` accepts negative numbers",
            strength("`parse_size` uses saturating arithmetic.", None),
            false,
        ),
        (
            "Error of `commit` is dropped in `save`",
            strength("`commit` checks its arguments and reports progress.", None),
            false,
        ),
        (
            "Missing timeout in `fetch_all`",
            summary("Unlike `fetch_one`, which has a timeout, `fetch_all` waits."),
            false,
        ),
        (
            "`connect` leaks the socket",
            summary("Apart from the leak in `connect`, everything is released correctly."),
            false,
        ),
        ("Race on `entries`", summary("`entries` was guarded by a mutex before this change."), false),
        (
            "`connect` leaks the socket",
            summary("The old code path of `connect` closed the socket; the new one leaks it."),
            false,
        ),
    ];
    let wrong: Vec<String> = cases
        .into_iter()
        .filter_map(|(title, reading, contested)| {
            let result = bob_says(title, reading.clone());
            let is = result.findings[0].lane == Lane::Contested;
            (is != contested).then(|| format!("{contested}: {title} | {reading:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_withdrawn_finding_of_another_contests_when_it_says_why() {
    let mut withdrawn = claim("bob", "Possible socket leak in `connect`", "src/pool.rs", (41, 45));
    withdrawn.raw.withdrawn = true;
    withdrawn.raw.body = "On a second look `connect` closes the socket in its deferred call.".to_owned();
    let finding =
        claim("ada", "`connect` leaks the socket when the handshake fails", "src/pool.rs", (40, 48));
    let result = run(&[reviewer("ada"), reviewer("bob")], vec![finding, withdrawn], &[]);
    assert_eq!(result.findings[0].lane, Lane::Contested);
    assert!(result.invariants.dispositions_balance);
}

#[test]
fn nobody_contests_its_own_finding_and_what_does_not_count_contests_nothing() {
    let title = "`connect` leaks the socket when the handshake fails";
    let reading = || strength("`connect` closes the socket on all error paths.", None);
    let finding = || claim("ada", title, "src/pool.rs", (40, 48));
    let own = run(&[reviewer("ada"), reviewer("bob")], vec![finding()], &[("ada".to_owned(), reading())]);
    assert!(own.findings[0].contradictions.is_empty());
    for state in [ReviewerState::Failed, ReviewerState::TransportCorrupted] {
        let bob = ReviewerReport { state, ..reviewer("bob") };
        let result = run(&[reviewer("ada"), bob], vec![finding()], &[("bob".to_owned(), reading())]);
        assert!(result.findings[0].contradictions.is_empty(), "{state:?}");
    }
    let builtin = ReviewerReport { kind: ReviewerKind::Builtin, ..reviewer("bob") };
    let result = run(&[reviewer("ada"), builtin], vec![finding()], &[("bob".to_owned(), reading())]);
    assert!(result.findings[0].contradictions.is_empty());
}

#[test]
fn what_a_script_has_shown_stands_against_any_word() {
    let mut shown =
        claim("ada", "`connect` leaks the socket when the handshake fails", "src/pool.rs", (40, 48));
    shown.checks = vec![Check {
        reviewer: "ada".to_owned(),
        index: 0,
        gate: Gate::Repro,
        result: CheckResult::Pass,
        detail: "3 open sockets".to_owned(),
        fault: None,
    }];
    let reading = strength("`connect` closes the socket on all error paths.", None);
    let result = run(&[reviewer("ada"), reviewer("bob")], vec![shown], &[("bob".to_owned(), reading)]);
    assert_eq!(result.findings[0].lane, Lane::Confirmed);
    assert_eq!(result.findings[0].contradictions.len(), 1, "it is shown all the same");
    assert_eq!(result.verdict.value, VerdictValue::MergeWithFixes);
}

#[test]
fn an_explained_gap_is_no_contest() {
    let item = TextItem {
        text: "No test shows that `connect` closes the socket.".to_owned(),
        gap: true,
        ..TextItem::default()
    };
    let reading = Reading { testing: vec![item], ..Reading::default() };
    let result = bob_says("`connect` leaks the socket when the handshake fails", reading);
    assert!(result.findings[0].contradictions.is_empty());
}
