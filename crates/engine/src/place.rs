//! Web addresses of places at the reviewed commit.
//!
//! In: the repository's web address, a commit and a location. Out: a permalink. Never looks anything up.

use std::fmt::Write as _;

use model::{Location, Side, Target};

/// The address of a location at the commit it was checked at; `None` where the forge is unknown, the place was not
/// verified or the content exists nowhere but here.
pub fn permalink(target: &Target, location: &Location) -> Option<String> {
    let address = target.repository_url.as_deref()?.trim_end_matches('/');
    if target.dirty || !location.verified {
        return None;
    }
    let (blob, range) = if address.starts_with("https://github.com/") {
        ("blob", "-L")
    } else if address.starts_with("https://gitlab.com/") {
        ("-/blob", "-")
    } else {
        return None;
    };
    let sha = if location.side == Side::Base { &target.merge_base } else { &target.head };
    let mut link = format!("{address}/{blob}/{sha}/{}", escape(location.path.as_str()));
    if let Some(start) = location.start {
        let _ = write!(link, "#L{start}");
        if let Some(end) = location.end.filter(|end| *end > start) {
            let _ = write!(link, "{range}{end}");
        }
    }
    Some(link)
}

fn escape(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_the_reviewed_commit_and_the_lines() {
        let target = Target {
            repository_url: Some("https://github.com/o/r".into()),
            head: model::Sha::new(&"a".repeat(40)).unwrap(),
            ..Target::default()
        };
        let location = Location {
            path: "a b/[1].rs".into(),
            start: Some(3),
            end: Some(9),
            verified: true,
            ..Location::default()
        };
        let link = permalink(&target, &location).unwrap();
        assert_eq!(link, format!("https://github.com/o/r/blob/{}/a%20b/%5B1%5D.rs#L3-L9", "a".repeat(40)));
        assert_eq!(permalink(&Target { dirty: true, ..target }, &location), None);
    }
}
