//! Cases of the family: what nearly all places do, and one that does not.

use crate::memory::MemoryChange;
use crate::settings::Settings;

/// The rules told about a function `fresh` that is new beside others.
fn told(path: &str, others: &[String], fresh: &str) -> Vec<String> {
    let files: Vec<(String, String)> = (1..)
        .zip(others)
        .map(|(number, text)| (path.replace('N', &number.to_string()), text.clone()))
        .collect();
    let base: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let new = path.replace('N', "new");
    let mut head = base.clone();
    head.push((&new, fresh));
    let settings = Settings { enable: vec!["deviant/*".into()], ..Settings::default() };
    let document = crate::review(&MemoryChange::new(&base, &head), &settings);
    document
        .findings
        .iter()
        .map(|finding| {
            assert_eq!(finding.locations[0].path, new, "{finding:#?}");
            assert!(!finding.evidence.is_empty(), "the places that do it are quoted");
            finding.rule.clone().expect("has a rule").replace("deviant/", "")
        })
        .collect()
}

fn numbered(text: &str, times: usize) -> Vec<String> {
    (0..times).map(|number| text.replace("NAME", &format!("part{number}"))).collect()
}

#[test]
fn a_call_without_its_other_half_is_told() {
    let pair = "def load_NAME(pool):\n    lease = pool.acquire_lease(1)\n    use_it(lease)\n    pool.release_lease(lease)\n";
    let without = "def load_more(pool):\n    lease = pool.acquire_lease(1)\n    use_it(lease)\n";
    assert_eq!(told("app/mN.py", &numbered(pair, 6), without), ["missing-half"]);
    let mut nearly = numbered(pair, 12);
    nearly.extend(numbered(&without.replace("load_more", "load_odd_NAME"), 1));
    assert_eq!(told("app/mN.py", &nearly, without), ["missing-call"], "one does without as well");
    let stored = without.replace("use_it(lease)", "pool.leases.append(lease)");
    assert_eq!(told("app/mN.py", &numbered(pair, 6), &stored), ["missing-call"], "it is kept elsewhere");
    assert_eq!(told("app/mN.py", &numbered(pair, 3), without), Vec::<String>::new(), "too few to tell");
    let kept = "def load_more(pool):\n    pool.current = pool.acquire_lease(1)\n    use_it(pool.current)\n";
    assert_eq!(told("app/mN.py", &numbered(pair, 6), kept), Vec::<String>::new(), "a field keeps it");
    let both = "def load_more(pool):\n    lease = pool.acquire_lease(1)\n    pool.release_lease(lease)\n";
    assert_eq!(told("app/mN.py", &numbered(pair, 6), both), Vec::<String>::new());
    let managed = "def load_more(pool):\n    with pool.acquire_lease(1) as lease:\n        use_it(lease)\n";
    assert_eq!(
        told("app/mN.py", &numbered(pair, 6), managed),
        Vec::<String>::new(),
        "the language sees to it"
    );
    let mut mixed = numbered(pair, 4);
    mixed.extend(numbered(&without.replace("load_more", "load_NAME"), 3));
    assert_eq!(told("app/mN.py", &mixed, without), Vec::<String>::new(), "the repository is of two minds");
}

#[test]
fn a_log_is_nobodys_other_half() {
    let logged = "def load_NAME(pool):\n    lease = pool.fetch_lease(1)\n    log_lease_end(lease)\n";
    let base = numbered(logged, 6);
    let silent = "def load_part0(pool):\n    lease = pool.fetch_lease(1)\n    use_it(lease)\n";
    let files: Vec<(String, &String)> = (0..).map(|at| format!("app/m{at}.py")).zip(&base).collect();
    let before: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut after = before.clone();
    after[0].1 = silent;
    let settings = Settings { enable: vec!["deviant/*".into()], ..Settings::default() };
    let document = crate::review(&MemoryChange::new(&before, &after), &settings);
    assert_eq!(document.findings, []);
    // What the others do to clean up is missed where the change takes it out.
    let (ended, last) =
        (logged.replace("log_lease_end", "close_account"), silent.replace("use_it", "look_at"));
    let texts: Vec<String> = numbered(&ended, 6);
    let before: Vec<(&str, &str)> =
        files.iter().zip(&texts).map(|((path, _), text)| (path.as_str(), text.as_str())).collect();
    let mut after = before.clone();
    after[0].1 = &last;
    let document = crate::review(&MemoryChange::new(&before, &after), &settings);
    assert_eq!(document.findings.len(), 1, "{document:#?}");
    // Fields of a record are read as the record has them.
    let texts: Vec<String> = texts.iter().map(|text| text.replace("close_account", "read_account")).collect();
    let before: Vec<(&str, &str)> =
        files.iter().zip(&texts).map(|((path, _), text)| (path.as_str(), text.as_str())).collect();
    let mut after = before.clone();
    after[0].1 = &last;
    assert_eq!(crate::review(&MemoryChange::new(&before, &after), &settings).findings, []);
}

/// The rules told about a function that was as the others and is now as the text says.
fn told_after(path: &str, others: &[String], old: &str, new: &str) -> Vec<String> {
    let all = |own: &str| -> Vec<(String, String)> {
        let own = std::iter::once((path.replace('N', "own"), own.to_owned()));
        let rest =
            (1..).zip(others).map(|(number, text)| (path.replace('N', &format!("{number}")), text.clone()));
        own.chain(rest).collect()
    };
    let (base, head) = (all(old), all(new));
    let texts = |files: &[(String, String)]| -> Vec<(String, Vec<u8>)> {
        files.iter().map(|(path, text)| (path.clone(), text.as_bytes().to_vec())).collect()
    };
    let change = MemoryChange::from_bytes(
        texts(&base),
        texts(&head),
        std::collections::BTreeMap::new(),
        model::Target::default(),
    );
    let settings = Settings { enable: vec!["deviant/missing-check".into()], ..Settings::default() };
    crate::review(&change, &settings).findings.into_iter().filter_map(|finding| finding.rule).collect()
}

#[test]
fn a_result_that_is_no_longer_tested_is_told() {
    let tests = "def show_NAME(table, key):\n    entry = table.lookup_entry(key)\n    if entry is None:\n        return ''\n    \
                 return entry.title\n";
    let old = tests.replace("NAME", "own");
    let check = "    if entry is None:\n        return ''\n";
    let new = old.replace(check, "").replace("return entry.title", "print(entry.title)");
    let rule = "deviant/missing-check";
    assert_eq!(told_after("app/mN.py", &numbered(tests, 5), &old, &new), [rule]);
    let handed = old.replace(check, "").replace("entry.title", "entry");
    assert_eq!(told_after("app/mN.py", &numbered(tests, 5), &old, &handed), [""; 0], "its caller tests it");
    assert_eq!(told_after("app/mN.py", &numbered(tests, 2), &old, &new), [""; 0], "too few to tell");
    let fresh = "def print_title(table, key):\n    entry = table.lookup_entry(key)\n    print(entry.title)\n";
    assert_eq!(told("app/mN.py", &numbered(tests, 5), fresh), [""; 0], "new code may know better");
    let branches = "def show_title(table, key):\n    if key:\n        err = table.lookup_entry(key)\n    else:\n        err = table.first_of()\n    \
                    TEST\n    print(key)\n";
    let others = numbered(tests, 5);
    let with = |test: &str| told("app/mN.py", &others, &branches.replace("TEST", test));
    assert_eq!(with("if err:\n        return"), [""; 0], "both branches are tested together");
    assert_eq!(with("print(table)"), ["missing-check"]);
    let go = "package a\n\nfunc loadNAME(key string) int {\n\tentry, err := lookupEntry(key)\n\tif err != nil {\n\t\treturn 0\n\t}\n\tother, err := \
              openIt(entry)\n\tif err != nil {\n\t\treturn 1\n\t}\n\treturn other\n}\n";
    let old = go.replace("NAME", "own");
    let new = old.replacen("\tif err != nil {\n\t\treturn 0\n\t}\n", "", 1);
    assert_eq!(
        told_after("app/mN.go", &numbered(go, 5), &old, &new),
        [rule],
        "tested only after it means something else"
    );
}

#[test]
fn a_bound_that_all_other_calls_pass_is_told() {
    let bounded = "def fetch_NAME(session):\n    return session.fetch_page('/NAME', timeout=3)\n";
    let open = "def fetch_more(session):\n    return session.fetch_page('/more')\n";
    assert_eq!(told("app/mN.py", &numbered(bounded, 5), open), ["missing-argument"]);
    let handed = "def fetch_more(session, **options):\n    return session.fetch_page('/more', **options)\n";
    assert_eq!(told("app/mN.py", &numbered(bounded, 5), handed), Vec::<String>::new(), "it may be in there");
    let plain = "def fetch_NAME(session):\n    return session.fetch_page('/NAME')\n";
    let mut mixed = numbered(bounded, 4);
    mixed.extend(numbered(plain, 2));
    assert_eq!(told("app/mN.py", &mixed, open), Vec::<String>::new(), "others do without as well");
}

#[test]
fn an_exit_that_alone_does_not_clean_up_is_told() {
    let clean = "int load(struct box *box)\n{\n\tchar *text = take(box);\n\tif (!text) {\n\t\treturn 0;\n\t}\n\tif (bad(text)) {\n\t\t\
                 free_text(text);\n\t\treturn 1;\n\t}\n\tif (old(text)) {\n\t\tfree_text(text);\n\t\treturn 2;\n\t}\n\tif (odd(text)) \
                 {\n\t\tEXIT\n\t}\n\tuse(text);\n\treturn 0;\n}\n";
    let with = |exit: &str| told("src/mN.c", &[], &clean.replace("EXIT", exit));
    assert_eq!(with("return 3;"), ["exit-without-cleanup"]);
    assert_eq!(with("free_text(text);\n\t\treturn 3;"), Vec::<String>::new());
    assert_eq!(
        with("return true;"),
        Vec::<String>::new(),
        "it succeeds and may keep what the failing ones give back"
    );
    assert_eq!(with("throw error;"), Vec::<String>::new(), "the error goes on, whoever gets it sees to it");
    let closed = clean
        .replace("\tif (odd(text))", "\tfree_text(text);\n\tif (odd(text))")
        .replace("EXIT", "return 3;");
    assert_eq!(told("src/mN.c", &[], &closed), Vec::<String>::new(), "it is done on the way");
    let answers = "fn load(frame: Frame) -> Result<(), Error> {\n    if frame.is_odd() {\n        return Err(Error::library_reset(1));\n    }\n    if \
                   frame.is_old() {\n        return Err(Error::library_reset(2));\n    }\n    if frame.is_large() {\n        return \
                   Err(Refusal::Oversize);\n    }\n    keep(frame);\n    Ok(())\n}\n";
    assert_eq!(
        told("src/mN.rs", &[], answers),
        Vec::<String>::new(),
        "an error is made, nothing is cleaned up"
    );
    assert_eq!(with("release(text);\n\t\treturn 3;"), Vec::<String>::new(), "in a way of its own");
    let whole = clean.replace("EXIT", "free_text(text);\n\t\tclose_box(box);\n\t\treturn 3;");
    let part = clean.replace("EXIT", "close_box(box);\n\t\treturn 3;");
    let change = MemoryChange::new(&[("src/a.c", &whole)], &[("src/a.c", &part)]);
    let settings = Settings { enable: vec!["deviant/exit-without-cleanup".into()], ..Settings::default() };
    assert_eq!(crate::review(&change, &settings).findings.len(), 1, "the change takes one of two out");
    let talks = clean.replace("free_text", "put_msg").replace("EXIT", "return 3;");
    assert_eq!(told("src/mN.c", &[], &talks), Vec::<String>::new(), "a message is no clean-up");
}
