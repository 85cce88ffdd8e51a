//! Names that the change takes away: what it removes and writes nowhere again.
//!
//! In: the diff. Out: whether a name went. Old lines that use such a name were right before and are wrong now, although
//! nobody touched them. Never looks outside the diff: whether a name is still defined elsewhere is the claim's business.

use std::collections::HashSet;

use model::{FileDiff, Location, RawFinding, Side};

use crate::symbol::{defined_in, last_part};
use crate::text::{code_spans, has_word};
use crate::world::World;

/// Names on removed lines, and paths of removed files, that no added line mentions.
#[derive(Debug, Default)]
pub(crate) struct Taken(HashSet<String>);

/// Shorter names are everybody's.
const SHORTEST: usize = 4;

impl Taken {
    /// Reads the diff once.
    pub(crate) fn collect(diff: &[FileDiff]) -> Self {
        let mut names: HashSet<String> = HashSet::new();
        for file in diff {
            names.extend(file.removed().flat_map(|(_, text)| taken_by(text)).map(str::to_owned));
            let gone = file.old_path.as_ref().or_else(|| file.new_mode.is_none().then_some(&file.path));
            names.extend(gone.map(|path| path.as_str().to_owned()));
        }
        for file in diff {
            for (_, text) in file.added() {
                for word in words(text) {
                    names.remove(word);
                }
            }
        }
        Self(names)
    }

    /// The name that the change takes away, that the claim is about, and that the named lines use. The claim must name what
    /// went: that a cited line happens to share a word with a removed one proves nothing.
    pub(crate) fn used_at(&self, world: &World<'_>, raw: &RawFinding, place: &Location) -> Option<String> {
        if place.side != Side::Head {
            return None;
        }
        let view = world.view(place.side, &place.path)?;
        let (start, end) = (place.start?, place.end.or(place.start)?);
        code_spans(&raw.title).into_iter().map(bare).find_map(|name| {
            let used = || (start..=end).filter_map(|line| view.line(line)).any(|text| has_word(text, name));
            (self.has(name) && used()).then(|| name.to_owned())
        })
    }

    /// True where the change removes the name. A call (`load()`) is taken for what it calls.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(bare(name))
    }
}

// A call that goes takes nothing away: what it calls may be there still, or never was ours.
fn taken_by(line: &str) -> impl Iterator<Item = &str> {
    let defined = defined_in(line).map(last_part);
    // Collected once: generated lines have a hundred thousand words.
    let called: HashSet<&str> =
        line.match_indices('(').flat_map(|(at, _)| called_before(&line[..at])).collect();
    words(line).filter(move |word| defined == Some(*word) || !called.contains(word))
}

/// The name that a text ends with, whole and its last part.
fn called_before(text: &str) -> [&str; 2] {
    let start =
        text.char_indices().rev().take_while(|(_, c)| is_part(*c)).last().map_or(text.len(), |(at, _)| at);
    let run = text[start..].trim_matches(['.', '/']);
    [run, run.rsplit(['.', '/']).next().unwrap_or(run)]
}

/// A name without call, sigil and quotes around it.
pub(crate) fn bare(name: &str) -> &str {
    let name = name.split_once('(').map_or(name, |(called, _)| called);
    name.trim_matches(|c: char| !is_part(c)).trim_end_matches(['.', '/'])
}

/// Identifiers, flags, variables and paths alike.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !is_part(c))
        .flat_map(|run| {
            // A path or a call chain is a name, and so are its parts.
            let parts = run.split(['.', '/']).filter(move |part| part.len() < run.len());
            std::iter::once(run).chain(parts)
        })
        .map(|word| word.trim_matches(['.', '/']))
        .filter(|word| word.len() >= SHORTEST)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || "_-./$".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ChangeStatus, DiffLine, Hunk, LineKind};

    fn diff(lines: &[(LineKind, &str)]) -> Vec<FileDiff> {
        let lines = lines
            .iter()
            .map(|(kind, text)| DiffLine {
                kind: *kind,
                old_line: (*kind != LineKind::Added).then_some(1),
                new_line: (*kind != LineKind::Removed).then_some(1),
                text: (*text).to_owned(),
            })
            .collect();
        let hunk =
            Hunk { old_start: 1, old_lines: 1, new_start: 1, new_lines: 1, heading: String::new(), lines };
        vec![FileDiff {
            path: "a.rs".into(),
            old_path: None,
            status: ChangeStatus::Modified,
            binary: false,
            old_mode: Some("100644".into()),
            new_mode: Some("100644".into()),
            hunks: vec![hunk],
        }]
    }

    #[test]
    fn what_is_written_again_is_not_taken() {
        let taken = Taken::collect(&diff(&[
            (LineKind::Removed, "pub fn load_records(path: &str) {"),
            (LineKind::Removed, "    args.push(\"--dry-run\"); read(\"conf/app.toml\");"),
            (LineKind::Added, "pub fn load_first_records(path: &str) {"),
        ]));
        for name in ["load_records", "load_records(..)", "--dry-run", "conf/app.toml"] {
            assert!(taken.has(name), "{name}");
        }
        for name in ["path", "load_first_records", "fn", "", "args.push", "read"] {
            assert!(!taken.has(name), "{name}");
        }
    }

    #[test]
    fn a_place_that_still_names_what_went_is_within_reach_of_the_change() {
        use crate::memory::{Memory, check_one, claim};
        let document = "# Settings\n\nrow_limit = 10\n";
        let base = [("a.rs", "struct Ui {\n    row_limit: u32,\n}\n"), ("docs/a.md", document)];
        let head = [("a.rs", "struct Ui {\n}\n"), ("docs/a.md", document)];
        let memory = Memory::new(&base, &head);
        let mut raw = claim("docs/a.md", Some((3, 3)), Some("row_limit = 10"));
        raw.title = "`docs/a.md` still documents `row_limit`".to_owned();
        assert_eq!(check_one(&memory, raw.clone()).scope, model::Scope::BlastRadius);
        raw.title = "`docs/a.md` explains nothing".to_owned();
        assert_eq!(check_one(&memory, raw).scope, model::Scope::Outside);
    }
}
