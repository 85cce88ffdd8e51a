//! Makes characters visible that would otherwise act or hide.
//!
//! In: text from anywhere. Out: the same text with control, bidirectional and invisible characters spelled out, as
//! `⟦U+202E⟧`. Never removes anything, and leaves every visible character as it is.

/// Spells out characters that would act on a terminal or hide what a text says. Line feeds and tabs stay; a carriage
/// return before a line feed goes.
pub fn safe_text(text: &str) -> String {
    if !text.chars().any(|c| c != '\n' && c != '\t' && is_unsafe(c)) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\n' | '\t' => safe.push(c),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\u{200D}' if joins_emoji(before) => safe.push(c),
            _ if is_unsafe(c) => push_token(&mut safe, c),
            _ => safe.push(c),
        }
        before = c;
    }
    safe
}

/// As [`safe_text`], for places that hold one line: runs of white space become one space.
pub fn safe_line(text: &str) -> String {
    safe_text(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// As [`safe_text`], for names: line feeds and tabs are spelled out as well, since in a name they are no layout.
pub(crate) fn safe_name(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { push_token(&mut safe, c) } else { safe.push(c) }
    }
    safe
}

/// Writes `⟦U+202E⟧`.
pub(crate) fn push_token(text: &mut String, c: char) {
    put!(text, "⟦U+{:04X}⟧", u32::from(c));
}

/// Whether a character acts, reorders or is invisible. White space that shows as white space is not among them.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0D}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A zero-width joiner behind one of these is part of a picture, not a hiding place.
fn joins_emoji(before: char) -> bool {
    matches!(before, '\u{FE0F}' | '\u{2600}'..='\u{27BF}' | '\u{1F000}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_or_hides_is_spelled_out() {
        let cases = [
            ("plain ä 漢 text", "plain ä 漢 text"),
            ("a\u{202E}b", "a⟦U+202E⟧b"),
            ("\u{1b}[31mred", "⟦U+001B⟧[31mred"),
            ("zero\u{200B}width\u{FEFF}", "zero⟦U+200B⟧width⟦U+FEFF⟧"),
            ("c1 \u{9b}31m", "c1 ⟦U+009B⟧31m"),
            ("tag \u{E0041}", "tag ⟦U+E0041⟧"),
            ("line\r\nend\rover", "line\nend⟦U+000D⟧over"),
            ("👩\u{200D}💻 a\u{200D}b", "👩\u{200D}💻 a⟦U+200D⟧b"),
        ];
        for (given, wanted) in cases {
            assert_eq!(safe_text(given), wanted, "{given:?}");
        }
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(safe_line(" two\nlines\tand a\u{0} nul "), "two lines and a⟦U+0000⟧ nul");
    }

    #[test]
    fn a_name_shows_its_line_feed() {
        assert_eq!(safe_name("odd\nname"), "odd⟦U+000A⟧name");
    }
}
