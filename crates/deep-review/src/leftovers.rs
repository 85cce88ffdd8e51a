//! What earlier runs left behind.
//!
//! In: the record. Out: what was ended now, in sentences, and a word about runs that can be gone on with. Never touches what
//! belongs to a living run.

use std::io::Write as _;
use std::time::Duration;

use model::Target;
use store::{RunEntry, Store};

use crate::progress::Progress;

/// A start does not wait for a removal that may only succeed later.
const PATIENCE: Duration = Duration::ZERO;

/// Ends what earlier runs that died may have left behind, and says so.
pub(crate) fn recover(progress: &Progress, store: &Store) -> Vec<String> {
    sweep(store, &mut |note| progress.say(note))
}

/// The same for whoever has no progress to show.
pub(crate) fn sweep(store: &Store, say: &mut dyn FnMut(&str)) -> Vec<String> {
    let mut notes = Vec::new();
    let recovery = supervise::recover(store.root());
    notes.extend(recovery.attempts.iter().map(told));
    notes.extend(recovery.notes);
    for left in supervise::keep_promises(&store.promises(), PATIENCE) {
        say(&format!("{} of an earlier run could not be removed: {}", left.path.display(), left.why));
    }
    for note in &notes {
        say(note);
    }
    notes
}

/// What was found of an attempt whose supervisor died.
fn told(attempt: &supervise::Recovered) -> String {
    let program = &attempt.program;
    match (attempt.tree_gone, attempt.ended_now) {
        (true, 0) => {
            format!("an earlier run died while `{program}` was running; its keeper had ended everything")
        }
        (true, ended) => {
            format!(
                "an earlier run died while `{program}` was running; {ended} processes of it were ended now, all are gone"
            )
        }
        (false, ended) => format!(
            "an earlier run died while `{program}` was running; {ended} processes of it were ended now, but it is not \
             proven that all are gone"
        ),
    }
}

/// Says where the same commits were under review in a run that was interrupted: finished reviewers need not be paid twice.
pub(crate) fn mention_unfinished(progress: &Progress, store: &Store, target: &Target) {
    // A list that cannot be read is told by `log`; here it would only be in the way.
    let Ok(Some(run)) = store.last_unfinished() else { return };
    if is_about(&run, target) {
        let id = run.id();
        progress.say(&format!(
            "run {id} of the same commits is unfinished; `deep-review resume` goes on with it"
        ));
    }
}

fn is_about(run: &RunEntry, target: &Target) -> bool {
    let summary = run.record.as_ref().map(|record| &record.target);
    summary.is_some_and(|summary| {
        summary.kind == target.kind && summary.head == target.head && summary.merge_base == target.merge_base
    })
}

/// The finished run that reviewed this very change before, where it is the last one of its series.
pub(crate) fn same_commit(store: &Store, target: &Target) -> Option<RunEntry> {
    // A list that cannot be read is told by `log`.
    let run = store.last(Some(&store::series_key(target))).ok().flatten()?;
    is_about(&run, target).then_some(run)
}

/// Says that this very commit was reviewed before: asking again is a choice, and costs what it cost.
pub(crate) fn mention_same_commit(progress: &Progress, run: &RunEntry) {
    let round = run.record.as_ref().map_or(0, |record| record.series.round);
    progress.say(&format!(
        "this commit was reviewed before, in round {round} ({}); it is reviewed again as a whole. `--again` says that this is meant",
        run.id()
    ));
}

/// Asks whether the same commit is to be reviewed once more. Only on a terminal; Enter means no.
pub(crate) fn ask_again(run: &RunEntry) -> bool {
    let record = run.record.as_ref();
    let round = record.map_or(0, |record| record.series.round);
    let verdict = record.and_then(|it| it.outcome.as_ref()).map_or("no verdict", |it| it.verdict.label());
    let question = format!(
        "This commit was reviewed before, in round {round}: {verdict}\n  {}\nReview it again? [y/N] ",
        run.id()
    );
    let mut stderr = std::io::stderr();
    if stderr.write_all(report::safe_text(&question).as_bytes()).and_then(|()| stderr.flush()).is_err() {
        return false;
    }
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
