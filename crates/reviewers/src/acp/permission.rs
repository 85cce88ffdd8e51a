//! May the agent do that?
//!
//! In: what it wants to do, as it says. Out: yes for a read of its own checkout, no for everything else. Never "always", and
//! never yes where it does not say what it wants.

use std::path::Path;

use serde_json::{Value, json};

use super::files::inside;

/// The kinds of tool that read. The protocol knows edits, deletions, moves, commands, fetches and more.
const READS: [&str; 2] = ["read", "search"];

/// An answer to `session/request_permission`.
pub(super) struct Decision {
    /// The protocol's answer.
    pub(super) outcome: Value,
    /// What was refused; `None` where it was allowed.
    pub(super) refused: Option<String>,
}

/// Decides. `known` is what the agent said of the same call before.
pub(super) fn decide(params: &Value, known: Option<&Value>, root: &Path) -> Decision {
    let asked = &params["toolCall"];
    let field = |name: &str| match &asked[name] {
        Value::Null => known.map_or(&Value::Null, |call| &call[name]),
        told => told,
    };
    let kind = field("kind").as_str().unwrap_or("unnamed");
    let why_not = if READS.contains(&kind) {
        outside(field("locations"), field("rawInput"), root)
    } else {
        Some("only reading is allowed".to_owned())
    };
    let Some(why) = why_not else {
        if let Some(option) = option(params, &["allow_once"]) {
            return Decision { outcome: selected(&option), refused: None };
        }
        return refuse(params, describe(field("title"), kind, "it cannot be allowed for once only"));
    };
    refuse(params, describe(field("title"), kind, &why))
}

fn refuse(params: &Value, refused: String) -> Decision {
    let outcome = match option(params, &["reject_once", "reject_always"]) {
        Some(option) => selected(&option),
        // It offers no way to say no.
        None => json!({ "outcome": { "outcome": "cancelled" } }),
    };
    Decision { outcome, refused: Some(refused) }
}

fn selected(option: &str) -> Value {
    json!({ "outcome": { "outcome": "selected", "optionId": option } })
}

fn option(params: &Value, kinds: &[&str]) -> Option<String> {
    let options = params["options"].as_array()?;
    let of = |kind: &&str| options.iter().find(|option| option["kind"] == **kind);
    kinds.iter().find_map(of)?["optionId"].as_str().map(str::to_owned)
}

fn describe(title: &Value, kind: &str, why: &str) -> String {
    let title: String = title.as_str().unwrap_or("something").chars().take(80).collect();
    format!("{kind} “{title}”: {why}")
}

/// Why a read is not one of the checkout; `None` where every place it names is inside.
fn outside(locations: &Value, input: &Value, root: &Path) -> Option<String> {
    let places = locations.as_array().into_iter().flatten().filter_map(|place| place["path"].as_str());
    let mut named: Vec<&str> = places.collect();
    paths(input, "", &mut named);
    named.into_iter().find_map(|path| {
        let path = path.strip_prefix("file://").unwrap_or(path);
        inside(root, Path::new(path)).err()
    })
}

/// Values of keys that sound like places. A pattern that is searched for may look like a path and be none.
fn paths<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v str>) {
    const PLACES: [&str; 8] = ["path", "file", "dir", "cwd", "folder", "root", "uri", "location"];
    match value {
        Value::String(text) => {
            let key = key.to_lowercase();
            if PLACES.iter().any(|place| key.contains(place)) {
                found.push(text);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, key, found)),
        Value::Object(fields) => fields.iter().for_each(|(key, item)| paths(item, key, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(call: &Value, known: Option<&Value>) -> (Option<String>, bool) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.rs"), "x").unwrap();
        let params = json!({ "toolCall": call, "options": [
            { "optionId": "always", "name": "Always", "kind": "allow_always" },
            { "optionId": "once", "name": "Allow", "kind": "allow_once" },
            { "optionId": "no", "name": "No", "kind": "reject_once" },
        ]});
        let decision = decide(&params, known, folder.path());
        (decision.outcome["outcome"]["optionId"].as_str().map(str::to_owned), decision.refused.is_none())
    }

    #[test]
    fn reads_of_the_checkout_are_allowed_for_once() {
        let reads = [
            json!({ "kind": "read", "locations": [{ "path": "a.rs" }] }),
            json!({ "kind": "search", "rawInput": { "pattern": "/etc/passwd", "path": "." } }),
            json!({ "kind": "read", "title": "list" }),
        ];
        for call in reads {
            assert_eq!(ask(&call, None), (Some("once".to_owned()), true), "{call}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let calls = [
            json!({ "kind": "edit", "title": "edit a.rs" }),
            json!({ "kind": "execute", "rawInput": { "command": "cat a.rs" } }),
            json!({ "kind": "fetch" }),
            json!({ "kind": "switch_mode" }),
            json!({ "kind": ["read"] }),
            json!({ "title": "no kind at all" }),
            json!({ "kind": "read", "locations": [{ "path": "a.rs" }, { "path": "/etc/passwd" }] }),
            json!({ "kind": "read", "rawInput": { "file_path": "file:///etc/passwd" } }),
            json!({ "kind": "read", "rawInput": { "nested": [{ "absolutePath": "~/.ssh/id" }] } }),
            Value::Null,
        ];
        for call in calls {
            assert_eq!(ask(&call, None), (Some("no".to_owned()), false), "{call}");
        }
    }

    #[test]
    fn what_was_told_of_the_call_before_counts_where_it_is_not_told_again() {
        let known = json!({ "kind": "edit", "title": "edit a.rs" });
        assert!(!ask(&json!({ "toolCallId": "1" }), Some(&known)).1);
        let known = json!({ "kind": "read" });
        assert!(ask(&json!({ "toolCallId": "1" }), Some(&known)).1);
        assert!(!ask(&json!({ "toolCallId": "1", "kind": "delete" }), Some(&known)).1);
    }

    #[test]
    fn without_a_way_to_say_no_or_only_once_the_request_is_cancelled() {
        let call = json!({ "kind": "edit" });
        let only_yes = json!([{ "optionId": "y", "kind": "allow_always" }]);
        let decision = decide(&json!({ "toolCall": call, "options": only_yes }), None, Path::new("/"));
        assert_eq!(decision.outcome["outcome"]["outcome"], "cancelled");
        let read = json!({ "kind": "read" });
        let decision = decide(&json!({ "toolCall": read, "options": only_yes }), None, Path::new("/"));
        assert!(decision.refused.is_some() && decision.outcome["outcome"]["outcome"] == "cancelled");
    }
}
