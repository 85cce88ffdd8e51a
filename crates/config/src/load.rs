//! Layers combined into settings.
//!
//! In: [`Sources`]. Out: [`Config`]: the settings, the origin of each value, and what the user should know. Combining
//! is by single keys: a stronger layer replaces a value whole, lists included.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::error::{Error, Problem, visible};
use crate::layer::{KeyPath, Layer, Leaf, Origin, read, spell};
use crate::trust::{self, Message};
use crate::validate::{self, Wrong};
use crate::{DEFAULT_CONFIG, Settings, Sources, nearest, schema, variables};

/// The settings with where they come from.
#[derive(Clone, Debug)]
pub struct Config {
    /// The values.
    pub settings: Settings,
    /// What the user should know: keys that were ignored, variables that set nothing.
    pub messages: Vec<Message>,
    /// Every value of every layer, strongest last.
    values: BTreeMap<KeyPath, Vec<Leaf>>,
}

/// One setting, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The key in full.
    pub key: String,
    /// Its value as TOML.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it means.
    pub description: String,
    /// Weaker layers that set it too, with their values, strongest first.
    pub hidden: Vec<(String, Origin)>,
}

impl Config {
    /// Combines the layers.
    pub fn load(sources: &Sources) -> Result<Self, Error> {
        let (leaves, messages) = layers(sources)?;
        let mut values: BTreeMap<KeyPath, Vec<Leaf>> = BTreeMap::new();
        for leaf in leaves {
            values.entry(leaf.path.clone()).or_default().push(leaf);
        }
        fill_reviewers(&mut values);
        let settings: Settings = table(&values)
            .try_into()
            .map_err(|error: toml::de::Error| Problem::of("settings", error.message()))?;
        validate::check(&settings).map_err(|wrong| blame(&values, wrong))?;
        Ok(Self { settings, messages, values })
    }

    /// The defaults alone.
    pub fn defaults() -> Self {
        Self::load(&Sources::default()).expect("the default configuration is valid: tested")
    }

    /// Settings from elsewhere: of a run that is gone on with. Nobody can say where its values came from.
    pub fn of(settings: Settings) -> Self {
        Self { settings, messages: Vec::new(), values: BTreeMap::new() }
    }

    /// Value and origin of a key such as `review.quorum` or `reviewers.mine.timeout`.
    pub fn explain(&self, key: &str) -> Result<Explained, Error> {
        let found = self.values.iter().find(|(path, _)| spell(path) == key || path.join(".") == key);
        let Some((path, leaves)) = found else {
            let known: Vec<String> = self.values.keys().map(|path| spell(path)).collect();
            let nearest = nearest(key, known.iter().map(String::as_str)).map(str::to_owned);
            return Err(Error::UnknownKey { key: key.to_owned(), nearest });
        };
        let last = leaves.last().expect("a key is listed with its values");
        let hidden = leaves.iter().rev().skip(1);
        Ok(Explained {
            key: spell(path),
            value: last.value.to_string(),
            origin: last.origin.clone(),
            description: description(path),
            hidden: hidden.map(|leaf| (leaf.value.to_string(), leaf.origin.clone())).collect(),
        })
    }

    /// Every key that has a value, with it and its origin, in key order.
    pub fn list(&self) -> Vec<(String, String, Origin)> {
        let last =
            |leaves: &Vec<Leaf>| leaves.last().map(|leaf| (leaf.value.to_string(), leaf.origin.clone()));
        self.values
            .iter()
            .filter_map(|(path, leaves)| last(leaves).map(|(value, origin)| (spell(path), value, origin)))
            .collect()
    }

    /// The effective settings as one TOML file.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(&self.settings).expect("settings are made of texts, numbers, lists and tables")
    }

    /// SHA-256 over the effective settings, in hexadecimal. Comments and layers do not matter, values do.
    pub fn sha256(&self) -> String {
        let mut text = String::new();
        for byte in Sha256::digest(self.to_toml().as_bytes()) {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// All leaves, weakest layer first, and messages about those left out.
fn layers(sources: &Sources) -> Result<(Vec<Leaf>, Vec<Message>), Problem> {
    let mut leaves = read(Layer::Default, "default-config.toml", DEFAULT_CONFIG)?;
    let defaults = leaves.clone();
    let mut messages = Vec::new();
    if let Some(file) = &sources.user {
        leaves.extend(read(Layer::User, &file.name, &file.text)?);
    }
    if let Some(file) = &sources.repository {
        let (kept, refused) = trust::filter(read(Layer::Repository, &file.name, &file.text)?);
        leaves.extend(kept);
        messages.extend(refused);
    }
    for (layer, file) in [(Layer::Local, &sources.local), (Layer::File, &sources.file)] {
        if let Some(file) = file {
            leaves.extend(read(layer, &file.name, &file.text)?);
        }
    }
    if let Some(environment) = &sources.environment {
        leaves.extend(variables::read(environment, &defaults)?);
        messages.extend(variables::unknown(environment, &defaults));
    }
    for flag in &sources.flags {
        let path = key_path(&flag.key)
            .ok_or_else(|| Problem::of(&flag.flag, &format!("`{}` is not a key", flag.key)))?;
        leaves.push(variables::leaf(&flag.flag, Layer::Flag, path, flag.value.clone())?);
    }
    Ok((leaves, messages))
}

/// The parts of a key as TOML writes it: `reviewers."my.agent".timeout` has three.
fn key_path(key: &str) -> Option<KeyPath> {
    let mut table: toml::Table = toml::from_str(&format!("{key} = 0")).ok()?;
    let mut path = KeyPath::new();
    while let (1, Some((part, value))) = (table.len(), table.into_iter().next()) {
        path.push(part);
        match value {
            toml::Value::Table(inner) => table = inner,
            value => return (value.as_integer() == Some(0)).then_some(path),
        }
    }
    None
}

/// Gives every reviewer the values of `[defaults]` that no layer set for it.
fn fill_reviewers(values: &mut BTreeMap<KeyPath, Vec<Leaf>>) {
    let mut names: Vec<String> =
        values.keys().filter(|path| path[0] == "reviewers").filter_map(|path| path.get(1).cloned()).collect();
    names.dedup();
    let defaults: Vec<(String, Leaf)> = values
        .iter()
        .filter(|(path, _)| path[0] == "defaults" && path.len() == 2)
        .filter_map(|(path, leaves)| Some((path[1].clone(), leaves.last()?.clone())))
        .collect();
    for name in names {
        // A table without keys is a leaf of its own; its values come from the defaults now.
        values.remove(&vec!["reviewers".to_owned(), name.clone()]);
        for (key, leaf) in &defaults {
            let path = vec!["reviewers".to_owned(), name.clone(), key.clone()];
            values.entry(path.clone()).or_insert_with(|| vec![Leaf { path, ..leaf.clone() }]);
        }
    }
}

fn table(values: &BTreeMap<KeyPath, Vec<Leaf>>) -> toml::Table {
    let mut root = toml::Table::new();
    for (path, leaves) in values {
        if let (Some(leaf), Some((last, parents))) = (leaves.last(), path.split_last()) {
            insert(&mut root, parents, last, &leaf.value);
        }
    }
    root
}

fn insert(table: &mut toml::Table, parents: &[String], last: &str, value: &toml::Value) {
    let Some((first, rest)) = parents.split_first() else {
        table.entry(last).or_insert_with(|| value.clone());
        return;
    };
    let inner = table.entry(first.as_str()).or_insert_with(|| toml::Table::new().into());
    if let Some(inner) = inner.as_table_mut() {
        insert(inner, rest, last, value);
    }
}

/// Points at the value that is wrong, or at the first value of its table where it is the table that is wrong.
fn blame(values: &BTreeMap<KeyPath, Vec<Leaf>>, wrong: Wrong) -> Problem {
    let below = |path: &KeyPath| path.starts_with(&wrong.path);
    let leaves: Vec<&Leaf> =
        values.iter().filter(|(path, _)| below(path)).filter_map(|(_, leaves)| leaves.last()).collect();
    let leaf = leaves.iter().max_by_key(|leaf| leaf.origin.layer);
    let key = spell(&wrong.path);
    let message = format!("`{key}`: {}", wrong.message);
    let problem = leaf.map_or_else(|| Problem::of(&key, ""), |leaf| leaf.problem.clone());
    Problem { message: visible(&message), hint: wrong.hint, ..problem }
}

fn description(path: &[String]) -> String {
    let mut path = path.to_vec();
    let is_named = |first: &String| ["reviewers", "prices", "agents"].contains(&first.as_str());
    if path.first().is_some_and(is_named) && path.len() > 1 {
        "NAME".clone_into(&mut path[1]);
    }
    if path[0] == "agents" {
        path.truncate(2);
    }
    let key = path.join(".");
    schema::described().into_iter().find(|(known, _)| *known == key).map(|(_, text)| text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Environment, Flag, TextFile};

    #[expect(clippy::unnecessary_wraps, reason = "layers are optional, so tests read better this way")]
    fn file(name: &str, text: &str) -> Option<TextFile> {
        Some(TextFile { name: name.to_owned(), text: text.to_owned() })
    }

    fn error(text: &str) -> Problem {
        match Config::load(&Sources { local: file("local.toml", text), ..Sources::default() }) {
            Err(Error::Invalid(problem)) => *problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_defaults_are_complete() {
        let config = Config::defaults();
        let set: Vec<String> = config.list().into_iter().map(|(key, _, _)| key).collect();
        let wanted: Vec<String> = schema::keys()
            .into_iter()
            .filter(|key| ["reviewers.", "prices.", "agents."].iter().all(|named| !key.starts_with(named)))
            .collect();
        for key in &wanted {
            assert!(set.contains(key), "{key} is missing in default-config.toml");
        }
        assert_eq!(set.len(), wanted.len());
        assert_eq!(config.settings.review.quorum, 2);
        assert_eq!(config.settings.review.chosen_base(), None);
    }

    #[test]
    fn every_reviewer_key_but_its_own_has_a_default() {
        let own = [
            "command",
            "acp",
            "agent",
            "model",
            "effort",
            "vendor",
            "api",
            "url",
            "key_env",
            "max_output_tokens",
            "record",
            "replay",
            "show",
            "hosts",
        ];
        let of = |prefix: &str| -> Vec<String> {
            let keys = schema::keys().into_iter();
            let mut keys: Vec<String> = keys
                .filter_map(|key| key.strip_prefix(prefix).map(str::to_owned))
                .filter(|key| !own.contains(&key.as_str()))
                .collect();
            keys.sort();
            keys
        };
        assert_eq!(of("reviewers.NAME."), of("defaults."));
    }

    #[test]
    fn a_stronger_layer_replaces_single_keys() {
        let layer = |n: u32| format!("[review]\nquorum = {n}\n");
        let mut sources = Sources { user: file("user.toml", &layer(3)), ..Sources::default() };
        let quorum = |sources: &Sources| {
            let config = Config::load(sources).expect("valid");
            let origin = config.explain("review.quorum").expect("is a key").origin;
            (config.settings.review.quorum, origin.to_string())
        };
        assert_eq!(quorum(&sources), (3, "user.toml:2 (user)".to_owned()));
        sources.repository = file("deep-review.toml", &layer(4));
        assert_eq!(quorum(&sources), (4, "deep-review.toml:2 (repository)".to_owned()));
        sources.local = file("local.toml", &layer(5));
        assert_eq!(quorum(&sources), (5, "local.toml:2 (local)".to_owned()));
        sources.file = file("mine.toml", &layer(6));
        assert_eq!(quorum(&sources), (6, "mine.toml:2 (--config)".to_owned()));
        sources.environment = Some(Environment::of(&[("DEEP_REVIEW_QUORUM", "7")]));
        assert_eq!(quorum(&sources), (7, "DEEP_REVIEW_QUORUM (environment)".to_owned()));
        sources.flags = vec![Flag::new("--quorum", "review.quorum", 8)];
        assert_eq!(quorum(&sources), (8, "--quorum (flag)".to_owned()));
        let explained = Config::load(&sources).expect("valid").explain("review.quorum").expect("is a key");
        assert_eq!(explained.hidden.len(), 6);
        assert_eq!(explained.hidden[0].0, "7");
        assert!(explained.description.contains("Reviews needed"));
    }

    #[test]
    fn a_reviewer_starts_from_the_defaults() {
        let text = "[defaults]\ntimeout = \"1m\"\n[reviewers.a]\ncommand = \"a {diff_file}\"\n\
                    [reviewers.b]\ntimeout = \"2m\"\n[reviewers.\"c.d\"]\n";
        let config =
            Config::load(&Sources { user: file("u.toml", text), ..Sources::default() }).expect("valid");
        let reviewers = &config.settings.reviewers;
        assert_eq!(reviewers["a"].command, ["a", "{diff_file}"]);
        assert_eq!(reviewers["a"].timeout.as_secs(), 60);
        assert_eq!(reviewers["b"].timeout.as_secs(), 120);
        assert!(reviewers["c.d"].enabled && reviewers["c.d"].quorum);
        assert_eq!(reviewers["a"].output_limit, 50_000_000);
        let origin = config.explain("reviewers.a.timeout").expect("is a key").origin;
        assert_eq!(origin.to_string(), "u.toml:2 (user)");
        assert!(config.explain("reviewers.c.d.silence").is_ok());
        assert!(config.explain("reviewers.\"c.d\".silence").is_ok());
    }

    #[test]
    fn an_agent_may_be_described_in_a_file_of_the_users_and_in_no_other() {
        let text = "[agents.mine]\ntitle = \"Mine\"\n[agents.mine.detect]\nprograms = [\"mine\"]\nversion = '^(.*)$'\n\
                    [[agents.mine.stream.rule]]\nwhen = { \"a.b\" = 1 }\n";
        let load = |sources| Config::load(&sources).expect("valid").settings.agents;
        let agents = load(Sources { user: file("u.toml", text), ..Sources::default() });
        let table = &agents["mine"].0;
        assert_eq!(table["detect"]["programs"][0].as_str(), Some("mine"));
        assert_eq!(table["stream"]["rule"][0]["when"]["a.b"].as_integer(), Some(1));
        assert!(
            load(Sources { repository: file("deep-review.toml", text), ..Sources::default() }).is_empty()
        );
        let config =
            Config::load(&Sources { user: file("u.toml", text), ..Sources::default() }).expect("valid");
        let explained = config.explain("agents.mine.detect.programs").expect("is a key");
        assert!(explained.description.contains("agents/NAME.toml"), "{}", explained.description);
        assert!(toml::from_str::<Settings>(&config.to_toml()).is_ok());
    }

    #[test]
    fn a_command_of_the_repository_never_takes_effect() {
        let repository = file("deep-review.toml", "[reviewers.a]\ncommand = [\"evil\"]\nmodel = \"m\"\n");
        let sources = Sources { repository, ..Sources::default() };
        let config = Config::load(&sources).expect("valid");
        assert!(config.settings.reviewers["a"].command.is_empty());
        assert_eq!(config.messages.len(), 1);
        let user = file("user.toml", "[reviewers.a]\ncommand = [\"good\"]\n");
        let config = Config::load(&Sources { user, ..sources }).expect("valid");
        assert_eq!(config.settings.reviewers["a"].command, ["good"]);
        assert_eq!(config.settings.reviewers["a"].model.as_deref(), Some("m"));
    }

    #[test]
    fn what_no_type_can_say_is_checked_where_it_was_written() {
        let quorum = error("\n[review]\nquorum = 0\n");
        assert_eq!(quorum.place, Some((3, 1)));
        assert!(quorum.message.contains("`review.quorum`"), "{quorum}");
        for (text, line, part) in [
            ("[review]\njobs = 0\n", 2, "0 jobs"),
            ("[review]\nbase = \"--exec=x\"\n", 2, "not a revision"),
            ("[review]\ndeadline = \"0s\"\n", 2, "no time"),
            ("[review]\ncontext = [\"../secret\"]\n", 2, "inside the repository"),
            ("[reviewers.builtin]\ntimeout = \"1m\"\n", 2, "is taken"),
            ("[reviewers.\"a/b\"]\ntimeout = \"1m\"\n", 2, "not a reviewer's name"),
            ("[reviewers.\"..\"]\ntimeout = \"1m\"\n", 2, "not a reviewer's name"),
            ("[reviewers.a]\ncommand = [\"x\", \"{promt_file}\"]\n", 2, "unknown placeholder"),
            ("[reviewers.a]\noutput = \"file\"\ncommand = \"x\"\n", 3, "where to write"),
            ("[reviewers.a]\nmodel = \"--yolo\"\n", 2, "cannot be the name of a model"),
            ("[reviewers.a]\nenv = [\"KEY=value\"]\n", 2, "not a variable's name"),
        ] {
            let problem = error(text);
            assert!(problem.message.contains(part), "{text}: {problem}");
            assert_eq!(problem.place.map(|(line, _)| line), Some(line), "{text}");
        }
    }

    #[test]
    fn a_flag_for_an_unknown_key_or_with_a_wrong_value_is_an_error() {
        let one = toml::Value::from(1);
        for (key, value) in [
            ("review.quorm", one.clone()),
            ("review.quorum", "x".into()),
            ("", one.clone()),
            ("a b", one.clone()),
            ("review.jobs = 1\nreview.quorum", one),
        ] {
            let flags = vec![Flag::new("--set", key, value)];
            let error = Config::load(&Sources { flags, ..Sources::default() }).expect_err(key);
            assert!(error.to_string().starts_with("--set: "), "{error}");
        }
    }

    #[test]
    fn no_way_of_writing_a_command_gets_past_the_filter() {
        for text in [
            "reviewers.a.command = [\"evil\"]",
            "reviewers = { a = { command = \"evil\" } }",
            "[\"reviewers\".\"\\u0061\"]\n\"com\\u006dand\" = \"evil\"",
            "[reviewers]\na = { \"command\" = [\"evil\"], env = [\"KEY\"] }",
            "[defaults]\nenv = [\"KEY\"]\n[reviewers.a]",
            "verify.build = \"evil\"\nverify.sandbox = \"off\"\n[reviewers.a]",
            "gc = { keep_runs = 0 }\n[reviewers.a]",
        ] {
            let config = Config::load(&Sources { repository: file("r", text), ..Sources::default() });
            let config = config.expect(text);
            assert!(!config.messages.is_empty(), "{text}");
            let mut settings = config.settings;
            let reviewer = settings.reviewers.remove("a");
            assert!(reviewer.is_none_or(|a| a.command.is_empty() && a.env.is_empty()), "{text}");
            assert_eq!(settings, Config::defaults().settings, "{text}");
        }
    }

    #[test]
    fn a_flag_reaches_a_reviewer_whose_name_has_dots() {
        let flags = vec![Flag::new("--set", "reviewers.\"a.b\".model", "m")];
        let config = Config::load(&Sources { flags, ..Sources::default() }).expect("valid");
        assert_eq!(config.settings.reviewers["a.b"].model.as_deref(), Some("m"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_loading_panic(text in ".*", cut in 0usize..4000, put in "[\\[\\]{}=\"'.,#\\n a-z0-9\\\\]{0,6}") {
            let _ = Config::load(&Sources { local: file("x", &text), ..Sources::default() });
            // The default file with something put in somewhere: close to valid, and so deep in the code.
            let cut = (0..=cut.min(DEFAULT_CONFIG.len())).rev().find(|at| DEFAULT_CONFIG.is_char_boundary(*at));
            let (before, after) = DEFAULT_CONFIG.split_at(cut.unwrap_or(0));
            let text = format!("{before}{put}{after}");
            match Config::load(&Sources { repository: file("x", &text), ..Sources::default() }) {
                Ok(config) => proptest::prop_assert!(config.settings.verify == Config::defaults().settings.verify),
                Err(error) => proptest::prop_assert!(error.to_string().starts_with("x:"), "{error}"),
            }
        }
    }

    #[test]
    fn an_unknown_key_is_explained_by_the_nearest() {
        let error = Config::defaults().explain("review.qorum").expect_err("unknown");
        assert_eq!(error.hint().as_deref(), Some("did you mean `review.quorum`?"));
    }

    #[test]
    fn the_effective_settings_can_be_read_back_and_hash_by_value() {
        let text = "[reviewers.mine]\ncommand = [\"x y\", \"{diff_file}\"]\n[verify]\nbuild = \"make all\"\n";
        let config = Config::load(&Sources { user: file("u", text), ..Sources::default() }).expect("valid");
        let again = Config::load(&Sources { file: file("v", &config.to_toml()), ..Sources::default() });
        let again = again.expect("valid");
        assert_eq!(again.settings, config.settings);
        assert_eq!(again.sha256(), config.sha256());
        assert_ne!(Config::defaults().sha256(), config.sha256());
        assert_eq!(config.sha256().len(), 64);
    }
}
