//! Plants what an edit takes out of one function: a clean-up, a block that closes by itself, a lock, a bound, a check.
//!
//! In: source files. Out: trees before and after, and the same edit made well. A site needs no sibling: that the thing stood there and
//! that what it belongs to still does is all that is asked.

use super::dropped::{own_functions, sole_call, without};
use super::forgotten::{plant, with_line};
use super::{Plant, Tree, sources};
use crate::functions::{Function, indent};
use crate::language::Language;
use crate::names::occurrences;
use crate::source::Source;

/// What one file becomes by the edit, and by the edit made well.
struct Edit {
    bad: String,
    good: Option<String>,
}

/// Plants that are made of one tree, each of which holds all of it.
const MOST: usize = 24;

fn planted(tree: &Tree, rule: &'static str, edit: impl Fn(&Source, &Function) -> Option<Edit>) -> Vec<Plant> {
    let mut edits = Vec::new();
    for source in sources(tree) {
        // Two of one file, so that no file stands for its whole tree.
        let functions = own_functions(&source).filter(|function| function.last < function.first + 200);
        let of_file = functions.filter_map(|function| edit(&source, function)).take(2);
        edits.extend(of_file.map(|edit| (source.path.as_str().to_owned(), edit)));
    }
    let step = edits.len().div_ceil(MOST).max(1);
    let with = |path: &str, text: String| {
        let mut tree = tree.clone();
        tree.insert(path.to_owned(), text);
        tree
    };
    edits
        .into_iter()
        .step_by(step)
        .map(|(path, edit)| {
            let good = edit.good.map(|text| with(&path, text));
            plant(tree.clone(), with(&path, edit.bad), good, rule, &path)
        })
        .collect()
}

/// A line that only gives back `thing`, what gives it back, and where the function takes it.
struct Site {
    line: u32,
    name: String,
    thing: String,
}

fn says(text: &str, words: &[&str]) -> bool {
    let lower = text.to_lowercase();
    words.iter().any(|word| lower.contains(word))
}

/// The clean-ups of a function that takes what they give back.
fn cleanups(source: &Source, function: &Function) -> Vec<Site> {
    const GIVES: [&str; 11] = [
        "close",
        "free",
        "release",
        "unlock",
        "destroy",
        "dispose",
        "rmtree",
        "unlink",
        "shutdown",
        "terminate",
        "stop",
    ];
    const TAKES: [&str; 15] = [
        "open", "lock", "alloc", "acquire", "begin", "start", "new", "create", "connect", "dup", "socket",
        "temp", "popen", "init", "spawn",
    ];
    let inner =
        |line: u32| crate::functions::around(source, line).is_some_and(|inner| inner.first == function.first);
    (function.first + 2..=function.last)
        .filter(|line| inner(*line))
        .filter_map(|line| {
            let code = source.code(line);
            let text = code.trim().trim_end_matches(';');
            let text = text.strip_prefix("defer ").unwrap_or(text);
            let name = deferred_or_sole(source, line)?;
            let (path, rest) = text.split_once('(')?;
            let first = rest.split([',', ')']).next()?.trim().trim_start_matches(['&', '*']);
            let word = |text: &str| {
                !text.is_empty()
                    && !text.starts_with(|c: char| c.is_ascii_digit())
                    && text.chars().all(|c| c.is_alphanumeric() || "_.->".contains(c))
            };
            let owner =
                path.strip_suffix(name.as_str()).map_or("", |owner| owner.trim_end_matches(['.', '>', '-']));
            let thing =
                [first, owner].into_iter().find(|text| word(text) && !matches!(*text, "self" | "this"))?;
            let taken = (function.first + 1..line).any(|above| {
                let text = source.code(above);
                let names = text.contains(thing)
                    && !occurrences(&text, thing.rsplit(['.', '>']).next().unwrap_or(thing)).is_empty();
                names && says(&text, &TAKES) && text.contains('(') && !says(&text, &GIVES)
            });
            (says(&name, &GIVES) && taken).then(|| Site { line, name, thing: thing.to_owned() })
        })
        .collect()
}

fn deferred_or_sole(source: &Source, line: u32) -> Option<String> {
    let code = source.code(line);
    let text = code.trim();
    let Some(rest) = text.strip_prefix("defer ") else { return sole_call(source, line) };
    let path = rest.split('(').next()?;
    (rest.ends_with("()") || rest.ends_with(')')).then(|| path.rsplit('.').next().unwrap_or(path).to_owned())
}

/// True where the block of the line holds something else.
fn has_company(source: &Source, line: u32) -> bool {
    let depth = indent(source.line(line));
    let alike = |line: u32| !source.code(line).trim().is_empty() && indent(source.line(line)) == depth;
    alike(line - 1) || alike(line + 1)
}

/// The one clean-up of a thing, where there is one only.
fn only_cleanup(source: &Source, function: &Function) -> Option<Site> {
    let mut all = cleanups(source, function);
    let at = all.iter().position(|site| {
        all.iter().filter(|other| other.thing == site.thing).count() == 1 && has_company(source, site.line)
    })?;
    Some(all.swap_remove(at))
}

/// A clean-up is taken out; made well, it moves into a function of its own.
pub(super) fn cleanup(tree: &Tree) -> Vec<Plant> {
    planted(tree, "lifecycle/cleanup-dropped", |source, function| {
        let site = only_cleanup(source, function)?;
        let text = source.line(site.line);
        let moved = with_line(source, site.line, Some(&text.replace(&site.name, "give_it_back")));
        let good = format!("{moved}\n{}\n", text.trim());
        Some(Edit { bad: without(source, |line| line == site.line), good: Some(good) })
    })
}

/// A clean-up is taken out in a function that is edited elsewhere too; made well, only the other edit is made.
pub(super) fn cleanup_beside(tree: &Tree) -> Vec<Plant> {
    planted(tree, "lifecycle/cleanup-dropped", |source, function| {
        let site = only_cleanup(source, function)?;
        // A statement that has nothing to do with it, written twice from now on.
        let other = (function.first + 1..function.last).find(|line| {
            let text = source.code(*line);
            sole_call(source, *line).is_some()
                && !text.contains(&site.thing)
                && !text.contains(&site.name)
                && line.abs_diff(site.line) > 1
        })?;
        let written = |gone: Option<u32>| {
            let mut lines = Vec::new();
            for (number, text) in source.numbered_lines().filter(|(number, _)| Some(*number) != gone) {
                lines.push(text);
                if number == other {
                    lines.push(text);
                }
            }
            lines.join("\n") + "\n"
        };
        Some(Edit { bad: written(Some(site.line)), good: Some(written(None)) })
    })
}

/// One of several ways out no longer cleans up.
pub(super) fn cleanup_at_exit(tree: &Tree) -> Vec<Plant> {
    planted(tree, "lifecycle/cleanup-dropped", |source, function| {
        let all = cleanups(source, function);
        let leaves = |line: u32| {
            let text = source.code(line + 1);
            let text = text.trim();
            ["return", "goto", "throw", "raise", "break", "continue"]
                .iter()
                .any(|word| text.starts_with(word))
        };
        let site = all.iter().find(|site| {
            let same = all.iter().filter(|other| other.thing == site.thing && other.name == site.name);
            leaves(site.line) && same.count() >= 2 && indent(source.line(site.line)) > 4
        })?;
        Some(Edit { bad: without(source, |line| line == site.line), good: None })
    })
}

/// A block that closes by itself is taken off, and nothing closes.
pub(super) fn unwrapped(tree: &Tree) -> Vec<Plant> {
    planted(tree, "lifecycle/cleanup-dropped", |source, function| {
        let line = (function.first + 1..function.last).find(|line| {
            let text = source.line(*line).trim();
            text.starts_with("with ")
                && text.ends_with(':')
                && text.matches(" as ").count() == 1
                && text.split_once(" as ").is_some_and(|(_, name)| {
                    name.trim_end_matches(':').chars().all(|c| c.is_alphanumeric() || c == '_')
                })
                && says(text, &["open(", "connect(", "socket(", "session(", "popen("])
        })?;
        let text = source.line(line);
        let depth = indent(text);
        let (value, name) = text.trim().strip_prefix("with ")?.trim_end_matches(':').split_once(" as ")?;
        let end = (line + 1..=function.last)
            .take_while(|next| source.line(*next).trim().is_empty() || indent(source.line(*next)) > depth)
            .last()?;
        let space = &text[..depth];
        let build = |close: bool| {
            let mut lines: Vec<String> = Vec::new();
            for (number, text) in source.numbered_lines() {
                if number == line {
                    lines.push(format!("{space}{name} = {value}"));
                } else if (line + 1..=end).contains(&number) {
                    lines.push(text.strip_prefix("    ").unwrap_or(text).to_owned());
                } else {
                    lines.push(text.to_owned());
                }
                if number == end && close {
                    lines.push(format!("{space}{name}.close()"));
                }
            }
            lines.join("\n") + "\n"
        };
        let returned = (line + 1..=end).any(|line| source.code(line).trim() == format!("return {name}"));
        (!returned).then(|| Edit { bad: build(false), good: Some(build(true)) })
    })
}

/// A lock is taken off one of several functions that hold it for the same field; made well, the function is left alone.
pub(super) fn lock(tree: &Tree) -> Vec<Plant> {
    planted(tree, "lock/dropped", |source, function| {
        let taking = |line: u32| -> Option<String> {
            let code = source.code(line);
            let text = code.trim();
            match source.language {
                Language::Python => {
                    let name = text.strip_prefix("with ")?.strip_suffix(':')?;
                    (says(name, &["lock", "mutex"]) && !name.contains(['(', ' ', ',']))
                        .then(|| name.to_owned())
                }
                Language::Go => text.strip_suffix(".Lock()").map(str::to_owned),
                Language::Java | Language::CSharp => {
                    let rest = text.strip_prefix("synchronized (").or_else(|| text.strip_prefix("lock ("))?;
                    let name = rest.strip_suffix(") {").or_else(|| rest.strip_suffix(')'))?;
                    (name != "this" && !name.contains('(')).then(|| name.to_owned())
                }
                Language::C => {
                    let rest = text.strip_prefix("pthread_mutex_lock(")?;
                    Some(rest.split(')').next()?.trim_start_matches('&').to_owned())
                }
                _ => None,
            }
        };
        let line = (function.first + 1..function.last).find(|line| taking(*line).is_some())?;
        let name = taking(line)?;
        let once = (function.first..=function.last).filter(|line| taking(*line).is_some()).count() == 1;
        let touched = |function: &Function| -> Vec<String> {
            let last = name.rsplit(['.', '>']).next().unwrap_or(&name);
            (function.first + 1..=function.last)
                .flat_map(|line| {
                    let text = source.code(line);
                    let parts: Vec<String> = text
                        .split(|c: char| !(c.is_alphanumeric() || "_.".contains(c)))
                        .filter_map(|word| word.rsplit_once('.'))
                        .filter(|(owner, field)| !owner.is_empty() && !field.is_empty() && *field != last)
                        .map(|(_, field)| field.to_owned())
                        .filter(|field| !says(field, &["lock"]))
                        .collect();
                    parts
                })
                .collect()
        };
        let own = touched(function);
        let siblings = own_functions(source)
            .filter(|other| other.first != function.first)
            .filter(|other| (other.first + 1..other.last).any(|line| taking(line).as_ref() == Some(&name)))
            .filter(|other| touched(other).iter().any(|field| own.contains(field)))
            .count();
        if siblings < 2 || !once || says(&function.name, &["lock"]) {
            return None;
        }
        let depth = indent(source.line(line));
        let closes = |number: u32| {
            let text = source.code(number);
            let text = text.trim();
            match source.language {
                Language::Go => text.ends_with(&format!("{name}.Unlock()")),
                Language::C => text.starts_with("pthread_mutex_unlock(") && text.contains(&name),
                _ => false,
            }
        };
        let scoped = matches!(source.language, Language::Python | Language::Java | Language::CSharp);
        let end = (line + 1..=function.last)
            .take_while(|next| source.line(*next).trim().is_empty() || indent(source.line(*next)) > depth)
            .last();
        let mut text = String::new();
        for (number, own) in source.numbered_lines() {
            let inside = (function.first..=function.last).contains(&number);
            let gone = number == line
                || (inside && closes(number))
                || (scoped
                    && source.language != Language::Python
                    && end.is_some_and(|end| number == end + 1));
            if gone {
                continue;
            }
            let within = scoped && number > line && end.is_some_and(|end| number <= end);
            let own = if within {
                own.strip_prefix("    ").or_else(|| own.strip_prefix("  ")).unwrap_or(own)
            } else {
                own
            };
            text.push_str(own);
            text.push('\n');
        }
        Some(Edit { bad: text, good: None })
    })
}

/// A call loses the bound that it passed.
pub(super) fn bound(tree: &Tree) -> Vec<Plant> {
    planted(tree, "lifecycle/bound-dropped", |source, function| {
        (function.first + 1..function.last).find_map(|line| {
            let text = source.line(line);
            let code = source.code(line);
            let named = ["timeout=", "timeout: ", "deadline="].iter().find_map(|word| {
                let at = code.find(word)?;
                let called = code[..at].contains('(') && !code.trim_start().starts_with("def ");
                called.then_some(at)
            });
            let new = if let Some(at) = named.filter(|_| source.language == Language::Python) {
                let start = text[..at].rfind([',', '('])?;
                let end = at + text[at..].find([',', ')'])?;
                let plain = !text[at..end].contains('(');
                let comma = text[start..].starts_with(',');
                let tail = if !comma && text[end..].starts_with(',') {
                    text[end + 1..].trim_start()
                } else {
                    &text[end..]
                };
                plain.then(|| format!("{}{tail}", &text[..start + usize::from(!comma)]))
            } else {
                [
                    ("exec.CommandContext(ctx, ", "exec.Command("),
                    ("http.NewRequestWithContext(ctx, ", "http.NewRequest("),
                ]
                .iter()
                .find(|(bounded, _)| code.contains(bounded))
                .map(|(bounded, free)| text.replacen(bounded, free, 1))
            }?;
            Some(Edit { bad: with_line(source, line, Some(&new)), good: None })
        })
    })
}

/// A call is still made, and what looked at its answer is gone.
pub(super) fn check(tree: &Tree) -> Vec<Plant> {
    planted(tree, "discarded-error/check-dropped", |source, function| {
        (function.first + 1..function.last).find_map(|line| {
            let text = source.line(line);
            let code = source.code(line);
            let space = &text[..indent(text)];
            let end = || {
                (line + 1..=line + 4)
                    .take_while(|next| indent(source.line(*next)) > indent(text))
                    .last()
                    .filter(|last| {
                        let leaves = source.code(*last);
                        ["return", "goto", "raise", "throw"]
                            .iter()
                            .any(|word| leaves.trim().starts_with(word))
                    })
            };
            let clears = |call: &str| says(call, &["close", "free", "remove", "stop", "unlink", "flush"]);
            let (new, last) = match source.language {
                Language::Rust => {
                    let call = text
                        .trim()
                        .strip_suffix("?;")
                        .filter(|_| sole(code.trim().trim_end_matches("?;")))?;
                    (format!("{space}let _ = {call};"), line)
                }
                Language::Go => {
                    let rest = text.trim().strip_prefix("if err := ")?;
                    let (call, _) = rest.split_once("; err != nil {")?;
                    (format!("{space}_ = {call}"), end()? + 1)
                }
                Language::C => {
                    let rest = text.trim().strip_prefix("if (")?;
                    let call = rest.strip_suffix(" < 0) {").or_else(|| rest.strip_suffix(" != 0) {"))?;
                    (format!("{space}{call};"), sole(call).then(end)?? + 1)
                }
                Language::Python => {
                    let call = text.trim().strip_prefix("if not ")?.strip_suffix(':')?;
                    (format!("{space}{call}"), sole(call).then(end)??)
                }
                _ => return None,
            };
            let again = source.content().matches(new.trim()).count() > 0;
            if again || clears(&new) {
                return None;
            }
            let mut out = String::new();
            for (number, own) in source.numbered_lines() {
                if number == line {
                    out.push_str(&new);
                    out.push('\n');
                } else if number < line || number > last {
                    out.push_str(own);
                    out.push('\n');
                }
            }
            Some(Edit { bad: out, good: None })
        })
    })
}

/// True where the text is one call and nothing else.
fn sole(text: &str) -> bool {
    let Some((path, _)) = text.split_once('(') else { return false };
    !path.is_empty()
        && path.chars().all(|c| c.is_alphanumeric() || "_.:>-".contains(c))
        && text.ends_with(')')
        && text.matches('(').count() == text.matches(')').count()
        && !text.contains(" && ")
        && !text.contains(" and ")
}

/// A variable is no longer asked whether there is anything in it, and still used.
pub(super) fn absent(tree: &Tree) -> Vec<Plant> {
    planted(tree, "deviant/no-longer-checked", |source, function| {
        (function.first + 2..function.last).find_map(|line| {
            let code = source.code(line);
            let text = code.trim();
            let (left, above) = (text.strip_prefix("if")?.trim(), source.code(line - 1));
            let left = left.trim_end_matches(['{', ':', ' ']);
            let left = left.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(left);
            let name = ["!", "not "].iter().find_map(|start| left.strip_prefix(start)).or_else(|| {
                [" == null", " === null", " is None", " == nil", " == NULL"]
                    .iter()
                    .find_map(|end| left.strip_suffix(end))
            })?;
            let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            let given = above
                .split_once(" = ")
                .or_else(|| above.split_once(" := "))
                .is_some_and(|(left, right)| !occurrences(left, name).is_empty() && right.contains('('));
            let last = (line + 1..=line + 4)
                .take_while(|next| indent(source.line(*next)) > indent(source.line(line)))
                .last()?;
            let leaves = source.code(last);
            let leaves = ["return", "goto", "raise", "throw", "continue"]
                .iter()
                .any(|word| leaves.trim().starts_with(word));
            let closed = source.line(last + 1).trim() == "}";
            let brace = text.ends_with('{');
            let rest: Vec<String> = (last + 1..=function.last).map(|line| source.code(line)).collect();
            let used = rest.iter().any(|text| {
                occurrences(text, name)
                    .into_iter()
                    .any(|at| text[at + name.len()..].starts_with(['.', '[', '-']))
            });
            let asked = rest.iter().any(|text| {
                !occurrences(text, name).is_empty()
                    && ["if", "?", "&&", "||", "while", " or ", " and ", "for", "assert", "case", "unless"]
                        .iter()
                        .any(|word| text.contains(word))
            });
            // Where many begin so, another rule tells.
            let common = source.content().matches(source.line(line).trim()).count() > 3;
            let first = rest.iter().find(|text| !occurrences(text, name).is_empty())?;
            let given_anew = first.contains(&format!("{name} = "));
            (plain && given && leaves && brace == closed && used && !asked && !given_anew && !common).then(
                || {
                    let end = if closed { last + 1 } else { last };
                    Edit { bad: without(source, |number| (line..=end).contains(&number)), good: None }
                },
            )
        })
    })
}

/// A new function is written after one of those that all open and close, and never closes; made well, it is a whole copy.
pub(super) fn new_without(tree: &Tree) -> Vec<Plant> {
    const PAIRS: [(&str, &str); 8] = [
        ("lock", "unlock"),
        ("acquire", "release"),
        ("open", "close"),
        ("begin", "end"),
        ("start", "end"),
        ("push", "pop"),
        ("enter", "leave"),
        ("alloc", "free"),
    ];
    let all = sources(tree);
    let mut plants = Vec::new();
    for (opens, closes) in PAIRS {
        // By the name of what opens: the functions that call it, and where each closes.
        let mut places: std::collections::BTreeMap<String, Vec<(usize, Function, Vec<u32>)>> =
            std::collections::BTreeMap::new();
        for (index, source) in all.iter().enumerate() {
            for function in own_functions(source).filter(|function| function.last < function.first + 60) {
                let of = |word: &str| -> Vec<(u32, String)> {
                    (function.first + 1..=function.last)
                        .filter_map(|line| Some((line, deferred_or_sole(source, line)?)))
                        .filter(|(_, name)| crate::names::words(name).iter().any(|own| own == word))
                        .collect()
                };
                let ends: Vec<u32> = of(closes).into_iter().map(|(line, _)| line).collect();
                if let Some((_, name)) = of(opens).into_iter().next() {
                    places.entry(name).or_default().push((index, function.clone(), ends));
                }
            }
        }
        for (name, sites) in places {
            if sites.len() < 6 || sites.iter().any(|(_, _, ends)| ends.is_empty()) {
                continue;
            }
            let half =
                |text: &str| crate::names::words(text).iter().any(|word| word == opens || word == closes);
            for (index, function, ends) in
                sites.iter().filter(|(_, function, ends)| ends.len() == 1 && !half(&function.name)).take(4)
            {
                let source = &all[*index];
                let copy = |whole: bool| {
                    let mut text = source.content().to_owned();
                    text.push('\n');
                    for line in (function.first..=function.last).filter(|line| whole || *line != ends[0]) {
                        let own = source.line(line);
                        let new = format!("{}_planted", function.name);
                        text.push_str(&if line == function.first {
                            own.replacen(&function.name, &new, 1)
                        } else {
                            own.to_owned()
                        });
                        text.push('\n');
                    }
                    let mut tree = tree.clone();
                    tree.insert(source.path.as_str().to_owned(), text);
                    tree
                };
                let _ = &name;
                plants.push(plant(
                    tree.clone(),
                    copy(false),
                    Some(copy(true)),
                    "deviant/missing-half",
                    source.path.as_str(),
                ));
            }
        }
    }
    plants
}

/// A guard goes that refused what its function still uses; made well, it moves into a function of its own.
pub(super) fn guard(tree: &Tree) -> Vec<Plant> {
    planted(tree, "deviant/guard-dropped", |source, function| {
        (function.first + 1..function.last.min(function.first + 20)).find_map(|line| {
            let code = source.code(line);
            let text = code.trim();
            let condition = text.strip_prefix("if ").or_else(|| text.strip_prefix("if("))?;
            let brace = text.ends_with('{');
            if !(brace || text.ends_with(':')) || text.contains("err") {
                return None;
            }
            let last = (line + 1..=line + 4)
                .take_while(|next| indent(source.line(*next)) > indent(source.line(line)))
                .last()?;
            let exit = source.code(last);
            let exit = exit.trim();
            let refuses = [
                "raise",
                "throw",
                "return Err",
                "return -1",
                "return NULL",
                "return None",
                "return nil",
                "return false",
                "return False",
                "panic",
            ]
            .iter()
            .any(|word| exit.starts_with(word));
            let closed = source.line(last + 1).trim() == "}";
            let signature = source.line(function.first).split_once(&function.name)?.1;
            let about = condition.split(|c: char| !(c.is_alphanumeric() || c == '_')).find(|word| {
                word.len() >= 3
                    && !matches!(*word, "self" | "this")
                    && !occurrences(signature, word).is_empty()
            })?;
            let rest: Vec<String> = (last + 1..=function.last).map(|line| source.code(line)).collect();
            let used = rest.iter().any(|text| !occurrences(text, about).is_empty());
            let again = rest.iter().any(|text| text.contains(condition));
            let twice = source.content().matches(source.line(line).trim()).count() > 1;
            if !refuses
                || brace != closed
                || !used
                || again
                || twice
                || source.line(last + 1).trim_start().starts_with("el")
            {
                return None;
            }
            let end = if closed { last + 1 } else { last };
            let moved: Vec<&str> = (line..=end).map(|line| source.line(line)).collect();
            let bad = without(source, |number| (line..=end).contains(&number));
            let good = format!("{bad}\n{}\n", moved.join("\n"));
            Some(Edit { bad, good: Some(good) })
        })
    })
}
