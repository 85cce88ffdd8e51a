//! Edits of a tree with their truth.

use super::random::Random;
use super::tree::{Line, Tree, function, functions, statement};

fn pick(random: &mut Random, tree: &Tree) -> String {
    let at = random.below(tree.len());
    tree.keys().nth(at).expect("a file").clone()
}

/// New statements in the middle of a function.
pub(crate) fn insert(random: &mut Random, tree: &mut Tree) {
    let path = pick(random, tree);
    let lines = tree.get_mut(&path).expect("the file");
    let spans = functions(lines);
    let (start, end) = spans[random.below(spans.len())];
    let at = random.between(start + 1, end - 2);
    let added: Vec<Line> =
        (0..random.between(1, 5)).map(|_| Line { text: statement(random), new: true }).collect();
    lines.splice(at..at, added);
}

/// A new function.
pub(crate) fn insert_function(random: &mut Random, tree: &mut Tree) {
    let path = pick(random, tree);
    let added = function(random, true);
    let lines = tree.get_mut(&path).expect("the file");
    let spans = functions(lines);
    let at = spans[random.below(spans.len())].0;
    lines.splice(at..at, added);
}

/// Some statements less.
pub(crate) fn delete(random: &mut Random, tree: &mut Tree) {
    let path = pick(random, tree);
    let lines = tree.get_mut(&path).expect("the file");
    let at = random.below(lines.len().saturating_sub(12));
    lines.drain(at..at + random.between(1, 6));
}

/// A statement written anew.
pub(crate) fn edit(random: &mut Random, tree: &mut Tree) {
    let path = pick(random, tree);
    let lines = tree.get_mut(&path).expect("the file");
    let at: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].text.starts_with("    let ")).collect();
    let at = at[random.below(at.len())];
    lines[at] = Line { text: statement(random), new: true };
}

/// A file under another name.
pub(crate) fn rename(random: &mut Random, tree: &mut Tree) {
    let path = pick(random, tree);
    let lines = tree.remove(&path).expect("the file");
    let name = path.rsplit('/').next().expect("a name").to_owned();
    tree.insert(format!("src/moved{}/{name}", random.below(1000)), lines);
}

/// A function to another place of its file.
pub(crate) fn move_within(random: &mut Random, tree: &mut Tree) {
    let path = pick(random, tree);
    let lines = tree.get_mut(&path).expect("the file");
    let spans = functions(lines);
    let (start, end) = spans[random.below(spans.len())];
    let taken: Vec<Line> = lines.drain(start..end).collect();
    let spans = functions(lines);
    let at = spans[random.below(spans.len())].0;
    lines.splice(at..at, taken);
}

/// A function to another file.
pub(crate) fn move_across(random: &mut Random, tree: &mut Tree) {
    let (from, to) = (pick(random, tree), pick(random, tree));
    let lines = tree.get_mut(&from).expect("the file");
    let spans = functions(lines);
    let (start, end) = spans[random.below(spans.len())];
    let taken: Vec<Line> = lines.drain(start..end).collect();
    let lines = tree.get_mut(&to).expect("the other file");
    let at = functions(lines).first().map_or(0, |span| span.0);
    lines.splice(at..at, taken);
}

/// A function once more at the end of its file: its text is as old as what it was copied from.
pub(crate) fn copy(random: &mut Random, tree: &mut Tree) {
    let path = pick(random, tree);
    let lines = tree.get_mut(&path).expect("the file");
    let spans = functions(lines);
    let (start, end) = spans[random.below(spans.len())];
    let copied = lines[start..end].to_vec();
    lines.extend(copied);
}

/// A statement that reads like one that is there already: new all the same.
pub(crate) fn repeat(random: &mut Random, tree: &mut Tree) {
    let path = pick(random, tree);
    let lines = tree.get_mut(&path).expect("the file");
    let statements: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].text.len() > 30).collect();
    let from = statements[random.below(statements.len())];
    let spans = functions(lines);
    let (start, end) = spans[random.below(spans.len())];
    let at = random.between(start + 1, end - 2);
    // Right beside its twin nobody could tell which of the two is new.
    if at.abs_diff(from) > 3 {
        let text = lines[from].text.clone();
        lines.insert(at, Line { text, new: true });
    }
}

/// The statements of a function one level deeper.
pub(crate) fn indent(random: &mut Random, tree: &mut Tree) {
    let path = pick(random, tree);
    let lines = tree.get_mut(&path).expect("the file");
    let spans = functions(lines);
    let (start, end) = spans[random.below(spans.len())];
    for line in &mut lines[start + 1..end - 2] {
        line.text = format!("    {}", line.text);
    }
}
