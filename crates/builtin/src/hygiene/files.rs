//! Files that nobody meant to add.
//!
//! In: the list of changed files. Out: findings about large binaries, leftovers of editors and merges, private settings
//! and modes that cannot work. Judges names, sizes and modes; opens a file only for its first line.

use model::{ChangeStatus, DocumentLocation, FileDiff, Kind, RepoPath, Severity, Side};

use super::{BINARY, MODE, STRAY};
use crate::context::Context;
use crate::family::{Draft, Raised};
use crate::language::Role;
use crate::place::{PlaceRole, at, file as whole};

/// Finds such files.
pub(super) fn find(context: &Context<'_>) -> Vec<Raised> {
    context
        .change
        .diff()
        .iter()
        .filter(|file| file.status != ChangeStatus::Deleted)
        .flat_map(|file| [stray(context, file), large(context, file)])
        .flatten()
        .chain(modes(context))
        .collect()
}

/// Files told one by one; more have one cause.
const MOST_MODES: usize = 3;

fn modes(context: &Context<'_>) -> Vec<Raised> {
    let files = context.change.diff().iter().filter(|file| file.status != ChangeStatus::Deleted);
    let mut raised: Vec<Raised> = files.filter_map(|file| mode(context, file)).collect();
    if raised.len() > MOST_MODES {
        let others = raised.len() - 1;
        raised.truncate(1);
        if let Some(first) = raised.first_mut() {
            let finding = &mut first.finding;
            finding.title =
                finding.title.replace("` is marked", &format!("` and {others} other files are marked"));
            finding.title = finding.title.replace("but cannot", "but none of them can");
            finding.problem =
                format!("{} {others} other files of the change are marked so as well.", finding.problem);
        }
    }
    raised
}

fn stray(context: &Context<'_>, file: &FileDiff) -> Option<Raised> {
    if file.status != ChangeStatus::Added || Role::of(&file.path) == Role::Test {
        return None;
    }
    let name = file.path.file_name();
    let extension = file.path.extension();
    let what = match (name, extension) {
        (".DS_Store" | "Thumbs.db" | "desktop.ini", _) => "a file that the desktop keeps for itself",
        (_, "swp" | "swo") | (".#", _) => "an editor's swap file",
        (_, "orig" | "rej") => "what a merge or a patch leaves behind",
        (".env" | ".env.local" | ".env.production", _) => "private settings, often with secrets",
        ("npm-debug.log" | "yarn-error.log" | ".netrc" | "id_rsa" | "id_ed25519" | ".pypirc", _) => {
            "a file of one machine"
        }
        (_, "pyc" | "class" | "o") => "compiled output",
        _ if name.ends_with('~') => "an editor's backup",
        _ => return None,
    };
    // A repository that has such files already wants them.
    let habit = context.base().iter().any(|entry| {
        entry.path.file_name() == name || (!extension.is_empty() && entry.path.extension() == extension)
    });
    let private = name.starts_with(".env") || name.starts_with("id_");
    (!habit).then(|| {
        raise(Note {
            rule: STRAY,
            severity: Severity::Suggestion,
            category: if private { "security" } else { "build" },
            place: whole(file.path.as_str(), PlaceRole::Primary),
            title: format!("`{}` looks committed by accident", file.path),
            problem: format!(
                "`{}` is {what}. No other file of its kind is in this repository, so it probably came in with `git add`.",
                file.path
            ),
            fix: format!("`git rm --cached {}` and add it to `.gitignore`.", file.path),
            rank: 2.0,
        })
    })
}

fn large(context: &Context<'_>, file: &FileDiff) -> Option<Raised> {
    if !file.binary || file.status != ChangeStatus::Added {
        return None;
    }
    let size = context
        .settings
        .sizes
        .get(&file.path)
        .copied()
        .or_else(|| context.change.text(Side::Head, &file.path).map(|text| text.content.len()))?;
    let folder = |path: &RepoPath| path.as_str().rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let beside =
        |path: &RepoPath| folder(path) == folder(&file.path) && path.extension() == file.path.extension();
    // A folder that has such files already is where they are meant to be.
    let habit =
        context.base().iter().any(|entry| beside(&entry.path)) && size < 10 * context.settings.large_binary;
    (size >= context.settings.large_binary && !habit).then(|| {
        let megabytes = size as f64 / f64::from(1 << 20);
        raise(Note {
            rule: BINARY,
            severity: Severity::Suggestion,
            category: "build",
            place: whole(file.path.as_str(), PlaceRole::Primary),
            title: format!("`{}` adds {megabytes:.1} MB of binary content", file.path),
            problem: format!(
                "The binary file `{}` has {megabytes:.1} MB. Every clone downloads it from now on, even after a later \
                 commit removes it, and no reviewer can read it.",
                file.path
            ),
            fix: "Fetch it when building, or keep it in Git LFS or a release.".to_owned(),
            rank: 2.0,
        })
    })
}

fn mode(context: &Context<'_>, file: &FileDiff) -> Option<Raised> {
    let became = file.new_mode.as_deref() == Some("100755") && file.old_mode.as_deref() != Some("100755");
    if !became || file.binary || file.status == ChangeStatus::Renamed {
        return None;
    }
    let source = context.source(Side::Head, &file.path)?;
    // Compiled languages and texts cannot be executed without a first line that names an interpreter.
    if source.line(1).starts_with("#!")
        || source.line_count() == 0
        || !source.language.is_code() && source.language != crate::language::Language::Markdown
    {
        return None;
    }
    let habit = context
        .base()
        .iter()
        .any(|entry| entry.mode & 0o111 != 0 && entry.path.extension() == file.path.extension());
    (!habit).then(|| {
        raise(Note {
            rule: MODE,
            severity: Severity::Suggestion,
            category: "build",
            place: at(&source, 1, Side::Head, PlaceRole::Primary),
            title: format!("`{}` is marked executable but cannot be executed", file.path),
            problem: format!(
                "The change sets the mode of `{}` to 100755, but its first line names no interpreter, so running it \
                 fails or starts the wrong one. No other file of its kind is executable here.",
                file.path
            ),
            fix: format!("`git update-index --chmod=-x {}`, or give it a `#!` line.", file.path),
            rank: 1.0,
        })
    })
}

struct Note {
    rule: &'static str,
    severity: Severity,
    category: &'static str,
    place: DocumentLocation,
    title: String,
    problem: String,
    fix: String,
    rank: f64,
}

fn raise(note: Note) -> Raised {
    Draft {
        rule: note.rule,
        category: note.category,
        severity: note.severity,
        kind: Kind::Regression,
        rank: note.rank,
        title: note.title,
        problem: note.problem,
        locations: vec![note.place],
        evidence: Vec::new(),
        fix: note.fix,
        patch: None,
        because: "The change adds the file or sets its mode.".to_owned(),
        scenario: None,
    }
    .raise()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn rules(base: &[(&str, &str)], head: &[(&str, &str)], modes: &[(&str, u32)]) -> Vec<String> {
        let bytes = |files: &[(&str, &str)]| {
            files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
        };
        let modes: BTreeMap<_, _> = modes.iter().map(|(path, mode)| ((*path).into(), *mode)).collect();
        let change = MemoryChange::from_bytes(bytes(base), bytes(head), modes, model::Target::default());
        let settings = Settings { enable: vec!["hygiene/*".into()], large_binary: 4, ..Settings::default() };
        find(&Context::new(&change, &settings)).into_iter().filter_map(|raised| raised.finding.rule).collect()
    }

    #[test]
    fn accidents_are_told_from_habits() {
        assert_eq!(rules(&[], &[(".DS_Store", "x")], &[]), [STRAY]);
        assert_eq!(rules(&[], &[("src/a.c.orig", "x")], &[]), [STRAY]);
        assert_eq!(rules(&[("a/.env", "x")], &[("a/.env", "x"), (".env", "y")], &[]), [""; 0]);
        assert_eq!(rules(&[], &[("src/a.c", "x")], &[]), [""; 0]);
    }

    #[test]
    fn binaries_and_modes_are_judged() {
        assert_eq!(rules(&[], &[("a.bin", "\0\0\0\0\0")], &[]), [BINARY]);
        assert_eq!(rules(&[("a.go", "x")], &[("a.go", "y")], &[("a.go", 0o100_755)]), [MODE]);
        assert_eq!(rules(&[("a.sh", "x")], &[("a.sh", "#!/bin/sh\n")], &[("a.sh", 0o100_755)]), [""; 0]);
        let names = ["a.go", "b.go", "c.go", "d.go"];
        let (files, modes) = (names.map(|name| (name, "x")), names.map(|name| (name, 0o100_755)));
        assert_eq!(rules(&[], &files, &modes), [MODE], "one cause is told once");
    }
}
