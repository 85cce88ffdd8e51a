//! Indices and labels of findings.
//!
//! In: findings in the order of the text. Out: the same, counted from 0, with labels that occur once. Never reorders.

use std::collections::HashSet;

use model::RawFinding;

/// Counts the findings and makes every label unique: a second `1` of another section becomes `1-2`.
pub(crate) fn number(findings: &mut [RawFinding]) {
    let mut seen: HashSet<String> = HashSet::new();
    let mut counts: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for (index, finding) in findings.iter_mut().enumerate() {
        finding.index = u32::try_from(index).unwrap_or(u32::MAX);
        if finding.id.is_empty() {
            finding.id = format!("#{}", index + 1);
        }
        let count = counts.entry(finding.id.clone()).or_insert(0);
        while !seen.insert(if *count == 0 {
            finding.id.clone()
        } else {
            format!("{}-{}", finding.id, *count + 1)
        }) {
            *count += 1;
        }
        if *count > 0 {
            finding.id = format!("{}-{}", finding.id, *count + 1);
        }
    }
}
