//! Reads a folder of real reviews with labels, where one is at hand.
//!
//! In: the folder that `DEEP_REVIEW_CORPUS` names, with `raw/<report>/<reviewer>.md` and `data/<report>.json`. Out: a
//! failed test where recall or precision falls below 0.98, severity, kind or places below 0.97. Without the folder
//! the test says that it was skipped.

#![expect(clippy::print_stdout, reason = "a measurement prints what it measured, and a skipped test says so")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use model::RawFinding;
use reading::{Context, read, read_report};
use serde_json::Value;

/// Titles this alike are about the same finding.
const ALIKE: f64 = 0.6;

#[derive(Default, Debug)]
struct Count {
    wanted: usize,
    found: usize,
    matched: usize,
    severity: usize,
    kind: usize,
    places: usize,
}

impl Count {
    fn share(part: usize, whole: usize) -> f64 {
        if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
    }

    fn check(&self, what: &str) {
        println!("{what}: {self:?}");
        assert!(self.wanted > 0, "{what}: no labels found");
        for (name, share, least) in [
            ("recall", Self::share(self.matched, self.wanted), 0.98),
            ("precision", Self::share(self.matched, self.found), 0.98),
            ("severity", Self::share(self.severity, self.matched), 0.97),
            ("kind", Self::share(self.kind, self.matched), 0.97),
            ("places", Self::share(self.places, self.matched), 0.97),
        ] {
            assert!(share >= least, "{what}: {name} is {share:.4}, less than {least}");
        }
    }
}

#[test]
fn labelled_reviews_are_read_as_labelled() {
    let Some(folder) = corpus() else { return };
    let mut count = Count::default();
    for data in files(&folder.join("data")) {
        let labels: Value = serde_json::from_str(&text(&data)).expect("labels are JSON");
        let name = stem(&data);
        for (reviewer, review) in labels["raw"].as_object().expect("labels name reviewers") {
            let file = folder.join("raw").join(&name).join(format!("{reviewer}.md"));
            if !file.exists() {
                continue;
            }
            let wanted: Vec<&Value> =
                list(&review["findings"]).iter().filter(|label| label["kind"] == "finding").collect();
            let reading = read(&text(&file), &Context::default());
            compare(&format!("{name}/{reviewer}"), &wanted, &reading.findings, "class", &mut count);
        }
    }
    count.check("raw reviews");
}

#[test]
fn labelled_reports_are_read_as_labelled() {
    let Some(folder) = corpus() else { return };
    let mut count = Count::default();
    let (mut credited, mut originals) = (0usize, (0usize, 0usize));
    for data in files(&folder.join("data")) {
        let labels: Value = serde_json::from_str(&text(&data)).expect("labels are JSON");
        let name = stem(&data);
        let report = read_report(&text(&folder.join("reports").join(format!("{name}.md"))));
        let wanted: Vec<&Value> = list(&labels["consolidated"]).iter().collect();
        let findings: Vec<RawFinding> =
            report.findings.iter().map(|finding| finding.finding.clone()).collect();
        for (label, at) in compare(&name, &wanted, &findings, "class", &mut count) {
            let names: HashSet<&str> =
                list(&wanted[label]["attributed_to"]).iter().filter_map(Value::as_str).collect();
            let ours: HashSet<&str> = report.findings[at].reviewers.iter().map(String::as_str).collect();
            credited += usize::from(names == ours);
        }
        for (reviewer, review) in labels["raw"].as_object().expect("labels name reviewers") {
            let wanted = list(&review["findings"]).iter().filter(|label| label["kind"] == "finding").count();
            let original = report.originals.iter().find(|original| original.reviewer == *reviewer);
            originals.1 += 1;
            originals.0 +=
                usize::from(original.is_some_and(|original| original.reading.findings.len() == wanted));
        }
    }
    count.check("reports");
    println!("credited {credited} of {}, originals {originals:?}", count.matched);
    assert!(Count::share(credited, count.matched) >= 0.98);
    assert!(Count::share(originals.0, originals.1) >= 0.97);
}

/// Pairs labels with findings, most alike first, and counts what agrees.
fn compare(
    name: &str,
    wanted: &[&Value],
    found: &[RawFinding],
    kind: &str,
    count: &mut Count,
) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (at, label) in wanted.iter().enumerate() {
        for (other, finding) in found.iter().enumerate() {
            let title = label["title"].as_str().unwrap_or_default();
            let near = list(&label["locations"]).first().is_some_and(|place| {
                finding
                    .locations
                    .first()
                    .is_some_and(|ours| place["start"].as_u64() == ours.start.map(u64::from))
            });
            pairs.push((alike(title, &finding.title) + if near { 0.15 } else { 0.0 }, at, other));
        }
    }
    pairs.retain(|pair| pair.0 >= ALIKE);
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut labels, mut ours) = (HashSet::new(), HashSet::new());
    let matched: Vec<(usize, usize)> = pairs
        .into_iter()
        .filter(|pair| {
            !labels.contains(&pair.1)
                && !ours.contains(&pair.2)
                && labels.insert(pair.1)
                && ours.insert(pair.2)
        })
        .map(|pair| (pair.1, pair.2))
        .collect();
    count.wanted += wanted.len();
    count.found += found.len();
    count.matched += matched.len();
    for (label, at) in &matched {
        let (label, finding) = (wanted[*label], &found[*at]);
        let severity = label["severity"].as_str() == Some(finding.severity.as_str());
        let kinds = label[kind].as_str() == finding.kind.map(model::Kind::as_str);
        let places = places_of(label) == places_in(finding);
        count.severity += usize::from(severity);
        count.kind += usize::from(kinds);
        count.places += usize::from(places);
        if !(severity && kinds && places) {
            println!("{name}: \"{}\": severity {severity}, kind {kinds}, places {places}", finding.title);
        }
    }
    for (at, label) in wanted.iter().enumerate().filter(|(at, _)| !labels.contains(at)) {
        println!("{name}: not found: {at} {}", label["title"]);
    }
    for finding in found.iter().enumerate().filter(|(at, _)| !ours.contains(at)).map(|(_, finding)| finding) {
        println!("{name}: not labelled: {}", finding.title);
    }
    matched
}

type Places = Vec<(String, Option<u64>, Option<u64>)>;

fn places_of(label: &Value) -> Places {
    let mut places: Places = list(&label["locations"])
        .iter()
        .map(|place| {
            (
                place["path"].as_str().unwrap_or_default().to_owned(),
                place["start"].as_u64(),
                place["end"].as_u64(),
            )
        })
        .collect();
    places.sort();
    places
}

fn places_in(finding: &RawFinding) -> Places {
    let mut places: Places = finding
        .locations
        .iter()
        .map(|place| (place.path.clone(), place.start.map(u64::from), place.end.map(u64::from)))
        .collect();
    places.sort();
    places
}

fn alike(a: &str, b: &str) -> f64 {
    let words = |text: &str| -> HashSet<String> {
        text.to_lowercase()
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (a, b) = (words(a), words(b));
    Count::share(a.intersection(&b).count(), a.union(&b).count())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(file: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(file).expect("corpus files are readable")).into_owned()
}

fn stem(file: &Path) -> String {
    file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the corpus has this folder");
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.sort();
    files
}

#[expect(
    clippy::disallowed_methods,
    reason = "the corpus lives outside the repository and a test has no settings"
)]
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("DEEP_REVIEW_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: DEEP_REVIEW_CORPUS names no folder of labelled reviews");
    }
    folder
}
