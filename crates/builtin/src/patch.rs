//! Proposed edits as unified diffs.
//!
//! In: a file at head and new texts for some of its lines. Out: a patch that `git apply` takes. Only replaces or
//! removes lines; never applies anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::source::Source;

/// What becomes of lines, by number: a new text, or `None` to remove the line.
pub(crate) type Edits = BTreeMap<u32, Option<String>>;

/// Lines of unchanged text around an edit.
const CONTEXT: u32 = 3;

/// The patch for one file; empty where nothing is edited.
pub(crate) fn patch(source: &Source, edits: &Edits) -> String {
    if edits.is_empty() {
        return String::new();
    }
    let mut text = format!("--- a/{0}\n+++ b/{0}\n", source.path);
    let mut shift = 0i64;
    for group in groups(edits, source.line_count()) {
        let (first, last) = group;
        let removed = edits.range(first..=last).filter(|(_, new)| new.is_none()).count() as u32;
        let old_lines = last - first + 1;
        let new_lines = old_lines - removed;
        let new_start = i64::from(first) + shift - i64::from(new_lines == 0);
        let _ = writeln!(text, "@@ -{first},{old_lines} +{new_start},{new_lines} @@");
        for number in first..=last {
            write_line(&mut text, source, number, edits.get(&number));
        }
        shift -= i64::from(removed);
    }
    text
}

/// The patch that puts other lines in place of `first..=last`; a range that ends before it begins is an insertion.
pub(crate) fn replacing(source: &Source, first: u32, last: u32, new: &[&str]) -> String {
    let lines = source.line_count();
    let (from, to) = (first.saturating_sub(CONTEXT).max(1), (last + CONTEXT).min(lines));
    let (old_lines, added) = (to + 1 - from, new.len() as u32);
    let new_lines = old_lines - (last + 1 - first) + added;
    let mut text =
        format!("--- a/{0}\n+++ b/{0}\n@@ -{from},{old_lines} +{from},{new_lines} @@\n", source.path);
    for number in from..first {
        write_line(&mut text, source, number, None);
    }
    for number in first..=last {
        write_line(&mut text, source, number, Some(&None));
    }
    for line in new {
        let _ = writeln!(text, "+{line}");
    }
    for number in last + 1..=to {
        write_line(&mut text, source, number, None);
    }
    text
}

fn groups(edits: &Edits, lines: u32) -> Vec<(u32, u32)> {
    let mut groups: Vec<(u32, u32)> = Vec::new();
    for &line in edits.keys() {
        let (first, last) = (line.saturating_sub(CONTEXT).max(1), (line + CONTEXT).min(lines));
        match groups.last_mut() {
            Some(group) if group.1 + 1 >= first => group.1 = last,
            _ => groups.push((first, last)),
        }
    }
    groups
}

fn write_line(text: &mut String, source: &Source, number: u32, edit: Option<&Option<String>>) {
    let unended = number == source.line_count() && !source.ends_with_line_feed();
    let end = if unended { "\n\\ No newline at end of file\n" } else { "\n" };
    let line = source.line(number);
    let _ = match edit {
        None => write!(text, " {line}{end}"),
        Some(None) => write!(text, "-{line}{end}"),
        Some(Some(new)) => write!(text, "-{line}{end}+{new}{end}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_become_hunks_with_context() {
        let source = Source::new("a.txt".into(), "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12");
        let edits = Edits::from([(2, Some("two".to_owned())), (10, None), (12, Some("twelve".to_owned()))]);
        assert_eq!(
            patch(&source, &edits),
            "--- a/a.txt\n+++ b/a.txt\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -7,6 +7,5 @@\n 7\n 8\n 9\n-10\n 11\n\
             -12\n\\ No newline at end of file\n+twelve\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn lines_are_replaced_and_inserted() {
        let source = Source::new("a".into(), "1\n2\n3\n4\n5\n6\n");
        assert_eq!(
            replacing(&source, 2, 2, &["two", "three"]),
            "--- a/a\n+++ b/a\n@@ -1,5 +1,6 @@\n 1\n-2\n+two\n+three\n 3\n 4\n 5\n"
        );
        assert_eq!(
            replacing(&source, 6, 5, &["x"]),
            "--- a/a\n+++ b/a\n@@ -3,4 +3,5 @@\n 3\n 4\n 5\n+x\n 6\n"
        );
    }

    #[test]
    fn no_edit_is_no_patch() {
        assert_eq!(patch(&Source::new("a".into(), "x"), &Edits::new()), "");
    }
}
