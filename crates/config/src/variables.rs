//! Settings from environment variables.
//!
//! In: `DEEP_REVIEW_*` variables. Out: leaves of the environment's layer. `DEEP_REVIEW_QUORUM` is `review.quorum`;
//! other sections stand in the name: `DEEP_REVIEW_POLICY_CRITICAL`. Reviewers cannot be set this way.

use crate::error::Problem;
use crate::layer::{KeyPath, Layer, Leaf, Origin, spell};
use crate::trust::Message;
use crate::{Environment, nearest};

const PREFIX: &str = "DEEP_REVIEW_";

/// The variable that sets a key.
pub(crate) fn name(path: &[String]) -> String {
    let parts = if path.first().is_some_and(|first| first == "review") { &path[1..] } else { path };
    let parts: Vec<String> = parts.iter().map(|part| part.to_ascii_uppercase().replace('-', "_")).collect();
    format!("{PREFIX}{}", parts.join("_"))
}

/// The leaves set by variables. Needs the default layer, which tells which keys there are and what form they have.
pub(crate) fn read(environment: &Environment, defaults: &[Leaf]) -> Result<Vec<Leaf>, Problem> {
    let mut leaves = Vec::new();
    for default in defaults {
        let variable = name(&default.path);
        let Some(text) = environment.get(&variable) else { continue };
        let problem = |message: &str| Problem::of(&variable, message);
        let text = text.to_str().ok_or_else(|| problem("is not text"))?;
        let value = value(text, &default.value).map_err(|message| problem(&message))?;
        leaves.push(leaf(&variable, Layer::Environment, default.path.clone(), value)?);
    }
    Ok(leaves)
}

/// Variables that look like a setting and are none, where a near one exists. Others may belong to somebody else.
pub(crate) fn unknown(environment: &Environment, defaults: &[Leaf]) -> Vec<Message> {
    let known: Vec<String> = defaults.iter().map(|default| name(&default.path)).collect();
    let names = environment.variables().filter_map(|(name, _)| name.to_str());
    names
        .filter(|name| name.starts_with(PREFIX) && !known.iter().any(|known| known == name))
        .filter_map(|name| {
            let meant = nearest(&name[PREFIX.len()..], known.iter().map(|known| &known[PREFIX.len()..]))?;
            Some(Message {
                key: name.to_owned(),
                origin: Origin { layer: Layer::Environment, source: name.to_owned(), line: None },
                text: format!("the variable `{name}` sets nothing; did you mean `{PREFIX}{meant}`?"),
            })
        })
        .collect()
}

/// One value of a variable or flag, checked alone so that the error names where it came from.
pub(crate) fn leaf(source: &str, layer: Layer, path: KeyPath, value: toml::Value) -> Result<Leaf, Problem> {
    let text = format!("{} = {value}", spell(&path));
    if let Err(error) = crate::layer::check(source, &text) {
        return Err(Problem::of(source, &error.message).with_hint(error.hint.as_deref()));
    }
    let origin = Origin { layer, source: source.to_owned(), line: None };
    Ok(Leaf { path, value, origin, problem: Problem::of(source, "") })
}

/// The text in the form the default has. Lists are separated by commas.
fn value(text: &str, like: &toml::Value) -> Result<toml::Value, String> {
    let wrong = |what: &str| format!("`{text}` is not {what}");
    match like {
        toml::Value::Integer(_) => {
            text.trim().parse::<i64>().map(toml::Value::from).map_err(|_| wrong("a number"))
        }
        toml::Value::Boolean(_) => match text.trim() {
            "1" | "true" | "yes" | "on" => Ok(true.into()),
            "0" | "false" | "no" | "off" => Ok(false.into()),
            _ => Err(wrong("true or false")),
        },
        toml::Value::Array(_) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(toml::Value::Array(parts.map(toml::Value::from).collect()))
        }
        _ => Ok(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DEFAULT_CONFIG;

    fn defaults() -> Vec<Leaf> {
        crate::layer::read(Layer::Default, "default", DEFAULT_CONFIG).expect("valid")
    }

    #[test]
    fn a_variable_takes_the_form_of_its_key() {
        let environment = Environment::of(&[
            ("DEEP_REVIEW_QUORUM", "1"),
            ("DEEP_REVIEW_BUILTIN_ENABLED", "no"),
            ("DEEP_REVIEW_CONTEXT", "A.md, B.md"),
            ("DEEP_REVIEW_POLICY_CRITICAL", "fixes"),
        ]);
        let leaves = read(&environment, &defaults()).expect("valid");
        let values: Vec<String> =
            leaves.iter().map(|leaf| format!("{}={}", spell(&leaf.path), leaf.value)).collect();
        assert_eq!(
            values,
            [
                "builtin.enabled=false",
                "policy.critical=\"fixes\"",
                "review.context=[\"A.md\", \"B.md\"]",
                "review.quorum=1"
            ]
        );
    }

    #[test]
    fn a_wrong_value_names_the_variable() {
        for (name, value) in
            [("DEEP_REVIEW_QUORUM", "two"), ("DEEP_REVIEW_QUORUM", "-1"), ("DEEP_REVIEW_DEADLINE", "soon")]
        {
            let error = read(&Environment::of(&[(name, value)]), &defaults()).expect_err(value);
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }

    #[test]
    fn a_slip_in_a_name_is_told_and_foreign_names_are_not() {
        let environment = Environment::of(&[("DEEP_REVIEW_QUORM", "1"), ("DEEP_REVIEW_CORPUS", "/x")]);
        let messages = unknown(&environment, &defaults());
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].text.contains("DEEP_REVIEW_QUORUM"), "{}", messages[0].text);
    }

    #[test]
    fn no_two_keys_share_a_variable() {
        let mut names: Vec<String> = defaults().iter().map(|leaf| name(&leaf.path)).collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
