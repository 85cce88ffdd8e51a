//! Handles that close themselves, and answers of the system as results.
//!
//! In: what a call returned. Out: a value, or the error of the calling thread. Never a raw handle beyond this folder.

use std::io;
use std::os::windows::io::{FromRawHandle as _, OwnedHandle};

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::core::BOOL;

/// Takes over a handle that a call has just made.
#[expect(unsafe_code, reason = "a handle is a plain number until somebody owns it")]
pub(super) fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: every caller passes the new handle of a call that just succeeded, and nobody else owns it.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Whether a call did what was asked.
pub(super) fn done(answer: BOOL) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The text as the system wants it: UTF-16 with an end.
pub(super) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// The size of a value, as the system wants it.
pub(super) fn size<T>() -> u32 {
    u32::try_from(size_of::<T>()).expect("structures of the system are small")
}
