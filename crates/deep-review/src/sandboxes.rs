//! How the programs of a run are confined, as commands need it.
//!
//! In: a session, its settings, what is known about the change. Out: a [`Confinement`], tried on this machine; or the refusal
//! where a sandbox is required and somebody could not have one.

use std::path::PathBuf;

use ::config::{SandboxChoice, Settings};
use engine::Asked;
use reviewers::agent::Agents;
use reviewers::{Confinement, Decision, Who};
use sandbox::Possible;
use supervise::Cancel;

use crate::commands::machine;
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Works it out. Tries the sandbox only where somebody might be put into it.
pub(crate) fn confinement(
    session: &Session,
    settings: &Settings,
    roster: &[Asked],
    is_foreign: bool,
    agents: &Agents,
    cancel: &Cancel,
) -> Result<Confinement, CommandError> {
    let choice = settings.verify.sandbox;
    let starts_programs = roster.iter().any(|asked| asked.settings().is_some_and(|it| it.api.is_none()));
    let besides = [&settings.review.cross_examine, &settings.editor.reviewer];
    let starts_programs = starts_programs || besides.iter().any(|name| ::config::is_on(name));
    let is_machine = choice == SandboxChoice::Machine;
    if choice == SandboxChoice::Off || !starts_programs && !is_machine {
        return Ok(Confinement { choice, is_foreign, ..Confinement::none("it was not looked for") });
    }
    let possible = if is_machine {
        machine::as_sandbox(session)?
    } else {
        engine::confinement_of_reviewers(&Session::keeper()?)
    };
    let mut confinement = with(session, choice, is_foreign, possible)?;
    if matches!(confinement.possible, Possible::Machine(_)) {
        confinement.house = Some(machine::house(session, expected(&confinement, agents), cancel)?);
    }
    Ok(confinement)
}

/// As for a run of the user's own change, for programs that are only tried: no machine boots for these.
pub(crate) fn for_trials(session: &Session, settings: &Settings) -> Result<Confinement, CommandError> {
    let choice = settings.verify.sandbox;
    if choice == SandboxChoice::Off {
        return Ok(Confinement { choice, ..Confinement::none("the sandbox is switched off") });
    }
    let choice = if choice == SandboxChoice::Machine { SandboxChoice::Auto } else { choice };
    let possible = engine::confinement_of_reviewers(&Session::keeper()?);
    with(session, choice, false, possible)
}

fn with(
    session: &Session,
    choice: SandboxChoice,
    is_foreign: bool,
    possible: Possible,
) -> Result<Confinement, CommandError> {
    let keeper = Session::keeper()?;
    let own = keeper.command.first().cloned().unwrap_or_default();
    let home = session.environment.home();
    Ok(Confinement {
        choice,
        possible,
        is_foreign,
        toolchains: home.as_deref().map(sandbox::toolchains).unwrap_or_default(),
        home,
        search: session.environment.get("PATH").map(ToOwned::to_owned).unwrap_or_default(),
        outer: ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
            .iter()
            .find_map(|name| session.environment.text(name))
            .map(str::to_owned),
        own: vec![own, "__inside".into()],
        house: None,
        place: None,
    })
}

/// What a machine will have to show, as far as it is known before: what is missing costs another boot.
fn expected(confinement: &Confinement, agents: &Agents) -> Vec<PathBuf> {
    let linters = agents.linters.found.values().flatten();
    let programs =
        agents.examined.values().filter_map(|found| found.as_ref().ok()).map(|agent| &agent.program);
    let around = linters
        .chain(programs)
        .map(|program| sandbox::around(program, &confinement.search, confinement.home.as_deref()).read);
    let compilers = confinement.toolchains.read.iter().map(|folder| folder.outside.clone());
    around.flatten().chain(compilers).collect()
}

/// What a reader must know where somebody else had a hand in the change and nothing can be confined.
pub(crate) fn warning(confinement: &Confinement) -> Option<String> {
    if confinement.possible.is_sandbox() {
        return None;
    }
    let why = confinement.possible.sentence();
    let is_wanted =
        confinement.is_foreign && confinement.choice == SandboxChoice::Auto && !confinement.own.is_empty();
    is_wanted.then(|| format!("reviewers run without a sandbox, on a change that is not all yours: {why}"))
}

/// Refuses a run in which somebody could not be confined although that is required.
pub(crate) fn refuse(
    confinement: &Confinement,
    roster: &[Asked],
    agents: &Agents,
) -> Result<(), CommandError> {
    let mut refused = Vec::new();
    for asked in roster {
        let Some(settings) = asked.settings().filter(|settings| settings.api.is_none()) else { continue };
        let name = asked.name();
        let decision = if agents.linters.found.contains_key(name) {
            confinement.decide(Who::Linter)
        } else {
            match agents.behind(name, settings) {
                Some(Ok(agent)) => {
                    let can = agent.can_be_confined(settings);
                    confinement.decide(Who::Agent(can.as_ref().copied().map_err(String::as_str)))
                }
                // Its own failure says more.
                Some(Err(_)) => continue,
                None => match confinement.cannot_hold(settings) {
                    Some(why) => Decision::Refused(why),
                    None => confinement.decide(Who::Command(false)),
                },
            }
        };
        if let Decision::Refused(why) = decision {
            refused.push(format!("{name}: {why}"));
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    let (wanted, hint) = match confinement.choice {
        SandboxChoice::Machine => {
            ("machine", "`--sandbox auto` takes the sandbox of this system, where there is one")
        }
        _ => ("sandbox", "`deep-review doctor` tells what is possible on this machine"),
    };
    let what =
        format!("a {wanted} is required, and not everybody can be put into one: {}", refused.join("; "));
    Err(CommandError::new(Exit::Refused, what)
        .hint(hint)
        .hint("`--reviewer builtin` starts no program but git"))
}
