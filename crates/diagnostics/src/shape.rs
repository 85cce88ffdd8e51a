//! Reads JSON in which each diagnostic is an object with plain fields.
//!
//! In: a text and the shape of its objects. Out: diagnostics. A shape is data: where the objects are and what their fields are
//! called. Never guesses a field.

use serde_json::Value;

use crate::Format;
use crate::draft::{Diagnostic, Draft, columns, one_line, place};

/// Where the objects of a format are, and what their fields are called. Field names are paths: `location.row`; `^.` goes to the
/// object around, `@1` is the name of the first `*` of `items`.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) format: Format,
    /// The objects: `*` stands for each element or member. One that begins with `lines ` wants one document a line.
    pub(crate) items: &'static str,
    /// Fields that objects of this format have, and others do not.
    pub(crate) signs: &'static [&'static str],
    pub(crate) file: &'static str,
    /// Line, column, last line, last column; where the file is `posn`, all in one.
    pub(crate) line: &'static str,
    pub(crate) column: &'static str,
    pub(crate) end_line: &'static str,
    pub(crate) end_column: &'static str,
    pub(crate) rule: &'static str,
    /// What stands before the number of a rule.
    pub(crate) prefix: &'static str,
    /// The page of a rule: a field, or an address with `{rule}` where it is the same for all.
    pub(crate) url: &'static str,
    pub(crate) level: &'static str,
    pub(crate) message: &'static str,
    pub(crate) fix: &'static str,
    /// More to tell below the message.
    pub(crate) detail: &'static str,
    /// A list with what went wrong in the tool itself, and the field that says it.
    pub(crate) errors: &'static str,
}

/// A shape with nothing told.
pub(crate) const EMPTY: Shape = Shape {
    format: Format::Text,
    items: "*",
    signs: &[],
    file: "",
    line: "",
    column: "",
    end_line: "",
    end_column: "",
    rule: "",
    prefix: "",
    url: "",
    level: "",
    message: "message",
    fix: "",
    detail: "",
    errors: "",
};

impl Shape {
    pub(crate) fn is_lines(&self) -> bool {
        self.items.starts_with("lines ")
    }

    fn path(&self) -> &'static str {
        self.items.strip_prefix("lines ").unwrap_or(self.items)
    }

    /// Whether a document, or the first of many, plainly is of this shape. One without objects is not, unless a sign above the
    /// objects is enough.
    pub(crate) fn is_it(&self, document: &Value) -> bool {
        let mut items = Vec::new();
        gather(document, self.path(), &mut items);
        !self.signs.is_empty()
            && !items.is_empty()
            && items.iter().take(50).all(|item| self.signs.iter().all(|sign| item.get(sign).is_some()))
    }
}

/// An object with what stands around it.
struct Item<'a> {
    /// Objects from the outside in; the last is the diagnostic.
    stack: Vec<&'a Value>,
    /// Names that `*` stood for.
    names: Vec<&'a str>,
}

impl<'a> Item<'a> {
    fn get(&self, path: &str) -> Option<&'a Value> {
        let mut up = 0;
        let mut rest = path;
        while let Some(outer) = rest.strip_prefix("^.") {
            (up, rest) = (up + 1, outer);
        }
        let own = self.stack.len().checked_sub(1 + up)?;
        let mut value = *self.stack.get(own)?;
        for part in rest.split('.') {
            value = match value {
                Value::Array(all) => all.get(part.parse::<usize>().ok()?)?,
                _ => value.get(part)?,
            };
        }
        (!value.is_null()).then_some(value)
    }

    fn text(&self, path: &str) -> Option<String> {
        if let Some(number) = path.strip_prefix('@') {
            return self
                .names
                .get(number.parse::<usize>().ok()?.checked_sub(1)?)
                .map(|name| (*name).to_owned());
        }
        // `a+b`: two fields make one word.
        let mut words = path.split('+').filter(|path| !path.is_empty()).map(|path| match self.get(path)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        words.next()?.map(|first| words.flatten().fold(first, |all, word| all + &word))
    }

    fn number(&self, path: &str) -> Option<u64> {
        let value = self.get(path).filter(|_| !path.is_empty())?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }
}

fn gather<'a>(document: &'a Value, path: &str, items: &mut Vec<Item<'a>>) {
    let parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
    walk(document, &parts, &mut Item { stack: Vec::new(), names: Vec::new() }, items);
}

fn walk<'a>(value: &'a Value, parts: &[&str], around: &mut Item<'a>, items: &mut Vec<Item<'a>>) {
    if value.is_object() {
        around.stack.push(value);
    }
    match (parts.split_first(), value) {
        (None, Value::Object(_)) => {
            items.push(Item { stack: around.stack.clone(), names: around.names.clone() });
        }
        (Some((&"*", rest)), Value::Array(all)) => all.iter().for_each(|one| walk(one, rest, around, items)),
        (Some((&"*", rest)), Value::Object(all)) => {
            for (name, one) in all {
                around.names.push(name);
                walk(one, rest, around, items);
                around.names.pop();
            }
        }
        (Some((part, rest)), Value::Object(all)) => {
            if let Some(one) = all.get(*part) {
                walk(one, rest, around, items);
            }
        }
        _ => {}
    }
    if value.is_object() {
        around.stack.pop();
    }
}

/// Reads a text of a shape.
pub(crate) fn read(text: &str, shape: &Shape, draft: &mut Draft) -> Result<(), String> {
    draft.tool(shape.format.as_str().to_owned());
    if !shape.is_lines() {
        return read_document(&crate::read::json(text)?, shape, draft);
    }
    if text.trim().is_empty() {
        return Ok(());
    }
    let mut known = 0_usize;
    let mut strange = 0_usize;
    // Documents may stand behind one another with their own line breaks, and lines of talk between them.
    let talk = |line: &&str| !line.starts_with('#');
    let kept: Vec<&str> = text.lines().filter(talk).collect();
    let kept = kept.join("\n");
    let mut documents = serde_json::Deserializer::from_str(&kept).into_iter::<Value>();
    let mut end = 0;
    while let Some(next) = documents.next() {
        match next {
            Ok(value) if value.is_object() && read_document(&value, shape, draft).is_ok() => known += 1,
            Ok(_) => strange += 1,
            Err(error) => {
                let rest = kept[end..].trim();
                if known == 0 {
                    return Err(format!("it is no JSON document: {error}"));
                }
                if !rest.is_empty() {
                    draft.failed = Some("the rest of it is no JSON".to_owned());
                }
                break;
            }
        }
        end = documents.byte_offset();
    }
    if strange > 0 {
        draft.note(format!("{strange} documents are no diagnostics and were not read"));
    }
    if known == 0 { Err("it holds no diagnostics".to_owned()) } else { Ok(()) }
}

fn read_document(document: &Value, shape: &Shape, draft: &mut Draft) -> Result<(), String> {
    let first = shape.path().split('.').next().unwrap_or_default();
    let fits = match (first, document) {
        ("*", Value::Array(_) | Value::Object(_)) | ("", Value::Object(_)) => true,
        ("*" | "", _) => false,
        (key, _) => document.get(key).is_some(),
    };
    if !fits && document.is_array() {
        // Older versions of some tools write the list alone.
        return read_document(document, &Shape { items: "*", errors: "", ..*shape }, draft);
    }
    if !fits {
        return Err(format!("it has no {}", if first == "*" { "list" } else { first }));
    }
    let mut items = Vec::new();
    gather(document, shape.path(), &mut items);
    for item in &items {
        read_item(item, shape, draft);
    }
    if !shape.errors.is_empty() {
        read_errors(document, shape, draft);
    }
    Ok(())
}

fn read_item(item: &Item<'_>, shape: &Shape, draft: &mut Draft) {
    let rule = item.text(shape.rule).map(|rule| format!("{}{rule}", shape.prefix));
    let url = match (&rule, shape.url) {
        (_, "") => None,
        (Some(rule), address) if address.starts_with("https://") => page(address, rule),
        (_, address) if address.starts_with("https://") => None,
        (_, field) => item.text(field),
    };
    let mut diagnostic = Diagnostic {
        rule,
        url,
        level: item.text(shape.level),
        message: item.text(shape.message).unwrap_or_default(),
        details: item.text(shape.detail).into_iter().collect(),
        fix: item.text(shape.fix),
        ..Diagnostic::default()
    };
    if diagnostic.message.is_empty() && diagnostic.rule.is_none() {
        draft.note("an object without message was left out");
        return;
    }
    let file = item.text(shape.file);
    let (file, line, column) = match file {
        Some(whole) if shape.line.is_empty() => position(&whole),
        file => (file, item.number(shape.line), item.number(shape.column)),
    };
    if let Some(file) = file.filter(|file| !file.is_empty()) {
        diagnostic.places.push(place(&file, line, item.number(shape.end_line)));
        columns(&mut diagnostic.extra, column, item.number(shape.end_column));
    }
    draft.push(diagnostic);
}

/// `file:line:column` in one word.
fn position(whole: &str) -> (Option<String>, Option<u64>, Option<u64>) {
    let mut parts = whole.rsplitn(3, ':');
    let numbers = (parts.next().and_then(|it| it.parse().ok()), parts.next().and_then(|it| it.parse().ok()));
    match (numbers, parts.next()) {
        ((Some(column), Some(line)), Some(file)) => (Some(file.to_owned()), Some(line), Some(column)),
        _ => (Some(whole.to_owned()), None, None),
    }
}

/// The page of a rule, for rules with a plain name: those of plug-ins have pages elsewhere.
fn page(address: &str, rule: &str) -> Option<String> {
    let is_plain = rule.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_plain.then(|| address.replace("{rule}", rule))
}

/// What went wrong in the tool: a tool that could not look at a file did not find it clean. A mere warning is a note.
fn read_errors(document: &Value, shape: &Shape, draft: &mut Draft) {
    let (path, field) = shape.errors.split_once(' ').unwrap_or((shape.errors, ""));
    let mut said: Vec<(String, bool)> = Vec::new();
    if field.is_empty() {
        let mut value = document;
        for part in path.split('.') {
            value = &value[part];
        }
        let texts = value.as_array().into_iter().flatten().chain([value]).filter_map(Value::as_str);
        said.extend(texts.filter(|text| !text.is_empty()).map(|text| (text.to_owned(), true)));
    } else {
        let mut items = Vec::new();
        gather(document, path, &mut items);
        for item in items {
            let is_grave = !matches!(item.text("level").as_deref(), Some("warn" | "warning" | "info"));
            said.extend(item.text(field).map(|text| (text, is_grave)));
        }
    }
    for (text, is_grave) in said {
        let text = format!("{} met an error: {}", shape.format.as_str(), one_line(&text, 300));
        if is_grave {
            draft.failed = Some(text);
        } else {
            draft.note(text);
        }
    }
}
