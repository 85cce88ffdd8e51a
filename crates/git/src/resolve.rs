//! Turns what the user typed into exact commits.
//!
//! In: a [`TargetRequest`]. Out: a [`Target`] whose every revision is an object name. Never the network, and never a
//! write outside our own folder.

use model::{Sha, Target, TargetKind};

use crate::default_branch::{self, DefaultBranch, References};
use crate::pull_requests;
use crate::repository::is_zero;
use crate::revisions::unshallow;
use crate::target_request::Wanted;
use crate::uncommitted::{self, Uncommitted};
use crate::{Error, Repository, Result, TargetRequest, describe};

/// The commits of a change, and how it is told to people.
#[derive(Debug, Default)]
pub(crate) struct Pinned {
    pub(crate) kind: TargetKind,
    pub(crate) branch: Option<String>,
    pub(crate) pull_request: Option<u64>,
    pub(crate) base_name: String,
    pub(crate) base: Sha,
    pub(crate) head: Sha,
    pub(crate) merge_base: Sha,
    /// The commit that uncommitted content stands on.
    pub(crate) under: Option<Sha>,
    /// What is compared, as the beginning of a sentence: ``"topic" (1234abcd) against …``.
    pub(crate) compared: String,
    pub(crate) notes: Vec<String>,
}

impl Repository {
    /// Turns what the user typed into exact commits.
    pub fn resolve(&self, request: &TargetRequest) -> Result<Target> {
        let base = request.base.as_deref();
        let pinned = match request.wanted()? {
            Wanted::Current => self.pin_current(base)?,
            Wanted::Staged => self.pin_asked_uncommitted(TargetKind::Staged, base)?,
            Wanted::Worktree => self.pin_asked_uncommitted(TargetKind::Worktree, base)?,
            Wanted::Range(from, to, symmetric) => self.pin_range(from, to, symmetric)?,
            Wanted::Name(name) => self.pin_name(name, base)?,
        };
        describe::target(self, pinned)
    }

    /// Where the reviewed branch (or HEAD) stands now, as a sentence, where it moved since `target` was resolved.
    /// `None` for targets that no name can move: a commit or range given as such.
    pub fn head_moved(&self, target: &Target) -> Option<String> {
        let (name, now) = match &target.branch {
            _ if target.kind == TargetKind::PullRequest => {
                let number = target.pull_request?;
                (format!("pull request {number}"), self.pull_request(number).ok()?)
            }
            Some(branch) => {
                let references = References::read(self).ok()?;
                let full = references.branch(branch);
                (format!("branch `{branch}`"), full.and_then(|full| references.commit(&full).cloned()))
            }
            None if matches!(target.kind, TargetKind::Branch | TargetKind::Staged | TargetKind::Worktree) => {
                ("HEAD".to_owned(), self.find_commit("HEAD").ok()?)
            }
            None => return None,
        };
        let then = if target.dirty { self.stands_on(target)? } else { target.head.clone() };
        match now {
            Some(now) if now == then => None,
            Some(now) => {
                Some(format!("{name} moved from {} to {} since the review began", then.short(), now.short()))
            }
            None if is_zero(&then) => None,
            None => Some(format!("{name} is gone since the review began; it stood at {}", then.short())),
        }
    }

    fn stands_on(&self, target: &Target) -> Option<Sha> {
        let parents = self.named_parents(&target.head).ok()?;
        Some(parents.into_iter().next().unwrap_or_else(|| self.zero()))
    }

    /// The current branch: against its base, or on the default branch what is uncommitted, else the last commit.
    fn pin_current(&self, base: Option<&str>) -> Result<Pinned> {
        let reference = self.head_reference()?;
        let branch = reference.as_deref().map(|name| name.strip_prefix("refs/heads/").unwrap_or(name));
        let shown = branch.unwrap_or("HEAD");
        let Some(head) = self.find_commit("HEAD")? else {
            if self.worktree().is_none() {
                return Err(Error::NoCommits);
            }
            return self.pin_uncommitted(TargetKind::Worktree, None)?.ok_or(Error::NoCommits);
        };
        if base.is_some() {
            return self.pin_branch(shown, branch, head, base, None);
        }
        let references = References::read(self)?;
        let default = default_branch::find(self, &references, branch)?
            .ok_or_else(|| default_branch::not_found(shown))?;
        let on_default = match branch {
            Some(branch) => branch == default.name,
            // A detached HEAD somewhere on the default branch has nothing of its own.
            None => {
                default_branch::nearest_tip(self, &default, &head)?.is_some_and(|(_, _, base)| base == head)
            }
        };
        if !on_default {
            let mut pinned = self.pin_branch(shown, branch, head, None, Some(&default))?;
            self.note_uncommitted(&mut pinned);
            return Ok(pinned);
        }
        let place = match branch {
            Some(branch) => format!("`{branch}` is the default branch"),
            None => format!("HEAD is detached at {} on `{}`", head.short(), default.name),
        };
        if self.worktree().is_some()
            && let Some(mut pinned) = self.pin_uncommitted(TargetKind::Worktree, None)?
        {
            pinned.notes.insert(0, format!("{place}, so its uncommitted changes are reviewed"));
            return Ok(pinned);
        }
        let why = if self.worktree().is_some() { " and nothing is uncommitted" } else { "" };
        let mut pinned = self.pin_commit(shown, head)?;
        pinned.branch = branch.map(str::to_owned);
        pinned.notes.insert(0, format!("{place}{why}, so its last commit is reviewed"));
        Ok(pinned)
    }

    /// A branch against its base; anything else that names a commit is that one commit.
    fn pin_name(&self, name: &str, base: Option<&str>) -> Result<Pinned> {
        let references = References::read(self)?;
        let asked = pull_requests::asked(name);
        if let Some(asked) = asked.filter(|asked| asked.is_certain || references.branch(name).is_none()) {
            match self.pull_request(asked.number)? {
                Some(head) => return self.pin_pull_request(asked.number, head, base, &references),
                None if asked.is_certain => return Err(self.not_fetched(name, asked.number)),
                // It may be the beginning of an object's name.
                None => {}
            }
        }
        if let Some(full) = references.branch(name)
            && let Some(head) = references.commit(&full).cloned()
        {
            let short = ["refs/heads/", "refs/remotes/"].iter().find_map(|prefix| full.strip_prefix(prefix));
            let short = short.unwrap_or(&full).to_owned();
            if base.is_some() {
                return self.pin_branch(name, Some(&short), head, base, None);
            }
            let local = full.strip_prefix("refs/heads/");
            let default = default_branch::find(self, &references, local)?
                .ok_or_else(|| default_branch::not_found(name))?;
            let pinned = self.pin_branch(name, Some(&short), head.clone(), None, Some(&default))?;
            let is_default =
                local == Some(default.name.as_str()) || default.tips.iter().any(|(tip, _)| *tip == short);
            if is_default && pinned.merge_base == head {
                let mut pinned = self.pin_commit(name, head)?;
                pinned.branch = Some(short.clone());
                pinned
                    .notes
                    .insert(0, format!("`{short}` is the default branch, so its last commit is reviewed"));
                return Ok(pinned);
            }
            return Ok(pinned);
        }
        let head = match (self.commit(name), asked) {
            (Err(_), Some(asked)) => return Err(self.not_fetched(name, asked.number)),
            (head, _) => head?,
        };
        match base {
            Some(base) => {
                let mut pinned = self.pin_branch(name, None, head, Some(base), None)?;
                pinned.kind = TargetKind::Range;
                Ok(pinned)
            }
            None => self.pin_commit(name, head),
        }
    }

    /// A pull request against its own base where that is known here, else against the default branch, and that is said.
    fn pin_pull_request(
        &self,
        number: u64,
        head: Sha,
        base: Option<&str>,
        references: &References,
    ) -> Result<Pinned> {
        let shown = format!("#{number}");
        let branch = format!("pr-{number}");
        let known = if base.is_none() { self.pull_request_base(number, &head, references)? } else { None };
        let mut pinned = if let Some((name, _)) = known {
            self.pin_branch(&shown, Some(&branch), head, Some(&name), None)?
        } else if base.is_some() {
            self.pin_branch(&shown, Some(&branch), head, base, None)?
        } else {
            let default = default_branch::find(self, references, None)?
                .ok_or_else(|| default_branch::not_found(&shown))?;
            let mut pinned = self.pin_branch(&shown, Some(&branch), head, None, Some(&default))?;
            pinned.notes.push(format!(
                "which base {shown} has at its forge is not known here: it is compared with `{}`; `--base REV` names another, and \
                 a fetched `refs/pull/{number}/merge` tells it",
                pinned.base_name
            ));
            pinned
        };
        pinned.kind = TargetKind::PullRequest;
        pinned.pull_request = Some(number);
        Ok(pinned)
    }

    fn pin_branch(
        &self,
        shown: &str,
        branch: Option<&str>,
        head: Sha,
        base: Option<&str>,
        default: Option<&DefaultBranch>,
    ) -> Result<Pinned> {
        let mut notes = Vec::new();
        // A branch that was checked out from a pull request has that one's base, where it is known here.
        let own = branch.filter(|_| base.is_none()).and_then(|branch| self.pull_request_of(branch));
        let own = match own {
            Some(number) => self.pull_request_base(number, &head, &References::read(self)?)?,
            None => None,
        };
        let (base_name, tip, merge_base) = match (base, default) {
            _ if own.is_some() => {
                let (name, tip) = own.expect("looked at in the line before");
                let merge_base = self.one_merge_base((&name, &tip), (shown, &head), &mut notes)?;
                (name, tip, merge_base)
            }
            (Some(base), _) => {
                let tip = self.commit(base)?;
                let merge_base = self.one_merge_base((base, &tip), (shown, &head), &mut notes)?;
                (base.to_owned(), tip, merge_base)
            }
            (None, Some(default)) => {
                if default.guessed {
                    notes.push(format!(
                        "`{}` is taken for the default branch; `--base REV` names another",
                        default.name
                    ));
                }
                default_branch::nearest_tip(self, default, &head)?
                    .ok_or_else(|| self.no_merge_base(&default.tips[0].0, shown))?
            }
            (None, None) => return Err(default_branch::not_found(shown)),
        };
        let compared = format!(
            "\"{shown}\" ({}) against {}, its merge base with \"{base_name}\" ({})",
            head.short(),
            merge_base.short(),
            tip.short()
        );
        Ok(Pinned {
            kind: TargetKind::Branch,
            branch: branch.map(str::to_owned),
            pull_request: branch.and_then(|branch| self.pull_request_of(branch)),
            base_name,
            base: tip,
            head,
            merge_base,
            under: None,
            compared,
            notes,
        })
    }

    /// `A..B` and `A...B`: what B has done since it left A. Without a common ancestor `A..B` compares the two as they
    /// are, `A...B` has no meaning.
    fn pin_range(&self, from: &str, to: &str, symmetric: bool) -> Result<Pinned> {
        let (base, head) = (self.commit(from)?, self.commit(to)?);
        let mut notes = Vec::new();
        let merge_base = match self.one_merge_base((from, &base), (to, &head), &mut notes) {
            Err(Error::NoMergeBase { .. }) if !symmetric => {
                notes.push(format!(
                    "\"{from}\" and \"{to}\" have no common ancestor: they are compared as they are"
                ));
                base.clone()
            }
            other => other?,
        };
        if !symmetric && merge_base != base {
            notes.push(format!(
                "\"{from}\" is not an ancestor of \"{to}\": the change begins at their merge base {}",
                merge_base.short()
            ));
        }
        let compared = format!(
            "\"{to}\" ({}) against {}, its merge base with \"{from}\" ({})",
            head.short(),
            merge_base.short(),
            base.short()
        );
        let kind = TargetKind::Range;
        Ok(Pinned {
            kind,
            base_name: from.to_owned(),
            base,
            head,
            merge_base,
            compared,
            notes,
            ..Pinned::default()
        })
    }

    /// One commit against its first parent, a root commit against nothing.
    fn pin_commit(&self, shown: &str, head: Sha) -> Result<Pinned> {
        let parents = self.named_parents(&head)?;
        let mut notes = Vec::new();
        if parents.len() > 1 {
            notes.push(format!("{} is a merge: it is compared with its first parent", head.short()));
        }
        let named = if shown.starts_with(head.short()) {
            head.short().to_owned()
        } else {
            format!("\"{shown}\" ({})", head.short())
        };
        let (base, base_name, compared) = match parents.into_iter().next() {
            Some(parent) if self.find_commit(parent.as_str())?.is_none() => {
                return Err(Error::BaseNotFound {
                    head: shown.to_owned(),
                    why: unshallow(&format!("its parent {} is not here, history is cut", parent.short())),
                });
            }
            Some(parent) => {
                let name = format!("{}^", head.short());
                let compared = format!("{named} against its first parent {}", parent.short());
                (parent, name, compared)
            }
            None => {
                (self.zero(), "nothing: the first commit".to_owned(), format!("{named}, the first commit"))
            }
        };
        let kind = TargetKind::Commit;
        Ok(Pinned {
            kind,
            base_name,
            merge_base: base.clone(),
            base,
            head,
            compared,
            notes,
            ..Pinned::default()
        })
    }

    fn pin_asked_uncommitted(&self, kind: TargetKind, base: Option<&str>) -> Result<Pinned> {
        self.pin_uncommitted(kind, base)?.ok_or_else(|| {
            let (side, what) = if kind == TargetKind::Staged {
                ("index", "staged")
            } else {
                ("working tree", "uncommitted")
            };
            let head = self.find_commit("HEAD").ok().flatten();
            let head = head
                .map_or_else(|| "an empty repository".to_owned(), |head| format!("HEAD ({})", head.short()));
            Error::EmptyChange { compared: format!("the {side} against {head}: nothing is {what}") }
        })
    }

    /// Uncommitted content as a commit of its own; `None` where there is none.
    fn pin_uncommitted(&self, kind: TargetKind, base: Option<&str>) -> Result<Option<Pinned>> {
        let branch =
            self.head_reference()?.and_then(|name| Some(name.strip_prefix("refs/heads/")?.to_owned()));
        let under = self.find_commit("HEAD")?;
        let base_tip = base.map(|base| self.commit(base)).transpose()?;
        let Some(Uncommitted { commit, mut notes }) = uncommitted::commit(self, kind, under.as_ref())? else {
            return Ok(None);
        };
        let under = under.unwrap_or_else(|| self.zero());
        let (base_name, base, merge_base) = match (base, base_tip) {
            (Some(name), Some(tip)) if !is_zero(&under) => {
                let merge_base = self.one_merge_base((name, &tip), ("HEAD", &under), &mut notes)?;
                (name.to_owned(), tip, merge_base)
            }
            _ => ("HEAD".to_owned(), under.clone(), under.clone()),
        };
        let side = if kind == TargetKind::Staged { "index" } else { "working tree" };
        let compared = format!("the {side} against {}", merge_base.short());
        Ok(Some(Pinned {
            pull_request: None,
            kind,
            branch,
            base_name,
            base,
            head: commit,
            merge_base,
            under: Some(under),
            compared,
            notes,
        }))
    }

    fn one_merge_base(
        &self,
        (base, base_sha): (&str, &Sha),
        (head, head_sha): (&str, &Sha),
        notes: &mut Vec<String>,
    ) -> Result<Sha> {
        let all = self.merge_bases(base_sha, head_sha)?;
        if all.len() > 1 {
            notes.push(format!(
                "\"{base}\" and \"{head}\" have {} merge bases; {} is used",
                all.len(),
                all[0].short()
            ));
        }
        all.into_iter().next().ok_or_else(|| self.no_merge_base(base, head))
    }

    fn no_merge_base(&self, base: &str, head: &str) -> Error {
        let hint = if self.shallow {
            unshallow("; history is cut here")
        } else {
            "; name another base with `--base REV`, or compare them as they are with `A..B`".to_owned()
        };
        Error::NoMergeBase { base: base.to_owned(), head: head.to_owned(), hint }
    }

    /// People expect what lies in their working tree to be part of the review; where it is not, it is said.
    fn note_uncommitted(&self, pinned: &mut Pinned) {
        if let Ok(count @ 1..) = uncommitted::count(self) {
            let files = if count == 1 { "1 file has".to_owned() } else { format!("{count} files have") };
            pinned.notes.push(format!(
                "{files} uncommitted changes, which are not part of this review; `--worktree` reviews them"
            ));
        }
    }
}
