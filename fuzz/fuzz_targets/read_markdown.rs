//! Any text, read as Markdown: no panic, spans at characters of the text, the same result twice.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reading::{Context, Parser, read};

fuzz_target!(|text: &str| {
    let context = Context { parser: Parser::Markdown, canary: Some("dr-canary \"$@\" @test 1a2b3c4d".to_owned()), ..Context::default() };
    let reading = read(text, &context);
    for finding in &reading.findings {
        assert!(!finding.title.is_empty());
        if let Some((start, end)) = finding.span {
            let _ = &text[start..end];
        }
    }
    assert_eq!(reading, read(text, &context));
});
