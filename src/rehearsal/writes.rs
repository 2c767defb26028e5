//! What people change at the platforms: ads and campaigns that are paused, budgets that are set, letters that are sent. The
//! world is another from that moment on; everything before it stays, and the same draws are made after it, so that only what
//! follows from the change differs from the world without it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::{account::Account, client::Client, daytime::Known, rows::Level};

/// A change that somebody made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The channel's place, or a mailbox's ([`Mailbox::place`](crate::Mailbox::place)).
    pub channel: usize,
    /// What.
    pub change: Change,
    /// What it was a part of, if whoever made it says so: then it is made once, and what it brought can be told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
}

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Something is paused or goes on.
    Runs {
        /// Which of them; not the account.
        level: Level,
        /// The platform's id.
        external_id: String,
        /// Whether it runs from now on.
        runs: bool,
    },
    /// A campaign's budget is set, and stays so: nobody else moves it any more.
    Budget {
        /// The platform's id.
        campaign: String,
        /// Cents a day.
        cents: i64,
    },
    /// A letter is sent from a mailbox.
    Sent {
        /// As it was transferred (RFC 5322); bytes that are not UTF-8 were replaced.
        source: String,
        /// The conversation in that mailbox that it belongs to; its own if left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<String>,
        /// Who gets it, in small letters, where the envelope said it; those whom it names if left out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recipients: Vec<String>,
    },
    /// A letter is put into a mailbox by hand, and goes to nobody.
    Put {
        /// As it was transferred (RFC 5322); bytes that are not UTF-8 were replaced.
        source: String,
        /// When it came, as whoever puts it there says.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        /// Gmail's names of the labels that it has.
        labels: Vec<String>,
    },
    /// A letter is seen, put aside, thrown away or taken back.
    Labels {
        /// What the mailbox keeps it under.
        letter: String,
        /// Gmail's names of the labels that it has from now on; the other mailbox has folders for them.
        added: Vec<String>,
        /// Those that it no longer has.
        removed: Vec<String>,
    },
    /// What somebody set is set no longer: those who look after the account move it as if nobody had.
    Unset {
        /// What of it.
        setting: Setting,
        /// What it is.
        level: Level,
        /// The platform's id.
        external_id: String,
    },
    /// What somebody set is taken back where nothing changes by that, as others have set it anew since: it is no setting that
    /// theirs could go back to.
    Left {
        /// What of it.
        setting: Setting,
        /// What it is.
        level: Level,
        /// The platform's id.
        external_id: String,
    },
}

/// What of something can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Whether it runs.
    Runs,
    /// Its budget.
    Budget,
}

impl Change {
    /// What is set, of what; nothing by letters.
    fn of(&self) -> Option<(Setting, Level, &str)> {
        match self {
            Self::Runs { level, external_id, .. } => Some((Setting::Runs, *level, external_id.as_str())),
            Self::Budget { campaign, .. } => Some((Setting::Budget, Level::Campaign, campaign.as_str())),
            Self::Unset { setting, level, external_id } | Self::Left { setting, level, external_id } => {
                Some((*setting, *level, external_id.as_str()))
            }
            Self::Sent { .. } | Self::Put { .. } | Self::Labels { .. } => None,
        }
    }
}

/// What sets back what the changes that were a part of the same set: to what others had set before them and did not take back,
/// else to nothing. What was set anew since stays, and so does what is set back already. With the channels' places.
pub(crate) fn back(writes: &[Write], part_of: &str) -> Vec<(usize, Change)> {
    let back = |made: &Write| {
        if made.part_of.as_deref() != Some(part_of) {
            return None;
        }
        let (setting, level, id) = made.change.of()?;
        let alike = |other: &&Write| (other.channel, other.change.of()) == (made.channel, made.change.of());
        let same: Vec<&Write> = writes.iter().filter(alike).collect();
        // What is a part of the same sets something once; the second time it takes that back.
        let taken_back = |part: &str| same.iter().filter(|write| write.part_of.as_deref() == Some(part)).count() > 1;
        if taken_back(part_of) {
            return None;
        }
        let counts = |write: &&Write| !write.part_of.as_deref().is_some_and(taken_back);
        let counting: Vec<&Write> = same.iter().copied().filter(counts).collect();
        let (last, before) = counting.split_last()?;
        let left = Change::Left { setting, level, external_id: id.to_owned() };
        if last.part_of.as_deref() != Some(part_of) {
            return Some((made.channel, left));
        }
        let unset = || Change::Unset { setting, level, external_id: id.to_owned() };
        let change = before.last().map_or_else(unset, |write| write.change.clone());
        let now = same.iter().rfind(|write| !matches!(write.change, Change::Left { .. }));
        let stays = now.is_some_and(|write| write.change == change);
        Some((made.channel, if stays { left } else { change }))
    };
    writes.iter().filter_map(back).collect()
}

/// How an account is set, beside what was planned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    runs: BTreeMap<(Level, usize), bool>,
    budgets: BTreeMap<usize, i64>,
}

impl Set {
    /// What it is set to after a change; the same for what is not in the account.
    fn apply(&mut self, account: &Account, change: &Change) {
        match change {
            Change::Runs { level, external_id, runs } => {
                if let Some(place) = find(account, *level, external_id) {
                    self.runs.insert((*level, place), *runs);
                }
            }
            Change::Budget { campaign, cents } => {
                if let Some(place) = find(account, Level::Campaign, campaign) {
                    self.budgets.insert(place, *cents);
                }
            }
            Change::Unset { setting, level, external_id } => {
                let Some(place) = find(account, *level, external_id) else { return };
                match setting {
                    Setting::Runs => self.runs.retain(|set, _| *set != (*level, place)),
                    Setting::Budget => self.budgets.retain(|set, _| *set != place),
                }
            }
            // What sets nothing, and what is of a mailbox: it is no account.
            Change::Left { .. } | Change::Sent { .. } | Change::Put { .. } | Change::Labels { .. } => {}
        }
    }

    /// Whether something's own switch is on, if somebody set it.
    pub fn switch(&self, level: Level, place: usize) -> Option<bool> {
        self.runs.get(&(level, place)).copied()
    }

    /// Whether an ad runs on a day, with what it is in.
    pub fn shows(&self, account: &Account, ad: usize, day: Date) -> bool {
        let group = account.ads[ad].group;
        let on = |level, place| self.switch(level, place) != Some(false);
        let own = match self.switch(Level::Ad, ad) {
            Some(on) => on && account.ads[ad].launched.is_none_or(|launched| launched <= day),
            None => account.ads[ad].runs(day),
        };
        own && on(Level::Group, group) && on(Level::Campaign, account.groups[group].campaign)
    }

    /// Cents a day that somebody set for a campaign.
    pub fn budget(&self, campaign: usize) -> Option<i64> {
        self.budgets.get(&campaign).copied()
    }
}

/// The place of something in an account.
pub(crate) fn find(account: &Account, level: Level, id: &str) -> Option<usize> {
    match level {
        Level::Account => None,
        Level::Campaign => account.campaigns.iter().position(|one| one.external_id == id),
        Level::Group => account.groups.iter().position(|one| one.external_id == id),
        Level::Ad => account.ads.iter().position(|one| one.external_id == id),
    }
}

/// How an account is set from a moment on.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    pub at: OffsetDateTime,
    pub day: Date,
    /// How much of the day was over.
    pub share: f64,
    pub set: Set,
}

/// The settings of an account, one after the other.
pub(crate) fn cuts(account: &Account, client: &Client, channel: usize, writes: &[Write]) -> Vec<Cut> {
    let sets = |write: &&Write| write.channel == channel && !matches!(write.change, Change::Left { .. });
    let mut mine: Vec<_> = writes.iter().filter(sets).collect();
    mine.sort_by_key(|write| write.at);
    let mut set = Set::default();
    let after = |write: &&Write| {
        set.apply(account, &write.change);
        let known = Known::at(client, write.at, Date::MAX);
        Cut { at: write.at, day: known.day, share: known.share, set: set.clone() }
    };
    mine.iter().map(after).collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn write(channel: usize, change: Change, part_of: Option<&str>) -> Write {
        Write { at: datetime!(2026-06-08 09:00 UTC), channel, change, part_of: part_of.map(str::to_owned) }
    }

    fn budget(campaign: &str, cents: i64) -> Change {
        Change::Budget { campaign: campaign.to_owned(), cents }
    }

    fn pause(ad: &str) -> Change {
        Change::Runs { level: Level::Ad, external_id: ad.to_owned(), runs: false }
    }

    #[test]
    fn what_was_set_goes_back_to_what_was_before_unless_it_was_set_anew() {
        let mut writes = vec![
            write(0, budget("1", 500), None),
            write(0, budget("1", 900), Some("a")),
            write(0, budget("2", 900), Some("a")),
            // In another account the same id is another campaign.
            write(1, budget("2", 700), None),
            write(0, budget("3", 900), Some("a")),
            write(0, pause("9"), Some("a")),
            write(0, budget("3", 100), Some("b")),
        ];
        let unset = |setting, level, id: &str| Change::Unset { setting, level, external_id: id.to_owned() };
        let campaign = unset(Setting::Budget, Level::Campaign, "2");
        let (setting, level) = (Setting::Budget, Level::Campaign);
        let left = Change::Left { setting, level, external_id: "3".to_owned() };
        let expected = [(0, budget("1", 500)), (0, campaign), (0, left), (0, unset(Setting::Runs, Level::Ad, "9"))];
        assert_eq!(back(&writes, "a"), expected);
        assert_eq!(back(&writes, "c"), [], "nobody set anything");
        assert_eq!(back(&writes, "b"), [(0, budget("3", 900))], "others' settings are as good as people's");
        writes.extend(expected.map(|(channel, change)| write(channel, change, Some("a"))));
        assert_eq!(back(&writes, "a"), [], "it is set back already");
        let third = unset(Setting::Budget, Level::Campaign, "3");
        assert_eq!(back(&writes, "b"), [(0, third)], "what was taken back is nothing to go back to");
        let text = serde_json::to_string(&writes).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Write>>(&text).unwrap(), writes, "it is kept as it is");
    }

    #[test]
    fn whoever_takes_back_last_leaves_what_was_before_all() {
        let first = [write(0, budget("1", 500), None), write(0, budget("1", 900), Some("a"))];
        for order in [["a", "b"], ["b", "a"]] {
            let mut writes = first.to_vec();
            writes.push(write(0, budget("1", 100), Some("b")));
            for part in order {
                let back = back(&writes, part);
                writes.extend(back.into_iter().map(|(channel, change)| write(channel, change, Some(part))));
            }
            let now = writes.iter().rfind(|write| !matches!(write.change, Change::Left { .. }));
            assert_eq!(now.map(|write| &write.change), Some(&budget("1", 500)), "{order:?}: {writes:?}");
        }
        // Where it is set to that already, nothing is set.
        let same = [write(0, budget("1", 500), None), write(0, budget("1", 500), Some("a"))];
        assert!(matches!(back(&same, "a")[..], [(0, Change::Left { .. })]));
    }
}
