//! Cases of the family: small changes with the findings they deserve.

use crate::memory::MemoryChange;
use crate::settings::Settings;
use model::{ReviewDocument, Severity};

type Files<'a> = &'a [(&'a str, &'a str)];

fn review(base: Files<'_>, head: Files<'_>) -> ReviewDocument {
    // The family alone, so that these cases stay about it.
    let settings = Settings { enable: vec!["stale-reference/*".into()], ..Settings::default() };
    crate::review(&MemoryChange::new(base, head), &settings)
}

/// Rule, severity and first place of every finding.
fn found(base: Files<'_>, head: Files<'_>) -> Vec<String> {
    review(base, head)
        .findings
        .iter()
        .map(|finding| {
            let place = finding.locations.first().expect("every finding has a place");
            let quote = place.quote.as_deref().expect("every place is quoted");
            assert!(finding.title.chars().count() <= 120, "{}", finding.title);
            let (start, end) = (place.start.expect("has lines"), place.end.expect("has lines"));
            assert_eq!(quote.lines().count() as u32, end - start + 1, "the quote is as long as its range");
            let rule = finding.rule.as_deref().expect("has a rule").rsplit('/').next().expect("has a name");
            format!(
                "{rule} {} {}",
                if finding.severity == Severity::Important { "!" } else { "?" },
                place.path
            )
        })
        .collect()
}

#[test]
fn a_renamed_function_that_one_caller_still_uses_is_important() {
    for (lib, before, after, caller, call) in [
        (
            "lib/load.go",
            "package lib\n\nfunc LoadConfig(path string) error {\n\treturn nil\n}\n",
            "package lib\n\nfunc ReadConfig(path string) error {\n\treturn nil\n}\n",
            "lib/run.go",
            "package lib\n\nfunc run() error {\n\treturn LoadConfig(\"x\")\n}\n",
        ),
        (
            "lib/load.go",
            "package lib\n\nfunc LoadConfig(path string) error {\n\treturn nil\n}\n",
            "package lib\n\nfunc ReadConfig(path string) error {\n\treturn nil\n}\n",
            "cmd/run.go",
            "package main\n\nimport \"example.org/x/lib\"\n\nfunc run() error {\n\treturn lib.LoadConfig(\"x\")\n}\n",
        ),
        (
            "src/load.rs",
            "pub fn load_config(path: &str) -> u32 {\n    3\n}\n",
            "pub fn read_config(path: &str) -> u32 {\n    3\n}\n",
            "src/main.rs",
            "mod load;\n\nfn main() {\n    load::load_config(\"x\");\n}\n",
        ),
        (
            "src/load.rs",
            "pub fn load_config(path: &str) -> u32 {\n    3\n}\n",
            "pub fn read_config(path: &str) -> u32 {\n    3\n}\n",
            "src/run.rs",
            "use crate::load::load_config;\n\nfn run() {\n    load_config(\"x\");\n}\n",
        ),
        (
            "app/load.py",
            "def load_config(path):\n    return 3\n",
            "def read_config(path):\n    return 3\n",
            "app/run.py",
            "from app.load import load_config\n\n\ndef run():\n    return load_config('x')\n",
        ),
        (
            "src/load.js",
            "export function loadConfig(path) {\n  return 3\n}\n",
            "export function readConfig(path) {\n  return 3\n}\n",
            "src/run.js",
            "import { loadConfig } from './load'\n\nexport const run = () => loadConfig('x')\n",
        ),
        (
            "src/load.c",
            "int load_config(const char *path)\n{\n\treturn 3;\n}\n",
            "int read_config(const char *path)\n{\n\treturn 3;\n}\n",
            "src/run.c",
            "#include \"load.h\"\n\nint run(void)\n{\n\treturn load_config(\"x\");\n}\n",
        ),
        (
            "bin/run.sh",
            "load_config() {\n  echo 3\n}\n\nmain() {\n  load_config x\n}\n",
            "read_config() {\n  echo 3\n}\n\nmain() {\n  load_config x\n}\n",
            "a.txt",
            "x\n",
        ),
        (
            "A.java",
            "class A {\n    static int loadConfig(String path) {\n        return 3;\n    }\n\n    int run() {\n        return loadConfig(\"x\");\n    }\n}\n",
            "class A {\n    static int readConfig(String path) {\n        return 3;\n    }\n\n    int run() {\n        return loadConfig(\"x\");\n    }\n}\n",
            "a.txt",
            "x\n",
        ),
    ] {
        let at = if caller == "a.txt" { lib } else { caller };
        assert_eq!(
            found(&[(lib, before), (caller, call)], &[(lib, after), (caller, call)]),
            [format!("symbol ! {at}")],
            "{call}"
        );
    }
}

#[test]
fn a_certain_rename_comes_with_a_patch() {
    let old = "package lib\n\nfunc LoadConfig() error {\n\treturn nil\n}\n";
    let run = "package lib\n\nfunc run() error {\n\treturn LoadConfig()\n}\n";
    let document = review(
        &[("lib/load.go", old), ("lib/run.go", run)],
        &[("lib/load.go", &old.replace("LoadConfig", "ReadConfig")), ("lib/run.go", run)],
    );
    let finding = &document.findings[0];
    assert_eq!(finding.title, "`lib/run.go` still uses the function `LoadConfig`, renamed to `ReadConfig`");
    let patch = finding.fix.as_ref().and_then(|fix| fix.patch.as_deref()).expect("has a patch");
    assert!(patch.contains("-\treturn LoadConfig()\n+\treturn ReadConfig()\n"), "{patch}");
}

#[test]
fn comments_and_documents_that_name_what_is_gone_are_suggestions() {
    let old = "def load_config(path):\n    return 3\n";
    let new = "def read_config(path):\n    return 3\n";
    let comment = "# The result of load_config is cached here.\nCACHE = {}\n";
    let guide = "# Guide\n\nCall `load_config(path)` first.\n";
    assert_eq!(
        found(
            &[("app/load.py", old), ("app/cache.py", comment)],
            &[("app/load.py", new), ("app/cache.py", comment)]
        ),
        ["symbol ? app/cache.py"]
    );
    assert_eq!(
        found(
            &[("app/load.py", old), ("docs/guide.md", guide)],
            &[("app/load.py", new), ("docs/guide.md", guide)]
        ),
        ["symbol ? docs/guide.md"]
    );
}

#[test]
fn names_that_live_on_are_silent() {
    let old = "def load_config(path):\n    return 3\n";
    for (why, head) in [
        ("moved", vec![("app/load.py", "X = 3\n"), ("app/other.py", old)]),
        (
            "kept as an alias",
            vec![("app/load.py", "def read_config(path):\n    return 3\n\n\nload_config = read_config\n")],
        ),
        (
            "imported from elsewhere",
            vec![("app/load.py", "from vendorlib import load_config\n\nload_config(3)\n")],
        ),
        ("only the signature changed", vec![("app/load.py", "def load_config(path, more):\n    return 3\n")]),
    ] {
        let run = "from app.load import load_config\n\nload_config('x')\n";
        let mut head = head;
        head.push(("app/run.py", run));
        assert_eq!(found(&[("app/load.py", old), ("app/run.py", run)], &head), [""; 0], "{why}");
    }
}

#[test]
fn another_meaning_of_the_same_name_is_silent() {
    let old = "def load_config(path):\n    return 3\n";
    let new = "def fetch(path):\n    return 3\n";
    for (path, text) in [
        ("app/other.py", "from vendorlib import load_config\n\nload_config('x')\n"),
        ("app/other.py", "def f(load_config):\n    return load_config('x')\n"),
        ("app/other.py", "client.load_config('x')\n"),
        ("web/a.js", "loadConfig(load_config)\n"),
        ("CHANGELOG.md", "- `load_config` was added\n"),
        ("docs/a.md", "`load_config` was renamed in 2.0.\n"),
        ("docs/a.md", "See https://example.org/load_config for more.\n"),
        ("docs/a.md", "Use `vendorlib.load_config` for that.\n"),
    ] {
        assert_eq!(
            found(&[("app/load.py", old), (path, text)], &[("app/load.py", new), (path, text)]),
            [""; 0],
            "{text}"
        );
    }
}

#[test]
fn a_removed_flag_that_documents_and_tests_still_pass_is_reported() {
    let old = "p.add_argument('--retry-limit', type=int)\np.add_argument('--other')\n";
    let new = "p.add_argument('--max-retries', type=int)\np.add_argument('--other')\n";
    let guide = "Run `tool --retry-limit 3`.\n";
    let test = "def test_it():\n    run(['tool', '--retry-limit', '3'])\n";
    assert_eq!(
        found(&[("app/cli.py", old), ("README.md", guide)], &[("app/cli.py", new), ("README.md", guide)]),
        ["flag ? README.md"]
    );
    assert_eq!(
        found(
            &[("app/cli.py", old), ("tests/test_cli.py", test)],
            &[("app/cli.py", new), ("tests/test_cli.py", test)]
        ),
        ["flag ! tests/test_cli.py"]
    );
    let go = "func f() {\n\tcmd.Flags().StringVar(&x, \"retry-limit\", \"\", \"how often\")\n}\n";
    assert_eq!(
        found(
            &[("cli.go", go), ("README.md", guide)],
            &[("cli.go", &go.replace("retry-limit", "max-retries")), ("README.md", guide)]
        ),
        ["flag ? README.md"]
    );
}

#[test]
fn a_flag_of_another_program_is_silent() {
    let old = "p.add_argument('--retry-limit', type=int)\n";
    let new = "p.add_argument('--max-retries', type=int)\n";
    for (path, text) in [
        (".github/workflows/ci.yml", "      - run: curl --retry-limit 3 https://example.org\n"),
        ("app/other.py", "subprocess.run(['curl', '--retry-limit', '3'])\n"),
        ("README.md", "Use `--retry-limit-per-host`.\n"),
        ("README.md", "`--retry-limit` was renamed to `--max-retries`.\n"),
    ] {
        assert_eq!(
            found(&[("app/cli.py", old), (path, text)], &[("app/cli.py", new), (path, text)]),
            [""; 0],
            "{text}"
        );
    }
}

#[test]
fn a_test_that_expects_a_reworded_message_is_important() {
    let old = "package a\n\nfunc f() error {\n\treturn errors.New(\"cannot open the config file\")\n}\n";
    let new = old.replace("cannot open the config file", "the config file cannot be read");
    let test = "package a\n\nfunc TestF(t *testing.T) {\n\tassert.ErrorContains(t, f(), \"cannot open the config file\")\n}\n";
    assert_eq!(
        found(&[("a.go", old), ("a_test.go", test)], &[("a.go", &new), ("a_test.go", test)]),
        ["message ! a_test.go"]
    );
    let other = "package b\n\nvar e = errors.New(\"cannot open the config file\")\n";
    assert_eq!(
        found(
            &[("a.go", old), ("b.go", other), ("a_test.go", test)],
            &[("a.go", &new), ("b.go", other), ("a_test.go", test)]
        ),
        [""; 0],
        "another place still says it"
    );
    let short = "x(\"not found\")\n";
    assert_eq!(
        found(&[("a.go", short), ("a_test.go", test)], &[("a.go", "x(\"missing\")\n"), ("a_test.go", test)]),
        [""; 0]
    );
}

#[test]
fn a_renamed_variable_that_is_still_set_or_documented_is_reported() {
    let old = "import os\nlimit = os.environ.get('APP_RETRY_LIMIT')\n";
    let new = "import os\nlimit = os.environ.get('APP_MAX_RETRIES')\n";
    for path in ["README.md", "docker-compose.yml", ".github/workflows/ci.yml", "Dockerfile"] {
        let text = "ENV APP_RETRY_LIMIT=3\n";
        assert_eq!(
            found(&[("app/a.py", old), (path, text)], &[("app/a.py", new), (path, text)]),
            [format!("environment-variable ? {path}")]
        );
    }
    let built = "x = process.env.APP_RETRY_LIMIT || 3\n";
    assert_eq!(
        found(
            &[("app/a.py", old), ("dist/index.js", built), ("README.md", "APP_RETRY_LIMIT\n")],
            &[("app/a.py", new), ("dist/index.js", built), ("README.md", "APP_RETRY_LIMIT\n")]
        ),
        [""; 0],
        "what was built reads it"
    );
    let other = "x = os.environ['APP_RETRY_LIMIT']\n";
    assert_eq!(
        found(
            &[("app/a.py", old), ("app/b.py", other), ("README.md", "APP_RETRY_LIMIT\n")],
            &[("app/a.py", new), ("app/b.py", other), ("README.md", "APP_RETRY_LIMIT\n")]
        ),
        [""; 0]
    );
}

#[test]
fn a_key_that_is_no_longer_read_is_reported_in_settings() {
    let old = "limit = config.get('retry_limit')\n";
    let new = "limit = config.get('max_retries')\n";
    let settings = "retry_limit: 3\n";
    assert_eq!(
        found(
            &[("a.py", old), ("config/app.yaml", settings)],
            &[("a.py", new), ("config/app.yaml", settings)]
        ),
        ["config-key ? config/app.yaml"]
    );
}

#[test]
fn a_setting_whose_field_has_another_name_is_reported_in_documents() {
    let old = "use serde::Deserialize;\n\n#[derive(Deserialize)]\npub struct Ui {\n    pub color: bool,\n    pub row_limit: u32,\n}\n";
    let new = old.replace("row_limit", "most_rows");
    let document = "# Configuration\n\n```toml\n[ui]\nrow_limit = 10\n```\n";
    let found = found(
        &[("src/settings.rs", old), ("docs/config.md", document)],
        &[("src/settings.rs", &new), ("docs/config.md", document)],
    );
    assert_eq!(found, ["config-key ? docs/config.md"]);
}

#[test]
fn a_moved_file_that_is_still_named_by_its_path_is_reported() {
    let script = "#!/bin/sh\necho a long enough script to be recognised\n";
    for (path, text, expected) in [
        ("README.md", "Run `scripts/deploy.sh` first.\n", vec!["file ? README.md"]),
        (
            ".github/workflows/ci.yml",
            "      - run: ./scripts/deploy.sh\n",
            vec!["file ? .github/workflows/ci.yml"],
        ),
        ("docs/a.md", "See [it](../scripts/deploy.sh).\n", vec!["file ? docs/a.md"]),
        ("Makefile", "scripts/deploy.sh: scripts/make.sh\n", Vec::new()),
        ("Makefile", "all:\n\t./scripts/deploy.sh\n", vec!["file ? Makefile"]),
        ("Cargo.toml", "include = [\n    \"scripts/deploy.sh\",\n]\n", vec!["file ? Cargo.toml"]),
        ("Cargo.toml", "exclude = [\n    \"scripts/deploy.sh\",\n]\n", Vec::new()),
        ("README.md", "Run `other/scripts/deploy.sh` first.\n", vec![]),
        ("README.md", "Run `tools/deploy.sh` first.\n", vec![]),
        ("README.md", "Run `deploy.sh.example` first.\n", vec![]),
        ("CHANGELOG.md", "Added scripts/deploy.sh\n", vec![]),
        ("scripts/notes.md", "See [it](/deploy.sh) on the site.\n", vec![]),
        ("README.md", "This is the old scripts/deploy.sh in Rust.\n", vec![]),
        ("src/run.rs", "fn run() {\n    start(\"scripts/deploy.sh\");\n}\n", vec!["file ? src/run.rs"]),
    ] {
        assert_eq!(
            found(
                &[("scripts/deploy.sh", script), (path, text)],
                &[("tools/deploy.sh", script), (path, text)]
            ),
            expected,
            "{text}"
        );
    }
}

#[test]
fn a_text_of_code_names_a_file_of_this_tree_only_where_the_code_loads_it() {
    let page = "<html>a page that is long enough to be recognised</html>\n";
    for (path, text, expected) in [
        ("src/web/pages.rs", "fn a() {\n    add_builtin(\"theme/head.html\");\n}\n", vec![]),
        ("src/web/pages.rs", "// The page lies in theme/head.html.\n", vec!["file ? src/web/pages.rs"]),
        (
            "src/pages.rs",
            "const HEAD: &str = include_str!(\"theme/head.html\");\n",
            vec!["file ! src/pages.rs"],
        ),
    ] {
        assert_eq!(
            found(
                &[("src/theme/head.html", page), (path, text)],
                &[("src/front/head.html", page), (path, text)]
            ),
            expected,
            "{text}"
        );
    }
}

#[test]
fn an_example_in_a_comment_that_declares_the_name_means_its_own() {
    let old = "pub struct AppDelegate;\n\npub fn start() {}\n";
    let new = "pub fn start() {}\n";
    let comment = |declared: &str| {
        format!(
            "//! Shows a window.\n//!\n//! {declared}\n//! let delegate = AppDelegate::of_window(7);\npub fn show() {{}}\n"
        )
    };
    let with = |declared: &str| {
        let text = comment(declared);
        found(&[("src/app.rs", old), ("src/show.rs", &text)], &[("src/app.rs", new), ("src/show.rs", &text)])
    };
    assert_eq!(with("impl AppDelegate {"), Vec::<String>::new());
    assert_eq!(with("The `AppDelegate` is made first."), ["symbol ? src/show.rs"]);
}

#[test]
fn a_document_may_mean_the_event_of_the_same_name() {
    let old = "class Feeds:\n    def library_opened(self, lib):\n        pass\n";
    let new = "class Feeds:\n    pass\n";
    let guide = "# Events of Feeds\n\n* `library_opened`: sent when the library is open.\n";
    let with = |sender: &str| {
        found(
            &[("feeds.py", old), ("core.py", sender), ("docs/events.md", guide)],
            &[("feeds.py", new), ("core.py", sender), ("docs/events.md", guide)],
        )
    };
    assert_eq!(with("send('library_opened')\n"), Vec::<String>::new());
    assert_eq!(with("send('library_closed')\n"), ["symbol ? docs/events.md"]);
}

#[test]
fn a_method_that_a_trait_promises_is_not_gone_with_one_implementation() {
    let old = "struct Steps(u64);\n\nimpl RandomCore for Steps {\n    fn next_number(&mut self) -> u32 {\n        3\n    }\n}\n\nfn fill(steps: &mut \
               Steps) {\n    steps.next_number();\n}\n";
    let new = old.replace("RandomCore for", "TryRandom for").replace("fn next_number", "fn try_next");
    assert_eq!(found(&[("src/steps.rs", old)], &[("src/steps.rs", &new)]), Vec::<String>::new());
    let own = old.replace("RandomCore for ", "");
    let gone = own.replace("fn next_number", "fn try_next");
    assert_eq!(found(&[("src/steps.rs", &own)], &[("src/steps.rs", &gone)]), ["symbol ! src/steps.rs"]);
}

#[test]
fn taken_out_code_and_methods_of_other_types_are_silent() {
    let old =
        "pub struct Cell;\n\nimpl Cell {\n    pub fn get_or_fill(&self) -> u32 {\n        3\n    }\n}\n";
    let new = "pub use std::cell::OnceCell as Cell;\n";
    for text in [
        "fn f(x: &Cell) {\n    x.get_or_fill(|| 3);\n}\n",
        "/*\nfn f() {\n    g(Cell::get_or_fill(x)),\n}\n*/\n",
        "// x.get_or_fill();\n",
    ] {
        assert_eq!(
            found(&[("src/cell.rs", old), ("src/a.rs", text)], &[("src/cell.rs", new), ("src/a.rs", text)]),
            [""; 0],
            "{text}"
        );
    }
}

#[test]
fn a_call_whose_import_was_renamed_away_is_important() {
    let old = "def load_config(path):\n    return 3\n";
    let run = "from app.load import load_config\n\n\ndef run():\n    load_config('y')\n    return load_config('x')\n";
    let head = run.replacen("load_config", "read_config", 2);
    assert_eq!(
        found(
            &[("app/load.py", old), ("app/run.py", run)],
            &[("app/load.py", &old.replace("load", "read")), ("app/run.py", &head)]
        ),
        ["symbol ! app/run.py"]
    );
}

#[test]
fn a_member_of_an_enumeration_is_no_use_of_a_type_of_that_name() {
    let old = "fn read() {\n    struct Builtin {\n        globs: u32,\n    }\n}\n\npub enum Glob {\n    Builtin((u32, u32)),\n    User(u32),\n}\n";
    let new = old.replace("    struct Builtin {\n        globs: u32,\n    }\n", "");
    assert_eq!(found(&[("src/cfg.rs", old)], &[("src/cfg.rs", &new)]), [""; 0]);
}

#[test]
fn a_file_that_is_commented_out_names_nothing() {
    let old = "def write_first_app(path):\n    return path\n\n\ndef test_reload(path):\n    text = write_first_app(path)\n    assert text\n";
    let new: String = old.lines().skip(4).flat_map(|line| ["# ", line, "\n"]).collect();
    assert_eq!(found(&[("tests/test_reload.py", old)], &[("tests/test_reload.py", &new)]), [""; 0]);
    let note = "# What `write_first_app` wrote is read here.\n";
    let (noted, kept) = (format!("{note}{old}"), format!("{note}text = 3\n"));
    assert_eq!(
        found(&[("tests/test_reload.py", &noted)], &[("tests/test_reload.py", &kept)]),
        ["symbol ? tests/test_reload.py"]
    );
    assert_eq!(
        found(&[("tests/test_reload.py", old)], &[("tests/test_reload.py", &kept)]),
        [""; 0],
        "written on purpose"
    );
}

#[test]
fn a_member_of_a_type_that_comes_from_elsewhere_now_is_silent() {
    let own = "pub struct LogicalSize;\n\nimpl LogicalSize {\n    pub fn from_physical(x: u32) -> u32 {\n        x\n    }\n}\n";
    let code = "use crate::size::LogicalSize;\n\nfn f() {\n    LogicalSize::from_physical(3);\n}\n";
    let moved = "pub use sizes::LogicalSize;\n";
    assert_eq!(
        found(&[("src/size.rs", own), ("src/a.rs", code)], &[("src/size.rs", moved), ("src/a.rs", code)]),
        [""; 0]
    );
    let gone = own.replace("from_physical", "of_physical");
    assert_eq!(
        found(&[("src/size.rs", own), ("src/a.rs", code)], &[("src/size.rs", &gone), ("src/a.rs", code)]),
        ["symbol ! src/a.rs"]
    );
}

#[test]
fn a_stand_in_that_goes_leaves_the_name_to_what_it_stood_for() {
    let shim = "import sys\n\nif sys.version_info < (3, 11):\n    class BaseFailureGroup(BaseException):\n        pass\n\n\n";
    let code = "def collapse():\n    try:\n        run()\n    except BaseFailureGroup as errors:\n        raise errors\n";
    assert_eq!(found(&[("app/run.py", &format!("{shim}{code}"))], &[("app/run.py", code)]), [""; 0]);
    let own = "class BaseFailureGroup(BaseException):\n    pass\n\n\n";
    assert_eq!(
        found(&[("app/run.py", &format!("{own}{code}"))], &[("app/run.py", code)]),
        ["symbol ? app/run.py"]
    );
}

#[test]
fn a_method_of_a_test_is_nobody_elses() {
    let old = "class DummyPackages:\n    def get_distribution(self, name):\n        return self.found\n\n    def listed(self):\n        return self.get_distribution(3)\n";
    let new = old.replace("get_distribution", "distribution");
    let other = "import packages\n\npath = packages.get_distribution('pyramid').location\n";
    assert_eq!(
        found(
            &[("tests/test_packages.py", old), ("tests/test_docs.py", other)],
            &[("tests/test_packages.py", &new), ("tests/test_docs.py", other)]
        ),
        [""; 0]
    );
}

#[test]
fn a_type_that_a_comment_defines_is_not_gone() {
    let old = "const ResourceKinds = { one: 1 };\nexport default ResourceKinds;\n";
    let new = "const AclKinds = { one: 1 };\nexport default AclKinds;\n";
    let comment = "/**\n * @param {ResourceKinds} kind What it is.\n */\nfunction list(kind) {}\n";
    let defined = format!("/** @typedef {{number}} ResourceKinds */\n{comment}");
    let told = |text: &str| {
        found(
            &[("src/kinds.js", old), ("src/list.js", text)],
            &[("src/kinds.js", new), ("src/list.js", text)],
        )
    };
    assert_eq!(told(comment), ["symbol ? src/list.js"]);
    assert_eq!(told(&defined), [""; 0]);
}

#[test]
fn what_merely_went_and_would_not_compile_is_silent() {
    let old = "pub enum ShapeKind {\n    Round,\n}\n";
    let code = "use crate::shape::ShapeKind;\n\nfn draw(kind: ShapeKind) {}\n";
    let told = |shape: &str| {
        found(
            &[("src/shape.rs", old), ("src/draw.rs", code)],
            &[("src/shape.rs", shape), ("src/draw.rs", code)],
        )
    };
    assert_eq!(told("pub use shapes::*;\n"), [""; 0]);
    assert_eq!(told(&old.replace("ShapeKind", "ShapeForm")), ["symbol ! src/draw.rs"]);
}

#[test]
fn what_changed_its_name_and_what_it_takes_is_told_where_one_successor_is_there() {
    let old = "pub fn load_shapes(path: &str) -> Vec<Shape> {\n    read(path)\n}\n";
    let code = "use crate::shape;\n\nfn draw() {\n    shape::load_shapes(\"a\");\n}\n";
    let told = |new: &str| {
        found(
            &[("src/shape.rs", old), ("src/draw.rs", code)],
            &[("src/shape.rs", new), ("src/draw.rs", code)],
        )
    };
    let first = "pub fn load_first_shapes(path: &str, limit: usize) -> Vec<Shape> {\n    let mut all = read(path);\n    all.truncate(limit);\n    all\n}\n";
    assert_eq!(told(first), ["symbol ? src/draw.rs"]);
    assert_eq!(
        told(&format!("{first}\npub fn load_last_shapes(n: u8) {{}}\n")),
        [""; 0],
        "either may be meant"
    );
    assert_eq!(told("pub fn count_forms(limit: usize) -> usize {\n    limit\n}\n"), [""; 0], "another thing");
}

#[test]
fn what_only_examples_declared_is_meant_by_them_alone() {
    let example = ("tutorial/settings.py", "INSTALLED_PARTS = ['a']\n\n\ndef load_parts():\n    return 1\n");
    let code = ("lib/models.py", "def abstract(settings):\n    return settings.load_parts()\n");
    let left = ("tutorial/run.py", "from tutorial.settings import load_parts\n\nload_parts()\n");
    assert_eq!(found(&[example, code], &[code]), Vec::<String>::new());
    assert_eq!(found(&[example, left], &[("tutorial/settings.py", "X = 1\n"), left]).len(), 1);
}

#[test]
fn a_call_with_a_function_declares_nothing() {
    let old =
        "it('moves', function () {\n  resolveLocalPath(entry, function (found) {\n    done();\n  });\n});\n";
    let note = "// resolveLocalPath does not know these.\n";
    let new = old.replace("resolveLocalPath", "resolveLocalEntry");
    let (old, new) = (format!("{note}{old}"), format!("{note}{new}"));
    assert_eq!(found(&[("src/a.js", &old)], &[("src/a.js", &new)]), [""; 0]);
}

#[test]
fn a_comment_that_is_code_names_nothing() {
    let old = "class Tree:\n    def dump_tree(self, name):\n        pass\n\n    def make(self):\n        # self.dump_tree(name)\n        return 3\n";
    let new = old.replace("    def dump_tree(self, name):\n        pass\n\n", "");
    assert_eq!(found(&[("app/tree.py", old)], &[("app/tree.py", &new)]), [""; 0]);
    let told = old.replace("# self.dump_tree(name)", "# What dump_tree shows.");
    let new = new.replace("# self.dump_tree(name)", "# What dump_tree shows.");
    assert_eq!(found(&[("app/tree.py", &told)], &[("app/tree.py", &new)]), ["symbol ? app/tree.py"]);
}

#[test]
fn what_is_left_of_a_rename_everywhere_else_is_told_whatever_its_scope() {
    let load = "export function readPageList() {\n  return 3\n}\nreadPageList()\nexport const all = readPageList() + 1\n";
    let run = "import pages from './pages'\n\nexport const run = () => pages.readPageList()\n";
    let new = load.replace("readPageList", "readPages");
    let once = load.split_inclusive('\n').take(3).collect::<String>();
    let told = |old: &str, new: &str| {
        found(&[("src/load.js", old), ("src/run.js", run)], &[("src/load.js", new), ("src/run.js", run)])
    };
    assert_eq!(told(load, &new), ["symbol ? src/run.js"]);
    assert_eq!(told(&once, &once.replace("readPageList", "readPages")), [""; 0], "one line tells too little");
}

#[test]
fn a_deleted_file_is_missed_only_where_its_folder_stays() {
    let text = "#!/bin/sh\necho a long enough script to be recognised\n";
    let guide = ("README.md", "Run `scripts/deploy.sh` first, in `android/app/build.gradle` nothing.\n");
    let kept = [("scripts/check.sh", text), ("scripts/other.sh", text), guide];
    let with = |more: &[(&'static str, &'static str)]| [kept.as_slice(), more].concat();
    let deploy = ("scripts/deploy.sh", text);
    assert_eq!(found(&with(&[deploy]), &with(&[])), ["file ? README.md"]);
    assert_eq!(found(&[deploy, guide], &[guide]), [""; 0], "the whole folder went");
    let gradle = [
        ("android/app/build.gradle", "a { b }\n"),
        ("android/app/x.java", "x\n"),
        ("android/app/y.java", "y\n"),
    ];
    assert_eq!(found(&with(&gradle), &with(&gradle[1..])), [""; 0], "the reader's own");
}

#[test]
fn a_text_by_which_a_name_is_looked_up_is_told() {
    let old = "def load_config(path):\n    return 3\n";
    let new = "def read_config(path):\n    return 3\n";
    for (text, expected) in [
        ("with patch(\"app.load.load_config\"):\n    run()\n", 1),
        ("with patch.object(load, 'load_config'):\n    run()\n", 1),
        ("with patch(\"other.place.load_config\"):\n    run()\n", 0),
        ("send('load_config')\n", 0),
    ] {
        let test = ("tests/test_run.py", text);
        assert_eq!(
            found(&[("app/load.py", old), test], &[("app/load.py", new), test]).len(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn an_import_of_a_module_that_moved_is_told() {
    let script = "export const load = () => 3\nexport const more = () => 4\nexport const rest = () => 5\n";
    let python = "def load(path):\n    return 3\n\n\ndef more(path):\n    return 4\n";
    for (old, new, text, path, import, expected) in [
        ("src/load.js", "src/io/load.js", script, "src/run.js", "import { load } from './load'\nload()\n", 1),
        (
            "src/load.js",
            "src/io/load.js",
            script,
            "src/run.js",
            "import { load } from './io/load'\nload()\n",
            0,
        ),
        (
            "src/load.js",
            "src/io/load.js",
            script,
            "src/run.js",
            "import { load } from 'other/load'\nload()\n",
            0,
        ),
        ("src/load.js", "src/load.ts", script, "src/run.js", "import { load } from './load'\nload()\n", 0),
        ("app/load.py", "app/io/load.py", python, "app/run.py", "from app.load import load\n", 1),
        ("app/load.py", "app/io/load.py", python, "app/run.py", "import app.load\n", 1),
        ("app/load.py", "app/io/load.py", python, "app/run.py", "from other.app.load import load\n", 0),
        ("app/load.py", "app/load/__init__.py", python, "app/run.py", "from app.load import load\n", 0),
    ] {
        let told = found(&[(old, text), (path, import)], &[(new, text), (path, import)]);
        assert_eq!(told.len(), expected, "{old} -> {new}: {import}");
    }
}
