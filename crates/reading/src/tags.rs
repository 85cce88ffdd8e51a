//! Tags of a finding: `(important, regression)`, `[CRITICAL]`, `Classification: gap`.
//!
//! In: the words of one group. Out: what they say, or `None` where the group says something else. Never guesses from
//! running text.

use model::{DesignScope, Kind, Severity};

use crate::words;

/// What a group of tags says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tags {
    /// The severity with the word that said it.
    pub(crate) severity: Option<(Severity, String)>,
    /// The kind.
    pub(crate) kind: Option<Kind>,
    /// Now or later.
    pub(crate) scope: Option<DesignScope>,
    /// Correctness, robustness…
    pub(crate) category: Option<String>,
    /// Taken back.
    pub(crate) withdrawn: bool,
}

impl Tags {
    /// True where nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Keeps what is there, adds what is new.
    pub(crate) fn fill(&mut self, other: Self) {
        self.severity = self.severity.take().or(other.severity);
        self.kind = self.kind.or(other.kind);
        self.scope = self.scope.or(other.scope);
        self.category = self.category.take().or(other.category);
        self.withdrawn |= other.withdrawn;
    }
}

/// Reads a group whose every entry is a tag; one unknown entry is a category where a severity stands beside it.
pub(crate) fn group(text: &str) -> Option<Tags> {
    let text =
        text.trim().trim_matches(['(', ')', '[', ']', '*', '_', '`', ' ', '.', '{', '}']).to_lowercase();
    if text.is_empty() || text.len() > 120 {
        return None;
    }
    let mut tags = Tags::default();
    let mut unknown = Vec::new();
    for entry in text
        .split([',', ';', '/', '|', '·', '+', '&'])
        .flat_map(|part| part.split(" - "))
        .flat_map(|part| part.split(" — "))
    {
        let entry = entry.trim().trim_matches(['`', '*', '_', ' ', '(', ')', '[', ']']);
        let entry = strip_name(entry);
        if entry.is_empty() {
            continue;
        }
        if let Some(level) = words::severity(entry) {
            tags.severity.get_or_insert((level, entry.to_owned()));
        } else if let Some(scope) = words::scope(entry) {
            tags.scope.get_or_insert(scope);
        } else if entry.split(' ').count() <= 3 && words::kind(entry).is_some() {
            tags.kind = tags.kind.or(words::kind(entry));
        } else if matches!(entry, "withdrawn" | "retracted" | "self-withdrawn" | "dropped") {
            tags.withdrawn = true;
        } else if words::is_category(entry) {
            tags.category.get_or_insert(entry.to_owned());
        } else if !is_neutral(entry) {
            unknown.push(entry.to_owned());
        }
    }
    let says = tags.severity.is_some() || tags.kind.is_some() || tags.scope.is_some() || tags.withdrawn;
    match unknown.as_slice() {
        [] if says => Some(tags),
        [word] if tags.severity.is_some() && word.split(' ').count() <= 2 => {
            tags.category.get_or_insert(word.clone());
            Some(tags)
        }
        _ => None,
    }
}

/// True for a group that says nothing we keep: `(confidence: 80 %)`, `(new)`.
pub(crate) fn is_noise(text: &str) -> bool {
    let text = text.trim().trim_matches(['(', ')', '[', ']', '*', '_', '`', ' ']).to_lowercase();
    !text.is_empty() && text.len() < 60 && text.split([',', ';']).all(|entry| is_neutral(entry.trim()))
}

/// Reads the value of a `Classification:` or `Severity:` line, where words may follow the tag.
pub(crate) fn value(text: &str) -> Tags {
    if let Some(tags) = group(text) {
        return tags;
    }
    let mut tags = Tags::default();
    let lower = text.to_lowercase();
    let head = lower.split(['(', '—', '.', ':']).next().unwrap_or_default();
    for word in
        head.split(|c: char| !(c.is_alphanumeric() || c == '-')).filter(|word| !word.is_empty()).take(6)
    {
        if tags.severity.is_none() {
            tags.severity = words::severity(word).map(|level| (level, word.to_owned()));
        }
        tags.kind = tags.kind.or_else(|| words::kind(word));
    }
    // `IMPORTANT (regression)`
    if let Some(aside) = lower.split_once('(').and_then(|(_, rest)| group(rest.split(')').next()?)) {
        tags.fill(aside);
    }
    tags
}

fn strip_name(entry: &str) -> &str {
    for name in ["severity", "kind", "class", "classification", "type", "priority", "category"] {
        if let Some(rest) = entry.strip_prefix(name)
            && let Some(rest) = rest.trim_start().strip_prefix([':', '='])
        {
            return rest.trim();
        }
    }
    entry
}

/// Words that stand in tag groups and say nothing we keep.
fn is_neutral(entry: &str) -> bool {
    entry.starts_with("confidence")
        || entry.ends_with("confidence")
        || matches!(
            entry,
            "new"
                | "introduced"
                | "pre-existing"
                | "preexisting"
                | "newly introduced"
                | "existing"
                | "verified"
                | "confirmed"
                | "unchanged"
                | "pass 1"
                | "pass 2"
                | "worsened"
                | "recurring"
                | "plausible"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_tags_is_read_in_any_dress() {
        for text in [
            "(important, regression)",
            "*(important, regression)*",
            "`important, regression`",
            "[Important / Regression]",
        ] {
            let tags = group(text).unwrap_or_default();
            assert_eq!(tags.severity.map(|said| said.0), Some(Severity::Important), "{text}");
            assert_eq!(tags.kind, Some(Kind::Regression), "{text}");
        }
    }

    #[test]
    fn an_unknown_word_beside_a_severity_is_a_category() {
        let tags = group("(suggestion, defensive coding)").unwrap_or_default();
        assert_eq!(tags.category.as_deref(), Some("defensive coding"));
        assert_eq!(group("(suggestion, important design gap)").unwrap_or_default().kind, Some(Kind::Gap));
    }

    #[test]
    fn words_in_brackets_are_not_tags_by_themselves() {
        for text in ["(see I1)", "(entire file)", "(the important one)", "()"] {
            assert_eq!(group(text), None, "{text}");
        }
    }

    #[test]
    fn a_classification_may_be_followed_by_words() {
        let tags = value("regression (introduced by `cf27c08`)");
        assert_eq!(tags.kind, Some(Kind::Regression));
        assert_eq!(value("IMPORTANT (regression)").kind, Some(Kind::Regression));
        assert_eq!(value("High — users lose data").severity.map(|said| said.0), Some(Severity::Important));
    }
}
