//! Reads what linters and compilers wrote, tells what is new in it, and keeps it from flooding a report.
//!
//! In: the output of a tool, and what is known of the repository's files. Out: a [`model::Reading`] with the rule and its page
//! kept, and a note for everything that could not be read. Never looks at a file, never decides whether a tool is right. A
//! tool's output is foreign text: its size, its depth and the places it names are not trusted.

mod cargo;
mod checkstyle;
mod document;
mod draft;
mod fold;
mod format;
mod fresh;
mod github;
mod lines;
mod places;
mod rdformat;
mod read;
mod sarif;
mod shape;
mod shapes;

pub use document::document;
pub use draft::is_web_address;
pub use fold::fold;
pub use format::Format;
pub use fresh::{Content, fresh};
pub use places::Roots;
pub use read::{detect, read};
