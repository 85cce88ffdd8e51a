//! Reads checkstyle's XML, as many tools write it.
//!
//! In: a text. Out: diagnostics with file, line, column, source and severity. Never resolves an entity the document declares.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::draft::{Diagnostic, Draft, columns, one_line, place};

/// Whether a text is of this format: its root element is `checkstyle`.
pub(crate) fn is_it(text: &str) -> bool {
    let mut reader = Reader::from_str(text);
    for _ in 0..20 {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => return tag.local_name().as_ref() == "checkstyle",
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
    false
}

/// Reads a document. What stands before a mistake of its syntax is kept.
pub(crate) fn read(text: &str, draft: &mut Draft) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    let mut file: Option<String> = None;
    let mut seen_root = false;
    let mut open = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                open += 1;
                seen_root |= tag.local_name().as_ref() == "checkstyle";
                element(&tag, &mut file, draft);
            }
            Ok(Event::Empty(tag)) => {
                seen_root |= tag.local_name().as_ref() == "checkstyle";
                let outer = file.clone();
                element(&tag, &mut file, draft);
                file = outer;
            }
            Ok(Event::End(tag)) => {
                open = open.saturating_sub(1);
                if tag.local_name().as_ref() == "file" {
                    file = None;
                }
            }
            Ok(Event::Eof) if open > 0 => return broken(seen_root, "it breaks off", draft),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => return broken(seen_root, &format!("its XML is wrong: {error}"), draft),
        }
    }
    if seen_root { Ok(()) } else { Err("it has no element `checkstyle`".to_owned()) }
}

fn broken(seen_root: bool, why: &str, draft: &mut Draft) -> Result<(), String> {
    if seen_root {
        draft.failed = Some(why.to_owned());
        Ok(())
    } else {
        Err(why.to_owned())
    }
}

fn element(tag: &BytesStart<'_>, file: &mut Option<String>, draft: &mut Draft) {
    match tag.local_name().as_ref() {
        "file" => *file = attribute(tag, "name"),
        "checkstyle" => {
            if let Some(version) = attribute(tag, "version") {
                draft.tool(format!("checkstyle {}", one_line(&version, 40)));
            }
        }
        "exception" => draft.failed = Some("the tool met an exception".to_owned()),
        "error" => {
            let number = |name: &str| attribute(tag, name).and_then(|text| text.trim().parse::<u64>().ok());
            let rule = attribute(tag, "source");
            let mut diagnostic = Diagnostic {
                url: rule.as_deref().and_then(page),
                rule,
                level: attribute(tag, "severity"),
                message: attribute(tag, "message").unwrap_or_default(),
                places: file.as_deref().map(|file| place(file, number("line"), None)).into_iter().collect(),
                ..Diagnostic::default()
            };
            columns(&mut diagnostic.extra, number("column"), None);
            if file.is_none() {
                draft.note("an error stands outside of any file");
            }
            draft.push(diagnostic);
        }
        _ => {}
    }
}

/// The page of shellcheck's rules, which it writes as `ShellCheck.SC2086`.
fn page(source: &str) -> Option<String> {
    let code = source.strip_prefix("ShellCheck.")?;
    Some(format!("https://www.shellcheck.net/wiki/{code}"))
}

/// The value of an attribute with the five entities of XML; others stay as they are written.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found =
        tag.attributes().with_checks(false).flatten().find(|it| it.key.local_name().as_ref() == name)?;
    let raw = found.value.into_owned();
    Some(quick_xml::escape::unescape(&raw).map(std::borrow::Cow::into_owned).unwrap_or(raw))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Roots};

    const TEXT: &str = "<?xml version='1.0'?>\n<checkstyle version='4.3'>\n<file name='a &amp; b.sh'>\n\
        <error line='2' column='6' severity='error' message='Use &quot;$1&quot;.&#10;Please.' source='ShellCheck.SC2086'/>\n\
        <error line='x' severity='info' message='m'></error>\n</file>\n<file name='empty'/></checkstyle>\n";

    #[test]
    fn files_and_errors_are_read() {
        assert!(is_it(TEXT));
        let reading = crate::read(TEXT, Format::Checkstyle, Roots::default());
        assert_eq!(reading.findings.len(), 2);
        let first = &reading.findings[0];
        assert_eq!(first.title, "Use \"$1\".");
        assert_eq!(first.locations[0].path, "a & b.sh");
        assert_eq!(first.rule_url.as_deref(), Some("https://www.shellcheck.net/wiki/SC2086"));
        assert_eq!(reading.findings[1].locations[0].start, None);
    }

    #[test]
    fn a_document_that_breaks_off_is_not_clean() {
        let cut = &TEXT[..TEXT.find("<file name='empty'").unwrap()];
        let reading = crate::read(cut, Format::Checkstyle, Roots::default());
        assert_eq!((reading.findings.len(), reading.notes.len()), (2, 1));
        let none = crate::read("<checkstyle><file name='a'>", Format::Checkstyle, Roots::default());
        assert!(matches!(none.state, model::ReadingState::UnableToReview { .. }), "{none:?}");
    }

    #[test]
    fn entities_of_the_document_are_not_resolved() {
        let bomb = "<!DOCTYPE c [<!ENTITY a \"aaaa\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
            <checkstyle><file name='f'><error message='&a;&x;' line='1'/></file></checkstyle>";
        let reading = crate::read(bomb, Format::Checkstyle, Roots::default());
        assert_eq!(reading.findings[0].title, "&a;&x;");
    }
}
