//! What supervising many programs at once costs: CPU and memory of the supervisor and of the keepers.
//!
//! In: `fifty [PROGRAMS] [MEGABYTES] [SECONDS]`: so much in all, streamed over so long (50, 100, 10). Out: one line a figure. Build it and the keeper first:
//! `cargo build --release -p supervise --bins --examples && target/release/examples/fifty`.
#![cfg_attr(unix, expect(clippy::print_stdout, reason = "an example that prints its figures"))]

#[cfg(unix)]
fn main() {
    unix::main();
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod unix {
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::path::Path;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use supervise::{Cancel, Keeper, Limits, Outcome, Program, Stdin, harmless_environment};

    pub(super) fn main() {
        let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
        let programs = arguments.next().unwrap_or(50);
        let megabytes = arguments.next().unwrap_or(100);
        let seconds = arguments.next().unwrap_or(10);
        let scratch = std::env::temp_dir().join(format!("supervise-fifty-{}", std::process::id()));
        let began = Instant::now();
        let keepers = Mutex::new(BTreeMap::new());
        let done = AtomicBool::new(false);
        let (outcomes, wall): (Vec<Outcome>, Duration) = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(3300));
                    keepers.lock().expect("no panic").extend(children());
                }
            });
            let attempts: Vec<_> = (0..programs)
                .map(|number| {
                    let folder = scratch.join(number.to_string());
                    let program = program(&folder, megabytes * 1_000_000 / programs, seconds);
                    scope.spawn(move || {
                        supervise::run(&program, &Limits::default(), &Cancel::new(), &mut |_| {})
                    })
                })
                .collect();
            let outcomes = attempts.into_iter().map(|attempt| attempt.join().expect("an outcome")).collect();
            let wall = began.elapsed();
            done.store(true, Ordering::Relaxed);
            (outcomes, wall)
        });
        print(&outcomes, wall);
        let keepers = keepers.into_inner().expect("no panic");
        let cpu: f64 = keepers.values().map(|(cpu, _)| cpu).sum();
        let memory: u64 = keepers.values().map(|(_, memory)| memory).sum();
        println!(
            "keepers CPU     {cpu:.3} s = {:.2} % of one core (last seen, {} keepers)",
            cpu / wall.as_secs_f64() * 100.0,
            keepers.len()
        );
        println!("keepers memory  {memory} kB private in all");
        supervise::remove_tree(&scratch).expect("removed");
    }

    /// Prints its share in a hundred pieces. The generator is `head`, so that its own work is small and not ours.
    fn program(run_folder: &Path, bytes: u64, seconds: u64) -> Program {
        let piece = bytes / 100;
        let pause = Duration::from_secs(seconds).as_secs_f64() / 100.0;
        let script = format!(
            "i=0; while [ $i -lt 100 ]; do head -c {piece} /dev/zero; sleep {pause}; i=$((i+1)); done"
        );
        std::fs::create_dir_all(run_folder).expect("a folder");
        Program {
            command: ["sh", "-c", &script].map(OsString::from).to_vec(),
            folder: run_folder.to_owned(),
            environment: harmless_environment(&[]),
            stdin: Stdin::Null,
            run_folder: run_folder.join("run"),
            keeper: keeper(),
        }
    }

    /// Built beside this example's folder.
    fn keeper() -> Keeper {
        let own = std::env::current_exe().expect("a path");
        let folder = own.parent().and_then(Path::parent).expect("the target folder");
        Keeper { command: vec![folder.join("supervise-keeper").into()] }
    }

    fn print(outcomes: &[Outcome], wall: Duration) {
        let bytes: u64 = outcomes.iter().map(|outcome| outcome.bytes_out).sum();
        let finished = outcomes.iter().filter(|outcome| outcome.ending == model::Ending::Finished).count();
        let slowest = outcomes.iter().map(|outcome| outcome.ms).max().unwrap_or(0);
        println!(
            "programs        {} ({finished} finished, {} proven gone)",
            outcomes.len(),
            outcomes.iter().filter(|outcome| outcome.tree_gone).count()
        );
        println!("streamed        {:.1} MB", bytes as f64 / 1e6);
        println!(
            "wall            {:.2} s (slowest program {:.2} s)",
            wall.as_secs_f64(),
            slowest as f64 / 1e3
        );
        let own = cpu_seconds("self");
        println!("supervisor CPU  {own:.3} s = {:.2} % of one core", own / wall.as_secs_f64() * 100.0);
        let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        for line in memory.lines().filter(|line| line.starts_with("VmHWM")) {
            println!("supervisor peak {}", line.trim_start_matches("VmHWM:").trim());
        }
        for note in outcomes.iter().flat_map(|outcome| &outcome.notes).take(5) {
            println!("note            {note}");
        }
    }

    /// Our children, the keepers, and theirs, the first processes of the namespaces: CPU seconds and private kilobytes of
    /// each.
    fn children() -> Vec<(String, (f64, u64))> {
        let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(Result::ok);
        let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        let mut pids: Vec<String> =
            lists.flat_map(|list| list.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
        let below = pids.iter().flat_map(|pid| {
            let list =
                std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
            list.split(' ').map(str::to_owned).collect::<Vec<_>>()
        });
        let ours = |pid: &String| {
            std::fs::read_to_string(format!("/proc/{pid}/comm"))
                .is_ok_and(|name| name.starts_with("supervise"))
        };
        let below: Vec<String> = below.filter(ours).collect();
        pids.extend(below);
        pids.into_iter()
            .filter(|pid| !pid.is_empty())
            .map(|pid| (pid.clone(), (cpu_seconds(&pid), private(&pid))))
            .collect()
    }

    fn private(pid: &str) -> u64 {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let lines = rollup.lines().filter(|line| line.starts_with("Private_"));
        lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
    }

    /// CPU time of a process, its children not included.
    fn cpu_seconds(pid: &str) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<f64> = stat
            .rsplit_once(')')
            .map(|(_, fields)| fields.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect())
            .unwrap_or_default();
        fields.get(11).zip(fields.get(12)).map_or(0.0, |(user, system)| (user + system) / 100.0)
    }
}
