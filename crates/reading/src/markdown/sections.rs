//! The sections beside the findings: summary, verdict, design, testing, documentation, coverage…
//!
//! In: blocks with their sections. Out: the parts of a [`Reading`] they hold. Never turns a remark into a finding.

use model::{DesignItem, DesignKind, LimitationItem, Ran, RawLocation, Reading, TextItem};

use super::block::Shape;
use super::finding::Page;
use super::inline::{Part, pieces, text_of};
use super::outline::says_none;
use crate::location;
use crate::parts;
use crate::words::Section;

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

impl Page<'_, '_, '_> {
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

    pub(super) fn text_of_entry(&self, entry: &Entry) -> String {
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
    pub(super) fn places(&self, from: usize, to: usize) -> Vec<RawLocation> {
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
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
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

    /// Notes text outside of all findings that names lines and complains: in a text with marked findings it mostly speaks of them.
    pub(crate) fn note_complaints(&self, taken: &[bool], notes: &mut Vec<model::Note>) {
        let starts = super::starts::loose_starts(self.blocks, self.outline, self.source, self.paths);
        for start in starts.iter().filter(|start| !taken[start.block]) {
            let block = &self.blocks[start.block];
            let shown: String =
                one_line(&self.source.slice(block.first, block.last)).chars().take(80).collect();
            let line = self.source.original_line(block.first);
            let text = format!("names a place and complains, and is no finding of its own: \"{shown}\"");
            notes.push(model::Note { line, text });
        }
    }
}
