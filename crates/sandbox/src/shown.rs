//! What of the disk a program needs to run: its own files, the packages around it, its interpreter.
//!
//! In: the path of a program, the search path, the home. Out: folders and files to show, and the links that lead to them. Never
//! shows a home, or a folder that a home is in: packages beside each other are shown, what lies around them is not.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

/// Folders that every sandbox shows.
const SYSTEM: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// An interpreter may be a script itself, and so on.
const DEPTH: usize = 4;

/// What one program needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Folders and files to read, shown where they are; none lies in another.
    pub read: Vec<PathBuf>,
    /// Links, each with where it points in the end.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// Folders for the search path: where its interpreters are.
    pub path: Vec<PathBuf>,
}

impl Around {
    /// Both together, without what is shown anyway.
    pub fn and(mut self, other: Self) -> Self {
        let links = self.links.iter().chain(&other.links).cloned().collect::<BTreeSet<_>>();
        self.read.extend(other.read);
        self.path.extend(other.path);
        self.read = outermost(self.read);
        self.links = links
            .into_iter()
            .filter(|(at, _)| !self.read.iter().any(|folder| at.starts_with(folder)))
            .collect();
        self
    }
}

/// Looks at a program and what it needs. `search` is the search path of whoever starts it.
pub fn around(program: &Path, search: &OsStr, home: Option<&Path>) -> Around {
    let mut found = Around::default();
    let mut read = Vec::new();
    look(program, search, home, DEPTH, &mut read, &mut found);
    found.read = read;
    Around::default().and(found)
}

fn look(
    program: &Path,
    search: &OsStr,
    home: Option<&Path>,
    depth: usize,
    read: &mut Vec<PathBuf>,
    found: &mut Around,
) {
    let Ok(real) = program.canonicalize() else { return };
    if real != program && !is_system(program) {
        found.links.push((program.to_owned(), real.clone()));
        // The interpreter of a virtual environment is a link in it, and what it loads is beside the link.
        read.extend(environment(program).filter(|folder| !is_too_much(folder, home)));
    }
    if !is_system(&real) {
        read.extend(packages(&real, home));
        read.push(real.clone());
    }
    let Some(next) = (depth > 0).then(|| interpreter(&real, search)).flatten() else { return };
    if let Some(folder) = next.parent().filter(|folder| !is_system(folder)) {
        found.path.push(folder.to_owned());
    }
    look(&next, search, home, depth - 1, read, found);
}

fn is_system(path: &Path) -> bool {
    SYSTEM.iter().any(|folder| path.starts_with(folder))
}

/// Folders with packages that a program at this place loads.
fn packages(real: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    // Node: everything that is installed beside it.
    let modules = real.ancestors().filter(|path| path.file_name() == Some(OsStr::new("node_modules")));
    folders.extend(modules.last().map(Path::to_owned));
    folders.extend(environment(real));
    // `prefix/bin/program` with its libraries in `prefix/lib`, and the programs that belong to it beside it.
    let prefix = real.parent().filter(|folder| folder.ends_with("bin")).and_then(Path::parent);
    if let Some(prefix) = prefix.filter(|prefix| prefix.join("lib").is_dir()) {
        folders.extend(
            ["bin", "lib", "libexec"].map(|name| prefix.join(name)).into_iter().filter(|path| path.is_dir()),
        );
    }
    folders.retain(|folder| !is_too_much(folder, home));
    folders
}

/// The virtual environment of Python that a program is in.
fn environment(program: &Path) -> Option<PathBuf> {
    program.ancestors().skip(1).take(6).find(|path| path.join("pyvenv.cfg").is_file()).map(Path::to_owned)
}

/// Whether showing a folder would show somebody's home, or most of the disk.
fn is_too_much(folder: &Path, home: Option<&Path>) -> bool {
    let depth = folder.components().filter(|part| matches!(part, Component::Normal(_))).count();
    depth < 2 || home.is_some_and(|home| home.starts_with(folder))
}

/// The interpreter that the first line of a script names.
fn interpreter(script: &Path, search: &OsStr) -> Option<PathBuf> {
    let mut start = Vec::new();
    std::fs::File::open(script).ok()?.take(512).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace();
    let program = PathBuf::from(words.next()?);
    if program.file_name() != Some(OsStr::new("env")) {
        return program.is_absolute().then_some(program);
    }
    let name = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
    let folders = std::env::split_paths(search).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Folders without those that lie in another of them, sorted.
pub fn outermost(paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let sorted: BTreeSet<PathBuf> = paths.into_iter().collect();
    let mut kept: Vec<PathBuf> = Vec::new();
    for path in sorted {
        // A folder sorts before what is in it.
        if !kept.last().is_some_and(|last| path.starts_with(last)) {
            kept.push(path);
        }
    }
    kept
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn put(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_script_of_a_package_brings_all_packages_and_its_interpreter_and_nothing_of_the_home() {
        let scratch = tempfile::tempdir().unwrap();
        let home = scratch.path().canonicalize().unwrap();
        let modules = home.join(".npm/lib/node_modules");
        put(&modules.join("@x/agent/cli.js"), "#!/usr/bin/env node\n");
        put(&home.join("node/bin/node"), "\u{7f}ELF");
        put(&home.join("node/lib/x"), "");
        put(&home.join(".ssh/id"), "secret");
        std::fs::create_dir(home.join("bin")).unwrap();
        symlink(modules.join("@x/agent/cli.js"), home.join("bin/agent")).unwrap();
        let search = std::env::join_paths([home.join("bin"), home.join("node/bin")]).unwrap();
        let found = around(&home.join("bin/agent"), &search, Some(&home));
        assert_eq!(found.read, [modules.clone(), home.join("node/bin"), home.join("node/lib")]);
        assert_eq!(found.links, [(home.join("bin/agent"), modules.join("@x/agent/cli.js"))]);
        assert_eq!(found.path, [home.join("node/bin")]);
    }

    #[test]
    fn a_program_of_a_virtual_environment_brings_it_and_the_python_it_links_to() {
        let scratch = tempfile::tempdir().unwrap();
        let home = scratch.path().canonicalize().unwrap();
        put(&home.join("pythons/3.12/bin/python3.12"), "\u{7f}ELF");
        put(&home.join("pythons/3.12/lib/python3.12/os.py"), "");
        let venv = home.join("venvs/ruff");
        put(&venv.join("pyvenv.cfg"), "");
        put(&venv.join("bin/ruff"), &format!("#!{}\n", venv.join("bin/python").display()));
        symlink(home.join("pythons/3.12/bin/python3.12"), venv.join("bin/python")).unwrap();
        let found = around(&venv.join("bin/ruff"), OsStr::new(""), Some(&home));
        let python = home.join("pythons/3.12");
        assert_eq!(found.read, [python.join("bin"), python.join("lib"), venv]);
        assert_eq!(found.links, [], "the link stands in what is shown");
    }

    #[test]
    fn a_script_outside_of_its_virtual_environment_brings_it_all_the_same() {
        let scratch = tempfile::tempdir().unwrap();
        let home = scratch.path().canonicalize().unwrap();
        put(&home.join("pythons/bin/python3"), "\u{7f}ELF");
        let venv = home.join("venvs/x");
        put(&venv.join("pyvenv.cfg"), "");
        std::fs::create_dir(venv.join("bin")).unwrap();
        symlink(home.join("pythons/bin/python3"), venv.join("bin/python")).unwrap();
        put(&home.join("bin/x"), &format!("#!{}\n", venv.join("bin/python").display()));
        let found = around(&home.join("bin/x"), OsStr::new(""), Some(&home));
        assert_eq!(found.read, [home.join("bin/x"), home.join("pythons/bin/python3"), venv]);
    }

    #[test]
    fn a_program_in_a_home_brings_itself_alone_and_one_of_the_system_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let home = scratch.path().canonicalize().unwrap();
        put(&home.join("bin/tool"), "\u{7f}ELF");
        put(&home.join("node_modules/x"), "");
        assert_eq!(around(&home.join("bin/tool"), OsStr::new(""), Some(&home)).read, [home.join("bin/tool")]);
        assert_eq!(around(Path::new("/bin/sh"), OsStr::new(""), Some(&home)), Around::default());
        assert_eq!(around(&home.join("none"), OsStr::new(""), None), Around::default());
    }

    #[test]
    fn no_folder_above_a_home_is_shown() {
        assert!(is_too_much(Path::new("/home"), Some(Path::new("/home/ada"))));
        assert!(is_too_much(Path::new("/home/ada"), Some(Path::new("/home/ada"))));
        assert!(!is_too_much(Path::new("/home/ada/node_modules"), Some(Path::new("/home/ada"))));
        assert!(is_too_much(Path::new("/lib"), None));
    }
}
