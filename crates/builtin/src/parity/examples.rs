//! Examples of settings beside the settings themselves.
//!
//! In: files of settings that the change gives a key. Out: the example beside such a file (`.env.example`,
//! `config.sample.yml`, `app.schema.json`) that had the same keys before and lacks the new one.

use std::collections::BTreeSet;

use model::{FileDiff, Kind, RepoPath, Severity, Side};

use super::EXAMPLE;
use crate::context::{Context, path_before};
use crate::family::{Draft, Raised, read};
use crate::language::Language;
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, list, shortened};

const MARKS: [&str; 6] = ["example", "sample", "template", "dist", "default", "schema"];

/// Keys that both must have had, and their share in ten.
const FEWEST: usize = 4;
const SHARE: usize = 9;
/// More new keys are a new design.
const MOST_NEW: usize = 4;

/// New keys that the file's twin lacks.
pub(super) fn findings(context: &Context<'_>) -> Vec<Raised> {
    let mut raised = Vec::new();
    for file in context.changed().filter(|file| !Language::of(&file.path).is_code()) {
        for twin in twins(context, &file.path) {
            raised.extend(compare(context, file, &twin));
        }
    }
    raised
}

/// The name without the word that says "example".
fn plain(path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let parts: Vec<&str> =
        name.split(['.', '-', '_']).filter(|part| !MARKS.contains(&part.to_lowercase().as_str())).collect();
    let all = name.split(['.', '-', '_']).count();
    (parts.len() < all).then(|| format!("{folder}/{}", parts.join(".")))
}

fn twins(context: &Context<'_>, path: &RepoPath) -> Vec<RepoPath> {
    let bare = |path: &str| {
        let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
        format!("{folder}/{}", name.split(['.', '-', '_']).collect::<Vec<_>>().join("."))
    };
    let own = path.as_str();
    let key = plain(own).unwrap_or_else(|| bare(own));
    let is_example = plain(own).is_some();
    let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
    context
        .head
        .iter()
        .map(|entry| &entry.path)
        .filter(|other| {
            other.as_str().rsplit_once('/').map_or("", |(folder, _)| folder) == folder && *other != path
        })
        .filter(|other| match plain(other.as_str()) {
            Some(plain) => plain == key,
            None => is_example && bare(other.as_str()) == key,
        })
        .filter(|other| context.has(Side::Base, other.as_str()))
        .take(3)
        .cloned()
        .collect()
}

/// The keys of a file with their lines; indentation is no matter, sections are.
fn keys(source: &Source) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for (line, text) in source.numbered_lines() {
        let text = text.trim().trim_start_matches(['#', ';']).trim_start();
        let text = text.strip_prefix("export ").unwrap_or(text).trim_start_matches(['"', '\'']);
        let name: String =
            text.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')).collect();
        let rest = text[name.len()..].trim_start_matches(['"', '\'']).trim_start();
        if name.len() >= 3
            && name.starts_with(char::is_alphabetic)
            && rest.starts_with(['=', ':'])
            && !rest.starts_with("://")
        {
            found.push((name, line));
        }
    }
    found
}

fn compare(context: &Context<'_>, file: &FileDiff, twin: &RepoPath) -> Option<Raised> {
    let before = context.source(Side::Base, path_before(file)?)?;
    let after = context.source(Side::Head, &file.path)?;
    let (twin_before, twin_after) = (context.source(Side::Base, twin)?, context.source(Side::Head, twin)?);
    let set = |source: &Source| keys(source).into_iter().map(|(name, _)| name).collect::<BTreeSet<String>>();
    let (old, other_old, other) = (set(&before), set(&twin_before), set(&twin_after));
    let common = old.intersection(&other_old).count();
    if common < FEWEST || common * 10 < old.len() * SHARE {
        return None;
    }
    let new: Vec<(String, u32)> = keys(&after)
        .into_iter()
        .filter(|(name, line)| {
            context.is_added(&file.path, *line) && !old.contains(name) && !other.contains(name)
        })
        .collect();
    if new.is_empty() || new.len() > MOST_NEW {
        return None;
    }
    let last = keys(&twin_after).last().map_or(1, |(_, line)| *line);
    let names: Vec<String> = new.iter().map(|(name, _)| code(&shortened(name, 40))).collect();
    let line = new[0].1;
    Some(
        Draft {
            rule: EXAMPLE,
            category: "docs",
            severity: Severity::Suggestion,
            kind: Kind::Gap,
            rank: 1.8,
            title: format!("`{}` lacks {}, which `{}` has now", shortened(twin.as_str(), 44), list(&names), shortened(file.path.as_str(), 36)),
            problem: format!(
                "Before the change `{twin}` had {common} of the {} keys of `{}`. The change adds {} there (line {line}) and not here.",
                old.len(),
                file.path,
                list(&names),
            ),
            locations: vec![
                at(&twin_after, last, Side::Head, PlaceRole::Primary),
                at(&after, line, Side::Head, PlaceRole::Evidence),
            ],
            evidence: vec![read(
                format!("{}:{line} adds the key", file.path),
                file.path.as_str(),
                line,
                Some(shortened(after.line(line).trim(), 120)),
            )],
            fix: format!("Add {} here as well.", list(&names)),
            patch: None,
            because: format!("The change adds line {line} of `{}`.", file.path),
            scenario: None,
        }
        .raise(),
    )
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn findings(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<String> {
        let settings = Settings { enable: vec![super::EXAMPLE.into()], ..Settings::default() };
        let findings = crate::review(&MemoryChange::new(base, head), &settings).findings;
        findings.into_iter().map(|finding| finding.locations[0].path.clone()).collect()
    }

    #[test]
    fn an_example_that_lacks_the_new_key_is_told() {
        let old = "app_name=1\napp_port=2\napp_host=3\napp_mode=4\n";
        let new = format!("{old}app_limit=5\n");
        for (path, example) in [("conf/.env", "conf/.env.example"), ("app.yml", "app.sample.yml")] {
            assert_eq!(findings(&[(path, old), (example, old)], &[(path, &new), (example, old)]), [example]);
            assert_eq!(findings(&[(path, old), (example, old)], &[(path, &new), (example, &new)]), [""; 0]);
        }
        let other = "x_one=1\nx_two=2\nx_three=3\nx_four=4\n";
        assert_eq!(
            findings(&[(".env", old), (".env.example", other)], &[(".env", &new), (".env.example", other)]),
            [""; 0]
        );
    }
}
