//! Writes the archive that a kernel unpacks as its first root (cpio, "newc").
//!
//! In: folders, files and links, in order. Out: bytes, the same for the same input. Never reads a disk.

/// An archive that grows.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    inode: u32,
}

const FOLDER: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

impl Archive {
    /// Adds a folder. Its parents must have been added before.
    pub(crate) fn folder(&mut self, name: &str) {
        self.entry(name, FOLDER | 0o755, &[]);
    }

    /// Adds a file.
    pub(crate) fn file(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.entry(name, FILE | mode, content);
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, name: &str, target: &str) {
        self.entry(name, LINK | 0o777, target.as_bytes());
    }

    /// The whole archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.inode += 1;
        let size = u32::try_from(content.len()).expect("a first root is no larger than 4 GiB");
        let name_size = u32::try_from(name.len() + 1).expect("a name is short");
        let links = if mode & FOLDER == FOLDER { 2 } else { 1 };
        // inode, mode, user, group, links, time, size, device (2), its own device (2), length of the name, checksum
        let fields = [self.inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, name_size, 0];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08X}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_read_back_entry_by_entry() {
        let mut archive = Archive::default();
        archive.folder("etc");
        archive.file("etc/a", 0o644, b"hello");
        archive.link("bin", "usr/bin");
        let bytes = archive.finish();
        let mut at = 0;
        let mut seen = Vec::new();
        while at < bytes.len() {
            assert_eq!(at % 4, 0);
            assert_eq!(&bytes[at..at + 6], b"070701");
            let field = |number: usize| {
                let start = at + 6 + number * 8;
                let text = std::str::from_utf8(&bytes[start..start + 8]).expect("hexadecimal");
                usize::from_str_radix(text, 16).expect("a number")
            };
            let (mode, size, name_size) = (field(1), field(6), field(11));
            let name = String::from_utf8(bytes[at + 110..at + 110 + name_size - 1].to_vec()).expect("text");
            let start = (at + 110 + name_size).next_multiple_of(4);
            seen.push((name, mode, bytes[start..start + size].to_vec()));
            at = (start + size).next_multiple_of(4);
        }
        let names: Vec<_> = seen.iter().map(|(name, mode, _)| (name.as_str(), *mode)).collect();
        assert_eq!(names, [("etc", 0o40_755), ("etc/a", 0o100_644), ("bin", 0o120_777), ("TRAILER!!!", 0)]);
        assert_eq!((seen[1].2.as_slice(), seen[2].2.as_slice()), (&b"hello"[..], &b"usr/bin"[..]));
    }
}
