//! Whose text a finding shows, and what only the others mention.
//!
//! In: the members of a cluster. Out: the index of the best-supported one; details of the rest. Texts are never blended.

use model::{CheckResult, Gate, Lane};

use crate::defect::{Defect, Member};

/// The member with the best evidence, then the most specific text; ties go to the earlier reviewer of the roster.
pub(crate) fn choose(members: &[Member<'_>]) -> usize {
    let mut best = 0;
    for index in 1..members.len() {
        if support(&members[index]) > support(&members[best]) + 1e-9 {
            best = index;
        }
    }
    best
}

/// How well a text is supported: evidence first, then what it tells.
pub(crate) fn support(member: &Member<'_>) -> f64 {
    let raw = &member.finding.raw;
    let lane = match member.lane {
        Lane::Confirmed => 4.0,
        Lane::Unverified => 2.0,
        Lane::Contested => 0.0,
    };
    let exact = f64::from(u8::from(member.finding.result(Gate::Location) == CheckResult::Pass));
    let known = match raw.known_by.as_deref() {
        Some("ran") => 2.0,
        Some("read") => 0.5,
        _ => 0.0,
    };
    let told = [
        !raw.locations.is_empty(),
        raw.locations.iter().any(|location| location.quote.is_some()),
        raw.fix.is_some(),
        raw.patch.is_some(),
        raw.trigger.is_some(),
        raw.kind.is_some(),
    ];
    let told = told.iter().filter(|yes| **yes).count() as f64 * 0.3;
    // Twice the words are not twice the argument.
    let words = raw.body.split_whitespace().take(2_000).count() as f64;
    lane + exact + known + told + (1.0 + words).ln() * 0.6
}

/// Details that only sources not shown mention: names from code and numbers of lines, at most three a source.
pub(crate) fn also_noted(defect: &Defect<'_>) -> Vec<(String, String)> {
    let shown = defect.shown();
    let mut known = format!("{} {}", shown.finding.raw.title, shown.finding.raw.body).to_lowercase();
    let mut notes = Vec::new();
    for (index, member) in defect.members.iter().enumerate() {
        if index == defect.shown || member.claim.is_same_text(shown.claim) {
            continue;
        }
        for sentence in own_sentences(&member.finding.raw.body, &known) {
            known.push_str(&sentence.to_lowercase());
            notes.push((member.finding.reviewer.clone(), sentence));
        }
    }
    notes
}

/// Sentences that name code which the shown text does not name.
fn own_sentences(body: &str, known: &str) -> Vec<String> {
    let mut fenced = false;
    let mut sentences = Vec::new();
    for line in body.lines() {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            continue;
        }
        for sentence in split_sentences(line) {
            let new_name =
                inline_code(sentence).any(|name| name.len() > 3 && !known.contains(&name.to_lowercase()));
            if new_name && sentence.len() <= 400 && sentences.len() < 3 {
                sentences.push(sentence.trim().to_owned());
            }
        }
    }
    sentences
}

fn split_sentences(line: &str) -> impl Iterator<Item = &str> {
    line.split_inclusive(". ").map(str::trim).filter(|sentence| !sentence.is_empty())
}

/// Spans between single backticks.
fn inline_code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').enumerate().filter(|(index, _)| index % 2 == 1).map(|(_, span)| span)
}
