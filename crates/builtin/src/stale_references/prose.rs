//! Names that are gone in comments and documents.
//!
//! In: an occurrence outside of code. Out: a use where the text surely means what is gone: it marks the name as code, says whose it
//! is, or stands where code used the name before the change. A word that only looks like the name is none.

use model::{Severity, Side};

use super::bindings::binds;
use super::resolution::path_now;
use super::{Gone, Use, speaks_of_the_past};
use crate::change::Hit;
use crate::context::{Context, path_before};
use crate::declarations::{Declaration, DeclarationKind};
use crate::language::{Language, Role};
use crate::lex::Part;
use crate::names::{is_distinctive, is_uncommon, occurrences, words};
use crate::source::Source;

/// True where an example in a comment or a document declares the name itself, close by.
fn is_declared_in_prose(source: &Source, line: u32, name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "struct",
        "class",
        "enum",
        "trait",
        "interface",
        "fn",
        "def",
        "function",
        "func",
        "type",
        "impl",
        "let",
        "const",
        "var",
    ];
    const REACH: u32 = 60;
    (line.saturating_sub(REACH).max(1)..=source.line_count().min(line + REACH)).any(|number| {
        let text = source.line(number);
        let prose = source.role == Role::Docs || !source.comment(number).trim().is_empty();
        let typedef = ["@typedef", "@callback", "@interface"].iter().any(|tag| text.contains(tag));
        (prose && typedef && !occurrences(text, name).is_empty())
            || prose
                && occurrences(text, name).iter().any(|at| {
                    let before = text[..*at].trim_end();
                    text[..*at].ends_with(' ')
                        && WORDS.iter().any(|word| {
                            // At the beginning of the line: elsewhere it is a sentence about a function or a type.
                            before.strip_suffix(word).is_some_and(|rest| {
                                let rest = rest
                                    .trim_start_matches(['/', '!', '*', '#', '-', ';', '"', '>', ' ', '\t']);
                                ["", "pub", "export", "public", "async", "static"].contains(&rest.trim_end())
                            })
                        })
                })
    })
}

/// A mention in a comment or a document.
pub(super) fn mentioned(
    context: &Context<'_>,
    gone: &Gone,
    declaration: &Declaration,
    source: &Source,
    hit: &Hit,
    at: usize,
) -> Option<Use> {
    let kin = source.language.shares_names_with(gone.language);
    let (how, consequence) = if source.part_at(hit.line, at) == Part::Comment && kin {
        ("still names it in a comment", "who follows the comment looks for something that is not there")
    } else if source.role == Role::Docs {
        ("still documents it", "who follows the documentation looks for something that is not there")
    } else {
        return None;
    };
    // What only a test or an example declared is meant by that file alone.
    let own = Role::of(&gone.path) == Role::Source || path_now(context, &gone.path) == source.path;
    if !own
        || !names_it(gone, declaration, &hit.text, at)
        || !is_meant(context, gone, declaration, source, hit.line, at)
    {
        return None;
    }
    let near = [source.line(hit.line.saturating_sub(1)), &hit.text, source.line(hit.line + 1)];
    // `load_legacy_config` says nothing of the past by its own name.
    let past = near.into_iter().any(|text| speaks_of_the_past(&text.replace(&gone.name, "")));
    let example = is_code_in_prose(gone, source, hit.line, at)
        || is_written_on_purpose(context, gone, source, hit.line)
        || is_declared_in_prose(source, hit.line, &gone.name);
    let severity = Severity::Suggestion;
    let path = source.path.clone();
    (!past && !example).then_some(Use { path, line: hit.line, severity, how, consequence, prose: true })
}

/// True where nothing else can be meant: the text marks the name as code, or stands in a file whose code used it before the change.
/// A name that merely went needs more than one that is another name now: a word may live on without its function.
fn is_meant(
    context: &Context<'_>,
    gone: &Gone,
    declaration: &Declaration,
    source: &Source,
    line: u32,
    at: usize,
) -> bool {
    let renamed = gone.is_renamed();
    let mark = mark(gone, source, line, at);
    let home = is_at_home(context, gone, source);
    // `max_size`, `loadConfig`: no word of a sentence. `ResourceType` may be one.
    let unlike_words = gone.name.contains('_')
        || gone.name.starts_with(char::is_lowercase) && gone.name.contains(char::is_uppercase)
        || words(&gone.name).len() >= 3;
    let of_its_type =
        || declaration.container.as_deref().is_none_or(|container| source.content().contains(container));
    match (declaration.kind, mark) {
        (_, Mark::AnotherLanguage) => false,
        // Variables of examples have such names.
        (DeclarationKind::Constant, _) if gone.name.starts_with(char::is_lowercase) && !renamed => false,
        (DeclarationKind::Method, _) if !home && !of_its_type() => false,
        (DeclarationKind::Method, Mark::None) if !home => false,
        (_, Mark::Code) => true,
        (_, Mark::None) if source.role == Role::Docs => renamed && unlike_words,
        (_, Mark::None) => home || renamed && unlike_words,
        (_, Mark::Bare) => false,
    }
}

/// How a text sets a name off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// Written as code: between backticks, called, linked, given as the type of something.
    Code,
    /// In a block of code, where a bare word may be a variable of that code.
    Bare,
    /// In a block of code of another language.
    AnotherLanguage,
    None,
}

fn mark(gone: &Gone, source: &Source, line: u32, at: usize) -> Mark {
    let text = source.line(line);
    let (before, after) = (&text[..at], &text[at + gone.name.len()..]);
    let called = after.starts_with('(');
    let linked = before.ends_with('[') && after.starts_with(']')
        || before.ends_with('{') && after.starts_with('}')
        || before.ends_with("{@link ")
        || before.ends_with("@see ");
    if source.role == Role::Docs
        && let Some(info) = fence(source, line)
    {
        let loads =
            ["import", "from ", "use ", "const {"].iter().any(|word| text.trim_start().starts_with(word));
        return match language_named(info) {
            Some(language) if !language.shares_names_with(gone.language) => Mark::AnotherLanguage,
            _ if called || loads => Mark::Code,
            _ => Mark::Bare,
        };
    }
    let quoted = before.matches('`').count() % 2 == 1 && after.contains('`');
    if called || linked || quoted { Mark::Code } else { Mark::None }
}

/// What stands behind the fence of the block of code around a line of a document.
fn fence(source: &Source, line: u32) -> Option<&str> {
    let mut open = None;
    for number in 1..line {
        let text = source.line(number).trim_start();
        if let Some(info) = text.strip_prefix("```").or_else(|| text.strip_prefix("~~~")) {
            open = if open.is_some() { None } else { Some(info.trim()) };
        }
    }
    open
}

/// The language that a fence names, where it is one of ours.
fn language_named(info: &str) -> Option<Language> {
    let word = info
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '+' | '#')))
        .find(|word| !word.is_empty())?;
    let extension = match word.to_ascii_lowercase().as_str() {
        "javascript" | "typescript" | "node" => "js",
        "python" | "python3" | "pycon" => "py",
        "rust" => "rs",
        "golang" => "go",
        "kotlin" => "kt",
        "csharp" | "c#" => "cs",
        "c++" => "cpp",
        "ruby" => "rb",
        "shell" | "console" | "zsh" => "sh",
        other => {
            return Some(Language::of(&format!("a.{other}").as_str().into())).filter(|found| found.is_code());
        }
    };
    Some(Language::of(&format!("a.{extension}").as_str().into()))
}

/// True where the file declared the name, or its code used it before the change: what it says of the name, it says of this one.
fn is_at_home(context: &Context<'_>, gone: &Gone, source: &Source) -> bool {
    if path_now(context, &gone.path) == source.path {
        return true;
    }
    let before = context.diff_of(&source.path).and_then(path_before);
    before.and_then(|path| context.source(Side::Base, path)).is_some_and(|before| {
        before.numbered_lines().any(|(number, text)| {
            text.contains(&gone.name) && !occurrences(&before.code(number), &gone.name).is_empty()
        })
    })
}

/// True where the name stands for itself and for nothing around it: no part of a path, a link or a longer word.
fn names_it(gone: &Gone, declaration: &Declaration, line: &str, at: usize) -> bool {
    let name = &gone.name;
    let (before, after) = (&line[..at], &line[at + name.len()..]);
    let dashed =
        before.ends_with('-') || after.starts_with('-') && after[1..].starts_with(char::is_alphanumeric);
    let in_path =
        before.ends_with(['/', '\\', '@', '$', '%', '#']) || after.starts_with('/') || in_address(line, at);
    let extension = after.starts_with('.') && after[1..].starts_with(|c: char| c.is_lowercase());
    let linked = after.find("](").is_some_and(|link| after[link..].starts_with("](http"));
    if dashed || linked || in_path || extension && declaration.kind != DeclarationKind::Type {
        return false;
    }
    // A single word means it only where it is marked as code and the change shows what became of it.
    let marked = before.ends_with('`') && after.starts_with('`') || after.starts_with("()");
    let meant = is_distinctive(name) || (gone.is_renamed() && marked && is_uncommon(name));
    meant && qualifier_fits(gone, declaration, before)
}

/// True where the line defines the name itself, or is code that somebody took out: neither is a reference.
fn is_code_in_prose(gone: &Gone, source: &Source, line: u32, at: usize) -> bool {
    let text = source.line(line);
    let marks: &[char] = &['/', '*', '#', '!', '-', ';', ' ', '\t'];
    let offset = text.len() - text.trim_start_matches(marks).len();
    let bare = text.trim();
    let defines = at >= offset
        && (binds(gone.language, &text[offset..], at - offset, &gone.name)
            || crate::declarations::declared(gone.language, &text[offset..])
                .is_some_and(|(_, name)| name == gone.name));
    let unmarked = !bare.starts_with(['*', '#']) && !bare.starts_with("///") && !bare.starts_with("//!");
    let ends_like_code = bare.ends_with([';', '{', '}']) || (bare.ends_with(',') && bare.contains('('));
    let taken_out =
        source.role != Role::Docs && (unmarked && ends_like_code || is_statement(bare, &gone.name));
    defines || taken_out
}

/// True where a comment is nothing but a call or an assignment: `# self.dump_tree(name)`.
fn is_statement(comment: &str, name: &str) -> bool {
    let Some(text) = comment.strip_prefix("//").or_else(|| comment.strip_prefix('#')) else { return false };
    let text = text.trim().trim_end_matches([';', ',']);
    let plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '$'));
    let call = |text: &str| {
        text.split_once('(').is_some_and(|(callee, rest)| {
            rest.ends_with(')') && plain(callee.trim_start_matches("await ").trim_start_matches("return "))
        })
    };
    let value = text.split_once(" = ").filter(|(left, _)| plain(left)).map_or(text, |(_, right)| right);
    !occurrences(text, name).is_empty() && (call(value) || value.len() < text.len())
}

/// True where the change writes the name anew although it takes away what it names: it tells of the past, or a comment mark took
/// the line out. A comment that named it before and was only edited is forgotten like any other.
fn is_written_on_purpose(context: &Context<'_>, gone: &Gone, source: &Source, line: u32) -> bool {
    let file = context.diff_of(&source.path);
    let before = file.and_then(path_before).and_then(|path| context.source(Side::Base, path));
    let edited = || {
        let (Some(file), Some(before)) = (file, before.as_ref()) else { return false };
        file.removed().any(|(number, text)| {
            let prose =
                |at: &usize| before.role == Role::Docs || before.part_at(number, *at) == Part::Comment;
            occurrences(text, &gone.name).iter().any(prose)
        })
    };
    context.is_added(&source.path, line) && !context.is_moved(source, line) && !edited()
}

fn in_address(line: &str, at: usize) -> bool {
    let start = line[..at].rfind(char::is_whitespace).map_or(0, |space| space + 1);
    line[start..at].contains("://")
}

/// `Other::name` and `other.name` mean something else unless `Other` is where the name was declared.
fn qualifier_fits(gone: &Gone, declaration: &Declaration, before: &str) -> bool {
    let Some(stripped) = before.strip_suffix("::").or_else(|| before.strip_suffix(['.', '#'])) else {
        return true;
    };
    let start = stripped.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    let Some(qualifier) = stripped.get(start..).filter(|qualifier| !qualifier.is_empty()) else {
        // `.name` begins a member of something written before, `f().name` is one of an unknown thing.
        return declaration.kind == DeclarationKind::Method && !stripped.ends_with([')', ']']);
    };
    let known = ["self", "Self", "this", "cls", "crate", "super"];
    let container = declaration.container.as_deref();
    known.contains(&qualifier)
        || container == Some(qualifier)
        || super::resolution::modules(&gone.path).iter().any(|module| module == qualifier)
}
