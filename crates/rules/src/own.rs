//! The repository's own rules.
//!
//! In: a snapshot, or a folder on disk. Out: the rule files there. For a review they are read from the base of the change
//! and never from its branch: a branch must not choose how it is judged.

use std::collections::BTreeSet;
use std::path::Path;

use model::{RepoPath, Side};

/// More rule files are not read.
const MOST_FILES: usize = 300;
/// More bytes of rule files are not read.
const MOST_BYTES: usize = 2 << 20;

/// Path and text of every rule file at the base of a change, and what was left out.
pub fn at_base(snapshot: &git::Snapshot, folder: &str) -> (Vec<(String, String)>, Vec<String>) {
    let folder = folder.trim_matches('/');
    if folder.is_empty() {
        return (Vec::new(), Vec::new());
    }
    // The tree of head is read anyhow; it differs from the base by the diff alone.
    let prefix = format!("{folder}/");
    let entries = snapshot.entries(Side::Head);
    let first = entries.partition_point(|entry| entry.path.as_str() < prefix.as_str());
    let within = entries[first..].iter().take_while(|entry| entry.path.as_str().starts_with(&prefix));
    let mut paths: BTreeSet<RepoPath> = within.map(|entry| entry.path.clone()).collect();
    let changed = snapshot.diff().iter().flat_map(|file| [Some(&file.path), file.old_path.as_ref()]);
    paths.extend(changed.flatten().filter(|path| path.as_str().starts_with(&prefix)).cloned());
    let mut files = Files::default();
    for path in paths.iter().filter(|path| is_yaml(path.file_name())) {
        let plain = snapshot.entry(Side::Base, path).is_some_and(|entry| entry.mode & 0o170_000 == 0o100_000);
        if !plain || files.is_full() {
            continue;
        }
        if let Some(text) = snapshot.text(Side::Base, path).filter(|text| !text.binary) {
            files.add(path.as_str(), &text.content);
        }
    }
    files.done(folder)
}

/// Path and text of rule files.
pub type RuleFiles = Vec<(String, String)>;

/// Path and text of every rule file in a folder on disk, and notes; links are not followed.
pub fn in_folder(folder: &Path) -> std::io::Result<(RuleFiles, Vec<String>)> {
    let mut files = Files::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let mut entries: Vec<_> = std::fs::read_dir(&next)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let (kind, path) = (entry.file_type()?, entry.path());
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && is_yaml(&entry.file_name().to_string_lossy()) && !files.is_full() {
                let shown = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
                files.add(&shown, &String::from_utf8_lossy(&std::fs::read(&path)?));
            }
        }
    }
    files.found.sort();
    Ok(files.done(&folder.to_string_lossy()))
}

fn is_yaml(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(std::ffi::OsStr::to_str);
    extension.is_some_and(|it| it.eq_ignore_ascii_case("yml") || it.eq_ignore_ascii_case("yaml"))
}

#[derive(Default)]
struct Files {
    found: Vec<(String, String)>,
    bytes: usize,
}

impl Files {
    fn is_full(&self) -> bool {
        self.found.len() > MOST_FILES || self.bytes > MOST_BYTES
    }

    fn add(&mut self, path: &str, text: &str) {
        self.bytes += text.len();
        self.found.push((path.to_owned(), text.to_owned()));
    }

    fn done(mut self, folder: &str) -> (Vec<(String, String)>, Vec<String>) {
        let full = self.is_full();
        if full {
            self.found.pop();
        }
        let note = format!("`{folder}` holds more rule files than are read ({MOST_FILES} files, 2 MiB).");
        (self.found, full.then_some(note).into_iter().collect())
    }
}
