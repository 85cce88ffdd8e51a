//! Programs that the user works with: a pager, a shell.
//!
//! In: a command that the user named. Out: its end, when it is left. Unlike reviewers these are the user's own programs, chosen by the
//! user and never by a repository: they get the terminal and are waited for.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

/// Shows a text in a pager: a program and its arguments. Variables are set for it where the user has not set them.
/// An error says that it could not be started; that it was left early is none.
pub fn page(command: &[&str], defaults: &[(&str, &str)], text: &str) -> io::Result<()> {
    let [program, arguments @ ..] = command else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no pager is named"));
    };
    let mut pager = pager(program);
    pager.args(arguments).envs(defaults.iter().copied()).stdin(Stdio::piped());
    let mut child = pager.spawn()?;
    if let Some(mut stdin) = child.stdin.take()
        && stdin.write_all(text.as_bytes()).is_err()
    {
        // It was left before the end was read.
    }
    child.wait()?;
    Ok(())
}

/// Lends the terminal to a program, with just this environment; its exit code, or none where a signal ended it.
pub fn lend_terminal(command: &[OsString], environment: &[(OsString, OsString)]) -> io::Result<Option<i32>> {
    let [program, arguments @ ..] = command else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no program is named"));
    };
    let mut program = pager(program);
    program.args(arguments).env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
    Ok(program.status()?.code())
}

#[expect(clippy::disallowed_methods, reason = "this crate starts programs")]
fn pager(program: impl AsRef<OsStr>) -> Command {
    Command::new(program)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_pager_reads_the_text_and_may_be_left_early() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let script = format!("cat > '{}'; printf %s \"$LESS\" >> '{}'", out.display(), out.display());
        page(&["sh", "-c", &script], &[("LESS", "FRX")], "text\n").unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "text\nFRX");
        page(&["true"], &[], &"long\n".repeat(100_000)).unwrap();
        assert!(page(&["/no/such/pager"], &[], "x").is_err());
        assert!(page(&[], &[], "x").is_err());
    }
}
