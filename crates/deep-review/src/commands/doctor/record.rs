//! What `doctor` says about the record of runs, and about what earlier runs left behind.
//!
//! In: the repository. Out: rows. Removes nothing and ends nobody: the next run does.

use git::Repository;
use store::{RunState, Store};
use supervise::{Leftover, LeftoverKind};

use super::{Answer, State};
use crate::session::store_error;

/// Rows about the record.
pub(super) fn examine(repository: &Repository) -> Vec<Answer> {
    let Some(store) = Store::existing(repository.common_dir()) else {
        return vec![Answer::good("record", "no runs yet")];
    };
    let mut answers = vec![runs(&store), index(&store)];
    let left = supervise::leftovers(store.root(), &store.promises());
    if left.is_empty() {
        answers.push(Answer::good("leftovers", "none: nothing of an earlier run is left"));
    }
    answers.extend(left.iter().map(leftover));
    answers
}

fn runs(store: &Store) -> Answer {
    let runs = match store.runs() {
        Ok(runs) => runs,
        Err(error) => {
            let error = store_error(&error).to_string();
            return Answer::other(
                "record",
                State::Broken,
                error,
                "make the git folder readable and writable",
            );
        }
    };
    let damaged: Vec<&str> =
        runs.iter().filter(|run| run.state == RunState::Damaged).map(|run| run.id().as_str()).collect();
    if let Some(first) = damaged.first() {
        let what = format!("{} runs, {} damaged: {first}…", runs.len(), damaged.len());
        let mend = format!("look at `{}`, then remove it", store.root().join("runs").join(first).display());
        return Answer::other("record", State::Missing, what, &mend);
    }
    match runs.iter().find(|run| run.is_unfinished()) {
        Some(run) => {
            let what = format!("{} runs; {} is unfinished", runs.len(), run.id());
            Answer::other("record", State::Missing, what, &format!("deep-review resume {}", run.id()))
        }
        None => Answer::good("record", format!("{} runs", runs.len())),
    }
}

fn index(store: &Store) -> Answer {
    match store.index() {
        Ok(_) => Answer::good("index", "made from the runs, up to date"),
        Err(error) => {
            let error = store_error(&error).to_string();
            Answer::other(
                "index",
                State::Broken,
                error,
                "remove index.sqlite; it is made again from the runs",
            )
        }
    }
}

fn leftover(left: &Leftover) -> Answer {
    let what = match left.kind {
        LeftoverKind::Folder => "leftover folder",
        LeftoverKind::Processes => "leftover processes",
    };
    let state = match left.state {
        supervise::State::Blocked => State::Broken,
        supervise::State::Pending => State::Missing,
    };
    let tried = if left.tries == 0 { String::new() } else { format!(" (tried {} times)", left.tries) };
    Answer::other(what, state, format!("{}: {}{tried}", left.path.display(), left.why), &mend(left))
}

/// The command that mends it where one does; first of all the next run tries by itself.
fn mend(left: &Leftover) -> String {
    if left.kind == LeftoverKind::Processes || !left.path.is_dir() {
        return left.mend.clone();
    }
    let path = quoted(&left.path.to_string_lossy());
    let by_hand = format!("chmod -R u+rwX {path} && rm -rf {path}");
    match left.state {
        supervise::State::Pending => format!("the next run removes it; by hand: {by_hand}"),
        supervise::State::Blocked => by_hand,
    }
}

/// A path as a shell takes it literally.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reaches_the_shell_as_it_is() {
        assert_eq!(quoted("/a b/$(x)[1]"), "'/a b/$(x)[1]'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
