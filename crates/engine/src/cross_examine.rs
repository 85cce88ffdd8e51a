//! Puts blocking claims to a reviewer of another vendor.
//!
//! In: everything that was heard, and who challenges. Out: one [`Challenge`] a blocking claim, the code it quotes looked up by the
//! gates. The claims stay as they are: a challenge that holds contests one, a doubt is shown, and nothing is taken away.

use config::Settings;
use evidence::{Claims, Evidence};
use model::{
    Challenge, ChallengeOutcome, CheckedFinding, EventKind, Finding, RawFinding, RawLocation, Reading,
    ReadingState,
};
use reviewers::CHALLENGE_TEMPLATE;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::Error;
use crate::aside::{MOST, Place, Question, Said, ask, fenced};
use crate::hear::Heard;
use crate::plan::digest;
use crate::roster::Asked;
use crate::spending::Sum;

/// What the template calls it.
const CLAIM: &str = "claim";
/// The longest reason that is shown.
const LONGEST: usize = 400;

/// What a challenger answers. What it leaves out is nothing; what has another form than asked for is as if left out.
#[derive(Debug, Deserialize)]
struct Reply {
    answer: String,
    #[serde(default, deserialize_with = "lenient")]
    because: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    quote: Option<Quoted>,
}

#[derive(Debug, Deserialize)]
struct Quoted {
    path: String,
    #[serde(default)]
    start: Option<u32>,
    #[serde(default)]
    end: Option<u32>,
    text: String,
}

fn lenient<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).ok())
}

/// What a cross-examination needs.
pub(crate) struct Court<'a> {
    pub(crate) place: &'a Place<'a>,
    pub(crate) evidence: &'a Evidence<'a>,
    pub(crate) settings: &'a Settings,
    pub(crate) roster: &'a [Asked],
    pub(crate) challenger: &'a Asked,
    /// The user's own words, by name.
    pub(crate) template: Option<&'a String>,
}

/// One claim, put to the challenger.
struct Put<'a> {
    finding: &'a Finding,
    claim: CheckedFinding,
    question: Question<'a>,
}

impl Court<'_> {
    /// Challenges these findings, and says what was not challenged.
    pub(crate) fn challenge(
        &self,
        blocking: &[&Finding],
        heard: &[Heard],
        tell: &dyn Fn(EventKind),
    ) -> Result<(Vec<Challenge>, Vec<String>), Error> {
        let by = self.challenger.name();
        let mut notes = Vec::new();
        let (own, others): (Vec<&Finding>, Vec<&Finding>) =
            blocking.iter().copied().partition(|finding| self.is_partial(finding));
        if !own.is_empty() {
            let ids = ids(&own);
            notes.push(format!(
                "cross-examination: {ids} not challenged by {by}, whose vendor raised it as well"
            ));
        }
        // The last one is for the editor.
        let most = MOST - 1;
        if others.len() > most {
            notes.push(format!(
                "cross-examination: only the first {most} were challenged, not {}",
                ids(&others[most..])
            ));
        }
        let chosen = &others[..others.len().min(most)];
        let width =
            (self.settings.review.vendor_jobs.max(1) as usize).min(self.settings.review.jobs.max(1) as usize);
        let mut challenges = Vec::new();
        let mut sum = Sum::default();
        let puts: Vec<Put<'_>> = chosen
            .iter()
            .enumerate()
            .filter_map(|(number, finding)| self.put(finding, heard, number))
            .collect();
        let place = self.place;
        for group in puts.chunks(width) {
            let findings: Vec<&Finding> = group.iter().map(|put| put.finding).collect();
            tell(EventKind::Note { text: format!("{by} is asked to refute {}", ids(&findings)) });
            let said: Vec<Result<Said<Reply>, Error>> = std::thread::scope(|scope| {
                let running: Vec<_> =
                    group.iter().map(|put| scope.spawn(move || ask::<Reply>(place, &put.question))).collect();
                running
                    .into_iter()
                    .map(|thread| thread.join().expect("what a question does is caught"))
                    .collect()
            });
            for (put, said) in group.iter().zip(said) {
                let said = said?;
                sum.add(Sum::of(said.was_asked, said.tokens, said.usd));
                challenges.push(self.weighed(put.finding, &put.claim, said.document));
            }
        }
        if !challenges.is_empty() {
            notes.push(format!("cross-examination by {by}: {}", sum.sentence()));
        }
        Ok((challenges, notes))
    }

    /// Whether the challenger, or somebody of its vendor, raised it.
    fn is_partial(&self, finding: &Finding) -> bool {
        let vendor = self.challenger.vendor();
        finding.sources.iter().any(|source| {
            let asked = self.roster.iter().find(|asked| asked.name() == source.reviewer);
            let theirs = asked.and_then(Asked::vendor);
            source.reviewer == self.challenger.name() || (vendor.is_some() && vendor == theirs)
        })
    }

    /// The claim behind a finding as a question.
    fn put<'f>(&'f self, finding: &'f Finding, heard: &[Heard], number: usize) -> Option<Put<'f>> {
        let claim = claim(finding, heard)?;
        let task = fenced(CLAIM, &told(&claim.raw));
        let index = claim.raw.index.to_string();
        let key = digest(&[self.challenger.name(), &claim.reviewer, &index, &task[CLAIM]]);
        let question = Question {
            key: format!("challenge-{}", &key[..12]),
            asked: self.challenger,
            template: self.template.cloned().unwrap_or_else(|| CHALLENGE_TEMPLATE.to_owned()),
            task,
            number,
        };
        Some(Put { finding, claim, question })
    }

    fn weighed(&self, finding: &Finding, claim: &CheckedFinding, reply: Result<Reply, String>) -> Challenge {
        let mut challenge = Challenge {
            finding: finding.id.clone(),
            reviewer: claim.reviewer.clone(),
            index: claim.raw.index,
            by: self.challenger.name().to_owned(),
            ..Challenge::default()
        };
        let reply = match reply {
            Ok(reply) => reply,
            Err(why) => {
                challenge.why = why;
                return challenge;
            }
        };
        challenge.said = one_line(reply.because.as_deref().unwrap_or_default());
        let quoted = reply.quote.filter(|quote| !quote.text.trim().is_empty());
        let looked_up = quoted.and_then(|quote| self.look_up(&challenge.said, quote));
        let claimed: Vec<&str> =
            claim.raw.locations.iter().filter_map(|place| place.quote.as_deref()).collect();
        let (outcome, why) =
            findings::weigh(findings::Answer::parse(&reply.answer), looked_up.as_ref(), &claimed);
        challenge.outcome = outcome;
        challenge.why = why;
        if outcome == ChallengeOutcome::Refuted {
            challenge.evidence = looked_up.and_then(|checked| checked.locations.into_iter().next());
        }
        challenge
    }

    /// What the gates say of the quoted code.
    fn look_up(&self, because: &str, quote: Quoted) -> Option<CheckedFinding> {
        let place = RawLocation {
            path: quote.path,
            start: quote.start,
            end: quote.end.or(quote.start),
            quote: Some(quote.text),
            ..RawLocation::default()
        };
        let finding =
            RawFinding { title: because.to_owned(), locations: vec![place], ..RawFinding::default() };
        let reading =
            Reading { state: ReadingState::Reviewed, findings: vec![finding], ..Reading::default() };
        let claims = [Claims { reviewer: self.challenger.name(), reading: &reading }];
        self.evidence.check(&claims).into_iter().next()
    }
}

/// The claim whose text a finding shows.
fn claim(finding: &Finding, heard: &[Heard]) -> Option<CheckedFinding> {
    let shown = finding.sources.iter().find(|source| source.shown).or(finding.sources.first())?;
    let mut checked = heard.iter().flat_map(|one| &one.checked);
    checked.find(|it| it.reviewer == shown.reviewer && it.raw.index == shown.index).cloned()
}

/// What the challenger is told of it. Who said it is nothing it should know.
fn told(claim: &RawFinding) -> serde_json::Value {
    let places: Vec<_> = claim
        .locations
        .iter()
        .map(|place| json!({ "path": place.path, "start": place.start, "end": place.end, "quote": place.quote }))
        .collect();
    json!({
        "title": claim.title, "severity": claim.severity.as_str(), "places": places, "body": claim.body,
        "trigger": claim.trigger,
    })
}

/// The first line of what somebody says.
fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = words.chars().take(LONGEST).collect();
    if short.len() < words.len() {
        short.push('…');
    }
    short
}

fn ids(findings: &[&Finding]) -> String {
    findings.iter().map(|finding| finding.id.as_str()).collect::<Vec<_>>().join(", ")
}

/// What a reader is told of a challenge.
pub(crate) fn sentence(challenge: &Challenge) -> String {
    let Challenge { finding, by, said, why, .. } = challenge;
    let said = if said.is_empty() { String::new() } else { format!(" It says: “{said}”") };
    match challenge.outcome {
        ChallengeOutcome::Refuted => {
            let place = challenge.evidence.as_ref().map_or_else(String::new, crate::tell::place);
            format!(
                "cross-examination: {by} refutes {finding} with code at {place}, so that it is contested; {why}.{said}"
            )
        }
        ChallengeOutcome::Doubted => {
            format!("cross-examination: {by} doubts {finding}, which changes nothing: {why}.{said}")
        }
        ChallengeOutcome::Upheld => format!("cross-examination: {by} could not refute {finding}.{said}"),
        ChallengeOutcome::Unanswered => {
            format!("cross-examination: {by} says nothing of {finding} that can be used: {why}.{said}")
        }
    }
}
