//! Cases of the family: sets that were equal and are not any more.

use crate::memory::MemoryChange;
use crate::settings::Settings;

type Files<'a> = &'a [(&'a str, &'a str)];

fn found(base: Files<'_>, head: Files<'_>) -> Vec<String> {
    let settings = Settings { enable: vec!["parity/*".into()], ..Settings::default() };
    crate::review(&MemoryChange::new(base, head), &settings)
        .findings
        .iter()
        .map(|finding| {
            let place = finding.locations.first().expect("every finding has a place");
            format!("{} {}", finding.rule.as_deref().unwrap_or_default(), place.path)
        })
        .collect()
}

const KINDS: &str =
    "pub enum Kind {\n    Regular,\n    Directory,\n    Symlink,\n    Socket,\n    Fifo,\n}\n";
const NAMES: &str = "pub fn name(kind: &Kind) -> &str {\n    match kind {\n        Kind::Regular => \"r\",\n        Kind::Directory => \"d\",\n        \
                     Kind::Symlink => \"l\",\n        Kind::Socket => \"s\",\n        Kind::Fifo => \"f\",\n        _ => \"\",\n    }\n}\n";
const TABLE: &str = "# Kinds\n\n| kind | letter |\n|---|---|\n| `Regular` | r |\n| `Directory` | d |\n| `Symlink` | l |\n| `Socket` | s |\n| `Fifo` \
                     | f |\n";

fn grown() -> String {
    KINDS.replace("    Fifo,\n", "    Fifo,\n    BlockDevice,\n")
}

#[test]
fn a_member_that_one_list_of_all_lacks_is_told() {
    for (other, text) in [("src/name.rs", NAMES), ("docs/kinds.md", TABLE)] {
        assert_eq!(
            found(&[("src/kind.rs", KINDS), (other, text)], &[("src/kind.rs", &grown()), (other, text)]),
            [format!("parity/list {other}")]
        );
    }
}

#[test]
fn documents_name_all_members_in_rows_items_or_one_line_and_nothing_else() {
    let names = ["Regular", "Directory", "Symlink", "Socket", "Fifo"];
    let rows = |write: fn(&str) -> String| names.map(write).concat();
    let quoted = names.map(|name| format!("`{name}`")).join(", ");
    let but_one = |name: &str| {
        rows(|name| format!("- `{name}`: a kind\n")).replace(&format!("- `{name}`: a kind\n"), "")
    };
    for (text, told) in [
        (but_one("Symlink"), false),
        (rows(|name| format!("- `{name}`: a kind\n")), true),
        (rows(|name| format!("* **{name}** is a kind\n")), true),
        (format!("| kind | |\n|---|---|\n{}", rows(|name| format!("| {name} | a kind |\n"))), true),
        (format!("One of {quoted}.\n"), true),
        (format!("One of {quoted} or `Whiteout`.\n"), false),
        (rows(|name| format!("- `{name}`: a kind\n")) + "- `Whiteout`: no kind of ours\n", false),
    ] {
        let found = found(
            &[("src/kind.rs", KINDS), ("docs/kinds.md", &text)],
            &[("src/kind.rs", &grown()), ("docs/kinds.md", &text)],
        );
        assert_eq!(found.len(), usize::from(told), "{text}");
    }
}

#[test]
fn a_choice_of_c_names_constants_without_their_type() {
    let header = "enum kind {\n\tKIND_REGULAR, /* a file */\n\tKIND_FOLDER,\n\tKIND_LINK,\n\tKIND_SOCKET,\n\tKIND_FIFO\n};\n";
    let new = header.replace("KIND_FIFO\n", "KIND_FIFO,\n\tKIND_DOOR\n");
    let names = "const char *name(int kind)\n{\n\tswitch (kind) {\n\tcase KIND_REGULAR:\n\t\treturn \"r\";\n\tcase KIND_FOLDER:\n\t\treturn \
                 \"d\";\n\tcase KIND_LINK:\n\t\treturn \"l\";\n\tcase KIND_SOCKET:\n\t\treturn \"s\";\n\tcase KIND_FIFO:\n\t\treturn \
                 \"f\";\n\t}\n\treturn \"\";\n}\n";
    assert_eq!(
        found(
            &[("src/kind.h", header), ("src/name.c", names)],
            &[("src/kind.h", &new), ("src/name.c", names)]
        ),
        ["parity/list src/name.c"]
    );
    let mark = header.replace("KIND_FIFO\n", "KIND_FIFO,\n\tKIND_COUNT\n");
    assert_eq!(
        found(
            &[("src/kind.h", header), ("src/name.c", names)],
            &[("src/kind.h", &mark), ("src/name.c", names)]
        ),
        [""; 0],
        "what counts the members is none"
    );
}

#[test]
fn what_another_choice_leads_to_is_no_choice_between_the_members() {
    let other = NAMES
        .replace("kind: &Kind", "mode: &Mode")
        .replace("match kind", "match mode")
        .replace("Kind::", "Mode::")
        .replace("=> \"", "=> Kind::");
    let other = ["Regular", "Directory", "Symlink", "Socket", "Fifo"].iter().fold(other, |text, name| {
        let from = text.find(&format!("Mode::{name} => Kind::")).expect("an arm");
        let end = text[from..].find(',').expect("its end") + from;
        format!("{}Mode::{name} => Kind::{name}{}", &text[..from], &text[end..])
    });
    assert_eq!(
        found(
            &[("src/kind.rs", KINDS), ("src/mode.rs", &other)],
            &[("src/kind.rs", &grown()), ("src/mode.rs", &other)]
        ),
        [""; 0],
        "{other}"
    );
}

#[test]
fn records_need_not_have_the_same_keys() {
    let keys = ["name", "repo", "description", "dependencies", "keywords"];
    let record =
        |more: &str| format!("{{\n{}{more}}}\n", keys.map(|key| format!("  \"{key}\": \"x\",\n")).concat());
    let (old, new) = (record(""), record("  \"license\": \"x\"\n"));
    assert_eq!(
        found(
            &[("a/component.json", &old), ("b/component.json", &old)],
            &[("a/component.json", &new), ("b/component.json", &old)]
        ),
        [""; 0]
    );
}

#[test]
fn lists_that_are_not_the_same_set_are_silent() {
    let other = NAMES.replace("        Kind::Fifo => \"f\",\n", "");
    assert_eq!(
        found(
            &[("src/kind.rs", KINDS), ("src/name.rs", &other)],
            &[("src/kind.rs", &grown()), ("src/name.rs", &other)]
        ),
        Vec::<String>::new(),
        "it lacked one before"
    );
    let both = NAMES.replace("        _ =>", "        Kind::BlockDevice => \"b\",\n        _ =>");
    assert_eq!(
        found(
            &[("src/kind.rs", KINDS), ("src/name.rs", NAMES)],
            &[("src/kind.rs", &grown()), ("src/name.rs", &both)]
        ),
        Vec::<String>::new(),
        "both grew"
    );
    // The fields of a type and the place that fills them in are one file's own business, wherever the new one stands.
    let fields = "pub struct Limits {\n    pub block_size: u64,\n    pub page_size: u64,\n    pub line_length: u64,\n    pub depth_allowed: \
                  u64,\n    pub retry_count: u64,\nNEW}\n\npub fn limits() -> Limits {\n    Limits {\n        block_size: 1,\n        page_size: \
                  2,\n        line_length: 3,\n        depth_allowed: 4,\n        retry_count: 5,\nVALUE    }\n}\n";
    let before = fields.replace("NEW", "").replace("VALUE", "");
    let field = "    /// How often a page is asked for again\n    ///\n    /// before the whole read is given up,\n    /// which nobody likes.\n    \
                 #[serde(skip)]\n    pub page_retries: u64,\n";
    let after = fields.replace("NEW", field).replace("VALUE", "        page_retries: 6,\n");
    assert_eq!(found(&[("src/limits.rs", &before)], &[("src/limits.rs", &after)]), Vec::<String>::new());
    let prose = "Regular files and Directory entries may hold a Symlink; Socket and Fifo are left alone.\n";
    assert_eq!(
        found(
            &[("src/kind.rs", KINDS), ("README.md", prose)],
            &[("src/kind.rs", &grown()), ("README.md", prose)]
        ),
        Vec::<String>::new(),
        "a sentence"
    );
}

#[test]
fn parameters_that_change_for_one_platform_only_are_told() {
    let old = "pub fn lock_file(path: &Path) -> bool {\n    true\n}\n";
    let new = "pub fn lock_file(path: &Path, wait: bool) -> bool {\n    wait\n}\n";
    let base = [("src/os/unix.rs", old), ("src/os/windows.rs", old)];
    assert_eq!(
        found(&base, &[("src/os/unix.rs", new), ("src/os/windows.rs", old)]),
        ["parity/platform src/os/windows.rs"]
    );
    assert_eq!(found(&base, &[("src/os/unix.rs", new), ("src/os/windows.rs", new)]), Vec::<String>::new());
    let body = old.replace("    true", "    false");
    assert_eq!(
        found(&base, &[("src/os/unix.rs", &body), ("src/os/windows.rs", old)]),
        Vec::<String>::new(),
        "bodies differ by nature"
    );
    let differs = "pub fn lock_file(path: &Path, share: u32) -> bool {\n    true\n}\n";
    assert_eq!(
        found(
            &[("src/os/unix.rs", old), ("src/os/windows.rs", differs)],
            &[("src/os/unix.rs", new), ("src/os/windows.rs", differs)]
        ),
        Vec::<String>::new(),
        "they differed before"
    );
}

#[test]
fn a_type_or_the_object_itself_is_no_other_parameter() {
    let method = "class Resolver:\n    def original_address(self, sock):\n        return sock\n";
    let base = [("app/linux.py", method), ("app/windows.py", method)];
    for (new, told) in [
        ("def original_address(sock: socket.socket):\n    return sock\n", 0),
        ("def original_address(sock, wait=None):\n    return sock\n", 1),
    ] {
        let head = [("app/linux.py", new), ("app/windows.py", method)];
        assert_eq!(found(&base, &head).len(), told, "{new}");
    }
}

#[test]
fn settings_use_some_options_and_their_schema_knows_all() {
    let keys = ["show_always", "style_root", "style_user", "format", "disabled"];
    let fields = |more: &str| {
        let rows = keys.map(|key| format!("    pub {key}: String,\n")).concat();
        format!("pub struct Username {{\n{rows}{more}}}\n")
    };
    let preset = keys.map(|key| format!("{key} = true\n")).concat();
    let schema =
        format!("{{\n{}}}\n", keys.map(|key| format!("  \"{key}\": {{\"type\": \"string\"}},\n")).concat());
    let told = |path: &str, text: &str| {
        found(
            &[("src/username.rs", &fields("")), (path, text)],
            &[("src/username.rs", &fields("    pub detect_variables: String,\n")), (path, text)],
        )
    };
    assert_eq!(told("presets/pastel.toml", &preset), Vec::<String>::new());
    assert_eq!(told("config-schema.json", &schema), ["parity/list config-schema.json"]);
}

#[test]
fn lists_of_one_name_each_hold_what_their_place_needs() {
    let list = |more: &str| {
        let keys = ["expression", "position", "occurrence", "parameters", "grouping"];
        let rows = keys.map(|key| format!("        \"{key}\": True,\n")).concat();
        format!("    arg_types = {{\n{rows}{more}    }}\n")
    };
    let file = |first: &str, second: &str, name: &str| {
        let second = list(second).replace("arg_types", name);
        format!("class Extract(Func):\n{}\n\nclass ExtractAll(Func):\n{second}", list(first))
    };
    let more = "        \"null_if_no_match\": False,\n";
    let told = |name: &str| {
        found(&[("app/string.py", &file("", "", name))], &[("app/string.py", &file(more, "", name))])
    };
    assert_eq!(told("arg_types"), Vec::<String>::new());
    assert_eq!(told("defaults"), Vec::<String>::new());
}

#[test]
fn two_types_of_one_name_are_two_of_a_kind() {
    let (other, more) = (KINDS.replace("pub enum", "#[derive(Debug)]\npub enum"), grown());
    assert_eq!(
        found(&[("src/v4.rs", KINDS), ("src/v3.rs", &other)], &[("src/v4.rs", &more), ("src/v3.rs", &other)]),
        Vec::<String>::new()
    );
}
