//! Who uses the functions that some lines belong to.
//!
//! In: lines at head, by file. Out: the places that use what is defined there, tests included, those lines' own places left out.
//! Where a few definitions share a name all its uses are told: a file that is read once more costs less than one that is not.
//! Names that are defined or used everywhere are left out: of them nobody could say whose users those are.

use std::collections::BTreeSet;

use model::{CallSite, RepoPath};

use crate::callers::callers_up_to;
use crate::facts::Facts;
use crate::symbol::{defined_in, enclosing, last_part};
use crate::world::World;

/// Functions that are looked for.
const MOST: usize = 400;

/// Definitions of one name whose uses are told.
const DEFINITIONS: usize = 4;

/// Places that use what the given lines (ranges from 1, inclusive) belong to, by name, path and line.
pub fn uses(facts: &dyn Facts, lines: &[(RepoPath, Vec<(u32, u32)>)]) -> Vec<CallSite> {
    let world = World::new(facts);
    let mut names = BTreeSet::new();
    let mut own = BTreeSet::new();
    for (path, ranges) in lines {
        let Some(view) = world.view(model::Side::Head, path) else { continue };
        for (first, last) in ranges {
            for line in *first..=(*last).min(view.line_count()) {
                let name = match view.line(line).and_then(defined_in) {
                    Some(name) => Some(last_part(name).to_owned()),
                    None => enclosing(&view.lines, line).map(|name| last_part(&name).to_owned()),
                };
                if let Some(name) = name {
                    own.insert((path.clone(), name.clone()));
                    names.insert(name);
                }
            }
        }
    }
    let names: BTreeSet<String> = names.into_iter().take(MOST).collect();
    let found = callers_up_to(facts, &names, DEFINITIONS);
    let mut sites: Vec<CallSite> =
        found.into_values().flat_map(|it| it.sites.into_iter().chain(it.tests)).collect();
    sites.retain(|site| !own.contains(&(site.path.clone(), site.name.clone())));
    sites.sort();
    sites.dedup();
    sites
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    #[test]
    fn users_of_an_edited_function_are_told_and_its_own_file_is_not() {
        let files = [
            ("src/a.rs", "pub fn load_all() {\n    one();\n}\n\nfn other_one() {\n    load_all();\n}\n"),
            ("src/b.rs", "fn go() {\n    load_all();\n    other_one();\n}\n"),
            ("tests/c.rs", "fn t() { load_all(); }\n"),
        ];
        let memory = Memory::new(&[], &files);
        let found = uses(&memory, &[("src/a.rs".into(), vec![(2, 2)])]);
        let told: Vec<(&str, &str)> =
            found.iter().map(|site| (site.path.as_str(), site.name.as_str())).collect();
        assert_eq!(told, [("src/b.rs", "load_all"), ("tests/c.rs", "load_all")]);
        assert!(uses(&memory, &[("src/gone.rs".into(), vec![(1, 9)])]).is_empty());
    }

    #[test]
    fn of_a_name_that_a_few_share_all_users_are_told() {
        let files = [
            ("a.py", "def handle():\n    return 1\n"),
            ("b.py", "def handle():\n    pass\n"),
            ("c.py", "def go():\n    handle()\n"),
        ];
        let found = uses(&Memory::new(&[], &files), &[("a.py".into(), vec![(2, 2)])]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].path.as_str(), "c.py");
    }
}
