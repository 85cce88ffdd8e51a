//! Findings that stand in a table and nowhere else.
//!
//! In: tables of the sections for findings. Out: one finding a row. Only asked where the text holds no other finding:
//! elsewhere such a table repeats what is said below it.

use model::{Note, RawFinding, Severity};

use super::block::Shape;
use super::finding::Page;
use super::lead::label;
use super::rows::rows;
use crate::words::{self, Section};
use crate::{location, tags};

/// Columns of a table of findings.
#[derive(Default)]
struct Columns {
    id: Option<usize>,
    title: Option<usize>,
    severity: Option<usize>,
    kind: Option<usize>,
    place: Option<usize>,
}

impl Page<'_, '_, '_> {
    /// Reads the rows of all tables that look like findings.
    pub(crate) fn table_findings(&self, notes: &mut Vec<Note>) -> Vec<RawFinding> {
        let mut found = Vec::new();
        for (at, block) in self.blocks.iter().enumerate() {
            let section = self.outline.sections[at];
            if block.shape != Shape::Table || block.quotes > 0 || section.speaks_of_others() {
                continue;
            }
            let rows = rows(block);
            let Some((head, rows)) = rows.split_first() else { continue };
            let Some(columns) = columns(head, section) else { continue };
            let line = self.source.original_line(block.first);
            notes.push(Note { line, text: "findings read from a table".to_owned() });
            for (number, row) in rows.iter().enumerate() {
                let line = block.first + 2 + number;
                found.extend(self.row(row, &columns, section, line));
            }
        }
        crate::ids::number(&mut found);
        found
    }

    fn row(&self, row: &[String], columns: &Columns, section: Section, line: usize) -> Option<RawFinding> {
        let cell = |column: Option<usize>| {
            column.and_then(|at| row.get(at)).map(|cell| cell.trim()).unwrap_or_default()
        };
        let title = cell(columns.title).replace("**", "");
        if title.is_empty() || super::outline::says_none(&title) {
            return None;
        }
        let said = tags::value(cell(columns.severity));
        let by_section = match section {
            Section::Severity(level) => Some(level),
            _ => None,
        };
        let id = cell(columns.id).trim_matches(['*', '`', '#', '.']).to_owned();
        let by_label = label(&id).and_then(|label| match label.chars().next() {
            Some('C') => Some(Severity::Critical),
            Some('I') => Some(Severity::Important),
            Some('S') => Some(Severity::Suggestion),
            _ => None,
        });
        let level = said.severity.map(|said| said.0).or(by_section).or(by_label);
        Some(RawFinding {
            id,
            severity: level.unwrap_or_default(),
            severity_stated: level.is_some(),
            kind: tags::value(cell(columns.kind)).kind.or(said.kind),
            locations: location::places(&cell(columns.place).replace('`', ""), true, self.paths)
                .unwrap_or_default(),
            body: title.clone(),
            title: title.trim_end_matches('.').to_owned(),
            span: Some((self.source.start_of(line), self.source.end_of(line))),
            ..RawFinding::default()
        })
    }
}

/// The columns, where a head has a title and a severity or a place, or stands in a section for findings.
fn columns(head: &[String], section: Section) -> Option<Columns> {
    let mut columns = Columns::default();
    for (at, name) in head.iter().enumerate() {
        let slot = match name.trim().trim_matches('*').to_lowercase().as_str() {
            "#" | "id" | "no" | "no." | "nr" => &mut columns.id,
            "finding" | "title" | "issue" | "problem" | "description" | "summary" | "comment" => {
                &mut columns.title
            }
            "severity" | "priority" | "level" | "sev" => &mut columns.severity,
            "kind" | "class" | "type" | "classification" | "category" => &mut columns.kind,
            "location" | "file" | "path" | "where" | "line" | "lines" | "file:line" | "files"
            | "locations" => &mut columns.place,
            other if words::section(other).is_some() => return None,
            _ => continue,
        };
        slot.get_or_insert(at);
    }
    let enough = columns.severity.is_some() || columns.place.is_some() && section.holds_findings();
    (columns.title.is_some() && enough).then_some(columns)
}
