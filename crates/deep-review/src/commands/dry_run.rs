//! `run --dry-run`: the plan, the prompts, an estimate.
//!
//! In: a request ready to be made. Out: what would happen, on stdout. Asks nobody and records nothing.

use std::fmt::Write as _;

use engine::{Besides, Planned, Request, Tools};
use reviewers::{Estimate, prices_as_of};
use serde_json::json;

use crate::exit::{CommandError, Exit};
use crate::session::engine_error;
use crate::ui::Ui;

/// Plans and prints.
pub(crate) fn show(ui: Ui, request: &Request<'_>, tools: &Tools<'_>) -> Result<Exit, CommandError> {
    let planned = engine::preview(request, tools).map_err(|error| engine_error(&error))?;
    let besides =
        engine::besides(&request.config.settings, &request.roster).map_err(|error| engine_error(&error))?;
    if ui.json {
        let rows: Vec<_> = planned.iter().map(row).collect();
        let target = &request.target;
        let plan = json!({
            "schema": "deep-review/dry-run/v1",
            "target": { "branch": target.branch, "base": target.merge_base, "head": target.head, "files": target.changed.len() },
            "trust": target.trust,
            "sandbox": tools.confinement.possible.name(),
            "reviewers": rows,
            "besides": besides.iter().map(question).collect::<Vec<_>>(),
        });
        ui.result(&serde_json::to_string_pretty(&plan).expect("plain data"));
    } else {
        ui.result(&report::safe_text(&text(request, &planned, &besides)));
    }
    Ok(Exit::Passed)
}

fn row(planned: &Planned) -> serde_json::Value {
    json!({
        "name": planned.name, "how": planned.how, "ready": planned.is_ready, "prompt": planned.prompt,
        "tokens_at_least": planned.estimate.as_ref().map(|estimate| estimate.tokens.0),
        "tokens_at_most": planned.estimate.as_ref().map(|estimate| estimate.tokens.1),
        "usd": planned.estimate.as_ref().and_then(money),
    })
}

fn question(one: &Besides) -> serde_json::Value {
    json!({ "what": one.what, "reviewers": one.reviewers, "when": one.when })
}

/// A range in US dollars, and whose prices they are; nothing where the price is not known.
fn money(estimate: &Estimate) -> Option<serde_json::Value> {
    let (low, high) = estimate.usd?;
    let as_of = (!estimate.by_own_prices).then(prices_as_of);
    Some(json!({ "low": low, "high": high, "prices_as_of": as_of }))
}

/// The same for people.
fn sentence(estimate: &Estimate) -> String {
    let (low, high) = estimate.tokens;
    let cost = match estimate.usd {
        None => "cost unknown".to_owned(),
        Some((low, high)) => {
            let whose = if estimate.by_own_prices {
                "your prices".to_owned()
            } else {
                format!("list prices of {}", prices_as_of())
            };
            format!("{low:.2}–{high:.2} US dollars by {whose}")
        }
    };
    format!("{low}–{high} tokens, {cost}")
}

fn text(request: &Request<'_>, planned: &[Planned], besides: &[Besides]) -> String {
    let target = &request.target;
    let name = target.branch.as_deref().unwrap_or_else(|| target.head.short());
    let count = target.changed.len();
    let mut text = format!(
        "would review {name} against {}: {count} {}; asks nobody now\n\n",
        target.base_name,
        if count == 1 { "file" } else { "files" },
    );
    if let Some(trusted) = target.trust.as_ref().filter(|trusted| trusted.level != model::Trust::Mine) {
        let _ = writeln!(text, "{}\n", trusted.sentence());
    }
    for one in planned {
        writeln!(text, "{:<14} {}", one.name, one.how).unwrap_or_default();
        if let Some(estimate) = &one.estimate {
            writeln!(text, "{:<14} {}", "", sentence(estimate)).unwrap_or_default();
        }
    }
    for one in besides {
        writeln!(text, "{:<14} {}", one.reviewers.join(", "), one.when).unwrap_or_default();
    }
    if planned.iter().any(|one| one.estimate.is_some()) {
        text.push_str(
            "\nEstimates: the first number is one look at the change, the second a dozen requests that read around it.\n",
        );
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
