//! The header table of a report.
//!
//! In: its rows. Out: the fields of [`ImportedReport`]. Never drops a row: unknown ones stay in `header`.

use crate::imported::{ImportedCommit, ImportedReport, ImportedReviewer, ImportedVerdict};

/// Takes one row.
pub(super) fn row(name: &str, value: &str, report: &mut ImportedReport) {
    let name = name.trim().trim_matches('*').trim();
    let value = value.trim();
    if name.is_empty() {
        return;
    }
    report.header.push((name.to_owned(), value.to_owned()));
    let text = || Some(plain(value)).filter(|text| !text.is_empty());
    match name.to_lowercase().as_str() {
        "date" => report.date = text(),
        "repo" | "repository" => (report.repository, report.repository_url) = (text(), address(value)),
        "round" => report.round = digits(value).and_then(|digits| digits.parse().ok()),
        "mode" => report.mode = text(),
        "author" => report.author = text().map(|author| author.trim_start_matches('@').to_owned()),
        "pr" | "pull request" => pull_request(value, report),
        "branch" => report.branch = text(),
        "commits" | "commit" => report.commits = value.split("<br>").filter_map(commit).collect(),
        "review sha" | "head" | "reviewed commit" => report.review_sha = text(),
        "reviewers" | "agents" => report.reviewers = reviewers(value),
        "verdict" => report.verdict = Some(verdict(value)),
        "wall-clock time" | "wall clock" | "duration" | "wall-clock" => {
            report.wall_clock_ms = duration(value);
        }
        "updated" => report.updated = text(),
        _ => {}
    }
}

/// Text without links, code marks and emphasis.
pub(super) fn plain(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some(open) = rest.find('[') {
        let close = rest[open..].find("](").map(|at| at + open);
        let end = close.and_then(|close| rest[close..].find(')').map(|at| at + close));
        let (Some(close), Some(end)) = (close, end) else { break };
        text.push_str(&rest[..open]);
        text.push_str(&rest[open + 1..close]);
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    text.replace("**", "").replace(['`', '\\'], "").trim().to_owned()
}

fn address(value: &str) -> Option<String> {
    let at = value.find("](")?;
    let rest = &value[at + 2..];
    Some(rest[..rest.find(')')?].to_owned()).filter(|url| url.starts_with("http"))
}

fn digits(value: &str) -> Option<&str> {
    let start = value.find(|c: char| c.is_ascii_digit())?;
    let rest = &value[start..];
    Some(&rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())])
}

fn pull_request(value: &str, report: &mut ImportedReport) {
    let text = plain(value);
    report.pull_request = text
        .find('#')
        .and_then(|at| digits(&text[at..]))
        .or_else(|| digits(&text))
        .and_then(|digits| digits.parse().ok());
    let title =
        text.split_once('—').or_else(|| text.split_once(" - ")).map(|(_, title)| title.trim().to_owned());
    report.pull_request_title = title.filter(|title| !title.is_empty());
}

fn commit(text: &str) -> Option<ImportedCommit> {
    let text = text.trim();
    let text = text.strip_prefix('[').unwrap_or(text);
    let rest = text.strip_prefix('`')?;
    let (sha, subject) = rest.split_once('`')?;
    let subject = subject.trim_start_matches(']');
    let subject = match subject.strip_prefix('(') {
        Some(link) => link.split_once(')').map_or(link, |(_, subject)| subject),
        None => subject,
    };
    let valid = sha.len() >= 4 && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| ImportedCommit {
        sha: sha.to_owned(),
        subject: subject.trim().trim_start_matches(['—', '-', ' ']).to_owned(),
    })
}

/// `Claude Opus 4.7 (effort: high), ~~Gemini 3.1 Pro~~ (429 capacity)`
fn reviewers(value: &str) -> Vec<ImportedReviewer> {
    let mut parts = Vec::new();
    let mut depth = 0usize;
    let mut start = 0;
    for (at, c) in value.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    parts.into_iter().filter_map(reviewer).collect()
}

fn reviewer(text: &str) -> Option<ImportedReviewer> {
    let text = text.trim();
    let struck = text.contains("~~");
    let clean = plain(&text.replace("~~", ""));
    let (name, remark) = clean.split_once('(').unwrap_or((&clean, ""));
    let remark = remark.trim_end().trim_end_matches(')').trim();
    let name = name.trim();
    let key = name.split([' ', ':']).next()?.to_lowercase();
    if key.is_empty() {
        return None;
    }
    let effort = remark
        .split(',')
        .find_map(|part| part.trim().strip_prefix("effort:"))
        .map(|effort| effort.trim().to_owned());
    let failed =
        struck.then(|| if remark.is_empty() { "no reason given".to_owned() } else { remark.to_owned() });
    Some(ImportedReviewer { key, name: name.to_owned(), effort, failed })
}

fn verdict(value: &str) -> ImportedVerdict {
    let (label, reason) = match value.split_once("**").and_then(|(_, rest)| rest.split_once("**")) {
        Some((label, reason)) => (label, reason),
        None => value.split_once('—').unwrap_or((value, "")),
    };
    let reason = reason.trim().trim_start_matches(['—', '–', '-', ':', ' ']);
    ImportedVerdict { label: plain(label), reason: reason.to_owned() }
}

/// Milliseconds of `9 h 31 min 41 s`, `10:52`, `143s`, `9m 51s`, `0.8s`.
pub(super) fn duration(value: &str) -> Option<u64> {
    let text = plain(value).to_lowercase();
    if let Some((left, right)) = text.split_once(':')
        && let (Ok(minutes), Some(seconds)) = (left.trim().parse::<u64>(), digits(right))
    {
        let parts: Vec<u64> = text.split(':').filter_map(|part| digits(part)?.parse().ok()).collect();
        if let [hours, minutes, seconds] = parts.as_slice() {
            return Some((hours * 3600 + minutes * 60 + seconds) * 1000);
        }
        return Some((minutes * 60 + seconds.parse::<u64>().ok()?) * 1000);
    }
    let mut total = 0.0;
    let mut found = false;
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let from = &rest[start..];
        let end = from.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(from.len());
        let number: f64 = from[..end].parse().ok()?;
        let unit: String = from[end..].trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
        let factor = match unit.as_str() {
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "ms" => 0.001,
            _ => return found.then_some((total * 1000.0) as u64),
        };
        total += number * factor;
        found = true;
        rest = &from[end..];
    }
    found.then_some((total * 1000.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_every_year_are_read() {
        for (text, seconds) in [
            ("`9 h 31 min 41 s`", 34_301),
            ("10:52", 652),
            ("143s", 143),
            ("9m 51s", 591),
            ("1:02:03", 3723),
            ("23 min 5 s", 1385),
        ] {
            assert_eq!(duration(text), Some(seconds * 1000), "{text}");
        }
        assert_eq!(duration("—"), None);
    }

    #[test]
    fn a_failed_reviewer_keeps_its_reason() {
        let found = reviewers("Claude Opus 4.6 (effort: high), ~~Gemini 3.1 Pro~~ (429, capacity)");
        assert_eq!(found[0].effort.as_deref(), Some("high"));
        assert_eq!(found[1].failed.as_deref(), Some("429, capacity"));
        assert_eq!(found[1].key, "gemini");
    }

    #[test]
    fn a_commit_is_read_with_and_without_a_link() {
        let plain = commit("`abc1234` Add a pool");
        assert_eq!(plain, commit("[`abc1234`](https://forge.example/c/abc1234) Add a pool"));
        assert_eq!(plain.map(|commit| commit.subject), Some("Add a pool".to_owned()));
        assert_eq!(commit("…plus 3 earlier commits"), None);
    }
}
