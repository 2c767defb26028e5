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
            // A mailbox is no account.
            Change::Sent { .. } | Change::Labels { .. } => {}
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
    let mut mine: Vec<_> = writes.iter().filter(|write| write.channel == channel).collect();
    mine.sort_by_key(|write| write.at);
    let mut set = Set::default();
    let after = |write: &&Write| {
        set.apply(account, &write.change);
        let known = Known::at(client, write.at, Date::MAX);
        Cut { at: write.at, day: known.day, share: known.share, set: set.clone() }
    };
    mine.iter().map(after).collect()
}
