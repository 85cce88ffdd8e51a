//! How far a change is trusted: the rule.
//!
//! In: what git and the CI system say. Out: a level, and the reason. A pure function. Addresses in commits can be forged, so they
//! make a change the user's own only where nothing says that it came from elsewhere.

use git::Hands;
use model::{Trust, Trusted};

/// What the CI system says about the change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forge {
    /// There is none, or it says nothing.
    #[default]
    Silent,
    /// A request from within the repository, or a push to it.
    Within,
    /// A request from a fork.
    Fork,
}

/// Decides.
pub fn trust(hands: &Hands, is_uncommitted: bool, forge: Forge) -> Trusted {
    let told = |level, why: &str| Trusted { level, why: why.to_owned() };
    if forge == Forge::Fork {
        return told(Trust::Stranger, "the CI system says that it comes from a fork");
    }
    if let Some(name) = hands.request.as_ref().filter(|_| forge != Forge::Within) {
        return told(Trust::Stranger, &format!("it is the head of a request, `{name}`"));
    }
    let is_mine =
        is_uncommitted || !hands.people.is_empty() && hands.people.is_subset(&hands.me) && !hands.cut;
    if let Some(remote) = &hands.fork {
        let why = format!("only the remote `{remote}` has it, which is not the project's");
        return told(if is_mine { Trust::Repository } else { Trust::Stranger }, &why);
    }
    if is_mine && forge == Forge::Silent {
        let why = if is_uncommitted {
            "it is not committed yet"
        } else {
            "you are author and committer of all its commits"
        };
        return told(Trust::Mine, why);
    }
    if hands.cut {
        return told(Trust::Stranger, "it has too many commits to look at everybody behind them");
    }
    match hands.unknown {
        0 if is_mine || !hands.people.is_empty() => {
            told(Trust::Repository, "everybody behind its commits has commits in what it is compared with")
        }
        1 => told(Trust::Stranger, "somebody behind its commits has none in what it is compared with"),
        _ => told(Trust::Stranger, "people behind its commits have none in what it is compared with"),
    }
}

/// The level that counts: what was asked for, where that is not less cautious. `Err` says why it is not.
pub fn cautious(rule: Trusted, asked: Option<Trust>) -> Result<Trusted, String> {
    match asked {
        None => Ok(rule),
        Some(asked) if asked < rule.level => Err(format!(
            "`--trust {}` would be less cautious than what the rule found: {}",
            asked.as_str(),
            rule.sentence()
        )),
        Some(asked) if asked == rule.level => Ok(rule),
        Some(asked) => Ok(Trusted { level: asked, why: format!("`--trust {}`", asked.as_str()) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hands(people: &[&str], unknown: usize) -> Hands {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Hands { people: set(people), me: set(&["me@x"]), unknown, ..Hands::default() }
    }

    fn level(hands: &Hands, forge: Forge) -> Trust {
        trust(hands, false, forge).level
    }

    #[test]
    fn a_change_is_mine_where_i_made_all_of_it_and_nothing_says_otherwise() {
        let mine = hands(&["me@x"], 0);
        assert_eq!(level(&mine, Forge::Silent), Trust::Mine);
        assert_eq!(trust(&Hands::default(), true, Forge::Silent).level, Trust::Mine);
        assert_eq!(level(&hands(&["me@x", "bob@x"], 0), Forge::Silent), Trust::Repository);
        assert_eq!(level(&hands(&["me@x", "eve@x"], 1), Forge::Silent), Trust::Stranger);
        // A machine has no change of its own.
        assert_eq!(level(&mine, Forge::Within), Trust::Repository);
    }

    #[test]
    fn a_forged_address_does_not_make_a_request_or_a_fork_mine() {
        let request = Hands { request: Some("refs/pull/1/head".into()), ..hands(&["me@x"], 0) };
        assert_eq!(level(&request, Forge::Silent), Trust::Stranger);
        let fork = Hands { fork: Some("eve".into()), ..hands(&["me@x"], 0) };
        assert_eq!(level(&fork, Forge::Silent), Trust::Repository);
        assert_eq!(
            level(&Hands { fork: Some("eve".into()), ..hands(&["bob@x"], 0) }, Forge::Silent),
            Trust::Stranger
        );
        assert_eq!(level(&hands(&["me@x"], 0), Forge::Fork), Trust::Stranger);
        assert_eq!(level(&Hands { cut: true, ..hands(&["me@x"], 0) }, Forge::Silent), Trust::Stranger);
    }

    #[test]
    fn the_ci_system_knows_better_than_a_reference() {
        let request = Hands { request: Some("refs/pull/1/merge".into()), ..hands(&["bob@x"], 0) };
        assert_eq!(level(&request, Forge::Within), Trust::Repository);
    }

    #[test]
    fn nobody_is_nobody_we_know() {
        assert_eq!(level(&Hands::default(), Forge::Silent), Trust::Stranger);
    }

    #[test]
    fn a_flag_makes_it_stricter_and_never_less() {
        let rule = || Trusted { level: Trust::Repository, why: "w".into() };
        assert_eq!(cautious(rule(), None), Ok(rule()));
        assert_eq!(cautious(rule(), Some(Trust::Repository)), Ok(rule()));
        assert_eq!(cautious(rule(), Some(Trust::Stranger)).unwrap().level, Trust::Stranger);
        assert!(cautious(rule(), Some(Trust::Mine)).unwrap_err().contains("less cautious"));
    }
}
