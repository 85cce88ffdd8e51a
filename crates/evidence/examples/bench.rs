//! Measures how long the gates take, beside asking git once per finding.
//!
//! In: nothing; it builds a repository of 50,000 commits in a scratch folder with `git fast-import`. Out: times on
//! stdout. Never part of the product: `cargo run --release -p evidence --example bench [COMMITS]`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use evidence::{Claims, check};
use git::{Repository, Snapshot, TargetRequest};
use model::{CheckResult, Gate, OriginValue, RawFinding, RawLocation, Reading, Severity};

const FILES: usize = 400;
const CHANGED: usize = 60;
const FINDINGS: usize = 300;
const LINES: usize = 600;
const CHANGE: usize = 20;

#[expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]
fn main() {
    let commits: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let folder = std::env::temp_dir().join(format!("evidence-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a scratch folder");
    git(&folder, &["init", "-q", "-b", "main"]);
    let files = import(&folder, commits);
    println!(
        "repository: {commits} commits, {FILES} files, {CHANGED} of them changed by the last {CHANGE} commits"
    );

    let reading = Reading { findings: findings(&files), ..Reading::default() };
    let opening = measured(3, || drop(open(&folder)));
    let ours = measured(3, || ours(&folder, &reading));
    println!(
        "all gates, {FINDINGS} findings: {} ms, {} ms of it to open",
        ours.as_millis(),
        opening.as_millis()
    );
    println!("peak memory {} MB", peak_megabytes());
    for (what, revision) in [("the whole history", "HEAD".to_owned()), ("the change only", range())] {
        let theirs = measured(1, || one_by_one(&folder, &reading, &revision));
        let times = theirs.as_secs_f64() / ours.as_secs_f64();
        println!(
            "git show and git blame of {what} per finding: {} ms, {times:.1} times as long",
            theirs.as_millis()
        );
    }
    std::fs::remove_dir_all(&folder).expect("the scratch folder goes");
}

fn measured(times: usize, mut work: impl FnMut()) -> Duration {
    let once = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..times).map(once).min().unwrap_or_default()
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes =
        peak.and_then(|text| text.split_whitespace().next()).and_then(|text| text.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1024
}

fn path(file: usize) -> String {
    format!("src/area{}/file{file}.rs", file % 20)
}

fn line(file: usize, line: usize, version: usize) -> String {
    if line.is_multiple_of(20) {
        return format!("fn work_{file}_{line}() {{");
    }
    if line % 20 == 19 {
        return "}".to_owned();
    }
    format!("    let value_{file}_{line} = compute_{}({file}, {line}, {version});", (file * 7 + line) % 97)
}

// Every commit edits one line of one file; the last ones edit a few lines in each of the changed files.
fn import(folder: &Path, commits: usize) -> Vec<Vec<String>> {
    let mut files: Vec<Vec<String>> =
        (0..FILES).map(|file| (0..LINES).map(|at| line(file, at, 0)).collect()).collect();
    let mut child =
        command(folder, &["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().expect("git starts");
    let mut pipe = std::io::BufWriter::new(child.stdin.take().expect("a pipe"));
    for commit in 0..commits {
        let mut changes = String::new();
        let touched: Vec<usize> = match commit {
            0 => (0..FILES).collect(),
            _ if commit + CHANGE < commits => vec![commit % FILES],
            _ => (0..CHANGED).filter(|file| file % CHANGE == commits - commit - 1).collect(),
        };
        for &file in &touched {
            let recent = commit + CHANGE >= commits;
            for step in 0..if recent { 8 } else { 1 } {
                let at = (commit * 31 + step * 67) % LINES;
                files[file][at] = line(file, at, commit);
            }
            let text = files[file].join("\n") + "\n";
            let _ = write!(changes, "M 100644 inline {}\ndata {}\n{text}\n", path(file), text.len());
        }
        let message = format!("Commit {commit}");
        write!(
            pipe,
            "commit refs/heads/main\ncommitter Ada <ada@example.org> {} +0000\ndata {}\n{message}\n{changes}",
            1_700_000_000 + commit,
            message.len()
        )
        .expect("git reads");
    }
    drop(pipe);
    assert!(child.wait().expect("git ends").success());
    git(folder, &["repack", "-q", "-a", "-d", "--depth=20"]);
    files
}

// Findings as reviewers write them: most quotes right, many lines off, names and look-ups in the text.
fn findings(files: &[Vec<String>]) -> Vec<RawFinding> {
    let finding = |index: usize| {
        let file = index % CHANGED;
        let start = (index * 53) % (LINES - 4);
        let quote = files[file][start..start + 3].join("\n");
        RawFinding {
            index: index as u32,
            severity: if index.is_multiple_of(3) { Severity::Important } else { Severity::Suggestion },
            title: format!("`work_{file}_{}` ignores its result", start / 20 * 20),
            body: format!(
                "`compute_{}` fails when empty. `value_{file}_{start}` is never called.",
                index % 97
            ),
            locations: vec![RawLocation {
                path: path(file),
                start: Some((start + 1 + index % 9) as u32),
                end: Some((start + 3 + index % 9) as u32),
                quote: Some(if index % 10 == 9 { quote.replace("let", "const") } else { quote }),
                ..RawLocation::default()
            }],
            ..RawFinding::default()
        }
    };
    (0..FINDINGS).map(finding).collect()
}

fn range() -> String {
    format!("HEAD~{CHANGE}..HEAD")
}

fn open(folder: &Path) -> Snapshot {
    let repository = Repository::open(folder).expect("a repository");
    let request = TargetRequest { spec: Some(range()), ..TargetRequest::default() };
    let target = repository.resolve(&request).expect("a target");
    Snapshot::open(&repository, &target).expect("a snapshot")
}

fn ours(folder: &Path, reading: &Reading) {
    let snapshot = open(folder);
    let checked = check(&[Claims { reviewer: "ada", reading }], &snapshot);
    let found = checked.iter().filter(|it| it.result(Gate::Quote) == CheckResult::Pass).count();
    let placed = checked.iter().filter(|it| it.origin.value != OriginValue::Unknown).count();
    assert!(found >= FINDINGS * 9 / 10 && placed == FINDINGS, "{found} quotes, {placed} origins");
}

fn one_by_one(folder: &Path, reading: &Reading, revision: &str) {
    for finding in &reading.findings {
        let place = &finding.locations[0];
        let text = git(folder, &["show", &format!("HEAD:{}", place.path)]);
        let quote = place.quote.as_deref().unwrap_or_default();
        let start = text.find(quote).map_or(1, |at| text[..at].lines().count() + 1);
        let lines = format!("{start},{}", start + 2);
        git(folder, &["blame", "--porcelain", "-w", "-M", "-C", "-L", &lines, revision, "--", &place.path]);
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark compares with git itself")]
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).args(args);
    command
}

fn git(folder: &Path, args: &[&str]) -> String {
    let output = command(folder, args).stderr(Stdio::null()).output().expect("git starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
