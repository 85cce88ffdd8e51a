//! Names the ending of an attempt.
//!
//! In: why it was ended, how the program exited, whether its output was still held. Out: one name. Never the words
//! of the program: an exit with 0 is `finished` here, however little it said.

use model::Ending;
use serde::{Deserialize, Serialize};

/// Why the keeper ended the attempt. The first cause counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The wall limit.
    Wall,
    /// The silence limit.
    Silence,
    /// The output limit.
    Output,
    /// The limit on the memory of the whole tree.
    Memory,
    /// Its output could not be written.
    Spool,
    /// The supervisor asked.
    Cancelled,
    /// The supervisor asked, because it read something that makes going on useless.
    BrokenOff,
    /// Somebody sent the keeper a signal.
    Asked,
    /// The supervisor is gone.
    Alone,
}

/// How the program itself exited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exit {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
}

/// The name of the ending. An attempt that we ended is never a success, whatever its exit code.
pub(crate) fn name(cause: Option<Cause>, exit: Option<Exit>, held: bool) -> Ending {
    match cause {
        Some(Cause::Wall) => Ending::TimedOut,
        Some(Cause::Silence) => Ending::Stalled,
        Some(Cause::Output) => Ending::OutputLimit,
        Some(Cause::Memory) => Ending::MemoryLimit,
        Some(Cause::Spool | Cause::BrokenOff) => Ending::Failed,
        Some(Cause::Cancelled | Cause::Asked) => Ending::Cancelled,
        Some(Cause::Alone) => Ending::Lost,
        None => match exit {
            Some(Exit { code: Some(0), .. }) if held => Ending::Leaky,
            Some(Exit { code: Some(0), .. }) => Ending::Finished,
            Some(_) => Ending::Failed,
            None => Ending::Lost,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Option<Exit> = Some(Exit { code: Some(0), signal: None });
    const BADLY: Option<Exit> = Some(Exit { code: Some(3), signal: None });
    const BY_SIGNAL: Option<Exit> = Some(Exit { code: None, signal: Some(11) });

    #[test]
    fn a_program_that_ends_by_itself_is_named_after_its_exit() {
        assert_eq!(name(None, WELL, false), Ending::Finished);
        assert_eq!(name(None, WELL, true), Ending::Leaky);
        assert_eq!(name(None, BADLY, true), Ending::Failed);
        assert_eq!(name(None, BY_SIGNAL, false), Ending::Failed);
        assert_eq!(name(None, None, false), Ending::Lost);
    }

    #[test]
    fn a_program_that_was_ended_is_never_a_success() {
        for (cause, ending) in [
            (Cause::Wall, Ending::TimedOut),
            (Cause::Silence, Ending::Stalled),
            (Cause::Output, Ending::OutputLimit),
            (Cause::Memory, Ending::MemoryLimit),
            (Cause::Spool, Ending::Failed),
            (Cause::Cancelled, Ending::Cancelled),
            (Cause::BrokenOff, Ending::Failed),
            (Cause::Asked, Ending::Cancelled),
            (Cause::Alone, Ending::Lost),
        ] {
            assert_eq!(name(Some(cause), WELL, false), ending);
        }
    }
}
