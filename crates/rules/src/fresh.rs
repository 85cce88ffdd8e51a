//! Which matches the change brought.
//!
//! In: matches at head and at base with their texts. Out: the matches at head that have no counterpart at base. Knows
//! nothing of rules but their number.

use std::collections::HashMap;

use crate::scan::Match;

/// Takes out every match at head that stood at base: first those with the same text, then those that begin with the same
/// line, so that an edit far inside a long match does not make it new. Where only some of several alike are new, it is
/// those on changed lines.
pub(crate) fn without_old(
    head: Vec<Match>,
    head_text: &str,
    base: &[Match],
    base_text: &str,
    changed: impl Fn(&Match) -> bool,
) -> Vec<Match> {
    let mut left: Vec<Option<Match>> = head.into_iter().map(Some).collect();
    let mut old: Vec<bool> = vec![true; base.len()];
    for key in [whole as fn(&str) -> String, first_line] {
        let mut known: HashMap<(usize, String), Vec<usize>> = HashMap::new();
        for (index, found) in base.iter().enumerate().filter(|(index, _)| old[*index]) {
            known.entry((found.rule, key(text_of(found, base_text)))).or_default().push(index);
        }
        let mut order: Vec<usize> = (0..left.len()).collect();
        order.sort_by_key(|index| left[*index].as_ref().is_some_and(&changed));
        for index in order {
            let Some(found) = &left[index] else { continue };
            let place = known.get_mut(&(found.rule, key(text_of(found, head_text)))).and_then(Vec::pop);
            if let Some(place) = place {
                old[place] = false;
                left[index] = None;
            }
        }
    }
    left.into_iter().flatten().filter(|found| changed(found)).collect()
}

fn text_of<'a>(found: &Match, text: &'a str) -> &'a str {
    text.get(found.bytes.clone()).unwrap_or_default()
}

/// The text without what programs that lay out code change: spaces, the kind of quotes, a comma before a closing bracket.
fn whole(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if matches!(c, ')' | ']' | '}') && bare.ends_with(',') {
            bare.pop();
        }
        bare.push(if c == '\'' { '"' } else { c });
    }
    bare
}

fn first_line(text: &str) -> String {
    whole(text.lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, text: &str, part: &str, nth: usize) -> Match {
        let start = text.match_indices(part).nth(nth).unwrap().0;
        let lines = (line, line + part.lines().count() as u32 - 1);
        Match { rule: 0, bytes: start..start + part.len(), lines, message: String::new(), edit: None }
    }

    #[test]
    fn a_match_that_stood_at_base_is_old_wherever_it_stands_now() {
        let (base, head) = ("f(1)\n", "g\nf( 1)\nf(2)\nf(1)\n");
        let matches = vec![at(2, head, "f( 1)", 0), at(3, head, "f(2)", 0), at(4, head, "f(1)", 0)];
        let old = [at(1, base, "f(1)", 0)];
        // The change added lines 1 to 3.
        let fresh = without_old(matches, head, &old, base, |found| found.lines.0 <= 3);
        let lines: Vec<u32> = fresh.iter().map(|found| found.lines.0).collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn code_that_was_laid_out_anew_is_old() {
        let base = "get('a', b, {'c': 1})\n";
        let head = "get(\n    \"a\",\n    b,\n    {\"c\": 1},\n)\nget(\"a\", d)\n";
        let matches = vec![
            at(1, head, head.split_inclusive(")\n").next().unwrap(), 0),
            at(6, head, "get(\"a\", d)", 0),
        ];
        let fresh = without_old(matches, head, &[at(1, base, base.trim_end(), 0)], base, |_| true);
        assert_eq!(fresh.iter().map(|found| found.lines.0).collect::<Vec<_>>(), [6]);
    }

    #[test]
    fn an_edit_inside_a_long_match_does_not_make_it_new() {
        let (base, head) = ("while True:\n  a()\n  b()\n", "while True:\n  a()\n  c()\n");
        let matches = vec![at(1, head, head, 0)];
        assert!(without_old(matches.clone(), head, &[at(1, base, base, 0)], base, |_| true).is_empty());
        assert_eq!(without_old(matches, head, &[], base, |_| true).len(), 1);
    }
}
