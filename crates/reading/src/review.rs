//! One review, from text to reading: JSON first, then YAML and tags, then Markdown.
//!
//! In: a text and what is known about it. Out: a [`Reading`]. Never fails; chooses, and says in a note what it chose
//! where that is not plain.

use model::{CoverageStatus, Note, ParsedAs, Reading, ReadingState, RepoPath};

use crate::location::Paths;
use crate::{canary, json, markdown, own, state, unseen};

/// How a text is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parser {
    /// The schema if it is there, else Markdown.
    #[default]
    Auto,
    /// Markdown only.
    Markdown,
    /// JSON only.
    Json,
    /// The output of a tool, in this format.
    Tool(diagnostics::Format),
}

/// What is known about the review beside its text.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The canary line that was sent with the prompt.
    pub canary: Option<String>,
    /// The prompt without the change in it: a passage of it that comes back is not the reviewer's own.
    pub instructions: Option<String>,
    /// The files of the change.
    pub changed: Vec<RepoPath>,
    /// Folders of the machine in which the reviewer worked; removed from the front of paths.
    pub worktree_prefixes: Vec<String>,
    /// How to read.
    pub parser: Parser,
}

/// How often the same note is repeated.
const SAME_NOTES: usize = 3;
/// Answers inside answers that are opened.
const MAX_ANSWERS: usize = 3;

/// Reads one review.
///
/// The schema is looked for first: alone, in a fence, behind prose, inside a string of a wrapper object, broken off; then a review in
/// YAML or in tags that takes most of the text. Where there is none the text is Markdown.
pub fn read(text: &str, context: &Context) -> Reading {
    if let Some(format) = tool_format(text, context.parser) {
        let roots = diagnostics::Roots { prefixes: &context.worktree_prefixes, files: &context.changed };
        return diagnostics::read(text, format, roots);
    }
    let paths = Paths { changed: &context.changed, prefixes: &context.worktree_prefixes, published: false };
    let own = own::words(text, context.instructions.as_deref());
    let mut reading = read_answer(&own.text, context, paths, 0);
    note_strange(&own, &mut reading);
    if reading.state == ReadingState::Reviewed && looked_at_nothing(&reading) {
        let why = "its coverage says of every file that it was not reviewed".to_owned();
        reading.state = ReadingState::UnableToReview { why };
    }
    note_coverage(context, &mut reading);
    reading.notes.sort_by_key(|note| note.line);
    fold_notes(&mut reading.notes);
    reading
}

/// The format of a text that is a tool's output: told, or plain to see.
fn tool_format(text: &str, parser: Parser) -> Option<diagnostics::Format> {
    match parser {
        Parser::Tool(format) => Some(format),
        Parser::Auto => diagnostics::detect(text),
        Parser::Markdown | Parser::Json => None,
    }
}

/// No finding, and a coverage of which nothing was reviewed.
fn looked_at_nothing(reading: &Reading) -> bool {
    reading.findings.is_empty()
        && !reading.coverage.is_empty()
        && reading.coverage.iter().all(|item| item.status == CoverageStatus::NotReviewed)
}

/// What was not the reviewer's own; an answer that has nothing else is none.
fn note_strange(own: &own::Own<'_>, reading: &mut Reading) {
    let mut note = |text: &str| reading.notes.push(Note { line: 0, text: text.to_owned() });
    if own.reasoned {
        note("its open reasoning was not read as a part of the review");
    }
    if own.repeated {
        note("it repeats what it was told; that was not read as a part of the review");
    }
    if own.unfinished {
        reading.state = ReadingState::Truncated { why: "its reasoning never ends".to_owned() };
    } else if own.repeated && reading.state == ReadingState::Empty {
        let why = "it repeats what it was told and says nothing else".to_owned();
        reading.state = ReadingState::UnableToReview { why };
    }
}

/// The same note a thousand times says no more than three times and a count.
fn fold_notes(notes: &mut Vec<Note>) {
    let mut counts: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    notes.retain(|note| {
        let count = counts.entry(note.text.clone()).or_insert(0);
        *count += 1;
        *count <= SAME_NOTES
    });
    let mut more: Vec<(String, usize)> =
        counts.into_iter().filter(|(_, count)| *count > SAME_NOTES).collect();
    more.sort();
    notes.extend(
        more.into_iter().map(|(text, count)| Note {
            line: 0,
            text: format!("{} times more: {text}", count - SAME_NOTES),
        }),
    );
}

fn read_answer(text: &str, context: &Context, paths: Paths<'_>, depth: usize) -> Reading {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut search = match context.parser {
        Parser::Markdown => json::find::Search::default(),
        Parser::Auto | Parser::Json | Parser::Tool(_) => json::find::search(text),
    };
    let instructions = context.instructions.as_deref();
    let (forms, found): (Vec<_>, Vec<_>) =
        search.found.into_iter().partition(|found| json::form::is_form(&found.node, instructions));
    search.found = found;
    if !forms.is_empty() && search.found.is_empty() {
        let spans: Vec<(usize, usize)> = forms.iter().map(|form| own::with_fence(text, form.span)).collect();
        return read_beside_forms(&own::blank(text, &spans), context, paths, depth);
    }
    let mut parsed_as = ParsedAs::Json;
    if search.found.is_empty() && search.answer.is_none() && context.parser == Parser::Auto {
        let (besides, form) = json::find::search_besides(text);
        if !besides.found.is_empty() {
            parsed_as = form;
            search.found = besides.found;
        }
    }
    let extent = search.found.iter().map(|found| found.span.1 - found.span.0).max().unwrap_or(0);
    let facts = Facts {
        named: search.found.iter().any(|found| found.named),
        truncated: search.found.last().is_some_and(|found| found.truncated),
        mostly_json: extent * 2 >= text.trim().len(),
        ends_text: search
            .found
            .last()
            .is_some_and(|found| text.len() - found.span.1 <= 400 + text.len() / 10),
    };
    let (answer, error) = (search.answer.clone(), search.error.clone());
    let structured = json::read(text, search, paths, instructions);
    if let Some((mut reading, field)) = structured {
        reading.parsed_as = parsed_as;
        if context.parser == Parser::Json || facts.mostly_json || facts.named && facts.ends_text {
            return finish_json(text, context, reading, field.as_deref(), &facts);
        }
        let page = markdown::read(text, paths);
        if page.reading.findings.is_empty() {
            return finish_json(text, context, reading, field.as_deref(), &facts);
        }
        let mut reading = finish_markdown(text, context, page);
        reading.notes.push(Note {
            line: 0,
            text: "a JSON document inside the Markdown was not read as the review".to_owned(),
        });
        return reading;
    }
    if let Some((inner, span)) = answer
        && depth < MAX_ANSWERS
        && (span.1 - span.0) * 2 >= text.trim().len()
    {
        return read_wrapped(&inner, text, context, paths, (depth, error));
    }
    if context.parser == Parser::Json {
        return no_json(text, context, error);
    }
    let page = markdown::read(text, paths);
    let mut reading = finish_markdown(text, context, page);
    if let (Some(said), true) = (error, reading.findings.is_empty()) {
        reading.state = ReadingState::UnableToReview { why: said };
    }
    reading
}

/// An answer whose only documents are the form that it was shown: whatever it says besides counts, and nothing is no review.
fn read_beside_forms(rest: &str, context: &Context, paths: Paths<'_>, depth: usize) -> Reading {
    let mut reading =
        if depth < MAX_ANSWERS { read_answer(rest, context, paths, depth + 1) } else { Reading::default() };
    let why = "it repeats the form of the answer that it was shown".to_owned();
    reading.notes.push(Note { line: 0, text: why.clone() });
    if reading.findings.is_empty() && reading.state != ReadingState::Reviewed {
        reading.state = ReadingState::UnableToReview { why };
    }
    reading
}

/// Facts about the documents found, kept while they are read.
struct Facts {
    named: bool,
    truncated: bool,
    mostly_json: bool,
    ends_text: bool,
}

/// Prose that stood in a string: its bytes are not those of the text, so no spans are kept.
fn read_wrapped(
    inner: &str,
    outer: &str,
    context: &Context,
    paths: Paths<'_>,
    state: (usize, Option<String>),
) -> Reading {
    let mut reading = read_answer(inner, context, paths, state.0 + 1);
    for finding in &mut reading.findings {
        finding.span = None;
    }
    for note in &mut reading.notes {
        note.line = 0;
    }
    if reading.canary == model::Canary::Missing {
        reading.canary = canary::check(context.canary.as_deref(), None, outer);
    }
    if let Some(said) = state.1.filter(|_| reading.findings.is_empty()) {
        reading.state = ReadingState::UnableToReview { why: said };
    }
    reading
}

fn finish_json(
    text: &str,
    context: &Context,
    mut reading: Reading,
    field: Option<&str>,
    facts: &Facts,
) -> Reading {
    reading.canary = canary::check(context.canary.as_deref(), field, text);
    let empty = reading.findings.is_empty()
        && reading.summary.is_none()
        && reading.verdict.is_none()
        && reading.coverage.is_empty();
    reading.state = if facts.truncated {
        ReadingState::Truncated { why: "the document breaks off".to_owned() }
    } else if empty && reading.design.is_empty() && reading.testing.is_empty() {
        ReadingState::Empty
    } else {
        let said = reading.summary.clone().unwrap_or_default();
        match state::judge(&said, &reading, 2, None) {
            unable @ ReadingState::UnableToReview { .. }
                if reading.findings.is_empty()
                    && (reading.verdict.is_none() || unseen::saw_nothing(&said)) =>
            {
                unable
            }
            _ => ReadingState::Reviewed,
        }
    };
    reading
}

fn finish_markdown(text: &str, context: &Context, page: markdown::Page) -> Reading {
    let mut reading = page.reading;
    reading.canary = canary::check(context.canary.as_deref(), None, text);
    reading.state = state::judge(text, &reading, page.sections, page.broken);
    if reading.state == ReadingState::Empty {
        reading.parsed_as = ParsedAs::None;
    }
    reading
}

fn no_json(text: &str, context: &Context, error: Option<String>) -> Reading {
    let why = error.unwrap_or_else(|| "it holds no JSON document of a review".to_owned());
    let empty = text.trim().is_empty();
    Reading {
        state: if empty { ReadingState::Empty } else { ReadingState::UnableToReview { why: why.clone() } },
        canary: canary::check(context.canary.as_deref(), None, text),
        notes: vec![Note { line: 0, text: why }],
        ..Reading::default()
    }
}

/// Notes the changed files that a coverage leaves out. A review without any coverage is not blamed file by file.
fn note_coverage(context: &Context, reading: &mut Reading) {
    if reading.coverage.is_empty() || context.changed.is_empty() {
        return;
    }
    let named: std::collections::HashSet<&str> =
        reading.coverage.iter().map(|item| item.path.as_str()).collect();
    let missing: Vec<&str> = context
        .changed
        .iter()
        .filter(|file| !named.contains(file.as_str()) && !named.contains(file.file_name()))
        .map(RepoPath::as_str)
        .collect();
    if !missing.is_empty() {
        let shown = missing.iter().take(10).copied().collect::<Vec<_>>().join(", ");
        let text = format!("its coverage leaves out {} changed file(s): {shown}", missing.len());
        reading.notes.push(Note { line: 0, text });
    }
}
