//! Models over HTTP against a server that answers, fails and misbehaves: every protocol, every way.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use config::{Api, BudgetLimits, BudgetSettings, Environment, PriceSettings, ReviewerSettings};
use git::{Repository, Snapshot, TargetRequest};
use model::{Ending, FailureClass, Spend, Tokens};
use reviewers::{Attempt, Briefing, Budget, Known, ModelRequest, ask_model, known};
use supervise::Cancel;
use test_kit::fake_model::{Say, Scenario, Step, TITLE, USAGE, calc_repository};
use test_kit::{FakeModel, FakeModelOptions, TestRepo};

const APIS: [Api; 3] = [Api::Openai, Api::Anthropic, Api::Gemini];

/// A repository, a server, and what a model is asked with.
struct Bench {
    repo: TestRepo,
    server: FakeModel,
    budget: Budget,
    prices: BTreeMap<String, PriceSettings>,
    change: fn(&mut ReviewerSettings),
    prior: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        Self::with(calc_repository(), &[])
    }

    fn with(repo: TestRepo, own: &[(&str, Scenario)]) -> Self {
        let own = own.iter().map(|(name, scenario)| ((*name).to_owned(), scenario.clone())).collect();
        let options = FakeModelOptions { root: repo.path(), own, ..FakeModelOptions::default() };
        let server = FakeModel::with(options).expect("a free port");
        Self {
            repo,
            server,
            budget: Budget::unlimited(),
            prices: BTreeMap::new(),
            change: |_| {},
            prior: Vec::new(),
        }
    }

    fn settings(&self, api: Api, scenario: &str) -> ReviewerSettings {
        let mut settings = ReviewerSettings {
            api: Some(api),
            url: Some(self.server.url(&format!("{scenario}~{api:?}"))),
            model: Some("fake-1".to_owned()),
            timeout: Duration::from_secs(20),
            silence: Duration::from_secs(5),
            quorum: true,
            output_limit: 50 << 20,
            tools: true,
            max_turns: 10,
            context_tokens: 100_000,
            ..ReviewerSettings::default()
        };
        (self.change)(&mut settings);
        settings
    }

    fn ask(&self, api: Api, scenario: &str) -> Attempt {
        self.ask_with(&self.settings(api, scenario), &Environment::of(&[]), &Cancel::new())
    }

    fn ask_with(&self, settings: &ReviewerSettings, environment: &Environment, cancel: &Cancel) -> Attempt {
        let repository = Repository::open(&self.repo.path()).expect("a repository");
        let request = TargetRequest { base: Some("main".to_owned()), ..TargetRequest::default() };
        let target = repository.resolve(&request).expect("a target");
        let snapshot = Snapshot::open(&repository, &target).expect("a snapshot");
        let request = ModelRequest {
            name: "model",
            settings,
            snapshot: &snapshot,
            prior: &self.prior,
            briefing: &Briefing::default(),
            environment,
            budget: &self.budget,
            prices: &self.prices,
        };
        ask_model(&request, cancel, &mut |_, _| {})
    }

    fn asked(&self, api: Api, scenario: &str) -> usize {
        self.server.asked(&format!("{scenario}~{api:?}")).len()
    }
}

fn answer(attempt: &Attempt) -> String {
    String::from_utf8_lossy(&attempt.answer).into_owned()
}

#[test]
fn a_review_with_tool_calls_comes_back_in_every_protocol() {
    let bench = Bench::new();
    for api in APIS {
        for scenario in ["ok", "ok-text", "ok-markdown", "ok-two-calls", "huge"] {
            let attempt = bench.ask(api, scenario);
            assert_eq!(attempt.ending, Ending::Finished, "{api:?} {scenario}: {attempt:?}");
            assert!(answer(&attempt).contains(TITLE), "{api:?} {scenario}");
            let canary = attempt.canary.clone().expect("a canary");
            let escaped = canary.replace('"', "\\\"");
            assert!(
                answer(&attempt).contains(&canary) || answer(&attempt).contains(&escaped),
                "{api:?} {scenario}"
            );
            let calls = bench.asked(api, scenario) as u64;
            assert_eq!(calls, if scenario == "ok-text" || scenario == "huge" { 1 } else { 2 });
            let cache_written = if api == Api::Anthropic { USAGE.cache_written + USAGE.cached } else { 0 };
            let tokens =
                Tokens { input: calls * (USAGE.input + cache_written), output: calls * USAGE.output };
            assert_eq!(attempt.tokens, Some(tokens), "{api:?} {scenario}");
            assert_eq!(attempt.usd, None, "a price that nobody knows is not zero");
            assert_eq!(
                (attempt.receipt.files_shown, attempt.receipt.lines_shown),
                (1, 5),
                "{api:?} {scenario}"
            );
            assert_eq!((&attempt.failure, &attempt.error), (&None, &None));
        }
    }
}

#[test]
fn what_a_tool_returns_reaches_the_model() {
    let bench = Bench::new();
    for api in APIS {
        let attempt = bench.ask(api, "echo-read");
        assert!(answer(&attempt).contains("total = sum(values)"), "{api:?}: {}", answer(&attempt));
        assert!(attempt.notes.iter().any(|note| note == "tools called: read_file 1"), "{:?}", attempt.notes);
    }
}

#[test]
fn every_failure_has_its_class_and_ending() {
    let bench = Bench { change: |settings| settings.silence = Duration::from_millis(700), ..Bench::new() };
    let cases = [
        ("auth", FailureClass::Auth, Ending::UnableToReview),
        ("forbidden", FailureClass::Auth, Ending::UnableToReview),
        ("no-model", FailureClass::Configuration, Ending::UnableToReview),
        ("bad-request", FailureClass::Configuration, Ending::UnableToReview),
        ("redirect", FailureClass::Configuration, Ending::UnableToReview),
        ("garbage", FailureClass::Configuration, Ending::UnableToReview),
        ("rate", FailureClass::RateLimit, Ending::UnableToReview),
        ("quota", FailureClass::Quota, Ending::UnableToReview),
        ("credit", FailureClass::Quota, Ending::UnableToReview),
        ("server", FailureClass::Transient, Ending::Failed),
        ("overload", FailureClass::Overload, Ending::Failed),
        ("context", FailureClass::ContextTooLong, Ending::UnableToReview),
        ("stream-rate", FailureClass::RateLimit, Ending::UnableToReview),
        ("stream-overload", FailureClass::Overload, Ending::Failed),
        ("stream-server", FailureClass::Transient, Ending::Failed),
        ("stream-context", FailureClass::ContextTooLong, Ending::UnableToReview),
        ("cut", FailureClass::Transient, Ending::Failed),
        ("cut-middle", FailureClass::Transient, Ending::Failed),
        ("end-early", FailureClass::Transient, Ending::Failed),
        ("malformed", FailureClass::Transient, Ending::Failed),
        ("endless-line", FailureClass::Transient, Ending::Failed),
        ("empty", FailureClass::Incomplete, Ending::Empty),
        ("truncated", FailureClass::Incomplete, Ending::Truncated),
        ("refused", FailureClass::Incomplete, Ending::UnableToReview),
        ("loop-tools", FailureClass::Incomplete, Ending::Truncated),
        ("late-rate", FailureClass::RateLimit, Ending::UnableToReview),
        ("late-server", FailureClass::Transient, Ending::Failed),
        ("late-cut", FailureClass::Transient, Ending::Failed),
    ];
    for api in APIS {
        for (scenario, class, ending) in cases {
            let attempt = bench.ask(api, scenario);
            let failure =
                attempt.failure.clone().unwrap_or_else(|| panic!("{api:?} {scenario}: {attempt:?}"));
            assert_eq!((failure.class, attempt.ending), (class, ending), "{api:?} {scenario}: {failure:?}");
            let error = attempt.error.clone().expect("a sentence");
            assert!(!error.contains("/s/") && error.len() < 500, "{error}");
        }
        for scenario in ["stall", "stall-headers", "stall-middle", "late-stall"] {
            let attempt = bench.ask(api, scenario);
            assert_eq!((attempt.ending, &attempt.failure), (Ending::Stalled, &None), "{api:?} {scenario}");
        }
        assert_eq!(bench.ask(api, "rate").failure.expect("a failure").retry_after_ms, Some(1000), "{api:?}");
    }
}

#[test]
fn what_was_said_before_a_failure_is_kept() {
    let bench = Bench { change: |settings| settings.silence = Duration::from_millis(500), ..Bench::new() };
    for api in APIS {
        for scenario in
            ["cut-middle", "end-early", "malformed", "stream-overload", "stall-middle", "truncated"]
        {
            let attempt = bench.ask(api, scenario);
            assert!(
                answer(&attempt).contains("The change rewrites"),
                "{api:?} {scenario}: {:?}",
                answer(&attempt)
            );
        }
    }
}

#[test]
fn a_tool_loop_is_ended_and_the_last_turn_may_not_call() {
    let bench = Bench { change: |settings| settings.max_turns = 3, ..Bench::new() };
    for api in APIS {
        bench.ask(api, "loop-tools");
        let asked = bench.server.asked(&format!("loop-tools~{api:?}"));
        assert_eq!(asked.len(), 4);
        let last = asked.last().expect("asked").body.to_string();
        assert!(last.contains("give your answer now"), "{api:?}");
        assert!(
            ["\"tool_choice\":\"none\"", "{\"type\":\"none\"}", "\"mode\":\"NONE\""]
                .iter()
                .any(|way| last.contains(way)),
            "{api:?}"
        );
    }
}

#[test]
fn hostile_tool_calls_show_nothing_and_do_nothing() {
    let hostile = Scenario::calling(&[
        ("read_file", r#"{"path":"../secret.txt"}"#),
        ("read_file", r#"{"path":"{root}/../secret.txt"}"#),
        ("read_file", r#"{"path":".git/config"}"#),
        ("log", r#"{"path":"--output=ESCAPED"}"#),
        ("search", r#"{"text":"--open-files-in-pager=touch ESCAPED"}"#),
        ("run_shell", r#"{"command":"touch ESCAPED"}"#),
        ("blame", "this is no JSON"),
        ("diff", "[]"),
    ]);
    let bench = Bench::with(calc_repository(), &[("hostile", hostile)]);
    std::fs::write(bench.repo.scratch().join("secret.txt"), "outside the repository").expect("a secret");
    for api in APIS {
        let attempt = bench.ask(api, "hostile");
        assert_eq!(attempt.ending, Ending::Finished, "{attempt:?}");
        let text = answer(&attempt);
        assert!(
            text.contains("no such tool")
                && !text.contains("outside the repository")
                && !text.contains("[core]"),
            "{text}"
        );
    }
    assert_eq!(bench.repo.git(&["status", "--porcelain", "--ignored"]), "");
}

#[test]
fn somebody_who_asks_to_end_waits_less_than_a_second() {
    let bench = Bench::new();
    for scenario in ["stall", "stall-headers", "stall-middle", "chatter"] {
        let cancel = Cancel::new();
        let (stop, settings) = (cancel.clone(), bench.settings(Api::Anthropic, scenario));
        let asked = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            stop.cancel();
            Instant::now()
        });
        let attempt = bench.ask_with(&settings, &Environment::of(&[]), &cancel);
        let waited = asked.join().expect("it ends").elapsed();
        assert_eq!(attempt.ending, Ending::Cancelled, "{scenario}");
        // Not a timing of ours: what is promised to whoever presses Ctrl-C. A loaded machine gets ten times as long.
        assert!(waited < Duration::from_secs(10), "{scenario}: {waited:?}");
    }
}

#[test]
fn a_server_that_says_nothing_for_ever_meets_the_wall() {
    let bench = Bench { change: |settings| settings.timeout = Duration::from_millis(800), ..Bench::new() };
    let attempt = bench.ask(Api::Openai, "chatter");
    assert_eq!(
        (attempt.ending, attempt.error.as_deref()),
        (Ending::TimedOut, Some("it was not done within 800ms"))
    );
}

#[test]
fn more_bytes_than_allowed_end_it() {
    let bench = Bench { change: |settings| settings.output_limit = 100_000, ..Bench::new() };
    assert_eq!(bench.ask(Api::Gemini, "huge").ending, Ending::OutputLimit);
}

#[test]
fn a_key_goes_in_its_header_and_nowhere_else() {
    let bench = Bench::new();
    let environment = Environment::of(&[("MY_KEY", "sk-very-secret-value")]);
    for (api, header) in APIS.into_iter().zip(["authorization", "x-api-key", "x-goog-api-key"]) {
        let mut settings = bench.settings(api, "auth");
        settings.key_env = Some("MY_KEY".to_owned());
        let attempt = bench.ask_with(&settings, &environment, &Cancel::new());
        let asked = bench.server.asked(&format!("auth~{api:?}"));
        let length = "sk-very-secret-value".len() + if api == Api::Openai { "Bearer ".len() } else { 0 };
        assert_eq!(asked[0].headers[header], format!("<{length} characters>"), "{api:?}");
        let everything = format!("{attempt:?} {} {}", asked[0].path, asked[0].body);
        assert!(!everything.contains("sk-very-secret-value"), "{api:?}");
    }
    let mut settings = bench.settings(Api::Openai, "ok");
    settings.key_env = Some("NOT_SET".to_owned());
    let attempt = bench.ask_with(&settings, &environment, &Cancel::new());
    assert_eq!(attempt.ending, Ending::NotStarted);
    assert_eq!(attempt.failure.expect("a failure").class, FailureClass::Auth);
    assert_eq!(attempt.error.as_deref(), Some("the variable `NOT_SET` with its key is not set"));
}

#[test]
fn budgets_end_a_reviewer_in_the_middle_of_its_work() {
    let limits = |tokens, usd, calls| BudgetLimits { tokens, usd, calls, time: None };
    let cases = [
        (limits(Some(1500), None, None), "tokens"),
        (limits(None, Some(0.002), None), "US dollars"),
        (limits(None, None, Some(2)), "calls"),
    ];
    for (limits, what) in cases {
        let mut bench = Bench::new();
        let settings = BudgetSettings { run: limits, ..BudgetSettings::default() };
        bench.budget = Budget::new(settings, Spend::default(), |_| {});
        bench.prices.insert(
            "fake*".to_owned(),
            PriceSettings { input: 1.0, output: 1.0, ..PriceSettings::default() },
        );
        let attempt = bench.ask(Api::Openai, "loop-tools");
        let failure = attempt.failure.expect("a failure");
        assert_eq!(failure.class, FailureClass::Budget, "{failure:?}");
        assert!(
            failure.message.contains("the budget of a run is used up") && failure.message.contains(what),
            "{failure:?}"
        );
        assert_eq!(
            (attempt.ending, bench.asked(Api::Openai, "loop-tools")),
            (Ending::Cancelled, 2),
            "{what}"
        );
        let again = bench.ask(Api::Gemini, "ok");
        assert_eq!(
            (again.ending, bench.asked(Api::Gemini, "ok")),
            (Ending::NotStarted, 0),
            "nobody is asked over budget"
        );
    }
}

#[test]
fn a_budget_is_looked_at_while_an_answer_streams() {
    let mut bench = Bench::new();
    let limits = BudgetLimits { time: Some(Duration::from_millis(900)), ..BudgetLimits::default() };
    bench.budget = Budget::new(
        BudgetSettings { reviewer: limits, ..BudgetSettings::default() },
        Spend::default(),
        |_| {},
    );
    let attempt = bench.ask(Api::Anthropic, "slow");
    assert_eq!(attempt.failure.expect("a failure").class, FailureClass::Budget);
    assert_eq!(attempt.ending, Ending::Cancelled);
}

#[test]
fn the_cost_is_told_where_the_price_is_known() {
    let mut bench = Bench::new();
    let price = PriceSettings { input: 10.0, output: 100.0, cached: Some(1.0), cache_written: None };
    bench.prices.insert("fake-1".to_owned(), price);
    let one = |input: u64, written: u64| {
        (input as f64 * 10.0 + USAGE.cached as f64 + written as f64 * 10.0 + USAGE.output as f64 * 100.0)
            / 1e6
    };
    for (api, each) in [
        (Api::Openai, one(USAGE.input - USAGE.cached, 0)),
        (Api::Gemini, one(USAGE.input - USAGE.cached, 0)),
        (Api::Anthropic, one(USAGE.input, USAGE.cache_written)),
    ] {
        let usd = bench.ask(api, "ok").usd.expect("a known cost");
        assert!((usd - 2.0 * each).abs() < 1e-9, "{api:?}: {usd} {each}");
    }
    assert_eq!(bench.ask(Api::Openai, "cut-middle").usd, None, "what a broken answer cost is not known");
    assert_eq!(bench.ask(Api::Openai, "rate").usd, Some(0.0), "a request that was refused cost nothing");
}

#[test]
fn a_recorded_conversation_gives_the_same_bytes_without_a_server() {
    let bench = Bench::new();
    let folder = tempfile::tempdir().expect("a folder");
    let environment = Environment::of(&[("MY_KEY", "sk-very-secret-value")]);
    for api in APIS {
        for scenario in ["ok", "ok-markdown", "late-cut", "rate", "truncated"] {
            let mut settings = bench.settings(api, scenario);
            settings.key_env = Some("MY_KEY".to_owned());
            settings.record = Some(folder.path().join(format!("{api:?}-{scenario}")));
            let first = bench.ask_with(&settings, &environment, &Cancel::new());
            let count = bench.asked(api, scenario);
            settings.replay = settings.record.take();
            settings.url = Some("http://127.0.0.1:1".to_owned());
            let second = bench.ask_with(&settings, &Environment::of(&[]), &Cancel::new());
            let told = |attempt: &Attempt| {
                (
                    attempt.answer.clone(),
                    attempt.ending,
                    attempt.tokens,
                    attempt.failure.as_ref().map(|why| why.class),
                    attempt.stream.clone(),
                    attempt.prompt.clone(),
                )
            };
            assert_eq!(told(&first), told(&second), "{api:?} {scenario}");
            assert_eq!(bench.asked(api, scenario), count, "nobody was asked");
        }
    }
    for entry in walk(folder.path()) {
        let text = std::fs::read_to_string(&entry).expect("an exchange");
        assert!(
            !text.contains("sk-very-secret-value") && text.contains("deep-review/exchange/v1"),
            "{entry:?}"
        );
    }
    let mut settings = bench.settings(Api::Openai, "ok");
    settings.replay = Some(folder.path().join("empty"));
    let attempt = bench.ask_with(&settings, &Environment::of(&[]), &Cancel::new());
    assert_eq!(
        attempt.failure.expect("a failure").message,
        "nothing to replay: this request was not recorded"
    );
}

#[test]
fn earlier_findings_are_asked_about_and_a_recording_plays_in_another_round_too() {
    let said = r#"{"schema": "deep-review/review/v1", "verdict": "merge-as-is", "summary": "Repaired.", "findings": [],
        "prior": [{"finding": "r1:I1", "status": "fixed", "evidence": "the guard is back"}]}"#;
    let rounds = Scenario::steps([Step::Say(Say::Text(said.to_owned()))]);
    let mut bench = Bench {
        prior: vec!["r1:I1: `mean()` divides by zero".to_owned()],
        ..Bench::with(calc_repository(), &[("rounds", rounds)])
    };
    let folder = tempfile::tempdir().expect("a folder");
    for api in APIS {
        let mut settings = bench.settings(api, "rounds");
        settings.record = Some(folder.path().join(format!("{api:?}")));
        bench.prior = vec!["r1:I1: `mean()` divides by zero".to_owned()];
        let first = bench.ask_with(&settings, &Environment::of(&[]), &Cancel::new());
        let prompt = first.prompt.clone().expect("a prompt");
        assert!(
            prompt.contains("\n- r1:I1: `mean()` divides by zero\n") && prompt.contains("under\n`prior`")
        );
        settings.replay = settings.record.take();
        let again = bench.ask_with(&settings, &Environment::of(&[]), &Cancel::new());
        assert_eq!(
            (&again.answer, &again.prompt, again.tokens),
            (&first.answer, &first.prompt, first.tokens)
        );
        // Recorded without earlier findings, played in a round that has some.
        bench.prior.clear();
        settings.record = settings.replay.take();
        bench.ask_with(&settings, &Environment::of(&[]), &Cancel::new());
        settings.replay = settings.record.take();
        bench.prior = vec!["r2:I7: something else".to_owned()];
        let later = bench.ask_with(&settings, &Environment::of(&[]), &Cancel::new());
        assert_eq!((later.ending, &later.answer), (Ending::Finished, &first.answer), "{api:?}");
        assert!(later.prompt.expect("a prompt").contains("r2:I7"), "it is told what it would be asked");
        assert_eq!(bench.asked(api, "rounds"), 2);
    }
}

#[test]
fn a_server_is_asked_for_its_models_and_never_for_an_answer() {
    let options =
        FakeModelOptions { models: vec!["fake-1".into(), "other-2".into()], ..FakeModelOptions::default() };
    let server = FakeModel::with(options).expect("a free port");
    let ask = |api: Api, model: &str, url: String| {
        let settings = ReviewerSettings {
            api: Some(api),
            url: Some(url),
            model: Some(model.to_owned()),
            ..ReviewerSettings::default()
        };
        known(&settings, &Environment::of(&[]), Duration::from_secs(5)).expect("an address")
    };
    for api in APIS {
        let url = server.url(&format!("ok~{api:?}"));
        assert_eq!(ask(api, "fake-1", url.clone()), Known::Listed, "{api:?}");
        assert_eq!(ask(api, "fake-11", url), Known::Missing(Some("fake-1".to_owned())), "{api:?}");
    }
    assert!(server.log().iter().all(|one| one.method == "GET"));
    let empty = FakeModel::start("/");
    assert!(matches!(ask(Api::Openai, "m", empty.url("ok")), Known::Unknown(_)), "no list tells nothing");
    assert!(matches!(ask(Api::Openai, "m", "http://127.0.0.1:1".into()), Known::Unknown(_)));
}

#[test]
fn a_server_that_never_answers_costs_a_preflight_its_moment_only() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let settings = ReviewerSettings {
        api: Some(Api::Openai),
        url: Some(url),
        model: Some("m".to_owned()),
        ..ReviewerSettings::default()
    };
    let begun = Instant::now();
    let known = known(&settings, &Environment::of(&[]), Duration::from_millis(400)).expect("an address");
    assert!(matches!(known, Known::Unknown(_)), "{known:?}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

/// Forty files with hunks of their own.
fn large_repository() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("README.md", "x\n").commit("first");
    repo.branch("feature");
    for n in 0..40 {
        repo.write(&format!("src/f{n:02}.txt"), format!("a line of file {n}\n").repeat(40));
    }
    repo.commit("many");
    repo
}

#[test]
fn a_change_that_does_not_fit_is_asked_about_in_parts_and_merged() {
    let bench =
        Bench { change: |settings| settings.context_tokens = 8192, ..Bench::with(large_repository(), &[]) };
    let attempt = bench.ask(Api::Anthropic, "ok-text");
    let asked = bench.server.asked("ok-text~Anthropic");
    assert!(asked.len() > 2, "{}", asked.len());
    for n in 0..40 {
        let line = format!("+++ b/src/f{n:02}.txt");
        let shown = asked.iter().filter(|one| one.body.to_string().contains(&line)).count();
        assert_eq!(shown, 1, "{line}");
    }
    let merged: serde_json::Value = serde_json::from_slice(&attempt.answer).expect("one document");
    assert_eq!(merged["findings"].as_array().map(Vec::len), Some(asked.len()));
    assert_eq!(
        (attempt.ending, attempt.receipt.files_shown, attempt.receipt.lines_shown),
        (Ending::Finished, 40, 1600)
    );
    let note = format!("it was asked about in {} parts", asked.len());
    assert!(attempt.notes.iter().any(|one| one.contains(&note)), "{:?}", attempt.notes);
}

#[test]
fn a_model_that_says_it_is_too_much_gets_less_until_nothing_can_be_halved() {
    let bench = Bench::with(large_repository(), &[]);
    let attempt = bench.ask(Api::Openai, "context");
    assert_eq!(attempt.failure.expect("a failure").class, FailureClass::ContextTooLong);
    // 40 files, 20, 10, 5, 2 or 3, 1: then it gives up and says what was not answered.
    assert_eq!(bench.asked(Api::Openai, "context"), 7);
    assert!(
        attempt.notes.iter().any(|note| note.contains("it gave no answer about src/f00.txt")),
        "{:?}",
        attempt.notes
    );
}

#[test]
fn a_part_that_fails_leaves_what_the_others_said() {
    let bench = Bench {
        change: |settings| {
            settings.context_tokens = 8192;
            settings.tools = false;
        },
        ..Bench::with(large_repository(), &[("once", Scenario::steps([Step::Say(Say::Markdown)]))])
    };
    let attempt = bench.ask(Api::Gemini, "once");
    assert_eq!(attempt.ending, Ending::Finished);
    let text = answer(&attempt);
    assert!(
        text.starts_with("# Part 1 of ") && text.matches(TITLE).count() == bench.asked(Api::Gemini, "once"),
        "{text}"
    );
    assert!(bench.server.asked("once~Gemini")[0].body.get("tools").is_none(), "`tools = false` offers none");
}

#[test]
fn a_server_that_does_not_stream_is_understood() {
    // The fake answers in one piece where `stream` is not asked for; a server that ignores `stream` looks the same.
    let bench = Bench::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().expect("a client");
        let mut buffer = vec![0; 1 << 16];
        drop(stream.read(&mut buffer));
        let body = r#"{"choices":[{"message":{"content":"A whole answer."},"finish_reason":"stop"}]}"#;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
        drop(write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()));
    });
    let settings = ReviewerSettings { url: Some(url), ..bench.settings(Api::Openai, "ok") };
    let attempt = bench.ask_with(&settings, &Environment::of(&[]), &Cancel::new());
    assert_eq!(answer(&attempt), "A whole answer.", "{attempt:?}");
    assert_eq!(attempt.tokens, None, "tokens that nobody told are not zero");
}

#[test]
fn nobody_at_home_is_a_failure_that_may_pass() {
    let bench = Bench::new();
    let settings = ReviewerSettings {
        url: Some("http://127.0.0.1:1/v1".to_owned()),
        ..bench.settings(Api::Openai, "ok")
    };
    let attempt = bench.ask_with(&settings, &Environment::of(&[]), &Cancel::new());
    let failure = attempt.failure.expect("a failure");
    assert_eq!((failure.class, attempt.ending), (FailureClass::Transient, Ending::Failed));
    assert!(failure.message.starts_with("no answer from http://127.0.0.1:1: "), "{}", failure.message);
}
