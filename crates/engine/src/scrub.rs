//! Takes this machine's paths out of what is published.
//!
//! In: text of reviewers and messages of ours. Out: the same with known folders replaced. Never touches raw material
//! in the run folder: that stays as it was written.

use model::Report;
use reviewers::Attempt;

/// Folders of this machine and what to write instead.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scrub {
    // Longest first, so that a folder inside another one is replaced by its own name.
    rules: Vec<(String, &'static str)>,
}

impl Scrub {
    /// A scrubber for the given folders: those that mean the repository's root vanish with their slash, others get a
    /// name.
    pub(crate) fn new(roots: &[String], named: &[(String, &'static str)]) -> Self {
        let usable = |path: &str| path.len() > 1;
        let mut rules: Vec<(String, &'static str)> = Vec::new();
        for root in roots.iter().filter(|root| usable(root)) {
            rules.push((format!("file://{root}/"), ""));
            rules.push((format!("{root}/"), ""));
            rules.push((root.clone(), "."));
        }
        for (path, name) in named.iter().filter(|(path, _)| usable(path)) {
            rules.push((path.clone(), name));
        }
        rules.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        rules.dedup();
        Self { rules }
    }

    /// The text without this machine's folders.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (from, to) in &self.rules {
            if out.contains(from.as_str()) {
                out = replaced(&out, from, to);
            }
        }
        out
    }

    /// A text of ours: without this machine's folders, and without keys.
    pub(crate) fn own(&self, text: &str) -> String {
        redaction::text(&self.text(text)).into_owned()
    }

    /// Scrubs what we say about an attempt; what the reviewer says itself is scrubbed before it is read.
    pub(crate) fn attempt(&self, attempt: &mut Attempt) {
        attempt.error = attempt.error.take().map(|text| self.own(&text));
        for note in &mut attempt.notes {
            *note = self.own(note);
        }
        if let Some(failure) = &mut attempt.failure {
            failure.message = self.own(&failure.message);
        }
    }

    /// Scrubs the notes of a report.
    pub(crate) fn notes(&self, report: &mut Report) {
        for note in report.notes.iter_mut().chain(&mut report.target.notes) {
            *note = self.own(note);
        }
    }
}

/// Replaces a folder where it stands for itself. A path of the repository may hold the same letters: where the home is `/root`,
/// `src/root.rs` has nothing to do with it.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(from) {
        let after = &text[at + from.len()..];
        // A folder within others is named in full by chance only.
        let is_alone = from.matches(['/', '\\']).count() > 2 || begins_here(&text[..at]);
        if is_alone && (from.ends_with('/') || ends_here(after)) {
            out.push_str(&text[done..at]);
            out.push_str(to);
            done = at + from.len();
        }
    }
    out.push_str(&text[done..]);
    out
}

/// Whether a path may begin behind this text: behind anything that is no part of a name, an address's `//`, a flag (`-I/usr`), and a
/// line's end as JSON writes it.
fn begins_here(before: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '~');
    let word = &before[before
        .rfind(|c: char| !is_name(c))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8))..];
    let start = before.len() - word.len();
    let is_escape = matches!(word, "n" | "t" | "r") && before[..start].ends_with('\\');
    word.is_empty() || word.starts_with('-') || word.ends_with("//") || is_escape
}

/// Whether a folder's name may end before this text. A dot ends it where no letter follows: the end of a sentence.
fn ends_here(after: &str) -> bool {
    let mut rest = after.chars();
    match rest.next() {
        None => true,
        Some('.') => !rest.next().is_some_and(char::is_alphanumeric),
        Some(c) => !(c.is_alphanumeric() || matches!(c, '_' | '-')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_root_vanishes_and_a_home_gets_its_sign() {
        let scrub = Scrub::new(
            &["/home/ada/x/.git/deep-review/runs/1/claude/checkout".to_owned()],
            &[("/home/ada".to_owned(), "~")],
        );
        let text = "see /home/ada/x/.git/deep-review/runs/1/claude/checkout/src/a.rs:3 and /home/ada/notes";
        assert_eq!(scrub.text(text), "see src/a.rs:3 and ~/notes");
    }

    #[test]
    fn letters_of_a_path_in_the_repository_are_no_home() {
        let scrub = Scrub::new(&[], &[("/root".to_owned(), "~")]);
        for text in ["src/qemu/root.rs:3", "`a/root/b.rs`", "/rootfs and /root-x", "/root.d/x", "x_/root"] {
            assert_eq!(scrub.text(text), text);
        }
        for (text, scrubbed) in [
            ("in /root/.ssh, and /root.", "in ~/.ssh, and ~."),
            ("`/root/a` \"/root\" (/root) HOME=/root", "`~/a` \"~\" (~) HOME=~"),
            ("file:///root/x -I/root/include /root", "file://~/x -I~/include ~"),
            ("a:/root/b:/root/c\n/root/d", "a:~/b:~/c\n~/d"),
            ("é/root", "é/root"),
            (r#"{"body": "in\n/root/x"}"#, r#"{"body": "in\n~/x"}"#),
        ] {
            assert_eq!(scrub.text(text), scrubbed);
        }
    }

    #[test]
    fn the_root_folder_is_never_a_rule() {
        let scrub = Scrub::new(&["/".to_owned(), String::new()], &[("/".to_owned(), "~")]);
        assert_eq!(scrub.text("a/b /c"), "a/b /c");
    }
}
