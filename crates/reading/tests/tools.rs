//! Outputs of real tools, and our own SARIF, read back.
//!
//! In: what ruff, semgrep, `ESLint`, Biome, hadolint, shellcheck and bandit wrote about small planted files (`fixtures/tools`), and
//! random reports of our own. Out: a failed test where a place, a rule or a message is lost.

use diagnostics::{Format, Roots, detect};
use model::{
    Finding, Fix, Kind, Location, Origin, ParsedAs, RawFinding, ReadingState, RepoPath, Report, Severity,
    Side, Source,
};
use proptest::prelude::*;
use reading::{Context, Parser, read};

type Row<'a> = (&'a str, &'a str, u32, u32, &'a str);

fn rows(findings: &[RawFinding]) -> Vec<Row<'_>> {
    findings
        .iter()
        .map(|it| {
            let place = it.locations.first().expect("each has a place");
            let rule = it.rule.as_deref().expect("each has a rule");
            (rule, place.path.as_str(), place.start.unwrap_or(0), place.end.unwrap_or(0), it.title.as_str())
        })
        .collect()
}

/// What is expected of a file: how it is told, its text, its rows.
type Case = (&'static str, Format, &'static str, &'static [Row<'static>]);

const CASES: &[Case] = &[
    (
        "ruff",
        Format::Sarif,
        include_str!("fixtures/tools/ruff.sarif"),
        &[
            ("F401", "app/runner.py", 3, 3, "`json` imported but unused"),
            ("F401", "app/runner.py", 4, 4, "`os` imported but unused"),
        ],
    ),
    (
        "semgrep",
        Format::Sarif,
        include_str!("fixtures/tools/semgrep.sarif"),
        &[("no-eval", "app/runner.py", 13, 13, "Do not evaluate text.")],
    ),
    (
        "eslint",
        Format::Sarif,
        include_str!("fixtures/tools/eslint.sarif"),
        &[
            ("no-undef", "web/a.js", 2, 2, "'missing' is not defined."),
            ("no-unused-vars", "web/a.js", 5, 5, "'unused' is assigned a value but never used."),
            ("no-undef", "web/a.js", 6, 6, "'other' is not defined."),
        ],
    ),
    (
        "biome",
        Format::Sarif,
        include_str!("fixtures/tools/biome.sarif"),
        &[
            ("lint/suspicious/noDoubleEquals", "web/a.js", 2, 2, EQUALS),
            ("lint/suspicious/noDoubleEquals", "web/a.js", 6, 6, EQUALS),
        ],
    ),
    (
        "hadolint",
        Format::Sarif,
        include_str!("fixtures/tools/hadolint.sarif"),
        &[
            ("DL3006", "Dockerfile", 1, 1, "Always tag the version of an image explicitly"),
            ("DL3003", "Dockerfile", 3, 3, "Use WORKDIR to switch to a directory"),
            ("SC2164", "Dockerfile", 3, 3, "Use 'cd ... || exit' or 'cd ... || return' in case cd fails."),
        ],
    ),
    (
        "shellcheck",
        Format::Checkstyle,
        include_str!("fixtures/tools/shellcheck.checkstyle.xml"),
        &[
            ("ShellCheck.SC2086", "build.sh", 4, 4, QUOTE),
            ("ShellCheck.SC2086", "build.sh", 6, 6, QUOTE),
            ("ShellCheck.SC2086", "build.sh", 7, 7, QUOTE),
        ],
    ),
    (
        "ruff as annotations",
        Format::Github,
        include_str!("fixtures/tools/ruff.github.txt"),
        &[
            ("F401", "app/runner.py", 3, 3, "F401 `json` imported but unused"),
            ("F401", "app/runner.py", 4, 4, "F401 `os` imported but unused"),
        ],
    ),
    (
        "ruff as RDFormat",
        Format::Rdjson,
        include_str!("fixtures/tools/ruff.rdjson"),
        &[
            ("F401", "app/runner.py", 3, 3, "`json` imported but unused"),
            ("F401", "app/runner.py", 4, 4, "`os` imported but unused"),
        ],
    ),
    (
        "bandit",
        Format::Bandit,
        include_str!("fixtures/tools/bandit.json"),
        &[
            (
                "B404",
                "app/runner.py",
                5,
                5,
                "Consider possible security implications associated with the subprocess module.",
            ),
            (
                "B307",
                "app/runner.py",
                13,
                13,
                "Use of possibly insecure function - consider using safer ast.literal_eval.",
            ),
            ("B602", "app/runner.py", 17, 17, "subprocess call with shell=True identified, security issue."),
        ],
    ),
];

const EQUALS: &str = "Using == may be unsafe if you are relying on type coercion.";
const QUOTE: &str = "Double quote to prevent globbing and word splitting.";

#[test]
fn outputs_of_real_tools_keep_place_rule_and_message() {
    let changed: Vec<RepoPath> = ["app/runner.py", "web/a.js", "build.sh", "Dockerfile"]
        .iter()
        .map(|path| RepoPath::from(*path))
        .collect();
    for (name, format, text, wanted) in CASES {
        assert_eq!(detect(text), Some(*format), "{name}");
        let context = Context { changed: changed.clone(), ..Context::default() };
        let reading = read(text, &context);
        assert_eq!((reading.parsed_as, &reading.state), (ParsedAs::Tool, &ReadingState::Reviewed), "{name}");
        assert_eq!(rows(&reading.findings), *wanted, "{name}");
        assert!(reading.notes.is_empty(), "{name}: {:?}", reading.notes);
        let told = read(text, &Context { parser: Parser::Tool(*format), ..context });
        assert_eq!(told, reading, "{name}: told or seen makes no difference");
    }
}

#[test]
fn pages_of_rules_and_proposals_are_kept() {
    let of = |text: &str| read(text, &Context::default()).findings;
    let eslint = of(include_str!("fixtures/tools/eslint.sarif"));
    assert_eq!(eslint[1].rule_url.as_deref(), Some("https://eslint.org/docs/latest/rules/no-unused-vars"));
    assert_eq!((eslint[0].severity, eslint[1].severity), (Severity::Suggestion, Severity::Important));
    let ruff = of(include_str!("fixtures/tools/ruff.sarif"));
    assert!(
        ruff[0].fix.as_deref().is_some_and(|fix| fix.starts_with("Remove unused import: `json`")),
        "{ruff:?}"
    );
    assert_eq!(ruff[0].extra["column"], 8);
    let semgrep = of(include_str!("fixtures/tools/semgrep.sarif"));
    assert_eq!(semgrep[0].severity, Severity::Important, "the level is the rule's default");
}

fn words() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a", "word", "`code()`", "[x](1)", "](", "\\](", "[", "I1: ", "{0}", "ü", "<b>", "--", "%20", ":",
        "Fix", "日本", "\"", "\\",
    ]);
    prop::collection::vec(pieces, 1..6).prop_map(|pieces| pieces.join(" "))
}

prop_compose! {
    fn location()(path in "[a-z][a-zé%# ]{0,5}(/[a-z]{1,5}){0,2}x", start in prop::option::of(1_u32..500), more in 0_u32..4, base in any::<bool>())
        -> Location
    {
        Location {
            path: RepoPath::from(path.trim()),
            start,
            end: start.map(|start| start + more),
            side: if base { Side::Base } else { Side::Head },
            ..Location::default()
        }
    }
}

prop_compose! {
    fn finding()(
        severity in prop::sample::select(vec![Severity::Critical, Severity::Important, Severity::Suggestion]),
        kind in prop::sample::select(vec![None, Some(Kind::Regression), Some(Kind::Gap), Some(Kind::Enhancement)]),
        title in words(),
        body in prop::collection::vec(words(), 0..3),
        fix in prop::option::of(words()),
        locations in prop::collection::vec(location(), 0..3),
        rule in prop::option::of("[A-Z]{1,3}[0-9]{2,4}"),
    ) -> Finding {
        let source = Source { reviewer: "lint".into(), rule: rule.clone(), ..Source::default() };
        Finding {
            severity,
            kind,
            title,
            body: body.join("\n\n"),
            fix: fix.map(|text| Fix { text: format!("do {text}"), ..Fix::default() }),
            locations,
            rule_url: rule.as_ref().map(|rule| format!("https://r.example/{rule}")),
            rule,
            sources: vec![source],
            origin: Origin::default(),
            ..Finding::default()
        }
    }
}

proptest! {
    #[test]
    fn our_own_sarif_read_back_gives_our_findings(findings in prop::collection::vec(finding(), 0..6)) {
        let mut report = Report { findings, ..Report::default() };
        for (at, finding) in report.findings.iter_mut().enumerate() {
            finding.id = format!("{}{}", finding.severity.letter(), at + 1);
            for source in &mut finding.sources {
                source.rule_url.clone_from(&finding.rule_url);
            }
        }
        let reading = read(&report::sarif(&report), &Context::default());
        prop_assert_eq!(reading.findings.len(), report.findings.len());
        for (raw, finding) in reading.findings.iter().zip(&report.findings) {
            prop_assert_eq!(&raw.id, &finding.id);
            prop_assert_eq!(raw.severity, finding.severity);
            prop_assert_eq!(raw.kind, finding.kind);
            prop_assert_eq!(&raw.title, &report::safe_line(&finding.title));
            prop_assert_eq!(&raw.rule, &finding.rule);
            prop_assert_eq!(&raw.rule_url, &finding.rule_url);
            let fix = finding.fix.as_ref().map(|fix| report::safe_text(fix.text.trim()));
            prop_assert_eq!(raw.fix.as_ref(), fix.as_ref());
            // A proposal that stands in the text is told once.
            if finding.fix.is_none() {
                prop_assert_eq!(&raw.body, &report::safe_text(finding.body.trim()));
            }
            let places = |path: &str, start: Option<u32>, end: Option<u32>, side: Option<Side>| {
                (path.to_owned(), start, end, side.unwrap_or_default())
            };
            let have: Vec<_> = raw.locations.iter().map(|it| places(&it.path, it.start, it.end, it.side)).collect();
            let want: Vec<_> =
                finding.locations.iter().map(|it| places(it.path.as_str(), it.start, it.end, Some(it.side))).collect();
            prop_assert_eq!(have, want);
        }
    }

    #[test]
    fn no_text_breaks_a_reader(text in "[\\[\\]{}:,\"a-z0-9<>/&;=\\n -]{0,200}", at in 0..Format::ALL.len()) {
        let reading = diagnostics::read(&text, Format::ALL[at], Roots::default());
        prop_assert_eq!(reading.parsed_as, ParsedAs::Tool);
        prop_assert!(reading.findings.iter().all(|it| it.locations.iter().all(|place| !place.path.starts_with('/'))));
        detect(&text);
    }
}
