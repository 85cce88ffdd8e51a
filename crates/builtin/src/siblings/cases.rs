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
    let other_name = HEADER.replace("limits.minimum_size:", "limits.smallest_header:");
    assert_eq!(with(&other_name), Vec::<String>::new(), "a name for a name: what this copy is there for");
    let platform = HEADER.replace("if len(payload) <", "if sys.platform == 'win32' or len(payload) <");
    assert_eq!(with(&platform), Vec::<String>::new(), "a condition of one platform");
    let design = HEADER.replace(
        "raise TruncatedBlock(payload, limits.minimum_size)",
        "raise TruncatedBlock(payload, Shortage(limits), stream)",
    );
    assert_eq!(with(&design), Vec::<String>::new(), "another design");
    // The same three lines in a function that does other work are its way of doing it.
    let other = format!(
        "def walk_index(stream, limits, visitor):\n{}    for entry in visitor.entries(stream.position()):\n        \
         visitor.enter_entry(entry, entry.parent_name, entry.flags)\n        for child in entry.children():\n            \
         visitor.leave_entry(child, entry.sort_order)\n    visitor.finish_walk(stream.position())\n",
        HEADER.split_inclusive('\n').skip(1).take(3).collect::<String>(),
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

/// Whether the copy is told of where the function is edited so.
fn told_of_copy(old: &str, new: &str) -> bool {
    let (trailer, head) = (trailer(), HEADER.replace(old, new));
    assert_ne!(head, HEADER, "{old}");
    let base = [("wire/header.py", HEADER), ("wire/trailer.py", trailer.as_str())];
    !found(&base, &[("wire/header.py", &head), ("wire/trailer.py", &trailer)]).is_empty()
}

#[test]
fn a_repair_of_whatever_kind_is_due_in_the_copy_where_it_can_be_made_there() {
    for (old, new, told) in [
        ("(payload, limits.minimum_size)\n    digest", "(limits.minimum_size, payload)\n    digest", true),
        ("len(payload) <", "len(payload) + 1 <", true),
        ("    digest =", "    if payload is None:\n        return None\n    digest =", true),
        ("    digest =", "    stream.forget_digest(payload)\n    digest =", true),
        ("    digest =", "    payload = stream.read_block(1)\n    digest =", false),
        ("    digest =", "    if skip_digests(payload):\n        return None\n    digest =", true),
        ("    digest =", "    skip_digests(payload)\n    digest =", false),
        ("stream.remember_digest", "await stream.remember_digest", false),
        ("checksum_of(payload,", "checksum_of(payload, 1,", true),
        ("stream.remember_digest(digest)", "remember_digest(stream, digest)", false),
    ] {
        assert_eq!(told_of_copy(old, new), told, "{new}");
    }
}

#[test]
fn what_one_of_several_copies_answers_is_its_own_business() {
    let again = |name: &str| HEADER.replace("load_header", name);
    let files = [("wire/trailer.py", trailer()), ("wire/footer.py", again("load_footer"))];
    let told = |old: &str, new: &str, copies: usize| {
        let head = HEADER.replace(old, new);
        assert_ne!(head, HEADER);
        let others = files.iter().take(copies).map(|(path, text)| (*path, text.as_str()));
        let base: Vec<_> = others.clone().chain([("wire/header.py", HEADER)]).collect();
        let after: Vec<_> = others.chain([("wire/header.py", head.as_str())]).collect();
        found(&base, &after).len()
    };
    let (old, new) =
        ("(payload, limits.minimum_size)\n    digest", "(limits.minimum_size, payload)\n    digest");
    assert_eq!((told(old, new, 1), told(old, new, 2)), (1, 0));
    assert_eq!(told("len(payload) <", "len(payload) <=", 2), 1, "a question is everybody's");
}

#[test]
fn who_changes_what_a_function_takes_adds_a_feature() {
    let head = repaired(HEADER).replace("(stream, limits)", "(stream, limits, strict)");
    let trailer = trailer();
    let base = [("wire/header.py", HEADER), ("wire/trailer.py", trailer.as_str())];
    assert_eq!(found(&base, &[("wire/header.py", &head), ("wire/trailer.py", &trailer)]), [""; 0]);
}

#[test]
fn a_copy_that_the_change_makes_of_the_old_code_lacks_the_repair() {
    let (trailer, head) = (trailer(), repaired(HEADER));
    assert_eq!(
        found(&[("wire/header.py", HEADER)], &[("wire/header.py", &head), ("wire/trailer.py", &trailer)]),
        ["sibling/unfixed wire/trailer.py"]
    );
}

#[test]
fn what_stands_behind_an_inserted_guard_is_the_place_itself() {
    let old = "\
def launch_intent(self, address):
    # Plugins may handle the address.
    for entry in self.plugins.all_entries():
        plugin = entry.value.plugin_instance()
        if plugin is not None:
            decision = plugin.should_override(address)
            if decision is not None:
                return decision
    return self.open_in_browser(address)
";
    let guard =
        "    if address.path.startswith(INTERCEPTED_PREFIX):\n        return True\n\n    # Plugins may";
    let head = old.replace("    # Plugins may", guard);
    assert_eq!(found(&[("app/a.py", old)], &[("app/a.py", &head)]), Vec::<String>::new());
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

#[test]
fn bounds_of_a_signature_are_no_code() {
    let old = "\
impl Reader {
    pub async fn read_one<'de, T>(&mut self, byte_length: usize) -> Result<T, Error>
    where
        T: Decode<'de, ()>,
    {
        self.read_with_context(byte_length, ()).await
    }
}
";
    let new = old.replace("T: Decode<'de, ()>", "T: Decode<'de, ()> + ProtocolDecode<'de>");
    assert_eq!(
        found(&[("src/a.rs", old), ("src/b.rs", old)], &[("src/a.rs", &new), ("src/b.rs", old)]),
        Vec::<String>::new()
    );
}

#[test]
fn an_unrolled_loop_is_no_copy() {
    let lines = |from: u32, to: u32| -> String {
        let line = |at| format!("    out[{at}] = load_word(bytes[{at} * 4..][..4].to_array().checked());\n");
        (from..to).map(line).collect::<Vec<_>>().concat()
    };
    let old = format!("pub fn words_of_half(bytes: &[u8]) -> Words {{\n{}    out\n}}\n", lines(0, 12));
    let new = format!("pub fn words_of_block(bytes: &[u8]) -> Words {{\n{}    out\n}}\n", lines(0, 24));
    assert_eq!(found(&[("src/a.rs", &old)], &[("src/a.rs", &format!("{old}\n{new}"))]), Vec::<String>::new());
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
    assert_eq!(
        found(
            &[("backend/one/export.py", LONG)],
            &[("backend/one/export.py", LONG), ("backend/two/export.py", LONG)]
        ),
        Vec::<String>::new(),
        "two trees that do the same for two systems"
    );
    let short: String = again.split_inclusive('\n').take(6).collect();
    assert_eq!(
        found(&[("app/export.py", LONG)], &[("app/export.py", LONG), ("app/archive.py", &short)]),
        Vec::<String>::new(),
        "too little to share"
    );
}
