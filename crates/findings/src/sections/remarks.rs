//! Testing and documentation: gaps merged across reviewers and linked to findings, commands that ran.
//!
//! In: the reviewers' remarks. Out: two sections; gaps that block come first, then those named by more reviewers.

use std::collections::HashMap;

use model::{DocumentationSection, Finding, Ran, Reading, TestingGap, TestingSection, TextItem};

use crate::Input;
use crate::matching::{Claim, THRESHOLD, cluster, compare};
use crate::order::Roster;
use crate::verdict::list;

/// Both sections.
pub(crate) fn assess(
    input: &Input<'_>,
    roster: &Roster<'_>,
    findings: &[Finding],
) -> (TestingSection, DocumentationSection) {
    let testing = gaps(&remarks(input, roster, |reading| &reading.testing), roster, findings);
    let documentation = gaps(&remarks(input, roster, |reading| &reading.documentation), roster, findings);
    let ran = ran(input, roster);
    (
        TestingSection { text: testing_text(&ran, &testing), ran, gaps: testing },
        DocumentationSection { text: documentation_text(&documentation), gaps: documentation },
    )
}

/// One remark with who made it.
pub(super) type Remark<'a> = (&'a str, &'a TextItem);

/// All remarks of one kind, in roster order.
pub(super) fn remarks<'a>(
    input: &Input<'a>,
    roster: &Roster<'_>,
    of: impl Fn(&'a Reading) -> &'a Vec<TextItem>,
) -> Vec<Remark<'a>> {
    let mut readings: Vec<&(String, Reading)> = input.readings.iter().collect();
    readings.sort_by(|a, b| (roster.position(&a.0), &a.0).cmp(&(roster.position(&b.0), &b.0)));
    readings
        .into_iter()
        .flat_map(|(name, reading)| of(reading).iter().map(|item| (name.as_str(), item)))
        .collect()
}

/// Groups equal remarks of different reviewers; each group is shown in its longest words.
pub(super) fn grouped<'a>(remarks: &[Remark<'a>]) -> Vec<Vec<Remark<'a>>> {
    let mut claims: Vec<Claim> =
        remarks.iter().map(|(_, item)| Claim::of_raw("", &item.text, &item.locations)).collect();
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let owners: Vec<usize> = remarks
        .iter()
        .map(|(name, _)| {
            let next = numbers.len();
            *numbers.entry(name).or_insert(next)
        })
        .collect();
    let clusters = cluster(&mut claims, &owners).clusters;
    clusters.into_iter().map(|members| members.into_iter().map(|member| remarks[member]).collect()).collect()
}

/// The longest text of a group and its reviewers.
pub(super) fn shown(group: &[Remark<'_>], roster: &Roster<'_>) -> (String, Vec<String>) {
    let mut text = group.first().map_or("", |(_, item)| item.text.as_str());
    for (_, item) in group {
        if item.text.len() > text.len() {
            text = &item.text;
        }
    }
    let mut reviewers: Vec<String> = group.iter().map(|(name, _)| (*name).to_owned()).collect();
    roster.sort_names(&mut reviewers);
    (text.to_owned(), reviewers)
}

fn gaps(remarks: &[Remark<'_>], roster: &Roster<'_>, findings: &[Finding]) -> Vec<TestingGap> {
    let only_gaps: Vec<Remark<'_>> = remarks.iter().copied().filter(|(_, item)| item.gap).collect();
    let mut gaps: Vec<TestingGap> = grouped(&only_gaps)
        .iter()
        .map(|group| {
            let (scenario, reviewers) = shown(group, roster);
            TestingGap { finding: related(&scenario, findings), scenario, reviewers }
        })
        .collect();
    let rank: HashMap<&str, usize> = findings.iter().enumerate().map(|(at, f)| (f.id.as_str(), at)).collect();
    let key = |gap: &TestingGap| {
        let finding = gap.finding.as_deref().and_then(|id| rank.get(id)).copied().unwrap_or(usize::MAX);
        (finding, std::cmp::Reverse(gap.reviewers.len()))
    };
    gaps.sort_by_key(key);
    gaps
}

/// The finding that a remark names, or that says the same.
fn related(text: &str, findings: &[Finding]) -> Option<String> {
    if findings.len() > 500 {
        return None;
    }
    let own = Claim::of_text("", text);
    let score = |finding: &Finding| compare(&own, &Claim::of_text(&finding.title, &finding.body));
    let best = findings.iter().map(|finding| (score(finding), finding)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= THRESHOLD).then(|| best.1.id.clone())
}

fn ran(input: &Input<'_>, roster: &Roster<'_>) -> Vec<Ran> {
    let mut readings: Vec<&(String, Reading)> = input.readings.iter().collect();
    readings.sort_by(|a, b| (roster.position(&a.0), &a.0).cmp(&(roster.position(&b.0), &b.0)));
    let of = |name: &String, ran: &Ran| Ran { reviewer: name.clone(), ..ran.clone() };
    readings
        .into_iter()
        .flat_map(|(name, reading)| reading.ran.iter().map(|ran| of(name, ran)).collect::<Vec<_>>())
        .collect()
}

fn testing_text(ran: &[Ran], gaps: &[TestingGap]) -> String {
    let failed: Vec<String> = ran
        .iter()
        .filter(|run| run.exit.is_some_and(|exit| exit != 0))
        .map(|run| format!("`{}`", run.command))
        .collect();
    let mut sentences = vec![match (ran.len(), failed.len()) {
        (0, _) => "No reviewer says that it ran anything.".to_owned(),
        (1, 0) => format!("`{}` ran `{}`.", ran[0].reviewer, ran[0].command),
        (count, 0) => format!("{count} commands ran, none is reported as failed."),
        (count, _) => format!("{count} commands ran; {} failed.", list(&failed)),
    }];
    sentences.push(match gaps.len() {
        0 => "No reviewer names a scenario without a test.".to_owned(),
        1 => "One scenario is named that no test covers.".to_owned(),
        count => format!(
            "{count} scenarios are named that no test covers; those that belong to a finding come first."
        ),
    });
    sentences.join(" ")
}

fn documentation_text(gaps: &[TestingGap]) -> String {
    match gaps.len() {
        0 => "No reviewer names a hole in the documentation.".to_owned(),
        1 => "One thing is missing from the documentation.".to_owned(),
        count => format!("{count} things are missing from the documentation."),
    }
}
