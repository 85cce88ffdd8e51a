//! Any text, read as JSON and as whatever it is: no panic, spans at characters of the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reading::{Context, Parser, read};

fuzz_target!(|text: &str| {
    for parser in [Parser::Json, Parser::Auto] {
        let reading = read(text, &Context { parser, ..Context::default() });
        for (start, end) in reading.findings.iter().filter_map(|finding| finding.span) {
            let _ = &text[start..end];
        }
    }
});
