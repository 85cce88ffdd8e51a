//! `show`: a stored report, or one finding of it.
//!
//! In: a run and/or the id of a finding. Out: text for the terminal, or the report in a form. Never changes a run.

use model::{Finding, Report};

use crate::args::ShowArgs;
use crate::commands::report::{change, in_form, stored};
use crate::exit::{CommandError, Exit};
use crate::pager;
use crate::session::Session;
use crate::ui::Ui;

/// Shows.
pub(crate) fn run(session: &Session, args: &ShowArgs) -> Result<Exit, CommandError> {
    let (ids, runs): (Vec<&String>, Vec<&String>) = args.what.iter().partition(|word| is_finding(word));
    if ids.len() > 1 || runs.len() > 1 {
        return Err(CommandError::usage("`show` takes one run and one finding at most"));
    }
    let (report, originals) = stored(session, runs.first().map(|run| run.as_str()))?;
    let ui = &session.ui;
    let Some(id) = ids.first().map(|id| id.to_uppercase()) else {
        if args.why {
            return Err(CommandError::usage("`--why` explains one finding: name it, as in `show I1 --why`"));
        }
        match args.format {
            Some(format) => {
                let change = change(Some(&session.repository()?), &report, format)?;
                ui.result(&in_form(&report, &originals, &change, format));
            }
            None if ui.json => ui.result(&::report::json(&report)),
            None => pager::result(session, &::report::terminal_summary(&report, Ui::width(), ui.style())),
        }
        return Ok(Exit::Passed);
    };
    let finding = finding(&report, &id)?;
    if ui.json {
        ui.result(&serde_json::to_string_pretty(finding).expect("plain data"));
    } else if args.why {
        pager::result(session, &::report::wrapped(&findings::explain(&report, &id), Ui::width()));
    } else {
        let page = ::report::finding_page(&report, &id, Ui::width(), ui.style()).unwrap_or_default();
        pager::result(session, &page);
    }
    Ok(Exit::Passed)
}

/// A finding of a report, by its id.
pub(crate) fn finding<'r>(report: &'r Report, id: &str) -> Result<&'r Finding, CommandError> {
    report.findings.iter().find(|finding| finding.id == id).ok_or_else(|| {
        let known: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
        let known =
            if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        CommandError::usage(format!("run {} has no finding {id}: {known}", report.run.id))
    })
}

/// `C1`, `i12`: a letter of the severities and a number.
fn is_finding(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|first| "CIScis".contains(first))
        && !chars.as_str().is_empty()
        && chars.all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_told_from_a_run() {
        for id in ["C1", "i12", "S3"] {
            assert!(is_finding(id), "{id}");
        }
        for run in ["last", "20260101-000000-x", "C", "S1x", "Interesting"] {
            assert!(!is_finding(run), "{run}");
        }
    }
}
