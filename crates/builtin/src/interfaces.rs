//! Interfaces that promise what nobody does.
//!
//! In: flags and variables that the change adds. Out: flags that are registered and never read, so that passing them does
//! nothing. Silent where options are handed on as a whole.

use model::{Kind, RepoPath, Severity, Side};

use crate::context::{Context, path_before};
use crate::family::{Draft, Family, Raised};
use crate::language::{Language, Role};
use crate::names::{is_distinctive, occurrences, words};
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::stale_references::flags::flags;
use crate::words::{code, shortened};

pub(crate) const NEVER_READ: &str = "interface/flag-never-read";

/// A new flag.
struct Fresh {
    name: String,
    path: RepoPath,
    line: u32,
}

/// The family.
pub(crate) struct Interfaces(Vec<Fresh>);

const MOST: usize = 30;

impl Interfaces {
    /// Finds the flags that the change adds.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut fresh = Vec::new();
        if context.settings.runs(NEVER_READ) {
            for file in context.changed().filter(|file| Role::of(&file.path) == Role::Source) {
                let Some(source) = context.source(Side::Head, &file.path) else { continue };
                let before = path_before(file).and_then(|path| context.source(Side::Base, path));
                let known: Vec<String> =
                    before.iter().flat_map(|before| flags(before)).map(|(name, _)| name).collect();
                fresh.extend(
                    flags(&source)
                        .into_iter()
                        .filter(|(name, line)| {
                            !known.contains(name)
                                && context.is_added(&file.path, *line)
                                && is_candidate(&source, name, *line)
                        })
                        .map(|(name, line)| Fresh { name, path: file.path.clone(), line }),
                );
            }
        }
        fresh.truncate(MOST);
        Self(fresh)
    }
}

/// Parsers of Python and JavaScript hand out values by the flag's own name.
fn is_candidate(source: &Source, name: &str, line: u32) -> bool {
    const WHOLE: [&str; 12] = [
        "vars(",
        "**",
        "__dict__",
        "getattr(",
        "_get_kwargs",
        "...options",
        "...opts",
        "...argv",
        "click",
        "typer",
        "Object.",
        "locals(",
    ];
    let declared: String = (line..line + 8).map(|number| source.line(number)).collect();
    let elsewhere = ["dest=", "dest =", "dest:", "callback"];
    matches!(source.language, Language::Python | Language::Script)
        && is_distinctive(name)
        && !WHOLE.iter().any(|word| source.content().contains(word))
        && !elsewhere.iter().any(|word| declared.contains(word))
        && !declared.contains("store_const")
        && !declared.contains("append_const")
        && !declared.contains("callback")
        && !name.starts_with("no-")
        && words(name).len() >= 2
}

/// The names under which code asks for a flag.
fn spellings(name: &str) -> Vec<String> {
    let parts = words(name);
    let mut camel = parts.first().cloned().unwrap_or_default();
    for part in parts.iter().skip(1) {
        let mut chars = part.chars();
        camel.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        camel.extend(chars);
    }
    vec![name.to_owned(), name.replace('-', "_"), camel]
}

impl Family for Interfaces {
    fn needles(&self, needles: &mut Needles) {
        for flag in &self.0 {
            for spelling in spellings(&flag.name) {
                needles.add(&spelling);
            }
        }
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        self.0.iter().filter(|flag| is_unread(flag, found)).filter_map(|flag| report(context, flag)).collect()
    }
}

fn is_unread(flag: &Fresh, found: &Found) -> bool {
    spellings(&flag.name).iter().all(|name| {
        found.all(name).is_some_and(|hits| {
            !hits.iter().any(|hit| {
                let own = hit.path == flag.path && hit.line == flag.line;
                !own && Language::of(&hit.path).is_code()
                    && Role::of(&hit.path) != Role::Test
                    && !occurrences(&hit.text, name).is_empty()
            })
        })
    })
}

fn report(context: &Context<'_>, flag: &Fresh) -> Option<Raised> {
    let source = context.source(Side::Head, &flag.path)?;
    let shown = code(&format!("--{}", flag.name));
    let name = code(&flag.name.replace('-', "_"));
    Some(
        Draft {
            rule: NEVER_READ,
            category: "api",
            severity: Severity::Suggestion,
            kind: Kind::Gap,
            rank: 2.2,
            title: format!("The new flag {shown} in `{}` is registered and never read", shortened(flag.path.as_str(), 50)),
            problem: format!("Line {} of `{}` registers {shown}. No other line of code outside tests names it ({name} or otherwise), so passing it does nothing.", flag.line, flag.path),
            locations: vec![at(&source, flag.line, Side::Head, PlaceRole::Primary)],
            evidence: Vec::new(),
            fix: "Read it where it should act, or remove it.".to_owned(),
            patch: None,
            because: format!("The change adds line {}.", flag.line),
            scenario: None,
        }
        .raise(),
    )
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    #[test]
    fn a_flag_that_nobody_reads_is_told() {
        let base = "p.add_argument('--cache-dir')\nprint(args.cache_dir)\n";
        let with = |more: &str| format!("{base}p.add_argument('--proxy-url')\n{more}");
        for (more, findings) in [("", 1), ("open(args.proxy_url)\n", 0), ("run(**options)\n", 0)] {
            let change = MemoryChange::new(&[("cli.py", base)], &[("cli.py", &with(more))]);
            let settings = Settings { enable: vec!["interface/*".into()], ..Settings::default() };
            assert_eq!(crate::review(&change, &settings).findings.len(), findings, "{more}");
        }
    }
}
