//! The settings, combined: every value known.
//!
//! In: nothing. Out: [`Settings`]. The same types check each single layer, where every key may be missing; that is
//! what `serde(default)` is for. Real defaults stand in `default-config.toml` only.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use model::{CriticalPolicy, PreExistingPolicy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What is reviewed and how long it may take.
    pub review: ReviewSettings,
    /// What every `[reviewers.NAME]` starts from.
    pub defaults: ReviewerDefaults,
    /// How findings become a verdict.
    pub policy: PolicySettings,
    /// The reviewers inside `deep-review`.
    pub builtin: BuiltinSettings,
    /// The project's own linters.
    pub tools: ToolsSettings,
    /// Who writes the summary.
    pub editor: EditorSettings,
    /// Running the project's own code to verify claims.
    pub verify: VerifySettings,
    /// The terminal.
    pub ui: UiSettings,
    /// Removing old runs.
    pub gc: GcSettings,
    /// What reviewers may spend.
    pub budget: BudgetSettings,
    /// Prices of models, by the name in `model`; a `*` at the end stands for anything. They come before the known ones.
    /// Not read from a repository's file.
    pub prices: BTreeMap<String, PriceSettings>,
    /// Reviewers by name: letters, digits, `-`, `_` and `.`.
    pub reviewers: BTreeMap<String, ReviewerSettings>,
    /// Agent programs by name. Not read from a repository's file.
    pub agents: BTreeMap<String, InlineAgent>,
}

/// How an agent program is found, called and understood: what a file `agents/NAME.toml` beside the user's configuration holds,
/// written here. It replaces a known agent of that name as a whole. `deep-review reviewers adapter NAME` prints one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct InlineAgent(#[schemars(with = "serde_json::Map<String, serde_json::Value>")] pub toml::Table);

/// What is reviewed and how long it may take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewSettings {
    /// What a branch is compared with. `auto` is the default branch of the remote, found without network.
    pub base: String,
    /// Reviews needed for a verdict; fewer reviewers asked lower it to their number.
    pub quorum: u32,
    /// The whole run ends after this long, with what there is.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub deadline: Duration,
    /// Reviewers running at the same time.
    pub jobs: u32,
    /// Agents that are installed and signed in are asked without being configured.
    pub detect: bool,
    /// Reviewers of one vendor running at the same time.
    pub vendor_jobs: u32,
    /// Longest pause between the starts of two reviewers of one vendor, so that they do not all call it at once.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub start_jitter: Duration,
    /// Who found something important is asked a second time for what it missed.
    pub thorough: bool,
    /// A reviewer that is asked to refute blocking claims of other vendors; `off` for none.
    pub cross_examine: String,
    /// Files whose text reviewers get as background, read from the base commit; missing ones are left out.
    pub context: Vec<String>,
    /// Patterns of generated or mechanical files, which are reviewed lightly.
    pub trivial: Vec<String>,
}

impl ReviewSettings {
    /// The base somebody chose; `None` where it is to be found.
    pub fn chosen_base(&self) -> Option<&str> {
        (self.base != "auto").then_some(self.base.as_str())
    }
}

/// What a command reads on its standard input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stdin {
    /// Nothing.
    #[default]
    None,
    /// The prompt.
    Prompt,
}

/// Where a command's review is taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// Its standard output.
    #[default]
    Stdout,
    /// The file `{output_file}`.
    File,
}

/// How a review is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Parser {
    /// By what it looks like.
    #[default]
    Auto,
    /// As Markdown.
    Markdown,
    /// As JSON.
    Json,
}

/// What language a model's server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// `OpenAI` Chat Completions: also Ollama, llama.cpp, vLLM, LM Studio, `OpenRouter` and many more.
    Openai,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini `generateContent`.
    Gemini,
}

/// What every `[reviewers.NAME]` starts from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewerDefaults {
    /// What the command reads on its standard input.
    pub stdin: Stdin,
    /// Where its review is taken from.
    pub output: Output,
    /// How its review is read.
    pub parser: Parser,
    /// Wall limit of one attempt.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// No output for this long is a stall.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub silence: Duration,
    /// Counted towards the quorum.
    pub quorum: bool,
    /// Names of environment variables let through. Not read from a repository's file.
    pub env: Vec<String>,
    /// Asked at all.
    pub enabled: bool,
    /// More output than this ends the attempt.
    #[serde(with = "crate::bytes")]
    #[schemars(with = "String")]
    pub output_limit: u64,
    /// More memory than this, of all its processes together, ends the attempt. Never more than three quarters of the machine's.
    /// Looked at on Linux, refused by the system on Windows; on macOS it has no effect.
    #[serde(with = "crate::bytes")]
    #[schemars(with = "String")]
    pub memory_limit: u64,
    /// A model over HTTP: whether it may look at the repository through read-only tools.
    pub tools: bool,
    /// A model over HTTP: how often it may call tools in one conversation before it must answer.
    pub max_turns: u32,
    /// A model over HTTP: how many tokens its context holds. A change that does not fit is asked about in parts.
    pub context_tokens: u64,
    /// How often a reviewer is asked again after a failure that may pass: a broken connection, a busy vendor, a rate
    /// limit. Failures that do not pass (not logged in, no credit, a wrong setting) are never retried. 10 at most.
    pub retries: u32,
    /// The pause before the first retry; it doubles each time.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub retry_wait: Duration,
}

/// One reviewer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewerSettings {
    /// The program and its arguments, with placeholders `{prompt_file}`, `{diff_file}`, `{worktree}`,
    /// `{output_file}` and `{run_dir}`. Not read from a repository's file. Empty where none is known.
    #[serde(deserialize_with = "crate::words::deserialize")]
    #[schemars(with = "crate::words::Words")]
    pub command: Vec<String>,
    /// The agent to ask (`deep-review reviewers` lists them); without it the one of the reviewer's own name, where no
    /// command is given. Not read from a repository's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// An agent that speaks the Agent Client Protocol, instead of a command: the program and its arguments, with the same
    /// placeholders. It is asked over its standard input and output; reads of its checkout are allowed and nothing else. Not
    /// read from a repository's file. Empty where it does not.
    #[serde(deserialize_with = "crate::words::deserialize", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "crate::words::Words")]
    pub acp: Vec<String>,
    /// A model over HTTP instead of a command: what its server speaks. Not read from a repository's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Api>,
    /// Where that server is; without it, the vendor's own address. Never shown whole: it may hold a secret. Not read from
    /// a repository's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The environment variable that holds the key. Without it, the vendor's usual one where `url` is not set, and no key
    /// where it is. Not read from a repository's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// A model over HTTP: the most tokens of one answer, where its server's own limit will not do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// A model over HTTP: a folder for a copy of every exchange, without keys. Not read from a repository's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<PathBuf>,
    /// A model over HTTP: a folder with such copies that answer instead of the server. Not read from a repository's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<PathBuf>,
    /// What the command reads on its standard input.
    pub stdin: Stdin,
    /// Where its review is taken from.
    pub output: Output,
    /// How its review is read.
    pub parser: Parser,
    /// Wall limit of one attempt.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// No output for this long is a stall.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub silence: Duration,
    /// Counted towards the quorum.
    pub quorum: bool,
    /// Names of environment variables let through. Not read from a repository's file.
    pub env: Vec<String>,
    /// Asked at all.
    pub enabled: bool,
    /// The model to ask for, where the reviewer has a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The effort to ask for, where the reviewer has a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// More output than this ends the attempt.
    #[serde(with = "crate::bytes")]
    #[schemars(with = "String")]
    pub output_limit: u64,
    /// More memory than this, of all its processes together, ends the attempt. Never more than three quarters of the machine's.
    /// Looked at on Linux, refused by the system on Windows; on macOS it has no effect.
    #[serde(with = "crate::bytes")]
    #[schemars(with = "String")]
    pub memory_limit: u64,
    /// A model over HTTP: whether it may look at the repository through read-only tools.
    pub tools: bool,
    /// A model over HTTP: how often it may call tools in one conversation before it must answer.
    pub max_turns: u32,
    /// A model over HTTP: how many tokens its context holds. A change that does not fit is asked about in parts.
    pub context_tokens: u64,
    /// Who runs its model: reviewers with the same word here share `review.vendor_jobs` and `review.start_jitter`.
    /// Without it, reviewers of one agent or one server share, and a command shares with nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// How often it is asked again after a failure that may pass. 10 at most.
    pub retries: u32,
    /// The pause before the first retry; it doubles each time.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub retry_wait: Duration,
    /// In a sandbox: files and folders that it may read besides its checkout and its own program; `~/` is your home, where it
    /// then finds them in its own. Not read from a repository's file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub show: Vec<String>,
    /// In a sandbox: hosts that it may connect to, `name` or `name:port`; without a port 443. Those of a known agent's model are
    /// known. Not read from a repository's file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

impl ReviewerSettings {
    /// A reviewer that nobody configured.
    pub fn unconfigured(defaults: &ReviewerDefaults) -> Self {
        Self {
            stdin: defaults.stdin,
            output: defaults.output,
            parser: defaults.parser,
            timeout: defaults.timeout,
            silence: defaults.silence,
            quorum: defaults.quorum,
            env: defaults.env.clone(),
            enabled: defaults.enabled,
            output_limit: defaults.output_limit,
            memory_limit: defaults.memory_limit,
            tools: defaults.tools,
            max_turns: defaults.max_turns,
            context_tokens: defaults.context_tokens,
            retries: defaults.retries,
            retry_wait: defaults.retry_wait,
            ..Self::default()
        }
    }
}

/// What brings a declined finding back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reraise {
    /// Its lines were edited.
    Edited,
    /// More places call the code.
    Callers,
    /// Somebody ran it.
    Ran,
}

/// How findings become a verdict.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PolicySettings {
    /// What an open critical finding does.
    pub critical: CriticalPolicy,
    /// What becomes of findings about code older than the change.
    pub pre_existing: PreExistingPolicy,
    /// What brings a declined finding back.
    pub declined_reraise: Vec<Reraise>,
}

/// The reviewers inside `deep-review`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BuiltinSettings {
    /// Asked at all.
    pub enabled: bool,
    /// Rules to run, by name; `*` matches anything.
    pub enable: Vec<String>,
    /// Rules to leave out; wins over `enable`. `RULE@PATH: REASON` silences a rule for the files of that pattern only.
    pub disable: Vec<String>,
    /// The folder of the repository's own structural rules (YAML as ast-grep reads it); empty for none. They are read
    /// from the base of the change.
    pub rules: String,
}

/// The project's own linters as members of the panel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ToolsSettings {
    /// Linters that may be asked without `--reviewer`. A name: asked where the change has files for it, even where it runs code
    /// of the repository. `*`, or a name with `*` at its end: only those that the repository configures where the change begins
    /// and that run nothing of it, and only with `review.detect`. Not read from a repository's file.
    pub enable: Vec<String>,
    /// Linters that are not asked unless `--reviewer` names them; a `*` at the end stands for anything.
    pub disable: Vec<String>,
    /// Wall limit of one linter, both sides of the change together.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// Most findings one linter brings into a report; the others are counted.
    pub most: u32,
}

/// Who writes the summary.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EditorSettings {
    /// A reviewer that writes the executive summary in prose; `off` for none. What it writes is used only where every id,
    /// place, severity, attribution and number in it is that of the report.
    pub reviewer: String,
}

/// Whether a setting that names a reviewer names one.
pub fn is_on(name: &str) -> bool {
    !name.is_empty() && name != "off"
}

/// What reviewers may spend. Not read from a repository's file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetSettings {
    /// Each reviewer of a run.
    pub reviewer: BudgetLimits,
    /// All reviewers of a run together.
    pub run: BudgetLimits,
    /// All runs in this repository on one day (UTC).
    pub day: BudgetLimits,
}

/// The most that may be spent; what is not limited says `"none"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetLimits {
    /// Tokens read and written, cached ones included.
    #[serde(with = "crate::limit::count")]
    #[schemars(with = "crate::limit::Written")]
    pub tokens: Option<u64>,
    /// US dollars. Reviewers whose cost is unknown are not held by it, and the report says so.
    #[serde(with = "crate::limit::money")]
    #[schemars(with = "crate::limit::Written")]
    pub usd: Option<f64>,
    /// Requests to models.
    #[serde(with = "crate::limit::count")]
    #[schemars(with = "crate::limit::Written")]
    pub calls: Option<u64>,
    /// Time: of a reviewer and a run by the clock, of a day the time its reviewers took together.
    #[serde(with = "crate::limit::time")]
    #[schemars(with = "String")]
    pub time: Option<Duration>,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PriceSettings {
    /// Tokens read.
    pub input: f64,
    /// Tokens written.
    pub output: f64,
    /// Tokens read from a cache; as `input` where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    /// Tokens written to a cache; as `input` where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_written: Option<f64>,
}

/// Whether scripts of reviewers are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReproChoice {
    /// Never.
    Never,
    /// After asking.
    #[default]
    Ask,
    /// Without asking.
    Auto,
}

/// Whether a sandbox is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SandboxChoice {
    /// Where there is one.
    #[default]
    Auto,
    /// Nothing runs without one.
    Require,
    /// Nothing runs outside of a virtual machine, which is booted for the run.
    Machine,
    /// None.
    Off,
}

/// Running the project's own code to verify claims. Not read from a repository's file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VerifySettings {
    /// The command that builds the project; empty for none.
    #[serde(deserialize_with = "crate::words::deserialize")]
    #[schemars(with = "crate::words::Words")]
    pub build: Vec<String>,
    /// The command that runs its tests; empty for none.
    #[serde(deserialize_with = "crate::words::deserialize")]
    #[schemars(with = "crate::words::Words")]
    pub tests: Vec<String>,
    /// Whether a run also runs the tests: at the head of the change, where it begins, and with proposed fixes.
    pub run_tests: bool,
    /// How many small mutations of changed lines a run tries under the tests; 0 for none.
    pub probes: u32,
    /// Whether scripts of reviewers that show a defect are run.
    pub repro: ReproChoice,
    /// Wall limit of one run of a script, or of the tests.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// Whether reviewers and linters run in a sandbox. Scripts always do, and in a machine of their own where that is
    /// wanted here.
    pub sandbox: SandboxChoice,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The terminal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UiSettings {
    /// When colour is used.
    pub color: ColorChoice,
}

/// Removing old runs. Not read from a repository's file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GcSettings {
    /// Runs to keep in any case, newest first.
    pub keep_runs: u32,
    /// Younger runs are kept in any case.
    #[serde(with = "crate::duration")]
    #[schemars(with = "String")]
    pub older_than: Duration,
}
