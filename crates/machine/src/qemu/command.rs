//! The command line of QEMU.
//!
//! In: a kernel, a first root, sizes. Out: arguments, never a shell string. No network card, no disk, no display, nothing of
//! the user's own configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::root::Offered;

/// Everything that differs between machines.
pub(crate) struct Wanted<'a> {
    pub(crate) program: &'a Path,
    pub(crate) kernel: &'a Path,
    /// Names in the folder in which it is started.
    pub(crate) first_root: &'a str,
    pub(crate) offered: &'a [Offered],
    pub(crate) cpus: u32,
    pub(crate) memory: u32,
    /// Whether the processor runs it itself.
    pub(crate) kvm: bool,
}

/// Whether KVM is to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kvm {
    Usable,
    /// The processor does not offer it to this system.
    NotOffered,
    /// It is offered, and this user may not use it; why.
    Closed(String),
}

const DEVICE: &str = "/dev/kvm";

/// That the device can be opened is not enough: where the processor does not offer it to this system, QEMU takes it and the machine
/// stands still.
pub(crate) fn kvm() -> Kvm {
    kvm_of(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default(), Path::new(DEVICE))
}

fn kvm_of(processors: &str, device: &Path) -> Kvm {
    if !processors.split_whitespace().any(|flag| flag == "vmx" || flag == "svm") {
        return Kvm::NotOffered;
    }
    match std::fs::File::options().read(true).write(true).open(device) {
        Ok(_) => Kvm::Usable,
        Err(error) => Kvm::Closed(format!("{}: {error}", device.display())),
    }
}

/// The ports of the machine by which it takes jobs, and the sockets behind them.
pub(crate) const PORTS: [&str; 3] = ["control", "out", "err"];
/// The port for the line of a job.
pub(crate) const LINE: &str = "line";

/// The socket of a port, in the folder in which QEMU is started.
pub(crate) fn socket(port: &str) -> String {
    format!("{port}.sock")
}

pub(crate) fn command(wanted: &Wanted<'_>) -> Vec<OsString> {
    let mut line: Vec<OsString> = vec![wanted.program.into()];
    let mut add = |words: &[&str]| line.extend(words.iter().map(OsString::from));
    // The cache of translated code is as large as the machine by default.
    let accelerator = if wanted.kvm { "kvm" } else { "tcg,tb-size=64" };
    add(&["-machine", "q35", "-accel", accelerator, "-cpu", "max"]);
    add(&["-smp", &wanted.cpus.to_string(), "-m", &format!("{}M", wanted.memory)]);
    add(&["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none"]);
    // What runs in the machine and breaks out finds a process that may start nothing.
    add(&["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]);
    add(&["-append", "console=ttyS0 quiet loglevel=3 panic=-1"]);
    add(&["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]);
    add(&["-device", "virtio-serial-pci"]);
    for port in PORTS.into_iter().chain([LINE]) {
        let path = socket(port);
        add(&["-chardev", &format!("socket,id={port},path={path},server=on,wait=off")]);
        add(&["-device", &format!("virtserialport,chardev={port},name={port}")]);
    }
    line.extend(["-kernel".into(), wanted.kernel.into()]);
    line.extend(["-initrd".into(), wanted.first_root.into()]);
    for Offered { tag, outside } in wanted.offered {
        let mut share = OsString::from("local,path=");
        share.push(escaped(outside));
        share.push(format!(",mount_tag={tag},id={tag},security_model=none,readonly=on,multidevs=remap"));
        line.extend(["-virtfs".into(), share]);
    }
    line
}

/// A comma in a value is written twice.
fn escaped(path: &Path) -> OsString {
    match path.to_str() {
        Some(text) => text.replace(',', ",,").into(),
        // Other bytes are no commas in any encoding of file names that systems use.
        None => PathBuf::from(path).into_os_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_processor_does_not_offer_is_not_used_whatever_device_there_is() {
        let scratch = tempfile::tempdir().expect("a folder");
        let device = scratch.path().join("kvm");
        std::fs::write(&device, "").expect("a device");
        assert_eq!(kvm_of("flags : fpu sse2 hypervisor", &device), Kvm::NotOffered);
        assert_eq!(kvm_of("flags : fpu vmx sse2", &device), Kvm::Usable);
        let none = kvm_of("flags : svm", &scratch.path().join("none"));
        assert!(matches!(none, Kvm::Closed(why) if why.contains("none: ")));
    }

    #[test]
    fn the_line_says_what_is_wanted_and_no_more() {
        let offered = [Offered { tag: "share0".to_owned(), outside: "/a,b[1]".into() }];
        let wanted = Wanted {
            program: Path::new("/usr/bin/qemu"),
            kernel: Path::new("/boot/k"),
            first_root: "first-root.img",
            offered: &offered,
            cpus: 2,
            memory: 512,
            kvm: false,
        };
        let line: Vec<_> = command(&wanted).iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let has = |words: &[&str]| line.windows(words.len()).any(|window| window == words);
        assert!(has(&["-nic", "none"]) && has(&["-m", "512M"]) && has(&["-initrd", "first-root.img"]));
        assert!(line.iter().any(|word| word.starts_with("local,path=/a,,b[1],mount_tag=share0")));
        assert!(
            line.iter().filter(|word| word.starts_with("local,")).all(|word| word.contains("readonly=on"))
        );
        // Options that make the clock of the machine wrong.
        assert!(!line.iter().any(|word| word.contains("tsc") || word.contains("lpj")));
    }
}
