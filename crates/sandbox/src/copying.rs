//! Copies of what a program may change.
//!
//! In: a file or folder, and where its copy is to be. Out: the copy. Links are neither followed nor copied.

use std::io;
use std::path::Path;

/// Copies a file, or a folder with what is in it.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut left = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = left.pop() {
        let kind = from.symlink_metadata()?.file_type();
        if kind.is_dir() {
            std::fs::create_dir_all(&to)?;
            for entry in std::fs::read_dir(&from)? {
                let entry = entry?;
                left.push((entry.path(), to.join(entry.file_name())));
            }
        } else if kind.is_file() {
            if let Some(parent) = to.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
