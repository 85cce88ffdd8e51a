//! Who uses a function.
//!
//! In: names. Out: the lines that use them, tests apart. Names that are defined more than once, that are too common to be
//! searched, or that nothing defines are left out: of them nobody could say whose callers those are.

use std::collections::{BTreeMap, BTreeSet};

use model::{CallSite, Callers, Side};

use crate::facts::{Facts, Hit};
use crate::lookup::{is_prose_file, is_test_file};
use crate::symbol::{defined_in, defines_callable};
use crate::text::{is_comment, normalise, shorten};

/// Shorter names are everywhere.
const SHORTEST: usize = 4;

/// A name that is used more often is no longer about one finding.
const MOST: usize = 80;

/// Names searched for at once.
const NAMES: usize = 2_000;

/// The longest line that is kept.
const LONGEST: usize = 200;

/// Who uses each of these names at head, where one definition has it.
pub(crate) fn callers(facts: &dyn Facts, names: &BTreeSet<String>) -> BTreeMap<String, Callers> {
    callers_up_to(facts, names, 1)
}

/// The same for names with up to so many definitions: then some of the uses may be another's.
pub(crate) fn callers_up_to(
    facts: &dyn Facts,
    names: &BTreeSet<String>,
    definitions: usize,
) -> BTreeMap<String, Callers> {
    let needles: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| name.len() >= SHORTEST).take(NAMES).collect();
    if needles.is_empty() {
        return BTreeMap::new();
    }
    let Ok(found) = facts.search(Side::Head, &needles) else { return BTreeMap::new() };
    let mut hits: Vec<Vec<&Hit>> = vec![Vec::new(); needles.len()];
    for hit in &found.hits {
        if let Some(of_name) = hits.get_mut(hit.needle) {
            of_name.push(hit);
        }
    }
    let mut all = BTreeMap::new();
    for (at, name) in needles.iter().enumerate().filter(|(at, _)| !found.cut.contains(at)) {
        if let Some(callers) = of_name(facts, name, &hits[at], definitions) {
            all.insert((*name).to_owned(), callers);
        }
    }
    all
}

fn of_name(facts: &dyn Facts, name: &str, hits: &[&Hit], most_definitions: usize) -> Option<Callers> {
    let code: Vec<&&Hit> =
        hits.iter().filter(|hit| !is_prose_file(&hit.path) && !is_comment(&hit.text)).collect();
    let is_test = |hit: &Hit| is_test_file(&hit.path) || in_rust_tests(facts, hit);
    let (tests, uses): (Vec<&Hit>, Vec<&Hit>) = code.into_iter().copied().partition(|hit| is_test(hit));
    let definitions = uses.iter().filter(|hit| is_definition(&hit.text, name)).count();
    if definitions == 0 || definitions > most_definitions || uses.len() > MOST {
        return None;
    }
    let sites = |hits: Vec<&Hit>| -> Vec<CallSite> {
        let uses = hits.into_iter().filter(|hit| is_use(&hit.text, name));
        let mut sites: Vec<CallSite> = uses
            .map(|hit| CallSite {
                name: name.to_owned(),
                path: hit.path.clone(),
                text: shorten(&normalise(&hit.text), LONGEST),
            })
            .collect();
        sites.sort();
        sites
    };
    Some(Callers { names: vec![name.to_owned()], sites: sites(uses), tests: sites(tests) })
}

/// A line that defines a name or only brings it into scope does not use it.
fn is_use(line: &str, name: &str) -> bool {
    const SCOPE: [&str; 8] =
        ["use ", "pub use ", "import ", "from ", "#include", "export {", "require ", "using "];
    let start = line.trim_start();
    !is_definition(line, name)
        && (defined_in(line) != Some(name) || is_bare_call(line, name))
        && !SCOPE.iter().any(|word| start.starts_with(word))
}

fn is_definition(line: &str, name: &str) -> bool {
    defines_callable(line, name) && !is_bare_call(line, name)
}

/// `name()` alone on its line is a call in most languages, and the head of a function in a shell script written in a rare way.
fn is_bare_call(line: &str, name: &str) -> bool {
    line.trim().strip_prefix(name) == Some("()")
}

/// Rust keeps unit tests at the end of the file they test.
fn in_rust_tests(facts: &dyn Facts, hit: &Hit) -> bool {
    hit.path.extension() == "rs"
        && facts.text(Side::Head, &hit.path).is_some_and(|text| {
            text.content.lines().take(hit.line as usize).any(|line| line.trim() == "#[cfg(test)]")
        })
}

/// The sum over several names.
pub(crate) fn sum<'n>(
    known: &BTreeMap<String, Callers>,
    names: impl IntoIterator<Item = &'n String>,
) -> Callers {
    let mut all = Callers::default();
    for callers in names.into_iter().filter_map(|name| known.get(name)) {
        all.names.extend(callers.names.iter().cloned());
        all.sites.extend(callers.sites.iter().cloned());
        all.tests.extend(callers.tests.iter().cloned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    fn of(files: &[(&str, &str)], name: &str) -> Option<Callers> {
        callers(&Memory::new(&[], files), &BTreeSet::from([name.to_owned()])).remove(name)
    }

    #[test]
    fn uses_are_told_from_definitions_imports_comments_and_tests() {
        let found = of(
            &[
                ("src/a.rs", "pub fn load_all() {}\n// load_all is slow\n"),
                ("src/b.rs", "use a::load_all;\nfn go() {\n    load_all();\n}\n"),
                ("tests/c.rs", "fn t() { load_all(); }\n"),
                ("README.md", "`load_all` loads\n"),
            ],
            "load_all",
        )
        .expect("one definition");
        let told: Vec<&str> = found.sites.iter().map(|site| site.text.as_str()).collect();
        assert_eq!(told, ["load_all();"]);
        assert_eq!(found.tests.len(), 1);
    }

    #[test]
    fn of_a_name_with_two_definitions_nothing_is_said() {
        let files = [("a.py", "def handle():\n    pass\n"), ("b.py", "def handle():\n    pass\nhandle()\n")];
        assert_eq!(of(&files, "handle"), None);
        assert_eq!(of(&[("a.py", "handle()\n")], "handle"), None);
        let called = of(&[("a.py", "def handle():\n    pass\n\nhandle()\n")], "handle").expect("one");
        assert_eq!(called.sites.len(), 1);
    }
}
