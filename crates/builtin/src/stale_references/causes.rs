//! What one cause left behind belongs into one finding.
//!
//! In: everything that is gone with the places that still use it. Out: groups with one cause each: files that moved from one folder to
//! another or went with their folder, names that left one file and are named in one other. Loses none.

use std::collections::BTreeMap;

use super::{FILE, Left};

/// What two findings must share to be one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    rule: &'static str,
    /// Where it was.
    from: String,
    /// Where it is now; empty where it is gone.
    to: String,
    /// The file that still uses it; empty where that is no matter.
    place: String,
}

/// Groups by cause, in the order of their first members.
pub(super) fn together(all: Vec<Left<'_>>) -> Vec<Vec<Left<'_>>> {
    let mut known: BTreeMap<Cause, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<Left<'_>>> = Vec::new();
    for left in all {
        let next = groups.len();
        let group = *known.entry(cause(&left)).or_insert(next);
        if group == next {
            groups.push(Vec::new());
        }
        groups[group].push(left);
    }
    for group in &mut groups {
        // The worst use of all first; the number of uses settles ties.
        group.sort_by(|one, other| {
            let key = |left: &Left<'_>| (left.uses.first().map(|found| found.severity), left.uses.len());
            key(other).cmp(&key(one)).then_with(|| one.gone.name.cmp(&other.gone.name))
        });
    }
    groups
}

fn cause(left: &Left<'_>) -> Cause {
    let gone = left.gone;
    let place = left.uses.first().map_or(String::new(), |found| found.path.as_str().to_owned());
    match (&gone.replacement, gone.rule) {
        (Some(new), FILE) => {
            let (from, to) = moved(gone.path.as_str(), &new.text);
            Cause { rule: gone.rule, from, to, place: String::new() }
        }
        (None, FILE) => {
            let folder = gone.path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
            // Files of the root have nothing in common but that.
            let place = if folder.is_empty() { place } else { String::new() };
            Cause { rule: gone.rule, from: folder.to_owned(), to: String::new(), place }
        }
        // A name with a replacement is a rename of its own, told with all its places.
        (Some(new), _) => {
            Cause { rule: gone.rule, from: gone.name.clone(), to: new.text.clone(), place: String::new() }
        }
        (None, _) => Cause { rule: gone.rule, from: gone.path.as_str().to_owned(), to: String::new(), place },
    }
}

/// What is left of two paths without the parts that both end with.
fn moved(old: &str, new: &str) -> (String, String) {
    let (mut old, mut new): (Vec<&str>, Vec<&str>) = (old.split('/').collect(), new.split('/').collect());
    while old.len() > 1 && new.len() > 1 && old.last() == new.last() {
        old.pop();
        new.pop();
    }
    (old.join("/"), new.join("/"))
}

#[cfg(test)]
mod tests {
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn titles(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<(String, usize)> {
        let document = crate::review(&MemoryChange::new(base, head), &Settings::default());
        document.findings.into_iter().map(|finding| (finding.title, finding.locations.len())).collect()
    }

    #[test]
    fn a_folder_that_moved_is_one_finding_with_all_places() {
        let (one, two) = ("how to install the thing\n", "how to configure the thing\n");
        let readme = "# A\n\nSee [install](docs/installing.md).\n";
        let other = "# B\n\nSee `docs/configuring.md`.\n";
        let found = titles(
            &[
                ("docs/installing.md", one),
                ("docs/configuring.md", two),
                ("README.md", readme),
                ("B.md", other),
            ],
            &[
                ("guide/installing.md", one),
                ("guide/configuring.md", two),
                ("README.md", readme),
                ("B.md", other),
            ],
        );
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].1, 2, "{found:#?}");
        assert!(found[0].0.contains("and 1 other place"), "{found:#?}");
    }

    #[test]
    fn what_is_a_template_now_is_made_under_the_old_name() {
        let (text, make) = ("[Unit]\nName=thing\nExec=/bin/false\n", "DATA = src/thing-daemon.service\n");
        let found = titles(
            &[("src/thing-daemon.service", text), ("Makefile.am", make)],
            &[("src/thing-daemon.service.in", text), ("Makefile.am", make)],
        );
        assert_eq!(found, [], "{found:#?}");
    }

    #[test]
    fn files_that_moved_to_two_places_are_two_findings() {
        let (one, two) = ("how to install the thing\n", "how to configure the thing\n");
        let readme = "# A\n\nSee `docs/installing.md` and `docs/configuring.md`.\n";
        let found = titles(
            &[("docs/installing.md", one), ("docs/configuring.md", two), ("README.md", readme)],
            &[("guide/installing.md", one), ("handbook/configuring.md", two), ("README.md", readme)],
        );
        assert_eq!(found.len(), 2, "{found:#?}");
    }

    #[test]
    fn names_that_left_one_file_are_one_finding_at_the_file_that_names_them() {
        let code =
            "def load_records(path):\n    return path\n\n\ndef store_records(path):\n    return path\n";
        let readme = "# A\n\nCall `load_records` first.\n\nThen `store_records`.\n";
        let found =
            titles(&[("a.py", code), ("README.md", readme)], &[("a.py", "x = 1\n"), ("README.md", readme)]);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].1, 2, "{found:#?}");
    }
}
