//! Plants what an edit forgets: a caller, a twin, a test of a result, a document, an assertion.
//!
//! In: source files. Out: trees before and after an edit that forgot one place, and after the edit made well. Chooses sites
//! by what the files say and knows nothing of the rules.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plant, Tree, sources};
use crate::Past;
use crate::declarations::{DeclarationKind, declarations};
use crate::functions::indent;
use crate::language::Language;
use crate::names::{is_distinctive, occurrences};
use crate::source::Source;
use crate::tokens::calls;

pub(super) fn plant(base: Tree, head: Tree, twin: Option<Tree>, rule: &'static str, path: &str) -> Plant {
    Plant { base, head, twin, rule, path: path.to_owned(), past: Past::default() }
}

/// The text with one line replaced, or left out.
pub(super) fn with_line(source: &Source, line: u32, new: Option<&str>) -> String {
    let lines =
        source.numbered_lines().filter_map(|(number, text)| if number == line { new } else { Some(text) });
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

pub(super) fn replaced(text: &str, name: &str, new: &str) -> String {
    let mut result = String::new();
    for line in text.split_inclusive('\n') {
        let mut done = 0;
        for at in occurrences(line, name) {
            result.push_str(&line[done..at]);
            result.push_str(new);
            done = at + name.len();
        }
        result.push_str(&line[done..]);
    }
    result
}

/// A function is renamed everywhere but at one call.
pub(super) fn renamed_but_one(tree: &Tree) -> Vec<Plant> {
    let sources = sources(tree);
    let mut declared: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, source) in sources.iter().enumerate() {
        for found in declarations(source) {
            let function = matches!(found.kind, DeclarationKind::Function);
            if function && is_distinctive(&found.name) && found.line < source.own_tests_start() {
                declared.entry(found.name).or_default().push(index);
            }
        }
    }
    let mut plants = Vec::new();
    for (name, places) in declared.iter().filter(|(_, places)| places.len() == 1) {
        let named: Vec<&String> =
            tree.iter().filter(|(_, text)| text.contains(name.as_str())).map(|(path, _)| path).collect();
        // Names that occur in texts mean more than the function.
        let quoted = named.iter().any(|path| {
            ["\"", "'", "`"].iter().any(|quote| tree[*path].contains(&format!("{quote}{name}{quote}")))
        });
        let call = sources.iter().enumerate().filter(|_| !quoted && named.len() <= 20).find_map(
            |(index, source)| {
                let call = calls(source, 0..source.tokens().len()).into_iter().find(|call| {
                    call.name == name && call.receiver.is_none() && call.line < source.own_tests_start()
                })?;
                (index != places[0] || named.len() == 1).then_some((index, call.line))
            },
        );
        let Some((index, line)) = call else { continue };
        let new = format!("{name}_anew");
        let twin: Tree = tree.iter().map(|(path, text)| (path.clone(), replaced(text, name, &new))).collect();
        let source = &sources[index];
        let path = source.path.as_str().to_owned();
        let renamed = Source::new(source.path.clone(), &twin[&path]);
        let mut head = twin.clone();
        head.insert(path.clone(), with_line(&renamed, line, Some(source.line(line))));
        plants.push(plant(tree.clone(), head, Some(twin), "stale-reference/symbol", &path));
    }
    plants
}

/// One of two files for two platforms gets a parameter.
pub(super) fn platform_pair(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let function = source.functions().iter().find(|function| {
            let text = source.line(function.first);
            let once = source.functions().iter().filter(|other| other.name == function.name).count() == 1;
            once && function.last > function.first + 2
                && text.contains(&format!("{}(", function.name))
                && text.matches('(').count() == 1
                && text.matches(')').count() == 1
        });
        let Some(function) = function else { continue };
        let body: Vec<&str> = (function.first..=function.last).map(|line| source.line(line)).collect();
        let text = body.join("\n") + "\n";
        let first = body[0];
        let close = first.find(')').unwrap_or(0);
        let empty = first[..close].ends_with('(');
        let grown =
            format!("{}{}{}", &first[..close], if empty { "extra" } else { ", extra" }, &first[close..]);
        let changed = text.replacen(first, &grown, 1);
        let extension = source.path.extension();
        let (unix, windows) =
            (format!("twins/run_unix.{extension}"), format!("twins/run_windows.{extension}"));
        let mut base = tree.clone();
        base.insert(unix.clone(), text.clone());
        base.insert(windows.clone(), text);
        let mut head = base.clone();
        head.insert(unix, changed.clone());
        let mut twin = head.clone();
        twin.insert(windows.clone(), changed);
        plants.push(plant(base, head, Some(twin), "parity/platform", &windows));
    }
    plants
}

/// The lines of the block that a condition begins; `None` where an `else` follows.
fn block(source: &Source, first: u32) -> Option<u32> {
    let depth = indent(source.line(first));
    let last = (first + 1..=source.line_count().min(first + 6))
        .take_while(|line| source.line(*line).trim().is_empty() || indent(source.line(*line)) > depth)
        .last()?;
    let next = source.line(last + 1);
    if next.trim_start().trim_start_matches('}').trim_start().starts_with("el") {
        return None;
    }
    Some(if next.trim() == "}" && indent(next) == depth { last + 1 } else { last })
}

/// The line of a condition about what the line before was given.
fn check_behind(source: &Source, line: u32) -> Option<(String, u32)> {
    let text = source.code(line);
    let (left, _) = text.split_once('=')?;
    let name = left.trim().trim_end_matches(':').trim().rsplit(' ').next()?.to_owned();
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_') && name.len() >= 2;
    let next = source.code(line + 1);
    let tests = next.trim_start().starts_with("if ") && !occurrences(&next, &name).is_empty();
    (plain && tests).then_some((name, line + 1))
}

/// The test of a result goes that all other callers make.
pub(super) fn dropped_check(tree: &Tree) -> Vec<Plant> {
    let sources = sources(tree);
    let mut sites: BTreeMap<String, Vec<(usize, u32, bool)>> = BTreeMap::new();
    for (index, source) in sources.iter().enumerate() {
        let tests = source.own_tests_start();
        let mut seen = BTreeSet::new();
        for call in calls(source, 0..source.tokens().len()) {
            let text = source.code(call.line);
            let assigned = text.split_once('=').is_some_and(|(left, right)| {
                !left.contains('(') && right.trim_start().starts_with(|c: char| c.is_alphabetic() || c == '_')
            });
            let whole = text.trim_end().trim_end_matches(';').ends_with(')');
            if assigned && whole && call.line < tests && seen.insert(call.line) {
                sites.entry(call.name.to_owned()).or_default().push((
                    index,
                    call.line,
                    check_behind(source, call.line).is_some(),
                ));
            }
        }
    }
    let mut plants = Vec::new();
    for places in sites.values().filter(|places| places.len() >= 5 && places.iter().all(|place| place.2)) {
        let (index, line, _) = places[places.len() / 2];
        let source = &sources[index];
        let Some((name, first)) = check_behind(source, line) else { continue };
        let Some(last) = block(source, first) else { continue };
        let inside = crate::functions::around(source, line);
        let again = inside.is_some_and(|function| {
            (last + 1..=function.last).any(|number| {
                let text = source.code(number);
                !occurrences(&text, &name).is_empty()
                    && ["if ", "return", "assert", "?", "&&", "||", " or ", " and ", "while "]
                        .iter()
                        .any(|word| text.contains(word))
            })
        });
        if inside.is_none() || again {
            continue;
        }
        let kept: Vec<&str> = source
            .numbered_lines()
            .filter(|(number, _)| !(first..=last).contains(number))
            .map(|(_, text)| text)
            .collect();
        let mut head = tree.clone();
        head.insert(source.path.as_str().to_owned(), kept.join("\n") + "\n");
        plants.push(plant(tree.clone(), head, None, "deviant/missing-check", source.path.as_str()));
    }
    plants
}

/// A call whose error everybody hands on drops it.
pub(super) fn discarded_error(tree: &Tree) -> Vec<Plant> {
    let sources = sources(tree);
    let statement = |source: &Source, line: u32| -> Option<String> {
        let text = source.code(line);
        let text = text.trim();
        match source.language {
            Language::Rust => {
                let call = text.strip_suffix("?;")?;
                let plain = call.ends_with(')')
                    && !text.starts_with("let ")
                    && !text.contains('=')
                    && !text.starts_with(['.', ')', '}'])
                    && !text.contains("return");
                plain.then(|| {
                    source.line(line).replacen(
                        source.line(line).trim(),
                        &format!("let _ = {};", source.line(line).trim().trim_end_matches("?;")),
                        1,
                    )
                })
            }
            Language::Go => {
                let rest = text.strip_prefix("if err := ")?;
                let (call, _) = rest.split_once("; err != nil {")?;
                let indent = &source.line(line)[..indent(source.line(line))];
                Some(format!("{indent}_ = {call}"))
            }
            _ => None,
        }
    };
    let mut sites: BTreeMap<String, Vec<(usize, u32)>> = BTreeMap::new();
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    for (index, source) in sources.iter().enumerate() {
        let tests = source.own_tests_start();
        for call in calls(source, 0..source.tokens().len()).into_iter().filter(|call| call.line < tests) {
            *all.entry(call.name.to_owned()).or_default() += 1;
            let text = source.code(call.line);
            let last = text.trim_end().trim_end_matches("?;").ends_with(')');
            let outermost = calls(source, 0..source.tokens().len())
                .iter()
                .filter(|other| other.line == call.line)
                .count()
                == 1;
            if statement(source, call.line).is_some()
                && outermost
                && (last || source.language == Language::Go)
            {
                sites.entry(call.name.to_owned()).or_default().push((index, call.line));
            }
        }
    }
    let mut plants = Vec::new();
    for (_, places) in
        sites.iter().filter(|(name, places)| places.len() >= 6 && places.len() * 10 >= all[*name] * 9)
    {
        let (index, line) = places[places.len() / 2];
        let source = &sources[index];
        let Some(new) = statement(source, line) else { continue };
        let text = if source.language == Language::Go {
            let Some(last) = block(source, line) else { continue };
            let lines = source.numbered_lines().filter(|(number, _)| !(line + 1..=last).contains(number));
            lines
                .map(|(number, text)| if number == line { new.as_str() } else { text })
                .collect::<Vec<_>>()
                .join("\n")
                + "\n"
        } else {
            with_line(source, line, Some(&new))
        };
        let mut head = tree.clone();
        head.insert(source.path.as_str().to_owned(), text);
        plants.push(plant(tree.clone(), head, None, "discarded-error/result", source.path.as_str()));
    }
    plants
}

/// A value changes that a document gives as the default.
pub(super) fn old_default(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let tests = source.own_tests_start();
        let site = source.numbered_lines().take_while(|(line, _)| *line < tests).find_map(|(line, _)| {
            let text = source.code(line);
            let (left, right) = text.split_once('=')?;
            let name = left.split(':').next()?.trim().rsplit(' ').next()?.to_owned();
            let value: String = right.trim().trim_end_matches([';', ',']).to_owned();
            let number = !value.is_empty() && value.chars().all(|c| c.is_ascii_digit());
            let word = name.chars().all(|c| c.is_alphanumeric() || c == '_');
            (number
                && word
                && is_distinctive(&name)
                && !name.to_lowercase().contains("version")
                && source.content().matches(name.as_str()).count() <= 6)
                .then_some((line, name, value))
        });
        let Some((line, name, value)) = site else { continue };
        let new = format!("{value}0");
        let shape = plants.len() % 4;
        let document = |value: &str| {
            let line = match shape {
                0 => format!("| setting | default |\n|---|---|\n| `{name}` | {value} |"),
                1 => format!("- `{name}`: how much of it (default: {value})"),
                2 => format!("`{name}` defaults to `{value}`."),
                _ => format!("Set `{name}` to change it; the default is {value}."),
            };
            format!("# Settings\n\n{line}\n")
        };
        let path = "docs/settings.md".to_owned();
        let mut base = tree.clone();
        base.insert(path.clone(), document(&value));
        let mut head = base.clone();
        let text = source.line(line);
        let at = text.rfind(value.as_str()).unwrap_or(0);
        let changed = format!("{}{new}{}", &text[..at], &text[at + value.len()..]);
        head.insert(source.path.as_str().to_owned(), with_line(&source, line, Some(&changed)));
        let mut twin = head.clone();
        twin.insert(path.clone(), document(&new));
        plants.push(plant(base, head, Some(twin), "documentation/old-default", &path));
    }
    plants
}

/// A message changes that a test expects.
pub(super) fn asserted_text(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let tests = source.own_tests_start();
        let site = source.numbered_lines().take_while(|(line, _)| *line < tests).find_map(|(line, text)| {
            let raises = ["raise ", "throw ", "Error(", "error(", "panic!(", "bail!(", "Errorf(", "expect("]
                .iter()
                .any(|word| text.contains(word));
            let mut parts = text.split('"');
            let (_, literal) = (parts.next()?, parts.next()?);
            let words = literal
                .split(' ')
                .filter(|word| word.len() >= 2 && word.chars().all(char::is_alphabetic))
                .count();
            let plain =
                literal.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, ' ' | ',' | '-' | '_'));
            let once = tree.values().map(|text| text.matches(literal).count()).sum::<usize>() == 1;
            (raises && plain && words >= 3 && literal.len() >= 20 && text.matches('"').count() == 2 && once)
                .then(|| (line, literal.to_owned()))
        });
        let Some((line, literal)) = site else { continue };
        let new = format!("sorry, {}", literal.to_uppercase());
        let test = |text: &str| {
            format!("def test_message(run):\n    output = run()\n    assert \"{text}\" in output\n")
        };
        let path = "tests/test_message.py".to_owned();
        let mut base = tree.clone();
        base.insert(path.clone(), test(&literal));
        let mut head = base.clone();
        let changed = source.line(line).replacen(&literal, &new, 1);
        head.insert(source.path.as_str().to_owned(), with_line(&source, line, Some(&changed)));
        let mut twin = head.clone();
        twin.insert(path.clone(), test(&new));
        plants.push(plant(base, head, Some(twin), "stale-reference/message", &path));
    }
    plants
}
