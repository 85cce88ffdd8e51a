//! A report with everything in it, for tests: several reviewers, a failed one, merged, contested, dropped and moved
//! findings, and hostile text in every field that reviewers or the repository can fill.
//!
//! In: nothing. Out: fixed values. Never used outside tests.

use model::{
    Attention, Canary, ChangeStatus, ChangedFile, Check, CheckResult, Commit, CommitRemark, CommitsSection,
    Contradiction, CoverageFile, CoverageSection, CoverageStatus, Delta, DeltaCommit, DeltaScope, DesignKind,
    DesignObservation, DesignScope, Disposition, DocumentationSection, EarlierRead, Ending, Excerpt, Finding,
    FindingState, Fingerprint, Fix, Gate, Invariants, Kind, Lane, LedgerRow, Limitation, Location, Origin,
    OriginValue, Original, ParsedAs, Prior, PriorStatus, PriorWord, REPORT_SCHEMA, Ran, ReadBy, ReasonCode,
    Receipt, Reconciliation, Repair, RepoPath, Report, Retro, ReviewerKind, ReviewerReport, ReviewerState,
    Run, RunId, ScopedFile, SectionRemark, Series, Severity, SeverityCounts, Sha, Side, Source, Target,
    TargetKind, Term, TestingGap, TestingSection, Tokens, Tool, Verdict, VerdictValue,
};

/// What a hostile author would try, in one line.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script> | \u{202E}evil\u{1b}[31m `` ` ``` ![x](https://evil.example/p.png) [y](javascript:alert(1)) \u{200B}**";

fn sha(digit: char) -> Sha {
    Sha::new(&digit.to_string().repeat(40)).expect("forty digits are an object name")
}

fn time(text: &str) -> jiff::Timestamp {
    text.parse().expect("a fixed time")
}

fn commit(digit: char, subject: &str) -> Commit {
    Commit {
        sha: sha(digit),
        subject: subject.into(),
        body: String::new(),
        author: "Ada Example".into(),
        at: time("2026-03-01T10:00:00Z"),
        parents: Vec::new(),
    }
}

fn changed(path: &str, status: ChangeStatus, added: u32, removed: u32) -> ChangedFile {
    ChangedFile {
        path: path.into(),
        status,
        old_path: None,
        added,
        removed,
        binary: false,
        submodule: false,
        trivial: false,
    }
}

fn at(path: &str, start: u32, end: u32) -> Location {
    Location { path: path.into(), start: Some(start), end: Some(end), verified: true, ..Location::default() }
}

fn check(reviewer: &str, index: u32, gate: Gate, result: CheckResult, detail: &str) -> Check {
    Check { reviewer: reviewer.into(), index, gate, result, detail: detail.into(), fault: None }
}

fn source(reviewer: &str, index: u32, raw: &str, severity: Severity, body: &str, shown: bool) -> Source {
    Source {
        reviewer: reviewer.into(),
        index,
        raw: raw.into(),
        severity,
        title: format!("What {reviewer} calls it"),
        body: body.into(),
        shown,
        ..Source::default()
    }
}

fn excerpt(path: &str, first_line: u32, start: u32, end: u32, text: &str) -> Excerpt {
    let lines = text.lines().map(str::to_owned).collect();
    Excerpt { path: path.into(), side: Side::Head, first_line, start, end, lines }
}

const LOCK_FIRST: &str = "-if queue.is_empty() {\n+let guard = lock.lock();\n+if queue.is_empty() {";

fn lost_wakeup() -> Finding {
    let body = "```rust\nif queue.is_empty() {\n    ready.wait();\n}\n```\n\n`Pool::next` looks at the queue before it takes \
                the lock. A job that arrives in between is never seen: the worker sleeps and the job waits for the \
                *next* one.\n\n1. `submit` pushes and notifies;\n2. the worker then sleeps.\n\nFix: take the lock first.\n\n\
                ```diff\n-if queue.is_empty() {\n+let guard = lock.lock();\n+if queue.is_empty() {\n```";
    Finding {
        id: "C1".into(),
        fingerprint: Fingerprint::of(&["src/pool.rs", "next"]),
        severity: Severity::Critical,
        kind: Some(Kind::Regression),
        origin: Origin { value: OriginValue::Introduced, commits: vec![sha('b')], method: "blame".into() },
        title: "`Pool::next` misses a job that arrives before it sleeps".into(),
        locations: vec![
            Location {
                permalink: Some(format!("https://forge.example/o/r/blob/{}/src/pool.rs#L41-L43", sha('c'))),
                symbol: Some("Pool::next".into()),
                ..at("src/pool.rs", 41, 43)
            },
            at("src/submit.rs", 12, 12),
        ],
        body: body.into(),
        fix: Some(Fix {
            text: "take the lock first.".into(),
            patch: Some(format!("--- a/src/pool.rs\n+++ b/src/pool.rs\n@@ -41,1 +41,2 @@\n{LOCK_FIRST}\n")),
            applies: Some(true),
        }),
        sources: vec![
            source("claude", 0, "C1", Severity::Critical, body, true),
            source("codex", 1, "I2", Severity::Important, "The wake-up may be lost.", false),
        ],
        checks: vec![
            check("claude", 0, Gate::File, CheckResult::Pass, "src/pool.rs at the head"),
            check("claude", 0, Gate::Quote, CheckResult::Pass, "3 lines"),
            check("claude", 0, Gate::Location, CheckResult::Pass, "lines 41-43"),
            check("claude", 0, Gate::Scope, CheckResult::Pass, "on changed lines"),
            check("claude", 0, Gate::Fix, CheckResult::Pass, "applies with fuzz 0"),
            check("codex", 1, Gate::File, CheckResult::Pass, ""),
            check("codex", 1, Gate::Location, CheckResult::Repaired, "lines 41-43 instead of 38-40 (+3)"),
        ],
        lane: Lane::Confirmed,
        confidence: 0.91,
        confidence_terms: vec![Term { name: "quote found".into(), weight: 1.2 }],
        agreement: 2,
        reconciliation: vec![Reconciliation {
            from: Severity::Important,
            to: Severity::Critical,
            code: ReasonCode::ProofByExecution,
            by: "policy".into(),
            why: "claude's script hangs at the head".into(),
        }],
        merged_because: vec!["codex I2: same lines, same symbol".into()],
        also_noted: vec![("codex".into(), "`submit` notifies without the lock as well".into())],
        category: Some("concurrency".into()),
        excerpt: Some(excerpt(
            "src/pool.rs",
            39,
            41,
            43,
            "fn next(&self) -> Job {\n    let queue = &self.queue;\n    if queue.is_empty() {\n        ready.wait();\n    }\n    queue.pop()\n}",
        )),
        ..Finding::default()
    }
}

fn stale_flag() -> Finding {
    Finding {
        id: "I1".into(),
        fingerprint: Fingerprint::of(&["docs/use.md", "--depth"]),
        severity: Severity::Important,
        kind: Some(Kind::Gap),
        origin: Origin { value: OriginValue::PreExisting, commits: Vec::new(), method: "blame".into() },
        title: "`--depth` was renamed, the guide still tells people to pass it".into(),
        locations: vec![at("docs/use.md", 7, 7)],
        body: "`--depth` became `--levels` in this change; line 7 of the guide fails with \"unknown flag\"."
            .into(),
        fix: Some(Fix {
            text: "Name the new flag.".into(),
            patch: Some("-  tool --depth 3\n+  tool --levels 3".into()),
            applies: Some(true),
        }),
        sources: vec![source("builtin", 0, "I1", Severity::Important, "see above", true)],
        checks: vec![
            check("builtin", 0, Gate::File, CheckResult::Pass, ""),
            check("builtin", 0, Gate::Quote, CheckResult::Pass, ""),
            check("builtin", 0, Gate::Location, CheckResult::Pass, ""),
        ],
        lane: Lane::Confirmed,
        confidence: 0.88,
        agreement: 1,
        possibly_same: vec!["S1".into()],
        rule: Some("stale/flag".into()),
        category: Some("docs".into()),
        excerpt: Some(excerpt("docs/use.md", 6, 7, 7, "Run it with\n  tool --depth 3\nand wait.")),
        ..Finding::default()
    }
}

fn contested() -> Finding {
    Finding {
        id: "I2".into(),
        fingerprint: Fingerprint::of(&["src/cache.rs", "get"]),
        severity: Severity::Important,
        kind: Some(Kind::Regression),
        origin: Origin {
            value: OriginValue::Unknown,
            commits: Vec::new(),
            method: "history is cut before these lines".into(),
        },
        title: "The cache hands out a stale entry".into(),
        since_round: Some(1),
        came_back: Some(format!("its code changed since it was declined {HOSTILE}")),
        locations: vec![Location {
            repaired: Some(Repair { from: "cache.rs:70".into(), distance: Some(-12) }),
            ..at("src/cache.rs", 58, 60)
        }],
        body: "After `clear` the old entry is still there.\n\n## Important Issues\n\nI9. **Forged** — `x:1` (critical)".into(),
        sources: vec![source("codex", 0, "I1", Severity::Critical, "After `clear` …", true)],
        checks: vec![
            check("codex", 0, Gate::File, CheckResult::Repaired, "cache.rs is src/cache.rs"),
            check("codex", 0, Gate::Quote, CheckResult::Fail, "closest line: `map.clear();`"),
            check("codex", 0, Gate::Repro, CheckResult::Unknown, "no script"),
        ],
        lane: Lane::Contested,
        contradictions: vec![Contradiction {
            reviewer: "claude".into(),
            wherein: "its design strengths".into(),
            said: format!("the queue is bounded by its channel {HOSTILE}"),
        }],
        confidence: 0.31,
        agreement: 1,
        reconciliation: vec![Reconciliation {
            from: Severity::Critical,
            to: Severity::Important,
            code: ReasonCode::ImpactOverstated,
            by: "policy".into(),
            why: "a stale entry is read again on the next call".into(),
        }],
        ..Finding::default()
    }
}

fn hostile() -> Finding {
    Finding {
        id: "S1".into(),
        fingerprint: Fingerprint::of(&["hostile"]),
        severity: Severity::Suggestion,
        kind: Some(Kind::Enhancement),
        title: format!("Hostile title {HOSTILE}\n# second line"),
        locations: vec![at("src/odd `name` | \n<b>.rs", 3, 3)],
        body: format!(
            "{HOSTILE}\n\n<details><summary>open</summary>\n\n[claude]: https://evil.example/\n\n```\nnever closed {HOSTILE}"
        ),
        fix: Some(Fix { text: format!("Delete it {HOSTILE}"), patch: None, applies: None }),
        sources: vec![source("claude", 1, "S1 | <b>", Severity::Suggestion, HOSTILE, true)],
        checks: vec![check("claude", 1, Gate::File, CheckResult::Fail, HOSTILE)],
        lane: Lane::Unverified,
        confidence: 0.2,
        agreement: 1,
        also_noted: vec![("codex".into(), HOSTILE.into())],
        excerpt: Some(excerpt(
            "src/odd `name` | \n<b>.rs",
            3,
            3,
            3,
            "let a = \"\u{202E}```\u{1b}[31m</code><script>\";",
        )),
        ..Finding::default()
    }
}

fn declined() -> Finding {
    Finding {
        id: "S2".into(),
        fingerprint: Fingerprint::of(&["declined"]),
        severity: Severity::Suggestion,
        kind: Some(Kind::Gap),
        origin: Origin { value: OriginValue::Absent, commits: Vec::new(), method: "no line".into() },
        title: "No test covers an empty pool".into(),
        body: "Nothing calls `Pool::next` with no workers.".into(),
        sources: vec![source("claude", 2, "S2", Severity::Important, "Nothing calls …", true)],
        lane: Lane::Unverified,
        confidence: 0.4,
        agreement: 1,
        reconciliation: vec![Reconciliation {
            from: Severity::Important,
            to: Severity::Suggestion,
            code: ReasonCode::CoverageGap,
            by: "policy".into(),
            why: "a missing test alone is never important".into(),
        }],
        state: FindingState::Declined,
        ..Finding::default()
    }
}

fn delta() -> Delta {
    let commit = |state: &str, subject: &str| DeltaCommit { state: state.into(), subject: subject.into() };
    Delta {
        from: sha('b'),
        same_commit: false,
        commits: vec![commit("changed", "Take the lock"), commit("new", HOSTILE)],
        files: vec!["src/pool.rs".into()],
    }
}

fn scope() -> DeltaScope {
    let read = |reviewer: &str, listed| ReadBy {
        reviewer: reviewer.into(),
        round: 1,
        run: RunId::new("20260228-090000-fix-pool").unwrap_or_default(),
        listed,
    };
    DeltaScope {
        files: vec![ScopedFile {
            path: "src/pool.rs".into(),
            why: vec![format!("r1:I1 is open here {HOSTILE}")],
        }],
        uses: Vec::new(),
        rest: vec![EarlierRead {
            path: "docs/use.md".into(),
            by: vec![read("claude", true), read(HOSTILE, false)],
            same_file: false,
        }],
    }
}

fn receipt(bytes_out: u64, parsed_as: ParsedAs, canary: Canary) -> Receipt {
    Receipt {
        base: Some(sha('a')),
        head: Some(sha('c')),
        files_shown: 4,
        lines_shown: 87,
        canary,
        parsed_as,
        bytes_out,
        confined_by: None,
    }
}

fn reviewers() -> Vec<ReviewerReport> {
    vec![
        ReviewerReport {
            name: "claude".into(),
            model: Some("opus 9".into()),
            effort: Some("high".into()),
            state: ReviewerState::Finished,
            ending: Ending::Finished,
            ms: 591_000,
            receipt: receipt(4_211, ParsedAs::Markdown, Canary::Echoed),
            quorum: true,
            verdict: Some("Merge with fixes".into()),
            summary: Some(format!("Fine but for the pool. {HOSTILE}")),
            tree_gone: Some(true),
            tokens: Some(Tokens { input: 812_000, output: 9_400 }),
            usd: Some(0.92),
            notes: vec!["edited its checkout; the edits were thrown away".into()],
            ..ReviewerReport::default()
        },
        ReviewerReport {
            name: "codex".into(),
            model: Some("gpt 9".into()),
            state: ReviewerState::Finished,
            ending: Ending::Leaky,
            ms: 380_400,
            receipt: receipt(2_050, ParsedAs::Json, Canary::Missing),
            quorum: true,
            verdict: Some("rework".into()),
            ..ReviewerReport::default()
        },
        ReviewerReport {
            name: "gemini".into(),
            model: Some("pro 9".into()),
            state: ReviewerState::Failed,
            ending: Ending::TimedOut,
            ms: 1_200_000,
            error: Some(format!("nothing after 20 min {HOSTILE}")),
            receipt: receipt(12, ParsedAs::None, Canary::Missing),
            quorum: true,
            ..ReviewerReport::default()
        },
        ReviewerReport {
            name: "builtin".into(),
            kind: ReviewerKind::Builtin,
            state: ReviewerState::Finished,
            ending: Ending::Finished,
            ms: 840,
            receipt: receipt(1_500, ParsedAs::Json, Canary::NotApplicable),
            ..ReviewerReport::default()
        },
    ]
}

fn counts(critical: u32, important: u32, suggestion: u32) -> SeverityCounts {
    SeverityCounts { critical, important, suggestion }
}

fn retro() -> Vec<Retro> {
    vec![
        Retro {
            reviewer: "claude".into(),
            reviewed: true,
            raised: counts(1, 2, 2),
            credited: counts(1, 0, 2),
            kept: 2,
            downgraded: 1,
            transitions: vec![("I→S".into(), 1)],
            moved: 1,
            dropped: 1,
            unique: 2,
            design: 2,
            files_reviewed: 4,
            files_omitted: Some(0),
            located: 4,
            located_exactly: 4,
            missed_without: 1,
            ..Retro::default()
        },
        Retro {
            reviewer: "codex".into(),
            reviewed: true,
            raised: counts(1, 1, 1),
            credited: counts(1, 1, 0),
            merged: 1,
            downgraded: 1,
            transitions: vec![("C→I".into(), 1)],
            dropped: 1,
            false_positives: 1,
            unique: 1,
            design: 1,
            files_reviewed: 3,
            files_omitted: Some(1),
            contradicted: 1,
            located: 3,
            located_exactly: 1,
            missed_without: 1,
            ..Retro::default()
        },
        Retro { reviewer: "gemini".into(), ..Retro::default() },
        Retro {
            reviewer: "builtin".into(),
            reviewed: true,
            raised: counts(0, 1, 0),
            credited: counts(0, 1, 0),
            kept: 1,
            unique: 1,
            located: 1,
            located_exactly: 1,
            missed_without: 1,
            ..Retro::default()
        },
    ]
}

#[expect(clippy::too_many_arguments, reason = "a table of rows reads best as one call a row")]
fn ledger_row(
    reviewer: &str,
    index: u32,
    raw: &str,
    title: &str,
    severity: Severity,
    disposition: Disposition,
    into: Option<&str>,
    code: Option<ReasonCode>,
    why: &str,
) -> LedgerRow {
    LedgerRow {
        reviewer: reviewer.into(),
        index,
        raw: raw.into(),
        title: title.into(),
        severity,
        disposition,
        into: into.map(str::to_owned),
        code,
        why: why.into(),
    }
}

fn dispositions() -> Vec<LedgerRow> {
    use Disposition::{Downgraded, Dropped, Kept, Merged, Moved};
    use Severity::{Critical, Important, Suggestion};
    let overstated = Some(ReasonCode::ImpactOverstated);
    let gap = Some(ReasonCode::CoverageGap);
    let scope = Some(ReasonCode::OutOfScope);
    let absent = Some(ReasonCode::QuoteAbsent);
    let duplicate = Some(ReasonCode::Duplicate);
    vec![
        ledger_row("claude", 0, "C1", "Pool misses a job", Critical, Kept, Some("C1"), None, ""),
        ledger_row("claude", 1, "S1 | <b>", HOSTILE, Suggestion, Kept, Some("S1"), None, ""),
        ledger_row(
            "claude",
            2,
            "S2",
            "No test for an empty pool",
            Important,
            Downgraded,
            Some("S2"),
            gap,
            "a missing test alone is never important",
        ),
        ledger_row(
            "claude",
            3,
            "I3",
            "The pool and the cache share a lock",
            Important,
            Moved,
            Some("design"),
            scope,
            "no changed line is named",
        ),
        ledger_row(
            "claude",
            4,
            "S4",
            "Pool misses a job, again",
            Suggestion,
            Dropped,
            None,
            duplicate,
            "same as its C1",
        ),
        ledger_row(
            "codex",
            0,
            "I1",
            "Stale entry",
            Critical,
            Downgraded,
            Some("I2"),
            overstated,
            "a stale entry is read again on the next call",
        ),
        ledger_row(
            "codex",
            1,
            "I2",
            "The wake-up may be lost",
            Important,
            Merged,
            Some("C1"),
            None,
            "same lines, same symbol",
        ),
        ledger_row("codex", 2, "S1", "Typo in the banner", Suggestion, Dropped, None, absent, HOSTILE),
        ledger_row("builtin", 0, "I1", "`--depth` was renamed", Important, Kept, Some("I1"), None, ""),
    ]
}

fn design() -> Vec<DesignObservation> {
    vec![
        DesignObservation {
            kind: DesignKind::Concern,
            scope: DesignScope::InScope,
            title: "The pool and the cache share a lock".into(),
            body: "A slow read blocks every worker.\n\n- first\n- second".into(),
            locations: vec![at("src/pool.rs", 10, 12)],
            reviewers: vec!["claude".into()],
            related: vec!["C1".into()],
            moved_from: Some("claude:3".into()),
        },
        DesignObservation {
            kind: DesignKind::Concern,
            scope: DesignScope::Future,
            title: HOSTILE.into(),
            body: format!("<iframe src=x>\n# Heading\n{HOSTILE}"),
            reviewers: vec!["codex".into()],
            ..DesignObservation::default()
        },
        DesignObservation {
            kind: DesignKind::Strength,
            title: "One owner for the queue".into(),
            body: "`Pool` alone pushes and pops.".into(),
            reviewers: vec!["claude".into(), "codex".into()],
            ..DesignObservation::default()
        },
    ]
}

fn coverage() -> CoverageSection {
    use CoverageStatus::{Findings, NotReviewed, Reviewed, Trivial};
    let file = |path: &str, by: &[(&str, CoverageStatus)]| CoverageFile {
        path: path.into(),
        by: by.iter().map(|(name, status)| ((*name).to_owned(), *status)).collect(),
    };
    CoverageSection {
        files: vec![
            file("Cargo.lock", &[("claude", Trivial)]),
            file("docs/use.md", &[("claude", Reviewed), ("codex", Reviewed), ("builtin", Findings)]),
            file("src/odd `name` | \n<b>.rs", &[("codex", NotReviewed)]),
            file("src/pool.rs", &[("claude", Findings), ("codex", Findings)]),
        ],
        uncovered: vec![RepoPath::new("src/odd `name` | \n<b>.rs")],
        contradictions: vec!["docs/use.md: codex says reviewed, I1 of builtin stands there".into()],
    }
}

fn target() -> Target {
    Target {
        kind: TargetKind::Branch,
        branch: Some("fix/<pool>|x".into()),
        base_name: "origin/main".into(),
        base: sha('d'),
        head: sha('c'),
        merge_base: sha('a'),
        commits: vec![commit('b', "Take jobs from a pool"), commit('c', &format!("Rename a flag {HOSTILE}"))],
        changed: vec![
            changed("Cargo.lock", ChangeStatus::Modified, 3, 1),
            changed("docs/use.md", ChangeStatus::Modified, 2, 2),
            changed("src/odd `name` | \n<b>.rs", ChangeStatus::Added, 4, 0),
            changed("src/pool.rs", ChangeStatus::Modified, 61, 14),
        ],
        repository: Some("example/pool".into()),
        repository_url: Some("https://forge.example/example/pool".into()),
        notes: vec!["the base was guessed: origin/main".into()],
        ..Target::default()
    }
}

/// The rich sample.
pub(crate) fn report() -> Report {
    Report {
        trials: model::Trials::default(),
        schema: REPORT_SCHEMA.into(),
        summary: "This change moves job handling into a pool (2 commits, 4 files, +70 −17).\n\nC1 loses jobs; I2 is contested."
            .into(),
        tool: Tool { version: "0.1.0".into(), config_sha256: Some("ab".repeat(32)), prompt_sha256: None },
        run: Run {
            id: RunId::new("20260301-101500-fix-pool").expect("a valid run id"),
            started: time("2026-03-01T10:15:00Z"),
            ended: time("2026-03-01T10:35:41Z"),
            active_ms: 1_241_000,
            consolidation_ms: 420,
            complete: false,
            quorum: (2, 2),
            resumed: 0,
        },
        target: target(),
        series: Series { key: "example/pool@fix-pool".into(), round: 2, previous: RunId::new("20260228-090000-fix-pool"), delta: Some(delta()), scope: Some(scope()), ..Series::default() },
        reviewers: reviewers(),
        verdict: Verdict {
            value: VerdictValue::Rework,
            reason: format!("1 critical and 1 important finding block; I2 is contested. {HOSTILE}"),
            blocking: vec!["C1".into(), "I1".into()],
            policy: "critical>0".into(),
        },
        findings: vec![lost_wakeup(), stale_flag(), contested(), hostile(), declined()],
        dispositions: dispositions(),
        attention: vec![Attention {
            path: "src/pool.rs".into(),
            start: 30,
            end: 52,
            score: 0.8,
            why: vec!["most edited lines".into(), "no test names `next`".into()],
        }],
        prior: vec![
            Prior {
                finding: "20260228-090000-fix-pool:I1".into(),
                fingerprint: Fingerprint::of(&["old"]),
                status: PriorStatus::Fixed,
                why: format!("its lines changed in `{}`", sha('c').short()),
                title: format!("`submit` drops a job {HOSTILE}"),
                words: vec![PriorWord {
                    reviewer: "claude".into(),
                    said: "fixed".into(),
                    evidence: Some(format!("the job is kept {HOSTILE}")),
                }],
                ..Prior::default()
            },
            Prior {
                finding: "20260228-090000-fix-pool:I2".into(),
                fingerprint: Fingerprint::of(&["src/cache.rs", "get"]),
                status: PriorStatus::NotFixed,
                why: "nothing changed there".into(),
                title: "The cache hands out a stale entry".into(),
                now: Some("I2".into()),
                ..Prior::default()
            },
            Prior {
                finding: "20260228-090000-fix-pool:S1".into(),
                fingerprint: Fingerprint::of(&["declined"]),
                status: PriorStatus::Declined,
                why: format!("a pool without workers is refused earlier {HOSTILE}"),
                ..Prior::default()
            },
        ],
        design: design(),
        testing: TestingSection {
            text: "1 of 2 changed functions is named by a test.".into(),
            ran: vec![Ran {
                command: "cargo test -p pool | tee `log`".into(),
                exit: Some(0),
                note: Some("41 passed".into()),
                reviewer: "claude".into(),
            }],
            gaps: vec![TestingGap {
                scenario: format!("two workers, one job {HOSTILE}"),
                finding: Some("C1".into()),
                reviewers: vec!["claude".into(), "deep-review".into()],
            }],
            remarks: vec![SectionRemark {
                text: format!("the pool's own tests are thorough {HOSTILE}"),
                reviewers: vec!["codex".into()],
            }],
        },
        documentation: DocumentationSection {
            text: "The guide was not updated.".into(),
            gaps: vec![TestingGap {
                scenario: "`--levels` is not documented".into(),
                finding: Some("I1".into()),
                reviewers: vec!["deep-review".into()],
            }],
            remarks: Vec::new(),
        },
        commits: CommitsSection {
            text: "2 commits, one concern each.".into(),
            remarks: vec![CommitRemark {
                sha: Some(sha('c')),
                text: format!("its message promises tests that it does not add {HOSTILE}"),
                reviewers: vec!["codex".into()],
            }],
        },
        limitations: vec![Limitation {
            source: "code".into(),
            location: Some(at("src/pool.rs", 3, 4)),
            quote: format!("TODO: bound the queue {HOSTILE}"),
            reviewers: vec!["deep-review".into()],
            finding: Some("C1".into()),
        }],
        coverage: coverage(),
        retro: retro(),
        challenges: Vec::new(),
        summary_by: None,
        invariants: Invariants { dispositions_balance: true, ids_contiguous: true },
        resolution: None,
        notes: vec![format!("HEAD moved during the run {HOSTILE}")],
    }
}

/// A run in which the only reviewer failed.
pub(crate) fn empty() -> Report {
    Report {
        schema: REPORT_SCHEMA.into(),
        run: Run { id: RunId::new("20260301-101500-empty").expect("a valid run id"), ..Run::default() },
        reviewers: vec![ReviewerReport {
            name: "claude".into(),
            state: ReviewerState::Failed,
            ending: Ending::Failed,
            error: Some("could not be started".into()),
            ..ReviewerReport::default()
        }],
        verdict: Verdict {
            value: VerdictValue::Incomplete,
            reason: "0 of 1 reviews arrived".into(),
            ..Verdict::default()
        },
        invariants: Invariants { dispositions_balance: true, ids_contiguous: true },
        ..Report::default()
    }
}

/// A run in which only the built-in reviewer was asked.
pub(crate) fn builtin_only() -> Report {
    let mut report = report();
    report.reviewers.retain(|reviewer| reviewer.name == "builtin");
    report.findings = vec![stale_flag()];
    report.verdict = Verdict {
        value: VerdictValue::MergeWithFixes,
        reason: "1 important finding blocks".into(),
        blocking: vec!["I1".into()],
        policy: "important>0".into(),
    };
    report
}

/// The reviews behind [`report`].
pub(crate) fn originals() -> Vec<Original> {
    let prose = format!(
        "## Important Issues\n\nI1. **Pool misses a job** — `src/pool.rs:41-43`\n\n````\nfence inside\n````\n\n<b>{HOSTILE}</b>\n\n---\n\n# Appendix\n"
    );
    vec![
        Original { reviewer: "claude".into(), text: prose, json: false },
        Original {
            reviewer: "codex".into(),
            text: "{\"schema\": \"deep-review/review/v1\",\n \"findings\": []}".into(),
            json: true,
        },
        Original { reviewer: "gemini".into(), text: "## Review\r\n".into(), json: false },
    ]
}
