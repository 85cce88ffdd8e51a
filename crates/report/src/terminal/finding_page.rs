//! One finding in a terminal: `show I1`.
//!
//! In: a report and an id. Out: title, places, code with line numbers, prose, checks, proposal, what each reviewer
//! said. Never a code line that wraps: long ones are cut, so that line numbers stay true.

use model::{Finding, Lane, Report};

use super::layout::{Style, cut, wrap};
use super::snippet::snippet;
use crate::safe::{safe_line, safe_name, safe_text};
use crate::words::{checked, count, opposed, origin, parts, place, reviewers_of, rules_of, severity_note};

/// Writes the page of one finding; `None` where the report has no such id. Ids are compared without regard to case.
pub fn finding_page(report: &Report, id: &str, width: usize, style: Style) -> Option<String> {
    let finding = report.findings.iter().find(|finding| finding.id.eq_ignore_ascii_case(id))?;
    let parts = parts(finding);
    let mut blocks = vec![head(finding, width, style)];
    blocks.extend(finding.excerpt.as_ref().map(|it| snippet(it, finding, width, style)));
    blocks.push(prose(&parts.prose, width, style));
    blocks.extend(parts.fix.map(|fix| format!("{}\n{}", style.bold("Fix"), prose(&fix, width, style))));
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
    // The first place is told where its code is shown.
    let shown = usize::from(finding.excerpt.is_some());
    for location in finding.locations.iter().skip(shown) {
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

/// Markdown as it stands, wrapped outside fences. It reads well enough without being rendered.
fn prose(markdown: &str, width: usize, style: Style) -> String {
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
            let (label, words) = labelled(trimmed);
            let start = text.len();
            lines(&mut text, &words, &" ".repeat(indent.min(8)), indent.min(8) + bullet, width);
            if let Some(label) = label.filter(|label| text[start..].trim_start().starts_with(label)) {
                let at = start + text[start..].len() - text[start..].trim_start().len();
                text.replace_range(at..at + label.len(), &style.bold(label));
            }
        }
    }
    text
}

/// A line that opens with a bold label, without its stars: the label and the whole line.
fn labelled(line: &str) -> (Option<&str>, std::borrow::Cow<'_, str>) {
    let label = line.strip_prefix("**").and_then(|rest| rest.split_once("**"));
    match label.filter(|(label, _)| label.ends_with(':') && label.len() < 40) {
        Some((label, rest)) => (Some(label), format!("{label}{rest}").into()),
        None => (None, line.into()),
    }
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
    fn a_bold_label_is_told_without_its_stars() {
        let text = prose("**Trigger:** a **busy** day\n\n**Result:** it stops", 60, Style { colour: true });
        assert_eq!(text, "\u{1b}[1mTrigger:\u{1b}[0m a **busy** day\n\n\u{1b}[1mResult:\u{1b}[0m it stops\n");
    }

    #[test]
    fn an_unknown_id_has_no_page() {
        assert!(finding_page(&sample::report(), "C9", 80, Style::default()).is_none());
    }
}
