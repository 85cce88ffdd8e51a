//! Patches as edits: which lines of which file are replaced by what.
//!
//! In: a unified diff that is known to apply. Out: one [`FileEdit`] a file, each hunk a replacement of whole lines. Never a
//! guess: a patch that creates, deletes or renames a file, or whose counts do not fit its lines, gives no edits.

/// The edits of one file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileEdit<'a> {
    /// The file, relative to the repository.
    pub(crate) path: &'a str,
    /// Its hunks, in the order of the patch.
    pub(crate) replacements: Vec<Replacement<'a>>,
}

/// One hunk: the lines it replaces and what stands there afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replacement<'a> {
    /// First replaced line, 1-based.
    pub(crate) start: u32,
    /// The replaced lines; at least one.
    pub(crate) old: Vec<&'a str>,
    /// What stands there afterwards; at least one line.
    pub(crate) new: Vec<&'a str>,
}

impl Replacement<'_> {
    /// Last replaced line, inclusive.
    pub(crate) fn end(&self) -> u32 {
        self.start + self.old.len() as u32 - 1
    }

    /// The same edit without the lines that stay as they are at its beginning and end. Where lines are only inserted or only
    /// removed, one line beside them stays, so that there is a line to replace and one to replace it with.
    pub(crate) fn narrowed(mut self) -> Self {
        let least = |it: &Self| it.old.len().min(it.new.len());
        while least(&self) > 1 && self.old.last() == self.new.last() {
            self.old.pop();
            self.new.pop();
        }
        let same = self.old.iter().zip(&self.new).take_while(|(old, new)| old == new).count();
        let cut = same.min(least(&self) - 1);
        self.old.drain(..cut);
        self.new.drain(..cut);
        self.start += cut as u32;
        self
    }
}

/// The edits of a patch; `None` where it is not a plain edit of existing files.
pub(crate) fn plain_edits(patch: &str) -> Option<Vec<FileEdit<'_>>> {
    let mut edits = Vec::new();
    let mut lines = patch.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(old) = line.strip_prefix("--- ") else { continue };
        let old = old.strip_prefix("a/")?.trim_end();
        let new = lines.next()?.strip_prefix("+++ b/")?.trim_end();
        if old != new {
            return None;
        }
        let mut replacements = Vec::new();
        while let Some(header) = lines.next_if(|line| line.starts_with("@@ ")) {
            let (start, promised) = range(header.strip_prefix("@@ -")?)?;
            let mut hunk = Replacement { start, ..Replacement::default() };
            while let Some(line) = lines.next_if(|line| line.starts_with([' ', '+', '-', '\\'])) {
                if line.starts_with("--- ") {
                    return None;
                }
                take(&mut hunk, line);
            }
            let is_plain = start > 0 && !hunk.new.is_empty() && !hunk.old.is_empty();
            if !is_plain || hunk.old.len() as u32 != promised {
                return None;
            }
            replacements.push(hunk);
        }
        if replacements.is_empty() {
            return None;
        }
        edits.push(FileEdit { path: new, replacements });
    }
    (!edits.is_empty()).then_some(edits)
}

/// `12,3`: where a hunk stands and how many lines it has.
fn range(text: &str) -> Option<(u32, u32)> {
    let word = text.split(' ').next()?;
    let (start, count) = word.split_once(',').unwrap_or((word, "1"));
    Some((start.parse().ok()?, count.parse().ok()?))
}

fn take<'a>(hunk: &mut Replacement<'a>, line: &'a str) {
    match line.as_bytes().first() {
        Some(b' ') => {
            hunk.old.push(&line[1..]);
            hunk.new.push(&line[1..]);
        }
        Some(b'-') => hunk.old.push(&line[1..]),
        Some(b'+') => hunk.new.push(&line[1..]),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hunk_replaces_whole_lines() {
        let patch = "--- a/src/a.rs\n+++ b/src/a.rs\n@@ -3,2 +3,3 @@ fn a()\n keep\n-old\n+new\n+more\n";
        let edits = plain_edits(patch).expect("a plain edit");
        assert_eq!(edits[0].path, "src/a.rs");
        let hunk = &edits[0].replacements[0];
        assert_eq!((hunk.start, hunk.end()), (3, 4));
        assert_eq!(hunk.new, ["keep", "new", "more"]);
    }

    #[test]
    fn anything_but_a_plain_edit_gives_no_fix() {
        let cases = [
            "-old\n+new",
            "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n",
            "--- a/a\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n",
            "--- a/a\n+++ b/a\n@@ -1,5 +1 @@\n-x\n+y\n",
            "--- a/a\n+++ b/a\n",
            "",
        ];
        for case in cases {
            assert!(plain_edits(case).is_none(), "{case:?}");
        }
    }

    #[test]
    fn a_narrowed_edit_has_only_what_changes_and_never_nothing() {
        let edit = |old: &[&'static str], new: &[&'static str]| {
            let whole = Replacement { start: 10, old: old.to_vec(), new: new.to_vec() };
            let narrow = whole.narrowed();
            (narrow.start, narrow.old, narrow.new)
        };
        assert_eq!(edit(&["a", "b", "c"], &["a", "x", "c"]), (11, vec!["b"], vec!["x"]));
        assert_eq!(edit(&["a", "c"], &["a", "b", "c"]), (10, vec!["a"], vec!["a", "b"]));
        assert_eq!(edit(&["a", "b", "c"], &["a", "c"]), (10, vec!["a", "b"], vec!["a"]));
        assert_eq!(edit(&["a"], &["a"]), (10, vec!["a"], vec!["a"]));
    }
}
