//! What came of each reviewer's findings, as one page with plots.
//!
//! In: numbers of reviewers. Out: a page that loads nothing: precision with how unsure it is, what each alone found, what an
//! accepted finding cost; every length stands beside its number. Never a ranking: rows are in the order they come.

use super::escape::line;
use crate::words::count;

const STYLE: &str = include_str!("style.css");

/// Numbers of one reviewer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReviewerStats {
    /// The reviewer.
    pub reviewer: String,
    /// Runs it took part in.
    pub runs: u32,
    /// Findings that credit it.
    pub credited: u32,
    /// Of these, findings that credit nobody else.
    pub alone: u32,
    /// Findings people acted on.
    pub accepted: u32,
    /// Findings people decided against, or that were proved not to be so.
    pub refused: u32,
    /// What it cost, as far as it told.
    pub usd: f64,
}

/// Where a share lies with 95 % certainty, given what was accepted and what was not (Wilson's interval); none of nothing.
pub fn interval(accepted: u32, refused: u32) -> Option<(f64, f64)> {
    const Z: f64 = 1.96;
    let all = f64::from(accepted) + f64::from(refused);
    if all == 0.0 {
        return None;
    }
    let share = f64::from(accepted) / all;
    let scale = 1.0 + Z * Z / all;
    let middle = share + Z * Z / (2.0 * all);
    let half = Z * (share * (1.0 - share) / all + Z * Z / (4.0 * all * all)).sqrt();
    Some((((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0)))
}

/// Writes the page.
pub fn stats_page(rows: &[ReviewerStats]) -> String {
    let mut page = String::new();
    put!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
         form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Reviewers of this repository — deep review</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header class=\"bar\"><strong>deep-review</strong><h1>Reviewers of this repository</h1></header>\n\
         <main id=\"main\" class=\"wide\">\n"
    );
    if rows.is_empty() {
        page.push_str("<p class=\"soft\">No run is recorded yet.</p>");
    } else {
        page.push_str("<div class=\"plots\">");
        precision(&mut page, rows);
        alone(&mut page, rows);
        cost(&mut page, rows);
        page.push_str("</div>");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn open(page: &mut String, title: &str, about: &str) {
    put!(
        page,
        "<figure class=\"card pad\"><figcaption>{title}</figcaption><p class=\"soft\">{about}</p><ul class=\"bars\">"
    );
}

/// One bar: parts in percent of the track with their classes, and what it says in words.
fn bar(page: &mut String, at: usize, name: &str, parts: &[(f64, &str)], words: &str) {
    put!(page, "<li><span class=\"chip who r{}\">{}</span><span class=\"track\">", at % 6, line(name));
    for (percent, class) in parts.iter().filter(|(percent, _)| *percent > 0.0) {
        put!(page, "<span class=\"part {class}\" style=\"width:{percent:.1}%\"></span>");
    }
    put!(page, "</span><span class=\"soft\">{}</span></li>", line(words));
}

fn precision(page: &mut String, rows: &[ReviewerStats]) {
    open(
        page,
        "Precision",
        "Findings people acted on, of those they decided about or that were proved not to be so. The band is where it lies with \
         95 % certainty; the line in it is what was seen.",
    );
    for (at, row) in rows.iter().enumerate() {
        let all = row.accepted + row.refused;
        match interval(row.accepted, row.refused) {
            None => bar(page, at, &row.reviewer, &[], "nothing was decided about its findings yet"),
            Some((low, high)) => {
                let share = f64::from(row.accepted) / f64::from(all);
                let (low, share, high) = (low * 100.0, share * 100.0, high * 100.0);
                let mark = 0.8_f64.min(high - low);
                // The mark stands inside of the band, also at its ends.
                let before = (share - low - mark / 2.0).clamp(0.0, high - low - mark);
                let parts =
                    [(low, "blank"), (before, "band"), (mark, "mark"), (high - low - mark - before, "band")];
                let words =
                    format!("{share:.0} % ({} of {all}), between {low:.0} % and {high:.0} %", row.accepted);
                bar(page, at, &row.reviewer, &parts, &words);
            }
        }
    }
    page.push_str("</ul></figure>");
}

fn alone(page: &mut String, rows: &[ReviewerStats]) {
    let most = rows.iter().map(|row| row.credited).max().unwrap_or_default();
    if most == 0 {
        return;
    }
    open(
        page,
        "Found by nobody else",
        "Findings that credit a reviewer, and of these the ones that credit nobody else.",
    );
    for (at, row) in rows.iter().enumerate() {
        let share = |part: u32| f64::from(part) * 100.0 / f64::from(most);
        let parts =
            [(share(row.alone), "stands"), (share(row.credited - row.alone.min(row.credited)), "moved")];
        let words = format!("{} of {}, in {}", row.alone, row.credited, count(row.runs as usize, "run"));
        bar(page, at, &row.reviewer, &parts, &words);
    }
    page.push_str("</ul></figure>");
}

fn cost(page: &mut String, rows: &[ReviewerStats]) {
    let each = |row: &ReviewerStats| (row.accepted > 0).then(|| row.usd / f64::from(row.accepted));
    let most = rows.iter().filter_map(each).fold(0.0, f64::max);
    if most <= 0.0 {
        return;
    }
    open(
        page,
        "Cost of an accepted finding",
        "What a reviewer cost in all its runs, as far as it told, by the findings people acted on.",
    );
    for (at, row) in rows.iter().enumerate() {
        match each(row) {
            Some(usd) if row.usd > 0.0 => {
                let words = format!("${usd:.2} (${:.2} for {})", row.usd, row.accepted);
                bar(page, at, &row.reviewer, &[(usd * 100.0 / most, "time")], &words);
            }
            Some(_) => bar(page, at, &row.reviewer, &[], "it told no cost"),
            None if row.usd > 0.0 => {
                bar(page, at, &row.reviewer, &[], &format!("${:.2}, and nothing was accepted yet", row.usd));
            }
            None => bar(page, at, &row.reviewer, &[], "it told no cost, and nothing was accepted yet"),
        }
    }
    page.push_str("</ul></figure>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_holds_the_share_and_narrows_with_more() {
        assert_eq!(interval(0, 0), None);
        let (low, high) = interval(8, 2).expect("something");
        // Wilson's interval of 8 in 10, as tables have it.
        assert!((low - 0.490).abs() < 0.002 && (high - 0.943).abs() < 0.002, "{low} {high}");
        let (more_low, more_high) = interval(80, 20).expect("something");
        assert!(low < more_low && more_low < 0.8 && 0.8 < more_high && more_high < high);
        assert!(interval(5, 0).expect("something").1 > 0.999);
        assert!(interval(0, 5).expect("something").0 < 0.001);
    }

    #[test]
    fn the_page_says_every_number_and_a_name_is_inert() {
        let row = |name: &str, accepted, refused, usd| ReviewerStats {
            reviewer: name.to_owned(),
            runs: 3,
            credited: 12,
            alone: 5,
            accepted,
            refused,
            usd,
        };
        let page = stats_page(&[row("<b>ada", 8, 2, 4.0), row("bob", 0, 0, 0.0), row("cleo", 0, 3, 1.0)]);
        for told in ["80 % (8 of 10), between 49 % and 94 %", "$0.50 ($4.00 for 8)", "5 of 12, in 3 runs"] {
            assert!(page.contains(told), "{told}");
        }
        assert!(page.contains("nothing was decided about its findings yet"));
        assert!(!page.contains("<b>ada") && !page.contains("<script"), "a name became markup");
        assert!(stats_page(&[]).contains("No run is recorded yet"));
    }
}
