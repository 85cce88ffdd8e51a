//! The reviewers' records, from the store to the words of consolidation.
//!
//! In: the store and who is asked. Out: one record a reviewer that has any. A store that cannot be read costs the records
//! and not the run: then priors stand in, and a note says so.

use std::collections::BTreeMap;

use findings::{Record, Records};
use store::{ReviewerRecord, Store};

/// Records of these reviewers, and a note where there could be some that were not read.
pub(crate) fn records(store: &Store, names: &[String]) -> (Records, Option<String>) {
    match store.index().and_then(|index| index.reviewer_records()) {
        Ok(known) => (of(names, &known), None),
        Err(error) => {
            let note = format!("earlier runs could not be asked about the reviewers: {error}");
            (Records::new(), Some(note))
        }
    }
}

fn of(names: &[String], known: &BTreeMap<String, ReviewerRecord>) -> Records {
    let sum = |name: &String| {
        let own = known.iter().filter(|(other, _)| is_same(name, other)).map(|(_, record)| record);
        let sum = own.fold(Record::default(), add);
        (sum != Record::default()).then(|| (name.clone(), sum))
    };
    names.iter().filter_map(sum).collect()
}

/// Published reports call a reviewer by its model as well: "Claude Opus 4.7" is `claude`.
fn is_same(name: &str, recorded: &str) -> bool {
    let (name, recorded) = (name.to_lowercase(), recorded.to_lowercase());
    recorded.strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn add(mut sum: Record, record: &ReviewerRecord) -> Record {
    for (row, ratings) in sum.transitions.iter_mut().zip(record.ratings) {
        for (count, more) in row.iter_mut().zip(ratings) {
            *count += more;
        }
    }
    sum.accepted += record.accepted;
    sum.rejected += record.declined + record.refuted;
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reviewer_is_found_under_its_name_and_with_its_model() {
        let record = |accepted| ReviewerRecord { accepted, ..ReviewerRecord::default() };
        let known = BTreeMap::from([
            ("claude".to_owned(), record(1)),
            ("Claude Opus 4.7".to_owned(), record(2)),
            ("claudette".to_owned(), record(4)),
        ]);
        let found = of(&["claude".to_owned(), "codex".to_owned()], &known);
        assert_eq!(found.len(), 1);
        assert_eq!(found["claude"].accepted, 3);
    }
}
