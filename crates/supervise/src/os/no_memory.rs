//! Where the memory of a tree is not looked at by the keeper.
//!
//! In: nothing. Out: that it is not known. On Windows the job object itself holds it back; elsewhere nothing does.

use super::tree::Member;

/// Not known.
pub(crate) fn most() -> Option<u64> {
    None
}

/// Not known, and so nothing.
pub(crate) fn held(_members: &[Member], _enough: u64) -> u64 {
    0
}
