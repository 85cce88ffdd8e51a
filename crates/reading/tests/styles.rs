//! One review in every style we know: whatever the dress, the same three findings come out.
//!
//! In: texts of our own. Out: a failed test where a style is read as something else. Locations and kinds may be left
//! out by a style; titles, order and severities may not.

use model::{Kind, ReadingState, Severity};
use reading::{Context, read};

/// What a style is expected to tell.
#[derive(Clone, Copy)]
struct Tells {
    places: bool,
    kinds: bool,
}

const ALL: Tells = Tells { places: true, kinds: true };
const NO_KINDS: Tells = Tells { places: true, kinds: false };
const ONLY_TITLES: Tells = Tells { places: false, kinds: false };

const TITLES: [&str; 3] = [
    "`Pool::next` loses a job that arrives late",
    "The queue is closed twice — and panics",
    "Name the limit of 64",
];

/// Path, first and last line.
type Place<'t> = (&'t str, Option<u32>, Option<u32>);

/// Checks that `text` is read as the three findings.
fn check(style: &str, text: &str, tells: Tells) {
    let reading = read(text, &Context::default());
    let titles: Vec<&str> = reading.findings.iter().map(|finding| finding.title.as_str()).collect();
    assert_eq!(titles, TITLES, "{style}: {:#?}", reading.notes);
    let severities: Vec<Severity> = reading.findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [Severity::Critical, Severity::Important, Severity::Suggestion], "{style}");
    assert_eq!(reading.state, ReadingState::Reviewed, "{style}");
    if tells.kinds {
        let kinds: Vec<Option<Kind>> = reading.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [Some(Kind::Regression), Some(Kind::Gap), Some(Kind::Enhancement)], "{style}");
    }
    if tells.places {
        let places: Vec<Vec<Place<'_>>> = reading
            .findings
            .iter()
            .map(|finding| {
                finding.locations.iter().map(|place| (place.path.as_str(), place.start, place.end)).collect()
            })
            .collect();
        let wanted = [
            vec![("src/pool.rs", Some(41), Some(43))],
            vec![("src/queue.rs", Some(70), Some(70)), ("src/main.rs", Some(12), Some(15))],
            vec![("docs/use.md", Some(7), Some(7))],
        ];
        assert_eq!(places, wanted, "{style}");
    }
    for finding in &reading.findings {
        let (start, end) = finding.span.expect("Markdown has spans");
        assert!(start < end && text.is_char_boundary(start) && text.is_char_boundary(end), "{style}");
    }
}

/// The body of the first finding: lists, a table, a heading in code and bold words that start nothing.
const BODY: &str = "```rust
if queue.is_empty() { ready.wait(); }
// ## Critical Issues
```

Two things happen:

1. **The look.** `next` looks before it locks (`src/pool.rs:38`).
2. **The sleep.** Then it sleeps.

- **Nothing** wakes it.

**Why it matters:** jobs hang. See I7.

> ## Important Issues
> I9. **A quoted finding** — `x.rs:1` (important, gap)

Fix: lock first.

```diff
-if queue.is_empty() {
+let guard = lock.lock();
```
";

#[test]
fn labels_before_bold_with_tags_behind() {
    let text = format!(
        "## Executive Summary

Fine.

## Findings

### Critical Issues

C1. **{}** — `src/pool.rs:41-43` (critical, regression)

{BODY}
### Important Issues

I1. **{}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)

Twice.

### Suggestions

S1. **{}** — `docs/use.md:7` (suggestion, enhancement)

Because.

## Testing Assessment

1. **Not tested** — `src/pool.rs:1` at all.
",
        TITLES[0], TITLES[1], TITLES[2]
    );
    check("labels outside bold", &text, ALL);
}

/// Fills a style: `{C}`, `{I}`, `{S}` stand for the titles, `{B}` for the body.
fn fill(style: &str) -> String {
    style.replace("{C}", TITLES[0]).replace("{I}", TITLES[1]).replace("{S}", TITLES[2]).replace("{B}", BODY)
}

#[test]
fn every_dress_of_a_headline_is_read() {
    let styles: &[(&str, &str, Tells)] = &[
        (
            "labels inside bold",
            "### Findings\n\n#### Critical Issues\n\n**C1. {C}** — `src/pool.rs:41-43` (critical, regression)\n\n{B}\n#### Important Issues\n\n**I1. {I}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\nTwice.\n\n#### Suggestions\n\n**S1. {S}** — `docs/use.md:7` (suggestion, enhancement)\n\nBecause.\n",
            ALL,
        ),
        (
            "everything inside the bold, tags in emphasis",
            "## Findings\n\n### Critical Issues\n\n**C1. {C} — `src/pool.rs:41-43`** *(critical, regression)*\n\n{B}\n---\n\n### Important Issues\n\n**I1. {I} — `src/queue.rs:70`, `src/main.rs:12-15`** *(important, gap)*\n\nTwice.\n\n---\n\n### Suggestions\n\n**S1. {S} — `docs/use.md:7`** *(suggestion, enhancement)*\n\nBecause.\n",
            ALL,
        ),
        (
            "tags in the body, in back-ticks",
            "### Findings\n\n#### Critical Issues\n\n**C1. {C}** — `src/pool.rs:41-43`\n\n{B}\n`(critical, regression)`\n\n#### Important Issues\n\n**I1. {I}** — `src/queue.rs:70`, `src/main.rs:12-15`\n\nTwice.\n\n`(important, gap)` — low priority.\n\n#### Suggestions\n\n**S1. {S}** — `docs/use.md:7`\n\nBecause.\n*(suggestion, enhancement)*\n",
            ALL,
        ),
        (
            "tags at the end of the last sentence",
            "**Critical Issues**\n\n1. **{C}** — `src/pool.rs:41-43`\n\n{B}\nThat is all. (critical, regression)\n\n**Important Issues**\n\n1. **{I}** — `src/queue.rs:70`, `src/main.rs:12-15`\n\nTwice. (important, gap)\n\n**Suggestions**\n\n1. **{S}** — `docs/use.md:7`\n\nBecause. (suggestion, enhancement)\n",
            ALL,
        ),
        (
            "numbers that start again in every section",
            "## Critical Issues\n\n1. **{C}** — `src/pool.rs:41-43` (critical, regression)\n\n{B}\n## Important Issues\n\n1. **{I}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\nTwice.\n\n## Suggestions\n\n1. **{S}** — `docs/use.md:7` (suggestion, enhancement)\n\nBecause.\n",
            ALL,
        ),
        (
            "numbers that go on, sections by bold lines with hard breaks",
            "**Executive Summary**\n\nFine.\n\n**Critical Issues**  \n\n1. **{C}** — `src/pool.rs:41-43` (critical, regression)\n\n{B}\n**Important Issues**  \n\n2. **{I}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\nTwice.\n\n**Suggestions**  \n\n3. **{S}** — `docs/use.md:7` (suggestion, enhancement)\n\nBecause.\n",
            ALL,
        ),
        (
            "severity in brackets before the place, in bold",
            "### Findings\n\n**[CRITICAL] src/pool.rs:41-43 — {C}**\n- **Classification:** Regression\n- **Problem:** It sleeps.\n- **Fix:** Lock first.\n\n**[IMPORTANT] src/queue.rs:70, src/main.rs:12-15 — {I}**\n- **Classification:** Gap\n- **Problem:** Twice.\n\n**[SUGGESTION] docs/use.md:7 — {S}**\n- **Classification:** Enhancement\n- **Problem:** Because.\n",
            ALL,
        ),
        (
            "severity in brackets inside headings",
            "## Findings\n\n### **[CRITICAL] src/pool.rs:41-43 — {C}**\n\n**Classification:** regression (introduced by `abc1234`)\n\n**Problem:** It sleeps.\n\n**Fix:** Lock first:\n```rust\nlock();\n```\n\n---\n\n### **[IMPORTANT] src/queue.rs:70, src/main.rs:12-15 — {I}**\n\n**Classification:** gap\n\n---\n\n### **[SUGGESTION] docs/use.md:7 — {S}**\n\n**Classification:** enhancement\n",
            ALL,
        ),
        (
            "bold severity before the place",
            "**Findings**\n\n**CRITICAL** src/pool.rs:41-43 — {C}\nClassification: regression\nProblem: It sleeps.\nFix: Lock first.\n\n**IMPORTANT** src/queue.rs:70, src/main.rs:12-15 — {I}\nClassification: gap\nProblem: Twice.\n\n**SUGGESTION** docs/use.md:7 — {S}\nClassification: enhancement\nProblem: Because.\n",
            ALL,
        ),
        (
            "headings with labels, fields below",
            "# Code Review\n\n## Critical Issues\n\n### C1: {C}\n\n**Location:** `src/pool.rs:41-43`\n**Classification:** critical, regression\n\n{B}\n## Important Issues\n\n### I1: {I}\n\n**Location:** `src/queue.rs:70`, `src/main.rs:12-15`\n**Classification:** important, gap\n\n## Suggestions\n\n### S1: {S}\n\n**Location:** `docs/use.md:7`\n**Classification:** suggestion, enhancement\n",
            ALL,
        ),
        (
            "headings with numbers and places",
            "## Findings\n\n### Critical\n\n#### 1. {C} — `src/pool.rs:41-43`\n\n{B}\n### High\n\n#### 2. {I} — `src/queue.rs:70`, `src/main.rs:12-15`\n\nTwice.\n\n### Low\n\n#### 3. {S} — `docs/use.md:7`\n\nBecause.\n",
            NO_KINDS,
        ),
        (
            "headings without number or label",
            "## Critical Issues\n\n### {C}\n\n`src/pool.rs:41-43`\n\n{B}\n## Important Issues\n\n### {I}\n\nFiles: `src/queue.rs:70`, `src/main.rs:12-15`\n\n## Suggestions\n\n### {S}\n\n- **File:** `docs/use.md` line 7\n",
            NO_KINDS,
        ),
        (
            "links with absolute addresses",
            "### Findings\n\n**Critical Issues**\n\n1. **{C}** — [src/pool.rs:41-43](/Users/me/git/pool/src/pool.rs#L41) (critical, regression)\n\n{B}\n**Important Issues**\n\n1. **{I}** — [src/queue.rs:70](/Users/me/git/pool/src/queue.rs#L70), [`src/main.rs:12-15`](\\/Users\\/me\\/git\\/pool\\/src\\/main.rs#L12) `(important, gap)`\n\nTwice.\n\n**Suggestions**\n\n1. **{S}** — [docs/use.md:7](/Users/me/git/pool/docs/use.md#L7) (suggestion, enhancement)\n",
            ALL,
        ),
        (
            "ranges with en dashes, lines in words",
            "## Critical Issues\n\nC1. **{C}** – `src/pool.rs:41–43` (critical, regression)\n\n{B}\n## Important Issues\n\nI1. **{I}** – `src/queue.rs` line 70, `src/main.rs` (lines 12–15) (important, gap)\n\n## Suggestions\n\nS1. **{S}** – `docs/use.md`, line 7 (suggestion, enhancement)\n",
            ALL,
        ),
        (
            "place on the line below the headline",
            "## Critical Issues\n\n**C1. {C}**\n`src/pool.rs:41-43` (critical, regression)\n\n{B}\n## Important Issues\n\n**I1. {I}**\n`src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\n## Suggestions\n\n**S1. {S}**\n\n*`docs/use.md:7`* *(suggestion, enhancement)*\n",
            ALL,
        ),
        (
            "a headline over two lines",
            "## Critical Issues\n\n**C1. `Pool::next` loses a job\nthat arrives late** — `src/pool.rs:41-43`\n(critical, regression)\n\n{B}\n## Important Issues\n\nI1. **{I}** — `src/queue.rs:70`,\n`src/main.rs:12-15` (important, gap)\n\n## Suggestions\n\nS1. Name the limit\nof 64 — `docs/use.md:7` (suggestion, enhancement)\n",
            ALL,
        ),
        (
            "no bold at all",
            "## Critical Issues\n\nC1. {C} — `src/pool.rs:41-43` (critical, regression)\n\n{B}\n## Important Issues\n\nI1. {I} — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\n## Suggestions\n\nS1. {S} — `docs/use.md:7` (suggestion, enhancement)\n",
            ALL,
        ),
        (
            "tags before places",
            "## Critical Issues\n\nC1. **{C}** (critical, regression) — `src/pool.rs:41-43`\n\n{B}\n## Important Issues\n\nI1. **{I}** (important, gap) — `src/queue.rs:70` and `src/main.rs:12-15`\n\n## Suggestions\n\nS1. **{S}** (suggestion, enhancement) — `docs/use.md:7`\n",
            ALL,
        ),
        (
            "labels in brackets, tags as words",
            "## Findings\n\n**[C1] {C}** — `src/pool.rs:41-43` — critical, regression\n\n{B}\n**[I1] {I}** — `src/queue.rs:70` vs `src/main.rs:12-15` — important, gap\n\nTwice.\n\n**[S1] {S}** — `docs/use.md:7` — suggestion, enhancement\n",
            ALL,
        ),
        (
            "bullets with bold severity",
            "## Findings\n\n- **Critical** — `src/pool.rs:41-43` — {C}. (regression)\n\n  It sleeps.\n\n- **Important** — `src/queue.rs:70`, `src/main.rs:12-15` — {I}. (gap)\n- **Suggestion** — `docs/use.md:7` — {S}. (enhancement)\n",
            ALL,
        ),
        (
            "bullets with priorities and absolute paths",
            "Full review comments:\n\n- [P0] {C} — /home/me/pool/src/pool.rs:41-43\n  It sleeps when nothing is there.\n\n- [P1] {I} — /home/me/pool/src/queue.rs:70\n  Twice.\n\n- [P3] {S} — /home/me/pool/docs/use.md:7-7\n  Because.\n",
            ONLY_TITLES,
        ),
        (
            "bullets in severity sections",
            "## Critical Issues\n\n- **{C}** — `src/pool.rs:41-43` (regression)\n\n  It sleeps.\n\n  1. **First** it looks.\n\n## Important Issues\n\n- **{I}** — `src/queue.rs:70`, `src/main.rs:12-15` (gap)\n\n## Suggestions\n\n- **{S}** — `docs/use.md:7` (enhancement)\n",
            ALL,
        ),
        (
            "sections by bullets",
            "- **Critical Issues**\n  1. **{C}** — `src/pool.rs:41-43` (critical, regression)\n\n     It sleeps.\n\n- **Important Issues**\n  1. **{I}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\n- **Suggestions**\n  1. **{S}** — `docs/use.md:7` (suggestion, enhancement)\n",
            ALL,
        ),
        (
            "bold lines without place",
            "## Critical Issues\n\n**{C}**\n\nIt sleeps.\n\n## Important Issues\n\n**{I}**\n\nTwice.\n\n## Suggestions\n\n**{S}**\n\nBecause.\n",
            ONLY_TITLES,
        ),
        (
            "prose behind the title on its line",
            "## Critical Issues\n\n1. **{C}.** It sleeps (`src/pool.rs:41-43`).\n\n## Important Issues\n\n1. **{I}.** Twice.\n\n## Suggestions\n\n1. **{S}.** Because.\n",
            ONLY_TITLES,
        ),
        (
            "seven hashes",
            "###### Findings\n\n####### Critical Issues\n\n**C1. {C}** — `src/pool.rs:41-43` (critical, regression)\n\n{B}\n####### Important Issues\n\n**I1. {I}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\n####### Suggestions\n\n**S1. {S}** — `docs/use.md:7` (suggestion, enhancement)\n",
            ALL,
        ),
        (
            "emoji and numbered sections",
            "## 1. Summary\n\nFine.\n\n## 2. 🔴 Critical Issues (1)\n\n### 2.1 {C}\n\n**File:** `src/pool.rs:41-43`\n**Type:** regression\n\n{B}\n## 3. 🟠 Important Issues (1)\n\n### 3.1 {I}\n\n**Files:** `src/queue.rs:70`, `src/main.rs:12-15`\n**Type:** gap\n\n## 4. 🟢 Suggestions (1)\n\n### 4.1 {S}\n\n**File:** `docs/use.md:7`\n**Type:** enhancement\n",
            ALL,
        ),
        (
            "indented bodies in a numbered list",
            "### Critical Issues\n\n1. **{C}** — `src/pool.rs:41-43` (critical, regression)\n\n   ```rust\n   wait();\n   ```\n\n   It sleeps:\n\n   1. **Look** first.\n   2. **Sleep** then.\n\n   Fix: lock.\n\n### Important Issues\n\n1. **{I}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\n   Twice.\n\n### Suggestions\n\n1. **{S}** — `docs/use.md:7` (suggestion, enhancement)\n\n   Because.\n",
            ALL,
        ),
        (
            "finding N with severity field",
            "## Findings\n\n### Finding 1: {C}\n\n- **Severity:** Critical\n- **Kind:** regression\n- **Location:** `src/pool.rs:41-43`\n\n{B}\n### Finding 2: {I}\n\n- **Severity:** High\n- **Kind:** gap\n- **Location:** `src/queue.rs:70`, `src/main.rs:12-15`\n\n### Finding 3: {S}\n\n- **Severity:** Nit\n- **Kind:** enhancement\n- **Location:** `docs/use.md#L7`\n",
            ALL,
        ),
        (
            "critical issue N",
            "## Findings\n\n**Critical Issue #1 — {C}** (`src/pool.rs:41-43`)\n\nIt sleeps.\n\n**Important Issue #1 — {I}** (`src/queue.rs:70`, `src/main.rs:12-15`)\n\nTwice.\n\n**Suggestion #1 — {S}** (`docs/use.md:7`)\n\nBecause.\n",
            NO_KINDS,
        ),
        (
            "a table and nothing else",
            "## Findings\n\n| # | Severity | Location | Finding | Class |\n|---|---|---|---|---|\n| C1 | **Critical** | `src/pool.rs:41-43` | {C} | regression |\n| I1 | Important | `src/queue.rs:70`, `src/main.rs:12-15` | {I} | gap |\n| S1 | Suggestion | `docs/use.md:7` | {S} | enhancement |\n",
            ALL,
        ),
        (
            "several fields on one line",
            "## Findings\n\n### 1. {C}\n\n**Severity:** critical · **Class:** regression · **Location:** `src/pool.rs:41-43`\n\n{B}\n### 2. {I}\n\n**Severity:** important | **Class:** gap | **Location:** `src/queue.rs:70`, `src/main.rs:12-15`\n\n### 3. {S}\n\n**Severity:** suggestion · **Class:** enhancement · **Location:** `docs/use.md:7`\n",
            ALL,
        ),
        (
            "numbered findings with title as a field",
            "## Findings\n\n**Finding 1**\n- Title: {C}\n- Severity: critical\n- Class: regression\n- File: `src/pool.rs:41-43`\n\n**Finding 2**\n- Title: {I}\n- Severity: important\n- Class: gap\n- File: `src/queue.rs:70`, `src/main.rs:12-15`\n\n**Finding 3**\n- Title: {S}\n- Severity: suggestion\n- Class: enhancement\n- File: `docs/use.md:7`\n",
            ALL,
        ),
        (
            "bold numbers without a list",
            "#### Critical Issues\n\n**1. {C}** — `src/pool.rs:41-43` (critical, regression)\n\n{B}\n#### Important Issues\n\n**2. {I}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\nTwice.\n\n#### Suggestions\n\n**3. {S}** — `docs/use.md:7` (suggestion, enhancement)\n",
            ALL,
        ),
        (
            "label and title both bold, places in brackets",
            "## Critical\n\n**C1:** **{C}** (`src/pool.rs:41-43`) (critical, regression)\n\n{B}\n## Important\n\n**I1:** **{I}** (`src/queue.rs:70`, `src/main.rs:12-15`) (important, gap)\n\n## Suggestions\n\n**S1:** **{S}** (`docs/use.md:7`) (suggestion, enhancement)\n",
            ALL,
        ),
        (
            "labels as code, headings with places and no separator",
            "## Critical\n\n### `C1` — {C} `src/pool.rs:41-43`\n\n*(critical, regression)*\n\n{B}\n## Important\n\n### `I1` — {I} `src/queue.rs:70`, `src/main.rs:12-15`\n\n*(important, gap)*\n\n## Suggestions\n\n### `S1` — {S} `docs/use.md:7`\n\n*(suggestion, enhancement)*\n",
            ALL,
        ),
        (
            "severity with an icon before the place",
            "## Issues\n\n🔴 **Critical:** `src/pool.rs:41-43` — {C}\n\nIt sleeps.\n\n🟠 **High:** `src/queue.rs:70`, `src/main.rs:12-15` — {I}\n\nTwice.\n\n🟢 **Low:** `docs/use.md:7` — {S}\n\nBecause.\n",
            NO_KINDS,
        ),
        (
            "severity as the heading of each finding",
            "# Review\n\n## Critical: {C}\n\n`src/pool.rs:41-43`\n\n{B}\n## Important: {I}\n\n`src/queue.rs:70`, `src/main.rs:12-15`\n\n## Suggestion: {S}\n\n`docs/use.md:7`\n",
            NO_KINDS,
        ),
        (
            "lists of plain sentences with places in front",
            "Critical issues:\n\n- `src/pool.rs:41-43`: {C}\n\nImportant issues:\n\n- `src/queue.rs:70`, `src/main.rs:12-15`: {I}\n\nSuggestions:\n\n- `docs/use.md:7`: {S}\n",
            NO_KINDS,
        ),
        (
            "plain sentences in lists, no place at all",
            "### Critical\n* {C}\n\n### Important\n* {I}\n\n### Minor\n* {S}\n\n### Nits\nNone.\n",
            ONLY_TITLES,
        ),
        (
            "sections that say none in a sentence",
            "## Blockers\n\nNo blockers were found in this change.\n\n## Critical Issues\n\n- **C1. {C}** — `src/pool.rs:41-43` (critical, regression)\n\n## Important Issues\n\n- **I1. {I}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\n## Suggestions\n\n- **S1. {S}** — `docs/use.md:7` (suggestion, enhancement)\n\n## Nits\n\n- No issues found.\n",
            ALL,
        ),
        (
            "file and lines in fields of their own",
            "## Findings\n\n### Critical Issues\n\n#### C1. {C}\n**File:** `src/pool.rs`\n**Lines:** 41-43\n**Class:** regression\n\n{B}\n### Important Issues\n\n#### I1. {I}\n**File:** `src/queue.rs:70`, `src/main.rs:12-15`\n**Class:** gap\n\n### Suggestions\n\n#### S1. {S}\n**File:** `docs/use.md`\n**Line:** 7\n**Class:** enhancement\n",
            ALL,
        ),
        (
            "a table of fields below each heading",
            "## Findings\n\n### Issue 1: {C}\n\n| Field | Value |\n|---|---|\n| Severity | critical |\n| Class | regression |\n| Location | `src/pool.rs:41-43` |\n\n{B}\n### Issue 2: {I}\n\n| Field | Value |\n|---|---|\n| Severity | important |\n| Class | gap |\n| Location | `src/queue.rs:70`, `src/main.rs:12-15` |\n\n### Issue 3: {S}\n\n| Field | Value |\n|---|---|\n| Severity | suggestion |\n| Class | enhancement |\n| Location | `docs/use.md:7` |\n",
            ALL,
        ),
        (
            "places as headings, titles as problems",
            "## Findings\n\n### 1. `src/pool.rs:41-43`\n\n**Severity:** critical\n**Problem:** {C}.\n\n### 2. `src/queue.rs:70`, `src/main.rs:12-15`\n\n**Severity:** important\n**Problem:** {I}.\n\n### 3. `docs/use.md:7`\n\n**Severity:** low\n**Problem:** {S}. It is magic.\n",
            NO_KINDS,
        ),
        (
            "labelled headings beside the other sections",
            "# Review\n\n## Summary\n\nFine.\n\n## C1: {C}\n\nLocation: `src/pool.rs:41-43`\n\n{B}\n## I1: {I}\n\nLocation: `src/queue.rs:70`, `src/main.rs:12-15`\n\n## S1: {S}\n\nLocation: `docs/use.md:7`\n\n## Testing\n\n1. None yet.\n",
            NO_KINDS,
        ),
        (
            "issues without any section",
            "I looked at everything.\n\n**Issue 1: {C}**\nSeverity: Critical\nFile: `src/pool.rs:41-43`\n\n**Issue 2: {I}**\nSeverity: High\nFile: `src/queue.rs:70`, `src/main.rs:12-15`\n\n**Issue 3: {S}**\nSeverity: Low\nFile: `docs/use.md:7`\n",
            NO_KINDS,
        ),
        (
            "confidence and other remarks in the headline",
            "## High-Priority Issues\n\n### Critical Issue C1 — {C} (confidence: 90%) — `src/pool.rs:41-43` (new)\n\n{B}\n### Important Issue I1 — {I} (confidence: high) — `src/queue.rs:70`, `src/main.rs:12-15`\n\n### Suggestion S1: {S} — `docs/use.md:~7`\n",
            NO_KINDS,
        ),
        (
            "html tags",
            "<details>\n<summary>Full review output</summary>\n\n### Critical Issues\n\n<b>C1. {C}</b> — `src/pool.rs:41-43` (critical, regression)\n\nIt sleeps.\n\n### Important Issues\n\n**I1. {I}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\n### Suggestions\n\n**S1. {S}** — `docs/use.md:7` (suggestion, enhancement)\n\n</details>\n",
            ALL,
        ),
    ];
    let mut failed = Vec::new();
    for (style, text, tells) in styles {
        let text = fill(text);
        if let Err(why) = std::panic::catch_unwind(|| check(style, &text, *tells)) {
            failed.push(why.downcast_ref::<String>().cloned().unwrap_or_else(|| (*style).to_owned()));
        }
    }
    assert!(failed.is_empty(), "{} styles failed:\n{}", failed.len(), failed.join("\n----\n"));
}

#[test]
fn a_wrapped_review_is_the_same_review() {
    let plain = fill(
        "Now I have enough context. Let me write the review.\n\n---\n\n## Findings\n\n### Critical Issues\n\nC1. **{C}** — `src/pool.rs:41-43` (critical, regression)\n\n{B}\n### Important Issues\n\nI1. **{I}** — `src/queue.rs:70`, `src/main.rs:12-15` (important, gap)\n\nTwice.\n\n### Suggestions\n\nS1. **{S}** — `docs/use.md:7` (suggestion, enhancement)\n\nBecause.\n\n### Coverage Summary\n\n- `src/pool.rs` — C1\n",
    );
    let prefixed =
        |mark: &str| plain.lines().map(|line| format!("{mark}{line}\n")).collect::<Vec<_>>().concat();
    check("plain", &plain, ALL);
    check("indented", &prefixed("    "), ALL);
    check("quoted", &prefixed("> "), ALL);
    check("fenced", &format!("Here it is:\n\n````markdown\n{plain}````\n"), ALL);
    check("fenced with the same marks inside", &format!("```\n{plain}```\n"), ALL);
    check("fence never closed", &format!("```markdown\n{plain}"), ALL);
    check("fence closed behind the last word", &format!("```\n{}```\n", plain.trim_end()), ALL);
    check("details", &format!("<details>\n<summary>Review</summary>\n\n{plain}\n</details>\n"), ALL);
    check("windows line ends", &plain.replace('\n', "\r\n"), ALL);
    check("byte order mark", &format!("\u{feff}{plain}"), ALL);
}

#[test]
fn a_finding_taken_back_half_way_is_flagged() {
    let text = "## Suggestions\n\nS1. **The lock may be missed** — `a.rs:1` (suggestion, gap)\n\nIt looks unlocked. On closer reading, this is fine: the caller holds it.\n\nS2. ~~**Struck**~~ — `b.rs:2` (suggestion, gap)\n\nS3. **Also gone** (withdrawn)\n\nS4. **Stays** — `c.rs:3` (suggestion, gap)\n\nActually, this is fine only on Linux.\n\nFix: guard the other systems with a check of their own.\n";
    let withdrawn: Vec<bool> =
        read(text, &Context::default()).findings.iter().map(|finding| finding.withdrawn).collect();
    assert_eq!(withdrawn, [true, true, true, false]);
}

#[test]
fn the_parts_of_a_finding_are_told_apart() {
    let text = "## Findings\n\n### Important Issues\n\nI1. **Two places differ** — `a.rs:1-3`, `b.rs:9` (important, regression)\n\n```rust\nlet a = 1;\n```\n```rust\nlet b = 2;\n```\n\nThey differ.\n\n```text\nnot a quote\n```\n\n**Trigger:** a busy day.\n\nFix: make them equal:\n\n```diff\n-let b = 2;\n+let b = 1;\n```\n\nNothing else.\n\n```bash repro\nbash x.sh\n```\n\n*Consolidation note: merged with I2.*\n\n---\n";
    let finding = read(text, &Context::default()).findings.remove(0);
    assert_eq!(finding.locations[0].quote.as_deref(), Some("let a = 1;"));
    assert_eq!(finding.locations[1].quote.as_deref(), Some("let b = 2;"));
    assert_eq!(finding.fix.as_deref(), Some("make them equal:\n\n```diff\n-let b = 2;\n+let b = 1;\n```"));
    assert_eq!(finding.patch.as_deref(), Some("-let b = 2;\n+let b = 1;\n"));
    assert_eq!(finding.trigger.as_deref(), Some("a busy day."));
    assert_eq!(finding.repro.as_deref(), Some("bash x.sh\n"));
    assert_eq!(finding.consolidation_note.as_deref(), Some("Consolidation note: merged with I2."));
    assert!(finding.body.starts_with("```rust\nlet a = 1;") && finding.body.ends_with("```"));
    assert!(!finding.body.contains("Consolidation") && !finding.body.contains("Two places"));
}

#[test]
fn sections_beside_the_findings_are_read() {
    let text = "**Verdict:** Merge with fixes\n\n## Executive Summary\n\nThe change is small.\n\nIt works.\n\n## Findings\n\n### Critical Issues\n\nNone.\n\n### Suggestions\n\nS1. **A** — `a.rs:1` (suggestion, gap)\n\n## Design Observations\n\n**Concerns**\n\n- **One lock for all** (future) — readers wait. See `pool.rs:7`.\n\n**Strengths**\n\n1. The queue is owned by one thread. That is right.\n\n## Testing Assessment\n\n`cargo test -p pool` passed. Untested, by risk:\n\n1. **Two workers** at once.\n2. A full queue.\n\n## Documentation Assessment\n\nNo gaps.\n\n## Commit Structure\n\nOne commit.\n\n## Acknowledged Limitations\n\n- **Code comment** — `pool.rs:3`: \"no limit yet\"\n- **PR comment** from @zoe: \"later\"\n\n## Status of Prior Findings\n\n- I1 (the lock): Fixed — in abc1234\n- I2: not addressed\n\n## Coverage Summary\n\n| File | Status |\n|---|---|\n| `a.rs` | S1 |\n| `pool.rs` | Reviewed, no issues |\n| `Cargo.lock` | Trivial |\n";
    let reading = read(text, &Context::default());
    assert_eq!(reading.verdict.as_deref(), Some("Merge with fixes"));
    assert_eq!(reading.summary.as_deref(), Some("The change is small.\n\nIt works."));
    assert_eq!(reading.design.len(), 2);
    assert_eq!(reading.design[0].title, "One lock for all");
    assert_eq!(reading.design[0].scope, Some(model::DesignScope::Future));
    assert_eq!(reading.design[1].kind, model::DesignKind::Strength);
    assert_eq!(reading.design[1].title, "The queue is owned by one thread.");
    assert_eq!(reading.testing.len(), 3);
    assert!(reading.testing[1].gap && reading.testing[2].gap);
    assert_eq!(reading.ran[0].command, "cargo test -p pool");
    assert_eq!(reading.documentation.len(), 1);
    assert_eq!(reading.commits.len(), 1);
    let sources: Vec<&str> = reading.limitations.iter().map(|item| item.source.as_str()).collect();
    assert_eq!(sources, ["code", "pr-comment"]);
    let prior: Vec<(&str, &str)> =
        reading.prior.iter().map(|item| (item.finding.as_str(), item.status.as_str())).collect();
    assert_eq!(prior, [("I1 (the lock)", "fixed"), ("I2", "not addressed")]);
    assert_eq!(reading.coverage.len(), 3);
    assert_eq!(reading.coverage[0].findings, ["S1"]);
}

#[test]
fn what_looks_like_a_finding_inside_a_finding_is_none() {
    let text = "## Executive Summary\n\n- **Critical:** 1\n- Important: 2 findings\n- **I1** (important, gap) — `a.rs:1` matters most.\n\n## Findings\n\n**Note:** all line numbers are those of the head.\n\n### Important Issues\n\n1. **First** — `a.rs:1` (important, gap)\n\nTwo places:\n\n1. **Here** — `a.rs:5`\n2. **There** — `a.rs:9`\n\n**Important:** do not skip this.\n\n**Suggestion:** lock it.\n\n**Before:**\n\n**After**\n\n- **One more** — `b.rs:7`\n\nI1 says the same. See S3.\n\n2. **Second** — `b.rs:2` (important, regression)\n\nSo.\n\n### Suggestions\n\n**[SUGGESTION] c.rs:3 — Third**\n\n**Suggestion:** name it.\n\n**[SUGGESTION] d.rs:4 — Fourth**\n\nBecause.\n";
    let reading = read(text, &Context::default());
    let found: Vec<&str> = reading.findings.iter().map(|finding| finding.title.as_str()).collect();
    assert_eq!(found, ["First", "Second", "Third", "Fourth"]);
    assert_eq!(reading.findings[2].fix.as_deref(), Some("name it."));
}

#[test]
fn names_of_sections_inside_a_finding_end_nothing() {
    let text = "## Important Issues\n\n### I1. First\n\nIt breaks.\n\nVerification:\n\n- I ran `x`.\n\n**Tests:**\n\n- none\n\n#### Documentation\n\nNone says so.\n\n### I2. Second\n\nIt breaks, too.\n\n**Testing Assessment**\n\n1. Nothing runs it.\n";
    let reading = read(text, &Context::default());
    assert_eq!(reading.findings.len(), 2);
    assert!(reading.findings[0].body.ends_with("None says so."), "{}", reading.findings[0].body);
    assert_eq!(reading.testing.len(), 1);
}
