//! Patches as SARIF fixes.
//!
//! In: a unified diff that is known to apply. Out: one change a file, each hunk a replacement of whole lines. Never a
//! guess: a patch that creates, deletes or renames a file, or whose counts do not fit its lines, gives no fix.

use serde_json::{Value, json};

/// One hunk: the lines it replaces and what stands there afterwards.
struct Replacement {
    start: u32,
    lines: u32,
    text: Vec<String>,
}

/// The `artifactChanges` of a patch; `None` where it is not a plain edit of existing files.
pub(super) fn artifact_changes(patch: &str, uri: impl Fn(&str) -> String) -> Option<Vec<Value>> {
    let mut changes = Vec::new();
    let mut lines = patch.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(old) = line.strip_prefix("--- ") else { continue };
        let old = old.strip_prefix("a/")?.trim_end();
        let new = lines.next()?.strip_prefix("+++ b/")?.trim_end();
        if old != new {
            return None;
        }
        let mut replacements = Vec::new();
        while let Some(header) = lines.next_if(|line| line.starts_with("@@ ")) {
            let mut hunk = start(header)?;
            while let Some(line) = lines.next_if(|line| line.starts_with([' ', '+', '-', '\\'])) {
                if line.starts_with("--- ") {
                    return None;
                }
                take(&mut hunk, line);
            }
            replacements.push(replacement(&hunk, header)?);
        }
        if replacements.is_empty() {
            return None;
        }
        let artifact = json!({ "uri": uri(new), "uriBaseId": "SRCROOT" });
        changes.push(json!({ "artifactLocation": artifact, "replacements": replacements }));
    }
    (!changes.is_empty()).then_some(changes)
}

/// `@@ -12,3 +12,4 @@`: where the hunk stands in the old file.
fn start(header: &str) -> Option<Replacement> {
    let (start, _) = range(header.strip_prefix("@@ -")?)?;
    Some(Replacement { start, lines: 0, text: Vec::new() })
}

fn range(text: &str) -> Option<(u32, u32)> {
    let word = text.split(' ').next()?;
    let (start, count) = word.split_once(',').unwrap_or((word, "1"));
    Some((start.parse().ok()?, count.parse().ok()?))
}

fn take(hunk: &mut Replacement, line: &str) {
    match line.as_bytes().first() {
        Some(b' ') => {
            hunk.lines += 1;
            hunk.text.push(line[1..].to_owned());
        }
        Some(b'-') => hunk.lines += 1,
        Some(b'+') => hunk.text.push(line[1..].to_owned()),
        _ => {}
    }
}

/// Whole lines for whole lines. A hunk without old lines has no lines to replace.
fn replacement(hunk: &Replacement, header: &str) -> Option<Value> {
    let (_, promised) = range(header.strip_prefix("@@ -")?)?;
    if hunk.lines == 0 || hunk.lines != promised || hunk.start == 0 || hunk.text.is_empty() {
        return None;
    }
    Some(json!({
        "deletedRegion": { "startLine": hunk.start, "endLine": hunk.start + hunk.lines - 1 },
        "insertedContent": { "text": hunk.text.join("\n") },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(patch: &str) -> Option<Vec<Value>> {
        artifact_changes(patch, str::to_owned)
    }

    #[test]
    fn a_hunk_replaces_whole_lines() {
        let patch = "--- a/src/a.rs\n+++ b/src/a.rs\n@@ -3,2 +3,3 @@ fn a()\n keep\n-old\n+new\n+more\n";
        let changes = changes(patch).expect("a plain edit");
        assert_eq!(changes[0]["artifactLocation"]["uri"], "src/a.rs");
        let replacement = &changes[0]["replacements"][0];
        assert_eq!(replacement["deletedRegion"], json!({ "startLine": 3, "endLine": 4 }));
        assert_eq!(replacement["insertedContent"]["text"], "keep\nnew\nmore");
    }

    #[test]
    fn anything_but_a_plain_edit_gives_no_fix() {
        let cases = [
            "-old\n+new",
            "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n",
            "--- a/a\n+++ b/b\n@@ -1 +1 @@\n-x\n+y\n",
            "--- a/a\n+++ b/a\n@@ -1,5 +1 @@\n-x\n+y\n",
            "--- a/a\n+++ b/a\n",
            "",
        ];
        for case in cases {
            assert!(changes(case).is_none(), "{case:?}");
        }
    }
}
