//! Settings that this version knows and does not use.
//!
//! In: the leaves of all layers. Out: a message for each that somebody set. A setting that silently does nothing is worse than
//! one that is refused; one that will work soon should not break a file that is shared.

use crate::layer::{KeyPath, Layer, Leaf, spell};
use crate::trust::Message;

/// Keys without effect in this version; `*` stands for the rest.
const UNUSED: [&str; 1] = ["ui.*"];

/// Messages about settings that have no effect.
pub(crate) fn unused(leaves: &[Leaf]) -> Vec<Message> {
    leaves
        .iter()
        .filter(|leaf| leaf.origin.layer != Layer::Default && is_unused(&leaf.path))
        .map(|leaf| {
            let key = spell(&leaf.path);
            let text = format!("`{key}` ({}) has no effect in this version", leaf.origin);
            Message { key, origin: leaf.origin.clone(), text }
        })
        .collect()
}

fn is_unused(path: &KeyPath) -> bool {
    let path = path.join(".");
    UNUSED.iter().any(|key| match key.strip_suffix('*') {
        Some(section) => path.starts_with(section),
        None => path == *key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::read;

    #[test]
    fn a_setting_without_effect_is_said() {
        let text = "[ui]\ncolor = \"never\"\n[review]\nquorum = 1\n";
        let messages = unused(&read(Layer::User, "u.toml", text).expect("valid"));
        let keys: Vec<&str> = messages.iter().map(|message| message.key.as_str()).collect();
        assert_eq!(keys, ["ui.color"]);
        assert!(messages[0].text.contains("u.toml:2"), "{}", messages[0].text);
        assert!(
            unused(&read(Layer::Default, "default-config.toml", crate::DEFAULT_CONFIG).expect("valid"))
                .is_empty()
        );
    }
}
