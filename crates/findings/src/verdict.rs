//! The answer, by policy.
//!
//! In: findings, the reviewers' endings, policy. Out: the verdict with what blocks and why. Never a reviewer's own
//! verdict, and never a pass where too few reviews arrived.

use std::collections::BTreeSet;

use model::{
    Canary, CriticalPolicy, DeltaScope, Ending, Finding, FindingState, Lane, Prior, ReviewerKind,
    ReviewerReport, ReviewerState, Severity, Verdict, VerdictValue,
};

use crate::{Input, Quorum, contest};

/// Reviews needed and reviews counted.
pub(crate) fn quorum(input: &Input<'_>) -> (u32, u32) {
    let asked: Vec<&ReviewerReport> =
        input.roster.iter().filter(|reviewer| reviewer.state != ReviewerState::Skipped).collect();
    let alone = only_builtin(input);
    let counts = |reviewer: &ReviewerReport| match input.quorum {
        Quorum::Given => true,
        Quorum::Wanted(_) if reviewer.kind == ReviewerKind::Builtin => alone,
        Quorum::Wanted(_) => reviewer.quorum,
    };
    let mut counting: Vec<&ReviewerReport> =
        asked.iter().copied().filter(|reviewer| counts(reviewer)).collect();
    if counting.is_empty() {
        // Where nobody asked is counted towards the quorum, one review of anyone must have arrived.
        counting = asked;
    }
    let counted = counting.iter().filter(|reviewer| is_review(reviewer, input)).count() as u32;
    let most = counting.len() as u32;
    let needed = match input.quorum {
        Quorum::Given => most,
        Quorum::Wanted(wanted) if counting.iter().any(|reviewer| counts(reviewer)) => wanted.min(most),
        Quorum::Wanted(wanted) => wanted.min(most).min(1),
    };
    (needed, counted)
}

/// Whether an answer counts as a review: it ended well, and what it was shown is the change under review.
fn is_review(reviewer: &ReviewerReport, input: &Input<'_>) -> bool {
    reviewer.state == ReviewerState::Finished && has_receipt(reviewer, input)
}

/// Whether the receipt names the commits under review. Reviews handed in as files were shown nothing by us.
fn has_receipt(reviewer: &ReviewerReport, input: &Input<'_>) -> bool {
    if reviewer.kind == ReviewerKind::Imported {
        return true;
    }
    let Some((base, head)) = input.known.shown.as_ref().filter(|_| input.quorum != Quorum::Given) else {
        return true;
    };
    let receipt = &reviewer.receipt;
    let shown = receipt.files_shown > 0 || input.changed.is_empty();
    receipt.base.as_ref() == Some(base)
        && receipt.head.as_ref() == Some(head)
        && receipt.canary != Canary::Altered
        && receipt.bytes_out > 0
        && shown
}

/// True where no reviewer but the built-in one was asked.
pub(crate) fn only_builtin(input: &Input<'_>) -> bool {
    let mut asked =
        input.roster.iter().filter(|reviewer| reviewer.state != ReviewerState::Skipped).peekable();
    asked.peek().is_some() && asked.all(|reviewer| reviewer.kind == ReviewerKind::Builtin)
}

/// True where nobody was asked who judges what a change means.
fn only_machines(input: &Input<'_>) -> bool {
    let mut asked =
        input.roster.iter().filter(|reviewer| reviewer.state != ReviewerState::Skipped).peekable();
    let is_machine = |kind: ReviewerKind| matches!(kind, ReviewerKind::Builtin | ReviewerKind::Tool);
    asked.peek().is_some() && asked.all(|reviewer| is_machine(reviewer.kind))
}

/// What earlier rounds leave to this one's verdict.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Earlier<'a> {
    /// What became of their findings.
    pub(crate) prior: &'a [Prior],
    /// What this round did not look at again.
    pub(crate) scope: Option<&'a DeltaScope>,
}

impl<'a> Earlier<'a> {
    /// Findings that are not settled and that nothing of this round says again.
    fn open(&self) -> impl Iterator<Item = &'a Prior> + use<'a> {
        self.prior.iter().filter(|row| row.is_still_open())
    }

    fn blocking(&self) -> impl Iterator<Item = &'a Prior> + use<'a> {
        self.prior.iter().filter(|row| row.blocks)
    }
}

/// Judges the findings, and what earlier rounds left open.
pub(crate) fn judge(
    input: &Input<'_>,
    findings: &[Finding],
    quorum: (u32, u32),
    earlier: Earlier<'_>,
) -> Verdict {
    let mut blocking: Vec<String> =
        findings.iter().filter(|finding| blocks(finding, input)).map(|finding| finding.id.clone()).collect();
    blocking.extend(earlier.blocking().map(|row| row.finding.clone()));
    let (needed, counted) = quorum;
    if counted < needed || input.roster.is_empty() {
        return Verdict {
            value: VerdictValue::Incomplete,
            reason: incomplete(input, quorum, &blocking),
            blocking,
            policy: format!("quorum {counted}/{needed}"),
        };
    }
    let open = |severity: Severity| {
        findings.iter().filter(move |f| f.severity == severity && f.state == FindingState::Open)
    };
    let before = |severity: Severity| earlier.blocking().filter(move |row| row.severity == severity).count();
    let critical = open(Severity::Critical).filter(|finding| blocks(finding, input)).count()
        + before(Severity::Critical);
    let important = open(Severity::Important).filter(|finding| blocks(finding, input)).count()
        + before(Severity::Important);
    let any = findings.iter().any(|f| f.state == FindingState::Open) || earlier.open().next().is_some();
    let (value, policy) = match (critical, important, any) {
        (1.., _, _) if input.policy.critical == CriticalPolicy::Rework => {
            (VerdictValue::Rework, "critical>0")
        }
        (1.., _, _) => (VerdictValue::MergeWithFixes, "critical>0"),
        (0, 1.., _) => (VerdictValue::MergeWithFixes, "important>0"),
        (0, 0, true) => (VerdictValue::MergeWithOptionalFixes, "suggestion>0"),
        (0, 0, false) => (VerdictValue::MergeAsIs, "nothing open"),
    };
    Verdict { value, reason: reason(input, findings, earlier), blocking, policy: policy.to_owned() }
}

/// Whether a finding stands in the way: severe, open, and not contradicted.
pub(crate) fn blocks(finding: &Finding, input: &Input<'_>) -> bool {
    let supported = match finding.lane {
        Lane::Confirmed => true,
        Lane::Unverified => input.policy.unverified_blocks,
        Lane::Contested => false,
    };
    finding.severity >= Severity::Important && finding.state == FindingState::Open && supported
}

fn reason(input: &Input<'_>, findings: &[Finding], earlier: Earlier<'_>) -> String {
    let mut sentences = Vec::new();
    let blocking: Vec<&Finding> = findings.iter().filter(|finding| blocks(finding, input)).collect();
    sentences.push(must_fix(&blocking));
    sentences.extend(still_open(earlier));
    sentences.extend(contested(findings));
    let optional = findings
        .iter()
        .filter(|f| f.severity == Severity::Suggestion && f.state == FindingState::Open)
        .count();
    match (optional, blocking.is_empty() && earlier.blocking().next().is_none()) {
        (0, true) if sentences.len() == 1 => {
            sentences.push("Nothing was found that asks for a change.".to_owned());
        }
        (0, _) => {}
        (1, true) => sentences.push("One suggestion is optional.".to_owned()),
        (1, false) => sentences.push("One more is optional.".to_owned()),
        (count, true) => sentences.push(format!("All {count} suggestions are optional.")),
        (count, false) => sentences.push(format!("{} more are optional.", number(count))),
    }
    if only_builtin(input) {
        sentences.push("Only the built-in reviewers ran: no semantic review was made.".to_owned());
    } else if only_machines(input) {
        sentences.push("Only linters and built-in reviewers ran: no semantic review was made.".to_owned());
    }
    sentences.extend(others_that_failed(input));
    sentences.extend(earlier.scope.and_then(rests));
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.join(" ")
}

/// What earlier rounds found and nobody repaired, where nothing of this round says it again.
fn still_open(earlier: Earlier<'_>) -> Option<String> {
    let told = |row: &Prior| {
        let title = row.title.trim().trim_end_matches('.');
        let (run, id) = row.finding.rsplit_once(':').unwrap_or(("", row.finding.as_str()));
        if run.is_empty() { format!("{title} ({id})") } else { format!("{title} ({id} of {run})") }
    };
    let blocking: Vec<&Prior> = earlier.blocking().collect();
    let optional = earlier.open().filter(|row| !row.blocks).count();
    match (blocking.as_slice(), optional) {
        ([], 0) => None,
        ([], 1) => Some("One finding of an earlier round that does not block is still open.".to_owned()),
        ([], count) => {
            Some(format!("{} findings of earlier rounds that do not block are still open.", number(count)))
        }
        ([one], _) => Some(format!("A finding of an earlier round still stands in the way: {}.", told(one))),
        ([first, ..], _) => Some(format!(
            "{} findings of earlier rounds still stand in the way, first of all: {}.",
            number(blocking.len()),
            told(first)
        )),
    }
}

/// What was not looked at again, and what that rests on.
fn rests(scope: &DeltaScope) -> Option<String> {
    let (rest, all) = (scope.rest.len(), scope.rest.len() + scope.files.len());
    let rounds: BTreeSet<u32> = scope.rest.iter().flat_map(|file| &file.by).map(|read| read.round).collect();
    let rounds: Vec<String> = rounds.iter().map(ToString::to_string).collect();
    let word = if rounds.len() == 1 { "round" } else { "rounds" };
    let is = if rest == 1 { "was" } else { "were" };
    (rest > 0).then(|| {
        format!(
            "{rest} of the {all} changed files {is} not given to reviewers again: what the change does there is what it was \
             when {} {is} read in {word} {}.",
            if rest == 1 { "it" } else { "they" },
            list(&rounds)
        )
    })
}

fn must_fix(blocking: &[&Finding]) -> String {
    match blocking {
        [] => String::new(),
        [one] => format!("{} must be resolved before merging: {}.", one.id, title(one)),
        [first, second] => {
            format!(
                "{} and {} must be resolved before merging: {}; {}.",
                first.id,
                second.id,
                title(first),
                title(second)
            )
        }
        [first, ..] => format!(
            "{} findings must be resolved before merging ({}), first of all {}: {}.",
            number(blocking.len()),
            spans(blocking),
            first.id,
            title(first)
        ),
    }
}

/// `C1, C2 and I1 to I7`: ids in report order, runs of three and more shortened. An id in between that does not block
/// ends a run.
fn spans(findings: &[&Finding]) -> String {
    let number = |id: &str| id.get(1..).and_then(|digits| digits.parse::<u32>().ok());
    let follows = |a: &str, b: &str| a.get(..1) == b.get(..1) && number(a).map(|n| n + 1) == number(b);
    let mut runs: Vec<Vec<&str>> = Vec::new();
    for finding in findings {
        match runs.last_mut() {
            Some(run) if follows(run[run.len() - 1], &finding.id) => run.push(&finding.id),
            _ => runs.push(vec![&finding.id]),
        }
    }
    let told: Vec<String> = runs
        .iter()
        .flat_map(|run| match run.as_slice() {
            [first, _, .., last] => vec![format!("{first} to {last}")],
            few => few.iter().map(|id| (*id).to_owned()).collect(),
        })
        .collect();
    list(&told)
}

fn title(finding: &Finding) -> String {
    let title = finding.title.trim().trim_end_matches('.');
    if title.is_empty() { "(without a title)".to_owned() } else { title.to_owned() }
}

/// Severe findings that do not block because something contradicts them, each with what does.
fn contested(findings: &[Finding]) -> Option<String> {
    let contested: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.lane == Lane::Contested && finding.severity >= Severity::Important)
        .collect();
    let ids: Vec<&str> = contested.iter().map(|finding| finding.id.as_str()).collect();
    match contested.as_slice() {
        [] => None,
        [one] => {
            let why = contest::why(one).map_or_else(String::new, |(_, why)| format!(" {why}"));
            Some(format!("{} is contested and does not block.{why}", one.id))
        }
        [first, ..] => {
            let why =
                contest::why(first).map_or_else(String::new, |(_, why)| format!(" Of {}: {why}", first.id));
            Some(format!("{} are contested and do not block.{why}", list(&ids)))
        }
    }
}

/// Reviewers that did not review although the quorum was reached.
fn others_that_failed(input: &Input<'_>) -> Option<String> {
    let failed: Vec<String> = failures(input);
    (!failed.is_empty()).then(|| format!("Without the view of {}.", list(&failed)))
}

fn incomplete(input: &Input<'_>, (needed, counted): (u32, u32), blocking: &[String]) -> String {
    let mut sentences = Vec::new();
    let failed = failures(input);
    if input.roster.is_empty() {
        sentences.push("Nobody was asked for a review.".to_owned());
    } else if input.quorum == Quorum::Given {
        sentences.push(format!("{counted} of {needed} given reviews could be read."));
    } else if counted == 0 {
        sentences.push(format!(
            "No review arrived; {} needed.",
            if needed == 1 {
                "one is".to_owned()
            } else {
                format!("{} are", number(needed as usize).to_lowercase())
            }
        ));
    } else {
        sentences.push(format!("Only {counted} of {needed} needed reviews arrived."));
    }
    if !failed.is_empty() {
        sentences.push(format!("Missing: {}.", list(&failed)));
    }
    match blocking {
        [] => sentences.push("This is no approval.".to_owned()),
        ids => sentences.push(format!("What arrived already asks for changes: {}.", list(ids))),
    }
    sentences.join(" ")
}

/// `claude (timed out)` for each reviewer whose answer does not count.
fn failures(input: &Input<'_>) -> Vec<String> {
    input
        .roster
        .iter()
        .filter(|it| it.state != ReviewerState::Skipped && !is_review(it, input))
        .map(|reviewer| {
            let why = match reviewer.state {
                ReviewerState::Finished => "nothing shows that it was given this change",
                _ => ending(reviewer),
            };
            format!("`{}` ({why})", reviewer.name)
        })
        .collect()
}

/// How an attempt ended, in words.
pub(crate) fn ending(reviewer: &ReviewerReport) -> &'static str {
    if reviewer.state == ReviewerState::TransportCorrupted {
        return "its prompt was altered on the way";
    }
    match reviewer.ending {
        Ending::Finished | Ending::Leaky => "its answer is not a review",
        Ending::Failed => "it failed",
        Ending::TimedOut => "it ran out of time",
        Ending::Stalled => "it fell silent",
        Ending::OutputLimit => "it wrote more than the limit",
        Ending::MemoryLimit => "it took more memory than the limit",
        Ending::Cancelled => "it was cancelled",
        Ending::Skipped => "it was skipped",
        Ending::Lost => "its ending was not observed",
        Ending::NotStarted => "it could not be started",
        Ending::Empty => "its review is empty",
        Ending::UnableToReview => "it was unable to review",
        Ending::Truncated => "its review breaks off",
        Ending::Corrupted => "its prompt was altered on the way",
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [init @ .., last] => {
            let init: Vec<&str> = init.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", init.join(", "), last.as_ref())
        }
    }
}

/// Small numbers as words, as people write them at the start of a sentence.
pub(crate) fn number(count: usize) -> String {
    const WORDS: &[&str] = &[
        "No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven",
        "Twelve",
    ];
    WORDS.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}
