//! Plants one defect in real code and sees whether it is found.
//!
//! In: source files, of this project or of any folder named by `DEEP_REVIEW_SOURCES`. Out: for each kind of defect how many
//! of the planted ones are found, and whether the clean twin of the same change stays silent. Nothing here knows how the
//! rules work; the sites are chosen by what the files say.

mod agreed;
mod copied;
mod documented;
mod dropped;
mod forgotten;
mod left_behind;
mod renamed;
mod rows;
mod taken_out;
mod tests;
mod workflows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use git::PastEdit;
use model::{RepoPath, Sha, Target};

use crate::functions::{Function, indent};
use crate::language::{Language, Role};
use crate::memory::MemoryChange;
use crate::settings::Settings;
use crate::source::Source;
use crate::tokens::calls;
use crate::{Past, names};

type Tree = BTreeMap<String, String>;

/// One planted defect.
struct Plant {
    base: Tree,
    head: Tree,
    /// The same change made well, where there is such a thing.
    twin: Option<Tree>,
    rule: &'static str,
    path: String,
    past: Past,
}

/// Plants of one kind that are tried in one folder, and in this project.
const MOST: usize = 25;
const MOST_OWN: usize = 8;

fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        let mut entries: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("").to_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
                open.push(path);
            } else if path.is_file()
                && let Ok(text) = std::fs::read_to_string(&path)
                && text.len() < 150_000
                && let Ok(relative) = path.strip_prefix(folder)
                && Language::of(&RepoPath::new(relative.to_string_lossy())).is_code()
            {
                tree.insert(relative.to_string_lossy().replace('\\', "/"), text);
            }
        }
    }
    tree.into_iter().take(500).collect()
}

fn sources(tree: &Tree) -> Vec<Source> {
    let all = tree.iter().map(|(path, text)| Source::new(path.as_str().into(), text));
    all.filter(|source| source.role == Role::Source && source.language.is_code()).collect()
}

/// A call is dropped that all functions make which make another one.
fn dropped_call(tree: &Tree) -> Vec<Plant> {
    let sources = sources(tree);
    let mut sets: Vec<(usize, Function, BTreeSet<String>)> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let tests = source.own_tests_start();
        for function in source.functions().iter().filter(|function| function.first < tests) {
            let names =
                calls(source, function.tokens(source)).into_iter().map(|call| call.name.to_owned()).collect();
            sets.push((index, function.clone(), names));
        }
    }
    let mut plants = Vec::new();
    for (index, function, names) in &sets {
        let source = &sources[*index];
        let line = (function.first + 1..=function.last).find_map(|line| {
            let text = source.code(line);
            let statement = text.trim().trim_end_matches(';');
            let name = calls(source, 0..source.tokens().len())
                .into_iter()
                .find(|call| call.line == line)?
                .name
                .to_owned();
            let alone = statement.ends_with(')')
                && !statement.contains('=')
                && !statement.starts_with("return")
                && !statement.starts_with(['.', ')']);
            let cleans = [
                "close", "release", "unlock", "free", "end", "stop", "restore", "pop", "destroy", "dispose",
                "commit", "unref",
            ]
            .iter()
            .any(|word| names::words(&name).iter().any(|own| own == word));
            let partner = names.iter().find(|other| {
                let with: Vec<_> =
                    sets.iter().filter(|(_, own, set)| own != function && set.contains(*other)).collect();
                **other != name
                    && other.len() >= 4
                    && with.len() >= 4
                    && with.iter().filter(|(_, _, set)| set.contains(&name)).count() * 10 >= with.len() * 9
            });
            (alone
                && cleans
                && partner.is_some()
                && calls(source, function.tokens(source)).iter().filter(|call| call.name == name).count()
                    == 1)
                .then_some(line)
        });
        let Some(line) = line else { continue };
        let kept: Vec<&str> = (1..=source.line_count())
            .filter(|number| *number != line)
            .map(|number| source.line(number))
            .collect();
        let mut head = tree.clone();
        head.insert(source.path.as_str().to_owned(), kept.join("\n") + "\n");
        plants.push(Plant {
            base: tree.clone(),
            head,
            twin: None,
            rule: "deviant/missing-call",
            path: source.path.as_str().to_owned(),
            past: Past::default(),
        });
    }
    plants
}

/// A guard goes that an earlier repair brought.
fn removed_repair(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        let tests = source.own_tests_start();
        let guard =
            source.functions().iter().filter(|function| function.first < tests).find_map(|function| {
                (function.first + 1..function.last).find_map(|line| {
                    let text = source.line(line);
                    let once = source.content().matches(text.trim()).count() == 1;
                    let starts = text.trim_start().starts_with("if ")
                        && text.trim_end().ends_with(['{', ':'])
                        && text.len() > 24;
                    let last = (line + 1..=line + 4).find(|number| {
                        indent(source.line(*number)) == indent(text) || source.line(*number).trim().is_empty()
                    })?;
                    let closed = source.line(last).trim() == "}";
                    let plain = source.line(last).trim_start().starts_with("else");
                    (once && starts && !plain && last > line + 1)
                        .then_some((line, if closed { last } else { last - 1 }))
                })
            });
        let Some((first, last)) = guard else { continue };
        let kept: Vec<&str> = (1..=source.line_count())
            .filter(|line| !(first..=last).contains(line))
            .map(|line| source.line(line))
            .collect();
        let mut head = tree.clone();
        head.insert(source.path.as_str().to_owned(), kept.join("\n") + "\n");
        let repair = PastEdit {
            sha: Sha::new(&"c".repeat(40)).expect("an object name"),
            subject: "Fix crash on empty input".to_owned(),
            path: source.path.clone(),
            added: (first..=last).map(|line| source.line(line).to_owned()).collect(),
            removed: Vec::new(),
        };
        let past = Past { repairs: vec![repair], ..Past::default() };
        plants.push(Plant {
            base: tree.clone(),
            head,
            twin: None,
            rule: "history/repair-removed",
            path: source.path.as_str().to_owned(),
            past,
        });
    }
    plants
}

fn findings(base: &Tree, head: &Tree, past: &Past, rule: &str) -> Vec<(String, Vec<String>)> {
    let bytes =
        |tree: &Tree| tree.iter().map(|(path, text)| (path.clone(), text.as_bytes().to_vec())).collect();
    let change = MemoryChange::from_bytes(bytes(base), bytes(head), BTreeMap::new(), Target::default())
        .after(past.clone());
    // With the rule in question, should it wait to be asked for: what it finds is measured here, how often it is right elsewhere.
    let named = ["*", rule];
    let settings = Settings { enable: named.map(str::to_owned).to_vec(), ..Settings::default() };
    let document = crate::review(&change, &settings);
    let place = |finding: model::DocumentFinding| {
        (finding.rule.unwrap_or_default(), finding.locations.into_iter().map(|place| place.path).collect())
    };
    document.findings.into_iter().map(place).collect()
}

/// One way to plant a defect in a tree.
type Planter = fn(&Tree) -> Vec<Plant>;

const PLANTERS: &[(&str, Planter)] = &[
    ("copied bug, question", copied::bug_of_question),
    ("copied bug, logic", copied::bug_of_logic),
    ("copied bug, counting", copied::bug_of_counting),
    ("copied bug, answer", copied::bug_of_answer),
    ("copied bug, arguments", copied::bug_of_arguments),
    ("copied bug, guard (not claimed)", copied::bug_of_guard),
    ("copied bug, statement (not claimed)", copied::bug_of_statement),
    ("duplicate", copied::duplicate),
    ("dropped call", dropped_call),
    ("forgotten row, table", rows::row_of_table),
    ("forgotten row, items", rows::item_of_document),
    ("forgotten row, sentence", rows::name_in_sentence),
    ("forgotten row, schema", rows::value_of_schema),
    ("forgotten row, cases", rows::case_of_code),
    ("removed repair", removed_repair),
    ("reverted repair", agreed::reverted_repair),
    ("toolchain of a workflow", agreed::toolchain),
    ("version in a lock", agreed::lock),
    ("rename but one", forgotten::renamed_but_one),
    ("function left", renamed::function),
    ("type left", renamed::type_name),
    ("constant left", renamed::constant),
    ("method left", renamed::method),
    ("comment left", renamed::comment),
    ("document left", renamed::document),
    ("platform pair", forgotten::platform_pair),
    ("dropped check", forgotten::dropped_check),
    ("discarded error", forgotten::discarded_error),
    ("default in a document", forgotten::old_default),
    ("asserted text", forgotten::asserted_text),
    ("exit without clean-up", dropped::exit_without_cleanup),
    ("forgotten lock", dropped::forgotten_lock),
    ("context dropped", dropped::context_dropped),
    ("unbounded wait", dropped::unbounded_wait),
    ("not released", dropped::not_released),
    ("empty handler", dropped::empty_handler),
    ("dropped guard", dropped::dropped_guard),
    ("missing argument", dropped::missing_argument),
    ("dropped test", dropped::dropped_test),
    ("clean-up taken out", taken_out::cleanup),
    ("clean-up taken out beside", taken_out::cleanup_beside),
    ("clean-up taken out at one exit", taken_out::cleanup_at_exit),
    ("block unwrapped", taken_out::unwrapped),
    ("new without its half", taken_out::new_without),
    ("lock taken out", taken_out::lock),
    ("bound taken out", taken_out::bound),
    ("check taken out", taken_out::check),
    ("absence unasked", taken_out::absent),
    ("guard taken out", taken_out::guard),
    ("variable in a document", documented::variable),
    ("flag in a document", documented::flag),
    ("key in a document", documented::key),
    ("moved file", documented::moved_file),
    ("gone parameter", documented::gone_parameter),
    ("assertion of itself", tests::always_true),
    ("variable left set", tests::no_restore),
    ("text of strangers", workflows::injection),
    ("action not pinned", workflows::unpinned),
    ("code of strangers", workflows::checkout),
    ("example of settings", workflows::example),
    ("assertion of one name", tests::itself),
    ("comparison dropped", tests::dropped),
    ("matcher of itself", tests::matcher),
    ("assertions gone", tests::lost_assertions),
    ("debugging that stops", left_behind::stops),
    ("debugging that shows", left_behind::shows),
    ("focused test", left_behind::focused),
    ("committed key", left_behind::key),
    ("merge marks", left_behind::conflict),
    ("hidden letters", left_behind::hidden),
    ("home folder", left_behind::home),
];

/// Where other code is, if anywhere.
#[expect(clippy::disallowed_methods, reason = "a test that measures on what its caller names")]
fn sources_folder() -> Option<std::ffi::OsString> {
    std::env::var_os("DEEP_REVIEW_SOURCES")
}

/// Which planters run in other code: those whose names hold this text.
#[expect(clippy::disallowed_methods, reason = "a test that measures what its caller names")]
fn wanted(name: &str) -> bool {
    std::env::var("DEEP_REVIEW_PLANTER").map_or(true, |text| text.split(',').any(|part| name.contains(part)))
}

/// Found, planted, and findings on clean twins.
fn measure(plants: Vec<Plant>, most: usize) -> (usize, usize, Vec<String>) {
    let (mut found, mut all, mut noise) = (0, 0, Vec::new());
    let step = plants.len().div_ceil(most).max(1);
    for plant in plants.into_iter().step_by(step) {
        all += 1;
        let seen = findings(&plant.base, &plant.head, &plant.past, plant.rule);
        // A guard that asked whether something is there at all is told by the other rule on guards, once.
        let tells = |rule: &str| {
            rule == plant.rule || (plant.rule, rule) == ("deviant/guard-dropped", "deviant/no-longer-checked")
        };
        let hit = seen.iter().any(|(rule, paths)| tells(rule) && paths.contains(&plant.path));
        found += usize::from(hit);
        if !hit && sources_folder().is_some() {
            let changed = plant.head.iter().find_map(|(path, text)| {
                let old = plant.base.get(path).filter(|old| *old != text)?;
                let at = old.lines().zip(text.lines()).take_while(|(one, other)| one == other).count();
                Some(format!("{path}:{} {:?} -> {:?}", at + 1, old.lines().nth(at), text.lines().nth(at)))
            });
            eprintln!("missed {} {} {changed:?} {seen:?}", plant.rule, plant.path);
        }
        if let Some(twin) = &plant.twin {
            // Other lists of the same names lack the planted member indeed.
            let other =
                |(rule, paths): &(String, Vec<String>)| rule != "parity/list" || paths.contains(&plant.path);
            noise.extend(
                findings(&plant.base, twin, &plant.past, plant.rule)
                    .into_iter()
                    .filter(other)
                    .map(|(rule, paths)| format!("{rule} {paths:?}")),
            );
        }
    }
    (found, all, noise)
}

#[test]
fn planted_defects_are_found_in_code_of_this_project() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let tree: Tree = tree(&folder).into_iter().map(|(path, text)| (format!("code/{path}"), text)).collect();
    let next = AtomicUsize::new(0);
    let all_are_found = || {
        while let Some((name, planter)) = PLANTERS.get(next.fetch_add(1, Ordering::Relaxed)) {
            must_be_found(name, planter(&tree));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(all_are_found);
        }
    });
}

/// Nine of ten; of fewer than ten, one miss cannot be told from that. Nobody claims that of a rule that is off.
fn must_be_found(name: &str, plants: Vec<Plant>) {
    let speaks =
        |plant: &Plant| crate::RULES.iter().any(|rule| rule.id == plant.rule && rule.runs_by_default());
    let claimed = plants.first().is_some_and(speaks);
    let (found, all, noise) = measure(plants, MOST_OWN);
    // Some shapes are counted where the figures are wanted, and asked of no rule.
    let is_enough = name.contains("not claimed")
        || found * 10 >= all * 9
        || all < 10 && found + 1 >= all
        || !claimed && found * 2 >= all;
    assert!(is_enough, "{name}: {found} of {all} found");
    assert_eq!(noise, [""; 0], "{name}: the clean twin");
}

#[test]
fn planted_defects_are_found_in_other_code() {
    let Some(folder) = sources_folder() else {
        eprintln!("skipped: DEEP_REVIEW_SOURCES names no folder of source trees");
        return;
    };
    for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        let tree = tree(&entry.path());
        for &(name, planter) in PLANTERS.iter().filter(|(name, _)| wanted(name)) {
            let (found, all, noise) = measure(planter(&tree), MOST);
            println!("{}\t{name}\t{found}\t{all}\t{}", entry.file_name().to_string_lossy(), noise.len());
            for noise in noise {
                println!("  noise {noise}");
            }
        }
    }
}
