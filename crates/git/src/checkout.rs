//! Makes a folder that a reviewer may do anything to.
//!
//! In: a target and an empty folder. Out: the files of head, byte for byte, beside a `.git` of their own. Never shares
//! configuration, hooks, references or an index with the user's repository; only objects are borrowed, for reading.

use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{Sha, Target};

use crate::call::{Call, Place, null_device, path_bytes, quote};
use crate::repository::is_zero;
use crate::tree::{EntryKind, Tree};
use crate::{Error, Repository, Result, describe};

/// Writing many files to a slow disk takes long.
const LIMIT: Duration = Duration::from_mins(15);

const DOING: &str = "could not make a checkout";

/// Attributes with precedence over those of the change: no filter, no conversion, on checkout and afterwards.
const ATTRIBUTES: &str = "* -text -eol -ident -working-tree-encoding -filter\n";

/// What the checkout's own git is told.
const SETTINGS: &[(&str, &str)] = &[
    ("core.autocrlf", "false"),
    ("core.longpaths", "true"),
    ("core.fsmonitor", "false"),
    ("commit.gpgSign", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("advice.detachedHead", "false"),
];

/// A throw-away checkout; the folder belongs to whoever named it.
#[derive(Debug)]
pub struct Checkout {
    pub(crate) path: PathBuf,
    pub(crate) repository: Repository,
    pub(crate) head: Sha,
    notes: Vec<String>,
}

impl Checkout {
    /// Its root.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a reader should know about it: submodules left empty, names that clash on this file system.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Takes files and folders out of the checkout, and tells its git not to miss them. A pattern without a slash is
    /// meant in every folder, one with a slash from the root; `*` stands for anything but a slash, and capitals do not
    /// matter. Returns what was taken, folders with a `/` behind them.
    pub fn strip(&self, patterns: &[&str]) -> Result<Vec<String>> {
        let failed = |error: std::io::Error| Error::failed("could not strip a checkout", error);
        let tree = Tree::read(&self.repository.place(), self.head.as_str())?;
        let mut taken = Vec::new();
        let mut missing = Vec::new();
        for entry in &tree.entries {
            let path = entry.path.as_str();
            let Some(stripped) = stripped_part(path, patterns) else { continue };
            let raw = tree.paths.bytes(&entry.path);
            missing.extend(raw.iter());
            missing.push(0);
            let name = if stripped == path { path.to_owned() } else { format!("{stripped}/") };
            if taken.last() == Some(&name) {
                continue;
            }
            // Nothing but git has written here, so no folder on the way is a link.
            let depth = stripped.split('/').count();
            let parts: Vec<&[u8]> = raw.split(|byte| *byte == b'/').take(depth).collect();
            let place = self.path.join(crate::call::os_string(&parts.join(&b'/')));
            match place.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(&place).map_err(failed)?,
                Ok(_) => std::fs::remove_file(&place).map_err(failed)?,
                Err(_) => {}
            }
            taken.push(name);
        }
        if !missing.is_empty() {
            let bench = Bench { place: self.repository.checkout_place(&self.path) };
            let skip = ["update-index", "-z", "--skip-worktree", "--stdin"];
            bench.call()?.args(skip).input(missing).output()?;
        }
        Ok(taken)
    }
}

/// The part of a path, from its beginning, that a pattern means.
fn stripped_part<'a>(path: &'a str, patterns: &[&str]) -> Option<&'a str> {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.map(|end| &path[..end]).find(|part| {
        let name = part.rsplit('/').next().unwrap_or(part);
        patterns.iter().any(|pattern| like(if pattern.contains('/') { part } else { name }, pattern))
    })
}

/// Whether a text is what a pattern says.
fn like(text: &str, pattern: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return text.eq_ignore_ascii_case(pattern) };
    let starts = text.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head));
    starts
        && (head.len()..=text.len())
            .filter(|at| text.is_char_boundary(*at))
            .take_while(|at| !text[head.len()..*at].contains('/'))
            .any(|at| like(&text[at..], tail))
}

impl Repository {
    /// Makes a throw-away checkout of the target's head in a new or empty folder. Inside, HEAD is the target's head,
    /// and the branch `deep-review/base` is where the change begins.
    pub fn checkout(&self, target: &Target, destination: &Path) -> Result<Checkout> {
        let failed = |error: std::io::Error| Error::failed(DOING, error);
        std::fs::create_dir_all(destination).map_err(failed)?;
        if std::fs::read_dir(destination).map_err(failed)?.next().is_some() {
            return Err(Error::failed(DOING, "its folder is not empty"));
        }
        let tree = Tree::read(&self.place(), target.head.as_str())?;
        if let Some(entry) = tree.entries.iter().find(|entry| leaves_its_folder(entry.path.as_str())) {
            return Err(Error::failed(DOING, format!("`{}` is no path inside a folder", entry.path)));
        }
        let bench = Bench { place: self.checkout_place(destination) };
        bench.make_repository(self)?;
        bench.borrow_objects(self).map_err(failed)?;
        bench.point(self, target)?;
        bench
            .call()?
            .args(["-c", "checkout.workers=0", "read-tree", "--reset", "-u", "HEAD"])
            .limit(LIMIT)
            .output()?;
        let mut notes = Vec::new();
        note_submodules(&tree, &mut notes);
        if bench.ignores_case()? {
            note_clashes(&tree, &mut notes);
        }
        Ok(Checkout {
            path: destination.to_owned(),
            repository: self.clone(),
            head: target.head.clone(),
            notes,
        })
    }

    fn checkout_place(&self, destination: &Path) -> Place {
        Place {
            folder: destination.to_owned(),
            git_dir: Some(destination.join(".git")),
            worktree: Some(destination.to_owned()),
            alternates: Vec::new(),
            attributes_from: Some(self.empty_tree().to_owned()),
        }
    }
}

/// The checkout while it is made.
struct Bench {
    place: Place,
}

impl Bench {
    /// A call that knows no configuration but the checkout's own.
    fn call(&self) -> Result<Call> {
        Ok(self
            .place
            .call(DOING)?
            .env("GIT_CONFIG_GLOBAL", null_device())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("GIT_CONFIG_SYSTEM")
            .env_remove("GIT_CONFIG_COUNT"))
    }

    fn git_dir(&self) -> PathBuf {
        self.place.folder.join(".git")
    }

    fn make_repository(&self, repository: &Repository) -> Result<()> {
        let format = if repository.sha256 { "sha256" } else { "sha1" };
        self.call()?
            .env("GIT_DEFAULT_REF_FORMAT", "files")
            .args(["init", "--quiet", "--template=", &format!("--object-format={format}")])
            .output()?;
        for (key, value) in SETTINGS {
            self.call()?.args(["config", key, value]).output()?;
        }
        let info = self.git_dir().join("info");
        std::fs::create_dir_all(self.git_dir().join("hooks"))
            .and_then(|()| std::fs::create_dir_all(&info))
            .and_then(|()| std::fs::write(info.join("attributes"), ATTRIBUTES))
            .and_then(|()| std::fs::write(info.join("exclude"), ""))
            .map_err(|error| Error::failed(DOING, error))
    }

    /// Lets the checkout's git find objects where they are, and know where history is cut.
    fn borrow_objects(&self, repository: &Repository) -> std::io::Result<()> {
        let mut alternates = Vec::new();
        for folder in [repository.objects(), repository.quarantine()] {
            if folder.is_dir() {
                alternates.extend(quote(&path_bytes(folder.as_os_str()), b'\n'));
                alternates.push(b'\n');
            }
        }
        let info = self.git_dir().join("objects").join("info");
        std::fs::create_dir_all(&info)?;
        std::fs::write(info.join("alternates"), alternates)?;
        let cut = describe::cut_at(repository.common_dir());
        if !cut.is_empty() {
            let lines: Vec<String> = cut.iter().map(|sha| format!("{sha}\n")).collect();
            std::fs::write(self.git_dir().join("shallow"), lines.concat())?;
        }
        Ok(())
    }

    fn point(&self, repository: &Repository, target: &Target) -> Result<()> {
        self.call()?.args(["update-ref", "--no-deref", "HEAD", target.head.as_str()]).output()?;
        if !is_zero(&target.merge_base) {
            let base = target.merge_base.as_str();
            self.call()?.args(["update-ref", "refs/heads/deep-review/base", base]).output()?;
        }
        debug_assert!(repository.objects().is_dir(), "objects are borrowed from somewhere");
        Ok(())
    }

    fn ignores_case(&self) -> Result<bool> {
        let output = self.call()?.args(["config", "--get", "core.ignorecase"]).fine(&[0, 1]).output()?;
        Ok(output.stdout.starts_with(b"true"))
    }
}

/// Git refuses to store such paths and to check them out; a repository made by something else may have them.
fn leaves_its_folder(path: &str) -> bool {
    path.starts_with('/')
        || path.split('/').any(|part| matches!(part, "" | "." | "..") || part.eq_ignore_ascii_case(".git"))
}

fn note_submodules(tree: &Tree, notes: &mut Vec<String>) {
    let count = tree.entries.iter().filter(|entry| entry.kind == EntryKind::Submodule).count();
    if count > 0 {
        let folders =
            if count == 1 { "1 submodule is".to_owned() } else { format!("{count} submodules are") };
        notes.push(format!("{folders} left empty in the checkout"));
    }
}

/// Where the file system ignores case, one of two files whose names differ in case alone is lost.
fn note_clashes(tree: &Tree, notes: &mut Vec<String>) {
    let mut seen = std::collections::HashMap::new();
    for entry in &tree.entries {
        if let Some(other) = seen.insert(entry.path.as_str().to_lowercase(), &entry.path) {
            notes.push(format!("`{other}` and `{}` are one file on this file system", entry.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_agents_is_found_wherever_it_is_meant() {
        let patterns = ["CLAUDE.md", ".claude", ".env*", ".github/hooks"];
        for (path, stripped) in [
            ("CLAUDE.md", Some("CLAUDE.md")),
            ("docs/claude.MD", Some("docs/claude.MD")),
            ("a/.claude/b/c.json", Some("a/.claude")),
            (".env", Some(".env")),
            ("x/.env.local", Some("x/.env.local")),
            (".github/hooks/x.json", Some(".github/hooks")),
            ("a/.github/hooks/x.json", None),
            ("NOTCLAUDE.md", None),
            ("claude.md.txt", None),
            ("environment", None),
        ] {
            assert_eq!(stripped_part(path, &patterns), stripped, "{path}");
        }
    }

    #[test]
    fn paths_that_leave_a_folder_are_known() {
        for bad in ["/a", "../a", "a/../b", "a//b", ".git/config", "a/.GIT/hooks/x", "."] {
            assert!(leaves_its_folder(bad), "{bad}");
        }
        for fine in ["a", "a/..b", ".gitignore", "-x", "a b/[c]"] {
            assert!(!leaves_its_folder(fine), "{fine}");
        }
    }
}
