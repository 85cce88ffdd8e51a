//! How likely a maintainer is to accept a finding.
//!
//! In: a defect, its evidence and records. Out: a chance in 0–1 and the terms it is the sum of. Never uses what a
//! reviewer says about its own confidence, and never a severity.

use model::{CheckResult, Gate, Lane, Term};

use crate::defect::Defect;
use crate::order::Roster;
use crate::{Input, records};

/// A chance with its terms, heaviest first.
pub(crate) fn confidence(
    defect: &Defect<'_>,
    lane: Lane,
    input: &Input<'_>,
    roster: &Roster<'_>,
) -> (f64, Vec<Term>) {
    let mut terms = vec![term("most findings hold", BASE)];
    evidence(defect, lane, input, &mut terms);
    agreement(defect, &mut terms);
    specifics(defect, &mut terms);
    record(defect, input, roster, &mut terms);
    terms.retain(|term| term.weight != 0.0);
    let sum: f64 = terms.iter().map(|term| term.weight).sum();
    terms.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.name.cmp(&b.name)));
    (round(1.0 / (1.0 + (-sum).exp())), terms)
}

const BASE: f64 = 0.9;

fn evidence(defect: &Defect<'_>, lane: Lane, input: &Input<'_>, terms: &mut Vec<Term>) {
    if !input.repository_used {
        return;
    }
    terms.push(match lane {
        Lane::Confirmed => term("the place and the quoted code were found", 0.8),
        Lane::Unverified => term("nothing about it could be checked", -0.3),
        Lane::Contested => term("a check contradicts it", -2.0),
    });
    let any =
        |gate: Gate, result: CheckResult| defect.members.iter().any(|m| m.finding.result(gate) == result);
    if any(Gate::Specifics, CheckResult::Fail) {
        terms.push(term("its specifics do not hold", -0.8));
    }
    if any(Gate::Repro, CheckResult::Pass) {
        terms.push(term("its script shows the defect", 2.0));
    }
    if any(Gate::Fix, CheckResult::Fail) {
        terms.push(term("its patch does not apply", -0.2));
    }
}

fn agreement(defect: &Defect<'_>, terms: &mut Vec<Term>) {
    let others = f64::from(defect.agreement().saturating_sub(1));
    if others > 0.0 {
        terms.push(term(&format!("{} reviewers say it", defect.agreement()), 0.9 * (1.0 + others).log2()));
    }
}

fn specifics(defect: &Defect<'_>, terms: &mut Vec<Term>) {
    let raw = &defect.shown().finding.raw;
    if raw.locations.is_empty() {
        terms.push(term("it names no place", -0.4));
    }
    if raw.fix.is_some() || raw.patch.is_some() {
        terms.push(term("it proposes a fix", 0.2));
    }
    if raw.trigger.is_some() {
        terms.push(term("it says when the defect shows", 0.2));
    }
    if raw.known_by.as_deref() == Some("ran") {
        terms.push(term("the reviewer ran it", 0.5));
    }
    wording(&format!("{}\n{}", raw.title, raw.body), terms);
}

/// How it is said: maintainers accept statements more often than requests to look.
fn wording(text: &str, terms: &mut Vec<Term>) {
    const ASKS: &[&str] =
        &["ensure", "verify", "confirm", "double-check", "make sure", "please check", "clarify"];
    const HEDGES: &[&str] = &[
        "could",
        "might",
        "may",
        "potential",
        "potentially",
        "possibly",
        "perhaps",
        "seems",
        "appears",
        "likely",
    ];
    let prose = outside_fences(text).to_lowercase();
    let words: Vec<&str> =
        prose.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let share = |list: &[&str]| {
        let hits = words.iter().filter(|word| list.contains(*word)).count() as f64;
        (hits / (words.len().max(12) as f64)).min(0.1)
    };
    terms.push(term(
        "it asks to look rather than states",
        if ASKS.iter().any(|ask| prose.contains(ask)) { -0.25 } else { 0.0 },
    ));
    terms.push(term("it hedges", -4.0 * share(HEDGES)));
    if says_what_does_not_happen(&prose, &words) {
        terms.push(term("it says what does not happen", 0.25));
    }
    let code = text.matches('`').count() / 2;
    let named = (code as f64 / words.len().max(12) as f64).min(0.2);
    terms.push(term("it names the code it speaks of", 1.5 * named));
    let long = (words.len() as f64 / 40.0).ln().clamp(0.0, 2.0);
    terms.push(term("it takes many words", -0.12 * long));
    if text.contains("```suggestion") {
        terms.push(term("it gives the new lines", 0.25));
    }
}

/// "never released", "missing await", "is not closed": a claim that can be looked up, rather than advice.
fn says_what_does_not_happen(prose: &str, words: &[&str]) -> bool {
    const ABSENCE: &[&str] = &["missing", "lack", "lacks", "never", "without"];
    prose.contains("no longer")
        || words.iter().any(|word| ABSENCE.contains(word))
        || words.windows(2).any(|pair| pair[0] == "not" && pair[1].ends_with("ed"))
}

fn outside_fences(text: &str) -> String {
    let mut inside = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            inside = !inside;
        } else if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

fn record(defect: &Defect<'_>, input: &Input<'_>, roster: &Roster<'_>, terms: &mut Vec<Term>) {
    let best = defect
        .members
        .iter()
        .map(|member| {
            let name = member.finding.reviewer.as_str();
            let model = roster.get(name).and_then(|reviewer| reviewer.model.as_deref());
            records::accepted_share(input.policy, input.records, name, model)
        })
        .fold(0.0, f64::max);
    let weight = 0.5 * (logit(best) - logit(0.93));
    if weight.abs() >= 0.05 {
        terms.push(term("the record of its reviewers", weight));
    }
}

fn logit(share: f64) -> f64 {
    let share = share.clamp(0.01, 0.99);
    (share / (1.0 - share)).ln()
}

fn term(name: &str, weight: f64) -> Term {
    Term { name: name.to_owned(), weight: round(weight) }
}

/// Three digits: enough to rank, and the same on every machine.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
