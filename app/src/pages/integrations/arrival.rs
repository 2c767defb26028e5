//! How the way to a provider's page of consent ended, as the address says on the way back: what happened, what was kept,
//! and what to do.

use leptos_router::params::ParamsMap;
use model::id::ConnectionId;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Nobody comes back.
    None,
    /// Connected, or connected again.
    Connected(ConnectionId),
    /// Not connected.
    Refused(Refused),
}

/// Why nothing was connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The person said no.
    Denied,
    /// The way was not begun here, or was used already.
    State,
    /// It took too long.
    Expired,
    /// The provider gave no access.
    Exchange,
    /// Permissions without which connecting makes no sense were denied, as the provider spells them.
    Scopes(String),
    /// Consent was given for another account than before.
    OtherAccount,
    /// Consent was given for another shop than the one that was typed.
    OtherShop,
    /// All that it reaches is read already, and none of those who read it can have it.
    ConnectedAlready,
    /// The provider could not be reached.
    Unreachable,
    /// What was typed is no shop's address.
    Shop(String),
    /// The operator has switched the provider off; with the shop's address that was typed.
    SwitchedOff(Option<String>),
    /// The session ended on the way.
    SignedOut,
    /// Whoever came back may not connect.
    Forbidden,
    /// Too often in a short time.
    TooMany,
    /// Something of ours failed.
    Failed,
}

impl Arrival {
    /// Reads the address; what it does not know it leaves out.
    pub(super) fn read(query: &ParamsMap) -> Self {
        if let Some(id) = query.get("connected").and_then(|id| id.parse().ok()) {
            return Self::Connected(id);
        }
        let refused = match query.get("error").as_deref() {
            Some("access_denied") => Refused::Denied,
            Some("state") => Refused::State,
            Some("expired") => Refused::Expired,
            Some("exchange") => Refused::Exchange,
            Some("scopes") => Refused::Scopes(query.get("missing").unwrap_or_default()),
            Some("other_account") => Refused::OtherAccount,
            Some("other_shop") => Refused::OtherShop,
            Some("connected_already") => Refused::ConnectedAlready,
            Some("unreachable") => Refused::Unreachable,
            Some("signed_out") => Refused::SignedOut,
            Some("forbidden") => Refused::Forbidden,
            Some("too_many") => Refused::TooMany,
            Some("failed") => Refused::Failed,
            Some("shop") => Refused::Shop(query.get("shop").unwrap_or_default()),
            Some("switched_off") => Refused::SwitchedOff(query.get("shop")),
            _ => return Self::None,
        };
        Self::Refused(refused)
    }

    /// What somebody says who comes back with a new connection: its id. Whether there is such a one the page must ask.
    pub(super) fn connected(&self) -> Option<ConnectionId> {
        match self {
            Self::Connected(id) => Some(*id),
            _ => None,
        }
    }

    /// Why nothing was connected; of the permissions' names only those that are `known`, since anybody can write an
    /// address. A shop's address is told at its field.
    pub(super) fn refusal(&self, known: &[String]) -> Option<String> {
        match self {
            Self::None | Self::Connected(_) | Self::Refused(Refused::Shop(_)) => None,
            Self::Refused(refused) => Some(refused.words(known)),
        }
    }

    /// The shop's address that comes back to its field, and whether it cannot be one.
    pub(super) fn shop(&self) -> Option<(String, bool)> {
        match self {
            Self::Refused(Refused::Shop(typed)) => Some((typed.clone(), true)),
            Self::Refused(Refused::SwitchedOff(Some(typed))) => Some((typed.clone(), false)),
            _ => None,
        }
    }
}

impl Refused {
    /// What happened, what was kept, and what to do.
    fn words(&self, known: &[String]) -> String {
        let words = match self {
            Self::Denied => {
                "Nothing was connected: access was refused on the provider's page. What was connected before works as it \
                 did. Connect again if that was a mistake."
            }
            Self::State => {
                "Nothing was connected: this way was not begun in this browser, or was used already. What was connected \
                 before works as it did. Begin again with the provider's button below."
            }
            Self::Expired => {
                "Nothing was connected: agreeing took longer than ten minutes. What was connected before works as it did. \
                 Begin again with the provider's button below."
            }
            Self::Exchange => {
                "Nothing was connected: the provider gave no access, although you agreed. What was connected before works \
                 as it did. Try again; if it stays so, ask your operator, who finds the provider's words in the server's log."
            }
            Self::Scopes(missing) => {
                let named: Vec<_> = missing.split(' ').filter(|name| known.iter().any(|known| known == name)).collect();
                let named = if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) };
                return format!(
                    "Nothing was connected: a permission was left out without which nothing can be read{named}. What was \
                     connected before works as it did. Connect again and leave everything ticked that is asked for."
                );
            }
            Self::OtherAccount => {
                "Nothing was changed: you agreed with another account than the one of this connection. Reconnect with the \
                 same account, or connect the other one as a connection of its own."
            }
            Self::OtherShop => {
                "Nothing was connected: you agreed for another shop than the one whose address you typed. What was connected \
                 before works as it did. Type the address of the shop that you mean, and agree on that shop's page."
            }
            Self::ConnectedAlready => {
                "Nothing was connected: what you agreed to is read already, through a connection that reads more than that, and \
                 nothing is read twice. What was connected before works as it did. Choose Reconnect on that connection to \
                 replace its access."
            }
            Self::Unreachable => {
                "Nothing was connected: the provider could not be reached. What was connected before works as it did. Try \
                 again in a few minutes."
            }
            Self::SignedOut => {
                "Nothing was connected: your session ended before you came back. What was connected before works as it did. \
                 Begin again with the provider's button below."
            }
            Self::Forbidden => {
                "Nothing was connected: an Admin or Owner connects accounts. What was connected before works as it did. Ask \
                 one of them."
            }
            Self::TooMany => {
                "Nothing was connected: there were too many tries in a minute. What was connected before works as it did. \
                 Begin again in a minute."
            }
            Self::Failed => {
                "Nothing was connected: something failed on our side. What was connected before works as it did. Begin \
                 again; if it stays so, ask your operator, who finds the reason in the server's log."
            }
            Self::Shop(_) => "Nothing was connected: this is no shop's address.",
            Self::SwitchedOff(_) => {
                "Nothing was connected: the operator of this server has switched the provider off; its card says why. What was \
                 read stays. Begin again once it is on."
            }
        };
        words.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&'static str, &str)]) -> Arrival {
        let mut query = ParamsMap::new();
        for (name, value) in pairs {
            query.insert(*name, (*value).to_owned());
        }
        Arrival::read(&query)
    }

    #[test]
    fn every_way_back_is_told_apart_and_nonsense_says_nothing() {
        let id = "0190a1b2-c3d4-7000-8000-000000000001";
        assert_eq!(read(&[("connected", id)]), Arrival::Connected(id.parse().unwrap()));
        assert_eq!(read(&[("connected", "x")]), Arrival::None);
        assert_eq!(read(&[("error", "x")]), Arrival::None);
        let codes = [
            "access_denied",
            "state",
            "expired",
            "exchange",
            "scopes",
            "other_account",
            "other_shop",
            "connected_already",
            "unreachable",
            "signed_out",
            "forbidden",
            "too_many",
            "failed",
            "switched_off",
        ];
        let mut words: Vec<_> = codes
            .into_iter()
            .map(|code| match read(&[("error", code)]) {
                Arrival::Refused(refused) => refused.words(&[]),
                other => panic!("{code}: {other:?}"),
            })
            .collect();
        assert!(words.iter().all(|words| words.starts_with("Nothing was")));
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), codes.len());
        let Arrival::Refused(scopes) = read(&[("error", "scopes"), ("missing", "a b")]) else { panic!("scopes") };
        let known = ["a".to_owned(), "b".to_owned()];
        assert!(scopes.words(&known).contains("nothing can be read (a, b)."));
        assert!(scopes.words(&known[1..]).contains("nothing can be read (b)."));
        assert!(scopes.words(&[]).contains("nothing can be read."));
        for (code, wrong) in [("shop", true), ("switched_off", false)] {
            assert_eq!(read(&[("error", code), ("shop", "acme")]).shop(), Some(("acme".to_owned(), wrong)), "{code}");
        }
    }
}
