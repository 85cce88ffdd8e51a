//! `docs/security.md` names the test that shows a statement; here it is shown that the test is there.
//!
//! In: the page. Out: every file and every test that it names exists. Never judges whether a test shows what the page says.

use std::path::Path;

#[test]
fn every_test_that_the_security_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/security.md")).expect("the page");
    let named: Vec<&str> = page.split('`').skip(1).step_by(2).filter(|code| code.contains(".rs")).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        let (file, test) = name.split_once("::").unwrap_or((name, ""));
        // `hostile/` and bare names are those of the corpus.
        let places = [
            root.join("crates").join(file),
            root.join("crates/deep-review/tests").join(file),
            root.join("crates/deep-review/tests/hostile").join(file),
        ];
        let text = places.iter().find_map(|place| std::fs::read_to_string(place).ok());
        let text = text.unwrap_or_else(|| panic!("`{name}`: there is no such file"));
        assert!(test.is_empty() || text.contains(&format!("fn {test}(")), "`{name}`: there is no such test");
    }
}
