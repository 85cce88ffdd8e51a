//! The sections beside the findings: summary, verdict, design, testing, documentation, coverage…
//!
//! In: blocks with their sections. Out: the parts of a [`Reading`] they hold. Never turns a remark into a finding.

use comrak::nodes::NodeValue;
use model::{
    CoverageItem, DesignItem, DesignKind, LimitationItem, PriorItem, Ran, RawLocation, Reading, TextItem,
};

use super::block::{Block, Shape};
use super::finding::Page;
use super::header;
use super::inline::{Part, Piece, pieces, text_of};
use super::outline::says_none;
use crate::location;
use crate::parts;
use crate::words::{self, Section};

/// One entry of a section: a list item or a paragraph with what belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Its first block.
    pub(crate) from: usize,
    /// The first block behind it.
    pub(crate) to: usize,
    /// True for a list item.
    pub(crate) in_list: bool,
}

impl<'a> Page<'_, 'a, '_> {
    /// Reads every section but the findings. Blocks for which `taken` is true belong to findings. Returns the reviewers
    /// in brackets behind each design item.
    pub(crate) fn sections(&self, reading: &mut Reading, taken: &[bool]) -> Vec<Vec<String>> {
        let mut attributions = Vec::new();
        let mut summary: Vec<String> = Vec::new();
        for (from, to) in self.stretches(taken) {
            let section = self.outline.sections[from];
            if let Some(announced) = &self.outline.announcements[from]
                && !announced.rest.is_empty()
                && !says_none(&announced.rest)
            {
                Self::rest(section, &announced.rest, reading, &mut summary);
            }
            self.more_of_announcement(from, section, reading, &mut summary);
            let from = from + usize::from(self.outline.announcements[from].is_some());
            match section {
                Section::Summary => summary.extend(self.texts(from, to)),
                Section::Verdict => {
                    let text = self.texts(from, to).join("\n\n");
                    if reading.verdict.is_none() && !text.is_empty() {
                        reading.verdict = Some(one_line(&text));
                    }
                }
                Section::Design | Section::Concerns | Section::Strengths => {
                    let kind = if section == Section::Strengths {
                        DesignKind::Strength
                    } else {
                        DesignKind::Concern
                    };
                    // Items on the line of the announcement came before, without reviewers.
                    attributions.resize(reading.design.len(), Vec::new());
                    for (item, names) in self.design(from, to, kind) {
                        reading.design.push(item);
                        attributions.push(names);
                    }
                }
                Section::Testing => {
                    reading.testing.extend(self.items(from, to));
                    self.ran(from, to, &mut reading.ran);
                }
                Section::Documentation => reading.documentation.extend(self.items(from, to)),
                Section::Commits => reading.commits.extend(self.items(from, to)),
                Section::Limitations => reading.limitations.extend(self.limitations(from, to)),
                Section::Prior => reading.prior.extend(self.prior(from, to)),
                Section::Coverage => reading.coverage.extend(self.coverage(from, to)),
                _ => {}
            }
        }
        if !summary.is_empty() {
            reading.summary = Some(summary.join("\n\n"));
        }
        if reading.verdict.is_none() {
            reading.verdict = self.verdict_line();
        }
        attributions.resize(reading.design.len(), Vec::new());
        attributions
    }

    /// Blocks of one region that no finding took.
    pub(crate) fn stretches(&self, taken: &[bool]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.blocks.len() {
            if taken[at] {
                at += 1;
                continue;
            }
            let region = self.outline.regions[at];
            let mut to = at + 1;
            while to < self.blocks.len() && self.outline.regions[to] == region && !taken[to] {
                to += 1;
            }
            found.push((at, to));
            at = to;
        }
        found
    }

    /// Text on the line of the announcement.
    fn rest(section: Section, rest: &str, reading: &mut Reading, summary: &mut Vec<String>) {
        match section {
            Section::Summary => summary.push(rest.to_owned()),
            Section::Verdict => {
                reading.verdict.get_or_insert_with(|| rest.to_owned());
            }
            Section::Concerns | Section::Strengths => {
                let kind =
                    if section == Section::Strengths { DesignKind::Strength } else { DesignKind::Concern };
                let end = parts::sentence_end(rest);
                let (title, body) = (rest[..end].trim().to_owned(), rest[end..].trim().to_owned());
                reading.design.push(DesignItem { kind, title, body, ..DesignItem::default() });
            }
            Section::Testing => reading.testing.push(TextItem {
                gap: is_gap(rest),
                text: rest.to_owned(),
                ..TextItem::default()
            }),
            Section::Documentation => {
                reading.documentation.push(TextItem {
                    gap: is_gap(rest),
                    text: rest.to_owned(),
                    ..TextItem::default()
                });
            }
            Section::Commits => {
                reading.commits.push(TextItem { text: rest.to_owned(), ..TextItem::default() });
            }
            _ => {}
        }
    }

    /// Lines of the announcement's own paragraph below the name.
    fn more_of_announcement(
        &self,
        at: usize,
        section: Section,
        reading: &mut Reading,
        summary: &mut Vec<String>,
    ) {
        let block = &self.blocks[at];
        if self.outline.announcements[at].is_none()
            || !matches!(block.shape, Shape::Paragraph)
            || block.last <= block.first
        {
            return;
        }
        let text = self.source.slice(block.first + 1, block.last);
        if !says_none(&text) {
            Self::rest(section, text.trim(), reading, summary);
        }
    }

    pub(crate) fn texts(&self, from: usize, to: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for block in &self.blocks[from..to] {
            if matches!(block.shape, Shape::Rule | Shape::Html | Shape::Heading(_)) {
                continue;
            }
            texts.push(self.source.slice(block.first, block.last));
        }
        texts
    }

    /// Splits a stretch into entries.
    pub(crate) fn entries(&self, from: usize, to: usize) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let base = self.blocks.get(from).map_or(0, |_| self.outline.base_depth[from]);
        let mut at = from;
        while at < to {
            let block = &self.blocks[at];
            if matches!(block.shape, Shape::Rule | Shape::Html | Shape::Table) {
                at += 1;
                continue;
            }
            let in_list = block.depth > base && block.item.is_some();
            let mut end = at + 1;
            if in_list {
                let item = block.item.map(|item| item.ordinal);
                while end < to {
                    let next = &self.blocks[end];
                    let same = next.depth == block.depth && next.item.map(|item| item.ordinal) == item;
                    if !(next.depth > block.depth || same) {
                        break;
                    }
                    end += 1;
                }
            }
            // Code, quotes and, behind a headline, prose go on with the entry before them.
            let joins = !in_list && (matches!(block.shape, Shape::Code) || block.quotes > 0);
            match entries.last_mut().filter(|last| joins && last.to == at) {
                Some(last) => last.to = end,
                None => entries.push(Entry { from: at, to: end, in_list }),
            }
            at = end;
        }
        entries
    }

    fn text_of_entry(&self, entry: &Entry) -> String {
        let first = &self.blocks[entry.from];
        let last =
            self.blocks[entry.from..entry.to].iter().map(|block| block.last).max().unwrap_or(first.last);
        let indent = first.item.map_or(0, |item| item.indent);
        let mut text = String::new();
        for number in first.first..=last {
            let line = self.source.line(number);
            let line = if number == first.first && entry.in_list {
                without_marker(line)
            } else {
                dedent(line, indent)
            };
            text.push_str(line);
            text.push('\n');
        }
        text.trim_end().to_owned()
    }

    fn design(&self, from: usize, to: usize, kind: DesignKind) -> Vec<(DesignItem, Vec<String>)> {
        let mut found: Vec<(DesignItem, Vec<String>)> = Vec::new();
        let mut open = false;
        for entry in self.entries(from, to) {
            let block = &self.blocks[entry.from];
            let all = pieces(block.node, header::LIMIT);
            let head = header::header(&all, self.paths);
            let text = self.text_of_entry(&entry);
            if says_none(&text) {
                continue;
            }
            // Prose below a headline that stood alone is its body.
            if open
                && !entry.in_list
                && !head.bold
                && !matches!(block.shape, Shape::Heading(_))
                && let Some((last, _)) = found.last_mut()
            {
                if !last.body.is_empty() {
                    last.body.push_str("\n\n");
                }
                last.body.push_str(&text);
                continue;
            }
            let item = design_item(kind, &head, &text, &all);
            open = head.bold && item.body.is_empty() || matches!(block.shape, Shape::Heading(_));
            let locations = self.places(entry.from, entry.to);
            found.push((DesignItem { locations, ..item }, head.attribution.clone()));
        }
        found
    }

    pub(crate) fn items(&self, from: usize, to: usize) -> Vec<TextItem> {
        let mut gap_list = false;
        let mut found = Vec::new();
        for entry in self.entries(from, to) {
            let text = self.text_of_entry(&entry);
            if text.is_empty() || says_none(&text) {
                continue;
            }
            if !entry.in_list {
                gap_list = text.ends_with(':') && is_gap(&text) || gap_list && !text.ends_with(':');
            }
            let gap = is_gap(&text) || gap_list && entry.in_list;
            found.push(TextItem { text, locations: self.places(entry.from, entry.to), gap });
        }
        found
    }

    /// Places named in running text.
    fn places(&self, from: usize, to: usize) -> Vec<RawLocation> {
        let mut found: Vec<RawLocation> = Vec::new();
        for block in &self.blocks[from..to] {
            if !matches!(block.shape, Shape::Paragraph | Shape::Heading(_)) {
                continue;
            }
            for piece in pieces(block.node, 2000) {
                let places = match &piece.part {
                    Part::Code => location::places(&piece.text, false, self.paths),
                    Part::Link(address) => location::link(&piece.text, address, self.paths),
                    _ => None,
                };
                for place in places.unwrap_or_default() {
                    if found.len() < 50 && !found.contains(&place) {
                        found.push(place);
                    }
                }
            }
        }
        found
    }

    fn ran(&self, from: usize, to: usize, ran: &mut Vec<Ran>) {
        for block in self.blocks[from..to].iter().filter(|block| block.shape == Shape::Paragraph) {
            let all = pieces(block.node, 2000);
            for sentence in all.split_inclusive(|piece| {
                piece.is_break() || piece.part == Part::Word && piece.text.ends_with('.')
            }) {
                let text = text_of(sentence);
                let lower = text.to_lowercase();
                let result = [
                    "passed",
                    "passes",
                    "pass.",
                    "pass ",
                    "pass(",
                    "green",
                    "failed",
                    "fails",
                    "could not",
                    "succeeded",
                    "ran ",
                ]
                .iter()
                .any(|word| lower.contains(word));
                if !result || lower.starts_with("no ") {
                    continue;
                }
                for piece in
                    sentence.iter().filter(|piece| piece.part == Part::Code && is_command(&piece.text))
                {
                    let note = Some(text.clone());
                    ran.push(Ran {
                        command: piece.text.to_string(),
                        exit: None,
                        note,
                        reviewer: String::new(),
                    });
                }
            }
        }
    }

    fn limitations(&self, from: usize, to: usize) -> Vec<LimitationItem> {
        let mut found = Vec::new();
        for entry in self.entries(from, to) {
            let text = self.text_of_entry(&entry);
            let lower: String = text.chars().take(80).collect::<String>().to_lowercase();
            if text.is_empty() || lower.starts_with("no ") || says_none(&text) {
                continue;
            }
            let source = if lower.contains("pr comment") || lower.contains("review comment") {
                "pr-comment"
            } else if lower.contains("pr body")
                || lower.contains("pr description")
                || lower.contains("description")
            {
                "pr-body"
            } else if lower.contains("commit") {
                "commit"
            } else {
                "code"
            };
            found.push(LimitationItem {
                source: source.to_owned(),
                text,
                locations: self.places(entry.from, entry.to),
            });
        }
        found
    }

    fn prior(&self, from: usize, to: usize) -> Vec<PriorItem> {
        let mut found = Vec::new();
        for block in self.blocks[from..to].iter().filter(|block| block.shape == Shape::Table) {
            let rows = rows(block);
            let Some(head) = rows.first() else { continue };
            let status = head.iter().position(|cell| {
                cell.to_lowercase().contains("status") || cell.to_lowercase().contains("verdict")
            });
            for row in &rows[1..] {
                let status = status.and_then(|at| row.get(at)).or(row.last()).cloned().unwrap_or_default();
                let named: Vec<&str> =
                    row.iter().map(String::as_str).filter(|cell| *cell != status).collect();
                found.push(PriorItem { finding: named.join(" "), status, evidence: None });
            }
        }
        for entry in self.entries(from, to).into_iter().filter(|entry| entry.in_list) {
            let text = self.text_of_entry(&entry);
            found.extend(prior_item(&text));
        }
        found
    }

    pub(crate) fn coverage(&self, from: usize, to: usize) -> Vec<CoverageItem> {
        let mut found = Vec::new();
        for block in self.blocks[from..to].iter().filter(|block| block.shape == Shape::Table) {
            for row in rows(block).iter().skip(1) {
                let Some((path, rest)) = row.split_first() else { continue };
                let path = path.trim().trim_matches('`').to_owned();
                if !path.is_empty() {
                    found.push(parts::coverage_row(self.one_path(&path), &rest.join(" ")));
                }
            }
        }
        for entry in self.entries(from, to) {
            for block in &self.blocks[entry.from..entry.to] {
                if block.shape == Shape::Paragraph {
                    found.extend(self.coverage_lines(block));
                }
            }
        }
        found
    }

    fn coverage_lines(&self, block: &Block<'a>) -> Vec<CoverageItem> {
        let all = pieces(block.node, 4000);
        all.split(Piece::is_break)
            .filter_map(|line| {
                let first = line.first()?;
                let path = match &first.part {
                    Part::Code | Part::Link(_) => first.text.to_string(),
                    _ => first.text.trim_end_matches(':').to_owned(),
                };
                let known = location::places(&path, first.part != Part::Word, self.paths)?;
                let rest = line.get(1..).unwrap_or_default();
                let start = rest.iter().position(|piece| !piece.is_separator()).unwrap_or(rest.len());
                Some(parts::coverage_row(known.first()?.path.clone(), &text_of(&rest[start..])))
            })
            .collect()
    }

    fn one_path(&self, text: &str) -> String {
        location::places(text, true, self.paths)
            .and_then(|mut found| (!found.is_empty()).then(|| found.remove(0).path))
            .unwrap_or_else(|| text.to_owned())
    }

    fn may_hold_verdict(&self, block: &Block<'a>) -> bool {
        (block.first..=block.last.min(block.first + 40)).any(|number| {
            let line = self.source.line(number).trim_start_matches(['*', '#', ' ', '_', '-', '>']);
            let head = line.as_bytes().get(..7).unwrap_or_default();
            ["verdict", "overall", "final v", "merge", "decisio"].iter().any(|name| {
                head.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
            })
        })
    }

    /// `**Verdict:** Approve`, or the row of a table, wherever it stands before the findings or at the end.
    fn verdict_line(&self) -> Option<String> {
        for (at, block) in self.blocks.iter().enumerate() {
            if block.quotes > 0
                || self.outline.sections[at].holds_findings() && self.outline.announcements[at].is_none()
            {
                continue;
            }
            match block.shape {
                Shape::Table => {
                    let rows = rows(block);
                    let row = rows
                        .iter()
                        .find(|row| row.first().is_some_and(|cell| is_verdict_name(cell)) && row.len() > 1);
                    if let Some(value) =
                        row.map(|row| row[1..].join(" ")).filter(|value| !value.trim().is_empty())
                    {
                        return Some(value.trim().to_owned());
                    }
                }
                Shape::Paragraph if self.may_hold_verdict(block) => {
                    let all = pieces(block.node, 400);
                    for line in all.split(Piece::is_break) {
                        if let Some(verdict) = verdict_of(line) {
                            return Some(verdict);
                        }
                    }
                }
                _ => {}
            }
        }
        None
    }
}

fn verdict_of(line: &[Piece]) -> Option<String> {
    let colon =
        line.iter().take(5).position(|piece| piece.part == Part::Word && piece.text.ends_with([':', '—']))?;
    let name = text_of(&line[..=colon]);
    if !is_verdict_name(name.trim_end_matches([':', '—', ' '])) {
        return None;
    }
    let value = text_of(&line[colon + 1..]);
    (!value.is_empty()).then_some(value)
}

fn is_verdict_name(name: &str) -> bool {
    let name = name.trim_matches(['*', '#', ' ', '_']).to_lowercase();
    matches!(
        name.as_str(),
        "verdict"
            | "overall verdict"
            | "final verdict"
            | "merge"
            | "merge verdict"
            | "merge recommendation"
            | "decision"
            | "overall"
    )
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn design_item(kind: DesignKind, head: &header::Header, text: &str, all: &[Piece]) -> DesignItem {
    let scope = head.tags.scope.or_else(|| {
        let lower = text.to_lowercase();
        let future = lower.contains("(future)");
        if lower.contains("(in-scope)") {
            words::scope("in-scope")
        } else {
            words::scope("future").filter(|_| future)
        }
    });
    let (title, body) = if head.bold && !head.title.is_empty() {
        let lines = text.lines().skip(head.lines).collect::<Vec<_>>().join("\n");
        let rest = head.rest.trim_start_matches(['—', '–', '-', ':', '.', ' ']);
        let glue = if rest.is_empty() || lines.trim().is_empty() { "" } else { "\n" };
        (head.title.clone(), format!("{rest}{glue}{}", lines.trim_end()))
    } else {
        let words = text_of(all);
        let words = words
            .trim_start_matches("(in-scope)")
            .trim_start_matches("(future)")
            .trim_start_matches("`(in-scope)`")
            .trim_start_matches("`(future)`");
        let end = parts::sentence_end(words.trim());
        let first_lines = all.iter().filter(|piece| piece.is_break()).count() + 1;
        let more = text.lines().skip(first_lines).collect::<Vec<_>>().join("\n");
        let rest = words.trim()[end..].trim();
        let glue = if rest.is_empty() || more.trim().is_empty() { "" } else { "\n" };
        (words.trim()[..end].trim().to_owned(), format!("{rest}{glue}{}", more.trim_end()))
    };
    DesignItem { kind, scope, title, body: body.trim().to_owned(), locations: Vec::new() }
}

fn without_marker(line: &str) -> &str {
    let bare = line.trim_start();
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    let rest = if digits > 0 {
        bare[digits..].trim_start_matches(['.', ')'])
    } else {
        bare.strip_prefix(['-', '*', '+']).unwrap_or(bare)
    };
    rest.trim_start()
}

fn dedent(line: &str, indent: usize) -> &str {
    let blanks = line.bytes().take(indent).take_while(|byte| *byte == b' ').count();
    &line[blanks..]
}

/// Words that name something missing.
fn is_gap(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "no test",
        "not test",
        "untested",
        "not covered",
        "uncovered",
        "missing",
        "no coverage",
        "lacks",
        "lack of",
        "gap",
        "no unit",
        "no integration",
        "without a test",
        "isn't tested",
        "is not exercised",
        "not exercise",
        "unexercised",
        "stale",
        "outdated",
        "should be updated",
        "not updated",
        "does not mention",
        "doesn't mention",
        "still document",
        "still say",
        "not documented",
        "undocumented",
        "no documentation for",
        "should document",
        "no dedicated",
        "unverified",
        "not verified",
    ]
    .iter()
    .any(|sign| lower.contains(sign))
        && !lower.starts_with("no gap")
        && !lower.contains("no documentation gaps")
        && !lower.contains("no gaps")
}

/// Inline code that is a command line rather than a name.
fn is_command(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    text.contains(' ')
        && matches!(
            first.rsplit('/').next().unwrap_or_default(),
            "go" | "cargo"
                | "npm"
                | "npx"
                | "yarn"
                | "pnpm"
                | "make"
                | "pytest"
                | "python"
                | "python3"
                | "bats"
                | "git"
                | "gradle"
                | "mvn"
                | "tox"
                | "ruby"
                | "bundle"
                | "rake"
                | "dotnet"
                | "swift"
                | "bazel"
                | "ctest"
                | "cmake"
                | "deno"
                | "bun"
                | "node"
                | "bash"
                | "sh"
                | "golangci-lint"
                | "shellcheck"
                | "phpunit"
                | "jest"
                | "vitest"
                | "mocha"
                | "uv"
                | "poetry"
                | "just"
                | "docker"
                | "tsc"
                | "eslint"
                | "ruff"
                | "mypy"
        )
}

/// `- I1 (title): fixed — evidence`.
fn prior_item(text: &str) -> Option<PriorItem> {
    const STATUSES: [&str; 16] = [
        "not fixed",
        "not addressed",
        "not-fixed",
        "partially fixed",
        "partially addressed",
        "partially",
        "unaddressed",
        "fixed",
        "addressed",
        "resolved",
        "superseded",
        "declined",
        "unresolved",
        "still open",
        "open",
        "partial",
    ];
    let flat = one_line(text);
    let lower = flat.to_lowercase();
    let (at, status) = STATUSES
        .iter()
        .filter_map(|status| lower.find(status).map(|at| (at, *status)))
        .min_by_key(|(at, status)| (*at, std::cmp::Reverse(status.len())))?;
    if !flat.is_char_boundary(at) || flat.len() != lower.len() {
        return Some(PriorItem { finding: flat.clone(), status: status.to_owned(), evidence: None });
    }
    let finding =
        flat[..at].trim().trim_end_matches([':', '—', '–', '-', '*', '(', ' ']).trim().replace("**", "");
    let evidence = flat[at + status.len()..]
        .trim_start_matches([':', '—', '–', '-', '*', ')', '.', ',', ' '])
        .trim()
        .to_owned();
    let finding = if finding.is_empty() { flat.clone() } else { finding };
    Some(PriorItem {
        finding,
        status: status.to_owned(),
        evidence: (!evidence.is_empty()).then_some(evidence),
    })
}

/// The cells of a table as Markdown, row by row.
pub(crate) fn rows(table: &Block<'_>) -> Vec<Vec<String>> {
    table
        .node
        .children()
        .filter(|row| matches!(row.data().value, NodeValue::TableRow(_)))
        .map(|row| row.children().map(|cell| text_of(&pieces(cell, 4000))).collect())
        .collect()
}

impl Page<'_, '_, '_> {
    /// Notes text in a section for findings that no finding took: it may hold one that we could not see.
    pub(crate) fn note_unread(&self, taken: &[bool], notes: &mut Vec<model::Note>) {
        for (from, to) in self.stretches(taken) {
            let Section::Severity(level) = self.outline.sections[from] else { continue };
            let skip = usize::from(self.outline.announcements[from].is_some());
            let rest =
                self.outline.announcements[from].as_ref().is_some_and(|announced| says_none(&announced.rest));
            let texts = self.texts(from + skip, to);
            let Some(text) =
                texts.first().filter(|text| !rest && !says_none(text) && !text.trim().is_empty())
            else {
                continue;
            };
            if taken.get(to).copied().unwrap_or(false) && texts.len() == 1 {
                // A sentence between the heading and the first finding introduces them.
                continue;
            }
            let shown: String = one_line(text).chars().take(80).collect();
            let line = self.source.original_line(self.blocks[(from + skip).min(to - 1)].first);
            let text =
                format!("text under the {} findings that starts no finding: \"{shown}\"", level.as_str());
            notes.push(model::Note { line, text });
        }
    }
}
