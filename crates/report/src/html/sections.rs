//! Design, testing, documentation, commits, limitations, coverage and earlier findings on the page.
//!
//! In: a report. Out: one section each. Empty ones take one line.

use model::{CoverageStatus, DesignKind, DesignObservation, DesignScope, Report, SectionRemark, TestingGap};

use super::escape::{line, name, with_code};
use super::finding::{linked_place, reviewer_class};
use super::prose;
use crate::words::{coverage_word, earlier, from_earlier, lines_of, read_by, rest};

/// Writes the sections between the findings and the reviewers.
pub(super) fn write(page: &mut String, report: &Report) {
    design(page, report);
    testing(page, report);
    section(page, "documentation", "Documentation", |page| {
        paragraph(page, &report.documentation.text);
        gaps(page, report, &report.documentation.gaps);
        remarks(page, report, &report.documentation.remarks);
    });
    commits(page, report);
    limitations(page, report);
    // No pull request is read yet, and "none" would be a claim.
    page.push_str(
        "<section class=\"none\" aria-labelledby=\"feedback\"><h2 id=\"feedback\">Unresolved feedback</h2>\
         <p class=\"soft\">Not known: no pull request was read.</p></section>\n",
    );
    coverage(page, report);
}

/// A section with its heading; `None.` where the content writes nothing.
fn section(page: &mut String, id: &str, heading: &str, content: impl FnOnce(&mut String)) {
    let mut inside = String::new();
    content(&mut inside);
    let class = if inside.is_empty() { " class=\"none\"" } else { "" };
    put!(page, "<section{class} aria-labelledby=\"{id}\"><h2 id=\"{id}\">{heading}</h2>");
    if inside.is_empty() {
        page.push_str("<p class=\"soft\">None.</p>");
    } else {
        put!(page, "<div class=\"card pad prose\">{inside}</div>");
    }
    page.push_str("</section>\n");
}

fn paragraph(page: &mut String, markdown: &str) {
    if !markdown.trim().is_empty() {
        page.push_str(&prose::block(markdown));
    }
}

/// Chips with the names of those who said it.
fn said_by(report: &Report, names: &[String]) -> String {
    let chips: Vec<String> = names
        .iter()
        .map(|name| format!("<span class=\"chip {}\">{}</span>", reviewer_class(report, name), line(name)))
        .collect();
    chips.join(" ")
}

fn related(ids: &[String]) -> String {
    let links: Vec<String> = ids.iter().map(|id| format!(" <a href=\"#{0}\">{0}</a>", name(id))).collect();
    links.concat()
}

fn design(page: &mut String, report: &Report) {
    section(page, "design", "Design", |page| {
        for (heading, kind) in [("Concerns", DesignKind::Concern), ("Strengths", DesignKind::Strength)] {
            let items: Vec<String> = report
                .design
                .iter()
                .filter(|item| item.kind == kind)
                .map(|item| observation(report, item))
                .collect();
            if !items.is_empty() {
                put!(page, "<h3>{heading}</h3><ul>{}</ul>", items.concat());
            }
        }
    });
}

fn observation(report: &Report, item: &DesignObservation) -> String {
    let scope = match item.scope {
        DesignScope::InScope => "in scope",
        DesignScope::Future => "future",
    };
    let places: Vec<String> = item.locations.iter().map(linked_place).collect();
    let moved = item.moved_from.as_deref().map_or(String::new(), |from| {
        format!(" <span class=\"soft\">(raised as a finding, {})</span>", line(from))
    });
    format!(
        "<li><strong>{}</strong> <span class=\"chip\">{scope}</span> {} {}{}{moved}{}</li>",
        with_code(&item.title),
        said_by(report, &item.reviewers),
        places.join(" "),
        related(&item.related),
        prose::block(&item.body)
    )
}

fn testing(page: &mut String, report: &Report) {
    section(page, "testing", "Testing", |page| {
        paragraph(page, &report.testing.text);
        if !report.testing.ran.is_empty() {
            page.push_str("<h3>Ran</h3><ul>");
            for ran in &report.testing.ran {
                let exit = match ran.exit {
                    Some(0) => "passed".to_owned(),
                    Some(exit) => format!("exit {exit}"),
                    None => "result not told".to_owned(),
                };
                let note =
                    ran.note.as_deref().map_or(String::new(), |note| format!(" — {}", with_code(note)));
                let who = if ran.reviewer.is_empty() {
                    String::new()
                } else {
                    said_by(report, std::slice::from_ref(&ran.reviewer))
                };
                put!(page, "<li><code>{}</code> {exit}{note} {who}</li>", name(&ran.command));
            }
            page.push_str("</ul>");
        }
        if !report.testing.gaps.is_empty() {
            page.push_str("<h3>Untested, riskiest first</h3>");
            gaps(page, report, &report.testing.gaps);
        }
        remarks(page, report, &report.testing.remarks);
    });
}

/// What else was said: it asks for nothing, so it is folded.
fn remarks(page: &mut String, report: &Report, remarks: &[SectionRemark]) {
    if remarks.is_empty() {
        return;
    }
    page.push_str("<details><summary>What else reviewers say</summary><ul>");
    for remark in remarks {
        put!(page, "<li>{} {}</li>", prose::phrase(&remark.text), said_by(report, &remark.reviewers));
    }
    page.push_str("</ul></details>");
}

fn gaps(page: &mut String, report: &Report, gaps: &[TestingGap]) {
    if gaps.is_empty() {
        return;
    }
    page.push_str("<ol>");
    for gap in gaps {
        let finding = gap.finding.iter().cloned().collect::<Vec<_>>();
        put!(
            page,
            "<li>{}{} {}</li>",
            prose::phrase(&gap.scenario),
            related(&finding),
            said_by(report, &gap.reviewers)
        );
    }
    page.push_str("</ol>");
}

fn commits(page: &mut String, report: &Report) {
    section(page, "commits", "Commits", |page| {
        paragraph(page, &report.commits.text);
        if !report.commits.remarks.is_empty() {
            page.push_str("<ul>");
            for remark in &report.commits.remarks {
                let sha = remark
                    .sha
                    .as_ref()
                    .map_or(String::new(), |sha| format!("<code>{}</code> ", name(sha.short())));
                put!(
                    page,
                    "<li>{sha}{} {}</li>",
                    prose::phrase(&remark.text),
                    said_by(report, &remark.reviewers)
                );
            }
            page.push_str("</ul>");
        }
        if !report.target.commits.is_empty() {
            page.push_str("<details><summary>Commits, oldest first</summary><ol>");
            for commit in &report.target.commits {
                put!(
                    page,
                    "<li><code>{}</code> {} <span class=\"soft\">{}</span></li>",
                    name(commit.sha.short()),
                    line(&commit.subject),
                    line(&commit.author)
                );
            }
            page.push_str("</ol></details>");
        }
    });
}

fn limitations(page: &mut String, report: &Report) {
    section(page, "limitations", "Acknowledged limitations", |page| {
        if report.limitations.is_empty() {
            return;
        }
        page.push_str("<ul>");
        for item in &report.limitations {
            let at = item.location.as_ref().map(linked_place).unwrap_or_default();
            let finding = item.finding.iter().cloned().collect::<Vec<_>>();
            put!(
                page,
                "<li>{} {at}: {}{} {}</li>",
                line(&item.source),
                prose::phrase(item.quote.trim()),
                related(&finding),
                said_by(report, &item.reviewers)
            );
        }
        page.push_str("</ul>");
    });
}

fn coverage(page: &mut String, report: &Report) {
    page.push_str("<section aria-labelledby=\"coverage\"><h2 id=\"coverage\">Coverage</h2>");
    if report.coverage.files.is_empty() {
        page.push_str("<p class=\"soft\">None.</p></section>\n");
        return;
    }
    for path in &report.coverage.uncovered {
        put!(
            page,
            "<p class=\"warn\">⚠ No reviewer says it looked at <code>{}</code></p>",
            name(path.as_str())
        );
    }
    for contradiction in &report.coverage.contradictions {
        put!(page, "<p class=\"warn\">⚠ {}</p>", with_code(contradiction));
    }
    if let Some(rest) = rest(report) {
        put!(page, "<p>{}</p>", line(&rest));
    }
    matrix(page, report);
    attention(page, report);
    page.push_str("</section>\n");
}

fn matrix(page: &mut String, report: &Report) {
    let names: Vec<&str> = report
        .reviewers
        .iter()
        .map(|reviewer| reviewer.name.as_str())
        .filter(|name| report.coverage.files.iter().any(|file| file.by.iter().any(|(by, _)| by == name)))
        .collect();
    page.push_str("<div class=\"card scroll\" tabindex=\"0\"><table class=\"matrix\"><thead><tr><th scope=\"col\">File</th>");
    for name in &names {
        put!(page, "<th scope=\"col\">{}</th>", line(name));
    }
    let has_earlier = from_earlier(report) > 0;
    if has_earlier {
        page.push_str("<th scope=\"col\">Earlier</th>");
    }
    page.push_str("</tr></thead><tbody>");
    for file in &report.coverage.files {
        put!(page, "<tr><th scope=\"row\"><code>{}</code></th>", name(file.path.as_str()));
        for name in &names {
            let status = file.by.iter().find(|(by, _)| by == name).map(|(_, status)| *status);
            let (class, sign) = match status {
                Some(CoverageStatus::Findings) => ("found", "● "),
                Some(CoverageStatus::Reviewed) => ("seen", "✓ "),
                Some(CoverageStatus::Trivial) => ("seen", "· "),
                Some(CoverageStatus::NotReviewed) => ("missed", "✗ "),
                None => ("missed", ""),
            };
            let word = status.map_or("—", coverage_word);
            put!(page, "<td class=\"{class}\">{sign}{word}</td>");
        }
        if has_earlier {
            let told = earlier(report, &file.path).map_or_else(|| "—".to_owned(), |it| line(&read_by(it)));
            put!(page, "<td class=\"soft\">{told}</td>");
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>");
}

fn attention(page: &mut String, report: &Report) {
    if report.attention.is_empty() {
        return;
    }
    page.push_str("<h3>Places worth a look</h3><p class=\"soft\">Not findings: where a second pair of eyes pays most.</p><ul>");
    for place in &report.attention {
        put!(
            page,
            "<li><code>{}</code> — {}</li>",
            name(&lines_of(&place.path, Some(place.start), Some(place.end))),
            with_code(&place.why.join("; "))
        );
    }
    page.push_str("</ul>");
}
