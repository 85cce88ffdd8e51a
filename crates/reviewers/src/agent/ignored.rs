//! Which files of a checkout are taken away before an agent sees it.
//!
//! In: `agents/stripped-paths.txt`. Out: patterns. These files configure or instruct agents; in a change under review they
//! are material, and material must not steer. What the change does to them is still in the diff.

/// The list, as shipped.
const LIST: &str = include_str!("../../agents/stripped-paths.txt");

/// The patterns, in the order of the list: a name is meant anywhere, a path with a `/` in it from the root.
pub fn stripped_paths() -> Vec<&'static str> {
    LIST.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_what_known_agents_load() {
        let paths = stripped_paths();
        for known in
            [".claude", "CLAUDE.md", "AGENTS.md", ".mcp.json", ".codex", ".gemini", ".env*", ".github/hooks"]
        {
            assert!(paths.contains(&known), "{known}");
        }
    }
}
