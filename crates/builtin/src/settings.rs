//! What a caller may choose.
//!
//! In: nothing. Out: [`Settings`] with useful defaults, and whether a rule or path is chosen by its patterns.

use std::collections::BTreeMap;

use model::RepoPath;

/// The choices of one review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Rules that run, as patterns over rule ids (`hygiene/*`); empty and `*` mean all that are right often enough to run
    /// by default.
    pub enable: Vec<String>,
    /// Rules that do not run; wins over `enable`. `RULE@PATH` or
    /// `RULE@PATH: REASON` silences a rule for files of that pattern only.
    pub disable: Vec<String>,
    /// Files reviewed lightly because machines write them, as patterns over paths.
    pub trivial: Vec<String>,
    /// Suggestions shown; the rest is counted.
    pub suggestions: usize,
    /// Places named in one finding; the rest is counted.
    pub places: usize,
    /// Names looked up in the tree, the likeliest first.
    pub needles: usize,
    /// Lines taken from the search for each name.
    pub hits: usize,
    /// Binary files from this size on are remarked on, in bytes.
    pub large_binary: usize,
    /// Sizes of the binary files at head that are known, in bytes.
    pub sizes: BTreeMap<RepoPath, usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enable: Vec::new(),
            disable: Vec::new(),
            trivial: Vec::new(),
            suggestions: 15,
            places: 6,
            needles: 1200,
            hits: 400,
            large_binary: 1 << 20,
            sizes: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// True where the rule runs.
    pub fn runs(&self, rule: &str) -> bool {
        let default =
            crate::RULES.iter().find(|known| known.id == rule).is_none_or(crate::Rule::runs_by_default);
        self.runs_guest(rule, default)
    }

    /// True where a rule that is not one of ours runs, given whether it does so by default.
    pub fn runs_guest(&self, rule: &str, default: bool) -> bool {
        let everything = self.enable.is_empty()
            || self.enable.iter().any(|pattern| matches!(pattern.as_str(), "*" | "**"));
        (self.names(rule) || (everything && default))
            && !self.disable.iter().any(|pattern| matches(pattern, rule))
    }

    /// True where a setting asks for this very rule or its family.
    pub(crate) fn names(&self, rule: &str) -> bool {
        self.enable.iter().any(|pattern| !matches!(pattern.as_str(), "*" | "**") && matches(pattern, rule))
    }

    /// The reason of the setting that silences the rule for this file, empty where it gives none.
    pub(crate) fn silencing(&self, rule: &str, path: &str) -> Option<&str> {
        self.disable.iter().find_map(|entry| {
            let (pattern, rest) = entry.split_once('@')?;
            let (paths, reason) = rest.split_once(": ").unwrap_or((rest, ""));
            (matches(pattern.trim(), rule) && matches(paths.trim(), path)).then_some(reason.trim())
        })
    }

    /// True where the file is reviewed lightly.
    pub(crate) fn is_trivial(&self, path: &RepoPath) -> bool {
        self.trivial.iter().any(|pattern| {
            let anywhere = !pattern.contains('/');
            matches(pattern, if anywhere { path.file_name() } else { path.as_str() })
        })
    }
}

/// Compares with a pattern where `*` stands for anything within one path component, `**` for anything.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    fn at(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', b'*', b'/', rest @ ..] => {
                at(rest, text)
                    || (0..text.len()).any(|index| text[index] == b'/' && at(rest, &text[index + 1..]))
            }
            [b'*', b'*', rest @ ..] => (0..=text.len()).any(|index| at(rest, &text[index..])),
            [b'*', rest @ ..] => {
                let reach = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
                (0..=reach).any(|index| at(rest, &text[index..]))
            }
            [b'?', rest @ ..] => !text.is_empty() && text[0] != b'/' && at(rest, &text[1..]),
            [first, rest @ ..] => text.first() == Some(first) && at(rest, &text[1..]),
        }
    }
    at(pattern.as_bytes(), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_components_and_folders() {
        for (pattern, text, expected) in [
            ("hygiene/*", "hygiene/secret", true),
            ("hygiene/*", "stale-reference/flag", false),
            ("*", "hygiene/secret", false),
            ("**", "hygiene/secret", true),
            ("**/gen/*.go", "a/b/gen/x.go", true),
            ("**/gen/*.go", "gen/x.go", true),
            ("*.lock", "Cargo.lock", true),
            ("a?c", "abc", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_disabled_rule_does_not_run_even_where_it_is_enabled() {
        let settings = Settings {
            enable: vec!["hygiene/*".into()],
            disable: vec!["hygiene/secret".into()],
            ..Settings::default()
        };
        assert!(settings.runs("hygiene/conflict-marker"));
        assert!(!settings.runs("hygiene/secret"));
        assert!(!settings.runs("stale-reference/flag"));
    }
}
