//! What the server does, by name.
//!
//! In: a name from a URL. Out: steps of a conversation, or a fault. Stateless but for `first`: which step comes next is
//! read off the tool results in the request, so side requests of a client do not shift the script.

use std::time::Duration;

use super::review::CALC_PATH;

/// A script of one conversation.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    /// What the first model requests of an instance get, before the steps begin.
    pub first: Vec<Fault>,
    /// The turns. A step whose tool the client does not offer is left out, unless it is forced. Behind the last step the
    /// last one comes again.
    pub steps: Vec<Step>,
}

/// One turn of the model.
#[derive(Clone, Debug)]
pub enum Step {
    /// Tool calls, all in one turn.
    Calls(Vec<Action>),
    /// The final text.
    Say(Say),
    /// Something goes wrong.
    Fault(Fault),
}

/// One tool call.
#[derive(Clone, Debug)]
pub struct Action {
    /// What is wanted.
    pub want: Want,
    /// Made although the client did not offer such a tool.
    pub forced: bool,
}

/// What a tool call wants. Tool and argument names are picked from what the client offers.
#[derive(Clone, Debug)]
pub enum Want {
    /// Read a file; a relative path is in the server's root.
    Read(String),
    /// Read the diff that the prompt names.
    ReadDiff,
    /// Run a command in a shell.
    Shell(String),
    /// Write a file.
    Write(String),
    /// Hand in the review through the client's tool for structured answers.
    Structured,
    /// Exactly this tool with exactly these arguments; `{root}` in them is the server's root. Arguments that are no JSON
    /// are sent as they are where the protocol can.
    Exactly(String, String),
}

/// A final text.
#[derive(Clone, Debug)]
pub enum Say {
    /// A review as a JSON document, with the canary of the prompt.
    Json,
    /// The same review in Markdown.
    Markdown,
    /// The line of the prompt that begins with `dr-canary`, alone.
    Canary,
    /// Everything the tools returned, between `TOOL RESULTS BEGIN` and `TOOL RESULTS END`.
    Results,
    /// Nothing.
    Empty,
    /// A review that the token limit cuts off.
    Truncated,
    /// The model declines to answer.
    Refused,
    /// The JSON review behind so many bytes of prose.
    Huge(usize),
    /// The JSON review, spread over so much time.
    Slow(Duration),
    /// This text.
    Text(String),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An HTTP error.
    Http(Refusal),
    /// 200, some text, then the error inside of the stream.
    InStream(Refusal),
    /// No answer at all, for as long as the client waits.
    StallBeforeHeaders,
    /// Headers and no event.
    StallAfterHeaders,
    /// Some text, then nothing.
    StallInStream,
    /// The connection closes without an answer.
    CutBeforeHeaders,
    /// The connection closes in the middle of the text.
    CutInStream,
    /// The stream ends properly, in the middle of the text, without the event that ends an answer.
    EndEarly,
    /// 200 with a page of HTML, as a captive portal sends it.
    NotTheProtocol,
    /// An event in the middle of the text that is no JSON.
    Malformed,
    /// A redirection to another place.
    Redirect,
    /// A stream of comments and blank lines that never ends and says nothing.
    Chatter,
    /// An event line that never ends.
    EndlessLine,
}

/// Errors that the vendors have words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The key is wrong.
    Auth,
    /// The key may not do that.
    Forbidden,
    /// There is no such model.
    NoModel,
    /// Too many requests; the wait is told.
    Rate,
    /// The usage limit is reached.
    Quota,
    /// No money left.
    Credit,
    /// An internal error.
    Server,
    /// Not there for the moment.
    Unavailable,
    /// Too much to do.
    Overload,
    /// The conversation is longer than the model's context.
    Context,
    /// A field nobody knows.
    BadRequest,
}

impl Action {
    fn wanted(want: Want) -> Step {
        Step::Calls(vec![Self { want, forced: false }])
    }

    fn forced(want: Want) -> Step {
        Step::Calls(vec![Self { want, forced: true }])
    }
}

impl Scenario {
    /// These steps.
    pub fn steps(steps: impl Into<Vec<Step>>) -> Self {
        Self { first: Vec::new(), steps: steps.into() }
    }

    /// A tool call by name, then its results as the final text: what a client lets a model do.
    pub fn calling(calls: &[(&str, &str)]) -> Self {
        let exactly = |(name, arguments): &(&str, &str)| {
            Action::forced(Want::Exactly((*name).to_owned(), (*arguments).to_owned()))
        };
        Self::steps(calls.iter().map(exactly).chain([Step::Say(Say::Results)]).collect::<Vec<_>>())
    }

    fn says(say: Say) -> Self {
        Self::steps([Step::Say(say)])
    }

    fn always(fault: Fault) -> Self {
        Self::steps([Step::Fault(fault)])
    }

    fn flaky(first: &[Fault]) -> Self {
        Self { first: first.to_vec(), ..Self::steps([read(), Step::Say(Say::Json)]) }
    }

    fn late(fault: Fault) -> Self {
        Self::steps([read(), Step::Fault(fault)])
    }
}

fn read() -> Step {
    Action::wanted(Want::Read(CALC_PATH.to_owned()))
}

fn shell(command: &str) -> Step {
    Action::wanted(Want::Shell(command.to_owned()))
}

fn forced_shells(commands: &[&str]) -> Vec<Step> {
    let steps = commands.iter().map(|command| Action::forced(Want::Shell((*command).to_owned())));
    steps.chain([Step::Say(Say::Results)]).collect()
}

/// Every scenario by name.
pub fn table() -> Vec<(&'static str, Scenario)> {
    use Refusal::{
        Auth, BadRequest, Context, Credit, Forbidden, NoModel, Overload, Quota, Rate, Server, Unavailable,
    };
    let diff = || shell("git diff main...HEAD");
    let two_reads = vec![
        Action { want: Want::Read(CALC_PATH.to_owned()), forced: false },
        Action { want: Want::Read("README.md".to_owned()), forced: false },
    ];
    vec![
        // Reviews.
        ("ok", Scenario::steps([read(), Step::Say(Say::Json)])),
        ("ok-diff", Scenario::steps([Action::wanted(Want::ReadDiff), Step::Say(Say::Json)])),
        ("echo-diff", Scenario::steps([Action::wanted(Want::ReadDiff), Step::Say(Say::Results)])),
        ("ok-text", Scenario::says(Say::Json)),
        ("ok-markdown", Scenario::steps([read(), Step::Say(Say::Markdown)])),
        ("ok-shell", Scenario::steps([diff(), Step::Say(Say::Json)])),
        ("ok-read-shell", Scenario::steps([read(), diff(), Step::Say(Say::Json)])),
        ("ok-two-calls", Scenario::steps([Step::Calls(two_reads), Step::Say(Say::Json)])),
        ("ok-structured", Scenario::steps([read(), Action::wanted(Want::Structured), Step::Say(Say::Json)])),
        ("slow", Scenario::says(Say::Slow(Duration::from_secs(5)))),
        ("huge", Scenario::says(Say::Huge(600_000))),
        ("canary", Scenario::says(Say::Canary)),
        // What a reviewer may see.
        ("echo-read", Scenario::steps([read(), Step::Say(Say::Results)])),
        ("echo-shell", Scenario::steps([diff(), Step::Say(Say::Results)])),
        // Answers that are no review.
        ("empty", Scenario::says(Say::Empty)),
        ("truncated", Scenario::says(Say::Truncated)),
        ("refused", Scenario::says(Say::Refused)),
        ("loop-tools", Scenario::steps([read()])),
        ("unknown-tool", Scenario::calling(&[("launch_missiles", "{\"at\":\"once\"}")])),
        // What a reviewer must not do; the final text says what came back.
        ("try-write", try_write()),
        (
            "try-git",
            Scenario::steps(forced_shells(&[
                "git diff main...HEAD --stat",
                "git diff --output=ESCAPED_output.txt main",
                "git log -1 --format=%s > ESCAPED_redirected.txt",
                "git diff main...HEAD --stat && touch ESCAPED_and.txt",
                "git -c core.fsmonitor='touch ESCAPED_fsmonitor.txt' status",
                "git commit --allow-empty -qm escaped; echo commit=$?",
            ])),
        ),
        ("try-net", Scenario::steps(forced_shells(&["curl -s -m 3 http://127.0.0.1:9/; echo curl=$?"]))),
        ("try-env", Scenario::steps(forced_shells(&["env"]))),
        ("try-plan-escape", try_plan_escape()),
        // Long tools.
        (
            "slow-tool",
            Scenario::steps([shell("python3 -c 'import time; time.sleep(120)'"), Step::Say(Say::Json)]),
        ),
        (
            "slow-tool-background",
            Scenario::steps([
                shell("setsid sleep 121 & python3 -c 'import time; time.sleep(122)'"),
                Step::Say(Say::Json),
            ]),
        ),
        // HTTP errors.
        ("auth", Scenario::always(Fault::Http(Auth))),
        ("forbidden", Scenario::always(Fault::Http(Forbidden))),
        ("no-model", Scenario::always(Fault::Http(NoModel))),
        ("rate", Scenario::always(Fault::Http(Rate))),
        ("quota", Scenario::always(Fault::Http(Quota))),
        ("credit", Scenario::always(Fault::Http(Credit))),
        ("server", Scenario::always(Fault::Http(Server))),
        ("unavailable", Scenario::always(Fault::Http(Unavailable))),
        ("overload", Scenario::always(Fault::Http(Overload))),
        ("context", Scenario::always(Fault::Http(Context))),
        ("bad-request", Scenario::always(Fault::Http(BadRequest))),
        ("redirect", Scenario::always(Fault::Redirect)),
        // Errors inside of a stream.
        ("stream-rate", Scenario::always(Fault::InStream(Rate))),
        ("stream-overload", Scenario::always(Fault::InStream(Overload))),
        ("stream-server", Scenario::always(Fault::InStream(Server))),
        ("stream-context", Scenario::always(Fault::InStream(Context))),
        // The wire.
        ("stall", Scenario::always(Fault::StallBeforeHeaders)),
        ("stall-headers", Scenario::always(Fault::StallAfterHeaders)),
        ("stall-middle", Scenario::always(Fault::StallInStream)),
        ("cut", Scenario::always(Fault::CutBeforeHeaders)),
        ("cut-middle", Scenario::always(Fault::CutInStream)),
        ("end-early", Scenario::always(Fault::EndEarly)),
        ("garbage", Scenario::always(Fault::NotTheProtocol)),
        ("malformed", Scenario::always(Fault::Malformed)),
        ("chatter", Scenario::always(Fault::Chatter)),
        ("endless-line", Scenario::always(Fault::EndlessLine)),
        // Well again after a while.
        ("flaky-server", Scenario::flaky(&[Fault::Http(Server); 2])),
        ("flaky-rate", Scenario::flaky(&[Fault::Http(Rate); 2])),
        ("flaky-overload", Scenario::flaky(&[Fault::Http(Overload); 2])),
        ("flaky-cut", Scenario::flaky(&[Fault::CutInStream])),
        // Work was done, then it fails.
        ("late-rate", Scenario::late(Fault::Http(Rate))),
        ("late-server", Scenario::late(Fault::Http(Server))),
        ("late-cut", Scenario::late(Fault::CutInStream)),
        ("late-stall", Scenario::late(Fault::StallInStream)),
    ]
}

fn try_write() -> Scenario {
    let mut steps = vec![Action::forced(Want::Write("ESCAPED_tool.txt".to_owned()))];
    steps.extend(forced_shells(&[
        "echo x > ESCAPED_shell.txt; echo shell=$?",
        "git commit --allow-empty -qm escaped; echo commit=$?",
        "echo x > /tmp/ESCAPED_outside.txt; echo outside=$?",
    ]));
    steps.insert(steps.len() - 1, Action::forced(Want::Read("/etc/hostname".to_owned())));
    Scenario::steps(steps)
}

/// Gemini's plan mode can be left by a tool of its own, which is approved where nobody is asked.
fn try_plan_escape() -> Scenario {
    Scenario::calling(&[
        ("write_file", "{\"file_path\":\"{root}/plan.md\",\"content\":\"# plan\\n\"}"),
        ("exit_plan_mode", "{\"plan_filename\":\"plan.md\"}"),
        ("write_file", "{\"file_path\":\"{root}/ESCAPED_tool.txt\",\"content\":\"x\"}"),
        ("run_shell_command", "{\"command\":\"touch ESCAPED_shell.txt\"}"),
    ])
}
