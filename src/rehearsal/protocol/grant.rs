//! Codes and tokens that a desk gives out. They need no memory but for what is used up or taken back: each names its holder
//! and carries a mark that only its world makes, so that connections survive a restart.

use time::{Duration, OffsetDateTime};

use super::{Desk, hold};
use crate::{client::CLIENTS, plan::Channel, random::Key};

/// Whose accounts a code or token reaches, and by which consent: what one consent gave does not end with another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// The place of a client, or one more for all of the agency's.
    pub place: usize,
    consent: u32,
}

impl Holder {
    /// All accounts, by no consent.
    pub const AGENCY: Self = Self { place: CLIENTS, consent: 0 };

    /// A client, or the agency, by the consent that was asked for with this state.
    pub fn new(client: Option<usize>, state: &str) -> Self {
        let consent = Key::new(0).name("consent").name(state).stream().bits() as u32;
        Self { place: client.unwrap_or(CLIENTS), consent }
    }

    pub fn agency(self) -> bool {
        self.place == CLIENTS
    }

    pub fn holds(self, channel: &Channel) -> bool {
        self.agency() || self.place == channel.client
    }
}

impl Desk {
    /// Something to show later that names its holder; `kind` tells a code from a token, `from` one from another.
    pub(super) fn grant(&self, kind: &str, holder: Holder, from: i64) -> String {
        let Holder { place, consent } = holder;
        let key = Key::new(self.world.seed()).name("grant").name(kind).name(&self.app.id).number(place as u64);
        let mut stream = key.number(from.unsigned_abs()).number(consent.into()).stream();
        format!("{kind}-{place}-{from:x}-{consent:x}-{:016x}{:016x}", stream.bits(), stream.bits())
    }

    /// The holder that a code or token names and when it was given (seconds since 1970), if this world made it.
    pub(super) fn granted(&self, kind: &str, shown: &str) -> Option<(Holder, i64)> {
        let mut parts = shown.strip_prefix(kind)?.strip_prefix('-')?.splitn(4, '-');
        let place = parts.next()?.parse().ok().filter(|place| *place <= CLIENTS)?;
        let from = i64::from_str_radix(parts.next()?, 16).ok().filter(|from| *from >= 0)?;
        let holder = Holder { place, consent: u32::from_str_radix(parts.next()?, 16).ok()? };
        let given = self.grant(kind, holder, from) == shown && !hold(&self.state.used).contains(shown);
        given.then_some((holder, from))
    }

    /// From now on it no longer works; false if it already did not.
    pub(super) fn use_up(&self, shown: &str) -> bool {
        hold(&self.state.used).insert(shown.to_owned())
    }

    /// Takes a code that was given within the last hour, once.
    pub(super) fn redeem(&self, kind: &str, code: &str, now: OffsetDateTime) -> Option<Holder> {
        let (holder, from) = self.granted(kind, code)?;
        let age = now - OffsetDateTime::from_unix_timestamp(from).ok()?;
        (age <= Duration::HOUR && self.use_up(code)).then_some(holder)
    }

    /// No token of this kind that the holder was given until then works any longer.
    pub(super) fn end(&self, kind: &str, holder: Holder, until: i64) {
        hold(&self.state.ended).insert(format!("{kind}-{}-{:x}", holder.place, holder.consent), until);
    }

    /// Whether a token of this kind was given after all were taken back.
    pub(super) fn lives(&self, kind: &str, holder: Holder, from: i64) -> bool {
        from >= self.earliest(kind, holder)
    }

    /// The first moment at which tokens of this kind work.
    pub(super) fn earliest(&self, kind: &str, holder: Holder) -> i64 {
        let name = format!("{kind}-{}-{:x}", holder.place, holder.consent);
        hold(&self.state.ended).get(&name).map_or(0, |ended| ended + 1)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::{protocol::test, world::World};

    #[test]
    fn grants_are_only_this_worlds_and_codes_work_once_within_an_hour() {
        let desk = |seed| test::desk(World::new(seed, date!(2026 - 06 - 15)).unwrap());
        let (desk, other) = (desk(1), desk(2));
        let now = OffsetDateTime::from_unix_timestamp(1_780_000_000).unwrap();
        for holder in [Holder::new(Some(3), "s"), Holder::new(None, "s")] {
            let code = desk.grant("code", holder, now.unix_timestamp());
            assert!(other.redeem("code", &code, now).is_none());
            assert!(desk.redeem("token", &code, now).is_none());
            assert!(desk.redeem("code", &code, now + Duration::minutes(61)).is_none());
            assert_eq!(desk.redeem("code", &code, now), Some(holder));
            assert!(desk.redeem("code", &code, now).is_none());
            let [tail, other] =
                [code[..code.len() - 1].to_owned(), code.replacen(&format!("{:x}", holder.consent), "1", 1)];
            for bad in ["", "code-", "code-9-0-0-0", "code-3--1-0-0", "code-3-zz-0-0", "code-3-0-0", &tail, &other] {
                assert!(desk.granted("code", bad).is_none(), "{bad}");
            }
        }
    }
}
