//! Plants what a workflow must not do, and an example of settings that an edit forgets.
//!
//! In: source files, for the names. Out: trees before and after an edit of a workflow or of settings that we wrote, and after the edit
//! made well. Published packages hold no workflows, so these are ours: what is found shows which forms are known, not how good the
//! rules are.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::forgotten::plant;
use super::{Plant, Tree, sources};

const WORKFLOW: &str = ".github/workflows/check.yml";

fn workflow(event: &str, step: &str) -> String {
    format!(
        "name: check\non: {event}\npermissions:\n  contents: read\njobs:\n  check:\n    runs-on: ubuntu-latest\n    steps:\n      \
         - uses: actions/checkout@8ade135a41bc03ea155e62e844d188df1ea18608\n      - uses: \
         actions/setup-node@b39b52d1213e96004bfcb1c61a8a6fa8ab84f3e8\n      - uses: \
         actions/cache@704facf57e6136b1bc63b828d79edcd491f0ee84\n      - uses: \
         actions/upload-artifact@a8a3f3ad30e3422c9c7b888a15615d19a852ae32\n{step}      - run: make check\n"
    )
}

fn edit(tree: &Tree, rule: &'static str, old: String, bad: String, good: String) -> Plant {
    let with = |text: String| {
        let mut tree = tree.clone();
        tree.insert(WORKFLOW.to_owned(), text);
        tree
    };
    plant(with(old), with(bad), Some(with(good)), rule, WORKFLOW)
}

/// Text of strangers in a shell.
pub(super) fn injection(tree: &Tree) -> Vec<Plant> {
    const FIELDS: [&str; 12] = [
        "github.event.issue.title",
        "github.event.issue.body",
        "github.event.pull_request.title",
        "github.event.pull_request.body",
        "github.event.pull_request.head.ref",
        "github.event.pull_request.head.label",
        "github.event.comment.body",
        "github.event.review.body",
        "github.event.head_commit.message",
        "github.event.discussion.title",
        "github.head_ref",
        "github.event.commits[0].message",
    ];
    let one = |(at, field): (usize, &&str)| {
        let bad = if at % 2 == 0 {
            format!("      - run: echo \"${{{{ {field} }}}}\"\n")
        } else {
            format!(
                "      - name: tell\n        run: |\n          set -e\n          echo \"${{{{ {field} }}}}\" >> told.txt\n"
            )
        };
        let good = format!("      - run: echo \"$TOLD\"\n        env:\n          TOLD: ${{{{ {field} }}}}\n");
        let on = "[issues, pull_request]";
        edit(tree, "ci/script-injection", workflow(on, ""), workflow(on, &bad), workflow(on, &good))
    };
    FIELDS.iter().enumerate().map(one).collect()
}

/// An action that may become another one tomorrow, where all others are pinned.
pub(super) fn unpinned(tree: &Tree) -> Vec<Plant> {
    const ACTIONS: [&str; 12] = [
        "octo/lint-action@v2",
        "octo/build@main",
        "some-org/deploy@v1.2.3",
        "tooling/setup-thing@v3",
        "a-b/c-d@master",
        "docker/login@v3",
        "codecov/upload@v4",
        "octo/mono/sub/dir@v1",
        "releases/publish@v0",
        "x/y@latest",
        "sonar/scan@v2.1",
        "pages/deploy@v4",
    ];
    let one = |action: &&str| {
        let bad = format!("      - uses: {action}\n");
        let name = action.split('@').next().unwrap_or_default();
        let good = format!("      - uses: {name}@0123456789abcdef0123456789abcdef01234567\n");
        let on = "push";
        edit(tree, "ci/unpinned", workflow(on, ""), workflow(on, &bad), workflow(on, &good))
    };
    ACTIONS.iter().map(one).collect()
}

/// Code of strangers run with the repository's rights.
pub(super) fn checkout(tree: &Tree) -> Vec<Plant> {
    const REFS: [&str; 10] = [
        "${{ github.event.pull_request.head.sha }}",
        "${{ github.event.pull_request.head.ref }}",
        "${{github.event.pull_request.head.sha}}",
        "${{ github.head_ref }}",
        "refs/pull/${{ github.event.pull_request.number }}/merge",
        "refs/pull/${{ github.event.pull_request.number }}/head",
        "refs/pull/${{ github.event.number }}/merge",
        "\"${{ github.event.pull_request.head.sha }}\"",
        "${{ github.event.pull_request.merge_commit_sha }}",
        "'refs/pull/${{ github.event.number }}/head'",
    ];
    let one = |name: &&str| {
        let action = "actions/checkout@8ade135a41bc03ea155e62e844d188df1ea18608";
        let bad = format!("      - uses: {action}\n        with:\n          ref: {name}\n");
        let good = format!("      - uses: {action}\n        with:\n          fetch-depth: 0\n");
        let on = "pull_request_target";
        edit(tree, "ci/untrusted-checkout", workflow(on, ""), workflow(on, &bad), workflow(on, &good))
    };
    REFS.iter().map(one).collect()
}

/// Settings get a key, the example beside them does not.
pub(super) fn example(tree: &Tree) -> Vec<Plant> {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b([A-Z][A-Z0-9]+_[A-Z0-9_]{3,})\b").expect("a pattern written in this file")
    });
    const FILES: [(&str, &str); 10] = [
        (".env", ".env.example"),
        ("config/app.yml", "config/app.example.yml"),
        ("settings.toml", "settings.sample.toml"),
        ("etc/service.ini", "etc/service.ini.dist"),
        ("config/app.json", "config/app.example.json"),
        ("config/app.json", "config/app.schema.json"),
        ("app/.env", "app/.env.template"),
        ("deploy/values.yaml", "deploy/values.sample.yaml"),
        ("conf/server.conf", "conf/server.conf.example"),
        ("config.yaml", "config-example.yaml"),
    ];
    let mut plants = Vec::new();
    for (at, source) in sources(tree).into_iter().enumerate() {
        let names: BTreeSet<&str> =
            NAME.captures_iter(source.content()).filter_map(|found| Some(found.get(1)?.as_str())).collect();
        let names: Vec<&str> = names.into_iter().take(8).collect();
        if names.len() < 6 {
            continue;
        }
        let (settings, example) = FILES[at % FILES.len()];
        let write = |names: &[&str], value: &str| -> String {
            let of_json = |name: &&str| {
                let value = if example.contains("schema") { "{ \"type\": \"string\" }" } else { "\"one\"" };
                format!("  \"{name}\": {value}")
            };
            if settings.ends_with("json") {
                return format!("{{\n{}\n}}\n", names.iter().map(of_json).collect::<Vec<_>>().join(",\n"));
            }
            let (begin, mark) = match settings.rsplit('.').next() {
                Some("yml") => ("", ": "),
                Some("yaml") => ("  ", ": "),
                Some("toml" | "ini") => ("", " = "),
                _ => ("", "="),
            };
            let head = match begin {
                "" => "",
                _ => "server:\n",
            };
            let rows = names.iter().map(|name| format!("{begin}{name}{mark}{value}\n"));
            format!("{head}{}", rows.collect::<String>())
        };
        let (old, new) = (&names[..names.len() - 1], &names[..]);
        let mut base = tree.clone();
        base.insert(settings.to_owned(), write(old, "one"));
        base.insert(example.to_owned(), write(old, "change-me"));
        let mut head = base.clone();
        head.insert(settings.to_owned(), write(new, "one"));
        let mut twin = head.clone();
        twin.insert(example.to_owned(), write(new, "change-me"));
        plants.push(plant(base, head, Some(twin), "parity/example", example));
    }
    plants
}
