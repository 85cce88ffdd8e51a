//! Life inside a sandbox (Windows): a program with a token that can do less than its user.
//!
//! In: the words after `__inside`. Out: the exit code of the program. Started once it copies what the program may change, opens its folders
//! to it, makes the token and starts itself with it; started that second time it starts the program, so that std knows how its arguments are
//! written. Holds back neither reading nor the network.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::OsStrExt as _;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1, SE_FILE_OBJECT,
    SetNamedSecurityInfoW,
};
use windows_sys::Win32::Security::{
    ACL, CreateRestrictedToken, CreateWellKnownSid, DISABLE_MAX_PRIVILEGE, GetLengthSid,
    GetSecurityDescriptorSacl, LABEL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, SECURITY_MAX_SID_SIZE,
    SID_AND_ATTRIBUTES, SetTokenInformation, TOKEN_ADJUST_DEFAULT, TOKEN_ASSIGN_PRIMARY, TOKEN_DUPLICATE,
    TOKEN_MANDATORY_LABEL, TOKEN_QUERY, TokenIntegrityLevel, WELL_KNOWN_SID_TYPE,
    WinBuiltinAdministratorsSid, WinLowLabelSid,
};
use windows_sys::Win32::System::Console::{
    GetStdHandle, STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, SetConsoleCtrlHandler,
};
use windows_sys::Win32::System::SystemServices::SE_GROUP_INTEGRITY;
use windows_sys::Win32::System::Threading::{
    CreateProcessAsUserW, GetCurrentProcess, GetExitCodeProcess, INFINITE, OpenProcessToken,
    PROCESS_INFORMATION, STARTF_USESTDHANDLES, STARTUPINFOW, WaitForSingleObject,
};
use windows_sys::core::BOOL;

use crate::copying::copy;
use crate::inside::{Inside, Token};
use crate::quoting::quoted;

/// A folder that whoever has a low level may write to, and all in it.
const LOW: &str = "S:(ML;OICI;NW;;;LW)";

/// Lives it; the exit code is the program's.
pub(crate) fn live(words: impl Iterator<Item = OsString>) -> Result<ExitCode, String> {
    // Codes of Windows have 32 bits; what does not fit is a failure all the same.
    lived(words).map(|code| ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

fn lived(words: impl Iterator<Item = OsString>) -> Result<u32, String> {
    let (inside, command) = Inside::parse(words)?;
    hear_nothing().map_err(|error| error.to_string())?;
    match inside.token {
        Some(Token::Lowered) => {
            let (program, arguments) = command.split_first().ok_or("there is no command")?;
            run(program, arguments, &inside.start)
                .map_err(|error| format!("starting `{}`: {error}", program.display()))
        }
        Some(Token::Lower) => {
            for (from, to) in &inside.copies {
                copy(from, to).map_err(|error| format!("copying to `{}`: {error}", to.display()))?;
            }
            for folder in inside.wall.iter().flat_map(|wall| &wall.write) {
                lower(folder).map_err(|error| format!("opening `{}` to it: {error}", folder.display()))?;
            }
            let again =
                Inside { token: Some(Token::Lowered), start: inside.start.clone(), ..Inside::default() };
            start_again(&again, &command).map_err(|error| error.to_string())
        }
        None => Err("there is no other sandbox here".to_owned()),
    }
}

fn run(program: &OsStr, arguments: &[OsString], start: &Path) -> io::Result<u32> {
    #[expect(clippy::disallowed_methods, reason = "the job holds this process, and with it the program")]
    let status = Command::new(program).args(arguments).current_dir(start).status()?;
    Ok(status.code().unwrap_or(1).cast_unsigned())
}

extern "system" fn nothing(_: u32) -> BOOL {
    1
}

/// The break that asks to end is for the program, which is in the same group.
#[expect(unsafe_code, reason = "the system has no other door")]
fn hear_nothing() -> io::Result<()> {
    // SAFETY: the handler takes no memory and lives for ever.
    done(unsafe { SetConsoleCtrlHandler(Some(nothing), 1) })
}

/// Starts this program again with a token without privileges and without the rights of administrators, at a low level: it writes to
/// nothing that does not say that it may.
#[expect(unsafe_code, reason = "std starts nothing with another token")]
fn start_again(inside: &Inside, command: &[OsString]) -> io::Result<u32> {
    let token = low_token()?;
    let own = std::env::current_exe()?;
    let words = std::iter::once(OsString::from("__inside")).chain(inside.words());
    let words = words.chain([OsString::from("--")]).chain(command.iter().cloned());
    let mut line: Vec<u16> = quoted(&wide_of(own.as_os_str()));
    for word in words {
        line.push(u16::from(b' '));
        line.extend(quoted(&wide_of(&word)));
    }
    line.push(0);
    let program = ended(own.as_os_str());
    let mut startup = STARTUPINFOW { dwFlags: STARTF_USESTDHANDLES, ..STARTUPINFOW::default() };
    startup.cb = size::<STARTUPINFOW>();
    let mut made = PROCESS_INFORMATION::default();
    // SAFETY: every pointer is null or to a value that lives for the call; both texts end with 0, and the line may be written to. The
    // handles of the standard streams are borrowed.
    done(unsafe {
        startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
        startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
        startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
        CreateProcessAsUserW(
            token.as_raw_handle(),
            program.as_ptr(),
            line.as_mut_ptr(),
            null(),
            null(),
            1,
            0,
            null(),
            null(),
            &raw const startup,
            &raw mut made,
        )
    })?;
    let (process, _thread) = (owned(made.hProcess)?, owned(made.hThread)?);
    let mut code = 1;
    // SAFETY: the handle lives for both calls, and the code is ours.
    done(unsafe {
        WaitForSingleObject(process.as_raw_handle(), INFINITE);
        GetExitCodeProcess(process.as_raw_handle(), &raw mut code)
    })?;
    Ok(code)
}

#[expect(unsafe_code, reason = "the system has no other door")]
fn low_token() -> io::Result<OwnedHandle> {
    let administrators = Sid::known(WinBuiltinAdministratorsSid)?;
    let low = Sid::known(WinLowLabelSid)?;
    let rights = TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT;
    let (mut own, mut token): (HANDLE, HANDLE) = (null_mut(), null_mut());
    // SAFETY: the place for the handle is ours.
    done(unsafe { OpenProcessToken(GetCurrentProcess(), rights, &raw mut own) })?;
    let own = owned(own)?;
    let denied = SID_AND_ATTRIBUTES { Sid: administrators.pointer(), Attributes: 0 };
    // SAFETY: one identifier is told and one is there; the other lists are empty.
    done(unsafe {
        CreateRestrictedToken(
            own.as_raw_handle(),
            DISABLE_MAX_PRIVILEGE,
            1,
            &raw const denied,
            0,
            null(),
            0,
            null(),
            &raw mut token,
        )
    })?;
    let token = owned(token)?;
    let label = TOKEN_MANDATORY_LABEL {
        Label: SID_AND_ATTRIBUTES { Sid: low.pointer(), Attributes: SE_GROUP_INTEGRITY.cast_unsigned() },
    };
    // SAFETY: class and structure belong together; the identifier in it lives for the call, and its length counts.
    done(unsafe {
        let length = size::<TOKEN_MANDATORY_LABEL>() + GetLengthSid(low.pointer());
        SetTokenInformation(token.as_raw_handle(), TokenIntegrityLevel, (&raw const label).cast(), length)
    })?;
    Ok(token)
}

/// Lets whoever has a low level write into a folder.
#[expect(unsafe_code, reason = "the system has no other door")]
fn lower(folder: &Path) -> io::Result<()> {
    let (text, path) = (ended(OsStr::new(LOW)), ended(folder.as_os_str()));
    let mut descriptor: PSECURITY_DESCRIPTOR = null_mut();
    let (mut is_there, mut is_default): (BOOL, BOOL) = (0, 0);
    let mut list: *mut ACL = null_mut();
    // SAFETY: texts end with 0; the places are ours. The list is part of the descriptor, which is given back behind its last use.
    unsafe {
        done(ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &raw mut descriptor,
            null_mut(),
        ))?;
        let found = done(GetSecurityDescriptorSacl(
            descriptor,
            &raw mut is_there,
            &raw mut list,
            &raw mut is_default,
        ));
        let set = found.map(|()| {
            let kind = LABEL_SECURITY_INFORMATION;
            SetNamedSecurityInfoW(path.as_ptr(), SE_FILE_OBJECT, kind, null_mut(), null_mut(), null(), list)
        });
        LocalFree(descriptor);
        match set? {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code.cast_signed())),
        }
    }
}

/// The identifier of somebody whom every system knows.
struct Sid([u8; SECURITY_MAX_SID_SIZE as usize]);

impl Sid {
    #[expect(unsafe_code, reason = "the system has no other door")]
    fn known(who: WELL_KNOWN_SID_TYPE) -> io::Result<Self> {
        let mut bytes = [0; SECURITY_MAX_SID_SIZE as usize];
        let mut length = SECURITY_MAX_SID_SIZE;
        // SAFETY: the place is as large as an identifier can be, and that is told.
        done(unsafe { CreateWellKnownSid(who, null_mut(), bytes.as_mut_ptr().cast(), &raw mut length) })?;
        Ok(Self(bytes))
    }

    /// For calls that only read it.
    fn pointer(&self) -> PSID {
        self.0.as_ptr().cast_mut().cast()
    }
}

fn done(answer: BOOL) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[expect(unsafe_code, reason = "a handle is a plain number until somebody owns it")]
fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: every caller passes the new handle of a call that just succeeded.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

fn size<T>() -> u32 {
    u32::try_from(size_of::<T>()).expect("structures of the system are small")
}

fn wide_of(text: &OsStr) -> Vec<u16> {
    text.encode_wide().collect()
}

fn ended(text: &OsStr) -> Vec<u16> {
    text.encode_wide().chain([0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_without_rights_can_be_made_and_this_program_starts_again_with_it() {
        // Whether the system holds back what such a program writes is tried where it is used.
        assert!(low_token().is_ok());
    }
}
