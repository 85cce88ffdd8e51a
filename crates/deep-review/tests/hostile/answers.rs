//! Reviewers that misuse their answer: its file, its size, its bytes, its end.
//!
//! In: commands that do what a program on a hostile branch may have them do. Out: each ends with a named ending, in bounded time and
//! memory, and nothing of what it made is left.

#![cfg(target_os = "linux")]

use crate::common::{json, reviewer};
use crate::ground::{DEFECT, Ground};

/// One reviewer: what it does, where its answer is, and how it must end.
struct Misuse {
    name: &'static str,
    /// `$1` is the file of its answer.
    script: &'static str,
    /// Keys of its table.
    table: &'static str,
    /// Its ending.
    ending: &'static str,
    /// What its row says.
    says: &'static str,
}

const FILE: &str = "output = \"file\"";

const MISUSES: &[Misuse] = &[
    Misuse {
        name: "an answer of many gigabytes without a single block of the disk",
        script: "truncate -s 1900M \"$1\"",
        table: FILE,
        ending: "output-limit",
        says: "its answer is larger than",
    },
    Misuse {
        name: "an answer that is a pipe nobody writes to",
        script: "rm -f \"$1\"; mkfifo \"$1\"",
        table: FILE,
        ending: "empty",
        says: "not a plain file",
    },
    Misuse {
        name: "an answer that is a link to a file of the user's",
        script: "rm -f \"$1\"; ln -s HOME/.ssh/id_ed25519 \"$1\"",
        table: FILE,
        ending: "empty",
        says: "not a plain file",
    },
    Misuse {
        name: "an answer that is a folder which nobody may enter, with all that is hard to remove",
        script: "rm -f \"$1\"; mkdir \"$1\"; cd \"$1\"; for n in $(seq 1000); do : > \"f$n\"; done; mkfifo p; mkdir locked; : > locked/f; chmod 000 locked; \
                 ln -s HOME link; python3 -c '\nimport os, socket\nfor n in range(6000):\n    os.mkdir(\"d\"); os.chdir(\"d\")\n' ; chmod 000 .",
        table: FILE,
        ending: "empty",
        says: "not a plain file",
    },
    Misuse {
        name: "one line of two megabytes",
        script: "printf '## Findings\\n\\nI1. **'; head -c 2000000 /dev/zero | tr '\\0' a",
        table: "output_limit = \"10MB\"",
        ending: "",
        says: "",
    },
    Misuse {
        name: "zeros, broken text, orders to a terminal, and words that run backwards",
        script: "printf '## Findings\\n\\nI1. **a\\000b\\377\\376\\033[2J\\033]8;;http://evil.test\\007x\\342\\200\\256** - `src/new.rs:2`\\n'; head -c 300000 /dev/urandom",
        table: "",
        ending: "",
        says: "",
    },
    Misuse {
        name: "a program that closes everything and lives on in many sessions",
        script: "(trap '' TERM INT HUP; exec >&- 2>&- <&-; setsid sh -c 'setsid sleep 600 & sleep 600' & while :; do sleep 1; done) & exec >&- 2>&-; sleep 600",
        table: "silence = \"2s\"",
        ending: "stalled",
        says: "it wrote nothing for 2s",
    },
    Misuse {
        name: "a child of a child, in a session of its own and without a variable, that goes on writing the answer when all is said",
        script: "cat answer.md > \"$1\"; (env -i /bin/bash -c 'trap \"\" TERM INT HUP; setsid setsid /bin/bash -c \"while :; do cat HOME/.ssh/id_ed25519; echo more; done >> $1\" &' x \"$1\" &) ; \
                 sleep 0.3",
        table: FILE,
        ending: "",
        says: "",
    },
    Misuse {
        name: "an answer that is replaced by a link again and again, also when all is said",
        script: "cat answer.md > \"$1\"; (setsid env -i /bin/bash -c 'while :; do ln -sf HOME/.ssh/id_ed25519 \"$0\"; cp answer.md \"$0.new\"; mv -f \"$0.new\" \"$0\"; done' \"$1\" &) ; \
                 sleep 0.3",
        table: FILE,
        ending: "",
        says: "",
    },
    Misuse {
        name: "files without number beside the answer, and in every folder that takes them",
        script: "cat answer.md > \"$1\"; places=\"$(dirname \"$1\") .\"; [ \"$USER\" = review ] && places=\"$places /tmp $HOME\"; \
                 for d in $places; do (mkdir -p $d/many && cd $d/many && seq -f 'f%.0f' 50000 | xargs touch); done; exit 0",
        table: FILE,
        ending: "",
        says: "",
    },
    Misuse {
        name: "processes that are small each and large together",
        script: "for n in 1 2 3 4 5 6; do setsid sh -c '(head -c 60000000 /dev/zero; sleep 600) | tail' >/dev/null & done; sleep 600",
        table: "memory_limit = \"200MB\"",
        ending: "memory-limit",
        says: "of memory, more than their limit",
    },
];

#[test]
fn an_answer_is_bounded_and_leaves_nothing() {
    let ground = Ground::new();
    let branch = ground.branch(|ground| {
        ground
            .write("src/new.rs", DEFECT)
            .write("answer.md", "## Findings\n\nNone.\n\n## Coverage\n\n- everything\n");
    });
    let home = ground.session.home().display().to_string();
    let mut tables = String::new();
    for (number, misuse) in MISUSES.iter().enumerate() {
        let script = misuse.script.replace("HOME", &home);
        let file = ground.session.beside(&format!("scripts/{number}.sh"), script).display().to_string();
        let more = format!(
            "[reviewers.misuse-{number}]\ncommand = [\"/bin/bash\", {file:?}, \"{{output_file}}\"]\nshow = [{file:?}]\nretries = 0\n{}\n",
            misuse.table
        );
        tables += &more;
    }
    ground.configure(&tables);
    for trust in ["mine", "stranger"] {
        for (number, misuse) in MISUSES.iter().enumerate() {
            let begun = std::time::Instant::now();
            let name = format!("misuse-{number}");
            let mut words =
                vec!["run", &branch, "--json", "--again", "--reviewer", "builtin", "--reviewer", &name];
            words.extend((trust == "stranger").then_some(["--trust", trust]).into_iter().flatten());
            let ran = ground.unchanged(misuse.name, || ground.call(&words));
            println!("looking at: {}, {trust} ({:?})", misuse.name, begun.elapsed());
            let report = json(&ran);
            let row = reviewer(&report, &name);
            assert_eq!(row["tree_gone"], true, "{}: {row:#}", misuse.name);
            assert!(
                misuse.ending.is_empty() || row["ending"] == misuse.ending,
                "{}, {trust}: {row:#}",
                misuse.name
            );
            assert!(row.to_string().contains(misuse.says), "{}, {trust}: {row:#}", misuse.name);
            assert!(!report.to_string().contains(crate::ground::SECRET), "{}", misuse.name);
            assert!(ran.stderr.len() < 100_000, "{}: {} bytes of messages", misuse.name, ran.stderr.len());
            assert!(!ran.stderr.contains('\u{1b}') && !ran.stderr.contains('\u{202e}'), "{:?}", ran.stderr);
        }
    }
}
