//! `schema`: the JSON Schema of a document.
//!
//! In: which document. Out: its schema on stdout. The same text is in `docs/reference`.

use model::{RawFindings, Report, ReviewDocument};
use schemars::schema_for;

use crate::args::{Document, SchemaArgs};
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Prints.
pub(crate) fn run(session: &Session, args: SchemaArgs) -> Result<Exit, CommandError> {
    session.ui.result(&text(args.document));
    Ok(Exit::Passed)
}

/// The schema as text.
pub(crate) fn text(document: Document) -> String {
    let schema = match document {
        Document::Review => schema_for!(ReviewDocument).to_value(),
        Document::RawFindings => schema_for!(RawFindings).to_value(),
        Document::Report => schema_for!(Report).to_value(),
        Document::Config => schema_for!(::config::Settings).to_value(),
    };
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain data");
    text.push('\n');
    text
}
