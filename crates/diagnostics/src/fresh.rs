//! What a tool says now and did not say before.
//!
//! In: its diagnostics at head and at base, and the lines they stand on. Out: those of head that base does not account for,
//! compared by content: rule, file (renames followed), message, text of the line. A line that moved is not new; a second copy of
//! an old line is. Never compares line numbers.

use std::collections::HashMap;

use model::RawFinding;

/// What is known of the two sides.
#[derive(Clone, Copy)]
pub struct Content<'a> {
    /// The path at head of a file of the base.
    pub path_now: &'a dyn Fn(&str) -> String,
    /// A line of a file at head.
    pub line_now: &'a dyn Fn(&str, u32) -> Option<String>,
    /// A line of a file at base.
    pub line_then: &'a dyn Fn(&str, u32) -> Option<String>,
    /// Whether a line of head was written by the change.
    pub is_added: &'a dyn Fn(&str, u32) -> bool,
}

type Key = (Option<String>, String, String, String);

/// The findings of `now` that are not among those of `then`; as many of equal ones as there are more now. Among equal ones,
/// those on lines of the change are the new ones.
pub fn fresh(now: Vec<RawFinding>, then: &[RawFinding], content: Content<'_>) -> Vec<RawFinding> {
    let mut old: HashMap<Key, usize> = HashMap::new();
    for finding in then {
        let path = finding.locations.first().map_or("", |place| place.path.as_str());
        let key = key(finding, (content.path_now)(path), path, content.line_then);
        *old.entry(key).or_default() += 1;
    }
    let keys: Vec<Key> = now
        .iter()
        .map(|finding| {
            let path = finding.locations.first().map_or("", |place| place.path.as_str());
            key(finding, path.to_owned(), path, content.line_now)
        })
        .collect();
    // Untouched lines use up what base accounts for before lines of the change do.
    let mut order: Vec<usize> = (0..now.len()).collect();
    order.sort_by_key(|at| (stands_on_change(&now[*at], content), *at));
    let mut is_old = vec![false; now.len()];
    for at in order {
        if let Some(left) = old.get_mut(&keys[at]).filter(|left| **left > 0) {
            *left -= 1;
            is_old[at] = true;
        }
    }
    now.into_iter().zip(is_old).filter(|(_, is_old)| !is_old).map(|(finding, _)| finding).collect()
}

fn stands_on_change(finding: &RawFinding, content: Content<'_>) -> bool {
    finding
        .locations
        .first()
        .and_then(|place| place.start.map(|line| (content.is_added)(&place.path, line)))
        .unwrap_or(false)
}

fn key(
    finding: &RawFinding,
    path: String,
    own_path: &str,
    line_of: &dyn Fn(&str, u32) -> Option<String>,
) -> Key {
    let line =
        finding.locations.first().and_then(|place| place.start).and_then(|line| line_of(own_path, line));
    let words = line.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default();
    // The file's own name in a message is another one after a rename.
    let said = if finding.body.starts_with(&finding.title) { &finding.body } else { &finding.title };
    let said = if own_path.is_empty() { said.clone() } else { said.replace(own_path, "\u{0}") };
    (finding.rule.clone(), path, without_places(&said), words)
}

/// A message without line numbers: `redefinition of unused os from line 3` stays the same when line 3 becomes line 8.
fn without_places(message: &str) -> String {
    let mut plain = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(at);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        plain.push_str(before);
        plain.push_str(if is_place(before, &plain) { "#" } else { &digits[..end] });
        rest = &digits[end..];
    }
    plain.push_str(rest);
    plain
}

fn is_place(before: &str, so_far: &str) -> bool {
    let before = if before.is_empty() || before == ":" { so_far } else { before }.to_lowercase();
    let before = before.trim_end_matches('#').trim_end();
    ["line", "lines", "column", "col", "line:", "offset"].iter().any(|word| {
        before.strip_suffix(word).is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric()))
    }) || before.strip_suffix(':').is_some_and(|rest| {
        // `file.c:12:5`
        let name = rest.trim_end_matches(['#', ':']);
        let name = name.rsplit(char::is_whitespace).next().unwrap_or_default();
        name.contains(['.', '/', '\u{0}'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::RawLocation;

    fn finding(rule: &str, path: &str, line: u32, title: &str) -> RawFinding {
        let place =
            RawLocation { path: path.into(), start: Some(line), end: Some(line), ..RawLocation::default() };
        RawFinding {
            rule: Some(rule.into()),
            title: title.into(),
            locations: vec![place],
            ..RawFinding::default()
        }
    }

    fn run(
        now: &[(&str, u32, &str)],
        then: &[(&str, u32, &str)],
        head: &str,
        base: &str,
    ) -> Vec<(String, u32)> {
        let make = |all: &[(&str, u32, &str)]| -> Vec<RawFinding> {
            all.iter().map(|(path, line, title)| finding("R", path, *line, title)).collect()
        };
        let line = |text: &str, line: u32| text.lines().nth(line as usize - 1).map(str::to_owned);
        let content = Content {
            path_now: &|path| if path == "old.py" { "new.py".to_owned() } else { path.to_owned() },
            line_now: &|_, number| line(head, number),
            line_then: &|_, number| line(base, number),
            is_added: &|_, number| line(head, number).is_some_and(|text| text.contains('+')),
        };
        let fresh = fresh(make(now), &make(then), content);
        fresh.iter().map(|it| (it.locations[0].path.clone(), it.locations[0].start.unwrap())).collect()
    }

    #[test]
    fn moved_lines_are_not_new_and_edited_ones_are() {
        let base = "import os\nx = 1\n";
        let head = "# a\n  import os\nx = 2 +\n";
        let found = run(&[("a", 2, "m"), ("a", 3, "m")], &[("a", 1, "m"), ("a", 2, "m")], head, base);
        assert_eq!(found, [("a".to_owned(), 3)]);
    }

    #[test]
    fn a_second_copy_of_an_old_line_is_new_and_it_is_the_one_of_the_change() {
        let base = "eval(x)\n";
        let head = "eval(x)\neval(x)\n";
        assert_eq!(run(&[("a", 1, "m"), ("a", 2, "m")], &[("a", 1, "m")], head, base), [("a".to_owned(), 2)]);
        let head = "a + 1\nb\n a + 1\n";
        let base = "a + 1\n";
        assert_eq!(run(&[("a", 1, "m"), ("a", 3, "m")], &[("a", 1, "m")], head, base).len(), 1);
    }

    #[test]
    fn renames_are_followed() {
        let text = "import os\n";
        assert!(
            run(&[("new.py", 1, "in new.py: m")], &[("old.py", 1, "in old.py: m")], text, text).is_empty()
        );
        assert_eq!(run(&[("new.py", 1, "m")], &[("third.py", 1, "m")], text, text).len(), 1);
    }

    #[test]
    fn line_numbers_in_messages_do_not_count_and_other_numbers_do() {
        for (a, b) in [
            ("redefinition of `x` from line 3", "redefinition of `x` from line 81"),
            ("already declared at src/a.c:3:14", "already declared at src/a.c:4:1"),
            ("see lines 3", "see lines 12"),
        ] {
            assert_eq!(without_places(a), without_places(b));
        }
        for (a, b) in
            [("line too long (88 > 79)", "line too long (90 > 79)"), ("utf8", "utf16"), ("E1: x", "E2: x")]
        {
            assert_ne!(without_places(a), without_places(b), "{a}");
        }
    }
}
