//! What kind of statement a claim is, and so what could ever verify it.
//!
//! In: the words of a finding. Out: [`Claim`], and whether it speaks of the text itself. Never verifies: it says that
//! a version or a vendor's behaviour cannot be looked up in a repository.

use std::sync::LazyLock;

use model::{Claim, RawFinding};
use regex::Regex;

static EXTERNAL: LazyLock<Regex> = LazyLock::new(|| {
    fixed(
        r"(?i)\bCVE-\d|\bGHSA-|\badvisory\b|\bend[- ]of[- ]life\b|\b(?:latest|newer|newest|current|outdated|unreleased|nonexistent|non-existent)\s+(?:stable\s+)?(?:version|release)|\bversion\s+v?\d[\w.]*\s+(?:does not|doesn't|is not|has not|was|has|fixes|introduced|removed)|\bdeprecated (?:in|since|by)\b|\b(?:according to|per) (?:the )?(?:docs|documentation|spec|specification|vendor|RFC)|\bRFC ?\d{3,}|\bupstream (?:bug|issue|behaviou?r|docs)\b",
    )
});
static BUILD: LazyLock<Regex> = LazyLock::new(|| {
    fixed(
        r"(?i)\b(?:does not|doesn't|won't|will not|cannot|can't|fails? to|failing to|no longer)\s+(?:compiles?|builds?|links?|type-?checks?)\b|\bcompil(?:e|er|ation)[- ](?:error|fail\w*)|\b(?:build|link)(?:er|ing)? (?:error|break\w*|fail\w*)|\bbreaks? the build\b|\bundefined (?:symbol|reference|identifier)|\bunresolved import|\bmissing import|\bunused import|\btype error\b|\bgo vet\b|\bimport cycle",
    )
});
static RUNTIME: LazyLock<Regex> = LazyLock::new(|| {
    fixed(
        r"(?i)\bpanic\w*|\bcrash\w*|\bdeadlock\w*|\b(?:data )?rac(?:e|es|y)\b|\bhangs?\b|\bleak\w*|\btime(?:s)? ?out|\bblocks? (?:forever|indefinitely)|\binfinite (?:loop|recursion)|\bnull pointer|\bnil[- ](?:pointer|deref\w*)|\bdereferenc\w*|\boverflow\w*|\bsegfault\w*|\bat runtime\b|\bout of memory\b|\bthrows?\b|\bstarv\w*|\bspin(?:s|ning)?\b|\bdata loss\b|\bretr(?:y|ies) (?:loop|storm)",
    )
});
static TEXT: LazyLock<Regex> = LazyLock::new(|| {
    fixed(
        r"(?i)\btypos?\b|\bmis-?spell\w*|\bspelling\b|\bsyntax[- ]error|\binvalid syntax\b|\bsyntactically\b|\bcorrupt(?:ed|ion)?\b|\bgarbled\b|\bmangled\b|\bmalformed\b|\b(?:stray|extra|spurious) (?:space|character|blank|quote|bracket|brace)|\b(?:does not|fails? to|cannot be) parse\w*|\bparse error",
    )
});

fn fixed(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is fixed")
}

/// Types a claim by its title first, by its body only where the title is silent.
pub(crate) fn claim(raw: &RawFinding) -> Claim {
    let by = |text: &str| {
        [(&EXTERNAL, Claim::ExternalFact), (&BUILD, Claim::BuildFact), (&RUNTIME, Claim::RuntimeFact)]
            .into_iter()
            .find(|(pattern, _)| pattern.is_match(text))
            .map(|(_, claim)| claim)
    };
    if let Some(claim) = by(&raw.title) {
        return claim;
    }
    if is_about_text(raw) || matches!(raw.category.as_deref(), Some("docs" | "style" | "ux" | "test")) {
        return Claim::CodeFact;
    }
    // The whole body mentions too much; its opening says what the claim is.
    let opening: String = crate::text::prose(&raw.body).chars().take(400).collect();
    match by(&opening) {
        // "As documented" in passing does not make a defect an external fact.
        Some(Claim::ExternalFact) | None => match raw.category.as_deref() {
            Some("build") => Claim::BuildFact,
            Some("concurrency" | "performance" | "resource" | "data-loss") => Claim::RuntimeFact,
            _ => Claim::CodeFact,
        },
        Some(claim) => claim,
    }
}

/// True where a claim stands or falls with how the text reads: a typo, broken syntax, a corrupted file.
pub(crate) fn is_about_text(raw: &RawFinding) -> bool {
    TEXT.is_match(&raw.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(title: &str) -> RawFinding {
        RawFinding { title: title.to_owned(), ..RawFinding::default() }
    }

    #[test]
    fn claims_are_typed_by_their_title() {
        for (title, expected) in [
            ("`lib` 2.1 is affected by CVE-2024-1234", Claim::ExternalFact),
            ("The module no longer compiles on Windows", Claim::BuildFact),
            ("`stop` deadlocks when called twice", Claim::RuntimeFact),
            ("The comment names a function that was renamed", Claim::CodeFact),
            ("Syntax error in the shell script: the file is corrupted", Claim::CodeFact),
        ] {
            assert_eq!(claim(&titled(title)), expected, "{title}");
        }
    }

    #[test]
    fn the_opening_of_the_body_helps_where_the_title_is_silent() {
        let raw = RawFinding {
            body: "The handler panics on nil.".to_owned(),
            ..titled("Missing check in `serve`")
        };
        assert_eq!(claim(&raw), Claim::RuntimeFact);
        assert!(is_about_text(&titled("Typo in the message")));
        assert!(!is_about_text(&raw));
    }
}
