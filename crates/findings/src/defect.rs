//! A cluster of claims on its way to becoming a finding.
//!
//! In: checked claims of one cluster, in roster order. Out: the facts that the later steps ask for. Never decides.

use model::{CheckedFinding, Lane};

use crate::matching::Claim;
use crate::rules;

/// One member with what the rules say of it.
pub(crate) struct Member<'a> {
    pub(crate) finding: &'a CheckedFinding,
    pub(crate) claim: &'a Claim,
    pub(crate) lane: Lane,
}

impl<'a> Member<'a> {
    pub(crate) fn new(finding: &'a CheckedFinding, claim: &'a Claim) -> Self {
        Self { finding, claim, lane: rules::lane(finding) }
    }
}

/// Claims about one defect.
pub(crate) struct Defect<'a> {
    /// In roster order.
    pub(crate) members: Vec<Member<'a>>,
    /// Which member's text is shown.
    pub(crate) shown: usize,
}

impl<'a> Defect<'a> {
    pub(crate) fn shown(&self) -> &Member<'a> {
        &self.members[self.shown]
    }

    /// Members that say something of their own: copies to the letter count once.
    pub(crate) fn distinct(&self) -> Vec<&Member<'a>> {
        let mut distinct: Vec<&Member<'a>> = Vec::new();
        for member in &self.members {
            if !distinct.iter().any(|other| other.claim.is_same_text(member.claim)) {
                distinct.push(member);
            }
        }
        distinct
    }

    /// Distinct reviewers.
    pub(crate) fn agreement(&self) -> u32 {
        let mut names: Vec<&str> =
            self.members.iter().map(|member| member.finding.reviewer.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.len() as u32
    }
}
