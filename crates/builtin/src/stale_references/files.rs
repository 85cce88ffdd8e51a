//! Files that are gone from their place and still named by their path.
//!
//! In: deleted and renamed files. Out: the lines at head whose path leads to one of them. A path is resolved against the
//! repository's root and against the folder of the file that names it; what resolves to a file at head is no finding.

use std::collections::{BTreeMap, BTreeSet};

use model::{ChangeStatus, RepoPath, Severity, Side};

use super::renames::{Renames, Replacement};
use super::resolution::{is_import, is_module, loads_module, python_import, python_path};
use super::{FILE, Gone, Use, speaks_of_the_past};
use crate::change::Hit;
use crate::context::Context;
use crate::language::{Language, Role};
use crate::lex::Part;

/// More files than this are a move of folders, which path by path helps nobody.
const MOST_FILES: usize = 100;

/// File names that every folder may have.
const EVERYBODYS: &[&str] = &[
    "index",
    "readme",
    "main",
    "mod",
    "lib",
    "__init__",
    "test",
    "tests",
    "utils",
    "config",
    "package",
    "makefile",
    "dockerfile",
    "setup",
    "license",
    "common",
    "build",
    "conftest",
    "manage",
    "tsconfig",
    "cargo",
    "gemfile",
    "rakefile",
    "server",
    "client",
    "style",
    "styles",
    "default",
    "types",
    "models",
    "views",
    "helpers",
    "constants",
    "errors",
    "settings",
    "compose",
    "docker-compose",
    "requirements",
    "script",
    "example",
    "schema",
    "admin",
];

/// The paths that the change took away.
pub(super) fn gone(context: &Context<'_>, _renames: &Renames) -> Vec<Gone> {
    let emptied = emptied(context);
    context
        .change
        .diff()
        .iter()
        .filter(|file| !matches!(Role::of(&file.path), Role::Foreign | Role::History))
        .filter_map(|file| match (file.status, &file.old_path) {
            (ChangeStatus::Deleted, _) if file.binary || !is_missed(&file.path, &emptied) => None,
            (ChangeStatus::Deleted, _) => Some((file.path.clone(), None)),
            // What is a template now is made from it under the old name.
            (ChangeStatus::Renamed, Some(old)) if is_template_of(file.path.as_str(), old.as_str()) => None,
            (ChangeStatus::Renamed, Some(old)) => Some((old.clone(), Some(file.path.clone()))),
            _ => None,
        })
        .filter(|(path, _)| !context.has(Side::Head, path.as_str()))
        .filter(|(path, _)| path.file_name().contains('.') || path.as_str().contains('/'))
        .take(MOST_FILES)
        .flat_map(|(path, new)| {
            let gone = |needle: String| Gone {
                rule: FILE,
                what: "file",
                needle,
                name: path.as_str().to_owned(),
                language: Language::of(&path),
                line: 1,
                declaration: None,
                replacement: new.as_ref().map(|new| Replacement {
                    text: new.as_str().to_owned(),
                    certain: true,
                    lines: 0,
                }),
                path: path.clone(),
            };
            let module = module_needle(&path).filter(|_| new.is_some());
            [Some(gone(path.file_name().to_owned())), module.map(gone)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
        })
        .collect()
}

/// How imports name the file, which leave its ending out: `/load` in JavaScript, `app.load` in Python.
fn module_needle(path: &RepoPath) -> Option<String> {
    let (stem, _) = path.file_name().split_once('.')?;
    let above = folder(path.as_str()).rsplit('/').next().unwrap_or("");
    match Language::of(path) {
        Language::Script if stem != "index" => Some(format!("/{stem}")),
        Language::Python if stem != "__init__" && !above.is_empty() => Some(format!("{above}.{stem}")),
        _ => None,
    }
}

/// The imports that still lead to a module that has moved. Where another file answers to the import, it means that one.
fn imports(context: &Context<'_>, gone: &Gone, hits: &[Hit]) -> Vec<Use> {
    let stem = gone.path.as_str().rsplit_once('.').map_or(gone.path.as_str(), |(stem, _)| stem);
    let answers = |rest: &str| [".", "/index.", "/__init__."].iter().any(|start| rest.starts_with(start));
    if context.head.iter().any(|entry| entry.path.as_str().strip_prefix(stem).is_some_and(answers)) {
        return Vec::new();
    }
    let still = hits.iter().filter(|hit| imports_it(context, gone, hit));
    still
        .map(|hit| Use {
            path: hit.path.clone(),
            line: hit.line,
            severity: Severity::Suggestion,
            how: "still imports it from there",
            consequence: "the import finds nothing",
            prose: false,
        })
        .collect()
}

fn imports_it(context: &Context<'_>, gone: &Gone, hit: &Hit) -> bool {
    let Some(source) = context.source(Side::Head, &hit.path) else { return false };
    let line = source.code(hit.line);
    let tried = source.line(hit.line.saturating_sub(1)).trim() == "try:";
    if source.language != gone.language || tried || matches!(source.role, Role::History | Role::Foreign) {
        return false;
    }
    if gone.language == Language::Script {
        let loads = line.contains("require") || is_import(&line) || line.contains(" from ");
        return loads && loads_module(gone, &source, &hit.text);
    }
    let modules = line.trim().strip_prefix("import ").unwrap_or("").split(',');
    let mut plain = modules.filter_map(|module| module.split_whitespace().next());
    let from = python_import(&line).and_then(|(from, _)| python_path(&source.path, from));
    from.is_some_and(|path| is_module(&path, gone))
        || plain.any(|module| is_module(&module.replace('.', "/"), gone))
}

/// Folders that lost more than half of their files: what merely went with its folder was left out on purpose, or is made anew.
fn emptied(context: &Context<'_>) -> BTreeSet<String> {
    let mut lost: BTreeMap<&str, usize> = BTreeMap::new();
    for file in context.change.diff().iter().filter(|file| file.status == ChangeStatus::Deleted) {
        *lost.entry(folder(file.path.as_str())).or_default() += 1;
    }
    if lost.is_empty() {
        return BTreeSet::new();
    }
    let all =
        |wanted: &str| context.base().iter().filter(|entry| folder(entry.path.as_str()) == wanted).count();
    lost.into_iter()
        .filter(|(folder, lost)| lost * 2 > all(folder))
        .map(|(folder, _)| folder.to_owned())
        .collect()
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// True where somebody may look for a deleted file: pictures, hidden files and examples are often only left out of what is shipped.
fn is_missed(path: &RepoPath, emptied: &BTreeSet<String>) -> bool {
    const PICTURES: [&str; 9] = ["png", "jpg", "jpeg", "gif", "svg", "ico", "webp", "pdf", "mp4"];
    let hidden = path.as_str().split('/').any(|part| part.starts_with('.'));
    let shown = PICTURES.contains(&path.extension().to_ascii_lowercase().as_str());
    let ours = !matches!(Role::of(path), Role::Example | Role::Test | Role::Ci);
    ours && !hidden && !shown && !emptied.contains(folder(path.as_str()))
}

fn is_template_of(new: &str, old: &str) -> bool {
    let (new, old) = (new.rsplit('/').next().unwrap_or(new), old.rsplit('/').next().unwrap_or(old));
    [".in", ".tmpl", ".template", ".tpl", ".erb", ".j2", ".jinja", ".m4", ".cmake", ".mustache"]
        .iter()
        .any(|end| new.strip_suffix(end) == Some(old))
}

/// The lines that still lead to the file.
pub(super) fn uses(context: &Context<'_>, gone: &Gone, hits: &[Hit]) -> Vec<Use> {
    if gone.needle != gone.path.file_name() {
        return imports(context, gone, hits);
    }
    let mut uses = Vec::new();
    for hit in hits {
        let role = Role::of(&hit.path);
        if matches!(role, Role::History | Role::Foreign)
            || speaks_of_the_past(&hit.text)
            || hit.text.len() > 1000
        {
            continue;
        }
        let leading = hit.text.match_indices(gone.needle.as_str()).find_map(|(at, _)| {
            let path = mention(&hit.text, at, gone.needle.len())?;
            leads_there(context, gone, hit, path, at).then_some(at + gone.needle.len() - path.len())
        });
        // What a step writes is made anew each time: it was taken out because it is generated.
        if leading.is_some_and(|start| is_target(hit, &gone.needle) || is_written(&hit.text[..start])) {
            return Vec::new();
        }
        // A list of what is left out of a package is no path to it.
        if leading.is_some() && is_left_out(context, hit) {
            continue;
        }
        let Some(start) = leading else { continue };
        // A file that merely went may be made where the program runs, or be the reader's own.
        if gone.replacement.is_none() && !is_a_link(context, hit, start)
            || role == Role::Docs && is_the_readers(gone) && !is_linked(&hit.text[..start])
        {
            continue;
        }
        let (severity, how, consequence) = kind(hit, role);
        uses.push(Use {
            path: hit.path.clone(),
            line: hit.line,
            severity,
            how,
            consequence,
            prose: role == Role::Docs,
        });
    }
    uses
}

/// True where a line says that the file is there: it loads it, runs it, links to it or names its whole path in prose.
fn is_a_link(context: &Context<'_>, hit: &Hit, start: usize) -> bool {
    const HANDLES: [&str; 8] = ["rm", "cp", "mv", "touch", "mkdir", "rsync", "tar", "ln"];
    let handled = hit
        .text
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .any(|word| HANDLES.contains(&word));
    let whole = |text: &str| text.split_whitespace().next().is_some_and(|path| path.contains('/'));
    let language = Language::of(&hit.path);
    match Role::of(&hit.path) {
        Role::Docs => is_linked(&hit.text[..start]) || whole(&hit.text[start..]),
        Role::Ci => !handled,
        _ if language.is_code() => {
            let part = context.source(Side::Head, &hit.path).map(|source| source.part_at(hit.line, start));
            loads(&hit.text) || whole(&hit.text[start..]) && part == Some(Part::Comment)
        }
        _ => matches!(language, Language::Make | Language::Docker) && !handled,
    }
}

/// True behind the bracket of a link.
fn is_linked(before: &str) -> bool {
    before.trim_end_matches(['<', '.', '/']).ends_with("](")
}

/// Files that the reader's own project has: a document that names one means that one.
fn is_the_readers(gone: &Gone) -> bool {
    const NAMES: [&str; 30] = [
        "build.gradle",
        "settings.gradle",
        "gradle.properties",
        "androidmanifest.xml",
        "podfile",
        "appdelegate.m",
        "appdelegate.swift",
        "mainactivity.java",
        "mainapplication.java",
        "mainactivity.kt",
        "mainapplication.kt",
        "info.plist",
        "app.js",
        "app.tsx",
        "package.json",
        "tsconfig.json",
        "babel.config.js",
        "metro.config.js",
        "webpack.config.js",
        "vite.config.js",
        "vite.config.ts",
        "config.xml",
        "pom.xml",
        "settings.py",
        "urls.py",
        "wsgi.py",
        "manage.py",
        "requirements.txt",
        "docker-compose.yml",
        "ecosystem.json",
    ];
    NAMES.contains(&gone.needle.to_ascii_lowercase().as_str())
}

/// True where a makefile says how the file is made.
fn is_target(hit: &Hit, needle: &str) -> bool {
    let is_makefile = hit.path.file_name().to_lowercase().ends_with("makefile");
    is_makefile && hit.text.split_once(':').is_some_and(|(made, _)| made.trim_end().ends_with(needle))
}

/// True within a list of what is left out of a package, a build or a check.
fn is_left_out(context: &Context<'_>, hit: &Hit) -> bool {
    const WORDS: [&str; 5] = ["exclude", "ignore", "omit", "skip", "prune"];
    let file = hit.path.file_name();
    let leaves_out = |text: &str| {
        let lower = text.to_lowercase();
        WORDS.iter().any(|word| lower.contains(word))
    };
    if leaves_out(file)
        || file == "MANIFEST.in"
        || leaves_out(&hit.text) && !matches!(Role::of(&hit.path), Role::Docs)
    {
        return file != "MANIFEST.in" || !hit.text.trim_start().starts_with("include");
    }
    if !matches!(Language::of(&hit.path), Language::Toml | Language::Json | Language::Yaml | Language::Other)
    {
        return false;
    }
    let Some(source) = context.source(Side::Head, &hit.path) else { return false };
    // The list may begin further up: `exclude = [`.
    let opens = |line: &str| line.contains('=') || line.trim_end().ends_with([':', '[', '{']);
    (1..=hit.line)
        .rev()
        .take(200)
        .map(|line| source.line(line))
        .find(|line| opens(line))
        .is_some_and(leaves_out)
}

/// True where a command writes what is named next.
fn is_written(before: &str) -> bool {
    let before = before.trim_end().trim_end_matches(['"', '\'', '=', '/', '.']).trim_end();
    before.ends_with('>') && !before.ends_with("->") && !before.ends_with("=>")
        || ["-o", "-out", "-keyout", "--output", "--outfile", "--out", "tee"].iter().any(|word| {
            before
                .strip_suffix(word)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with(char::is_whitespace))
        })
}

/// The path around a file name; `None` where the name goes on to another one or stands in a web address.
fn mention(line: &str, at: usize, length: usize) -> Option<&str> {
    let in_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@' | '+');
    let after = &line[at + length..];
    let goes_on = after
        .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '$' | '{' | '*'))
        || (after.starts_with('.') && after[1..].starts_with(char::is_alphanumeric));
    let start = line[..at]
        .char_indices()
        .rev()
        .take_while(|(_, c)| in_path(*c))
        .last()
        .map_or(at, |(start, _)| start);
    let before = &line[..start];
    let foreign = before.ends_with([':', '~', '$', '}', '*', '%', '\\', '<', '='])
        && !before.ends_with(": ")
        && !before.ends_with('=');
    (!goes_on && !foreign && !line[start..at].contains("//")).then(|| &line[start..at + length])
}

/// True where the path, seen from the root or from the naming file, is the file that is gone.
fn leads_there(context: &Context<'_>, gone: &Gone, hit: &Hit, mention: &str, at: usize) -> bool {
    let from = &hit.path;
    let folder = from.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
    // A path that begins at a root does not begin beside the file that names it.
    let folder = if mention.starts_with('/') { "" } else { folder };
    let Some(beside) = joined(folder, mention) else { return false };
    let rooted = joined("", mention.trim_start_matches('/')).unwrap_or_default();
    let exists = |path: &str| context.has(Side::Head, path);
    if exists(&beside) || exists(&rooted) {
        return false;
    }
    let plain = mention.trim_start_matches("./");
    let wanted = gone.path.as_str();
    if plain.contains('/') {
        let parts = plain.trim_start_matches("../").trim_start_matches('/');
        let ends = |path: &str| path == parts || path.ends_with(&format!("/{parts}"));
        let elsewhere = context.head.iter().any(|entry| ends(entry.path.as_str()));
        let partly = gone.replacement.is_some()
            && ends(wanted)
            && parts.contains('/')
            && is_understood(wanted, parts, from.as_str())
            && is_about_the_tree(context, hit, at);
        (beside == wanted || rooted == wanted || partly) && !elsewhere
    } else {
        let stem = gone.needle.split('.').next().unwrap_or("").to_lowercase();
        let rare = stem.len() >= 5 && !EVERYBODYS.contains(&stem.as_str()) && gone.needle.contains('.');
        let named_like_it = context.head.iter().any(|entry| entry.path.file_name() == gone.needle);
        beside == wanted && rare && !named_like_it
    }
}

/// True where the end of a path names the file: three parts are unmistakable, fewer are short for it only within the
/// package that the file was part of. Elsewhere `os/windows.rs` is an example or another file's name.
fn is_understood(wanted: &str, parts: &str, from: &str) -> bool {
    const LAYERS: [&str; 9] = ["src", "lib", "include", "inc", "source", "sources", "main", "java", "python"];
    let mut home = wanted.strip_suffix(parts).unwrap_or_default().trim_end_matches('/');
    while let Some((above, _)) = home
        .rsplit_once('/')
        .or((!home.is_empty()).then_some(("", home)))
        .filter(|(_, last)| LAYERS.contains(last))
    {
        home = above;
    }
    let within = home.is_empty() || from.strip_prefix(home).is_some_and(|rest| rest.starts_with('/'));
    let shipped = Role::of(&RepoPath::new(wanted)) == Role::Source;
    within || shipped && parts.split('/').count() >= 3
}

/// False for a text within code that loads nothing: it names a file where the program runs, which may be any tree.
fn is_about_the_tree(context: &Context<'_>, hit: &Hit, at: usize) -> bool {
    !Language::of(&hit.path).is_code()
        || loads(&hit.text)
        || context
            .source(Side::Head, &hit.path)
            .is_some_and(|source| source.part_at(hit.line, at) == Part::Comment)
}

/// The path of `mention` as seen from `folder`; `None` where it leaves the repository.
pub(super) fn joined(folder: &str, mention: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in mention.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// True for lines that read the file they name.
fn loads(line: &str) -> bool {
    const WORDS: [&str; 11] = [
        "#include",
        "import ",
        "require",
        "source ",
        ". ",
        "include_str!",
        "include_bytes!",
        "include!",
        "COPY ",
        "ADD ",
        "<script",
    ];
    let trimmed = line.trim_start();
    WORDS.iter().any(|word| trimmed.starts_with(word) || (word.len() > 3 && trimmed.contains(word)))
}

fn kind(hit: &Hit, role: Role) -> (Severity, &'static str, &'static str) {
    let language = Language::of(&hit.path);
    let trimmed = hit.text.trim_start();
    match role {
        Role::Docs => (Severity::Suggestion, "still leads to it", "the path leads nowhere"),
        _ if loads(trimmed)
            && (language.is_code() || language == Language::Docker)
            && !trimmed.starts_with("//") =>
        {
            (Severity::Important, "still loads it", "the file is not found, so this breaks")
        }
        Role::Ci => (Severity::Suggestion, "still names it", "the step finds no such file"),
        _ => (Severity::Suggestion, "still names it", "the path leads nowhere"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_out_of_lines() {
        let cut = |line: &'static str| mention(line, line.find("load.sh").expect("is there"), 7);
        assert_eq!(cut("run ./scripts/load.sh now"), Some("./scripts/load.sh"));
        assert_eq!(cut("see [x](../load.sh)."), Some("../load.sh"));
        assert_eq!(cut("preload.sh.bak load.shx"), None);
        assert_eq!(cut("https://example.org/load.sh"), None);
    }

    #[test]
    fn what_a_step_writes_is_known_by_how_it_is_named() {
        for (before, expected) in [
            ("cargo run -- --man > ", true),
            ("cc -o ", true),
            ("tool --output=", true),
            ("\t\t--outfile ", true),
            ("openssl req -new -x509 -keyout ", true),
            ("openssl x509 -in ", false),
            ("cat ", false),
            ("see [x](", false),
            ("map => ", false),
        ] {
            assert_eq!(is_written(before), expected, "{before}");
        }
    }

    #[test]
    fn the_end_of_a_path_is_understood_where_the_file_was_at_home() {
        for (wanted, parts, from, expected) in [
            ("crates/run/src/os/windows.rs", "os/windows.rs", "crates/run/README.md", true),
            ("crates/run/src/os/windows.rs", "os/windows.rs", "crates/compare/src/twins.rs", false),
            ("crates/run/src/os/windows.rs", "src/os/windows.rs", "docs/design.md", true),
            ("crates/run/src/os/windows.rs", "os/windows.rs", "crates/runner/src/a.rs", false),
            ("src/net/retry.h", "net/retry.h", "tests/retry.c", true),
        ] {
            assert_eq!(is_understood(wanted, parts, from), expected, "{parts} in {from}");
        }
    }

    #[test]
    fn dots_in_paths_are_resolved() {
        assert_eq!(joined("a/b", "../c.txt").as_deref(), Some("a/c.txt"));
        assert_eq!(joined("", "../c.txt"), None);
    }
}
