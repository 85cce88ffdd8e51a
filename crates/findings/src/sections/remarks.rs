//! Testing and documentation: gaps merged across reviewers and linked to findings, commands that ran, other remarks.
//!
//! In: the reviewers' remarks. Out: two sections; gaps that belong to a finding come first, in the findings' order, then
//! those named by more reviewers. What is no gap stands among the remarks: nothing that was said is left out, except
//! lines that only announce a list.

use std::collections::HashMap;

use model::{
    DocumentationSection, Finding, Ran, Reading, ReviewerKind, ReviewerState, SectionRemark, TestingGap,
    TestingSection, TextItem,
};

use super::gaps::{Sense, sense, substance};
use crate::Input;
use crate::links::{Links, Wanted};
use crate::matching::{Claim, cluster};
use crate::order::Roster;
use crate::verdict::list;

/// Both sections.
pub(crate) fn assess(
    input: &Input<'_>,
    roster: &Roster<'_>,
    findings: &[Finding],
    links: &Links<'_>,
) -> (TestingSection, DocumentationSection) {
    let (mut testing, tested) =
        sorted(&remarks(input, roster, |reading| &reading.testing), roster, findings, links);
    testing.extend(untested(input));
    let (documentation, documented) =
        sorted(&remarks(input, roster, |reading| &reading.documentation), roster, findings, links);
    let ran = ran(input, roster);
    (
        TestingSection { text: testing_text(&ran, &testing), ran, gaps: testing, remarks: tested },
        DocumentationSection {
            text: documentation_text(&documentation),
            gaps: documentation,
            remarks: documented,
        },
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

/// Tells gaps from other remarks, merges both across reviewers and ranks the gaps.
fn sorted(
    remarks: &[Remark<'_>],
    roster: &Roster<'_>,
    findings: &[Finding],
    links: &Links<'_>,
) -> (Vec<TestingGap>, Vec<SectionRemark>) {
    let (mut missing, mut other): (Vec<Remark<'_>>, Vec<Remark<'_>>) = (Vec::new(), Vec::new());
    // Rules say exactly what they mean.
    let is_exact = |name: &str| roster.get(name).is_some_and(|it| it.kind == ReviewerKind::Builtin);
    for remark in remarks {
        let sense = match is_exact(remark.0) {
            true if remark.1.gap => Sense::Gap,
            true => Sense::Remark,
            false => sense(&remark.1.text, remark.1.gap),
        };
        match sense {
            Sense::Gap => missing.push(*remark),
            Sense::Remark => other.push(*remark),
            Sense::Announcement => {}
        }
    }
    let remarks = grouped(&other)
        .iter()
        .map(|group| {
            let (text, reviewers) = shown(group, roster);
            SectionRemark { text: substance(&text).to_owned(), reviewers }
        })
        .collect();
    (gaps(&missing, roster, findings, links), remarks)
}

fn gaps(
    remarks: &[Remark<'_>],
    roster: &Roster<'_>,
    findings: &[Finding],
    links: &Links<'_>,
) -> Vec<TestingGap> {
    let mut gaps: Vec<TestingGap> = grouped(remarks)
        .iter()
        .map(|group| {
            let (scenario, reviewers) = shown(group, roster);
            let labelled = links.labelled(group.iter().map(|(name, item)| (*name, item.text.as_str())));
            let alike = || links.alike("", &scenario, &[], Wanted { most: 1, above: 0.0 });
            let finding = labelled.into_iter().next().or_else(|| alike().into_iter().next());
            TestingGap { finding, scenario: substance(&scenario).to_owned(), reviewers }
        })
        .collect();
    let rank: HashMap<&str, usize> = findings.iter().enumerate().map(|(at, f)| (f.id.as_str(), at)).collect();
    let key = |gap: &TestingGap| {
        let finding = gap.finding.as_deref().and_then(|id| rank.get(id)).copied().unwrap_or(usize::MAX);
        (finding, !is_said_to_be_risky(&gap.scenario), std::cmp::Reverse(gap.reviewers.len()))
    };
    gaps.sort_by_key(key);
    gaps
}

fn is_said_to_be_risky(scenario: &str) -> bool {
    let lower = scenario.to_lowercase();
    ["high risk", "high-risk", "highest risk", "highest-risk", "risk: high"]
        .iter()
        .any(|it| lower.contains(it))
}

/// What the code itself shows: one line for all changed functions that no test names, however many they are.
fn untested(input: &Input<'_>) -> Option<TestingGap> {
    const SHOWN: usize = 5;
    if input.roster.iter().any(|it| it.kind == ReviewerKind::Builtin && it.state == ReviewerState::Finished) {
        // The built-in reviewer looks at the same and tells more about it.
        return None;
    }
    let known = &input.known.untested;
    let shown: Vec<String> =
        known.iter().take(SHOWN).map(|it| format!("`{}` (`{}:{}`)", it.name, it.path, it.line)).collect();
    if shown.is_empty() {
        return None;
    }
    let scenario = match known.len() - shown.len() {
        0 => format!("No test names {}.", list(&shown)),
        more => format!(
            "No test names {} and {more} more functions that this change adds or edits.",
            shown.join(", ")
        ),
    };
    Some(TestingGap { scenario, finding: None, reviewers: vec![super::OURSELVES.to_owned()] })
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
        (1, 0) => format!("`{}` says that it ran `{}`.", ran[0].reviewer, ran[0].command),
        (count, 0) => {
            format!("Reviewers say that they ran {count} commands; of none they say that it failed.")
        }
        (count, _) => {
            format!("Reviewers say that they ran {count} commands, of which {} failed.", list(&failed))
        }
    }];
    let named = gaps.iter().filter(|gap| gap.reviewers.iter().any(|name| name != super::OURSELVES)).count();
    sentences.push(match named {
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
        count => format!("{} things are missing from the documentation.", crate::verdict::number(count)),
    }
}
