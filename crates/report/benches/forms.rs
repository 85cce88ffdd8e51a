//! How long a report takes in each form, for 100, 300, 1,000 and 3,000 findings: growth must be linear.
//!
//! In: made-up reports of the size of real ones. Out: criterion's figures.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use model::{Excerpt, Finding, Location, RepoPath, Report, Severity, Source};

fn finding(at: u32) -> Finding {
    let path = RepoPath::new(format!("src/part{}/file{}.rs", at % 7, at % 50));
    let body = format!(
        "`Pool::next{at}` looks at the queue before it takes the lock, so a job that arrives in between waits for the *next* one.\n\n\
         1. `submit{at}` pushes and notifies;\n2. the worker then sleeps.\n\nFix: take the lock first.\n\n\
         ```diff\n-if queue.is_empty() {{\n+let guard = lock.lock();\n+if queue.is_empty() {{\n```"
    );
    let lines = (0..9)
        .map(|line| format!("    let value{line} = compute(\"text {line}\", {at}); // why {line}"))
        .collect();
    Finding {
        id: format!("I{}", at + 1),
        severity: Severity::Important,
        title: format!("`Pool::next{at}` misses a job that arrives before it sleeps"),
        locations: vec![Location {
            path: path.clone(),
            start: Some(at + 3),
            end: Some(at + 6),
            ..Location::default()
        }],
        body: body.clone(),
        sources: vec![Source {
            reviewer: format!("reviewer{}", at % 5),
            body,
            shown: true,
            ..Source::default()
        }],
        excerpt: Some(Excerpt {
            path,
            first_line: at + 1,
            start: at + 3,
            end: at + 6,
            lines,
            ..Excerpt::default()
        }),
        ..Finding::default()
    }
}

fn forms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forms");
    group.sample_size(10);
    for size in [100, 300, 1000, 3000] {
        let report = Report { findings: (0..size).map(finding).collect(), ..Report::default() };
        group.throughput(Throughput::Elements(size.into()));
        group.bench_with_input(BenchmarkId::new("html", size), &report, |bench, it| {
            bench.iter(|| report::html(it, &[]));
        });
        group.bench_with_input(BenchmarkId::new("markdown", size), &report, |bench, it| {
            bench.iter(|| report::markdown(it, &[]));
        });
        group.bench_with_input(BenchmarkId::new("sarif", size), &report, |bench, it| {
            bench.iter(|| report::sarif(it));
        });
        group.bench_with_input(BenchmarkId::new("json", size), &report, |bench, it| {
            bench.iter(|| report::json(it));
        });
    }
    group.finish();
}

criterion_group!(benches, forms);
criterion_main!(benches);
