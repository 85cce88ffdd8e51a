//! Does the named file exist?
//!
//! In: a path as a reviewer wrote it. Out: the path it stands for at head or at the merge base. Never guesses: a name
//! that fits several files, or none, stays unresolved and says so.

use model::{CheckResult, RepoPath, Side};

use super::Answer;
use crate::pattern::ways;
use crate::standing::{Looked, in_file};
use crate::text::{is_absolute, list, shown_path};
use crate::world::World;

/// What a path stands for.
#[derive(Clone, Debug)]
pub(crate) struct FileAnswer {
    /// What the gate says.
    pub(crate) answer: Answer,
    /// The file, where there is exactly one.
    pub(crate) path: Option<(Side, RepoPath)>,
    /// True for a folder or a submodule: it exists and has no lines.
    pub(crate) lineless: bool,
    /// The files it could be, where there are several.
    pub(crate) candidates: Vec<RepoPath>,
}

impl FileAnswer {
    fn unresolved(result: CheckResult, detail: String) -> Self {
        Self { answer: Answer::new(result, detail), path: None, lineless: false, candidates: Vec::new() }
    }

    fn resolved(result: CheckResult, detail: String, side: Side, path: RepoPath) -> Self {
        Self {
            answer: Answer::new(result, detail),
            path: Some((side, path)),
            lineless: false,
            candidates: Vec::new(),
        }
    }

    fn lineless(detail: String, path: &str) -> Self {
        let path = Some((Side::Head, RepoPath::new(path)));
        Self { answer: Answer::new(CheckResult::Pass, detail), path, lineless: true, candidates: Vec::new() }
    }
}

/// Finds the file a reviewer means by `claimed`, at the side it says if it says one.
pub(crate) fn resolve(world: &World<'_>, claimed: &str, side: Option<Side>) -> FileAnswer {
    let shown = shown_path(claimed);
    let Some(path) = cleaned(claimed) else {
        return FileAnswer::unresolved(CheckResult::Fail, format!("`{shown}` is not a path of a repository"));
    };
    if side == Some(Side::Base)
        && let Some(answer) = at_base(world, &path)
    {
        return answer;
    }
    exact(world, &path)
        .or_else(|| inside_submodule(world, &path))
        .or_else(|| by_ending(world, &path, claimed))
        .unwrap_or_else(|| missing(world, &path, &shown))
}

// Reviewers print paths of their own checkouts, links and diff prefixes; what cannot be a path is refused.
fn cleaned(claimed: &str) -> Option<String> {
    let path = claimed.trim().trim_matches('`').replace('\\', "/");
    let path = path.strip_prefix("file://").unwrap_or(&path);
    let path = path.trim_end_matches('/');
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let absurd = path.len() > 4096 || path.contains("://") || path.chars().any(char::is_control);
    (!absurd && !parts.is_empty()).then(|| parts.join("/"))
}

fn at_base(world: &World<'_>, path: &str) -> Option<FileAnswer> {
    let entry = world.paths(Side::Base).exact(path)?;
    let detail = format!("`{path}` exists at the merge base, which the finding cites");
    Some(FileAnswer::resolved(CheckResult::Pass, detail, Side::Base, entry.path.clone()))
}

fn exact(world: &World<'_>, path: &str) -> Option<FileAnswer> {
    let head = world.paths(Side::Head);
    if let Some(entry) = head.exact(path) {
        if entry.submodule {
            return Some(FileAnswer::lineless(format!("`{path}` is a submodule at head"), path));
        }
        let detail = format!("`{path}` exists at head");
        return Some(FileAnswer::resolved(CheckResult::Pass, detail, Side::Head, entry.path.clone()));
    }
    let files = head.inside(path);
    if files > 0 {
        return Some(FileAnswer::lineless(format!("`{path}` is a folder of {files} files at head"), path));
    }
    gone(world, path, CheckResult::Pass)
}

// Renamed files are followed; deleted ones are looked up where they still are.
fn gone(world: &World<'_>, path: &str, as_named: CheckResult) -> Option<FileAnswer> {
    let entry = world.paths(Side::Base).exact(path)?;
    if let Some(new) = world.changes.renamed_to(path) {
        let detail = format!("`{path}` is called `{new}` at head: this change renames it");
        return Some(FileAnswer::resolved(CheckResult::Repaired, detail, Side::Head, new.clone()));
    }
    let detail = format!("this change deletes `{path}`; looked up at the merge base");
    Some(FileAnswer::resolved(as_named, detail, Side::Base, entry.path.clone()))
}

fn inside_submodule(world: &World<'_>, path: &str) -> Option<FileAnswer> {
    let module = world.paths(Side::Head).submodule_above(path)?;
    let detail = format!("`{path}` is inside the submodule `{module}`, which is not looked into");
    Some(FileAnswer::unresolved(CheckResult::Unknown, detail))
}

fn by_ending(world: &World<'_>, path: &str, claimed: &str) -> Option<FileAnswer> {
    // `a/` and `b/` are what diffs print before a path; an absolute path names a checkout we do not know.
    let absolute = is_absolute(claimed);
    let diff_prefixed = path.strip_prefix("a/").or_else(|| path.strip_prefix("b/"));
    if let Some(answer) = diff_prefixed.and_then(|inner| exact(world, inner)) {
        return Some(repaired(answer, claimed));
    }
    if absolute {
        let tails = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
        let found =
            tails.filter(|tail| tail.contains('/') || !path[..path.len() - tail.len() - 1].contains('/'));
        for tail in found {
            if let Some(answer) = exact(world, tail).filter(|answer| !answer.lineless) {
                return Some(repaired(answer, claimed));
            }
        }
    }
    let ending = world.paths(Side::Head).ending(path);
    match ending.as_slice() {
        [] => by_ending_at_base(world, path),
        [one] => {
            let detail = format!("`{path}` is `{one}`: the only path at head that ends so");
            Some(FileAnswer::resolved(CheckResult::Repaired, detail, Side::Head, (*one).clone()))
        }
        several => Some(several_endings(world, path, several)),
    }
}

fn repaired(mut answer: FileAnswer, claimed: &str) -> FileAnswer {
    if answer.answer.result == CheckResult::Pass {
        answer.answer.result = CheckResult::Repaired;
    }
    answer.answer.detail =
        format!("`{}` read without its prefix: {}", shown_path(claimed), answer.answer.detail);
    answer
}

fn several_endings(world: &World<'_>, path: &str, several: &[&RepoPath]) -> FileAnswer {
    let candidates: Vec<RepoPath> = several.iter().map(|path| (*path).clone()).collect();
    let changed: Vec<&&RepoPath> = several.iter().filter(|path| world.changes.file(path).is_some()).collect();
    if let [one] = changed.as_slice() {
        let detail =
            format!("`{path}` is `{one}`: of {} files that end so the only changed one", several.len());
        let answer = FileAnswer::resolved(CheckResult::Repaired, detail, Side::Head, (**one).clone());
        return FileAnswer { candidates, ..answer };
    }
    let names: Vec<String> = several.iter().map(|path| format!("`{path}`")).collect();
    let detail = format!("`{path}` could be {} files: {}", names.len(), list(&names, 6));
    FileAnswer { candidates, ..FileAnswer::unresolved(CheckResult::Unknown, detail) }
}

/// Settles a name that fits several files by the quote, where it stands in exactly one of them.
pub(crate) fn settle_by_quote(
    world: &World<'_>,
    answer: FileAnswer,
    quote: &str,
    cited: Option<Side>,
) -> FileAnswer {
    let ways = ways(quote);
    let stands = |path: &&RepoPath| matches!(in_file(world, Side::Head, path, &ways, cited), Looked::Stands(standing) if standing.substance >= 8);
    // Every candidate is read; names that fit hundreds of files are left as they are.
    if answer.candidates.len() > 100 {
        return answer;
    }
    let found: Vec<&RepoPath> = answer.candidates.iter().filter(stands).collect();
    let changed = found.iter().filter(|path| world.changes.file(path).is_some());
    let one = match found.as_slice() {
        [one] => Some(*one),
        _ => changed.clone().next().filter(|_| changed.clone().count() == 1).copied(),
    };
    match one {
        Some(one) if answer.path.as_ref().is_none_or(|(_, path)| path != one) => {
            let detail = format!(
                "`{}` is `{one}`: of {} files that end so the one with the quoted lines",
                one.file_name(),
                answer.candidates.len()
            );
            FileAnswer::resolved(CheckResult::Repaired, detail, Side::Head, one.clone())
        }
        _ => answer,
    }
}

fn by_ending_at_base(world: &World<'_>, path: &str) -> Option<FileAnswer> {
    let base: Vec<RepoPath> = world.paths(Side::Base).ending(path).into_iter().cloned().collect();
    match base.as_slice() {
        [one] => gone(world, one.as_str(), CheckResult::Repaired).map(|answer| {
            let detail = format!("`{path}` is `{one}` at the merge base: {}", answer.answer.detail);
            FileAnswer { answer: Answer::new(CheckResult::Repaired, detail), ..answer }
        }),
        _ => None,
    }
}

fn missing(world: &World<'_>, path: &str, shown: &str) -> FileAnswer {
    let name = path.rsplit('/').next().unwrap_or(path);
    let same: Vec<String> =
        world.paths(Side::Head).ending(name).iter().map(|path| format!("`{path}`")).collect();
    let mut detail = format!("no file `{shown}` at head or at the merge base");
    if !same.is_empty() {
        detail = format!("{detail}; the same name: {}", list(&same, 4));
    }
    FileAnswer::unresolved(CheckResult::Fail, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    fn memory() -> Memory {
        let mut memory = Memory::renamed(
            &[
                ("src/old.rs", "a\n"),
                ("src/gone.rs", "g\n"),
                ("a/same.rs", "1\n"),
                ("b/same.rs", "2\n"),
                ("x/dup.rs", ""),
            ],
            &[
                ("src/new.rs", "a\n"),
                ("a/same.rs", "1\n"),
                ("b/same.rs", "3\n"),
                ("x/dup.rs", ""),
                ("y/dup.rs", ""),
            ],
            &[("src/old.rs", "src/new.rs")],
        );
        memory.submodules.push("vendored".to_owned());
        memory
    }

    fn ask(claimed: &str, side: Option<Side>) -> (CheckResult, Option<(Side, String)>, String) {
        let memory = memory();
        let answer = resolve(&World::new(&memory), claimed, side);
        let path = answer.path.map(|(side, path)| (side, path.to_string()));
        (answer.answer.result, path, answer.answer.detail)
    }

    #[test]
    fn exact_paths_pass_and_unique_endings_are_repaired() {
        let head = |path: &str| Some((Side::Head, path.to_owned()));
        for (claimed, result, path) in [
            ("src/new.rs", CheckResult::Pass, head("src/new.rs")),
            ("./src/new.rs", CheckResult::Pass, head("src/new.rs")),
            ("new.rs", CheckResult::Repaired, head("src/new.rs")),
            ("b/src/new.rs", CheckResult::Repaired, head("src/new.rs")),
            ("/private/tmp/review-x/src/new.rs", CheckResult::Repaired, head("src/new.rs")),
            ("C:\\work\\src\\new.rs", CheckResult::Repaired, head("src/new.rs")),
        ] {
            let (got, at, detail) = ask(claimed, None);
            assert_eq!((got, at), (result, path), "{claimed}: {detail}");
        }
    }

    #[test]
    fn renames_are_followed_and_deleted_files_are_found_at_the_merge_base() {
        let (result, path, detail) = ask("src/old.rs", None);
        assert_eq!((result, path), (CheckResult::Repaired, Some((Side::Head, "src/new.rs".to_owned()))));
        assert!(detail.contains("renames"), "{detail}");
        assert_eq!(ask("src/gone.rs", None).1, Some((Side::Base, "src/gone.rs".to_owned())));
        assert_eq!(ask("gone.rs", None).0, CheckResult::Repaired);
        assert_eq!(ask("src/old.rs", Some(Side::Base)).1, Some((Side::Base, "src/old.rs".to_owned())));
    }

    #[test]
    fn several_candidates_are_settled_by_the_change_alone() {
        assert_eq!(ask("same.rs", None).1, Some((Side::Head, "b/same.rs".to_owned())));
        let memory =
            Memory::new(&[("x/dup.rs", ""), ("y/dup.rs", "")], &[("x/dup.rs", ""), ("y/dup.rs", "")]);
        let answer = resolve(&World::new(&memory), "dup.rs", None);
        assert_eq!((answer.answer.result, answer.path), (CheckResult::Unknown, None));
        assert!(answer.answer.detail.contains("`x/dup.rs`, `y/dup.rs`"), "{}", answer.answer.detail);
    }

    #[test]
    fn several_candidates_are_settled_by_a_quote_that_only_one_has() {
        let files = [("x/dup.rs", "let first_of_two = 1;\n"), ("y/dup.rs", "let second_of_two = 2;\n")];
        let memory = Memory::new(&files, &files);
        let raw = crate::memory::claim("dup.rs", Some((1, 1)), Some("let second_of_two = 2;"));
        let finding = crate::memory::check_one(&memory, raw);
        assert_eq!(finding.result(model::Gate::File), CheckResult::Repaired);
        assert_eq!((finding.locations[0].path.as_str(), finding.locations[0].verified), ("y/dup.rs", true));
        let raw = crate::memory::claim("dup.rs", Some((1, 1)), Some("let third_of_two = 2;"));
        assert_eq!(crate::memory::check_one(&memory, raw).result(model::Gate::File), CheckResult::Unknown);
    }

    #[test]
    fn a_quote_outweighs_the_change_where_only_another_candidate_has_it() {
        let base = [("x/dup.rs", "let first_of_two = 1;\n"), ("y/dup.rs", "let second_of_two = 2;\n")];
        let head = [("x/dup.rs", "let first_of_two = 9;\n"), ("y/dup.rs", "let second_of_two = 2;\n")];
        let memory = Memory::new(&base, &head);
        let path = |quote: &str| {
            let raw = crate::memory::claim("dup.rs", Some((1, 1)), Some(quote));
            crate::memory::check_one(&memory, raw).locations[0].path.to_string()
        };
        assert_eq!(path("let second_of_two = 2;"), "y/dup.rs");
        assert_eq!(path("let first_of_two = 9;"), "x/dup.rs");
        assert_eq!(path("let third_of_two = 3;"), "x/dup.rs");
    }

    #[test]
    fn nonsense_fails_and_submodules_are_not_looked_into() {
        for nonsense in [
            "",
            "  ",
            "../etc/passwd",
            "https://example.org/x.rs",
            "a\nb",
            "N/A",
            "src/never.rs",
            "/",
            "ew.rs",
        ] {
            let (result, path, _) = ask(nonsense, None);
            assert_eq!((result, path), (CheckResult::Fail, None), "{nonsense:?}");
        }
        assert_eq!(ask("vendored/x.c", None).0, CheckResult::Unknown);
        assert_eq!(ask("vendored", None).0, CheckResult::Pass);
        assert_eq!(ask("src", None).0, CheckResult::Pass);
    }
}
