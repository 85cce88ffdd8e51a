//! How long reading takes as reviews grow.
//!
//! In: generated reviews of one, two, four… megabytes. Out: criterion's figures. The time for a byte must not grow with
//! the size.

use std::fmt::Write as _;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use reading::{Context, read};

const REVIEW: &str = "I1. **`Pool::next` loses a job** — `src/pool.rs:41-43` (important, regression)\n\n```rust\nif queue.is_empty() { ready.wait(); }\n```\n\nA job that arrives between the look and the sleep is never seen (`src/submit.rs:12`), so the worker sleeps and the\njob waits for the *next* one. This happens under load:\n\n1. **Look** first, `next` sees nothing.\n2. **Sleep** then.\n\nFix: take the lock first.\n\n```diff\n-if queue.is_empty() {\n+let guard = lock.lock();\n```\n\n";

/// A review with as many findings as fit.
fn markdown(bytes: usize) -> String {
    let mut text = String::from("## Findings\n\n### Important Issues\n\n");
    let mut number = 0;
    while text.len() < bytes {
        number += 1;
        text.push_str(&REVIEW.replace("I1.", &format!("I{number}.")));
    }
    text
}

/// The same as a document.
fn json(bytes: usize) -> String {
    let mut text = String::from("{\"schema\":\"deep-review/review/v1\",\"summary\":\"x\",\"findings\":[");
    let mut number = 0;
    while text.len() < bytes {
        number += 1;
        let _ = write!(
            text,
            "{{\"id\":\"I{number}\",\"severity\":\"important\",\"kind\":\"gap\",\"title\":\"Title {number}\",\"problem\":\"{}\",\"locations\":[{{\"path\":\"a.rs\",\"start\":{number}}}]}},",
            "It looks before it locks. ".repeat(20)
        );
    }
    text.push_str("]}");
    text
}

fn reading(criterion: &mut Criterion) {
    for (name, make) in [("markdown", markdown as fn(usize) -> String), ("json", json)] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        for megabytes in [1, 2, 5, 10] {
            let text = make(megabytes * 1_000_000);
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_with_input(
                BenchmarkId::from_parameter(format!("{megabytes} MB")),
                &text,
                |bencher, text| {
                    bencher.iter(|| read(text, &Context::default()));
                },
            );
        }
        group.finish();
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
