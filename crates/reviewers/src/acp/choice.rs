//! Which model answers and how hard it thinks, where the agent lets its client choose.
//!
//! In: one wish, and what the agent told of its session. Out: the request that fulfils it, or what is offered instead. Both ways of
//! the protocol are known: options of a session (`configOptions`), and the list of models (`models`) that came before
//! them. Never settles for something near the wish: a review by another model than the report names would be a lie.

use serde_json::{Value, json};

/// Offers named in an error.
const MOST_NAMED: usize = 12;

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Model,
    Effort,
}

impl Wish {
    fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Effort => "effort",
        }
    }

    /// The categories of options that the protocol reserves.
    fn category(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Effort => "thought_level",
        }
    }

    /// The option that stands for it: by its category, or by a name that leaves no doubt where it has none.
    fn option(self, session: &Value) -> Option<&Value> {
        let options = session["configOptions"].as_array()?;
        let by = |key: &str, word: &str| options.iter().find(|option| option[key] == word);
        by("category", self.category()).or_else(|| by("id", self.word()))
    }
}

/// A request: its method, and its parameters without the session's name.
pub(super) type Request = (&'static str, Value);

/// The request that makes `value` the choice; `None` where it is the choice already. An error says what is offered.
pub(super) fn request(session: &Value, wish: Wish, value: &str) -> Result<Option<Request>, String> {
    let (offered, current, request) = if let Some(option) = wish.option(session) {
        let request = ("session/set_config_option", json!({ "configId": option["id"], "value": value }));
        (values(&option["options"]), &option["currentValue"], request)
    } else {
        let models = &session["models"];
        let offered = match (wish, models["availableModels"].as_array()) {
            (Wish::Model, Some(models)) => {
                models.iter().filter_map(|model| model["modelId"].as_str()).collect()
            }
            _ => Vec::new(),
        };
        (offered, &models["currentModelId"], ("session/set_model", json!({ "modelId": value })))
    };
    let word = wish.word();
    if offered.is_empty() {
        return Err(format!(
            "it offers no choice of {word}; choose `{value}` by the words of `acp` or in its own settings"
        ));
    }
    if !offered.contains(&value) {
        let named: Vec<String> = offered.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
        let more = offered.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        return Err(format!("it offers no {word} `{value}`, but {}{more}", named.join(", ")));
    }
    Ok((current != value).then_some(request))
}

/// The model that will answer, where the agent tells.
pub(super) fn model(session: &Value) -> Option<&str> {
    Wish::Model
        .option(session)
        .map(|option| &option["currentValue"])
        .or(Some(&session["models"]["currentModelId"]))
        .and_then(Value::as_str)
}

/// What the answer to a choice changes in what is known of the session.
pub(super) fn chosen(session: &mut Value, answer: &Value, request: &Request) {
    if answer["configOptions"].is_array() {
        session["configOptions"] = answer["configOptions"].clone();
    }
    if let Some(model) = request.1.get("modelId") {
        session["models"]["currentModelId"] = model.clone();
    }
}

/// The values of a list that may be in groups.
fn values(options: &Value) -> Vec<&str> {
    let Some(options) = options.as_array() else { return Vec::new() };
    options
        .iter()
        .flat_map(|option| match option["options"].as_array() {
            Some(group) => group.iter().filter_map(|option| option["value"].as_str()).collect(),
            None => option["value"].as_str().into_iter().collect::<Vec<_>>(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Value {
        json!({ "configOptions": [
            { "id": "m", "category": "model", "currentValue": "small", "options": [
                { "group": "a", "options": [{ "value": "small" }, { "value": "large" }] }, { "value": "other" }] },
            { "id": "t", "category": "thought_level", "currentValue": "low", "options": [{ "value": "low" }, { "value": "high" }] },
        ] })
    }

    fn models() -> Value {
        json!({ "models": { "currentModelId": "small", "availableModels": [{ "modelId": "small" }, { "modelId": "large" }] } })
    }

    #[test]
    fn a_wish_becomes_the_request_of_the_way_that_is_offered() {
        let by_option = request(&options(), Wish::Model, "large").unwrap();
        assert_eq!(
            by_option,
            Some(("session/set_config_option", json!({ "configId": "m", "value": "large" })))
        );
        let effort = request(&options(), Wish::Effort, "high").unwrap();
        assert_eq!(effort, Some(("session/set_config_option", json!({ "configId": "t", "value": "high" }))));
        let by_list = request(&models(), Wish::Model, "large").unwrap();
        assert_eq!(by_list, Some(("session/set_model", json!({ "modelId": "large" }))));
    }

    #[test]
    fn what_is_chosen_already_is_not_asked_for() {
        assert_eq!(request(&options(), Wish::Model, "small"), Ok(None));
        assert_eq!(request(&models(), Wish::Model, "small"), Ok(None));
    }

    #[test]
    fn what_is_not_offered_is_an_error_that_names_what_is() {
        let why = request(&options(), Wish::Model, "larg").unwrap_err();
        assert!(why.contains("no model `larg`") && why.contains("`small`, `large`, `other`"), "{why}");
        for session in [models(), json!({}), json!({ "configOptions": "odd", "models": 3 })] {
            let why = request(&session, Wish::Effort, "high").unwrap_err();
            assert!(why.contains("no choice of effort"), "{why}");
        }
    }

    #[test]
    fn the_model_that_answers_is_the_one_chosen_last() {
        let mut session = options();
        assert_eq!(model(&session), Some("small"));
        let mut after = options();
        after["configOptions"][0]["currentValue"] = json!("large");
        chosen(
            &mut session,
            &after,
            &("session/set_config_option", json!({ "configId": "m", "value": "large" })),
        );
        assert_eq!(model(&session), Some("large"));
        let mut session = models();
        chosen(&mut session, &Value::Null, &("session/set_model", json!({ "modelId": "large" })));
        assert_eq!(model(&session), Some("large"));
        assert_eq!(model(&json!({})), None);
    }
}
