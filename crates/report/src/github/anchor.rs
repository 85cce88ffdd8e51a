//! Where an inline comment may stand.
//!
//! In: a finding and the change. Out: lines of one hunk on one side. Never a line that the forge does not show.

use model::{DiffLine, FileDiff, Finding, Location, Side};

/// Lines of one hunk that a comment is put on.
#[derive(Debug)]
pub(super) struct Anchor<'a> {
    /// The file as the forge names it: its path at head, for a deleted file the one at the base.
    pub(super) path: &'a str,
    /// `RIGHT` for the reviewed commit, `LEFT` for the merge base.
    pub(super) side: &'static str,
    /// First line, 1-based.
    pub(super) start: u32,
    /// Last line, inclusive; in the same hunk.
    pub(super) end: u32,
    /// The lines of the hunk.
    pub(super) hunk: &'a [DiffLine],
}

/// The first of the finding's places that touches a hunk, narrowed to the lines inside it.
pub(super) fn on_the_change<'a>(finding: &Finding, diff: &'a [FileDiff]) -> Option<Anchor<'a>> {
    finding.locations.iter().find_map(|location| in_a_hunk(location, diff))
}

fn in_a_hunk<'a>(location: &Location, diff: &'a [FileDiff]) -> Option<Anchor<'a>> {
    let start = location.start.filter(|start| *start > 0)?;
    let end = location.end.unwrap_or(start).max(start);
    let file = diff.iter().find(|file| match location.side {
        Side::Head => file.path == location.path,
        Side::Base => file.old_path.as_ref().unwrap_or(&file.path) == &location.path,
    })?;
    file.hunks.iter().find_map(|hunk| {
        let inside = |line: &DiffLine| number(line, location.side).filter(|at| (start..=end).contains(at));
        let lines: Vec<u32> = hunk.lines.iter().filter_map(inside).collect();
        Some(Anchor {
            path: file.path.as_str(),
            side: if location.side == Side::Head { "RIGHT" } else { "LEFT" },
            start: *lines.first()?,
            end: *lines.last()?,
            hunk: &hunk.lines,
        })
    })
}

/// The line's number on a side, where it stands there.
fn number(line: &DiffLine, side: Side) -> Option<u32> {
    match side {
        Side::Head => line.new_line,
        Side::Base => line.old_line,
    }
}
