//! Hygiene: what nobody meant to commit.
//!
//! In: added lines and added files. Out: findings about conflict markers, secrets, home paths, debugging leftovers,
//! deceptive characters, stray files and modes. Looks at nothing the change did not add.

mod debugging;
mod files;
mod home_paths;
mod markers;
mod secrets;
mod unicode;

use model::{Kind, Severity, Side};

use crate::context::Context;
use crate::family::{Draft, Family, Raised};
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;

pub(crate) const CONFLICT: &str = "hygiene/conflict-marker";
pub(crate) const SECRET: &str = "hygiene/secret";
pub(crate) const HOME_PATH: &str = "hygiene/home-path";
pub(crate) const DEBUGGING: &str = "hygiene/debugging";
pub(crate) const PRINT: &str = "hygiene/print";
pub(crate) const ONLY: &str = "hygiene/focused-test";
pub(crate) const BIDI: &str = "hygiene/deceptive-characters";
pub(crate) const BINARY: &str = "hygiene/large-binary";
pub(crate) const STRAY: &str = "hygiene/stray-file";
pub(crate) const MODE: &str = "hygiene/executable-mode";

/// The family.
pub(crate) struct Hygiene;

impl Family for Hygiene {
    fn needles(&self, needles: &mut Needles) {
        debugging::needles(needles);
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let mut raised = Vec::new();
        for file in context.changed() {
            let Some(source) = context.source(Side::Head, &file.path) else { continue };
            let added: Vec<(u32, &str)> =
                file.added().filter(|(line, _)| !context.is_moved(&source, *line)).collect();
            raised.extend(markers::find(&source, &added));
            raised.extend(secrets::find(&source, &added));
            raised.extend(home_paths::find(context, &source, &added));
            raised.extend(unicode::find(&source, &added));
            raised.extend(debugging::find(&source, &added, found));
        }
        raised.extend(files::find(context));
        raised
            .into_iter()
            .filter(|raised| raised.finding.rule.as_deref().is_some_and(|rule| context.settings.runs(rule)))
            .collect()
    }
}

/// What all findings about one added line have in common.
struct Spotted<'a> {
    rule: &'static str,
    severity: Severity,
    category: &'static str,
    line: u32,
    title: String,
    problem: String,
    fix: String,
    patch: Option<String>,
    rank: f64,
    consequence: &'a str,
}

fn raise(source: &Source, spotted: Spotted<'_>) -> Raised {
    Draft {
        rule: spotted.rule,
        category: spotted.category,
        severity: spotted.severity,
        kind: Kind::Regression,
        rank: spotted.rank,
        title: spotted.title,
        problem: spotted.problem,
        locations: vec![at(source, spotted.line, Side::Head, PlaceRole::Primary)],
        evidence: Vec::new(),
        fix: spotted.fix,
        patch: spotted.patch,
        because: format!("The change adds line {}.", spotted.line),
        scenario: (spotted.severity > Severity::Suggestion).then(|| model::DocumentScenario {
            trigger: format!("Merging `{}` as it is.", source.path),
            result: spotted.consequence.to_owned(),
            expected: "The line is not there.".to_owned(),
            likelihood: "always".to_owned(),
            reach: "default".to_owned(),
        }),
    }
    .raise()
}
