//! Lists that name every sibling of a new member, but not the new member.
//!
//! In: lists of the changed files that grew. Out: the other lists, tables and matches of the repository that were complete
//! before and are not any more. All of the old members must stand close together there.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use model::{Kind, RepoPath, Severity, Side};

use super::LIST;
use super::members::{Member, around, is_case, is_imported};
use crate::context::Context;
use crate::family::{Draft, Raised, read};
use crate::functions::indent;
use crate::language::{Language, Role};
use crate::names::{is_uncommon, occurrences};
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at, lines};
use crate::source::Source;
use crate::words::{code, count, list, shortened};

/// Fewer old members may stand together by chance.
const FEWEST: usize = 4;
const FEWEST_IN_CODE: usize = 5;
/// More are data.
const MOST: usize = 60;
/// New members at once; more are a new list.
const MOST_NEW: usize = 3;
const MOST_LISTS: usize = 40;

/// A list that grew.
struct Grown {
    path: RepoPath,
    old: Vec<Member>,
    new: Vec<Member>,
}

/// The lists that grew.
pub(super) struct Lists(Vec<Grown>);

impl Lists {
    pub(super) fn new(context: &Context<'_>) -> Self {
        let mut grown: Vec<Grown> = Vec::new();
        if context.settings.runs(LIST) {
            for file in
                context.compared().filter(|file| matches!(Role::of(&file.path), Role::Source | Role::Config))
            {
                let Some(source) = context.source(Side::Head, &file.path) else { continue };
                let mut seen = BTreeSet::new();
                let tests = source.own_tests_start();
                for (line, _) in file.added().filter(|(line, _)| *line < tests && !is_manifest(&file.path)) {
                    if !seen.contains(&line) {
                        let members = around(&source, line);
                        seen.extend(members.iter().map(|member| member.line));
                        grown.extend(grew(context, &source, members));
                    }
                    if grown.len() >= MOST_LISTS {
                        break;
                    }
                }
            }
        }
        grown.truncate(MOST_LISTS);
        Self(grown)
    }

    pub(super) fn needles(&self, needles: &mut Needles) {
        for grown in &self.0 {
            for name in keys(grown) {
                needles.add(name);
            }
        }
    }

    pub(super) fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let mut raised = Vec::new();
        let mut told: BTreeSet<(RepoPath, u32)> = BTreeSet::new();
        for grown in &self.0 {
            let mut mirrors = mirrors(context, grown, found);
            mirrors.retain(|(source, first, ..)| !told.contains(&(source.path.clone(), *first)));
            // What all lists lack, one list of its own has on purpose.
            if (1..=3).contains(&mirrors.len()) {
                told.extend(mirrors.iter().map(|(source, first, ..)| (source.path.clone(), *first)));
                raised.extend(report(context, grown, &mirrors));
            }
        }
        raised
    }
}

/// Lists of packages are nobody's siblings in code.
fn is_manifest(path: &RepoPath) -> bool {
    [
        "package.json",
        "setup.py",
        "setup.cfg",
        "Cargo.toml",
        "pyproject.toml",
        "go.mod",
        "composer.json",
        "Gemfile",
        "pom.xml",
    ]
    .contains(&path.file_name())
}

/// Old and new members, where the list was there before and few members are new.
fn grew(context: &Context<'_>, source: &Source, members: Vec<Member>) -> Option<Grown> {
    let before = context.diff_of(&source.path)?;
    // A member that only changed stands on an added line, too.
    let was = |name: &str| before.removed().any(|(_, text)| !occurrences(text, name).is_empty());
    let (new, old): (Vec<Member>, Vec<Member>) = members
        .into_iter()
        .partition(|member| context.is_added(&source.path, member.line) && !was(&member.name));
    let names: BTreeSet<&str> = old.iter().map(|member| member.name.as_str()).collect();
    let distinct = names.len();
    let new: Vec<Member> = new
        .into_iter()
        .filter(|member| !names.contains(member.name.as_str()) && !is_a_mark(&member.name))
        .collect();
    ((FEWEST..=MOST).contains(&distinct) && (1..=MOST_NEW).contains(&new.len())).then(|| Grown {
        path: source.path.clone(),
        old,
        new,
    })
}

/// True for members that count or close a list, or stand for everything else: nobody lists those.
fn is_a_mark(name: &str) -> bool {
    const WHOLE: [&str; 8] = ["unknown", "invalid", "none", "default", "other", "first", "min", "max"];
    const ENDS: [&str; 7] = ["count", "max", "last", "end", "sentinel", "invalid", "unknown"];
    let words = crate::names::words(name);
    name.starts_with('_')
        || WHOLE.contains(&name.to_lowercase().as_str())
        || words.last().is_some_and(|word| ENDS.contains(&word.as_str()))
        || words.first().is_some_and(|word| word == "num")
}

/// The names that are rarest, to look up.
fn keys(grown: &Grown) -> Vec<&str> {
    let mut names: Vec<&str> = grown.old.iter().map(|member| member.name.as_str()).collect();
    names.sort_by_key(|name| (!is_uncommon(name), std::cmp::Reverse(name.len()), *name));
    names.dedup();
    names.truncate(3);
    names
}

/// A place that names the old members: file, first and last line, and how many of them.
type Mirror = (Rc<Source>, u32, u32, usize);

fn mirrors(context: &Context<'_>, grown: &Grown, found: &Found) -> Vec<Mirror> {
    let mut files: BTreeMap<RepoPath, usize> = BTreeMap::new();
    let mut known = 0;
    for hits in keys(grown).into_iter().filter_map(|name| found.all(name)) {
        known += 1;
        for path in hits.iter().map(|hit| &hit.path).collect::<BTreeSet<_>>() {
            *files.entry(path.clone()).or_default() += 1;
        }
    }
    // One of them may be left out elsewhere.
    let files: Vec<RepoPath> =
        files.into_iter().filter(|(_, keys)| *keys >= known.min(2)).map(|(path, _)| path).collect();
    if files.len() > 40 {
        return Vec::new();
    }
    files
        .iter()
        .filter(|path| !matches!(Role::of(path), Role::Test | Role::History | Role::Foreign | Role::Ci))
        .filter_map(|path| mirror(grown, &context.source(Side::Head, path)?))
        .filter(|(source, first, last, _)| {
            let own = context.source(Side::Head, &grown.path);
            !source.language.is_code()
                || own.is_some_and(|own| {
                    is_of_that_type(grown, &own, source, (*first, *last)) || is_choice(grown, source, *first)
                })
        })
        .collect()
}

/// True where each line of the mirror names its member together with the type that declares them (`Kind::Fifo`, `Kind.FIFO`). Two
/// pieces of code with the same bare names are two of a kind more often than one and its image.
fn is_of_that_type(grown: &Grown, own: &Source, source: &Source, lines: (u32, u32)) -> bool {
    let Some(owner) = opening(own, grown.old[0].line).and_then(declared_type) else { return false };
    // The line begins with it: on the right of an arrow it is what another choice leads to.
    let qualified = |member: &Member| {
        let names = ["::", "."].map(|mark| format!("{owner}{mark}{}", member.name));
        (lines.0..=lines.1).any(|line| {
            let text =
                source.line(line).trim_start().trim_start_matches("case ").trim_start_matches(['[', '&']);
            names.iter().any(|name| occurrences(text, name).first() == Some(&0))
        })
    };
    grown.old.iter().filter(|member| qualified(member)).count() * 10 >= grown.old.len() * 9
}

/// True for a choice in C or Go, where nothing stands before the names of constants.
fn is_choice(grown: &Grown, source: &Source, first: u32) -> bool {
    matches!(source.language, Language::C | Language::Go)
        && is_case(source, first)
        && grown.old.len() >= FEWEST_IN_CODE
        && Language::of(&grown.path).shares_names_with(source.language)
        && grown.old.iter().all(|member| crate::names::is_distinctive(&member.name))
}

/// The type that a line declares.
fn declared_type(line: &str) -> Option<&str> {
    let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    words.find(|word| matches!(*word, "enum" | "class"))?;
    words.find(|word| !matches!(*word, "class" | "struct"))
}

/// The line that a list begins with.
fn opening(source: &Source, first: u32) -> Option<&str> {
    let depth = indent(source.line(first));
    let above = (first.saturating_sub(REACH).max(1)..first).rev();
    let mut less =
        above.filter(|line| !source.line(*line).trim().is_empty() && indent(source.line(*line)) < depth);
    Some(source.line(less.next()?).trim())
}

/// The closest lines of a file that name all old members and no new one.
fn mirror(grown: &Grown, source: &Rc<Source>) -> Option<Mirror> {
    if source.role == Role::Foreign {
        return None;
    }
    let names: BTreeSet<&str> = grown.old.iter().map(|member| member.name.as_str()).collect();
    let own = source.path == grown.path;
    // Within one file of data, mappings with the same keys are records: each has what it needs.
    if own && !source.language.is_code() && source.role != Role::Docs {
        return None;
    }
    // Settings use some options of a program, records what they need; only a schema has to know all.
    let is_data = !source.language.is_code() && source.role != Role::Docs;
    if is_data && !source.path.file_name().contains("schema") {
        return None;
    }
    let (from, to) = (grown.old[0].line.min(grown.new[0].line), grown.old[grown.old.len() - 1].line);
    let named = |name: &str| -> Vec<u32> {
        let lines = source
            .numbered_lines()
            .filter(|(line, text)| text.len() < 600 && !(own && (from..=to).contains(line)));
        lines.filter(|(_, text)| !occurrences(text, name).is_empty()).map(|(line, _)| line).collect()
    };
    let mut places: Vec<(u32, &str)> = Vec::new();
    let mut absent: BTreeSet<&str> = BTreeSet::new();
    for name in &names {
        let lines = named(name);
        if lines.is_empty() {
            absent.insert(name);
        }
        places.extend(lines.into_iter().map(|line| (line, *name)));
    }
    let names: BTreeSet<&str> = names.difference(&absent).copied().collect();
    if names.len() < FEWEST || absent.len() > may_lack(grown, source) || !absent.is_subset(&behind(grown)) {
        return None;
    }
    places.sort_unstable();
    let (first, last) = closest(&places, names.len())?;
    let new: Vec<u32> = grown.new.iter().flat_map(|member| named(&member.name)).collect();
    let structured = is_structured(source, &names, (first, last), own);
    let lacks = if own {
        let (from, to) = whole(source, first, last);
        !new.iter().any(|line| (from.saturating_sub(3)..=to + 3).contains(line))
    } else {
        new.is_empty()
    };
    let distinct_lines = places
        .iter()
        .filter(|(line, _)| (first..=last).contains(line))
        .map(|(line, _)| line)
        .collect::<BTreeSet<_>>()
        .len();
    let close = last - first <= 3 * names.len() as u32 + 6;
    // One line that names all is a sentence or a union; else one line a member.
    let listed = distinct_lines * 2 >= names.len() || distinct_lines == 1;
    (lacks && close && listed && structured).then(|| (Rc::clone(source), first, last, names.len()))
}

/// How many of the old members a list may lack and still be meant to have all: what is internal is left out of documents.
fn may_lack(grown: &Grown, source: &Source) -> usize {
    if source.role == Role::Docs { grown.old.len() / 5 } else { 0 }
}

/// The old members that stand behind the new ones: a document that names all before them goes on with them.
fn behind(grown: &Grown) -> BTreeSet<&str> {
    let last = grown.new.iter().map(|member| member.line).max().unwrap_or(0);
    grown.old.iter().filter(|member| member.line > last).map(|member| member.name.as_str()).collect()
}

/// The lines of the list that these lines are part of: it goes on as long as nothing is indented less.
fn whole(source: &Source, first: u32, last: u32) -> (u32, u32) {
    let depth = indent(source.line(first)).min(indent(source.line(last)));
    let belongs = |line: &u32| {
        let text = source.line(*line);
        text.trim().is_empty() || indent(text) >= depth
    };
    let from = (first.saturating_sub(REACH).max(1)..first).rev().take_while(belongs).last().unwrap_or(first);
    let to = (last + 1..=source.line_count().min(last + REACH)).take_while(belongs).last().unwrap_or(last);
    (from, to)
}

/// How far the rest of a list is looked for, in lines.
const REACH: u32 = 120;

/// True where the lines are a list of these names and no others: one a line, or quoted in one line.
fn is_structured(source: &Source, names: &BTreeSet<&str>, lines: (u32, u32), own: bool) -> bool {
    if lines.0 == lines.1 {
        let quoted: BTreeSet<&str> = quoted(source.line(lines.0));
        return !own && quoted == *names;
    }
    if is_imported(source, lines.1) {
        return false;
    }
    let listed = (lines.0..=lines.1)
        .map(|line| around(source, line))
        .find(|members| members.len() >= names.len())
        .unwrap_or_default();
    let listed: BTreeSet<&str> = listed.iter().map(|member| member.name.as_str()).collect();
    let others = listed.difference(names).count();
    // One of ten may be its own: what stands for all, or what was there once.
    names.is_subset(&listed) && others * 10 <= names.len()
}

/// The names that a line quotes.
fn quoted(line: &str) -> BTreeSet<&str> {
    let quotes = |c: char| matches!(c, '"' | '\'' | '`');
    let is_name = |text: &&str| {
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
    };
    line.split(quotes).skip(1).step_by(2).filter(is_name).collect()
}

/// The shortest run of lines in which every name occurs.
fn closest(places: &[(u32, &str)], names: usize) -> Option<(u32, u32)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut start, mut best) = (0, None::<(u32, u32)>);
    for (line, name) in places {
        *counts.entry(name).or_default() += 1;
        while counts.len() == names {
            let (first, dropped) = places[start];
            if best.is_none_or(|(from, to)| line - first < to - from) {
                best = Some((first, *line));
            }
            let left = counts.entry(dropped).or_default();
            *left -= 1;
            if *left == 0 {
                counts.remove(dropped);
            }
            start += 1;
        }
    }
    best
}

fn report(context: &Context<'_>, grown: &Grown, mirrors: &[Mirror]) -> Option<Raised> {
    let own = context.source(Side::Head, &grown.path)?;
    let (source, first, last, named) = &mirrors[0];
    let new: Vec<String> = grown.new.iter().map(|member| code(&member.name)).collect();
    let old: BTreeSet<&str> = grown.old.iter().map(|member| member.name.as_str()).collect();
    let shown: Vec<String> = old.iter().take(3).map(|name| code(name)).collect();
    let (lack, are) = if new.len() == 1 { ("is", "is") } else { ("are", "are") };
    let mut locations = vec![lines(source, *last, *last, Side::Head, PlaceRole::Primary)];
    locations.extend(
        mirrors[1..].iter().map(|(source, _, last, _)| at(source, *last, Side::Head, PlaceRole::Related)),
    );
    locations.push(at(&own, grown.new[0].line, Side::Head, PlaceRole::Evidence));
    let more = if mirrors.len() > 1 {
        format!(" and {}", count(mirrors.len() - 1, "other list", "other lists"))
    } else {
        String::new()
    };
    let of_all =
        if *named == old.len() { format!("its {named}") } else { format!("{named} of its {}", old.len()) };
    Some(
        Draft {
            rule: LIST,
            category: if source.role == Role::Docs { "docs" } else { "correctness" },
            severity: Severity::Suggestion,
            kind: Kind::Gap,
            rank: 1.2 + (old.len().min(20) as f64) / 10.0,
            title: format!("{} {lack} missing in `{}`{more}, which names {of_all} siblings", shortened(&list(&new), 50), shortened(source.path.as_str(), 44)),
            problem: format!(
                "{} {are} new in the list at `{}:{}` beside {} and {} more. Lines {first}–{last} of `{}` name {of_all} siblings and \
                 {} nowhere.",
                list(&new),
                grown.path,
                grown.new[0].line,
                shown.join(", "),
                old.len().saturating_sub(shown.len()),
                source.path,
                list(&new),
            ),
            locations,
            evidence: vec![read(format!("{}:{first} begins the other list", source.path), source.path.as_str(), *first, Some(shortened(source.line(*first).trim(), 200)))],
            fix: format!("Add {} to the list at `{}:{last}`, or say there why it is left out.", list(&new), source.path),
            patch: None,
            because: format!("The change adds line {} of `{}`.", grown.new[0].line, grown.path),
            scenario: None,
        }
        .raise(),
    )
}
