//! The sections around the findings: summary, design, testing, documentation, commits, limitations, coverage, process.
//!
//! In: a report. Out: one string a section, heading first. Never leaves a section out: an empty one says `None.`

use model::{
    CoverageStatus, DesignKind, DesignObservation, DesignScope, Limitation, Prior, PriorStatus, Ran, Report,
    SectionRemark, TestingGap,
};

use super::escape::{block, cell, cells, code, code_cell, inline, item as list_item, nested};
use crate::words::{
    NOT_CHECKED, canary_word, count, coverage_word, covered, delta, earlier, from_earlier, is_builtin_only,
    lines_of, parsed_word, place, prior_word, raised_again, read_by, rest, reviewer_failed, round_before,
    since, structure,
};

/// What the change does, what matters, and what became of earlier findings.
pub(super) fn summary(report: &Report) -> String {
    let mut text = String::from("## Executive Summary\n\n");
    if !report.summary.trim().is_empty() {
        put!(text, "{}\n\n", block(&report.summary));
    }
    if !report.summary.contains("Structure:") {
        put!(text, "Structure: {}.\n", structure(report));
    }
    if is_builtin_only(report) {
        text.truncate(text.trim_end().len());
        put!(text, "\n\n{NOT_CHECKED}\n");
    }
    if !report.prior.is_empty() {
        text.push_str(&prior(report));
    }
    text
}

fn prior(report: &Report) -> String {
    let counts: Vec<String> = since(report).iter().map(|it| format!("{} {}", it.number, it.what)).collect();
    let before = round_before(report).unwrap_or_default();
    let mut text =
        format!("\n### Findings of Earlier Rounds\n\nSince round {before}: {}.\n\n", counts.join(" · "));
    if let Some(delta) = delta(report) {
        put!(text, "{}\n\n", inline(&delta));
    }
    text.push_str("| Finding | Status | Why |\n|---|---|---|\n");
    for prior in &report.prior {
        // Each by itself: a backtick left open in one must not close in the other.
        let title =
            if prior.title.is_empty() { String::new() } else { format!("{} — ", cell(&prior.title)) };
        put!(
            text,
            "| {} | {} | {title}{} |\n",
            code_cell(&prior.finding),
            prior_status(report, prior),
            cell(&prior.why)
        );
    }
    text
}

/// What people decided about the findings since; empty where they decided nothing.
pub(super) fn resolution(report: &Report) -> String {
    let Some(resolution) = &report.resolution else { return String::new() };
    let mut text = String::from("## Resolution\n\n| # | Finding | Action | Reason |\n|---|---|---|---|\n");
    for row in &resolution.rows {
        let until = row.until.map(|day| format!(" until {day}")).unwrap_or_default();
        let owner = row.owner.as_ref().map(|owner| format!(", {owner}")).unwrap_or_default();
        put!(
            text,
            "| {} | {} | {}{until}{} | {} |\n",
            cell(&row.finding),
            cell(&row.title),
            row.action.label(),
            cell(&owner),
            cell(row.reason.as_deref().unwrap_or_default())
        );
    }
    text
}

/// What became of an earlier finding, with its id in this report where it is raised again.
fn prior_status(report: &Report, prior: &Prior) -> String {
    let again =
        raised_again(report, prior).map_or(String::new(), |it| format!(", raised as {}", cell(&it.id)));
    format!("{}{again}", prior_word(prior.status))
}

/// Concerns and strengths.
pub(super) fn design(report: &Report) -> String {
    if report.design.is_empty() {
        return "## Design Observations\n\nNone.\n".to_owned();
    }
    let mut text = String::from("## Design Observations\n");
    for (heading, kind) in [("Concerns", DesignKind::Concern), ("Strengths", DesignKind::Strength)] {
        let items: Vec<String> =
            report.design.iter().filter(|item| item.kind == kind).map(observation).collect();
        if !items.is_empty() {
            let items = items.concat();
            put!(text, "\n### {heading}\n\n{}\n", items.trim_end());
        }
    }
    text
}

fn observation(item: &DesignObservation) -> String {
    let scope = match item.scope {
        DesignScope::InScope => "in-scope",
        DesignScope::Future => "future",
    };
    let places: Vec<String> = item.locations.iter().map(|location| code(&place(location))).collect();
    let places = if places.is_empty() { String::new() } else { format!(" — {}", places.join(", ")) };
    let related =
        if item.related.is_empty() { String::new() } else { format!(" (see {})", item.related.join(", ")) };
    let head =
        format!("- **{}** ({scope}){}{places}{related}", titled(&item.title), attribution(&item.reviewers));
    format!("{head}{}\n", continued(&item.body))
}

fn titled(title: &str) -> String {
    let title = inline(title);
    if title.is_empty() { "(no title)".to_owned() } else { title }
}

/// The rest of a list item: behind a dash where it is one line, as its own block where it is more.
fn continued(body: &str) -> String {
    let text = nested(body);
    let words = text.trim_start();
    if words.is_empty() {
        String::new()
    } else if !text.contains('\n') && words.starts_with(|c: char| c.is_alphanumeric() || c == '`') {
        format!(" — {words}")
    } else {
        format!("\n\n{text}\n")
    }
}

fn attribution(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!(" [{}]", names.iter().map(|name| cell(name)).collect::<Vec<_>>().join(", "))
}

/// What ran and what no test covers.
pub(super) fn testing(report: &Report) -> String {
    let section = &report.testing;
    let mut text = String::from("## Testing Assessment\n\n");
    text.push_str(&paragraph(&section.text));
    if !section.ran.is_empty() {
        text.push_str("**Ran**\n\n");
        section.ran.iter().for_each(|ran| text.push_str(&ran_item(ran)));
        text.push('\n');
    }
    if !section.gaps.is_empty() {
        text.push_str("**Untested, riskiest first**\n\n");
        text.push_str(&gaps(&section.gaps));
    }
    text.push_str(&remarks(&section.remarks));
    or_none(text, "## Testing Assessment")
}

fn ran_item(ran: &Ran) -> String {
    let exit = match ran.exit {
        Some(0) => "passed".to_owned(),
        Some(exit) => format!("exit {exit}"),
        None => "result not told".to_owned(),
    };
    let note = ran.note.as_deref().map_or(String::new(), |note| format!(" — {}", inline(note)));
    let who = if ran.reviewer.is_empty() { String::new() } else { format!(" [{}]", cell(&ran.reviewer)) };
    format!("- {}: {exit}{note}{who}\n", code(&ran.command))
}

fn gaps(gaps: &[TestingGap]) -> String {
    let mut text = String::new();
    for (at, gap) in gaps.iter().enumerate() {
        let finding = gap.finding.as_deref().map_or(String::new(), |id| format!(" ({})", cell(id)));
        let marker = format!("{}. ", at + 1);
        text.push_str(&list_item(
            &marker,
            &gap.scenario,
            &format!("{finding}{}", attribution(&gap.reviewers)),
        ));
    }
    text
}

/// What else was said.
fn remarks(remarks: &[SectionRemark]) -> String {
    if remarks.is_empty() {
        return String::new();
    }
    let items: Vec<String> =
        remarks.iter().map(|it| list_item("- ", &it.text, &attribution(&it.reviewers))).collect();
    format!("\n**Also said**\n\n{}", items.concat())
}

fn paragraph(text: &str) -> String {
    if text.trim().is_empty() { String::new() } else { format!("{}\n\n", block(text)) }
}

fn or_none(text: String, heading: &str) -> String {
    if text.trim_end() == heading { format!("{heading}\n\nNone.\n") } else { text }
}

/// What the documentation lacks.
pub(super) fn documentation(report: &Report) -> String {
    let mut text = String::from("## Documentation Assessment\n\n");
    text.push_str(&paragraph(&report.documentation.text));
    text.push_str(&gaps(&report.documentation.gaps));
    text.push_str(&remarks(&report.documentation.remarks));
    or_none(text, "## Documentation Assessment")
}

/// Remarks on the commits.
pub(super) fn commits(report: &Report) -> String {
    let mut text = String::from("## Commit Structure\n\n");
    text.push_str(&paragraph(&report.commits.text));
    for remark in &report.commits.remarks {
        let sha = remark.sha.as_ref().map_or(String::new(), |sha| format!("`{}` ", sha.short()));
        text.push_str(&list_item(&format!("- {sha}"), &remark.text, &attribution(&remark.reviewers)));
    }
    or_none(text, "## Commit Structure")
}

/// What code, commits or authors admit, and what people declined before.
pub(super) fn limitations(report: &Report) -> String {
    let mut text = String::from("## Acknowledged Limitations\n\n");
    report.limitations.iter().for_each(|item| text.push_str(&limitation(item)));
    let declined: Vec<_> =
        report.prior.iter().filter(|prior| prior.status == PriorStatus::Declined).collect();
    let mut text = or_none(text, "## Acknowledged Limitations");
    if !declined.is_empty() {
        text.push_str("\n### Declined in Prior Rounds\n\n");
        for prior in declined {
            let title =
                if prior.title.is_empty() { String::new() } else { format!("**{}** ", inline(&prior.title)) };
            put!(text, "- {title}{} — {}\n", code(&prior.finding), inline(&prior.why));
        }
    }
    text
}

/// What people said about the change and nobody answered. No pull request is read yet, and "none" would be a claim.
pub(super) fn feedback() -> String {
    "## Unresolved Feedback\n\nNot known: no pull request was read.\n".to_owned()
}

fn limitation(item: &Limitation) -> String {
    let source = match item.source.as_str() {
        "code" => "Code comment",
        "commit" => "Commit message",
        "pr-body" => "Pull request",
        "pr-comment" => "Pull request comment",
        _ => "Elsewhere",
    };
    let at =
        item.location.as_ref().map_or(String::new(), |location| format!(" — {}", code(&place(location))));
    let finding = item.finding.as_deref().map_or(String::new(), |id| format!(" (see {})", cell(id)));
    let behind = format!("{finding}{}", attribution(&item.reviewers));
    let quote = item.quote.trim();
    // A bare sentence is quoted; what is Markdown already brings its own marks.
    if quote.contains(['*', '"', '`', '\n', '“']) {
        return list_item(&format!("- **{source}**{at}: "), quote, &behind);
    }
    format!("- **{source}**{at}: “{}”{behind}\n", inline(quote))
}

/// Which changed file got whose attention.
pub(super) fn coverage(report: &Report) -> String {
    let mut text = String::from("## Coverage\n\n");
    let section = &report.coverage;
    if section.files.is_empty() {
        text.push_str("None.\n");
    } else {
        let (seen, all) = covered(report);
        if report.target.changed.is_empty() {
            put!(text, "The reviewers name {}; which files changed is not known.\n\n", count(all, "file"));
        } else {
            let earlier = match from_earlier(report) {
                0 => String::new(),
                rest => format!(", {rest} of them in earlier rounds"),
            };
            put!(text, "{seen} of {} looked at{earlier}.\n\n", count(all, "changed file"));
        }
        if let Some(rest) = rest(report) {
            put!(text, "{}\n\n", inline(&rest));
        }
        text.push_str(&matrix(report));
    }
    for path in &section.uncovered {
        put!(text, "\n- **No reviewer says it looked at** {}", code(path.as_str()));
    }
    for contradiction in &section.contradictions {
        put!(text, "\n- **Contradiction**: {}", inline(contradiction));
    }
    text + "\n"
}

/// Columns are the reviewers that gave any account of files.
fn matrix(report: &Report) -> String {
    let names: Vec<&str> = report
        .reviewers
        .iter()
        .map(|reviewer| reviewer.name.as_str())
        .filter(|name| report.coverage.files.iter().any(|file| file.by.iter().any(|(by, _)| by == name)))
        .collect();
    let has_earlier = from_earlier(report) > 0;
    let (head, rule) = if has_earlier { (" Earlier |", "---|") } else { ("", "") };
    let rules = "---|".repeat(names.len());
    let mut text = format!("| File |{}{head}\n|---|{rules}{rule}\n", cells(&names));
    for file in &report.coverage.files {
        put!(text, "| {} |", code_cell(file.path.as_str()));
        for name in &names {
            let word = file.by.iter().find(|(by, _)| by == name).map_or("—", |(_, status)| match status {
                CoverageStatus::Findings => "**findings**",
                status => coverage_word(*status),
            });
            put!(text, " {word} |");
        }
        if has_earlier {
            let told = earlier(report, &file.path).map_or_else(|| "—".to_owned(), |it| cell(&read_by(it)));
            put!(text, " {told} |");
        }
        text.push('\n');
    }
    text
}

/// How the run went: what each reviewer was given, notes, failures, what made the report.
pub(super) fn process(report: &Report) -> String {
    let mut text = String::from("## Review Process Notes\n\n");
    for note in report.target.notes.iter().chain(&report.notes) {
        put!(text, "- {}\n", inline(note));
    }
    for reviewer in &report.reviewers {
        text.push_str(&receipt(reviewer));
        for note in &reviewer.notes {
            put!(text, "  - {}\n", inline(note));
        }
    }
    for (broken, what) in [
        (!report.invariants.dispositions_balance, "The ledger does not balance"),
        (!report.invariants.ids_contiguous, "The ids have holes"),
    ] {
        if broken {
            put!(text, "- **{what}.** This is a defect of `deep-review`.\n");
        }
    }
    put!(text, "- {}\n", provenance(report));
    if !report.attention.is_empty() {
        text.push_str(
            "\n### Places Worth a Look\n\nNot findings: where a second pair of eyes pays most.\n\n",
        );
        for place in &report.attention {
            let at = code(&lines_of(&place.path, Some(place.start), Some(place.end)));
            put!(text, "- {at} — {}\n", inline(&place.why.join("; ")));
        }
    }
    text
}

fn receipt(reviewer: &model::ReviewerReport) -> String {
    let receipt = &reviewer.receipt;
    let given = match &receipt.head {
        Some(head) => format!(
            "was shown {} and {} at `{}`",
            count(receipt.files_shown as usize, "file"),
            count(receipt.lines_shown as usize, "changed line"),
            head.short()
        ),
        None => "was shown no change by this run".to_owned(),
    };
    let ending = match reviewer_failed(reviewer) {
        None => reviewer.ending.as_str().to_owned(),
        Some(why) => format!("**failed** ({})", inline(&why)),
    };
    format!(
        "- **{}** {given}; canary {}; answered {} read as {}; {ending}.\n",
        inline(&reviewer.name),
        canary_word(receipt.canary),
        count(receipt.bytes_out as usize, "byte"),
        parsed_word(receipt.parsed_as),
    )
}

fn provenance(report: &Report) -> String {
    let tool = &report.tool;
    let hash = |label: &str, hash: &Option<String>| {
        hash.as_deref()
            .map_or(String::new(), |hash| format!(", {label} {}", code(hash.get(..12).unwrap_or(hash))))
    };
    format!(
        "Made by deep-review {}{}{}; consolidated in {}.",
        inline(&tool.version),
        hash("configuration", &tool.config_sha256),
        hash("prompt", &tool.prompt_sha256),
        crate::words::spelled(report.run.consolidation_ms)
    )
}
