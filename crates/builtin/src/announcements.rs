//! Public items that go without a word.
//!
//! In: declarations that the change takes out and the project's change log. Out: one remark where the log is kept for what
//! is not released yet and the change leaves it alone. What still names the item is told by the stale references.

use model::{FileDiff, Kind, RepoPath, Severity, Side};

use crate::context::{Context, path_before};
use crate::declarations::{Declaration, DeclarationKind, declarations};
use crate::family::{Draft, Family, Raised, read};
use crate::language::{Language, Role};
use crate::names::occurrences;
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, count, list, shortened};

pub(crate) const UNANNOUNCED: &str = "interface/removal-unannounced";

/// A public item that was there.
struct Gone {
    name: String,
    path: RepoPath,
    line: u32,
}

/// The family.
pub(crate) struct Announcements {
    gone: Vec<Gone>,
    /// The change log and the line that begins what is not released.
    log: Option<(RepoPath, u32)>,
}

const MOST: usize = 40;

impl Announcements {
    /// Collects what the change takes out.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut gone = Vec::new();
        let log = if context.settings.runs(UNANNOUNCED) { open_log(context) } else { None };
        if log.is_some() {
            for file in context.compared().filter(|file| Role::of(&file.path) == Role::Source) {
                gone.extend(removed(context, file));
            }
        }
        gone.truncate(MOST);
        Self { gone, log }
    }
}

/// A change log that says what is not released yet, where the change does not touch any log.
fn open_log(context: &Context<'_>) -> Option<(RepoPath, u32)> {
    let is_log = |path: &RepoPath| {
        let lower = path.file_name().to_lowercase();
        !path.as_str().contains('/')
            && ["changelog", "changes", "history", "news"].iter().any(|stem| lower.starts_with(stem))
    };
    let told = context.change.diff().iter().any(|file| Role::of(&file.path) == Role::History);
    let entry = context.head.iter().find(|entry| !told && is_log(&entry.path))?;
    let source = context.source(Side::Head, &entry.path)?;
    let open = |(_, text): &(u32, &str)| {
        let lower = text.to_lowercase();
        text.starts_with(['#', '=']) && (lower.contains("unreleased") || lower.contains("upcoming"))
            || lower.trim_matches(['[', ']', ' ']) == "unreleased"
    };
    let (line, _) = source.numbered_lines().take(60).find(open)?;
    Some((entry.path.clone(), line))
}

fn removed(context: &Context<'_>, file: &FileDiff) -> Vec<Gone> {
    let Some(before) = path_before(file).and_then(|path| context.source(Side::Base, path)) else {
        return Vec::new();
    };
    if before.role != Role::Source {
        return Vec::new();
    }
    let lines: std::collections::BTreeSet<u32> = file.removed().map(|(line, _)| line).collect();
    let tests = before.own_tests_start();
    declarations(&before)
        .into_iter()
        .filter(|found| lines.contains(&found.line) && found.line < tests && is_public(&before, found))
        .map(|found| Gone { name: found.name, path: file.path.clone(), line: found.line })
        .collect()
}

/// True for what other packages can name.
fn is_public(source: &Source, found: &Declaration) -> bool {
    let text = source.line(found.line);
    let top = !text.starts_with([' ', '\t']);
    match source.language {
        Language::Rust => text.trim_start().starts_with("pub ") && !source.path.as_str().contains("src/bin/"),
        Language::Go => {
            top && found.name.starts_with(char::is_uppercase) && !source.path.as_str().contains("internal/")
        }
        Language::Script => top && text.starts_with("export "),
        Language::Python => {
            top && !found.name.starts_with('_')
                && !source.path.as_str().split('/').any(|part| part.starts_with('_') && part != "__init__.py")
                && found.kind != DeclarationKind::Constant
        }
        _ => false,
    }
}

impl Family for Announcements {
    fn needles(&self, needles: &mut Needles) {
        for gone in &self.gone {
            needles.add(&gone.name);
        }
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let Some((log, line)) = &self.log else { return Vec::new() };
        // Code that still names an item has it from elsewhere, or its removal is told as a stale reference.
        let is_gone = |gone: &&Gone| {
            found.all(&gone.name).is_some_and(|hits| {
                !hits.iter().any(|hit| {
                    Language::of(&hit.path).is_code() && !occurrences(&hit.text, &gone.name).is_empty()
                })
            })
        };
        let gone: Vec<&Gone> = self.gone.iter().filter(is_gone).collect();
        report(context, &gone, log, *line).into_iter().collect()
    }
}

fn report(context: &Context<'_>, gone: &[&Gone], log: &RepoPath, line: u32) -> Option<Raised> {
    let first = gone.first()?;
    let source = context.source(Side::Head, log)?;
    let names: Vec<String> = gone.iter().take(4).map(|gone| code(&shortened(&gone.name, 40))).collect();
    let more = if gone.len() > 4 { format!(" and {} more", gone.len() - 4) } else { String::new() };
    Some(
        Draft {
            rule: UNANNOUNCED,
            category: "docs",
            severity: Severity::Suggestion,
            kind: Kind::Gap,
            rank: 1.0,
            title: format!("`{log}` does not say that {}{more} went", list(&names)),
            problem: format!(
                "The change takes {} out ({}{more}, in `{}` and elsewhere no longer declared). `{log}` keeps a list of what is not released \
                 yet (line {line}); nothing is added to it.",
                count(gone.len(), "public item", "public items"),
                list(&names),
                first.path,
            ),
            locations: vec![at(&source, line, Side::Head, PlaceRole::Primary)],
            evidence: gone
                .iter()
                .take(4)
                .map(|gone| read(format!("{}:{} declared `{}` before the change", gone.path, gone.line, gone.name), gone.path.as_str(), gone.line, None))
                .collect(),
            fix: "Add a line for those who use it, or make it private first where nobody does.".to_owned(),
            patch: None,
            because: format!("The change edits `{}`.", first.path),
            scenario: None,
        }
        .raise(),
    )
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn findings(log: &str, after: &str, new_log: &str) -> usize {
        let old = "pub fn parse_header(a: u8) {}\n\npub fn keep(a: u8) {}\n";
        let change = MemoryChange::new(
            &[("src/lib.rs", old), ("CHANGELOG.md", log)],
            &[("src/lib.rs", after), ("CHANGELOG.md", new_log)],
        );
        let settings = Settings { enable: vec![super::UNANNOUNCED.into()], ..Settings::default() };
        crate::review(&change, &settings).findings.len()
    }

    #[test]
    fn a_public_item_that_goes_silently_is_told_where_a_log_is_kept() {
        let log = "# Changes\n\n## Unreleased\n\n- one\n";
        let without = "pub fn keep(a: u8) {}\n";
        assert_eq!(findings(log, without, log), 1);
        assert_eq!(
            findings(log, without, "# Changes\n\n## Unreleased\n\n- parse_header went\n- one\n"),
            0,
            "told"
        );
        assert_eq!(findings("# Changes\n\n## 1.0\n", without, "# Changes\n\n## 1.0\n"), 0, "no open list");
        assert_eq!(
            findings(log, "fn parse_header(a: u8) {}\n\npub fn keep(a: u8) {}\n", log),
            0,
            "still there"
        );
    }
}
