//! What came of scripts that were run for a stored run.
//!
//! In: a run, and a reproduction of one of its raw findings. Out: a new file under `repro/`. Like all raw material a file is
//! written once; the newest of one script counts.

use std::collections::BTreeMap;

use model::{REPRODUCTION_SCHEMA, Reproduction};

use crate::stored_run::read_json;
use crate::{Error, Result, StoredRun, files, reviewer_folder};

/// The folder in a run's folder.
const FOLDER: &str = "repro";

/// How often a number that somebody else took is tried again.
const MOST: u32 = 10_000;

impl StoredRun {
    /// Keeps a reproduction.
    pub fn keep_reproduction(&self, reproduction: &Reproduction) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(reproduction).expect("a reproduction is plain data");
        bytes.push(b'\n');
        let folder = self.file(FOLDER);
        std::fs::create_dir_all(&folder).map_err(Error::failed("make", &folder))?;
        let name = reviewer_folder(&reproduction.reviewer);
        for number in 1..MOST {
            let path = folder.join(format!("{name}-{}-{number:05}.json", reproduction.index));
            match files::write_new(&path, &bytes) {
                Err(Error::Exists { .. }) => {}
                other => return other,
            }
        }
        Err(Error::failed("find a free name in", &folder)(std::io::Error::other("10,000 are taken")))
    }

    /// The newest reproduction of each raw finding, by reviewer and index. A file that cannot be understood is left out.
    pub fn reproductions(&self) -> Result<Vec<Reproduction>> {
        let folder = self.file(FOLDER);
        let mut names = Vec::new();
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::failed("list", &folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(Error::failed("list", &folder))?;
            names.push(entry.path());
        }
        names.sort();
        let mut newest = BTreeMap::new();
        for path in names.into_iter().filter(|path| path.extension().is_some_and(|it| it == "json")) {
            let Ok(Some(reproduction)) = read_json::<Reproduction>(&path) else { continue };
            if reproduction.schema == REPRODUCTION_SCHEMA {
                newest.insert((reproduction.reviewer.clone(), reproduction.index), reproduction);
            }
        }
        Ok(newest.into_values().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{scratch, target};
    use model::ReproOutcome;

    fn reproduction(reviewer: &str, index: u32, why: &str) -> Reproduction {
        Reproduction {
            schema: REPRODUCTION_SCHEMA.to_owned(),
            reviewer: reviewer.to_owned(),
            index,
            script_sha256: String::new(),
            outcome: ReproOutcome::Reproduced,
            regression: true,
            why: why.to_owned(),
            confined_by: String::new(),
            head: None,
            base: None,
        }
    }

    #[test]
    fn the_newest_of_each_counts_and_the_older_ones_stay() {
        let (_folder, store) = scratch();
        let run = store.begin(&target("topic"), jiff::Timestamp::UNIX_EPOCH, "topic").expect("begins");
        assert_eq!(run.reproductions().expect("readable"), []);
        for (reviewer, index, why) in [("ada", 0, "old"), ("ada", 0, "new"), ("bob", 3, "other")] {
            run.keep_reproduction(&reproduction(reviewer, index, why)).expect("writable");
        }
        let kept = run.reproductions().expect("readable");
        let whys: Vec<&str> = kept.iter().map(|it| it.why.as_str()).collect();
        assert_eq!(whys, ["new", "other"]);
        assert_eq!(std::fs::read_dir(run.file(FOLDER)).expect("a folder").count(), 3);
        std::fs::write(run.file("repro/zzz.json"), "{").expect("writable");
        assert_eq!(run.reproductions().expect("what cannot be read is left out").len(), 2);
    }
}
