//! Markdown that calls nobody.
//!
//! In: Markdown of ours with foreign text in it, already escaped. Out: the same, where `@name` notifies no person and `#12` leaves
//! no trace at another issue. Never changes what is read: code stays as it is, and an empty comment is invisible.

/// What the forge does not look through when it searches for names and numbers.
const WALL: &str = "<!-- -->";

/// Puts a wall behind every sign that would call somebody.
pub(super) fn quiet(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len() + 32);
    let mut fence: Option<usize> = None;
    for line in markdown.split_inclusive('\n') {
        let marks = line.trim_start_matches([' ', '>']);
        let ticks = marks.len() - marks.trim_start_matches('`').len();
        match fence {
            Some(open) => {
                out.push_str(line);
                if ticks >= open && marks.trim_end().len() == ticks {
                    fence = None;
                }
            }
            None if ticks >= 3 && !marks[ticks..].contains('`') => {
                out.push_str(line);
                fence = Some(ticks);
            }
            None => quiet_line(&mut out, line),
        }
    }
    out
}

fn quiet_line(out: &mut String, line: &str) {
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let length = if c == '`' { code_span(rest) } else { c.len_utf8() };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
        let calls = match c {
            '@' => rest.starts_with(|next: char| next.is_alphanumeric()),
            '#' => rest.starts_with(|next: char| next.is_ascii_digit()),
            _ => false,
        };
        if calls {
            out.push_str(WALL);
        }
    }
}

/// The length of the code span that starts here; of its ticks alone where it has no end.
fn code_span(text: &str) -> usize {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let mut at = ticks;
    while let Some(next) = text[at..].find('`') {
        let run = text[at + next..].len() - text[at + next..].trim_start_matches('`').len();
        at += next + run;
        if run == ticks {
            return at;
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::quiet;

    #[test]
    fn names_and_numbers_are_walled_off_and_code_is_left_alone() {
        let cases = [
            ("ask @octo about #12", "ask @<!-- -->octo about #<!-- -->12"),
            ("`@octo #1` and ``a ` @b`` @c", "`@octo #1` and ``a ` @b`` @<!-- -->c"),
            ("```\n@octo\n```\n@octo\n", "```\n@octo\n```\n@<!-- -->octo\n"),
            ("### heading #x @ 3", "### heading #x @ 3"),
            ("open ` tick @a", "open ` tick @<!-- -->a"),
            ("````diff\n```\n@a\n````\n#1", "````diff\n```\n@a\n````\n#<!-- -->1"),
        ];
        for (given, wanted) in cases {
            assert_eq!(quiet(given), wanted, "{given:?}");
        }
    }
}
