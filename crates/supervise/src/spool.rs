//! Keeps what a program writes, up to a limit for both of its streams together.
//!
//! In: bytes as they arrive. Out: two files with exactly these bytes, cut at the limit. Never read here, never
//! changed on the way: bad UTF-8 stays what it was.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// The names of the files in a run folder.
pub(crate) const STDOUT: &str = "stdout";
/// As [`STDOUT`].
pub(crate) const STDERR: &str = "stderr";

/// One of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// The two files.
#[derive(Debug)]
pub(crate) struct Spool {
    stdout: Kept,
    stderr: Kept,
    limit: u64,
    overflow: bool,
}

#[derive(Debug)]
struct Kept {
    file: File,
    bytes: u64,
}

impl Spool {
    /// Makes the files, empty. On Windows nobody else can write or remove them as long as they are open here.
    #[cfg(any(test, windows))]
    pub(crate) fn create(run_folder: &Path, limit: u64) -> io::Result<Self> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(windows)]
        std::os::windows::fs::OpenOptionsExt::share_mode(
            &mut options,
            windows_sys::Win32::Storage::FileSystem::FILE_SHARE_READ,
        );
        let create = |name| options.open(run_folder.join(name)).map(|file| Kept { file, bytes: 0 });
        Ok(Self { stdout: create(STDOUT)?, stderr: create(STDERR)?, limit, overflow: false })
    }

    /// Opens the files that the supervisor has made.
    #[cfg(unix)]
    pub(crate) fn open(run_folder: &Path, limit: u64) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let open = |name| {
            let mut options = File::options();
            options.write(true).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
            options.open(run_folder.join(name)).map(|file| Kept { file, bytes: 0 })
        };
        Ok(Self { stdout: open(STDOUT)?, stderr: open(STDERR)?, limit, overflow: false })
    }

    /// Keeps as many of the bytes as the limit allows.
    pub(crate) fn keep(&mut self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let room = usize::try_from(self.limit - self.total()).unwrap_or(usize::MAX);
        self.overflow |= bytes.len() > room;
        let kept = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        for part in bytes[..bytes.len().min(room)].chunks(1 << 16) {
            kept.file.write_all(part)?;
            kept.bytes += part.len() as u64;
        }
        Ok(())
    }

    /// Whether bytes were left out.
    pub(crate) fn is_over(&self) -> bool {
        self.overflow
    }

    /// Bytes kept of stdout, and of stderr.
    pub(crate) fn kept(&self) -> (u64, u64) {
        (self.stdout.bytes, self.stderr.bytes)
    }

    /// Bytes kept of both.
    pub(crate) fn total(&self) -> u64 {
        self.stdout.bytes + self.stderr.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_limit_is_kept_and_the_byte_after_it_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut spool = Spool::create(folder.path(), 10).expect("files");
        spool.keep(Stream::Stdout, b"0123456").expect("kept");
        spool.keep(Stream::Stderr, b"abc").expect("kept");
        assert!(!spool.is_over(), "the limit itself is allowed");
        spool.keep(Stream::Stderr, b"d").expect("kept");
        assert!(spool.is_over());
        assert_eq!(std::fs::read(folder.path().join(STDOUT)).expect("read"), b"0123456");
        assert_eq!(std::fs::read(folder.path().join(STDERR)).expect("read"), b"abc");
        assert_eq!((spool.kept(), spool.total()), ((7, 3), 10));
    }
}
