//! Lists whose members stand one a line.
//!
//! In: a file and a line. Out: the names of the members around it: variants, cases, keys, strings, rows of tables. Goes by
//! the shape of lines and their indentation.

use std::sync::LazyLock;

use regex::Regex;

use crate::functions::indent;
use crate::language::Language;
use crate::source::Source;

/// What the lines of a list look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Variant,
    Case,
    Key,
    Item,
    Row,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) line: u32,
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern written in this file")
}

static CODE: LazyLock<Vec<(Shape, Regex)>> = LazyLock::new(|| {
    vec![
        (Shape::Case, pattern(r"^(?:[\w:]+(?:::|\.))?([A-Z]\w+)(?:\s*[({][^=]*)?\s*(?:=>|->)")),
        (Shape::Case, pattern(r#"^["']([\w.\-]+)["']\s*=>"#)),
        (Shape::Case, pattern(r#"^case\s+(?:[\w:]+(?:::|\.))?["']?([\w\-]+)["']?\s*(?::|=>|->)"#)),
        (
            Shape::Variant,
            pattern(r"^([A-Z]\w+)\s*(?:\([^()]*\)|\{[^{}]*\}|(?:[\w.*]+\s*)?=\s*[^=;]+)?[,;]?$"),
        ),
        (Shape::Variant, pattern(r"^#\s*define\s+([A-Z]\w+)\s+\S")),
        (Shape::Variant, pattern(r#"^\|\s*["']?(\w+)["']?;?$"#)),
        (Shape::Item, pattern(r#"^["']([\w.\-/:]+)["'],?$"#)),
        (Shape::Key, pattern(r#"^["']([\w.\-]+)["']\s*(?::|=>)\s*\S"#)),
        (
            Shape::Key,
            pattern(r#"^(?:pub(?:\([^)]*\))? |readonly )?(\w+)\??\s*:\s*(?:[^=;:"']|'[^']*'|"[^"]*")+[,;]$"#),
        ),
        (Shape::Variant, pattern(r"^([a-z_]\w{2,})\s*(?:=\s*[^=;]+)?,$")),
        (
            Shape::Key,
            pattern(
                r"^(?:(?:pub |export |public |static |final )*(?:const|static|define) )?([A-Z][A-Z0-9_]{2,})\b[^=]*=[^=]",
            ),
        ),
    ]
});

static DATA: LazyLock<Vec<(Shape, Regex)>> = LazyLock::new(|| {
    vec![
        (Shape::Row, pattern(r"^\|\s*[*_]*`([\w.\-]+)[^|`]*`[*_]*\s*\|")),
        (Shape::Row, pattern(r"^\|\s*(?:\*\*)?([\w.\-]*[\w.])(?:\*\*)?\s*\|")),
        (Shape::Row, pattern(r"^[-*+]\s+\**`([\w.\-]+)[^`]*`")),
        (Shape::Row, pattern(r"^[-*+]\s+\*\*([\w.\-]+)\*\*")),
        (Shape::Item, pattern(r#"^-\s+["']?([\w.\-/]+)["']?$"#)),
        (Shape::Item, pattern(r#"^"([\w.\-/]+)",?$"#)),
        (Shape::Key, pattern(r#"^["']?([\w.\-]+)["']?\s*[:=]\s*\S"#)),
    ]
});

fn member(source: &Source, line: u32) -> Option<(Shape, String)> {
    let whole = source.line(line).trim();
    let comment = source.comment(line);
    // What a comment behind it says is no part of the member.
    let text = if source.language.is_code() && !comment.trim().is_empty() {
        whole
            .strip_suffix(comment.trim())
            .map_or(whole, |text| text.trim_end().trim_end_matches("//").trim_end())
    } else {
        whole
    };
    let imports =
        ["import ", "from ", "use ", "#include", "require"].iter().any(|word| text.starts_with(word))
            || text.contains("require(");
    if text.len() > 200 || imports {
        return None;
    }
    let shapes = match source.language {
        language if language.is_code() => &*CODE,
        Language::Other => return None,
        _ => &*DATA,
    };
    shapes.iter().find_map(|(shape, pattern)| {
        let name = pattern.captures(text)?.get(1)?.as_str().to_owned();
        (name.len() >= 2 && !crate::tokens::is_keyword(&name)).then_some((*shape, name))
    })
}

/// True where the line is a case of a choice.
pub(super) fn is_case(source: &Source, line: u32) -> bool {
    member(source, line).is_some_and(|(shape, _)| shape == Shape::Case)
}

/// The members of the list around a line, in order; none where the line is no member.
pub(super) fn around(source: &Source, line: u32) -> Vec<Member> {
    let Some((shape, name)) = member(source, line) else { return Vec::new() };
    let depth = indent(source.line(line));
    let collect = |lines: &mut dyn Iterator<Item = u32>| -> Vec<Member> {
        let mut found = Vec::new();
        for number in lines {
            let text = source.line(number);
            let trimmed = text.trim();
            // Within Markdown an empty line ends a table, elsewhere it separates groups of one list.
            if trimmed.is_empty() {
                if source.language == Language::Markdown {
                    break;
                }
                continue;
            }
            if indent(text) > depth || is_between(source, number, trimmed) {
                continue;
            }
            match member(source, number) {
                Some((other, name)) if other == shape && indent(text) == depth => {
                    found.push(Member { name, line: number });
                }
                _ => break,
            }
        }
        found
    };
    let mut members = collect(&mut (line.saturating_sub(LONGEST).max(1)..line).rev());
    members.reverse();
    members.push(Member { name, line });
    members.extend(collect(&mut (line + 1..=source.line_count().min(line + LONGEST))));
    members
}

/// True for the members of an import that spans lines.
pub(super) fn is_imported(source: &Source, line: u32) -> bool {
    let depth = indent(source.line(line));
    let above = (line.saturating_sub(LONGEST).max(1)..line).rev();
    let head =
        above.map(|number| source.line(number)).find(|text| !text.trim().is_empty() && indent(text) < depth);
    head.is_some_and(|text| {
        ["from ", "import ", "use ", "pub use "].iter().any(|word| text.trim_start().starts_with(word))
    })
}

/// Lists longer than this in lines are looked at in part.
const LONGEST: u32 = 300;

/// Comments, attributes and closing brackets between members.
fn is_between(source: &Source, line: u32, text: &str) -> bool {
    let marked = text.starts_with(['#', '@', '}', ')', ']']) && member(source, line).is_none();
    marked || source.code(line).trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, text: &str, line: u32) -> Vec<String> {
        around(&Source::new(path.into(), text), line).into_iter().map(|member| member.name).collect()
    }

    #[test]
    fn lists_of_each_kind_are_seen() {
        for (path, text, line, expected) in [
            (
                "a.rs",
                "enum A {\n    /// Doc.\n    One,\n    Two(u8),\n\n    Three { x: u8 },\n}\n",
                4,
                vec!["One", "Two", "Three"],
            ),
            (
                "a.rs",
                "match a {\n    A::One => 1,\n    A::Two => {\n        2\n    }\n}\n",
                2,
                vec!["One", "Two"],
            ),
            ("a.go", "switch a {\ncase \"x-y\":\n\tf()\ncase \"z_a\":\n\tg()\n}\n", 2, vec!["x-y", "z_a"]),
            ("a.py", "X = {\n    'one': 1,\n    'two': 2,\n}\n", 2, vec!["one", "two"]),
            ("a.ts", "type A =\n  | 'one'\n  | 'two';\n", 2, vec!["one", "two"]),
            ("a.yml", "one: 1\ntwo: 2\n", 1, vec!["one", "two"]),
            ("a.md", "| a | b |\n|---|---|\n| `one` | x |\n| `two` | y |\n", 3, vec!["one", "two"]),
        ] {
            assert_eq!(names(path, text, line), expected, "{text}");
        }
        assert_eq!(names("a.py", "x = f(1)\n", 1), [""; 0]);
    }
}
