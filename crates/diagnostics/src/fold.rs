//! Keeps a tool from flooding a report: what one rule says again and again in one file is one claim; what is too much is counted.
//!
//! In: raw findings and how many of them a report can bear. Out: at most that many, the weightiest first, and sentences that
//! count the others. Nothing is left out in silence.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use model::RawFinding;

/// More than this many of one rule in one file are told as one.
const ALIKE: usize = 3;
/// Places shown of such a claim; the others are counted.
const PLACES: usize = 6;

/// Groups by rule and file, ranks, and keeps at most `most`. `is_near` tells whether a path belongs to the change.
pub fn fold(
    findings: Vec<RawFinding>,
    most: usize,
    is_near: &dyn Fn(&str) -> bool,
) -> (Vec<RawFinding>, Vec<String>) {
    let mut kept = group(findings);
    kept.sort_by_cached_key(|finding| rank(finding, is_near));
    let over = kept.split_off(kept.len().min(most));
    kept.sort_by_cached_key(|finding| finding.index);
    let notes = counted(&over).into_iter().collect();
    for (at, finding) in kept.iter_mut().enumerate() {
        finding.index = at as u32;
    }
    (kept, notes)
}

type Rank = (bool, std::cmp::Reverse<model::Severity>, bool, bool, u32);

/// What people took back last, the severe first, the change before other files, places before claims without any.
fn rank(finding: &RawFinding, is_near: &dyn Fn(&str) -> bool) -> Rank {
    let path = finding.locations.first().map(|place| place.path.as_str());
    let is_far = !path.is_some_and(is_near);
    (finding.withdrawn, std::cmp::Reverse(finding.severity), is_far, path.is_none(), finding.index)
}

fn group(findings: Vec<RawFinding>) -> Vec<RawFinding> {
    let key = |finding: &RawFinding| {
        let path = finding.locations.first().map(|place| place.path.clone())?;
        Some((finding.rule.clone()?, path, finding.withdrawn))
    };
    let mut sizes: HashMap<_, usize> = HashMap::new();
    for key in findings.iter().filter_map(key) {
        *sizes.entry(key).or_default() += 1;
    }
    let mut kept: Vec<RawFinding> = Vec::with_capacity(findings.len());
    let mut groups: HashMap<_, Vec<RawFinding>> = HashMap::new();
    for finding in findings {
        match key(&finding).filter(|key| sizes.get(key).is_some_and(|size| *size > ALIKE)) {
            Some(key) => groups.entry(key).or_default().push(finding),
            None => kept.push(finding),
        }
    }
    kept.extend(groups.values().filter_map(|members| join(members)));
    kept.sort_by_cached_key(|finding| finding.index);
    kept
}

/// Many claims of one rule in one file as one.
fn join(members: &[RawFinding]) -> Option<RawFinding> {
    let count = members.len();
    let mut joined = members.first()?.clone();
    joined.severity = members.iter().map(|member| member.severity).max()?;
    joined.locations =
        members.iter().take(PLACES).filter_map(|member| member.locations.first().cloned()).collect();
    joined.title =
        format!("{} (and {} more of this rule in this file)", joined.title.trim_end_matches('.'), count - 1);
    joined.body = told(members);
    joined.extra.insert("times".to_owned(), count.into());
    joined.fix = None;
    Some(joined)
}

/// How often, where first, and what it says there where that differs.
fn told(members: &[RawFinding]) -> String {
    let shown = &members[..members.len().min(PLACES)];
    let first = shown.iter().filter_map(|member| member.locations.first()?.start);
    let lines: Vec<String> = first.map(|line| line.to_string()).collect();
    let mut text = format!("The same rule {} times in this file", members.len());
    if !lines.is_empty() {
        write!(text, ", first in lines {}", lines.join(", ")).unwrap_or_default();
    }
    text.push('.');
    if shown.iter().any(|member| member.title != shown[0].title) {
        let said: Vec<String> = shown.iter().map(line).collect();
        write!(text, "\n\n{}", said.join("\n")).unwrap_or_default();
    }
    text
}

fn line(member: &RawFinding) -> String {
    match member.locations.first().and_then(|place| place.start) {
        Some(line) => format!("- line {line}: {}", member.title),
        None => format!("- {}", member.title),
    }
}

/// `31 more diagnostics were left out of the report: E501 (20), F401 (11)`.
fn counted(over: &[RawFinding]) -> Option<String> {
    const NAMED: usize = 5;
    let times =
        |finding: &RawFinding| finding.extra.get("times").and_then(serde_json::Value::as_u64).unwrap_or(1);
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in over {
        *rules.entry(finding.rule.as_deref().unwrap_or("no rule")).or_default() += times(finding);
    }
    let all: u64 = rules.values().sum();
    let mut named: Vec<(&str, u64)> = rules.into_iter().collect();
    named.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let more = named.len().saturating_sub(NAMED);
    let told: Vec<String> =
        named.iter().take(NAMED).map(|(rule, count)| format!("{rule} ({count})")).collect();
    let others = if more > 0 { format!(" and {more} more rules") } else { String::new() };
    let diagnostics = if all == 1 { "diagnostic was" } else { "diagnostics were" };
    (all > 0).then(|| format!("{all} more {diagnostics} left out of the report: {}{others}", told.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{RawLocation, Severity};

    fn finding(index: u32, rule: &str, path: &str, severity: Severity) -> RawFinding {
        let place = RawLocation { path: path.into(), start: Some(index + 1), ..RawLocation::default() };
        RawFinding {
            index,
            rule: Some(rule.into()),
            title: format!("{rule} {index}"),
            severity,
            locations: vec![place],
            ..RawFinding::default()
        }
    }

    #[test]
    fn one_rule_in_one_file_is_one_claim_with_its_places() {
        let mut all: Vec<RawFinding> =
            (0..12).map(|n| finding(n, "E501", "a.py", Severity::Suggestion)).collect();
        all.push(finding(12, "E501", "b.py", Severity::Suggestion));
        all.push(finding(13, "F401", "a.py", Severity::Important));
        let (kept, notes) = fold(all, 50, &|_| true);
        assert_eq!(kept.len(), 3);
        assert_eq!(kept[0].title, "E501 0 (and 11 more of this rule in this file)");
        assert_eq!(kept[0].locations.len(), 6);
        let body = &kept[0].body;
        assert!(
            body.starts_with("The same rule 12 times in this file, first in lines 1, 2, 3, 4, 5, 6.\n"),
            "{body}"
        );
        assert!(body.ends_with("- line 6: E501 5"), "{body}");
        assert_eq!(kept.iter().map(|it| it.index).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(notes.is_empty());
    }

    #[test]
    fn what_is_said_alike_is_said_once() {
        let same =
            |n| RawFinding { title: "Too long".into(), ..finding(n, "E501", "a.py", Severity::Suggestion) };
        let (kept, _) = fold((0..4).map(same).collect(), 50, &|_| true);
        assert_eq!(kept[0].body, "The same rule 4 times in this file, first in lines 1, 2, 3, 4.");
    }

    #[test]
    fn the_weightiest_stay_and_the_others_are_counted_by_rule() {
        let mut all: Vec<RawFinding> = Vec::new();
        for n in 0..30 {
            let path = format!("f{n}.py");
            all.push(finding(n, if n % 2 == 0 { "A" } else { "B" }, &path, Severity::Suggestion));
        }
        all.push(finding(30, "C", "z.py", Severity::Important));
        let (kept, notes) = fold(all, 5, &|path| path == "f29.py");
        let titles: Vec<&str> = kept.iter().map(|it| it.title.as_str()).collect();
        assert_eq!(titles, ["A 0", "B 1", "A 2", "B 29", "C 30"]);
        assert_eq!(notes, ["26 more diagnostics were left out of the report: A (13), B (13)"]);
    }
}
