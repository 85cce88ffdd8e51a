//! Locks: the order in which they are taken, and fields that are touched without theirs.
//!
//! In: functions that the change touches and every other function that names the same locks. Out: two locks taken in the
//! order opposite to another place, and a field written without the lock that its other writers hold. Goes by names, so
//! two locks of one name in different types are kept apart by their file only where the rule says so.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::LazyLock;

use model::{DocumentScenario, FileDiff, Kind, RepoPath, Severity, Side};
use regex::Regex;

use crate::context::{Context, path_before};
use crate::family::{Draft, Family, Raised, read};
use crate::functions::{Function, indent};
use crate::language::{Language, Role};
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, shortened};

pub(crate) const ORDER: &str = "lock/order";
pub(crate) const MISSING: &str = "lock/missing";
pub(crate) const DROPPED: &str = "lock/dropped";

/// One taking of a lock in one function.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Taken {
    name: String,
    line: u32,
    /// The last line on which it is certainly held.
    until: u32,
}

/// Two locks, the second taken while the first is held.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Nested {
    outer: Taken,
    inner: Taken,
}

static CALLED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"([\w.\->]+?)(?:\.|->)(?:lock|Lock|RLock|acquire|lock_irqsave|write_lock)\(")
        .expect("a pattern written in this file")
});
static WITH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:async\s+)?with\s+([\w.]+)\s*:").expect("a pattern written in this file")
});
static SYNCHRONIZED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:synchronized|lock)\s*\(\s*([\w.]+)\s*\)").expect("a pattern written in this file")
});
static PTHREAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:pthread_mutex|mutex|spin)_lock\(\s*&?([\w.\->]+)\s*\)")
        .expect("a pattern written in this file")
});

/// Names as the whole repository knows them: without the variable they hang on.
fn last_part(path: &str) -> String {
    path.rsplit(['.', '>']).next().unwrap_or(path).to_owned()
}

fn says_lock(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["lock", "mutex", "mtx", "sem", "guard"].iter().any(|word| lower.contains(word))
        || lower == "mu"
        || lower.ends_with("mu")
}

/// The locks that a function takes, in order.
fn taken(source: &Source, function: &Function) -> Vec<Taken> {
    let mut found = Vec::new();
    for line in function.first..=function.last {
        let text = source.code(line);
        let (path, scoped) = if let Some(with) = WITH.captures(&text).filter(|with| says_lock(&with[1])) {
            (with[1].to_owned(), true)
        } else if let Some(held) = SYNCHRONIZED.captures(&text) {
            (held[1].to_owned(), true)
        } else if let Some(held) = PTHREAD.captures(&text) {
            (held[1].to_owned(), false)
        } else if let Some(held) = CALLED.captures(&text) {
            (held[1].to_owned(), false)
        } else {
            continue;
        };
        let name = last_part(&path);
        if name.is_empty() || matches!(name.as_str(), "self" | "this") {
            continue;
        }
        let until = if scoped {
            end_of_block(source, function, line)
        } else {
            released(source, function, line, &path)
        };
        found.push(Taken { name, line, until });
    }
    found
}

/// The last line that is indented deeper than this one.
fn end_of_block(source: &Source, function: &Function, line: u32) -> u32 {
    let depth = indent(source.line(line));
    let deeper = |number: &u32| {
        let text = source.line(*number);
        text.trim().is_empty() || indent(text) > depth
    };
    (line + 1..=function.last).take_while(deeper).last().unwrap_or(line)
}

/// The line before the one that gives the lock back.
fn released(source: &Source, function: &Function, line: u32, path: &str) -> u32 {
    if source.language == Language::Rust {
        // A guard that is kept in a variable lives to the end of its block, another one to the end of the statement.
        let text = source.code(line);
        let Some(guard) = text.trim_start().strip_prefix("let ").map(|rest| rest.trim_start_matches("mut "))
        else {
            return line;
        };
        let name: String = guard.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let ends = text.trim_end();
        let kept = ["lock();", "unwrap();", "?;", ");"].iter().any(|end| ends.ends_with(end)) && name != "_";
        if !kept {
            return line;
        }
        let depth = indent(source.line(line));
        let goes_on = |number: &u32| {
            let code = source.code(*number);
            (code.trim().is_empty() || indent(source.line(*number)) >= depth)
                && !code.contains(&format!("drop({name})"))
        };
        return (line + 1..=function.last).take_while(goes_on).last().unwrap_or(line);
    }
    let gives_back = |number: &u32| {
        let text = source.code(*number);
        let lower = text.to_lowercase();
        !text.trim_start().starts_with("defer")
            && (lower.contains("unlock") || lower.contains("release"))
            && text.contains(path)
    };
    (line + 1..=function.last).find(gives_back).map_or(function.last, |number| number - 1)
}

/// Pairs of locks held together.
fn nested(taken: &[Taken]) -> Vec<Nested> {
    let mut found = Vec::new();
    for (at, outer) in taken.iter().enumerate() {
        for inner in &taken[at + 1..] {
            if inner.line <= outer.until && inner.name != outer.name {
                found.push(Nested { outer: outer.clone(), inner: inner.clone() });
            }
        }
    }
    found
}

/// A function that the change touches and that takes locks or leaves one out.
struct Touched {
    source: Rc<Source>,
    pairs: Vec<Nested>,
}

/// The family.
pub(crate) struct Locks(Vec<Touched>);

impl Locks {
    /// Collects the locks that touched functions take.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut all = Vec::new();
        for file in context.compared().filter(|_| context.settings.runs(ORDER)) {
            let Some(source) = context.source(Side::Head, &file.path) else { continue };
            if source.role != Role::Source || !source.language.is_code() {
                continue;
            }
            for function in
                source.functions().iter().filter(|function| function.first < source.own_tests_start())
            {
                if !file.added().any(|(line, _)| (function.first..=function.last).contains(&line)) {
                    continue;
                }
                let mut pairs = nested(&taken(&source, function));
                pairs.retain(|pair| {
                    [pair.outer.line, pair.inner.line].iter().any(|line| context.is_added(&file.path, *line))
                });
                if !pairs.is_empty() {
                    all.push(Touched { source: Rc::clone(&source), pairs });
                }
            }
        }
        all.truncate(20);
        Self(all)
    }
}

impl Family for Locks {
    fn needles(&self, needles: &mut Needles) {
        for pair in self.0.iter().flat_map(|touched| &touched.pairs) {
            needles.add(&pair.outer.name);
            needles.add(&pair.inner.name);
        }
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let mut raised = Vec::new();
        let mut told = BTreeSet::new();
        for touched in &self.0 {
            for pair in &touched.pairs {
                let key = (pair.outer.name.clone(), pair.inner.name.clone());
                if let Some(finding) = reversed(context, found, touched, pair).filter(|_| told.insert(key)) {
                    raised.push(finding);
                }
            }
        }
        if context.settings.runs(MISSING) {
            raised.extend(unlocked(context));
        }
        if context.settings.runs(DROPPED) {
            raised.extend(no_longer_taken(context));
        }
        raised
    }
}

/// Another function that takes the two the other way round, where none but the touched one takes them this way.
fn reversed(context: &Context<'_>, found: &Found, touched: &Touched, pair: &Nested) -> Option<Raised> {
    let files = |name: &str| -> Option<BTreeSet<RepoPath>> {
        Some(found.all(name)?.iter().map(|hit| hit.path.clone()).collect())
    };
    let both: Vec<RepoPath> =
        files(&pair.outer.name)?.intersection(&files(&pair.inner.name)?).cloned().collect();
    let mut against: Option<(Rc<Source>, Nested)> = None;
    for path in both.iter().filter(|path| Role::of(path) == Role::Source).take(40) {
        let Some(source) = context.source(Side::Head, path) else { continue };
        if source.language != touched.source.language {
            continue;
        }
        for function in source.functions() {
            let own = source.path == touched.source.path
                && (function.first..=function.last).contains(&pair.inner.line);
            if own {
                continue;
            }
            for other in nested(&taken(&source, function)) {
                let (outer, inner) = (&other.outer.name, &other.inner.name);
                if *outer == pair.outer.name
                    && *inner == pair.inner.name
                    && !context.is_added(path, other.inner.line)
                {
                    return None;
                }
                if *outer == pair.inner.name && *inner == pair.outer.name && against.is_none() {
                    against = Some((Rc::clone(&source), other));
                }
            }
        }
    }
    let (source, other) = against?;
    let (first, second) = (code(&pair.outer.name), code(&pair.inner.name));
    let own = &touched.source;
    Some(
        Draft {
            rule: ORDER,
            category: "concurrency",
            severity: Severity::Suggestion,
            kind: Kind::Regression,
            rank: 3.0,
            title: format!("{second} is taken while {first} is held; `{}` takes them the other way round", shortened(source.path.as_str(), 40)),
            problem: format!(
                "`{}` takes {first} on line {} and {second} on line {} before it gives the first one back. `{}` takes {second} on line {} \
                 and then {first} on line {}. Two threads in these places can wait for each other for ever.",
                own.path, pair.outer.line, pair.inner.line, source.path, other.outer.line, other.inner.line
            ),
            locations: vec![
                at(own, pair.inner.line, Side::Head, PlaceRole::Primary),
                at(&source, other.inner.line, Side::Head, PlaceRole::Evidence),
            ],
            evidence: vec![read(
                format!("{}:{} takes them in the other order", source.path, other.inner.line),
                source.path.as_str(),
                other.inner.line,
                Some(shortened(source.line(other.inner.line).trim(), 200)),
            )],
            fix: "Take them in one order everywhere, or give the first one back before taking the second.".to_owned(),
            patch: None,
            because: format!("The change adds line {}.", pair.inner.line),
            scenario: Some(DocumentScenario {
                trigger: format!("one thread holds {first} and wants {second}, another one holds {second} and wants {first}"),
                result: "both wait for ever".to_owned(),
                ..DocumentScenario::default()
            }),
        }
        .raise(),
    )
}

/// Locks that the change takes out of one function while others of the file still take them for the same fields.
fn no_longer_taken(context: &Context<'_>) -> Vec<Raised> {
    let mut raised = Vec::new();
    for file in context.compared() {
        let Some(after) = context.source(Side::Head, &file.path) else { continue };
        let before = path_before(file).and_then(|path| context.source(Side::Base, path));
        let Some(before) = before.filter(|_| after.role == Role::Source && after.language.is_code()) else {
            continue;
        };
        let removed: BTreeSet<u32> = file.removed().map(|(line, _)| line).collect();
        for old in
            before.functions().iter().filter(|old| removed.range(old.first..=old.last).next().is_some())
        {
            let mut now = after.functions().iter().filter(|function| function.name == old.name);
            let (Some(function), None) = (now.next(), now.next()) else { continue };
            for held in taken(&before, old).iter().filter(|held| removed.contains(&held.line)) {
                raised.extend(judge_dropped(context, file, (&before, &after), (old, function), held));
            }
        }
    }
    raised.truncate(5);
    raised
}

fn judge_dropped(
    context: &Context<'_>,
    file: &FileDiff,
    (before, after): (&Rc<Source>, &Rc<Source>),
    (old, function): (&Function, &Function),
    held: &Taken,
) -> Option<Raised> {
    let named = |text: &str| !crate::names::occurrences(text, &held.name).is_empty();
    // Who takes it out twice or writes its name means it; who owns the lock says so in the name.
    let elsewhere = context.change.diff().iter().flat_map(FileDiff::added).any(|(_, text)| named(text));
    let others = context.change.diff().iter().filter(|other| other.path != file.path);
    let twice = others.flat_map(FileDiff::removed).any(|(_, text)| named(text))
        || file.removed().any(|(line, text)| !(old.first..=old.last).contains(&line) && named(text));
    if elsewhere
        || twice
        || is_before_sharing(function)
        || taken(after, function).iter().any(|now| now.name == held.name)
    {
        return None;
    }
    // What stood under the lock stands there still, one by one.
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let own: BTreeSet<String> = (function.first..=function.last)
        .map(|line| plain(&after.code(line)))
        .filter(|text| !text.is_empty())
        .collect();
    let under: Vec<u32> = (held.line + 1..=held.until)
        .filter(|line| {
            let text = before.code(*line);
            let mark = text.trim().trim_matches(['{', '}', ';', ')', '(']).is_empty();
            !mark && !named(&text)
        })
        .collect();
    let kept = under.iter().filter(|line| own.contains(&plain(&before.code(**line)))).count();
    if under.is_empty() || kept < under.len() {
        return None;
    }
    let fields: BTreeSet<String> = under.iter().flat_map(|line| fields(&before.code(*line))).collect();
    // Others take it for the same fields.
    let mut keepers: Vec<(&Function, u32, Option<String>)> = after
        .functions()
        .iter()
        .filter(|other| other.first != function.first)
        .filter_map(|other| {
            let hold = taken(after, other).into_iter().find(|taken| taken.name == held.name)?;
            let shared = (hold.line..=hold.until)
                .flat_map(|line| self::fields(&after.code(line)))
                .find(|field| fields.contains(field) && *field != held.name);
            Some((other, hold.line, shared))
        })
        .collect();
    keepers.sort_by_key(|(_, _, shared)| shared.is_none());
    (!keepers.is_empty()).then(|| report_dropped((before, after), function, held, &under, &keepers))
}

static FIELD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:\.|->|@)([A-Za-z_]\w*)").expect("a pattern written in this file"));

/// The fields that a line names, and calls of them.
fn fields(text: &str) -> Vec<String> {
    FIELD.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

fn report_dropped(
    (before, after): (&Rc<Source>, &Rc<Source>),
    function: &Function,
    held: &Taken,
    under: &[u32],
    keepers: &[(&Function, u32, Option<String>)],
) -> Raised {
    let (shown, owner) = (code(&held.name), code(&shortened(&function.name, 40)));
    let all = crate::words::count(keepers.len(), "other function", "other functions");
    let field = keepers[0].2.as_ref().map(|field| format!(", for {} too", code(field))).unwrap_or_default();
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let wanted = plain(&before.code(under[0]));
    let line = (function.first..=function.last)
        .find(|line| plain(&after.code(*line)) == wanted)
        .unwrap_or(function.first);
    Draft {
        rule: DROPPED,
        category: "concurrency",
        severity: Severity::Suggestion,
        kind: Kind::Regression,
        rank: 2.7,
        title: format!("{owner} no longer takes {shown}, which {all} of its file still take"),
        problem: format!(
            "Before the change, line {} of `{}` took {shown}. What stood under it stands there still, and {all} of the file still take \
             {shown}{field}.",
            held.line,
            before.path,
        ),
        locations: vec![
            at(after, line, Side::Head, PlaceRole::Primary),
            at(before, held.line, Side::Base, PlaceRole::Evidence),
        ],
        evidence: keepers
            .iter()
            .take(4)
            .map(|(other, line, _)| {
                let text = shortened(after.line(*line).trim(), 200);
                read(format!("{}:{line}, `{}`, takes it", after.path, other.name), after.path.as_str(), *line, Some(text))
            })
            .collect(),
        fix: format!("Take {shown} again, or say in a comment why {owner} needs it no more."),
        patch: None,
        because: format!("The change takes line {} of `{}` out.", held.line, before.path),
        scenario: None,
    }
    .raise()
}

static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:self|this|[a-z]\w?)\.(\w+)(?:\[[^\]]*\])?\s*(?:=|\+=|-=|\+\+|--)(?:[^=]|$)")
        .expect("a pattern written in this file")
});

/// Functions of the file that write a field under a lock, so that it is the custom.
const FEWEST: usize = 4;

/// Fields that the change writes without the lock which all other writers of the file hold.
fn unlocked(context: &Context<'_>) -> Vec<Raised> {
    let mut raised = Vec::new();
    for file in context.compared() {
        let Some(source) = context.source(Side::Head, &file.path) else { continue };
        let known = matches!(
            source.language,
            Language::Go | Language::Python | Language::Java | Language::CSharp | Language::Kotlin
        );
        if source.role != Role::Source || !known {
            continue;
        }
        let lines: BTreeSet<u32> =
            file.added().map(|(line, _)| line).chain(no_longer_held(context, file, &source)).collect();
        for line in lines {
            let text = source.code(line);
            let Some(field) = WRITTEN.captures(&text).map(|found| found[1].to_owned()) else { continue };
            let Some(own) = crate::functions::around(&source, line).filter(|own| !is_before_sharing(own))
            else {
                continue;
            };
            if !taken(&source, own).is_empty() {
                continue;
            }
            let writers: Vec<(&Function, u32)> = source
                .functions()
                .iter()
                .filter(|other| other.first != own.first && !is_before_sharing(other))
                .filter_map(|other| {
                    let writes = |number: &u32| {
                        WRITTEN.captures(&source.code(*number)).is_some_and(|found| found[1] == field)
                    };
                    Some((other, (other.first + 1..=other.last).find(writes)?))
                })
                .collect();
            let under = |(function, line): &&(&Function, u32)| {
                taken(&source, function).iter().any(|taken| (taken.line..=taken.until).contains(line))
            };
            let held: Vec<&(&Function, u32)> = writers.iter().filter(under).collect();
            if held.len() >= FEWEST && held.len() == writers.len() {
                raised.push(report_unlocked(&source, own, line, &field, &held));
            }
        }
    }
    raised.truncate(5);
    raised
}

/// The lines of functions that took a lock before the change and take none now.
fn no_longer_held(context: &Context<'_>, file: &FileDiff, after: &Source) -> Vec<u32> {
    let Some(before) = path_before(file).and_then(|path| context.source(Side::Base, path)) else {
        return Vec::new();
    };
    let removed: BTreeSet<u32> = file.removed().map(|(line, _)| line).collect();
    let mut lines = Vec::new();
    for old in before.functions().iter().filter(|old| removed.range(old.first..=old.last).next().is_some()) {
        let held = taken(&before, old).iter().any(|taken| removed.contains(&taken.line));
        let mut now = after.functions().iter().filter(|function| function.name == old.name);
        if let (true, Some(function), None) = (held, now.next(), now.next()) {
            lines.extend(function.first + 1..=function.last);
        }
    }
    lines
}

/// Constructors, and functions whose name says that the caller holds the lock.
fn is_before_sharing(function: &Function) -> bool {
    let lower = function.name.to_lowercase();
    lower.contains("locked")
        || lower.contains("init")
        || lower.starts_with("new")
        || lower.contains("unsafe")
        || lower.starts_with('_') && lower.contains("lock")
}

fn report_unlocked(
    source: &Source,
    own: &Function,
    line: u32,
    field: &str,
    held: &[&(&Function, u32)],
) -> Raised {
    let (shown, owner) = (code(field), code(&shortened(&own.name, 40)));
    Draft {
        rule: MISSING,
        category: "concurrency",
        severity: Severity::Suggestion,
        kind: Kind::Gap,
        rank: 2.5,
        title: format!("{owner} writes {shown} without the lock that its {} other writers hold", held.len()),
        problem: format!(
            "Line {line} of `{}` writes {shown} and {owner} takes no lock. All {} other functions of the file that write it hold one.",
            source.path,
            held.len()
        ),
        locations: vec![at(source, line, Side::Head, PlaceRole::Primary)],
        evidence: held
            .iter()
            .take(4)
            .map(|(function, line)| {
                let text = shortened(source.line(*line).trim(), 200);
                read(format!("{}:{line}, `{}`, holds a lock", source.path, function.name), source.path.as_str(), *line, Some(text))
            })
            .collect(),
        fix: format!("Take the lock around line {line}, or say in a comment who holds it."),
        patch: None,
        because: format!("The change touches line {line} or what stands around it."),
        scenario: None,
    }
    .raise()
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn rules(path: &str, old: &str, new: &str) -> Vec<String> {
        let head = format!("{old}{new}");
        let change = MemoryChange::new(&[(path, old)], &[(path, &head)]);
        let settings = Settings { enable: vec!["lock/*".into()], ..Settings::default() };
        crate::review(&change, &settings).findings.into_iter().filter_map(|finding| finding.rule).collect()
    }

    #[test]
    fn locks_taken_the_other_way_round_are_told() {
        let go = "package a\n\nfunc (s *S) one() {\n\ts.nodes_mu.Lock()\n\tdefer s.nodes_mu.Unlock()\n\ts.edges_mu.Lock()\n\tdefer s.edges_mu.Unlock()\n}\n\n";
        let swapped = "func (s *S) two() {\n\ts.edges_mu.Lock()\n\tdefer s.edges_mu.Unlock()\n\ts.nodes_mu.Lock()\n\tdefer s.nodes_mu.Unlock()\n}\n";
        assert_eq!(rules("a.go", go, swapped), [super::ORDER]);
        let freed = "func (s *S) two() {\n\ts.edges_mu.Lock()\n\ts.edges_mu.Unlock()\n\ts.nodes_mu.Lock()\n\ts.nodes_mu.Unlock()\n}\n";
        assert_eq!(rules("a.go", go, freed), [""; 0], "given back in between");
        let python = "class A:\n    def one(self):\n        with self.node_lock:\n            with self.edge_lock:\n                pass\n\n";
        let other = "    def two(self):\n        with self.edge_lock:\n            with self.node_lock:\n                pass\n";
        assert_eq!(rules("a.py", python, other), [super::ORDER]);
        let same = "    def two(self):\n        with self.node_lock:\n            with self.edge_lock:\n                pass\n";
        assert_eq!(rules("a.py", python, same), [""; 0]);
    }

    #[test]
    fn a_guard_of_rust_lives_to_the_end_of_its_block() {
        let old =
            "fn one(s: &S) {\n    let nodes = s.node_map.lock();\n    let edges = s.edge_map.lock();\n}\n\n";
        let new =
            "fn two(s: &S) {\n    let edges = s.edge_map.lock();\n    let nodes = s.node_map.lock();\n}\n";
        assert_eq!(rules("a.rs", old, new), [super::ORDER]);
        let dropped = "fn two(s: &S) {\n    let edges = s.edge_map.lock();\n    drop(edges);\n    let nodes = s.node_map.lock();\n}\n";
        assert_eq!(rules("a.rs", old, dropped), [""; 0]);
    }

    #[test]
    fn a_field_written_without_its_lock_is_told() {
        let writer = |name: &str| {
            format!("    def {name}(self):\n        with self.state_lock:\n            self.count = 1\n\n")
        };
        let old = format!("class A:\n{}", ["a", "b", "c", "d"].map(writer).concat());
        assert_eq!(rules("a.py", &old, "    def reset(self):\n        self.count = 0\n"), [super::MISSING]);
        assert_eq!(rules("a.py", &old, "    def reset_locked(self):\n        self.count = 0\n"), [""; 0]);
        assert_eq!(rules("a.py", &old, &writer("e")), [""; 0]);
        let whole = format!("{old}{}", writer("e"));
        let without = format!("{old}    def e(self):\n        self.count = 1\n\n");
        let change = MemoryChange::new(&[("a.py", &whole)], &[("a.py", &without)]);
        let settings = Settings { enable: vec![super::MISSING.into()], ..Settings::default() };
        let found = crate::review(&change, &settings).findings;
        assert_eq!(found.len(), 1, "the change takes the lock out");
    }

    #[test]
    fn a_lock_that_goes_while_others_still_take_it_is_told() {
        let told = |path: &str, old: &str, new: &str| {
            let change = MemoryChange::new(&[(path, old)], &[(path, new)]);
            let settings = Settings { enable: vec![super::DROPPED.into()], ..Settings::default() };
            crate::review(&change, &settings).findings.len()
        };
        let go = |name: &str| {
            format!(
                "func (s *S) {name}() {{\n\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n\ts.count = one()\n\ts.{name}Done()\n}}\n\n"
            )
        };
        let old = format!("{}{}", go("first"), go("second"));
        let lock = "\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n";
        let new = format!("{}{}", go("first"), go("second").replace(lock, ""));
        assert_eq!(told("a.go", &old, &new), 1);
        assert_eq!(told("a.go", &old, &old.replace(lock, "")), 0, "all go");
        assert_eq!(told("a.go", &old, &new.replace("one()", "two()")), 0, "something else is done there");
        assert_eq!(told("a.go", &go("second"), &go("second").replace(lock, "")), 0, "nobody else takes it");
        let moved =
            format!("{new}func (s *S) all() {{\n\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n\ts.second()\n}}\n");
        assert_eq!(told("a.go", &old, &moved), 0, "who calls takes it");
        let python = |name: &str| {
            format!("    def {name}(self):\n        with self.lock:\n            self.count = 1\n\n")
        };
        let old = format!("class A:\n{}{}", python("a"), python("b"));
        let new = format!("class A:\n{}    def b(self):\n        self.count = 1\n\n", python("a"));
        assert_eq!(told("a.py", &old, &new), 1);
    }
}
