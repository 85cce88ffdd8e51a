//! Settings: where they come from and what they are.
//!
//! In: layers of TOML (defaults, user, repository, local, `--config`), environment variables and flags. Out: one
//! [`Settings`] in which every value is known, with the [`Origin`] of each. This crate runs nothing, knows no git
//! (the caller reads the repository's file from the base commit and passes the text in), and never lets a file of
//! the repository choose a command.

mod bytes;
mod duration;
mod environment;
mod error;
mod layer;
mod limit;
mod load;
mod nearest;
mod placeholders;
mod schema;
mod settings;
mod sources;
mod trust;
mod validate;
mod variables;
mod words;

pub use bytes::{format_bytes, parse_bytes};
pub use duration::{format_duration, parse_duration};
pub use environment::{Environment, Platform};
pub use error::{Error, Problem};
pub use layer::{Layer, Origin};
pub use load::{Config, Explained};
pub use nearest::nearest;
pub use placeholders::{Placeholder, Word, parse_word};
pub use schema::{keys, schema};
pub use settings::is_on;
pub use settings::{
    Api, BudgetLimits, BudgetSettings, BuiltinSettings, ColorChoice, EditorSettings, GcSettings, InlineAgent,
    Output, Parser, PolicySettings, PriceSettings, ReproChoice, Reraise, ReviewSettings, ReviewerDefaults,
    ReviewerSettings, SandboxChoice, Settings, Stdin, ToolsSettings, UiSettings, VerifySettings,
};
pub use sources::{Flag, Sources, TextFile};
pub use trust::Message;
pub use validate::is_choice;

/// The commented file that is itself the first layer.
pub const DEFAULT_CONFIG: &str = include_str!("default-config.toml");

/// Name of the file in a repository's root, read from the base commit.
pub const REPOSITORY_FILE: &str = "deep-review.toml";
