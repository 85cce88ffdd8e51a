//! Plants a list that grew and another list of the same members that did not.
//!
//! In: source files with an enumeration, a group of constants or a mapping. Out: trees before and after a change that adds a member
//! and forgets the other list, and after the change made well. The other list is ours, in several shapes; the members are the code's
//! own. Chooses sites by what the files say and knows nothing of the rules.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::forgotten::plant;
use super::{Plant, Tree, sources};
use crate::language::Language;
use crate::source::Source;

/// Members of a list: line and name, in order.
struct Site {
    /// What the type is called, where it is one.
    owner: Option<String>,
    members: Vec<(u32, String)>,
}

fn regex(text: &str) -> Regex {
    Regex::new(text).expect("a pattern written in this file")
}

static OPENS: LazyLock<Vec<(Regex, Regex)>> = LazyLock::new(|| {
    vec![
        (
            regex(
                r"^\s*(?:pub(?:\([^)]*\))? |export |public |private |const |typedef )*enum (?:class )?(\w+)?[^;]*\{\s*$",
            ),
            regex(r"^\s+([A-Z]\w{2,})\b[^.(]*$"),
        ),
        (
            regex(r"^class (\w+)\((?:\w+, )*(?:\w+\.)?(?:Int|Str)?Enum\):"),
            regex(r"^\s+([A-Z]\w{2,})\s*=\s*\S"),
        ),
        (
            regex(
                r"^(?:export )?(?:const |var |static )?(?:[A-Z]\w+)(?:: \w+)? = (?:Object\.freeze\()?(\{)\s*$",
            ),
            regex(r#"^\s+["']?([\w-]{3,})["']?\s*:\s*[^{}\[\]]+,\s*$"#),
        ),
        (regex(r"^const (\()\s*$"), regex(r"^\s+([A-Z]\w{4,})\b\s*(?:\w+\s*)?(?:=.*)?$")),
        (regex(r"^#define ([A-Z]+)_\w+\s+\w+"), regex(r"^#define ([A-Z]+_\w+)\s+\w+")),
    ]
});

/// Lists of four to thirty members, one a line.
fn sites(source: &Source) -> Vec<Site> {
    let tests = source.own_tests_start();
    let mut sites = Vec::new();
    let mut line = 1;
    while line < tests.min(source.line_count()) {
        let text = source.line(line);
        let opened = OPENS.iter().find_map(|(opens, member)| Some((opens.captures(text)?, member)));
        if let Some((opens, member)) = opened {
            let defines = text.trim_start().starts_with('#');
            let from = if defines { line } else { line + 1 };
            let members: Vec<(u32, String)> = (from..=source.line_count())
                .filter(|line| {
                    let trimmed = source.line(*line).trim();
                    defines
                        || !(trimmed.is_empty()
                            || trimmed.starts_with("//")
                            || trimmed.starts_with(['*', '/', '#']))
                })
                .map_while(|line| Some((line, member.captures(source.line(line))?[1].to_owned())))
                .collect();
            // Definitions in a row are one list where they have one beginning.
            let first = |name: &str| name.split('_').next().unwrap_or_default().to_owned();
            let begins = members.first().map(|(_, name)| first(name)).unwrap_or_default();
            let together = !defines
                || begins.len() >= 3
                    && !["HAVE", "SIZEOF"].contains(&begins.as_str())
                    && members.iter().all(|(_, name)| first(name) == begins);
            // The list ends where its members do.
            let last = members.last().map_or(line, |(line, _)| *line);
            let next = (last + 1..=source.line_count())
                .map(|line| source.line(line).trim())
                .find(|text| !text.is_empty());
            let ends = defines || next.is_none_or(|text| text.starts_with(['}', ')', ';']));
            let names: BTreeSet<&String> = members.iter().map(|(_, name)| name).collect();
            if ends && together && (4..=30).contains(&members.len()) && names.len() == members.len() {
                line = members[members.len() - 1].0;
                let owner = opens
                    .get(1)
                    .map(|name| name.as_str().to_owned())
                    .filter(|name| name.starts_with(char::is_alphabetic) && !defines);
                sites.push(Site { owner, members });
            }
        }
        line += 1;
    }
    sites
}

/// Writes the other list: its path and text.
type Shape = fn(&Source, &Site, &[String]) -> Option<(String, String)>;

fn table(_: &Source, _: &Site, names: &[String]) -> Option<(String, String)> {
    let rows = names.iter().map(|name| format!("| `{name}` | what it does |\n"));
    Some((
        "docs/names.md".to_owned(),
        format!("# Names\n\n| name | meaning |\n|---|---|\n{}", rows.collect::<String>()),
    ))
}

fn bullets(_: &Source, _: &Site, names: &[String]) -> Option<(String, String)> {
    let rows = names.iter().map(|name| format!("- **{name}**: what it does\n"));
    Some((
        "README.md".to_owned(),
        format!("# Use\n\nThere are:\n\n{}\nNothing more.\n", rows.collect::<String>()),
    ))
}

fn sentence(_: &Source, _: &Site, names: &[String]) -> Option<(String, String)> {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Some(("docs/use.md".to_owned(), format!("# Use\n\nOne of {}.\n", names.join(", "))))
}

fn schema(_: &Source, _: &Site, names: &[String]) -> Option<(String, String)> {
    let rows: Vec<String> = names.iter().map(|name| format!("    \"{name}\"")).collect();
    Some((
        "schema/kind.schema.json".to_owned(),
        format!("{{\n  \"enum\": [\n{}\n  ]\n}}\n", rows.join(",\n")),
    ))
}

/// Cases in code, each with the name of its type.
fn cases(source: &Source, site: &Site, names: &[String]) -> Option<(String, String)> {
    let bare = matches!(source.language, Language::C | Language::Go);
    let owner = site.owner.clone().or_else(|| bare.then(String::new))?;
    let path = format!("{}_told.{}", source.path.as_str().rsplit_once('.')?.0, source.path.extension());
    let arms = |write: &dyn Fn(&str) -> String| names.iter().map(|name| write(name)).collect::<String>();
    let text = match source.language {
        Language::Rust => format!(
            "pub fn told(kind: &{owner}) -> &'static str {{\n    match kind {{\n{}        _ => \"\",\n    }}\n}}\n",
            arms(&|name| format!("        {owner}::{name} => \"{}\",\n", name.to_lowercase()))
        ),
        Language::Python => format!(
            "TOLD = {{\n{}}}\n",
            arms(&|name| format!("    {owner}.{name}: \"{}\",\n", name.to_lowercase()))
        ),
        Language::Script => format!(
            "export function told(kind) {{\n  switch (kind) {{\n{}  }}\n  return '';\n}}\n",
            arms(&|name| format!("    case {owner}.{name}:\n      return '{}';\n", name.to_lowercase()))
        ),
        Language::Java | Language::CSharp => format!(
            "class Told {{\n    static String told({owner} kind) {{\n        switch (kind) {{\n{}        }}\n        return \"\";\n    }}\n}}\n",
            arms(&|name| format!(
                "            case {owner}.{name}:\n                return \"{}\";\n",
                name.to_lowercase()
            ))
        ),
        Language::C => format!(
            "const char *told(int kind)\n{{\n\tswitch (kind) {{\n{}\t}}\n\treturn \"\";\n}}\n",
            arms(&|name| format!("\tcase {name}:\n\t\treturn \"{}\";\n", name.to_lowercase()))
        ),
        Language::Go => format!(
            "package told\n\nfunc told(kind int) string {{\n\tswitch kind {{\n{}\t}}\n\treturn \"\"\n}}\n",
            arms(&|name| format!("\tcase {name}:\n\t\treturn \"{}\"\n", name.to_lowercase()))
        ),
        _ => return None,
    };
    Some((path, text))
}

fn forgotten(tree: &Tree, shape: Shape) -> Vec<Plant> {
    let mut plants = Vec::new();
    for source in sources(tree) {
        for site in sites(&source).into_iter().take(3) {
            let mut names: Vec<String> = site.members.iter().map(|(_, name)| name.clone()).collect();
            // At the end or in the middle, written as the one before it.
            let at = if plants.len() % 2 == 0 { names.len() - 1 } else { names.len() / 2 };
            let (line, name) = site.members[at].clone();
            let text = source.line(line);
            let planted = if name.chars().any(char::is_lowercase) && !name.contains(['_', '-']) {
                format!("{name}Planted")
            } else if name.contains('-') {
                format!("{name}-planted")
            } else if name.chars().any(char::is_lowercase) {
                format!("{name}_planted")
            } else {
                format!("{name}_PLANTED")
            };
            let Some((path, before)) = shape(&source, &site, &names) else { continue };
            names.insert(at + 1, planted.clone());
            let Some((_, after)) = shape(&source, &site, &names) else { continue };
            let new = text.replacen(name.as_str(), &planted, 1);
            let mut lines: Vec<&str> = source.content().lines().collect();
            lines.insert(line as usize, &new);
            let mut base = tree.clone();
            base.insert(path.clone(), before);
            let mut head = base.clone();
            head.insert(source.path.as_str().to_owned(), lines.join("\n") + "\n");
            let mut twin = head.clone();
            twin.insert(path.clone(), after);
            plants.push(plant(base, head, Some(twin), "parity/list", &path));
        }
    }
    plants
}

/// A table of a document lacks the new one.
pub(super) fn row_of_table(tree: &Tree) -> Vec<Plant> {
    forgotten(tree, table)
}

/// The items of a document lack the new one.
pub(super) fn item_of_document(tree: &Tree) -> Vec<Plant> {
    forgotten(tree, bullets)
}

/// The sentence that names all lacks the new one.
pub(super) fn name_in_sentence(tree: &Tree) -> Vec<Plant> {
    forgotten(tree, sentence)
}

/// The schema lacks the new one.
pub(super) fn value_of_schema(tree: &Tree) -> Vec<Plant> {
    forgotten(tree, schema)
}

/// The cases of another file lack the new one.
pub(super) fn case_of_code(tree: &Tree) -> Vec<Plant> {
    forgotten(tree, cases)
}
