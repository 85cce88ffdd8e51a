//! A published report becomes a run.
//!
//! In: what `reading` read from it. Out: a target, a report and its originals, ready for the store. Nothing is checked or
//! judged anew: the findings, severities and attributions are those of the report.

use std::collections::BTreeSet;

use evidence::Told;
use findings::rounds::{Earlier, follow};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use model::{
    Action, CommitRemark, CommitsSection, DECISION_SCHEMA, Decision, DesignObservation, Disposition,
    DocumentationSection, Ending, Finding, FindingState, Fix, Invariants, LedgerRow, Limitation, Location,
    Now, Original, PlaceNow, REPORT_SCHEMA, RawFinding, RawLocation, ReasonCode, Remembered, Report,
    ReviewerKind, ReviewerReport, ReviewerState, Run, SectionRemark, Series, Severity, Sha, Source, Target,
    TargetKind, TestingGap, TestingSection, Tool, Verdict, VerdictValue,
};
use reading::{ImportedFinding, ImportedReport};

/// A published report as values of our own.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What it is about, as far as it says.
    pub target: Target,
    /// When it was made; `None` where it does not say.
    pub started: Option<Timestamp>,
    /// The report. Run and series are filled in by whoever stores it.
    pub report: Report,
    /// The reviews it rests on.
    pub originals: Vec<Original>,
    /// What people did about its findings, by position, and why, as it says.
    pub resolved: Vec<(usize, Action, Option<String>)>,
    /// When they did, where it says.
    pub addressed: Option<Timestamp>,
}

/// Two texts of this likeness (shared words over all words, 0–1, plus what a shared place adds) tell the same.
const ALIKE: f64 = 0.25;

/// Makes a run of a published report. `None` where the text was no report.
pub fn import(imported: &ImportedReport, version: &str) -> Option<Imported> {
    if imported.header.is_empty() && imported.findings.is_empty() {
        return None;
    }
    let raised = raised(imported);
    let mut findings: Vec<Finding> = imported.findings.iter().map(|one| finding(one, imported)).collect();
    let dispositions: Vec<LedgerRow> = raised.iter().map(|raw| place(raw, imported, &mut findings)).collect();
    for (finding, one) in findings.iter_mut().zip(&imported.findings) {
        settle(finding);
        let has = |name: &&String| finding.sources.iter().any(|source| source.reviewer == **name);
        finding.credited = one.reviewers.iter().filter(|name| !has(name)).cloned().collect();
    }
    let target = target(imported);
    let report = Report {
        schema: REPORT_SCHEMA.to_owned(),
        summary: imported.summary.clone().unwrap_or_default(),
        tool: Tool { version: version.to_owned(), ..Tool::default() },
        run: Run { active_ms: imported.wall_clock_ms.unwrap_or(0), complete: true, ..Run::default() },
        target: target.clone(),
        series: Series::default(),
        reviewers: reviewers(imported),
        verdict: verdict(imported),
        invariants: invariants(&raised, &dispositions, &findings),
        findings,
        dispositions,
        design: design(imported),
        testing: testing(imported),
        documentation: DocumentationSection {
            text: String::new(),
            gaps: gaps(&imported.documentation),
            remarks: section_remarks(&imported.documentation),
        },
        commits: CommitsSection {
            text: String::new(),
            remarks: imported
                .commit_remarks
                .iter()
                .map(|item| CommitRemark { text: item.text.clone(), ..CommitRemark::default() })
                .collect(),
        },
        limitations: imported
            .limitations
            .iter()
            .map(|item| Limitation {
                source: item.source.clone(),
                quote: item.text.clone(),
                ..Limitation::default()
            })
            .collect(),
        notes: notes(imported),
        ..Report::default()
    };
    let originals = imported
        .originals
        .iter()
        .map(|original| Original {
            reviewer: original_name(original),
            text: original.text.clone(),
            json: false,
        })
        .collect();
    let resolved = (0..).zip(&imported.findings).filter_map(|(at, one)| {
        let (text, reason) = resolution_text(one, imported);
        // What leaves it open is no decision.
        let is_settled = resolution(one, imported).0 != FindingState::Open;
        is_settled.then_some(())?;
        Some((at, action(&text)?, reason))
    });
    let addressed = imported.resolution.as_ref().and_then(|resolution| resolution.addressed.as_deref());
    Some(Imported {
        target,
        started: imported.date.as_deref().and_then(started),
        report,
        originals,
        resolved: resolved.collect(),
        addressed: addressed.and_then(started),
    })
}

/// One raw finding with whose it is. Reviewers that were asked twice count on.
struct Raised<'a> {
    reviewer: &'a str,
    index: u32,
    raw: &'a RawFinding,
}

fn raised(imported: &ImportedReport) -> Vec<Raised<'_>> {
    let mut all: Vec<Raised<'_>> = Vec::new();
    for original in &imported.originals {
        for raw in &original.reading.findings {
            let index = all.iter().filter(|other| other.reviewer == original.reviewer).count() as u32;
            all.push(Raised { reviewer: &original.reviewer, index, raw });
        }
    }
    all
}

fn original_name(original: &reading::ImportedOriginal) -> String {
    match original.pass {
        Some(pass) if pass > 1 => format!("{} (pass {pass})", original.reviewer),
        _ => original.reviewer.clone(),
    }
}

fn finding(one: &ImportedFinding, imported: &ImportedReport) -> Finding {
    let raw = &one.finding;
    let (state, _) = resolution(one, imported);
    Finding {
        id: one.id.clone(),
        severity: raw.severity,
        kind: raw.kind,
        title: raw.title.clone(),
        locations: raw.locations.iter().map(location).collect(),
        body: raw.body.clone(),
        fix: raw.fix.as_ref().map(|text| Fix { text: text.clone(), patch: raw.patch.clone(), applies: None }),
        agreement: one.reviewers.iter().collect::<BTreeSet<_>>().len() as u32,
        state,
        ..Finding::default()
    }
}

fn location(raw: &RawLocation) -> Location {
    Location {
        path: raw.path.as_str().into(),
        start: raw.start,
        end: raw.end,
        side: raw.side.unwrap_or_default(),
        quote: raw.quote.clone(),
        symbol: raw.symbol.clone(),
        ..Location::default()
    }
}

/// What people did about a finding as it is written, in lower case, and why.
fn resolution_text(one: &ImportedFinding, imported: &ImportedReport) -> (String, Option<String>) {
    let rows = imported.resolution.iter().flat_map(|resolution| &resolution.rows);
    let row = rows.into_iter().find(|row| row.id.as_deref() == Some(one.id.as_str()));
    match row {
        Some(row) => (row.action.to_lowercase(), row.reason.clone()),
        None => (one.resolved.clone().unwrap_or_default().to_lowercase(), one.resolved.clone()),
    }
}

/// The same as one of our actions; `None` where nothing is said to be done.
fn action(text: &str) -> Option<Action> {
    let begins = [
        ("fixed", Action::Fixed),
        ("test", Action::TestWritten),
        ("documentation", Action::DocumentationUpdated),
        ("docs", Action::DocumentationUpdated),
        ("commented", Action::Commented),
        ("skipped", Action::Skipped),
        ("declined", Action::Declined),
        ("auto-resolved", Action::AutoResolved),
        ("n/a", Action::NotApplicable),
    ];
    begins.into_iter().find(|(word, _)| text.trim_start().starts_with(word)).map(|(_, action)| action)
}

/// What people did about a finding, in our words.
fn resolution(one: &ImportedFinding, imported: &ImportedReport) -> (FindingState, Option<String>) {
    let (action, reason) = resolution_text(one, imported);
    let done = ["fixed", "documentation", "commented", "auto-resolved"];
    // One test or several, written or added.
    let tested = action.starts_with("test") && ["written", "added"].iter().any(|word| action.contains(word));
    let state = if tested || done.iter().any(|word| action.starts_with(word)) {
        FindingState::Fixed
    } else if action.starts_with("skipped") || action.starts_with("declined") {
        FindingState::Declined
    } else {
        FindingState::Open
    };
    (state, reason)
}

/// Finds where a raw finding went and writes its row. Every raw finding gets exactly one.
fn place(raised: &Raised<'_>, imported: &ImportedReport, findings: &mut [Finding]) -> LedgerRow {
    let raw = raised.raw;
    let mut row = LedgerRow {
        reviewer: raised.reviewer.to_owned(),
        index: raised.index,
        raw: raw.id.clone(),
        title: raw.title.clone(),
        severity: raw.severity,
        disposition: Disposition::Dropped,
        into: None,
        code: None,
        why: "the published report does not list it".to_owned(),
    };
    let entry = imported
        .reconciliation
        .iter()
        .find(|entry| entry.reviewer.as_deref() == Some(raised.reviewer) && entry.labels.contains(&raw.id));
    if let Some(entry) = entry {
        entry.text.clone_into(&mut row.why);
    }
    if let Some(at) = best(raised, imported) {
        let finding = &mut findings[at];
        finding.sources.push(Source {
            reviewer: raised.reviewer.to_owned(),
            index: raised.index,
            raw: raw.id.clone(),
            severity: raw.severity,
            title: raw.title.clone(),
            body: raw.body.clone(),
            shown: false,
            rule: raw.rule.clone(),
            rule_url: raw.rule_url.clone(),
        });
        row.into = Some(finding.id.clone());
        row.disposition = fate(raw.severity, finding.severity, finding.sources.len());
        if entry.is_none() {
            row.why = format!("the published report tells it as {}", finding.id);
        }
    } else if raw.withdrawn {
        row.code = Some(ReasonCode::Withdrawn);
        "the reviewer took it back".clone_into(&mut row.why);
    } else if let Some(section) = entry.and_then(|entry| entry.into.clone()).filter(|into| into != "dropped")
    {
        row.disposition = Disposition::Moved;
        row.into = Some(section);
    }
    row
}

fn fate(claimed: Severity, published: Severity, nth: usize) -> Disposition {
    match claimed.cmp(&published) {
        std::cmp::Ordering::Less => Disposition::Promoted,
        std::cmp::Ordering::Greater => Disposition::Downgraded,
        std::cmp::Ordering::Equal if nth > 1 => Disposition::Merged,
        std::cmp::Ordering::Equal => Disposition::Kept,
    }
}

/// The published finding that credits the reviewer and tells most nearly the same.
fn best(raised: &Raised<'_>, imported: &ImportedReport) -> Option<usize> {
    let score = |one: &ImportedFinding| {
        likeness(&raised.raw.title, &one.finding.title)
            + 0.5 * likeness(&raised.raw.body, &one.finding.body)
            + nearness(&raised.raw.locations, &one.finding.locations)
    };
    let credited = imported.findings.iter().enumerate().filter(|(_, one)| {
        one.reviewers.is_empty() || one.reviewers.iter().any(|reviewer| reviewer == raised.reviewer)
    });
    credited
        .map(|(at, one)| (score(one), at))
        .filter(|(score, _)| *score >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        .map(|(_, at)| at)
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.len() > 2)
        .map(str::to_lowercase)
        .collect()
}

fn likeness(a: &str, b: &str) -> f64 {
    let (a, b) = (words(a), words(b));
    let all = a.union(&b).count();
    if all == 0 { 0.0 } else { a.intersection(&b).count() as f64 / all as f64 }
}

/// What shared places add: the same file a little, overlapping lines more.
fn nearness(a: &[RawLocation], b: &[RawLocation]) -> f64 {
    let name = |location: &RawLocation| location.path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut most: f64 = 0.0;
    for one in a {
        for other in b.iter().filter(|other| name(other) == name(one)) {
            let overlap = match (one.start, other.start) {
                (Some(x), Some(y)) => x <= other.end.unwrap_or(y) && y <= one.end.unwrap_or(x),
                _ => false,
            };
            most = most.max(if overlap { 0.2 } else { 0.05 });
        }
    }
    most
}

/// The first source is the one shown; identity needs everything else.
fn settle(finding: &mut Finding) {
    if let Some(first) = finding.sources.first_mut() {
        first.shown = true;
    }
    let primary = finding.locations.first();
    let path = primary.map_or("", |location| location.path.as_str());
    let quote = primary.and_then(|location| location.quote.as_deref()).unwrap_or(&finding.title);
    finding.fingerprint = model::Fingerprint::of(&[path, quote]);
}

fn target(imported: &ImportedReport) -> Target {
    let branch =
        imported.branch.clone().or_else(|| imported.pull_request.map(|number| format!("pr-{number}")));
    let sha = imported.review_sha.as_deref().and_then(Sha::new).unwrap_or_default();
    Target {
        kind: if branch.is_some() { TargetKind::Branch } else { TargetKind::None },
        branch,
        pull_request: imported.pull_request,
        head: sha,
        repository: imported.repository.clone(),
        repository_url: imported.repository_url.clone(),
        ..Target::default()
    }
}

/// `2026-04-12 20:34`, as the header has it; taken as UTC, because it names no zone.
fn started(date: &str) -> Option<Timestamp> {
    let date = date.trim().trim_end_matches("UTC").trim_end();
    let parsed = DateTime::strptime("%Y-%m-%d %H:%M", date)
        .or_else(|_| DateTime::strptime("%Y-%m-%d %H:%M:%S", date))
        .or_else(|_| jiff::civil::Date::strptime("%Y-%m-%d", date).map(|day| day.at(0, 0, 0, 0)));
    TimeZone::UTC.to_timestamp(parsed.ok()?).ok()
}

fn reviewers(imported: &ImportedReport) -> Vec<ReviewerReport> {
    imported
        .reviewers
        .iter()
        .map(|reviewer| {
            let originals = imported.originals.iter().filter(|original| original.reviewer == reviewer.key);
            let bytes: u64 = originals.map(|original| original.text.len() as u64).sum();
            let mut row = ReviewerReport {
                name: reviewer.key.clone(),
                kind: ReviewerKind::Imported,
                model: Some(reviewer.name.clone()),
                effort: reviewer.effort.clone(),
                state: ReviewerState::Finished,
                ending: Ending::Finished,
                quorum: true,
                error: reviewer.failed.clone(),
                ..ReviewerReport::default()
            };
            row.receipt.bytes_out = bytes;
            if reviewer.failed.is_some() {
                row.state = ReviewerState::Failed;
                row.ending = Ending::Failed;
            }
            row
        })
        .collect()
}

fn verdict(imported: &ImportedReport) -> Verdict {
    let Some(verdict) = &imported.verdict else { return Verdict::default() };
    let label = verdict.label.to_lowercase();
    let value = if label.contains("rework") {
        VerdictValue::Rework
    } else if label.contains("optional") {
        VerdictValue::MergeWithOptionalFixes
    } else if label.contains("as-is") || label.contains("as is") {
        VerdictValue::MergeAsIs
    } else if label.contains("incomplete") {
        VerdictValue::Incomplete
    } else {
        VerdictValue::MergeWithFixes
    };
    let blocking = imported
        .findings
        .iter()
        .filter(|one| one.finding.severity > Severity::Suggestion)
        .map(|one| one.id.clone())
        .collect();
    Verdict { value, reason: verdict.reason.clone(), blocking, policy: "as published".to_owned() }
}

fn design(imported: &ImportedReport) -> Vec<DesignObservation> {
    let observation = |design: &reading::ImportedDesign| DesignObservation {
        kind: design.item.kind,
        scope: design.item.scope.unwrap_or_default(),
        title: design.item.title.clone(),
        body: design.item.body.clone(),
        locations: design.item.locations.iter().map(location).collect(),
        reviewers: design.reviewers.clone(),
        ..DesignObservation::default()
    };
    imported.design.iter().map(observation).collect()
}

fn gaps(items: &[model::TextItem]) -> Vec<TestingGap> {
    let gap = |item: &model::TextItem| TestingGap { scenario: item.text.clone(), ..TestingGap::default() };
    items.iter().filter(|item| item.gap).map(gap).collect()
}

/// What a section says that asks for nothing.
fn section_remarks(items: &[model::TextItem]) -> Vec<SectionRemark> {
    let remark = |item: &model::TextItem| SectionRemark { text: item.text.clone(), reviewers: Vec::new() };
    items.iter().filter(|item| !item.gap).map(remark).collect()
}

fn testing(imported: &ImportedReport) -> TestingSection {
    TestingSection {
        text: String::new(),
        ran: imported.ran.clone(),
        gaps: gaps(&imported.testing),
        remarks: section_remarks(&imported.testing),
    }
}

fn notes(imported: &ImportedReport) -> Vec<String> {
    let mut notes =
        vec!["imported from a published report: nothing in it was checked against code".to_owned()];
    notes.extend(imported.notes.iter().map(model::Note::sentence));
    notes
}

fn invariants(raised: &[Raised<'_>], dispositions: &[LedgerRow], findings: &[Finding]) -> Invariants {
    let once: BTreeSet<(&str, u32)> =
        dispositions.iter().map(|row| (row.reviewer.as_str(), row.index)).collect();
    let ids_contiguous =
        [Severity::Critical, Severity::Important, Severity::Suggestion].into_iter().all(|severity| {
            let ids = findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .map(|finding| finding.id.as_str());
            ids.zip(1..).all(|(id, number)| id == format!("{}{number}", severity.letter()))
        });
    Invariants {
        dispositions_balance: once.len() == raised.len() && dispositions.len() == raised.len(),
        ids_contiguous,
    }
}

impl Imported {
    /// Fills in what the store decided.
    pub fn stamp(&mut self, run: &model::RunId, series: Series, fallback: Timestamp) {
        let started = self.started.unwrap_or(fallback);
        self.report.run.id = run.clone();
        self.report.run.started = started;
        let length = i64::try_from(self.report.run.active_ms).unwrap_or(0);
        self.report.run.ended = started.checked_add(length.milliseconds()).unwrap_or(started);
        self.report.series = series;
    }
}

impl Imported {
    /// Carries on the identity of findings that earlier reports of the series told, newest first: by words, quotes and places,
    /// because nobody looks at the code.
    pub fn carry_on(&mut self, earlier: &[Report]) {
        let mut items: Vec<(Remembered, u32)> = Vec::new();
        let mut known = BTreeSet::new();
        for report in earlier {
            let (run, round) = (report.run.id.clone(), report.series.round);
            let told = Told { run, round, head: report.target.head.clone() };
            for finding in report.findings.iter().filter(|it| known.insert(it.fingerprint.clone())) {
                items.push((evidence::remember_bare(finding, &told), finding.since_round.unwrap_or(round)));
            }
        }
        let nobody_looks = |item: &Remembered| Now {
            places: vec![PlaceNow::default(); item.places.len()],
            ..Now::default()
        };
        let now: Vec<Now> = items.iter().map(|(item, _)| nobody_looks(item)).collect();
        let earlier: Vec<Earlier<'_>> = items
            .iter()
            .zip(&now)
            .map(|((item, first_round), now)| Earlier { item, now, first_round: *first_round })
            .collect();
        let prior = follow(&mut self.report.findings, &earlier, &[]).prior;
        // Of what it does not tell again nothing can be said.
        self.report.prior = prior.into_iter().filter(|row| row.now.is_some()).collect();
    }

    /// The resolutions of the report as decisions of people, so that what they skipped stays skipped.
    pub fn decisions(&self, findings: &[Remembered]) -> Vec<Decision> {
        let started = self.report.run.started;
        let at = self.addressed.filter(|day| *day > started).unwrap_or(self.report.run.ended);
        let decision = |(at_row, action, reason): &(usize, Action, Option<String>)| {
            let said = reason.as_ref().map(|reason| reason.trim().to_owned()).filter(|it| !it.is_empty());
            let reason = said.or_else(|| {
                action
                    .needs_reason()
                    .then(|| format!("{} in the published report", action.label().to_lowercase()))
            });
            Some(
                Decision {
                    schema: DECISION_SCHEMA.to_owned(),
                    id: model::Fingerprint::default(),
                    at,
                    action: *action,
                    reason,
                    by: None,
                    owner: None,
                    until: None,
                    series: self.report.series.key.clone(),
                    finding: findings.get(*at_row)?.clone(),
                }
                .sealed(),
            )
        };
        self.resolved.iter().filter_map(decision).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_headers_are_read() {
        for text in ["2026-04-12 20:34", "2026-04-12 20:34:09", "2026-04-12", "2026-04-12 20:34 UTC"] {
            assert!(started(text).is_some(), "{text}");
        }
        assert_eq!(started("yesterday"), None);
    }

    #[test]
    fn a_text_that_is_no_report_is_no_run() {
        assert!(import(&reading::read_report("Dear diary"), "0").is_none());
    }

    #[test]
    fn what_a_reviewer_said_goes_where_the_report_credits_it() {
        let raw = |title: &str| RawFinding {
            id: "I1".into(),
            title: title.into(),
            severity: Severity::Important,
            ..RawFinding::default()
        };
        let imported = ImportedReport {
            findings: vec![ImportedFinding {
                id: "S1".into(),
                finding: RawFinding { severity: Severity::Suggestion, ..raw("`parse` drops the last row") },
                reviewers: vec!["ada".into()],
                ..ImportedFinding::default()
            }],
            originals: vec![
                reading::ImportedOriginal {
                    reviewer: "ada".into(),
                    reading: model::Reading {
                        findings: vec![raw("the last row is dropped by `parse`")],
                        ..Default::default()
                    },
                    ..Default::default()
                },
                reading::ImportedOriginal {
                    reviewer: "bob".into(),
                    reading: model::Reading {
                        findings: vec![raw("`parse` drops the last row")],
                        ..Default::default()
                    },
                    ..Default::default()
                },
            ],
            ..ImportedReport::default()
        };
        let report = import(&imported, "0").unwrap().report;
        let fates: Vec<Disposition> = report.dispositions.iter().map(|row| row.disposition).collect();
        assert_eq!(fates, [Disposition::Downgraded, Disposition::Dropped]);
        assert!(report.invariants.dispositions_balance);
    }
}
