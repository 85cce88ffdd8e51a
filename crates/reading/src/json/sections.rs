//! The parts of a review document beside its findings.
//!
//! In: the document. Out: design, testing, documentation, commits, limitations, prior and coverage of a [`Reading`].
//! Never notes a missing part: the schema's optional parts are optional.

use model::{
    CoverageItem, CoverageStatus, DesignItem, DesignKind, LimitationItem, Note, PriorItem, Ran, Reading,
    TextItem,
};
use serde_json::Value;

use super::fields::{any, flag, locations, scope, text, text_at};
use super::lenient::Node;
use crate::location::Paths;

/// Fills everything but the findings.
pub(crate) fn fill(node: &Node, reading: &mut Reading, paths: Paths<'_>, notes: &mut Vec<Note>) {
    let mut unread = Vec::new();
    reading.design = design(node.get("design"), paths, &mut unread);
    if let Some(testing) = any(node, &["testing", "tests"]) {
        reading.testing = items(testing, "gaps", paths, &mut unread);
        reading.ran =
            testing.get("ran").and_then(Node::list).unwrap_or_default().iter().filter_map(ran).collect();
    }
    if let Some(docs) = any(node, &["docs", "documentation"]) {
        reading.documentation = items(docs, "gaps", paths, &mut unread);
    }
    if let Some(commits) = node.get("commits") {
        reading.commits = items(commits, "issues", paths, &mut unread);
    }
    reading.limitations = list(node.get("limitations"))
        .iter()
        .filter_map(|item| limitation(item, paths, &mut unread))
        .collect();
    reading.prior = list(node.get("prior")).iter().filter_map(prior).collect();
    // `{"r1:I1": "fixed"}`
    if let Some(Node::Object(fields, _)) = node.get("prior") {
        reading.prior.extend(fields.iter().filter_map(|(name, value)| prior_of(name, value)));
    }
    reading.coverage = coverage(node.get("coverage"));
    for text in unread {
        let text = text.chars().take(80).collect::<String>();
        notes.push(Note { line: 0, text: format!("a place that cannot be read: \"{text}\"") });
    }
}

fn list(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::list).unwrap_or_default()
}

fn design(node: Option<&Node>, paths: Paths<'_>, unread: &mut Vec<String>) -> Vec<DesignItem> {
    let mut found = Vec::new();
    for item in list(node) {
        found.extend(design_item(item, None, paths, unread));
    }
    // `{"concerns": [...], "strengths": [...]}`
    for (name, kind) in [("concerns", DesignKind::Concern), ("strengths", DesignKind::Strength)] {
        for item in list(node.and_then(|node| node.get(name))) {
            found.extend(design_item(item, Some(kind), paths, unread));
        }
    }
    found
}

fn design_item(
    node: &Node,
    kind: Option<DesignKind>,
    paths: Paths<'_>,
    unread: &mut Vec<String>,
) -> Option<DesignItem> {
    let body = text_at(node, &["body", "text", "description", "problem"]).unwrap_or_default();
    let title = text_at(node, &["title", "name"])
        .or_else(|| text(node))
        .unwrap_or_else(|| crate::parts::first_sentence(&body));
    if title.is_empty() {
        return None;
    }
    let said = text_at(node, &["type", "kind"]).map(|word| word.to_lowercase());
    let told = said.map(|word| {
        if word.starts_with("strength") || word == "positive" {
            DesignKind::Strength
        } else {
            DesignKind::Concern
        }
    });
    Some(DesignItem {
        kind: kind.or(told).unwrap_or_default(),
        scope: node.get("scope").and_then(scope),
        title,
        body,
        locations: any(node, &["locations", "location"])
            .map(|value| locations(value, paths, unread))
            .unwrap_or_default(),
    })
}

/// A section that is a text, a list, or an object of a text and a list.
fn items(node: &Node, list_name: &str, paths: Paths<'_>, unread: &mut Vec<String>) -> Vec<TextItem> {
    let mut found = Vec::new();
    let words = text_at(node, &["text", "summary", "assessment"])
        .or_else(|| matches!(node, Node::Text(_)).then(|| text(node)).flatten());
    found.extend(words.map(|text| TextItem { text, ..TextItem::default() }));
    let listed =
        node.list().or_else(|| any(node, &[list_name, "gaps", "issues", "items"]).and_then(Node::list));
    for item in listed.unwrap_or_default() {
        let Some(mut words) =
            text_at(item, &["scenario", "title", "text", "description"]).or_else(|| text(item))
        else {
            continue;
        };
        if let Some(sha) = text_at(item, &["sha", "commit"]) {
            words = format!("{sha}: {words}");
        }
        if let Some(finding) = text_at(item, &["finding"]).filter(|finding| !words.contains(finding.as_str()))
        {
            words = format!("{words} ({finding})");
        }
        let places = any(item, &["locations", "location"])
            .map(|value| locations(value, paths, unread))
            .unwrap_or_default();
        found.push(TextItem { text: words, locations: places, gap: list_name == "gaps" });
    }
    found
}

fn ran(node: &Node) -> Option<Ran> {
    let command = text_at(node, &["command", "cmd"]).or_else(|| text(node))?;
    let exit = match any(node, &["exit", "exit_code"]) {
        Some(Node::Plain(Value::Number(number))) => number.as_i64().and_then(|code| i32::try_from(code).ok()),
        _ => None,
    };
    Some(Ran { command, exit, note: text_at(node, &["note", "result", "output"]), reviewer: String::new() })
}

fn limitation(node: &Node, paths: Paths<'_>, unread: &mut Vec<String>) -> Option<LimitationItem> {
    let quote = text_at(node, &["quote", "text", "title"]).or_else(|| text(node))?;
    let status = text_at(node, &["status"]).map(|status| format!(" ({status})")).unwrap_or_default();
    let places = match node {
        Node::Object(..) if node.get("path").is_some() => {
            super::fields::location_of(node, paths).into_iter().collect()
        }
        _ => any(node, &["locations", "location"])
            .map(|value| locations(value, paths, unread))
            .unwrap_or_default(),
    };
    let source = text_at(node, &["source"]).unwrap_or_else(|| "code".to_owned());
    Some(LimitationItem { source, text: format!("{quote}{status}"), locations: places })
}

fn prior_of(name: &str, value: &Node) -> Option<PriorItem> {
    let (status, evidence) = match value {
        Node::Object(..) => {
            (text_at(value, &["status", "verdict"])?, text_at(value, &["evidence", "why", "note"]))
        }
        _ => (text(value)?, None),
    };
    Some(PriorItem { finding: name.to_owned(), status, evidence })
}

/// The example of the form, where somebody left it in, names no finding.
fn prior(node: &Node) -> Option<PriorItem> {
    if super::form::is_choice(node, "status") {
        return None;
    }
    let mut evidence = text_at(node, &["evidence", "why", "note"]);
    if let Some(defect) = text_at(node, &["new_defect"]) {
        let known = evidence.map(|known| format!("{known}; ")).unwrap_or_default();
        evidence = Some(format!("{known}new defect: {defect}"));
    }
    Some(PriorItem {
        finding: text_at(node, &["finding", "id"])?,
        status: text_at(node, &["status", "verdict"])?,
        evidence,
    })
}

fn coverage(node: Option<&Node>) -> Vec<CoverageItem> {
    let mut found: Vec<CoverageItem> = list(node).iter().filter_map(coverage_item).collect();
    // `{"a.go": "reviewed"}`
    if let Some(Node::Object(fields, _)) = node {
        for (path, value) in fields {
            let said = text(value).unwrap_or_default();
            found.push(crate::parts::coverage_row(path.clone(), &said));
        }
    }
    found
}

fn coverage_item(node: &Node) -> Option<CoverageItem> {
    let path = text_at(node, &["path", "file"]).or_else(|| text(node))?;
    let labels = any(node, &["findings", "ids"]).map(|value| match value {
        Node::List(items) => items.iter().filter_map(text).collect(),
        other => text(other)
            .map(|words| words.split(',').map(|word| word.trim().to_owned()).collect())
            .unwrap_or_default(),
    });
    let mut item = match text_at(node, &["status", "result"]) {
        Some(said) => crate::parts::coverage_row(path, &said),
        None => CoverageItem { path, status: CoverageStatus::Reviewed, ..CoverageItem::default() },
    };
    item.findings = labels.filter(|labels: &Vec<String>| !labels.is_empty()).unwrap_or(item.findings);
    if !item.findings.is_empty() && !flag(node, "trivial") {
        item.status = CoverageStatus::Findings;
    }
    item.note = text_at(node, &["note"]).or(item.note);
    Some(item)
}
