//! Conflict markers that a merge left behind.
//!
//! In: added lines. Out: one finding for each conflict. A line of equals signs alone is a heading, not a conflict.

use model::Severity;

use super::{CONFLICT, Spotted, raise};
use crate::family::Raised;
use crate::source::Source;

/// Finds conflicts among the added lines.
pub(super) fn find(source: &Source, added: &[(u32, &str)]) -> Vec<Raised> {
    let starts = |mark: &str, line: &str| {
        line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let closes = added.iter().any(|(_, line)| starts(">>>>>>>", line))
        || added.iter().any(|(_, line)| *line == "=======");
    // Without a label the marks may be the underlines of a heading: then the other end must be there as well.
    let ends = added.iter().any(|(_, line)| line.starts_with(">>>>>>> "))
        && added.iter().any(|(_, line)| *line == "=======");
    added
        .iter()
        .filter(|(_, line)| starts("<<<<<<<", line) && if line.len() > 8 { closes } else { ends })
        .map(|&(line, _)| {
            raise(
                source,
                Spotted {
                    rule: CONFLICT,
                    severity: Severity::Important,
                    category: "build",
                    line,
                    title: format!("Unresolved merge conflict in `{}`", source.path),
                    problem: format!(
                        "Line {line} begins a conflict that a merge left unresolved: both versions and the markers \
                         around them are committed, so the file no longer means what either side meant."
                    ),
                    fix: "Keep one version, or a combination, and remove the marker lines.".to_owned(),
                    patch: None,
                    rank: 10.0,
                    consequence: "The file does not parse, or says both versions at once.",
                },
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        let source = Source::new("a.md".into(), text);
        let added: Vec<(u32, &str)> = source.numbered_lines().collect();
        find(&source, &added).len()
    }

    #[test]
    fn a_conflict_needs_its_beginning_and_its_middle() {
        assert_eq!(found("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n"), 1);
        assert_eq!(found("Title\n=======\n\ntext\n"), 0);
        assert_eq!(found("<<<<<<<<<< arrows\n"), 0);
        assert_eq!(found("  <<<<<<< quoted\n=======\n"), 0);
    }
}
