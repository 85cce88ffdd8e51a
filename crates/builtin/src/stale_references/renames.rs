//! What became of a name, as far as the diff shows it.
//!
//! In: the changed lines. Out: for an old word the new word that stands in its place. A guess is marked as such; only
//! what the diff itself did again and again, or did to the declaration, is certain.

use std::collections::{BTreeMap, HashMap};

use crate::context::{Context, line_pairs};

/// The word that took another one's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub(crate) text: String,
    /// True where writing the new word is surely right.
    pub(crate) certain: bool,
    /// Lines on which the change wrote it.
    pub(crate) lines: usize,
}

/// Words that edits exchanged for others, with the number of lines where they did.
#[derive(Debug, Default)]
pub(crate) struct Renames {
    words: HashMap<String, BTreeMap<String, usize>>,
}

/// Two edits on one line are an edit, more are a rewrite.
const MOST_EXCHANGES: usize = 3;

impl Renames {
    /// Reads the changed lines.
    pub(crate) fn of(context: &Context<'_>) -> Self {
        let mut renames = Self::default();
        for file in context.changed() {
            for (old, new) in line_pairs(file) {
                renames.learn(&narrow(&old.text), &narrow(&new.text));
                renames.learn(&wide(&old.text), &wide(&new.text));
            }
        }
        renames
    }

    fn learn(&mut self, old: &[&str], new: &[&str]) {
        if old.len() != new.len() || old.is_empty() || old.len() > 80 {
            return;
        }
        let mut exchanged: Vec<(&str, &str)> =
            old.iter().zip(new).filter(|(old, new)| old != new).map(|(old, new)| (*old, *new)).collect();
        exchanged.sort_unstable();
        exchanged.dedup();
        let consistent = exchanged.windows(2).all(|pair| pair[0].0 != pair[1].0);
        if exchanged.len() > MOST_EXCHANGES || !consistent {
            return;
        }
        for (old, new) in exchanged {
            *self.words.entry(old.to_owned()).or_default().entry(new.to_owned()).or_default() += 1;
        }
    }

    /// The word that took the place of `old`, among those that `fits` accepts.
    pub(crate) fn replacement(&self, old: &str, fits: impl Fn(&str) -> bool) -> Option<Replacement> {
        let words = self.words.get(old)?;
        let all: usize = words.values().sum();
        let (new, votes) = words
            .iter()
            .filter(|(new, _)| fits(new))
            .max_by_key(|(new, votes)| (**votes, std::cmp::Reverse(*new)))?;
        // Every line is read twice: with narrow and with wide words.
        Some(Replacement { text: new.clone(), certain: *votes * 5 >= all * 4, lines: votes.div_ceil(2) })
    }

    /// On how many lines the change wrote `new` where `old` stood.
    pub(crate) fn votes(&self, old: &str, new: &str) -> usize {
        self.words.get(old).and_then(|words| words.get(new)).copied().unwrap_or(0)
    }
}

fn narrow(line: &str) -> Vec<&str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect()
}

/// Words with the dashes, dots and slashes within them: flags, keys, paths.
fn wide(line: &str) -> Vec<&str> {
    line.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')))
        .map(|word| word.trim_end_matches(['.', '/']))
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    #[test]
    fn a_word_exchanged_everywhere_is_a_certain_rename() {
        let change = MemoryChange::new(
            &[("a.go", "x := oldName(1)\nkeep()\ny := oldName(2)\nother(3)\n")],
            &[("a.go", "x := newName(1)\nkeep()\ny := newName(2)\nother(4)\n")],
        );
        let settings = Settings::default();
        let renames = Renames::of(&Context::new(&change, &settings));
        let found = renames.replacement("oldName", |_| true);
        assert_eq!(found, Some(Replacement { text: "newName".into(), certain: true, lines: 2 }));
        assert_eq!(renames.votes("oldName", "newName"), 4, "two lines, each read with narrow and wide words");
        assert_eq!(renames.replacement("keep", |_| true), None);
    }
}
