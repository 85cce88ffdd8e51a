//! The report before its appendix.
//!
//! In: the Markdown up to the appendix. Out: header, consolidated findings, sections, numbers, resolution. Findings
//! are read by the same grammar as a reviewer's; what the report adds to them is attribution and fate.

use model::{Note, Reading, TextItem};

use super::{header, ledger};
use crate::imported::{ImportedDesign, ImportedFinding, ImportedReport, ImportedResolution, RetroTable};
use crate::location::Paths;
use crate::markdown::block::Shape;
use crate::markdown::finding::Page;
use crate::markdown::inline::{pieces, text_of};
use crate::markdown::outline::says_none;
use crate::markdown::starts::Start;
use crate::markdown::{self, rows};
use crate::words::Section;

/// Fills everything that stands before the appendix.
pub(super) fn fill(text: &str, report: &mut ImportedReport) {
    markdown::with_page(text, Paths::default(), true, |page, starts| {
        title(&page, report);
        head_table(&page, report);
        let mut notes: Vec<Note> = Vec::new();
        findings(&page, starts, report, &mut notes);
        let taken = page.taken(starts);
        let mut reading = Reading::default();
        let attributions = page.sections(&mut reading, &taken);
        report.summary = reading.summary.take();
        report.design = reading
            .design
            .into_iter()
            .zip(attributions)
            .map(|(item, names)| ImportedDesign { item, reviewers: names })
            .collect();
        report.testing = reading.testing;
        report.ran = reading.ran;
        report.documentation = reading.documentation;
        report.commit_remarks = reading.commits;
        report.limitations = reading.limitations;
        report.prior = reading.prior;
        report.coverage = reading.coverage;
        others(&page, &taken, report);
        page.note_unread(&taken, &mut notes);
        notes.retain(|note| !note.text.starts_with("no severity given"));
        report.notes.append(&mut notes);
    });
}

/// True for a statement that there is nothing.
pub(super) fn is_none(text: &str) -> bool {
    says_none(text)
}

fn title(page: &Page<'_, '_, '_>, report: &mut ImportedReport) {
    let heading = page.blocks.iter().find(|block| matches!(block.shape, Shape::Heading(1)));
    let Some(text) = heading.map(|block| text_of(&pieces(block.node, 60))) else { return };
    report.name = text
        .split_once(':')
        .map(|(_, name)| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .or(Some(text));
}

/// The first table with a row that only headers have.
fn head_table(page: &Page<'_, '_, '_>, report: &mut ImportedReport) {
    for block in page.blocks.iter().filter(|block| block.shape == Shape::Table) {
        let rows: Vec<(String, String)> =
            (block.first..=block.last).filter_map(|line| cells(page.source.line(line))).collect();
        let is_header = rows
            .iter()
            .any(|(name, _)| matches!(name.trim_matches('*'), "Date" | "Reviewers" | "Branch" | "PR"));
        if is_header {
            for (name, value) in &rows {
                header::row(name, value, report);
            }
            return;
        }
    }
}

/// Name and value of a row with two cells; `None` for rules and wider tables.
fn cells(line: &str) -> Option<(String, String)> {
    let line = line.trim().strip_prefix('|')?.trim_end().trim_end_matches('|');
    let mut cut = None;
    let mut code = false;
    let bytes = line.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'`' => code = !code,
            b'|' if !code && (at == 0 || bytes[at - 1] != b'\\') => {
                cut = Some(at);
                break;
            }
            _ => {}
        }
    }
    let (name, value) = line.split_at(cut?);
    let (name, value) = (name.trim(), value[1..].trim());
    let rule = |text: &str| text.chars().all(|c| matches!(c, '-' | ':' | ' '));
    (!name.is_empty() && !rule(name)).then(|| (name.to_owned(), value.replace("\\|", "|")))
}

fn findings(page: &Page<'_, '_, '_>, starts: &[Start], report: &mut ImportedReport, notes: &mut Vec<Note>) {
    let found = page.findings(starts, notes);
    for (finding, start) in found.into_iter().zip(starts) {
        let mut imported = ImportedFinding {
            id: start.header.label.clone().unwrap_or_default(),
            attributed: start.header.attribution.clone(),
            finding,
            ..ImportedFinding::default()
        };
        if start.header.struck {
            // In a report a struck finding was dealt with; only a reviewer takes a finding back.
            imported.finding.withdrawn = false;
            let behind = imported
                .finding
                .body
                .lines()
                .next()
                .unwrap_or_default()
                .trim()
                .trim_start_matches(['-', '—', '–', ' ']);
            imported.resolved =
                Some(if behind.is_empty() { "struck through".to_owned() } else { behind.to_owned() });
        }
        report.findings.push(imported);
    }
}

/// Sections that only reports have.
fn others(page: &Page<'_, '_, '_>, taken: &[bool], report: &mut ImportedReport) {
    let mut reconciliation = String::new();
    for (from, to) in page.stretches(taken) {
        let body = from + usize::from(page.outline.announcements[from].is_some());
        match page.outline.sections[from] {
            Section::Declined => report.declined.extend(page.items(body, to)),
            Section::Feedback => report.feedback.extend(page.items(body, to)),
            Section::Process => {
                report.process.extend(page.items(body, to).into_iter().filter(|item| !is_none_item(item)));
            }
            Section::Retro => retro(page, body, to, report, &mut reconciliation),
            Section::Reconciliation => {
                reconciliation.push_str(&page.texts(body, to).join("\n\n"));
                reconciliation.push('\n');
            }
            Section::Resolution => resolution(page, body, to, report),
            _ => {}
        }
    }
    report.reconciliation = ledger::entries(&reconciliation, &report.reviewers);
}

fn is_none_item(item: &TextItem) -> bool {
    says_none(&item.text)
}

fn retro(
    page: &Page<'_, '_, '_>,
    from: usize,
    to: usize,
    report: &mut ImportedReport,
    reconciliation: &mut String,
) {
    let mut in_reconciliation = false;
    for block in &page.blocks[from..to] {
        match block.shape {
            Shape::Table => {
                let mut rows = rows::rows(block).into_iter();
                let columns = rows.next().map(|row| row.into_iter().skip(1).collect()).unwrap_or_default();
                let rows = rows.filter_map(|row| {
                    let mut cells = row.into_iter();
                    Some((cells.next()?, cells.collect()))
                });
                report.retro.push(RetroTable { columns, rows: rows.collect() });
            }
            Shape::Heading(_) => {
                in_reconciliation = false;
                report.retro_remarks.push((text_of(&pieces(block.node, 20)), String::new()));
            }
            Shape::Paragraph => {
                let text = page.source.slice(block.first, block.last);
                if text.trim_start().trim_start_matches('*').to_lowercase().starts_with("reconciliation") {
                    in_reconciliation = true;
                } else if block.depth == 0 {
                    in_reconciliation = false;
                }
                if in_reconciliation {
                    reconciliation.push_str(&text);
                    reconciliation.push('\n');
                } else if let Some(last) = report.retro_remarks.last_mut() {
                    last.1.push_str(text.trim_end());
                    last.1.push_str("\n\n");
                }
            }
            _ => {}
        }
    }
    report.retro_remarks.retain(|remark| !remark.1.trim().is_empty() || report.retro.is_empty());
}

fn resolution(page: &Page<'_, '_, '_>, from: usize, to: usize, report: &mut ImportedReport) {
    let mut found = ImportedResolution::default();
    for block in page.blocks[from..to].iter().filter(|block| block.shape == Shape::Table) {
        let rows = rows::rows(block);
        let Some(head) = rows.first() else { continue };
        if head.iter().any(|cell| matches!(cell.to_lowercase().as_str(), "finding" | "action")) {
            found.rows.extend(rows[1..].iter().filter_map(|row| ledger::resolution_row(row, head)));
            continue;
        }
        for (name, value) in (block.first..=block.last).filter_map(|line| cells(page.source.line(line))) {
            match name.trim_matches('*').to_lowercase().as_str() {
                "addressed" => found.addressed = Some(value),
                "commit" | "commits" => found.commit = Some(value),
                _ => {}
            }
        }
    }
    report.resolution = Some(found);
}

/// Fills what needs the whole report: short names of reviewers, labels of findings that are only counted.
pub(super) fn settle(report: &mut ImportedReport) {
    let roster = std::mem::take(&mut report.reviewers);
    let keys = |names: &[String]| -> Vec<String> {
        roster
            .iter()
            .filter(|reviewer| {
                names.iter().any(|name| {
                    let lower = name.to_lowercase();
                    reviewer.name.eq_ignore_ascii_case(name)
                        || lower.split(' ').next() == Some(reviewer.key.as_str())
                })
            })
            .map(|reviewer| reviewer.key.clone())
            .collect()
    };
    let mut counts = std::collections::HashMap::new();
    for finding in &mut report.findings {
        finding.reviewers = keys(&finding.attributed);
        let count = counts.entry(finding.finding.severity).or_insert(0u32);
        *count += 1;
        if finding.id.is_empty() {
            finding.id = format!("{}{count}", finding.finding.severity.letter());
        }
    }
    for design in &mut report.design {
        design.reviewers = keys(&design.reviewers);
    }
    report.reviewers = roster;
}
