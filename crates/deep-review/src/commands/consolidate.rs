//! `consolidate`: reviews that exist become one report.
//!
//! In: NAME=FILE words, and with `-C` a repository. Out: the report on stdout in the form asked for. Without `-C` no
//! repository is used, not even the current one.

use std::ffi::OsStr;
use std::path::PathBuf;

use engine::{ConsolidateRequest, GivenReview};
use git::TargetRequest;

use crate::args::{ConsolidateArgs, FailOn};
use crate::commands::report::{change, in_form};
use crate::exit::{CommandError, Exit};
use crate::outcome::gate;
use crate::session::{Session, engine_error};
use crate::ui::Ui;

/// Consolidates.
pub(crate) fn run(session: &Session, args: &ConsolidateArgs) -> Result<Exit, CommandError> {
    let reviews = args.reviews.iter().map(|word| given(word)).collect::<Result<Vec<_>, _>>()?;
    refuse_twins(&reviews)?;
    let repository = if session.names_directory() { Some(session.repository()?) } else { None };
    if repository.is_none() && args.base.is_some() {
        return Err(CommandError::usage("`--base` and `--head` need a repository: add `-C DIR`"));
    }
    let (target, config) = match &repository {
        None => (None, session.config(None, Vec::new())?),
        Some(repository) => {
            let (target, config) = session.target_and_config(repository, &wanted(args), Vec::new())?;
            (Some(target), config)
        }
    };
    session.tell_messages(&config);
    let request = ConsolidateRequest {
        reviews,
        repository: repository.as_ref().zip(target),
        config: &config,
        out: args.out.as_deref(),
        version: env!("CARGO_PKG_VERSION"),
    };
    let (report, originals) = engine::consolidate(&request).map_err(|error| engine_error(&error))?;
    let ui = &session.ui;
    match args.format {
        Some(format) => {
            let change = change(repository.as_ref(), &report, format)?;
            ui.result(&in_form(&report, &originals, &change, format));
        }
        None if ui.json => ui.result(&::report::json(&report)),
        None => ui.result(&::report::terminal_summary(&report, Ui::width(), ui.style())),
    }
    if !report.run.complete {
        return Ok(Exit::Incomplete);
    }
    Ok(gate(&report, args.fail_on.and_then(FailOn::severity)))
}

/// `--base X --head Y` means what Y changed since it left X.
fn wanted(args: &ConsolidateArgs) -> TargetRequest {
    match (&args.base, &args.head) {
        (Some(base), Some(head)) => {
            TargetRequest { spec: Some(format!("{base}...{head}")), ..TargetRequest::default() }
        }
        (base, _) => TargetRequest { base: base.clone(), ..TargetRequest::default() },
    }
}

fn given(word: &OsStr) -> Result<GivenReview, CommandError> {
    let wrong = || {
        CommandError::usage(format!("`{}` is not NAME=FILE", word.display()))
            .hint("for example: deep-review consolidate claude=claude.md codex=codex.md")
    };
    let text = word.to_str().ok_or_else(wrong)?;
    let (name, file) = text.split_once('=').ok_or_else(wrong)?;
    if name.is_empty() || file.is_empty() {
        return Err(wrong());
    }
    let text =
        std::fs::read(PathBuf::from(file)).map_err(|error| format!("its file could not be read: {error}"));
    Ok(GivenReview { name: name.to_owned(), text })
}

fn refuse_twins(reviews: &[GivenReview]) -> Result<(), CommandError> {
    let mut names: Vec<&str> = reviews.iter().map(|review| review.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(CommandError::usage(format!("two reviews are named \"{}\"", pair[0]))
            .hint("names tell reviewers apart: `claude-1=a.md claude-2=b.md`")),
        None => Ok(()),
    }
}
