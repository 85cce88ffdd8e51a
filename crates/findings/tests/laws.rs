//! Laws of consolidation that hold for any reviews.

use std::collections::{BTreeMap, BTreeSet};

use findings::{Consolidated, Input, Policy, Quorum, Records, consolidate};
use model::{
    CheckedFinding, Location, RawFinding, RawLocation, RepoPath, ReviewerReport, ReviewerState, Severity,
    VerdictValue,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

/// A claim by its reviewer and its number there.
type Key = (String, u32);

fn reviewer(name: &str) -> ReviewerReport {
    ReviewerReport {
        name: name.to_owned(),
        state: ReviewerState::Finished,
        quorum: true,
        ..ReviewerReport::default()
    }
}

fn run(names: &[String], checked: Vec<CheckedFinding>) -> Consolidated {
    let roster: Vec<ReviewerReport> = names.iter().map(|name| reviewer(name)).collect();
    consolidate(&Input {
        roster: &roster,
        readings: &[],
        checked,
        changed: &[],
        commits: &[],
        policy: &Policy::default(),
        records: &Records::default(),
        limitations: &[],
        known: &findings::Known::default(),
        quorum: Quorum::Wanted(1),
        repository_used: false,
    })
}

const WORDS: &[&str] = &[
    "lock",
    "never",
    "released",
    "pool",
    "connection",
    "leaks",
    "timeout",
    "retry",
    "null",
    "header",
    "parser",
    "overflow",
    "index",
    "stale",
    "cache",
    "typo",
    "comment",
    "test",
    "missing",
    "race",
    "shutdown",
    "error",
    "ignored",
    "path",
    "windows",
    "default",
    "flag",
    "crash",
    "readConfig",
    "max_size",
];

/// Reviewer, words, files, line, severity.
type Told = (usize, Vec<usize>, Vec<usize>, u32, u8);

/// Files of the claims below.
const FILES: usize = 3;

/// A few words of one of six defects, and sometimes of none: so that reviewers often speak of the same.
fn some_words() -> impl Strategy<Value = Vec<usize>> {
    let of_a_defect = (0..6usize, proptest::collection::vec(0..5usize, 4..9), 0..WORDS.len()).prop_map(
        |(defect, words, noise)| words.into_iter().map(|word| defect * 5 + word).chain([noise]).collect(),
    );
    prop_oneof![4 => of_a_defect, 1 => proptest::collection::vec(0..WORDS.len(), 1..9)]
}

fn some_files() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        6 => (0..FILES).prop_map(|file| vec![file]),
        2 => Just(Vec::new()),
        1 => (0..FILES, 0..FILES).prop_map(|(a, b)| vec![a, b]),
    ]
}

fn a_claim() -> impl Strategy<Value = Told> {
    (0..4usize, some_words(), some_files(), 1..60u32, 0..3u8)
}

fn names() -> Vec<String> {
    ["ada", "bob", "cyd", "dan"].map(str::to_owned).to_vec()
}

fn checked(told: &[Told]) -> Vec<CheckedFinding> {
    let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
    told.iter()
        .map(|(who, words, files, line, severity)| {
            let index = counts.entry(*who).or_default();
            *index += 1;
            let paths: Vec<String> = files.iter().map(|file| path(*file)).collect();
            claim_at(&names()[*who], *index - 1, *severity, &sentence(words), &paths, *line)
        })
        .collect()
}

fn path(file: usize) -> String {
    format!("src/f{file}.rs")
}

fn sentence(words: &[usize]) -> String {
    words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ")
}

fn claim(who: &str, index: u32, severity: u8, title: &str, path: Option<&str>, line: u32) -> CheckedFinding {
    let paths: Vec<String> = path.map(str::to_owned).into_iter().collect();
    claim_at(who, index, severity, title, &paths, line)
}

fn claim_at(who: &str, index: u32, severity: u8, title: &str, paths: &[String], line: u32) -> CheckedFinding {
    let severity = [Severity::Suggestion, Severity::Important, Severity::Critical][usize::from(severity)];
    let raw_location = |path: &String| RawLocation {
        path: path.clone(),
        start: Some(line),
        end: Some(line),
        ..RawLocation::default()
    };
    let location = |path: &String| Location {
        path: RepoPath::from(path.as_str()),
        start: Some(line),
        end: Some(line),
        ..Location::default()
    };
    CheckedFinding {
        reviewer: who.to_owned(),
        raw: RawFinding {
            index,
            severity,
            title: title.to_owned(),
            locations: paths.iter().map(raw_location).collect(),
            ..RawFinding::default()
        },
        locations: paths.iter().map(location).collect(),
        ..CheckedFinding::default()
    }
}

fn partition(result: &Consolidated) -> BTreeSet<BTreeSet<Key>> {
    let keys =
        |finding: &model::Finding| finding.sources.iter().map(|s| (s.reviewer.clone(), s.index)).collect();
    result.findings.iter().map(keys).collect()
}

/// The partition of some claims only.
fn restricted(result: &Consolidated, to: &BTreeSet<Key>) -> BTreeSet<BTreeSet<Key>> {
    let parts =
        partition(result).into_iter().map(|part| part.intersection(to).cloned().collect::<BTreeSet<Key>>());
    parts.filter(|part| !part.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_ledger_balances(told in proptest::collection::vec(a_claim(), 0..24)) {
        let claims = checked(&told);
        let result = run(&names(), claims.clone());
        prop_assert!(result.invariants.dispositions_balance);
        prop_assert!(result.invariants.ids_contiguous);
        prop_assert_eq!(result.dispositions.len(), claims.len());
        for row in &result.retro {
            let ends = row.kept + row.merged + row.promoted + row.downgraded + row.moved + row.dropped;
            prop_assert_eq!(row.raised.total(), ends);
        }
    }

    #[test]
    fn the_result_does_not_depend_on_who_came_first(
        (told, order) in proptest::collection::vec(a_claim(), 0..24).prop_flat_map(|told| {
            let order: Vec<usize> = (0..told.len()).collect();
            (Just(told), Just(order).prop_shuffle())
        })
    ) {
        let claims = checked(&told);
        let shuffled: Vec<CheckedFinding> = order.iter().map(|at| claims[*at].clone()).collect();
        prop_assert_eq!(run(&names(), claims), run(&names(), shuffled));
    }

    #[test]
    fn clusters_do_not_depend_on_the_roster_or_on_names(
        told in proptest::collection::vec(a_claim(), 0..24),
        order in Just(names()).prop_shuffle(),
    ) {
        let claims = checked(&told);
        let before = partition(&run(&names(), claims.clone()));
        prop_assert_eq!(&before, &partition(&run(&order, claims.clone())));
        let renamed: Vec<String> = names().iter().rev().map(|name| format!("x{name}")).collect();
        let moved = claims.into_iter().map(|mut claim| {
            claim.reviewer = format!("x{}", claim.reviewer);
            claim
        });
        let after = partition(&run(&renamed, moved.collect()));
        let back = |part: BTreeSet<Key>| part.into_iter().map(|(name, index)| (name[1..].to_owned(), index)).collect();
        prop_assert_eq!(before, after.into_iter().map(back).collect::<BTreeSet<BTreeSet<Key>>>());
    }

    #[test]
    fn a_copy_of_a_review_changes_only_who_agrees(told in proptest::collection::vec(a_claim(), 1..20)) {
        let claims = checked(&told);
        let old: BTreeSet<Key> = claims.iter().map(|claim| (claim.reviewer.clone(), claim.raw.index)).collect();
        let copies = claims.iter().filter(|claim| claim.reviewer == "ada").map(|claim| {
            CheckedFinding { reviewer: "zoe".to_owned(), ..claim.clone() }
        });
        let mut more = claims.clone();
        more.extend(copies);
        let mut roster = names();
        roster.push("zoe".to_owned());
        let (before, after) = (run(&names(), claims), run(&roster, more));
        prop_assert_eq!(partition(&before), restricted(&after, &old));
        let severities = |result: &Consolidated| -> BTreeMap<Key, (Severity, String)> {
            let of = |f: &model::Finding| {
                let told = (f.severity, f.title.clone());
                f.sources.iter().map(|s| ((s.reviewer.clone(), s.index), told.clone())).collect::<Vec<_>>()
            };
            result.findings.iter().flat_map(of).filter(|(key, _)| old.contains(key)).collect()
        };
        prop_assert_eq!(severities(&before), severities(&after));
    }

    /// Also where the file is spoken of already, and by claims without a place. A claim that names several files binds
    /// them together, so only claims about one file, and those about none, are looked at here.
    #[test]
    fn a_finding_in_one_file_changes_no_cluster_in_another(
        mut told in proptest::collection::vec(a_claim(), 1..24),
        (who, words, line) in (0..4usize, some_words(), 1..60u32),
        file in 0..=FILES,
    ) {
        for told in &mut told {
            told.2.truncate(1);
        }
        let claims = checked(&told);
        let mut more = claims.clone();
        more.push(claim(&names()[who], 99, 1, &sentence(&words), Some(&path(file)), line));
        let (before, after) = (run(&names(), claims.clone()), run(&names(), more));
        for other in (0..FILES).filter(|other| *other != file).map(Some).chain([None]) {
            let here = claims.iter().filter(|claim| {
                let first = claim.locations.first().map(|location| location.path.as_str().to_owned());
                first == other.map(path)
            });
            let keys: BTreeSet<Key> = here.map(|claim| (claim.reviewer.clone(), claim.raw.index)).collect();
            prop_assert_eq!(restricted(&before, &keys), restricted(&after, &keys));
        }
    }
}

/// The laws above would hold of a matcher that never merges; the reviews they are tried on must not let it.
#[test]
fn made_up_reviews_hold_many_shared_defects() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let reviews = proptest::collection::vec(a_claim(), 12..24);
    let shared = (0..40).filter(|_| {
        let told = reviews.new_tree(&mut runner).expect("a review is made up").current();
        run(&names(), checked(&told)).findings.iter().filter(|finding| finding.agreement > 1).count() > 1
    });
    let shared = shared.count();
    assert!(shared >= 20, "{shared} of 40 runs have two findings or more that several reviewers share");
}

#[test]
fn claims_without_a_place_do_not_bring_together_what_one_file_holds_apart() {
    let file = Some("src/pool.rs");
    let alone = vec![
        claim("ada", 0, 1, "connection pool leaks on shutdown", file, 10),
        claim("bob", 0, 1, "retry without limit when the server answers with a timeout", file, 30),
    ];
    let mut more = alone.clone();
    more.push(claim(
        "cyd",
        0,
        1,
        "connection pool leaks on shutdown, retry without limit on timeout",
        None,
        1,
    ));
    let keys: BTreeSet<Key> = [("ada".to_owned(), 0), ("bob".to_owned(), 0)].into();
    assert_eq!(restricted(&run(&names(), alone), &keys), restricted(&run(&names(), more), &keys));
}

#[test]
fn boilerplate_titles_of_a_large_panel_chain_nothing_together() {
    const CALLS: &[&str] = &[
        "open_store is unwrapped while another process holds the lock",
        "send_mail fails and the user is told that the mail went out",
        "parse_settings meets a broken file",
        "rename_output crosses a file system",
    ];
    let told =
        (0..12usize).flat_map(|who| CALLS.iter().enumerate().map(move |(nth, call)| (who, nth, *call)));
    let claims = told.map(|(who, nth, call)| {
        let mut claim = claim(
            &format!("r{who}"),
            nth as u32,
            1,
            "Missing error handling",
            Some("src/app.rs"),
            10 + 40 * nth as u32,
        );
        claim.raw.body = format!("Reviewer {who} writes: {call}.");
        claim
    });
    let roster: Vec<String> = (0..12).map(|who| format!("r{who}")).collect();
    let result = run(&roster, claims.collect());
    assert_eq!(result.findings.len(), CALLS.len());
    assert!(result.findings.iter().all(|finding| finding.agreement == 12));
}

#[test]
fn empty_claims_and_long_ones_are_kept() {
    let long = "overflow ".repeat(50_000);
    let told = [
        ("", ""),
        ("", ""),
        (long.as_str(), long.as_str()),
        ("ошибка в проверке длины", ""),
        ("長さの検査がない", ""),
    ];
    let claims: Vec<CheckedFinding> = told
        .iter()
        .enumerate()
        .map(|(nth, (title, body))| {
            let mut claim = claim(&names()[nth % 4], nth as u32, 1, title, None, 1);
            (*body).clone_into(&mut claim.raw.body);
            claim
        })
        .collect();
    let result = run(&names(), claims);
    assert!(result.invariants.dispositions_balance);
    assert_eq!(result.dispositions.len(), told.len());
}

#[test]
fn one_defect_told_by_two_reviewers_is_one_finding() {
    let result = run(
        &names(),
        vec![
            claim("bob", 0, 1, "The connection pool is never closed on shutdown", Some("src/pool.rs"), 41),
            claim(
                "ada",
                0,
                1,
                "Shutdown leaks the connection pool: it is never closed",
                Some("src/pool.rs"),
                40,
            ),
            claim("ada", 1, 0, "Typo in comment: recieve", Some("src/pool.rs"), 40),
        ],
    );
    assert_eq!(result.findings.len(), 2);
    assert_eq!(result.findings[0].agreement, 2);
    assert_eq!(result.verdict.value, VerdictValue::MergeWithFixes);
    assert_eq!(result.verdict.blocking, ["I1"]);
}

#[test]
fn nobody_and_nothing_is_no_approval() {
    let result = run(&[], Vec::new());
    assert_eq!(result.verdict.value, VerdictValue::Incomplete);
    assert!(result.invariants.dispositions_balance);
}

#[test]
fn one_reviewer_who_names_the_same_mistake_at_several_places_means_several_defects() {
    let told = |index: u32, path: &'static str, line: u32| {
        claim("ada", index, 1, "The error of `write_all` is ignored here", Some(path), line)
    };
    let result =
        run(&names(), vec![told(0, "src/a.rs", 10), told(1, "src/b.rs", 10), told(2, "src/a.rs", 90)]);
    assert_eq!(result.findings.len(), 3);
}
