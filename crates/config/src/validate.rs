//! What no type can say about a value.
//!
//! In: the combined settings. Out: the key that cannot be used and why. Never changes anything.

use std::time::Duration;

use crate::layer::KeyPath;
use crate::{Output, Placeholder, ReviewerSettings, Settings, parse_word};

/// The least context of a model, in tokens: the instructions and a small answer.
const LEAST_CONTEXT: u64 = 4096;

/// Most retries that can be set.
const MOST_RETRIES: u32 = 10;

/// A key and what is wrong with it.
pub(crate) struct Wrong {
    pub(crate) path: KeyPath,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

fn wrong(path: &[&str], message: impl Into<String>, hint: Option<&str>) -> Wrong {
    let path = path.iter().map(|part| (*part).to_owned()).collect();
    Wrong { path, message: message.into(), hint: hint.map(str::to_owned) }
}

/// The first thing that cannot be used.
pub(crate) fn check(settings: &Settings) -> Result<(), Wrong> {
    let review = &settings.review;
    if review.quorum == 0 {
        let hint = "a verdict without any review would say nothing; the least is 1";
        return Err(wrong(&["review", "quorum"], "the quorum is 0", Some(hint)));
    }
    if review.jobs == 0 {
        return Err(wrong(&["review", "jobs"], "no reviewer could run with 0 jobs", None));
    }
    if review.vendor_jobs == 0 {
        return Err(wrong(&["review", "vendor_jobs"], "no reviewer could run with 0 jobs", None));
    }
    positive(&["review", "deadline"], review.deadline)?;
    few(&["defaults", "retries"], settings.defaults.retries)?;
    positive(&["defaults", "timeout"], settings.defaults.timeout)?;
    positive(&["verify", "timeout"], settings.verify.timeout)?;
    positive(&["defaults", "silence"], settings.defaults.silence)?;
    if review.base.is_empty() || review.base.starts_with('-') {
        return Err(wrong(&["review", "base"], format!("`{}` is not a revision", review.base), None));
    }
    for file in &review.context {
        inside(file).map_err(|message| wrong(&["review", "context"], message, None))?;
    }
    settings.reviewers.iter().try_for_each(|(name, reviewer)| check_reviewer(name, reviewer))
}

fn positive(path: &[&str], time: Duration) -> Result<(), Wrong> {
    if time.is_zero() {
        Err(wrong(path, "a limit of no time at all ends everything at once", None))
    } else {
        Ok(())
    }
}

/// A vendor that is down stays down for everybody who asks without end, and every try may cost money.
fn few(path: &[&str], retries: u32) -> Result<(), Wrong> {
    if retries > MOST_RETRIES {
        return Err(wrong(path, format!("{retries} retries are too many; the most is {MOST_RETRIES}"), None));
    }
    Ok(())
}

/// Context files are read from the base commit, so they are paths in the repository.
fn inside(file: &str) -> Result<(), String> {
    let leaves = file.starts_with('/') || file.contains('\\') || file.split('/').any(|part| part == "..");
    if file.is_empty() || leaves {
        Err(format!("`{file}` is not a path inside the repository"))
    } else {
        Ok(())
    }
}

fn check_reviewer(name: &str, reviewer: &ReviewerSettings) -> Result<(), Wrong> {
    let here = |key: &'static str| ["reviewers", name, key];
    check_name(name)?;
    positive(&here("timeout"), reviewer.timeout)?;
    positive(&here("silence"), reviewer.silence)?;
    few(&here("retries"), reviewer.retries)?;
    for (key, value) in [("model", &reviewer.model), ("effort", &reviewer.effort)] {
        if let Some(value) = value.as_ref().filter(|value| !is_choice(value)) {
            return Err(wrong(&here(key), format!("`{value}` cannot be the name of a {key}"), None));
        }
    }
    if reviewer.vendor.as_deref().is_some_and(|vendor| vendor.trim().is_empty()) {
        return Err(wrong(&here("vendor"), "the vendor has no name", None));
    }
    for variable in &reviewer.env {
        if variable.is_empty() || variable.contains(['=', '\0']) {
            let hint = "list names only; values are taken from the environment";
            return Err(wrong(&here("env"), format!("`{variable}` is not a variable's name"), Some(hint)));
        }
    }
    check_model(name, reviewer)?;
    check_acp(name, reviewer)?;
    check_command(name, reviewer)
}

/// A model over HTTP is asked by its own keys; a reviewer is one thing or the other.
fn check_model(name: &str, reviewer: &ReviewerSettings) -> Result<(), Wrong> {
    let here = |key: &'static str| ["reviewers", name, key];
    if reviewer.context_tokens < LEAST_CONTEXT {
        let hint = format!("the instructions alone need some; the least is {LEAST_CONTEXT}");
        return Err(wrong(&here("context_tokens"), "no review fits into that", Some(&hint)));
    }
    if reviewer.api.is_none() {
        let set = [("url", reviewer.url.is_some()), ("key_env", reviewer.key_env.is_some())];
        return match set.iter().find(|(_, set)| *set) {
            Some((key, _)) => {
                let hint = "set `api` to \"openai\", \"anthropic\" or \"gemini\"";
                Err(wrong(&here(key), "nothing says what that server speaks", Some(hint)))
            }
            None => Ok(()),
        };
    }
    if !reviewer.command.is_empty() {
        return Err(wrong(&here("api"), "it has a `command` as well: a reviewer is one or the other", None));
    }
    if reviewer.model.is_none() {
        return Err(wrong(&here("api"), "no model is named", Some("set `model`")));
    }
    if reviewer.record.is_some() && reviewer.replay.is_some() {
        return Err(wrong(&here("replay"), "a replay asks nobody, so there is nothing to record", None));
    }
    if reviewer.key_env.as_ref().is_some_and(|name| name.is_empty() || name.contains(['=', '\0'])) {
        let hint = "the name only; the key is taken from the environment";
        return Err(wrong(&here("key_env"), "it is not a variable's name", Some(hint)));
    }
    Ok(())
}

/// Whether a word may name a model or an effort. It becomes an argument of a program; it must not be taken for one of its
/// options.
pub fn is_choice(word: &str) -> bool {
    !word.is_empty() && !word.starts_with('-') && !word.chars().any(char::is_control)
}

/// An agent that speaks the protocol is nothing else, and answers in the conversation.
fn check_acp(name: &str, reviewer: &ReviewerSettings) -> Result<(), Wrong> {
    if reviewer.acp.is_empty() {
        return Ok(());
    }
    let path = ["reviewers", name, "acp"];
    let others = [
        ("command", !reviewer.command.is_empty()),
        ("agent", reviewer.agent.is_some()),
        ("api", reviewer.api.is_some()),
    ];
    if let Some((other, _)) = others.iter().find(|(_, set)| *set) {
        return Err(wrong(&path, format!("it has `{other}` as well: a reviewer is one or the other"), None));
    }
    if reviewer.output == Output::File {
        let hint = "leave out `output`";
        return Err(wrong(
            &["reviewers", name, "output"],
            "an agent behind `acp` answers in the conversation",
            Some(hint),
        ));
    }
    check_words(&path, &reviewer.acp).map(drop)
}

/// The placeholders that a command uses.
fn check_words(path: &[&str], words: &[String]) -> Result<Vec<Placeholder>, Wrong> {
    let mut used = Vec::new();
    for word in words {
        if word.contains('\0') {
            return Err(wrong(path, "a word of a command cannot hold a NUL byte", None));
        }
        let word = parse_word(word).map_err(|(message, hint)| wrong(path, message, Some(&hint)))?;
        used.extend(word.placeholders());
    }
    if words.first().is_some_and(String::is_empty) {
        return Err(wrong(path, "the first word, the program, is empty", None));
    }
    Ok(used)
}

fn check_command(name: &str, reviewer: &ReviewerSettings) -> Result<(), Wrong> {
    let path = ["reviewers", name, "command"];
    let used = check_words(&path, &reviewer.command)?;
    let says_file = reviewer.output == Output::File;
    if says_file && !reviewer.command.is_empty() && !used.contains(&Placeholder::OutputFile) {
        let hint = "with `output = \"file\"` the command must be told the file: add `{output_file}` to it";
        return Err(wrong(&path, "the command does not say where to write its review", Some(hint)));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Wrong> {
    let path = ["reviewers", name];
    if name.eq_ignore_ascii_case("builtin") {
        let hint = "the reviewers inside deep-review are set in `[builtin]`";
        return Err(wrong(&path, format!("the name `{name}` is taken"), Some(hint)));
    }
    let valid = name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if valid {
        return Ok(());
    }
    let hint = "letters, digits, `-`, `_` and `.`, beginning with a letter or digit, 64 at most";
    Err(wrong(&path, format!("`{name}` is not a reviewer's name"), Some(hint)))
}
