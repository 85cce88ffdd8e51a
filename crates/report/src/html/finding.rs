//! Findings as cards, and the ledger of what became of the rest.
//!
//! In: a report. Out: one section a severity, then the folded ledger. Never hides a finding: long lists of suggestions
//! are folded to their title rows, and open without scripts.

use model::{Disposition, Finding, FindingState, Lane, Location, OriginValue, Report, Severity, Side};

use super::escape::{address, line, name, text, with_code};
use super::filters::{self, Filter, state_word};
use super::frame::{ledger_size, section_id, severity_word};
use super::{code, prose};
use crate::words::{
    SEVERITIES, checked, count, how_many, opposed, origin, parts, place, reviewers_of, row, rules_of,
    severity_note, tried,
};

/// Suggestions beyond this number start folded.
const UNFOLDED_SUGGESTIONS: usize = 8;
/// A report of more findings than this is too long to be read from end to end, and its page must still open at once …
const LARGE: usize = 400;
/// … so its suggestions beyond this number come without code and without the reasons behind a reason.
const WHOLE_SUGGESTIONS: usize = 150;

/// The sections by severity.
pub(super) fn sections(page: &mut String, report: &Report) {
    let filters = filters::of(report);
    for severity in SEVERITIES {
        let number = how_many(report, severity);
        let id = section_id(severity);
        put!(
            page,
            "<section{} aria-labelledby=\"{id}\"><h2 id=\"{id}\">{} <span class=\"soft\">{number}</span></h2>",
            if number == 0 { " class=\"none\"" } else { "" },
            severity_word(severity)
        );
        if number == 0 {
            page.push_str("<p class=\"soft\">None.</p>");
        }
        let fold = severity == Severity::Suggestion && number > UNFOLDED_SUGGESTIONS;
        let most = if severity == Severity::Suggestion && report.findings.len() > LARGE {
            WHOLE_SUGGESTIONS
        } else {
            usize::MAX
        };
        let findings = report.findings.iter().filter(|finding| finding.severity == severity);
        for (at, finding) in findings.enumerate() {
            if at == most {
                put!(
                    page,
                    "<p class=\"soft\">From here on without code: <code>deep-review show {}</code> shows it, and the JSON report holds it.</p>",
                    name(&finding.id)
                );
            }
            card(page, report, &filters, finding, Manner { fold, brief: at >= most });
        }
        page.push_str("</section>\n");
    }
}

/// How a card is shown.
#[derive(Clone, Copy)]
struct Manner {
    fold: bool,
    brief: bool,
}

fn card(page: &mut String, report: &Report, filters: &[Filter], finding: &Finding, manner: Manner) {
    let contested = if finding.lane == Lane::Contested { " contested" } else { "" };
    put!(
        page,
        "<article class=\"card finding {}{contested}\" id=\"{}\"",
        finding.severity.as_str(),
        name(&finding.id)
    );
    for filter in filters {
        put!(page, " data-{}=\"{}\"", filter.key, filter.values_of(finding).join(" "));
    }
    page.push('>');
    head(page, report, finding);
    if manner.fold {
        page.push_str("<details class=\"fold\"><summary>Details</summary>");
    }
    body(page, report, finding, manner.brief);
    folded(page, report, finding, manner.brief);
    page.push_str(if manner.fold { "</details></article>\n" } else { "</article>\n" });
}

fn head(page: &mut String, report: &Report, finding: &Finding) {
    let id = name(&finding.id);
    put!(
        page,
        "<header><span class=\"id\">{id}</span><div><h3>{} <a class=\"anchor\" href=\"#{id}\" \
         aria-label=\"Link to {id}\">#</a></h3>",
        with_code(&finding.title)
    );
    let places: Vec<String> = finding.locations.iter().map(linked_place).collect();
    if !places.is_empty() {
        put!(page, "<p class=\"places\">{}</p>", places.join(" "));
    }
    page.push_str("<ul class=\"chips\">");
    chip(page, "sev", finding.severity.as_str());
    if let Some(kind) = finding.kind {
        chip(page, "", kind.as_str());
    }
    lane(page, finding);
    if let Some((words, commits)) = origin(finding) {
        let commits = if commits.is_empty() { String::new() } else { format!(" in {}", commits.join(", ")) };
        let words = words.split(':').next().unwrap_or_default();
        let label = if finding.origin.value == OriginValue::Unknown { "origin " } else { "" };
        chip(page, "", &format!("{label}{words}{commits}"));
    }
    let reviewed = report.retro.iter().filter(|retro| retro.reviewed).count();
    if reviewed > 1 {
        chip(page, "", &format!("{} of {reviewed} reviewers", finding.agreement));
    }
    if let Some(round) = finding.since_round {
        chip(page, "", &format!("since round {round}"));
    }
    if finding.state != FindingState::Open {
        chip(page, "state", state_word(finding.state));
    }
    if finding.came_back.is_some() {
        chip(page, "state", "came back");
    }
    for reviewer in reviewers_of(finding) {
        chip(page, &reviewer_class(report, reviewer), reviewer);
    }
    page.push_str("</ul></div></header>");
}

fn chip(page: &mut String, class: &str, text: &str) {
    put!(page, "<li class=\"chip {class}\">{}</li>", line(text));
}

/// A hue a reviewer, apart from the hues of severities.
pub(super) fn reviewer_class(report: &Report, reviewer: &str) -> String {
    match report.reviewers.iter().position(|it| it.name == reviewer) {
        Some(at) => format!("who r{}", at % 6),
        None => String::new(),
    }
}

fn lane(page: &mut String, finding: &Finding) {
    let checked = checked(finding);
    let held = checked.verified.len() + checked.repaired.len();
    match finding.lane {
        Lane::Confirmed if held > 0 => chip(page, "good", &format!("✓ {}", count(held, "check"))),
        Lane::Confirmed => chip(page, "good", "✓ confirmed"),
        Lane::Unverified => chip(page, "", "? unverified"),
        Lane::Contested => chip(page, "bad", "✗ contested, does not block"),
    }
}

/// A place, linked where the forge is known.
pub(super) fn linked_place(location: &Location) -> String {
    let side = if location.side == Side::Base { " (before the change)" } else { "" };
    let shown = format!("<code>{}</code>{side}", name(&place(location)));
    match location.permalink.as_deref().and_then(address) {
        Some(url) => format!("<a href=\"{url}\">{shown}</a>"),
        None => shown,
    }
}

fn body(page: &mut String, report: &Report, finding: &Finding, brief: bool) {
    let parts = parts(finding);
    page.push_str("<div class=\"body\">");
    if let Some(excerpt) = finding.excerpt.as_ref().filter(|_| !brief) {
        let range = Location {
            path: excerpt.path.clone(),
            start: Some(excerpt.start),
            end: Some(excerpt.end),
            ..Location::default()
        };
        let sha = if excerpt.side == Side::Base { &report.target.merge_base } else { &report.target.head };
        put!(
            page,
            "<figure class=\"block\"><figcaption><span>{} @ {}</span></figcaption>",
            name(&place(&range)),
            name(sha.short())
        );
        code::excerpt(page, excerpt);
        page.push_str("</figure>");
    }
    put!(page, "<div class=\"prose\">{}</div>", prose::block(&parts.prose));
    if let Some(fix) = &parts.fix {
        let applies = finding.fix.as_ref().and_then(|fix| fix.applies);
        let note = match applies {
            Some(true) => " <span class=\"ok\">applies cleanly</span>",
            Some(false) => " <span class=\"no\">does not apply</span>",
            None => "",
        };
        put!(
            page,
            "<div class=\"fix\"><p class=\"label\">Suggested fix{note}</p><div class=\"prose\">{}</div></div>",
            prose::block(fix)
        );
    }
    notes(page, finding);
    for one in tried(report, finding) {
        put!(
            page,
            "<details><summary>Tried: {}</summary><pre><code>{}</code></pre></details>",
            line(&one.sentence),
            text(&one.output)
        );
    }
    page.push_str("</div>");
}

fn notes(page: &mut String, finding: &Finding) {
    // First: whoever decided against it wants to know that before anything else.
    let mut notes: Vec<(String, String)> =
        finding.came_back.iter().map(|why| ("Why it came back".to_owned(), why.clone())).collect();
    notes.extend(checked(finding).groups().into_iter().map(|(label, told)| (label.to_owned(), told)));
    notes.extend(opposed(finding).into_iter().map(|said| ("Contested".to_owned(), said)));
    let method = finding.origin.method.as_str();
    notes.extend(origin(finding).map(|(words, _)| {
        let known = finding.origin.value != OriginValue::Unknown && !method.is_empty();
        ("Origin".to_owned(), if known { format!("{words} (by {method})") } else { words })
    }));
    notes.extend(finding.reconciliation.iter().map(|it| ("Severity".to_owned(), severity_note(it))));
    notes.extend(finding.also_noted.iter().map(|(who, what)| (format!("Also noted by {who}"), what.clone())));
    let rules = rules_of(finding);
    if notes.is_empty() && finding.possibly_same.is_empty() && rules.is_empty() {
        return;
    }
    page.push_str("<dl class=\"notes\">");
    for (who, rule, url) in rules {
        let shown = format!("<code>{}</code>", line(rule));
        let shown = match url.and_then(address) {
            Some(url) => format!("<a href=\"{url}\">{shown}</a>"),
            None => shown,
        };
        put!(page, "<dt>Rule</dt><dd>{shown} of {}</dd>", line(who));
    }
    for (label, told) in notes {
        put!(page, "<dt>{}</dt><dd>{}</dd>", line(&label), with_code(&told));
    }
    if !finding.possibly_same.is_empty() {
        let links: Vec<String> =
            finding.possibly_same.iter().map(|id| format!("<a href=\"#{0}\">{0}</a>", name(id))).collect();
        put!(page, "<dt>Possibly the same as</dt><dd>{}</dd>", links.join(", "));
    }
    page.push_str("</dl>");
}

/// Each reviewer's own words and what the confidence is made of.
fn folded(page: &mut String, report: &Report, finding: &Finding, brief: bool) {
    if finding.sources.is_empty() {
        return;
    }
    put!(
        page,
        "<details><summary>What each reviewer wrote ({})</summary><div class=\"inside\">",
        finding.sources.len()
    );
    for source in &finding.sources {
        put!(
            page,
            "<div class=\"said\"><p><span class=\"chip {}\">{}</span> {} <span class=\"soft\">{}</span> {}</p>",
            reviewer_class(report, &source.reviewer),
            line(&source.reviewer),
            line(&source.raw),
            source.severity.as_str(),
            with_code(&source.title)
        );
        if source.shown {
            page.push_str("<p class=\"soft\">Its text is the one shown above.</p></div>");
        } else {
            put!(page, "<div class=\"prose\">{}</div></div>", prose::block(&source.body));
        }
    }
    for why in &finding.merged_because {
        put!(page, "<p class=\"soft\">Merged: {}</p>", with_code(why));
    }
    let apart = finding.possibly_same.iter().zip(&finding.apart_because);
    for (id, why) in apart.filter(|_| !brief) {
        put!(page, "<p class=\"soft\">Not merged with {}: {}</p>", name(id), with_code(why));
    }
    let terms: Vec<String> = finding
        .confidence_terms
        .iter()
        .filter(|_| !brief)
        .map(|term| format!("{} {:+.2}", line(&term.name), term.weight))
        .collect();
    let terms = if terms.is_empty() { String::new() } else { format!(": {}", terms.join(", ")) };
    put!(
        page,
        "<p class=\"soft\">Chance that a maintainer accepts it: {:.0} %{terms}</p></div></details>",
        finding.confidence * 100.0
    );
}

/// Every raw finding that was not simply kept, with its reason.
pub(super) fn ledger(page: &mut String, report: &Report) {
    let number = ledger_size(report);
    put!(
        page,
        "<section{} aria-labelledby=\"ledger\"><h2 id=\"ledger\">Dropped and changed <span class=\"soft\">{number}</span></h2>",
        if number == 0 { " class=\"none\"" } else { "" }
    );
    if number == 0 {
        page.push_str("<p class=\"soft\">None: every raw finding was kept as raised.</p></section>\n");
        return;
    }
    put!(
        page,
        "<details class=\"card\"><summary>What became of {}</summary><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>\
         <th scope=\"col\">Raised</th><th scope=\"col\">Title</th><th scope=\"col\">Became</th>\
         <th scope=\"col\">Why</th></tr></thead><tbody>",
        count(number, "raw finding")
    );
    for entry in report.dispositions.iter().filter(|entry| entry.disposition != Disposition::Kept) {
        let row = row(entry);
        put!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            line(&row.who),
            with_code(&row.title),
            line(&row.fate),
            with_code(&row.why)
        );
    }
    page.push_str("</tbody></table></div></details></section>\n");
}
