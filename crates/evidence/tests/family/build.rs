//! Repositories of known truth.
//!
//! In: a scenario and a seed. Out: a repository, what to review in it, and both trees with their truth. Never random
//! beyond the seed.

use std::path::PathBuf;

use git::{Repository, Snapshot, TargetRequest};
use test_kit::TestRepo;

use super::edits;
use super::random::Random;
use super::tree::{Tree, base, text};

/// What happens between the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    Insert,
    Delete,
    Edit,
    Rename,
    MoveWithin,
    MoveAcross,
    Copy,
    Repeat,
    Indent,
    Revert,
    Squash,
    Merge,
    Shallow,
    CarriageReturns,
    LineEndsChanged,
    Mixed,
}

pub(crate) const ALL: [Scenario; 16] = [
    Scenario::Insert,
    Scenario::Delete,
    Scenario::Edit,
    Scenario::Rename,
    Scenario::MoveWithin,
    Scenario::MoveAcross,
    Scenario::Copy,
    Scenario::Repeat,
    Scenario::Indent,
    Scenario::Revert,
    Scenario::Squash,
    Scenario::Merge,
    Scenario::Shallow,
    Scenario::CarriageReturns,
    Scenario::LineEndsChanged,
    Scenario::Mixed,
];

/// A repository with its truth.
pub(crate) struct Built {
    pub(crate) repo: TestRepo,
    pub(crate) dir: PathBuf,
    pub(crate) spec: String,
    pub(crate) base: Tree,
    pub(crate) head: Tree,
}

impl Built {
    pub(crate) fn snapshot(&self) -> Snapshot {
        let repository = Repository::open(&self.dir).expect("a repository");
        let request = TargetRequest { spec: Some(self.spec.clone()), ..TargetRequest::default() };
        let target = repository.resolve(&request).expect("a target");
        Snapshot::open(&repository, &target).expect("a snapshot")
    }
}

fn write(repo: &TestRepo, tree: &Tree, end: &str) {
    let _ = std::fs::remove_dir_all(repo.path().join("src"));
    for (path, lines) in tree {
        repo.write(path, text(lines, end));
    }
}

/// Builds a repository.
pub(crate) fn build(scenario: Scenario, seed: u64) -> Built {
    let mut random = Random::new(seed * 1009 + scenario as u64);
    let repo = TestRepo::new();
    let before = base(&mut random, 8);
    let end = if scenario == Scenario::CarriageReturns { "\r\n" } else { "\n" };
    repo.git(&["config", "core.autocrlf", "false"]);
    write(&repo, &before, end);
    repo.commit("The beginning");
    let mut old = before.clone();
    old.values_mut().next().expect("a file").truncate(20);
    repo.branch("topic");
    let mut head = before.clone();
    let mut dir = repo.path();
    let mut spec = "main...topic".to_owned();
    let mut main = before.clone();
    match scenario {
        Scenario::Revert => revert(&mut random, &repo, &mut head),
        Scenario::Merge => (main, head) = merge(&mut random, &repo, &before),
        Scenario::LineEndsChanged => {
            edits::insert(&mut random, &mut head);
            write(&repo, &head, "\r\n");
            repo.commit("Other line ends");
        }
        _ => {
            for round in 0..3 {
                for _ in 0..3 {
                    step(scenario, &mut random, &mut head);
                }
                write(&repo, &head, end);
                repo.commit(&format!("Step {round}"));
            }
        }
    }
    if scenario == Scenario::Squash {
        repo.checkout("main").branch("squashed");
        repo.git(&["merge", "-q", "--squash", "topic"]);
        repo.commit("All at once");
        "main...squashed".clone_into(&mut spec);
    }
    if scenario == Scenario::Shallow {
        dir = repo.scratch().join("shallow");
        let from = format!("file://{}", repo.path().display());
        repo.git(&["clone", "-q", "--depth", "4", "--branch", "topic", &from, &dir.display().to_string()]);
        "HEAD~3..HEAD".clone_into(&mut spec);
    }
    Built { repo, dir, spec, base: main, head }
}

fn step(scenario: Scenario, random: &mut Random, tree: &mut Tree) {
    match scenario {
        Scenario::Insert if random.chance(50) => edits::insert_function(random, tree),
        Scenario::Insert | Scenario::CarriageReturns | Scenario::Shallow => edits::insert(random, tree),
        Scenario::Delete => edits::delete(random, tree),
        Scenario::Rename if random.chance(50) => edits::rename(random, tree),
        Scenario::Edit | Scenario::Rename => edits::edit(random, tree),
        Scenario::MoveWithin => edits::move_within(random, tree),
        Scenario::MoveAcross => edits::move_across(random, tree),
        Scenario::Copy => edits::copy(random, tree),
        Scenario::Repeat => edits::repeat(random, tree),
        Scenario::Indent => edits::indent(random, tree),
        _ => [
            edits::insert,
            edits::insert_function,
            edits::delete,
            edits::edit,
            edits::move_within,
            edits::move_across,
            edits::indent,
        ][random.below(7)](random, tree),
    }
}

fn revert(random: &mut Random, repo: &TestRepo, head: &mut Tree) {
    let untouched = head.clone();
    for _ in 0..4 {
        edits::edit(random, head);
        edits::insert(random, head);
    }
    write(repo, head, "\n");
    repo.commit("Try something");
    *head = untouched;
    edits::insert(random, head);
    write(repo, head, "\n");
    repo.commit("Take it back, keep one thing");
}

// Both branches go on, in files of their own, and the topic merges main.
fn merge(random: &mut Random, repo: &TestRepo, before: &Tree) -> (Tree, Tree) {
    let (mut ours, mut theirs): (Tree, Tree) = (Tree::new(), Tree::new());
    for (at, (path, lines)) in before.iter().enumerate() {
        if at % 2 == 0 { &mut ours } else { &mut theirs }.insert(path.clone(), lines.clone());
    }
    let join = |a: &Tree, b: &Tree| -> Tree {
        a.iter().chain(b).map(|(path, lines)| (path.clone(), lines.clone())).collect()
    };
    let base_theirs = theirs.clone();
    edits::insert(random, &mut ours);
    edits::edit(random, &mut ours);
    write(repo, &join(&ours, &base_theirs), "\n");
    repo.commit("On the topic");
    repo.checkout("main");
    edits::insert(random, &mut theirs);
    edits::edit(random, &mut theirs);
    for line in theirs.values_mut().flatten() {
        line.new = false;
    }
    let main: Tree = before
        .iter()
        .map(|(path, lines)| (path.clone(), theirs.get(path).unwrap_or(lines).clone()))
        .collect();
    write(repo, &main, "\n");
    repo.commit("Meanwhile on main");
    repo.checkout("topic");
    repo.git(&["merge", "-q", "--no-edit", "main"]);
    edits::insert(random, &mut ours);
    write(repo, &join(&ours, &theirs), "\n");
    repo.commit("After the merge");
    (main, join(&ours, &theirs))
}
