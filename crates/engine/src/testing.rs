//! Trying the project's own tests during a run: on the change, on proposed fixes, on mutations of changed lines.
//!
//! In: a story whose reviewers have all ended, and a command that the user named. Out: what the tests say, kept in the run folder. Runs
//! only what the user asked for, only confined, and only so often as is said beforehand. Never judges a finding.

use std::collections::BTreeSet;
use std::time::Duration;

use config::VerifySettings;
use git::Snapshot;
use model::{
    CheckResult, CheckedFinding, EventKind, FixOutcome, FixTrial, Gate, Probe, ProbeOutcome, Side,
    TestOutcome, TestRun, TestingGap, TestingSection, Trial, Trials,
};
use repro::{Lab, Suite};
use sandbox::Possible;

use crate::Error;
use crate::listen::HeardAll;
use crate::reproduce::confinement_of_scripts;
use crate::review::Story;
use crate::scratch::Scratch;
use crate::tell::tell;

/// The part of the run folder where it is kept.
pub(crate) const TRIALS_FILE: &str = "trials.json";

/// Proposed fixes that are tried.
const MOST_FIXES: usize = 6;

/// Who is named as having run the tests.
const OURSELVES: &str = "deep-review";

/// Tries what the user asked for; what stands in the run folder already is not tried again. Returns notes about what was not.
pub(crate) fn suite(story: &Story<'_>, heard: &HeardAll) -> Result<Vec<String>, Error> {
    let verify = &story.config.settings.verify;
    let wanted = verify.run_tests || verify.probes > 0;
    if !wanted || story.silent || story.run.part::<Trials>(TRIALS_FILE)?.is_some() {
        return Ok(Vec::new());
    }
    if verify.tests.is_empty() {
        return Ok(vec!["the tests were not run: no command is configured (`verify.tests`)".to_owned()]);
    }
    let sandbox = confinement_of_scripts(story.tools);
    if let Possible::No(why) = &sandbox {
        return Ok(vec![format!("the tests were not run: nothing is run that cannot be confined: {why}")]);
    }
    let made = |source| Error::Write { what: "the folder for the tests".to_owned(), source };
    let name = format!("{}-tests", story.run.id());
    let processes =
        tempfile::Builder::new().prefix("attempts-").tempdir_in(story.run.path()).map_err(made)?;
    let promises = story.tools.store.promises();
    let scratch =
        Scratch::new(&story.tools.scratch.join(&name), &promises, processes.path()).map_err(made)?;
    let toolchains = story.home.as_deref().map(sandbox::toolchains).unwrap_or_default();
    let lab = Lab {
        repository: story.tools.repository,
        target: story.target,
        sandbox: &sandbox,
        toolchains: &toolchains,
        folder: scratch.path(),
        processes: processes.path(),
        keeper: &story.tools.keeper,
    };
    let bench = Bench {
        story,
        lab,
        suite: Suite { build: &verify.build, tests: &verify.tests, wall: verify.timeout },
    };
    let (trials, notes) = bench.everything(verify, heard);
    // What cannot be removed now is promised to the next start.
    drop(scratch.remove());
    if !story.tools.cancel.is_cancelled() {
        story.run.set_part(TRIALS_FILE, &redaction::value(trials))?;
    }
    Ok(notes)
}

struct Bench<'a> {
    story: &'a Story<'a>,
    lab: Lab<'a>,
    suite: Suite<'a>,
}

impl Bench<'_> {
    fn everything(&self, verify: &VerifySettings, heard: &HeardAll) -> (Trials, Vec<String>) {
        let mut notes = Vec::new();
        self.say(format!("running the tests: {}", self.suite.words()));
        let tests = self.suite.of_change(&self.lab, &self.story.tools.cancel);
        self.say(format!("the tests: {}", tests.outcome.words()));
        if tests.outcome == TestOutcome::NotTried {
            notes.push(format!("the tests could not be tried: {}", reason(&tests)));
        }
        let mut trials = Trials { tests: Some(tests), ..Trials::default() };
        if let Some(head) = trials.tests.as_ref().and_then(|it| it.head.as_ref()) {
            trials.fixes = self.fixes(heard, head, &mut notes);
            if verify.probes > 0 {
                trials.probes = self.probes(verify.probes as usize, head, &mut notes);
            }
        }
        (trials, notes)
    }

    fn say(&self, text: String) {
        tell(self.story.tools, self.story.run, EventKind::Note { text });
    }

    /// True once there is no time left.
    fn is_over(&self) -> bool {
        self.story.tools.cancel.is_cancelled()
            || self.story.begun.elapsed() >= self.story.config.settings.review.deadline
    }

    fn fixes(&self, heard: &HeardAll, head: &Trial, notes: &mut Vec<String>) -> Vec<FixTrial> {
        let applies = |it: &&CheckedFinding| {
            matches!(it.result(Gate::Fix), CheckResult::Pass | CheckResult::Repaired)
                && it.raw.patch.is_some()
        };
        let mut proposed: Vec<&CheckedFinding> =
            heard.rows.iter().flat_map(|row| &row.checked).filter(applies).collect();
        proposed.sort_by_key(|it| std::cmp::Reverse(it.raw.severity));
        let mut tried = Vec::new();
        for (at, finding) in proposed.iter().enumerate() {
            if at == MOST_FIXES || self.is_over() {
                notes.push(format!("{} proposed fixes were not tried under the tests", proposed.len() - at));
                break;
            }
            let patch = finding.raw.patch.as_deref().unwrap_or_default();
            let mut ended_with_line = patch.to_owned();
            if !patch.ends_with('\n') {
                ended_with_line.push('\n');
            }
            let name = format!("fix-{at}");
            let (outcome, trial) =
                self.suite.of_fix(&self.lab, &name, &ended_with_line, head, &self.story.tools.cancel);
            self.say(format!(
                "the fix of {} for \"{}\": {}",
                finding.reviewer,
                finding.raw.title,
                outcome.words()
            ));
            tried.push(FixTrial {
                reviewer: finding.reviewer.clone(),
                index: finding.raw.index,
                patch_sha256: repro::digest(patch),
                outcome,
                trial: Some(trial),
            });
        }
        tried
    }

    fn probes(&self, most: usize, head: &Trial, notes: &mut Vec<String>) -> Vec<Probe> {
        if head.exit != Some(0) {
            notes.push("no mutation was tried: the tests do not pass at the head".to_owned());
            return Vec::new();
        }
        // A mutation may make a loop without end; what takes many times as long is one.
        let wall =
            self.suite.wall.min(Duration::from_millis(head.ms.saturating_mul(4)) + Duration::from_secs(5));
        let suite = Suite { wall, ..self.suite };
        let mutants = chosen(self.story.snapshot, most);
        if mutants.is_empty() {
            notes.push("no mutation was tried: no changed line could be mutated".to_owned());
        }
        let mut probes = Vec::new();
        let asked = mutants.len();
        for (at, (path, mutant)) in mutants.into_iter().enumerate() {
            if self.is_over() {
                notes.push(format!("{} mutations were not tried: the run's time was over", asked - at));
                break;
            }
            let name = format!("probe-{at}");
            let (outcome, ms) =
                suite.of_mutation(&self.lab, &name, path.as_str(), &mutant.text, &self.story.tools.cancel);
            probes.push(Probe {
                path,
                line: mutant.line,
                mutation: mutant.mutation,
                from: short(&mutant.from),
                to: short(&mutant.to),
                outcome,
                ms,
            });
        }
        let missed = probes.iter().filter(|probe| probe.outcome == ProbeOutcome::NotNoticed).count();
        self.say(format!(
            "{} mutations of changed lines were tried; the tests missed {missed}",
            probes.len()
        ));
        probes
    }
}

/// Mutations of what the change wrote, spread evenly over its lines. Tests are not mutated.
fn chosen(snapshot: &Snapshot, most: usize) -> Vec<(model::RepoPath, rules::Mutant)> {
    let mut all = Vec::new();
    for file in snapshot.diff().iter().filter(|file| !file.binary && builtin::is_source(&file.path)) {
        // A name that is no text cannot be handed to the run.
        if snapshot.raw_path(&file.path) != file.path.as_str().as_bytes() {
            continue;
        }
        let lines: BTreeSet<u32> = file.added().map(|(line, _)| line).collect();
        let Some(text) = snapshot.text(Side::Head, &file.path).filter(|text| !text.binary) else { continue };
        let mutants = rules::mutants(&file.path, &text.content, &lines);
        all.extend(mutants.into_iter().map(|mutant| (file.path.clone(), mutant)));
    }
    let count = all.len();
    if count <= most {
        return all;
    }
    let wanted: BTreeSet<usize> = (0..most).map(|n| n * count / most).collect();
    all.into_iter().enumerate().filter(|(at, _)| wanted.contains(at)).map(|(_, it)| it).collect()
}

fn short(text: &str) -> String {
    const MOST: usize = 80;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST - 1).chain(['…']).collect() }
}

fn reason(tests: &TestRun) -> String {
    let Some(head) = &tests.head else { return "they were not started".to_owned() };
    let last = head.output.lines().last().or(head.notes.first().map(String::as_str)).unwrap_or_default();
    format!("{} {}", head.ending.as_str(), short(last)).trim().to_owned()
}

/// Says in the testing section what the tests said.
pub(crate) fn describe(trials: &Trials, testing: &mut TestingSection) {
    if let Some(tests) = &trials.tests {
        testing.ran.push(model::Ran {
            command: tests.command.clone(),
            exit: tests.head.as_ref().and_then(|head| head.exit),
            note: Some(tests.outcome.words().to_owned()),
            reviewer: OURSELVES.to_owned(),
        });
    }
    if !trials.probes.is_empty() {
        let noticed = trials
            .probes
            .iter()
            .filter(|it| matches!(it.outcome, ProbeOutcome::Noticed | ProbeOutcome::TimedOut));
        let told = format!(
            "Of {} small mutations of changed lines the tests noticed {}.",
            trials.probes.len(),
            noticed.count()
        );
        testing.text = if testing.text.is_empty() { told } else { format!("{} {told}", testing.text) };
    }
    for probe in trials.probes.iter().filter(|probe| probe.outcome == ProbeOutcome::NotNoticed) {
        let place = format!("{}:{}", probe.path, probe.line);
        let what = if probe.to.is_empty() {
            format!("without {}", code(&probe.from))
        } else {
            format!("with {} in the place of {}", code(&probe.to), code(&probe.from))
        };
        testing.gaps.push(TestingGap {
            scenario: format!("{}: {what} the tests still pass", code(&place)),
            finding: None,
            reviewers: vec![OURSELVES.to_owned()],
        });
    }
}

/// A code span that nothing in the text can end.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// Adds what the tests say to the check of each fix that was tried. A fix that breaks what passes does not hold.
pub(crate) fn answer(checked: &mut [CheckedFinding], fixes: &[FixTrial]) {
    for finding in checked {
        let Some(patch) = &finding.raw.patch else { continue };
        let own = |it: &&FixTrial| it.reviewer == finding.reviewer && it.index == finding.raw.index;
        let Some(tried) = fixes.iter().find(own).filter(|it| it.patch_sha256 == repro::digest(patch)) else {
            continue;
        };
        for check in finding.checks.iter_mut().filter(|check| check.gate == Gate::Fix) {
            if tried.outcome == FixOutcome::Breaks {
                check.result = CheckResult::Fail;
            }
            check.detail = format!("{}; {}", check.detail, tried.outcome.words());
        }
    }
}

/// What was tried in a run, but for scripts.
pub(crate) fn kept(run: &store::StoredRun) -> Result<Trials, Error> {
    Ok(run.part::<Trials>(TRIALS_FILE)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Check, Mutation, RawFinding};

    #[test]
    fn a_fix_that_breaks_the_tests_does_not_hold_and_another_patch_is_another_fix() {
        let claim = |patch: &str| {
            let raw = RawFinding { index: 1, patch: Some(patch.to_owned()), ..RawFinding::default() };
            let check = Check {
                reviewer: "ada".into(),
                index: 1,
                gate: Gate::Fix,
                result: CheckResult::Pass,
                detail: "it applies".into(),
                fault: None,
            };
            CheckedFinding { reviewer: "ada".into(), raw, checks: vec![check], ..CheckedFinding::default() }
        };
        for (tried, outcome, expected, told) in [
            ("p", FixOutcome::Breaks, CheckResult::Fail, true),
            ("p", FixOutcome::Mends, CheckResult::Pass, true),
            ("p", FixOutcome::NotTried, CheckResult::Pass, true),
            ("other", FixOutcome::Breaks, CheckResult::Pass, false),
        ] {
            let mut checked = vec![claim("p")];
            let fix = FixTrial {
                reviewer: "ada".into(),
                index: 1,
                patch_sha256: repro::digest(tried),
                outcome,
                trial: None,
            };
            answer(&mut checked, &[fix]);
            assert_eq!(checked[0].checks[0].result, expected, "{tried} {outcome:?}");
            assert_eq!(checked[0].checks[0].detail.contains(outcome.words()), told);
        }
    }

    #[test]
    fn what_the_tests_missed_is_a_gap_and_what_they_noticed_is_counted() {
        let probe = |from: &str, to: &str, outcome| Probe {
            path: "a.rs".into(),
            line: 3,
            mutation: Mutation::Operator,
            from: from.to_owned(),
            to: to.to_owned(),
            outcome,
            ms: 1,
        };
        let probes = vec![
            probe("<", "<=", ProbeOutcome::NotNoticed),
            probe("store(a);", "", ProbeOutcome::NotNoticed),
            probe("`", "x", ProbeOutcome::Noticed),
        ];
        let mut testing = TestingSection::default();
        describe(&Trials { probes, ..Trials::default() }, &mut testing);
        assert_eq!(testing.text, "Of 3 small mutations of changed lines the tests noticed 1.");
        let gaps: Vec<&str> = testing.gaps.iter().map(|gap| gap.scenario.as_str()).collect();
        assert_eq!(
            gaps,
            [
                "`a.rs:3`: with `<=` in the place of `<` the tests still pass",
                "`a.rs:3`: without `store(a);` the tests still pass"
            ]
        );
    }
}
