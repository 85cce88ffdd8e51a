//! What kind of file a path names.
//!
//! In: a path. Out: its [`Language`] and its [`Role`] in a repository. Judges by the name alone, never by content.

use model::RepoPath;

/// The languages whose words we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Language {
    Go,
    Rust,
    Python,
    /// JavaScript and TypeScript with their variants.
    Script,
    Java,
    Kotlin,
    C,
    CSharp,
    Ruby,
    Php,
    Shell,
    Yaml,
    Toml,
    Json,
    Docker,
    Make,
    Markdown,
    /// Text in no language of ours.
    Other,
}

impl Language {
    /// The language by file name and extension.
    pub(crate) fn of(path: &RepoPath) -> Self {
        let name = path.file_name();
        let extension = path.extension().to_ascii_lowercase();
        match extension.as_str() {
            "go" => Self::Go,
            "rs" => Self::Rust,
            "py" | "pyi" | "pyx" => Self::Python,
            "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" | "vue" | "svelte" => Self::Script,
            "java" => Self::Java,
            "kt" | "kts" => Self::Kotlin,
            "c" | "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" | "inl" | "m" | "mm" => Self::C,
            "cs" => Self::CSharp,
            "rb" | "rake" | "gemspec" => Self::Ruby,
            "php" => Self::Php,
            "sh" | "bash" | "zsh" | "bats" | "ksh" => Self::Shell,
            "yml" | "yaml" => Self::Yaml,
            "toml" => Self::Toml,
            "json" | "json5" | "jsonc" => Self::Json,
            "dockerfile" => Self::Docker,
            "mk" | "mak" => Self::Make,
            "md" | "markdown" | "rst" | "adoc" | "txt" | "mdx" => Self::Markdown,
            _ if name.starts_with("Dockerfile") || name.starts_with("Containerfile") => Self::Docker,
            _ if name.ends_with("akefile") => Self::Make,
            _ if matches!(name, "Rakefile" | "Gemfile") => Self::Ruby,
            _ => Self::Other,
        }
    }

    /// True for languages that a compiler or interpreter runs.
    pub(crate) fn is_code(self) -> bool {
        !matches!(
            self,
            Self::Yaml | Self::Toml | Self::Json | Self::Docker | Self::Make | Self::Markdown | Self::Other
        )
    }

    /// True where names of one language can be used in the other.
    pub(crate) fn shares_names_with(self, other: Self) -> bool {
        let jvm = |language| matches!(language, Self::Java | Self::Kotlin);
        self == other || (jvm(self) && jvm(other))
    }
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    /// Part of the program.
    Source,
    /// Tests, their fixtures and helpers.
    Test,
    /// Examples and benchmarks: compiled, never shipped.
    Example,
    /// Prose for people.
    Docs,
    /// Continuous integration.
    Ci,
    /// Build files, settings, data.
    Config,
    /// What became of the past: change logs, release notes, migrations.
    History,
    /// Written by machines or by others: lock files, vendored and minified code.
    Foreign,
}

impl Role {
    /// The role by path.
    pub(crate) fn of(path: &RepoPath) -> Self {
        let lower = path.as_str().to_ascii_lowercase();
        let parts: Vec<&str> = lower.split('/').collect();
        let (folders, name) = parts.split_at(parts.len() - 1);
        let name = name[0];
        let language = Language::of(path);
        let within = |names: &[&str]| folders.iter().any(|folder| names.contains(folder));
        if is_foreign(&lower, folders, name) {
            Self::Foreign
        } else if is_history(folders, name) {
            Self::History
        } else if within(TEST_FOLDERS) || is_test_name(name) {
            Self::Test
        } else if within(&[
            "examples",
            "example",
            "tutorial",
            "tutorials",
            "benches",
            "bench",
            "benchmarks",
            "demo",
            "demos",
            "samples",
            "sample",
        ]) {
            Self::Example
        } else if within(&[".github", ".gitlab", ".circleci", ".buildkite", ".ci"])
            || name.starts_with(".gitlab-ci")
            || matches!(name, ".travis.yml" | "appveyor.yml" | "jenkinsfile" | "azure-pipelines.yml")
        {
            if language == Language::Markdown { Self::Docs } else { Self::Ci }
        } else if language == Language::Markdown
            || is_manual(name)
            || name.starts_with("readme")
            || name.starts_with("contributing")
            || (within(&["docs", "doc", "documentation", "man"]) && !language.is_code())
        {
            Self::Docs
        } else if language.is_code() {
            if within(&["docs", "doc"]) { Self::Example } else { Self::Source }
        } else {
            Self::Config
        }
    }

    /// For sentences.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Source => "code",
            Self::Test => "a test",
            Self::Example => "an example",
            Self::Docs => "the documentation",
            Self::Ci => "the CI configuration",
            Self::Config => "configuration",
            Self::History => "history",
            Self::Foreign => "generated or vendored text",
        }
    }
}

const TEST_FOLDERS: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "spec",
    "specs",
    "testing",
    "testdata",
    "e2e",
    "fixtures",
    "__mocks__",
    "mocks",
    "integration",
    "testsuite",
    "unittest",
    "fuzz",
    "unittests",
    "unit",
    "androidtest",
];

fn is_test_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with("_tests")
        || stem.ends_with("_spec")
        || ["conftest", "fuzz", "fuzzing"].contains(&stem)
        || stem == "tests"
        || stem == "test"
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.contains(".e2e.")
        || name.rsplit_once('.').is_some_and(|(_, extension)| extension == "bats")
        || (["java", "kt", "cs", "php"].iter().any(|extension| name.ends_with(&format!(".{extension}")))
            && (stem.ends_with("test") || stem.ends_with("tests") || stem.ends_with("spec")))
}

/// `news_2020` and `old_news` are news.
fn is_part(stem: &str, known: &str) -> bool {
    stem == known || stem.starts_with(&format!("{known}_")) || stem.ends_with(&format!("_{known}"))
}

/// `tool.1`, `tool.1.in`: a page of the manual.
fn is_manual(name: &str) -> bool {
    let name = name.trim_end_matches(".in");
    name.rsplit_once('.').is_some_and(|(stem, section)| {
        stem.starts_with(char::is_alphabetic)
            && section.len() == 1
            && section.chars().all(|c| ('1'..='8').contains(&c))
    })
}

fn is_history(folders: &[&str], name: &str) -> bool {
    const STEMS: [&str; 12] = [
        "changelog",
        "changes",
        "history",
        "news",
        "release",
        "releases",
        "releasenotes",
        "release_notes",
        "upgrading",
        "migration",
        "whatsnew",
        "breaking",
    ];
    const FOLDERS: &[&str] = &[
        "changelog",
        "changelogs",
        "changelog.d",
        "newsfragments",
        "news",
        "migrations",
        "releases",
        "release-notes",
        "release",
        "changes",
        ".changeset",
        "whatsnew",
    ];
    let stem = name.split('.').next().unwrap_or(name);
    let stem = stem.replace('-', "_");
    let prose =
        ["", "md", "rst", "txt", "adoc", "mdx"].contains(&name.rsplit_once('.').map_or("", |(_, end)| end));
    (prose && STEMS.iter().any(|known| is_part(&stem, known)))
        || name.contains("changelog")
        || (prose && stem.ends_with("history"))
        || (prose && ["migrat", "upgrad", "deprecat", "release_log"].iter().any(|word| stem.contains(word)))
        || name == "authors"
        || folders.iter().any(|folder| FOLDERS.contains(&folder.replace('_', "-").as_str()))
}

fn is_foreign(lower: &str, folders: &[&str], name: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "vendor",
        "node_modules",
        "third_party",
        "thirdparty",
        "third-party",
        "bower_components",
        ".yarn",
        "_vendor",
        "external",
        "dist",
        "generated",
    ];
    const ENDS: [&str; 18] = [
        ".lock",
        ".min.js",
        ".min.css",
        ".map",
        ".pb.go",
        "_pb2.py",
        ".pb.cc",
        ".pb.h",
        "_generated.go",
        ".g.dart",
        ".designer.cs",
        ".snap",
        ".po",
        ".pot",
        ".svg",
        "_pb2_grpc.py",
        ".bundle.js",
        ".ipynb",
    ];
    const NAMES: [&str; 11] = [
        "package-lock.json",
        "pnpm-lock.yaml",
        "go.sum",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "cargo.lock",
        "composer.lock",
        "gemfile.lock",
        "poetry.lock",
        "pkg-info",
        "sources.txt",
    ];
    folders.iter().any(|folder| {
        FOLDERS.contains(folder) || folder.ends_with(".egg-info") || folder.ends_with(".dist-info")
    }) || ENDS.iter().any(|end| lower.ends_with(end))
        || NAMES.contains(&name)
        || name.starts_with("zz_generated")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_what_a_file_is_for() {
        for (path, role) in [
            ("src/lib.rs", Role::Source),
            ("tests/cli.rs", Role::Test),
            ("pkg/a_test.go", Role::Test),
            ("src/a.spec.ts", Role::Test),
            ("src/main/java/FooTest.java", Role::Test),
            ("src/contest.py", Role::Source),
            ("README.md", Role::Docs),
            ("docs/usage.rst", Role::Docs),
            (".github/workflows/ci.yml", Role::Ci),
            ("CHANGELOG.md", Role::History),
            ("docs/release-notes.md", Role::History),
            ("OLD_HISTORY.rst", Role::History),
            ("docs/versionhistory.rst", Role::History),
            ("doc/release_notes/v2.1.0.rst", Role::History),
            ("Cargo.lock", Role::Foreign),
            ("web/node_modules/x/index.js", Role::Foreign),
            ("examples/demo.rs", Role::Example),
            ("config/app.yaml", Role::Config),
            ("Makefile", Role::Config),
        ] {
            assert_eq!(Role::of(&path.into()), role, "{path}");
        }
    }

    #[test]
    fn a_name_tells_the_language() {
        for (path, language) in [
            ("a/b.tsx", Language::Script),
            ("Dockerfile.alpine", Language::Docker),
            ("GNUmakefile", Language::Make),
            ("x.hpp", Language::C),
            ("LICENSE", Language::Other),
        ] {
            assert_eq!(Language::of(&path.into()), language, "{path}");
        }
    }
}
