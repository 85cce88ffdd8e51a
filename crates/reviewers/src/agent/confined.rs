//! What one agent needs in a sandbox, from its adapter and the user's settings.
//!
//! In: an agent, how it is signed in, the environment. Out: hosts and servers, the files of its login, or why it cannot be
//! confined. A key that the proxy can send is not among what is shown.

use std::path::{Path, PathBuf};

use config::{Api, Environment, ReviewerSettings};
use proxy::{Host, Route, Rules};
use sandbox::{Folder, Room};

use super::adapter::{Auth, ConfinedWay};
use super::preflight::{Agent, expand, found_file};
use crate::confine::Door;

/// What stands where a key would.
pub(crate) const NO_KEY: &str = "the-key-is-not-in-here";

/// What is known about how it is signed in; the sentence says why it cannot be confined.
pub(crate) fn way<'a>(
    agent: &'a Agent,
    settings: &ReviewerSettings,
) -> Result<Option<&'a ConfinedWay>, String> {
    let is_told = !settings.hosts.is_empty() || !settings.show.is_empty();
    match agent.way() {
        Some(auth) => match &auth.confined {
            Some(way) => Ok(Some(way)),
            None if is_told => Ok(None),
            None => Err(format!("what it needs when it is signed in by {} is not known", auth.name)),
        },
        None if is_told => Ok(None),
        None => Err("which servers it asks is not known: `hosts` of its table tells".to_owned()),
    }
}

/// What it may reach.
pub(crate) fn rules(
    agent: &Agent,
    settings: &ReviewerSettings,
    environment: &Environment,
    door: &Door,
) -> Result<Rules, String> {
    let mut rules = Rules { hosts: own_hosts(settings)?, ..Rules::default() };
    let Some((auth, way)) = agent.way().and_then(|auth| Some((auth, auth.confined.as_ref()?))) else {
        return Ok(rules);
    };
    rules.hosts.extend(way.hosts.iter().filter_map(|host| Host::parse(host, false)));
    if way.upstream.is_some() {
        rules.routes.push(Route { prefix: door.prefix(), ..route(auth, way, environment)? });
    }
    Ok(rules)
}

/// Hosts that the user names.
pub(crate) fn own_hosts(settings: &ReviewerSettings) -> Result<Vec<Host>, String> {
    let parse =
        |text: &String| Host::parse(text, true).ok_or_else(|| format!("`hosts`: `{text}` is no host"));
    settings.hosts.iter().map(parse).collect()
}

fn route(auth: &Auth, way: &ConfinedWay, environment: &Environment) -> Result<Route, String> {
    let vendor = auth.vendor.as_ref();
    let set = |name: &String| environment.text(name).map(str::trim).filter(|value| !value.is_empty());
    let own = way.url_env.as_ref().or(vendor.and_then(|vendor| vendor.url.as_ref())).and_then(set);
    let upstream =
        own.or(way.upstream.as_deref()).filter(|url| !url.is_empty()).ok_or("its server is not known")?;
    let names = if way.key_env.is_empty() { &auth.env } else { &way.key_env };
    let key = names.iter().find_map(set).map(str::to_owned);
    let api = way.api.or(vendor.map(|vendor| vendor.api)).ok_or("how its key is sent is not known")?;
    let header = key.map(|key| match api {
        Api::Openai => ("authorization".to_owned(), format!("Bearer {key}")),
        Api::Anthropic => ("x-api-key".to_owned(), key),
        Api::Gemini => ("x-goog-api-key".to_owned(), key),
    });
    Ok(Route {
        prefix: String::new(),
        upstream: upstream.to_owned(),
        headers: header.into_iter().collect(),
        is_named_by_user: own.is_some(),
    })
}

/// Replaces the addresses in what is carried by that of the proxy. Each becomes a server that the proxy asks, with the key whose
/// variable stands beside it.
pub(crate) fn redirect(
    value: &mut toml::Value,
    url: &str,
    key: Option<&str>,
    environment: &Environment,
    (door, routes): (&Door, &mut Vec<Route>),
) {
    let Some(table) = value.as_table_mut() else { return };
    if let Some(upstream) = table.get(url).and_then(toml::Value::as_str).map(str::to_owned) {
        let below = format!("/{}", routes.len());
        let name = key.and_then(|key| table.get(key)).and_then(toml::Value::as_str);
        let secret = name.and_then(|name| environment.text(name)).filter(|secret| !secret.is_empty());
        let header = secret.map(|secret| ("authorization".to_owned(), format!("Bearer {}", secret.trim())));
        table.insert(url.to_owned(), format!("{}{below}", door.servers()).into());
        routes.push(Route {
            prefix: format!("{}{below}", door.prefix()),
            upstream,
            headers: header.into_iter().collect(),
            is_named_by_user: true,
        });
    }
    for (_, inner) in table.iter_mut() {
        redirect(inner, url, key, environment, (door, routes));
    }
}

/// Files of its login, each with its place below its home.
pub(crate) fn login(agent: &Agent, environment: &Environment) -> Vec<(PathBuf, PathBuf)> {
    let Some((auth, way)) = agent.way().and_then(|auth| Some((auth, auth.confined.as_ref()?))) else {
        return Vec::new();
    };
    let own = way.at_home.as_ref().and_then(|at| Some((found_file(auth, environment)?, PathBuf::from(at))));
    let others = way.files.iter().filter_map(|name| {
        let path = environment.home()?.join(name);
        path.is_file().then(|| (path, PathBuf::from(name)))
    });
    own.into_iter().chain(others).collect()
}

/// What the user shows: in its home what is in the user's, all else where it is.
pub(crate) fn shown(settings: &ReviewerSettings, environment: &Environment) -> Vec<Folder> {
    let one = |text: &String| {
        let outside = expand(text, environment)?;
        let inside = match text.strip_prefix("~/") {
            Some(below) => Room::home().join(below),
            None => outside.clone(),
        };
        (Path::is_absolute(&outside) && outside.exists()).then(|| Folder::shown_as(outside, inside))
    };
    settings.show.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_what_is_carried_become_the_proxys_and_take_their_key_along() {
        let mut value: toml::Value = toml::from_str(
            "model_provider = \"a\"\n[model_providers.a]\nbase_url = \"http://127.0.0.1:9/v1\"\nenv_key = \"K\"\n\
             [model_providers.b]\nbase_url = \"https://b.example\"\n",
        )
        .unwrap();
        let environment = Environment::of(&[("K", "secret")]);
        let mut routes = Vec::new();
        let door = Door::new(80);
        redirect(&mut value, "base_url", Some("env_key"), &environment, (&door, &mut routes));
        assert_eq!(
            value["model_providers"]["a"]["base_url"].as_str(),
            Some(&*format!("{}/0", door.servers()))
        );
        assert_eq!(routes[0].prefix, format!("{}/0", door.prefix()));
        assert_eq!(routes[0].upstream, "http://127.0.0.1:9/v1");
        assert_eq!(routes[0].headers, [("authorization".to_owned(), "Bearer secret".to_owned())]);
        assert_eq!((routes.len(), routes[1].headers.len()), (2, 0));
    }

    #[test]
    fn what_is_shown_of_the_home_is_found_in_the_home_inside() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".tool")).unwrap();
        let environment = Environment::of(&[("HOME", home.path().to_str().unwrap())]);
        let settings = ReviewerSettings {
            show: vec!["~/.tool".into(), "~/none".into(), "relative".into()],
            ..ReviewerSettings::default()
        };
        let wanted = Folder::shown_as(home.path().join(".tool"), "/home/review/.tool");
        assert_eq!(shown(&settings, &environment), [wanted]);
    }
}
