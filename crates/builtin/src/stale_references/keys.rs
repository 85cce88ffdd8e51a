//! Configuration keys that the program no longer reads.
//!
//! In: accessors and field tags with a key in them. Out: keys that the change reads by another name and no code at head mentions, and
//! the settings and documents that still have them.

use std::sync::LazyLock;

use model::Severity;
use regex::Regex;

use super::renames::Renames;
use super::sides::Sides;
use super::{Gone, KEY, Use, speaks_of_the_past};
use crate::change::Hit;
use crate::context::Context;
use crate::language::{Language, Role};
use crate::names::{is_distinctive, occurrences};
use crate::source::Source;

/// Ways to name a key, the key in the first group.
static ACCESSES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?:(?i:config|conf|cfg|settings|options|opts|viper|preferences)\w*(?:\.(?:get|Get)\w*\(|\.(?i:get)\(|\[)\s*["']|(?:json|yaml|toml|mapstructure):"|serde\((?:rename|alias)\s*=\s*"|@JsonProperty\(\s*"|@Value\("\$\{|getProperty\(\s*")([A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)+)"#,
    )
    .expect("a pattern written in this file")
});

/// A field of a Rust struct, by the name that serde gives its key.
static FIELDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*pub(?:\([^)]*\))? ([a-z][a-z0-9]*(?:_[a-z0-9]+)+): ")
        .expect("a pattern written in this file")
});

fn keys(source: &Source) -> Vec<(String, u32)> {
    if !source.language.is_code() {
        return Vec::new();
    }
    let mut all = accessed(source);
    if source.language == Language::Rust && source.content().contains("Deserialize") {
        let fields = source.numbered_lines().filter(|(_, line)| line.len() < 500);
        all.extend(fields.filter_map(|(number, line)| Some((FIELDS.captures(line)?[1].to_owned(), number))));
    }
    all
}

fn accessed(source: &Source) -> Vec<(String, u32)> {
    source
        .numbered_lines()
        .filter(|(_, line)| line.len() < 500)
        .flat_map(|(number, line)| {
            ACCESSES
                .captures_iter(line)
                .map(move |captures| (captures[1].to_owned(), number))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The keys that the change took away.
pub(super) fn gone(context: &Context<'_>, renames: &Renames) -> Vec<Gone> {
    let Sides { before, after } = Sides::read(context, &[Role::Source], keys);
    before
        .into_iter()
        .filter(|(name, _)| !after.contains(name) && is_distinctive(name))
        .map(|(name, (path, line, language))| Gone {
            rule: KEY,
            what: "configuration key",
            needle: name.clone(),
            replacement: renames.replacement(&name, |new| after.contains(new)),
            name,
            path,
            line,
            language,
            declaration: None,
        })
        // What is merely not read here any more may be read by what the settings are handed to.
        .filter(Gone::is_renamed)
        .collect()
}

/// The settings and documents that still have the key; none where code at head still knows it.
pub(super) fn uses(context: &Context<'_>, gone: &Gone, hits: &[Hit]) -> Vec<Use> {
    let mut uses = Vec::new();
    for hit in hits.iter().filter(|hit| !occurrences(&hit.text, &gone.needle).is_empty()) {
        let (role, language) = (Role::of(&hit.path), Language::of(&hit.path));
        if matches!(role, Role::History | Role::Foreign) || speaks_of_the_past(&hit.text) {
            continue;
        }
        if (role == Role::Source && language.is_code()) || context.is_added(&hit.path, hit.line) {
            return Vec::new();
        }
        let (how, consequence) = match role {
            Role::Docs => ("still documents it", "setting it as described has no effect"),
            _ if language.is_code() => continue,
            _ => ("still has it", "the setting is no longer read"),
        };
        uses.push(Use {
            path: hit.path.clone(),
            line: hit.line,
            severity: Severity::Suggestion,
            how,
            consequence,
            prose: role == Role::Docs,
        });
    }
    uses
}
