//! Trees that fight back. They only ever run inside a PID namespace of their own, which takes them along when it ends.

use std::process::Command;
use std::time::Duration;

use crate::bench::{BOTH, Bench, held, limits};
use crate::inside::{NO_PRIVILEGES, OWN_MOUNTS, OWN_PIDS, inside, is_inside};
use model::Ending;
use supervise::Limits;

#[test]
fn a_process_that_forks_for_ever_is_caught() {
    inside("hostile::catch_the_roller", OWN_PIDS);
}

#[test]
#[ignore = "started inside a PID namespace by another test"]
fn catch_the_roller() {
    if !is_inside() {
        return;
    }
    for round in 0..12 {
        let (hold, level) = BOTH[round / 2 % 2];
        let bench = Bench::new();
        // It outlives the program in one round, and the program is ended in the next.
        let (script, ending) = if round % 2 == 0 {
            ("re-fork-forever 60s\nprint done\nexit 0", Ending::Finished)
        } else {
            ("re-fork-forever 60s\nprint here\nsleep 60s", Ending::TimedOut)
        };
        let outcome = bench.run(script, &Limits { wall: Duration::from_millis(500), ..held(hold) });
        assert_eq!((outcome.ending, outcome.tree_gone), (ending, true), "round {round}: {outcome:?}");
        assert_eq!(outcome.level, Some(level), "round {round}: {outcome:?}");
        assert_eq!(bench.survivors(), Vec::<String>::new(), "round {round}: {outcome:?}");
    }
}

/// `cargo xtask soak` runs this: the process that forks for ever, fifty times at each level.
#[test]
#[ignore = "takes minutes"]
fn soak_the_roller() {
    inside("hostile::roll_fifty_times", OWN_PIDS);
}

#[test]
#[ignore = "started inside a PID namespace by another test"]
fn roll_fifty_times() {
    if !is_inside() {
        return;
    }
    for (hold, level) in BOTH {
        let mut times = Vec::new();
        for round in 0..50 {
            let bench = Bench::new();
            let limits = Limits { wall: Duration::from_millis(300), ..held(hold) };
            let outcome = bench.run("re-fork-forever 60s\nignore-sigint\nignore-sigterm\nsleep 60s", &limits);
            assert!(outcome.tree_gone && outcome.level == Some(level), "{hold:?} {round}: {outcome:?}");
            assert_eq!(bench.survivors(), Vec::<String>::new(), "{hold:?} {round}: {outcome:?}");
            times.push(outcome.ms);
        }
        times.sort_unstable();
        eprintln!(
            "figure: roller, {}: 0 of 50 left anybody; from start to end {} ms (half), {} ms (all)",
            level.as_str(),
            times[25],
            times[49]
        );
    }
}

#[test]
fn three_processes_that_fork_for_ever_beside_a_stubborn_tree_are_caught() {
    inside("hostile::catch_three_rollers", OWN_PIDS);
}

#[test]
#[ignore = "started inside a PID namespace by another test"]
fn catch_three_rollers() {
    if !is_inside() {
        return;
    }
    for (hold, level) in BOTH {
        let bench = Bench::new();
        let script = "ignore-sigint\nignore-sigterm\nre-fork-forever 60s\nre-fork-forever 60s\nre-fork-forever 60s\n\
        daemon-child 60s\nsetsid-child 60s\nhold-stdout-in-child 60s\nsleep 60s";
        let outcome = bench.run(script, &Limits { silence: Duration::from_millis(500), ..held(hold) });
        assert_eq!((outcome.ending, outcome.tree_gone), (Ending::Stalled, true), "{outcome:?}");
        assert_eq!(outcome.level, Some(level), "{outcome:?}");
        assert_eq!(bench.survivors(), Vec::<String>::new(), "{outcome:?}");
    }
}

#[test]
fn folders_without_permissions_are_removed_without_privileges() {
    inside("hostile::remove_without_privileges", NO_PRIVILEGES);
}

#[test]
#[ignore = "started inside a user namespace by another test"]
fn remove_without_privileges() {
    use std::os::unix::fs::PermissionsExt as _;
    if !is_inside() {
        return;
    }
    let bench = Bench::new();
    for (name, mode) in [("none", 0o000), ("no-search", 0o600), ("no-write", 0o500), ("no-read", 0o300)] {
        let folder = bench.path("run").join(name);
        std::fs::create_dir_all(folder.join("deeper")).expect("folders");
        std::fs::write(folder.join("file"), "x").expect("a file");
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).expect("a mode");
    }
    let closed = std::fs::read_dir(bench.path("run/none"));
    assert!(closed.is_err(), "this test needs a process that permissions bind");
    supervise::remove_tree(&bench.path("run")).expect("removed");
    assert!(!bench.path("run").exists());
}

#[test]
fn a_full_disk_fails_the_program_and_nothing_else() {
    inside("hostile::fill_the_disk", OWN_MOUNTS);
}

#[test]
#[ignore = "started inside a mount namespace by another test"]
fn fill_the_disk() {
    if !is_inside() {
        return;
    }
    let bench = Bench::new();
    std::fs::create_dir(bench.path("run")).expect("a folder");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"]).arg(bench.path("run"));
    assert!(mount.status().expect("mount starts").success());
    let outcome = bench.run("flood 5MB\nsleep 60s", &limits());
    assert_eq!((outcome.ending, outcome.tree_gone), (Ending::Failed, true), "{outcome:?}");
    assert!(outcome.notes.iter().any(|note| note.contains("could not be written")), "{outcome:?}");
    assert!(outcome.bytes_out > 100_000, "what fitted is kept: {outcome:?}");
    assert_eq!(bench.survivors(), Vec::<String>::new());
}

#[test]
fn what_is_mounted_inside_is_not_entered() {
    inside("hostile::leave_the_mount", OWN_MOUNTS);
}

#[test]
#[ignore = "started inside a mount namespace by another test"]
fn leave_the_mount() {
    if !is_inside() {
        return;
    }
    let bench = Bench::new();
    for folder in ["run/before/x", "run/mounted", "outside/kept"] {
        std::fs::create_dir_all(bench.path(folder)).expect("folders");
    }
    let mount = |arguments: &[&std::ffi::OsStr]| Command::new("mount").args(arguments).status();
    let (outside, inside) = (bench.path("outside"), bench.path("run/mounted"));
    let status = mount(&["--bind".as_ref(), outside.as_ref(), inside.as_ref()]).expect("mount starts");
    assert!(status.success());
    let error = supervise::remove_tree(&bench.path("run")).expect_err("something is left");
    assert_eq!(error.path, inside, "{error}");
    assert!(error.to_string().contains("mounted"), "{error}");
    assert!(bench.path("outside/kept").exists(), "the same device, and still outside");
    assert!(!bench.path("run/before").exists(), "the rest is removed all the same");
    assert!(Command::new("umount").arg(&inside).status().expect("umount starts").success());
    supervise::remove_tree(&bench.path("run")).expect("removed");
}
