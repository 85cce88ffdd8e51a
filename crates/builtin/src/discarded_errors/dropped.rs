//! Failures that were looked at before the change and are not any more.
//!
//! In: edits that leave a call and take what looked at its answer. Out: the call with what stood there before. A comment is an answer;
//! so is a name that clears away.

use std::collections::BTreeSet;
use std::rc::Rc;

use model::{FileDiff, Kind, Severity, Side};

use crate::context::Context;
use crate::edits::{Block, blocks};
use crate::family::{Draft, Raised, read};
use crate::functions::around;
use crate::language::Language;
use crate::names::occurrences;
use crate::place::{PlaceRole, at};
use crate::source::Source;
use crate::words::{code, shortened};

pub(crate) const DROPPED: &str = "discarded-error/check-dropped";

/// The checks that the change drops.
pub(super) fn findings(context: &Context<'_>) -> Vec<Raised> {
    let mut found = Vec::new();
    for (file, before, after) in context.edited_code() {
        for block in blocks(file) {
            if let Some((was, now, call)) = dropped(&before, &after, &block)
                && !is_written_elsewhere(context, file, now, &call)
            {
                found.push(report(&before, &after, was, now, &call));
            }
        }
    }
    // One decision in many places is a decision.
    if found.len() > 2 {
        found.clear();
    }
    found
}

/// The line before and after the change, and the call.
fn dropped(before: &Source, after: &Source, block: &Block) -> Option<(u32, u32, String)> {
    const MOST: usize = 8;
    let code_of = |source: &Source, lines: &[u32]| -> Vec<(u32, String)> {
        let all = lines.iter().map(|line| (*line, source.code(*line).trim().to_owned()));
        all.filter(|(_, text)| !text.is_empty()).collect()
    };
    let (old, new) = (code_of(before, &block.removed), code_of(after, &block.added));
    let [(now, _)] = new.as_slice() else { return None };
    let said = block.added.iter().any(|line| !after.comment(*line).trim().is_empty());
    if old.len() > MOST || *now >= after.own_tests_start() || said {
        return None;
    }
    let call = bare_call(after.language, after.line(*now).trim())?;
    if is_answer(after, *now) || is_value(after, *now, &call) {
        return None;
    }
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let wanted = plain(&call);
    let (was, _) = old.iter().find(|(line, _)| plain(before.line(*line)).contains(&wanted))?;
    let text = before.line(*was).trim();
    let asks = ["if ", "if(", "unless ", "} else if ", "match ", "switch "]
        .iter()
        .any(|word| text.starts_with(word));
    let hands_on = before.language == Language::Rust && plain(text).contains(&format!("{wanted}?"));
    let kept_and_asked = text.contains('=')
        && old
            .iter()
            .any(|(line, text)| line > was && (text.starts_with("if") || text.starts_with("unless")));
    let leaves = old.iter().any(|(_, text)| {
        let text = text.trim_start_matches(['{', '}', ' ']);
        ["return", "raise", "throw", "goto", "exit", "die", "panic", "break", "continue", "bail"].iter().any(
            |word| {
                text.contains("xit")
                    || text.contains("atal")
                    || text.starts_with(word)
                    || text.contains(&format!(" {word}"))
                    || text.contains(&format!("{{{word}"))
            },
        )
    });
    (hands_on || ((asks || kept_and_asked) && leaves && old.len() >= 2)).then_some((*was, *now, call))
}

/// True where the call is the last expression of its block and so the answer of the function.
fn is_answer(source: &Source, line: u32) -> bool {
    let next = (line + 1..=source.line_count()).find(|line| !source.code(*line).trim().is_empty());
    let next = next.map(|line| source.code(line).trim().to_owned()).unwrap_or_default();
    match source.language {
        Language::Rust => next.starts_with('}') && !source.code(line).trim_end().ends_with(';'),
        Language::Ruby => ["end", "}", "rescue", "ensure", "else", "elsif", "when"]
            .iter()
            .any(|word| next.starts_with(word)),
        _ => false,
    }
}

/// True where a parameter or a variable is called: what it answers, and how it fails, is whoever passed it to say.
fn is_value(source: &Source, line: u32, call: &str) -> bool {
    let name = call.split('(').next().unwrap_or(call);
    let Some(function) = around(source, line).filter(|_| !name.contains(['.', ':', '>'])) else {
        return false;
    };
    (function.first..line).any(|above| {
        let text = source.code(above);
        occurrences(&text, name).into_iter().any(|at| {
            let rest = text[at + name.len()..].trim_start();
            let given = rest.starts_with(":=") || rest.starts_with('=') && !rest.starts_with("==");
            let taken = above == function.first && text[..at].contains('(');
            given
                || taken
                || text[..at].trim_end().ends_with("for")
                || rest.starts_with("of ")
                || rest.starts_with("in ")
        })
    })
}

/// The call that a statement makes without looking at what comes of it.
fn bare_call(language: Language, text: &str) -> Option<String> {
    let mut text = text.trim().trim_end_matches(';').trim_end();
    for start in ["let _ =", "_ =", "_, _ =", "_, _, _ =", "(void)", "await "] {
        text = text.strip_prefix(start).unwrap_or(text).trim_start();
    }
    for end in [".ok()", ".await", ".unwrap_or_default()"] {
        text = text.strip_suffix(end).unwrap_or(text);
    }
    let open = text.find('(')?;
    let path = &text[..open];
    let plain = !path.is_empty()
        && path.chars().all(|c| c.is_alphanumeric() || "_.:>-&*!@$?".contains(c))
        && text.ends_with(')')
        && (language != Language::Rust || !path.ends_with('!'));
    let name = path.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or("");
    let clears = crate::deviant::clears_away(name);
    (plain && !name.is_empty() && !crate::tokens::is_keyword(name) && !clears).then(|| text.to_owned())
}

/// True where the change writes the call a second time.
fn is_written_elsewhere(context: &Context<'_>, file: &FileDiff, now: u32, call: &str) -> bool {
    let name = call.split('(').next().unwrap_or(call);
    let lines: BTreeSet<u32> = [now].into();
    context.change.diff().iter().any(|other| {
        other.added().any(|(line, text)| {
            !(other.path == file.path && lines.contains(&line)) && text.contains(&format!("{name}("))
        })
    })
}

fn report(before: &Rc<Source>, after: &Rc<Source>, was: u32, now: u32, call: &str) -> Raised {
    let owner = around(after, now)
        .map_or_else(|| code(after.path.file_name()), |function| code(&shortened(&function.name, 40)));
    let name = code(&shortened(call.split('(').next().unwrap_or(call), 40));
    Draft {
        rule: DROPPED,
        category: "error-handling",
        severity: Severity::Suggestion,
        kind: Kind::Regression,
        rank: 2.4,
        title: format!("{owner} no longer looks at what {name} answers"),
        problem: format!(
            "Before the change, line {was} of `{}` looked at the answer of {name} and left where it failed. Line {now} makes the same call and \
             drops the answer, so the code goes on as if it had worked.",
            before.path,
        ),
        locations: vec![at(after, now, Side::Head, PlaceRole::Primary), at(before, was, Side::Base, PlaceRole::Evidence)],
        evidence: vec![read(
            format!("{}:{was} looked at it before the change", before.path),
            before.path.as_str(),
            was,
            Some(shortened(before.line(was).trim(), 200)),
        )],
        fix: format!("Look at the answer of {name} as before, or say in a comment why it may fail here."),
        patch: None,
        because: format!("The change edits line {now}."),
        scenario: None,
    }
    .raise()
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn findings(path: &str, old: &str, new: &str) -> usize {
        let text = |lines: &str| format!("fn f() {{\n    one();\n    {lines}\n    two();\n}}\n");
        let change = MemoryChange::new(&[(path, &text(old))], &[(path, &text(new))]);
        let settings = Settings { enable: vec![super::DROPPED.into()], ..Settings::default() };
        crate::review(&change, &settings).findings.len()
    }

    fn whole(path: &str, old: &str, new: &str) -> usize {
        let change = MemoryChange::new(&[(path, old)], &[(path, new)]);
        let settings = Settings { enable: vec![super::DROPPED.into()], ..Settings::default() };
        crate::review(&change, &settings).findings.len()
    }

    #[test]
    fn what_is_handed_on_and_what_somebody_passed_in_is_left_alone() {
        for (path, old, new, expected) in [
            (
                "src/a.rs",
                "fn f() -> R {\n    let n = save_state(4)?;\n    Ok(n)\n}\n",
                "fn f() -> R {\n    save_state(4)\n}\n",
                0,
            ),
            (
                "src/a.rs",
                "fn f() -> R {\n    save_state(4)?;\n    Ok(1)\n}\n",
                "fn f() -> R {\n    let _ = save_state(4);\n    Ok(1)\n}\n",
                1,
            ),
            ("a.rb", "def f\n  raise Full unless save(4)\nend\n", "def f\n  save(4)\nend\n", 0),
            (
                "a.py",
                "def f(all, x):\n    for check in all:\n        if not check(x):\n            raise Full()\n",
                "def f(all, x):\n    for check in all:\n        check(x)\n",
                0,
            ),
            (
                "a.py",
                "def f(all, x):\n    for one in all:\n        if not check(x):\n            raise Full()\n",
                "def f(all, x):\n    for one in all:\n        check(x)\n",
                1,
            ),
        ] {
            assert_eq!(whole(path, old, new), expected, "{path} {new}");
        }
    }

    #[test]
    fn a_call_whose_answer_is_no_longer_looked_at_is_told() {
        for (path, old, new, expected) in [
            ("src/a.rs", "save_state(4)?;", "let _ = save_state(4);", 1),
            ("src/a.rs", "save_state(4)?;", "save_state(4).ok();", 1),
            ("src/a.rs", "save_state(4)?;", "let _ = save_state(5);", 0),
            ("src/a.rs", "save_state(4)?;", "// Best effort.\n    let _ = save_state(4);", 0),
            ("src/a.rs", "x.close()?;", "let _ = x.close();", 0),
            ("a.go", "if err := save(4); err != nil {\n        return err\n    }", "_ = save(4)", 1),
            ("a.go", "if err := save(4); err != nil {\n        log(err)\n    }", "_ = save(4)", 0),
            ("a.c", "if (save(4) < 0)\n        return -1;", "save(4);", 1),
            ("a.c", "rc = save(4);\n    if (rc)\n        goto out;", "save(4);", 1),
            ("a.py", "if not save(4):\n        raise Full()", "save(4)", 1),
            ("tests/a.py", "if not save(4):\n        raise Full()", "save(4)", 0),
        ] {
            assert_eq!(findings(path, old, new), expected, "{path} {new}");
        }
    }
}
