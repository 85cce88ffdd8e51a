//! The shapes of the JSON that linters write.
//!
//! In: nothing. Out: one row a format. Only data.

use crate::Format;
use crate::shape::{EMPTY, Shape};

/// The shape of a format; `None` where it has a reader of its own.
pub(crate) fn of(format: Format) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.format == format)
}

/// Every shape.
pub(crate) fn all() -> impl Iterator<Item = &'static Shape> {
    SHAPES.iter()
}

static SHAPES: &[Shape] = &[
    Shape {
        format: Format::Eslint,
        items: "*.messages.*",
        signs: &["^.filePath", "message", "severity"],
        file: "^.filePath",
        line: "line",
        column: "column",
        end_line: "endLine",
        end_column: "endColumn",
        rule: "ruleId",
        url: "https://eslint.org/docs/latest/rules/{rule}",
        level: "severity",
        fix: "suggestions.0.desc",
        ..EMPTY
    },
    Shape {
        format: Format::Stylelint,
        items: "*.warnings.*",
        signs: &["^.source", "text", "rule"],
        file: "^.source",
        line: "line",
        column: "column",
        end_line: "endLine",
        end_column: "endColumn",
        rule: "rule",
        url: "https://stylelint.io/user-guide/rules/{rule}",
        level: "severity",
        message: "text",
        ..EMPTY
    },
    Shape {
        format: Format::Golangci,
        items: "Issues.*",
        signs: &["FromLinter", "Text", "Pos"],
        file: "Pos.Filename",
        line: "Pos.Line",
        column: "Pos.Column",
        end_line: "LineRange.To",
        rule: "FromLinter",
        level: "Severity",
        message: "Text",
        errors: "Report.Error",
        ..EMPTY
    },
    Shape {
        format: Format::Ruff,
        signs: &["noqa_row", "code", "location"],
        file: "filename",
        line: "location.row",
        column: "location.column",
        end_line: "end_location.row",
        end_column: "end_location.column",
        rule: "code",
        url: "url",
        fix: "fix.message",
        ..EMPTY
    },
    Shape {
        format: Format::Shellcheck,
        items: "comments.*",
        signs: &["file", "level", "code", "endColumn"],
        file: "file",
        line: "line",
        column: "column",
        end_line: "endLine",
        end_column: "endColumn",
        rule: "code",
        prefix: "SC",
        url: "https://www.shellcheck.net/wiki/{rule}",
        level: "level",
        ..EMPTY
    },
    Shape {
        format: Format::Hadolint,
        signs: &["code", "column", "file", "level", "line", "message"],
        file: "file",
        line: "line",
        column: "column",
        rule: "code",
        url: "https://github.com/hadolint/hadolint/wiki/{rule}",
        level: "level",
        ..EMPTY
    },
    Shape {
        format: Format::Actionlint,
        signs: &["filepath", "kind", "snippet", "line"],
        file: "filepath",
        line: "line",
        column: "column",
        end_column: "end_column",
        rule: "kind",
        ..EMPTY
    },
    Shape {
        format: Format::Semgrep,
        items: "results.*",
        signs: &["check_id", "path", "extra"],
        file: "path",
        line: "start.line",
        column: "start.col",
        end_line: "end.line",
        end_column: "end.col",
        rule: "check_id",
        url: "extra.metadata.source",
        level: "extra.severity",
        message: "extra.message",
        fix: "extra.fix",
        errors: "errors.* message",
        ..EMPTY
    },
    Shape {
        format: Format::Staticcheck,
        items: "lines ",
        signs: &["code", "severity", "location", "end", "message"],
        file: "location.file",
        line: "location.line",
        column: "location.column",
        end_line: "end.line",
        end_column: "end.column",
        rule: "code",
        url: "https://staticcheck.dev/docs/checks#{rule}",
        level: "severity",
        ..EMPTY
    },
    Shape {
        format: Format::Govet,
        items: "lines *.*.*",
        signs: &["posn", "message"],
        file: "posn",
        rule: "@2",
        errors: "*.* error",
        ..EMPTY
    },
    Shape {
        format: Format::Biome,
        items: "diagnostics.*",
        signs: &["category", "severity", "location"],
        file: "location.path",
        line: "location.start.line",
        column: "location.start.column",
        end_line: "location.end.line",
        end_column: "location.end.column",
        rule: "category",
        level: "severity",
        fix: "advices.0.text",
        ..EMPTY
    },
    Shape {
        format: Format::Bandit,
        items: "results.*",
        signs: &["test_id", "issue_text", "filename"],
        file: "filename",
        line: "line_number",
        column: "col_offset",
        rule: "test_id",
        url: "more_info",
        level: "issue_severity",
        message: "issue_text",
        errors: "errors.* reason",
        ..EMPTY
    },
    Shape {
        format: Format::Pylint,
        signs: &["message-id", "path", "symbol"],
        file: "path",
        line: "line",
        column: "column",
        end_line: "endLine",
        end_column: "endColumn",
        rule: "message-id",
        level: "type",
        ..EMPTY
    },
    Shape {
        format: Format::Rubocop,
        items: "files.*.offenses.*",
        signs: &["cop_name", "severity", "location"],
        file: "^.path",
        line: "location.start_line",
        column: "location.start_column",
        end_line: "location.last_line",
        end_column: "location.last_column",
        rule: "cop_name",
        level: "severity",
        ..EMPTY
    },
    Shape {
        format: Format::Phpstan,
        items: "files.*.messages.*",
        signs: &["ignorable", "message"],
        file: "@1",
        line: "line",
        rule: "identifier",
        detail: "tip",
        errors: "errors",
        ..EMPTY
    },
    Shape {
        format: Format::Markdownlint,
        signs: &["fileName", "lineNumber", "ruleNames"],
        file: "fileName",
        line: "lineNumber",
        rule: "ruleNames.0",
        url: "ruleInformation",
        level: "severity",
        message: "ruleDescription",
        detail: "errorDetail",
        ..EMPTY
    },
    Shape {
        format: Format::Mypy,
        items: "lines ",
        signs: &["file", "hint", "code", "severity", "message"],
        file: "file",
        line: "line",
        column: "column",
        end_line: "end_line",
        end_column: "end_column",
        rule: "code",
        url: "https://mypy.readthedocs.io/en/stable/_refs.html#code-{rule}",
        level: "severity",
        detail: "hint",
        ..EMPTY
    },
];
