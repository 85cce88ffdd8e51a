//! A question to a reviewer that is no review: a challenge of a claim, a summary in prose.
//!
//! In: who is asked, with which words, about what. Out: its answer as a document of the wanted form, or why there is none. Each
//! question keeps its raw material in `asides/`, and is not asked again when the run is gone on with. A question without an
//! answer costs the run nothing but the answer.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use config::{ReviewerSettings, Settings};
use model::{Canary, Ending, Tokens};
use reading::Context;
use reviewers::{Attempt, Briefing};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::RunFolder;

use crate::Error;
use crate::ask::{Panel, fresh, not_asked};
use crate::keep::{attempt_json, parse_attempt};
use crate::program::{Chair, ask_program};
use crate::roster::{Asked, aside_named};

/// Most questions of one run: so many folders for checkouts there may be.
pub(crate) const MOST: usize = 9;

/// The folder of a question's checkout.
pub(crate) fn folder(number: usize) -> String {
    format!("aside-{number}")
}

/// Who is asked besides the panel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asides {
    /// Who challenges blocking claims.
    pub(crate) challenger: Option<Asked>,
    /// Who writes the summary.
    pub(crate) editor: Option<Asked>,
}

impl Asides {
    /// Those the settings name. A name that nobody has is an error before anybody is asked.
    pub(crate) fn of(settings: &Settings) -> Result<Self, Error> {
        Ok(Self {
            challenger: aside_named(settings, &settings.review.cross_examine)?,
            editor: aside_named(settings, &settings.editor.reviewer)?,
        })
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Asked> {
        self.challenger.iter().chain(&self.editor)
    }
}

/// Where questions are asked from.
pub(crate) struct Place<'a> {
    pub(crate) panel: &'a Panel<'a>,
    pub(crate) run: &'a RunFolder,
    /// The run's folder for checkouts.
    pub(crate) scratch: &'a Path,
    /// Where attempts are recorded while they run.
    pub(crate) attempts: &'a Path,
    /// Nobody is asked: only what was answered before counts.
    pub(crate) silent: bool,
}

/// One question.
pub(crate) struct Question<'a> {
    /// What it is kept as: the same question of the same run has the same key.
    pub(crate) key: String,
    pub(crate) asked: &'a Asked,
    /// The words, as a template.
    pub(crate) template: String,
    /// What they are about.
    pub(crate) task: BTreeMap<String, String>,
    /// Its number among the questions of the run.
    pub(crate) number: usize,
}

/// What came of one question.
pub(crate) struct Said<T> {
    /// The document, or why there is none.
    pub(crate) document: Result<T, String>,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) usd: Option<f64>,
    /// Whether it was asked at all, now or before.
    pub(crate) was_asked: bool,
}

/// Text that travels in a prompt between fences that nothing in it can close.
pub(crate) fn fenced(name: &str, value: &Value) -> BTreeMap<String, String> {
    let text = serde_json::to_string_pretty(value).expect("plain data");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    BTreeMap::from([(name.to_owned(), text), ("fence".to_owned(), fence)])
}

/// Asks one question, or finds its answer in the run folder.
pub(crate) fn ask<T: DeserializeOwned>(place: &Place<'_>, question: &Question<'_>) -> Result<Said<T>, Error> {
    let (attempt, text) = match answered(place.run, &question.key) {
        Some(before) => before,
        None if place.silent => return Ok(nothing("nobody was asked: what has arrived was consolidated")),
        None => {
            let left = place.panel.deadline.saturating_duration_since(Instant::now());
            if place.panel.stop.cancel.is_cancelled() {
                return Ok(nothing("the run was interrupted before it was asked"));
            }
            if left.is_zero() {
                return Ok(nothing("the run's deadline was reached before it was asked"));
            }
            let mut attempt = ask_now(place, question, left);
            let text = place.panel.scrub.text(&String::from_utf8_lossy(&attempt.answer));
            place.panel.scrub.attempt(&mut attempt);
            keep(place.run, &question.key, &attempt, &text)?;
            (attempt, text)
        }
    };
    Ok(Said {
        document: document(&attempt, &text),
        tokens: attempt.tokens,
        usd: attempt.usd,
        was_asked: attempt.ending != Ending::NotStarted,
    })
}

fn nothing<T>(why: &str) -> Said<T> {
    Said { document: Err(why.to_owned()), tokens: None, usd: None, was_asked: false }
}

fn ask_now(place: &Place<'_>, question: &Question<'_>, left: Duration) -> Attempt {
    let panel = place.panel;
    let Asked::Command { name, settings } = question.asked else {
        return not_asked(question.asked.name(), "the built-in reviewers answer no questions");
    };
    let settings = ReviewerSettings { timeout: settings.timeout.min(left), ..(**settings).clone() };
    let scratch = place.scratch.join(folder(question.number));
    let process = place.attempts.join(format!("{}-{}", question.key, place.run.resumed()));
    for folder in [&scratch, &process] {
        if let Err(error) = fresh(folder) {
            let failed = not_asked(name, &format!("a folder for it could not be made: {error}"));
            return Attempt { ending: Ending::NotStarted, ..failed };
        }
    }
    let briefing = Briefing {
        template: Some(question.template.clone()),
        task: Some(question.task.clone()),
        ..Briefing::default()
    };
    let chair = Chair {
        name,
        settings: &settings,
        scratch: &scratch,
        process: &process,
        briefing: &briefing,
        cancel: &panel.stop.cancel,
    };
    // Nobody watches: the end of a question is told by whoever asked it.
    let (news, _) = channel();
    let asked = catch_unwind(AssertUnwindSafe(|| ask_program(panel, &chair, &news)));
    asked.unwrap_or_else(|_| Attempt {
        ending: Ending::Failed,
        ..not_asked(name, "deep-review itself failed while asking it; this is a defect of deep-review")
    })
}

/// The document in an answer.
fn document<T: DeserializeOwned>(attempt: &Attempt, text: &str) -> Result<T, String> {
    if !matches!(attempt.ending, Ending::Finished | Ending::Leaky) {
        let why = attempt.error.clone().unwrap_or_else(|| attempt.ending.as_str().to_owned());
        return Err(format!("it gave no answer: {why}"));
    }
    let context = Context { canary: attempt.canary.clone(), ..Context::default() };
    if reading::read(text, &context).canary == Canary::Altered {
        return Err("what it was told was altered on the way".to_owned());
    }
    find(text).ok_or_else(|| "its answer is not of the wanted form".to_owned())
}

/// The first object in a text that is of the wanted form.
fn find<T: DeserializeOwned>(text: &str) -> Option<T> {
    /// Braces looked at: an answer begins with its document, or nearly.
    const MOST_BRACES: usize = 50;
    /// No document is longer.
    const LONGEST: usize = 256 << 10;
    let end = (0..=text.len().min(LONGEST)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let text = &text[..end];
    text.match_indices('{').take(MOST_BRACES).find_map(|(at, _)| {
        let mut objects = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        let object = objects.next()?.ok()?;
        serde_json::from_value(object).ok()
    })
}

fn place_of(key: &str, name: &str) -> String {
    format!("asides/{key}/{name}")
}

/// The attempt is written last: where it stands, the answer is whole. A question that failed is asked again when the run is gone
/// on with, under the next key.
fn keep(run: &RunFolder, key: &str, attempt: &Attempt, text: &str) -> Result<(), Error> {
    let key =
        keys(key).find(|key| !run.file(&place_of(key, store::ATTEMPT_FILE)).exists()).unwrap_or_default();
    let files: [(&str, &[u8]); 4] = [
        ("prompt.md", attempt.prompt.as_deref().unwrap_or_default().as_bytes()),
        ("stderr", &attempt.stderr),
        ("stream.ndjson", &attempt.stream),
        ("answer", text.as_bytes()),
    ];
    for (name, bytes) in files {
        if !bytes.is_empty() {
            run.write_once(&place_of(&key, name), bytes)?;
        }
    }
    run.write_once(&place_of(&key, store::ATTEMPT_FILE), &attempt_json(attempt))?;
    Ok(())
}

/// The answer to a question that was asked before.
fn answered(run: &RunFolder, key: &str) -> Option<(Attempt, String)> {
    let read = |key: &str, name: &str| -> Option<Vec<u8>> {
        let path: PathBuf = run.file(&place_of(key, name));
        std::fs::read(path).ok()
    };
    keys(key).find_map(|key| {
        let attempt = parse_attempt(&read(&key, store::ATTEMPT_FILE)?)?;
        let is_whole = matches!(attempt.ending, Ending::Finished | Ending::Leaky);
        let text = String::from_utf8_lossy(&read(&key, "answer").unwrap_or_default()).into_owned();
        is_whole.then_some((attempt, text))
    })
}

fn keys(key: &str) -> impl Iterator<Item = String> {
    let key = key.to_owned();
    (1..100_u32).map(move |number| if number == 1 { key.clone() } else { format!("{key}-{number}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Wanted {
        answer: String,
    }

    #[test]
    fn the_document_is_found_among_other_words() {
        let found = |text: &str| find::<Wanted>(text).map(|wanted| wanted.answer);
        assert_eq!(found("{\"answer\": \"x\"}").as_deref(), Some("x"));
        assert_eq!(
            found("Let me see {a}.\n```json\n{\"answer\": \"y\", \"z\": {}}\n```\n").as_deref(),
            Some("y")
        );
        for text in ["", "{", "{\"answer\": 3}", "[1]", "{\"answer\": \"cut", &"{".repeat(10_000)] {
            assert_eq!(found(text), None, "{:?}", text.get(..20));
        }
    }

    #[test]
    fn nothing_in_a_text_closes_its_fence() {
        let value = fenced("claim", &serde_json::json!({ "title": "``` and ```````" }));
        let fence = &value["fence"];
        assert!(fence.len() > 7 && !value["claim"].contains(fence));
    }
}
