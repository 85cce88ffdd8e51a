//! What earlier rounds said, held against what this one says.
//!
//! In: remembered findings with what a later look found of them, decisions of people, the claims or findings of now. Out:
//! which are the same, which stay declined, what became of the others. Pure: everything it knows is handed in.

mod alike;
mod bar;
mod declined;
mod follow;
mod identity;
mod prior;

pub use bar::below_the_bar;
pub use declined::{Binding, Material, Raised, declined, known, sentence};
pub use follow::{Earlier, Followed, follow, label};
pub use identity::{Level, Link, links, told_before};
pub use prior::Word;
