//! What only the sources that are not shown tell.
//!
//! In: the members of a cluster. Out: at most two sentences a source that add something to the shown text. Never a
//! paraphrase of the shown text and never a blend: every sentence is a reviewer's own.

use std::collections::BTreeSet;

use crate::defect::Defect;
use crate::matching::normal_form;

/// More sentences of one source belong behind the click on its text.
const MOST_A_SOURCE: usize = 2;
/// And more than these about one finding are no longer read.
const MOST: usize = 4;
/// Sentences of more characters tell a story of their own, of fewer nothing.
const LENGTH: std::ops::RangeInclusive<usize> = 30..=260;
/// So much of what a sentence says must be new.
const NEW: f64 = 0.55;

/// Reviewer and sentence, in roster order.
pub(crate) fn also_noted(defect: &Defect<'_>) -> Vec<(String, String)> {
    let shown = defect.shown();
    let mut known = stems(&format!("{}\n{}", shown.finding.raw.title, shown.finding.raw.body));
    let mut notes = Vec::new();
    for (index, member) in defect.members.iter().enumerate() {
        if index == defect.shown || member.claim.is_same_text(shown.claim) {
            continue;
        }
        let raw = &member.finding.raw;
        let mut news: Vec<(f64, usize, &str)> = prose(&raw.body, raw.fix.as_deref())
            .into_iter()
            .enumerate()
            .filter_map(|(at, sentence)| Some((news(sentence, &known)?, at, sentence)))
            .collect();
        news.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        news.truncate(MOST_A_SOURCE);
        news.sort_by_key(|(_, at, _)| *at);
        for (_, _, sentence) in news.into_iter().take(MOST.saturating_sub(notes.len())) {
            known.extend(stems(sentence));
            notes.push((member.finding.reviewer.clone(), sentence.to_owned()));
        }
    }
    notes
}

/// How much new a sentence tells: only one that names code counts, and mostly new it must be.
fn news(sentence: &str, known: &BTreeSet<String>) -> Option<f64> {
    let own = stems(sentence);
    let new = own.iter().filter(|stem| !known.contains(*stem)).count();
    let share = new as f64 / own.len().max(1) as f64;
    // A mark without its partner was cut off with the rest of a paragraph.
    let whole = ["`", "**", "\""].iter().all(|mark| sentence.matches(mark).count() % 2 == 0);
    let names_code = whole && sentence.contains('`');
    (names_code && new >= 3 && share >= NEW).then_some(new as f64 * share)
}

/// Sentences outside of code blocks and of the proposal, which has a place of its own.
fn prose<'t>(body: &'t str, fix: Option<&str>) -> Vec<&'t str> {
    let mut fenced = false;
    let mut sentences = Vec::new();
    for line in body.lines() {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            fenced = !fenced;
        } else if !fenced && !is_proposal(line) && !line.starts_with('|') {
            sentences.extend(split(line).into_iter().filter(|it| {
                LENGTH.contains(&it.chars().count()) && !fix.is_some_and(|fix| fix.contains(it))
            }));
        }
    }
    sentences
}

fn is_proposal(line: &str) -> bool {
    let bare = line.trim_start_matches(['*', '_', '-', ' ']).to_lowercase();
    ["fix:", "fix**", "suggestion:", "suggested fix", "recommendation"]
        .iter()
        .any(|start| bare.starts_with(start))
}

fn split(line: &str) -> Vec<&str> {
    line.split_inclusive(". ")
        .map(|part| part.trim().trim_start_matches(['-', '*', '+', ' ']).trim())
        .filter(|part| !part.is_empty())
        .collect()
}

fn stems(text: &str) -> BTreeSet<String> {
    normal_form(text).split(' ').filter(|stem| stem.len() > 2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shown_text_says_is_no_news() {
        let known = stems("The pool keeps the handle open when the constructor fails");
        assert_eq!(news("The `pool` keeps its handle open when its constructor fails", &known), None);
        assert_eq!(news("Nothing of this sentence stands in a span of code at all", &known), None);
        assert!(news("On Windows `DeleteFile` then returns a sharing violation", &known).is_some());
    }

    #[test]
    fn proposals_and_code_are_left_out() {
        let body = "Fix: close the `handle` in the destructor of the class.\n```\nlet a_sentence = like_this_one_here. \n```\nThe second `caller` relies on the value being there.";
        assert_eq!(prose(body, None), ["The second `caller` relies on the value being there."]);
    }
}
