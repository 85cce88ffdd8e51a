//! What the documentation should say by its own custom.
//!
//! In: environment variables and flags the change adds, and those beside them. Out: the documentation part of the
//! document. A gap only where siblings in the same files are documented.

use std::collections::{BTreeMap, BTreeSet};

use model::{DocumentDocs, DocumentGap, RepoPath, Side};

use crate::context::{Context, path_before};
use crate::language::Role;
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::stale_references::{environment::variables, flags::flags};
use crate::words::{code, count, list};

/// Things that users set, by name: where they are declared.
type Declared = BTreeMap<String, (RepoPath, u32)>;

/// What the change adds for users to set.
pub(crate) struct Documentation {
    fresh: Declared,
    siblings: BTreeSet<String>,
    docs_changed: usize,
}

const MOST_NAMES: usize = 30;

impl Documentation {
    /// Finds new variables and flags.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let (mut before, mut after) = (Declared::new(), Declared::new());
        for file in context.changed().filter(|file| Role::of(&file.path) == Role::Source) {
            if let Some(source) = path_before(file).and_then(|path| context.source(Side::Base, path)) {
                before.extend(settable(&source));
            }
            if let Some(source) = context.source(Side::Head, &file.path) {
                after.extend(settable(&source));
            }
        }
        let siblings =
            after.keys().filter(|name| before.contains_key(*name)).take(MOST_NAMES).cloned().collect();
        let fresh =
            after.into_iter().filter(|(name, _)| !before.contains_key(name)).take(MOST_NAMES).collect();
        let docs_changed =
            context.change.diff().iter().filter(|file| Role::of(&file.path) == Role::Docs).count();
        Self { fresh, siblings, docs_changed }
    }

    /// The texts it wants to look up.
    pub(crate) fn needles(&self, needles: &mut Needles) {
        if !self.fresh.is_empty() {
            for name in self.fresh.keys().chain(&self.siblings) {
                needles.add(name);
            }
        }
    }

    /// The documentation part; `None` where there is nothing to say.
    pub(crate) fn part(&self, context: &Context<'_>, found: &Found) -> Option<DocumentDocs> {
        let documented = |name: &str| {
            let hits = found.all(name)?;
            Some(hits.iter().any(|hit| {
                matches!(Role::of(&hit.path), Role::Docs | Role::History) && mentions(&hit.text, name)
            }))
        };
        let known: Vec<&String> =
            self.siblings.iter().filter(|name| documented(name) == Some(true)).collect();
        let custom = known.len() >= 2 && known.len() * 2 > self.siblings.len();
        let missing: Vec<_> =
            self.fresh.iter().filter(|(name, _)| custom && documented(name) == Some(false)).collect();
        if missing.is_empty() && self.docs_changed == 0 {
            return None;
        }
        let gaps = missing
            .iter()
            .filter_map(|(name, (path, line))| {
                let source = context.source(Side::Head, path)?;
                let siblings: Vec<String> = known.iter().take(3).map(|name| shown(name)).collect();
                Some(DocumentGap {
                    scenario: format!(
                        "{} is new in `{path}:{line}` and no document mentions it; {} are documented.",
                        shown(name),
                        list(&siblings)
                    ),
                    risk: None,
                    finding: None,
                    locations: vec![at(&source, *line, Side::Head, PlaceRole::Primary)],
                })
            })
            .collect();
        Some(DocumentDocs {
            text: self.text(&missing.iter().map(|(name, _)| shown(name)).collect::<Vec<_>>()),
            gaps,
        })
    }

    fn text(&self, missing: &[String]) -> String {
        let changed = match self.docs_changed {
            0 => "The change touches no documentation.".to_owned(),
            number => format!("The change touches {}.", count(number, "document", "documents")),
        };
        if missing.is_empty() {
            changed
        } else {
            format!("{changed} No document mentions {}.", list(missing))
        }
    }
}

/// True where a line names a flag or variable, whatever marks stand before it.
fn mentions(line: &str, name: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let after = line[at + name.len()..].chars().next();
        !line[..at].ends_with(part_of_word) && !after.is_some_and(|c| part_of_word(c) || c == '-')
    })
}

/// Flags are written with their dashes, variables as they are.
fn shown(name: &str) -> String {
    if name.chars().any(char::is_lowercase) { code(&format!("--{name}")) } else { code(name) }
}

fn settable(source: &Source) -> Vec<(String, (RepoPath, u32))> {
    if source.path.file_name() == "build.rs" {
        return Vec::new();
    }
    // Manuals write `\\-\\-name`, so flags are looked up without their dashes.
    let names = variables(source).into_iter().chain(flags(source));
    names
        .filter(|(name, _)| name.len() >= 4)
        .map(|(name, line)| (name, (source.path.clone(), line)))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    #[test]
    fn a_new_flag_is_missed_only_where_its_siblings_are_documented() {
        let base = "p.add_argument('--retry-limit')\np.add_argument('--cache-dir')\n";
        let head = format!("{base}p.add_argument('--proxy-url')\n");
        for (readme, gaps) in [
            ("`--retry-limit`, `--cache-dir`\n", 1),
            ("`--retry-limit`\n", 0),
            ("`--retry-limit --cache-dir --proxy-url`\n", 0),
        ] {
            let change = MemoryChange::new(
                &[("cli.py", base), ("README.md", readme)],
                &[("cli.py", &head), ("README.md", readme)],
            );
            let docs = crate::review(&change, &Settings::default()).docs;
            assert_eq!(docs.map_or(0, |docs| docs.gaps.len()), gaps, "{readme}");
        }
    }
}
