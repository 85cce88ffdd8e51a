//! What is asked when every review is in: blocking claims are challenged, and the summary is put into words.
//!
//! In: everything that was heard. Out: challenges, prose, and notes about both. Nothing of it is a review, nothing counts towards
//! the quorum, and a run without answers to these questions is as complete as one that asks none.

use findings::Quorum;
use model::{Challenge, EventKind, Finding, Report};

use crate::Error;
use crate::aside::Place;
use crate::assemble::{Parts, assemble};
use crate::cross_examine::Court;
use crate::edit::{Edited, ask_editor};
use crate::hear::Heard;
use crate::listen::Hearing;
use crate::tell::tell;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Afterwards {
    pub(crate) challenges: Vec<Challenge>,
    pub(crate) edited: Option<Edited>,
    pub(crate) notes: Vec<String>,
}

impl Hearing<'_> {
    /// Asks what is configured to be asked.
    pub(crate) fn afterwards(&self, place: &Place<'_>, heard: &[Heard]) -> Result<Afterwards, Error> {
        let mut after = Afterwards::default();
        let prompts = &self.tools.agents.prompts;
        let say = |kind: EventKind| tell(self.tools, self.run, kind);
        if let Some(challenger) = &self.asides.challenger {
            let report = self.draft(heard, &[]);
            let blocks = |finding: &&Finding| report.verdict.blocking.contains(&finding.id);
            let blocking: Vec<&Finding> = report.findings.iter().filter(blocks).collect();
            let court = Court {
                place,
                evidence: self.evidence,
                settings: self.settings,
                roster: self.roster,
                challenger,
                template: prompts.get("challenge"),
            };
            (after.challenges, after.notes) = court.challenge(&blocking, heard, &say)?;
        }
        if let Some(editor) = &self.asides.editor {
            let report = self.draft(heard, &after.challenges);
            after.edited = Some(ask_editor(place, editor, prompts.get("summary"), &report, &say)?);
        }
        Ok(after)
    }

    /// The report as it would be without what is asked now.
    fn draft(&self, heard: &[Heard], challenges: &[Challenge]) -> Report {
        let (report, _) = assemble(Parts {
            target: self.snapshot.target(),
            facts: Some((self.snapshot, self.evidence)),
            records: &self.history.records,
            history: Some(self.history),
            series: self.run.series(),
            run: self.run.id().clone(),
            heard: heard.to_vec(),
            challenges,
            trials: &model::Trials::default(),
            config: self.config,
            quorum: Quorum::Wanted(self.settings.review.quorum),
            version: self.tools.version,
            notes: Vec::new(),
        });
        report
    }
}
