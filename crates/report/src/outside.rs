//! Holds our forms against what others make of them: the page in a real browser, SARIF against its schema.
//!
//! In: the folder with tools that `DEEP_REVIEW_PAGE_TOOLS` names (`.ci/page-tools` makes it). Out: a failure with every check that does not
//! hold. Without the folder or a browser the tests say that they were skipped.

#![expect(
    clippy::disallowed_methods,
    reason = "the tools are named by whoever runs the test, and the browser is no reviewer"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use model::{Finding, Original, Report};

use crate::{html, sample};

/// The tools, or why there are none.
fn tools() -> Result<PathBuf, &'static str> {
    std::env::var_os("DEEP_REVIEW_PAGE_TOOLS")
        .map(PathBuf::from)
        .ok_or("DEEP_REVIEW_PAGE_TOOLS names no folder")
}

fn browser() -> Result<PathBuf, &'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name)))
        .find(|file| file.is_file())
        .ok_or("there is no Chromium")
}

/// Runs one of our scripts; its first word is the folder of the tools.
fn run(script: &str, tools: &Path, words: &[&Path], browser: Option<&Path>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page").join(script);
    let output = Command::new("node")
        .arg(script)
        .arg(tools)
        .args(words)
        .env("CHROMIUM", browser.unwrap_or(Path::new("")))
        .output()
        .expect("the folder of tools comes with node");
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "a check did not hold");
}

fn write(folder: &Path, name: &str, report: &Report, originals: &[Original]) {
    let ids: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
    std::fs::write(folder.join(format!("{name}.html")), html(report, originals))
        .expect("a folder of our own");
    let ids = serde_json::to_string(&ids).expect("names are JSON");
    std::fs::write(folder.join(format!("{name}.json")), ids).expect("a folder of our own");
}

/// As long reports are: every finding different, so that nothing is cheap by being the same.
fn thousand() -> Report {
    let mut report = sample::report();
    let given = report.findings.clone();
    report.findings = (0..1000)
        .map(|at| {
            let one = &given[at % 2];
            let letter = one.severity.letter();
            Finding {
                id: format!("{letter}{}", at + 1),
                title: format!("{} ({at})", one.title),
                ..one.clone()
            }
        })
        .collect();
    report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report
}

#[test]
fn the_page_holds_in_a_real_browser() {
    let (tools, browser) = match tools().and_then(|tools| Ok((tools, browser()?))) {
        Ok(found) => found,
        Err(why) => return println!("skipped: {why}"),
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    write(folder.path(), "sample", &sample::report(), &sample::originals());
    write(folder.path(), "empty", &sample::empty(), &[]);
    write(folder.path(), "thousand", &thousand(), &[]);
    run("check.mjs", &tools, &[folder.path()], Some(&browser));
}

#[test]
fn sarif_holds_against_the_published_schema() {
    let tools = match tools() {
        Ok(tools) => tools,
        Err(why) => return println!("skipped: {why}"),
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let files = [
        ("sample.sarif", sample::report()),
        ("empty.sarif", sample::empty()),
        ("thousand.sarif", thousand()),
    ];
    let files = files.map(|(name, report)| {
        let file = folder.path().join(name);
        std::fs::write(&file, crate::sarif(&report)).expect("a folder of our own");
        file
    });
    run("check-sarif.mjs", &tools, &files.each_ref().map(PathBuf::as_path), None);
}
