//! What a finished run comes to: what is printed, and the exit code.
//!
//! In: a finished review. Out: the summary (or the report as JSON) on stdout, what to do next, one of the documented exit codes.
//! Never hides why a run is incomplete.

use model::{FailureClass, FindingState, Lane, Report, Severity};

use crate::exit::Exit;
use crate::ui::Ui;

/// Prints the result and what to do next.
pub(crate) fn print(ui: Ui, finished: &engine::Finished) {
    if ui.json {
        ui.result(&report::json(&finished.report));
        return;
    }
    ui.result(&report::terminal_summary(&finished.report, Ui::width(), ui.style()));
    let page = finished.folder.join("report.html");
    ui.result(&format!("  report  {}\n", nearby(&page)));
    let mut next = Vec::new();
    if finished.can_be_resumed() {
        next.push(format!("deep-review resume {}", finished.report.run.id));
    }
    if let Some(first) = finished.report.findings.first() {
        next.push(format!("deep-review show {} · deep-review open", first.id));
    } else if finished.report.prior.iter().any(|row| row.blocks) {
        next.push("deep-review status · deep-review open".to_owned());
    }
    for (line, lead) in next.iter().zip(["next", ""]) {
        ui.result(&format!("  {lead:<7} {line}\n"));
    }
}

/// A path as short as it can be written from here.
fn nearby(path: &std::path::Path) -> String {
    let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
    let short = here.and_then(|here| path.strip_prefix(here).ok().map(std::path::Path::to_owned));
    report::safe_text(&short.unwrap_or_else(|| path.to_owned()).display().to_string())
}

/// The exit code of a finished run.
pub(crate) fn exit(finished: &engine::Finished, fail_on: Option<Severity>) -> Exit {
    if finished.cancelled {
        Exit::Incomplete
    } else if finished.deadline_reached || over_budget(&finished.report) {
        Exit::Budget
    } else if !finished.report.run.complete {
        Exit::Incomplete
    } else {
        gate(&finished.report, fail_on)
    }
}

fn over_budget(report: &Report) -> bool {
    let failures = report.reviewers.iter().filter_map(|row| row.failure.as_ref());
    failures.into_iter().any(|failure| failure.class == FailureClass::Budget)
}

/// The gate: open findings at or above the level that nothing contradicts, those of earlier rounds that still stand in the way
/// among them.
pub(crate) fn gate(report: &Report, fail_on: Option<Severity>) -> Exit {
    let Some(level) = fail_on else { return Exit::Passed };
    let fails = report.findings.iter().any(|finding| {
        finding.severity >= level && finding.state == FindingState::Open && finding.lane != Lane::Contested
    });
    let still = report.prior.iter().any(|row| row.blocks && row.severity >= level);
    if fails || still { Exit::Findings } else { Exit::Passed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Finding;

    #[test]
    fn the_gate_looks_at_open_findings_that_nothing_contradicts() {
        let finding = |severity, lane, state| Finding { severity, lane, state, ..Finding::default() };
        let report = |finding| Report { findings: vec![finding], ..Report::default() };
        let important = Some(Severity::Important);
        let cases = [
            (finding(Severity::Important, Lane::Confirmed, FindingState::Open), important, Exit::Findings),
            (finding(Severity::Critical, Lane::Unverified, FindingState::Open), important, Exit::Findings),
            (finding(Severity::Critical, Lane::Contested, FindingState::Open), important, Exit::Passed),
            (finding(Severity::Critical, Lane::Confirmed, FindingState::Declined), important, Exit::Passed),
            (finding(Severity::Suggestion, Lane::Confirmed, FindingState::Open), important, Exit::Passed),
            (finding(Severity::Critical, Lane::Confirmed, FindingState::Open), None, Exit::Passed),
        ];
        for (finding, level, exit) in cases {
            assert_eq!(gate(&report(finding.clone()), level), exit, "{finding:?}");
        }
        let prior =
            |blocks| model::Prior { severity: Severity::Important, blocks, ..model::Prior::default() };
        let report = |row| Report { prior: vec![row], ..Report::default() };
        assert_eq!(gate(&report(prior(true)), important), Exit::Findings);
        assert_eq!(gate(&report(prior(true)), Some(Severity::Critical)), Exit::Passed);
        assert_eq!(gate(&report(prior(false)), important), Exit::Passed);
    }
}
