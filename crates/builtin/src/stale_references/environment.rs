//! Environment variables that the program no longer reads.
//!
//! In: lines that read variables. Out: variables that the change reads by another name and no code at head mentions, and the files
//! that still set or describe them.

use std::sync::LazyLock;

use model::{Severity, Side};
use regex::Regex;

use super::renames::Renames;
use super::sides::Sides;
use super::{ENVIRONMENT, Gone, Use, speaks_of_the_past};
use crate::change::Hit;
use crate::context::Context;
use crate::language::{Language, Role};
use crate::lex::Part;
use crate::names::occurrences;
use crate::source::Source;

/// Ways to read a variable, the name in the first group.
static READS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i:getenv|lookupenv|environ(?:\.get)?|env::var(?:_os)?|option_env!|env!|process\.env|import\.meta\.env|\benv\.fetch|\benv|environment\.getenvironmentvariable|envvar|env\s*=)\s*(?:\(|\[|\.|=)?\s*["']?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b"#,
    )
    .expect("a pattern written in this file")
});

/// Variables that a file reads.
pub(crate) fn variables(source: &Source) -> Vec<(String, u32)> {
    if !source.language.is_code() {
        return Vec::new();
    }
    source
        .numbered_lines()
        .filter(|(_, line)| line.len() < 500)
        .flat_map(|(number, line)| {
            READS
                .captures_iter(line)
                .filter_map(move |captures| {
                    let name = captures.get(1)?;
                    (source.part_at(number, name.start()) != Part::Comment)
                        .then(|| (name.as_str().to_owned(), number))
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The variables that the change took away.
pub(super) fn gone(context: &Context<'_>, renames: &Renames) -> Vec<Gone> {
    let Sides { before, after } = Sides::read(context, &[Role::Source], variables);
    before
        .into_iter()
        .filter(|(name, _)| !after.contains(name) && name.len() >= 6 && !is_everybodys(name))
        .map(|(name, (path, line, language))| Gone {
            rule: ENVIRONMENT,
            what: "environment variable",
            needle: name.clone(),
            replacement: renames.replacement(&name, |new| after.contains(new)),
            name,
            path,
            line,
            language,
            declaration: None,
        })
        // What is merely not read here any more may be read by what the program starts.
        .filter(Gone::is_renamed)
        .collect()
}

/// Variables of the system, of servers and of protocols: others read them whatever this program does.
fn is_everybodys(name: &str) -> bool {
    ["HTTP_", "LC_", "XDG_", "SERVER_", "REMOTE_", "REQUEST_", "CONTENT_", "GITHUB_", "CI_"]
        .iter()
        .any(|start| name.starts_with(start))
        || [
            "LANGUAGE",
            "PYTHONPATH",
            "NODE_ENV",
            "QUERY_STRING",
            "PATH_INFO",
            "SCRIPT_NAME",
            "USERPROFILE",
            "NO_COLOR",
        ]
        .contains(&name)
}

/// The lines that still set or describe the variable; none where code at head still knows it.
pub(super) fn uses(context: &Context<'_>, gone: &Gone, hits: &[Hit]) -> Vec<Use> {
    let mut uses = Vec::new();
    for hit in hits {
        let Some(&at) = occurrences(&hit.text, &gone.needle).first() else { continue };
        let (role, language) = (Role::of(&hit.path), Language::of(&hit.path));
        // Code that a machine built or somebody else wrote may read it all the same.
        if role == Role::Foreign && language.is_code() {
            return Vec::new();
        }
        if matches!(role, Role::History | Role::Foreign) {
            continue;
        }
        let commented = context
            .source(Side::Head, &hit.path)
            .is_some_and(|source| source.part_at(hit.line, at) == Part::Comment);
        if (role == Role::Source && language.is_code() && !commented)
            || (context.is_added(&hit.path, hit.line) && role != Role::Docs)
        {
            return Vec::new();
        }
        if speaks_of_the_past(&hit.text) {
            continue;
        }
        let (how, consequence) = match role {
            Role::Docs => ("still documents it", "setting it as described has no effect"),
            Role::Test => ("still sets it", "the test no longer sets what it means to set"),
            Role::Source => {
                ("still names it in a comment", "who follows the comment sets a variable without effect")
            }
            _ => ("still sets it", "setting it has no effect any more"),
        };
        uses.push(Use {
            path: hit.path.clone(),
            line: hit.line,
            // None of these was right on a real change yet, so none of them may stop one.
            severity: Severity::Suggestion,
            how,
            consequence,
            prose: role == Role::Docs,
        });
    }
    uses
}
