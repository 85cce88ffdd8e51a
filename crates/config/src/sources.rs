//! What the settings are made from.
//!
//! In: paths and texts. Out: [`Sources`], a value that can be combined without touching a disk.

use std::path::Path;

use crate::{Environment, Error, REPOSITORY_FILE};

/// The text of one file and how to call it in messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// Its name for people.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// One setting from the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// How it was typed: `--quorum`.
    pub flag: String,
    /// The key it sets: `review.quorum`.
    pub key: String,
    /// Its value.
    pub value: toml::Value,
}

impl Flag {
    /// A flag that sets a key. Texts, numbers and truth values convert by themselves.
    pub fn new(flag: &str, key: &str, value: impl Into<toml::Value>) -> Self {
        Self { flag: flag.to_owned(), key: key.to_owned(), value: value.into() }
    }
}

/// Everything the settings are made from, weakest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// From the command line.
    pub flags: Vec<Flag>,
    /// `DEEP_REVIEW_*` variables.
    pub environment: Option<Environment>,
    /// The file named with `--config`.
    pub file: Option<TextFile>,
    /// `deep-review/config.toml` in the git common dir.
    pub local: Option<TextFile>,
    /// `deep-review.toml` of the base commit; not trusted to choose commands.
    pub repository: Option<TextFile>,
    /// The user's own file.
    pub user: Option<TextFile>,
}

impl Sources {
    /// Reads the files that are there. `common_dir` is git's common dir, `None` outside a repository; `file` is what
    /// `--config` names, which must exist. The repository's text is the caller's to add.
    pub fn read(
        environment: &Environment,
        common_dir: Option<&Path>,
        file: Option<&Path>,
    ) -> Result<Self, Error> {
        let local = common_dir.map(|dir| dir.join("deep-review").join("config.toml"));
        let user = environment.user_config_file();
        Ok(Self {
            flags: Vec::new(),
            environment: Some(environment.clone()),
            file: file.map(read_file).transpose()?,
            local: local.as_deref().map(read_if_there).transpose()?.flatten(),
            repository: None,
            user: user.as_deref().map(read_if_there).transpose()?.flatten(),
        })
    }

    /// Adds the repository's file as it stands in the base commit.
    pub fn with_repository(mut self, text: Option<String>) -> Self {
        self.repository = text.map(|text| TextFile { name: REPOSITORY_FILE.to_owned(), text });
        self
    }

    /// Adds what the command line says.
    pub fn with_flags(mut self, flags: Vec<Flag>) -> Self {
        self.flags = flags;
        self
    }
}

fn read_file(path: &Path) -> Result<TextFile, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| Error::Unreadable { path: path.to_path_buf(), source })?;
    Ok(TextFile { name: path.display().to_string(), text })
}

fn read_if_there(path: &Path) -> Result<Option<TextFile>, Error> {
    match read_file(path) {
        Err(Error::Unreadable { source, .. })
            if matches!(source.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        read => read.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_files_are_no_layers_but_a_named_one_must_exist() {
        let empty = tempfile::tempdir().expect("scratch");
        let environment = Environment::of(&[]);
        let sources = Sources::read(&environment, Some(empty.path()), None).expect("nothing to read");
        assert_eq!((sources.local, sources.user, sources.file), (None, None, None));
        let missing = empty.path().join("none.toml");
        let error = Sources::read(&environment, None, Some(&missing)).expect_err("must exist");
        assert!(error.to_string().contains("none.toml"), "{error}");
    }

    #[test]
    fn files_are_read_where_they_belong() {
        let scratch = tempfile::tempdir().expect("scratch");
        let folder = scratch.path().join("deep-review");
        std::fs::create_dir(&folder).expect("folder");
        std::fs::write(folder.join("config.toml"), "[review]\n").expect("file");
        let home = scratch.path().to_str().expect("text").to_owned();
        let environment = Environment::of(&[("XDG_CONFIG_HOME", &home)]);
        let sources = Sources::read(&environment, Some(scratch.path()), None).expect("readable");
        assert!(sources.local.is_some() && sources.user.is_some());
    }
}
