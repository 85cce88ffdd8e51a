//! Bounds that a change takes out of a wait, a read or a request.
//!
//! In: lines that the change edits. Out: the ones that are the same but for a limit of time or size that they passed. Silent where the
//! change takes several out, or writes of a bound of that kind anywhere.

use std::rc::Rc;

use model::{DiffLine, FileDiff, Kind, Severity, Side};

use crate::context::{Context, line_pairs};
use crate::family::{Draft, Family, Raised, read};
use crate::functions::around;
use crate::language::Role;
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, shortened};

pub(crate) const DROPPED: &str = "lifecycle/bound-dropped";

/// The family.
pub(crate) struct BoundsDropped(Vec<Dropped>);

struct Dropped {
    before: Rc<Source>,
    after: Rc<Source>,
    was: u32,
    now: u32,
    /// What went, as it was written.
    bound: String,
}

impl BoundsDropped {
    /// Finds the bounds that the change takes out.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut dropped = Vec::new();
        if !context.settings.runs(DROPPED) {
            return Self(dropped);
        }
        for (file, before, after) in context.edited_code() {
            for (old, new) in line_pairs(file) {
                if let Some((was, now, bound)) = taken_out(&before, &after, old, new) {
                    let (before, after) = (Rc::clone(&before), Rc::clone(&after));
                    dropped.push(Dropped { before, after, was, now, bound });
                }
            }
        }
        // Who takes two out, or writes of one elsewhere, has another one in mind.
        if dropped.len() > 1 || writes_bound(context) {
            dropped.clear();
        }
        Self(dropped)
    }
}

/// True where the change adds a line of code that names a bound.
fn writes_bound(context: &Context<'_>) -> bool {
    let code = context.change.diff().iter().filter(|file| Role::of(&file.path) == Role::Source);
    code.flat_map(FileDiff::added).any(|(_, text)| says_bound(text))
}

fn says_bound(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["timeout", "deadline", "time_limit", "timelimit", "max_wait", "maxwait", "abortsignal"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Calls whose bounded form has a name of its own, first the bounded one.
const FORMS: [(&str, &str); 12] = [
    ("exec.CommandContext", "exec.Command"),
    ("http.NewRequestWithContext", "http.NewRequest"),
    ("net.DialTimeout", "net.Dial"),
    (".recv_timeout", ".recv"),
    (".wait_timeout", ".wait"),
    (".wait_timeout_while", ".wait_while"),
    (".park_timeout", ".park"),
    (".connect_timeout", ".connect"),
    (".tryAcquire", ".acquire"),
    (".tryLock", ".lock"),
    (".RunContext", ".Run"),
    (".DialContext", ".Dial"),
];

/// The bound that an edited line passed before and does not pass now, all else being the same.
fn taken_out(before: &Source, after: &Source, old: &DiffLine, new: &DiffLine) -> Option<(u32, u32, String)> {
    let (was, now) = (old.old_line?, new.new_line?);
    let (old, new) = (before.line(was).trim(), after.line(now).trim());
    let said = !after.comment(now).trim().is_empty();
    if said || old.len() > 400 || was >= before.own_tests_start() {
        return None;
    }
    let plain = |text: &str| text.split_whitespace().collect::<String>().replace(",)", ")");
    let (left, right) = (plain(old), plain(new));
    // `wait_for(read(), 5)` without what waits.
    for start in ["asyncio.wait_for(", "withTimeout(", "pTimeout(", "timeout("] {
        if let Some(at) = left.find(start) {
            let inner = &left[at + start.len()..];
            let Some(end) = closing(inner) else { continue };
            let first = arguments(&inner[..end]).next()?.to_owned();
            if format!("{}{first}{}", &left[..at], &inner[end + 1..]) == right {
                return Some((was, now, start.trim_end_matches('(').to_owned()));
            }
        }
    }
    for (bounded, free) in FORMS {
        let Some(at) = left.find(&format!("{bounded}(")) else { continue };
        let (head, inner) = (&left[..at], &left[at + bounded.len() + 1..]);
        let Some(end) = closing(inner) else { continue };
        let all: Vec<&str> = arguments(&inner[..end]).collect();
        let tail = &inner[end..];
        let without = |gone: usize| {
            let kept: Vec<&str> =
                all.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, text)| *text).collect();
            format!("{head}{free}({}{tail}", kept.join(","))
        };
        if (0..all.len()).any(|gone| without(gone) == right) || format!("{head}{free}({tail}") == right {
            return Some((was, now, bounded.trim_start_matches('.').to_owned()));
        }
    }
    // One argument of one call, named or by its name a bound.
    for (open, _) in left.match_indices('(') {
        let inner = &left[open + 1..];
        let Some(end) = closing(inner) else { continue };
        let all: Vec<&str> = arguments(&inner[..end]).collect();
        for (gone, text) in all.iter().enumerate().filter(|(_, text)| is_bound(text)) {
            let kept: Vec<&str> =
                all.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, text)| *text).collect();
            if format!("{}({}{}", &left[..open], kept.join(","), &inner[end..]) == right {
                return Some((was, now, (*text).to_owned()));
            }
        }
    }
    None
}

/// True where the argument is a bound by its name: `timeout=5`, `{timeout:5}`, `self.read_timeout`.
fn is_bound(argument: &str) -> bool {
    let name = argument.trim_start_matches(['{', '&', '*']);
    let end = name.find(|c: char| !(c.is_alphanumeric() || "_.:>-@".contains(c))).unwrap_or(name.len());
    let (name, rest) = name.split_at(end);
    says_bound(name) && (rest.is_empty() || rest.starts_with(['=', '}', '('])) && !name.contains("error")
}

/// Where the bracket closes that was opened before the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The arguments between two brackets.
fn arguments(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0usize;
    text.split(move |c: char| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}

impl Family for BoundsDropped {
    fn needles(&self, _: &mut Needles) {}

    fn findings(&self, _: &Context<'_>, _: &Found) -> Vec<Raised> {
        self.0.iter().map(report).collect()
    }
}

fn report(dropped: &Dropped) -> Raised {
    let Dropped { before, after, was, now, bound } = dropped;
    let owner = around(after, *now)
        .map_or_else(|| code(after.path.file_name()), |function| code(&shortened(&function.name, 40)));
    let bound = code(&shortened(bound, 40));
    Draft {
        rule: DROPPED,
        category: "resource",
        severity: Severity::Suggestion,
        kind: Kind::Regression,
        rank: 2.4,
        title: format!("The call on line {now} in {owner} loses its bound {bound}"),
        problem: format!(
            "Before the change, line {was} of `{}` gave a bound ({bound}). Line {now} is the same without it, and nothing in the change gives \
             one elsewhere. If the other side hangs, this hangs with it.",
            before.path,
        ),
        locations: vec![at(after, *now, Side::Head, PlaceRole::Primary), at(before, *was, Side::Base, PlaceRole::Evidence)],
        evidence: vec![read(
            format!("{}:{was} had a bound before the change", before.path),
            before.path.as_str(),
            *was,
            Some(shortened(before.line(*was).trim(), 200)),
        )],
        fix: format!("Keep {bound}, or say in a comment why it may wait for ever."),
        patch: Some(crate::patch::replacing(after, *now, *now, &[before.line(*was)])),
        because: format!("The change edits line {now}."),
        scenario: None,
    }
    .raise()
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn findings(path: &str, old: &str, new: &str) -> usize {
        let text = |line: &str| format!("def f(x):\n    one(x)\n    {line}\n    two(x)\n");
        let change = MemoryChange::new(&[(path, &text(old))], &[(path, &text(new))]);
        let settings = Settings { enable: vec![super::DROPPED.into()], ..Settings::default() };
        crate::review(&change, &settings).findings.len()
    }

    #[test]
    fn a_call_that_is_the_same_but_for_its_bound_is_told() {
        for (path, old, new, expected) in [
            ("a.py", "x.join(timeout=5)", "x.join()", 1),
            ("a.py", "r = get(url, headers=h, timeout=self.timeout)", "r = get(url, headers=h)", 1),
            ("a.py", "r = get(url, timeout=5)", "r = get(url, stream=True)", 0),
            ("a.py", "r = get(url, timeout=5)", "r = get(url, limit=5)", 0),
            ("a.py", "r = get(url, timeout=5)", "r = get(url)  # ends by itself", 0),
            ("a.py", "r = get(url, timeout=5)", "r = get(other)", 0),
            ("a.py", "r = get(url, headers=h)", "r = get(url)", 0),
            ("a.py", "r = await asyncio.wait_for(x.read(), 5)", "r = await x.read()", 1),
            ("a.go", "c := exec.CommandContext(ctx, name)", "c := exec.Command(name)", 1),
            ("a.rs", "let m = x.recv_timeout(LIMIT)?;", "let m = x.recv()?;", 1),
            ("a.js", "await lock.acquire({ timeout: 5 })", "await lock.acquire()", 1),
            ("tests/a.py", "x.join(timeout=5)", "x.join()", 0),
        ] {
            assert_eq!(findings(path, old, new), expected, "{new}");
        }
    }

    #[test]
    fn two_bounds_that_go_are_a_decision() {
        let text = |end: &str| format!("def f(x):\n    x.join({end})\n    y()\n    x.wait({end})\n");
        let change = MemoryChange::new(&[("a.py", &text("timeout=5"))], &[("a.py", &text(""))]);
        let settings = Settings { enable: vec![super::DROPPED.into()], ..Settings::default() };
        assert_eq!(crate::review(&change, &settings).findings, []);
    }
}
