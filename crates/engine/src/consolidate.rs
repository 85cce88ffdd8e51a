//! The shorter story: reviews that exist already become one report.
//!
//! In: named texts, and perhaps a repository with the commits they are about. Out: a report. No clock is read and nothing
//! is recorded: the same texts over the same commits give the same bytes.

use std::path::Path;

use config::Config;
use evidence::Evidence;
use findings::{Quorum, Records};
use git::{Repository, Snapshot};
use jiff::Timestamp;
use model::{Ending, Original, Receipt, Report, ReviewerKind, Series, Target};
use reading::Context;
use reviewers::{Attempt, conclude};

use crate::Error;
use crate::assemble::{Finish, Parts, assemble, forms, write_forms};
use crate::review::{Heard, unrecorded};

/// One review that was handed in.
#[derive(Clone, Debug)]
pub struct GivenReview {
    /// The reviewer's name.
    pub name: String,
    /// Its text, or why it could not be read.
    pub text: Result<Vec<u8>, String>,
}

/// What to consolidate.
#[derive(Debug)]
pub struct ConsolidateRequest<'a> {
    /// The reviews, in the order of the report.
    pub reviews: Vec<GivenReview>,
    /// The repository and what the reviews are about; without it every check is `unknown`.
    pub repository: Option<(&'a Repository, Target)>,
    /// The effective settings.
    pub config: &'a Config,
    /// Also write the report's forms here.
    pub out: Option<&'a Path>,
    /// Version of the program, for the report.
    pub version: &'a str,
}

/// Consolidates.
pub fn consolidate(request: &ConsolidateRequest<'_>) -> Result<(Report, Vec<Original>), Error> {
    let target = match &request.repository {
        Some((_, target)) => target.clone(),
        None => Target::default(),
    };
    let snapshot = match &request.repository {
        Some((repository, _)) => Some(Snapshot::open(repository, &target)?),
        None => None,
    };
    let evidence = snapshot.as_ref().map(|facts| Evidence::new(facts));
    let heard = request.reviews.iter().map(|given| hear(given, &target, evidence.as_ref())).collect();
    let mut notes = Vec::new();
    if snapshot.is_none() {
        notes.push("no repository was used: no claim was checked against code".to_owned());
    }
    let (mut report, originals) = assemble(Parts {
        target: &target,
        facts: snapshot.as_ref().zip(evidence.as_ref()),
        // Nothing but the given texts and the commits has a say.
        records: &Records::new(),
        history: None,
        series: Series { key: series_key(&target), round: 1, ..Series::default() },
        run: unrecorded("consolidated"),
        heard,
        challenges: &[],
        trials: &model::Trials::default(),
        config: request.config,
        quorum: Quorum::Given,
        version: request.version,
        notes,
    });
    // The newest commit is the only time that belongs to the input.
    let at = target.commits.last().map_or(Timestamp::UNIX_EPOCH, |commit| commit.at);
    Finish {
        started_at: at,
        ended_at: at,
        active: std::time::Duration::ZERO,
        consolidation: std::time::Duration::ZERO,
    }
    .stamp(&mut report);
    if let Some(folder) = request.out {
        write_forms(folder, &forms(&report, &originals))?;
    }
    Ok((report, originals))
}

fn series_key(target: &Target) -> String {
    match (&target.repository, &target.branch) {
        (Some(repository), Some(branch)) => format!("{repository}@{branch}"),
        (Some(repository), None) => repository.clone(),
        (None, _) => "given reviews".to_owned(),
    }
}

fn hear(given: &GivenReview, target: &Target, evidence: Option<&Evidence<'_>>) -> Heard {
    let (answer, ending, error) = match &given.text {
        Ok(bytes) => (bytes.clone(), Ending::Finished, None),
        Err(why) => (Vec::new(), Ending::NotStarted, Some(why.clone())),
    };
    let attempt = Attempt {
        name: given.name.clone(),
        kind: ReviewerKind::Imported,
        ending,
        error,
        receipt: Receipt {
            base: evidence.map(|_| target.merge_base.clone()),
            head: evidence.map(|_| target.head.clone()),
            ..Receipt::default()
        },
        answer,
        quorum: true,
        ..Attempt::default()
    };
    let text = String::from_utf8_lossy(&attempt.answer).into_owned();
    let context = Context {
        changed: target.changed.iter().map(|file| file.path.clone()).collect(),
        ..Context::default()
    };
    let mut reading = reading::read(&text, &context);
    crate::hear::tame(&mut reading, target);
    let mut row = conclude(&attempt, &reading);
    if row.ending == Ending::Truncated {
        // A file that somebody hands in counts as a review; that it breaks off is said.
        row.notes.extend(row.error.take());
        row.ending = Ending::Finished;
        row.state = model::ReviewerState::Finished;
    }
    let claims = [evidence::Claims { reviewer: &row.name, reading: &reading }];
    let checked = match evidence {
        Some(evidence) => evidence.check(&claims),
        None => evidence::check_nothing(&claims),
    };
    let json = matches!(reading.parsed_as, model::ParsedAs::Json | model::ParsedAs::Tool)
        && text.trim_start().starts_with('{');
    let originals = vec![Original { reviewer: given.name.clone(), text, json }];
    Heard { row, reading, checked, originals, beside: None }
}
