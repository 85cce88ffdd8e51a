//! Reads workflow commands of GitHub: `::error file=a.rs,line=3,endLine=4,title=T::message`.
//!
//! In: lines, among them such commands. Out: diagnostics. Other lines of the log are counted, never read as findings.

use crate::draft::{Diagnostic, Draft, columns, place};

/// Whether a text is of this format: it holds commands, and not much else.
pub(crate) fn is_it(text: &str) -> bool {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let commands = lines().filter(|line| parse(line).is_some()).count();
    commands > 0 && commands * 2 > lines().count()
}

/// Reads all lines.
pub(crate) fn read(text: &str, draft: &mut Draft) -> Result<(), String> {
    let mut others = 0_usize;
    let mut found = 0_usize;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match parse(line) {
            Some(diagnostic) => {
                found += 1;
                draft.push(diagnostic);
            }
            None if line.trim_start().starts_with("::") => {}
            None => others += 1,
        }
    }
    if found == 0 && others > 0 {
        return Err("no line is an annotation".to_owned());
    }
    if others > 0 {
        draft.note(format!("{others} lines of the log are no annotations"));
    }
    Ok(())
}

fn parse(line: &str) -> Option<Diagnostic> {
    let rest = line.trim().strip_prefix("::")?;
    let (head, message) = rest.split_once("::")?;
    let (command, properties) = head.split_once(' ').unwrap_or((head, ""));
    if !matches!(command, "error" | "warning" | "notice") {
        return None;
    }
    let property = |name: &str| {
        let all = properties.split(',').filter_map(|one| one.split_once('='));
        all.into_iter()
            .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| plain(value.trim()))
    };
    let number = |name: &str| property(name).and_then(|text| text.parse::<u64>().ok());
    let message = without_place(&plain(message), number("line"));
    let title = property("title").filter(|title| !title.is_empty());
    let mut diagnostic = Diagnostic {
        level: Some(command.to_owned()),
        rule: title.as_deref().and_then(rule),
        message: match &title {
            Some(title) if !message.starts_with(title.as_str()) && rule(title).is_none() => {
                format!("{title}: {message}")
            }
            _ => message,
        },
        places: property("file")
            .map(|file| place(&file, number("line"), number("endLine")))
            .into_iter()
            .collect(),
        ..Diagnostic::default()
    };
    columns(&mut diagnostic.extra, number("col"), number("endColumn"));
    Some(diagnostic)
}

/// Some repeat the place before the message: `app/a.py:3:8: `.
fn without_place(message: &str, line: Option<u64>) -> String {
    let rest = message.split_once(": ").filter(|(place, _)| {
        let numbers: Vec<&str> = place.split(':').skip(1).collect();
        let is_number = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
        let first = numbers.first().and_then(|text| text.parse::<u64>().ok());
        numbers.iter().all(is_number)
            && first.is_some()
            && first == line
            && !place.contains(char::is_whitespace)
    });
    rest.map_or(message, |(_, rest)| rest).to_owned()
}

/// The rule in a title: the title itself where it is one word, or what stands in brackets (`Ruff (F401)`).
fn rule(title: &str) -> Option<String> {
    let inner = title.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let word = inner.unwrap_or(title).trim();
    let is_word = !word.is_empty() && !word.contains(char::is_whitespace);
    let is_code = word.contains(['/', '-', ':', '_']) || word.bytes().any(|byte| byte.is_ascii_digit());
    (is_word && is_code).then(|| word.to_owned())
}

fn plain(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Roots, detect};

    #[test]
    fn annotations_are_read_and_the_log_around_is_counted() {
        let text = "::error file=src/a.rs,line=3,endLine=4,col=2,title=Ruff (F401)::`os` unused%0Aremove it\n\
                    ::warning::no place%2C here\n::group::x\nBuilding…\n";
        assert_eq!(detect(text), None, "half a log is no output of a tool");
        assert_eq!(detect(text.rsplit_once("::group").unwrap().0), Some(Format::Github));
        let reading = crate::read(text, Format::Github, Roots::default());
        let first = &reading.findings[0];
        assert_eq!((first.title.as_str(), first.rule.as_deref()), ("`os` unused", Some("F401")));
        assert_eq!((first.locations[0].start, first.locations[0].end), (Some(3), Some(4)));
        assert_eq!(reading.findings[1].title, "no place, here");
        assert_eq!(reading.notes.len(), 1);
        assert!(parse("::error file=a").is_none() && parse("::set-output name=x::y").is_none());
    }
}
