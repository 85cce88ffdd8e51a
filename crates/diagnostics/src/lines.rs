//! Reads lines as compilers print them: `file:line:column: error: message [rule]` and its relatives.
//!
//! In: lines. Out: diagnostics. Indented lines belong to the diagnostic above; a `note:` on its heels does too. Lines that are
//! neither are counted.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::Format;
use crate::draft::{Diagnostic, Draft, columns, one_line, place};

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of this file")
}

static TSC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:(?P<file>[^()\n]+)\((?P<line>\d{1,9}),(?P<col>\d{1,9})\): )?(?P<level>error|warning|message) (?P<rule>TS\d{1,6}): (?P<said>.+)$",
    )
});
static YAMLLINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?P<file>.+?):(?P<line>\d{1,9}):(?P<col>\d{1,9}): \[(?P<level>error|warning)\] (?P<said>.+?)(?: \((?P<rule>[\w-]+)\))?$",
    )
});
static TEXT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:vet: )?(?P<file>(?:[A-Za-z]:)?[^:\n]+):(?P<line>\d{1,9})(?:-(?P<to>\d{1,9}))?:(?:(?P<col>\d{1,9}):)?(?:(?P<endline>\d{1,9}):(?P<endcol>\d{1,9}):)? ?(?:(?P<level>fatal error|error|warning|note|info|style|refactor|convention): )?(?P<said>.+?)(?: +\[(?P<rule>[\w@/.,:=+-]+)\])?$",
    )
});

fn of(format: Format) -> &'static Regex {
    match format {
        Format::Tsc => &TSC,
        Format::Yamllint => &YAMLLINT,
        _ => &TEXT,
    }
}

/// The format of a text of such lines, where nearly all of them are. `Text` only where all are, with a path that is plainly
/// one: prose may hold such lines.
pub(crate) fn detect(text: &str) -> Option<Format> {
    let lines = || text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with([' ', '\t']));
    let known = [Format::Tsc, Format::Yamllint].into_iter().find(|format| {
        let fitting = lines().filter(|line| of(*format).is_match(line)).count();
        fitting > 0 && fitting * 10 >= lines().count() * 9
    });
    known.or_else(|| {
        let is_plain = |line: &str| {
            of(Format::Text).captures(line).is_some_and(|found| {
                let file = &found["file"];
                file.contains(['.', '/']) && !file.contains(char::is_whitespace) && !file.contains(['`', '*'])
            })
        };
        (lines().count() >= 2 && lines().all(is_plain)).then_some(Format::Text)
    })
}

/// Reads all lines.
pub(crate) fn read(text: &str, format: Format, draft: &mut Draft) -> Result<(), String> {
    let mut last: Option<Diagnostic> = None;
    let mut strange = Vec::new();
    let mut known = 0_usize;
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let is_more = line.starts_with([' ', '\t']);
        let found = (!is_more).then(|| of(format).captures(line)).flatten();
        match (found, &mut last) {
            (Some(found), _) => {
                known += 1;
                let next = diagnostic(&found);
                match &mut last {
                    Some(open) if next.level.as_deref() == Some("note") && same_file(open, &next) => {
                        open.details.push(format!("note: {}", one_line(&next.message, 400)));
                    }
                    _ => {
                        if let Some(done) = last.replace(next) {
                            draft.push(done);
                        }
                    }
                }
            }
            (None, Some(open)) if is_more && open.details.len() < 50 => {
                open.details.push(line.trim().to_owned());
            }
            (None, _) if is_summary(line) => {}
            (None, _) => strange.push(at + 1),
        }
    }
    if let Some(done) = last {
        draft.push(done);
    }
    let Some(first) = strange.first() else { return Ok(()) };
    if known == 0 {
        return Err("no line of it is a diagnostic".to_owned());
    }
    draft.note_at(*first, format!("{} lines are no diagnostics and were not read", strange.len()));
    Ok(())
}

fn same_file(a: &Diagnostic, b: &Diagnostic) -> bool {
    a.places.first().map(|place| &place.path) == b.places.first().map(|place| &place.path)
}

/// What tools say at the end, and `go vet` between.
fn is_summary(line: &str) -> bool {
    line.starts_with("# ") || line.starts_with("Found ") || line.starts_with("Success: ")
}

fn diagnostic(found: &Captures<'_>) -> Diagnostic {
    let text = |name: &str| found.name(name).map(|part| part.as_str().to_owned());
    let number = |name: &str| found.name(name).and_then(|part| part.as_str().parse::<u64>().ok());
    let mut diagnostic = Diagnostic {
        rule: text("rule"),
        level: text("level").map(|level| if level == "fatal error" { "error".to_owned() } else { level }),
        message: text("said").unwrap_or_default(),
        places: text("file")
            .map(|file| place(&file, number("line"), number("endline").or_else(|| number("to"))))
            .into_iter()
            .collect(),
        ..Diagnostic::default()
    };
    columns(&mut diagnostic.extra, number("col"), number("endcol"));
    diagnostic
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Roots;

    #[test]
    fn tsc_mypy_yamllint_gcc_and_vet_are_read() {
        let tsc = "src/t.ts(1,7): error TS2322: Type 'string' is not assignable.\n  Because of this.\nerror TS5083: no file\n";
        let reading = crate::read(tsc, Format::Tsc, Roots::default());
        assert_eq!(reading.findings[0].rule.as_deref(), Some("TS2322"));
        assert!(reading.findings[0].body.ends_with("Because of this."));
        assert!(reading.findings[1].locations.is_empty());
        assert_eq!(detect(tsc), Some(Format::Tsc));

        let yaml = "c.yaml:2:1: [error] duplication of key \"a\" in mapping (key-duplicates)\n";
        let reading = crate::read(yaml, Format::Yamllint, Roots::default());
        assert_eq!(reading.findings[0].rule.as_deref(), Some("key-duplicates"));
        assert_eq!(detect(yaml), Some(Format::Yamllint));

        let text = "a.py:7: error: Bad type  [return-value]\na.py:7: note: see here\nb.c:3:14: warning: unused [-Wunused]\n\
                    # pkg\nmain.go:9:2: unreachable code\nwhat is this\n";
        let reading = crate::read(text, Format::Text, Roots::default());
        let told: Vec<_> =
            reading.findings.iter().map(|it| (it.title.as_str(), it.rule.as_deref())).collect();
        assert_eq!(
            told,
            [("Bad type", Some("return-value")), ("unused", Some("-Wunused")), ("unreachable code", None)]
        );
        assert!(reading.findings[0].body.contains("note: see here"));
        assert_eq!(reading.notes[0].line, 6);
        assert_eq!(detect("a.py:7: error: Bad type\nb/c.py:9: unused\n"), Some(Format::Text));
        assert_eq!(detect("a.py:7: error: Bad type\nThat is all.\n"), None);
        assert_eq!(detect("At a.py:7: it fails\nAt b.py:8: it does not\n"), None);
    }
}
