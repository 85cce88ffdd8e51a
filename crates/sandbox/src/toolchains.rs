//! Compilers that a user keeps at home.
//!
//! In: the home folder. Out: which folders of it to show, and the variables that make tools find them. Never shows a folder
//! that holds credentials: the list is data, and says why.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Folder;

/// What of a home is shown inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolchains {
    /// Folders to read, shown where they are.
    pub read: Vec<Folder>,
    /// Folders for `PATH`, in order.
    pub path: Vec<PathBuf>,
    /// Variables to set.
    pub environment: Vec<(OsString, OsString)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    folders: Vec<String>,
    #[serde(default)]
    path: Vec<String>,
    #[serde(default)]
    set: BTreeMap<String, String>,
    #[serde(default)]
    always: BTreeMap<String, String>,
}

const LIST: &str = include_str!("toolchains.toml");

fn list() -> BTreeMap<String, Entry> {
    toml::from_str(LIST).expect("the shipped list parses: a test reads it")
}

/// Looks which of the known folders are there.
pub fn toolchains(home: &Path) -> Toolchains {
    let mut found = Toolchains::default();
    for entry in list().values() {
        let there: Vec<PathBuf> =
            entry.folders.iter().map(|name| home.join(name)).filter(|path| path.is_dir()).collect();
        if there.is_empty() {
            continue;
        }
        let shown = |path: &PathBuf| there.iter().any(|folder| path.starts_with(folder));
        found.path.extend(entry.path.iter().map(|name| home.join(name)).filter(shown));
        // A variable may name the folder above those that are shown.
        let set = entry.set.iter().map(|(name, folder)| (name, home.join(folder)));
        let set = set.filter(|(_, path)| there.iter().any(|folder| folder.starts_with(path)));
        found.environment.extend(set.map(|(name, path)| (name.into(), path.into_os_string())));
        found.environment.extend(entry.always.iter().map(|(name, value)| (name.into(), value.into())));
        found.read.extend(there.into_iter().map(Folder::in_place));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_that_are_there_are_shown() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(toolchains(home.path()), Toolchains::default());
        for folder in [".cargo/bin", ".ssh", ".aws"] {
            std::fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        std::fs::write(home.path().join(".cargo/credentials.toml"), "secret").unwrap();
        let found = toolchains(home.path());
        assert_eq!(found.read, [Folder::in_place(home.path().join(".cargo/bin"))]);
        assert_eq!(found.path, [home.path().join(".cargo/bin")]);
        let names: Vec<_> = found.environment.iter().map(|(name, _)| name.to_string_lossy()).collect();
        assert_eq!(names, ["CARGO_HOME", "CARGO_NET_OFFLINE"], "rustup is not there");
    }

    #[test]
    fn no_listed_folder_is_a_home_or_a_known_place_of_credentials() {
        let secret = [
            ".ssh", ".aws", ".gnupg", ".config", ".netrc", ".npmrc", ".docker", ".kube", ".cargo", ".m2",
            ".gem",
        ];
        for (name, entry) in list() {
            for folder in &entry.folders {
                assert!(
                    !folder.is_empty() && !folder.starts_with('/') && !folder.contains(".."),
                    "{name}: {folder}"
                );
                assert!(!secret.contains(&folder.as_str()), "{name}: {folder}");
            }
        }
    }
}
