//! Plants what should never have been committed: a key, the marks of a merge, letters that hide, somebody's own folder.
//!
//! In: source files. Out: trees before and after an edit that leaves one of these behind, and after the edit made well. The keys
//! are made up from the place they are put at, so that nothing here looks like one. These are the shapes that the rules
//! look for: what is found here shows that nothing is broken, not how good the rules are.

use super::{Plant, Tree, sources};
use crate::Past;
use crate::functions::indent;
use crate::language::Language;
use crate::source::Source;

/// One line of a function's body, where a line can be put after it.
fn site(source: &Source) -> Option<u32> {
    let tests = source.own_tests_start();
    source.functions().iter().filter(|function| function.first < tests).find_map(|function| {
        (function.first + 1..function.last).find(|line| {
            let (here, next) = (source.line(*line), source.line(line + 1));
            let ends = match source.language {
                Language::Python => here.trim_end().ends_with(')') && !here.trim_start().starts_with('@'),
                _ => here.trim_end().ends_with(';'),
            };
            ends && !next.trim().is_empty() && indent(here) == indent(next)
        })
    })
}

/// The tree with lines put after the first good place of a file.
fn with_lines(tree: &Tree, source: &Source, after: u32, lines: &[String]) -> Tree {
    let here = source.line(after);
    let space = &here[..indent(here)];
    let mut text = String::new();
    for (number, line) in source.numbered_lines() {
        text.push_str(line);
        text.push('\n');
        if number == after {
            for new in lines {
                // The marks of a merge stand at the margin.
                let margin = if new.starts_with(['<', '=', '>']) { "" } else { space };
                text.extend([margin, new.as_str(), "\n"]);
            }
        }
    }
    let mut changed = tree.clone();
    changed.insert(source.path.as_str().to_owned(), text);
    changed
}

fn plant_all(
    tree: &Tree,
    rule: &'static str,
    lines: impl Fn(&Source, u32) -> (Vec<String>, Vec<String>),
) -> Vec<Plant> {
    let plant = |source: Source| {
        let line = site(&source)?;
        let (bad, good) = lines(&source, line);
        Some(Plant {
            base: tree.clone(),
            head: with_lines(tree, &source, line, &bad),
            twin: Some(with_lines(tree, &source, line, &good)),
            rule,
            path: source.path.as_str().to_owned(),
            past: Past::default(),
        })
    };
    sources(tree).into_iter().filter_map(plant).collect()
}

/// A statement that keeps a text.
fn keeps(source: &Source, name: &str, value: &str) -> String {
    match source.language {
        Language::Python | Language::Ruby => format!("{name} = {value}"),
        Language::Rust => format!("let {name} = {value};"),
        Language::Script => format!("const {name} = {value};"),
        Language::Go => format!("{name} := {value}"),
        _ => format!("auto {name} = {value};"),
    }
}

fn comment(source: &Source, text: &str) -> String {
    match source.language {
        Language::Python | Language::Ruby | Language::Shell => format!("# {text}"),
        _ => format!("// {text}"),
    }
}

/// Letters and digits without a pattern, the same for the same seed.
fn letters(seed: &str, alphabet: &[u8], length: usize) -> String {
    let mut state = seed.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        alphabet[(state % alphabet.len() as u64) as usize] as char
    };
    (0..length).map(|_| next()).collect()
}

const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A key is committed instead of read from the environment.
pub(super) fn key(tree: &Tree) -> Vec<Plant> {
    plant_all(tree, "hygiene/secret", |source, line| {
        let seed = source.path.as_str();
        let made = match line % 4 {
            0 => format!("{}{}", ["AK", "IA"].concat(), letters(seed, CAPITALS, 16)),
            1 => format!("{}_{}", ["gh", "p"].concat(), letters(seed, MIXED, 36)),
            2 => format!("{}_{}", ["sk_", "live"].concat(), letters(seed, MIXED, 28)),
            _ => format!("{}{}", ["AI", "za"].concat(), letters(seed, MIXED, 35)),
        };
        (
            vec![keeps(source, "service_key", &format!("\"{made}\""))],
            vec![keeps(source, "service_key", "read_key(\"SERVICE_KEY\")")],
        )
    })
}

/// A merge is committed as it stood.
pub(super) fn conflict(tree: &Tree) -> Vec<Plant> {
    plant_all(tree, "hygiene/conflict-marker", |source, _| {
        let (ours, theirs) = (keeps(source, "size_of_page", "4096"), keeps(source, "size_of_page", "8192"));
        let marks = |mark: char, rest: &str| format!("{}{rest}", mark.to_string().repeat(7));
        (vec![marks('<', " HEAD"), ours, marks('=', ""), theirs.clone(), marks('>', " topic")], vec![theirs])
    })
}

/// A letter turns the rest of a line around.
pub(super) fn hidden(tree: &Tree) -> Vec<Plant> {
    plant_all(tree, "hygiene/deceptive-characters", |source, _| {
        let text = "only for those who may do it";
        (vec![comment(source, "only for \u{202e}those who\u{2066} may do it")], vec![comment(source, text)])
    })
}

/// A path of one person's machine.
pub(super) fn home(tree: &Tree) -> Vec<Plant> {
    plant_all(tree, "hygiene/home-path", |source, _| {
        let path = format!("\"/{}/marielle/work/notes/index.txt\"", "home");
        (
            vec![keeps(source, "notes_index", &path)],
            vec![keeps(source, "notes_index", "\"/usr/share/notes/index.txt\"")],
        )
    })
}

/// A statement that stops for a developer only.
pub(super) fn stops(tree: &Tree) -> Vec<Plant> {
    debugging(tree, |source, line| match source.language {
        Language::Script => &["debugger;"],
        Language::Python => &["breakpoint()", "import pdb; pdb.set_trace()"][line % 2..],
        Language::Ruby => &["binding.pry", "byebug"][line % 2..],
        Language::Go => &["runtime.Breakpoint()"],
        Language::CSharp => &["Debugger.Break();"],
        _ => &[],
    })
}

/// A statement that shows a developer something: by its name, or by a text for nobody.
pub(super) fn shows(tree: &Tree) -> Vec<Plant> {
    debugging(tree, |source, line| match source.language {
        Language::Rust => {
            &["dbg!(1 + 1);", "println!(\"DEBUG: {}\", 1);", "eprintln!(\"here\");"][line % 3..]
        }
        Language::Script => {
            &["console.log('DEBUG', 1);", "console.log(\"here\");", "console.log('>>> here 2');"][line % 3..]
        }
        Language::Python => &["print(\"DEBUG:\", 1)", "print(\"here\")", "print('xxx', 1)"][line % 3..],
        Language::Ruby => &["puts \"DEBUG\"", "puts 'here'"][line % 2..],
        Language::Go => &["fmt.Println(\"DEBUG\", 1)", "fmt.Printf(\"here\\n\")"][line % 2..],
        Language::Java | Language::Kotlin => {
            &["System.out.println(\"DEBUG: \" + 1);", "System.out.println(\"here\");"][line % 2..]
        }
        Language::CSharp => &["Console.WriteLine(\"DEBUG\");"],
        Language::C => &["printf(\"DEBUG: %d\\n\", 1);", "fprintf(stderr, \"here\\n\");"][line % 2..],
        Language::Php => &["var_dump($_SERVER);", "print_r($_SERVER);", "echo \"here\";"][line % 3..],
        _ => &[],
    })
}

fn debugging(tree: &Tree, statements: fn(&Source, usize) -> &'static [&'static str]) -> Vec<Plant> {
    let all = plant_all(tree, "hygiene/debugging", |source, line| {
        let bad = statements(source, line as usize).first().copied().unwrap_or_default();
        (vec![bad.to_owned()], vec![comment(source, "nothing to see here")])
    });
    let speaks = |plant: &Plant| {
        let path = plant.path.as_str();
        let source = Source::new(path.into(), &plant.base[path]);
        // Files for a shell or a build talk to developers anyway.
        let tool = ["bin/", "script", "tool", "cli", "cmd/", "build", "config", "dev", "debug"];
        !statements(&source, 0).is_empty()
            && !tool.iter().any(|word| path.contains(word))
            && !plant.base[path].starts_with("#!")
    };
    all.into_iter().filter(speaks).collect()
}

/// A test that keeps the others from running.
pub(super) fn focused(tree: &Tree) -> Vec<Plant> {
    let mut plants = Vec::new();
    for (path, text) in tree {
        let source = Source::new(path.as_str().into(), text);
        if source.role != crate::language::Role::Test || source.language != Language::Script {
            continue;
        }
        let site = source.numbered_lines().find_map(|(line, text)| {
            let word =
                ["it(", "test(", "describe("].iter().find(|word| text.trim_start().starts_with(**word))?;
            let new = text.replacen(word, &format!("{}.only(", word.trim_end_matches('(')), 1);
            Some((line, new))
        });
        if let Some((line, new)) = site {
            let mut head = tree.clone();
            head.insert(path.clone(), super::forgotten::with_line(&source, line, Some(&new)));
            let mut twin = tree.clone();
            let renamed =
                new.replacen(".only(", "(", 1).replacen("('", "('also ", 1).replacen("(\"", "(\"also ", 1);
            twin.insert(path.clone(), super::forgotten::with_line(&source, line, Some(&renamed)));
            plants.push(super::forgotten::plant(
                tree.clone(),
                head,
                Some(twin),
                "hygiene/focused-test",
                path,
            ));
        }
    }
    plants
}
