//! Limitations that code, commits or authors admit.
//!
//! In: what the change itself admits and what reviewers quote. Out: one list, each with the finding it belongs to.

use std::collections::HashMap;

use model::{Finding, Limitation, LimitationItem, Reading};

use crate::order::Roster;
use crate::{Input, places};

/// The section: what was found in the change first, then what reviewers point at.
pub(crate) fn limitations(input: &Input<'_>, roster: &Roster<'_>, findings: &[Finding]) -> Vec<Limitation> {
    let mut all = Admitted::new(input.limitations);
    let mut readings: Vec<&(String, Reading)> = input.readings.iter().collect();
    readings.sort_by(|a, b| (roster.position(&a.0), &a.0).cmp(&(roster.position(&b.0), &b.0)));
    for (reviewer, reading) in readings {
        for item in &reading.limitations {
            all.add(reviewer, item);
        }
    }
    let mut all = all.rows;
    let standing = by_path(findings);
    for limitation in &mut all {
        roster.sort_names(&mut limitation.reviewers);
        if limitation.finding.is_none() {
            limitation.finding = belongs_to(limitation, &standing);
        }
    }
    all
}

/// Limitations, each once, found again by the line they stand on and by their words.
struct Admitted {
    rows: Vec<Limitation>,
    by_line: HashMap<(String, u32), usize>,
    by_text: HashMap<String, usize>,
}

impl Admitted {
    fn new(known: &[Limitation]) -> Self {
        let mut all = Self { rows: Vec::new(), by_line: HashMap::new(), by_text: HashMap::new() };
        for limitation in known {
            all.push(limitation.clone());
        }
        all
    }

    fn push(&mut self, limitation: Limitation) {
        let at = self.rows.len();
        if let Some((path, line)) = line_of(&limitation) {
            self.by_line.entry((path.to_owned(), line)).or_insert(at);
        }
        self.by_text.entry(limitation.quote.trim().to_owned()).or_insert(at);
        self.rows.push(limitation);
    }

    fn add(&mut self, reviewer: &str, item: &LimitationItem) {
        let new = Limitation {
            source: item.source.clone(),
            location: item.locations.first().map(places::unchecked),
            quote: bare(item),
            reviewers: vec![reviewer.to_owned()],
            finding: None,
        };
        let same_line = line_of(&new).and_then(|(path, line)| self.by_line.get(&(path.to_owned(), line)));
        match same_line.or_else(|| self.by_text.get(new.quote.trim())).copied() {
            Some(at) => self.rows[at].reviewers.push(reviewer.to_owned()),
            None => self.push(new),
        }
    }
}

/// The words without the label and the place that the row has in fields of their own.
fn bare(item: &LimitationItem) -> String {
    let text = item.text.trim();
    let text = ["**Code comment**", "Code comment"]
        .iter()
        .find_map(|label| text.strip_prefix(label))
        .filter(|_| item.source == "code")
        .map_or(text, |rest| rest.trim_start_matches([':', ' ', '—', '-', '–']));
    let place = item.locations.first().map(|raw| format!("`{}`", places::phrase(&places::unchecked(raw))));
    let rest = place.and_then(|place| text.strip_prefix(&place));
    // What is left must still be a sentence.
    let rest =
        rest.map(|rest| rest.trim_start_matches([':', ' ', '—', '-', '–'])).filter(|rest| rest.len() > 20);
    rest.unwrap_or(text).to_owned()
}

fn line_of(limitation: &Limitation) -> Option<(&str, u32)> {
    let place = limitation.location.as_ref()?;
    Some((place.path.as_str(), place.start?))
}

/// First and last line of each place in a file, with the finding's id; in report order.
type Standing<'f> = HashMap<&'f str, Vec<(u32, u32, &'f str)>>;

fn by_path(findings: &[Finding]) -> Standing<'_> {
    let mut standing: Standing<'_> = HashMap::new();
    for finding in findings {
        for place in &finding.locations {
            if let Some(start) = place.start {
                let lines = (start, place.end.unwrap_or(start), finding.id.as_str());
                standing.entry(place.path.as_str()).or_default().push(lines);
            }
        }
    }
    standing
}

/// The finding that stands on the admitted lines.
fn belongs_to(limitation: &Limitation, standing: &Standing<'_>) -> Option<String> {
    let (path, start) = line_of(limitation)?;
    let end = limitation.location.as_ref()?.end.unwrap_or(start);
    let there = standing.get(path)?;
    there.iter().find(|(first, last, _)| *first <= end && *last >= start).map(|(.., id)| (*id).to_owned())
}
