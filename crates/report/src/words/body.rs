//! Takes the shown text of a finding apart: the quote that the excerpt repeats, the prose, the proposal.
//!
//! In: a finding. Out: [`Parts`], Markdown as written. Never changes a word; it only leaves out the quote where the
//! excerpt shows the same lines, so that no reader sees the code twice.

use comrak::nodes::NodeValue;
use comrak::{Arena, Options, parse_document};
use model::{Excerpt, Finding};

/// The text of a finding in its parts.
pub(crate) struct Parts {
    /// The mechanism, as Markdown.
    pub(crate) prose: String,
    /// What to do, as Markdown, without its label; a patch stands in a fence.
    pub(crate) fix: Option<String>,
}

/// Takes the text apart. A proposal inside the text wins over the separate one: it is the same in the reviewer's
/// own order.
pub(crate) fn parts(finding: &Finding) -> Parts {
    let (prose, told) = split_fix(&without_repeated_quote(&finding.body, finding.excerpt.as_ref()));
    let proposal = finding.fix.as_ref();
    let text = proposal.map_or("", |fix| fix.text.trim());
    let (prose, told) = match told {
        Some(fix) => (prose, Some(fix)),
        None if !text.is_empty() => (cut_out(&prose, text), Some(text.to_owned())),
        None => (prose, None),
    };
    let patch = proposal.and_then(|fix| fix.patch.as_deref()).map(str::trim_end).filter(|it| !it.is_empty());
    let shows = |text: &str, patch: &str| {
        ["```diff", "~~~diff", "```patch", patch.trim()].iter().any(|sign| text.contains(sign))
    };
    let fix = match (told, patch) {
        (Some(fix), Some(patch)) if !shows(&fix, patch) => Some(format!("{fix}\n\n{}", fence(patch))),
        (None, Some(patch)) if !shows(&prose, patch) => Some(fence(patch)),
        (told, _) => told,
    };
    Parts { prose: prose.trim().to_owned(), fix }
}

fn fence(patch: &str) -> String {
    let ticks = "`".repeat(longest_run(patch, '`').max(2) + 1);
    format!("{ticks}diff\n{patch}\n{ticks}")
}

/// The longest run of one character.
pub(crate) fn longest_run(text: &str, wanted: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn cut_out(prose: &str, fix: &str) -> String {
    match prose.find(fix) {
        Some(at) => format!("{}{}", &prose[..at], &prose[at + fix.len()..]),
        None => prose.to_owned(),
    }
}

/// Where the proposal starts: a paragraph that opens with a label.
fn split_fix(body: &str) -> (String, Option<String>) {
    let lines: Vec<&str> = body.lines().collect();
    let mut fenced: Option<&str> = None;
    for (at, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
        match fenced {
            None if ticks >= 3 => fenced = Some(&trimmed[..ticks]),
            Some(open) if trimmed.trim_end() == open => fenced = None,
            None => {
                if let Some(rest) = behind_label(line) {
                    let mut fix = vec![rest];
                    fix.extend(&lines[at + 1..]);
                    return (lines[..at].join("\n"), Some(fix.join("\n").trim().to_owned()));
                }
            }
            Some(_) => {}
        }
    }
    (body.to_owned(), None)
}

fn behind_label(line: &str) -> Option<&str> {
    ["Fix:", "**Fix:**", "**Fix**:", "*Fix:*", "Suggested fix:", "**Suggested fix:**", "**Suggested fix**:"]
        .into_iter()
        .find_map(|label| line.strip_prefix(label))
        .map(str::trim_start)
}

/// Leaves out an opening code block whose lines all stand in the excerpt.
fn without_repeated_quote(body: &str, excerpt: Option<&Excerpt>) -> String {
    let Some(excerpt) = excerpt else { return body.to_owned() };
    let arena = Arena::new();
    let root = parse_document(&arena, body, &Options::default());
    let Some(first) = root.first_child() else { return body.to_owned() };
    let data = first.data();
    let NodeValue::CodeBlock(block) = &data.value else { return body.to_owned() };
    if !block.fenced || !block.closed || block.info.starts_with("diff") || !repeats(&block.literal, excerpt) {
        return body.to_owned();
    }
    let lines: Vec<&str> = body.lines().collect();
    lines.get(data.sourcepos.end.line..).map_or(String::new(), |rest| rest.join("\n"))
}

fn repeats(quote: &str, excerpt: &Excerpt) -> bool {
    let collapse = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let have: Vec<String> = excerpt.lines.iter().map(|line| collapse(line)).collect();
    quote.lines().map(collapse).filter(|line| !line.is_empty()).all(|line| have.contains(&line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Fix;

    fn finding(body: &str, fix: Option<Fix>, lines: &[&str]) -> Finding {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        let excerpt = Some(Excerpt { lines, ..Excerpt::default() });
        Finding { body: body.into(), fix, excerpt, ..Finding::default() }
    }

    #[test]
    fn a_quote_that_the_excerpt_shows_is_left_out() {
        let given = finding("```rust\nlet a  = 1;\n```\n\nIt overflows.", None, &["    let a = 1;"]);
        assert_eq!(parts(&given).prose, "It overflows.");
    }

    #[test]
    fn a_quote_that_the_excerpt_lacks_stays() {
        let given = finding("```rust\nlet b = 2;\n```\n\nIt overflows.", None, &["let a = 1;"]);
        assert!(parts(&given).prose.starts_with("```rust\nlet b = 2;"));
    }

    #[test]
    fn the_proposal_in_the_text_is_told_once() {
        let fix = Fix { text: "Check first.".into(), patch: Some("-a\n+b\n".into()), applies: Some(true) };
        let given = finding("It overflows.\n\nFix: Check first.\n\n```diff\n-a\n+b\n```", Some(fix), &[]);
        let parts = parts(&given);
        assert_eq!(parts.prose, "It overflows.");
        assert_eq!(parts.fix.as_deref(), Some("Check first.\n\n```diff\n-a\n+b\n```"));
    }

    #[test]
    fn a_patch_without_words_is_fenced() {
        let fix = Fix { text: String::new(), patch: Some("-```\n+b\n".into()), applies: None };
        let given = finding("It overflows.", Some(fix), &[]);
        assert_eq!(parts(&given).fix.as_deref(), Some("````diff\n-```\n+b\n````"));
    }

    #[test]
    fn a_label_inside_code_is_no_proposal() {
        let given = finding("Text.\n\n```yaml\nFix: nothing\n```", None, &[]);
        assert!(parts(&given).fix.is_none());
    }
}
