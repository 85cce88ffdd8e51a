//! Holds our forms against what others make of them: the page in a real browser, SARIF and RDJSON against what is published about
//! them, SARIF before another reader.
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

/// Reports of every kind, by name.
fn reports() -> [(&'static str, Report); 3] {
    [("sample", sample::report()), ("empty", sample::empty()), ("thousand", thousand())]
}

/// Writes each report in one form.
fn written(folder: &Path, format: &str, form: fn(&Report) -> String) -> Vec<(PathBuf, Report)> {
    let write = |(name, report): (&str, Report)| {
        let file = folder.join(format!("{name}.{format}"));
        std::fs::write(&file, form(&report)).expect("a folder of our own");
        (file, report)
    };
    reports().into_iter().map(write).collect()
}

#[test]
fn sarif_and_rdjson_hold_against_what_is_published_about_them() {
    let tools = match tools() {
        Ok(tools) => tools,
        Err(why) => return println!("skipped: {why}"),
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut files = written(folder.path(), "sarif", crate::sarif);
    files.extend(written(folder.path(), "rdjson", crate::rdjson));
    let files: Vec<&Path> = files.iter().map(|(file, _)| file.as_path()).collect();
    run("check-formats.mjs", &tools, &files, None);
}

/// What somebody else's reader of SARIF finds: severity, rule, place and text of each result that is not suppressed.
#[test]
fn another_reader_of_sarif_finds_the_same_findings() {
    let reader = tools().map(|tools| tools.join("python/bin/sarif"));
    let reader =
        match reader.and_then(|it| if it.is_file() { Ok(it) } else { Err("there is no sarif-tools") }) {
            Ok(reader) => reader,
            Err(why) => return println!("skipped: {why}"),
        };
    let folder = tempfile::tempdir().expect("a scratch folder");
    for (file, report) in written(folder.path(), "sarif", crate::sarif) {
        let table = file.with_extension("csv");
        let output = Command::new(&reader).arg("csv").arg("--output").arg(&table).arg(&file).output();
        let output = output.expect("the reader starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let table = std::fs::read_to_string(&table).expect("it wrote its table");
        for finding in &report.findings {
            let told = table.contains(&format!("{}: ", finding.id));
            assert!(told, "{} is not in the table of {}:\n{table}", finding.id, file.display());
            if let Some(place) = finding.locations.first().filter(|place| place.path.as_str().is_ascii()) {
                let plain = !place.path.as_str().contains([' ', '`', '<', '|', '\n']);
                assert!(!plain || table.contains(place.path.as_str()), "{}", place.path);
            }
        }
    }
}
