//! Does a remark name something missing, or does it say that all is well?
//!
//! In: one remark of a testing or documentation section. Out: its sense. The reader of a review marks what stands in such
//! a section as a gap; here that is held to the words. Where they do not tell, the reader's word stands.

use std::sync::LazyLock;

use regex::Regex;

/// What a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// Something is missing.
    Gap,
    /// Something else is said: what ran, what is right.
    Remark,
    /// It only says that a list follows.
    Announcement,
}

fn pattern(text: &str) -> Regex {
    Regex::new(&format!("(?i){text}")).expect("the pattern is fixed")
}

static MISSING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:no|not|never|without|missing|lacks?|lacking|gaps?|untested|uncovered|unexercised|undocumented|nothing|none|neither|stale|outdated|still|wrong|misleading|inaccurate|misstates?|contradicts?|incomplete|omits?|omitted|needs?|should|could|would|only|absent|add|zero|hard to|limited|drift\w*)\b|n't\b|\bun(?:test|cover|document)ed\b",
    )
});
/// So plain that it is a gap whatever the reader took it for.
static PLAINLY_MISSING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:no|not|never|without|missing|lacks?|only) (?:[\w`./-]+ ){0,5}(?:tests?|tested|coverage|covered|exercised|documentation|documented|docs?|docstrings?|comments?)\b|\b(?:untested|undocumented|uncovered)\b|\b(?:no longer|do not|does not|don't|doesn't) (?:\w+ ){0,3}(?:exercises?|covers?|asserts?|states?|mentions?|describes?|explains?|lists?|documents?|have)\b|\bmissed entirely\b|\bstill (?:says?|names?|documents?|misstates?|describes?|refers?|claims?)\b|\b(?:understates?|misstates?|deserves?|outdated|stale)\b",
    )
});
static FINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:pass(?:es|ed|ing)?|green|succeed(?:s|ed)?|correctly|thorough(?:ly)?|adequate(?:ly)?|good|excellent|solid|strong|clear(?:ly)?|comprehensive(?:ly)?|well[- ](?:tested|covered|documented)|up[- ]to[- ]date|complete|updated|coverage exists|tests? exists?|covers?|covered|documented|documents|sufficient|appropriate(?:ly)?)\b",
    )
});
/// "No gaps", "not needed": a negation that says that all is well.
static NOTHING_MISSING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:no|without) (?:\w+ ){0,3}(?:gaps?|issues?|problems?|concerns?|failures?|errors?|regressions?|warnings?|changes? (?:are |is )?(?:needed|required)|(?:documentation|docs?|doc|test|testing|updates?|changes?) (?:\w+ ){0,4}(?:needed|required|necessary))\b|\bnothing (?:is |else )?(?:missing|to add|is needed)\b|\bnot (?:needed|required|necessary|applicable)\b|^\s*(?:none|n/?a)\.?\s*$",
    )
});
/// That something could not be built or started here tells about the machine, not about the tests.
static ENVIRONMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:could not|couldn't|cannot|can't|did not|unable to|not able to|failed to|was not|were not) (?:be )?(?:\w+ ){0,2}(?:compil\w*|buil[dt]\w*|run|ran|execut\w*|start\w*|link\w*|download\w*|install\w*)\b.*?(?:\.\s|$)|\b(?:not|isn't|is not) (?:installed|available)\b",
    )
});

/// The sense of a remark that the reader took for a gap, or not.
///
/// What the reader took for a gap is one unless the words say that all is well; what it did not is none unless the words
/// say plainly that something is missing.
pub(super) fn sense(text: &str, taken_for_gap: bool) -> Sense {
    let text = substance(text);
    if text.chars().filter(|c| c.is_alphanumeric()).count() < 4 {
        return Sense::Announcement;
    }
    let told = ENVIRONMENT.replace_all(text, " ");
    let told = NOTHING_MISSING.replace_all(&told, " ");
    let changed = told.len() != text.len();
    if !taken_for_gap {
        return if PLAINLY_MISSING.is_match(&told) { Sense::Gap } else { Sense::Remark };
    }
    if MISSING.is_match(&told) || !(changed || FINE.is_match(&told)) { Sense::Gap } else { Sense::Remark }
}

/// A remark without its list mark, and without a last sentence that only announces the list that followed.
pub(super) fn substance(text: &str) -> &str {
    let text = text.trim();
    let text =
        ["- ", "* ", "+ "].iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(text).trim_start();
    match text.strip_suffix(':') {
        Some(lead) if !lead.contains('\n') => {
            let end = lead.rfind(". ").map_or(0, |at| at + 1);
            let end = lead.rfind(".** ").map_or(end, |at| end.max(at + 3));
            lead[..end].trim()
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fine_is_no_gap() {
        for text in [
            "All tests passed (`go test ./...`).",
            "Verification run: `go test ./a/...` passed. `go test ./b` could not compile because `c.gz` is missing here",
            "The new reasons are correctly documented in `types.go`.",
            "`docs/api.md` is updated for the new flag.",
            "No documentation changes are needed.",
            "Unit coverage of `settle` is thorough. Gaps, ranked by risk:",
            "None.",
            "No documentation changes look necessary for this endpoint.",
        ] {
            assert_eq!(sense(text, true), Sense::Remark, "{text}");
            assert_eq!(sense(text, false), Sense::Remark, "{text}");
        }
    }

    #[test]
    fn what_is_plainly_missing_is_a_gap_whatever_the_reader_took_it_for() {
        for text in [
            "There is no controller-level test that a child is removed.",
            "`stop --timeout` does not have an explicit test of the timeout.",
            "The updated file no longer exercises several names.",
            "The reference of the parallel command was missed entirely.",
        ] {
            assert_eq!(sense(text, false), Sense::Gap, "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_a_gap() {
        for text in [
            "No test exercises `--wait=false`.",
            "- **Deletion while an import runs** — high risk",
            "Creation with the right owner reference",
            "Package tests pass (`go test ./x`), but they do not exercise the endpoint.",
            "`docs/cmd.md` was updated but still names the old signal",
            "- **No tests exist for the new behaviour.** There are:",
        ] {
            assert_eq!(sense(text, true), Sense::Gap, "{text}");
        }
    }

    #[test]
    fn a_line_that_only_announces_says_nothing() {
        for text in ["Missing coverage (ranked by risk):", "- Untested scenarios introduced by this change:"]
        {
            assert_eq!(sense(text, true), Sense::Announcement, "{text}");
        }
        assert_eq!(substance("**No tests exist.** There are:"), "**No tests exist.**");
    }
}
