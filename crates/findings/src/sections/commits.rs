//! Remarks on the commits: what the history itself shows, and what reviewers say.
//!
//! In: commits, the reviewers' remarks. Out: a section. Never rewrites anything.

use std::collections::BTreeSet;

use model::{Commit, CommitRemark, CommitsSection, ReviewerKind};

use super::OURSELVES;
use super::remarks::{Remark, grouped, remarks, shown};
use crate::Input;
use crate::order::Roster;

/// The section.
pub(crate) fn commits(input: &Input<'_>, roster: &Roster<'_>) -> CommitsSection {
    let mut rows: Vec<CommitRemark> = input.commits.iter().filter_map(remark).collect();
    rows.extend(input.known.commits.iter().cloned());
    let order = |sha: &Option<model::Sha>| {
        input.commits.iter().position(|commit| Some(&commit.sha) == sha.as_ref()).unwrap_or(usize::MAX)
    };
    rows.sort_by_key(|row| order(&row.sha));
    // The built-in reviewer looks at the same subjects as we do: once is enough.
    let is_ours = |name: &str| roster.get(name).is_some_and(|it| it.kind == ReviewerKind::Builtin);
    let others: Vec<Remark<'_>> = remarks(input, roster, |reading| &reading.commits)
        .into_iter()
        .filter(|(name, _)| !is_ours(name))
        .collect();
    for group in grouped(&others) {
        let (text, reviewers) = shown(&group, roster);
        rows.push(CommitRemark { sha: named(&text, input.commits), text, reviewers });
    }
    CommitsSection { text: text(input.commits, &rows), remarks: rows }
}

/// What a commit's own subject and shape give away.
fn remark(commit: &Commit) -> Option<CommitRemark> {
    let subject = commit.subject.trim();
    let lower = subject.to_lowercase();
    let text = if ["fixup!", "squash!", "amend!"].iter().any(|mark| lower.starts_with(mark)) {
        format!("“{subject}” waits to be folded into the commit it names (`git rebase --autosquash`).")
    } else if lower == "wip"
        || lower.starts_with("wip:")
        || lower.starts_with("wip ")
        || lower.starts_with("[wip]")
    {
        format!("“{subject}” calls itself unfinished.")
    } else if lower.starts_with("address review")
        || lower.starts_with("review comments")
        || lower.starts_with("address comments")
    {
        format!(
            "“{subject}” tells about the review, not about the change; it folds into the commits it repairs."
        )
    } else if commit.parents.len() > 1 {
        format!("“{subject}” is a merge inside the change; a rebase would keep the history readable.")
    } else if subject.is_empty() {
        "This commit has no message.".to_owned()
    } else {
        return None;
    };
    Some(CommitRemark { sha: Some(commit.sha.clone()), text, reviewers: vec![OURSELVES.to_owned()] })
}

/// The commit that a remark names by its abbreviated object name.
fn named(text: &str, commits: &[Commit]) -> Option<model::Sha> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() >= 7);
    let mut found =
        words.filter_map(|word| commits.iter().find(|commit| commit.sha.as_str().starts_with(word)));
    found.next().map(|commit| commit.sha.clone())
}

fn text(commits: &[Commit], remarks: &[CommitRemark]) -> String {
    let count = match commits.len() {
        0 => return String::new(),
        1 => "One commit.".to_owned(),
        count => format!("{} commits.", crate::verdict::number(count)),
    };
    let own: BTreeSet<&str> = remarks
        .iter()
        .filter(|remark| remark.reviewers.iter().any(|name| name == OURSELVES))
        .filter_map(|remark| Some(remark.sha.as_ref()?.as_str()))
        .collect();
    let found = match (commits.len(), own.len()) {
        (1, 0) => "Its subject and shape give nothing to remark.".to_owned(),
        (1, _) => "It is worth a look before merging.".to_owned(),
        (_, 0) => "Their subjects and shape give nothing to remark.".to_owned(),
        (_, 1) => "One of them is worth a look before merging.".to_owned(),
        (_, count) => format!("{} of them are worth a look before merging.", crate::verdict::number(count)),
    };
    format!("{count} {found}")
}
