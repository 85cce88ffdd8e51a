//! What became of a finding of an earlier round.
//!
//! In: what was remembered, what stands of it now, whether somebody raises it again, what reviewers say of it. Out: a status
//! and the sentence it rests on. Code that still stands is never called fixed, whoever says so.

use model::{Now, PlaceNow, PriorStatus, Remembered, Standing};

/// A reviewer's word on a finding of an earlier round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Who.
    pub reviewer: String,
    /// Its status, as far as it can be understood.
    pub status: Option<PriorStatus>,
    /// The status as written.
    pub said: String,
    /// Why, as written.
    pub evidence: Option<String>,
}

/// What this round says of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Again {
    /// The finding that is the same, with who says it.
    pub(crate) same: Option<(String, Vec<String>)>,
    /// A finding that may be the same or stands where its lines were.
    pub(crate) perhaps: Option<String>,
}

/// A range that nobody quoted and that is longer tells little by one edited line.
const WIDE: usize = 12;

/// Status and reason.
pub(crate) fn status(item: &Remembered, now: &Now, again: &Again, words: &[Word]) -> (PriorStatus, String) {
    let looked: Vec<(usize, &PlaceNow)> =
        now.places.iter().enumerate().filter(|(_, place)| place.standing != Standing::Nothing).collect();
    let standing: Vec<&PlaceNow> =
        looked.iter().map(|(_, place)| *place).filter(|place| place.standing == Standing::Stands).collect();
    if looked.is_empty() {
        return without_lines(item, again, words);
    }
    if standing.len() == looked.len() {
        return all_stand(&standing, now, again, words);
    }
    if !standing.is_empty() {
        let (gone, all) = (looked.len() - standing.len(), looked.len());
        let why = format!("{gone} of its {all} places changed; {} stands as it was", place_of(standing[0]));
        return (PriorStatus::Partial, why);
    }
    none_stands(item, now, &looked, again, words)
}

fn says(words: &[Word], status: PriorStatus) -> Option<&Word> {
    words.iter().find(|word| word.status == Some(status))
}

fn without_lines(item: &Remembered, again: &Again, words: &[Word]) -> (PriorStatus, String) {
    let lines = item.places.iter().any(|place| !place.lines.is_empty());
    let blind =
        if lines { "its code was not at hand when it was told" } else { "it names no line to look at" };
    if let Some((id, who)) = &again.same {
        return (PriorStatus::NotFixed, format!("{} {} it again as {id}", list(who), raise(who)));
    }
    let against = words.iter().find(|word| !matches!(word.status, Some(PriorStatus::Fixed) | None));
    match (says(words, PriorStatus::Fixed), against) {
        (Some(word), None) => {
            let why = format!("{blind}; `{}` says that it is fixed", word.reviewer);
            (PriorStatus::Fixed, why)
        }
        _ => (PriorStatus::NotFixed, format!("{blind}, and nothing shows that it was repaired")),
    }
}

fn all_stand(standing: &[&PlaceNow], now: &Now, again: &Again, words: &[Word]) -> (PriorStatus, String) {
    let mut why = format!("its code stands as it was at {}", place_of(standing[0]));
    if let Some((id, who)) = &again.same {
        why = format!("{why}; {} {} it again as {id}", list(who), raise(who));
        return (PriorStatus::NotFixed, why);
    }
    if now.fix_stands == Some(true) {
        return (PriorStatus::Partial, format!("the lines of the proposed fix stand there now, but {why}"));
    }
    let beside = standing.iter().any(|place| place.around_changed == Some(true));
    match says(words, PriorStatus::Fixed) {
        Some(word) if beside => {
            let why =
                format!("`{}` says that it is fixed, and lines beside it changed, but {why}", word.reviewer);
            (PriorStatus::Partial, why)
        }
        Some(word) => {
            (PriorStatus::NotFixed, format!("{why}, though `{}` says that it is fixed", word.reviewer))
        }
        None => (PriorStatus::NotFixed, why),
    }
}

fn none_stands(
    item: &Remembered,
    now: &Now,
    looked: &[(usize, &PlaceNow)],
    again: &Again,
    words: &[Word],
) -> (PriorStatus, String) {
    let (at, first) = looked[0];
    let (left, all) = first.lines;
    let place = place_of(first);
    if let Some((id, who)) = &again.same {
        let status = if left > 0 { PriorStatus::Partial } else { PriorStatus::NotFixed };
        return (status, format!("its lines were edited, but {} still {} it as {id}", list(who), raise(who)));
    }
    if let Some(word) = says(words, PriorStatus::NotFixed).or_else(|| says(words, PriorStatus::Partial)) {
        let why = format!("its lines were edited, but `{}` says: {}", word.reviewer, said(word));
        return (PriorStatus::Partial, why);
    }
    if looked.iter().all(|(_, place)| place.standing == Standing::Removed) {
        let what = if first.path.is_some() { "the function it stood in" } else { "its file" };
        return (PriorStatus::Stale, format!("{what} is gone"));
    }
    if let Some(id) = &again.perhaps {
        return (PriorStatus::Superseded, format!("its lines were edited; {id} stands there now"));
    }
    let (quoted, count) = (item.places[at].quoted, item.places[at].lines.len());
    if !quoted && count > WIDE && left * 2 > all && now.fix_stands != Some(true) && words.is_empty() {
        let why = format!("of the {all} lines it names at {place}, {left} stand as they were");
        return (PriorStatus::Partial, why);
    }
    let lines = match (left, all) {
        (0, 1) => format!("its line is gone from {place}"),
        (0, _) => format!("its lines are gone from {place}"),
        (left, all) if left == all && item.places[at].times > 1 => {
            format!("of the equal lines in {place} those it is about are gone")
        }
        (left, all) if left == all => format!("lines were put between those it names at {place}"),
        (left, all) => format!("{} of its {all} lines are gone from {place}", all - left),
    };
    let mut why = lines;
    if now.fix_stands == Some(true) {
        why = format!("the proposed fix stands there now: {why}");
    }
    if now.callers.tests.len() > item.callers.tests.len() {
        why = format!("{why}; a test that names its function was added");
    }
    if let Some(word) = says(words, PriorStatus::Fixed) {
        why = format!("{why}; `{}` says that it is fixed", word.reviewer);
    }
    (PriorStatus::Fixed, why)
}

fn said(word: &Word) -> String {
    let evidence = word.evidence.as_deref().unwrap_or_default();
    let text = if evidence.is_empty() { word.said.clone() } else { format!("{} — {evidence}", word.said) };
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn place_of(place: &PlaceNow) -> String {
    let path = place.path.as_ref().map_or("its file", model::RepoPath::as_str);
    match place.line {
        Some(line) => format!("`{path}:{line}`"),
        None => format!("`{path}`"),
    }
}

fn raise(names: &[String]) -> &'static str {
    if names.len() > 1 { "raise" } else { "raises" }
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "somebody".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::RememberedPlace;
    use proptest::prelude::*;

    fn place(standing: Standing) -> PlaceNow {
        let path = (standing != Standing::Removed).then(|| "a.rs".into());
        let lines = match standing {
            Standing::Stands => (2, 2),
            Standing::Changed => (1, 2),
            _ => (0, 2),
        };
        PlaceNow { path, line: Some(3), standing, lines, around_changed: None }
    }

    fn item(places: usize) -> Remembered {
        let place = RememberedPlace {
            path: "a.rs".into(),
            start: Some(3),
            lines: vec!["one();".to_owned(), "two();".to_owned()],
            quoted: true,
            ..RememberedPlace::default()
        };
        Remembered { places: vec![place; places], ..Remembered::default() }
    }

    fn now(standings: &[Standing]) -> Now {
        Now { places: standings.iter().map(|it| place(*it)).collect(), ..Now::default() }
    }

    fn word(status: Option<PriorStatus>) -> Word {
        Word { reviewer: "ada".to_owned(), status, said: "so".to_owned(), evidence: None }
    }

    fn told(standings: &[Standing], again: &Again, words: &[Word]) -> PriorStatus {
        status(&item(standings.len()), &now(standings), again, words).0
    }

    #[test]
    fn what_stands_of_the_code_decides() {
        use PriorStatus::{Fixed, NotFixed, Partial, Stale, Superseded};
        use Standing::{Changed, Gone, Nothing, Removed, Stands};
        let quiet = Again::default();
        let again = Again { same: Some(("I2".to_owned(), vec!["bob".to_owned()])), perhaps: None };
        let perhaps = Again { same: None, perhaps: Some("I3".to_owned()) };
        for (standings, again, words, expected) in [
            (vec![Gone], &quiet, vec![], Fixed),
            (vec![Changed], &quiet, vec![], Fixed),
            (vec![Stands], &quiet, vec![word(Some(Fixed))], NotFixed),
            (vec![Gone, Stands], &quiet, vec![], Partial),
            (vec![Gone], &again, vec![], NotFixed),
            (vec![Changed], &again, vec![], Partial),
            (vec![Gone], &quiet, vec![word(Some(NotFixed))], Partial),
            (vec![Removed], &quiet, vec![], Stale),
            (vec![Gone], &perhaps, vec![], Superseded),
            (vec![Nothing], &quiet, vec![], NotFixed),
            (vec![Nothing], &quiet, vec![word(Some(Fixed))], Fixed),
            (vec![Nothing], &quiet, vec![word(Some(Fixed)), word(Some(NotFixed))], NotFixed),
            (vec![], &again, vec![], NotFixed),
        ] {
            assert_eq!(told(&standings, again, &words), expected, "{standings:?} {again:?} {words:?}");
        }
    }

    proptest! {
        #[test]
        fn what_stands_is_never_fixed(
            others in prop::collection::vec(0_usize..4, 0..4),
            says_fixed: bool,
            raised: bool,
            fix_stands: Option<bool>,
            beside: Option<bool>,
        ) {
            let all = [Standing::Changed, Standing::Gone, Standing::Removed, Standing::Nothing];
            let mut now = now(&others.iter().map(|at| all[*at]).collect::<Vec<_>>());
            now.places.push(PlaceNow { around_changed: beside, ..place(Standing::Stands) });
            now.fix_stands = fix_stands;
            let same = raised.then(|| ("I1".to_owned(), vec!["bob".to_owned()]));
            let words = if says_fixed { vec![word(Some(PriorStatus::Fixed))] } else { Vec::new() };
            let (status, why) = status(&item(now.places.len()), &now, &Again { same, perhaps: None }, &words);
            prop_assert!(matches!(status, PriorStatus::NotFixed | PriorStatus::Partial));
            prop_assert!(!why.is_empty());
        }
    }
}
