//! Small mutations of changed lines: what a test should notice.
//!
//! In: a file's text and the lines that a change wrote. Out: other texts of the file, each with one small difference. Never runs
//! anything, and never mutates what it cannot parse.

use std::collections::BTreeSet;
use std::ops::Range;

use ast_grep_core::Node;
use ast_grep_language::SupportLang;
use model::{Mutation, RepoPath};

use crate::language;
use crate::steps::{Bounded, bounded, parse};

/// One mutation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// The line, 1-based.
    pub line: u32,
    /// What was done.
    pub mutation: Mutation,
    /// What stood there.
    pub from: String,
    /// What stands there instead.
    pub to: String,
    /// The whole file with it.
    pub text: String,
}

/// Mutations of a file, at most one for each of these lines and kind, in the order of the file. Empty for languages without a grammar.
pub fn mutants(path: &RepoPath, text: &str, lines: &BTreeSet<u32>) -> Vec<Mutant> {
    let Some(language) = language::of(path, text) else { return Vec::new() };
    let made = || {
        let document = parse(text, language).ok()?;
        bounded(&document, || of_document(&document.root(), language, lines)).ok()
    };
    let edits = crate::with_large_stack(made).flatten().unwrap_or_default();
    let mutant = |edit: Edit| {
        let from = text.get(edit.range.clone())?.to_owned();
        let text = [text.get(..edit.range.start)?, &edit.to, text.get(edit.range.end..)?].concat();
        Some(Mutant { line: edit.line, mutation: edit.mutation, from, to: edit.to, text })
    };
    edits.into_iter().filter_map(mutant).collect()
}

struct Edit {
    line: u32,
    mutation: Mutation,
    range: Range<usize>,
    to: String,
}

fn of_document(root: &Node<'_, Bounded>, language: SupportLang, lines: &BTreeSet<u32>) -> Vec<Edit> {
    let mut seen = BTreeSet::new();
    let mut edits = Vec::new();
    for node in root.dfs() {
        let line = u32::try_from(node.start_pos().line()).unwrap_or(u32::MAX).saturating_add(1);
        if !lines.contains(&line) {
            continue;
        }
        let Some(edit) = of_node(&node, language, line) else { continue };
        if lines.contains(&edit.line) && seen.insert((edit.line, edit.mutation)) {
            edits.push(edit);
        }
    }
    edits.sort_by_key(|edit| (edit.range.start, edit.mutation));
    edits
}

fn of_node(node: &Node<'_, Bounded>, language: SupportLang, line: u32) -> Option<Edit> {
    let edit = |mutation, range, to: String| Some(Edit { line, mutation, range, to });
    let kind = node.kind();
    match &*kind {
        "integer_literal"
        | "int_literal"
        | "integer"
        | "number"
        | "number_literal"
        | "decimal_integer_literal" => {
            let number: u64 = node.text().parse().ok()?;
            edit(Mutation::OffByOne, node.range(), (number.checked_add(1)?).to_string())
        }
        "true" | "false" | "boolean_literal" | "boolean" => {
            let other = match &*node.text() {
                "true" => "false",
                "false" => "true",
                "True" => "False",
                "False" => "True",
                _ => return None,
            };
            edit(Mutation::Flipped, node.range(), other.to_owned())
        }
        "binary_expression"
        | "binary_operator"
        | "boolean_operator"
        | "comparison_operator"
        | "binary"
        | "comparison_expression"
        | "conjunction_expression"
        | "disjunction_expression"
        | "equality_expression"
        | "additive_expression" => operator(node),
        "if_statement" | "if_expression" | "if" | "while_statement" | "while_expression" | "elif_clause" => {
            let condition = node.field("condition")?;
            let text = condition.text();
            edit(Mutation::Negated, condition.range(), negated(&condition.kind(), &text, language)?)
        }
        "expression_statement" => {
            let call = node.child(0)?;
            let is_call = matches!(
                &*call.kind(),
                "call_expression"
                    | "call"
                    | "method_invocation"
                    | "invocation_expression"
                    | "function_call_expression"
                    | "member_call_expression"
                    | "macro_invocation"
            );
            let one_line = node.start_pos().line() == node.end_pos().line();
            // A macro that only prints or asserts is nothing that a test looks at.
            if !is_call || !one_line || is_talk(&call.text()) {
                return None;
            }
            edit(Mutation::Removed, node.range(), nothing(language).to_owned())
        }
        _ => None,
    }
}

/// Another operator in the place of the one between two operands.
fn operator(node: &Node<'_, Bounded>) -> Option<Edit> {
    let operator = node.children().find(|child| !child.is_named() && other(&child.text()).is_some())?;
    let line = u32::try_from(operator.start_pos().line()).ok()?.saturating_add(1);
    let to = other(&operator.text())?.to_owned();
    // Texts are put together with the sign that also adds.
    let has_text = || node.children().any(|child| child.kind().contains("string"));
    if &*operator.text() == "+" && has_text() {
        return None;
    }
    Some(Edit { line, mutation: Mutation::Operator, range: operator.range(), to })
}

fn other(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "<" => "<=",
        "<=" => "<",
        ">" => ">=",
        ">=" => ">",
        "==" => "!=",
        "!=" => "==",
        "===" => "!==",
        "!==" => "===",
        "&&" => "||",
        "||" => "&&",
        "and" => "or",
        "or" => "and",
        "+" => "-",
        "-" => "+",
        _ => return None,
    })
}

/// The opposite of a condition; `None` where it binds names, or where the language has no sign for it.
fn negated(kind: &str, text: &str, language: SupportLang) -> Option<String> {
    if kind.contains("let_")
        || kind.contains("declaration")
        || text.contains(":=")
        || text.contains(" is ") && text.contains(" var ")
    {
        return None;
    }
    match language {
        SupportLang::Python => Some(format!("not ({text})")),
        SupportLang::Bash => None,
        _ if kind == "parenthesized_expression"
            || (text.starts_with('(') && text.ends_with(')') && kind.contains("paren")) =>
        {
            Some(format!("(!{text})"))
        }
        _ if kind == "condition_clause" => {
            let inner = text.strip_prefix('(')?.strip_suffix(')')?;
            Some(format!("(!({inner}))"))
        }
        _ => Some(format!("!({text})")),
    }
}

fn nothing(language: SupportLang) -> &'static str {
    match language {
        SupportLang::Python => "pass",
        SupportLang::Bash => ":",
        _ => "",
    }
}

/// Calls that say something to people.
fn is_talk(call: &str) -> bool {
    let name: String = call.chars().take_while(|c| *c != '(').collect::<String>().to_lowercase();
    ["print", "log", "debug", "trace", "warn", "info", "assert", "console", "dbg", "echo", "panic"]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(path: &str, text: &str) -> Vec<(u32, Mutation, String, String)> {
        let lines = (1..=text.lines().count() as u32).collect();
        let mutants = mutants(&path.into(), text, &lines);
        for mutant in &mutants {
            assert_ne!(mutant.text, text);
            let language = language::of(&path.into(), text).expect("known");
            let document = parse(&mutant.text, language).expect("parsed");
            let look = || document.root().dfs().any(|node| node.is_error());
            let broken = bounded(&document, look).expect("small");
            assert!(!broken, "it is no longer {path}:\n{}", mutant.text);
        }
        mutants.into_iter().map(|it| (it.line, it.mutation, it.from, it.to)).collect()
    }

    #[test]
    fn each_kind_is_made_in_each_language_and_what_is_made_can_be_parsed() {
        use Mutation::{Flipped, Negated, OffByOne, Operator, Removed};
        let rust = "fn f(a: u32) -> bool {\n    if a < 3 {\n        store(a);\n        return true;\n    }\n    false\n}\n";
        let go = "package p\n\nfunc f(a int) bool {\n\tif a < 3 {\n\t\tstore(a)\n\t\treturn true\n\t}\n\treturn false\n}\n";
        let python = "def f(a):\n    if a < 3:\n        store(a)\n        return True\n    return False\n";
        let script =
            "function f(a) {\n  if (a < 3) {\n    store(a);\n    return true;\n  }\n  return false;\n}\n";
        let java = "class A {\n  boolean f(int a) {\n    if (a < 3) {\n      store(a);\n      return true;\n    }\n    return false;\n  }\n}\n";
        let c = "int f(int a) {\n  if (a < 3) {\n    store(a);\n    return 1;\n  }\n  return 0;\n}\n";
        for (path, text, kinds) in [
            ("a.rs", rust, &[Negated, Operator, OffByOne, Removed, Flipped][..]),
            ("a.go", go, &[Negated, Operator, OffByOne, Removed, Flipped]),
            ("a.py", python, &[Negated, Operator, OffByOne, Removed, Flipped]),
            ("a.js", script, &[Negated, Operator, OffByOne, Removed, Flipped]),
            ("a.ts", script, &[Negated, Operator, OffByOne, Removed, Flipped]),
            ("A.java", java, &[Negated, Operator, OffByOne, Removed, Flipped]),
            ("a.c", c, &[Negated, Operator, OffByOne, Removed]),
        ] {
            let found: BTreeSet<Mutation> = made(path, text).into_iter().map(|it| it.1).collect();
            for kind in kinds {
                assert!(found.contains(kind), "{path}: {kind:?} of {found:?}");
            }
        }
    }

    #[test]
    fn only_the_lines_of_the_change_are_mutated_and_each_once_a_kind() {
        let text = "fn f(a: u32) -> u32 {\n    a + 1\n}\nfn g(a: u32) -> u32 {\n    a + 1 + 2 + 3\n}\n";
        let mutants = mutants(&"a.rs".into(), text, &BTreeSet::from([5]));
        let told: Vec<_> = mutants.iter().map(|it| (it.line, it.mutation)).collect();
        assert_eq!(told, [(5, Mutation::OffByOne), (5, Mutation::Operator)]);
        assert!(made("a.txt", "a < 3\n").is_empty());
    }

    #[test]
    fn what_would_not_compile_or_says_nothing_is_left() {
        for text in [
            "fn f(a: Option<u32>) {\n    if let Some(b) = a {\n        println!(\"{b}\");\n    }\n}\n",
            "fn f() {\n    log::info(\"x\");\n}\n",
        ] {
            assert_eq!(made("a.rs", text), [], "{text}");
        }
        assert_eq!(made("a.js", "const a = \"x\" + b;\n"), []);
    }
}
