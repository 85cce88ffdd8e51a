//! Makes a folder that a reviewer may do anything to.
//!
//! In: a target and an empty folder. Out: the files of head, byte for byte (huge ones of the change are left out), beside a `.git` of
//! their own. Never shares
//! configuration, hooks, references or an index with the user's repository; only objects are borrowed, for reading.

use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{Sha, Target};

use crate::call::{Call, Place, null_device, path_bytes, quote};
use crate::repository::is_zero;
use crate::tree::{Entry, EntryKind, Tree};
use crate::{Error, Repository, Result, describe};

/// Writing many files to a slow disk takes long.
const LIMIT: Duration = Duration::from_mins(15);

const DOING: &str = "could not make a checkout";

/// A larger file of the change is not laid out: a few bytes of a repository can stand for a full disk.
const LARGEST: u64 = 256 << 20;

/// The files of a change that are laid out have at most so many bytes together.
const LARGEST_CHANGE: u64 = 1 << 30;

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
    // Objects are borrowed; nothing is fetched, whatever a submodule's address is.
    ("protocol.allow", "never"),
    ("core.hooksPath", "/dev/null"),
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
            Bench { place: self.repository.checkout_place(&self.path) }.skip(missing)?;
        }
        Ok(taken)
    }

    /// Makes plain files of links that lead out of the checkout: who follows them reads what is not under review. Returns their
    /// paths. The file says where the link leads, as on a system without links.
    pub fn keep_links_inside(&self) -> Result<Vec<String>> {
        let failed =
            |error: std::io::Error| Error::failed("could not look at the links of a checkout", error);
        let tree = Tree::read(&self.repository.place(), self.head.as_str())?;
        let (mut held, mut changed) = (Vec::new(), Vec::new());
        for entry in tree.entries.iter().filter(|entry| entry.kind == EntryKind::Link) {
            let raw = tree.paths.bytes(&entry.path);
            let place = self.path.join(crate::call::os_string(&raw));
            // Where the system has no links, git wrote a file; what was stripped is not there.
            let Ok(leads_to) = std::fs::read_link(&place) else { continue };
            if stays_inside(&raw, &path_bytes(leads_to.as_os_str())) {
                continue;
            }
            std::fs::remove_file(&place).map_err(failed)?;
            std::fs::write(&place, path_bytes(leads_to.as_os_str())).map_err(failed)?;
            changed.extend(raw.iter());
            changed.push(0);
            held.push(entry.path.as_str().to_owned());
        }
        if !changed.is_empty() {
            Bench { place: self.repository.checkout_place(&self.path) }.skip(changed)?;
        }
        Ok(held)
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
        let mut notes = Vec::new();
        let large = too_large(self, &tree, target)?;
        if large.is_empty() {
            bench.fill(&["read-tree", "--reset", "-u", "HEAD"])?;
        } else {
            let missing: Vec<u8> = large
                .iter()
                .flat_map(|(entry, _)| [&tree.paths.bytes(&entry.path)[..], &[0]].concat())
                .collect();
            bench.fill(&["read-tree", "--reset", "HEAD"])?;
            bench.skip(missing)?;
            bench.fill(&["checkout-index", "--all", "--force", "--index"])?;
            notes.extend(large.iter().map(|(entry, size)| {
                format!("`{}` ({} MiB) is too large and was left out of the checkout", entry.path, size >> 20)
            }));
        }
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

    /// Writes index or files.
    fn fill(&self, words: &[&str]) -> Result<()> {
        self.call()?.args(["-c", "checkout.workers=0"]).args(words).limit(LIMIT).output().map(drop)
    }

    /// Tells the checkout's git not to look at some files: their names, each with a zero behind it.
    fn skip(&self, names: Vec<u8>) -> Result<()> {
        let skip = ["update-index", "-z", "--skip-worktree", "--stdin"];
        self.call()?.args(skip).input(names).output().map(drop)
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

/// Whether a link stays in the tree, whatever other links it passes: it climbs first, and no higher than the root, and then only
/// descends. A parent behind a name may be the parent of what another link means.
fn stays_inside(link: &[u8], leads_to: &[u8]) -> bool {
    let depth = memchr::memchr_iter(b'/', link).count();
    let separator = |byte: &u8| *byte == b'/' || (cfg!(windows) && *byte == b'\\');
    let absolute = leads_to.first().is_none_or(separator) || (cfg!(windows) && leads_to.contains(&b':'));
    let mut climbed = 0;
    let mut descends = false;
    for part in leads_to.split(separator) {
        match part {
            b"" | b"." => {}
            b".." if descends => return false,
            b".." => climbed += 1,
            _ => descends = true,
        }
    }
    !absolute && climbed <= depth
}

/// Files that the change brings and that are too large to be laid out, with their sizes: one that is huge, or the largest of many.
fn too_large<'t>(repository: &Repository, tree: &'t Tree, target: &Target) -> Result<Vec<(&'t Entry, u64)>> {
    let is_file = |entry: &&Entry| entry.kind == EntryKind::Blob;
    let changed = target.changed.iter().filter_map(|file| tree.get(&file.path)).filter(is_file);
    let changed: Vec<&Entry> = changed.collect();
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<u8> = changed.iter().flat_map(|entry| format!("{}\n", entry.oid).into_bytes()).collect();
    let check = ["cat-file", "--batch-check=%(objectsize)"];
    let sizes = repository.place().call(DOING)?.args(check).input(names).stdout()?;
    let sizes =
        String::from_utf8_lossy(&sizes).lines().map(|line| line.parse().unwrap_or(0)).collect::<Vec<u64>>();
    let mut sized: Vec<(&Entry, u64)> = changed.into_iter().zip(sizes).collect();
    sized.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let mut total: u64 = sized.iter().map(|(_, size)| size).sum();
    let mut large = Vec::new();
    for (entry, size) in sized {
        if size <= LARGEST && total <= LARGEST_CHANGE {
            break;
        }
        total -= size;
        large.push((entry, size));
    }
    Ok(large)
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
    fn a_link_stays_inside_where_no_other_link_can_lead_it_out() {
        for (link, leads_to, stays) in [
            ("a", "b", true),
            ("a/b/c", "../../d", true),
            ("a/b/c", "./../x/./y", true),
            ("a", "..", false),
            ("a/b", "../../x", false),
            ("a", "/etc/passwd", false),
            ("a", "", false),
            ("a/b/c", "d/../e", false),
            ("a/b", "./..", true),
        ] {
            assert_eq!(stays_inside(link.as_bytes(), leads_to.as_bytes()), stays, "{link} -> {leads_to}");
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
