//! Tries every hazard of foreign programs again and again.
//!
//! In: how often. Out: a table of what was tried and what it came to, and the figures of the long trials. Runs inside a
//! PID namespace of its own where there is one: hostile trees take bystanders along.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::tools::{cargo, command, root, say};

/// Packages with hazards: the integration test, its trials that are too long for every day, and what they are.
const TRIALS: [(&str, &str, &[&str]); 3] = [
    (
        "supervise",
        "hazards",
        &[
            "deaths::two_hundred_deaths_at_any_moment_leave_nothing",
            "held::soak_every_death_twenty_times",
            "hostile::soak_the_roller",
        ],
    ),
    ("deep-review", "killing", &["two_hundred_deaths_of_the_whole_program"]),
    ("deep-review", "real_agents", &[]),
];

/// Tries every everyday hazard so many times, and the long ones once.
pub(crate) fn run(times: u32) -> Result<(), String> {
    let mut failed = 0;
    install_agents();
    for (package, test, long) in TRIALS {
        cargo(&["build", "--locked", "--package", package, "--bins"])?;
        cargo(&["test", "--locked", "--package", package, "--test", test, "--no-run"])?;
        let binary = binary(package, test)?;
        failed += repeat(&binary, times)?;
        for name in long {
            failed += one_long(&binary, name)?;
        }
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} trials failed")) }
}

/// Installs every agent program that has a verified adapter, where npm is there; what is missing is skipped by its trial.
fn install_agents() {
    let well = command("bash").args([".ci/agents", "all"]).current_dir(root()).status();
    if !well.is_ok_and(|status| status.success()) {
        say("skipped: `.ci/agents all` did not run");
    }
}

/// Where cargo put the test.
fn binary(package: &str, test: &str) -> Result<String, String> {
    let words =
        ["test", "--locked", "--package", package, "--test", test, "--no-run", "--message-format=json"];
    let output = command(env!("CARGO"))
        .args(words)
        .stderr(Stdio::null())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said
        .lines()
        .find(|line| line.contains(&format!("\"name\":\"{test}\"")) && line.contains("\"executable\":\""));
    let path =
        line.and_then(|line| line.split_once("\"executable\":\"")).and_then(|(_, rest)| rest.split_once('"'));
    path.map(|(path, _)| path.to_owned()).ok_or_else(|| format!("cargo does not say where `{test}` is"))
}

fn repeat(binary: &str, times: u32) -> Result<usize, String> {
    let mut tally: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut skipped = std::collections::BTreeSet::new();
    for round in 1..=times {
        let began = Instant::now();
        let said = tried(binary, &["--nocapture"])?;
        for line in said.lines().filter(|line| line.starts_with("test ")) {
            let Some((name, result)) = line.trim_start_matches("test ").split_once(" ... ") else { continue };
            let counts = tally.entry(name.to_owned()).or_default();
            if result.contains("FAILED") {
                counts.1 += 1;
            } else if result.ends_with("ok") {
                counts.0 += 1;
            }
        }
        skipped.extend(said.lines().filter(|line| line.starts_with("skipped: ")).map(str::to_owned));
        say(&format!("round {round} of {times}: {:.0} s", began.elapsed().as_secs_f64()));
    }
    say("\n| hazard | well | failed |\n|---|---|---|");
    tally.retain(|_, (well, failed)| *well + *failed > 0);
    for (name, (well, failed)) in &tally {
        say(&format!("| {name} | {well} | {failed} |"));
    }
    for line in &skipped {
        say(line);
    }
    // A trial whose result was never said has not gone well either.
    let unheard = tally.values().filter(|(well, failed)| well + failed < times).count();
    if unheard > 0 {
        say(&format!("{unheard} hazards did not say in every round how they went"));
    }
    Ok(tally.values().filter(|(_, failed)| *failed > 0).count() + usize::from(tally.is_empty()))
}

fn one_long(binary: &str, name: &str) -> Result<usize, String> {
    let began = Instant::now();
    let said = tried(binary, &["--ignored", "--exact", name, "--nocapture"])?;
    let well = said.contains("1 passed");
    say(&format!(
        "\n{name}: {} after {:.0} s",
        if well { "well" } else { "FAILED" },
        began.elapsed().as_secs_f64()
    ));
    let told = |line: &&str| ["figure: ", "skipped: "].iter().any(|word| line.starts_with(word));
    for line in said.lines().filter(told) {
        say(line);
    }
    if !well {
        say(&said);
    }
    Ok(usize::from(!well))
}

/// Runs the test, in a PID namespace where there is one, and gives everything it said.
fn tried(binary: &str, words: &[&str]) -> Result<String, String> {
    let namespace = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    let user = ["--user", "--map-root-user"];
    let is_usable = |words: &[&str]| {
        command("unshare")
            .args(words)
            .arg("true")
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let mut trial: Command = if is_usable(&namespace) {
        let mut trial = command("unshare");
        trial.args(namespace).args(["sh", "-c", "\"$@\"; exit $?", "sh", binary]);
        trial
    } else if is_usable(&[&user[..], &namespace[..]].concat()) {
        let mut trial = command("unshare");
        trial.args(user).args(namespace).args(["sh", "-c", "\"$@\"; exit $?", "sh", binary]);
        trial
    } else {
        command(binary)
    };
    let output = trial
        .args(words)
        .current_dir(root().join("crates/supervise"))
        .output()
        .map_err(|error| format!("{binary}: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}
