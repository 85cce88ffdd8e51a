//! Plants what an edit leaves behind in documents, settings and tests: a variable, a flag, a key, an example, an old path.
//!
//! In: source files. Out: trees before and after an edit that forgot them, and after the edit made well. The document is ours, the
//! name is the code's own; chooses sites by what the files say and knows nothing of the rules.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::forgotten::{plant, replaced, with_line};
use super::{Plant, Tree, sources};
use crate::language::Language;
use crate::source::Source;

/// The first line of the file's own code on which the pattern stands in code; its first group is the name.
fn first(source: &Source, pattern: &Regex) -> Option<(u32, String)> {
    let tests = source.own_tests_start();
    source.numbered_lines().take_while(|(line, _)| *line < tests).find_map(|(line, text)| {
        let name = pattern.captures(text).filter(|_| text.len() < 300)?.get(1)?;
        let code = !source.code(line).trim().is_empty();
        (code && source.comment(line).trim().is_empty()).then(|| (line, name.as_str().to_owned()))
    })
}

/// A file of ours and what stands in it about a name.
type Place = (&'static str, fn(&str) -> String);

/// A name that code knows in one file only is renamed there; a document of ours keeps the old one.
fn renamed(tree: &Tree, rule: &'static str, pattern: &Regex, mark: &str, places: &[Place]) -> Vec<Plant> {
    let mut plants = Vec::new();
    let mut seen = BTreeSet::new();
    for source in sources(tree) {
        let Some((at, name)) = first(&source, pattern) else { continue };
        let elsewhere = tree.iter().filter(|(_, text)| text.contains(&name)).count();
        let everybodys = ["XDG_", "HTTP_", "LC_"].iter().any(|start| name.starts_with(start));
        if everybodys || elsewhere != 1 || !seen.insert(name.clone()) || name.len() < 6 {
            continue;
        }
        let new = format!("{name}{mark}");
        let (path, document) = places[plants.len() % places.len()];
        let path = path.to_owned();
        let mut base = tree.clone();
        base.insert(path.clone(), document(&name));
        let mut head = base.clone();
        let text = replaced(source.content(), &name, &new);
        if text.lines().nth(at as usize - 1) == Some(source.line(at)) {
            continue;
        }
        head.insert(source.path.as_str().to_owned(), text);
        let mut twin = head.clone();
        twin.insert(path.clone(), document(&new));
        plants.push(plant(base, head, Some(twin), rule, &path));
    }
    plants
}

/// A variable is read by another name, the document keeps the old one.
pub(super) fn variable(tree: &Tree) -> Vec<Plant> {
    static READ: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?:getenv\(|environ\[|environ\.get\(|process\.env\.|env::var(?:_os)?\(|os\.Getenv\(|os\.LookupEnv\(|ENV\[)["']?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"#)
            .expect("a pattern written in this file")
    });
    renamed(
        tree,
        "stale-reference/environment-variable",
        &READ,
        "_NEW",
        &[
            ("docs/use.md", |name| {
                format!("# Use\n\nWhat can be set:\n\n- `{name}`: where to look first.\n")
            }),
            ("deploy/compose.yml", |name| format!("services:\n  web:\n    environment:\n      - {name}=3\n")),
            (".github/workflows/ci.yml", |name| format!("jobs:\n  test:\n    env:\n      {name}: 3\n")),
            ("tests/test_use.py", |name| {
                format!("def test_use(monkeypatch):\n    monkeypatch.setenv(\"{name}\", \"3\")\n    run()\n")
            }),
        ],
    )
}

/// A flag gets another name, the document keeps the old one.
pub(super) fn flag(tree: &Tree) -> Vec<Plant> {
    static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?:add_argument\(\s*|add_option\(\s*|\.option\(\s*|click\.option\(\s*)["']--([a-z][a-z-]{5,})["'\s]"#)
            .expect("a pattern written in this file")
    });
    renamed(
        tree,
        "stale-reference/flag",
        &DECLARED,
        "-anew",
        &[
            ("docs/use.md", |name| format!("# Use\n\nPass `--{name}` to see more.\n")),
            ("tests/test_use.py", |name| format!("def test_use():\n    run([\"--{name}\", \"3\"])\n")),
            ("README.md", |name| format!("# Tool\n\n```sh\ntool --{name} 3\n```\n")),
        ],
    )
}

/// A key of the settings gets another name, the document keeps the old one.
pub(super) fn key(tree: &Tree) -> Vec<Plant> {
    static READ: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?:config|settings|options|conf)(?:\.get\(|\[)["']([a-z][a-z0-9]+(?:_[a-z0-9]+)+)["']"#)
            .expect("a pattern written in this file")
    });
    renamed(
        tree,
        "stale-reference/config-key",
        &READ,
        "_anew",
        &[
            ("docs/use.md", |name| format!("# Use\n\nWhat can be set:\n\n- `{name}`: how much to keep.\n")),
            ("config/app.yml", |name| format!("app:\n  {name}: 3\n")),
            ("config/app.toml", |name| format!("[app]\n{name} = 3\n")),
        ],
    )
}

/// A module moves, the document and its folder's other documents keep the old path.
pub(super) fn moved_file(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let path = source.path.as_str().to_owned();
        let name = source.path.file_name();
        let plain = name.split('.').next().unwrap_or("").len() >= 5
            && tree.keys().filter(|other| other.rsplit('/').next() == Some(name)).count() == 1
            && path.matches('/').count() >= 1
            && !tree.values().any(|text| text.contains(name))
            && source.content().len() > 200;
        if !plain {
            continue;
        }
        let new = format!("moved/{name}");
        let (place, document): (&str, fn(&str) -> String) = match plants.len() % 5 {
            0 => ("docs/layout.md", |path| format!("# Layout\n\nThe work is done in `{path}`.\n")),
            1 => ("docs/layout.md", |path| format!("# Layout\n\nSee [the work](../{path}).\n")),
            2 => ("Makefile", |path| format!("check:\n\tlint {path}\n")),
            3 => (".github/workflows/ci.yml", |path| {
                format!("jobs:\n  lint:\n    steps:\n      - run: lint {path}\n")
            }),
            _ => ("README.md", |path| format!("# Tool\n\nThe work is done in {path} and nowhere else.\n")),
        };
        let place = place.to_owned();
        let mut base = tree.clone();
        base.insert(place.clone(), document(&path));
        let mut head = base.clone();
        head.remove(&path);
        head.insert(new.clone(), source.content().to_owned());
        let mut twin = head.clone();
        twin.insert(place.clone(), document(&new));
        plants.push(plant(base, head, Some(twin), "stale-reference/file", &place));
    }
    plants
}

/// A parameter goes, the comment that describes it stays.
pub(super) fn gone_parameter(tree: &Tree) -> Vec<Plant> {
    static PARAMETER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\s*(?:\*|:param|@param)?\s*(?::param|@param)\s+(?:\{[^}]*\}\s*)?(\w{4,})")
            .expect("a pattern written in this file")
    });
    let mut plants = Vec::new();
    for source in sources(tree) {
        let site = source
            .functions()
            .iter()
            .filter(|function| function.first < source.own_tests_start())
            .find_map(|function| {
                let signature = source.line(function.first);
                let near = match source.language {
                    Language::Python => function.first + 1..=function.last.min(function.first + 20),
                    _ => function.first.saturating_sub(15).max(1)..=function.first.saturating_sub(1).max(1),
                };
                near.filter_map(|line| PARAMETER.captures(source.line(line)).map(|found| found[1].to_owned()))
                    .find_map(|name| {
                        // The last one of several, in full on the line of the declaration.
                        let text = format!(", {name}");
                        let once = signature.matches(&text).count() == 1
                            && [format!("{text})"), format!("{text},")]
                                .iter()
                                .any(|end| signature.contains(end.as_str()));
                        once.then(|| (function.first, signature.replacen(&text, "", 1)))
                    })
            });
        let Some((line, new)) = site else { continue };
        let mut head = tree.clone();
        head.insert(source.path.as_str().to_owned(), with_line(&source, line, Some(&new)));
        plants.push(plant(tree.clone(), head, None, "documentation/gone-parameter", source.path.as_str()));
    }
    plants
}
