//! What an adapter says about one agent CLI.
//!
//! In: the text of `agents/<name>.toml`. Out: an [`Adapter`] in which every pattern, place and placeholder is valid, or a
//! sentence that says what is wrong. Never looks at the machine.

use std::collections::BTreeMap;

use model::FailureClass;
use serde::Deserialize;

use super::call::check_placeholders;
use super::path::{Conditions, JsonPath, Pattern};

/// One agent CLI, described.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Its name: the file's, without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// The version this adapter was tried with, end to end; none where nobody did.
    #[serde(default)]
    pub verified: Option<String>,
    /// Whether it joins the panel when it is found, without being named.
    #[serde(default = "yes")]
    pub joins: bool,
    /// Where the program is and how its version is told.
    pub(crate) detect: Detect,
    /// Ways to be signed in, best first; the first that is there is used. None listed: it needs none.
    #[serde(default)]
    pub(crate) auth: Vec<Auth>,
    /// How it is called.
    pub(crate) run: Run,
    /// What keeps it from changing things and from being steered by the reviewed tree.
    pub(crate) isolation: Isolation,
    /// How its output is read.
    #[serde(default)]
    pub(crate) stream: Stream,
    /// How failures are told apart: the first case whose conditions all hold.
    #[serde(default)]
    pub(crate) failures: Vec<FailureCase>,
    /// What it needs in a sandbox.
    #[serde(default)]
    pub(crate) confined: Confined,
}

fn yes() -> bool {
    true
}

/// Where a program is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detect {
    /// Names to look for on the search path.
    pub(crate) programs: Vec<String>,
    /// The package that installs it, where its version alone would not tell it from another program.
    #[serde(default)]
    pub(crate) package: Option<String>,
    /// Native programs to prefer over a wrapper, relative to a `node_modules` folder near the package; `{os}` is
    /// `linux`, `darwin` or `win32`, `{cpu}` is `x64` or `arm64`.
    #[serde(default)]
    pub(crate) native: Vec<String>,
    /// What prints the version.
    #[serde(default = "version_words")]
    pub(crate) version_args: Vec<String>,
    /// The version in the first line printed; its first group.
    pub(crate) version: Pattern,
}

fn version_words() -> Vec<String> {
    vec!["--version".to_owned()]
}

/// One way to be signed in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Auth {
    /// For people: "a key in `ANTHROPIC_API_KEY`".
    pub(crate) name: String,
    /// Any of these variables is set.
    pub(crate) env: Vec<String>,
    /// Any of these files is there; `~/` and `$NAME/` are understood.
    pub(crate) file: Vec<String>,
    /// What the file must hold besides.
    pub(crate) contains: Option<Pattern>,
    /// On this system it cannot be seen whether it is there (a key chain): it is taken to be.
    pub(crate) unseen_on: Vec<String>,
    /// Variables passed on in this case.
    pub(crate) pass: Vec<String>,
    /// Variables set in this case.
    pub(crate) set: BTreeMap<String, String>,
    /// Arguments added before the others.
    pub(crate) args: Vec<Argument>,
    /// Files written into the private folder.
    pub(crate) files: BTreeMap<String, String>,
    /// Keys of the found TOML file that `{carried}` stands for: the user's choice of provider, and nothing else.
    pub(crate) carry: Vec<String>,
    /// A key somewhere in what is carried whose text is the name of a variable to pass on.
    pub(crate) pass_named: Option<String>,
    /// Whose models it asks in this case, where that is known: for list prices, and for whether a model exists.
    pub(crate) vendor: Option<Vendor>,
    /// What it needs in a sandbox in this case; none where nobody knows, and then it cannot be confined.
    pub(crate) confined: Option<ConfinedWay>,
}

/// What one way of being signed in needs in a sandbox. Where a key is sent by the proxy, it never enters.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConfinedWay {
    /// Hosts that it connects to by itself, `name` or `name:port`.
    pub(crate) hosts: Vec<String>,
    /// The server that the proxy asks in its place: how paths of it begin. `url_env` (or `vendor.url`) names another, and
    /// where that is all that names one, this is empty.
    pub(crate) upstream: Option<String>,
    /// The variable that names the server, where there is no vendor.
    pub(crate) url_env: Option<String>,
    /// The variables with the key, of which the first that is set is sent; without them those of the way.
    pub(crate) key_env: Vec<String>,
    /// How the key is sent, where there is no vendor.
    pub(crate) api: Option<config::Api>,
    /// Variables set besides; `{proxy}` stands for the address of the proxy.
    pub(crate) set: BTreeMap<String, String>,
    /// Arguments added besides.
    pub(crate) args: Vec<Argument>,
    /// The key of addresses in what is carried: each is asked by the proxy, with the key that `pass_named` names beside it.
    pub(crate) carried_urls: Option<String>,
    /// Where the found file is put in its home.
    pub(crate) at_home: Option<String>,
    /// Other files of the user's home that it finds in its own.
    pub(crate) files: Vec<String>,
    /// Variables that are not passed on.
    pub(crate) unset: Vec<String>,
}

/// What a program needs in a sandbox whatever way it is signed in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Confined {
    /// Arguments that try its own sandbox inside ours: with exit code 0 it works there.
    pub(crate) probe: Vec<String>,
    /// Words of its command line that are replaced where it does not: ours is then the only one.
    pub(crate) instead: BTreeMap<String, String>,
}

/// Whose models a program asks when it is signed in with a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vendor {
    /// What its server speaks.
    pub(crate) api: config::Api,
    /// The variable that holds the key.
    pub(crate) key: String,
    /// The variable that names another server. Where it is set, the vendor's prices do not hold.
    #[serde(default)]
    pub(crate) url: Option<String>,
    /// Names of models that the program itself understands; no server lists them.
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
}

/// How a program is called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// Its arguments. A group (a list) is left out where a placeholder in it has no value.
    pub(crate) args: Vec<Argument>,
    /// What it reads on its standard input.
    #[serde(default)]
    pub(crate) stdin: Feed,
    /// Where it starts.
    #[serde(default)]
    pub(crate) folder: Folder,
    /// The model to ask for where none is configured; without it the program chooses.
    #[serde(default)]
    pub(crate) model: Option<String>,
    /// Variables that are set.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, String>,
    /// Variables passed on where they are set, besides the harmless ones.
    #[serde(default)]
    pub(crate) pass: Vec<String>,
    /// Files written into the private folder.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// What asks it to end: `interrupt` where it then still reports its cost, else `terminate`.
    #[serde(default)]
    pub(crate) first_signal: FirstSignal,
}

/// One argument, or several that belong together.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Argument {
    /// One word.
    Word(String),
    /// Words that are left out together.
    Group(Vec<String>),
}

impl Argument {
    /// Its words.
    pub(crate) fn words(&self) -> &[String] {
        match self {
            Self::Word(word) => std::slice::from_ref(word),
            Self::Group(words) => words,
        }
    }
}

/// What a program reads on its standard input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Feed {
    /// The prompt.
    #[default]
    Prompt,
    /// One sentence that names the file with the prompt: for programs that rewrite what they are told.
    Pointer,
}

/// Where a program starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Folder {
    /// In the checkout.
    #[default]
    Worktree,
    /// In an empty folder of its own.
    Private,
}

/// The first rung when a program is ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FirstSignal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    #[default]
    Terminate,
}

/// What confines a program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Isolation {
    /// How it is kept from changing things, in one sentence for people.
    pub(crate) read_only: String,
    /// Paths whose presence switches our isolation off, with the reason.
    #[serde(default)]
    pub(crate) absent: Vec<Absent>,
    /// Its own sandbox needs user namespaces (Linux).
    #[serde(default)]
    pub(crate) user_namespaces: bool,
    /// Tools it may offer to its model; empty where it does not tell. Anything else ends the attempt.
    #[serde(default)]
    pub(crate) tools: Vec<String>,
}

/// A path that must not be there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Absent {
    pub(crate) path: String,
    pub(crate) because: String,
}

/// How output is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stream {
    #[serde(default)]
    pub(crate) format: Format,
    /// What proves that an answer is complete, besides the event that says so.
    #[serde(default)]
    pub(crate) proof: Proof,
    /// How a time to wait stands in failure messages, in seconds; the first group.
    #[serde(default)]
    pub(crate) retry_after: Vec<Pattern>,
    /// A JSON file that it leaves in its private folder: read at the end as one more event, `{"file": …}`.
    #[serde(default)]
    pub(crate) file: Option<String>,
    /// What events mean. Every rule that applies is obeyed, in order.
    #[serde(default)]
    pub(crate) rule: Vec<Rule>,
}

/// What a program writes to its standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// One JSON event a line.
    Events,
    /// The answer itself.
    #[default]
    Text,
}

/// What proves that an answer is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The program says so, and marks answers that were cut.
    Event,
    /// The program does not tell a cut answer from a whole one: only a whole JSON document or the end mark does.
    #[default]
    Answer,
}

/// What one kind of event means.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rule {
    /// All of these hold in the event.
    pub(crate) when: Conditions,
    /// None of these holds in the event.
    pub(crate) unless: Conditions,
    /// The rule applies to every element here; `of` and all places below are then relative to the element.
    pub(crate) each: Option<JsonPath>,
    /// All of these hold in the element.
    pub(crate) of: Conditions,

    /// What was said so far was not the answer.
    pub(crate) reset: bool,
    /// More of the answer.
    pub(crate) text: Option<JsonPath>,
    /// The answer; replaces what was collected.
    pub(crate) answer: Option<JsonPath>,
    /// The answer's last part; replaces what was collected unless that ends with it.
    pub(crate) last: Option<JsonPath>,
    /// The answer as a JSON value.
    pub(crate) structured: Option<JsonPath>,
    /// The model that answers.
    pub(crate) model: Option<JsonPath>,
    /// An object whose keys are the models that answered.
    pub(crate) models: Option<JsonPath>,
    /// A tool was called: its name.
    pub(crate) tool: Option<JsonPath>,
    /// A tool could not run because of the program's own sandbox.
    pub(crate) tool_blocked: bool,
    /// The tools its model is offered.
    pub(crate) offered: Option<JsonPath>,
    /// Tokens read and written: places whose numbers are added; a `-` before one subtracts.
    pub(crate) tokens_in: Vec<Term>,
    pub(crate) tokens_out: Vec<Term>,
    /// Of the tokens read, those from a cache, and those written to one.
    pub(crate) tokens_cached: Vec<Term>,
    pub(crate) tokens_cache_written: Vec<Term>,
    /// Cost in US dollars.
    pub(crate) usd: Option<JsonPath>,
    /// Tokens and cost of this event are a part, not the sum.
    pub(crate) add: bool,
    /// Tokens and cost of this event are those of one request to the model, told as it was made: they count towards budgets
    /// until the sum is told, or, with `add`, are its parts. The place names the request; told twice, it counts once.
    pub(crate) request: Option<JsonPath>,
    /// The answer is complete.
    pub(crate) complete: bool,
    /// The attempt has failed.
    pub(crate) failed: bool,
    /// The program is about to try again.
    pub(crate) retry: bool,
    /// The program's own names of a failure.
    pub(crate) code: Vec<JsonPath>,
    /// What it says about a failure; the first that is there.
    pub(crate) message: Vec<JsonPath>,
    /// What it is doing, for people who watch.
    pub(crate) doing: Option<JsonPath>,
}

/// A place whose numbers count, or count against.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) path: JsonPath,
    pub(crate) minus: bool,
}

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (minus, path) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
        let path = serde::de::value::StrDeserializer::<D::Error>::new(path);
        Ok(Self { path: JsonPath::deserialize(path)?, minus })
    }
}

/// One kind of failure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailureCase {
    /// What it is.
    pub(crate) class: FailureClass,
    /// The program exits with one of these.
    #[serde(default)]
    pub(crate) exit: Vec<i32>,
    /// An event carries one of these codes.
    #[serde(default)]
    pub(crate) code: Vec<String>,
    /// The failure's message, or the end of standard error, matches.
    #[serde(default)]
    pub(crate) text: Option<Pattern>,
}

impl Adapter {
    /// Reads one. The error says what is wrong and where.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut adapter: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        name.clone_into(&mut adapter.name);
        adapter.check()?;
        Ok(adapter)
    }

    /// Whether it makes user namespaces for a sandbox of its own.
    pub(crate) fn nests(&self) -> bool {
        self.isolation.user_namespaces
    }

    fn check(&self) -> Result<(), String> {
        if self.detect.programs.is_empty() {
            return Err("`detect.programs` names no program".to_owned());
        }
        if self.stream.format == Format::Events && self.stream.rule.is_empty() {
            return Err("`stream.rule` is empty: nothing would be read from its events".to_owned());
        }
        for case in &self.failures {
            if case.exit.is_empty() && case.code.is_empty() && case.text.is_none() {
                return Err(format!("a failure case `{}` has no condition", case.class.as_str()));
            }
        }
        for texts in self.texts() {
            check_placeholders(texts)?;
        }
        let files = self.run.files.keys().chain(self.auth.iter().flat_map(|auth| auth.files.keys()));
        for name in files.chain(&self.stream.file) {
            let inside = std::path::Path::new(name)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
            if !inside {
                return Err(format!("`{name}` is no path inside the private folder"));
            }
        }
        Ok(())
    }

    /// Every text in which placeholders are filled.
    fn texts(&self) -> impl Iterator<Item = &String> {
        let arguments = self.auth.iter().flat_map(|auth| &auth.args).chain(&self.run.args);
        let sets = self.auth.iter().flat_map(|auth| auth.set.values()).chain(self.run.set.values());
        let files = self.auth.iter().flat_map(|auth| auth.files.values()).chain(self.run.files.values());
        arguments.flat_map(Argument::words).chain(sets).chain(files)
    }

    /// How it is kept from changing things, in one sentence.
    pub fn read_only(&self) -> &str {
        &self.isolation.read_only
    }
}
