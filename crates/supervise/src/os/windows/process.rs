//! Processes: what tells one from another, whether it runs, its name, and letting it run.
//!
//! In: a number or a handle. Out: facts. A number means nothing by itself: it counts together with the time at which its
//! process started, read through a handle that is still open when the answer is used.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle as _, BorrowedHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::Foundation::{FILETIME, WAIT_OBJECT_0};
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::Threading::{
    GetExitCodeProcess, GetProcessTimes, OpenProcess, OpenThread, PROCESS_NAME_WIN32,
    PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, QueryFullProcessImageNameW,
    ResumeThread, THREAD_SUSPEND_RESUME, TerminateProcess, WaitForSingleObject,
};

use super::handles::{done, owned, size};
use crate::os::printable;
use crate::record::Identity;

/// Whether an empty tree is proven by this platform.
pub(crate) const PROVES: bool = true;

/// Not needed here: the time at which a process started is exact, and names of job objects do not outlive a start.
pub(crate) fn boot() -> String {
    String::new()
}

/// Whether the very process that was recorded still runs.
pub(crate) fn is_alive(recorded: &Identity) -> bool {
    open(recorded).is_some()
}

/// Processes here are not stopped by signals.
pub(crate) fn is_stopped(_number: i32) -> bool {
    false
}

/// What tells one process from every other that has or had its number.
pub(crate) fn identity_of(process: BorrowedHandle<'_>, number: u32) -> io::Result<Identity> {
    Ok(Identity { boot: boot(), pid: number.cast_signed(), start: started(process)?, unique: None })
}

/// When it started, in units of 100 ns.
#[expect(unsafe_code, reason = "the system has no other door")]
fn started(process: BorrowedHandle<'_>) -> io::Result<u64> {
    let (mut start, mut end, mut kernel, mut user) =
        (FILETIME::default(), FILETIME::default(), FILETIME::default(), FILETIME::default());
    // SAFETY: all four places live for the call.
    done(unsafe {
        GetProcessTimes(process.as_raw_handle(), &raw mut start, &raw mut end, &raw mut kernel, &raw mut user)
    })?;
    Ok(u64::from(start.dwHighDateTime) << 32 | u64::from(start.dwLowDateTime))
}

/// The very process that was recorded, if it is still there. While the handle is open its number is nobody else's.
pub(crate) fn open(recorded: &Identity) -> Option<OwnedHandle> {
    let number = recorded.pid.cast_unsigned();
    let process = open_number(number)?;
    let found = identity_of(process.as_handle(), number).ok()?;
    (found == *recorded && !has_exited(process.as_handle())).then_some(process)
}

#[expect(unsafe_code, reason = "the system has no other door")]
fn open_number(number: u32) -> Option<OwnedHandle> {
    // SAFETY: no pointers are involved.
    owned(unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE, 0, number) }).ok()
}

/// What tells this process from every other.
pub(crate) fn own_identity() -> io::Result<Identity> {
    let number = std::process::id();
    let own = open_number(number).ok_or_else(|| io::Error::other("this process cannot be opened"))?;
    identity_of(own.as_handle(), number)
}

/// Ends the very process that was recorded; `false` where it is gone.
#[expect(unsafe_code, reason = "the system has no other door")]
pub(crate) fn terminate(recorded: &Identity) -> Result<bool, String> {
    // While this handle is open the number is nobody else's.
    let Some(_seen) = open(recorded) else { return Ok(false) };
    // SAFETY: no pointers are involved.
    let process = owned(unsafe { OpenProcess(PROCESS_TERMINATE, 0, recorded.pid.cast_unsigned()) })
        .map_err(|error| format!("process {} cannot be opened: {error}", recorded.pid))?;
    // SAFETY: the handle lives for the call.
    done(unsafe { TerminateProcess(process.as_raw_handle(), 1) })
        .map(|()| true)
        .map_err(|error| format!("process {} cannot be ended: {error}", recorded.pid))
}

/// Whether it has exited.
pub(crate) fn has_exited(process: BorrowedHandle<'_>) -> bool {
    exits_within(process, Duration::ZERO)
}

/// Waits for its exit; `false` where it has not come in this time.
#[expect(unsafe_code, reason = "the system has no other door")]
pub(crate) fn exits_within(process: BorrowedHandle<'_>, longest: Duration) -> bool {
    let milliseconds = u32::try_from(longest.as_millis()).unwrap_or(u32::MAX - 1);
    // SAFETY: the handle lives for the call.
    unsafe { WaitForSingleObject(process.as_raw_handle(), milliseconds) == WAIT_OBJECT_0 }
}

/// Its exit code; to be asked only when it has exited.
#[expect(unsafe_code, reason = "the system has no other door")]
pub(crate) fn exit_code(process: BorrowedHandle<'_>) -> io::Result<i32> {
    let mut code = 0;
    // SAFETY: the place lives for the call.
    done(unsafe { GetExitCodeProcess(process.as_raw_handle(), &raw mut code) })?;
    Ok(code.cast_signed())
}

/// The name of a process, for people.
#[expect(unsafe_code, reason = "the system has no other door")]
pub(crate) fn name(number: u32) -> String {
    let Some(process) = open_number(number) else { return "gone".to_owned() };
    let mut text = [0_u16; 1024];
    let mut length = 1024;
    // SAFETY: the text has as much room as is said.
    let told = done(unsafe {
        QueryFullProcessImageNameW(
            process.as_raw_handle(),
            PROCESS_NAME_WIN32,
            text.as_mut_ptr(),
            &raw mut length,
        )
    });
    if told.is_err() {
        return "unknown".to_owned();
    }
    let path = String::from_utf16_lossy(&text[..length as usize]);
    printable(path.rsplit(['\\', '/']).next().unwrap_or_default())
}

/// Lets a process run that was started suspended. It has one thread as long as it has not run.
#[expect(unsafe_code, reason = "std starts processes, but keeps the handle of their first thread to itself")]
pub(crate) fn resume(number: u32) -> io::Result<()> {
    // SAFETY: no pointers are involved.
    let listed = owned(unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) })?;
    let mut thread = THREADENTRY32 { dwSize: size::<THREADENTRY32>(), ..THREADENTRY32::default() };
    // SAFETY: the place lives for the call and says its own size, here and below.
    let mut more = done(unsafe { Thread32First(listed.as_raw_handle(), &raw mut thread) });
    while more.is_ok() {
        if thread.th32OwnerProcessID == number {
            // SAFETY: no pointers are involved.
            let handle = owned(unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, thread.th32ThreadID) })?;
            // SAFETY: the handle lives for the call.
            return match unsafe { ResumeThread(handle.as_raw_handle()) } {
                u32::MAX => Err(io::Error::last_os_error()),
                _ => Ok(()),
            };
        }
        // SAFETY: as above.
        more = done(unsafe { Thread32Next(listed.as_raw_handle(), &raw mut thread) });
    }
    Err(io::Error::other("its thread was not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_with_another_start_is_somebody_else() {
        let number = std::process::id();
        let own = open_number(number).expect("ourselves");
        let identity = identity_of(own.as_handle(), number).expect("our own identity");
        assert!(identity.start > 0 && open(&identity).is_some());
        let stranger = Identity { start: identity.start + 1, ..identity };
        assert!(open(&stranger).is_none(), "the number was given away again");
    }
}
