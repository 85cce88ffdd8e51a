//! What kind of defect a text is about.
//!
//! In: stems. Out: weights over some thirty kinds of defect. Two reviewers tell one defect in different words
//! ("leak", "never closed"), and different defects in the same place in the same words; the kind tells them apart.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;

use super::stems::Stem;

/// Kinds of defect, each with the stems that speak for it.
const KINDS: &[(&str, &str)] = &[
    (
        "race",
        "race concurr concurrent thread atom atomic mutex lock synchron simultan parallel interleav unsynchron goroutin volatil",
    ),
    ("deadlock", "deadlock livelock starv"),
    ("null", "null nil none undefin nullptr derefer dereferenc npe nullabl optional nonnul"),
    (
        "crash",
        "crash panic abort segfault exception throw uncaught typeerror attributeerror keyerror valueerror raise",
    ),
    ("leak", "leak unclos close cleanup dispos releas dangl unsubscrib orphan"),
    ("hang", "hang block stall indefinit forev timeout deadlin stuck infinit wait"),
    ("retry", "retri retry backoff reconnect"),
    ("bounds", "bound index overflow underflow rang off length out-of-bound oob slice negat"),
    ("inject", "inject xss sql ssrf escap sanit sanitiz untrust travers csrf rce malici attack"),
    (
        "auth",
        "auth authent author permiss privileg access token credenti secret password session role forbidden unauthor",
    ),
    ("error", "error swallow ignor discard unhandl unhandledrejection catch propag suppress except"),
    ("type", "type cast convert convers coerc generic union interfac"),
    ("unused", "unus dead unreach redund never import leftov obsolet duplic duplicat"),
    ("test", "test assert coverag mock fixtur flaki flaky spec bats pytest"),
    ("docs", "comment doc document readm docstr javadoc jsdoc changelog"),
    ("spelling", "typo spell misspel grammar grammat word capit phrase"),
    ("naming", "name renam mislead convent prefix suffix camelcas"),
    ("perf", "perform slow effici ineffici quadrat alloc memori n+1 cach memo latenc overhead expens"),
    ("order", "order sort determinist nondeterminist stabl iterat sequenc"),
    ("hardcode", "hardcod magic constant literal configur"),
    ("compat", "compat backward upgrad migrat legaci deprec breaking"),
    ("path", "path directori folder filesystem symlink separ slash"),
    ("platform", "window linux maco darwin platform wsl posix unix"),
    ("encode", "encod decod utf unicod byte charset base64 serial deseri json pars yaml"),
    ("time", "time date timezon utc clock timestamp durat interv expir ttl"),
    ("state", "state statu stale condit transit inconsist sync reset"),
    ("logic", "invert condit opposit wrong incorrect boolean negat branch operator always"),
    ("default", "default option flag param paramet argument"),
    ("validate", "valid validat check verifi guard missing require requir"),
    ("async", "async await promis callback foreach fire forget futur"),
    ("ui", "css layout style render display button theme color ui"),
    ("copy", "copi past copy-past clone mutat shallow deep alias"),
    ("log", "log logger debug print"),
    ("build", "build compil depend version packag lockfil workflow ci pipelin"),
    ("query", "queri databas transact row tabl column where select join index"),
    ("network", "request respons http header url cors websocket origin connect socket port"),
];

/// The kind in words for people.
pub(crate) fn phrase(kind: &str) -> &str {
    match kind {
        "null" => "missing values",
        "bounds" => "bounds",
        "inject" => "untrusted input",
        "auth" => "access",
        "error" => "error handling",
        "docs" => "documentation",
        "perf" => "cost",
        "compat" => "compatibility",
        "encode" => "encoding",
        "hardcode" => "fixed values",
        "leak" => "releasing resources",
        "test" => "tests",
        "race" => "races",
        "deadlock" => "deadlocks",
        "crash" => "crashes",
        "type" => "types",
        "naming" => "names",
        "path" => "paths",
        "platform" => "platforms",
        "retry" => "retries",
        "log" => "logging",
        "build" => "building",
        "query" => "queries",
        "network" => "requests and connections",
        "ui" => "display",
        "copy" => "copies",
        "default" => "parameters and defaults",
        "validate" => "missing checks",
        "async" => "unawaited work",
        "unused" => "unused code",
        "hang" => "waiting",
        other => other,
    }
}

/// The kinds that a stem speaks for.
pub(crate) fn kinds_of(stem: &str) -> &'static [usize] {
    static TABLE: OnceLock<HashMap<&'static str, Vec<usize>>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (kind, (_, stems)) in KINDS.iter().enumerate() {
            for stem in stems.split(' ') {
                table.entry(stem).or_default().push(kind);
            }
        }
        table
    });
    table.get(stem).map_or(&[], Vec::as_slice)
}

/// Weights over the kinds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Concepts {
    weights: Vec<f32>,
}

impl Concepts {
    pub(crate) fn of(stems: &[Rc<Stem>]) -> Self {
        let mut weights = vec![0.0_f32; KINDS.len()];
        for kind in stems.iter().flat_map(|stem| stem.kinds) {
            weights[*kind] += 1.0;
        }
        for weight in &mut weights {
            *weight = weight.sqrt();
        }
        Self { weights }
    }

    /// Cosine; `None` where one of them names no kind.
    pub(crate) fn cosine(&self, other: &Self) -> Option<f32> {
        let norm = |weights: &[f32]| weights.iter().map(|w| w * w).sum::<f32>().sqrt();
        let (a, b) = (norm(&self.weights), norm(&other.weights));
        if a == 0.0 || b == 0.0 {
            return None;
        }
        Some(self.weights.iter().zip(&other.weights).map(|(x, y)| x * y).sum::<f32>() / (a * b))
    }

    /// The kind that both speak of most, for people.
    pub(crate) fn common(&self, other: &Self) -> Option<&'static str> {
        let best = self
            .weights
            .iter()
            .zip(&other.weights)
            .map(|(x, y)| x.min(*y))
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        (best.1 > 0.0).then(|| KINDS[best.0].0)
    }
}
