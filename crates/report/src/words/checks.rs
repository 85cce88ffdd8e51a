//! Checks and origin in plain words.
//!
//! In: the checks of a finding. Out: what was verified, corrected, refuted and left open, as short phrases. Never
//! weighs them: that is done where the lane is chosen.

use model::{Check, CheckResult, Finding, Gate, OriginValue};

/// What the gates found out about a finding, told apart by answer.
#[derive(Default)]
pub(crate) struct Checked {
    /// What holds: `file`, `quote at the cited lines`.
    pub(crate) verified: Vec<String>,
    /// What holds after a correction, with its detail.
    pub(crate) repaired: Vec<String>,
    /// What does not hold, with its detail.
    pub(crate) failed: Vec<String>,
    /// What could not be answered: the reason, and what it keeps from being answered.
    unknown: Vec<(String, Vec<&'static str>)>,
}

impl Checked {
    /// Often one reason keeps many gates from answering; it is told once.
    fn unanswered(&mut self, check: &Check) {
        let gate = check.gate.as_str();
        match self.unknown.iter_mut().find(|(reason, _)| *reason == check.detail) {
            Some((_, gates)) => gates.push(gate),
            None => self.unknown.push((check.detail.clone(), vec![gate])),
        }
    }

    /// What could not be answered, in words.
    fn not_checked(&self) -> Vec<String> {
        let told = |(reason, gates): &(String, Vec<&str>)| {
            let gates = gates.join(", ");
            if reason.is_empty() { gates } else { format!("{gates} ({reason})") }
        };
        self.unknown.iter().map(told).collect()
    }

    /// Whether one reason kept every gate from answering: without a repository that is so for each finding, and it is
    /// told once for the report.
    fn nothing_could_be_asked(&self) -> bool {
        let answered = self.verified.len() + self.repaired.len() + self.failed.len();
        answered == 0 && matches!(self.unknown.as_slice(), [(_, gates)] if gates.len() >= GATES)
    }

    /// The phrases by answer, each with its label; answers that do not occur are left out.
    pub(crate) fn groups(&self) -> Vec<(&'static str, String)> {
        if self.nothing_could_be_asked() {
            return Vec::new();
        }
        [
            ("Verified", self.verified.clone()),
            ("Repaired", self.repaired.clone()),
            ("Failed", self.failed.clone()),
            ("Not checked", self.not_checked()),
        ]
        .into_iter()
        .filter(|(_, phrases)| !phrases.is_empty())
        .map(|(label, phrases)| (label, phrases.join(", ")))
        .collect()
    }
}

/// How many gates there are.
const GATES: usize = 10;

/// What other reviewers say against a finding, one sentence each.
pub(crate) fn opposed(finding: &Finding) -> Vec<String> {
    let told = |it: &model::Contradiction| {
        format!("{} says otherwise in {}: “{}”", it.reviewer, it.wherein, it.said.trim_end_matches('.'))
    };
    finding.contradictions.iter().map(told).collect()
}

/// Sorts a finding's checks: those of the source whose text is shown, and of the others what was corrected or
/// refuted.
pub(crate) fn checked(finding: &Finding) -> Checked {
    let shown = finding.sources.iter().find(|source| source.shown).or_else(|| finding.sources.first());
    let is_shown =
        |check: &Check| shown.is_none_or(|it| it.reviewer == check.reviewer && it.index == check.index);
    let own: Vec<&Check> = finding.checks.iter().filter(|check| is_shown(check)).collect();
    let mut told = Checked::default();
    for check in &own {
        tell(&mut told, check, &own, None);
    }
    for check in finding.checks.iter().filter(|check| !is_shown(check)) {
        if matches!(check.result, CheckResult::Fail | CheckResult::Repaired) {
            tell(&mut told, check, &own, Some(&check.reviewer));
        }
    }
    told
}

fn tell(told: &mut Checked, check: &Check, own: &[&Check], reviewer: Option<&str>) {
    let detailed = || {
        let who = reviewer.map_or(String::new(), |name| format!("{name}: "));
        if check.detail.is_empty() {
            format!("{who}{}", check.gate.as_str())
        } else {
            format!("{who}{} ({})", check.gate.as_str(), check.detail)
        }
    };
    match check.result {
        CheckResult::Pass => told.verified.extend(holds(check.gate, own)),
        CheckResult::Repaired => told.repaired.push(detailed()),
        CheckResult::Fail => told.failed.push(detailed()),
        CheckResult::Unknown => told.unanswered(check),
        CheckResult::NotApplicable => {}
    }
}

/// What a passed gate means. The origin has its own sentence, and the location is told with the quote.
fn holds(gate: Gate, own: &[&Check]) -> Option<String> {
    let passed = |gate: Gate| own.iter().any(|check| check.gate == gate && check.result == CheckResult::Pass);
    let phrase = match gate {
        Gate::File => "file",
        Gate::Quote if passed(Gate::Location) => "quote at the cited lines",
        Gate::Quote => "quote",
        Gate::Location if passed(Gate::Quote) => return None,
        Gate::Location => "cited lines",
        Gate::Scope => "touches the change",
        Gate::Fix => "the fix applies",
        Gate::Repro => "reproduced",
        Gate::Specifics => "names and trigger",
        Gate::Origin | Gate::Declined | Gate::Acknowledged => return None,
    };
    Some(phrase.to_owned())
}

/// `introduced in 33db27d0`, `older than the change`…; `None` where nothing is known and nobody says why.
pub(crate) fn origin(finding: &Finding) -> Option<(String, Vec<&str>)> {
    let commits: Vec<&str> = finding.origin.commits.iter().map(model::Sha::short).collect();
    let words = match finding.origin.value {
        OriginValue::Introduced => "introduced",
        OriginValue::Modified => "partly new",
        OriginValue::PreExisting => "pre-existing",
        OriginValue::Deleted => "in code this change removes",
        OriginValue::Absent => "something is missing",
        OriginValue::Worsened => "old line, made worse by this change",
        OriginValue::Unknown if finding.origin.method.is_empty() || is_told(finding) => return None,
        OriginValue::Unknown => return Some((format!("unknown: {}", finding.origin.method), commits)),
    };
    Some((words.to_owned(), commits))
}

/// Whether the checks say already that the origin could not be computed.
fn is_told(finding: &Finding) -> bool {
    finding.checks.iter().any(|check| check.gate == Gate::Origin && check.result == CheckResult::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Source;

    fn check(reviewer: &str, gate: Gate, result: CheckResult, detail: &str) -> Check {
        Check { reviewer: reviewer.into(), index: 0, gate, result, detail: detail.into(), fault: None }
    }

    #[test]
    fn passed_gates_of_the_shown_source_read_as_one_sentence() {
        let finding = Finding {
            sources: vec![
                Source { reviewer: "a".into(), ..Source::default() },
                Source { reviewer: "b".into(), shown: true, ..Source::default() },
            ],
            checks: vec![
                check("a", Gate::File, CheckResult::Pass, ""),
                check("a", Gate::Location, CheckResult::Repaired, "3 lines further down"),
                check("b", Gate::File, CheckResult::Pass, ""),
                check("b", Gate::Quote, CheckResult::Pass, ""),
                check("b", Gate::Location, CheckResult::Pass, ""),
                check("b", Gate::Fix, CheckResult::Unknown, "no patch"),
            ],
            ..Finding::default()
        };
        let groups = checked(&finding).groups();
        assert_eq!(groups[0], ("Verified", "file, quote at the cited lines".to_owned()));
        assert_eq!(groups[1], ("Repaired", "a: location (3 lines further down)".to_owned()));
        assert_eq!(groups[2], ("Not checked", "fix (no patch)".to_owned()));
    }
}
