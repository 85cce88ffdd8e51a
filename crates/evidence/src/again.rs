//! Looks for remembered findings at another head.
//!
//! In: what was remembered, the repository now, files that were renamed in between. Out: what stands of their lines, who
//! uses their functions now, whether the proposed fix stands there. Never says that something is repaired.

use std::collections::HashMap;
use std::rc::Rc;

use model::{Now, PlaceNow, Remembered, RememberedPlace, RepoPath, Side, Standing};

use crate::callers::sum;
use crate::facts::Facts;
use crate::remember::{around, callers_of, normal, starts};
use crate::squeezed::{Squeezed, squeezed};
use crate::symbol::{defined_in, enclosing, last_part};
use crate::text::substance;
use crate::view::FileView;
use crate::world::World;

/// Lines with less substance (a bracket, `else`) say nothing about where they come from.
const SUBSTANCE: usize = 4;

/// Lines with less are not looked for in other files.
const DISTINCT: usize = 14;

/// What must stand in another file of what stood at and around a place, in letters, before edited code counts as moved there.
const MOVED: usize = 2 * DISTINCT;

/// Looks for every one of them. `moved` are files by their name then and now.
pub fn look_again(facts: &dyn Facts, items: &[&Remembered], moved: &[(RepoPath, RepoPath)]) -> Vec<Now> {
    let world = World::new(facts);
    let known = callers_of(facts, items);
    let mut look = Look { world: &world, moved, added: Added::default(), squeezed: HashMap::new() };
    let mut now = Vec::with_capacity(items.len());
    for item in items {
        let places: Vec<PlaceNow> = item.places.iter().map(|place| look.place(place)).collect();
        let fix_stands = look.fix_stands(item, &places);
        now.push(Now { places, callers: sum(&known, &item.callers.names), fix_stands });
    }
    now
}

/// Lines that the change adds, by what they say: the files.
#[derive(Default)]
struct Added(Option<HashMap<String, Vec<RepoPath>>>);

impl Added {
    fn files(&mut self, facts: &dyn Facts, line: &str) -> Vec<RepoPath> {
        let known = self.0.get_or_insert_with(|| {
            let mut known: HashMap<String, Vec<RepoPath>> = HashMap::new();
            for file in facts.diff() {
                for (_, text) in file.added() {
                    let files = known.entry(squeezed(text)).or_default();
                    if files.last() != Some(&file.path) {
                        files.push(file.path.clone());
                    }
                }
            }
            known
        });
        known.get(&squeezed(line)).cloned().unwrap_or_default()
    }
}

struct Look<'w, 'f> {
    world: &'w World<'f>,
    moved: &'w [(RepoPath, RepoPath)],
    added: Added,
    squeezed: HashMap<RepoPath, Rc<Squeezed>>,
}

/// Whether somebody looked the lines up when they were remembered. What was only told, of code that was not at hand, can be
/// found again, but its absence says nothing.
fn was_seen(place: &RememberedPlace) -> bool {
    place.times > 0
}

impl Look<'_, '_> {
    fn place(&mut self, place: &RememberedPlace) -> PlaceNow {
        let wanted = normal(&place.lines);
        let path = self.path_now(place);
        let view = path.as_ref().and_then(|path| self.world.view(Side::Head, path));
        let all = wanted.len() as u32;
        let Some((path, view)) = path.zip(view) else {
            let moved = self.elsewhere(place, &wanted).or_else(|| self.edited_elsewhere(place, &wanted));
            return moved.unwrap_or(PlaceNow {
                standing: if was_seen(place) { Standing::Removed } else { Standing::Nothing },
                lines: (0, all),
                ..PlaceNow::default()
            });
        };
        if wanted.is_empty() {
            return PlaceNow { path: Some(path), line: place.start, ..PlaceNow::default() };
        }
        let mut found = starts(&view, &wanted);
        if found.is_empty() || (found.len() as u32) < place.times {
            let laid_out_anew = self.formatted(&path, &view).starts(&wanted);
            if laid_out_anew.len() >= found.len() {
                found = laid_out_anew;
            }
        }
        // Where the same lines stood several times and there is one less, those of this finding may be the ones that went:
        // what stands around the others tells.
        if (found.len() as u32) < place.times {
            found.retain(|line| is_its_own(place, &view, *line, all));
        }
        if !found.is_empty() {
            return stands(place, path, &view, &found, all);
        }
        if let Some(moved) = self.elsewhere(place, &wanted) {
            return moved;
        }
        if !was_seen(place) {
            return PlaceNow { path: Some(path), line: place.start, ..PlaceNow::default() };
        }
        if symbol_is_gone(place, &view, &wanted)
            && let Some(moved) = self.edited_elsewhere(place, &wanted)
        {
            return moved;
        }
        edited(place, path, &view, &wanted)
    }

    /// A file of now without what formatters change.
    fn formatted(&mut self, path: &RepoPath, view: &FileView) -> Rc<Squeezed> {
        let known = self.squeezed.entry(path.clone()).or_insert_with(|| Rc::new(Squeezed::new(view)));
        Rc::clone(known)
    }

    /// Another file of the change that has what stood at and around the place, where the lines themselves were edited: the
    /// code moved and was edited at once. Two files that are as good as each other are none.
    fn edited_elsewhere(&mut self, place: &RememberedPlace, wanted: &[String]) -> Option<PlaceNow> {
        let lines = place.before.iter().chain(wanted).chain(&place.after);
        let mut votes: HashMap<RepoPath, usize> = HashMap::new();
        for line in lines.filter(|line| substance(line) >= SUBSTANCE) {
            for path in self.added.files(self.world.facts, line) {
                *votes.entry(path).or_default() += substance(line);
            }
        }
        votes.remove(&place.path);
        let most = votes.values().copied().max().filter(|most| *most >= MOVED)?;
        let mut best = votes.into_iter().filter(|(_, votes)| *votes == most);
        let (path, _) = best.next().filter(|_| best.next().is_none())?;
        let view = self.world.view(Side::Head, &path)?;
        let found = self.formatted(&path, &view).starts(wanted);
        if !found.is_empty() && found.len() as u32 >= place.times {
            return Some(stands(place, path, &view, &found, wanted.len() as u32));
        }
        let beside =
            between(place, &view).is_some() || wanted.iter().any(|line| !view.positions(line).is_empty());
        beside.then(|| edited(place, path, &view, wanted))
    }

    /// The file now: under its name, its new name, or the name that the change gave to the same file.
    fn path_now(&self, place: &RememberedPlace) -> Option<RepoPath> {
        let there = |path: &RepoPath| self.world.view(Side::Head, path).is_some();
        if there(&place.path) {
            return Some(place.path.clone());
        }
        let renamed = self.moved.iter().find(|(then, _)| *then == place.path).map(|(_, now)| now.clone());
        let of_change = |old: &RepoPath| {
            let files = self.world.facts.diff().iter();
            files.into_iter().find(|file| file.old_path.as_ref() == Some(old)).map(|file| file.path.clone())
        };
        renamed
            .filter(there)
            .or_else(|| of_change(&place.path).filter(there))
            .or_else(|| of_change(place.old_path.as_ref()?).filter(there))
            .or_else(|| place.old_path.clone().filter(there))
    }

    /// The same lines in another file of the change, written there by it: the code moved.
    fn elsewhere(&mut self, place: &RememberedPlace, wanted: &[String]) -> Option<PlaceNow> {
        let told = wanted.iter().max_by_key(|line| substance(line))?;
        if wanted.iter().map(|line| substance(line)).sum::<usize>() < DISTINCT {
            return None;
        }
        for path in self.added.files(self.world.facts, told) {
            let view = self.world.view(Side::Head, &path)?;
            let mut found = starts(&view, wanted);
            if found.is_empty() {
                found = self.formatted(&path, &view).starts(wanted);
            }
            // Of lines that stood several times, those of another finding may be what stands there.
            if (found.len() as u32) < place.times {
                found.retain(|line| is_its_own(place, &view, *line, wanted.len() as u32));
            }
            if path != place.path && !found.is_empty() {
                return Some(stands(place, path, &view, &found, wanted.len() as u32));
            }
        }
        None
    }

    fn fix_stands(&self, item: &Remembered, places: &[PlaceNow]) -> Option<bool> {
        if item.fix_adds.is_empty() {
            return None;
        }
        let path = places.first()?.path.as_ref()?;
        let view = self.world.view(Side::Head, path)?;
        Some(item.fix_adds.iter().all(|line| !view.positions(line).is_empty()))
    }
}

fn stands(place: &RememberedPlace, path: RepoPath, view: &Rc<FileView>, found: &[u32], all: u32) -> PlaceNow {
    let near = place.start.unwrap_or(1);
    // Equal lines are told apart by what stands around them, and only then by how far they are from where they were.
    let fits = |line: u32| if found.len() == 1 { 0 } else { fit(place, view, line, all) };
    let line = found.iter().copied().max_by_key(|line| (fits(*line), std::cmp::Reverse(line.abs_diff(near))));
    let known = !place.before.is_empty() || !place.after.is_empty();
    let around_changed = line.filter(|_| known).map(|line| {
        let (before, after) = around(view, line, all as usize);
        before != place.before || after != place.after
    });
    PlaceNow { path: Some(path), line, standing: Standing::Stands, lines: (all, all), around_changed }
}

/// How much of what stood around a place stands around these lines, nearest lines first; the function counts like all of it.
fn fit(place: &RememberedPlace, view: &FileView, line: u32, all: u32) -> usize {
    let same_symbol = place.symbol.is_some() && enclosing(&view.lines, line) == place.symbol;
    let known = place.before.len() + place.after.len();
    same_around(place, view, line, all) + if same_symbol { known + 1 } else { 0 }
}

fn same_around(place: &RememberedPlace, view: &FileView, line: u32, all: u32) -> usize {
    let (before, after) = around(view, line, all as usize);
    let above = before.iter().rev().zip(place.before.iter().rev()).filter(|(now, then)| now == then);
    above.count() + after.iter().zip(&place.after).filter(|(now, then)| now == then).count()
}

/// Whether lines that stand at several places are, here, those of this place.
fn is_its_own(place: &RememberedPlace, view: &FileView, line: u32, all: u32) -> bool {
    let known = place.before.len() + place.after.len();
    let same_symbol =
        place.symbol.as_ref().map(|symbol| enclosing(&view.lines, line).as_ref() == Some(symbol));
    if known == 0 {
        return same_symbol == Some(true);
    }
    let same = same_around(place, view, line, all);
    // In another function only where its own is not there any more: it got another name.
    let is_renamed = || {
        let symbol = place.symbol.as_deref().map(last_part);
        !view.lines.iter().any(|line| defined_in(line).map(last_part) == symbol)
    };
    match same_symbol {
        Some(false) => same * 4 >= known * 3 && is_renamed(),
        Some(true) => same * 4 >= known,
        None => same * 2 >= known,
    }
}

fn edited(place: &RememberedPlace, path: RepoPath, view: &FileView, wanted: &[String]) -> PlaceNow {
    let told: Vec<&String> = wanted.iter().filter(|line| substance(line) >= SUBSTANCE).collect();
    let told = if told.is_empty() { wanted.iter().collect() } else { told };
    let left: Vec<&&String> = told.iter().filter(|line| !view.positions(line).is_empty()).collect();
    let near = place.start.unwrap_or(1);
    let line = left
        .iter()
        .flat_map(|line| view.positions(line))
        .map(|at| view.solid[*at].line)
        .min_by_key(|line| line.abs_diff(near));
    let line = between(place, view).or(line);
    let standing = match (left.len(), symbol_is_gone(place, view, wanted)) {
        (0, true) => Standing::Removed,
        (0, false) => Standing::Gone,
        _ => Standing::Changed,
    };
    let lines = (left.len() as u32, told.len() as u32);
    PlaceNow { path: Some(path), line: line.or(place.start), standing, lines, around_changed: None }
}

/// Where lines would stand that were edited: behind those that stood before them, or else before those behind.
fn between(place: &RememberedPlace, view: &FileView) -> Option<u32> {
    let near = place.start.unwrap_or(1);
    // What stands around may be the same in several functions: those of its own first.
    let is_own = |line: u32| place.symbol.is_some() && enclosing(&view.lines, line) == place.symbol;
    let nearest =
        |found: Vec<u32>| found.into_iter().min_by_key(|line| (!is_own(*line), line.abs_diff(near)));
    // Fewer and fewer of them, as long as what is left says where it is.
    let enough = |lines: &[String]| lines.iter().map(|line| substance(line)).sum::<usize>() >= DISTINCT;
    let before = (0..place.before.len()).map(|skip| &place.before[skip..]).take_while(|lines| enough(lines));
    for lines in before {
        if let Some(first) = nearest(starts(view, lines)) {
            let at = view.solid.partition_point(|line| line.line < first) + lines.len();
            return view.solid.get(at).map(|line| line.line);
        }
    }
    let after =
        (0..place.after.len()).rev().map(|last| &place.after[..=last]).take_while(|lines| enough(lines));
    for lines in after {
        if let Some(first) = nearest(starts(view, lines)) {
            let at = view.solid.partition_point(|line| line.line < first);
            return at.checked_sub(1).and_then(|at| view.solid.get(at)).map(|line| line.line);
        }
    }
    None
}

/// Whether nothing defines the function around any more. Where the finding was about its first line, that line was edited.
fn symbol_is_gone(place: &RememberedPlace, view: &FileView, wanted: &[String]) -> bool {
    let Some(symbol) = place.symbol.as_deref().map(last_part) else { return false };
    let defines = |line: &str| defined_in(line).is_some_and(|name| last_part(name) == symbol);
    !wanted.iter().any(|line| defines(line)) && !view.lines.iter().any(|line| defines(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use crate::remember::{Told, remember};
    use model::{Finding, Location};

    const THEN: &str = "fn load(path: &str) {\n    let text = read(path);\n    text.truncate(limit + 1);\n    text\n}\n\nfn other() {\n    go();\n}\n";

    fn item(start: u32, end: u32) -> Remembered {
        let location = Location {
            path: "src/a.rs".into(),
            start: Some(start),
            end: Some(end),
            symbol: Some("load".to_owned()),
            ..Location::default()
        };
        let finding = Finding { locations: vec![location], ..Finding::default() };
        remember(&Memory::new(&[], &[("src/a.rs", THEN)]), &[finding], &Told::default()).remove(0)
    }

    fn place(files: &[(&str, &str)]) -> PlaceNow {
        look_again(&Memory::new(&[], files), &[&item(3, 3)], &[]).remove(0).places.remove(0)
    }

    #[test]
    fn lines_that_moved_down_or_in_still_stand() {
        let drifted = format!("// one\n// two\n{}", THEN.replace("    text.truncate", "\t\t  text.truncate"));
        let now = place(&[("src/a.rs", &drifted)]);
        assert_eq!((now.standing, now.line), (Standing::Stands, Some(5)));
        assert_eq!(now.around_changed, Some(true), "two lines stand before it now");
    }

    #[test]
    fn an_edit_a_removal_and_a_move_are_told_apart() {
        let edited = THEN.replace("limit + 1", "limit");
        assert_eq!(place(&[("src/a.rs", &edited)]).standing, Standing::Gone);
        assert_eq!(place(&[("src/a.rs", "fn other() {\n    go();\n}\n")]).standing, Standing::Removed);
        assert_eq!(place(&[("src/b.rs", "x\n")]).standing, Standing::Removed);
        let moved = place(&[("src/a.rs", "fn other() {}\n"), ("src/b.rs", THEN)]);
        assert_eq!((moved.standing, moved.path.unwrap().as_str()), (Standing::Stands, "src/b.rs"));
    }

    #[test]
    fn a_file_is_followed_to_its_new_name() {
        let memory = Memory::new(&[], &[("lib/z.rs", THEN)]);
        let moved = [("src/a.rs".into(), "lib/z.rs".into())];
        let now = look_again(&memory, &[&item(3, 3)], &moved).remove(0).places.remove(0);
        assert_eq!((now.standing, now.path.unwrap().as_str()), (Standing::Stands, "lib/z.rs"));
    }

    #[test]
    fn a_line_between_the_quoted_ones_changes_them() {
        let guarded = THEN.replace("    text.truncate", "    check(limit);\n    text.truncate");
        let now = look_again(&Memory::new(&[], &[("src/a.rs", &guarded)]), &[&item(2, 3)], &[]).remove(0);
        assert_eq!((now.places[0].standing, now.places[0].lines), (Standing::Changed, (2, 2)));
    }

    #[test]
    fn of_equal_lines_one_less_is_noticed() {
        let twice = "fn a() {\n    return err;\n}\nfn load() {\n    return err;\n}\n";
        let at = |line: u32| {
            let location =
                Location { path: "a.rs".into(), start: Some(line), end: Some(line), ..Location::default() };
            let finding = Finding { locations: vec![location], ..Finding::default() };
            remember(&Memory::new(&[], &[("a.rs", twice)]), &[finding], &Told::default()).remove(0)
        };
        let (first, second) = (at(2), at(5));
        assert_eq!(second.places[0].times, 2);
        let once = twice.replacen("    return err;\n}\nfn load", "    ok()\n}\nfn load", 1);
        let now = look_again(&Memory::new(&[], &[("a.rs", &once)]), &[&first, &second], &[]);
        assert_ne!(now[0].places[0].standing, Standing::Stands, "it is the one that went");
        assert_eq!((now[1].places[0].standing, now[1].places[0].line), (Standing::Stands, Some(5)));
    }
}
