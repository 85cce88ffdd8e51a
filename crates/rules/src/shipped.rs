//! The rules that are shipped.
//!
//! In: nothing. Out: the rule files that were built in, with their cases where they are asked for. Never reads a file
//! at run time.

use std::sync::OnceLock;

use ast_grep_language::SupportLang;
use include_dir::{Dir, DirEntry, include_dir};

use crate::FAMILY;
use crate::load::{Loaded, Source, load, load_one};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// All of them with their cases.
pub fn shipped() -> Loaded {
    load(sources(&FILES, true))
}

/// The rules of some languages, without cases.
pub(crate) fn shipped_for(languages: &[SupportLang], loaded: &mut Loaded) {
    for source in sources(&FILES, false) {
        load_one(&source, Some(languages), loaded);
    }
}

/// The ids of all of them, without reading what they say.
pub fn names() -> impl Iterator<Item = &'static str> {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let lines = sources(&FILES, false).into_iter().filter_map(|source| source.text.lines().next());
        lines.filter_map(|line| Some(format!("{FAMILY}{}", line.strip_prefix("id: ")?))).collect()
    });
    names.iter().map(String::as_str)
}

/// What the name of a file with cases ends with.
const CASES: &str = "-test.yml";

fn sources(folder: &'static Dir<'static>, cases: bool) -> Vec<Source<'static>> {
    let mut sources = Vec::new();
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => sources.extend(self::sources(inner, cases)),
            DirEntry::File(file) => {
                let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) else { continue };
                if cases || !path.ends_with(CASES) {
                    sources.push(Source { path, text, shipped: true });
                }
            }
        }
    }
    sources.sort_by_key(|source| source.path);
    sources
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cases::run_cases;

    #[test]
    fn every_rule_can_be_used_and_says_why_and_what_to_do() {
        let loaded = shipped();
        assert_eq!(loaded.notes, Vec::<String>::new());
        assert!(loaded.rules.iter().all(|rule| names().any(|name| name == rule.id)));
        for rule in &loaded.rules {
            assert!(!rule.message().is_empty() && !rule.message().ends_with('.'), "{}", rule.id);
            assert!(rule.reason().is_some_and(|reason| reason.ends_with('.')), "{}", rule.id);
            assert!(rule.link().is_some_and(|link| link.starts_with("https://")), "{}", rule.id);
            assert!(rule.about.fix.as_ref().is_some_and(|fix| fix.ends_with('.')), "{}", rule.id);
            assert!(rule.about.category.is_some(), "{}", rule.id);
            assert_ne!(rule.severity(), "off", "{}: `judged` says what runs", rule.id);
            assert!(rule.about.judged.right <= rule.about.judged.findings, "{}", rule.id);
        }
    }

    #[test]
    fn every_case_of_every_rule_comes_out_as_it_must() {
        let loaded = shipped();
        let failed: Vec<_> =
            run_cases(&loaded.rules, &loaded.cases).into_iter().filter(|result| !result.passed).collect();
        assert!(failed.is_empty(), "{failed:#?}");
        let mut cases: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for case in &loaded.cases {
            cases.insert(&case.id, (case.valid.len(), case.invalid.len()));
        }
        for rule in &loaded.rules {
            let counts = cases.get(rule.id.as_str()).copied().unwrap_or_default();
            assert!(counts.0 >= 2 && counts.1 >= 1, "{} has too few cases: {counts:?}", rule.id);
        }
    }
}
