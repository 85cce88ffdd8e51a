//! Cases of the family: repairs of the past and what a change does to them.

use git::{PastCommit, PastEdit};
use model::Sha;

use crate::memory::MemoryChange;
use crate::settings::Settings;
use crate::{Change as _, Past};

const LOAD: &str = "\
def load_page(reader, number):
    page = reader.page_at(number)
    if page.is_truncated(number):
        raise BrokenPage(number, page.size_found)
    return page.decoded_text()
";
const WITHOUT: &str = "\
def load_page(reader, number):
    page = reader.page_at(number)
    return page.decoded_text()
";

/// The rules told about an edit of the file after a commit that edited it.
fn told(subject: &str, added: &[&str], removed: &[&str], base: &str, head: &str) -> Vec<String> {
    let texts = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let repair = PastEdit {
        sha: Sha::new(&"c".repeat(40)).expect("an object name"),
        subject: subject.to_owned(),
        path: "app/pages.py".into(),
        added: texts(added),
        removed: texts(removed),
    };
    let change = MemoryChange::new(&[("app/pages.py", base)], &[("app/pages.py", head)])
        .after(Past { repairs: vec![repair], ..Past::default() });
    assert!(!change.diff().is_empty(), "something changes");
    let settings = Settings { enable: vec!["history/*".into()], ..Settings::default() };
    let document = crate::review(&change, &settings);
    document.findings.iter().map(|finding| finding.rule.clone().expect("has a rule")).collect()
}

const GUARD: [&str; 2] =
    ["    if page.is_truncated(number):", "        raise BrokenPage(number, page.size_found)"];

#[test]
fn a_guard_that_a_repair_added_and_the_change_removes_is_told() {
    let subject = "Fix crash on truncated pages";
    assert_eq!(told(subject, &GUARD, &[], LOAD, WITHOUT), ["history/repair-removed"]);
    assert_eq!(told("Say more about pages", &GUARD, &[], LOAD, WITHOUT), Vec::<String>::new(), "no repair");
    let moved = format!("{WITHOUT}\n\ndef check_page(page, number):\n{}\n{}\n", GUARD[0], GUARD[1]);
    assert_eq!(told(subject, &GUARD, &[], LOAD, &moved), Vec::<String>::new(), "the lines moved");
    assert_eq!(
        told(subject, &GUARD, &[], LOAD, "# Pages are read elsewhere now.\n"),
        Vec::<String>::new(),
        "the function is gone"
    );
    let edited = LOAD.replace("is_truncated(number)", "is_truncated(number, reader)");
    assert_eq!(told(subject, &GUARD, &[], LOAD, &edited), Vec::<String>::new(), "the guard is still there");
    let anew =
        LOAD.replace(&GUARD.join("\n"), "    reader.forget(number)\n    page = reader.whole_page_at(number)");
    assert_eq!(
        told(subject, &GUARD, &[], LOAD, &anew),
        Vec::<String>::new(),
        "other code stands in its place"
    );
}

#[test]
fn a_commit_of_many_files_is_no_repair() {
    let sha = Sha::new(&"c".repeat(40)).expect("an object name");
    let told = |files: usize| {
        let repair = PastEdit {
            sha: sha.clone(),
            subject: "Fix crash on truncated pages".to_owned(),
            path: "app/pages.py".into(),
            added: GUARD.map(str::to_owned).to_vec(),
            removed: Vec::new(),
        };
        let commit = PastCommit {
            sha: sha.clone(),
            subject: repair.subject.clone(),
            author: "A".to_owned(),
            seconds: 1,
            paths: (0..files).map(|number| format!("app/{number}.py").as_str().into()).collect(),
        };
        let past = Past { repairs: vec![repair], commits: vec![commit], ..Past::default() };
        let change = MemoryChange::new(&[("app/pages.py", LOAD)], &[("app/pages.py", WITHOUT)]).after(past);
        let settings = Settings { enable: vec!["history/repair-removed".into()], ..Settings::default() };
        crate::review(&change, &settings).findings.len()
    };
    assert_eq!((told(3), told(40)), (1, 0));
}

#[test]
fn a_repair_backwards_is_told() {
    let (new, old) = ("    page = reader.page_at(number)", "    page = reader.cached_page(number, None)");
    let (second, was) = ("    return page.decoded_text()", "    return page.raw_text_of(number)");
    let base = format!("def load_page(reader, number):\n{new}\n{second}\n");
    let head = format!("def load_page(reader, number):\n{old}\n{was}\n");
    let subject = "Fix stale pages after a reload";
    assert_eq!(told(subject, &[new, second], &[old, was], &base, &head), ["history/repair-reverted"]);
    let other = format!("def load_page(reader, number):\n{old}\n    return page.text_in(number, 'utf-8')\n");
    assert_eq!(told(subject, &[new, second], &[old, was], &base, &other), Vec::<String>::new(), "new code");
}
