//! What a run may ask besides one review of each reviewer.
//!
//! In: settings and who is asked. Out: a row for each further question that the settings allow, with its condition. Asks nobody.

use config::Settings;

use crate::Error;
use crate::aside::{Asides, MOST};
use crate::roster::Asked;

/// A question that a run may ask besides its reviews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Besides {
    /// What it is: `second-pass`, `cross-examination` or `summary`.
    pub what: &'static str,
    /// Who may be asked.
    pub reviewers: Vec<String>,
    /// When, as the rest of a sentence that begins with their names.
    pub when: String,
}

/// What a run with these settings may ask besides.
pub fn besides(settings: &Settings, roster: &[Asked]) -> Result<Vec<Besides>, Error> {
    let mut rows = Vec::new();
    // Linters say the same twice; a roster does not tell them from commands, so only who is surely asked again is named.
    let looks = |asked: &&Asked| asked.settings().is_some_and(|settings| settings.command.is_empty());
    let again: Vec<String> = roster.iter().filter(looks).map(|asked| asked.name().to_owned()).collect();
    if settings.review.thorough && !again.is_empty() {
        let when = "may be asked a second time, if the first review raises something important".to_owned();
        rows.push(Besides { what: "second-pass", reviewers: again, when });
    }
    let asides = Asides::of(settings)?;
    if let Some(challenger) = &asides.challenger {
        let when =
            format!("may be asked to refute each blocking claim of another vendor, {} at most", MOST - 1);
        rows.push(Besides { what: "cross-examination", reviewers: vec![challenger.name().to_owned()], when });
    }
    if let Some(editor) = &asides.editor {
        let when = "is asked for the summary once the report stands".to_owned();
        rows.push(Besides { what: "summary", reviewers: vec![editor.name().to_owned()], when });
    }
    Ok(rows)
}
