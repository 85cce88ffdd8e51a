//! Patches as reviewers write them.
//!
//! In: the text of a diff, complete or a bare fragment. Out: hunks by file. Never trusts line counts: models miscount
//! them, so the lines themselves decide.

use std::sync::LazyLock;

use regex::Regex;

/// What a patch wants of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FilePatch {
    /// The file its header names; `None` for a fragment without header.
    pub(crate) path: Option<String>,
    /// True where the patch creates the file.
    pub(crate) creates: bool,
    /// True where the patch deletes the file.
    pub(crate) deletes: bool,
    /// Its hunks in order, none of them empty.
    pub(crate) hunks: Vec<PatchHunk>,
}

/// One region of a patch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PatchHunk {
    /// Where its header says it starts.
    pub(crate) start: Option<u32>,
    /// Its lines in order.
    pub(crate) lines: Vec<PatchLine>,
}

/// One line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PatchLine {
    /// Must be there and stays.
    Context(String),
    /// Must be there and goes.
    Removed(String),
    /// Comes.
    Added(String),
}

impl PatchHunk {
    /// The lines it needs to find.
    pub(crate) fn before(&self) -> Vec<&str> {
        self.lines
            .iter()
            .filter_map(|line| match line {
                PatchLine::Context(text) | PatchLine::Removed(text) => Some(text.as_str()),
                PatchLine::Added(_) => None,
            })
            .collect()
    }

    /// The lines it leaves.
    pub(crate) fn after(&self) -> Vec<&str> {
        self.lines
            .iter()
            .filter_map(|line| match line {
                PatchLine::Context(text) | PatchLine::Added(text) => Some(text.as_str()),
                PatchLine::Removed(_) => None,
            })
            .collect()
    }

    fn changes(&self) -> bool {
        self.lines.iter().any(|line| !matches!(line, PatchLine::Context(_)))
    }
}

static HUNK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^@@+(?: -(?P<start>\d+)(?:,\d+)? \+\d+(?:,\d+)? @@)?").expect("the pattern is fixed")
});

/// Reads a patch. Empty where there is nothing to apply.
pub(crate) fn parse(text: &str) -> Vec<FilePatch> {
    let lines: Vec<&str> = text.lines().collect();
    let mut files = vec![FilePatch::default()];
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let old_header =
            line.starts_with("--- ") && lines.get(at + 1).is_some_and(|next| next.starts_with("+++ "));
        if old_header {
            files.push(header(line, lines[at + 1]));
            at += 2;
            continue;
        }
        let file = files.last_mut().expect("never empty");
        if let Some(found) = HUNK.captures(line) {
            let start = found.name("start").and_then(|digits| digits.as_str().parse().ok());
            file.hunks.push(PatchHunk { start, lines: Vec::new() });
        } else if !is_git_header(line) {
            take(file, line);
        }
        at += 1;
    }
    for file in &mut files {
        file.hunks.iter_mut().for_each(trim);
        file.hunks.retain(PatchHunk::changes);
    }
    files.retain(|file| !file.hunks.is_empty());
    files
}

fn header(old: &str, new: &str) -> FilePatch {
    let path = |line: &str, prefix: &str| {
        let path = line[4..].split('\t').next().unwrap_or_default().trim().trim_matches('"');
        path.strip_prefix(prefix).unwrap_or(path).to_owned()
    };
    let (old, new) = (path(old, "a/"), path(new, "b/"));
    let (creates, deletes) = (old == "/dev/null", new == "/dev/null");
    FilePatch { path: Some(if deletes { old } else { new }), creates, deletes, hunks: Vec::new() }
}

fn is_git_header(line: &str) -> bool {
    [
        "diff --git ",
        "index ",
        "new file mode",
        "deleted file mode",
        "similarity index",
        "rename ",
        "\\ No newline",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

fn take(file: &mut FilePatch, line: &str) {
    // Models elide with dots on a line of their own: what follows stands further down.
    if matches!(line.trim(), "..." | "…" | "// ..." | "# ..." | "[...]") && !line.starts_with(['+', '-']) {
        file.hunks.push(PatchHunk::default());
        return;
    }
    if file.hunks.is_empty() {
        file.hunks.push(PatchHunk::default());
    }
    let read = match line.chars().next() {
        Some('+') => PatchLine::Added(line[1..].to_owned()),
        Some('-') => PatchLine::Removed(line[1..].to_owned()),
        Some(' ') => PatchLine::Context(line[1..].to_owned()),
        _ => PatchLine::Context(line.to_owned()),
    };
    file.hunks.last_mut().expect("never empty").lines.push(read);
}

// Blank lines at the ends come from the fence, not from the file.
fn trim(hunk: &mut PatchHunk) {
    let blank = |line: &PatchLine| matches!(line, PatchLine::Context(text) if text.trim().is_empty());
    while hunk.lines.last().is_some_and(blank) {
        hunk.lines.pop();
    }
    let leading = hunk.lines.iter().take_while(|line| blank(line)).count();
    hunk.lines.drain(..leading);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_fragment_is_one_hunk_of_an_unnamed_file() {
        let files = parse(" keep\n-old\n+new\n");
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].path, None);
        assert_eq!(files[0].hunks[0].before(), ["keep", "old"]);
        assert_eq!(files[0].hunks[0].after(), ["keep", "new"]);
    }

    #[test]
    fn headers_name_files_and_hunks_start_where_they_say() {
        let text = "diff --git a/x.c b/x.c\nindex 1..2 100644\n--- a/x.c\n+++ b/x.c\n@@ -3,2 +3,2 @@ int f()\n a\n-b\n+c\n--- /dev/null\n+++ b/new.c\n@@ -0,0 +1 @@\n+x\n";
        let files = parse(text);
        assert_eq!(files.len(), 2);
        assert_eq!((files[0].path.as_deref(), files[0].hunks[0].start), (Some("x.c"), Some(3)));
        assert!(files[1].creates);
    }

    #[test]
    fn elisions_split_hunks_and_context_alone_is_no_patch() {
        let files = parse(" a\n-b\n...\n c\n+d\n");
        assert_eq!(files[0].hunks.len(), 2);
        assert!(parse(" a\n b\n").is_empty());
    }
}
