//! Paths of some machine become paths of the repository, or are refused.
//!
//! In: places as tools write them (relative, absolute, `file://`, with backslashes) and what is known of the repository. Out:
//! paths relative to its root, with `/`. A place outside is taken from its finding and noted; no path of a machine is kept.

use std::collections::{BTreeMap, HashMap};

use model::{RawLocation, RepoPath};
use percent_encoding::percent_decode_str;

use crate::draft::Draft;

/// What is known of the repository's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Roots<'a> {
    /// Folders of this machine that are the repository's root.
    pub prefixes: &'a [String],
    /// Files of the repository, the changed ones at least: they tell what an absolute path of another machine means.
    pub files: &'a [RepoPath],
}

/// Where the common services check out what they build.
const USUAL: &[&str] = &["/github/workspace/", "/workspace/source/", "/workspaces/source/"];

/// Makes every place of a draft one inside the repository.
pub(crate) fn settle(draft: &mut Draft, roots: Roots<'_>) {
    let root = vote(draft, roots);
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let declared = std::mem::take(&mut draft.roots);
    let mut settled: HashMap<String, Option<String>> = HashMap::new();
    for finding in &mut draft.findings {
        finding.locations.retain_mut(|location: &mut RawLocation| {
            let found = settled
                .entry(location.path.clone())
                .or_insert_with_key(|path| inside(path, roots.prefixes, root.as_deref(), &declared));
            if let Some(path) = found {
                location.path.clone_from(path);
                return true;
            }
            *refused.entry(last_name(&location.path)).or_default() += 1;
            false
        });
    }
    let count: usize = refused.values().sum();
    if count > 0 {
        let names: Vec<&str> = refused.keys().take(5).map(String::as_str).collect();
        let more = if refused.len() > 5 { " and others" } else { "" };
        draft.note(format!(
            "{count} places are not inside the repository and were left out: {}{more}",
            names.join(", ")
        ));
    }
}

/// The part of a path that tells nothing about the machine.
fn last_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("(nothing)");
    format!("`{}`", crate::draft::one_line(name, 80).replace('`', "'"))
}

/// The folder that makes the most absolute paths files of the repository.
fn vote(draft: &Draft, roots: Roots<'_>) -> Option<String> {
    let files: std::collections::HashSet<&str> = roots.files.iter().map(RepoPath::as_str).collect();
    let mut votes: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen = std::collections::HashSet::new();
    for location in draft.findings.iter().flat_map(|finding| &finding.locations) {
        if files.is_empty() || !seen.insert(location.path.as_str()) {
            continue;
        }
        let Some(absolute) = plain(&location.path).filter(|path| is_absolute(path)) else { continue };
        let starts = absolute.match_indices('/').map(|(at, _)| at + 1);
        let longest = starts.into_iter().find(|at| files.contains(&absolute[*at..]));
        if let Some(at) = longest {
            *votes.entry(absolute[..at].to_owned()).or_default() += 1;
        }
    }
    votes.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.len().cmp(&a.0.len()))).map(|(root, _)| root)
}

fn inside(path: &str, prefixes: &[String], voted: Option<&str>, declared: &[String]) -> Option<String> {
    let path = plain(path)?;
    if !is_absolute(&path) {
        return normal(&path);
    }
    let known = prefixes.iter().map(|prefix| prefix.replace('\\', "/"));
    let known = known.chain(voted.map(str::to_owned)).chain(declared.iter().filter_map(|root| plain(root)));
    let known = known.chain(USUAL.iter().map(|root| (*root).to_owned()));
    for root in known {
        let root = root.trim_end_matches('/');
        if root.is_empty() {
            continue;
        }
        if let Some(rest) = path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')) {
            return normal(rest);
        }
    }
    // `/home/runner/work/NAME/NAME/…`
    let mut parts = path.strip_prefix("/home/runner/work/")?.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(one), Some(two), Some(rest)) if one == two => normal(rest),
        _ => None,
    }
}

/// A path without scheme, percent signs of an address and backslashes; `None` where it is no path of a file.
fn plain(path: &str) -> Option<String> {
    let path = path.trim();
    let path = match path.get(..5).filter(|start| start.eq_ignore_ascii_case("file:")) {
        Some(_) => percent_decode_str(without_host(&path[5..])?).decode_utf8().ok()?.into_owned(),
        None if path.contains("://") => return None,
        None => path.to_owned(),
    };
    let windows = path.contains('\\') && (!path.contains('/') || has_drive(&path));
    let path = if windows { path.replace('\\', "/") } else { path };
    // `/C:/x` is how an address spells `C:/x`.
    let path = match path.strip_prefix('/').filter(|rest| has_drive(rest)) {
        Some(rest) => rest.to_owned(),
        None => path,
    };
    (!path.is_empty() && !path.contains('\0')).then_some(path)
}

/// What stands behind `file:`: `///x`, `//localhost/x`, `/x` or `x`.
fn without_host(rest: &str) -> Option<&str> {
    match rest.strip_prefix("//") {
        None => Some(rest),
        Some(rest) if rest.starts_with('/') => Some(rest),
        Some(rest) => rest.strip_prefix("localhost").filter(|rest| rest.starts_with('/')),
    }
}

fn has_drive(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.len() >= 3 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && matches!(bytes[2], b'/' | b'\\')
}

/// Also a path whose beginning was taken out, because it is of this machine: `~/x`, `<scratch>/x`.
fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.starts_with("~/") || path.starts_with("<scratch>/") || has_drive(path)
}

/// Without `.`, `..` and empty parts; `None` where it leaves the repository or names no file.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let stands_for_input = matches!(parts.as_slice(), ["-" | "<stdin>" | "<anonymous>" | "stdin"]);
    (!parts.is_empty() && !stands_for_input && parts[0] != ".git").then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{Diagnostic, place};

    fn settled(paths: &[&str], prefixes: &[&str], files: &[&str]) -> (Vec<Option<String>>, usize) {
        let mut draft = Draft::default();
        for path in paths {
            let places = vec![place(path, Some(1), None)];
            draft.push(Diagnostic { message: "m".into(), places, ..Diagnostic::default() });
        }
        let prefixes: Vec<String> = prefixes.iter().map(|path| (*path).to_owned()).collect();
        let files: Vec<RepoPath> = files.iter().map(|path| RepoPath::from(*path)).collect();
        settle(&mut draft, Roots { prefixes: &prefixes, files: &files });
        let found = draft.findings.iter().map(|finding| finding.locations.first().map(|at| at.path.clone()));
        (found.collect(), draft.notes.len())
    }

    fn one(path: &str, prefixes: &[&str], files: &[&str]) -> Option<String> {
        settled(&[path], prefixes, files).0.remove(0)
    }

    #[test]
    fn relative_paths_are_tidied() {
        for path in ["./src//a.rs", "src/a.rs", "src/b/../a.rs", "src\\a.rs", "file:src/a.rs"] {
            assert_eq!(one(path, &[], &[]).as_deref(), Some("src/a.rs"), "{path}");
        }
    }

    #[test]
    fn paths_that_leave_the_repository_are_refused_with_a_note() {
        let all = [
            "../x",
            "/etc/passwd",
            "a/../../x",
            "https://e.example/a.rs",
            "",
            "-",
            ".git/config",
            "C:\\x\\y",
        ];
        for path in all {
            assert_eq!(settled(&[path], &["/w/repo"], &["a.rs"]), (vec![None], 1), "{path}");
        }
        assert_eq!(one("/w/repository/a.rs", &["/w/repo"], &[]), None, "a longer name is another folder");
    }

    #[test]
    fn absolute_paths_are_those_of_the_repository_where_that_is_known() {
        assert_eq!(one("/w/repo/src/a.rs", &["/w/repo"], &[]).as_deref(), Some("src/a.rs"));
        assert_eq!(one("file:///w/repo/src/a%20b.rs", &["/w/repo/"], &[]).as_deref(), Some("src/a b.rs"));
        assert_eq!(one("file:///C:/w/src/a.rs", &["C:\\w"], &[]).as_deref(), Some("src/a.rs"));
        assert_eq!(one("/home/runner/work/r/r/src/a.rs", &[], &[]).as_deref(), Some("src/a.rs"));
    }

    #[test]
    fn a_foreign_root_is_told_by_the_files_it_makes_known() {
        let (found, notes) = settled(
            &["/ci/x/src/a.rs", "/ci/x/src/other.rs", "/usr/include/a.h"],
            &[],
            &["src/a.rs", "a.rs"],
        );
        assert_eq!(found, [Some("src/a.rs".into()), Some("src/other.rs".into()), None]);
        assert_eq!(notes, 1);
    }
}
