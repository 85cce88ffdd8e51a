//! Rule files become rules.
//!
//! In: the text of a file. Out: its rules and cases, and one sentence for everything in it that could not be used. What
//! strangers wrote is refused, never a failure of ours.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ast_grep_config::{GlobalRules, RuleConfig, SerializableRuleConfig, Severity};
use ast_grep_language::SupportLang;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::Value;

use crate::FAMILY;
use crate::cases::Cases;
use crate::language::KNOWN;
use crate::required::required;
use crate::rule::{From, Rule, about};

/// A rule file of more bytes is no rule file.
const LONGEST: usize = 64 << 10;

/// One file to read rules from.
pub struct Source<'a> {
    /// Where it stands, for sentences.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
    /// True where it is shipped.
    pub shipped: bool,
}

/// What one or more files hold.
#[derive(Default)]
pub struct Loaded {
    /// Rules that can run.
    pub rules: Vec<Rule>,
    /// Cases of rules.
    pub cases: Vec<Cases>,
    /// What could not be used, one sentence each.
    pub notes: Vec<String>,
}

/// Reads files; only rules of the wanted languages where some are given.
pub fn load<'a>(sources: impl IntoIterator<Item = Source<'a>>) -> Loaded {
    let mut loaded = Loaded::default();
    for source in sources {
        load_one(&source, None, &mut loaded);
    }
    loaded
}

/// Adds what one file holds; its rules in the wanted languages only.
pub(crate) fn load_one(source: &Source<'_>, wanted: Option<&[SupportLang]>, loaded: &mut Loaded) {
    let path = source.path;
    let what = what(source.text);
    if what == What::Other {
        return;
    }
    if source.text.len() > LONGEST {
        loaded.notes.push(format!("The rule file `{path}` was not read: it is longer than 64 KiB."));
        return;
    }
    // The reader of YAML and the compiler of patterns see what strangers wrote: where they break down, one file is lost.
    let read = || match what {
        What::Cases => read_cases(source, loaded),
        _ => read_rules(source, wanted, loaded),
    };
    let why = match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(())) => return,
        Ok(Err(why)) => why,
        Err(_) => "reading it broke down".to_owned(),
    };
    loaded.notes.push(format!("The rule file `{path}` was not used: {why}."));
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Rules,
    Cases,
    Other,
}

/// Folders of this name hold other things than our rules as well; a rule is known by its keys, however broken it is.
fn what(text: &str) -> What {
    let has =
        |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    if has("id") && (has("valid") || has("invalid")) {
        What::Cases
    } else if has("rule") || (has("id") && has("language")) {
        What::Rules
    } else {
        What::Other
    }
}

fn read_cases(source: &Source<'_>, loaded: &mut Loaded) -> Result<(), String> {
    let mut cases: Vec<Cases> = ast_grep_config::from_multiple(source.text).map_err(|error| chain(&error))?;
    for case in &mut cases {
        case.id = id(&case.id, source.shipped);
    }
    loaded.cases.extend(cases);
    Ok(())
}

fn read_rules(
    source: &Source<'_>,
    wanted: Option<&[SupportLang]>,
    loaded: &mut Loaded,
) -> Result<(), String> {
    let configs: Vec<SerializableRuleConfig<SupportLang>> =
        ast_grep_config::from_multiple(source.text).map_err(|error| chain(&error))?;
    for config in configs {
        let about = about(&config);
        if config.id.trim().is_empty() {
            return Err("a rule has no `id`".to_owned());
        }
        let also =
            about.also.iter().map(|name| name.parse::<SupportLang>().map_err(|error| error.to_string()));
        let mut languages = vec![config.language];
        languages.extend(also.collect::<Result<Vec<_>, _>>()?);
        for language in languages {
            if !KNOWN.contains(&language) {
                return Err(format!("there is no grammar for {language} here"));
            }
            if wanted.is_some_and(|wanted| !wanted.contains(&language)) {
                continue;
            }
            let mut config = config.clone();
            config.language = language;
            let named = format!("rule `{}`", config.id);
            let rule = compile(config, source).map_err(|why| format!("{named}: {why}"))?;
            if loaded.rules.iter().any(|other| other.id == rule.id && other.language == language) {
                return Err(format!("{named} stands in another file as well"));
            }
            loaded.rules.push(rule);
        }
    }
    Ok(())
}

fn compile(config: SerializableRuleConfig<SupportLang>, source: &Source<'_>) -> Result<Rule, String> {
    let matcher = serde_json::to_value(&config.core.rule).unwrap_or_default();
    let constraints = serde_json::to_value(&config.core.constraints).unwrap_or_default();
    let utils = serde_json::to_value(&config.core.utils).unwrap_or_default();
    let required = required(&matcher, &constraints, &utils, config.language);
    let config = RuleConfig::try_from(config, &GlobalRules::default()).map_err(|error| chain(&error))?;
    let files = globs(&serde_json::to_value(&config.files).unwrap_or_default())?;
    let ignores = globs(&serde_json::to_value(&config.ignores).unwrap_or_default())?;
    let about = about(&config);
    // A rule of ours that was not seen to be right often enough waits until somebody asks for it.
    let trusted = !source.shipped || about.judged.is_trusted();
    Ok(Rule {
        id: id(&config.id, source.shipped),
        from: if source.shipped { From::Shipped } else { From::Repository(source.path.to_owned()) },
        default: config.severity != Severity::Off && trusted,
        about,
        language: config.language,
        files,
        ignores,
        required,
        config,
    })
}

/// Patterns over paths, each a text or a text with `caseInsensitive`.
fn globs(patterns: &Value) -> Result<Option<GlobSet>, String> {
    let Some(patterns) = patterns.as_array() else { return Ok(None) };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let text = pattern.as_str().or_else(|| pattern["glob"].as_str()).unwrap_or_default();
        let any_case = pattern["caseInsensitive"].as_bool().unwrap_or_default();
        let glob = GlobBuilder::new(text).case_insensitive(any_case).build();
        set.add(glob.map_err(|error| error.to_string())?);
    }
    set.build().map(Some).map_err(|error| error.to_string())
}

fn id(written: &str, shipped: bool) -> String {
    if shipped { format!("{FAMILY}{written}") } else { written.to_owned() }
}

/// An error with what caused it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause.filter(|_| said.len() < MOST_CAUSES) {
        said.push(error.to_string());
        cause = error.source();
    }
    said.dedup();
    let lines: Vec<String> = said
        .iter()
        .map(|part| part.lines().next().unwrap_or_default().trim_end_matches('.').to_owned())
        .collect();
    let text: String = lines.join(": ").chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect();
    text.replace('`', "'")
}

const MOST_CAUSES: usize = 6;
const LONGEST_REASON: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "id: no-eval\nlanguage: Python\nmessage: eval of $A\nrule:\n  pattern: eval($A)\n";

    fn loaded(text: &str) -> Loaded {
        load([Source { path: "rules/a.yml", text, shipped: false }])
    }

    #[test]
    fn a_rule_is_read_and_other_yaml_is_left_alone() {
        let rules = loaded(GOOD).rules;
        assert_eq!((rules[0].id.as_str(), rules[0].language().as_str()), ("no-eval", "Python"));
        for other in
            ["groups:\n  - name: x\n", "rules:\n  - id: semgrep\n    languages: [python]\n", "", "%%%"]
        {
            let loaded = loaded(other);
            assert!(loaded.rules.is_empty() && loaded.notes.is_empty(), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        for (text, said) in [
            ("id: a\nlanguage: Haskell\nrule:\n  pattern: f x\n", "no grammar for Haskell"),
            ("id: a\nlanguage: Klingon\nrule:\n  pattern: f x\n", "Klingon"),
            ("id: a\nlanguage: Python\nrule:\n  kind: no_such_kind\n", "no_such_kind"),
            ("id: a\nlanguage: Python\nrule: [\n", "not used"),
            ("id: a\nlanguage: Python\nrule:\n  regex: '('\n", "not used"),
            ("id: a\nlanguage: Python\nrule:\n  pattern: f($A)\nfilez: [a]\n", "filez"),
            ("language: Python\nrule:\n  pattern: f($A)\n", "no `id`"),
            ("id: a\nlanguage: Python\nrule:\n  pattern: f($A)\nfiles: ['[']\n", "not used"),
        ] {
            let loaded = loaded(text);
            assert!(loaded.rules.is_empty(), "{text}");
            assert!(loaded.notes.len() == 1 && loaded.notes[0].contains(said), "{text}: {:?}", loaded.notes);
        }
        let twice = format!("{GOOD}---\n{GOOD}");
        assert!(loaded(&twice).notes[0].contains("another file"));
    }

    #[test]
    fn hostile_rules_are_refused_or_read_but_never_end_the_process() {
        let nest = |open: &str, inner: &str, close: &str, times: usize| {
            format!("{}{inner}{}", open.repeat(times), close.repeat(times))
        };
        let rule = |rule: &str| format!("id: a\nlanguage: JavaScript\nrule: {rule}\n");
        for text in [
            rule(&nest("{not: ", "{pattern: a}", "}", 9_000)),
            rule(&nest("[", "", "]", 30_000)),
            rule(&format!("{{pattern: '{}'}}", nest("(", "$A", ")", 30_000))),
            rule(&format!("{{pattern: '{}$A'}}", "!".repeat(60_000))),
            rule(&format!("{{pattern: '{}$A'}}", "a+".repeat(30_000))),
            rule("{regex: '((a{1000}){1000}){1000}', kind: identifier}"),
            rule("&a {all: [*a, *a]}"),
            "id: a\nlanguage: JavaScript\nrule: {matches: u}\nutils: {u: {matches: u}}\n".to_owned(),
        ] {
            let done = crate::with_large_stack(|| {
                let loaded = loaded(&text);
                loaded.rules.len() + loaded.notes.len()
            });
            assert!(done.is_some(), "{}", &text[..60]);
        }
    }
}
