//! Agent CLIs as reviewers: each is described by data, driven by one piece of code.
//!
//! In: adapters (`agents/*.toml`, shipped or the user's), the environment, a request. Out: an attempt with the answer
//! taken from the program's event stream. Never knows a vendor by name: what differs between programs is in the data.

mod adapter;
mod answer;
mod ask;
mod call;
mod catalogue;
mod confined;
mod detect;
mod failure;
mod figures;
mod ignored;
mod meter;
mod panel;
mod path;
mod preflight;
mod redact;
mod stream;
mod trial;

pub use adapter::{Adapter, Proof};
pub use answer::{AgentAnswer, ToolCalls, read_stream};
pub(crate) use answer::{END_MARK, without_end_mark};
pub use ask::{AgentRequest, ask_agent};
pub(crate) use ask::{RAN_ON, STDERR_READ, Watched, end_when_it_runs_on, take};
pub use catalogue::{Catalogue, prompts};
pub(crate) use confined::{own_hosts, shown};
pub use detect::{Detection, Found, detect};
pub(crate) use failure::sentence;
pub use ignored::stripped_paths;
pub use meter::Account;
pub(crate) use meter::list_price;
pub use panel::{Agents, adapter_name, join, wanted};
pub use preflight::{Agent, Preflight, Unready, preflight};
pub use stream::{ProcessEnd, Seen, StreamReader};
pub use trial::{Trial, TrialPlace, try_agent};
