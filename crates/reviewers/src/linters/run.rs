//! Asks one linter: at head, and where it has something to say also where the change begins.
//!
//! In: a linter, its program, the change. Out: an attempt whose answer is what it newly says, as SARIF. A linter that failed, or
//! whose output cannot be read, is a failed attempt with the reason; never "no findings".

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use config::{Environment, ReviewerSettings};
use diagnostics::{Content, Roots};
use git::Repository;
use model::{
    ChangeStatus, Ending, FileDiff, RawFinding, ReadingState, Receipt, RepoPath, ReviewerKind, Severity,
    Target,
};
use redaction::Secrets;
use supervise::{Cancel, Keeper, Outcome, Program, Progress};

use super::content::Lines;
use super::linter::{Linter, Output, is_among};
use super::side::{Installed, Side};
use crate::Attempt;
use crate::agent::shown;
use crate::command::{STDERR_KEPT, ended_by, last_words, limits, read_end, read_whole};
use crate::confine::{Confined, Confinement, Decision, Needs, Who, borrowed};

/// More files than this are not given to a linter at once.
const MOST_FILES: usize = 2000;

/// Everything needed to ask one linter.
#[derive(Debug)]
pub struct LinterRequest<'a> {
    /// The reviewer's name in this run.
    pub name: &'a str,
    /// The linter.
    pub linter: &'a Linter,
    /// Its program, or why it cannot be started.
    pub program: Result<&'a Path, &'a str>,
    /// Its limits.
    pub settings: &'a ReviewerSettings,
    /// The repository, for the checkouts.
    pub repository: &'a Repository,
    /// What is under review.
    pub target: &'a Target,
    /// The change.
    pub diff: &'a [FileDiff],
    /// A fresh folder for its checkouts. Removed by whoever made it.
    pub folder: &'a Path,
    /// A fresh folder for the records of its processes.
    pub process: &'a Path,
    /// The keeper program.
    pub keeper: &'a Keeper,
    /// Most findings it may bring.
    pub most: usize,
    /// The user's working tree, for packages installed there.
    pub installed_in: Option<&'a Path>,
    /// How programs are confined.
    pub confinement: &'a Confinement,
    /// The user's environment.
    pub environment: &'a Environment,
}

/// Room in the scratch folder of a confined linter: a whole project may be built there.
const SCRATCH: sandbox::Size = sandbox::Size::mebibytes(6 << 10);

/// Asks one linter and returns when it ended, was ended, or could not be started.
pub fn ask_linter(
    request: &LinterRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Attempt {
    let started = Instant::now();
    let mut attempt = Attempt {
        name: request.name.to_owned(),
        kind: ReviewerKind::Tool,
        ending: Ending::NotStarted,
        ..Attempt::default()
    };
    if let Err(why) = ask(request, cancel, progress, &mut attempt) {
        if matches!(attempt.ending, Ending::Finished | Ending::Leaky) {
            attempt.ending = Ending::Failed;
        }
        attempt.error = Some(why);
        attempt.answer.clear();
    }
    attempt.ms = started.elapsed().as_millis() as u64;
    attempt
}

fn ask(
    request: &LinterRequest<'_>,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
    attempt: &mut Attempt,
) -> Result<(), String> {
    let program = request.program.map_err(str::to_owned)?;
    let linter = request.linter;
    let version = super::find::version(linter, program, request.keeper, request.process, request.confinement);
    let until = Instant::now() + request.settings.timeout;
    let installed = Installed::of(linter, request.installed_in);
    let mut call = Call { request, program, cancel, progress, until, installed };
    let now_files =
        call.files(|file| (file.status != ChangeStatus::Deleted).then_some(&file.path), &mut attempt.notes);
    attempt.receipt = receipt(request);
    let mut now = Vec::new();
    let mut told = Vec::new();
    if linter.takes_files() && now_files.is_empty() {
        attempt.ending = Ending::Finished;
        told.push("the change has no file that it looks at".to_owned());
    } else {
        let head = call.look("head", &request.target.head, &now_files, attempt)?;
        let side = head.0;
        now = weigh(linter, head.1, attempt);
        if !now.is_empty() {
            now = call.new_ones(&side, now, attempt, &mut told)?;
        }
        quote(&side, &mut now);
    }
    let near: BTreeSet<&str> = request.target.changed.iter().map(|file| file.path.as_str()).collect();
    let (kept, counted) = diagnostics::fold(now, request.most, &|path| near.contains(path));
    attempt.notes.append(&mut told);
    attempt.notes.extend(counted);
    attempt.answer = diagnostics::document(&linter.title, &version, &kept).into_bytes();
    Ok(())
}

struct Call<'a, 'b> {
    request: &'a LinterRequest<'a>,
    program: &'a Path,
    cancel: &'a Cancel,
    progress: &'b mut dyn FnMut(Progress),
    until: Instant,
    installed: Vec<Installed>,
}

impl Call<'_, '_> {
    /// The changed files it looks at, on one side.
    fn files<'t>(
        &'t self,
        side: impl Fn(&'t model::ChangedFile) -> Option<&'t RepoPath>,
        notes: &mut Vec<String>,
    ) -> Vec<String> {
        let all = self.request.target.changed.iter().filter(|file| !file.submodule).filter_map(side);
        let mut files: Vec<String> = all
            .map(|path| path.as_str().to_owned())
            .filter(|path| self.request.linter.looks_at(path))
            .collect();
        if files.len() > MOST_FILES {
            notes.push(format!("it was given the first {MOST_FILES} of {} files", files.len()));
            files.truncate(MOST_FILES);
        }
        files
    }

    /// Runs it over one side and reads what it says.
    fn look(
        &mut self,
        label: &str,
        commit: &model::Sha,
        files: &[String],
        attempt: &mut Attempt,
    ) -> Result<(Side, Vec<RawFinding>), String> {
        let LinterRequest { linter, repository, target, .. } = *self.request;
        let root = self.request.folder.join(label);
        let mut notes = Vec::new();
        let side = Side::make(repository, target, commit, root, linter, &mut notes)?;
        // Head comes first: a name that it takes for something of its own is linked nowhere.
        self.installed = side.link(&self.installed, &mut notes);
        if label == "head" {
            attempt.notes.append(&mut notes);
        }
        let outcome = self.run(label, &side, files, attempt)?;
        let output = match linter.output {
            Output::Stdout => read_whole(&outcome.stdout, &mut attempt.notes),
            Output::Stderr => read_whole(&outcome.stderr, &mut attempt.notes),
        };
        attempt.tree_gone = Some(outcome.tree_gone && attempt.tree_gone.unwrap_or(true));
        attempt.ending = outcome.ending;
        attempt.exit = outcome.exit;
        attempt.signal = outcome.signal;
        attempt.stderr = read_end(&outcome.stderr, STDERR_KEPT);
        attempt.notes.extend(outcome.notes.iter().cloned());
        if label == "head" {
            attempt.stream.clone_from(&output);
        }
        self.judge(&outcome, &output, attempt)?;
        attempt.ending = if outcome.ending == Ending::Leaky { Ending::Leaky } else { Ending::Finished };
        let changed: Vec<RepoPath> = target.changed.iter().map(|file| file.path.clone()).collect();
        let roots = Roots { prefixes: &side.roots, files: &changed };
        // Some say nothing at all on standard error where there is nothing to say; the exit code has told that they looked.
        let is_silent = linter.output == Output::Stderr && output.trim_ascii().is_empty();
        if is_silent && outcome.exit.is_some_and(|code| linter.clean.contains(&code)) {
            return Ok((side, Vec::new()));
        }
        let reading = diagnostics::read(&String::from_utf8_lossy(&output), linter.format, roots);
        if let ReadingState::UnableToReview { why } | ReadingState::Truncated { why } = reading.state {
            return Err(why);
        }
        if label == "head" {
            attempt.notes.extend(reading.notes.iter().map(model::Note::sentence));
        }
        Ok((side, reading.findings))
    }

    /// Whether the program ended as one that looked.
    fn judge(&self, outcome: &Outcome, output: &[u8], attempt: &Attempt) -> Result<(), String> {
        let linter = self.request.linter;
        match (outcome.ending, outcome.exit) {
            (Ending::Finished | Ending::Leaky | Ending::Failed, Some(code)) => {
                let found = linter.findings.contains(&code);
                if linter.clean.contains(&code) && !found || found && !output.is_empty() {
                    return Ok(());
                }
                let said = last_words(&attempt.stderr).or_else(|| last_words(output));
                let said = said.map(|words| format!(": {words}")).unwrap_or_default();
                Err(format!("exited with code {code}{said}"))
            }
            (Ending::Cancelled, _) => Err("it was stopped".to_owned()),
            (Ending::Failed, None) => Err("it was ended by a signal".to_owned()),
            _ => Err(ended_by(outcome, self.request.settings)),
        }
    }

    fn run(
        &mut self,
        label: &str,
        side: &Side,
        files: &[String],
        attempt: &mut Attempt,
    ) -> Result<Outcome, String> {
        let LinterRequest { linter, settings, .. } = *self.request;
        let failed = |error: std::io::Error| format!("a folder for it could not be made: {error}");
        let process = self.request.process.join(label);
        let scratch = self.request.folder.join("scratch");
        std::fs::create_dir_all(&process).map_err(failed)?;
        std::fs::create_dir_all(&scratch).map_err(failed)?;
        let mut environment = crate::desk::guarded(supervise::harmless_environment(&settings.env));
        for (name, value) in &linter.environment {
            let value = value.replace("{scratch}", &scratch.to_string_lossy());
            environment.retain(|(own, _)| own.to_str() != Some(name.as_str()));
            environment.push((name.into(), value.into()));
        }
        let program = Program {
            command: self.command(side, files)?,
            folder: side.root.clone(),
            environment,
            stdin: supervise::Stdin::Null,
            run_folder: process,
            keeper: self.request.keeper.clone(),
        };
        let waited = Instant::now();
        let confined = self.confined(program, side, &scratch, attempt)?;
        // A machine may have to boot, or be somebody else's: that is no time of this linter's.
        self.until += waited.elapsed();
        let left = self.until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let limits = confined.limits(supervise::Limits { wall: left, ..limits(settings) });
        let outcome = supervise::run(&confined.program, &limits, self.cancel, self.progress);
        confined.end(attempt, &Secrets::default());
        Ok(outcome)
    }

    /// The program behind a sandbox, where it is to have one: without network, its checkout read-only, its scratch in memory.
    fn confined(
        &self,
        program: Program,
        side: &Side,
        scratch: &Path,
        attempt: &mut Attempt,
    ) -> Result<Confined, String> {
        let LinterRequest { linter, settings, confinement, .. } = *self.request;
        match confinement.decide(Who::Linter) {
            Decision::Confined => {
                let said = confinement.reservation();
                attempt.notes.extend(said.filter(|said| !attempt.notes.contains(said)));
            }
            Decision::Refused(why) => {
                return Err(format!("it was not asked, because a sandbox is required: {why}"));
            }
            Decision::Open(why) => {
                let note = format!("it ran without a sandbox: {why}");
                if confinement.is_foreign && !attempt.notes.contains(&note) {
                    attempt.notes.push(note);
                }
                return Ok(Confined::open(program));
            }
        }
        let mut read = borrowed(&side.root);
        read.push(side.root.clone());
        read.extend(self.installed.iter().flat_map(|one| [one.folder.clone(), one.place.clone()]));
        read.extend(linter.set_up_in.iter().filter(|folder| folder.is_dir()).cloned());
        let write = if linter.writes { vec![side.root.clone()] } else { Vec::new() };
        let needs = Needs {
            read,
            write,
            shown: shown(settings, self.request.environment),
            scratch: vec![(scratch.to_owned(), SCRATCH)],
            toolchains: true,
            private: scratch.with_extension("sandbox"),
            ..Needs::default()
        };
        confinement.confine(program, needs)
    }

    fn command(&self, side: &Side, files: &[String]) -> Result<Vec<OsString>, String> {
        let linter = self.request.linter;
        let mut words = vec![self.program.as_os_str().to_owned()];
        for word in &linter.arguments {
            match word.as_str() {
                // A name must not be taken for an option or a list of names.
                "{files}" => {
                    let there = files.iter().filter(|path| side.plain_file(path).is_some());
                    words.extend(there.map(|path| OsString::from(format!("./{path}"))));
                }
                "{config}" => {
                    let there = linter.configuration_paths().find(|path| side.root.join(path).exists());
                    let path = there.ok_or_else(|| {
                        format!("it has no configuration here ({})", linter.configuration.join(", "))
                    })?;
                    words.push(path.into());
                }
                word => words.push(word.into()),
            }
        }
        Ok(words)
    }

    /// Those of head that are not accounted for where the change begins.
    fn new_ones(
        &mut self,
        head: &Side,
        now: Vec<RawFinding>,
        attempt: &mut Attempt,
        told: &mut Vec<String>,
    ) -> Result<Vec<RawFinding>, String> {
        let target = self.request.target;
        let added: BTreeMap<&str, BTreeSet<u32>> = self
            .request
            .diff
            .iter()
            .map(|file| (file.path.as_str(), file.added().map(|(line, _)| line).collect()))
            .collect();
        let is_added = |path: &str, line: u32| added.get(path).is_some_and(|lines| lines.contains(&line));
        let count = now.len();
        let before = |file: &model::ChangedFile| file.status != ChangeStatus::Added;
        let files = self.files(
            |file| before(file).then(|| file.old_path.as_ref().unwrap_or(&file.path)),
            &mut Vec::new(),
        );
        let starts_empty = target.merge_base.as_str().bytes().all(|byte| byte == b'0');
        if starts_empty || self.request.linter.takes_files() && files.is_empty() {
            return Ok(mark(now));
        }
        // What the run at head came to stays what the attempt came to.
        let mut other = Attempt { tree_gone: attempt.tree_gone, ..Attempt::default() };
        let looked = self.look("base", &target.merge_base, &files, &mut other);
        attempt.tree_gone = other.tree_gone;
        let (base, then) = match looked {
            Ok(looked) => looked,
            Err(why) if self.cancel.is_cancelled() => {
                attempt.ending = Ending::Cancelled;
                return Err(why);
            }
            Err(why) => {
                let on_change = |finding: &RawFinding| {
                    let place = finding.locations.first();
                    place.is_some_and(|at| at.start.is_some_and(|line| is_added(&at.path, line)))
                };
                let kept: Vec<RawFinding> = now.into_iter().filter(on_change).collect();
                told.push(format!(
                    "where the change begins it could not look ({why}), so only what stands on lines of the change is \
                     taken as new: {} of {count}",
                    kept.len()
                ));
                return Ok(mark(kept));
            }
        };
        let then = weigh(self.request.linter, then, &mut other);
        let moved: BTreeMap<&str, &str> = target
            .changed
            .iter()
            .filter(|file| file.status == ChangeStatus::Renamed)
            .filter_map(|file| Some((file.old_path.as_ref()?.as_str(), file.path.as_str())))
            .collect();
        let (lines_now, lines_then) = (Lines::of(Some(head)), Lines::of(Some(&base)));
        let content = Content {
            path_now: &|path| moved.get(path).map_or_else(|| path.to_owned(), |now| (*now).to_owned()),
            line_now: &|path, line| lines_now.line(path, line),
            line_then: &|path, line| lines_then.line(path, line),
            is_added: &is_added,
        };
        let new = diagnostics::fresh(now, &then, content);
        let old = count - new.len();
        if old > 0 {
            told.push(format!(
                "{old} of its {count} diagnostics were there before the change and are left out"
            ));
        }
        Ok(mark(new))
    }
}

/// Says in a way that others understand that these are new.
fn mark(mut findings: Vec<RawFinding>) -> Vec<RawFinding> {
    for finding in &mut findings {
        finding.extra.insert("baselineState".to_owned(), "new".into());
    }
    findings
}

/// Levels as the linter's file says, and without rules that say nothing in a checkout without dependencies.
fn weigh(linter: &Linter, findings: Vec<RawFinding>, attempt: &mut Attempt) -> Vec<RawFinding> {
    let mut left_out = BTreeMap::new();
    let mut kept = Vec::with_capacity(findings.len());
    for mut finding in findings.into_iter().filter(|finding| !finding.withdrawn) {
        if let (None, Some(rule)) = (&finding.rule, &linter.rule) {
            finding.rule = Some(rule.clone());
            finding.rule_url = Some(linter.home.clone());
        }
        let rule = finding.rule.as_deref();
        if is_among(rule, &linter.needs_dependencies) {
            *left_out.entry(rule.unwrap_or_default().to_owned()).or_insert(0_u32) += 1;
            continue;
        }
        if is_among(rule, &linter.important) {
            finding.severity = Severity::Important;
        } else if !linter.own_levels {
            finding.severity = Severity::Suggestion;
        }
        kept.push(finding);
    }
    if !left_out.is_empty() {
        let told: Vec<String> = left_out.iter().map(|(rule, count)| format!("{rule} ({count})")).collect();
        attempt.notes.push(format!(
            "left out, because they say nothing where dependencies are not installed: {}",
            told.join(", ")
        ));
    }
    kept
}

/// Quotes what each stands on, so that the place can be checked.
fn quote(side: &Side, findings: &mut [RawFinding]) {
    let lines = Lines::of(Some(side));
    for location in findings.iter_mut().flat_map(|finding| &mut finding.locations) {
        if let Some(start) = location.start {
            location.quote = lines.quote(&location.path, start, location.end.unwrap_or(start));
        }
    }
}

fn receipt(request: &LinterRequest<'_>) -> Receipt {
    let changed = &request.target.changed;
    Receipt {
        base: Some(request.target.merge_base.clone()),
        head: Some(request.target.head.clone()),
        files_shown: changed.len() as u32,
        lines_shown: changed.iter().map(|file| file.added + file.removed).sum(),
        ..Receipt::default()
    }
}
