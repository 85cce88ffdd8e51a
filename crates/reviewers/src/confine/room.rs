//! The room that one program gets: its files, its environment, its network.
//!
//! In: a program as it would run without a sandbox, and what it needs. Out: the program behind a sandbox, and what to do when it
//! has ended.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use proxy::{Outer, Rules};
use redaction::Secrets;
use sandbox::{Around, Folder, Key, Place, Places, Possible, Room, Size, around};
use supervise::{Limits, Program, Resources};

use super::Confinement;
use super::network::{Door, Network, lines, told};
use crate::Attempt;

/// Room in `/tmp`, and again in the home.
const TEMPORARY: Size = Size::mebibytes(512);

/// The largest file on disk, the most threads and processes, the most memory of one process.
const RESOURCES: Resources = Resources { processes: Some(4096), memory: Some(64 << 30), file: Some(2 << 30) };

/// Variables that name folders of the home, or servers that a confined program does not reach.
const LEFT_OUT: &[&str] = &[
    "HOME",
    "USERPROFILE",
    "TMPDIR",
    "TMP",
    "TEMP",
    "USER",
    "LOGNAME",
    "SHELL",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "APPDATA",
    "LOCALAPPDATA",
    "HOMEDRIVE",
    "HOMEPATH",
    "USERNAME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
    "no_proxy",
    "GIT_CONFIG_SYSTEM",
    "GIT_TERMINAL_PROMPT",
];

/// Variables whose value is a file that must be seen.
const FILES: &[&str] = &["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "CODEX_CA_CERTIFICATE"];

/// What a program needs besides its own files.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// What it may read: the checkout, what the user shows.
    pub(crate) read: Vec<PathBuf>,
    /// What the user shows besides, perhaps somewhere else.
    pub(crate) shown: Vec<Folder>,
    /// What on disk it may write.
    pub(crate) write: Vec<PathBuf>,
    /// Folders of memory.
    pub(crate) scratch: Vec<(PathBuf, Size)>,
    /// Folders of which it gets a copy in memory.
    pub(crate) copies: Vec<(PathBuf, Size)>,
    /// Files that it finds in its home.
    pub(crate) at_home: Vec<(PathBuf, PathBuf)>,
    /// What it may reach.
    pub(crate) rules: Rules,
    /// Where it finds the proxy.
    pub(crate) door: Door,
    /// Compilers.
    pub(crate) toolchains: bool,
    /// User namespaces, for a sandbox of its own.
    pub(crate) nests: bool,
    /// A fresh folder of ours.
    pub(crate) private: PathBuf,
}

/// A program behind a sandbox.
pub(crate) struct Confined {
    pub(crate) program: Program,
    network: Network,
    by: &'static str,
    /// Nobody else is in the machine as long as this is held.
    key: Option<Key>,
}

impl Confined {
    /// Without one.
    pub(crate) fn open(program: Program) -> Self {
        Self { program, network: Network::none(), by: "", key: None }
    }

    /// Limits of a confined program; those given where it is not.
    pub(crate) fn limits(&self, limits: Limits) -> Limits {
        // Outside of the machine there is only who waits for the end of what is inside.
        if self.by.is_empty() || self.key.is_some() {
            return limits;
        }
        Limits { is_shielded: true, is_keyless: true, resources: RESOURCES, ..limits }
    }

    /// What confines it; `None` where nothing does.
    pub(crate) fn by(&self) -> Option<&'static str> {
        Some(self.by).filter(|by| !by.is_empty())
    }

    /// To be called when it has ended: what it reached goes with the attempt.
    pub(crate) fn end(self, attempt: &mut Attempt, secrets: &Secrets) {
        if self.by.is_empty() {
            return;
        }
        attempt.receipt.confined_by = Some(self.by.to_owned());
        let (entries, left_out) = self.network.end();
        attempt.network.extend(secrets.redact(lines(&entries)));
        attempt.notes.extend(told(&entries, left_out).iter().map(|note| secrets.text(note)));
    }
}

impl Confinement {
    /// Where the next program finds its proxy.
    pub(crate) fn door(&self) -> Door {
        Door::new(self.possible.port())
    }

    /// Puts a program behind the sandbox.
    pub(crate) fn confine(&self, program: Program, needs: Needs) -> Result<Confined, String> {
        let failed = |error: &dyn std::fmt::Display| format!("its sandbox could not be made: {error}");
        private_folder(&needs.private).map_err(|error| failed(&error))?;
        let first = program.command.first().map(PathBuf::from).unwrap_or_default();
        let mut around = around(&first, &self.search, self.home.as_deref());
        let own_places: Vec<&Path> = needs.copies.iter().map(|(path, _)| path.as_path()).collect();
        let mut environment = environment(
            &program.environment,
            &own_places,
            (!needs.rules.is_empty()).then(|| needs.door.proxy()).as_deref(),
            &self.possible.places(&needs.private.join("generated")),
        );
        if needs.toolchains {
            let tools = &self.toolchains;
            around = around.and(Around {
                read: tools.read.iter().map(|folder| folder.outside.clone()).collect(),
                path: tools.path.clone(),
                ..Around::default()
            });
            environment.retain(|(name, _)| !tools.environment.iter().any(|(own, _)| own == name));
            environment.extend(tools.environment.iter().cloned());
        }
        search_path(&mut environment, &around.path);
        let mut read: Vec<PathBuf> = around.read;
        read.extend(needs.read);
        read.extend(named_files(&environment));
        let socket = needs.private.join("network");
        let outer = self.outer.as_deref().and_then(Outer::parse);
        let network = if needs.rules.is_empty() {
            Network::none()
        } else {
            let rules = Rules { outer, ..needs.rules.clone() };
            Network::start(&socket, &needs.door, rules).map_err(|error| failed(&error))?
        };
        let room = Room {
            start: program.folder.clone(),
            read: existing(read).into_iter().chain(needs.shown).collect(),
            links: around.links,
            write: needs.write,
            scratch: needs.scratch,
            copies: needs.copies,
            at_home: needs.at_home,
            temporary: TEMPORARY,
            network: (!needs.rules.is_empty()).then_some((socket, needs.door.port)),
            nests: needs.nests,
            private: needs.private.join("generated"),
        };
        if let Some(house) = &self.house {
            let (folder, records) =
                self.place.as_ref().ok_or_else(|| failed(&"the run has no place for it"))?;
            let read: Vec<PathBuf> = room.read.iter().map(|folder| folder.outside.clone()).collect();
            let key = house.enter(&Place { folder, records }, &read)?;
            let command = Possible::lodge(&key, &room, &environment, &program.command)
                .map_err(|error| failed(&error))?;
            // Whoever hands the job over needs nothing of what it is told.
            let environment = supervise::harmless_environment(&[]);
            let program = Program { command, environment, ..program };
            return Ok(Confined { program, network, by: self.possible.name(), key: Some(key) });
        }
        let command =
            self.possible.furnish(&room, &self.own, &program.command).map_err(|error| failed(&error))?;
        let command = command.ok_or_else(|| failed(&"there is none"))?;
        // The sandbox starts where the program would, but from a folder that is there for certain.
        let program = Program { command, environment, ..program };
        Ok(Confined { program, network, by: self.possible.name(), key: None })
    }
}

/// A folder that nobody else may enter: the socket stands in it.
fn private_folder(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// The environment of somebody else: another home, another user, our proxy. A home that an adapter puts among its own places is
/// left as it is.
fn environment(
    own: &[(OsString, OsString)],
    own_places: &[&Path],
    proxy: Option<&str>,
    places: &Places,
) -> Vec<(OsString, OsString)> {
    let is_own = |value: &OsStr| own_places.iter().any(|place| Path::new(value).starts_with(place));
    let is_left_out = |name: &OsStr, value: &OsStr| {
        LEFT_OUT.iter().any(|left_out| is_name(name, left_out)) && !is_own(value)
    };
    let mut environment: Vec<_> =
        own.iter().filter(|(name, value)| !is_left_out(name, value)).cloned().collect();
    let has_home = environment.iter().any(|(name, _)| name == "HOME");
    let mut set = |name: &str, value: &OsStr| environment.push((name.into(), value.to_owned()));
    if !has_home {
        set("HOME", places.home.as_os_str());
    }
    for name in if cfg!(windows) { &["TMPDIR", "TEMP", "TMP"][..] } else { &["TMPDIR"] } {
        set(name, places.temporary.as_os_str());
    }
    if cfg!(windows) {
        set("USERPROFILE", places.home.as_os_str());
        set("APPDATA", places.home.join("AppData").join("Roaming").as_os_str());
        set("LOCALAPPDATA", places.home.join("AppData").join("Local").as_os_str());
    }
    set("USER", OsStr::new("review"));
    set("LOGNAME", OsStr::new("review"));
    set("SHELL", OsStr::new("/bin/sh"));
    set("GIT_CONFIG_SYSTEM", places.git.as_os_str());
    set("GIT_TERMINAL_PROMPT", OsStr::new("0"));
    if let Some(proxy) = proxy {
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"] {
            set(name, OsStr::new(proxy));
        }
        for name in ["NO_PROXY", "no_proxy"] {
            set(name, OsStr::new("127.0.0.1,localhost"));
        }
    }
    environment
}

/// Windows spells `Path` and `AppData` as it likes.
fn is_name(name: &OsStr, wanted: &str) -> bool {
    if cfg!(windows) { name.eq_ignore_ascii_case(wanted) } else { name == wanted }
}

/// Puts folders before the search path.
fn search_path(environment: &mut Vec<(OsString, OsString)>, folders: &[PathBuf]) {
    let at = environment.iter().position(|(name, _)| is_name(name, "PATH"));
    let old = at.map(|at| environment.swap_remove(at).1).unwrap_or_default();
    let system = ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from);
    let all = folders.iter().cloned().chain(std::env::split_paths(&old)).chain(system);
    if let Ok(path) = std::env::join_paths(all.filter(|path| path.is_absolute())) {
        environment.push(("PATH".into(), path));
    }
}

fn named_files(environment: &[(OsString, OsString)]) -> impl Iterator<Item = PathBuf> {
    let named = environment.iter().filter(|(name, _)| FILES.iter().any(|file| name == *file));
    named.map(|(_, value)| PathBuf::from(value)).filter(|path| path.is_absolute())
}

/// What is there, outer folders first, so that an inner one lies over them.
fn existing(mut paths: Vec<PathBuf>) -> Vec<Folder> {
    paths.retain(|path| path.is_absolute() && path.exists());
    paths.sort();
    paths.dedup();
    paths.into_iter().map(Folder::in_place).collect()
}

/// Folders of objects that a checkout borrows.
pub(crate) fn borrowed(tree: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(tree.join(".git/objects/info/alternates")).unwrap_or_default();
    text.lines().map(PathBuf::from).filter(|path| path.is_absolute() && path.is_dir()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_home_nor_user_nor_proxy_of_outside_is_told_inside() {
        let own: Vec<(OsString, OsString)> = [
            ("HOME", "/home/ada"),
            ("XDG_CONFIG_HOME", "/home/ada/.config"),
            ("USER", "ada"),
            ("LANG", "C"),
            ("HTTPS_PROXY", "http://ada:pw@corp:1"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
        let places = Places { home: "/h".into(), temporary: "/t".into(), git: "/g".into() };
        for wanted in [None, Some("http://127.0.0.1:9")] {
            let inside = environment(&own, &[], wanted, &places);
            assert!(!inside.iter().any(|(_, value)| value.to_string_lossy().contains("ada")), "{inside:?}");
            assert!(inside.contains(&("LANG".into(), "C".into())));
            let proxy =
                inside.iter().find(|(name, _)| name == "HTTPS_PROXY").map(|(_, value)| value.as_os_str());
            assert_eq!(proxy, wanted.map(OsStr::new));
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_search_path_is_absolute_and_begins_with_what_is_needed() {
        let mut environment = vec![("PATH".into(), ".:/x/bin".into())];
        search_path(&mut environment, &["/node/bin".into()]);
        assert_eq!(environment, [("PATH".into(), "/node/bin:/x/bin:/usr/local/bin:/usr/bin:/bin".into())]);
    }
}
