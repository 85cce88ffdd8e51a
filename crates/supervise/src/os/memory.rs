//! How much memory a tree of processes holds on Linux.
//!
//! In: who is in the tree. Out: bytes. A quick look that counts too much, and a slow one that is made only where the quick one
//! says too much: what processes share (a copy after `fork`, a file of memory) is counted once there. Never a proof: what no process
//! has mapped and none holds open (System V segments, pages of a shared mapping that were given back) is not seen, and between
//! two looks a program may take more.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;

use super::tree::Member;

/// The share of the machine's memory that no tree may take.
const LEFT: u64 = 4;

/// How a memory file is named among the descriptors of a process.
const MEMORY_FILE: &str = "/memfd:";

/// The most that any tree may hold here: three quarters of what this machine, or the control group that we are in, has. `None`
/// where the system does not tell.
pub(crate) fn most() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let machine = kibibytes(&text, "MemTotal:")?;
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let group = group.and_then(|text| text.trim().parse::<u64>().ok());
    let most = group.map_or(machine, |group| group.min(machine));
    Some(most - most / LEFT)
}

/// What the members hold, where that is more than `enough`; less than that may be a rough figure.
pub(crate) fn held(members: &[Member], enough: u64) -> u64 {
    let files = files(members);
    let quick: u64 = members.iter().map(|member| resident(member.pid)).sum();
    if quick + files <= enough {
        return quick + files;
    }
    members.iter().map(|member| own_share(member.pid)).sum::<u64>() + files
}

/// Pages in memory, shared ones counted for everyone.
fn resident(pid: i32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let pages = text.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * page()
}

/// Bytes of a page.
#[expect(unsafe_code, reason = "std does not tell it")]
fn page() -> u64 {
    // SAFETY: reads a constant of the system and no memory.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Its own memory and its part of what it shares, in memory or swapped out; not the pages of files, which the kernel can drop.
fn own_share(pid: i32) -> u64 {
    let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { return resident(pid) };
    let part = |name| kibibytes(&text, name);
    match (part("Pss_Anon:"), part("Pss_Shmem:")) {
        (Some(own), Some(shared)) => own + shared + part("SwapPss:").unwrap_or(0),
        // A kernel before 5.4.
        _ => part("Pss:").unwrap_or_else(|| resident(pid)),
    }
}

/// Files of memory that somebody holds open, each once.
fn files(members: &[Member]) -> u64 {
    let mut seen = HashSet::new();
    let mut bytes = 0;
    for member in members {
        let ends = std::fs::read_dir(format!("/proc/{}/fd", member.pid)).into_iter().flatten();
        for end in ends.filter_map(Result::ok) {
            let is_memory = std::fs::read_link(end.path()).is_ok_and(|target| {
                target.as_os_str().as_encoded_bytes().starts_with(MEMORY_FILE.as_bytes())
            });
            if is_memory
                && let Ok(file) = std::fs::metadata(end.path())
                && seen.insert((file.dev(), file.ino()))
            {
                bytes += file.blocks() * 512;
            }
        }
    }
    bytes
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse::<u64>().ok().map(|count| count << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Vec<Member> {
        vec![Member { pid: std::process::id() as i32, parent: 0 }]
    }

    #[test]
    fn memory_that_is_touched_is_held_and_a_file_of_memory_is_counted_without_being_mapped() {
        let before = held(&own(), 0);
        let hog = vec![1_u8; 40 << 20];
        let with = held(&own(), 0);
        assert!(with >= before + (30 << 20), "{before} {with}");
        drop(std::hint::black_box(hog));
        let file =
            rustix::fs::memfd_create("hog", rustix::fs::MemfdFlags::CLOEXEC).expect("a file of memory");
        let before = files(&own());
        rustix::io::pwrite(&file, &vec![1; 4 << 20], 0).expect("written");
        assert!(files(&own()) >= before + (4 << 20));
        // Twice open is held once.
        let _again = file.try_clone().expect("a copy");
        assert!(files(&own()) < before + (8 << 20));
    }

    #[test]
    fn the_machine_keeps_a_quarter_and_who_is_gone_holds_nothing() {
        let machine = kibibytes(&std::fs::read_to_string("/proc/meminfo").expect("Linux"), "MemTotal:");
        assert!(most().expect("known") <= machine.expect("known") / 4 * 3 + 3);
        assert_eq!(held(&[Member { pid: i32::MAX, parent: 0 }], 0), 0);
        assert_eq!(kibibytes("Pss_Anon:      12 kB\nPss: 9 kB\n", "Pss:"), Some(9 << 10));
    }
}
