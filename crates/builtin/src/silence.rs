//! Findings that somebody answered in advance.
//!
//! In: raised findings. Out: those without an answer, and a sentence for each answer. An answer is one line in the code,
//! `deep-review: ignore RULE: REASON`, on the line of the finding or above it, or one entry of `builtin.disable`,
//! `RULE@PATH: REASON`. Nothing is dropped without being counted.

use model::Side;

use crate::context::Context;
use crate::family::Raised;
use crate::settings::matches;
use crate::words::{code, shortened};

const MARK: &str = "deep-review: ignore ";

/// Takes the answered findings out and says which.
pub(crate) fn take(context: &Context<'_>, raised: &mut Vec<Raised>) -> Vec<String> {
    let mut said = Vec::new();
    raised.retain(|raised| {
        let answer = answer(context, raised);
        said.extend(answer.clone());
        answer.is_none()
    });
    said
}

fn answer(context: &Context<'_>, raised: &Raised) -> Option<String> {
    let rule = raised.finding.rule.as_deref()?;
    let place = raised.finding.locations.first()?;
    let at = |line: u32| format!("{}:{line}", place.path);
    if let Some(reason) = context.settings.silencing(rule, &place.path) {
        let why =
            if reason.is_empty() { String::new() } else { format!(": {}", code(&shortened(reason, 80))) };
        return Some(format!(
            "A finding of `{rule}` in {} is silenced by a setting{why}.",
            code(&place.path)
        ));
    }
    let line = place.start.filter(|_| place.side == Side::Head)?;
    let source = context.source(Side::Head, &place.path.as_str().into())?;
    [line, line.saturating_sub(1)].into_iter().find_map(|number| {
        let reason = reason(source.line(number), rule)?;
        Some(format!(
            "A finding of `{rule}` at {} is silenced there: {}.",
            code(&at(line)),
            code(&shortened(reason, 80))
        ))
    })
}

/// The reason that a line gives for ignoring a rule; an answer without one is none.
fn reason<'a>(line: &'a str, rule: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(MARK)?;
    let (pattern, reason) = rest.split_once(':')?;
    let reason = reason.trim().trim_end_matches("*/").trim_end_matches("-->").trim();
    (matches(pattern.trim(), rule) && !reason.is_empty()).then_some(reason)
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn told(line: &str, settings: &Settings) -> (usize, bool) {
        let head = format!("def test_a():\n{line}    assert one == one\n");
        let document = crate::review(&MemoryChange::new(&[], &[("test_a.py", &head)]), settings);
        (document.findings.len(), document.summary.contains("silenced"))
    }

    #[test]
    fn one_line_answers_one_finding_and_is_counted() {
        let named = || Settings { enable: vec!["test/always-true".to_owned()], ..Settings::default() };
        let settings = named();
        assert_eq!(told("", &settings), (1, false));
        assert_eq!(
            told("    # deep-review: ignore test/always-true: a placeholder on purpose\n", &settings),
            (0, true)
        );
        assert_eq!(
            told("    # deep-review: ignore test/*: a placeholder on purpose\n", &settings),
            (0, true)
        );
        assert_eq!(told("    # deep-review: ignore test/always-true\n", &settings), (1, false), "no reason");
        assert_eq!(told("    # deep-review: ignore test/sleep: no\n", &settings), (1, false), "another rule");
        let disable = |entry: &str| Settings { disable: vec![entry.to_owned()], ..named() };
        assert_eq!(told("", &disable("test/always-true@test_a.py")), (0, true));
        assert_eq!(told("", &disable("test/always-true@other.py")), (1, false));
        assert_eq!(told("", &disable("test/always-true@*.py: it waits for the parser")), (0, true));
        assert_eq!(told("", &disable("test/sleep@test_a.py: another rule")), (1, false));
    }
}
