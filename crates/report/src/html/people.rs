//! The reviewers on the page: their numbers, what the ledger says about each, their reviews to the letter, the run.
//!
//! In: a report and the original reviews. Out: the end of the page. Never an edited review.

use model::{Original, Report};

use super::escape::{line, text, with_code};
use super::finding::reviewer_class;
use super::{plots, prose};
use crate::words::{
    canary_word, count, is_timed, numbers, overall, parsed_word, reviewer_failed, reviewer_title, sentences,
    spelled,
};

/// Writes reviewers, originals and provenance.
pub(super) fn write(page: &mut String, report: &Report, originals: &[Original]) {
    page.push_str("<section aria-labelledby=\"reviewers\"><h2 id=\"reviewers\">Reviewers</h2>");
    if !report.reviewers.is_empty() {
        table(page, report);
        plots::write(page, report);
        put!(page, "<p>{}</p>", line(&overall(report)));
        report.reviewers.iter().for_each(|reviewer| block(page, report, reviewer));
    }
    page.push_str(
        "</section>\n<section aria-labelledby=\"originals\"><h2 id=\"originals\">Original reviews</h2>",
    );
    if originals.is_empty() {
        page.push_str("<p class=\"soft\">None.</p>");
    }
    for original in originals {
        put!(
            page,
            "<details class=\"card original\"><summary>{} <span class=\"soft\">{} bytes as written</span></summary>\
             <pre tabindex=\"0\"><code>{}</code></pre></details>",
            line(&original.reviewer),
            original.text.len(),
            text(&original.text)
        );
    }
    page.push_str("</section>\n");
    provenance(page, report);
}

fn table(page: &mut String, report: &Report) {
    let numbers = numbers(report);
    page.push_str("<div class=\"card scroll\" tabindex=\"0\"><table class=\"numbers\"><thead><tr><th scope=\"col\"><span class=\"hidden\">Number</span></th>");
    for name in &numbers.names {
        put!(page, "<th scope=\"col\">{}</th>", line(name));
    }
    page.push_str("</tr></thead><tbody>");
    for (label, cells) in numbers.rows {
        put!(page, "<tr><th scope=\"row\">{label}</th>");
        for cell in cells {
            put!(page, "<td>{}</td>", line(&cell));
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>");
}

fn block(page: &mut String, report: &Report, reviewer: &model::ReviewerReport) {
    put!(
        page,
        "<details class=\"card\"><summary><span class=\"chip {}\">{}</span>{}</summary><div class=\"inside prose\"><ul>",
        reviewer_class(report, &reviewer.name),
        line(&reviewer_title(reviewer)),
        if reviewer_failed(reviewer).is_some() { " did not review" } else { "" }
    );
    for (label, sentence) in sentences(report, reviewer) {
        put!(page, "<li><strong>{label}</strong>: {}</li>", line(&sentence));
    }
    if let Some(verdict) = &reviewer.verdict {
        put!(page, "<li><strong>Its own verdict</strong>: {}</li>", line(verdict));
    }
    put!(page, "<li><strong>Receipt</strong>: {}</li>", line(&receipt(reviewer)));
    for note in &reviewer.notes {
        put!(page, "<li>{}</li>", with_code(note));
    }
    page.push_str("</ul>");
    if let Some(summary) = reviewer.summary.as_deref().filter(|summary| !summary.trim().is_empty()) {
        put!(page, "<blockquote>{}</blockquote>", prose::block(summary));
    }
    page.push_str("</div></details>");
}

fn receipt(reviewer: &model::ReviewerReport) -> String {
    let receipt = &reviewer.receipt;
    let given = match &receipt.head {
        Some(head) => format!(
            "was shown {} and {} at {}",
            count(receipt.files_shown as usize, "file"),
            count(receipt.lines_shown as usize, "changed line"),
            head.short()
        ),
        None => "was shown no change by this run".to_owned(),
    };
    format!(
        "{given}; canary {}; answered {}, read as {}",
        canary_word(receipt.canary),
        count(receipt.bytes_out as usize, "byte"),
        parsed_word(receipt.parsed_as)
    )
}

fn provenance(page: &mut String, report: &Report) {
    page.push_str("<footer class=\"soft\">");
    for note in report.target.notes.iter().chain(&report.notes) {
        put!(page, "<p>{}</p>", with_code(note));
    }
    let invariants = &report.invariants;
    if !invariants.dispositions_balance || !invariants.ids_contiguous {
        page.push_str(
            "<p class=\"warn\">⚠ The ledger does not balance or ids have holes: a defect of deep-review.</p>",
        );
    }
    let when = if is_timed(report) {
        let started = report.run.started.strftime("%Y-%m-%d %H:%M UTC");
        format!(", {started}, {}", spelled(report.run.active_ms))
    } else {
        String::new()
    };
    put!(
        page,
        "<p>Run <code>{}</code>{when}, made by deep-review {}.</p></footer>",
        line(report.run.id.as_str()),
        line(&report.tool.version)
    );
}
