use git::{Repository, TargetRequest};
use proptest::prelude::*;
use test_kit::TestRepo;
use test_kit::fake_model::calc_repository;

use super::*;

fn snapshot(repo: &TestRepo) -> Snapshot {
    let repository = Repository::open(&repo.path()).expect("a repository");
    let request = TargetRequest { base: Some("main".to_owned()), ..TargetRequest::default() };
    let target = repository.resolve(&request).expect("a target");
    Snapshot::open(&repository, &target).expect("a snapshot")
}

fn call(snapshot: &Snapshot, name: &str, arguments: &str) -> Returned {
    run(snapshot, &Call { id: String::new(), name: name.to_owned(), arguments: arguments.to_owned() })
}

#[test]
fn each_tool_shows_what_it_says() {
    let repo = calc_repository();
    let snapshot = snapshot(&repo);
    for (name, arguments, wanted) in [
        ("list_files", "", "README.md\nsrc/calc.py\n"),
        ("list_files", r#"{"path":"src/"}"#, "src/calc.py\n"),
        (
            "read_file",
            r#"{"path":"./src/calc.py","start":2,"end":2}"#,
            "     2      total = sum(values)\n[lines 3 to 7 follow]\n",
        ),
        (
            "read_file",
            r#"{"path":"/src/calc.py","side":"base","start":2,"end":2}"#,
            "     2      if not values:\n",
        ),
        ("search", r#"{"text":"double("}"#, "src/calc.py:6: def double(value):\n"),
        ("search", r#"{"text":"calc","path":"README"}"#, "README.md:1: # calc\n"),
        ("search", r#"{"text":"nowhere at all"}"#, "[not found]\n"),
        ("blame", r#"{"path":"src/calc.py","start":1,"end":2}"#, "     2  this change"),
        ("log", "{}", "mean: add up first\n"),
        ("log", r#"{"path":"README.md"}"#, "calc\n"),
        ("diff", r#"{"path":"src/calc.py"}"#, "+    total = sum(values)\n"),
    ] {
        let returned = call(&snapshot, name, arguments);
        assert!(!returned.failed && returned.text.contains(wanted), "{name} {arguments}: {returned:?}");
    }
}

#[test]
fn nothing_outside_the_repository_is_ever_read() {
    let repo = calc_repository();
    std::fs::write(repo.scratch().join("secret.txt"), "outside").expect("a file beside the repository");
    let snapshot = snapshot(&repo);
    let outside = repo.scratch().join("secret.txt").display().to_string();
    let paths = [
        "../secret.txt",
        "src/../../secret.txt",
        &outside,
        ".git/config",
        "/etc/hostname",
        "..",
        "src",
        "",
        "--output=x",
        ":(top)src",
        "src/calc.py\0",
    ];
    for path in paths {
        for tool in ["read_file", "diff", "log", "list_files", "blame"] {
            let arguments = json!({ "path": path, "start": 1, "end": 9 }).to_string();
            let returned = call(&snapshot, tool, &arguments);
            assert!(
                !returned.text.contains("outside") && !returned.text.contains("[core]"),
                "{tool} {path}: {returned:?}"
            );
            let may_succeed = path.is_empty() && matches!(tool, "log" | "list_files")
                || path == "src" && tool == "list_files";
            assert!(returned.failed || may_succeed, "{tool} {path}: {returned:?}");
        }
    }
    let before = repo.git(&["status", "--porcelain", "--ignored"]);
    assert_eq!(before, "", "a tool wrote something");
}

#[test]
fn long_results_are_cut_and_say_so() {
    let repo = TestRepo::new();
    repo.write("a.txt", "x\n").commit("one");
    repo.branch("feature").write("long.txt", "a line of some length that repeats\n".repeat(5000));
    repo.write("wide.txt", "w".repeat(100_000)).write("bin", b"a\0b");
    for n in 0..400 {
        repo.write(&format!("many/f{n}.txt"), "y\n");
    }
    repo.commit("two");
    let snapshot = snapshot(&repo);
    let long = call(&snapshot, "read_file", r#"{"path":"long.txt"}"#).text;
    assert!(
        long.len() <= LONGEST + 100 && long.ends_with("to 5000 follow]\n"),
        "{}",
        &long[long.len() - 100..]
    );
    let wide = call(&snapshot, "read_file", r#"{"path":"wide.txt"}"#).text;
    assert!(wide.len() < 2000 && wide.contains("[line cut]"), "{}", wide.len());
    assert!(call(&snapshot, "read_file", r#"{"path":"bin"}"#).text.contains("[no text: 3 bytes"));
    let hits = call(&snapshot, "search", r#"{"text":"repeats"}"#).text;
    assert!(
        hits.lines().count() == MOST_HITS + 1 && hits.contains("[there is more"),
        "{}",
        hits.lines().count()
    );
    assert!(call(&snapshot, "diff", r#"{"path":"long.txt"}"#).text.ends_with("ask for less at a time]\n"));
    assert!(call(&snapshot, "list_files", "{}").text.contains("many/ (400)"));
}

#[test]
fn arguments_that_do_not_fit_are_told_and_do_no_harm() {
    let repo = calc_repository();
    let snapshot = snapshot(&repo);
    for (name, arguments) in [
        ("read_file", "{}"),
        ("read_file", "not json"),
        ("read_file", r#"{"path": 7}"#),
        ("read_file", r#"{"path":"src/calc.py","start":-1}"#),
        ("read_file", r#"{"path":"src/calc.py","start":4000000000}"#),
        ("search", r#"{"text":""}"#),
        ("search", r#"{"text":"a\nb"}"#),
        ("blame", r#"{"path":"src/calc.py","start":9,"end":3}"#),
        ("run_shell", r#"{"command":"touch x"}"#),
    ] {
        assert!(call(&snapshot, name, arguments).failed, "{name} {arguments}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn no_arguments_make_a_tool_panic(name in "list_files|read_file|search|blame|log|diff", path in ".{0,20}", start in any::<u32>(), end in any::<u32>(), raw in ".{0,30}") {
        thread_local! {
            static REPO: (TestRepo, Snapshot) = { let repo = calc_repository(); let snapshot = snapshot(&repo); (repo, snapshot) };
        }
        REPO.with(|(_, snapshot)| {
            let arguments = json!({ "path": path, "text": path, "start": start, "end": end }).to_string();
            call(snapshot, &name, &arguments);
            call(snapshot, &name, &raw);
            call(snapshot, &name, &json!({ "path": "src/calc.py", "start": start, "end": end }).to_string());
        });
    }
}
