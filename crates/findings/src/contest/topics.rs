//! What is claimed and what would be its opposite.
//!
//! In: a text. Out: which kinds of defect it claims, or which of them it denies. Patterns only: whether both speak of
//! the same thing is not decided here.

use std::sync::LazyLock;

use regex::Regex;

/// A set of topics, one bit each.
pub(super) type Topics = u32;

/// Topics whose object is the named thing itself: an unguarded variable, an endless loop, an unused function. In the others
/// the name says where, and another word must say what.
pub(super) const OF_THE_NAMED: Topics = 1 << 1 | 1 << 5 | 1 << 9;

/// The topic of missing tests: that something is tested denies only that this very thing is not.
pub(super) const UNTESTED: Topics = 1 << 7;

struct Topic {
    /// How the defect is claimed.
    claims: Regex,
    /// How somebody says that the code does what the claim misses. A negation nearby turns it around.
    holds: Regex,
    /// How somebody says that the defect does not occur; these contain their negation.
    denies: Option<Regex>,
}

fn pattern(text: &str) -> Regex {
    Regex::new(&format!("(?i){text}")).expect("the pattern is fixed")
}

fn topic(claims: &str, holds: &str, denies: &str) -> Topic {
    Topic {
        claims: pattern(claims),
        holds: pattern(holds),
        denies: (!denies.is_empty()).then(|| pattern(denies)),
    }
}

static TOPICS: LazyLock<Vec<Topic>> = LazyLock::new(|| {
    vec![
        // Something that is never given back.
        topic(
            r"\bleak|\b(?:never|not|n't|without being|isn't) (?:\w+ ){0,2}(?:clos|releas|freed|free\b|unlock|stopp|cancel|dispos|unregister|clean|remov|drain)|\b(?:unclosed|unreleased|dangling)\b|\b(?:missing|without|no|lacks?|forgets?) (?:\w+ ){0,2}(?:close|release|cleanup|clean-up|defer|free|unlock)\b|\bleft (?:open|behind|running)",
            r"\b(?:is|are|gets?|being|was|were) (?:\w+ ){0,3}(?:closed|released|freed|unlocked|cleaned up|disposed|cancelled|canceled|unregistered|drained)\b|\b(?:closes|releases|frees|disposes|cancels|unregisters|drains|cleans up)\b|\bdefers? [^.]{0,30}\b(?:close|release|cancel|unlock|cleanup)",
            r"\b(?:no|not a|nothing|cannot|can't|does not|doesn't|never|without a?) ?(?:\w+ ){0,1}leaks?\b|\bleak-free\b",
        ),
        // Shared state without protection.
        topic(
            r"\brac(?:e|es|y|ing)\b|\bunsynchroni[sz]ed|\bthread-?unsafe|\b(?:without|not|no|missing|lacks?|never) (?:\w+ ){0,3}(?:lock|mutex|synchroni|guard|atomic|protect)|\bnot (?:thread|concurrency|goroutine)[- ]safe",
            r"\b(?:lock|mutex|semaphore|rwlock|monitor)`? (?:is|are|stays|remains) (?:\w+ ){0,2}(?:held|taken|acquired|locked)|\bhold(?:s|ing)? (?:\w+ |`[^`]+` ){0,3}(?:lock|mutex|mu)\b|\b(?:under|behind|inside|guarded by|protected by|serialized by|serialised by) (?:\w+ |`[^`]+` ){0,3}(?:lock|mutex|semaphore|mu)\b|\b(?:takes|acquires|locks) (?:\w+ |`[^`]+` ){0,3}(?:lock|mutex|mu)\b|\b(?:thread|concurrency|goroutine)[- ]safe\b|\b(?:is|are) (?:\w+ ){0,2}(?:synchroni[sz]ed|serialized|serialised|atomic)\b",
            r"\brace-free\b|\b(?:no|not a|cannot|can't|does not|doesn't|never) ?(?:\w+ ){0,2}rac(?:e|es|ing)\b",
        ),
        // A failure that nobody sees.
        topic(
            r"\b(?:errors?|err|results?|return values?|failures?|exceptions?)`? (?:\w+ |`[^`]+` ){0,4}(?:ignored|discarded|swallowed|dropped|lost|unchecked|unhandled)|\b(?:ignor|swallow|discard|drop|los)(?:e|es|s|ed|ing)? (?:\w+ |`[^`]+` ){0,4}(?:errors?|err|result|failures?|exceptions?)\b|\b(?:unchecked|unhandled|ignored|swallowed) (?:\w+ ){0,2}(?:errors?|results?|exceptions?|rejections?)|\berrors?`? (?:is|are) (?:never|not) (?:checked|handled|propagated|returned)",
            r"\b(?:errors?|err|results?|failures?|exceptions?)`? (?:\w+ |`[^`]+` ){0,5}(?:checked|handled|propagated|returned|wrapped|surfaced|reported)\b|\b(?:checks|handles|propagates|returns|wraps|surfaces|reports) (?:\w+ |`[^`]+` ){0,4}(?:errors?|err|failures?|exceptions?)\b",
            "",
        ),
        // Something that is not there when it is used.
        topic(
            r"\b(?:nil|null|none|undefined|npe)\b|\bnullpointer|\bdereferenc|\bunwrap",
            r"\b(?:nil|null|none|undefined)`? (?:\w+ ){0,3}(?:checked|guarded|handled|rejected|excluded)\b|\b(?:checks?|guards?|guarded|checked|tests|tested|handles) (?:\w+ |`[^`]+` ){0,2}(?:for|against)? ?`?(?:nil|null|none|undefined)\b",
            r"\b(?:cannot|can't|can never|never|not|isn't) (?:\w+ ){0,2}`?(?:nil|null|none|undefined)\b|\bnon-?(?:nil|null)\b",
        ),
        // Input that is trusted.
        topic(
            r"\binject|\b(?:un|not |never |without being |isn't )(?:validated|sanitized|sanitised|escaped|quoted|checked|verified|authenticated|authori[sz]ed)|\btraversal\b|\bxss\b|\b(?:missing|no|lacks?|without) (?:\w+ ){0,2}(?:validation|escaping|saniti[sz]ation|authentication|authori[sz]ation)",
            r"\b(?:is|are|gets?) (?:\w+ ){0,3}(?:validated|sanitized|sanitised|escaped|quoted|parameteri[sz]ed|authenticated|authori[sz]ed)\b|\b(?:validates|sanitizes|sanitises|escapes|authenticates|authorizes)\b|\b(?:uses?|with|as) (?:\w+ ){0,2}(?:parameteri[sz]ed|prepared) (?:quer|statement)",
            r"\b(?:no|cannot|can't|not) (?:\w+ ){0,2}(?:injection|inject|traversal|traverse)\b",
        ),
        // Something that may take forever.
        topic(
            r"\b(?:no|without|missing|lacks?|not) (?:\w+ ){0,2}(?:timeouts?|deadline|cancellation|limit|bound)|\bhangs?\b|\bblocks? (?:\w+ ){0,2}(?:forever|indefinitely)|\bindefinite|\bunbounded|\b(?:never|not|n't) (?:returns?|terminates?|ends?|exits?|finish(?:es)?)\b|\bdeadlock|\binfinite(?:ly)?\b|\bloops? forever",
            r"\b(?:has|have|with|uses|carries|respects|honou?rs|sets) (?:an? |the |its |\w+ ){0,2}(?:timeout|deadline)\b|\b(?:is|are) (?:\w+ ){0,2}(?:bounded|time-?limited|capped|limited) (?:by|to|at)\b|\bbounded by\b|\btimes out after\b",
            r"\b(?:cannot|can't|never|will not|won't|does not|doesn't|not) (?:\w+ ){0,1}(?:hang|deadlock|block forever|loop forever)|\bdeadlock-free\b|\bno deadlock\b",
        ),
        // A number or index that does not fit.
        topic(
            r"\boverflow|\bunderflow|\bout[- ]of[- ](?:bounds|range)|\boff[- ]by[- ]one|\btruncat|\bwrap(?:s|ping)? around",
            r"\b(?:bounds|range|length|index|size|overflow)`? (?:\w+ ){0,3}(?:checked|validated|limited|clamped|guarded)\b|\bbounds-checked\b|\bsaturating|\b(?:checks|clamps|limits|validates) (?:\w+ |`[^`]+` ){0,3}(?:bounds|range|length|index|size)\b",
            r"\b(?:cannot|can't|never|does not|doesn't|no) (?:\w+ ){0,1}(?:overflow|underflow|truncat\w*|exceed)",
        ),
        // A test that is missing.
        topic(
            r"\b(?:no|missing|lacks?|without|needs?|add) (?:\w+ ){0,3}tests?\b|\buntested\b|\b(?:not|never|isn't) (?:\w+ ){0,2}(?:tested|covered|exercised)\b|\bcoverage gap",
            r"\b(?:is|are|was|were) (?:\w+ ){0,3}(?:tested|covered|exercised|pinned) (?:\w+ ){0,2}(?:by|in|with|through)\b|\btests?`? (?:\w+ |`[^`]+` ){0,4}(?:covers?|exercises?|pins?|verif(?:y|ies)|asserts?)\b",
            "",
        ),
        // Something that brings the program down.
        topic(
            r"\bpanics?\b|\bcrash|\baborts?\b|\bsegfault|\bunhandled exception|\bthrows\b",
            r"\brecovers? from (?:\w+ )?panics?\b|\bpanics? (?:is|are) (?:\w+ ){0,2}(?:recovered|caught)\b",
            r"\b(?:cannot|can't|never|does not|doesn't|will not|won't|not) (?:\w+ ){0,1}(?:panics?|crash(?:es)?|aborts?|throws?)\b",
        ),
        // Code that nobody uses.
        topic(
            r"\bunused\b|\bdead code\b|\b(?:never|not|no longer) (?:\w+ ){0,2}(?:used|called|read|referenced|invoked)\b|\bunreachable\b|\bno callers?\b",
            r"\b(?:is|are) (?:\w+ ){0,2}(?:used|called|read|referenced|invoked|reached) (?:in|at|by|from|through|via)\b",
            "",
        ),
    ]
});

/// The kinds of defect that a text claims.
pub(super) fn claimed(text: &str) -> Topics {
    bits(|topic| topic.claims.is_match(text))
}

/// The kinds of defect that a sentence says are not there.
pub(super) fn denied(sentence: &str) -> Topics {
    bits(|topic| {
        topic.denies.as_ref().is_some_and(|denies| denies.is_match(sentence))
            || topic.holds.find_iter(sentence).any(|found| !is_negated(sentence, found.start(), found.end()))
    })
}

fn bits(holds: impl Fn(&Topic) -> bool) -> Topics {
    TOPICS.iter().enumerate().filter(|(_, topic)| holds(topic)).map(|(at, _)| 1 << at).sum()
}

static NEGATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:not|never|no|nobody|nothing|none of|without|neither|nor|hardly|rarely|cannot|fails? to|failed to|misses|missing|lacks?|forgets?|too late|before|outside|prior to|twice|wrong|incorrect\w*)\b|n't\b",
    )
});

/// True where a negation stands in the words or shortly before them.
fn is_negated(sentence: &str, start: usize, end: usize) -> bool {
    let from = (0..=start.saturating_sub(32)).rev().find(|at| sentence.is_char_boundary(*at)).unwrap_or(0);
    NEGATION.is_match(&sentence[from..end])
}

static REFUTES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:is|are|was|that's|this's|it's|isn't|not|as)? ?(?:not|isn't|n't|no) (?:actually |really |in fact |itself )?(?:an? |the )?(?:real |actual |genuine )?(?:bug|defect|leak|race|vulnerability|deadlock|correctness (?:issue|problem)|data race|real (?:issue|problem))\b|\b(?:is|are) (?:not|n't) (?:actually |really )?(?:an? )?(?:issue|problem|concern)\b|\bisn't (?:actually |really )?(?:an? )?(?:issue|problem|concern)\b|\bfalse[- ](?:positive|alarm)\b|\b(?:cannot|can't|can never|does not|doesn't) (?:actually )?(?:happen|occur)\b",
    )
});

/// True where a sentence says outright that something is no defect.
pub(super) fn refutes(sentence: &str) -> bool {
    REFUTES.is_match(sentence)
}

static RESERVED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:should|would|could|might|may|ought|needs? to|has to|have to|had to|want|recommend\w*|consider|suggest\w*|ensure|please|unless|except|but|however|although|though|until|only|instead|otherwise|almost|mostly|usually|often|sometimes|partially|partly|eventually|todo|whether|yet|despite|unfortunately|assum\w+|in theory|unlike|whereas|(?:apart|aside) from|other than|compared|in contrast|before (?:this|the) (?:change|pr|commit|patch)|previously|formerly|used to|the old)\b|\?|\bnot (?:yet|all|every|always|everywhere)\b",
    )
});
/// True where a sentence takes back, limits, asks or demands: then it is no plain statement.
pub(super) fn is_reserved(sentence: &str) -> bool {
    RESERVED.is_match(sentence)
}

static CONDITION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?P<even>\beven )?\b(?:if|when)\b(?P<rest>[^,;:)]*)"));

/// What a sentence makes its statement depend on. "Closed even if the open fails" depends on nothing; "closed when the
/// open fails" contradicts a leak when the open fails, and says nothing about any other.
pub(super) fn condition(sentence: &str) -> Option<&str> {
    let found = CONDITION.captures_iter(sentence).find(|found| found.name("even").is_none())?;
    found.name("rest").map(|rest| rest.as_str())
}

static ASSURES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:correct(?:ly)?|proper(?:ly)?|safe(?:ly)?|already|always|reliably|consistently|indeed|verified|checked|confirmed|traced|as intended|by design|intentional(?:ly)?|on (?:every|all|each|both) (?:\w+ )?paths?)\b",
    )
});

/// True where a sentence assures that something is right, rather than telling how it works.
pub(super) fn assures(sentence: &str) -> bool {
    ASSURES.is_match(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_opposite_of_a_claim_is_recognised() {
        for (claim, sentence) in [
            ("`open_pool` leaks the handle", "The handle is closed on every path by `open_pool`"),
            ("Handle is never released", "`Pool` correctly releases the handle in `Drop`"),
            ("Data race on `entries`", "Every access to `entries` is guarded by the mutex"),
            ("`entries` is written without holding the lock", "the lock is held here"),
            ("Error of `save` is silently ignored", "`save` returns every error to its caller"),
            ("Nil dereference of `config`", "`config` cannot be nil at this point"),
            ("SQL injection through `name`", "`name` is passed as a parameterized query"),
            ("User name is not escaped", "the user name is properly escaped"),
            ("`fetch` has no timeout", "`fetch` carries a timeout of 30 s"),
            ("Shutdown deadlocks", "shutdown cannot deadlock"),
            ("Integer overflow in `size`", "`size` is computed with saturating arithmetic"),
            ("No test covers `rename`", "`rename` is covered by `rename_test.go`"),
            ("`parse` panics on empty input", "`parse` does not panic on empty input"),
            ("`helper` is never called", "`helper` is called from `main`"),
        ] {
            assert!(claimed(claim) & denied(sentence) != 0, "{claim} | {sentence}");
        }
    }

    #[test]
    fn a_turned_around_sentence_denies_nothing() {
        for (claim, sentence) in [
            ("Handle leak", "the handle is not closed"),
            ("Handle leak", "the handle is never properly closed"),
            ("Race", "without the lock being held, the mutex is useless"),
            ("Error ignored", "the error is not returned"),
            ("Nil dereference", "nil is not handled"),
            ("No timeout", "no code path has a timeout"),
        ] {
            assert_eq!(claimed(claim) & denied(sentence), 0, "{claim} | {sentence}");
        }
    }

    #[test]
    fn reservations_are_noticed() {
        for sentence in [
            "the handle is closed, but only on success",
            "the handle should be closed",
            "is the handle closed?",
            "not a bug as long as nobody calls it, though it could be",
        ] {
            assert!(is_reserved(sentence), "{sentence}");
        }
        assert!(!is_reserved("the handle is closed even if the open fails"));
        assert_eq!(condition("the handle is closed even if the open fails"), None);
        assert_eq!(condition("closed if the open succeeds, always"), Some(" the open succeeds"));
    }

    #[test]
    fn a_plain_refutation_is_told_from_a_summary_without_findings() {
        for sentence in
            ["This is not a bug", "The reported race is a false positive", "the leak cannot happen"]
        {
            assert!(refutes(sentence), "{sentence}");
        }
        for sentence in ["Reviewed, no issues", "No problems found", "no concerns", "this is a bug"] {
            assert!(!refutes(sentence), "{sentence}");
        }
    }
}
