//! Where there is no Landlock, nothing is shut in by it.

use crate::inside::Wall;

/// Refuses.
pub(crate) fn shut_in(_: &Wall) -> Result<(), String> {
    Err("this system has no Landlock".to_owned())
}
