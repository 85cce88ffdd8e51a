//! Keeps what a reviewer wrote in the run folder, and finds it there again.
//!
//! In: an answer that was read. Out: its raw material as files, `attempt.json` last: where that stands, the rest is whole.
//! Never changes a file that is there.

use model::Ending;
use reading::Parser;
use reviewers::Attempt;
use serde::{Deserialize, Serialize};
use store::{ATTEMPT_FILE, RunFolder, StoredRun};

use crate::Error;
use crate::hear::{Answered, understand};

const SCHEMA: &str = "deep-review/attempt/v1";

/// `attempt.json`: everything about an attempt that is not a file of its own.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    schema: String,
    #[serde(flatten)]
    attempt: Attempt,
}

/// Keeps a reviewer's last word: prompt, standard error, the answer. The published text is without this machine's paths; the
/// untouched bytes are kept beside it where they differ.
pub(crate) fn keep(run: &RunFolder, answered: &Answered) -> Result<(), Error> {
    let attempt = &answered.attempt;
    let folder = format!("raw/{}", store::reviewer_folder(&attempt.name));
    run.raw(&attempt.name)?;
    keep_files(run, answered, &|name| format!("{folder}/{name}"))?;
    run.write_review_bytes(&attempt.name, answered.text.as_bytes(), answered.is_json())?;
    run.write_once(&format!("{folder}/{ATTEMPT_FILE}"), &attempt_json(attempt))?;
    Ok(())
}

/// Keeps a try that was not the last word.
pub(crate) fn keep_try(run: &RunFolder, answered: &Answered) -> Result<(), Error> {
    let attempt = &answered.attempt;
    run.raw(&attempt.name)?;
    let number = run.tries(&attempt.name)?.last().map_or(1, |last| last + 1);
    let name_of = |name: &str| StoredRun::try_file(&attempt.name, number, name);
    keep_files(run, answered, &name_of)?;
    if !answered.text.is_empty() {
        run.write_once(&name_of("review.md"), answered.text.as_bytes())?;
    }
    run.write_once(&name_of(ATTEMPT_FILE), &attempt_json(attempt))?;
    Ok(())
}

fn keep_files(run: &RunFolder, answered: &Answered, name_of: &dyn Fn(&str) -> String) -> Result<(), Error> {
    let attempt = &answered.attempt;
    if let Some(prompt) = &attempt.prompt {
        run.write_once(&name_of("prompt.md"), prompt.as_bytes())?;
    }
    if !attempt.stderr.is_empty() {
        run.write_once(&name_of("stderr"), &attempt.stderr)?;
    }
    if !attempt.stream.is_empty() {
        run.write_once(&name_of("stream.ndjson"), &attempt.stream)?;
    }
    if !attempt.network.is_empty() {
        run.write_once(&name_of("network.jsonl"), &attempt.network)?;
    }
    if attempt.answer != answered.text.as_bytes() {
        run.write_once(&name_of("answer"), &attempt.answer)?;
    }
    Ok(())
}

/// What stands in the run folder of a reviewer that has come to its end. `None` where it has not, and, where it is to be asked
/// `again`, where that can help: then what it left is set aside.
pub(crate) fn restore(
    run: &RunFolder,
    name: &str,
    parser: Parser,
    target: &model::Target,
    again: bool,
) -> Result<Option<Answered>, Error> {
    if let Some(answered) = stored(run, name, parser, target)?
        && !(again && answered.row.may_be_asked_again())
    {
        return Ok(Some(answered));
    }
    run.set_aside(name)?;
    Ok(None)
}

/// A reviewer's last word as it stands in the run folder; `None` where it has none.
pub(crate) fn stored(
    run: &StoredRun,
    name: &str,
    parser: Parser,
    target: &model::Target,
) -> Result<Option<Answered>, Error> {
    let bytes = run.raw_file(name, ATTEMPT_FILE)?;
    let Some(attempt) = bytes.as_deref().and_then(parse_attempt).filter(|attempt| attempt.name == name)
    else {
        return Ok(None);
    };
    let (text, _) = run.review(name)?.unwrap_or_default();
    let answer = run.raw_file(name, "answer")?.unwrap_or_else(|| text.clone());
    let text = String::from_utf8_lossy(&text).into_owned();
    let prompt = run.raw_file(name, "prompt.md")?;
    let prompt = prompt.map(|prompt| String::from_utf8_lossy(&prompt).into_owned());
    Ok(Some(understand(Attempt { answer, prompt, ..attempt }, text, parser, target)))
}

/// How often a reviewer was asked by earlier processes of this run and failed by itself. Tries that were cut off do not count.
pub(crate) fn tries_before(run: &StoredRun, name: &str) -> Result<u32, Error> {
    let mut asked = 0;
    for number in run.tries(name)? {
        let bytes = run.raw_file(name, &format!("try-{number}/{ATTEMPT_FILE}"))?;
        let attempt = bytes.as_deref().and_then(parse_attempt);
        asked += u32::from(attempt.is_some_and(|attempt| attempt.ending != Ending::Cancelled));
    }
    Ok(asked)
}

/// A file that cannot be understood says nothing: the reviewer is asked again.
pub(crate) fn parse_attempt(bytes: &[u8]) -> Option<Attempt> {
    let kept: Kept = serde_json::from_slice(bytes).ok()?;
    (kept.schema == SCHEMA).then_some(kept.attempt)
}

/// What stands beside the raw material of an attempt.
pub(crate) fn attempt_json(attempt: &Attempt) -> Vec<u8> {
    let kept = Kept { schema: SCHEMA.to_owned(), attempt: attempt.clone() };
    let mut bytes = serde_json::to_vec_pretty(&kept).expect("an attempt is plain data");
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hear::hear;
    use crate::scrub::Scrub;
    use model::{Failure, FailureClass, Target};
    use store::Store;

    fn run() -> (tempfile::TempDir, RunFolder) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let run = store.begin(&Target::default(), jiff::Timestamp::UNIX_EPOCH, "topic").unwrap();
        (folder, run)
    }

    fn answered(answer: &str, ending: Ending) -> Answered {
        let attempt = Attempt {
            name: "ada".into(),
            ending,
            attempts: 2,
            ms: 7,
            answer: answer.into(),
            stderr: b"/home/ada/x: 503 service unavailable".to_vec(),
            failure: Some(Failure { class: FailureClass::Crash, message: "x".into(), retry_after_ms: None })
                .filter(|_| ending == Ending::TimedOut),
            notes: vec!["it changed its checkout: a.rs".into()],
            quorum: true,
            ..Attempt::default()
        };
        let scrub = Scrub::new(&[], &[("/home/ada".to_owned(), "~")]);
        hear(attempt, Parser::Auto, &Target::default(), &scrub)
    }

    const REVIEW: &str = "## Findings\n\n### Important Issues\n\nI1. **It breaks** — `/home/ada/a.rs:3` (important, gap)\n\nBecause.\n";

    #[test]
    fn what_was_kept_reads_the_same_again() {
        for (answer, ending) in
            [(REVIEW, Ending::Finished), (REVIEW, Ending::TimedOut), ("", Ending::NotStarted)]
        {
            let (_folder, run) = run();
            let first = answered(answer, ending);
            keep(&run, &first).unwrap();
            let again =
                restore(&run, "ada", Parser::Auto, &Target::default(), true).unwrap().expect("it ended");
            assert_eq!(again.row, first.row);
            assert_eq!((again.text, again.reading), (first.text, first.reading));
        }
    }

    #[test]
    fn a_failure_keeps_its_class_without_its_paths() {
        let failed = answered("", Ending::Failed);
        let failure = failed.row.failure.clone().expect("a class");
        assert_eq!(failure.class, FailureClass::Transient);
        assert!(failure.message.starts_with("~/x"), "{failure:?}");
        let (_folder, run) = run();
        keep(&run, &failed).unwrap();
        let again = restore(&run, "ada", Parser::Auto, &Target::default(), true).unwrap();
        assert!(again.is_none(), "a failure that may pass is worth another try");
        let mut own = failed;
        own.attempt.failure = Some(Failure { class: FailureClass::Auth, ..failure });
        keep(&run, &own).unwrap();
        let again = restore(&run, "ada", Parser::Auto, &Target::default(), true).unwrap().unwrap();
        assert_eq!(again.row.failure, own.attempt.failure, "what was known is not guessed again");
    }

    #[test]
    fn who_was_stopped_is_asked_again_and_nothing_it_wrote_is_lost() {
        let (_folder, run) = run();
        keep(&run, &answered(REVIEW, Ending::Cancelled)).unwrap();
        assert!(restore(&run, "ada", Parser::Auto, &Target::default(), true).unwrap().is_none());
        let kept = run.raw_file("ada", "try-1/answer").unwrap().expect("moved");
        assert_eq!(kept, REVIEW.as_bytes());
        assert_eq!(tries_before(&run, "ada").unwrap(), 0, "being stopped is no failure of its own");
        keep_try(&run, &answered("", Ending::Failed)).unwrap();
        assert_eq!(tries_before(&run, "ada").unwrap(), 1);
        keep(&run, &answered(REVIEW, Ending::Finished)).unwrap();
    }

    #[test]
    fn half_an_answer_is_no_answer() {
        let (_folder, run) = run();
        keep(&run, &answered(REVIEW, Ending::Finished)).unwrap();
        let path = run.file("raw/ada/attempt.json");
        std::fs::write(&path, "{\"schema\":").unwrap();
        assert!(restore(&run, "ada", Parser::Auto, &Target::default(), true).unwrap().is_none());
        std::fs::remove_file(run.file("raw/ada/try-1/attempt.json")).unwrap();
        run.write_review_bytes("ada", b"half", false).unwrap();
        assert!(restore(&run, "ada", Parser::Auto, &Target::default(), true).unwrap().is_none());
        assert_eq!(run.tries("ada").unwrap(), [1, 2]);
    }
}
