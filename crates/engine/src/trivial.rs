//! Which changed files are generated or mechanical.
//!
//! In: the patterns of `review.trivial`. Out: yes or no for a path. Never looks at content.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Patterns, ready to match.
pub(crate) struct Patterns(GlobSet);

impl Patterns {
    /// A pattern that is none matches nothing; `config` has refused it before.
    pub(crate) fn new(patterns: &[String]) -> Self {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
                set.add(glob);
            }
        }
        Self(set.build().unwrap_or_default())
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_within_a_folder() {
        let patterns = Patterns::new(&["**/*.lock".to_owned(), "gen/*.go".to_owned()]);
        assert!(
            patterns.matches("Cargo.lock")
                && patterns.matches("a/b/yarn.lock")
                && patterns.matches("gen/x.go")
        );
        assert!(!patterns.matches("gen/deep/x.go") && !patterns.matches("lock.rs"));
    }
}
