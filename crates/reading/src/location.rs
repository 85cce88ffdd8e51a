//! Places as reviewers write them: `path:10-14`, `path#L10-L14`, `path (lines 10–14)`, `path:10, 20-25`, links.
//!
//! In: the text of one place or of a list of places. Out: [`RawLocation`]s, or `None` where it is something else.
//! Never asks whether the file exists.

use model::{RawLocation, RepoPath};

/// What is known about the paths of this review.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paths<'c> {
    /// Files of the change: they settle what is a path and what an absolute path means.
    pub(crate) changed: &'c [RepoPath],
    /// Folders the reviewers worked in.
    pub(crate) prefixes: &'c [String],
    /// The text is a published report: what stands inside a title there is quoted.
    pub(crate) published: bool,
}

/// Reads a text that is nothing but places. `code` relaxes what counts as a path: back-ticks promise code.
pub(crate) fn places(text: &str, code: bool, paths: Paths<'_>) -> Option<Vec<RawLocation>> {
    let text = text.trim().trim_matches(['`', '"']).trim();
    if text.is_empty() || text.len() > 2000 {
        return None;
    }
    let mut found: Vec<RawLocation> = Vec::new();
    for part in text.split([',', ';']) {
        let part = part.trim().trim_start_matches("and ").trim_start_matches("& ").trim_matches('`');
        if part.is_empty() {
            continue;
        }
        if let Some((start, end)) = range(part) {
            let path = found.last()?.path.clone();
            found.push(location(path, Some(start), Some(end)));
        } else {
            found.push(place(part, code, paths)?);
        }
    }
    (!found.is_empty()).then_some(found)
}

/// A path that nobody doubts is one, as written less what belongs to the machine.
pub(crate) fn plain(text: &str, paths: Paths<'_>) -> String {
    clean(text.trim(), paths).unwrap_or_else(|| text.trim().to_owned())
}

/// Reads a link: what is shown names the place, its address fills in what is missing.
pub(crate) fn link(shown: &str, address: &str, paths: Paths<'_>) -> Option<Vec<RawLocation>> {
    let address = address.replace("\\/", "/").replace("%20", " ");
    if let Some(mut found) = places(shown, true, paths) {
        if let [only] = found.as_mut_slice()
            && only.start.is_none()
            && let Some(target) = place(&address, true, paths)
            && target.path.ends_with(&only.path)
        {
            (only.start, only.end) = (target.start, target.end);
        }
        Some(found)
    } else {
        let words = shown.trim();
        let target = place(&address, true, paths)?;
        let refers = words.is_empty() || words.contains(target.path.rsplit('/').next().unwrap_or_default());
        refers.then(|| vec![target])
    }
}

/// Reads `10-14`, `L10–L14`, `10`, `lines 10-14`: lines without a path.
pub(crate) fn range(text: &str) -> Option<(u32, u32)> {
    let text = text.trim().trim_start_matches(['#', ':']);
    let text = ["lines ", "line ", "Lines ", "Line ", "ll. ", "l. "]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text)
        .trim();
    let (start, rest) = number(text)?;
    let rest = rest.trim_start();
    if matches!(rest, "" | "+" | "ff" | "ff." | "f." | "…" | "...") {
        return Some((start, start));
    }
    let rest = rest
        .strip_prefix(['-', '–', '—', '‑', '−'])
        .or_else(|| rest.strip_prefix("to "))
        .or_else(|| rest.strip_prefix("through "))?;
    let (end, rest) = number(rest.trim_start_matches(['-', ' ']))?;
    rest.trim().is_empty().then_some((start, end.max(start)))
}

fn number(text: &str) -> Option<(u32, &str)> {
    let text = text.trim_start_matches(['~', '≈']);
    let text = text.strip_prefix(['L', 'l']).unwrap_or(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 8 {
        return None;
    }
    let value: u32 = text[..digits].parse().ok()?;
    let mut rest = &text[digits..];
    // `L10C3`, `10:3`, `10.3`: a column, which we do not keep.
    if let Some(column) = rest.strip_prefix(['C', 'c', ':', '.']) {
        let width = column.bytes().take_while(u8::is_ascii_digit).count();
        if width > 0 {
            rest = &column[width..];
        }
    }
    (value > 0).then_some((value, rest))
}

fn location(path: String, start: Option<u32>, end: Option<u32>) -> RawLocation {
    RawLocation { path, start, end, ..RawLocation::default() }
}

/// Reads one place.
fn place(text: &str, code: bool, paths: Paths<'_>) -> Option<RawLocation> {
    let text = text.trim().trim_matches(['`', '"', '\'']).trim_end_matches(['.', ':']);
    let (path, lines) = split_lines(text);
    if lines.is_none()
        && let Some((path, symbol)) = split_symbol(path)
        && let Some(mut place) = place(path, code, paths)
    {
        place.symbol = Some(symbol.to_owned());
        return Some(place);
    }
    let path = clean(path, paths)?;
    is_path(&path, code, lines.is_some(), paths).then(|| {
        let (start, end) = lines.map_or((None, None), |(start, end)| (Some(start), Some(end)));
        location(path, start, end)
    })
}

/// Splits `path:10-14` and its relatives into path and lines.
fn split_lines(text: &str) -> (&str, Option<(u32, u32)>) {
    if let Some((path, anchor)) = text.split_once('#')
        && let Some(lines) = range(anchor)
    {
        return (path, Some(lines));
    }
    // `path (lines 10-14)`, `path lines 10-14`, `path, line 10`
    for word in [" (", " lines ", " line ", " L", " @ "] {
        if let Some((path, rest)) = text.split_once(word)
            && let Some(lines) = range(rest.trim_end_matches(')'))
        {
            return (path.trim_end_matches([',', ':']), Some(lines));
        }
    }
    // The first colon behind which only lines follow: `path:10:5`, `C:\x\y.c:10`.
    let mut from = 0;
    while let Some(at) = text[from..].find(':').map(|at| at + from) {
        if let Some(lines) = range(&text[at + 1..]) {
            return (&text[..at], Some(lines));
        }
        from = at + 1;
    }
    (text, None)
}

/// Splits `path:function`, `path::function` and `path#function`; the path must have an extension we know.
fn split_symbol(text: &str) -> Option<(&str, &str)> {
    let at = text.find(['#', ':'])?;
    let (path, symbol) = (&text[..at], text[at..].trim_start_matches([':', '#']));
    let name = path.rsplit('/').next()?;
    let known = name
        .rsplit_once('.')
        .is_some_and(|(stem, extension)| !stem.is_empty() && is_known_extension(extension));
    let plain = symbol.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && symbol
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '(' | ')' | '*' | '-'));
    (known && plain && !text.contains("://")).then_some((path, symbol))
}

/// Removes what belongs to the reviewer's machine and not to the repository.
fn clean(path: &str, paths: Paths<'_>) -> Option<String> {
    let path = path.trim().trim_start_matches('@');
    let path = path.strip_prefix("file://").unwrap_or(path);
    let path = path.replace('\\', "/");
    let path = forge_path(&path).unwrap_or(path);
    let path = paths
        .prefixes
        .iter()
        .filter(|prefix| !prefix.is_empty())
        .find_map(|prefix| path.strip_prefix(prefix.trim_end_matches('/')).map(str::to_owned))
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        .map_or(path, |rest| rest.trim_start_matches('/').to_owned());
    let path = path.strip_prefix("./").map_or(path.clone(), str::to_owned);
    let path = if is_absolute(&path) { from_absolute(&path, paths) } else { path };
    // `a/` and `b/` of a diff header.
    let path = match path.strip_prefix("a/").or_else(|| path.strip_prefix("b/")) {
        Some(rest) if paths.changed.iter().any(|file| file.as_str() == rest) => rest.to_owned(),
        _ => path,
    };
    let path = path.trim_end_matches('/');
    (!path.is_empty() && !path.contains("..//") && !path.split('/').any(|part| part == ".."))
        .then(|| path.to_owned())
}

/// `https://github.com/o/r/blob/<revision>/path` stands for `path`.
fn forge_path(path: &str) -> Option<String> {
    let rest = path.strip_prefix("https://").or_else(|| path.strip_prefix("http://"))?;
    let (_, inside) = rest.split_once("/blob/").or_else(|| rest.split_once("/tree/"))?;
    inside.split_once('/').map(|(_, path)| path.to_owned())
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || (path.as_bytes().get(1) == Some(&b':') && path.as_bytes().get(2) == Some(&b'/'))
}

/// The longest tail of an absolute path that is a changed file; else what stands behind home and temporary folders.
fn from_absolute(path: &str, paths: Paths<'_>) -> String {
    let known = paths
        .changed
        .iter()
        .filter(|file| path.strip_suffix(file.as_str()).is_some_and(|head| head.ends_with('/')));
    if let Some(file) = known.max_by_key(|file| file.as_str().len()) {
        return file.as_str().to_owned();
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let skip = match parts.as_slice() {
        ["Users" | "home", _, ..] => 2,
        ["private", "tmp", _, ..] => 3,
        ["tmp" | "workspace" | "root" | "work" | "repo" | "app", _, ..] if parts[0] == "tmp" => 2,
        [drive, "Users", _, ..] if drive.ends_with(':') => 3,
        [drive, ..] if drive.ends_with(':') => 1,
        _ => 0,
    };
    parts.get(skip..).unwrap_or_default().join("/")
}

fn is_path(path: &str, code: bool, has_lines: bool, paths: Paths<'_>) -> bool {
    let is_address = path.starts_with("http:") || path.starts_with("https:");
    if path.len() > 400 || is_address || path.contains("//") {
        return false;
    }
    if paths.changed.iter().any(|file| file.as_str() == path || file.file_name() == path) {
        return true;
    }
    let plain = path.chars().all(|c| {
        c.is_alphanumeric()
            || matches!(c, '/' | '.' | '_' | '-' | '+' | '@' | '~' | '#' | '%')
            || (c == ' ' && has_lines)
    });
    let bracketed =
        path.chars().all(|c| c.is_alphanumeric() || "/._-+@~[](){}$".contains(c)) && path.contains('/');
    if !(plain || bracketed && (has_lines || code))
        || !path.chars().any(char::is_alphabetic)
        || path.starts_with('-')
    {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let named = is_known_name(name);
    let known = extension.as_deref().is_some_and(is_known_extension) || named;
    match (path.contains('/'), has_lines) {
        (_, true) if known => true,
        (true, true) => true,
        (false, true) => {
            extension.is_some_and(|extension| is_plausible_extension(&extension)) || code && is_word(name)
        }
        (true, false) => known || code,
        (false, false) => named || known && !extension.as_deref().is_some_and(is_member_name),
    }
}

fn is_word(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_alphabetic)
        && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
}

fn is_plausible_extension(extension: &str) -> bool {
    (1..=12).contains(&extension.len())
        && extension.chars().all(|c| c.is_ascii_alphanumeric())
        && extension.chars().any(|c| c.is_ascii_alphabetic())
}

/// Extensions that are as often the name of a field: `request.key`, or of a program: `ssh.exe`. Alone they name no file.
fn is_member_name(extension: &str) -> bool {
    matches!(
        extension,
        "exe"
            | "dll"
            | "so"
            | "in"
            | "out"
            | "rest"
            | "http"
            | "key"
            | "move"
            | "work"
            | "log"
            | "v"
            | "r"
            | "s"
            | "m"
            | "hook"
            | "rules"
            | "spec"
            | "dist"
            | "env"
            | "config"
            | "lock"
            | "service"
            | "socket"
            | "timer"
            | "feature"
            | "sample"
            | "example"
            | "targets"
            | "props"
            | "def"
            | "sum"
            | "mod"
            | "sol"
            | "d"
            | "po"
            | "ex"
            | "pl"
            | "el"
            | "cue"
            | "desktop"
            | "golden"
            | "patch"
    )
}

fn is_known_name(name: &str) -> bool {
    matches!(
        name,
        "Makefile"
            | "Dockerfile"
            | "Jenkinsfile"
            | "Containerfile"
            | "LICENSE"
            | "README"
            | "CHANGELOG"
            | "CODEOWNERS"
            | "Vagrantfile"
            | "Rakefile"
            | "Gemfile"
            | "Procfile"
            | "BUILD"
            | "WORKSPACE"
            | "GNUmakefile"
            | "justfile"
            | ".gitignore"
            | ".dockerignore"
            | ".gitattributes"
            | ".gitmodules"
            | ".editorconfig"
            | "go.mod"
            | "go.sum"
            | "NOTICE"
            | "AUTHORS"
            | "OWNERS"
            | "VERSION"
            | ".golangci"
            | ".npmrc"
            | ".nvmrc"
            | ".prettierrc"
            | ".eslintrc"
            | "configure"
            | "Kconfig"
            | "Kbuild"
            | ".env"
            | ".mailmap"
            | "gradlew"
            | "mvnw"
    )
}

fn is_known_extension(extension: &str) -> bool {
    matches!(
        extension,
        "go" | "rs"
            | "py"
            | "pyi"
            | "js"
            | "jsx"
            | "mjs"
            | "cjs"
            | "ts"
            | "tsx"
            | "mts"
            | "cts"
            | "vue"
            | "svelte"
            | "java"
            | "kt"
            | "kts"
            | "scala"
            | "groovy"
            | "gradle"
            | "c"
            | "h"
            | "cc"
            | "cpp"
            | "cxx"
            | "hpp"
            | "hh"
            | "hxx"
            | "m"
            | "mm"
            | "swift"
            | "cs"
            | "fs"
            | "vb"
            | "rb"
            | "erb"
            | "php"
            | "pl"
            | "pm"
            | "lua"
            | "r"
            | "jl"
            | "ex"
            | "exs"
            | "erl"
            | "hrl"
            | "hs"
            | "ml"
            | "mli"
            | "clj"
            | "cljs"
            | "elm"
            | "dart"
            | "nim"
            | "zig"
            | "v"
            | "sv"
            | "vhd"
            | "sh"
            | "bash"
            | "zsh"
            | "fish"
            | "ps1"
            | "psm1"
            | "psd1"
            | "bat"
            | "cmd"
            | "bats"
            | "awk"
            | "sed"
            | "mk"
            | "cmake"
            | "bazel"
            | "bzl"
            | "nix"
            | "tf"
            | "tfvars"
            | "hcl"
            | "yaml"
            | "yml"
            | "json"
            | "json5"
            | "jsonc"
            | "toml"
            | "ini"
            | "cfg"
            | "conf"
            | "config"
            | "properties"
            | "env"
            | "xml"
            | "xsd"
            | "xsl"
            | "html"
            | "htm"
            | "css"
            | "scss"
            | "sass"
            | "less"
            | "md"
            | "mdx"
            | "markdown"
            | "rst"
            | "adoc"
            | "txt"
            | "tex"
            | "csv"
            | "tsv"
            | "sql"
            | "proto"
            | "thrift"
            | "graphql"
            | "gql"
            | "lock"
            | "sum"
            | "mod"
            | "work"
            | "tmpl"
            | "tpl"
            | "gotmpl"
            | "j2"
            | "jinja"
            | "hbs"
            | "ejs"
            | "pug"
            | "svg"
            | "png"
            | "jpg"
            | "jpeg"
            | "gif"
            | "ico"
            | "pdf"
            | "ipynb"
            | "diff"
            | "patch"
            | "s"
            | "asm"
            | "ld"
            | "plist"
            | "entitlements"
            | "storyboard"
            | "xib"
            | "pbxproj"
            | "service"
            | "socket"
            | "timer"
            | "desktop"
            | "spec"
            | "rules"
            | "cue"
            | "rego"
            | "snap"
            | "golden"
            | "example"
            | "sample"
            | "dist"
            | "in"
            | "am"
            | "ac"
            | "m4"
            | "el"
            | "vim"
            | "dockerfile"
            | "containerfile"
            | "gitignore"
            | "wxs"
            | "wxi"
            | "wxl"
            | "nsi"
            | "iss"
            | "rc"
            | "def"
            | "inc"
            | "inl"
            | "pyx"
            | "cu"
            | "cuh"
            | "metal"
            | "glsl"
            | "wgsl"
            | "hlsl"
            | "sol"
            | "move"
            | "cairo"
            | "ron"
            | "pem"
            | "crt"
            | "key"
            | "exe"
            | "dll"
            | "so"
            | "log"
            | "out"
            | "apib"
            | "feature"
            | "http"
            | "rest"
            | "prisma"
            | "astro"
            | "csproj"
            | "sln"
            | "props"
            | "targets"
            | "razor"
            | "cshtml"
            | "jsp"
            | "ftl"
            | "star"
            | "starlark"
            | "hook"
            | "pot"
            | "po"
            | "resx"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Option<u32>, Option<u32>)> {
        places(text, true, Paths::default())
            .unwrap_or_default()
            .into_iter()
            .map(|place| (place.path, place.start, place.end))
            .collect()
    }

    #[test]
    fn every_spelling_of_a_place_is_read() {
        for (text, path, start, end) in [
            ("a/b.go:10-14", "a/b.go", Some(10), Some(14)),
            ("b.go:10–14", "b.go", Some(10), Some(14)),
            ("b.go:7", "b.go", Some(7), Some(7)),
            ("a/b.go#L10-L14", "a/b.go", Some(10), Some(14)),
            ("a/b.go:L10-L14", "a/b.go", Some(10), Some(14)),
            ("a/b.go#L10C3-L14C5", "a/b.go", Some(10), Some(14)),
            ("a/b.go:10:5", "a/b.go", Some(10), Some(10)),
            ("a/b.go (lines 10-14)", "a/b.go", Some(10), Some(14)),
            ("a/b.go lines 10-14", "a/b.go", Some(10), Some(14)),
            ("Makefile:3", "Makefile", Some(3), Some(3)),
            ("./x/y.rs", "x/y.rs", None, None),
            ("docs/design/", "docs/design", None, None),
            ("a/b.go:~120", "a/b.go", Some(120), Some(120)),
            ("a/b.go:120+", "a/b.go", Some(120), Some(120)),
            ("a/b.go:Reconcile", "a/b.go", None, None),
            ("a/b.rs::Pool::next()", "a/b.rs", None, None),
            ("https://github.com/o/r/blob/abc/p/q.ts#L3", "p/q.ts", Some(3), Some(3)),
            ("http.rs:1", "http.rs", Some(1), Some(1)),
            ("http/client.go:7-9", "http/client.go", Some(7), Some(9)),
            ("https.c", "https.c", None, None),
        ] {
            assert_eq!(read(text), [(path.to_owned(), start, end)], "{text}");
        }
    }

    #[test]
    fn a_bare_range_belongs_to_the_path_before_it() {
        let found = read("p/set.go:10-12, 40, 50–60");
        assert_eq!(found.iter().map(|place| place.1).collect::<Vec<_>>(), [Some(10), Some(40), Some(50)]);
        assert!(found.iter().all(|place| place.0 == "p/set.go"));
    }

    #[test]
    fn code_that_is_no_path_is_left_alone() {
        for text in [
            "r.watcher",
            "foo()",
            "http://x/y.go:3",
            "spec.state=created",
            "a && b",
            "x::y",
            "v1.2.3",
            "12:30",
        ] {
            assert!(read(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn folders_of_the_machine_are_removed() {
        let changed = [RepoPath::new("pkg/a.go")];
        let prefixes = ["/tmp/review-1".to_owned()];
        let paths = Paths { changed: &changed, prefixes: &prefixes, published: false };
        let path = |text: &str| places(text, true, paths).map(|found| found[0].path.clone());
        assert_eq!(path("/tmp/review-1/cmd/x.go:3").as_deref(), Some("cmd/x.go"));
        assert_eq!(path("/somewhere/else/pkg/a.go:3").as_deref(), Some("pkg/a.go"));
        assert_eq!(path("file:///home/me/src/b.go:3").as_deref(), Some("src/b.go"));
        assert_eq!(path("../../etc/passwd.txt"), None);
    }

    #[test]
    fn a_link_is_read_from_its_words_and_its_address() {
        let read = |shown, address| {
            link(shown, address, Paths::default()).map(|found| (found[0].path.clone(), found[0].start))
        };
        assert_eq!(read("a/b.go:4", "/Users/x/a/b.go#L4"), Some(("a/b.go".into(), Some(4))));
        assert_eq!(read("b.go", "/Users/x/a/b.go#L4"), Some(("b.go".into(), Some(4))));
        assert_eq!(read("see the discussion", "https://example.com/b.go"), None);
    }
}
