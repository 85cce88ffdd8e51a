//! The name and web address of a repository, from the address of its remote.
//!
//! In: a remote's URL. Out: `owner/name` and `https://host/owner/name`. Never a password, a user name or a path of
//! this machine.

use crate::Repository;

/// What people call the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: Option<String>,
    pub(crate) url: Option<String>,
}

/// Reads it from the remote, else from the folder's name.
pub(crate) fn identity(repository: &Repository) -> Identity {
    let url = remote(repository).and_then(|remote| repository.setting(&format!("remote.{remote}.url")));
    match url.and_then(web_address) {
        Some((host, path)) => {
            Identity { name: Some(path.clone()), url: Some(format!("https://{host}/{path}")) }
        }
        None => Identity { name: folder_name(repository), url: None },
    }
}

/// The remote that stands for the project: `origin`, else the only one.
pub(crate) fn remote(repository: &Repository) -> Option<String> {
    let mut names: Vec<&str> = repository
        .settings()
        .iter()
        .filter_map(|(key, _)| key.strip_prefix("remote.")?.strip_suffix(".url"))
        .collect();
    names.dedup();
    match names.as_slice() {
        names if names.contains(&"origin") => Some("origin".to_owned()),
        [only] => Some((*only).to_owned()),
        _ => None,
    }
}

fn folder_name(repository: &Repository) -> Option<String> {
    let common = repository.common_dir();
    let folder = if common.file_name()? == ".git" { common.parent()? } else { common };
    let name = folder.file_name()?.to_string_lossy();
    Some(name.strip_suffix(".git").unwrap_or(&name).to_owned())
}

/// Host and path of an address that other people can open.
fn web_address(url: &str) -> Option<(String, String)> {
    let (host, path) = match url.split_once("://") {
        Some((scheme, rest))
            if matches!(scheme, "http" | "https" | "ssh" | "git" | "git+ssh" | "ssh+git") =>
        {
            let (authority, path) = rest.split_once('/')?;
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            // The port of ssh or git is not the web's; the port of https is.
            let host = if scheme.starts_with("http") { host } else { host.split(':').next()? };
            (host, path)
        }
        Some(_) => return None,
        None => scp_like(url)?,
    };
    let path = path.split(['?', '#']).next()?.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let clean = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    (clean(host) && clean(path) && !path.split('/').any(|part| part == ".."))
        .then(|| (host.to_ascii_lowercase(), path.to_owned()))
}

/// `user@host:path`, which is not a Windows drive and not a path with a colon in it.
fn scp_like(url: &str) -> Option<(&str, &str)> {
    let (authority, path) = url.split_once(':')?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (host.len() > 1 && !authority.contains(['/', '\\'])).then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_credentials_and_become_web_pages() {
        for (url, expected) in [
            ("https://github.com/o/r.git", Some(("github.com", "o/r"))),
            ("https://me:secret@github.com/o/r", Some(("github.com", "o/r"))),
            ("git@GitHub.com:o/r.git", Some(("github.com", "o/r"))),
            ("ssh://git@host.example:2222/group/sub/r.git/", Some(("host.example", "group/sub/r"))),
            ("https://host.example:8443/o/r.git", Some(("host.example:8443", "o/r"))),
            ("/srv/git/r.git", None),
            ("../r", None),
            ("C:\\work\\r", None),
            ("file:///srv/r.git", None),
            ("https://host.example/o/r with space", None),
            ("ext::sh -c evil", None),
        ] {
            let found = web_address(url);
            let found = found.as_ref().map(|(host, path)| (host.as_str(), path.as_str()));
            assert_eq!(found, expected, "{url}");
        }
    }
}
