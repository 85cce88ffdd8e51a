//! The formats that are understood, by name.
//!
//! In: a word. Out: a [`Format`]. Never reads a text.

/// A format of a tool's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Static Analysis Results Interchange Format, 2.1.0.
    Sarif,
    /// Reviewdog's diagnostic format, one document or one diagnostic a line.
    Rdjson,
    /// Checkstyle's XML.
    Checkstyle,
    /// `ESLint`'s JSON; stylelint's is read by it too.
    Eslint,
    /// golangci-lint's JSON.
    Golangci,
    /// Messages of cargo or rustc, one a line.
    Cargo,
    /// Workflow commands of GitHub: `::error file=…`.
    Github,
    /// Ruff's JSON.
    Ruff,
    /// mypy's JSON, one object a line.
    Mypy,
    /// shellcheck's `json1` or `json`.
    Shellcheck,
    /// hadolint's JSON.
    Hadolint,
    /// actionlint's JSON.
    Actionlint,
    /// semgrep's JSON.
    Semgrep,
    /// staticcheck's JSON, one object a line.
    Staticcheck,
    /// The JSON of `go vet`.
    Govet,
    /// biome's JSON.
    Biome,
    /// bandit's JSON.
    Bandit,
    /// pylint's JSON, either of its two.
    Pylint,
    /// stylelint's JSON.
    Stylelint,
    /// `RuboCop`'s JSON.
    Rubocop,
    /// `PHPStan`'s JSON.
    Phpstan,
    /// markdownlint's JSON.
    Markdownlint,
    /// What the TypeScript compiler prints.
    Tsc,
    /// yamllint's `parsable` lines.
    Yamllint,
    /// `file:line:column: error: message [rule]`, as compilers, mypy and `go vet` print it.
    Text,
}

impl Format {
    /// Every format, in the order in which they are tried.
    pub const ALL: &'static [Self] = &[
        Self::Sarif,
        Self::Rdjson,
        Self::Checkstyle,
        Self::Eslint,
        Self::Stylelint,
        Self::Golangci,
        Self::Cargo,
        Self::Github,
        Self::Ruff,
        Self::Shellcheck,
        Self::Hadolint,
        Self::Actionlint,
        Self::Semgrep,
        Self::Staticcheck,
        Self::Govet,
        Self::Biome,
        Self::Bandit,
        Self::Pylint,
        Self::Rubocop,
        Self::Phpstan,
        Self::Markdownlint,
        Self::Mypy,
        Self::Tsc,
        Self::Yamllint,
        Self::Text,
    ];

    /// Its name in commands and data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sarif => "sarif",
            Self::Rdjson => "rdjson",
            Self::Checkstyle => "checkstyle",
            Self::Eslint => "eslint",
            Self::Golangci => "golangci",
            Self::Cargo => "cargo",
            Self::Github => "github",
            Self::Ruff => "ruff",
            Self::Mypy => "mypy",
            Self::Shellcheck => "shellcheck",
            Self::Hadolint => "hadolint",
            Self::Actionlint => "actionlint",
            Self::Semgrep => "semgrep",
            Self::Staticcheck => "staticcheck",
            Self::Govet => "govet",
            Self::Biome => "biome",
            Self::Bandit => "bandit",
            Self::Pylint => "pylint",
            Self::Stylelint => "stylelint",
            Self::Rubocop => "rubocop",
            Self::Phpstan => "phpstan",
            Self::Markdownlint => "markdownlint",
            Self::Tsc => "tsc",
            Self::Yamllint => "yamllint",
            Self::Text => "text",
        }
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name)
    }

    /// What a reader would call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Sarif => "SARIF",
            Self::Rdjson => "RDFormat",
            Self::Checkstyle => "checkstyle",
            Self::Github => "annotations of GitHub",
            Self::Cargo => "messages of cargo",
            Self::Text => "lines of diagnostics",
            other => other.as_str(),
        }
    }
}
