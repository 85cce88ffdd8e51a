//! Characters that make code look other than it is.
//!
//! In: added lines. Out: findings about bidirectional controls and invisible characters in code. Joiners within words
//! of scripts that need them, and a mark at the beginning of a file, are left alone.

use model::Severity;

use super::{BIDI, Spotted, raise};
use crate::family::Raised;
use crate::language::Role;
use crate::lex::Part;
use crate::patch::{Edits, patch};
use crate::source::Source;

/// Finds deceptive characters among the added lines; one finding a file.
pub(super) fn find(source: &Source, added: &[(u32, &str)]) -> Vec<Raised> {
    // Data of tests holds what is tested.
    let data = source.role == Role::Test && !source.language.is_code();
    if data || source.role == Role::Docs || source.role == Role::History {
        return Vec::new();
    }
    let lines: Vec<(u32, &str, char)> = added
        .iter()
        .filter(|(_, line)| !line.is_ascii() && line.len() < 2000)
        .filter_map(|(number, line)| Some((*number, *line, deceptive(source, line, *number)?)))
        .collect();
    let Some(&(line, _, found)) = lines.first() else { return Vec::new() };
    let edits: Edits = lines
        .iter()
        .map(|(number, line, _)| {
            (*number, Some(line.chars().filter(|c| !is_bidi(*c) && !is_invisible(*c)).collect()))
        })
        .collect();
    let bidi = is_bidi(found);
    let name = format!("U+{:04X}", u32::from(found));
    vec![raise(
        source,
        Spotted {
            rule: BIDI,
            severity: if bidi && source.language.is_code() {
                Severity::Important
            } else {
                Severity::Suggestion
            },
            category: "security",
            line,
            title: if bidi {
                format!("`{}` holds a bidirectional control character ({name})", source.path)
            } else {
                format!("`{}` holds an invisible character ({name})", source.path)
            },
            problem: if bidi {
                format!(
                    "Line {line} holds {name}, which reorders how the line is shown: what reviewers read is not what \
                     the compiler reads (the \"Trojan Source\" trick). {} added in this file.",
                    lines_have(lines.len())
                )
            } else {
                format!(
                    "Line {line} holds {name}, which is shown as nothing but is part of the text, so that names or \
                     strings that look the same differ. {} added in this file.",
                    lines_have(lines.len())
                )
            },
            fix: "Remove the character; where it is wanted in a string, write it as an escape.".to_owned(),
            patch: Some(patch(source, &edits)),
            rank: 3.0,
            consequence: "The code does something else than it shows.",
        },
    )]
}

fn lines_have(lines: usize) -> String {
    if lines == 1 { "One such line is".to_owned() } else { format!("{lines} such lines are") }
}

fn deceptive(source: &Source, line: &str, number: u32) -> Option<char> {
    let mut previous = ' ';
    for (index, c) in line.char_indices() {
        let mark = c == '\u{FEFF}' && number == 1 && index == 0;
        let joins = matches!(c, '\u{200C}' | '\u{200D}') && !previous.is_ascii();
        // Scripts that put no space between words mark their ends by it.
        let ends_word = c == '\u{200B}'
            && matches!(previous, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}');
        // In a comment it deceives nobody: it keeps `*/` from ending one.
        let hidden = || is_invisible(c) && source.part_at(number, index) != Part::Comment;
        if (is_bidi(c) || hidden()) && !mark && !joins && !ends_word {
            return Some(c);
        }
        previous = c;
    }
    None
}

fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200B}' | '\u{200C}' | '\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{180E}' | '\u{E0001}'
            ..='\u{E007F}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<Raised> {
        found_in("src/a.js", text)
    }

    fn found_in(path: &str, text: &str) -> Vec<Raised> {
        let source = Source::new(path.into(), text);
        let added: Vec<(u32, &str)> = source.numbered_lines().collect();
        find(&source, &added)
    }

    #[test]
    fn controls_are_reported_and_joiners_in_words_are_not() {
        assert_eq!(found("if (x /*\u{202E} admin */) {}\n")[0].finding.severity, Severity::Important);
        assert_eq!(found("const a\u{200B}b = 1\n")[0].finding.severity, Severity::Suggestion);
        assert_eq!(found("/* a *\u{200B}/ b */\n").len(), 0);
        assert_eq!(found("x = '👩\u{200D}🔬'\n").len(), 0);
        assert_eq!(found("\u{FEFF}x = 1\n").len(), 0);
        assert_eq!(found("x = 'é'\n").len(), 0);
        assert_eq!(found("x = 'ວັນ\u{200B}ສຸກ'\n").len(), 0);
        assert_eq!(found_in("tests/urls.json", "\"a/\u{FEFF}/b\"\n").len(), 0);
    }
}
