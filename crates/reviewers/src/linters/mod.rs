//! The project's own linters as members of the panel.
//!
//! In: what each linter is, as data in `linters/*.toml`; the change; settings the user trusts. Out: attempts whose answer is a
//! SARIF document of what is new in the change. Starts a linter only below a keeper, in a throw-away checkout, with its
//! configuration as it stands where the change begins; one that runs code of the repository only where the user named it.

mod choose;
mod content;
mod find;
mod linter;
mod run;
mod shipped;
mod side;

pub use choose::{Choice, Facts, choose, consent, is_linter};
pub use find::{Absence, find, version};
pub use linter::Linter;
pub use run::{LinterRequest, ask_linter};
pub use shipped::{linter, linters};

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The linters of a run: what was found of each that was looked for.
#[derive(Clone, Debug, Default)]
pub struct Linters {
    /// The program, or why there is none, by the linter's name.
    pub found: BTreeMap<String, Result<PathBuf, String>>,
    /// Most findings one linter may bring into a report.
    pub most: u32,
    /// The user's own working tree, whose installed packages a linter that runs code may use.
    pub installed_in: Option<PathBuf>,
}
