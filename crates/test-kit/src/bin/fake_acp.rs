//! An agent that speaks the Agent Client Protocol and misbehaves as its script says.
//!
//! In: `--script FILE`, one instruction a line; the client's messages on standard input. Out: its own on standard output.
//! Without any instruction it introduces itself, answers nothing and says that it is done. Never lives longer than two
//! minutes after its standard input has ended.
//!
//! Instructions (`#` begins a comment; times are `60s` or `250ms`):
//!
//! | instruction | does |
//! |---|---|
//! | `initialize silent` | answers nothing to `initialize` |
//! | `initialize version N` | speaks another version |
//! | `initialize error TEXT`, `session error CODE TEXT`, `session nameless` | fails before the prompt |
//! | `models NAME NAME …`, `options NAME NAME …` | offers these models, by the older list or as options (with the efforts `low` and `high`) |
//! | `say FILE` | says the file's text; `{canary}` in it is the canary of the prompt |
//! | `say-half FILE` | says the first half of it |
//! | `print TEXT`, `print-error TEXT` | a line that is no message, to stdout / to stderr |
//! | `long-line SIZE` | a message of so many bytes |
//! | `tool KIND TITLE` | tells of a call of a tool |
//! | `permission KIND PATH` | asks whether it may, and says what it was told |
//! | `read PATH`, `write PATH` | asks the client for it, and says what came of it; `$cwd` is the session's folder |
//! | `call METHOD` | any other request, and says what came of it |
//! | `ask-without-reading COUNT PATH` | asks for a file again and again, and reads no answer |
//! | `edit PATH` | changes a file without asking anybody |
//! | `usage IN OUT`, `cost USD` | figures |
//! | `sleep TIME`, `exit CODE`, `crash` | what their names say |
//! | `prompt-error CODE TEXT` | answers the prompt with an error |
//! | `stop REASON` | answers the prompt; without it `end_turn` at the end |
//! | `stay TIME` | lives on after that, whatever the client says |

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program's whole work is to write")]

use std::fmt::Write as _;
use std::io::{BufRead as _, Write as _};
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

/// No fake lives longer after its input has ended.
const LONGEST: Duration = Duration::from_mins(2);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [flag, script, ..] = &arguments[..] else { fail("usage: fake-acp --script FILE") };
    let text =
        std::fs::read_to_string(script).unwrap_or_else(|error| fail(&format!("{flag} {script}: {error}")));
    let script = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut agent = Agent {
        script: script.map(str::to_owned).collect(),
        lines: std::io::stdin().lock().lines(),
        canary: String::new(),
        cwd: String::new(),
        model: "none".to_owned(),
        usage: String::new(),
        stop: "end_turn".to_owned(),
        asked: 100,
    };
    agent.live();
}

fn fail(message: &str) -> ! {
    eprintln!("fake-acp: {message}");
    exit(64)
}

struct Agent {
    script: Vec<String>,
    lines: std::io::Lines<std::io::StdinLock<'static>>,
    canary: String,
    cwd: String,
    model: String,
    usage: String,
    stop: String,
    asked: u32,
}

impl Agent {
    fn live(&mut self) {
        while let Some(message) = self.next() {
            let id = raw(&message, "id").unwrap_or_default();
            match text(&message, "method").as_deref() {
                Some("initialize") => self.introduce(&id),
                Some("session/new") => self.begin(&id, &message),
                Some("session/set_model") => send(&format!("\"id\":{id},\"result\":null")),
                Some("session/set_config_option") => {
                    let value = text(&message, "value").unwrap_or_default();
                    if text(&message, "configId").as_deref() == Some("m") {
                        self.model = value;
                    }
                    send(&format!("\"id\":{id},\"result\":{{{}}}", self.options()));
                }
                Some("session/prompt") => {
                    let prompt = text(&message, "text").unwrap_or_default();
                    let canary = prompt.lines().map(str::trim).find(|line| line.starts_with("dr-canary"));
                    canary.unwrap_or_default().clone_into(&mut self.canary);
                    self.work(&id);
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Option<String> {
        self.lines.next()?.ok()
    }

    /// The rest of the instruction that begins with these words.
    fn told(&self, words: &str) -> Option<String> {
        self.script.iter().find_map(|line| Some(line.strip_prefix(words)?.trim().to_owned()))
    }

    fn introduce(&self, id: &str) {
        if self.told("initialize silent").is_some() {
            return;
        }
        if let Some(why) = self.told("initialize error") {
            return send(&format!("\"id\":{id},\"error\":{{\"code\":-32602,\"message\":{}}}", quoted(&why)));
        }
        let version = self.told("initialize version").unwrap_or_else(|| "1".to_owned());
        send(&format!(
            "\"id\":{id},\"result\":{{\"protocolVersion\":{version},\"agentCapabilities\":{{}},\"agentInfo\":\
             {{\"name\":\"fake-acp\",\"version\":\"1.2.3\"}}}}"
        ));
    }

    fn begin(&mut self, id: &str, message: &str) {
        self.cwd = text(message, "cwd").unwrap_or_default();
        if let Some(error) = self.told("session error") {
            let (code, why) = error.split_once(' ').unwrap_or((&error, "no"));
            return send(&format!("\"id\":{id},\"error\":{{\"code\":{code},\"message\":{}}}", quoted(why)));
        }
        let name = if self.told("session nameless").is_some() { "" } else { "\"sessionId\":\"s-1\"" };
        let offer = if let Some(models) = self.told("models ") {
            let models: Vec<String> =
                models.split(' ').map(|model| format!("{{\"modelId\":{}}}", quoted(model))).collect();
            format!(",\"models\":{{\"currentModelId\":\"none\",\"availableModels\":[{}]}}", models.join(","))
        } else if self.told("options ").is_some() {
            format!(",{}", self.options())
        } else {
            String::new()
        };
        send(&format!("\"id\":{id},\"result\":{{{name}{offer}}}"));
    }

    /// The options of the session as they are now.
    fn options(&self) -> String {
        let values = |names: &str| -> String {
            let values: Vec<String> =
                names.split(' ').map(|name| format!("{{\"value\":{}}}", quoted(name))).collect();
            values.join(",")
        };
        format!(
            "\"configOptions\":[{{\"id\":\"m\",\"category\":\"model\",\"currentValue\":{},\"options\":[{}]}},\
             {{\"id\":\"t\",\"category\":\"thought_level\",\"currentValue\":\"low\",\"options\":[{}]}}]",
            quoted(&self.model),
            values(&self.told("options ").unwrap_or_default()),
            values("low high")
        )
    }

    fn work(&mut self, id: &str) {
        for line in self.script.clone() {
            let line = line.replace("$cwd", &self.cwd);
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            self.obey(id, word, rest.trim());
        }
        let usage = if self.usage.is_empty() { String::new() } else { format!(",\"usage\":{}", self.usage) };
        send(&format!("\"id\":{id},\"result\":{{\"stopReason\":{}{usage}}}", quoted(&self.stop)));
        if let Some(longest) = self.told("stay ") {
            sleep(time(&longest).min(LONGEST));
        }
    }

    fn obey(&mut self, id: &str, word: &str, rest: &str) {
        match word {
            "say" => say(&self.text_of(rest)),
            "say-half" => {
                let text = self.text_of(rest);
                let half = text.floor_char_boundary(text.len() / 2);
                say(&text[..half]);
            }
            "print" => {
                println!("{rest}");
                let _ = std::io::stdout().flush();
            }
            "print-error" => eprintln!("{rest}"),
            "long-line" => say(&"x".repeat(rest.parse().unwrap_or(0))),
            "tool" => {
                let (kind, title) = rest.split_once(' ').unwrap_or((rest, "something"));
                update(&format!(
                    "\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"t\",\"kind\":{},\"title\":{}",
                    quoted(kind),
                    quoted(title)
                ));
            }
            "permission" => self.ask_permission(rest),
            "read" => {
                let answer = self.request("fs/read_text_file", &format!("\"path\":{}", quoted(rest)));
                say(&format!(
                    "read: {}\n",
                    text(&answer, "content").or(text(&answer, "message")).unwrap_or_default()
                ));
            }
            "write" => {
                let fields = format!("\"path\":{},\"content\":\"changed\"", quoted(rest));
                let answer = self.request("fs/write_text_file", &fields);
                say(&format!("write: {}\n", text(&answer, "message").unwrap_or("done".to_owned())));
            }
            "call" => {
                let answer = self.request(rest, "\"command\":\"true\"");
                say(&format!("call: {}\n", raw(&answer, "code").unwrap_or_default()));
            }
            "ask-without-reading" => {
                let (count, path) = rest.split_once(' ').unwrap_or((rest, ""));
                for number in 0..count.parse().unwrap_or(0) {
                    ask(1000 + number, "fs/read_text_file", &format!("\"path\":{}", quoted(path)));
                }
                sleep(LONGEST);
            }
            "edit" => std::fs::write(rest, "changed").unwrap_or_else(|error| fail(&error.to_string())),
            "usage" => {
                let (input, output) = rest.split_once(' ').unwrap_or((rest, "0"));
                self.usage =
                    format!("{{\"totalTokens\":0,\"inputTokens\":{input},\"outputTokens\":{output}}}");
            }
            "cost" => update(&format!(
                "\"sessionUpdate\":\"usage_update\",\"used\":1,\"size\":2,\"cost\":{{\"amount\":{rest},\"currency\":\"USD\"}}"
            )),
            "sleep" => sleep(time(rest)),
            "exit" => exit(rest.parse().unwrap_or_else(|_| fail("exit needs a code"))),
            "crash" => std::process::abort(),
            "prompt-error" => {
                let (code, why) = rest.split_once(' ').unwrap_or((rest, "no"));
                send(&format!("\"id\":{id},\"error\":{{\"code\":{code},\"message\":{}}}", quoted(why)));
                sleep(LONGEST);
            }
            "stop" => rest.clone_into(&mut self.stop),
            "initialize" | "session" | "models" | "options" | "stay" => {}
            _ => fail(&format!("unknown instruction `{word}`")),
        }
    }

    fn text_of(&self, path: &str) -> String {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| fail(&format!("{path}: {error}")));
        text.replace("{canary}", &self.canary.replace('"', "\\\""))
    }

    fn ask_permission(&mut self, rest: &str) {
        let (kind, path) = rest.split_once(' ').unwrap_or((rest, "a"));
        let answer = self.request(
            "session/request_permission",
            &format!(
                "\"toolCall\":{{\"toolCallId\":\"p\",\"kind\":{},\"title\":{},\"locations\":[{{\"path\":{}}}]}},\
                 \"options\":[{{\"optionId\":\"yes\",\"name\":\"Yes\",\"kind\":\"allow_once\"}},\
                 {{\"optionId\":\"no\",\"name\":\"No\",\"kind\":\"reject_once\"}}]",
                quoted(kind),
                quoted(&format!("{kind} a file")),
                quoted(path)
            ),
        );
        say(&format!("permission: {}\n", text(&answer, "optionId").unwrap_or_default()));
    }

    /// Asks the client, and waits for its answer.
    fn request(&mut self, method: &str, fields: &str) -> String {
        self.asked += 1;
        let id = self.asked;
        ask(id, method, fields);
        while let Some(message) = self.next() {
            if raw(&message, "id").as_deref() == Some(&id.to_string()) && text(&message, "method").is_none() {
                return message;
            }
        }
        exit(0)
    }
}

fn ask(id: u32, method: &str, fields: &str) {
    send(&format!("\"id\":{id},\"method\":{},\"params\":{{\"sessionId\":\"s-1\",{fields}}}", quoted(method)));
}

fn say(text: &str) {
    update(&format!(
        "\"sessionUpdate\":\"agent_message_chunk\",\"content\":{{\"type\":\"text\",\"text\":{}}}",
        quoted(text)
    ));
}

fn update(fields: &str) {
    send(&format!(
        "\"method\":\"session/update\",\"params\":{{\"sessionId\":\"s-1\",\"update\":{{{fields}}}}}"
    ));
}

fn send(fields: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{{\"jsonrpc\":\"2.0\",{fields}}}").and_then(|()| out.flush()).is_err() {
        exit(74);
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c)).expect("a string takes everything"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What stands behind the first `"key":`, up to the next comma or brace.
fn raw(message: &str, key: &str) -> Option<String> {
    let at = message.find(&format!("\"{key}\":"))? + key.len() + 3;
    Some(message[at..].chars().take_while(|c| !matches!(c, ',' | '}')).collect())
}

/// The string behind the first `"key":"`.
fn text(message: &str, key: &str) -> Option<String> {
    let at = message.find(&format!("\"{key}\":\""))? + key.len() + 4;
    let mut out = String::new();
    let mut rest = message[at..].chars();
    loop {
        match rest.next()? {
            '"' => return Some(out),
            '\\' => match rest.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                'u' => {
                    let code: String = rest.by_ref().take(4).collect();
                    out.push(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).unwrap_or('?'));
                }
                c => out.push(c),
            },
            c => out.push(c),
        }
    }
}

fn time(text: &str) -> Duration {
    let number = |text: &str| text.parse().unwrap_or_else(|_| fail("a time is `60s` or `250ms`"));
    match text.strip_suffix("ms") {
        Some(milliseconds) => Duration::from_millis(number(milliseconds)),
        None => Duration::from_secs(number(text.trim_end_matches('s'))),
    }
}
