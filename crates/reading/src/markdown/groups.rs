//! Findings that stand below the name of their file: `### src/a.rs`, then `- Line 12: …`.
//!
//! In: blocks with their sections. Out: for each block, whether it names a file for what follows, or stands below such a
//! name. Never takes a path for a name of a group unless lines without a path follow it.

use super::block::{Block, Shape};
use super::header::is_decoration;
use super::inline::{Part, pieces};
use super::outline::Outline;
use super::places::{line_reference, place_list};
use super::source::Source;
use crate::location::Paths;

/// What a block is to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing.
    Outside,
    /// It names the file.
    Head,
    /// It stands below the file of this number.
    Member(usize),
}

/// The groups of a document.
pub(super) struct Groups {
    roles: Vec<Role>,
    files: Vec<String>,
}

impl Groups {
    /// Finds them.
    pub(super) fn new(
        blocks: &[Block<'_>],
        outline: &Outline,
        source: &Source<'_>,
        paths: Paths<'_>,
    ) -> Self {
        let mut groups = Self { roles: Vec::with_capacity(blocks.len()), files: Vec::new() };
        let mut open: Option<usize> = None;
        for (at, block) in blocks.iter().enumerate() {
            let new_region = at > 0 && outline.regions[at] != outline.regions[at - 1];
            if new_region || matches!(block.shape, Shape::Heading(_)) {
                open = None;
            }
            let next = blocks.get(at + 1).filter(|_| outline.regions.get(at + 1) == outline.regions.get(at));
            let role = if let Some(file) = head(block, source, paths)
                .filter(|_| outline.announcements[at].is_none() && next.is_some_and(leads_with_lines))
            {
                groups.files.push(file);
                open = Some(groups.files.len() - 1);
                Role::Head
            } else {
                open.map_or(Role::Outside, Role::Member)
            };
            groups.roles.push(role);
        }
        groups
    }

    /// What a block is.
    pub(super) fn role(&self, block: usize) -> Role {
        self.roles[block]
    }

    /// The file of a number.
    pub(super) fn file(&self, number: usize) -> &str {
        &self.files[number]
    }
}

/// A text block whose first words are lines of a file.
fn leads_with_lines(block: &Block<'_>) -> bool {
    block.shape == Shape::Paragraph && block.quotes == 0 && line_reference(&pieces(block.node, 24)).is_some()
}

/// The path, where a block is nothing but one: `### src/a.rs`, `**src/a.rs** (2)`, `In @src/a.rs:`.
fn head(block: &Block<'_>, source: &Source<'_>, paths: Paths<'_>) -> Option<String> {
    if block.shape == Shape::Html && block.quotes == 0 {
        return html_head(&source.slice(block.first, block.last), paths);
    }
    let is_text = matches!(block.shape, Shape::Paragraph | Shape::Heading(_));
    if !is_text || block.quotes > 0 || block.first != block.last || source.line(block.first).len() > 300 {
        return None;
    }
    let all = pieces(block.node, 24);
    let start =
        all.iter().take_while(|piece| is_decoration(piece) || piece.is("In") || piece.is("File:")).count();
    let mut found = Vec::new();
    let used = place_list(&all[start..], &mut found, paths);
    let [only] = found.as_slice() else { return None };
    if only.start.is_some() || only.symbol.is_some() {
        return None;
    }
    let mut inside = false;
    let is_rest = all[start + used..].iter().all(|piece| {
        inside = (inside || piece.is("(")) && !piece.is(")");
        inside || piece.is(")") || piece.is_separator() || piece.part == Part::Break
    });
    is_rest.then(|| only.path.clone())
}

/// `<summary>src/a.rs (2)</summary><blockquote>`.
fn html_head(html: &str, paths: Paths<'_>) -> Option<String> {
    if html.len() > 400 {
        return None;
    }
    let mut words = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                words.push(' ');
            }
            c if !inside => words.push(c),
            _ => {}
        }
    }
    let path = words.split('(').next()?.trim();
    let mut found = crate::location::places(path, true, paths)?;
    (found.len() == 1 && found[0].start.is_none()).then(|| found.remove(0).path)
}
