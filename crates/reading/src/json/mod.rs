//! Reviews in JSON: the schema we ask for, and what comes close to it, be it in YAML or in tags.
//!
//! In: a text. Out: a [`Reading`], where it holds a review document. Never trusts a field to have the right type.

mod document;
mod elements;
mod fields;
pub(crate) mod find;
pub(crate) mod form;
mod lenient;
mod sections;
mod yaml;

pub(crate) use document::read;
