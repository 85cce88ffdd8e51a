//! Runs one script twice: at the head of the change and where the change begins.
//!
//! In: a script, its claim, and a lab. Out: what happened, and what it shows. Nothing runs where it cannot be confined.

use std::time::Duration;

use model::{REPRODUCTION_SCHEMA, ReproClaim, ReproOutcome, Reproduction, Sha, Trial};
use sandbox::Possible;
use sha2::{Digest as _, Sha256};
use supervise::Cancel;

use crate::judge::judge;
use crate::lab::{Job, Lab, shell};

/// Everything needed to run one script.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whose script.
    pub reviewer: &'a str,
    /// Of which of its raw findings.
    pub index: u32,
    /// The script, for bash.
    pub script: &'a str,
    /// What it is said to show.
    pub claim: &'a ReproClaim,
    /// Where it is run.
    pub lab: Lab<'a>,
    /// The longest time of one run.
    pub wall: Duration,
}

/// Runs the script at both commits and judges what it shows. Cancelling ends it at once.
pub fn reproduce(request: &Request<'_>, cancel: &Cancel) -> Reproduction {
    let Lab { sandbox, target, .. } = request.lab;
    if let Possible::No(why) = sandbox {
        return refused(request, &format!("nothing is run that cannot be confined: {why}"));
    }
    let head = trial(request, &target.head, "head", cancel);
    let base = (target.merge_base != target.head && !cancel.is_cancelled())
        .then(|| trial(request, &target.merge_base, "base", cancel));
    let judged = judge(request.claim, &head, base.as_ref());
    Reproduction {
        outcome: judged.outcome,
        regression: judged.regression,
        why: judged.why,
        head: Some(head),
        base,
        ..refused(request, "")
    }
}

/// What stands for a script that was not run.
pub fn refused(request: &Request<'_>, why: &str) -> Reproduction {
    Reproduction {
        schema: REPRODUCTION_SCHEMA.to_owned(),
        reviewer: request.reviewer.to_owned(),
        index: request.index,
        script_sha256: digest(request.script),
        outcome: ReproOutcome::Refused,
        regression: false,
        why: why.to_owned(),
        confined_by: request.lab.sandbox.sentence(),
        head: None,
        base: None,
    }
}

/// The SHA-256 of a script, in hexadecimal.
pub fn digest(script: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(script.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

fn trial(request: &Request<'_>, commit: &Sha, name: &str, cancel: &Cancel) -> Trial {
    let job = Job {
        name,
        commit,
        given: vec![("repro.sh", request.script.as_bytes())],
        replaces: None,
        command: vec![shell(), "/repro/repro.sh".into()],
        wall: request.wall,
    };
    request.lab.run(&job, cancel)
}
