//! Prints what the matcher sees of pairs of claims, for learning its weights offline.
//!
//! In: standard input, one JSON object a line: `{"claims": [{"title", "body", "places": [{"path", "start",
//! "end"}]}]}`. Out: one line a pair: line number, both positions, the features. With the
//! argument `stems`, the stems of every claim instead.

use std::io::{BufRead as _, Write as _};

use findings::matching::{Claim, Features, in_context};
use model::{CheckedFinding, Location, RawFinding, RepoPath};
use serde::Deserialize;

#[derive(Deserialize)]
struct Group {
    claims: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    title: String,
    body: String,
    places: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    path: String,
    start: Option<u32>,
    end: Option<u32>,
}

fn main() -> std::io::Result<()> {
    let stems = std::env::args().any(|argument| argument == "stems");
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let group: Group = serde_json::from_str(&line?)?;
        if stems {
            for told in &group.claims {
                writeln!(
                    out,
                    "{number} {}",
                    findings::matching::normal_form(&format!("{}\n{}", told.title, told.body))
                )?;
            }
            continue;
        }
        let mut claims: Vec<Claim> = group.claims.iter().map(|told| Claim::of(&checked(told))).collect();
        in_context(&mut claims);
        for b in 0..claims.len() {
            for a in 0..b {
                let features = Features::of(&claims[a], &claims[b]).0;
                let values: Vec<String> = features.iter().map(|value| format!("{value:.5}")).collect();
                writeln!(out, "{number} {a} {b} {}", values.join(" "))?;
            }
        }
    }
    out.flush()
}

fn checked(told: &Told) -> CheckedFinding {
    let place = |place: &Place| Location {
        path: RepoPath::new(place.path.clone()),
        start: place.start,
        end: place.end,
        ..Location::default()
    };
    CheckedFinding {
        raw: RawFinding { title: told.title.clone(), body: told.body.clone(), ..RawFinding::default() },
        locations: told.places.iter().map(place).collect(),
        ..CheckedFinding::default()
    }
}
