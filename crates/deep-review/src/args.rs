//! The command line as types.
//!
//! In: words. Out: [`Cli`], or clap's message. Never acts.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const ABOUT: &str = "Puts a branch before a panel of independent reviewers and hands back one report whose claims were \
checked against git.";

const AFTER_HELP: &str = "Examples:
  deep-review                          review this branch against its base
  deep-review --worktree               review what is not committed yet
  deep-review main..topic              review a range
  deep-review --reviewer builtin       no model, no key, no network
  deep-review resume                   go on with a run that was interrupted
  deep-review show I1                  one finding of the last run, with its evidence
  deep-review decline I2 -m 'by design'
                                       keep a finding out of later rounds
  deep-review consolidate claude=a.md codex=b.md -C .
                                       merge reviews you already have

Without a command word, `run` is meant. A target named like a command needs it: `deep-review run log`.
Exit codes: 0 passed, 1 findings at or above --fail-on, 2 usage, 3 incomplete, 4 environment, 5 deadline,
6 refused, 7 differs, 130/143 interrupted.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "deep-review", version, about = ABOUT, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Work on the repository in DIR (a worktree, a folder inside one, or a bare repository)
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// Print one JSON document on stdout and nothing else there
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// A configuration file that you trust; it may name commands to run
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Colour: auto, always or never (`NO_COLOR` is respected)
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(crate) color: ColorWhen,
    /// Print long results without a pager
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
    /// Say less on stderr
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Review a change (the default)
    Run(RunArgs),
    /// Review a change and fail on important findings: `run --fail-on important`
    Ci(RunArgs),
    /// Read one review text in any style and print its raw findings
    Read(ReadArgs),
    /// Merge existing reviews into one report
    Consolidate(ConsolidateArgs),
    /// Load published reports (Markdown) as runs of their series
    Import(ImportArgs),
    /// Print a report, or one finding of it
    Show(ShowArgs),
    /// List runs, newest first
    Log(LogArgs),
    /// Open a run's HTML page in the browser
    Open(OpenArgs),
    /// Write a run's report in another form
    Report(ReportArgs),
    /// Go on with a run that was interrupted, without asking finished reviewers again
    Resume(ResumeArgs),
    /// Tell what is open for this branch and what is missing before it can be merged
    Status(StatusArgs),
    /// Decide against a finding; later rounds do not list it again unless its code changes
    Decline(DeclineArgs),
    /// Take a decision about a finding back
    Reopen(ReopenArgs),
    /// Accept the risk of a finding until a day
    AcceptRisk(AcceptRiskArgs),
    /// Write down what was done about the findings of a run, as far as the code shows it
    Resolve(ResolveArgs),
    /// List what people decided; share it through git notes
    Decisions(DecisionsArgs),
    /// Compare the reports of two runs: which findings came, went and stayed
    Diff(DiffArgs),
    /// Make a stored report again from its raw material and compare
    Verify(VerifyArgs),
    /// Make a stored report again under other settings and show the difference
    Replay(ReplayArgs),
    /// Run the script with which a reviewer shows a finding, confined, with and without the change
    Repro(ReproArgs),
    /// Disposable machines: make, start, use, stop and remove them
    Machine(MachineArgs),
    /// Remove old runs, and what runs that died have left
    Gc(GcArgs),
    /// Check what this machine can do, with the command that mends what is missing
    Doctor,
    /// List the reviewers that a run would ask; try one, add one, print a prompt
    Reviewers(ReviewersArgs),
    /// List all rules: which run, and how often each was right; run the cases of your own structural rules
    Rules(RulesArgs),
    /// Show configuration and where each value comes from
    Config(ConfigArgs),
    /// Print the JSON Schema of a document
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page (roff), or that of one command
    Man(ManArgs),
    /// Supervises one program; started by `run`, not by people
    #[command(name = "__keeper", hide = true)]
    Keeper(KeeperArgs),
    /// Looks after one machine; started by `machine start`, not by people
    #[command(name = "__machine-agent", hide = true)]
    MachineAgent {
        /// The machine's folder
        folder: PathBuf,
    },
    /// Runs one job in a machine of its own; started by `repro --sandbox machine`, not by people
    #[command(name = "__machine-job", hide = true)]
    MachineJob {
        /// The folder of the kernel, or `-`
        guest: PathBuf,
        /// The job
        file: PathBuf,
    },
    /// Hands one job to the machine of a run and waits for it; started by `run --sandbox machine`, not by people
    #[command(name = "__machine-hand", hide = true)]
    MachineHand {
        /// The machine's folder
        folder: PathBuf,
        /// The job
        file: PathBuf,
    },
    /// Writes the generated part of the documentation
    #[command(name = "__reference", hide = true)]
    Reference {
        /// Where to write
        folder: PathBuf,
    },
}

/// Arguments of `machine`.
#[derive(Debug, Args)]
pub(crate) struct MachineArgs {
    #[command(subcommand)]
    pub(crate) what: MachineCommand,
}

/// What to do with machines.
#[derive(Debug, Subcommand)]
pub(crate) enum MachineCommand {
    /// Make a machine; it is off
    Create(MachineCreateArgs),
    /// Start a machine. One that runs is adopted; one whose template was changed is restarted
    Start(MachineNames),
    /// Stop a machine: in peace, then by force, with everything it started
    Stop(MachineNames),
    /// Stop a machine and start it again
    Restart(MachineNames),
    /// Remove a machine. Its record stays until it is confirmed gone
    Delete(MachineDeleteArgs),
    /// List machines as they are now
    List,
    /// Tell everything about a machine: what it should be, what it is, what went wrong
    Show {
        /// The machine
        name: String,
    },
    /// Run a command in a machine; exits with the command's code (124: it took too long, 125: it could not be run)
    Exec(MachineExecArgs),
    /// A shell in a machine; without a terminal, it runs the lines it reads
    Shell {
        /// The machine
        name: String,
    },
    /// Print what happened to a machine
    Logs {
        /// The machine
        name: String,
        /// What to print
        #[arg(long, value_name = "WHAT", default_value = "events")]
        of: MachineLog,
    },
}

/// Whose log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MachineLog {
    /// Every step and every failure, as JSON lines
    Events,
    /// The machine's console
    Console,
    /// Its agent
    Agent,
}

/// How a machine is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MachineDriver {
    /// QEMU itself: boots in seconds, sees this system's programs, has no network
    Qemu,
    /// Lima, through `limactl`
    Lima,
}

/// Arguments of `machine create`.
#[derive(Debug, Args)]
pub(crate) struct MachineCreateArgs {
    /// Its name: a-z, 0-9 and `-`
    pub(crate) name: String,
    /// What makes it
    #[arg(long, value_name = "DRIVER", default_value = "qemu")]
    pub(crate) driver: MachineDriver,
    /// Processors
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) cpus: u32,
    /// Memory in MiB (1024; with Lima 2048)
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(128..=1_048_576))]
    pub(crate) memory: Option<u32>,
    /// A folder it may read, at INSIDE; repeat for more. Without one: this repository's working tree, at `/checkout`
    #[arg(long, value_name = "FOLDER[=INSIDE]")]
    pub(crate) share: Vec<String>,
    /// Share nothing
    #[arg(long, conflicts_with = "share")]
    pub(crate) no_share: bool,
    /// Lima's template: a file, or a name as `template:default`
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) lima: Option<String>,
    /// A folder with an unpacked kernel package and a static busybox, for QEMU (`DEEP_REVIEW_GUEST`)
    #[arg(long, value_name = "FOLDER")]
    pub(crate) guest: Option<PathBuf>,
    /// How long it may take until it is ready (`2m`)
    #[arg(long, value_name = "TIME")]
    pub(crate) ready_within: Option<String>,
    /// How long it may take to go down by itself (`20s`)
    #[arg(long, value_name = "TIME")]
    pub(crate) grace: Option<String>,
    /// Change the template of a machine that exists. One that runs is restarted
    #[arg(long)]
    pub(crate) change: bool,
    /// Start it as well
    #[arg(long)]
    pub(crate) start: bool,
    #[command(flatten)]
    pub(crate) patience: MachinePatience,
}

/// How long to stay at it.
#[derive(Debug, Args)]
pub(crate) struct MachinePatience {
    /// Wait until the machine takes commands
    #[arg(long)]
    pub(crate) wait: bool,
    /// Give up waiting after this long; what is under way goes on with the next command
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub(crate) timeout: String,
}

/// Some machines.
#[derive(Debug, Args)]
pub(crate) struct MachineNames {
    /// The machines
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub(crate) names: Vec<String>,
    /// All there are, at the same time
    #[arg(long, conflicts_with = "names")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) patience: MachinePatience,
}

/// Arguments of `machine delete`.
#[derive(Debug, Args)]
pub(crate) struct MachineDeleteArgs {
    #[command(flatten)]
    pub(crate) which: MachineNames,
    /// Forget a machine that cannot be removed, and print the command that removes it by hand
    #[arg(long)]
    pub(crate) abandon: bool,
}

/// Arguments of `machine exec`.
#[derive(Debug, Args)]
pub(crate) struct MachineExecArgs {
    /// The machine
    pub(crate) name: String,
    /// The longest time
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub(crate) timeout: String,
    /// The most output, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    pub(crate) output: u64,
    /// The folder inside; without it the first share, else `/`
    #[arg(long, value_name = "FOLDER")]
    pub(crate) workdir: Option<String>,
    /// A variable for the command; repeat for more
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) env: Vec<String>,
    /// Hand our standard input on, read to its end first
    #[arg(long)]
    pub(crate) stdin: bool,
    /// A host that the command may reach, through a proxy (`HTTPS_PROXY`); repeat for more. Without one it reaches nothing (QEMU)
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) host: Vec<String>,
    /// With `/work`, `/tmp` and the home empty, and gone afterwards (QEMU)
    #[arg(long)]
    pub(crate) fresh: bool,
    /// The command
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<String>,
}

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    pub(crate) what: Option<RulesCommand>,
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// One line a rule: its id, language, where it comes from, how often it was right (the default)
    List,
    /// Run the cases of the rules in a folder: code under `valid:` must not be found, code under `invalid:` must be
    Test {
        /// The folder; without it the one of the configuration (`builtin.rules`), in the working tree
        #[arg(value_name = "FOLDER", conflicts_with = "shipped")]
        folder: Option<PathBuf>,
        /// Run the cases of the shipped rules instead
        #[arg(long)]
        shipped: bool,
    },
}

/// Arguments of `run` and `ci`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RunArgs {
    /// What to review: a branch, `A..B`, `A...B`, a commit, or a pull request that was fetched (`123`, `#123`, its
    /// address). Without it: this branch against its base; on the base branch itself what is not committed, else the
    /// last commit
    #[arg(value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// Review what is staged
    #[arg(long, conflicts_with_all = ["target", "worktree"])]
    pub(crate) staged: bool,
    /// Review what is not committed, untracked files included
    #[arg(long, conflicts_with = "target")]
    pub(crate) worktree: bool,
    /// Compare against REV instead of the default branch
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,
    /// Ask who found something important a second time, for what it missed
    #[arg(long)]
    pub(crate) thorough: bool,
    /// Ask only this reviewer; repeat for more. `builtin` needs no model, key or network. A model, and an effort after
    /// it, replace those configured (a model's name with a colon needs one more at its end: `local:qwen3:8b:`)
    /// A linter by its name, or a file that is read as one: `sarif:FILE`, `checkstyle:FILE`, `auto:FILE`…
    #[arg(long, value_name = "NAME[:MODEL[:EFFORT]] | FORMAT:FILE")]
    pub(crate) reviewer: Vec<String>,
    /// Leave the built-in reviewers out
    #[arg(long)]
    pub(crate) no_builtin: bool,
    /// Reviews needed for a verdict
    #[arg(long, value_name = "N")]
    pub(crate) quorum: Option<u32>,
    /// Reviewers at work at the same time
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<u32>,
    /// Stop waiting after this long and consolidate what has arrived (`15m`, `90s`)
    #[arg(long, value_name = "TIME")]
    pub(crate) deadline: Option<String>,
    /// Exit with 1 when an open finding that is not contested is at least this severe
    #[arg(long, value_name = "LEVEL")]
    pub(crate) fail_on: Option<FailOn>,
    /// How far the change is trusted, only stricter than the rule finds: mine, repository (known people), stranger
    #[arg(long, value_name = "LEVEL")]
    pub(crate) trust: Option<TrustLevel>,
    /// Whether reviewers and linters run in a sandbox: auto (where there is one), require (or exit 6), machine (in a virtual
    /// machine, or exit 6), off
    #[arg(long, value_name = "WHEN")]
    pub(crate) sandbox: Option<SandboxWhen>,
    /// Also write report.json, report.md, report.html and report.sarif into DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Progress on stderr: auto (live on a terminal), plain (a line an event), json (NDJSON) or none
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) progress: ProgressHow,
    /// Whether scripts with which reviewers show their findings are run, confined, with and without the change: never, ask (left to
    /// `deep-review repro`) or auto
    #[arg(long, value_name = "WHEN")]
    pub(crate) repro: Option<ReproWhen>,
    /// Also run the project's tests, confined, with the change, without it, and with proposed fixes; COMMAND, or `verify.tests` of your
    /// configuration
    #[arg(long, value_name = "COMMAND", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub(crate) run_tests: Option<String>,
    /// Also try N small mutations of changed lines under the tests: what these do not notice is a gap
    #[arg(long, value_name = "N")]
    pub(crate) probe_tests: Option<u32>,
    /// Print the plan, the prompts and an estimate; ask nobody
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Review the same change once more without asking: on a terminal `run` asks first, elsewhere it says so and goes on
    #[arg(long)]
    pub(crate) again: bool,
    /// In a later round: give the whole change to reviewers, and not only what is new, what uses it and what is open
    #[arg(long)]
    pub(crate) full: bool,
}

/// Arguments of `man`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ManArgs {
    /// The command
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}

/// Arguments of `reviewers`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ReviewersArgs {
    #[command(subcommand)]
    pub(crate) what: Option<ReviewersCommand>,
}

/// What to do about reviewers.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ReviewersCommand {
    /// List them (the default)
    List,
    /// List all rules, as `deep-review rules` does
    Rules,
    /// Ask an agent one small question: is it installed, signed in, reachable, does text arrive unaltered; start a linter
    Test {
        /// Reviewers, agents or linters; without one every agent that a run would ask
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Write a reviewer into your configuration: an agent, or any command
    Add {
        /// Its name
        name: String,
        /// The agent, where its name is another
        #[arg(long, value_name = "AGENT")]
        agent: Option<String>,
        /// The model to ask for
        #[arg(long, value_name = "MODEL")]
        model: Option<String>,
        /// The effort to ask for
        #[arg(long, value_name = "EFFORT")]
        effort: Option<String>,
        /// The command and its arguments, with placeholders such as `{prompt_file}`
        #[arg(last = true, value_name = "COMMAND")]
        command: Vec<String>,
    },
    /// What people did with each reviewer's findings, and what each alone found
    Stats {
        /// Print it as a page with plots instead
        #[arg(short, long, value_name = "FORMAT")]
        format: Option<StatsFormat>,
    },
    /// Print the prompt template a reviewer gets, to be copied to `prompts/NAME.md` beside your configuration
    Prompt {
        /// The reviewer
        #[arg(default_value = "review")]
        name: String,
    },
    /// Print an agent's adapter, to be copied to `agents/NAME.toml` beside your configuration
    Adapter {
        /// The agent
        name: String,
    },
}

/// A form of `reviewers stats`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatsFormat {
    /// One page for the browser, with plots
    Html,
}

/// From which severity on `run` exits with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Never,
    Critical,
    Important,
    Suggestion,
}

impl FailOn {
    /// The lowest severity that fails; `None` for never.
    pub(crate) fn severity(self) -> Option<model::Severity> {
        match self {
            Self::Never => None,
            Self::Critical => Some(model::Severity::Critical),
            Self::Important => Some(model::Severity::Important),
            Self::Suggestion => Some(model::Severity::Suggestion),
        }
    }
}

/// Whether a sandbox is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxWhen {
    Auto,
    Require,
    Machine,
    Off,
}

impl SandboxWhen {
    /// As the setting `verify.sandbox` spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Require => "require",
            Self::Machine => "machine",
            Self::Off => "off",
        }
    }
}

/// How far a change is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TrustLevel {
    Mine,
    Repository,
    Stranger,
}

impl From<TrustLevel> for model::Trust {
    fn from(level: TrustLevel) -> Self {
        match level {
            TrustLevel::Mine => Self::Mine,
            TrustLevel::Repository => Self::Repository,
            TrustLevel::Stranger => Self::Stranger,
        }
    }
}

/// Whether scripts of reviewers are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReproWhen {
    Never,
    Ask,
    Auto,
}

impl ReproWhen {
    /// The word of the configuration.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Ask => "ask",
            Self::Auto => "auto",
        }
    }
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressHow {
    #[default]
    Auto,
    Plain,
    Json,
    None,
}

/// Arguments of `read`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReadArgs {
    /// The review; `-` for standard input
    pub(crate) file: PathBuf,
}

/// Arguments of `consolidate`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConsolidateArgs {
    /// Reviews as NAME=FILE, in the order they shall be listed
    #[arg(value_name = "NAME=FILE", required = true)]
    pub(crate) reviews: Vec<OsString>,
    /// The reviewed commit; needs -C
    #[arg(long, value_name = "REV", requires = "base")]
    pub(crate) head: Option<String>,
    /// What it is compared against; needs -C
    #[arg(long, value_name = "REV")]
    pub(crate) base: Option<String>,
    /// Print the report in this form instead of the summary
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Exit with 1 when a finding that is not contested is at least this severe
    #[arg(long, value_name = "LEVEL")]
    pub(crate) fail_on: Option<FailOn>,
    /// Also write report.json, report.md, report.html and report.sarif into DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// Arguments of `import`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ImportArgs {
    /// Reports, or folders of them (`*.md`)
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
}

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Markdown, as people paste and archive it
    Md,
    /// One page for the browser
    Html,
    /// The whole value
    Json,
    /// SARIF 2.1.0 for code scanning
    Sarif,
    /// JUnit XML: one case a changed file, one a reviewer
    Junit,
    /// GitLab code quality
    Gitlab,
    /// reviewdog's RDJSON
    Rdjson,
    /// The payload of one pull-request review on GitHub; posts nothing
    GithubReview,
    /// The Markdown of one pull-request comment that later rounds replace; posts nothing
    GithubSummary,
}

/// Arguments of `show`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ShowArgs {
    /// A run (id, unique part of one, or `last`) and/or the id of a finding, such as `I1`
    #[arg(value_name = "RUN|ID", num_args = 0..=2)]
    pub(crate) what: Vec<String>,
    /// Tell why a finding was merged, rated and placed as it is
    #[arg(long)]
    pub(crate) why: bool,
    /// Print the report in this form
    #[arg(long, value_name = "FORMAT", conflicts_with = "why")]
    pub(crate) format: Option<Format>,
}

/// Arguments of `log`.
#[derive(Clone, Debug, Args)]
pub(crate) struct LogArgs {
    /// At most this many runs
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Only runs of the branch that is checked out, also under names it had and as its pull request
    #[arg(long)]
    pub(crate) series: bool,
}

/// Arguments of `open`.
#[derive(Clone, Debug, Args)]
pub(crate) struct OpenArgs {
    /// A run (id, unique part of one); the last one without it
    pub(crate) run: Option<String>,
    /// Print the page's path instead of opening it
    #[arg(long)]
    pub(crate) print: bool,
}

/// Arguments of `report`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    /// A run (id, unique part of one); the last one without it
    pub(crate) run: Option<String>,
    /// The form; without it Markdown, or JSON with `--json`
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}

/// Arguments of `repro`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReproArgs {
    /// The id of a finding, such as `I1`
    #[arg(value_name = "ID")]
    pub(crate) finding: String,
    /// The run it belongs to (id, unique part of one); the last one without it
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// Run it without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// The longest time of one of its two runs (`5m`, `90s`)
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub(crate) timeout: String,
    /// What confines it: auto (the sandbox of this system), or a machine of its own, which boots for each run
    #[arg(long, value_name = "BY", default_value = "auto")]
    pub(crate) sandbox: ReproSandbox,
}

/// What confines a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReproSandbox {
    Auto,
    Machine,
}

/// Arguments of `resume`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ResumeArgs {
    /// A run (id, unique part of one); without it the last one that was interrupted
    pub(crate) run: Option<String>,
    /// Ask nobody: report what has arrived
    #[arg(long)]
    pub(crate) as_it_is: bool,
    /// Another deadline than the run had, from now on (`15m`, `90s`)
    #[arg(long, value_name = "TIME")]
    pub(crate) deadline: Option<String>,
    /// Exit with 1 when an open finding that is not contested is at least this severe
    #[arg(long, value_name = "LEVEL")]
    pub(crate) fail_on: Option<FailOn>,
    /// Also write report.json, report.md, report.html and report.sarif into DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Progress on stderr: auto (live on a terminal), plain (a line an event), json (NDJSON) or none
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) progress: ProgressHow,
}

/// Arguments of `status`.
#[derive(Clone, Debug, Args)]
pub(crate) struct StatusArgs {
    /// A run (id, unique part of one); the last one of this branch without it
    pub(crate) run: Option<String>,
}

/// Arguments of `decline`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DeclineArgs {
    /// The finding: `I1` of the last run of this branch, or `RUN:I1`
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Why
    #[arg(short, long, value_name = "WHY")]
    pub(crate) message: String,
}

/// Arguments of `reopen`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReopenArgs {
    /// The finding: `I1` of the last run of this branch, or `RUN:I1`
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Why
    #[arg(short, long, value_name = "WHY")]
    pub(crate) message: Option<String>,
}

/// Arguments of `accept-risk`.
#[derive(Clone, Debug, Args)]
pub(crate) struct AcceptRiskArgs {
    /// The finding: `I1` of the last run of this branch, or `RUN:I1`
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The last day it is accepted (`2026-12-31`)
    #[arg(long, value_name = "DATE")]
    pub(crate) until: String,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: String,
    /// Why
    #[arg(short, long, value_name = "WHY")]
    pub(crate) message: Option<String>,
}

/// Arguments of `resolve`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ResolveArgs {
    /// A run (id, unique part of one); the last one of this branch without it
    pub(crate) run: Option<String>,
    /// Decide one finding: `I1=fixed`, `S2=skipped:why`. Actions: fixed, test-written, documentation-updated,
    /// commented, skipped, auto-resolved, n/a, declined
    #[arg(long = "set", value_name = "ID=ACTION[:WHY]")]
    pub(crate) set: Vec<String>,
    /// Take every row that the code shows
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Arguments of `decisions`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DecisionsArgs {
    #[command(subcommand)]
    pub(crate) what: Option<DecisionsCommand>,
}

/// What to do with decisions.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DecisionsCommand {
    /// List the last word on each finding (the default)
    List,
    /// Write them into git notes, beside those that stand there
    Export {
        /// The reference
        #[arg(long = "ref", value_name = "REF", default_value = "refs/notes/deep-review")]
        reference: String,
    },
    /// Take decisions of others in from git notes
    Import {
        /// The reference
        #[arg(long = "ref", value_name = "REF", default_value = "refs/notes/deep-review")]
        reference: String,
    },
}

/// Arguments of `diff`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DiffArgs {
    /// The earlier run (id, unique part of one); without any, the last two rounds of this branch
    #[arg(value_name = "RUN1", requires = "to")]
    pub(crate) from: Option<String>,
    /// The later run
    #[arg(value_name = "RUN2")]
    pub(crate) to: Option<String>,
}

/// Arguments of `verify`.
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A run (id, unique part of one); the last one without it
    pub(crate) run: Option<String>,
}

/// Arguments of `replay`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A run (id, unique part of one); the last one without it
    pub(crate) run: Option<String>,
}

/// Arguments of `gc`.
#[derive(Clone, Debug, Args)]
pub(crate) struct GcArgs {
    /// Keep at least this many of the newest runs
    #[arg(long, value_name = "N")]
    pub(crate) keep: Option<usize>,
    /// Remove only runs older than this (`30d`, `12h`)
    #[arg(long, value_name = "AGE")]
    pub(crate) older_than: Option<String>,
    /// Only tell what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Arguments of `config`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) action: ConfigAction,
}

/// What to do with the configuration.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Print the effective configuration
    Show,
    /// Print one value
    Get {
        /// Such as `review.quorum`
        key: String,
    },
    /// Print one value and where it comes from
    Explain {
        /// Such as `review.quorum`
        key: String,
    },
    /// Print the files that are looked at
    Path,
}

/// Arguments of `schema`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which document
    pub(crate) document: Document,
}

/// Documents with a JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Document {
    /// What reviewers are asked for
    Review,
    /// What `read --json` prints
    RawFindings,
    /// What `run --json` prints
    Report,
    /// The configuration file
    Config,
}

/// Arguments of `completions`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    pub(crate) shell: clap_complete::Shell,
}

/// Arguments of the keeper, passed on as they are.
#[derive(Clone, Debug, Args)]
pub(crate) struct KeeperArgs {
    /// Passed on
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) words: Vec<OsString>,
}

/// Options before the command word that take a value.
const GLOBAL_WITH_VALUE: &[&str] = &["-C", "--config", "--color"];
/// Options before the command word that take none.
const GLOBAL_WITHOUT_VALUE: &[&str] = &["--json", "-q", "--quiet"];

/// Puts the word `run` in where no command is named, so that `deep-review topic` means `deep-review run topic`.
pub(crate) fn with_default_command(words: Vec<OsString>, commands: &[String]) -> Vec<OsString> {
    let mut at = 1;
    while let Some(word) = words.get(at).and_then(|word| word.to_str()) {
        if GLOBAL_WITH_VALUE.contains(&word) {
            at += 2;
        } else if GLOBAL_WITHOUT_VALUE.contains(&word)
            || GLOBAL_WITH_VALUE
                .iter()
                .any(|option| option.len() > 2 && word.starts_with(&format!("{option}=")))
            || (word.starts_with("-C") && word.len() > 2)
        {
            at += 1;
        } else if commands.iter().any(|command| command == word)
            || ["-h", "--help", "-V", "--version"].contains(&word)
        {
            return words;
        } else {
            break;
        }
    }
    let mut with = words;
    with.insert(at.min(with.len()), OsString::from("run"));
    with
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn filled(line: &str) -> String {
        let commands = vec!["run".to_owned(), "log".to_owned()];
        let with = with_default_command(words(line), &commands);
        with.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn clap_finds_no_contradiction_in_the_definition() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_is_meant_where_no_command_is_named() {
        assert_eq!(filled("deep-review"), "deep-review run");
        assert_eq!(filled("deep-review topic"), "deep-review run topic");
        assert_eq!(filled("deep-review --reviewer builtin"), "deep-review run --reviewer builtin");
        assert_eq!(filled("deep-review -C dir --json A..B"), "deep-review -C dir --json run A..B");
        assert_eq!(filled("deep-review -C log"), "deep-review -C log run");
    }

    #[test]
    fn a_named_command_stays() {
        for line in
            ["deep-review log", "deep-review -C d log -n 3", "deep-review --help", "deep-review run log"]
        {
            assert_eq!(filled(line), line);
        }
    }
}
