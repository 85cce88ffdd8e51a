//! What a rule family is.
//!
//! In: a [`Context`]. Out: texts to look up, then findings. A family never searches on its own, so that the tree is read
//! once for all of them.

use model::{
    DocumentEvidence, DocumentFinding, DocumentFix, DocumentLocation, DocumentOrigin, DocumentScenario, Kind,
    Severity,
};

use crate::context::Context;
use crate::needles::{Found, Needles};

/// One family of rules over one change.
pub(crate) trait Family {
    /// The texts it wants to look up.
    fn needles(&self, needles: &mut Needles);

    /// What it found.
    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised>;
}

/// A finding with its place in the ranking.
#[derive(Clone, Debug)]
pub(crate) struct Raised {
    pub(crate) finding: DocumentFinding,
    /// Higher is shown earlier among findings of one severity.
    pub(crate) rank: f64,
}

/// The parts of a finding that every family fills in.
pub(crate) struct Draft {
    pub(crate) rule: &'static str,
    pub(crate) category: &'static str,
    pub(crate) severity: Severity,
    pub(crate) kind: Kind,
    pub(crate) rank: f64,
    pub(crate) title: String,
    pub(crate) problem: String,
    pub(crate) locations: Vec<DocumentLocation>,
    pub(crate) evidence: Vec<DocumentEvidence>,
    pub(crate) fix: String,
    pub(crate) patch: Option<String>,
    /// Why the change is what brought this in.
    pub(crate) because: String,
    /// When it shows, and what happens then; for important ones.
    pub(crate) scenario: Option<DocumentScenario>,
}

impl Draft {
    /// The finding in the words of the review document.
    pub(crate) fn raise(self) -> Raised {
        Raised {
            rank: self.rank,
            finding: DocumentFinding {
                id: String::new(),
                severity: self.severity,
                kind: Some(self.kind),
                category: Some(self.category.to_owned()),
                title: crate::words::shortened(&self.title, 120),
                locations: self.locations,
                absent: false,
                problem: self.problem,
                scenario: self.scenario,
                origin: Some(DocumentOrigin {
                    claim: "introduced".to_owned(),
                    commit: None,
                    because: self.because,
                }),
                evidence: self.evidence,
                fix: (!self.fix.is_empty()).then(|| DocumentFix {
                    text: self.fix,
                    patch: self.patch.filter(|patch| !patch.is_empty()),
                    effort: Some("trivial".to_owned()),
                }),
                rule: Some(self.rule.to_owned()),
                rule_url: None,
            },
        }
    }
}

/// Something read in the tree.
pub(crate) fn read(what: String, path: &str, line: u32, output: Option<String>) -> DocumentEvidence {
    DocumentEvidence { how: "read".to_owned(), what, output, path: Some(path.to_owned()), line: Some(line) }
}
