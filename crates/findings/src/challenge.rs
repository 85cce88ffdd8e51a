//! What a challenge of a claim is worth.
//!
//! In: what a challenger says, what the gates say of the code it quotes, and what the claim itself quotes. Out: an outcome and
//! why. Never believes a word without code: who says "wrong" and quotes nothing that stands there, or only what the claim
//! quotes already, has doubted and not refuted.

use model::{ChallengeOutcome, CheckResult, CheckedFinding, Gate};

/// What a challenger says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The claim is wrong.
    Refuted,
    /// The claim holds.
    Holds,
    /// It does not know.
    Unsure,
}

impl Answer {
    /// Reads the word a challenger uses; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim().to_lowercase().as_str() {
            "refuted" | "wrong" | "false" => Some(Self::Refuted),
            "holds" | "upheld" | "confirmed" | "true" => Some(Self::Holds),
            "unsure" | "unknown" => Some(Self::Unsure),
            _ => None,
        }
    }
}

/// Letters and digits that a line of counter-evidence has at least: a brace proves nothing.
const LEAST: usize = 6;

/// Weighs an answer. `evidence` is the quoted code after the gates, `claimed` what the claim itself quotes.
pub fn weigh(
    answer: Option<Answer>,
    evidence: Option<&CheckedFinding>,
    claimed: &[&str],
) -> (ChallengeOutcome, String) {
    match answer {
        Some(Answer::Refuted) => {}
        Some(Answer::Holds) => {
            return (ChallengeOutcome::Upheld, "the challenger finds that it holds".to_owned());
        }
        Some(Answer::Unsure) => {
            return (ChallengeOutcome::Unanswered, "the challenger cannot tell".to_owned());
        }
        None => {
            return (
                ChallengeOutcome::Unanswered,
                "the answer says neither that it holds nor that it does not".to_owned(),
            );
        }
    }
    let doubted = |why: &str| (ChallengeOutcome::Doubted, why.to_owned());
    let Some(evidence) = evidence else { return doubted("no code is quoted against it") };
    let quote = evidence.raw.locations.first().and_then(|place| place.quote.as_deref()).unwrap_or_default();
    let telling: Vec<String> = telling_lines(quote);
    if telling.is_empty() {
        return doubted("no code is quoted against it");
    }
    let detail = |gate: Gate| evidence.check(gate).map(|check| check.detail.clone()).unwrap_or_default();
    if evidence.result(Gate::File) == CheckResult::Fail {
        return doubted(&format!("the file it quotes from is not there: {}", detail(Gate::File)));
    }
    if !matches!(evidence.result(Gate::Quote), CheckResult::Pass | CheckResult::Repaired) {
        return doubted(&format!("the code it quotes does not stand there: {}", detail(Gate::Quote)));
    }
    let own: Vec<String> = claimed.iter().flat_map(|quote| telling_lines(quote)).collect();
    if telling.iter().all(|line| own.contains(line)) {
        return doubted("it quotes only what the claim quotes itself");
    }
    (ChallengeOutcome::Refuted, format!("the counter-evidence stands in the code: {}", detail(Gate::Quote)))
}

/// The lines of a quote that say something, without their blanks.
fn telling_lines(quote: &str) -> Vec<String> {
    quote
        .lines()
        .map(|line| line.split_whitespace().collect::<String>())
        .filter(|line| line.chars().filter(|c| c.is_alphanumeric()).count() >= LEAST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Check, RawFinding, RawLocation};

    fn quoting(quote: &str, file: CheckResult, standing: CheckResult) -> CheckedFinding {
        let check = |gate, result| Check {
            reviewer: "bob".into(),
            index: 0,
            gate,
            result,
            detail: "seen".into(),
            fault: None,
        };
        CheckedFinding {
            raw: RawFinding {
                locations: vec![RawLocation { quote: Some(quote.into()), ..RawLocation::default() }],
                ..RawFinding::default()
            },
            checks: vec![check(Gate::File, file), check(Gate::Quote, standing)],
            ..CheckedFinding::default()
        }
    }

    #[test]
    fn only_code_that_stands_there_and_that_the_claim_does_not_quote_itself_refutes() {
        use CheckResult::{Fail, Pass, Repaired, Unknown};
        let guard = "if limit == 0 { return Vec::new(); }";
        let cases = [
            (guard, Pass, Pass, ChallengeOutcome::Refuted),
            (guard, Pass, Repaired, ChallengeOutcome::Refuted),
            (guard, Pass, Fail, ChallengeOutcome::Doubted),
            (guard, Pass, Unknown, ChallengeOutcome::Doubted),
            (guard, Fail, Pass, ChallengeOutcome::Doubted),
            ("", Pass, Pass, ChallengeOutcome::Doubted),
            ("}\n)\n;", Pass, Pass, ChallengeOutcome::Doubted),
            ("  records.truncate( limit + 1 );", Pass, Pass, ChallengeOutcome::Doubted),
            (
                "records.truncate(limit + 1);\nassert_eq!(records.len(), limit);",
                Pass,
                Pass,
                ChallengeOutcome::Refuted,
            ),
        ];
        for (quote, file, standing, wanted) in cases {
            let evidence = quoting(quote, file, standing);
            let claimed = ["    records.truncate(limit + 1);\n    records"];
            let (outcome, why) = weigh(Some(Answer::Refuted), Some(&evidence), &claimed);
            assert_eq!(outcome, wanted, "{quote:?} {file:?} {standing:?}: {why}");
        }
        assert_eq!(weigh(Some(Answer::Refuted), None, &[]).0, ChallengeOutcome::Doubted);
    }

    #[test]
    fn other_answers_change_nothing_whatever_they_quote() {
        let evidence = quoting("let everything = fine();", CheckResult::Pass, CheckResult::Pass);
        for (word, wanted) in [
            ("holds", ChallengeOutcome::Upheld),
            ("Unsure", ChallengeOutcome::Unanswered),
            ("perhaps refuted", ChallengeOutcome::Unanswered),
            ("", ChallengeOutcome::Unanswered),
        ] {
            assert_eq!(weigh(Answer::parse(word), Some(&evidence), &[]).0, wanted, "{word}");
        }
    }
}
