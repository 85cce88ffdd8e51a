//! Programs that attack the files of their attempt.

use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::bench::{BOTH, Bench, held, limits, text};
use model::Ending;
use supervise::{Cancel, Hold, Outcome, recover};

fn run(bench: &Bench, script: &str, hold: Hold) -> Outcome {
    supervise::run(&bench.shell(script), &held(hold), &Cancel::new(), &mut |_| {})
}

fn assert_settled(bench: &Bench, outcome: &Outcome, what: &str) {
    assert!(outcome.tree_gone, "{what}: {outcome:?}");
    assert_eq!(bench.record()["phase"], "closed", "{what}: {outcome:?}");
    assert_eq!(bench.survivors(), Vec::<String>::new(), "{what}");
    assert!(recover(&bench.path("")).attempts.is_empty(), "{what}");
    for path in [&outcome.stdout, &outcome.stderr] {
        let found = std::fs::symlink_metadata(path).expect("there");
        assert!(found.is_file(), "{what}: {} is a file, and nothing else", path.display());
    }
}

/// What a keeper alone cannot prevent is put right afterwards.
#[test]
fn whatever_is_done_to_its_files_what_was_said_is_kept() {
    let secret = "never to be read";
    for attack in [
        "rm -rf run",
        "mv run moved",
        "rm -rf run; ln -s elsewhere run",
        "rm run/stdout; ln -s ../secret run/stdout",
        "rm run/stdout; mkfifo run/stdout",
        "rm run/stderr; mkdir -p run/stderr/deep",
        "chmod 000 run run/stdout",
        "rm run/record.json run/*.lock; echo '{}' > run/record.json",
        "mv run/record.json x; mkdir run/record.json",
        "rm -rf \"$PWD\"/run \"$PWD\"/*.script",
    ] {
        let bench = Bench::new();
        std::fs::create_dir(bench.path("elsewhere")).expect("a folder");
        std::fs::write(bench.path("secret"), secret).expect("a file");
        let outcome = run(&bench, &format!("echo before; {attack}; echo after"), Hold::Loose);
        assert_eq!(outcome.ending, Ending::Finished, "{attack}: {outcome:?}");
        assert_settled(&bench, &outcome, attack);
        assert_eq!(text(&outcome.stdout), "before\nafter\n", "{attack}: {outcome:?}");
        assert_eq!(text(&bench.path("secret")), secret, "{attack}");
        assert!(std::fs::read_dir(bench.path("elsewhere")).expect("listed").next().is_none(), "{attack}");
    }
}

#[test]
fn inside_a_namespace_the_files_of_the_attempt_are_not_there() {
    let bench = Bench::new();
    // The shell does not name the folder by its whole path, so it has no business there.
    let script = "ls run | wc -l; echo forged > run/stdout; rm -rf run/record.json; rmdir run; mv run x; \
        chmod 777 run; ls";
    let outcome = run(&bench, script, Hold::Firm);
    assert_settled(&bench, &outcome, script);
    assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
    assert_eq!(text(&outcome.stdout).lines().next().map(str::trim), Some("0"), "{}", text(&outcome.stderr));
    assert!(outcome.notes.is_empty(), "nothing had to be put right: {outcome:?}");
    assert!(bench.path("run").is_dir() && !bench.path("x").exists());
}

#[test]
fn a_program_that_was_told_of_the_folder_may_use_it() {
    let bench = Bench::new();
    let mut program = bench.shell("echo result > \"$1/result\"");
    program.command.push(program.run_folder.clone().into());
    let outcome = supervise::run(&program, &limits(), &Cancel::new(), &mut |_| {});
    assert_eq!(outcome.ending, Ending::Finished, "{}", text(&outcome.stderr));
    assert_eq!(text(&bench.path("run/result")), "result\n");
}

#[test]
fn a_program_that_removes_the_folder_it_stands_in_is_no_trouble() {
    for (hold, _) in BOTH {
        let bench = Bench::new();
        let mut program = bench.shell("echo before; rm -rf ../cwd; echo after; ls; cat </dev/null");
        program.folder = bench.path("cwd");
        std::fs::create_dir(&program.folder).expect("a folder");
        let outcome = supervise::run(&program, &held(hold), &Cancel::new(), &mut |_| {});
        assert_eq!(outcome.ending, Ending::Finished, "{outcome:?}");
        assert_eq!(text(&outcome.stdout), "before\nafter\n");
        assert_settled(&bench, &outcome, "cwd");
    }
}

#[test]
fn a_program_that_closes_its_run_folder_and_loses_its_supervisor_is_found() {
    // Without privileges a closed folder is closed to us as well.
    let bench = Bench::new();
    let outcome = run(&bench, "echo said; exit 3", Hold::Loose);
    assert_eq!(outcome.ending, Ending::Failed);
    let mut record = bench.record();
    record["phase"] = "running".into();
    record["end"] = serde_json::Value::Null;
    std::fs::write(bench.path("run/record.json"), record.to_string()).expect("written");
    std::fs::write(bench.path("run/supervisor.lock"), "").expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    std::fs::set_permissions(bench.path("run"), mode).expect("closed");
    let recovery = recover(&bench.path(""));
    assert_eq!((recovery.attempts.len(), &recovery.notes), (1, &Vec::new()), "{recovery:?}");
}

#[test]
fn nothing_is_written_through_a_link_that_waits_in_the_folder() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("run")).expect("a folder");
    std::fs::write(bench.path("mine"), "mine").expect("a file");
    for name in ["stdout", "stderr"] {
        symlink("../mine", bench.path("run").join(name)).expect("a link");
    }
    let outcome = run(&bench, "echo said; echo loud >&2", Hold::Firm);
    assert_settled(&bench, &outcome, "links");
    assert_eq!((text(&outcome.stdout), text(&outcome.stderr)), ("said\n".to_owned(), "loud\n".to_owned()));
    assert_eq!(text(&bench.path("mine")), "mine");
}

#[test]
fn odd_output_is_kept_byte_for_byte() {
    for (script, out, err) in [
        ("printf 'a\\000b\\000'", &b"a\0b\0"[..], &b""[..]),
        ("printf only >&2", b"", b"only"),
        ("exit 0", b"", b""),
        ("exec >&- 2>&-; sleep 0.3", b"", b""),
        ("printf x; exec 3>&1 >&-; printf y >&3", b"xy", b""),
    ] {
        for (hold, _) in BOTH {
            let bench = Bench::new();
            let outcome = run(&bench, script, hold);
            assert_eq!(outcome.ending, Ending::Finished, "{script}: {outcome:?}");
            assert_eq!(std::fs::read(&outcome.stdout).expect("there"), out, "{script}");
            assert_eq!(std::fs::read(&outcome.stderr).expect("there"), err, "{script}");
            assert!(outcome.tree_gone && outcome.ms < 30_000, "{script}: {outcome:?}");
        }
    }
}

#[test]
fn a_gigabyte_is_cut_long_before_it_is_written() {
    for (hold, _) in BOTH {
        let bench = Bench::new();
        let mut limits = held(hold);
        limits.output = 1_000_000;
        limits.grace.interrupt = Duration::from_millis(200);
        let outcome = supervise::run(
            &bench.shell("trap '' INT TERM; head -c 1000000000 /dev/zero; sleep 60"),
            &limits,
            &Cancel::new(),
            &mut |_| {},
        );
        assert_eq!((outcome.ending, outcome.bytes_out), (Ending::OutputLimit, 1_000_000), "{outcome:?}");
        assert_settled(&bench, &outcome, "flood");
    }
}
