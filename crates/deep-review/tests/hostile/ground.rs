//! The ground on which attacks are tried: one repository, one home, one attack after the other.
//!
//! In: attacks. Out: for each a branch, a review of it, the report in every form, and the proof that nothing else happened.

use std::cell::Cell;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use test_kit::{Ran, TestSession};

use crate::common::{configured, run_folders, session};
use crate::machine::Machine;

/// The secret in the user's home.
pub(crate) const SECRET: &str = "the-secret-key-of-the-user";

/// The value of a key variable of the user's.
pub(crate) const KEY: &str = "a-value-without-any-shape-0123456789";

/// What an honest reviewer says of [`DEFECT`].
const HONEST: &str = "## Findings\n\n### Important Issues\n\nI1. **`first` reads past the end of an empty list** — \
    `src/new.rs:2` (important, regression)\n\n```rust\n    items[0]\n```\n\nWhen the list is empty, `items[0]` panics, so a caller without items crashes.\n\n## Coverage\n\n- \
    `src/new.rs` — I1\n";

/// A file with a defect.
pub(crate) const DEFECT: &str = "pub fn first(items: &[u32]) -> u32 {\n    items[0]\n}\n";

/// One attack.
pub(crate) struct Attack {
    /// What it is.
    pub(crate) name: &'static str,
    /// Makes the branch's content in the working tree; what it leaves is committed.
    pub(crate) build: fn(&Ground),
    /// Who is asked besides the built-in reviewers.
    pub(crate) reviewers: &'static [&'static str],
    /// How the review must end.
    pub(crate) code: i32,
    /// What must be seen besides: that it was contained, and that it was noted.
    pub(crate) look: fn(&Ground, &Seen),
}

/// What an attack led to.
pub(crate) struct Seen {
    pub(crate) ran: Ran,
    pub(crate) report: Value,
    pub(crate) markdown: String,
    pub(crate) html: String,
    pub(crate) sarif: String,
    pub(crate) terminal: String,
    pub(crate) github: String,
    pub(crate) folder: PathBuf,
}

impl Seen {
    /// What a reviewer wrote to its standard error: what it came across.
    pub(crate) fn observed(&self, reviewer: &str) -> String {
        let file = self.folder.join("raw").join(reviewer).join("stderr");
        std::fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Everything the report says, as one text.
    pub(crate) fn everything(&self) -> String {
        self.report.to_string()
    }

    /// That the report says something.
    pub(crate) fn says(&self, text: &str) {
        assert!(self.everything().contains(text), "the report does not say `{text}`:\n{:#}", self.report);
    }

    /// Titles of findings.
    pub(crate) fn titles(&self) -> Vec<String> {
        let findings = self.report["findings"].as_array().into_iter().flatten();
        findings.map(|finding| finding["title"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// How a reviewer's row ended.
    pub(crate) fn state(&self, reviewer: &str) -> String {
        let row = crate::common::reviewer(&self.report, reviewer);
        row["state"].as_str().unwrap_or_default().to_owned()
    }
}

/// A repository with an innocent base, a home with a secret, a bystander.
pub(crate) struct Ground {
    pub(crate) session: TestSession,
    temporary: PathBuf,
    bystander: Child,
    branches: Cell<u32>,
}

impl Drop for Ground {
    fn drop(&mut self) {
        drop(self.bystander.kill());
        drop(self.bystander.wait());
    }
}

impl Ground {
    /// A fresh one with a reviewer `obedient`, which does what it comes across.
    #[expect(clippy::disallowed_methods, reason = "a test starts a bystander")]
    pub(crate) fn new() -> Self {
        let session = session();
        session.repo.git(&["checkout", "-q", "main"]);
        let key = session.home().join(".ssh/id_ed25519");
        std::fs::create_dir_all(key.parent().expect("a parent")).expect("a folder");
        std::fs::write(&key, SECRET).expect("written");
        let temporary = session.repo.scratch().join("tmp");
        std::fs::create_dir_all(&temporary).expect("a folder");
        let bystander = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("sleep starts");
        let ground = Self { session, temporary, bystander, branches: Cell::new(0) };
        let script = obedient(&ground.session.home().join("mark"));
        let table =
            format!("[reviewers.obedient]\ncommand = [\"/bin/sh\", \"-c\", {script:?}]\nquorum = true\n");
        // It says whatever a file of the branch wants it to say: whoever writes the branch writes its answer.
        let parrot = "[reviewers.parrot]\ncommand = [\"/bin/sh\", \"-c\", \"cat >/dev/null; cat answer.md\"]\nstdin = \"prompt\"\n";
        let honest = ground.session.beside("honest.md", HONEST);
        let honest = format!(
            "[reviewers.honest]\ncommand = [{:?}, \"--script\", {:?}]\n",
            test_kit::fake_agent_path().to_str().expect("UTF-8"),
            ground
                .session
                .beside("honest.txt", format!("say {}\n", honest.display()))
                .to_str()
                .expect("UTF-8")
        );
        // A rule that speaks of any line that was left in by accident shows that the built-in reviewers looked at it.
        let rules = "[builtin]\nenable = [\"*\", \"hygiene/debugging\"]\n";
        configured(&ground.session, &format!("[review]\nquorum = 1\n{rules}{table}{parrot}{honest}"));
        ground
    }

    /// A file in the branch's tree.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        self.session.repo.write(path, content);
        self
    }

    /// A program in the branch's tree that leaves a mark when it runs.
    pub(crate) fn trap(&self, path: &str) -> &Self {
        self.write(path, self.trap_text());
        let place = self.session.repo.path().join(path);
        std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o755)).expect("executable");
        self
    }

    /// Its text.
    pub(crate) fn trap_text(&self) -> String {
        format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat\n", self.mark().display())
    }

    /// A command that leaves a mark.
    pub(crate) fn touch(&self) -> String {
        format!("touch {}", self.mark().display())
    }

    /// What is there when something ran.
    pub(crate) fn mark(&self) -> PathBuf {
        self.session.home().join("mark")
    }

    /// Makes the branch itself of a tree, for content that git's own commands refuse.
    pub(crate) fn tree(&self, entries: &[(&str, &[u8], &[u8])]) {
        let repo = &self.session.repo;
        let mut listed = Vec::new();
        for (mode, name, content) in entries {
            let kind = if *mode == "40000" { "tree" } else { "blob" };
            let object = match kind {
                // The content of a tree is its name.
                "tree" => String::from_utf8_lossy(content).into_owned(),
                _ => self.blob(content),
            };
            listed.extend(format!("{mode} {kind} {object}\t").bytes());
            listed.extend(*name);
            listed.push(0);
        }
        let tree = self.feed(&["mktree", "-z"], &listed);
        let commit = repo.git(&["commit-tree", "-p", "main", "-m", "A tree made by hand", &tree]);
        repo.git(&["reset", "-q", "--soft", commit.trim()]);
    }

    /// A subtree made by hand; its name goes into [`Ground::tree`].
    pub(crate) fn subtree(&self, entries: &[(&str, &[u8], &str)]) -> String {
        let mut listed = Vec::new();
        for (mode, name, object) in entries {
            let kind = if *mode == "40000" { "tree" } else { "blob" };
            listed.extend(format!("{mode} {kind} {object}\t").bytes());
            listed.extend(*name);
            listed.push(0);
        }
        self.feed(&["mktree", "-z"], &listed)
    }

    /// A blob, made without touching the tree.
    pub(crate) fn blob(&self, content: &[u8]) -> String {
        self.feed(&["hash-object", "-w", "--stdin", "--no-filters"], content)
    }

    /// What git prints when it is given this to read.
    pub(crate) fn feed(&self, words: &[&str], input: &[u8]) -> String {
        let mut command = self.session.repo.command(words);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("git starts");
        child.stdin.take().expect("a pipe").write_all(input).expect("git reads");
        let output = child.wait_with_output().expect("git ends");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Tries every attack of a family.
    pub(crate) fn try_all(&self, attacks: &[Attack]) {
        // One that fails does not hide the next.
        let mut failed = Vec::new();
        for attack in attacks {
            let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.attempt(attack)));
            failed.extend(tried.is_err().then_some(attack.name));
            self.clean_up();
        }
        assert!(failed.is_empty(), "{failed:?}");
    }

    fn attempt(&self, attack: &Attack) {
        let begun = std::time::Instant::now();
        let branch = self.branch(attack.build);
        let seen = self.unchanged(attack.name, || self.review(&branch, attack));
        assert_eq!(seen.report["invariants"]["dispositions_balance"], true, "{}", attack.name);
        assert!(!seen.everything().contains(SECRET), "{}: the secret is in the report", attack.name);
        shown_harmlessly(&seen, attack.name);
        println!("looking at: {} ({:?})", attack.name, begun.elapsed());
        (attack.look)(self, &seen);
    }

    /// The user is on `main` again, whatever became of the attack.
    fn clean_up(&self) {
        drop(std::fs::remove_file(self.mark()));
        let repo = &self.session.repo;
        repo.git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
        repo.git(&["reset", "-q", "--hard"]);
        repo.git(&["clean", "-q", "-ffdx"]);
    }

    /// Does something, and proves that the machine is as it was.
    pub(crate) fn unchanged<T>(&self, name: &str, what: impl FnOnce() -> T) -> T {
        let now = || Machine::now(&self.session, &self.temporary, self.bystander.id());
        let before = now();
        let done = what();
        now().must_be(&before, name);
        assert!(!self.mark().exists(), "{name}: it ran: {}", read(&self.mark()));
        done
    }

    /// Builds a branch and leaves the user on `main`, with a clean tree.
    pub(crate) fn branch(&self, build: impl Fn(&Self)) -> String {
        let number = self.branches.get() + 1;
        self.branches.set(number);
        let (repo, branch) = (&self.session.repo, format!("attack-{number}"));
        repo.git(&["checkout", "-q", "-b", &branch, "main"]);
        build(self);
        if repo.git(&["log", "--oneline", "main..HEAD"]).is_empty() {
            repo.commit("Tidy up");
        }
        self.clean_up();
        branch
    }

    fn review(&self, branch: &str, attack: &Attack) -> Seen {
        let out = self.session.repo.scratch().join("out").join(branch);
        let out = out.to_str().expect("text");
        let mut words = vec!["run", branch, "--json", "--out", out, "--reviewer", "builtin"];
        words.extend(attack.reviewers.iter().flat_map(|name| ["--reviewer", name]));
        let ran = self.call(&words);
        assert_eq!(ran.code, attack.code, "{}:\n{}\n{}", attack.name, ran.stdout, ran.stderr);
        let report = crate::common::json(&ran);
        let form = |name: &str| read(&Path::new(out).join(name));
        let printed = |words: &[&str]| self.call(words).expect(0).stdout;
        Seen {
            markdown: form("report.md"),
            html: form("report.html"),
            sarif: form("report.sarif"),
            terminal: printed(&["show", "--color", "never"]),
            github: printed(&["report", "-f", "github-review"]),
            folder: run_folders(&self.session).pop().expect("a run"),
            report,
            ran,
        }
    }

    /// The binary, with its own folder for what is temporary.
    pub(crate) fn call(&self, words: &[&str]) -> Ran {
        self.call_with(words, &[])
    }

    /// The same with more variables.
    pub(crate) fn call_with(&self, words: &[&str], more: &[(String, String)]) -> Ran {
        let mut command = self.session.command(words);
        let output = command
            .envs(more.iter().map(|(name, value)| (name, value)))
            .env("TMPDIR", &self.temporary)
            .env("PATH", self.search())
            .env("ADA_API_KEY", KEY)
            .output()
            .expect("the binary starts");
        Ran {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// Adds tables to the user's configuration.
    pub(crate) fn configure(&self, tables: &str) {
        let config = self.session.repo.path().join(".git/deep-review/config.toml");
        let before = std::fs::read_to_string(&config).expect("a configuration");
        std::fs::write(&config, before + tables).expect("written");
    }

    /// The search path: programs of this ground come first.
    #[expect(clippy::disallowed_methods, reason = "tests pass a search path on")]
    fn search(&self) -> std::ffi::OsString {
        let before = std::env::var_os("PATH").unwrap_or_default();
        let own = self.session.repo.scratch().join("bin");
        std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&before)))
            .expect("a search path")
    }

    /// A program on the user's search path.
    pub(crate) fn program(&self, name: &str, script: &str) -> &Self {
        let place = self.session.beside(&format!("bin/{name}"), script);
        std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o755)).expect("executable");
        self
    }

    /// What the obedient reviewer does in a plain clone of the last attack: shows that an attack is one.
    #[expect(clippy::disallowed_methods, reason = "the reviewer, as it would be without us")]
    pub(crate) fn unprotected(&self) -> String {
        let branch = format!("attack-{}", self.branches.get());
        let clone = self.session.repo.scratch().join(format!("clone-{branch}"));
        let clone = clone.to_str().expect("text");
        self.session.repo.git(&["clone", "-q", "-b", &branch, ".", clone]);
        let output = Command::new("/bin/sh")
            .args(["-c", &obedient(&self.mark())])
            .current_dir(clone)
            .env("HOME", self.session.home())
            .output()
            .expect("sh starts");
        let mut seen = String::from_utf8_lossy(&output.stderr).into_owned();
        seen.push_str(&read(&self.mark()));
        drop(std::fs::remove_file(self.mark()));
        seen
    }
}

/// A reviewer that loads what agents load, follows every link, and uses git in the tree and in every folder of it. It says what
/// it came across on standard error.
fn obedient(mark: &Path) -> String {
    let names: Vec<String> = crate::agents::FILES.iter().map(|(_, path)| format!("'{path}'")).collect();
    format!(
        "exec 9>&1 1>/dev/null\n\
         for name in {}; do if [ -e \"$name\" ] || [ -L \"$name\" ]; then echo \"loaded $name\" >&2; fi; done\n\
         for hook in .claude/hook.sh .codex/hook.sh .gemini/hook.sh hook.sh; do [ -x \"$hook\" ] && \"$hook\" </dev/null; done\n\
         find . -path ./.git -prune -o -type l -print | head -50 | while read -r link; do echo \"link $link\" >&2; head -c 300 \"$link\" >&2; ls \"$link/\" >&2; done\n\
         git status >&2 </dev/null; git diff --stat deep-review/base HEAD >&2; git log -p -1 --ext-diff --textconv >&2; git archive HEAD | tar -xO src/id.txt >&2\n\
         git -c user.name=x -c user.email=x@y stash; git checkout -f HEAD >&2; git submodule update --init --recursive --remote >&2\n\
         for folder in */; do (cd \"$folder\" && echo \"at $folder\" >&2 && git status >&2 && git log -1 >&2); done\n\
         echo done-{} >&2\n",
        names.join(" "),
        mark.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    ) + "exec 1>&9\nprintf '## Findings\\n\\nNone.\\n\\n## Coverage\\n\\n- everything\\n\\n## Verdict\\n\\nMerge as is.\\n'\n"
}

fn read(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// No form of a report carries orders to a terminal, text that runs the other way, or markup that is not ours.
fn shown_harmlessly(seen: &Seen, name: &str) {
    let is_order = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    for (form, text) in [
        ("terminal", &seen.terminal),
        ("messages", &seen.ran.stderr),
        ("markdown", &seen.markdown),
        ("html", &seen.html),
        ("github", &seen.github),
    ] {
        let at = text.char_indices().find(|(_, c)| is_order(*c));
        let around = at.map(|(at, c)| (c, text[..at].chars().rev().take(80).collect::<String>()));
        assert!(around.is_none(), "{name}: {form} has an order: {around:?} (before it, backwards)");
    }
    for text in
        ["<img src=x", "<script>alert", "<svg onload", "<iframe", "href=\"javascript:", "<a href=\"data:"]
    {
        assert!(!seen.html.contains(text), "{name}: the page has `{text}`");
    }
    // What is posted are the texts in it.
    let payload: Value = serde_json::from_str(&seen.github).expect("JSON");
    let comments = payload["comments"].as_array().into_iter().flatten().map(|comment| &comment["body"]);
    let posted = std::iter::once(&payload["body"]).chain(comments).filter_map(Value::as_str);
    let posted: Vec<(&str, &str)> = posted.map(|text| ("github", text)).collect();
    for (form, text) in std::iter::once(("markdown", seen.markdown.as_str())).chain(posted) {
        let outside = outside_code(text);
        for markup in ["<img", "<script", "<svg", "<iframe", "](javascript:", "![x](http"] {
            assert!(!outside.contains(markup), "{name}: {form} has `{markup}`:\n{outside}");
        }
    }
    assert!(serde_json::from_str::<Value>(&seen.sarif).is_ok(), "{name}: SARIF is JSON");
}

/// Markdown without its fenced blocks and code spans.
pub(crate) fn outside_code(markdown: &str) -> String {
    let mut fence: Option<String> = None;
    let mut kept = String::new();
    for line in markdown.lines() {
        let bare = line.trim_start_matches([' ', '>']);
        let ticks: String = bare.chars().take_while(|c| matches!(c, '`' | '~')).collect();
        match &fence {
            Some(open) if ticks.starts_with(open.as_str()) && bare.trim() == ticks => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                // What is escaped is text.
                let mut escaped = false;
                let line: String = line
                    .chars()
                    .filter(|c| {
                        let keep = !escaped && *c != '\\';
                        escaped = !escaped && *c == '\\';
                        keep
                    })
                    .collect();
                // Spans of one line: every second part between equal runs of ticks.
                let parts = line.split('`').enumerate().filter(|(at, _)| at % 2 == 0);
                kept.extend(parts.map(|(_, part)| part));
                kept.push('\n');
            }
        }
    }
    kept
}
