//! Who descends from whom, where every process carries a number that is never used twice and that of its maker.
//!
//! In: everyone who runs now, and the numbers known so far. Out: who of them is of the tree. Never a proof: who was born
//! and gone between two looks is not known, and neither are those who came from there.

use std::collections::HashSet;

/// One process as the system lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) pid: i32,
    /// Its own number, never used twice.
    pub(crate) unique: u64,
    /// That of the process that made it, whoever adopted it since.
    pub(crate) maker: u64,
}

/// Those made by someone known, and their descendants: looks until nothing is added. Their numbers become known too, and
/// stay so when they are gone: their children still name them.
pub(crate) fn of_the_tree(everyone: &[Listed], known: &mut HashSet<u64>) -> Vec<Listed> {
    let mut found: Vec<Listed> = Vec::new();
    let mut met = HashSet::new();
    loop {
        let before = found.len();
        for one in everyone {
            if known.contains(&one.maker) && met.insert(one.unique) {
                known.insert(one.unique);
                found.push(*one);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(pid: i32, unique: u64, maker: u64) -> Listed {
        Listed { pid, unique, maker }
    }

    fn pids(found: &[Listed]) -> Vec<i32> {
        let mut pids: Vec<i32> = found.iter().map(|one| one.pid).collect();
        pids.sort_unstable();
        pids
    }

    #[test]
    fn descendants_are_found_in_any_order_and_strangers_are_not() {
        let mut known = HashSet::from([1]);
        let everyone =
            [listed(13, 4, 3), listed(12, 3, 2), listed(99, 9, 8), listed(11, 2, 1), listed(10, 1, 0)];
        assert_eq!(pids(&of_the_tree(&everyone, &mut known)), [11, 12, 13]);
    }

    #[test]
    fn an_orphan_is_found_by_a_maker_that_is_gone_if_that_was_ever_seen() {
        let mut known = HashSet::from([1]);
        of_the_tree(&[listed(11, 2, 1)], &mut known);
        assert_eq!(pids(&of_the_tree(&[listed(12, 3, 2)], &mut known)), [12]);
        let mut never_saw_it = HashSet::from([1]);
        assert_eq!(pids(&of_the_tree(&[listed(12, 3, 2)], &mut never_saw_it)), [0; 0], "so it is no proof");
    }

    #[test]
    fn the_process_id_of_somebody_gone_does_not_make_a_stranger_a_member() {
        let mut known = HashSet::from([1]);
        of_the_tree(&[listed(11, 2, 1)], &mut known);
        assert_eq!(pids(&of_the_tree(&[listed(11, 70, 60)], &mut known)), [0; 0]);
    }
}
