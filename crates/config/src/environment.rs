//! The environment, read once.
//!
//! In: the process's variables, or a literal list in tests. Out: [`Environment`], and the folders it implies. Nothing
//! else in the workspace reads the environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What kind of system it is, as far as folders differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux and other Unix systems.
    Unix,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl Platform {
    /// The one this program was built for.
    pub const fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Unix
        }
    }
}

/// The variables of a process, fixed at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    platform: Platform,
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Takes the variables of this process. Called once, by the binary.
    pub fn capture() -> Self {
        Self::new(Platform::current(), std::env::vars_os())
    }

    /// Takes variables as given.
    pub fn new(
        platform: Platform,
        variables: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { platform, variables }
    }

    /// Takes literal variables, for the platform the program was built for.
    pub fn of(variables: &[(&str, &str)]) -> Self {
        Self::new(Platform::current(), variables.iter().copied())
    }

    /// The value of a variable; `None` where it is not set or empty, which programs rarely tell apart on purpose.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let value = match self.variables.get(OsStr::new(name)) {
            Some(value) => Some(value),
            // Windows does not tell names by their case.
            None if self.platform == Platform::Windows => self
                .variables
                .iter()
                .find(|(have, _)| have.to_str().is_some_and(|have| have.eq_ignore_ascii_case(name)))
                .map(|(_, value)| value),
            None => None,
        };
        value.map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The value of a variable as text; `None` also where it is not text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str()
    }

    /// All variables in name order.
    pub fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The user's home folder.
    pub fn home(&self) -> Option<PathBuf> {
        let name = if self.platform == Platform::Windows { "USERPROFILE" } else { "HOME" };
        self.folder(name)
    }

    /// The user's configuration file: `$XDG_CONFIG_HOME/deep-review/config.toml`, or what the platform uses instead.
    /// `None` where the environment names no such place.
    pub fn user_config_file(&self) -> Option<PathBuf> {
        let folder = self.folder("XDG_CONFIG_HOME").or_else(|| match self.platform {
            Platform::Unix => Some(self.home()?.join(".config")),
            Platform::MacOs => Some(self.home()?.join("Library").join("Application Support")),
            Platform::Windows => self.folder("APPDATA"),
        })?;
        Some(folder.join("deep-review").join("config.toml"))
    }

    /// The folder for what can be made again: `$XDG_CACHE_HOME/deep-review`, or what the platform uses instead.
    pub fn cache_dir(&self) -> Option<PathBuf> {
        let folder = self.folder("XDG_CACHE_HOME").or_else(|| match self.platform {
            Platform::Unix => Some(self.home()?.join(".cache")),
            Platform::MacOs => Some(self.home()?.join("Library").join("Caches")),
            Platform::Windows => self.folder("LOCALAPPDATA"),
        })?;
        Some(folder.join("deep-review"))
    }

    /// The folder for what is kept: `$XDG_DATA_HOME/deep-review`, or what the platform uses instead.
    pub fn data_dir(&self) -> Option<PathBuf> {
        let folder = self.folder("XDG_DATA_HOME").or_else(|| match self.platform {
            Platform::Unix => Some(self.home()?.join(".local").join("share")),
            Platform::MacOs => Some(self.home()?.join("Library").join("Application Support")),
            Platform::Windows => self.folder("LOCALAPPDATA"),
        })?;
        Some(folder.join("deep-review"))
    }

    /// A folder named by a variable. Relative ones are ignored, as the XDG specification asks: they would mean
    /// another folder in every directory.
    fn folder(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(Path::new).filter(|path| path.is_absolute()).map(Path::to_path_buf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_user_file_is_where_the_platform_keeps_such_files() {
        let unix = |variables: &[(&str, &str)]| Environment::new(Platform::Unix, variables.iter().copied());
        let file = unix(&[("HOME", "/home/u")]).user_config_file();
        assert_eq!(file, Some(PathBuf::from("/home/u/.config/deep-review/config.toml")));
        let file = unix(&[("HOME", "/home/u"), ("XDG_CONFIG_HOME", "/x")]).user_config_file();
        assert_eq!(file, Some(PathBuf::from("/x/deep-review/config.toml")));
        let mac = Environment::new(Platform::MacOs, [("HOME", "/Users/u")]);
        let expected = "/Users/u/Library/Application Support/deep-review/config.toml";
        assert_eq!(mac.user_config_file(), Some(PathBuf::from(expected)));
    }

    #[test]
    fn a_relative_or_empty_folder_is_ignored() {
        let environment = Environment::of(&[("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "")]);
        assert_eq!(environment.user_config_file(), None);
        assert_eq!(environment.cache_dir(), None);
    }

    #[test]
    fn windows_does_not_tell_names_by_case() {
        let environment = Environment::new(Platform::Windows, [("Path", "x")]);
        assert_eq!(environment.text("PATH"), Some("x"));
    }
}
