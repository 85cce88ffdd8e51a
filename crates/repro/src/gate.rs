//! The answer of the repro gate, once a script was run.
//!
//! In: checked claims, and what came of scripts. Out: the same claims, with that gate answered. A script that could not do its
//! work answers nothing.

use model::{CheckResult, CheckedFinding, Gate, ReproOutcome, Reproduction};

use crate::trial::digest;

/// Answers the gate for every claim whose very script was run.
pub fn answer(checked: &mut [CheckedFinding], reproductions: &[Reproduction]) {
    for finding in checked {
        let Some(script) = &finding.raw.repro else { continue };
        let own = |it: &&Reproduction| it.reviewer == finding.reviewer && it.index == finding.raw.index;
        let Some(made) = reproductions.iter().find(own).filter(|it| it.script_sha256 == digest(script))
        else {
            continue;
        };
        for check in finding.checks.iter_mut().filter(|check| check.gate == Gate::Repro) {
            check.result = match made.outcome {
                ReproOutcome::Reproduced => CheckResult::Pass,
                ReproOutcome::NotReproduced => CheckResult::Fail,
                _ => CheckResult::Unknown,
            };
            check.detail = format!("its script was run: {} — {}", made.outcome.words(), made.why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Check, REPRODUCTION_SCHEMA, RawFinding};

    fn claim(script: Option<&str>) -> CheckedFinding {
        let raw = RawFinding { index: 2, repro: script.map(str::to_owned), ..RawFinding::default() };
        let check = Check {
            reviewer: "ada".into(),
            index: 2,
            gate: Gate::Repro,
            result: CheckResult::NotApplicable,
            detail: "a script is given; it was not run".into(),
            fault: None,
        };
        CheckedFinding { reviewer: "ada".into(), raw, checks: vec![check], ..CheckedFinding::default() }
    }

    fn made(script: &str, outcome: ReproOutcome) -> Reproduction {
        Reproduction {
            schema: REPRODUCTION_SCHEMA.into(),
            reviewer: "ada".into(),
            index: 2,
            script_sha256: digest(script),
            outcome,
            regression: false,
            why: "it passes".into(),
            confined_by: String::new(),
            head: None,
            base: None,
        }
    }

    #[test]
    fn only_the_very_script_that_was_run_answers() {
        use CheckResult::{Fail, NotApplicable, Pass, Unknown};
        for (given, run, outcome, expected) in [
            (Some("a"), "a", ReproOutcome::Reproduced, Pass),
            (Some("a"), "a", ReproOutcome::NotReproduced, Fail),
            (Some("a"), "a", ReproOutcome::HarnessError, Unknown),
            (Some("a"), "a", ReproOutcome::Differs, Unknown),
            (Some("b"), "a", ReproOutcome::Reproduced, NotApplicable),
            (None, "a", ReproOutcome::Reproduced, NotApplicable),
        ] {
            let mut checked = vec![claim(given)];
            answer(&mut checked, &[made(run, outcome)]);
            assert_eq!(checked[0].checks[0].result, expected, "{given:?} {run} {outcome:?}");
        }
    }
}
