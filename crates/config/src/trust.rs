//! What a file of the repository may not decide.
//!
//! In: the leaves of the repository's layer. Out: those that take effect, and a message for each that does not. The
//! repository is what is reviewed; running what it says, letting it name secrets to pass on, or letting it delete
//! records would hand it the machine.

use crate::Origin;
use crate::error::visible;
use crate::layer::{KeyPath, Leaf, spell};

/// Keys that only the user's own layers may set; `*` stands for any part.
const TRUSTED_ONLY: &[(&str, &str)] = &[
    ("reviewers.*.command", "choose which commands run"),
    ("reviewers.*.acp", "choose which commands run"),
    ("reviewers.*.agent", "choose which commands run"),
    ("review.detect", "choose which commands run"),
    ("agents.*", "choose which commands run"),
    ("reviewers.*.api", "choose which server is asked"),
    ("reviewers.*.url", "choose which server is asked"),
    ("reviewers.*.key_env", "choose which key is sent"),
    ("reviewers.*.record", "choose where files are written"),
    ("reviewers.*.replay", "choose where answers come from"),
    ("budget.*", "choose what may be spent"),
    ("prices.*", "choose what spending is taken for"),
    ("reviewers.*.show", "choose what a sandbox shows"),
    ("reviewers.*.hosts", "choose what a sandbox lets through"),
    ("reviewers.*.env", "choose which environment variables are passed on"),
    ("defaults.env", "choose which environment variables are passed on"),
    ("tools.enable", "choose which commands run"),
    ("verify.*", "choose which commands run, or how they are confined"),
    ("gc.*", "choose which records are removed"),
    ("ui.*", "choose how results are shown"),
];

/// Something the user should know about the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The key it is about.
    pub key: String,
    /// Where it stands.
    pub origin: Origin,
    /// The whole sentence, with what to do.
    pub text: String,
}

/// Splits the repository's leaves into those that take effect and messages about the others.
pub(crate) fn filter(leaves: Vec<Leaf>) -> (Vec<Leaf>, Vec<Message>) {
    let mut kept = Vec::new();
    let mut messages = Vec::new();
    for leaf in leaves {
        match refused(&leaf.path) {
            Some(why) => messages.push(message(&leaf, why)),
            None => kept.push(leaf),
        }
    }
    (kept, messages)
}

fn refused(path: &KeyPath) -> Option<&'static str> {
    TRUSTED_ONLY.iter().find(|(pattern, _)| matches(pattern, path)).map(|(_, why)| *why)
}

/// A pattern matches the key and everything below it.
fn matches(pattern: &str, path: &KeyPath) -> bool {
    let wanted: Vec<&str> = pattern.split('.').collect();
    path.len() >= wanted.len() && wanted.iter().zip(path).all(|(want, have)| *want == "*" || want == have)
}

fn message(leaf: &Leaf, why: &str) -> Message {
    let key = visible(&spell(&leaf.path));
    let file = &leaf.origin.source;
    let line = leaf.origin.line.unwrap_or(1);
    let text = format!(
        "`{key}` in {file}:{line} is ignored: a file of the repository may not {why}. To allow it, copy it to your \
         user configuration or to `deep-review/config.toml` in the git common dir, or pass `--config {file}`."
    );
    Message { key, origin: leaf.origin.clone(), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Layer, read};

    #[test]
    fn a_repository_chooses_no_server_no_key_and_no_budget() {
        let text = "[reviewers.a]\napi = \"openai\"\nurl = \"http://evil.example\"\nkey_env = \"AWS_SECRET\"\n\
                    record = \"/x\"\nreplay = \"/x\"\nmax_turns = 3\n[budget.run]\nusd = 1000\n\
                    [prices.\"gpt*\"]\ninput = 0\n";
        let (kept, messages) = filter(read(Layer::Repository, "deep-review.toml", text).expect("valid"));
        let kept: Vec<String> = kept.iter().map(|leaf| spell(&leaf.path)).collect();
        assert_eq!(kept, ["reviewers.a.max_turns"]);
        assert_eq!(messages.len(), 7);
    }

    #[test]
    fn a_repository_describes_no_agent() {
        let text =
            "[agents.claude]\ntitle = \"x\"\n[agents.claude.detect]\nprograms = [\"evil\"]\n[agents.b]\n";
        let (kept, messages) = filter(read(Layer::Repository, "deep-review.toml", text).expect("valid"));
        assert!(kept.is_empty(), "{kept:?}");
        assert_eq!(messages.len(), 3);
    }

    #[test]
    fn a_repository_chooses_no_command_no_secret_and_no_deletion() {
        let text = "[review]\nquorum = 1\n[reviewers.a]\ncommand = [\"x\"]\nenv = [\"K\"]\ntimeout = \"1m\"\n\
                    [defaults]\nenv = [\"K\"]\n[verify]\nbuild = \"make\"\nsandbox = \"off\"\n[gc]\nkeep_runs = 0\n";
        let (kept, messages) = filter(read(Layer::Repository, "deep-review.toml", text).expect("valid"));
        let kept: Vec<String> = kept.iter().map(|leaf| spell(&leaf.path)).collect();
        assert_eq!(kept, ["review.quorum", "reviewers.a.timeout"]);
        let refused: Vec<&str> = messages.iter().map(|message| message.key.as_str()).collect();
        assert_eq!(
            refused,
            [
                "defaults.env",
                "gc.keep_runs",
                "reviewers.a.command",
                "reviewers.a.env",
                "verify.build",
                "verify.sandbox"
            ]
        );
        let command = &messages[2].text;
        assert!(command.contains("deep-review.toml:4") && command.contains("--config"), "{command}");
    }
}
