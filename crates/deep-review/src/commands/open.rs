//! `open`: a run's HTML page in the browser.
//!
//! In: a run. Out: an opened page, or its path. The page is a file; no server is started.

use crate::args::OpenArgs;
use crate::exit::{CommandError, Exit};
use crate::session::{Session, store_error};

/// Opens.
pub(crate) fn run(session: &Session, args: &OpenArgs) -> Result<Exit, CommandError> {
    let repository = session.repository()?;
    let run = Session::store(&repository)?
        .find(args.run.as_deref().unwrap_or("last"), None)
        .map_err(|error| store_error(&error))?
        .run;
    let page = run.path().join("report.html");
    if !page.is_file() {
        return Err(CommandError::new(
            Exit::Incomplete,
            format!("run {} has no page: it was interrupted", run.id()),
        ));
    }
    let shown = report::safe_text(&page.display().to_string());
    if args.print {
        session.ui.result(&shown);
        return Ok(Exit::Passed);
    }
    opener::open(&page).map_err(|error| {
        CommandError::environment(format!("no browser could be started: {error}"))
            .hint(format!("open it yourself: {shown}"))
    })?;
    session.ui.talk(&format!("opened {shown}"));
    Ok(Exit::Passed)
}
