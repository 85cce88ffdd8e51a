//! Who said something.
//!
//! In: reviewers and findings. Out: names. Never ranks anybody.

use model::{Finding, Report, ReviewerKind, ReviewerReport, ReviewerState};

/// The distinct reviewers behind a finding, in the order of its sources (which is roster order).
pub(crate) fn reviewers_of(finding: &Finding) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for source in &finding.sources {
        if !names.contains(&source.reviewer.as_str()) {
            names.push(&source.reviewer);
        }
    }
    names
}

/// `claude ruff F821`: the reviewers, tools with the rules they went by, two at most.
pub(crate) fn who_by_rule(finding: &Finding) -> String {
    let of_tool = |name: &str| {
        let rules = rules_of(finding).into_iter().filter(|(who, ..)| *who == name && name != "builtin");
        rules.map(|(_, rule, _)| rule).take(2).collect::<Vec<_>>().join(",")
    };
    let told = |name: &str| match of_tool(name) {
        rules if rules.is_empty() => name.to_owned(),
        rules => format!("{name} {rules}"),
    };
    reviewers_of(finding).into_iter().map(told).collect::<Vec<_>>().join(" ")
}

/// The rules of tools behind a finding: who raised it by which rule, and the page about it. Our own rules without a page are
/// not listed: they are told by name where they are set.
pub(crate) fn rules_of(finding: &Finding) -> Vec<(&str, &str, Option<&str>)> {
    let mut rules: Vec<(&str, &str, Option<&str>)> = Vec::new();
    let is_told = |source: &&model::Source| source.reviewer != "builtin" || source.rule_url.is_some();
    for source in finding.sources.iter().filter(is_told) {
        let Some(rule) = &source.rule else { continue };
        if !rules.iter().any(|(who, known, _)| (*who, *known) == (source.reviewer.as_str(), rule.as_str())) {
            rules.push((&source.reviewer, rule, source.rule_url.as_deref()));
        }
    }
    rules
}

/// `claude: opus-4.7 (effort: high)`, with what is known.
pub(crate) fn reviewer_title(reviewer: &ReviewerReport) -> String {
    let mut title = reviewer.name.clone();
    if let Some(model) = &reviewer.model {
        title = format!("{title}: {model}");
    }
    if let Some(effort) = &reviewer.effort {
        title = format!("{title} (effort: {effort})");
    }
    title
}

/// Why a reviewer's answer does not count, in a few words; `None` where it counts.
pub(crate) fn reviewer_failed(reviewer: &ReviewerReport) -> Option<String> {
    let state = match reviewer.state {
        ReviewerState::Finished => return None,
        ReviewerState::Skipped => "skipped",
        ReviewerState::TransportCorrupted => "transport corrupted",
        ReviewerState::Failed => reviewer.ending.as_str(),
    };
    Some(match &reviewer.error {
        Some(error) => format!("{state}: {error}"),
        None => state.to_owned(),
    })
}

/// What a report by the built-in reviewers alone has to say, unless its verdict says it already.
pub(crate) fn builtin_note(report: &Report) -> Option<&'static str> {
    let said = report.verdict.reason.contains("no semantic review");
    (is_builtin_only(report) && !said).then_some("built-in only: no semantic review was made")
}

/// What nobody looked at when only the built-in reviewers did.
pub(crate) const NOT_CHECKED: &str = "Not checked: design, concurrency, intent.";

/// Whether only the reviewers inside `deep-review` reviewed: then nobody judged what the change means.
pub(crate) fn is_builtin_only(report: &Report) -> bool {
    let mut reviewed =
        report.reviewers.iter().filter(|reviewer| reviewer.state == ReviewerState::Finished).peekable();
    reviewed.peek().is_some()
        && reviewed.all(|reviewer| matches!(reviewer.kind, ReviewerKind::Builtin | ReviewerKind::Tool))
}
