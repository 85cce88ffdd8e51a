//! A fix as a block that the author applies with one click.
//!
//! In: a finding and where its comment stands. Out: the block and the lines it replaces. Never a guess: the patch must be known
//! to apply, be one small edit of the commented file, and the lines it replaces must stand in the hunk as the patch says.

use model::{DiffLine, Finding};

use super::anchor::Anchor;
use crate::edits::{Replacement, plain_edits};
use crate::safe::is_unsafe;
use crate::words::longest_run;

/// Longer edits are better read as a diff.
const MOST_LINES: usize = 10;

/// A suggestion block.
#[derive(Debug)]
pub(super) struct Suggestion {
    /// First line it replaces.
    pub(super) start: u32,
    /// Last line it replaces.
    pub(super) end: u32,
    /// The block.
    pub(super) text: String,
}

/// The fix as a suggestion, where it can be one.
pub(super) fn in_hunk(finding: &Finding, anchor: &Anchor<'_>) -> Option<Suggestion> {
    let fix = finding.fix.as_ref().filter(|fix| fix.applies == Some(true))?;
    let edits = plain_edits(fix.patch.as_deref()?)?;
    let [file] = edits.as_slice() else { return None };
    let [hunk] = file.replacements.as_slice() else { return None };
    if file.path != anchor.path || anchor.side != "RIGHT" {
        return None;
    }
    let edit = hunk.clone().narrowed();
    let is_small = edit.new.len() <= MOST_LINES && edit.old.len() <= MOST_LINES;
    let is_plain = edit.new.iter().all(|line| !line.chars().any(|c| c != '\t' && is_unsafe(c)));
    let touches = edit.start <= anchor.end.saturating_add(3) && anchor.start <= edit.end().saturating_add(3);
    (is_small && is_plain && touches && stands(&edit, anchor.hunk)).then(|| Suggestion {
        start: edit.start,
        end: edit.end(),
        text: fence(&edit.new),
    })
}

/// Whether the replaced lines are lines of the hunk, word for word.
fn stands(edit: &Replacement<'_>, hunk: &[DiffLine]) -> bool {
    let text_at = |at: u32| hunk.iter().find(|line| line.new_line == Some(at)).map(|line| line.text.as_str());
    (edit.start..).zip(&edit.old).all(|(at, old)| text_at(at).is_some_and(|text| text == *old))
}

fn fence(lines: &[&str]) -> String {
    let text = lines.join("\n");
    let ticks = "`".repeat(longest_run(&text, '`').max(2) + 1);
    format!("{ticks}suggestion\n{text}\n{ticks}")
}
