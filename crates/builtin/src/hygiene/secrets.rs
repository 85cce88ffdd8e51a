//! Secrets: keys and tokens whose shape gives them away.
//!
//! In: added lines. Out: one finding a secret; neither its text nor its quote repeats the secret. Examples that vendors
//! publish, placeholders and words are not reported.

use std::sync::LazyLock;

use model::Severity;
use regex::Regex;

use super::{SECRET, Spotted, raise};
use crate::family::Raised;
use crate::language::Role;
use crate::source::Source;

/// A known shape.
struct Shape {
    what: &'static str,
    pattern: Regex,
    /// Bits of entropy a character that a real one has at least.
    entropy: f64,
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let shape = |what, pattern: &str, entropy| Shape {
        what,
        pattern: Regex::new(pattern).expect("a pattern written in this file"),
        entropy,
    };
    vec![
        shape(
            "private key",
            r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP |ENCRYPTED )?PRIVATE KEY(?: BLOCK)?-----",
            0.0,
        ),
        shape("AWS access key", r"\b((?:AKIA|ASIA)[A-Z2-7]{16})\b", 3.0),
        shape("GitHub token", r"\b((?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36,})\b", 3.5),
        shape("GitHub token", r"\b(github_pat_[A-Za-z0-9_]{60,})\b", 3.5),
        shape("GitLab token", r"\b(glpat-[A-Za-z0-9_-]{20,})", 3.3),
        shape("Slack token", r"\b(xox[abposr]-[A-Za-z0-9-]{20,})", 3.3),
        shape(
            "Slack webhook",
            r"(hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,})",
            3.5,
        ),
        shape("Google API key", r"\b(AIza[A-Za-z0-9_-]{35})\b", 3.5),
        shape("Stripe key", r"\b((?:sk|rk)_live_[A-Za-z0-9]{20,})\b", 3.3),
        shape("npm token", r"\b(npm_[A-Za-z0-9]{36})\b", 3.5),
        shape("PyPI token", r"\b(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,})", 3.5),
        shape("OpenAI key", r"\b(sk-(?:proj-)?[A-Za-z0-9_-]{40,})\b", 4.0),
        shape("Anthropic key", r"\b(sk-ant-[A-Za-z0-9_-]{40,})\b", 4.0),
        shape("SendGrid key", r"\b(SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})\b", 4.0),
        shape("JSON web token", r"\b(eyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,})", 4.0),
        shape(
            WEAK,
            r#"(?i)(?:secret|passwd|password|api_?key|access_?key|auth_?token|private_?key|client_?secret)["']?\s*(?::|=|:=)\s*["']([A-Za-z0-9+/_=-]{24,})["']"#,
            4.2,
        ),
    ]
});

/// Finds secrets among the added lines.
pub(super) fn find(source: &Source, added: &[(u32, &str)]) -> Vec<Raised> {
    let found: Vec<_> = added
        .iter()
        .filter(|(_, line)| line.len() < 4000)
        .filter_map(|(number, line)| Some((*number, secret(source, *number, line)?)))
        .filter(|(_, (what, _))| !is_customary(source, added, what))
        .collect();
    // Several in one test are what the test is about: nobody leaks a collection.
    if found.len() > 1 && found.iter().all(|(line, _)| is_tame(source, *line)) {
        return Vec::new();
    }
    found.into_iter().map(|(number, (what, secret))| report(source, number, what, secret)).collect()
}

/// True where the file keeps keys of this kind already: an application that has to ship its clients' keys.
fn is_customary(source: &Source, added: &[(u32, &str)], what: &str) -> bool {
    let is_new = |line: u32| added.iter().any(|(number, _)| *number == line);
    let old = source.numbered_lines().filter(|(number, line)| line.len() < 4000 && !is_new(*number));
    what == WEAK
        && old.filter_map(|(number, line)| secret(source, number, line)).any(|(other, _)| other == what)
}

/// A name and a value without a vendor's mark.
const WEAK: &str = "password or key";

/// Texts that show what a secret looks like more often than they hold one.
fn is_tame(source: &Source, line: u32) -> bool {
    matches!(source.role, Role::Test | Role::Docs | Role::Example) || line >= source.own_tests_start()
}

fn secret<'a>(source: &Source, number: u32, line: &'a str) -> Option<(&'static str, &'a str)> {
    SHAPES.iter().find_map(|shape| {
        let captures = shape.pattern.captures(line)?;
        let found = captures.get(1).or_else(|| captures.get(0))?.as_str();
        let tame = is_tame(source, number);
        let weak_shape = matches!(shape.what, WEAK | "JSON web token" | "private key");
        let real = entropy(found) >= shape.entropy && !is_placeholder(found) && !(tame && weak_shape);
        let carried = shape.what != "private key" || carries_key(source, line);
        (real && carried).then_some((shape.what, found))
    })
}

/// A header alone is a constant of a parser; a key has lines of base64 below or behind it.
fn carries_key(source: &Source, header: &str) -> bool {
    let encoded = |text: &str| {
        let text = text.trim().trim_matches(['"', '\'', ',', '\\', '+', ' ']).trim_end_matches("\\n");
        text.len() >= 40 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='))
    };
    let below = source
        .numbered_lines()
        .skip_while(|(_, line)| *line != header)
        .skip(1)
        .take(4)
        .any(|(_, line)| encoded(line));
    let behind = header.split("-----").nth(2).is_some_and(|rest| rest.split("\\n").any(encoded));
    below || behind
}

fn is_placeholder(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "example",
        "placeholder",
        "xxxx",
        "your",
        "dummy",
        "sample",
        "changeme",
        "redacted",
        "1234567890",
        "abcdefgh",
        "fake",
        "0000000",
        "test",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Shannon entropy in bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

fn report(source: &Source, line: u32, what: &'static str, secret: &str) -> Raised {
    let shown = if what == "private key" {
        "a private key".to_owned()
    } else {
        format!("`{}…`", secret.chars().take(4).collect::<String>())
    };
    let mut raised = raise(
        source,
        Spotted {
            rule: SECRET,
            // On real changes these were keys of tests and of clients: it ranks first, but nobody is stopped by it.
            severity: Severity::Suggestion,
            category: "security",
            line,
            title: format!("What looks like a real {what} is committed in `{}`", source.path),
            problem: format!(
                "Line {line} holds {shown} ({} characters), which has the shape and the randomness of a real {what}. \
                 Once merged it is in the history for everybody who can read the repository, even if a later commit \
                 removes it. It is not repeated here.",
                secret.len()
            ),
            fix: "Revoke it, take it out of the branch's history before merging, and read it from the environment \
                  or a secret store instead."
                .to_owned(),
            patch: None,
            rank: 9.0,
            consequence: "Everybody who can read the repository can use the secret.",
        },
    );
    for place in &mut raised.finding.locations {
        redact(place, line, secret);
    }
    raised
}

/// Quotes only neighbouring lines: an altered quote would not be found in the file.
fn redact(place: &mut model::DocumentLocation, line: u32, secret: &str) {
    place.start = Some(line);
    place.end = Some(line);
    place.quote = None;
    debug_assert!(!place.path.contains(secret));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<Raised> {
        let source = Source::new(path.into(), text);
        let added: Vec<(u32, &str)> = source.numbered_lines().collect();
        find(&source, &added)
    }

    #[test]
    fn real_looking_keys_are_reported_without_repeating_them() {
        let key = ["AKIA", "Q3EGR7XZ2LTWMP4B"].concat();
        let raised = found("src/a.py", &format!("KEY = \"{key}\"\n"));
        assert_eq!(raised.len(), 1);
        assert!(!serde_json::to_string(&raised[0].finding).expect("is JSON").contains(&key));
    }

    #[test]
    fn tests_of_tokens_hold_tokens() {
        let token = |end: &str| {
            format!("'{}{}{end}',\n", ["gh", "p_"].concat(), "n3K9wQ2eL5bV8mY1pX4cZ7aR0fT6sH3uJ8")
        };
        let one = found("tests/io_test.py", &token("oI"));
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].finding.severity, Severity::Suggestion);
        assert_eq!(found("tests/io_test.py", &(token("oI") + &token("kU"))).len(), 0);
        assert_eq!(found("src/io.py", &(token("oI") + &token("kU"))).len(), 2);
    }

    #[test]
    fn a_file_that_ships_such_keys_gets_another() {
        let line = |end: &str| format!("\"client_secret\": \"n3K9wQ2eL5bV8mY1pX4cZ7aR0fT6sH3uJ8{end}\",\n");
        let text = line("oI") + &line("kU");
        let source = Source::new("src/services.py".into(), &text);
        let all: Vec<(u32, &str)> = source.numbered_lines().collect();
        assert_eq!(find(&source, &all[1..]).len(), 0);
        assert_eq!(find(&source, &all).len(), 2, "the first ones are new");
    }

    #[test]
    fn placeholders_words_and_headers_are_silent() {
        for text in [
            "KEY = \"AKIAIOSFODNN7EXAMPLE\"",
            "password = \"correct-horse-battery-staple\"",
            "if line == \"-----BEGIN PRIVATE KEY-----\":",
            "token = \"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
            "api_key = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        ] {
            assert_eq!(found("src/a.py", text).len(), 0, "{text}");
        }
    }

    #[test]
    fn a_key_with_a_body_is_a_key() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ";
        let key = format!("-----BEGIN PRIVATE KEY-----\n{body}\n");
        assert_eq!(found("deploy/key.pem", &key).len(), 1);
        let own = format!(
            "pub fn read() {{}}\n\n#[cfg(test)]\nmod tests {{\n    const KEY: &str = \"{}\";\n}}\n",
            key.replace('\n', "\\n")
        );
        assert_eq!(found("src/key.rs", &own).len(), 0, "a file's own tests");
        assert_eq!(found("src/key.rs", &own.replace("#[cfg(test)]\nmod tests", "mod keys")).len(), 1);
    }
}
