//! Each stage of a launch fails in turn on real processes: nothing runs, nothing is left.

use std::path::PathBuf;

use super::super::{die_together, process};
use super::*;

fn program(folder: &Path, script: &str) -> Program {
    let path = folder.join("script");
    std::fs::write(&path, script).expect("a script");
    Program {
        command: vec![test_kit::fake_agent_path().into(), "--script".into(), path.into()],
        folder: folder.to_owned(),
        environment: crate::harmless_environment(&[]),
        stdin: Stdin::Null,
        run_folder: folder.to_owned(),
        keeper: crate::Keeper { command: Vec::new() },
    }
}

/// The system, but for one stage.
struct Failing<'a> {
    real: Windows<'a>,
    stage: &'static str,
    started: Option<OwnedHandle>,
}

impl Failing<'_> {
    fn fail_at<T>(&self, stage: &str, real: io::Result<T>) -> io::Result<T> {
        if self.stage == stage { Err(io::Error::other(format!("{stage} fails here"))) } else { real }
    }
}

impl Machine for Failing<'_> {
    type Job = Job;
    type Process = Child;

    fn create(&mut self) -> io::Result<Job> {
        let real = self.real.create();
        self.fail_at("create", real)
    }
    fn configure(&mut self, job: &Job) -> io::Result<()> {
        let real = self.real.configure(job);
        self.fail_at("configure", real)
    }
    fn start_suspended(&mut self) -> io::Result<Child> {
        let child = self.real.start_suspended()?;
        self.started = Some(child.as_handle().try_clone_to_owned()?);
        Ok(child)
    }
    fn assign(&mut self, job: &Job, process: &Child) -> io::Result<()> {
        self.fail_at("assign", Ok(())).and_then(|()| self.real.assign(job, process))
    }
    fn resume(&mut self, process: &Child) -> io::Result<()> {
        self.fail_at("resume", Ok(())).and_then(|()| self.real.resume(process))
    }
    fn terminate(&mut self, process: &mut Child) -> io::Result<()> {
        self.real.terminate(process)
    }
}

#[test]
fn whatever_stage_fails_the_program_never_ran_and_is_gone() {
    type IsIt = fn(&LaunchError) -> bool;
    let cases: [(&str, bool, IsIt); 5] = [
        ("create", false, |error| matches!(error, LaunchError::Create(_))),
        ("configure", false, |error| matches!(error, LaunchError::Configure(_))),
        ("assign", true, |error| matches!(error, LaunchError::Assign(_))),
        ("record", true, |error| matches!(error, LaunchError::Record(_))),
        ("resume", true, |error| matches!(error, LaunchError::Resume(_))),
    ];
    for (stage, is_started, is_it) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let program = program(folder.path(), "edit ran");
        let mark = format!("test-{}-{stage}", std::process::id());
        let (prepared, ends) = Prepared::new(&mark, None).expect("pipes");
        let mut command = command(&program, ends).expect("a command");
        let real = Windows {
            name: prepared.name.clone(),
            port: prepared.port(),
            memory: None,
            command: &mut command,
        };
        let mut machine = Failing { real, stage, started: None };
        let recorded = if stage == "record" { Err(io::Error::other("record fails here")) } else { Ok(()) };
        let error = launch(&mut machine, |_| recorded).map(drop).expect_err("it fails");
        assert!(is_it(&error) && error.to_string().contains("fails here"), "{stage}: {error}");
        assert_eq!(machine.started.is_some(), is_started, "{stage}");
        if let Some(process) = &machine.started {
            assert!(process::has_exited(process.as_handle()), "{stage}: it is gone");
        }
        assert!(!folder.path().join("ran").exists(), "{stage}: it never ran");
        let job = Job::open(&job_name(&mark)).expect("a look");
        assert!(job.is_none_or(|job| job.active().is_ok_and(|count| count == 0)), "{stage}: nobody is in it");
    }
}

/// This test program again, as a supervisor that is killed between the start of a program and its job.
#[test]
#[ignore = "started by another test"]
#[expect(clippy::disallowed_methods, reason = "a test is told where to work")]
fn as_supervisor_before_the_assignment() {
    let Some(folder) = std::env::var_os("TEST_FOLDER").map(PathBuf::from) else { return };
    die_together().expect("in a job of our own");
    let program = program(&folder, "edit ran\nsleep 60s");
    let (prepared, ends) = Prepared::new("never-made", None).expect("pipes");
    let mut command = command(&program, ends).expect("a command");
    let mut windows =
        Windows { name: prepared.name.clone(), port: prepared.port(), memory: None, command: &mut command };
    let child = windows.start_suspended().expect("it stands still");
    let identity = identity_of(child.as_handle(), child.id()).expect("an identity");
    let text = serde_json::to_string(&identity).expect("plain data");
    std::fs::write(folder.join("identity.new"), text).expect("written");
    std::fs::rename(folder.join("identity.new"), folder.join("identity")).expect("renamed");
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this test starts itself")]
fn a_program_that_is_not_yet_in_its_job_dies_with_us_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut supervisor = Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "as_supervisor_before_the_assignment", "--nocapture"])
        .env("TEST_FOLDER", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a supervisor");
    let mut patience = 600;
    let identity: Identity = loop {
        if let Ok(text) = std::fs::read_to_string(folder.path().join("identity")) {
            break serde_json::from_str(&text).expect("an identity");
        }
        patience -= 1;
        assert!(patience > 0, "waited in vain for the suspended program");
        std::thread::sleep(Duration::from_millis(50));
    };
    let program = process::open(&identity).expect("it stands still");
    supervisor.kill().expect("killed");
    supervisor.wait().expect("reaped");
    assert!(exits_within(program.as_handle(), Duration::from_secs(20)), "it died with its supervisor");
    assert!(!folder.path().join("ran").exists(), "it never ran");
}
