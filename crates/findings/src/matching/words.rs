//! Texts as words.
//!
//! In: Markdown. Out: [`Words`]: stems, their neighbours and names from code, each with how rare it is in general. Never
//! weighs them by what others say: `surroundings` does.

use std::rc::Rc;

use super::bags::Terms;
use super::stems::{Stem, hash, look_up};

/// What a text says, in three views.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Words {
    /// Stems of all words, parts of identifiers included.
    pub(crate) stems: Terms,
    /// Identifiers as written, lower case.
    pub(crate) names: Terms,
    /// Neighbouring stems.
    pub(crate) pairs: Terms,
    /// Stems in the order of the text.
    pub(crate) sequence: Vec<Rc<Stem>>,
}

impl Words {
    /// Reads a text. Fenced code is left out: it shows the place, not the defect.
    pub(crate) fn of(markdown: &str) -> Self {
        let mut reader = Reader::default();
        for (line, fenced) in lines(markdown) {
            if !fenced {
                reader.line(line);
            }
        }
        reader.finish()
    }
}

/// Lines of a text, each with whether it stands in a fence (or is one).
fn lines(markdown: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut fence: Option<char> = None;
    markdown.lines().map(move |line| {
        let mark = line.trim_start().chars().next().filter(|mark| matches!(mark, '`' | '~'));
        let is_fence = mark
            .is_some_and(|mark| line.trim_start().starts_with([mark; 3].iter().collect::<String>().as_str()));
        let fenced = fence.is_some() || is_fence;
        if is_fence {
            fence = match fence {
                None => mark,
                open if open == mark => None,
                open => open,
            };
        }
        (line, fenced)
    })
}

#[derive(Default)]
struct Reader {
    stems: Vec<(u64, f32)>,
    names: Vec<(u64, f32)>,
    pairs: Vec<(u64, f32)>,
    sequence: Vec<Rc<Stem>>,
    last: Option<(u64, f32)>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        tokens(line).for_each(|token| self.token(token));
        self.last = None;
    }

    fn token(&mut self, token: &str) {
        let parts = parts(token);
        if is_name(token, parts.len()) {
            let lower = token.to_lowercase();
            self.names.push((hash(&lower), 1.0 + (parts.len() as f32 - 1.0).min(2.0) * 0.5));
        }
        for part in parts {
            self.word(&part);
        }
    }

    fn word(&mut self, word: &str) {
        let Some(stem) = look_up(word) else { return };
        self.stems.push((stem.id, stem.rarity));
        if let Some((before, other)) = self.last {
            self.pairs.push((before.rotate_left(7) ^ stem.id, f32::midpoint(stem.rarity, other)));
        }
        self.last = Some((stem.id, stem.rarity));
        self.sequence.push(stem);
    }

    fn finish(self) -> Words {
        Words {
            stems: Terms::of(self.stems),
            names: Terms::of(self.names),
            pairs: Terms::of(self.pairs),
            sequence: self.sequence,
        }
    }
}

/// The stems of a text, sorted and once each: the same for texts that differ in order and inflection only.
pub fn normal_form(text: &str) -> String {
    let words = Words::of(text);
    let mut stems: Vec<&str> = words.sequence.iter().map(|stem| stem.text.as_str()).collect();
    stems.sort_unstable();
    stems.dedup();
    stems.join(" ")
}

/// True for what looks like a name from code: `snake_case`, `camelCase`, `UPPER_CASE`, `v1beta2`.
fn is_name(token: &str, parts: usize) -> bool {
    token.len() > 2
        && (parts > 1 || token.contains('_') || token.chars().skip(1).any(char::is_uppercase))
        && token.chars().any(char::is_alphabetic)
}

/// What a sentence names as code, lower case, sorted: names as they are told anywhere, and whatever stands between backticks.
pub(crate) fn code_named(sentence: &str) -> Vec<u64> {
    let in_ticks = sentence.split('`').skip(1).step_by(2).flat_map(tokens).map(|token| (token, true));
    let outside = sentence.split('`').step_by(2).flat_map(tokens).map(|token| (token, false));
    let names =
        in_ticks.chain(outside).filter(|(token, ticked)| *ticked || is_name(token, parts(token).len()));
    let mut names: Vec<u64> = names.map(|(token, _)| hash(&token.to_lowercase())).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '\'')))
        .map(|token| token.trim_matches(|c: char| c == '\'' || c == '_'))
        .filter(|token| !token.is_empty())
}

/// Splits an identifier into its lower-case words.
fn parts(token: &str) -> Vec<String> {
    if token.len() > 1 && token.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return vec![token.to_owned()];
    }
    let mut parts = Vec::new();
    let mut part = String::new();
    let chars: Vec<char> = token.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        if *c == '_' || *c == '\'' {
            parts.push(std::mem::take(&mut part));
            continue;
        }
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(i + 1);
        let starts = c.is_uppercase()
            && (before.is_some_and(|b| b.is_lowercase() || b.is_numeric())
                || (before.is_some_and(|b| b.is_uppercase()) && after.is_some_and(|a| a.is_lowercase())));
        if starts {
            parts.push(std::mem::take(&mut part));
        }
        part.extend(c.to_lowercase());
    }
    parts.push(part);
    // The `s` and `t` left over from apostrophes say nothing.
    parts.retain(|part| part.chars().count() > 1);
    parts
}

#[cfg(test)]
mod tests {
    use super::super::bags::Around;
    use super::*;

    #[test]
    fn identifiers_are_split_into_their_words() {
        assert_eq!(parts("readHTTPHeader"), ["read", "http", "header"]);
        assert_eq!(parts("max_retry_count"), ["max", "retry", "count"]);
        assert_eq!(parts("don't"), ["don"]);
    }

    #[test]
    fn code_is_named_by_its_form_or_by_backticks() {
        assert_eq!(code_named("`load` ignores read_timeout"), code_named("`read_timeout` and `Load`"));
        assert_eq!(code_named("The encoding is ignored"), [0; 0]);
        assert_ne!(code_named("`load` ignores it"), code_named("`save` ignores it"));
    }

    #[test]
    fn fenced_code_is_not_read() {
        let words = Words::of("leaks a handle\n```go\nunrelated := call()\n```\nforever");
        let stems: Vec<&str> = words.sequence.iter().map(|stem| stem.text.as_str()).collect();
        assert_eq!(stems, ["leak", "handl", "forev"]);
    }

    #[test]
    fn equal_texts_have_cosine_one() {
        let a = Words::of("The lock is never released when parsing fails");
        assert!(
            (a.stems.among(&Around::default()).cosine(&a.stems.among(&Around::default())) - 1.0).abs() < 1e-5
        );
        assert!(
            a.stems
                .among(&Around::default())
                .cosine(&Words::of("spelling mistake").stems.among(&Around::default()))
                < 1e-5
        );
    }
}
