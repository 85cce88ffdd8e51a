//! What a rule puts in place of what it matched, as a patch.
//!
//! In: a path, its text and edits. Out: a unified diff, or nothing where the edits do not fit together. Never applies
//! anything.

use std::ops::Range;

use model::RepoPath;
use similar::TextDiff;

/// Edits of more lines than this are no fix that somebody reads.
const LONGEST: usize = 4_000;

/// The edits of one file as one patch against head.
pub(crate) fn patch(path: &RepoPath, text: &str, mut edits: Vec<(Range<usize>, String)>) -> Option<String> {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    for (range, replacement) in &edits {
        if range.start < at {
            return None;
        }
        new.push_str(text.get(at..range.start)?);
        new.push_str(replacement);
        at = range.end;
    }
    new.push_str(text.get(at..)?);
    // A path that needs quoting in a diff is spelled by git; such a patch would not apply.
    let plain = path.as_str().chars().all(|c| !c.is_control() && c != '"' && c != '\\');
    if new == text || !plain || new.len() > text.len() + LONGEST {
        return None;
    }
    let (old_name, new_name) = (format!("a/{path}"), format!("b/{path}"));
    let diff = TextDiff::from_lines(text, &new);
    Some(diff.unified_diff().context_radius(3).header(&old_name, &new_name).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_become_one_patch() {
        let patch = patch(
            &"a.py".into(),
            "x = f(1)\ny = 2\nz = f(3)",
            vec![(19..23, "g(3)".into()), (4..8, "g(1)".into())],
        );
        let wanted = "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n-x = f(1)\n+x = g(1)\n y = 2\n-z = f(3)\n\\ No newline at end of file\n+z = g(3)\n\\ No newline at end of file\n";
        assert_eq!(patch.as_deref(), Some(wanted));
    }

    #[test]
    fn edits_that_do_not_fit_give_none() {
        let two = vec![(0..4, "a".to_owned()), (2..6, "b".to_owned())];
        assert_eq!(patch(&"a".into(), "abcdefgh", two), None);
        assert_eq!(patch(&"a".into(), "é", vec![(1..2, "x".to_owned())]), None);
        assert_eq!(patch(&"a".into(), "same", vec![(0..4, "same".to_owned())]), None);
    }
}
