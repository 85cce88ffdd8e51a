//! How long consolidation takes, and how the time grows.
//!
//! In: made-up reviews of 100 reviewers over a thousand files, where each defect is told by about three of them in their
//! own words. Out: times for 60, 1,000, 3,000, 10,000 and 30,000 raw findings.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use findings::{Input, Policy, Quorum, Records, consolidate};
use model::{CheckedFinding, Location, RawFinding, RepoPath, ReviewerReport, ReviewerState, Severity};

/// A small generator, so that every run measures the same reviews.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit as u64) as usize
    }
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
    "comment",
    "test",
    "missing",
    "race",
    "shutdown",
    "error",
    "ignored",
    "path",
    "default",
    "flag",
    "crash",
    "value",
    "returns",
    "called",
    "without",
    "checking",
    "result",
    "handler",
    "request",
    "response",
    "state",
    "update",
    "twice",
    "order",
    "sorted",
    "buffer",
    "length",
    "before",
    "after",
];

/// A sentence about one defect: mostly its own words, some of anyone's.
fn sentence(dice: &mut Dice, defect: usize, length: usize) -> String {
    let mut own = Dice(defect as u64 + 1);
    let of_defect: Vec<String> = (0..12)
        .map(|n| {
            if n % 4 == 0 {
                format!("name{}_{}", defect % 997, own.below(40))
            } else {
                WORDS[own.below(WORDS.len())].to_owned()
            }
        })
        .collect();
    let word = |dice: &mut Dice| match dice.below(3) {
        0 => WORDS[dice.below(WORDS.len())].to_owned(),
        _ => of_defect[dice.below(of_defect.len())].clone(),
    };
    (0..length).map(|_| word(dice)).collect::<Vec<_>>().join(" ")
}

fn reviews(count: usize, reviewers: usize, files: usize) -> Vec<CheckedFinding> {
    let mut dice = Dice(7);
    (0..count)
        .map(|nth| {
            let defect = dice.below((count / 3).max(1));
            let line = (defect * 37 % 900) as u32 + dice.below(4) as u32 + 1;
            let place = Location {
                path: RepoPath::new(format!("src/part{}/file{}.rs", defect % 31, defect % files)),
                start: Some(line),
                end: Some(line + 3),
                ..Location::default()
            };
            let severity = [Severity::Suggestion, Severity::Important, Severity::Critical][dice.below(3)];
            CheckedFinding {
                reviewer: format!("reviewer{}", nth % reviewers),
                raw: RawFinding {
                    index: (nth / reviewers) as u32,
                    severity,
                    title: sentence(&mut dice, defect, 9),
                    body: sentence(&mut dice, defect, 80),
                    ..RawFinding::default()
                },
                locations: vec![place],
                ..CheckedFinding::default()
            }
        })
        .collect()
}

fn roster(reviewers: usize) -> Vec<ReviewerReport> {
    let reviewer = |nth| ReviewerReport {
        name: format!("reviewer{nth}"),
        state: ReviewerState::Finished,
        quorum: true,
        ..ReviewerReport::default()
    };
    (0..reviewers).map(reviewer).collect()
}

fn bench(criterion: &mut Criterion) {
    let (policy, records) = (Policy::default(), Records::default());
    let mut group = criterion.benchmark_group("consolidate");
    group.sample_size(10);
    for (count, reviewers, files) in
        [(60, 3, 10), (1_000, 100, 1_000), (3_000, 100, 1_000), (10_000, 100, 1_000), (30_000, 100, 1_000)]
    {
        let checked = reviews(count, reviewers, files);
        let roster = roster(reviewers);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(BenchmarkId::from_parameter(count), &checked, |bencher, checked| {
            bencher.iter(|| consolidated(&roster, checked, &policy, &records));
        });
    }
    group.finish();
}

/// What is timed: the claims alone, without readings and repository.
fn consolidated(
    roster: &[ReviewerReport],
    checked: &[CheckedFinding],
    policy: &Policy,
    records: &Records,
) -> findings::Consolidated {
    consolidate(black_box(&Input {
        roster,
        readings: &[],
        checked: checked.to_vec(),
        changed: &[],
        commits: &[],
        policy,
        records,
        limitations: &[],
        known: &findings::Known::default(),
        quorum: Quorum::Wanted(2),
        repository_used: false,
    }))
}

/// What makes a claim one of a crowd: its number and the claim.
type Change = fn(usize, &mut CheckedFinding);

/// Reviews that leave nothing to tell claims apart by: one file, no place, two files each, and one title for all.
fn crowded(criterion: &mut Criterion) {
    let (policy, records) = (Policy::default(), Records::default());
    let roster = roster(100);
    let mut group = criterion.benchmark_group("crowded");
    group.sample_size(10);
    let change: [(&str, Change); 4] = [
        ("one-file", |_, claim| claim.locations[0].path = RepoPath::new("src/one.rs".to_owned())),
        ("no-place", |_, claim| claim.locations.clear()),
        ("two-files", |nth, claim| {
            for file in ["src/one.rs", "src/two.rs"] {
                let line = Some(nth as u32);
                let path = RepoPath::new(file.to_owned());
                claim.locations.push(Location { path, start: line, end: line, ..Location::default() });
            }
        }),
        ("one-title", |nth, claim| {
            "Missing error handling".clone_into(&mut claim.raw.title);
            claim.raw.body = format!("The error of call {nth} is ignored.");
        }),
    ];
    for (name, change) in change {
        let mut checked = reviews(10_000, 100, 1_000);
        checked.iter_mut().enumerate().for_each(|(nth, claim)| change(nth, claim));
        group.bench_with_input(BenchmarkId::from_parameter(name), &checked, |bencher, checked| {
            bencher.iter(|| consolidated(&roster, checked, &policy, &records));
        });
    }
    group.finish();
}

criterion_group!(benches, bench, crowded);
criterion_main!(benches);
