//! The story of consolidation: what was said and checked becomes the parts of a report.
//!
//! In: [`Input`]. Out: [`Consolidated`]. Each step is a file of its own; this one only says in which order they come.

use std::collections::{HashMap, HashSet};

use model::{CheckedFinding, DeltaScope, Finding, Fix, Gate, Lane, Prior, Source};

use crate::contest::Contest;
use crate::defect::{Defect, Member};
use crate::ledger::Ledger;
use crate::links::Links;
use crate::matching::{Claim, Clustering, because, cluster_known};
use crate::order::Roster;
use crate::{
    Consolidated, Input, choice, confidence, contest, coverage, design, noted, order, places, retro, rules,
    sections, severity, summary, verdict,
};

/// Makes one report of many reviews. Pure: the same input gives the same value, in whatever order it arrived.
pub fn consolidate(input: &Input<'_>) -> Consolidated {
    let roster = Roster::new(input.roster);
    let mut checked = input.checked.clone();
    roster.sort(&mut checked);
    let mut ledger = Ledger::new(&checked);
    let standing = drop_what_cannot_stand(&checked, &roster, &mut ledger);
    let mut claims: Vec<Claim> = standing.iter().map(|index| Claim::of(&checked[*index])).collect();
    let told = told_before(&standing, &checked, input);
    let clustering = cluster_known(&mut claims, &owners(&standing, &checked), &told);
    let contest = Contest::new(input, &checked, &roster);
    let mut drafts = Vec::new();
    let mut moved = Vec::new();
    for (number, members) in clustering.clusters.iter().enumerate() {
        let defect = defect(members, &standing, &checked, &claims);
        let indices: Vec<usize> = members.iter().map(|member| standing[*member]).collect();
        match move_out(&defect, input) {
            Some(reason) => moved.push((defect, reason, indices)),
            None => {
                drafts.push(Draft {
                    finding: finding(&defect, input, &roster, &contest),
                    cluster: number,
                    shown: members[defect.shown],
                    indices,
                });
            }
        }
    }
    let findings = arrange(drafts, &clustering, &claims, input, &mut ledger);
    let links = Links::new(&findings);
    let design = design::section(input, &roster, &links, &moved, &mut ledger);
    let (testing, documentation) = sections::assess(input, &roster, &findings, &links);
    let commits = sections::commits(input, &roster);
    let limitations = sections::limitations(input, &roster, &findings);
    let dispositions = ledger.rows();
    let coverage = coverage::section(input, &roster, &findings);
    let retro = retro::rows(input, &findings, &dispositions, &design, &coverage, &checked);
    let quorum = verdict::quorum(input);
    let verdict = verdict::judge(input, &findings, quorum, verdict::Earlier::default());
    let invariants = ledger.invariants(&checked, &dispositions, &findings, &design);
    let summary = summary::text(input, &findings, &dispositions, &verdict);
    Consolidated {
        findings,
        dispositions,
        design,
        testing,
        documentation,
        commits,
        limitations,
        coverage,
        retro,
        verdict,
        invariants,
        summary,
        notes: Vec::new(),
        quorum,
    }
}

/// Judges once more, with what earlier rounds leave to this one: findings of theirs that still stand, and files that were not
/// looked at again because their change is what it was when they were read.
pub fn judge_with_earlier(
    input: &Input<'_>,
    made: &mut Consolidated,
    prior: &[Prior],
    scope: Option<&DeltaScope>,
) {
    if let Some(scope) = scope {
        made.coverage.uncovered.retain(|path| scope.rest.iter().all(|file| file.path != *path));
    }
    let earlier = verdict::Earlier { prior, scope };
    made.verdict = verdict::judge(input, &made.findings, made.quorum, earlier);
    made.summary = summary::text(input, &made.findings, &made.dispositions, &made.verdict);
}

/// Writes down the claims that fall before matching; returns the positions of the others.
fn drop_what_cannot_stand(
    checked: &[CheckedFinding],
    roster: &Roster<'_>,
    ledger: &mut Ledger,
) -> Vec<usize> {
    let mut standing = Vec::new();
    for (index, finding) in checked.iter().enumerate() {
        match rules::dropped(finding, roster.get(&finding.reviewer)) {
            Some((code, why)) => ledger.dropped(index, code, why),
            None => standing.push(index),
        }
    }
    standing
}

/// One number a reviewer, in the order of first appearance.
fn owners(standing: &[usize], checked: &[CheckedFinding]) -> Vec<usize> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    standing
        .iter()
        .map(|index| {
            let next = numbers.len();
            *numbers.entry(checked[*index].reviewer.as_str()).or_insert(next)
        })
        .collect()
}

/// Which finding of an earlier round each of them tells again.
fn told_before(standing: &[usize], checked: &[CheckedFinding], input: &Input<'_>) -> Vec<Option<usize>> {
    let known = &input.known.told_before;
    let of = |at: &usize| known.get(&(checked[*at].reviewer.clone(), checked[*at].raw.index)).copied();
    if known.is_empty() { Vec::new() } else { standing.iter().map(of).collect() }
}

fn defect<'a>(
    members: &[usize],
    standing: &[usize],
    checked: &'a [CheckedFinding],
    claims: &'a [Claim],
) -> Defect<'a> {
    let members: Vec<Member<'a>> =
        members.iter().map(|member| Member::new(&checked[standing[*member]], &claims[*member])).collect();
    let shown = choice::choose(&members);
    Defect { members, shown }
}

/// A defect leaves the findings only where every one of its claims does.
fn move_out(defect: &Defect<'_>, input: &Input<'_>) -> Option<rules::Reason> {
    if !input.repository_used {
        return None;
    }
    let changed: HashSet<&str> = input.changed.iter().map(|file| file.path.as_str()).collect();
    let mut reasons = defect.members.iter().map(|member| {
        let path = member.finding.locations.first().map_or("", |location| location.path.as_str());
        rules::moved(member.finding, changed.contains(path), input.policy)
    });
    let first = reasons.next()??;
    reasons.all(|reason| reason.is_some()).then_some(first)
}

struct Draft {
    finding: Finding,
    cluster: usize,
    /// Which claim shows its text.
    shown: usize,
    /// Positions of its claims among all checked ones.
    indices: Vec<usize>,
}

fn finding(defect: &Defect<'_>, input: &Input<'_>, roster: &Roster<'_>, contest: &Contest<'_>) -> Finding {
    let shown = defect.shown().finding;
    let decision = severity::decide(defect, input, roster);
    let lane = lane(defect, input);
    let (confidence, confidence_terms) = confidence::confidence(defect, lane, input, roster);
    // Whoever's text is shown, the rule that raised it stays known.
    let rule = shown_first(defect).map(|member| &member.finding.raw).find(|raw| raw.rule.is_some());
    let mut finding = Finding {
        severity: decision.severity,
        kind: decision.kind,
        origin: shown.origin.clone(),
        title: shown.raw.title.clone(),
        locations: places::union(shown_first(defect).map(|member| member.finding.locations.as_slice())),
        body: shown.raw.body.clone(),
        fix: fix(shown),
        sources: sources(defect),
        checks: defect.members.iter().flat_map(|member| member.finding.checks.clone()).collect(),
        lane,
        confidence,
        confidence_terms,
        agreement: defect.agreement(),
        reconciliation: decision.reconciliation,
        merged_because: merged_because(defect),
        also_noted: noted::also_noted(defect),
        rule: rule.and_then(|raw| raw.rule.clone()),
        rule_url: rule.and_then(|raw| raw.rule_url.clone()),
        category: shown_first(defect).find_map(|member| member.finding.raw.category.clone()),
        ..Finding::default()
    };
    if let (Some(primary), Some(symbol)) = (finding.locations.first_mut(), &shown.symbol) {
        primary.symbol.get_or_insert_with(|| symbol.clone());
    }
    finding.fingerprint = order::fingerprint(&finding, input.changed);
    oppose(&mut finding, defect, contest);
    finding
}

/// Writes down what others say against a finding. What a run of its script has shown stands against any word.
fn oppose(finding: &mut Finding, defect: &Defect<'_>, contest: &Contest<'_>) {
    finding.contradictions = contest.against(defect);
    let shown = defect.members.iter().any(|it| it.finding.result(Gate::Repro) == model::CheckResult::Pass);
    if finding.contradictions.is_empty() || shown {
        return;
    }
    finding.lane = Lane::Contested;
    let (confidence, term) = contest::doubt(finding.confidence);
    finding.confidence = confidence;
    finding.confidence_terms.push(term);
    finding
        .confidence_terms
        .sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.name.cmp(&b.name)));
}

fn shown_first<'d, 'a>(defect: &'d Defect<'a>) -> impl Iterator<Item = &'d Member<'a>> {
    let others =
        defect.members.iter().enumerate().filter(|(index, _)| *index != defect.shown).map(|(_, m)| m);
    std::iter::once(defect.shown()).chain(others)
}

/// The best lane of any member: what one reviewer quoted wrongly, another may have quoted right.
fn lane(defect: &Defect<'_>, input: &Input<'_>) -> Lane {
    if !input.repository_used {
        return Lane::Unverified;
    }
    let lanes: Vec<Lane> = defect.members.iter().map(|member| member.lane).collect();
    [Lane::Confirmed, Lane::Unverified]
        .into_iter()
        .find(|lane| lanes.contains(lane))
        .unwrap_or(Lane::Contested)
}

fn fix(shown: &CheckedFinding) -> Option<Fix> {
    let raw = &shown.raw;
    if raw.fix.is_none() && raw.patch.is_none() {
        return None;
    }
    let applies = match (raw.patch.is_some(), shown.result(Gate::Fix)) {
        (true, model::CheckResult::Pass | model::CheckResult::Repaired) => Some(true),
        (true, model::CheckResult::Fail) => Some(false),
        _ => None,
    };
    Some(Fix { text: raw.fix.clone().unwrap_or_default(), patch: raw.patch.clone(), applies })
}

fn sources(defect: &Defect<'_>) -> Vec<Source> {
    defect
        .members
        .iter()
        .enumerate()
        .map(|(index, member)| {
            let raw = &member.finding.raw;
            Source {
                reviewer: member.finding.reviewer.clone(),
                index: raw.index,
                raw: raw.id.clone(),
                severity: raw.severity,
                title: raw.title.clone(),
                body: raw.body.clone(),
                shown: index == defect.shown,
                rule: raw.rule.clone(),
                rule_url: raw.rule_url.clone(),
            }
        })
        .collect()
}

fn merged_because(defect: &Defect<'_>) -> Vec<String> {
    let shown = defect.shown();
    defect
        .members
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != defect.shown)
        .map(|(_, member)| {
            let raw = &member.finding.raw;
            let label = if raw.id.is_empty() { format!("#{}", raw.index) } else { raw.id.clone() };
            format!("`{}` {label}: {}", member.finding.reviewer, because(shown.claim, member.claim))
        })
        .collect()
}

/// Puts findings in report order, gives them ids and links those that may be the same.
fn arrange(
    drafts: Vec<Draft>,
    clustering: &Clustering,
    claims: &[Claim],
    input: &Input<'_>,
    ledger: &mut Ledger,
) -> Vec<Finding> {
    let mut findings = Vec::with_capacity(drafts.len());
    let mut rest = Vec::with_capacity(drafts.len());
    for draft in drafts {
        findings.push(draft.finding);
        rest.push((draft.cluster, draft.shown, draft.indices));
    }
    let order = order::report_order(&findings, input.changed);
    let mut arranged: Vec<Finding> =
        order.iter().map(|index| std::mem::take(&mut findings[*index])).collect();
    let ids = order::ids(&arranged);
    // Of each cluster: where its finding stands now, and which claim shows its text.
    let mut of_cluster: HashMap<usize, (usize, usize)> = HashMap::new();
    for (position, old) in order.iter().enumerate() {
        let (cluster, shown, indices) = &rest[*old];
        arranged[position].id.clone_from(&ids[position]);
        of_cluster.insert(*cluster, (position, *shown));
        ledger.settled(&arranged[position], indices);
    }
    link_twins(&mut arranged, clustering, claims, &of_cluster);
    order::make_unique(&mut arranged);
    arranged
}

/// Most links of one finding. They are hints for whoever reads it; a long list of them is none.
const MOST_LINKS: usize = 5;

/// Links findings that may be one defect, the most alike, each time with what keeps them apart.
fn link_twins(
    findings: &mut [Finding],
    clustering: &Clustering,
    claims: &[Claim],
    of_cluster: &HashMap<usize, (usize, usize)>,
) {
    let mut links: Vec<Vec<(f32, usize, String)>> = vec![Vec::new(); findings.len()];
    for link in &clustering.maybe_same {
        if let (Some((a, shown_a)), Some((b, shown_b))) = (of_cluster.get(&link.a), of_cluster.get(&link.b)) {
            let why = apart(&findings[*a], &findings[*b], &because(&claims[*shown_a], &claims[*shown_b]));
            links[*a].push((link.score, *b, why.clone()));
            links[*b].push((link.score, *a, why));
        }
    }
    for (from, mut links) in links.into_iter().enumerate() {
        links.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
        links.truncate(MOST_LINKS);
        links.sort_by_key(|(_, to, _)| *to);
        for (_, to, why) in links {
            let id = findings[to].id.clone();
            findings[from].possibly_same.push(id);
            findings[from].apart_because.push(why);
        }
    }
}

/// What speaks for two findings being one, and why that was not enough.
fn apart(a: &Finding, b: &Finding, alike: &str) -> String {
    let both = a.sources.iter().find(|source| b.sources.iter().any(|it| it.reviewer == source.reviewer));
    match both {
        Some(source) => format!("{alike}; `{}` tells them apart", source.reviewer),
        None => format!("{alike}; not enough to be sure"),
    }
}
