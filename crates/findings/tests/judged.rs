//! Measures matching, severity and confidence on judged reviews, where they are at hand.
//!
//! In: the folders that `DEEP_REVIEW_CORPUS` and `DEEP_REVIEW_CLAIMS` name. Out: figures on the terminal, and a failure
//! where they fall below what was reached. Without the folders the tests say that they were skipped.

#![expect(clippy::print_stdout, reason = "what is measured is meant to be read")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use findings::{Consolidated, Input, Policy, Quorum, Records, consolidate};
use model::{CheckedFinding, Kind, Location, RawFinding, RepoPath, ReviewerReport, ReviewerState, Severity};
use serde_json::Value;

#[expect(
    clippy::disallowed_methods,
    reason = "the folder with judged reviews is named by whoever runs the test"
)]
fn folder(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(name).map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: {name} names no folder");
    }
    folder
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the file of judged reviews can be read");
    serde_json::from_str(&text).expect("the file of judged reviews is JSON")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A claim by its reviewer and its number there.
type Key = (String, u32);

fn claim(reviewer: &str, index: u32, title: String, body: String) -> CheckedFinding {
    let raw = RawFinding { index, title, body, severity_stated: true, ..RawFinding::default() };
    CheckedFinding { reviewer: reviewer.to_owned(), raw, ..CheckedFinding::default() }
}

fn place(path: &Value, start: &Value, end: &Value) -> Location {
    Location {
        path: RepoPath::new(text(path)),
        start: number(start),
        end: number(end),
        ..Location::default()
    }
}

fn merge(checked: Vec<CheckedFinding>) -> Consolidated {
    let mut names: Vec<String> = checked.iter().map(|claim| claim.reviewer.clone()).collect();
    names.sort();
    names.dedup();
    let reviewer =
        |name| ReviewerReport { name, state: ReviewerState::Finished, ..ReviewerReport::default() };
    let roster: Vec<ReviewerReport> = names.into_iter().map(reviewer).collect();
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
        quorum: Quorum::Given,
        repository_used: false,
    })
}

/// Which finding each claim went into.
fn places_of(result: &Consolidated) -> HashMap<Key, usize> {
    let mut places = HashMap::new();
    for (number, finding) in result.findings.iter().enumerate() {
        for source in &finding.sources {
            places.insert((source.reviewer.clone(), source.index), number);
        }
    }
    places
}

#[derive(Default)]
struct Pairs {
    right: f64,
    wrong: f64,
    missed: f64,
}

impl Pairs {
    fn count(&mut self, same: bool, merged: bool) {
        match (same, merged) {
            (true, true) => self.right += 1.0,
            (false, true) => self.wrong += 1.0,
            (true, false) => self.missed += 1.0,
            (false, false) => {}
        }
    }

    fn f1(&self) -> f64 {
        2.0 * self.right / (2.0 * self.right + self.wrong + self.missed)
    }
}

#[test]
fn reports_of_three_reviewers_come_out_as_people_merged_them() {
    let Some(folder) = folder("DEEP_REVIEW_CORPUS") else { return };
    let labels = std::fs::read_to_string(folder.join("pairs.jsonl")).expect("the pairs can be read");
    let labels: Vec<Value> =
        labels.lines().map(|line| serde_json::from_str(line).expect("a pair is JSON")).collect();
    let mut pairs = Pairs::default();
    let (mut exact, mut shared, mut severity, mut clusters) = (0.0, 0.0, 0.0, 0.0);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("data"))
        .expect("the folder lists")
        .filter_map(|f| Some(f.ok()?.path()))
        .collect();
    files.sort();
    for file in files {
        let report = json(&file);
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let result = merge(claims_of(&report));
        let places = places_of(&result);
        for pair in labels.iter().filter(|pair| pair["report"] == name.as_str()) {
            let key =
                |side: &str| (text(&pair[side]["agent"]), number(&pair[side]["index"]).unwrap_or_default());
            let (a, b) = (places.get(&key("a")), places.get(&key("b")));
            let merged = a.is_some() && a == b;
            let same = pair["label"] == "same";
            pairs.count(same, merged);
            if same != merged {
                println!(
                    "{name}: {:?} and {:?} {}",
                    key("a"),
                    key("b"),
                    if same { "missed" } else { "merged" }
                );
            }
        }
        for (number, members) in expected(&report) {
            let ours = most_frequent(members.iter().map(|key| places[key]));
            let known: HashSet<Key> = expected(&report).into_values().flatten().collect();
            let mine: HashSet<Key> = places
                .iter()
                .filter(|(key, at)| **at == ours && known.contains(*key))
                .map(|(key, _)| key.clone())
                .collect();
            let reviewers: HashSet<&String> = members.iter().map(|(reviewer, _)| reviewer).collect();
            if reviewers.len() > 1 {
                shared += 1.0;
                exact += f64::from(u8::from(mine == members));
            }
            clusters += 1.0;
            let wanted = text(&report["consolidated"][number]["severity"]);
            let agrees = result.findings[ours].severity.as_str() == wanted;
            severity += f64::from(u8::from(agrees));
            if !agrees {
                println!(
                    "{name}: {wanted} expected for {:?}, not {}",
                    members,
                    result.findings[ours].severity.as_str()
                );
            }
        }
    }
    let (f1, exact, severity) = (pairs.f1(), exact / shared, severity / clusters);
    println!(
        "pair F1 {f1:.3}, exact clusters of two or more {exact:.3}, severity {severity:.3} of {clusters}"
    );
    assert!(f1 >= 0.90, "pair F1 {f1:.3}");
    assert!(exact >= 0.82, "exact clusters {exact:.3}");
    assert!(severity >= 0.85, "severity agreement {severity:.3}");
}

/// The finding that holds most of a cluster's claims; of several the first.
fn most_frequent(places: impl Iterator<Item = usize>) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for place in places {
        *counts.entry(place).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or_default();
    counts
        .into_iter()
        .find(|(_, count)| *count == most)
        .map(|(place, _)| place)
        .expect("a cluster has members")
}

fn claims_of(report: &Value) -> Vec<CheckedFinding> {
    let mut claims = Vec::new();
    for (reviewer, review) in report["raw"].as_object().expect("reviews by reviewer") {
        for told in array(&review["findings"]).iter().filter(|told| told["kind"] == "finding") {
            let whole = text(&told["text"]);
            // The first line is the title with its number, places and tags.
            let body = whole.split_once('\n').map_or("", |(_, body)| body).trim().to_owned();
            let mut claim =
                claim(reviewer, number(&told["index"]).unwrap_or_default(), text(&told["title"]), body);
            claim.raw.severity = severity(&told["severity"]);
            claim.raw.kind = match told["class"].as_str() {
                Some("regression") => Some(Kind::Regression),
                Some("gap") => Some(Kind::Gap),
                Some("enhancement") => Some(Kind::Enhancement),
                _ => None,
            };
            claim.locations = array(&told["locations"])
                .iter()
                .map(|at| place(&at["path"], &at["start"], &at["end"]))
                .collect();
            claims.push(claim);
        }
    }
    claims
}

fn severity(value: &Value) -> Severity {
    match value.as_str() {
        Some("critical") => Severity::Critical,
        Some("important") => Severity::Important,
        _ => Severity::Suggestion,
    }
}

/// The clusters people made: number of the consolidated finding and its claims.
fn expected(report: &Value) -> BTreeMap<usize, HashSet<Key>> {
    let mut rows: Vec<&Value> =
        array(&report["matches"]).iter().filter(|row| row["kind"] == "finding").collect();
    rows.sort_by_key(|row| row["cons"].as_u64());
    let mut taken: HashSet<Key> = HashSet::new();
    let mut clusters: BTreeMap<usize, HashSet<Key>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row["via"] != "split") {
        let key = (text(&row["agent"]), number(&row["index"]).unwrap_or_default());
        if taken.insert(key.clone()) {
            clusters.entry(row["cons"].as_u64().unwrap_or_default() as usize).or_default().insert(key);
        }
    }
    clusters
}

#[test]
fn comments_of_many_tools_on_one_defect_meet() {
    let Some(folder) = folder("DEEP_REVIEW_CLAIMS") else { return };
    let set = json(&folder.join("same-defect-dev.json"));
    let mut pairs = Pairs::default();
    for change in array(&set["prs"]) {
        let mut claims = Vec::new();
        for (tool, comments) in change["comments"].as_object().expect("comments by tool") {
            for (index, comment) in array(comments).iter().enumerate() {
                claims.push(claim(tool, index as u32, text(&comment["text"]), String::new()));
            }
        }
        let places = places_of(&merge(claims));
        for pair in array(&change["pairs"]) {
            let key = |at: usize| (text(&pair[at]), number(&pair[at + 1]).unwrap_or_default());
            pairs.count(pair[4] == "same", places[&key(0)] == places[&key(2)]);
        }
    }
    println!("comments of many tools: pair F1 {:.3}", pairs.f1());
    assert!(pairs.f1() >= 0.88, "pair F1 {:.3}", pairs.f1());
}

/// Where a text stands must not matter: as a title, as a body, or as both.
#[test]
fn a_comment_is_the_same_comment_as_title_and_as_body() {
    let groups: Value =
        serde_json::from_str(include_str!("judged/groups.json")).expect("the groups are JSON");
    for group in array(&groups) {
        let told = |split: fn(&str) -> (String, String)| {
            let claims = array(&group["claims"]).iter().enumerate().map(|(at, told)| {
                let (title, body) = split(&format!("{}. {}", text(&told["title"]), text(&told["body"])));
                claim(&format!("reviewer {at:02}"), 0, title, body)
            });
            places_of(&merge(claims.collect()))
        };
        let as_title = told(|whole| (whole.to_owned(), String::new()));
        let same = |places: &HashMap<Key, usize>| -> Vec<bool> {
            let key = |at: usize| (format!("reviewer {at:02}"), 0);
            (0..places.len())
                .flat_map(|a| (0..a).map(move |b| (a, b)))
                .map(|(a, b)| places[&key(a)] == places[&key(b)])
                .collect()
        };
        assert_eq!(
            same(&as_title),
            same(&told(|whole| (String::new(), whole.to_owned()))),
            "{}",
            group["name"]
        );
    }
}

/// Hard cases written for this project, none of which the weights were learned from: one line and two defects, a
/// caller and its callee, other words, no place, boilerplate titles, a panel of ten.
#[test]
fn hard_cases_come_out_mostly_as_meant() {
    let groups: Value =
        serde_json::from_str(include_str!("judged/groups.json")).expect("the groups are JSON");
    let mut pairs = Pairs::default();
    for group in array(&groups) {
        let told = array(&group["claims"]);
        let key = |at: usize| (format!("reviewer {at:02}"), 0);
        let claims = told.iter().enumerate().map(|(at, told)| {
            let mut claim = claim(&key(at).0, 0, text(&told["title"]), text(&told["body"]));
            if told["path"].is_string() {
                claim.locations = vec![place(&told["path"], &told["start"], &told["end"])];
            }
            claim
        });
        let places = places_of(&merge(claims.collect()));
        for (a, b) in (0..told.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
            let same = told[a]["defect"] == told[b]["defect"];
            let merged = places[&key(a)] == places[&key(b)];
            pairs.count(same, merged);
            if same != merged {
                let what = if same { "missed" } else { "merged" };
                println!("{what}: {} and {}", told[b]["title"], told[a]["title"]);
            }
        }
    }
    println!(
        "hard cases: pair F1 {:.3}, {} merged wrongly, {} missed",
        pairs.f1(),
        pairs.wrong,
        pairs.missed
    );
    assert!(pairs.f1() >= 0.70, "pair F1 {:.3}", pairs.f1());
}

#[test]
fn different_comments_on_the_same_lines_stay_apart() {
    let Some(folder) = folder("DEEP_REVIEW_CLAIMS") else { return };
    let set = json(&folder.join("overlapping-but-different-dev.json"));
    let pairs = array(&set["pairs"]);
    let merged = pairs.iter().filter(|pair| {
        let side = |name: &str| {
            let mut claim = claim(name, 0, text(&pair[name]["text"]), String::new());
            claim.locations = vec![place(&pair[name]["path"], &pair[name]["line"], &pair[name]["end_line"])];
            claim
        };
        merge(vec![side("a"), side("b")]).findings.len() == 1
    });
    let share = merged.count() as f64 / pairs.len() as f64;
    println!("different comments on the same lines: {share:.3} merged");
    assert!(share <= 0.12, "{share:.3} merged");
}

#[test]
fn confidence_ranks_accepted_comments_above_rejected_ones() {
    let Some(folder) = folder("DEEP_REVIEW_CLAIMS") else { return };
    let set = json(&folder.join("accepted-or-rejected-dev.json"));
    let mut scores: Vec<(f64, bool)> = Vec::new();
    for comment in array(&set["comments"]) {
        let mut claim = claim("tool", 0, text(&comment["text"]), String::new());
        claim.locations = vec![place(&comment["path"], &comment["line"], &comment["end_line"])];
        let result = merge(vec![claim]);
        scores.push((result.findings[0].confidence, comment["label"] == "accepted"));
    }
    let auc = auc(&scores);
    println!("confidence: AUC {auc:.3} over {} comments", scores.len());
    assert!(auc >= 0.59, "AUC {auc:.3}");
}

/// The chance that an accepted one scores above a rejected one; ties count half.
fn auc(scores: &[(f64, bool)]) -> f64 {
    let of = |wanted: bool| scores.iter().filter(move |score| score.1 == wanted).map(|score| score.0);
    let (mut won, mut all) = (0.0, 0.0);
    for accepted in of(true) {
        for rejected in of(false) {
            all += 1.0;
            won += if accepted > rejected {
                1.0
            } else if accepted < rejected {
                0.0
            } else {
                0.5
            };
        }
    }
    won / all
}
