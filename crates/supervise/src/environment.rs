//! The environment that is safe to hand to a foreign program.
//!
//! In: our own environment and names the user let through. Out: an allow-list. Never a variable nobody named:
//! tokens, agent sockets and build settings stay here.

use std::ffi::{OsStr, OsString};

/// Names a program may need to run at all, and that carry no secret.
const HARMLESS: &[&str] = &[
    // unix
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "COLORTERM",
    "LANG",
    "LANGUAGE",
    "TMPDIR",
    "TZ",
    "TZDIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    // Windows
    "APPDATA",
    "LOCALAPPDATA",
    "COMSPEC",
    "HOMEDRIVE",
    "HOMEPATH",
    "NUMBER_OF_PROCESSORS",
    "OS",
    "PATHEXT",
    "PROCESSOR_ARCHITECTURE",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "PROGRAMW6432",
    "PUBLIC",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "USERNAME",
    "USERPROFILE",
    "WINDIR",
];

/// The harmless part of our environment, and the variables named in `extra`, where they are set. Sorted by name.
pub fn harmless_environment(extra: &[String]) -> Vec<(OsString, OsString)> {
    choose(std::env::vars_os(), extra)
}

fn choose(all: impl Iterator<Item = (OsString, OsString)>, extra: &[String]) -> Vec<(OsString, OsString)> {
    let mut chosen: Vec<_> = all.filter(|(name, _)| is_harmless(name) || is_named(name, extra)).collect();
    chosen.sort();
    chosen
}

fn is_harmless(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    name.starts_with("LC_") || HARMLESS.iter().any(|harmless| same_name(name, harmless))
}

fn is_named(name: &OsStr, extra: &[String]) -> bool {
    name.to_str().is_some_and(|name| extra.iter().any(|wanted| same_name(name, wanted)))
}

fn same_name(a: &str, b: &str) -> bool {
    // Windows spells `Path` and `SystemRoot` as it likes.
    if cfg!(windows) { a.eq_ignore_ascii_case(b) } else { a == b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_and_named_variables_pass() {
        let all =
            ["PATH", "LC_ALL", "AWS_SECRET_ACCESS_KEY", "MY_KEY", "SSH_AUTH_SOCK", "GIT_DIR", "LD_PRELOAD"];
        let all = all.iter().map(|name| (OsString::from(name), OsString::from("x")));
        let chosen = choose(all, &["MY_KEY".to_owned(), "NOT_SET".to_owned()]);
        let names: Vec<_> = chosen.iter().map(|(name, _)| name.to_str().unwrap()).collect();
        assert_eq!(names, ["LC_ALL", "MY_KEY", "PATH"]);
    }
}
