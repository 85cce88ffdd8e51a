//! Takes out of an output what differs from run to run and from machine to machine.
//!
//! In: what a program wrote, or what a reviewer says it wrote. Out: the same with paths, ports, times, addresses and numbers of
//! processes replaced by words. Doing it twice changes nothing.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// What is replaced, in order, and by what.
const REPLACED: &[(&str, &str)] = &[
    // Colours and other orders to a terminal.
    (r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]", ""),
    // Dates and times of day.
    (r"\b\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?", "<date>"),
    (r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b", "<time>"),
    // Durations.
    (r"\b\d+(?:\.\d+)?\s?(?:ns|µs|us|ms|s|sec|secs|seconds|minutes)\b", "<time>"),
    // Addresses in memory and of goroutines, threads, processes.
    (r"\b0x[0-9a-fA-F]{4,}\b", "<address>"),
    (r"(?i)\b(goroutine|thread|pid|process)([ =:#]+)\d+\b", "$1$2<number>"),
    // Ports.
    (r"\b(127\.0\.0\.1|localhost|\[::1\]):\d{2,5}\b", "$1:<port>"),
    // Folders of this or that machine: the name of the file stays.
    (r"(^|[\s(\[{<'\x22`=:,])(?:~|[A-Za-z]:)?(?:[/\\][\w.@+~-]+)+[/\\]([\w.@+~-]+)", "$1<path>/$2"),
];

static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let compile =
        |(pattern, with): &(&str, &'static str)| (Regex::new(pattern).expect("a test compiles it"), *with);
    REPLACED.iter().map(compile).collect()
});

/// One line or many, normalised.
pub fn normal(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(normal_line).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.join("\n")
}

fn normal_line(line: &str) -> String {
    // What a progress bar drew over is not there any more.
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut text = Cow::Borrowed(line);
    for (pattern, with) in PATTERNS.iter() {
        if let Cow::Owned(replaced) = pattern.replace_all(&text, *with) {
            text = Cow::Owned(replaced);
        }
    }
    text.trim_end().to_owned()
}

/// The lines that are compared: no blank ones, no commands that were typed, no marks of something left out.
pub(crate) fn telling(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| {
        let typed = line.starts_with("$ ") || line.starts_with("% ") || line.starts_with("> ");
        let left_out = matches!(*line, "..." | "…" | "[...]" | "[…]" | "⋮");
        !line.is_empty() && !typed && !left_out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_between_machines_is_taken_out() {
        for (text, expected) in [
            ("--- FAIL: TestX (0.03s)", "--- FAIL: TestX (<time>)"),
            ("\x1b[31mgot 14\x1b[0m, want 13\r", "got 14, want 13"),
            ("10%\r 50%\rdone", "done"),
            ("listening on 127.0.0.1:43817", "listening on 127.0.0.1:<port>"),
            ("panic at 0xc000123abc", "panic at <address>"),
            ("goroutine 17 [running]:", "goroutine <number> [running]:"),
            ("/Users/ada/src/app/pkg/tail.go:31: bad", "<path>/tail.go:31: bad"),
            ("in '/work/pkg/tail.go'", "in '<path>/tail.go'"),
            ("2026-01-02T03:04:05.123Z start", "<date> start"),
            ("a/b.go:3: kept", "a/b.go:3: kept"),
            ("ratio 3/4 stays", "ratio 3/4 stays"),
        ] {
            assert_eq!(normal(text), expected);
            assert_eq!(normal(&normal(text)), expected, "twice");
        }
    }

    #[test]
    fn typed_commands_and_gaps_are_not_compared() {
        let text = "$ bash repro.sh\n\nok\n  ...\nFAIL\n";
        assert_eq!(telling(text).collect::<Vec<_>>(), ["ok", "FAIL"]);
    }
}
