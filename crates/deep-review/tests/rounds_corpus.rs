//! Real reviews, one round after the other, without the code they are about: what people declined of two reviewers' words, a third
//! reviewer tells again in its own.
//!
//! In: `DEEP_REVIEW_CORPUS`, a folder of real reviews with judged pairs. Out: how much of it stays declined, and how much that is
//! something else is raised. Without the folder nothing is measured.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{configured, json, saying, session_bare};
use serde_json::Value;

type Claim = (String, u64);

/// `same` and `different` of judged pairs, by report.
fn judged(corpus: &Path) -> BTreeMap<String, BTreeMap<(Claim, Claim), bool>> {
    let text = std::fs::read_to_string(corpus.join("pairs.jsonl")).expect("a corpus has judged pairs");
    let mut all: BTreeMap<String, BTreeMap<(Claim, Claim), bool>> = BTreeMap::new();
    for line in text.lines() {
        let pair: Value = serde_json::from_str(line).expect("JSON");
        let claim = |key: &str| -> Claim {
            let agent = pair[key]["agent"].as_str().expect("a text").to_owned();
            (agent, pair[key]["index"].as_u64().expect("a number"))
        };
        let same = pair["label"] == "same";
        let of_report = all.entry(pair["report"].as_str().expect("a text").to_owned()).or_default();
        of_report.insert((claim("a"), claim("b")), same);
        of_report.insert((claim("b"), claim("a")), same);
    }
    all
}

#[test]
#[expect(clippy::disallowed_methods, reason = "where the corpus is, is said from outside")]
fn what_was_declined_stays_declined_in_a_third_reviewers_words() {
    let Some(corpus) = std::env::var_os("DEEP_REVIEW_CORPUS") else {
        println!("skipped: DEEP_REVIEW_CORPUS is not set");
        return;
    };
    let corpus = Path::new(&corpus);
    let (mut kept_out, mut again, mut raised, mut others) = (0_u32, 0_u32, 0_u32, 0_u32);
    for (report, pairs) in judged(corpus) {
        let reviews: BTreeMap<&str, String> = ["claude", "codex", "gemini"]
            .into_iter()
            .filter_map(|name| {
                let text = std::fs::read_to_string(corpus.join(format!("raw/{report}/{name}.md"))).ok()?;
                (text.len() > 500).then_some((name, text))
            })
            .collect();
        for third in reviews.keys() {
            let session = session_bare();
            configured(&session, "[review]\nquorum = 1\n");
            session.repo.write("a", "0").commit("Base");
            session.repo.branch("topic");
            session.repo.write("b", "1").commit("Topic");
            for (name, text) in &reviews {
                saying(&session, name, text);
            }
            let mut words = vec!["run", "--json"];
            words.extend(reviews.keys().filter(|name| *name != third).flat_map(|name| ["--reviewer", name]));
            let first: Value = serde_json::from_str(&session.run(&words).stdout).expect("a report");
            let mut declined: Vec<Claim> = Vec::new();
            for finding in first["findings"].as_array().expect("a list") {
                let id = finding["id"].as_str().expect("a text");
                session.run(&["decline", id, "-m", "as meant"]).expect(0);
                declined.extend(finding["sources"].as_array().expect("a list").iter().map(|source| {
                    (
                        source["reviewer"].as_str().expect("a text").to_owned(),
                        source["index"].as_u64().expect("a number"),
                    )
                }));
            }
            session.repo.write("b", "2").commit("Go on");
            let second = json(&session.run(&["run", "--json", "--reviewer", third]));
            for row in second["dispositions"].as_array().expect("a list") {
                let claim: Claim = ((*third).to_owned(), row["index"].as_u64().expect("a number"));
                let labels = declined.iter().filter_map(|other| pairs.get(&(claim.clone(), other.clone())));
                let labels: Vec<bool> = labels.copied().collect();
                let is_out = row["code"] == "declined-prior-round";
                match labels.contains(&true) {
                    true => (kept_out, again) = (kept_out + u32::from(is_out), again + 1),
                    false if !labels.is_empty() => {
                        (raised, others) = (raised + u32::from(!is_out), others + 1);
                    }
                    false => {}
                }
            }
        }
    }
    println!(
        "declined and told again: kept out {kept_out} of {again}; something else: raised {raised} of {others}"
    );
    assert!(f64::from(kept_out) >= 0.9 * f64::from(again), "declined findings come back");
    assert!(f64::from(raised) >= 0.85 * f64::from(others), "other findings are taken for declined ones");
    assert!(again > 0 && others > 0);
}
