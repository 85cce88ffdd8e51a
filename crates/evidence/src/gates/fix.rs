//! Does the proposed fix apply?
//!
//! In: a patch as a reviewer wrote it, and head. Out: whether its hunks find their lines, exactly or with other white
//! space. Never writes: the patch is applied in memory, and nothing is built.

use model::{CheckResult, Location, RawFinding, RepoPath, Side};

use super::Answer;
use super::file::resolve;
use crate::matching::{Matched, places};
use crate::patch::{FilePatch, PatchHunk, PatchLine, parse};
use crate::pattern::{Way, ways};
use crate::text::{normalise, shorten, substance};
use crate::view::FileView;
use crate::world::World;

/// Applies the patch at head.
pub(crate) fn judge(world: &World<'_>, raw: &RawFinding, place: Option<&Location>) -> Answer {
    if let Some(patch) = raw.patch.clone().or_else(|| fenced(raw, "diff")) {
        let files = parse(&patch);
        if !files.is_empty() {
            return worst(files.iter().map(|file| try_file(world, file, place)).collect());
        }
    }
    match fenced(raw, "suggestion") {
        Some(text) => replaces(world, &text, place),
        None => Answer::not_applicable("no patch is proposed"),
    }
}

// The first fenced block of this language in the fix, as forges mark diffs and suggestions.
fn fenced(raw: &RawFinding, language: &str) -> Option<String> {
    let text = raw.fix.as_deref()?;
    let mut inside: Option<String> = None;
    for line in text.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut inside, fence) {
            (None, Some(info)) if info.split_whitespace().next() == Some(language) => {
                inside = Some(String::new());
            }
            (Some(_), Some(_)) => return inside,
            (Some(block), None) => {
                block.push_str(line);
                block.push('\n');
            }
            _ => {}
        }
    }
    inside
}

fn worst(answers: Vec<Answer>) -> Answer {
    let rank = |answer: &Answer| match answer.result {
        CheckResult::Fail => 0,
        CheckResult::Unknown => 1,
        CheckResult::Repaired => 2,
        _ => 3,
    };
    let result =
        answers.iter().min_by_key(|answer| rank(answer)).map_or(CheckResult::NotApplicable, |it| it.result);
    let details: Vec<String> = answers.into_iter().map(|answer| answer.detail).take(6).collect();
    Answer::new(result, details.join("; "))
}

fn replaces(world: &World<'_>, text: &str, place: Option<&Location>) -> Answer {
    let lines = place.and_then(|place| Some((place, place.start?, place.end?)));
    let Some((place, start, end)) = lines.filter(|(place, ..)| place.side == Side::Head) else {
        return Answer::unknown("a replacement is given without the lines it replaces");
    };
    let Some(view) =
        world.view(Side::Head, &place.path).filter(|view| !view.binary && end <= view.line_count())
    else {
        return Answer::new(
            CheckResult::Fail,
            format!("`{}` has no lines {start}-{end} to replace", place.path),
        );
    };
    let now: Vec<String> =
        view.lines[start as usize - 1..end as usize].iter().map(|line| normalise(line)).collect();
    let then: Vec<String> = text.lines().map(normalise).collect();
    if now == then {
        return Answer::new(CheckResult::Fail, format!("`{}:{start}-{end}` already reads so", place.path));
    }
    Answer::new(CheckResult::Pass, format!("replaces `{}:{start}-{end}`", place.path))
}

fn try_file(world: &World<'_>, patch: &FilePatch, place: Option<&Location>) -> Answer {
    let path = match &patch.path {
        Some(named) => match resolve(world, named, None).path {
            Some((Side::Head, path)) => path,
            _ if patch.creates => {
                return Answer::new(CheckResult::Pass, format!("creates `{}`", shorten(named, 120)));
            }
            _ => {
                return Answer::new(
                    CheckResult::Fail,
                    format!("the patch is for `{}`, which is not at head", shorten(named, 120)),
                );
            }
        },
        None => match place {
            Some(place) if !place.path.as_str().is_empty() => place.path.clone(),
            _ => return Answer::unknown("the patch names no file"),
        },
    };
    if patch.creates {
        return Answer::new(CheckResult::Fail, format!("the patch creates `{path}`, which exists"));
    }
    let Some(view) = world.view(Side::Head, &path).filter(|view| !view.binary) else {
        return Answer::new(CheckResult::Fail, format!("`{path}` is not a text file at head"));
    };
    apply(&view, &path, patch)
}

enum Fit {
    Exact,
    Fuzzy,
}

fn apply(view: &FileView, path: &RepoPath, patch: &FilePatch) -> Answer {
    let mut fuzzy = 0;
    let mut placed = 0;
    for (number, hunk) in (1..).zip(&patch.hunks) {
        if hunk.before().iter().all(|line| line.trim().is_empty()) {
            continue;
        }
        placed += 1;
        match fit(view, hunk) {
            Ok(Fit::Exact) => {}
            Ok(Fit::Fuzzy) => fuzzy += 1,
            Err(why) => {
                let which = if patch.hunks.len() > 1 {
                    format!("hunk {number} of {} ", patch.hunks.len())
                } else {
                    String::new()
                };
                return Answer::new(CheckResult::Fail, format!("{which}does not apply to `{path}`: {why}"));
            }
        }
    }
    let hunks = patch.hunks.len();
    if placed == 0 {
        return Answer::unknown(format!("the patch only adds lines and does not say where in `{path}`"));
    }
    if fuzzy > 0 {
        let detail =
            format!("applies to `{path}` with other white space or context ({fuzzy} of {hunks} hunks)");
        return Answer::new(CheckResult::Repaired, detail);
    }
    Answer::new(CheckResult::Pass, format!("applies to `{path}` exactly ({hunks} hunks)"))
}

fn fit(view: &FileView, hunk: &PatchHunk) -> Result<Fit, String> {
    let before = hunk.before();
    if stands_exactly(view, &before) {
        return Ok(Fit::Exact);
    }
    if stands(view, &before) || (1..=2).any(|margin| stands(view, without_margin(hunk, &before, margin))) {
        return Ok(Fit::Fuzzy);
    }
    let after = hunk.after();
    if after.iter().map(|line| substance(line)).sum::<usize>() >= 8 && stands(view, &after) {
        return Err("head already reads so".to_owned());
    }
    let missing =
        before.iter().find(|line| !normalise(line).is_empty() && view.positions(&normalise(line)).is_empty());
    Err(match missing {
        Some(line) => format!("no line reads `{}`", shorten(line, 120)),
        None => "its lines do not stand together in this order".to_owned(),
    })
}

fn stands_exactly(view: &FileView, wanted: &[&str]) -> bool {
    let Some(first) = wanted.iter().position(|line| !line.trim().is_empty()) else { return false };
    let starts = view.positions(&normalise(wanted[first])).iter().take(10_000);
    starts.into_iter().any(|at| {
        let Some(start) = (view.solid[*at].line as usize - 1).checked_sub(first) else { return false };
        let window = view.lines.get(start..start + wanted.len());
        window.is_some_and(|window| window.iter().zip(wanted).all(|(have, want)| have == want))
    })
}

// The lines with white space collapsed, blank lines and elisions as in quotes.
fn stands(view: &FileView, wanted: &[&str]) -> bool {
    let text = wanted.join("\n");
    ways(&text).iter().any(|way| match way {
        Way::Lines(pattern) => matches!(places(view, pattern), Matched::Places(spans) if !spans.is_empty()),
        _ => false,
    })
}

// As `patch` does, up to two lines of context at either end may be off, as long as something telling is left.
fn without_margin<'b, 'h>(hunk: &PatchHunk, before: &'b [&'h str], margin: usize) -> &'b [&'h str] {
    let context = |line: &&PatchLine| matches!(line, PatchLine::Context(_));
    let front = hunk.lines.iter().take_while(context).count().min(margin);
    let back = hunk.lines.iter().rev().take_while(context).count().min(margin);
    let left = before.get(front..before.len().saturating_sub(back)).unwrap_or_default();
    if left.iter().map(|line| substance(line)).sum::<usize>() >= 8 { left } else { before }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Memory, check_one, claim};
    use model::Gate;

    const HEAD: &str = "fn run() {\n    let a = load();\n    keep(a);\n\n    done();\n}\n";

    fn ask(patch: &str) -> (CheckResult, String) {
        let memory = Memory::new(&[], &[("src/run.rs", HEAD), ("src/two.rs", "two\n")]);
        let mut raw = claim("src/run.rs", Some((2, 3)), None);
        raw.patch = Some(patch.to_owned());
        let finding = check_one(&memory, raw);
        let check = finding.check(Gate::Fix).expect("a check");
        (check.result, check.detail.clone())
    }

    #[test]
    fn patches_apply_exactly_loosely_or_not() {
        for (patch, expected) in [
            ("     let a = load();\n-    keep(a);\n+    keep(&a);\n", CheckResult::Pass),
            (
                "--- a/src/run.rs\n+++ b/src/run.rs\n@@ -2,9 +2,9 @@\n     let a = load();\n-    keep(a);\n+    keep(&a);\n",
                CheckResult::Pass,
            ),
            ("-\tlet a = load();\n-\tkeep(a);\n+\tkeep(load());\n", CheckResult::Repaired),
            (" fn run() {\n ...\n-    done();\n+    finish();\n", CheckResult::Pass),
            ("-    keep(b);\n+    keep(&b);\n", CheckResult::Fail),
            ("-    keep(&a);\n+    keep(a);\n", CheckResult::Fail),
            ("--- a/src/gone.rs\n+++ b/src/gone.rs\n@@ -1 +1 @@\n-x\n+y\n", CheckResult::Fail),
            ("--- /dev/null\n+++ b/src/new.rs\n@@ -0,0 +1 @@\n+x\n", CheckResult::Pass),
            ("+    alone();\n", CheckResult::Unknown),
            (
                " fn stale_context_line() {\n let a = load();\n-    keep(a);\n+    keep(&a);\n",
                CheckResult::Repaired,
            ),
        ] {
            let (result, detail) = ask(patch);
            assert_eq!(result, expected, "{patch}\n{detail}");
        }
    }

    #[test]
    fn a_suggestion_replaces_the_named_lines() {
        let memory = Memory::new(&[], &[("src/run.rs", HEAD)]);
        let mut raw = claim("src/run.rs", Some((2, 2)), None);
        raw.fix = Some("Do this:\n```suggestion\n    let a = load()?;\n```\n".to_owned());
        assert_eq!(check_one(&memory, raw.clone()).result(Gate::Fix), CheckResult::Pass);
        raw.fix = Some("```suggestion\n    let a = load();\n```\n".to_owned());
        assert_eq!(check_one(&memory, raw).result(Gate::Fix), CheckResult::Fail);
    }
}
