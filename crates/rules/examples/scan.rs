//! Runs all shipped rules on every file below some folders and prints how often each matched.
//!
//! In: folders. Out: a row a rule. Exists to be timed beside other programs that run the same rules on the same files.

use std::path::{Path, PathBuf};

use model::RepoPath;

#[expect(clippy::print_stdout, reason = "an example that prints")]
fn main() {
    let mut files = Vec::new();
    for folder in std::env::args().skip(1) {
        read(Path::new(&folder), &mut files);
    }
    let counts = rules::count_matches(&files, 2);
    for ((rule, language), count) in &counts {
        println!("{count:>6} {rule} {language}");
    }
    println!("{} matches in {} files", counts.values().sum::<usize>(), files.len());
}

fn read(folder: &Path, files: &mut Vec<(RepoPath, String)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Ok(about) = path.symlink_metadata() else { continue };
        if about.is_dir() {
            read(&path, files);
        } else if about.is_file()
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            files.push((RepoPath::new(path.to_string_lossy().into_owned()), text));
        }
    }
}
