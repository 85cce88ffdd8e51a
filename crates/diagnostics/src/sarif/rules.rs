//! The rules of one run: of its driver and of its extensions.
//!
//! In: a run. Out: what a result's rule is called, says by default and links to. A rule is named by id or by index; hierarchical
//! ids (`CA2101/1`) find their parent.

use std::collections::HashMap;

use serde_json::Value;

use super::{index, list, text};

pub(super) struct Rules<'a> {
    /// The driver first, then the extensions.
    components: Vec<Vec<&'a Value>>,
    by_id: HashMap<&'a str, &'a Value>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(run: &'a Value) -> Self {
        let tool = &run["tool"];
        let driver = std::iter::once(&tool["driver"]);
        let components: Vec<Vec<&Value>> = driver
            .chain(list(tool, "extensions"))
            .map(|component| list(component, "rules").collect())
            .collect();
        let mut by_id = HashMap::new();
        for rule in components.iter().flatten() {
            if let Some(id) = text(rule, "id") {
                by_id.entry(id).or_insert(*rule);
            }
        }
        Self { components, by_id }
    }

    /// The id and the description of a result's rule, as far as told.
    pub(super) fn of_result(&self, result: &'a Value) -> (Option<&'a str>, Option<&'a Value>) {
        let reference = &result["rule"];
        let id = text(result, "ruleId").or_else(|| text(reference, "id"));
        let at = index(result, "ruleIndex").or_else(|| index(reference, "index"));
        // Extensions are numbered from 0; without a component the driver is meant.
        let component = index(&reference["toolComponent"], "index").map_or(0, |at| at + 1);
        let by_index = at.and_then(|at| self.components.get(component)?.get(at).copied());
        let rule = match id {
            // Where id and index disagree, the id is what people read.
            Some(id) => by_index.filter(|rule| fits(rule, id)).or_else(|| self.named(id)),
            None => by_index,
        };
        (id.or_else(|| rule.and_then(|rule| text(rule, "id"))), rule)
    }

    fn named(&self, id: &str) -> Option<&'a Value> {
        let ends = std::iter::once(id.len()).chain(id.rmatch_indices('/').map(|(at, _)| at));
        ends.take(8).find_map(|end| self.by_id.get(&id[..end]).copied())
    }
}

fn fits(rule: &Value, id: &str) -> bool {
    text(rule, "id")
        .is_some_and(|own| own == id || id.strip_prefix(own).is_some_and(|rest| rest.starts_with('/')))
}

/// The page about a rule.
pub(super) fn page(rule: &Value) -> Option<&str> {
    text(rule, "helpUri")
}
