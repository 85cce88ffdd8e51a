//! The settings as a JSON Schema.
//!
//! In: the doc comments of [`Settings`]. Out: a schema for editors and the reference, and the list of keys.

use serde_json::Value;

use crate::Settings;

/// The JSON Schema of a configuration file.
pub fn schema() -> Value {
    schemars::schema_for!(Settings).to_value()
}

/// Every key there is, in the order of [`Settings`]; `reviewers.NAME.` stands for any reviewer.
pub fn keys() -> Vec<String> {
    described().into_iter().map(|(key, _)| key).collect()
}

/// Every key with its description.
pub(crate) fn described() -> Vec<(String, String)> {
    let schema = schema();
    let mut keys = Vec::new();
    collect(&schema, &schema, "", &mut keys);
    keys
}

fn collect(root: &Value, node: &Value, prefix: &str, keys: &mut Vec<(String, String)>) {
    let target = resolve(root, node);
    if let Some(properties) = target.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            collect(root, property, &join(prefix, name), keys);
        }
    } else if let Some(any) = target.get("additionalProperties").filter(|any| any.is_object()) {
        collect(root, any, &join(prefix, "NAME"), keys);
    } else {
        let text = [node, target].into_iter().find_map(|node| node.get("description")?.as_str());
        keys.push((prefix.to_owned(), text.unwrap_or_default().to_owned()));
    }
}

fn resolve<'a>(root: &'a Value, node: &'a Value) -> &'a Value {
    let pointer = node.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
    pointer.and_then(|pointer| root.pointer(pointer)).unwrap_or(node)
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_listed_and_described() {
        let keys = described();
        for wanted in ["review.quorum", "reviewers.NAME.timeout", "policy.pre_existing", "gc.older_than"] {
            assert!(keys.iter().any(|(key, _)| key == wanted), "{wanted}");
        }
        for (key, text) in keys {
            assert!(!text.is_empty(), "{key} has no description");
        }
    }
}
