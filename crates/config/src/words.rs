//! Commands as a list of words.
//!
//! In: `["cargo", "test"]` or `"cargo test"`. Out: the words. No shell ever sees them: a text is split at blanks, with
//! single and double quotes to keep blanks together, and nothing in it is expanded.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// The two ways to write a command.
#[derive(Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a list of words, like [\"cargo\", \"test\"], or one text, like \"cargo test\""
)]
pub(crate) enum Words {
    /// Word by word.
    List(Vec<String>),
    /// As one text, split at blanks outside quotes.
    Text(String),
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Words::deserialize(deserializer)? {
        Words::List(words) => Ok(words),
        Words::Text(text) => split(&text).map_err(serde::de::Error::custom),
    }
}

/// Splits at blanks outside quotes.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(format!("a quote is not closed in `{text}`"));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_split_at_blanks_outside_quotes() {
        let words = split(r#"a  'b c' "d'e"f '' $HOME"#).expect("closed");
        assert_eq!(words, ["a", "b c", "d'ef", "", "$HOME"]);
        assert_eq!(split("  ").expect("closed"), Vec::<String>::new());
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert!(split("a 'b").is_err());
    }
}
