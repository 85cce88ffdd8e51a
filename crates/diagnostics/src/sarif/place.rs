//! Places: addresses over bases, artifacts by index, regions in all their spellings.
//!
//! In: a location object and the run's bases and artifacts. Out: a place with a path that is relative, or absolute on some
//! machine; [`crate::places`] settles it. A region that names no line keeps its numbers beside.

use std::collections::HashMap;

use model::RawLocation;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{index, text};
use crate::draft::{Draft, place};

pub(super) struct Artifacts<'a> {
    /// Base ids with their own address and the base of that.
    bases: HashMap<&'a str, (&'a str, Option<&'a str>)>,
    artifacts: Vec<&'a Value>,
}

/// Bases over bases end somewhere.
const DEEPEST: usize = 16;

impl<'a> Artifacts<'a> {
    /// The run's bases and artifacts. Absolute bases are told to the draft: they are roots of some machine.
    pub(super) fn of(run: &'a Value, draft: &mut Draft) -> Self {
        let all = run.get("originalUriBaseIds").and_then(Value::as_object).into_iter().flatten();
        let bases: HashMap<&str, (&str, Option<&str>)> = all
            .map(|(id, base)| (id.as_str(), (text(base, "uri").unwrap_or_default(), text(base, "uriBaseId"))))
            .collect();
        let artifacts = super::list(run, "artifacts").map(|artifact| &artifact["location"]).collect();
        let known = Self { bases, artifacts };
        let mut roots: Vec<String> = known
            .bases
            .keys()
            .filter_map(|id| known.base(id, 0))
            .filter(|base| base.len() > "file:///".len() && base.starts_with("file:"))
            .collect();
        // The folder that holds the others is the likelier root.
        roots.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        draft.roots.extend(roots);
        known
    }

    /// The whole address of a base; empty where it has none.
    fn base(&self, id: &str, depth: usize) -> Option<String> {
        let (uri, over) = self.bases.get(id)?;
        let below = match over.filter(|_| depth < DEEPEST && !has_scheme(uri)) {
            Some(over) => self.base(over, depth + 1).unwrap_or_default(),
            None => String::new(),
        };
        Some(join(&below, uri))
    }

    /// The path of an artifact location, as text: an address that begins with `file:`, or a relative path.
    pub(super) fn path(&self, location: &Value) -> Option<String> {
        let by_index = || index(location, "index").and_then(|at| self.artifacts.get(at).copied());
        let uri = text(location, "uri").filter(|uri| !uri.is_empty());
        let (uri, base) = if let Some(uri) = uri {
            (uri, text(location, "uriBaseId"))
        } else {
            let artifact = by_index()?;
            (text(artifact, "uri")?, text(artifact, "uriBaseId"))
        };
        if has_scheme(uri) {
            return Some(uri.to_owned());
        }
        let base = base.and_then(|base| self.base(base, 0)).unwrap_or_default();
        let whole = join(&base, uri);
        if has_scheme(&whole) {
            return Some(whole);
        }
        // A relative reference is percent-encoded; where it is not valid, it was meant as it stands.
        let decoded = percent_decode_str(&whole).decode_utf8().map(std::borrow::Cow::into_owned);
        Some(decoded.unwrap_or(whole))
    }

    /// A place, and the columns of its region.
    pub(super) fn place(&self, location: &Value) -> Option<Placed> {
        let physical = &location["physicalLocation"];
        let path = self.path(&physical["artifactLocation"])?;
        let region = &physical["region"];
        let number = |key: &str| region.get(key).and_then(Value::as_u64);
        let mut found = place(&path, number("startLine"), number("endLine"));
        found.symbol = super::list(location, "logicalLocations")
            .find_map(|logical| text(logical, "fullyQualifiedName").or_else(|| text(logical, "name")))
            .map(|name| crate::draft::one_line(name, 200));
        if text(&location["properties"], "side") == Some("base") {
            found.side = Some(model::Side::Base);
        }
        // Only a region that says so quotes whole lines; elsewhere a snippet may be half a line.
        if region["properties"]["quote"].as_bool() == Some(true) {
            found.quote = text(&region["snippet"], "text").map(str::to_owned);
        }
        let has_no_line =
            found.start.is_none() && region.as_object().is_some_and(|region| !region.is_empty());
        Some(Placed {
            place: found,
            columns: (number("startColumn"), number("endColumn")),
            odd_region: has_no_line.then(|| region.clone()),
        })
    }
}

/// A place as read.
pub(super) struct Placed {
    pub(super) place: RawLocation,
    pub(super) columns: (Option<u64>, Option<u64>),
    /// A region without a line: counted in characters or bytes.
    pub(super) odd_region: Option<Value>,
}

fn has_scheme(uri: &str) -> bool {
    // A single letter is a drive.
    uri.find(':').is_some_and(|at| {
        at > 1
            && uri[..at]
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}

fn join(base: &str, uri: &str) -> String {
    if base.is_empty() || has_scheme(uri) || uri.starts_with('/') {
        return uri.to_owned();
    }
    format!("{}/{}", base.trim_end_matches('/'), uri.trim_start_matches("./"))
}
