//! Plants a name that an edit changed everywhere but in one place.
//!
//! In: source files. Out: trees before and after a rename that left one place behind, by kind of name and kind of place, and after the
//! whole rename. Sites are chosen by what the files say; half of the new names have nothing in common with the old ones.

use std::collections::BTreeMap;

use super::forgotten::{plant, replaced, with_line};
use super::{Plant, Tree, sources};
use crate::declarations::{DeclarationKind, declarations};
use crate::language::Language;
use crate::lex::Part;
use crate::names::{occurrences, words};
use crate::source::Source;

/// A name that one place declares, with the file and line that do.
struct Named {
    name: String,
    new: String,
    file: usize,
    line: u32,
}

fn names(sources: &[Source], tree: &Tree, kind: DeclarationKind) -> Vec<Named> {
    let mut declared: BTreeMap<String, Vec<(usize, u32, DeclarationKind)>> = BTreeMap::new();
    for (file, source) in sources.iter().enumerate() {
        for found in declarations(source).into_iter().filter(|found| found.line < source.own_tests_start()) {
            declared.entry(found.name).or_default().push((file, found.line, found.kind));
        }
    }
    let mut all = Vec::new();
    for (name, places) in declared {
        let [(file, line, of)] = places.as_slice() else { continue };
        let dunder = name.starts_with("__");
        // Names in texts mean more than what is declared, and names of many files are everybody's.
        let quoted = ["\"", "'", "`"].map(|quote| format!("{quote}{name}{quote}"));
        let known: Vec<&String> = tree.values().filter(|text| text.contains(&name)).take(21).collect();
        let as_text = known.iter().any(|text| quoted.iter().any(|quoted| text.contains(quoted)));
        if *of != kind || dunder || words(&name).len() < 2 || name.len() < 7 || as_text || known.len() > 20 {
            continue;
        }
        let new = new_name(&name, all.len());
        all.push(Named { name, new, file: *file, line: *line });
    }
    all
}

fn new_name(name: &str, number: usize) -> String {
    let upper = name.chars().all(|c| !c.is_lowercase());
    match (number.is_multiple_of(2), upper, name.contains('_'), name.starts_with(char::is_uppercase)) {
        (true, true, ..) => format!("{name}_ANEW"),
        (true, false, true, _) => format!("{name}_anew"),
        (true, ..) => format!("{name}Anew"),
        (false, true, ..) => "QUITE_ANOTHER_THING".to_owned(),
        (false, false, true, _) => "quite_another_thing".to_owned(),
        (false, false, false, true) => "QuiteAnotherThing".to_owned(),
        (false, false, false, false) => "quiteAnotherThing".to_owned(),
    }
}

/// The tree with the name changed everywhere, and the same with one line as it was.
fn with_one_left(tree: &Tree, named: &Named, path: &str, line: u32) -> (Tree, Tree) {
    let all: Tree =
        tree.iter().map(|(path, text)| (path.clone(), replaced(text, &named.name, &named.new))).collect();
    let renamed = Source::new(path.into(), &all[path]);
    let old = Source::new(path.into(), &tree[path]);
    let mut head = all.clone();
    head.insert(path.to_owned(), with_line(&renamed, line, Some(old.line(line))));
    (head, all)
}

fn left_in(tree: &Tree, kind: DeclarationKind, part: Part) -> Vec<Plant> {
    let sources = sources(tree);
    let mut plants = Vec::new();
    for named in names(&sources, tree, kind) {
        // The last place: the one that people forget.
        let site = sources.iter().enumerate().rev().find_map(|(file, source)| {
            if !source.content().contains(&named.name) || source.language != sources[named.file].language {
                return None;
            }
            let found = source.numbered_lines().filter(|(line, text)| {
                let declares = file == named.file && *line == named.line;
                let at = occurrences(text, &named.name);
                !declares
                    && *line < source.own_tests_start()
                    && at.iter().any(|at| source.part_at(*line, *at) == part)
            });
            Some((file, found.map(|(line, _)| line).last()?))
        });
        let Some((file, line)) = site else { continue };
        let path = sources[file].path.as_str();
        let (head, twin) = with_one_left(tree, &named, path, line);
        plants.push(plant(tree.clone(), head, Some(twin), "stale-reference/symbol", path));
    }
    plants
}

pub(super) fn function(tree: &Tree) -> Vec<Plant> {
    left_in(tree, DeclarationKind::Function, Part::Code)
}

pub(super) fn type_name(tree: &Tree) -> Vec<Plant> {
    left_in(tree, DeclarationKind::Type, Part::Code)
}

pub(super) fn constant(tree: &Tree) -> Vec<Plant> {
    left_in(tree, DeclarationKind::Constant, Part::Code)
}

pub(super) fn method(tree: &Tree) -> Vec<Plant> {
    left_in(tree, DeclarationKind::Method, Part::Code)
}

pub(super) fn comment(tree: &Tree) -> Vec<Plant> {
    let kinds = [DeclarationKind::Function, DeclarationKind::Type, DeclarationKind::Constant];
    kinds.into_iter().flat_map(|kind| left_in(tree, kind, Part::Comment)).collect()
}

/// A document of ours keeps the old name: as code, in a sentence, or in a block of code.
pub(super) fn document(tree: &Tree) -> Vec<Plant> {
    let sources = sources(tree);
    let mut plants = Vec::new();
    let all = [DeclarationKind::Function, DeclarationKind::Type]
        .into_iter()
        .flat_map(|kind| names(&sources, tree, kind));
    for (number, named) in all.enumerate() {
        let fence = match sources[named.file].language {
            Language::Python => "python",
            Language::Script => "js",
            Language::Rust => "rust",
            Language::Go => "go",
            _ => "",
        };
        let document = |name: &str| match number % 3 {
            0 => format!("# Use\n\nIt begins with `{name}`, which reads the rest.\n"),
            1 => format!("# Use\n\nIt begins with {name}, which reads the rest.\n"),
            _ => format!("# Use\n\n```{fence}\nresult = {name}(3)\n```\n"),
        };
        let path = "docs/use.md".to_owned();
        let mut base = tree.clone();
        base.insert(path.clone(), document(&named.name));
        let mut head: Tree =
            tree.iter().map(|(path, text)| (path.clone(), replaced(text, &named.name, &named.new))).collect();
        head.insert(path.clone(), document(&named.name));
        let mut twin = head.clone();
        twin.insert(path.clone(), document(&named.new));
        plants.push(plant(base, head, Some(twin), "stale-reference/symbol", &path));
    }
    plants
}
