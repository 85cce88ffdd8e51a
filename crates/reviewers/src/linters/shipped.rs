//! The linters that are known.
//!
//! In: the files of `linters/`. Out: linters by name. Nothing is read from a repository.

use std::sync::{Arc, LazyLock};

use super::linter::Linter;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../linters/", $name, ".toml")))),*]
    };
}

const SHIPPED: &[(&str, &str)] = shipped![
    "actionlint",
    "bandit",
    "biome",
    "clippy",
    "eslint",
    "golangci-lint",
    "go-vet",
    "hadolint",
    "markdownlint",
    "mypy",
    "phpcs",
    "phpstan",
    "pylint",
    "rubocop",
    "ruff",
    "semgrep",
    "shellcheck",
    "staticcheck",
    "stylelint",
    "tsc",
    "yamllint",
];

static ALL: LazyLock<Vec<Arc<Linter>>> = LazyLock::new(|| {
    let parse = |(name, text): &(&str, &str)| {
        Arc::new(Linter::parse(name, text).expect("shipped linters are read by a test"))
    };
    SHIPPED.iter().map(parse).collect()
});

/// Every linter, by name.
pub fn linters() -> &'static [Arc<Linter>] {
    &ALL
}

/// One linter.
pub fn linter(name: &str) -> Option<&'static Arc<Linter>> {
    ALL.iter().find(|linter| linter.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_linter_can_be_read() {
        for (name, text) in SHIPPED {
            let linter = Linter::parse(name, text).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert!(!linter.programs.is_empty() && linter.home.starts_with("https://"), "{name}");
            assert!(!linter.needs_configuration || !linter.configuration.is_empty(), "{name}");
            let disjoint = linter.clean.iter().all(|code| !linter.findings.contains(code) || *code == 0);
            assert!(disjoint, "{name}: a code cannot mean two things");
        }
        let names: Vec<&str> = linters().iter().map(|linter| linter.name.as_str()).collect();
        assert_eq!(names.len(), 21);
        assert!(linter("ruff").is_some() && linter("nothing").is_none());
    }

    #[test]
    fn patterns_without_a_slash_are_meant_everywhere() {
        let docker = linter("hadolint").unwrap();
        for path in ["Dockerfile", "a/b/Dockerfile", "web.Dockerfile", "Dockerfile.dev"] {
            assert!(docker.looks_at(path), "{path}");
        }
        assert!(!docker.looks_at("docs/Dockerfiles/readme.md"));
        let actions = linter("actionlint").unwrap();
        assert!(actions.looks_at(".github/workflows/ci.yml") && !actions.looks_at("ci.yml"));
    }

    #[test]
    fn a_linter_that_runs_code_is_told_from_one_that_does_not() {
        for name in ["shellcheck", "ruff", "hadolint", "actionlint", "yamllint", "bandit"] {
            assert_eq!(linter(name).unwrap().runs_code, "", "{name}");
        }
        for name in ["clippy", "eslint", "golangci-lint", "mypy", "pylint", "rubocop", "phpcs", "phpstan"] {
            assert!(!linter(name).unwrap().runs_code.is_empty(), "{name}");
        }
    }
}
