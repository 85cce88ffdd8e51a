//! Takes keys out of what is written down.
//!
//! In: text, bytes or any value that can be written as JSON; and the values of the variables that hold keys. Out: the same with a
//! word in the place of each key. Doing it twice changes nothing. Never looks at anything but its arguments, and never touches what
//! is under review: the change itself is shown as it is.

mod shapes;
mod values;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use shapes::{bytes, holds_key, text};
pub use values::Secrets;

/// The value with every text in it redacted. Values that hold no key come back as they are, and cost one look.
pub fn value<T: Serialize + DeserializeOwned>(value: T) -> T {
    let Ok(mut written) = serde_json::to_value(&value) else { return value };
    if !walk(&mut written) {
        return value;
    }
    // A key in the place of a word that only some values may have would make it another kind of value: then it stays.
    serde_json::from_value(written).unwrap_or(value)
}

/// Redacts every text; returns whether one changed.
fn walk(value: &mut Value) -> bool {
    match value {
        Value::String(own) => match text(own) {
            std::borrow::Cow::Owned(new) => {
                *own = new;
                true
            }
            std::borrow::Cow::Borrowed(_) => false,
        },
        Value::Array(items) => items.iter_mut().fold(false, |any, item| walk(item) | any),
        Value::Object(fields) => fields.values_mut().fold(false, |any, field| walk(field) | any),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_a_value_is_redacted_and_names_stay() {
        let key = ["gh", "p_", "n3K9wQ2eL5bV8mY1pX4cZ7aR0fT6sH3uJ8oI"].concat();
        let before = serde_json::json!({ "title": format!("leaks {key}"), "lines": [1, { "quote": key }], "sha": "0a1b2c" });
        let after = value(before.clone());
        assert!(!after.to_string().contains(&key), "{after}");
        assert_eq!(after["title"], "leaks <redacted: GitHub token>");
        assert_eq!((&after["sha"], &after["lines"][0]), (&before["sha"], &before["lines"][0]));
        assert_eq!(value(after.clone()), after);
    }
}
