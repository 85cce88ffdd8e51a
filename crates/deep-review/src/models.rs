//! Whether the models that would be asked exist.
//!
//! In: reviewers and the agents of this machine. Out: what is known of each model, by reviewer. Asks servers for their lists of models
//! only, side by side and for a moment; what was found is remembered for a day, what was not found is not.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::time::Duration;

use ::config::ReviewerSettings;
use jiff::{SignedDuration, Timestamp};
use model::Clock as _;
use reviewers::agent::Agents;
use reviewers::{Known, known};

use crate::session::Session;

/// How long a model that was listed is taken to be there.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Asks about the models of these reviewers. Who has no model that could be asked about is left out.
pub(crate) fn check<'a>(
    session: &Session,
    reviewers: impl Iterator<Item = (&'a str, &'a ReviewerSettings)>,
    agents: &Agents,
    limit: Duration,
) -> BTreeMap<String, Known> {
    let questions: Vec<(&str, ReviewerSettings)> = reviewers
        .filter(|(_, settings)| settings.enabled)
        .filter_map(|(name, settings)| Some((name, question(name, settings, agents)?)))
        .collect();
    std::thread::scope(|scope| {
        let asked: Vec<_> = questions
            .iter()
            .map(|(name, question)| (*name, scope.spawn(|| ask(session, question, agents, limit))))
            .collect();
        let answers = asked.into_iter().filter_map(|(name, one)| Some((name.to_owned(), one.join().ok()??)));
        answers.collect()
    })
}

fn question(name: &str, settings: &ReviewerSettings, agents: &Agents) -> Option<ReviewerSettings> {
    match agents.behind(name, settings) {
        Some(Ok(agent)) => agent.model_question(settings, &agents.environment),
        Some(Err(_)) => None,
        None => (settings.api.is_some() && settings.replay.is_none()).then(|| settings.clone()),
    }
}

fn ask(session: &Session, question: &ReviewerSettings, agents: &Agents, limit: Duration) -> Option<Known> {
    let note = note(session, question);
    let now = session.clock.now();
    let before = note.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
    let before = before.and_then(|text| text.trim().parse::<Timestamp>().ok());
    if before.is_some_and(|before| before <= now && now.duration_since(before) < REMEMBERED) {
        return Some(Known::Listed);
    }
    let known = known(question, &agents.environment, limit).ok()?;
    if let (Known::Listed, Some(path)) = (&known, &note) {
        // A note that cannot be written is asked for again.
        drop(path.parent().map(std::fs::create_dir_all));
        drop(std::fs::write(path, now.to_string()));
    }
    Some(known)
}

/// Where it stands that a model was listed. The name tells neither address nor model.
fn note(session: &Session, question: &ReviewerSettings) -> Option<PathBuf> {
    let mut hasher = DefaultHasher::new();
    format!("{:?} {:?} {:?} {:?}", question.api, question.url, question.key_env, question.model)
        .hash(&mut hasher);
    let folder = session.environment.cache_dir()?.join("models");
    Some(folder.join(format!("{:016x}", hasher.finish())))
}

/// What a user should know, in one sentence; nothing where the model is there or nothing could be learned.
pub(crate) fn sentence(known: &Known, settings: &ReviewerSettings) -> Option<String> {
    let model = settings.model.as_deref().unwrap_or_default();
    match known {
        Known::Missing(Some(nearest)) => {
            Some(format!("its server lists no model `{model}`; did you mean `{nearest}`?"))
        }
        Known::Missing(None) => Some(format!("its server lists no model `{model}`")),
        Known::Refused(why) => Some(format!("its server refuses the key: {why}")),
        Known::Listed | Known::Unknown(_) => None,
    }
}
