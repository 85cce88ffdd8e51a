//! Times the reader on large and on strange texts, each at half and at full size.
//!
//! In: nothing. Out: one line a text on standard output: bytes, seconds for half of it, seconds for all of it.

#![expect(clippy::print_stdout, reason = "an example prints its figures")]

use std::time::Instant;

fn main() {
    let review = "## Important Issues\n\nI1. **`Pool::next` loses a job** — `src/pool.rs:41-43` (important, regression)\n\n```rust\nif queue.is_empty() { ready.wait(); }\n```\n\nA job that arrives between the look and the sleep is never seen (`src/submit.rs:12`), so the worker sleeps and the\njob waits for the *next* one. This happens under load:\n\n1. **Look** first, `next` sees nothing.\n2. **Sleep** then.\n\nFix: take the lock first.\n\n```diff\n-if queue.is_empty() {\n+let guard = lock.lock();\n```\n\n## Coverage Summary\n\n- `src/pool.rs` — I1\n\n";
    let mut cases: Vec<(String, String)> =
        vec![("review".to_owned(), review.repeat(10_000_000 / review.len()))];
    let labelled = (0..15_000)
        .map(|at| review.replace("I1.", &format!("I{at}.")).replace("## Important Issues\n\n", ""))
        .collect::<Vec<_>>()
        .concat();
    cases.push(("one section".to_owned(), format!("## Findings\n\n{labelled}")));
    cases.push(("prose".to_owned(), "The quick brown fox jumps over the lazy dog.\n\n".repeat(200_000)));
    cases.push(("one line".to_owned(), "The quick brown fox jumps over the lazy dog. ".repeat(200_000)));
    let items = (1..=100_000)
        .map(|at| format!("{at}. **Finding {at} of many** — `a.rs:{at}`\n"))
        .collect::<Vec<_>>()
        .concat();
    cases.push(("list items".to_owned(), format!("## Suggestions\n\n{items}")));
    let json = (0..20_000).map(|at| format!("{{\"id\":\"I{at}\",\"severity\":\"high\",\"title\":\"Title {at}\",\"problem\":\"{}\",\"locations\":[{{\"path\":\"a.rs\",\"start\":{}}}]}},", "words ".repeat(60), at + 1)).collect::<Vec<_>>().concat();
    cases
        .push(("json".to_owned(), format!("{{\"schema\":\"deep-review/review/v1\",\"findings\":[{json}]}}")));
    for mark in [
        "[",
        "![",
        "**",
        "`",
        "~~",
        "<",
        "<details>",
        "[a](",
        "{",
        "{\"",
        "[{",
        "|",
        "((",
        "http://",
        "- ",
        "> ",
        "1. ",
        "- > ",
        "* 1) ",
        "`a` ",
        "{\"a\":[",
        "{\"a\":1,",
        "# ",
        "```\n",
        "- a\n",
        "> a\n",
        "a: b\n",
        "**a**\n\n",
        "| a | b |\n",
        "I1. \n\n",
        "(important, gap)\n",
        "a/b.c:1, ",
        "\u{202e}\u{200b}",
        "\\u",
        "{\"findings\":[{\"title\":\"a\"}]}\n",
        "*",
        "_",
        "a_b*",
        "<a ",
        "<!--",
        "[^a]",
        "~",
        "\"",
    ] {
        let size = 2_000_000;
        cases.push((
            mark.to_owned(),
            format!(
                "## Findings\n\nI1. **Real** — `a.rs:1` (important, gap)\n\n{}\n",
                mark.repeat(size / mark.len())
            ),
        ));
    }
    let wanted = std::env::args().nth(1);
    for (name, text) in cases.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name)) {
        let mut half = text.len() / 2;
        while !text.is_char_boundary(half) {
            half -= 1;
        }
        let time = |text: &str| {
            let start = Instant::now();
            std::hint::black_box(reading::read(text, &reading::Context::default()));
            start.elapsed().as_secs_f64()
        };
        let (first, all) = (time(&text[..half]), time(text));
        println!(
            "{name:36?} {:9} bytes {first:7.3} {all:7.3} ratio {:4.1}",
            text.len(),
            all / first.max(1e-6)
        );
    }
}
