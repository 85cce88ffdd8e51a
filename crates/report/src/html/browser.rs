//! Looks at the page in a real browser, where one is at hand.
//!
//! In: the folder with the browser tools that `DEEP_REVIEW_PAGE_TOOLS` names. Out: a failure with every check that does not hold.
//! Without the folder, Node or Chromium the test says that it was skipped.

#![expect(clippy::print_stdout, reason = "what was looked at is meant to be read")]
#![expect(clippy::disallowed_methods, reason = "the tools are named by whoever runs the test, and the browser is no reviewer")]

use std::path::{Path, PathBuf};
use std::process::Command;

use model::{Finding, Original, Report};

use crate::{html, sample};

/// The tools and a browser, or why there are none.
fn tools() -> Result<(PathBuf, PathBuf), &'static str> {
    let tools = std::env::var_os("DEEP_REVIEW_PAGE_TOOLS").ok_or("DEEP_REVIEW_PAGE_TOOLS names no folder")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let browser = std::env::split_paths(&path)
        .flat_map(|folder| ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name)))
        .find(|file| file.is_file())
        .ok_or("there is no Chromium")?;
    Ok((PathBuf::from(tools), browser))
}

fn write(folder: &Path, name: &str, report: &Report, originals: &[Original]) {
    let ids: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
    std::fs::write(folder.join(format!("{name}.html")), html(report, originals)).expect("a folder of our own");
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
            Finding { id: format!("{letter}{}", at + 1), title: format!("{} ({at})", one.title), ..one.clone() }
        })
        .collect();
    report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report
}

#[test]
fn the_page_holds_in_a_real_browser() {
    let (tools, browser) = match tools() {
        Ok(found) => found,
        Err(why) => return println!("skipped: {why}"),
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    write(folder.path(), "sample", &sample::report(), &sample::originals());
    write(folder.path(), "empty", &sample::empty(), &[]);
    write(folder.path(), "thousand", &thousand(), &[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/check.mjs");
    let output = Command::new("node")
        .arg(script)
        .arg(tools)
        .arg(folder.path())
        .env("CHROMIUM", browser)
        .output()
        .expect("node can be started");
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "a check of the page failed");
}
