//! Where functions begin and end.
//!
//! In: a [`Source`]. Out: the functions with their lines and tokens. Goes by declarations and indentation, so it needs
//! code that people indent; a body that cannot be told ends with the next declaration.

use crate::declarations::{DeclarationKind, declarations};
use crate::language::Language;
use crate::lex::Part;
use crate::source::Source;

/// One function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The line that declares it, 1-based.
    pub(crate) first: u32,
    /// Its last line, inclusive.
    pub(crate) last: u32,
}

impl Function {
    /// The indexes of its tokens.
    pub(crate) fn tokens(&self, source: &Source) -> std::ops::Range<usize> {
        let tokens = source.tokens();
        let start = tokens.partition_point(|token| token.line < self.first);
        start..tokens.partition_point(|token| token.line <= self.last)
    }
}

/// Longer bodies are data or generated.
const LONGEST: u32 = 2000;

/// The functions of a file, by first line.
pub(crate) fn functions(source: &Source) -> Vec<Function> {
    if !source.language.is_code() {
        return Vec::new();
    }
    let own_indent = |line: u32| indent(source.line(line));
    declarations(source)
        .into_iter()
        .filter(|found| {
            matches!(found.kind, DeclarationKind::Function | DeclarationKind::Method)
                || is_arrow(source, found.line)
        })
        .filter(|found| !source.line(found.line).trim_end().ends_with(';'))
        .map(|found| Function {
            last: end(source, found.line, own_indent(found.line)),
            name: found.name,
            first: found.line,
        })
        .collect()
}

/// The innermost function around a line.
pub(crate) fn around(source: &Source, line: u32) -> Option<&Function> {
    source.functions().iter().rev().find(|function| (function.first..=function.last).contains(&line))
}

fn is_arrow(source: &Source, line: u32) -> bool {
    source.language == Language::Script && {
        let code = source.code(line);
        code.contains("=>") || code.contains("function")
    }
}

/// The last line that is indented deeper than the declaration, or closes it.
fn end(source: &Source, first: u32, depth: usize) -> u32 {
    let mut last = first;
    for number in first + 1..=source.line_count().min(first + LONGEST) {
        let line = source.line(number);
        let text = line.trim();
        if text.is_empty() || skipped(source, number, line) {
            continue;
        }
        if indent(line) > depth || continues(text) {
            last = number;
        } else if indent(line) == depth && closes(source.language, text) {
            return number;
        } else {
            break;
        }
    }
    last
}

/// Lines whose indentation says nothing: within strings and comments, preprocessor lines, labels.
fn skipped(source: &Source, number: u32, line: &str) -> bool {
    let text = line.trim();
    source.part_at(number, 0) == Part::String
        || source.part_at(number, indent(line)) == Part::Comment
        || (source.language == Language::C && (text.starts_with('#') || text.ends_with(':')))
}

/// The rest of a signature that stands at the declaration's own depth.
fn continues(text: &str) -> bool {
    text == "{" || text.starts_with(')') || text.starts_with("where") || text.starts_with("->")
}

fn closes(language: Language, text: &str) -> bool {
    text.starts_with('}')
        || (matches!(language, Language::Ruby | Language::Shell) && (text == "end" || text == "}"))
}

pub(crate) fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_end_where_their_indentation_does() {
        for (path, text, expected) in [
            ("a.go", "func a() {\n\tx()\n}\n\nfunc b() {\n\ty()\n}\n", vec![("a", 1, 3), ("b", 5, 7)]),
            ("a.py", "def a(\n    x,\n):\n    y()\n\n    z()\nq = 1\n", vec![("a", 1, 6)]),
            ("a.c", "int a(void)\n{\n\tx();\nfail:\n\treturn 1;\n}\nint b;\n", vec![("a", 1, 6)]),
            ("a.js", "const a = async (x) => {\n  y();\n};\n", vec![("a", 1, 3)]),
            ("a.rb", "def a\n  x\nend\n", vec![("a", 1, 3)]),
        ] {
            let source = Source::new(path.into(), text);
            let found = functions(&source);
            let told: Vec<_> =
                found.iter().map(|found| (found.name.as_str(), found.first, found.last)).collect();
            assert_eq!(told, expected, "{path}");
        }
    }

    #[test]
    fn the_innermost_function_is_around_a_line() {
        let source = Source::new(
            "a.py".into(),
            "class A:\n    def b(self):\n        def c():\n            x\n        y\n",
        );
        let name = |line| around(&source, line).map(|found| found.name.as_str());
        assert_eq!((name(1), name(4), name(5)), (None, Some("c"), Some("b")));
    }
}
