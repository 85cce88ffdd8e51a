//! Names of folders.
//!
//! In: branch names, reviewer names, times. Out: names that every file system takes literally. Different reviewers
//! never share a folder, also where case does not count.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::{RunId, Target, TargetKind};
use sha2::{Digest, Sha256};

/// The form of the time in a run's id.
const TIME: &str = "%Y%m%d-%H%M%S";

/// Longest slug: folder names have room for 255 bytes, people's eyes for fewer.
const LONGEST: usize = 60;

/// The readable part of a run's id: the branch, or what was reviewed instead of one.
pub fn slug(target: &Target) -> String {
    let head = target.head.short();
    match (target.kind, target.branch.as_deref()) {
        (TargetKind::Worktree, _) => "worktree".to_owned(),
        (TargetKind::Staged, _) => "staged".to_owned(),
        (TargetKind::Commit, _) => format!("commit-{head}"),
        (TargetKind::Range, _) => format!("range-{head}"),
        (TargetKind::None, _) => "reviews".to_owned(),
        (TargetKind::Branch | TargetKind::PullRequest, _) if target.pull_request.is_some() => {
            format!("pr-{}", target.pull_request.unwrap_or_default())
        }
        (TargetKind::Branch | TargetKind::PullRequest, Some(branch)) => sanitise(branch),
        (TargetKind::Branch | TargetKind::PullRequest, None) => format!("detached-{head}"),
    }
}

/// Letters, digits, `_` and single `-` and `.`; everything else becomes `-`.
pub(crate) fn sanitise(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') { c } else { '-' };
        let repeated = matches!(c, '-' | '.') && slug.ends_with(['-', '.']);
        if slug.len() < LONGEST && !repeated {
            slug.push(c);
        }
    }
    let slug = slug.trim_matches(['-', '.']);
    if slug.is_empty() { "branch".to_owned() } else { slug.to_owned() }
}

/// The id of a run: its time, its slug, and a number where that is taken.
pub(crate) fn run_id(started: Timestamp, slug: &str, attempt: u32) -> RunId {
    let time = started.strftime(TIME);
    let slug = sanitise(slug);
    let text = if attempt == 1 { format!("{time}-{slug}") } else { format!("{time}-{slug}-{attempt}") };
    RunId::new(&text).expect("digits and sanitised slugs make ids")
}

/// The time in a run's id; `None` for a folder that is no run.
pub(crate) fn time_of(id: &str) -> Option<Timestamp> {
    let time = id.get(..15)?;
    let is_run = id.as_bytes().get(15) == Some(&b'-') && id.len() > 16;
    let time = is_run.then(|| DateTime::strptime(TIME, time).ok()).flatten()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// Device names that Windows finds in every folder.
const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// The folder of a reviewer: its name where that is plain, else a plain part and a hash of the name.
pub fn reviewer_folder(name: &str) -> String {
    let plain_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(|c: char| c.is_ascii_digit());
    let plain = name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && !name.ends_with('.')
        && name.chars().all(plain_letter)
        && !RESERVED.contains(&stem);
    if plain {
        return name.to_owned();
    }
    let digest = Sha256::digest(name.as_bytes());
    let hash = u64::from_be_bytes(digest[..8].try_into().expect("a digest has 32 bytes"));
    // No plain name has a `~`, so no plain name is ever the folder of another.
    format!("{}~{hash:016x}", sanitise(&name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn branch(name: &str) -> String {
        slug(&Target { branch: Some(name.to_owned()), ..Target::default() })
    }

    #[test]
    fn weird_branches_become_plain_slugs() {
        for (name, expected) in [
            ("topic", "topic"),
            ("feature/a b", "feature-a-b"),
            ("../../etc/passwd", "etc-passwd"),
            ("-rf", "rf"),
            ("ümlaut", "mlaut"),
            ("日本", "branch"),
            ("a..b.lock", "a.b.lock"),
            ("a\nb\\c:d*?", "a-b-c-d"),
            ("...", "branch"),
        ] {
            assert_eq!(branch(name), expected, "{name:?}");
        }
        assert_eq!(branch(&"x".repeat(500)).len(), LONGEST);
    }

    #[test]
    fn an_id_says_when_and_what() {
        let started: Timestamp = "2026-04-12T20:34:09.9Z".parse().expect("a time");
        assert_eq!(run_id(started, "a/b", 1).as_str(), "20260412-203409-a-b");
        let second = run_id(started, "a/b", 2);
        assert_eq!(second.as_str(), "20260412-203409-a-b-2");
        assert_eq!(time_of(second.as_str()), Some("2026-04-12T20:34:09Z".parse().expect("a time")));
    }

    #[test]
    fn other_folders_are_no_runs() {
        for name in [
            "",
            "backup",
            "20260412-203409",
            "20260412-203409-",
            "20261399-203409-x",
            ".gone-1",
            "2026041é-203409-x",
        ] {
            assert_eq!(time_of(name), None, "{name}");
        }
    }

    #[test]
    fn reviewers_never_share_a_folder() {
        assert_eq!(reviewer_folder("claude-4.1_x"), "claude-4.1_x");
        let names = [
            "Claude", "claude", "a/b", "a:b", "..", ".", "con", "CON", "nul.txt", "com1", "x.", "", "a b",
            "~",
        ];
        let mut folders: Vec<String> =
            names.iter().map(|name| reviewer_folder(name).to_lowercase()).collect();
        folders.sort();
        let count = folders.len();
        folders.dedup();
        assert_eq!(folders.len(), count, "{folders:?}");
    }

    proptest! {
        #[test]
        fn any_name_gives_a_folder_inside_the_run(name in ".*") {
            let folder = reviewer_folder(&name);
            prop_assert!(!folder.starts_with('.') && !folder.ends_with('.') && !folder.is_empty());
            prop_assert!(folder.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c)));
            prop_assert!(folder.len() < 100);
        }

        #[test]
        fn any_branch_gives_an_id(name in ".*", attempt in 1u32..100) {
            let id = run_id(Timestamp::UNIX_EPOCH, &branch(&name), attempt);
            prop_assert!(time_of(id.as_str()).is_some());
        }
    }
}
