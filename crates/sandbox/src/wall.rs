//! The fallback on Linux where bubblewrap does not work: Landlock, seccomp and no new privileges.
//!
//! In: what may be read and written, and a port. Out: a thread that can do nothing else, and whatever it starts. It needs no
//! privilege, and it is less than a sandbox: the program sees its user's processes and the names of files everywhere, and what
//! it writes stands on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, NetPort, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetStatus, Scope, path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::inside::Wall;
use crate::root::{Shown, system};

/// The newest version whose rights are asked for; an older kernel gives those that it has.
const ASKED: ABI = ABI::V6;

/// Devices and views of the kernel that programs expect.
const COMMON: &[&str] =
    &["/proc", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// Devices that may be written.
const WRITABLE: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/tty"];

/// The few files of `/etc` that programs ask for by name. They are the machine's own: there is no other view of them.
const NAMES: &[&str] = &["/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf"];

/// Shuts this thread in, and all it starts.
pub(crate) fn shut_in(wall: &Wall) -> Result<(), String> {
    landlock(wall).map_err(|error| format!("Landlock: {error}"))?;
    seccomp().map_err(|error| format!("seccomp: {error}"))
}

fn landlock(wall: &Wall) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let shown = system(Path::new("/"));
    let system = shown.iter().map(|shown| match shown {
        Shown::Read(path) | Shown::Link { at: path, .. } => path.clone(),
    });
    let read: Vec<PathBuf> = system
        .chain(COMMON.iter().chain(NAMES).map(PathBuf::from))
        .chain(wall.read.iter().cloned())
        .collect();
    let write = wall.write.iter().cloned().chain(WRITABLE.iter().map(PathBuf::from));
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(ASKED))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(ASKED)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(ASKED)))
        .and_then(Ruleset::create)
        .map_err(|error| failed(&error))?;
    let mut ruleset = ruleset
        .add_rules(path_beneath_rules(read, AccessFs::from_read(ASKED)))
        .map_err(|error| failed(&error))?
        .add_rules(path_beneath_rules(write, AccessFs::from_all(ASKED)))
        .map_err(|error| failed(&error))?;
    if let Some(port) = wall.port {
        ruleset =
            ruleset.add_rule(NetPort::new(port, AccessNet::ConnectTcp)).map_err(|error| failed(&error))?;
    }
    let status = ruleset.restrict_self().map_err(|error| failed(&error))?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err("the kernel does not have it, or it is switched off".to_owned());
    }
    Ok(())
}

/// System calls that a reviewer does not need, and that lead out or weaken the wall.
fn forbidden() -> Vec<i64> {
    vec![
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_bpf,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_userfaultfd,
        libc::SYS_perf_event_open,
        // Makes sockets past this filter.
        libc::SYS_io_uring_setup,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        libc::SYS_open_tree,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_kexec_load,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_open_by_handle_at,
    ]
}

/// Refuses those, and every socket but TCP: Landlock knows the ports of TCP alone, and a socket of a path is another program's
/// door.
fn seccomp() -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        forbidden().into_iter().map(|number| (number, Vec::new())).collect();
    let condition = |argument, operator, value: i32| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value.unsigned_abs().into())
    };
    let not_ip = SeccompRule::new(vec![
        condition(0, SeccompCmpOp::Ne, libc::AF_INET).map_err(|error| failed(&error))?,
        condition(0, SeccompCmpOp::Ne, libc::AF_INET6).map_err(|error| failed(&error))?,
    ]);
    let mut sockets = vec![not_ip.map_err(|error| failed(&error))?];
    // The kind of a socket is in the lowest four bits; 1 is TCP's.
    for kind in (0..16).filter(|kind| *kind != libc::SOCK_STREAM) {
        let is_kind = condition(1, SeccompCmpOp::MaskedEq(0xf), kind).map_err(|error| failed(&error))?;
        sockets.push(SeccompRule::new(vec![is_kind]).map_err(|error| failed(&error))?);
    }
    rules.insert(libc::SYS_socket, sockets);
    let architecture = std::env::consts::ARCH.try_into().map_err(|error| format!("{error}"))?;
    let refuse = SeccompAction::Errno(libc::EACCES.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, architecture)
        .map_err(|error| failed(&error))?;
    let program: BpfProgram = filter.try_into().map_err(|error: seccompiler::BackendError| failed(&error))?;
    seccompiler::apply_filter(&program).map_err(|error| failed(&error))
}
