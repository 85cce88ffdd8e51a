//! Reviews in tags that look like XML: `<finding><file>…</file><issue>…</issue></finding>`.
//!
//! In: a text. Out: its elements as one object, findings in one list. Tags need not be well-formed: what is never closed is text,
//! as in `Vec<T>`. Never reads a byte more than a few times, and never takes tags within a text for fields.

use std::collections::HashMap;

use super::lenient::Node;

/// Names of elements that are a finding, where they hold fields.
const FINDINGS: [&str; 10] = [
    "finding",
    "issue",
    "comment",
    "problem",
    "review_comment",
    "bug",
    "defect",
    "vulnerability",
    "concern",
    "suggestion",
];
/// Names of elements whose content is text or code, whatever it looks like.
const TEXTS: [&str; 18] = [
    "quote",
    "snippet",
    "code",
    "existing_code",
    "improved_code",
    "patch",
    "diff",
    "fix",
    "recommendation",
    "suggested_fix",
    "example",
    "description",
    "body",
    "explanation",
    "details",
    "evidence",
    "repro",
    "excerpt",
];
/// Elements inside each other that are fields; what holds more is text.
const MAX_DEPTH: usize = 12;

/// One element: its name, its attributes, and the bytes of all of it and of its content.
struct Element<'t> {
    name: &'t str,
    attributes: &'t str,
    outer: (usize, usize),
    inner: (usize, usize),
    children: Vec<Element<'t>>,
    /// How deep elements stand inside each other here, itself included.
    height: usize,
}

/// The elements of a text as one object, and the bytes they take; `None` where there are none.
pub(crate) fn document(text: &str) -> Option<(Node, (usize, usize))> {
    let elements = elements(text);
    let span = (elements.first()?.outer.0, elements.last()?.outer.1);
    Some((Node::Object(fields(text, &elements), span), span))
}

/// The elements beside each other, with those inside them.
fn elements(text: &str) -> Vec<Element<'_>> {
    // Of every tag that is open: how many elements were complete before it.
    let mut open: Vec<(Element<'_>, usize)> = Vec::new();
    let mut depths: HashMap<&str, usize> = HashMap::new();
    let mut complete: Vec<Element<'_>> = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('<').map(|found| found + at) {
        at = start + 1;
        if let Some(skipped) = text[start..].strip_prefix("<![CDATA[") {
            at = skipped.find("]]>").map_or(at, |end| text.len() - skipped.len() + end + 3);
            continue;
        }
        let Some(tag) = Tag::at(text, start) else { continue };
        if !tag.closes {
            *depths.entry(tag.name).or_default() += 1;
            let inner = (tag.end, tag.end);
            let element = Element {
                name: tag.name,
                attributes: tag.attributes,
                outer: (start, tag.end),
                inner,
                children: Vec::new(),
                height: 1,
            };
            open.push((element, complete.len()));
        } else if depths.get(tag.name).is_some_and(|depth| *depth > 0) {
            // Tags in between that were never closed are text.
            while let Some((mut element, before)) = open.pop() {
                *depths.entry(element.name).or_default() -= 1;
                if element.name == tag.name {
                    element.inner.1 = start;
                    element.outer.1 = tag.end;
                    let children = complete.split_off(before);
                    let height = children.iter().map(|child| child.height).max().unwrap_or(0) + 1;
                    if height <= MAX_DEPTH {
                        (element.children, element.height) = (children, height);
                    }
                    complete.push(element);
                    break;
                }
            }
        }
        at = tag.end;
    }
    complete
}

struct Tag<'t> {
    name: &'t str,
    attributes: &'t str,
    closes: bool,
    end: usize,
}

impl<'t> Tag<'t> {
    /// The tag that begins here; one that is empty (`<br/>`) is none, because it says nothing.
    fn at(text: &'t str, start: usize) -> Option<Self> {
        /// Longer tags are no tags.
        const LONGEST: usize = 400;
        let rest = &text[start + 1..];
        let closes = rest.starts_with('/');
        let rest = &rest[usize::from(closes)..];
        let length = rest.bytes().take(LONGEST).position(|byte| matches!(byte, b'>' | b'<'))?;
        let inside = &rest[..length];
        let name_length =
            inside.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(length);
        let (name, attributes) = inside.split_at(name_length);
        let fits = rest.as_bytes()[length] == b'>'
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && !attributes.ends_with('/')
            && (attributes.is_empty() || (attributes.starts_with(char::is_whitespace) && !closes));
        fits.then_some(Self { name, attributes, closes, end: start + 1 + usize::from(closes) + length + 1 })
    }
}

/// Fields of an object; findings come together in one list, other names that stand there twice in a list of their own.
fn fields(text: &str, elements: &[Element<'_>]) -> Vec<(String, Node)> {
    let mut fields: Vec<(String, Node)> = Vec::new();
    for element in elements {
        let node = node(text, element);
        let name = element.name.to_ascii_lowercase();
        let is_finding = matches!(node, Node::Object(..)) && FINDINGS.contains(&name.as_str());
        let name = if is_finding { "findings".to_owned() } else { name };
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, Node::List(items))) => items.push(node),
            Some((_, known)) => *known = Node::List(vec![known.clone(), node]),
            None if is_finding => fields.push((name, Node::List(vec![node]))),
            None => fields.push((name, node)),
        }
    }
    fields
}

fn node(text: &str, element: &Element<'_>) -> Node {
    let attributes = attributes(element.attributes);
    let is_text = TEXTS.iter().any(|name| element.name.eq_ignore_ascii_case(name));
    if is_text || element.children.is_empty() || has_words(text, element) {
        let words = plain(&text[element.inner.0..element.inner.1]);
        if attributes.is_empty() {
            return Node::Text(words);
        }
        let mut fields = attributes;
        fields.push(("body".to_owned(), Node::Text(words)));
        return Node::Object(fields, element.outer);
    }
    let mut all = attributes;
    all.extend(fields(text, &element.children));
    // `<findings>` and `<locations>` hold a list and nothing else.
    if let [(_, Node::List(_))] = all.as_slice() {
        return all.remove(0).1;
    }
    let plural = element.name.to_ascii_lowercase();
    match all.as_slice() {
        [(name, _)] if plural.strip_suffix('s') == Some(name) => Node::List(vec![all.remove(0).1]),
        _ => Node::Object(all, element.outer),
    }
}

/// True where text stands between the elements inside: they belong to it.
fn has_words(text: &str, element: &Element<'_>) -> bool {
    let mut at = element.inner.0;
    for child in &element.children {
        if !text[at..child.outer.0].trim().is_empty() {
            return true;
        }
        at = child.outer.1;
    }
    !text[at..element.inner.1].trim().is_empty()
}

/// `file="a.rs" line='3'`
fn attributes(text: &str) -> Vec<(String, Node)> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while let Some((name, behind)) = rest.split_once('=') {
        let behind = behind.trim_start();
        let Some(quote) = behind.chars().next().filter(|c| matches!(c, '"' | '\'')) else { break };
        let Some(end) = behind[1..].find(quote) else { break };
        found.push((name.trim().to_owned(), Node::Text(plain(&behind[1..=end]))));
        rest = behind[end + 2..].trim_start();
    }
    found
}

/// The text of an element: entities resolved, without the marks of a CDATA section and a fence around all of it.
fn plain(text: &str) -> String {
    let text = text.trim();
    let cdata = text.strip_prefix("<![CDATA[").and_then(|rest| rest.strip_suffix("]]>"));
    match cdata {
        Some(inner) => inner.trim_matches('\n').to_owned(),
        None => text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&amp;", "&"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> serde_json::Value {
        document(text).map_or(serde_json::Value::Null, |(node, _)| node.to_value())
    }

    #[test]
    fn elements_become_fields_and_findings_a_list() {
        let text = "Here:\n<review><summary>Two.</summary>\n<findings>\n<finding severity=\"high\"><file>a.rs</file><line>3</line>\
                    <issue>Loses &lt;one&gt; of `Vec<T>`</issue><code>if a < b { <b>x</b> }</code></finding>\n\
                    <finding file='b.rs' line='4'>It <i>leaks</i>.</finding>\n</findings></review>";
        let expected = serde_json::json!([
            {"severity": "high", "file": "a.rs", "line": "3", "issue": "Loses <one> of `Vec<T>`", "code": "if a < b { <b>x</b> }"},
            {"file": "b.rs", "line": "4", "body": "It <i>leaks</i>."},
        ]);
        let wrapped = &value(text)["review"];
        assert_eq!((&wrapped["summary"], &wrapped["findings"]), (&"Two.".into(), &expected));
    }

    #[test]
    fn what_is_no_element_is_text() {
        for text in ["`Vec<String>` and `a < b`", "<br/>", "</issue>", "<issue>only `Vec<T>`", "<a b>c</a b>"]
        {
            assert_eq!(value(text), serde_json::Value::Null, "{text}");
        }
        assert_eq!(value("<issue>only words</issue>")["issue"], "only words");
        let one = value("<issue><path>a.c</path><message>x</message></issue>");
        assert_eq!(one, serde_json::json!({"findings": [{"path": "a.c", "message": "x"}]}));
        let many = "<a>".repeat(300_000) + &"</b></a>".repeat(300_000);
        assert!(value(&many)["a"].is_string(), "what stands too deep is text");
    }
}
