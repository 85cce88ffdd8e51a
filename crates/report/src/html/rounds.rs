//! Earlier rounds on the page: what became of their findings, and what people decided since.
//!
//! In: a report. Out: a section each, where there is anything to tell. Never a link to another round's page: it need not lie
//! anywhere near.

use model::{Prior, Report};

use super::escape::{line, name, with_code};
use crate::words::{count, delta, prior_name, prior_word, raised_again, round_before};

/// What became of findings of earlier rounds; nothing where there were none.
pub(super) fn prior(page: &mut String, report: &Report) {
    let Some(before) = round_before(report) else { return };
    let number = report.prior.len();
    put!(
        page,
        "<section aria-labelledby=\"prior\"><h2 id=\"prior\">Since round {before} <span class=\"soft\">{number}</span></h2>"
    );
    if let Some(delta) = delta(report) {
        put!(page, "<p class=\"soft\">{}</p>", line(&delta));
    }
    put!(
        page,
        "<details class=\"card\"><summary>What became of {}</summary><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>\
         <th scope=\"col\">Finding</th><th scope=\"col\">Now</th><th scope=\"col\">Why</th></tr></thead><tbody>",
        count(number, "earlier finding")
    );
    report.prior.iter().for_each(|prior| row(page, report, prior));
    page.push_str("</tbody></table></div></details></section>\n");
}

fn row(page: &mut String, report: &Report, prior: &Prior) {
    let (id, run) = prior_name(prior);
    let again = raised_again(report, prior)
        .map_or(String::new(), |it| format!(", raised as <a href=\"#{0}\">{0}</a>", name(&it.id)));
    put!(
        page,
        "<tr><td>{} {} <span class=\"soft\">{}</span></td><td>{}{again}</td><td>{}",
        name(id),
        with_code(&prior.title),
        name(run),
        prior_word(prior.status),
        with_code(&prior.why)
    );
    for word in &prior.words {
        let evidence = word.evidence.as_deref().map_or(String::new(), |it| format!(" — {}", with_code(it)));
        put!(page, "<br>{}: {}{evidence}", line(&word.reviewer), with_code(&word.said));
    }
    page.push_str("</td></tr>");
}

/// What people decided about the findings since; nothing where they decided nothing.
pub(super) fn resolution(page: &mut String, report: &Report) {
    let Some(resolution) = report.resolution.as_ref().filter(|resolution| !resolution.rows.is_empty()) else {
        return;
    };
    page.push_str(
        "<section aria-labelledby=\"resolution\"><h2 id=\"resolution\">Resolution</h2><div class=\"card scroll\" tabindex=\"0\"><table>\
         <thead><tr><th scope=\"col\">Finding</th><th scope=\"col\">Decided</th><th scope=\"col\">Why</th></tr></thead><tbody>",
    );
    for row in &resolution.rows {
        let until = row.until.map(|day| format!(" until {day}")).unwrap_or_default();
        let owner = row.owner.as_ref().map(|owner| format!(", {}", line(owner))).unwrap_or_default();
        put!(
            page,
            "<tr><td><a href=\"#{0}\">{0}</a> {1}</td><td>{2}{until}{owner}</td><td>{3}</td></tr>",
            name(&row.finding),
            with_code(&row.title),
            row.action.label(),
            with_code(row.reason.as_deref().unwrap_or_default())
        );
    }
    page.push_str("</tbody></table></div></section>\n");
}
