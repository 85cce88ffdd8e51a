//! What a quote asks for: runs of lines, with gaps where the reviewer elided.
//!
//! In: the text of one quote. Out: the ways it can be read, most literal first. Never guesses words: a reading only
//! removes what reviewers add around code (markers of a diff, line numbers, path comments, elisions).

use std::sync::LazyLock;

use regex::Regex;

use crate::text::{is_word, normalise, substance};

/// One line a quote asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// The whole line reads so.
    Whole(String),
    /// The line starts with the first and ends with the second; the words between were elided.
    Split(String, String),
}

/// Runs of consecutive lines; between two runs any number of lines may stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// The runs, none of them empty.
    pub(crate) runs: Vec<Vec<Element>>,
    /// Comments read as elisions (`// the rest…`). Where the file has a line like one of them, it was no elision.
    pub(crate) remarks: Vec<String>,
}

/// One way to read a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The lines as they are, at whichever side has them.
    Lines(Pattern),
    /// A piece of a diff that shows lines of head, and perhaps lines that are gone.
    Added { shown: Pattern, gone: Option<Pattern> },
    /// A piece of a diff whose point is what is gone: it stands at the merge base only.
    Removed(Pattern),
}

/// A stretch of a quote under one path comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The path the comment names; `None` before the first comment.
    pub(crate) path: Option<String>,
    /// The first line the comment names.
    pub(crate) start: Option<u32>,
    /// The lines below the comment.
    pub(crate) text: String,
}

static GAP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(//+|#+|/\*+|--|;+|<!--|%)?\s*[\[(<{]?\s*(\.{3,}|…|⋮|snip|\.\.\.\s*snip\s*\.\.\.)+\s*[\])>}]?\s*(\*/|-->|,|;)?$")
        .expect("the pattern is fixed")
});
static REMARK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(//+|#+|/\*+|--|;+|<!--|%)\s*((\.\.\.|…).*|.*(\.\.\.|…))\s*(\*/|-->)?$")
        .expect("the pattern is fixed")
});
static INLINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\s*(//\s*|#\s+|/\*\s*|--\s*)?(\.{3,}|…)\s*(\*/)?\s*").expect("the pattern is fixed")
});
static GUTTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:[>*]\s*)?L?(\d{1,7})(?:\s*[|:│]|\t|\s{2,}| -|$)\s?(.*)$")
        .expect("the pattern is fixed")
});
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(diff --git |index [0-9a-f]{4,}|--- (a/|/dev/null|\S+/)|\+\+\+ (b/|/dev/null|\S+/)|(new|deleted) file mode|similarity index|rename (from|to) )")
        .expect("the pattern is fixed")
});
static PATH_COMMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\s*(?P<leader>//+|#+|--|;+|/\*+|<!--|%|\*\*)?\s*(?:[Ff]ile:?\s+)?`?(?P<path>[\w./@+\-]*[\w\])])`?(?::L?(?P<start>\d+)(?:[-–]L?\d+)?(?:,\s*\d+(?:[-–]\d+)?)*)?(?P<tail>\s*[(,—–:].*|\s+lines?\s.*)?\s*(?:\*/|-->|\*\*)?\s*$",
    )
    .expect("the pattern is fixed")
});

/// Splits a quote at comments that only name a file, as reviewers put above code.
pub(crate) fn segments(quote: &str) -> Vec<Segment> {
    let mut segments = vec![Segment::default()];
    for line in quote.lines() {
        if let Some((path, start)) = path_comment(line) {
            segments.push(Segment { path: Some(path), start, text: String::new() });
        } else if let Some(last) = segments.last_mut() {
            last.text.push_str(line);
            last.text.push('\n');
        }
    }
    segments.retain(|segment| {
        segment.text.lines().any(|line| !line.trim().is_empty() && !GAP.is_match(line.trim()))
    });
    segments
}

fn path_comment(line: &str) -> Option<(String, Option<u32>)> {
    if line.len() > 300 {
        return None;
    }
    let found = PATH_COMMENT.captures(line)?;
    let path = found.name("path")?.as_str();
    let start: Option<u32> = found.name("start").and_then(|digits| digits.as_str().parse().ok());
    let extension = path.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (1..=10).contains(&extension.len())
            && extension.starts_with(|c: char| c.is_ascii_alphabetic())
            && extension.chars().all(|c| c.is_ascii_alphanumeric())
    });
    let commented = found.name("leader").is_some();
    let named = extension && (commented || start.is_some() || path.contains('/'));
    (named && (found.name("tail").is_none() || commented)).then(|| (path.to_owned(), start))
}

/// The ways to read a quote, most literal first. Empty where it quotes nothing.
pub(crate) fn ways(quote: &str) -> Vec<Way> {
    let lines: Vec<&str> = quote.lines().collect();
    let mut ways = Vec::new();
    let bare = without_gutter(&lines);
    for lines in std::iter::once(&lines).chain(bare.as_ref()) {
        for reading in [literal as fn(&str) -> Piece, elided_within_a_line, elided_across_lines] {
            push(&mut ways, pattern(lines, reading).map(Way::Lines));
            push(&mut ways, diff(lines, reading));
        }
    }
    ways
}

fn push(ways: &mut Vec<Way>, way: Option<Way>) {
    if let Some(way) = way
        && !ways.contains(&way)
    {
        ways.push(way);
    }
}

fn without_gutter<'a>(lines: &[&'a str]) -> Option<Vec<&'a str>> {
    let mut stripped = Vec::with_capacity(lines.len());
    let mut before = 0_u64;
    for line in lines {
        if line.trim().is_empty() || GAP.is_match(line.trim()) {
            stripped.push(*line);
            continue;
        }
        let found = GUTTER.captures(line)?;
        let number: u64 = found.get(1)?.as_str().parse().ok()?;
        if number <= before {
            return None;
        }
        before = number;
        stripped.push(found.get(2)?.as_str());
    }
    (before > 0).then_some(stripped)
}

fn diff(lines: &[&str], reading: fn(&str) -> Piece) -> Option<Way> {
    let marked = |marker: char| lines.iter().any(|line| line.starts_with(marker) && !HEADER.is_match(line));
    let (plus, minus) = (marked('+'), marked('-'));
    let hunk = lines.iter().any(|line| line.starts_with("@@"));
    if !plus && !minus && !hunk {
        return None;
    }
    let side = |drop: char| -> Option<Pattern> {
        let kept: Vec<&str> =
            lines
                .iter()
                .filter(|line| !HEADER.is_match(line) && !line.starts_with(drop))
                .map(|line| {
                    if line.starts_with("@@") { "..." } else { line.strip_prefix(['+', '-']).unwrap_or(line) }
                })
                .collect();
        pattern(&kept, reading)
    };
    if minus && !plus {
        return side('+').map(Way::Removed);
    }
    Some(Way::Added { shown: side('-')?, gone: if minus { side('+') } else { None } })
}

enum Piece {
    Line(Element),
    Gap,
    Remark(String),
    Around(String, String),
}

fn literal(line: &str) -> Piece {
    if GAP.is_match(line) { Piece::Gap } else { Piece::Line(Element::Whole(line.to_owned())) }
}

fn elided_within_a_line(line: &str) -> Piece {
    match cut(line) {
        Some((starts, ends)) => Piece::Line(Element::Split(starts, ends)),
        None => literal_or_remark(line),
    }
}

fn elided_across_lines(line: &str) -> Piece {
    match cut(line) {
        Some((starts, ends)) if !starts.is_empty() && !ends.is_empty() => Piece::Around(starts, ends),
        Some((starts, ends)) => Piece::Line(Element::Split(starts, ends)),
        None => literal_or_remark(line),
    }
}

// `// handle the rest…` stands for code the reviewer left out, unless the file really says so, which the literal
// reading tried before.
fn literal_or_remark(line: &str) -> Piece {
    if REMARK.is_match(line) && !GAP.is_match(line) { Piece::Remark(line.to_owned()) } else { literal(line) }
}

fn cut(line: &str) -> Option<(String, String)> {
    if GAP.is_match(line) || REMARK.is_match(line) {
        return None;
    }
    // Dots that touch a word are code: `options...`, `...rest`.
    let glued = |dots: regex::Match<'_>| {
        line[..dots.start()].ends_with(is_word) || line[dots.end()..].starts_with(is_word)
    };
    let marks: Vec<regex::Captures<'_>> =
        INLINE.captures_iter(line).filter(|mark| mark.get(2).is_some_and(|dots| !glued(dots))).collect();
    let (first, last) = (marks.first()?.get(0)?, marks.last()?.get(0)?);
    let (starts, ends) = (line[..first.start()].trim(), line[last.end()..].trim());
    // With nearly nothing left around the elision the line would match everywhere.
    (substance(starts) + substance(ends) >= 3).then(|| (starts.to_owned(), ends.to_owned()))
}

fn pattern(lines: &[&str], reading: fn(&str) -> Piece) -> Option<Pattern> {
    let mut runs: Vec<Vec<Element>> = vec![Vec::new()];
    let mut remarks = Vec::new();
    let mut add = |piece: Piece| match piece {
        Piece::Line(element) => runs.last_mut().expect("never empty").push(element),
        Piece::Gap => runs.push(Vec::new()),
        Piece::Remark(line) => {
            runs.push(Vec::new());
            remarks.push(line);
        }
        Piece::Around(starts, ends) => {
            runs.last_mut().expect("never empty").push(Element::Split(starts, String::new()));
            runs.push(vec![Element::Split(String::new(), ends)]);
        }
    };
    for line in lines {
        let line = normalise(line);
        if !line.is_empty() {
            add(reading(&line));
        }
    }
    runs.retain(|run| !run.is_empty());
    (!runs.is_empty()).then_some(Pattern { runs, remarks })
}

impl Pattern {
    /// Its lines, gaps left out.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.runs.iter().flatten()
    }

    /// How many lines it asks for.
    pub(crate) fn len(&self) -> usize {
        self.elements().count()
    }

    /// Letters and digits in all its lines.
    pub(crate) fn substance(&self) -> usize {
        self.elements()
            .map(|element| match element {
                Element::Whole(line) => substance(line),
                Element::Split(starts, ends) => substance(starts) + substance(ends),
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(line: &str) -> Element {
        Element::Whole(line.to_owned())
    }

    fn one_run(run: Vec<Element>) -> Pattern {
        Pattern { runs: vec![run], remarks: Vec::new() }
    }

    fn lines(quote: &str) -> Vec<Vec<Element>> {
        match ways(quote).into_iter().next() {
            Some(Way::Lines(pattern)) => pattern.runs,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_elision_on_its_own_line_splits_runs() {
        for elision in ["...", "…", "// ...", "    # ...", "/* ... */", "[...]", "-- …"] {
            assert_eq!(
                lines(&format!("a = 1\n{elision}\n\nb = 2\n")),
                [[whole("a = 1")], [whole("b = 2")]],
                "{elision}"
            );
        }
        assert!(ways("...\n// ...").is_empty());
    }

    #[test]
    fn an_elision_within_a_line_is_read_literally_first() {
        let found = ways("call(a, {...})");
        assert_eq!(found[0], Way::Lines(one_run(vec![whole("call(a, {...})")])));
        let split = Element::Split("call(a, {".to_owned(), "})".to_owned());
        assert_eq!(found[1], Way::Lines(one_run(vec![split])));
        assert_eq!(ways("call(a, options...)").len(), 1, "dots that touch a word are code");
    }

    #[test]
    fn removed_lines_are_asked_for_at_the_merge_base() {
        assert!(matches!(&ways(" keep\n-gone")[1], Way::Removed(pattern) if pattern.len() == 2));
        let both = ways(" keep\n-gone\n+new");
        assert!(
            matches!(&both[1], Way::Added { shown, gone: Some(gone) } if shown.len() == 2 && gone.len() == 2)
        );
    }

    #[test]
    fn line_numbers_in_the_margin_are_dropped_where_they_rise() {
        let with = ways("12 | let a = 1;\n13 | let b = 2;");
        assert!(with.contains(&Way::Lines(one_run(vec![whole("let a = 1;"), whole("let b = 2;")]))));
        assert_eq!(without_gutter(&["13 | a", "12 | b"]), None);
        assert_eq!(without_gutter(&["let a = 1;"]), None);
    }

    #[test]
    fn a_comment_that_names_a_file_starts_a_segment() {
        let parts = segments("// cmd/run.go:34-36\nstop()\n...\n// pkg/wait.go:9 (new)\nwait()\n");
        let named: Vec<_> = parts.iter().map(|part| (part.path.as_deref(), part.start)).collect();
        assert_eq!(named, [(Some("cmd/run.go"), Some(34)), (Some("pkg/wait.go"), Some(9))]);
        for code in ["// Stop the service.", "x.y()", "}", "import foo.bar", "# install", "// see above"] {
            assert_eq!(path_comment(code), None, "{code}");
        }
    }
}
