//! What tests need: scratch repositories, a scratch home, programs that misbehave.
//!
//! In: a script of what should be there. Out: folders and programs that vanish with the test. Never used outside tests.

mod repo;

pub use repo::TestRepo;
