//! Reviews in the styles of other tools and of people, in which nothing of our own grammar marks a finding.
//!
//! In: texts of our own. Out: a failed test where a claim is lost, put elsewhere or rated otherwise, or where praise is taken for one.

use model::{ReadingState, Severity};
use reading::{Context, read};

use Severity::{Critical, Important, Suggestion};

type Told<'t> = (Severity, &'t str, Option<(u32, u32)>, &'t str);

/// Severity, path, lines and how the title begins.
fn check(style: &str, text: &str, wanted: &[Told<'_>]) {
    let reading = read(text, &Context::default());
    let told: Vec<Told<'_>> = reading
        .findings
        .iter()
        .map(|it| {
            let place = it.locations.first();
            let lines = place.and_then(|place| place.start.zip(place.end));
            (it.severity, place.map_or("", |place| place.path.as_str()), lines, it.title.as_str())
        })
        .collect();
    assert_eq!(told.len(), wanted.len(), "{style}: {told:#?} {:?}", reading.notes);
    for (told, wanted) in told.iter().zip(wanted) {
        assert_eq!((told.0, told.1, told.2), (wanted.0, wanted.1, wanted.2), "{style}: {told:?}");
        assert!(told.3.starts_with(wanted.3), "{style}: {told:?}");
    }
    assert_eq!(reading.state, ReadingState::Reviewed, "{style}");
}

#[test]
fn fields_without_a_headline_are_findings() {
    let wanted: &[Told<'_>] = &[
        (Important, "src/ship.rs", Some((10, 14)), "The anchor is dropped twice"),
        (Suggestion, "docs/sea.md", None, "The port has another name now"),
    ];
    let block = "### 🔴 High\n\n*   **File:** `src/ship.rs`\n    **Line(s):** 10-14\n    **Issue:** The anchor is dropped twice.\n    **Suggestion:** Drop it once.\n\n\
                 ### 🟢 Low\n\n*   **File:** `docs/sea.md`\n    **Issue:** The port has another name now.\n";
    check("a block each", block, wanted);
    let items = "- **Severity**: High\n- **File**: src/ship.rs\n- **Lines**: 10-14\n- **Problem**: The anchor is dropped twice.\n\n\
                 - **Severity**: Low\n- **File**: docs/sea.md\n- **Problem**: The port has another name now.\n";
    check("an item each", items, wanted);
}

#[test]
fn findings_below_the_name_of_their_file_are_found() {
    let wanted: &[Told<'_>] = &[
        (Suggestion, "src/ship.rs", Some((12, 12)), "the sail is set in a storm"),
        (Suggestion, "src/ship.rs", Some((30, 35)), "the crew is counted twice"),
        (Suggestion, "src/crew.rs", Some((7, 7)), "off by one"),
    ];
    let headings = "## Findings\n\n### `src/ship.rs`\n\n- **Line 12**: the sail is set in a storm.\n- L30-35: the crew is counted twice.\n\n\
                    ### src/crew.rs (1)\n\n- Line 7 — off by one\n";
    check("headings", headings, wanted);
    let bold = "**src/ship.rs**\n- L12: the sail is set in a storm\n- Lines 30 to 35: the crew is counted twice\n\n**src/crew.rs**\n- 7: off by one\n";
    check("bold lines", bold, wanted);
    let pointed = "**Comments posted: 3**\n\nIn @src/ship.rs around lines 12 - 12, the sail is set in a storm, which\nnobody wants. Take it in.\n\n\
                   In @src/ship.rs:\n- Around line 30-35: the crew is counted twice.\n\nIn @src/crew.rs:\n- Line 7: off by one.\n";
    check("pointed at", pointed, wanted);
}

#[test]
fn labels_of_conventional_comments_are_read() {
    let text = "**issue (blocking):** `src/ship.rs:88` compares seals with `==`. Time tells.\n\n\
                **suggestion (non-blocking):** `src/ship.rs:102` could use `deck`.\n\n\
                **nitpick:** a blank too many in `src/crew.rs:1`\n\n**praise:** Fine tests, as in `src/crew.rs:9`!\n\n\
                **question:** Why does `sail()` at `src/ship.rs:140` not turn?\n";
    check(
        "conventional comments",
        text,
        &[
            (Important, "src/ship.rs", Some((88, 88)), "`src/ship.rs:88` compares seals"),
            (Suggestion, "src/ship.rs", Some((102, 102)), "`src/ship.rs:102` could use"),
            (Suggestion, "src/crew.rs", Some((1, 1)), "a blank too many"),
            (Suggestion, "src/ship.rs", Some((140, 140)), "Why does"),
        ],
    );
}

#[test]
fn prose_that_names_lines_and_complains_is_a_claim() {
    let text = "I read all of it. Two things worry me.\n\nFirst, in `src/ship.rs` (lines 61 through 70) the anchor falls before\nthe chain is fixed, \
                which is a race. That's a blocker for me.\n\nSecond, and this is minor, `src/crew.rs:15` still has the old name.\n\nOtherwise LGTM.\n";
    check(
        "prose",
        text,
        &[
            (Critical, "src/ship.rs", Some((61, 70)), "First, in `src/ship.rs`"),
            (Suggestion, "src/crew.rs", Some((15, 15)), "Second, and this is minor"),
        ],
    );
}

#[test]
fn praise_and_what_was_verified_is_no_claim() {
    for text in [
        "No blocking issues found.\n\nVerified:\n- `src/ship.rs:10` handles the empty deck.\n- **Bounds** — `src/crew.rs:4` covers them.\n",
        "LGTM. `src/ship.rs:10` reads well now.\n",
        "✅ `src/ship.rs:10`: the race is gone\n\nNothing to report.\n",
    ] {
        let reading = read(text, &Context::default());
        assert!(reading.findings.is_empty(), "{text}: {:#?}", reading.findings);
        assert_eq!(reading.state, ReadingState::Reviewed, "{text}");
    }
}

#[test]
fn places_and_severities_are_found_inside_a_claim() {
    let numbered = "I found 2 issues:\n\n1. src/ship.rs line 12: the sail rips. Severity: high.\n2. src/crew.rs lines 3-5: a name is misspelt. Severity: low.\n";
    check(
        "sentences",
        numbered,
        &[
            (Important, "src/ship.rs", Some((12, 12)), "the sail rips"),
            (Suggestion, "src/crew.rs", Some((3, 5)), "a name is misspelt"),
        ],
    );
    let sections = "**Critical**\n* The sail rips (`src/ship.rs:12`). Use cloth.\n\n**Low**\n* Rename `x` (`src/crew.rs:7`).\n";
    check(
        "in brackets",
        sections,
        &[
            (Critical, "src/ship.rs", Some((12, 12)), "The sail rips"),
            (Suggestion, "src/crew.rs", Some((7, 7)), "Rename `x`"),
        ],
    );
    let signs = "### Review\n\n- 🔴 `src/ship.rs:12` — the sail rips.\n- 🔵 `src/crew.rs:7` — rename `x`.\n";
    check(
        "coloured signs",
        signs,
        &[
            (Critical, "src/ship.rs", Some((12, 12)), "the sail rips"),
            (Suggestion, "src/crew.rs", Some((7, 7)), "rename `x`"),
        ],
    );
    let german = "## Kritisch\n\n1. **Das Segel reißt** (`src/ship.rs:12`): Es ist aus Papier.\n\n## Vorschläge\n\n2. Der Name in `src/crew.rs:3` ist veraltet.\n";
    check(
        "another language",
        german,
        &[
            (Critical, "src/ship.rs", Some((12, 12)), "Das Segel reißt"),
            (Suggestion, "src/crew.rs", Some((3, 3)), "Der Name in"),
        ],
    );
    let nested = "## Issues\n\n1. **The orders contradict each other**\n   - `src/ship.rs:12`: port first\n   - `src/crew.rs:30-35`: starboard first\n";
    let reading = read(nested, &Context::default());
    let places: Vec<_> =
        reading.findings[0].locations.iter().map(|it| (it.path.as_str(), it.start)).collect();
    assert_eq!(places, [("src/ship.rs", Some(12)), ("src/crew.rs", Some(30))]);
}

#[test]
fn lines_of_a_compiler_are_read_whatever_program_prints_them() {
    let text =
        "src/ship.rs:12: error: the sail rips\nsrc/ship.rs:30-35: warning: the crew is counted twice\n";
    check(
        "lines",
        text,
        &[
            (Important, "src/ship.rs", Some((12, 12)), "the sail rips"),
            (Suggestion, "src/ship.rs", Some((30, 35)), "the crew is counted twice"),
        ],
    );
}

#[test]
fn names_in_json_may_be_spelt_as_other_languages_spell_them() {
    let text = "{\"issues\": [{\"filePath\": \"src/ship.rs\", \"lineStart\": 12, \"lineEnd\": 14, \"Level\": \"HIGH\", \"message\": \"The sail rips\"}]}";
    check("camel case", text, &[(Important, "src/ship.rs", Some((12, 14)), "The sail rips")]);
}

#[test]
fn reviews_in_yaml_are_read() {
    let wanted: &[Told<'_>] = &[
        (Important, "src/ship.rs", Some((10, 14)), "The anchor is dropped twice: once by `sail()`"),
        (Suggestion, "docs/sea.md", Some((3, 3)), "The port has another name now"),
    ];
    let plain = "summary: Two things, #1 is worse.\nfindings:\n  - title: The anchor is dropped twice: once by `sail()`\n    severity: high\n    \
                 file: src/ship.rs\n    lines: 10-14\n    problem: |\n      It is lost.\n      ```rust\n      drop(anchor);\n      ```\n  \
                 - title: 'The port has another name now'\n    severity: low\n    file: docs/sea.md\n    line: 3\n";
    check("YAML", plain, wanted);
    check("YAML in a fence", &format!("Here is my review:\n\n```yaml\n{plain}```\n"), wanted);
    let tool = "review:\n  estimated_effort: 2\n  key_issues_to_review:\n  - relevant_file: |\n      src/ship.rs\n    issue_header: |\n      \
                Lost anchor\n    issue_content: |\n      The anchor is dropped twice.\n    start_line: 10\n    end_line: 14\n  security_concerns: |\n    No\n";
    check("issues to review", tool, &[(Suggestion, "src/ship.rs", Some((10, 14)), "Lost anchor")]);
}

#[test]
fn reviews_in_tags_are_read() {
    let text = "I reviewed the change.\n\n<review>\n<summary>Two things.</summary>\n<findings>\n<finding>\n<severity>high</severity>\n<file>src/ship.rs</file>\n\
                <lines>10-14</lines>\n<title>The anchor is dropped twice</title>\n<description>`Vec<T>` & co. lose it.</description>\n\
                <code><![CDATA[\nif a < b {}\n]]></code>\n</finding>\n<finding severity=\"low\" file=\"docs/sea.md\" line=\"3\">The port has another name now.</finding>\n\
                </findings>\n</review>\n";
    check(
        "tags",
        text,
        &[
            (Important, "src/ship.rs", Some((10, 14)), "The anchor is dropped twice"),
            (Suggestion, "docs/sea.md", Some((3, 3)), "The port has another name now"),
        ],
    );
}

#[test]
fn yaml_and_tags_that_a_review_tells_of_are_no_review() {
    let text = "I1. **The sample is stale** — `docs/sea.md:3` (suggestion)\n\nIt still says\n\n```yaml\nissues:\n  - title: Storm\n    file: a.rs\n```\n\n\
                and `<issue><file>a.rs</file><title>x</title></issue>`, which nobody reads any more since the port moved, and which should go.\n";
    check("a quote", text, &[(Suggestion, "docs/sea.md", Some((3, 3)), "The sample is stale")]);
    let prose = "Summary: fine.\nVerdict: approve\nTesting: I ran nothing.\n\nNo issues found.\n";
    check("prose with colons", prose, &[]);
    let cut = "```yaml\nfindings:\n- title: The anchor is dropped twice\n  file: src/ship.rs\n  line: 10\n- title: The po";
    let reading = read(cut, &Context::default());
    assert!(matches!(reading.state, ReadingState::Truncated { .. }), "{reading:?}");
}
