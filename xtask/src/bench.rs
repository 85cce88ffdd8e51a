//! Times the release binary on generated repositories.
//!
//! In: nothing. Out: a table of medians, as in `docs/performance.md`. Asserts nothing: a slow machine is no defect.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::tools::{cargo, command, root, say};

/// Runs counted for each row, after one that is not.
const RUNS: usize = 5;
/// Changed files of every repository.
const CHANGED: usize = 30;
/// Folders that the files are spread over.
const FOLDERS: usize = 97;

/// Builds what is needed and prints the table.
pub(crate) fn run() -> Result<(), String> {
    cargo(&["build", "--release", "--locked", "--package", "deep-review"])?;
    let binary = root().join("target/release/deep-review");
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    say("\n| what | median | slowest | peak memory |\n|---|---|---|---|");
    for files in [5_000, 10_000, 20_000] {
        let repository = repository(scratch.path(), files)?;
        let words = ["-C", text(&repository)?, "--reviewer", "builtin", "--quiet", "--json"];
        let index = repository.join(".git/deep-review/index");
        let what = format!("built-in review, {CHANGED} changed of {files} files");
        first_row(&format!("{what}, nothing kept from earlier runs"), &binary, &words, &index)?;
        row(&what, &binary, &words)?;
        // The rules that compare calls are off by default, and are those that take the most files apart.
        let every = scratch.path().join("every.toml");
        std::fs::write(&every, "[builtin]\nenable = [\"*/*\"]\n").map_err(|error| error.to_string())?;
        let words: Vec<&str> = words.into_iter().chain(["--config", text(&every)?]).collect();
        row(&format!("{what}, every rule"), &binary, &words)?;
        say(&format!("| kept for the next run | {} KiB | | |", size(&index)? / 1024));
    }
    for findings in [20, 200, 2_000] {
        let reviews = reviews(scratch.path(), findings)?;
        let words: Vec<&str> =
            ["consolidate", "--json"].into_iter().chain(reviews.iter().map(String::as_str)).collect();
        row(&format!("consolidate 3 reviews of {findings} findings"), &binary, &words)?;
    }
    Ok(())
}

fn text(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| "the scratch folder's name is not UTF-8".to_owned())
}

fn row(what: &str, binary: &Path, words: &[&str]) -> Result<(), String> {
    once(binary, words)?;
    let runs = (0..RUNS).map(|_| once(binary, words)).collect::<Result<Vec<_>, _>>()?;
    tell(what, runs);
    Ok(())
}

/// Bytes of the files of a folder.
fn size(folder: &Path) -> Result<u64, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let sizes = entries.filter_map(Result::ok).filter_map(|entry| entry.metadata().ok());
    Ok(sizes.map(|metadata| metadata.len()).sum())
}

/// As [`row`], each time as the first review in a clone: what a review keeps below `index` is taken away before.
fn first_row(what: &str, binary: &Path, words: &[&str], index: &Path) -> Result<(), String> {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        if index.exists() {
            std::fs::remove_dir_all(index).map_err(|error| format!("{}: {error}", index.display()))?;
        }
        runs.push(once(binary, words)?);
    }
    tell(what, runs);
    Ok(())
}

fn tell(what: &str, mut runs: Vec<(Duration, Option<u64>)>) {
    runs.sort();
    let (median, slowest) = (runs[RUNS / 2].0, runs[RUNS - 1].0);
    let memory = runs.iter().filter_map(|run| run.1).max();
    let memory = memory.map_or_else(|| "-".to_owned(), |kib| format!("{} MiB", kib / 1024));
    say(&format!("| {what} | {} ms | {} ms | {memory} |", median.as_millis(), slowest.as_millis()));
}

/// Time and peak memory of the process itself in KiB, where the system tells.
fn once(binary: &Path, words: &[&str]) -> Result<(Duration, Option<u64>), String> {
    let started = Instant::now();
    let mut child = command(binary)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    let mut peak = None;
    loop {
        peak = peak_memory(child.id()).max(peak);
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return match status.code() {
                Some(0..=3) => Ok((started.elapsed(), peak)),
                _ => Err(format!("the binary ended with {status}")),
            };
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn peak_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Pairs of helpers that all files share, so that each name stands in some hundred files.
const HELPERS: usize = 40;

/// A repository of `files` files of about 5 kB, in which a branch renames a function in each of the changed ones and drops a
/// clean-up that all others call.
fn repository(scratch: &Path, files: usize) -> Result<PathBuf, String> {
    let folder = scratch.join(format!("repository-{files}"));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    git(&folder, &["init", "-q", "-b", "main"], "")?;
    let mut import = String::new();
    commit(&mut import, "main", "All files", None);
    for at in 0..files {
        file(&mut import, at, &format!("HandleRequest{at}"), true);
    }
    commit(&mut import, "topic", "Rename the handlers", Some("main"));
    for at in 0..CHANGED {
        file(&mut import, at * (files / CHANGED), &format!("ServeRequest{at}"), false);
    }
    git(&folder, &["fast-import", "--quiet"], &import)?;
    git(&folder, &["symbolic-ref", "HEAD", "refs/heads/topic"], "")?;
    git(&folder, &["reset", "-q", "--hard"], "")?;
    Ok(folder)
}

fn commit(import: &mut String, branch: &str, message: &str, from: Option<&str>) {
    let people = "Ada <ada@example.org> 1767322800 +0000";
    let length = message.len();
    write!(
        import,
        "commit refs/heads/{branch}\nauthor {people}\ncommitter {people}\ndata {length}\n{message}\n"
    )
    .unwrap_or_default();
    if let Some(from) = from {
        writeln!(import, "from refs/heads/{from}").unwrap_or_default();
    }
}

fn file(import: &mut String, at: usize, function: &str, cleans_up: bool) {
    let folder = at % FOLDERS;
    let mut content = format!(
        "// Module {at}.\npackage part{folder}\n\nfunc {function}(input string) int {{\n\treturn len(input)\n}}\n\n"
    );
    // Every file calls into another of its folder, so that a rename leaves something behind.
    let other = at + FOLDERS;
    writeln!(content, "func Chain{at}() int {{\n\treturn HandleRequest{other}(\"{at}\")\n}}\n")
        .unwrap_or_default();
    let helper = at % HELPERS;
    writeln!(
        content,
        "func Load{at}(name string) int {{\n\ttable := acquireTable{helper}(name)\n\tcount := table.Count()"
    )
    .unwrap_or_default();
    if cleans_up {
        writeln!(content, "\treleaseTable{helper}(table)").unwrap_or_default();
    }
    writeln!(content, "\treturn count\n}}\n").unwrap_or_default();
    for line in 0..90 {
        writeln!(content, "const Value{at}x{line} = {} // entry {line} of table {at}", at * 31 + line * 17)
            .unwrap_or_default();
    }
    write!(import, "M 100644 inline src/part{folder}/module{at}.go\ndata {}\n{content}\n", content.len())
        .unwrap_or_default();
}

fn git(folder: &Path, words: &[&str], input: &str) -> Result<(), String> {
    let mut child = command("git")
        .current_dir(folder)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("git: {error}"))?;
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(input.as_bytes()).map_err(|error| error.to_string())?;
    drop(stdin);
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("git {words:?} ended with {status}")) }
}

/// Three reviews that tell half of their findings in common.
fn reviews(scratch: &Path, findings: usize) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    for (reviewer, name) in ["one", "two", "three"].into_iter().enumerate() {
        let mut text = "## Findings\n\n### Important Issues\n\n".to_owned();
        for at in 0..findings {
            let subject = if at % 2 == 0 { at } else { at + reviewer * findings };
            write!(
                text,
                "I{}. **`parse_table_{subject}` loses the last row of its input** — `src/part{}/table{subject}.rs:{}` \
                 (important, regression)\n\n```rust\nlet rows_{subject} = read(input);\nrows_{subject}.pop();\n\
                 rows_{subject}\n```\n\nThe row is removed before `rows_{subject}` is returned, so callers see one less.\n\n\
                 Fix: return the rows unchanged.\n\n",
                at + 1,
                subject % 7,
                subject % 400 + 1,
            )
            .unwrap_or_default();
        }
        let file = scratch.join(format!("{name}-{findings}.md"));
        std::fs::write(&file, text).map_err(|error| error.to_string())?;
        words.push(format!("{name}={}", crate::bench::text(&file)?));
    }
    Ok(words)
}
