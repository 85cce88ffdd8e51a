//! Laws that hold for every claim, on any text.
//!
//! In: random files and random claims. Out: nothing. Never tests one case: those stand beside the gates.

use model::{CheckResult, CheckedFinding, Gate, RawFinding};
use proptest::prelude::*;

use crate::memory::{Memory, check_one, claim};

fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = prop_oneof![
        3 => "[a-e]{1,3} = [a-e]{1,2}\\([0-9]\\);",
        2 => Just("}".to_owned()),
        1 => Just(String::new()),
        1 => Just("    return a;".to_owned()),
        1 => "\\PC{0,12}",
    ];
    prop::collection::vec(line, 1..40)
}

fn text(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

fn results(finding: &CheckedFinding) -> Vec<(Gate, CheckResult)> {
    finding.checks.iter().map(|check| (check.gate, check.result)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_claim_gets_one_answer_a_gate_whatever_it_says(
        base in lines(), head in lines(), path in "(a\\.rs|b\\.rs|\\PC{0,12})", start in 0_u32..60, end in 0_u32..60,
        quote in prop::option::of("(\\PC|\n){0,60}"), patch in prop::option::of("([-+ @.]\\PC{0,8}\n){0,6}"),
    ) {
        let memory = Memory::new(&[("a.rs", &text(&base))], &[("a.rs", &text(&head)), ("b.rs", "x\n")]);
        let raw = RawFinding { patch, ..claim(&path, Some((start, end)), quote.as_deref()) };
        let first = check_one(&memory, raw.clone());
        let gates: Vec<Gate> = first.checks.iter().map(|check| check.gate).collect();
        let mut sorted = gates.clone();
        sorted.sort();
        sorted.dedup();
        prop_assert_eq!(&gates, &sorted);
        prop_assert_eq!(gates.len(), 10);
        prop_assert_eq!(first.locations.len(), raw.locations.len());
        prop_assert_eq!(check_one(&memory, raw), first);
    }

    #[test]
    fn repairing_twice_changes_nothing(
        base in lines(), head in lines(), at in any::<prop::sample::Index>(), count in 1_usize..4, shift in -20_i64..20,
    ) {
        let at = at.index(head.len());
        let quote = head[at..head.len().min(at + count)].join("\n");
        let start = (at as i64 + 1 + shift).max(1) as u32;
        let memory = Memory::new(&[("a.rs", &text(&base))], &[("a.rs", &text(&head))]);
        let once = check_one(&memory, claim("a.rs", Some((start, start)), Some(&quote)));
        let place = once.locations[0].clone();
        prop_assume!(place.verified && once.result(Gate::Quote) == CheckResult::Pass);
        let mut raw = claim(place.path.as_str(), place.start.zip(place.end), Some(&quote));
        raw.locations[0].side = Some(place.side);
        let twice = check_one(&memory, raw);
        prop_assert_eq!((twice.locations[0].start, twice.locations[0].end), (place.start, place.end));
        prop_assert_eq!(&twice.locations[0].repaired, &None);
        prop_assert_eq!(twice.result(Gate::Location), CheckResult::Pass);
        prop_assert_eq!(&twice.origin, &once.origin);
    }

    #[test]
    fn a_line_that_the_files_do_not_have_is_never_accepted(
        base in lines(), head in lines(), at in any::<prop::sample::Index>(), with in "[x-z]{3,6}",
    ) {
        let at = at.index(head.len());
        prop_assume!(!head[at].trim().is_empty());
        let mut quoted = head[at.saturating_sub(1)..head.len().min(at + 2)].to_vec();
        let middle = usize::from(at > 0);
        quoted[middle] = format!("{} {with}", head[at]);
        let memory = Memory::new(&[("a.rs", &text(&base))], &[("a.rs", &text(&head))]);
        let finding = check_one(&memory, claim("a.rs", Some((at as u32 + 1, at as u32 + 1)), Some(&quoted.join("\n"))));
        // A line that ends in an ellipsis is an elision, and random text contains some.
        prop_assume!(!quoted.iter().any(|line| line.contains("...") || line.contains('…')));
        prop_assert!(!matches!(finding.result(Gate::Quote), CheckResult::Pass | CheckResult::Repaired));
        prop_assert!(!finding.locations[0].verified);
    }

    #[test]
    fn unrelated_files_change_no_answer(
        base in lines(), head in lines(), start in 1_u32..40, other in prop::collection::vec("[p-t]{4,8} [p-t]{4,8};", 1..20),
    ) {
        let (base, head, other) = (text(&base), text(&head), text(&other));
        let quote = head.lines().nth(start as usize - 1).map(str::to_owned);
        let raw = claim("a.rs", Some((start, start)), quote.as_deref());
        let alone = check_one(&Memory::new(&[("a.rs", &base)], &[("a.rs", &head)]), raw.clone());
        let among = Memory::new(&[("a.rs", &base)], &[("a.rs", &head), ("zz/other.txt", &other)]);
        let among = check_one(&among, raw);
        prop_assert_eq!(results(&alone), results(&among));
        prop_assert_eq!(alone.locations, among.locations);
        prop_assert_eq!(alone.origin, among.origin);
    }
}

#[test]
fn all_findings_share_one_search_and_one_blame_a_file() {
    let statement = |line: u32| format!("let value_{line} = compute_{line}();");
    let head = (0..200).map(statement).collect::<Vec<_>>().join("\n");
    let memory = Memory::new(&[], &[("a.rs", &head), ("b.rs", &head)]);
    let raw = |line: u32| RawFinding {
        title: format!("`value_{line}` is never called"),
        ..claim(if line.is_multiple_of(2) { "a.rs" } else { "b.rs" }, Some((line, line)), None)
    };
    let reading = model::Reading { findings: (1..100).map(raw).collect(), ..model::Reading::default() };
    let checked = crate::check(&[crate::Claims { reviewer: "ada", reading: &reading }], &memory);
    assert_eq!(checked.len(), 99);
    assert_eq!((memory.searches.get(), memory.blames.get()), (1, 2));
}

#[test]
fn without_a_repository_everything_is_unknown_and_stays_as_claimed() {
    let reading = model::Reading {
        findings: vec![claim("a.rs", Some((3, 4)), Some("x"))],
        ..model::Reading::default()
    };
    let checked = crate::check_nothing(&[crate::Claims { reviewer: "ada", reading: &reading }]);
    assert!(
        checked[0].checks.iter().all(|check| check.result == CheckResult::Unknown)
            && checked[0].checks.len() == 10
    );
    let place = &checked[0].locations[0];
    assert_eq!(
        (place.path.as_str(), place.start, place.end, place.verified),
        ("a.rs", Some(3), Some(4), false)
    );
}
