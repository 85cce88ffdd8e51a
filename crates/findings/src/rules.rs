//! What a gate's answer means for a claim: the one place where answers become fates, lanes and reasons.
//!
//! In: a checked claim, policy. Out: whether it stays, how far its evidence carries, which levels it loses, each with
//! a reason code and a sentence. Never asks a gate anything and never looks at who agrees.

use model::{
    Check, CheckResult, CheckedFinding, Claim, Fault, Gate, Kind, Lane, OriginValue, PreExistingPolicy,
    ReasonCode, ReviewerReport, ReviewerState, Scope, Severity,
};

use crate::Policy;

/// A reason: its code and the sentence for people.
pub(crate) type Reason = (ReasonCode, String);

/// Why a claim leaves the report before anything else is asked; `None` where it stays.
pub(crate) fn dropped(finding: &CheckedFinding, reviewer: Option<&ReviewerReport>) -> Option<Reason> {
    if reviewer.is_some_and(|reviewer| reviewer.state == ReviewerState::TransportCorrupted) {
        let why = "The prompt of this reviewer was altered on the way, so its answer is not a review of this change.";
        return Some((ReasonCode::TransportCorrupted, why.to_owned()));
    }
    if finding.raw.withdrawn {
        return Some((ReasonCode::Withdrawn, "The reviewer took it back in the same text.".to_owned()));
    }
    if finding.result(Gate::Declined) == CheckResult::Fail {
        return Some((
            ReasonCode::DeclinedPriorRound,
            sentence(finding, Gate::Declined, "It was declined earlier."),
        ));
    }
    if finding.check(Gate::Scope).is_some_and(|check| check.fault == Some(Fault::Late)) {
        return Some((ReasonCode::BelowBar, sentence(finding, Gate::Scope, "It comes a round late.")));
    }
    if finding.result(Gate::Quote) == CheckResult::Fail && speaks_of_the_text_itself(finding) {
        let why = sentence(finding, Gate::Quote, "The quoted text is not in the file.");
        return Some((
            ReasonCode::FactuallyFalse,
            format!("It is a claim about the text itself, and the text differs. {why}"),
        ));
    }
    None
}

/// How far the evidence for one claim carries.
pub(crate) fn lane(finding: &CheckedFinding) -> Lane {
    use CheckResult::{Pass, Repaired};
    if contradiction(&finding.checks).is_some() {
        return Lane::Contested;
    }
    if finding.claim == Claim::ExternalFact && finding.result(Gate::Repro) != Pass {
        return Lane::Unverified;
    }
    let quoted = matches!(finding.result(Gate::Quote), Pass | Repaired);
    let placed = matches!(finding.result(Gate::File), Pass | Repaired)
        && matches!(finding.result(Gate::Location), Pass | Repaired)
        && finding.result(Gate::Specifics) == Pass;
    let shown = finding.result(Gate::Repro) == Pass;
    if quoted || placed || shown { Lane::Confirmed } else { Lane::Unverified }
}

/// The first check that contradicts a claim, with its reason; `None` where none does.
pub(crate) fn contradiction<'a>(checks: impl IntoIterator<Item = &'a Check>) -> Option<Reason> {
    let mut found: Vec<(Gate, Reason)> = checks
        .into_iter()
        .filter(|check| check.result == CheckResult::Fail)
        .filter_map(|check| {
            let code = match check.gate {
                Gate::File => ReasonCode::PathUnresolved,
                Gate::Quote if check.fault == Some(Fault::Absent) => ReasonCode::QuoteAbsent,
                Gate::Quote => ReasonCode::QuoteAltered,
                Gate::Repro => ReasonCode::FactuallyFalse,
                Gate::Specifics if check.fault == Some(Fault::Refuted) => ReasonCode::FactuallyFalse,
                _ => return None,
            };
            Some((check.gate, (code, as_sentence(&check.detail, "A check contradicts it."))))
        })
        .collect();
    found.sort_by_key(|(gate, _)| *gate);
    found.into_iter().next().map(|(_, reason)| reason)
}

/// Why a claim belongs among the design observations; `None` where it is a finding.
pub(crate) fn moved(finding: &CheckedFinding, in_changed_file: bool, policy: &Policy) -> Option<Reason> {
    if !is_new_by_comparison(finding)
        && finding.scope == Scope::Outside
        && finding.result(Gate::Scope) == CheckResult::Fail
    {
        return Some((
            ReasonCode::OutOfScope,
            sentence(finding, Gate::Scope, "It does not touch the change."),
        ));
    }
    if is_new_by_comparison(finding) {
        return None;
    }
    let old = finding.origin.value == OriginValue::PreExisting && finding.scope != Scope::ChangedLines;
    if old
        && !in_changed_file
        && policy.pre_existing == PreExistingPolicy::Design
        && finding.scope != Scope::BlastRadius
    {
        let why = sentence(
            finding,
            Gate::Origin,
            "The code is older than the change, which does not make it worse.",
        );
        return Some((ReasonCode::PreExisting, why));
    }
    None
}

/// True where a linter says at head what it did not say where the change begins: the change brought it, wherever it stands.
fn is_new_by_comparison(finding: &CheckedFinding) -> bool {
    finding.raw.rule.is_some() && finding.raw.known_by.as_deref() == Some("comparison")
}

/// True where a claim calls old code, which the change does not make worse, a regression of the change.
pub(crate) fn is_no_regression(finding: &CheckedFinding) -> bool {
    finding.origin.value == OriginValue::PreExisting
        && finding.raw.kind == Some(Kind::Regression)
        // A changed line that is cited as the cause makes the old code this change's business.
        && finding.scope != Scope::ChangedLines
}

/// The levels a claim loses by evidence, in order: the severity after each step with its reason.
pub(crate) fn reductions(
    finding: &CheckedFinding,
    from: Severity,
    policy: &Policy,
) -> Vec<(Severity, Reason)> {
    let mut steps = Vec::new();
    let mut now = from;
    let mut step = |to: Severity, code: ReasonCode, gate: Gate, otherwise: &str| {
        if to < now {
            now = to;
            steps.push((to, (code, sentence(finding, gate, otherwise))));
        }
        now
    };
    let mut at = from;
    if let Some(to) = pre_existing(finding, at, policy) {
        let otherwise = "The code is older than the change, which does not make it worse.";
        at = step(to, ReasonCode::PreExisting, Gate::Origin, otherwise);
    }
    if finding.result(Gate::Acknowledged) == CheckResult::Fail {
        at = step(at.lower(), ReasonCode::DocumentedTradeoff, Gate::Acknowledged, "The change admits it.");
    }
    if policy.require_trigger && at >= Severity::Important && unspecific(finding) {
        step(at.lower(), ReasonCode::NoTrigger, Gate::Specifics, "It does not say when the defect shows.");
    }
    steps
}

/// True where a claim names what is nowhere in the tree, or a severe one does not say when it shows.
fn unspecific(finding: &CheckedFinding) -> bool {
    finding
        .check(Gate::Specifics)
        .is_some_and(|check| check.result == CheckResult::Fail && check.fault != Some(Fault::Refuted))
}

fn pre_existing(finding: &CheckedFinding, now: Severity, policy: &Policy) -> Option<Severity> {
    let old = finding.origin.value == OriginValue::PreExisting && finding.scope != Scope::ChangedLines;
    match policy.pre_existing {
        _ if !old || is_new_by_comparison(finding) => None,
        PreExistingPolicy::Keep => None,
        PreExistingPolicy::Suggestion => Some(Severity::Suggestion),
        PreExistingPolicy::Design => is_no_regression(finding).then(|| now.lower()),
    }
}

/// True where a claim is that a test is missing and nothing else.
pub(crate) fn is_only_a_missing_test(finding: &CheckedFinding) -> bool {
    const SIGNS: &[&str] = &[
        "no test",
        "missing test",
        "missing unit test",
        "untested",
        "lacks test",
        "lacks a test",
        "lack of test",
        "without test",
        "without a test",
        "test coverage",
        "coverage gap",
        "not tested",
        "not covered by",
        "no coverage",
        "add a test",
        "add test",
        "needs a test",
        "no regression test",
        "no unit test",
    ];
    let title = finding.raw.title.to_lowercase();
    finding.raw.kind != Some(Kind::Regression) && SIGNS.iter().any(|sign| title.contains(sign))
}

/// True where a claim stands or falls with the text as quoted: a typo, broken syntax, a corrupted file.
fn speaks_of_the_text_itself(finding: &CheckedFinding) -> bool {
    const SIGNS: &[&str] = &[
        "typo",
        "misspell",
        "mis-spell",
        "spelling",
        "syntax error",
        "syntax-error",
        "syntactically",
        "invalid syntax",
        "garbled",
        "mangled",
        "malformed",
        "does not parse",
        "fails to parse",
        "cannot be parsed",
        "parse error",
        "stray ",
        "extra space",
        "spurious ",
        "file is corrupt",
        "corrupted file",
        "file corrupt",
        "corrupted script",
        "corrupted header",
        "corrupted text",
        "corrupted line",
        "corrupts the file",
    ];
    let title = finding.raw.title.to_lowercase();
    finding.claim == Claim::CodeFact && SIGNS.iter().any(|sign| title.contains(sign))
}

/// What a gate saw, as a sentence; `otherwise` where it left no detail.
fn sentence(finding: &CheckedFinding, gate: Gate, otherwise: &str) -> String {
    as_sentence(finding.check(gate).map_or("", |check| &check.detail), otherwise)
}

/// A detail with a capital and a full stop.
fn as_sentence(detail: &str, otherwise: &str) -> String {
    let detail = detail.trim();
    if detail.is_empty() {
        return otherwise.to_owned();
    }
    let mut text = detail.to_owned();
    if let Some(first) = text.chars().next().filter(|first| first.is_lowercase()) {
        text.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
    }
    if !text.ends_with(['.', '!', '?', '…']) {
        text.push('.');
    }
    text
}
