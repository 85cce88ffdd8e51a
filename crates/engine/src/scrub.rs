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
                out = out.replace(from.as_str(), to);
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
    fn the_root_folder_is_never_a_rule() {
        let scrub = Scrub::new(&["/".to_owned(), String::new()], &[("/".to_owned(), "~")]);
        assert_eq!(scrub.text("a/b /c"), "a/b /c");
    }
}
