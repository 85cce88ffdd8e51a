//! `rules` and `reviewers rules`: every rule a review without a model has, and how often each was right.
//!
//! In: the configuration, the rules that are built in, and a folder of the working tree with the repository's own. Out: a row a
//! rule, or JSON; the table of the reference. Runs no rule.

use std::fmt::Write as _;

use ::rules::{From, Loaded};
use serde_json::{Value, json};

use super::rules::{deeply, own, own_folder};
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// One rule, whoever made it.
struct Row {
    id: String,
    /// `built-in`, `structural` or `repository`.
    kind: &'static str,
    /// Where it looks; empty for a rule that is not of some languages.
    languages: Vec<String>,
    about: String,
    default: bool,
    evidence: builtin::Evidence,
    /// What only structural rules say of themselves.
    more: Value,
}

/// Lists.
pub(crate) fn run(session: &Session) -> Result<Exit, CommandError> {
    let repository = session.repository().ok();
    let config = session.config(repository.as_ref(), Vec::new())?;
    session.tell_messages(&config);
    let settings = engine::builtin_settings(&config.settings);
    let runs = |row: &Row| config.settings.builtin.enabled && settings.runs_guest(&row.id, row.default);
    let folder = own_folder(session)?;
    let (shipped, own) = deeply(|| (::rules::shipped(), folder.as_deref().map(own)))?;
    let own = own.transpose()?.unwrap_or_default();
    for note in shipped.notes.iter().chain(&own.notes) {
        session.ui.warn(&report::safe_text(note));
    }
    let mut rows = built_in();
    rows.extend(structural(&shipped));
    rows.extend(structural(&own));
    if session.ui.json {
        let rows: Vec<Value> = rows.iter().map(|row| row.to_json(runs(row))).collect();
        session.ui.result(&serde_json::to_string_pretty(&rows).expect("plain data"));
        return Ok(Exit::Passed);
    }
    let mut text = String::new();
    for row in &rows {
        let state = if runs(row) { "on" } else { "off" };
        let languages =
            if row.languages.is_empty() { String::new() } else { format!(" ({})", row.languages.join(", ")) };
        writeln!(text, "{state:<4} {:<38} {:<22} {}{languages}", row.id, row.known(), row.about)
            .unwrap_or_default();
    }
    text.push_str(
        "\nA rule that is off runs where it is named: `builtin.enable = [\"*\", \"guard/NAME\"]`. \"right\" are findings on real \
         changes that were read beside the code (also such as a rule was mended with), \"planted\" are defects put into real code; nothing else switches a rule on.\n",
    );
    session.ui.result(&report::safe_text(&text));
    Ok(Exit::Passed)
}

fn built_in() -> Vec<Row> {
    let row = |rule: &builtin::Rule| Row {
        id: rule.id.to_owned(),
        kind: "built-in",
        languages: Vec::new(),
        about: rule.about.to_owned(),
        default: rule.runs_by_default(),
        evidence: rule.evidence,
        more: json!({}),
    };
    builtin::RULES.iter().map(row).collect()
}

/// Rules with a shape; the languages of one are together in its row.
fn structural(loaded: &Loaded) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for rule in &loaded.rules {
        if let Some(row) = rows.last_mut().filter(|row| row.id == rule.id) {
            row.languages.push(rule.language());
            continue;
        }
        let judged = rule.about.judged;
        let (kind, from) = match &rule.from {
            From::Shipped => ("structural", json!({ "kind": "shipped" })),
            From::Repository(path) => ("repository", json!({ "kind": "repository", "path": path })),
        };
        rows.push(Row {
            id: rule.id.clone(),
            kind,
            languages: vec![rule.language()],
            about: rule.message().to_owned(),
            default: rule.default,
            evidence: builtin::Evidence {
                findings: judged.findings,
                right: judged.right,
                planted: judged.planted,
                found: judged.found,
            },
            more: json!({
                "severity": rule.severity(), "reason": rule.reason(), "fix": rule.about.fix, "link": rule.link(),
                "category": rule.about.category, "from": from,
            }),
        });
    }
    rows
}

impl Row {
    fn family(&self) -> &str {
        self.id.split_once('/').map_or("", |(family, _)| family)
    }

    /// What is known of it, in words.
    fn known(&self) -> String {
        let builtin::Evidence { findings, right, planted, found } = self.evidence;
        if self.kind == "repository" {
            return "yours".to_owned();
        }
        match (findings, planted) {
            (0, 0) => "never seen".to_owned(),
            (0, _) => format!("planted {found} of {planted}"),
            (_, 0) => format!("right {right} of {findings}"),
            _ => format!("right {right} of {findings}, planted {found} of {planted}"),
        }
    }

    fn to_json(&self, runs: bool) -> Value {
        let builtin::Evidence { findings, right, planted, found } = self.evidence;
        let judged = (findings > 0).then(|| json!({ "findings": findings, "right": right }));
        let planted = (planted > 0).then(|| json!({ "planted": planted, "found": found }));
        let mut row = json!({
            "id": self.id, "family": self.family(), "kind": self.kind, "languages": self.languages, "about": self.about,
            "default": self.default, "runs": runs, "judged": judged, "planted": planted,
        });
        if let (Some(row), Some(more)) = (row.as_object_mut(), self.more.as_object()) {
            row.extend(more.clone());
        }
        row
    }
}

/// The table of the reference.
pub(crate) fn reference() -> String {
    let mut text = "# Rules\n\n\
        What `deep-review rules` lists without those of your repository. *Known* counts findings on real changes, each read beside the code, and \
        defects planted in real code, with the rule as it is now, on changes that may have shown how to mend it, so that the figures flatter (`docs/design/builtin-precision.md`, `docs/design/rules.md`). \
        A rule that is off runs where `builtin.enable` names it.\n\n| rule | by default | known | reports that |\n|---|---|---|---|\n"
        .to_owned();
    let shipped = deeply(::rules::shipped).unwrap_or_default();
    for row in built_in().into_iter().chain(structural(&shipped)) {
        let runs = if row.default { "on" } else { "off" };
        let about = row.about.replace('|', "\\|");
        writeln!(text, "| `{}` | {runs} | {} | {about} |", row.id, row.known()).unwrap_or_default();
    }
    text
}
