//! Cases of rules: code that a rule must find, and code that it must leave alone.
//!
//! In: rules and cases in the format of ast-grep. Out: one result a case. Never changes a case.

use serde::{Deserialize, Serialize};

use crate::rule::Rule;
use crate::scan::Prepared;
use crate::steps::parse;

/// Cases of one rule.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Cases {
    /// The rule.
    pub id: String,
    /// Code in which it must find nothing.
    pub valid: Vec<String>,
    /// Code in which it must find something.
    pub invalid: Vec<String>,
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// The rule.
    pub rule: String,
    /// The language it was tried in.
    pub language: String,
    /// `valid` or `invalid`.
    pub kind: &'static str,
    /// Which one of its kind, from 1.
    pub number: usize,
    /// Whether it came out as it must.
    pub passed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The code.
    pub code: String,
}

/// Runs every case of these rules. A rule without cases has no result; cases of no rule fail.
pub fn run_cases(rules: &[Rule], cases: &[Cases]) -> Vec<CaseResult> {
    cases.iter().flat_map(|cases| run(rules, cases)).collect()
}

fn run(rules: &[Rule], cases: &Cases) -> Vec<CaseResult> {
    let of_it: Vec<&Rule> = rules.iter().filter(|rule| rule.id == cases.id).collect();
    if of_it.is_empty() {
        return vec![CaseResult {
            rule: cases.id.clone(),
            language: String::new(),
            kind: "invalid",
            number: 0,
            passed: false,
            why: Some("there is no rule with this id that can be used".to_owned()),
            code: String::new(),
        }];
    }
    let valid = cases.valid.iter().enumerate().map(|(index, code)| ("valid", index + 1, code));
    let invalid = cases.invalid.iter().enumerate().map(|(index, code)| ("invalid", index + 1, code));
    let all: Vec<_> = valid.chain(invalid).collect();
    let results = of_it.into_iter().flat_map(|rule| {
        all.iter().map(move |(kind, number, code)| {
            let why = judge(rule, code, *kind == "invalid").err();
            CaseResult {
                rule: rule.id.clone(),
                language: rule.language(),
                kind,
                number: *number,
                passed: why.is_none(),
                why,
                code: (*code).clone(),
            }
        })
    });
    results.collect()
}

fn judge(rule: &Rule, code: &str, wanted: bool) -> Result<(), String> {
    let document = parse(code, rule.language).map_err(|why| format!("not looked at: {why}"))?;
    let prepared = Prepared::new(vec![rule]);
    let found = prepared.scan(&document, &prepared.left_for(code, |_, _| true), |_, _| true);
    match found.map_err(|why| format!("not looked at: {why}"))?.first() {
        None if wanted => Err("nothing is found".to_owned()),
        Some(first) if !wanted => Err(format!("found in line {}", first.lines.0)),
        _ => Ok(()),
    }
}
