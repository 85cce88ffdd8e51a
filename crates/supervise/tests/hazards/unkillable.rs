//! A process that cannot be killed: it waits for a file system that never answers.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::time::Duration;

use crate::bench::{BOTH, Bench, held, until};
use crate::inside::{OWN_MOUNTS, inside, is_inside};
use model::Ending;
use supervise::{Cancel, Level, leftovers, recover};

#[test]
fn a_process_that_cannot_be_killed_is_told_and_not_waited_for() {
    inside("unkillable::wait_for_the_file_system", OWN_MOUNTS);
}

#[test]
#[ignore = "started inside a mount namespace by another test"]
fn wait_for_the_file_system() {
    if !is_inside() {
        return;
    }
    for (hold, level) in BOTH {
        let bench = Bench::new();
        let place = Bench::new();
        let Some(server) = mute_file_system(&place) else {
            eprintln!("skipped: no file system of our own (`/dev/fuse`) here");
            return;
        };
        let mut limits = held(hold);
        limits.wall = Duration::from_secs(2);
        limits.grace.confirm = Duration::from_secs(1);
        let program = bench.shell(&format!("echo said; cat {}", place.path("mute/file").display()));
        let outcome = supervise::run(&program, &limits, &Cancel::new(), &mut |_| {});
        assert_eq!((outcome.ending, outcome.tree_gone), (Ending::TimedOut, false), "{outcome:?}");
        assert!(outcome.ms < 30_000, "{outcome:?}");
        assert!(outcome.notes.iter().any(|note| note.contains("not proven")), "{outcome:?}");
        let nowhere = bench.path("promises");
        let left = leftovers(&bench.path(""), &nowhere);
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(!recover(&bench.path("")).attempts[0].tree_gone, "the record stays");
        assert_eq!(leftovers(&bench.path(""), &nowhere)[0].tries, 1);
        // Now the kernel gives up the file system, and the process can end.
        drop(server);
        rustix::mount::unmount(place.path("mute"), rustix::mount::UnmountFlags::DETACH).expect("unmounted");
        until("its end", || bench.survivors().is_empty());
        let proven = recover(&bench.path("")).attempts[0].tree_gone;
        assert_eq!(proven, level == Level::Namespace, "only a namespace proves it afterwards");
        assert_eq!(leftovers(&bench.path(""), &nowhere).is_empty(), proven);
    }
}

/// Mounts `mute`, a file system that says how it is called and no more. It ends when what is returned is dropped.
fn mute_file_system(bench: &Bench) -> Option<File> {
    use std::os::fd::AsRawFd as _;
    let mut server = File::options().read(true).write(true).open("/dev/fuse").ok()?;
    std::fs::create_dir(bench.path("mute")).expect("a folder");
    let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", server.as_raw_fd());
    let options = std::ffi::CString::new(options).expect("no zero byte");
    let flags = rustix::mount::MountFlags::NOSUID | rustix::mount::MountFlags::NODEV;
    rustix::mount::mount("mute", bench.path("mute"), "fuse", flags, &*options).ok()?;
    let mut request = vec![0; 1 << 17];
    let heard = server.read(&mut request).ok()?;
    assert!(heard >= 44, "a whole question");
    let number = |at: usize| u32::from_ne_bytes(request[at..at + 4].try_into().expect("four bytes"));
    // `struct fuse_in_header` and `struct fuse_init_in` of `linux/fuse.h`; 26 is `FUSE_INIT`.
    assert_eq!((number(4), number(40)), (26, 7), "the first question is the protocol, version 7");
    let mut answer = Vec::new();
    // `struct fuse_out_header`: length, error, the number of the question.
    answer.extend(80_u32.to_ne_bytes());
    answer.extend(0_u32.to_ne_bytes());
    answer.extend(&request[8..16]);
    // `struct fuse_init_out`: version, read-ahead, flags, background and congestion, longest write, granularity, unused.
    for word in [7, number(44).min(31), 4096, 0, 0, 4096, 1] {
        answer.extend(u32::to_ne_bytes(word));
    }
    answer.resize(80, 0);
    server.write_all(&answer).ok()?;
    // The next question is heard and never answered.
    let mut listener = server.try_clone().ok()?;
    std::thread::spawn(move || {
        let mut question = vec![0; 1 << 17];
        let _ = listener.read(&mut question);
    });
    Some(server)
}
