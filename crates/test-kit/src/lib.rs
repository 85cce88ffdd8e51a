//! What tests need: scratch repositories, a scratch home, programs that misbehave.
//!
//! In: a script of what should be there. Out: folders and programs that vanish with the test. Never used outside tests.

pub mod defects;
mod fake_agent;
pub mod fake_model;
pub mod history;
mod repo;
mod session;

pub use fake_agent::{fake_acp_path, fake_agent_path, fake_limactl_path};
pub use fake_model::{FakeModel, Options as FakeModelOptions};
pub use repo::TestRepo;
pub use session::{Ran, TestSession};
