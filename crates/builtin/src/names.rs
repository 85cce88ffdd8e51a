//! Words in lines: where a name stands on its own, and whether a name is rare enough to search for.
//!
//! In: lines and names. Out: positions and yes or no. Never looks beyond the line.

/// The byte positions where `name` stands in `line` and is not part of a longer word.
///
/// A name with dashes (`--dry-run`) may not be continued by a dash either, so that `--dry-run-only` is another name.
pub(crate) fn occurrences(line: &str, name: &str) -> Vec<usize> {
    let dashed = name.contains('-');
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || (dashed && c == '-');
    line.match_indices(name)
        .map(|(at, _)| at)
        .filter(|at| {
            let before = line[..*at].chars().next_back();
            let after = line[at + name.len()..].chars().next();
            let starts_word = name.starts_with(|c: char| part_of_word(c));
            let continues =
                after.is_some_and(part_of_word) || (starts_word && before.is_some_and(part_of_word));
            !continues
        })
        .collect()
}

/// The words a name is made of: `parse_http_url`, `parseHttpUrl` and `--parse-http-url` have three.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = '_';
    let chars: Vec<char> = name.chars().collect();
    for (index, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            previous = '_';
            continue;
        }
        let next_is_lower = chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        let starts = !previous.is_alphanumeric()
            || (c.is_uppercase() && (previous.is_lowercase() || previous.is_ascii_digit()))
            || (c.is_uppercase() && previous.is_uppercase() && next_is_lower);
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        previous = c;
    }
    words
}

/// True where a name can hardly mean anything else: two words or more, six letters or more, not all of them commonplace.
pub(crate) fn is_distinctive(name: &str) -> bool {
    let words = words(name);
    let letters: usize = words.iter().map(String::len).sum();
    words.len() >= 2
        && letters >= 6
        && !COMMON_NAMES.contains(&name.to_ascii_lowercase().trim_matches(['-', '_']))
        && words.iter().any(|word| word.len() >= 4)
}

/// True where a single word is at least no word of everyday code.
pub(crate) fn is_uncommon(name: &str) -> bool {
    name.len() >= 4 && !COMMON_NAMES.contains(&name.to_ascii_lowercase().trim_matches(['-', '_']))
}

/// Names that many things have.
const COMMON_NAMES: &[&str] = &[
    "main",
    "init",
    "test",
    "tests",
    "setup",
    "teardown",
    "run",
    "start",
    "stop",
    "close",
    "open",
    "read",
    "write",
    "get",
    "set",
    "add",
    "remove",
    "delete",
    "update",
    "insert",
    "push",
    "pop",
    "name",
    "value",
    "key",
    "data",
    "type",
    "kind",
    "error",
    "errors",
    "result",
    "results",
    "option",
    "options",
    "config",
    "context",
    "default",
    "new",
    "from",
    "into",
    "next",
    "prev",
    "index",
    "len",
    "length",
    "size",
    "count",
    "path",
    "file",
    "files",
    "line",
    "lines",
    "text",
    "string",
    "bytes",
    "list",
    "array",
    "object",
    "item",
    "items",
    "node",
    "nodes",
    "node_type",
    "parse",
    "format",
    "print",
    "debug",
    "info",
    "warn",
    "trace",
    "log",
    "logger",
    "handle",
    "handler",
    "callback",
    "call",
    "apply",
    "clone",
    "copy",
    "compare",
    "equals",
    "equal",
    "hash",
    "hash_code",
    "hashcode",
    "to_string",
    "tostring",
    "from_str",
    "as_str",
    "as_ref",
    "as_mut",
    "as_bytes",
    "is_empty",
    "isempty",
    "into_iter",
    "intoiter",
    "from_iter",
    "size_hint",
    "to_owned",
    "to_vec",
    "as_slice",
    "with_capacity",
    "get_mut",
    "iter_mut",
    "into_inner",
    "from_utf8",
    "is_some",
    "is_none",
    "is_ok",
    "is_err",
    "unwrap_or",
    "map_err",
    "and_then",
    "or_else",
    "read_to_string",
    "write_all",
    "write_str",
    "write_fmt",
    "self",
    "this",
    "super",
    "state",
    "status",
    "level",
    "mode",
    "flags",
    "args",
    "kwargs",
    "params",
    "param",
    "request",
    "response",
    "client",
    "server",
    "session",
    "user",
    "token",
    "message",
    "event",
    "events",
    "body",
    "header",
    "headers",
    "method",
    "url",
    "uri",
    "host",
    "port",
    "query",
    "version",
    "help",
    "usage",
    "verbose",
    "quiet",
    "output",
    "input",
    "source",
    "target",
    "base",
    "root",
    "parent",
    "child",
    "children",
    "left",
    "right",
    "first",
    "last",
    "begin",
    "end",
    "begin_time",
    "time",
    "date",
    "now",
    "sleep",
    "wait",
    "lock",
    "unlock",
    "load",
    "save",
    "store",
    "find",
    "search",
    "match",
    "replace",
    "split",
    "join",
    "trim",
    "encode",
    "decode",
    "entry",
    "entries",
    "map",
    "filter",
    "reduce",
    "fold",
    "iter",
    "iterator",
    "each",
    "foreach",
    "for_each",
    "then",
    "catch",
    "finally",
    "resolve",
    "reject",
    "emit",
    "on",
    "off",
    "once",
    "send",
    "receive",
    "recv",
    "connect",
    "disconnect",
    "bind",
    "listen",
    "accept",
    "build",
    "builder",
    "create",
    "destroy",
    "drop",
    "free",
    "alloc",
    "check",
    "validate",
    "valid",
    "invalid",
    "ok",
    "err",
    "fail",
    "failure",
    "success",
    "is_valid",
    "isvalid",
    "get_name",
    "getname",
    "get_value",
    "getvalue",
    "set_value",
    "setvalue",
    "get_type",
    "gettype",
    "get_data",
    "getdata",
    "get_id",
    "getid",
    "file_name",
    "filename",
    "file_path",
    "filepath",
    "user_name",
    "username",
    "user_id",
    "userid",
    "base_url",
    "baseurl",
    "exit_code",
    "exitcode",
    "return_code",
    "returncode",
    "max_size",
    "min_size",
    "max_length",
    "min_length",
    "maxlength",
    "minlength",
    "content_type",
    "contenttype",
    "created_at",
    "createdat",
    "updated_at",
    "updatedat",
    "last_modified",
    "start_time",
    "end_time",
    "starttime",
    "endtime",
    "do_something",
    "foo_bar",
    "foobar",
    "my_func",
    "log_level",
    "loglevel",
    "work_dir",
    "workdir",
    "home_dir",
    "tmp_dir",
    "temp_dir",
    "test_data",
    "testdata",
    "has_next",
    "hasnext",
    "add_all",
    "addall",
    "for_testing",
    "to_json",
    "tojson",
    "from_json",
    "fromjson",
    "to_dict",
    "from_dict",
    "to_str",
    "to_bytes",
    "from_bytes",
    "get_all",
    "getall",
    "on_error",
    "onerror",
    "dry_run",
    "dry-run",
    "no_color",
    "no-color",
    "unsafe",
    "package",
    "module",
    "export",
    "exports",
    "import",
    "imports",
    "class",
    "public",
    "private",
    "static",
    "const",
    "other",
    "inner",
    "outer",
    "wrapper",
    "helper",
    "helpers",
    "util",
    "utils",
    "common",
    "process",
    "action",
    "actions",
    "group",
    "groups",
    "schema",
    "table",
    "column",
    "columns",
    "rows",
    "field",
    "fields",
    "record",
    "records",
    "score",
    "order",
    "label",
    "title",
    "description",
    "summary",
    "details",
    "note",
    "notes",
    "reset",
    "clear",
    "flush",
    "refresh",
    "execute",
    "command",
    "commands",
    "process",
    "thread",
    "worker",
    "queue",
    "stack",
    "tree",
    "graph",
    "edge",
    "edges",
    "color",
    "width",
    "height",
    "align",
    "style",
    "theme",
    "image",
    "icon",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_only_as_a_whole_word() {
        for (line, name, expected) in [
            ("load_all(load_all_x)", "load_all", vec![0]),
            ("x.load_all", "load_all", vec![2]),
            ("--dry-run-only --dry-run=1", "--dry-run", vec![15]),
            ("no---dry-run", "--dry-run", vec![]),
            ("Überload_all", "load_all", vec![]),
        ] {
            assert_eq!(occurrences(line, name), expected, "{line}");
        }
    }

    #[test]
    fn names_split_into_words() {
        for (name, expected) in [
            ("parseHTTPUrl", vec!["parse", "http", "url"]),
            ("MAX_RETRY_COUNT", vec!["max", "retry", "count"]),
            ("--log-level", vec!["log", "level"]),
            ("sha256Sum", vec!["sha256", "sum"]),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    #[test]
    fn only_rare_names_are_distinctive() {
        for name in ["parseConfigFile", "retry_budget", "--skip-tests", "MAX_RETRIES"] {
            assert!(is_distinctive(name), "{name}");
        }
        for name in ["main", "get", "to_string", "toString", "normalize", "a_b", "is_ok", "dry_run", "XY_Z"] {
            assert!(!is_distinctive(name), "{name}");
        }
    }
}
