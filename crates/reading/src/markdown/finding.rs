//! From headline to finding: body, fix, patch, quotes, tags in the text, second thoughts.
//!
//! In: where findings start. Out: [`RawFinding`]s. A finding ends where the next one or the next section begins.
//! Never weighs a claim.

use comrak::nodes::NodeValue;
use model::{Note, RawFinding, RawLocation, ReproClaim, Severity};

use super::block::{Block, Shape};
use super::inline::{Part, Piece, pieces, text_of};
use super::outline::Outline;
use super::second_thoughts;
use super::source::Source;
use super::starts::Start;
use crate::location::Paths;
use crate::tags::{self, Tags};
use crate::words::{self, Field, Section};

/// Places taken from the items of a finding that has none of its own.
const MOST_PLACES: usize = 6;

/// A document on its way to findings.
#[derive(Clone, Copy)]
pub(crate) struct Page<'p, 'a, 't> {
    pub(crate) source: &'p Source<'t>,
    pub(crate) blocks: &'p [Block<'a>],
    pub(crate) outline: &'p Outline,
    pub(crate) paths: Paths<'p>,
    /// True for a published report.
    pub(crate) report: bool,
}

/// Parts of a body, as they are found.
#[derive(Default)]
struct Parts {
    tags: Tags,
    said: Tags,
    locations: Vec<RawLocation>,
    quotes: Vec<String>,
    quotes_open: bool,
    fix: Vec<(usize, usize)>,
    in_fix: bool,
    fix_has_code: bool,
    patch_in_fix: Option<String>,
    patch_elsewhere: Option<String>,
    patch_range: Option<(usize, usize)>,
    repro: Option<String>,
    repro_output: Option<String>,
    trigger: Option<String>,
    known_by: Option<String>,
    category: Option<String>,
    title: Option<String>,
    problem: Option<String>,
    lines: Option<(u32, u32)>,
    note: Option<String>,
    left_out: Vec<(usize, usize)>,
    withdrawn: bool,
    /// The headline of a report has told the tags: a line of tags below it is a part of the text.
    told: bool,
}

impl<'a> Page<'_, 'a, '_> {
    /// Reads every finding.
    pub(crate) fn findings(&self, starts: &[Start], notes: &mut Vec<Note>) -> Vec<RawFinding> {
        let mut findings = Vec::with_capacity(starts.len());
        for (at, start) in starts.iter().enumerate() {
            // Praise ends what stands above it, and is no finding.
            if start.header.praise {
                continue;
            }
            let next = starts.get(at + 1).map_or(self.blocks.len(), |next| next.block);
            let end = self.end_of(start.block, next);
            findings.push(self.finding(start, end, findings.len(), notes));
        }
        crate::ids::number(&mut findings);
        findings
    }

    /// Blocks that belong to findings.
    pub(crate) fn taken(&self, starts: &[Start]) -> Vec<bool> {
        let mut taken = vec![false; self.blocks.len()];
        for (at, start) in starts.iter().enumerate().filter(|(_, start)| !start.header.praise) {
            let next = starts.get(at + 1).map_or(self.blocks.len(), |next| next.block);
            taken[start.block..self.end_of(start.block, next)].fill(true);
        }
        taken
    }

    /// The first block behind the finding.
    fn end_of(&self, start: usize, next: usize) -> usize {
        let region = self.outline.regions[start];
        (start + 1..next).find(|at| self.outline.regions[*at] != region).unwrap_or(next)
    }

    fn finding(&self, start: &Start, end: usize, index: usize, notes: &mut Vec<Note>) -> RawFinding {
        let block = &self.blocks[start.block];
        let head = &start.header;
        let line = self.source.original_line(block.first);
        let head_last = (block.first + head.lines - 1).min(block.last);
        let body_first = head_last + 1;
        let last_line = self.last_line(start.block, end);
        let told = self.report && head.tags.severity.is_some();
        let mut parts = Parts { quotes_open: true, tags: head.tags.clone(), told, ..Parts::default() };
        let in_heading = matches!(block.shape, Shape::Heading(_));
        if !in_heading && body_first <= block.last {
            let all = pieces(block.node, usize::MAX);
            self.paragraph(&after_lines(&all, head.lines), (body_first, block.last), &mut parts);
        } else if !head.rest.is_empty() {
            self.paragraph(&head.rest_pieces, (block.first, block.first), &mut parts);
            parts.left_out.retain(|range| *range != (block.first, block.first));
        }
        for block in &self.blocks[start.block + 1..end] {
            self.part(block, &mut parts);
        }
        let indent = self.indent(start.block, end);
        let mut body = head.rest.clone();
        let lines = self.body(body_first, last_line, indent, &parts);
        if !body.is_empty() && !lines.is_empty() {
            body.push('\n');
        }
        body.push_str(&lines);
        let body = trim_rules(&body);
        let mut finding = RawFinding {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            id: head.label.clone().or(head.number.map(|number| number.to_string())).unwrap_or_default(),
            title: head.title.clone(),
            locations: head.locations.clone(),
            body,
            span: Some((self.source.start_of(block.first), self.source.end_of(last_line.max(head_last)))),
            ..RawFinding::default()
        };
        if finding.id.is_empty()
            && let Some(number) = block.item.and_then(|item| item.number)
        {
            finding.id = number.to_string();
        }
        self.severity(start, &parts, &mut finding, line, notes);
        // A report puts all its tags into the headline; what the body says is quoted.
        if told {
            parts.said = Tags::default();
            parts.locations.clear();
            parts.withdrawn = false;
        }
        finding.kind = parts.tags.kind.or(parts.said.kind);
        finding.category =
            parts.category.take().or(parts.tags.category.clone()).or(parts.said.category.clone());
        if finding.locations.is_empty() {
            finding.locations = std::mem::take(&mut parts.locations);
        }
        if finding.locations.is_empty() && !self.report {
            finding.locations = self.mentioned(start.block, end);
        }
        if finding.title.is_empty() {
            if let Some(title) = parts.title.take() {
                finding.title = title;
            } else {
                let text = parts.problem.take().unwrap_or_else(|| finding.body.clone());
                finding.title = first_sentence(&text);
                let text = "a finding without a title; its first sentence serves as one".to_owned();
                notes.push(Note { line, text });
            }
        }
        if let (Some((start, end)), Some(first)) = (parts.lines, finding.locations.first_mut())
            && first.start.is_none()
        {
            (first.start, first.end) = (Some(start), Some(end));
        }
        attach_quotes(&mut finding.locations, &parts.quotes);
        self.fix(&mut parts, indent, &mut finding);
        finding.repro = parts.repro;
        finding.repro_claim =
            parts.repro_output.map(|output| ReproClaim { output: Some(output), ..ReproClaim::default() });
        finding.trigger = parts.trigger;
        finding.known_by = parts.known_by;
        finding.consolidation_note = parts.note;
        finding.withdrawn = head.struck || parts.tags.withdrawn || parts.withdrawn;
        finding
    }

    /// The places that the headline mentions, or those with which the items below it begin, or the first of the paragraph below it.
    fn mentioned(&self, start: usize, end: usize) -> Vec<RawLocation> {
        let head = &self.blocks[start];
        let own = super::places::mentioned(&pieces(head.node, super::header::LIMIT), self.paths);
        if !own.is_empty() {
            return own;
        }
        let below = &self.blocks[start + 1..end];
        let is_text = |block: &&Block<'a>| block.shape == Shape::Paragraph && block.quotes == 0;
        let items = below.iter().filter(is_text).filter(|block| block.item.is_some_and(|item| item.first));
        let led: Vec<RawLocation> = items
            .take(MOST_PLACES)
            .flat_map(|block| super::header::header(&pieces(block.node, 40), self.paths).locations)
            .filter(|place| place.start.is_some())
            .collect();
        if !led.is_empty() {
            return led;
        }
        below.iter().find(is_text).map_or_else(Vec::new, |block| {
            super::places::mentioned(&pieces(block.node, super::header::LIMIT), self.paths)
        })
    }

    fn severity(
        &self,
        start: &Start,
        parts: &Parts,
        finding: &mut RawFinding,
        line: u32,
        notes: &mut Vec<Note>,
    ) {
        let stated = parts.tags.severity.clone().or(parts.said.severity.clone());
        let section = match self.outline.sections[start.block] {
            Section::Severity(level) => Some(level),
            _ => None,
        };
        let label = start.header.label.as_deref().and_then(|label| match label.chars().next() {
            Some('C') => Some(Severity::Critical),
            Some('I') => Some(Severity::Important),
            Some('S') => Some(Severity::Suggestion),
            _ => None,
        });
        let stated = stated.or_else(|| {
            let open = section.is_none() && label.is_none() && !self.report;
            open.then(|| stated_inside(finding)).flatten()
        });
        finding.severity_stated =
            stated.is_some() || section.is_some() || label.is_some() || start.header.sign.is_some();
        if let Some((level, word)) = &stated {
            finding.severity = *level;
            if !words::is_own_severity(word) {
                notes.push(Note { line, text: format!("severity \"{word}\" read as {}", level.as_str()) });
            }
        } else if let Some(level) = section.or(label) {
            finding.severity = level;
        } else if let Some((level, colour)) = start.header.sign {
            finding.severity = level;
            notes.push(Note { line, text: format!("a {colour} sign read as {}", level.as_str()) });
        } else {
            notes.push(Note { line, text: "no severity given; read as suggestion".to_owned() });
        }
    }

    /// The last line of the finding that holds anything.
    fn last_line(&self, start: usize, end: usize) -> usize {
        let floor = self.blocks[start].last;
        let limit =
            self.blocks.get(end).map_or(self.source.line_count(), |next| next.first.saturating_sub(1));
        let mut last = limit.max(floor);
        while last > floor && self.source.line(last).trim().is_empty() {
            last -= 1;
        }
        last
    }

    /// How far the lines of a list item are indented, and the last line that is.
    fn indent(&self, start: usize, end: usize) -> (usize, usize) {
        let block = &self.blocks[start];
        let Some(item) = block.item else { return (0, 0) };
        let inside = |next: &&Block<'a>| {
            next.depth > block.depth
                || next.depth == block.depth && next.item.is_some_and(|other| other.ordinal == item.ordinal)
        };
        let last = self.blocks[start..end].iter().take_while(inside).map(|block| block.last).max();
        (item.indent, last.unwrap_or(block.last))
    }

    /// The body as Markdown: the lines as written, less the parts that are kept elsewhere.
    fn body(&self, first: usize, last: usize, indent: (usize, usize), parts: &Parts) -> String {
        let mut text = String::new();
        let mut left_out = parts.left_out.iter().peekable();
        for number in first..=last {
            while left_out.peek().is_some_and(|range| range.1 < number) {
                left_out.next();
            }
            if left_out.peek().is_some_and(|range| range.0 <= number) {
                continue;
            }
            text.push_str(dedent(self.source.line(number), number, indent));
            text.push('\n');
        }
        text.trim_matches('\n').trim_end().to_owned()
    }

    fn part(&self, block: &Block<'a>, parts: &mut Parts) {
        match block.shape {
            Shape::Paragraph if block.quotes == 0 => {
                let all = pieces(block.node, 4000);
                self.paragraph(&all, (block.first, block.last), parts);
            }
            Shape::Heading(_) => Self::sub_heading(block, parts),
            Shape::Code => Self::code(block, parts),
            Shape::Table => self.field_table(block, parts),
            Shape::Paragraph => {
                let text = text_of(&pieces(block.node, 30));
                if consolidation_note(&text) {
                    parts.note.get_or_insert_with(|| self.source.slice(block.first, block.last));
                    parts.left_out.push((block.first, block.last));
                }
            }
            _ => {}
        }
    }

    /// A table of two columns whose first names fields: `| Severity | high |`.
    fn field_table(&self, block: &Block<'a>, parts: &mut Parts) {
        for (number, row) in block.node.children().enumerate() {
            let cells: Vec<Vec<Piece>> = row.children().map(|cell| pieces(cell, 400)).collect();
            let [name, value] = cells.as_slice() else { return };
            if let Some(field) = words::field(text_of(name).trim_end_matches(':')) {
                self.field(field, value, block.first + number + usize::from(number > 0), parts);
            }
        }
        parts.in_fix = false;
    }

    fn sub_heading(block: &Block<'a>, parts: &mut Parts) {
        let name = text_of(&pieces(block.node, 12));
        parts.in_fix = words::field(name.trim_end_matches(':')) == Some(Field::Fix);
        parts.fix_has_code = false;
        if parts.in_fix {
            parts.quotes_open = false;
        }
    }

    fn code(block: &Block<'a>, parts: &mut Parts) {
        let data = block.node.data();
        let NodeValue::CodeBlock(code) = &data.value else { return };
        let info = code.info.to_lowercase();
        let range = (block.first, block.last);
        if info.contains("repro-output") {
            parts.repro_output.get_or_insert_with(|| code.literal.clone());
            return;
        }
        if info.split_whitespace().any(|word| word == "repro" || word == "reproduce") {
            parts.repro.get_or_insert_with(|| code.literal.clone());
            return;
        }
        let is_diff = info.starts_with("diff")
            || info.starts_with("patch")
            || info.is_empty() && looks_like_diff(&code.literal);
        if is_diff {
            let slot = if parts.in_fix { &mut parts.patch_in_fix } else { &mut parts.patch_elsewhere };
            if slot.is_none() {
                *slot = Some(code.literal.clone());
                if !parts.in_fix {
                    parts.patch_range = Some(range);
                }
            } else if let Some(patch) = slot.as_mut().filter(|_| parts.in_fix) {
                patch.push_str(&code.literal);
            }
        } else if parts.quotes_open && !parts.in_fix && !is_output(&info) {
            parts.quotes.push(code.literal.trim_end_matches('\n').to_owned());
        }
        if parts.in_fix {
            parts.fix.push(range);
            parts.fix_has_code = true;
        }
    }

    /// A paragraph of the body: fields, tags, places on their own line, notes, or prose.
    fn paragraph(&self, all: &[Piece], range: (usize, usize), parts: &mut Parts) {
        let lines: Vec<&[Piece]> = all.split(super::inline::Piece::is_break).collect();
        if all.iter().take(3).any(|piece| piece.text.len() >= 13 && is_consolidation(&piece.text)) {
            let text = text_of(all);
            if consolidation_note(&text) {
                parts.note.get_or_insert(text);
                parts.left_out.push(range);
                return;
            }
        }
        if self.report && is_own_remark(self.source.line(range.0)) {
            parts.left_out.push(range);
            return;
        }
        let mut only_tags = !lines.is_empty();
        let mut prose = false;
        for (at, line) in lines.iter().enumerate() {
            let number = range.0 + at.min(range.1.saturating_sub(range.0));
            if line.is_empty() {
                continue;
            }
            if is_dressed(line)
                && let Some(tags) = tags::group(&text_of(line))
            {
                parts.said.fill(tags);
                continue;
            }
            only_tags = false;
            if let Some(tags) = leading_tags(line).or_else(|| trailing_tags(line)) {
                parts.said.fill(tags);
            }
            let fields = fields_of(line);
            if !fields.is_empty() {
                for (field, value) in fields {
                    self.field(field, value, number, parts);
                }
                prose = false;
                continue;
            }
            if parts.locations.is_empty()
                && let Some(tail) =
                    super::tail::tail_line(line, self.paths).filter(|tail| !tail.locations.is_empty())
            {
                parts.locations = tail.locations;
                parts.said.fill(tail.tags);
                continue;
            }
            if parts.in_fix && (parts.fix_has_code && at == 0) {
                parts.in_fix = false;
            }
            if parts.in_fix {
                parts.fix.push((number, number));
            }
            prose = true;
            parts.withdrawn |= second_thoughts::takes_back(&text_of(line));
        }
        if prose && !parts.in_fix && !parts.quotes.is_empty() {
            parts.quotes_open = false;
        }
        if only_tags && !parts.told {
            parts.left_out.push(range);
        }
    }

    fn field(&self, field: Field, value: &[Piece], number: usize, parts: &mut Parts) {
        let text = text_of(value);
        parts.in_fix = field == Field::Fix;
        parts.fix_has_code = false;
        match field {
            Field::Classification | Field::Severity => parts.said.fill(tags::value(&text)),
            Field::Location => {
                let mut places = Vec::new();
                if let Some(lines) = crate::location::range(&text.replace('`', "")) {
                    parts.lines.get_or_insert(lines);
                } else if parts.locations.is_empty()
                    && super::places::some_places(value, &mut places, self.paths)
                {
                    parts.locations = places;
                }
            }
            Field::Fix => {
                // Who still proposes a fix has not taken the finding back.
                parts.withdrawn &= text.len() < 40;
                parts.quotes_open = false;
                parts.fix.push((number, number));
            }
            Field::Trigger => {
                parts.trigger.get_or_insert(text);
            }
            Field::Evidence => {
                let lower = text.to_lowercase();
                let ran = lower.starts_with("ran ") || lower.contains(" ran `") || lower.contains("executed");
                parts.known_by.get_or_insert_with(|| if ran { "ran" } else { "read" }.to_owned());
            }
            Field::Category => {
                parts.category.get_or_insert(text.to_lowercase());
            }
            Field::Title => {
                parts.title.get_or_insert(text);
            }
            Field::Note => {
                parts.note.get_or_insert(text);
                parts.left_out.push((number, number));
            }
            Field::Problem => {
                parts.problem.get_or_insert_with(|| text.clone());
                parts.withdrawn |= second_thoughts::takes_back(&text);
            }
            Field::Confidence => {}
        }
    }

    fn fix(&self, parts: &mut Parts, indent: (usize, usize), finding: &mut RawFinding) {
        finding.patch = parts.patch_in_fix.take().or(parts.patch_elsewhere.take());
        if parts.fix.is_empty()
            && let Some(range) = parts.patch_range
        {
            parts.fix.push(range);
        }
        let mut text = String::new();
        let mut before: Option<usize> = None;
        for (first, last) in &parts.fix {
            if let Some(before) = before {
                text.push_str(if *first > before + 1 { "\n\n" } else { "\n" });
            }
            for number in *first..=*last {
                if number > *first {
                    text.push('\n');
                }
                text.push_str(dedent(self.source.line(number), number, indent));
            }
            before = Some(*last);
        }
        let text = without_tags(&without_name(text.trim_matches('\n').trim_end()));
        finding.fix = (!text.is_empty()).then_some(text);
    }
}

/// `… panics. Severity: high`: in the title, which loses it, or near the start of the body.
fn stated_inside(finding: &mut RawFinding) -> Option<(Severity, String)> {
    if let Some((at, said)) = severity_word(&finding.title) {
        let title =
            finding.title[..at].trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '`' | ')'));
        if !title.is_empty() {
            finding.title = title.to_owned();
        }
        return Some(said);
    }
    let near =
        finding.body.char_indices().nth(600).map_or(finding.body.as_str(), |(at, _)| &finding.body[..at]);
    severity_word(near).map(|(_, said)| said)
}

/// Where a text says `severity: WORD` or `priority: WORD`, and what.
fn severity_word(text: &str) -> Option<(usize, (Severity, String))> {
    let lower = text.to_ascii_lowercase();
    ["severity", "priority"].iter().find_map(|name| {
        let at = lower.find(name)?;
        let rest = lower[at + name.len()..].trim_start_matches(['*', '_', ' ', ')']);
        let rest = rest.strip_prefix([':', '='])?.trim_start_matches(['*', '_', ' ', '`', '[', '(']);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
        let word = &rest[..end];
        Some((at, (words::severity(word)?, word.to_owned())))
    })
}

fn attach_quotes(locations: &mut [RawLocation], quotes: &[String]) {
    // Without a place there is nothing to look the quote up in; it stays in the body.
    for (location, quote) in locations.iter_mut().zip(quotes) {
        location.quote = Some(quote.clone());
    }
}

fn after_lines(all: &[Piece], lines: usize) -> Vec<Piece> {
    if lines == 0 {
        return all.to_vec();
    }
    let mut left = lines;
    let start = all.iter().position(|piece| {
        left -= usize::from(piece.is_break() && left > 0);
        left == 0
    });
    start.map(|at| all[at + 1..].to_vec()).unwrap_or_default()
}

fn dedent(line: &str, number: usize, indent: (usize, usize)) -> &str {
    let width = if number <= indent.1 { indent.0 } else { 0 };
    let blanks = line.bytes().take(width).take_while(|byte| *byte == b' ').count();
    &line[blanks..]
}

fn trim_rules(body: &str) -> String {
    let mut body = body.trim_end();
    while let Some(last) = body.lines().next_back() {
        let bare: String = last.chars().filter(|c| !c.is_whitespace()).collect();
        if bare.len() >= 3
            && (bare.chars().all(|c| c == '-')
                || bare.chars().all(|c| c == '*')
                || bare.chars().all(|c| c == '_'))
        {
            body = body[..body.len() - last.len()].trim_end();
        } else {
            break;
        }
    }
    body.trim_start_matches('\n').to_owned()
}

/// All fields of a line: `Severity: high · Kind: gap · File: a.rs`.
pub(super) fn fields_of(line: &[Piece]) -> Vec<(Field, &[Piece])> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((field, value)) = field_of(rest) {
        let next = value.iter().enumerate().find(|(at, piece)| {
            matches!(piece.text.as_str(), "·" | "|" | "•" | ";" | "—")
                && piece.part == Part::Word
                && field_of(&value[at + 1..]).is_some()
        });
        match next {
            Some((at, _)) if found.len() < 8 => {
                found.push((field, &value[..at]));
                rest = &value[at + 1..];
            }
            _ => {
                found.push((field, value));
                break;
            }
        }
    }
    found
}

/// `Name: value` at the start of a line, in any dress.
fn field_of(line: &[Piece]) -> Option<(Field, &[Piece])> {
    let start = line.iter().position(|piece| {
        !(piece.part == Part::Word && matches!(piece.text.as_str(), "-" | "•" | "*" | "→"))
    })?;
    let line = &line[start..];
    let end = line.iter().take(6).position(|piece| piece.part == Part::Word && piece.text.ends_with(':'));
    let (name, value) = if let Some(end) = end {
        (&line[..=end], &line[end + 1..])
    } else {
        // `**Fix** — prose`, `**Fix.** prose`
        let bold = line.iter().take_while(|piece| piece.bold).count();
        // `Severity - low`
        if bold == 0
            && line.get(1).is_some_and(|next| next.is("-") || next.is("—") || next.is("–"))
            && matches!(line[0].text.as_str(), "Severity" | "Priority" | "Location" | "File")
        {
            return words::field(&line[0].text).map(|field| (field, &line[2..]));
        }
        if bold == 0 || bold > 5 {
            return None;
        }
        let dashed = line.get(bold).is_some_and(super::inline::Piece::is_separator)
            || line[bold - 1].text.ends_with('.')
            || line.len() == bold;
        if !dashed {
            return None;
        }
        (&line[..bold], &line[bold..])
    };
    let field = words::field(text_of(name).trim_end_matches([':', '.', ' ']))?;
    let value = match value.first() {
        Some(first) if first.is_separator() => &value[1..],
        _ => value,
    };
    Some((field, value))
}

/// True for a line in brackets, code or emphasis: tags never stand bare in prose.
fn is_dressed(line: &[Piece]) -> bool {
    line.first().is_some_and(|piece| piece.is("(") || piece.is("[") || piece.part == Part::Code || piece.bold)
        || line.len() <= 6 && line.iter().any(|piece| piece.is(","))
}

/// `` `(suggestion, gap)` — low priority.`` at the start of a line.
fn leading_tags(line: &[Piece]) -> Option<Tags> {
    let first = line.first()?;
    if first.part == Part::Code {
        return tags::group(&first.text)
            .filter(|tags| first.text.starts_with('(') && (tags.severity.is_some() || tags.kind.is_some()));
    }
    let close = line.iter().take(12).position(|piece| piece.is(")")).filter(|_| first.is("("))?;
    tags::group(&text_of(&line[..=close])).filter(|tags| tags.severity.is_some() && tags.kind.is_some())
}

/// `… as in the other file.* (important, gap)` at the end of a line.
fn trailing_tags(line: &[Piece]) -> Option<Tags> {
    let last = line.last()?;
    if last.part == Part::Code {
        return tags::group(&last.text).filter(|tags| last.text.starts_with('(') && tags.severity.is_some());
    }
    if !last.is(")") {
        return None;
    }
    let open = line.iter().rposition(|piece| piece.is("("))?;
    tags::group(&text_of(&line[open..]))
        .filter(|tags| tags.severity.is_some() && (tags.kind.is_some() || tags.category.is_some()))
}

fn is_consolidation(word: &str) -> bool {
    word.trim_start_matches(['*', '_', '(', '['])
        .get(..13)
        .is_some_and(|head| head.eq_ignore_ascii_case("consolidation"))
}

fn consolidation_note(text: &str) -> bool {
    let lower = text.trim_start_matches(['*', '_', '(', '[', '>', ' ']).get(..24).map(str::to_lowercase);
    lower.is_some_and(|lower| lower.starts_with("consolidation note"))
}

/// Lines that a report adds to a finding: they are about the report, not of the finding.
fn is_own_remark(line: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix('*') else { return false };
    [
        "Checked:",
        "Origin:",
        "Rule:",
        "Severity:",
        "Contested:",
        "Also noted by",
        "Possibly the same as",
        "Raised again:",
        "Decided:",
        "Tried:",
    ]
    .iter()
    .any(|words| rest.starts_with(words))
}

fn looks_like_diff(code: &str) -> bool {
    code.lines()
        .take(3)
        .any(|line| line.starts_with("@@ ") || line.starts_with("diff --git") || line.starts_with("--- a/"))
}

fn is_output(info: &str) -> bool {
    let first = info.split_whitespace().next().unwrap_or_default();
    matches!(first, "console" | "output" | "shell-session" | "terminal" | "stdout" | "log" | "mermaid")
}

fn first_sentence(body: &str) -> String {
    let line =
        body.lines().find(|line| !line.trim().is_empty() && !line.starts_with("```")).unwrap_or_default();
    let end = crate::parts::sentence_end(line);
    let sentence: String = line[..end].trim_end_matches('.').chars().take(200).collect();
    if sentence.trim().is_empty() { "(no title)".to_owned() } else { sentence.trim().to_owned() }
}

/// Removes the name of the field from the text of a fix.
fn without_name(text: &str) -> String {
    let bare = text.trim_start_matches(['-', '*', '_', ' ', '•']);
    let Some(colon) = bare.find(':').filter(|at| *at < 40) else { return text.to_owned() };
    if words::field(bare[..colon].trim_end_matches(['*', '_'])) != Some(Field::Fix) {
        return text.to_owned();
    }
    bare[colon + 1..].trim_start_matches(['*', '_']).trim_start().to_owned()
}

/// Removes tags in brackets from the end of a text: they are about the finding, not about the fix.
fn without_tags(text: &str) -> String {
    let bare = text.trim_end().trim_end_matches(['*', '`', '_']);
    let Some(open) = bare.rfind('(').filter(|_| bare.ends_with(')')) else { return text.to_owned() };
    match tags::group(&bare[open..]) {
        Some(tags) if tags.severity.is_some() => {
            bare[..open].trim_end_matches(['*', '`', '_', ' ', '\n']).to_owned()
        }
        _ => text.to_owned(),
    }
}
