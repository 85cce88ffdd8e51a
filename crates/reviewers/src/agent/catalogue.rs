//! Every adapter there is: the shipped ones, and the user's own over them.
//!
//! In: the folder of the user's adapters, if there is one. Out: adapters by name, and a sentence for each file that cannot
//! be used. A user's file of a shipped name replaces the shipped one as a whole. Nothing is read from a repository.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::adapter::Adapter;

/// Shipped adapters: name and text.
const SHIPPED: &[(&str, &str)] = &[
    ("aider", include_str!("../../agents/aider.toml")),
    ("amp", include_str!("../../agents/amp.toml")),
    ("claude", include_str!("../../agents/claude.toml")),
    ("codex", include_str!("../../agents/codex.toml")),
    ("copilot", include_str!("../../agents/copilot.toml")),
    ("cursor-agent", include_str!("../../agents/cursor-agent.toml")),
    ("gemini", include_str!("../../agents/gemini.toml")),
    ("goose", include_str!("../../agents/goose.toml")),
    ("opencode", include_str!("../../agents/opencode.toml")),
    ("qwen", include_str!("../../agents/qwen.toml")),
];

/// A larger file is no adapter.
const LARGEST: u64 = 1 << 20;

/// Adapters by name.
#[derive(Clone, Debug)]
pub struct Catalogue {
    adapters: BTreeMap<String, Arc<Adapter>>,
    /// What could not be used of the user's folder, and why.
    pub problems: Vec<String>,
}

impl Catalogue {
    /// The shipped adapters.
    pub fn shipped() -> Self {
        let read = |(name, text): &(&str, &str)| {
            let adapter = Adapter::parse(name, text).expect("shipped adapters are read by a test");
            ((*name).to_owned(), Arc::new(adapter))
        };
        Self { adapters: SHIPPED.iter().map(read).collect(), problems: Vec::new() }
    }

    /// The shipped adapters with the user's own, `<folder>/*.toml`.
    pub fn load(folder: Option<&Path>) -> Self {
        let mut all = Self::shipped();
        for (name, text) in folder.map(|folder| texts(folder, "toml", &mut all.problems)).unwrap_or_default()
        {
            match Adapter::parse(&name, &text) {
                Ok(adapter) => {
                    all.adapters.insert(name, Arc::new(adapter));
                }
                Err(why) => {
                    all.problems.push(format!("the agent file `{name}.toml` is not used: {}", why.trim()));
                }
            }
        }
        all
    }

    /// With agents that are described in the user's configuration: name and text. They come before files.
    #[must_use]
    pub fn with_inline<'a>(mut self, agents: impl IntoIterator<Item = (&'a String, String)>) -> Self {
        for (name, text) in agents {
            match Adapter::parse(name, &text) {
                Ok(adapter) => {
                    self.adapters.insert(name.clone(), Arc::new(adapter));
                }
                Err(why) => self.problems.push(format!("`agents.{name}` is not used: {}", why.trim())),
            }
        }
        self
    }

    /// One adapter.
    pub fn get(&self, name: &str) -> Option<&Arc<Adapter>> {
        self.adapters.get(name)
    }

    /// All of them by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Adapter>> {
        self.adapters.values()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.adapters.keys().map(String::as_str)
    }

    /// The text of a shipped adapter: where a user's own begins.
    pub fn shipped_text(name: &str) -> Option<&'static str> {
        SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
    }
}

/// The user's own prompts, `<folder>/*.md`, by name.
pub fn prompts(folder: Option<&Path>) -> (BTreeMap<String, String>, Vec<String>) {
    let mut problems = Vec::new();
    let texts = folder.map(|folder| texts(folder, "md", &mut problems)).unwrap_or_default();
    (texts, problems)
}

/// The files of a folder with an extension, by their names without it.
fn texts(folder: &Path, extension: &str, problems: &mut Vec<String>) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return texts };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.extension().is_none_or(|have| have != extension) {
            continue;
        }
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let small = path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= LARGEST);
        match std::fs::read_to_string(&path) {
            Ok(text) if small => {
                texts.insert(name.to_owned(), text);
            }
            Ok(_) => problems.push(format!("`{name}.{extension}` is too large and is not used")),
            Err(error) => problems.push(format!("`{name}.{extension}` could not be read: {error}")),
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_adapter_is_valid() {
        for (name, text) in SHIPPED {
            Adapter::parse(name, text).unwrap_or_else(|why| panic!("{name}: {why}"));
        }
    }

    #[test]
    fn a_users_file_replaces_a_shipped_one_and_a_broken_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let own = Catalogue::shipped_text("claude").unwrap().replace("Claude Code", "My Claude");
        std::fs::write(folder.path().join("claude.toml"), own).unwrap();
        std::fs::write(folder.path().join("broken.toml"), "title = 1").unwrap();
        let all = Catalogue::load(Some(folder.path()));
        assert_eq!(all.get("claude").unwrap().title, "My Claude");
        assert!(all.get("broken").is_none());
        assert!(all.problems[0].contains("broken.toml"), "{:?}", all.problems);
        assert!(all.get("codex").is_some());
    }

    #[test]
    fn an_agent_in_the_configuration_comes_before_a_file_and_a_broken_one_is_told() {
        let inline = |title: &str| {
            format!(
                "title = {title:?}\n[detect]\nprograms = [\"x\"]\nversion = '^(.*)$'\n[run]\nargs = []\n[isolation]\nread_only = \"no\"\n"
            )
        };
        let (claude, broken) = ("claude".to_owned(), "broken".to_owned());
        let agents = [(&claude, inline("Mine")), (&broken, "title = \"x\"".to_owned())];
        let all = Catalogue::shipped().with_inline(agents);
        assert_eq!(all.get("claude").unwrap().title, "Mine");
        assert!(all.get("broken").is_none());
        assert!(all.problems[0].contains("`agents.broken` is not used"), "{:?}", all.problems);
    }
}
