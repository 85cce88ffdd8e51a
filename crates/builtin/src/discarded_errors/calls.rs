//! Calls in lines of code.
//!
//! In: the code of a line, comments and strings blanked. Out: what is called and what stands behind the call. Follows
//! parentheses within the line only.

/// The last call of a statement that ends with it: qualifier and name.
pub(super) fn last_call(statement: &str) -> Option<(Option<&str>, &str)> {
    let statement = statement.trim_end().trim_end_matches(';').trim_end();
    let before = &statement[..opening(statement)?];
    let name_start = before.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    let name = &before[name_start..];
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let rest = &before[..name_start];
    let rest = rest.strip_suffix("::").or_else(|| rest.strip_suffix('.'));
    let qualifier = rest.map(|rest| {
        let start = rest.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        &rest[start..]
    });
    Some((qualifier, name))
}

/// Where the parenthesis opens that the text's last character closes.
fn opening(text: &str) -> Option<usize> {
    if !text.ends_with(')') {
        return None;
    }
    let mut depth = 0usize;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// What stands before and behind the call of `name` in a line; `None` where the call does not end on it.
pub(super) fn around_call<'a>(code: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let at = crate::names::occurrences(code, name)
        .into_iter()
        .find(|at| code[at + name.len()..].starts_with('('))?;
    let open = at + name.len();
    let mut depth = 0usize;
    for (offset, c) in code[open..].char_indices() {
        match c {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return Some((&code[..at], &code[open + offset + 1..]));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_call_is_found_behind_nested_parentheses() {
        assert_eq!(last_call("a.b(c(d), e);"), Some((Some("a"), "b")));
        assert_eq!(last_call("x::save(1)"), Some((Some("x"), "save")));
        assert_eq!(last_call("f(1).g(2)"), Some((Some(""), "g")));
        assert_eq!(last_call("x = 3"), None);
        assert_eq!(last_call("(a + b)"), None);
    }

    #[test]
    fn what_stands_around_a_call_is_cut_out() {
        assert_eq!(around_call("if save(a(1)) != 0 {", "save"), Some(("if ", " != 0 {")));
        assert_eq!(around_call("save(", "save"), None);
    }
}
