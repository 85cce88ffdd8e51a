//! Continuous integration and dependencies.
//!
//! In: added lines of workflows, manifests and Dockerfiles. Out: code of strangers that runs with secrets, text of
//! strangers in a shell, actions and images that are not pinned where the others are, dependencies that the lock file does
//! not know. Looks nothing up anywhere else.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::{FileDiff, Kind, RepoPath, Severity, Side};
use regex::Regex;

use crate::context::Context;
use crate::family::{Draft, Family, Raised, read};
use crate::language::Language;
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, shortened};

pub(crate) const TARGET: &str = "ci/untrusted-checkout";
pub(crate) const INJECTION: &str = "ci/script-injection";
pub(crate) const UNPINNED: &str = "ci/unpinned";
pub(crate) const LOCK: &str = "dependency/lock-behind";

/// The family.
pub(crate) struct Pipelines;

impl Family for Pipelines {
    fn needles(&self, _needles: &mut Needles) {}

    fn findings(&self, context: &Context<'_>, _found: &Found) -> Vec<Raised> {
        let mut raised = Vec::new();
        let pins = Pins::new(context);
        for file in context.changed() {
            let Some(source) = context.source(Side::Head, &file.path) else { continue };
            if is_workflow(&file.path) {
                raised.extend(checkout(context, file, &source));
                raised.extend(injection(context, file, &source));
            }
            if is_workflow(&file.path) || source.language == Language::Docker {
                raised.extend(pins.unpinned(context, file, &source));
            }
            raised.extend(lock_behind(context, file, &source));
        }
        raised
            .retain(|raised| raised.finding.rule.as_deref().is_some_and(|rule| context.settings.runs(rule)));
        raised
    }
}

fn is_workflow(path: &RepoPath) -> bool {
    let text = path.as_str();
    (text.starts_with(".github/workflows/") || text.starts_with(".github/actions/") || text == "action.yml")
        && Language::of(path) == Language::Yaml
}

struct Told {
    rule: &'static str,
    severity: Severity,
    category: &'static str,
    line: u32,
    title: String,
    problem: String,
    fix: String,
}

fn raise(source: &Source, told: Told, counter: &[(RepoPath, u32, String)]) -> Raised {
    Draft {
        rule: told.rule,
        category: told.category,
        severity: told.severity,
        kind: Kind::Regression,
        rank: 2.0,
        title: told.title,
        problem: told.problem,
        locations: vec![at(source, told.line, Side::Head, PlaceRole::Primary)],
        evidence: counter
            .iter()
            .take(3)
            .map(|(path, line, text)| {
                read(format!("{path}:{line} is pinned"), path.as_str(), *line, Some(text.clone()))
            })
            .collect(),
        fix: told.fix,
        patch: None,
        because: format!("The change adds line {}.", told.line),
        scenario: None,
    }
    .raise()
}

/// `pull_request_target` together with a checkout of the pull request's own code.
fn checkout(context: &Context<'_>, file: &FileDiff, source: &Source) -> Option<Raised> {
    let live = |line: u32| source.code(line).trim().to_owned();
    let triggers = source.numbered_lines().find(|(line, _)| {
        let text = live(*line);
        text.trim_start_matches("- ").starts_with("pull_request_target")
            || text.starts_with("on:") && text.contains("pull_request_target")
    });
    let head = source.numbered_lines().find(|(_, text)| {
        let text = text.trim_start();
        text.starts_with("ref:")
            && [
                "pull_request.head.sha",
                "pull_request.head.ref",
                "pull_request.merge_commit_sha",
                "github.head_ref",
                "refs/pull/",
            ]
            .iter()
            .any(|name| text.contains(name))
    });
    let ((trigger, _), (line, text)) = (triggers?, head?);
    let new = context.is_added(&file.path, trigger) || context.is_added(&file.path, line);
    new.then(|| {
        raise(
            source,
            Told {
                rule: TARGET,
                severity: Severity::Important,
                category: "security",
                line,
                title: format!("`{}` runs code of strangers with this repository's rights", shortened(source.path.as_str(), 50)),
                problem: format!(
                    "The workflow starts on `pull_request_target` (line {trigger}), so it has the repository's token and secrets, and line {line} checks \
                     out what the pull request brings ({}). Whatever of it is built or run can use both.",
                    code(&shortened(text.trim(), 80))
                ),
                fix: "Use `pull_request`, or keep the job that has rights away from the pull request's code.".to_owned(),
            },
            &[],
        )
    })
}

static STRANGERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\$\{\{[^}]*github\.(?:event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.ref|head\.label)|comment\.body|review\.body|head_commit\.message|commits\[[^\]]*\]\.message|pages\[[^\]]*\]\.page_name|discussion\.(?:title|body))|head_ref)\b[^}]*\}\}")
        .expect("a pattern written in this file")
});

/// What strangers write, pasted into a shell.
fn injection(context: &Context<'_>, file: &FileDiff, source: &Source) -> Vec<Raised> {
    let lines = file.added().filter(|(line, text)| {
        STRANGERS.is_match(text) && !text.trim_start().starts_with('#') && in_run(source, *line)
    });
    lines
        .take(3)
        .filter(|(line, _)| context.is_added(&file.path, *line))
        .map(|(line, text)| {
            let pasted = STRANGERS.find(text).map_or("", |found| found.as_str());
            raise(
                source,
                Told {
                    rule: INJECTION,
                    severity: Severity::Important,
                    category: "security",
                    line,
                    title: format!("`{}` pastes {} into a shell", shortened(source.path.as_str(), 44), code(&shortened(pasted, 50))),
                    problem: format!(
                        "Line {line} of `{}` stands in a `run:` script. {} is replaced before the shell reads the script, and who opens an issue or a \
                         pull request chooses its text, so they choose commands as well.",
                        source.path,
                        code(pasted)
                    ),
                    fix: "Put it into `env:` of the step and use the variable, quoted, in the script.".to_owned(),
                },
                &[],
            )
        })
        .collect()
}

/// True for a line of a `run:` script.
fn in_run(source: &Source, line: u32) -> bool {
    let depth = crate::functions::indent(source.line(line));
    let own = source.line(line).trim_start().trim_start_matches("- ");
    if own.starts_with("run:") {
        return true;
    }
    let parent = (1..line).rev().find(|number| {
        let text = source.line(*number);
        !text.trim().is_empty() && crate::functions::indent(text) < depth
    });
    parent.is_some_and(|number| source.line(number).trim_start().trim_start_matches("- ").starts_with("run:"))
}

static USES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:-\s+)?uses:\s*([\w.\-]+/[\w.\-/]+)@([\w.\-/]+)")
        .expect("a pattern written in this file")
});
static FROM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^FROM\s+(?:--\S+\s+)?([\w.\-/:]+?)(?::([\w.\-]+))?(@sha256:\w+)?(?:\s|$)")
        .expect("a pattern written in this file")
});

/// What the other lines do: pinned ones and the rest, for actions and images.
struct Pins {
    actions: (Vec<(RepoPath, u32, String)>, usize),
    images: (Vec<(RepoPath, u32, String)>, usize),
}

/// Pinned lines that make a custom.
const FEWEST: usize = 3;

impl Pins {
    fn new(context: &Context<'_>) -> Self {
        let mut pins = Self { actions: (Vec::new(), 0), images: (Vec::new(), 0) };
        let workflow_changed = context
            .changed()
            .any(|file| is_workflow(&file.path) || Language::of(&file.path) == Language::Docker);
        if !workflow_changed {
            return pins;
        }
        for entry in context
            .head
            .iter()
            .filter(|entry| is_workflow(&entry.path) || Language::of(&entry.path) == Language::Docker)
            .take(200)
        {
            let Some(source) = context.source(Side::Head, &entry.path) else { continue };
            for (line, text) in
                source.numbered_lines().filter(|(line, _)| !context.is_added(&entry.path, *line))
            {
                let (kind, pinned) = if let Some(found) = USES.captures(text) {
                    (&mut pins.actions, is_pin(&found[2]))
                } else if let Some(found) =
                    FROM.captures(text).filter(|_| source.language == Language::Docker)
                {
                    (&mut pins.images, found.get(3).is_some())
                } else {
                    continue;
                };
                if pinned {
                    kind.0.push((entry.path.clone(), line, shortened(text.trim(), 120)));
                } else {
                    kind.1 += 1;
                }
            }
        }
        pins
    }

    fn unpinned(&self, context: &Context<'_>, file: &FileDiff, source: &Source) -> Vec<Raised> {
        let mut raised = Vec::new();
        for (line, text) in file.added().filter(|(line, _)| context.is_added(&file.path, *line)) {
            let (what, name, kind) =
                if let Some(found) = USES.captures(text).filter(|found| !is_pin(&found[2])) {
                    ("action", format!("{}@{}", &found[1], &found[2]), &self.actions)
                } else if let Some(found) = FROM
                    .captures(text)
                    .filter(|found| source.language == Language::Docker && found.get(3).is_none())
                {
                    ("image", found[1].to_owned(), &self.images)
                } else {
                    continue;
                };
            let (pinned, loose) = kind;
            if pinned.len() < FEWEST || pinned.len() < 4 * loose {
                continue;
            }
            let all = pinned.len() + loose;
            raised.push(raise(
                source,
                Told {
                    rule: UNPINNED,
                    severity: Severity::Suggestion,
                    category: "security",
                    line,
                    title: format!("The {what} {} is not pinned, unlike {} of {all} others", code(&shortened(&name, 50)), pinned.len()),
                    problem: format!(
                        "Line {line} of `{}` names the {what} by a name that can move. {} of the {all} other {what}s in this repository are pinned to an exact object.",
                        source.path,
                        pinned.len()
                    ),
                    fix: format!("Pin {} to the exact object, as the others are.", code(&shortened(&name, 50))),
                },
                pinned,
            ));
        }
        raised
    }
}

fn is_pin(revision: &str) -> bool {
    revision.len() >= 40 && revision.chars().all(|c| c.is_ascii_hexdigit())
}

/// Manifests, the sections that name dependencies, and the lock files beside them.
const LOCKS: &[(&str, &[&str])] = &[
    ("package.json", &["package-lock.json", "yarn.lock", "pnpm-lock.yaml"]),
    ("Cargo.toml", &["Cargo.lock"]),
    ("pyproject.toml", &["poetry.lock", "uv.lock", "pdm.lock"]),
    ("Gemfile", &["Gemfile.lock"]),
    ("composer.json", &["composer.lock"]),
    ("go.mod", &["go.sum"]),
];

/// A new dependency that the lock file beside the manifest does not know.
fn lock_behind(context: &Context<'_>, file: &FileDiff, source: &Source) -> Option<Raised> {
    let name = file.path.file_name();
    let (_, locks) = LOCKS.iter().find(|(manifest, _)| *manifest == name)?;
    let folder = file.path.as_str().strip_suffix(name)?;
    let lock = locks
        .iter()
        .flat_map(|lock| [format!("{folder}{lock}"), (*lock).to_owned()])
        .find(|path| context.has(Side::Head, path))?;
    let text = context.change.text(Side::Head, &RepoPath::new(&lock)).filter(|text| !text.binary)?;
    // A lock file of another folder answers for the packages that it names: others have a workspace of their own.
    let elsewhere = !lock.starts_with(folder) || lock[folder.len()..].contains('/');
    if elsewhere && !package_name(source).is_some_and(|name| text.content.contains(&format!("\"{name}\""))) {
        return None;
    }
    let mut sections: BTreeMap<u32, bool> = BTreeMap::new();
    let mut inside = false;
    for (line, row) in source.numbered_lines() {
        inside = in_dependencies(name, row, inside);
        sections.insert(line, inside);
    }
    file.added().filter(|(line, _)| sections.get(line) == Some(&true)).find_map(|(line, row)| {
        let dependency = dependency(name, row)?;
        let known = text.content.contains(&dependency) || text.content.contains(&dependency.replace('_', "-")) || text.content.contains(&dependency.to_lowercase());
        (!known).then(|| {
            raise(
                source,
                Told {
                    rule: LOCK,
                    severity: Severity::Suggestion,
                    category: "build",
                    line,
                    title: format!("`{}` needs {}, which `{lock}` does not know", file.path, code(&shortened(&dependency, 40))),
                    problem: format!("Line {line} of `{}` adds the dependency {}; `{lock}` has no entry of that name, so builds that insist on the lock file fail and others choose a version of their own.", file.path, code(&dependency)),
                    fix: format!("Renew `{lock}` and commit it with the manifest."),
                },
                &[],
            )
        })
    })
}

/// What the package of a manifest is called.
fn package_name(source: &Source) -> Option<String> {
    source.numbered_lines().take(60).find_map(|(_, row)| {
        let (key, value) = row.split_once(['=', ':'])?;
        let value = value.trim().trim_end_matches(',').trim_matches(['"', '\'']);
        (key.trim().trim_matches('"') == "name" && !value.is_empty()).then(|| value.to_owned())
    })
}

fn in_dependencies(manifest: &str, row: &str, inside: bool) -> bool {
    let text = row.trim();
    match manifest {
        "package.json" | "composer.json" => {
            if text.ends_with('{') {
                let key = text.trim_start_matches('"');
                key.starts_with("dependencies\"")
                    || key.starts_with("devDependencies\"")
                    || key.starts_with("optionalDependencies\"")
                    || key.starts_with("require\"")
                    || key.starts_with("require-dev\"")
            } else {
                inside && !text.starts_with('}')
            }
        }
        "Gemfile" => text.starts_with("gem "),
        "go.mod" => text.starts_with("require") || (inside && text != ")"),
        _ => {
            if text.starts_with('[') {
                text.contains("dependencies]") && !text.contains("workspace")
            } else {
                inside
            }
        }
    }
}

static NPM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*"([@\w./\-]+)"\s*:\s*"[\^~>=<\dv*]"#).expect("a pattern written in this file")
});
static TOML: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^([\w\-]+)\s*=\s*(?:"|\{\s*version)"#).expect("a pattern written in this file")
});
static GEM: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^\s*gem ["']([\w\-]+)["']"#).expect("a pattern written in this file"));
static GO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:require )?\s*([\w.\-]+\.[\w.\-]+/[\w.\-/]+) v\d")
        .expect("a pattern written in this file")
});

fn dependency(manifest: &str, row: &str) -> Option<String> {
    let pattern = match manifest {
        "package.json" | "composer.json" => &NPM,
        "Gemfile" => &GEM,
        "go.mod" => &GO,
        _ => &TOML,
    };
    let name = pattern.captures(row)?.get(1)?.as_str();
    (!["php", "python", "version"].contains(&name) && !name.starts_with("ext-") && !row.contains("package ="))
        .then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn rules(others: &[(&str, &str)], path: &str, base: &str, head: &str) -> Vec<String> {
        let with = |text| {
            let mut files = others.to_vec();
            files.push((path, text));
            files
        };
        let settings = Settings { enable: vec!["ci/*".into(), "dependency/*".into()], ..Settings::default() };
        let change = MemoryChange::new(&with(base), &with(head));
        crate::review(&change, &settings).findings.into_iter().filter_map(|finding| finding.rule).collect()
    }

    #[test]
    fn strangers_code_and_text_are_told() {
        let path = ".github/workflows/a.yml";
        let bad = "on:\n  pull_request_target:\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n";
        assert_eq!(rules(&[], path, "", bad), [TARGET]);
        assert_eq!(rules(&[], path, "", &bad.replace("pull_request_target", "pull_request")), [""; 0]);
        let run =
            "jobs:\n  a:\n    steps:\n      - run: |\n          echo \"${{ github.event.issue.title }}\"\n";
        assert_eq!(rules(&[], path, "", run), [INJECTION]);
        let env = "jobs:\n  a:\n    steps:\n      - env:\n          TITLE: ${{ github.event.issue.title }}\n        run: echo \"$TITLE\"\n";
        assert_eq!(rules(&[], path, "", env), [""; 0]);
    }

    #[test]
    fn an_action_is_compared_with_its_siblings() {
        let sha = "a".repeat(40);
        let pinned: Vec<String> = ["a/one", "a/two", "a/three"]
            .iter()
            .map(|name| format!("      - uses: {name}@{sha}\n"))
            .collect();
        let pinned = pinned.concat();
        let path = ".github/workflows/b.yml";
        assert_eq!(
            rules(&[(".github/workflows/a.yml", &pinned)], path, "", "      - uses: a/four@v2\n"),
            [UNPINNED]
        );
        assert_eq!(rules(&[], path, "", "      - uses: a/four@v2\n"), [""; 0]);
    }

    #[test]
    fn a_lock_file_that_does_not_know_a_new_dependency_is_told() {
        let base = "[dependencies]\nserde = \"1\"\n";
        let head = "[dependencies]\nserde = \"1\"\nregex = \"1\"\n";
        let lock = "[[package]]\nname = \"serde\"\n";
        assert_eq!(rules(&[("Cargo.lock", lock)], "Cargo.toml", base, head), [LOCK]);
        assert_eq!(
            rules(&[("Cargo.lock", "name = \"serde\"\nname = \"regex\"\n")], "Cargo.toml", base, head),
            [""; 0]
        );
        assert_eq!(rules(&[], "Cargo.toml", base, head), [""; 0]);
        let named = |text: &str| format!("[package]\nname = \"fuzz\"\n\n{text}");
        let inside =
            |lock: &str| rules(&[("Cargo.lock", lock)], "fuzz/Cargo.toml", &named(base), &named(head));
        assert_eq!(inside(lock), [""; 0], "a package with a workspace of its own");
        assert_eq!(inside(&format!("{lock}\n[[package]]\nname = \"fuzz\"\n")), [LOCK], "a member");
    }
}
