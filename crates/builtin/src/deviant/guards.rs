//! Guards that the change takes out and puts nothing in their place.
//!
//! In: blocks of a change that remove a whole `if … return` from a function and add nothing to it. Out: the ones that other
//! functions of the file still begin with, and the ones whose value the function still uses untested. Silent where the
//! test, or the function, moved.

use std::collections::BTreeSet;
use std::rc::Rc;

use model::{FileDiff, Side};

use super::{Deviation, GUARD, UNCHECKED};
use crate::context::{Context, path_before};
use crate::edits::{Block, blocks};
use crate::functions::{Function, around, indent};
use crate::language::{Language, Role};
use crate::names::occurrences;
use crate::source::Source;
use crate::tokens::{TokenKind, is_keyword};
use crate::words::{code, shortened};

/// Functions of the file that keep the guard.
const FEWEST: usize = 3;
/// Longer blocks do more than guard.
const MOST_LINES: usize = 6;

/// What was found of one file.
pub(super) fn findings(context: &Context<'_>, file: &FileDiff, after: &Rc<Source>) -> Vec<Deviation> {
    let Some(before) = path_before(file).and_then(|path| context.source(Side::Base, path)) else {
        return Vec::new();
    };
    let tests = before.own_tests_start();
    let all = blocks(file);
    let taken_out: Vec<Vec<String>> =
        all.iter().filter_map(|block| Guard::of(block, &before)).map(|guard| guard.lines).collect();
    let mut found = Vec::new();
    for block in all.iter().filter(|block| block.removed.first().is_some_and(|line| *line < tests)) {
        let Some(guard) = Guard::of(block, &before) else { continue };
        // Who takes the same test out in two places means it. In Go, all errors are tested alike.
        let twice = taken_out.iter().filter(|lines| **lines == guard.lines).count() > 1;
        if twice && !is_error_of_go(&guard, after) {
            continue;
        }
        let Some(old) = around(&before, guard.first) else { continue };
        let Some(function) = same_function(&before, old, after) else { continue };
        // What is written into the function may do the same in another way.
        let written = file.added().any(|(line, _)| (function.first..=function.last).contains(&line));
        if written || is_tested_elsewhere(context, &guard) {
            continue;
        }
        if is_error_of_go(&guard, after) {
            if let Some(line) =
                ignored_error(after, function, block).filter(|_| context.settings.runs(UNCHECKED))
            {
                found.push(used(after, function, block, &guard, "err", line));
            }
            continue;
        }
        // It may have stood there twice.
        if held_at(after, function, &guard).is_some() {
            continue;
        }
        let kept = keepers(after, function, &guard);
        if kept.len() >= FEWEST && context.settings.runs(GUARD) {
            found.push(kept_by_others(after, function, block, &guard, kept));
        } else if context.settings.runs(UNCHECKED)
            && let Some((name, line)) = used_untested(after, function, block, &guard)
        {
            found.push(used(after, function, block, &guard, &name, line));
        }
    }
    found
}

/// A test that leaves, as it stood at the merge base.
struct Guard {
    first: u32,
    /// Its lines of code without white space around them.
    lines: Vec<String>,
    /// What it asks.
    condition: String,
}

impl Guard {
    /// The guard that a block takes out, where it takes out nothing else and puts nothing in its place.
    fn of(block: &Block, source: &Source) -> Option<Self> {
        let blank = |line: &u32| source.code(*line).trim().is_empty();
        let removed: Vec<u32> = block.removed.iter().copied().filter(|line| !blank(line)).collect();
        let first = *removed.first()?;
        let lines: Vec<String> = removed.iter().map(|line| source.code(*line).trim().to_owned()).collect();
        if !block.added.is_empty() || lines.len() > MOST_LINES || lines.len() < 2 {
            return None;
        }
        let start = lines[0].strip_prefix("if").or_else(|| lines[0].strip_prefix("unless"))?;
        let condition = start.trim().trim_end_matches(['{', ':']).trim().to_owned();
        let braces = |c: char| lines.iter().map(|line| line.matches(c).count()).sum::<usize>();
        let whole = start.starts_with([' ', '('])
            && braces('{') == braces('}')
            && !lines.iter().any(|line| line.starts_with("else") || line.starts_with("} else"))
            && (source.language != Language::Ruby || lines.last().is_some_and(|line| line == "end"));
        let leaves = lines.iter().rev().find(|line| !matches!(line.as_str(), "}" | "end" | "fi"))?;
        (whole && is_exit(leaves)).then_some(Self { first, lines, condition })
    }
}

impl Guard {
    /// True where it leaves because something is wrong, and not because there is nothing to do.
    fn refuses(&self) -> bool {
        const WORDS: [&str; 14] = [
            "raise", "throw", "goto", "die", "abort", "bail", "panic", "Err", "NULL", "null", "None", "nil",
            "false", "False",
        ];
        let says = |line: &String| {
            WORDS.iter().any(|word| !occurrences(line, word).is_empty())
                || ["-1", "err", "Err", "ERR", "fail", "FAIL", "invalid", "INVALID", "EINVAL", "ENOMEM"]
                    .iter()
                    .any(|word| line.contains(word))
        };
        let asks_for_nothing = ["NULL", "null", "None", "nil", "nullptr"]
            .iter()
            .any(|word| !occurrences(&self.condition, word).is_empty());
        asks_for_nothing || self.lines[1..].iter().any(says)
    }
}

fn is_exit(line: &str) -> bool {
    ["return", "raise", "throw", "continue", "break", "goto", "die", "exit", "bail!", "panic!", "abort"]
        .iter()
        .any(|word| {
            line.strip_prefix(word)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
}

/// The function at head, where it is still there with the same signature.
fn same_function<'a>(before: &Source, old: &Function, after: &'a Source) -> Option<&'a Function> {
    let alike = |source: &Source, function: &Function| {
        function.name == old.name && source.line(function.first).trim() == before.line(old.first).trim()
    };
    let mut old_ones = before.functions().iter().filter(|function| alike(before, function));
    let at = old_ones.position(|function| function.first == old.first)?;
    let now: Vec<&Function> = after.functions().iter().filter(|function| alike(after, function)).collect();
    // Of several of one name the order tells which is which.
    (now.len() == at + 1 + old_ones.count()).then(|| now.get(at).copied()).flatten()
}

/// True where the change writes the same question somewhere else.
fn is_tested_elsewhere(context: &Context<'_>, guard: &Guard) -> bool {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let asked = plain(&guard.condition);
    let telling: Vec<&String> =
        guard.lines[1..].iter().filter(|line| line.len() >= 16 && line.contains(['"', '\''])).collect();
    context.change.diff().iter().flat_map(FileDiff::added).any(|(_, text)| {
        plain(text).contains(&asked) || telling.iter().any(|line| text.trim() == line.as_str())
    })
}

/// Where a function has the guard to the letter.
fn held_at(after: &Source, function: &Function, guard: &Guard) -> Option<u32> {
    (function.first + 1..=function.last).find(|line| {
        let mut lines = (*line..=function.last)
            .map(|line| after.code(line).trim().to_owned())
            .filter(|text| !text.is_empty());
        guard.lines.iter().all(|wanted| lines.next().is_some_and(|text| text == *wanted))
    })
}

/// The other functions of the file that have the guard to the letter.
fn keepers(after: &Source, own: &Function, guard: &Guard) -> Vec<u32> {
    let mut found = Vec::new();
    let own_lines = own.first..=own.last;
    for function in after.functions().iter().filter(|other| !own_lines.contains(&other.first)) {
        found.extend(held_at(after, function, guard));
    }
    found
}

fn is_error_of_go(guard: &Guard, source: &Source) -> bool {
    source.language == Language::Go && guard.condition == "err != nil"
}

/// The line whose error nobody looks at now: the one before the guard's place gives `err` a value, and nothing behind reads it
/// before it gets another one.
fn ignored_error(after: &Source, function: &Function, block: &Block) -> Option<u32> {
    let code = |line: u32| after.code(line);
    let gives = |text: &str| {
        text.split_once('=').is_some_and(|(left, right)| {
            !left.ends_with(['!', '<', '>', '='])
                && !right.starts_with('=')
                && !occurrences(left, "err").is_empty()
        })
    };
    let reads = |text: &str| {
        let right = if gives(text) { text.split_once('=').map_or("", |(_, right)| right) } else { text };
        !occurrences(right, "err").is_empty()
    };
    // The call may go on over several lines.
    let given = (block.head_before.saturating_sub(8).max(function.first + 1)..=block.head_before)
        .rev()
        .take_while(|line| !after.line(*line).trim().is_empty())
        .find(|line| gives(&code(*line)))?;
    let signature = after.line(function.first);
    let named = !occurrences(signature, "err").is_empty();
    for line in block.head_before + 1..=function.last {
        let text = code(line);
        if reads(&text) || (named && text.trim() == "return") {
            return None;
        }
        if gives(&text) && indent(after.line(line)) <= indent(after.line(given)) {
            break;
        }
    }
    Some(given)
}

/// The first use behind the guard's place of a name that it tested and nothing else of the function tests.
fn used_untested(after: &Source, function: &Function, block: &Block, guard: &Guard) -> Option<(String, u32)> {
    if after.role != Role::Source || !guard.refuses() {
        return None;
    }
    let tokens = after.tokens();
    let start = tokens.partition_point(|token| token.line <= block.head_before);
    let end = tokens.partition_point(|token| token.line <= function.last);
    tested_names(&guard.condition).into_iter().find_map(|name| {
        let asked = (function.first + 1..=function.last).any(|line| {
            let text = after.code(line);
            is_question(&text) && !occurrences(&text, &name).is_empty()
        });
        let used = (start..end).find(|at| {
            let before = at.checked_sub(1).map_or("", |at| after.slice(&tokens[at]));
            let next = tokens.get(at + 1).map_or("", |token| after.slice(token));
            // What is given a value first is another thing by then.
            after.slice(&tokens[*at]) == name
                && !matches!(before, "." | "->" | "::")
                && !matches!(next, "=" | ":=")
        })?;
        // `name = checked(name)` puts what was checked in its place.
        let line = after.code(tokens[used].line);
        let replaced = line.split_once('=').is_some_and(|(left, right)| {
            !right.starts_with('=') && left.trim().trim_end_matches(':').trim() == name
        });
        (!asked && !replaced).then(|| (name, tokens[used].line))
    })
}

/// The variables that a condition asks about; of `row->size` it asks about the field.
fn tested_names(condition: &str) -> BTreeSet<String> {
    let source = Source::new("condition.c".into(), condition);
    let tokens = source.tokens();
    let is_variable = |at: &usize| {
        let text = source.slice(&tokens[*at]);
        let before = at.checked_sub(1).map_or("", |at| source.slice(&tokens[at]));
        let next = tokens.get(at + 1).map_or("", |token| source.slice(token));
        tokens[*at].kind == TokenKind::Word
            && text.starts_with(|c: char| c.is_lowercase() || c == '_' || c == '$')
            && !is_keyword(text)
            && !matches!(text, "self" | "this" | "len" | "defined" | "isset" | "empty" | "typeof" | "err")
            && !matches!(next, "(" | "!" | "::" | "." | "->" | "?.")
            && !matches!(before, "." | "->" | "::" | "?.")
    };
    (0..tokens.len()).filter(is_variable).map(|at| source.slice(&tokens[at]).to_owned()).collect()
}

fn is_question(code: &str) -> bool {
    ["if", "unless", "while", "assert", "guard", "elif", "when", "match", "switch"]
        .iter()
        .any(|word| !occurrences(code, word).is_empty())
        || ["?", "&&", "||", " or ", " and "].iter().any(|mark| code.contains(mark))
}

fn kept_by_others(
    after: &Rc<Source>,
    function: &Function,
    block: &Block,
    guard: &Guard,
    kept: Vec<u32>,
) -> Deviation {
    let (owner, test) = (code(&shortened(&function.name, 40)), code(&shortened(&guard.lines[0], 50)));
    Deviation {
        rule: GUARD,
        line: block.head_before.max(function.first),
        support: kept.len(),
        all: kept.len(),
        removed: true,
        title: format!(
            "{owner} loses the guard {test}, which {} other functions of its file keep",
            kept.len()
        ),
        problem: format!(
            "The change takes {test} with its exit (line {} of `{}` before the change) out of {owner} and changes nothing else there. \
             {} other functions of the file still begin with the same guard.",
            guard.first,
            after.path,
            kept.len(),
        ),
        fix: "Keep the guard, or say why this function alone does without it.".to_owned(),
        counter: kept
            .into_iter()
            .map(|line| (Rc::clone(after), line, "keeps the guard".to_owned()))
            .collect(),
        source: Rc::clone(after),
    }
}

fn used(
    after: &Rc<Source>,
    function: &Function,
    block: &Block,
    guard: &Guard,
    name: &str,
    line: u32,
) -> Deviation {
    let (owner, test) = (code(&shortened(&function.name, 40)), code(&shortened(&guard.lines[0], 50)));
    let is_error = name == "err";
    let name = code(name);
    let (title, still) = if is_error {
        (
            format!("{owner} no longer looks at the error of line {line}"),
            format!(
                "Line {line} still gives {name} a value, and nothing reads it before it gets another one or the function ends"
            ),
        )
    } else {
        (
            format!("{owner} no longer tests {name} and still uses it"),
            format!("Line {line} still uses {name}, and nothing else in the function asks about it"),
        )
    };
    Deviation {
        rule: UNCHECKED,
        line,
        support: 1,
        all: 1,
        removed: true,
        title,
        problem: format!(
            "The change takes {test} with its exit (line {} of `{}` before the change) out of {owner} and puts nothing in its place. {still}.",
            guard.first, after.path,
        ),
        fix: format!("Keep the test, or say in a comment why {name} needs none here."),
        counter: vec![(Rc::clone(after), block.head_before.max(1), "stands where the test was".to_owned())],
        source: Rc::clone(after),
    }
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn rules(path: &str, old: &str, new: &str) -> Vec<String> {
        let change = MemoryChange::new(&[(path, old)], &[(path, new)]);
        let settings = Settings { enable: vec!["deviant/*".into()], ..Settings::default() };
        crate::review(&change, &settings).findings.into_iter().filter_map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_guard_that_its_siblings_keep_is_missed() {
        let one = |name: &str| {
            format!(
                "def {name}(self, key):\n    if self.is_closed:\n        raise Closed(\"store\")\n    return self.{name}_now(key)\n\n\n"
            )
        };
        let old = ["get", "put", "drop", "list"].map(one).concat();
        let guard = "    if self.is_closed:\n        raise Closed(\"store\")\n";
        let at = old.rfind(guard).unwrap();
        let new = format!("{}{}", &old[..at], &old[at + guard.len()..]);
        assert_eq!(rules("a.py", &old, &new), [super::GUARD]);
        assert_eq!(rules("a.py", &old, &old.replace(guard, "")), [""; 0], "all go");
        let double = old.replacen(guard, &guard.repeat(2), 1);
        assert_eq!(rules("a.py", &double, &old), [""; 0], "it stood there twice");
        let other = new.replace("self.list_now(key)", "self.open().list_now(key)");
        assert_eq!(rules("a.py", &old, &other), [""; 0], "something else is written");
    }

    #[test]
    fn a_test_that_goes_while_its_value_is_still_used_is_missed() {
        let old = "int size(struct box *box)\n{\n\tstruct row *row = first(box);\n\tif (row == NULL) {\n\t\treturn 0;\n\t}\n\treturn row->size;\n}\n";
        let new = old.replace("\tif (row == NULL) {\n\t\treturn 0;\n\t}\n", "");
        assert_eq!(rules("a.c", old, &new), [super::UNCHECKED]);
        let still = old.replace("return row->size;", "return row ? row->size : 0;");
        let without = still.replace("\tif (row == NULL) {\n\t\treturn 0;\n\t}\n", "");
        assert_eq!(rules("a.c", &still, &without), [""; 0], "it is asked elsewhere");
        let checked = old.replace("\treturn row->size;", "\trow = checked(box, row);\n\treturn row->size;");
        let without = checked.replace("\tif (row == NULL) {\n\t\treturn 0;\n\t}\n", "");
        assert_eq!(rules("a.c", &checked, &without), [""; 0], "what was checked stands in its place");
        let twice = format!("{old}{}", old.replace("size(struct", "width(struct"));
        let guard = "\tif (row == NULL) {\n\t\treturn 0;\n\t}\n";
        assert_eq!(rules("a.c", &twice, &twice.replacen(guard, "", 1)), [super::UNCHECKED], "one of two");
        assert_eq!(rules("a.c", &twice, &twice.replace(guard, "")), [""; 0], "both, so it is meant");
        let go = "package a\n\nfunc load(key string) error {\n\tentry, err := lookUp(key)\n\tif err != nil {\n\t\treturn err\n\t}\n\tuse(entry)\n\treturn \
                  nil\n}\n";
        let guard = "\tif err != nil {\n\t\treturn err\n\t}\n";
        assert_eq!(rules("a.go", go, &go.replace(guard, "")), [super::UNCHECKED], "an error nobody looks at");
        let handed = go.replace("return nil", "return err");
        assert_eq!(rules("a.go", &handed, &handed.replace(guard, "")), [""; 0], "it is handed on");
        let moved = format!(
            "{new}int safe(struct row *row)\n{{\n\tif (row == NULL) {{\n\t\treturn 0;\n\t}}\n\treturn size(row);\n}}\n"
        );
        assert_eq!(rules("a.c", old, &moved), [""; 0], "the test moved");
    }
}
