//! Discarded errors: new code that drops what its siblings handle.
//!
//! In: added lines that drop a result or swallow an exception, and all other lines that do the same call. Out:
//! suggestions that quote the counter-sites with their number. Silent where the repository itself is of two minds.

mod calls;
mod dropped;
mod go;
mod handlers;
mod native;
mod rust;
mod shell;

use std::collections::BTreeSet;

use model::{DocumentEvidence, FileDiff, Kind, RepoPath, Severity, Side};

use crate::change::Hit;
use crate::context::{Context, line_pairs, path_before};
use crate::family::{Draft, Family, Raised, read};
use crate::language::{Language, Role};
use crate::needles::{Found, Needles};
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, count, shortened};

pub(crate) use dropped::DROPPED;

pub(crate) const RESULT: &str = "discarded-error/result";
pub(crate) const HANDLER: &str = "discarded-error/empty-handler";

/// One added line that drops an error.
#[derive(Clone, Debug)]
struct Discard {
    rule: &'static str,
    path: RepoPath,
    line: u32,
    language: Language,
    /// What is called, or which exceptions are caught; as people write it.
    subject: String,
    /// The text to look up.
    needle: String,
    /// The module or type the call names.
    qualifier: Option<String>,
    /// How it is dropped: `assigns it to _`.
    how: &'static str,
}

/// What another line does with the same error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Treatment {
    Handled,
    Dropped,
    /// The line does not tell, or is about something else.
    Unclear,
}

/// The family.
pub(crate) struct DiscardedErrors {
    discards: Vec<Discard>,
}

/// More than this many are a style, not an oversight.
const MOST_DISCARDS: usize = 60;

impl DiscardedErrors {
    /// Finds the added lines that drop errors.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let mut discards = Vec::new();
        for file in context.changed() {
            let Some(source) = context.source(Side::Head, &file.path) else { continue };
            if source.role != Role::Source || !source.language.is_code() {
                continue;
            }
            let in_tests = source.own_tests_start();
            let edited = edited_discards(context, file);
            for (line, _) in file.added().filter(|(line, text)| *line < in_tests && text.len() < 500) {
                if !context.is_moved(&source, line) && !edited.contains(&line) {
                    // Best effort in new code is a matter of taste; a handler that did something is not.
                    discards.extend(find(&source, line).filter(|discard| discard.rule != HANDLER));
                }
            }
            discards.extend(emptied(context, file, &source).filter(|discard| discard.line < in_tests));
        }
        discards.retain(|discard: &Discard| context.settings.runs(discard.rule));
        discards.truncate(MOST_DISCARDS);
        Self { discards }
    }
}

/// Added lines that stand for a removed one which dropped an error as well: nothing new.
fn edited_discards(context: &Context<'_>, file: &FileDiff) -> BTreeSet<u32> {
    let Some(before) = path_before(file).and_then(|path| context.source(Side::Base, path)) else {
        return BTreeSet::new();
    };
    let dropped = |line: u32| find(&before, line).is_some();
    line_pairs(file)
        .into_iter()
        .filter(|(old, _)| old.text.len() < 500 && old.old_line.is_some_and(dropped))
        .filter_map(|(_, new)| new.new_line)
        .collect()
}

/// Handlers that did something before the change and do nothing now.
fn emptied<'a>(
    context: &Context<'_>,
    file: &FileDiff,
    after: &'a Source,
) -> impl Iterator<Item = Discard> + use<'a> {
    let before = path_before(file).and_then(|path| context.source(Side::Base, path));
    let acted = |line: u32| {
        before.as_ref().is_some_and(|before| handlers::treatment(before, line) == Treatment::Handled)
    };
    // The head of the handler is the line before what changed, or it is a changed line itself.
    let kept = crate::edits::blocks(file)
        .into_iter()
        .filter(|block| !block.removed.is_empty() && acted(block.base_before))
        .map(|block| block.head_before);
    // In a block that is written anew nothing says which handler stands for which.
    let edited = line_pairs(file)
        .into_iter()
        .filter(|(old, new)| old.text.len() < 500 && handlers::same_head(&old.text, &new.text))
        .filter(|(old, _)| old.old_line.is_some_and(acted))
        .filter_map(|(_, new)| new.new_line);
    let lines: BTreeSet<u32> = kept.chain(edited).collect();
    lines.into_iter().filter_map(|line| find(after, line)).filter(|discard| discard.rule == HANDLER)
}

fn find(source: &Source, line: u32) -> Option<Discard> {
    match source.language {
        Language::Go => go::find(source, line),
        Language::Rust => rust::find(source, line),
        Language::C => native::find(source, line),
        Language::Shell => shell::find(source, line),
        Language::Python | Language::Script | Language::Java | Language::Kotlin | Language::CSharp => {
            handlers::find(source, line)
        }
        _ => None,
    }
}

fn treatment(discard: &Discard, source: &Source, line: u32) -> Treatment {
    match discard.language {
        Language::Go => go::treatment(discard, source, line),
        Language::Rust => rust::treatment(discard, source, line),
        Language::C => native::treatment(discard, source, line),
        Language::Shell => shell::treatment(discard, source, line),
        _ => handlers::treatment(source, line),
    }
}

impl Family for DiscardedErrors {
    fn needles(&self, needles: &mut Needles) {
        for discard in &self.discards {
            needles.add(&discard.needle);
        }
    }

    fn findings(&self, context: &Context<'_>, found: &Found) -> Vec<Raised> {
        let mut told: Vec<&str> = Vec::new();
        let mut raised = Vec::new();
        for discard in &self.discards {
            // One finding a callee: the second place is the same decision.
            if told.contains(&discard.subject.as_str()) {
                continue;
            }
            // Of handlers, which are everywhere, a sample tells the custom.
            let hits = match discard.rule {
                HANDLER => Some(found.some(&discard.needle)),
                _ => found.all(&discard.needle),
            };
            if let Some(finding) = hits.and_then(|hits| judge(context, discard, hits)) {
                told.push(&discard.subject);
                raised.push(finding);
            }
        }
        if context.settings.runs(DROPPED) {
            raised.extend(dropped::findings(context));
        }
        raised
    }
}

/// How many siblings must handle a result, and none may drop it; of handlers fewer are enough, one in five may be empty.
const FEWEST_RESULTS: usize = 5;
const FEWEST_HANDLERS: usize = 3;

fn judge(context: &Context<'_>, discard: &Discard, hits: &[Hit]) -> Option<Raised> {
    let (mut handled, mut dropped) = (Vec::new(), 0);
    for hit in hits {
        let same = hit.path == discard.path && hit.line == discard.line;
        if same || Language::of(&hit.path) != discard.language || Role::of(&hit.path) != Role::Source {
            continue;
        }
        let Some(source) = context.source(Side::Head, &hit.path) else { continue };
        match treatment(discard, &source, hit.line) {
            Treatment::Handled => handled.push((source, hit.line)),
            Treatment::Dropped => dropped += 1,
            Treatment::Unclear => {}
        }
    }
    let clear = match discard.rule {
        HANDLER => handled.len() >= FEWEST_HANDLERS && handled.len() >= 4 * dropped,
        _ => handled.len() >= FEWEST_RESULTS && dropped == 0,
    };
    clear.then(|| report(context, discard, &handled, dropped)).flatten()
}

fn report(
    context: &Context<'_>,
    discard: &Discard,
    handled: &[(std::rc::Rc<Source>, u32)],
    dropped: usize,
) -> Option<Raised> {
    let source = context.source(Side::Head, &discard.path)?;
    let all = handled.len() + dropped;
    let subject = code(&shortened(&discard.subject, 40));
    let (others, act) = match discard.rule {
        HANDLER => ("handlers", "do something about it"),
        _ => ("calls", "check it"),
    };
    let evidence: Vec<DocumentEvidence> = handled
        .iter()
        .take(3)
        .map(|(source, line)| {
            let text = shortened(source.line(*line).trim(), 200);
            read(format!("{}:{line} handles it", source.path), source.path.as_str(), *line, Some(text))
        })
        .collect();
    let mut locations = vec![at(&source, discard.line, Side::Head, PlaceRole::Primary)];
    locations.extend(
        handled.iter().take(2).map(|(source, line)| at(source, *line, Side::Head, PlaceRole::Evidence)),
    );
    let title = match discard.rule {
        HANDLER => format!(
            "`{}` swallows {subject}, which {} of {all} other {others} do not",
            source.path,
            handled.len()
        ),
        _ => format!(
            "`{}` drops the result of {subject}, which {} of {all} other {others} check",
            source.path,
            handled.len()
        ),
    };
    Some(
        Draft {
            rule: discard.rule,
            category: "error-handling",
            severity: Severity::Suggestion,
            kind: Kind::Gap,
            rank: 1.5 + handled.len() as f64 / (all as f64) + (handled.len().min(20) as f64) / 20.0,
            title,
            problem: format!(
                "Line {} of `{}` {}. {} of the {} of {subject} in this repository {act}{}. Where it fails here, \
                 nothing says so and the code goes on as if it had worked.",
                discard.line,
                source.path,
                discard.how,
                handled.len(),
                count(all, &format!("other {}", others.trim_end_matches('s')), &format!("other {others}")),
                if dropped == 0 { ", none drops it".to_owned() } else { String::new() },
            ),
            locations,
            evidence,
            fix: match discard.rule {
                HANDLER => "Handle it, report it, or say in a comment why nothing needs to be done.".to_owned(),
                _ => "Handle it as the other calls do, or say in a comment why it may fail here.".to_owned(),
            },
            patch: None,
            because: format!("The change writes or empties line {}.", discard.line),
            scenario: None,
        }
        .raise(),
    )
}

/// True where a comment on the line or above it explains.
fn is_explained(source: &Source, line: u32) -> bool {
    [line.saturating_sub(1), line].iter().any(|number| !source.comment(*number).trim().is_empty())
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn titles(path: &str, others: &[(&str, &str)], text: &str) -> Vec<String> {
        let mut head = others.to_vec();
        head.push((path, text));
        let change = MemoryChange::new(others, &head);
        let settings = Settings { enable: vec!["discarded-error/*".into()], ..Settings::default() };
        let document = crate::review(&change, &settings);
        document.findings.into_iter().map(|finding| finding.title).collect()
    }

    #[test]
    fn an_error_that_all_siblings_check_is_reported() {
        let go = "func a() error {\n\tif err := saveState(1); err != nil {\n\t\treturn err\n\t}\n\terr := saveState(2)\n\terr = saveState(6)\n\terr = saveState(7)\n\treturn saveState(3)\n}\n";
        assert_eq!(
            titles("b.go", &[("a.go", go)], "func b() {\n\t_ = saveState(4)\n}\n"),
            ["`b.go` drops the result of `saveState`, which 5 of 5 other calls check"]
        );
        assert_eq!(titles("b.go", &[("a.go", go)], "func b() {\n\tsaveState(4)\n}\n").len(), 1);
        assert_eq!(
            titles("b.go", &[("a.go", go)], "func b() {\n\t// Best effort.\n\t_ = saveState(4)\n}\n").len(),
            0
        );
        assert_eq!(titles("b_test.go", &[("a.go", go)], "func b() {\n\t_ = saveState(4)\n}\n").len(), 0);
        let torn = format!("{go}func c() {{\n\t_ = saveState(5)\n}}\n");
        assert_eq!(titles("b.go", &[("a.go", &torn)], "func b() {\n\t_ = saveState(4)\n}\n").len(), 0);
    }

    #[test]
    fn rust_results_are_compared_with_their_siblings() {
        let rust = "fn a() -> R {\n    save_state(1)?;\n    save_state(2).map_err(E::from)?;\n    save_state(6)?;\n    save_state(7)?;\n    if let Err(e) = save_state(3) {\n    }\n}\n";
        assert_eq!(
            titles("src/b.rs", &[("src/a.rs", rust)], "fn b() {\n    let _ = save_state(4);\n}\n").len(),
            1
        );
        assert_eq!(
            titles("src/b.rs", &[("src/a.rs", rust)], "fn b() {\n    save_state(4).ok();\n}\n").len(),
            1
        );
        assert_eq!(
            titles("src/b.rs", &[("src/a.rs", rust)], "fn b() {\n    let _ = tx.send(4);\n}\n").len(),
            0
        );
        assert_eq!(
            titles(
                "src/b.rs",
                &[("src/a.rs", rust)],
                "#[cfg(test)]\nmod t {\n    let _ = save_state(4);\n}\n"
            )
            .len(),
            0
        );
    }

    #[test]
    fn a_handler_that_did_something_is_compared_with_the_others() {
        let emptied = |path: &str, others: (&str, &str), old: &str, new: &str| {
            let change = MemoryChange::new(&[others, (path, old)], &[others, (path, new)]);
            let settings = Settings { enable: vec!["discarded-error/*".into()], ..Settings::default() };
            crate::review(&change, &settings).findings.len()
        };
        let python = "try:\n    f()\nexcept Exception as e:\n    log(e)\ntry:\n    f()\nexcept Exception:\n    raise X\ntry:\n    f()\nexcept Exception:\n    return None\n";
        let acts = "try:\n    f()\nexcept Exception:\n    store(1)\n";
        for (new, found, why) in [
            ("try:\n    f()\nexcept Exception:\n    pass\n", 1, "emptied"),
            ("try:\n    f()\nexcept Exception:\n    pass  # not needed\n", 0, "it says why"),
            ("try:\n    f()\nexcept KeyError:\n    pass\n", 0, "one kind of error"),
            ("try:\n    f()\nexcept Exception:\n    store(2)\n", 0, "it does something else"),
        ] {
            assert_eq!(emptied("b.py", ("a.py", python), acts, new), found, "{why}");
        }
        let fresh = "try:\n    f()\nexcept Exception:\n    pass\n";
        assert_eq!(titles("b.py", &[("a.py", python)], fresh).len(), 0, "new code may do its best");
        let script = "try { f() } catch (e) {\n  log(e)\n}\ntry { f() } catch (e) {\n  throw e\n}\ntry { f() } catch (e) {\n  g()\n}\n";
        let acts = "try { f() } catch (e) {\n  store(e)\n}\n";
        assert_eq!(emptied("b.js", ("a.js", script), acts, "try { f() } catch (e) {\n}\n"), 1);
        assert_eq!(emptied("b.js", ("a.js", script), acts, "try { f() } catch (e) {}\n"), 1);
        assert_eq!(emptied("b.js", ("a.js", script), acts, "try { f() } catch (e) {\n  // fine\n}\n"), 0);
    }

    #[test]
    fn c_and_shell_follow_their_siblings() {
        let c = "int a(void)\n{\n\tif (save_state(1))\n\t\treturn 1;\n\tint r = save_state(2);\n\tif (save_state(3) < 0)\n\t\treturn 1;\n\tif (save_state(7))\n\t\treturn 1;\n\treturn save_state(4);\n}\nint b(void)\n{\n\tif (!save_state(5))\n\t\treturn 1;\n}\n";
        assert_eq!(titles("b.c", &[("a.c", c)], "void c(void)\n{\n\tsave_state(6);\n}\n").len(), 1);
        assert_eq!(titles("b.c", &[("a.c", c)], "void c(void)\n{\n\tprintf(\"x\");\n}\n").len(), 0);
        let shell = "set -e\nmake_release one\nmake_release two\nmake_release three\nmake_release five\nmake_release six\n";
        assert_eq!(titles("b.sh", &[("a.sh", shell)], "set -e\nmake_release four || true\n").len(), 1);
        assert_eq!(titles("b.sh", &[("a.sh", shell)], "set -e\nrm -f x || true\n").len(), 0);
    }
}
