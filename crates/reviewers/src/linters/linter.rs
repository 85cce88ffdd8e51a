//! One linter as data.
//!
//! In: a file of `linters/`. Out: how it is found, called and read. Never starts anything.

use std::collections::BTreeMap;
use std::path::PathBuf;

use diagnostics::Format;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Deserializer, de::Error as _};

/// One linter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linter {
    /// Its name: that of its file.
    #[serde(skip)]
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Its web page.
    pub home: String,
    /// The version this file was tried with; empty where nobody has tried it yet.
    #[serde(default)]
    pub tried: String,
    /// Names of its program, the first found counts.
    pub programs: Vec<String>,
    /// Its program among the packages a project installs beside itself. Only for linters that run code anyway.
    #[serde(default)]
    pub(crate) local: Option<String>,
    /// Arguments that make it print its version.
    #[serde(default = "version_argument")]
    pub(crate) version: Vec<String>,
    /// Files it looks at.
    #[serde(deserialize_with = "patterns")]
    pub(crate) files: Patterns,
    /// Files of the repository that configure it; `FILE#TEXT` where the file must hold the text.
    pub configuration: Vec<String>,
    /// Does nothing useful without such a file.
    #[serde(default)]
    pub needs_configuration: bool,
    /// Why running it runs code of the repository; empty where it does not.
    #[serde(default)]
    pub runs_code: String,
    /// What it wants the network for; empty for nothing.
    #[serde(default)]
    pub network: String,
    /// Whether it writes into what it looks at (lock files, caches): then its throw-away checkout may be written.
    #[serde(default)]
    pub(crate) writes: bool,
    /// Its arguments. `{files}` alone stands for the changed files it looks at, `{config}` for its configuration file.
    pub(crate) arguments: Vec<String>,
    /// Variables it is given; `{scratch}` stands for a folder of its own.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// How its output is read.
    #[serde(deserialize_with = "format")]
    pub(crate) format: Format,
    /// Where that output is.
    #[serde(default)]
    pub(crate) output: Output,
    /// Exit codes that mean "nothing to say"…
    #[serde(default = "zero")]
    pub(crate) clean: Vec<i32>,
    /// …and "there are findings". Any other is a failure.
    #[serde(default = "one")]
    pub(crate) findings: Vec<i32>,
    /// Whether its own levels say how much a finding matters. Where not, all are suggestions but those of `important`.
    #[serde(default = "yes")]
    pub(crate) own_levels: bool,
    /// Rules whose findings are important; a `*` at the end stands for anything.
    #[serde(default)]
    pub(crate) important: Vec<String>,
    /// Folders of the system from which its program reads how it is set up.
    #[serde(default)]
    pub(crate) set_up_in: Vec<PathBuf>,
    /// The rule of what it says without naming one.
    #[serde(default)]
    pub(crate) rule: Option<String>,
    /// Rules that say nothing where the project's dependencies are not installed, as in a throw-away checkout.
    #[serde(default)]
    pub(crate) needs_dependencies: Vec<String>,
    /// Untracked folders of the user's working tree with installed packages. Only for linters that run code anyway.
    #[serde(default)]
    pub(crate) links: Vec<String>,
}

/// Where a linter writes what it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Output {
    #[default]
    Stdout,
    Stderr,
}

/// Patterns of paths: one without a slash is meant in every folder.
#[derive(Clone, Debug)]
pub(crate) struct Patterns(GlobSet);

impl Linter {
    /// Reads one file.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut linter: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        name.clone_into(&mut linter.name);
        if linter.runs_code.is_empty() && (linter.local.is_some() || !linter.links.is_empty()) {
            return Err("`local` and `links` are for linters that run code".to_owned());
        }
        Ok(linter)
    }

    /// Whether it looks at a file of this path.
    pub fn looks_at(&self, path: &str) -> bool {
        self.files.0.is_match(path)
    }

    /// Whether it is given files; else it finds them itself.
    pub(crate) fn takes_files(&self) -> bool {
        self.arguments.iter().any(|word| word == "{files}")
    }

    /// The first of its configuration files that is there. `read` gives the text of a file of the repository.
    pub fn configured_by(&self, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Option<&str> {
        self.configuration.iter().map(|entry| entry.split_once('#').unwrap_or((entry, ""))).find_map(
            |(path, wanted)| {
                let text = read(path)?;
                String::from_utf8_lossy(&text).contains(wanted).then_some(path)
            },
        )
    }

    /// The paths of all files that may configure it.
    pub(crate) fn configuration_paths(&self) -> impl Iterator<Item = &str> {
        self.configuration.iter().map(|entry| entry.split('#').next().unwrap_or(entry))
    }
}

/// Whether a rule is one of these.
pub(crate) fn is_among(rule: Option<&str>, patterns: &[String]) -> bool {
    let Some(rule) = rule else { return false };
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => rule.starts_with(start),
        None => rule == pattern,
    })
}

fn version_argument() -> Vec<String> {
    vec!["--version".to_owned()]
}

fn zero() -> Vec<i32> {
    vec![0]
}

fn one() -> Vec<i32> {
    vec![1]
}

fn yes() -> bool {
    true
}

fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Format, D::Error> {
    let name = String::deserialize(deserializer)?;
    Format::named(&name).ok_or_else(|| D::Error::custom(format!("`{name}` is no format")))
}

fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patterns, D::Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in Vec::<String>::deserialize(deserializer)? {
        let whole = if pattern.contains('/') { pattern.clone() } else { format!("**/{pattern}") };
        let glob = GlobBuilder::new(&whole).literal_separator(true).build();
        set.add(glob.map_err(|error| D::Error::custom(format!("`{pattern}`: {error}")))?);
    }
    set.build().map(Patterns).map_err(D::Error::custom)
}
