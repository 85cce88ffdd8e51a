//! The report as one HTML page: what people read.
//!
//! In: a report and the original reviews. Out: one file that loads nothing, is readable without scripts, in light and
//! dark, at phone width and on paper. Never puts foreign text anywhere but through [`escape::text`] or [`prose::block`].

mod code;
mod escape;
mod filters;
mod finding;
mod frame;
mod overview;
mod people;
mod plots;
mod prose;
mod rounds;
mod sections;
mod stats;
mod syntax;

pub use stats::{ReviewerStats, interval, stats_page};

use model::{Original, Report};

/// Writes the page.
pub fn html(report: &Report, originals: &[Original]) -> String {
    let mut page = String::with_capacity(64 * 1024);
    frame::open(&mut page, report);
    overview::write(&mut page, report);
    finding::sections(&mut page, report);
    finding::ledger(&mut page, report);
    sections::write(&mut page, report);
    rounds::resolution(&mut page, report);
    people::write(&mut page, report, originals);
    frame::close(&mut page);
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn page() -> String {
        html(&sample::report(), &sample::originals())
    }

    #[test]
    fn the_whole_page_keeps_its_markup() {
        let page = page();
        let body = page.split_once("<body>").map_or("", |(_, body)| body);
        let body = body.split_once("<script>").map_or(body, |(body, _)| body);
        insta::assert_snapshot!("page", body);
    }

    /// Every start tag of the page, with its attributes.
    fn tags(page: &str) -> Vec<&str> {
        let body = page.split_once("<body>").map_or("", |(_, body)| body);
        let body = body.split_once("<script>").map_or(body, |(body, _)| body);
        body.split('<').skip(1).filter_map(|piece| piece.split_once('>')).map(|(tag, _)| tag).collect()
    }

    #[test]
    fn only_known_elements_and_attributes_occur() {
        let elements = "a article aside b blockquote br button code dd del details div dl dt em fieldset figcaption figure footer \
                        h1 h2 h3 h4 header i input label legend li main nav ol p pre script section small span \
                        strong summary table tbody td th thead tr ul";
        for tag in tags(&page()) {
            let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or("");
            assert!(elements.split_whitespace().any(|known| known == name), "<{tag}>");
            assert!(!tag.to_lowercase().contains(" on"), "an event handler: <{tag}>");
            assert!(!tag.contains(" src="), "a load: <{tag}>");
        }
    }

    #[test]
    fn the_page_loads_nothing_and_links_lead_to_the_web_or_to_itself() {
        let page = page();
        for part in page.split("href=\"").skip(1) {
            let target = part.split('"').next().unwrap_or("");
            assert!(target.starts_with('#') || target.starts_with("https://"), "{target}");
        }
        for load in ["@import", "url(", "<link", "<img", "<iframe", "<object", "srcset"] {
            assert!(!page.contains(load), "{load}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn nothing_hides_or_reorders_text() {
        let page = page();
        assert_eq!(page.chars().find(|&c| c != '\n' && c != '\t' && crate::safe::is_unsafe(c)), None);
        assert!(page.contains("⟦U+202E⟧evil⟦U+001B⟧"));
    }

    #[test]
    fn a_page_of_hundreds_leaves_out_code_and_no_finding() {
        let mut report = sample::report();
        let one =
            report.findings.iter().find(|finding| finding.excerpt.is_some()).expect("one with code").clone();
        let mut counted = |findings: usize| {
            let named = |at: usize| model::Finding {
                id: format!("S{at}"),
                severity: model::Severity::Suggestion,
                ..one.clone()
            };
            report.findings = (1..=findings).map(named).collect();
            let page = html(&report, &[]);
            let count = |text: &str| page.matches(text).count();
            (count("<article"), count("<figure class=\"block\">"), page.contains("deep-review show S151"))
        };
        assert_eq!(counted(400), (400, 400, false));
        assert_eq!(counted(401), (401, 150, true));
    }

    #[test]
    fn every_finding_is_an_anchor_and_ids_are_unique() {
        let page = page();
        for finding in sample::report().findings {
            assert!(page.contains(&format!("id=\"{}\"", finding.id)), "{}", finding.id);
        }
        let mut ids: Vec<&str> =
            page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn the_allowed_script_is_the_one_on_the_page() {
        use base64::Engine as _;
        use sha2::Digest as _;
        let page = page();
        let (_, rest) = page.split_once("<script>").expect("one script");
        let (script, rest) = rest.split_once("</script>").expect("it ends");
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(script));
        assert!(page.contains(&format!("script-src 'sha256-{hash}'")));
        assert!(!rest.contains("<script"));
    }

    #[test]
    fn the_same_value_gives_the_same_bytes_and_an_empty_one_gives_a_page() {
        assert_eq!(page(), page());
        let empty = html(&sample::empty(), &[]);
        assert!(empty.contains("Incomplete") && empty.contains("could not be started"));
    }

    #[test]
    fn a_thousand_findings_stay_under_three_megabytes() {
        let mut report = sample::report();
        let one = report.findings[0].clone();
        report.findings =
            (1..=1000).map(|number| model::Finding { id: format!("C{number}"), ..one.clone() }).collect();
        let page = html(&report, &[]);
        assert!(page.len() < 3_000_000, "{} bytes", page.len());
    }
}
