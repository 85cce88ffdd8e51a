//! Everything we start dies with us, from its very first moment.
//!
//! In: nothing. Out: this process in a job object whose only handle it holds. A child is born into the jobs of its
//! parent, so there is no moment between its start and its own job in which our death could leave it behind.

use std::io;
use std::os::windows::io::{AsHandle as _, BorrowedHandle};
use std::sync::OnceLock;

use windows_sys::Win32::System::Threading::GetCurrentProcess;

use super::Job;

/// Puts this process into a job of its own, once. The handle is never closed by us: the kernel does it when we end.
pub(crate) fn die_together() -> Result<(), String> {
    static OWN: OnceLock<Result<Job, String>> = OnceLock::new();
    OWN.get_or_init(|| enter().map_err(|error| error.to_string())).as_ref().map(drop).map_err(Clone::clone)
}

#[expect(unsafe_code, reason = "std has no handle of this process itself")]
fn enter() -> io::Result<Job> {
    let job = Job::create(None)?;
    job.end_with_its_handle(None)?;
    // SAFETY: the pseudo handle of this process is always valid and need not be closed.
    let own = unsafe { BorrowedHandle::borrow_raw(GetCurrentProcess()) };
    job.assign(own.as_handle())?;
    Ok(job)
}
