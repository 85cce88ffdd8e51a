//! Keys that are known by their shape.
//!
//! In: text. Out: the same with a word for each key. A shape is what its issuer documents: a prefix that nothing else has, and a length.
//! Hashes, identifiers and encoded data have none and stay. The examples that vendors publish stay, too.

use std::borrow::Cow;
use std::sync::LazyLock;

/// What it is, how it looks, and the bits of entropy a character that a real one has at least. The group `key`, where there is one,
/// is the secret in it.
const SHAPES: &[(&str, &str, f64)] = &[
    (
        "private key",
        r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(?:[\s\\nr>|+\x22',]*[A-Za-z0-9+/=:]{16,})+(?:[\s\\nr>|+\x22',]*-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)?",
        0.0,
    ),
    ("AWS access key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b", 3.0),
    ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b", 3.5),
    ("GitLab token", r"\bgl(?:pat|dt|rt|ptt|cbt|oas|ft)-[A-Za-z0-9_.-]{20,}", 3.3),
    ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}|\bxapp-\d-[A-Za-z0-9-]{20,}", 3.3),
    ("Slack webhook", r"hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,}", 3.5),
    ("Google key", r"\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{40,}|\bGOCSPX-[A-Za-z0-9_-]{28}", 3.5),
    ("Stripe key", r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{20,}|\bwhsec_[A-Za-z0-9+/]{32,}", 3.3),
    ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b", 3.5),
    ("PyPI token", r"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}", 3.5),
    ("Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{30,}", 3.5),
    ("OpenRouter key", r"\bsk-or-v1-[A-Za-z0-9]{40,}", 3.3),
    ("OpenAI key", r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9]{20,}[A-Za-z0-9_-]{12,}", 3.5),
    (
        "key of a model provider",
        r"(?:^|[^A-Za-z0-9_/+.=-])(?P<key>(?:xai-|gsk_|hf_|pplx-|r8_|nvapi-|fw_|csk-)[A-Za-z0-9]{32,})\b",
        3.5,
    ),
    ("SendGrid key", r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", 4.0),
    (
        "cloud token",
        r"\b(?:dop_v1_[a-f0-9]{64}|dckr_pat_[A-Za-z0-9_-]{27}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|hvs\.[A-Za-z0-9_-]{24,}|tskey-[a-z]+-[A-Za-z0-9-]{20,})",
        3.0,
    ),
    ("JSON web token", r"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", 4.0),
    (
        "password in an address",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\x22'<>{}$%]{1,64}:(?P<key>[^\s/:@\x22'<>{}$%*]{6,200})@",
        2.5,
    ),
    (
        "credential in a header",
        r"(?i)\b(?:authorization|proxy-authorization|x-api-key|x-goog-api-key|api-key)\b\\?[\x22']?\s*[:=]\s*\\?[\x22']?(?:bearer\s+|basic\s+|token\s+)?(?P<key>[A-Za-z0-9+/_.=~-]{20,})",
        3.5,
    ),
    (
        "password or key",
        r#"(?i)(?:secret|passwd|password|api_?key|access_?key|auth_?token|private_?key|client_?secret)\\?["']?\s*(?::|=|:=)\s*\\?["'](?P<key>[A-Za-z0-9+/_=-]{24,})\\?["']"#,
        4.2,
    ),
];

struct Shape {
    what: &'static str,
    text: regex::Regex,
    bytes: regex::bytes::Regex,
    entropy: f64,
}

static COMPILED: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let compile = |(what, pattern, entropy): &(&'static str, &str, f64)| Shape {
        what,
        text: regex::Regex::new(pattern).expect("a pattern written in this file"),
        bytes: regex::bytes::RegexBuilder::new(pattern).unicode(false).build().expect("the same pattern"),
        entropy: *entropy,
    };
    SHAPES.iter().map(compile).collect()
});

/// The text without keys.
pub fn text(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for shape in COMPILED.iter() {
        let mut cuts = Vec::new();
        for found in shape.text.captures_iter(&text) {
            let Some(key) = found.name("key").or_else(|| found.get(0)) else { continue };
            if shape.is_real(key.as_str().as_bytes()) {
                cuts.push(key.range());
            }
        }
        if cuts.is_empty() {
            continue;
        }
        let mut new = String::with_capacity(text.len());
        let mut from = 0;
        for cut in cuts {
            new.push_str(&text[from..cut.start]);
            new.push_str(&shape.word());
            from = cut.end;
        }
        new.push_str(&text[from..]);
        text = Cow::Owned(new);
    }
    text
}

/// Bytes without keys: what is no text is kept as it is.
pub fn bytes(mut bytes: Vec<u8>) -> Vec<u8> {
    for shape in COMPILED.iter() {
        let mut new = Vec::new();
        let mut from = 0;
        for found in shape.bytes.captures_iter(&bytes) {
            let Some(key) = found.name("key").or_else(|| found.get(0)) else { continue };
            if shape.is_real(key.as_bytes()) {
                new.extend_from_slice(&bytes[from..key.start()]);
                new.extend(shape.word().bytes());
                from = key.end();
            }
        }
        if from > 0 {
            new.extend_from_slice(&bytes[from..]);
            bytes = new;
        }
    }
    bytes
}

/// Whether a text holds something with the shape of a key.
pub fn holds_key(text: &str) -> bool {
    matches!(self::text(text), Cow::Owned(_))
}

impl Shape {
    fn word(&self) -> String {
        format!("<redacted: {}>", self.what)
    }

    fn is_real(&self, key: &[u8]) -> bool {
        entropy(key) >= self.entropy && !is_example(key)
    }
}

/// What vendors print in their manuals, and what stands for a key.
fn is_example(key: &[u8]) -> bool {
    let lower = key.to_ascii_lowercase();
    let words: &[&[u8]] = &[
        b"example",
        b"placeholder",
        b"xxxx",
        b"your",
        b"dummy",
        b"changeme",
        b"password",
        b"redacted",
        b"0000000",
    ];
    words.iter().any(|word| memchr::memmem::find(&lower, word).is_some())
}

/// Shannon entropy in bits a character.
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let length = text.len() as f64;
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length);
    shares.map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts, so that no scanner takes this file for a leak.
    fn made(parts: &[&str]) -> String {
        parts.concat()
    }

    const RANDOM: &str = "n3K9wQ2eL5bV8mY1pX4cZ7aR0fT6sH3uJ8oIkU2dG7";

    #[test]
    fn keys_of_known_shapes_go_and_the_text_around_them_stays() {
        for (parts, what) in [
            (vec!["AKIA", "Q3EGR7XZ2LTWMP4B"], "AWS access key"),
            (vec!["gh", "p_", &RANDOM[..36]], "GitHub token"),
            (vec!["glpat", "-", &RANDOM[..20]], "GitLab token"),
            (vec!["xox", "b-", "123456789012-", &RANDOM[..24]], "Slack token"),
            (vec!["AIza", "SyD", &RANDOM[..32]], "Google key"),
            (vec!["sk_", "live_", &RANDOM[..24]], "Stripe key"),
            (vec!["npm", "_", &RANDOM[..36]], "npm token"),
            (vec!["sk-", "ant-api03-", RANDOM, "-", RANDOM], "Anthropic key"),
            (vec!["sk-", "proj-", RANDOM, RANDOM], "OpenAI key"),
            (vec!["sk-", "or-v1-", RANDOM], "OpenRouter key"),
            (vec!["xai", "-", RANDOM], "key of a model provider"),
            (vec!["gsk", "_", RANDOM], "key of a model provider"),
            (
                vec!["eyJ", "hbGciOiJIUzI1NiIsInR5", ".eyJ", "zdWIiOiJhZGEiLCJpYXQi", ".", &RANDOM[..30]],
                "JSON web token",
            ),
        ] {
            let key = made(&parts);
            let said = format!("before {key} after");
            let expected = format!("before <redacted: {what}> after");
            assert_eq!(text(&said), expected, "{key}");
            assert_eq!(
                bytes([said.as_bytes(), b"\xff"].concat()),
                [expected.as_bytes(), b"\xff"].concat(),
                "{key}"
            );
            assert_eq!(text(&expected), expected, "twice");
        }
    }

    #[test]
    fn of_an_address_and_a_header_only_the_secret_goes() {
        let password = made(&["pa", "ss-", "w0rd9Q"]);
        assert_eq!(
            text(&format!("postgres://ada:{password}@db.test/x")),
            "postgres://ada:<redacted: password in an address>@db.test/x"
        );
        assert_eq!(
            text(&format!("Authorization: Bearer {RANDOM}\n")),
            "Authorization: Bearer <redacted: credential in a header>\n"
        );
        assert_eq!(
            text(&format!("{{\"api_key\": \"{RANDOM}\"}}")),
            "{\"api_key\": \"<redacted: password or key>\"}"
        );
    }

    #[test]
    fn a_private_key_goes_with_its_body_and_a_header_alone_stays() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ";
        let (begin, end) =
            (made(&["-----BEGIN ", "PRIVATE KEY-----"]), made(&["-----END ", "PRIVATE KEY-----"]));
        let key = format!("{begin}\n{body}\n{body}\n{end}\n");
        assert_eq!(text(&key), "<redacted: private key>\n");
        let in_a_diff = format!("+{begin}\n+{body}\n+{body}\n+{end}\n+next\n");
        assert_eq!(text(&in_a_diff), "+<redacted: private key>\n+next\n");
        let in_json = format!("{{\"key\": \"{begin}\\n{body}\\n{end}\\n\"}}");
        assert!(!text(&in_json).contains(body), "{}", text(&in_json));
        let parser = format!("if line == \"{begin}\" {{ start(); }}");
        assert_eq!(text(&parser), parser);
    }

    #[test]
    fn hashes_identifiers_code_and_published_examples_stay() {
        for said in [
            "commit 71e495a484658a46237fe581591fda6850db1bc6",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "id: 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
            "integrity sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
            "platformdirs/version.py,sha256=qaN-fw_n3K9wQ2eL5bV8mY1pX4cZ7aR0fT6sH3uJ8oIk,160",
            "http://username:password@host.com:80/path",
            "AKIAIOSFODNN7EXAMPLE",
            "api_key = os.environ[\"OPENAI_API_KEY\"]",
            "password = \"correct-horse-battery-staple\"",
            "sk-learn-style-names-are-words-and-not-keys",
            "https://user@example.org/path:with:colons@2x.png",
            "https://${USER}:${PASSWORD}@example.org",
            "Authorization: Bearer $TOKEN",
            "fn authorization(header: &HeaderValue) -> Result<Claims, AuthorizationError>",
            "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
            "hf_hub_download(repo_id, filename)",
        ] {
            assert_eq!(text(said), said);
            assert_eq!(bytes(said.as_bytes().to_vec()), said.as_bytes());
        }
    }
}
