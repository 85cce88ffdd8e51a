//! Whether a machine can run on this system, and how fast.
//!
//! In: this system, and where the kernel is said to be. Out: what is there and what is missing, each with how to get it. Boots nothing.

use std::path::{Path, PathBuf};

use crate::qemu::{Kvm, kvm, parts};

/// What can be said before anything boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospects {
    /// QEMU and the kernel that a machine of its would boot; else what is missing, with how to get it.
    pub qemu: Result<(PathBuf, PathBuf), String>,
    /// Who runs it.
    pub runs_by: RunsBy,
    /// Lima's own program, where it is installed.
    pub lima: Option<PathBuf>,
}

/// Who runs what is in a machine of QEMU's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunsBy {
    /// The processor itself.
    Kvm,
    /// QEMU, many times slower, because the processor does not offer it to this system.
    Emulation,
    /// QEMU, many times slower, because this user may not; why.
    Refused(String),
}

/// Looks.
pub fn prospects(guest: Option<&Path>) -> Prospects {
    Prospects {
        qemu: parts(guest).map_err(|failed| failed.message),
        runs_by: match kvm() {
            Kvm::Usable => RunsBy::Kvm,
            Kvm::NotOffered => RunsBy::Emulation,
            Kvm::Closed(why) => RunsBy::Refused(why),
        },
        lima: which::which("limactl").ok(),
    }
}
