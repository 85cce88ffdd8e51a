//! The edits of a change as blocks.
//!
//! In: a file's diff. Out: runs of removed and added lines with what stands around them. Never joins two runs.

use model::{FileDiff, LineKind};

/// One run of changed lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// Removed lines, by number at the merge base.
    pub(crate) removed: Vec<u32>,
    /// Added lines, by number at head.
    pub(crate) added: Vec<u32>,
    /// The line of the merge base before the run; 0 at the top.
    pub(crate) base_before: u32,
    /// The line of head before the run; 0 at the top.
    pub(crate) head_before: u32,
}

/// The runs of one file, in order.
pub(crate) fn blocks(file: &FileDiff) -> Vec<Block> {
    let mut found = Vec::new();
    for hunk in &file.hunks {
        let (mut base, mut head) = (hunk.old_start.saturating_sub(1), hunk.new_start.saturating_sub(1));
        let mut block: Option<Block> = None;
        for line in &hunk.lines {
            base = line.old_line.unwrap_or(base);
            head = line.new_line.unwrap_or(head);
            if line.kind == LineKind::Context {
                found.extend(block.take());
                continue;
            }
            let open = block.get_or_insert_with(|| Block {
                base_before: if line.kind == LineKind::Removed { base.saturating_sub(1) } else { base },
                head_before: if line.kind == LineKind::Added { head.saturating_sub(1) } else { head },
                ..Block::default()
            });
            match line.kind {
                LineKind::Removed => open.removed.extend(line.old_line),
                _ => open.added.extend(line.new_line),
            }
        }
        found.extend(block);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Change as _;
    use crate::memory::MemoryChange;

    #[test]
    fn runs_know_the_lines_before_them() {
        let change = MemoryChange::new(&[("a", "1\n2\n3\n4\n5\n")], &[("a", "1\ntwo\n3\n4\nnew\n5\n")]);
        let found = blocks(&change.diff()[0]);
        let told: Vec<_> = found
            .iter()
            .map(|b| (b.removed.clone(), b.added.clone(), b.base_before, b.head_before))
            .collect();
        assert_eq!(told, [(vec![2], vec![2], 1, 1), (vec![], vec![5], 4, 4)]);
    }
}
