//! How much a finding matters.
//!
//! In: the claims of one defect, their evidence, policy, records. Out: a severity and a reason for every step away
//! from what the shown reviewer claimed. Agreement never raises a severity: texts that are copies count once.

use model::{Kind, ReasonCode, Reconciliation, Severity};

use crate::defect::{Defect, Member};
use crate::order::Roster;
use crate::{Input, records, rules};

/// A severity with its story.
pub(crate) struct Decision {
    pub(crate) severity: Severity,
    pub(crate) kind: Option<Kind>,
    pub(crate) reconciliation: Vec<Reconciliation>,
}

/// Decides the severity of a defect.
pub(crate) fn decide(defect: &Defect<'_>, input: &Input<'_>, roster: &Roster<'_>) -> Decision {
    let mut story = Story { at: defect.shown().finding.raw.severity, rows: Vec::new() };
    let votes = votes(defect, input, roster);
    align(&mut story, defect, &votes);
    weigh_records(&mut story, defect, &votes);
    if !input.policy.coverage_gap_may_block
        && defect.members.iter().all(|m| rules::is_only_a_missing_test(m.finding))
    {
        let why = "A missing test alone, without a break that it would have shown, is a suggestion.";
        story.go(Severity::Suggestion.min(story.at), ReasonCode::CoverageGap, why.to_owned());
    }
    if input.repository_used {
        reduce(&mut story, defect, input);
    }
    overrule(&mut story, &votes);
    Decision { severity: story.at, kind: kind(defect), reconciliation: story.rows }
}

struct Story {
    at: Severity,
    rows: Vec<Reconciliation>,
}

impl Story {
    fn go(&mut self, to: Severity, code: ReasonCode, why: String) {
        if to != self.at {
            self.rows.push(Reconciliation { from: self.at, to, code, by: "policy".to_owned(), why });
            self.at = to;
        }
    }
}

struct Vote<'a> {
    reviewer: &'a str,
    claimed: Severity,
    shift: records::Shift,
}

fn votes<'a>(defect: &Defect<'a>, input: &Input<'_>, roster: &Roster<'_>) -> Vec<Vote<'a>> {
    defect
        .distinct()
        .into_iter()
        .map(|member: &Member<'a>| {
            let name = member.finding.reviewer.as_str();
            let model = roster.get(name).and_then(|reviewer| reviewer.model.as_deref());
            // Who says the same words twice under two levels means the higher one.
            let own = defect
                .members
                .iter()
                .filter(|other| other.finding.reviewer == name && other.claim.is_same_text(member.claim));
            let claimed = own.map(|other| other.finding.raw.severity).max().unwrap_or_default();
            Vote {
                reviewer: name,
                claimed,
                shift: records::shift(input.policy, input.records, name, model, claimed),
            }
        })
        .collect()
}

/// Several reviewers: the mean of what they claim; half-way, the better-argued text decides.
fn align(story: &mut Story, defect: &Defect<'_>, votes: &[Vote<'_>]) {
    let mean = votes.iter().map(|vote| level(vote.claimed)).sum::<f64>() / votes.len() as f64;
    let to = round_towards(mean, defect.shown().finding.raw.severity);
    let told: Vec<String> =
        votes.iter().map(|vote| format!("`{}` says {}", vote.reviewer, vote.claimed.as_str())).collect();
    let why = format!(
        "The reviewers of this defect rate it differently: {}. On balance it is {}.",
        told.join(", "),
        to.as_str()
    );
    story.go(to, ReasonCode::MajorityAlignment, why);
}

/// The same with what is known of how each reviewer rates.
fn weigh_records(story: &mut Story, defect: &Defect<'_>, votes: &[Vote<'_>]) {
    // A gap is what the change left out rather than what it broke, and is overrated a little more often.
    let gap = if defect.members.iter().all(|m| m.finding.raw.kind == Some(Kind::Gap)) { GAP } else { 0.0 };
    let shift = votes.iter().map(|vote| vote.shift.levels).sum::<f64>() / votes.len() as f64;
    let mean = votes.iter().map(|vote| level(vote.claimed)).sum::<f64>() / votes.len() as f64;
    let strongest = votes.iter().max_by(|a, b| a.shift.levels.abs().total_cmp(&b.shift.levels.abs()));
    if shift.abs() < 0.1 {
        return;
    }
    let to = round_towards(mean + shift + gap, story.at);
    let because = strongest.map_or("", |vote| vote.shift.because.as_str());
    let why = format!(
        "By record: {because}. Adjusted, it is {}; the claim stands as written under its source.",
        to.as_str()
    );
    // A record speaks against a rating, never for raising one.
    if to < story.at {
        story.go(to, ReasonCode::ReviewerRecord, why);
    }
}

/// Levels by which a gap is overrated on average.
const GAP: f64 = -0.15;

/// Where the shown claim stands as it is, the other claims that rate it otherwise are answered all the same.
fn overrule(story: &mut Story, votes: &[Vote<'_>]) {
    if !story.rows.is_empty() {
        return;
    }
    let to = story.at;
    for vote in votes.iter().filter(|vote| vote.claimed != to) {
        story.rows.push(Reconciliation {
            from: vote.claimed,
            to,
            code: ReasonCode::MajorityAlignment,
            by: "policy".to_owned(),
            why: format!(
                "`{}` says {}; weighed with the others, it is {}.",
                vote.reviewer,
                vote.claimed.as_str(),
                to.as_str()
            ),
        });
    }
}

/// Takes away what evidence takes away: a step counts where every distinct text suffers it.
fn reduce(story: &mut Story, defect: &Defect<'_>, input: &Input<'_>) {
    let steps: Vec<_> = defect
        .distinct()
        .iter()
        .map(|member| rules::reductions(member.finding, story.at, input.policy))
        .collect();
    let mildest =
        steps.iter().min_by_key(|steps| std::cmp::Reverse(steps.last().map_or(story.at, |step| step.0)));
    for (to, (code, why)) in mildest.cloned().unwrap_or_default() {
        story.go(to, code, why);
    }
}

/// What the reviewers say it is: the shown text's word, unless the code proves it wrong.
fn kind(defect: &Defect<'_>) -> Option<Kind> {
    if rules::is_no_regression(defect.shown().finding) {
        return Some(Kind::Gap);
    }
    defect
        .shown()
        .finding
        .raw
        .kind
        .or_else(|| defect.members.iter().find_map(|member| member.finding.raw.kind))
}

fn level(severity: Severity) -> f64 {
    f64::from(severity as u8)
}

/// Rounds a mean level; exactly half-way it goes to the side of `leaning`.
fn round_towards(mean: f64, leaning: Severity) -> Severity {
    let below = mean.floor();
    let half = (mean - below - 0.5).abs() < 1e-9;
    let up = if half { level(leaning) > mean } else { mean - below > 0.5 };
    match below as i64 + i64::from(up) {
        i64::MIN..=0 => Severity::Suggestion,
        1 => Severity::Important,
        _ => Severity::Critical,
    }
}
