//! Reviews in JSON: the schema we ask for, and what comes close to it.
//!
//! In: a text. Out: a [`Reading`], where it holds a review document. Never trusts a field to have the right type.

mod document;
mod fields;
pub(crate) mod find;
pub(crate) mod form;
mod lenient;
mod sections;

pub(crate) use document::read;
