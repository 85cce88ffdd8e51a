//! Keys: those of the user that a reviewer holds, and those that a branch brings.
//!
//! In: reviewers that print the keys they were given, and a branch that has one committed. Out: no key in any form of the report, in
//! events, in prompts and in logs. What a reviewer answered stays on this machine as it came, but for the user's own keys.

use crate::common::{configured, findings_of};
use crate::ground::{Attack, DEFECT, Ground, KEY, Seen};

/// A key with a known shape that is nobody's. In parts, so that no scanner takes this file for a leak.
fn made_up() -> String {
    ["gh", "p_", "n3K9wQ2eL5bV8mY1pX4cZ7aR0fT6sH3uJ8oI"].concat()
}

/// Every file that a run left, but for what was said word by word.
fn kept(seen: &Seen, but: &[&str]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![seen.folder.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if !but.iter().any(|name| path.ends_with(name)) {
                let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
                files.push((path.display().to_string(), text));
            }
        }
    }
    files
}

fn in_every_form(seen: &Seen, key: &str) {
    let forms = [
        &seen.markdown,
        &seen.html,
        &seen.sarif,
        &seen.terminal,
        &seen.github,
        &seen.ran.stdout,
        &seen.ran.stderr,
    ];
    assert!(forms.iter().all(|form| !form.contains(key)), "a form of the report has a key");
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "a branch that has its reviewer print the user's keys",
        build: |ground| {
            ground.write("src/new.rs", DEFECT);
        },
        reviewers: &["leaky"],
        code: 0,
        look: |_, seen| {
            in_every_form(seen, KEY);
            for (path, text) in kept(seen, &[]) {
                assert!(!text.contains(KEY), "{path} has the user's key");
            }
            // It was handed over, printed, and taken out.
            assert!(seen.observed("leaky").contains("<ADA_API_KEY>"), "{}", seen.observed("leaky"));
            seen.says("<ADA_API_KEY>");
        },
    },
    Attack {
        name: "a branch with a key in its code, its names and its commits, and a reviewer that repeats it",
        build: |ground| {
            let key = made_up();
            let answer = format!(
                "## Findings\n\n### Important Issues\n\nI1. **The token {key} is committed** — `src/token.rs:1` (important, gap)\n\n```rust\npub \
                 const TOKEN: &str = \"{key}\";\n```\n\n`{key}` is for everybody to see.\n"
            );
            ground
                .write("answer.md", answer)
                .write("src/token.rs", format!("pub const TOKEN: &str = \"{key}\";\n"));
            ground.write(&format!("notes/{key}.md"), "x\n");
            ground.session.repo.commit(&format!("Use {key}"));
        },
        reviewers: &["parrot"],
        code: 0,
        look: |_, seen| {
            let key = made_up();
            in_every_form(seen, &key);
            // Its quote was compared with the code before anything was taken out.
            let found = findings_of(&seen.report, "parrot");
            assert_eq!(found[0]["lane"], "confirmed", "{:#}", found[0]);
            seen.says("<redacted: GitHub token>");
            // The answer, and what was under review, are the record.
            let record = &[
                "review.md",
                "review.json",
                "target.json",
                "rounds.json",
                "open.json",
                "history.json",
                "plan.json",
            ];
            for (path, text) in kept(seen, record) {
                assert!(!text.contains(&key), "{path} has the key");
            }
        },
    },
];

#[test]
fn no_key_is_published_or_logged() {
    let ground = Ground::new();
    let script = "echo \"my key is $ADA_API_KEY\" >&2; echo \"## Findings\"; echo; echo \"### Suggestions\"; echo; \
                  echo \"S1. **The key $ADA_API_KEY is set** — \\`src/new.rs:1\\` (suggestion, gap)\"; echo; echo \"It is $ADA_API_KEY.\"";
    configured(&ground.session, "");
    let table =
        format!("[reviewers.leaky]\ncommand = [\"/bin/sh\", \"-c\", {script:?}]\nenv = [\"ADA_API_KEY\"]\n");
    let config = ground.session.repo.path().join(".git/deep-review/config.toml");
    let before = std::fs::read_to_string(&config).expect("a configuration");
    std::fs::write(&config, before + &table).expect("written");
    ground.try_all(ATTACKS);
}
