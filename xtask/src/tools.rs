//! Small helpers of the chores: running cargo, talking to the terminal.
//!
//! In: arguments. Out: `Err` with a sentence where something failed. Never used by the product.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies below the root").to_owned()
}

/// Prints a line for people.
#[expect(clippy::print_stderr, reason = "chores talk to the terminal")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// A command at the repository's root.
#[expect(clippy::disallowed_methods, reason = "chores start the build tools themselves")]
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Runs cargo and passes its output on.
pub(crate) fn cargo(args: &[&str]) -> Result<(), String> {
    say(&format!("cargo {}", args.join(" ")));
    let status = command(env!("CARGO")).args(args).status().map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`cargo {}` failed", args.join(" "))) }
}

/// Writes `docs/reference` from the code, or compares it with what is there.
pub(crate) fn generate(compare: bool) -> Result<(), String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let fresh = scratch.path().to_str().ok_or("the scratch folder's name is not UTF-8")?;
    let kept = root().join("docs/reference");
    let target = if compare { fresh } else { kept.to_str().ok_or("the root's name is not UTF-8")? };
    cargo(&["run", "--quiet", "--locked", "--package", "deep-review", "--", "__reference", target])?;
    if !compare {
        return Ok(());
    }
    let stale = differing(scratch.path(), &kept)?;
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("docs/reference is stale ({}); run `cargo xtask generate`", stale.join(", ")))
}

fn differing(fresh: &Path, kept: &Path) -> Result<Vec<String>, String> {
    let mut stale = Vec::new();
    let entries = std::fs::read_dir(fresh).map_err(|error| error.to_string())?;
    for entry in entries {
        let entry = entry.map_err(|error| error.to_string())?;
        let name = entry.file_name();
        let new = std::fs::read(entry.path()).map_err(|error| error.to_string())?;
        if std::fs::read(kept.join(&name)).ok().as_deref() != Some(new.as_slice()) {
            stale.push(name.to_string_lossy().into_owned());
        }
    }
    stale.sort();
    Ok(stale)
}
