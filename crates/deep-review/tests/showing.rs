//! Showing results: pager, colour, width, manual.

mod common;

use common::session;

#[test]
fn the_manual_tells_keys_and_exit_codes_and_each_command_has_its_own_page() {
    let session = session();
    let page = session.run(&["man"]).expect(0).stdout;
    for word in [".TH", "EXIT STATUS", "KEYS WHILE A RUN IS WATCHED", "NO_COLOR", "quorum not reached"] {
        assert!(page.contains(word), "{word}: {page}");
    }
    let page = session.run(&["man", "run"]).expect(0).stdout;
    assert!(page.contains("deadline") && page.contains("deep-review-run"), "{page}");
    session.run(&["man", "nonsense"]).expect(2);
    session.run(&["man", "__keeper"]).expect(2);
}

#[cfg(all(unix, not(target_os = "macos")))]
mod on_a_terminal {
    use std::os::unix::fs::PermissionsExt as _;

    use super::common::terminal::Terminal;
    use super::common::{MARKDOWN_REVIEW, saying, session};
    use test_kit::TestSession;

    /// A session with a run in it, and a pager that writes what it gets into a file.
    fn reviewed() -> (TestSession, String, std::path::PathBuf) {
        let session = session();
        saying(&session, "mine", MARKDOWN_REVIEW);
        session.run(&["--reviewer", "mine", "--no-builtin"]).expect(0);
        let out = session.repo.scratch().join("paged");
        let pager = session.beside("pager", format!("#!/bin/sh\ncat > '{}'\n", out.display()));
        std::fs::set_permissions(&pager, std::fs::Permissions::from_mode(0o755)).expect("is ours");
        (session, pager.to_str().expect("UTF-8").to_owned(), out)
    }

    #[test]
    fn a_long_result_is_paged_and_a_short_one_is_not() {
        let (session, pager, out) = reviewed();
        let set = [("TERM", "xterm"), ("PAGER", pager.as_str())];
        assert_eq!(Terminal::with(&session, &["show", "I1"], (60, 80), &set).end().0, 0);
        assert!(!out.exists(), "it fits the terminal");
        assert_eq!(Terminal::with(&session, &["show", "I1", "--no-pager"], (8, 80), &set).end().0, 0);
        assert!(!out.exists(), "no pager is wanted");
        assert_eq!(Terminal::with(&session, &["show", "I1"], (8, 80), &set).end().0, 0);
        let paged = std::fs::read_to_string(&out).expect("the pager ran");
        assert!(paged.contains("keeps one record too many") && paged.contains('\u{1b}'), "{paged}");
        let missing = [("TERM", "xterm"), ("PAGER", "/no/such/pager")];
        let (code, text) = Terminal::with(&session, &["show", "I1"], (8, 80), &missing).end();
        assert!(code == 0 && !text.trim().is_empty(), "without its pager it is printed: {text}");
    }

    #[test]
    fn colour_is_for_those_who_want_it() {
        let (session, ..) = reviewed();
        for (set, coloured) in [
            (&[("TERM", "xterm")][..], true),
            (&[("TERM", "xterm"), ("NO_COLOR", "1")][..], false),
            (&[("TERM", "dumb")][..], false),
        ] {
            let terminal = Terminal::with(&session, &["show", "I1", "--no-pager"], (60, 80), set);
            let raw = terminal.raw();
            terminal.end();
            let raw = String::from_utf8_lossy(&raw.lock().unwrap()).into_owned();
            assert_eq!(raw.contains('\u{1b}'), coloured, "{set:?}: {raw:?}");
        }
    }

    #[test]
    fn a_finding_fits_the_terminal_it_is_shown_on() {
        let (session, ..) = reviewed();
        for columns in [120, 80, 50] {
            let set = [("TERM", "xterm")];
            let terminal = Terminal::with(&session, &["show", "I1", "--no-pager"], (60, columns), &set);
            let screen = std::sync::Arc::clone(&terminal.screen);
            terminal.end();
            let parser = screen.lock().unwrap();
            let wrapped: Vec<u16> = (0..60).filter(|row| parser.screen().row_wrapped(*row)).collect();
            assert!(wrapped.is_empty(), "{columns}: {wrapped:?}\n{}", parser.screen().contents());
        }
    }
}
