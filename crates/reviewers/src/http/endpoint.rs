//! Where a model is asked, and with which key.
//!
//! In: a reviewer's settings and the environment. Out: an [`Endpoint`], or the sentence that says what is missing. The key
//! and the address never appear in anything that is shown: [`Endpoint::redact`] takes them out.

use std::fmt;

use config::{Api, Environment, ReviewerSettings};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Where to ask.
#[derive(Clone)]
pub struct Endpoint {
    pub(crate) api: Api,
    pub(crate) model: String,
    /// The address of the exchange, whole.
    pub(crate) url: String,
    /// The address of the list of models.
    pub(crate) models: String,
    /// `scheme://host:port`: all of the address that may be shown.
    shown: String,
    /// The variable's name and its value.
    key: Option<(String, String)>,
    /// Whether it is the vendor's own address.
    pub(crate) is_vendor: bool,
    /// Whether it is on this machine.
    pub(crate) is_loopback: bool,
    /// What the user should know.
    pub(crate) warnings: Vec<String>,
}

/// Shows neither key nor path nor query.
impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Endpoint")
            .field("api", &self.api)
            .field("model", &self.model)
            .field("at", &self.shown)
            .field("key", &self.key.as_ref().map(|(name, _)| name))
            .finish_non_exhaustive()
    }
}

/// The vendor's own address and the variable its key usually stands in.
fn vendor(api: Api) -> (&'static str, &'static str) {
    match api {
        Api::Openai => ("https://api.openai.com/v1", "OPENAI_API_KEY"),
        Api::Anthropic => ("https://api.anthropic.com", "ANTHROPIC_API_KEY"),
        Api::Gemini => ("https://generativelanguage.googleapis.com", "GEMINI_API_KEY"),
    }
}

/// Works out where a reviewer is asked. Another address than the vendor's gets a key only where the user names its
/// variable: a vendor's key must not reach a server of somebody else.
pub fn endpoint(settings: &ReviewerSettings, environment: &Environment) -> Result<Endpoint, String> {
    let api = settings.api.ok_or("it has no `api`")?;
    let model = settings.model.clone().filter(|model| !model.trim().is_empty());
    let model = model.ok_or("no model is named: set `model`")?;
    let (vendor_url, vendor_key) = vendor(api);
    let base = settings.url.as_deref().unwrap_or(vendor_url);
    let place = Place::parse(base)?;
    let is_vendor = Place::parse(vendor_url).is_ok_and(|vendor| vendor.origin() == place.origin());
    let name = settings.key_env.as_deref().or((settings.url.is_none()).then_some(vendor_key));
    let key = name.map(|name| key(name, environment)).transpose()?;
    let is_loopback = place.is_loopback();
    let mut warnings = Vec::new();
    if key.is_some() && place.scheme == "http" && !is_loopback {
        warnings.push(format!("its key travels in the clear to {}: use https", place.origin()));
    }
    Ok(Endpoint {
        api,
        url: place.with(api, &model),
        models: place.models(api),
        shown: place.origin(),
        model,
        key,
        is_vendor,
        is_loopback,
        warnings,
    })
}

fn key(name: &str, environment: &Environment) -> Result<(String, String), String> {
    let value = environment.text(name).map(str::trim).filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| format!("the variable `{name}` with its key is not set"))?;
    if value.chars().any(|c| c.is_control() || !c.is_ascii()) {
        return Err(format!("the variable `{name}` holds what cannot be a key"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

impl Endpoint {
    /// Whom it asks, in a few words: the model and the server, without what may be secret.
    pub fn sentence(&self) -> String {
        let key = self.key.as_ref().map_or("no key".to_owned(), |(name, _)| format!("key from {name}"));
        format!("{} at {} ({key})", self.model, self.shown)
    }

    /// All of the address that may be shown.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// What the user should know.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The headers of every request.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let key = self.key.as_ref().map(|(_, value)| value.clone());
        let mut headers = Vec::new();
        match self.api {
            Api::Openai => headers.extend(key.map(|key| ("authorization", format!("Bearer {key}")))),
            Api::Anthropic => {
                headers.extend(key.map(|key| ("x-api-key", key)));
                headers.push(("anthropic-version", "2023-06-01".to_owned()));
            }
            Api::Gemini => headers.extend(key.map(|key| ("x-goog-api-key", key))),
        }
        headers
    }

    /// The text without key and addresses.
    pub(crate) fn redact(&self, text: &str) -> String {
        let text = self.without_key(text);
        let address = regex::Regex::new(r#"(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>\\)\]}]+"#).expect("tested");
        address.replace_all(&text, "<address>").into_owned()
    }

    /// The text without the key. Short values are words; replacing them would garble text.
    pub(crate) fn without_key(&self, text: &str) -> String {
        match &self.key {
            Some((name, value)) if value.len() >= 8 => text.replace(value, &format!("<{name}>")),
            _ => text.to_owned(),
        }
    }
}

/// An address taken apart, as far as needed.
struct Place<'a> {
    scheme: &'a str,
    /// Name and password as the user wrote them; never shown.
    user: Option<&'a str>,
    host: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn parse(url: &'a str) -> Result<Self, String> {
        // The address itself may hold a secret, so it does not stand in the message.
        let wrong =
            || "its `url` is no address: it begins with `http://` or `https://` and names a host".to_owned();
        let (scheme, rest) = url.trim().split_once("://").ok_or_else(wrong)?;
        if !matches!(scheme, "http" | "https") || rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(wrong());
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (user, host) =
            authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        if host.is_empty() || host.starts_with(':') {
            return Err(wrong());
        }
        Ok(Self { scheme, user, host, path: path.trim_end_matches('/'), query })
    }

    /// The address of the list of models.
    fn models(&self, api: Api) -> String {
        let (path, query) = match api {
            Api::Openai if self.path.is_empty() => ("/v1/models".to_owned(), None),
            Api::Openai => (format!("{}/models", self.path), None),
            Api::Anthropic => {
                let base = self.path.strip_suffix("/v1").unwrap_or(self.path);
                (format!("{base}/v1/models"), Some("limit=1000"))
            }
            Api::Gemini => {
                let base = self.path.strip_suffix("/v1beta").unwrap_or(self.path);
                (format!("{base}/v1beta/models"), Some("pageSize=1000"))
            }
        };
        self.whole(&path, query)
    }

    /// A path on this server.
    fn whole(&self, path: &str, query: Option<&str>) -> String {
        let query: Vec<&str> = query.into_iter().chain(self.query).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let user = self.user.map(|user| format!("{user}@")).unwrap_or_default();
        format!("{}://{user}{}{path}{query}", self.scheme, self.host)
    }

    fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host.to_lowercase())
    }

    fn is_loopback(&self) -> bool {
        let host = match self.host.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or_default(),
            None => self.host.split(':').next().unwrap_or_default(),
        };
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The address of the exchange that streams an answer.
    fn with(&self, api: Api, model: &str) -> String {
        let path = match api {
            Api::Openai if self.path.is_empty() => "/v1/chat/completions".to_owned(),
            Api::Openai => format!("{}/chat/completions", self.path),
            Api::Anthropic => format!("{}/v1/messages", self.path.strip_suffix("/v1").unwrap_or(self.path)),
            Api::Gemini => {
                let base = self.path.strip_suffix("/v1beta").unwrap_or(self.path);
                let model = model.strip_prefix("models/").unwrap_or(model);
                format!("{base}/v1beta/models/{}:streamGenerateContent", utf8_percent_encode(model, MODEL))
            }
        };
        self.whole(&path, (api == Api::Gemini).then_some("alt=sse"))
    }
}

/// What of a model's name stays as it is in a path.
const MODEL: &percent_encoding::AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(api: Api, url: Option<&str>, key_env: Option<&str>) -> ReviewerSettings {
        ReviewerSettings {
            api: Some(api),
            url: url.map(str::to_owned),
            model: Some("m/x".to_owned()),
            key_env: key_env.map(str::to_owned),
            ..ReviewerSettings::default()
        }
    }

    fn at(api: Api, url: Option<&str>) -> String {
        let environment =
            Environment::of(&[("OPENAI_API_KEY", "k"), ("ANTHROPIC_API_KEY", "k"), ("GEMINI_API_KEY", "k")]);
        endpoint(&settings(api, url, None), &environment).expect("an endpoint").url
    }

    #[test]
    fn addresses_are_completed_as_each_protocol_wants_them() {
        assert_eq!(at(Api::Openai, None), "https://api.openai.com/v1/chat/completions");
        for url in ["http://localhost:11434", "http://localhost:11434/v1/"] {
            assert_eq!(at(Api::Openai, Some(url)), "http://localhost:11434/v1/chat/completions");
        }
        for url in [None, Some("https://api.anthropic.com/v1")] {
            assert_eq!(at(Api::Anthropic, url), "https://api.anthropic.com/v1/messages");
        }
        let gemini =
            "https://generativelanguage.googleapis.com/v1beta/models/m%2Fx:streamGenerateContent?alt=sse";
        assert_eq!(at(Api::Gemini, None), gemini);
        assert_eq!(
            at(Api::Openai, Some("https://me:pw@gate.example/a?key=1")),
            "https://me:pw@gate.example/a/chat/completions?key=1"
        );
    }

    #[test]
    fn models_are_listed_beside_the_exchange() {
        let environment = Environment::of(&[("K", "k")]);
        let at = |api, url| {
            let settings = settings(api, Some(url), Some("K"));
            endpoint(&settings, &environment).expect("an endpoint").models
        };
        assert_eq!(at(Api::Openai, "http://h:1"), "http://h:1/v1/models");
        assert_eq!(at(Api::Openai, "http://h:1/api/v1/?a=b"), "http://h:1/api/v1/models?a=b");
        assert_eq!(at(Api::Anthropic, "http://h:1/v1"), "http://h:1/v1/models?limit=1000");
        assert_eq!(at(Api::Gemini, "http://h:1"), "http://h:1/v1beta/models?pageSize=1000");
    }

    #[test]
    fn a_vendors_key_goes_to_the_vendor_only() {
        let environment = Environment::of(&[("OPENAI_API_KEY", "vendor-secret"), ("MINE", "my-own-secret")]);
        let of = |url, name| endpoint(&settings(Api::Openai, url, name), &environment).expect("an endpoint");
        assert_eq!(of(None, None).headers(), [("authorization", "Bearer vendor-secret".to_owned())]);
        assert!(of(Some("http://127.0.0.1:1/v1"), None).headers().is_empty());
        let own = of(Some("http://10.0.0.1:1/v1"), Some("MINE"));
        assert_eq!(own.headers(), [("authorization", "Bearer my-own-secret".to_owned())]);
        assert!(own.warnings[0].contains("in the clear"), "{:?}", own.warnings);
    }

    #[test]
    fn what_is_missing_is_said_without_the_address() {
        let environment = Environment::of(&[]);
        let why = endpoint(&settings(Api::Anthropic, None, None), &environment).expect_err("no key");
        assert_eq!(why, "the variable `ANTHROPIC_API_KEY` with its key is not set");
        for url in ["ftp://x", "secret", "http://", "http://:80", "http://a b"] {
            let why = endpoint(&settings(Api::Openai, Some(url), None), &environment).expect_err(url);
            assert!(why.contains("is no address") && !why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn neither_key_nor_address_is_shown() {
        let environment = Environment::of(&[("MINE", "my-own-secret")]);
        let url = Some("https://me:pw@gate.example/tenant-7?key=hidden");
        let endpoint =
            endpoint(&settings(Api::Openai, url, Some("MINE")), &environment).expect("an endpoint");
        let shown = format!("{endpoint:?} {}", endpoint.shown());
        for secret in ["my-own-secret", "pw", "tenant-7", "hidden"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        let said = "POST https://me:pw@gate.example/tenant-7/x?key=hidden failed: bad key my-own-secret.";
        assert_eq!(endpoint.redact(said), "POST <address> failed: bad key <MINE>.");
    }

    #[test]
    fn this_machine_is_known_by_every_name_it_has() {
        for url in ["http://localhost", "http://127.1.2.3:80/x", "http://[::1]:8080/v1"] {
            assert!(Place::parse(url).expect("an address").is_loopback(), "{url}");
        }
        assert!(!Place::parse("http://localhost.example").expect("an address").is_loopback());
    }
}
