//! Messages: plain, as Markdown, or by id with arguments.
//!
//! In: a message object and the rule that may hold its text. Out: the text. Embedded links `[text](1)` keep their text.

use serde_json::Value;

use super::{list, text};

/// What a message says.
pub(super) fn said(message: &Value, rule: Option<&Value>) -> Option<String> {
    if let Some(plain) = text(message, "text").or_else(|| text(message, "markdown")) {
        return Some(fill(plain, message));
    }
    let id = text(message, "id")?;
    let template = rule.and_then(|rule| {
        let strings = rule.get("messageStrings")?.get(id)?;
        text(strings, "text").or_else(|| text(strings, "markdown"))
    });
    Some(template.map_or_else(|| id.to_owned(), |template| fill(template, message)))
}

/// Puts arguments where `{0}` stands; `{{` and `}}` are braces.
fn fill(template: &str, message: &Value) -> String {
    let arguments: Vec<&str> = list(message, "arguments").filter_map(Value::as_str).collect();
    if arguments.is_empty() {
        return unlinked(template);
    }
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find('}').unwrap_or(rest.len());
        let number = rest.get(1..end).and_then(|number| number.parse::<usize>().ok());
        if let Some(argument) = number.filter(|_| rest.starts_with('{')).and_then(|at| arguments.get(at)) {
            filled.push_str(argument);
            rest = &rest[end + 1..];
        } else {
            let twice = rest.starts_with("{{") || rest.starts_with("}}");
            filled.push_str(&rest[..1]);
            rest = &rest[if twice { 2 } else { 1 }..];
        }
    }
    filled.push_str(rest);
    unlinked(&filled)
}

/// `[text](3)` refers to a related place, which is told anyway.
fn unlinked(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let (before, link) = rest.split_at(open);
        plain.push_str(before);
        let target = link.find("](").filter(|middle| !link[..*middle].ends_with('\\')).and_then(|middle| {
            let end = link[middle + 2..].find(')')? + middle + 2;
            let number = &link[middle + 2..end];
            let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            (is_number && !link[1..middle].contains('[')).then_some((middle, end))
        });
        if let Some((middle, end)) = target {
            plain.push_str(&link[1..middle]);
            rest = &link[end + 1..];
        } else {
            plain.push('[');
            rest = &link[1..];
        }
    }
    plain.push_str(rest);
    // What looks like a link and is none is written with a backslash.
    plain.replace("\\](", "](")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_fill_the_rules_text() {
        let rule = json!({ "messageStrings": { "default": { "text": "'{0}' shadows {1} {{x}}" } } });
        let message = json!({ "id": "default", "arguments": ["a", "b"] });
        assert_eq!(said(&message, Some(&rule)).as_deref(), Some("'a' shadows b {x}"));
        assert_eq!(said(&message, None).as_deref(), Some("default"));
        assert_eq!(
            said(&json!({ "text": "{0} [x](1) [y](http://z) }" }), None).as_deref(),
            Some("{0} x [y](http://z) }")
        );
        assert_eq!(said(&json!({ "text": "a[i\\](1) [b](2)" }), None).as_deref(), Some("a[i](1) b"));
        assert_eq!(said(&json!({}), None), None);
    }
}
