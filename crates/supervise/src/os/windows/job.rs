//! Job objects: who is in one cannot leave it, and all of them end when its last handle closes.
//!
//! In: a name. Out: a job, its members, its messages. Never a job that somebody else made under our name, and never one
//! that lets its members break away.

use std::cell::Cell;
use std::io;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle, OwnedHandle};
use std::ptr::{null, null_mut};
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_ALREADY_EXISTS, ERROR_FILE_NOT_FOUND, ERROR_SUCCESS, INVALID_HANDLE_VALUE, SetLastError,
    WAIT_TIMEOUT,
};
use windows_sys::Win32::System::IO::{CreateIoCompletionPort, GetQueuedCompletionStatus};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION,
    JOB_OBJECT_LIMIT_JOB_MEMORY, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_ASSOCIATE_COMPLETION_PORT,
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_BASIC_PROCESS_ID_LIST,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JOBOBJECTINFOCLASS, JobObjectAssociateCompletionPortInformation,
    JobObjectBasicAccountingInformation, JobObjectBasicProcessIdList, JobObjectExtendedLimitInformation,
    OpenJobObjectW, QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::SystemServices::{
    JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, JOB_OBJECT_QUERY, JOB_OBJECT_TERMINATE,
};

use super::handles::{done, owned, size, wide};

/// The exit code of processes that were killed with their job, as other tools choose it.
const KILLED: u32 = 1;

/// A job object.
#[derive(Debug)]
pub(crate) struct Job(OwnedHandle);

impl Job {
    /// Makes a new one. Without a name nobody but us can ever open it.
    #[expect(unsafe_code, reason = "the system has no other door")]
    pub(crate) fn create(name: Option<&str>) -> io::Result<Self> {
        let wide = name.map(wide);
        let name = wide.as_ref().map_or(null(), Vec::as_ptr);
        // SAFETY: the name is null or ends with 0 and lives for the calls; there are no attributes.
        let job = owned(unsafe {
            SetLastError(ERROR_SUCCESS);
            CreateJobObjectW(null(), name)
        })?;
        // A call that opened an existing object succeeds as well, and says so here.
        if io::Error::last_os_error().raw_os_error() == Some(ERROR_ALREADY_EXISTS.cast_signed()) {
            return Err(io::Error::other("a job object with its name is there already"));
        }
        Ok(Self(job))
    }

    /// Opens the one with this name; `None` where there is none.
    #[expect(unsafe_code, reason = "the system has no other door")]
    pub(crate) fn open(name: &str) -> io::Result<Option<Self>> {
        let name = wide(name);
        // SAFETY: the name ends with 0 and lives for the call.
        let job = owned(unsafe { OpenJobObjectW(JOB_OBJECT_QUERY | JOB_OBJECT_TERMINATE, 0, name.as_ptr()) });
        match job {
            Ok(job) => Ok(Some(Self(job))),
            Err(error) if error.raw_os_error() == Some(ERROR_FILE_NOT_FOUND.cast_signed()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// From now on everyone in it ends when its last handle closes, nobody may break away, and a crash shows no dialog
    /// that waits for somebody to press a button. All of them together get no more than `memory` bytes, where that is told.
    pub(crate) fn end_with_its_handle(&self, memory: Option<u64>) -> io::Result<()> {
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags =
            JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
        if let Some(memory) = memory {
            limits.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_JOB_MEMORY;
            limits.JobMemoryLimit = usize::try_from(memory).unwrap_or(usize::MAX);
        }
        self.set(JobObjectExtendedLimitInformation, &limits)
    }

    /// From now on its messages go to this port. To be called once, while it is empty.
    pub(crate) fn tell(&self, port: &Port) -> io::Result<()> {
        let association = JOBOBJECT_ASSOCIATE_COMPLETION_PORT {
            CompletionKey: null_mut(),
            CompletionPort: port.handle.as_raw_handle(),
        };
        self.set(JobObjectAssociateCompletionPortInformation, &association)
    }

    #[expect(unsafe_code, reason = "the system has no other door")]
    fn set<T>(&self, class: JOBOBJECTINFOCLASS, value: &T) -> io::Result<()> {
        let value: *const T = value;
        // SAFETY: the callers above pair each class with its structure; the pointer is valid for its size.
        done(unsafe { SetInformationJobObject(self.0.as_raw_handle(), class, value.cast(), size::<T>()) })
    }

    /// Puts a process into it. There is no way out.
    #[expect(unsafe_code, reason = "the system has no other door")]
    pub(crate) fn assign(&self, process: BorrowedHandle<'_>) -> io::Result<()> {
        // SAFETY: both handles live for the call.
        done(unsafe { AssignProcessToJobObject(self.0.as_raw_handle(), process.as_raw_handle()) })
    }

    /// Ends everyone in it.
    #[expect(unsafe_code, reason = "the system has no other door")]
    pub(crate) fn terminate(&self) -> io::Result<()> {
        // SAFETY: the handle lives for the call.
        done(unsafe { TerminateJobObject(self.0.as_raw_handle(), KILLED) })
    }

    /// How many of it run.
    #[expect(unsafe_code, reason = "the system has no other door")]
    pub(crate) fn active(&self) -> io::Result<u32> {
        let mut answer = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        let place: *mut JOBOBJECT_BASIC_ACCOUNTING_INFORMATION = &raw mut answer;
        // SAFETY: class and structure belong together; the place is valid for its size.
        done(unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicAccountingInformation,
                place.cast(),
                size::<JOBOBJECT_BASIC_ACCOUNTING_INFORMATION>(),
                null_mut(),
            )
        })?;
        Ok(answer.ActiveProcesses)
    }

    /// The numbers of those in it, for people; at most a hundred or so.
    #[expect(unsafe_code, reason = "the answer is a structure with a tail of unknown length")]
    pub(crate) fn members(&self) -> Vec<u32> {
        #[repr(C)]
        struct Answer {
            head: JOBOBJECT_BASIC_PROCESS_ID_LIST,
            tail: [usize; 127],
        }
        let mut answer = Answer { head: JOBOBJECT_BASIC_PROCESS_ID_LIST::default(), tail: [0; 127] };
        let place: *mut Answer = &raw mut answer;
        // SAFETY: the structure begins as the class wants it, and its tail continues the list in its last field.
        // Where more are in the job than fit, the call says so and has filled what there is.
        let _ = done(unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                JobObjectBasicProcessIdList,
                place.cast(),
                size::<Answer>(),
                null_mut(),
            )
        });
        let listed = answer.head.NumberOfProcessIdsInList as usize;
        let all = answer.head.ProcessIdList.iter().chain(&answer.tail);
        all.take(listed).filter_map(|number| u32::try_from(*number).ok()).collect()
    }
}

/// Where the messages of one job arrive.
#[derive(Debug)]
pub(crate) struct Port {
    handle: OwnedHandle,
    /// Whether the job has said that nobody is left in it.
    empty: Cell<bool>,
}

impl Port {
    /// A port nobody tells anything yet.
    #[expect(unsafe_code, reason = "the system has no other door")]
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: no file and no existing port are given, so a new port is made.
        let handle = owned(unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 1) })?;
        Ok(Self { handle, empty: Cell::new(false) })
    }

    /// Whether the job has said that nobody is left in it.
    pub(crate) fn says_empty(&self) -> bool {
        self.empty.get()
    }

    /// Takes the next message; `false` where none comes in this time.
    #[expect(unsafe_code, reason = "the system has no other door")]
    pub(crate) fn wait(&self, longest: Duration) -> io::Result<bool> {
        let milliseconds = u32::try_from(longest.as_millis()).unwrap_or(u32::MAX - 1);
        let (mut message, mut key, mut about) = (0, 0, null_mut());
        // SAFETY: all places live for the call. A job sends a number instead of a pointer; it is not looked at.
        let answer = done(unsafe {
            GetQueuedCompletionStatus(
                self.handle.as_raw_handle(),
                &raw mut message,
                &raw mut key,
                &raw mut about,
                milliseconds,
            )
        });
        match answer {
            Ok(()) => {
                if message == JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO {
                    self.empty.set(true);
                }
                Ok(true)
            }
            Err(error) if error.raw_os_error() == Some(WAIT_TIMEOUT.cast_signed()) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_once_and_is_free_when_its_last_handle_is_closed() {
        let name = format!("Global\\deep-review-test-{}", std::process::id());
        assert!(Job::open(&name).expect("a look").is_none());
        let job = Job::create(Some(&name)).expect("a job");
        assert!(Job::create(Some(&name)).is_err(), "a job of somebody else is never taken over");
        assert_eq!(Job::open(&name).expect("a look").expect("there").active().expect("a count"), 0);
        drop(job);
        assert!(Job::open(&name).expect("a look").is_none());
    }
}
