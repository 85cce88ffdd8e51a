//! Text that travels with a branch: git notes under one reference.
//!
//! In: lines by commit. Out: notes that hold the union of old and new lines, and all lines of a reference. The only place
//! that writes objects and a reference of the user's, and only where somebody asked for it by name. Never runs an editor or
//! a hook, never fetches, never pushes.

use std::collections::BTreeSet;

use model::Sha;

use crate::{Error, Repository, Result};

/// Notes read of one reference.
const MOST_NOTES: usize = 5_000;

/// A larger note is none of ours.
const LARGEST: usize = 16 << 20;

impl Repository {
    /// Every line of every note under a reference, each once, sorted; nothing where there is no such reference.
    pub fn note_lines(&self, reference: &str) -> Result<Vec<String>> {
        let doing = format!("could not read the notes of `{reference}`");
        let Some(tip) = self.find_commit(reference)? else { return Ok(Vec::new()) };
        let listed = self
            .place()
            .call(&doing)?
            .args(["ls-tree", "-r", "-l", "--full-tree", "--end-of-options", tip.as_str()])
            .stdout()?;
        let mut lines = BTreeSet::new();
        for record in String::from_utf8_lossy(&listed).lines().take(MOST_NOTES) {
            let mut words = record.split_whitespace();
            let (Some(_), Some("blob"), Some(oid), Some(size)) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                continue;
            };
            if size.parse::<usize>().map_or(true, |size| size > LARGEST) {
                continue;
            }
            let text = self.place().call(&doing)?.args(["cat-file", "blob", oid]).stdout()?;
            let text = String::from_utf8_lossy(&text).into_owned();
            lines.extend(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
        }
        Ok(lines.into_iter().collect())
    }

    /// Adds lines to the note of a commit; lines that stand there already stay.
    pub fn add_note_lines(&self, reference: &str, commit: &Sha, lines: &[String]) -> Result<()> {
        let doing = "could not write the notes";
        if !reference.starts_with("refs/notes/") {
            return Err(Error::failed(doing, format!("`{reference}` does not begin with refs/notes/")));
        }
        let there = self
            .place()
            .call(doing)?
            .arg("notes")
            .args(["--ref", reference, "show", commit.as_str()])
            .fine(&[0, 1])
            .output()?;
        let there =
            if there.code == 0 { String::from_utf8_lossy(&there.stdout).into_owned() } else { String::new() };
        let mut all: BTreeSet<&str> = there.lines().filter(|line| !line.trim().is_empty()).collect();
        all.extend(lines.iter().map(String::as_str));
        let text = all.into_iter().fold(String::new(), |text, line| text + line + "\n");
        let mut call = self.place().call(doing)?;
        // Git wants to know who writes; where nobody is configured, nobody in particular does.
        for (key, value) in [("user.name", "deep-review"), ("user.email", "deep-review@localhost")] {
            if self.setting(key).is_none() {
                call = call.args(["-c", &format!("{key}={value}")]);
            }
        }
        call.args(["notes", "--ref", reference, "add", "-f", "-F", "-", commit.as_str()])
            .input(text.into_bytes())
            .stdout()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_kit::TestRepo;

    const REFERENCE: &str = "refs/notes/deep-review";

    #[test]
    fn notes_hold_the_union_and_git_merges_them_line_by_line() {
        let repo = TestRepo::new();
        let commit = Sha::new(&repo.write("a", "1\n").commit("one")).unwrap();
        let opened = Repository::open(&repo.path()).unwrap();
        assert!(opened.note_lines(REFERENCE).unwrap().is_empty());
        opened.add_note_lines(REFERENCE, &commit, &["{\"b\":2}".to_owned()]).unwrap();
        repo.git(&["update-ref", "refs/notes/theirs", REFERENCE]);
        opened.add_note_lines(REFERENCE, &commit, &["{\"a\":1}".to_owned()]).unwrap();
        opened.add_note_lines("refs/notes/theirs", &commit, &["{\"c\":3}".to_owned()]).unwrap();
        assert_eq!(opened.note_lines(REFERENCE).unwrap(), ["{\"a\":1}", "{\"b\":2}"]);
        repo.git(&["notes", "--ref", REFERENCE, "merge", "-s", "cat_sort_uniq", "refs/notes/theirs"]);
        assert_eq!(opened.note_lines(REFERENCE).unwrap(), ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]);
    }

    #[test]
    fn only_notes_are_written() {
        let repo = TestRepo::new();
        let commit = Sha::new(&repo.write("a", "1\n").commit("one")).unwrap();
        let opened = Repository::open(&repo.path()).unwrap();
        assert!(opened.add_note_lines("refs/heads/main", &commit, &["x".to_owned()]).is_err());
        assert_eq!(repo.head(), commit.as_str());
    }
}
