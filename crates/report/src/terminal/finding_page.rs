//! One finding in a terminal: `show I1`.
//!
//! In: a report and an id. Out: title, places, code with line numbers, prose, checks, proposal, what each reviewer
//! said. Never a code line that wraps: long ones are cut, so that line numbers stay true.

use model::{Excerpt, Finding, Lane, Report};

use super::layout::{Style, cut, wrap};
use crate::safe::{safe_line, safe_name, safe_text};
use crate::words::{
    checked, count, opposed, origin, parts, place, reviewers_of, rules_of, severity_note, shown_lines,
};

/// Writes the page of one finding; `None` where the report has no such id. Ids are compared without regard to case.
pub fn finding_page(report: &Report, id: &str, width: usize, style: Style) -> Option<String> {
    let finding = report.findings.iter().find(|finding| finding.id.eq_ignore_ascii_case(id))?;
    let parts = parts(finding);
    let mut blocks = vec![head(finding, width, style)];
    blocks.extend(finding.excerpt.as_ref().map(|it| excerpt(it, width, style)));
    blocks.push(prose(&parts.prose, width));
    blocks.extend(parts.fix.map(|fix| format!("{}\n{}", style.bold("Fix"), prose(&fix, width))));
    blocks.push(evidence(finding, width, style));
    blocks.push(sources(finding, width, style));
    let blocks: Vec<String> = blocks.into_iter().filter(|block| !block.trim().is_empty()).collect();
    Some(blocks.join("\n"))
}

fn head(finding: &Finding, width: usize, style: Style) -> String {
    let id = format!("{}  ", finding.id);
    let mut text = String::new();
    for line in wrap(&safe_line(&finding.title), &id, id.len(), width) {
        match line.strip_prefix(&id) {
            Some(rest) => {
                text.push_str(&style.severity(finding.severity, finding.lane, &id));
                text.push_str(&style.bold(rest));
            }
            None => text.push_str(&style.bold(&line)),
        }
        text.push('\n');
    }
    for location in &finding.locations {
        put!(text, "    {}\n", safe_name(&place(location)));
    }
    let mut facts = vec![finding.severity.as_str().to_owned()];
    facts.extend(finding.kind.map(|kind| kind.as_str().to_owned()));
    facts.extend(origin(finding).map(|(words, commits)| {
        if commits.is_empty() { words } else { format!("{words} in {}", commits.join(", ")) }
    }));
    facts.push(finding.lane.as_str().to_owned());
    facts.push(format!("[{}]", reviewers_of(finding).join(" ")));
    lines(&mut text, &safe_line(&facts.join(" · ")), "    ", 4, width);
    text
}

fn lines(text: &mut String, words: &str, first: &str, rest: usize, width: usize) {
    for line in wrap(words, first, rest, width) {
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn excerpt(excerpt: &Excerpt, width: usize, style: Style) -> String {
    let shown = shown_lines(excerpt);
    let widest = shown.iter().filter_map(|line| line.number).max().unwrap_or(0).to_string().len();
    let mut text = String::new();
    for line in shown {
        let number = line.number.map_or_else(String::new, |number| number.to_string());
        let mark = if line.marked { '>' } else { ' ' };
        let gutter = format!("  {mark} {number:>widest$} │ ");
        let code = cut(&safe_text(&line.text.replace('\t', "    ")), width.saturating_sub(widest + 7));
        let gutter = if line.marked { style.bold(&gutter) } else { style.dim(&gutter) };
        put!(text, "{gutter}{}\n", code.trim_end());
    }
    text
}

/// Markdown as it stands, wrapped outside fences. It reads well enough without being rendered.
fn prose(markdown: &str, width: usize) -> String {
    let mut text = String::new();
    let mut fenced = false;
    for line in safe_text(markdown).lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            put!(text, "    {}\n", cut(&line.replace('\t', "    "), width.saturating_sub(4)));
        } else if trimmed.is_empty() {
            text.push('\n');
        } else {
            let indent = line.len() - trimmed.len();
            let bullet = if trimmed.starts_with(['-', '*', '+']) { 2 } else { 0 };
            lines(&mut text, trimmed, &" ".repeat(indent.min(8)), indent.min(8) + bullet, width);
        }
    }
    text
}

fn evidence(finding: &Finding, width: usize, style: Style) -> String {
    let mut text = String::new();
    for (label, told) in checked(finding).groups() {
        lines(&mut text, &safe_line(&format!("{}: {told}", label.to_lowercase())), "  ", 4, width);
    }
    for (who, rule, url) in rules_of(finding) {
        let page = url.map(|url| format!(" ({url})")).unwrap_or_default();
        lines(&mut text, &safe_line(&format!("rule: {rule} of {who}{page}")), "  ", 4, width);
    }
    for note in &finding.reconciliation {
        lines(&mut text, &safe_line(&format!("severity: {}", severity_note(note))), "  ", 4, width);
    }
    if finding.lane == Lane::Contested {
        text.push_str("  contested: it does not block\n");
    }
    for sentence in opposed(finding) {
        lines(&mut text, &safe_line(&sentence), "  ", 4, width);
    }
    for (reviewer, detail) in &finding.also_noted {
        lines(&mut text, &safe_line(&format!("also noted by {reviewer}: {detail}")), "  ", 4, width);
    }
    if !finding.possibly_same.is_empty() {
        put!(text, "  possibly the same as {}\n", safe_line(&finding.possibly_same.join(", ")));
    }
    if text.is_empty() { text } else { format!("{}\n{text}", style.bold("Evidence")) }
}

fn sources(finding: &Finding, width: usize, style: Style) -> String {
    let title = format!("Said by {}", count(reviewers_of(finding).len(), "reviewer"));
    let mut text = format!("{}\n", style.bold(&title));
    for source in &finding.sources {
        let shown = if source.shown { ", shown above" } else { "" };
        let line = format!(
            "{} {} ({}{shown}): {}",
            source.reviewer,
            source.raw,
            source.severity.as_str(),
            source.title
        );
        lines(&mut text, &safe_line(&line), "  ", 4, width);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use unicode_width::UnicodeWidthStr as _;

    #[test]
    fn a_finding_reads_well() {
        let text = finding_page(&sample::report(), "c1", 80, Style::default()).expect("C1 is there");
        insta::assert_snapshot!("finding_c1", text);
    }

    #[test]
    fn a_hostile_finding_stays_inert_and_narrow() {
        for width in [40, 80] {
            let text = finding_page(&sample::report(), "S1", width, Style::default()).expect("S1 is there");
            assert_eq!(text.chars().find(|&c| c != '\n' && crate::safe::is_unsafe(c)), None);
            for line in text.lines() {
                assert!(line.width() <= width || line.starts_with("    src/"), "{line}");
            }
        }
    }

    #[test]
    fn an_unknown_id_has_no_page() {
        assert!(finding_page(&sample::report(), "C9", 80, Style::default()).is_none());
    }
}
