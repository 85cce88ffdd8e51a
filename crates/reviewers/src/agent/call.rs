//! From an adapter to one call: words, variables, files.
//!
//! In: an adapter, how the user is signed in, and values for the placeholders. Out: a command, its environment, and the
//! private files it needs. Never starts anything; a value is filled in once and never read for placeholders again.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::adapter::{Adapter, Argument, Auth, ConfinedWay, Folder};

/// What `{name}` can stand for.
const NAMES: &[&str] = &[
    "model",
    "effort",
    "worktree",
    "private",
    "prompt_file",
    "diff_file",
    "carried",
    "schema_file",
    "proxy",
    "no_key",
];

/// Values of the placeholders; a name that is missing has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(BTreeMap<&'static str, OsString>);

impl Values {
    /// Gives a placeholder its value; `None` leaves it without one.
    pub(crate) fn with(mut self, name: &'static str, value: Option<impl Into<OsString>>) -> Self {
        debug_assert!(NAMES.contains(&name), "{name} is a placeholder");
        if let Some(value) = value {
            self.0.insert(name, value.into());
        }
        self
    }

    /// The text with its placeholders filled; `None` where one has no value.
    fn fill(&self, text: &str) -> Option<OsString> {
        let mut out = OsString::new();
        for part in parts(text) {
            match part {
                Part::Text(text) => out.push(text),
                Part::Name(name) => out.push(self.0.get(name)?),
            }
        }
        Some(out)
    }
}

/// One call, ready to be started.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The program and its arguments.
    pub(crate) command: Vec<OsString>,
    /// Where it starts.
    pub(crate) folder: PathBuf,
    /// Names passed on from our own environment.
    pub(crate) pass: Vec<String>,
    /// Variables set.
    pub(crate) set: Vec<(OsString, OsString)>,
}

/// Makes the call and writes the private files it needs. `way` is what it needs in a sandbox, where it is in one.
pub(crate) fn call(
    adapter: &Adapter,
    auth: Option<&Auth>,
    way: Option<&ConfinedWay>,
    program: &Path,
    values: &Values,
    worktree: &Path,
    private: &Path,
) -> Result<Call, String> {
    let (none, open) = (Auth::default(), ConfinedWay::default());
    let auth = auth.unwrap_or(&none);
    // In a sandbox it is told where the proxy is.
    let way = way.unwrap_or(&open);
    let mut command = vec![program.as_os_str().to_owned()];
    // The arguments of a way to be signed in go where the adapter's own begin to be options: after a subcommand.
    let (subcommand, options) = split(&adapter.run.args);
    for argument in subcommand.iter().chain(&auth.args).chain(&way.args).chain(options) {
        command.extend(words(argument, values));
    }
    for (name, text) in adapter.run.files.iter().chain(&auth.files) {
        let content = values.fill(text).unwrap_or_default();
        write(&private.join(name), content.as_os_str())?;
    }
    let set = adapter.run.set.iter().chain(&auth.set).chain(&way.set);
    let is_passed = |name: &&String| !way.unset.contains(name);
    Ok(Call {
        command,
        folder: match adapter.run.folder {
            Folder::Worktree => worktree.to_owned(),
            Folder::Private => empty_folder(private)?,
        },
        pass: adapter.run.pass.iter().chain(&auth.pass).filter(is_passed).cloned().collect(),
        set: set.filter_map(|(name, text)| Some((name.into(), values.fill(text)?))).collect(),
    })
}

/// The leading words that are no options (`exec`, `run`), and the rest.
fn split(args: &[Argument]) -> (&[Argument], &[Argument]) {
    let is_option = |argument: &Argument| argument.words().first().is_none_or(|word| word.starts_with('-'));
    args.split_at(args.iter().position(is_option).unwrap_or(args.len()))
}

fn words(argument: &Argument, values: &Values) -> Vec<OsString> {
    let filled: Option<Vec<OsString>> = argument.words().iter().map(|word| values.fill(word)).collect();
    filled.unwrap_or_default()
}

fn empty_folder(private: &Path) -> Result<PathBuf, String> {
    let folder = private.join("empty");
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("its empty folder could not be made: {error}"))?;
    Ok(folder)
}

fn write(path: &Path, content: &OsStr) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("a file it needs could not be written: {error}");
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    std::fs::write(path, content.as_encoded_bytes()).map_err(failed)
}

enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Only `{lower_case}` is a placeholder, so JSON passes through.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|found| at + found) {
        at = open + 1;
        let Some(close) = text[at..].find('}').map(|found| at + found) else { break };
        let name = &text[at..close];
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            parts.push(Part::Text(&text[from..open]));
            parts.push(Part::Name(name));
            at = close + 1;
            from = at;
        }
    }
    parts.push(Part::Text(&text[from..]));
    parts
}

/// Refuses placeholders that nothing will fill.
pub(crate) fn check_placeholders(text: &str) -> Result<(), String> {
    for part in parts(text) {
        if let Part::Name(name) = part
            && !NAMES.contains(&name)
        {
            let known: Vec<String> = NAMES.iter().map(|name| format!("{{{name}}}")).collect();
            return Err(format!("unknown placeholder `{{{name}}}`; there are {}", known.join(" ")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        Values::default().with("model", Some("m {effort}")).with("worktree", Some("/w"))
    }

    #[test]
    fn placeholders_are_filled_once_and_json_passes_through() {
        for (text, filled) in [
            ("--model={model}", Some("--model=m {effort}")),
            ("{\"a\":{\"b\":\"{worktree}\"}}", Some("{\"a\":{\"b\":\"/w\"}}")),
            ("{}{ {A} {", Some("{}{ {A} {")),
            ("{effort}", None),
        ] {
            assert_eq!(values().fill(text), filled.map(OsString::from), "{text}");
        }
    }

    #[test]
    fn a_group_goes_as_a_whole() {
        let group = |words: &[&str]| Argument::Group(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(words(&group(&["--effort", "{effort}"]), &values()), Vec::<OsString>::new());
        assert_eq!(words(&group(&["-C", "{worktree}"]), &values()), ["-C", "/w"]);
    }

    #[test]
    fn what_nothing_fills_is_refused() {
        assert!(check_placeholders("{modle}").unwrap_err().contains("{model}"));
        assert!(check_placeholders("{\"x\": 1}").is_ok());
    }
}
