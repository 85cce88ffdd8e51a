//! Models that can be asked because their vendor's key is in the environment.
//!
//! In: the environment, and what every reviewer starts from. Out: reviewers that nobody configured. Asks nobody, and never shows a
//! key.

use config::{Api, Environment, ReviewerDefaults, ReviewerSettings};

use crate::prices::default_model;

/// A vendor as its own tools find it in the environment.
struct Vendor {
    /// The reviewer's name.
    name: &'static str,
    api: Api,
    key: &'static str,
    /// Names another server, as the vendor's own programs understand it.
    url: &'static str,
    model: &'static str,
}

const VENDORS: [Vendor; 3] = [
    Vendor {
        name: "anthropic",
        api: Api::Anthropic,
        key: "ANTHROPIC_API_KEY",
        url: "ANTHROPIC_BASE_URL",
        model: "ANTHROPIC_MODEL",
    },
    Vendor {
        name: "google",
        api: Api::Gemini,
        key: "GEMINI_API_KEY",
        url: "GOOGLE_GEMINI_BASE_URL",
        model: "GEMINI_MODEL",
    },
    Vendor {
        name: "openai",
        api: Api::Openai,
        key: "OPENAI_API_KEY",
        url: "OPENAI_BASE_URL",
        model: "OPENAI_MODEL",
    },
];

/// Models whose key is there, by the name of the reviewer. Another server of OpenAI's protocol has models of its own, so there one
/// must be named.
pub fn by_key(defaults: &ReviewerDefaults, environment: &Environment) -> Vec<(String, ReviewerSettings)> {
    let text =
        |name: &str| environment.text(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let reviewer = |vendor: &Vendor| {
        text(vendor.key)?;
        let url = text(vendor.url);
        let usual =
            (vendor.api != Api::Openai || url.is_none()).then(|| default_model(vendor.api).to_owned());
        let settings = ReviewerSettings {
            api: Some(vendor.api),
            url,
            key_env: Some(vendor.key.to_owned()),
            model: Some(text(vendor.model).filter(|model| config::is_choice(model)).or(usual)?),
            ..ReviewerSettings::unconfigured(defaults)
        };
        Some((vendor.name.to_owned(), settings))
    };
    VENDORS.iter().filter_map(reviewer).collect()
}

/// Names that such reviewers have.
pub fn key_names() -> impl Iterator<Item = &'static str> {
    VENDORS.iter().map(|vendor| vendor.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Vec<(String, String, Option<String>)> {
        let found = by_key(&ReviewerDefaults::default(), &Environment::of(variables));
        found.into_iter().map(|(name, one)| (name, one.model.unwrap(), one.url)).collect()
    }

    #[test]
    fn a_key_is_a_reviewer_with_the_usual_model_or_the_named_one() {
        assert_eq!(found(&[]), []);
        assert_eq!(found(&[("ANTHROPIC_API_KEY", " ")]), []);
        let all = found(&[("ANTHROPIC_API_KEY", "k"), ("GEMINI_API_KEY", "k"), ("GEMINI_MODEL", "g")]);
        assert_eq!(all[0], ("anthropic".to_owned(), default_model(Api::Anthropic).to_owned(), None));
        assert_eq!(all[1], ("google".to_owned(), "g".to_owned(), None));
    }

    #[test]
    fn another_server_gets_the_key_that_was_set_with_it_and_its_model_must_be_named() {
        let url = ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
        assert_eq!(found(&[("OPENAI_API_KEY", "k"), url]), []);
        let named = found(&[("OPENAI_API_KEY", "k"), url, ("OPENAI_MODEL", "m")]);
        assert_eq!(named, [("openai".to_owned(), "m".to_owned(), Some(url.1.to_owned()))]);
        assert_eq!(found(&[url, ("OPENAI_MODEL", "m")]), [], "no key, no reviewer");
    }
}
