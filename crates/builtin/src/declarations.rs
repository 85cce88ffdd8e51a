//! The names that a file declares for others.
//!
//! In: a [`Source`]. Out: functions, methods, types, constants and top-level variables with their lines. Patterns a
//! line, no grammar: what a macro generates is not seen, and local names are left out by their indentation.

use std::sync::LazyLock;

use regex::Regex;

use crate::language::Language;
use crate::lex::Part;
use crate::source::Source;

/// What a declaration introduces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum DeclarationKind {
    Function,
    Method,
    Type,
    Constant,
}

impl DeclarationKind {
    /// For sentences.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Method => "method",
            Self::Type => "type",
            Self::Constant => "constant",
        }
    }
}

/// One declared name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declaration {
    pub(crate) name: String,
    pub(crate) kind: DeclarationKind,
    /// 1-based.
    pub(crate) line: u32,
    /// The type around a method, where it can be told.
    pub(crate) container: Option<String>,
}

use DeclarationKind::{Constant, Function, Method, Type};

type Pattern = (DeclarationKind, Regex);

fn compile(patterns: &[(DeclarationKind, &str)]) -> Vec<Pattern> {
    patterns
        .iter()
        .map(|(kind, pattern)| (*kind, Regex::new(pattern).expect("a pattern written in this file")))
        .collect()
}

macro_rules! patterns {
    ($($name:ident: [$(($kind:expr, $pattern:expr)),* $(,)?])*) => {
        $(static $name: LazyLock<Vec<Pattern>> = LazyLock::new(|| compile(&[$(($kind, $pattern)),*]));)*
    };
}

patterns! {
    GO: [
        (Function, r"^func (\w+)[\[(]"),
        (Method, r"^func \([^)]*\) (\w+)\("),
        (Type, r"^type (\w+)\b"),
        (Constant, r"^(?:var|const) (\w+)\b"),
        (Constant, r"^\t([A-Z]\w*)\s*(?:[\w.\[\]*]+\s*)?= "),
    ]
    RUST: [
        (Method, r#"^\s+(?:pub(?:\([^)]*\))? )?(?:default )?(?:const )?(?:async )?(?:unsafe )?(?:extern "[^"]*" )?fn (\w+)"#),
        (Function, r#"^(?:pub(?:\([^)]*\))? )?(?:const )?(?:async )?(?:unsafe )?(?:extern "[^"]*" )?fn (\w+)"#),
        (Type, r"^\s*(?:pub(?:\([^)]*\))? )?(?:unsafe )?(?:auto )?(?:struct|enum|union|trait) (\w+)"),
        (Type, r"^(?:pub(?:\([^)]*\))? )?type (\w+)"),
        (Constant, r"^\s*(?:pub(?:\([^)]*\))? )?(?:const|static)(?: mut)? (\w+)\s*:"),
        (Function, r"^\s*macro_rules!\s*(\w+)"),
    ]
    PYTHON: [
        (Function, r"^(?:async )?def (\w+)"),
        (Method, r"^[ \t]+(?:async )?def (\w+)"),
        (Type, r"^\s*class (\w+)"),
        (Constant, r"^([A-Za-z_]\w*)\s*(?::[^=]+)?=[^=]"),
    ]
    SCRIPT: [
        (Function, r"^(?:export )?(?:default )?(?:declare )?(?:async )?function\s*\*?\s*(\w+)"),
        (Type, r"^(?:export )?(?:default )?(?:declare )?(?:abstract )?class (\w+)"),
        (Type, r"^(?:export )?(?:declare )?(?:const )?(?:interface|enum) (\w+)"),
        (Type, r"^(?:export )?(?:declare )?type (\w+)\s*[=<]"),
        (Constant, r"^(?:export )?(?:declare )?(?:const|let|var) (\w+)"),
        (Function, r"^(?:module\.)?exports\.(\w+)\s*="),
        (Method, r"^(\w+)\.prototype\.(?P<name>\w+)\s*="),
        (Method, r"^\s+(?:(?:public|private|protected|static|async|override|readonly|get|set) )*\*?(\w+)\s*\([^;]*\)\s*(?::[^={]+)?\{\s*$"),
    ]
    JAVA: [
        (Type, r"^\s*(?:(?:public|private|protected|internal|static|final|abstract|sealed|open|data|inner|partial|readonly|non-sealed|annotation|value|inline) )*(?:class|interface|enum|record|@interface|object|struct|enum class) (\w+)"),
        (Method, r"^\s*(?:(?:public|private|protected|internal|static|final|abstract|override|open|suspend|inline|operator|infix|tailrec) )*fun (?:<[^>]*> )?(?:[\w.<>?]+\.)?(\w+)\s*\("),
        (Method, r"^\s+(?:(?:public|private|protected|internal|static|final|abstract|synchronized|default|native|virtual|override|async|sealed|extern|unsafe|new) )+(?:<[^>]+> )?[\w.<>\[\],? ]+ (\w+)\s*\("),
        (Constant, r"^\s*(?:(?:public|private|protected|internal) )?(?:static final|final static|const|const val|static readonly) (?:[\w.<>\[\]]+ )?(\w+)\s*(?::[^=]+)?="),
    ]
    C: [
        (Constant, r"^\s*#\s*define\s+(\w+)"),
        (Type, r"^(?:typedef )?(?:struct|enum|union|class)\s+(?:\w+\s+)?(\w+)\s*(?:final\s*)?(?::[^:;]*)?\{?\s*$"),
        (Type, r"^(?:typedef\b.*|\})\s*\*?(\w+)\s*;\s*$"),
        (Type, r"^using (\w+)\s*="),
        (Function, r"^[A-Za-z_][\w\s*&:<>,]*?[\s*&](\w+)\s*\([^;{}()]*(?:\([^()]*\)[^;{}()]*)*(?:\)\s*(?:const)?\s*[;{,]?)?\s*$"),
        (Function, r"^(\w+)\s*\([^;)]*(?:\)\s*\{?)?\s*$"),
        (Method, r"^[A-Za-z_][\w\s*&:<>,]*[\s*&]\w+::(\w+)\s*\("),
    ]
    RUBY: [
        (Method, r"^\s*def (?:self\.)?(\w+[?!]?)"),
        (Type, r"^\s*(?:class|module) (?:\w+::)*(\w+)"),
        (Constant, r"^\s*([A-Z][A-Z0-9_]+)\s*="),
    ]
    PHP: [
        (Method, r"^\s*(?:(?:public|private|protected|static|final|abstract) )*function &?(\w+)"),
        (Type, r"^\s*(?:(?:final|abstract|readonly) )*(?:class|interface|trait|enum) (\w+)"),
        (Constant, r"^\s*(?:(?:public|private|protected|final) )*const (\w+)\s*="),
    ]
    SHELL: [
        (Function, r"^\s*(?:function\s+)?([\w-]+)\s*\(\)"),
        (Function, r"^\s*function\s+([\w-]+)"),
        (Constant, r#"^(?:readonly |declare (?:-\w+ )?|export )?([A-Za-z_]\w*)=(?:"[^"]*"|'[^']*'|\$\(.*\)|\S*)\s*(?:#.*)?$"#),
    ]
}

fn patterns(language: Language) -> &'static [Pattern] {
    match language {
        Language::Go => &GO,
        Language::Rust => &RUST,
        Language::Python => &PYTHON,
        Language::Script => &SCRIPT,
        Language::Java | Language::Kotlin | Language::CSharp => &JAVA,
        Language::C => &C,
        Language::Ruby => &RUBY,
        Language::Php => &PHP,
        Language::Shell => &SHELL,
        _ => &[],
    }
}

/// Words that patterns can mistake for names.
const KEYWORDS: &[&str] = &[
    "if",
    "for",
    "while",
    "switch",
    "catch",
    "return",
    "function",
    "else",
    "do",
    "try",
    "with",
    "constructor",
    "new",
    "sizeof",
    "defined",
    "default",
    "await",
    "yield",
    "throw",
    "typeof",
    "using",
    "lock",
    "elif",
    "case",
    "in",
    "not",
    "and",
    "or",
    "this",
    "super",
    "static",
    "const",
    "struct",
    "enum",
    "union",
    "class",
    "typedef",
    "_",
];

/// Every name a file declares, in line order.
pub(crate) fn declarations(source: &Source) -> Vec<Declaration> {
    if patterns(source.language).is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut container: Option<(usize, String)> = None;
    for (number, line) in source.numbered_lines() {
        if line.trim().is_empty() || line.len() > 500 || source.part_at(number, indent(line)) != Part::Code {
            continue;
        }
        if container.as_ref().is_some_and(|(depth, _)| {
            indent(line) <= *depth && !line.trim_start().starts_with(['}', ')', '{'])
        }) {
            container = None;
        }
        if let Some(name) = container_of(source.language, line) {
            container = Some((indent(line), name));
        }
        if let Some((kind, name)) = declared(source.language, line) {
            let inside = container.as_ref().filter(|(depth, own)| indent(line) > *depth && *own != name);
            let container = receiver(source.language, line).or_else(|| inside.map(|(_, name)| name.clone()));
            // A Rust function that is indented but stands in no `impl` stands in a module.
            let free = source.language == Language::Rust && kind == Method && container.is_none();
            let kind = if free { Function } else { kind };
            found.push(Declaration { name: name.to_owned(), kind, line: number, container });
        }
    }
    found
}

/// The name that one line of code declares.
pub(crate) fn declared(language: Language, line: &str) -> Option<(DeclarationKind, &str)> {
    patterns(language).iter().find_map(|(kind, pattern)| {
        let captures = pattern.captures(line)?;
        let name = captures.name("name").or_else(|| captures.get(1))?.as_str();
        (!KEYWORDS.contains(&name) && !name.is_empty()).then_some((*kind, name))
    })
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

static CONTAINER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\s*(?:(?:pub(?:\([^)]*\))?|public|private|protected|internal|static|final|abstract|export|default|unsafe|data|open|sealed|partial)\s+)*(?:impl(?:<[^{]*?>)?\s+(?:[^{]*?\bfor\s+)?(?:[\w:]+::)?&?(\w+)|(?:class|interface|trait|module|object|struct|enum|record)\s+(\w+))",
    )
    .expect("a pattern written in this file")
});

fn container_of(language: Language, line: &str) -> Option<String> {
    if matches!(language, Language::Go | Language::C | Language::Shell) {
        return None;
    }
    let captures = CONTAINER.captures(line)?;
    captures.get(1).or_else(|| captures.get(2)).map(|name| name.as_str().to_owned())
}

static RECEIVER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^func \(\s*(?:\w+\s+)?\*?(\w+)(?:\[[^\]]*\])?\s*\)").expect("a pattern written in this file")
});

fn receiver(language: Language, line: &str) -> Option<String> {
    (language == Language::Go)
        .then(|| RECEIVER.captures(line))
        .flatten()
        .map(|captures| captures[1].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, text: &str) -> Vec<(String, DeclarationKind, Option<String>)> {
        declarations(&Source::new(path.into(), text))
            .into_iter()
            .map(|found| (found.name, found.kind, found.container))
            .collect()
    }

    #[test]
    fn declarations_of_each_language_are_found() {
        for (path, text, name, kind) in [
            ("a.go", "func LoadAll(x int) error {", "LoadAll", Function),
            ("a.go", "const MaxDepth = 3", "MaxDepth", Constant),
            ("a.rs", "pub(crate) async fn load_all<T>(x: T) {", "load_all", Function),
            ("a.rs", "pub const MAX_DEPTH: u32 = 3;", "MAX_DEPTH", Constant),
            ("a.py", "class Loader(Base):", "Loader", Type),
            ("a.py", "MAX_DEPTH: int = 3", "MAX_DEPTH", Constant),
            ("a.ts", "export async function loadAll(x: string) {", "loadAll", Function),
            ("a.ts", "export interface Loader {", "Loader", Type),
            ("A.java", "    public static List<String> loadAll(int x) {", "loadAll", Method),
            ("A.java", "public final class Loader {", "Loader", Type),
            ("a.kt", "    suspend fun loadAll(x: Int): List<String> {", "loadAll", Method),
            ("a.c", "static int load_all(struct x *y)", "load_all", Function),
            ("a.h", "#define MAX_DEPTH 3", "MAX_DEPTH", Constant),
            ("a.cpp", "void Loader::loadAll(int x) {", "loadAll", Method),
            ("a.cs", "    internal async Task<int> LoadAll(int x)", "LoadAll", Method),
            ("a.rb", "  def load_all(x)", "load_all", Method),
            ("a.php", "    public function loadAll($x)", "loadAll", Method),
            ("a.sh", "load_all() {", "load_all", Function),
        ] {
            let found = names(path, text);
            assert_eq!(
                found.iter().map(|found| (found.0.as_str(), found.1)).collect::<Vec<_>>(),
                [(name, kind)],
                "{text}"
            );
        }
    }

    #[test]
    fn calls_comments_and_control_flow_declare_nothing() {
        for (path, text) in [
            ("a.go", "\tloadAll(3)\n// func LoadAll()"),
            ("a.js", "  if (ready) {\n  loadAll(x);\n  for (const a of b) {"),
            ("a.c", "\tload_all(x);\n\tif (load_all(y)) {\n/*\nint load_all(int x)\n*/"),
            ("a.py", "    x = 3\n'''\ndef load_all():\n'''"),
            ("A.java", "        return loadAll(x);\n        new Loader(x);"),
        ] {
            assert_eq!(names(path, text), [], "{text}");
        }
    }

    #[test]
    fn a_method_knows_the_type_around_it() {
        let found =
            names("a.rs", "impl<T> Display for Loader<T> {\n    fn fmt(&self) {\n    }\n}\nfn free() {}\n");
        assert_eq!(found[0].2.as_deref(), Some("Loader"));
        assert_eq!(found[1].2, None);
        assert_eq!(names("a.go", "func (l *Loader) LoadAll() {")[0].2.as_deref(), Some("Loader"));
        assert_eq!(names("a.py", "class A:\n    def b(self):\n        pass\n")[1].2.as_deref(), Some("A"));
    }
}
