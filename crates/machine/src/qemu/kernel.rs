//! A kernel that can run a machine, with the modules it needs and a shell for its first process.
//!
//! In: a folder with an unpacked kernel package, or this system's root. Out: paths, or what is missing and how to get it.
//! Starts nothing and downloads nothing.

use std::cmp::Reverse;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use crate::Failed;

/// What a machine boots from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// The kernel itself.
    pub(crate) image: PathBuf,
    /// Its modules, in an order in which most can be loaded.
    pub(crate) modules: Vec<PathBuf>,
    /// A static busybox.
    pub(crate) busybox: PathBuf,
}

/// Folders of the modules, and their names. What is not there is built in, or another module does its work; the first of a
/// line is one without which nothing works.
const MODULES: &[(&str, &[&str])] = &[
    (
        "kernel/drivers/virtio",
        &["virtio", "virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci"],
    ),
    ("kernel/drivers/char", &["virtio_console"]),
    ("kernel/fs/netfs", &["netfs"]),
    ("kernel/fs/fscache", &["fscache"]),
    ("kernel/net/9p", &["9pnet", "9pnet_virtio"]),
    ("kernel/fs/9p", &["9p"]),
];

/// Without these no machine: modules, or built in.
const NEEDED: &[&str] = &["virtio_pci", "virtio_console", "9pnet_virtio", "9p"];

const HINT: &str = "on Debian, `apt-get install busybox-static`, then in an empty folder `apt-get download $(apt-cache depends \
                    linux-image-amd64 | sed -n 's/.*Depends: //p' | head -n 1)`, `dpkg-deb -x linux-image-*.deb .` and \
                    `export DEEP_REVIEW_GUEST=$PWD`";

/// Looks in `guest` where it is given, else in this system.
pub(crate) fn find(guest: Option<&Path>) -> Result<Kernel, Failed> {
    let root = guest.unwrap_or(Path::new("/"));
    let busybox = busybox(guest)?;
    let mut refused = Vec::new();
    for (image, version) in images(root) {
        match modules(root, &version) {
            Ok(modules) if fs::File::open(&image).is_ok() => {
                let plain = root.join("boot").join(format!("vmlinux-{version}"));
                let image = if boots_as_it_is(&plain) { plain } else { image };
                return Ok(Kernel { image, modules, busybox });
            }
            Ok(_) => refused.push(format!("{} may not be read", image.display())),
            Err(why) => refused.push(why),
        }
    }
    let found = if refused.is_empty() {
        format!("there is none in {}", root.join("boot").display())
    } else {
        refused.join("; ")
    };
    Err(Failed::lasting(format!("no kernel for a machine was found: {found}; {HINT}")))
}

/// Kernels, the newest first.
fn images(root: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(root.join("boot")).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<(PathBuf, String)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some((entry.path(), name.strip_prefix("vmlinuz-")?.to_owned()))
        })
        .collect();
    found.sort_by_key(|(_, version)| Reverse(numbers(version)));
    found
}

/// The numbers of a version, so that 10 is newer than 9.
fn numbers(version: &str) -> (Vec<u64>, String) {
    let parts = version.split(|character: char| !character.is_ascii_digit());
    (parts.filter_map(|part| part.parse().ok()).collect(), version.to_owned())
}

fn modules(root: &Path, version: &str) -> Result<Vec<PathBuf>, String> {
    let folders = [root.join("lib/modules").join(version), root.join("usr/lib/modules").join(version)];
    let Some(folder) = folders.into_iter().find(|folder| folder.is_dir()) else {
        return Err(format!("the modules of {version} are missing"));
    };
    let built_in = fs::read_to_string(folder.join("modules.builtin")).unwrap_or_default();
    let mut found = Vec::new();
    let mut names = Vec::new();
    for (place, wanted) in MODULES {
        for name in *wanted {
            let endings = ["ko", "ko.xz", "ko.gz", "ko.zst"];
            let paths = endings.map(|ending| folder.join(place).join(format!("{name}.{ending}")));
            let Some(path) = paths.into_iter().find(|path| path.is_file()) else { continue };
            if path.extension().is_some_and(|ending| ending == "zst") {
                return Err(format!(
                    "the modules of {version} are packed with zstd, which is not understood"
                ));
            }
            names.push(*name);
            found.push(path);
        }
    }
    let is_built_in = |name: &str| built_in.lines().any(|line| line.ends_with(&format!("/{name}.ko")));
    let missing = NEEDED.iter().find(|name| !names.contains(name) && !is_built_in(name));
    match missing {
        Some(name) => Err(format!("{version} has no `{name}` (kernels for clouds often have not)")),
        None => Ok(found),
    }
}

fn busybox(guest: Option<&Path>) -> Result<PathBuf, Failed> {
    let roots = guest.into_iter().chain([Path::new("/")]);
    let places = roots.flat_map(|root| ["bin/busybox", "usr/bin/busybox"].map(|name| root.join(name)));
    let found: Vec<PathBuf> = places.filter(|path| path.is_file()).collect();
    match found.iter().find(|path| is_static(path)) {
        Some(path) => Ok(path.clone()),
        None if found.is_empty() => {
            Err(Failed::lasting(format!("`busybox` was not found (package busybox-static); {HINT}")))
        }
        None => {
            let message = format!(
                "`busybox` needs libraries, and the machine has none so early: package busybox-static; {HINT}"
            );
            Err(Failed::lasting(message))
        }
    }
}

/// Whether this is an unpacked kernel that says where it is entered without a boot loader (a note of type 18 of "Xen"): QEMU starts
/// no other, and this in half the time that a packed one takes.
fn boots_as_it_is(path: &Path) -> bool {
    notes(path).is_some_and(|notes| has_entry(&notes))
}

/// The notes of an ELF file of 64 bits.
fn notes(path: &Path) -> Option<Vec<u8>> {
    const LARGEST: u64 = 1 << 16;
    let mut file = fs::File::open(path).ok()?;
    let mut start = Vec::new();
    (&mut file).take(LARGEST).read_to_end(&mut start).ok()?;
    if start.get(..5) != Some(b"\x7fELF\x02") {
        return None;
    }
    let (table, size, count) = (number(&start, 32, 8)?, number(&start, 54, 2)?, number(&start, 56, 2)?);
    let mut notes = Vec::new();
    for header in 0..count {
        let at = usize::try_from(table.checked_add(header * size)?).ok()?;
        if number(&start, at, 4)? == 4 {
            file.seek(SeekFrom::Start(number(&start, at + 8, 8)?)).ok()?;
            let length = number(&start, at + 32, 8)?.min(LARGEST);
            (&mut file).take(length).read_to_end(&mut notes).ok()?;
        }
    }
    Some(notes)
}

fn has_entry(notes: &[u8]) -> bool {
    let mut at = 0;
    loop {
        let field = |offset| number(notes, at + offset, 4).and_then(|it| usize::try_from(it).ok());
        let (Some(name), Some(value), Some(kind)) = (field(0), field(4), field(8)) else { return false };
        if kind == 18 && notes.get(at + 12..at + 16) == Some(b"Xen\0") {
            return true;
        }
        at = at.saturating_add(12 + name.next_multiple_of(4)).saturating_add(value.next_multiple_of(4));
    }
}

/// A number that stands there, the smallest byte first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
}

/// Whether a program of 64 bits names no interpreter, and so needs no library.
fn is_static(path: &Path) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    let number = |at: usize, length: usize| number(&bytes, at, length);
    if bytes.get(..5) != Some(b"\x7fELF\x02") {
        return false;
    }
    let headers = || Some((number(32, 8)?, number(54, 2)?, number(56, 2)?));
    let Some((start, size, count)) = headers() else { return false };
    (0..count).all(|header| {
        let at = usize::try_from(start + header * size).unwrap_or(usize::MAX - 8);
        number(at, 4).is_some_and(|kind| kind != 3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file of 64 bits with one program header of this kind.
    fn elf(kind: u8) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56];
        bytes[..5].copy_from_slice(b"\x7fELF\x02");
        (bytes[32], bytes[54], bytes[56]) = (64, 56, 1);
        bytes[64] = kind;
        bytes
    }

    fn write(root: &Path, name: &str, content: &[u8]) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, content).expect("a file");
    }

    fn whole(root: &Path, version: &str) {
        write(root, &format!("boot/vmlinuz-{version}"), b"kernel");
        for (folder, names) in MODULES {
            for name in *names {
                write(root, &format!("lib/modules/{version}/{folder}/{name}.ko"), b"module");
            }
        }
    }

    #[test]
    fn the_newest_kernel_with_everything_is_taken() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "bin/busybox", &elf(1));
        whole(root.path(), "6.9.1-1-amd64");
        whole(root.path(), "6.10.0-1-amd64");
        write(root.path(), "boot/vmlinuz-6.11.0-cloud", b"kernel");
        write(root.path(), "lib/modules/6.11.0-cloud/modules.builtin", b"kernel/drivers/virtio/virtio.ko\n");
        let kernel = find(Some(root.path())).expect("a kernel");
        assert_eq!(kernel.image, root.path().join("boot/vmlinuz-6.10.0-1-amd64"));
        assert_eq!(kernel.busybox, root.path().join("bin/busybox"));
        assert!(kernel.modules.last().expect("modules").ends_with("kernel/fs/9p/9p.ko"));
    }

    #[test]
    fn an_unpacked_kernel_is_taken_where_it_says_how_it_is_entered() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "bin/busybox", &elf(1));
        whole(root.path(), "6.1.0");
        let image = || find(Some(root.path())).expect("a kernel").image;
        let packed = root.path().join("boot/vmlinuz-6.1.0");
        let plain = root.path().join("boot/vmlinux-6.1.0");
        let note = |name: &[u8; 4], kind: u8| {
            let mut bytes = elf(4);
            // One of another kind before it, with a name and a value that are filled up to four bytes.
            let notes = [
                &[4, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0][..],
                b"GNU\0xx\0\0",
                &[4, 0, 0, 0, 8, 0, 0, 0, kind, 0, 0, 0],
                name,
                &[0; 8],
            ]
            .concat();
            bytes[64 + 8] = 64 + 56;
            bytes[64 + 32] = u8::try_from(notes.len()).expect("small");
            [bytes, notes].concat()
        };
        assert_eq!(image(), packed);
        for (content, wanted) in [
            (note(b"Xen\0", 18), &plain),
            (note(b"Xen\0", 17), &packed),
            (note(b"Xyz\0", 18), &packed),
            (elf(4), &packed),
            (b"\x7fELF\x02".to_vec(), &packed),
            (Vec::new(), &packed),
        ] {
            fs::write(&plain, content).expect("a file");
            assert_eq!(image(), *wanted);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "bin/busybox", &elf(1));
        let none = find(Some(root.path())).expect_err("no kernel");
        assert!(none.lasting && none.message.contains("there is none in"), "{none}");
        whole(root.path(), "6.1.0");
        fs::remove_file(root.path().join("lib/modules/6.1.0/kernel/fs/9p/9p.ko")).expect("removed");
        let without = find(Some(root.path())).expect_err("no 9p");
        assert!(without.message.contains("6.1.0 has no `9p`"), "{without}");
        write(root.path(), "lib/modules/6.1.0/modules.builtin", b"kernel/fs/9p/9p.ko\n");
        assert!(find(Some(root.path())).is_ok(), "built in is as good");
        write(root.path(), "lib/modules/6.1.0/kernel/fs/9p/9p.ko.zst", b"packed");
        let packed = find(Some(root.path())).expect_err("not understood");
        assert!(packed.message.contains("zstd"), "{packed}");
    }

    #[test]
    fn a_program_that_needs_libraries_is_not_static() {
        let root = tempfile::tempdir().expect("a folder");
        for (kind, wanted) in [(1, true), (3, false)] {
            write(root.path(), "x", &elf(kind));
            assert_eq!(is_static(&root.path().join("x")), wanted);
        }
        write(root.path(), "x", b"#!/bin/sh\n");
        assert!(!is_static(&root.path().join("x")));
    }
}
