//! One rule.
//!
//! In: a parsed rule file. Out: [`Rule`], ready to be matched. Holds what the rule says of itself and nothing of a change.

use std::path::Path;

use ast_grep_config::{RuleConfig, SerializableRuleConfig, Severity};
use ast_grep_language::SupportLang;
use globset::GlobSet;
use serde::Deserialize;

use crate::required::Required;

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// It is shipped.
    Shipped,
    /// A file of the repository.
    Repository(String),
}

/// A rule in one language.
pub struct Rule {
    /// Its id, as findings carry it.
    pub id: String,
    /// Where it comes from.
    pub from: From,
    /// True where it runs without being named.
    pub default: bool,
    /// What it says besides its matcher.
    pub about: About,
    pub(crate) language: SupportLang,
    pub(crate) config: RuleConfig<SupportLang>,
    pub(crate) files: Option<GlobSet>,
    pub(crate) ignores: Option<GlobSet>,
    /// Texts without which it cannot match.
    pub(crate) required: Required,
}

impl Rule {
    /// What it reports, in one line; names of metavariables stand for what they match.
    pub fn message(&self) -> &str {
        &self.config.message
    }

    /// Why that is wrong.
    pub fn reason(&self) -> Option<&str> {
        self.config.note.as_deref().map(str::trim)
    }

    /// Where more is told.
    pub fn link(&self) -> Option<&str> {
        self.config.url.as_deref()
    }

    /// The language as rule files name it.
    pub fn language(&self) -> String {
        self.language.to_string()
    }

    /// How much it matters, in the word of the rule file.
    pub fn severity(&self) -> &'static str {
        match self.config.severity {
            Severity::Off => "off",
            Severity::Hint => "hint",
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// True where the rule looks at files of this path.
    pub(crate) fn looks_at(&self, path: &str) -> bool {
        let path = Path::new(path);
        self.files.as_ref().is_none_or(|files| files.is_match(path))
            && !self.ignores.as_ref().is_some_and(|ignores| ignores.is_match(path))
    }
}

/// What a rule file says under `metadata`; other keys there are the author's own.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct About {
    /// What to do, in words.
    pub fix: Option<String>,
    /// What it is about, in the words of findings: `resource`, `security`…
    pub category: Option<String>,
    /// Further languages with the same kinds of nodes.
    pub also: Vec<String>,
    /// How often it was right where people looked.
    pub judged: Judged,
}

/// What is known of how often it is right, with the rule as it is now.
#[derive(Clone, Copy, Debug, Default, Deserialize, serde::Serialize, PartialEq, Eq)]
#[serde(default)]
pub struct Judged {
    /// Findings on real code that were read beside it.
    pub findings: u32,
    /// Those that were right.
    pub right: u32,
    /// Defects of its kind that were planted.
    pub planted: u32,
    /// Those of them that it found. A finding on the clean twin of a planted defect fails a test.
    pub found: u32,
}

impl Judged {
    /// True where it may speak unasked. Real findings decide where there are enough: four of five must be right. A rule that has next to
    /// nothing to say on real code must not have been wrong there, and needs ten planted defects, of which it finds nine.
    pub fn is_trusted(self) -> bool {
        if self.findings >= FEWEST {
            u64::from(self.right) * 5 >= u64::from(self.findings) * 4
        } else {
            self.right == self.findings
                && self.planted >= 10
                && u64::from(self.found) * 10 >= u64::from(self.planted) * 9
        }
    }
}

/// Fewer findings are no measure by themselves.
const FEWEST: u32 = 3;

/// Reads the part of `metadata` that is known; what does not fit is no reason to refuse a rule.
pub(crate) fn about(config: &SerializableRuleConfig<SupportLang>) -> About {
    let value = serde_json::to_value(&config.metadata).unwrap_or_default();
    serde_json::from_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_trusted_for_real_findings_or_for_planted_ones_where_it_was_never_wrong() {
        let judged = |findings, right, planted, found| Judged { findings, right, planted, found };
        for (trusted, judged) in [
            (true, judged(5, 4, 0, 0)),
            (false, judged(5, 3, 10, 10)),
            (false, judged(2, 2, 0, 0)),
            (true, judged(0, 0, 10, 9)),
            (true, judged(2, 2, 10, 9)),
            (false, judged(2, 1, 10, 10)),
            (false, judged(0, 0, 9, 9)),
            (false, judged(0, 0, 10, 8)),
        ] {
            assert_eq!(judged.is_trusted(), trusted, "{judged:?}");
        }
    }
}
