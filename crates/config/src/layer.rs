//! One layer: checked on its own, taken apart into single values with their places.
//!
//! In: the text of one file. Out: its leaves, or the first thing wrong with it. A layer is checked before anything
//! is combined, so that an error points at what somebody wrote.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Problem, place};
use crate::{Settings, nearest, schema};

/// Where a value can come from, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// `default-config.toml`.
    Default,
    /// The user's file.
    User,
    /// `deep-review.toml` of the base commit. Not trusted to choose commands.
    Repository,
    /// `deep-review/config.toml` in the git common dir.
    Local,
    /// The file named with `--config`.
    File,
    /// A `DEEP_REVIEW_*` variable.
    Environment,
    /// A flag.
    Flag,
}

impl Layer {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::User => "user",
            Self::Repository => "repository",
            Self::Local => "local",
            Self::File => "--config",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// Where one value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Which layer.
    pub layer: Layer,
    /// The file as it was named, the variable or the flag.
    pub source: String,
    /// Line in the file, 1-based; `None` for variables and flags.
    pub line: Option<u32>,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line} ({})", self.source, self.layer.as_str()),
            None => write!(formatter, "{} ({})", self.source, self.layer.as_str()),
        }
    }
}

/// A key as its parts. Parts may hold dots (`reviewers."my.agent".timeout`), so a path is not a text.
pub(crate) type KeyPath = Vec<String>;

/// The path as TOML writes it.
pub(crate) fn spell(path: &[String]) -> String {
    let bare = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    let parts: Vec<String> = path
        .iter()
        .map(|part| if bare(part) { part.clone() } else { toml::Value::from(part.as_str()).to_string() })
        .collect();
    parts.join(".")
}

/// One value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) path: KeyPath,
    pub(crate) value: toml::Value,
    pub(crate) origin: Origin,
    /// Where key and value stand, for errors found after combining.
    pub(crate) problem: Problem,
}

/// Checks the text of one layer and takes it apart.
pub(crate) fn read(layer: Layer, source: &str, text: &str) -> Result<Vec<Leaf>, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check(source, text)?;
    let failed = |error: &toml::de::Error| wrong(source, text, error);
    let spans = DeTable::parse(text).map_err(|error| failed(&error))?;
    let values: toml::Table = toml::from_str(text).map_err(|error| failed(&error))?;
    let mut leaves = Vec::new();
    let mut reader = Reader { layer, source, text, leaves: &mut leaves };
    reader.table(&mut Vec::new(), spans.get_ref(), &values);
    Ok(leaves)
}

/// Whether a whole layer fits the settings: no key is unknown, every value has the right form.
pub(crate) fn check(source: &str, text: &str) -> Result<(), Problem> {
    toml::from_str::<Settings>(text).map(|_| ()).map_err(|error| wrong(source, text, &error))
}

struct Reader<'a> {
    layer: Layer,
    source: &'a str,
    text: &'a str,
    leaves: &'a mut Vec<Leaf>,
}

impl Reader<'_> {
    fn table(&mut self, path: &mut KeyPath, spans: &DeTable<'_>, values: &toml::Table) {
        for (key, spanned) in spans {
            let name = key.get_ref().as_ref();
            let Some(value) = values.get(name) else { continue };
            path.push(name.to_owned());
            match (spanned.get_ref(), value) {
                (DeValue::Table(inner), toml::Value::Table(values)) if !values.is_empty() => {
                    self.table(path, inner, values);
                }
                _ => self.leaf(path, &span(key, spanned), value),
            }
            path.pop();
        }
    }

    fn leaf(&mut self, path: &KeyPath, span: &Range<usize>, value: &toml::Value) {
        let line = Some(place(self.text, span.start).0);
        self.leaves.push(Leaf {
            path: path.clone(),
            value: value.clone(),
            origin: Origin { layer: self.layer, source: self.source.to_owned(), line },
            problem: Problem::at(self.source, self.text, span.clone(), ""),
        });
    }
}

/// From the key to the end of the value, where they stand on one line; the key alone otherwise.
fn span(key: &Spanned<impl Sized>, value: &Spanned<DeValue<'_>>) -> Range<usize> {
    if value.span().start >= key.span().end { key.span().start..value.span().end } else { key.span() }
}

/// Turns toml's complaint into ours, with the nearest key.
fn wrong(source: &str, text: &str, error: &toml::de::Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") {
        let word = quoted.next().unwrap_or_default().to_owned();
        let candidates: Vec<&str> = quoted.collect();
        return Problem::at(source, text, span, &format!("unknown key `{word}`"))
            .with_hint(key_hint(&word, &candidates).as_deref());
    }
    if message.starts_with("unknown variant") {
        let word = quoted.next().unwrap_or_default().to_owned();
        let candidates: Vec<&str> = quoted.collect();
        let hint = match nearest(&word, candidates.iter().copied()) {
            Some(candidate) => format!("did you mean `{candidate}`?"),
            None => format!("possible values: {}", candidates.join(", ")),
        };
        return Problem::at(source, text, span, &format!("unknown value `{word}`")).with_hint(Some(&hint));
    }
    let message = message.replace("invalid type: ", "wrong type: ");
    Problem::at(source, text, span, message.lines().next().unwrap_or_default())
}

/// The key that was meant: a near one in the same table, or the same one in another.
fn key_hint(word: &str, candidates: &[&str]) -> Option<String> {
    if let Some(candidate) = nearest(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{candidate}`?"));
    }
    let elsewhere: Vec<String> =
        schema::keys().into_iter().filter(|key| key.rsplit('.').next() == Some(word)).collect();
    if !elsewhere.is_empty() {
        return Some(format!("the key is `{}`", elsewhere.join("` or `")));
    }
    (!candidates.is_empty()).then(|| format!("known keys here: {}", candidates.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Problem {
        read(Layer::User, "x.toml", text).expect_err("is wrong")
    }

    #[test]
    fn an_unknown_key_names_its_place_and_the_nearest_key() {
        let problem = problem("[review]\nbase = \"main\"\nquorm = 2\n");
        assert_eq!(problem.place, Some((3, 1)));
        assert_eq!(problem.message, "unknown key `quorm`");
        assert_eq!(problem.hint.as_deref(), Some("did you mean `quorum`?"));
    }

    #[test]
    fn a_key_of_another_table_is_pointed_to() {
        let problem = problem("[ui]\ndeadline = \"20m\"\n");
        assert_eq!(problem.hint.as_deref(), Some("the key is `review.deadline`"));
    }

    #[test]
    fn an_unknown_value_names_the_possible_ones() {
        let near = problem("[policy]\ncritical = \"rewrok\"\n");
        assert_eq!((near.place, near.message.as_str()), (Some((2, 12)), "unknown value `rewrok`"));
        assert_eq!(near.hint.as_deref(), Some("did you mean `rework`?"));
        let far = problem("[policy]\ncritical = \"explode\"\n");
        assert_eq!(far.hint.as_deref(), Some("possible values: rework, fixes"));
    }

    #[test]
    fn a_wrong_type_and_a_wrong_form_point_at_the_value() {
        let wrong = problem("[review]\nquorum = \"two\"\n");
        assert_eq!(wrong.place, Some((2, 10)));
        assert!(wrong.message.starts_with("wrong type: string \"two\""), "{}", wrong.message);
        let wrong = problem("[reviewers.mine]\n\n  timeout = \"20\"\n");
        assert_eq!(wrong.place, Some((3, 13)));
        assert!(wrong.message.contains("not a duration"), "{}", wrong.message);
    }

    #[test]
    fn broken_toml_points_at_the_break() {
        let problem = problem("[review]\nbase = \"main\n");
        assert_eq!(problem.place.map(|(line, _)| line), Some(2));
    }

    #[test]
    fn every_value_keeps_its_line() {
        let text = "# one\n[review]\nquorum = 1\n[reviewers.\"my.agent\"]\ncommand = [\n  \"x\",\n]\n";
        let leaves = read(Layer::User, "x.toml", text).expect("is right");
        let lines: Vec<(String, Option<u32>)> =
            leaves.iter().map(|leaf| (spell(&leaf.path), leaf.origin.line)).collect();
        assert_eq!(
            lines,
            [("review.quorum".to_owned(), Some(3)), ("reviewers.\"my.agent\".command".to_owned(), Some(5))]
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_error() {
        assert!(read(Layer::User, "x.toml", "\u{feff}[review]\nquorum = 1\n").is_ok());
    }
}
