//! Keys that the kernel holds for a user's session are not handed on to whoever must not have them.

use crate::bench::{Bench, limits, text};
use supervise::{Cancel, Limits};

/// Asks the session keyring for the key of this test.
const SEARCH: &str = "python3 -c 'import ctypes; found = ctypes.CDLL(None).syscall(NUMBER, 10, -3, b\"user\", b\"deep-review-test\", 0); \
                      print(\"found\" if found >= 0 else \"none\")'";

/// A session keyring of this thread with a key in it; `false` where the system has none.
#[expect(unsafe_code, reason = "these system calls have no safe door")]
fn plant() -> bool {
    const SESSION: i32 = -3;
    // SAFETY: a null name asks for a keyring without one; the strings end with 0 and live for the call.
    unsafe {
        libc::syscall(libc::SYS_keyctl, 1, std::ptr::null::<u8>()) >= 0
            && libc::syscall(
                libc::SYS_add_key,
                c"user".as_ptr(),
                c"deep-review-test".as_ptr(),
                c"secret".as_ptr(),
                6,
                SESSION,
            ) >= 0
    }
}

#[test]
fn keys_of_the_users_session_are_handed_on_only_to_who_may_have_them() {
    if !plant() {
        eprintln!("skipped: this system has no keyrings");
        return;
    }
    let asked = |is_keyless| {
        let (bench, limits) = (Bench::new(), Limits { is_keyless, ..limits() });
        let script = SEARCH.replace("NUMBER", &libc::SYS_keyctl.to_string());
        let outcome = supervise::run(&bench.shell(&script), &limits, &Cancel::new(), &mut |_| {});
        text(&outcome.stdout)
    };
    if asked(false) != "found\n" {
        eprintln!("skipped: there is no python3 to ask with");
        return;
    }
    assert_eq!(asked(true), "none\n");
}
