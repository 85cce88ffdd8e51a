//! How alike two pieces of quoted code are.
//!
//! In: lines that reviewers quoted, then and now. Out: the share of tokens that the shorter one has in common with the longer,
//! line by line. Never looks at where they stand.

use std::collections::HashMap;

/// Lines of a quote that are compared; more tell nothing new.
const LINES: usize = 24;

/// Tokens of a line that are compared.
const TOKENS: usize = 80;

/// Letters and digits below which a quote says nothing.
const SUBSTANCE: usize = 6;

/// Lines of code as tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Quote(Vec<Vec<String>>);

impl Quote {
    /// Reads lines; blank ones are left out.
    pub(crate) fn new<S: AsRef<str>>(lines: &[S]) -> Self {
        let read = lines.iter().map(|line| tokens(line.as_ref())).filter(|tokens| !tokens.is_empty());
        Self(read.take(LINES).collect())
    }

    /// Reads a text.
    pub(crate) fn of(text: &str) -> Self {
        Self::new(&text.lines().collect::<Vec<_>>())
    }

    fn substance(&self) -> usize {
        self.0.iter().flatten().map(|token| token.chars().filter(|c| c.is_alphanumeric()).count()).sum()
    }
}

fn tokens(line: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in line.chars() {
        let word = c.is_alphanumeric() || c == '_';
        if word && in_word {
            tokens.last_mut().expect("a word has begun").push(c);
        } else if tokens.len() >= TOKENS {
            break;
        } else if !c.is_whitespace() {
            tokens.push(c.to_string());
        }
        in_word = word;
    }
    tokens
}

/// 0–1: 1 where every line of the shorter quote stands in the longer one. 0 where either says too little.
pub(crate) fn alike(one: &Quote, other: &Quote) -> f32 {
    let (short, long) = if one.0.len() <= other.0.len() { (one, other) } else { (other, one) };
    if short.substance() < SUBSTANCE || long.substance() < SUBSTANCE {
        return 0.0;
    }
    let mut shared = 0.0;
    let mut all = 0.0;
    for line in &short.0 {
        let best = long.0.iter().map(|other| dice(line, other)).fold(0.0, f32::max);
        shared += best * line.len() as f32;
        all += line.len() as f32;
    }
    if all == 0.0 { 0.0 } else { shared / all }
}

/// Twice the tokens in common over all tokens.
fn dice(one: &[String], other: &[String]) -> f32 {
    if one == other {
        return 1.0;
    }
    let mut left: HashMap<&str, usize> = HashMap::new();
    for token in other {
        *left.entry(token).or_default() += 1;
    }
    let mut common = 0;
    for token in one {
        if let Some(count) = left.get_mut(token.as_str()).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    // Equal tokens in another order are not the same line.
    (2.0 * common as f32 / (one.len() + other.len()) as f32).min(0.99)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(one: &str, other: &str) -> f32 {
        alike(&Quote::of(one), &Quote::of(other))
    }

    #[test]
    fn an_edited_line_is_like_what_it_was() {
        assert!((share("  rows.truncate( limit+1 );", "rows.truncate(limit + 1);") - 1.0).abs() < 1e-6);
        assert!(share("rows.truncate(limit + 1);", "rows.truncate(limit + 2); // page") > 0.7);
        assert!(
            (share("let a = b();\nrows.truncate(limit + 1);\nrows", "rows.truncate(limit + 1);") - 1.0).abs()
                < 1e-6
        );
        assert!(share("rows.truncate(limit + 1);", "let guard = table.lock();") < 0.6);
        assert!(share("}", "}") < 0.1, "a bracket says nothing");
        assert!(share("swap(one, other)", "swap(other, one)") < 1.0);
    }
}
