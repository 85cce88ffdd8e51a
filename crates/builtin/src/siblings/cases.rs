//! Cases of the family: small changes with what they deserve.

use crate::memory::MemoryChange;
use crate::settings::Settings;

type Files<'a> = &'a [(&'a str, &'a str)];

/// Rule and first place of every finding of the family.
fn found(base: Files<'_>, head: Files<'_>) -> Vec<String> {
    let settings = Settings { enable: vec!["sibling/*".into()], ..Settings::default() };
    crate::review(&MemoryChange::new(base, head), &settings)
        .findings
        .iter()
        .map(|finding| {
            let place = finding.locations.first().expect("every finding has a place");
            format!("{} {}", finding.rule.as_deref().unwrap_or_default(), place.path)
        })
        .collect()
}

const HEADER: &str = "\
def load_header(stream, limits):
    payload = stream.read_block(limits.block_size)
    if len(payload) < limits.minimum_size:
        raise TruncatedBlock(payload, limits.minimum_size)
    digest = checksum_of(payload, limits.seed_value)
    stream.remember_digest(digest)
    return decode_block(payload, limits.text_encoding)
";

/// The same code in another function, with other names for its variables.
fn trailer() -> String {
    HEADER.replace("load_header", "load_trailer").replace("payload", "block").replace("digest)", "digest )")
}

fn repaired(text: &str) -> String {
    let old = text.lines().find(|line| line.contains("if len(")).expect("has the test");
    text.replace(old, &old.replace(" < ", " <= "))
}

#[test]
fn code_that_is_repaired_here_and_stands_elsewhere_is_told() {
    let trailer = trailer();
    let head = repaired(HEADER);
    assert_eq!(
        found(
            &[("wire/header.py", HEADER), ("wire/trailer.py", &trailer)],
            &[("wire/header.py", &head), ("wire/trailer.py", &trailer)]
        ),
        ["sibling/unfixed wire/trailer.py"]
    );
}

#[test]
fn edits_that_are_no_repair_for_the_other_place_are_silent() {
    let trailer = trailer();
    let fixed = (repaired(HEADER), repaired(&trailer));
    let base = [("wire/header.py", HEADER), ("wire/trailer.py", trailer.as_str())];
    let with = |header: &str| found(&base, &[("wire/header.py", header), ("wire/trailer.py", &trailer)]);
    assert_eq!(
        found(&base, &[("wire/header.py", &fixed.0), ("wire/trailer.py", &fixed.1)]),
        Vec::<String>::new(),
        "both are repaired"
    );
    let spaced = HEADER.replace("limits.minimum_size:", "limits.minimum_size :");
    assert_eq!(with(&spaced), Vec::<String>::new(), "white space");
    let annotated =
        HEADER.replace("def load_header(stream, limits)", "def load_header(stream, limits: Limits)");
    assert_eq!(with(&annotated), Vec::<String>::new(), "a signature");
    let message = HEADER.replace("    digest =", "    # The digest is kept for the trailer.\n    digest =");
    assert_eq!(with(&message), Vec::<String>::new(), "a comment");
    // The same three lines in a function that does other work are its way of doing it.
    let other = format!(
        "def walk_index(stream, limits, visitor):\n{}    for entry in visitor.entries(stream.position()):\n        \
         visitor.enter_entry(entry, entry.parent_name, entry.flags)\n        for child in entry.children():\n            \
         visitor.leave_entry(child, entry.sort_order)\n    visitor.finish_walk(stream.position())\n",
        HEADER.lines().skip(1).take(3).map(|line| format!("{line}\n")).collect::<String>(),
    );
    let head = repaired(HEADER);
    assert_eq!(
        found(
            &[("wire/header.py", HEADER), ("wire/index.py", &other)],
            &[("wire/header.py", &head), ("wire/index.py", &other)]
        ),
        Vec::<String>::new(),
        "another function"
    );
}

#[test]
fn code_at_many_places_is_an_idiom() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let files: Vec<(String, String)> = names
        .iter()
        .map(|name| (format!("wire/{name}.py"), HEADER.replace("load_header", &format!("load_{name}"))))
        .collect();
    let mut base: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut head = base.clone();
    let fixed = repaired(HEADER);
    base.push(("wire/header.py", HEADER));
    head.push(("wire/header.py", &fixed));
    assert_eq!(found(&base, &head), Vec::<String>::new());
}

const LONG: &str = "\
def export_records(store, target, options):
    cursor = store.open_cursor(options.page_size)
    written = 0
    while cursor.has_more_pages():
        page = cursor.next_page(options.retry_limit)
        for record in page.records_in_order():
            line = target.format_record(record, options.separator)
            target.append_line(line)
            written += len(line)
        if written > options.flush_threshold:
            target.flush_lines()
            written = 0
    target.finish_export(cursor.position_of_end())
    return written
";

#[test]
fn new_code_that_repeats_old_code_is_told_and_moved_code_is_not() {
    let again = LONG.replace("export_records", "export_archive").replace("page", "chunk_of_it");
    let again = again.replace("next_chunk_of_it", "next_page").replace("chunk_of_it_size", "page_size");
    let again = again.replace("has_more_chunk_of_its", "has_more_pages");
    assert_eq!(
        found(&[("app/export.py", LONG)], &[("app/export.py", LONG), ("app/archive.py", &again)]),
        ["sibling/duplicated app/archive.py"]
    );
    assert_eq!(
        found(&[("app/export.py", LONG)], &[("app/export.py", "# empty\n"), ("app/archive.py", LONG)]),
        Vec::<String>::new(),
        "it moved"
    );
    assert_eq!(
        found(&[("app/export.py", LONG)], &[("app/export.py", LONG), ("tests/test_export.py", &again)]),
        Vec::<String>::new(),
        "tests repeat what they test"
    );
    let short: String = again.lines().take(6).map(|line| format!("{line}\n")).collect();
    assert_eq!(
        found(&[("app/export.py", LONG)], &[("app/export.py", LONG), ("app/archive.py", &short)]),
        Vec::<String>::new(),
        "too little to share"
    );
}
