//! `run --dry-run`: the plan, the prompts, an estimate.
//!
//! In: a request ready to be made. Out: what would happen, on stdout. Asks nobody and records nothing.

use std::fmt::Write as _;

use engine::{Planned, Request, Tools};
use serde_json::json;

use crate::exit::{CommandError, Exit};
use crate::session::engine_error;
use crate::ui::Ui;

/// Plans and prints.
pub(crate) fn show(ui: Ui, request: &Request<'_>, tools: &Tools<'_>) -> Result<Exit, CommandError> {
    let planned = engine::preview(request, tools).map_err(|error| engine_error(&error))?;
    if ui.json {
        let rows: Vec<_> = planned.iter().map(row).collect();
        let target = &request.target;
        let plan = json!({
            "schema": "deep-review/plan/v1",
            "target": { "branch": target.branch, "base": target.merge_base, "head": target.head, "files": target.changed.len() },
            "reviewers": rows,
        });
        ui.result(&serde_json::to_string_pretty(&plan).expect("plain data"));
    } else {
        ui.result(&report::safe_text(&text(request, &planned)));
    }
    Ok(Exit::Passed)
}

fn row(planned: &Planned) -> serde_json::Value {
    json!({
        "name": planned.name, "how": planned.how, "ready": planned.is_ready, "tokens_at_least": planned.tokens,
        "usd": null, "prompt": planned.prompt,
    })
}

fn text(request: &Request<'_>, planned: &[Planned]) -> String {
    let target = &request.target;
    let name = target.branch.as_deref().unwrap_or_else(|| target.head.short());
    let mut text = format!(
        "would review {name} against {}: {} files; asks nobody now\n\n",
        target.base_name,
        target.changed.len()
    );
    for one in planned {
        let tokens =
            one.tokens.map(|tokens| format!("  ≥ {tokens} tokens, cost unknown")).unwrap_or_default();
        writeln!(text, "{:<14} {}{tokens}", one.name, one.how).unwrap_or_default();
    }
    let mut shown: Vec<&str> = Vec::new();
    for one in planned {
        let Some(prompt) = one.prompt.as_deref() else { continue };
        // Prompts differ in their canary line alone where nobody has templates of one's own.
        let body: &str = prompt;
        if shown.contains(&body) {
            continue;
        }
        shown.push(body);
        write!(text, "\n── prompt of {} ──\n{prompt}\n", one.name).unwrap_or_default();
    }
    text
}
