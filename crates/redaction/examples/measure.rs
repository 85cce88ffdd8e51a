//! Counts what redaction would replace in ordinary files: what it is wrong about.
//!
//! In: folders. Out: files, bytes, and every replaced text with its file, on standard output. Never writes anything else.

#![expect(clippy::print_stdout, reason = "its whole work is to print")]

use std::path::{Path, PathBuf};

fn main() {
    let mut totals = (0_u64, 0_u64, 0_u64);
    for folder in std::env::args().skip(1) {
        walk(Path::new(&folder), &mut totals);
    }
    println!("{} files, {:.1} MB, {} lines with a replacement", totals.0, totals.1 as f64 / 1e6, totals.2);
}

fn walk(folder: &Path, totals: &mut (u64, u64, u64)) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if metadata.is_dir() {
            walk(&path, totals);
        } else if metadata.is_file() && metadata.len() < 1 << 20 {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            totals.0 += 1;
            totals.1 += text.len() as u64;
            for line in text.lines().filter(|line| redaction::holds_key(line)) {
                totals.2 += 1;
                let shown: String = redaction::text(line).trim().chars().take(160).collect();
                println!("{}: {shown}", path.display());
            }
        }
    }
}
