//! What running the scripts of a finding showed.
//!
//! In: a report and one of its findings. Out: a sentence and an output for each script that was run. Plain text, not yet inert.

use model::{Finding, Report, Reproduction};

/// Lines and bytes of an output that are shown.
const MOST_LINES: usize = 24;
const MOST_BYTES: usize = 4096;

/// One script that was run.
pub(crate) struct Tried {
    /// What it shows.
    pub(crate) sentence: String,
    /// The end of what it wrote at the head of the change; empty where it wrote nothing.
    pub(crate) output: String,
}

/// The scripts of a finding's sources, in their order.
pub(crate) fn tried(report: &Report, finding: &Finding) -> Vec<Tried> {
    let of = |source: &model::Source| {
        report
            .trials
            .reproductions
            .iter()
            .find(|made| made.reviewer == source.reviewer && made.index == source.index)
    };
    finding.sources.iter().filter_map(of).map(told).collect()
}

fn told(made: &Reproduction) -> Tried {
    let regression =
        if made.regression { ", and that shows a regression: without the change it passes" } else { "" };
    let why = made.why.trim_end_matches("; without the change it passes");
    Tried {
        sentence: format!("the script of {} — {}: {why}{regression}.", made.reviewer, made.outcome.words()),
        output: made.head.as_ref().map(|head| end_of(&head.output)).unwrap_or_default(),
    }
}

/// The last lines: there a program says how it went.
fn end_of(output: &str) -> String {
    let output = output.trim_end();
    let from = output.ceil_char_boundary(output.len().saturating_sub(MOST_BYTES));
    let lines: Vec<&str> = output[from..].lines().collect();
    let left_out = lines.len().saturating_sub(MOST_LINES);
    let shown = lines[left_out..].join("\n");
    if shown.len() < output.len() { format!("…\n{shown}") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_output_the_end_is_shown() {
        let long = (0..100).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
        let shown = end_of(&long);
        assert!(shown.starts_with("…\nline 76\n") && shown.ends_with("line 99"), "{shown}");
        assert!(end_of(&"ä".repeat(10_000)).len() <= MOST_BYTES + 8);
        assert_eq!(end_of("short\n"), "short");
    }
}
