//! Parity: one member of a set changed and its counterparts did not.
//!
//! In: members added to lists, functions of files that exist once for each platform, settings with an example beside them.
//! Out: the lists that name all their old siblings but not the new member, and the twins that differ now. Silent where the
//! two were not equal before.

#[cfg(test)]
mod cases;
mod examples;
mod lists;
mod members;
mod platforms;

use crate::context::Context;
use crate::family::{Family, Raised};
use crate::needles::{Found, Needles};
use lists::Lists;

pub(crate) const LIST: &str = "parity/list";
pub(crate) const PLATFORM: &str = "parity/platform";
pub(crate) const EXAMPLE: &str = "parity/example";

/// The family.
pub(crate) struct Parity {
    lists: Lists,
}

impl Parity {
    /// Collects the lists that grew.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        Self { lists: Lists::new(context) }
    }
}

impl Family for Parity {
    fn needles(&self, needles: &mut Needles) {
        self.lists.needles(needles);
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let mut raised = self.lists.findings(context, found);
        if context.settings.runs(PLATFORM) {
            raised.extend(platforms::findings(context));
        }
        if context.settings.runs(EXAMPLE) {
            raised.extend(examples::findings(context));
        }
        raised
    }
}
