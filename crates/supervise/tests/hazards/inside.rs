//! Tests that run in a namespace of their own.
//!
//! In: the name of an ignored test. Out: whether it was run there. Never run where there is no such namespace.

use std::process::{Command, Stdio};

/// Runs an ignored test of this program inside a namespace of its own; `false` where there is none to be had.
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
pub(crate) fn inside(test: &str, namespace: &[&str]) -> bool {
    let probe = Command::new("unshare").args(namespace).arg("true").stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        eprintln!("skipped: `unshare {}` does not work here", namespace.join(" "));
        return false;
    }
    // A shell as the first process of the namespace takes in orphans; the test program would not.
    let output = Command::new("unshare")
        .args(namespace)
        .args(["sh", "-c", "\"$@\"; exit $?", "sh"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", test, "--nocapture"])
        .env("TEST_INSIDE", "1")
        .output()
        .expect("a namespace");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    for line in said.lines().filter(|line| line.starts_with("skipped: ") || line.starts_with("figure: ")) {
        eprintln!("{line}");
    }
    true
}

/// A PID namespace that takes along whatever a test leaves behind.
pub(crate) const OWN_PIDS: &[&str] = &["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
/// Mounts that nobody else sees.
pub(crate) const OWN_MOUNTS: &[&str] = &["--user", "--map-root-user", "--mount"];
/// A user whom permissions bind.
pub(crate) const NO_PRIVILEGES: &[&str] = &["--user"];

/// Whether this is the inner test.
pub(crate) fn is_inside() -> bool {
    std::env::var_os("TEST_INSIDE").is_some()
}
