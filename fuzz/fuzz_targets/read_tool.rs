//! Reading the output of a tool never panics, in no format, and names no place outside.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reading::{Context, Parser, read};

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let formats = diagnostics::Format::ALL;
    let parser = Parser::Tool(formats[usize::from(choice) % formats.len()]);
    let reading = read(text, &Context { parser, ..Context::default() });
    for place in reading.findings.iter().flat_map(|finding| &finding.locations) {
        assert!(!place.path.starts_with('/') && !place.path.split('/').any(|part| part == ".."));
    }
    diagnostics::detect(text);
});
