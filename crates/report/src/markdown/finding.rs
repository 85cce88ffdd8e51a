//! Findings by severity.
//!
//! In: a report. Out: three sections, each finding in the grammar that `super` describes. Never a finding twice, never
//! a finding without its id.

use model::{Excerpt, Finding, Lane, Report, Severity};

use super::escape::{address, block, cell, code, fence, inline};
use crate::safe::safe_text;
use crate::words::{
    SEVERITIES, checked, language, opposed, origin, parts, place, reviewers_of, rules_of, severity_heading,
    severity_note, tried,
};

/// The sections `Critical Issues`, `Important Issues` and `Suggestions`.
pub(super) fn sections(report: &Report) -> String {
    let sections: Vec<String> = SEVERITIES.iter().map(|severity| section(report, *severity)).collect();
    sections.join("\n---\n\n")
}

fn section(report: &Report, severity: Severity) -> String {
    let findings: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .map(|finding| write(report, finding))
        .collect();
    let body = if findings.is_empty() { "None.\n".to_owned() } else { findings.join("\n") };
    format!("## {}\n\n{body}", severity_heading(severity))
}

/// One finding.
fn write(report: &Report, finding: &Finding) -> String {
    let parts = parts(finding);
    let mut paragraphs = vec![first_line(finding)];
    paragraphs.extend(finding.came_back.as_ref().map(|why| remark("Raised again:", &format!("{why}."))));
    paragraphs.extend(decided(finding));
    paragraphs.extend(finding.excerpt.as_ref().and_then(excerpt));
    if !parts.prose.is_empty() {
        paragraphs.push(block(&parts.prose));
    }
    paragraphs.extend(contested(finding));
    paragraphs.extend(rule_line(finding));
    paragraphs.extend(origin_line(finding));
    paragraphs.extend(checked_line(finding));
    paragraphs.extend(scripts(report, finding));
    if let Some(fix) = &parts.fix {
        paragraphs.push(proposal(fix));
    }
    paragraphs.extend(finding.reconciliation.iter().map(|note| remark("Severity:", &severity_note(note))));
    paragraphs.extend(also_noted(finding));
    if !finding.possibly_same.is_empty() {
        paragraphs.push(remark("Possibly the same as", &format!("{}.", finding.possibly_same.join(", "))));
    }
    paragraphs.join("\n\n") + "\n"
}

/// What people decided since, where the report is shown with that.
fn decided(finding: &Finding) -> Option<String> {
    let word = match finding.state {
        model::FindingState::Open => return None,
        model::FindingState::Fixed => "fixed",
        model::FindingState::Declined => "declined",
        model::FindingState::Deferred => "its risk is accepted",
        model::FindingState::Stale => "it does not apply any more",
        model::FindingState::Superseded => "settled by another",
    };
    Some(remark("Decided:", &format!("{word}.")))
}

/// What its scripts showed when they were run.
fn scripts(report: &Report, finding: &Finding) -> Vec<String> {
    let mut told = Vec::new();
    for one in tried(report, finding) {
        told.push(remark("Tried:", &one.sentence));
        if !one.output.is_empty() {
            told.push(fence("text", &safe_text(&one.output)).trim_end().to_owned());
        }
    }
    told
}

fn first_line(finding: &Finding) -> String {
    let title = inline(&finding.title);
    let title = if title.is_empty() { "(no title)".to_owned() } else { title };
    let places: Vec<String> = finding.locations.iter().map(linked_place).collect();
    let places = if places.is_empty() { String::new() } else { format!(" — {}", places.join(", ")) };
    let kind = finding.kind.map_or(String::new(), |kind| format!(", {}", kind.as_str()));
    let names: Vec<String> = reviewers_of(finding).into_iter().map(cell).collect();
    let attribution = if names.is_empty() { String::new() } else { format!(" [{}]", names.join(", ")) };
    format!("{}. **{title}**{places} ({}{kind}){attribution}", cell(&finding.id), finding.severity.as_str())
}

fn linked_place(location: &model::Location) -> String {
    let shown = code(&place(location));
    match location.permalink.as_deref().and_then(address) {
        Some(url) => format!("[{shown}]({url})"),
        None => shown,
    }
}

/// The lines of the finding itself; their surroundings are for the page.
fn excerpt(excerpt: &Excerpt) -> Option<String> {
    let lines = crate::words::shown_lines(excerpt);
    let own: Vec<&str> =
        lines.iter().filter(|line| line.marked || line.number.is_none()).map(|line| line.text).collect();
    let text = safe_text(&own.join("\n"));
    (!text.trim().is_empty()).then(|| fence(language(&excerpt.path), &text).trim_end().to_owned())
}

/// A line that `deep-review` adds: in italics, opened by one of the known words.
fn remark(label: &str, text: &str) -> String {
    debug_assert!(super::REMARKS.contains(&label));
    format!("*{label} {}*", inline(text))
}

fn contested(finding: &Finding) -> Option<String> {
    let mut against = checked(finding).failed;
    against.extend(opposed(finding));
    let against = if against.is_empty() { String::new() } else { format!(" {}.", against.join("; ")) };
    match finding.lane {
        Lane::Contested => Some(remark("Contested:", &format!("it does not block.{against}"))),
        _ if finding.contradictions.is_empty() => None,
        _ => Some(remark("Contested:", &format!("{}.", opposed(finding).join("; ")))),
    }
}

fn origin_line(finding: &Finding) -> Option<String> {
    let (words, commits) = origin(finding)?;
    let commits: Vec<String> = commits.into_iter().map(code).collect();
    let commits = if commits.is_empty() { String::new() } else { format!(" in {}", commits.join(", ")) };
    Some(remark("Origin:", &format!("{words}{commits}.")))
}

/// The rules of tools behind it, linked to their pages.
fn rule_line(finding: &Finding) -> Option<String> {
    let told: Vec<String> = rules_of(finding)
        .into_iter()
        .map(|(who, rule, url)| {
            let shown = code(rule);
            match url.and_then(address) {
                Some(url) => format!("[{shown}]({url}) of {}", cell(who)),
                None => format!("{shown} of {}", cell(who)),
            }
        })
        .collect();
    (!told.is_empty()).then(|| format!("*Rule: {}*", told.join(", ")))
}

fn checked_line(finding: &Finding) -> Option<String> {
    let told: Vec<String> = checked(finding)
        .groups()
        .into_iter()
        .map(|(label, phrases)| format!("{}: {phrases}", label.to_lowercase()))
        .collect();
    (!told.is_empty()).then(|| remark("Checked:", &format!("{}.", told.join("; "))))
}

/// `Fix:` and the proposal; a proposal that opens with code starts below the label.
fn proposal(fix: &str) -> String {
    let fix = block(fix);
    let is_prose = fix.starts_with(|c: char| c.is_alphabetic() || c == '`') && !fix.starts_with("```");
    format!("Fix:{}{fix}", if is_prose { " " } else { "\n\n" })
}

fn also_noted(finding: &Finding) -> Vec<String> {
    finding
        .also_noted
        .iter()
        .map(|(reviewer, detail)| remark("Also noted by", &format!("{reviewer}: {detail}")))
        .collect()
}
