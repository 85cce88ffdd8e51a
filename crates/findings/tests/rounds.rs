//! What earlier rounds said, held against what is said now: the public face of `findings::rounds`.

use findings::rounds::{Binding, Earlier, Material, declined, follow};
use model::{
    Action, CallSite, Callers, Check, CheckResult, CheckedFinding, DECISION_SCHEMA, Decision, Finding,
    Fingerprint, Gate, Location, Now, PlaceNow, PriorStatus, RawFinding, Remembered, RememberedPlace,
    Severity, Source, Standing, Strength,
};

const TITLE: &str = "`load_page` keeps one row too many";
const BODY: &str = "`truncate` takes the length to keep, so `limit + 1` rows survive.";
const OTHER_TITLE: &str = "Off by one in the page limit";
const OTHER_BODY: &str =
    "The rows are truncated to `limit + 1`, so every page of `load_page` has one row too many.";

fn remembered(title: &str, line: u32) -> Remembered {
    Remembered {
        id: "I1".to_owned(),
        round: 1,
        fingerprint: Fingerprint::of(&[title, &line.to_string()]),
        title: title.to_owned(),
        body: BODY.to_owned(),
        places: vec![RememberedPlace {
            path: "a.rs".into(),
            start: Some(line),
            end: Some(line),
            symbol: Some("load_page".to_owned()),
            lines: vec!["rows.truncate(limit + 1);".to_owned()],
            times: 1,
            quoted: true,
            ..RememberedPlace::default()
        }],
        callers: callers(&["load_page(1);"]),
        strength: Strength::Read,
        reviewers: vec!["ada".to_owned()],
        ..Remembered::default()
    }
}

fn callers(lines: &[&str]) -> Callers {
    let site = |text: &&str| CallSite {
        name: "load_page".to_owned(),
        path: "b.rs".into(),
        text: (*text).to_owned(),
    };
    Callers {
        names: vec!["load_page".to_owned()],
        sites: lines.iter().map(site).collect(),
        tests: Vec::new(),
    }
}

fn now(line: u32, standing: Standing, calls: &[&str]) -> Now {
    let place = PlaceNow {
        path: Some("a.rs".into()),
        line: Some(line),
        standing,
        lines: (1, 1),
        around_changed: None,
    };
    Now { places: vec![place], callers: callers(calls), fix_stands: None }
}

fn place(line: u32) -> Location {
    Location {
        path: "a.rs".into(),
        start: Some(line),
        end: Some(line),
        verified: true,
        symbol: Some("load_page".to_owned()),
        ..Location::default()
    }
}

fn claim(reviewer: &str, title: &str, body: &str, line: u32) -> CheckedFinding {
    let check = |gate| Check {
        reviewer: reviewer.to_owned(),
        index: 0,
        gate,
        result: CheckResult::NotApplicable,
        detail: String::new(),
        fault: None,
    };
    CheckedFinding {
        reviewer: reviewer.to_owned(),
        raw: RawFinding {
            id: "I1".to_owned(),
            title: title.to_owned(),
            body: body.to_owned(),
            ..RawFinding::default()
        },
        checks: vec![check(Gate::Scope), check(Gate::Declined)],
        locations: vec![place(line)],
        symbol: Some("load_page".to_owned()),
        ..CheckedFinding::default()
    }
}

fn decision() -> Decision {
    Decision {
        schema: DECISION_SCHEMA.to_owned(),
        id: Fingerprint::default(),
        at: jiff::Timestamp::UNIX_EPOCH,
        action: Action::Declined,
        reason: Some("one more is meant".to_owned()),
        by: None,
        owner: None,
        until: None,
        series: "o/r@topic".to_owned(),
        finding: remembered(TITLE, 5),
    }
}

/// The gate's answer, and why it came back.
fn gate(claim: CheckedFinding, now: &Now, holds: bool) -> (CheckResult, Option<String>) {
    let decision = decision();
    let mut checked = [claim];
    let raised =
        declined(&mut checked, &[Binding { decision: &decision, now, holds }], &[], Material::default());
    (checked[0].result(Gate::Declined), raised[0].change.clone())
}

#[test]
fn a_decline_holds_for_another_telling_at_drifted_lines_and_at_any_severity() {
    let mut other = claim("bob", OTHER_TITLE, OTHER_BODY, 25);
    other.raw.severity = Severity::Critical;
    assert_eq!(gate(other, &now(25, Standing::Stands, &["load_page(1);"]), true), (CheckResult::Fail, None));
}

#[test]
fn another_defect_on_the_declined_lines_is_heard() {
    let other = claim(
        "bob",
        "Client-supplied file names escape the uploads folder",
        "An absolute path or one with `..` overwrites any file the server may write.",
        5,
    );
    let (result, _) = gate(other, &now(5, Standing::Stands, &["load_page(1);"]), true);
    assert_eq!(result, CheckResult::NotApplicable);
}

#[test]
fn only_material_change_brings_it_back() {
    let told = || claim("bob", OTHER_TITLE, OTHER_BODY, 5);
    let calls = ["load_page(1);"];
    let why = |now: &Now, claim: CheckedFinding, holds| gate(claim, now, holds).1.unwrap_or_default();
    assert!(why(&now(5, Standing::Changed, &calls), told(), true).contains("edited"));
    let more = now(5, Standing::Stands, &["load_page(1);", "load_page(2);"]);
    assert!(why(&more, told(), true).contains("load_page(2);"));
    let edited_call = now(5, Standing::Stands, &["load_page(9);"]);
    assert_eq!(why(&edited_call, told(), true), "");
    let mut ran = told();
    ran.raw.repro = Some("sh try.sh".to_owned());
    assert!(why(&now(5, Standing::Stands, &calls), ran, true).contains("script"));
    assert!(why(&now(5, Standing::Stands, &calls), told(), false).contains("passed"));
}

fn finding(id: &str, title: &str, body: &str, line: u32, reviewer: &str) -> Finding {
    Finding {
        id: id.to_owned(),
        fingerprint: Fingerprint::of(&[id]),
        title: title.to_owned(),
        body: body.to_owned(),
        locations: vec![place(line)],
        sources: vec![Source { reviewer: reviewer.to_owned(), ..Source::default() }],
        ..Finding::default()
    }
}

#[test]
fn a_finding_told_again_in_other_words_keeps_its_identity() {
    let (item, now) = (remembered(TITLE, 5), now(9, Standing::Stands, &[]));
    let mut findings = [finding("I1", OTHER_TITLE, OTHER_BODY, 9, "bob")];
    let earlier = [Earlier { item: &item, now: &now, first_round: 1 }];
    let prior = follow(&mut findings, &earlier, &[]).prior;
    assert_eq!((prior[0].status, prior[0].now.as_deref()), (PriorStatus::NotFixed, Some("I1")));
    assert_eq!((&findings[0].fingerprint, findings[0].since_round), (&item.fingerprint, Some(1)));
}

#[test]
fn the_same_words_about_another_place_are_another_finding() {
    let (item, here) = (remembered(TITLE, 5), now(5, Standing::Stands, &[]));
    let mut twin = finding("I1", TITLE, BODY, 90, "ada");
    twin.locations[0].symbol = Some("load_list".to_owned());
    let mut findings = [twin];
    let earlier = [Earlier { item: &item, now: &here, first_round: 1 }];
    let prior = follow(&mut findings, &earlier, &[]).prior;
    assert_eq!((prior[0].now.as_deref(), findings[0].since_round), (None, None));
}

#[test]
fn of_two_that_fit_alike_neither_is_claimed() {
    let (one, two) = (remembered(TITLE, 5), remembered(TITLE, 40));
    // Both places were edited and nothing tells which of them is meant.
    let gone = |line| Now {
        places: vec![PlaceNow { line: Some(line), ..now(1, Standing::Gone, &[]).places[0].clone() }],
        ..Now::default()
    };
    let (at_one, at_two) = (gone(5), gone(40));
    let mut findings = [finding("I1", TITLE, BODY, 22, "bob")];
    let earlier = [
        Earlier { item: &one, now: &at_one, first_round: 1 },
        Earlier { item: &two, now: &at_two, first_round: 1 },
    ];
    let prior = follow(&mut findings, &earlier, &[]).prior;
    assert_eq!(findings[0].since_round, None);
    assert!(prior.iter().any(|row| row.status == PriorStatus::Superseded), "{prior:#?}");
}
