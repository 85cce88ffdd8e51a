//! Functions, methods, types and constants that are gone and still named.
//!
//! In: declarations before and after. Out: names that no file declares any more, and the places that use them. A name
//! that anything at head declares, binds or newly uses is alive; a single everyday word must be used beyond doubt.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use model::{FileDiff, RepoPath, Severity, Side};

use super::bindings::binds;
use super::prose::mentioned;
use super::renames::{Renames, Replacement};
use super::resolution::{Reference, is_import, path_now, resolve};
use super::{Gone, SYMBOL, Use};
use crate::change::Hit;
use crate::context::{Context, path_before};
use crate::declarations::{Declaration, DeclarationKind, declarations};
use crate::functions::indent;
use crate::language::{Language, Role};
use crate::lex::Part;
use crate::names::{is_distinctive, is_uncommon, occurrences, words};
use crate::source::Source;

/// More names than this from one change are a rewrite, where nothing can be told.
const MOST_NAMES: usize = 400;

/// The names that the change took away.
pub(super) fn gone(context: &Context<'_>, renames: &Renames) -> Vec<Gone> {
    let mut before: BTreeMap<String, (Declaration, RepoPath, Language)> = BTreeMap::new();
    let mut after: HashSet<String> = HashSet::new();
    let mut fresh: BTreeMap<String, DeclarationKind> = BTreeMap::new();
    let mut types: HashSet<String> = HashSet::new();
    for file in context.changed() {
        let old = declared(context, Side::Base, path_before(file));
        let new = declared(context, Side::Head, Some(&file.path));
        let old_names: HashSet<&str> = old.iter().map(|(found, ..)| found.name.as_str()).collect();
        for (found, ..) in &new {
            if !old_names.contains(found.name.as_str()) {
                fresh.insert(found.name.clone(), found.kind);
            }
            after.insert(found.name.clone());
        }
        types.extend(
            old.iter().filter(|(it, ..)| it.kind == DeclarationKind::Type).map(|(it, ..)| it.name.clone()),
        );
        for (found, path, language) in old {
            if is_a_call(context, &found, &path) {
                continue;
            }
            let is_ours =
                !is_promised_by_a_trait(context, &found, &path) && !is_stand_in(context, &found, &path);
            if worth_looking_up(&found, file) && is_ours {
                before.entry(found.name.clone()).or_insert((found, path, language));
            }
        }
    }
    // Where its type went as well, the type's own finding tells; or the type comes from elsewhere now, and the member with it.
    let lost = |container: &str| types.contains(container) && !after.contains(container);
    before.retain(|name, (found, ..)| !after.contains(name) && !found.container.as_deref().is_some_and(lost));
    let mut gone: Vec<Gone> = before
        .into_values()
        .map(|(declaration, path, language)| {
            let kept = |new: &str| keeps_its_body(context, &path, &declaration, new);
            let replacement = replacement(&declaration, renames, &fresh, &kept);
            Gone {
                rule: SYMBOL,
                what: declaration.kind.label(),
                needle: declaration.name.clone(),
                name: declaration.name.clone(),
                path,
                line: declaration.line,
                language,
                replacement,
                declaration: Some(declaration),
            }
        })
        .collect();
    gone.sort_by_key(|gone| (gone.replacement.is_none(), !is_distinctive(&gone.name), gone.name.clone()));
    gone.truncate(MOST_NAMES);
    gone
}

fn declared(
    context: &Context<'_>,
    side: Side,
    path: Option<&RepoPath>,
) -> Vec<(Declaration, RepoPath, Language)> {
    let Some(source) = path.and_then(|path| context.source(side, path)) else { return Vec::new() };
    declarations(&source).into_iter().map(|found| (found, source.path.clone(), source.language)).collect()
}

/// `resolve(path, function (entry) {` begins like a method and calls something.
fn is_a_call(context: &Context<'_>, found: &Declaration, path: &RepoPath) -> bool {
    found.kind == DeclarationKind::Method
        && Language::of(path) == Language::Script
        && context.source(Side::Base, path).is_some_and(|source| {
            let code = source.code(found.line);
            code.contains("=>") || code.split_once('(').is_some_and(|(_, rest)| rest.contains("function"))
        })
}

/// A method in `impl Trait for Type` belongs to the trait, which may provide it without the type's help. Where the trait is
/// ours and lost it, its own declaration tells.
fn is_promised_by_a_trait(context: &Context<'_>, found: &Declaration, path: &RepoPath) -> bool {
    if Language::of(path) != Language::Rust || found.kind != DeclarationKind::Method {
        return false;
    }
    let Some(source) = context.source(Side::Base, path) else { return false };
    let depth = indent(source.line(found.line));
    let head = (1..found.line).rev().find(|line| {
        let text = source.code(*line);
        indent(&text) < depth && text.trim_start().starts_with("impl")
    });
    head.is_some_and(|line| {
        let signature: String = (line..=line + 3).map(|line| source.code(line)).collect();
        signature.split('{').next().is_some_and(|signature| signature.contains(" for "))
    })
}

/// A declaration below a condition stands in for something of that name where that is missing (`if sys.version_info < …`):
/// once it goes, the name means the other one.
fn is_stand_in(context: &Context<'_>, found: &Declaration, path: &RepoPath) -> bool {
    if !matches!(Language::of(path), Language::Python | Language::Script | Language::Ruby | Language::Php) {
        return false;
    }
    let Some(source) = context.source(Side::Base, path) else { return false };
    let depth = indent(source.line(found.line));
    let above = (1..found.line).rev().find(|line| {
        let text = source.code(*line);
        !text.trim().is_empty() && indent(&text) < depth
    });
    above.is_some_and(|line| {
        let text = source.code(line);
        let first =
            text.trim_start().trim_start_matches(['}', ' ']).split(|c: char| !c.is_alphanumeric()).next();
        first.is_some_and(|word| ["if", "elif", "else", "try", "except", "catch"].contains(&word))
    })
}

/// Names of tests are looked up by nobody; short ones are too common.
fn worth_looking_up(found: &Declaration, file: &FileDiff) -> bool {
    let name = &found.name;
    let is_test = Role::of(&file.path) == Role::Test
        && ["test", "Test", "Benchmark", "Example", "Fuzz", "it_", "should"]
            .iter()
            .any(|start| name.starts_with(start));
    let dunder = name.starts_with("__") && name.ends_with("__");
    let by_itself =
        matches!(found.kind, DeclarationKind::Function | DeclarationKind::Type) && is_uncommon(name);
    !is_test && !dunder && (is_distinctive(name) || by_itself)
}

fn replacement(
    declaration: &Declaration,
    renames: &Renames,
    fresh: &BTreeMap<String, DeclarationKind>,
    kept: &dyn Fn(&str) -> bool,
) -> Option<Replacement> {
    let found = renames.replacement(&declaration.name, |new| {
        fresh.get(new).is_some_and(|kind| alike(*kind, declaration.kind))
    })?;
    // One line alone may be a coincidence of two edits, unless the names resemble each other.
    let votes = renames.votes(&declaration.name, &found.text);
    let shown = votes >= 2 * VOTES_A_LINE || resembles(&declaration.name, &found.text) || kept(&found.text);
    shown.then_some(found)
}

/// True where what stands below the declaration stands below that of the new name as well.
fn keeps_its_body(context: &Context<'_>, path: &RepoPath, declaration: &Declaration, new: &str) -> bool {
    const LINES: u32 = 3;
    let now = path_now(context, path);
    let (Some(before), Some(after)) = (context.source(Side::Base, path), context.source(Side::Head, &now))
    else {
        return false;
    };
    let below = |source: &Source, line: u32| {
        (line + 1..=line + LINES).map(|line| source.line(line).trim().to_owned()).collect::<Vec<_>>()
    };
    let body = below(&before, declaration.line);
    let says_something = body.iter().filter(|line| line.len() > 3).count() >= 2;
    says_something
        && declarations(&after).iter().any(|found| found.name == new && below(&after, found.line) == body)
}

fn alike(left: DeclarationKind, right: DeclarationKind) -> bool {
    use DeclarationKind::{Function, Method};
    left == right || (matches!(left, Function | Method) && matches!(right, Function | Method))
}

/// Every line is read twice: with narrow and with wide words.
const VOTES_A_LINE: usize = 2;

/// True where half of the words of the longer name are in the other one.
fn resembles(left: &str, right: &str) -> bool {
    let (left, right) = (words(left), words(right));
    let common = right.iter().filter(|word| left.contains(word)).count();
    let whole = left.concat();
    common * 2 >= left.len().max(right.len()) || whole == right.concat()
}

/// The places that still use the name; none where it may be alive.
pub(super) fn uses(context: &Context<'_>, gone: &Gone, hits: &[Hit]) -> Vec<Use> {
    let Some(declaration) = &gone.declaration else { return Vec::new() };
    let mut by_file: BTreeMap<&RepoPath, Vec<&Hit>> = BTreeMap::new();
    for hit in hits {
        if !occurrences(&hit.text, &gone.name).is_empty() {
            by_file.entry(&hit.path).or_default().push(hit);
        }
    }
    let mut uses = Vec::new();
    let mut shared = false;
    let few = are_few(context, gone, &by_file);
    for (path, hits) in by_file {
        let Some(source) = context.source(Side::Head, path) else { continue };
        match look_at(context, gone, declaration, &source, &hits, few) {
            Seen::Alive => return Vec::new(),
            Seen::Uses(found, foreign) => {
                uses.extend(found);
                shared |= foreign;
            }
        }
    }
    // A type that a comment defines is there for comments.
    let defined = hits.iter().any(|hit| {
        ["@typedef", "@callback", "@interface", "@class", "@namespace", "@event", "@external", "@name"]
            .iter()
            .any(|tag| hit.text.contains(tag))
            && !occurrences(&hit.text, &gone.name).is_empty()
    });
    // Where code goes on using the name for something else, prose may mean that.
    // So it may where code knows the name as a text: an event, a command, a key.
    let quoted = ['"', '\''].map(|quote| format!("{quote}{}{quote}", gone.name));
    let as_text = hits.iter().any(|hit| {
        Role::of(&hit.path) == Role::Source
            && Language::of(&hit.path).is_code()
            && quoted.iter().any(|text| hit.text.contains(text))
    });
    uses.retain(|found| !((shared || as_text || defined) && found.prose));
    uses
}

/// True where code has the old name in so few places, compared with those that the change renamed, that they were forgotten.
fn are_few(context: &Context<'_>, gone: &Gone, hits: &BTreeMap<&RepoPath, Vec<&Hit>>) -> bool {
    let shipped = Role::of(&gone.path) == Role::Source && is_distinctive(&gone.name);
    let Some(renamed) = gone.replacement.as_ref().filter(|new| new.certain && shipped) else { return false };
    let left = hits.iter().filter_map(|(path, hits)| {
        let source = context.source(Side::Head, path)?;
        let kin = source.language.shares_names_with(gone.language) && source.role != Role::Foreign;
        let code = |hit: &&&Hit| {
            occurrences(&hit.text, &gone.name).iter().any(|at| source.part_at(hit.line, *at) == Part::Code)
        };
        kin.then(|| hits.iter().filter(code).count())
    });
    left.sum::<usize>() * 2 <= renamed.lines
}

enum Seen {
    /// The name has a meaning at head after all.
    Alive,
    /// The uses, and whether code uses the name for something else.
    Uses(Vec<Use>, bool),
}

fn look_at(
    context: &Context<'_>,
    gone: &Gone,
    declaration: &Declaration,
    source: &Source,
    hits: &[&Hit],
    few: bool,
) -> Seen {
    let kin = source.language.shares_names_with(gone.language);
    let mut uses = Vec::new();
    let (mut bound, mut foreign) = (false, false);
    // A line that the search cut in its middle has other columns than the file.
    for hit in hits.iter().filter(|hit| source.line(hit.line).starts_with(&hit.text)) {
        let added = context.is_added(&source.path, hit.line);
        for at in occurrences(&hit.text, &gone.name) {
            let part = source.part_at(hit.line, at);
            if kin && part == Part::Code && is_variant(source, hit.line, at) {
                foreign = true;
            } else if kin && part == Part::Code {
                match meaning(declaration, gone, source, hit.line, at) {
                    _ if added => return Seen::Alive,
                    Meaning::Declared => return Seen::Alive,
                    Meaning::Bound => bound = true,
                    Meaning::None => {}
                }
                match resolve(context, gone, declaration, source, hit.line, at) {
                    // The change wrote the new name nearly everywhere: what is left was meant as well.
                    Reference::Foreign if few && !is_import(&hit.text) => {
                        uses.extend(used(context, gone, source, hit, Reference::Likely));
                    }
                    Reference::Foreign => foreign = true,
                    reference => uses.extend(used(context, gone, source, hit, reference)),
                }
            } else if kin
                && part == Part::String
                && crate::declarations::declared(source.language, &hit.text)
                    .is_some_and(|(_, name)| name == gone.name)
            {
                // A quote that the lexer took for the beginning of a string hides declarations, too.
                return Seen::Alive;
            } else if kin && part == Part::String && source.role == Role::Source && added {
                // Names in strings are looked up at run time: `__getattr__`, reflection, registries.
                return Seen::Alive;
            } else if kin && part == Part::String && !added && is_looked_up(gone, declaration, &hit.text, at)
            {
                uses.extend(is_looked_at(context, source).then(|| Use {
                    path: source.path.clone(),
                    line: hit.line,
                    severity: Severity::Suggestion,
                    how: "still names it in a text that is looked up when the line runs",
                    consequence: "nothing of that name is found",
                    prose: false,
                }));
            } else if part == Part::Code && source.language.is_code() {
                // Another language has the name as well: prose may mean that one.
                foreign = true;
            } else if is_looked_at(context, source) {
                uses.extend(mentioned(context, gone, declaration, source, hit, at));
            }
        }
    }
    // A name bound in this file means that binding here, in code and in comments alike.
    if bound {
        uses.clear();
    }
    let mut seen = BTreeSet::new();
    uses.retain(|found| seen.insert(found.line));
    Seen::Uses(uses, foreign || bound)
}

/// True for a text by which a line finds what has another name now: `patch("app.load.load_config")`, `spyOn(app, 'loadConfig')`.
fn is_looked_up(gone: &Gone, declaration: &Declaration, line: &str, at: usize) -> bool {
    const LOOKUPS: [&str; 8] =
        ["getattr(", "setattr(", "hasattr(", "patch.object(", "spyOn(", ".stub(", "mock.method(", "__all__"];
    let (before, after) = (&line[..at], &line[at + gone.name.len()..]);
    let quotes: &[char] = &['"', '\''];
    let whole = before.ends_with(quotes) && after.starts_with(quotes);
    let owner = before.strip_suffix('.').map(|text| {
        let start = text.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        text.get(start..).unwrap_or("")
    });
    let ours = |owner: &str| {
        declaration.container.as_deref() == Some(owner)
            || super::resolution::modules(&gone.path).iter().any(|module| module == owner)
    };
    gone.is_renamed()
        && is_distinctive(&gone.name)
        && (whole && LOOKUPS.iter().any(|word| line.contains(word))
            || after.starts_with(quotes) && owner.is_some_and(|owner| owner.len() >= 3 && ours(owner)))
}

/// What a line of code gives the name.
enum Meaning {
    /// A declaration that everybody may mean.
    Declared,
    /// Another meaning within the file.
    Bound,
    None,
}

fn meaning(declaration: &Declaration, gone: &Gone, source: &Source, line: u32, at: usize) -> Meaning {
    let code = source.code(line);
    let declares =
        crate::declarations::declared(source.language, &code).is_some_and(|(_, name)| name == gone.name);
    let attribute = declaration.kind == DeclarationKind::Method && is_attribute_set(&code, at, &gone.name);
    let binding = attribute || binds(source.language, &code, at, &gone.name);
    // A binding in the declaring file, or of a single word anywhere, gives the name another meaning everywhere.
    let wide = source.path == gone.path || !is_distinctive(&gone.name);
    match (declares, binding) {
        (true, _) => Meaning::Declared,
        (_, true) if wide => Meaning::Declared,
        (_, true) => Meaning::Bound,
        _ => Meaning::None,
    }
}

/// True where a member of an enumeration has the name: `Builtin(Text)` is no use of a type `Builtin`.
fn is_variant(source: &Source, line: u32, at: usize) -> bool {
    const REACH: u32 = 200;
    let depth = crate::functions::indent(source.line(line));
    let above = (line.saturating_sub(REACH).max(1)..line).rev();
    let mut opening = above.filter(|number| {
        let text = source.code(*number);
        !text.trim().is_empty() && crate::functions::indent(&text) < depth
    });
    let is_enum = |number: u32| source.code(number).split_whitespace().any(|word| word == "enum");
    at == depth && opening.next().is_some_and(is_enum)
}

fn is_attribute_set(code: &str, at: usize, name: &str) -> bool {
    let after = code[at + name.len()..].trim_start();
    code[..at].ends_with('.') && after.starts_with('=') && !after.starts_with("==")
}

fn is_looked_at(context: &Context<'_>, source: &Source) -> bool {
    !matches!(source.role, Role::History | Role::Foreign) && !context.settings.is_trivial(&source.path)
}

/// False where only tests and examples declared the name: other code and documents mean another thing by it.
fn may_mean(gone: &Gone, source: &Source) -> bool {
    let role = Role::of(&gone.path);
    !matches!(role, Role::Test | Role::Example) || source.role == role
}

/// A use in code.
fn used(context: &Context<'_>, gone: &Gone, source: &Source, hit: &Hit, reference: Reference) -> Option<Use> {
    // What merely went and would not compile comes from elsewhere now, in ways that the text does not show.
    let is_ours = matches!(reference, Reference::Ours);
    if !gone.is_renamed() && is_compiled(source) && !(is_ours && has_successor(context, gone)) {
        return None;
    }
    let (severity, how) = match reference {
        Reference::Ours if gone.is_renamed() => (Severity::Important, "still uses it"),
        Reference::Ours => (Severity::Suggestion, "still uses it"),
        _ => (Severity::Suggestion, "seems to use it still"),
    };
    (may_mean(gone, source) && is_looked_at(context, source)).then(|| Use {
        path: source.path.clone(),
        line: hit.line,
        severity,
        how,
        consequence: consequence(gone.language),
        prose: false,
    })
}

/// True where one new declaration of the file has all words of the name, or the name all of its: it changed what it takes as well,
/// so that no line shows one name in the place of the other.
fn has_successor(context: &Context<'_>, gone: &Gone) -> bool {
    let Some(declaration) = &gone.declaration else { return false };
    let file = context.changed().find(|file| path_before(file) == Some(&gone.path));
    let Some(now) = file.and_then(|file| context.source(Side::Head, &file.path)) else { return false };
    let Some(before) = context.source(Side::Base, &gone.path) else { return false };
    let old: HashSet<String> = declarations(&before).into_iter().map(|found| found.name).collect();
    let own = words(&declaration.name);
    let within = |left: &[String], right: &[String]| left.iter().all(|word| right.contains(word));
    let mut successors = declarations(&now).into_iter().filter(|found| {
        let other = words(&found.name);
        let related = own.len() >= 2 && other.len() >= 2 && (within(&own, &other) || within(&other, &own));
        alike(found.kind, declaration.kind) && !old.contains(&found.name) && related
    });
    successors.next().is_some() && successors.next().is_none()
}

/// True where a compiler refuses a name that is not there.
fn is_compiled(source: &Source) -> bool {
    use Language::{C, CSharp, Go, Java, Kotlin, Rust};
    let typed = source.language == Language::Script && !source.path.extension().contains("js");
    matches!(source.language, C | CSharp | Go | Java | Kotlin | Rust) || typed
}

fn consequence(language: Language) -> &'static str {
    match language {
        Language::Python => "the name cannot be resolved when the line runs or is imported",
        Language::Script | Language::Ruby | Language::Php => "the name cannot be resolved when the line runs",
        Language::Shell => "the shell answers \"command not found\" when the line runs",
        _ => "the name cannot be resolved, so this does not compile",
    }
}
