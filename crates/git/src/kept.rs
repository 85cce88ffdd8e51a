//! Files that one run keeps for the next, below `deep-review/index` of the git common dir.
//!
//! In: bytes. Out: the same bytes in a later run, whole or not at all. Never larger than its bound, never half written, also
//! where several runs write at once; whoever cannot write keeps nothing. What is kept was computed from objects of this
//! repository by this program: no file of a branch is ever taken for one of these.

use std::hash::Hasher as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a run that was killed left half written is taken away after this time.
const LEFT_OVER: Duration = Duration::from_hours(1);

/// Where a file is kept.
pub(crate) fn place(common_dir: &Path, name: &str) -> PathBuf {
    common_dir.join("deep-review").join("index").join(name)
}

/// Reads a file of at most `bound` bytes; `None` where it is not there, no file, or larger.
pub(crate) fn read(file: &Path, bound: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let open = std::fs::File::open(file).ok()?;
    if !open.metadata().ok()?.is_file() {
        return None;
    }
    open.take(bound + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= bound).then_some(bytes)
}

/// Puts a file in place of what was there, in one step.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return Ok(()) };
    std::fs::create_dir_all(folder)?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let prefix = format!("{}.", name.to_string_lossy());
    clear(folder, &prefix);
    // Other runs, and other threads of this one, write files of their own.
    let own = folder.join(format!("{prefix}{}-{number}", std::process::id()));
    std::fs::write(&own, bytes)
        .and_then(|()| std::fs::rename(&own, file))
        .inspect_err(|_| std::fs::remove_file(&own).unwrap_or_default())
}

/// Takes away what runs that were killed left half written.
fn clear(folder: &Path, prefix: &str) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let old = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if entry.file_name().to_string_lossy().starts_with(prefix) && old().is_some_and(|age| age > LEFT_OVER)
        {
            std::fs::remove_file(entry.path()).unwrap_or_default();
        }
    }
}

/// Tells damage from what was written; no proof against who may write into the git folder.
pub(crate) fn checksum(parts: &[&[u8]]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    for part in parts {
        hasher.write(part);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_writers_leave_one_whole_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = place(folder.path(), "sketches");
        assert_eq!(read(&file, 10), None, "nothing was kept yet");
        std::thread::scope(|scope| {
            for writer in 0..8_u8 {
                let file = &file;
                scope.spawn(move || {
                    for _ in 0..20 {
                        // Some systems refuse to replace a file that another thread reads just now.
                        write(file, &[writer; 5000]).unwrap_or_default();
                        let bytes = read(file, 5000).unwrap_or_else(|| vec![0; 5000]);
                        assert!(bytes.len() == 5000 && bytes.iter().all(|byte| *byte == bytes[0]));
                    }
                });
            }
        });
        let folder = file.parent().expect("a folder");
        assert_eq!(read(&file, 5000).map(|bytes| bytes.len()), Some(5000));
        assert_eq!(std::fs::read_dir(folder).expect("is there").count(), 1);
        assert_eq!(read(&file, 4999), None, "larger than its bound");
        assert_eq!(read(folder, 4999), None, "no file");
    }

    #[test]
    fn what_a_killed_run_left_goes_after_a_while() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = place(folder.path(), "history");
        write(&file, b"one").expect("is written");
        let (old, new) = (file.with_extension("7-0"), file.with_extension("8-0"));
        for left in [&old, &new] {
            std::fs::write(left, b"half").expect("is written");
        }
        let before = std::time::SystemTime::now() - LEFT_OVER * 2;
        let times = std::fs::FileTimes::new().set_modified(before);
        let handle = std::fs::File::options().write(true).open(&old).expect("is there");
        handle.set_times(times).expect("is set");
        drop(handle);
        write(&file, b"two").expect("is written");
        assert_eq!((old.exists(), new.exists()), (false, true));
        assert_eq!(read(&file, 10).as_deref(), Some(b"two".as_slice()));
    }
}
