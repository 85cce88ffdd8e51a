//! Tries an agent with one small question.
//!
//! In: an agent that passed its preflight, and an empty folder. Out: whether it answered, whether what it was told arrived
//! unaltered, and whether it could read a file. Costs one or two calls of a model; reviews nothing.

use std::path::Path;
use std::time::Instant;

use config::{Environment, ReviewerSettings};
use model::{Failure, FailureClass, Tokens};
use supervise::{Cancel, Keeper};

use super::answer::END_MARK;
use super::ask::{Behind, Party, Places, program, shut_in, watch};
use super::confined;
use super::preflight::Agent;
use redaction::Secrets;

use crate::Attempt;
use crate::confine::{Confined, Confinement, Decision, Needs, Who};

/// What came of a trial.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// Whether the line that channels like to alter came back to the letter.
    pub echoed: bool,
    /// Whether the word in the file came back: it can read what it is given.
    pub read_file: bool,
    /// Why it gave no answer.
    pub failure: Option<Failure>,
    /// How its process ended.
    pub ending: model::Ending,
    /// Milliseconds.
    pub ms: u64,
    /// Tokens, where told.
    pub tokens: Option<Tokens>,
    /// Cost in US dollars, where told.
    pub usd: Option<f64>,
    /// The model that answered, where told.
    pub model: Option<String>,
    /// What it answered, at most 400 characters.
    pub answer: String,
    /// What confined it; `None` where nothing did.
    pub confined_by: Option<&'static str>,
}

/// Where a trial happens.
#[derive(Debug)]
pub struct TrialPlace<'a> {
    /// An empty folder.
    pub folder: &'a Path,
    /// The keeper program.
    pub keeper: &'a Keeper,
    /// The environment its preflight was made with.
    pub environment: &'a Environment,
    /// Something nobody can guess.
    pub nonce: &'a str,
    /// How programs are confined.
    pub confinement: &'a Confinement,
}

/// Asks the question. `Err` is about our own work only.
pub fn try_agent(
    agent: &Agent,
    settings: &ReviewerSettings,
    place: &TrialPlace<'_>,
    cancel: &Cancel,
) -> Result<Trial, String> {
    let started = Instant::now();
    let worktree = place.folder.join("checkout");
    let process = place.folder.join("process");
    let made = |error: std::io::Error| format!("a folder for the trial could not be made: {error}");
    std::fs::create_dir_all(&worktree).map_err(made)?;
    std::fs::create_dir_all(&process).map_err(made)?;
    let word = format!("word-{}", place.nonce);
    let canary = format!("dr-canary \"$@\" @test {}", place.nonce);
    let file = worktree.join("word.txt");
    let prompt_file = worktree.join("prompt.md");
    std::fs::write(&file, format!("{word}\n")).map_err(made)?;
    std::fs::write(&prompt_file, question(&canary, &file)).map_err(made)?;
    let party = Party { agent, settings, environment: place.environment, account: None };
    let private = place.folder.join("private");
    let places = Places {
        worktree: &worktree,
        private: &private,
        prompt_file: &prompt_file,
        diff_file: &file,
        process: &process,
        keeper: place.keeper,
    };
    let (confined, secrets) = match behind(party, places, place, cancel) {
        Ok(made) => made,
        Err((why, failure)) => {
            let class = failure.map_or(FailureClass::Sandbox, |failure| failure.class);
            let failure = Failure { class, message: why, retry_after_ms: None };
            let (failure, ending) = (Some(failure), model::Ending::NotStarted);
            return Ok(Trial {
                failure,
                ending,
                ms: started.elapsed().as_millis() as u64,
                ..Trial::default()
            });
        }
    };
    let confined_by = confined.by();
    let watched = watch(party, &confined, places.private, cancel, &mut |_, _| {});
    let text = secrets.text(&watched.answer.text);
    let echoed = text.contains(&canary);
    // A trial that came back whole needs no further proof.
    let failure = watched
        .answer
        .failure
        .filter(|failure| !(echoed && failure.class == FailureClass::Incomplete))
        .map(|failure| Failure { message: secrets.text(&failure.message), ..failure });
    Ok(Trial {
        echoed,
        read_file: text.contains(&word),
        failure,
        ending: watched.outcome.ending,
        ms: started.elapsed().as_millis() as u64,
        tokens: watched.answer.tokens,
        usd: watched.answer.usd,
        model: watched.answer.model,
        answer: text.chars().take(400).collect(),
        confined_by,
    })
}

/// The program as a run of the user's own change would start it: as it is, or behind the sandbox that is required. `Err` where it
/// must not run, with what kind of failure that is.
fn behind(
    party: Party<'_>,
    places: Places<'_>,
    place: &TrialPlace<'_>,
    cancel: &Cancel,
) -> Result<(Confined, Secrets), (String, Option<Failure>)> {
    let way = confined::way(party.agent, party.settings);
    match place.confinement.decide(Who::Agent(way.as_ref().map(drop).map_err(String::as_str))) {
        Decision::Refused(why) => {
            Err((format!("it was not asked, because a sandbox is required: {why}"), None))
        }
        Decision::Open(_) => {
            let confined = Confined::open(program(party, places, None).map_err(|why| (why, None))?.program);
            let secrets = Secrets::of(&confined.program.environment);
            Ok((confined, secrets))
        }
        Decision::Confined => {
            let needs = || Needs {
                read: vec![places.worktree.to_owned()],
                private: place.folder.join("sandbox"),
                ..Needs::default()
            };
            let behind =
                Behind { confinement: place.confinement, needs: &needs, probe: place.folder.join("probe") };
            let mut attempt = Attempt::default();
            shut_in(party, places, &behind, cancel, &mut attempt).map_err(|why| (why, attempt.failure))
        }
    }
}

fn question(canary: &str, file: &Path) -> String {
    format!(
        "This tries whether you can be reached. Answer with three lines and nothing else.\n\n\
         The first line is this one, to the letter:\n\n    {canary}\n\n\
         The second line is the one word in the file {}\n\n\
         The third line is this one, to the letter:\n\n    {END_MARK}\n",
        file.display()
    )
}
