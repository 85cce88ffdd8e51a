//! Which function or type a line belongs to.
//!
//! In: the lines of a file, in any language. Out: the name of what encloses a line, by indentation and the words that
//! languages introduce names with. Never parses: it names a place for people and settles ties, it proves nothing.

use std::sync::LazyLock;

use model::FileDiff;
use regex::Regex;

static DEFINITIONS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // fn, func, def, function, fun, sub, proc with modifiers before and a receiver between.
        r"^\s*(?:[\w@()<>:&'\[\]]+\s+)*?(?:fn|func|def|function|fun|sub|proc|defp|defmacro)\s+(?:\([^)]*\)\s*)?(?P<name>[\w$?!.:]+)",
        // Types and modules.
        r"^\s*(?:[\w@()]+\s+)*?(?:class|struct|enum|trait|interface|module|namespace|union|object|protocol|mod|type|record|macro_rules!)\s+(?P<name>[\w$.:]+)",
        r"^\s*(?:unsafe\s+)?impl\b(?:<[^>]*>)?\s+(?:[\w:<>, '&]+\s+for\s+)?(?P<name>[\w:]+)",
        // const name = (…) =>, name: function(…)
        r"^\s*(?:export\s+)?(?:default\s+)?(?:const|let|var)\s+(?P<name>[\w$]+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*(?::[^=]+)?=>|[\w$]+\s*=>)",
        r"^\s*(?P<name>[\w$]+)\s*:\s*(?:async\s+)?function\b",
        // BATS and other tests named by a string.
        r#"^\s*@test\s+["'](?P<name>[^"']+)["']"#,
        r#"^\s*(?:describe|it|test|context)\s*\(\s*["'`](?P<name>[^"'`]+)["'`]"#,
        // Shell: name() {
        r"^\s*(?P<name>[\w.:-]+)\s*\(\)\s*\{?\s*$",
        // C, C++, Java, C#: types before the name, arguments after it, no semicolon at the end.
        r"^\s*(?:[\w:<>,*&\[\]~]+\s+)+[*&]*(?P<name>[\w:~]+)\s*\([^;=]*\)?\s*(?:const|noexcept|override|throws [\w, .]+|async)?\s*\{?\s*$",
        // Methods of JavaScript classes: name(…) {
        r"^\s*(?:(?:async|static|get|set|public|private|protected)\s+)*(?P<name>[\w$#]+)\s*\([^;]*\)\s*(?::\s*[^{]+)?\{\s*$",
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).expect("the patterns are fixed"))
    .collect()
});

const NOT_NAMES: [&str; 31] = [
    "if",
    "for",
    "while",
    "switch",
    "catch",
    "return",
    "else",
    "match",
    "loop",
    "do",
    "try",
    "with",
    "using",
    "lock",
    "synchronized",
    "new",
    "throw",
    "await",
    "yield",
    "case",
    "until",
    "unless",
    "elif",
    "foreach",
    "select",
    "go",
    "defer",
    "assert",
    "in",
    "sizeof",
    "super",
];

// The second and third pattern introduce types, which are used but not called.
const TYPES: std::ops::RangeInclusive<usize> = 1..=2;

/// The name a line introduces, if it introduces one.
pub(crate) fn defined_in(line: &str) -> Option<&str> {
    definition(line).map(|(name, _)| name)
}

/// True where a line introduces something that can be called by this name.
pub(crate) fn defines_callable(line: &str, name: &str) -> bool {
    definition(line).is_some_and(|(defined, callable)| callable && last_part(defined) == name)
}

/// The last part of a name: `get` of `Store::get`.
pub(crate) fn last_part(name: &str) -> &str {
    name.rsplit(['.', ':']).next().unwrap_or(name)
}

fn definition(line: &str) -> Option<(&str, bool)> {
    // Long lines are data or minified code.
    if line.len() > 400
        || line.trim_start().starts_with(['/', '*', '#', '"', '\'']) && !line.contains("@test")
    {
        return None;
    }
    DEFINITIONS.iter().enumerate().find_map(|(kind, pattern)| {
        let found = pattern.captures(line)?;
        let name = found.name("name")?.as_str().trim_matches([':', '.']);
        let first = line.split_whitespace().next().unwrap_or_default();
        let control = NOT_NAMES.contains(&name) || NOT_NAMES.contains(&first.trim_end_matches('('));
        (!control && !name.is_empty()).then_some((name, !TYPES.contains(&kind)))
    })
}

/// The innermost function or type around a line (1-based), the line itself included.
pub(crate) fn enclosing<S: AsRef<str>>(lines: &[S], line: u32) -> Option<String> {
    let at = (line as usize).checked_sub(1)?;
    let here = lines.get(at)?.as_ref();
    if let Some(name) = defined_in(here) {
        return Some(name.to_owned());
    }
    let mut depth = depth_around(lines, at)?;
    let first = at.saturating_sub(3_000);
    for line in lines[first..at].iter().rev() {
        let line = line.as_ref();
        let Some(own) = indentation(line) else { continue };
        let closing = line.trim_start().starts_with(['}', ')', ']']);
        if own < depth && !closing {
            if let Some(name) = defined_in(line) {
                return Some(name.to_owned());
            }
            // A signature broken over lines closes at the depth of its first line, which is not passed over.
            depth = if line.trim() == "{" { own + 1 } else { own.max(1) };
        } else if own < depth && own == 0 && !line.trim_start().starts_with(')') && line.trim() == "}" {
            return None;
        }
        if own == 0 && line.trim() == "}" {
            return None;
        }
    }
    None
}

fn depth_around<S: AsRef<str>>(lines: &[S], at: usize) -> Option<usize> {
    let own = indentation(lines[at].as_ref());
    match own {
        Some(depth) => {
            let line = lines[at].as_ref().trim_start();
            // A closing bracket belongs to what it closes, whose head stands at the same depth.
            Some(if line.starts_with(['}', ')', ']']) || line == "end" { depth + 1 } else { depth })
        }
        None => lines[..at]
            .iter()
            .rev()
            .take(50)
            .find_map(|line| indentation(line.as_ref()))
            .map(|depth| depth + 1),
    }
}

fn indentation(line: &str) -> Option<usize> {
    let mut columns = 0;
    for c in line.chars() {
        match c {
            ' ' => columns += 1,
            '\t' => columns += 4,
            '\r' | '\n' => return None,
            _ => return Some(columns),
        }
    }
    None
}

/// What git printed behind the `@@` of the hunk that holds a line at head, as a name.
pub(crate) fn from_hunk(diff: &FileDiff, line: u32) -> Option<String> {
    let hunk = diff
        .hunks
        .iter()
        .find(|hunk| hunk.new_start <= line && line < hunk.new_start.saturating_add(hunk.new_lines))?;
    defined_in(&hunk.heading).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(text: &str, line: u32) -> Option<String> {
        let lines: Vec<&str> = text.lines().collect();
        enclosing(&lines, line)
    }

    #[test]
    fn definitions_of_many_languages_are_known() {
        for (line, name) in [
            ("pub(crate) async fn read_all<T>(x: T) -> u8 {", "read_all"),
            ("func (r *Engine) HandleLogs(w http.ResponseWriter) {", "HandleLogs"),
            ("    def parse(self, text):", "parse"),
            ("class Reader(Base):", "Reader"),
            ("export default async function load(a) {", "load"),
            ("export const pick = async (a, b) => {", "pick"),
            ("type Watcher struct {", "Watcher"),
            ("impl<'a> Display for Name<'a> {", "Name"),
            ("static int parse_header(const char *text, size_t length)", "parse_header"),
            ("    public List<String> names(int limit) throws IOException {", "names"),
            ("start_vm() {", "start_vm"),
            ("@test \"stops twice\" {", "stops twice"),
            ("  render(props) {", "render"),
        ] {
            assert_eq!(defined_in(line), Some(name), "{line}");
        }
        for line in [
            "if (a) {",
            "return compute(a)",
            "} else if (b) {",
            "x = call(a);",
            "for (;;) {",
            "// fn old() {",
        ] {
            assert_eq!(defined_in(line), None, "{line}");
        }
    }

    #[test]
    fn the_innermost_name_around_a_line_is_found() {
        let text = "impl Store {\n    fn get(&self) {\n        if a {\n            b();\n        }\n\n        c();\n    }\n\n    fn put() {}\n}\n\nstatic X: u8 = 1;\n";
        assert_eq!(around(text, 4).as_deref(), Some("get"));
        assert_eq!(around(text, 6).as_deref(), Some("get"));
        assert_eq!(around(text, 8).as_deref(), Some("get"));
        assert_eq!(around(text, 10).as_deref(), Some("put"));
        assert_eq!(around(text, 13), None);
    }

    #[test]
    fn python_and_broken_signatures_work() {
        let python = "class A:\n    def f(\n        self,\n        x,\n    ):\n        return x\n";
        assert_eq!(around(python, 6).as_deref(), Some("f"));
        let c = "int\nmain(int a)\n{\n    go();\n}\n";
        assert_eq!(around(c, 4), None);
        let c = "int main(int a)\n{\n    go();\n}\n";
        assert_eq!(around(c, 3).as_deref(), Some("main"));
    }
}
