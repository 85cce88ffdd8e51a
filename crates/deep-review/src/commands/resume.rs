//! `resume`: goes on with a run that was interrupted.
//!
//! In: a run, or none for the last unfinished one. Out: the same as `run` would have printed. Reviewers that came to an end are
//! not asked again, and nobody is called by a command that is not in the configuration of now.

use std::sync::Arc;

use engine::Skips;
use model::Event;
use store::{RunEntry, Store};
use supervise::Cancel;

use crate::args::{FailOn, ResumeArgs};
use crate::commands::run::parse_deadline;
use crate::exit::{CommandError, Exit};
use crate::progress::Progress;
use crate::session::{Session, Watch, engine_error, store_error};
use crate::{agents, interrupt, leftovers, outcome, sandboxes};

/// Goes on.
pub(crate) fn run(session: &Session, args: &ResumeArgs) -> Result<Exit, CommandError> {
    let repository = session.repository()?;
    let store = Session::store(&repository)?;
    let entry = find(&store, args.run.as_deref())?;
    let merge_base = entry.record.as_ref().map(|record| &record.target.merge_base);
    let mut config = session.config_at(&repository, merge_base)?;
    // Those who took part then, and nobody who was installed since.
    let panel = entry.record.as_ref().map(|record| record.reviewers.clone()).unwrap_or_default();
    let target = entry.record.as_ref().map(|record| model::Target {
        head: record.target.head.clone(),
        merge_base: record.target.merge_base.clone(),
        ..model::Target::default()
    });
    let target = target.unwrap_or_default();
    let (agents, _) = agents::take_part(session, &mut config.settings, &panel, &repository, &target)?;
    let deadline = args.deadline.as_deref().map(parse_deadline).transpose()?;
    let progress = Arc::new(Progress::new(session.ui, args.progress));
    leftovers::recover(&progress, &store);

    let cancel = Cancel::new();
    interrupt::listen(&progress, cancel.clone())?;
    let skips = Skips::new();
    let show = |event: &Event| progress.show(event);
    // A run of before levels were told is taken for a stranger's.
    let trust = entry.record.as_ref().and_then(|record| record.target.trust.clone()).unwrap_or_default();
    let is_foreign = trust.level != model::Trust::Mine;
    let asked = if args.as_it_is {
        Vec::new()
    } else {
        engine::roster(&config.settings, &panel_names(&panel, &config.settings), true).unwrap_or_default()
    };
    let confinement =
        sandboxes::confinement(session, &config.settings, &asked, is_foreign, &agents, &cancel)?;
    sandboxes::refuse(&confinement, &asked, &agents)?;
    let watch = Watch { cancel, skips: skips.clone(), confinement, events: &show };
    let tools = session.tools(&repository, &store, &agents, watch)?;
    let request = engine::ResumeRequest {
        run: &entry,
        config: &config,
        as_it_is: args.as_it_is,
        deadline,
        out: args.out.clone(),
        home: session.environment.home(),
    };
    let listening = progress.listen(&skips);
    let finished = engine::resume(&request, &tools).map_err(|error| {
        let told = engine_error(&error);
        match error {
            engine::Error::NoSuchReviewer { .. } => {
                told.hint("where the run was begun with `--config FILE`, it is gone on with the same")
            }
            _ => told,
        }
    })?;
    drop(listening);
    outcome::print(session.ui, &finished);
    Ok(outcome::exit(&finished, args.fail_on.and_then(FailOn::severity)))
}

/// Those of a panel that are still configured.
fn panel_names(panel: &[String], settings: &::config::Settings) -> Vec<String> {
    panel.iter().filter(|name| settings.reviewers.contains_key(*name)).cloned().collect()
}

fn find(store: &Store, asked: Option<&str>) -> Result<RunEntry, CommandError> {
    let failed = |error: store::Error| store_error(&error);
    if let Some(asked) = asked {
        return store.find(asked, None).map_err(failed);
    }
    store.last_unfinished().map_err(failed)?.ok_or_else(|| {
        CommandError::usage("no run of this repository is unfinished, so nothing is to be resumed")
            .hint("`deep-review log` lists all runs; `deep-review` starts a new one")
    })
}
