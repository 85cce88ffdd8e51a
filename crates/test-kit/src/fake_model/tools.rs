//! Picks a tool, and the shape of its arguments, from what a client offers.
//!
//! In: what a step wants. Out: a tool call that the client understands. Never invents a tool, unless the step is forced.

use serde_json::{Map, Value, json};

use super::asked::{Asked, Tool};
use super::scenario::Want;

/// One tool call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The arguments; a string where they are plain text, or no JSON.
    pub(crate) arguments: Value,
    pub(crate) freeform: bool,
}

const READ: &[&str] = &["Read", "read_file", "read", "view", "ReadFile"];
const SHELL: &[&str] =
    &["Bash", "exec_command", "shell_command", "shell", "local_shell", "run_shell_command", "bash"];
const WRITE: &[&str] = &["Write", "write_file", "apply_patch", "write", "create", "Edit", "edit"];
const STRUCTURED: &[&str] = &["StructuredOutput", "structured_output"];

/// The call that does what is wanted; `None` where no offered tool can and the step is not forced.
pub(crate) fn call(asked: &Asked, want: &Want, forced: bool, at: usize) -> Option<Call> {
    let names = match want {
        Want::ReadDiff => {
            let file = asked
                .named("as a unified diff, in a file: ")
                .unwrap_or_else(|| "no diff was named".to_owned());
            return call(asked, &Want::Read(file), forced, at);
        }
        Want::Exactly(name, arguments) => return Some(exactly(asked, name, arguments, at)),
        Want::Structured => STRUCTURED,
        Want::Read(_) => READ,
        Want::Shell(_) => SHELL,
        Want::Write(_) => WRITE,
    };
    if let Some(tool) = names.iter().find_map(|name| asked.tool(name)) {
        let arguments = arguments(asked, tool, want);
        return Some(finished(tool.name.clone(), arguments, tool.freeform, at));
    }
    match want {
        // A client with nothing but a shell reads through it.
        Want::Read(path) if SHELL.iter().any(|name| asked.tool(name).is_some()) => {
            call(asked, &Want::Shell(format!("cat {path}")), forced, at)
        }
        _ if forced => {
            let nothing = Tool { name: names[0].to_owned(), schema: Value::Null, freeform: false };
            Some(finished(nothing.name.clone(), arguments(asked, &nothing, want), false, at))
        }
        _ => None,
    }
}

/// The structured answer through the client's tool for it.
pub(crate) fn structured(asked: &Asked, document: Value, at: usize) -> Option<Call> {
    let tool = STRUCTURED.iter().find_map(|name| asked.tool(name))?;
    Some(finished(tool.name.clone(), document, false, at))
}

fn finished(name: String, arguments: Value, freeform: bool, at: usize) -> Call {
    Call { id: format!("call_{at:02}"), name, arguments, freeform }
}

fn exactly(asked: &Asked, name: &str, arguments: &str, at: usize) -> Call {
    let root = asked.root.to_string_lossy();
    let text = arguments.replace("{root}", &root);
    let arguments = serde_json::from_str(&text).unwrap_or(Value::String(text));
    let freeform = asked.tool(name).is_some_and(|tool| tool.freeform);
    finished(name.to_owned(), arguments, freeform, at)
}

fn arguments(asked: &Asked, tool: &Tool, want: &Want) -> Value {
    let known = tool.schema["properties"].as_object();
    let mut possible = match want {
        Want::Shell(command) => shell(command, known),
        Want::Read(path) => file(asked, path, &tool.schema),
        Want::Write(path) => {
            let mut fields = file(asked, path, &tool.schema);
            let patch = format!("*** Begin Patch\n*** Add File: {path}\n+x\n*** End Patch\n");
            for (name, text) in [("content", "x\n"), ("file_text", "x\n"), ("contents", "x\n")] {
                fields.insert(name.to_owned(), text.into());
            }
            for name in ["input", "patchText", "patch"] {
                fields.insert(name.to_owned(), patch.clone().into());
            }
            fields
        }
        Want::Structured | Want::ReadDiff | Want::Exactly(..) => Map::new(),
    };
    if tool.freeform {
        let names = ["input", "cmd", "command"];
        return names.iter().find_map(|name| possible.get(*name).cloned()).unwrap_or_default();
    }
    let Some(known) = known else {
        possible.retain(|name, _| matches!(name.as_str(), "command" | "file_path" | "content"));
        return possible.into();
    };
    possible.retain(|name, _| known.contains_key(name));
    for name in tool.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        possible.entry(name).or_insert_with(|| instance(&known[name]));
    }
    possible.into()
}

fn shell(command: &str, known: Option<&Map<String, Value>>) -> Map<String, Value> {
    let wants_words =
        known.and_then(|known| known.get("command")).is_some_and(|schema| schema["type"] == "array");
    let words = if wants_words { json!(["bash", "-lc", command]) } else { command.into() };
    Map::from_iter([
        ("command".to_owned(), words),
        ("cmd".to_owned(), command.into()),
        ("description".to_owned(), "a look at the code".into()),
    ])
}

/// The path under every name that tools have for it: absolute, unless the tool says that its paths are relative.
fn file(asked: &Asked, path: &str, schema: &Value) -> Map<String, Value> {
    let names = ["file_path", "filePath", "absolute_path", "path"];
    let absolute = asked.root.join(path).to_string_lossy().into_owned();
    let one = |name: &&str| {
        let description = schema["properties"][*name]["description"].as_str().unwrap_or_default();
        let relative = description.contains("elative to the repository");
        ((*name).to_string(), Value::from(if relative { path.to_owned() } else { absolute.clone() }))
    };
    names.iter().map(one).collect()
}

/// The smallest value a JSON schema allows, as far as clients' side requests need it.
pub(crate) fn instance(schema: &Value) -> Value {
    if let Some(choices) = schema["enum"].as_array() {
        let good = |value: &&Value| matches!(value.as_str(), Some("user" | "flash" | "simple" | "Simple"));
        return choices.iter().find(good).or(choices.first()).cloned().unwrap_or_default();
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[key].as_array().and_then(|all| all.first()) {
            return instance(first);
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind.unwrap_or("string").to_lowercase().as_str() {
        "object" => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            fields.map(|(name, schema)| (name.clone(), instance(schema))).collect::<Map<_, _>>().into()
        }
        "array" => json!([]),
        "number" | "integer" => json!(0),
        "boolean" => json!(false),
        _ => json!("fake"),
    }
}
