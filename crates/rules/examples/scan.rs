//! Runs shipped rules on every file below some folders.
//!
//! In: folders, and before them `--default` (the rules that run unasked), `--only ID,ID` or `--threads N` (else all cores). Out: each
//! match as `rule path:line`, and how many files were parsed for it. Exists to be timed beside other programs that run the same
//! rules on the same files (`crates/rules/side-by-side`), and to judge rules.

use std::path::{Path, PathBuf};

use model::RepoPath;

#[expect(clippy::print_stdout, reason = "an example that prints")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut default, mut only) = (false, Vec::new());
    let mut threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut paths = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--default" => default = true,
            "--only" => {
                let ids = arguments.next().unwrap_or_default();
                only = ids.split(',').map(|id| format!("{}{id}", rules::FAMILY)).collect();
            }
            "--threads" => threads = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(threads),
            folder => list(Path::new(folder), &mut paths),
        }
    }
    let runs = |id: &str, runs: bool| {
        (runs || !default) && (only.is_empty() || only.iter().any(|chosen| chosen.as_str() == id))
    };
    let read = |path: &RepoPath| std::fs::read_to_string(path.as_str()).ok();
    let through = rules::look_through(&paths, &read, &runs, threads);
    for found in &through.found {
        println!("{} {}:{}", found.rule, found.path, found.line);
    }
    for (path, why) in &through.skipped {
        println!("not looked at: {path}: {why}");
    }
    println!("{} matches; {} of {} files were parsed", through.found.len(), through.parsed, through.files);
}

fn list(folder: &Path, paths: &mut Vec<RepoPath>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let Ok(about) = path.symlink_metadata() else { continue };
        if about.is_dir() {
            list(&path, paths);
        } else if about.is_file() {
            paths.push(RepoPath::new(path.to_string_lossy().into_owned()));
        }
    }
}
