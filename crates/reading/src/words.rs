//! The words reviewers use for severities, kinds, sections and fields.
//!
//! In: a word or a short phrase. Out: what it means to us, or `None`. Never looks at where the word stands.

use model::{DesignScope, Kind, Severity};

/// What a heading announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// Text before the first heading we know.
    Preamble,
    /// A heading we do not know.
    Other,
    /// What the change does and what matters.
    Summary,
    /// The answer.
    Verdict,
    /// Findings of any severity.
    Findings,
    /// Findings of one severity.
    Severity(Severity),
    /// Design observations of either sort.
    Design,
    /// Structural concerns.
    Concerns,
    /// Things that are right.
    Strengths,
    /// Tests.
    Testing,
    /// Documentation.
    Documentation,
    /// Commits.
    Commits,
    /// Limitations somebody admits.
    Limitations,
    /// Remarks of people that nobody answered.
    Feedback,
    /// Findings of earlier rounds.
    Prior,
    /// Findings people decided against.
    Declined,
    /// What each file got.
    Coverage,
    /// Numbers about the reviewers.
    Retro,
    /// Changes of severity, with reasons.
    Reconciliation,
    /// Remarks on the process.
    Process,
    /// Reviews as written.
    Appendix,
    /// What became of the findings.
    Resolution,
}

impl Section {
    /// True where a paragraph may start a finding.
    pub(crate) fn holds_findings(self) -> bool {
        matches!(self, Self::Findings | Self::Severity(_))
    }

    /// True where the text belongs to other people or other rounds, so that nothing in it is a finding of this one.
    pub(crate) fn speaks_of_others(self) -> bool {
        matches!(
            self,
            Self::Feedback
                | Self::Prior
                | Self::Declined
                | Self::Coverage
                | Self::Retro
                | Self::Reconciliation
                | Self::Process
                | Self::Appendix
                | Self::Resolution
                | Self::Limitations
                | Self::Verdict
        )
    }
}

/// Maps a severity word to our three levels. Lower case, trimmed.
pub(crate) fn severity(word: &str) -> Option<Severity> {
    let word = word.trim().trim_end_matches(':').trim();
    let word = [" severity", " priority", "-severity", "-priority", " level", "-level"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending))
        .unwrap_or(word);
    let word = word.strip_suffix(" issue").or_else(|| word.strip_suffix(" finding")).unwrap_or(word);
    Some(match word {
        "critical" | "crit" | "blocker" | "blocking" | "p0" | "sev0" | "severe" | "fatal" | "must fix"
        | "must-fix" | "showstopper" | "release blocker" => Severity::Critical,
        "important" | "high" | "major" | "p1" | "p2" | "sev1" | "sev2" | "medium" | "med" | "moderate"
        | "should fix" | "should-fix" | "error" | "warning" | "serious" | "significant" | "normal" => {
            Severity::Important
        }
        "suggestion" | "suggestions" | "low" | "minor" | "nit" | "nits" | "nitpick" | "p3" | "p4"
        | "sev3" | "sev4" | "trivial" | "info" | "informational" | "optional" | "note" | "polish"
        | "consider" | "cosmetic" | "style nit" | "non-blocking" | "nice to have" | "nice-to-have"
        | "could fix" => Severity::Suggestion,
        _ => return severity_elsewhere(word),
    })
}

/// The same in German, French, Spanish, Portuguese, Chinese and Japanese: reviewers answer in the language of the change.
fn severity_elsewhere(word: &str) -> Option<Severity> {
    Some(match word {
        "kritisch" | "blockierend" | "critique" | "bloquant" | "crítico" | "crítica" | "críticos"
        | "críticas" | "bloqueante" | "严重" | "致命" | "重大" | "致命的" => Severity::Critical,
        "wichtig" | "hoch" | "mittel" | "majeur" | "élevé" | "moyen" | "alto" | "alta" | "medio"
        | "media" | "médio" | "média" | "importante" | "importantes" | "重要" | "高" | "中" | "主要" => {
            Severity::Important
        }
        "vorschlag" | "vorschläge" | "niedrig" | "gering" | "hinweis" | "hinweise" | "mineur" | "faible"
        | "sugerencia" | "sugerencias" | "sugestão" | "sugestões" | "baixo" | "baixa" | "bajo" | "baja"
        | "menor" | "建议" | "低" | "轻微" | "提案" | "軽微" => Severity::Suggestion,
        _ => return None,
    })
}

/// As [`severity`], for a word that opens a line without brackets. `Note:` and `Warning:` open sentences more often
/// than findings.
pub(crate) fn opening_severity(word: &str) -> Option<Severity> {
    let weak = matches!(
        word.trim_end_matches(':'),
        "note"
            | "info"
            | "informational"
            | "optional"
            | "normal"
            | "error"
            | "warning"
            | "consider"
            | "trivial"
            | "cosmetic"
            | "polish"
            | "significant"
            | "serious"
            | "med"
            | "style nit"
    );
    if weak { None } else { severity(word) }
}

/// True for the three words we ask for; every other severity word is mapped, with a note.
pub(crate) fn is_own_severity(word: &str) -> bool {
    matches!(word.trim().to_lowercase().as_str(), "critical" | "important" | "suggestion" | "suggestions")
}

/// Maps a kind word. `design gap` is a gap, `minor regression` a regression: the last word decides.
pub(crate) fn kind(word: &str) -> Option<Kind> {
    let last = word.trim().rsplit([' ', '-']).next()?;
    Some(match last {
        "regression" | "regressions" => Kind::Regression,
        "gap" | "gaps" => Kind::Gap,
        "enhancement" | "enhancements" | "improvement" => Kind::Enhancement,
        _ => return None,
    })
}

/// Maps a scope word.
pub(crate) fn scope(word: &str) -> Option<DesignScope> {
    Some(match word.trim() {
        "in-scope" | "in scope" | "inscope" => DesignScope::InScope,
        "future" | "out of scope" | "out-of-scope" | "follow-up" | "future work" | "later" => {
            DesignScope::Future
        }
        _ => return None,
    })
}

/// True for a category word of the review schema.
pub(crate) fn is_category(word: &str) -> bool {
    matches!(
        word.trim(),
        "correctness"
            | "concurrency"
            | "security"
            | "data-loss"
            | "data loss"
            | "resource"
            | "error-handling"
            | "error handling"
            | "api"
            | "compat"
            | "compatibility"
            | "performance"
            | "test"
            | "tests"
            | "testing"
            | "docs"
            | "documentation"
            | "build"
            | "style"
            | "ux"
            | "robustness"
            | "consistency"
            | "maintainability"
            | "readability"
            | "reliability"
            | "usability"
            | "cleanup"
            | "bug"
            | "design"
            | "portability"
            | "logic"
            | "race"
            | "cosmetics"
            | "typo"
            | "dead code"
            | "refactoring"
            | "refactor"
            | "hygiene"
            | "polish"
    )
}

/// The name of a section behind a heading as written, `None` for a heading we do not know.
///
/// Numbering, decoration and counts are not part of the name: `## 2. Important Issues (3)` is `important issues`.
pub(crate) fn section(heading: &str) -> Option<Section> {
    let name = normal_heading(heading);
    if name.len() > 60 {
        return None;
    }
    exact_section(&name).or_else(|| severity_section(&name)).or_else(|| loose_section(&name))
}

fn normal_heading(heading: &str) -> String {
    let mut text = heading.trim().to_lowercase();
    // `Critical (must fix)`, `Important Issues (3)`, `Findings [2]`
    while let Some(open) = text.rfind(['(', '[']) {
        if open == 0 || !text.trim_end().ends_with([')', ']']) {
            break;
        }
        text.truncate(open);
    }
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '\'' | '/' | '&' | '+')))
        .filter(|word| !word.is_empty() && *word != "-" && *word != "&")
        .collect();
    let is_number = |word: &&str| {
        word.chars().all(|c| c.is_ascii_digit())
            || matches!(
                *word,
                "i" | "ii" | "iii" | "iv" | "v" | "vi" | "vii" | "viii" | "a" | "b" | "c" | "d" | "part"
            )
    };
    let start = if words.len() > 1 { words.iter().take_while(|word| is_number(word)).count() } else { 0 };
    let end = words.iter().rposition(|word| !word.chars().all(|c| c.is_ascii_digit())).map_or(0, |at| at + 1);
    words.get(start..end).unwrap_or_default().join(" ")
}

fn exact_section(name: &str) -> Option<Section> {
    Some(match name {
        "executive summary" | "summary" | "overview" | "tl dr" | "tldr" | "review summary"
        | "summary of changes" | "change summary" | "pr summary" | "high-level summary"
        | "overall summary" | "synopsis" | "intro" | "introduction" => Section::Summary,
        "verdict"
        | "overall verdict"
        | "recommendation"
        | "final verdict"
        | "conclusion"
        | "merge recommendation"
        | "merge"
        | "decision"
        | "overall assessment"
        | "final recommendation" => Section::Verdict,
        "findings"
        | "issues"
        | "review findings"
        | "detailed findings"
        | "code review findings"
        | "issues found"
        | "consolidated findings"
        | "consolidated review"
        | "code review"
        | "review"
        | "review comments"
        | "full review comments"
        | "comments"
        | "key findings"
        | "all findings"
        | "bugs"
        | "problems"
        | "review comment"
        | "inline comments"
        | "code findings"
        | "new findings"
        | "findings by severity" => Section::Findings,
        "design observations"
        | "design"
        | "design observation"
        | "design notes"
        | "architecture"
        | "design assessment"
        | "design review"
        | "design comments"
        | "architecture observations"
        | "architectural observations"
        | "design considerations"
        | "design & architecture"
        | "architecture & design" => Section::Design,
        "concerns" | "design concerns" | "concern" | "weaknesses" | "architectural concerns" => {
            Section::Concerns
        }
        "strengths"
        | "design strengths"
        | "strength"
        | "positives"
        | "what works well"
        | "what's good"
        | "good"
        | "positive observations"
        | "positive notes"
        | "what went well"
        | "highlights"
        | "pros"
        | "praise" => Section::Strengths,
        "testing assessment"
        | "testing"
        | "tests"
        | "test coverage"
        | "test assessment"
        | "testing gaps"
        | "test coverage assessment"
        | "testing notes"
        | "test gaps"
        | "testing & verification"
        | "verification"
        | "test plan"
        | "untested scenarios"
        | "test review"
        | "validation"
        | "testing coverage" => Section::Testing,
        "documentation assessment"
        | "documentation"
        | "docs"
        | "documentation gaps"
        | "docs assessment"
        | "documentation review"
        | "documentation notes" => Section::Documentation,
        "commit structure" | "commits" | "commit hygiene" | "commit assessment" | "commit quality"
        | "commit review" | "commit history" | "commit message" | "commit messages" => Section::Commits,
        "acknowledged limitations"
        | "limitations"
        | "known limitations"
        | "acknowledged issues"
        | "acknowledged limitation"
        | "accepted limitations"
        | "acknowledged trade-offs" => Section::Limitations,
        "unresolved feedback"
        | "unresolved comments"
        | "unresolved review feedback"
        | "open feedback"
        | "prior feedback"
        | "pr feedback"
        | "unresolved pr feedback"
        | "unresolved review comments"
        | "feedback" => Section::Feedback,
        "declined in prior rounds"
        | "declined"
        | "declined findings"
        | "previously declined"
        | "declined in previous rounds" => Section::Declined,
        "coverage summary"
        | "coverage"
        | "file coverage"
        | "files reviewed"
        | "review coverage"
        | "files"
        | "files covered"
        | "coverage table"
        | "coverage matrix"
        | "file-by-file coverage"
        | "reviewed files" => Section::Coverage,
        "agent performance retro"
        | "agent performance"
        | "retro"
        | "agent retro"
        | "agent performance retrospective"
        | "reviewer performance"
        | "reviewers in numbers" => Section::Retro,
        "reconciliation" | "severity reconciliation" | "reconciliation log" => Section::Reconciliation,
        "review process notes"
        | "process notes"
        | "skill improvements"
        | "skill improvement recommendations"
        | "repo context updates"
        | "skill recommendations"
        | "process"
        | "prompt improvements" => Section::Process,
        "appendix"
        | "appendix original reviews"
        | "original reviews"
        | "appendix raw reviews"
        | "raw reviews"
        | "appendix original agent reviews"
        | "appendix agent reviews" => Section::Appendix,
        "resolution" | "resolutions" | "resolution log" => Section::Resolution,
        _ => return None,
    })
}

/// `Critical Issues`, `High Severity Findings`, `Nits`, `Suggestions and nits`.
fn severity_section(name: &str) -> Option<Section> {
    let mut levels = Vec::new();
    for word in name.split([' ', '/']) {
        match word {
            "observations" | "points" | "remarks" | "notes" | "code" | "changes" | "concerns" | "issues"
            | "issue" | "findings" | "finding" | "severity" | "priority" | "bugs" | "problems" | "and"
            | "or" | "items" | "comments" | "fixes" | "improvements" | "level" | "new" | "remaining" | ""
            | "should" | "must" | "fix" | "nice" | "to" | "have" | "could" | "non-blocking" => {}
            word => {
                let singular = word.strip_suffix('s').unwrap_or(word);
                levels.push(severity(word).or_else(|| severity(singular))?);
            }
        }
    }
    if levels.is_empty() {
        return match name {
            "must fix" => Some(Section::Severity(Severity::Critical)),
            "should fix" => Some(Section::Severity(Severity::Important)),
            "nice to have"
            | "could fix"
            | "non-blocking"
            | "non-blocking issues"
            | "improvements"
            | "non-blocking comments" => Some(Section::Severity(Severity::Suggestion)),
            _ => None,
        };
    }
    let first = levels[0];
    levels.iter().all(|level| *level == first).then_some(Section::Severity(first))
}

/// Headings that say more than the name: `Testing Assessment and Gaps`, `Status of prior findings`.
fn loose_section(name: &str) -> Option<Section> {
    let has = |needle: &str| name.contains(needle);
    if has("appendix") && (has("review") || has("original")) {
        return Some(Section::Appendix);
    }
    let earlier = has("previous") || has("prior") || has("earlier") || has("last round");
    let told = has("finding") || has("status") || has("fix") || has("issue") || has("round");
    let prior = earlier && told || has("round") && has("status");
    if prior || name.ends_with("fix verdicts") || has("prior-round") {
        return Some(if has("declined") { Section::Declined } else { Section::Prior });
    }
    // `New findings this round`, `Round 2 findings`
    let of_this_round = |word: &str| {
        matches!(
            word,
            "new"
                | "round"
                | "this"
                | "findings"
                | "issues"
                | "in"
                | "from"
                | "for"
                | "remaining"
                | "current"
                | "pass"
        ) || word.trim_start_matches('r').bytes().all(|byte| byte.is_ascii_digit())
    };
    if (has("findings") || has("issues")) && name.split(' ').all(of_this_round) {
        return Some(Section::Findings);
    }
    // `Potential issues`, `Security findings`
    let words: Vec<&str> = name.split(' ').collect();
    if let [first, .., "issues" | "findings" | "bugs" | "problems"] = words.as_slice()
        && words.len() <= 3
        && matches!(
            *first,
            "potential"
                | "correctness"
                | "security"
                | "performance"
                | "code"
                | "other"
                | "additional"
                | "detailed"
                | "review"
                | "new"
                | "open"
                | "remaining"
                | "functional"
                | "main"
                | "specific"
                | "identified"
                | "actual"
                | "general"
                | "further"
        )
    {
        return Some(Section::Findings);
    }
    for (start, section) in [
        ("testing assessment", Section::Testing),
        ("test coverage", Section::Testing),
        ("documentation assessment", Section::Documentation),
        ("coverage summary", Section::Coverage),
        ("executive summary", Section::Summary),
        ("design observations", Section::Design),
        ("acknowledged limitations", Section::Limitations),
        ("unresolved feedback", Section::Feedback),
        ("commit structure", Section::Commits),
        ("critical issues", Section::Severity(Severity::Critical)),
        ("important issues", Section::Severity(Severity::Important)),
        ("agent performance", Section::Retro),
        ("severity reconciliation", Section::Reconciliation),
    ] {
        if name.starts_with(start) {
            return Some(section);
        }
    }
    None
}

/// What a `Name: value` line carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Kind, perhaps with severity.
    Classification,
    /// Severity.
    Severity,
    /// Places.
    Location,
    /// The mechanism: part of the body.
    Problem,
    /// What to do.
    Fix,
    /// When it happens.
    Trigger,
    /// How the reviewer knows.
    Evidence,
    /// Correctness, concurrency…
    Category,
    /// The title itself.
    Title,
    /// The reviewer's own certainty.
    Confidence,
    /// A note made while consolidating.
    Note,
}

/// Maps the name of a field.
pub(crate) fn field(name: &str) -> Option<Field> {
    if name.len() > 60 {
        return None;
    }
    let lower = name.trim().to_lowercase();
    // `Fix (minimal)`, `Location(s)`
    let bare = lower.split('(').next().unwrap_or_default().trim();
    let words = bare.split(' ').count();
    if words <= 3 && (bare.starts_with("fix ") || bare.ends_with(" fix")) {
        return Some(Field::Fix);
    }
    Some(match bare {
        "classification" | "class" | "type" | "kind" | "class/severity" | "severity/class" => {
            Field::Classification
        }
        "severity" | "priority" | "level" | "sev" => Field::Severity,
        "location" | "locations" | "file" | "files" | "where" | "path" | "line" | "lines" | "file(s)"
        | "file/line" | "file & line" | "at" | "code location" | "location(s)" | "affected files"
        | "affected file" => Field::Location,
        "problem" | "issue" | "description" | "details" | "detail" | "what" | "why" | "explanation"
        | "impact" | "why it matters" | "analysis" | "root cause" | "rationale" | "consequence" => {
            Field::Problem
        }
        "fix" | "suggested fix" | "proposed fix" | "recommendation" | "recommended fix" | "remediation"
        | "solution" | "suggestion" | "resolution" | "suggested change" | "possible fix" | "how to fix"
        | "proposed change" | "minimal fix" | "fix sketch" | "fix (minimal)" => Field::Fix,
        "trigger" | "scenario" | "when" | "failure scenario" | "reproduction" => Field::Trigger,
        "evidence" | "verification" | "verified" | "proof" | "confirmed" => Field::Evidence,
        "category" => Field::Category,
        "title" => Field::Title,
        "confidence" => Field::Confidence,
        "consolidation note" | "lead note" | "consolidator note" | "editor's note" => Field::Note,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_known_whatever_decorates_it() {
        for (heading, section_name) in [
            ("2. Important Issues (3)", Section::Severity(Severity::Important)),
            ("🔴 Critical", Section::Severity(Severity::Critical)),
            ("High Severity Findings", Section::Severity(Severity::Important)),
            ("Minor / Nits", Section::Severity(Severity::Suggestion)),
            ("4. Appendix: Original Reviews", Section::Appendix),
            ("Status of previous findings", Section::Prior),
            ("Strengths:", Section::Strengths),
            ("Round 2 Findings", Section::Findings),
            ("New findings in this round", Section::Findings),
            ("Findings of Earlier Rounds", Section::Prior),
            ("Round 1 status", Section::Prior),
            ("EXECUTIVE SUMMARY", Section::Summary),
        ] {
            assert_eq!(section(heading), Some(section_name), "{heading}");
        }
    }

    #[test]
    fn a_title_is_not_a_section() {
        for heading in ["Critical race in the watcher", "`Close` is never called", "PR #12: add logs", ""] {
            assert_eq!(section(heading), None, "{heading}");
        }
    }

    #[test]
    fn severity_words_of_other_houses_are_mapped() {
        for (word, level) in [
            ("high", Severity::Important),
            ("p1", Severity::Important),
            ("nit", Severity::Suggestion),
            ("blocker", Severity::Critical),
            ("minor", Severity::Suggestion),
            ("p0", Severity::Critical),
        ] {
            assert_eq!(severity(word), Some(level), "{word}");
        }
        assert_eq!(severity("banana"), None);
    }
}
