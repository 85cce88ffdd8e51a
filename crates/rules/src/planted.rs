//! Planted defects: how many of its kind does a rule find that has nothing to say on real code?
//!
//! In: `planted/RULE.yml`, pairs of a function with a defect and its twin without, written before the rule was looked at. Out, in tests:
//! how many defects each rule finds, which must be what its file says under `judged`; a finding on a twin fails the test.

use serde::Deserialize;

use crate::cases::{Cases, run_cases};
use crate::rule::Rule;

#[derive(Deserialize)]
struct Planted {
    id: String,
    pairs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    defect: String,
    twin: String,
}

static FILES: include_dir::Dir<'static> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/planted");

/// For each rule: planted, found, and the twins that it speaks on.
fn count(rules: &[Rule]) -> Vec<(String, u32, u32, Vec<String>)> {
    let mut counts = Vec::new();
    for file in FILES.files() {
        let planted: Vec<Planted> = ast_grep_config::from_multiple(file.contents_utf8().unwrap()).unwrap();
        for Planted { id, pairs } in planted {
            let id = format!("{}{id}", crate::FAMILY);
            let rule_files = rules.iter().filter(|rule| rule.id == id).take(1);
            assert_eq!(rule_files.count(), 1, "{id} is a rule");
            let all = pairs.len();
            let (mut found, mut wrong) = (0, Vec::new());
            for pair in pairs {
                let cases = Cases { id: id.clone(), valid: vec![pair.twin], invalid: vec![pair.defect] };
                let language = rules.iter().find(|rule| rule.id == id).map(Rule::language).unwrap();
                for result in
                    run_cases(rules, &[cases]).into_iter().filter(|result| result.language == language)
                {
                    match (result.kind, result.passed) {
                        ("invalid", true) => found += 1,
                        ("valid", false) => wrong.push(result.code),
                        _ => {}
                    }
                }
            }
            counts.push((id, u32::try_from(all).unwrap(), found, wrong));
        }
    }
    counts
}

#[test]
fn rules_find_what_is_planted_and_nothing_in_its_clean_twin() {
    let rules = crate::shipped().rules;
    let counts = count(&rules);
    for (id, planted, found, wrong) in &counts {
        println!("{id}: {found} of {planted}, and {} twins", wrong.len());
    }
    for (id, planted, found, wrong) in &counts {
        let judged = rules.iter().find(|rule| rule.id == *id).unwrap().about.judged;
        assert_eq!(wrong, &Vec::<String>::new(), "{id} speaks on clean twins");
        assert_eq!((judged.planted, judged.found), (*planted, *found), "{id}: `judged` says what was found");
    }
    for rule in &rules {
        let is_there = counts.iter().any(|(id, ..)| *id == rule.id);
        assert!(is_there || rule.about.judged.planted == 0, "{}: nothing is planted", rule.id);
    }
}
