//! Every place that calls one function.
//!
//! In: the hits of its name. Out: the calls with the functions around them, tests left out. Each file is looked through
//! once for each name.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use model::{RepoPath, Side};

use super::is_comparable;
use crate::change::Hit;
use crate::context::Context;
use crate::functions::{Function, around};
use crate::language::{Language, Role};
use crate::needles::Found;
use crate::source::Source;
use crate::tokens::calls;

/// One place that calls it.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) source: Rc<Source>,
    pub(super) function: Function,
    /// Index of the name among the file's tokens.
    pub(super) token: usize,
    pub(super) line: u32,
}

/// Names in more files than this belong to nobody.
const MOST_FILES: usize = 120;
/// Files taken apart for one name, spread evenly over all that may call it: these tell what the others do, and taking a file apart
/// is what costs.
const MOST_SOURCES: usize = 24;

/// No judge says anything about fewer than three other places, and where all places are known the touched one is among them.
const FEWEST_SITES: usize = 4;

/// The places of all names asked for so far.
pub(super) struct Sites<'a, 'c> {
    context: &'a Context<'c>,
    found: &'a Found,
    known: BTreeMap<(String, bool), Rc<Vec<Site>>>,
}

impl<'a, 'c> Sites<'a, 'c> {
    pub(super) fn new(context: &'a Context<'c>, found: &'a Found) -> Self {
        Self { context, found, known: BTreeMap::new() }
    }

    /// The calls of `name` outside the function that begins at `first` of `own`. Where there are too many to know them all,
    /// the first ones where a sample is enough, else none.
    pub(super) fn of(&mut self, name: &str, own: &Source, first: u32, sample: bool) -> Vec<Site> {
        let key = (name.to_owned(), sample);
        let all = if let Some(known) = self.known.get(&key) {
            Rc::clone(known)
        } else {
            let sites = Rc::new(self.look(name, sample));
            self.known.insert(key, Rc::clone(&sites));
            sites
        };
        all.iter()
            .filter(|site| is_comparable(&site.source, own.language))
            .filter(|site| site.source.path != own.path || site.function.first != first)
            .cloned()
            .collect()
    }

    fn look(&self, name: &str, sample: bool) -> Vec<Site> {
        let Some(hits) = self.found.all(name).or_else(|| sample.then(|| self.found.some(name))) else {
            return Vec::new();
        };
        let files: BTreeSet<&RepoPath> = hits.iter().map(|hit| &hit.path).collect();
        if files.len() > MOST_FILES && !sample {
            return Vec::new();
        }
        let whole = files.len() <= MOST_FILES && self.found.all(name).is_some();
        let mut sites: Vec<Site> = Vec::new();
        // What is compared in the end is known before a file is taken apart.
        let candidates: Vec<&Hit> = hits
            .iter()
            .filter(|hit| Role::of(&hit.path) == Role::Source && may_call(&hit.path, &hit.text, name))
            .collect();
        if whole && candidates.len() < FEWEST_SITES {
            return Vec::new();
        }
        let looked_at = spread(candidates.iter().map(|hit| &hit.path).collect());
        for hit in candidates.into_iter().filter(|hit| looked_at.contains(&hit.path)) {
            let Some(source) = self.context.source(Side::Head, &hit.path) else { continue };
            if !source.language.is_code() || hit.line >= source.own_tests_start() {
                continue;
            }
            let tokens = source.tokens();
            let first = tokens.partition_point(|token| token.line < hit.line);
            let last = tokens.partition_point(|token| token.line <= hit.line);
            let Some(call) = calls(&source, first..last).into_iter().find(|call| call.name == name) else {
                continue;
            };
            let Some(function) =
                around(&source, hit.line).filter(|function| function.first < hit.line).cloned()
            else {
                continue;
            };
            let (token, line) = (call.token, call.line);
            sites.push(Site { source: Rc::clone(&source), function, token, line });
        }
        sites
    }
}

/// At most [`MOST_SOURCES`] of these files, evenly spread.
fn spread(files: BTreeSet<&RepoPath>) -> BTreeSet<&RepoPath> {
    let all = files.len();
    let wanted = |at: usize| at * MOST_SOURCES / all != (at + 1) * MOST_SOURCES / all;
    files
        .into_iter()
        .enumerate()
        .filter(|(at, _)| all <= MOST_SOURCES || wanted(*at))
        .map(|(_, file)| file)
        .collect()
}

/// False where the line cannot call `name`, whatever stands on the lines around it: taking a file apart is what costs, and most
/// files that hold a name only import, pass on or mention it. What follows a name may be hidden behind a comment or stand on the
/// next line; then the file is taken apart.
fn may_call(path: &RepoPath, line: &str, name: &str) -> bool {
    /// Lines of hits may be cut from this length on.
    const CUT: usize = 1_990;
    if line.len() >= CUT || matches!(Language::of(path), Language::Shell | Language::Other) {
        return true;
    }
    line.match_indices(name).any(|(at, _)| {
        let behind = line[at + name.len()..].trim_start();
        behind.is_empty() || behind.starts_with(['(', '!', '/', '#', '-', '<', '{', '*', '\\'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_spread_over_all() {
        let paths: Vec<RepoPath> = (0..100).map(|at| format!("{at:03}.go").as_str().into()).collect();
        let few = spread(paths.iter().take(20).collect());
        assert_eq!(few.len(), 20);
        let many: Vec<&str> = spread(paths.iter().collect()).into_iter().map(RepoPath::as_str).collect();
        assert_eq!((many.len(), many[0], many[23]), (MOST_SOURCES, "004.go", "099.go"));
    }

    #[test]
    fn a_line_that_only_names_a_function_is_no_reason_to_take_its_file_apart() {
        for (path, line, expected) in [
            ("a.py", "from store import load_records", true),
            ("a.py", "from store import load_records, save", false),
            ("a.py", "rows = load_records(path)", true),
            ("a.rs", "load_records! (x)", true),
            ("a.c", "load_records /* all */ (x)", true),
            ("a.go", "handler = load_records.Then", false),
            ("a.go", "x.load_records_all, load_records (1)", true),
            ("a.sh", "load_records \"$1\"", true),
            ("bin/run", "load_records now", true),
        ] {
            assert_eq!(may_call(&path.into(), line, "load_records"), expected, "{line}");
        }
    }
}
