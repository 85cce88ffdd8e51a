//! Does the code, a commit or the author admit it?
//!
//! In: the place of a finding and the limitations of the change. Out: `fail` with the words that admit it, else `pass`.
//! Never takes nearness for agreement: the admission must speak of the same thing.

use std::collections::BTreeSet;

use model::{CheckResult, Limitation, Location, RawFinding};

use super::Answer;
use crate::names::{names, statement};
use crate::text::{has_word, is_word, range, shorten};
use crate::world::World;

/// Looks for an admission of this very finding.
pub(crate) fn judge(
    world: &World<'_>,
    raw: &RawFinding,
    place: Option<&Location>,
    limitations: &[Limitation],
) -> Answer {
    let said = words(&statement(raw));
    let names = names(raw);
    let admitted = limitations.iter().find_map(|limitation| {
        let shared = Shared::of(&said, &names, &limitation.quote);
        match &limitation.location {
            Some(there) => {
                let place = place.filter(|place| place.path == there.path && close(world, place, there))?;
                let lines = range(there.start?, there.end?);
                let detail =
                    format!("`{}:{lines}` admits it: \"{}\"", place.path, shorten(&limitation.quote, 200));
                shared.is_about_the_same(3).then_some(detail)
            }
            // A commit message has no place; it must share more to be about this.
            None => {
                shared.is_about_the_same(4).then(|| format!("commit {}", shorten(&limitation.quote, 240)))
            }
        }
    });
    match admitted {
        Some(detail) => Answer::new(CheckResult::Fail, detail),
        None => Answer::new(CheckResult::Pass, "no comment or commit of the change admits it"),
    }
}

fn close(world: &World<'_>, place: &Location, admission: &Location) -> bool {
    let (Some(start), Some(line)) = (place.start, admission.start) else { return false };
    let end = place.end.unwrap_or(start);
    let last = admission.end.unwrap_or(line);
    if last.saturating_add(5) >= start && line <= end.saturating_add(5) {
        return true;
    }
    let symbol = world.symbol(admission.side, &admission.path, last.saturating_add(1));
    symbol.is_some() && symbol == place.symbol && line.abs_diff(start) <= 30
}

// What a claim and an admission have in common.
struct Shared {
    words: usize,
    names: usize,
    admitted: usize,
}

impl Shared {
    fn of(said: &BTreeSet<String>, names: &[String], admission: &str) -> Self {
        let admitted = words(admission);
        Self {
            words: admitted.intersection(said).count(),
            names: names.iter().filter(|name| has_word(admission, name)).count(),
            admitted: admitted.len(),
        }
    }

    // Long claims share some words with any comment: half of the admission must be in the claim. Names count double,
    // they are what a sentence is about.
    fn is_about_the_same(&self, least: usize) -> bool {
        self.words + self.names >= least && 2 * self.words >= self.admitted
    }
}

fn words(text: &str) -> BTreeSet<String> {
    const IDLE: [&str; 33] = [
        "this",
        "that",
        "with",
        "from",
        "have",
        "when",
        "will",
        "would",
        "should",
        "could",
        "does",
        "there",
        "their",
        "which",
        "because",
        "after",
        "before",
        "only",
        "also",
        "into",
        "than",
        "then",
        "they",
        "been",
        "being",
        "once",
        "todo",
        "fixme",
        "change",
        "code",
        "line",
        "deliberately",
        "intentionally",
    ];
    text.split(|c: char| !is_word(c))
        .map(str::to_lowercase)
        .filter(|word| word.len() >= 4 && !IDLE.contains(&word.as_str()))
        .map(|word| word.chars().take(6).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::memory::{Memory, check_one, claim};
    use model::{CheckResult, Gate};

    #[test]
    fn an_admission_at_the_place_about_the_same_thing_counts() {
        let head = "fn load() {\n    // TODO: retry when the connection drops; a dropped connection loses the batch.\n    send_batch();\n    flush();\n}\n";
        let memory = Memory::new(&[], &[("a.rs", head)]);
        let mut raw = claim("a.rs", Some((3, 3)), None);
        raw.title = "`send_batch` loses the batch when the connection drops".to_owned();
        let admitted = check_one(&memory, raw.clone());
        let check = admitted.check(Gate::Acknowledged).expect("a check");
        assert_eq!(check.result, CheckResult::Fail);
        assert!(check.detail.contains("`a.rs:2-2`") || check.detail.contains("`a.rs:2`"), "{}", check.detail);
        raw.title = "`flush` ignores its error".to_owned();
        raw.body = "The returned error is discarded.".to_owned();
        assert_eq!(check_one(&memory, raw).result(Gate::Acknowledged), CheckResult::Pass);
    }
}
