//! The settings as a JSON Schema.
//!
//! In: the doc comments of [`Settings`]. Out: a schema for editors and the reference, and the list of keys.

use serde_json::Value;

use crate::{Config, Settings};

/// The JSON Schema of a configuration file, with the real defaults.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Settings).to_value();
    remove_defaults(&mut schema);
    let settings = serde_json::to_value(Config::defaults().settings).expect("settings are plain data");
    let sections: Vec<(String, String)> = sections(&schema);
    for (section, pointer) in sections {
        let values = &settings[if section == "reviewers" { "defaults" } else { &section }];
        let properties =
            schema.pointer_mut(&pointer).and_then(|node| node.get_mut("properties")?.as_object_mut());
        for (key, property) in properties.into_iter().flatten() {
            if let (Some(value), Some(property)) = (values.get(key), property.as_object_mut()) {
                property.insert("default".to_owned(), value.clone());
            }
        }
    }
    schema
}

/// Names of the sections and where they are described.
fn sections(schema: &Value) -> Vec<(String, String)> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .filter_map(|(name, node)| {
            let described = node.get("additionalProperties").unwrap_or(node);
            let pointer = described["$ref"].as_str()?.strip_prefix('#')?;
            Some((name.clone(), pointer.to_owned()))
        })
        .collect()
}

/// The derive takes the defaults of the types, which only say that a key may be missing in a layer.
fn remove_defaults(node: &mut Value) {
    match node {
        Value::Object(object) => {
            // A property may be called so too; then it is a schema, and no schema of ours is one of these.
            if object.get("default").is_some_and(|value| value.get("type").is_none()) {
                object.remove("default");
            }
            object.values_mut().for_each(remove_defaults);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_defaults),
        _ => {}
    }
}

/// Every key there is, in the order of [`Settings`]; `reviewers.NAME.` stands for any reviewer.
pub fn keys() -> Vec<String> {
    described().into_iter().map(|(key, _)| key).collect()
}

/// Every key with its description.
pub(crate) fn described() -> Vec<(String, String)> {
    let schema = schemars::schema_for!(Settings).to_value();
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
    fn the_schema_carries_the_real_defaults() {
        let schema = schema();
        let of = |section: &str, key: &str| -> Value {
            let (_, pointer) =
                sections(&schema).into_iter().find(|(name, _)| name == section).expect("is there");
            schema.pointer(&pointer).expect("described")["properties"][key]["default"].clone()
        };
        assert_eq!(of("review", "quorum"), 2);
        assert_eq!(of("reviewers", "timeout"), "20m");
        assert_eq!(of("reviewers", "model"), Value::Null);
        assert_eq!(of("policy", "critical"), "rework");
        assert_eq!(schema.get("default"), None);
    }

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
