//! Whether a name in code means the one that is gone.
//!
//! In: an occurrence in code of the same language. Out: [`Reference`]. Follows each language's rules of scope as far as
//! lines tell; what they do not tell is foreign.

use model::{RepoPath, Side};

use super::Gone;
use crate::context::{Context, path_before};
use crate::declarations::{Declaration, DeclarationKind};
use crate::language::{Language, Role};
use crate::names::{is_distinctive, occurrences, words};
use crate::source::Source;

/// What an occurrence means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// The thing that is gone, by the rules of scope.
    Ours,
    /// Probably, by its name alone.
    Likely,
    /// Something else, or nobody can tell.
    Foreign,
}

use Reference::{Foreign, Likely, Ours};

/// Decides for one occurrence.
pub(super) fn resolve(
    context: &Context<'_>,
    gone: &Gone,
    declaration: &Declaration,
    source: &Source,
    line: u32,
    at: usize,
) -> Reference {
    let code = source.code(line);
    let spot = Spot::new(&code, at, &gone.name);
    let same_file = source.path == path_now(context, &gone.path);
    if declaration.kind == DeclarationKind::Method && !matches!(source.language, Language::C) {
        return method(context, gone, declaration, source, &spot, same_file);
    }
    if !same_file && !spot.qualified && lost_its_import(context, gone, source) {
        return Foreign.or_ours(spot.is_call() || is_distinctive(&gone.name));
    }
    match source.language {
        Language::Go => go(gone, source, &spot),
        Language::Rust => rust(gone, declaration, source, &spot, same_file),
        Language::Python => python(gone, source, &spot, same_file),
        Language::Script => script(gone, source, &spot, same_file),
        Language::C => {
            let before = context.source(Side::Base, &gone.path);
            let base_line = before.as_ref().map_or("", |source| source.line(gone.line));
            c(gone, source, &spot, same_file, base_line)
        }
        Language::Shell => shell(gone, &spot, same_file),
        _ => by_name(gone, &spot, same_file),
    }
}

/// True where the file imported the name before the change and does not any more: what is left of it is forgotten.
fn lost_its_import(context: &Context<'_>, gone: &Gone, source: &Source) -> bool {
    if !matches!(source.language, Language::Python | Language::Rust | Language::Script) {
        return false;
    }
    let before = context.diff_of(&source.path).and_then(path_before);
    let Some(before) = before.and_then(|path| context.source(Side::Base, path)) else { return false };
    let all =
        |source: &Source| source.numbered_lines().any(|(_, line)| is_import(line) && line.contains('*'));
    let certain = gone.replacement.as_ref().filter(|replacement| replacement.certain);
    let exchanged = certain.is_some_and(|new| imports(source, &new.text));
    imports(&before, &gone.name) && !imports(source, &gone.name) && (exchanged || !all(source))
}

/// True where an import, on one line or over several, names it.
fn imports(source: &Source, name: &str) -> bool {
    let mut inside = false;
    source.numbered_lines().any(|(_, line)| {
        let line = line.trim();
        let starts = is_import(line) || line.starts_with("} from");
        // A list of names over several lines: `name,` alone, or with its own braces.
        let item = inside && !occurrences(line, name).is_empty();
        let here = item || (starts && !occurrences(line, name).is_empty());
        let opens = line.matches(['(', '{']).count();
        let closes = line.matches([')', '}']).count();
        inside = (starts || inside) && (opens > closes || (inside && closes <= opens));
        here
    })
}

pub(super) fn is_import(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
    ["from ", "import ", "use "].iter().any(|word| line.starts_with(word)) || line.contains("require(")
}

/// What stands around an occurrence.
struct Spot<'a> {
    code: &'a str,
    before: &'a str,
    after: &'a str,
    /// The word before a `.`, `::` or `->`.
    qualifier: Option<&'a str>,
    qualified: bool,
}

impl<'a> Spot<'a> {
    fn new(code: &'a str, at: usize, name: &str) -> Self {
        let (before, after) = (&code[..at], &code[at + name.len()..]);
        let stripped = ["?.", "::", "->", "."].iter().find_map(|mark| before.strip_suffix(mark));
        // `..name` is a range or a spread, not a member.
        let stripped = stripped.filter(|text| !text.ends_with('.'));
        let qualifier = stripped.map(last_word).filter(|word| !word.is_empty());
        Self { code, before, after, qualifier, qualified: stripped.is_some() }
    }

    fn is_call(&self) -> bool {
        self.after.starts_with(['(', '<', '!']) || self.after.starts_with("::<")
    }
}

fn last_word(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || *c == '_')
        .last()
        .map_or(text.len(), |(at, _)| at);
    &text[start..]
}

/// The file at head that goes on the file of the merge base.
pub(super) fn path_now(context: &Context<'_>, before: &RepoPath) -> RepoPath {
    context
        .change
        .diff()
        .iter()
        .find(|file| file.old_path.as_ref() == Some(before))
        .map_or_else(|| before.clone(), |file| file.path.clone())
}

/// Names under which code may know the file: its stem, its folder, its crate.
pub(super) fn modules(path: &RepoPath) -> Vec<String> {
    let parts: Vec<&str> = path.as_str().split('/').collect();
    let (folders, name) = parts.split_at(parts.len() - 1);
    let stem = name[0].split('.').next().unwrap_or("");
    let mut modules = vec![stem.to_owned()];
    modules.extend(folders.last().map(|folder| (*folder).to_owned()));
    modules
}

fn folder(path: &RepoPath) -> &str {
    path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Methods are found by name: the name must be rare, and a call must show that the receiver is of the type.
fn method(
    context: &Context<'_>,
    gone: &Gone,
    declaration: &Declaration,
    source: &Source,
    spot: &Spot<'_>,
    same_file: bool,
) -> Reference {
    let of_a_test = Role::of(&gone.path) == Role::Test && !same_file;
    if of_a_test || (!spot.is_call() && !spot.qualified) {
        return Foreign;
    }
    let own = ["self", "Self", "this", "cls", "@", "$this", "static"];
    let container = declaration.container.as_deref();
    let by_type = spot.qualifier.is_some() && spot.qualifier == container;
    let implicit =
        matches!(source.language, Language::Java | Language::Kotlin | Language::CSharp | Language::Ruby);
    let renamed = gone.is_renamed();
    let own_type = same_file && (renamed || !inherits(source, container));
    let own_receiver = own_type && spot.qualifier.is_some_and(|word| own.contains(&word));
    let own_call = own_type && implicit && !spot.qualified;
    if by_type || ((own_receiver || own_call) && is_distinctive(&gone.name)) {
        return Ours;
    }
    if !spot.qualified || !is_distinctive(&gone.name) {
        return Foreign;
    }
    let typed = container.is_some_and(|container| mentions(source, container));
    let imported_elsewhere = context.source(Side::Base, &source.path).is_none();
    // A rare name that the change itself exchanged at other calls is hardly a method of something else.
    let rare = words(&gone.name).len() >= 3;
    match (renamed, typed || rare) {
        _ if imported_elsewhere => Foreign,
        (true, true) => Ours,
        (true, false) => Likely,
        _ => Foreign,
    }
}

/// True where the class has parents that may bring the method.
fn inherits(source: &Source, container: Option<&str>) -> bool {
    let Some(container) = container else { return true };
    source.numbered_lines().any(|(_, line)| {
        occurrences(line, container).first().is_some_and(|at| {
            let (before, after) = (&line[..*at], line[at + container.len()..].trim_start());
            let class = last_word(before.trim_end()) == "class";
            let parents =
                after.starts_with('(') && !after.starts_with("()") && !after.starts_with("(object)");
            class
                && (parents
                    || after.starts_with("extends")
                    || after.starts_with(':') && !after.trim_end().ends_with(':')
                    || after.starts_with('<'))
        })
    })
}

fn mentions(source: &Source, name: &str) -> bool {
    source.content().contains(name)
        && source
            .numbered_lines()
            .any(|(number, line)| line.contains(name) && !occurrences(&source.code(number), name).is_empty())
}

fn go(gone: &Gone, source: &Source, spot: &Spot<'_>) -> Reference {
    let same_folder = folder(&source.path) == folder(&gone.path);
    let own_folder = folder(&gone.path).rsplit('/').next().unwrap_or("");
    if !spot.qualified {
        let external_test = source
            .content()
            .lines()
            .any(|line| line.starts_with("package ") && line.trim_end().ends_with("_test"));
        return if same_folder && !external_test { Ours } else { Foreign };
    }
    let import = format!("/{own_folder}\"");
    let imported =
        source.numbered_lines().any(|(_, line)| line.contains(&import) && line.contains(folder(&gone.path)));
    if spot.qualifier == Some(own_folder) && imported && !own_folder.is_empty() { Ours } else { Foreign }
}

fn rust(
    gone: &Gone,
    declaration: &Declaration,
    source: &Source,
    spot: &Spot<'_>,
    same_file: bool,
) -> Reference {
    let modules = modules(&gone.path);
    if spot.before.ends_with('.') && !spot.before.ends_with("..") {
        return Foreign;
    }
    if let Some(qualifier) = spot.qualifier {
        let root = ["crate", "lib", "main", "src", "mod"];
        let ours = modules.iter().any(|module| module == qualifier && !root.contains(&module.as_str()))
            || declaration.container.as_deref() == Some(qualifier)
            || (qualifier == "crate" && modules.iter().any(|module| root.contains(&module.as_str())))
            || (same_file && matches!(qualifier, "self" | "Self"));
        return if ours && !leaves_the_crate(spot.code) { Ours } else { Foreign };
    }
    if declaration.container.is_some() {
        return Foreign;
    }
    if same_file {
        let imported = imports_name(source, &gone.name);
        let macro_text = spot.before.trim_end().ends_with('$') || spot.code.contains("macro_rules!");
        let plain = is_distinctive(&gone.name) || spot.is_call();
        return if imported || macro_text || !plain { Foreign } else { Ours };
    }
    let brought_in = source.numbered_lines().any(|(_, line)| {
        let line = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        line.starts_with("use ")
            && !leaves_the_crate(line)
            && !occurrences(line, &gone.name).is_empty()
            && modules.iter().any(|module| !occurrences(line, module).is_empty())
    });
    let glob = source
        .numbered_lines()
        .any(|(_, line)| is_import(line) && line.contains('*') && !leaves_the_crate(line));
    let renamed = gone.is_renamed();
    let through_glob = glob && renamed && spot.is_call();
    if (brought_in || through_glob) && is_distinctive(&gone.name) { Ours } else { Foreign }
}

/// True where a Rust path begins in another crate that everybody knows.
fn leaves_the_crate(code: &str) -> bool {
    ["std::", "core::", "alloc::"].iter().any(|root| code.contains(root))
}

fn imports_name(source: &Source, name: &str) -> bool {
    source.numbered_lines().any(|(number, line)| {
        line.contains(name)
            && (line.trim_start().starts_with("use ")
                || line.trim_start().starts_with("pub use ")
                || line.trim_end().ends_with(','))
            && !occurrences(&source.code(number), name).is_empty()
            && !line.contains('(')
    })
}

fn python(gone: &Gone, source: &Source, spot: &Spot<'_>, same_file: bool) -> Reference {
    if spot.qualified {
        let ours = spot.qualifier.is_some_and(|word| brings_module(gone, source, word));
        return Foreign.or_ours(ours && is_distinctive(&gone.name));
    }
    if let Some((from, _)) = python_import(spot.code) {
        return Foreign.or_ours(python_path(&source.path, from).is_some_and(|path| is_module(&path, gone)));
    }
    let star = source.numbered_lines().any(|(_, line)| line.trim_end().ends_with("import *"));
    if same_file {
        let keyword = spot.after.trim_start().starts_with('=') && !spot.after.trim_start().starts_with("==");
        let plain = is_distinctive(&gone.name) || spot.is_call();
        return Foreign.or_ours(!star && !keyword && plain && !imports_python(source, &gone.name));
    }
    Foreign
}

/// The module and the names of `from module import names`.
pub(super) fn python_import(line: &str) -> Option<(&str, &str)> {
    let (from, names) = line.trim_start().strip_prefix("from ")?.split_once(" import ")?;
    Some((from.trim(), names))
}

/// The path of a module without its ending: whole where dots lead there from the file, else as much as the name tells.
pub(super) fn python_path(from: &RepoPath, module: &str) -> Option<String> {
    let name = module.trim_start_matches('.');
    let dots = module.len() - name.len();
    let name = name.replace('.', "/");
    if dots == 0 {
        return Some(name);
    }
    let mut base = folder(from);
    for _ in 1..dots {
        base = base.rsplit_once('/').map_or((!base.is_empty()).then_some(""), |(above, _)| Some(above))?;
    }
    Some(format!(
        "/{}",
        [base, &name].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/")
    ))
}

/// True where the path of a module is the one that lost the name. One word alone is a module of the root, or anybody's.
pub(super) fn is_module(path: &str, gone: &Gone) -> bool {
    let wanted = gone.path.as_str().rsplit_once('.').map_or(gone.path.as_str(), |(stem, _)| stem);
    let wanted = wanted.strip_suffix("/__init__").unwrap_or(wanted);
    match path.strip_prefix('/') {
        Some(whole) => wanted == whole,
        None => {
            wanted == path
                || wanted.strip_prefix("src/") == Some(path)
                || path.contains('/') && wanted.ends_with(&format!("/{path}"))
        }
    }
}

/// True where an import gives the module that lost the name this name: `from . import word`, `import a.word`, `import a.b as word`.
fn brings_module(gone: &Gone, source: &Source, word: &str) -> bool {
    source.numbered_lines().any(|(_, line)| {
        if !line.contains("import") || occurrences(line, word).is_empty() {
            return false;
        }
        if let Some((from, names)) = python_import(line) {
            let named = |name: &str| {
                let (name, alias) = name.split_once(" as ").unwrap_or((name, name));
                (alias.trim() == word).then(|| name.trim().to_owned())
            };
            let names = names.trim_matches(['(', ')', ' ', '\n', '\r']).split(',');
            return names.filter_map(named).any(|name| {
                let dot = if from.ends_with('.') { "" } else { "." };
                python_path(&source.path, &format!("{from}{dot}{name}"))
                    .is_some_and(|path| is_module(&path, gone))
            });
        }
        let Some(modules) = line.trim().strip_prefix("import ") else { return false };
        modules.split(',').any(|module| {
            let (name, alias) = module.split_once(" as ").unwrap_or((module, module));
            let last = alias.trim().rsplit('.').next();
            last == Some(word) && is_module(&name.trim().replace('.', "/"), gone)
        })
    })
}

fn imports_python(source: &Source, name: &str) -> bool {
    let mut inside = false;
    source.numbered_lines().any(|(_, line)| {
        let line = line.trim();
        let starts = line.starts_with("from ") || line.starts_with("import ");
        let here = (starts || inside) && !occurrences(line, name).is_empty();
        inside = (starts && line.contains('(') || inside) && !line.contains(')');
        here
    })
}

/// True where a text on the line leads to the module that lost the name, from the file or from a root that begins with a mark.
pub(super) fn loads_module(gone: &Gone, source: &Source, line: &str) -> bool {
    let stem = |path: &str| {
        let file = path.rsplit('/').next().unwrap_or(path);
        let known =
            [".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte"];
        let end = known.iter().find(|end| file.ends_with(**end)).map_or(0, |end| end.len());
        let path = &path[..path.len() - end];
        path.strip_suffix("/index").unwrap_or(path).to_owned()
    };
    let wanted = stem(gone.path.as_str());
    let leads = |text: &str| {
        if text.starts_with('.') {
            return super::files::joined(folder(&source.path), text)
                .is_some_and(|path| stem(&path) == wanted);
        }
        let rooted = text.strip_prefix("@/").or_else(|| text.strip_prefix("~/"));
        rooted.is_some_and(|path| wanted.ends_with(&format!("/{}", stem(path))))
    };
    line.split(['"', '\'', '`']).skip(1).step_by(2).any(leads)
}

fn script(gone: &Gone, source: &Source, spot: &Spot<'_>, same_file: bool) -> Reference {
    let from_module = |line: &str| loads_module(gone, source, line);
    let imported_from_there = source.numbered_lines().any(|(_, line)| {
        (line.contains("import") || line.contains("require") || line.trim_start().starts_with('}'))
            && from_module(line)
    });
    if spot.qualified {
        let namespace = imported_from_there
            && spot.qualifier.is_some_and(|word| {
                source
                    .numbered_lines()
                    .any(|(_, line)| from_module(line) && !occurrences(line, word).is_empty())
            });
        return if namespace && is_distinctive(&gone.name) { Ours } else { Foreign };
    }
    let importing = spot.code.trim_start().starts_with("import")
        || spot.code.contains("require(")
        || spot.code.contains(" from ");
    if importing {
        return Foreign.or_ours(from_module_of(source, spot, &from_module) && is_distinctive(&gone.name));
    }
    if same_file {
        let imported = source.numbered_lines().any(|(_, line)| {
            (line.contains("import")
                || line.contains("require(")
                || line.contains("from '")
                || line.contains("from \""))
                && !occurrences(line, &gone.name).is_empty()
        });
        let typed = spot.is_call() || is_distinctive(&gone.name);
        return Foreign.or_ours(typed && !imported);
    }
    Foreign
}

fn from_module_of(source: &Source, spot: &Spot<'_>, from_module: &dyn Fn(&str) -> bool) -> bool {
    source.numbered_lines().any(|(number, line)| from_module(line) && source.code(number) == spot.code)
}

impl Reference {
    fn or_ours(self, ours: bool) -> Self {
        if ours { Ours } else { self }
    }
}

fn c(gone: &Gone, source: &Source, spot: &Spot<'_>, same_file: bool, base_line: &str) -> Reference {
    if spot.before.ends_with('.') || spot.before.ends_with("->") {
        return Foreign;
    }
    if let Some(qualifier) = spot.qualifier {
        let container = gone.declaration.as_ref().and_then(|found| found.container.as_deref());
        return Foreign.or_ours(container == Some(qualifier));
    }
    let preprocessor = spot.code.trim_start().starts_with('#');
    if preprocessor || spot.qualified {
        return Foreign;
    }
    let header =
        std::path::Path::new(gone.path.file_name()).extension().is_some_and(|extension| extension != "c");
    let private = base_line.trim_start().starts_with("static ");
    let near = (folder(&source.path) == folder(&gone.path) || header) && !private;
    let called = is_distinctive(&gone.name) && spot.is_call();
    let renamed = gone.is_renamed();
    let own = same_file && (spot.is_call() || is_distinctive(&gone.name));
    // A macro or a type is named without being called.
    let plain = is_distinctive(&gone.name) && renamed && gone.what != DeclarationKind::Function.label();
    // Names are global in C: what one folder loses, another one misses, unless the system has it too.
    if own || (called && (near || (renamed && !private))) || plain { Ours } else { Foreign }
}

fn shell(gone: &Gone, spot: &Spot<'_>, same_file: bool) -> Reference {
    let variable = spot.before.ends_with(['$', '{']);
    let constant = gone.what == DeclarationKind::Constant.label();
    let before = spot.before.trim_end();
    let command = before.is_empty()
        || before.ends_with(['|', ';', '&', '(', '!'])
        || ["then", "do", "else", "if", "while", "run"].contains(&last_word(before));
    Foreign.or_ours(
        same_file && !constant && command && !variable && !spot.after.starts_with(['-', '.', '/', '=']),
    )
}

/// Languages whose scopes lines do not tell: only what is rare, and only where it was declared.
fn by_name(gone: &Gone, spot: &Spot<'_>, same_file: bool) -> Reference {
    if spot.code.trim_start().starts_with("import") || spot.code.trim_start().starts_with("using") {
        return Foreign;
    }
    match (same_file, is_distinctive(&gone.name)) {
        (true, true) if !spot.qualified => Ours,
        (true, false) if spot.is_call() && !spot.qualified => Ours,
        (false, true) if gone.is_renamed() => Likely,
        _ => Foreign,
    }
}
