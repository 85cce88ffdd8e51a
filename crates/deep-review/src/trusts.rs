//! How far a change is trusted, as commands need it.
//!
//! In: a session, a target, what the CI system left in the environment. Out: the target with its level. What cannot be read is
//! taken for the most cautious.

use engine::Forge;
use git::Repository;
use model::{Target, Trust, Trusted};
use serde_json::Value;

use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// The most bytes of an event.
const LARGEST: u64 = 32 << 20;

/// Decides, and writes it into the target.
pub(crate) fn settle(
    session: &Session,
    repository: &Repository,
    target: &mut Target,
    asked: Option<Trust>,
) -> Result<Trusted, CommandError> {
    let own = ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL", "EMAIL"];
    let own: Vec<&str> = own.iter().filter_map(|name| session.environment.text(name)).collect();
    let rule = match repository.hands(target, &own) {
        Ok(hands) => engine::trust(&hands, target.dirty, forge(session)),
        Err(error) => {
            Trusted { level: Trust::Stranger, why: format!("who made it could not be read: {error}") }
        }
    };
    let trusted = engine::cautious(rule, asked).map_err(|why| {
        CommandError::new(Exit::Refused, why)
            .hint("a flag may only make it stricter: whoever can be talked into `--trust mine` is not protected by it")
            .hint("`--sandbox off` runs reviewers without a sandbox, whoever made the change")
    })?;
    target.trust = Some(trusted.clone());
    if trusted.level != Trust::Mine {
        target.notes.push(trusted.sentence());
    }
    Ok(trusted)
}

/// What the CI system says.
fn forge(session: &Session) -> Forge {
    let text = |name: &str| session.environment.text(name);
    if text("GITHUB_ACTIONS").is_some() {
        let is_request = text("GITHUB_EVENT_NAME").is_some_and(|event| {
            event.starts_with("pull_request")
                || event.contains("comment")
                || event == "workflow_run"
                || event == "merge_group"
        });
        let event = text("GITHUB_EVENT_PATH").and_then(|path| {
            let is_small = std::fs::metadata(path).is_ok_and(|file| file.len() <= LARGEST);
            is_small.then(|| std::fs::read(path).ok()).flatten()
        });
        return github(is_request, event.as_deref());
    }
    match (text("CI_MERGE_REQUEST_SOURCE_PROJECT_ID"), text("CI_MERGE_REQUEST_PROJECT_ID")) {
        (Some(source), Some(own)) if source == own => Forge::Within,
        (Some(_), _) => Forge::Fork,
        (None, _) if text("GITLAB_CI").is_some() => Forge::Within,
        _ => Forge::Silent,
    }
}

/// A request whose event cannot be read, or does not say where it is from, is from elsewhere.
fn github(is_request: bool, event: Option<&[u8]>) -> Forge {
    if !is_request {
        return Forge::Within;
    }
    let event: Option<Value> = event.and_then(|bytes| serde_json::from_slice(bytes).ok());
    let Some(event) = event else { return Forge::Fork };
    let request = &event["pull_request"];
    let name = |side: &str| request[side]["repo"]["full_name"].as_str();
    match (name("head"), name("base")) {
        (Some(head), Some(base)) if head == base => Forge::Within,
        _ => Forge::Fork,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_from_within_only_where_the_event_says_so() {
        let event = |head: &str| {
            format!(
                r#"{{"pull_request":{{"head":{{"repo":{head}}},"base":{{"repo":{{"full_name":"o/r"}}}}}}}}"#
            )
        };
        let of = |text: &str| github(true, Some(text.as_bytes()));
        assert_eq!(of(&event(r#"{"full_name":"o/r"}"#)), Forge::Within);
        assert_eq!(of(&event(r#"{"full_name":"eve/r"}"#)), Forge::Fork);
        assert_eq!(of(&event("null")), Forge::Fork, "the fork is deleted");
        assert_eq!(of("no json"), Forge::Fork);
        assert_eq!(github(true, None), Forge::Fork);
        assert_eq!(github(false, None), Forge::Within);
    }
}
