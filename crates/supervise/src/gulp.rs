//! Takes what is in a pipe, and not more than a good part of it.
//!
//! In: a read end that never blocks. Out: bytes to whoever keeps them, and how it went. Never waits.

use std::io::{self, PipeReader};

use crate::os::here;

/// Bytes taken from one pipe before the other things are looked at.
const MOST: usize = 1 << 20;

/// What came of reading a pipe.
pub(crate) enum Gulp {
    Later { taken: usize },
    Closed,
    Unreadable(io::Error),
    NotKept(io::Error),
}

/// Reads what is there, or a good part of it.
pub(crate) fn gulp(
    pipe: &PipeReader,
    buffer: &mut [u8],
    mut keep: impl FnMut(&[u8]) -> io::Result<()>,
) -> Gulp {
    let mut taken = 0;
    while taken < MOST {
        match here::read_now(pipe, buffer) {
            Ok(0) => return Gulp::Closed,
            Ok(count) => {
                taken += count;
                if let Err(error) = keep(&buffer[..count]) {
                    return Gulp::NotKept(error);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Gulp::Unreadable(error),
        }
    }
    Gulp::Later { taken }
}
