//! What the change itself admits.
//!
//! In: comments in and near its hunks, messages of its commits. Out: the limitations they state. Never reads the author's
//! mind: only words that people use for known gaps count.

use std::sync::LazyLock;

use model::{Hunk, Limitation, LineKind, Location, RepoPath, Side};
use regex::Regex;

use crate::facts::Facts;
use crate::text::{is_comment, normalise, shorten};
use crate::view::FileView;

static ADMITS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:\bTODO\b|\bFIXME\b|\bXXX\b|\bHACK\b)|(?i:\bknown (?:limitation|issue|hazard|gap|bug)s?\b|\bdeliberate(?:ly)?\b|\bintentional(?:ly)?\b|\bon purpose\b|\b(?:not|isn't|is not) (?:yet )?(?:handled|supported|implemented|covered)(?: yet)?\b|\bout of scope\b|\bwork-?around\b|\bfor now\b|\bfollow-?up\b|\btrade-?off\b|\bbest[- ]effort\b)",
    )
    .expect("the pattern is fixed")
});
static TRAILING: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\s(//|#|/\*|--|<!--)\s?(?P<comment>\S.*)$").expect("the pattern is fixed"));

const AROUND: u32 = 10;
const PER_FILE: usize = 60;

/// The admitted limitations: code in the order of the diff, then commits in their order.
pub fn limitations(facts: &dyn Facts) -> Vec<Limitation> {
    let mut all = Vec::new();
    for file in facts.diff().iter().filter(|file| !file.binary && !file.hunks.is_empty()) {
        let Some(text) = facts.text(Side::Head, &file.path) else { continue };
        let view = FileView::new(&text.content, text.binary);
        let windows: Vec<(u32, u32)> =
            file.hunks.iter().map(|hunk| window(hunk, view.line_count())).collect();
        all.extend(in_file(&view, &file.path, &windows));
    }
    for commit in &facts.target().commits {
        all.extend(in_message(commit.sha.short(), &format!("{}\n\n{}", commit.subject, commit.body)));
    }
    all
}

// The changed lines of a hunk and ten more on either side.
fn window(hunk: &Hunk, last_line: u32) -> (u32, u32) {
    let changed = hunk.lines.iter().filter(|line| line.kind != LineKind::Context);
    let (first, last) = changed
        .filter_map(|line| line.new_line)
        .fold((u32::MAX, 0), |(first, last), line| (first.min(line), last.max(line)));
    let (first, last) = if last == 0 { (hunk.new_start, hunk.new_start) } else { (first, last) };
    (first.saturating_sub(AROUND).max(1), last.saturating_add(AROUND).min(last_line))
}

fn in_file(view: &FileView, path: &RepoPath, windows: &[(u32, u32)]) -> Vec<Limitation> {
    let mut found: Vec<Limitation> = Vec::new();
    let mut next = 1;
    for (first, last) in windows {
        let mut line = (*first).max(next);
        while line <= *last && found.len() < PER_FILE {
            let Some(comment) = comment_at(view, line).filter(|comment| ADMITS.is_match(comment)) else {
                line += 1;
                continue;
            };
            let (end, quote) = paragraph(view, line, comment);
            found.push(Limitation {
                source: "code".to_owned(),
                location: Some(Location {
                    path: path.clone(),
                    start: Some(line),
                    end: Some(end),
                    side: Side::Head,
                    verified: true,
                    ..Location::default()
                }),
                quote,
                reviewers: vec!["deep-review".to_owned()],
                finding: None,
            });
            line = end + 1;
        }
        next = line;
    }
    found
}

fn comment_at(view: &FileView, line: u32) -> Option<String> {
    let text = view.line(line)?;
    if is_comment(text) {
        return Some(bare(text));
    }
    let found = TRAILING.captures(text)?;
    Some(bare(found.name("comment")?.as_str()))
}

fn bare(comment: &str) -> String {
    let text = comment.trim().trim_start_matches(['/', '#', '*', '<', '!', '-', ';', '%']);
    normalise(text.trim_end_matches("*/").trim_end_matches("-->"))
}

// A comment that goes on in the next lines is one statement; it ends with the comment, a blank line or a full stop
// after some length.
fn paragraph(view: &FileView, start: u32, first: String) -> (u32, String) {
    let mut quote = first;
    let mut end = start;
    if !view.line(start).is_some_and(is_comment) {
        return (end, shorten(&quote, 300));
    }
    while quote.len() < 240 {
        let Some(next) = view.line(end + 1).filter(|line| is_comment(line)).map(bare) else { break };
        if next.is_empty() || quote.ends_with(['.', '!']) && quote.len() > 80 || ADMITS.is_match(&next) {
            break;
        }
        quote = format!("{quote} {next}");
        end += 1;
    }
    (end, shorten(&quote, 300))
}

fn in_message(sha: &str, message: &str) -> Vec<Limitation> {
    message
        .split("\n\n")
        .map(normalise)
        .flat_map(|paragraph| {
            paragraph
                .split_inclusive(". ")
                .map(str::trim)
                .filter(|it| ADMITS.is_match(it))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .take(20)
        .map(|sentence| Limitation {
            source: "commit".to_owned(),
            location: None,
            quote: format!("{sha}: {}", shorten(&sentence, 300)),
            reviewers: vec!["deep-review".to_owned()],
            finding: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    #[test]
    fn comments_near_hunks_and_commit_messages_are_collected_and_far_ones_are_not() {
        let filler = "x();\n".repeat(40);
        let base = format!("// FIXME: far away\n{filler}old();\n");
        let head = format!(
            "// FIXME: far away\n{filler}new(); // HACK: until the parser lands\n// Known limitation: links\n// are not followed.\n"
        );
        let mut memory = Memory::new(&[("a.rs", &base)], &[("a.rs", &head)]);
        memory.target.commits[0].body = "Renames work. Copies are not yet handled.".to_owned();
        let found = limitations(&memory);
        let quotes: Vec<&str> = found.iter().map(|limitation| limitation.quote.as_str()).collect();
        assert_eq!(
            quotes,
            [
                "HACK: until the parser lands",
                "Known limitation: links are not followed.",
                "cccccccc: Copies are not yet handled.",
            ]
        );
        let place = found[1].location.as_ref().expect("a place");
        assert_eq!((place.start, place.end), (Some(43), Some(44)));
    }

    #[test]
    fn code_that_only_contains_the_words_admits_nothing() {
        let memory = Memory::new(&[], &[("a.rs", "let todo = TODO;\nprint(\"out of scope\");\n")]);
        assert!(limitations(&memory).is_empty());
    }
}
