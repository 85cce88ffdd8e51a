//! What an agent may read through us: plain text files of its own checkout.
//!
//! In: the checkout and a path as the agent wrote it. Out: text, or why not. Never a path that leads out of the checkout, by
//! its spelling or by a link, never anything that is no plain file, never a write.

use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// The largest file that is served. More belongs in no prompt, and agents have tools of their own.
const LARGEST: u64 = 4 << 20;

/// What `fs/read_text_file` asks for.
#[derive(Deserialize)]
struct Wanted {
    path: PathBuf,
    /// The first line, 1-based.
    #[serde(default)]
    line: Option<usize>,
    /// How many lines.
    #[serde(default)]
    limit: Option<usize>,
}

/// Answers `fs/read_text_file`.
pub(super) fn read(root: &Path, params: &Value) -> Result<String, String> {
    let wanted: Wanted = serde_json::from_value(params.clone())
        .map_err(|error| format!("the request is not understood: {error}"))?;
    let path = inside(root, &wanted.path)?;
    let metadata = path.metadata().map_err(|error| format!("it cannot be read: {error}"))?;
    if !metadata.is_file() {
        return Err("it is not a plain file".to_owned());
    }
    if metadata.len() > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&path).map_err(|error| format!("it cannot be read: {error}"))?;
    // It may grow while it is read.
    file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| format!("it cannot be read: {error}"))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(match (wanted.line, wanted.limit) {
        (None, None) => text.into_owned(),
        (line, limit) => {
            let first = line.unwrap_or(1).saturating_sub(1);
            text.split_inclusive('\n').skip(first).take(limit.unwrap_or(usize::MAX)).collect()
        }
    })
}

/// The real path of something in the checkout. A path that is not there yet is judged by the folder that is.
pub(super) fn inside(root: &Path, path: &Path) -> Result<PathBuf, String> {
    let outside = || "it is outside of the checkout under review".to_owned();
    if path.components().any(|part| part == Component::ParentDir) || path.starts_with("~") {
        return Err(outside());
    }
    let real_root = root.canonicalize().map_err(|error| format!("the checkout cannot be read: {error}"))?;
    let whole = if path.is_absolute() { path.to_owned() } else { real_root.join(path) };
    if !whole.starts_with(root) && !whole.starts_with(&real_root) {
        return Err(outside());
    }
    let there = whole.ancestors().find(|there| there.symlink_metadata().is_ok()).ok_or_else(outside)?;
    let real = there.canonicalize().map_err(|error| format!("it cannot be read: {error}"))?;
    if !real.starts_with(&real_root) {
        return Err(outside());
    }
    let rest = whole.strip_prefix(there).map_err(|_| outside())?;
    Ok(if rest.as_os_str().is_empty() { real } else { real.join(rest) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checkout() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("checkout");
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::write(root.join("src/a.rs"), "one\ntwo\nthree\n").unwrap();
        std::fs::write(folder.path().join("secret"), "the secret").unwrap();
        (folder, root)
    }

    #[test]
    fn a_file_of_the_checkout_is_served_whole_or_some_lines_of_it() {
        let (_folder, root) = checkout();
        let path = root.join("src/a.rs");
        assert_eq!(read(&root, &json!({ "path": path })).unwrap(), "one\ntwo\nthree\n");
        assert_eq!(read(&root, &json!({ "path": path, "line": 2, "limit": 1 })).unwrap(), "two\n");
        assert_eq!(read(&root, &json!({ "path": path, "line": 9 })).unwrap(), "");
        assert_eq!(read(&root, &json!({ "path": "src/a.rs", "line": 0, "limit": 1 })).unwrap(), "one\n");
    }

    #[test]
    fn nothing_outside_is_served_however_it_is_spelled() {
        let (folder, root) = checkout();
        let outside = folder.path().join("secret");
        let dotted = root.join("../secret");
        let beside = folder.path().join("checkout-2");
        for path in [
            outside.as_path(),
            &dotted,
            &beside,
            Path::new("../secret"),
            Path::new("~/x"),
            Path::new("/etc/passwd"),
        ] {
            let error = read(&root, &json!({ "path": path })).unwrap_err();
            assert!(error.contains("outside"), "{}: {error}", path.display());
        }
        assert!(read(&root, &json!({ "path": root })).unwrap_err().contains("plain file"));
        assert!(read(&root, &json!({ "path": "src/none" })).is_err());
        assert!(read(&root, &json!({ "file": "src/a.rs" })).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_nowhere() {
        let (folder, root) = checkout();
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).unwrap();
        std::os::unix::fs::symlink(folder.path(), root.join("up")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", root.join("zero")).unwrap();
        for path in ["link", "up/secret", "zero", "up/none"] {
            assert!(read(&root, &json!({ "path": path })).is_err(), "{path}");
            assert!(inside(&root, Path::new(path)).is_err(), "{path}");
        }
        std::os::unix::fs::symlink(root.join("src"), root.join("within")).unwrap();
        assert_eq!(read(&root, &json!({ "path": "within/a.rs", "limit": 1 })).unwrap(), "one\n");
    }
}
