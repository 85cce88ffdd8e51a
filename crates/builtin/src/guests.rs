//! Findings of others that are shown as the built-in reviewer's own.
//!
//! In: which changed files people wrote. Out: whatever somebody else has to say about them. Knows nothing of who that is;
//! what they say is ranked, limited, and silenced like everything else.

use model::{DocumentFinding, RepoPath, Side};

use crate::context::Context;
use crate::language::Role;

/// A changed file that people wrote and that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its path at head.
    pub path: RepoPath,
    /// True for tests, examples and the like.
    pub is_test: bool,
    /// The line from which the file holds its own tests.
    pub tests_from: u32,
}

/// What somebody else has to say.
#[derive(Clone, Debug, Default)]
pub struct Guests {
    /// Findings, each with its place in the ranking.
    pub findings: Vec<(DocumentFinding, f64)>,
    /// Sentences for the summary.
    pub notes: Vec<String>,
}

/// Somebody who has something to say.
pub type Ask<'a> = &'a (dyn Fn(&[Written]) -> Guests + Sync);

/// The changed files that people wrote, text by text.
pub(crate) fn written(context: &Context<'_>) -> Vec<Written> {
    let files = context.changed().filter(|file| file.added().next().is_some());
    let written = files.filter_map(|file| {
        let source = context.source(Side::Head, &file.path)?;
        let runs = matches!(source.role, Role::Source | Role::Ci | Role::Config);
        Some(Written { path: file.path.clone(), is_test: !runs, tests_from: source.own_tests_start() })
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use model::{DocumentLocation, Severity};

    use super::*;
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn guest(path: &str, line: u32) -> Guests {
        let place = DocumentLocation {
            path: path.to_owned(),
            start: Some(line),
            end: Some(line),
            ..DocumentLocation::default()
        };
        let finding = DocumentFinding {
            severity: Severity::Suggestion,
            title: "Said by a guest".to_owned(),
            locations: vec![place],
            rule: Some("guest/rule".to_owned()),
            ..DocumentFinding::default()
        };
        Guests { findings: vec![(finding, 0.5)], notes: vec!["A note of a guest.".to_owned()] }
    }

    #[test]
    fn a_guest_is_numbered_limited_and_silenced_like_everybody() {
        let said = |line: &str, settings: &Settings| {
            let change = MemoryChange::new(&[], &[("a.py", line), ("tests/test_a.py", "x = 1\n")]);
            crate::review_with(&change, settings, &|written| {
                let roles: Vec<_> = written.iter().map(|file| (file.path.as_str(), file.is_test)).collect();
                assert_eq!(roles, [("a.py", false), ("tests/test_a.py", true)]);
                guest("a.py", 1)
            })
        };
        let document = said("x = 1\n", &Settings::default());
        assert_eq!((document.findings.len(), document.findings[0].id.as_str()), (1, "S1"));
        assert!(document.summary.contains("A note of a guest."));
        let silenced =
            said("x = 1  # deep-review: ignore guest/rule: meant like this\n", &Settings::default());
        assert!(silenced.findings.is_empty() && silenced.summary.contains("meant like this"));
        let none = said("x = 1\n", &Settings { suggestions: 0, ..Settings::default() });
        assert!(none.findings.is_empty() && none.summary.contains("1 more of lower rank"));
    }

    #[test]
    fn a_guest_that_breaks_down_costs_only_itself() {
        let change = MemoryChange::new(&[], &[("a.py", "x = 1\n")]);
        let document = crate::review_with(&change, &Settings::default(), &|_| panic!("on purpose"));
        assert!(document.summary.contains("The structural rules broke down."));
    }
}
