//! From review document to findings.
//!
//! In: documents that look like a review. Out: a [`Reading`]; unknown fields of a finding are kept, missing ones are
//! notes. Never drops a finding that says anything at all.

use model::{Note, ParsedAs, RawFinding, Reading, ReproClaim, Severity};
use serde_json::Map;

use super::fields::{self, any, flag, text, text_at};
use super::find::{Found, Search};
use super::form::{FINDINGS, is_choice, is_example};
use super::lenient::{Node, is_same_name};
use super::sections;
use crate::location::Paths;
use crate::words;

/// Names under which a finding says what is wrong, in one line and at length.
const TITLES: [&str; 7] =
    ["title", "name", "headline", "summary", "message", "issue_header", "one_sentence_summary"];
const PROBLEMS: [&str; 9] = [
    "problem",
    "description",
    "body",
    "details",
    "explanation",
    "issue",
    "impact",
    "issue_content",
    "suggestion_content",
];

/// Further fields of a finding that we know; everything else is kept as it came.
const KNOWN: [&str; 48] = [
    "id",
    "severity",
    "priority",
    "level",
    "kind",
    "class",
    "classification",
    "type",
    "category",
    "locations",
    "location",
    "path",
    "file",
    "filename",
    "file_path",
    "line",
    "lines",
    "start",
    "end",
    "start_line",
    "end_line",
    "line_start",
    "line_end",
    "line_range",
    "code_location",
    "absent",
    "scenario",
    "trigger",
    "evidence",
    "fix",
    "suggestion",
    "recommendation",
    "suggested_fix",
    "patch",
    "repro",
    "rule",
    "rule_url",
    "withdrawn",
    "quote",
    "snippet",
    "range",
    "symbol",
    "side",
    "absolute_file_path",
    "code",
    "relevant_file",
    "existing_code",
    "improved_code",
];

fn known_fields() -> impl Iterator<Item = &'static str> {
    KNOWN.into_iter().chain(TITLES).chain(PROBLEMS)
}

/// Reads the documents of a search; `None` where there is none.
pub(crate) fn read(
    source: &str,
    search: Search,
    paths: Paths<'_>,
    instructions: Option<&str>,
) -> Option<(Reading, Option<String>)> {
    let Search { mut found, cut, .. } = search;
    let last = found.iter().rposition(|found| found.named).unwrap_or(found.len().checked_sub(1)?);
    let main = found.remove(last);
    let breaks = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    let mut page = Page { breaks, paths, instructions, notes: Vec::new(), inside_string: main.inside_string };
    let mut reading = page.reading(&main);
    let canary = text_at(&main.node, &["canary"]);
    for other in &found {
        page.merge(other, &mut reading);
    }
    if cut {
        page.note(0, "the text holds so many braces that the search for documents was given up".to_owned());
    }
    reading.notes.append(&mut page.notes);
    crate::ids::number(&mut reading.findings);
    Some((reading, canary))
}

struct Page<'s> {
    /// Where lines end, so that a note finds its line without reading the text again.
    breaks: Vec<usize>,
    paths: Paths<'s>,
    /// What the reviewer was given, where that is known.
    instructions: Option<&'s str>,
    notes: Vec<Note>,
    inside_string: bool,
}

impl Page<'_> {
    fn note(&mut self, at: usize, text: String) {
        let line = if self.inside_string || at == 0 {
            0
        } else {
            u32::try_from(self.breaks.partition_point(|end| *end < at) + 1).unwrap_or(u32::MAX)
        };
        self.notes.push(Note { line, text });
    }

    fn reading(&mut self, found: &Found) -> Reading {
        let node = &found.node;
        for (what, at) in &found.forgiven {
            self.note(*at, format!("not quite JSON: {what}"));
        }
        if !found.named {
            self.note(found.span.0, "the document does not name the schema; read all the same".to_owned());
        }
        let mut reading = Reading { parsed_as: ParsedAs::Json, ..Reading::default() };
        reading.summary = text_at(node, &["summary", "overall_explanation", "overview"]);
        reading.verdict = text_at(node, &["verdict", "overall_correctness", "recommendation"]);
        if is_choice(node, "verdict") {
            reading.verdict = None;
            self.note(found.span.0, "its verdict lists the verdicts there are, and chooses none".to_owned());
        }
        reading.model = text_at(node, &["model"]);
        reading.findings = self.findings(node);
        sections::fill(node, &mut reading, self.paths, &mut self.notes);
        reading
    }

    fn findings(&mut self, node: &Node) -> Vec<RawFinding> {
        let Some(value) = any(node, &FINDINGS) else { return Vec::new() };
        match value {
            Node::List(items) => items.iter().filter_map(|item| self.finding(item)).collect(),
            // `{"critical": [...], "important": [...]}` and `{"I1": {...}}`.
            Node::Object(groups, _) => {
                groups.iter().flat_map(|(name, value)| self.group(name, value)).collect()
            }
            _ => {
                self.note(0, "`findings` is no list".to_owned());
                Vec::new()
            }
        }
    }

    fn group(&mut self, name: &str, value: &Node) -> Vec<RawFinding> {
        let level = words::severity(&name.to_lowercase());
        let items = value.list().map_or_else(|| vec![value.clone()], <[Node]>::to_vec);
        let mut findings: Vec<RawFinding> = items.iter().filter_map(|item| self.finding(item)).collect();
        for finding in &mut findings {
            if let Some(level) = level.filter(|_| !finding.severity_stated) {
                (finding.severity, finding.severity_stated) = (level, true);
            } else if level.is_none() && finding.id.is_empty() {
                name.clone_into(&mut finding.id);
            }
        }
        findings
    }

    fn finding(&mut self, node: &Node) -> Option<RawFinding> {
        let (fields, span) = match node {
            Node::Object(fields, span) => (fields.as_slice(), *span),
            Node::Text(words) if !words.trim().is_empty() => {
                self.note(0, format!("a finding that is only a text: \"{}\"", short(words)));
                return Some(RawFinding {
                    title: first_line(words),
                    body: words.clone(),
                    ..RawFinding::default()
                });
            }
            _ => {
                self.note(0, "an entry of `findings` that is no object was left out".to_owned());
                return None;
            }
        };
        if is_example(node, self.instructions) {
            self.note(span.0, "the example of a finding that it was shown was left out".to_owned());
            return None;
        }
        let problem = text_at(node, &PROBLEMS);
        let named = text_at(node, &TITLES);
        let Some(title) = named.clone().or_else(|| problem.as_deref().map(first_line)) else {
            self.note(span.0, "a finding without title and problem was left out".to_owned());
            return None;
        };
        if named.is_none() {
            self.note(span.0, format!("a finding without a title; read as \"{}\"", short(&title)));
        }
        let (title, tagged) = crate::markdown::plain_title(&title, self.paths);
        let mut finding =
            RawFinding { title, id: text_at(node, &["id"]).unwrap_or_default(), ..RawFinding::default() };
        finding.span = (!self.inside_string).then_some(span);
        self.severity(node, tagged, span.0, &mut finding);
        finding.kind = any(node, &["kind", "class", "classification", "type"]).and_then(fields::kind);
        finding.category = text_at(node, &["category"]).map(|word| word.to_lowercase());
        finding.locations = self.locations(node, span.0);
        finding.absent = flag(node, "absent");
        finding.withdrawn = flag(node, "withdrawn");
        finding.rule = text_at(node, &["rule"]);
        finding.rule_url = text_at(node, &["rule_url"]).filter(|url| diagnostics::is_web_address(url));
        finding.trigger = node
            .get("scenario")
            .and_then(|scenario| text_at(scenario, &["trigger", "when"]).or_else(|| text(scenario)));
        finding.trigger = finding.trigger.take().or_else(|| text_at(node, &["trigger"]));
        finding.known_by = node.get("evidence").and_then(known_by);
        finding.repro = node
            .get("repro")
            .and_then(|repro| text_at(repro, &["script", "command"]).or_else(|| text(repro)));
        finding.repro_claim = node.get("repro").and_then(repro_claim);
        (finding.fix, finding.patch) = fix(node);
        finding.body = body(node, problem.as_deref(), &finding);
        finding.extra = fields
            .iter()
            .filter(|(name, _)| !known_fields().any(|known| is_same_name(known, name)))
            .map(|(name, value)| (name.clone(), value.to_value()))
            .collect::<Map<_, _>>();
        for part in ["scenario", "evidence", "fix", "repro"] {
            if let Some(value @ (Node::Object(..) | Node::List(_))) = node.get(part) {
                finding.extra.insert(part.to_owned(), value.to_value());
            }
        }
        Some(finding)
    }

    fn severity(&mut self, node: &Node, tagged: Option<Severity>, at: usize, finding: &mut RawFinding) {
        match any(node, &["severity", "priority", "level"]).and_then(fields::severity) {
            Some((Some(level), word)) => {
                (finding.severity, finding.severity_stated) = (level, true);
                if !words::is_own_severity(&word) {
                    self.note(at, format!("severity \"{word}\" read as {}", level.as_str()));
                }
            }
            Some((None, word)) => {
                self.note(at, format!("severity \"{}\" is unknown; read as suggestion", short(&word)));
            }
            None => match tagged {
                Some(level) => (finding.severity, finding.severity_stated) = (level, true),
                None => self.note(at, "no severity given; read as suggestion".to_owned()),
            },
        }
    }

    fn locations(&mut self, node: &Node, at: usize) -> Vec<model::RawLocation> {
        let mut unread = Vec::new();
        let mut found = any(node, &["locations", "location", "code_location"])
            .map(|value| fields::locations(value, self.paths, &mut unread))
            .unwrap_or_default();
        if found.is_empty() {
            found.extend(fields::location_of(node, self.paths));
        }
        if let (Some(first), Some(quote)) = (found.first_mut(), text_at(node, &["quote", "snippet"])) {
            first.quote.get_or_insert(quote);
        }
        for text in unread {
            self.note(at, format!("a place that cannot be read: \"{}\"", short(&text)));
        }
        found
    }

    /// Findings of another document that the main one does not repeat.
    fn merge(&mut self, other: &Found, reading: &mut Reading) {
        let inside = std::mem::replace(&mut self.inside_string, other.inside_string);
        let before = self.notes.len();
        let more = self.findings(&other.node);
        self.notes.truncate(before);
        let known: std::collections::HashSet<String> =
            reading.findings.iter().map(|finding| finding.title.to_lowercase()).collect();
        let total = more.len();
        let fresh: Vec<RawFinding> =
            more.into_iter().filter(|finding| !known.contains(&finding.title.to_lowercase())).collect();
        let added = fresh.len();
        self.note(other.span.0, format!("another document with {total} finding(s); {added} of them stand nowhere else and are read, too"));
        reading.findings.extend(fresh);
        reading.findings.sort_by_key(|finding| finding.span.unwrap_or((usize::MAX, 0)));
        self.inside_string = inside;
    }
}

/// The strongest way in which the reviewer says it knows.
fn known_by(evidence: &Node) -> Option<String> {
    let items = evidence.list().map_or_else(|| vec![evidence.clone()], <[Node]>::to_vec);
    let ways: Vec<String> =
        items.iter().filter_map(|item| text_at(item, &["how"])).map(|how| how.to_lowercase()).collect();
    ["ran", "read", "reasoned"]
        .iter()
        .find(|way| ways.iter().any(|how| how == *way))
        .map(|way| (*way).to_owned())
}

/// What a script is said to show; `None` where nothing is claimed.
fn repro_claim(repro: &Node) -> Option<ReproClaim> {
    let expected = repro.get("expect");
    let contains = expected.and_then(|expected| expected.get("contains"));
    let claim = ReproClaim {
        exit: expected.and_then(|expected| text_at(expected, &["exit"])).and_then(|code| code.parse().ok()),
        contains: match contains {
            Some(Node::List(texts)) => texts.iter().filter_map(Node::text).map(str::to_owned).collect(),
            Some(one) => text(one).into_iter().collect(),
            None => Vec::new(),
        },
        output: text_at(repro, &["claimed_output", "output"]),
    };
    (!claim.is_empty()).then_some(claim)
}

/// Prose with the diff in a fence, and the diff alone.
fn fix(node: &Node) -> (Option<String>, Option<String>) {
    let value = any(node, &["fix", "suggestion", "suggested_fix", "recommendation"]);
    let words =
        value.and_then(|value| text(value).or_else(|| text_at(value, &["text", "description", "summary"])));
    let improved = || text_at(node, &["improved_code"]).map(|code| fenced("", &code));
    let words = words.or_else(improved);
    let patch = value.and_then(|value| value.get("patch")).or_else(|| node.get("patch")).and_then(Node::text);
    let patch = patch.filter(|patch| !patch.trim().is_empty()).map(without_fence);
    let shown = match (&words, &patch) {
        (Some(words), Some(patch)) => Some(format!("{words}\n\n{}", fenced("diff", patch))),
        (Some(words), None) => Some(words.clone()),
        (None, Some(patch)) => Some(fenced("diff", patch)),
        (None, None) => None,
    };
    (shown, patch)
}

fn without_fence(patch: &str) -> String {
    let trimmed = patch.trim_matches('\n');
    match trimmed.strip_prefix("```") {
        Some(rest) => {
            let rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            format!("{}\n", rest.trim_end().trim_end_matches("```").trim_end_matches('\n'))
        }
        None => patch.to_owned(),
    }
}

/// Code in a fence longer than any inside it.
fn fenced(language: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", code.trim_end_matches('\n'))
}

/// Everything the finding says, as Markdown.
fn body(node: &Node, problem: Option<&str>, finding: &RawFinding) -> String {
    let mut parts: Vec<String> = Vec::new();
    for quote in finding.locations.iter().filter_map(|place| place.quote.as_deref()) {
        parts.push(fenced("", quote));
    }
    parts.extend(problem.map(str::to_owned));
    if let Some(scenario) = node.get("scenario") {
        let named = [
            ("trigger", "Trigger"),
            ("result", "Result"),
            ("expected", "Expected"),
            ("likelihood", "Likelihood"),
            ("reach", "Reach"),
        ];
        // A paragraph each: lines of one paragraph would run together wherever Markdown is rendered.
        parts.extend(named.iter().filter_map(|(name, shown)| {
            text_at(scenario, &[name]).map(|words| format!("**{shown}:** {words}"))
        }));
    }
    for item in node.get("evidence").and_then(Node::list).unwrap_or_default() {
        if let Some(what) = text_at(item, &["what"]).or_else(|| text(item)) {
            let how = text_at(item, &["how"]).map(|how| format!(" ({how})")).unwrap_or_default();
            let output = text_at(item, &["output"])
                .map(|output| format!("\n\n{}", fenced("text", &output)))
                .unwrap_or_default();
            parts.push(format!("**Evidence{how}:** {what}{output}"));
        }
    }
    parts.extend(finding.fix.as_ref().map(|fix| format!("Fix: {fix}")));
    parts.join("\n\n")
}

fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let end = line.find(". ").unwrap_or(line.len());
    line[..end].trim_end_matches('.').chars().take(160).collect()
}

fn short(text: &str) -> String {
    text.chars().take(80).collect::<String>().replace('\n', " ")
}
