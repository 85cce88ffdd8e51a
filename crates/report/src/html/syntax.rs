//! Colours for code: comments, strings, numbers and keywords of the common languages.
//!
//! In: lines of an excerpt, which may begin and end anywhere. Out: the same text with `<b>`s: short, as there are many. Never more than a reading aid: what
//! it does not understand stays plain, and no text is dropped or reordered.
//!
//! A scanner of our own and not a grammar library: excerpts are fragments, so a parser would guess anyway, and a report of a
//! thousand findings must be written in a fraction of a second.

use super::escape::text;

/// How a language writes what is coloured.
struct Language {
    /// The words behind a fence that name it.
    names: &'static [&'static str],
    /// What opens a comment that reaches to the end of the line.
    line_comments: &'static [&'static str],
    /// What opens and closes a comment of several lines.
    block_comment: Option<(&'static str, &'static str)>,
    /// What opens and closes a string; the longer signs first.
    quotes: &'static [Quote],
    /// Its keywords.
    keywords: &'static str,
}

struct Quote {
    sign: &'static str,
    /// Whether it may go on in the next line.
    spans_lines: bool,
    /// Whether a backslash keeps it open.
    escapes: bool,
}

const fn quote(sign: &'static str) -> Quote {
    Quote { sign, spans_lines: false, escapes: true }
}

const fn long(sign: &'static str, escapes: bool) -> Quote {
    Quote { sign, spans_lines: true, escapes }
}

const PLAIN: &[Quote] = &[quote("\""), quote("'")];
const SLASHES: &[&str] = &["//"];
const HASH: &[&str] = &["#"];
const STARS: Option<(&str, &str)> = Some(("/*", "*/"));

const LANGUAGES: &[Language] = &[
    Language {
        names: &["rust"],
        line_comments: SLASHES,
        block_comment: STARS,
        quotes: &[long("\"", true)],
        keywords: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move \
                   mut pub ref return self Self static struct super trait true type unsafe use where while",
    },
    Language {
        names: &["go"],
        line_comments: SLASHES,
        block_comment: STARS,
        quotes: &[quote("\""), quote("'"), long("`", false)],
        keywords: "break case chan const continue default defer else fallthrough false for func go goto if import interface map \
                   nil package range return select struct switch true type var",
    },
    Language {
        names: &["javascript", "typescript", "js", "ts", "jsx", "tsx"],
        line_comments: SLASHES,
        block_comment: STARS,
        quotes: &[quote("\""), quote("'"), long("`", true)],
        keywords: "abstract as async await break case catch class const continue default delete do else enum export extends false \
                   finally for from function if implements import in instanceof interface let new null of private protected public \
                   readonly return static super switch this throw true try type typeof undefined var void while yield",
    },
    Language {
        names: &["python"],
        line_comments: HASH,
        block_comment: None,
        quotes: &[long("\"\"\"", true), long("'''", true), quote("\""), quote("'")],
        keywords: "and as assert async await break case class continue def del elif else except False finally for from global if \
                   import in is lambda match None nonlocal not or pass raise return True try while with yield",
    },
    Language {
        names: &["c", "cpp", "java", "kotlin", "csharp", "swift", "scala", "dart", "php", "proto"],
        line_comments: SLASHES,
        block_comment: STARS,
        quotes: PLAIN,
        keywords: "abstract auto bool boolean break byte case catch char class const constexpr continue default delete do double else \
                   enum explicit extends extern false final finally float for fun function goto if implements import in inline int \
                   interface internal is long namespace new null nullptr object operator override package private protected public \
                   return sealed short signed sizeof static string struct super switch template this throw throws true try typedef \
                   typename union unsigned using val var virtual void volatile when while",
    },
    Language {
        names: &["ruby"],
        line_comments: HASH,
        block_comment: None,
        quotes: PLAIN,
        keywords: "and begin break case class def do else elsif end ensure false for if in module next nil not or redo rescue retry \
                   return self super then true unless until when while yield",
    },
    Language {
        names: &["bash", "zsh", "fish", "makefile", "dockerfile"],
        line_comments: HASH,
        block_comment: None,
        quotes: &[long("\"", true), long("'", false)],
        keywords: "case do done elif else esac exit export fi for function if in local readonly return select set shift then trap \
                   until while FROM RUN COPY ADD ENV ARG CMD ENTRYPOINT WORKDIR EXPOSE USER",
    },
    Language {
        names: &["yaml", "toml", "ini", "cfg", "conf"],
        line_comments: HASH,
        block_comment: None,
        quotes: PLAIN,
        keywords: "true false null yes no on off",
    },
    Language {
        names: &["json"],
        line_comments: &[],
        block_comment: None,
        quotes: &[quote("\"")],
        keywords: "true false null",
    },
    Language {
        names: &["css", "scss", "less"],
        line_comments: &[],
        block_comment: STARS,
        quotes: PLAIN,
        keywords: "",
    },
    Language {
        names: &["sql"],
        line_comments: &["--"],
        block_comment: STARS,
        quotes: PLAIN,
        keywords: "SELECT FROM WHERE INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE INDEX ALTER DROP JOIN LEFT RIGHT INNER ON AND OR \
                   NOT NULL PRIMARY KEY REFERENCES GROUP BY ORDER LIMIT AS select from where insert into values update set delete \
                   create table index alter drop join left right inner on and or not null primary key references group by order limit as",
    },
];

/// Colours the lines of one excerpt, in order: a string or comment may reach over several.
pub(super) struct Painter {
    language: Option<&'static Language>,
    /// What ends the comment or string that is still open, its class, and whether a backslash keeps it open.
    open: Option<(&'static str, char, bool)>,
}

impl Painter {
    /// A painter for a language by the word behind a fence; an unknown one paints nothing.
    pub(super) fn new(name: &str) -> Self {
        Self { language: LANGUAGES.iter().find(|language| language.names.contains(&name)), open: None }
    }

    /// Writes one line.
    pub(super) fn line(&mut self, html: &mut String, line: &str) {
        let Some(language) = self.language else { return html.push_str(&text(line)) };
        let mut rest = line;
        let mut plain = String::new();
        while !rest.is_empty() {
            let (length, class) = self.piece(language, rest, plain.chars().next_back());
            let (piece, behind) = rest.split_at(length);
            match class {
                None => plain.push_str(piece),
                Some(class) => {
                    html.push_str(&text(&std::mem::take(&mut plain)));
                    put!(html, "<b class={class}>{}</b>", text(piece));
                }
            }
            rest = behind;
        }
        html.push_str(&text(&plain));
    }

    /// The length of the next piece and its class.
    fn piece(
        &mut self,
        language: &'static Language,
        rest: &str,
        before: Option<char>,
    ) -> (usize, Option<char>) {
        if let Some((end, class, escapes)) = self.open {
            let closed = closing(rest, end, escapes);
            self.open = self.open.filter(|_| closed.is_none());
            return (closed.unwrap_or(rest.len()), Some(class));
        }
        let glued = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '$' | '{' | '_' | '&'));
        let opens_comment = |sign: &&&str| rest.starts_with(**sign) && !(glued && **sign == "#");
        if language.line_comments.iter().find(opens_comment).is_some() {
            return (rest.len(), Some('c'));
        }
        if let Some((open, close)) = language.block_comment.filter(|(open, _)| rest.starts_with(open)) {
            return self.opened(rest, open, close, 'c', false, true);
        }
        if let Some(quote) = language.quotes.iter().find(|quote| rest.starts_with(quote.sign)) {
            return self.opened(rest, quote.sign, quote.sign, 's', quote.escapes, quote.spans_lines);
        }
        let first = rest.chars().next().unwrap_or_default();
        if !(first.is_alphanumeric() || first == '_') {
            return (first.len_utf8(), None);
        }
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let word = &rest[..length];
        let class = if first.is_ascii_digit() {
            Some('n')
        } else {
            language.keywords.split_whitespace().any(|keyword| keyword == word).then_some('k')
        };
        (length, class)
    }

    fn opened(
        &mut self,
        rest: &str,
        open: &str,
        close: &'static str,
        class: char,
        escapes: bool,
        spans_lines: bool,
    ) -> (usize, Option<char>) {
        match closing(&rest[open.len()..], close, escapes) {
            Some(end) => (open.len() + end, Some(class)),
            None if spans_lines => {
                self.open = Some((close, class, escapes));
                (rest.len(), Some(class))
            }
            // An apostrophe, or a string whose end the excerpt does not show: the sign alone stays plain.
            None => (open.len(), None),
        }
    }
}

/// Where `end` stands, behind it; a backslash hides the character after it.
fn closing(text: &str, end: &str, escapes: bool) -> Option<usize> {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(end) {
            return Some(at + end.len());
        }
        let mut characters = rest.chars();
        let c = characters.next()?;
        at += c.len_utf8();
        if escapes && c == '\\' {
            at += characters.next().map_or(0, char::len_utf8);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn painted(language: &str, lines: &[&str]) -> Vec<String> {
        let mut painter = Painter::new(language);
        let paint = |line: &&str| {
            let mut html = String::new();
            painter.line(&mut html, line);
            html.replace("<b class=", "<").replace("</b>", "/>")
        };
        lines.iter().map(paint).collect()
    }

    #[test]
    fn words_strings_numbers_and_comments_are_told_apart() {
        assert_eq!(painted("rust", &["let a = f(1, b); // let"]), ["<k>let/> a = f(<n>1/>, b); <c>// let/>"]);
        assert_eq!(painted("go", &["x := 'a'"]), ["x := <s>&#39;a&#39;/>"]);
        assert_eq!(painted("bash", &["echo ${#a} # in"]), ["echo ${#a} <c># in/>"]);
        assert_eq!(painted("", &["let a"]), ["let a"]);
    }

    #[test]
    fn comments_and_strings_reach_over_lines() {
        assert_eq!(painted("c", &["a /* b", "c */ if"]), ["a <c>/* b/>", "<c>c *//> <k>if/>"]);
        assert_eq!(
            painted("python", &["x = \"\"\"a", "\"\"\" + 1"]),
            ["x = <s>&quot;&quot;&quot;a/>", "<s>&quot;&quot;&quot;/> + <n>1/>"]
        );
    }

    #[test]
    fn a_lifetime_or_an_apostrophe_opens_nothing() {
        assert_eq!(
            painted("rust", &["fn a<'a>(b: &'a str)"]),
            ["<k>fn/> a&lt;&#39;a&gt;(b: &amp;&#39;a str)"]
        );
        assert_eq!(painted("yaml", &["it's on"]), ["it&#39;s <k>on/>"]);
    }

    proptest! {
        #[test]
        fn no_text_is_lost_or_reordered(lines in proptest::collection::vec("[a-z0-9_ \"'`/*#\\\\-]{0,30}", 1..5), at in 0..LANGUAGES.len()) {
            let mut painter = Painter::new(LANGUAGES[at].names[0]);
            for line in &lines {
                let mut html = String::new();
                painter.line(&mut html, line);
                let mut bare = html.replace("</b>", "");
                for class in ['c', 's', 'n', 'k'] {
                    bare = bare.replace(&format!("<b class={class}>"), "");
                }
                prop_assert_eq!(bare, text(line));
            }
        }
    }
}
