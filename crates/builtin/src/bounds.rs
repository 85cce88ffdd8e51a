//! Waits and reads without a bound.
//!
//! In: added lines that wait or read until somebody else is done, and every other place that does the same. Out: the ones
//! without a bound where the others have one. Silent where the repository itself seldom bounds them.

use std::sync::LazyLock;

use model::{Kind, RepoPath, Severity, Side};
use regex::Regex;

use crate::context::Context;
use crate::family::{Draft, Family, Raised, read};
use crate::functions::around;
use crate::language::{Language, Role};
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, shortened};

pub(crate) const UNBOUNDED: &str = "lifecycle/unbounded-wait";

/// One way to wait, as it looks with and without a bound.
struct Form {
    languages: &'static [Language],
    /// Texts that lines of either kind hold.
    needles: &'static [&'static str],
    free: Regex,
    bound: Regex,
    /// For sentences.
    what: &'static str,
}

/// Bounded places that make a custom, and the share of them in ten.
const FEWEST: usize = 3;
const SHARE: usize = 8;

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    use Language::{CSharp, Go, Java, Kotlin, Python, Rust, Script};
    let form = |languages, needles, free: &str, bound: &str, what| Form {
        languages,
        needles,
        free: Regex::new(free).expect("a pattern written in this file"),
        bound: Regex::new(bound).expect("a pattern written in this file"),
        what,
    };
    vec![
        form(&[Python], &[".wait("], r"\.wait\(\)", r"\.wait\(\s*[\w.]", "a wait"),
        form(
            &[Python, Java, Kotlin, CSharp],
            &[".join("],
            r"\.(?:join|Join)\(\)",
            r"\.(?:join|Join)\(\s*(?:timeout\s*=|[\w.]*(?i:timeout|seconds|millis)|\d)",
            "a wait for a thread",
        ),
        form(
            &[Python, Java, Kotlin],
            &[".acquire(", ".tryAcquire("],
            r"\.acquire\(\)",
            r"\.(?:acquire\([^)]*timeout|tryAcquire\(\s*\w)",
            "taking a lock",
        ),
        form(
            &[Python],
            &[".get("],
            r"(?i:queue|inbox|mailbox)\w*\.get\(\)",
            r"(?i:queue|inbox|mailbox)\w*\.get\([^)]*timeout",
            "reading from a queue",
        ),
        form(
            &[Python],
            &[".result("],
            r"\.result\(\)",
            r"\.result\(\s*(?:timeout\s*=|[\w.]*(?i:timeout)|\d)",
            "a wait for a result",
        ),
        form(
            &[Java, Kotlin],
            &[".get("],
            r"(?i:future)\w*\.get\(\)",
            r"(?i:future)\w*\.get\(\s*\w",
            "a wait for a result",
        ),
        form(&[Java, Kotlin], &[".await("], r"\.await\(\)", r"\.await\(\s*\w", "a wait"),
        form(
            &[Rust],
            &[".recv(", ".recv_timeout("],
            r"\.recv\(\)(?:\s*[;?.)])",
            r"\.recv_timeout\(",
            "a wait for a message",
        ),
        form(
            &[Rust],
            &[".wait(", ".wait_timeout(", ".wait_timeout_while("],
            r"(?i:cond|cvar|changed|ready)\w*\.wait\(",
            r"\.wait_timeout(?:_while)?\(",
            "a wait for a condition",
        ),
        form(
            &[Rust],
            &["read_to_end(", "read_to_string("],
            r"^[^(]*\b\w+\.read_to_(?:end|string)\(",
            r"\.take\([^)]*\)\s*\.read_to_(?:end|string)\(",
            "reading a stream to its end",
        ),
        form(
            &[Go],
            &["io.ReadAll("],
            r"\bio\.ReadAll\(\s*(?:[\w.]+)\s*\)",
            r"\bio\.ReadAll\(\s*(?:io\.LimitReader|http\.MaxBytesReader)",
            "reading a stream to its end",
        ),
        form(
            &[Go],
            &["exec.Command"],
            r"\bexec\.Command\(",
            r"\bexec\.CommandContext\(",
            "running a program",
        ),
        form(
            &[Go],
            &["http.NewRequest"],
            r"\bhttp\.NewRequest\(",
            r"\bhttp\.NewRequestWithContext\(",
            "a request",
        ),
        form(&[Go], &["net.Dial"], r"\bnet\.Dial\(", r"\bnet\.DialTimeout\(", "a connection"),
        form(
            &[Script],
            &["fetch("],
            r"\bfetch\(\s*[\w.`'\x22$/{}:?&=-]*\s*\)",
            r"\bfetch\([^)]*signal",
            "a request",
        ),
    ]
});

/// The family.
pub(crate) struct Bounds(Vec<(RepoPath, u32, usize)>);

impl Bounds {
    /// Finds the unbounded waits that the change adds.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut fresh = Vec::new();
        for file in context.compared().filter(|_| context.settings.runs(UNBOUNDED)) {
            let Some(source) = context.source(Side::Head, &file.path) else { continue };
            if source.role != Role::Source {
                continue;
            }
            for (line, _) in file.added().filter(|(line, _)| *line < source.own_tests_start()) {
                let text = source.code(line);
                let form = FORMS.iter().position(|form| {
                    form.languages.contains(&source.language)
                        && form.free.is_match(&text)
                        && !form.bound.is_match(&text)
                });
                if let Some(form) =
                    form.filter(|_| !context.is_moved(&source, line) && !says_why(&source, line))
                {
                    fresh.push((file.path.clone(), line, form));
                }
            }
        }
        fresh.truncate(20);
        Self(fresh)
    }
}

/// True where a comment stands on the line or above it.
fn says_why(source: &Source, line: u32) -> bool {
    [line, line.saturating_sub(1)].into_iter().any(|line| !source.comment(line).trim().is_empty())
}

impl Family for Bounds {
    fn needles(&self, needles: &mut Needles) {
        for (_, _, form) in &self.0 {
            for needle in FORMS[*form].needles {
                needles.add(needle);
            }
        }
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        self.0
            .iter()
            .filter_map(|(path, line, form)| judge(context, found, path, *line, &FORMS[*form]))
            .collect()
    }
}

fn judge(context: &Context<'_>, found: &Found, path: &RepoPath, line: u32, form: &Form) -> Option<Raised> {
    let source = context.source(Side::Head, path)?;
    let (mut bounded, mut free) = (Vec::new(), 0_usize);
    for needle in form.needles {
        for hit in found.all(needle)? {
            let own = hit.path == *path && hit.line == line;
            if own
                || !form.languages.contains(&Language::of(&hit.path))
                || Role::of(&hit.path) != Role::Source
                || context.is_added(&hit.path, hit.line)
            {
                continue;
            }
            if form.bound.is_match(&hit.text) {
                bounded.push(hit);
            } else if form.free.is_match(&hit.text) {
                free += 1;
            }
        }
    }
    let all = bounded.len() + free;
    if bounded.len() < FEWEST || bounded.len() * 10 < all * SHARE {
        return None;
    }
    let owner = around(&source, line).map_or_else(|| code(path.file_name()), |function| code(&function.name));
    Some(
        Draft {
            rule: UNBOUNDED,
            category: "resource",
            severity: Severity::Suggestion,
            kind: Kind::Gap,
            rank: 1.6 + (bounded.len().min(10) as f64) / 10.0,
            title: format!("{} in {owner} has no bound, unlike {} of {all} others", crate::words::sentence(form.what), bounded.len()),
            problem: format!(
                "Line {line} of `{path}` is {} that ends only when the other side wants it to. {} of the {all} other places in this \
                 repository outside tests give a bound. If the other side hangs, this hangs with it.",
                form.what,
                bounded.len(),
            ),
            locations: vec![at(&source, line, Side::Head, PlaceRole::Primary)],
            evidence: bounded
                .iter()
                .take(4)
                .map(|hit| {
                    let text = shortened(hit.text.trim(), 200);
                    read(format!("{}:{} has a bound", hit.path, hit.line), hit.path.as_str(), hit.line, Some(text))
                })
                .collect(),
            fix: "Give it a bound as the others do, or say in a comment why it may wait for ever.".to_owned(),
            patch: None,
            because: format!("The change adds line {line}."),
            scenario: None,
        }
        .raise(),
    )
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn findings(path: &str, siblings: &[&str], new: &str) -> usize {
        let old: Vec<String> = siblings
            .iter()
            .enumerate()
            .map(|(at, line)| format!("def f{at}(x):\n    {line}\n\n\n"))
            .collect();
        let old = old.concat();
        let head = format!("{old}def g(x):\n    {new}\n");
        let change = MemoryChange::new(&[(path, &old)], &[(path, &head)]);
        let settings = Settings { enable: vec![super::UNBOUNDED.into()], ..Settings::default() };
        crate::review(&change, &settings).findings.len()
    }

    #[test]
    fn a_wait_without_a_bound_is_told_where_the_others_have_one() {
        let bounded = ["x.wait(5)", "x.wait(timeout)", "x.wait(self.limit)"];
        assert_eq!(findings("a.py", &bounded, "x.wait()"), 1);
        assert_eq!(findings("a.py", &bounded, "x.wait(3)"), 0, "has one");
        assert_eq!(findings("a.py", &bounded[..2], "x.wait()"), 0, "too few to tell");
        assert_eq!(
            findings("a.py", &["x.wait(5)", "x.wait(1)", "x.wait(2)", "x.wait()"], "x.wait()"),
            0,
            "of two minds"
        );
        assert_eq!(findings("a.py", &bounded, "x.wait()  # the user ends it"), 0, "says why");
        assert_eq!(findings("tests/a.py", &bounded, "x.wait()"), 0, "a test");
    }

    #[test]
    fn a_join_of_texts_is_no_wait() {
        let joined = ["x.join(timeout=1)", "x.join(timeout=2)", "x.join(timeout=3)"];
        assert_eq!(findings("a.py", &joined, "x.join()"), 1);
        assert_eq!(findings("a.py", &joined, "','.join(x)"), 0);
    }
}
