//! Laws of consolidation that hold for any reviews.

use std::collections::{BTreeMap, BTreeSet};

use findings::{Consolidated, Input, Policy, Quorum, Records, consolidate};
use model::{
    CheckedFinding, Location, RawFinding, RawLocation, RepoPath, ReviewerReport, ReviewerState, Severity,
    VerdictValue,
};
use proptest::prelude::*;

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

/// Reviewer, words, file, line, severity, and whether it names its place.
type Told = (usize, Vec<usize>, usize, u32, u8, bool);

fn a_claim() -> impl Strategy<Value = Told> {
    (0..4usize, proptest::collection::vec(0..WORDS.len(), 1..9), 0..3usize, 1..60u32, 0..3u8, any::<bool>())
}

fn names() -> Vec<String> {
    ["ada", "bob", "cyd", "dan"].map(str::to_owned).to_vec()
}

fn checked(told: &[Told]) -> Vec<CheckedFinding> {
    let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
    told.iter()
        .map(|(who, words, file, line, severity, placed)| {
            let index = counts.entry(*who).or_default();
            *index += 1;
            let title: Vec<&str> = words.iter().map(|word| WORDS[*word]).collect();
            let path = placed.then(|| format!("src/f{file}.rs"));
            claim(&names()[*who], *index - 1, *severity, &title.join(" "), path.as_deref(), *line)
        })
        .collect()
}

fn claim(who: &str, index: u32, severity: u8, title: &str, path: Option<&str>, line: u32) -> CheckedFinding {
    let severity = [Severity::Suggestion, Severity::Important, Severity::Critical][usize::from(severity)];
    let raw_location = |path: &str| RawLocation {
        path: path.to_owned(),
        start: Some(line),
        end: Some(line),
        ..RawLocation::default()
    };
    let location = |path: &str| Location {
        path: RepoPath::from(path),
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
            locations: path.map(raw_location).into_iter().collect(),
            ..RawFinding::default()
        },
        locations: path.map(location).into_iter().collect(),
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

    #[test]
    fn a_finding_in_one_file_changes_no_cluster_in_another(
        told in proptest::collection::vec(a_claim(), 1..20),
        (who, words, line) in (0..4usize, proptest::collection::vec(0..WORDS.len(), 1..9), 1..60u32),
    ) {
        let claims = checked(&told);
        let title: Vec<&str> = words.iter().map(|word| WORDS[*word]).collect();
        let mut more = claims.clone();
        more.push(claim(&names()[who], 99, 1, &title.join(" "), Some("src/other.rs"), line));
        let (before, after) = (run(&names(), claims.clone()), run(&names(), more));
        for file in 0..3 {
            let path = RepoPath::from(format!("src/f{file}.rs").as_str());
            let here = claims.iter().filter(|claim| claim.locations.iter().any(|l| l.path == path));
            let keys: BTreeSet<Key> = here.map(|claim| (claim.reviewer.clone(), claim.raw.index)).collect();
            prop_assert_eq!(restricted(&before, &keys), restricted(&after, &keys));
        }
    }
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
