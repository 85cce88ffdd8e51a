use std::cell::RefCell;

use super::*;

fn place() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let scratch = tempfile::tempdir().expect("a folder");
    let (promises, folder) = (scratch.path().join("promises"), scratch.path().join("scratch"));
    (scratch, promises, folder)
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

fn error(kind: io::ErrorKind, path: &Path) -> RemoveError {
    RemoveError { path: path.to_owned(), source: kind.into(), others: 0 }
}

/// Fails in these ways, one after the other, then well.
fn failing(kinds: &[io::ErrorKind]) -> impl FnMut(&Path) -> Result<(), RemoveError> {
    let mut kinds = kinds.to_vec();
    kinds.reverse();
    move |path| kinds.pop().map_or(Ok(()), |kind| Err(error(kind, path)))
}

#[test]
fn a_promise_is_there_before_the_folder_and_gone_after_it() {
    let (_scratch, promises, folder) = place();
    let promise = Promise::make(&promises, &folder, None).expect("promised");
    assert_eq!(count(&promises), 2, "the promise and its lock");
    fs::create_dir_all(folder.join("deep/er")).expect("a folder");
    assert_eq!(keep_promises(&promises, Duration::ZERO), [], "its process lives");
    assert!(folder.exists());
    promise.keep(Duration::ZERO).expect("kept");
    assert!(!folder.exists());
    assert_eq!(count(&promises), 0);
}

#[test]
fn the_next_start_keeps_what_a_dead_process_promised() {
    let (_scratch, promises, folder) = place();
    drop(Promise::make(&promises, &folder, None).expect("promised"));
    fs::create_dir(&folder).expect("a folder");
    let left = unkept(&promises);
    assert_eq!(left.len(), 1);
    assert_eq!((&left[0].path, left[0].state), (&folder, State::Pending));
    assert_eq!(keep_promises(&promises, Duration::ZERO), []);
    assert!(!folder.exists());
    assert_eq!(count(&promises), 0);
    assert_eq!(keep_promises(&promises, Duration::ZERO), [], "once is enough");
}

#[test]
fn a_folder_that_was_never_made_is_nothing_to_remove() {
    let (_scratch, promises, folder) = place();
    Promise::make(&promises, &folder, None).expect("promised").keep(Duration::ZERO).expect("kept");
    assert_eq!(count(&promises), 0);
}

#[test]
fn what_is_busy_twice_is_removed_at_the_third_try_with_longer_pauses() {
    let (_scratch, promises, folder) = place();
    let promise = Promise::make(&promises, &folder, None).expect("promised");
    let file = promise.file.clone();
    let pauses = RefCell::new(Vec::new());
    let busy = io::ErrorKind::ResourceBusy;
    keep(promise, Duration::from_secs(10), &mut failing(&[busy, busy]), &mut |pause| {
        let noted = Content::read(&file).expect("on disk");
        pauses.borrow_mut().push((pause.as_millis(), noted.tries, noted.trouble));
    })
    .expect("kept");
    assert_eq!(pauses.into_inner(), [(200, 1, Some(Trouble::Passing)), (400, 2, Some(Trouble::Passing))]);
    assert_eq!(count(&promises), 0);
}

#[test]
fn patience_ends_and_the_promise_stays() {
    let (_scratch, promises, folder) = place();
    let promise = Promise::make(&promises, &folder, None).expect("promised");
    let mut slept = Duration::ZERO;
    let busy = [io::ErrorKind::ResourceBusy; 100];
    let left = keep(promise, Duration::from_secs(10), &mut failing(&busy), &mut |pause| slept += pause);
    let left = left.expect_err("still there");
    assert!(slept <= Duration::from_secs(10) && slept >= Duration::from_secs(5), "{slept:?}");
    assert_eq!((left.state, left.tries), (State::Pending, 6), "{left:?}");
    assert_eq!(unkept(&promises), [left]);
}

#[test]
fn what_lasts_is_tried_once_a_start_and_shown_as_blocked() {
    let (_scratch, promises, folder) = place();
    let promise = Promise::make(&promises, &folder, None).expect("promised");
    let read_only = [io::ErrorKind::ReadOnlyFilesystem];
    let never = &mut |_| panic!("no pause helps");
    let left = keep(promise, Duration::from_secs(10), &mut failing(&read_only), never).expect_err("blocked");
    assert_eq!((left.state, left.tries), (State::Blocked, 1));
    assert!(left.why.contains("scratch") && left.why.contains("read-only"), "path and cause: {left:?}");
    assert_eq!(unkept(&promises), [left], "shown until it is gone");
    assert_eq!(keep_promises(&promises, Duration::ZERO), [], "and removed when it can be");
}

#[test]
fn passing_trouble_is_blocked_after_twenty_tries_and_a_day_and_not_before() {
    let content = |tries, failing_since| Content {
        schema: SCHEMA.to_owned(),
        folder: "/x".to_owned(),
        after: None,
        tries,
        failing_since,
        trouble: Some(Trouble::Passing),
        reasons: Vec::new(),
    };
    let day = 86_400;
    for (tries, since, state) in [
        (19, Some(0), State::Pending),
        (20, Some(1), State::Pending),
        (20, Some(0), State::Blocked),
        (99, None, State::Pending),
        // The clock was set back.
        (99, Some(day + 5), State::Pending),
    ] {
        assert_eq!(content(tries, since).state(day), state, "{tries} {since:?}");
    }
}

#[test]
fn each_reason_is_kept_once_and_not_without_end() {
    let mut content = Content {
        schema: SCHEMA.to_owned(),
        folder: "/x".to_owned(),
        after: None,
        tries: 0,
        failing_since: None,
        trouble: None,
        reasons: Vec::new(),
    };
    for number in 0..100 {
        content.failed(Trouble::Passing, "the same".to_owned(), 7);
        content.failed(Trouble::Passing, format!("other {number}"), 8);
    }
    assert_eq!((content.reasons.len(), content.failing_since), (MOST_REASONS, Some(7)));
    assert_eq!(content.reasons.iter().filter(|reason| *reason == "the same").count(), 1);
}

#[test]
fn one_that_fails_is_not_in_the_way_of_the_next() {
    let (scratch, promises, _) = place();
    // A folder below a file cannot be looked at.
    fs::write(scratch.path().join("file"), "").expect("a file");
    for name in ["file/below", "one", "two"] {
        let folder = scratch.path().join(name);
        drop(Promise::make(&promises, &folder, None).expect("promised"));
        let _ = fs::create_dir(folder);
    }
    fs::write(promises.join(format!("x{ENDING}")), "{").expect("one that is not understood");
    let left = keep_promises(&promises, Duration::ZERO);
    // Windows says of the first that it is not there.
    assert_eq!(left.len(), if cfg!(windows) { 1 } else { 2 }, "{left:?}");
    assert!(left.iter().all(|left| left.state == State::Blocked), "{left:?}");
    assert!(!scratch.path().join("one").exists() && !scratch.path().join("two").exists());
}

#[cfg(unix)]
#[test]
fn every_path_comes_back() {
    use std::os::unix::ffi::OsStrExt as _;
    for bytes in [&b"/a[1]*?{b} \n'\"%41%"[..], b"/\xff\xfe", "/ü%".as_bytes(), b"/%"] {
        let path = Path::new(std::ffi::OsStr::from_bytes(bytes));
        let text = to_text(path);
        assert_eq!(to_path(&text), path, "{text}");
        assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{text}");
    }
}

#[test]
fn a_folder_waits_until_every_attempt_below_is_proven_gone() {
    let (scratch, promises, folder) = place();
    let runs = scratch.path().join("runs");
    fs::create_dir_all(runs.join("one")).expect("a folder");
    fs::write(runs.join("one/record.json"), "not understood, so not proven").expect("a record");
    fs::write(runs.join("one/supervisor.lock"), "").expect("a lock");
    fs::create_dir(&folder).expect("a folder");
    let promise = Promise::make(&promises, &folder, Some(&runs)).expect("promised");
    let left = promise.keep(Duration::ZERO).expect_err("not yet");
    assert!(left.why.contains("not understood") && left.state == State::Pending, "{left:?}");
    assert!(folder.exists());
    remove_tree(&runs).expect("removed");
    assert_eq!(keep_promises(&promises, Duration::ZERO), []);
    assert!(!folder.exists());
}
