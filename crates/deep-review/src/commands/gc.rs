//! `gc`: removes old runs, and ends what runs that died have left: processes, checkouts, machines.
//!
//! In: what to keep. Out: what was removed. Never removes a run that is alive, or the newest of a branch.

use serde_json::json;

use crate::args::GcArgs;
use crate::exit::{CommandError, Exit};
use crate::leftovers;
use crate::session::{Session, store_error};

/// Removes.
pub(crate) fn run(session: &Session, args: &GcArgs) -> Result<Exit, CommandError> {
    let repository = session.repository()?;
    let config = session.config(Some(&repository), Vec::new())?;
    let settings = &config.settings.gc;
    let older_than = match &args.older_than {
        Some(age) => ::config::parse_duration(age)
            .map_err(|error| CommandError::usage(format!("`--older-than {age}`: {error}")))?,
        None if args.keep.is_some() => std::time::Duration::ZERO,
        None => settings.older_than,
    };
    let policy = store::Policy {
        runs: args.keep.unwrap_or(if args.older_than.is_some() { 0 } else { settings.keep_runs as usize }),
        older_than,
        keep_newest_of_series: true,
    };
    let now = model::Clock::now(&session.clock);
    let store = Session::store(&repository)?;
    if !args.dry_run {
        leftovers::sweep(&store, &mut |note| session.ui.talk(&report::safe_text(note)));
    }
    let removed = store.gc(&policy, now, args.dry_run).map_err(|error| store_error(&error))?;
    if session.ui.json {
        let rows: Vec<_> = removed
            .iter()
            .map(|run| json!({ "id": run.id, "files": run.files, "bytes": run.bytes }))
            .collect();
        session.ui.result(&serde_json::to_string_pretty(&rows).expect("plain data"));
        return Ok(Exit::Passed);
    }
    let verb = if args.dry_run { "would remove" } else { "removed" };
    for run in &removed {
        session.ui.result(&report::safe_text(&format!(
            "{verb} {} ({} files, {})",
            run.id,
            run.files,
            ::config::format_bytes(run.bytes)
        )));
    }
    session.ui.talk(&format!("{verb} {} runs", removed.len()));
    Ok(Exit::Passed)
}
