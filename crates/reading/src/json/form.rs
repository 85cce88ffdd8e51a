//! The form of an answer, printed back instead of an answer.
//!
//! In: a review document. Out: whether it, or a finding of it, is the example that reviewers are shown. Never takes a filled
//! field for an example: where a choice was made, or a title was written, something was said.

use super::fields::{any, text_at};
use super::lenient::Node;

/// Names under which a document lists its findings.
pub(crate) const FINDINGS: [&str; 8] = [
    "findings",
    "issues",
    "comments",
    "problems",
    "review_comments",
    "key_issues_to_review",
    "code_suggestions",
    "code_feedback",
];

/// True where a document says nothing: what it holds of findings are examples, and no verdict was chosen.
pub(crate) fn is_form(node: &Node, instructions: Option<&str>) -> bool {
    let findings = any(node, &FINDINGS).and_then(Node::list).unwrap_or_default();
    let examples = findings.iter().filter(|finding| is_example(finding, instructions)).count();
    examples == findings.len() && (examples > 0 || is_choice(node, "verdict"))
}

/// True where a finding is an example: at least two of its fields list what could stand there, or its title stands in the
/// instructions as a field's text.
pub(crate) fn is_example(finding: &Node, instructions: Option<&str>) -> bool {
    let choices = ["severity", "kind", "category", "priority", "level", "type"];
    if choices.iter().filter(|name| is_choice(finding, name)).count() >= 2 {
        return true;
    }
    let title = text_at(finding, &["title"]).filter(|title| title.len() >= 8);
    title.zip(instructions).is_some_and(|(title, given)| given.contains(&format!("\"{title}\"")))
}

/// True where a field names several words to choose from: `critical | important | suggestion`.
pub(crate) fn is_choice(node: &Node, name: &str) -> bool {
    let is_word = |part: &str| {
        let part = part.trim();
        (1..=32).contains(&part.len())
            && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ' | ':' | '.' | '…'))
    };
    let listed = node.get(name).and_then(Node::text).filter(|text| text.contains('|'));
    listed.is_some_and(|text| text.split('|').all(is_word))
}
