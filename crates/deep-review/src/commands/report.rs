//! `report`: a stored run in another form.
//!
//! In: a run and a form. Out: the bytes on stdout. Rendered now from the stored value, by this version, with what people
//! decided since.

use git::{Repository, Snapshot};
use model::{FileDiff, Original, Report};

use crate::args::{Format, ReportArgs};
use crate::exit::{CommandError, Exit};
use crate::session::{Session, store_error};

/// Prints.
pub(crate) fn run(session: &Session, args: &ReportArgs) -> Result<Exit, CommandError> {
    let (report, originals) = stored(session, args.run.as_deref())?;
    let format = args.format.unwrap_or(if session.ui.json { Format::Json } else { Format::Md });
    let change = change(Some(&session.repository()?), &report, format)?;
    session.ui.result(&in_form(&report, &originals, &change, format));
    Ok(Exit::Passed)
}

/// A stored report with its originals; the last one where none is named.
pub(crate) fn stored(session: &Session, run: Option<&str>) -> Result<(Report, Vec<Original>), CommandError> {
    let repository = session.repository()?;
    let store = Session::store(&repository)?;
    let run = store.find(run.unwrap_or("last"), None).map_err(|error| store_error(&error))?.run;
    let report = run.report().map_err(|error| store_error(&error))?.ok_or_else(|| {
        CommandError::new(Exit::Incomplete, format!("run {} has no report: it was interrupted", run.id()))
            .hint(format!("what was written until then is in {}", run.path().display()))
    })?;
    let originals = engine::without_keys(&run.originals().map_err(|error| store_error(&error))?);
    let decisions = store.decisions().map_err(|error| store_error(&error))?;
    Ok((engine::as_of_today(report, &decisions), originals))
}

/// The lines of the change, where the form needs them; read anew at the pinned commits.
pub(crate) fn change(
    repository: Option<&Repository>,
    report: &Report,
    format: Format,
) -> Result<Vec<FileDiff>, CommandError> {
    let Some(repository) = repository.filter(|_| format == Format::GithubReview) else {
        return Ok(Vec::new());
    };
    let snapshot = Snapshot::open(repository, &report.target).map_err(|error| {
        CommandError::new(Exit::Environment, format!("the reviewed change could not be read: {error}"))
            .hint("its commits may be gone; `-f github-summary` needs none of them")
    })?;
    Ok(snapshot.diff().to_vec())
}

/// A report in one form. `change` is what [`change`] gave.
pub(crate) fn in_form(
    report: &Report,
    originals: &[Original],
    change: &[FileDiff],
    format: Format,
) -> String {
    match format {
        Format::Md => ::report::markdown(report, originals),
        Format::Html => ::report::html(report, originals),
        Format::Json => ::report::json(report),
        Format::Sarif => ::report::sarif(report),
        Format::Junit => ::report::junit(report),
        Format::Gitlab => ::report::code_quality(report),
        Format::Rdjson => ::report::rdjson(report),
        Format::GithubReview => ::report::github_review(report, change),
        Format::GithubSummary => ::report::github_summary(report),
    }
}
