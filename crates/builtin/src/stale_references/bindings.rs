//! Whether a line gives a name a meaning of its own.
//!
//! In: a line of code and a name on it. Out: yes where the line declares, assigns, imports or takes it as a parameter.
//! Errs towards yes, because a name with another meaning is no stale reference.

use crate::declarations::declared;
use crate::language::Language;

/// Words before a name that declare it, whatever the language.
const DECLARING: &[&str] = &[
    "fn",
    "func",
    "def",
    "class",
    "struct",
    "enum",
    "type",
    "trait",
    "interface",
    "const",
    "let",
    "var",
    "val",
    "static",
    "mod",
    "module",
    "function",
    "fun",
    "record",
    "union",
    "object",
    "typedef",
    "namespace",
    "define",
    "macro_rules",
    "sub",
    "protocol",
    "global",
    "nonlocal",
    "alias",
    "property",
    "local",
    "readonly",
    "declare",
    "export",
    "mut",
    "ref",
    "as",
    "for",
    "attr_accessor",
    "attr_reader",
    "alias_method",
    "catch",
    "get",
    "set",
    "async",
    "lambda",
    "constexpr",
    "package",
    "endef",
    "undef",
    "ifdef",
    "ifndef",
];

/// Words before a name that use it: `return name;` declares nothing.
const USING: &[&str] = &[
    "return",
    "goto",
    "case",
    "throw",
    "new",
    "delete",
    "else",
    "in",
    "not",
    "and",
    "or",
    "await",
    "yield",
    "typeof",
    "instanceof",
    "is",
    "if",
    "while",
    "raise",
    "assert",
    "del",
    "from",
    "import",
    "use",
    "extends",
    "implements",
    "with",
    "do",
    "print",
    "echo",
    "go",
    "defer",
    "break",
    "continue",
    "move",
    "co_await",
    "co_return",
    "sizeof",
    "impl",
    "dyn",
    "where",
    "range",
    "match",
    "super",
    "elif",
    "unless",
    "until",
    "when",
    "then",
    "crate",
    "except",
    "static_cast",
    "operator",
];

/// True where the code of a line binds the name that stands at `at`.
pub(crate) fn binds(language: Language, code: &str, at: usize, name: &str) -> bool {
    declared(language, code).is_some_and(|(_, found)| found == name)
        || follows_declaring_word(code, at)
        || is_assigned(language, code, at, name)
        || is_parameter_or_field(language, code, at, name)
}

fn follows_declaring_word(code: &str, at: usize) -> bool {
    let before = code[..at].trim_end_matches([' ', '\t', '*', '&', '!', '(', '{', '$', ':']);
    let word = last_word(before);
    // `impl Display for Name` names what is declared elsewhere; `for name in` binds it.
    let implements = word == "for" && code.trim_start().trim_start_matches("unsafe ").starts_with("impl");
    DECLARING.contains(&word) && !implements
}

fn last_word(text: &str) -> &str {
    let start = text
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    &text[start..]
}

/// `name =`, `name :=`, `name: value`, `a, name = …`, `|name|`, `(name) =>`.
fn is_assigned(language: Language, code: &str, at: usize, name: &str) -> bool {
    /// What begins a block whose head ends with a colon.
    const BLOCKS: [&str; 6] = ["if ", "elif ", "for ", "while ", "with ", "case "];
    let before = code[..at].trim_end();
    if before.ends_with(['.', '>']) && !before.ends_with("=>") {
        return false;
    }
    let after = code[at + name.len()..].trim_start();
    let equals = |text: &str| text.starts_with('=') && !text.starts_with("==") && !text.starts_with("=>");
    // `if key in NAMES:` ends a condition and gives nothing a value.
    let ends_block = language == Language::Python
        && after.trim_end() == ":"
        && BLOCKS.iter().any(|word| code.trim_start().trim_start_matches("async ").starts_with(word));
    let key = after.starts_with(':') && !after.starts_with("::") && !ends_block;
    let spread = after.starts_with([',', '}', ')', ']'])
        && after
            .find(" = ")
            .or_else(|| after.find(":="))
            .is_some_and(|equals| !after[..equals].contains('('));
    let closure = (before.ends_with('|') || before.ends_with(','))
        && after.starts_with(['|', ','])
        && code.contains('|');
    let arrow = after.starts_with("=>")
        || (after.starts_with([')', ','])
            && code[at..].find(')').is_some_and(|end| code[at + end + 1..].trim_start().starts_with("=>")));
    let ternary = key && code[..at].contains('?');
    (key && !ternary && language != Language::Shell)
        || equals(after)
        || after.starts_with(":=")
        || spread
        || (closure && matches!(language, Language::Rust | Language::Ruby))
        || (arrow && language == Language::Script)
}

/// `Type name,` in C-like languages, `name Type` in Go, names between the parentheses of a declaration.
fn is_parameter_or_field(language: Language, code: &str, at: usize, name: &str) -> bool {
    let before = &code[..at];
    let after = code[at + name.len()..].trim_start();
    match language {
        Language::C | Language::Java | Language::CSharp | Language::Kotlin => {
            let typed = before.ends_with([' ', '*', '&', '\t']) && {
                let previous = before.trim_end_matches([' ', '\t', '*', '&']);
                let word = last_word(previous);
                let ends_like_type = !word.is_empty() || previous.ends_with(['>', ']']);
                ends_like_type && !USING.contains(&word) && !word.starts_with(|c: char| c.is_ascii_digit())
            };
            typed && (after.starts_with([';', ',', ')', '=', '[']) || after.is_empty())
                || (typed && after.starts_with('(') && !before.contains(['(', '=']))
        }
        Language::Go => {
            let alone = before.trim().is_empty();
            let word = after.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or("");
            let typed = after.starts_with(['*', '[']) || !word.is_empty();
            let spaced = code[at + name.len()..].starts_with([' ', '\t']);
            let parameter = before.trim_end().ends_with(['(', ',']) && declared(language, code).is_some();
            (spaced && typed && !after.starts_with("[]") && (alone || parameter))
                || (alone && after.starts_with("= "))
        }
        Language::Python | Language::Script | Language::Ruby | Language::Php | Language::Rust => {
            declared(language, code).is_some()
                && before.contains('(')
                && before.trim_end().ends_with(['(', ',', '*', '&'])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_give_a_meaning_are_told_from_lines_that_use_it() {
        for (language, code, expected) in [
            (Language::Go, "func load_all() {", true),
            (Language::Go, "load_all := 3", true),
            (Language::Go, "x, load_all := f()", true),
            (Language::Go, "load_all, err := f()", true),
            (Language::Go, "x := load_all(3)", false),
            (Language::Go, "\tload_all string", true),
            (Language::Rust, "let load_all = 3;", true),
            (Language::Rust, "x.map(|load_all| 3)", true),
            (Language::Rust, "return load_all(x);", false),
            (Language::Rust, "impl Display for load_all {", false),
            (Language::Rust, "for load_all in names {", true),
            (Language::Rust, "X { load_all: 3 }", true),
            (Language::Rust, "if load_all() == 3 {", false),
            (Language::Python, "def f(a, load_all):", true),
            (Language::Python, "f(a, load_all)", false),
            (Language::Python, "import x as load_all", true),
            (Language::Python, "if x in load_all:", false),
            (Language::Python, "{load_all: 3}", true),
            (Language::Python, "from x import load_all", false),
            (Language::Python, "self.load_all = 3", false),
            (Language::Script, "const { a, load_all } = x", true),
            (Language::Script, "load_all => 3", true),
            (Language::Script, "f(load_all, 3)", false),
            (Language::C, "int load_all;", true),
            (Language::C, "return load_all;", false),
            (Language::C, "void f(struct x *load_all)", true),
            (Language::C, "    x = load_all(y);", false),
            (Language::Java, "    load_all(y);", false),
        ] {
            let at = code.find("load_all").expect("the name is on the line");
            assert_eq!(binds(language, code, at, "load_all"), expected, "{code}");
        }
    }
}
