//! Raw material of one reviewer: where tries go that are not its last word.
//!
//! In: a reviewer's name. Out: files in its folder, and folders `try-1`, `try-2`… for what was tried before. Never edits or
//! removes raw material; the most that happens to it is that it moves into such a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::stored_run::{NAME_FILE, folders, read_file};
use crate::{Error, Result, RunFolder, StoredRun, files, reviewer_folder};

const TRY: &str = "try-";

impl StoredRun {
    /// The folder of a reviewer, there or not.
    fn raw_folder(&self, reviewer: &str) -> PathBuf {
        self.file("raw").join(reviewer_folder(reviewer))
    }

    /// A file of a reviewer's folder; `None` where there is none.
    pub fn raw_file(&self, reviewer: &str, name: &str) -> Result<Option<Vec<u8>>> {
        read_file(&self.raw_folder(reviewer).join(name))
    }

    /// Its review as it was published, and whether it is JSON; `None` where there is none.
    pub fn review(&self, reviewer: &str) -> Result<Option<(Vec<u8>, bool)>> {
        for (name, json) in crate::stored_run::REVIEW_FILES {
            if let Some(bytes) = self.raw_file(reviewer, name)? {
                return Ok(Some((bytes, json)));
            }
        }
        Ok(None)
    }

    /// The numbers of a reviewer's folders of tries, in order.
    pub fn tries(&self, reviewer: &str) -> Result<Vec<u32>> {
        let names = folders(&self.raw_folder(reviewer))?;
        let number = |name: &String| name.strip_prefix(TRY)?.parse().ok();
        let mut numbers: Vec<u32> = names.iter().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// A name for [`RunFolder::write_once`]: a file of one try of a reviewer.
    pub fn try_file(reviewer: &str, number: u32, name: &str) -> String {
        format!("raw/{}/{TRY}{number}/{name}", reviewer_folder(reviewer))
    }
}

impl RunFolder {
    /// Moves what stands in a reviewer's folder into the folder of a try, so that it can be asked again. Returns the try's
    /// number; `None` where there was nothing to move.
    pub fn set_aside(&self, reviewer: &str) -> Result<Option<u32>> {
        let folder = self.raw_folder(reviewer);
        let names = plain_files(&folder)?;
        if names.is_empty() {
            return Ok(None);
        }
        let number = self.tries(reviewer)?.last().map_or(1, |last| last + 1);
        let aside = folder.join(format!("{TRY}{number}"));
        files::create_folder(&aside)?;
        for name in names {
            let from = folder.join(&name);
            fs::rename(&from, aside.join(&name)).map_err(Error::failed("move", &from))?;
        }
        files::sync_folder(&folder.join(TRY));
        Ok(Some(number))
    }
}

/// Names of the files of a reviewer's folder that belong to an answer. What a crash left half written stays where it is.
fn plain_files(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::failed("read", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::failed("read", folder))?;
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name != NAME_FILE && !name.starts_with(files::TEMPORARY) {
            names.push(name);
        }
    }
    // The file that says that the answer is whole is moved first: a move that is cut off never leaves half an answer that
    // looks whole.
    names.sort_by_key(|name| (name != crate::ATTEMPT_FILE, name.clone()));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{scratch, target};

    fn begin(store: &crate::Store) -> RunFolder {
        store.begin(&target("topic"), jiff::Timestamp::UNIX_EPOCH, "topic").expect("begins")
    }

    #[test]
    fn what_is_set_aside_is_kept_and_makes_room() {
        let (_folder, store) = scratch();
        let run = begin(&store);
        assert_eq!(run.set_aside("ada").expect("nothing there"), None);
        for (number, text) in [(1, "one"), (2, "two")] {
            run.write_review_bytes("ada", text.as_bytes(), false).expect("there is room");
            run.write_once("raw/ada/stderr", b"why").expect("there is room");
            assert_eq!(run.set_aside("ada").expect("movable"), Some(number));
        }
        assert_eq!(run.tries("ada").expect("readable"), [1, 2]);
        assert_eq!(run.raw_file("ada", "try-1/review.md").expect("readable").expect("kept"), b"one");
        assert_eq!(run.review("ada").expect("readable"), None);
        assert!(run.originals().expect("readable").is_empty(), "a try is not the review");
        run.write_review_bytes("ada", b"three", false).expect("there is room");
        assert_eq!(run.originals().expect("readable")[0].text, "three");
    }
}
