//! Pipes with room, and reading from them without waiting.
//!
//! In: pipes. Out: bytes that are there now. Never a wait: whoever holds the other end may never write.

use std::io::{self, PipeReader, PipeWriter, Read as _};
use std::os::windows::io::AsRawHandle as _;
use std::ptr::{null, null_mut};

use windows_sys::Win32::System::Pipes::{CreatePipe, PeekNamedPipe};

use super::handles::{done, owned};

/// Bytes a program can write between two looks of ours without waiting.
const ROOM: u32 = 256 << 10;

/// A pipe. Neither end is inherited by anybody it is not given to.
#[expect(unsafe_code, reason = "pipes of std have room for 4 KiB only, and we look every few milliseconds")]
pub(super) fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (mut read, mut write) = (null_mut(), null_mut());
    // SAFETY: both places live for the call.
    done(unsafe { CreatePipe(&raw mut read, &raw mut write, null(), ROOM) })?;
    Ok((PipeReader::from(owned(read)?), PipeWriter::from(owned(write)?)))
}

/// Reads what is in a pipe; `WouldBlock` where that is nothing, 0 where there will be no more.
pub(crate) fn read_now(mut pipe: &PipeReader, buffer: &mut [u8]) -> io::Result<usize> {
    match waiting(pipe) {
        Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
        // As much as is there can be read at once: nobody else reads from it.
        Ok(count) => {
            let most = count.min(buffer.len());
            pipe.read(&mut buffer[..most])
        }
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        Err(error) => Err(error),
    }
}

/// Whether reading would bring something: bytes, the end or an error.
pub(super) fn has_news(pipe: &PipeReader) -> bool {
    !matches!(waiting(pipe), Ok(0))
}

#[expect(unsafe_code, reason = "the system has no other door")]
fn waiting(pipe: &PipeReader) -> io::Result<usize> {
    let mut count = 0;
    // SAFETY: nothing is copied, and the place of the count lives for the call.
    done(unsafe {
        PeekNamedPipe(pipe.as_raw_handle(), null_mut(), 0, null_mut(), &raw mut count, null_mut())
    })?;
    Ok(count as usize)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_is_there_is_read_and_nothing_is_waited_for() {
        let (reader, mut writer) = pipe().expect("a pipe");
        let mut buffer = [0; 8];
        let kind = |read: io::Result<usize>| read.expect_err("nothing").kind();
        assert_eq!(kind(read_now(&reader, &mut buffer)), io::ErrorKind::WouldBlock);
        assert!(!has_news(&reader));
        writer.write_all(b"0123456789").expect("room");
        assert_eq!(read_now(&reader, &mut buffer).expect("read"), 8);
        drop(writer);
        assert_eq!(read_now(&reader, &mut buffer).expect("the rest"), 2);
        assert_eq!(read_now(&reader, &mut buffer).expect("the end"), 0);
        assert!(has_news(&reader));
    }
}
