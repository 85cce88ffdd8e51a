//! Paths of one person's machine.
//!
//! In: added lines. Out: findings about home folders that exist nowhere else. Placeholders (`/home/user`), well-known
//! accounts of images and runners, documents and tests are left alone.

use std::sync::LazyLock;

use model::{Severity, Side};
use regex::Regex;

use super::{HOME_PATH, Spotted, raise};
use crate::context::{Context, path_before};
use crate::family::Raised;
use crate::language::Role;
use crate::lex::Part;
use crate::source::Source;
use crate::words::code;

static HOME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:^|[^\w./~-])((?:/Users/|/home/|[A-Za-z]:\\{1,2}Users\\{1,2})([A-Za-z][\w.-]*))(?:[/\\"'\s:;,)]|$)"#)
        .expect("a pattern written in this file")
});

/// Names that stand for anybody, or for an account of an image.
const ANYBODY: &[&str] = &[
    "user",
    "username",
    "you",
    "me",
    "yourname",
    "your-name",
    "your_name",
    "name",
    "foo",
    "bar",
    "alice",
    "bob",
    "joe",
    "john",
    "jane",
    "example",
    "test",
    "tester",
    "someone",
    "somebody",
    "runner",
    "vscode",
    "node",
    "ubuntu",
    "debian",
    "ec2-user",
    "vagrant",
    "jenkins",
    "git",
    "app",
    "admin",
    "root",
    "docker",
    "gitpod",
    "codespace",
    "linuxbrew",
    "shared",
    "public",
    "default",
    "circleci",
    "travis",
    "build",
    "builder",
    "builduser",
    "pi",
    "core",
    "jovyan",
    "coder",
    "nonroot",
    "appuser",
    "web",
    "www",
    "postgres",
    "airflow",
    "user1",
    "myuser",
    "me.",
    "xxx",
    "lib",
    "containeradministrator",
    "runneradmin",
    "azureuser",
    "opam",
    "gradle",
    "rust",
    "go",
    "python",
];

/// Finds home paths among the added lines.
pub(super) fn find(context: &Context<'_>, source: &Source, added: &[(u32, &str)]) -> Vec<Raised> {
    if matches!(source.role, Role::Test | Role::Docs | Role::History | Role::Example) {
        return Vec::new();
    }
    let tests = source.own_tests_start();
    let before = || context.source(Side::Base, context.diff_of(&source.path).and_then(path_before)?);
    // A path that the file names already is its sample, or nothing new.
    let is_known = |path: &str| before().is_some_and(|before| before.content().contains(path));
    added
        .iter()
        .filter(|(number, _)| *number < tests)
        .filter(|(_, line)| line.len() < 2000 && (line.contains("sers") || line.contains("/home/")))
        .filter_map(|(number, line)| {
            let captures = HOME.captures(line)?;
            if source.part_at(*number, captures.get(1)?.start()) == Part::Comment {
                return None;
            }
            let owner = captures[2].to_lowercase();
            (!ANYBODY.contains(&owner.as_str()) && !is_known(&captures[1])).then(|| (*number, captures[1].to_owned()))
        })
        .take(1)
        .map(|(line, path)| {
            raise(
                source,
                Spotted {
                    rule: HOME_PATH,
                    severity: Severity::Suggestion,
                    category: "build",
                    line,
                    title: format!("`{}` names a home folder of one machine, {}", source.path, code(&path)),
                    problem: format!(
                        "Line {line} names {}, which exists on its owner's machine only. Everywhere else the path \
                         leads nowhere, and the account's name is published with it.",
                        code(&path)
                    ),
                    fix: "Derive the path from the environment or from the repository's folder, or make it a setting."
                        .to_owned(),
                    patch: None,
                    rank: 2.5,
                    consequence: "The path is found on one machine only.",
                },
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryChange;
    use crate::settings::Settings;

    fn found(path: &str, text: &str) -> usize {
        let change = MemoryChange::new(&[], &[(path, text)]);
        let settings = Settings::default();
        let context = Context::new(&change, &settings);
        let source = Source::new(path.into(), text);
        let added: Vec<(u32, &str)> = source.numbered_lines().collect();
        find(&context, &source, &added).len()
    }

    #[test]
    fn one_persons_folders_are_reported() {
        for text in [
            "HOST_HOME: /Users/mkeller\n",
            "root = \"/home/mkeller/src\"\n",
            "x = 'C:\\\\Users\\\\mkeller\\\\x'\n",
        ] {
            assert_eq!(found("deploy/app.yaml", text), 1, "{text}");
        }
    }

    #[test]
    fn a_path_that_the_file_names_already_is_its_sample() {
        let path = "join.rs";
        let (old, new) =
            ("a = 'C:\\Users\\viking'\n", "a = 'C:\\Users\\viking'\nb = 'C:\\Users\\viking\\x'\n");
        let change = MemoryChange::new(&[(path, old)], &[(path, new)]);
        let settings = Settings::default();
        let context = Context::new(&change, &settings);
        let source = Source::new(path.into(), new);
        let added: Vec<(u32, &str)> = source.numbered_lines().skip(1).collect();
        assert_eq!(find(&context, &source, &added).len(), 0);
        assert_eq!(found(path, new), 1);
    }

    #[test]
    fn anybodys_folders_and_documents_are_silent() {
        assert_eq!(found("deploy/app.yaml", "HOME: /home/runner/work\n"), 0);
        assert_eq!(found("deploy/app.yaml", "url: https://x.org/home/mkeller/\n"), 0);
        assert_eq!(found("README.md", "cd /home/mkeller/src\n"), 0);
        assert_eq!(found("src/routes.js", "get('/users/list')\n"), 0);
    }
}
