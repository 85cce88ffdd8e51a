//! The report in a terminal: the closing summary of a run, and one finding on its own.
//!
//! In: a report, a width, a [`Style`]. Out: text with line ends, coloured only where asked. Never prints, and never
//! lets a character through that a terminal would act on.

mod finding_page;
mod layout;
mod snippet;
mod summary;

pub use finding_page::finding_page;
pub use layout::{Style, indented, labelled_line, wrapped};
pub use summary::terminal_summary;
