//! Prose, taken apart.
//!
//! In: text. Out: sentences of tokens. Where a token could be two things, it is the one that has to be checked.

use std::sync::LazyLock;

use regex::Regex;

/// One word, as far as it can be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// `I1`
    Id(&'t str),
    /// `src/a.rs:3-5`
    Place { path: &'t str, first: u32, last: u32 },
    /// `src/a.rs`
    Path(&'t str),
    /// `7`, and what it is written as.
    Number(&'t str),
    /// `3f2a91c`
    Commit(&'t str),
    /// A word with digits in it that is none of these.
    Mixed(&'t str),
    /// Any other word.
    Word(&'t str),
    /// What stands between backticks.
    Code(&'t str),
}

static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"`([^`]*)`|[\p{L}\p{N}_](?:[\p{L}\p{N}_./:@%+~#,-]*[\p{L}\p{N}_%+])?")
        .expect("the pattern is fixed")
});
static ID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[CIS]\d+$").expect("the pattern is fixed"));
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^([^:]*[^:\d][^:]*):(\d{1,9})(?:-(\d{1,9}))?$").expect("the pattern is fixed")
});
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\d[\d.,]*%?$").expect("the pattern is fixed"));
static COMMIT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[0-9a-f]{7,40}$").expect("the pattern is fixed"));
static FILE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[^./]\.[A-Za-z][A-Za-z0-9]{0,7}$").expect("the pattern is fixed"));

/// Pairs of words that look like paths.
const PAIRS: [&str; 7] =
    ["and/or", "either/or", "read/write", "client/server", "i/o", "yes/no", "input/output"];
/// Abbreviations that look like file names.
const ABBREVIATIONS: [&str; 3] = ["e.g", "i.e", "a.k.a"];

/// The sentences of a text, each as its tokens.
pub(super) fn sentences(prose: &str) -> Vec<Vec<Token<'_>>> {
    let mut out = Vec::new();
    for part in split(prose) {
        let mut tokens = Vec::new();
        for found in TOKEN.captures_iter(part) {
            match found.get(1) {
                Some(code) => {
                    let code = code.as_str();
                    tokens.push(Token::Code(code));
                    // A place is a place between backticks as well.
                    tokens.extend(
                        token(code.trim()).filter(|token| !matches!(token, Token::Word(_) | Token::Mixed(_))),
                    );
                }
                None => spread(found.get(0).map_or("", |whole| whole.as_str()), &mut tokens),
            }
        }
        if !tokens.is_empty() {
            out.push(tokens);
        }
    }
    out
}

/// `I1-I3`, `I1/I2` and `I1,I2` are several words; what is no such list is one.
fn spread<'t>(word: &'t str, tokens: &mut Vec<Token<'t>>) {
    let pieces: Vec<&str> = word.split(['-', '/', ',']).filter(|piece| !piece.is_empty()).collect();
    if pieces.len() > 1 && pieces.iter().any(|piece| ID.is_match(piece)) {
        tokens.extend(pieces.into_iter().filter_map(token));
    } else {
        tokens.extend(token(word));
    }
}

fn token(word: &str) -> Option<Token<'_>> {
    if word.is_empty() {
        return None;
    }
    if ID.is_match(word) {
        return Some(Token::Id(word));
    }
    if NUMBER.is_match(word) {
        return Some(Token::Number(word));
    }
    if let Some(found) = PLACE.captures(word) {
        let path = found.get(1)?.as_str();
        let first = found.get(2)?.as_str().parse().ok()?;
        let last = found.get(3).map_or(Some(first), |last| last.as_str().parse().ok())?;
        return Some(Token::Place { path, first, last });
    }
    let lower = word.to_lowercase();
    let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
    if has_digit && COMMIT.is_match(word) {
        return Some(Token::Commit(word));
    }
    let is_pair = PAIRS.contains(&lower.as_str()) || ABBREVIATIONS.contains(&lower.as_str());
    if !is_pair && (word.contains('/') || FILE.is_match(word)) {
        return Some(Token::Path(word));
    }
    Some(if has_digit { Token::Mixed(word) } else { Token::Word(word) })
}

/// Splits at line ends, and at full stops, question marks and semicolons outside of code spans.
fn split(prose: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for line in prose.split('\n') {
        let mut start = 0;
        let mut code = false;
        let bytes = line.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            code ^= *byte == b'`';
            let ends = matches!(byte, b'.' | b'!' | b'?' | b';')
                && bytes.get(at + 1).is_none_or(|next| *next == b' ');
            // A mark is one byte, so what stands before it ends where a character does.
            let abbreviation = || ABBREVIATIONS.iter().any(|word| line[..at].to_lowercase().ends_with(word));
            if ends && !code && !abbreviation() {
                parts.push(&line[start..at]);
                start = at + 1;
            }
        }
        parts.push(&line[start..]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_what_has_to_be_checked() {
        let text =
            "I1-I3 at src/a.rs:3-5 (store.rs, 12 lines, 50%) in 3f2a91c, e.g. `truncate(9)` and/or utf8";
        let tokens = sentences(text).concat();
        let expected = [
            Token::Id("I1"),
            Token::Id("I3"),
            Token::Word("at"),
            Token::Place { path: "src/a.rs", first: 3, last: 5 },
            Token::Path("store.rs"),
            Token::Number("12"),
            Token::Word("lines"),
            Token::Number("50%"),
            Token::Word("in"),
            Token::Commit("3f2a91c"),
            Token::Word("e.g"),
            Token::Code("truncate(9)"),
            Token::Word("and/or"),
            Token::Mixed("utf8"),
        ];
        assert_eq!(tokens, expected);
    }

    #[test]
    fn sentences_end_outside_of_code_only() {
        let text = "One `a. b` of it, e.g. this. Two; three\nfour";
        assert_eq!(split(text), ["One `a. b` of it, e.g. this", " Two", " three", "four"]);
    }
}
