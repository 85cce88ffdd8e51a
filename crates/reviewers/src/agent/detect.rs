//! Whether a program is there, and which one it really is.
//!
//! In: an adapter and the environment. Out: a [`Detection`]. Starts nothing: where a package tells the version it is read
//! there, else [`super::preflight`] asks the program. A program inside the repository under review is never taken.

use std::path::{Path, PathBuf};

use config::Environment;
use serde_json::Value;

use super::adapter::Adapter;

/// Whether a program is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detection {
    /// No program of that name is on the search path.
    Absent,
    /// There is one, and it cannot be used; the sentence says why.
    Broken(String),
    /// It is there.
    Found(Found),
}

/// A program that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What to start: the native program where the found one is only a wrapper around it.
    pub program: PathBuf,
    /// Its version, where its package tells.
    pub version: Option<String>,
}

/// Looks for an adapter's program. `never_in` is the repository under review.
pub fn detect(adapter: &Adapter, environment: &Environment, never_in: Option<&Path>) -> Detection {
    let Some(search) = environment.get("PATH") else { return Detection::Absent };
    let forbidden = never_in.and_then(|path| path.canonicalize().ok());
    let mut refused = None;
    for name in &adapter.detect.programs {
        // A relative part of the search path would mean another program in every folder.
        let absolute = std::env::join_paths(std::env::split_paths(search).filter(|path| path.is_absolute()));
        let Ok(absolute) = absolute else { continue };
        let Ok(found) = which::which_in_all(name, Some(absolute), "/") else { continue };
        for path in found {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            // Where the link lies, and what it leads to; `repository/../bin` lies in neither.
            let place = path.parent().and_then(|parent| parent.canonicalize().ok());
            let is_inside = |folder: &PathBuf| {
                real.starts_with(folder) || place.as_ref().is_none_or(|place| place.starts_with(folder))
            };
            if forbidden.as_ref().is_some_and(is_inside) {
                refused =
                    Some(format!("`{name}` lies inside the repository under review and is not started"));
                continue;
            }
            return examine(adapter, &path, &real);
        }
    }
    refused.map_or(Detection::Absent, Detection::Broken)
}

fn examine(adapter: &Adapter, path: &Path, real: &Path) -> Detection {
    let package = adapter.detect.package.as_deref().and_then(|name| package(real, name));
    let Some((folder, version)) = package else {
        return Detection::Found(Found { program: path.to_owned(), version: None });
    };
    let program = native(adapter, &folder).unwrap_or_else(|| path.to_owned());
    Detection::Found(Found { program, version: Some(version) })
}

/// The folder of the package a program belongs to, with its version.
fn package(program: &Path, name: &str) -> Option<(PathBuf, String)> {
    // Deeper than this no package puts its programs.
    for folder in program.ancestors().skip(1).take(8) {
        let Ok(text) = std::fs::read_to_string(folder.join("package.json")) else { continue };
        let Ok(manifest) = serde_json::from_str::<Value>(&text) else { continue };
        // Folders inside a package may have a manifest without a name, only to say how their files are loaded.
        let Some(own) = manifest["name"].as_str() else { continue };
        let is_it = own == name || own.starts_with(&format!("{name}-"));
        return is_it
            .then(|| (folder.to_owned(), manifest["version"].as_str().unwrap_or_default().to_owned()));
    }
    None
}

/// A native program of the package for this machine.
fn native(adapter: &Adapter, package: &Path) -> Option<PathBuf> {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        os => os,
    };
    let cpu = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        cpu => cpu,
    };
    let modules = std::iter::once(package.join("node_modules")).chain(
        package
            .ancestors()
            .filter(|path| path.file_name().is_some_and(|name| name == "node_modules"))
            .map(Path::to_owned),
    );
    let names: Vec<String> =
        adapter.detect.native.iter().map(|name| name.replace("{os}", os).replace("{cpu}", cpu)).collect();
    modules
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .map(|path| path.with_extension(std::env::consts::EXE_EXTENSION))
        .find(|path| path.is_file())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn adapter() -> Adapter {
        let text = "title = \"X\"\n[detect]\nprograms = [\"xagent\"]\npackage = \"@x/agent\"\n\
                    native = [\"@x/agent-{os}-{cpu}/xagent\"]\nversion = '^(\\S+)'\n[run]\nargs = []\n\
                    [isolation]\nread_only = \"no\"\n";
        Adapter::parse("xagent", text).unwrap()
    }

    fn executable(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn environment(bin: &Path) -> Environment {
        Environment::of(&[("PATH", bin.to_str().unwrap())])
    }

    #[test]
    fn a_wrapper_leads_to_its_package_and_the_native_program_beside_it() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().canonicalize().unwrap();
        let modules = root.join("node_modules");
        executable(&modules.join("@x/agent/bin/cli.js"));
        std::fs::write(modules.join("@x/agent/package.json"), r#"{"name":"@x/agent","version":"1.2.3"}"#)
            .unwrap();
        std::fs::create_dir(root.join("bin")).unwrap();
        symlink(modules.join("@x/agent/bin/cli.js"), root.join("bin/xagent")).unwrap();
        let found = |program: PathBuf| Detection::Found(Found { program, version: Some("1.2.3".to_owned()) });
        let environment = environment(&root.join("bin"));
        assert_eq!(detect(&adapter(), &environment, None), found(root.join("bin/xagent")));
        let os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
        let cpu = if cfg!(target_arch = "x86_64") { "x64" } else { "arm64" };
        let native = modules.join(format!("@x/agent-{os}-{cpu}/xagent"));
        executable(&native);
        assert_eq!(detect(&adapter(), &environment, None), found(native));
    }

    #[test]
    fn a_program_of_the_reviewed_repository_is_never_taken() {
        let scratch = tempfile::tempdir().unwrap();
        let repository = scratch.path().join("repo");
        executable(&repository.join("node_modules/.bin/xagent"));
        let environment = environment(&repository.join("node_modules/.bin"));
        let detection = detect(&adapter(), &environment, Some(&repository));
        assert!(
            matches!(&detection, Detection::Broken(why) if why.contains("inside the repository")),
            "{detection:?}"
        );
        assert!(matches!(detect(&adapter(), &environment, None), Detection::Found(_)));
        // A link in it that leads out of it is the repository's choice as well.
        executable(&scratch.path().join("bin/xagent"));
        std::fs::create_dir(repository.join("bin")).unwrap();
        symlink(scratch.path().join("bin/xagent"), repository.join("bin/xagent")).unwrap();
        let environment = self::environment(&repository.join("bin"));
        assert!(matches!(detect(&adapter(), &environment, Some(&repository)), Detection::Broken(_)));
        let beside = self::environment(&repository.join("../bin"));
        assert!(matches!(detect(&adapter(), &beside, Some(&repository)), Detection::Found(_)));
    }

    #[test]
    fn nothing_on_the_path_is_absent_and_a_relative_path_is_not_searched() {
        let scratch = tempfile::tempdir().unwrap();
        assert_eq!(detect(&adapter(), &environment(scratch.path()), None), Detection::Absent);
        assert_eq!(detect(&adapter(), &Environment::of(&[("PATH", "bin:.")]), None), Detection::Absent);
    }
}
