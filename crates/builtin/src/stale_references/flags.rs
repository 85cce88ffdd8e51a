//! Command-line flags that the program no longer knows.
//!
//! In: lines that declare flags to an argument parser. Out: flags that the change declares by another name, and the scripts, tests
//! and documents that still pass them. A flag that is merely passed on to another program was never ours.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use model::{Severity, Side};
use regex::Regex;

use super::renames::Renames;
use super::sides::Sides;
use super::{FLAG, Gone, Use, speaks_of_the_past};
use crate::change::Hit;
use crate::context::Context;
use crate::language::{Language, Role};
use crate::names::occurrences;
use crate::source::Source;

/// Ways to declare a long flag, each with the name in its first group.
static DECLARATIONS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // argparse, click, commander, optparse, picocli, System.CommandLine…
        r#"(?:add_argument|add_option|click\.option|typer\.Option|\.option|\.addOption|new Option|\.on|names\s*=)\s*\(?[^#]*?["'](?:-\w,?\s*)?(?:["']\s*,\s*["'])?--([A-Za-z][\w-]+)"#,
        // Go: flag, pflag, cobra, urfave/cli.
        r#"(?:[Ff]lags?\(?\)?|\bfs|\bf|\bcmd)\.(?:\w*Var\w*|Bool\w*|String\w*|Int\w*|Uint\w*|Float\w*|Duration\w*|Count\w*)\(\s*(?:&?[\w.]+\s*,\s*)?"([A-Za-z][\w-]+)""#,
        // clap.
        r#"\blong\s*(?:\(|=)\s*"([A-Za-z][\w-]+)""#,
        // getopt_long.
        r#"^\s*\{\s*"([A-Za-z][\w-]+)"\s*,\s*(?:no_argument|required_argument|optional_argument|[012])\b"#,
        // shell: a branch of a case.
        r"^\s*(?:-\w\s*\|\s*)?--([A-Za-z][\w-]+)(?:=\*)?(?:\s*\|\s*-\w)?\s*\)",
    ]
    .iter()
    .map(|pattern| Regex::new(pattern).expect("a pattern written in this file"))
    .collect()
});

/// The flags that the change took away.
pub(super) fn gone(context: &Context<'_>, renames: &Renames) -> Vec<Gone> {
    let Sides { mut before, after } = Sides::read(context, &[Role::Source, Role::Config], flags);
    before.retain(|name, _| !after.contains(name) && name.len() >= 4 && !EVERYBODYS.contains(&name.as_str()));
    before
        .into_iter()
        .map(|(name, (path, line, language))| {
            let dashed = format!("--{name}");
            let bare = |flag: &str| flag.trim_start_matches('-').to_owned();
            let mut replacement = renames
                .replacement(&dashed, |new| after.contains(&bare(new)))
                .or_else(|| renames.replacement(&name, |new| after.contains(&bare(new))));
            if let Some(new) = &mut replacement {
                new.text = format!("--{}", bare(&new.text));
            }
            Gone {
                rule: FLAG,
                what: "flag",
                needle: dashed.clone(),
                name: dashed,
                path,
                line,
                language,
                declaration: None,
                replacement,
            }
        })
        // What is merely no longer declared here may be another program's now.
        .filter(Gone::is_renamed)
        .collect()
}

/// Flags so usual that another program's is likely meant.
const EVERYBODYS: [&str; 16] = [
    "help", "version", "verbose", "quiet", "debug", "config", "output", "force", "file", "name", "port",
    "host", "path", "dry-run", "no-color", "color",
];

/// Flags that a file declares.
pub(crate) fn flags(source: &Source) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for (number, line) in source.numbered_lines() {
        let possible = line.len() < 500 && (line.contains('"') || line.contains('\'') || line.contains("--"));
        if !possible || source.code(number).trim().is_empty() && source.language != Language::Shell {
            continue;
        }
        for pattern in DECLARATIONS.iter() {
            found.extend(pattern.captures_iter(line).map(|captures| (captures[1].to_owned(), number)));
        }
    }
    found
}

/// The lines that still pass the flag; none where code at head may still know it.
pub(super) fn uses(context: &Context<'_>, gone: &Gone, hits: &[Hit]) -> Vec<Use> {
    let mut uses = Vec::new();
    let program = programs(context);
    for hit in hits.iter().filter(|hit| !occurrences(&hit.text, &gone.needle).is_empty()) {
        let role = Role::of(&hit.path);
        let language = Language::of(&hit.path);
        if matches!(role, Role::History | Role::Foreign) || speaks_of_the_past(&hit.text) {
            continue;
        }
        let added = context.is_added(&hit.path, hit.line);
        if role == Role::Source && language.is_code() && language != Language::Shell {
            let commented = context
                .source(Side::Head, &hit.path)
                .is_some_and(|source| !occurrences(&source.comment(hit.line), &gone.needle).is_empty());
            if !commented {
                // The program still says it somewhere: parsed by hand, passed on, or declared in a way unknown here.
                return Vec::new();
            }
        }
        if added && role != Role::Docs {
            return Vec::new();
        }
        // Another program's command line may have a flag of the same name.
        if matches!(role, Role::Ci | Role::Config)
            && !program.iter().any(|name| hit.text.contains(name.as_str()))
        {
            continue;
        }
        let (severity, how, consequence) = match role {
            Role::Test => {
                (Severity::Important, "still passes it", "the program refuses the flag, so the test fails")
            }
            Role::Ci | Role::Config => {
                (Severity::Important, "still passes it", "the program refuses the flag, so this step fails")
            }
            Role::Docs => {
                (Severity::Suggestion, "still documents it", "who follows the documentation gets an error")
            }
            _ => (Severity::Suggestion, "still names it", "who follows this gets an error"),
        };
        uses.push(Use {
            path: hit.path.clone(),
            line: hit.line,
            severity,
            how,
            consequence,
            prose: role == Role::Docs,
        });
    }
    uses
}

/// Names under which this repository's programs may be called.
fn programs(context: &Context<'_>) -> Vec<String> {
    let repository = context.change.target().repository.as_deref().unwrap_or("");
    let mut names: BTreeSet<String> = BTreeSet::new();
    names.extend(repository.rsplit('/').next().map(str::to_owned));
    for entry in &context.head {
        let parts: Vec<&str> = entry.path.as_str().split('/').collect();
        match parts.as_slice() {
            [.., "cmd" | "bin" | "cli", name] | [.., "cmd" | "bin", name, _] => {
                names.insert(name.split('.').next().unwrap_or(name).to_owned());
            }
            _ => {}
        }
    }
    names.into_iter().filter(|name| name.len() >= 2 && name != "main" && name != "mod").collect()
}
