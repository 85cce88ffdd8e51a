//! What the history of the changed files says.
//!
//! In: earlier repairs of the changed files and the commits before the change. Out: lines that a repair once added and the
//! change removes, repairs that it takes back, files that change together and did not. After SZZ (Śliwerski et al., MSR
//! 2005) and ROSE (Zimmermann et al., ICSE 2004). Silent where the repository has no history to speak of.

#[cfg(test)]
mod cases;

use std::collections::{BTreeMap, HashSet};

use git::PastEdit;
use model::{FileDiff, Kind, RepoPath, Severity, Side};

use crate::context::{Context, line_pairs, path_before};
use crate::edits::{Block, blocks};
use crate::family::{Draft, Family, Raised, read};
use crate::language::Role;
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at, file as whole_file};
use crate::words::{code, count, shortened};

pub(crate) const REMOVED_REPAIR: &str = "history/repair-removed";
pub(crate) const REVERTED: &str = "history/repair-reverted";
pub(crate) const TOGETHER: &str = "history/changed-together";

/// The family.
pub(crate) struct History;

impl Family for History {
    fn needles(&self, _needles: &mut Needles) {}

    fn findings(&self, context: &Context<'_>, _found: &Found) -> Vec<Raised> {
        let mut raised = Vec::new();
        let added = added_lines(context);
        for file in context.changed().filter(|file| Role::of(&file.path) == Role::Source) {
            let Some(path) = path_before(file) else { continue };
            let repairs: Vec<&PastEdit> = context
                .past()
                .repairs
                .iter()
                .filter(|edit| edit.path == *path && is_repair(&edit.subject) && is_small(context, edit))
                .collect();
            for repair in repairs {
                let reverted =
                    context.settings.runs(REVERTED).then(|| reverted(context, file, repair)).flatten();
                let removed = || {
                    context
                        .settings
                        .runs(REMOVED_REPAIR)
                        .then(|| removed(context, file, repair, &added))
                        .flatten()
                };
                raised.extend(reverted.or_else(removed));
            }
        }
        if context.settings.runs(TOGETHER) {
            raised.extend(together(context));
        }
        raised
    }
}

/// True for a commit of few files: one of many is a design with a repair in it.
fn is_small(context: &Context<'_>, edit: &PastEdit) -> bool {
    let commit = context.past().commits.iter().find(|commit| commit.sha == edit.sha);
    commit.is_none_or(|commit| commit.paths.len() <= MOST_FILES)
}

/// True for subjects that speak of a defect in what the program does.
pub(crate) fn is_repair(subject: &str) -> bool {
    const YES: [&str; 24] = [
        "fix",
        "fixes",
        "fixed",
        "fixing",
        "bug",
        "bugfix",
        "crash",
        "crashes",
        "panic",
        "panics",
        "deadlock",
        "race",
        "leak",
        "leaks",
        "regression",
        "overflow",
        "hang",
        "hangs",
        "incorrect",
        "wrong",
        "segfault",
        "hotfix",
        "broken",
        "prevent",
    ];
    const NO: [&str; 20] = [
        "typo",
        "typos",
        "lint",
        "lints",
        "clippy",
        "format",
        "formatting",
        "spelling",
        "docs",
        "doc",
        "comment",
        "comments",
        "test",
        "tests",
        "ci",
        "style",
        "warning",
        "warnings",
        "readme",
        "changelog",
    ];
    let lower = subject.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    words.iter().any(|word| YES.contains(word))
        && !words.iter().any(|word| NO.contains(word))
        && !lower.starts_with("merge")
}

fn added_lines<'a>(context: &Context<'a>) -> HashSet<&'a str> {
    let lines = context.change.diff().iter().flat_map(FileDiff::added);
    lines.map(|(_, text)| text.trim()).collect()
}

/// A line that can hardly be there twice by chance.
fn is_telling(line: &str) -> bool {
    let line = line.trim();
    let comment =
        line.starts_with("//") || line.starts_with('#') || line.starts_with('*') || line.starts_with("/*");
    let words =
        line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| word.len() >= 3).count();
    line.len() >= 16
        && words >= 2
        && !comment
        && !line.starts_with("import ")
        && !line.starts_with("use ")
        && !line.starts_with("from ")
}

/// Larger repairs are rewrites: their lines are not the repair.
const MOST_ADDED: usize = 30;

/// Lines that the repair added and the change takes out without anything in their place.
fn removed(
    context: &Context<'_>,
    file: &FileDiff,
    repair: &PastEdit,
    added: &HashSet<&str>,
) -> Option<Raised> {
    if repair.added.len() > MOST_ADDED {
        return None;
    }
    let path = path_before(file)?;
    let before = context.source(Side::Base, path)?;
    let head = context.source(Side::Head, &file.path)?;
    let again: HashSet<&str> = repair.removed.iter().map(|line| line.trim()).collect();
    let brought: HashSet<&str> = repair
        .added
        .iter()
        .map(|line| line.trim())
        .filter(|line| is_telling(line) && !again.contains(line))
        // What stands in the file more than once is nobody's repair.
        .filter(|line| before.content().matches(*line).count() <= 1)
        .collect();
    let edited: HashSet<u32> = line_pairs(file).into_iter().filter_map(|(old, _)| old.old_line).collect();
    let gone: Vec<(u32, &str)> = file
        .removed()
        .filter(|(line, text)| brought.contains(text.trim()) && !edited.contains(line))
        .filter(|(_, text)| !added.contains(text.trim()) && !head.content().contains(text.trim()))
        .collect();
    let guards = gone.iter().any(|(_, text)| crate::siblings::guards(text));
    if gone.is_empty() || !(guards || gone.len() >= 2) || gone.len() * 2 < brought.len() {
        return None;
    }
    let block = blocks(file).into_iter().find(|block| block.removed.contains(&gone[0].0))?;
    // Written anew is not taken out, and a function that is gone as a whole takes its repairs with it.
    if !block.added.is_empty() || block.removed.len() > 40 || !stands(context, file, gone[0].0) {
        return None;
    }
    Some(report(context, file, repair, &block, &gone, &before.path, false))
}

/// True where the function around the removed line is still there.
fn stands(context: &Context<'_>, file: &FileDiff, line: u32) -> bool {
    let before = path_before(file).and_then(|path| context.source(Side::Base, path));
    let head = context.source(Side::Head, &file.path);
    let (Some(before), Some(head)) = (before, head) else { return false };
    crate::functions::around(&before, line)
        .is_none_or(|function| head.functions().iter().any(|other| other.name == function.name))
}

/// A block of the change that is the repair backwards.
fn reverted(context: &Context<'_>, file: &FileDiff, repair: &PastEdit) -> Option<Raised> {
    let before = context.source(Side::Base, path_before(file)?)?;
    let after = context.source(Side::Head, &file.path)?;
    let trimmed = |lines: &[String]| -> HashSet<String> {
        lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let (brought, replaced) = (trimmed(&repair.added), trimmed(&repair.removed));
    let told = context.change.target().commits.iter().any(|commit| {
        let text = format!("{} {}", commit.subject, commit.body).to_lowercase();
        // A repair that takes a repair back does so on purpose.
        text.contains("revert") || text.contains(&repair.sha.as_str()[..8]) || is_repair(&commit.subject)
    });
    let block = blocks(file).into_iter().find(|block| {
        let old: Vec<&str> = block
            .removed
            .iter()
            .map(|line| before.line(*line).trim())
            .filter(|line| !line.is_empty())
            .collect();
        let new: Vec<&str> =
            block.added.iter().map(|line| after.line(*line).trim()).filter(|line| !line.is_empty()).collect();
        !old.is_empty()
            && !new.is_empty()
            && old.iter().all(|line| brought.contains(*line) && !replaced.contains(*line))
            && new.iter().all(|line| replaced.contains(*line) && !brought.contains(*line))
            && old.iter().chain(&new).filter(|line| is_telling(line)).count() >= 2
    })?;
    let gone: Vec<(u32, &str)> = block.removed.iter().map(|line| (*line, before.line(*line))).collect();
    (!told).then(|| report(context, file, repair, &block, &gone, &before.path, true))
}

fn report(
    context: &Context<'_>,
    file: &FileDiff,
    repair: &PastEdit,
    block: &Block,
    gone: &[(u32, &str)],
    old_path: &RepoPath,
    back: bool,
) -> Raised {
    let line = block.added.first().copied().unwrap_or(block.head_before.max(1));
    let subject = code(&shortened(&repair.subject, 60));
    let quoted: Vec<&str> = gone.iter().map(|(_, text)| text.trim()).take(4).collect();
    let location = context.source(Side::Head, &file.path).map_or_else(
        || whole_file(file.path.as_str(), PlaceRole::Primary),
        |head| at(&head, line, Side::Head, PlaceRole::Primary),
    );
    let lines = count(gone.len(), "line", "lines");
    Draft {
        rule: if back { REVERTED } else { REMOVED_REPAIR },
        category: "correctness",
        severity: Severity::Suggestion,
        kind: Kind::Regression,
        rank: if back { 3.5 } else { 2.4 },
        title: if back {
            format!("`{}` takes back the repair {subject}", shortened(file.path.as_str(), 44))
        } else {
            format!("`{}` loses {lines} that the repair {subject} added", shortened(file.path.as_str(), 40))
        },
        problem: format!(
            "Commit {} ({subject}) {} {} of `{old_path}` around line {}; the change {}. What it repaired may be back.",
            repair.sha.short(),
            if back { "put these lines in place of those that the change writes now:" } else { "added" },
            if back { lines } else { format!("{lines} that the change removes") },
            gone[0].0,
            if back { "exchanges them again and no commit of it says that this is meant" } else { "puts nothing in their place" },
        ),
        locations: vec![location],
        evidence: vec![read(format!("commit {} added them", repair.sha.short()), old_path.as_str(), gone[0].0, Some(shortened(&quoted.join("\n"), 300)))]
            .into_iter()
            .map(|mut evidence| {
                // The lines stand at the merge base only.
                evidence.line = None;
                evidence
            })
            .collect(),
        fix: "Keep the lines, or say in the commit why what they repaired cannot come back.".to_owned(),
        patch: None,
        because: format!("The change removes line {} of `{old_path}`.", gone[0].0),
        scenario: None,
    }
    .raise()
}

/// How often two files must have changed together, and in how many of ten changes of the first.
const FEWEST: usize = 8;
const MOST_FILES: usize = 12;
const NINE_OF_TEN: usize = 9;

/// Files that nearly always change with one that the change touches.
fn together(context: &Context<'_>) -> Vec<Raised> {
    let touched: HashSet<&RepoPath> = context
        .change
        .diff()
        .iter()
        .flat_map(|file| [Some(&file.path), file.old_path.as_ref()])
        .flatten()
        .collect();
    let mut alone: BTreeMap<&RepoPath, usize> = BTreeMap::new();
    let mut pairs: BTreeMap<(&RepoPath, &RepoPath), (usize, &str)> = BTreeMap::new();
    for commit in context.past().commits.iter().filter(|commit| commit.paths.len() <= MOST_FILES) {
        for path in commit.paths.iter().filter(|path| touched.contains(path)) {
            *alone.entry(path).or_default() += 1;
            for other in commit.paths.iter().filter(|other| !touched.contains(other)) {
                pairs.entry((path, other)).or_insert((0, commit.subject.as_str())).0 += 1;
            }
        }
    }
    let mut told = HashSet::new();
    pairs
        .into_iter()
        .filter(|((path, other), (both, _))| {
            let all = alone.get(path).copied().unwrap_or(0);
            *both >= FEWEST && *both * 10 >= all * NINE_OF_TEN && context.has(Side::Head, other.as_str())
        })
        .filter(|((path, other), _)| ![Role::Foreign, Role::History].contains(&Role::of(other)) && Role::of(path) != Role::Foreign)
        .filter(|((_, other), _)| told.insert(*other))
        .map(|((path, other), (both, last))| {
            let all = alone.get(path).copied().unwrap_or(both);
            Draft {
                rule: TOGETHER,
                category: "correctness",
                severity: Severity::Suggestion,
                kind: Kind::Gap,
                rank: 0.5 + (both as f64) / (all as f64) / 2.0,
                title: format!("`{}` changes and `{}` does not, although they did together {both} of {all} times", shortened(path.as_str(), 36), shortened(other.as_str(), 36)),
                problem: format!(
                    "In the history of this repository {both} of the {all} small commits that touched `{path}` touched `{other}` as well, \
                     last {}. The change touches only the first.",
                    code(&shortened(last, 60))
                ),
                locations: vec![whole_file(path.as_str(), PlaceRole::Primary), whole_file(other.as_str(), PlaceRole::Related)],
                evidence: Vec::new(),
                fix: format!("See whether `{other}` needs the same change."),
                patch: None,
                because: format!("The change touches `{path}`."),
                scenario: None,
            }
            .raise()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_tells_a_repair_from_polish() {
        for (subject, expected) in [
            ("Fix crash when the list is empty", true),
            ("net: prevent overflow of the counter", true),
            ("Fix typo in README", false),
            ("Fix clippy warnings", false),
            ("Add prefix option", false),
            ("Merge branch 'fix'", false),
        ] {
            assert_eq!(is_repair(subject), expected, "{subject}");
        }
    }
}
