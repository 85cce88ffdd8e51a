//! Any text, read as a published report: no panic, originals stand inside the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reading::read_report;

fuzz_target!(|text: &str| {
    for original in read_report(text).originals {
        let _ = &text[original.span.0..original.span.1];
    }
});
