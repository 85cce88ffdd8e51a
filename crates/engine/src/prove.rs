//! Trying, during a run, what reviewers give to show their findings.
//!
//! In: a story whose reviewers have all ended. Out: scripts run and kept in the run folder, and notes about those that were not. Runs
//! one only where the user said so beforehand (`verify.repro = "auto"`, `--repro auto`) and it can be confined: a run does not wait for
//! somebody who may be away. Never judges a finding.

use config::ReproChoice;
use model::{CheckedFinding, EventKind, ReproOutcome};
use sandbox::Possible;

use crate::Error;
use crate::listen::HeardAll;
use crate::reproduce::{ReproRequest, Script, confinement_of_scripts, reproduce};
use crate::review::Story;
use crate::tell::tell;

/// More scripts than a run has time for.
const MOST: usize = 12;

/// Runs the scripts that came with findings, the gravest first; each only once in a run.
pub(crate) fn scripts(story: &Story<'_>, heard: &HeardAll) -> Result<Vec<String>, Error> {
    let verify = &story.config.settings.verify;
    let done = story.run.reproductions()?;
    let is_new = |it: &&CheckedFinding| {
        let script = it.raw.repro.as_deref().unwrap_or_default();
        !done.iter().any(|made| {
            made.reviewer == it.reviewer
                && made.index == it.raw.index
                && made.script_sha256 == repro::digest(script)
        })
    };
    let given = heard.rows.iter().flat_map(|row| &row.checked).filter(|it| it.raw.repro.is_some());
    let mut given: Vec<&CheckedFinding> = given.filter(is_new).collect();
    if given.is_empty() || story.silent {
        return Ok(Vec::new());
    }
    match verify.repro {
        ReproChoice::Never => {
            return Ok(vec![format!("{}: `verify.repro` is `never`", not_run(given.len()))]);
        }
        ReproChoice::Ask => {
            let how = "`deep-review repro ID` shows one and asks, `--repro auto` runs them during the run";
            return Ok(vec![format!("{}: {how}", not_run(given.len()))]);
        }
        ReproChoice::Auto => {}
    }
    let sandbox = confinement_of_scripts(story.tools);
    if let Possible::No(why) = &sandbox {
        return Ok(vec![format!("{}: nothing is run that cannot be confined: {why}", not_run(given.len()))]);
    }
    // Stable: within a severity in roster order.
    given.sort_by_key(|it| std::cmp::Reverse(it.raw.severity));
    let mut notes = Vec::new();
    for (at, finding) in given.iter().enumerate().take(MOST) {
        if story.tools.cancel.is_cancelled() || story.begun.elapsed() >= story.config.settings.review.deadline
        {
            notes.push(format!("{}: the run's time was over", not_run(given.len() - at)));
            return Ok(notes);
        }
        let script = Script {
            reviewer: finding.reviewer.clone(),
            index: finding.raw.index,
            text: finding.raw.repro.clone().unwrap_or_default(),
            claim: finding.raw.repro_claim.clone().unwrap_or_default(),
        };
        notes.extend(run(story, &script, &sandbox, &finding.raw.title)?);
    }
    if given.len() > MOST {
        notes.push(format!("{}: a run tries {MOST}", not_run(given.len() - MOST)));
    }
    Ok(notes)
}

fn not_run(count: usize) -> String {
    match count {
        1 => "1 script of a reviewer was not run".to_owned(),
        _ => format!("{count} scripts of reviewers were not run"),
    }
}

/// Runs one, and says so as it happens. Returns a note where it shows nothing because it could not be tried.
fn run(story: &Story<'_>, script: &Script, sandbox: &Possible, title: &str) -> Result<Option<String>, Error> {
    let say = |text: String| tell(story.tools, story.run, EventKind::Note { text });
    say(format!("running the script of {} for \"{title}\"", script.reviewer));
    let request = ReproRequest {
        repository: story.tools.repository,
        store: story.tools.store,
        keeper: &story.tools.keeper,
        scratch: &story.tools.scratch,
        run: story.run,
        target: story.target,
        script,
        sandbox,
        wall: story.config.settings.verify.timeout,
        home: story.home.clone(),
    };
    let made = reproduce(&request, &story.tools.cancel)?;
    let regression = if made.regression { ", a regression" } else { "" };
    say(format!("{} for \"{title}\": {}{regression} — {}", script.reviewer, made.outcome.words(), made.why));
    let is_trouble = matches!(made.outcome, ReproOutcome::HarnessError | ReproOutcome::Refused);
    Ok(is_trouble.then(|| {
        format!("the script of {} for \"{title}\" could not be tried: {}", script.reviewer, made.why)
    }))
}
