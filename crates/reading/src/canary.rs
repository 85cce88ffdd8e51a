//! What became of the canary line of the prompt.
//!
//! In: the line that was sent and the answer. Out: echoed, altered or missing. Never looks at anything else in the
//! answer.

use model::Canary;

/// Looks for the canary in an answer. `field` is what the answer itself says the canary was.
pub(crate) fn check(sent: Option<&str>, field: Option<&str>, text: &str) -> Canary {
    let Some(sent) = sent.map(str::trim).filter(|sent| !sent.is_empty()) else {
        return Canary::NotApplicable;
    };
    if field.is_some_and(|field| field.trim() == sent)
        || spellings(sent).iter().any(|spelling| text.contains(spelling.as_str()))
    {
        return Canary::Echoed;
    }
    let nonce = nonce(sent);
    let kept = nonce.is_some_and(|nonce| text.contains(nonce));
    let alike = field.is_some_and(|field| {
        squeeze(field) == squeeze(sent) || field.contains(head(sent)) && head(sent).len() > 3
    });
    if kept || alike || has_alike_line(sent, text) { Canary::Altered } else { Canary::Missing }
}

/// The same line as JSON, Markdown and HTML would write it: the reviewer's spelling, not an alteration.
fn spellings(sent: &str) -> [String; 4] {
    let json = sent.replace('\\', "\\\\").replace('"', "\\\"");
    let markdown = sent.chars().fold(String::new(), |mut text, c| {
        if matches!(c, '"' | '$' | '@' | '*' | '_' | '`' | '<' | '>' | '#') {
            text.push('\\');
        }
        text.push(c);
        text
    });
    let html = sent.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
    [sent.to_owned(), json, markdown, html]
}

/// The part that no other prompt has: the longest run of at least six letters and digits with a digit in it.
fn nonce(sent: &str) -> Option<&str> {
    sent.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| part.len() >= 6 && part.bytes().any(|byte| byte.is_ascii_digit()))
        .max_by_key(|part| part.len())
}

fn head(sent: &str) -> &str {
    sent.split_whitespace().next().unwrap_or_default()
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
}

/// A line that begins like the canary, or equals it but for white space.
fn has_alike_line(sent: &str, text: &str) -> bool {
    let wanted = squeeze(sent);
    let head = head(sent);
    text.lines().filter(|line| line.len() <= sent.len() * 4 + 200).any(|line| {
        (head.len() > 5 && line.contains(head)) || (wanted.len() > 5 && squeeze(line).contains(&wanted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "dr-canary \"$@\" @test 7f3a9c21";

    #[test]
    fn the_line_to_the_letter_is_an_echo_however_it_is_escaped() {
        for text in [format!("Canary: {SENT}\n"), SENT.replace('"', "\\\""), SENT.replace('"', "&quot;")] {
            assert_eq!(check(Some(SENT), None, &text), Canary::Echoed, "{text}");
        }
        assert_eq!(check(Some(SENT), Some(SENT), "{…}"), Canary::Echoed);
    }

    #[test]
    fn an_expanded_or_spaced_line_was_altered() {
        for text in [
            "dr-canary \"$ @\" @test 7f3a9c21",
            "dr-canary \"$@\" @pkg/util/tail_test.go 7f3a9c21",
            "dr-canary \"$@\" @test",
        ] {
            assert_eq!(check(Some(SENT), None, text), Canary::Altered, "{text}");
        }
        assert_eq!(check(Some(SENT), Some("dr-canary \"$ @\" @test 7f3a9c21"), ""), Canary::Altered);
    }

    #[test]
    fn silence_is_missing_and_no_canary_is_no_question() {
        assert_eq!(check(Some(SENT), None, "## Findings\n\nNone."), Canary::Missing);
        assert_eq!(check(Some(SENT), Some("n/a"), "{}"), Canary::Missing);
        assert_eq!(check(None, None, "x"), Canary::NotApplicable);
    }
}
