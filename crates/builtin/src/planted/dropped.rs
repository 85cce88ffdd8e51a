//! Plants what an edit drops: a clean-up before an exit, a lock, a bound, a release, a guard, a context, what a handler does.
//!
//! In: source files. Out: trees before and after an edit that leaves one of these out. Sites are chosen by what the files say: the
//! pattern must be kept by all others of its kind, so that its absence is a defect by the repository's own word.

use std::collections::BTreeMap;

use super::forgotten::{plant, with_line};
use super::{Plant, Tree, sources};
use crate::functions::{Function, indent};
use crate::language::Language;
use crate::source::Source;
use crate::tokens::calls;

/// The text without some lines.
pub(super) fn without(source: &Source, gone: impl Fn(u32) -> bool) -> String {
    let kept = source.numbered_lines().filter(|(number, _)| !gone(*number)).map(|(_, text)| text);
    kept.collect::<Vec<_>>().join("\n") + "\n"
}

fn replace(tree: &Tree, source: &Source, text: String, rule: &'static str) -> Plant {
    let mut head = tree.clone();
    head.insert(source.path.as_str().to_owned(), text);
    plant(tree.clone(), head, None, rule, source.path.as_str())
}

pub(super) fn own_functions(source: &Source) -> impl Iterator<Item = &Function> {
    let tests = source.own_tests_start();
    source.functions().iter().filter(move |function| function.first < tests)
}

/// The name that a statement calls, where it is nothing but one call on one line.
pub(super) fn sole_call(source: &Source, line: u32) -> Option<String> {
    let text = source.code(line);
    let text = text.trim().trim_end_matches(';');
    let plain = text.ends_with(')')
        && text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !text.contains(" = ")
        && !["return", "if", "for", "while", "throw", "raise", "await", "defer", "go", "else", "case"]
            .iter()
            .any(|word| text.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '('])));
    let tokens = source.tokens();
    let first = tokens.partition_point(|token| token.line < line);
    let last = tokens.partition_point(|token| token.line <= line);
    plain.then(|| calls(source, first..last).first().map(|call| call.name.to_owned())).flatten()
}

fn cleans(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "free", "close", "release", "unlock", "cleanup", "destroy", "dispose", "abort", "rollback", "cancel",
        "unref", "delete",
    ];
    crate::names::words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

fn leaves(source: &Source, function: &Function, line: u32) -> bool {
    let text = source.code(line);
    let text = text.trim();
    let exits = ["return", "throw", "raise", "goto"].iter().any(|word| {
        text.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ';', '(']))
    });
    // Deeper than the function's own statements: an early exit.
    let body = (function.first + 1..=function.last)
        .map(|line| source.line(line))
        .filter(|text| !text.trim().is_empty() && !text.trim_start().starts_with(['{', ')']))
        .map(indent)
        .find(|depth| *depth > indent(source.line(function.first)));
    exits && body.is_some_and(|body| indent(source.line(line)) > body)
}

/// One of at least three early exits no longer cleans up.
pub(super) fn exit_without_cleanup(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        for function in own_functions(&source) {
            let exits: Vec<u32> = (function.first + 1..=function.last)
                .filter(|line| leaves(&source, function, *line))
                .collect();
            let done: Vec<(u32, Option<String>)> = exits
                .iter()
                .map(|exit| (*exit, sole_call(&source, exit - 1).filter(|name| cleans(name))))
                .collect();
            let Some(first) = done.iter().position(|(_, name)| name.is_some()) else { continue };
            let name = done[first].1.clone();
            let all = done.len() - first;
            if all >= 3 && done[first..].iter().all(|(_, other)| *other == name) {
                let exit = done[first + all / 2].0;
                plants.push(replace(
                    tree,
                    &source,
                    without(&source, |line| line == exit - 1),
                    "deviant/exit-without-cleanup",
                ));
            }
        }
    }
    plants
}

/// A function writes a field and no longer takes the lock that all other writers of the file hold.
pub(super) fn forgotten_lock(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let takes = |function: &Function| -> Vec<u32> {
            let lock = |line: &u32| {
                let text = source.code(*line);
                let text = text.trim();
                match source.language {
                    Language::Go => {
                        text.contains("ock()") && (text.contains(".Lock()") || text.contains(".Unlock()"))
                    }
                    Language::Python => {
                        text.starts_with("with ") && text.ends_with("ock:") && !text.contains(['(', ','])
                    }
                    _ => false,
                }
            };
            (function.first + 1..=function.last).filter(lock).collect()
        };
        let written = |function: &Function| -> Vec<String> {
            let field = |line: u32| -> Option<String> {
                let text = source.code(line);
                let (left, right) = text.trim().split_once(" = ")?;
                let (owner, field) = left.split_once('.')?;
                let plain =
                    |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
                (plain(owner) && plain(field) && !right.is_empty()).then(|| field.to_owned())
            };
            (function.first + 1..=function.last).filter_map(field).collect()
        };
        let mut writers: BTreeMap<String, Vec<&Function>> = BTreeMap::new();
        for function in own_functions(&source).filter(|function| {
            let name = function.name.to_lowercase();
            !name.contains("init") && !name.starts_with("new") && !name.contains("locked")
        }) {
            let mut fields = written(function);
            fields.sort();
            fields.dedup();
            for field in fields {
                writers.entry(field).or_default().push(function);
            }
        }
        let field =
            writers.values().find(|all| all.len() >= 5 && all.iter().all(|one| !takes(one).is_empty()));
        let Some(function) = field.map(|all| all[all.len() / 2]) else { continue };
        let lines = takes(function);
        let text = if source.language == Language::Python {
            // The block goes one step to the left.
            let depth = indent(source.line(lines[0]));
            let inside =
                |line: u32| line > lines[0] && line <= function.last && indent(source.line(line)) > depth;
            let lines =
                source.numbered_lines().filter(|(number, _)| *number != lines[0]).map(|(number, text)| {
                    if inside(number) { text.strip_prefix("    ").unwrap_or(text) } else { text }
                });
            lines.collect::<Vec<_>>().join("\n") + "\n"
        } else {
            without(&source, |line| lines.contains(&line))
        };
        plants.push(replace(tree, &source, text, "lock/missing"));
    }
    plants
}

/// A Go call begins a fresh context where the function was given one.
pub(super) fn context_dropped(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree).into_iter().filter(|source| source.language == Language::Go) {
        let site = own_functions(&source)
            .filter(|function| source.line(function.first).contains("ctx context.Context"))
            .filter(|function| !cleans(&function.name))
            .find_map(|function| {
                (function.first + 1..=function.last).find(|line| {
                    let text = source.code(*line);
                    text.contains("(ctx, ")
                        && !text.contains("context.")
                        && !text.trim_start().starts_with("go ")
                })
            });
        if let Some(line) = site {
            let new = source.line(line).replacen("(ctx, ", "(context.Background(), ", 1);
            plants.push(replace(
                tree,
                &source,
                with_line(&source, line, Some(&new)),
                "lifecycle/context-dropped",
            ));
        }
    }
    plants
}

/// A wait loses the bound that all others of its kind have.
pub(super) fn unbounded_wait(tree: &Tree) -> Vec<Plant> {
    const BOUNDED: [(&str, &str, &str); 6] = [
        (".join(timeout", ".join(", ")"),
        (".wait(timeout", ".wait(", ")"),
        (".result(timeout", ".result(", ")"),
        ("exec.CommandContext(ctx, ", "exec.Command(", ""),
        ("http.NewRequestWithContext(ctx, ", "http.NewRequest(", ""),
        (".recv_timeout(", ".recv(", ")"),
    ];
    let all = sources(tree);
    let mut plants = Vec::new();
    for (bounded, free, close) in BOUNDED {
        let mut places: Vec<(usize, u32)> = Vec::new();
        let mut others = 0;
        for (index, source) in all.iter().enumerate() {
            for (line, _) in source.numbered_lines().take_while(|(line, _)| *line < source.own_tests_start())
            {
                let text = source.code(line);
                if text.contains(bounded) {
                    places.push((index, line));
                } else if text.contains(&format!("{free})")) || (close.is_empty() && text.contains(free)) {
                    others += 1;
                }
            }
        }
        if places.len() < 4 || others > 0 {
            continue;
        }
        for (index, line) in places {
            let source = &all[index];
            let text = source.line(line);
            let Some(at) = text.find(bounded) else { continue };
            let rest = &text[at + bounded.len()..];
            let rest = if close.is_empty() { Some(rest) } else { rest.find(')').map(|end| &rest[end..]) };
            let Some(rest) = rest.filter(|rest| !rest.starts_with("))")) else { continue };
            let new = format!("{}{free}{rest}", &text[..at]);
            plants.push(replace(
                tree,
                source,
                with_line(source, line, Some(&new)),
                "lifecycle/unbounded-wait",
            ));
        }
    }
    plants
}

/// What is opened is no longer closed, where all others of the tree close theirs.
pub(super) fn not_released(tree: &Tree) -> Vec<Plant> {
    const WAYS: [(Language, &str, &str); 6] = [
        (Language::C, "fopen(", "fclose("),
        (Language::C, "opendir(", "closedir("),
        (Language::Go, "os.Open(", ".Close()"),
        (Language::Go, "os.Create(", ".Close()"),
        (Language::Python, "open(", ".close()"),
        (Language::Python, "mkdtemp(", "rmtree("),
    ];
    let all = sources(tree);
    let mut plants = Vec::new();
    for (language, open, close) in WAYS {
        let mut places: Vec<(usize, Vec<u32>)> = Vec::new();
        let mut total = 0;
        for (index, source) in all.iter().enumerate().filter(|(_, source)| source.language == language) {
            for function in own_functions(source) {
                let opens = (function.first + 1..=function.last).find_map(|line| {
                    let text = source.code(line);
                    let (left, right) = text.split_once(" = ").or_else(|| text.split_once(" := "))?;
                    let opened = right.trim_start().starts_with(open);
                    let name = left.split(',').next()?.trim().rsplit([' ', '*']).next()?.to_owned();
                    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty();
                    (opened && plain).then_some((line, name))
                });
                let Some((line, name)) = opens else { continue };
                total += 1;
                let closing: Vec<u32> = (line + 1..=function.last)
                    .filter(|number| {
                        let text = source.code(*number);
                        let text = text.trim();
                        let alone = text.strip_prefix("defer ").unwrap_or(text).trim_end_matches(';');
                        text.contains(close)
                            && alone.ends_with(')')
                            && alone.starts_with(|c: char| c.is_alphabetic())
                            && !text.starts_with("if")
                            && !crate::names::occurrences(text, &name).is_empty()
                    })
                    .collect();
                let handed = (line + 1..=function.last).any(|number| {
                    let text = source.code(number);
                    text.trim_start().starts_with("return")
                        && !crate::names::occurrences(&text, &name).is_empty()
                });
                if !closing.is_empty() && !handed {
                    places.push((index, closing));
                }
            }
        }
        if places.len() >= 4 && places.len() * 10 >= total * 9 {
            for (index, lines) in places {
                let text = without(&all[index], |line| lines.contains(&line));
                plants.push(replace(tree, &all[index], text, "lifecycle/not-released"));
            }
        }
    }
    plants
}

/// A handler for everything no longer does anything, where all others of its file do something.
pub(super) fn empty_handler(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let is_python = source.language == Language::Python;
        let head = |line: u32| {
            let text = source.code(line);
            let text = text.trim();
            match source.language {
                Language::Python => {
                    matches!(text, "except Exception:" | "except:" | "except Exception as e:")
                }
                Language::Java | Language::CSharp => {
                    text.starts_with("} catch (Exception ") && text.ends_with('{')
                }
                Language::Script => text.starts_with("} catch (") && text.ends_with('{'),
                _ => false,
            }
        };
        let body = |line: u32| -> Vec<u32> {
            let depth = indent(source.line(line));
            (line + 1..=source.line_count())
                .take_while(|number| {
                    source.line(*number).trim().is_empty() || indent(source.line(*number)) > depth
                })
                .filter(|number| !source.line(*number).trim().is_empty())
                .collect()
        };
        let heads: Vec<(u32, Vec<u32>)> = (1..source.own_tests_start().min(source.line_count()))
            .filter(|line| head(*line))
            .map(|line| (line, body(line)))
            .collect();
        let idle = |lines: &[u32]| {
            lines.is_empty()
                || lines.iter().all(|line| {
                    let text = source.code(*line);
                    text.trim().is_empty() || text.trim() == "pass"
                })
        };
        let acts = heads.iter().all(|(line, lines)| !idle(lines) && source.comment(*line).trim().is_empty());
        let Some((line, lines)) = heads.get(heads.len() / 2).filter(|_| heads.len() >= 4 && acts) else {
            continue;
        };
        let above = source.comment(line - 1);
        if !above.trim().is_empty() || lines.iter().any(|line| !source.comment(*line).trim().is_empty()) {
            continue;
        }
        let last = *lines.last().unwrap_or(line);
        let space = " ".repeat(indent(source.line(*line)) + 4);
        let mut text = String::new();
        for (number, old) in source.numbered_lines() {
            if number <= *line || number > last {
                text.extend([old, "\n"]);
            } else if number == last && is_python {
                text.extend([space.as_str(), "pass\n"]);
            }
        }
        plants.push(replace(tree, &source, text, "discarded-error/empty-handler"));
    }
    plants
}

/// A guard goes from one of the functions that all begin with it.
pub(super) fn dropped_guard(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let mut places: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
        for function in own_functions(&source) {
            let guard = (function.first + 1..=function.last).find_map(|line| {
                let text = source.code(line);
                let text = text.trim();
                let test = text.starts_with("if ") && text.ends_with(['{', ':']) && text.len() >= 16;
                let end = (line + 1..=function.last.min(line + 4))
                    .take_while(|number| indent(source.line(*number)) > indent(source.line(line)))
                    .last()?;
                let exits = ["return", "raise", "throw", "continue", "goto"]
                    .iter()
                    .any(|word| source.code(end).trim_start().starts_with(word));
                let close = source.line(end + 1).trim() == "}";
                let brace = text.ends_with('{');
                (test && exits && brace == close).then(|| {
                    let last = if close { end + 1 } else { end };
                    let whole: Vec<String> =
                        (line..=last).map(|line| source.code(line).trim().to_owned()).collect();
                    (whole.join("\n"), (line, last))
                })
            });
            if let Some((text, place)) = guard {
                places.entry(text).or_default().push(place);
            }
        }
        let Some(all) = places.values().find(|all| all.len() >= 4) else { continue };
        let (first, last) = all[all.len() / 2];
        plants.push(replace(
            tree,
            &source,
            without(&source, |line| (first..=last).contains(&line)),
            "deviant/missing-guard",
        ));
    }
    plants
}

/// A source, a line of it, and whether the call there passes the argument.
type Site = (usize, u32, bool);

/// A call loses the named bound that all other calls of the function pass.
pub(super) fn missing_argument(tree: &Tree) -> Vec<Plant> {
    let all = sources(tree);
    let mut sites: BTreeMap<(String, &str), Vec<Site>> = BTreeMap::new();
    for (index, source) in all.iter().enumerate().filter(|(_, source)| source.language == Language::Python) {
        for call in calls(source, 0..source.tokens().len()) {
            let text = source.code(call.line);
            if call.name.len() < 4 || call.line >= source.own_tests_start() || text.contains("**") {
                continue;
            }
            for argument in ["timeout", "encoding", "check", "errors", "stacklevel"] {
                let passes = text.contains(&format!(", {argument}="));
                sites.entry((call.name.to_owned(), argument)).or_default().push((index, call.line, passes));
            }
        }
    }
    let mut plants = Vec::new();
    for ((_, argument), places) in
        sites.iter().filter(|(_, places)| places.len() >= 6 && places.iter().all(|place| place.2))
    {
        let (index, line, _) = places[places.len() / 2];
        let text = all[index].line(line);
        let Some(at) = text.find(&format!(", {argument}=")) else { continue };
        let end = text[at + 1..].find([',', ')']).map(|end| at + 1 + end);
        let Some(end) = end.filter(|end| !text[at..*end].contains('(')) else { continue };
        let new = format!("{}{}", &text[..at], &text[end..]);
        plants.push(replace(
            tree,
            &all[index],
            with_line(&all[index], line, Some(&new)),
            "deviant/missing-argument",
        ));
    }
    plants
}

/// An error of Go, or a pointer that may be nothing, is no longer tested before its function goes on with it.
pub(super) fn dropped_test(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let site = own_functions(&source).find_map(|function| {
            (function.first + 2..function.last).find_map(|line| {
                let (text, above) = (source.code(line), source.code(line - 1));
                let end = (line + 1..=line + 4)
                    .take_while(|at| indent(source.line(*at)) > indent(source.line(line)))
                    .last()?;
                let closes = source.line(end + 1).trim() == "}" && text.trim_end().ends_with('{');
                let plain = source.line(end).trim_start();
                let (name, given) = match source.language {
                    Language::Go => {
                        ("err".to_owned(), text.trim() == "if err != nil {" && above.contains("err :="))
                    }
                    Language::C => {
                        let test = text.trim().strip_prefix("if (")?.strip_suffix(") {")?;
                        let name = test.strip_prefix('!').or_else(|| test.strip_suffix(" == NULL"))?.trim();
                        let word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
                        (name.to_owned(), word && above.contains(&format!("{name} = ")))
                    }
                    _ => return None,
                };
                let refuses = ["return", "goto"].iter().any(|word| plain.starts_with(word));
                // What is read or tested again further down may be looked at there.
                let again = (end + 2..=function.last).any(|at| {
                    let text = source.code(at);
                    let asks = ["if", "while", "?", "&&", "||", "for", "switch", "assert"]
                        .iter()
                        .any(|word| text.contains(word));
                    !crate::names::occurrences(&text, &name).is_empty()
                        && (source.language == Language::Go || asks)
                });
                let used = source.language == Language::Go
                    || (end + 2..=function.last).any(|at| {
                        let text = source.code(at);
                        text.contains(&format!("{name}->")) || text.contains(&format!("{name}["))
                    });
                let named = source.line(function.first).contains("err error");
                (given && closes && refuses && !again && used && !named).then_some((line, end + 1))
            })
        });
        if let Some((first, last)) = site {
            let text = without(&source, |line| (first..=last).contains(&line));
            plants.push(replace(tree, &source, text, "deviant/no-longer-checked"));
        }
    }
    plants
}
