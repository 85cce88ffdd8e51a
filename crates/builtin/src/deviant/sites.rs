//! Every place that calls one function.
//!
//! In: the hits of its name. Out: the calls with the functions around them, tests left out. Each file is looked through
//! once for each name.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use model::{RepoPath, Side};

use super::is_comparable;
use crate::context::Context;
use crate::functions::{Function, around};
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
        let looked_at: BTreeSet<&RepoPath> = files.into_iter().take(MOST_FILES).collect();
        let mut sites: Vec<Site> = Vec::new();
        for hit in hits.iter().filter(|hit| looked_at.contains(&hit.path)) {
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
