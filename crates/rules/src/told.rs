//! A finding in words.
//!
//! In: a rule and its matches in one file. Out: one finding that names the places, the reason, the link and the fix.
//! What the code under review says is quoted and never interpreted.

use model::{
    DocumentEvidence, DocumentFinding, DocumentFix, DocumentLocation, DocumentOrigin, DocumentScenario, Kind,
    Severity, Side,
};

use crate::fix::patch;
use crate::review::{Ranked, Subject};
use crate::rule::Rule;
use crate::scan::Match;

/// Longer lines are no source text.
const LONGEST_LINE: usize = 400;
/// Lines quoted of one match.
const MOST_LINES: u32 = 6;
/// Characters of a title.
const TITLE: usize = 120;

/// The finding of one rule in one file.
pub(crate) fn finding(
    rule: &Rule,
    subject: &Subject<'_>,
    text: &str,
    matches: &[Match],
    places: usize,
) -> Ranked {
    let lines: Vec<&str> = text.lines().collect();
    let shown = matches.iter().take(places.max(1));
    let locations: Vec<DocumentLocation> =
        shown.enumerate().map(|(index, found)| place(subject, &lines, found, index == 0)).collect();
    let count = matches.len();
    let first = matches.first();
    let message = first.map_or_else(String::new, |found| one_line(&found.message));
    let alike = if count > 1 { format!(" ({count} places)") } else { String::new() };
    let title = format!("{}{alike}", shortened(&message, TITLE - alike.len()));
    let severity = match rule.severity() {
        "error" => Severity::Important,
        _ => Severity::Suggestion,
    };
    let fix = rule.about.fix.clone();
    let edits: Vec<_> = matches.iter().filter_map(|found| found.edit.clone()).collect();
    let patch = if edits.len() == count { patch(&subject.diff.path, text, edits) } else { None };
    let line = locations.first().and_then(|place| place.start);
    let evidence = DocumentEvidence {
        how: "read".to_owned(),
        what: match rule.link() {
            Some(link) => format!("structural rule {} ({})", code(&rule.id), one_line(link)),
            None => format!("structural rule {}", code(&rule.id)),
        },
        output: None,
        path: Some(subject.diff.path.to_string()),
        line,
    };
    Ranked {
        rank: rank(rule),
        finding: DocumentFinding {
            id: String::new(),
            severity,
            kind: Some(if severity == Severity::Suggestion { Kind::Gap } else { Kind::Regression }),
            category: Some(rule.about.category.clone().unwrap_or_else(|| "correctness".to_owned())),
            title,
            locations,
            absent: false,
            problem: problem(rule, &message, count, places),
            scenario: (severity == Severity::Important).then(|| DocumentScenario {
                trigger: format!("The code at line {} runs.", line.unwrap_or_default()),
                result: message.clone(),
                expected: fix
                    .clone()
                    .unwrap_or_else(|| format!("Rule {} has nothing to say.", code(&rule.id))),
                likelihood: "common".to_owned(),
                reach: "default".to_owned(),
            }),
            origin: Some(DocumentOrigin {
                claim: "introduced".to_owned(),
                commit: None,
                because: because(matches),
            }),
            evidence: vec![evidence],
            fix: (fix.is_some() || patch.is_some()).then(|| DocumentFix {
                text: fix.unwrap_or_else(|| "Put in what the rule proposes.".to_owned()),
                patch,
                effort: Some("small".to_owned()),
            }),
            rule: Some(rule.id.clone()),
            rule_url: rule.link().map(str::to_owned),
        },
    }
}

fn problem(rule: &Rule, message: &str, count: usize, places: usize) -> String {
    let mut parts = vec![rule.reason().map_or_else(|| format!("{message}."), str::to_owned)];
    if count > places {
        parts.push(format!("{} more places in this file are not listed.", count - places));
    }
    if let Some(link) = rule.link() {
        parts.push(format!("See {}.", one_line(link)));
    }
    parts.join(" ")
}

fn because(matches: &[Match]) -> String {
    match matches {
        [one] if one.lines.0 == one.lines.1 => format!("The change adds line {}.", one.lines.0),
        _ => "The change adds or edits these lines, and the rule did not match them at the base.".to_owned(),
    }
}

fn rank(rule: &Rule) -> f64 {
    match rule.severity() {
        "error" => 0.7,
        "warning" => 0.6,
        "info" => 0.4,
        _ => 0.2,
    }
}

fn place(subject: &Subject<'_>, lines: &[&str], found: &Match, is_first: bool) -> DocumentLocation {
    let (mut start, mut end) = found.lines;
    if end - start >= MOST_LINES {
        // Of a long match the first line says what it is, unless another one is what changed.
        start = if subject.is_changed(start, start) {
            start
        } else {
            subject.first_changed(start, end).unwrap_or(start)
        };
        end = start;
    }
    let quoted: Vec<&str> = (start..=end)
        .filter_map(|line| lines.get(line as usize - 1))
        .map(|line| line.trim_end_matches('\r'))
        .collect();
    let quotable = quoted.iter().all(|line| line.len() <= LONGEST_LINE)
        && quoted.iter().any(|line| !line.trim().is_empty());
    DocumentLocation {
        path: subject.diff.path.to_string(),
        start: Some(start),
        end: Some(end),
        side: Side::Head,
        role: Some(if is_first { "primary" } else { "related" }.to_owned()),
        symbol: None,
        quote: quotable.then(|| quoted.join("\n")),
    }
}

/// Text of a rule or of the code, without line ends and control characters.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !c.is_control()).collect()
}

fn code(text: &str) -> String {
    format!("`{}`", one_line(text).replace('`', "'"))
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most - 1).collect();
    format!("{}…", head.trim_end())
}
