//! One version written in several places.
//!
//! In: files that fix the version of a toolchain or dependency, and the workflows, images and lock files that repeat it.
//! Out: places that agreed before the change and do not now. Compares what is written, looks nothing up.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::LazyLock;

use model::{Kind, RepoPath, Severity, Side};
use regex::Regex;

use crate::context::{Context, path_before};
use crate::family::{Draft, Family, Raised, read};
use crate::language::{Language, Role};
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, shortened};

pub(crate) const TOOLCHAIN: &str = "ci/toolchain-drift";
pub(crate) const LOCKED: &str = "dependency/lock-drift";

/// The family.
pub(crate) struct Versions;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern written in this file")
}

/// What a line of settings says: which toolchain, which version.
static WRITTEN: LazyLock<Vec<(&str, &str, Regex)>> = LazyLock::new(|| {
    vec![
        ("rust", "rust-toolchain.toml", pattern(r#"^\s*channel\s*=\s*"(\d+\.\d+(?:\.\d+)?)""#)),
        ("rust", "rust-toolchain", pattern(r"^\s*(\d+\.\d+(?:\.\d+)?)\s*$")),
        ("rust", "Cargo.toml", pattern(r#"^\s*rust-version\s*=\s*"(\d+\.\d+(?:\.\d+)?)""#)),
        ("node", ".nvmrc", pattern(r"^\s*v?(\d+(?:\.\d+)*)\s*$")),
        ("node", ".node-version", pattern(r"^\s*v?(\d+(?:\.\d+)*)\s*$")),
        ("python", ".python-version", pattern(r"^\s*(\d+\.\d+(?:\.\d+)?)\s*$")),
        ("go", "go.mod", pattern(r"^go\s+(\d+\.\d+(?:\.\d+)?)\s*$")),
        ("ruby", ".ruby-version", pattern(r"^\s*(?:ruby-)?(\d+\.\d+(?:\.\d+)?)\s*$")),
    ]
});

static REPEATED: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    vec![
        (
            "rust",
            pattern(
                r#"(?:toolchain:\s*|rust-toolchain@|rust:|RUST_VERSION[:=]\s*)["']?(\d+\.\d+(?:\.\d+)?)\b"#,
            ),
        ),
        (
            "node",
            pattern(
                r#"(?:node-version:\s*|FROM\s+(?:\S+/)?node:|NODE_VERSION[:=]\s*)["']?v?(\d+(?:\.\d+)*)"#,
            ),
        ),
        (
            "python",
            pattern(
                r#"(?:python-version:\s*|FROM\s+(?:\S+/)?python:|PYTHON_VERSION[:=]\s*)["']?(\d+\.\d+(?:\.\d+)?)"#,
            ),
        ),
        (
            "go",
            pattern(
                r#"(?:go-version:\s*|FROM\s+(?:\S+/)?golang:|GO_VERSION[:=]\s*)["']?(\d+\.\d+(?:\.\d+)?)"#,
            ),
        ),
        (
            "ruby",
            pattern(
                r#"(?:ruby-version:\s*|FROM\s+(?:\S+/)?ruby:|RUBY_VERSION[:=]\s*)["']?(\d+\.\d+(?:\.\d+)?)"#,
            ),
        ),
    ]
});

/// A version at one place.
struct Written {
    tool: &'static str,
    version: String,
    source: Rc<Source>,
    line: u32,
}

impl Family for Versions {
    fn needles(&self, _needles: &mut Needles) {}

    fn findings(&self, context: &Context<'_>, _found: &Found) -> Vec<Raised> {
        let mut raised = Vec::new();
        if context.settings.runs(TOOLCHAIN) {
            raised.extend(toolchains(context));
        }
        if context.settings.runs(LOCKED) {
            raised.extend(locks(context));
        }
        raised
    }
}

/// The versions that a file fixes or repeats.
fn versions_in(source: &Rc<Source>) -> Vec<Written> {
    let name = source.path.file_name();
    let ci = is_workflow(&source.path) || source.language == Language::Docker;
    let mut found = Vec::new();
    for (line, text) in source.numbered_lines() {
        let fixed =
            WRITTEN.iter().filter(|(_, file, _)| *file == name).map(|(tool, _, pattern)| (*tool, pattern));
        let repeated = REPEATED.iter().filter(|_| ci).map(|(tool, pattern)| (*tool, pattern));
        let comment = text.trim_start().starts_with('#');
        for (tool, pattern) in fixed.chain(repeated).filter(|_| !comment) {
            if let Some(version) = pattern.captures(text) {
                found.push(Written { tool, version: version[1].to_owned(), source: Rc::clone(source), line });
            }
        }
    }
    found
}

/// True for what tells a machine how to build, whatever it is called (`test.yml`).
fn is_workflow(path: &RepoPath) -> bool {
    Role::of(path) == Role::Ci || path.as_str().starts_with(".github/workflows/")
}

/// True where one version says the same as the other, as far as both go.
fn agree(one: &str, other: &str) -> bool {
    one.split('.').zip(other.split('.')).all(|(one, other)| one == other)
}

/// Places that repeated the old version of a toolchain and still do.
fn toolchains(context: &Context<'_>) -> Vec<Raised> {
    let mut raised = Vec::new();
    let mut told = BTreeSet::new();
    for file in context.changed() {
        let sides = || {
            Some((context.source(Side::Base, path_before(file)?)?, context.source(Side::Head, &file.path)?))
        };
        let Some((before, after)) = sides() else { continue };
        let (old, new) = (versions_in(&before), versions_in(&after));
        for now in new.iter().filter(|now| context.is_added(&file.path, now.line)) {
            let is_old = |was: &&Written| was.tool == now.tool && !agree(&was.version, &now.version);
            // One old version and one new one: a matrix of several is a choice.
            let of_tool = |all: &[Written]| all.iter().filter(|each| each.tool == now.tool).count();
            let Some(was) = old.iter().find(is_old).filter(|_| of_tool(&old) == 1 && of_tool(&new) == 1)
            else {
                continue;
            };
            for other in elsewhere(context, &file.path) {
                let stale = other.tool == now.tool
                    && agree(&other.version, &was.version)
                    && !agree(&other.version, &now.version)
                    && told.insert((other.source.path.clone(), other.line));
                if stale {
                    raised.push(report_toolchain(&after, was, now, &other));
                }
            }
        }
    }
    raised.truncate(6);
    raised
}

/// What the other files say; only those that say it once, so that no matrix is meant.
fn elsewhere(context: &Context<'_>, own: &RepoPath) -> Vec<Written> {
    let tells = |path: &RepoPath| {
        is_workflow(path) && Language::of(path) == Language::Yaml
            || Language::of(path) == Language::Docker
            || WRITTEN.iter().any(|(_, name, _)| *name == path.file_name() && *name != "Cargo.toml")
    };
    let entries = context.head.iter().filter(|entry| entry.path != *own && tells(&entry.path)).take(120);
    entries
        .filter_map(|entry| context.source(Side::Head, &entry.path))
        .flat_map(|source| versions_in(&source))
        .collect()
}

fn report_toolchain(after: &Source, was: &Written, now: &Written, other: &Written) -> Raised {
    let path = &other.source.path;
    Draft {
        rule: TOOLCHAIN,
        category: "build",
        severity: Severity::Suggestion,
        kind: Kind::Gap,
        rank: 2.2,
        title: format!("`{}` still uses {} {}", shortened(path.as_str(), 50), other.tool, code(&other.version)),
        problem: format!(
            "The change moves `{}` from {} to {} (line {}). Line {} of `{path}` named the same version before and still says {}, so what \
             is built there is not what is built elsewhere.",
            after.path,
            code(&was.version),
            code(&now.version),
            now.line,
            other.line,
            code(&other.version),
        ),
        locations: vec![
            at(&other.source, other.line, Side::Head, PlaceRole::Primary),
            at(after, now.line, Side::Head, PlaceRole::Evidence),
        ],
        evidence: vec![read(
            format!("{}:{} has the new version", after.path, now.line),
            after.path.as_str(),
            now.line,
            Some(shortened(after.line(now.line).trim(), 120)),
        )],
        fix: format!("Say {} here as well, or say in a comment why this stays behind.", code(&now.version)),
        patch: {
            let text = other.source.line(other.line).replacen(&other.version, &now.version, 1);
            Some(crate::patch::patch(&other.source, &crate::patch::Edits::from([(other.line, Some(text))])))
        },
        because: format!("The change edits line {} of `{}`.", now.line, after.path),
        scenario: None,
    }
    .raise()
}

static DEPENDENCY: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    vec![
        ("Cargo.toml", pattern(r#"^([\w\-]+)\s*=\s*(?:\{[^}]*version\s*=\s*)?"[\^~=]?\s*(\d+(?:\.\d+)*)""#)),
        ("package.json", pattern(r#"^\s*"(@?[\w.\-/]+)":\s*"[\^~=]?(\d+(?:\.\d+)*)""#)),
    ]
});

/// Requirements that the change raised and that the lock file beside the manifest does not meet.
fn locks(context: &Context<'_>) -> Vec<Raised> {
    let mut raised = Vec::new();
    for file in context.changed() {
        let name = file.path.file_name();
        let Some((_, row)) = DEPENDENCY.iter().find(|(manifest, _)| *manifest == name) else { continue };
        let Some(source) = context.source(Side::Head, &file.path) else { continue };
        let folder = file.path.as_str().strip_suffix(name).unwrap_or_default();
        let lock = if name == "Cargo.toml" { "Cargo.lock" } else { "package-lock.json" };
        let beside = [format!("{folder}{lock}"), lock.to_owned()]
            .into_iter()
            .find(|path| context.has(Side::Head, path));
        let Some(path) = beside.map(RepoPath::new) else { continue };
        let Some(text) = context.change.text(Side::Head, &path).filter(|text| !text.binary) else { continue };
        // The lock of the whole workspace knows its members; what is built apart has one of its own or none.
        if path.as_str().len() == lock.len()
            && !folder.is_empty()
            && !is_member(&source, &text.content, folder)
        {
            continue;
        }
        let mut meant = false;
        for (line, text_of_line) in source.numbered_lines() {
            let trimmed = text_of_line.trim();
            if name == "Cargo.toml" && trimmed.starts_with('[') {
                meant = trimmed.trim_end_matches(']').ends_with("dependencies");
            } else if name == "package.json" && trimmed.starts_with('}') {
                meant = false;
            } else if name == "package.json" && trimmed.ends_with('{') {
                meant = trimmed.to_lowercase().contains("dependencies\"") && !trimmed.contains("peer");
            }
            let Some(found) =
                row.captures(text_of_line).filter(|_| meant && context.is_added(&file.path, line))
            else {
                continue;
            };
            let locked = versions_locked(&text.content, name, &found[1]);
            if !locked.is_empty() && locked.iter().all(|version| is_older(version, &found[2])) {
                raised.push(report_lock(&source, &path, line, &found[1], &found[2], &locked[0]));
            }
        }
    }
    raised.truncate(6);
    raised
}

/// True where the lock file names the package of this manifest.
fn is_member(manifest: &Source, lock: &str, folder: &str) -> bool {
    let folder = format!("\"{}\": {{", folder.trim_end_matches('/'));
    let named = |(_, text): (u32, &str)| text.trim().starts_with("name = \"") && lock.contains(text.trim());
    lock.contains(&folder) || manifest.numbered_lines().any(named)
}

/// The versions of a package that a lock file names.
fn versions_locked(lock: &str, manifest: &str, package: &str) -> Vec<String> {
    let lines: Vec<&str> = lock.lines().collect();
    let wanted = if manifest == "Cargo.toml" {
        [format!("name = \"{package}\""), String::new()]
    } else {
        [format!("\"node_modules/{package}\": {{"), format!("\"{package}\": {{")]
    };
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if !wanted.iter().any(|wanted| !wanted.is_empty() && line.trim() == wanted) {
            continue;
        }
        let version = lines.get(at + 1).and_then(|next| {
            let next = next.trim();
            let rest = next.strip_prefix("version = \"").or_else(|| next.strip_prefix("\"version\": \""))?;
            Some(rest.split('"').next()?.to_owned())
        });
        found.extend(version);
    }
    found
}

fn is_older(version: &str, wanted: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        let plain = text.split(['-', '+']).next().unwrap_or(text);
        plain.split('.').map_while(|part| part.parse().ok()).collect()
    };
    let (have, want) = (numbers(version), numbers(wanted));
    let length = want.len();
    !have.is_empty() && have.into_iter().take(length).collect::<Vec<_>>() < want
}

fn report_lock(
    source: &Source,
    lock: &RepoPath,
    line: u32,
    package: &str,
    wanted: &str,
    locked: &str,
) -> Raised {
    Draft {
        rule: LOCKED,
        category: "build",
        severity: Severity::Suggestion,
        kind: Kind::Gap,
        rank: 2.2,
        title: format!("`{lock}` still has {} {}", code(&shortened(package, 40)), code(locked)),
        problem: format!(
            "Line {line} of `{}` asks for {} {} or newer. `{lock}` holds {}, which does not meet that, so builds that insist on the lock \
             file fail.",
            source.path,
            code(package),
            code(wanted),
            code(locked),
        ),
        locations: vec![at(source, line, Side::Head, PlaceRole::Primary)],
        evidence: Vec::new(),
        fix: format!("Renew `{lock}` and commit it with the manifest."),
        patch: None,
        because: format!("The change adds line {line}."),
        scenario: None,
    }
    .raise()
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn findings(rule: &str, base: &[(&str, &str)], head: &[(&str, &str)]) -> usize {
        let settings = Settings { enable: vec![rule.to_owned()], ..Settings::default() };
        crate::review(&MemoryChange::new(base, head), &settings).findings.len()
    }

    #[test]
    fn a_workflow_that_keeps_the_old_toolchain_is_told() {
        let (old, new) = (
            ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.80.0\"\n"),
            ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.85.0\"\n"),
        );
        let ci = |version: &str| {
            format!("jobs:\n  a:\n    steps:\n      - with:\n          toolchain: {version}\n")
        };
        let (stale, right, other) = (ci("1.80.0"), ci("1.85.0"), ci("1.70.0"));
        let path = ".github/workflows/ci.yml";
        assert_eq!(findings(super::TOOLCHAIN, &[old, (path, &stale)], &[new, (path, &stale)]), 1);
        assert_eq!(
            findings(super::TOOLCHAIN, &[old, (path, &stale)], &[new, (path, &right)]),
            0,
            "both moved"
        );
        assert_eq!(
            findings(super::TOOLCHAIN, &[old, (path, &other)], &[new, (path, &other)]),
            0,
            "differed before"
        );
    }

    #[test]
    fn a_lock_file_that_does_not_meet_a_raised_requirement_is_told() {
        let manifest =
            |version: &str| format!("[package]\nname = \"a\"\n\n[dependencies]\nserde = \"{version}\"\n");
        let lock = |version: &str| format!("[[package]]\nname = \"serde\"\nversion = \"{version}\"\n");
        let (old, new) = (manifest("1.0"), manifest("1.2"));
        let (behind, ahead) = (lock("1.1.9"), lock("1.2.3"));
        let told = |after: &str, lock: &str| {
            findings(
                super::LOCKED,
                &[("Cargo.toml", &old), ("Cargo.lock", lock)],
                &[("Cargo.toml", after), ("Cargo.lock", lock)],
            )
        };
        assert_eq!(told(&new, &behind), 1);
        assert_eq!(told(&new, &ahead), 0);
        assert_eq!(told(&old, &behind), 0, "not raised");
        let apart = |lock: &str| {
            findings(
                super::LOCKED,
                &[("fuzz/Cargo.toml", &old), ("Cargo.lock", lock)],
                &[("fuzz/Cargo.toml", &new), ("Cargo.lock", lock)],
            )
        };
        assert_eq!(apart(&behind), 0, "the lock does not know this package");
        assert_eq!(apart(&format!("{behind}\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n")), 1);
    }
}
