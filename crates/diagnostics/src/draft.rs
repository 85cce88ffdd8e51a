//! What is gathered while a tool's output is read.
//!
//! In: diagnostics one by one, with places as the tool wrote them. Out: raw findings and notes. Never settles what a path
//! means: [`crate::places`] does.

use model::{Note, RawFinding, RawLocation, Severity};
use serde_json::{Map, Value};

/// More diagnostics than this are counted and not read.
const MOST: usize = 20_000;
/// Characters of one message that are kept.
const LONGEST: usize = 20_000;
/// Characters of a title.
const TITLE: usize = 240;

/// Everything read so far.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Who wrote it: `ruff 0.17.6`.
    pub(crate) tools: Vec<String>,
    pub(crate) findings: Vec<RawFinding>,
    pub(crate) notes: Vec<Note>,
    /// Folders of some machine that the output itself calls roots.
    pub(crate) roots: Vec<String>,
    /// Why the tool itself says that it did not do its work.
    pub(crate) failed: Option<String>,
    left_out: usize,
}

/// One diagnostic as a tool states it.
#[derive(Debug, Default)]
pub(crate) struct Diagnostic {
    pub(crate) rule: Option<String>,
    pub(crate) url: Option<String>,
    /// The tool's own word: `error`, `warning`, `2`…
    pub(crate) level: Option<String>,
    pub(crate) message: String,
    pub(crate) places: Vec<RawLocation>,
    /// Paragraphs below the message: related places, flows, help.
    pub(crate) details: Vec<String>,
    pub(crate) fix: Option<String>,
    pub(crate) category: Option<String>,
    /// The tool says that people accepted it.
    pub(crate) suppressed: bool,
    pub(crate) extra: Map<String, Value>,
}

impl Draft {
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(Note { line: 0, text: text.into() });
    }

    pub(crate) fn note_at(&mut self, line: usize, text: impl Into<String>) {
        self.notes.push(Note { line: line as u32, text: text.into() });
    }

    pub(crate) fn tool(&mut self, name: String) {
        if !name.trim().is_empty() && !self.tools.contains(&name) {
            self.tools.push(name);
        }
    }

    /// Adds a diagnostic. One without any word is a note: there is nothing to tell.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.findings.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let finding = self.finding(diagnostic);
        self.findings.extend(finding);
    }

    /// Says what was too much.
    pub(crate) fn close(&mut self) {
        if self.left_out > 0 {
            let text = format!(
                "{} diagnostics more than {MOST} were counted and not read",
                std::mem::take(&mut self.left_out)
            );
            self.note(text);
        }
    }

    fn finding(&mut self, diagnostic: Diagnostic) -> Option<RawFinding> {
        let Diagnostic { rule, url, level, message, places, details, fix, category, suppressed, mut extra } =
            diagnostic;
        let rule = rule.map(|rule| one_line(&rule, 200)).filter(|rule| !rule.is_empty());
        let message = self.short(message.trim());
        let mut lines = message.lines().map(str::trim).skip_while(|line| line.is_empty());
        let title = match (lines.next(), &rule) {
            (Some(first), _) => one_line(first, TITLE),
            (None, Some(rule)) => format!("`{rule}`"),
            (None, None) => {
                self.note("a diagnostic without message and rule was left out");
                return None;
            }
        };
        let mut body: Vec<String> = beyond(&message, &title).map(str::to_owned).into_iter().collect();
        body.extend(details.iter().map(|text| self.short(text.trim())).filter(|text| !text.is_empty()));
        let (severity, severity_stated) = severity(level.as_deref());
        if let Some(level) = level {
            extra.insert("level".to_owned(), Value::String(one_line(&level, 40)));
        }
        let rule_url = url.filter(|url| is_web_address(url));
        let index = self.findings.len() as u32;
        Some(RawFinding {
            index,
            id: format!("D{}", index + 1),
            severity,
            severity_stated,
            title,
            locations: places,
            body: body.join("\n\n"),
            fix: fix.map(|fix| self.short(fix.trim())).filter(|fix| !fix.is_empty()),
            withdrawn: suppressed,
            category,
            rule,
            rule_url,
            known_by: Some(known_by(&extra).to_owned()),
            extra,
            ..RawFinding::default()
        })
    }

    fn short(&mut self, text: &str) -> String {
        match text.char_indices().nth(LONGEST) {
            None => text.to_owned(),
            Some((at, _)) => {
                self.note(format!("a text of {} bytes was cut after {LONGEST} characters", text.len()));
                format!("{}…", &text[..at])
            }
        }
    }
}

/// What a message says beyond its title: all of it where the title had to be cut.
fn beyond<'m>(message: &'m str, title: &str) -> Option<&'m str> {
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let text = if first.trim() == title { rest.trim() } else { message };
    (!text.is_empty() && text != title).then_some(text)
}

/// A text as one line of bounded length.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(most) {
        None => line,
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
    }
}

/// Whether a text is an address that may be shown as a link.
pub fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty())
        && url.len() <= 500
        && url.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\\' | '`' | '{' | '}'))
}

/// How a tool knows: it looked, or it looked at both sides and compared.
fn known_by(extra: &Map<String, Value>) -> &'static str {
    if extra.get("baselineState").and_then(Value::as_str) == Some("new") { COMPARED } else { "tool" }
}

/// `known_by` of a diagnostic that was not there before the change.
pub(crate) const COMPARED: &str = "comparison";

/// What a tool's own word for a level weighs, and whether there was one. An error is a real defect; a warning or a note may be.
fn severity(level: Option<&str>) -> (Severity, bool) {
    let word = level.map(|level| level.trim().to_lowercase());
    match word.as_deref() {
        Some("error" | "err" | "fatal" | "critical" | "blocker" | "high" | "failure" | "2" | "e" | "f") => {
            (Severity::Important, true)
        }
        Some("") | None => (Severity::Suggestion, false),
        Some(_) => (Severity::Suggestion, true),
    }
}

/// A place as the tool wrote it.
pub(crate) fn place(path: &str, start: Option<u64>, end: Option<u64>) -> RawLocation {
    let line = |number: Option<u64>| number.filter(|n| *n > 0).and_then(|n| u32::try_from(n).ok());
    let start = line(start);
    let end = line(end).or(start).map(|end| end.max(start.unwrap_or(end))).filter(|_| start.is_some());
    RawLocation { path: path.to_owned(), start, end, ..RawLocation::default() }
}

/// Columns have no field of their own: they are kept beside.
pub(crate) fn columns(extra: &mut Map<String, Value>, start: Option<u64>, end: Option<u64>) {
    for (key, column) in [("column", start), ("end_column", end)] {
        if let Some(column) = column.filter(|column| *column > 0) {
            extra.insert(key.to_owned(), Value::from(column));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_title_and_nothing_is_lost() {
        let mut draft = Draft::default();
        let message = "unused `x`\nremove it".to_owned();
        draft.push(Diagnostic { message, level: Some("error".into()), ..Diagnostic::default() });
        let finding = &draft.findings[0];
        assert_eq!(finding.title, "unused `x`");
        assert_eq!(finding.body, "remove it");
        assert_eq!(finding.severity, Severity::Important);
        draft.push(Diagnostic::default());
        assert_eq!((draft.findings.len(), draft.notes.len()), (1, 1));
    }

    #[test]
    fn only_a_web_address_is_a_link() {
        assert!(is_web_address("https://docs.astral.sh/ruff/rules/unused-import"));
        for url in ["javascript:alert(1)", "https://", "https://a b", "file:///etc/passwd", "https://a\"><x"]
        {
            assert!(!is_web_address(url), "{url}");
        }
    }

    #[test]
    fn a_place_has_its_lines_in_order() {
        assert_eq!(place("a", Some(3), Some(1)).end, Some(3));
        assert_eq!(place("a", None, Some(1)).end, None);
        assert_eq!(place("a", Some(0), None).start, None);
        assert_eq!(place("a", Some(u64::MAX), None).start, None);
    }
}
