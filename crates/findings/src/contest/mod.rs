//! Does another reviewer say the opposite?
//!
//! In: what every reviewer wrote beside its findings, the finding in question. Out: the sentences that contradict it,
//! with who wrote them and where. Never takes silence, a bare "no issues" or praise of something else for a
//! contradiction: a sentence counts only where it speaks of the same place or the same named thing *and* states the
//! opposite of what is claimed. Never looks at severities.

mod question;
mod statements;
mod topics;

use std::collections::{BTreeSet, HashMap};

use model::{Challenge, ChallengeOutcome, Contradiction, Finding, ReasonCode, Term};

use crate::Input;
use crate::defect::Defect;
use crate::order::Roster;
use crate::rules::{self, Reason};

use question::Question;
use statements::{Statement, collect};

/// Every sentence of a run that could contradict anything.
pub(crate) struct Contest<'a> {
    statements: Vec<Statement<'a>>,
    /// Challenges that were borne out by code.
    refuted: Vec<&'a Challenge>,
    /// Positions by the names a statement speaks of, and by the last part of its paths: whoever shares neither with a
    /// finding cannot contradict it, so that ten thousand findings do not look at every sentence.
    by_name: HashMap<String, Vec<usize>>,
    by_file: HashMap<String, Vec<usize>>,
}

/// A few sentences are enough to show that somebody disagrees.
const MOST_A_FINDING: usize = 4;

impl<'a> Contest<'a> {
    pub(crate) fn new(input: &Input<'a>, checked: &'a [model::CheckedFinding], roster: &Roster<'_>) -> Self {
        let statements = collect(input, checked, roster);
        let (mut by_name, mut by_file) = (HashMap::new(), HashMap::new());
        for (at, statement) in statements.iter().enumerate() {
            for name in &statement.names {
                by_name.entry(name.clone()).or_insert_with(Vec::new).push(at);
            }
            for (path, _) in &statement.places {
                by_file.entry(file_name(path).to_owned()).or_insert_with(Vec::new).push(at);
            }
        }
        let refuted =
            input.known.challenges.iter().filter(|it| it.outcome == ChallengeOutcome::Refuted).collect();
        Self { statements, refuted, by_name, by_file }
    }

    /// What was said against one of its claims under cross-examination, with code that stands there.
    fn challenges(&self, defect: &Defect<'_>) -> impl Iterator<Item = Contradiction> {
        let of = |challenge: &&&Challenge| {
            let is_it = |member: &crate::defect::Member<'_>| {
                member.finding.reviewer == challenge.reviewer && member.finding.raw.index == challenge.index
            };
            defect.members.iter().any(is_it)
        };
        let told = |challenge: &&Challenge| {
            let place = challenge.evidence.as_ref().map_or_else(String::new, |place| match place.start {
                Some(start) => format!(", with code at `{}:{start}`", place.path),
                None => format!(", with code in `{}`", place.path),
            });
            Contradiction {
                reviewer: challenge.by.clone(),
                wherein: format!("under cross-examination{place}"),
                said: challenge.said.clone(),
            }
        };
        self.refuted.iter().filter(of).map(told).collect::<Vec<_>>().into_iter()
    }

    fn candidates(&self, question: &Question) -> BTreeSet<usize> {
        let named = question.names().filter_map(|name| self.by_name.get(name));
        let placed = question.paths().filter_map(|path| self.by_file.get(file_name(path)));
        named.chain(placed).flatten().copied().collect()
    }

    /// The sentences of others that contradict a defect, in roster order, one a reviewer and place.
    pub(crate) fn against(&self, defect: &Defect<'_>) -> Vec<Contradiction> {
        let authors: Vec<&str> =
            defect.members.iter().map(|member| member.finding.reviewer.as_str()).collect();
        let mut found: Vec<Contradiction> = self.challenges(defect).collect();
        if self.statements.is_empty() {
            return found;
        }
        let question = Question::of(defect);
        for statement in self.candidates(&question).into_iter().map(|at| &self.statements[at]) {
            if authors.contains(&statement.reviewer) {
                continue;
            }
            let new =
                |it: &Contradiction| it.reviewer != statement.reviewer || it.wherein != statement.wherein;
            if question.is_denied_by(statement) && found.iter().all(new) {
                found.push(Contradiction {
                    reviewer: statement.reviewer.to_owned(),
                    wherein: statement.wherein.clone(),
                    said: statement.said.clone(),
                });
            }
            if found.len() == MOST_A_FINDING {
                break;
            }
        }
        found
    }
}

/// What a contradiction takes from a confidence, in log-odds. A judgement and no measurement: as much as one more
/// reviewer that agrees would add.
const DOUBT: f64 = -0.9;

/// A confidence after somebody contradicted it, and the term that explains the step.
pub(crate) fn doubt(confidence: f64) -> (f64, Term) {
    let odds = confidence.clamp(0.001, 0.999);
    let log_odds = (odds / (1.0 - odds)).ln() + DOUBT;
    let rounded = (1000.0 / (1.0 + (-log_odds).exp())).round() / 1000.0;
    (rounded, Term { name: "another reviewer contradicts it".to_owned(), weight: DOUBT })
}

/// Why a finding is contested: what a gate says first, else what another reviewer says. `None` where nothing speaks
/// against it.
pub(crate) fn why(finding: &Finding) -> Option<Reason> {
    rules::contradiction(&finding.checks)
        .or_else(|| Some((ReasonCode::Contradicted, sentence(&finding.contradictions)?)))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `codex contradicts it in its design strengths: “…”.` for the first contradiction; `None` where there is none.
pub(crate) fn sentence(contradictions: &[Contradiction]) -> Option<String> {
    let first = contradictions.first()?;
    let mut others: Vec<&str> = contradictions[1..]
        .iter()
        .map(|it| it.reviewer.as_str())
        .filter(|name| *name != first.reviewer)
        .collect();
    others.dedup();
    let also = if others.is_empty() { String::new() } else { format!(" So does {}.", names(&others)) };
    Some(format!(
        "`{}` contradicts it ({}): “{}”.{also}",
        first.reviewer,
        first.wherein,
        first.said.trim_end_matches('.')
    ))
}

fn names(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    crate::verdict::list(&names)
}
