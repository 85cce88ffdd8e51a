//! Compares what a script did with what it was said to do.
//!
//! In: the claim, and one trial at the head and one where the change begins. Out: an outcome and why. A function of its
//! arguments. A script that fails for a reason of its own is never taken for a defect that was shown.

use model::{Ending, ReproClaim, ReproOutcome, Trial};

use crate::normal::{normal, telling};

/// An outcome and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What the script shows.
    pub outcome: ReproOutcome,
    /// It fails at the head and passes where the change begins.
    pub regression: bool,
    /// Why, in one sentence.
    pub why: String,
}

/// Exit codes with which a shell, and our own preparation, say that something was missing.
const MISSING: &[i32] = &[125, 126, 127];

/// Judges.
pub fn judge(claim: &ReproClaim, head: &Trial, base: Option<&Trial>) -> Judged {
    let passes_at_base = base.is_some_and(passes);
    let regression = fails(head) && passes_at_base;
    let (outcome, mut why) = outcome(claim, head, base);
    // A machine that is busy makes a slow script time out on one side only: what hangs takes far longer than what does not.
    let hangs =
        outcome == ReproOutcome::TimedOut && base.is_some_and(|base| base.ms.saturating_mul(4) <= head.ms);
    let regression = regression && (outcome == ReproOutcome::Reproduced || hangs);
    if regression {
        why.push_str("; without the change it passes");
    } else if outcome == ReproOutcome::Reproduced {
        match base {
            Some(base) if !claim.is_empty() && holds(claim, base).is_ok() => {
                why.push_str("; it shows the same without the change");
            }
            None => why.push_str("; it was not tried without the change"),
            Some(_) => {}
        }
    }
    Judged { outcome, regression, why }
}

fn outcome(claim: &ReproClaim, head: &Trial, base: Option<&Trial>) -> (ReproOutcome, String) {
    use ReproOutcome::{Differs, HarnessError, NotReproduced, Reproduced, TimedOut};
    match head.ending {
        Ending::TimedOut | Ending::Stalled => return (TimedOut, "it did not end in time".to_owned()),
        Ending::OutputLimit => return (HarnessError, "it wrote more than is kept".to_owned()),
        Ending::MemoryLimit => return (HarnessError, "it took more memory than it is given".to_owned()),
        Ending::Finished | Ending::Leaky | Ending::Failed => {}
        other => return (HarnessError, format!("it was not run to its end: {}", other.as_str())),
    }
    if let Some(code) = head.exit.filter(|code| MISSING.contains(code) && claim.exit != Some(*code)) {
        let last = head.output.lines().last().unwrap_or_default();
        return (HarnessError, format!("something it needs is missing (exit code {code}): {}", short(last)));
    }
    if !claim.is_empty() {
        return match holds(claim, head) {
            Ok(shown) => (Reproduced, shown),
            Err(Missed { some: false, why }) if passes(head) => (NotReproduced, why),
            Err(Missed { why, .. }) => (Differs, why),
        };
    }
    let differ = base.is_some_and(|base| base.output != head.output);
    match (fails(head), base) {
        (true, Some(base)) if passes(base) => (Reproduced, format!("it fails with {}", ended(head))),
        (true, Some(_)) if differ => {
            (Differs, "it fails with and without the change, and its output differs".to_owned())
        }
        (true, Some(_)) => {
            (HarnessError, "it fails the same way without the change, and claims no output".to_owned())
        }
        (true, None) => (HarnessError, "it fails, but could not be tried without the change".to_owned()),
        (false, _) if differ => {
            (Differs, "it passes, and its output differs from the one without the change".to_owned())
        }
        (false, _) => (NotReproduced, "it passes".to_owned()),
    }
}

/// What of a claim does not hold.
struct Missed {
    /// True where a part of it holds.
    some: bool,
    why: String,
}

fn holds(claim: &ReproClaim, trial: &Trial) -> Result<String, Missed> {
    let output = normal(&trial.output);
    let mut shown = Vec::new();
    let mut missed = Vec::new();
    if let Some(code) = claim.exit {
        if trial.exit == Some(code) {
            shown.push(format!("it ends with exit code {code}, as claimed"));
        } else {
            missed.push(format!("it ends with {} where {code} was claimed", ended(trial)));
        }
    }
    for text in &claim.contains {
        let there = output.contains(normal(text).trim());
        let side = if there { &mut shown } else { &mut missed };
        side.push(format!("its output {} `{}`", if there { "has" } else { "lacks" }, short(text)));
    }
    let mut some = !shown.is_empty();
    if let Some(claimed) = &claim.output {
        let claimed = normal(claimed);
        let wanted: Vec<&str> = telling(&claimed).collect();
        let found = in_order(&wanted, &output);
        if wanted.is_empty() {
            missed.push("no line of output was claimed".to_owned());
        } else if found == wanted.len() {
            shown.push(format!("its output has the {found} claimed lines in order"));
        } else {
            let first = wanted.iter().find(|line| !output.contains(**line)).or(wanted.get(found));
            let first = first.map_or("", |line| *line);
            missed.push(format!(
                "its output has {found} of {} claimed lines; the first that is not there: `{}`",
                wanted.len(),
                short(first)
            ));
            some |= found > 0;
        }
    }
    if missed.is_empty() { Ok(shown.join("; ")) } else { Err(Missed { some, why: missed.join("; ") }) }
}

/// How many of the wanted lines stand in the output, in their order.
fn in_order(wanted: &[&str], output: &str) -> usize {
    let mut wanted = wanted.iter().peekable();
    let mut found = 0;
    for line in output.lines() {
        if wanted.peek().is_some_and(|next| line.contains(**next)) {
            wanted.next();
            found += 1;
        }
    }
    found
}

fn passes(trial: &Trial) -> bool {
    trial.exit == Some(0) && matches!(trial.ending, Ending::Finished | Ending::Leaky)
}

/// It ran to its end, or for ever, and did not pass for a reason that may be the defect.
fn fails(trial: &Trial) -> bool {
    let missing = trial.exit.is_some_and(|code| MISSING.contains(&code));
    !missing && matches!(trial.ending, Ending::Failed | Ending::TimedOut | Ending::Stalled)
}

fn ended(trial: &Trial) -> String {
    trial.exit.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"))
}

fn short(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    if line.chars().count() <= 80 { line.to_owned() } else { line.chars().take(79).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ReproOutcome::*, Sha};

    fn trial(ending: Ending, exit: Option<i32>, output: &str) -> Trial {
        Trial {
            commit: Sha::new(&"0".repeat(40)).unwrap(),
            ending,
            exit,
            ms: 1,
            output: output.to_owned(),
            notes: Vec::new(),
        }
    }

    fn passed(output: &str) -> Trial {
        trial(Ending::Finished, Some(0), output)
    }

    fn failed(code: i32, output: &str) -> Trial {
        trial(Ending::Failed, Some(code), output)
    }

    fn output(text: &str) -> ReproClaim {
        ReproClaim { output: Some(text.to_owned()), ..ReproClaim::default() }
    }

    #[test]
    fn without_a_claim_only_the_comparison_with_the_base_shows_anything() {
        let none = ReproClaim::default();
        let slow = Trial { ms: 60_000, ..trial(Ending::TimedOut, None, "") };
        let nearly = Trial { ms: 50_000, ..passed("") };
        for (head, base, outcome, regression) in [
            (failed(1, "x"), Some(passed("")), Reproduced, true),
            (failed(1, "x"), Some(failed(1, "x")), HarnessError, false),
            (failed(1, "x"), Some(failed(1, "y")), Differs, false),
            (failed(1, "x"), None, HarnessError, false),
            (passed("a"), Some(passed("a")), NotReproduced, false),
            (passed("a"), Some(passed("b")), Differs, false),
            (failed(127, "go: not found"), Some(passed("")), HarnessError, false),
            (slow.clone(), Some(passed("")), TimedOut, true),
            (slow.clone(), Some(nearly), TimedOut, false),
            (slow.clone(), Some(slow), TimedOut, false),
            (trial(Ending::NotStarted, None, ""), Some(passed("")), HarnessError, false),
        ] {
            let judged = judge(&none, &head, base.as_ref());
            assert_eq!(
                (judged.outcome, judged.regression),
                (outcome, regression),
                "{head:?} {base:?}: {}",
                judged.why
            );
        }
    }

    #[test]
    fn a_claimed_output_is_compared_line_by_line_in_order() {
        let claim = output("$ bash repro.sh\n== now\n...\n--- FAIL: TestX (0.00s)\ngot 14, want 13\n");
        let right = failed(
            1,
            "== now\n=== RUN TestX\n--- FAIL: TestX (0.31s)\n    x_test.go:3: got 14, want 13\nFAIL\n",
        );
        let judged = judge(&claim, &right, Some(&passed("== now\nok\n")));
        assert_eq!((judged.outcome, judged.regression), (Reproduced, true), "{}", judged.why);
        let same = judge(&claim, &right, Some(&right));
        assert_eq!((same.outcome, same.regression), (Reproduced, false));
        assert!(same.why.contains("without the change"), "{}", same.why);
        let half = judge(&claim, &failed(1, "== now\nsomething else\n"), None);
        assert_eq!(half.outcome, Differs);
        assert!(half.why.contains("1 of 3") && half.why.contains("FAIL: TestX"), "{}", half.why);
        assert_eq!(judge(&claim, &passed("all well\n"), None).outcome, NotReproduced);
        assert_eq!(
            judge(&output("...\n"), &passed("x"), None).outcome,
            NotReproduced,
            "a claim without content"
        );
    }

    #[test]
    fn a_claimed_exit_code_and_texts_must_all_hold() {
        let claim = ReproClaim { exit: Some(3), contains: vec!["boom".into()], output: None };
        assert_eq!(judge(&claim, &failed(3, "a boom b"), Some(&passed(""))).outcome, Reproduced);
        let other = judge(&claim, &failed(1, "a boom b"), Some(&passed("")));
        assert_eq!((other.outcome, other.regression), (Differs, false), "it fails, but not as claimed");
        assert_eq!(judge(&claim, &passed("quiet"), None).outcome, NotReproduced);
        let missing = ReproClaim { exit: Some(127), ..ReproClaim::default() };
        assert_eq!(judge(&missing, &failed(127, ""), None).outcome, Reproduced, "the code was claimed");
    }
}
