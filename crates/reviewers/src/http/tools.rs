//! What a model may look at: the repository at the pinned commits, read-only, through git's own objects.
//!
//! In: a call as the model wrote it. Out: a text of bounded length. Paths are looked up among the names that git has; what
//! is not there is not read, so no spelling leads out of the repository. Nothing is written and nothing is started but git.

use std::fmt::Write as _;

use git::{EntryKind, SearchOptions, Snapshot};
use model::{RepoPath, Side};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::protocol::{Call, Tool};
use crate::prompt::unified_diff;

/// The longest result of one call, in bytes. A model that wants more asks for the next lines.
const LONGEST: usize = 32 << 10;
/// Most lines of one file in one result.
const MOST_LINES: u32 = 1000;
/// Most names, hits and commits in one result.
const MOST_ENTRIES: usize = 300;
const MOST_HITS: usize = 100;
const MOST_COMMITS: usize = 50;
/// The longest line that is shown whole.
const LONGEST_LINE: usize = 1000;

/// What a call returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Returned {
    pub(crate) text: String,
    pub(crate) failed: bool,
}

/// The tools as models are told about them.
pub(crate) fn declarations() -> Vec<Tool> {
    let path = || json!({ "type": "string", "description": "Path relative to the repository's root" });
    let side = || json!({ "type": "string", "enum": ["head", "base"], "description": "head (default): as reviewed; base: before the change" });
    let line = |what: &str| json!({ "type": "integer", "minimum": 1, "description": what });
    let object = |properties: Value, required: &[&str]| json!({ "type": "object", "properties": properties, "required": required });
    let tool = |name, description, schema| Tool { name, description, schema };
    vec![
        tool(
            "list_files",
            "Lists the files of the repository, or of a folder in it.",
            object(
                json!({ "path": { "type": "string", "description": "Folder relative to the repository's root; empty for all" }, "side": side() }),
                &[],
            ),
        ),
        tool(
            "read_file",
            "Reads a file, or some of its lines, with line numbers.",
            object(
                json!({ "path": path(), "start": line("First line"), "end": line("Last line"), "side": side() }),
                &["path"],
            ),
        ),
        tool(
            "search",
            "Finds a text, to the letter, in all files of the repository.",
            object(
                json!({
                    "text": { "type": "string", "description": "What to look for; one line, no pattern" },
                    "path": { "type": "string", "description": "Only in files whose path begins so" },
                    "whole_words": { "type": "boolean" }, "ignore_case": { "type": "boolean" }, "side": side(),
                }),
                &["text"],
            ),
        ),
        tool(
            "blame",
            "Tells for lines of a file whether this change wrote them, and in which commit.",
            object(
                json!({ "path": path(), "start": line("First line"), "end": line("Last line") }),
                &["path", "start", "end"],
            ),
        ),
        tool(
            "log",
            "Lists the commits of this change, or the newest commits that touched a file.",
            object(json!({ "path": path() }), &[]),
        ),
        tool(
            "diff",
            "Shows what this change does to a file, as a unified diff.",
            object(json!({ "path": path() }), &["path"]),
        ),
    ]
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    path: String,
    #[serde(default)]
    side: Option<Side>,
}

#[derive(Deserialize)]
struct Read {
    path: String,
    #[serde(default)]
    start: Option<u32>,
    #[serde(default)]
    end: Option<u32>,
    #[serde(default)]
    side: Option<Side>,
}

#[derive(Deserialize)]
struct Search {
    text: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    whole_words: bool,
    #[serde(default)]
    ignore_case: bool,
    #[serde(default)]
    side: Option<Side>,
}

#[derive(Deserialize)]
struct Blame {
    path: String,
    start: u32,
    end: u32,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    path: Option<String>,
}

#[derive(Deserialize)]
struct Diff {
    path: String,
}

/// Does what a model asks for, or says why not.
pub(crate) fn run(snapshot: &Snapshot, call: &Call) -> Returned {
    let result = match call.name.as_str() {
        "list_files" => arguments(call).and_then(|wanted| list(snapshot, &wanted)),
        "read_file" => arguments(call).and_then(|wanted| read(snapshot, &wanted)),
        "search" => arguments(call).and_then(|wanted| search(snapshot, &wanted)),
        "blame" => arguments(call).and_then(|wanted| blame(snapshot, &wanted)),
        "log" => arguments(call).and_then(|wanted| log(snapshot, &wanted)),
        "diff" => arguments(call).and_then(|wanted| diff(snapshot, &wanted)),
        _ => {
            let names: Vec<&str> = declarations().iter().map(|tool| tool.name).collect();
            Err(format!("there is no such tool; there are {}", names.join(", ")))
        }
    };
    match result {
        Ok(text) => Returned { text: bounded(text), failed: false },
        Err(text) => Returned { text: bounded(text), failed: true },
    }
}

fn arguments<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    let text = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
    serde_json::from_str(text).map_err(|error| format!("the arguments do not fit: {error}"))
}

/// A result that is too long says so at its end; nothing is left out silently.
fn bounded(mut text: String) -> String {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = text[..end].rfind('\n').map_or(end, |at| at + 1);
        text.truncate(end);
        text.push_str("[cut here: the result is longer; ask for less at a time]\n");
    }
    text
}

/// A path as git has it. Models write a leading `./` or `/`, which mean the root.
fn path(text: &str) -> RepoPath {
    let text = text.trim();
    let text = text.strip_prefix("./").unwrap_or(text);
    RepoPath::new(text.trim_start_matches('/'))
}

fn shown(line: &str) -> String {
    let mut shown: String = line.chars().take(LONGEST_LINE).collect();
    if shown.len() < line.len() {
        shown.push_str(" [line cut]");
    }
    shown
}

fn list(snapshot: &Snapshot, wanted: &List) -> Result<String, String> {
    let folder = path(wanted.path.trim_end_matches('/'));
    let folder = if matches!(folder.as_str(), "" | ".") { String::new() } else { format!("{folder}/") };
    let entries = snapshot.entries(wanted.side.unwrap_or(Side::Head));
    let all: Vec<&str> =
        entries.iter().map(|entry| entry.path.as_str()).filter(|path| path.starts_with(&folder)).collect();
    if all.is_empty() {
        return Err(format!("there is no folder `{}`", folder.trim_end_matches('/')));
    }
    if all.len() <= MOST_ENTRIES {
        return Ok(all.join("\n") + "\n");
    }
    Ok(folders(&all, &folder))
}

/// Too many files to name: the folders below with their numbers of files, and the files directly in it.
fn folders(all: &[&str], folder: &str) -> String {
    let mut out = format!("{} files; folders with their numbers of files:\n", all.len());
    let mut counts: Vec<(String, usize)> = Vec::new();
    for path in all {
        let below = &path[folder.len()..];
        let name = below.find('/').map_or_else(|| below.to_owned(), |at| below[..=at].to_owned());
        match counts.last_mut() {
            Some((last, count)) if *last == name => *count += 1,
            _ => counts.push((name, 1)),
        }
    }
    for (name, count) in counts {
        let number = if name.ends_with('/') { format!(" ({count})") } else { String::new() };
        let _ = writeln!(out, "{folder}{name}{number}");
    }
    out
}

fn no_file(snapshot: &Snapshot, side: Side, path: &RepoPath) -> String {
    let same_name =
        snapshot.entries(side).iter().filter(|entry| entry.path.file_name() == path.file_name()).take(5);
    let near: Vec<&str> = same_name.map(|entry| entry.path.as_str()).collect();
    let near =
        if near.is_empty() { String::new() } else { format!("; files of that name: {}", near.join(", ")) };
    format!("there is no file `{path}`{near}")
}

fn read(snapshot: &Snapshot, wanted: &Read) -> Result<String, String> {
    let side = wanted.side.unwrap_or(Side::Head);
    let path = path(&wanted.path);
    let entry = snapshot.entry(side, &path).ok_or_else(|| no_file(snapshot, side, &path))?;
    let text = snapshot.try_text(side, &path).map_err(|error| format!("it cannot be read: {error}"))?;
    let Some(text) = text else { return Err("it is a submodule and has no text here".to_owned()) };
    if text.binary {
        return Ok(format!("[no text: {} bytes, binary or too large]\n", text.size));
    }
    if entry.kind == EntryKind::Link {
        return Ok(format!("[a symbolic link to {}]\n", shown(&text.content)));
    }
    let count = text.line_count();
    let start = wanted.start.unwrap_or(1).max(1);
    let end = wanted.end.unwrap_or(count).min(count).min(start.saturating_add(MOST_LINES - 1));
    if start > count && count > 0 {
        return Err(format!("it has {count} lines"));
    }
    let mut out = String::new();
    for number in start..=end {
        let _ = writeln!(out, "{number:>6}  {}", shown(text.line(number).unwrap_or_default()));
        if out.len() > LONGEST - 200 {
            let _ = writeln!(out, "[lines {} to {count} follow]", number + 1);
            return Ok(out);
        }
    }
    if end < count {
        let _ = writeln!(out, "[lines {} to {count} follow]", end + 1);
    }
    Ok(out)
}

fn search(snapshot: &Snapshot, wanted: &Search) -> Result<String, String> {
    if wanted.text.is_empty() || wanted.text.contains(['\n', '\r', '\0']) {
        return Err("`text` is one line that is not empty".to_owned());
    }
    let options = SearchOptions {
        side: wanted.side.unwrap_or(Side::Head),
        whole_words: wanted.whole_words,
        ignore_case: wanted.ignore_case,
        limit: if wanted.path.is_empty() { MOST_HITS } else { 20_000 },
        limit_per_needle: if wanted.path.is_empty() { MOST_HITS } else { 20_000 },
    };
    let hits = snapshot.search(&[&wanted.text], &options).map_err(|error| error.to_string())?;
    let beginning = path(&wanted.path);
    let mut out = String::new();
    let fitting = hits.iter().filter(|hit| hit.path.as_str().starts_with(beginning.as_str()));
    let mut count = 0;
    for hit in fitting {
        count += 1;
        if count <= MOST_HITS {
            let _ = writeln!(out, "{}:{}: {}", hit.path, hit.line, shown(&hit.text));
        }
    }
    if count == 0 {
        out.push_str("[not found]\n");
    }
    if count > MOST_HITS || hits.cut {
        out.push_str("[there is more: narrow it down]\n");
    }
    if hits.skipped > 0 {
        let _ = writeln!(out, "[{} files were too large to look into]", hits.skipped);
    }
    Ok(out)
}

fn blame(snapshot: &Snapshot, wanted: &Blame) -> Result<String, String> {
    let path = path(&wanted.path);
    snapshot.entry(Side::Head, &path).ok_or_else(|| no_file(snapshot, Side::Head, &path))?;
    let end = wanted.end.min(wanted.start.saturating_add(MOST_LINES - 1));
    let lines = snapshot.blame(&path, &[(wanted.start, end)]).map_err(|error| error.to_string())?;
    let mut out = String::new();
    for line in lines {
        let when = if line.in_change { "this change" } else { "older" };
        let _ = writeln!(out, "{:>6}  {when}  {}", line.line, line.commit.short());
    }
    if out.is_empty() { Err("there are no such lines".to_owned()) } else { Ok(out) }
}

fn log(snapshot: &Snapshot, wanted: &Log) -> Result<String, String> {
    let target = snapshot.target();
    let commits = match wanted.path.as_deref().filter(|path| !path.trim().is_empty()) {
        None => target.commits.iter().rev().take(MOST_COMMITS).cloned().collect(),
        Some(text) => {
            let path = path(text);
            let known = [Side::Head, Side::Base].iter().any(|side| snapshot.entry(*side, &path).is_some());
            if !known {
                return Err(no_file(snapshot, Side::Head, &path));
            }
            snapshot.commits_touching(&path, MOST_COMMITS).map_err(|error| error.to_string())?
        }
    };
    let mut out = String::new();
    for commit in commits {
        let _ = writeln!(
            out,
            "{} {} {}",
            commit.sha.short(),
            commit.at.strftime("%Y-%m-%d"),
            shown(&commit.subject)
        );
        for line in commit.body.lines().take(10) {
            let _ = writeln!(out, "    {}", shown(line));
        }
    }
    if out.is_empty() { Ok("[no commits]\n".to_owned()) } else { Ok(out) }
}

fn diff(snapshot: &Snapshot, wanted: &Diff) -> Result<String, String> {
    let path = path(&wanted.path);
    let is_it = |file: &&model::FileDiff| file.path == path || file.old_path.as_ref() == Some(&path);
    match snapshot.diff().iter().find(is_it) {
        Some(file) => Ok(unified_diff(std::slice::from_ref(file))),
        None => Err(format!("this change does not touch `{path}`")),
    }
}

#[cfg(test)]
mod tests;
