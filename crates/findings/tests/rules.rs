//! What gates, records and policy make of findings, told as small reviews.

use findings::{Consolidated, Input, Policy, Quorum, Record, Records, consolidate};
use model::{
    ChangeStatus, ChangedFile, Check, CheckResult, CheckedFinding, CoverageItem, CoverageStatus,
    CriticalPolicy, DesignItem, DesignKind, Disposition, Ending, Fault, Finding, Gate, Kind, Lane, Location,
    Origin, OriginValue, PreExistingPolicy, RawFinding, Reading, ReasonCode, RepoPath, ReviewerKind,
    ReviewerReport, ReviewerState, Scope, Severity, TextItem, VerdictValue,
};

/// A little review to try rules on.
struct Case {
    roster: Vec<ReviewerReport>,
    readings: Vec<(String, Reading)>,
    checked: Vec<CheckedFinding>,
    policy: Policy,
    records: Records,
    quorum: Quorum,
    repository_used: bool,
}

fn reviewer(name: &str) -> ReviewerReport {
    ReviewerReport {
        name: name.to_owned(),
        state: ReviewerState::Finished,
        ending: Ending::Finished,
        quorum: true,
        ..ReviewerReport::default()
    }
}

fn case(names: &[&str], checked: Vec<CheckedFinding>) -> Case {
    Case {
        roster: names.iter().map(|name| reviewer(name)).collect(),
        readings: Vec::new(),
        checked,
        policy: Policy::default(),
        records: Records::default(),
        quorum: Quorum::Wanted(2),
        repository_used: true,
    }
}

impl Case {
    fn run(self) -> Consolidated {
        let changed = [ChangedFile {
            path: RepoPath::from("src/pool.rs"),
            status: ChangeStatus::Modified,
            old_path: None,
            added: 10,
            removed: 2,
            binary: false,
            submodule: false,
            trivial: false,
        }];
        let result = consolidate(&Input {
            roster: &self.roster,
            readings: &self.readings,
            checked: self.checked,
            changed: &changed,
            commits: &[],
            policy: &self.policy,
            records: &self.records,
            limitations: &[],
            known: &findings::Known::default(),
            quorum: self.quorum,
            repository_used: self.repository_used,
        });
        assert!(result.invariants.dispositions_balance && result.invariants.ids_contiguous);
        result
    }
}

fn claim(who: &str, severity: Severity, title: &str) -> CheckedFinding {
    let place =
        Location { path: RepoPath::from("src/pool.rs"), start: Some(7), end: Some(9), ..Location::default() };
    CheckedFinding {
        reviewer: who.to_owned(),
        raw: RawFinding { id: "I1".to_owned(), severity, title: title.to_owned(), ..RawFinding::default() },
        locations: vec![place],
        scope: Scope::ChangedLines,
        ..CheckedFinding::default()
    }
}

fn checked(mut finding: CheckedFinding, gate: Gate, result: CheckResult, detail: &str) -> CheckedFinding {
    finding.checks.push(Check {
        reviewer: finding.reviewer.clone(),
        index: finding.raw.index,
        gate,
        result,
        detail: detail.to_owned(),
        fault: fault(detail),
    });
    finding
}

/// What the evidence stage would have told apart.
fn fault(detail: &str) -> Option<Fault> {
    let begins = |word: &str| detail.starts_with(word);
    [("absent", Fault::Absent), ("altered", Fault::Altered), ("contradicted", Fault::Refuted)]
        .into_iter()
        .find(|(word, _)| begins(word))
        .map(|(_, fault)| fault)
}

fn quoted(who: &str, severity: Severity, title: &str) -> CheckedFinding {
    checked(claim(who, severity, title), Gate::Quote, CheckResult::Pass, "the quoted lines stand at line 7")
}

fn only(result: &Consolidated) -> &Finding {
    assert_eq!(result.findings.len(), 1, "{:?}", result.findings);
    &result.findings[0]
}

const LEAK: &str = "The connection pool is never closed on shutdown";

#[test]
fn a_quoted_finding_is_confirmed_and_blocks() {
    let result = case(&["ada", "bob"], vec![quoted("ada", Severity::Important, LEAK)]).run();
    assert_eq!(only(&result).lane, Lane::Confirmed);
    assert_eq!(result.verdict.value, VerdictValue::MergeWithFixes);
    assert_eq!(result.verdict.reason, format!("I1 must be resolved before merging: {LEAK}."));
}

#[test]
fn an_altered_quote_contests_a_finding_and_the_verdict_says_so() {
    let altered = "altered: no line of `src/pool.rs` reads `open()`; the closest, line 7, reads `open(1)`";
    let finding = checked(claim("ada", Severity::Critical, LEAK), Gate::Quote, CheckResult::Fail, altered);
    let result = case(&["ada", "bob"], vec![finding]).run();
    assert_eq!(only(&result).lane, Lane::Contested);
    assert_eq!(only(&result).severity, Severity::Critical);
    assert!(result.verdict.blocking.is_empty());
    assert!(
        result.verdict.reason.starts_with("C1 is contested and does not block. Altered: no line"),
        "{}",
        result.verdict.reason
    );
    assert_eq!(result.dispositions[0].code, Some(ReasonCode::QuoteAltered));
}

#[test]
fn a_claim_about_the_text_falls_with_its_quote() {
    let absent = "absent: no line of `src/pool.rs` reads `recieve`, and none comes close";
    let finding = claim("ada", Severity::Critical, "Syntax error: stray space in the call");
    let result = case(&["ada", "bob"], vec![checked(finding, Gate::Quote, CheckResult::Fail, absent)]).run();
    assert!(result.findings.is_empty());
    assert_eq!(result.dispositions[0].disposition, Disposition::Dropped);
    assert_eq!(result.dispositions[0].code, Some(ReasonCode::FactuallyFalse));
    assert_eq!(result.retro[0].false_positives, 1);
}

#[test]
fn what_one_quotes_wrongly_another_may_quote_right() {
    let wrong =
        checked(claim("ada", Severity::Important, LEAK), Gate::Quote, CheckResult::Fail, "absent: nothing");
    let result = case(&["ada", "bob"], vec![wrong, quoted("bob", Severity::Important, LEAK)]).run();
    assert_eq!(only(&result).lane, Lane::Confirmed);
    assert_eq!(only(&result).agreement, 2);
    assert!(only(&result).sources[1].shown, "the quoted text is shown");
}

#[test]
fn old_code_is_no_regression_and_loses_a_level() {
    let old = |severity| CheckedFinding {
        origin: Origin { value: OriginValue::PreExisting, ..Origin::default() },
        scope: Scope::BlastRadius,
        raw: RawFinding { kind: Some(Kind::Regression), ..quoted("ada", severity, LEAK).raw },
        ..quoted("ada", severity, LEAK)
    };
    let result = case(&["ada", "bob"], vec![old(Severity::Important)]).run();
    assert_eq!(only(&result).severity, Severity::Suggestion);
    assert_eq!(only(&result).kind, Some(Kind::Gap));
    assert_eq!(only(&result).reconciliation[0].code, ReasonCode::PreExisting);
    assert_eq!(result.dispositions[0].disposition, Disposition::Downgraded);
    let mut keep = case(&["ada", "bob"], vec![old(Severity::Important)]);
    keep.policy.pre_existing = PreExistingPolicy::Keep;
    assert_eq!(only(&keep.run()).severity, Severity::Important);
    let worse = CheckedFinding {
        origin: Origin { value: OriginValue::Worsened, ..Origin::default() },
        ..old(Severity::Important)
    };
    assert_eq!(only(&case(&["ada", "bob"], vec![worse]).run()).severity, Severity::Important);
}

#[test]
fn what_does_not_touch_the_change_becomes_a_design_observation() {
    let outside = CheckedFinding { scope: Scope::Outside, ..quoted("ada", Severity::Important, LEAK) };
    let outside = checked(outside, Gate::Scope, CheckResult::Fail, "`src/pool.rs` is not changed");
    let result = case(&["ada", "bob"], vec![outside]).run();
    assert!(result.findings.is_empty());
    assert_eq!(result.design[0].moved_from.as_deref(), Some("ada:0"));
    assert_eq!(result.dispositions[0].disposition, Disposition::Moved);
    assert_eq!(result.dispositions[0].code, Some(ReasonCode::OutOfScope));
    assert_eq!(result.verdict.value, VerdictValue::MergeAsIs);
}

#[test]
fn withdrawn_and_corrupted_claims_are_dropped_with_their_reason() {
    let mut withdrawn = quoted("ada", Severity::Important, LEAK);
    withdrawn.raw.withdrawn = true;
    let mut case = case(
        &["ada", "bob", "cyd"],
        vec![withdrawn, quoted("cyd", Severity::Critical, "Headers are replaced")],
    );
    case.roster[2].state = ReviewerState::TransportCorrupted;
    let result = case.run();
    assert!(result.findings.is_empty());
    let codes: Vec<_> = result.dispositions.iter().map(|row| row.code).collect();
    assert_eq!(codes, [Some(ReasonCode::Withdrawn), Some(ReasonCode::TransportCorrupted)]);
}

#[test]
fn a_severe_claim_without_a_trigger_loses_a_level() {
    let vague =
        checked(quoted("ada", Severity::Important, LEAK), Gate::Specifics, CheckResult::Fail, "no trigger");
    let result = case(&["ada", "bob"], vec![vague]).run();
    assert_eq!(only(&result).severity, Severity::Suggestion);
    assert_eq!(only(&result).reconciliation[0].code, ReasonCode::NoTrigger);
}

#[test]
fn never_used_is_contested_by_a_use() {
    let unused = claim("ada", Severity::Important, "`close_all` is never called");
    let unused = checked(
        unused,
        Gate::Specifics,
        CheckResult::Fail,
        "contradicted: `close_all` is used at `src/main.rs:4`",
    );
    let result = case(&["ada", "bob"], vec![unused]).run();
    assert_eq!(only(&result).lane, Lane::Contested);
    assert!(result.verdict.blocking.is_empty());
}

#[test]
fn a_missing_test_alone_never_blocks() {
    let gap = quoted("ada", Severity::Important, "No test covers the retry path");
    let result = case(&["ada", "bob"], vec![gap]).run();
    assert_eq!(only(&result).severity, Severity::Suggestion);
    assert_eq!(only(&result).reconciliation[0].code, ReasonCode::CoverageGap);
}

#[test]
fn agreement_never_raises_a_severity() {
    let three = ["ada", "bob", "cyd"].map(|who| quoted(who, Severity::Suggestion, LEAK)).to_vec();
    let one = case(&["ada", "bob", "cyd"], vec![quoted("ada", Severity::Suggestion, LEAK)]).run();
    let all = case(&["ada", "bob", "cyd"], three).run();
    assert_eq!(only(&all).severity, Severity::Suggestion);
    assert_eq!(only(&all).agreement, 3);
    assert!(only(&all).confidence > only(&one).confidence);
}

#[test]
fn who_says_the_same_under_two_levels_means_the_higher_one() {
    let second = |severity| {
        let mut twice = quoted("ada", severity, LEAK);
        twice.raw.index = 1;
        for check in &mut twice.checks {
            check.index = 1;
        }
        twice
    };
    for (first, other) in
        [(Severity::Suggestion, Severity::Important), (Severity::Important, Severity::Suggestion)]
    {
        let result = case(&["ada", "bob"], vec![quoted("ada", first, LEAK), second(other)]).run();
        assert_eq!(only(&result).severity, Severity::Important);
    }
}

#[test]
fn a_familys_prior_is_written_down_and_can_be_switched_off() {
    let lone = || case(&["gemini", "bob"], vec![quoted("gemini", Severity::Critical, LEAK)]);
    let result = lone().run();
    assert_eq!(only(&result).severity, Severity::Important);
    let row = &only(&result).reconciliation[0];
    assert_eq!(
        (row.from, row.to, row.code),
        (Severity::Critical, Severity::Important, ReasonCode::ReviewerRecord)
    );
    assert!(row.why.contains("gemini family"), "{}", row.why);
    let mut off = lone();
    off.policy.use_priors = false;
    assert_eq!(only(&off.run()).severity, Severity::Critical);
}

#[test]
fn a_record_outweighs_the_prior_in_time() {
    let mut honest = case(&["gemini", "bob"], vec![quoted("gemini", Severity::Critical, LEAK)]);
    let mut record = Record::default();
    record.transitions[2][2] = 60;
    honest.records.insert("gemini".to_owned(), record);
    assert_eq!(only(&honest.run()).severity, Severity::Critical);
}

#[test]
fn the_policy_decides_what_critical_means() {
    let critical = || case(&["ada", "bob"], vec![quoted("ada", Severity::Critical, LEAK)]);
    assert_eq!(critical().run().verdict.value, VerdictValue::Rework);
    let mut mild = critical();
    mild.policy.critical = CriticalPolicy::Fixes;
    assert_eq!(mild.run().verdict.value, VerdictValue::MergeWithFixes);
}

#[test]
fn below_quorum_the_verdict_is_incomplete_and_names_who_is_missing() {
    let mut half = case(&["ada", "bob"], vec![quoted("ada", Severity::Important, LEAK)]);
    half.roster[1] =
        ReviewerReport { state: ReviewerState::Failed, ending: Ending::TimedOut, ..reviewer("bob") };
    let result = half.run();
    assert_eq!(result.verdict.value, VerdictValue::Incomplete);
    assert_eq!(result.quorum, (2, 1));
    assert_eq!(
        result.verdict.reason,
        "Only 1 of 2 needed reviews arrived. Missing: `bob` (it ran out of time). What arrived already asks for changes: I1."
    );
}

#[test]
fn builtin_alone_counts_and_says_that_nobody_understood_the_change() {
    let mut alone = case(&["builtin"], Vec::new());
    alone.roster[0].kind = ReviewerKind::Builtin;
    alone.roster[0].quorum = false;
    let result = alone.run();
    assert_eq!(result.verdict.value, VerdictValue::MergeAsIs);
    assert!(result.verdict.reason.contains("no semantic review was made"), "{}", result.verdict.reason);
    let mut beside = case(&["builtin", "ada"], Vec::new());
    beside.roster[0].kind = ReviewerKind::Builtin;
    beside.roster[1].state = ReviewerState::Failed;
    assert_eq!(beside.run().verdict.value, VerdictValue::Incomplete);
}

#[test]
fn given_reviews_need_no_quorum() {
    let mut given = case(&["ada"], vec![claim("ada", Severity::Suggestion, LEAK)]);
    given.quorum = Quorum::Given;
    given.repository_used = false;
    let result = given.run();
    assert_eq!(only(&result).lane, Lane::Unverified);
    assert_eq!(result.verdict.value, VerdictValue::MergeWithOptionalFixes);
}

#[test]
fn calling_a_file_fine_where_another_found_something_is_a_contradiction() {
    let mut case = case(&["ada", "bob"], vec![quoted("ada", Severity::Important, LEAK)]);
    let item = CoverageItem {
        path: "src/pool.rs".to_owned(),
        status: CoverageStatus::Reviewed,
        ..CoverageItem::default()
    };
    case.readings.push(("bob".to_owned(), Reading { coverage: vec![item], ..Reading::default() }));
    let result = case.run();
    assert_eq!(result.coverage.contradictions.len(), 1);
    assert_eq!(result.retro[1].contradicted, 1);
    assert_eq!((result.retro[0].unique, result.retro[0].missed_without), (1, 1));
    assert!(result.coverage.uncovered.is_empty());
}

#[test]
fn observations_and_gaps_of_several_reviewers_are_told_once() {
    let mut case = case(&["ada", "bob"], vec![quoted("ada", Severity::Important, LEAK)]);
    for name in ["bob", "ada"] {
        let strength = DesignItem {
            kind: DesignKind::Strength,
            title: "The retry budget is shared by all callers".to_owned(),
            ..DesignItem::default()
        };
        let gap = TextItem {
            text: "No test closes the pool while a request is running".to_owned(),
            gap: true,
            ..TextItem::default()
        };
        case.readings.push((
            name.to_owned(),
            Reading { design: vec![strength], testing: vec![gap], ..Reading::default() },
        ));
    }
    let result = case.run();
    assert_eq!(result.design.len(), 1);
    assert_eq!(result.design[0].reviewers, ["ada", "bob"]);
    assert_eq!(result.testing.gaps.len(), 1);
    assert_eq!(result.testing.gaps[0].reviewers, ["ada", "bob"]);
}

#[test]
fn a_reviewer_that_says_it_twice_is_counted_once() {
    let mut again = quoted("ada", Severity::Important, LEAK);
    again.raw.index = 1;
    let result = case(&["ada", "bob"], vec![quoted("ada", Severity::Important, LEAK), again]).run();
    assert_eq!(only(&result).agreement, 1);
    assert_eq!(result.dispositions[1].disposition, Disposition::Merged);
    assert_eq!(result.dispositions[1].code, Some(ReasonCode::Duplicate));
}

#[test]
fn an_overruled_rating_is_answered() {
    let two = vec![
        quoted("ada", Severity::Important, LEAK),
        quoted("bob", Severity::Important, "On shutdown the connection pool is never closed"),
        quoted("cyd", Severity::Critical, "The connection pool is never closed when shutting down"),
    ];
    let result = case(&["ada", "bob", "cyd"], two).run();
    assert_eq!(only(&result).severity, Severity::Important);
    assert_eq!(only(&result).reconciliation[0].from, Severity::Critical);
    let row = result.dispositions.iter().find(|row| row.reviewer == "cyd").expect("every claim has a row");
    assert_eq!(row.code, Some(ReasonCode::MajorityAlignment));
}

/// A claim of a tool, with as many words in common as two tools have that count alike.
fn by_rule(who: &str, path: &str, rule: Option<&str>, title: &str) -> CheckedFinding {
    let mut finding = quoted(who, Severity::Suggestion, title);
    finding.locations[0].path = RepoPath::from(path);
    finding.raw.rule = rule.map(str::to_owned);
    finding
}

#[test]
fn what_two_tools_say_alike_of_two_files_is_two_findings() {
    let title =
        "The local variable is assigned a value but never used (and 249 more of this rule in this file)";
    let run = |rules: [Option<&str>; 2], paths: [&str; 2]| {
        let claims = vec![
            by_rule("ada", paths[0], rules[0], title),
            by_rule("bob", paths[1], rules[1], &format!("{title}.")),
        ];
        case(&["ada", "bob"], claims).run().findings.len()
    };
    assert_eq!(run([Some("F841"), Some("no-unused-vars")], ["src/pool.rs", "web/pool.js"]), 2);
    assert_eq!(run([Some("F841"), Some("no-unused-vars")], ["src/pool.rs", "src/pool.rs"]), 1);
    // Whoever reads and thinks may tell one mistake by another place.
    assert_eq!(run([Some("F841"), None], ["src/pool.rs", "web/pool.js"]), 1);
}
